//! Expressions: the dispatcher and the operators.
//!
//! A function that checks an expression fills in an [`Operand`]; if it fails it has reported the error and the operand is invalid.
//! Everything goes through `raw_expr`, which records types and values. Expressions of untyped type are remembered in `Checker::untyped` until their final
//! type is known: when they are converted (see `untyped.rs`) or at the end.
//!
//! A *hint* is the element type of an enclosing composite literal, for literals without type. A *target* is the function type of the variable that is
//! assigned to, for the inference of a generic function's type arguments.

use crate::check::Checker;
use crate::code::Code;
use crate::conversions::is_pointer;
use crate::errors::At;
use crate::format::composite_kind;
use crate::lookup::missing_method;
use crate::operand::{Mode, Operand};
use crate::predicates::*;
use crate::stmt::synthetic_ident;
use crate::syn::constant::{self, Value};
use crate::syn::*;
use crate::types::{BasicKind, ChanDir, Pointer, Signature, Type};
use crate::under::{common_under, under_is};
use crate::universe::{ExprKind as Kind, invalid, typ, universe};
use crate::version::*;

/// The type and description of the variable or result a value is assigned to.
pub(crate) struct Target {
    pub sig: &'static Signature,
    pub desc: String,
}

/// A target, if `t` is (or has only) function types.
pub(crate) fn new_target(t: Option<Type>, desc: &str) -> Option<Target> {
    match common_under(t?, None) {
        Ok(Type::Signature(sig)) => Some(Target { sig, desc: desc.to_string() }),
        _ => None,
    }
}

/// Which modes `exclude` complains about.
pub(crate) const EX_VALUE: u8 = 1 | 2 | 4;
const EX_NOVALUE: u8 = 1;
const EX_BUILTIN: u8 = 2;
const EX_TYPE: u8 = 4;
/// No value and built-in.
pub(crate) const EX_NEW: u8 = 1 | 2;

/// The position of the operator of an operation; else the start of `x`.
pub(crate) fn op_pos(x: Option<&'static Expr>) -> Pos {
    match x {
        None => NO_POS,
        Some(x) => match x.kind {
            ExprKind::UnaryExpr(_) | ExprKind::BinaryExpr(_) | ExprKind::StarExpr(_) => x.pos,
            _ => start_pos(x),
        },
    }
}

/// The constant operator of a syntactic one.
pub(crate) fn const_op(op: Op) -> constant::Op {
    use constant::Op as C;
    match op {
        Op::Not => C::Not,
        Op::OrOr => C::LOr,
        Op::AndAnd => C::LAnd,
        Op::Eql => C::Eql,
        Op::Neq => C::Neq,
        Op::Lss => C::Lss,
        Op::Leq => C::Leq,
        Op::Gtr => C::Gtr,
        Op::Geq => C::Geq,
        Op::Add => C::Add,
        Op::Sub => C::Sub,
        Op::Or => C::Or,
        Op::Xor => C::Xor,
        Op::Mul => C::Mul,
        Op::Div => C::Quo,
        Op::Rem => C::Rem,
        Op::And => C::And,
        Op::AndNot => C::AndNot,
        Op::Shl => C::Shl,
        Op::Shr => C::Shr,
        Op::Def | Op::Recv | Op::Tilde => panic!("internal compiler error: no constant operation {op}"),
    }
}

/// The predicate that the operand type of a unary operator must satisfy.
fn unary_pred(op: Op) -> fn(Type) -> bool {
    match op {
        Op::Add | Op::Sub => all_numeric,
        Op::Xor => all_integer,
        _ => all_boolean,
    }
}

fn binary_pred(op: Op) -> fn(Type) -> bool {
    match op {
        Op::Add => all_numeric_or_string,
        Op::Sub | Op::Mul | Op::Div => all_numeric,
        Op::Rem | Op::And | Op::Or | Op::Xor | Op::AndNot => all_integer,
        _ => all_boolean,
    }
}

/// "1st what", "2nd what", ...
fn nth(n: usize, what: &str) -> String {
    let ext = match n {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    };
    format!("{n}{ext} {what}")
}

