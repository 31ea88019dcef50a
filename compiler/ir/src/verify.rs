//! Structural checks. Every producer of IR can call [`verify`]; a violation is an internal compiler error.
//!
//! Invariants
//! 1. Every block has a terminator; its targets exist; nothing jumps to block 0 or to the pad block.
//! 2. Every value is defined once, by an instruction that lists it among its results, and its definition dominates every use.
//!    (Blocks that cannot be reached are checked for types only.)
//! 3. `Param` occurs in the entry block only, within range, with the operand type of the parameter.
//! 4. Operand and result types fit the operation: see `Checker::op`. No operand or result is of a memory type.
//! 5. Calls: arguments and results agree with the signature (`Types::operand`); `Ret` agrees with the function's results.
//! 6. `If` takes bool, `Switch` an integer, case values are distinct.
//! 7. Symbols, signatures, locals and types are in range; at most one definition per symbol among functions and globals.
//! 8. With a pad: `PadRecord` is the first instruction of the pad block and occurs nowhere else; a block reachable from the pad uses
//!    no value (constants and addresses of locals excepted) defined in a block that is not reachable from the pad.
//! 9. The data of a global is not longer than its size.

use std::collections::HashSet;

use crate::inst::*;
use crate::module::*;
use crate::print::{op_text, type_name};
use crate::types::Ty;

/// Checks a module; returns all violations found (bounded per function).
pub fn verify(m: &Module) -> Result<(), Vec<String>> {
    let mut errs = Vec::new();
    let mut defined = HashSet::new();
    for g in &m.globals {
        if !defined.insert(g.sym) {
            errs.push(format!("global {}: defined twice", m.sym_name(g.sym)));
        }
        let n: u64 = g
            .data
            .iter()
            .map(|d| match d {
                Datum::Bytes(b) => b.len() as u64,
                Datum::Zero(n) => *n,
                Datum::Addr(..) => 8,
                Datum::Addr32(..) | Datum::Rel32 { .. } => 4,
            })
            .sum();
        if n > g.size {
            errs.push(format!("global {}: {n} bytes of data in {} bytes", m.sym_name(g.sym), g.size));
        }
        if !g.align.is_power_of_two() {
            errs.push(format!("global {}: alignment {}", m.sym_name(g.sym), g.align));
        }
    }
    for f in &m.functions {
        if !defined.insert(f.sym) {
            errs.push(format!("function {}: defined twice", m.sym_name(f.sym)));
        }
        if let Err(e) = verify_function(m, f) {
            errs.extend(e);
        }
    }
    if errs.is_empty() { Ok(()) } else { Err(errs) }
}

/// Checks one function.
pub fn verify_function(m: &Module, f: &Function) -> Result<(), Vec<String>> {
    let mut c = Checker { m, f, errs: Vec::new(), at: String::new() };
    c.run();
    if c.errs.is_empty() { Ok(()) } else { Err(c.errs) }
}

/// Successors of a block (without the unwind edge).
pub fn successors(t: &Term) -> Vec<Block> {
    match t {
        Term::Jump(b) => vec![*b],
        Term::If { then, els, .. } => vec![*then, *els],
        Term::Switch { cases, default, .. } => {
            let mut v: Vec<Block> = cases.iter().map(|c| c.1).collect();
            v.push(*default);
            v
        }
        Term::Ret(_) | Term::Unreachable => vec![],
    }
}

/// Blocks reachable from `start` over normal edges.
pub fn reachable(f: &Function, start: Block) -> Vec<bool> {
    let mut seen = vec![false; f.blocks.len()];
    let mut work = vec![start];
    while let Some(b) = work.pop() {
        if std::mem::replace(&mut seen[b.0 as usize], true) {
            continue;
        }
        if let Some(t) = &f.blocks[b.0 as usize].term {
            work.extend(successors(t).into_iter().filter(|s| (s.0 as usize) < f.blocks.len()));
        }
    }
    seen
}

