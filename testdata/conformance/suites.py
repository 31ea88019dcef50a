"""What `ratchet` and `update` share: the suites, the lists beside this file, running a harness.

The harnesses (typecheck.py and so on) and the suites themselves are not part of this repository. They are looked for
in $RGO_CONFORMANCE, else in ../shared/conformance beside the checkout. A list holds names of cases only.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


class Suite:
    """One harness. `unit` maps a case to what has to be built for it; `quick` is how many units a quick run takes (None: all)."""

    def __init__(self, name, quick=None, unit=lambda case: case, timeout=None, args=(), aspect=None):
        self.name, self.quick, self.unit, self.timeout, self.args = name, quick, unit, timeout, list(args)
        # A second thing a case may get right: (word in our list, key in the harness's results).
        self.aspect = aspect

    @property
    def file(self):
        return os.path.join(HERE, self.name + ".txt")


def before_colon(case):
    return case.partition(":")[0]


SUITES = [
    Suite("typecheck", aspect=("messages", "messages")),
    Suite("fmtcheck"),
    Suite("gotest", quick=250, timeout=60, aspect=("messages", "messages")),
    Suite("runtimeprogs", quick=12, unit=before_colon, aspect=("traces", "trace")),
    Suite("stdtest", quick=16, unit=before_colon, timeout=240, args=["--reruns", "0"]),
    Suite("script", quick=50, timeout=120),
]


def harness_dir():
    """The folder of the harnesses, or None."""
    named = os.environ.get("RGO_CONFORMANCE")
    candidates = [named] if named else [os.path.join(os.path.dirname(ROOT), "shared", "conformance")]
    for d in candidates:
        if os.path.isfile(os.path.join(d, "conformlib.py")):
            return os.path.abspath(d)
    if named:
        sys.exit("RGO_CONFORMANCE names no folder with harnesses: %s" % named)
    return None


def fetch_data(harness):
    """Brings the suites onto this machine if they are not there."""
    data = os.environ.get("RGO_CONFORMANCE_DATA") or os.path.expanduser("~/.cache/rgo-conformance")
    if os.path.isfile(os.path.join(data, "goroot", ".fetched")) and os.path.isfile(os.path.join(data, "go119", ".fetched")):
        return
    got = subprocess.run(["sh", os.path.join(harness, "fetch.sh"), data], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if got.returncode != 0:
        sys.exit("the suites cannot be fetched:\n" + got.stdout)


def default_go():
    """rgo as cargo's dev profile builds it."""
    target = os.environ.get("CARGO_TARGET_DIR") or os.path.join(ROOT, "target")
    return os.path.join(os.path.abspath(target), "debug", "rgo")


def read_list(path):
    """Case -> attributes (a string, "" for none)."""
    out = {}
    if not os.path.exists(path):
        return out
    with open(path, encoding="utf-8") as f:
        for line in f:
            line = line.rstrip("\n")
            if line.strip() and not line.startswith("#"):
                name, _, attr = line.partition("\t")
                out[name.strip()] = attr.strip()
    return out


def write_list(suite, cases):
    head = ("# %s: cases that pass. Written by testdata/conformance/update, which only ever adds.\n" % suite.name)
    if suite.aspect:
        head += "# `%s` after a tab: those are right too.\n" % suite.aspect[0]
    text = head + "".join(n + ("\t" + a if a else "") + "\n" for n, a in sorted(cases.items()))
    tmp = suite.file + ".new"
    with open(tmp, "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(tmp, suite.file)


def dev_list(harness, suite):
    return read_list(os.path.join(harness, "lists", suite.name + ".dev.txt"))


def sample(suite, cases, seed=""):
    """The cases of a quick run: all cases of the units whose hash comes first. The same list gives the same sample."""
    if suite.quick is None:
        return sorted(cases)
    order = lambda u: hashlib.sha256((seed + u).encode()).digest()
    units = set(sorted({suite.unit(c) for c in cases}, key=order)[:suite.quick])
    return sorted(c for c in cases if suite.unit(c) in units)


def run_suite(harness, suite, go, names, jobs=None, show=False):
    """Runs the named cases; returns the harness's result records by name."""
    dev = dev_list(harness, suite)
    with tempfile.TemporaryDirectory(prefix="rgo-ratchet-") as tmp:
        cases, result = os.path.join(tmp, "cases.txt"), os.path.join(tmp, "result.json")
        with open(cases, "w", encoding="utf-8") as f:
            for n in names:
                f.write(n + ("\t" + dev[n] if dev.get(n) else "") + "\n")
        cmd = [sys.executable, os.path.join(harness, suite.name + ".py"), "--go", go, "--cases", cases, "--json", result,
               "--failures-only"] + suite.args
        if suite.timeout:
            cmd += ["--timeout", str(suite.timeout)]
        if jobs:
            cmd += ["--jobs", str(jobs)]
        got = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"), text=True, errors="replace")
        if show:
            sys.stdout.write(got.stdout)
        if not os.path.exists(result):
            sys.exit("%s.py ended without results:\n%s" % (suite.name, got.stdout[-3000:]))
        with open(result, encoding="utf-8") as f:
            return {c["name"]: c for c in json.load(f)["cases"]}


def right(suite, attr, record):
    """Whether a result is as good as the list says; the reason if not."""
    if record is None:
        return "no result"
    if record["status"] != "PASS":
        return record["reason"] or record["status"]
    if suite.aspect and attr == suite.aspect[0] and not record.get(suite.aspect[1]):
        return record["reason"] or "%s not right any more" % attr
    return ""
