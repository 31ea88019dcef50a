//! Type sets of interfaces and unions.

use crate::check::Checker;
use crate::code::Code;
use crate::errors::ErrorBuilder;
use crate::object::{Obj, ObjSet, sort_methods};
use crate::package::Package;
use crate::predicates::{comparable_type, identical, is_type_param};
use crate::syn::{NO_POS, Pos, Symbol};
use crate::termlist::{self, ALL, Term};
use crate::types::{Interface, Type, Union, leak};
use crate::version::{GO1_14, GO1_18};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

pub use crate::termlist::equal as terms_equal;

/// More union terms than this are not supported (an implementation restriction of Go's).
const MAX_TERM_COUNT: usize = 100;

/// The type set of an interface: methods, and a union of terms (or all types).
pub struct TypeSet {
    /// All methods, sorted by Id.
    pub methods: Vec<Obj>,
    /// In normal form; a single term without a type means all types, no term none.
    pub terms: Vec<Term>,
    /// Only comparable types; implies that `terms` is all types.
    pub comparable: bool,
}

pub(crate) type UnionSets = RefCell<FxHashMap<Type, &'static TypeSet>>;

impl TypeSet {
    /// All types.
    pub fn top() -> &'static TypeSet {
        static T: OnceLock<TypeSet> = OnceLock::new();
        T.get_or_init(|| TypeSet::of_methods(Vec::new()))
    }
    /// The empty set that marks an invalid union.
    pub fn invalid() -> &'static TypeSet {
        static T: OnceLock<TypeSet> = OnceLock::new();
        T.get_or_init(|| TypeSet { methods: Vec::new(), terms: Vec::new(), comparable: false })
    }
    pub fn of_methods(methods: Vec<Obj>) -> TypeSet {
        TypeSet { methods, terms: vec![ALL], comparable: false }
    }
    pub fn comparable_all() -> TypeSet {
        TypeSet { methods: Vec::new(), terms: vec![ALL], comparable: true }
    }
    /// Is it the empty set?
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
    /// Is it the set of all types?
    pub fn is_all(&self) -> bool {
        self.is_method_set() && self.methods.is_empty()
    }
    /// Is it described by its methods alone?
    pub fn is_method_set(&self) -> bool {
        !self.comparable && termlist::is_all(&self.terms)
    }
    /// Are all types in it (strictly) comparable?
    pub fn is_comparable(&self, seen: &mut Vec<Type>) -> bool {
        if termlist::is_all(&self.terms) {
            return self.comparable;
        }
        self.is(|t| t.is_some_and(|t| t.typ.is_some_and(|t| comparable_type(t, false, seen).is_none())))
    }
    pub fn lookup_method(&self, pkg: Option<&'static Package>, name: Symbol, fold_case: bool) -> Option<(usize, Obj)> {
        if name.is_blank() {
            return None;
        }
        self.methods.iter().position(|m| m.same_id(pkg, name, fold_case)).map(|i| (i, self.methods[i]))
    }
    /// Has it specific types?
    pub fn has_terms(&self) -> bool {
        !self.terms.is_empty() && !termlist::is_all(&self.terms)
    }
    /// Is `f` true for all specific terms? Called once with `None` if there are none.
    pub fn is(&self, mut f: impl FnMut(Option<Term>) -> bool) -> bool {
        if !self.has_terms() {
            return f(None);
        }
        self.terms.iter().all(|t| f(Some(*t)))
    }
    /// Is `f(type, underlying type)` true for all specific terms? Called once with `None` if there are none.
    pub fn all(&self, mut f: impl FnMut(Option<Type>, Option<Type>) -> bool) -> bool {
        if !self.has_terms() {
            return f(None, None);
        }
        self.terms.iter().all(|t| {
            let typ = t.typ.unwrap_or_else(crate::universe::invalid);
            f(Some(typ), Some(typ.underlying()))
        })
    }
    pub fn subset_of(&self, o: &TypeSet) -> bool {
        termlist::subset_of(&self.terms, &o.terms)
    }
}

