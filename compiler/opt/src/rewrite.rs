//! Turning allocations into frame slots.

use rgo_ir::{BinOp, Block, BlockData, CmpOp, Function, Inst, Loc, Local, LocalData, MemFlags, Op, Sym, Term, Ty, Types, Value};

/// An allocation that becomes a slot.
pub struct Demotion {
    pub block: Block,
    pub inst: usize,
    /// The object's type, or the element type of an array.
    pub ty: Ty,
    /// Number of elements of a slice's backing array.
    pub array: Option<u64>,
    pub form: Form,
}

/// What an allocation is in the IR.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An instruction that yields a zeroed object.
    Zeroed,
    /// A call that wants the address of a buffer as its first argument.
    Buffer,
    /// A call that yields a new object holding its only argument.
    Box,
    /// A string's bytes: no copy.
    Alias,
    /// `runtime.growslice`: when nothing but the `num` new elements is to be in the slice, it is in a buffer with room for `room`; `once`: the first time only,
    /// since the call repeats.
    Grow { room: u64, num: Value, once: bool },
    /// `MakeSlice`: when it fits, it is in a buffer with room for `room`.
    Var { room: u64 },
    /// `runtime.rt_makemap`, or `runtime.makemap` (no group): the header, and the group behind it.
    Map { group: u64 },
}

/// Replaces each allocation by the address of a new local, zeroed or given its value where the allocation stood; gives each call that wants one its buffer.
/// `zerobase`: the address of objects of no size.
pub fn demote(f: &mut Function, types: &mut Types, zerobase: Sym, list: &[Demotion]) {
    // From the back, so that instruction indices stay right.
    let mut order: Vec<&Demotion> = list.iter().collect();
    order.sort_by_key(|d| std::cmp::Reverse((d.block, d.inst)));
    let mut flags = Vec::new();
    for d in order {
        let ty = match d.array {
            Some(n) => types.mk_array(d.ty, n),
            None => d.ty,
        };
        match d.form {
            Form::Alias => alias(f, types, zerobase, d),
            Form::Buffer => {
                let local = slot(f, ty);
                set_args(f, d, &[(0, local)]);
            }
            Form::Map { group } => {
                let header = slot(f, ty);
                if group > 0 {
                    let ty = types.mk_array(Ty::PTR, group.div_ceil(8));
                    let group = slot(f, ty);
                    set_args(f, d, &[(0, header), (1, group)]);
                } else {
                    let at = set_args(f, d, &[(2, header)]);
                    let loc = f.blocks[d.block.0 as usize].insts[d.inst].loc;
                    f.blocks[d.block.0 as usize].insts.insert(d.inst + 1, Inst { op: Op::ZeroMem { dst: at, ty, flags: MemFlags::default() }, results: Vec::new(), loc });
                }
            }
            Form::Grow { room, num, once } => flags.extend(guarded_growth(f, d, ty, room, num, once)),
            Form::Var { room } => guarded_make(f, d, ty, room),
            Form::Zeroed | Form::Box => {
                let local = slot(f, ty);
                let insts = &mut f.blocks[d.block.0 as usize].insts;
                let old = &mut insts[d.inst];
                let (v, loc) = (old.results[0], old.loc);
                let fill = match (d.form, &old.op) {
                    (Form::Box, Op::Call { args, .. }) => Op::Store { addr: v, value: args[0], flags: MemFlags::default() },
                    _ => Op::ZeroMem { dst: v, ty, flags: MemFlags::default() },
                };
                old.op = Op::LocalAddr(local);
                insts.insert(d.inst + 1, Inst { op: fill, results: Vec::new(), loc });
            }
        }
    }
    for flag in flags {
        let loc = f.loc;
        let (a, z) = (value(f, Ty::PTR), value(f, Ty::I64));
        let init = [
            Inst { op: Op::LocalAddr(flag), results: vec![a], loc },
            Inst { op: Op::Int(0), results: vec![z], loc },
            Inst { op: Op::Store { addr: a, value: z, flags: MemFlags::default() }, results: Vec::new(), loc },
        ];
        f.blocks[0].insts.splice(0..0, init);
    }
}

