//! Inlining before escape analysis, so that closures, iterators and constructors need no heap.
//!
//! The code generator inlines too; this pass is for what only helps when it comes first: small functions, and closures that are called where their code
//! is known (the body of a range-over-func loop above all). Functions are treated callees first; each call is judged by the callee's size.
//!
//! A func value's code is known ([`Known`]) when it is a closure record made here, a static record, or read from a local or a field of a closure record
//! that is written once. Calls of such values become direct even where they stay calls; so do method calls through an interface value whose method table is
//! known.
//!
//! Not inlined: functions with a recovery pad, wrappers (they adjust recover), functions that look at frames (recover among them) or are marked noinline. Nothing is
//! inlined into wrappers: `recover` works in what they call directly.
//!
//! The code moves as it is: parameters of memory types get a copy, for a callee owns them; results of memory types too; other results go through locals
//! unless there is one return. Each instruction's location names the call it came from ([`rgo_ir::Inlined`]).

use std::collections::HashMap;

use rgo_ir::{Block, BlockData, Callee, DEFERRED, Datum, Function, Inlined, Inst, Intrinsic, Linkage, Loc, Local, LocalData, MemFlags, Module, Op, Sym, Term, Ty, Value};

/// Largest cost of a function that is inlined wherever it is called.
const SMALL: u32 = 40;
/// The same for a closure called with its record at hand, and for a closure that has one place only.
const CLOSURE: u32 = 120;
const ONLY_USE: u32 = 1500;
/// The same for a function that returns an object it made: in the caller the object may need no heap.
const CONSTRUCTOR: u32 = 80;
/// What a function may grow to, and how deep inlined calls may nest.
const MAX_COST: u32 = 6000;
const MAX_NESTING: usize = 12;
/// Largest sum of local slots of an inlined function.
const MAX_LOCALS: u64 = 512;
const ROUNDS: usize = 8;

/// What is worth knowing about a possible callee.
struct Candidate {
    cost: u32,
    uses_ctx: bool,
    constructor: bool,
    /// Its code, taken when it was final.
    body: Function,
}

/// `race`: functions that the race detector leaves out stay functions.
pub fn run(m: &mut Module, race: bool) {
    // The runtime's own code depends on which function runs on which stack.
    if m.name == "runtime" {
        return;
    }
    let mut uses: HashMap<Sym, u32> = HashMap::new();
    for i in m.functions.iter().flat_map(|f| &f.blocks).flat_map(|b| &b.insts) {
        if let Op::SymAddr(s, 0) | Op::Call { callee: Callee::Direct(s) | Callee::DirectClosure(s, _), .. } = &i.op {
            *uses.entry(*s).or_default() += 1;
        }
    }
    for d in m.globals.iter().flat_map(|g| &g.data) {
        if let Datum::Addr(s, _) | Datum::Addr32(s, _) = d {
            *uses.entry(*s).or_default() += 1;
        }
    }
    let globals: HashMap<Sym, usize> = m.globals.iter().enumerate().filter(|(_, g)| g.readonly).map(|(i, g)| (g.sym, i)).collect();
    let mut done: HashMap<Sym, Candidate> = HashMap::new();
    for i in crate::escape::call_order(m) {
        let empty = Function { blocks: Vec::new(), ..m.functions[i].clone() };
        let mut f = std::mem::replace(&mut m.functions[i], empty);
        if !f.attrs.wrapper {
            let cx = Inliner { m, globals: &globals, done: &done, uses: &uses };
            cx.function(&mut f);
        }
        if !(race && f.attrs.norace)
            && let Some(c) = candidate(m, &f)
        {
            done.insert(f.sym, c);
        }
        m.functions[i] = f;
    }
    drop_unused_copies(m);
}

