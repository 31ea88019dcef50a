//! Method sets, and the adaptors that method tables, method values and method expressions need.
//!
//! Wrappers are marked (hidden from traces) and forward the right to recover: a deferred call that goes through one still lets the
//! wrapped function recover (ARCHITECTURE.md, "Panics, defer, recover").

use std::collections::BTreeMap;

use rgo_abi::g::goff;
use rgo_ir::{Callee, CmpOp, FuncAttrs, FunctionBuilder, Intrinsic, Linkage, Loc, Op, Sym, Term, Ty, Value};
use rgo_types::{Obj, Signature, Type};

use crate::env::Env;
use crate::names::iface_methods;
use crate::package::{PackageLowering, Work};

/// A method of a type's method set.
#[derive(Clone)]
pub struct MethodEntry {
    /// The method, instantiated for the type at the end of the path.
    pub obj: Obj,
    /// Embedded fields to follow.
    pub path: Vec<usize>,
    /// The type arguments of a generic method.
    pub targs: Vec<Type>,
}

pub(crate) enum Kind {
    /// `func (recv) M(...)` for a method reached through pointers or embedding.
    Method { recv: Type, entry: MethodEntry },
    /// The code of `x.M` as a func value; the receiver is captured.
    Value { recv: Type, obj: Obj, targs: Vec<Type> },
}

pub(crate) struct Wrapper {
    pub kind: Kind,
    pub sym: Sym,
}

/// The type of a method without receiver.
pub fn method_type(m: Obj) -> Type {
    let s = m.signature();
    Type::Signature(Signature::new(None, s.params(), s.results(), s.variadic()))
}