impl Checker {
    fn op_defined(&self, pred: fn(Type) -> bool, x: &Operand, op: Op) -> bool {
        let ok = pred(x.typ());
        if !ok {
            self.error(x, Code::UndefinedOp, format!("invalid operation: operator {op} not defined on {}", self.os(x)));
        }
        ok
    }

    fn unary(&self, x: &mut Operand, e: &'static Expr, u: &'static UnaryExpr) {
        self.expr(None, x, &u.x);
        if !x.is_valid() {
            return;
        }
        let mut op = u.op;
        match op {
            Op::And => {
                // The operand may be a composite literal as well.
                if !matches!(u.x.unparen().kind, ExprKind::CompositeLit(_)) && x.mode != Mode::Variable {
                    self.error(&*x, Code::UnaddressableOperand, format!("invalid operation: cannot take address of {}", self.os(x)));
                    x.invalidate();
                    return;
                }
                x.mode = Mode::Value;
                x.typ = Some(Type::Pointer(Pointer::new(x.typ())));
                return;
            }
            Op::Recv => {
                if let Some(elem) = self.chan_elem(x.at(), x, true) {
                    if self.is_complete(elem) {
                        x.mode = Mode::CommaOk;
                        x.typ = Some(elem);
                        self.set_call_or_recv(true);
                        return;
                    }
                }
                x.invalidate();
                return;
            }
            Op::Tilde => {
                if !all_integer(x.typ()) {
                    self.error(e, Code::UndefinedOp, "cannot use ~ outside of interface or type constraint");
                    x.invalidate();
                    return;
                }
                self.error(e, Code::UndefinedOp, "cannot use ~ outside of interface or type constraint (use ^ for bitwise complement)");
                op = Op::Xor;
            }
            _ => {}
        }
        if !self.op_defined(unary_pred(op), x, op) {
            x.invalidate();
            return;
        }
        if x.mode == Mode::Constant {
            let v = x.value();
            if v.is_unknown() {
                return;
            }
            let prec = if is_unsigned(x.typ()) { (self.conf.sizeof(x.typ()) * 8) as u32 } else { 0 };
            x.val = Some(constant::unary_op(const_op(op), &v, prec));
            x.expr = Some(e);
            self.overflow(x, op_pos(x.expr));
            return;
        }
        x.mode = Mode::Value;
    }

    /// The element type for a receive from or send to channel `x`; reports an error if that is not possible.
    pub(crate) fn chan_elem(&self, pos: Pos, x: &Operand, recv: bool) -> Option<Type> {
        let r = common_under(
            x.typ(),
            Some(&mut |t, u| {
                let (Some(t), Some(u)) = (t, u) else { return Some(type_error("no specific channel type", &[])) };
                match u {
                    Type::Chan(c) if recv && c.dir == ChanDir::SendOnly => Some(type_error("send-only channel %s", &[t])),
                    Type::Chan(c) if !recv && c.dir == ChanDir::RecvOnly => Some(type_error("receive-only channel %s", &[t])),
                    Type::Chan(_) => None,
                    _ => Some(type_error("non-channel %s", &[t])),
                }
            }),
        );
        let cause = match r {
            Ok(Type::Chan(c)) => return Some(c.elem()),
            Ok(_) => String::new(),
            Err(e) => e.format(Some(self)),
        };
        let (code, what) = if recv { (Code::InvalidReceive, "receive from") } else { (Code::InvalidSend, "send to") };
        if is_type_param(x.typ()) {
            self.error(pos, code, format!("invalid operation: cannot {what} {}: {cause}", self.os(x)));
        } else {
            self.error(pos, code, format!("invalid operation: cannot {what} {cause} {}", self.os(x)));
        }
        None
    }

