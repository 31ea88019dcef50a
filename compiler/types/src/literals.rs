//! Basic, function and composite literals.

use crate::check::Checker;
use crate::code::Code;
use crate::lookup::{field_path, lookup_field_or_method};
use crate::object::Obj;
use crate::operand::{Mode, Operand};
use crate::predicates::*;
use crate::syn::constant::{self, Value};
use crate::syn::*;
use crate::types::{Array, BasicKind, Struct, Type};
use crate::under::common_under;
use crate::universe::{invalid, typ};
use crate::version::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// A constant key, such that keys of different kind but equal value (1, 1.0) are equal.
#[derive(PartialEq, Eq, Hash)]
enum KeyVal {
    Int(i64),
    Uint(u64),
    Float(u64),
    Complex(u64, u64),
    Str(std::sync::Arc<[u8]>),
    Bool(bool),
    /// Anything else, by its text.
    Other(String),
}

fn key_val(v: &Value) -> KeyVal {
    use constant::Kind;
    let bits = |v: &Value| constant::float64_val(v).0.to_bits();
    let mut v = v.clone();
    if v.kind() == Kind::Complex {
        let f = constant::to_float(&v);
        if f.kind() != Kind::Float {
            return KeyVal::Complex(bits(&constant::real(&v)), bits(&constant::imag(&v)));
        }
        v = f;
    }
    if v.kind() == Kind::Float {
        let i = constant::to_int(&v);
        if i.kind() != Kind::Int {
            return KeyVal::Float(bits(&v));
        }
        v = i;
    }
    match v.kind() {
        Kind::Int => match (constant::int64_val(&v), constant::uint64_val(&v)) {
            (Some(i), _) => KeyVal::Int(i),
            (_, Some(u)) => KeyVal::Uint(u),
            _ => KeyVal::Other(v.to_string()),
        },
        Kind::String => KeyVal::Str(constant::string_val(&v)),
        Kind::Bool => KeyVal::Bool(constant::bool_val(&v)),
        _ => KeyVal::Other(v.to_string()),
    }
}

impl Checker {
    /// Numeric literals whose form is newer than the language version.
    fn lang_compat(&self, at: Pos, l: &BasicLit) {
        let s = l.value.as_bytes();
        if s.len() <= 2 || self.allow_version(GO1_13) {
            return;
        }
        let what = if s.contains(&b'_') {
            "underscore in numeric literal"
        } else if s[0] != b'0' {
            return;
        } else {
            match s[1] {
                b'b' | b'B' => "binary literal",
                b'o' | b'O' => "0o/0O-style octal literal",
                b'x' | b'X' if l.kind != LitKind::Int => "hexadecimal floating-point literal",
                _ => return,
            }
        };
        self.version_error(at, GO1_13, what);
    }

    pub(crate) fn basic_lit(&self, x: &mut Operand, e: &'static Expr, l: &'static BasicLit) {
        use constant::LitKind as L;
        let (kind, lit) = match l.kind {
            LitKind::Int => (BasicKind::UntypedInt, L::Int),
            LitKind::Float => (BasicKind::UntypedFloat, L::Float),
            LitKind::Imag => (BasicKind::UntypedComplex, L::Imag),
            LitKind::Rune => (BasicKind::UntypedRune, L::Char),
            LitKind::String => (BasicKind::UntypedString, L::String),
        };
        if matches!(l.kind, LitKind::Int | LitKind::Float | LitKind::Imag) {
            self.lang_compat(e.pos, l);
            // Longer ones would take long to convert.
            if l.value.len() > 10000 {
                self.error(e, Code::InvalidConstVal, format!("excessively long constant: {}... ({} chars)", &l.value[..10], l.value.len()));
                x.invalidate();
                return;
            }
        }
        let v = constant::make_from_literal(&l.value, lit);
        if v.is_unknown() {
            // The syntax is right, so the number is out of range.
            self.error(e, Code::InvalidConstVal, format!("malformed constant: {}", l.value));
            x.invalidate();
            return;
        }
        x.mode = Mode::Constant;
        x.typ = Some(typ(kind));
        x.val = Some(v);
        x.expr = Some(e);
        self.overflow(x, start_pos(e));
    }

    pub(crate) fn func_lit(&self, x: &mut Operand, e: &'static Expr, f: &'static FuncLit) {
        let sig = crate::types::Signature::incomplete();
        self.func_type(sig, None, None, &f.typ, e.id);
        // A literal in a body that is checked belongs to it.
        if !self.conf.ignore_func_bodies || self.env.borrow().sig.is_some() {
            // The literal belongs to the declaration that contains it. It is checked before the enclosing scope changes, but not at once: it may be part of
            // a type declaration that its body refers to.
            let (decl, iota) = {
                let env = self.env.borrow();
                (env.decl.clone(), env.iota.clone())
            };
            self.later(move |c| c.func_body(decl, sig, &f.body, iota));
        }
        x.mode = Mode::Value;
        x.typ = Some(Type::Signature(sig));
    }

