//! Calls of built-in functions.
//!
//! For every call the signature it stands for is recorded for the function expression, unless the result is a constant.

use crate::check::Checker;
use crate::code::Code;
use crate::info::SelectionKind;
use crate::expr::EX_NEW;
use crate::lookup::{deref_struct_ptr, lookup_field_or_method};
use crate::object::{Object, VarKind};
use crate::operand::{Mode, Operand};
use crate::predicates::*;
use crate::range::array_ptr_deref;
use crate::syn::constant::{self, Value};
use crate::syn::*;
use crate::typeparam::TypeParam;
use crate::types::{BasicKind, ChanDir, Interface, Pointer, Signature, Slice, Tuple, Type, UnionTerm};
use crate::under::{common_under, typeset, under_is};
use crate::universe::{BuiltinId, typ, universe};
use crate::version::*;

/// A signature for the given types; untyped arguments count as their default types.
fn make_sig(res: Option<Type>, args: &[Type]) -> &'static Signature {
    let var = |k, t| Object::new_var(k, NO_POS, None, Symbol::EMPTY, Some(t));
    let params = args.iter().map(|t| var(VarKind::Param, default_type(*t))).collect();
    let results = res.into_iter().map(|t| var(VarKind::Result, t)).collect();
    Signature::new(None, Tuple::new(params), Tuple::new(results), false)
}

fn variadic_sig(res: Type, args: &[Type]) -> &'static Signature {
    let s = make_sig(Some(res), args);
    Signature::new(None, s.params(), s.results(), true)
}

fn any_type() -> Type {
    Type::Interface(Interface::empty())
}

fn is_byte_slice(u: Type) -> bool {
    matches!(u, Type::Slice(s) if identical(s.elem(), universe().byte))
}

impl Checker {
    /// Checks the call of a built-in. If the result is false, it is not valid and that was reported.
    pub(crate) fn builtin(&self, x: &mut Operand, e: &'static Expr, call: &'static CallExpr, id: BuiltinId) -> bool {
        let name = id.name();
        // Only append allows `...`.
        if call.has_dots() && id != BuiltinId::Append {
            self.error(e, Code::InvalidDotDotDot, format!("invalid operation: invalid use of ... with built-in {name}"));
            self.use_exprs(&call.args);
            return false;
        }
        // Whether len(x) and cap(x) are constant depends on calls and receives in x.
        if matches!(id, BuiltinId::Len | BuiltinId::Cap) {
            let saved = self.call_or_recv();
            self.set_call_or_recv(false);
            let ok = self.builtin1(x, e, call, id);
            self.set_call_or_recv(saved);
            return ok;
        }
        self.builtin1(x, e, call, id)
    }

