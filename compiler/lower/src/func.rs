//! Lowering one function: declarations, literals, bodies of range-over-func loops.
//!
//! [`FunctionLowering`] holds what belongs to one IR function; [`Shared`] what a declaration shares with the literals in it. The expression and statement
//! lowerings are further `impl` blocks of [`FunctionLowering`] in the files `expr`, `call`, `stmt`, ...
//!
//! Values: for SSA types the value itself; for memory types (`rgo_ir::types`) a pointer to memory that holds the value. A pointer returned by
//! [`FunctionLowering::expr`] is either private to the expression or memory that nobody changes before the next statement-level side effect; whoever keeps it
//! across other evaluations takes a snapshot ([`FunctionLowering::snapshot`]).

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use rgo_ir::{Block, FuncAttrs, FunctionBuilder, Intrinsic, Linkage, Local, MemFlags, Op, Sym, Term, Ty, Value};
use rgo_syntax::ast::*;
use rgo_syntax::pos::Pos;
use rgo_types::{Info, Initializer, Obj, Signature, Type, VarKind};

use crate::capture::{CapVar, Captures, FnFlags, analyse};
use crate::defer::DeferState;
use crate::env::Env;
use crate::package::PackageLowering;
use crate::program::PackageData;

pub use crate::services::lower_package_init;

/// Largest variable that lives in a frame.
const MAX_FRAME_VAR: u64 = 128 << 10;

/// What an address points to; decides the flags of stores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemKind {
    /// The frame of this function, or memory it owns.
    Frame,
    /// Possibly heap memory or a global.
    Heap,
    /// A new object nobody else knows yet.
    Fresh,
    /// A named result in the record of a function with defers. A fault in any instruction may lead to the recovery pad, which returns what is there.
    Result,
}

/// An address: base plus offset.
#[derive(Clone, Copy, Debug)]
pub struct Addr {
    pub base: Value,
    pub off: i64,
    pub kind: MemKind,
}

impl Addr {
    pub fn new(base: Value, kind: MemKind) -> Addr {
        Addr { base, off: 0, kind }
    }
    pub fn offset(self, n: u64) -> Addr {
        Addr { off: self.off + n as i64, ..self }
    }
}

/// Where a variable lives.
#[derive(Clone, Copy, Debug)]
pub enum Storage {
    Local(Local),
    /// A fixed address (a value that dominates all uses).
    Addr(Value, MemKind),
    /// A local that holds the address of the variable's object.
    Boxed(Local),
}

/// Targets of break and continue by statement.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub brk: Block,
    pub cont: Option<Block>,
}

/// Where control goes when it leaves a range-over-func body other than by falling off its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ExitKind {
    Return,
    Break(NodeId),
    Continue(NodeId),
    Goto(NodeId),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Exit {
    pub code: i64,
    pub kind: ExitKind,
}

/// Extra state while the function is the body of a range-over-func loop.
pub(crate) struct RangeBody {
    pub stmt: NodeId,
    /// Address of the state variable.
    pub state: Value,
    pub exits: Vec<Exit>,
    /// Addresses of the results of the function the loop is in, when the body returns.
    pub outer_results: Vec<(Value, Type)>,
    pub defer_frame: Option<Value>,
}

/// A result of the function.
#[derive(Clone, Copy)]
pub(crate) struct ResultSlot {
    pub typ: Type,
    /// None: unnamed, and nobody needs it in memory.
    pub storage: Option<Storage>,
}

/// What a declaration and the literals in it have in common.
pub(crate) struct Shared {
    pub pd: &'static PackageData,
    pub info: &'static Info,
    pub env: Env,
    pub caps: Captures,
    /// Loop variables are per iteration (language version 1.22).
    pub per_iteration: bool,
    pub linkage: Linkage,
    pub norace: bool,
    /// Last exit code used for a range-over-func exit.
    pub exit_code: Cell<i64>,
}

