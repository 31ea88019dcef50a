//! Escape analysis: which allocations may live in the frame.
//!
//! A flow-insensitive, field-insensitive points-to analysis per function (Andersen's), bottom-up over the call graph of the module, with one summary per
//! function ([`FuncSummary`]: does a parameter, or what it points to, leak or flow to a result). It has the power of gc's location graph with dereference
//! counts 0 and 1, and follows calls of func values whose code is known.
//!
//! *Sites* are what pointers can point to: the unknown world (heap, globals), each local, each allocation, and for each parameter the objects it
//! points to directly (level 0) and those behind them (level 1). A site escapes when its address may reach the unknown world: stored through a pointer
//! that is not to a known local site, returned, or passed where the callee's summary says "leaks". What an escaped site contains escapes too.
//!
//! An allocation in a cycle is turned into one slot only when nothing that may hold the previous round's object is live when the allocation runs again
//! ([`crate::loops`]).
//!
//! Not only objects of known size get slots: a slice of a length known at run time, or one that grows from nothing, is put in a small buffer when it fits
//! ([`crate::rewrite`] makes the test); so are a map's header and first group; and bytes of a string that nobody writes to are the string's own memory.
//!
//! What a call returns is unknown, plus where its summary sends the arguments: the pointer itself, or a *fresh* site standing for new objects of the
//! callee that hold it. Whatever a callee can reach through its arguments may hold unknown pointers afterwards.
//!
//! Special flows: the deferring frame's record is linked to g, which is not an escape, but the closures in it are called, so their captures flow as
//! their code's summary says; `uintptr` conversions end a flow when the number is stored, as in gc (arithmetic within one expression does not).

use std::collections::{HashMap, HashSet};

use rgo_abi::g::{deferframe, goff};
use rgo_ir::{Block, Callee, Datum, Function, Intrinsic, Local, Module, Op, Sym, Term, Ty, TyKind, Value};

use crate::loops::{Cycles, Holder, live_before};
use crate::rewrite::{Demotion, Form, demote};
use crate::summary::{FuncSummary, ParamFlow, Summaries};

mod flow;

/// Largest object turned into a frame slot, bytes (as gc's limit for implicit allocations).
const MAX_STACK_OBJECT: u64 = 64 << 10;
/// Largest sum of such objects in one frame.
const MAX_STACK_TOTAL: u64 = 128 << 10;
/// Size of the slots for slices of a length known at run time only: made so, or grown from nothing (as in gc: the capacity can be seen).
const SMALL_BUFFER: u64 = 32;
/// Largest number of such slots for growing in one function.
const MAX_GROWING: usize = 16;
/// Size of a map's header (`internal/runtime/maps.Map`), and the largest group of slots put in a frame.
const MAP_HEADER: u64 = 48;
const MAX_MAP_GROUP: u64 = 1024;
/// Functions with more allocations are left alone (generated initialisers).
const MAX_SITES: usize = 3000;
/// Offset of the link to the innermost DeferFrame in g.
const G_DEFERFRAME: i64 = goff::DEFERFRAME as i64;

type Site = u32;
const UNKNOWN: Site = 0;

/// Analyses and rewrites all functions of the module; returns their summaries.
pub fn run(m: &mut Module, external: &dyn Fn(&str) -> Option<FuncSummary>) -> Summaries {
    let mut sums: HashMap<Sym, FuncSummary> = HashMap::new();
    for &(s, sig) in &m.decls {
        if m.noescape.contains(&s) && crate::builtin::summary(m.sym_name(s)).is_none() {
            let params = vec![ParamFlow { writes0: true, writes1: true, ..ParamFlow::none() }; m.sig_data(sig).params.len()];
            sums.insert(s, FuncSummary { params, ctx: Some(ParamFlow::none()) });
        }
    }
    let descs = descriptors(m);
    for group in call_groups(m) {
        let (recursive, order) = group;
        if recursive && !assume(m, &mut sums, external, &descs, &order) {
            for &i in &order {
                sums.remove(&m.functions[i].sym);
            }
        }
        for i in order {
            let f = &m.functions[i];
            let ctx = Ctx { m, sums: &sums, external, descs: &descs };
            let Some(r) = analyse(&ctx, f) else {
                sums.remove(&f.sym);
                continue;
            };
            sums.insert(f.sym, r.summary);
            if !r.demote.is_empty() {
                let zerobase = m.sym("runtime.zerobase");
                demote(&mut m.functions[i], &mut m.types, zerobase, &r.demote);
            }
        }
    }
    let mut out = Summaries::default();
    for s in m.functions.iter().map(|f| f.sym).chain(m.noescape.iter().copied()) {
        if let Some(x) = sums.remove(&s) {
            out.map.insert(m.sym_name(s).to_string(), x);
        }
    }
    out
}

