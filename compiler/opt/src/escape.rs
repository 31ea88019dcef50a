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

impl Flow<'_> {
    /// Runs to the fixed point; false if that takes too long.
    fn solve(&mut self, site_of: &HashMap<Value, Site>, param0: &dyn Fn(usize) -> Site, ctx0: Site) -> bool {
        let mut rounds = 0;
        while self.changed {
            self.changed = false;
            rounds += 1;
            if rounds > 200 {
                return false;
            }
            self.step(site_of, param0, ctx0);
        }
        true
    }

    /// Memory at these sites is written to.
    fn write(&mut self, sites: &[Site]) {
        for &s in sites {
            if !std::mem::replace(&mut self.written[s as usize], true) {
                self.changed = true;
            }
        }
    }

    fn local_site(l: Local) -> Site {
        1 + l.0
    }

    /// Records the code of closure records: a function's address stored at offset 0 of a fresh object.
    fn find_closures(&mut self, site_of: &HashMap<Value, Site>) {
        let mut addrs: HashMap<Value, Sym> = HashMap::new();
        for b in &self.f.blocks {
            for i in &b.insts {
                match &i.op {
                    Op::SymAddr(s, 0) => {
                        addrs.insert(i.results[0], *s);
                    }
                    Op::Store { addr, value, .. } => {
                        if let Some(&site) = site_of.get(addr) {
                            let c = addrs.get(value).copied();
                            // A second store at offset 0 makes the code unknown.
                            let e = self.code.entry(site).or_insert(c);
                            if *e != c {
                                *e = None;
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Locals whose address is linked to g as the innermost DeferFrame.
    fn find_defer_locals(&mut self, into: &[Option<Local>]) {
        let links = self.defer_link_addrs();
        for b in &self.f.blocks {
            for i in &b.insts {
                if let Op::Store { addr, value, .. } = &i.op
                    && links.contains(addr)
                    && let Some(l) = into[value.0 as usize]
                {
                    let s = Self::local_site(l);
                    if !self.defer_locals.contains(&s) {
                        self.defer_locals.push(s);
                    }
                }
            }
        }
    }

    /// Tells the fields of the defer record apart, if there is one and nothing but loads and stores sees its fields before the results. The words before
    /// the list are the runtime's; the results are reached through the local's site.
    fn split_defer_frame(&mut self, head: Site, site_of: &HashMap<Value, Site>, exact: &[Option<Local>]) {
        let &[site] = &self.defer_locals[..] else { return };
        let (frame, links) = (Local(site - 1), self.defer_link_addrs());
        let mut at: Vec<Option<i64>> = vec![None; self.f.values.len()];
        // Addresses come before their uses, as values do, but blocks may not.
        loop {
            let mut changed = false;
            for i in self.f.blocks.iter().flat_map(|b| &b.insts) {
                let a = match &i.op {
                    Op::LocalAddr(l) if *l == frame => Some(0),
                    Op::Intrinsic(Intrinsic::PadRecord, _) => Some(0),
                    Op::PtrAdd(p, o) => at[p.0 as usize].map(|b| b + o),
                    _ => None,
                };
                if let Some(r) = i.results.first().filter(|_| a.is_some()) {
                    changed |= at[r.0 as usize] != a;
                    at[r.0 as usize] = a;
                }
            }
            if !changed {
                break;
            }
        }
        let inner = |v: Value| at[v.0 as usize].is_some_and(|o| o < deferframe::RESULTS as i64);
        for b in &self.f.blocks {
            for i in &b.insts {
                let ok = match &i.op {
                    Op::PtrAdd(..) | Op::Load { .. } => true,
                    Op::Store { addr, value, .. } => !inner(*value) || links.contains(addr),
                    op => {
                        let mut ok = true;
                        op.for_each_operand(&mut |v| ok &= !inner(v));
                        ok
                    }
                };
                if !ok {
                    return;
                }
            }
            if matches!(&b.term, Some(Term::Ret(vs)) if vs.iter().any(|v| inner(*v))) {
                return;
            }
        }
        // What is put on the list: new nodes, and the next one when one is taken off.
        let is_head = |v: Value| at[v.0 as usize] == Some(deferframe::HEAD as i64);
        let (mut heads, mut nexts, mut nodes) = (HashSet::new(), HashMap::new(), Vec::new());
        for i in self.f.blocks.iter().flat_map(|b| &b.insts) {
            if let Op::Load { addr, .. } = &i.op {
                if is_head(*addr) {
                    heads.insert(i.results[0]);
                } else if heads.contains(addr) || exact[addr.0 as usize].is_some() {
                    nexts.insert(i.results[0], exact[addr.0 as usize].map(Self::local_site));
                }
            }
        }
        let mut taken: Vec<Option<Option<Site>>> = Vec::new();
        for i in self.f.blocks.iter().flat_map(|b| &b.insts) {
            if let Op::Store { addr, value, .. } = &i.op
                && is_head(*addr)
            {
                let node = site_of.get(value).copied().or(exact[value.0 as usize].map(Self::local_site));
                let null = self.f.blocks.iter().flat_map(|b| &b.insts).any(|i| matches!(i.op, Op::Null) && i.results[0] == *value);
                match node {
                    Some(n) => _ = add(&mut nodes, n),
                    None if null => {}
                    None => taken.push(nexts.get(value).copied()),
                }
            }
        }
        if !taken.iter().all(|t| t.is_some_and(|of| of.is_none_or(|n| nodes.contains(&n)))) {
            return;
        }
        for &n in &nodes {
            self.contents[n as usize].extend_from_slice(&nodes);
        }
        self.contents[head as usize].extend_from_slice(&nodes);
        self.defer_nodes = nodes;
        self.frame_at = at;
        self.defer_head = head;
    }

    /// What an address in the defer record points to, if its fields are told apart.
    fn in_defer_frame(&self, v: Value) -> Option<Site> {
        let o = (*self.frame_at.get(v.0 as usize)?)?;
        Some(match o {
            _ if o >= deferframe::RESULTS as i64 => self.defer_locals[0],
            _ if o == deferframe::HEAD as i64 => self.defer_head,
            _ => UNKNOWN,
        })
    }

    /// Sites that hold the list of deferred calls.
    fn defer_lists(&self) -> Vec<Site> {
        if self.frame_at.is_empty() { self.defer_locals.clone() } else { vec![self.defer_head] }
    }

    /// Values that are the address of g's DeferFrame link.
    fn defer_link_addrs(&self) -> Vec<Value> {
        let mut gs = Vec::new();
        let mut out = Vec::new();
        for b in &self.f.blocks {
            for i in &b.insts {
                match &i.op {
                    Op::Intrinsic(Intrinsic::GetG, _) => gs.push(i.results[0]),
                    Op::PtrAdd(p, G_DEFERFRAME) if gs.contains(p) => out.push(i.results[0]),
                    _ => {}
                }
            }
        }
        out
    }

    fn grow(&mut self, v: Value, sites: &[Site]) {
        if !self.carries[v.0 as usize] {
            return;
        }
        for &s in sites {
            if add(&mut self.pts[v.0 as usize], s) {
                self.changed = true;
            }
        }
    }

    fn grow_int(&mut self, v: Value, sites: &[Site]) {
        for &s in sites {
            if add(self.ints.entry(v).or_default(), s) {
                self.changed = true;
            }
        }
    }

    /// The site for (part of) what the call with result `v` returns.
    fn fresh_site(&mut self, v: Value, memory: bool) -> Site {
        if let Some(&s) = self.fresh.get(&(v, memory)) {
            return s;
        }
        let s = self.contents.len() as Site;
        // New objects may hold unknown pointers and each other.
        self.contents.push(if memory { vec![UNKNOWN] } else { vec![UNKNOWN, s] });
        self.escaped.push(false);
        self.called.push(false);
        self.written.push(false);
        self.mixed.push(false);
        self.fresh.insert((v, memory), s);
        self.changed = true;
        s
    }

    fn put(&mut self, site: Site, sites: &[Site]) {
        for &s in sites {
            if add(&mut self.contents[site as usize], s) {
                self.changed = true;
            }
        }
    }

    fn escape(&mut self, sites: &[Site]) {
        for &s in sites {
            let mut work = vec![s];
            while let Some(x) = work.pop() {
                if std::mem::replace(&mut self.escaped[x as usize], true) {
                    continue;
                }
                self.changed = true;
                // The world may write pointers into it.
                add(&mut self.contents[x as usize], UNKNOWN);
                work.extend(self.contents[x as usize].iter().copied());
            }
        }
    }

    fn is_param(&self, s: Site) -> bool {
        let first = 1 + self.f.locals.len() as Site;
        let last = first + 3 * self.params as Site + 2;
        // The holder of a memory parameter is memory of this frame.
        s >= first && s < last && !(s < first + 3 * self.params as Site && (s - first) % 3 == 2)
    }

    /// Is the site what a parameter, or the context, points to directly?
    fn is_level0(&self, s: Site) -> bool {
        self.is_param(s) && (s - 1 - self.f.locals.len() as Site) % 3 == 0
    }

    /// Sites that may be read through a pointer to any of `sites`.
    fn load(&self, sites: &[Site]) -> Vec<Site> {
        let mut out = Vec::new();
        for &s in sites {
            for &c in &self.contents[s as usize] {
                add(&mut out, c);
            }
        }
        out
    }

    /// Everything reachable from `sites`, themselves included.
    fn reach(&self, sites: &[Site]) -> Vec<Site> {
        let mut out = Vec::new();
        let mut work = sites.to_vec();
        while let Some(s) = work.pop() {
            if add(&mut out, s) {
                work.extend(self.contents[s as usize].iter().copied());
            }
        }
        out
    }

    fn store(&mut self, addr: &[Site], val: &[Site]) {
        for &s in addr {
            if self.is_level0(s) && !self.escaped[s as usize] && val.contains(&(s + 1)) {
                // x.f = x.f[:n]: what is behind the parameter stays there.
                if !std::mem::replace(&mut self.mixed[s as usize], true) {
                    self.changed = true;
                }
                let rest: Vec<Site> = val.iter().copied().filter(|v| *v != s + 1).collect();
                self.escape(&rest);
            } else if s == UNKNOWN || self.is_param(s) || self.escaped[s as usize] {
                self.escape(val);
            }
            if s != UNKNOWN && !self.is_param(s) {
                self.put(s, val);
            }
        }
        if addr.is_empty() {
            // Through a constant address: unknown memory.
            self.escape(val);
        }
    }

    fn step(&mut self, site_of: &HashMap<Value, Site>, param0: &dyn Fn(usize) -> Site, ctx0: Site) {
        let f = self.f;
        let links = self.defer_link_addrs();
        let sig = self.cx.m.sig_data(f.sig);
        for b in &f.blocks {
            for i in &b.insts {
                let p = |v: &Value, fl: &Flow| fl.pts[v.0 as usize].clone();
                if let Some(s) = i.results.first().and_then(|r| self.in_defer_frame(*r)) {
                    self.grow(i.results[0], &[s]);
                    continue;
                }
                match &i.op {
                    Op::Store { addr: a, .. } | Op::AtomicStore { addr: a, .. } | Op::AtomicRmw { addr: a, .. } | Op::AtomicCas { addr: a, .. } => {
                        let s = p(a, self);
                        self.write(&s);
                    }
                    Op::Copy { dst: a, .. } | Op::MemMove { dst: a, .. } | Op::ZeroMem { dst: a, .. } | Op::MemClear { dst: a, .. } => {
                        let s = p(a, self);
                        self.write(&s);
                    }
                    // Whoever gets the number may do anything with the memory.
                    Op::Conv(rgo_ir::ConvOp::PtrToInt, a) => {
                        let s = p(a, self);
                        self.write(&s);
                    }
                    _ => {}
                }
                match &i.op {
                    Op::Param(n) => {
                        let t = sig.params[*n as usize];
                        let s = if self.cx.m.types.is_memory(t) { param0(*n as usize) + 2 } else { param0(*n as usize) };
                        if has_pointers(self.cx.m, t) || self.cx.m.types.is_memory(t) {
                            self.grow(i.results[0], &[s]);
                        }
                    }
                    Op::SymAddr(..) => self.grow(i.results[0], &[UNKNOWN]),
                    Op::LocalAddr(l) => self.grow(i.results[0], &[Self::local_site(*l)]),
                    Op::PtrAdd(a, _) | Op::Extract(a, _) => {
                        let s = p(a, self);
                        self.grow(i.results[0], &s);
                    }
                    Op::PtrIndex { base, .. } => {
                        let s = p(base, self);
                        self.grow(i.results[0], &s);
                    }
                    Op::Select(_, a, b) | Op::Insert { agg: a, value: b, .. } => {
                        let mut s = p(a, self);
                        s.extend(p(b, self));
                        self.grow(i.results[0], &s);
                    }
                    Op::Aggregate(vs) => {
                        for v in vs {
                            let s = p(v, self);
                            self.grow(i.results[0], &s);
                        }
                    }
                    Op::Conv(rgo_ir::ConvOp::PtrToInt, a) => {
                        let s = p(a, self);
                        self.grow_int(i.results[0], &s);
                    }
                    Op::Conv(rgo_ir::ConvOp::IntToPtr, a) => {
                        self.grow(i.results[0], &[UNKNOWN]);
                        if let Some(s) = self.ints.get(a).cloned() {
                            self.grow(i.results[0], &s);
                        }
                    }
                    Op::Conv(..) => {}
                    Op::Bin(_, a, b) => {
                        for o in [a, b] {
                            if let Some(s) = self.ints.get(o).cloned() {
                                self.grow_int(i.results[0], &s);
                            }
                        }
                    }
                    Op::Load { addr, .. } | Op::AtomicLoad { addr } => {
                        let a = p(addr, self);
                        if has_pointers(self.cx.m, f.ty(i.results[0])) {
                            let s = self.load(&a);
                            self.grow(i.results[0], &s);
                        }
                    }
                    Op::Store { addr, value, .. } => {
                        if links.contains(addr) {
                            self.run_deferred();
                            continue;
                        }
                        // Its contents are known from the start, and what is loaded from nodes is more than what is put here.
                        if self.pts[addr.0 as usize] == [self.defer_head] {
                            continue;
                        }
                        let (a, v) = (p(addr, self), p(value, self));
                        self.store(&a, &v);
                    }
                    Op::AtomicStore { addr, value } => {
                        let (a, v) = (p(addr, self), p(value, self));
                        self.store(&a, &v);
                    }
                    Op::AtomicRmw { addr, value, .. } => {
                        let (a, v) = (p(addr, self), p(value, self));
                        self.store(&a, &v);
                        let s = self.load(&a);
                        self.grow(i.results[0], &s);
                    }
                    Op::AtomicCas { addr, new, .. } => {
                        let (a, v) = (p(addr, self), p(new, self));
                        self.store(&a, &v);
                    }
                    Op::MemMove { pointers: false, .. } => {}
                    Op::Copy { ty, .. } if !has_pointers(self.cx.m, *ty) => {}
                    Op::Copy { dst, src, .. } | Op::MemMove { dst, src, .. } => {
                        let (d, s) = (p(dst, self), p(src, self));
                        let c = self.load(&s);
                        self.store(&d, &c);
                    }
                    Op::New { .. } | Op::MakeSlice { .. } => {
                        let s = site_of[&i.results[0]];
                        self.grow(i.results[0], &[s]);
                    }
                    Op::Intrinsic(k, _) => match k {
                        Intrinsic::ClosureCtx => self.grow(i.results[0], &[ctx0]),
                        Intrinsic::GetG => self.grow(i.results[0], &[UNKNOWN]),
                        Intrinsic::PadRecord => {
                            let d = self.defer_locals.clone();
                            self.grow(i.results[0], &d);
                            self.grow(i.results[0], &[UNKNOWN]);
                        }
                        _ => {}
                    },
                    Op::Call { callee: Callee::Direct(c), args, .. } if box_of(self.cx.m.sym_name(*c)).is_some() => {
                        let s = site_of[&i.results[0]];
                        self.grow(i.results[0], &[s]);
                        let v = p(&args[0], self);
                        self.store(&[s], &v);
                    }
                    Op::Call { callee, sig, args } => {
                        self.call(callee, *sig, args, &i.results);
                        if let Some(&s) = i.results.first().and_then(|r| site_of.get(r)) {
                            self.grow(i.results[0], &[s]);
                            if matches!(callee, Callee::Direct(c) if self.cx.m.sym_name(*c) == "runtime.growslice") {
                                let c = self.load(&self.pts[args[0].0 as usize]);
                                self.put(s, &c);
                                self.put(s, &[UNKNOWN]);
                            }
                            if self.aliases.contains(&i.results[0]) {
                                let c = p(&args[1], self);
                                self.grow(i.results[0], &c);
                            }
                        }
                    }
                    Op::Int(_) | Op::Float(_) | Op::Null | Op::Zero | Op::Un(..) | Op::Cmp(..) | Op::ZeroMem { .. } | Op::MemClear { .. } | Op::NilCheck(_)
                    | Op::Bounds { .. } | Op::DivCheck(_) | Op::ShiftCheck(_) | Op::Use(_) => {}
                }
            }
            if let Some(Term::Ret(vs)) = &b.term {
                for (k, v) in vs.iter().enumerate() {
                    let mut s = self.pts[v.0 as usize].clone();
                    if self.cx.m.types.is_memory(sig.results[k]) {
                        s = self.load(&s);
                    }
                    for x in &s {
                        if add(&mut self.results[k], *x) {
                            self.changed = true;
                        }
                    }
                    // Own objects outlive the call; parameters only flow.
                    let own: Vec<Site> = self.reach(&s).into_iter().filter(|x| !self.is_param(*x)).collect();
                    self.escape_own(&own);
                }
            }
        }
    }

    /// Marks sites escaped without following them into parameters (which flow to the result, recorded separately).
    fn escape_own(&mut self, own: &[Site]) {
        for &s in own {
            if !std::mem::replace(&mut self.escaped[s as usize], true) {
                self.changed = true;
                add(&mut self.contents[s as usize], UNKNOWN);
            }
        }
    }

    /// The closures in this function's defer records are called.
    fn run_deferred(&mut self) {
        let called = if self.frame_at.is_empty() {
            let held: Vec<Site> = self.defer_locals.iter().flat_map(|d| self.contents[*d as usize].clone()).collect();
            self.reach(&held)
        } else {
            self.load(&self.defer_nodes)
        };
        for s in called {
            if let Some(code) = self.code.get(&s).copied().filter(|_| !self.defer_nodes.contains(&s)) {
                self.call_record(s, code, None);
            }
        }
    }

    /// A closure record is called: its captures flow as the code's summary says. Without `results`, code outside gets what it returns.
    fn call_record(&mut self, site: Site, code: Option<Sym>, results: Option<(&[Value], &[Ty])>) {
        if self.calling.contains(&site) {
            return;
        }
        self.calling.push(site);
        self.follow_record(site, code, results);
        self.calling.pop();
    }

    fn follow_record(&mut self, site: Site, code: Option<Sym>, results: Option<(&[Value], &[Ty])>) {
        let flow = code.and_then(|c| self.cx.summary(c)).and_then(|s| s.ctx);
        match flow {
            Some(mut c) => {
                if results.is_none() {
                    c.leak0 |= (c.to_result0 | c.in_result0) != 0;
                    c.leak1 |= c.to_result1 != 0;
                }
                self.apply(&c, &[site], results)
            }
            None => self.escape(&[site]),
        }
    }

    /// Applies a parameter's flow to the sites it points to.
    fn apply(&mut self, p: &ParamFlow, sites: &[Site], results: Option<(&[Value], &[Ty])>) {
        if p.leak0 {
            self.escape(sites);
        }
        if p.leak1 {
            let c = self.load(sites);
            self.escape(&c);
        }
        if p.mixes && !p.leak0 && !p.leak1 {
            let inner = self.reach(&self.load(sites));
            self.store(sites, &inner);
        }
        if p.writes0 {
            self.write(sites);
        }
        if p.writes1 {
            let s = self.reach(&self.load(sites));
            self.write(&s);
        }
        // The callee may have stored unknown pointers in what it can reach.
        for s in self.reach(sites) {
            if s != UNKNOWN && !self.is_param(s) {
                self.put(s, &[UNKNOWN]);
            }
        }
        if p.called && !p.leak0 {
            self.call_sites(sites);
        }
        if p.called1 && !p.leak1 {
            let s = self.reach(&self.load(sites));
            self.call_sites(&s);
        }
        if let Some((vs, tys)) = results {
            for (k, v) in vs.iter().enumerate() {
                let bit = if k < 31 { 1u32 << k } else { 1 << 31 };
                let mut s: Vec<Site> = Vec::new();
                let mut inside: Vec<Site> = Vec::new();
                // What has escaped is unknown, as results are anyway.
                if p.to_result0 & bit != 0 && !p.leak0 {
                    s.extend_from_slice(sites);
                }
                if p.in_result0 & bit != 0 && !p.leak0 {
                    inside.extend_from_slice(sites);
                }
                if p.to_result1 & bit != 0 && !p.leak0 && !p.leak1 {
                    let r = self.reach(&self.load(sites));
                    s.extend_from_slice(&r);
                    inside.extend(r);
                }
                if s.is_empty() && inside.is_empty() {
                    continue;
                }
                if !inside.is_empty() {
                    let f = self.fresh_site(*v, false);
                    self.store(&[f], &inside);
                    s.push(f);
                }
                if self.cx.m.types.is_memory(tys[k]) {
                    // The result operand points to memory that holds them.
                    let m = self.fresh_site(*v, true);
                    self.store(&[m], &s);
                    self.grow(*v, &[m]);
                } else {
                    self.grow(*v, &s);
                }
            }
        }
    }

    /// What of `sites` is a func value may be called.
    fn call_sites(&mut self, sites: &[Site]) {
        for &s in sites {
            if s == UNKNOWN || self.is_plain(s) {
                continue;
            }
            if self.is_param(s) {
                if !std::mem::replace(&mut self.called[s as usize], true) {
                    self.changed = true;
                }
            } else if let Some(code) = self.code.get(&s).copied() {
                self.call_record(s, code, None);
            } else {
                // A func value inside of an aggregate: what it holds may be called too.
                self.escape(&[s]);
            }
        }
    }

    /// Is the site no closure record? Records are objects of several words, never locals.
    fn is_plain(&self, s: Site) -> bool {
        (s as usize) <= self.f.locals.len() || self.plain.contains(&s)
    }

    fn call(&mut self, callee: &Callee, sig: rgo_ir::Sig, args: &[Value], results: &[Value]) {
        let cx = self.cx;
        let sd = cx.m.sig_data(sig);
        let mut ctx_sites: Vec<Site> = Vec::new();
        let sum = match callee {
            Callee::Direct(s) => cx.summary(*s),
            Callee::DirectClosure(s, v) => {
                ctx_sites = self.pts[v.0 as usize].clone();
                cx.summary(*s)
            }
            Callee::Code(_) => None,
            Callee::Closure(v) => {
                for s in self.pts[v.0 as usize].clone() {
                    if self.defer_nodes.contains(&s) {
                        continue;
                    }
                    match self.code.get(&s).copied() {
                        Some(code) if !self.is_plain(s) => self.call_record(s, code, Some((results, &sd.results))),
                        _ => self.call_sites(&[s]),
                    }
                }
                None
            }
        };
        for &r in results {
            self.grow(r, &[UNKNOWN]);
        }
        if let Callee::Direct(s) = callee {
            // What is copied stays where the destination is.
            let copy = match cx.m.sym_name(*s) {
                "runtime.typedslicecopy" => Some((args[1], args[3])),
                "runtime.typedmemmove" => Some((args[1], args[2])),
                "runtime.rt_wbmove" => Some((args[0], args[1])),
                _ => None,
            };
            if let Some((dst, src)) = copy {
                let c = self.load(&self.pts[src.0 as usize]);
                let d = self.pts[dst.0 as usize].clone();
                self.write(&d);
                self.store(&d, &c);
                return;
            }
            // The iterator holds the map.
            if cx.m.sym_name(*s) == "runtime.mapIterStart" {
                let (m, it) = (self.pts[args[1].0 as usize].clone(), self.pts[args[2].0 as usize].clone());
                self.write(&it);
                self.store(&it, &m);
                self.store(&it, &[UNKNOWN]);
                return;
            }
        }
        let no_pointers = matches!(callee, Callee::Direct(s) if cx.m.sym_name(*s) == "runtime.growslice") && self.pointer_free(args[4]);
        for (k, a) in args.iter().enumerate() {
            let mut sites = self.pts[a.0 as usize].clone();
            if sd.params.get(k).is_some_and(|t| cx.m.types.is_memory(*t)) {
                sites = self.load(&sites);
            }
            let flow = match &sum {
                Some(s) => s.params.get(k).cloned().unwrap_or_else(ParamFlow::all),
                None => ParamFlow::all(),
            };
            let flow = if no_pointers { ParamFlow { leak1: false, ..flow } } else { flow };
            self.apply(&flow, &sites, Some((results, &sd.results)));
        }
        if let Callee::DirectClosure(..) = callee {
            let flow = sum.and_then(|s| s.ctx).unwrap_or_else(ParamFlow::all);
            self.apply(&flow, &ctx_sites, Some((results, &sd.results)));
        }
    }

    /// Is the value the descriptor of a type without pointers?
    fn pointer_free(&self, v: Value) -> bool {
        let desc = self.f.blocks.iter().flat_map(|b| &b.insts).find(|i| i.results.first() == Some(&v));
        matches!(desc, Some(i) if matches!(&i.op, Op::SymAddr(s, 0) if self.cx.descs.get(s).is_some_and(|d| d.1 == 0)))
    }

    /// May the object of an allocation that repeats share one slot over the rounds?
    fn safe_in_cycle(&self, cyc: &Cycles, exact: &[Option<Local>], into: &[Option<Local>], a: &Alloc) -> bool {
        let mut holders = Vec::new();
        // The pad reads the record without naming the local.
        if self.defer_lists().iter().any(|s| self.reach(&[*s]).contains(&a.site)) {
            return false;
        }
        for l in 0..self.f.locals.len() {
            let s = Self::local_site(Local(l as u32));
            if self.reach(&[s]).contains(&a.site) {
                // The pad reads the record without naming the local.
                if self.defer_locals.contains(&s) {
                    return false;
                }
                holders.push(Holder::Local(Local(l as u32)));
            }
        }
        // The object may hold itself (a ring): then the previous object stays reachable only through holders looked at here.
        for (v, set) in self.pts.iter().enumerate() {
            if Value(v as u32) != a.value && !set.is_empty() && self.reach(set).contains(&a.site) {
                // A pure address of a local is covered by the local.
                if into[v].is_some() {
                    continue;
                }
                holders.push(Holder::Value(Value(v as u32)));
            }
        }
        if holders.len() > 400 {
            return false;
        }
        // A conversion reads its operand while it fills the buffer.
        let inclusive = matches!(a.slot, Some(Slot::Buffer(..) | Slot::Map(_)));
        holders.into_iter().all(|h| !live_before(self.f, cyc, exact, into, h, a.block, a.inst, inclusive))
    }
}
