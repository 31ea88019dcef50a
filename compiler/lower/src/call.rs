//! Calls: functions, methods, interface methods, func values, method values.
//!
//! A call is first *planned* ([`Plan`]): callee and operands are evaluated in Go's order. A plan is emitted at once, or captured by a go or defer statement.

use rgo_ir::{Callee, Op, Sig, Sym, Ty, Value};
use rgo_syntax::ast::*;
use rgo_types::{Obj, Selection, SelectionKind, Signature, Type};

use crate::expr::{Operand, is_interface};
use crate::func::{Addr, FunctionLowering, MemKind};

/// A call with everything evaluated but the call itself.
#[derive(Clone)]
pub(crate) struct Plan {
    pub callee: Callee,
    pub sig: Sig,
    pub args: Vec<Value>,
    pub results: Vec<Type>,
    /// The callee is a func value that may be nil.
    pub nil_check: bool,
}

/// A method call's target: where the receiver is and what to call.
pub(crate) enum Method {
    /// Declared method; the operand is exactly its receiver.
    Static { sym: Sym, recv: Value, recv_ty: Type },
    /// Method of an interface value.
    Dynamic { iface: Value, iface_ty: Type, method: Obj },
}

impl FunctionLowering<'_, '_> {
    /// Lowers a call (or conversion, or builtin); yields its values with their types.
    pub(crate) fn call_expr(&mut self, e: &'static Expr, c: &'static CallExpr) -> Vec<(Value, Type)> {
        if self.sh.info.is_type_expr(&c.fun) {
            let t = self.type_of(e);
            let v = self.conversion(e, &c.args[0], t);
            return vec![(v, t)];
        }
        if let Some(id) = self.sh.info.builtin_of(&c.fun) {
            return self.builtin(e, c, id);
        }
        let p = self.plan_call(c);
        self.set_pos(e.pos);
        self.emit_plan(p)
    }

    /// The values of an expression with several results.
    pub(crate) fn expr_multi(&mut self, e: &'static Expr) -> Vec<(Value, Type)> {
        let u = e.unparen();
        match &u.kind {
            ExprKind::CallExpr(c) => {
                self.set_pos(u.pos);
                self.call_expr(u, c)
            }
            _ => {
                let t = self.value_type(u);
                vec![(self.expr(u), t)]
            }
        }
    }

    pub(crate) fn emit_plan(&mut self, p: Plan) -> Vec<(Value, Type)> {
        let tys: Vec<Ty> = p
            .results
            .iter()
            .map(|t| {
                let x = self.pl.ir_ty(*t);
                self.pl.m.types.operand(x)
            })
            .collect();
        if let Callee::Direct(s) = p.callee {
            let name = self.pl.m.sym_name(s).to_string();
            if let Some(vs) = self.pl.lower_intrinsic(&mut self.fb, &name, &p.args, &tys) {
                return vs.into_iter().zip(p.results).collect();
            }
        }
        if p.nil_check
            && let Callee::Closure(v) = p.callee
        {
            self.fb.emit0(Op::NilCheck(v));
        }
        let vs = self.fb.emit(Op::Call { callee: p.callee, sig: p.sig, args: p.args }, &tys);
        vs.into_iter().zip(p.results).collect()
    }

