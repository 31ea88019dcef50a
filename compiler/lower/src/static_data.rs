//! Initial values known at compile time: constants, composite literals of such values, addresses of variables and functions.
//!
//! Used for package variables (so that big tables cost no code) and for literals in functions that are copied from read-only memory.

use std::rc::Rc;

use rgo_constant::{self as constant, Kind, Value as Const};
use rgo_ir::{Datum, Global, Linkage, Sym};
use rgo_syntax::ast::{CallExpr, CompositeLit, Expr, ExprKind, StmtKind};
use rgo_syntax::token::Op as Tok;
use rgo_types::{BasicKind, Info, Obj, Type};

use crate::env::Env;
use crate::package::PackageLowering;

/// Largest static image made for one literal.
const MAX_STATIC: u64 = 64 << 20;

/// Bytes and addresses of a value under construction.
struct Image {
    bytes: Vec<u8>,
    relocs: Vec<(u64, Sym, i64)>,
}

impl Image {
    fn new(size: u64) -> Image {
        Image { bytes: vec![0; size as usize], relocs: Vec::new() }
    }
    fn put(&mut self, off: u64, b: &[u8]) {
        self.bytes[off as usize..off as usize + b.len()].copy_from_slice(b);
    }
    fn addr(&mut self, off: u64, s: Sym, addend: i64) {
        self.relocs.push((off, s, addend));
    }
    fn is_zero(&self) -> bool {
        self.relocs.is_empty() && self.bytes.iter().all(|b| *b == 0)
    }
    fn into_data(mut self) -> Vec<Datum> {
        self.relocs.sort_by_key(|r| r.0);
        let mut out = Vec::new();
        let mut at = 0usize;
        for (off, s, add) in self.relocs {
            let off = off as usize;
            if off > at {
                out.push(Datum::Bytes(self.bytes[at..off].to_vec()));
            }
            out.push(Datum::Addr(s, add));
            at = off + 8;
        }
        if at < self.bytes.len() {
            let rest = &self.bytes[at..];
            if rest.iter().all(|b| *b == 0) {
                out.push(Datum::Zero(rest.len() as u64));
            } else {
                out.push(Datum::Bytes(rest.to_vec()));
            }
        }
        out
    }
}

/// Where the expressions come from.
#[derive(Clone)]
pub struct StaticCtx {
    pub info: &'static Info,
    pub env: Env,
    /// Addresses of mutable data may be made (package initialisation: evaluated once).
    pub once: bool,
    /// In the body of a function that is called with constants: its parameters.
    pub params: Rc<Vec<(Obj, Const)>>,
    /// How many calls deep.
    pub depth: u32,
}

/// Calls in calls that are followed.
const MAX_CALLS: u32 = 8;

