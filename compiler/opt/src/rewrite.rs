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
}

/// Replaces each allocation by the address of a new local, zeroed or given its value where the allocation stood; gives each call that wants one its buffer.
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
        if d.form == Form::Buffer {
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
        let (v, loc) = (old.results[0], old.loc);
        let fill = match (d.form, &old.op) {
            (Form::Box, Op::Call { args, .. }) => Op::Store { addr: v, value: args[0], flags: MemFlags::default() },
            _ => Op::ZeroMem { dst: v, ty, flags: MemFlags::default() },
        };
        old.op = Op::LocalAddr(local);
        insts.insert(d.inst + 1, Inst { op: fill, results: Vec::new(), loc });
    }
}