    fn builtin1(&self, x: &mut Operand, e: &'static Expr, call: &'static CallExpr, id: BuiltinId) -> bool {
        use BuiltinId as B;
        let name = id.name();
        let mut args = Vec::new();
        let nargs = if matches!(id, B::Make | B::New | B::Offsetof | B::Trace) {
            // These evaluate their arguments themselves.
            call.args.len()
        } else {
            args = self.expr_list(&call.args);
            if args.iter().any(|a| !a.is_valid()) {
                return false;
            }
            if let Some(a) = args.first() {
                *x = a.clone();
            }
            args.len()
        };
        let what = if nargs < id.nargs() {
            "not enough"
        } else if !id.variadic() && nargs > id.nargs() {
            "too many"
        } else {
            ""
        };
        if !what.is_empty() {
            let msg = format!("invalid operation: {what} arguments for {} (expected {}, found {nargs})", self.es(e), id.nargs());
            self.error(e, Code::WrongArgCount, msg);
            return false;
        }
        let bmode = Mode::Builtin(id);
        let record = |sig| self.record_builtin_type(&call.fun, bmode, sig);
        let int = typ(BasicKind::Int);
        let uintptr = typ(BasicKind::Uintptr);
        match id {
            B::Append => return self.append(x, e, call, args),
            B::Cap | B::Len => {
                let is_len = id == B::Len;
                let t = x.typ();
                let mut mode = Mode::Invalid;
                let mut val = None;
                match array_ptr_deref(t.underlying()) {
                    u @ Type::Basic(_) if is_string(u) && is_len => {
                        if x.mode == Mode::Constant {
                            mode = Mode::Constant;
                            val = Some(constant::make_int64(constant::string_len(&x.value())));
                        } else {
                            mode = Mode::Value;
                        }
                    }
                    Type::Array(a) => {
                        mode = Mode::Value;
                        if !self.call_or_recv() {
                            mode = Mode::Constant;
                            val = Some(if a.len() >= 0 { constant::make_int64(a.len()) } else { Value::Unknown });
                        }
                    }
                    Type::Slice(_) | Type::Chan(_) => mode = Mode::Value,
                    Type::Map(_) if is_len => mode = Mode::Value,
                    Type::Interface(_) if is_type_param(t) => {
                        let ok = under_is(t, |u| match u.map(array_ptr_deref) {
                            Some(u @ Type::Basic(_)) => is_string(u) && is_len,
                            Some(Type::Array(_) | Type::Slice(_) | Type::Chan(_)) => true,
                            Some(Type::Map(_)) => is_len,
                            _ => false,
                        });
                        if ok {
                            mode = Mode::Value;
                        }
                    }
                    _ => {}
                }
                if mode == Mode::Invalid {
                    if t.underlying().is_valid() {
                        let code = if is_len { Code::InvalidLen } else { Code::InvalidCap };
                        self.error(&*x, code, format!("invalid argument: {} for built-in {name}", self.os(x)));
                    }
                    return false;
                }
                if mode != Mode::Constant {
                    record(make_sig(Some(int), &[t]));
                }
                x.mode = mode;
                x.typ = Some(int);
                x.val = val;
            }
            B::Clear => {
                self.verify_version(&call.fun, GO1_21, "clear");
                let ok = under_is(x.typ(), |u| {
                    let ok = matches!(u, Some(Type::Map(_) | Type::Slice(_)));
                    if !ok {
                        let msg = format!("invalid argument: cannot clear {}: argument must be (or constrained by) map or slice", self.os(x));
                        self.error(&*x, Code::InvalidClear, msg);
                    }
                    ok
                });
                if !ok {
                    return false;
                }
                x.mode = Mode::NoValue;
                record(make_sig(None, &[x.typ()]));
            }
            B::Close => {
                let ok = under_is(x.typ(), |u| match u {
                    Some(Type::Chan(c)) if c.dir != ChanDir::RecvOnly => true,
                    Some(Type::Chan(_)) => {
                        self.error(&*x, Code::InvalidClose, format!("invalid operation: cannot close receive-only channel {}", self.os(x)));
                        false
                    }
                    _ => {
                        self.error(&*x, Code::InvalidClose, format!("invalid operation: cannot close non-channel {}", self.os(x)));
                        false
                    }
                });
                if !ok {
                    return false;
                }
                x.mode = Mode::NoValue;
                record(make_sig(None, &[x.typ()]));
            }
            B::Complex => return self.complex(x, e, call, &mut args),
            B::Copy => return self.copy(x, call, &args),
            B::Delete => {
                let map = x.typ();
                let mut key: Option<Type> = None;
                let ok = under_is(map, |u| {
                    let Some(Type::Map(m)) = u else {
                        self.error(&*x, Code::InvalidDelete, format!("invalid argument: {} is not a map", self.os(x)));
                        return false;
                    };
                    if key.is_some_and(|k| !identical(m.key(), k)) {
                        self.error(&*x, Code::InvalidDelete, format!("invalid argument: maps of {} must have identical key types", self.os(x)));
                        return false;
                    }
                    key = Some(m.key());
                    true
                });
                let Some(key) = key.filter(|_| ok) else { return false };
                *x = args[1].clone();
                self.assignment(x, Some(key), "argument to delete");
                if !x.is_valid() {
                    return false;
                }
                x.mode = Mode::NoValue;
                record(make_sig(None, &[map, key]));
            }
            B::Imag | B::Real => {
                if is_untyped(x.typ()) {
                    if x.mode == Mode::Constant {
                        if is_numeric(x.typ()) {
                            x.typ = Some(typ(BasicKind::UntypedComplex));
                        }
                    } else {
                        // A shift that is not constant: gives an error.
                        self.convert_untyped(x, typ(BasicKind::Complex128));
                        if !x.is_valid() {
                            return false;
                        }
                    }
                }
                let f = |t: Type| match t.underlying().as_basic().map(|b| b.kind) {
                    Some(BasicKind::Complex64) => Some(typ(BasicKind::Float32)),
                    Some(BasicKind::Complex128) => Some(typ(BasicKind::Float64)),
                    Some(BasicKind::UntypedComplex) => Some(typ(BasicKind::UntypedFloat)),
                    _ => None,
                };
                let Some(res) = self.apply_type_func(f, x, id) else {
                    let code = if id == B::Real { Code::InvalidReal } else { Code::InvalidImag };
                    self.error(&*x, code, format!("invalid argument: argument has type {}, expected complex type", self.ts(x.typ())));
                    return false;
                };
                if x.mode == Mode::Constant {
                    let v = x.value();
                    x.val = Some(if id == B::Real { constant::real(&v) } else { constant::imag(&v) });
                } else {
                    x.mode = Mode::Value;
                    record(make_sig(Some(res), &[x.typ()]));
                }
                x.typ = Some(res);
            }
            B::Make => return self.make(x, e, call, nargs),
            B::Max | B::Min => return self.min_max(x, call, id, &mut args),
            B::New => {
                let arg = &call.args[0];
                self.expr_or_type(x, arg, false);
                self.exclude(x, EX_NEW);
                match x.mode {
                    Mode::Invalid => return false,
                    Mode::TypeExpr => self.valid_var_type(arg, x.typ()),
                    _ => {
                        if is_untyped(x.typ()) {
                            // Finds overflows and nil.
                            self.assignment(x, None, "argument to new");
                            if !x.is_valid() {
                                return false;
                            }
                        }
                        if !self.allow_version(GO1_26) {
                            self.version_error(&call.fun, GO1_26, &format!("new({})", self.es(arg)));
                        }
                    }
                }
                let t = x.typ();
                x.mode = Mode::Value;
                x.typ = Some(Type::Pointer(Pointer::new(t)));
                record(make_sig(x.typ, &[t]));
            }
            B::Panic => {
                // For the missing return check.
                let in_func = self.cur_sig().is_some_and(|s| !s.results().is_empty());
                if in_func {
                    self.note_panic_call(e.id);
                }
                self.assignment(x, Some(any_type()), "argument to panic");
                if !x.is_valid() {
                    return false;
                }
                x.mode = Mode::NoValue;
                record(make_sig(None, &[any_type()]));
            }
            B::Print | B::Println => {
                let context = format!("argument to built-in {name}");
                let mut types = Vec::new();
                for a in &mut args {
                    self.assignment(a, None, &context);
                    if !a.is_valid() {
                        return false;
                    }
                    types.push(a.typ());
                }
                x.mode = Mode::NoValue;
                record(make_sig(None, &types));
            }
            B::Recover => {
                x.mode = Mode::Value;
                x.typ = Some(any_type());
                record(make_sig(x.typ, &[]));
            }
            B::Add => {
                self.verify_version(&call.fun, GO1_17, "unsafe.Add");
                let ptr = typ(BasicKind::UnsafePointer);
                self.assignment(x, Some(ptr), "argument to unsafe.Add");
                if !x.is_valid() || !self.is_valid_index(&mut args[1], Code::InvalidUnsafeAdd, "length", true) {
                    return false;
                }
                x.mode = Mode::Value;
                x.typ = Some(ptr);
                record(make_sig(x.typ, &[ptr, args[1].typ()]));
            }
            B::Alignof | B::Sizeof => {
                let context = format!("argument to unsafe.{name}");
                self.assignment(x, None, &context);
                if !x.is_valid() {
                    return false;
                }
                let t = x.typ();
                if self.has_var_size(t) {
                    x.mode = Mode::Value;
                    record(make_sig(Some(uintptr), &[t]));
                } else {
                    let n = if id == B::Sizeof { self.conf.sizeof(t) } else { self.conf.alignof(t) };
                    if n < 0 {
                        self.error(&*x, Code::TypeTooLarge, format!("{} is too large", self.os(x)));
                        return false;
                    }
                    x.mode = Mode::Constant;
                    x.val = Some(constant::make_int64(n));
                }
                x.typ = Some(uintptr);
            }
            B::Offsetof => return self.offsetof(x, call),
            B::Slice => {
                self.verify_version(&call.fun, GO1_17, "unsafe.Slice");
                let Ok(ptr @ Type::Pointer(p)) = common_under(x.typ(), None) else {
                    self.error(&*x, Code::InvalidUnsafeSlice, format!("invalid argument: {} is not a pointer", self.os(x)));
                    return false;
                };
                if !self.is_valid_index(&mut args[1], Code::InvalidUnsafeSlice, "length", false) {
                    return false;
                }
                x.mode = Mode::Value;
                x.typ = Some(Type::Slice(Slice::new(p.elem())));
                record(make_sig(x.typ, &[ptr, args[1].typ()]));
            }
            B::SliceData => {
                self.verify_version(&call.fun, GO1_20, "unsafe.SliceData");
                let Ok(slice @ Type::Slice(s)) = common_under(x.typ(), None) else {
                    self.error(&*x, Code::InvalidUnsafeSliceData, format!("invalid argument: {} is not a slice", self.os(x)));
                    return false;
                };
                x.mode = Mode::Value;
                x.typ = Some(Type::Pointer(Pointer::new(s.elem())));
                record(make_sig(x.typ, &[slice]));
            }
            B::String => {
                self.verify_version(&call.fun, GO1_20, "unsafe.String");
                let ptr = Type::Pointer(Pointer::new(universe().byte));
                self.assignment(x, Some(ptr), "argument to unsafe.String");
                if !x.is_valid() || !self.is_valid_index(&mut args[1], Code::InvalidUnsafeString, "length", false) {
                    return false;
                }
                x.mode = Mode::Value;
                x.typ = Some(typ(BasicKind::String));
                record(make_sig(x.typ, &[ptr, args[1].typ()]));
            }
            B::StringData => {
                self.verify_version(&call.fun, GO1_20, "unsafe.StringData");
                let string = typ(BasicKind::String);
                self.assignment(x, Some(string), "argument to unsafe.StringData");
                if !x.is_valid() {
                    return false;
                }
                x.mode = Mode::Value;
                x.typ = Some(Type::Pointer(Pointer::new(universe().byte)));
                record(make_sig(x.typ, &[string]));
            }
            B::Assert => {
                // Only declared in the checker's own tests.
                if x.mode != Mode::Constant || !is_boolean(x.typ()) {
                    self.error(&*x, Code::Test, format!("invalid argument: {} is not a boolean constant", self.os(x)));
                    return false;
                }
                if !constant::bool_val(&x.value()) {
                    self.error(e, Code::Test, format!("{} failed", self.es(e)));
                }
            }
            B::Trace => {
                // Only declared in the checker's own tests: the value of the first argument.
                if call.args.is_empty() {
                    x.mode = Mode::NoValue;
                }
                let mut t = Operand::default();
                for (i, arg) in call.args.iter().enumerate() {
                    self.raw_expr(None, if i == 0 { &mut *x } else { &mut t }, arg, None, false);
                }
                return x.is_valid();
            }
        }
        true
    }

