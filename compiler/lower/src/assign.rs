//! Assignments and variable declarations.
//!
//! Order: operands of index expressions and indirections on the left, and the right-hand sides, are evaluated first; the assignments (and the checks that belong
//! to storing: bounds, nil) follow from left to right.

use rgo_ir::{Op, Value};
use rgo_syntax::ast::*;
use rgo_syntax::pos::Pos;
use rgo_syntax::token::Op as Tok;
use rgo_types::{BasicKind, Obj, SelectionKind, Type};

use crate::expr::{basic, is_string};
use crate::func::{Addr, FunctionLowering, MemKind};

/// Something assignable whose operands are evaluated.
pub(crate) enum Place {
    Blank,
    Var(Obj),
    /// Memory that needs no check.
    Fixed(Addr),
    /// What a pointer points to.
    Deref(Value, Pos),
    Slice { v: Value, n: Value, unsigned: bool, elem: Type, pos: Pos },
    Field(Box<Place>, Type, usize),
    Elem { base: Box<Place>, elem: Type, len: i64, n: (Value, bool, Option<i64>), pos: Pos },
    Map { m: Value, k: Value, t: Type, pos: Pos },
}

impl FunctionLowering<'_, '_> {
    pub(crate) fn is_blank(&self, e: &Expr) -> bool {
        matches!(&e.unparen().kind, ExprKind::Ident(i) if i.name.as_str() == "_")
    }

    /// Evaluates the operands of an assignable expression.
    pub(crate) fn place(&mut self, e: &'static Expr) -> Place {
        let e = e.unparen();
        if self.is_blank(e) {
            return Place::Blank;
        }
        match &e.kind {
            ExprKind::Ident(i) => Place::Var(self.sh.info.obj_of(i)),
            ExprKind::StarExpr(s) => {
                let p = self.expr(&s.x);
                Place::Deref(p, e.pos)
            }
            ExprKind::SelectorExpr(s) => match self.sh.info.selection_of(e) {
                None => Place::Var(self.sh.info.obj_of(&s.sel)),
                Some(sel) if sel.kind == SelectionKind::FieldVal => {
                    let t0 = self.value_type(&s.x);
                    let mut last = None;
                    let mut cur = t0;
                    for (k, &i) in sel.index.iter().enumerate() {
                        if let Type::Pointer(p) = cur.underlying() {
                            last = Some(k);
                            cur = p.elem();
                        }
                        let Type::Struct(st) = cur.underlying() else { panic!("internal compiler error: field of {cur}") };
                        cur = st.field(i).typ();
                    }
                    let (mut base, mut t, rest) = match last {
                        None => (self.place(&s.x), t0, &sel.index[..]),
                        Some(k) => {
                            let x = self.operand(&s.x);
                            let (x, t) = self.walk_path(x, t0, &sel.index[..k]);
                            let p = self.operand_value(x, t);
                            let Type::Pointer(pt) = t.underlying() else { panic!("internal compiler error: pointer expected") };
                            (Place::Deref(p, s.sel.pos), pt.elem(), &sel.index[k..])
                        }
                    };
                    for &i in rest {
                        let Type::Struct(st) = t.underlying() else { panic!("internal compiler error: field of {t}") };
                        base = Place::Field(Box::new(base), t, i);
                        t = st.field(i).typ();
                    }
                    base
                }
                _ => panic!("internal compiler error: assignment to a method"),
            },
            ExprKind::IndexExpr(ix) => {
                let t = self.value_type(&ix.x);
                let i = &ix.indices[0];
                match t.underlying() {
                    Type::Map(_) => {
                        let (m, k) = self.map_operands(ix, t, false);
                        let Type::Map(mt) = t.underlying() else { panic!("internal compiler error: {t} is no map") };
                        let k = self.snapshot(k, mt.key());
                        Place::Map { m, k, t, pos: e.pos }
                    }
                    Type::Slice(s) => {
                        let st = self.value_type(&ix.x);
                        let (v, n, unsigned) = if self.has_call(i) && !self.has_call(&ix.x) {
                            let (n, u, _) = self.index_value(i);
                            (self.expr_conv(&ix.x, st), n, u)
                        } else {
                            let v = self.expr(&ix.x);
                            let (n, u, _) = self.index_value(i);
                            (v, n, u)
                        };
                        Place::Slice { v, n, unsigned, elem: s.elem(), pos: e.pos }
                    }
                    Type::Array(a) => {
                        let base = self.place(&ix.x);
                        let n = self.index_value(i);
                        Place::Elem { base: Box::new(base), elem: a.elem(), len: a.len(), n, pos: e.pos }
                    }
                    Type::Pointer(p) => {
                        let Type::Array(a) = p.elem().underlying() else { panic!("internal compiler error: index of {t}") };
                        let v = self.expr(&ix.x);
                        let n = self.index_value(i);
                        Place::Elem { base: Box::new(Place::Deref(v, e.pos)), elem: a.elem(), len: a.len(), n, pos: e.pos }
                    }
                    _ => panic!("internal compiler error: assignment to an element of {t}"),
                }
            }
            _ => {
                let a = self.addr_of(e);
                Place::Fixed(a)
            }
        }
    }

