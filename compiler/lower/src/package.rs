//! Lowering one package: the state shared by all its functions, and the queue of what is still to be emitted.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use rgo_ir::{Datum, FuncAttrs, FunctionBuilder, Global, Linkage, Loc, Module, Sig, Sym, Ty, Value};
use rgo_syntax::ast::{Decl, Spec};
use rgo_syntax::pos::{FileSet, Pos};
use rgo_types::{Info, Obj, Package, Signature, Type, TypeParam};

use crate::env::Env;
use crate::names::{go_quote, is_local_type, receiver_base};
use crate::program::{PackageData, Program};

/// Something to emit.
pub(crate) enum Work {
    /// An instance of a generic function or method.
    Func { obj: Obj, targs: Vec<Type>, sym: Sym },
    /// A copy of a small function of another package.
    InlineCopy { obj: Obj, sym: Sym, depth: u32 },
    Descriptor(Type),
    Itab { concrete: Type, iface: Type, sym: Sym },
    Wrapper(crate::wrapper::Wrapper),
    Eq(Type, Sym),
    Hash(Type, Sym),
}

/// The state of lowering one package.
pub struct PackageLowering<'a> {
    pub prog: &'a Program,
    /// The package being lowered.
    pub pd: &'static PackageData,
    pub m: Module,
    pub(crate) queue: VecDeque<Work>,
    pub(crate) done: HashSet<Sym>,
    pub(crate) made: crate::services::MadeTypes,
    pub(crate) ir_tys: HashMap<Type, Ty>,
    pub(crate) has_ptrs: HashMap<Type, bool>,
    pub(crate) link_strings: HashMap<Type, String>,
    pub(crate) strings: HashMap<Vec<u8>, Sym>,
    pub(crate) files: HashMap<String, u32>,
    /// Number of anonymous data symbols made so far.
    pub(crate) anon: u32,
    /// Variables with static contents: their symbols.
    pub(crate) static_vars: HashSet<Sym>,
    /// Of those whose contents an expression gave: their place among the globals.
    pub(crate) static_contents: HashMap<Sym, usize>,
    /// Package variables that do not keep their initial value, once asked for.
    pub(crate) changed_vars: Option<HashSet<Obj>>,
    /// Types that are never compared (parts of map groups): no equality function is made for them.
    pub(crate) no_alg: HashSet<Type>,
    /// What makes the program invalid: rules for instances, which the checker does not see.
    rejected: Vec<(Pos, String)>,
    /// How many copies deep the function being lowered is (see `inline`).
    pub(crate) inline_depth: u32,
}

/// Lowers a package to IR; the error is what is wrong with the program.
pub fn lower_package(prog: &Program, pd: &'static PackageData) -> Result<Module, Vec<(Pos, String)>> {
    let mut pl = PackageLowering::new(prog, pd);
    if pl.symbols_are_redeclared() {
        return Err(pl.rejected);
    }
    pl.lower_decls();
    pl.lower_init();
    pl.lower_assembly();
    pl.emit_named_descriptors();
    pl.drain();
    if pl.rejected.is_empty() { Ok(pl.m) } else { Err(pl.rejected) }
}

/// Symbols and types of the package's variables: what the linker's `-X` may set.
pub fn variables(prog: &Program, pd: &'static PackageData) -> Vec<(String, String)> {
    let mut pl = PackageLowering::new(prog, pd);
    pd.pkg.scope().objects().into_iter().filter(|o| o.is_var()).map(|o| (pl.global_symbol_name(o), pl.link_string(o.typ()))).collect()
}

