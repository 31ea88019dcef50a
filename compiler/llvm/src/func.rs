//! One function: blocks in reverse postorder, calls, returns, checks and the recovery pad.
//!
//! A Go IR value is up to four LLVM scalars ([`Val`]); no LLVM aggregate exists except at calls and returns. Bool is `i1` as a value and `i8` in
//! memory and at calls.
//!
//! Recovery pad (ARCHITECTURE.md "Panics, defer, recover"): every call outside the pad's own code becomes an invoke that unwinds to one
//! landing pad. The runtime restores
//! only sp and fp there, so code reachable from the pad must not use a register value from before: it takes g and the overflow frame from
//! slots stored volatile at entry, locals that both sides use are accessed volatile (never promoted), and the verifier of rgo-ir rejects
//! other values. The empty asm at the pad clobbers the callee-saved registers so that the prologue saves all of them.

use std::rc::Rc;

use rgo_ir::verify::{reachable, successors};
use rgo_ir::*;

use crate::barrier::Origin;
use crate::lifetime::Slot;
use crate::abi::{SigAbi, Where, Word, mem_ty, ssa_ty};
use crate::module::{FnMeta, Gen, link_name};
use crate::raw::*;

/// Scalars of one IR value.
#[derive(Clone, Copy, Debug)]
pub struct Val {
    pub n: u8,
    pub s: [V; 4],
}

impl Val {
    pub fn one(v: V) -> Val {
        let mut x = Val::none();
        x.push(v);
        x
    }
    pub fn none() -> Val {
        Val { n: 0, s: [std::ptr::null_mut(); 4] }
    }
    pub fn push(&mut self, v: V) {
        self.s[self.n as usize] = v;
        self.n += 1;
    }
    pub fn slice(&self) -> &[V] {
        &self.s[..self.n as usize]
    }
}

/// Instructions beyond which a function is not optimised, and the same for package initialisers.
const HUGE: usize = 40_000;
const HUGE_INIT: usize = 4_000;
/// Calls beyond which nothing is inlined into a function: some passes are quadratic in what that would make of it.
const CROWDED: usize = 600;

pub struct FnGen<'a, 'm> {
    pub g: &'a mut Gen<'m>,
    pub f: &'m Function,
    pub llf: V,
    abi: Rc<SigAbi>,
    vals: Vec<Option<Val>>,
    blocks: Vec<Option<BB>>,
    locals: Vec<V>,
    entry: BB,
    landing: Option<BB>,
    record: Option<V>,
    /// The block under construction is reachable from the pad.
    in_pad: bool,
    g_slot: Option<V>,
    frame_slot: Option<V>,
    /// Locals that the pad and ordinary code both use.
    shared: Vec<bool>,
    /// The local that a pointer value is known to point into.
    points_into: Vec<Option<Local>>,
    /// What memory a pointer value is known to point into.
    pub origin: Vec<Origin>,
    /// The call under construction must not be inlined.
    pub keep_call: bool,
    /// Overflow area shared by calls without memory results: (alloca, size) fixed in advance.
    area: Option<V>,
    /// Nothing is inlined here: the function has too many calls already.
    crowded: bool,
    /// The call under construction has lifetime markers for its result memory; slots made for it; slots by first result.
    result_marked: bool,
    new_slots: Vec<V>,
    result_slots: Vec<(Value, Vec<V>)>,
    scope: Md,
    /// Location last given to the builder, and the one wanted.
    loc: Loc,
    cur_loc: Loc,
    /// Scope, file of the scope and place of each inlined call.
    inlined: Vec<(Md, Loc, Md)>,
}

/// No location yet.
const NO_LOC: Loc = Loc { file: u32::MAX, line: u32::MAX, at: 0 };