    /// The element type of slice `x`, or of all slices in its type set.
    fn slice_elem(&self, x: &Operand) -> Result<Type, String> {
        let mut elem: Option<Type> = None;
        for (_, u) in typeset(x.typ()) {
            let Some(Type::Slice(s)) = u else {
                return Err(if x.is_nil() { "argument must be a slice; have untyped nil".into() } else { format!("argument must be a slice; have {}", self.os(x)) });
            };
            match elem {
                Some(e) if !identical(e, s.elem()) => {
                    return Err(format!("mismatched slice element types {} and {} in {}", self.ts(e), self.ts(s.elem()), self.os(x)));
                }
                Some(_) => {}
                None => elem = Some(s.elem()),
            }
        }
        elem.ok_or_else(|| format!("argument must be a slice; have {}", self.os(x)))
    }

    /// append(s S, x ...E) S; also append(s, x...) with bytes and a string.
    fn append(&self, x: &mut Operand, e: &'static Expr, call: &'static CallExpr, mut args: Vec<Operand>) -> bool {
        let elem = match self.slice_elem(x) {
            Ok(t) => t,
            Err(cause) => {
                self.error(&*x, Code::InvalidAppend, format!("invalid append: {cause}"));
                return false;
            }
        };
        let t = x.typ();
        let bytes = || Type::Slice(Slice::new(universe().byte));
        let mut sig = None;
        if args.len() == 2 && call.has_dots() && x.assignable_to(self, bytes(), None).0 {
            let y = args[1].typ();
            let mut has_string = false;
            let ok = typeset(y).into_iter().all(|(_, u)| match u {
                Some(u) if is_byte_slice(u) => true,
                Some(u) if is_string(u) => {
                    has_string = true;
                    true
                }
                _ => false,
            });
            if ok && has_string {
                sig = Some(variadic_sig(t, &[t, y]));
                // An untyped constant string gets its type here.
                if is_untyped(y) {
                    self.convert_untyped(&mut args[1], typ(BasicKind::String));
                }
            }
        }
        let sig = sig.unwrap_or_else(|| {
            let sig = variadic_sig(t, &[t, Type::Slice(Slice::new(elem))]);
            self.arguments(e, call, sig, Vec::new(), &[], &mut args, &[]);
            sig
        });
        self.record_builtin_type(&call.fun, Mode::Builtin(BuiltinId::Append), sig);
        x.mode = Mode::Value;
        x.typ = Some(t);
        true
    }