/// Size and pointer bytes of the types whose descriptors the module holds.
fn descriptors(m: &Module) -> HashMap<Sym, (u64, u64)> {
    let word = |b: &[u8], o: usize| b.get(o..o + 8).map(|w| u64::from_le_bytes(w.try_into().unwrap_or_default()));
    let desc = |g: &rgo_ir::Global| match g.data.first() {
        Some(Datum::Bytes(b)) if m.sym_name(g.sym).starts_with("type:") => Some((g.sym, (word(b, 0)?, word(b, 8)?))),
        _ => None,
    };
    m.globals.iter().filter_map(desc).collect()
}

/// Largest group of functions that call each other to be analysed together, functions and rounds.
const MAX_GROUP: usize = 200;
const MAX_GROUP_ROUNDS: usize = 20;

/// Summaries of functions that call each other: the least that agree with each other. False if that takes too long.
fn assume(m: &Module, sums: &mut HashMap<Sym, FuncSummary>, external: &dyn Fn(&str) -> Option<FuncSummary>, descs: &HashMap<Sym, (u64, u64)>, group: &[usize]) -> bool {
    if group.len() > MAX_GROUP {
        return false;
    }
    for &i in group {
        let f = &m.functions[i];
        let params = vec![ParamFlow::none(); m.sig_data(f.sig).params.len()];
        sums.insert(f.sym, FuncSummary { params, ctx: Some(ParamFlow::none()) });
    }
    for _ in 0..MAX_GROUP_ROUNDS {
        let mut changed = false;
        for &i in group {
            let f = &m.functions[i];
            let Some(r) = analyse(&Ctx { m, sums, external, descs }, f) else { return false };
            let old = &sums[&f.sym];
            let new = old.union(&r.summary);
            if new != *old {
                sums.insert(f.sym, new);
                changed = true;
            }
        }
        if !changed {
            return true;
        }
    }
    false
}

/// Functions, callees before callers where the call graph allows.
pub fn call_order(m: &Module) -> Vec<usize> {
    call_groups(m).into_iter().flat_map(|g| g.1).collect()
}

/// Groups of functions that call each other (true) and single functions, callees before callers.
fn call_groups(m: &Module) -> Vec<(bool, Vec<usize>)> {
    let by_sym: HashMap<Sym, usize> = m.functions.iter().enumerate().map(|(i, f)| (f.sym, i)).collect();
    let callees: Vec<Vec<usize>> = m
        .functions
        .iter()
        .map(|f| {
            let mut v = Vec::new();
            for b in &f.blocks {
                for i in &b.insts {
                    let s = match &i.op {
                        Op::Call { callee: Callee::Direct(s) | Callee::DirectClosure(s, _), .. } => *s,
                        // A closure's code may be called through its record.
                        Op::SymAddr(s, 0) => *s,
                        _ => continue,
                    };
                    if let Some(&j) = by_sym.get(&s) {
                        v.push(j);
                    }
                }
            }
            v
        })
        .collect();
    crate::loops::components(&callees)
        .into_iter()
        .map(|c| {
            let recursive = c.len() > 1 || callees[c[0]].contains(&c[0]);
            (recursive, c)
        })
        .collect()
}

struct Ctx<'a> {
    m: &'a Module,
    sums: &'a HashMap<Sym, FuncSummary>,
    external: &'a dyn Fn(&str) -> Option<FuncSummary>,
    descs: &'a HashMap<Sym, (u64, u64)>,
}