impl<'a, 'm> FnGen<'a, 'm> {
    pub fn generate(g: &'a mut Gen<'m>, f: &'m Function) {
        let name = g.m.sym_name(f.sym);
        let abi = g.abi(f.sig);
        let llf = g.sym(f.sym);
        g.define(llf, name, f.linkage);
        let display = f.display_name.clone().unwrap_or_else(|| name.to_string());
        let a = &f.attrs;
        let b = &g.b;
        let frame_sensitive = f.blocks.iter().flat_map(|b| &b.insts).any(|i| {
            matches!(
                i.op,
                Op::Intrinsic(
                    Intrinsic::CallerPc
                        | Intrinsic::CallerSp
                        | Intrinsic::StackPtr
                        | Intrinsic::FrameAddr
                        | Intrinsic::ParentFrameAddr
                        | Intrinsic::PadRecord,
                    _
                )
            )
        });
        if a.noinline || f.pad.is_some() || frame_sensitive {
            b.add_attr(llf, FUNCTION_INDEX, "noinline");
        }
        // The code generator takes more than linear time on huge blocks; straight-line initialisers run once.
        let calls = f.blocks.iter().flat_map(|b| &b.insts).filter(|i| matches!(i.op, Op::Call { .. })).count();
        let insts: usize = f.blocks.iter().map(|b| b.insts.len()).sum();
        if insts > HUGE || (insts > HUGE_INIT && name.ends_with(".init")) {
            b.add_attr(llf, FUNCTION_INDEX, "noinline");
            b.add_attr(llf, FUNCTION_INDEX, "optnone");
        }
        if a.noreturn {
            b.add_attr(llf, FUNCTION_INDEX, "noreturn");
        }
        if a.cold {
            b.add_attr(llf, FUNCTION_INDEX, "cold");
        }
        if a.nosplit {
            b.add_str_attr(llf, "rgo-nosplit", "true");
        }
        b.add_attr(llf, param_index(abi.g_index), "nonnull");
        if f.pad.is_some() {
            let t = b.fn_ty(b.i32, &[]);
            let p = g.c_function(rgo_abi::stack::sym::PERSONALITY, t);
            g.b.set_personality(llf, p);
        }
        use rgo_abi::functab::flag;
        let mut flags = 0;
        for (on, bit) in [
            (a.wrapper, flag::WRAPPER),
            (a.nosplit, flag::NOSPLIT),
            (f.pad.is_some(), flag::DEFER),
            (abi.params.is_empty(), flag::NOARGS),
        ] {
            if on {
                flags |= bit;
            }
        }
        let file = g.m.files.get(f.loc.file as usize).cloned().unwrap_or_default();
        g.meta.insert(link_name(name), FnMeta { name: display.clone(), flags, file, line: f.loc.line });
        let scope = g.debug.as_mut().map_or(std::ptr::null_mut(), |d| d.function(llf, &display, &link_name(name), f.loc.file, f.loc.line));
        let entry = g.b.block(llf);
        let n = f.values.len();
        let mut x = FnGen {
            g,
            f,
            llf,
            abi,
            vals: vec![None; n],
            blocks: vec![None; f.blocks.len()],
            locals: Vec::new(),
            entry,
            landing: None,
            keep_call: false,
            record: None,
            in_pad: false,
            g_slot: None,
            frame_slot: None,
            shared: vec![false; f.locals.len()],
            points_into: vec![None; n],
            origin: vec![Origin::Unknown; n],
            area: None,
            crowded: calls > CROWDED,
            result_marked: false,
            new_slots: Vec::new(),
            result_slots: Vec::new(),
            scope,
            loc: NO_LOC,
            cur_loc: f.loc,
            inlined: Vec::new(),
        };
        x.find_inlined();
        x.body();
    }

