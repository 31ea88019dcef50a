//! Built-in functions.

use rgo_ir::{BinOp, CmpOp, ConvOp, Intrinsic, Op, Term, Ty, Value};
use rgo_syntax::ast::*;
use rgo_types::{BasicKind, BuiltinId, Type};

use crate::call::elem_type;
use crate::expr::{basic, is_boolean, is_complex, is_float, is_integer, is_interface, is_string, is_unsigned};
use crate::func::{Addr, FunctionLowering, MemKind};

impl FunctionLowering<'_, '_> {
    pub(crate) fn builtin(&mut self, e: &'static Expr, c: &'static CallExpr, id: BuiltinId) -> Vec<(Value, Type)> {
        let t = self.sh.info.try_type_of(e).map(|t| self.subst(t));
        if let Some(vals) = self.spread_args(c) {
            self.set_pos(e.pos);
            return self.builtin_spread(e, id, vals);
        }
        let one = |v: Value, t: Option<Type>| vec![(v, t.unwrap_or_else(|| basic(BasicKind::Int)))];
        match id {
            BuiltinId::Append => {
                let t = self.type_of(e);
                one(self.append(e, c, t), Some(t))
            }
            BuiltinId::Len | BuiltinId::Cap => {
                let v = self.len_cap(&c.args[0], id == BuiltinId::Cap);
                one(v, t)
            }
            BuiltinId::Make => {
                let t = self.type_of(e);
                one(self.make(e, c, t), Some(t))
            }
            BuiltinId::New => {
                let pt = self.type_of(e);
                let Type::Pointer(p) = pt.underlying() else { panic!("internal compiler error: new of {pt}") };
                let elem = p.elem();
                if self.sh.info.is_type_expr(&c.args[0]) {
                    return one(self.new_object(elem), Some(pt));
                }
                let v = self.expr_conv(&c.args[0], elem);
                let o = self.new_object(elem);
                self.store_at(Addr::new(o, MemKind::Fresh), elem, v);
                one(o, Some(pt))
            }
            BuiltinId::Complex => {
                let t = self.value_type(e);
                let part = if self.pl.ir_ty(t) == Ty::COMPLEX64 { basic(BasicKind::Float32) } else { basic(BasicKind::Float64) };
                let (a, b) = self.eval_pair(&c.args[0], part, &c.args[1], part);
                let ty = self.pl.ir_ty(t);
                one(self.fb.aggregate(ty, vec![a, b]), Some(t))
            }
            BuiltinId::Real | BuiltinId::Imag => {
                let v = self.expr(&c.args[0]);
                one(self.part(v, (id == BuiltinId::Imag) as u32), t)
            }
            BuiltinId::Min | BuiltinId::Max => {
                let t = self.value_type(e);
                let list: Vec<(&'static Expr, Type)> = c.args.iter().map(|a| (a, t)).collect();
                let vals = self.eval_list(&list);
                let mut acc = vals[0];
                for v in &vals[1..] {
                    acc = self.min_max(acc, *v, t, id == BuiltinId::Min);
                }
                one(acc, Some(t))
            }
            BuiltinId::Copy => {
                let (dt, st) = (self.value_type(&c.args[0]), self.value_type(&c.args[1]));
                let (d, s) = self.eval_pair(&c.args[0], dt, &c.args[1], st);
                self.set_pos(e.pos);
                one(self.copy(d, dt, s), Some(basic(BasicKind::Int)))
            }
            BuiltinId::Recover => {
                let any = Type::Interface(rgo_types::Interface::empty());
                one(self.recover(), Some(any))
            }
            BuiltinId::Add => {
                let t = self.value_type(e);
                let it = self.value_type(&c.args[1]);
                let (p, n) = self.eval_pair(&c.args[0], t, &c.args[1], it);
                let n = self.to_i64(n, it);
                one(self.fb.emit1(Op::PtrIndex { base: p, index: n, scale: 1 }, Ty::PTR), Some(t))
            }
            BuiltinId::Slice => {
                let t = self.value_type(e);
                let (p, n) = self.pointer_and_len(c);
                one(self.unsafe_slice(p, n, t), Some(t))
            }
            BuiltinId::String => {
                let t = self.value_type(e);
                let (p, n) = self.pointer_and_len(c);
                one(self.unsafe_string(p, n), Some(t))
            }
            BuiltinId::SliceData | BuiltinId::StringData => {
                let v = self.expr(&c.args[0]);
                one(self.part(v, 0), t)
            }
            BuiltinId::Sizeof | BuiltinId::Alignof | BuiltinId::Offsetof => {
                let n = self.size_builtin(c, id);
                one(self.fb.i64(n as i64), t)
            }
            BuiltinId::Panic | BuiltinId::Print | BuiltinId::Println | BuiltinId::Close | BuiltinId::Delete | BuiltinId::Clear => {
                let args = self.builtin_args(c, id);
                self.set_pos(e.pos);
                self.builtin_stmt(id, &args);
                Vec::new()
            }
            _ => panic!("internal compiler error: builtin {}", id.name()),
        }
    }

    /// The operands of `builtin(f())` with an `f` of several results.
    fn spread_args(&mut self, c: &'static CallExpr) -> Option<Vec<(Value, Type)>> {
        let [a] = c.args.as_slice() else { return None };
        if self.sh.info.is_type_expr(a) || !matches!(a.unparen().kind, ExprKind::CallExpr(_)) {
            return None;
        }
        match self.sh.info.try_type_of(a) {
            Some(Type::Tuple(tp)) if tp.len() > 1 => Some(self.expr_multi(a)),
            _ => None,
        }
    }

    /// A builtin whose operands are the results of one call.
    fn builtin_spread(&mut self, e: &'static Expr, id: BuiltinId, vals: Vec<(Value, Type)>) -> Vec<(Value, Type)> {
        match id {
            BuiltinId::Append => {
                let t = self.type_of(e);
                let elem = elem_type(t);
                let mut rest = Vec::new();
                for &(v, vt) in &vals[1..] {
                    rest.push(self.value_conv(v, vt, elem));
                }
                vec![(self.append_values(vals[0].0, &rest, elem), t)]
            }
            BuiltinId::Complex => {
                let t = self.value_type(e);
                let ty = self.pl.ir_ty(t);
                vec![(self.fb.aggregate(ty, vec![vals[0].0, vals[1].0]), t)]
            }
            BuiltinId::Copy => vec![(self.copy(vals[0].0, vals[0].1, vals[1].0), basic(BasicKind::Int))],
            BuiltinId::Min | BuiltinId::Max => {
                let t = self.value_type(e);
                let mut acc = vals[0].0;
                for v in &vals[1..] {
                    acc = self.min_max(acc, v.0, t, id == BuiltinId::Min);
                }
                vec![(acc, t)]
            }
            BuiltinId::Add => {
                let n = self.to_i64(vals[1].0, vals[1].1);
                vec![(self.fb.emit1(Op::PtrIndex { base: vals[0].0, index: n, scale: 1 }, Ty::PTR), vals[0].1)]
            }
            BuiltinId::Slice => {
                let t = self.value_type(e);
                let n = self.to_i64(vals[1].0, vals[1].1);
                vec![(self.unsafe_slice(vals[0].0, n, t), t)]
            }
            BuiltinId::String => {
                let n = self.to_i64(vals[1].0, vals[1].1);
                vec![(self.unsafe_string(vals[0].0, n), basic(BasicKind::String))]
            }
            _ => {
                let vals = self.spread_conv(id, vals);
                self.builtin_stmt(id, &vals);
                Vec::new()
            }
        }
    }

    fn spread_conv(&mut self, id: BuiltinId, mut vals: Vec<(Value, Type)>) -> Vec<(Value, Type)> {
        if id == BuiltinId::Delete
            && let Type::Map(m) = vals[0].1.underlying()
        {
            vals[1] = (self.value_conv(vals[1].0, vals[1].1, m.key()), m.key());
        }
        vals
    }

    /// The evaluated operands of a builtin that may stand in a go or defer statement.
    pub(crate) fn builtin_args(&mut self, c: &'static CallExpr, id: BuiltinId) -> Vec<(Value, Type)> {
        if let Some(vals) = self.spread_args(c) {
            return self.spread_conv(id, vals);
        }
        let any = Type::Interface(rgo_types::Interface::empty());
        let types: Vec<Type> = c
            .args
            .iter()
            .enumerate()
            .map(|(i, a)| {
                if id == BuiltinId::Panic {
                    return any;
                }
                if id == BuiltinId::Delete
                    && i == 1
                    && let Type::Map(m) = self.value_type(&c.args[0]).underlying()
                {
                    return m.key();
                }
                if self.is_nil(a) {
                    return basic(BasicKind::UnsafePointer);
                }
                self.value_type(a)
            })
            .collect();
        let list: Vec<(&'static Expr, Type)> = c.args.iter().zip(types.iter().copied()).collect();
        let vals = self.eval_list(&list);
        vals.into_iter().zip(types).collect()
    }

    /// A builtin without result (or whose result is dropped) on evaluated operands.
    pub(crate) fn builtin_stmt(&mut self, id: BuiltinId, args: &[(Value, Type)]) {
        match id {
            BuiltinId::Panic => {
                self.rt("gopanic", &[Ty::IFACE], &[], vec![args[0].0]);
                self.fb.term(Term::Unreachable);
            }
            BuiltinId::Print | BuiltinId::Println => self.print(args, id == BuiltinId::Println),
            BuiltinId::Close => {
                self.rt("closechan", &[Ty::PTR], &[], vec![args[0].0]);
            }
            BuiltinId::Delete => self.map_delete(args[0].0, args[0].1, args[1].0),
            BuiltinId::Clear => match args[0].1.underlying() {
                Type::Map(_) => {
                    let d = self.desc_addr(args[0].1);
                    self.rt("mapclear", &[Ty::PTR, Ty::PTR], &[], vec![d, args[0].0]);
                }
                Type::Slice(s) => {
                    let (p, n) = (self.part(args[0].0, 0), self.part(args[0].0, 1));
                    self.clear_memory(p, n, s.elem());
                }
                t => panic!("internal compiler error: clear of {t}"),
            },
            BuiltinId::Copy => {
                self.copy(args[0].0, args[0].1, args[1].0);
            }
            BuiltinId::Recover => {
                self.recover();
            }
            _ => panic!("internal compiler error: builtin {} as a statement", id.name()),
        }
    }

    /// Zeroes `n` elements at `p`.
    pub(crate) fn clear_memory(&mut self, p: Value, n: Value, elem: Type) {
        let size = self.pl.size_of(elem);
        if size == 0 {
            return;
        }
        let sz = self.fb.i64(size as i64);
        let len = self.fb.bin(BinOp::Mul, n, sz);
        if self.pl.has_pointers(elem) {
            self.rt("memclrHasPointers", &[Ty::PTR, Ty::I64], &[], vec![p, len]);
        } else {
            self.fb.emit0(Op::MemClear { dst: p, len });
        }
    }

    fn print(&mut self, args: &[(Value, Type)], ln: bool) {
        self.rt("printlock", &[], &[], vec![]);
        for (i, &(v, t)) in args.iter().enumerate() {
            if ln && i > 0 {
                self.rt("printsp", &[], &[], vec![]);
            }
            self.print_value(v, t, if ln { "println" } else { "print" });
        }
        if ln {
            self.rt("printnl", &[], &[], vec![]);
        }
        self.rt("printunlock", &[], &[], vec![]);
    }

    fn runtime_type_name(&self, t: Type) -> Option<&'static str> {
        let n = t.as_named()?;
        (n.obj().pkg()?.path() == "runtime").then(|| n.obj().name())
    }

    fn print_value(&mut self, v: Value, t: Type, builtin: &str) {
        let (name, ty, v) = match t.underlying() {
            Type::Interface(i) => (if i.type_set().methods.is_empty() { "printeface" } else { "printiface" }, Ty::IFACE, v),
            Type::Pointer(_) if self.pl.points_outside_heap(t) => {
                let n = self.fb.conv(ConvOp::PtrToInt, v, Ty::I64);
                ("printuintptr", Ty::I64, n)
            }
            Type::Pointer(_) | Type::Chan(_) | Type::Map(_) | Type::Signature(_) => ("printpointer", Ty::PTR, v),
            Type::Slice(_) => ("printslice", Ty::SLICE, v),
            _ if is_boolean(t) => ("printbool", Ty::BOOL, v),
            _ if is_string(t) => (if self.runtime_type_name(t) == Some("quoted") { "printquoted" } else { "printstring" }, Ty::STRING, v),
            _ if is_integer(t) => {
                let w = self.to_i64(v, t);
                let n = if !is_unsigned(t) {
                    "printint"
                } else if self.runtime_type_name(t) == Some("hex") {
                    "printhex"
                } else {
                    "printuint"
                };
                (n, Ty::I64, w)
            }
            _ if is_float(t) => match self.fb.ty(v) {
                Ty::F32 => ("printfloat32", Ty::F32, v),
                _ => ("printfloat64", Ty::F64, v),
            },
            _ if is_complex(t) => match self.fb.ty(v) {
                Ty::COMPLEX64 => ("printcomplex64", Ty::COMPLEX64, v),
                _ => ("printcomplex128", Ty::COMPLEX128, v),
            },
            Type::Basic(_) => ("printpointer", Ty::PTR, v),
            _ => {
                // In an instance; otherwise the checker has seen it.
                let text = self.pl.reflect_string(t);
                self.pl.reject(self.pos, format!("illegal types for operand: {builtin}\n\t{text}"));
                return;
            }
        };
        self.rt(name, &[ty], &[], vec![v]);
    }

    fn min_max(&mut self, a: Value, b: Value, t: Type, min: bool) -> Value {
        if is_float(t) {
            return self.fb.bin(if min { BinOp::FMin } else { BinOp::FMax }, a, b);
        }
        if is_string(t) {
            // The first of equal strings, as gc.
            let (x, y) = if min { (b, a) } else { (a, b) };
            let c = self.rt("cmpstring", &[Ty::STRING, Ty::STRING], &[Ty::I64], vec![x, y])[0];
            let z = self.fb.i64(0);
            let less = self.fb.cmp(CmpOp::SLt, c, z);
            let l = self.fb.emit1(Op::Select(less, b, a), Ty::STRING);
            return l;
        }
        let op = match (min, is_unsigned(t)) {
            (true, true) => BinOp::UMin,
            (true, false) => BinOp::SMin,
            (false, true) => BinOp::UMax,
            (false, false) => BinOp::SMax,
        };
        self.fb.bin(op, a, b)
    }

    /// `len(x)`, `cap(x)` where it is no constant.
    pub(crate) fn len_cap(&mut self, x: &'static Expr, cap: bool) -> Value {
        let t = self.value_type(x);
        match t.underlying() {
            Type::Array(a) => {
                self.discard(x);
                self.fb.i64(a.len())
            }
            Type::Pointer(p) => {
                self.discard(x);
                let n = match p.elem().underlying() {
                    Type::Array(a) => a.len(),
                    _ => panic!("internal compiler error: len of {t}"),
                };
                self.fb.i64(n)
            }
            Type::Map(_) => {
                let m = self.expr(x);
                self.map_len(m)
            }
            Type::Chan(_) => {
                let c = self.expr(x);
                self.rt(if cap { "chancap" } else { "chanlen" }, &[Ty::PTR], &[Ty::I64], vec![c])[0]
            }
            Type::Slice(_) => {
                // len([]rune(s)) counts without allocating.
                if !cap
                    && let Some(s) = self.runes_of_string(x)
                {
                    let v = self.expr(s);
                    return self.rt("countrunes", &[Ty::STRING], &[Ty::I64], vec![v])[0];
                }
                let v = self.expr(x);
                self.part(v, if cap { 2 } else { 1 })
            }
            _ => {
                let v = self.string_operand(x);
                self.part(v, 1)
            }
        }
    }

    fn runes_of_string(&self, x: &'static Expr) -> Option<&'static Expr> {
        let ExprKind::CallExpr(c) = &x.unparen().kind else { return None };
        if !self.sh.info.is_type_expr(&c.fun) || self.const_of(&c.args[0]).is_some() {
            return None;
        }
        let (to, from) = (self.value_type(x), self.value_type(&c.args[0]));
        let Type::Slice(s) = to.underlying() else { return None };
        (is_string(from) && matches!(s.elem().underlying(), Type::Basic(b) if b.kind == BasicKind::Int32)).then(|| &c.args[0])
    }

    /// The number of entries of a map: the first word of its header, 0 for nil.
    fn map_len(&mut self, m: Value) -> Value {
        let (some, none, done) = (self.fb.block(), self.fb.block(), self.fb.block());
        let l = self.fb.local("", Ty::I64);
        let nil = self.is_null(m);
        self.fb.branch(nil, none, some);
        self.fb.switch_to(none);
        let (a, z) = (self.fb.local_addr(l), self.fb.i64(0));
        self.fb.store(a, z, Default::default());
        self.fb.jump(done);
        self.fb.switch_to(some);
        let n = self.fb.load(Ty::I64, m);
        let a = self.fb.local_addr(l);
        self.fb.store(a, n, Default::default());
        self.fb.jump(done);
        self.fb.switch_to(done);
        let a = self.fb.local_addr(l);
        self.fb.load(Ty::I64, a)
    }

    /// A length or capacity operand of make as i64, and whether it is a constant.
    fn size_arg(&mut self, e: &'static Expr) -> (Value, Option<i64>) {
        if let Some(n) = self.const_int(e) {
            return (self.fb.i64(n), Some(n));
        }
        let t = self.value_type(e);
        let v = self.expr(e);
        (self.to_i64(v, t), None)
    }

    fn make(&mut self, e: &'static Expr, c: &'static CallExpr, t: Type) -> Value {
        match t.underlying() {
            Type::Slice(s) => {
                let elem = s.elem();
                let (len, nlen) = self.size_arg(&c.args[1]);
                let (cap, ncap) = match c.args.get(2) {
                    Some(x) => self.size_arg(x),
                    None => (len, nlen),
                };
                self.set_pos(e.pos);
                if let (Some(n), Some(m)) = (nlen, ncap)
                    && n >= 0
                    && n <= m
                    && (m as u64).saturating_mul(self.pl.size_of(elem)) <= 64 << 10
                {
                    // A fixed size: an array object, which escape analysis may keep in the frame.
                    let arr = self.pl.array_of(elem, m);
                    let p = self.new_object(arr);
                    return self.fb.aggregate(Ty::SLICE, vec![p, len, cap]);
                }
                let ty = self.pl.ir_ty(elem);
                let desc = self.pl.type_desc(elem);
                let p = self.fb.emit1(Op::MakeSlice { elem: ty, desc, len, cap }, Ty::PTR);
                self.fb.aggregate(Ty::SLICE, vec![p, len, cap])
            }
            Type::Map(_) => {
                let (hint, n) = match c.args.get(1) {
                    Some(x) => self.size_arg(x),
                    None => (self.fb.i64(0), Some(0)),
                };
                self.set_pos(e.pos);
                if n.is_some_and(|n| n <= 8) {
                    return self.small_map(t);
                }
                let d = self.desc_addr(t);
                let null = self.fb.null();
                // A hint above the largest int is as good as none.
                self.rt("makemap", &[Ty::PTR, Ty::I64, Ty::PTR], &[Ty::PTR], vec![d, hint, null])[0]
            }
            Type::Chan(_) => {
                let n = match c.args.get(1) {
                    Some(x) => self.size_arg(x).0,
                    None => self.fb.i64(0),
                };
                self.set_pos(e.pos);
                let d = self.desc_addr(t);
                self.rt("makechan", &[Ty::PTR, Ty::I64], &[Ty::PTR], vec![d, n])[0]
            }
            _ => panic!("internal compiler error: make of {t}"),
        }
    }

    /// A map that begins with one group. Escape analysis may give the call memory for the header and the group, whose size is the last argument.
    pub(crate) fn small_map(&mut self, t: Type) -> Value {
        let Type::Map(m) = t.underlying() else { panic!("internal compiler error: {t} is no map") };
        let group = self.pl.map_group(m.key(), m.elem());
        let size = self.pl.size_of(group);
        let (header, slots, size) = (self.fb.null(), self.fb.null(), self.fb.i64(size as i64));
        self.rt("rt_makemap", &[Ty::PTR, Ty::PTR, Ty::I64], &[Ty::PTR], vec![header, slots, size])[0]
    }

    fn copy(&mut self, d: Value, dt: Type, s: Value) -> Value {
        let elem = elem_type(dt);
        let (dp, dn) = (self.part(d, 0), self.part(d, 1));
        let (sp, sn) = (self.part(s, 0), self.part(s, 1));
        if self.pl.has_pointers(elem) {
            let desc = self.desc_addr(elem);
            return self.rt("typedslicecopy", &[Ty::PTR, Ty::PTR, Ty::I64, Ty::PTR, Ty::I64], &[Ty::I64], vec![desc, dp, dn, sp, sn])[0];
        }
        let n = self.fb.bin(BinOp::SMin, dn, sn);
        let size = self.pl.size_of(elem);
        if size > 0 {
            let len = self.scaled(n, size);
            self.fb.emit0(Op::MemMove { dst: dp, src: sp, len, pointers: false });
        }
        n
    }

    fn scaled(&mut self, n: Value, size: u64) -> Value {
        if size == 1 {
            return n;
        }
        let s = self.fb.i64(size as i64);
        self.fb.bin(BinOp::Mul, n, s)
    }

    /// `append(s, elems...)`, `append(s, slice...)`.
    fn append(&mut self, e: &'static Expr, c: &'static CallExpr, t: Type) -> Value {
        let elem = elem_type(t);
        if c.has_dots() {
            if self.is_nil(&c.args[1]) {
                return self.expr_conv(&c.args[0], t);
            }
            // append(s, make([]T, n)...) grows and clears.
            let st = self.value_type(&c.args[1]);
            if let Some(n) = self.append_make(&c.args[1]) {
                let nt = self.value_type(n);
                let (s, n) = self.eval_pair(&c.args[0], t, n, nt);
                self.set_pos(e.pos);
                let n = self.to_i64(n, nt);
                return self.append_zeroed(s, n, elem);
            }
            let (s, x) = self.eval_pair(&c.args[0], t, &c.args[1], st);
            self.set_pos(e.pos);
            return self.append_slice(s, x, elem);
        }
        let list: Vec<(&'static Expr, Type)> = c.args.iter().enumerate().map(|(i, a)| (a, if i == 0 { t } else { elem })).collect();
        let mut vals = self.eval_list(&list);
        let s = vals.remove(0);
        self.set_pos(e.pos);
        self.append_values(s, &vals, elem)
    }

    /// The length operand of `make([]T, n)` in `append(s, make([]T, n)...)`.
    fn append_make(&self, x: &'static Expr) -> Option<&'static Expr> {
        let ExprKind::CallExpr(c) = &x.unparen().kind else { return None };
        if self.sh.info.builtin_of(&c.fun) != Some(BuiltinId::Make) || c.args.len() != 2 {
            return None;
        }
        Some(&c.args[1])
    }

    /// Ensures room for `num` more elements; yields pointer and capacity.
    fn grow(&mut self, s: Value, new_len: Value, num: Value, elem: Type) -> (Value, Value) {
        let (p, c) = (self.part(s, 0), self.part(s, 2));
        let (lp, lc) = (self.fb.local("", Ty::PTR), self.fb.local("", Ty::I64));
        let (grow, ok) = (self.fb.block(), self.fb.block());
        let (ap, ac) = (self.fb.local_addr(lp), self.fb.local_addr(lc));
        self.fb.store(ap, p, Default::default());
        self.fb.store(ac, c, Default::default());
        let full = self.fb.cmp(CmpOp::ULt, c, new_len);
        self.branch_likely(full, grow, ok, false);
        self.fb.switch_to(grow);
        let d = self.desc_addr(elem);
        let r = self.rt("growslice", &[Ty::PTR, Ty::I64, Ty::I64, Ty::I64, Ty::PTR], &[Ty::SLICE], vec![p, new_len, c, num, d])[0];
        let (np, nc) = (self.part(r, 0), self.part(r, 2));
        let (ap, ac) = (self.fb.local_addr(lp), self.fb.local_addr(lc));
        self.fb.store(ap, np, Default::default());
        self.fb.store(ac, nc, Default::default());
        self.fb.jump(ok);
        self.fb.switch_to(ok);
        let (ap, ac) = (self.fb.local_addr(lp), self.fb.local_addr(lc));
        let p = self.fb.load(Ty::PTR, ap);
        let c = self.fb.load(Ty::I64, ac);
        (p, c)
    }

    pub(crate) fn append_values(&mut self, s: Value, vals: &[Value], elem: Type) -> Value {
        if vals.is_empty() {
            return s;
        }
        let len = self.part(s, 1);
        let num = self.fb.i64(vals.len() as i64);
        let new_len = self.fb.bin(BinOp::Add, len, num);
        let (p, c) = self.grow(s, new_len, num, elem);
        let size = self.pl.size_of(elem);
        let base = self.fb.emit1(Op::PtrIndex { base: p, index: len, scale: size }, Ty::PTR);
        for (i, v) in vals.iter().enumerate() {
            self.store_at(Addr::new(base, MemKind::Heap).offset(size * i as u64), elem, *v);
        }
        self.fb.aggregate(Ty::SLICE, vec![p, new_len, c])
    }

    /// `x`: a slice or string.
    fn append_slice(&mut self, s: Value, x: Value, elem: Type) -> Value {
        let (xp, n) = (self.part(x, 0), self.part(x, 1));
        let len = self.part(s, 1);
        let new_len = self.fb.bin(BinOp::Add, len, n);
        let (p, c) = self.grow(s, new_len, n, elem);
        let size = self.pl.size_of(elem);
        if size > 0 {
            let dst = self.fb.emit1(Op::PtrIndex { base: p, index: len, scale: size }, Ty::PTR);
            if self.pl.has_pointers(elem) {
                let d = self.desc_addr(elem);
                self.rt("typedslicecopy", &[Ty::PTR, Ty::PTR, Ty::I64, Ty::PTR, Ty::I64], &[Ty::I64], vec![d, dst, n, xp, n]);
            } else {
                let bytes = self.scaled(n, size);
                self.fb.emit0(Op::MemMove { dst, src: xp, len: bytes, pointers: false });
            }
        }
        self.fb.aggregate(Ty::SLICE, vec![p, new_len, c])
    }

    fn append_zeroed(&mut self, s: Value, n: Value, elem: Type) -> Value {
        let zero = self.fb.i64(0);
        let neg = self.fb.cmp(CmpOp::SLt, n, zero);
        let (bad, ok) = (self.fb.block(), self.fb.block());
        self.branch_likely(neg, bad, ok, false);
        self.fb.switch_to(bad);
        self.rt("panicmakeslicelen", &[], &[], vec![]);
        self.fb.term(Term::Unreachable);
        self.fb.switch_to(ok);
        let len = self.part(s, 1);
        let new_len = self.fb.bin(BinOp::Add, len, n);
        let (p, c) = self.grow(s, new_len, n, elem);
        let size = self.pl.size_of(elem);
        if size > 0 {
            let dst = self.fb.emit1(Op::PtrIndex { base: p, index: len, scale: size }, Ty::PTR);
            self.clear_memory(dst, n, elem);
        }
        self.fb.aggregate(Ty::SLICE, vec![p, new_len, c])
    }

    fn panic_if(&mut self, cond: Value, func: &str) {
        let (bad, ok) = (self.fb.block(), self.fb.block());
        self.branch_likely(cond, bad, ok, false);
        self.fb.switch_to(bad);
        self.rt(func, &[], &[], vec![]);
        self.fb.term(Term::Unreachable);
        self.fb.switch_to(ok);
    }

    /// Panics when `n` bytes from `p` on do not fit in the address space; `nil`/`len`: what to call for a nil and another pointer.
    fn check_range(&mut self, p: Value, n: Value, nil: &str, len: &str) {
        let a = self.fb.conv(ConvOp::PtrToInt, p, Ty::I64);
        let zero = self.fb.i64(0);
        let room = self.fb.bin(BinOp::Sub, zero, a);
        let over = self.fb.cmp(CmpOp::UGt, n, room);
        let (bad, ok) = (self.fb.block(), self.fb.block());
        self.branch_likely(over, bad, ok, false);
        self.fb.switch_to(bad);
        let is_nil = self.is_null(p);
        self.panic_if(is_nil, nil);
        self.rt(len, &[], &[], vec![]);
        self.fb.term(Term::Unreachable);
        self.fb.switch_to(ok);
    }

    fn pointer_and_len(&mut self, c: &'static CallExpr) -> (Value, Value) {
        let (pt, nt) = (self.value_type(&c.args[0]), self.value_type(&c.args[1]));
        let (p, n) = self.eval_pair(&c.args[0], pt, &c.args[1], nt);
        (p, self.to_i64(n, nt))
    }

    fn unsafe_slice(&mut self, p: Value, n: Value, t: Type) -> Value {
        let zero = self.fb.i64(0);
        let neg = self.fb.cmp(CmpOp::SLt, n, zero);
        self.panic_if(neg, "panicunsafeslicelen");
        let size = self.pl.size_of(elem_type(t));
        if size == 0 {
            let nil = self.is_null(p);
            let some = self.fb.cmp(CmpOp::SGt, n, zero);
            let both = self.fb.bin(BinOp::And, nil, some);
            self.panic_if(both, "panicunsafeslicenilptr");
        } else {
            let sz = self.fb.i64(size as i64);
            let r = self.fb.emit(Op::Intrinsic(Intrinsic::MulU64, vec![sz, n]), &[Ty::I64, Ty::I64]);
            let over = self.fb.cmp(CmpOp::Ne, r[0], zero);
            self.panic_if(over, "panicunsafeslicelen");
            self.check_range(p, r[1], "panicunsafeslicenilptr", "panicunsafeslicelen");
        }
        self.fb.aggregate(Ty::SLICE, vec![p, n, n])
    }

    fn unsafe_string(&mut self, p: Value, n: Value) -> Value {
        let zero = self.fb.i64(0);
        let neg = self.fb.cmp(CmpOp::SLt, n, zero);
        self.panic_if(neg, "panicunsafestringlen");
        self.check_range(p, n, "panicunsafestringnilptr", "panicunsafestringlen");
        self.fb.aggregate(Ty::STRING, vec![p, n])
    }

    /// unsafe.Sizeof and friends where type parameters keep them from being constant.
    fn size_builtin(&mut self, c: &'static CallExpr, id: BuiltinId) -> u64 {
        let x = c.args[0].unparen();
        match id {
            BuiltinId::Sizeof => {
                let t = self.value_type(x);
                self.pl.size_of(t)
            }
            BuiltinId::Alignof => {
                let t = self.value_type(x);
                self.pl.align_of(t)
            }
            _ => {
                let sel = self.sh.info.selection_of(x).unwrap_or_else(|| panic!("internal compiler error: Offsetof without selection"));
                let mut t = self.subst(sel.recv);
                let mut off = 0;
                for &i in &sel.index {
                    if let Type::Pointer(p) = t.underlying() {
                        t = p.elem();
                        off = 0;
                    }
                    off += self.pl.field_offset(t, i);
                    let Type::Struct(s) = t.underlying() else { panic!("internal compiler error: Offsetof in {t}") };
                    t = s.field(i).typ();
                }
                off
            }
        }
    }

    /// Is the interface type without methods?
    pub(crate) fn is_empty_iface(&self, t: Type) -> bool {
        is_interface(t) && matches!(t.underlying(), Type::Interface(i) if i.type_set().methods.is_empty())
    }
}