impl Ctx<'_> {
    fn summary(&self, s: Sym) -> Option<FuncSummary> {
        if let Some(x) = self.sums.get(&s) {
            return Some(x.clone());
        }
        let name = self.m.sym_name(s);
        crate::builtin::summary(name).or_else(|| (self.external)(name))
    }
}

struct Outcome {
    summary: FuncSummary,
    demote: Vec<Demotion>,
}

/// An allocation.
struct Alloc {
    site: Site,
    block: Block,
    inst: usize,
    value: Value,
    /// The slot's type, when size and kind allow a slot.
    slot: Option<Slot>,
}

#[derive(Clone, Copy)]
enum Slot {
    Object(Ty),
    /// Element type, count.
    Array(Ty, u64),
    /// The buffer argument of a conversion: element type, count.
    Buffer(Ty, u64),
    /// The copy of a value that an interface points to.
    Box(Ty),
    /// What a slice without elements grows into: number of elements that fit, of elements appended.
    Grow(u64, Value),
    /// A slice of a length known at run time: element type, number of elements that fit.
    Var(Ty, u64),
    /// A map: size of its first group, or none.
    Map(u64),
}

/// Conversions to interfaces that keep a copy of their argument: the argument's type.
fn box_of(name: &str) -> Option<Ty> {
    Some(match name.strip_prefix("runtime.")? {
        "convT16" => Ty::I16,
        "convT32" => Ty::I32,
        "convT64" => Ty::I64,
        "convTstring" => Ty::STRING,
        "convTslice" => Ty::SLICE,
        _ => return None,
    })
}

/// Conversions whose first argument may be the address of a buffer in the caller's frame: used if the result fits and does not escape.
fn buffer_of(name: &str) -> Option<(Ty, u64)> {
    Some(match name.strip_prefix("runtime.")? {
        "slicebytetostring" | "slicerunetostring" | "stringtoslicebyte" | "concatstring2" | "concatstring3" | "concatstring4" | "concatstring5" | "concatstrings" => (Ty::I8, 32),
        "stringtoslicerune" => (Ty::I32, 32),
        "intstring" => (Ty::I8, 4),
        _ => return None,
    })
}

struct Flow<'a> {
    cx: &'a Ctx<'a>,
    f: &'a Function,
    /// Points-to sets of values, sorted.
    pts: Vec<Vec<Site>>,
    /// May a value hold pointers (or stand for memory)? What does not takes no part: a length taken from a slice is not the slice.
    carries: Vec<bool>,
    contents: Vec<Vec<Site>>,
    escaped: Vec<bool>,
    called: Vec<bool>,
    /// May the memory be written to after it was made?
    written: Vec<bool>,
    /// Parameters in whose memory pointers found behind them are stored.
    mixed: Vec<bool>,
    /// Closure records whose calls are being followed.
    calling: Vec<Site>,
    /// Sites that are no closure records.
    plain: HashSet<Site>,
    /// Strings converted to bytes without a copy.
    aliases: HashSet<Value>,
    /// Code of a closure record at an allocation site, if known.
    code: HashMap<Site, Option<Sym>>,
    /// Locals that are defer records.
    defer_locals: Vec<Site>,
    /// Addresses in the defer record, if it is used by field only: the offset. The list of deferred calls is then a site of its own (`defer_head`).
    frame_at: Vec<Option<i64>>,
    defer_head: Site,
    /// Nodes of that list: no func value points to one, though what is loaded from a node may seem to.
    defer_nodes: Vec<Site>,
    results: Vec<Vec<Site>>,
    /// Sites for what calls return: the memory of a result operand (`true`), new objects of the callee (`false`).
    fresh: HashMap<(Value, bool), Site>,
    /// Pointers that became integers, by integer value.
    ints: HashMap<Value, Vec<Site>>,
    params: usize,
    changed: bool,
}

fn add(set: &mut Vec<Site>, s: Site) -> bool {
    match set.binary_search(&s) {
        Ok(_) => false,
        Err(i) => {
            set.insert(i, s);
            true
        }
    }
}