/// Copies of other packages' functions that nothing refers to any more.
fn drop_unused_copies(m: &mut Module) {
    let mut used = std::collections::HashSet::new();
    let index: HashMap<Sym, usize> = m.functions.iter().enumerate().map(|(i, f)| (f.sym, i)).collect();
    let mut work: Vec<usize> = (0..m.functions.len()).filter(|i| m.functions[*i].linkage != Linkage::AvailableExternally).collect();
    let mut seen = vec![false; m.functions.len()];
    for &i in &work {
        seen[i] = true;
    }
    while let Some(i) = work.pop() {
        used.insert(m.functions[i].sym);
        for inst in m.functions[i].blocks.iter().flat_map(|b| &b.insts) {
            if let Op::SymAddr(s, _) | Op::Call { callee: Callee::Direct(s) | Callee::DirectClosure(s, _), .. } = &inst.op
                && let Some(&j) = index.get(s)
                && !std::mem::replace(&mut seen[j], true)
            {
                work.push(j);
            }
        }
    }
    m.functions.retain(|f| used.contains(&f.sym));
}

/// Cost of one instruction: about the machine instructions it becomes.
fn weight(op: &Op) -> u32 {
    match op {
        Op::Int(_) | Op::Float(_) | Op::Null | Op::Zero | Op::SymAddr(..) | Op::Param(_) | Op::LocalAddr(_) | Op::PtrAdd(..) | Op::Aggregate(_) | Op::Extract(..) | Op::Insert { .. } | Op::Use(_) => 0,
        Op::Call { args, .. } => 8 + args.len() as u32,
        Op::New { .. } | Op::MakeSlice { .. } => 6,
        Op::Copy { .. } | Op::ZeroMem { .. } | Op::MemMove { .. } | Op::MemClear { .. } | Op::Bounds { .. } => 2,
        _ => 1,
    }
}

fn cost(f: &Function) -> u32 {
    f.blocks.iter().map(|b| 1 + b.insts.iter().map(|i| weight(&i.op)).sum::<u32>()).sum()
}

fn candidate(m: &Module, f: &Function) -> Option<Candidate> {
    let a = &f.attrs;
    if a.noinline || a.wrapper || a.noreturn || a.cold || f.pad.is_some() || f.blocks.is_empty() {
        return None;
    }
    let cost = cost(f);
    if cost > ONLY_USE || f.locals.iter().map(|l| m.types.size(l.ty)).sum::<u64>() > MAX_LOCALS {
        return None;
    }
    let mut uses_ctx = false;
    for i in f.blocks.iter().flat_map(|b| &b.insts) {
        match &i.op {
            Op::Intrinsic(Intrinsic::ClosureCtx, _) => uses_ctx = true,
            Op::Intrinsic(
                Intrinsic::CallerPc | Intrinsic::CallerSp | Intrinsic::StackPtr | Intrinsic::FrameAddr | Intrinsic::ParentFrameAddr | Intrinsic::PadRecord,
                _,
            ) => return None,
            Op::Call { callee: Callee::Direct(s) | Callee::DirectClosure(s, _), .. } if *s == f.sym => return None,
            _ => {}
        }
    }
    // A function that never returns is a panic; its call is cold.
    if !f.blocks.iter().any(|b| matches!(b.term, Some(Term::Ret(_)))) {
        return None;
    }
    Some(Candidate { cost, uses_ctx, constructor: returns_new(f), body: f.clone() })
}