impl Interface {
    /// The type set, computed on first use.
    pub fn type_set(&'static self) -> &'static TypeSet {
        if let Some(s) = self.tset.get() {
            return s;
        }
        Checker::with_id(self.check.load(Ordering::Acquire), |c| compute_interface_type_set(c, NO_POS, self))
    }
    /// All methods including embedded ones, sorted by Id.
    pub fn all_methods(&'static self) -> &'static [Obj] {
        &self.type_set().methods
    }
    /// Is it `interface{}` (in effect)?
    pub fn is_empty_interface(&'static self) -> bool {
        self.type_set().is_all()
    }
    /// Are all types in the type set comparable?
    pub fn is_comparable(&'static self) -> bool {
        self.type_set().is_comparable(&mut Vec::new())
    }
    /// Is it usable as an ordinary (non-constraint) interface?
    pub fn is_method_set(&'static self) -> bool {
        self.type_set().is_method_set()
    }
}

/// The type set of an interface; errors are reported if there is a checker.
pub fn compute_interface_type_set(check: Option<&Checker>, _pos: Pos, ityp: &'static Interface) -> &'static TypeSet {
    if let Some(s) = ityp.tset.get() {
        return s;
    }
    // An interface that is not fully set up has no type set yet, and nothing must be memoised. One whose computation is under way
    // (a cycle, reported elsewhere) counts as unrestricted.
    if !ityp.is_complete() || ityp.computing.swap(true, Ordering::AcqRel) {
        return TypeSet::top();
    }
    let local = UnionSets::default();
    let sets = check.map_or(&local, |c| &c.union_type_sets);

    let mut seen = ObjSet::default();
    let mut methods: Vec<Obj> = Vec::new();
    // Positions of method specifications or embeddings, for messages.
    let mpos: Rc<RefCell<FxHashMap<Obj, Pos>>> = Rc::default();
    let mut add = |pos: Pos, m: Obj, explicit: bool| {
        let Some(other) = seen.insert(m) else {
            methods.push(m);
            mpos.borrow_mut().insert(m, pos);
            return;
        };
        let Some(c) = check else { return };
        let mpos = mpos.clone();
        let report = move |c: &Checker| {
            let mut e = ErrorBuilder::new(Code::DuplicateDecl);
            e.add(pos, format!("duplicate method {}", m.name()));
            e.add(mpos.borrow().get(&other).copied().unwrap_or(NO_POS), format!("other declaration of method {}", m.name()));
            e.report(c);
        };
        if explicit {
            report(c);
        } else {
            // Embedded duplicates are fine if the signatures agree, which is known only when all types are set up.
            c.later(move |c| {
                if pos.is_valid() && !c.allow_version(GO1_14) || !identical(m.typ(), other.typ()) {
                    report(c);
                }
            });
        }
    };
    for m in ityp.explicit_methods() {
        add(m.pos, m, true);
    }

    let mut all_terms = vec![ALL];
    let mut all_comparable = false;
    for (i, &typ) in ityp.embeddeds().iter().enumerate() {
        let pos = ityp.embed_pos().get(i).copied().unwrap_or(NO_POS);
        let gate = check.filter(|_| pos.is_valid());
        let mut comparable = false;
        let terms = match typ.underlying() {
            Type::Interface(u) if !is_type_param(typ) => {
                let tset = compute_interface_type_set(check, pos, u);
                if let Some(c) = gate {
                    if c.is_imported_constraint(typ) && !c.verify_version(pos, GO1_18, &format!("embedding constraint interface {}", c.type_str(typ))) {
                        continue;
                    }
                }
                comparable = tset.comparable;
                for m in &tset.methods {
                    add(pos, m, false);
                }
                tset.terms.clone()
            }
            Type::Union(u) => {
                if let Some(c) = gate {
                    if !c.verify_version(pos, GO1_18, &format!("embedding interface element {}", c.type_str(Type::Union(u)))) {
                        continue;
                    }
                }
                let tset = compute_union_type_set(check, sets, pos, u);
                if std::ptr::eq(tset, TypeSet::invalid()) {
                    continue;
                }
                tset.terms.clone()
            }
            u => {
                if !u.is_valid() {
                    continue;
                }
                if let Some(c) = gate {
                    if !c.verify_version(pos, GO1_18, &format!("embedding non-interface type {}", c.type_str(typ))) {
                        continue;
                    }
                }
                vec![Term::new(false, typ)]
            }
        };
        (all_terms, all_comparable) = intersect(&all_terms, all_comparable, &terms, comparable);
    }
    sort_methods(&mut methods);
    let s = leak(TypeSet { methods, terms: all_terms, comparable: all_comparable });
    ityp.tset.get_or_set(s)
}

/// Intersection of term lists with their comparable bits.
fn intersect(x: &[Term], xcomp: bool, y: &[Term], ycomp: bool) -> (Vec<Term>, bool) {
    let mut terms = termlist::intersect(x, y);
    let mut comp = xcomp || ycomp;
    if comp && !termlist::is_all(&terms) {
        terms.retain(|t| t.typ.is_some_and(|t| comparable_type(t, false, &mut Vec::new()).is_none()));
        comp = false;
    }
    (terms, comp)
}

/// The type set of a union; [`TypeSet::invalid`] if it has too many terms.
pub(crate) fn compute_union_type_set(check: Option<&Checker>, sets: &UnionSets, pos: Pos, u: &'static Union) -> &'static TypeSet {
    let key = Type::Union(u);
    if let Some(s) = sets.borrow().get(&key) {
        return s;
    }
    // Stops infinite recursion.
    sets.borrow_mut().insert(key, leak(TypeSet { methods: Vec::new(), terms: Vec::new(), comparable: false }));
    let mut all: Vec<Term> = Vec::new();
    for t in &u.terms {
        let under = t.typ.underlying();
        let terms = match under {
            Type::Interface(i) => compute_interface_type_set(check, pos, i).terms.clone(),
            _ if !under.is_valid() => continue,
            // ~T for a T that is not its own underlying type is empty.
            _ if t.tilde && !identical(t.typ, under) => Vec::new(),
            _ => vec![Term::new(t.tilde, t.typ)],
        };
        all = termlist::union(&all, &terms);
        if all.len() > MAX_TERM_COUNT {
            if let Some(c) = check {
                c.error(pos, Code::InvalidUnion, format!("cannot handle more than {MAX_TERM_COUNT} union terms (implementation limitation)"));
            }
            sets.borrow_mut().insert(key, TypeSet::invalid());
            return TypeSet::invalid();
        }
    }
    let s = leak(TypeSet { methods: Vec::new(), terms: all, comparable: false });
    sets.borrow_mut().insert(key, s);
    s
}

impl Checker {
    /// Is `t` an imported named interface that is only usable as a constraint?
    pub fn is_imported_constraint(&self, t: Type) -> bool {
        let Some(n) = t.as_named() else { return false };
        match n.obj().pkg() {
            None => false,
            Some(p) if std::ptr::eq(p, self.pkg) => false,
            Some(_) => matches!(n.underlying(), Type::Interface(i) if !i.is_method_set()),
        }
    }
}