    /// The address of a place, after its checks. Map entries are made.
    pub(crate) fn place_addr(&mut self, p: &Place) -> Addr {
        match p {
            Place::Blank => panic!("internal compiler error: address of the blank identifier"),
            Place::Var(o) => self.var_addr(o),
            Place::Fixed(a) => *a,
            Place::Deref(v, pos) => {
                self.set_pos(*pos);
                self.fb.emit0(Op::NilCheck(*v));
                Addr::new(*v, MemKind::Heap)
            }
            Place::Slice { v, n, unsigned, elem, pos } => self.slice_elem(*v, *n, *unsigned, *elem, *pos),
            Place::Field(b, t, i) => {
                let a = self.place_addr(b);
                let off = self.pl.field_offset(*t, *i);
                a.offset(off)
            }
            Place::Elem { base, elem, len, n, pos } => {
                let b = self.place_addr(base);
                self.array_elem(b, *elem, *len, *n, *pos)
            }
            Place::Map { m, k, t, pos } => {
                self.set_pos(*pos);
                let a = self.map_assign(*m, *t, *k);
                Addr::new(a, MemKind::Heap)
            }
        }
    }

    /// The type of an assignable expression.
    fn lhs_type(&self, e: &Expr) -> Type {
        let u = e.unparen();
        if let ExprKind::Ident(i) = &u.kind
            && let Some(o) = self.sh.info.try_obj_of(i)
        {
            return self.subst(o.typ());
        }
        if let ExprKind::IndexExpr(ix) = &u.kind
            && let Type::Map(m) = self.value_type(&ix.x).underlying()
        {
            return m.elem();
        }
        self.value_type(u)
    }

    pub(crate) fn store_place(&mut self, p: &Place, t: Type, v: Value) {
        if let Place::Blank = p {
            return;
        }
        let a = self.place_addr(p);
        self.store_at(a, t, v);
    }

    /// Assigns a value of type `from` to an assignable expression.
    pub(crate) fn assign_value(&mut self, lhs: &'static Expr, v: Value, from: Type) {
        if self.is_blank(lhs) {
            return;
        }
        let t = self.lhs_type(lhs);
        let v = self.value_conv(v, from, t);
        let v = if self.has_call(lhs) { self.snapshot(v, t) } else { v };
        let p = self.place(lhs);
        self.store_place(&p, t, v);
    }

