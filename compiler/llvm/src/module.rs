//! One module: symbols, declarations, globals, and the order in which everything is generated.

use std::rc::Rc;

use inkwell::llvm_sys::prelude::{LLVMContextRef, LLVMModuleRef};
use rgo_abi::call::Limits;
use rgo_ir::types::Scalar;
use rgo_ir::{Datum, Function, Global, Linkage, Module, Op, Sig, SigData, Sym, Ty};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::Options;
use crate::abi::{SigAbi, sig_abi};
use crate::debug::Debug;
use crate::func::FnGen;
use crate::raw::*;

/// What the sidecar needs to know about a generated function, by link symbol.
#[derive(Clone, Debug)]
pub struct FnMeta {
    pub name: String,
    pub flags: u32,
    pub file: String,
    pub line: u32,
}

/// Generator state of a module.
pub struct Gen<'m> {
    pub m: &'m Module,
    pub opts: &'m Options<'m>,
    pub b: B,
    pub limits: Limits,
    pub debug: Option<Debug>,
    /// Scalars of each SSA type; None for memory types.
    flat: Vec<Option<Rc<[Scalar]>>>,
    sigs: FxHashMap<SigData, Rc<SigAbi>>,
    sig_cache: Vec<Option<Rc<SigAbi>>>,
    syms: Vec<Option<V>>,
    /// Signatures of symbols known to be functions.
    fn_sigs: FxHashMap<Sym, Rc<SigAbi>>,
    /// Alias -> target, for targets that are not defined here.
    foreign_alias: FxHashMap<Sym, Sym>,
    defined: FxHashSet<Sym>,
    /// Functions of the package's assembly, and the stack that they need.
    pub assembly: FxHashMap<Sym, u64>,
    /// Functions of the module that call functions other than the runtime's.
    pub calls_others: FxHashSet<Sym>,
    pub meta: FxHashMap<String, FnMeta>,
    /// Symbols whose stub is wanted, with signature.
    stubs: Vec<(String, Rc<SigAbi>)>,
    stub_seen: FxHashSet<String>,
    pub cold_weights: Md,
    section: u32,
    /// Backend-level references to functions by name, not in the module's symbol table.
    names: FxHashMap<String, V>,
}

/// The name used in object files: `@` would start a symbol version.
pub fn link_name(s: &str) -> String {
    s.replace('@', "\u{ff20}")
}