    fn complex(&self, x: &mut Operand, e: &'static Expr, call: &'static CallExpr, args: &mut [Operand]) -> bool {
        let y = &mut args[1];
        match (is_untyped(x.typ()), is_untyped(y.typ())) {
            (false, false) => {}
            (true, false) => self.convert_untyped(x, y.typ()),
            (false, true) => self.convert_untyped(y, x.typ()),
            (true, true) => {
                if x.mode == Mode::Constant && y.mode == Mode::Constant {
                    let to_float = |x: &mut Operand| {
                        if is_numeric(x.typ()) && constant::sign(&constant::imag(&x.value())) == 0 {
                            x.typ = Some(typ(BasicKind::UntypedFloat));
                        }
                    };
                    to_float(x);
                    to_float(y);
                } else {
                    // A shift that is not constant; floats cannot be shifted: gives an error.
                    self.convert_untyped(x, typ(BasicKind::Float64));
                    self.convert_untyped(y, typ(BasicKind::Float64));
                }
            }
        }
        if !x.is_valid() || !y.is_valid() {
            return false;
        }
        if !identical(x.typ(), y.typ()) {
            let msg = format!("invalid operation: {} (mismatched types {} and {})", self.es(e), self.ts(x.typ()), self.ts(y.typ()));
            self.error(&*x, Code::InvalidComplex, msg);
            return false;
        }
        let f = |t: Type| match t.underlying().as_basic().map(|b| b.kind) {
            Some(BasicKind::Float32) => Some(typ(BasicKind::Complex64)),
            Some(BasicKind::Float64) => Some(typ(BasicKind::Complex128)),
            Some(BasicKind::UntypedFloat) => Some(typ(BasicKind::UntypedComplex)),
            _ => None,
        };
        let Some(res) = self.apply_type_func(f, x, BuiltinId::Complex) else {
            self.error(&*x, Code::InvalidComplex, format!("invalid argument: arguments have type {}, expected floating-point", self.ts(x.typ())));
            return false;
        };
        if x.mode == Mode::Constant && y.mode == Mode::Constant {
            let re = constant::to_float(&x.value());
            let im = constant::make_imag(constant::to_float(&y.value()));
            x.val = Some(constant::binary_op(&re, constant::Op::Add, &im));
        } else {
            x.mode = Mode::Value;
            self.record_builtin_type(&call.fun, Mode::Builtin(BuiltinId::Complex), make_sig(Some(res), &[x.typ(), x.typ()]));
        }
        x.typ = Some(res);
        true
    }