    pub(crate) fn composite_lit(&self, x: &mut Operand, e: &'static Expr, l: &'static CompositeLit, hint: Option<Type>) {
        let mut is_elem = false;
        let (t, base) = match (&l.typ, hint) {
            (Some(te), _) => {
                let t = match &te.kind {
                    // [...]T: the length is set below.
                    ExprKind::ArrayType(a) if a.len.as_ref().is_some_and(|n| matches!(n.kind, ExprKind::Ellipsis(_))) => Type::Array(Array::new(self.var_type(&a.elem), -1)),
                    _ => self.typ(te),
                };
                (t, t)
            }
            (None, Some(h)) => {
                is_elem = true;
                // *T implies &T{}.
                let base = match common_under(h, None) {
                    Ok(Type::Pointer(p)) => p.elem(),
                    _ => h,
                };
                (h, base)
            }
            (None, None) => {
                self.error(e, Code::UntypedLit, "missing type in composite literal");
                (invalid(), invalid())
            }
        };
        if !self.is_complete(base) {
            x.invalidate();
            return;
        }
        let utyp = common_under(base, None).ok();
        match utyp {
            Some(Type::Struct(s)) => self.struct_lit(x, l, s, base),
            Some(Type::Array(a)) => {
                let n = self.indexed_elts(&l.elts, a.elem(), a.len());
                // Also for arrays whose length is wrong: the best guess.
                if a.len() < 0 {
                    a.set_len(n);
                    if let Some(te) = &l.typ {
                        self.record_type_and_value(te, Mode::TypeExpr, Type::Array(a), None);
                    }
                }
            }
            Some(Type::Slice(s)) => {
                self.indexed_elts(&l.elts, s.elem(), -1);
            }
            Some(Type::Map(m)) => self.map_lit(x, l, m.key(), m.elem()),
            _ => {
                for el in &l.elts {
                    // A key may be a field name of the unknown type.
                    match &el.kind {
                        ExprKind::KeyValueExpr(kv) => self.use1(&kv.value),
                        _ => self.use1(el),
                    };
                }
                if utyp.is_none_or(|u| u.is_valid()) {
                    let what = if is_elem { " element" } else { "" };
                    let cause = if utyp.is_none() { " (no common underlying type)" } else { "" };
                    self.error(e, Code::InvalidLit, format!("invalid composite literal{what} type {}{cause}", self.ts(t)));
                    x.invalidate();
                    return;
                }
            }
        }
        x.mode = Mode::Value;
        x.typ = Some(t);
    }

    fn struct_lit(&self, x: &mut Operand, l: &'static CompositeLit, utyp: &'static Struct, base: Type) {
        let Some(first) = l.elts.first() else { return };
        let foreign = |f: Obj| !f.exported() && f.pkg() != Some(self.pkg);
        if !matches!(first.kind, ExprKind::KeyValueExpr(_)) {
            let fields = utyp.fields();
            let mut i = 0;
            for el in &l.elts {
                let n = i;
                i += 1;
                if let ExprKind::KeyValueExpr(_) = el.kind {
                    self.error(el, Code::MixedStructLit, "mixture of field:value and value elements in struct literal");
                    continue;
                }
                self.generic_expr(x, el, None);
                let Some(fld) = fields.get(n) else {
                    self.error(&*x, Code::InvalidStructLit, format!("too many values in struct literal of type {}", self.ts(base)));
                    break;
                };
                if foreign(fld) {
                    self.error(
                        &*x,
                        Code::UnexportedLitField,
                        format!("implicit assignment to unexported field {} in struct literal of type {}", fld.name(), self.ts(base)),
                    );
                    continue;
                }
                self.assignment(x, Some(fld.typ()), "struct literal");
            }
            if l.elts.len() < fields.len() {
                let hint = if fields.iter().any(|f| foreign(f)) { " (type has unexported fields - use key:value pairs)" } else { "" };
                self.error(l.rbrace, Code::InvalidStructLit, format!("too few values in struct literal of type {}{hint}", self.ts(base)));
            }
            return;
        }
        // The paths of the fields set so far.
        let mut visited: Vec<(Vec<usize>, Obj)> = Vec::new();
        for el in &l.elts {
            let ExprKind::KeyValueExpr(kv) = &el.kind else {
                self.error(el, Code::MixedStructLit, "mixture of field:value and value elements in struct literal");
                continue;
            };
            // Everything is evaluated also in case of errors.
            self.generic_expr(x, &kv.value, None);
            let Some(key) = kv.key.as_ident() else {
                self.error(el, Code::InvalidLitField, format!("invalid field name {} in struct literal", self.es(&kv.key)));
                continue;
            };
            let name = key.name.as_str();
            let found = lookup_field_or_method(Type::Struct(utyp), false, Some(self.pkg), key.name, false);
            let Some(fld) = found.obj else {
                let alt = lookup_field_or_method(Type::Struct(utyp), false, Some(self.pkg), key.name, true).obj;
                let msg = self.lookup_error(base, key.name, alt, true);
                self.error(&kv.key, Code::MissingLitField, msg);
                continue;
            };
            if !fld.is_var() {
                self.error(&kv.key, Code::MissingLitField, format!("{name} is not a field"));
                continue;
            }
            let index = found.index;
            if index.len() > 1 && !self.allow_version(GO1_27) {
                let what = format!("use of promoted field {} in struct literal of type {}", field_path(Type::Struct(utyp), &index), self.ts(base));
                self.version_error(&kv.key, GO1_27, &what);
                continue;
            }
            if found.indirect {
                self.error(&kv.key, Code::InvalidLitField, format!("invalid implicit pointer indirection to reach {name}"));
                continue;
            }
            self.record_use(key.id, fld);
            // Lowering finds the path of a promoted field here.
            if index.len() > 1 {
                self.info.borrow_mut().selections.insert(
                    el.id,
                    crate::info::Selection { kind: crate::info::SelectionKind::FieldVal, recv: base, obj: fld, index: index.clone(), indirect: false },
                );
            }
            self.assignment(x, Some(fld.typ()), "struct literal");
            // Each field once, and no field together with one that contains it.
            let clash = visited.iter().filter(|(p, _)| p.starts_with(&index) || index.starts_with(p)).min_by(|a, b| a.0.cmp(&b.0));
            match clash {
                None => visited.push((index, fld)),
                Some((p, alt)) => {
                    let msg = if *alt == fld {
                        format!("duplicate field name {name} in struct literal")
                    } else if p.len() < index.len() {
                        format!("cannot specify promoted field {name} and enclosing embedded field {}", alt.name())
                    } else {
                        format!("cannot specify embedded field {name} and enclosed promoted field {}", alt.name())
                    };
                    self.error(el, Code::DuplicateLitField, msg);
                }
            }
        }
    }

