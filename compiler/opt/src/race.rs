//! Instrumentation for the race detector: accesses to memory that others may see are announced to the runtime before they happen, atomic
//! operations are made by it, and each function keeps the hash of the calls in progress in its goroutine (`rgo_abi::race`).
//!
//! It runs last, so what inlining and escape analysis have put into frames is not announced. Which package an instruction comes from decides, not the one that it
//! was inlined into: [`Rules`] says, as gc does, which packages have no accesses of interest. `Inst::loc` tells where it comes from.
//!
//! Not announced: frame slots, constants, bytes of strings, captured values and method tables, which are written before anyone else can see them.
//!
//! Inputs and outputs: a module that verifies.

use std::collections::HashMap;

use rgo_abi::race::{G_HASH, HASH_FACTOR, atomic};
use rgo_ir::*;

/// What is announced of a package's code.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Rules {
    accesses: bool,
    atomics: bool,
}
const ALL: Rules = Rules { accesses: true, atomics: true };
const NONE: Rules = Rules { accesses: false, atomics: false };

/// The runtime and what it is made of.
const RUNTIME: &[&str] = &[
    "runtime",
    "internal/abi",
    "internal/byteorder",
    "internal/chacha8rand",
    "internal/coverage/rtcov",
    "internal/cpu",
    "internal/goarch",
    "internal/godebugs",
    "internal/goexperiment",
    "internal/goos",
    "internal/profilerecord",
    "internal/race",
    "internal/strconv",
    "internal/stringslite",
];
/// What synchronises: plain accesses there are ordered by means that only their authors know, and say.
const SYNC: &[&str] = &["sync", "sync/atomic", "internal/sync"];

fn rules(package: &str) -> Rules {
    if RUNTIME.contains(&package) || package.starts_with("internal/runtime/") {
        NONE
    } else if SYNC.contains(&package) {
        Rules { accesses: false, atomics: true }
    } else {
        ALL
    }
}

/// The package part of a symbol: up to the first dot behind the last slash of the part before type arguments and receivers.
fn package(sym: &str) -> Option<&str> {
    let head = &sym[..sym.find(['[', '(']).unwrap_or(sym.len())];
    let slash = head.rfind('/').map_or(0, |i| i + 1);
    let dot = head[slash..].find('.')?;
    // Descriptors' functions and the like belong to whoever needs them.
    (!head.contains(':')).then(|| &sym[..slash + dot])
}

/// Whether a module has anything to announce.
pub fn concerns(module: &str) -> bool {
    rules(module) != NONE
}

/// Instruments the module.
pub fn run(m: &mut Module) {
    if !concerns(&m.name) {
        return;
    }
    let readonly: HashMap<Sym, bool> = m.globals.iter().map(|g| (g.sym, g.readonly)).collect();
    let own = rules(&m.name);
    for i in 0..m.functions.len() {
        let empty = Function { blocks: Vec::new(), ..m.functions[i].clone() };
        let mut f = std::mem::replace(&mut m.functions[i], empty);
        if !f.blocks.is_empty() && !f.attrs.norace {
            let at = |s: Sym| package(m.sym_name(s)).map_or(own, rules);
            let places: Vec<Rules> = std::iter::once(f.sym).chain(f.inlined.iter().map(|n| n.sym)).map(at).collect();
            let private = private_values(m, &f, &readonly);
            let calls = Calls::new(m);
            let loads = f.blocks.iter().flat_map(|b| &b.insts).filter_map(|i| match &i.op {
                Op::Load { addr, .. } => Some((*i.results.first()?, *addr)),
                _ => None,
            });
            let loaded = loads.collect();
            Instrument { m, f: &mut f, places, private, loaded, calls }.function();
        }
        m.functions[i] = f;
    }
}