    fn copy(&self, x: &mut Operand, call: &'static CallExpr, args: &[Operand]) -> bool {
        let bad = |x: &Operand, msg: String| {
            self.error(x, Code::InvalidCopy, format!("invalid copy: {msg}"));
            false
        };
        let dst = match self.slice_elem(x) {
            Ok(t) => t,
            Err(cause) => return bad(x, cause),
        };
        let y = &args[1];
        let special = x.assignable_to(self, Type::Slice(Slice::new(universe().byte)), None).0
            && typeset(y.typ()).into_iter().all(|(_, u)| u.is_some_and(|u| is_byte_slice(u) || is_string(u)));
        if !special {
            let src = match self.slice_elem(y) {
                Ok(t) => t,
                Err(_) if all_string(y.typ()) => universe().byte,
                Err(cause) => return bad(y, cause),
            };
            if !identical(dst, src) {
                let msg = format!("arguments {} and {} have different element types {} and {}", self.os(x), self.os(y), self.ts(dst), self.ts(src));
                return bad(x, msg);
            }
        } else if is_untyped(y.typ()) {
            let mut y = y.clone();
            self.convert_untyped(&mut y, typ(BasicKind::String));
        }
        let int = typ(BasicKind::Int);
        self.record_builtin_type(&call.fun, Mode::Builtin(BuiltinId::Copy), make_sig(Some(int), &[x.typ(), y.typ()]));
        x.mode = Mode::Value;
        x.typ = Some(int);
        true
    }