struct Checker<'a> {
    m: &'a Module,
    f: &'a Function,
    errs: Vec<String>,
    at: String,
}

impl Checker<'_> {
    fn err(&mut self, s: impl std::fmt::Display) {
        if self.errs.len() < 20 {
            let name = self.m.sym_name(self.f.sym);
            self.errs.push(format!("{name}: {}: {s}", self.at));
        }
    }

    fn ty(&self, v: Value) -> Ty {
        self.f.values.get(v.0 as usize).copied().unwrap_or(Ty::EMPTY)
    }

    fn want(&mut self, v: Value, t: Ty) {
        let have = self.ty(v);
        if have != t {
            self.err(format!("v{} is {}, want {}", v.0, type_name(have), type_name(t)));
        }
    }

    fn want_int(&mut self, v: Value) {
        if !self.m.types.is_int(self.ty(v)) {
            self.err(format!("v{} is {}, want an integer", v.0, type_name(self.ty(v))));
        }
    }

    fn want_float(&mut self, v: Value) {
        if !self.m.types.is_float(self.ty(v)) {
            self.err(format!("v{} is {}, want a float", v.0, type_name(self.ty(v))));
        }
    }

    fn run(&mut self) {
        let f = self.f;
        let nb = f.blocks.len();
        if nb == 0 {
            self.at = "body".into();
            return self.err("no blocks");
        }
        // Definitions: value -> (block, index).
        let mut def: Vec<Option<(u32, u32)>> = vec![None; f.values.len()];
        for (bi, b) in f.blocks.iter().enumerate() {
            for (ii, inst) in b.insts.iter().enumerate() {
                for r in &inst.results {
                    self.at = format!("b{bi} inst {ii}");
                    match def.get_mut(r.0 as usize) {
                        None => self.err(format!("result v{} out of range", r.0)),
                        Some(Some(_)) => self.err(format!("v{} defined twice", r.0)),
                        Some(d) => *d = Some((bi as u32, ii as u32)),
                    }
                }
            }
            self.at = format!("b{bi} terminator");
            let Some(t) = &b.term else {
                self.err("missing");
                continue;
            };
            for s in successors(t) {
                if s.0 as usize >= nb {
                    self.err(format!("target b{} does not exist", s.0));
                } else if s.0 == 0 {
                    self.err("jump to the entry block");
                } else if Some(s) == f.pad {
                    self.err("jump to the recovery pad");
                }
            }
        }
        if !self.errs.is_empty() {
            return;
        }
        let idom = dominators(f);
        let from_pad = f.pad.map(|p| reachable(f, p));
        for (bi, b) in f.blocks.iter().enumerate() {
            for (ii, inst) in b.insts.iter().enumerate() {
                self.at = format!("b{bi}: {}", op_text(self.m, &inst.op));
                let mut uses = Vec::new();
                inst.op.for_each_operand(&mut |v| uses.push(v));
                self.uses(&def, &idom, &from_pad, &uses, bi as u32, ii as u32);
                for &r in &inst.results {
                    if self.m.types.is_memory(self.ty(r)) {
                        self.err(format!("v{} has memory type {}", r.0, type_name(self.ty(r))));
                    }
                }
                self.op(bi as u32, ii, inst);
            }
            if let Some(t) = &b.term {
                self.at = format!("b{bi} terminator");
                let uses: Vec<Value> = match t {
                    Term::If { cond, .. } => vec![*cond],
                    Term::Switch { value, .. } => vec![*value],
                    Term::Ret(vs) => vs.clone(),
                    _ => vec![],
                };
                self.uses(&def, &idom, &from_pad, &uses, bi as u32, b.insts.len() as u32);
                self.term(t);
            }
        }
        if let Some(p) = f.pad {
            self.at = "pad".into();
            let first = f.blocks.get(p.0 as usize).and_then(|b| b.insts.first());
            if !matches!(first.map(|i| &i.op), Some(Op::Intrinsic(Intrinsic::PadRecord, _))) {
                self.err("the pad block does not begin with padrecord");
            }
        }
    }

    fn uses(&mut self, def: &[Option<(u32, u32)>], idom: &[u32], from_pad: &Option<Vec<bool>>, uses: &[Value], b: u32, i: u32) {
        for v in uses {
            let Some(d) = def.get(v.0 as usize) else {
                self.err(format!("v{} out of range", v.0));
                continue;
            };
            let Some((db, di)) = *d else {
                self.err(format!("v{} is never defined", v.0));
                continue;
            };
            if db == b {
                if di >= i {
                    self.err(format!("v{} used before its definition", v.0));
                }
                continue;
            }
            if idom[b as usize] == UNREACHED || idom[db as usize] == UNREACHED {
                continue;
            }
            if !dominates(idom, db, b) {
                self.err(format!("v{} (defined in b{db}) does not dominate its use", v.0));
            } else if let Some(p) = from_pad
                && p[b as usize]
                && !p[db as usize]
                && !matches!(
                    self.f.blocks[db as usize].insts[di as usize].op,
                    Op::Int(_) | Op::Float(_) | Op::Null | Op::Zero | Op::SymAddr(..) | Op::LocalAddr(_)
                )
            {
                self.err(format!("v{} (defined in b{db}) is used in code reachable from the recovery pad", v.0));
            }
        }
    }

    fn result(&mut self, inst: &Inst, tys: &[Ty]) {
        let have: Vec<Ty> = inst.results.iter().map(|r| self.ty(*r)).collect();
        if have != tys {
            let n = |v: &[Ty]| v.iter().map(|t| type_name(*t)).collect::<Vec<_>>().join(", ");
            self.err(format!("results are ({}), want ({})", n(&have), n(tys)));
        }
    }

    /// The single result's type; reports a wrong count.
    fn one(&mut self, inst: &Inst) -> Ty {
        if inst.results.len() != 1 {
            self.err("want one result");
            return Ty::EMPTY;
        }
        self.ty(inst.results[0])
    }

    fn check_sym(&mut self, s: Sym) {
        if s.0 as usize >= self.m.sym_count() {
            self.err("symbol out of range");
        }
    }

    fn check_ty(&mut self, t: Ty) {
        if t.0 as usize >= self.m.types.len() {
            self.err("type out of range");
        }
    }

    fn op(&mut self, block: u32, index: usize, inst: &Inst) {
        let types = &self.m.types;
        match &inst.op {
            Op::Int(_) => {
                let t = self.one(inst);
                if !types.is_int(t) && t != Ty::BOOL {
                    self.err("int of a type that is neither integer nor bool");
                }
            }
            Op::Float(_) => {
                let t = self.one(inst);
                if !types.is_float(t) {
                    self.err("float of another type");
                }
            }
            Op::Null => self.result(inst, &[Ty::PTR]),
            Op::Zero => {
                self.one(inst);
            }
            Op::SymAddr(s, _) => {
                self.check_sym(*s);
                self.result(inst, &[Ty::PTR]);
            }
            Op::Param(n) => {
                let want = self.m.sig_data(self.f.sig).params.get(*n as usize).copied();
                match want {
                    None => self.err("no such parameter"),
                    Some(t) => self.result(inst, &[types.operand(t)]),
                }
                if block != 0 {
                    self.err("param outside the entry block");
                }
            }
            Op::Bin(op, a, b) => {
                let t = self.ty(*a);
                self.result(inst, &[t]);
                match op {
                    BinOp::Shl | BinOp::LShr | BinOp::AShr => {
                        self.want_int(*a);
                        self.want_int(*b);
                    }
                    BinOp::FAdd | BinOp::FSub | BinOp::FMul | BinOp::FDiv | BinOp::FMin | BinOp::FMax => {
                        self.want_float(*a);
                        self.want(*b, t);
                    }
                    BinOp::And | BinOp::Or | BinOp::Xor | BinOp::AndNot if t == Ty::BOOL => self.want(*b, t),
                    _ => {
                        self.want_int(*a);
                        self.want(*b, t);
                    }
                }
            }
            Op::Un(op, a) => {
                let t = self.ty(*a);
                self.result(inst, &[t]);
                match op {
                    UnOp::FNeg => self.want_float(*a),
                    UnOp::Not if t == Ty::BOOL => {}
                    _ => self.want_int(*a),
                }
            }
            Op::Cmp(op, a, b) => {
                let t = self.ty(*a);
                self.result(inst, &[Ty::BOOL]);
                self.want(*b, t);
                match op {
                    CmpOp::Eq | CmpOp::Ne => {
                        if t != Ty::BOOL && t != Ty::PTR {
                            self.want_int(*a);
                        }
                    }
                    CmpOp::FEq | CmpOp::FNe | CmpOp::FLt | CmpOp::FLe | CmpOp::FGt | CmpOp::FGe => self.want_float(*a),
                    _ => {
                        if t != Ty::PTR {
                            self.want_int(*a);
                        }
                    }
                }
            }
            Op::Conv(op, a) => {
                let (from, to) = (self.ty(*a), self.one(inst));
                let (sf, st) = (types.size(from), types.size(to));
                let (int_f, int_t, fl_f, fl_t) = (types.is_int(from), types.is_int(to), types.is_float(from), types.is_float(to));
                let ok = match op {
                    ConvOp::Trunc => int_f && int_t && sf >= st,
                    ConvOp::SExt | ConvOp::ZExt => int_f && int_t && sf <= st,
                    ConvOp::BoolToInt => from == Ty::BOOL && int_t,
                    ConvOp::SIntToFloat | ConvOp::UIntToFloat => int_f && fl_t,
                    ConvOp::FloatToSInt | ConvOp::FloatToUInt => fl_f && int_t,
                    ConvOp::FloatExt => fl_f && fl_t && sf <= st,
                    ConvOp::FloatTrunc => fl_f && fl_t && sf >= st,
                    ConvOp::PtrToInt => from == Ty::PTR && to == Ty::I64,
                    ConvOp::IntToPtr => from == Ty::I64 && to == Ty::PTR,
                    ConvOp::Bitcast => sf == st && (int_f || fl_f) && (int_t || fl_t),
                };
                if !ok {
                    self.err(format!("no such conversion from {} to {}", type_name(from), type_name(to)));
                }
            }
            Op::Select(c, a, b) => {
                self.want(*c, Ty::BOOL);
                let t = self.ty(*a);
                self.want(*b, t);
                self.result(inst, &[t]);
            }
            Op::Aggregate(vs) => {
                let t = self.one(inst);
                if types.is_scalar(t) || types.parts(t) != vs.len() {
                    self.err(format!("{} parts for {}", vs.len(), type_name(t)));
                } else {
                    for (i, v) in vs.iter().enumerate() {
                        self.want(*v, types.part(t, i).0);
                    }
                }
            }
            Op::Extract(a, i) => {
                let t = self.ty(*a);
                if types.is_scalar(t) || *i as usize >= types.parts(t) {
                    self.err(format!("no part {i} of {}", type_name(t)));
                } else {
                    self.result(inst, &[types.part(t, *i as usize).0]);
                }
            }
            Op::Insert { agg, index, value } => {
                let t = self.ty(*agg);
                self.result(inst, &[t]);
                if types.is_scalar(t) || *index as usize >= types.parts(t) {
                    self.err(format!("no part {index} of {}", type_name(t)));
                } else {
                    self.want(*value, types.part(t, *index as usize).0);
                }
            }
            Op::LocalAddr(l) => {
                if l.0 as usize >= self.f.locals.len() {
                    self.err("no such local");
                }
                self.result(inst, &[Ty::PTR]);
            }
            Op::Load { addr, .. } => {
                self.want(*addr, Ty::PTR);
                self.one(inst);
            }
            Op::Store { addr, .. } => {
                self.want(*addr, Ty::PTR);
                self.result(inst, &[]);
            }
            Op::PtrAdd(p, _) => {
                self.want(*p, Ty::PTR);
                self.result(inst, &[Ty::PTR]);
            }
            Op::PtrIndex { base, index, .. } => {
                self.want(*base, Ty::PTR);
                self.want(*index, Ty::I64);
                self.result(inst, &[Ty::PTR]);
            }
            Op::Copy { dst, src, ty, .. } => {
                self.check_ty(*ty);
                self.want(*dst, Ty::PTR);
                self.want(*src, Ty::PTR);
                self.result(inst, &[]);
            }
            Op::ZeroMem { dst, ty, .. } => {
                self.check_ty(*ty);
                self.want(*dst, Ty::PTR);
                self.result(inst, &[]);
            }
            Op::MemMove { dst, src, len, .. } => {
                self.want(*dst, Ty::PTR);
                self.want(*src, Ty::PTR);
                self.want(*len, Ty::I64);
                self.result(inst, &[]);
            }
            Op::MemClear { dst, len } => {
                self.want(*dst, Ty::PTR);
                self.want(*len, Ty::I64);
                self.result(inst, &[]);
            }
            Op::New { ty, desc } => {
                self.check_ty(*ty);
                self.check_sym(*desc);
                self.result(inst, &[Ty::PTR]);
            }
            Op::MakeSlice { elem, desc, len, cap } => {
                self.check_ty(*elem);
                self.check_sym(*desc);
                self.want(*len, Ty::I64);
                self.want(*cap, Ty::I64);
                self.result(inst, &[Ty::PTR]);
            }
            Op::Use(s) => {
                self.check_sym(*s);
                self.result(inst, &[]);
            }
            Op::NilCheck(v) => {
                self.want(*v, Ty::PTR);
                self.result(inst, &[]);
            }
            Op::Bounds { x, y, .. } => {
                self.want(*x, Ty::I64);
                self.want(*y, Ty::I64);
                self.result(inst, &[]);
            }
            Op::DivCheck(v) | Op::ShiftCheck(v) => {
                self.want_int(*v);
                self.result(inst, &[]);
            }
            Op::AtomicLoad { addr } => {
                self.want(*addr, Ty::PTR);
                let t = self.one(inst);
                self.want_word(t);
            }
            Op::AtomicStore { addr, value } => {
                self.want(*addr, Ty::PTR);
                self.want_word(self.ty(*value));
                self.result(inst, &[]);
            }
            Op::AtomicRmw { addr, value, .. } => {
                self.want(*addr, Ty::PTR);
                let t = self.ty(*value);
                self.want_word(t);
                self.result(inst, &[t]);
            }
            Op::AtomicCas { addr, old, new } => {
                self.want(*addr, Ty::PTR);
                let t = self.ty(*old);
                self.want_word(t);
                self.want(*new, t);
                self.result(inst, &[Ty::BOOL]);
            }
            Op::Call { callee, sig, args } => {
                let d = self.m.sig_data(*sig);
                if d.params.len() != args.len() {
                    self.err(format!("{} arguments for {} parameters", args.len(), d.params.len()));
                } else {
                    for (v, t) in args.iter().zip(&d.params) {
                        self.want(*v, types.operand(*t));
                    }
                }
                let rs: Vec<Ty> = d.results.iter().map(|t| types.operand(*t)).collect();
                self.result(inst, &rs);
                match callee {
                    Callee::Direct(s) => self.check_sym(*s),
                    Callee::Code(v) | Callee::Closure(v) => self.want(*v, Ty::PTR),
                    Callee::DirectClosure(s, v) => {
                        self.check_sym(*s);
                        self.want(*v, Ty::PTR);
                    }
                }
            }
            Op::Intrinsic(i, vs) => self.intrinsic(block, index, inst, *i, vs),
        }
    }

    fn want_word(&mut self, t: Ty) {
        if !self.m.types.is_int(t) && t != Ty::PTR && t != Ty::BOOL {
            self.err(format!("atomic access of {}", type_name(t)));
        }
    }

    fn intrinsic(&mut self, block: u32, index: usize, inst: &Inst, i: Intrinsic, vs: &[Value]) {
        use Intrinsic::*;
        const W: Ty = Ty::I64;
        const P: Ty = Ty::PTR;
        let fixed = |c: &mut Self, args: &[Ty], res: &[Ty]| {
            if vs.len() != args.len() {
                c.err(format!("{} operands, want {}", vs.len(), args.len()));
            } else {
                for (v, t) in vs.iter().zip(args) {
                    c.want(*v, *t);
                }
            }
            c.result(inst, res);
        };
        match i {
            Ctz | Clz | Popcount | Bswap | BitReverse | RotateLeft => {
                let t = vs.first().map_or(W, |v| self.ty(*v));
                let n = if i == RotateLeft { 2 } else { 1 };
                fixed(self, &vec![t; n], &[t]);
                if !self.m.types.is_int(t) {
                    self.err("want integers");
                }
            }
            Sqrt | Floor | Ceil | Trunc | RoundEven | Round | Fabs | Copysign | Fma => {
                let t = vs.first().map_or(W, |v| self.ty(*v));
                let n = match i {
                    Copysign => 2,
                    Fma => 3,
                    _ => 1,
                };
                fixed(self, &vec![t; n], &[t]);
                if !self.m.types.is_float(t) {
                    self.err("want floats");
                }
            }
            MulU64 => fixed(self, &[W, W], &[W, W]),
            AddCarry | SubBorrow | DivU128 => fixed(self, &[W, W, W], &[W, W]),
            MemEqual => fixed(self, &[P, P, W], &[Ty::BOOL]),
            Prefetch => fixed(self, &[P], &[]),
            KeepAlive | Escape => self.result(inst, &[]),
            Syscall6 => fixed(self, &[W; 7], &[W, W, W]),
            Cpuid => fixed(self, &[Ty::I32, Ty::I32], &[Ty::I32; 4]),
            Xgetbv => fixed(self, &[], &[Ty::I32; 2]),
            Pause | PublicationBarrier | Fence | Breakpoint => fixed(self, &[], &[]),
            CtSelect => fixed(self, &[W, W, W], &[W]),
            GetG | ClosureCtx => fixed(self, &[], &[P]),
            CallerPc | CallerSp | StackPtr | FrameAddr | ParentFrameAddr => fixed(self, &[], &[W]),
            PadRecord => {
                fixed(self, &[], &[P]);
                if self.f.pad != Some(Block(block)) || index != 0 {
                    self.err("padrecord outside the start of the pad block");
                }
            }
        }
    }

    fn term(&mut self, t: &Term) {
        match t {
            Term::Jump(_) | Term::Unreachable => {}
            Term::If { cond, .. } => self.want(*cond, Ty::BOOL),
            Term::Switch { value, cases, .. } => {
                self.want_int(*value);
                let mut seen = HashSet::new();
                for (k, _) in cases {
                    if !seen.insert(*k) {
                        self.err(format!("duplicate case {k}"));
                    }
                }
            }
            Term::Ret(vs) => {
                let rs = self.m.sig_data(self.f.sig).results.clone();
                if rs.len() != vs.len() {
                    self.err(format!("{} results, want {}", vs.len(), rs.len()));
                } else {
                    for (v, t) in vs.iter().zip(&rs) {
                        self.want(*v, self.m.types.operand(*t));
                    }
                }
            }
        }
    }
}

