//! Selector expressions: qualified identifiers, fields, method values, method expressions.

use crate::check::Checker;
use crate::code::Code;
use crate::info::SelectionKind;
use crate::lookup::{Lookup, interface_ptr_error, is_interface_ptr, lookup_field_or_method};
use crate::object::{Obj, Object, ObjectKind, VarKind};
use crate::operand::{Mode, Operand};
use crate::syn::*;
use crate::typexpr::is_valid_name;
use crate::types::{Signature, Tuple, Type};
use crate::universe::invalid;

const CGO_PREFIXES: [&str; 8] = ["_Ciconst_", "_Cfconst_", "_Csconst_", "_Ctype_", "_Cvar_", "_Cfpvar_fp_", "_Cfunc_", "_Cmacro_"];

impl Checker {
    /// Checks `x.sel`. `want_type`: only a type will do.
    pub(crate) fn selector(&self, x: &mut Operand, e: &'static Expr, s: &'static SelectorExpr, want_type: bool) {
        if !self.selector0(x, e, s, want_type) {
            x.invalidate();
            x.typ = Some(invalid());
        }
        x.expr = Some(e);
    }

    /// A selector `p.sel` of an imported package.
    fn qualified_ident(&self, x: &mut Operand, e: &'static Expr, s: &'static SelectorExpr, pname: Obj, ident: &'static Ident) -> bool {
        let sel = s.sel.name.as_str();
        self.record_use(ident.id, pname);
        self.used_pkg_names.borrow_mut().insert(pname);
        let pkg = pname.imported().expect("internal compiler error: package name without package");
        let cgo = pkg.path() == "C" && self.conf.go115_uses_cgo;
        let mut func_mode = Mode::Value;
        let exp;
        if cgo {
            // C.malloc is rewritten to _CMalloc, without the form that returns an error.
            let sel = if sel == "malloc" {
                "_CMalloc"
            } else {
                func_mode = Mode::CgoFunc;
                sel
            };
            // The objects are in a generated file of this package.
            let found = CGO_PREFIXES.iter().find_map(|p| self.lookup(Symbol::intern(&format!("{p}{sel}"))));
            let Some(o) = found else {
                if is_valid_name(sel) {
                    self.error(&s.sel, Code::UndeclaredImportedName, format!("undefined: {}", self.es(e)));
                }
                return false;
            };
            self.obj_decl(o);
            exp = o;
        } else {
            // Importers know the exported names of a package only.
            let Some(o) = pkg.scope().lookup(s.sel.name).filter(|o| o.exported()) else {
                if !pkg.fake() && is_valid_name(sel) {
                    // Perhaps only the case is wrong.
                    let msg = match pkg.scope().lookup_ignoring_case(sel, true).first() {
                        Some(alt) => format!("undefined: {} (but have {})", self.es(e), alt.name()),
                        None => format!("undefined: {}", self.es(e)),
                    };
                    self.error(&s.sel, Code::UndeclaredImportedName, msg);
                }
                return false;
            };
            exp = o;
        }
        self.record_use(s.sel.id, exp);
        x.typ = Some(exp.typ());
        x.mode = match &exp.kind {
            ObjectKind::Const { .. } => {
                x.val = exp.const_value();
                Mode::Constant
            }
            ObjectKind::TypeName => Mode::TypeExpr,
            ObjectKind::Var(_) => {
                if cgo && exp.name().starts_with("_Cvar_") {
                    if let Type::Pointer(p) = exp.typ() {
                        x.typ = Some(p.elem());
                    }
                }
                Mode::Variable
            }
            ObjectKind::Func(_) => {
                if cgo && exp.name().starts_with("_Cmacro_") {
                    x.typ = exp.signature().results().vars.first().map(|v| v.typ());
                    func_mode = Mode::Value;
                }
                func_mode
            }
            ObjectKind::Builtin(id) => Mode::Builtin(*id),
            _ => panic!("internal compiler error: unexpected object {} in package {}", exp.name(), pkg.path()),
        };
        true
    }