    fn make(&self, x: &mut Operand, e: &'static Expr, call: &'static CallExpr, nargs: usize) -> bool {
        let arg0 = &call.args[0];
        let t = self.var_type(arg0);
        if !t.is_valid() {
            return false;
        }
        let u = common_under(
            t,
            Some(&mut |_, u| match u {
                Some(Type::Slice(_) | Type::Map(_) | Type::Chan(_)) => None,
                None => Some(type_error("no specific type", &[])),
                Some(_) => Some(type_error("type must be slice, map, or channel", &[])),
            }),
        );
        let min = match u {
            Ok(Type::Slice(_)) => 2,
            Ok(_) => 1,
            Err(err) => {
                self.error(arg0, Code::InvalidMake, format!("invalid argument: cannot make {}: {}", self.es(arg0), err.format(Some(self))));
                return false;
            }
        };
        if nargs < min || min + 1 < nargs {
            let msg = format!("invalid operation: {} expects {min} or {} arguments; found {nargs}", self.es(e), min + 1);
            self.error(e, Code::WrongArgCount, msg);
            return false;
        }
        let mut types = vec![t];
        let mut sizes = Vec::new();
        for a in &call.args[1..] {
            let r = self.index(a, -1);
            types.push(r.map_or(crate::universe::invalid(), |r| r.0));
            if let Some((_, n)) = r {
                if n >= 0 {
                    sizes.push(n);
                }
            }
        }
        if let [len, cap] = sizes[..] {
            if len > cap {
                self.error(&call.args[1], Code::SwappedMakeArgs, "invalid argument: length and capacity swapped");
            }
        }
        x.mode = Mode::Value;
        x.typ = Some(t);
        self.record_builtin_type(&call.fun, Mode::Builtin(BuiltinId::Make), make_sig(Some(t), &types));
        true
    }

    fn min_max(&self, x: &mut Operand, call: &'static CallExpr, id: BuiltinId, args: &mut [Operand]) -> bool {
        let name = id.name();
        if !self.allow_version(GO1_21) {
            self.version_error(&call.fun, GO1_21, &format!("built-in {name}"));
        }
        let op = if id == BuiltinId::Max { constant::Op::Gtr } else { constant::Op::Lss };
        for (i, a) in args.iter_mut().enumerate() {
            if !all_ordered(a.typ()) {
                self.error(&*a, Code::InvalidMinMaxOperand, format!("invalid argument: {} cannot be ordered", self.os(a)));
                return false;
            }
            // The first is in x already.
            if i == 0 {
                continue;
            }
            self.match_types(x, a);
            if !x.is_valid() {
                return false;
            }
            if !identical(x.typ(), a.typ()) {
                let msg = format!(
                    "invalid argument: mismatched types {} (previous argument) and {} (type of {})",
                    self.ts(x.typ()),
                    self.ts(a.typ()),
                    self.oe(a)
                );
                self.error(&*a, Code::MismatchedTypes, msg);
                return false;
            }
            if x.mode == Mode::Constant && a.mode == Mode::Constant {
                if constant::compare(&a.value(), op, &x.value()) {
                    *x = a.clone();
                }
            } else {
                x.mode = Mode::Value;
            }
        }
        if x.mode != Mode::Constant {
            x.mode = Mode::Value;
            // A value is typed.
            self.assignment(x, Some(any_type()), &format!("argument to built-in {name}"));
            if !x.is_valid() {
                return false;
            }
        }
        for a in args.iter() {
            if let Some(e) = a.expr {
                self.update_expr_type(e, x.typ(), true);
            }
        }
        if x.mode != Mode::Constant {
            self.record_builtin_type(&call.fun, Mode::Builtin(id), make_sig(x.typ, &vec![x.typ(); args.len()]));
        }
        true
    }

