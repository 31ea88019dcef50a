#!/usr/bin/env python3
"""Faults around the build cache: a killed, crowded, full or damaged cache costs time, never a wrong program.

    cache_faults.py RGO [--rounds 100] [--seed 1] [--keep DIR]

Each round edits a module of a few packages and builds it with trouble of one kind: `kill -9` at a random moment, two builds at once, damaged
entries. Then a plain build must succeed and the program must print what the sources say. At the end, where a tmpfs can be mounted, builds on a
full disk. Prints a table; exit status 1 if anything was wrong.
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

PACKAGES = 4


def write(mod, values):
    (mod / "go.mod").write_text("module faults\n\ngo 1.27\n")
    for i in range(PACKAGES):
        d = mod / f"p{i}"
        d.mkdir(exist_ok=True)
        below = f"p{i - 1}.F(x)" if i else "x"
        imports = f'import "faults/p{i - 1}"\n\n' if i else ""
        text = (
            f"package p{i}\n\n{imports}func F(x int) int {{ return {below} + {values[i]} }}\n\n"
            f"func Sum[T ~int](v ...T) (s T) {{\n\tfor _, x := range v {{\n\t\ts += x\n\t}}\n\treturn s + {values[i]}\n}}\n"
        )
        f = d / "f.go"
        if not f.exists() or f.read_text() != text:
            f.write_text(text)
    last = PACKAGES - 1
    (mod / "main.go").write_text(
        "package main\n\nimport (\n\t\"os\"\n\t\"strconv\"\n\n\t\"faults/p%d\"\n)\n\n"
        "func main() { os.Stdout.WriteString(strconv.Itoa(p%d.F(1)+p%d.Sum(1, 2)) + \"\\n\") }\n" % (last, last, last)
    )
    return 1 + sum(values) + 3 + values[last]


def build(rgo, mod, env, out):
    return subprocess.run([rgo, "build", "-o", str(out), "."], cwd=mod, env=env, capture_output=True, text=True)


def entries(cache):
    return [p for p in pathlib.Path(cache).rglob("*") if p.is_file() and p.name != "trim"]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("rgo")
    ap.add_argument("--rounds", type=int, default=100)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--keep")
    a = ap.parse_args()
    rgo = str(pathlib.Path(a.rgo).absolute())
    rng = random.Random(a.seed)
    top = pathlib.Path(a.keep or tempfile.mkdtemp(prefix="cache-faults"))
    mod, cache = top / "mod", top / "cache"
    mod.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ, GOCACHE=str(cache), GOFLAGS="", GO111MODULE="", GOWORK="off")
    values = [1] * PACKAGES
    want = write(mod, values)
    r = build(rgo, mod, env, mod / "prog")
    if r.returncode:
        sys.exit(r.stderr)
    values[0] += 1
    want = write(mod, values)
    start = time.time()
    build(rgo, mod, env, mod / "prog")
    usual = time.time() - start
    count, wrong = {}, []

    def check(kind, detail=""):
        count[kind] = count.get(kind, 0) + 1
        r = build(rgo, mod, env, mod / "prog")
        got = subprocess.run([str(mod / "prog")], capture_output=True, text=True).stdout.strip() if r.returncode == 0 else r.stderr
        if got != str(want):
            wrong.append(f"{kind} {detail}: want {want}, got {got[:500]}")

    for n in range(a.rounds):
        kind = ("kill", "kill", "kill", "two", "damage")[n % 5]
        values[rng.randrange(PACKAGES)] += 1
        want = write(mod, values)
        cmd = [rgo, "build", "-o", str(mod / "prog"), "."]
        if kind == "kill":
            p = subprocess.Popen(cmd, cwd=mod, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            t = rng.random() * usual * 1.2
            time.sleep(t)
            p.kill()
            p.wait()
            check(kind, f"after {t:.3f} s")
        elif kind == "two":
            ps = [subprocess.Popen(cmd[:3] + [str(mod / f"prog{i}")] + cmd[4:], cwd=mod, env=env) for i in range(2)]
            for i, p in enumerate(ps):
                p.wait()
                got = subprocess.run([str(mod / f"prog{i}")], capture_output=True, text=True).stdout.strip()
                if p.returncode or got != str(want):
                    wrong.append(f"two: status {p.returncode}, want {want}, got {got}")
            check(kind)
        else:
            for f in rng.sample(entries(cache), 3):
                try:
                    b = bytearray(f.read_bytes())
                    if b and rng.random() < 0.5:
                        b[rng.randrange(len(b))] ^= 1 << rng.randrange(8)
                    else:
                        b = b[: rng.randrange(len(b) + 1)]
                    f.write_bytes(b)
                except FileNotFoundError:
                    pass
            (mod / "prog").unlink(missing_ok=True)
            check(kind)
    full = top / "full"
    full.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(full)], capture_output=True).returncode == 0:
        try:
            small = dict(env, GOCACHE=str(full / "cache"))
            r = build(rgo, mod, small, mod / "prog")
            got = subprocess.run([str(mod / "prog")], capture_output=True, text=True).stdout.strip()
            count["full cache"] = 1
            if r.returncode == 0 and got != str(want):
                wrong.append(f"full cache: want {want}, got {got}")
            r = build(rgo, mod, env, full / "prog")
            count["full output"] = 1
            if r.returncode == 0:
                if subprocess.run([str(full / "prog")], capture_output=True, text=True).stdout.strip() != str(want):
                    wrong.append("full output: wrong program")
            elif r.returncode != 1 or "no space left on device" not in r.stderr:
                wrong.append(f"full output: status {r.returncode}, {r.stderr}")
            # Also where the disk is full of other things.
            (full / "cache").exists() and subprocess.run(["rm", "-rf", str(full / "cache")])
            (full / "prog").unlink(missing_ok=True)
            with open(full / "fill", "wb") as f:
                try:
                    f.write(b"x" * ((3 << 20) - (64 << 10)))
                except OSError:
                    pass
            for kind, out, e in (("full output", full / "prog", env), ("full temporary", mod / "prog", dict(env, TMPDIR=str(full)))):
                count[kind] = count.get(kind, 0) + 1
                out.unlink(missing_ok=True)
                r = build(rgo, mod, e, out)
                if r.returncode == 0:
                    if subprocess.run([str(out)], capture_output=True, text=True).stdout.strip() != str(want):
                        wrong.append(f"{kind}: wrong program")
                elif r.returncode != 1 or "no space left on device" not in r.stderr or out.exists():
                    wrong.append(f"{kind}: status {r.returncode}, {r.stderr}")
            left = [p.name for p in full.iterdir() if p.name.startswith((".rgo-link", "rgo-link"))]
            if left:
                wrong.append(f"full output: left {left}")
        finally:
            subprocess.run(["umount", str(full)])
    for kind, n in count.items():
        print(f"{kind:<12} {n:>5} rounds, {sum(w.startswith(kind) for w in wrong)} wrong")
    print("\n".join(wrong))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
