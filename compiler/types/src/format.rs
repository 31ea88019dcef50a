//! Texts of types, objects, operands and expressions in messages.

use crate::check::Checker;
use crate::object::{Obj, ObjectKind, VarKind};
use crate::operand::{Mode, Operand};
use crate::package::Package;
use crate::predicates::{has_empty_typeset, is_generic, is_untyped};
use crate::syn::Expr;
use crate::types::{BasicKind, Type};
use crate::typestring::{Qualifier, package_prefix, signature_string, type_string};
use crate::universe::{typ, universe};
use rustc_hash::{FxHashMap, FxHashSet};

/// The source form of an expression, shortened as in gc's messages.
pub fn expr_string(e: &Expr) -> String {
    crate::syn::expr_string(e)
}

/// The text of a type as `check` prints it (without checker: fully qualified).
pub fn type_str(check: Option<&Checker>, t: Type) -> String {
    match check {
        Some(c) => c.type_str(t),
        None => type_string(t, None),
    }
}

impl Checker {
    pub fn type_str(&self, t: Type) -> String {
        type_string(t, Some(&|p| self.qualifier(p)))
    }
    /// `[T1, T2]`
    pub fn types_str(&self, l: &[Type]) -> String {
        let v: Vec<String> = l.iter().map(|t| self.type_str(*t)).collect();
        format!("[{}]", v.join(", "))
    }
    pub fn obj_str(&self, o: Obj) -> String {
        object_string(o, Some(&|p| self.qualifier(p)))
    }
    pub fn op_str(&self, x: &Operand) -> String {
        operand_string(x, Some(&|p| self.qualifier(p)))
    }

    /// Qualifies by package name, or by path in quotes if several packages in the import graph have that name. The own package is not qualified.
    pub fn qualifier(&self, pkg: &'static Package) -> String {
        if std::ptr::eq(pkg, self.pkg) {
            return String::new();
        }
        let mut m = self.pkg_path_map.borrow_mut();
        let map = m.get_or_insert_with(|| {
            let mut map = FxHashMap::default();
            let mut seen = FxHashSet::default();
            mark_imports(self.pkg, &mut map, &mut seen);
            map
        });
        if map.get(pkg.name()).is_some_and(|s| s.len() > 1) {
            return crate::syn::constant::quote(pkg.path().as_bytes());
        }
        pkg.name().to_string()
    }
}

fn mark_imports(pkg: &'static Package, map: &mut FxHashMap<String, FxHashSet<String>>, seen: &mut FxHashSet<&'static Package>) {
    if !seen.insert(pkg) {
        return;
    }
    map.entry(pkg.name().to_string()).or_default().insert(pkg.path().to_string());
    for p in pkg.imports() {
        mark_imports(p, map, seen);
    }
}

/// The text of an object: kind, name, type.
pub fn object_string(obj: Obj, qf: Qualifier<'_>) -> String {
    let t = obj.try_type();
    let mut b = String::new();
    match &obj.kind {
        ObjectKind::PkgName { imported } => {
            b.push_str("package ");
            b.push_str(obj.name());
            let path = imported.path();
            if !path.is_empty() && path != obj.name() {
                b.push_str(&format!(" ({})", crate::syn::constant::quote(path.as_bytes())));
            }
            return b;
        }
        ObjectKind::Const { .. } => b.push_str("const"),
        ObjectKind::TypeName => {
            b.push_str("type");
            if t.is_some_and(crate::predicates::is_type_param) {
                b.push_str(" parameter");
            }
        }
        ObjectKind::Var(_) => b.push_str(if obj.is_field() { "field" } else { "var" }),
        ObjectKind::Func(_) => {
            b.push_str("func ");
            b.push_str(&func_name(obj, qf));
            if let Some(Type::Signature(s)) = t {
                b.push_str(&signature_string(s, qf));
            }
            return b;
        }
        ObjectKind::Label { .. } => b.push_str("label"),
        ObjectKind::Builtin(_) => b.push_str("builtin"),
        ObjectKind::Nil => return "nil".to_string(),
    }
    b.push(' ');
    if obj.pkg().is_some_and(|p| p.scope().lookup(obj.name) == Some(obj)) {
        b.push_str(&package_prefix(obj.pkg(), qf));
    }
    b.push_str(obj.name());
    let Some(mut t) = t else { return b };
    if matches!(obj.kind, ObjectKind::Label { .. } | ObjectKind::Builtin(_)) {
        return b;
    }
    if obj.is_type_name() {
        let tps = match t {
            Type::Basic(_) => return b,
            Type::Named(n) => n.type_params(),
            Type::Alias(a) => a.type_params(),
            _ => &[],
        };
        if !tps.is_empty() {
            let mut w = crate::typestring::TypeWriter::new(qf);
            w.tparams(tps);
            b.push_str(&w.buf);
        }
        if obj.is_alias() {
            b.push_str(" =");
            if let Type::Alias(a) = t {
                t = a.rhs().unwrap_or_else(crate::universe::invalid);
            }
        } else if let Type::TypeParam(p) = t {
            t = p.bound();
        } else {
            t = t.underlying();
        }
    }
    if obj == universe().any {
        // Printed as its definition, not as "any".
        b.push_str(" interface{}");
        return b;
    }
    b.push(' ');
    b.push_str(&type_string(t, qf));
    b
}