pub struct FunctionLowering<'a, 'p> {
    pub pl: &'a mut PackageLowering<'p>,
    pub fb: FunctionBuilder,
    /// Where the code at hand comes from.
    pub(crate) pos: Pos,
    pub(crate) sh: Rc<Shared>,
    /// Symbol name; prefix of the names of closures.
    pub(crate) name: String,
    /// Is this a literal inside of another function?
    pub(crate) nested: bool,
    pub(crate) id: NodeId,
    pub(crate) flags: FnFlags,
    pub(crate) func_gen: u32,
    pub(crate) range_gen: u32,
    pub(crate) defer_gen: u32,
    pub(crate) vars: HashMap<Obj, Storage>,
    pub(crate) results: Vec<ResultSlot>,
    pub(crate) targets: HashMap<NodeId, Target>,
    pub(crate) labels: HashMap<NodeId, Block>,
    /// Labels of a range-over-func body (all others are in the function around it).
    pub(crate) own_labels: HashSet<NodeId>,
    pub(crate) fallthrough: Option<Block>,
    pub(crate) loop_depth: u32,
    pub(crate) defer: Option<DeferState>,
    pub(crate) range_body: Option<RangeBody>,
    /// Address of the exit code of the current chain of range-over-func loops.
    pub(crate) next_addr: Option<Value>,
}

/// Lowers a declared function or method (with a body) and adds it to the module.
pub fn lower_func_decl(pl: &mut PackageLowering<'_>, pd: &'static PackageData, fd: &'static FuncDecl, obj: Obj, env: Env, sym: Sym, linkage: Linkage) {
    let Some(body) = &fd.body else { return };
    let per_iteration = pl.loopvar_per_iteration(pd, fd.pos);
    let caps = analyse(pd.info, &env, per_iteration, fd.recv.as_ref(), Some(&fd.typ), Some(body), &[]);
    let pragmas = pd.pragmas(fd);
    let flags = caps.flags_of(NodeId::NONE);
    let attrs = FuncAttrs { nosplit: pragmas.nosplit, noinline: pragmas.noinline || pragmas.cgo_unsafe_args || flags.recovers || flags.defers, norace: pragmas.norace, ..FuncAttrs::default() };
    let sh = Rc::new(Shared { pd, info: pd.info, env, caps, per_iteration, linkage, norace: pragmas.norace, exit_code: Cell::new(0) });
    let sig = obj.signature();
    let recv = sig.recv().map(|r| r.typ());
    let ir_sig = pl.ir_sig(recv, sig, &sh.env);
    let loc = pl.loc(fd.name.pos);
    let name = pl.m.sym_name(sym).to_string();
    let fb = FunctionBuilder::new(&mut pl.m, sym, ir_sig, linkage, attrs, loc);
    let mut fl = FunctionLowering::new(pl, fb, sh, name, false, NodeId::NONE);
    let mut types: Vec<Type> = Vec::new();
    types.extend(recv);
    types.extend(sig.params().types());
    let mut names = Vec::new();
    if let Some(r) = &fd.recv {
        fl.field_objs(r, &mut names);
    }
    fl.field_objs(&fd.typ.params, &mut names);
    if pragmas.cgo_unsafe_args {
        fl.begin_in_record(&types, &names, sig, fd.typ.results.as_ref());
    } else {
        fl.begin(&types, &names, sig, fd.typ.results.as_ref());
    }
    fl.block_stmt(body);
    fl.end(body.rbrace);
}