const UNREACHED: u32 = u32::MAX;

/// Immediate dominators (Cooper, Harvey, Kennedy); the pad counts as a successor of the entry block.
fn dominators(f: &Function) -> Vec<u32> {
    let n = f.blocks.len();
    let succ = |b: usize| -> Vec<u32> {
        let mut s: Vec<u32> =
            f.blocks[b].term.as_ref().map(successors).unwrap_or_default().into_iter().map(|b| b.0).collect();
        if b == 0
            && let Some(p) = f.pad
        {
            s.push(p.0);
        }
        s
    };
    let mut order = Vec::new(); // postorder
    let mut state = vec![0u8; n];
    let mut stack: Vec<(usize, Vec<u32>)> = vec![(0, succ(0))];
    state[0] = 1;
    while let Some((b, ss)) = stack.last_mut() {
        match ss.pop() {
            Some(s) if state[s as usize] == 0 => {
                state[s as usize] = 1;
                let next = succ(s as usize);
                stack.push((s as usize, next));
            }
            Some(_) => {}
            None => {
                order.push(*b);
                stack.pop();
            }
        }
    }
    let mut num = vec![0usize; n];
    for (i, &b) in order.iter().enumerate() {
        num[b] = i;
    }
    let mut preds = vec![Vec::new(); n];
    for &b in &order {
        for s in succ(b) {
            preds[s as usize].push(b);
        }
    }
    let mut idom = vec![UNREACHED; n];
    idom[0] = 0;
    let mut changed = true;
    while changed {
        changed = false;
        for &b in order.iter().rev() {
            if b == 0 {
                continue;
            }
            let mut new = UNREACHED;
            for &p in &preds[b] {
                if idom[p] == UNREACHED {
                    continue;
                }
                new = if new == UNREACHED {
                    p as u32
                } else {
                    let (mut x, mut y) = (p, new as usize);
                    while x != y {
                        while num[x] < num[y] {
                            x = idom[x] as usize;
                        }
                        while num[y] < num[x] {
                            y = idom[y] as usize;
                        }
                    }
                    x as u32
                };
            }
            if idom[b] != new {
                idom[b] = new;
                changed = true;
            }
        }
    }
    idom
}

