//! What may run below a stack limit fits in the guard.
//!
//! A function that checks the stack knows that sp is at or above the limit; what it calls may have no check (leaves, `nosplit` functions, `rt1.` functions and other Rust
//! code, the runtime's assembly), or one that comes after the prologue. A program with much of the library in it is disassembled, each function's frame is read off
//! its pushes and subtractions, and the depth of everything that a checked function can call is added up.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;

use rgo_abi::stack::{GUARD, GUARD_RESERVE};

const SOURCE: &str = r#"package main

import (
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"iter"
	"math/big"
	"net/http"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"text/template"
	"time"
	"unique"
	"weak"
)

var use = []any{gzip.NewReader, context.WithCancel, ed25519.Sign, rsa.SignPSS, json.Marshal, fmt.Sprint, iter.Pull[int], (*big.Int).Exp,
	http.Get, signal.Notify, debug.ReadGCStats, pprof.WriteHeapProfile, trace.Start, (*sync.Cond).Wait, template.New, time.AfterFunc,
	unique.Make[string], weak.Make[int]}

func main() { println(len(use)) }
"#;

/// A call or jump to another function, at a depth of the caller's frame.
struct Edge {
    to: u64,
    depth: u64,
    tail: bool,
}

#[derive(Default)]
struct Func {
    name: String,
    /// Bytes below the return address.
    frame: u64,
    /// `sp`, or `sp - K`, is compared with the limit first.
    checked: bool,
    /// The part after a check made by a shim.
    body: bool,
    edges: Vec<Edge>,
    indirect: bool,
}

fn number(s: &str) -> Option<u64> {
    let s = s.strip_prefix('$').unwrap_or(s);
    s.strip_prefix("0x").map_or_else(|| s.parse().ok(), |h| u64::from_str_radix(h, 16).ok())
}

/// The functions of a program, by address.
fn read(text: &str) -> HashMap<u64, Func> {
    let mut out: HashMap<u64, Func> = HashMap::new();
    let (mut at, mut f) = (0, Func::default());
    // Depth now, in the body, at `mov rbp, rsp`; on another stack.
    let (mut depth, mut full, mut base, mut away, mut seen) = (0u64, 0u64, 0u64, false, 0);
    // Assembly with several entries, each a symbol, goes on in the same frame.
    for line in text.lines() {
        if let Some((addr, name)) = line.strip_suffix(">:").and_then(|l| l.split_once(" <")) {
            out.insert(at, std::mem::take(&mut f));
            at = u64::from_str_radix(addr, 16).expect("address");
            f = Func { name: name.to_string(), body: name.ends_with(".body"), ..Func::default() };
            (depth, full, base, away, seen) = (0, 0, 0, false, 0);
            continue;
        }
        let Some((_, ins)) = line.split_once('\t') else { continue };
        let ins = ins.trim().replace('\t', " ");
        let ins = ins.as_str();
        let (op, args) = ins.split_once(char::is_whitespace).unwrap_or((ins, ""));
        let args = args.split('#').next().unwrap_or("").trim();
        seen += 1;
        // The limit is the first word of g.
        if op.starts_with("cmp") && seen < 60 && args.contains("(%r13)") && args.starts_with("(%r13)") {
            f.checked = true;
        }
        let dest = args.rsplit(", ").next().unwrap_or("");
        if away && !matches!(op, "ret" | "retq") {
            continue;
        }
        match op {
            "pushq" | "push" | "pushfq" => depth += 8,
            "popq" | "pop" => depth = depth.saturating_sub(8),
            // Room for the arguments of packages' assembly: the stub that calls has asked for it, and for what the assembly takes.
            "subq" if dest == "%rsp" && args.starts_with('%') => away = true,
            "subq" if dest == "%rsp" => depth += number(args.split(", ").next().unwrap_or("")).unwrap_or_else(|| panic!("{}: {ins}", f.name)),
            "addq" if dest == "%rsp" => depth = depth.saturating_sub(number(args.split(", ").next().unwrap_or("")).unwrap_or_else(|| panic!("{}: {ins}", f.name))),
            "movq" if args == "%rsp, %rbp" => base = depth,
            "movq" if args == "%rbp, %rsp" => depth = base,
            "leaq" if dest == "%rsp" => match args.split_once("(%rbp)") {
                Some((o, _)) => depth = base + o.strip_prefix('-').and_then(number).unwrap_or(0),
                None => match args.split_once("(%rsp)").and_then(|(o, _)| o.strip_prefix('-').and_then(number)) {
                    Some(o) => depth += o,
                    None => depth = depth.saturating_sub(args.split_once("(%rsp)").and_then(|(o, _)| number(o)).unwrap_or(0)),
                },
            },
            "movq" | "movl" | "andq" if dest == "%rsp" => {
                // Another stack, or an alignment of one.
                away = op != "andq";
            }
            "leave" | "leaveq" => depth = base.saturating_sub(8),
            "callq" | "call" => match target(args) {
                Some(to) => f.edges.push(Edge { to, depth, tail: false }),
                None => f.indirect = true,
            },
            // Jumps into another function: tail calls, and assembly with several entries.
            _ if op.starts_with('j') => match target(args) {
                Some(to) if !within(args, &f.name) => f.edges.push(Edge { to, depth, tail: true }),
                _ => {}
            },
            _ => {}
        }
        // The prologue is over at the first call. (Write barriers push their operands in blocks at the end.)
        if !f.indirect && f.edges.iter().all(|e| e.tail) {
            full = full.max(depth);
        }
        f.frame = f.frame.max(depth);
        if matches!(op, "ret" | "retq" | "jmp" | "ud2") {
            // What follows is reached from the body.
            depth = full;
            away = false;
        }
    }
    out.insert(at, f);
    // An edge into the middle leads to the function around it.
    let mut starts: Vec<u64> = out.keys().copied().collect();
    starts.sort();
    for f in out.values_mut() {
        for e in &mut f.edges {
            e.to = starts[starts.partition_point(|s| *s <= e.to).saturating_sub(1)];
        }
    }
    out
}