fn slot(f: &mut Function, ty: Ty) -> Local {
    f.locals.push(LocalData { name: String::from("obj"), ty });
    Local(f.locals.len() as u32 - 1)
}

fn value(f: &mut Function, ty: Ty) -> Value {
    f.values.push(ty);
    Value(f.values.len() as u32 - 1)
}

/// Puts the addresses of locals in arguments of a call, loaded before it; the last address.
fn set_args(f: &mut Function, d: &Demotion, list: &[(usize, Local)]) -> Value {
    let mut at = Value(0);
    for &(k, local) in list.iter().rev() {
        at = value(f, Ty::PTR);
        let insts = &mut f.blocks[d.block.0 as usize].insts;
        let call = insts[d.inst..].iter_mut().find(|i| matches!(i.op, Op::Call { .. }));
        let Some(Inst { op: Op::Call { args, .. }, loc, .. }) = call else { panic!("internal compiler error: no call to give a buffer") };
        args[k] = at;
        let loc = *loc;
        insts.insert(d.inst, Inst { op: Op::LocalAddr(local), results: vec![at], loc });
    }
    at
}

/// `[]byte(s)` that shares the string's memory; like every conversion, it is not nil.
fn alias(f: &mut Function, types: &mut Types, zerobase: Sym, d: &Demotion) {
    let Inst { op: Op::Call { args, .. }, results, loc } = &f.blocks[d.block.0 as usize].insts[d.inst] else {
        panic!("internal compiler error: conversion of a string is no call")
    };
    let (s, v, loc) = (args[1], results[0], *loc);
    debug_assert!(types.size(f.ty(s)) == 16);
    let mut out = Vec::new();
    let mut put = |f: &mut Function, op: Op, ty: Ty| {
        let r = value(f, ty);
        out.push(Inst { op, results: vec![r], loc });
        r
    };
    let p = put(f, Op::Extract(s, 0), Ty::PTR);
    let n = put(f, Op::Extract(s, 1), Ty::I64);
    let z = put(f, Op::SymAddr(zerobase, 0), Ty::PTR);
    let null = put(f, Op::Null, Ty::PTR);
    let is = put(f, Op::Cmp(CmpOp::Eq, p, null), Ty::BOOL);
    let q = put(f, Op::Select(is, z, p), Ty::PTR);
    out.push(Inst { op: Op::Aggregate(vec![q, n, n]), results: vec![v], loc });
    f.blocks[d.block.0 as usize].insts.splice(d.inst..=d.inst, out);
}

/// A block under construction.
struct Piece {
    insts: Vec<Inst>,
    loc: Loc,
}

impl Piece {
    fn put(&mut self, f: &mut Function, op: Op, ty: Ty) -> Value {
        let r = value(f, ty);
        self.insts.push(Inst { op, results: vec![r], loc: self.loc });
        r
    }
    fn int(&mut self, f: &mut Function, n: u64) -> Value {
        self.put(f, Op::Int(n), Ty::I64)
    }
    fn store(&mut self, f: &mut Function, local: Local, v: Value) {
        let a = self.put(f, Op::LocalAddr(local), Ty::PTR);
        self.insts.push(Inst { op: Op::Store { addr: a, value: v, flags: MemFlags::default() }, results: Vec::new(), loc: self.loc });
    }
    fn load(&mut self, f: &mut Function, local: Local, ty: Ty) -> Value {
        let a = self.put(f, Op::LocalAddr(local), Ty::PTR);
        self.put(f, Op::Load { addr: a, flags: MemFlags::default() }, ty)
    }
    fn zeroed(&mut self, f: &mut Function, ty: Ty) -> Value {
        let l = slot(f, ty);
        let a = self.put(f, Op::LocalAddr(l), Ty::PTR);
        self.insts.push(Inst { op: Op::ZeroMem { dst: a, ty, flags: MemFlags::default() }, results: Vec::new(), loc: self.loc });
        a
    }
}

