#!/usr/bin/env python3
"""Faults around modules: hostile proxies and checksum databases, damaged archives, killed, crowded and full commands.

    mod_faults.py RGO [--go GO] [--kills 500] [--seed 1] [--only RE]

Every row of the table printed at the end is something that was tried: what, how often, and what became of it. After each fault the
same command is run against healthy servers and must give the right go.mod, go.sum and module cache. With `--go`, the reference go meets
the same faults: both must fail, or both succeed, and they share one module cache where the table says so. Exit status 1 if anything was wrong.
"""
import argparse
import base64
import concurrent.futures
import hashlib
import http.server
import io
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

N = 7
VERSIONS = ["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0"]


def path_of(i):
    return f"example.com/m{i}"


def go_mod(i, v):
    """Each module needs the next two, at versions that grow with its own."""
    k = VERSIONS.index(v)
    req = "".join(f"\t{path_of(j)} {VERSIONS[(k + j - i) // 2 % len(VERSIONS)]}\n" for j in (i + 1, i + 2) if j < N)
    return f"module {path_of(i)}\n\ngo 1.21\n" + (f"\nrequire (\n{req})\n" if req else "")


def files_of(i, v):
    imp = f'import "{path_of(i + 1)}"\n\n' if i + 1 < N else ""
    body = f"m{i + 1}.F()" if i + 1 < N else '""'
    big = "".join(f"// {hashlib.sha256(f'{i}{v}{n}'.encode()).hexdigest()}\n" for n in range(400))
    return {"go.mod": go_mod(i, v), "LICENSE": "free\n", f"m{i}.go": f'package m{i}\n\n{imp}func F() string {{ return "{i}{v}" + {body} }}\n\n{big}'}


def zip_of(prefix, files, **kw):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items() if isinstance(files, dict) else files:
            info = zipfile.ZipInfo(prefix + name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = kw.get("attr", 0o644) << 16
            z.writestr(info, data)
    return b.getvalue()


def h1(files, prefix):
    lines = sorted((prefix + n, d.encode() if isinstance(d, str) else d) for n, d in files.items())
    text = "".join(f"{hashlib.sha256(d).hexdigest()}  {n}\n" for n, d in lines)
    return "h1:" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


# Ed25519, as RFC 8032 describes it: enough to sign a tree head.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def ed_add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def ed_mul(s, p):
    q = (0, 1, 1, 0)
    while s:
        if s & 1:
            q = ed_add(q, p)
        p, s = ed_add(p, p), s >> 1
    return q


def ed_bytes(p):
    z = pow(p[2], P - 2, P)
    x, y = p[0] * z % P, p[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def ed_base():
    y = 4 * pow(5, P - 2, P) % P
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x & 1:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = ed_base()


class Signer:
    def __init__(self, seed):
        h = hashlib.sha512(bytes([seed]) * 32).digest()
        self.a = int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254
        self.prefix, self.public = h[32:], ed_bytes(ed_mul(self.a, BASE))

    def sign(self, msg):
        number = lambda *parts: int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L
        r = number(self.prefix, msg)
        rb = ed_bytes(ed_mul(r, BASE))
        return rb + ((r + number(rb, self.public, msg) * self.a) % L).to_bytes(32, "little")


class Database:
    """A checksum database about the modules, as a set of documents."""

    NAME = "db.example"

    def __init__(self, tag="", count=None, signer=1, name_signer=1):
        key = b"\x01" + Signer(name_signer).public
        self.hash = hashlib.sha256(self.NAME.encode() + b"\n" + key).digest()[:4]
        self.key = f"{self.NAME}+{self.hash.hex()}+{base64.b64encode(key).decode()}"
        self.signer = Signer(signer)
        mods = [(i, v) for v in VERSIONS for i in range(N)][:count]
        self.records = []
        for i, v in mods:
            prefix = f"{path_of(i)}@{v}/"
            f = files_of(i, v)
            self.records.append((f"{path_of(i)}@{v}", f"{path_of(i)} {v} {h1(f, prefix)}\n{path_of(i)} {v}/go.mod {h1({'go.mod': f['go.mod']}, '')}\n" + tag))
        self.leaves = [hashlib.sha256(b"\0" + r.encode()).digest() for _, r in self.records]

    def tree(self, leaves):
        if len(leaves) == 1:
            return leaves[0]
        k = 1
        while k * 2 < len(leaves):
            k *= 2
        return hashlib.sha256(b"\1" + self.tree(leaves[:k]) + self.tree(leaves[k:])).digest()

    def head(self):
        text = f"go.sum database tree\n{len(self.leaves)}\n{base64.b64encode(self.tree(self.leaves)).decode()}\n"
        return text + f"\n\u2014 {self.NAME} {base64.b64encode(self.hash + self.signer.sign(text.encode())).decode()}\n"

    def get(self, path):
        if path == "/supported":
            return b""
        if path == "/latest":
            return self.head().encode()
        m = re.fullmatch(r"/lookup/(.*)", path)
        if m:
            for n, (name, text) in enumerate(self.records):
                if name == m[1]:
                    return f"{n}\n{text}\n{self.head()}".encode()
        m = re.fullmatch(r"/tile/8/0/000(?:\.p/(\d+))?", path)
        if m:
            return b"".join(self.leaves[: int(m[1] or 256)])
        return None


class Server:
    """A proxy and checksum database on loopback. `fault(path)` may give an answer of its own: bytes, or a function of the connection."""

    def __init__(self, db):
        self.db, self.fault, self.docs = db, None, {}
        for i in range(N):
            for v in VERSIONS:
                base = f"/{path_of(i)}/@v/{v}"
                f = files_of(i, v)
                self.docs[base + ".info"] = f'{{"Version":"{v}","Time":"2024-01-02T03:04:05Z"}}'.encode()
                self.docs[base + ".mod"] = f["go.mod"].encode()
                self.docs[base + ".zip"] = zip_of(f"{path_of(i)}@{v}/", f)
            self.docs[f"/{path_of(i)}/@v/list"] = "".join(v + "\n" for v in VERSIONS).encode()
            self.docs[f"/{path_of(i)}/@latest"] = f'{{"Version":"{VERSIONS[-1]}"}}'.encode()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *a):
                pass

            def do_GET(self):
                path = self.path
                r = outer.fault(path) if outer.fault else None
                if r is None and path.startswith("/sumdb/db.example"):
                    r = outer.db.get(path[len("/sumdb/db.example"):])
                if r is None:
                    r = outer.docs.get(path)
                if callable(r):
                    self.close_connection = True
                    try:
                        r(self)
                    except OSError:
                        pass
                    return
                status = 404 if r is None else 200
                r = r if r is not None else b"not found"
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(r)))
                self.end_headers()
                try:
                    self.wfile.write(r)
                except OSError:
                    pass

        class Threads(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *a):
                pass

        self.http = Threads(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def write(self, dir):
        """The same documents as a folder, for file://."""
        for name, data in self.docs.items():
            f = dir / name[1:]
            f.parent.mkdir(parents=True, exist_ok=True)
            f.write_bytes(data)


def raw(data, length=None, status="200 OK", wait=0, drip=0, headers="", reset=False):
    """An answer that is not as it should be."""

    def send(h):
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nConnection: close\r\n{headers}"
        if length is not None:
            head += f"Content-Length: {length}\r\n"
        h.wfile.write(head.encode() + b"\r\n")
        if drip:
            for i in range(0, len(data), drip):
                h.wfile.write(data[i : i + drip])
                h.wfile.flush()
                time.sleep(0.01)
        else:
            h.wfile.write(data)
        h.wfile.flush()
        if reset:
            h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            h.connection.close()
        elif wait:
            time.sleep(wait)

    return send


def chunked(data, end):
    def send(h):
        h.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        h.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) + end)

    return send


