//! Names: symbols of functions and types, link strings (unique over the program) and reflect's strings.

use rgo_syntax::pos::FileSet;
use rgo_types::{BasicKind, ChanDir, Named, Obj, Signature, Type};

use crate::package::PackageLowering;

/// Escapes an import path for symbols as gc does: control characters, `%`, `"`, bytes above 0x7e, and dots behind the last slash.
pub fn path_to_prefix(path: &str) -> String {
    let slash = path.rfind('/').map_or(0, |i| i + 1);
    let mut out = String::with_capacity(path.len());
    for (i, c) in path.bytes().enumerate() {
        if c <= b' ' || (c == b'.' && i >= slash) || c == b'%' || c == b'"' || c >= 0x7f {
            out.push_str(&format!("%{c:02x}"));
        } else {
            out.push(c as char);
        }
    }
    out
}

/// Which text a type is printed as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Unique: package paths everywhere.
    Link,
    /// What reflect's `String` shows: package names.
    Reflect,
}

impl PackageLowering<'_> {
    /// A string that is equal for identical types only.
    pub fn link_string(&mut self, t: Type) -> String {
        if let Some(s) = self.link_strings.get(&t) {
            return s.clone();
        }
        let mut s = String::new();
        write_type(&mut s, t, Mode::Link);
        self.link_strings.insert(t, s.clone());
        s
    }

    /// reflect's string.
    pub fn reflect_string(&mut self, t: Type) -> String {
        let mut s = String::new();
        write_type(&mut s, t, Mode::Reflect);
        s
    }

    /// `[A,B]`, or nothing.
    pub fn targs_string(&mut self, targs: &[Type]) -> String {
        targs_text(targs)
    }

    /// The symbol of a declared function or method; `targs`: the receiver's type arguments, then its own.
    pub fn func_symbol_name(&mut self, f: Obj, targs: &[Type]) -> String {
        let f = f.origin();
        let pkg = f.pkg().unwrap_or_else(|| panic!("internal compiler error: function {} without package", f.name()));
        let sig = f.signature();
        if let Some(recv) = sig.recv() {
            let (base, ptr) = receiver_base(recv.typ());
            let n = base.type_params().len();
            let tn = qualified(base.obj(), Mode::Link);
            let ra = targs_text(&targs[..n.min(targs.len())]);
            let ma = targs_text(&targs[n.min(targs.len())..]);
            return method_symbol(&format!("{tn}{ra}"), ptr, f.name(), &ma);
        }
        // A push or pull by linkname decides the symbol of functions (never of instances).
        if targs.is_empty()
            && let Some(pd) = self.prog.get(pkg)
            && let Some(t) = pd.linknames.target(f.name())
        {
            return t.to_string();
        }
        let plain = format!("{}.{}{}", path_to_prefix(pkg.path()), f.name(), targs_text(targs));
        match self.prog.rules.aliases.get(&plain) {
            Some(t) => t.clone(),
            None => plain,
        }
    }

    /// The name traces show for a function symbol: type arguments become `...`.
    pub fn display_name(sym: &str) -> Option<String> {
        let open = sym.find('[')?;
        let mut depth = 0;
        let mut out = String::from(&sym[..open]);
        for c in sym[open..].chars() {
            match c {
                '[' => {
                    if depth == 0 {
                        out.push_str("[...");
                    }
                    depth += 1;
                }
                ']' => {
                    depth -= 1;
                    if depth == 0 {
                        out.push(']');
                    }
                }
                c if depth == 0 => out.push(c),
                _ => {}
            }
        }
        Some(out)
    }

    /// The symbol of a method wrapper or method of any type that has methods (`recv` may be unnamed).
    pub fn method_wrapper_symbol(&mut self, recv: Type, m: Obj) -> String {
        // An unexported method of another package than the type's is not the type's own method of that name.
        let home = match recv.unalias() {
            Type::Pointer(p) => p.elem().as_named(),
            t => t.as_named(),
        };
        let name = match m.pkg() {
            Some(p) if !m.exported() && home.and_then(|n| n.obj().pkg()) != Some(p) => format!("{}.{}", path_to_prefix(p.path()), m.name()),
            _ => m.name().to_string(),
        };
        match recv.unalias() {
            Type::Pointer(p) => {
                let b = self.link_string(p.elem());
                method_symbol(&b, true, &name, "")
            }
            t => {
                let b = self.link_string(t);
                method_symbol(&b, false, &name, "")
            }
        }
    }

    pub fn global_symbol_name(&mut self, v: Obj) -> String {
        let pkg = v.pkg().unwrap_or_else(|| panic!("internal compiler error: variable {} without package", v.name()));
        if let Some(pd) = self.prog.get(pkg)
            && let Some(t) = pd.linknames.target(v.name())
        {
            return t.to_string();
        }
        format!("{}.{}", path_to_prefix(pkg.path()), v.name())
    }
}

