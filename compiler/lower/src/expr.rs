//! Expressions: operands, selectors, operators. Calls, indexing, literals, conversions and comparisons have files of their own.

use rgo_constant as constant;
use rgo_ir::{BinOp, Block, CmpOp, Op, Ty, UnOp, Value};
use rgo_syntax::ast::*;
use rgo_syntax::token::Op as Tok;
use rgo_types::{BasicKind, Mode, Selection, SelectionKind, Type, info_bits};

use crate::func::{Addr, FunctionLowering, MemKind};

/// An operand on the way along a selector: a value, or memory.
#[derive(Clone, Copy)]
pub(crate) enum Operand {
    Val(Value),
    Mem(Addr),
}

pub(crate) fn is_interface(t: Type) -> bool {
    matches!(t.underlying(), Type::Interface(_))
}

pub(crate) fn basic_info(t: Type) -> u32 {
    match t.underlying() {
        Type::Basic(b) => b.info,
        _ => 0,
    }
}

pub(crate) fn is_string(t: Type) -> bool {
    basic_info(t) & info_bits::IS_STRING != 0
}
pub(crate) fn is_integer(t: Type) -> bool {
    basic_info(t) & info_bits::IS_INTEGER != 0
}
pub(crate) fn is_float(t: Type) -> bool {
    basic_info(t) & info_bits::IS_FLOAT != 0
}
pub(crate) fn is_complex(t: Type) -> bool {
    basic_info(t) & info_bits::IS_COMPLEX != 0
}
pub(crate) fn is_boolean(t: Type) -> bool {
    basic_info(t) & info_bits::IS_BOOLEAN != 0
}
pub(crate) fn is_unsigned(t: Type) -> bool {
    basic_info(t) & info_bits::IS_UNSIGNED != 0
}

/// The default type of an untyped type; other types unchanged.
pub(crate) fn default_type(t: Type) -> Type {
    use rgo_types::universe::typ;
    match t {
        Type::Basic(b) => match b.kind {
            BasicKind::UntypedBool => typ(BasicKind::Bool),
            BasicKind::UntypedInt => typ(BasicKind::Int),
            BasicKind::UntypedRune => rgo_types::universe().rune,
            BasicKind::UntypedFloat => typ(BasicKind::Float64),
            BasicKind::UntypedComplex => typ(BasicKind::Complex128),
            BasicKind::UntypedString => typ(BasicKind::String),
            _ => t,
        },
        _ => t,
    }
}

pub(crate) fn basic(k: BasicKind) -> Type {
    rgo_types::universe::typ(k)
}

impl FunctionLowering<'_, '_> {
    /// The type of an expression used as one value: comma-ok expressions may have a tuple recorded.
    pub(crate) fn value_type(&self, e: &Expr) -> Type {
        let t = match self.type_of(e) {
            Type::Tuple(t) if t.len() >= 1 => self.subst(t.at(0).typ()),
            t => t,
        };
        default_type(t)
    }

    pub(crate) fn const_of(&self, e: &Expr) -> Option<constant::Value> {
        let tv = self.sh.info.tv(e)?;
        if tv.mode == Mode::Constant { tv.value.clone() } else { None }
    }

    /// The constant boolean an expression is known to be.
    pub(crate) fn const_bool(&self, e: &Expr) -> Option<bool> {
        match self.const_of(e)? {
            constant::Value::Bool(b) => Some(b),
            _ => None,
        }
    }

    pub(crate) fn const_int(&self, e: &Expr) -> Option<i64> {
        let v = self.const_of(e)?;
        match v.kind() {
            constant::Kind::Int | constant::Kind::Float | constant::Kind::Complex => constant::int64_val(&constant::to_int(&v)),
            _ => None,
        }
    }

    pub(crate) fn is_nil(&self, e: &Expr) -> bool {
        self.sh.info.tv(e).is_some_and(|tv| tv.mode == Mode::NilValue)
    }