    fn offsetof(&self, x: &mut Operand, call: &'static CallExpr) -> bool {
        let arg0 = &call.args[0];
        let selx = arg0.unparen();
        let ExprKind::SelectorExpr(s) = &selx.kind else {
            self.error(arg0, Code::BadOffsetofSyntax, format!("invalid argument: {} is not a selector expression", self.es(arg0)));
            self.use1(arg0);
            return false;
        };
        self.expr(None, x, &s.x);
        if !x.is_valid() {
            return false;
        }
        let base = deref_struct_ptr(x.typ());
        let sel = s.sel.name;
        let found = lookup_field_or_method(base, false, Some(self.pkg), sel, false);
        let Some(obj) = found.obj else {
            self.error(&*x, Code::MissingFieldOrMethod, format!("invalid argument: {} has no single field {sel}", self.ts(base)));
            return false;
        };
        if obj.is_func() {
            self.error(arg0, Code::InvalidOffsetof, format!("invalid argument: {} is a method value", self.es(arg0)));
            return false;
        }
        if found.indirect {
            self.error(&*x, Code::InvalidOffsetof, format!("invalid argument: field {sel} is embedded via a pointer in {}", self.ts(base)));
            return false;
        }
        self.record_selection(selx, &s.sel, SelectionKind::FieldVal, base, obj, found.index.clone(), false);
        let mode = if x.mode == Mode::Variable { Mode::Variable } else { Mode::Value };
        self.record(&Operand { mode, expr: Some(selx), typ: Some(obj.typ()), val: None });
        let uintptr = typ(BasicKind::Uintptr);
        if self.has_var_size(base) {
            x.mode = Mode::Value;
            self.record_builtin_type(&call.fun, Mode::Builtin(BuiltinId::Offsetof), make_sig(Some(uintptr), &[obj.typ()]));
        } else {
            let offs = self.conf.offsetof(base, &found.index);
            if offs < 0 {
                self.error(&*x, Code::TypeTooLarge, format!("{} is too large", self.os(x)));
                return false;
            }
            x.mode = Mode::Constant;
            x.val = Some(constant::make_int64(offs));
        }
        x.typ = Some(uintptr);
        true
    }

    /// Does the size of `t` depend on type parameters (or is it infinite because of a cycle that is still to be reported)?
    pub(crate) fn has_var_size(&self, t: Type) -> bool {
        match t.unalias() {
            Type::Named(n) => {
                if let Some(v) = n.var_size.get() {
                    return v;
                }
                if self.report_path_cycle(n.decl_obj()) {
                    return true;
                }
                self.push(n.decl_obj());
                let simd = n.decl_obj().name() == "_simd" && n.decl_obj().pkg().is_some_and(|p| p.path() == "simd");
                let v = simd | n.rhs().is_some_and(|t| self.has_var_size(t));
                self.pop();
                n.var_size.get_or_set(v)
            }
            Type::Array(a) => self.has_var_size(a.elem()),
            Type::Struct(s) => s.fields().iter().any(|f| self.has_var_size(f.typ())),
            Type::TypeParam(_) => true,
            _ => false,
        }
    }

    /// `f` applied to the type of `x`; for a type parameter, a type parameter with the results for all types of its type set.
    fn apply_type_func(&self, f: impl Fn(Type) -> Option<Type>, x: &Operand, id: BuiltinId) -> Option<Type> {
        let Some(tp) = x.typ().as_type_param() else { return f(x.typ()) };
        let mut terms = Vec::new();
        let ok = tp.is(|t| match t.and_then(|t| t.typ.and_then(&f).map(|r| (t.tilde, r))) {
            Some((tilde, typ)) => {
                terms.push(UnionTerm { tilde, typ });
                true
            }
            None => false,
        });
        if !ok {
            return None;
        }
        let code = match id {
            BuiltinId::Real => Code::InvalidReal,
            BuiltinId::Imag => Code::InvalidImag,
            _ => Code::InvalidComplex,
        };
        self.soft_error(x, code, format!("{} not supported as argument to built-in {} for go1.18 (see go.dev/issue/50937)", self.os(x), id.name()));
        let name = Object::new_type_name(NO_POS, Some(self.pkg), tp.obj.name, None);
        let bound = Interface::new(Vec::new(), vec![Type::Union(self.new_union(terms))]);
        let p: &'static TypeParam = self.new_type_param(name, Some(Type::Interface(bound)));
        p.set_index(tp.index());
        Some(Type::TypeParam(p))
    }
}
