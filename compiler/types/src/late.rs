//! What gc rejects in a program without type errors: misplaced directives, missing bodies, types too large.
//!
//! Call [`Checker::late_checks`] after a check without errors; the results are ordinary diagnostics.

use crate::check::Checker;
use crate::code::Code;
use crate::object::Obj;
use crate::predicates::is_typed;
use crate::sizes::sizeof;
use crate::syn::{BlockStmt, Decl, Expr, ExprKind, File, FuncDecl, GenDecl, GenKind, NO_POS, Pos, Spec, Stmt, Symbol, stmt_start};
use crate::types::{Signature, Type};
use crate::universe::BuiltinId;
use crate::version::{GO1_18, GoVersion};
use rgo_syntax::pragma::{self, PragmaFlags};
use rgo_syntax::visit::{self, Visitor};
use rustc_hash::FxHashSet;

/// Types of this size or more cannot exist.
const MAX_WIDTH: i64 = 1 << 50;
/// Elements of this size or more cannot be sent.
const MAX_CHAN_ELEM: i64 = 1 << 16;
/// Arguments and results of this size or more fit no stack frame.
const MAX_FRAME: i64 = 1 << 30;
/// Largest package-level variable.
const MAX_SYMBOL: i64 = 2_000_000_000;

impl Checker {
    /// Reports what gc reports after type-checking. `complete`: the package has no other parts (assembly) that could contain bodies of functions.
    pub fn late_checks(&self, files: &[&'static File], complete: bool) {
        let before = self.diagnostics.borrow().len();
        let mut w = Walker { check: self, at: NO_POS, callee: 0 };
        for f in files {
            visit::walk_file(&mut w, f);
        }
        if self.diagnostics.borrow().len() > before {
            return;
        }
        let mut linked: FxHashSet<Obj> = FxHashSet::default();
        for f in files {
            for e in pragma::check_decls(f) {
                self.late(e.pos, e.msg);
            }
            self.embeds(f);
            self.linknames(f, &mut linked);
        }
        for f in files {
            for d in &f.decls {
                match d {
                    Decl::Func(fd) => self.late_func(fd, complete, &linked),
                    Decl::Gen(g) if g.kind == GenKind::Var => self.symbols(g),
                    Decl::Gen(_) => {}
                }
            }
        }
    }

    /// The size of a type; 0 where it depends on type parameters.
    fn known_size(&self, t: Type) -> i64 {
        // Negative: beyond what an i64 holds.
        if self.has_var_size(t) { 0 } else { u64::try_from(sizeof(t)).map_or(i64::MAX, |s| s as i64) }
    }

    fn symbols(&self, g: &GenDecl) {
        for s in &g.specs {
            let Spec::Value(v) = s else { continue };
            for n in &v.names {
                let Some(o) = self.info.borrow().def_of(n) else { continue };
                let size = self.known_size(o.typ());
                if size > MAX_SYMBOL {
                    self.late(n.pos, format!("{}.{}: symbol too large ({size} bytes > {MAX_SYMBOL} bytes)", self.pkg.path(), o.name()));
                }
            }
        }
    }

    /// Bytes of the receiver, parameters and results of a signature.
    fn argument_width(&self, s: &Signature) -> i64 {
        let vars = s.recv().into_iter().chain(s.params().vars.iter().copied()).chain(s.results().vars.iter().copied());
        vars.fold(0i64, |n, v| n.saturating_add(self.known_size(v.typ())))
    }

    fn late(&self, pos: Pos, msg: impl Into<String>) {
        self.error(pos, Code::Test, msg);
    }

    fn linknames(&self, f: &File, linked: &mut FxHashSet<Obj>) {
        if !pragma::imports(f, "unsafe") {
            return;
        }
        for l in pragma::linknames(f) {
            let verb = if l.std { "go:linknamestd" } else { "go:linkname" };
            if l.remote.as_ref().is_some_and(|r| r.contains('[') && r.contains(']')) {
                self.late(l.pos, format!("//{verb} reference of an instantiation is not allowed"));
                continue;
            }
            match self.pkg.scope().lookup(Symbol::intern(&l.local)).filter(|o| o.is_func() || o.is_var()) {
                Some(o) => {
                    if !linked.insert(o) {
                        self.late(l.pos, format!("duplicate //{verb} for {}", l.local));
                    }
                }
                None => {
                    let v = GoVersion::parse(&self.conf.go_version);
                    if !v.is_valid() || v >= GO1_18 {
                        self.late(l.pos, format!("//{verb} must refer to declared function or variable"));
                    }
                }
            }
        }
    }

    fn late_func(&self, fd: &FuncDecl, complete: bool, linked: &FxHashSet<Obj>) {
        let flags = PragmaFlags::of(&fd.pragmas);
        let has = |f: PragmaFlags| flags.has(f);
        if has(PragmaFlags::SYSTEMSTACK) && has(PragmaFlags::NOSPLIT) {
            self.late(fd.pos, "go:nosplit and go:systemstack cannot be combined");
        }
        if fd.body.is_some() {
            if has(PragmaFlags::NOESCAPE) {
                self.late(fd.pos, "can only use //go:noescape with external func implementations");
            }
            if has(PragmaFlags::UINTPTR_KEEP_ALIVE) && !has(PragmaFlags::UINTPTR_ESCAPES) && !has(PragmaFlags::NOSPLIT) {
                self.late(fd.pos, "go:uintptrkeepalive requires go:nosplit");
            }
            return;
        }
        if fd.name.name.is_blank() {
            return;
        }
        let obj = self.info.borrow().def_of(&fd.name);
        if (complete || fd.name.name == Symbol::INIT) && !obj.is_some_and(|o| linked.contains(&o)) {
            self.late(fd.pos, "missing function body");
        }
    }

    fn embeds(&self, f: &File) {
        struct Embeds<'a> {
            check: &'a Checker,
            import: bool,
            depth: usize,
        }
        impl Visitor for Embeds<'_> {
            fn gen_decl(&mut self, g: &GenDecl) -> bool {
                for s in &g.specs {
                    if let (GenKind::Var, Spec::Value(v)) = (g.kind, s) {
                        if let Some(e) = pragma::check_embed(v, self.import, self.depth > 0) {
                            self.check.late(e.pos, e.msg);
                        } else if let Some((pos, _)) = pragma::embeds(&v.pragmas).first() {
                            let lang = &self.check.conf.go_version;
                            if GoVersion::parse(lang).is_valid() && GoVersion::parse(lang) < GoVersion(16) {
                                self.check.late(*pos, format!("go:embed requires go1.16 or later (-lang was set to {lang}; check go.mod)"));
                            }
                        }
                    }
                }
                true
            }
            fn block(&mut self, _b: &BlockStmt) -> bool {
                // Package-level declarations of a function literal come later in the traversal than the literal only within one declaration.
                self.depth = 1;
                true
            }
            fn func_decl(&mut self, _f: &FuncDecl) -> bool {
                true
            }
        }
        let import = pragma::imports(f, "embed");
        for d in &f.decls {
            let mut v = Embeds { check: self, import, depth: 0 };
            match d {
                Decl::Gen(g) => visit::walk_gen_decl(&mut v, g),
                Decl::Func(f) => visit::walk_func_decl(&mut v, f),
            }
        }
    }
}