/// The defined type behind a receiver type, and whether it is a pointer to it.
pub fn receiver_base(t: Type) -> (&'static Named, bool) {
    match t.unalias() {
        Type::Pointer(p) => match p.elem().unalias() {
            Type::Named(n) => (n, true),
            _ => panic!("internal compiler error: receiver type is not a defined type"),
        },
        Type::Named(n) => (n, false),
        _ => panic!("internal compiler error: receiver type is not a defined type"),
    }
}

fn method_symbol(base: &str, ptr: bool, name: &str, targs: &str) -> String {
    if !ptr {
        return format!("{base}.{name}{targs}");
    }
    // pkg/path.(*T).M: the package path stays outside of the parentheses when the base is a simple qualified name.
    match split_qualifier(base) {
        Some((q, n)) => format!("{q}.(*{n}).{name}{targs}"),
        None => format!("(*{base}).{name}{targs}"),
    }
}

/// Splits `path.Name[...]` into path and name; None for unnamed types.
fn split_qualifier(s: &str) -> Option<(&str, &str)> {
    let head = s.split('[').next().unwrap_or(s);
    if head.is_empty() || head.contains([' ', '(', '{', '*']) {
        return None;
    }
    let slash = head.rfind('/').map_or(0, |i| i + 1);
    let dot = head[slash..].find('.')? + slash;
    Some((&s[..dot], &s[dot + 1..]))
}

fn targs_text(targs: &[Type]) -> String {
    if targs.is_empty() {
        return String::new();
    }
    let mut s = String::from("[");
    for (i, t) in targs.iter().enumerate() {
        if i > 0 {
            s.push(',');
        }
        write_type(&mut s, *t, Mode::Link);
    }
    s.push(']');
    s
}

/// Is the type declared inside a function?
pub fn is_local_type(obj: Obj) -> bool {
    match (obj.parent(), obj.pkg()) {
        (Some(p), Some(pkg)) => p != pkg.scope(),
        _ => false,
    }
}

fn qualified(obj: Obj, mode: Mode) -> String {
    let Some(pkg) = obj.pkg() else { return obj.name().to_string() };
    match mode {
        Mode::Reflect => format!("{}.{}", pkg.name(), obj.name()),
        Mode::Link => {
            let mut s = format!("{}.{}", path_to_prefix(pkg.path()), obj.name());
            if is_local_type(obj) {
                // Position in the source: the same in every process.
                let p = FileSet::global().raw_position(obj.pos);
                let file = p.filename.rsplit('/').next().unwrap_or("").to_string();
                s.push_str(&format!("·{}:{}:{}", file, p.line, p.col));
            }
            s
        }
    }
}

fn field_name(out: &mut String, f: Obj, mode: Mode, method: bool) {
    if !f.exported()
        && let Some(p) = f.pkg()
    {
        match mode {
            Mode::Link => {
                out.push_str(&path_to_prefix(p.path()));
                out.push('.');
            }
            Mode::Reflect if method => {
                out.push_str(p.name());
                out.push('.');
            }
            Mode::Reflect => {}
        }
    }
    out.push_str(f.name());
}