fn has_pointers(m: &Module, t: Ty) -> bool {
    match m.types.kind(t) {
        TyKind::Ptr => true,
        TyKind::Struct { fields, .. } => fields.iter().any(|f| has_pointers(m, f.0)),
        TyKind::Array { elem, len, .. } => *len > 0 && has_pointers(m, *elem),
        _ => false,
    }
}

fn analyse(cx: &Ctx<'_>, f: &Function) -> Option<Outcome> {
    let sig = cx.m.sig_data(f.sig);
    let params = sig.params.len();
    let nl = f.locals.len();
    // Sites: unknown, locals, two per parameter, one holder per memory parameter, two for the context, allocations.
    let param0 = |i: usize| (1 + nl + 3 * i) as Site;
    let ctx0 = (1 + nl + 3 * params) as Site;
    let head = ctx0 + 2;
    let mut next = head + 1;
    let mut allocs: Vec<Alloc> = Vec::new();
    let mut consts = HashMap::new();
    let mut syms: HashMap<Value, Sym> = HashMap::new();
    let mut growing = 0;
    let mut nulls = HashSet::new();
    let mut exact: Vec<Option<Local>> = vec![None; f.values.len()];
    let mut into: Vec<Option<Local>> = vec![None; f.values.len()];
    let mut uses_ctx = false;
    for (bi, b) in f.blocks.iter().enumerate() {
        for (ii, i) in b.insts.iter().enumerate() {
            match &i.op {
                Op::Int(v) => {
                    consts.insert(i.results[0], *v);
                }
                Op::Null => {
                    nulls.insert(i.results[0]);
                }
                Op::SymAddr(s, 0) => {
                    syms.insert(i.results[0], *s);
                }
                Op::Call { callee: Callee::Direct(s), args, .. } if cx.m.sym_name(*s) == "runtime.growslice" => {
                    let size = syms.get(&args[4]).and_then(|d| cx.descs.get(d)).map_or(0, |d| d.0);
                    if let Some(&num) = consts.get(&args[3])
                        && size > 0
                        && size * num <= SMALL_BUFFER
                        && growing < MAX_GROWING
                        && !f.attrs.nosplit
                    {
                        growing += 1;
                        allocs.push(Alloc { site: next, block: Block(bi as u32), inst: ii, value: i.results[0], slot: Some(Slot::Grow(SMALL_BUFFER / size, args[3])) });
                        next += 1;
                    }
                }
                Op::Call { callee: Callee::Direct(s), args, .. } if cx.m.sym_name(*s) == "runtime.rt_makemap" && nulls.contains(&args[0]) => {
                    let slot = consts.get(&args[2]).filter(|n| **n <= MAX_MAP_GROUP).map(|n| Slot::Map(*n));
                    allocs.push(Alloc { site: next, block: Block(bi as u32), inst: ii, value: i.results[0], slot });
                    next += 1;
                }
                Op::Call { callee: Callee::Direct(s), args, .. } if cx.m.sym_name(*s) == "runtime.makemap" && nulls.contains(&args[2]) => {
                    allocs.push(Alloc { site: next, block: Block(bi as u32), inst: ii, value: i.results[0], slot: Some(Slot::Map(0)) });
                    next += 1;
                }
                Op::Call { callee: Callee::Direct(s), .. } if box_of(cx.m.sym_name(*s)).is_some() => {
                    let slot = box_of(cx.m.sym_name(*s)).map(Slot::Box);
                    allocs.push(Alloc { site: next, block: Block(bi as u32), inst: ii, value: i.results[0], slot });
                    next += 1;
                }
                Op::Call { callee: Callee::Direct(s), args, .. } if args.first().is_some_and(|a| nulls.contains(a)) => {
                    if let Some((e, n)) = buffer_of(cx.m.sym_name(*s)) {
                        allocs.push(Alloc { site: next, block: Block(bi as u32), inst: ii, value: i.results[0], slot: Some(Slot::Buffer(e, n)) });
                        next += 1;
                    }
                }
                Op::LocalAddr(l) => {
                    exact[i.results[0].0 as usize] = Some(*l);
                    into[i.results[0].0 as usize] = Some(*l);
                }
                Op::PtrAdd(p, o) => {
                    into[i.results[0].0 as usize] = into[p.0 as usize];
                    if *o == 0 {
                        exact[i.results[0].0 as usize] = exact[p.0 as usize];
                    }
                }
                Op::PtrIndex { base, .. } => into[i.results[0].0 as usize] = into[base.0 as usize],
                Op::Intrinsic(Intrinsic::ClosureCtx, _) => uses_ctx = true,
                Op::New { ty, .. } => {
                    let size = cx.m.types.size(*ty);
                    let slot = (size <= MAX_STACK_OBJECT).then_some(Slot::Object(*ty));
                    allocs.push(Alloc { site: next, block: Block(bi as u32), inst: ii, value: i.results[0], slot });
                    next += 1;
                }
                Op::MakeSlice { elem, cap, len, .. } => {
                    let slot = match (consts.get(cap), consts.get(len)) {
                        (Some(&c), Some(&l)) if l <= c && c <= MAX_STACK_OBJECT && cx.m.types.size(*elem).saturating_mul(c) <= MAX_STACK_OBJECT => Some(Slot::Array(*elem, c)),
                        (None, _) if !f.attrs.nosplit => SMALL_BUFFER.checked_div(cx.m.types.size(*elem)).filter(|n| *n > 0).map(|n| Slot::Var(*elem, n)),
                        _ => None,
                    };
                    allocs.push(Alloc { site: next, block: Block(bi as u32), inst: ii, value: i.results[0], slot });
                    next += 1;
                }
                _ => {}
            }
        }
    }
    if allocs.len() > MAX_SITES {
        return None;
    }
    let n = next as usize;
    let mut fl = Flow {
        cx,
        f,
        pts: vec![Vec::new(); f.values.len()],
        carries: f.values.iter().map(|t| cx.m.types.is_memory(*t) || has_pointers(cx.m, *t)).collect(),
        contents: vec![Vec::new(); n],
        escaped: vec![false; n],
        called: vec![false; n],
        written: vec![false; n],
        mixed: vec![false; n],
        calling: Vec::new(),
        plain: HashSet::new(),
        aliases: HashSet::new(),
        code: HashMap::new(),
        defer_locals: Vec::new(),
        frame_at: Vec::new(),
        defer_head: head,
        defer_nodes: Vec::new(),
        results: vec![Vec::new(); sig.results.len()],
        fresh: HashMap::new(),
        ints: HashMap::new(),
        params,
        changed: true,
    };
    fl.escaped[UNKNOWN as usize] = true;
    fl.contents[UNKNOWN as usize] = vec![UNKNOWN];
    for i in 0..params {
        let p = param0(i) as usize;
        fl.contents[p] = vec![param0(i) + 1];
        fl.contents[p + 1] = vec![param0(i) + 1];
        fl.contents[p + 2] = vec![param0(i)];
    }
    fl.contents[ctx0 as usize] = vec![ctx0 + 1];
    fl.contents[ctx0 as usize + 1] = vec![ctx0 + 1];
    let site_of: HashMap<Value, Site> = allocs.iter().map(|a| (a.value, a.site)).collect();
    // A closure record holds more than one pointer: one without captures is static.
    fl.plain = allocs.iter().filter(|a| !matches!(a.slot, None | Some(Slot::Object(_))) || matches!(a.slot, Some(Slot::Object(Ty::PTR)))).map(|a| a.site).collect();
    fl.find_closures(&site_of);
    fl.find_defer_locals(&into);
    fl.split_defer_frame(head, &site_of, &exact);
    if !fl.solve(&site_of, &param0, ctx0) {
        return None;
    }
    // Bytes that are only read are the string's own. They escape no more than before, so neither does the string.
    for a in &allocs {
        if fl.escaped[a.site as usize] || fl.written[a.site as usize] {
            continue;
        }
        if matches!(&f.blocks[a.block.0 as usize].insts[a.inst].op, Op::Call { callee: Callee::Direct(s), .. } if cx.m.sym_name(*s) == "runtime.stringtoslicebyte") {
            fl.aliases.insert(a.value);
            fl.changed = true;
        }
    }
    if !fl.solve(&site_of, &param0, ctx0) {
        return None;
    }
    // --- summary
    let flow = |fl: &Flow, p0: Site| -> ParamFlow {
        let mut r = ParamFlow {
            leak0: fl.escaped[p0 as usize],
            leak1: fl.escaped[p0 as usize + 1],
            called: fl.called[p0 as usize],
            called1: fl.called[p0 as usize + 1],
            writes0: fl.written[p0 as usize],
            writes1: fl.written[p0 as usize + 1],
            mixes: fl.mixed[p0 as usize],
            ..ParamFlow::default()
        };
        for (k, set) in fl.results.iter().enumerate() {
            let bit = if k < 31 { 1u32 << k } else { 1 << 31 };
            let reach = fl.reach(set);
            if set.contains(&p0) {
                r.to_result0 |= bit;
                r.to_result1 |= bit;
            }
            if set.iter().any(|&s| s != p0 && s != p0 + 1 && fl.reach(&[s]).contains(&p0)) {
                r.in_result0 |= bit;
                r.to_result1 |= bit;
            }
            if reach.contains(&(p0 + 1)) {
                r.to_result1 |= bit;
            }
        }
        if fl.results.len() > 31 {
            r = ParamFlow::all();
        }
        r
    };
    let mut summary = FuncSummary { params: (0..params).map(|i| flow(&fl, param0(i))).collect(), ctx: None };
    if uses_ctx {
        summary.ctx = Some(flow(&fl, ctx0));
    } else {
        summary.ctx = Some(ParamFlow::none());
    }
    // A parameter without pointers flows nowhere.
    for (i, t) in sig.params.iter().enumerate() {
        if !has_pointers(cx.m, *t) {
            summary.params[i] = ParamFlow::none();
        }
    }
    // --- what may become a slot
    let cyc = Cycles::of(f);
    let mut demotions = Vec::new();
    let mut total = 0;
    for a in &allocs {
        let Some(slot) = a.slot else { continue };
        if fl.escaped[a.site as usize] {
            continue;
        }
        if fl.aliases.contains(&a.value) {
            demotions.push(Demotion { block: a.block, inst: a.inst, ty: Ty::I8, array: None, form: Form::Alias });
            continue;
        }
        let size = match slot {
            Slot::Object(t) | Slot::Box(t) => cx.m.types.size(t),
            Slot::Array(e, c) | Slot::Buffer(e, c) | Slot::Var(e, c) => cx.m.types.size(e) * c,
            Slot::Grow(..) => SMALL_BUFFER,
            Slot::Map(n) => MAP_HEADER + n,
        };
        if total + size > MAX_STACK_TOTAL {
            continue;
        }
        let repeats = cyc.cyclic[a.block.0 as usize];
        if repeats && !matches!(slot, Slot::Grow(..)) && !fl.safe_in_cycle(&cyc, &exact, &into, a) {
            continue;
        }
        total += size;
        demotions.push(match slot {
            Slot::Object(ty) => Demotion { block: a.block, inst: a.inst, ty, array: None, form: Form::Zeroed },
            Slot::Array(e, c) => Demotion { block: a.block, inst: a.inst, ty: e, array: Some(c), form: Form::Zeroed },
            Slot::Buffer(e, c) => Demotion { block: a.block, inst: a.inst, ty: e, array: Some(c), form: Form::Buffer },
            Slot::Box(ty) => Demotion { block: a.block, inst: a.inst, ty, array: None, form: Form::Box },
            Slot::Grow(n, num) => Demotion { block: a.block, inst: a.inst, ty: Ty::PTR, array: Some(SMALL_BUFFER / 8), form: Form::Grow { room: n, num, once: repeats } },
            Slot::Var(e, c) => Demotion { block: a.block, inst: a.inst, ty: e, array: Some(c), form: Form::Var { room: c } },
            Slot::Map(group) => Demotion { block: a.block, inst: a.inst, ty: Ty::PTR, array: Some(MAP_HEADER / 8), form: Form::Map { group } },
        });
    }
    Some(Outcome { summary, demote: demotions })
}