/// Does the function return an object that it makes: itself, by way of local slots, or out of a function that it gives it to?
fn returns_new(f: &Function) -> bool {
    let mut addr: HashMap<Value, Local> = HashMap::new();
    let mut new = vec![false; f.values.len()];
    let mut slots = vec![false; f.locals.len()];
    let insts = || f.blocks.iter().flat_map(|b| &b.insts);
    for i in insts() {
        match i.op {
            Op::New { .. } => i.results.iter().for_each(|r| new[r.0 as usize] = true),
            Op::LocalAddr(l) => addr.extend(i.results.first().map(|r| (*r, l))),
            _ => {}
        }
    }
    if !new.contains(&true) {
        return false;
    }
    loop {
        let mut changed = false;
        for i in insts() {
            match &i.op {
                Op::Store { addr: a, value, .. } if new[value.0 as usize] => {
                    if let Some(l) = addr.get(a) {
                        changed |= !std::mem::replace(&mut slots[l.0 as usize], true);
                    }
                }
                Op::Load { addr: a, .. } if addr.get(a).is_some_and(|l| slots[l.0 as usize]) => {
                    for r in &i.results {
                        changed |= !std::mem::replace(&mut new[r.0 as usize], true);
                    }
                }
                Op::PtrAdd(..) | Op::Aggregate(_) | Op::Insert { .. } | Op::Extract(..) | Op::Call { .. } => {
                    let mut derived = false;
                    i.op.for_each_operand(&mut |v| derived |= new[v.0 as usize]);
                    for r in i.results.iter().filter(|_| derived) {
                        changed |= !std::mem::replace(&mut new[r.0 as usize], true);
                    }
                }
                _ => {}
            }
        }
        if !changed {
            break;
        }
    }
    f.blocks.iter().any(|b| matches!(&b.term, Some(Term::Ret(v)) if v.iter().any(|v| new[v.0 as usize])))
}

struct Inliner<'a> {
    m: &'a mut Module,
    globals: &'a HashMap<Sym, usize>,
    done: &'a HashMap<Sym, Candidate>,
    uses: &'a HashMap<Sym, u32>,
}

impl Inliner<'_> {
    fn function(self, f: &mut Function) {
        let mut total = cost(f);
        // Blocks reachable from the pad keep their calls: what they may use is restricted.
        let from_pad = f.pad.map(|p| rgo_ir::verify::reachable(f, p));
        for _ in 0..ROUNDS {
            let known = Known::new(self.m, self.globals, f);
            let mut changes: Vec<(Block, usize, Callee, bool)> = Vec::new();
            for (bi, b) in f.blocks.iter().enumerate() {
                if from_pad.as_ref().is_some_and(|p| p.get(bi).copied().unwrap_or(false)) {
                    continue;
                }
                for (ii, i) in b.insts.iter().enumerate() {
                    let Op::Call { callee, .. } = &i.op else { continue };
                    let mut deferred = false;
                    let target = match callee {
                        Callee::Closure(v) => known.code(*v, 0).map(|s| Callee::DirectClosure(s, *v)),
                        Callee::Code(v) => known.method(*v).map(Callee::Direct),
                        c => Some(c.clone()),
                    };
                    let Some(target) = target else { continue };
                    if let Callee::DirectClosure(_, v) = &target
                        && let Some(Op::Load { addr, .. }) = known.op(*v)
                        && let Some(Op::LocalAddr(l)) = known.op(*addr)
                    {
                        deferred = f.locals[l.0 as usize].name == DEFERRED;
                    }
                    changes.push((Block(bi as u32), ii, target, deferred));
                }
            }
            let mut calls: HashMap<Sym, u32> = HashMap::new();
            for (_, _, c, _) in &changes {
                if let Callee::DirectClosure(s, _) = c {
                    *calls.entry(*s).or_default() += 1;
                }
            }
            let mut changed = false;
            // From the back: an inlined call moves what follows it to another block.
            for (b, i, target, deferred) in changes.into_iter().rev() {
                let inst = &mut f.blocks[b.0 as usize].insts[i];
                let Op::Call { callee, .. } = &mut inst.op else { continue };
                if *callee != target {
                    *callee = target.clone();
                    changed = true;
                }
                let (s, ctx) = match target {
                    Callee::Direct(s) => (s, None),
                    Callee::DirectClosure(s, v) => (s, Some(v)),
                    _ => continue,
                };
                let at = inst.loc.at;
                let Some(c) = self.done.get(&s) else { continue };
                // What a defer statement calls stays a function as well, for panics.
                let once = !deferred && calls.get(&s) == Some(&1) && self.uses.get(&s).copied().unwrap_or(0) <= 1;
                let limit = if once { ONLY_USE } else if ctx.is_some() && !deferred { CLOSURE } else if c.constructor { CONSTRUCTOR } else { SMALL };
                if c.cost > limit || total + c.cost > MAX_COST || (c.uses_ctx && ctx.is_none()) || nested(f, at, s) {
                    continue;
                }
                if f.attrs.nosplit && !c.body.attrs.nosplit {
                    continue;
                }
                total += c.cost;
                splice(self.m, f, b, i, &c.body, ctx);
                changed = true;
            }
            if !changed {
                return;
            }
        }
    }
}

