//! Calls and function instantiation.

use crate::check::Checker;
use crate::code::Code;
use crate::errors::{At, ErrorBuilder};
use crate::expr::{EX_VALUE, Target, new_target};
use crate::object::{Obj, Object, VarKind};
use crate::instantiate::{instance, verify};
use crate::operand::{Mode, Operand};
use crate::predicates::*;
use crate::stmt::synthetic_ident;
use crate::syn::*;
use crate::typeparam::TypeParam;
use crate::types::{Signature, Tuple, Type, leak_list};
use crate::under::common_under;
use crate::universe::ExprKind as Kind;
use crate::version::*;

impl Checker {
    /// Instantiates the generic function `x`, with the type arguments of `inst` (an index expression) if given. With `infer`, missing ones are inferred from
    /// the target; else the result is the list of those given if it is not complete.
    pub(crate) fn func_inst(&self, target: Option<&Target>, pos: Pos, x: &mut Operand, inst: Option<&'static Expr>, infer: bool) -> Option<Vec<Type>> {
        let err_pos = inst.map_or(pos, |i| i.pos);
        if let Some(i) = inst {
            x.expr = Some(i);
        }
        let version_ok = self.verify_version(err_pos, GO1_18, "function instantiation");
        let xlist: &'static [Expr] = index_list(inst);
        let Some(mut targs) = self.type_list(xlist) else {
            x.invalidate();
            return None;
        };
        let Type::Signature(sig) = x.typ() else { panic!("internal compiler error: instantiation of something that is no function") };
        let want = sig.type_params().len();
        if targs.len() > want {
            self.error(&xlist[targs.len() - 1], Code::WrongTypeArgCount, format!("got {} type arguments but want {want}", targs.len()));
            x.invalidate();
            return None;
        }
        if targs.len() < want {
            if !infer {
                return Some(targs);
            }
            // `var v T = f` is treated like the call g(v) of a function `func g[type parameters of f](p typeof(f))`.
            let mut args = Vec::new();
            let mut params = Vec::new();
            let mut reverse = false;
            if let Some(t) = target {
                if version_ok && !self.allow_version(GO1_21) {
                    let what = if inst.is_some() { "partially instantiated function in assignment" } else { "implicitly instantiated function in assignment" };
                    self.version_error(err_pos, GO1_21, what);
                }
                let gsig = Signature::new(None, sig.params(), sig.results(), sig.variadic());
                params.push(Object::new_var(VarKind::Param, x.pos(), Some(self.pkg), Symbol::EMPTY, Some(Type::Signature(gsig))));
                args.push(Operand { mode: Mode::Value, expr: Some(synthetic_ident(x.pos(), &t.desc)), typ: Some(Type::Signature(t.sig)), val: None });
                reverse = true;
            }
            let (tparams, params2) = self.rename_tparams(pos, sig.type_params(), Type::Tuple(Tuple::new(params)));
            let Type::Tuple(params2) = params2 else { panic!("internal compiler error: renamed tuple is none") };
            let mut list: Vec<Option<Type>> = targs.iter().copied().map(Some).collect();
            list.resize(tparams.len(), None);
            let mut err = ErrorBuilder::new(Code::CannotInferTypeArgs);
            match self.infer(pos, tparams, &list, params2, &args, reverse, &mut err) {
                Some(t) => targs = t,
                None => {
                    if !err.is_empty() {
                        err.report(self);
                    }
                    x.invalidate();
                    return None;
                }
            }
        }
        let e = x.expr.expect("internal compiler error: operand without expression");
        let sig = self.instantiate_signature(x.pos(), e, sig, &targs, xlist);
        x.typ = Some(Type::Signature(sig));
        x.mode = Mode::Value;
        None
    }