    /// A constant of a concrete type.
    pub(crate) fn const_value(&mut self, v: &constant::Value, t: Type) -> Value {
        let t = default_type(t);
        let ty = self.pl.ir_ty(t);
        let Type::Basic(b) = t.underlying() else {
            if is_interface(t) {
                let d = default_type(basic(match v.kind() {
                    constant::Kind::Bool => BasicKind::Bool,
                    constant::Kind::String => BasicKind::String,
                    constant::Kind::Int => BasicKind::Int,
                    constant::Kind::Float => BasicKind::Float64,
                    _ => BasicKind::Complex128,
                }));
                return self.const_iface(v, d, t);
            }
            panic!("internal compiler error: constant of type {t}");
        };
        match b.kind {
            BasicKind::Bool => self.fb.bool(constant::bool_val(v)),
            BasicKind::String => match v.kind() {
                constant::Kind::String => {
                    let s = constant::string_val(v);
                    self.string_const(&s)
                }
                _ => {
                    // A conversion string(65) under a type parameter.
                    let n = constant::int64_val(&constant::to_int(v)).unwrap_or(-1);
                    let c = u32::try_from(n).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
                    let s = c.to_string();
                    self.string_const(s.as_bytes())
                }
            },
            BasicKind::Float32 => {
                let f = constant::float32_val(&constant::to_float(v)).0;
                self.fb.emit1(Op::Float((f as f64).to_bits()), ty)
            }
            BasicKind::Float64 => {
                let f = constant::float64_val(&constant::to_float(v)).0;
                self.fb.emit1(Op::Float(f.to_bits()), ty)
            }
            BasicKind::Complex64 | BasicKind::Complex128 => {
                let part = if b.kind == BasicKind::Complex64 { basic(BasicKind::Float32) } else { basic(BasicKind::Float64) };
                let c = constant::to_complex(v);
                let re = self.const_value(&constant::real(&c), part);
                let im = self.const_value(&constant::imag(&c), part);
                self.fb.aggregate(ty, vec![re, im])
            }
            BasicKind::UnsafePointer => {
                let n = self.const_bits(v);
                let i = self.fb.int(Ty::I64, n);
                self.fb.conv(rgo_ir::ConvOp::IntToPtr, i, Ty::PTR)
            }
            _ => {
                let n = self.const_bits(v);
                let size = self.pl.m.types.size(ty);
                let n = if size >= 8 { n } else { n & ((1u64 << (size * 8)) - 1) };
                self.fb.int(ty, n)
            }
        }
    }

    fn const_bits(&self, v: &constant::Value) -> u64 {
        let i = constant::to_int(v);
        if let Some(x) = constant::int64_val(&i) {
            return x as u64;
        }
        constant::uint64_val(&i).unwrap_or_else(|| panic!("internal compiler error: integer constant {v} does not fit"))
    }

    /// Evaluates `e` for its effects only.
    pub(crate) fn discard(&mut self, e: &'static Expr) {
        if self.const_of(e).is_some() {
            return;
        }
        if let ExprKind::CallExpr(c) = &e.unparen().kind {
            self.set_pos(e.pos);
            self.call_expr(e.unparen(), c);
            return;
        }
        if matches!(self.type_of(e), Type::Tuple(_)) {
            self.comma_ok(e);
            return;
        }
        self.expr(e);
    }

    /// The value of `e` implicitly converted to `target` (assignment, argument, ...).
    pub(crate) fn expr_conv(&mut self, e: &'static Expr, target: Type) -> Value {
        if self.is_nil(e) {
            return self.zero(target);
        }
        if let Some(v) = self.const_of(e) {
            let s = self.value_type(e);
            if is_interface(target) {
                if is_interface(s) {
                    return self.const_value(&v, target);
                }
                return self.const_iface(&v, s, target);
            }
            return self.const_value(&v, target);
        }
        let s = self.value_type(e);
        if is_interface(target) {
            if !is_interface(s) {
                return self.expr_to_iface(e, s, target);
            }
            let v = self.expr(e);
            return self.iface_to_iface(v, s, target);
        }
        self.expr(e)
    }

    /// Converts a value implicitly.
    pub(crate) fn value_conv(&mut self, v: Value, from: Type, target: Type) -> Value {
        if is_interface(target) {
            let from = default_type(from);
            if !is_interface(from) {
                return self.make_iface(v, from, target);
            }
            return self.iface_to_iface(v, from, target);
        }
        v
    }

    /// Evaluates `e`, converted to `t`, into memory that `e` does not read.
    pub(crate) fn expr_to(&mut self, e: &'static Expr, t: Type, dst: Addr) {
        let u = e.unparen();
        if let ExprKind::CompositeLit(c) = &u.kind
            && !is_interface(t)
            && self.pl.is_memory(t)
        {
            self.composite_to(u, c, dst, false);
            return;
        }
        let v = self.expr_conv(e, t);
        self.store_at(dst, t, v);
    }