fn write_type(out: &mut String, t: Type, mode: Mode) {
    match t {
        Type::Basic(b) => out.push_str(match b.kind {
            BasicKind::Uint8 => "uint8",
            BasicKind::Int32 => "int32",
            BasicKind::UnsafePointer => "unsafe.Pointer",
            BasicKind::UntypedBool => "bool",
            BasicKind::UntypedInt => "int",
            BasicKind::UntypedRune => "int32",
            BasicKind::UntypedFloat => "float64",
            BasicKind::UntypedComplex => "complex128",
            BasicKind::UntypedString => "string",
            BasicKind::UntypedNil => "unsafe.Pointer",
            _ => b.name,
        }),
        Type::Alias(a) => write_type(out, a.unalias(), mode),
        Type::Named(n) => {
            out.push_str(&qualified(n.obj(), mode));
            if let Some(extra) = crate::env::local_instance_key(n) {
                // A local type of a generic function: one type per instance of the function.
                out.push_str(&extra);
            }
            out.push_str(&targs_text(n.type_args()));
        }
        Type::Pointer(p) => {
            out.push('*');
            write_type(out, p.elem(), mode);
        }
        Type::Slice(s) => {
            out.push_str("[]");
            write_type(out, s.elem(), mode);
        }
        Type::Array(a) => {
            out.push_str(&format!("[{}]", a.len()));
            write_type(out, a.elem(), mode);
        }
        Type::Map(m) => {
            out.push_str("map[");
            write_type(out, m.key(), mode);
            out.push(']');
            write_type(out, m.elem(), mode);
        }
        Type::Chan(c) => {
            match c.dir {
                ChanDir::SendRecv => {
                    out.push_str("chan ");
                    if let Some(e) = c.elem().as_chan()
                        && e.dir == ChanDir::RecvOnly
                    {
                        out.push('(');
                        write_type(out, c.elem(), mode);
                        out.push(')');
                        return;
                    }
                }
                ChanDir::SendOnly => out.push_str("chan<- "),
                ChanDir::RecvOnly => out.push_str("<-chan "),
            }
            write_type(out, c.elem(), mode);
        }
        Type::Signature(s) => {
            out.push_str("func");
            write_sig(out, s, mode);
        }
        Type::Struct(s) => {
            if s.num_fields() == 0 {
                out.push_str("struct {}");
                return;
            }
            out.push_str("struct {");
            for i in 0..s.num_fields() {
                out.push_str(if i > 0 { "; " } else { " " });
                let f = s.field(i);
                if !f.embedded() {
                    field_name(out, f, mode, false);
                    out.push(' ');
                } else if mode == Mode::Link {
                    // Embedding through an alias is not the same as a field of that name.
                    out.push('?');
                    field_name(out, f, mode, false);
                    out.push(' ');
                }
                write_type(out, f.typ(), mode);
                if !s.tag(i).is_empty() {
                    out.push(' ');
                    out.push_str(&go_quote(s.tag(i)));
                }
            }
            out.push_str(" }");
        }
        Type::Interface(i) => {
            let ms = iface_methods(i);
            if ms.is_empty() {
                out.push_str("interface {}");
                return;
            }
            out.push_str("interface {");
            for (k, m) in ms.iter().enumerate() {
                out.push_str(if k > 0 { "; " } else { " " });
                field_name(out, m, mode, true);
                write_sig(out, m.signature(), mode);
            }
            out.push_str(" }");
        }
        Type::Tuple(tp) => {
            out.push('(');
            for (i, t) in tp.types().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_type(out, t, mode);
            }
            out.push(')');
        }
        // Types of generic code appear only in keys of caches.
        Type::TypeParam(p) => out.push_str(&format!("${}#{}", p.obj.name(), p.id)),
        Type::Union(u) => {
            for (i, t) in u.terms.iter().enumerate() {
                if i > 0 {
                    out.push_str(" | ");
                }
                if t.tilde {
                    out.push('~');
                }
                write_type(out, t.typ, mode);
            }
        }
    }
}

fn write_sig(out: &mut String, s: &'static Signature, mode: Mode) {
    out.push('(');
    let n = s.params().len();
    for (i, t) in s.params().types().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if s.variadic() && i + 1 == n {
            out.push_str("...");
            if let Type::Slice(e) = t.underlying() {
                write_type(out, e.elem(), mode);
                continue;
            }
        }
        write_type(out, t, mode);
    }
    out.push(')');
    let r = s.results();
    match r.len() {
        0 => {}
        1 => {
            out.push(' ');
            write_type(out, r.at(0).typ(), mode);
        }
        _ => {
            out.push_str(" (");
            for (i, t) in r.types().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_type(out, t, mode);
            }
            out.push(')');
        }
    }
}

/// A Go double-quoted string literal of `s` (as strconv.Quote for valid UTF-8).
pub fn go_quote(s: &[u8]) -> String {
    let mut out = String::from("\"");
    let Ok(s) = std::str::from_utf8(s) else {
        for b in s {
            out.push_str(&format!("\\x{b:02x}"));
        }
        out.push('"');
        return out;
    };
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// All methods of an interface in the order of descriptors and itabs.
pub fn iface_methods(i: &'static rgo_types::Interface) -> Vec<Obj> {
    let mut v: Vec<Obj> = i.all_methods().to_vec();
    v.sort_by(|a, b| a.cmp_id(b));
    v
}