/// `0x2016d0 <rt_call>`; None for a register or memory.
fn target(args: &str) -> Option<u64> {
    if args.starts_with('*') {
        return None;
    }
    number(args.split_whitespace().next()?)
}

/// `0x2016d0 <name+0x10>` with the name of the function itself.
fn within(args: &str, name: &str) -> bool {
    args.split_once('<').and_then(|(_, n)| n.strip_prefix(name)).is_some_and(|r| r.starts_with('+') || r.starts_with('>'))
}

/// For each function: bytes below the caller's sp that a call takes before a check has passed, and the callee that makes it so.
struct Depths<'a> {
    fs: &'a HashMap<u64, Func>,
    known: HashMap<u64, (u64, u64)>,
}

/// Chains longer than this are recursion without a check.
const MAX_CHAIN: usize = 40;

impl<'a> Depths<'a> {
    fn new(fs: &'a HashMap<u64, Func>) -> Self {
        let mut known: HashMap<u64, (u64, u64)> = fs.iter().map(|(at, f)| (*at, (8 + f.frame, 0))).collect();
        for _ in 0..MAX_CHAIN {
            let mut changed = false;
            for (at, f) in fs {
                for e in &f.edges {
                    let to = &fs[&e.to].name;
                    // Behind a check only the way to more stack counts.
                    if (f.checked && to != "rt_morestack") || is_end(to) || is_excluded(&f.name, to) {
                        continue;
                    }
                    let below = known[&e.to].0;
                    let n = if f.checked { below } else { e.depth + below + if e.tail { 0 } else { 8 } };
                    let k = known.get_mut(at).unwrap();
                    if n > k.0 {
                        *k = (n, e.to);
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        Depths { fs, known }
    }

    fn of(&self, at: u64) -> u64 {
        self.known[&at].0
    }

    fn chain(&self, mut at: u64) -> String {
        let mut s = String::new();
        for _ in 0..MAX_CHAIN {
            let (f, (d, next)) = (&self.fs[&at], self.known[&at]);
            s += &format!(" > {} ({} of {d})", f.name, f.frame);
            if next == 0 {
                break;
            }
            at = next;
        }
        s
    }
}

/// The way without locks asks first and leaves types whose masks must be made to the slow one.
fn is_excluded(from: &str, to: &str) -> bool {
    from == "rt1.runtime.rt_mallocfast" && to.contains("typemask9on_demand")
}

fn is_end(name: &str) -> bool {
    // These end the process: they print what they can, on what stack there is.
    ["rust_panic", "throw", "fatal", "panic_", "panicking", "rt_fatal", "unwrap_failed", "expect_failed"].iter().any(|s| name.contains(s))
}

#[test]
fn what_runs_below_the_limit_fits_in_the_guard() {
    let tmp = tempfile::tempdir().unwrap();
    std::fs::write(tmp.path().join("main.go"), SOURCE).unwrap();
    let exe = tmp.path().join("p");
    let out = Command::new(env!("CARGO_BIN_EXE_rgo")).args(["build", "-o"]).arg(&exe).arg("main.go").env("CGO_ENABLED", "0").current_dir(tmp.path()).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let llvm = PathBuf::from(option_env!("LLVM_SYS_221_PREFIX").unwrap_or("/usr/lib/llvm-22")).join("bin/llvm-objdump");
    let out = Command::new(llvm).args(["-d", "--no-show-raw-insn", "--no-print-imm-hex"]).arg(&exe).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let fs = read(&String::from_utf8_lossy(&out.stdout));
    let d = Depths::new(&fs);
    let mut errors = Vec::new();
    let (mut checked, mut unchecked, mut worst) = (0, 0, (0, 0, 0));
    for (at, f) in &fs {
        if !f.checked && !f.body {
            unchecked += 1;
            continue;
        }
        checked += 1;
        for e in &f.edges {
            let g = &fs[&e.to];
            if is_end(&g.name) || (f.checked && g.name == "rt_morestack") || (e.tail && g.body) {
                continue;
            }
            let n = d.of(e.to);
            if n > worst.0 {
                worst = (n, *at, e.to);
            }
            if n > GUARD {
                let c = d.chain(e.to);
                errors.push(format!("{} calls{c}: {n} bytes", f.name));
            }
        }
    }
    // Called by func values and through method tables: every function that may be.
    for (at, f) in &fs {
        if f.name.contains('.') && !f.body && !f.name.starts_with("rt.") && !is_end(&f.name) {
            let n = d.of(*at);
            if n > GUARD {
                let c = d.chain(*at);
                errors.push(format!("called by its address:{c}: {n} bytes"));
            }
        }
    }
    let find = |name: &str| *fs.iter().find(|f| f.1.name == name).unwrap_or_else(|| panic!("no {name}")).0;
    for name in ["rt_morestack", "rt_async_preempt"] {
        let n = d.of(find(name));
        assert!(n > 8 && n <= GUARD_RESERVE + 8, "{name}: {n} bytes, {GUARD_RESERVE} are reserved");
    }
    errors.sort();
    errors.dedup();
    assert!(checked > 2000 && unchecked > 200, "{checked} functions with a check, {unchecked} without");
    println!("{checked} functions with a check, {unchecked} without; deepest {}:{}", worst.0, d.chain(worst.2));
    assert!(errors.is_empty(), "more than {GUARD} bytes below the limit:\n{}", errors[..errors.len().min(40)].join("\n"));
}
