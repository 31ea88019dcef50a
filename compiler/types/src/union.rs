//! Union type expressions.

use crate::check::Checker;
use crate::code::Code;
use crate::operand::Mode;
use crate::predicates::{identical, is_interface, is_type_param};
use crate::syn::{Expr, ExprKind, Op};
use crate::termlist::disjoint;
use crate::types::{Type, UnionTerm};
use crate::universe::{invalid, universe};

/// The operands of `A | B | ...` and its binary expressions, from left to right.
fn flatten<'a>(x: &'a Expr, blist: &mut Vec<&'a Expr>, tlist: &mut Vec<&'a Expr>) {
    if let ExprKind::BinaryExpr(b) = &x.kind {
        if b.op == Op::Or {
            flatten(&b.x, blist, tlist);
            blist.push(x);
            tlist.push(&b.y);
            return;
        }
    }
    tlist.push(x);
}

impl Checker {
    /// The type of an embedded element `~A | B`. A single non-tilde type is itself.
    pub fn parse_union(&self, uexpr: &'static Expr) -> Type {
        let (mut blist, mut tlist) = (Vec::new(), Vec::new());
        flatten(uexpr, &mut blist, &mut tlist);
        let mut terms: Vec<UnionTerm> = Vec::new();
        let mut u = invalid();
        for (i, &x) in tlist.iter().enumerate() {
            let term = self.parse_tilde(x);
            if tlist.len() == 1 && !term.tilde {
                // A single type: embedded, no union. (Its value was recorded by typ.)
                return term.typ;
            }
            if terms.len() >= 100 {
                if u.is_valid() {
                    self.error(x, Code::InvalidUnion, "cannot handle more than 100 union terms (implementation limitation)");
                    u = invalid();
                }
            } else {
                terms.push(term);
                u = Type::Union(self.new_union(terms.clone()));
            }
            if i > 0 {
                self.record_type_and_value(blist[i - 1], Mode::TypeExpr, u, None);
            }
        }
        if !u.is_valid() {
            return u;
        }
        // The terms' types are set up only later.
        self.later(move |c| c.check_terms(&terms, &tlist));
        u
    }

    fn check_terms(&self, terms: &[UnionTerm], tlist: &[&'static Expr]) {
        let tstr = |t: &UnionTerm| format!("{}{}", if t.tilde { "~" } else { "" }, crate::typestring::type_string(t.typ, None));
        for (i, t) in terms.iter().enumerate() {
            if !t.typ.is_valid() {
                continue;
            }
            let u = t.typ.underlying();
            let ts = || self.type_str(t.typ);
            if t.tilde {
                if matches!(u, Type::Interface(_)) {
                    self.error(tlist[i], Code::InvalidUnion, format!("invalid use of ~ ({} is an interface)", ts()));
                    continue;
                }
                if !identical(u, t.typ) {
                    self.error(tlist[i], Code::InvalidUnion, format!("invalid use of ~ (underlying type of {} is {})", ts(), self.type_str(u)));
                    continue;
                }
            }
            if let Type::Interface(f) = u {
                let tset = f.type_set();
                let s = tstr(t);
                if !tset.methods.is_empty() {
                    self.error(tlist[i], Code::InvalidUnion, format!("cannot use {s} in union ({s} contains methods)"));
                } else if t.typ == universe().comparable.typ() {
                    self.error(tlist[i], Code::InvalidUnion, "cannot use comparable in union");
                } else if tset.comparable {
                    self.error(tlist[i], Code::InvalidUnion, format!("cannot use {s} in union ({s} embeds comparable)"));
                }
                continue;
            }
            let other = terms[..i].iter().find(|x| !is_interface(x.typ) && !disjoint(x.tilde, x.typ, t.tilde, t.typ));
            if let Some(o) = other {
                self.soft_error(tlist[i], Code::InvalidUnion, format!("overlapping terms {} and {}", tstr(t), tstr(o)));
            }
        }
    }

    fn parse_tilde(&self, tx: &'static Expr) -> UnionTerm {
        let (x, tilde) = match &tx.kind {
            ExprKind::UnaryExpr(u) if u.op == Op::Tilde => (&u.x, true),
            _ => (tx, false),
        };
        let mut typ = self.typ(x);
        if is_type_param(typ) {
            if tilde {
                self.error(x, Code::MisplacedTypeParam, format!("type in term {} cannot be a type parameter", crate::format::expr_string(tx)));
            } else {
                self.error(x, Code::MisplacedTypeParam, "term cannot be a type parameter");
            }
            typ = invalid();
        }
        let term = UnionTerm { tilde, typ };
        if tilde {
            self.record_type_and_value(tx, Mode::TypeExpr, Type::Union(self.new_union(vec![term])), None);
        }
        term
    }
}