/// The values that are addresses of what nobody else writes.
fn private_values(m: &Module, f: &Function, readonly: &HashMap<Sym, bool>) -> Vec<bool> {
    let mut private = vec![false; f.values.len()];
    let code: Vec<bool> = {
        let mut v = vec![false; f.values.len()];
        for i in f.blocks.iter().flat_map(|b| &b.insts) {
            if let Op::Call { callee: Callee::Code(c), .. } = &i.op {
                v[c.0 as usize] = true;
            }
        }
        v
    };
    // Definitions come before uses but for blocks out of order: go round until nothing changes.
    loop {
        let mut changed = false;
        for i in f.blocks.iter().flat_map(|b| &b.insts) {
            let p = |v: &Value| private[v.0 as usize];
            let yes = match &i.op {
                Op::LocalAddr(_) => true,
                Op::Intrinsic(Intrinsic::ClosureCtx | Intrinsic::GetG | Intrinsic::PadRecord, _) => true,
                Op::SymAddr(s, _) => {
                    let name = m.sym_name(*s);
                    readonly.get(s).copied().unwrap_or(false) || name.starts_with("type:") || name.starts_with("go:") || name.starts_with("runtime.")
                }
                Op::PtrAdd(a, _) | Op::PtrIndex { base: a, .. } => p(a),
                Op::Select(_, a, b) => p(a) && p(b),
                Op::Extract(s, 0) => f.ty(*s) == Ty::STRING,
                // Copies of memory values that belong to the frame.
                Op::Param(n) => m.types.is_memory(m.sig_data(f.sig).params[*n as usize]),
                Op::Call { sig, .. } => {
                    for (r, t) in i.results.iter().zip(&m.sig_data(*sig).results) {
                        changed |= m.types.is_memory(*t) && !std::mem::replace(&mut private[r.0 as usize], true);
                    }
                    continue;
                }
                _ => false,
            };
            if yes && let Some(r) = i.results.first() {
                changed |= !std::mem::replace(&mut private[r.0 as usize], true);
            }
        }
        if !changed {
            break;
        }
    }
    // Entries of method tables: the loads' addresses.
    for i in f.blocks.iter().flat_map(|b| &b.insts) {
        if let Op::Load { addr, .. } = &i.op
            && i.results.first().is_some_and(|r| code[r.0 as usize])
        {
            private[addr.0 as usize] = true;
        }
    }
    private
}

/// The functions that are called, and their signatures.
struct Calls {
    read: [Sym; 4],
    write: [Sym; 4],
    read_range: Sym,
    write_range: Sym,
    atomic: Sym,
    one: Sig,
    range: Sig,
    update: Sig,
}

impl Calls {
    fn new(m: &mut Module) -> Calls {
        let mut each = |what: &str| [1, 2, 4, 8].map(|n| m.sym(&format!("runtime.race{what}{n}")));
        let (read, write) = (each("read"), each("write"));
        Calls {
            read,
            write,
            read_range: m.sym("runtime.racereadn"),
            write_range: m.sym("runtime.racewriten"),
            atomic: m.sym("runtime.raceatomic"),
            one: m.sig(&[Ty::PTR], &[]),
            range: m.sig(&[Ty::PTR, Ty::I64], &[]),
            update: m.sig(&[Ty::PTR, Ty::I64, Ty::I64, Ty::I64], &[Ty::I64]),
        }
    }
}

struct Instrument<'a> {
    m: &'a mut Module,
    f: &'a mut Function,
    /// By `Loc::at`.
    places: Vec<Rules>,
    private: Vec<bool>,
    /// Where values were loaded from.
    loaded: HashMap<Value, Value>,
    calls: Calls,
}

/// An access, before its instruction.
enum Size {
    Fixed(u64),
    Value(Value),
}

