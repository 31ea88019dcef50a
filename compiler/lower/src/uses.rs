//! What keeps methods in a program: calls through interfaces, and reflection. Marked with [`Op::Use`], for the linker's reachability pass.

use rgo_constant as constant;
use rgo_ir::{Op, Sym, uses};
use rgo_syntax::ast::CallExpr;
use rgo_types::{BasicKind, Obj, Type};

use crate::func::FunctionLowering;
use crate::names::iface_methods;
use crate::package::PackageLowering;

/// Functions of reflect that are reachable by way of method tables: not they look methods up, but those who call them.
const INSIDE: [&str; 6] = [
    "reflect.(*rtype).Method",
    "reflect.(*rtype).MethodByName",
    "reflect.(*interfaceType).Method",
    "reflect.(*interfaceType).MethodByName",
    "reflect.Value.Method",
    "reflect.Value.MethodByName",
];

/// Is it `Method` or `MethodByName` of reflect's `Value` or `Type`, or of an interface that these may satisfy?
pub(crate) fn looks_up_methods(m: Obj) -> bool {
    let want = match m.name() {
        "Method" => BasicKind::Int,
        "MethodByName" => BasicKind::String,
        _ => return false,
    };
    let s = m.signature();
    if s.params().len() != 1 || !matches!(s.results().len(), 1 | 2) {
        return false;
    }
    let param = s.params().types().next().map(|t| t.underlying());
    let result = s.results().types().next().and_then(|t| t.as_named()).map(|n| n.obj());
    matches!(param, Some(Type::Basic(b)) if b.kind == want)
        && result.is_some_and(|o| matches!(o.name(), "Method" | "Value") && o.pkg().is_some_and(|p| p.path() == "reflect"))
}

impl PackageLowering<'_> {
    /// The symbol that says "a method like `m` is called through an interface". `m`: a method of a concrete type or of an interface type, instantiated.
    pub(crate) fn method_use(&mut self, m: Obj) -> Sym {
        let link = self.link_string(Type::Signature(m.signature()));
        self.m.sym(&uses::method(&m.id(), &link))
    }

    /// The same for entry `index` of the method tables of the interface type `t`.
    pub(crate) fn iface_method_use(&mut self, t: Type, index: usize) -> Sym {
        let Type::Interface(i) = t.underlying() else {
            panic!("internal compiler error: method table of a non-interface type");
        };
        let m = iface_methods(i)[index];
        self.method_use(m)
    }
}

impl FunctionLowering<'_, '_> {
    /// Notes a call or another use of method `m`. `call`: where it is called with these arguments.
    pub(crate) fn use_method(&mut self, m: Obj, call: Option<&CallExpr>) {
        if !looks_up_methods(m) || INSIDE.contains(&self.name.as_str()) {
            return;
        }
        let name = match call.map(|c| c.args.as_slice()) {
            Some([a]) if m.name() == "MethodByName" => self.sh.info.tv(a).and_then(|tv| tv.value.as_ref()),
            _ => None,
        };
        let symbol = match name {
            Some(v) => uses::named(&String::from_utf8_lossy(&constant::string_val(v))),
            None => uses::REFLECT.to_string(),
        };
        let s = self.pl.m.sym(&symbol);
        self.fb.emit0(Op::Use(s));
    }
}