    /// The comparison `x op y`; for a switch case `op` is `==` and the error talks about the case.
    pub(crate) fn comparison(&self, x: &mut Operand, y: &mut Operand, op: Op, switch_case: bool) {
        if !x.typ().is_valid() || !y.typ().is_valid() {
            x.invalidate();
            return;
        }
        let op = if switch_case { Op::Eql } else { op };
        // The operand the error is reported at is y if `at_y`.
        let mut at_y = false;
        let mut cause = String::new();
        let mut code = Code::MismatchedTypes;
        let ok = 'check: {
            let assignable = x.assignable_to(self, y.typ(), None).0 || y.assignable_to(self, x.typ(), None).0;
            if !assignable {
                // Only the second operand shows that there is a mismatch.
                at_y = true;
                cause = format!("mismatched types {} and {}", self.ts(x.typ()), self.ts(y.typ()));
                break 'check false;
            }
            code = Code::UndefinedOp;
            match op {
                Op::Eql | Op::Neq => {
                    if x.is_nil() || y.is_nil() {
                        let t = if x.is_nil() { y.typ() } else { x.typ() };
                        if !has_nil(t) {
                            // Only possible for nil == nil.
                            at_y = true;
                            break 'check false;
                        }
                    } else if !comparable(x.typ()) {
                        cause = self.incomparable_cause(x.typ());
                        break 'check false;
                    } else if !comparable(y.typ()) {
                        at_y = true;
                        cause = self.incomparable_cause(y.typ());
                        break 'check false;
                    }
                }
                _ => {
                    if !all_ordered(x.typ()) {
                        break 'check false;
                    }
                    if !all_ordered(y.typ()) {
                        at_y = true;
                        break 'check false;
                    }
                }
            }
            true
        };
        if ok {
            if x.mode == Mode::Constant && y.mode == Mode::Constant {
                x.val = Some(constant::make_bool(constant::compare(&x.value(), const_op(op), &y.value())));
                // The operands are never materialized: no need to update their types.
            } else {
                x.mode = Mode::Value;
                // The operands have their final types now; untyped ones get their default type.
                if let Some(e) = x.expr {
                    self.update_expr_type(e, default_type(x.typ()), true);
                }
                if let Some(e) = y.expr {
                    self.update_expr_type(e, default_type(y.typ()), true);
                }
            }
            x.typ = Some(typ(BasicKind::UntypedBool));
            return;
        }
        if cause.is_empty() {
            if is_type_param(x.typ()) || is_type_param(y.typ()) {
                if !is_type_param(x.typ()) {
                    at_y = true;
                }
                let t = if at_y { y.typ() } else { x.typ() };
                cause = format!("type parameter {} cannot use operator {op}", self.ts(t));
            } else {
                let t = if at_y { y.typ() } else { x.typ() };
                let what = match composite_kind(t) {
                    "" => self.ts(t),
                    k => k.to_string(),
                };
                cause = format!("operator {op} not defined on {what}");
            }
        }
        let (xs, ys) = (self.oe(x), self.oe(y));
        if switch_case {
            self.error(&*x, code, format!("invalid case {xs} in switch on {ys} ({cause})"));
        } else {
            let at = if at_y { y.at() } else { x.at() };
            self.error(at, code, format!("invalid operation: {xs} {op} {ys} ({cause})"));
        }
        x.invalidate();
    }

    /// Why values of type `t` cannot be compared, if there is more to say.
    pub(crate) fn incomparable_cause(&self, t: Type) -> String {
        match t.underlying() {
            Type::Slice(_) | Type::Signature(_) | Type::Map(_) => format!("{} can only be compared to nil", composite_kind(t)),
            _ => comparable_type(t, true, &mut Vec::new()).map_or(String::new(), |e| e.format(Some(self))),
        }
    }

    fn shift(&self, x: &mut Operand, y: &mut Operand, e: Option<&'static Expr>, op: Op) {
        let xval = if x.mode == Mode::Constant { Some(constant::to_int(&x.value())) } else { None };
        if !(all_integer(x.typ()) || is_untyped(x.typ()) && xval.as_ref().is_some_and(|v| v.kind() == constant::Kind::Int)) {
            self.error(&*x, Code::InvalidShiftOperand, format!("invalid operation: shifted operand {} must be integer", self.os(x)));
            x.invalidate();
            return;
        }
        // Constant counts must be representable by uint, but they are not converted.
        let mut yval = Value::Unknown;
        if y.mode == Mode::Constant {
            yval = constant::to_int(&y.value());
            if yval.kind() == constant::Kind::Int && constant::sign(&yval) < 0 {
                self.error(&*y, Code::InvalidShiftCount, format!("invalid operation: negative shift count {}", self.os(y)));
                x.invalidate();
                return;
            }
            if is_untyped(y.typ()) {
                self.representable(y, typ(BasicKind::Uint).as_basic().expect("internal compiler error: uint is basic"));
                if !y.is_valid() {
                    x.invalidate();
                    return;
                }
            }
        } else if all_integer(y.typ()) {
            if !all_unsigned(y.typ()) && !self.allow_version(GO1_13) {
                self.version_error(&*y, GO1_13, &format!("invalid operation: signed shift count {}", self.os(y)));
                x.invalidate();
                return;
            }
        } else if is_untyped(y.typ()) {
            self.convert_untyped(y, typ(BasicKind::Uint));
            if !y.is_valid() {
                x.invalidate();
                return;
            }
        } else {
            self.error(&*y, Code::InvalidShiftCount, format!("invalid operation: shift count {} must be integer", self.os(y)));
            x.invalidate();
            return;
        }

        if x.mode == Mode::Constant {
            if y.mode == Mode::Constant {
                if x.value().is_unknown() || y.value().is_unknown() {
                    x.val = Some(Value::Unknown);
                    if !is_integer(x.typ()) {
                        x.typ = Some(typ(BasicKind::UntypedInt));
                    }
                    return;
                }
                // Large enough to express the smallest float64.
                const BOUND: u64 = 1023 - 1 + 52;
                let s = match constant::uint64_val(&yval) {
                    Some(s) if s <= BOUND => s,
                    _ => {
                        self.error(&*y, Code::InvalidShiftCount, format!("invalid operation: invalid shift count {}", self.os(y)));
                        x.invalidate();
                        return;
                    }
                };
                // An untyped constant such as 2.0 becomes an integer.
                if !is_integer(x.typ()) {
                    x.typ = Some(typ(BasicKind::UntypedInt));
                }
                x.val = Some(constant::shift(&xval.unwrap_or(Value::Unknown), const_op(op), s));
                x.expr = e;
                self.overflow(x, op_pos(x.expr));
                return;
            }
            // Non-constant shift of an untyped constant: its type is what it would be without the shift. The check waits until that is known.
            if is_untyped(x.typ()) {
                if let Some(xe) = x.expr {
                    if let Some(info) = self.untyped.borrow_mut().get_mut(&xe.id) {
                        info.is_lhs = true;
                    }
                }
                x.mode = Mode::Value;
                return;
            }
        }
        if !all_integer(x.typ()) {
            self.error(&*x, Code::InvalidShiftOperand, format!("invalid operation: shifted operand {} must be integer", self.os(x)));
            x.invalidate();
            return;
        }
        x.mode = Mode::Value;
    }

    /// `lhs op rhs`; `e` is the expression, absent for assignment operations.
    pub(crate) fn binary(&self, x: &mut Operand, e: Option<&'static Expr>, lhs: &'static Expr, rhs: &'static Expr, op: Op) {
        let mut y = Operand::default();
        self.expr(None, x, lhs);
        self.expr(None, &mut y, rhs);
        if !x.is_valid() {
            return;
        }
        if !y.is_valid() {
            x.invalidate();
            x.expr = y.expr;
            return;
        }
        if op.is_shift() {
            self.shift(x, &mut y, e, op);
            return;
        }
        self.match_types(x, &mut y);
        if !x.is_valid() {
            return;
        }
        if op.is_comparison() {
            self.comparison(x, &mut y, op, false);
            return;
        }
        if !identical(x.typ(), y.typ()) {
            if x.typ().is_valid() && y.typ().is_valid() {
                let (tx, ty) = (self.ts(x.typ()), self.ts(y.typ()));
                let what = match e {
                    Some(e) => self.es(e),
                    None => format!("{} {op}= {}", self.es(lhs), self.es(rhs)),
                };
                self.error(&*x, Code::MismatchedTypes, format!("invalid operation: {what} (mismatched types {tx} and {ty})"));
            }
            x.invalidate();
            return;
        }
        if !self.op_defined(binary_pred(op), x, op) {
            x.invalidate();
            return;
        }
        let both = x.mode == Mode::Constant && y.mode == Mode::Constant;
        if matches!(op, Op::Div | Op::Rem) {
            let mut zero = (x.mode == Mode::Constant || all_integer(x.typ())) && y.mode == Mode::Constant && constant::sign(&y.value()) == 0;
            // A complex divisor may underflow.
            if !zero && both && is_complex(x.typ()) && !y.value().is_unknown() {
                let sq = |v: Value| constant::binary_op(&v, constant::Op::Mul, &v);
                zero = constant::sign(&sq(constant::real(&y.value()))) == 0 && constant::sign(&sq(constant::imag(&y.value()))) == 0;
            }
            if zero {
                self.error(&y, Code::DivByZero, "invalid operation: division by zero");
                x.invalidate();
                return;
            }
        }
        if both {
            if x.value().is_unknown() || y.value().is_unknown() {
                x.val = Some(Value::Unknown);
                return;
            }
            let cop = if op == Op::Div && is_integer(x.typ()) { constant::Op::QuoInt } else { const_op(op) };
            x.val = Some(constant::binary_op(&x.value(), cop, &y.value()));
            x.expr = e;
            self.overflow(x, op_pos(x.expr));
            return;
        }
        x.mode = Mode::Value;
    }

    /// Converts untyped operands so that the types match, if they may match.
    pub(crate) fn match_types(&self, x: &mut Operand, y: &mut Operand) {
        fn may_convert(x: &Operand, y: &Operand) -> bool {
            let (tx, ty) = (x.typ(), y.typ());
            if is_typed(tx) && is_typed(ty) {
                return false;
            }
            if all_numeric(tx) != all_numeric(ty) {
                return false;
            }
            // An untyped operand may convert to its default type when paired with an empty interface.
            if is_non_type_param_interface(tx) || is_non_type_param_interface(ty) {
                return true;
            }
            if all_boolean(tx) != all_boolean(ty) || all_string(tx) != all_string(ty) {
                return false;
            }
            if x.is_nil() {
                return has_nil(ty);
            }
            if y.is_nil() {
                return has_nil(tx);
            }
            !is_pointer(tx) && !is_pointer(ty)
        }
        if may_convert(x, y) {
            self.convert_untyped(x, y.typ());
            if !x.is_valid() {
                return;
            }
            self.convert_untyped(y, x.typ());
            if !y.is_valid() {
                x.invalidate();
            }
        }
    }

    /// Checks `e` and records its type. `allow_generic`: the result may be an uninstantiated generic type or function.
    pub(crate) fn raw_expr(&self, target: Option<&Target>, x: &mut Operand, e: &'static Expr, hint: Option<Type>, allow_generic: bool) -> Kind {
        let kind = self.expr_internal(target, x, e, hint);
        if !allow_generic {
            self.non_generic(target, x);
        }
        self.record(x);
        kind
    }

    /// Reports an error if `x` is generic and its type arguments cannot be inferred from the target.
    pub(crate) fn non_generic(&self, target: Option<&Target>, x: &mut Operand) {
        if !x.is_valid() || x.mode == Mode::NoValue {
            return;
        }
        let what = match x.typ() {
            Type::Alias(_) | Type::Named(_) if is_generic(x.typ()) => "type",
            Type::Signature(s) if !s.type_params().is_empty() => {
                if target.is_some() {
                    self.func_inst(target, x.pos(), x, None, true);
                    return;
                }
                "function"
            }
            _ => return,
        };
        let e = x.expr.expect("internal compiler error: operand without expression");
        self.error(e, Code::WrongTypeArgCount, format!("cannot use generic {what} {} without instantiation", self.es(e)));
        x.invalidate();
        x.typ = Some(invalid());
    }

    fn expr_internal(&self, target: Option<&Target>, x: &mut Operand, e: &'static Expr, hint: Option<Type>) -> Kind {
        x.invalidate();
        x.typ = Some(invalid());
        x.val = None;
        let mut kind = Kind::Expression;
        let ok = match &e.kind {
            ExprKind::Bad => false,
            ExprKind::Ident(i) => {
                self.ident(x, e, i, false);
                true
            }
            ExprKind::Ellipsis(_) => {
                self.error(e, Code::InvalidSyntaxTree, "invalid use of ...");
                false
            }
            ExprKind::BasicLit(l) => {
                if !l.bad {
                    self.basic_lit(x, e, l);
                }
                x.is_valid()
            }
            ExprKind::FuncLit(f) => {
                self.func_lit(x, e, f);
                x.is_valid()
            }
            ExprKind::CompositeLit(l) => {
                self.composite_lit(x, e, l, hint);
                x.is_valid()
            }
            ExprKind::ParenExpr(p) => {
                // Inference does not look into parentheses.
                let kind = self.raw_expr(None, x, &p.x, None, false);
                x.expr = Some(e);
                return kind;
            }
            ExprKind::SelectorExpr(s) => {
                self.selector(x, e, s, false);
                true
            }
            ExprKind::IndexExpr(i) => {
                if self.index_expr(x, e, i) {
                    self.func_inst(target, e.pos, x, Some(e), true);
                }
                x.is_valid()
            }
            ExprKind::SliceExpr(s) => {
                self.slice_expr(x, e, s);
                x.is_valid()
            }
            ExprKind::TypeAssertExpr(a) => self.assert_expr(x, e, a),
            ExprKind::CallExpr(c) => return self.call_expr(x, e, c),
            ExprKind::StarExpr(s) => self.star_expr(x, s),
            ExprKind::UnaryExpr(u) => {
                self.unary(x, e, u);
                if x.is_valid() && u.op == Op::Recv {
                    // May stand as a statement.
                    kind = Kind::Statement;
                }
                x.is_valid()
            }
            ExprKind::BinaryExpr(b) => {
                self.binary(x, Some(e), &b.x, &b.y, b.op);
                x.is_valid()
            }
            ExprKind::KeyValueExpr(_) => {
                self.error(e, Code::InvalidSyntaxTree, "no key:value expected");
                false
            }
            ExprKind::ArrayType(_) | ExprKind::StructType(_) | ExprKind::FuncType(_) | ExprKind::InterfaceType(_) | ExprKind::MapType(_) | ExprKind::ChanType(_) => {
                x.mode = Mode::TypeExpr;
                x.typ = Some(self.typ(e));
                true
            }
        };
        x.expr = Some(e);
        if ok {
            return kind;
        }
        x.invalidate();
        // Avoids follow-up errors.
        Kind::Statement
    }

    fn assert_expr(&self, x: &mut Operand, e: &'static Expr, a: &'static TypeAssertExpr) -> bool {
        let Some(te) = &a.typ else {
            // The parser reports x.(type) outside of type switches.
            self.error(e, Code::InvalidSyntaxTree, "use of .(type) outside type switch");
            self.use1(&a.x);
            return false;
        };
        self.expr(None, x, &a.x);
        if !x.is_valid() {
            return false;
        }
        if is_type_param(x.typ()) {
            self.error(&*x, Code::InvalidAssert, format!("invalid operation: cannot use type assertion on type parameter value {}", self.os(x)));
            return false;
        }
        if !matches!(x.typ().underlying(), Type::Interface(_)) {
            self.error(&*x, Code::InvalidAssert, format!("invalid operation: {} is not an interface", self.os(x)));
            return false;
        }
        let t = self.var_type(te);
        if !t.is_valid() || !self.is_complete(t) {
            return false;
        }
        self.type_assertion(e, x, t, false);
        x.mode = Mode::CommaOk;
        x.typ = Some(t);
        true
    }

    fn star_expr(&self, x: &mut Operand, s: &'static StarExpr) -> bool {
        self.expr_or_type(x, &s.x, false);
        match x.mode {
            Mode::Invalid => false,
            Mode::TypeExpr => {
                self.valid_var_type(&s.x, x.typ());
                x.typ = Some(Type::Pointer(Pointer::new(x.typ())));
                true
            }
            _ => {
                let mut base: Option<Type> = None;
                let ok = under_is(x.typ(), |u| {
                    let Some(Type::Pointer(p)) = u else {
                        self.error(&*x, Code::InvalidIndirection, format!("invalid operation: cannot indirect {}", self.os(x)));
                        return false;
                    };
                    if base.is_some_and(|b| !identical(p.elem(), b)) {
                        self.error(&*x, Code::InvalidIndirection, format!("invalid operation: pointers of {} must have identical base types", self.os(x)));
                        return false;
                    }
                    base = Some(p.elem());
                    true
                });
                let Some(base) = base.filter(|_| ok) else { return false };
                if !self.is_complete(base) {
                    return false;
                }
                x.mode = Mode::Variable;
                x.typ = Some(base);
                true
            }
        }
    }

    /// Checks `x.(t)`, or case `e` of a type switch on `x`.
    pub(crate) fn type_assertion(&self, e: &'static Expr, x: &Operand, t: Type, type_switch: bool) {
        let mut cause = String::new();
        if is_interface(t) || missing_method(Some(self), t, x.typ(), false, &mut identical, Some(&mut cause)).is_none() {
            return;
        }
        let (es, ts) = (self.es(e), self.ts(t));
        if type_switch {
            self.error(e, Code::ImpossibleAssert, format!("impossible type switch case: {es}\n\t{} cannot have dynamic type {ts} {cause}", self.os(x)));
        } else {
            self.error(e, Code::ImpossibleAssert, format!("impossible type assertion: {es}\n\t{ts} does not implement {} {cause}", self.ts(x.typ())));
        }
    }

    /// Checks an expression with a single value.
    pub(crate) fn expr(&self, target: Option<&Target>, x: &mut Operand, e: &'static Expr) {
        self.raw_expr(target, x, e, None, false);
        self.exclude(x, EX_VALUE);
        self.single_value(x);
    }

    /// Like `expr`; the result may be generic.
    pub(crate) fn generic_expr(&self, x: &mut Operand, e: &'static Expr, hint: Option<Type>) {
        self.raw_expr(None, x, e, hint, true);
        self.exclude(x, EX_VALUE);
        self.single_value(x);
    }

    /// The values of `e`; with `allow_comma_ok` a comma-ok expression gives two (then the second result is true).
    pub(crate) fn multi_expr(&self, e: &'static Expr, allow_comma_ok: bool) -> (Vec<Operand>, bool) {
        let mut x = Operand::default();
        self.raw_expr(None, &mut x, e, None, false);
        self.exclude(&mut x, EX_VALUE);
        if let (Type::Tuple(t), true) = (x.typ(), x.is_valid()) {
            let list = t.vars.iter().enumerate().map(|(i, v)| Operand {
                mode: Mode::Value,
                expr: Some(synthetic_ident(start_pos(e), &nth(i + 1, "function result"))),
                typ: Some(v.typ()),
                val: None,
            });
            return (list.collect(), false);
        }
        if allow_comma_ok && matches!(x.mode, Mode::MapIndex | Mode::CommaOk | Mode::CommaErr) {
            let (what, t) = if x.mode == Mode::CommaErr {
                ("err value of (comma, err) expression", universe().error)
            } else {
                ("ok value of (comma, ok) expression", typ(BasicKind::UntypedBool))
            };
            let x2 = Operand { mode: Mode::Value, expr: Some(synthetic_ident(start_pos(e), what)), typ: Some(t), val: None };
            return (vec![x, x2], true);
        }
        (vec![x], false)
    }

    /// Checks an expression or type.
    pub(crate) fn expr_or_type(&self, x: &mut Operand, e: &'static Expr, allow_generic: bool) {
        self.raw_expr(None, x, e, None, allow_generic);
        self.exclude(x, EX_NOVALUE);
        self.single_value(x);
    }

    /// Reports an error if the mode of `x` is in the set.
    pub(crate) fn exclude(&self, x: &mut Operand, set: u8) {
        let (msg, code) = match x.mode {
            Mode::NoValue if set & EX_NOVALUE != 0 => (if set & EX_TYPE != 0 { "used as value" } else { "used as value or type" }, Code::TooManyValues),
            Mode::Builtin(_) if set & EX_BUILTIN != 0 => ("must be called", Code::UncalledBuiltin),
            Mode::TypeExpr if set & EX_TYPE != 0 => ("is not an expression", Code::NotAnExpr),
            _ => return,
        };
        self.error(&*x, code, format!("{} {msg}", self.os(x)));
        x.invalidate();
    }

    /// Reports an error if `x` is a tuple.
    pub(crate) fn single_value(&self, x: &mut Operand) {
        if x.mode == Mode::Value && matches!(x.typ(), Type::Tuple(_)) {
            self.error(&*x, Code::TooManyValues, format!("multiple-value {} in single-value context", self.os(x)));
            x.invalidate();
        }
    }
}
