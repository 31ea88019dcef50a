//! Where large frame slots live: slots used in one block only get lifetime markers, so that LLVM lets them share stack.
//!
//! A slot is a local, or the memory of a call's memory results. It qualifies when every access through it is in one block and its address goes
//! nowhere else (as an operand of memory type it is copied by the callee's side of the convention, which is no escape).

use rgo_ir::*;

/// Smallest size worth a marker.
const MIN_SIZE: u64 = 32;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    Local(Local),
    /// Result memory of the call that defines this value first.
    Call(Value),
}

/// First and last accessing instruction of a slot in its block.
#[derive(Clone, Copy, Debug)]
struct Range {
    block: u32,
    first: u32,
    last: u32,
    bad: bool,
}

/// Markers by block: `(instruction index, slot)`, sorted.
#[derive(Default)]
pub struct Markers {
    start: Vec<Vec<(u32, Slot)>>,
    end: Vec<Vec<(u32, Slot)>>,
}

impl Markers {
    pub fn starts(&self, block: usize) -> &[(u32, Slot)] {
        self.start.get(block).map_or(&[], |v| v)
    }
    pub fn ends(&self, block: usize) -> &[(u32, Slot)] {
        self.end.get(block).map_or(&[], |v| v)
    }
}

pub fn markers(m: &Module, f: &Function, shared: &[bool]) -> Markers {
    let types = &m.types;
    let mut out = Markers { start: vec![Vec::new(); f.blocks.len()], end: vec![Vec::new(); f.blocks.len()] };
    let mut roots: Vec<Option<Slot>> = vec![None; f.values.len()];
    let mut local_use: Vec<Option<Range>> = vec![None; f.locals.len()];
    let mut call_use: Vec<Option<Range>> = vec![None; f.values.len()];
    let big = |t: Ty| !types.is_scalar(t) && types.size(t) >= MIN_SIZE;
    // Roots first: blocks are in no particular order, but a base is defined before what is derived from it in dominance order only.
    let mut changed = true;
    while changed {
        changed = false;
        for i in f.blocks.iter().flat_map(|b| &b.insts) {
            let r = match &i.op {
                Op::LocalAddr(l) if big(f.local_ty(*l)) && !shared[l.0 as usize] => Some(Slot::Local(*l)),
                Op::PtrAdd(p, _) | Op::PtrIndex { base: p, .. } => roots[p.0 as usize],
                Op::Call { sig, .. } => {
                    let rs = &m.sig_data(*sig).results;
                    for (v, t) in i.results.iter().zip(rs) {
                        if types.is_memory(*t) && roots[v.0 as usize].is_none() {
                            roots[v.0 as usize] = Some(Slot::Call(i.results[0]));
                            changed = true;
                        }
                    }
                    None
                }
                _ => None,
            };
            if let (Some(r), Some(v)) = (r, i.results.first())
                && roots[v.0 as usize].is_none()
            {
                roots[v.0 as usize] = Some(r);
                changed = true;
            }
        }
    }
    let mut touch = |v: Value, block: usize, at: usize, bad: bool| {
        let Some(s) = roots[v.0 as usize] else { return };
        let e = match s {
            Slot::Local(l) => &mut local_use[l.0 as usize],
            Slot::Call(c) => &mut call_use[c.0 as usize],
        };
        let (block, at) = (block as u32, at as u32);
        let r = e.get_or_insert(Range { block, first: at, last: at, bad: false });
        r.bad |= bad || r.block != block;
        r.first = r.first.min(at);
        r.last = r.last.max(at);
    };
    for (bi, b) in f.blocks.iter().enumerate() {
        for (ii, i) in b.insts.iter().enumerate() {
            match &i.op {
                Op::PtrAdd(..) => {}
                Op::PtrIndex { index, .. } => touch(*index, bi, ii, true),
                Op::Load { addr, .. } | Op::AtomicLoad { addr } | Op::ZeroMem { dst: addr, .. } | Op::NilCheck(addr) => touch(*addr, bi, ii, false),
                Op::Store { addr, value, .. } => {
                    touch(*addr, bi, ii, false);
                    touch(*value, bi, ii, true);
                }
                Op::Copy { dst, src, .. } => {
                    touch(*dst, bi, ii, false);
                    touch(*src, bi, ii, false);
                }
                Op::Call { callee, sig, args } => {
                    let ps = &m.sig_data(*sig).params;
                    for (v, t) in args.iter().zip(ps) {
                        touch(*v, bi, ii, !types.is_memory(*t));
                    }
                    if let Callee::Code(v) | Callee::Closure(v) | Callee::DirectClosure(_, v) = callee {
                        touch(*v, bi, ii, true);
                    }
                    for v in &i.results {
                        touch(*v, bi, ii, false);
                    }
                }
                op => op.for_each_operand(&mut |v| touch(v, bi, ii, true)),
            }
        }
        match &b.term {
            Some(Term::Ret(vs)) => vs.iter().for_each(|v| touch(*v, bi, b.insts.len(), false)),
            Some(Term::If { cond: v, .. } | Term::Switch { value: v, .. }) => touch(*v, bi, b.insts.len(), true),
            _ => {}
        }
    }
    let all = local_use
        .iter()
        .enumerate()
        .map(|(i, r)| (Slot::Local(Local(i as u32)), r))
        .chain(call_use.iter().enumerate().map(|(i, r)| (Slot::Call(Value(i as u32)), r)));
    for (s, r) in all {
        if let Some(r) = r
            && !r.bad
        {
            out.start[r.block as usize].push((r.first, s));
            out.end[r.block as usize].push((r.last, s));
        }
    }
    for v in out.start.iter_mut().chain(&mut out.end) {
        v.sort_by_key(|m| m.0);
    }
    out
}