    fn body(&mut self) {
        let f = self.f;
        let pad_reach = f.pad.map(|p| reachable(f, p));
        self.find_shared(pad_reach.as_deref());
        for l in &f.locals {
            let (size, align) = (self.g.m.types.size(l.ty), self.g.m.types.align(l.ty));
            let a = self.alloca_ty(l.ty, size, align);
            self.locals.push(a);
        }
        let order = rpo(f);
        let first = self.g.b.block(self.llf);
        self.blocks[0] = Some(first);
        for &b in &order {
            if self.blocks[b].is_none() && Some(Block(b as u32)) != f.pad {
                self.blocks[b] = Some(self.g.b.block(self.llf));
            }
        }
        if f.pad.is_some() {
            self.landing = Some(self.g.b.block(self.llf));
        }
        self.g.b.at_end(first);
        self.set_loc(f.loc);
        if f.pad.is_some() {
            let p = self.g.b.param(self.llf, self.abi.g_index);
            let s = self.slot();
            let st = self.g.b.store(p, s, 8);
            self.g.b.set_volatile(st);
            self.g_slot = Some(s);
            if let Some(i) = self.abi.frame_index {
                let p = self.g.b.param(self.llf, i);
                let s = self.slot();
                let st = self.g.b.store(p, s, 8);
                self.g.b.set_volatile(st);
                self.frame_slot = Some(s);
            }
        }
        let marks = if self.g.opts.level == crate::Level::Release {
            crate::lifetime::markers(self.g.m, f, &self.shared)
        } else {
            crate::lifetime::Markers::default()
        };
        for &bi in &order {
            self.in_pad = pad_reach.as_ref().is_some_and(|p| p[bi]);
            if Some(Block(bi as u32)) == f.pad {
                self.begin_pad();
            } else {
                self.g.b.at_end(self.blocks[bi].unwrap());
            }
            let block = &f.blocks[bi];
            let (mut starts, mut ends) = (marks.starts(bi), marks.ends(bi));
            for (ii, inst) in block.insts.iter().enumerate() {
                self.set_loc(inst.loc);
                let at = ii as u32;
                self.result_marked = false;
                while let Some(((_, s), rest)) = starts.split_first().filter(|m| m.0.0 == at) {
                    starts = rest;
                    match s {
                        Slot::Local(l) => self.lifetime("llvm.lifetime.start", self.locals[l.0 as usize]),
                        Slot::Call(_) => self.result_marked = true,
                    }
                }
                self.note_origin(inst);
                let res = self.op(inst);
                if let Some(v) = res {
                    self.vals[inst.results[0].0 as usize] = Some(v);
                }
                while let Some(((_, s), rest)) = ends.split_first().filter(|m| m.0.0 == at) {
                    ends = rest;
                    match s {
                        Slot::Local(l) => self.lifetime("llvm.lifetime.end", self.locals[l.0 as usize]),
                        Slot::Call(v) => {
                            let i = self.result_slots.iter().position(|r| r.0 == *v);
                            for k in i.map(|i| self.result_slots.swap_remove(i).1).into_iter().flatten() {
                                self.lifetime("llvm.lifetime.end", k);
                            }
                        }
                    }
                }
            }
            self.set_loc(block.term_loc);
            self.term(block.term.as_ref().unwrap());
        }
        self.g.b.at_end(self.entry);
        self.g.b.clear_loc();
        self.g.b.br(first);
    }

    fn lifetime(&self, which: &'static str, slot: V) {
        let b = &self.g.b;
        b.call_intrinsic(which, &[b.ptr], &[slot]);
    }

    /// Frame slot for results of a call, marked live if the call's results have markers.
    fn result_area(&mut self, size: u64, align: u64) -> V {
        let a = self.alloca_bytes(size, align);
        if self.result_marked {
            self.lifetime("llvm.lifetime.start", a);
            self.new_slots.push(a);
        }
        a
    }

    fn begin_pad(&mut self) {
        let b = &self.g.b;
        b.at_end(self.landing.unwrap());
        self.set_loc(self.f.loc);
        let b = &self.g.b;
        let l = b.landing_pad(b.struct_ty(&[b.ptr, b.i32]));
        let r = b.extract(l, 0);
        let clobbers = if self.g.opts.goarch == "arm64" {
            "~{x19},~{x20},~{x21},~{x22},~{x23},~{x24},~{x25},~{x26},~{x27},~{x28},~{d8},~{d9},~{d10},~{d11},~{d12},~{d13},~{d14},~{d15},~{memory}"
        } else {
            "~{rbx},~{r12},~{r13},~{r14},~{r15},~{memory}"
        };
        b.asm(b.fn_ty(b.void, &[]), "", clobbers, true, &[]);
        self.record = Some(r);
    }