/// The module that starts the program: `go:main.inittasks` calls the initialisers of `packages` (dependencies first).
pub fn lower_main(packages: &[String]) -> Module {
    let mut m = Module::new("go:main");
    let sym = m.sym("go:main.inittasks");
    let sig = m.sig(&[], &[]);
    let mut fb = FunctionBuilder::new(&mut m, sym, sig, Linkage::External, FuncAttrs { noinline: true, ..FuncAttrs::default() }, Loc::default());
    for p in packages {
        let name = format!("{}.init", crate::names::path_to_prefix(p));
        fb.call(&mut m, &name, &[], &[], Vec::new());
    }
    fb.term(rgo_ir::Term::Ret(Vec::new()));
    let mut f = fb.finish();
    // As gc's runtime names what calls initialisers: `runtime.` frames are not the user's.
    f.display_name = Some("runtime.doInit1".into());
    m.functions.push(f);
    m
}

impl<'a> PackageLowering<'a> {
    pub fn new(prog: &'a Program, pd: &'static PackageData) -> PackageLowering<'a> {
        PackageLowering {
            prog,
            pd,
            m: Module::new(pd.pkg.path()),
            queue: VecDeque::new(),
            done: HashSet::new(),
            made: Default::default(),
            ir_tys: HashMap::new(),
            has_ptrs: HashMap::new(),
            link_strings: HashMap::new(),
            strings: HashMap::new(),
            files: HashMap::new(),
            anon: 0,
            static_vars: HashSet::new(),
            static_contents: HashMap::new(),
            changed_vars: None,
            no_alg: HashSet::new(),
            rejected: Vec::new(),
            inline_depth: 0,
        }
    }

    pub fn info(&self) -> &'static Info {
        self.pd.info
    }

    pub fn pkg(&self) -> &'static Package {
        self.pd.pkg
    }

    /// Source location of a position (with line directives applied).
    pub fn loc(&mut self, p: Pos) -> Loc {
        if p == Pos::NONE {
            return Loc::default();
        }
        let q = FileSet::global().position(p);
        let file = match self.files.get(&*q.filename) {
            Some(&f) => f,
            None => {
                let f = self.m.file(&q.filename);
                self.files.insert(q.filename.to_string(), f);
                f
            }
        };
        Loc { file, line: q.line, at: 0 }
    }

    /// Lowers the bodies of all non-generic functions and methods.
    /// Whether two declarations define one symbol, which linkname directives make possible.
    fn symbols_are_redeclared(&mut self) -> bool {
        if self.pd.linknames.is_empty() {
            return false;
        }
        let mut seen: HashMap<String, Pos> = HashMap::new();
        for f in self.pd.files.clone() {
            for d in &f.decls {
                let idents = match d {
                    Decl::Func(fd) if fd.body.is_some() && fd.recv.is_none() && fd.name.name.as_str() != "init" => vec![&fd.name],
                    Decl::Gen(g) => g.specs.iter().flat_map(|s| if let Spec::Value(v) = s { &v.names[..] } else { &[] }).collect(),
                    _ => continue,
                };
                for name in idents.into_iter().filter(|n| n.name.as_str() != "_") {
                    let Some(obj) = self.pd.info.def_of(name).filter(|o| o.is_var() || o.is_func() && !is_generic(*o)) else { continue };
                    let symbol = if obj.is_var() { self.global_symbol_name(obj) } else { self.func_symbol_name(obj, &[]) };
                    match seen.get(&symbol) {
                        Some(other) => {
                            let other = FileSet::global().position(*other);
                            self.reject(name.pos, format!("symbol {symbol} redeclared\n\t{other}: other declaration of symbol {symbol}"));
                        }
                        None => drop(seen.insert(symbol, name.pos)),
                    }
                }
            }
        }
        !self.rejected.is_empty()
    }

    fn lower_decls(&mut self) {
        for f in self.pd.files.clone() {
            for d in &f.decls {
                let Decl::Func(fd) = d else { continue };
                if fd.body.is_none() || fd.name.name.as_str() == "_" {
                    continue;
                }
                // init functions have no object of their own name; they are lowered with the initialiser.
                let Some(obj) = self.pd.info.def_of(&fd.name) else { continue };
                if fd.recv.is_none() && fd.name.name.as_str() == "init" {
                    continue;
                }
                if is_generic(obj) {
                    continue;
                }
                let sym = self.func_sym(obj, &[]);
                self.done.insert(sym);
                crate::func::lower_func_decl(self, self.pd, fd, obj, Env::empty(), sym, Linkage::External);
            }
        }
    }

    fn drain(&mut self) {
        while let Some(w) = self.queue.pop_front() {
            match w {
                Work::Func { obj, targs, sym } => self.lower_instance(obj, targs, sym),
                Work::InlineCopy { obj, sym, depth } => {
                    if let Some((fd, pd)) = self.prog.decl(obj) {
                        self.inline_depth = depth;
                        crate::func::lower_func_decl(self, pd, fd, obj, Env::empty(), sym, Linkage::AvailableExternally);
                        self.inline_depth = 0;
                    }
                }
                Work::Descriptor(t) => self.emit_descriptor(t),
                Work::Itab { concrete, iface, sym } => self.emit_itab(concrete, iface, sym),
                Work::Wrapper(w) => self.emit_wrapper(w),
                Work::Eq(t, sym) => self.emit_eq(t, sym),
                Work::Hash(t, sym) => self.emit_hash(t, sym),
            }
        }
    }

    fn lower_instance(&mut self, obj: Obj, targs: Vec<Type>, sym: Sym) {
        let Some((fd, pd)) = self.prog.decl(obj) else {
            panic!("internal compiler error: no declaration for {}", obj.name());
        };
        if fd.body.is_none() {
            return;
        }
        let env = self.env_of(obj, &targs);
        crate::func::lower_func_decl(self, pd, fd, obj, env, sym, Linkage::LinkOnce);
    }

    /// The environment of a function's body for type arguments (receiver's first).
    pub fn env_of(&mut self, obj: Obj, targs: &[Type]) -> Env {
        let tps = all_type_params(obj);
        if tps.is_empty() {
            return Env::empty();
        }
        let key = self.targs_string(targs);
        // Local types carry the function's symbol, so that equal arguments of different functions stay apart (their positions differ anyway).
        Env::new(tps, targs.to_vec(), key)
    }

    /// The symbol of a declared function or method (`targs`: receiver's type arguments first, then its own); queues instances.
    pub fn func_sym(&mut self, f: Obj, targs: &[Type]) -> Sym {
        let f = f.origin();
        let name = self.func_symbol_name(f, targs);
        let sym = self.m.sym(&name);
        if !targs.is_empty() && self.done.insert(sym) {
            self.queue.push_back(Work::Func { obj: f, targs: targs.to_vec(), sym });
        } else if targs.is_empty() {
            self.queue_inline_copy(f, sym);
        }
        sym
    }

    /// The symbol of method `m` called on a receiver of concrete type `recv` (a defined type or pointer to one, possibly an instance).
    pub fn method_sym(&mut self, m: Obj, method_targs: &[Type]) -> Sym {
        let recv = m.signature().recv().unwrap_or_else(|| panic!("internal compiler error: method {} without receiver", m.name()));
        let (base, _) = receiver_base(recv.typ());
        let mut targs = base.type_args().to_vec();
        targs.extend_from_slice(method_targs);
        self.func_sym(m, &targs)
    }

    /// A static closure record `{code}` for a function without captures.
    pub fn func_value(&mut self, f: Sym) -> Sym {
        let name = format!("{}·f", self.m.sym_name(f));
        let sym = self.m.sym(&name);
        if self.done.insert(sym) {
            self.m.globals.push(Global {
                sym,
                linkage: Linkage::LinkOnce,
                size: 8,
                align: 8,
                readonly: true,
                pointers: false,
                data: vec![Datum::Addr(f, 0)],
            });
        }
        sym
    }

    /// Read-only bytes.
    pub fn string_data(&mut self, s: &[u8]) -> Sym {
        if let Some(&x) = self.strings.get(s) {
            return x;
        }
        // Short strings are shared by content, longer ones by hash.
        let name = match std::str::from_utf8(s) {
            Ok(t) if s.len() <= 64 && !s.contains(&0) => format!("go:string.{}", go_quote(t.as_bytes())),
            _ => format!("go:string.{}.{}", s.len(), crate::descriptor::hash_hex(s)),
        };
        let sym = self.m.sym(&name);
        self.m.globals.push(Global {
            sym,
            linkage: Linkage::LinkOnce,
            size: s.len().max(1) as u64,
            align: 1,
            readonly: true,
            pointers: false,
            data: vec![Datum::Bytes(s.to_vec())],
        });
        self.strings.insert(s.to_vec(), sym);
        sym
    }

    /// The symbol of a package-level variable.
    pub fn global(&mut self, v: Obj) -> Sym {
        let n = self.global_symbol_name(v);
        let sym = self.m.sym(&n);
        if v.pkg().and_then(|p| self.prog.get(p)).is_some_and(|pd| pd.linknames.is_foreign(&n)) && !self.m.foreign.contains(&sym) {
            self.m.foreign.push(sym);
        }
        sym
    }

    /// An unnamed data symbol of this package.
    pub fn anon_sym(&mut self, what: &str) -> Sym {
        self.anon += 1;
        let n = format!("{}..{}{}", crate::names::path_to_prefix(self.pd.pkg.path()), what, self.anon);
        self.m.sym(&n)
    }

    /// The IR signature of a function type: receiver first.
    pub fn ir_sig(&mut self, recv: Option<Type>, sig: &'static Signature, env: &Env) -> Sig {
        let mut ps = Vec::new();
        if let Some(r) = recv {
            let r = env.subst(r);
            ps.push(self.ir_ty(r));
        }
        for t in sig.params().types() {
            let t = env.subst(t);
            ps.push(self.ir_ty(t));
        }
        let rs: Vec<Ty> = sig
            .results()
            .types()
            .map(|t| {
                let t = env.subst(t);
                self.ir_ty(t)
            })
            .collect();
        self.m.sig(&ps, &rs)
    }

    /// Calls `runtime.name`.
    pub fn rt_call(&mut self, fb: &mut FunctionBuilder, name: &str, params: &[Ty], results: &[Ty], args: Vec<Value>) -> Vec<Value> {
        fb.call(&mut self.m, &format!("runtime.{name}"), params, results, args)
    }

    /// Is the descriptor (and what hangs on it) of this type emitted by another package?
    pub(crate) fn emitted_elsewhere(&self, t: Type) -> bool {
        match self.home(t) {
            Some(p) => p != self.pd.pkg,
            None => false,
        }
    }

    /// The package that emits the descriptor of `t`: the home of a package-level, non-generic defined type and of the pointer to it.
    pub(crate) fn home(&self, t: Type) -> Option<&'static Package> {
        let n = match t.unalias() {
            Type::Named(n) => n,
            Type::Pointer(p) => p.elem().as_named()?,
            _ => return None,
        };
        if n.is_instance() || is_local_type(n.obj()) {
            return None;
        }
        n.obj().pkg()
    }

    pub(crate) fn linkage_of(&self, t: Type) -> Linkage {
        if self.home(t).is_some() { Linkage::External } else { Linkage::LinkOnce }
    }

    /// Notes that the program is invalid.
    pub(crate) fn reject(&mut self, pos: Pos, msg: String) {
        self.rejected.push((pos, msg));
    }

    /// Queues work unless its symbol was queued or emitted before.
    pub(crate) fn enqueue(&mut self, sym: Sym, w: Work) {
        if self.done.insert(sym) {
            self.queue.push_back(w);
        }
    }
}

/// Does the function have type parameters of its own or of its receiver?
pub fn is_generic(f: Obj) -> bool {
    !all_type_params(f).is_empty()
}

/// Type parameters a body can mention: the receiver's, then its own.
pub fn all_type_params(f: Obj) -> Vec<&'static TypeParam> {
    let sig = f.origin().signature();
    let mut v = sig.recv_type_params().to_vec();
    v.extend_from_slice(sig.type_params());
    v
}

/// Shared handle for closures under construction.
pub type Shared<T> = Rc<std::cell::RefCell<T>>;