/// Is the code at `at` already inside of function `s`, or too deep?
fn nested(f: &Function, mut at: u32, s: Sym) -> bool {
    let mut depth = 0;
    if f.sym == s {
        return true;
    }
    while at != 0 {
        let n = &f.inlined[at as usize - 1];
        depth += 1;
        if n.sym == s || depth > MAX_NESTING {
            return true;
        }
        at = n.call.at;
    }
    false
}

/// Replaces the call at instruction `i` of block `b` by the body of `callee`.
fn splice(m: &mut Module, f: &mut Function, b: Block, i: usize, callee: &Function, ctx: Option<Value>) {
    let block = &mut f.blocks[b.0 as usize];
    let rest = block.insts.split_off(i + 1);
    let Some(call) = block.insts.pop() else { return };
    let Op::Call { args, .. } = call.op else { unreachable!("internal compiler error: not a call") };
    let cont = Block(f.blocks.len() as u32);
    let block = &mut f.blocks[b.0 as usize];
    let (term, term_loc) = (block.term.take(), block.term_loc);
    f.blocks.push(BlockData { insts: rest, term, term_loc });

    let site = f.inlined.len() as u32 + 1;
    f.inlined.push(Inlined { sym: callee.sym, display_name: callee.display_name.clone(), loc: callee.loc, call: call.loc });
    let map_loc = |l: Loc| Loc { at: if l.at == 0 { site } else { site + l.at }, ..l };
    for n in &callee.inlined {
        f.inlined.push(Inlined { call: map_loc(n.call), ..n.clone() });
    }

    let sig = m.sig_data(callee.sig).clone();
    let mut pre: Vec<Inst> = Vec::new();
    let new_local = |f: &mut Function, ty: Ty| {
        f.locals.push(LocalData { name: String::from("inl"), ty });
        Local(f.locals.len() as u32 - 1)
    };
    let new_value = |f: &mut Function, ty: Ty| {
        f.values.push(ty);
        Value(f.values.len() as u32 - 1)
    };
    let value_base = f.values.len() as u32;
    f.values.extend_from_slice(&callee.values);
    let local_base = f.locals.len() as u32;
    f.locals.extend(callee.locals.iter().cloned());
    let block_base = f.blocks.len() as u32;

    // Parameters and the closure record are the caller's values.
    let mut same: HashMap<Value, Value> = HashMap::new();
    for inst in callee.blocks.iter().flat_map(|b| &b.insts) {
        let v = match &inst.op {
            Op::Param(n) => {
                let (ty, arg) = (sig.params[*n as usize], args[*n as usize]);
                if m.types.is_memory(ty) {
                    let l = new_local(f, ty);
                    let p = new_value(f, Ty::PTR);
                    pre.push(Inst { op: Op::LocalAddr(l), results: vec![p], loc: call.loc });
                    pre.push(Inst { op: Op::Copy { dst: p, src: arg, ty, flags: MemFlags::default() }, results: Vec::new(), loc: call.loc });
                    p
                } else {
                    arg
                }
            }
            Op::Intrinsic(Intrinsic::ClosureCtx, _) => ctx.expect("internal compiler error: closure without record"),
            _ => continue,
        };
        same.insert(inst.results[0], v);
    }
    let map = |v: Value, same: &HashMap<Value, Value>| same.get(&v).copied().unwrap_or(Value(value_base + v.0));

    let returns = callee.blocks.iter().filter(|b| matches!(b.term, Some(Term::Ret(_)))).count();
    // Where results travel: a local, or, with one return, the value itself.
    let slots: Vec<Option<Local>> =
        sig.results.iter().map(|&ty| if returns > 1 || m.types.is_memory(ty) { Some(new_local(f, ty)) } else { None }).collect();
    let mut replace: HashMap<Value, Value> = HashMap::new();
    for cb in &callee.blocks {
        let mut insts = Vec::with_capacity(cb.insts.len());
        for inst in &cb.insts {
            if matches!(inst.op, Op::Param(_) | Op::Intrinsic(Intrinsic::ClosureCtx, _)) {
                continue;
            }
            let mut op = inst.op.clone();
            op.map_operands(&mut |v| map(v, &same));
            if let Op::LocalAddr(l) = &mut op {
                l.0 += local_base;
            }
            let results = inst.results.iter().map(|r| Value(value_base + r.0)).collect();
            insts.push(Inst { op, results, loc: map_loc(inst.loc) });
        }
        let loc = map_loc(cb.term_loc);
        let target = |t: Block| Block(block_base + t.0);
        let term = match cb.term.as_ref() {
            Some(Term::Jump(t)) => Term::Jump(target(*t)),
            Some(Term::If { cond, then, els, likely }) => Term::If { cond: map(*cond, &same), then: target(*then), els: target(*els), likely: *likely },
            Some(Term::Switch { value, cases, default }) => {
                Term::Switch { value: map(*value, &same), cases: cases.iter().map(|(k, t)| (*k, target(*t))).collect(), default: target(*default) }
            }
            Some(Term::Ret(vs)) => {
                for (k, v) in vs.iter().enumerate() {
                    let (v, ty) = (map(*v, &same), sig.results[k]);
                    let Some(l) = slots[k] else {
                        replace.insert(call.results[k], v);
                        continue;
                    };
                    let p = new_value(f, Ty::PTR);
                    insts.push(Inst { op: Op::LocalAddr(l), results: vec![p], loc });
                    let op = if m.types.is_memory(ty) {
                        Op::Copy { dst: p, src: v, ty, flags: MemFlags::default() }
                    } else {
                        Op::Store { addr: p, value: v, flags: MemFlags::default() }
                    };
                    insts.push(Inst { op, results: Vec::new(), loc });
                }
                Term::Jump(cont)
            }
            Some(Term::Unreachable) | None => Term::Unreachable,
        };
        f.blocks.push(BlockData { insts, term: Some(term), term_loc: loc });
    }
    // Fetch the results.
    let mut post = Vec::new();
    for (k, l) in slots.iter().enumerate() {
        let Some(l) = *l else { continue };
        if m.types.is_memory(sig.results[k]) {
            post.push(Inst { op: Op::LocalAddr(l), results: vec![call.results[k]], loc: call.loc });
        } else {
            let p = new_value(f, Ty::PTR);
            post.push(Inst { op: Op::LocalAddr(l), results: vec![p], loc: call.loc });
            post.push(Inst { op: Op::Load { addr: p, flags: MemFlags::default() }, results: vec![call.results[k]], loc: call.loc });
        }
    }
    f.blocks[cont.0 as usize].insts.splice(0..0, post);
    let block = &mut f.blocks[b.0 as usize];
    block.insts.append(&mut pre);
    block.term = Some(Term::Jump(Block(block_base)));
    block.term_loc = call.loc;
    if !replace.is_empty() {
        replace_values(f, &replace);
    }
}