    /// Locals used on both sides of the recovery edge, and what pointers point into.
    fn find_shared(&mut self, pad: Option<&[bool]>) {
        let f = self.f;
        if pad.is_none() {
            return;
        }
        for i in f.blocks.iter().flat_map(|b| &b.insts) {
            let l = match &i.op {
                Op::LocalAddr(l) => Some(*l),
                Op::PtrAdd(p, _) | Op::PtrIndex { base: p, .. } => self.points_into[p.0 as usize],
                _ => None,
            };
            if let Some(r) = i.results.first() {
                self.points_into[r.0 as usize] = l;
            }
        }
        let pad = pad.unwrap();
        let mut sides = vec![(false, false); f.locals.len()];
        for (bi, b) in f.blocks.iter().enumerate() {
            for i in &b.insts {
                i.op.for_each_operand(&mut |v| {
                    if let Some(l) = self.points_into[v.0 as usize] {
                        let s = &mut sides[l.0 as usize];
                        if pad[bi] { s.1 = true } else { s.0 = true }
                    }
                });
            }
        }
        for (i, s) in sides.iter().enumerate() {
            self.shared[i] = s.0 && s.1;
        }
    }

    /// Whether accesses through this pointer must be volatile because of the recovery pad.
    pub fn pinned(&self, p: Value) -> bool {
        self.points_into[p.0 as usize].is_some_and(|l| self.shared[l.0 as usize])
    }

    // --- small helpers

    fn slot(&mut self) -> V {
        let t = self.g.b.ptr;
        self.alloca(t, 8)
    }

    /// Static frame slot, in the entry block.
    pub fn alloca(&mut self, t: T, align: u64) -> V {
        let b = &self.g.b;
        let here = b.current();
        b.at_end(self.entry);
        b.clear_loc();
        let a = b.alloca(t, align);
        b.at_end(here);
        self.reset_loc();
        a
    }

    fn alloca_ty(&mut self, ty: Ty, size: u64, align: u64) -> V {
        let b = &self.g.b;
        let t = if self.g.m.types.is_scalar(ty) { mem_ty(b, &self.g.m.types, ty) } else { b.array_ty(b.i8, size.max(1)) };
        self.alloca(t, align.max(if size >= 8 { 8 } else { 1 }))
    }

    fn alloca_bytes(&mut self, size: u64, align: u64) -> V {
        let t = self.g.b.array_ty(self.g.b.i8, size.max(1));
        self.alloca(t, align.max(8))
    }

    fn reset_loc(&mut self) {
        // `alloca` cleared the builder's location.
        let l = self.cur_loc;
        self.loc = NO_LOC;
        self.set_loc(l);
    }

    fn set_loc(&mut self, mut l: Loc) {
        self.cur_loc = l;
        if self.g.debug.is_none() {
            return;
        }
        if l.line == 0 {
            l = Loc { at: l.at, ..self.scope_of(l.at).1 };
        }
        if l == self.loc {
            return;
        }
        self.loc = l;
        let md = self.debug_loc(l);
        self.g.b.set_loc(md);
    }

    /// Scope of the code that `at` names, where its function is declared, and where the call stood.
    fn scope_of(&self, at: u32) -> (Md, Loc, Md) {
        match at {
            0 => (self.scope, self.f.loc, std::ptr::null_mut()),
            n => self.inlined[n as usize - 1],
        }
    }

    fn debug_loc(&mut self, l: Loc) -> Md {
        let (scope, decl, place) = self.scope_of(l.at);
        let scope = if l.file == decl.file { scope } else { self.g.debug.as_mut().unwrap().in_file(scope, l.file) };
        self.g.b.debug_loc_at(l.line, scope, place)
    }