    /// The signature of the function a call calls.
    pub(crate) fn call_sig(&self, fun: &Expr) -> &'static Signature {
        match self.type_of(fun).underlying() {
            Type::Signature(s) => s,
            t => panic!("internal compiler error: call of a value of type {t}"),
        }
    }

    pub(crate) fn result_types(&self, sig: &'static Signature) -> Vec<Type> {
        sig.results().types().map(|t| self.subst(t)).collect()
    }

    pub(crate) fn plan_call(&mut self, c: &'static CallExpr) -> Plan {
        let fun = c.fun.unparen();
        let sig = self.call_sig(fun);
        let results = self.result_types(sig);
        let env = self.sh.env.clone();
        if let Some(sym) = self.func_expr_sym(fun) {
            let args = self.args(c, sig);
            let irsig = self.pl.ir_sig(None, sig, &env);
            return Plan { callee: Callee::Direct(sym), sig: irsig, args, results, nil_check: false };
        }
        if let ExprKind::FuncLit(f) = &fun.kind {
            let sym = self.func_lit(fun, f);
            let rec = self.closure_record(fun.id, sym, None);
            let args = self.args(c, sig);
            let irsig = self.pl.ir_sig(None, sig, &env);
            return Plan { callee: Callee::DirectClosure(sym, rec), sig: irsig, args, results, nil_check: false };
        }
        let (sel_expr, method) = match &fun.kind {
            ExprKind::SelectorExpr(s) => (Some(&**s), self.sh.info.selection_of(fun)),
            // An instantiated generic method.
            ExprKind::IndexExpr(i) => match self.method_instance(i) {
                Some((x, s)) => (Some(s), self.sh.info.selection_of(x)),
                None => (None, None),
            },
            _ => (None, None),
        };
        if let (Some(s), Some(sel)) = (sel_expr, method) {
            match sel.kind {
                SelectionKind::MethodVal => return self.plan_method(c, s, sel, sig, results),
                SelectionKind::MethodExpr => {
                    let sym = self.method_expr_sym(s, sel);
                    let args = self.args(c, sig);
                    let irsig = self.pl.ir_sig(None, sig, &env);
                    return Plan { callee: Callee::Direct(sym), sig: irsig, args, results, nil_check: false };
                }
                SelectionKind::FieldVal => {}
            }
        }
        let late = !self.has_call(fun) && c.args.iter().any(|a| self.has_call(a));
        let (f, args) = if late {
            let args = self.args(c, sig);
            (self.expr(fun), args)
        } else {
            let f = self.expr(fun);
            (f, self.args(c, sig))
        };
        let irsig = self.pl.ir_sig(None, sig, &env);
        Plan { callee: Callee::Closure(f), sig: irsig, args, results, nil_check: true }
    }

    fn plan_method(&mut self, c: &'static CallExpr, s: &'static SelectorExpr, sel: &'static Selection, sig: &'static Signature, results: Vec<Type>) -> Plan {
        let arg_calls = c.args.iter().any(|a| self.has_call(a));
        let (m, args) = if arg_calls && !self.has_call(&s.x) {
            let args = self.args(c, sig);
            (self.called_method(c, s, sel), args)
        } else {
            let m = self.called_method(c, s, sel);
            let m = if arg_calls { self.snapshot_method(m) } else { m };
            (m, self.args(c, sig))
        };
        self.set_pos(c.fun.pos);
        match m {
            Method::Static { sym, recv, recv_ty } => {
                let env = self.sh.env.clone();
                let irsig = self.pl.ir_sig(Some(recv_ty), sig, &env);
                let mut all = vec![recv];
                all.extend(args);
                Plan { callee: Callee::Direct(sym), sig: irsig, args: all, results, nil_check: false }
            }
            Method::Dynamic { iface, iface_ty, method } => self.plan_dynamic(iface, iface_ty, method, sig, args, results),
        }
    }

    fn snapshot_method(&mut self, m: Method) -> Method {
        match m {
            Method::Static { sym, recv, recv_ty } => {
                let recv = self.snapshot(recv, recv_ty);
                Method::Static { sym, recv, recv_ty }
            }
            m => m,
        }
    }

    pub(crate) fn plan_dynamic(&mut self, iface: Value, iface_ty: Type, m: Obj, sig: &'static Signature, args: Vec<Value>, results: Vec<Type>) -> Plan {
        let tab = self.part(iface, 0);
        let data = self.part(iface, 1);
        self.fb.emit0(Op::NilCheck(tab));
        let idx = self.pl.iface_method_index(iface_ty, m);
        let used = self.pl.iface_method_use(iface_ty, idx);
        self.fb.emit0(Op::Use(used));
        let fa = self.fb.ptr_add(tab, 24 + 8 * idx as i64);
        let code = self.fb.load(Ty::PTR, fa);
        let env = self.sh.env.clone();
        let word = rgo_types::universe::typ(rgo_types::BasicKind::UnsafePointer);
        let irsig = self.pl.ir_sig(Some(word), sig, &env);
        let mut all = vec![data];
        all.extend(args);
        Plan { callee: Callee::Code(code), sig: irsig, args: all, results, nil_check: false }
    }

    /// Evaluates the receiver of a method selector and finds the method.
    pub(crate) fn method(&mut self, s: &'static SelectorExpr, sel: &'static Selection) -> Method {
        self.use_method(sel.obj, None);
        self.find_method(s, sel)
    }

    fn called_method(&mut self, c: &'static CallExpr, s: &'static SelectorExpr, sel: &'static Selection) -> Method {
        self.use_method(sel.obj, Some(c));
        self.find_method(s, sel)
    }

    fn find_method(&mut self, s: &'static SelectorExpr, sel: &'static Selection) -> Method {
        let x = self.operand(&s.x);
        let t = self.value_type(&s.x);
        self.set_pos(s.sel.pos);
        let targs = self.method_targs(&s.sel);
        if matches!(sel.recv.unalias(), Type::TypeParam(_)) || self.type_param_pointer(sel.recv) {
            // The method of whatever type stands for the parameter.
            if is_interface(t) {
                let iface = self.operand_value(x, t);
                return Method::Dynamic { iface, iface_ty: t, method: sel.obj };
            }
            let (obj, path) = self.pl.lookup_method(t, sel.obj);
            return self.method_at(x, t, &path, obj, targs);
        }
        let path = &sel.index[..sel.index.len() - 1];
        self.method_at(x, t, path, sel.obj, targs)
    }

    fn type_param_pointer(&self, t: Type) -> bool {
        matches!(t.unalias(), Type::Pointer(p) if matches!(p.elem().unalias(), Type::TypeParam(_)))
    }

    fn method_at(&mut self, x: Operand, t: Type, path: &[usize], obj: Obj, targs: Vec<Type>) -> Method {
        let (x, t) = self.walk_path(x, t, path);
        if is_interface(t) {
            let iface = self.operand_value(x, t);
            return Method::Dynamic { iface, iface_ty: t, method: obj };
        }
        let base = match t.underlying() {
            Type::Pointer(p) if !matches!(t.unalias(), Type::Named(_)) => p.elem(),
            _ => t,
        };
        if is_interface(base) {
            // A pointer to a type parameter that stands for an interface has no methods.
            panic!("internal compiler error: method {} of a pointer to an interface", obj.name());
        }
        let Type::Named(n) = base.unalias() else {
            panic!("internal compiler error: method {} of {t}", obj.name());
        };
        let mut all = n.type_args().to_vec();
        all.extend(targs);
        let all: Vec<Type> = all.into_iter().map(|t| self.subst(t)).collect();
        let sym = self.pl.func_sym(obj, &all);
        let is_ptr = base != t;
        let (recv, recv_ty) = match (is_ptr, obj.origin().has_ptr_recv()) {
            (true, true) => (self.operand_value(x, t), t),
            (false, false) => (self.operand_value(x, t), t),
            (true, false) => {
                let (y, _) = self.deref_operand(x, t);
                (self.operand_value(y, base), base)
            }
            (false, true) => {
                let a = match x {
                    Operand::Mem(a) => self.addr(a),
                    Operand::Val(v) => {
                        // Not addressable: only reached through type parameters.
                        let p = self.new_object(t);
                        self.store_at(Addr::new(p, MemKind::Fresh), t, v);
                        p
                    }
                };
                (a, self.pl.ptr_to(t))
            }
        };
        Method::Static { sym, recv, recv_ty }
    }

    /// `x.M` as a value: a closure over the receiver.
    pub(crate) fn method_value(&mut self, e: &'static Expr, s: &'static SelectorExpr, sel: &'static Selection) -> Value {
        let m = self.method(s, sel);
        self.set_pos(e.pos);
        match m {
            Method::Static { recv, recv_ty, .. } => {
                let obj = if matches!(sel.recv.unalias(), Type::TypeParam(_)) {
                    let t = self.value_type(&s.x);
                    self.pl.lookup_method(t, sel.obj).0
                } else {
                    sel.obj
                };
                let obj = self.pl.lookup_method(recv_ty, obj).0;
                let targs = self.method_targs(&s.sel);
                let thunk = self.pl.method_value_thunk(recv_ty, obj, targs);
                let ty = self.pl.ir_ty(recv_ty);
                self.make_record(thunk, &[(ty, recv)])
            }
            Method::Dynamic { iface, iface_ty, method } => {
                let tab = self.part(iface, 0);
                self.fb.emit0(Op::NilCheck(tab));
                let thunk = self.pl.method_value_thunk(iface_ty, method, Vec::new());
                self.make_record(thunk, &[(Ty::IFACE, iface)])
            }
        }
    }

    // --- arguments

    /// Evaluates the arguments of a call, converted to the parameter types, with variadic ones in a slice.
    pub(crate) fn args(&mut self, c: &'static CallExpr, sig: &'static Signature) -> Vec<Value> {
        let params: Vec<Type> = sig.params().types().map(|t| self.subst(t)).collect();
        let variadic = sig.variadic() && !c.has_dots();
        if c.args.len() == 1
            && let Type::Tuple(tp) = self.type_of(&c.args[0])
            && matches!(c.args[0].unparen().kind, ExprKind::CallExpr(_))
            && (tp.len() > 1 || tp.len() == params.len())
        {
            let vals = self.expr_multi(&c.args[0]);
            let fixed = if variadic { params.len() - 1 } else { params.len() };
            let mut out = Vec::new();
            for (i, &(v, t)) in vals.iter().take(fixed).enumerate() {
                out.push(self.value_conv(v, t, params[i]));
            }
            if variadic {
                let elem = elem_type(params[fixed]);
                let mut rest = Vec::new();
                for &(v, t) in vals.iter().skip(fixed) {
                    rest.push(self.value_conv(v, t, elem));
                }
                out.push(self.slice_of(&rest, elem));
            }
            return out;
        }
        if !variadic {
            let list: Vec<(&'static Expr, Type)> = c.args.iter().zip(params.iter().copied()).collect();
            return self.eval_list(&list);
        }
        let fixed = params.len() - 1;
        let elem = elem_type(params[fixed]);
        let list: Vec<(&'static Expr, Type)> =
            c.args.iter().enumerate().map(|(i, a)| (a, if i < fixed { params[i] } else { elem })).collect();
        let mut vals = self.eval_list(&list);
        let rest = vals.split_off(fixed);
        let s = self.slice_of(&rest, elem);
        vals.push(s);
        vals
    }

    /// A new slice of the given elements; nil for none.
    pub(crate) fn slice_of(&mut self, vals: &[Value], elem: Type) -> Value {
        if vals.is_empty() {
            return self.fb.emit1(Op::Zero, Ty::SLICE);
        }
        let arr = self.pl.array_of(elem, vals.len() as i64);
        let p = self.new_object(arr);
        let size = self.pl.size_of(elem);
        for (i, v) in vals.iter().enumerate() {
            self.store_at(Addr::new(p, MemKind::Fresh).offset(size * i as u64), elem, *v);
        }
        let n = self.fb.i64(vals.len() as i64);
        self.fb.aggregate(Ty::SLICE, vec![p, n, n])
    }

    /// Calls a `func()` value in a register; no nil check.
    pub(crate) fn call_thunk(&mut self, f: Value) {
        let sig = self.pl.m.sig(&[], &[]);
        self.fb.emit(Op::Call { callee: Callee::Closure(f), sig, args: Vec::new() }, &[]);
    }
}

pub(crate) fn elem_type(t: Type) -> Type {
    match t.underlying() {
        Type::Slice(s) => s.elem(),
        // append([]byte, string...)
        _ => rgo_types::universe().byte,
    }
}
