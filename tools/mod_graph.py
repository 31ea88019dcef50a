#!/usr/bin/env python3
"""How long the module graph of a project with many modules takes from a warm cache: rgo beside the reference go.

    mod_graph.py RGO GO [--modules 300] [--rounds 7] [--go-version 1.16]

Makes modules that need each other behind a file:// proxy, fills a module cache each, then runs `list -m all`, `mod graph` and `list -deps .` by turns.
A go version below 1.17 makes every go.mod of the graph be read. The output of both must be the same. Prints user+system and wall time and the ratio.
"""
import argparse
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile

VERSIONS = ["v1.0.0", "v1.1.0", "v1.2.0"]


def generate(top, n, go):
    rng = random.Random(1)
    proxy = top / "proxy"
    for i in range(n):
        path = f"example.com/group{i % 9}/mod{i}"
        d = proxy / path / "@v"
        d.mkdir(parents=True)
        (d / "list").write_text("".join(v + "\n" for v in VERSIONS))
        for v in VERSIONS:
            below = sorted(rng.sample(range(i + 1, n), min(6, n - i - 1)))
            req = "".join(f"\texample.com/group{j % 9}/mod{j} {rng.choice(VERSIONS)}\n" for j in below)
            mod = f"module {path}\n\ngo {go}\n" + (f"\nrequire (\n{req})\n" if req else "")
            imports = "".join(f'import _ "example.com/group{j % 9}/mod{j}"\n' for j in below[:2])
            (d / f"{v}.info").write_text(f'{{"Version":"{v}","Time":"2024-01-02T03:04:05Z"}}')
            (d / f"{v}.mod").write_text(mod)
            with zipfile.ZipFile(d / f"{v}.zip", "w") as z:
                z.writestr(f"{path}@{v}/go.mod", mod)
                z.writestr(f"{path}@{v}/a.go", f"package mod{i}\n\n{imports}")
    main = top / "main"
    main.mkdir()
    roots = range(0, n, 10)
    (main / "go.mod").write_text(f"module main\n\ngo {go}\n\nrequire (\n" + "".join(f"\texample.com/group{j % 9}/mod{j} v1.0.0\n" for j in roots) + ")\n")
    (main / "main.go").write_text("package main\n\n" + "".join(f'import _ "example.com/group{j % 9}/mod{j}"\n' for j in roots) + "\nfunc main() {}\n")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("rgo")
    ap.add_argument("go")
    ap.add_argument("--modules", type=int, default=300)
    ap.add_argument("--rounds", type=int, default=7)
    ap.add_argument("--go-version", default="1.16")
    a = ap.parse_args()
    wrong = False
    with tempfile.TemporaryDirectory(prefix="mod-graph") as t:
        top = pathlib.Path(t)
        generate(top, a.modules, a.go_version)
        env = {k: v for k, v in os.environ.items() if not k.startswith("GO") or k == "GOROOT"}
        env.update(GOPROXY=f"file://{top}/proxy", GOSUMDB="off", GOFLAGS="-modcacherw", GOTOOLCHAIN="local", GOENV="off")
        envs = [dict(env, GOMODCACHE=str(top / "cache0"), GOCACHE=str(top / "build0")), {k: v for k, v in dict(env, GOMODCACHE=str(top / "cache1"), GOCACHE=str(top / "build1")).items() if k != "GOROOT"}]
        tools = [str(pathlib.Path(x).absolute()) for x in (a.rgo, a.go)]
        for tool, e in zip(tools, envs):
            for args in (["mod", "tidy"], ["mod", "download", "all"], ["list", "-deps", "."]):
                r = subprocess.run([tool, *args], cwd=top / "main", env=e, capture_output=True, text=True)
                if r.returncode:
                    sys.exit(f"{tool} {args}: {r.stderr}")
        for args in (["list", "-m", "all"], ["mod", "graph"], ["list", "-deps", "."], ["list", "-m", "-json", "all"]):
            best, outs = [[], []], [None, None]
            for _ in range(a.rounds):
                for i in (0, 1):
                    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
                    r = subprocess.run([tools[i], *args], cwd=top / "main", env=envs[i], capture_output=True, text=True)
                    wall, after = time.time() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
                    best[i].append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall))
                    outs[i] = r.stdout.replace("cache1", "cache0")
            same = outs[0] == outs[1]
            wrong |= not same
            cpu = [min(c for c, _ in b) for b in best]
            wall = [min(w for _, w in b) for b in best]
            print(f"{' '.join(args):<18} rgo {cpu[0] * 1000:5.0f} ms cpu {wall[0] * 1000:5.0f} ms wall, go {cpu[1] * 1000:5.0f} {wall[1] * 1000:5.0f}, ratio {cpu[0] / cpu[1]:.2f} cpu {wall[0] / wall[1]:.2f} wall, {len(outs[0].splitlines())} lines{'' if same else ', OUTPUT DIFFERS'}")
    sys.exit(wrong)


if __name__ == "__main__":
    main()