impl<'m> Gen<'m> {
    pub fn new(cx: LLVMContextRef, llm: LLVMModuleRef, m: &'m Module, opts: &'m Options<'m>) -> Gen<'m> {
        let b = B::new(cx, llm);
        let debug = Some(Debug::new(&b, &m.name, &m.files, true));
        let cold_weights = b.branch_weights(1, 1 << 20);
        let limits = Limits::for_arch(&opts.goarch)
            .unwrap_or_else(|| panic!("internal compiler error: no call limits for {}", opts.goarch));
        let flat = (0..m.types.len())
            .map(|i| m.types.flatten(Ty(i as u32), rgo_ir::types::MAX_SCALARS).map(Rc::from))
            .collect();
        Gen {
            m,
            opts,
            b,
            limits,
            debug,
            flat,
            sigs: Default::default(),
            sig_cache: Vec::new(),
            syms: vec![None; m.sym_count()],
            fn_sigs: Default::default(),
            foreign_alias: Default::default(),
            defined: Default::default(),
            assembly: m.assembly.iter().copied().collect(),
            calls_others: Default::default(),
            meta: Default::default(),
            stubs: Vec::new(),
            stub_seen: Default::default(),
            cold_weights,
            section: 0,
            names: Default::default(),
        }
    }

    pub fn is_defined(&self, s: Sym) -> bool {
        self.defined.contains(&s)
    }

    pub fn is_memory(&self, t: Ty) -> bool {
        self.flat[t.0 as usize].is_none()
    }

    /// Scalars of an SSA type.
    pub fn scalars(&self, t: Ty) -> Rc<[Scalar]> {
        self.flat[t.0 as usize].clone().unwrap_or_else(|| panic!("internal compiler error: memory type as a value"))
    }

    pub fn scalar_count(&self, t: Ty) -> usize {
        self.flat[t.0 as usize].as_ref().map_or(1, |s| s.len())
    }

    pub fn abi(&mut self, sig: Sig) -> Rc<SigAbi> {
        let i = sig.0 as usize;
        if let Some(Some(a)) = self.sig_cache.get(i) {
            return a.clone();
        }
        let a = self.abi_of(self.m.sig_data(sig));
        if self.sig_cache.len() <= i {
            self.sig_cache.resize(i + 1, None);
        }
        self.sig_cache[i] = Some(a.clone());
        a
    }

    pub fn abi_of(&mut self, data: &SigData) -> Rc<SigAbi> {
        if let Some(a) = self.sigs.get(data) {
            return a.clone();
        }
        let a = Rc::new(sig_abi(&self.b, &self.m.types, &self.limits, data));
        self.sigs.insert(data.clone(), a.clone());
        a
    }

    // --- symbols

    fn add_go_function(&mut self, name: &str, abi: &SigAbi) -> V {
        let f = self.b.add_function(&link_name(name), abi.fnty);
        // Hidden also where only declared: one static image, so that no access goes through a GOT.
        self.b.set_hidden(f);
        self.convention(f, abi);
        if name == "runtime.newobject" {
            // An allocation that, after inlining, nothing but stores refer to is no allocation.
            const ALLOC_ZEROED: u64 = 1 | 16; // AllocFnKind
            self.b.add_attr(f, RETURN_INDEX, "noalias");
            self.b.add_attr(f, RETURN_INDEX, "nonnull");
            self.b.add_attr_val(f, FUNCTION_INDEX, "allockind", ALLOC_ZEROED);
            self.b.add_str_attr(f, "alloc-family", "go");
        }
        f
    }

    /// Go calling convention of a declaration or definition.
    pub fn convention(&self, f: V, abi: &SigAbi) {
        let b = &self.b;
        b.set_cc(f, SWIFTCC);
        b.add_attr(f, param_index(abi.ctx_index), "nest");
        b.add_attr(f, param_index(abi.g_index), "swiftself");
    }

    /// Address of a symbol: function, global of this module, or external.
    pub fn sym(&mut self, s: Sym) -> V {
        if let Some(v) = self.syms[s.0 as usize] {
            return v;
        }
        if let Some(&t) = self.foreign_alias.get(&s) {
            let v = self.sym(t);
            self.syms[s.0 as usize] = Some(v);
            return v;
        }
        let name = self.m.sym_name(s);
        let v = if let Some(abi) = self.fn_sigs.get(&s).cloned() {
            if !self.defined.contains(&s) {
                self.want_stub(name, &abi);
            }
            self.add_go_function(name, &abi)
        } else if let Some(v) = self.names.get(name) {
            *v
        } else {
            let v = self.b.add_global(&link_name(name), self.b.i8);
            if !self.m.foreign.contains(&s) {
                self.b.set_hidden(v);
            }
            v
        };
        self.syms[s.0 as usize] = Some(v);
        self.names.insert(name.to_string(), v);
        v
    }

    /// A Go function that the backend itself calls.
    pub fn go_function(&mut self, name: &str, abi: &Rc<SigAbi>) -> V {
        if let Some(s) = self.m.find_sym(name) {
            self.fn_sigs.entry(s).or_insert_with(|| abi.clone());
            return self.sym(s);
        }
        if let Some(v) = self.names.get(name) {
            return *v;
        }
        self.want_stub(name, abi);
        let v = self.add_go_function(name, abi);
        self.names.insert(name.to_string(), v);
        v
    }

    /// The declaration of a function whose stub is to be made.
    pub fn go_function_existing(&mut self, name: &str, abi: &Rc<SigAbi>) -> Option<V> {
        let v = self.go_function(name, abi);
        // Another reference may have been a plain global (a name used only in data).
        (!self.b.is_global_variable(v)).then_some(v)
    }

    /// A symbol with the C convention (runtime assembly, memcmp).
    pub fn c_function(&mut self, name: &str, t: T) -> V {
        if let Some(v) = self.names.get(name) {
            return *v;
        }
        let v = self.b.add_function(name, t);
        self.names.insert(name.to_string(), v);
        v
    }

    fn want_stub(&mut self, name: &str, abi: &Rc<SigAbi>) {
        if self.opts.rt.provides(name) && self.stub_seen.insert(name.to_string()) {
            self.stubs.push((name.to_string(), abi.clone()));
        }
    }

    fn next_section(&mut self, prefix: &str) -> String {
        self.section += 1;
        format!("{prefix}.{}", self.section)
    }

    /// Linkage, section and COMDAT of a defined function; attributes that all Go functions have.
    pub fn define(&mut self, f: V, name: &str, linkage: Linkage) {
        let l = match linkage {
            Linkage::External | Linkage::Internal => LLVMLinkage::LLVMExternalLinkage,
            Linkage::LinkOnce => LLVMLinkage::LLVMLinkOnceODRLinkage,
            Linkage::AvailableExternally => LLVMLinkage::LLVMAvailableExternallyLinkage,
        };
        self.b.set_linkage(f, l);
        if linkage != Linkage::AvailableExternally {
            let s = self.next_section(".text");
            self.b.set_section(f, &s);
        }
        if linkage == Linkage::LinkOnce {
            self.b.set_comdat(f, &link_name(name));
        }
        self.b.set_hidden(f);
        let b = &self.b;
        for a in ["noredzone", "null_pointer_is_valid"] {
            b.add_attr(f, FUNCTION_INDEX, a);
        }
        b.add_str_attr(f, "frame-pointer", "all");
        b.add_str_attr(f, "disable-tail-calls", "true");
        b.add_str_attr(f, "target-cpu", &self.opts.cpu);
        // The level says which instructions exist; its own tuning is for one old processor (shld for rotates).
        b.add_str_attr(f, "tune-cpu", "generic");
        if !self.opts.features.is_empty() {
            b.add_str_attr(f, "target-features", &self.opts.features);
        }
    }

    // --- generation

    pub fn run(&mut self) {
        let m = self.m;
        for f in &m.functions {
            let abi = self.abi(f.sig);
            self.fn_sigs.insert(f.sym, abi);
            self.defined.insert(f.sym);
        }
        for g in &m.globals {
            self.defined.insert(g.sym);
        }
        for (s, sig) in &m.decls {
            let abi = self.abi(*sig);
            self.fn_sigs.entry(*s).or_insert_with(|| abi.clone());
            if self.assembly.contains_key(s) {
                self.stubs.push((m.sym_name(*s).to_string(), abi));
            } else if !self.defined.contains(s) {
                self.want_stub(m.sym_name(*s), &abi);
            }
        }
        for f in &m.functions {
            let other = |c: &rgo_ir::Callee| match c {
                rgo_ir::Callee::Direct(s) => !m.sym_name(*s).starts_with("runtime."),
                _ => true,
            };
            if f.blocks.iter().flat_map(|b| &b.insts).any(|i| matches!(&i.op, Op::Call { callee, .. } if other(callee))) {
                self.calls_others.insert(f.sym);
            }
        }
        // Direct callees are functions, even where another reference comes first.
        for f in &m.functions {
            for i in f.blocks.iter().flat_map(|b| &b.insts) {
                if let Op::Call { callee: rgo_ir::Callee::Direct(s) | rgo_ir::Callee::DirectClosure(s, _), sig, .. } = &i.op
                    && !self.fn_sigs.contains_key(s)
                {
                    let abi = self.abi(*sig);
                    self.fn_sigs.insert(*s, abi);
                }
            }
        }
        for (a, t) in &m.aliases {
            if !self.defined.contains(t) {
                self.foreign_alias.insert(*a, *t);
            }
        }
        for g in &m.globals {
            self.declare_global(g);
        }
        for g in &m.globals {
            self.define_global(g);
        }
        for f in &m.functions {
            self.function(f);
        }
        for (a, t) in &m.aliases {
            if self.defined.contains(t) && !self.defined.contains(a) {
                self.alias(*a, *t);
            }
        }
        let mut i = 0;
        while i < self.stubs.len() {
            let (name, abi) = self.stubs[i].clone();
            crate::stubs::stub(self, &name, &abi);
            i += 1;
        }
        if let Some(d) = &mut self.debug {
            d.finish();
        }
    }

    fn function(&mut self, f: &'m Function) {
        FnGen::generate(self, f);
    }

    fn alias(&mut self, a: Sym, t: Sym) {
        let name = self.m.sym_name(a).to_string();
        let target = self.sym(t);
        let ty = self.fn_sigs.get(&t).map_or(self.b.i8, |abi| abi.fnty);
        // References made before must become the alias.
        let old = self.syms[a.0 as usize];
        let tmp = link_name(&name);
        if let Some(old) = old {
            self.b.replace_all_uses(old, target);
            self.b.delete_declaration(old);
        }
        let v = self.b.add_alias(&tmp, ty, target);
        self.b.set_hidden(v);
        self.syms[a.0 as usize] = Some(v);
    }

    fn declare_global(&mut self, g: &Global) {
        let name = self.m.sym_name(g.sym);
        let b = &self.b;
        // The initialiser's type is the value type: pieces in a packed struct.
        let mut ts = Vec::new();
        let mut size = 0;
        for d in &g.data {
            let (t, n) = match d {
                Datum::Bytes(x) => (b.array_ty(b.i8, x.len() as u64), x.len() as u64),
                Datum::Zero(n) => (b.array_ty(b.i8, *n), *n),
                Datum::Addr(..) => (b.ptr, 8),
                Datum::Addr32(..) | Datum::Rel32 { .. } => (b.i32, 4),
            };
            ts.push(t);
            size += n;
        }
        assert!(size <= g.size, "internal compiler error: data of {name} longer than its size");
        if size < g.size || ts.is_empty() {
            ts.push(b.array_ty(b.i8, (g.size - size).max(if g.size == 0 { 1 } else { 0 })));
        }
        let t = b.packed_ty(&ts);
        let v = b.add_global(&link_name(name), t);
        self.syms[g.sym.0 as usize] = Some(v);
        self.names.insert(name.to_string(), v);
    }

    fn define_global(&mut self, g: &Global) {
        let v = self.syms[g.sym.0 as usize].unwrap();
        let name = self.m.sym_name(g.sym);
        let zero = g.data.iter().all(|d| match d {
            Datum::Zero(_) => true,
            Datum::Bytes(b) => b.iter().all(|x| *x == 0),
            _ => false,
        });
        let ty = self.b.global_value_ty(v);
        let init = if zero {
            self.b.null(ty)
        } else {
            let mut vs = Vec::new();
            let mut at = 0u64;
            for d in &g.data {
                let (x, n) = match d {
                    Datum::Bytes(x) => (self.b.const_bytes(x), x.len() as u64),
                    Datum::Zero(n) => (self.b.null(self.b.array_ty(self.b.i8, *n)), *n),
                    Datum::Addr(s, o) => {
                        let p = self.sym(*s);
                        (self.b.const_offset(p, *o), 8)
                    }
                    Datum::Addr32(s, o) => {
                        let t = self.sym(*s);
                        let b = &self.b;
                        (b.const_trunc(b.const_ptr_to_int(b.const_offset(t, *o)), b.i32), 4)
                    }
                    Datum::Rel32 { target, addend, base } => {
                        let t = self.sym(*target);
                        let base = self.sym(*base);
                        let b = &self.b;
                        let t = b.const_ptr_to_int(b.const_offset(t, *addend));
                        (b.const_trunc(b.const_sub(t, b.const_ptr_to_int(base)), b.i32), 4)
                    }
                };
                vs.push(x);
                at += n;
            }
            if at < g.size {
                vs.push(self.b.null(self.b.array_ty(self.b.i8, g.size - at)));
            }
            self.b.const_packed(&vs)
        };
        let section = if g.readonly {
            ".rodata"
        } else {
            let far = !g.pointers && g.size > 4096;
            match (zero, far) {
                (true, true) => ".bss.noptr",
                (true, false) => ".bss",
                (false, true) => ".data.noptr",
                (false, false) => ".data",
            }
        };
        if g.linkage != Linkage::AvailableExternally {
            let s = self.next_section(section);
            self.b.set_section(v, &s);
        }
        let b = &self.b;
        b.set_initializer(v, init);
        b.set_constant(v, g.readonly);
        b.set_global_align(v, g.align.max(1));
        if g.linkage != Linkage::Internal {
            b.set_hidden(v);
        }
        match g.linkage {
            Linkage::External => {}
            Linkage::Internal => b.set_linkage(v, LLVMLinkage::LLVMInternalLinkage),
            Linkage::LinkOnce => {
                b.set_linkage(v, LLVMLinkage::LLVMWeakODRLinkage);
                b.set_comdat(v, &link_name(name));
            }
            Linkage::AvailableExternally => b.set_linkage(v, LLVMLinkage::LLVMAvailableExternallyLinkage),
        }
    }
}