    fn find_inlined(&mut self) {
        if self.g.debug.is_none() {
            return;
        }
        for n in &self.f.inlined {
            let name = self.g.m.sym_name(n.sym);
            let display = n.display_name.as_deref().unwrap_or(name);
            let call = if n.call.line == 0 { Loc { at: n.call.at, ..self.scope_of(n.call.at).1 } } else { n.call };
            let place = self.debug_loc(call);
            let scope = self.g.debug.as_mut().unwrap().subprogram(display, &link_name(name), n.loc.file, n.loc.line);
            self.inlined.push((scope, n.loc, place));
        }
    }

    pub fn val(&self, v: Value) -> Val {
        self.vals[v.0 as usize].unwrap_or_else(|| panic!("internal compiler error: v{} has no definition yet", v.0))
    }

    /// A one-scalar value.
    pub fn v1(&self, v: Value) -> V {
        let x = self.val(v);
        assert!(x.n == 1, "internal compiler error: v{} is not a scalar", v.0);
        x.s[0]
    }

    pub fn set_results(&mut self, inst: &Inst, vs: &[Val]) {
        if !self.new_slots.is_empty() {
            let slots = std::mem::take(&mut self.new_slots);
            self.result_slots.push((inst.results[0], slots));
        }
        for (r, v) in inst.results.iter().zip(vs) {
            self.vals[r.0 as usize] = Some(*v);
        }
    }

    pub fn ty(&self, v: Value) -> Ty {
        self.f.ty(v)
    }

    pub fn local(&self, l: Local) -> V {
        self.locals[l.0 as usize]
    }

    pub fn pad_record(&self) -> V {
        self.record.expect("internal compiler error: padrecord outside the pad")
    }

    pub fn closure_ctx(&self) -> V {
        self.g.b.param(self.llf, self.abi.ctx_index)
    }

    /// The function's g.
    pub fn cur_g(&mut self) -> V {
        if self.in_pad {
            let b = &self.g.b;
            let v = b.load(b.ptr, self.g_slot.unwrap(), 8);
            b.set_volatile(v);
            return v;
        }
        self.g.b.param(self.llf, self.abi.g_index)
    }

    fn frame_ptr(&mut self) -> V {
        if self.in_pad {
            let b = &self.g.b;
            let v = b.load(b.ptr, self.frame_slot.unwrap(), 8);
            b.set_volatile(v);
            return v;
        }
        self.g.b.param(self.llf, self.abi.frame_index.expect("internal compiler error: no overflow frame"))
    }

    /// Value form to memory/register form of a scalar (i1 -> i8).
    pub fn to_mem(&self, v: V, ty: Ty) -> V {
        if ty == Ty::BOOL { self.g.b.zext(v, self.g.b.i8) } else { v }
    }

    pub fn from_mem(&self, v: V, ty: Ty) -> V {
        if ty == Ty::BOOL { self.g.b.trunc(v, self.g.b.i1) } else { v }
    }

    pub fn ssa_ty(&self, t: Ty) -> T {
        ssa_ty(&self.g.b, &self.g.m.types, t)
    }

    pub fn load_scalar(&self, p: V, ty: Ty, volatile: bool) -> V {
        let types = &self.g.m.types;
        let b = &self.g.b;
        let v = b.load(mem_ty(b, types, ty), p, types.size(ty));
        if volatile {
            b.set_volatile(v);
        }
        self.from_mem(v, ty)
    }

    pub fn store_scalar(&self, v: V, p: V, ty: Ty, volatile: bool) {
        let x = self.to_mem(v, ty);
        let s = self.g.b.store(x, p, self.g.m.types.size(ty));
        if volatile {
            self.g.b.set_volatile(s);
        }
    }

    pub fn load_val(&self, p: V, ty: Ty, volatile: bool) -> Val {
        let mut out = Val::none();
        for s in self.g.scalars(ty).iter() {
            let q = self.g.b.offset(p, s.offset as i64);
            out.push(self.load_scalar(q, s.ty, volatile));
        }
        out
    }

