//! Type inference: type arguments from function arguments, constraints and untyped constants.

use crate::check::Checker;
use crate::errors::ErrorBuilder;
use crate::format::expr_string;
use crate::lookup::has_all_methods;
use crate::object::{Obj, Object};
use crate::operand::Operand;
use crate::predicates::{default_type, is_typed, max_type};
use crate::subst::{SubstMap, subst};
use crate::syn::{FileSet, NO_POS, Pos};
use crate::termlist::Term;
use crate::typeparam::TypeParam;
use crate::types::{Tuple, Type, leak_list};
use crate::under::common_under;
use crate::unify::{Unifier, mode};
use crate::version::GO1_21;
use rustc_hash::{FxHashMap, FxHashSet};

impl Checker {
    fn subst_here(&self, pos: Pos, t: Type, smap: &SubstMap) -> Type {
        subst(Some(self), pos, t, smap, None, Some(&self.ctxt))
    }

    /// Infers the type arguments that are missing in `targs` (which may be shorter than `tparams`). `params` and `args` match in number. Failures are described
    /// in `err`, except those due to operands that are invalid already. With `reverse`, messages speak of an assigned function value.
    pub fn infer(
        &self,
        pos: Pos,
        tparams: &[&'static TypeParam],
        targs: &[Option<Type>],
        params: &'static Tuple,
        args: &[Operand],
        reverse: bool,
        err: &mut ErrorBuilder,
    ) -> Option<Vec<Type>> {
        let n = tparams.len();
        assert!(n > 0 && targs.len() <= n && params.len() == args.len(), "internal compiler error: inconsistent inference");
        if targs.len() == n {
            if let Some(v) = targs.iter().copied().collect::<Option<Vec<Type>>>() {
                return Some(v);
            }
        }
        if args.iter().any(|a| !a.is_valid()) {
            return None;
        }
        let mut targs = targs.to_vec();
        targs.resize(n, None);
        // Given type arguments are put in first: parameter passing follows assignment rules, unification does not quite.
        let mut params = params;
        if !params.is_empty() {
            if let Type::Tuple(t) = self.subst_here(NO_POS, Type::Tuple(params), &SubstMap::partial(tparams, &targs)) {
                params = t;
            }
        }
        let mut u = Unifier::new(self, tparams, &targs, self.allow_version(GO1_21));

        // 1. Function arguments.
        let mut untyped = Vec::new();
        for (i, arg) in args.iter().enumerate() {
            let par = params.at(i).typ();
            if is_parameterized(tparams, par) || is_parameterized(tparams, arg.typ()) {
                if is_typed(arg.typ()) {
                    if !u.unify(par, arg.typ(), mode::ASSIGN) {
                        self.infer_mismatch(&u, tparams, par, arg, reverse, err);
                        return None;
                    }
                } else if matches!(par, Type::TypeParam(_)) && !arg.is_nil() {
                    // Default types are basic: they match nothing but a type parameter itself.
                    untyped.push(i);
                }
            }
        }

        // 2. Constraints, as long as there is progress.
        loop {
            let before = u.unknowns();
            for &tpar in tparams {
                let tx = u.at(tpar);
                if let Some((core, single)) = core_term(tpar) {
                    let core_typ = core.typ.unwrap_or_else(crate::universe::invalid);
                    match tx {
                        Some(tx) => {
                            if !u.unify(tx, core_typ, 0) {
                                err.add(pos, format!("{} (type {}) does not satisfy {}", tpar.obj.name(), self.type_str(tx), self.type_str(tpar.bound())));
                                return None;
                            }
                        }
                        None if single && !core.tilde => u.set(tpar, core_typ),
                        None => {}
                    }
                }
                // A known type must have the constraint's methods; unifying their signatures may tell more.
                if let Some(tx) = tx.filter(|t| !is_parameterized(tparams, *t)) {
                    let mut cause = String::new();
                    let constraint = Type::Interface(tpar.iface());
                    if !has_all_methods(Some(self), tx, constraint, true, &mut |x, y| u.unify(x, y, mode::EXACT), Some(&mut cause)) {
                        err.add(pos, format!("{} (type {}) does not satisfy {} {cause}", tpar.obj.name(), self.type_str(tx), self.type_str(tpar.bound())));
                        return None;
                    }
                }
            }
            if u.unknowns() == before {
                break;
            }
        }

        // 3. Untyped constants: the default type of the largest one.
        let mut max_untyped: Vec<(&'static TypeParam, Type)> = Vec::new();
        for i in untyped {
            let Type::TypeParam(tpar) = params.at(i).typ() else { continue };
            if u.at(tpar).is_some() {
                continue;
            }
            let t = args[i].typ();
            match max_untyped.iter_mut().find(|m| std::ptr::eq(m.0, tpar)) {
                None => max_untyped.push((tpar, t)),
                Some(m) => match max_type(m.1, t) {
                    Some(max) => m.1 = max,
                    None => {
                        err.add(&args[i], format!("mismatched types {} and {} (cannot infer {})", self.type_str(m.1), self.type_str(t), tpar.obj.name()));
                        return None;
                    }
                },
            }
        }
        for (tpar, t) in max_untyped {
            u.set(tpar, default_type(t));
        }

        // Inferred types may mention other type parameters: substitute until nothing changes. Cycles would never end.
        let mut inferred = u.inferred(tparams);
        kill_cycles(tparams, &mut inferred);
        let mut dirty: Vec<usize> = (0..n).filter(|i| inferred[*i].is_some() && targs[*i].is_none()).collect();
        while !dirty.is_empty() {
            let smap = SubstMap::partial(tparams, &inferred);
            dirty.retain(|&i| {
                let Some(t0) = inferred[i] else { return false };
                let mut t1 = self.subst_here(NO_POS, t0, &smap);
                if t1 == t0 {
                    return false;
                }
                // A generic function that no longer mentions its parameters is not generic any more.
                if let Type::Signature(s) = t1 {
                    if !s.type_params().is_empty() && !is_parameterized(tparams, t1) {
                        let c = s.copy();
                        c.tparams.set(&[]);
                        t1 = Type::Signature(c);
                    }
                }
                inferred[i] = Some(t1);
                true
            });
        }
        for (i, t) in inferred.iter().enumerate() {
            if t.is_none_or(|t| is_parameterized(tparams, t)) {
                let o = tparams[i].obj;
                err.add(pos, format!("cannot infer {} (declared at {})", o.name(), FileSet::global().position_string(o.pos)));
                return None;
            }
        }
        inferred.into_iter().collect()
    }

    fn infer_mismatch(&self, u: &Unifier<'_>, tparams: &[&'static TypeParam], tpar: Type, arg: &Operand, reverse: bool, err: &mut ErrorBuilder) {
        let (targ, expr) = (self.type_str(arg.typ()), arg.expr.map_or_else(String::new, expr_string));
        let targs = u.inferred(tparams);
        if targs.iter().all(|t| t.is_none()) {
            err.add(arg, format!("type {targ} of {expr} does not match {} (cannot infer {})", self.type_str(tpar), type_params_string(tparams)));
            return;
        }
        let inferred = self.subst_here(arg.pos(), tpar, &SubstMap::partial(tparams, &targs));
        let ts = self.type_str(tpar);
        let msg = if inferred == tpar {
            format!("type {targ} of {expr} does not match {ts}")
        } else if reverse {
            format!("inferred type {} for {ts} does not match type {targ} of {expr}", self.type_str(inferred))
        } else {
            format!("type {targ} of {expr} does not match inferred type {} for {ts}", self.type_str(inferred))
        };
        err.add(arg, msg);
    }

    /// Fresh type parameters for `tparams`, and `t` expressed in them. Needed because the parameters to be inferred may also occur in the arguments
    /// (of a recursive call).
    pub fn rename_tparams(&self, pos: Pos, tparams: &[&'static TypeParam], t: Type) -> (&'static [&'static TypeParam], Type) {
        if tparams.is_empty() {
            return (&[], t);
        }
        let fresh: Vec<&'static TypeParam> = tparams
            .iter()
            .map(|p| {
                let f = TypeParam::new(Object::new_type_name(p.obj.pos, p.obj.pkg(), p.obj.name, None), None, 0);
                f.set_index(p.index());
                f
            })
            .collect();
        let map = SubstMap::rename(tparams, &fresh);
        for (f, p) in fresh.iter().zip(tparams) {
            f.set_bound(self.subst_here(pos, p.bound(), &map));
        }
        let t = self.subst_here(pos, t, &map);
        (leak_list(fresh), t)
    }

    /// Does `t` mention any of the type parameters?
    pub fn is_parameterized(&self, tparams: &[&'static TypeParam], t: Type) -> bool {
        is_parameterized(tparams, t)
    }

    /// `t` with type arguments for type parameters.
    pub fn subst_tuple(&self, pos: Pos, t: &'static Tuple, tparams: &[&'static TypeParam], targs: &[Type]) -> Type {
        self.subst_here(pos, Type::Tuple(t), &SubstMap::new(tparams, targs))
    }
}

/// `P`, `P and Q`, `P, Q, and R`
pub fn type_params_string(list: &[&'static TypeParam]) -> String {
    let names: Vec<&str> = list.iter().map(|p| p.obj.name()).collect();
    match &names[..] {
        [] => String::new(),
        [a] => a.to_string(),
        [a, b] => format!("{a} and {b}"),
        [rest @ .., last] => format!("{}, and {last}", rest.join(", ")),
    }
}

/// Does `t` mention any of the type parameters? Declarations of a generic function's own parameters do not count.
pub fn is_parameterized(tparams: &[&'static TypeParam], t: Type) -> bool {
    Walker { tparams, seen: FxHashMap::default() }.walk(t)
}

struct Walker<'a> {
    tparams: &'a [&'static TypeParam],
    seen: FxHashMap<Type, bool>,
}

impl Walker<'_> {
    fn walk(&mut self, t: Type) -> bool {
        match t {
            Type::Basic(_) => return false,
            Type::TypeParam(p) => return self.tparams.iter().any(|q| std::ptr::eq(*q, p)),
            _ => {}
        }
        if let Some(r) = self.seen.get(&t) {
            return *r;
        }
        self.seen.insert(t, false);
        let r = match t {
            Type::Alias(a) => self.walk(a.unalias()),
            Type::Array(a) => self.walk(a.elem()),
            Type::Slice(s) => self.walk(s.elem()),
            Type::Struct(s) => self.vars(s.fields()),
            Type::Pointer(p) => self.walk(p.elem()),
            Type::Tuple(t) => self.vars(&t.vars),
            Type::Signature(s) => self.vars(&s.params().vars) || self.vars(&s.results().vars),
            Type::Interface(i) => {
                let ts = i.type_set();
                ts.methods.iter().any(|m| self.walk(m.typ())) || ts.is(|t| t.is_some_and(|t| t.typ.is_some_and(|t| self.walk(t))))
            }
            Type::Map(m) => self.walk(m.key()) || self.walk(m.elem()),
            Type::Chan(c) => self.walk(c.elem()),
            Type::Named(n) => n.type_args().iter().any(|t| self.walk(*t)),
            Type::Union(u) => u.terms.iter().any(|t| self.walk(t.typ)),
            Type::Basic(_) | Type::TypeParam(_) => false,
        };
        self.seen.insert(t, r);
        r
    }
    fn vars(&mut self, l: &[Obj]) -> bool {
        l.iter().any(|v| self.walk(v.typ()))
    }
}

/// The single specific type of the constraint and true; or its core type (with a tilde if any term has one) and false.
fn core_term(p: &'static TypeParam) -> Option<(Term, bool)> {
    let mut n = 0;
    let mut single = None;
    let mut tilde = false;
    p.is(|t| {
        let Some(t) = t else { return false };
        n += 1;
        single = Some(t);
        tilde |= t.tilde;
        true
    });
    if n == 1 {
        return single.map(|t| (t, true));
    }
    common_under(Type::TypeParam(p), None).ok().map(|t| (Term::new(tilde, t), false))
}

/// Removes inferred types that lead back to their type parameter.
fn kill_cycles(tparams: &[&'static TypeParam], inferred: &mut [Option<Type>]) {
    let mut f = CycleFinder { tparams, inferred, seen: FxHashSet::default() };
    for p in tparams {
        f.typ(Type::TypeParam(p));
    }
}

struct CycleFinder<'a> {
    tparams: &'a [&'static TypeParam],
    inferred: &'a mut [Option<Type>],
    seen: FxHashSet<Type>,
}

impl CycleFinder<'_> {
    fn index(&self, p: &'static TypeParam) -> Option<usize> {
        self.tparams.iter().position(|q| std::ptr::eq(*q, p))
    }
    fn typ(&mut self, t: Type) {
        let t = t.unalias();
        if !self.seen.insert(t) {
            if let Type::TypeParam(p) = t {
                if let Some(i) = self.index(p) {
                    self.inferred[i] = None;
                }
            }
            return;
        }
        match t {
            Type::Array(a) => self.typ(a.elem()),
            Type::Slice(s) => self.typ(s.elem()),
            Type::Struct(s) => self.vars(s.fields()),
            Type::Pointer(p) => self.typ(p.elem()),
            Type::Signature(s) => {
                self.vars(&s.params().vars);
                self.vars(&s.results().vars);
            }
            Type::Union(u) => u.terms.iter().for_each(|t| self.typ(t.typ)),
            Type::Interface(i) => {
                self.vars(i.explicit_methods());
                i.embeddeds().iter().for_each(|t| self.typ(*t));
            }
            Type::Map(m) => {
                self.typ(m.key());
                self.typ(m.elem());
            }
            Type::Chan(c) => self.typ(c.elem()),
            Type::Named(n) => n.type_args().iter().for_each(|t| self.typ(*t)),
            Type::TypeParam(p) => {
                if let Some(t) = self.index(p).and_then(|i| self.inferred[i]) {
                    self.typ(t);
                }
            }
            _ => {}
        }
        self.seen.remove(&t);
    }
    fn vars(&mut self, l: &[Obj]) {
        for v in l {
            self.typ(v.typ());
        }
    }
}