struct Walker<'a> {
    check: &'a Checker,
    /// The declaration or statement that sizes are reported at.
    at: Pos,
    /// Largest space for arguments of a call in the function at hand.
    callee: i64,
}

impl Walker<'_> {
    /// Walks a function's body; reports frames that are too large.
    fn function(&mut self, pos: Pos, sig: Option<&'static Signature>, body: &BlockStmt) {
        let outer = (self.at, std::mem::take(&mut self.callee));
        visit::walk_block(self, body);
        let callee = self.callee;
        (self.at, self.callee) = outer;
        let args = sig.map_or(0, |s| self.check.argument_width(s));
        if args >= MAX_FRAME {
            self.check.late(pos, format!("stack frame too large (>1GB): 0 MB locals + {} MB args", args >> 20));
        } else if callee >= MAX_FRAME {
            self.check.late(pos, format!("stack frame too large (>1GB): 0 MB locals + {} MB args + {} MB callee", args >> 20, callee >> 20));
        }
    }
}

impl Visitor for Walker<'_> {
    fn gen_decl(&mut self, d: &GenDecl) -> bool {
        // One at a time, so that `at` is that of the spec.
        for s in &d.specs {
            match s {
                Spec::Import(_) => {}
                Spec::Value(v) => {
                    self.at = v.names.first().map_or(v.pos, |n| n.pos);
                    for x in v.typ.iter().chain(&v.values) {
                        visit::walk_expr(self, x);
                    }
                }
                Spec::Type(t) => {
                    self.at = t.name.pos;
                    if let Some(p) = &t.type_params {
                        visit::walk_fields(self, p);
                    }
                    visit::walk_expr(self, &t.typ);
                }
            }
        }
        false
    }
    fn stmt(&mut self, s: &Stmt) -> bool {
        self.at = stmt_start(s);
        true
    }
    fn func_decl(&mut self, f: &FuncDecl) -> bool {
        self.at = f.pos;
        if let Some(r) = &f.recv {
            visit::walk_fields(self, r);
        }
        visit::walk_func_type(self, &f.typ);
        if let Some(b) = &f.body {
            let sig = self.check.info.borrow().def_of(&f.name).filter(|o| o.is_func()).map(|o| o.signature());
            self.function(f.name.pos, sig, b);
        }
        false
    }
    fn expr(&mut self, x: &Expr) -> bool {
        let t = || self.check.info.borrow().tv(x).filter(|tv| tv.is_type()).map(|tv| tv.typ);
        match &x.kind {
            ExprKind::ArrayType(_) => {
                if let Some(t) = t().filter(|t| is_typed(*t) && !self.check.has_var_size(*t)) {
                    let s = sizeof(t);
                    if !(0..MAX_WIDTH).contains(&s) {
                        self.check.error(self.at, Code::TypeTooLarge, format!("type {} larger than address space", self.check.type_str(t)));
                    }
                }
                true
            }
            ExprKind::FuncLit(f) => {
                visit::walk_func_type(self, &f.typ);
                let sig = match self.check.info.borrow().try_type_of(x) {
                    Some(Type::Signature(s)) => Some(s),
                    _ => None,
                };
                self.function(x.pos, sig, &f.body);
                false
            }
            ExprKind::CallExpr(c) => {
                let id = self.check.info.borrow().builtin_of(&c.fun);
                if let Some(id @ (BuiltinId::Print | BuiltinId::Println)) = id {
                    let types: Vec<Type> = c.args.iter().filter_map(|a| self.check.info.borrow().try_type_of(a)).collect();
                    for t in types {
                        // Instances are looked at when they are made.
                        if matches!(t.underlying(), Type::Struct(_) | Type::Array(_)) && !self.check.has_var_size(t) {
                            let name = if id == BuiltinId::Print { "print" } else { "println" };
                            self.check.late(x.pos, format!("illegal types for operand: {name}\n\t{}", self.check.type_str(t)));
                        }
                    }
                }
                let fun = self.check.info.borrow().tv(&c.fun).filter(|tv| !tv.is_type()).map(|tv| tv.typ.underlying());
                if let Some(Type::Signature(s)) = fun {
                    self.callee = self.callee.max(self.check.argument_width(s));
                }
                true
            }
            ExprKind::ChanType(_) => {
                if let Some(Type::Chan(c)) = t().map(|t| t.unalias()) {
                    if !self.check.has_var_size(c.elem()) && !(0..MAX_CHAN_ELEM).contains(&sizeof(c.elem())) {
                        self.check.error(self.at, Code::TypeTooLarge, "channel element type too large (>64kB)");
                    }
                }
                true
            }
            _ => true,
        }
    }
}