/// The qualified name of a function or method: `p.f`, `(*p.T).m`, `(interface).m`.
pub fn func_name(f: Obj, qf: Qualifier<'_>) -> String {
    let mut b = String::new();
    if let Some(Type::Signature(sig)) = f.try_type() {
        if let Some(recv) = sig.recv() {
            let r = match recv.typ() {
                Type::Interface(_) => "interface".to_string(),
                t => type_string(t, qf),
            };
            b = format!("({r}).");
        } else {
            b = package_prefix(f.pkg(), qf);
        }
    }
    b + f.name()
}

/// What kind of object it is, in words.
pub fn object_kind(obj: Obj) -> &'static str {
    match &obj.kind {
        ObjectKind::PkgName { .. } => "package name",
        ObjectKind::Const { .. } => "constant",
        ObjectKind::TypeName => {
            if obj.is_alias() {
                "type alias"
            } else if matches!(obj.try_type(), Some(Type::TypeParam(_))) {
                "type parameter"
            } else {
                "defined type"
            }
        }
        ObjectKind::Var(_) => match obj.var_kind() {
            Some(VarKind::Package) => "package-level variable",
            Some(VarKind::Local) => "local variable",
            Some(VarKind::Recv) => "receiver",
            Some(VarKind::Param) => "parameter",
            Some(VarKind::Result) => "result variable",
            _ => "struct field",
        },
        ObjectKind::Func(_) => {
            if obj.signature().recv().is_some() {
                "method"
            } else {
                "function"
            }
        }
        ObjectKind::Label { .. } => "label",
        ObjectKind::Builtin(_) => "built-in function",
        ObjectKind::Nil => "untyped nil",
    }
}

/// "array", "slice", ...; empty for basic types.
pub fn composite_kind(t: Type) -> &'static str {
    match t.underlying() {
        Type::Array(_) => "array",
        Type::Slice(_) => "slice",
        Type::Struct(_) => "struct",
        Type::Pointer(_) => "pointer",
        Type::Signature(_) => "func",
        Type::Interface(_) => "interface",
        Type::Map(_) => "map",
        Type::Chan(_) => "chan",
        Type::Tuple(_) => "tuple",
        Type::Union(_) => "union",
        _ => "",
    }
}

/// The text of an operand: `expr (untyped kind mode value of type T)`.
pub fn operand_string(x: &Operand, qf: Qualifier<'_>) -> String {
    if x.mode == Mode::NilValue {
        return match x.typ {
            None => "nil (with invalid type)".to_string(),
            Some(t) if !t.is_valid() => "nil (with invalid type)".to_string(),
            Some(t) if t == typ(BasicKind::UntypedNil) => "nil".to_string(),
            Some(t) => format!("nil (of type {})", type_string(t, qf)),
        };
    }
    let expr = match (x.expr, x.mode) {
        (Some(e), _) => expr_string(e),
        (None, Mode::Builtin(id)) => id.name().to_string(),
        (None, Mode::TypeExpr) => type_string(x.typ(), qf),
        (None, Mode::Constant) => x.value().to_string(),
        _ => String::new(),
    };
    let mut b = String::new();
    if !expr.is_empty() {
        b.push_str(&expr);
        b.push_str(" (");
    }
    let mut has_type = false;
    if !matches!(x.mode, Mode::Invalid | Mode::NoValue | Mode::Builtin(_) | Mode::TypeExpr) {
        if let Some(t) = x.typ {
            if let (true, Type::Basic(u)) = (is_untyped(t), t) {
                b.push_str(u.name);
                b.push(' ');
            } else {
                has_type = true;
            }
        }
    }
    b.push_str(x.mode.as_str());
    if x.mode == Mode::Constant {
        let s = x.value().to_string();
        if s != expr {
            b.push(' ');
            b.push_str(&s);
        }
    }
    if has_type {
        let t = x.typ();
        if t.is_valid() {
            let mut desc = String::new();
            if is_generic(t) {
                desc.push_str("generic ");
            }
            let tpar = t.as_type_param();
            if tpar.is_none() && matches!(t, Type::Alias(_) | Type::Named(_)) {
                // Describe the structure of a named type.
                let what = match t.underlying() {
                    Type::Basic(u) => u.name,
                    _ => composite_kind(t),
                };
                desc.push_str(what);
                desc.push(' ');
            }
            b.push_str(&format!(" of {desc}type {}", type_string(t, qf)));
            if let Some(p) = tpar {
                b.push_str(&format!(" constrained by {}", type_string(p.bound(), qf)));
                if has_empty_typeset(t) {
                    b.push_str(" with empty type set");
                }
            }
        } else {
            b.push_str(" with invalid type");
        }
    }
    if !expr.is_empty() {
        b.push(')');
    }
    b
}