    pub(crate) fn assign_stmt(&mut self, s: &'static Stmt, a: &'static AssignStmt) {
        match a.op {
            AssignOp::Op(op) => return self.op_assign(s, &a.lhs[0], op, Some(&a.rhs[0])),
            AssignOp::Define => return self.define(s, &a.lhs, &a.rhs),
            AssignOp::Assign => {}
        }
        if a.lhs.len() == 1 && a.rhs.len() == 1 {
            return self.assign_one(s, &a.lhs[0], &a.rhs[0]);
        }
        if a.rhs.len() == 1 {
            return self.assign_multi(s, &a.lhs, &a.rhs[0]);
        }
        self.assign_tuple(s, &a.lhs, &a.rhs);
    }

    fn assign_one(&mut self, s: &'static Stmt, lhs: &'static Expr, rhs: &'static Expr) {
        if self.is_blank(lhs) {
            return self.discard_value(rhs);
        }
        let t = self.lhs_type(lhs);
        if self.has_call(lhs) {
            let p = self.place(lhs);
            let v = self.expr_conv(rhs, t);
            self.set_pos(s.pos);
            return self.store_place(&p, t, v);
        }
        // x = T{}: no temporary.
        if self.pl.is_memory(t)
            && let ExprKind::CompositeLit(c) = &rhs.unparen().kind
            && c.elts.is_empty()
            && !matches!(lhs.unparen().kind, ExprKind::IndexExpr(_))
        {
            let p = self.place(lhs);
            let a = self.place_addr(&p);
            return self.zero_at(a, t);
        }
        let v = self.expr_conv(rhs, t);
        let p = self.place(lhs);
        self.set_pos(s.pos);
        // Arrays behind pointers made from slices may overlap in part.
        if matches!(t.underlying(), Type::Array(_)) && self.pl.is_memory(t) && self.derefs(lhs) && self.derefs(rhs) {
            let v = self.snapshot(v, t);
            return self.store_place(&p, t, v);
        }
        self.store_place(&p, t, v);
    }

    /// Is the expression `*p` with a `p` that is no plain variable?
    fn derefs(&self, e: &Expr) -> bool {
        matches!(&e.unparen().kind, ExprKind::StarExpr(s) if !matches!(s.x.unparen().kind, ExprKind::Ident(_)))
    }

    /// `_ = x`.
    fn discard_value(&mut self, rhs: &'static Expr) {
        if self.is_nil(rhs) || self.const_of(rhs).is_some() {
            return;
        }
        self.discard(rhs);
    }

    /// The values of the one expression on the right of a multi-value assignment.
    pub(crate) fn multi_values(&mut self, rhs: &'static Expr, n: usize) -> Vec<(Value, Type)> {
        if let ExprKind::CallExpr(_) = &rhs.unparen().kind {
            return self.expr_multi(rhs);
        }
        if n != 2 {
            panic!("internal compiler error: {n} values of one expression");
        }
        let (v, t, ok) = self.comma_ok(rhs);
        vec![(v, t), (ok, rgo_types::universe::typ(rgo_types::BasicKind::UntypedBool))]
    }

    fn assign_multi(&mut self, s: &'static Stmt, lhs: &'static [Expr], rhs: &'static Expr) {
        let early = lhs.iter().any(|l| self.has_call(l));
        let mut places = Vec::new();
        if early {
            for l in lhs {
                places.push(self.place(l));
            }
        }
        let vals = self.multi_values(rhs, lhs.len());
        self.set_pos(s.pos);
        if !early {
            for l in lhs {
                places.push(self.place(l));
            }
        }
        for ((l, p), (v, from)) in lhs.iter().zip(&places).zip(vals) {
            if let Place::Blank = p {
                continue;
            }
            let t = self.lhs_type(l);
            let v = self.value_conv(v, from, t);
            self.store_place(p, t, v);
        }
    }