    pub fn store_val(&self, v: &Val, p: V, ty: Ty, volatile: bool) {
        for (s, x) in self.g.scalars(ty).iter().zip(v.slice()) {
            let q = self.g.b.offset(p, s.offset as i64);
            self.store_scalar(*x, q, s.ty, volatile);
        }
    }

    /// Parameter `n` in operand form.
    pub fn param(&mut self, n: u32) -> Val {
        let abi = self.abi.clone();
        let ty = abi.data.params[n as usize];
        let memory = self.g.is_memory(ty);
        match &abi.params[n as usize] {
            Where::Nothing if memory => {
                let a = self.alloca_bytes(0, 1);
                Val::one(a)
            }
            Where::Nothing => Val::none(),
            Where::Words(ws) => {
                let llf = self.llf;
                if memory {
                    let (size, align) = (self.g.m.types.size(ty), self.g.m.types.align(ty));
                    let a = self.alloca_bytes(size, align);
                    for w in ws {
                        let p = self.g.b.offset(a, w.offset as i64);
                        let v = self.g.b.param(llf, w.index);
                        self.g.b.store(v, p, self.g.m.types.size(w.ty));
                    }
                    return Val::one(a);
                }
                let mut out = Val::none();
                for w in ws {
                    out.push(self.from_mem(self.g.b.param(llf, w.index), w.ty));
                }
                out
            }
            Where::Frame(o) => {
                let fp = self.frame_ptr();
                let p = self.g.b.offset(fp, *o as i64);
                if memory { Val::one(p) } else { self.load_val(p, ty, false) }
            }
        }
    }

    // --- calls

    /// Emits a call or, in a function with a pad, an invoke.
    pub fn raw_call(&mut self, fnty: T, callee: V, args: &[V], abi: Option<&SigAbi>) -> V {
        let v = match self.landing {
            // A recovery out of a call that the pad's code makes enters the pad anew; LLVM need not know.
            Some(l) if !self.in_pad => {
                let next = self.g.b.block(self.llf);
                let v = self.g.b.invoke(fnty, callee, args, next, l);
                self.g.b.at_end(next);
                v
            }
            _ => self.g.b.call(fnty, callee, args),
        };
        if self.crowded {
            self.g.b.add_call_attr(v, FUNCTION_INDEX, "noinline");
        }
        if let Some(abi) = abi {
            let b = &self.g.b;
            // Each call has its line, and the inlined function it stands in, which the callee may ask for.
            b.add_call_attr(v, FUNCTION_INDEX, "nomerge");
            b.set_call_cc(v, SWIFTCC);
            b.add_call_attr(v, param_index(abi.ctx_index), "nest");
            b.add_call_attr(v, param_index(abi.g_index), "swiftself");
            if std::mem::take(&mut self.keep_call) {
                b.add_call_attr(v, FUNCTION_INDEX, "noinline");
            }
        }
        v
    }

    fn word_from_val(&self, v: &Val, ty: Ty, w: &Word) -> V {
        let i = self
            .g
            .scalars(ty)
            .iter()
            .position(|s| s.offset == w.offset && self.g.m.types.size(s.ty) > 0)
            .expect("internal compiler error: register word without scalar");
        self.to_mem(v.s[i], w.ty)
    }