    /// The instance of a generic signature; records it for `expr` and verifies the type arguments later.
    fn instantiate_signature(&self, pos: Pos, expr: &'static Expr, sig: &'static Signature, targs: &[Type], xlist: &'static [Expr]) -> &'static Signature {
        let targs = leak_list(targs.to_vec());
        let Type::Signature(inst) = instance(Some(self), pos, Type::Signature(sig), targs.to_vec(), None, Some(&self.ctxt)) else {
            panic!("internal compiler error: instance of a signature is none")
        };
        self.record_instance(expr, targs, Type::Signature(inst));
        let tparams = sig.type_params();
        self.later(move |c| match verify(Some(c), pos, tparams, targs, &c.ctxt) {
            Err((i, msg)) => {
                let pos = xlist.get(i).map_or(pos, start_pos);
                c.soft_error(pos, Code::InvalidTypeArg, msg);
            }
            Ok(()) => c.mono_record_instance(pos, tparams, targs, xlist),
        });
        inst
    }

    pub(crate) fn call_expr(&self, x: &mut Operand, e: &'static Expr, call: &'static CallExpr) -> Kind {
        let mut inst = None;
        if let ExprKind::IndexExpr(ie) = &call.fun.kind {
            if self.index_expr(x, &call.fun, ie) {
                // Instantiated below, together with the arguments.
                inst = Some(&call.fun);
            }
            x.expr = Some(&call.fun);
            self.record(x);
        } else {
            self.expr_or_type(x, &call.fun, true);
        }
        match x.mode {
            Mode::Invalid => {
                self.use_exprs(&call.args);
                x.expr = Some(e);
                return Kind::Statement;
            }
            Mode::TypeExpr => {
                self.conversion_call(x, e, call);
                return Kind::Conversion;
            }
            Mode::Builtin(id) => {
                if !self.builtin(x, e, call, id) {
                    x.invalidate();
                }
                x.expr = Some(e);
                if x.is_valid() && x.mode != Mode::Constant {
                    self.set_call_or_recv(true);
                }
                return id.kind();
            }
            _ => {}
        }
        let cgo_call = x.mode == Mode::CgoFunc;
        let u = common_under(
            x.typ(),
            Some(&mut |t, u| match (t, u) {
                (Some(t), Some(u)) if !matches!(u, Type::Signature(_)) => Some(type_error("%s is not a function", &[t])),
                _ => None,
            }),
        );
        let mut sig = match u {
            Ok(Type::Signature(s)) => s,
            Ok(_) => panic!("internal compiler error: call of something that is no function"),
            Err(err) => {
                self.error(&*x, Code::InvalidCall, format!("invalid operation: cannot call {}: {}", self.os(x), err.format(Some(self))));
                // gc leaves the arguments unchecked here.
                x.invalidate();
                x.expr = Some(e);
                return Kind::Statement;
            }
        };
        let was_generic = !sig.type_params().is_empty();
        let mut xlist = index_list(inst);
        let mut targs = Vec::new();
        if let Some(ie) = inst {
            let fail = |x: &mut Operand| {
                self.use_exprs(&call.args);
                x.invalidate();
                x.expr = Some(e);
                Kind::Statement
            };
            match self.type_list(xlist) {
                Some(l) => targs = l,
                None => return fail(x),
            }
            let (got, want) = (targs.len(), sig.type_params().len());
            if got > want {
                self.error(&xlist[want], Code::WrongTypeArgCount, format!("got {got} type arguments but want {want}"));
                return fail(x);
            }
            // With all type arguments given, nothing is inferred.
            if got == want && want > 0 {
                self.verify_version(ie, GO1_18, "function instantiation");
                sig = self.instantiate_signature(ie.pos, ie, sig, &targs, xlist);
                targs.clear();
                xlist = &[];
            }
        }
        let (mut args, atargs) = self.generic_expr_list(&call.args);
        let sig = self.arguments(e, call, sig, targs, xlist, &mut args, &atargs);
        if was_generic && sig.type_params().is_empty() {
            self.record_type_and_value(&call.fun, Mode::Value, Type::Signature(sig), None);
        }
        let results = sig.results();
        match results.len() {
            0 => x.mode = Mode::NoValue,
            1 => {
                x.mode = if cgo_call { Mode::CommaErr } else { Mode::Value };
                let t = results.at(0).typ();
                if !self.is_complete(t) {
                    x.invalidate();
                    x.expr = Some(e);
                    return Kind::Statement;
                }
                x.typ = Some(t);
            }
            _ => {
                x.mode = Mode::Value;
                x.typ = Some(Type::Tuple(results));
            }
        }
        x.expr = Some(e);
        self.set_call_or_recv(true);
        // After a failed inference the result may be parameterized.
        if x.mode == Mode::Value && !sig.type_params().is_empty() && self.is_parameterized(sig.type_params(), x.typ()) {
            x.invalidate();
        }
        Kind::Statement
    }

    /// The conversion `T(arg)`; `x` is the type `T`.
    fn conversion_call(&self, x: &mut Operand, e: &'static Expr, call: &'static CallExpr) {
        self.non_generic(None, x);
        if !x.is_valid() {
            return;
        }
        let t = x.typ();
        x.invalidate();
        if !self.is_complete(t) {
            x.expr = Some(e);
            return;
        }
        match call.args.as_slice() {
            [] => self.error(e, Code::WrongArgCount, format!("missing argument in conversion to {}", self.ts(t))),
            [arg] => {
                let target = new_target(Some(t), "conversion");
                self.expr(target.as_ref(), x, arg);
                if x.is_valid() {
                    let constraint = !is_type_param(t) && matches!(t.underlying(), Type::Interface(i) if !i.type_set().is_method_set());
                    if constraint {
                        self.error(
                            e,
                            Code::MisplacedConstraintIface,
                            format!("cannot use interface {} in conversion (contains specific type constraints or is comparable)", self.ts(t)),
                        );
                    } else if call.has_dots() {
                        self.error(arg, Code::BadDotDotDotSyntax, format!("invalid use of ... in conversion to {}", self.ts(t)));
                    } else {
                        self.conversion(x, t);
                    }
                }
            }
            [.., last] => {
                self.use_exprs(&call.args);
                self.error(last, Code::WrongArgCount, format!("too many arguments in conversion to {}", self.ts(t)));
            }
        }
        x.expr = Some(e);
    }

    /// Operands for a list of expressions; a single one may give several.
    pub(crate) fn expr_list(&self, list: &'static [Expr]) -> Vec<Operand> {
        match list {
            [e] => self.multi_expr(e, false).0,
            _ => list
                .iter()
                .map(|e| {
                    let mut x = Operand::default();
                    self.expr(None, &mut x, e);
                    x
                })
                .collect(),
        }
    }

    /// Checks an argument that is an index expression; it may be a generic function, then the result is its (incomplete) list of type arguments.
    fn indexed_arg(&self, x: &mut Operand, e: &'static Expr, ie: &'static IndexExpr, infer: bool) -> Vec<Type> {
        if self.index_expr(x, e, ie) {
            let targs = self.func_inst(None, x.pos(), x, Some(e), infer);
            match targs {
                Some(t) => {
                    x.expr = Some(e);
                    return t;
                }
                None => {
                    self.record(x);
                    return Vec::new();
                }
            }
        }
        // An ordinary index expression.
        x.expr = Some(e);
        self.record(x);
        self.exclude(x, EX_VALUE);
        self.single_value(x);
        Vec::new()
    }

    /// Like `expr_list`, but results may be generic functions, with the type arguments given for them.
    fn generic_expr_list(&self, list: &'static [Expr]) -> (Vec<Operand>, Vec<Vec<Type>>) {
        // Before 1.21, generic functions could not be arguments.
        let infer = list.is_empty() || !self.allow_version(GO1_21);
        if let [e] = list {
            let mut x = Operand::default();
            if let ExprKind::IndexExpr(ie) = &e.kind {
                let t = self.indexed_arg(&mut x, e, ie, infer);
                return (vec![x], vec![t]);
            }
            self.raw_expr(None, &mut x, e, None, true);
            self.exclude(&mut x, EX_VALUE);
            if let (Type::Tuple(t), true) = (x.typ(), x.is_valid()) {
                return (t.vars.iter().map(|v| Operand { mode: Mode::Value, expr: Some(e), typ: Some(v.typ()), val: None }).collect(), Vec::new());
            }
            return (vec![x], Vec::new());
        }
        let mut res = Vec::with_capacity(list.len());
        let mut targs = vec![Vec::new(); list.len()];
        for (i, e) in list.iter().enumerate() {
            let mut x = Operand::default();
            if let ExprKind::IndexExpr(ie) = &e.kind {
                targs[i] = self.indexed_arg(&mut x, e, ie, infer);
            } else {
                self.generic_expr(&mut x, e, None);
            }
            res.push(x);
        }
        (res, targs)
    }

    /// Checks the arguments of a call. The result is the signature, with type arguments inferred if it was generic; the signature itself after an error.
    pub(crate) fn arguments(
        &self,
        e: &'static Expr,
        call: &'static CallExpr,
        sig: &'static Signature,
        targs: Vec<Type>,
        xlist: &'static [Expr],
        args: &mut [Operand],
        atargs: &[Vec<Type>],
    ) -> &'static Signature {
        let nargs = args.len();
        let mut npars = sig.params().len();
        let ddd = call.has_dots();
        let mut params = sig.params();
        let mut adjusted = false;
        if sig.variadic() {
            if ddd {
                if call.args.len() == 1 && nargs > 1 {
                    self.error(e, Code::InvalidDotDotDot, format!("cannot use ... with {nargs}-valued {}", self.es(&call.args[0])));
                    return sig;
                }
            } else if nargs + 1 >= npars {
                // One parameter for each argument that maps to the variadic one.
                let mut vars: Vec<Obj> = params.vars[..npars - 1].to_vec();
                let last = params.at(npars - 1);
                let elem = match last.typ().underlying() {
                    Type::Slice(s) => s.elem(),
                    _ => last.typ(),
                };
                while vars.len() < nargs {
                    vars.push(Object::new_var(VarKind::Param, last.pos, last.pkg(), last.name, Some(elem)));
                }
                params = Tuple::new(vars);
                adjusted = true;
                npars = nargs;
            } else {
                // For the count in the message.
                npars -= 1;
            }
        } else if ddd {
            self.error(e, Code::NonVariadicDotDotDot, format!("cannot use ... in call to non-variadic {}", self.es(&call.fun)));
            return sig;
        }
        if nargs != npars {
            let (at, what) = if nargs > npars {
                (args[npars].at(), "too many")
            } else if nargs > 0 {
                (args[nargs - 1].at(), "not enough")
            } else {
                (e.at(), "not enough")
            };
            let have: Vec<Type> = args.iter().map(|a| a.typ()).collect();
            let want: Vec<Type> = sig.params().types().collect();
            let mut err = ErrorBuilder::new(Code::WrongArgCount);
            err.add(at, format!("{what} arguments in call to {}", self.es(&call.fun)));
            err.add(NO_POS, format!("have {}", self.types_summary(&have, false, ddd)));
            err.add(NO_POS, format!("want {}", self.types_summary(&want, sig.variadic(), false)));
            err.report(self);
            return sig;
        }

        // Type parameters of the function and of arguments that are generic functions, with their type arguments as far as known.
        let mut tparams: Vec<&'static TypeParam> = Vec::new();
        let mut targs: Vec<Option<Type>> = targs.into_iter().map(Some).collect();
        let n = sig.type_params().len();
        if n > 0 {
            if !self.allow_version(GO1_18) {
                if let ExprKind::IndexExpr(_) = call.fun.kind {
                    self.version_error(&call.fun, GO1_18, "function instantiation");
                } else {
                    self.version_error(e, GO1_18, "implicit function instantiation");
                }
            }
            let (tp, p) = self.rename_tparams(e.pos, sig.type_params(), Type::Tuple(params));
            tparams.extend(tp);
            if let Type::Tuple(p) = p {
                params = p;
            }
            targs.resize(n, None);
        }
        let mut generic_args = Vec::new();
        for (i, arg) in args.iter_mut().enumerate() {
            let Type::Signature(asig) = arg.typ() else { continue };
            if asig.type_params().is_empty() {
                continue;
            }
            // A copy with type parameters of its own, for cases like f(g, g).
            let (tp, t) = self.rename_tparams(e.pos, asig.type_params(), Type::Signature(asig.copy()));
            let Type::Signature(new) = t else { panic!("internal compiler error: renamed signature is none") };
            let new = if std::ptr::eq(new, asig) { asig.copy() } else { new };
            new.tparams.set(leak_list(tp.to_vec()));
            arg.typ = Some(Type::Signature(new));
            tparams.extend(tp);
            if let Some(t) = atargs.get(i) {
                targs.extend(t.iter().copied().map(Some));
            }
            targs.resize(tparams.len(), None);
            generic_args.push(i);
        }
        if let Some(&i) = generic_args.first() {
            self.verify_version(&args[i], GO1_21, "implicitly instantiated function as argument");
        }
        let mut rsig = sig;
        if !tparams.is_empty() {
            let mut err = ErrorBuilder::new(Code::CannotInferTypeArgs);
            let Some(targs) = self.infer(e.pos, &tparams, &targs, params, args, false, &mut err) else {
                if !err.is_empty() {
                    let (pos, msg) = err.pos_and_text();
                    self.error(pos, Code::CannotInferTypeArgs, format!("in call to {}, {msg}", self.es(&call.fun)));
                }
                return sig;
            };
            if n > 0 {
                rsig = self.instantiate_signature(e.pos, &call.fun, sig, &targs[..n], xlist);
                params = if adjusted {
                    match self.subst_tuple(e.pos, params, &tparams[..n], &targs[..n]) {
                        Type::Tuple(t) => t,
                        _ => params,
                    }
                } else {
                    rsig.params()
                };
            }
            let mut j = n;
            for &i in &generic_args {
                let arg = &mut args[i];
                let (Type::Signature(asig), Some(ae)) = (arg.typ(), arg.expr) else { continue };
                let k = j + asig.type_params().len();
                arg.typ = Some(Type::Signature(self.instantiate_signature(e.pos, ae, asig, &targs[j..k], &[])));
                self.record(arg);
                j = k;
            }
        }
        if !args.is_empty() {
            let context = format!("argument to {}", self.es(&call.fun));
            for (a, p) in args.iter_mut().zip(&params.vars) {
                self.assignment(a, Some(p.typ()), &context);
            }
        }
        rsig
    }