/// Replaces uses of values (the replacements are not replaced themselves).
fn replace_values(f: &mut Function, with: &HashMap<Value, Value>) {
    let r = |v: Value| with.get(&v).copied().unwrap_or(v);
    for b in &mut f.blocks {
        for i in &mut b.insts {
            i.op.map_operands(&mut |v| r(v));
        }
        match &mut b.term {
            Some(Term::If { cond, .. }) => *cond = r(*cond),
            Some(Term::Switch { value, .. }) => *value = r(*value),
            Some(Term::Ret(vs)) => vs.iter_mut().for_each(|v| *v = r(*v)),
            _ => {}
        }
    }
}

/// What is known about values of a function.
struct Known<'a> {
    m: &'a Module,
    globals: &'a HashMap<Sym, usize>,
    types: &'a [Ty],
    /// Operation that defines a value, and which of its results it is.
    def: Vec<Option<(&'a Op, usize)>>,
    /// What is stored to a local as a whole; None: more than one value, or its address goes elsewhere.
    local: Vec<Stored>,
    /// What is stored at an offset of an object made here.
    field: HashMap<(Value, i64), Stored>,
}

#[derive(Clone, Copy, PartialEq)]
enum Stored {
    Nothing,
    One(Value),
    Unknown,
}

impl<'a> Known<'a> {
    fn new(m: &'a Module, globals: &'a HashMap<Sym, usize>, f: &'a Function) -> Known<'a> {
        let mut def = vec![None; f.values.len()];
        for i in f.blocks.iter().flat_map(|b| &b.insts) {
            for (k, r) in i.results.iter().enumerate() {
                def[r.0 as usize] = Some((&i.op, k));
            }
        }
        let mut k = Known { m, globals, types: &f.values, def, local: vec![Stored::Nothing; f.locals.len()], field: HashMap::new() };
        let mut local = vec![Stored::Nothing; f.locals.len()];
        let mut field: HashMap<(Value, i64), Stored> = HashMap::new();
        let note = |e: &mut Stored, v: Value| {
            *e = match *e {
                Stored::Nothing => Stored::One(v),
                Stored::One(w) if w == v => Stored::One(w),
                _ => Stored::Unknown,
            }
        };
        for i in f.blocks.iter().flat_map(|b| &b.insts) {
            match &i.op {
                Op::Load { .. } => {}
                Op::Store { addr, value, .. } => {
                    // Nil is no code: a call of it panics before.
                    let nil = matches!(k.op(*value), Some(Op::Null | Op::Zero));
                    match k.op(*addr) {
                        Some(Op::LocalAddr(l)) if f.ty(*value) == f.local_ty(*l) => {
                            if !nil {
                                note(&mut local[l.0 as usize], *value);
                            }
                        }
                        Some(Op::LocalAddr(l)) => local[l.0 as usize] = Stored::Unknown,
                        _ => {
                            if let Some(place) = k.place(*addr) {
                                note(field.entry(place).or_insert(Stored::Nothing), *value);
                            }
                        }
                    }
                    if let Some(Op::LocalAddr(l)) = k.op(*value) {
                        local[l.0 as usize] = Stored::Unknown;
                    }
                }
                Op::ZeroMem { dst, .. } if matches!(k.op(*dst), Some(Op::LocalAddr(_))) => {}
                op => op.for_each_operand(&mut |v| {
                    if let Some(Op::LocalAddr(l)) = k.op(v) {
                        local[l.0 as usize] = Stored::Unknown;
                    }
                }),
            }
        }
        for t in f.blocks.iter().filter_map(|b| b.term.as_ref()) {
            if let Term::Ret(vs) = t {
                for v in vs {
                    if let Some(Op::LocalAddr(l)) = k.op(*v) {
                        local[l.0 as usize] = Stored::Unknown;
                    }
                }
            }
        }
        // What the pad reads may have been written anywhere before.
        k.local = local;
        k.field = field;
        k
    }

    fn op(&self, v: Value) -> Option<&'a Op> {
        self.def[v.0 as usize].map(|d| d.0)
    }