def endless(h):
    h.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        h.wfile.write(b" " * 65536)


M0 = "/example.com/m0/@v/v1.1.0"
PREFIX = "example.com/m0@v1.1.0/"


def archives():
    good = files_of(0, "v1.1.0")
    whole = zip_of(PREFIX, good)
    more = lambda extra: zip_of(PREFIX, list(good.items()) + extra)
    flipped = bytearray(whole)
    flipped[len(flipped) // 2] ^= 0x10
    link = io.BytesIO()
    with zipfile.ZipFile(link, "w") as z:
        for n, d in good.items():
            z.writestr(PREFIX + n, d)
        i = zipfile.ZipInfo(PREFIX + "link")
        i.create_system, i.external_attr = 3, 0o120777 << 16
        z.writestr(i, "/etc/passwd")
    liar = bytearray(whole)
    at = liar.rfind(b"PK\1\2")
    liar[at + 24 : at + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    return {
        "one bit flipped": bytes(flipped),
        "cut in the middle": whole[: len(whole) // 2],
        "empty": b"",
        "garbage": bytes(range(256)) * 20,
        "a file more": more([("extra.go", "package m0\n")]),
        "a file changed": zip_of(PREFIX, dict(good, LICENSE="other\n")),
        "path ../": more([("../../../../evil", "x")]),
        "absolute path": zip_of("/", good),
        "backslashes": more([("..\\..\\evil", "x")]),
        "names that differ in case": more([("M0.go", "package m0\n")]),
        "a name twice": more([("LICENSE", "other\n")]),
        "file and folder of one name": more([("LICENSE/x", "x")]),
        "symbolic link": link.getvalue(),
        "device name": more([("con.txt", "x"), ("aux/x", "y")]),
        "other prefix": zip_of("example.com/m0@v1.2.0/", good),
        "go.mod in a folder": more([("sub/go.mod", "module x\n")]),
        "bomb of 600 MB": more([("zeros", bytes(600 << 20))]),
        "go.mod of 17 MB": zip_of(PREFIX, dict(good, **{"go.mod": good["go.mod"] + "//" + "x" * (17 << 20)})),
        "size field of 4 GB": bytes(liar),
    }


class World:
    def __init__(self, a):
        self.rgo, self.go = a.rgo, a.go
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="mod-faults"))
        self.db = Database()
        self.server = Server(self.db)
        self.rows, self.wrong, self.count, self.peak = {}, [], 0, 0

    def env(self, dir, **kw):
        e = {k: v for k, v in os.environ.items() if not k.startswith("GO") or k == "GOROOT"}
        e.update(GOPATH=str(dir / "gopath"), GOMODCACHE=str(dir / "modcache"), GOCACHE=str(self.top / "gocache"), GOENV="off", GOFLAGS="-modcacherw", GOPROXY=self.server.url,
                 GOSUMDB=self.db.key, GOTOOLCHAIN="local", HOME=str(self.top), GOWORK="off")
        e.update(kw)
        return e

    def run(self, tool, dir, args, timeout=150, **kw):
        """Status, text, seconds, megabytes."""
        start = time.time()
        env = self.env(dir, **kw)
        if tool == self.go:
            env.pop("GOROOT", None)
            env["GOCACHE"] = str(self.top / "gocache-ref")
        with tempfile.TemporaryFile() as log:
            p = subprocess.Popen([tool, *args], cwd=dir / "main", env=env, stdout=log, stderr=subprocess.STDOUT)
            late = threading.Timer(timeout, p.kill)
            late.start()
            _, status, used = os.wait4(p.pid, 0)
            late.cancel()
            p.returncode = os.waitstatus_to_exitcode(status)
            if tool == self.rgo:
                self.peak = max(self.peak, used.ru_maxrss >> 10)
            log.seek(0)
            out = log.read().decode(errors="replace")
        secs = time.time() - start
        return (-1, "(no end)" + out, secs) if p.returncode == -9 else (p.returncode, out, secs)

    def module(self, imports=(0,), mod="module main\n\ngo 1.21\n", sum=None):
        self.count += 1
        dir = self.top / f"w{self.count}"
        main = dir / "main"
        main.mkdir(parents=True)
        (main / "go.mod").write_text(mod)
        if sum is not None:
            (main / "go.sum").write_text(sum)
        self.imports(main, imports)
        return dir

    @staticmethod
    def imports(main, imports):
        text = "package main\n\n" + "".join(f'import "{path_of(i)}"\n' for i in imports)
        (main / "main.go").write_text(text + "\nfunc main() {\n" + "".join(f"\tprintln(m{i}.F())\n" for i in imports) + "}\n")

    @staticmethod
    def state(dir):
        return tuple((dir / "main" / n).read_text() if (dir / "main" / n).exists() else None for n in ("go.mod", "go.sum"))

    def row(self, kind, what, outcome, ok=True):
        r = self.rows.setdefault((kind, what), [0, 0, ""])
        r[0] += 1
        r[1] += not ok
        r[2] = outcome if not r[2] or not ok else r[2]
        if not ok:
            self.wrong.append(f"{kind}: {what}: {outcome}")

    def clean(self, dir):
        shutil.rmtree(dir, ignore_errors=True)

    def healthy(self, dir, cmd, packages=True, **kw):
        """The command against healthy servers, and what the reference makes of the cache then."""
        self.server.fault, self.server.db = None, self.db
        code, out, _ = self.run(self.rgo, dir, cmd, **kw)
        if code:
            return f"afterwards, healthy: {out[-400:]}"
        code, out, _ = self.run(self.rgo, dir, ["mod", "verify"], **kw)
        if code or "all modules verified" not in out:
            return f"mod verify: {out[-400:]}"
        if self.go:
            code, out, _ = self.run(self.go, dir, ["mod", "verify"], **dict(kw, GOPROXY="off"))
            if code or "all modules verified" not in out:
                return f"mod verify of the reference: {out[-400:]}"
            code, out, _ = self.run(self.go, dir, ["list", "-deps", "./..."], **dict(kw, GOPROXY="off")) if packages else (0, "", 0)
            if code:
                return f"the reference in the cache: {out[-400:]}"
        return ""

    def expected(self, cmd, **kw):
        key = (tuple(cmd), tuple(sorted(kw.items())))
        if not hasattr(self, "known"):
            self.known = {}
        if key not in self.known:
            dir = self.module(**kw)
            code, out, _ = self.run(self.go or self.rgo, dir, cmd)
            assert code == 0, out
            self.known[key] = self.state(dir)
            self.clean(dir)
        return self.known[key]

    def fault(self, kind, what, fault, cmd=("get", "example.com/m0@v1.1.0"), may_succeed=False, after=True, db=None, setup=None, timeout=150, mod=None, sum=None, other_sum=False, **kw):
        """One fault: a command under it, then the same against healthy servers."""
        cmd = list(cmd)
        more = dict(mod=mod) if mod else {}
        want = self.expected(cmd, **more)
        results = []
        for tool in [self.rgo] + ([self.go] if self.go else []):
            self.server.fault, self.server.db = None, self.db
            dir = self.module(sum=sum, **more)
            if setup:
                setup(dir)
            before = self.state(dir)
            self.server.fault, self.server.db = fault, db or self.db
            code, out, secs = self.run(tool, dir, cmd, timeout=timeout, **kw)
            self.server.fault, self.server.db = None, self.db
            results.append((code, out))
            if tool == self.go:
                self.clean(dir)
                break
            state = self.state(dir)
            lines = [l for l in out.splitlines() if not l.startswith("go: downloading")]
            last = " | ".join(l.strip() for l in lines[:3])[:150] or "no output"
            text = f"error: {last}" if code else "right result"
            if code not in (0, 1) or "panicked" in out or "internal compiler error" in out:
                self.row(kind, what, f"status {code}: {out[:500]}", False)
            elif code and state != before:
                self.row(kind, what, f"go.mod or go.sum changed: {out[:200]}", False)
            elif code == 0 and (state[:1] if other_sum else state) != (want[:1] if other_sum else want):
                self.row(kind, what, f"succeeds with a wrong go.mod or go.sum {state} {want}", False)
            elif code and not lines:
                self.row(kind, what, "fails without a word", False)
            elif code == 0 and not may_succeed:
                self.row(kind, what, "not noticed", False)
            else:
                evil = [p for p in self.top.rglob("evil")]
                bad = f"file outside: {evil}" if evil else ""
                if after and not bad:
                    bad = self.healthy(dir, cmd)
                    if not bad and self.state(dir) != want:
                        bad = "wrong go.mod or go.sum afterwards"
                self.row(kind, what, bad or f"{text} ({secs:.1f} s)" if secs > 3 else bad or text, not bad)
            self.clean(dir)
        if len(results) == 2 and (results[0][0] == 0) != (results[1][0] == 0) and not may_succeed:
            self.row(kind, what, f"the reference: status {results[1][0]} {results[1][1][-300:]}", False)


def proxy_faults(w, only):
    get = lambda p, r: lambda path: r if path == p else None
    docs = w.server.docs
    rows = []
    good_sum = w.expected(["get", "example.com/m0@v1.1.0"])[1]
    for what, data in archives().items():
        rows.append(("zip, checked by the database", what, get(M0 + ".zip", data), {}))
        harmless = what in ("a file more", "a file changed", "go.mod in a folder", "device name", "symbolic link")
        rows.append(("zip, trusted", what, get(M0 + ".zip", data), dict(GOSUMDB="off", after=False, other_sum=harmless, may_succeed=harmless)))
        rows.append(("zip, no database", what, get(M0 + ".zip", data), dict(GOSUMDB="off", sum=good_sum)))
    info, mod, zip_ = docs[M0 + ".info"], docs[M0 + ".mod"], docs[M0 + ".zip"]
    for what, data in {
        "garbage": b"\x00\xff{{{", "empty": b"", "HTML": b"<html>log in</html>", "JSON of another kind": b"[1,2]", "null": b"null", "no version": b"{}",
        "another version": b'{"Version":"v1.9.0"}', "no version at all": b'{"Version":"x/../../y"}', "version of other type": b'{"Version":7}', "cut": info[:20],
        "nested 100,000 deep": b"[" * 100000,
    }.items():
        rows.append((".info", what, get(M0 + ".info", data), dict(may_succeed=what in ("no version",))))
    for what, data in {
        "garbage": b"\x00\xff\n(((\n", "empty": b"", "other path": b"module example.com/other\n", "HTML": b"<html>log in</html>", "17 MB": mod + b"//" + b"x" * (17 << 20),
        "requirement that does not exist": mod.replace(b"m1 v", b"m99 v"), "requirement of itself, newer": mod + b"\nrequire example.com/m0 v1.3.0\n",
        "invalid version": mod.replace(b"v1", b"w1"), "far newer go": mod.replace(b"go 1.21", b"go 9.99"),
    }.items():
        rows.append((".mod", what, get(M0 + ".mod", data), {}))
    rows += [
        ("list", "garbage", get("/example.com/m0/@v/list", b"\x00\xff\n../../x\nv1\n"), dict(cmd=("get", "example.com/m0@latest"), may_succeed=True)),
        ("list", "200,000 versions that are not there", get("/example.com/m0/@v/list", b"".join(b"v1.%d.0\n" % i for i in range(200000))), dict(cmd=("get", "example.com/m0@latest"))),
        ("list", "endless", get("/example.com/m0/@v/list", endless), dict(cmd=("get", "example.com/m0@latest"))),
    ]
    for part, data in ((".info", info), (".mod", mod), (".zip", zip_)):
        p = M0 + part
        rows += [
            ("http " + part, "404", get(p, raw(b"no", 2, "404 Not Found")), {}),
            ("http " + part, "410", get(p, raw(b"gone", 4, "410 Gone")), {}),
            ("http " + part, "500", get(p, raw(b"oh\n", 3, "500 Internal Server Error")), {}),
            ("http " + part, "403 with a page", get(p, raw(b"a\x1b[31mb\n" * 100, 800, "403 Forbidden")), {}),
            ("http " + part, "Content-Length too large", get(p, raw(data, len(data) + 10)), {}),
            ("http " + part, "Content-Length too small", get(p, raw(data, len(data) - 5)), {}),
            ("http " + part, "Content-Length no number", get(p, raw(data, "x")), dict(may_succeed=True)),
            ("http " + part, "cut off by a reset", get(p, raw(data[: len(data) // 2], len(data), reset=True)), {}),
            ("http " + part, "chunk that never ends", get(p, chunked(data[:10], b"")), {}),
            ("http " + part, "chunk size garbage", get(p, chunked(data[:10], b"zzz\r\n")), {}),
            ("http " + part, "endless", get(p, endless), {}),
            ("http " + part, "redirect to itself", get(p, raw(b"", 0, "302 Found", headers=f"Location: {p}\r\n")), {}),
            ("http " + part, "redirect nowhere", get(p, raw(b"", 0, "302 Found", headers="Location: http://127.0.0.1:1/x\r\n")), {}),
            ("http " + part, "no HTTP", get(p, lambda h: h.wfile.write(b"SSH-2.0-x\r\n")), {}),
            ("http " + part, "closed at once", get(p, lambda h: None), {}),
            ("http " + part, "slow, a few bytes at a time", get(p, raw(data[:2000] if part != ".zip" else data, len(data) if part == ".zip" else len(data), drip=64)), dict(may_succeed=True)),
        ]
    rows.append(("http .zip", "stalled in the body", get(M0 + ".zip", raw(zip_[:100], len(zip_), wait=200)), dict(timeout=100, reference=False)))
    rows.append(("http .mod", "stalled in the body", get(M0 + ".mod", raw(mod[:10], len(mod), wait=200)), dict(timeout=100, reference=False)))
    sumdb = "/sumdb/db.example"
    look = sumdb + "/lookup/example.com/m0@v1.1.0"
    n = [r[0] for r in w.db.records].index("example.com/m0@v1.1.0")
    true = w.db.get("/lookup/example.com/m0@v1.1.0")
    forged = true.replace(b"h1:", b"h1:A", 1)
    seen = lambda dir: w.run(w.rgo, dir, ["list", "-m", "example.com/m6@v1.0.0"]) and w.run(w.rgo, dir, ["mod", "download", "example.com/m6@v1.0.0"])

    def forget(dir):
        """The tree head that was seen stays, records do not."""
        seen(dir)
        shutil.rmtree(dir / "modcache", ignore_errors=True)

    rows += [
        ("checksum database", "forged record", get(look, forged), {}),
        ("checksum database", "record of another module", get(look, w.db.get("/lookup/example.com/m1@v1.1.0")), {}),
        ("checksum database", "record number wrong", get(look, true.replace(b"%d\n" % n, b"%d\n" % (n + 1), 1)), {}),
        ("checksum database", "record number huge", get(look, true.replace(b"%d\n" % n, b"99999999999999999999\n", 1)), {}),
        ("checksum database", "signed by another key", None, dict(db=Database(signer=2))),
        ("checksum database", "signature cut", get(look, true[:-20]), {}),
        ("checksum database", "garbage", get(look, b"\x00\xff" * 50), {}),
        ("checksum database", "garbage tiles", lambda p: b"x" * 32 if "/tile/" in p else None, {}),
        ("checksum database", "tiles too short", lambda p: b"x" if "/tile/" in p else None, {}),
        ("checksum database", "tiles of 100 MB", lambda p: bytes(100 << 20) if "/tile/" in p else None, {}),
        ("checksum database", "not there", lambda p: raw(b"no", 2, "500 Internal Server Error") if p.startswith(sumdb) else None, {}),
        ("checksum database", "no record", get(look, raw(b"no", 2, "404 Not Found")), {}),
        ("checksum database", "tree of size 0", get(look, true.replace(b"tree\n%d\n" % len(w.db.records), b"tree\n0\n")), {}),
        ("checksum database", "rolled back to a shorter past", None, dict(db=Database(count=n + 1), setup=forget, may_succeed=True)),
        ("checksum database", "rolled back and rewritten", None, dict(db=Database(count=n + 1, tag="x\n"), setup=forget)),
        ("checksum database", "rewritten, same size", None, dict(db=Database(tag="x\n"), setup=forget)),
        ("go.sum", "wrong sum of the zip", None, dict(sum=re.sub(r"(m0 v1.1.0 h1:)....", r"\1AAAA", good_sum), after=False)),
        ("go.sum", "wrong sum of go.mod", None, dict(sum=re.sub(r"(m0 v1.1.0/go.mod h1:)....", r"\1AAAA", good_sum), after=False)),
        ("go.sum", "garbage line", None, dict(sum="what is this\n", after=False, other_sum=True, may_succeed=True)),
        ("go.sum", "conflicting lines", None, dict(sum=good_sum + re.sub(r"(h1:)....", r"\1AAAA", good_sum), after=False, may_succeed=True, other_sum=True)),
        ("go.sum", "no newline, CRLF, NUL", None, dict(sum="\0\r\n", after=False)),
    ]
    for kind, what, fault, kw in rows:
        if only and not only.search(f"{kind}: {what}"):
            continue
        go = w.go
        if kw.pop("reference", True) is False:
            w.go = None
        w.fault(kind, what, fault, **kw)
        w.go = go


def module_files(w, only):
    """go.mod and go.work files that make no sense: as the reference treats them."""
    head = "module main\n\ngo 1.21\n\n"
    req = lambda *r: "".join(f"require {x}\n" for x in r)
    cases = {
        "cyclic requirements": head + req("example.com/m0 v1.0.0") + "replace example.com/m1 => ../cyc\n",
        "requires itself": head + req("main v1.0.0"),
        "two versions of a module": head + req("example.com/m0 v1.0.0", "example.com/m0 v1.2.0"),
        "excluded and required": head + req("example.com/m0 v1.0.0") + "exclude example.com/m0 v1.0.0\n",
        "all versions excluded": head + req("example.com/m0 v1.0.0") + "".join(f"exclude example.com/m0 {v}\n" for v in VERSIONS),
        "two replacements": head + req("example.com/m0 v1.0.0") + "replace example.com/m0 => ../a\nreplace example.com/m0 => ../b\n",
        "replacement that is not there": head + req("example.com/m0 v1.0.0") + "replace example.com/m0 => ../nowhere\n",
        "replacement by itself": head + req("example.com/m0 v1.0.0") + "replace example.com/m0 => ./\n",
        "replacement without version": head + "replace example.com/m0 => example.com/m1\n",
        "two go lines": head + "go 1.22\n",
        "go line garbage": "module main\n\ngo 1.x\n",
        "far newer go": "module main\n\ngo 9.99\n",
        "no module line": "go 1.21\n",
        "two module lines": "module main\nmodule other\n",
        "module path garbage": "module ../../x\n",
        "binary": "\0\1\2",
        "open block": head + "require (\n",
        "open string": head + 'require "example.com/m0 v1.0.0\n',
        "unknown directive": head + "import x\n",
        "version that is none": head + req("example.com/m0 latest"),
        "version that does not exist": head + req("example.com/m0 v1.77.0"),
        "wrong major": head + req("example.com/m0 v2.0.0"),
        "toolchain garbage": head + "toolchain xyz\n",
        "10,000 requirements that do not exist": head + req(*(f"example.com/n{i} v1.0.0" for i in range(10000))),
        "retract upside down": head + "retract [v1.2.0, v1.0.0]\n",
        "godebug unknown": head + "godebug nosuch=1\n",
        "ignore ..": head + "ignore ../x\n",
        "tool that is not there": head + "tool example.com/m0/nosuch\n",
    }
    for what, text in cases.items():
        for cmd in (["list", "-m", "all"], ["build", "-o", os.devnull, "."] if False else ["list", "-deps", "."], ["mod", "tidy"]):
            if only and not only.search(f"go.mod: {what}"):
                continue
            got = []
            for tool in [w.rgo] + ([w.go] if w.go else []):
                dir = w.module(mod=text)
                cyc = dir / "cyc"
                cyc.mkdir()
                (cyc / "go.mod").write_text("module example.com/m1\n\ngo 1.21\n\nrequire example.com/m0 v1.3.0\nrequire main v1.0.0\n")
                (cyc / "c.go").write_text('package m1\n\nimport "example.com/m0"\n\nvar F = m0.F\n' if "import" in what else "package m1\n\nfunc F() string { return \"\" }\n")
                code, out, secs = w.run(tool, dir, cmd, timeout=60)
                text_of = re.sub(r"/w\d+/", "/w/", "\n".join(sorted(l for l in out.splitlines() if not l.startswith("go: downloading"))))
                got.append((code, text_of.replace(str(w.go), "go").replace("rgo", "go"), w.state(dir), secs))
                w.clean(dir)
            code, out, state, secs = got[0]
            ok = code in (0, 1) and "panicked" not in out and "internal compiler error" not in out and "INTERNAL" not in out
            note = "right result" if code == 0 else "error: " + " | ".join(out.splitlines()[:2])[:110]
            if len(got) == 2 and ok and got[1][0] == -1:
                note += " (the reference does not end in a minute)"
            elif len(got) == 2 and ok:
                if (code, state) != (got[1][0], got[1][2]):
                    ok, note = False, f"{cmd}: status {code}, the reference {got[1][0]}: {out[:300]} --- {got[1][1][:300]} {state} {got[1][2]}"
                elif out != got[1][1]:
                    note += " (the reference words it differently)"
                    w.differ = getattr(w, "differ", []) + [f"{what} {cmd}:\n{out[:600]}\n---\n{got[1][1][:600]}"]
            w.row("go.mod", what, note, ok)


def crowd(w, rounds):
    """Several rgo, and rgo and go, filling one module cache at once."""
    for n in range(rounds):
        tools = [w.rgo, w.rgo, w.rgo] if n % 2 == 0 or not w.go else [w.rgo, w.go, w.rgo, w.go]
        shared = w.module()
        dirs = [w.module(imports=(0, k % N)) if k % N else w.module() for k in range(len(tools))]
        kind = "processes on one GOMODCACHE"
        what = f"{len(tools)} rgo" if w.go not in tools else "2 rgo and 2 go"
        with concurrent.futures.ThreadPoolExecutor(len(tools)) as ex:
            rs = list(ex.map(lambda p: w.run(p[0], p[1], ["mod", "tidy"], GOMODCACHE=str(shared / "modcache")), zip(tools, dirs)))
        bad = "".join(out[-300:] for code, out, _ in rs if code)
        for k, d in enumerate(dirs):
            if not bad and w.state(d) != w.expected(["mod", "tidy"], imports=(0, k % N) if k % N else (0,)):
                bad = "wrong go.mod or go.sum"
        bad = bad or w.healthy(shared, ["mod", "tidy"])
        w.row(kind, what, bad or "right result", not bad)
        for d in [shared, *dirs]:
            w.clean(d)
    # One go.mod, two commands that change it.
    for n in range(rounds):
        dir = w.module(imports=(0, 3))
        with concurrent.futures.ThreadPoolExecutor(3) as ex:
            cmds = [(w.rgo, ["get", "example.com/m3@v1.1.0"]), (w.go or w.rgo, ["get", "example.com/m0@v1.0.0"]), (w.rgo, ["mod", "tidy"])]
            rs = list(ex.map(lambda p: w.run(p[0], dir, p[1]), cmds))
        # A command may find go.mod changed under it and say so; the files stay whole.
        ok = all(code == 0 or "existing contents have changed since last read" in out or "updates to go.mod needed" in out or "missing go.sum entry" in out for code, out, _ in rs)
        bad = "" if ok else str([o[-200:] for c, o, _ in rs if c])
        bad = bad or w.healthy(dir, ["mod", "tidy"])
        w.row("processes on one go.mod", "get, get and tidy at once", bad or "right result, or told that go.mod changed", not bad)
        w.clean(dir)


def full_disk(w):
    small = w.top / "small"
    small.mkdir()
    for kb in (8, 16, 24, 32, 48, 64, 80, 96, 128, 160, 200, 260, 320, 400, 500, 700):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kb}k,nr_inodes=10000", "tmpfs", str(small)], capture_output=True).returncode:
            return
        try:
            for what, kw in (("GOMODCACHE", dict(GOMODCACHE=str(small / "modcache"))), ("go.mod, go.sum", {}), ("GOCACHE", dict(GOCACHE=str(small / "gocache")))):
                dir = w.module()
                if what.startswith("go.mod"):
                    for f in (dir / "main").iterdir():
                        shutil.copy(f, small)
                    shutil.rmtree(dir / "main")
                    (dir / "main").symlink_to(small)
                    (small / "fill").write_bytes(b"x" * (kb * 1024 - 8192 if kb <= 16 else kb * 1024 - 12288 - (kb % 3) * 4096))
                before = w.state(dir)
                code, out, _ = w.run(w.rgo, dir, ["get", "example.com/m0@v1.1.0"], **kw)
                want = w.expected(["get", "example.com/m0@v1.1.0"])
                now = w.state(dir)
                bad = ""
                if code not in (0, 1) or "panicked" in out:
                    bad = f"status {code} {out[:300]}"
                elif code == 0 and now != want:
                    bad = f"wrong go.mod or go.sum: {now}"
                elif code and (now[0] not in (before[0], want[0]) or now[1] not in (before[1], want[1])):
                    bad = f"damaged go.mod or go.sum: {now}"
                elif code and "no space left" not in out:
                    bad = f"error does not tell: {out[-300:]}"
                (small / "fill").unlink(missing_ok=True)
                subprocess.run(["mount", "-o", "remount,size=60m", str(small)], capture_output=True)
                if not bad:
                    bad = w.healthy(dir, ["get", "example.com/m0@v1.1.0"], **kw)
                w.row("full disk", what, bad or "error `no space left on device`, or right result; right once there is room", not bad)
                for f in small.iterdir():
                    shutil.rmtree(f) if f.is_dir() else f.unlink()
                subprocess.run(["mount", "-o", f"remount,size={kb}k", str(small)], capture_output=True)
                w.clean(dir)
        finally:
            subprocess.run(["umount", str(small)])


def kills(w, rounds, seed):
    """`kill -9` at random moments of commands that write go.mod, go.sum and the module cache."""
    rng = random.Random(seed)
    folder = w.top / "proxy"
    w.server.write(folder)
    proxy = dict(GOPROXY=f"file://{folder}", GOSUMDB="off")
    dir, twin = w.module(imports=(0,)), w.module(imports=(0,))
    usual, done, tries = {}, 0, 0
    while done < rounds:
        tries += 1
        op = rng.choice(["get", "get", "mod tidy", "mod tidy", "mod download", "mod vendor"])
        cold = rng.random() < 0.6
        imports = tuple(sorted(rng.sample(range(N), rng.randrange(1, 4))))
        cmd = op.split()
        if op == "get":
            i = rng.randrange(N)
            cmd.append(f"{path_of(i)}@{rng.choice(VERSIONS)}")
        elif op == "mod tidy":
            for d in (dir, twin):
                w.imports(d / "main", imports)
        if op == "mod vendor":
            shutil.rmtree(dir / "main/vendor", ignore_errors=True)
        before = w.state(dir)
        for n, text in zip(("go.mod", "go.sum"), before):
            if text is not None:
                (twin / "main" / n).write_text(text)
            else:
                (twin / "main" / n).unlink(missing_ok=True)
        more = dict(GOFLAGS="-modcacherw -mod=mod" if op != "mod vendor" else "-modcacherw")
        code, out, secs = w.run(w.go or w.rgo, twin, cmd, **dict(proxy, **more))
        shutil.rmtree(twin / "main/vendor", ignore_errors=True)
        if code:
            # Nothing this state can do; both start anew.
            for d in (dir, twin):
                (d / "main/go.mod").write_text("module main\n\ngo 1.21\n")
                (d / "main/go.sum").unlink(missing_ok=True)
            continue
        after = w.state(twin)
        if cold:
            shutil.rmtree(dir / "modcache", ignore_errors=True)
        limit = usual.get((op, cold), 0.08)
        t = rng.random() * limit
        p = subprocess.Popen([w.rgo, *cmd], cwd=dir / "main", env=w.env(dir, **dict(proxy, **more)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        start = time.time()
        try:
            p.wait(t)
            # Too late: shorter next time.
            usual[(op, cold)] = max(0.01, 0.9 * limit)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            done += 1
            usual[(op, cold)] = limit * 1.02
        now = w.state(dir)
        bad = ""
        for n, a, b, x in zip(("go.mod", "go.sum"), before, after, now):
            if x not in (a, b):
                bad = f"{n} is neither old nor new: {x!r}"
        code, out, _ = w.run(w.rgo, dir, cmd, **dict(proxy, **more))
        if code:
            bad = bad or f"after {t:.3f} s: {out[-300:]}"
        elif w.state(dir) != after:
            bad = bad or f"{cmd}: after {t:.3f} s: other go.mod or go.sum than the reference: {w.state(dir)} {after}"
        if not bad and tries % 10 == 0:
            bad = w.healthy(dir, ["mod", "tidy"] if op != "get" else cmd, op != "get", **dict(proxy, **more))
        shutil.rmtree(dir / "main/vendor", ignore_errors=True)
        if p.returncode == -9 or bad:
            w.row("kill -9", f"{op}, cache {'empty' if cold else 'warm'}", bad or "right result afterwards", not bad)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("rgo")
    ap.add_argument("--go")
    ap.add_argument("--kills", type=int, default=500)
    ap.add_argument("--crowds", type=int, default=20)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--only")
    ap.add_argument("--parts", default="proxy,files,crowd,disk,kill")
    a = ap.parse_args()
    a.rgo = shutil.which(a.rgo) or a.rgo
    a.rgo = str(pathlib.Path(a.rgo).absolute())
    w = World(a)
    only = a.only and re.compile(a.only)
    parts = a.parts.split(",")
    try:
        if "proxy" in parts:
            proxy_faults(w, only)
        if "files" in parts:
            module_files(w, only)
        if "crowd" in parts:
            crowd(w, a.crowds)
        if "disk" in parts:
            full_disk(w)
        if "kill" in parts:
            kills(w, a.kills, a.seed)
    finally:
        shutil.rmtree(w.top, ignore_errors=True)
    print("| kind | what | times | wrong | outcome |\n|---|---|---|---|---|")
    for (kind, what), (n, bad, text) in w.rows.items():
        print(f"| {kind} | {what} | {n} | {bad} | {' '.join(text.replace('|', '/').split())[:300]} |")
    print(f"\n{sum(r[0] for r in w.rows.values())} tried, {len(w.wrong)} wrong; peak memory of an rgo {w.peak} MB")
    for t in w.wrong:
        print("WRONG", t)
    for t in getattr(w, "differ", []):
        print("words:", t)
    sys.exit(bool(w.wrong))


if __name__ == "__main__":
    main()