    /// Evaluates an expression so that its variables count as used. Did that work without error?
    pub(crate) fn use1(&self, e: &'static Expr) -> bool {
        self.use_one(e, false)
    }
    pub(crate) fn use_exprs(&self, list: &'static [Expr]) -> bool {
        list.iter().fold(true, |ok, e| self.use_one(e, false) && ok)
    }
    /// Like `use_exprs` for left-hand sides: variables assigned to do not count as used.
    pub(crate) fn use_lhs(&self, list: &'static [Expr]) -> bool {
        list.iter().fold(true, |ok, e| self.use_one(e, true) && ok)
    }

    fn use_one(&self, e: &'static Expr, lhs: bool) -> bool {
        let mut x = Operand { mode: Mode::Value, ..Operand::default() };
        let inner = e.unparen();
        match &inner.kind {
            ExprKind::Ident(i) => {
                if !i.name.is_blank() {
                    let v = if lhs { self.assigned_var(inner) } else { None };
                    self.expr_or_type(&mut x, inner, true);
                    self.restore_used(v);
                }
            }
            ExprKind::KeyValueExpr(kv) => return self.use_one(&kv.value, false),
            _ => {
                self.raw_expr(None, &mut x, e, None, true);
            }
        }
        x.is_valid()
    }
}

fn index_list(inst: Option<&'static Expr>) -> &'static [Expr] {
    match inst.map(|e| &e.kind) {
        Some(ExprKind::IndexExpr(i)) => &i.indices,
        _ => &[],
    }
}