    /// Object and offset that an address means, if it is that of an object made here.
    fn place(&self, v: Value) -> Option<(Value, i64)> {
        match self.op(v)? {
            Op::New { .. } => Some((v, 0)),
            Op::PtrAdd(p, o) => match self.op(*p)? {
                Op::New { .. } => Some((*p, *o)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Follows loads of what is stored once. Fields are followed in closure records only: nothing writes to those later.
    fn resolve(&self, v: Value, depth: u32) -> Value {
        if depth > 16 {
            return v;
        }
        let Some(Op::Load { addr, .. }) = self.op(v) else { return v };
        let stored = match self.op(*addr) {
            Some(Op::LocalAddr(l)) => self.local[l.0 as usize],
            Some(Op::New { .. } | Op::PtrAdd(..)) => {
                let place = match self.op(*addr) {
                    Some(Op::PtrAdd(p, o)) => Some((self.resolve(*p, depth + 1), *o)),
                    _ => Some((*addr, 0)),
                };
                match place {
                    Some((p, o)) if matches!(self.op(p), Some(Op::New { .. })) && self.record_code(p).is_some() => {
                        self.field.get(&(p, o)).copied().unwrap_or(Stored::Unknown)
                    }
                    _ => Stored::Unknown,
                }
            }
            _ => Stored::Unknown,
        };
        match stored {
            Stored::One(w) if w != v && self.types[w.0 as usize] == self.types[v.0 as usize] => self.resolve(w, depth + 1),
            _ => v,
        }
    }

    /// The code of a closure record made here.
    fn record_code(&self, p: Value) -> Option<Sym> {
        // Lowering's type of closure records: no Go code writes to one.
        let Some(Op::New { desc, .. }) = self.op(p) else { return None };
        if !self.m.sym_name(*desc).starts_with("type:struct { X0 ") {
            return None;
        }
        match self.field.get(&(p, 0)) {
            Some(Stored::One(c)) => match self.op(*c)? {
                Op::SymAddr(s, 0) if !self.globals.contains_key(s) => Some(*s),
                _ => None,
            },
            _ => None,
        }
    }

    /// The code of a func value.
    fn code(&self, v: Value, depth: u32) -> Option<Sym> {
        let v = self.resolve(v, depth);
        match self.op(v)? {
            Op::New { .. } => self.record_code(v),
            Op::SymAddr(g, 0) => match self.datum(*g, 0)? {
                Datum::Addr(s, 0) => Some(*s),
                _ => None,
            },
            _ => None,
        }
    }

    /// The address that a read-only global holds at an offset.
    fn datum(&self, g: Sym, offset: i64) -> Option<&'a Datum> {
        let g = &self.m.globals[*self.globals.get(&g)?];
        let mut at = 0;
        for d in &g.data {
            if at == offset {
                return Some(d);
            }
            at += match d {
                Datum::Bytes(b) => b.len() as i64,
                Datum::Zero(n) => *n as i64,
                Datum::Addr(..) => 8,
                Datum::Addr32(..) | Datum::Rel32 { .. } => 4,
            };
        }
        None
    }

    /// A method's code, read from a known method table.
    fn method(&self, v: Value) -> Option<Sym> {
        let Some(Op::Load { addr, .. }) = self.op(v) else { return None };
        let Some(Op::PtrAdd(table, offset)) = self.op(*addr) else { return None };
        let Some(Op::SymAddr(g, 0)) = self.op(self.part(*table)) else { return None };
        match self.datum(*g, *offset)? {
            Datum::Addr(s, 0) => Some(*s),
            _ => None,
        }
    }

    /// Looks through aggregates that are built here.
    fn part(&self, v: Value) -> Value {
        let v = self.resolve(v, 0);
        if let Some(Op::Extract(a, i)) = self.op(v) {
            let a = self.resolve(*a, 0);
            if let Some(Op::Aggregate(parts)) = self.op(a) {
                return self.part(parts[*i as usize]);
            }
        }
        v
    }
}