/// Starts a function without parameters and results that exists in no source, with code for `exprs` (a package initialiser).
pub fn lower_synthetic<'a, 'p>(
    pl: &'a mut PackageLowering<'p>,
    pd: &'static PackageData,
    exprs: &[&'static Expr],
    sym: Sym,
    linkage: Linkage,
    pos: Pos,
) -> FunctionLowering<'a, 'p> {
    let env = Env::empty();
    let caps = analyse(pd.info, &env, true, None, None, None, exprs);
    let sh = Rc::new(Shared { pd, info: pd.info, env, caps, per_iteration: true, linkage, norace: false, exit_code: Cell::new(0) });
    let sig = pl.m.sig(&[], &[]);
    let loc = pl.loc(pos);
    let name = pl.m.sym_name(sym).to_string();
    let attrs = FuncAttrs { noinline: true, ..FuncAttrs::default() };
    let fb = FunctionBuilder::new(&mut pl.m, sym, sig, linkage, attrs, loc);
    FunctionLowering::new(pl, fb, sh, name, false, NodeId::NONE)
}

impl<'a, 'p> FunctionLowering<'a, 'p> {
    pub(crate) fn new(pl: &'a mut PackageLowering<'p>, fb: FunctionBuilder, sh: Rc<Shared>, name: String, nested: bool, id: NodeId) -> Self {
        let flags = sh.caps.flags_of(id);
        FunctionLowering {
            pl,
            fb,
            sh,
            name,
            nested,
            id,
            flags,
            func_gen: 0,
            range_gen: 0,
            defer_gen: 0,
            vars: HashMap::new(),
            results: Vec::new(),
            targets: HashMap::new(),
            labels: HashMap::new(),
            own_labels: HashSet::new(),
            fallthrough: None,
            pos: Pos::NONE,
            loop_depth: 0,
            defer: None,
            range_body: None,
            next_addr: None,
        }
    }

    /// The objects of the fields of a parameter list; None for unnamed and blank ones.
    pub(crate) fn field_objs(&self, l: &FieldList, out: &mut Vec<Option<Obj>>) {
        for f in &l.fields {
            if f.names.is_empty() {
                out.push(None);
            }
            for n in &f.names {
                out.push(if n.name.as_str() == "_" { None } else { self.sh.info.def_of(n) });
            }
        }
    }

    /// Parameters and results.
    pub(crate) fn begin(&mut self, types: &[Type], names: &[Option<Obj>], sig: &'static Signature, results: Option<&'static FieldList>) {
        if types.len() != names.len() {
            panic!("internal compiler error: {}: {} parameters, {} names", self.name, types.len(), names.len());
        }
        for (i, (t, n)) in types.iter().zip(names).enumerate() {
            if let Some(o) = n {
                let t = self.subst(*t);
                let v = self.fb.param(i);
                self.bind_param(o, t, v);
            }
        }
        let mut rnames = Vec::new();
        if let Some(r) = results {
            self.field_objs(r, &mut rnames);
        }
        rnames.resize(sig.results().len(), None);
        let rtypes: Vec<Type> = sig.results().types().map(|t| self.sh.env.subst(t)).collect();
        if self.flags.defers {
            self.begin_defers(&rtypes, &rnames);
            return;
        }
        for (t, o) in rtypes.iter().zip(&rnames) {
            let storage = match o {
                Some(o) => Some(self.declare(o, *t)),
                None if self.flags.returns_in_range => {
                    let a = self.new_object(*t);
                    Some(Storage::Addr(a, MemKind::Heap))
                }
                // A blank result is returned as zero by a return without operands.
                None if results.is_some_and(|r| r.fields.iter().any(|f| !f.names.is_empty())) => {
                    let ty = self.pl.ir_ty(*t);
                    let l = self.fb.local("_", ty);
                    let a = self.fb.local_addr(l);
                    self.zero_at(Addr::new(a, MemKind::Frame), *t);
                    Some(Storage::Local(l))
                }
                None => None,
            };
            self.results.push(ResultSlot { typ: *t, storage });
        }
    }

    /// Parameters and results of a function that hands their address to C code: one record in the frame, results aligned to words behind the parameters.
    fn begin_in_record(&mut self, types: &[Type], names: &[Option<Obj>], sig: &'static Signature, results: Option<&'static FieldList>) {
        let mut rnames = Vec::new();
        if let Some(r) = results {
            self.field_objs(r, &mut rnames);
        }
        rnames.resize(sig.results().len(), None);
        let rtypes: Vec<Type> = sig.results().types().map(|t| self.sh.env.subst(t)).collect();
        let (mut end, mut offsets) = (0u64, Vec::new());
        for (i, t) in types.iter().chain(&rtypes).enumerate() {
            let align = if i == types.len() { 8 } else { self.pl.align_of(*t).max(1) };
            let at = end.next_multiple_of(align);
            offsets.push(at);
            end = at + self.pl.size_of(*t);
        }
        let ty = self.pl.m.types.mk_array(Ty::I64, end.div_ceil(8).max(1));
        let record = self.fb.local("args", ty);
        let base = self.fb.local_addr(record);
        self.fb.emit0(Op::ZeroMem { dst: base, ty, flags: MemFlags::default() });
        for (i, t) in types.iter().enumerate() {
            let p = self.fb.ptr_add(base, offsets[i] as i64);
            let v = self.fb.param(i);
            self.store_at(Addr::new(p, MemKind::Frame), *t, v);
            if let Some(o) = names[i] {
                self.vars.insert(o, Storage::Addr(p, MemKind::Frame));
            }
        }
        for ((t, o), at) in rtypes.iter().zip(&rnames).zip(&offsets[types.len()..]) {
            let p = self.fb.ptr_add(base, *at as i64);
            let storage = Storage::Addr(p, MemKind::Frame);
            if let Some(o) = o {
                self.vars.insert(*o, storage);
            }
            self.results.push(ResultSlot { typ: *t, storage: Some(storage) });
        }
    }

    fn bind_param(&mut self, o: Obj, t: Type, v: Value) {
        let s = if self.is_boxed(o) {
            let p = self.new_object(t);
            self.store_at(Addr::new(p, MemKind::Fresh), t, v);
            Storage::Addr(p, MemKind::Heap)
        } else if self.pl.is_memory(t) {
            Storage::Addr(v, MemKind::Frame)
        } else {
            let ty = self.pl.ir_ty(t);
            let l = self.fb.local(o.name(), ty);
            let a = self.fb.local_addr(l);
            self.store_at(Addr::new(a, MemKind::Frame), t, v);
            Storage::Local(l)
        };
        self.vars.insert(o, s);
    }

    /// Ends the function: falls off the end, or returns its results as they are.
    pub(crate) fn end(mut self, rbrace: Pos) {
        if !self.fb.terminated() {
            self.set_pos(rbrace);
            if self.range_body.is_some() {
                self.range_continue();
            } else {
                self.return_current();
            }
        }
        // Deferred functions are called from the end of the function.
        self.set_pos(rbrace);
        self.finish_defers();
        self.commit();
    }

    /// Adds the function to the module.
    pub(crate) fn commit(self) {
        let display = PackageLowering::display_name(&self.name);
        let mut f = self.fb.finish();
        f.display_name = display;
        self.pl.m.functions.push(f);
    }

    pub(crate) fn set_pos(&mut self, p: Pos) {
        if p != Pos::NONE {
            self.pos = p;
            let l = self.pl.loc(p);
            self.fb.set_loc(l);
        }
    }

    pub(crate) fn subst(&self, t: Type) -> Type {
        self.sh.env.subst(t)
    }

    /// The type of an expression under the environment.
    pub fn type_of(&self, e: &Expr) -> Type {
        let t = self.sh.info.type_of(e);
        self.sh.env.subst(t)
    }

    // --- variables

    /// Is the variable captured by value (where it is captured)?
    pub(crate) fn by_value(&mut self, o: Obj) -> bool {
        if self.sh.caps.assigned.contains(&o) || self.sh.caps.addr_taken.contains(&o) {
            return false;
        }
        let t = self.subst(o.typ());
        self.pl.size_of(t) <= 128
    }

    pub(crate) fn is_boxed(&mut self, o: Obj) -> bool {
        if self.sh.caps.addr_taken.contains(&o) {
            return true;
        }
        if o.var_kind() == Some(VarKind::Result) && self.flags.returns_in_range {
            return true;
        }
        if self.sh.caps.captured.contains(&o) && !self.by_value(o) {
            return true;
        }
        // Too big for a frame, as gc decides it.
        let t = self.subst(o.typ());
        self.pl.size_of(t) > MAX_FRAME_VAR
    }

    /// Makes storage for a variable, zeroed.
    pub(crate) fn declare(&mut self, o: Obj, t: Type) -> Storage {
        let s = self.declare_uninit(o, t);
        if let Storage::Local(l) = s {
            let a = self.fb.local_addr(l);
            self.zero_at(Addr::new(a, MemKind::Frame), t);
        }
        s
    }

    /// Makes storage for a variable that is stored to at once.
    pub(crate) fn declare_uninit(&mut self, o: Obj, t: Type) -> Storage {
        let s = if self.is_boxed(o) {
            let p = self.new_object(t);
            Storage::Addr(p, MemKind::Heap)
        } else {
            let ty = self.pl.ir_ty(t);
            Storage::Local(self.fb.local(o.name(), ty))
        };
        self.vars.insert(o, s);
        s
    }

    pub(crate) fn storage_addr(&mut self, s: Storage) -> Addr {
        match s {
            Storage::Local(l) => {
                let a = self.fb.local_addr(l);
                Addr::new(a, MemKind::Frame)
            }
            Storage::Addr(v, k) => Addr::new(v, k),
            Storage::Boxed(l) => {
                let a = self.fb.local_addr(l);
                let p = self.fb.load(Ty::PTR, a);
                Addr::new(p, MemKind::Heap)
            }
        }
    }

    /// The address of a variable, local or global.
    pub(crate) fn var_addr(&mut self, o: Obj) -> Addr {
        if let Some(&s) = self.vars.get(&o) {
            return self.storage_addr(s);
        }
        if o.var_kind() == Some(VarKind::Package) {
            let s = self.pl.global(o);
            let a = self.fb.sym_addr(s);
            return Addr::new(a, MemKind::Heap);
        }
        panic!("internal compiler error: {}: variable {} has no storage", self.name, o.name())
    }

    // --- memory

    pub(crate) fn new_object(&mut self, t: Type) -> Value {
        let ty = self.pl.ir_ty(t);
        let desc = self.pl.type_desc(t);
        self.fb.emit1(Op::New { ty, desc }, Ty::PTR)
    }

    /// A frame slot for a temporary value of type `t` (contents undefined).
    pub(crate) fn temp(&mut self, t: Type) -> Value {
        let ty = self.pl.ir_ty(t);
        self.temp_ty(ty)
    }

    pub(crate) fn temp_ty(&mut self, ty: Ty) -> Value {
        if self.pl.m.types.size(ty) > MAX_FRAME_VAR {
            let desc = self.pl.shape_desc(ty);
            return self.fb.emit1(Op::New { ty, desc }, Ty::PTR);
        }
        let l = self.fb.local("", ty);
        self.fb.local_addr(l)
    }

    pub(crate) fn addr(&mut self, a: Addr) -> Value {
        self.fb.ptr_add(a.base, a.off)
    }

    pub(crate) fn mem_flags(&mut self, k: MemKind, t: Type) -> MemFlags {
        match k {
            MemKind::Frame => MemFlags::default(),
            MemKind::Result => MemFlags { volatile: true, ..MemFlags::default() },
            MemKind::Heap => MemFlags { barrier: self.pl.has_pointers(t), ..MemFlags::default() },
            MemKind::Fresh => MemFlags { barrier: self.pl.has_pointers(t), init: true, ..MemFlags::default() },
        }
    }

    /// The value at an address: for memory types the address itself (no copy).
    pub(crate) fn load_at(&mut self, a: Addr, t: Type) -> Value {
        let ty = self.pl.ir_ty(t);
        if self.pl.m.types.is_memory(ty) {
            return self.addr(a);
        }
        if self.pl.m.types.size(ty) == 0 {
            return self.fb.emit1(Op::Zero, ty);
        }
        let p = self.addr(a);
        self.fb.load(ty, p)
    }

    pub(crate) fn store_at(&mut self, a: Addr, t: Type, v: Value) {
        let ty = self.pl.ir_ty(t);
        if self.pl.m.types.size(ty) == 0 {
            return;
        }
        let flags = self.mem_flags(a.kind, t);
        let p = self.addr(a);
        if self.pl.m.types.is_memory(ty) {
            if p != v {
                self.fb.emit0(Op::Copy { dst: p, src: v, ty, flags });
            }
        } else {
            self.fb.store(p, v, flags);
        }
    }

    pub(crate) fn zero_at(&mut self, a: Addr, t: Type) {
        let ty = self.pl.ir_ty(t);
        if self.pl.m.types.size(ty) == 0 {
            return;
        }
        let p = self.addr(a);
        let flags = self.mem_flags(a.kind, t);
        if self.pl.m.types.is_memory(ty) {
            self.fb.emit0(Op::ZeroMem { dst: p, ty, flags });
        } else {
            let z = self.fb.emit1(Op::Zero, ty);
            self.fb.store(p, z, flags);
        }
    }

    /// The zero value of a type.
    pub(crate) fn zero(&mut self, t: Type) -> Value {
        let ty = self.pl.ir_ty(t);
        if self.pl.m.types.is_memory(ty) {
            let p = self.temp_ty(ty);
            self.fb.emit0(Op::ZeroMem { dst: p, ty, flags: MemFlags::default() });
            return p;
        }
        self.fb.emit1(Op::Zero, ty)
    }

    /// A value that later side effects do not change: memory is copied to a temporary.
    pub(crate) fn snapshot(&mut self, v: Value, t: Type) -> Value {
        let ty = self.pl.ir_ty(t);
        if !self.pl.m.types.is_memory(ty) {
            return v;
        }
        let p = self.temp_ty(ty);
        self.fb.emit0(Op::Copy { dst: p, src: v, ty, flags: MemFlags::default() });
        p
    }

    /// Memory holding the value: for passing by address to the run-time.
    pub(crate) fn spill(&mut self, v: Value, t: Type) -> Value {
        if self.pl.is_memory(t) {
            return v;
        }
        let p = self.temp(t);
        self.store_at(Addr::new(p, MemKind::Frame), t, v);
        p
    }

    /// A package variable initialisation.
    pub(crate) fn init_vars(&mut self, i: &Initializer) {
        self.set_pos(i.rhs.pos);
        let named: Vec<Obj> = i.lhs.clone();
        if named.len() <= 1 && !matches!(self.sh.info.try_type_of(i.rhs), Some(Type::Tuple(_))) {
            let Some(o) = named.first() else {
                return self.discard(i.rhs);
            };
            let t = o.typ();
            let v = self.expr_conv(i.rhs, t);
            if o.name() != "_" {
                let a = self.var_addr(o);
                self.store_at(a, t, v);
            }
            return;
        }
        if named.is_empty() {
            self.discard(i.rhs);
            return;
        }
        let vals = self.multi_values(i.rhs, named.len().max(2));
        for (o, (v, from)) in named.iter().zip(vals) {
            if o.name() != "_" {
                let t = o.typ();
                let v = self.value_conv(v, from, t);
                let a = self.var_addr(o);
                self.store_at(a, t, v);
            }
        }
    }

    // --- small conveniences

    pub(crate) fn rt(&mut self, name: &str, params: &[Ty], results: &[Ty], args: Vec<Value>) -> Vec<Value> {
        self.pl.rt_call(&mut self.fb, name, params, results, args)
    }

    pub(crate) fn part(&mut self, agg: Value, i: u32) -> Value {
        self.fb.extract(&self.pl.m.types, agg, i)
    }

    pub(crate) fn desc_addr(&mut self, t: Type) -> Value {
        let s = self.pl.type_desc(t);
        self.fb.sym_addr(s)
    }

    pub(crate) fn string_const(&mut self, s: &[u8]) -> Value {
        if s.is_empty() {
            return self.fb.emit1(Op::Zero, Ty::STRING);
        }
        let sym = self.pl.string_data(s);
        let p = self.fb.sym_addr(sym);
        let n = self.fb.i64(s.len() as i64);
        self.fb.aggregate(Ty::STRING, vec![p, n])
    }

    /// Starts the block `b`, jumping to it from the current one.
    pub(crate) fn start(&mut self, b: Block) {
        self.fb.jump(b);
        self.fb.switch_to(b);
    }

    pub(crate) fn branch_likely(&mut self, cond: Value, then: Block, els: Block, likely: bool) {
        self.fb.term(Term::If { cond, then, els, likely: Some(likely) });
    }

    // --- closures

    /// The name of the next closure, as gc gives it.
    pub(crate) fn closure_name(&mut self, what: &str) -> String {
        let (suffix, n) = match what {
            "func" => {
                self.func_gen += 1;
                (if self.nested { "." } else { ".func" }, self.func_gen)
            }
            "range" => {
                self.range_gen += 1;
                ("-range", self.range_gen)
            }
            "gowrap" => {
                self.defer_gen += 1;
                (".gowrap", self.defer_gen)
            }
            _ => {
                self.defer_gen += 1;
                (".deferwrap", self.defer_gen)
            }
        };
        format!("{}{}{}", self.name, suffix, n)
    }

    /// IR type of a captured variable in the closure record.
    fn cap_ty(&mut self, c: CapVar) -> Ty {
        match c {
            CapVar::Obj(o) if self.by_value(o) => {
                let t = self.subst(o.typ());
                self.pl.ir_ty(t)
            }
            _ => Ty::PTR,
        }
    }

    /// The record type `{code, captures...}`.
    pub(crate) fn record_ty(&mut self, fields: &[Ty]) -> Ty {
        let mut v = vec![Ty::PTR];
        v.extend_from_slice(fields);
        self.pl.m.types.mk_struct(&v)
    }

    /// A closure record on the heap (escape analysis may move it): code and fields, each a value of the given type.
    pub(crate) fn make_record(&mut self, code: Sym, fields: &[(Ty, Value)]) -> Value {
        if fields.is_empty() {
            let s = self.pl.func_value(code);
            return self.fb.sym_addr(s);
        }
        let tys: Vec<Ty> = fields.iter().map(|f| f.0).collect();
        let ty = self.record_ty(&tys);
        let desc = self.pl.shape_desc(ty);
        let rec = self.fb.emit1(Op::New { ty, desc }, Ty::PTR);
        let c = self.fb.sym_addr(code);
        let flags = MemFlags { init: true, ..MemFlags::default() };
        self.fb.store(rec, c, flags);
        for (i, (fty, v)) in fields.iter().enumerate() {
            self.store_field(rec, ty, i + 1, *fty, *v);
        }
        rec
    }

    fn store_field(&mut self, rec: Value, ty: Ty, i: usize, fty: Ty, v: Value) {
        if self.pl.m.types.size(fty) == 0 {
            return;
        }
        let off = self.pl.m.types.part(ty, i).1;
        let p = self.fb.ptr_add(rec, off as i64);
        let flags = MemFlags { barrier: self.pl.ty_has_pointers(fty), init: true, ..MemFlags::default() };
        if self.pl.m.types.is_memory(fty) {
            self.fb.emit0(Op::Copy { dst: p, src: v, ty: fty, flags });
        } else {
            self.fb.store(p, v, flags);
        }
    }

    /// The operand that stands for a captured variable in the record: its value or its address.
    fn cap_value(&mut self, c: CapVar) -> Value {
        match c {
            CapVar::Obj(o) => {
                let a = self.var_addr(o);
                if self.by_value(o) {
                    let t = self.subst(o.typ());
                    self.load_at(a, t)
                } else {
                    self.addr(a)
                }
            }
            CapVar::Result(i) => {
                if let Some(rb) = &self.range_body {
                    return rb.outer_results[i].0;
                }
                let s = self.results[i].storage.unwrap_or_else(|| panic!("internal compiler error: captured result without storage"));
                let a = self.storage_addr(s);
                self.addr(a)
            }
            CapVar::Next => self.next_addr.unwrap_or_else(|| panic!("internal compiler error: no exit code variable")),
            CapVar::State => panic!("internal compiler error: state variable is passed by the loop"),
            CapVar::DeferFrame => {
                if let Some(rb) = &self.range_body {
                    return rb.defer_frame.unwrap_or_else(|| panic!("internal compiler error: no defer frame"));
                }
                let l = self.defer.as_ref().unwrap_or_else(|| panic!("internal compiler error: no defer frame")).frame;
                self.fb.local_addr(l)
            }
        }
    }

    /// The record of a closure over the free variables of node `id`; `state` stands for [`CapVar::State`].
    pub(crate) fn closure_record(&mut self, id: NodeId, code: Sym, state: Option<Value>) -> Value {
        let caps = self.sh.caps.free_of(id);
        let mut fields = Vec::new();
        for c in caps {
            let ty = self.cap_ty(c);
            let v = match (c, state) {
                (CapVar::State, Some(s)) => s,
                _ => self.cap_value(c),
            };
            fields.push((ty, v));
        }
        self.make_record(code, &fields)
    }

    /// In a closure: binds the captured variables from the context.
    pub(crate) fn bind_captures(&mut self) {
        let caps = self.sh.caps.free_of(self.id);
        if caps.is_empty() {
            return;
        }
        let tys: Vec<Ty> = caps.iter().map(|c| self.cap_ty(*c)).collect();
        let rec = self.record_ty(&tys);
        let ctx = self.fb.emit1(Op::Intrinsic(Intrinsic::ClosureCtx, vec![]), Ty::PTR);
        let mut results: Vec<(usize, Value)> = Vec::new();
        for (i, c) in caps.iter().enumerate() {
            let off = self.pl.m.types.part(rec, i + 1).1 as i64;
            let p = self.fb.ptr_add(ctx, off);
            match *c {
                CapVar::Obj(o) if self.by_value(o) => {
                    let t = self.subst(o.typ());
                    let s = if self.pl.is_memory(t) {
                        Storage::Addr(p, MemKind::Heap)
                    } else {
                        let l = self.fb.local(o.name(), tys[i]);
                        let v = self.load_at(Addr::new(p, MemKind::Heap), t);
                        let a = self.fb.local_addr(l);
                        self.store_at(Addr::new(a, MemKind::Frame), t, v);
                        Storage::Local(l)
                    };
                    self.vars.insert(o, s);
                }
                c => {
                    let v = self.fb.load(tys[i], p);
                    match c {
                        CapVar::Obj(o) => {
                            self.vars.insert(o, Storage::Addr(v, MemKind::Heap));
                        }
                        CapVar::Next => self.next_addr = Some(v),
                        CapVar::Result(i) => results.push((i, v)),
                        CapVar::State => self.rb().state = v,
                        CapVar::DeferFrame => self.rb().defer_frame = Some(v),
                    }
                }
            }
        }
        if !results.is_empty() {
            results.sort_by_key(|r| r.0);
            let rb = self.rb();
            for (i, v) in results {
                rb.outer_results[i].0 = v;
            }
        }
    }

    fn rb(&mut self) -> &mut RangeBody {
        self.range_body.as_mut().unwrap_or_else(|| panic!("internal compiler error: not in a loop body"))
    }

    /// Lowers a function literal; returns its symbol.
    pub(crate) fn func_lit(&mut self, e: &'static Expr, f: &'static FuncLit) -> Sym {
        let name = self.closure_name("func");
        let sym = self.pl.m.sym(&name);
        let sig = match self.sh.info.type_of(e).underlying() {
            Type::Signature(s) => s,
            _ => panic!("internal compiler error: function literal without signature"),
        };
        let flags = self.sh.caps.flags_of(e.id);
        let attrs = FuncAttrs { noinline: flags.recovers || flags.defers, norace: self.sh.norace, ..FuncAttrs::default() };
        let sh = self.sh.clone();
        let ir_sig = self.pl.ir_sig(None, sig, &sh.env);
        let loc = self.pl.loc(e.pos);
        let fb = FunctionBuilder::new(&mut self.pl.m, sym, ir_sig, sh.linkage, attrs, loc);
        let mut fl = FunctionLowering::new(&mut *self.pl, fb, sh, name, true, e.id);
        fl.bind_captures();
        let types: Vec<Type> = sig.params().types().collect();
        let mut names = Vec::new();
        fl.field_objs(&f.typ.params, &mut names);
        fl.begin(&types, &names, sig, f.typ.results.as_ref());
        fl.block_stmt(&f.body);
        fl.end(f.body.rbrace);
        sym
    }

    /// The value of a function literal.
    pub(crate) fn func_lit_value(&mut self, e: &'static Expr, f: &'static FuncLit) -> Value {
        let sym = self.func_lit(e, f);
        self.closure_record(e.id, sym, None)
    }
}
