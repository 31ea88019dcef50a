//! Types as text, as types2 prints them.

use crate::package::Package;
use crate::syn::{FileSet, Symbol};
use crate::typeparam::TypeParam;
use crate::types::{ChanDir, Interface, Signature, Tuple, Type};
use crate::universe::{BuiltinId, universe};

/// Controls how package-level names are qualified; `None`: by package path.
pub type Qualifier<'a> = Option<&'a dyn Fn(&'static Package) -> String>;

/// The text of a type.
pub fn type_string(t: Type, qf: Qualifier<'_>) -> String {
    let mut w = TypeWriter::new(qf);
    w.typ(t);
    w.buf
}

/// The text of a signature without `func`.
pub fn signature_string(s: &'static Signature, qf: Qualifier<'_>) -> String {
    let mut w = TypeWriter::new(qf);
    w.signature(s);
    w.buf
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&type_string(*self, None))
    }
}

/// `p.` for package-level names, or nothing.
pub fn package_prefix(pkg: Option<&'static Package>, qf: Qualifier<'_>) -> String {
    let Some(pkg) = pkg else { return String::new() };
    let s = match qf {
        Some(f) => f(pkg),
        None => pkg.path().to_string(),
    };
    if s.is_empty() { s } else { s + "." }
}

/// Writes types.
pub struct TypeWriter<'a> {
    pub buf: String,
    seen: Vec<Type>,
    qf: Qualifier<'a>,
    /// Write parameter names, not only types.
    pub param_names: bool,
    /// Annotate the first unexported field with its package (to tell two structs apart).
    pub pkg_info: bool,
}