    fn map_lit(&self, x: &mut Operand, l: &'static CompositeLit, key: Type, elem: Type) {
        // With an interface as key type, the type of a constant key counts too.
        let by_type = is_non_type_param_interface(key);
        let mut visited: FxHashMap<KeyVal, Vec<Type>> = FxHashMap::default();
        for el in &l.elts {
            let ExprKind::KeyValueExpr(kv) = &el.kind else {
                self.error(el, Code::MissingLitKey, "missing key in map literal");
                continue;
            };
            self.generic_expr(x, &kv.key, Some(key));
            self.assignment(x, Some(key), "map literal");
            if !x.is_valid() {
                continue;
            }
            if x.mode == Mode::Constant {
                let v = x.value();
                let types = visited.entry(key_val(&v)).or_default();
                let duplicate = if by_type { types.iter().any(|t| identical(*t, x.typ())) } else { !types.is_empty() };
                types.push(x.typ());
                if duplicate {
                    self.error(&*x, Code::DuplicateLitKey, format!("duplicate key {v} in map literal"));
                    continue;
                }
            }
            self.generic_expr(x, &kv.value, Some(elem));
            self.assignment(x, Some(elem), "map literal");
        }
    }

    /// Checks the elements of an array or slice literal; the result is the greatest index plus one.
    fn indexed_elts(&self, elts: &'static [Expr], t: Type, length: i64) -> i64 {
        let mut visited: FxHashSet<i64> = FxHashSet::default();
        let keyed = elts.iter().any(|e| matches!(e.kind, ExprKind::KeyValueExpr(_)));
        let (mut index, mut max) = (0i64, 0i64);
        for e in elts {
            let mut valid = false;
            let mut eval = e;
            if let ExprKind::KeyValueExpr(kv) = &e.kind {
                if let Some((_, i)) = self.index(&kv.key, length) {
                    if i >= 0 {
                        index = i;
                        valid = true;
                    } else {
                        self.error(e, Code::InvalidLitIndex, format!("index {} must be integer constant", self.es(&kv.key)));
                    }
                }
                eval = &kv.value;
            } else if length >= 0 && index >= length {
                self.error(e, Code::OversizeArrayLit, format!("index {index} is out of bounds (>= {length})"));
            } else {
                valid = true;
            }
            if valid && keyed && !visited.insert(index) {
                self.error(e, Code::DuplicateLitKey, format!("duplicate index {index} in array or slice literal"));
            }
            index = index.wrapping_add(1);
            max = max.max(index);
            let mut x = Operand::default();
            self.generic_expr(&mut x, eval, Some(t));
            self.assignment(&mut x, Some(t), "array or slice literal");
        }
        max
    }
}