    /// The value of an expression.
    pub(crate) fn expr(&mut self, e: &'static Expr) -> Value {
        if let Some(v) = self.const_of(e) {
            let t = self.type_of(e);
            return self.const_value(&v, t);
        }
        match &e.kind {
            ExprKind::ParenExpr(p) => self.expr(&p.x),
            ExprKind::Ident(i) => self.ident(e, i),
            ExprKind::FuncLit(f) => self.func_lit_value(e, f),
            ExprKind::CompositeLit(c) => self.composite(e, c),
            ExprKind::SelectorExpr(s) => self.selector(e, s),
            ExprKind::IndexExpr(i) => {
                if let Some((x, s)) = self.method_instance(i) {
                    return self.selector(x, s);
                }
                if self.is_func_instance(e) {
                    let sym = self.func_expr_sym(e).unwrap_or_else(|| panic!("internal compiler error: instance of unknown function"));
                    let s = self.pl.func_value(sym);
                    return self.fb.sym_addr(s);
                }
                self.index(e, i)
            }
            ExprKind::SliceExpr(s) => self.slice_expr(e, s),
            ExprKind::TypeAssertExpr(t) => self.type_assert(e, t),
            ExprKind::CallExpr(c) => {
                self.set_pos(e.pos);
                let r = self.call_expr(e, c);
                match r.first() {
                    Some(&(v, _)) => v,
                    None => panic!("internal compiler error: call without value used as value"),
                }
            }
            ExprKind::StarExpr(_) => {
                let a = self.addr_of(e);
                let t = self.value_type(e);
                self.load_at(a, t)
            }
            ExprKind::UnaryExpr(u) => self.unary(e, u),
            ExprKind::BinaryExpr(b) => self.binary(e, b),
            _ => panic!("internal compiler error: not a value expression at {:?}", e.pos),
        }
    }

    fn ident(&mut self, e: &'static Expr, i: &Ident) -> Value {
        if self.is_nil(e) {
            let t = self.type_of(e);
            return self.zero(t);
        }
        let o = self.sh.info.obj_of(i);
        if o.is_func() {
            let sym = self.func_expr_sym(e).unwrap_or_else(|| panic!("internal compiler error: unknown function {}", o.name()));
            let s = self.pl.func_value(sym);
            return self.fb.sym_addr(s);
        }
        let a = self.var_addr(o);
        let t = self.subst(o.typ());
        self.load_at(a, t)
    }

    /// Is the expression an explicitly instantiated function?
    pub(crate) fn is_func_instance(&self, e: &Expr) -> bool {
        let ExprKind::IndexExpr(i) = &e.kind else { return false };
        let id = match &i.x.unparen().kind {
            ExprKind::Ident(id) => id,
            ExprKind::SelectorExpr(s) => &s.sel,
            _ => return false,
        };
        matches!(self.sh.info.use_of(id), Some(o) if o.is_func()) && self.sh.info.instance_of(id).is_some()
    }