    /// A Go call: places arguments, calls, fetches results in operand form.
    pub fn go_call(&mut self, callee: V, ctx: Option<V>, abi: &Rc<SigAbi>, args: &[Val]) -> Vec<Val> {
        let types = &self.g.m.types;
        let mut ll: Vec<V> = Vec::with_capacity(abi.param_tys.len());
        for t in &abi.param_tys {
            ll.push(self.g.b.undef(*t));
        }
        let memory_result = abi.data.results.iter().any(|t| self.g.is_memory(*t));
        let frame = if abi.frame_size > 0 {
            let f = if memory_result {
                self.result_area(abi.frame_size, 16)
            } else {
                self.shared_area()
            };
            Some(f)
        } else {
            None
        };
        for (i, w) in abi.params.iter().enumerate() {
            let ty = abi.data.params[i];
            let memory = self.g.is_memory(ty);
            let a = &args[i];
            match w {
                Where::Nothing => {}
                Where::Words(ws) => {
                    for w in ws {
                        ll[w.index as usize] = if memory {
                            let b = &self.g.b;
                            let p = b.offset(a.s[0], w.offset as i64);
                            b.load(mem_ty(b, types, w.ty), p, types.size(w.ty))
                        } else {
                            self.word_from_val(a, ty, w)
                        };
                    }
                }
                Where::Frame(o) => {
                    let b = &self.g.b;
                    let p = b.offset(frame.unwrap(), *o as i64);
                    if memory {
                        b.memcpy(p, a.s[0], b.c64(types.size(ty)), types.align(ty));
                    } else {
                        self.store_val(a, p, ty, false);
                    }
                }
            }
        }
        if let (Some(i), Some(f)) = (abi.frame_index, frame) {
            ll[i as usize] = f;
        }
        ll[abi.ctx_index as usize] = ctx.unwrap_or_else(|| self.g.b.poison(self.g.b.ptr));
        ll[abi.g_index as usize] = self.cur_g();
        let r = self.raw_call(abi.fnty, callee, &ll, Some(abi));
        let word = |s: &Self, i: u32| if abi.ret_words == 1 { r } else { s.g.b.extract(r, i) };
        let mut out = Vec::with_capacity(abi.results.len());
        for (i, w) in abi.results.iter().enumerate() {
            let ty = abi.data.results[i];
            let memory = self.g.is_memory(ty);
            out.push(match w {
                Where::Nothing if memory => Val::one(self.alloca_bytes(0, 1)),
                Where::Nothing => Val::none(),
                Where::Words(ws) if memory => {
                    let (size, align) = (self.g.m.types.size(ty), self.g.m.types.align(ty));
                    let a = self.result_area(size, align);
                    for w in ws {
                        let v = word(self, w.index);
                        let p = self.g.b.offset(a, w.offset as i64);
                        self.g.b.store(v, p, self.g.m.types.size(w.ty));
                    }
                    Val::one(a)
                }
                Where::Words(ws) => {
                    let mut v = Val::none();
                    for w in ws {
                        let x = word(self, w.index);
                        v.push(self.from_mem(x, w.ty));
                    }
                    v
                }
                Where::Frame(o) => {
                    let p = self.g.b.offset(frame.unwrap(), *o as i64);
                    if memory { Val::one(p) } else { self.load_val(p, ty, false) }
                }
            });
        }
        out
    }

    /// One overflow area for all calls whose results do not stay in it.
    fn shared_area(&mut self) -> V {
        if let Some(a) = self.area {
            return a;
        }
        let mut size = 0;
        for i in self.f.blocks.iter().flat_map(|b| &b.insts) {
            if let Op::Call { sig, .. } = &i.op {
                let abi = self.g.abi(*sig);
                if !abi.data.results.iter().any(|t| self.g.is_memory(*t)) {
                    size = size.max(abi.frame_size);
                }
            }
        }
        // Calls made by the backend itself never use a frame.
        let a = self.alloca_bytes(size, 16);
        self.area = Some(a);
        a
    }

    /// Calls a runtime function by symbol.
    pub fn runtime_call(&mut self, name: &str, params: &[Ty], results: &[Ty], args: &[Val]) -> Vec<Val> {
        let abi = self.g.abi_of(&SigData { params: params.to_vec(), results: results.to_vec() });
        let f = self.g.go_function(name, &abi);
        self.go_call(f, None, &abi, args)
    }

    /// Calls a runtime function that panics.
    fn panic_call(&mut self, name: &str, params: &[Ty], args: &[Val]) {
        self.runtime_call(name, params, &[], args);
    }

    /// Continues when `ok`; otherwise calls the runtime function, which does not return.
    pub fn check(&mut self, ok: V, name: &str, params: &[Ty], args: &[Val]) {
        let b = &self.g.b;
        let (bad, cont) = (b.block(self.llf), b.block(self.llf));
        let br = b.cond_br(ok, cont, bad);
        let w = b.branch_weights(1 << 20, 1);
        b.set_prof(br, w);
        b.at_end(bad);
        self.panic_call(name, params, args);
        self.g.b.unreachable();
        self.g.b.at_end(cont);
    }