fn dominates(idom: &[u32], a: u32, mut b: u32) -> bool {
    loop {
        if a == b {
            return true;
        }
        let up = idom[b as usize];
        if up == b || up == UNREACHED {
            return false;
        }
        b = up;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::FunctionBuilder;

    fn start(m: &mut Module, params: &[Ty], results: &[Ty]) -> FunctionBuilder {
        let s = m.sym("p.f");
        let sig = m.sig(params, results);
        FunctionBuilder::new(m, s, sig, Linkage::External, FuncAttrs::default(), Loc::default())
    }

    #[test]
    fn accepts_and_rejects() {
        let mut m = Module::new("p");
        let mut b = start(&mut m, &[Ty::I64, Ty::STRING], &[Ty::I64]);
        let x = b.param(0);
        let n = b.extract(&m.types, b.param(1), 1);
        let s = b.bin(BinOp::Add, x, n);
        b.term(Term::Ret(vec![s]));
        let f = b.finish();
        assert_eq!(verify_function(&m, &f), Ok(()));
        let mut bad = f.clone();
        bad.blocks[0].term = Some(Term::Ret(vec![]));
        assert!(verify_function(&m, &bad).unwrap_err()[0].contains("0 results, want 1"));
        let mut bad = f.clone();
        bad.blocks[0].insts.swap(1, 3);
        assert!(!verify_function(&m, &bad).unwrap_err().is_empty());
    }

    #[test]
    fn dominance_through_branches() {
        let mut m = Module::new("p");
        let mut b = start(&mut m, &[Ty::BOOL], &[Ty::I64]);
        let (t, e) = (b.block(), b.block());
        let c = b.param(0);
        b.branch(c, t, e);
        b.switch_to(t);
        let v = b.i64(1);
        b.jump(e);
        b.switch_to(e);
        b.term(Term::Ret(vec![v]));
        let f = b.finish();
        assert!(verify_function(&m, &f).unwrap_err()[0].contains("does not dominate"));
    }
}
