//! Package variables and the package initialiser.

use std::collections::HashSet;

use rgo_ir::{Datum, FuncAttrs, FunctionBuilder, Global, Linkage, Loc, MemFlags, Op, Sym, Term};
use rgo_syntax::ast::{Decl, ExprKind};
use rgo_types::{Initializer, Obj, Type, VarKind};

use crate::directives::plain_symbol;
use crate::env::Env;
use crate::package::PackageLowering;
use crate::services::InitStep;

impl PackageLowering<'_> {
    /// Defines all package variables, and `path.init`, which gives them their values and calls the init functions.
    pub(crate) fn lower_init(&mut self) {
        self.emit_intrinsic_copies();
        self.declare_bodyless();
        let mut has_value: HashSet<Obj> = HashSet::new();
        let mut dynamic: Vec<&'static Initializer> = Vec::new();
        let info = self.pd.info;
        for init in &info.init_order {
            has_value.extend(init.lhs.iter().copied());
            if let [v] = init.lhs.as_slice()
                && v.name() != "_"
                && self.try_static_var(v, init.rhs)
            {
                let s = self.global(v);
                self.static_vars.insert(s);
                continue;
            }
            dynamic.push(init);
        }
        self.embed_vars(&mut has_value);
        for v in self.pd.pkg.scope().objects() {
            if v.var_kind() == Some(VarKind::Package) && v.pkg() == Some(self.pd.pkg) {
                self.define_var(v, has_value.contains(&v));
            }
        }
        // init functions, in order of files and of declaration.
        let mut calls = Vec::new();
        for f in self.pd.files.clone() {
            for d in &f.decls {
                let Decl::Func(fd) = d else { continue };
                if fd.recv.is_some() || fd.name.name.as_str() != "init" || fd.body.is_none() {
                    continue;
                }
                let name = format!("{}.{}", plain_symbol(self.pd.pkg, "init"), calls.len());
                let sym = self.m.sym(&name);
                let obj = info.def_of(&fd.name).unwrap_or_else(|| panic!("internal compiler error: init function without object"));
                crate::func::lower_func_decl(self, self.pd, fd, obj, Env::empty(), sym, Linkage::External);
                calls.push(sym);
            }
        }
        let name = plain_symbol(self.pd.pkg, "init");
        if calls.is_empty() {
            let sym = self.m.sym(&name);
            self.lower_var_inits(sym, &dynamic);
            return;
        }
        // The variables' part is what traces call `path.init`; what calls it and the init functions is in none, as gc's runtime calls each by itself.
        if !dynamic.is_empty() {
            let sym = self.m.sym(&format!("{name}.vars"));
            self.lower_var_inits(sym, &dynamic);
            if let Some(f) = self.m.functions.iter_mut().rev().find(|f| f.sym == sym) {
                f.display_name = Some(name.clone());
            }
            calls.insert(0, sym);
        }
        let sym = self.m.sym(&name);
        let sig = self.m.sig(&[], &[]);
        let attrs = FuncAttrs { wrapper: true, noinline: true, ..FuncAttrs::default() };
        let mut fb = FunctionBuilder::new(&mut self.m, sym, sig, Linkage::External, attrs, Loc::default());
        for c in calls {
            let callee = self.m.sym_name(c).to_string();
            fb.call(&mut self.m, &callee, &[], &[], Vec::new());
        }
        fb.term(Term::Ret(Vec::new()));
        let f = fb.finish();
        self.m.functions.push(f);
    }

    /// Emits function `sym`, which gives variables their values in order. What does nothing else than that stands in functions of its own,
    /// which the linker drops with their variables.
    fn lower_var_inits(&mut self, sym: Sym, inits: &[&'static Initializer]) {
        let mut steps = Vec::new();
        let mut n = 0;
        for &i in inits {
            let [v] = i.lhs.as_slice() else {
                steps.push(InitStep::Inline(i));
                continue;
            };
            let lit = match &i.rhs.unparen().kind {
                ExprKind::UnaryExpr(u) => u.x.unparen(),
                _ => i.rhs.unparen(),
            };
            // Others are hardly longer than a call.
            let long = matches!(&lit.kind, ExprKind::CompositeLit(c) if c.elts.len() > 1);
            if v.name() == "_" || !long || !crate::order::only_a_value(self.pd.info, i.rhs) {
                steps.push(InitStep::Inline(i));
                continue;
            }
            let f = self.m.sym(&plain_symbol(self.pd.pkg, &format!("map.init.{n}")));
            n += 1;
            crate::func::lower_package_init(self, f, &[InitStep::Inline(i)]);
            if let Some(f) = self.m.functions.iter_mut().rev().find(|x| x.sym == f) {
                f.attrs.noinline = true;
            }
            let v = self.global(*v);
            self.m.var_inits.push((v, f));
            steps.push(InitStep::Call(f));
        }
        crate::func::lower_package_init(self, sym, &steps);
    }

    /// Storage of a variable without static value.
    fn define_var(&mut self, v: Obj, has_value: bool) {
        let sym = self.global(v);
        if self.static_vars.contains(&sym) {
            return;
        }
        let t = v.typ();
        let (size, align, pointers) = (self.size_of(t), self.align_of(t), self.has_pointers(t));
        // Another package may define the symbol of a variable that a linkname directive names, or nobody.
        if !has_value && self.pd.linknames.target(v.name()).is_some_and(|t| self.pd.linknames.is_foreign(t)) {
            return;
        }
        let named = self.pd.linknames.target(v.name()).is_some() || self.pd.linknames.is_marked(v.name());
        let linkage = if named && !has_value { Linkage::LinkOnce } else { Linkage::External };
        let size = size.max(1);
        self.m.globals.push(Global { sym, linkage, size, align, readonly: false, pointers, data: vec![Datum::Zero(size)] });
    }

    /// Signatures of functions without body, so that the backend can make stubs for those that the runtime library provides.
    fn declare_bodyless(&mut self) {
        for f in self.pd.files.clone() {
            for d in &f.decls {
                let Decl::Func(fd) = d else { continue };
                if fd.body.is_some() {
                    continue;
                }
                let Some(obj) = self.pd.info.def_of(&fd.name) else { continue };
                if crate::package::is_generic(obj) {
                    continue;
                }
                let sym = self.func_sym(obj, &[]);
                if self.done.contains(&sym) {
                    continue;
                }
                let recv = obj.signature().recv().map(|r| r.typ());
                let sig = self.ir_sig(recv, obj.signature(), &Env::empty());
                let name = self.m.sym_name(sym).to_string();
                if self.prog.rules.ignored.contains(&name) {
                    continue;
                }
                if self.prog.rules.stubs.contains(&name) {
                    self.done.insert(sym);
                    self.emit_stub(sym, sig, obj.signature());
                    continue;
                }
                self.m.decls.push((sym, sig));
                if self.pd.pragmas(fd).noescape {
                    self.m.noescape.push(sym);
                }
            }
        }
    }

    /// A function that does nothing and returns zero values.
    fn emit_stub(&mut self, sym: Sym, sig: rgo_ir::Sig, gosig: &'static rgo_types::Signature) {
        let mut fb = FunctionBuilder::new(&mut self.m, sym, sig, Linkage::External, FuncAttrs::default(), Loc::default());
        let mut res = Vec::new();
        for t in gosig.results().types() {
            let ty = self.ir_ty(t);
            res.push(if self.m.types.is_memory(ty) {
                let l = fb.local("", ty);
                let a = fb.local_addr(l);
                fb.emit0(Op::ZeroMem { dst: a, ty, flags: MemFlags::default() });
                a
            } else {
                fb.emit1(Op::Zero, ty)
            });
        }
        fb.term(Term::Ret(res));
        let f = fb.finish();
        self.m.functions.push(f);
    }

    /// Variables with `//go:embed`.
    fn embed_vars(&mut self, has_value: &mut HashSet<Obj>) {
        let pd = self.pd;
        let mut list: Vec<_> = pd.embeds.iter().collect();
        list.sort_by_key(|(id, _)| id.0);
        for (id, files) in list {
            let Some(Some(v)) = pd.info.defs.get(id).copied() else { continue };
            has_value.insert(v);
            match v.typ().underlying() {
                Type::Basic(_) => {
                    let data = files.first().map(|f| f.data.clone()).unwrap_or_default();
                    let sym = self.global(v);
                    let mut d = vec![Datum::Zero(16)];
                    if !data.is_empty() {
                        let s = self.string_data(&data);
                        d = vec![Datum::Addr(s, 0), Datum::Bytes((data.len() as u64).to_le_bytes().to_vec())];
                    }
                    self.push_var(sym, 16, d);
                }
                Type::Slice(_) => {
                    let data = files.first().map(|f| f.data.clone()).unwrap_or_default();
                    self.put_byte_slice_var(v, &data);
                    let s = self.global(v);
                    self.static_vars.insert(s);
                }
                // embed.FS: struct { files *[]file }, file: struct { name, data string; hash [16]byte }
                _ => {
                    let mut d = Vec::new();
                    for f in files {
                        let n = self.string_data(f.name.as_bytes());
                        d.push(Datum::Addr(n, 0));
                        d.push(Datum::Bytes((f.name.len() as u64).to_le_bytes().to_vec()));
                        if f.data.is_empty() {
                            d.push(Datum::Zero(16));
                        } else {
                            let c = self.string_data(&f.data);
                            d.push(Datum::Addr(c, 0));
                            d.push(Datum::Bytes((f.data.len() as u64).to_le_bytes().to_vec()));
                        }
                        let dir = f.name.ends_with('/');
                        let h: [u8; 16] = if dir { [0; 16] } else { blake3::hash(&f.data).as_bytes()[..16].try_into().unwrap_or([0; 16]) };
                        d.push(Datum::Bytes(h.to_vec()));
                    }
                    let n = files.len() as u64;
                    let list = self.anon_sym("embed_");
                    let hdr = self.anon_sym("embed_");
                    self.m.globals.push(Global { sym: list, linkage: Linkage::Internal, size: (48 * n).max(1), align: 8, readonly: true, pointers: false, data: d });
                    let mut lens = n.to_le_bytes().to_vec();
                    lens.extend_from_slice(&n.to_le_bytes());
                    self.m.globals.push(Global {
                        sym: hdr,
                        linkage: Linkage::Internal,
                        size: 24,
                        align: 8,
                        readonly: true,
                        pointers: false,
                        data: vec![Datum::Addr(list, 0), Datum::Bytes(lens)],
                    });
                    let sym = self.global(v);
                    self.push_var(sym, 8, vec![Datum::Addr(hdr, 0)]);
                }
            }
        }
    }

    fn push_var(&mut self, sym: Sym, size: u64, data: Vec<Datum>) {
        self.m.globals.push(Global { sym, linkage: Linkage::External, size, align: 8, readonly: false, pointers: true, data });
        self.static_vars.insert(sym);
    }
}
