//! Composite literals.

use rgo_ir::{MemFlags, Op, Ty, Value};
use rgo_syntax::ast::*;
use rgo_types::Type;

use crate::func::{Addr, FunctionLowering, MemKind};

/// Literals of at least this many elements are copied from static data where possible.
const MIN_STATIC: usize = 4;

impl FunctionLowering<'_, '_> {
    /// The value of a composite literal.
    pub(crate) fn composite(&mut self, e: &'static Expr, c: &'static CompositeLit) -> Value {
        let t = self.type_of(e);
        match t.underlying() {
            // `{...}` standing for `&T{...}` inside of another literal.
            Type::Pointer(_) => return self.new_composite(e, c),
            Type::Slice(s) => return self.slice_lit(e, c, s.elem()),
            Type::Map(_) => return self.map_lit(e, c, t),
            _ => {}
        }
        if self.pl.is_memory(t) {
            let p = self.temp(t);
            self.composite_to(e, c, Addr::new(p, MemKind::Frame), false);
            return p;
        }
        let ty = self.pl.ir_ty(t);
        match t.underlying() {
            Type::Struct(s) => {
                let n = s.num_fields();
                let fields = self.struct_fields(c, t);
                if fields.is_empty() {
                    return self.fb.emit1(Op::Zero, ty);
                }
                if fields.iter().any(|f| f.0.len() > 1) {
                    return self.literal_value(e, c, t);
                }
                let list: Vec<(&'static Expr, Type)> = fields.iter().map(|(i, x)| (*x, s.field(i[0]).typ())).collect();
                let vals = self.eval_list(&list);
                let mut parts: Vec<Option<Value>> = vec![None; n];
                for ((i, _), v) in fields.iter().zip(vals) {
                    if s.field(i[0]).name() != "_" {
                        parts[i[0]] = Some(v);
                    }
                }
                let mut out = Vec::with_capacity(n);
                for (i, p) in parts.into_iter().enumerate() {
                    let v = match p {
                        Some(v) => v,
                        None => self.zero(s.field(i).typ()),
                    };
                    out.push(v);
                }
                self.fb.aggregate(ty, out)
            }
            Type::Array(a) => {
                // At most one element.
                match c.elts.first() {
                    Some(x) if a.len() == 1 => {
                        let x = match &x.kind {
                            ExprKind::KeyValueExpr(kv) => &kv.value,
                            _ => x,
                        };
                        let v = self.expr_conv(x, a.elem());
                        self.fb.aggregate(ty, vec![v])
                    }
                    _ => self.fb.emit1(Op::Zero, ty),
                }
            }
            _ => panic!("internal compiler error: composite literal of {t}"),
        }
    }

    /// Field paths and values of a struct literal, in source order. (A key may name a promoted field: its path has several indices.)
    fn struct_fields(&self, c: &'static CompositeLit, t: Type) -> Vec<(Vec<usize>, &'static Expr)> {
        let Type::Struct(s) = t.underlying() else { panic!("internal compiler error: {t} is no struct") };
        c.elts
            .iter()
            .enumerate()
            .map(|(i, x)| match &x.kind {
                ExprKind::KeyValueExpr(kv) => {
                    if let Some(sel) = self.sh.info.selections.get(&x.id) {
                        return (sel.index.clone(), &kv.value);
                    }
                    let id = kv.key.as_ident().unwrap_or_else(|| panic!("internal compiler error: field name expected"));
                    let i = (0..s.num_fields())
                        .find(|&k| s.field(k).name == id.name && (s.field(k).exported() || same_package(s.field(k), self.sh.pd.pkg)))
                        .unwrap_or_else(|| panic!("internal compiler error: no field {}", id.name));
                    (vec![i], &kv.value)
                }
                _ => (vec![i], x),
            })
            .collect()
    }

    /// `&T{...}`.
    pub(crate) fn new_composite(&mut self, e: &'static Expr, c: &'static CompositeLit) -> Value {
        let mut t = self.type_of(e);
        if let Type::Pointer(p) = t.underlying() {
            t = p.elem();
        }
        match t.underlying() {
            Type::Struct(_) | Type::Array(_) => {
                if !self.has_calls_in(c) {
                    let p = self.new_object(t);
                    self.fill(e, c, t, Addr::new(p, MemKind::Fresh), true);
                    return p;
                }
                // Calls first: the object is made when its parts are known.
                if self.pl.is_memory(t) {
                    let tmp = self.temp(t);
                    self.fill(e, c, t, Addr::new(tmp, MemKind::Frame), false);
                    let p = self.new_object(t);
                    self.store_at(Addr::new(p, MemKind::Fresh), t, tmp);
                    return p;
                }
                let v = self.literal_value(e, c, t);
                let p = self.new_object(t);
                self.store_at(Addr::new(p, MemKind::Fresh), t, v);
                p
            }
            _ => {
                let v = self.literal_value(e, c, t);
                let p = self.new_object(t);
                self.store_at(Addr::new(p, MemKind::Fresh), t, v);
                p
            }
        }
    }

    fn has_calls_in(&self, c: &'static CompositeLit) -> bool {
        c.elts.iter().any(|x| match &x.kind {
            ExprKind::KeyValueExpr(kv) => self.has_call(&kv.value),
            _ => self.has_call(x),
        })
    }

    /// The value of a literal whose recorded type may be the pointer to `t`.
    fn literal_value(&mut self, e: &'static Expr, c: &'static CompositeLit, t: Type) -> Value {
        match t.underlying() {
            Type::Slice(s) => self.slice_lit(e, c, s.elem()),
            Type::Map(_) => self.map_lit(e, c, t),
            _ => {
                let p = self.temp(t);
                self.fill(e, c, t, Addr::new(p, MemKind::Frame), false);
                self.load_at(Addr::new(p, MemKind::Frame), t)
            }
        }
    }

    /// Writes the literal to memory that its elements do not refer to. `zeroed`: the memory is zero already.
    pub(crate) fn composite_to(&mut self, e: &'static Expr, c: &'static CompositeLit, dst: Addr, zeroed: bool) {
        let t = self.type_of(e);
        match t.underlying() {
            Type::Struct(_) | Type::Array(_) => self.fill(e, c, t, dst, zeroed),
            _ => {
                let v = self.composite(e, c);
                self.store_at(dst, t, v);
            }
        }
    }

    fn fill(&mut self, e: &'static Expr, c: &'static CompositeLit, t: Type, dst: Addr, zeroed: bool) {
        if c.elts.len() >= MIN_STATIC
            && let Some(src) = self.static_lit(e, t)
        {
            let v = self.load_at(Addr::new(src, MemKind::Heap), t);
            self.store_at(dst, t, v);
            return;
        }
        match t.underlying() {
            Type::Struct(s) => {
                let fields = self.struct_fields(c, t);
                if !zeroed && (fields.len() < s.num_fields() || !self.pl.is_memory(t) || fields.iter().any(|f| f.0.len() > 1)) {
                    self.zero_at(dst, t);
                }
                let exprs: Vec<&'static Expr> = fields.iter().map(|x| x.1).collect();
                for k in self.calls_first(&exprs) {
                    let (path, x) = (fields[k].0.clone(), fields[k].1);
                    let (mut at, mut ft) = (dst, t);
                    let mut blank = false;
                    for i in path {
                        let Type::Struct(st) = ft.underlying() else { panic!("internal compiler error: field path of a literal through {ft}") };
                        let off = self.pl.field_offset(ft, i);
                        at = at.offset(off);
                        blank |= st.field(i).name() == "_";
                        ft = st.field(i).typ();
                    }
                    if blank {
                        self.discard(x);
                        continue;
                    }
                    self.expr_to(x, ft, at);
                }
            }
            Type::Array(a) => {
                let all = c.elts.len() as i64 == a.len() && !c.elts.iter().any(|x| matches!(x.kind, ExprKind::KeyValueExpr(_)));
                if !zeroed && !all {
                    self.zero_at(dst, t);
                }
                self.fill_elems(c, a.elem(), dst);
            }
            _ => panic!("internal compiler error: literal of {t}"),
        }
    }

    fn fill_elems(&mut self, c: &'static CompositeLit, elem: Type, dst: Addr) {
        let size = self.pl.size_of(elem);
        let list = self.elements(c);
        let exprs: Vec<&'static Expr> = list.iter().map(|x| x.1).collect();
        for k in self.calls_first(&exprs) {
            let (i, x) = list[k];
            self.expr_to(x, elem, dst.offset(size * i as u64));
        }
    }

    /// Indices and values of an array or slice literal.
    fn elements(&self, c: &'static CompositeLit) -> Vec<(i64, &'static Expr)> {
        let mut next = 0;
        c.elts
            .iter()
            .map(|x| {
                let (i, v) = match &x.kind {
                    ExprKind::KeyValueExpr(kv) => (self.const_int(&kv.key).unwrap_or_else(|| panic!("internal compiler error: index is no constant")), &kv.value),
                    _ => (next, x),
                };
                next = i + 1;
                (i, v)
            })
            .collect()
    }

    /// Static read-only memory with the value of a literal (for slices: its elements).
    pub(crate) fn static_lit(&mut self, e: &'static Expr, t: Type) -> Option<Value> {
        let sh = self.sh.clone();
        let s = self.pl.try_static_data(sh.info, &sh.env, e, t)?;
        Some(self.fb.sym_addr(s))
    }

    fn slice_lit(&mut self, e: &'static Expr, c: &'static CompositeLit, elem: Type) -> Value {
        let n = self.elements(c).iter().map(|x| x.0 + 1).max().unwrap_or(0);
        let arr = self.pl.array_of(elem, n);
        let t = self.type_of(e);
        let t = match t.underlying() {
            Type::Pointer(p) => p.elem(),
            _ => t,
        };
        let p = if c.elts.len() >= MIN_STATIC
            && let Some(src) = self.static_lit(e, t)
        {
            let p = self.new_object(arr);
            let ty = self.pl.ir_ty(arr);
            let flags = MemFlags { init: true, barrier: self.pl.has_pointers(elem), ..MemFlags::default() };
            self.fb.emit0(Op::Copy { dst: p, src, ty, flags });
            p
        } else if self.has_calls_in(c) && self.pl.size_of(arr) <= 1 << 16 && n > 0 {
            // The elements may see (through panics and recursion) nothing of the array: any order of allocation will do.
            let p = self.new_object(arr);
            self.fill_elems(c, elem, Addr::new(p, MemKind::Heap));
            p
        } else {
            let p = self.new_object(arr);
            self.fill_elems(c, elem, Addr::new(p, MemKind::Fresh));
            p
        };
        let len = self.fb.i64(n);
        self.fb.aggregate(Ty::SLICE, vec![p, len, len])
    }

    fn map_lit(&mut self, _e: &'static Expr, c: &'static CompositeLit, t: Type) -> Value {
        let Type::Map(mt) = t.underlying() else { panic!("internal compiler error: {t} is no map") };
        let n = c.elts.len();
        let m = if n <= 8 {
            self.small_map(t)
        } else {
            let d = self.desc_addr(t);
            let hint = self.fb.i64(n as i64);
            let null = self.fb.null();
            self.rt("makemap", &[Ty::PTR, Ty::I64, Ty::PTR], &[Ty::PTR], vec![d, hint, null])[0]
        };
        for x in &c.elts {
            let ExprKind::KeyValueExpr(kv) = &x.kind else { panic!("internal compiler error: map literal without key") };
            let (k, v) = self.eval_pair(&kv.key, mt.key(), &kv.value, mt.elem());
            self.set_pos(x.pos);
            let a = self.map_assign(m, t, k);
            self.store_at(Addr::new(a, MemKind::Heap), mt.elem(), v);
        }
        m
    }
}

fn same_package(f: rgo_types::Obj, pkg: &'static rgo_types::Package) -> bool {
    f.pkg().is_none_or(|p| std::ptr::eq(p, pkg) || p.path() == pkg.path())
}