/// Splits the block at the allocation: `test` tells whether to take `fit`, which yields the allocation's value; else the allocation itself is made.
fn guard(f: &mut Function, d: &Demotion, test: impl FnOnce(&mut Function, &mut Piece, &Inst) -> Value, fit: impl FnOnce(&mut Function, &mut Piece, &Inst) -> Value) {
    let mut head = std::mem::replace(&mut f.blocks[d.block.0 as usize], BlockData { insts: Vec::new(), term: None, term_loc: Loc::default() });
    let rest = head.insts.split_off(d.inst + 1);
    let Some(mut alloc) = head.insts.pop() else { panic!("internal compiler error: no allocation to guard") };
    let (v, loc) = (alloc.results[0], alloc.loc);
    let ty = f.ty(v);
    let result = slot(f, ty);
    let first = f.blocks.len() as u32;
    let (small, large, join) = (Block(first), Block(first + 1), Block(first + 2));

    let mut p = Piece { insts: head.insts, loc };
    let cond = test(f, &mut p, &alloc);
    f.blocks[d.block.0 as usize] = BlockData { insts: p.insts, term: Some(Term::If { cond, then: small, els: large, likely: None }), term_loc: loc };

    let mut p = Piece { insts: Vec::new(), loc };
    let made = fit(f, &mut p, &alloc);
    p.store(f, result, made);
    f.blocks.push(BlockData { insts: p.insts, term: Some(Term::Jump(join)), term_loc: loc });

    let own = value(f, ty);
    alloc.results[0] = own;
    let mut p = Piece { insts: vec![alloc], loc };
    p.store(f, result, own);
    f.blocks.push(BlockData { insts: p.insts, term: Some(Term::Jump(join)), term_loc: loc });

    let mut p = Piece { insts: Vec::new(), loc };
    let a = p.put(f, Op::LocalAddr(result), Ty::PTR);
    p.insts.push(Inst { op: Op::Load { addr: a, flags: MemFlags::default() }, results: vec![v], loc });
    p.insts.extend(rest);
    f.blocks.push(BlockData { insts: p.insts, term: head.term, term_loc: head.term_loc });
}

/// The local that tells whether the buffer is in use, if the call repeats: it must be 0 at the start.
fn guarded_growth(f: &mut Function, d: &Demotion, ty: Ty, room: u64, num: Value, once: bool) -> Option<Local> {
    let flag = once.then(|| slot(f, Ty::I64));
    let new_len = |i: &Inst| match &i.op {
        Op::Call { args, .. } => args[1],
        _ => panic!("internal compiler error: growth is no call"),
    };
    guard(
        f,
        d,
        |f, p, i| {
            let fresh = p.put(f, Op::Cmp(CmpOp::Eq, new_len(i), num), Ty::BOOL);
            let Some(flag) = flag else { return fresh };
            let used = p.load(f, flag, Ty::I64);
            let zero = p.int(f, 0);
            let unused = p.put(f, Op::Cmp(CmpOp::Eq, used, zero), Ty::BOOL);
            p.put(f, Op::Bin(BinOp::And, fresh, unused), Ty::BOOL)
        },
        |f, p, i| {
            if let Some(flag) = flag {
                let one = p.int(f, 1);
                p.store(f, flag, one);
            }
            let a = p.zeroed(f, ty);
            let k = p.int(f, room);
            p.put(f, Op::Aggregate(vec![a, new_len(i), k]), Ty::SLICE)
        },
    );
    flag
}

fn guarded_make(f: &mut Function, d: &Demotion, ty: Ty, room: u64) {
    guard(
        f,
        d,
        |f, p, i| {
            let Op::MakeSlice { len, cap, .. } = i.op else { panic!("internal compiler error: no slice is made here") };
            let k = p.int(f, room);
            let fits = p.put(f, Op::Cmp(CmpOp::ULe, cap, k), Ty::BOOL);
            if len == cap {
                return fits;
            }
            let valid = p.put(f, Op::Cmp(CmpOp::ULe, len, cap), Ty::BOOL);
            p.put(f, Op::Bin(BinOp::And, fits, valid), Ty::BOOL)
        },
        |f, p, _| p.zeroed(f, ty),
    );
}
