//! Control-flow facts escape analysis needs: which blocks repeat, and what may carry a pointer into the next round.

use rgo_ir::{Block, Function, Local, Op, Term, Value};

/// Successors of a terminator.
pub fn successors(t: &Term) -> Vec<Block> {
    match t {
        Term::Jump(b) => vec![*b],
        Term::If { then, els, .. } => vec![*then, *els],
        Term::Switch { cases, default, .. } => {
            let mut v: Vec<Block> = cases.iter().map(|c| c.1).collect();
            v.push(*default);
            v
        }
        Term::Ret(_) | Term::Unreachable => Vec::new(),
    }
}

/// Strongly connected components of a graph, each before those that have edges to it; the members in the order of their discovery.
pub fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let n = edges.len();
    // Tarjan, iterative.
    let (mut index, mut low) = (vec![u32::MAX; n], vec![0u32; n]);
    let mut on = vec![false; n];
    let mut stack: Vec<usize> = Vec::new();
    let mut next = 0u32;
    let mut out = Vec::new();
    for root in 0..n {
        if index[root] != u32::MAX {
            continue;
        }
        let mut work: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some(&mut (v, ref mut i)) = work.last_mut() {
            if *i == 0 && index[v] == u32::MAX {
                index[v] = next;
                low[v] = next;
                next += 1;
                stack.push(v);
                on[v] = true;
            }
            if *i < edges[v].len() {
                let w = edges[v][*i];
                *i += 1;
                if index[w] == u32::MAX {
                    work.push((w, 0));
                } else if on[w] {
                    low[v] = low[v].min(index[w]);
                }
                continue;
            }
            if low[v] == index[v] {
                let at = stack.iter().rposition(|w| *w == v).unwrap_or(0);
                let members = stack.split_off(at);
                members.iter().for_each(|w| on[*w] = false);
                out.push(members);
            }
            let lv = low[v];
            work.pop();
            if let Some(&(p, _)) = work.last() {
                low[p] = low[p].min(lv);
            }
        }
    }
    out
}

/// Strongly connected components of the control-flow graph.
pub struct Cycles {
    /// Component of each block.
    pub comp: Vec<u32>,
    /// Does the block's component contain a cycle?
    pub cyclic: Vec<bool>,
    pub succ: Vec<Vec<Block>>,
}

impl Cycles {
    pub fn of(f: &Function) -> Cycles {
        let n = f.blocks.len();
        let succ: Vec<Vec<Block>> = f.blocks.iter().map(|b| b.term.as_ref().map_or(Vec::new(), successors)).collect();
        let edges: Vec<Vec<usize>> = succ.iter().map(|v| v.iter().map(|b| b.0 as usize).collect()).collect();
        let (mut comp, mut size) = (vec![0u32; n], Vec::new());
        for (k, c) in components(&edges).iter().enumerate() {
            c.iter().for_each(|b| comp[*b] = k as u32);
            size.push(c.len());
        }
        let cyclic = (0..n).map(|b| size[comp[b] as usize] > 1 || succ[b].iter().any(|s| s.0 as usize == b)).collect();
        Cycles { comp, cyclic, succ }
    }
}

/// Something that may hold a pointer across instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder {
    Local(Local),
    Value(Value),
}

/// Is what `h` holds still wanted when control comes to instruction `inst` of block `at`? That instruction itself counts if
/// `inclusive`: one that reads its operands while it writes the memory.
/// `exact[v]`: `v` is the address of that local; `into[v]`: `v` is an address inside of it.
pub fn live_before(f: &Function, cyc: &Cycles, exact: &[Option<Local>], into: &[Option<Local>], h: Holder, at: Block, inst: usize, inclusive: bool) -> bool {
    // Forward search along all paths until the holder is overwritten as a whole or defined anew.
    let mut seen = vec![false; f.blocks.len()];
    let mut work = vec![(at.0 as usize, if inclusive { inst } else { inst + 1 }, true)];
    while let Some((b, start, first)) = work.pop() {
        if !first && std::mem::replace(&mut seen[b], true) {
            continue;
        }
        let mut killed = false;
        for i in &f.blocks[b].insts[start..] {
            match h {
                Holder::Value(v) => {
                    let mut used = false;
                    i.op.for_each_operand(&mut |o| used |= o == v);
                    if used {
                        return true;
                    }
                    if i.results.contains(&v) {
                        killed = true;
                        break;
                    }
                }
                Holder::Local(l) => {
                    let is = |v: Value| exact[v.0 as usize] == Some(l);
                    let full = match &i.op {
                        Op::Store { addr, value, .. } => is(*addr) && f.ty(*value) == f.local_ty(l) && into[value.0 as usize] != Some(l),
                        Op::ZeroMem { dst, ty, .. } => is(*dst) && *ty == f.local_ty(l),
                        Op::Copy { dst, src, ty, .. } => is(*dst) && *ty == f.local_ty(l) && into[src.0 as usize] != Some(l),
                        _ => false,
                    };
                    if full {
                        killed = true;
                        break;
                    }
                    // Computing an address is no use; using it is.
                    if matches!(i.op, Op::PtrAdd(..) | Op::PtrIndex { .. }) {
                        continue;
                    }
                    let mut used = false;
                    i.op.for_each_operand(&mut |o| used |= into[o.0 as usize] == Some(l));
                    if used {
                        return true;
                    }
                }
            }
        }
        if killed {
            continue;
        }
        if let (Holder::Value(v), Some(t)) = (h, f.blocks[b].term.as_ref())
            && term_uses(t, v)
        {
            return true;
        }
        if let (Holder::Local(l), Some(Term::Ret(vs))) = (h, f.blocks[b].term.as_ref())
            && vs.iter().any(|v| into[v.0 as usize] == Some(l))
        {
            return true;
        }
        for s in &cyc.succ[b] {
            work.push((s.0 as usize, 0, false));
        }
        if let Some(p) = f.pad {
            // Any call may continue at the pad.
            work.push((p.0 as usize, 0, false));
        }
    }
    false
}

/// Does the terminator use the value?
pub fn term_uses(t: &Term, v: Value) -> bool {
    match t {
        Term::If { cond, .. } => *cond == v,
        Term::Switch { value, .. } => *value == v,
        Term::Ret(vs) => vs.contains(&v),
        Term::Jump(_) | Term::Unreachable => false,
    }
}