    fn assign_tuple(&mut self, s: &'static Stmt, lhs: &'static [Expr], rhs: &'static [Expr]) {
        let early = lhs.iter().any(|l| self.has_call(l));
        let mut places = Vec::new();
        if early {
            for l in lhs {
                places.push(self.place(l));
            }
        }
        let list: Vec<(&'static Expr, Type)> = lhs
            .iter()
            .zip(rhs)
            .map(|(l, r)| {
                let t = if self.is_blank(l) { self.blank_type(r) } else { self.lhs_type(l) };
                (r, t)
            })
            .collect();
        let mut vals = self.eval_list(&list);
        for (v, (_, t)) in vals.iter_mut().zip(&list) {
            *v = self.snapshot(*v, *t);
        }
        if !early {
            for l in lhs {
                places.push(self.place(l));
            }
        }
        self.set_pos(s.pos);
        for ((p, v), (_, t)) in places.iter().zip(vals).zip(&list) {
            self.store_place(p, *t, v);
        }
    }

    /// The type to evaluate `r` as in `_ = r`.
    fn blank_type(&self, r: &Expr) -> Type {
        if self.is_nil(r) {
            return rgo_types::universe::typ(rgo_types::BasicKind::UnsafePointer);
        }
        self.value_type(r)
    }

    // --- definitions

    /// The variable an identifier on the left of `:=` or in a var declaration declares.
    fn defined(&self, e: &Expr) -> Option<Obj> {
        let i = e.as_ident()?;
        self.sh.info.def_of(i)
    }

    /// Declares `o` with the value of `rhs`.
    pub(crate) fn define_var(&mut self, o: Obj, rhs: &'static Expr) {
        let t = self.subst(o.typ());
        if o.name() == "_" {
            if !self.is_nil(rhs) {
                self.expr_conv(rhs, t);
            }
            return;
        }
        if self.pl.is_memory(t)
            && let ExprKind::CompositeLit(_) = &rhs.unparen().kind
            && !self.has_call(rhs)
        {
            let st = self.declare_uninit(o, t);
            let mut a = self.storage_addr(st);
            if a.kind == MemKind::Heap {
                a.kind = MemKind::Fresh;
            }
            self.expr_to(rhs, t, a);
            return;
        }
        let v = self.expr_conv(rhs, t);
        self.define_value(o, t, v);
    }

    /// Declares `o` with a value of its type.
    pub(crate) fn define_value(&mut self, o: Obj, t: Type, v: Value) {
        let st = self.declare_uninit(o, t);
        let mut a = self.storage_addr(st);
        if a.kind == MemKind::Heap {
            a.kind = MemKind::Fresh;
        }
        self.store_at(a, t, v);
    }

    fn define(&mut self, s: &'static Stmt, lhs: &'static [Expr], rhs: &'static [Expr]) {
        if lhs.len() == 1 && rhs.len() == 1 {
            match self.defined(&lhs[0]) {
                Some(o) => self.define_var(o, &rhs[0]),
                None => self.assign_one(s, &lhs[0], &rhs[0]),
            }
            return;
        }
        let vals: Vec<(Value, Type)> = if rhs.len() == 1 {
            self.multi_values(&rhs[0], lhs.len())
        } else {
            let list: Vec<(&'static Expr, Type)> = lhs
                .iter()
                .zip(rhs)
                .map(|(l, r)| {
                    let t = match self.defined(l) {
                        Some(o) => self.subst(o.typ()),
                        None if self.is_blank(l) => self.blank_type(r),
                        None => self.lhs_type(l),
                    };
                    (r, t)
                })
                .collect();
            let vals = self.eval_list(&list);
            let mut out = Vec::new();
            for (v, (_, t)) in vals.into_iter().zip(&list) {
                out.push((self.snapshot(v, *t), *t));
            }
            out
        };
        self.set_pos(s.pos);
        for (l, (v, from)) in lhs.iter().zip(vals) {
            self.define_or_assign(l, v, from);
        }
    }

    /// One variable of a `:=` with a value at hand.
    pub(crate) fn define_or_assign(&mut self, l: &'static Expr, v: Value, from: Type) {
        if self.is_blank(l) {
            return;
        }
        match self.defined(l) {
            Some(o) => {
                let t = self.subst(o.typ());
                let v = self.value_conv(v, from, t);
                self.define_value(o, t, v);
            }
            None => self.assign_value(l, v, from),
        }
    }

    /// `var` specs inside of functions.
    pub(crate) fn var_spec(&mut self, v: &'static ValueSpec) {
        self.set_pos(v.pos);
        let objs: Vec<Option<Obj>> = v.names.iter().map(|n| self.sh.info.def_of(n)).collect();
        if v.values.is_empty() {
            for o in objs.into_iter().flatten() {
                if o.name() != "_" {
                    let t = self.subst(o.typ());
                    self.declare(o, t);
                }
            }
            return;
        }
        if v.values.len() == 1 && v.names.len() == 1 {
            match objs[0] {
                Some(o) => self.define_var(o, &v.values[0]),
                None => self.discard_value(&v.values[0]),
            }
            return;
        }
        let vals: Vec<(Value, Type)> = if v.values.len() == 1 {
            self.multi_values(&v.values[0], v.names.len())
        } else {
            let list: Vec<(&'static Expr, Type)> = objs
                .iter()
                .zip(&v.values)
                .map(|(o, r)| {
                    let t = match o {
                        Some(o) => self.subst(o.typ()),
                        None => self.blank_type(r),
                    };
                    (r, t)
                })
                .collect();
            let vals = self.eval_list(&list);
            let mut out = Vec::new();
            for (x, (_, t)) in vals.into_iter().zip(&list) {
                out.push((self.snapshot(x, *t), *t));
            }
            out
        };
        for (o, (x, from)) in objs.into_iter().zip(vals) {
            if let Some(o) = o
                && o.name() != "_"
            {
                let t = self.subst(o.typ());
                let x = self.value_conv(x, from, t);
                self.define_value(o, t, x);
            }
        }
    }

    // --- op=

    /// `x op= y`, `x++`, `x--` (`y` absent: 1).
    pub(crate) fn op_assign(&mut self, s: &'static Stmt, x: &'static Expr, op: Tok, y: Option<&'static Expr>) {
        let t = self.lhs_type(x);
        let shift = op.is_shift();
        let yt = match y {
            Some(y) if shift => self.value_type(y),
            _ => t,
        };
        let y_calls = y.is_some_and(|y| self.has_call(y));
        let early_y = y_calls && !self.has_call(x);
        let mut yv = None;
        if early_y && let Some(y) = y {
            yv = Some(self.expr_conv(y, yt));
        }
        let p = self.place(x);
        if y_calls && !early_y && let Some(y) = y {
            yv = Some(self.expr_conv(y, yt));
        }
        // The old value.
        let (addr, old) = match &p {
            Place::Blank => {
                if let Some(y) = y {
                    self.discard_value(y);
                }
                return;
            }
            Place::Map { m, k, t: mt, pos } => {
                self.set_pos(*pos);
                let a = self.map_access(*m, *mt, *k, false).0;
                (None, self.load_at(Addr::new(a, MemKind::Heap), t))
            }
            p => {
                let a = self.place_addr(p);
                (Some(a), self.load_at(a, t))
            }
        };
        let count = if shift { y.and_then(|y| self.const_count(y)) } else { None };
        let yv = match (yv, y) {
            _ if count.is_some() => self.fb.i64(count.unwrap_or(0)),
            (Some(v), _) => v,
            (None, Some(y)) => self.expr_conv(y, yt),
            (None, None) => self.const_value(&rgo_constant::make_int64(1), t),
        };
        self.set_pos(s.pos);
        let known = y.is_none_or(|y| self.const_of(y).is_some());
        let v = if shift {
            self.shift(op, old, yv, t, if count.is_some() { basic(BasicKind::Uint) } else { yt }, count.is_some())
        } else if is_string(t) {
            self.concat_values(vec![old, yv])
        } else {
            self.arith(op, old, yv, t, known)
        };
        match addr {
            Some(a) => self.store_at(a, t, v),
            None => {
                let a = self.place_addr(&p);
                self.store_at(a, t, v);
            }
        }
    }
}
