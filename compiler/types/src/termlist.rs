//! Terms and term lists: the non-method part of type sets.
//!
//! A term is `T`, `~T` or (without a type) the set of all types. The empty set is the empty list. A list is in normal form if its terms are disjoint.

use crate::predicates::identical;
use crate::types::Type;

/// A term of a type set: `T` or `~T`; with `typ == None` the set of all types.
#[derive(Clone, Copy, PartialEq)]
pub struct Term {
    pub tilde: bool,
    pub typ: Option<Type>,
}

pub const ALL: Term = Term { tilde: false, typ: None };

pub fn is_all(l: &[Term]) -> bool {
    l.iter().any(|t| t.typ.is_none())
}

impl Term {
    pub fn new(tilde: bool, t: Type) -> Term {
        Term { tilde, typ: Some(t) }
    }

    /// The union as one or two terms.
    fn union(self, y: Term) -> (Term, Option<Term>) {
        let (Some(tx), Some(ty)) = (self.typ, y.typ) else { return (ALL, None) };
        if disjoint(self.tilde, tx, y.tilde, ty) {
            return (self, Some(y));
        }
        if self.tilde || !y.tilde { (self, None) } else { (y, None) }
    }

    fn intersect(self, y: Term) -> Option<Term> {
        match (self.typ, y.typ) {
            (None, _) => Some(y),
            (_, None) => Some(self),
            (Some(tx), Some(ty)) => {
                if disjoint(self.tilde, tx, y.tilde, ty) {
                    return None;
                }
                Some(if !self.tilde || y.tilde { self } else { y })
            }
        }
    }

    /// Is `t` in the set?
    pub fn includes(self, t: Type) -> bool {
        match self.typ {
            None => true,
            Some(x) => identical(x, if self.tilde { t.underlying() } else { t }),
        }
    }

    fn subset_of(self, y: Term) -> bool {
        match (self.typ, y.typ) {
            (_, None) => true,
            (None, _) => false,
            (Some(tx), Some(ty)) => !disjoint(self.tilde, tx, y.tilde, ty) && (!self.tilde || y.tilde),
        }
    }
}

/// Have two terms no type in common?
pub fn disjoint(xtilde: bool, x: Type, ytilde: bool, y: Type) -> bool {
    let ux = if ytilde { x.underlying() } else { x };
    let uy = if xtilde { y.underlying() } else { y };
    !identical(ux, uy)
}

/// The normal form.
fn norm(l: Vec<Term>) -> Vec<Term> {
    let mut used = vec![false; l.len()];
    let mut out = Vec::new();
    for i in 0..l.len() {
        if used[i] {
            continue;
        }
        let mut x = l[i];
        for j in i + 1..l.len() {
            if used[j] {
                continue;
            }
            if let (u, None) = x.union(l[j]) {
                if u.typ.is_none() {
                    return vec![ALL];
                }
                x = u;
                used[j] = true;
            }
        }
        out.push(x);
    }
    out
}

pub fn union(x: &[Term], y: &[Term]) -> Vec<Term> {
    norm(x.iter().chain(y).copied().collect())
}

pub fn intersect(x: &[Term], y: &[Term]) -> Vec<Term> {
    let mut out = Vec::new();
    for a in x {
        for b in y {
            out.extend(a.intersect(*b));
        }
    }
    norm(out)
}

pub fn subset_of(x: &[Term], y: &[Term]) -> bool {
    if y.is_empty() {
        return x.is_empty();
    }
    x.iter().all(|a| y.iter().any(|b| a.subset_of(*b)))
}

/// Do both lists describe the same set?
pub fn equal(x: &[Term], y: &[Term]) -> bool {
    subset_of(x, y) && subset_of(y, x)
}

/// `~int | string`, with types as `ts` prints them.
pub fn terms_string(l: &[Term], ts: &dyn Fn(Type) -> String) -> String {
    if l.is_empty() {
        return "∅".to_string();
    }
    let v: Vec<String> = l
        .iter()
        .map(|t| match t.typ {
            None => "𝓤".to_string(),
            Some(x) => format!("{}{}", if t.tilde { "~" } else { "" }, ts(x)),
        })
        .collect();
    v.join(" | ")
}