impl Instrument<'_> {
    fn function(&mut self) {
        let mut any = false;
        for b in 0..self.f.blocks.len() {
            let insts = std::mem::take(&mut self.f.blocks[b].insts);
            let mut out = Vec::with_capacity(insts.len() * 2);
            let mut seen: Seen = Seen::default();
            for i in insts {
                any |= matches!(i.op, Op::Call { .. });
                let before = out.len();
                self.instruction(i, &mut out, &mut seen);
                any |= out.len() > before + 1;
            }
            self.f.blocks[b].insts = out;
        }
        if any && self.places[0].accesses {
            self.keep_hash();
        }
    }

    fn value(&mut self, ty: Ty) -> Value {
        self.f.values.push(ty);
        Value(self.f.values.len() as u32 - 1)
    }

    fn int(&mut self, v: u64, loc: Loc, out: &mut Vec<Inst>) -> Value {
        let r = self.value(Ty::I64);
        out.push(Inst { op: Op::Int(v), results: vec![r], loc });
        r
    }

    /// Announces an access to `size` bytes at `addr`.
    fn access(&mut self, addr: Value, size: Size, write: bool, loc: Loc, out: &mut Vec<Inst>, seen: &mut Seen) {
        if self.private[addr.0 as usize] {
            return;
        }
        let c = &self.calls;
        let (sym, sig, n) = match size {
            Size::Fixed(0) => return,
            Size::Fixed(n @ (1 | 2 | 4 | 8)) => {
                if !seen.add(addr, n, write) {
                    return;
                }
                let k = n.trailing_zeros() as usize;
                (if write { c.write[k] } else { c.read[k] }, c.one, None)
            }
            Size::Fixed(n) => {
                if !seen.add(addr, n, write) {
                    return;
                }
                (if write { c.write_range } else { c.read_range }, c.range, Some(self.int(n, loc, out)))
            }
            Size::Value(v) => (if write { c.write_range } else { c.read_range }, c.range, Some(v)),
        };
        let args = std::iter::once(addr).chain(n).collect();
        out.push(Inst { op: Op::Call { callee: Callee::Direct(sym), sig, args }, results: Vec::new(), loc });
    }

    fn instruction(&mut self, i: Inst, out: &mut Vec<Inst>, seen: &mut Seen) {
        let rules = self.places[i.loc.at as usize];
        let loc = i.loc;
        if rules.atomics
            && let Op::AtomicLoad { addr } | Op::AtomicStore { addr, .. } | Op::AtomicRmw { addr, .. } | Op::AtomicCas { addr, .. } = &i.op
        {
            seen.clear();
            if !self.private[addr.0 as usize] {
                self.atomic(i, out);
                return;
            }
        }
        if rules.accesses {
            let size = |s: &Self, t: Ty| Size::Fixed(s.m.types.size(t));
            match &i.op {
                Op::Load { addr, .. } => {
                    let n = size(self, self.f.ty(i.results[0]));
                    self.access(*addr, n, false, loc, out, seen);
                }
                // `return a` with a result a: it is not written, as far as the program says.
                Op::Store { addr, value, .. } if self.loaded.get(value) == Some(addr) => {}
                Op::Store { addr, value, .. } => {
                    let n = size(self, self.f.ty(*value));
                    self.access(*addr, n, true, loc, out, seen);
                }
                Op::Copy { dst, src, ty, .. } => {
                    let n = size(self, *ty);
                    self.access(*src, n, false, loc, out, seen);
                    let n = size(self, *ty);
                    self.access(*dst, n, true, loc, out, seen);
                }
                Op::ZeroMem { dst, ty, .. } => {
                    let n = size(self, *ty);
                    self.access(*dst, n, true, loc, out, seen);
                }
                Op::MemMove { dst, src, len, .. } => {
                    self.access(*src, Size::Value(*len), false, loc, out, seen);
                    self.access(*dst, Size::Value(*len), true, loc, out, seen);
                }
                Op::MemClear { dst, len } => self.access(*dst, Size::Value(*len), true, loc, out, seen),
                Op::Intrinsic(Intrinsic::MemEqual, v) => {
                    self.access(v[0], Size::Value(v[2]), false, loc, out, seen);
                    self.access(v[1], Size::Value(v[2]), false, loc, out, seen);
                }
                Op::Call { callee: Callee::Direct(s), args, .. } => {
                    let (s, args) = (self.m.sym_name(*s).to_string(), args.clone());
                    match s.as_str() {
                        "runtime.rt_wbmove" | "runtime.memmove" if args.len() == 3 => {
                            self.access(args[1], Size::Value(args[2]), false, loc, out, seen);
                            self.access(args[0], Size::Value(args[2]), true, loc, out, seen);
                        }
                        "runtime.rt_wbclear" | "runtime.memclrNoHeapPointers" | "runtime.memclrHasPointers" if args.len() == 2 => {
                            self.access(args[0], Size::Value(args[1]), true, loc, out, seen)
                        }
                        "runtime.memequal" if args.len() == 3 => {
                            self.access(args[0], Size::Value(args[2]), false, loc, out, seen);
                            self.access(args[1], Size::Value(args[2]), false, loc, out, seen);
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        if matches!(i.op, Op::Call { .. }) {
            seen.clear();
        }
        out.push(i);
    }

    /// Lets the runtime do an atomic operation.
    fn atomic(&mut self, i: Inst, out: &mut Vec<Inst>) {
        let loc = i.loc;
        let (addr, op, operands, ty) = match i.op {
            Op::AtomicLoad { addr } => (addr, atomic::LOAD, vec![], self.f.ty(i.results[0])),
            Op::AtomicStore { addr, value } => (addr, atomic::STORE, vec![value], self.f.ty(value)),
            Op::AtomicRmw { op, addr, value } => {
                let k = match op {
                    RmwOp::Xchg => atomic::XCHG,
                    RmwOp::Add => atomic::ADD,
                    RmwOp::And => atomic::AND,
                    RmwOp::Or => atomic::OR,
                };
                (addr, k, vec![value], self.f.ty(value))
            }
            Op::AtomicCas { addr, old, new } => (addr, atomic::CAS, vec![old, new], self.f.ty(old)),
            _ => unreachable!("internal compiler error: not an atomic operation"),
        };
        let size = self.m.types.size(ty) as usize;
        assert!(matches!(size, 1 | 4 | 8), "internal compiler error: atomic operation on {size} bytes");
        out.push(Inst { op: Op::NilCheck(addr), results: Vec::new(), loc });
        let code = op + size * atomic::SIZE + if ty == Ty::PTR { atomic::POINTER } else { 0 };
        let mut args = vec![addr, self.int(code as u64, loc, out)];
        for v in operands {
            let conv = match ty {
                Ty::PTR => Some(ConvOp::PtrToInt),
                Ty::BOOL => Some(ConvOp::BoolToInt),
                Ty::I64 => None,
                _ => Some(ConvOp::ZExt),
            };
            args.push(match conv {
                None => v,
                Some(c) => {
                    let r = self.value(Ty::I64);
                    out.push(Inst { op: Op::Conv(c, v), results: vec![r], loc });
                    r
                }
            });
        }
        while args.len() < 4 {
            args.push(self.int(0, loc, out));
        }
        let result = i.results.first().copied();
        let want = result.map(|r| self.f.ty(r));
        let raw = if want == Some(Ty::I64) { result } else { None };
        let raw = raw.unwrap_or_else(|| self.value(Ty::I64));
        let (callee, sig) = (Callee::Direct(self.calls.atomic), self.calls.update);
        out.push(Inst { op: Op::Call { callee, sig, args }, results: vec![raw], loc });
        let (Some(result), Some(want)) = (result, want) else { return };
        let op = match want {
            Ty::I64 => return,
            Ty::PTR => Op::Conv(ConvOp::IntToPtr, raw),
            Ty::BOOL => Op::Cmp(CmpOp::Ne, raw, self.int(0, loc, out)),
            _ => Op::Conv(ConvOp::Trunc, raw),
        };
        out.push(Inst { op, results: vec![result], loc });
    }

    /// At entry the hash becomes that of this call, and where it returns the caller's again. A recovered panic comes out of calls that have not
    /// returned: the pad sets it.
    fn keep_hash(&mut self) {
        let loc = self.f.loc;
        let local = |s: &mut Self, name: &str| {
            s.f.locals.push(LocalData { name: name.into(), ty: Ty::I64 });
            Local(s.f.locals.len() as u32 - 1)
        };
        let (outer, inner) = (local(self, "race.outer"), local(self, "race.inner"));
        let mut e = Vec::new();
        let emit = |s: &mut Self, out: &mut Vec<Inst>, op: Op, ty: Ty| {
            let r = s.value(ty);
            out.push(Inst { op, results: vec![r], loc });
            r
        };
        let flags = MemFlags::default();
        let at = self.hash_place(loc, &mut e);
        let old = emit(self, &mut e, Op::Load { addr: at, flags }, Ty::I64);
        let pc = emit(self, &mut e, Op::Intrinsic(Intrinsic::CallerPc, Vec::new()), Ty::I64);
        let x = emit(self, &mut e, Op::Bin(BinOp::Xor, old, pc), Ty::I64);
        let k = self.int(HASH_FACTOR, loc, &mut e);
        let new = emit(self, &mut e, Op::Bin(BinOp::Mul, x, k), Ty::I64);
        e.push(Inst { op: Op::Store { addr: at, value: new, flags }, results: Vec::new(), loc });
        for (l, v) in [(outer, old), (inner, new)] {
            let p = emit(self, &mut e, Op::LocalAddr(l), Ty::PTR);
            e.push(Inst { op: Op::Store { addr: p, value: v, flags }, results: Vec::new(), loc });
        }
        let first = self.f.blocks[0].insts.iter().position(|i| !matches!(i.op, Op::Param(_))).unwrap_or(self.f.blocks[0].insts.len());
        self.f.blocks[0].insts.splice(first..first, e);
        if let Some(pad) = self.f.pad {
            let mut p = Vec::new();
            self.set_hash(inner, loc, &mut p);
            let insts = &mut self.f.blocks[pad.0 as usize].insts;
            let first = insts.iter().position(|i| !matches!(i.op, Op::Intrinsic(Intrinsic::PadRecord, _))).unwrap_or(insts.len());
            insts.splice(first..first, p);
        }
        for b in 0..self.f.blocks.len() {
            if matches!(self.f.blocks[b].term, Some(Term::Ret(_))) {
                let loc = self.f.blocks[b].term_loc;
                let mut x = Vec::new();
                self.set_hash(outer, loc, &mut x);
                self.f.blocks[b].insts.append(&mut x);
            }
        }
    }

    fn hash_place(&mut self, loc: Loc, out: &mut Vec<Inst>) -> Value {
        let g = self.value(Ty::PTR);
        out.push(Inst { op: Op::Intrinsic(Intrinsic::GetG, Vec::new()), results: vec![g], loc });
        let p = self.value(Ty::PTR);
        out.push(Inst { op: Op::PtrAdd(g, G_HASH as i64), results: vec![p], loc });
        p
    }

    fn set_hash(&mut self, from: Local, loc: Loc, out: &mut Vec<Inst>) {
        let p = self.value(Ty::PTR);
        out.push(Inst { op: Op::LocalAddr(from), results: vec![p], loc });
        let v = self.value(Ty::I64);
        out.push(Inst { op: Op::Load { addr: p, flags: MemFlags::default() }, results: vec![v], loc });
        let at = self.hash_place(loc, out);
        out.push(Inst { op: Op::Store { addr: at, value: v, flags: MemFlags::default() }, results: Vec::new(), loc });
    }
}

/// What has been announced in this block since the last call: once is enough, for nothing can have happened between.
#[derive(Default)]
struct Seen(HashMap<Value, (u64, bool)>);

impl Seen {
    /// Whether the access says something new.
    fn add(&mut self, addr: Value, size: u64, write: bool) -> bool {
        let e = self.0.entry(addr).or_insert((0, false));
        if e.0 >= size && (e.1 || !write) {
            return false;
        }
        *e = (size, write);
        true
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_symbols() {
        for (sym, want) in [
            ("sync.(*Mutex).Lock", Some("sync")),
            ("internal/sync.(*Mutex).Lock", Some("internal/sync")),
            ("slices.Sort[[]int,a.b/c.T]", Some("slices")),
            ("net/http.F.func1", Some("net/http")),
            ("type:.eq.main.T", None),
        ] {
            assert_eq!(package(sym), want, "{sym}");
        }
        assert_eq!((rules("internal/runtime/maps"), rules("sync").accesses, rules("main")), (NONE, false, ALL));
    }
}