impl<'a> TypeWriter<'a> {
    pub fn new(qf: Qualifier<'a>) -> TypeWriter<'a> {
        TypeWriter { buf: String::new(), seen: Vec::new(), qf, param_names: true, pkg_info: false }
    }

    fn s(&mut self, s: &str) {
        self.buf.push_str(s);
    }

    pub fn typ(&mut self, t: Type) {
        if self.seen.contains(&t) {
            let kind = match t {
                Type::Basic(_) => "Basic",
                Type::Named(_) => "Named",
                Type::Alias(_) => "Alias",
                Type::Pointer(_) => "Pointer",
                Type::Slice(_) => "Slice",
                Type::Array(_) => "Array",
                Type::Map(_) => "Map",
                Type::Chan(_) => "Chan",
                Type::Struct(_) => "Struct",
                Type::Tuple(_) => "Tuple",
                Type::Signature(_) => "Signature",
                Type::Interface(_) => "Interface",
                Type::Union(_) => "Union",
                Type::TypeParam(_) => "TypeParam",
            };
            self.s(&format!("<cycle to {kind}>"));
            return;
        }
        self.seen.push(t);
        self.typ0(t);
        self.seen.pop();
    }

    fn typ0(&mut self, t: Type) {
        match t {
            Type::Basic(b) => {
                if b.name == "Pointer" {
                    let p = package_prefix(Some(universe().unsafe_pkg), self.qf);
                    self.s(&p);
                }
                self.s(b.name);
            }
            Type::Array(a) => {
                self.s(&format!("[{}]", a.len()));
                self.opt(a.elem.get());
            }
            Type::Slice(x) => {
                self.s("[]");
                self.opt(x.elem.get());
            }
            Type::Struct(st) => {
                self.s("struct{");
                for (i, f) in st.fields().iter().enumerate() {
                    if i > 0 {
                        self.s("; ");
                    }
                    // Done first, so that the outermost of nested structs is tagged.
                    let annotate = self.qf.is_none() && self.pkg_info && !f.exported();
                    if annotate {
                        self.pkg_info = false;
                    }
                    if !f.embedded() {
                        self.s(f.name());
                        self.s(" ");
                    }
                    self.opt(f.try_type());
                    if annotate {
                        self.s(&format!(" /* package {} */ ", f.pkg().map_or("", |p| p.path())));
                    }
                    let tag = st.tag(i);
                    if !tag.is_empty() {
                        self.s(" ");
                        let q = crate::syn::constant::quote(tag);
                        self.s(&q);
                    }
                }
                self.s("}");
            }
            Type::Pointer(p) => {
                self.s("*");
                self.opt(p.elem.get());
            }
            Type::Tuple(t) => self.tuple(t, false),
            Type::Signature(sig) => {
                self.s("func");
                self.signature(sig);
            }
            Type::Union(u) => {
                for (i, t) in u.terms.iter().enumerate() {
                    if i > 0 {
                        self.s(" | ");
                    }
                    if t.tilde {
                        self.s("~");
                    }
                    self.typ(t.typ);
                }
            }
            Type::Interface(i) => self.interface(i),
            Type::Map(m) => {
                self.s("map[");
                self.opt(m.key.get());
                self.s("]");
                self.opt(m.elem.get());
            }
            Type::Chan(c) => {
                let parens = c.dir == ChanDir::SendRecv && matches!(c.elem.get(), Some(Type::Chan(e)) if e.dir == ChanDir::RecvOnly);
                self.s(match c.dir {
                    ChanDir::SendRecv => "chan ",
                    ChanDir::SendOnly => "chan<- ",
                    ChanDir::RecvOnly => "<-chan ",
                });
                if parens {
                    self.s("(");
                }
                self.opt(c.elem.get());
                if parens {
                    self.s(")");
                }
            }
            Type::Named(n) => {
                self.name(n.decl_obj().pkg(), n.decl_obj().name());
                if n.is_instance() {
                    self.list(n.type_args());
                } else if !n.type_params().is_empty() {
                    self.tparams(n.type_params());
                }
            }
            Type::TypeParam(p) => {
                self.s(p.obj.name());
                // A name that is also a predeclared one would be confusing.
                if universe().scope.lookup(p.obj.name).is_some() {
                    self.s(&format!(" /* with {} declared at {} */", p.obj.name(), FileSet::global().position_string(p.obj.pos)));
                }
            }
            Type::Alias(a) => {
                self.name(a.own_obj.pkg(), a.own_obj.name());
                if !a.type_args().is_empty() {
                    self.list(a.type_args());
                } else if !a.type_params().is_empty() {
                    self.tparams(a.type_params());
                }
            }
        }
    }

    fn opt(&mut self, t: Option<Type>) {
        match t {
            Some(t) => self.typ(t),
            None => self.s("<nil>"),
        }
    }

    fn name(&mut self, pkg: Option<&'static Package>, name: &str) {
        let p = package_prefix(pkg, self.qf);
        self.s(&p);
        self.s(name);
    }

    fn interface(&mut self, i: &'static Interface) {
        if let Type::Named(c) = universe().comparable.typ() {
            if c.underlying.get() == Some(Type::Interface(i)) {
                self.s("interface{comparable}");
                return;
            }
        }
        if i.is_implicit() {
            if let ([], [e]) = (i.explicit_methods(), i.embeddeds()) {
                self.typ(*e);
                return;
            }
            self.s("/* implicit */ ");
        }
        self.s("interface{");
        let mut first = true;
        for m in i.explicit_methods() {
            if !std::mem::take(&mut first) {
                self.s("; ");
            }
            self.s(m.name());
            self.signature(m.signature());
        }
        for e in i.embeddeds() {
            if !std::mem::take(&mut first) {
                self.s("; ");
            }
            self.typ(*e);
        }
        self.s("}");
    }

    fn list(&mut self, l: &[Type]) {
        self.s("[");
        for (i, t) in l.iter().enumerate() {
            if i > 0 {
                // As in a parameter list.
                self.s(", ");
            }
            self.typ(*t);
        }
        self.s("]");
    }

    pub fn tparams(&mut self, list: &[&'static TypeParam]) {
        self.s("[");
        let mut prev: Option<Type> = None;
        for (i, p) in list.iter().enumerate() {
            let bound = p.try_bound();
            if i > 0 {
                if bound != prev {
                    // The bound changes: write the previous one first.
                    self.s(" ");
                    self.opt(prev);
                }
                self.s(", ");
            }
            prev = bound;
            self.typ(Type::TypeParam(p));
        }
        if let Some(t) = prev {
            self.s(" ");
            self.typ(t);
        }
        self.s("]");
    }

    fn tuple(&mut self, t: &'static Tuple, variadic: bool) {
        self.s("(");
        for (i, v) in t.vars.iter().enumerate() {
            if i > 0 {
                self.s(", ");
            }
            if v.name != Symbol::EMPTY && self.param_names {
                self.s(v.name());
                self.s(" ");
            }
            match v.try_type() {
                Some(typ) if variadic && i == t.vars.len() - 1 => {
                    if let Type::Slice(sl) = typ {
                        self.s("...");
                        self.opt(sl.elem.get());
                    } else {
                        // append([]byte, s...)
                        self.typ(typ);
                        self.s("...");
                    }
                }
                t => self.opt(t),
            }
        }
        self.s(")");
    }

    pub fn signature(&mut self, sig: &'static Signature) {
        if !sig.type_params().is_empty() {
            self.tparams(sig.type_params());
        }
        self.tuple(sig.params(), sig.variadic());
        let res = sig.results();
        if res.is_empty() {
            return;
        }
        self.s(" ");
        if res.len() == 1 && res.at(0).name == Symbol::EMPTY {
            self.opt(res.at(0).try_type());
            return;
        }
        self.tuple(res, false);
    }
}

/// The name of a builtin as printed in operands.
pub fn builtin_name(id: BuiltinId) -> &'static str {
    id.name()
}