    fn selector0(&self, x: &mut Operand, e: &'static Expr, s: &'static SelectorExpr, want_type: bool) -> bool {
        let sel = s.sel.name.as_str();
        // Package names occur only here, so there is no operand mode for them.
        if let Some(id) = s.x.as_ident() {
            if let Some(obj) = self.lookup(id.name) {
                if obj.is_pkg_name() {
                    return self.qualified_ident(x, e, s, obj, id);
                }
            }
        }
        self.expr_or_type(x, &s.x, false);
        match x.mode {
            Mode::Builtin(_) => {
                self.error(e.pos, Code::UncalledBuiltin, format!("invalid use of {} in selector expression", self.os(x)));
                return false;
            }
            Mode::Invalid => return false,
            _ => {}
        }
        let t = x.typ();
        if !self.is_complete(t) {
            return false;
        }
        // What follows gives no types.
        if want_type {
            self.error(&s.sel, Code::NotAType, format!("{} is not a type", self.es(e)));
            return false;
        }
        if let Type::Pointer(p) = t.underlying() {
            if !self.is_complete(p.elem()) {
                return false;
            }
        }
        let Lookup { obj, index, indirect } = lookup_field_or_method(t, x.mode == Mode::Variable, Some(self.pkg), s.sel.name, false);
        let Some(obj) = obj else {
            if !t.underlying().is_valid() {
                return false;
            }
            let xs = self.oe(x);
            if !index.is_empty() {
                self.error(&s.sel, Code::AmbiguousSelector, format!("ambiguous selector {xs}.{sel}"));
                return false;
            }
            if indirect {
                let ts = self.ts(t);
                let msg = if x.mode == Mode::TypeExpr {
                    format!("invalid method expression {ts}.{sel} (needs pointer receiver (*{ts}).{sel})")
                } else {
                    format!("cannot call pointer method {sel} on {ts}")
                };
                self.error(&s.sel, Code::InvalidMethodExpr, msg);
                return false;
            }
            let why = if is_interface_ptr(t) {
                interface_ptr_error(Some(self), t)
            } else {
                let alt = lookup_field_or_method(t, x.mode == Mode::Variable, Some(self.pkg), s.sel.name, true).obj;
                self.lookup_error(t, s.sel.name, alt, false)
            };
            self.error(&s.sel, Code::MissingFieldOrMethod, format!("{xs}.{sel} undefined ({why})"));
            return false;
        };
        if obj.is_var() {
            if x.mode == Mode::TypeExpr {
                self.error(&s.x, Code::MissingFieldOrMethod, format!("operand for field selector {sel} must be value of type {}", self.ts(t)));
                return false;
            }
            self.record_selection(e, &s.sel, SelectionKind::FieldVal, t, obj, index, indirect);
            x.mode = if x.mode == Mode::Variable || indirect { Mode::Variable } else { Mode::Value };
            x.typ = Some(obj.typ());
            return true;
        }
        self.obj_decl(obj);
        self.add_decl_dep(obj);
        let sig = obj.signature();
        let expr = x.mode == Mode::TypeExpr;
        self.record_selection(e, &s.sel, if expr { SelectionKind::MethodExpr } else { SelectionKind::MethodVal }, t, obj, index, indirect);
        let new;
        if expr {
            let Some(recv) = sig.recv() else {
                self.error(e, Code::InvalidDeclCycle, "illegal cycle in method declaration");
                return false;
            };
            // The receiver becomes the first parameter; it is named if the others are.
            let named = sig.params().vars.first().is_some_and(|p| !p.name().is_empty());
            let name = match (named, recv.name()) {
                (false, _) => Symbol::EMPTY,
                (true, "") => Symbol::BLANK,
                _ => recv.name,
            };
            let p0 = Object::new_var(VarKind::Param, recv.pos, recv.pkg(), name, Some(t));
            let mut params = vec![p0];
            params.extend(&sig.params().vars);
            new = Signature::new(None, Tuple::new(params), sig.results(), sig.variadic());
            new.recv_old.set(p0);
        } else {
            new = Signature::new(None, sig.params(), sig.results(), sig.variadic());
            if let Some(r) = sig.recv() {
                new.recv_old.set(r);
            }
            if let Some(sc) = sig.scope.get() {
                new.scope.set(sc);
            }
        }
        if let Some(tp) = sig.tparams.get() {
            new.tparams.set(tp);
        }
        x.mode = Mode::Value;
        x.typ = Some(Type::Signature(new));
        true
    }
}