    /// The identifier that names a declared function, behind parentheses, instantiation and package qualifier.
    pub(crate) fn func_ident<'e>(&self, e: &'e Expr) -> Option<&'e Ident> {
        match &e.unparen().kind {
            ExprKind::Ident(i) => Some(i),
            ExprKind::SelectorExpr(s) if self.sh.info.selection_of(e.unparen()).is_none() => Some(&s.sel),
            ExprKind::IndexExpr(i) if self.is_func_instance(e.unparen()) => self.func_ident(&i.x),
            _ => None,
        }
    }

    /// The symbol of the declared function an expression denotes.
    pub(crate) fn func_expr_sym(&mut self, e: &Expr) -> Option<rgo_ir::Sym> {
        let i = self.func_ident(e)?;
        let o = self.sh.info.use_of(i)?;
        if !o.is_func() {
            return None;
        }
        let targs: Vec<Type> = match self.sh.info.instance_of(i) {
            Some(inst) => inst.targs.iter().map(|t| self.sh.env.subst(*t)).collect(),
            None => Vec::new(),
        };
        Some(self.pl.func_sym(o, &targs))
    }

    // --- selectors

    fn selector(&mut self, e: &'static Expr, s: &'static SelectorExpr) -> Value {
        let Some(sel) = self.sh.info.selection_of(e) else {
            // A qualified identifier.
            let o = self.sh.info.obj_of(&s.sel);
            if o.is_func() {
                let sym = self.func_expr_sym(e).unwrap_or_else(|| panic!("internal compiler error: unknown function {}", o.name()));
                let v = self.pl.func_value(sym);
                return self.fb.sym_addr(v);
            }
            let a = self.var_addr(o);
            let t = self.subst(o.typ());
            return self.load_at(a, t);
        };
        match sel.kind {
            SelectionKind::FieldVal => {
                let t = self.value_type(e);
                match self.field(s, sel) {
                    Operand::Val(v) => v,
                    Operand::Mem(a) => self.load_at(a, t),
                }
            }
            SelectionKind::MethodVal => self.method_value(e, s, sel),
            SelectionKind::MethodExpr => {
                let sym = self.method_expr_sym(s, sel);
                let v = self.pl.func_value(sym);
                self.fb.sym_addr(v)
            }
        }
    }

    /// The function a method expression denotes.
    pub(crate) fn method_expr_sym(&mut self, s: &SelectorExpr, sel: &Selection) -> rgo_ir::Sym {
        self.use_method(sel.obj, None);
        let recv = self.subst(sel.recv);
        let targs = self.method_targs(&s.sel);
        self.pl.method_expr_func(recv, sel.obj, targs)
    }

    /// The selector of an explicitly instantiated method, `x.M[T]`.
    pub(crate) fn method_instance<'e>(&self, i: &'e IndexExpr) -> Option<(&'e Expr, &'e SelectorExpr)> {
        let x = i.x.unparen();
        match &x.kind {
            ExprKind::SelectorExpr(s) if self.sh.info.selection_of(x).is_some() && self.sh.info.instance_of(&s.sel).is_some() => Some((x, &**s)),
            _ => None,
        }
    }

    /// Type arguments of an instantiated method.
    pub(crate) fn method_targs(&self, sel: &Ident) -> Vec<Type> {
        match self.sh.info.instance_of(sel) {
            Some(i) => i.targs.iter().map(|t| self.sh.env.subst(*t)).collect(),
            None => Vec::new(),
        }
    }

    /// The operand of a selector: memory where possible.
    pub(crate) fn operand(&mut self, x: &'static Expr) -> Operand {
        let t = self.value_type(x);
        if matches!(t.underlying(), Type::Pointer(_)) {
            return Operand::Val(self.expr(x));
        }
        if self.has_place(x) {
            return Operand::Mem(self.addr_of(x));
        }
        let v = self.expr(x);
        if self.pl.is_memory(t) { Operand::Mem(Addr::new(v, MemKind::Frame)) } else { Operand::Val(v) }
    }

    /// Can `addr_of` find memory for the expression without copying it?
    pub(crate) fn has_place(&self, x: &Expr) -> bool {
        let x = x.unparen();
        match &x.kind {
            ExprKind::Ident(i) => self.sh.info.try_obj_of(i).is_some_and(|o| o.is_var()),
            ExprKind::SelectorExpr(s) => match self.sh.info.selection_of(x) {
                None => self.sh.info.try_obj_of(&s.sel).is_some_and(|o| o.is_var()),
                Some(sel) if sel.kind == SelectionKind::FieldVal => sel.indirect || self.is_pointer(&s.x) || self.has_place(&s.x),
                _ => false,
            },
            ExprKind::IndexExpr(i) => {
                if self.is_func_instance(x) {
                    return false;
                }
                match self.type_of(&i.x).underlying() {
                    Type::Slice(_) | Type::Pointer(_) => true,
                    Type::Array(_) => self.has_place(&i.x),
                    _ => false,
                }
            }
            ExprKind::StarExpr(_) => true,
            _ => false,
        }
    }

    fn is_pointer(&self, x: &Expr) -> bool {
        self.sh.info.try_type_of(x).is_some() && matches!(self.value_type(x).underlying(), Type::Pointer(_))
    }

    pub(crate) fn field(&mut self, s: &'static SelectorExpr, sel: &Selection) -> Operand {
        let x = self.operand(&s.x);
        let t = self.value_type(&s.x);
        self.set_pos(s.sel.pos);
        self.walk_path(x, t, &sel.index).0
    }

    /// Follows field indices from an operand of type `t`, through pointers.
    pub(crate) fn walk_path(&mut self, mut x: Operand, mut t: Type, path: &[usize]) -> (Operand, Type) {
        for &i in path {
            (x, t) = self.deref_operand(x, t);
            let Type::Struct(st) = t.underlying() else { panic!("internal compiler error: field of {t}") };
            let ft = st.field(i).typ();
            x = match x {
                Operand::Mem(a) => {
                    let off = self.pl.field_offset(t, i);
                    Operand::Mem(a.offset(off))
                }
                Operand::Val(v) => Operand::Val(self.part(v, i as u32)),
            };
            t = ft;
        }
        (x, t)
    }

    /// If the operand is a pointer: the memory it points to, after a nil check.
    pub(crate) fn deref_operand(&mut self, x: Operand, t: Type) -> (Operand, Type) {
        let Type::Pointer(p) = t.underlying() else {
            if let Operand::Val(v) = x
                && self.pl.is_memory(t)
            {
                return (Operand::Mem(Addr::new(v, MemKind::Frame)), t);
            }
            return (x, t);
        };
        let v = self.operand_value(x, t);
        self.fb.emit0(Op::NilCheck(v));
        (Operand::Mem(Addr::new(v, MemKind::Heap)), p.elem())
    }

    pub(crate) fn operand_value(&mut self, x: Operand, t: Type) -> Value {
        match x {
            Operand::Val(v) => v,
            Operand::Mem(a) => self.load_at(a, t),
        }
    }

    /// The address of an addressable expression (or of a temporary that holds its value).
    pub(crate) fn addr_of(&mut self, e: &'static Expr) -> Addr {
        match &e.kind {
            ExprKind::ParenExpr(p) => return self.addr_of(&p.x),
            ExprKind::Ident(i) => {
                let o = self.sh.info.obj_of(i);
                if o.is_var() {
                    return self.var_addr(o);
                }
            }
            ExprKind::SelectorExpr(s) => match self.sh.info.selection_of(e) {
                None => {
                    let o = self.sh.info.obj_of(&s.sel);
                    if o.is_var() {
                        return self.var_addr(o);
                    }
                }
                Some(sel) if sel.kind == SelectionKind::FieldVal => match self.field(s, sel) {
                    Operand::Mem(a) => return a,
                    Operand::Val(v) => {
                        let t = self.value_type(e);
                        let p = self.spill(v, t);
                        return Addr::new(p, MemKind::Frame);
                    }
                },
                _ => {}
            },
            ExprKind::IndexExpr(i) if !self.is_func_instance(e) => {
                if !matches!(self.value_type(&i.x).underlying(), Type::Map(_) | Type::Basic(_)) {
                    return self.elem_addr(e, i);
                }
            }
            ExprKind::StarExpr(s) => {
                let p = self.expr(&s.x);
                self.set_pos(e.pos);
                self.fb.emit0(Op::NilCheck(p));
                return Addr::new(p, MemKind::Heap);
            }
            _ => {}
        }
        let t = self.value_type(e);
        let v = self.expr(e);
        let p = self.spill(v, t);
        Addr::new(p, MemKind::Frame)
    }

    // --- operators

    fn unary(&mut self, e: &'static Expr, u: &'static UnaryExpr) -> Value {
        let t = self.value_type(e);
        match u.op {
            Tok::And => self.address(u),
            Tok::Recv => self.recv(u),
            Tok::Add => self.expr_conv(&u.x, t),
            Tok::Sub => {
                let v = self.expr_conv(&u.x, t);
                self.set_pos(e.pos);
                if is_complex(t) {
                    let ty = self.fb.ty(v);
                    let (re, im) = (self.part(v, 0), self.part(v, 1));
                    let fty = self.fb.ty(re);
                    let a = self.fb.emit1(Op::Un(UnOp::FNeg, re), fty);
                    let b = self.fb.emit1(Op::Un(UnOp::FNeg, im), fty);
                    return self.fb.aggregate(ty, vec![a, b]);
                }
                let ty = self.fb.ty(v);
                let op = if is_float(t) { UnOp::FNeg } else { UnOp::Neg };
                self.fb.emit1(Op::Un(op, v), ty)
            }
            Tok::Xor | Tok::Not => {
                let v = self.expr_conv(&u.x, t);
                let ty = self.fb.ty(v);
                self.fb.emit1(Op::Un(UnOp::Not, v), ty)
            }
            _ => panic!("internal compiler error: unary operator {}", u.op),
        }
    }

    fn address(&mut self, u: &'static UnaryExpr) -> Value {
        let x = u.x.unparen();
        if let ExprKind::CompositeLit(c) = &x.kind {
            return self.new_composite(x, c);
        }
        let a = self.addr_of(x);
        self.addr(a)
    }

    fn binary(&mut self, e: &'static Expr, b: &'static BinaryExpr) -> Value {
        match b.op {
            Tok::AndAnd | Tok::OrOr => return self.cond_value(e),
            op if op.is_comparison() => return self.compare(e, b),
            _ => {}
        }
        let t = self.value_type(e);
        if b.op.is_shift() {
            if let Some(n) = self.const_count(&b.y) {
                let x = self.expr_conv(&b.x, t);
                let n = self.fb.i64(n);
                self.set_pos(e.pos);
                return self.shift(b.op, x, n, t, basic(BasicKind::Uint), true);
            }
            let ct = self.value_type(&b.y);
            let (x, y) = self.eval_pair(&b.x, t, &b.y, ct);
            self.set_pos(e.pos);
            return self.shift(b.op, x, y, t, ct, false);
        }
        if is_string(t) {
            return self.concat(e, t);
        }
        let (x, y) = self.eval_pair(&b.x, t, &b.y, t);
        self.set_pos(e.pos);
        let nonzero = self.const_of(&b.y).is_some();
        self.arith(b.op, x, y, t, nonzero)
    }

    /// A constant shift count (its own type may be a float's); huge ones come as 64 or more.
    pub(crate) fn const_count(&self, y: &Expr) -> Option<i64> {
        let v = constant::to_int(&self.const_of(y)?);
        Some(constant::int64_val(&v).unwrap_or(i64::MAX))
    }

    /// `x << y`, `x >> y`.
    pub(crate) fn shift(&mut self, op: Tok, x: Value, y: Value, t: Type, ct: Type, constant_count: bool) -> Value {
        if !is_unsigned(ct) && !constant_count {
            self.fb.emit0(Op::ShiftCheck(y));
        }
        let ty = self.fb.ty(x);
        let op = match op {
            Tok::Shl => BinOp::Shl,
            _ if is_unsigned(t) => BinOp::LShr,
            _ => BinOp::AShr,
        };
        self.fb.emit1(Op::Bin(op, x, y), ty)
    }

    /// Arithmetic on two values of type `t`; `nonzero`: `y` is a constant (division by a constant zero is no valid program).
    pub(crate) fn arith(&mut self, op: Tok, x: Value, y: Value, t: Type, nonzero: bool) -> Value {
        if is_complex(t) {
            return self.complex_arith(op, x, y, t);
        }
        if is_float(t) {
            let op = match op {
                Tok::Add => BinOp::FAdd,
                Tok::Sub => BinOp::FSub,
                Tok::Mul => BinOp::FMul,
                Tok::Div => BinOp::FDiv,
                _ => panic!("internal compiler error: operator {op} on floats"),
            };
            return self.fb.bin(op, x, y);
        }
        let unsigned = is_unsigned(t);
        if matches!(op, Tok::Div | Tok::Rem) && !nonzero {
            self.fb.emit0(Op::DivCheck(y));
        }
        let op = match op {
            Tok::Add => BinOp::Add,
            Tok::Sub => BinOp::Sub,
            Tok::Mul => BinOp::Mul,
            Tok::Div if unsigned => BinOp::UDiv,
            Tok::Div => BinOp::SDiv,
            Tok::Rem if unsigned => BinOp::URem,
            Tok::Rem => BinOp::SRem,
            Tok::And => BinOp::And,
            Tok::Or => BinOp::Or,
            Tok::Xor => BinOp::Xor,
            Tok::AndNot => BinOp::AndNot,
            _ => panic!("internal compiler error: operator {op} on integers"),
        };
        self.fb.bin(op, x, y)
    }

    fn complex_arith(&mut self, op: Tok, x: Value, y: Value, t: Type) -> Value {
        let ty = self.pl.ir_ty(t);
        if op == Tok::Div {
            // Through complex128, as gc.
            let wide = ty == Ty::COMPLEX128;
            let (a, b) = if wide { (x, y) } else { (self.complex_conv(x, Ty::F64, Ty::COMPLEX128), self.complex_conv(y, Ty::F64, Ty::COMPLEX128)) };
            let q = self.rt("complex128div", &[Ty::COMPLEX128, Ty::COMPLEX128], &[Ty::COMPLEX128], vec![a, b])[0];
            return if wide { q } else { self.complex_conv(q, Ty::F32, Ty::COMPLEX64) };
        }
        let (a, b) = (self.part(x, 0), self.part(x, 1));
        let (c, d) = (self.part(y, 0), self.part(y, 1));
        let (re, im) = match op {
            Tok::Add => (self.fb.bin(BinOp::FAdd, a, c), self.fb.bin(BinOp::FAdd, b, d)),
            Tok::Sub => (self.fb.bin(BinOp::FSub, a, c), self.fb.bin(BinOp::FSub, b, d)),
            Tok::Mul => {
                // gc computes complex64 products in float64.
                let narrow = ty == Ty::COMPLEX64;
                let w = |fl: &mut Self, v: Value| if narrow { fl.fb.conv(rgo_ir::ConvOp::FloatExt, v, Ty::F64) } else { v };
                let (a, b, c, d) = (w(self, a), w(self, b), w(self, c), w(self, d));
                let (ac, bd) = (self.fb.bin(BinOp::FMul, a, c), self.fb.bin(BinOp::FMul, b, d));
                let (ad, bc) = (self.fb.bin(BinOp::FMul, a, d), self.fb.bin(BinOp::FMul, b, c));
                let (re, im) = (self.fb.bin(BinOp::FSub, ac, bd), self.fb.bin(BinOp::FAdd, ad, bc));
                let n = |fl: &mut Self, v: Value| if narrow { fl.fb.conv(rgo_ir::ConvOp::FloatTrunc, v, Ty::F32) } else { v };
                (n(self, re), n(self, im))
            }
            _ => panic!("internal compiler error: operator {op} on complex numbers"),
        };
        self.fb.aggregate(ty, vec![re, im])
    }

    pub(crate) fn complex_conv(&mut self, v: Value, part: Ty, ty: Ty) -> Value {
        let op = if part == Ty::F64 { rgo_ir::ConvOp::FloatExt } else { rgo_ir::ConvOp::FloatTrunc };
        let (a, b) = (self.part(v, 0), self.part(v, 1));
        let (a, b) = (self.fb.conv(op, a, part), self.fb.conv(op, b, part));
        self.fb.aggregate(ty, vec![a, b])
    }

    /// String concatenation: all operands of a chain of `+` at once.
    fn concat(&mut self, e: &'static Expr, t: Type) -> Value {
        let mut ops: Vec<&'static Expr> = Vec::new();
        self.concat_operands(e, &mut ops);
        let vals = if ops.len() > 1 && !ops.iter().any(|o| self.has_call(o)) {
            // Operands are copied at once: string(bytes) needs no copy of its own.
            ops.into_iter().map(|o| self.string_operand(o)).collect()
        } else {
            let list: Vec<(&'static Expr, Type)> = ops.into_iter().map(|o| (o, t)).collect();
            self.eval_list(&list)
        };
        self.set_pos(e.pos);
        self.concat_values(vals)
    }

    fn concat_operands(&self, e: &'static Expr, out: &mut Vec<&'static Expr>) {
        if self.const_of(e).is_none()
            && let ExprKind::BinaryExpr(b) = &e.unparen().kind
            && b.op == Tok::Add
        {
            self.concat_operands(&b.x, out);
            self.concat_operands(&b.y, out);
            return;
        }
        if let Some(constant::Value::String(s)) = self.const_of(e)
            && s.len() == 0
        {
            return;
        }
        out.push(e);
    }

    pub(crate) fn concat_values(&mut self, vals: Vec<Value>) -> Value {
        let n = vals.len();
        match n {
            0 => return self.fb.emit1(Op::Zero, Ty::STRING),
            1 => return vals[0],
            _ => {}
        }
        let null = self.fb.null();
        if n <= 5 {
            let mut params = vec![Ty::PTR];
            params.extend(std::iter::repeat_n(Ty::STRING, n));
            let mut args = vec![null];
            args.extend(vals);
            return self.rt(&format!("concatstring{n}"), &params, &[Ty::STRING], args)[0];
        }
        let arr = self.pl.m.types.mk_array(Ty::STRING, n as u64);
        let p = self.temp_ty(arr);
        for (i, v) in vals.into_iter().enumerate() {
            let q = self.fb.ptr_add(p, i as i64 * 16);
            self.fb.store(q, v, Default::default());
        }
        let len = self.fb.i64(n as i64);
        let s = self.fb.aggregate(Ty::SLICE, vec![p, len, len]);
        self.rt("concatstrings", &[Ty::PTR, Ty::SLICE], &[Ty::STRING], vec![null, s])[0]
    }

    // --- conditions

    /// A boolean from control flow.
    pub(crate) fn cond_value(&mut self, e: &'static Expr) -> Value {
        let (t, f, done) = (self.fb.block(), self.fb.block(), self.fb.block());
        let l = self.fb.local("", Ty::BOOL);
        self.cond(e, t, f);
        for (b, v) in [(t, true), (f, false)] {
            self.fb.switch_to(b);
            let a = self.fb.local_addr(l);
            let c = self.fb.bool(v);
            self.fb.store(a, c, Default::default());
            self.fb.jump(done);
        }
        self.fb.switch_to(done);
        let a = self.fb.local_addr(l);
        self.fb.load(Ty::BOOL, a)
    }

    /// Branches on a boolean expression.
    pub(crate) fn cond(&mut self, e: &'static Expr, t: Block, f: Block) {
        if let Some(b) = self.const_bool(e) {
            self.fb.jump(if b { t } else { f });
            return;
        }
        match &e.kind {
            ExprKind::ParenExpr(p) => return self.cond(&p.x, t, f),
            ExprKind::UnaryExpr(u) if u.op == Tok::Not => return self.cond(&u.x, f, t),
            ExprKind::BinaryExpr(b) if b.op == Tok::AndAnd => {
                match (self.const_bool(&b.x), self.const_bool(&b.y)) {
                    (Some(false), _) => return self.fb.jump(f),
                    (Some(true), _) => return self.cond(&b.y, t, f),
                    _ => {}
                }
                let m = self.fb.block();
                self.cond(&b.x, m, f);
                self.fb.switch_to(m);
                return self.cond(&b.y, t, f);
            }
            ExprKind::BinaryExpr(b) if b.op == Tok::OrOr => {
                match (self.const_bool(&b.x), self.const_bool(&b.y)) {
                    (Some(true), _) => return self.fb.jump(t),
                    (Some(false), _) => return self.cond(&b.y, t, f),
                    _ => {}
                }
                let m = self.fb.block();
                self.cond(&b.x, t, m);
                self.fb.switch_to(m);
                return self.cond(&b.y, t, f);
            }
            ExprKind::BinaryExpr(b) if b.op.is_comparison() => {
                self.compare_branch(e, b, t, f);
                return;
            }
            _ => {}
        }
        let v = self.expr(e);
        self.fb.branch(v, t, f);
    }

    /// `cond` folded by the constants in it (what decides dead code).
    pub(crate) fn known_cond(&self, e: &Expr) -> Option<bool> {
        if let Some(b) = self.const_bool(e) {
            return Some(b);
        }
        match &e.kind {
            ExprKind::ParenExpr(p) => self.known_cond(&p.x),
            ExprKind::UnaryExpr(u) if u.op == Tok::Not => self.known_cond(&u.x).map(|b| !b),
            ExprKind::BinaryExpr(b) if b.op == Tok::AndAnd => match (self.known_cond(&b.x), self.known_cond(&b.y)) {
                (Some(false), _) => Some(false),
                (Some(true), y) => y,
                _ => None,
            },
            ExprKind::BinaryExpr(b) if b.op == Tok::OrOr => match (self.known_cond(&b.x), self.known_cond(&b.y)) {
                (Some(true), _) => Some(true),
                (Some(false), y) => y,
                _ => None,
            },
            _ => None,
        }
    }

    /// An integer value as i64 (sign- or zero-extended by its type).
    pub(crate) fn to_i64(&mut self, v: Value, t: Type) -> Value {
        let ty = self.fb.ty(v);
        if ty == Ty::I64 {
            return v;
        }
        let op = if is_unsigned(t) { rgo_ir::ConvOp::ZExt } else { rgo_ir::ConvOp::SExt };
        self.fb.conv(op, v, Ty::I64)
    }

    pub(crate) fn is_null(&mut self, p: Value) -> Value {
        let n = self.fb.null();
        self.fb.cmp(CmpOp::Eq, p, n)
    }
}
