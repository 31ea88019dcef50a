//! Range clauses.

use crate::check::Checker;
use crate::code::Code;
use crate::object::{Object, VarKind};
use crate::operand::{Mode, Operand};
use crate::predicates::*;
use crate::syn::constant;
use crate::syn::*;
use crate::types::{BasicKind, ChanDir, Type};
use crate::under::common_under;
use crate::universe::{invalid, typ, universe};
use crate::version::*;

/// Key and value type of an iteration; absent if there is no such variable.
type KeyVal = (Option<Type>, Option<Type>);

impl Checker {
    pub(crate) fn range_stmt(&self, s: &'static Stmt, r: &'static RangeStmt) {
        let key_e = r.lhs.first();
        let val_e = r.lhs.get(1);
        let extra = r.lhs.get(2);
        let mut x = Operand::default();
        self.set_call_or_recv(false);
        self.expr(None, &mut x, &r.x);
        // With at most one variable and a constant length, the expression is not evaluated: record it as a constant.
        if x.is_valid() && val_e.is_none() && !self.call_or_recv() {
            if let Type::Array(a) = array_ptr_deref(x.typ().underlying()) {
                self.record(&Operand { mode: Mode::Constant, expr: Some(r.x.unparen()), typ: Some(typ(BasicKind::Int)), val: Some(constant::make_int64(a.len())) });
            }
        }
        let (mut key, mut val) = (None, None);
        if x.is_valid() {
            match self.range_key_val(x.typ()) {
                Err(cause) => {
                    let mut msg = format!("cannot range over {}", self.os(&x));
                    if !cause.is_empty() {
                        msg.push_str(": ");
                        msg.push_str(&cause);
                    }
                    self.soft_error(&x, Code::InvalidRangeExpr, msg);
                }
                Ok((k, v)) => {
                    if let (None, Some(e)) = (k, key_e) {
                        self.soft_error(e, Code::InvalidIterVar, format!("range over {} permits no iteration variables", self.os(&x)));
                    } else if let (None, Some(e)) = (v, val_e) {
                        self.soft_error(e, Code::InvalidIterVar, format!("range over {} permits only one iteration variable", self.os(&x)));
                    } else if let Some(e) = extra {
                        self.soft_error(e, Code::InvalidIterVar, "range clause permits at most two iteration variables");
                    }
                    (key, val) = (k, v);
                }
            }
        }
        // The scope of the statement starts behind the clause.
        self.open_scope(s.id, s.pos, r.body.rbrace, "range");
        let pairs = [(key_e, key), (val_e, val)];
        let over_int = is_integer(x.typ());
        if r.def {
            let mut vars = Vec::new();
            for (e, t) in pairs {
                let Some(e) = e else { continue };
                let obj = match e.as_ident() {
                    Some(id) => {
                        let obj = Object::new_var(VarKind::Local, id.pos, Some(self.pkg), id.name, None);
                        self.record_def(id.id, Some(obj));
                        if !id.name.is_blank() {
                            vars.push(obj);
                        }
                        obj
                    }
                    None => {
                        self.error(e, Code::InvalidSyntaxTree, format!("cannot declare {}", self.es(e)));
                        Object::new_var(VarKind::Local, e.pos, Some(self.pkg), Symbol::BLANK, None)
                    }
                };
                let Some(t) = t.filter(|t| *t != invalid()) else {
                    obj.set_type(invalid());
                    self.mark_used(obj);
                    continue;
                };
                if over_int {
                    self.init_var(obj, &mut x, "range clause");
                } else {
                    // There is no better expression than the variable: errors are about it.
                    let mut y = Operand { mode: Mode::Value, expr: Some(e), typ: Some(t), val: None };
                    self.init_var(obj, &mut y, "assignment");
                }
            }
            if vars.is_empty() {
                self.error(s.pos, Code::NoNewVar, "no new variables on left side of :=");
            }
            for v in vars {
                self.declare(self.scope(), None, v, r.body.pos);
            }
        } else if key_e.is_some() {
            for (e, t) in pairs {
                let (Some(e), Some(t)) = (e, t.filter(|t| *t != invalid())) else { continue };
                if over_int {
                    self.assign_var(e, None, Some(&mut x), "range clause");
                    if x.is_valid() && !is_integer(x.typ()) {
                        self.soft_error(e, Code::InvalidRangeExpr, format!("cannot use iteration variable of type {}", self.ts(x.typ())));
                    }
                } else {
                    let mut y = Operand { mode: Mode::Value, expr: Some(e), typ: Some(t), val: None };
                    self.assign_var(e, None, Some(&mut y), "assignment");
                }
            }
        } else if over_int {
            // As `_ = x`: gives an untyped x its default type.
            self.assignment(&mut x, None, "range clause");
        }
        self.block_stmt(&r.body);
        self.close_scope();
    }

    /// Key and value type of a range over `orig`, or why that is not possible ("": nothing more to say).
    pub fn range_key_val(&self, orig: Type) -> Result<KeyVal, String> {
        let u = common_under(
            orig,
            Some(&mut |t, u| match (t, u) {
                (Some(t), Some(Type::Chan(c))) if c.dir == ChanDir::SendOnly => Some(type_error("receive from send-only channel %s", &[t])),
                _ => None,
            }),
        )
        .map_err(|e| e.format(Some(self)))?;
        let int = Some(typ(BasicKind::Int));
        match array_ptr_deref(u) {
            t @ Type::Basic(_) if is_string(t) => Ok((int, Some(universe().rune))),
            t @ Type::Basic(_) if is_integer(t) => {
                if !self.allow_version(GO1_22) {
                    return Err("requires go1.22 or later".into());
                }
                Ok((Some(orig), None))
            }
            Type::Array(a) => Ok((int, Some(a.elem()))),
            Type::Slice(s) => Ok((int, Some(s.elem()))),
            Type::Map(m) => Ok((Some(m.key()), Some(m.elem()))),
            Type::Chan(c) => Ok((Some(c.elem()), None)),
            Type::Signature(sig) => {
                if !self.allow_version(GO1_23) {
                    return Err("requires go1.23 or later".into());
                }
                let bad = |s: &str| Err(format!("func must be func(yield func(...) bool): {s}"));
                if sig.params().len() != 1 {
                    return bad("wrong argument count");
                }
                if !sig.results().is_empty() {
                    return bad("unexpected results");
                }
                let cb = match common_under(sig.params().at(0).typ(), None) {
                    Ok(Type::Signature(cb)) => cb,
                    Ok(_) => return bad("argument is not func"),
                    Err(e) => return bad(&format!("in yield type, {}", e.format(Some(self)))),
                };
                if cb.params().len() > 2 {
                    return bad("yield func has too many parameters");
                }
                let res = cb.results();
                if res.len() != 1 || !identical(res.at(0).typ(), typ(BasicKind::Bool)) {
                    if res.len() == 1 && is_boolean(res.at(0).typ()) {
                        return bad("yield func returns user-defined boolean, not bool");
                    }
                    return bad("yield func does not return bool");
                }
                if cb.variadic() {
                    return Err(format!("yield func of type {} cannot be variadic", self.ts(Type::Signature(cb))));
                }
                let p = |i: usize| cb.params().vars.get(i).map(|v| v.typ());
                Ok((p(0), p(1)))
            }
            _ => Err(String::new()),
        }
    }
}

/// The array type if `t` is a pointer to an array; else `t`.
pub(crate) fn array_ptr_deref(t: Type) -> Type {
    if let Some(p) = t.as_pointer() {
        if let u @ Type::Array(_) = p.elem().underlying() {
            return u;
        }
    }
    t
}
