//! Turning allocations into frame slots.

use rgo_ir::{Block, Function, Inst, LocalData, MemFlags, Op, Ty, Types};

/// An allocation that becomes a slot.
pub struct Demotion {
    pub block: Block,
    pub inst: usize,
    /// The object's type, or the element type of an array.
    pub ty: Ty,
    /// Number of elements of a slice's backing array.
    pub array: Option<u64>,
    /// A buffer for a call: the address becomes its first argument.
    pub buffer: bool,
}

/// Replaces each allocation by the address of a new local, zeroed where the allocation stood; gives each call that wants one its buffer.
pub fn demote(f: &mut Function, types: &mut Types, list: &[Demotion]) {
    // From the back, so that instruction indices stay right.
    let mut order: Vec<&Demotion> = list.iter().collect();
    order.sort_by_key(|d| std::cmp::Reverse((d.block, d.inst)));
    for d in order {
        let ty = match d.array {
            Some(n) => types.mk_array(d.ty, n),
            None => d.ty,
        };
        let local = rgo_ir::Local(f.locals.len() as u32);
        f.locals.push(LocalData { name: String::from("obj"), ty });
        if d.buffer {
            let v = rgo_ir::Value(f.values.len() as u32);
            f.values.push(Ty::PTR);
            let insts = &mut f.blocks[d.block.0 as usize].insts;
            let call = &mut insts[d.inst];
            if let Op::Call { args, .. } = &mut call.op {
                args[0] = v;
            }
            let loc = call.loc;
            insts.insert(d.inst, Inst { op: Op::LocalAddr(local), results: vec![v], loc });
            continue;
        }
        let insts = &mut f.blocks[d.block.0 as usize].insts;
        let old = &mut insts[d.inst];
        old.op = Op::LocalAddr(local);
        let (v, loc) = (old.results[0], old.loc);
        insts.insert(d.inst + 1, Inst { op: Op::ZeroMem { dst: v, ty, flags: MemFlags::default() }, results: Vec::new(), loc });
    }
}