impl PackageLowering<'_> {
    /// Defines package variable `v` with the static value of `e`, if it has one.
    pub(crate) fn try_static_var(&mut self, v: Obj, e: &Expr) -> bool {
        let t = v.typ();
        let size = self.size_of(t);
        if size > MAX_STATIC {
            return false;
        }
        let cx = StaticCtx { info: self.pd.info, env: Env::empty(), once: true, params: Rc::default(), depth: 0 };
        let mut img = Image::new(size);
        if !self.put_expr(&cx, e, t, 0, &mut img) {
            return false;
        }
        let sym = self.global(v);
        self.static_contents.insert(sym, self.m.globals.len());
        self.define(sym, t, img, Linkage::External, false);
        true
    }

    fn define(&mut self, sym: Sym, t: Type, img: Image, linkage: Linkage, readonly: bool) {
        let align = self.align_of(t);
        let pointers = self.has_pointers(t);
        let size = img.bytes.len() as u64;
        let data = if img.is_zero() { vec![Datum::Zero(size)] } else { img.into_data() };
        self.m.globals.push(Global { sym, linkage, size, align, readonly, pointers, data });
    }

    /// Read-only memory holding the value of a literal made of constants only (for a slice literal: its elements).
    /// `t`: the literal's concrete type.
    pub fn try_static_data(&mut self, info: &'static Info, env: &Env, e: &Expr, t: Type) -> Option<Sym> {
        let cx = StaticCtx { info, env: env.clone(), once: false, params: Rc::default(), depth: 0 };
        let ExprKind::CompositeLit(lit) = &e.unparen().kind else { return None };
        let (vt, n) = match t.underlying() {
            Type::Slice(s) => {
                let n = literal_len(&cx, lit)?;
                (Type::Array(rgo_types::Array::new(s.elem(), n)), n)
            }
            Type::Array(_) | Type::Struct(_) => (t, 1),
            _ => return None,
        };
        let size = self.size_of(vt);
        if n == 0 || size == 0 || size > MAX_STATIC {
            return None;
        }
        let mut img = Image::new(size);
        let ok = match vt.underlying() {
            Type::Array(a) => self.put_elements(&cx, lit, a.elem(), 0, &mut img),
            _ => self.put_lit(&cx, lit, vt, 0, &mut img),
        };
        if !ok {
            return None;
        }
        let sym = self.anon_sym("stmp_");
        self.define(sym, vt, img, Linkage::Internal, true);
        Some(sym)
    }

    fn put_expr(&mut self, cx: &StaticCtx, e: &Expr, t: Type, off: u64, img: &mut Image) -> bool {
        let e = e.unparen();
        if let Type::Interface(_) = t.underlying() {
            return self.put_iface(cx, e, t, off, img);
        }
        if let Some(c) = cx.info.const_value(e) {
            return self.put_const(c, t, off, img);
        }
        if cx.info.tv(e).is_some_and(|tv| tv.is_nil()) {
            return true;
        }
        match &e.kind {
            ExprKind::CompositeLit(lit) => {
                let et = cx.env.subst(cx.info.type_of(e));
                self.put_lit(cx, lit, et, off, img)
            }
            ExprKind::UnaryExpr(u) if u.op == Tok::And => self.put_address(cx, &u.x, off, img),
            ExprKind::Ident(id) => match cx.info.use_of(id) {
                Some(o) => match cx.params.iter().find(|p| p.0 == o) {
                    Some((_, c)) => self.put_const(&c.clone(), t, off, img),
                    None => self.put_object(cx, o, cx.info.instance_of(id).is_some(), off, img),
                },
                None => false,
            },
            ExprKind::SelectorExpr(s) if cx.info.selection_of(e).is_none() => match cx.info.use_of(&s.sel) {
                Some(o) => self.put_object(cx, o, cx.info.instance_of(&s.sel).is_some(), off, img),
                None => false,
            },
            ExprKind::CallExpr(c) if c.args.len() == 1 && cx.info.is_type_expr(&c.fun) => {
                // A conversion that keeps the representation, or []byte("...") of a variable.
                let from = cx.env.subst(cx.info.type_of(&c.args[0]));
                if let (Type::Slice(s), true, Some(v)) = (t.underlying(), cx.once, cx.info.const_value(&c.args[0]))
                    && let Type::Basic(b) = s.elem().underlying()
                    && b.kind == BasicKind::Uint8
                    && v.kind() == Kind::String
                {
                    let bytes = constant::string_val(v).to_vec();
                    return self.put_byte_slice(&bytes, off, img);
                }
                if rgo_types::predicates::identical_ignore_tags(from.underlying(), t.underlying()) {
                    return self.put_expr(cx, &c.args[0], t, off, img);
                }
                false
            }
            ExprKind::CallExpr(c) => match self.static_call(cx, c) {
                Some((inner, e)) => self.put_expr(&inner, e, t, off, img),
                None => false,
            },
            ExprKind::SliceExpr(s) if cx.once && s.low.is_none() && s.high.is_none() && s.max.is_none() => {
                // All of an array that is a variable.
                let Type::Array(a) = cx.info.type_of(&s.x).underlying() else { return false };
                let Some((sym, at)) = self.static_address(cx, &s.x) else { return false };
                img.addr(off, sym, at);
                img.put(off + 8, &(a.len() as u64).to_le_bytes());
                img.put(off + 16, &(a.len() as u64).to_le_bytes());
                true
            }
            _ => false,
        }
    }

    /// A call, with constants, of a function that only returns an expression (`errors.New`): the expression, and how to read it.
    fn static_call(&mut self, cx: &StaticCtx, c: &CallExpr) -> Option<(StaticCtx, &'static Expr)> {
        if !cx.once || cx.depth >= MAX_CALLS || c.has_dots() {
            return None;
        }
        let f = match &c.fun.unparen().kind {
            ExprKind::Ident(id) => cx.info.use_of(id)?,
            ExprKind::SelectorExpr(s) if cx.info.selection_of(c.fun.unparen()).is_none() => cx.info.use_of(&s.sel)?,
            _ => return None,
        };
        if !f.is_func() || crate::package::is_generic(f) || f.signature().variadic() {
            return None;
        }
        let (fd, pd) = self.prog.decl(f)?;
        let p = pd.pragmas(fd);
        // A body that importers do not read must not show in what is made of them.
        if p.noinline || pd.linknames.target(f.name()).is_some() || f.pkg() != Some(self.pd.pkg) && !crate::inline::needed_by_importers(fd) {
            return None;
        }
        let sym = self.func_sym(f, &[]);
        let name = self.m.sym_name(sym).to_string();
        if self.is_intrinsic(&name) {
            return None;
        }
        let [stmt] = fd.body.as_ref()?.stmts.as_slice() else { return None };
        let StmtKind::ReturnStmt(results) = &stmt.kind else { return None };
        let [e] = results.as_slice() else { return None };
        let names: Vec<_> = fd.typ.params.fields.iter().flat_map(|f| if f.names.is_empty() { vec![None] } else { f.names.iter().map(Some).collect() }).collect();
        if names.len() != c.args.len() {
            return None;
        }
        let mut params = Vec::new();
        for (n, (a, v)) in names.iter().zip(c.args.iter().zip(f.signature().params().types())) {
            // A constant of a type that is kept as it is.
            let value = cx.info.const_value(a).cloned().or_else(|| {
                let ExprKind::Ident(id) = &a.unparen().kind else { return None };
                let o = cx.info.use_of(id)?;
                cx.params.iter().find(|p| p.0 == o).map(|p| p.1.clone())
            })?;
            if !matches!(v.underlying(), Type::Basic(_)) {
                return None;
            }
            if let Some(o) = n.filter(|n| n.name.as_str() != "_").and_then(|n| pd.info.def_of(n)) {
                params.push((o, value));
            }
        }
        Some((StaticCtx { info: pd.info, env: Env::empty(), once: true, params: Rc::new(params), depth: cx.depth + 1 }, e))
    }

    pub(crate) fn put_byte_slice_var(&mut self, v: Obj, bytes: &[u8]) {
        let mut img = Image::new(24);
        self.put_byte_slice(bytes, 0, &mut img);
        let sym = self.global(v);
        self.define(sym, v.typ(), img, Linkage::External, false);
    }

    fn put_byte_slice(&mut self, bytes: &[u8], off: u64, img: &mut Image) -> bool {
        let n = bytes.len() as u64;
        let sym = if n == 0 {
            self.m.sym("runtime.zerobase")
        } else {
            let sym = self.anon_sym("stmp_");
            self.m.globals.push(Global { sym, linkage: Linkage::Internal, size: n, align: 1, readonly: false, pointers: false, data: vec![Datum::Bytes(bytes.to_vec())] });
            sym
        };
        img.addr(off, sym, 0);
        img.put(off + 8, &n.to_le_bytes());
        img.put(off + 16, &n.to_le_bytes());
        true
    }

    fn put_object(&mut self, cx: &StaticCtx, o: Obj, instance: bool, off: u64, img: &mut Image) -> bool {
        if cx.once && o.is_var() {
            return self.put_variable(o, off, img);
        }
        if !o.is_func() || instance || crate::package::is_generic(o) {
            return false;
        }
        let f = self.func_sym(o, &[]);
        let name = self.m.sym_name(f).to_string();
        if self.is_intrinsic(&name) {
            return false;
        }
        let v = self.func_value(f);
        img.addr(off, v, 0);
        true
    }

    /// The value of a package variable that has it already and keeps it.
    fn put_variable(&mut self, o: Obj, off: u64, img: &mut Image) -> bool {
        if !crate::constant_vars::may_be_constant(self.pd, o) {
            return false;
        }
        let sym = self.global(o);
        let Some(&i) = self.static_contents.get(&sym) else { return false };
        if self.changed_vars.get_or_insert_with(|| crate::constant_vars::changed(self.pd)).contains(&o) {
            return false;
        }
        let mut at = off;
        for d in &self.m.globals[i].data {
            match d {
                Datum::Bytes(b) => {
                    img.put(at, b);
                    at += b.len() as u64;
                }
                Datum::Zero(n) => at += n,
                Datum::Addr(s, addend) => {
                    img.addr(at, *s, *addend);
                    at += 8;
                }
                Datum::Addr32(..) | Datum::Rel32 { .. } => return false,
            }
        }
        true
    }

    /// `&x`: a package variable (or a part of one), or a literal that becomes a variable of its own.
    fn put_address(&mut self, cx: &StaticCtx, x: &Expr, off: u64, img: &mut Image) -> bool {
        if !cx.once {
            return false;
        }
        let x = x.unparen();
        if let ExprKind::CompositeLit(lit) = &x.kind {
            let t = cx.info.type_of(x);
            let size = self.size_of(t);
            if size > MAX_STATIC {
                return false;
            }
            let mut inner = Image::new(size);
            if !self.put_lit(cx, lit, t, 0, &mut inner) {
                return false;
            }
            if size == 0 {
                let z = self.m.sym("runtime.zerobase");
                img.addr(off, z, 0);
                return true;
            }
            let sym = self.anon_sym("stmp_");
            self.define(sym, t, inner, Linkage::Internal, false);
            img.addr(off, sym, 0);
            return true;
        }
        match self.static_address(cx, x) {
            Some((s, o)) => {
                img.addr(off, s, o);
                true
            }
            None => false,
        }
    }

    /// The address of a variable expression that does not depend on run-time values.
    fn static_address(&mut self, cx: &StaticCtx, x: &Expr) -> Option<(Sym, i64)> {
        let x = x.unparen();
        match &x.kind {
            ExprKind::Ident(id) => {
                let o = cx.info.use_of(id)?;
                self.package_var(o).map(|s| (s, 0))
            }
            ExprKind::SelectorExpr(s) => match cx.info.selection_of(x) {
                None => {
                    let o = cx.info.use_of(&s.sel)?;
                    self.package_var(o).map(|s| (s, 0))
                }
                Some(sel) => {
                    if sel.kind != rgo_types::SelectionKind::FieldVal || sel.indirect {
                        return None;
                    }
                    let (sym, mut off) = self.static_address(cx, &s.x)?;
                    let mut t = cx.info.type_of(&s.x);
                    for &i in &sel.index {
                        let Type::Struct(st) = t.underlying() else { return None };
                        off += self.field_offset(t, i) as i64;
                        t = st.field(i).typ();
                    }
                    Some((sym, off))
                }
            },
            ExprKind::IndexExpr(ix) if ix.indices.len() == 1 => {
                let Type::Array(a) = cx.info.type_of(&ix.x).underlying() else { return None };
                let i = constant::int64_val(&constant::to_int(cx.info.const_value(&ix.indices[0])?))?;
                if i < 0 || i >= a.len() {
                    return None;
                }
                let (sym, off) = self.static_address(cx, &ix.x)?;
                Some((sym, off + i * self.size_of(a.elem()) as i64))
            }
            _ => None,
        }
    }

    fn package_var(&mut self, o: Obj) -> Option<Sym> {
        if o.var_kind() == Some(rgo_types::VarKind::Package) && o.name() != "_" { Some(self.global(o)) } else { None }
    }

    fn put_iface(&mut self, cx: &StaticCtx, e: &Expr, t: Type, off: u64, img: &mut Image) -> bool {
        let Some(tv) = cx.info.tv(e) else { return false };
        if tv.is_nil() {
            return true;
        }
        let from = cx.env.subst(tv.typ);
        if matches!(from.underlying(), Type::Interface(_)) {
            // A conversion to another interface type of a static value.
            if let ExprKind::CallExpr(c) = &e.kind
                && c.args.len() == 1
                && cx.info.is_type_expr(&c.fun)
            {
                return self.put_iface(cx, c.args[0].unparen(), t, off, img);
            }
            if let ExprKind::CallExpr(c) = &e.kind
                && let Some((inner, e)) = self.static_call(cx, c)
            {
                return self.put_iface(&inner, e.unparen(), t, off, img);
            }
            return false;
        }
        if rgo_types::predicates::is_untyped(from) {
            return false;
        }
        let word = if is_empty_iface(t) { self.type_desc(from) } else { self.itab(from, t) };
        let size = self.size_of(from);
        if size > MAX_STATIC {
            return false;
        }
        if self.is_direct_iface(from) {
            let mut inner = Image::new(8);
            if !self.put_expr(cx, e, from, 0, &mut inner) {
                return false;
            }
            img.addr(off, word, 0);
            img.put(off + 8, &inner.bytes);
            for (_, s, a) in inner.relocs {
                img.addr(off + 8, s, a);
            }
            return true;
        }
        img.addr(off, word, 0);
        if size == 0 {
            let z = self.m.sym("runtime.zerobase");
            img.addr(off + 8, z, 0);
            return true;
        }
        let mut inner = Image::new(size);
        if !self.put_expr(cx, e, from, 0, &mut inner) {
            return false;
        }
        let sym = self.anon_sym("stmp_");
        // Nothing writes a boxed value.
        self.define(sym, from, inner, Linkage::Internal, true);
        img.addr(off + 8, sym, 0);
        true
    }

    fn put_lit(&mut self, cx: &StaticCtx, lit: &CompositeLit, t: Type, off: u64, img: &mut Image) -> bool {
        match t.underlying() {
            Type::Struct(s) => {
                for (i, el) in lit.elts.iter().enumerate() {
                    let (idx, v) = match &el.kind {
                        ExprKind::KeyValueExpr(kv) => {
                            let Some(name) = kv.key.as_ident() else { return false };
                            // A promoted field goes through embedded structs: left to code.
                            let Some(k) = s.fields().iter().position(|f| f.name == name.name) else {
                                return false;
                            };
                            (k, &kv.value)
                        }
                        _ => (i, el),
                    };
                    if s.field(idx).name() == "_" {
                        // Evaluated for its effects only, and stays zero.
                        if cx.info.const_value(v).is_none() {
                            return false;
                        }
                        continue;
                    }
                    let fo = self.field_offset(t, idx);
                    let ft = cx.env.subst(s.field(idx).typ());
                    if !self.put_expr(cx, v, ft, off + fo, img) {
                        return false;
                    }
                }
                true
            }
            Type::Array(a) => self.put_elements(cx, lit, a.elem(), off, img),
            Type::Slice(s) => {
                if !cx.once {
                    return false;
                }
                let Some(n) = literal_len(cx, lit) else { return false };
                let bt = Type::Array(rgo_types::Array::new(s.elem(), n));
                let size = self.size_of(bt);
                if size > MAX_STATIC {
                    return false;
                }
                let sym = if size == 0 {
                    self.m.sym("runtime.zerobase")
                } else {
                    let mut inner = Image::new(size);
                    if !self.put_elements(cx, lit, s.elem(), 0, &mut inner) {
                        return false;
                    }
                    let sym = self.anon_sym("stmp_");
                    self.define(sym, bt, inner, Linkage::Internal, false);
                    sym
                };
                img.addr(off, sym, 0);
                img.put(off + 8, &(n as u64).to_le_bytes());
                img.put(off + 16, &(n as u64).to_le_bytes());
                true
            }
            _ => false,
        }
    }

    fn put_elements(&mut self, cx: &StaticCtx, lit: &CompositeLit, elem: Type, off: u64, img: &mut Image) -> bool {
        let es = self.size_of(elem);
        let mut i = 0i64;
        for el in &lit.elts {
            let v = match &el.kind {
                ExprKind::KeyValueExpr(kv) => {
                    let Some(k) = cx.info.const_value(&kv.key).and_then(|c| constant::int64_val(&constant::to_int(c))) else { return false };
                    i = k;
                    &kv.value
                }
                _ => el,
            };
            // An element without type whose elements are pointers means &T{...}.
            let at = off + i as u64 * es;
            let ok = match (&v.kind, elem.underlying()) {
                (ExprKind::CompositeLit(l), Type::Pointer(_)) if l.typ.is_none() => self.put_elided_pointer(cx, l, elem, at, img),
                _ => self.put_expr(cx, v, elem, at, img),
            };
            if !ok {
                return false;
            }
            i += 1;
        }
        true
    }

    fn put_elided_pointer(&mut self, cx: &StaticCtx, lit: &CompositeLit, ptr: Type, off: u64, img: &mut Image) -> bool {
        let Type::Pointer(p) = ptr.underlying() else { return false };
        if !cx.once {
            return false;
        }
        let t = p.elem();
        let size = self.size_of(t);
        if size == 0 || size > MAX_STATIC {
            return false;
        }
        let mut inner = Image::new(size);
        if !self.put_lit(cx, lit, t, 0, &mut inner) {
            return false;
        }
        let sym = self.anon_sym("stmp_");
        self.define(sym, t, inner, Linkage::Internal, false);
        img.addr(off, sym, 0);
        true
    }

    fn put_const(&mut self, c: &Const, t: Type, off: u64, img: &mut Image) -> bool {
        let Type::Basic(b) = t.underlying() else { return false };
        let size = self.size_of(t);
        match b.kind {
            BasicKind::Bool | BasicKind::UntypedBool => img.put(off, &[constant::bool_val(c) as u8]),
            BasicKind::String | BasicKind::UntypedString => {
                let s = constant::string_val(c).to_vec();
                if !s.is_empty() {
                    let d = self.string_data(&s);
                    img.addr(off, d, 0);
                }
                img.put(off + 8, &(s.len() as u64).to_le_bytes());
            }
            BasicKind::Float32 => img.put(off, &constant::float32_val(&constant::to_float(c)).0.to_le_bytes()),
            BasicKind::Float64 | BasicKind::UntypedFloat => img.put(off, &constant::float64_val(&constant::to_float(c)).0.to_le_bytes()),
            BasicKind::Complex64 => {
                let (r, i) = complex_parts(c);
                img.put(off, &constant::float32_val(&r).0.to_le_bytes());
                img.put(off + 4, &constant::float32_val(&i).0.to_le_bytes());
            }
            BasicKind::Complex128 | BasicKind::UntypedComplex => {
                let (r, i) = complex_parts(c);
                img.put(off, &constant::float64_val(&r).0.to_le_bytes());
                img.put(off + 8, &constant::float64_val(&i).0.to_le_bytes());
            }
            _ => match int_bits(c) {
                Some(v) => img.put(off, &v.to_le_bytes()[..size as usize]),
                None => return false,
            },
        }
        true
    }
}

/// The low 64 bits of an integer constant in two's complement.
pub fn int_bits(c: &Const) -> Option<u64> {
    let c = constant::to_int(c);
    constant::int64_val(&c).map(|v| v as u64).or_else(|| constant::uint64_val(&c))
}

/// Real and imaginary part as float constants.
pub fn complex_parts(c: &Const) -> (Const, Const) {
    let c = constant::to_complex(c);
    (constant::to_float(&constant::real(&c)), constant::to_float(&constant::imag(&c)))
}

pub(crate) fn is_empty_iface(t: Type) -> bool {
    match t.underlying() {
        Type::Interface(i) => i.all_methods().is_empty(),
        _ => false,
    }
}

/// The length of a slice or array literal.
fn literal_len(cx: &StaticCtx, lit: &CompositeLit) -> Option<i64> {
    let (mut i, mut max) = (0i64, 0i64);
    for el in &lit.elts {
        if let ExprKind::KeyValueExpr(kv) = &el.kind {
            i = constant::int64_val(&constant::to_int(cx.info.const_value(&kv.key)?))?;
        }
        i += 1;
        max = max.max(i);
    }
    Some(max)
}