impl PackageLowering<'_> {
    /// The methods of a concrete type, in descriptor order. Empty for interfaces and pointers to them.
    pub fn method_set(&mut self, t: Type) -> Vec<MethodEntry> {
        let base = match t.unalias() {
            Type::Pointer(p) => p.elem().unalias(),
            t => t,
        };
        if matches!(base.underlying(), Type::Interface(_)) || matches!((t.unalias(), base), (Type::Pointer(_), Type::Pointer(_))) {
            return Vec::new();
        }
        if matches!(t.unalias(), Type::Named(_)) && matches!(t.underlying(), Type::Pointer(_)) {
            return Vec::new();
        }
        // Candidates: everything declared on the type or on a type embedded at any depth.
        let mut names: BTreeMap<String, Obj> = BTreeMap::new();
        let mut seen = Vec::new();
        candidates(base, &mut names, &mut seen);
        let mut out: Vec<MethodEntry> = Vec::new();
        for m in names.values() {
            if let Some(e) = self.find_method(t, *m)
                && e.obj.signature().type_params().is_empty()
            {
                out.push(e);
            }
        }
        out.sort_by(|a, b| a.obj.cmp_id(b.obj));
        out
    }

    /// The method of `t`'s method set with the name of `m`.
    pub fn find_method(&mut self, t: Type, m: Obj) -> Option<MethodEntry> {
        let r = rgo_types::lookup::lookup_field_or_method(t, false, m.pkg(), m.name, false);
        let obj = r.obj?;
        if !obj.is_func() {
            return None;
        }
        let mut path = r.index;
        path.pop();
        Some(MethodEntry { obj, path, targs: Vec::new() })
    }

    /// The function for a method of `t` with a receiver of type `t`.
    pub fn method_func(&mut self, t: Type, e: &MethodEntry) -> Sym {
        if e.path.is_empty() && !matches!(t.underlying(), Type::Interface(_)) {
            let ptr = matches!(t.unalias(), Type::Pointer(_));
            if ptr == e.obj.has_ptr_recv() {
                return self.method_sym(e.obj, &e.targs);
            }
        }
        let name = format!("{}{}", self.method_wrapper_symbol(t, e.obj), self.targs_string(&e.targs));
        let sym = self.m.sym(&name);
        // Method tables do not list generic methods: whoever uses an instance makes its wrapper.
        if self.done.insert(sym) && (!e.targs.is_empty() || !self.emitted_elsewhere(t)) {
            self.queue.push_back(Work::Wrapper(Wrapper { kind: Kind::Method { recv: t, entry: e.clone() }, sym }));
        }
        sym
    }

    /// The function for a method of `t` that takes an interface's data word as receiver.
    pub fn method_iface_func(&mut self, t: Type, e: &MethodEntry) -> Sym {
        if self.is_direct_iface(t) {
            return self.method_func(t, e);
        }
        let p = Type::Pointer(rgo_types::Pointer::new(t.unalias()));
        self.method_func(p, e)
    }

    /// The function `T.m[targs]` of a method expression: `func(T, params...)`; `t` may be an interface.
    pub fn method_expr_func(&mut self, t: Type, m: Obj, targs: Vec<Type>) -> Sym {
        let mut e = match t.underlying() {
            Type::Interface(_) => MethodEntry { obj: m, path: Vec::new(), targs: Vec::new() },
            _ => self.find_method(t, m).unwrap_or_else(|| panic!("internal compiler error: method expression without method {}", m.name())),
        };
        e.targs = targs;
        if matches!(t.underlying(), Type::Interface(_)) {
            let name = self.method_wrapper_symbol(t, m);
            let sym = self.m.sym(&format!("{name}-expr"));
            self.enqueue(sym, Work::Wrapper(Wrapper { kind: Kind::Method { recv: t, entry: e }, sym }));
            return sym;
        }
        self.method_func(t, &e)
    }

    /// The code of a method value `x.m`; its closure record is `{code, receiver}` with a receiver of type `recv`:
    /// exactly the receiver type of `m`, or an interface type.
    pub fn method_value_thunk(&mut self, recv: Type, m: Obj, targs: Vec<Type>) -> Sym {
        let name = format!("{}{}-fm", self.method_wrapper_symbol(recv, m), self.targs_string(&targs));
        let sym = self.m.sym(&name);
        self.enqueue(sym, Work::Wrapper(Wrapper { kind: Kind::Value { recv, obj: m, targs }, sym }));
        sym
    }

    /// First statements of a function marked as wrapper: passes the right to recover on to the function it calls.
    pub fn wrapper_prologue(&mut self, fb: &mut FunctionBuilder) {
        let g = fb.emit1(Op::Intrinsic(Intrinsic::GetG, Vec::new()), Ty::PTR);
        let pa = fb.ptr_add(g, goff::PANIC as i64);
        let p = fb.load(Ty::PTR, pa);
        let null = fb.null();
        let is_nil = fb.cmp(CmpOp::Eq, p, null);
        let (check, set, go) = (fb.block(), fb.block(), fb.block());
        fb.term(Term::If { cond: is_nil, then: go, els: check, likely: Some(true) });
        fb.switch_to(check);
        let fp = fb.load(Ty::I64, p);
        let parent = fb.emit1(Op::Intrinsic(Intrinsic::ParentFrameAddr, Vec::new()), Ty::I64);
        let c = fb.cmp(CmpOp::Eq, fp, parent);
        fb.branch(c, set, go);
        fb.switch_to(set);
        let own = fb.emit1(Op::Intrinsic(Intrinsic::FrameAddr, Vec::new()), Ty::I64);
        fb.store(p, own, Default::default());
        fb.jump(go);
        fb.switch_to(go);
    }

    pub(crate) fn emit_wrapper(&mut self, w: Wrapper) {
        let attrs = FuncAttrs { wrapper: true, noinline: true, ..FuncAttrs::default() };
        match w.kind {
            Kind::Method { recv, entry } => {
                let env = self.method_env(entry.obj, &entry.targs);
                let msig = entry.obj.signature();
                let sig = self.ir_sig(Some(recv), msig, &env);
                let linkage = if entry.targs.is_empty() { self.linkage_of(recv) } else { Linkage::LinkOnce };
                let mut fb = FunctionBuilder::new(&mut self.m, w.sym, sig, linkage, attrs, Loc::default());
                self.wrapper_prologue(&mut fb);
                let r = fb.param(0);
                // A value method called through a nil pointer has a message of its own.
                if let Type::Pointer(p) = recv.unalias()
                    && entry.path.is_empty()
                    && !entry.obj.has_ptr_recv()
                    && !matches!(p.elem().underlying(), Type::Interface(_))
                {
                    self.panicwrap_check(&mut fb, r, p.elem(), entry.obj);
                }
                let args = fb.params()[1..].to_vec();
                let res = self.call_through(&mut fb, recv, r, &entry.path, entry.obj, &entry.targs, args);
                fb.term(Term::Ret(res));
                let f = fb.finish();
                self.m.functions.push(f);
            }
            Kind::Value { recv, obj, targs } => {
                let env = self.method_env(obj, &targs);
                let sig = self.ir_sig(None, obj.signature(), &env);
                let mut fb = FunctionBuilder::new(&mut self.m, w.sym, sig, Linkage::LinkOnce, attrs, Loc::default());
                self.wrapper_prologue(&mut fb);
                let ctx = fb.emit1(Op::Intrinsic(Intrinsic::ClosureCtx, Vec::new()), Ty::PTR);
                let rt = self.ir_ty(recv);
                let rec = self.m.types.mk_struct(&[Ty::PTR, rt]);
                let off = self.m.types.part(rec, 1).1;
                let a = fb.ptr_add(ctx, off as i64);
                let r = if self.m.types.is_memory(rt) { a } else { fb.load(rt, a) };
                let args = fb.params().to_vec();
                let res = self.call_through(&mut fb, recv, r, &[], obj, &targs, args);
                fb.term(Term::Ret(res));
                let f = fb.finish();
                self.m.functions.push(f);
            }
        }
    }

    fn panicwrap_check(&mut self, fb: &mut FunctionBuilder, p: Value, t: Type, m: Obj) {
        let null = fb.null();
        let nil = fb.cmp(CmpOp::Eq, p, null);
        let (bad, ok) = (fb.block(), fb.block());
        fb.term(Term::If { cond: nil, then: bad, els: ok, likely: Some(false) });
        fb.switch_to(bad);
        let (pkg, name) = match t.unalias() {
            Type::Named(n) => (n.obj().pkg().map_or(String::new(), |p| p.path().to_string()), n.obj().name().to_string()),
            _ => (String::new(), self.reflect_string(t)),
        };
        let args: Vec<Value> = [pkg.as_str(), name.as_str(), m.name()].iter().map(|s| self.string_value(fb, s.as_bytes())).collect();
        self.rt_call(fb, "panicwrap3", &[Ty::STRING; 3], &[], args);
        fb.term(Term::Unreachable);
        fb.switch_to(ok);
    }

    /// A string constant.
    pub fn string_value(&mut self, fb: &mut FunctionBuilder, s: &[u8]) -> Value {
        let p = if s.is_empty() {
            fb.null()
        } else {
            let d = self.string_data(s);
            fb.sym_addr(d)
        };
        let n = fb.i64(s.len() as i64);
        fb.aggregate(Ty::STRING, vec![p, n])
    }

    /// What a generic method's own type parameters stand for.
    fn method_env(&mut self, m: Obj, targs: &[Type]) -> Env {
        if targs.is_empty() {
            return Env::empty();
        }
        let key = self.targs_string(targs);
        Env::new(m.signature().type_params().to_vec(), targs.to_vec(), key)
    }

    /// Calls method `m[targs]` on operand `v` of type `t`, following embedded fields `path`; yields the results.
    #[allow(clippy::too_many_arguments)]
    fn call_through(&mut self, fb: &mut FunctionBuilder, t: Type, v: Value, path: &[usize], m: Obj, targs: &[Type], args: Vec<Value>) -> Vec<Value> {
        let env = self.method_env(m, targs);
        if crate::uses::looks_up_methods(m) {
            let used = self.m.sym(rgo_ir::uses::REFLECT);
            fb.emit0(Op::Use(used));
        }
        // The address of a value of type `cur`, or the value itself when nothing has to be addressed.
        let mut cur = t;
        let mut addr: Option<Value> = None;
        let mut val = Some(v);
        for &i in path {
            let a = match cur.underlying() {
                Type::Pointer(p) => {
                    let pv = match (val, addr) {
                        (Some(v), _) => v,
                        (None, Some(a)) => fb.load(Ty::PTR, a),
                        _ => panic!("internal compiler error: wrapper without receiver"),
                    };
                    fb.emit0(Op::NilCheck(pv));
                    cur = p.elem();
                    pv
                }
                _ => match (val, addr) {
                    (_, Some(a)) => a,
                    (Some(v), None) => self.spill(fb, cur, v),
                    _ => panic!("internal compiler error: wrapper without receiver"),
                },
            };
            let Type::Struct(s) = cur.underlying() else {
                panic!("internal compiler error: embedded field of a non-struct");
            };
            let off = self.field_offset(cur, i);
            addr = Some(fb.ptr_add(a, off as i64));
            val = None;
            cur = s.field(i).typ();
        }
        let ty = self.ir_ty(cur);
        if let Type::Interface(i) = cur.underlying() {
            let iv = match (val, addr) {
                (Some(v), _) => v,
                (None, Some(a)) => fb.load(Ty::IFACE, a),
                _ => panic!("internal compiler error: wrapper without receiver"),
            };
            let idx = iface_methods(i).iter().position(|x| x.same_id(m.pkg(), m.name, false)).unwrap_or_else(|| panic!("internal compiler error: interface method {} is missing", m.name()));
            let used = self.iface_method_use(cur, idx);
            fb.emit0(Op::Use(used));
            return self.iface_call(fb, iv, idx, m.signature(), args);
        }
        let want_ptr = m.has_ptr_recv();
        let recv = match (cur.unalias(), want_ptr) {
            (Type::Pointer(_), true) => match (val, addr) {
                (Some(v), _) => v,
                (None, Some(a)) => fb.load(Ty::PTR, a),
                _ => panic!("internal compiler error: wrapper without receiver"),
            },
            (Type::Pointer(p), false) => {
                let pv = match (val, addr) {
                    (Some(v), _) => v,
                    (None, Some(a)) => fb.load(Ty::PTR, a),
                    _ => panic!("internal compiler error: wrapper without receiver"),
                };
                fb.emit0(Op::NilCheck(pv));
                let et = self.ir_ty(p.elem());
                if self.m.types.is_memory(et) { pv } else { fb.load(et, pv) }
            }
            (_, true) => match (val, addr) {
                (_, Some(a)) => a,
                (Some(v), None) => self.spill(fb, cur, v),
                _ => panic!("internal compiler error: wrapper without receiver"),
            },
            (_, false) => match (val, addr) {
                (Some(v), _) => v,
                (None, Some(a)) => {
                    if self.m.types.is_memory(ty) {
                        a
                    } else {
                        fb.load(ty, a)
                    }
                }
                _ => panic!("internal compiler error: wrapper without receiver"),
            },
        };
        let recv_t = m.signature().recv().map(|r| r.typ());
        let sig = self.ir_sig(recv_t, m.signature(), &env);
        let f = self.method_sym(m, targs);
        let mut all = vec![recv];
        all.extend(args);
        let tys = self.result_tys(m.signature(), &env);
        fb.emit(Op::Call { callee: Callee::Direct(f), sig, args: all }, &tys)
    }

    /// Calls entry `idx` of the itab of interface value `iv`.
    pub fn iface_call(&mut self, fb: &mut FunctionBuilder, iv: Value, idx: usize, msig: &'static Signature, args: Vec<Value>) -> Vec<Value> {
        let tab = fb.extract(&self.m.types, iv, 0);
        let data = fb.extract(&self.m.types, iv, 1);
        fb.emit0(Op::NilCheck(tab));
        let fa = fb.ptr_add(tab, 24 + 8 * idx as i64);
        let code = fb.load(Ty::PTR, fa);
        let unsafe_ptr = rgo_types::universe::typ(rgo_types::BasicKind::UnsafePointer);
        let sig = self.ir_sig(Some(unsafe_ptr), msig, &Env::empty());
        let mut all = vec![data];
        all.extend(args);
        let tys = self.result_tys(msig, &Env::empty());
        fb.emit(Op::Call { callee: Callee::Code(code), sig, args: all }, &tys)
    }

    /// Operand types of the results of a signature.
    pub fn result_tys(&mut self, s: &'static Signature, env: &Env) -> Vec<Ty> {
        s.results()
            .types()
            .map(|t| {
                let x = self.ir_ty(env.subst(t));
                self.m.types.operand(x)
            })
            .collect()
    }

    /// The address of memory that holds operand `v` of type `t`.
    pub fn spill(&mut self, fb: &mut FunctionBuilder, t: Type, v: Value) -> Value {
        let ty = self.ir_ty(t);
        if self.m.types.is_memory(ty) {
            return v;
        }
        let l = fb.local("", ty);
        let a = fb.local_addr(l);
        fb.store(a, v, Default::default());
        a
    }
}

fn candidates(t: Type, names: &mut BTreeMap<String, Obj>, seen: &mut Vec<Type>) {
    let t = match t.unalias() {
        Type::Pointer(p) => p.elem().unalias(),
        t => t,
    };
    if let Type::Named(n) = t {
        if seen.contains(&t) {
            return;
        }
        seen.push(t);
        for i in 0..n.num_methods() {
            let m = n.method(i);
            names.insert(m.id(), m);
        }
    }
    match t.underlying() {
        Type::Struct(s) => {
            for f in s.fields() {
                if f.embedded() {
                    candidates(f.typ(), names, seen);
                }
            }
        }
        Type::Interface(i) => {
            for m in iface_methods(i) {
                names.insert(m.id(), m);
            }
        }
        _ => {}
    }
}