    // --- terminators

    fn bb(&self, b: Block) -> BB {
        self.blocks[b.0 as usize].expect("internal compiler error: jump to the pad")
    }

    fn term(&mut self, t: &Term) {
        match t {
            Term::Jump(b) => self.g.b.br(self.bb(*b)),
            Term::If { cond, then, els, likely } => {
                let c = self.v1(*cond);
                let br = self.g.b.cond_br(c, self.bb(*then), self.bb(*els));
                if let Some(l) = likely {
                    let w = if *l { self.g.b.branch_weights(1 << 10, 1) } else { self.g.b.branch_weights(1, 1 << 10) };
                    self.g.b.set_prof(br, w);
                }
            }
            Term::Switch { value, cases, default } => {
                let v = self.v1(*value);
                let t = self.g.b.ty(v);
                let cs: Vec<(V, BB)> = cases.iter().map(|(k, b)| (self.g.b.c_masked(t, *k), self.bb(*b))).collect();
                self.g.b.switch(v, self.bb(*default), &cs);
            }
            Term::Ret(vs) => self.ret(vs),
            Term::Unreachable => self.g.b.unreachable(),
        }
    }

    fn ret(&mut self, vs: &[Value]) {
        let abi = self.abi.clone();
        let mut words: Vec<V> = vec![std::ptr::null_mut(); abi.ret_words as usize];
        for (i, w) in abi.results.iter().enumerate() {
            let ty = abi.data.results[i];
            let memory = self.g.is_memory(ty);
            let x = self.val(vs[i]);
            match w {
                Where::Nothing => {}
                Where::Words(ws) => {
                    for w in ws {
                        words[w.index as usize] = if memory {
                            let b = &self.g.b;
                            let p = b.offset(x.s[0], w.offset as i64);
                            b.load(mem_ty(b, &self.g.m.types, w.ty), p, self.g.m.types.size(w.ty))
                        } else {
                            self.word_from_val(&x, ty, w)
                        };
                    }
                }
                Where::Frame(o) => {
                    let fp = self.frame_ptr();
                    let p = self.g.b.offset(fp, *o as i64);
                    if memory {
                        let (size, align) = (self.g.m.types.size(ty), self.g.m.types.align(ty));
                        self.g.b.memcpy(p, x.s[0], self.g.b.c64(size), align);
                    } else {
                        self.store_val(&x, p, ty, false);
                    }
                }
            }
        }
        let b = &self.g.b;
        match words.len() {
            0 => b.ret_void(),
            1 => b.ret(words[0]),
            _ => {
                let mut agg = b.poison(abi.ret_ty);
                for (i, w) in words.iter().enumerate() {
                    agg = b.insert(agg, *w, i as u32);
                }
                b.ret(agg);
            }
        }
    }
}

/// Reachable blocks in reverse postorder, those of the pad after the others.
fn rpo(f: &Function) -> Vec<usize> {
    let mut seen = vec![false; f.blocks.len()];
    let mut out = Vec::new();
    let mut run = |start: usize, out: &mut Vec<usize>| {
        let mut post = Vec::new();
        let succ = |b: usize| f.blocks[b].term.as_ref().map(successors).unwrap_or_default();
        if std::mem::replace(&mut seen[start], true) {
            return;
        }
        let mut stack = vec![(start, succ(start))];
        while let Some((b, ss)) = stack.last_mut() {
            match ss.pop() {
                Some(s) => {
                    let s = s.0 as usize;
                    if !std::mem::replace(&mut seen[s], true) {
                        stack.push((s, succ(s)));
                    }
                }
                None => {
                    post.push(*b);
                    stack.pop();
                }
            }
        }
        out.extend(post.into_iter().rev());
    };
    run(0, &mut out);
    if let Some(p) = f.pad {
        run(p.0 as usize, &mut out);
    }
    out
}
