//! Compiler directives (pragmas): their meaning as flags, linknames, embeds, and gc's checks of
//! where they may stand.
//!
//! gc reports the errors of [`check_parse`] together with syntax errors, those of [`check_decls`]
//! after type checking.

use crate::ast::*;
use crate::literal::unquote;
use crate::pos::Pos;
use crate::symbol::Symbol;
use crate::visit::{self, Visitor};
use std::ops::{BitAnd, BitOr, BitOrAssign, Not};

/// A set of pragma flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PragmaFlags(pub u32);

impl PragmaFlags {
    pub const NONE: PragmaFlags = PragmaFlags(0);
    pub const NOESCAPE: PragmaFlags = PragmaFlags(1);
    pub const NORACE: PragmaFlags = PragmaFlags(1 << 1);
    pub const NOSPLIT: PragmaFlags = PragmaFlags(1 << 2);
    pub const NOINLINE: PragmaFlags = PragmaFlags(1 << 3);
    pub const NOCHECKPTR: PragmaFlags = PragmaFlags(1 << 4);
    pub const SYSTEMSTACK: PragmaFlags = PragmaFlags(1 << 5);
    pub const NOWRITEBARRIER: PragmaFlags = PragmaFlags(1 << 6);
    pub const NOWRITEBARRIERREC: PragmaFlags = PragmaFlags(1 << 7);
    pub const YESWRITEBARRIERREC: PragmaFlags = PragmaFlags(1 << 8);
    pub const CGO_UNSAFE_ARGS: PragmaFlags = PragmaFlags(1 << 9);
    pub const UINTPTR_KEEP_ALIVE: PragmaFlags = PragmaFlags(1 << 10);
    pub const UINTPTR_ESCAPES: PragmaFlags = PragmaFlags(1 << 11);
    pub const GO_BUILD: PragmaFlags = PragmaFlags(1 << 12);
    pub const REGISTER_PARAMS: PragmaFlags = PragmaFlags(1 << 13);

    /// The flags a function declaration may have.
    pub const FUNC: PragmaFlags = PragmaFlags(!PragmaFlags::GO_BUILD.0);
    const RUNTIME: PragmaFlags = PragmaFlags(
        PragmaFlags::SYSTEMSTACK.0
            | PragmaFlags::NOWRITEBARRIER.0
            | PragmaFlags::NOWRITEBARRIERREC.0
            | PragmaFlags::YESWRITEBARRIERREC.0,
    );

    /// The flags of one directive, by its first word (`go:noinline`).
    pub fn of_verb(verb: &str) -> PragmaFlags {
        type F = PragmaFlags;
        match verb {
            "go:build" => F::GO_BUILD,
            "go:noescape" => F::NOESCAPE,
            "go:norace" => F::NORACE,
            "go:nosplit" => F::NOSPLIT | F::NOCHECKPTR,
            "go:noinline" => F::NOINLINE,
            "go:nocheckptr" => F::NOCHECKPTR,
            "go:systemstack" => F::SYSTEMSTACK,
            "go:nowritebarrier" => F::NOWRITEBARRIER,
            "go:nowritebarrierrec" => F::NOWRITEBARRIERREC | F::NOWRITEBARRIER,
            "go:yeswritebarrierrec" => F::YESWRITEBARRIERREC,
            "go:cgo_unsafe_args" => F::CGO_UNSAFE_ARGS | F::NOCHECKPTR,
            "go:uintptrkeepalive" => F::UINTPTR_KEEP_ALIVE,
            "go:uintptrescapes" => F::UINTPTR_ESCAPES | F::UINTPTR_KEEP_ALIVE,
            "go:registerparams" => F::REGISTER_PARAMS,
            _ => F::NONE,
        }
    }

    /// The flags of the directives attached to a declaration.
    pub fn of(pragmas: &[Directive]) -> PragmaFlags {
        let mut f = PragmaFlags::NONE;
        for d in pragmas.iter().filter(|d| d.own_line) {
            f |= PragmaFlags::of_verb(verb(&d.text));
        }
        f
    }

    pub fn has(self, flag: PragmaFlags) -> bool {
        self.0 & flag.0 != 0
    }
}

impl BitOr for PragmaFlags {
    type Output = PragmaFlags;
    fn bitor(self, o: PragmaFlags) -> PragmaFlags {
        PragmaFlags(self.0 | o.0)
    }
}

impl BitOrAssign for PragmaFlags {
    fn bitor_assign(&mut self, o: PragmaFlags) {
        self.0 |= o.0;
    }
}

impl BitAnd for PragmaFlags {
    type Output = PragmaFlags;
    fn bitand(self, o: PragmaFlags) -> PragmaFlags {
        PragmaFlags(self.0 & o.0)
    }
}

impl Not for PragmaFlags {
    type Output = PragmaFlags;
    fn not(self) -> PragmaFlags {
        PragmaFlags(!self.0)
    }
}

fn verb(text: &str) -> &str {
    text.split(' ').next().unwrap_or(text)
}

/// A `//go:linkname` or `//go:linknamestd` directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linkname {
    pub pos: Pos,
    /// `linknamestd`.
    pub std: bool,
    pub local: String,
    /// `None`: the local symbol itself may be referred to from elsewhere.
    pub remote: Option<String>,
}

/// The well-formed linkname directives of a file.
pub fn linknames(file: &File) -> Vec<Linkname> {
    let of = |d: &Directive| {
        if !d.own_line || !is_linkname(&d.text) {
            return None;
        }
        let f: Vec<&str> = d.text.split_whitespace().collect();
        let (&[verb, local] | &[verb, local, _]) = f.as_slice() else { return None };
        let remote = f.get(2).map(|s| s.to_string());
        Some(Linkname { pos: d.pos, std: verb == "go:linknamestd", local: local.into(), remote })
    };
    file.directives.iter().filter_map(of).collect()
}

fn is_linkname(text: &str) -> bool {
    text.starts_with("go:linkname ") || text.starts_with("go:linknamestd ")
}

fn embed_args(text: &str) -> Option<&str> {
    let args = text.strip_prefix("go:embed")?;
    (args.is_empty() || args.starts_with(' ')).then_some(args)
}

/// Splits the text behind `//go:embed` into patterns with their offsets.
pub fn parse_embed_args(args: &str) -> Result<Vec<(usize, String)>, String> {
    let invalid = |rest: &str| format!("invalid quoted string in //go:embed: {rest}");
    let mut out = Vec::new();
    let mut i = 0;
    loop {
        i += args[i..].len() - args[i..].trim_start().len();
        let rest = &args[i..];
        let (n, pattern) = match rest.as_bytes().first() {
            None => return Ok(out),
            Some(b'`') => {
                let j = rest[1..].find('`').ok_or_else(|| invalid(rest))?;
                (j + 2, rest[1..1 + j].to_string())
            }
            Some(b'"') => {
                let mut j = 1;
                let b = rest.as_bytes();
                while j < b.len() && b[j] != b'"' {
                    j += if b[j] == b'\\' { 2 } else { 1 };
                }
                let q = rest.get(..j + 1).ok_or_else(|| invalid(rest))?;
                let s = unquote(q).and_then(|s| String::from_utf8(s).ok()).ok_or_else(|| invalid(q))?;
                (j + 1, s)
            }
            Some(_) => {
                let n = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (n, rest[..n].to_string())
            }
        };
        // A quoted string must be followed by a space.
        let quoted = matches!(rest.as_bytes().first(), Some(b'"' | b'`'));
        if quoted && rest[n..].chars().next().is_some_and(|c| !c.is_whitespace()) {
            return Err(invalid(rest));
        }
        out.push((i, pattern));
        i += n;
    }
}

/// The embed directives attached to a variable declaration: position and patterns of each.
pub fn embeds(pragmas: &[Directive]) -> Vec<(Pos, Vec<String>)> {
    let of = |d: &Directive| {
        let list = parse_embed_args(embed_args(&d.text).filter(|_| d.own_line)?).ok()?;
        (!list.is_empty()).then(|| (d.pos, list.into_iter().map(|(_, p)| p).collect()))
    };
    pragmas.iter().filter_map(of).collect()
}

/// What is being compiled, as far as pragmas depend on it.
#[derive(Clone, Copy, Default, Debug)]
pub struct PragmaConfig {
    /// A package of the standard library.
    pub std: bool,
    /// The runtime or a package it depends on.
    pub runtime: bool,
    /// The file was written by cgo.
    pub cgo_generated: bool,
}

const ALLOWED_STD: &[&str] = &[
    "go:cgo_export_static",
    "go:cgo_export_dynamic",
    "go:cgo_import_static",
    "go:cgo_import_dynamic",
    "go:cgo_ldflag",
    "go:cgo_dynamic_linker",
    "go:embed",
    "go:fix",
    "go:generate",
];

/// The errors gc reports while parsing: malformed directives and directives nothing can own.
pub fn check_parse(file: &File, config: PragmaConfig) -> Vec<SyntaxError> {
    let mut out = Vec::new();
    for d in file.directives.iter().filter(|d| d.text.starts_with("go:")) {
        if let Some(msg) = check_one(d, config) {
            out.push(SyntaxError { pos: d.pos, msg });
        }
    }
    for d in &file.unused_pragmas {
        misplaced(d, PragmaFlags::NONE, false, &mut out);
    }
    out.sort_by_key(|e| e.pos);
    out
}

fn check_one(d: &Directive, config: PragmaConfig) -> Option<String> {
    let text = &*d.text;
    if !d.own_line {
        return Some("misplaced compiler directive".into());
    }
    let fields = text.split_whitespace().count();
    let v = verb(text);
    if text.starts_with("go:wasmimport ") {
        return (fields != 3).then(|| "usage: //go:wasmimport importmodule importname".into());
    }
    if text.starts_with("go:wasmexport ") {
        return (fields != 2).then(|| "usage: //go:wasmexport exportname".into());
    }
    if is_linkname(text) {
        return (!(2..=3).contains(&fields)).then(|| format!("usage: //{v} localname [linkname]"));
    }
    if let Some(args) = embed_args(text) {
        return match parse_embed_args(args) {
            Err(msg) => Some(msg),
            Ok(l) if l.is_empty() => Some("usage: //go:embed pattern...".into()),
            Ok(_) => None,
        };
    }
    if text.starts_with("go:cgo_") && v != "go:cgo_import_dynamic" && !config.cgo_generated && !config.std {
        return Some(format!("//{text} only allowed in cgo-generated code"));
    }
    let flag = PragmaFlags::of_verb(v);
    if !config.runtime && flag.has(PragmaFlags::RUNTIME) {
        return Some(format!("//{v} only allowed in runtime"));
    }
    if flag == PragmaFlags::UINTPTR_KEEP_ALIVE && !config.std {
        return Some(format!("//{v} is only allowed in the standard library"));
    }
    if flag == PragmaFlags::NONE && !ALLOWED_STD.contains(&v) && config.std {
        return Some(format!("//{v} is not allowed in the standard library"));
    }
    None
}

/// Reports a directive whose flags are not in `allowed`.
fn misplaced(d: &Directive, allowed: PragmaFlags, embed_ok: bool, out: &mut Vec<SyntaxError>) {
    if !d.own_line {
        return; // reported already
    }
    let mut err = |msg: &str| out.push(SyntaxError { pos: d.pos, msg: msg.into() });
    if let Some(args) = embed_args(&d.text) {
        if !embed_ok && parse_embed_args(args).is_ok_and(|l| !l.is_empty()) {
            err("misplaced go:embed directive");
        }
    } else if PragmaFlags::of_verb(verb(&d.text)).has(!allowed) {
        err("misplaced compiler directive");
    }
}

/// The errors gc reports after type checking: directives at declarations that do not accept them,
/// and linknames in files that do not import unsafe. (That a linkname refers to a declared object
/// is for the caller to check.)
pub fn check_decls(file: &File) -> Vec<SyntaxError> {
    let mut c = DeclChecker { out: Vec::new() };
    for d in &file.pragmas {
        misplaced(d, PragmaFlags::GO_BUILD, false, &mut c.out);
    }
    visit::walk_file(&mut c, file);
    let is_unsafe = |i: &ImportSpec| i.path.as_ref().is_some_and(|p| &*p.value == "\"unsafe\"" || &*p.value == "`unsafe`");
    if !file.imports().any(is_unsafe) {
        for l in linknames(file) {
            let verb = if l.std { "go:linknamestd" } else { "go:linkname" };
            let msg = format!("//{verb} only allowed in Go files that import \"unsafe\"");
            c.out.push(SyntaxError { pos: l.pos, msg });
        }
    }
    c.out
}

struct DeclChecker {
    out: Vec<SyntaxError>,
}

impl Visitor for DeclChecker {
    fn func_decl(&mut self, f: &FuncDecl) -> bool {
        for d in &f.pragmas {
            misplaced(d, PragmaFlags::FUNC, false, &mut self.out);
        }
        true
    }

    fn gen_decl(&mut self, g: &GenDecl) -> bool {
        for s in &g.specs {
            let (pragmas, embed_ok) = match s {
                Spec::Import(i) => (&i.pragmas, false),
                Spec::Value(v) => (&v.pragmas, g.kind == GenKind::Var),
                Spec::Type(t) => (&t.pragmas, false),
            };
            for d in pragmas {
                misplaced(d, PragmaFlags::NONE, embed_ok, &mut self.out);
            }
        }
        true
    }
}

/// Checks that the embed directives of a variable declaration apply to it; `None` if they do.
/// `imports_embed`: the file imports package embed; `local`: declared in a function.
pub fn check_embed(spec: &ValueSpec, imports_embed: bool, local: bool) -> Option<SyntaxError> {
    let pos = embeds(&spec.pragmas).first()?.0;
    let msg = if !imports_embed {
        "go:embed requires import \"embed\" (or import _ \"embed\", if package is not used)"
    } else if spec.names.len() > 1 {
        "go:embed cannot apply to multiple vars"
    } else if !spec.values.is_empty() {
        "go:embed cannot apply to var with initializer"
    } else if spec.typ.is_none() {
        "go:embed cannot apply to var without type"
    } else if local {
        "go:embed cannot apply to var inside func"
    } else {
        return None;
    };
    Some(SyntaxError { pos, msg: msg.into() })
}

/// Reports whether a file imports `path` (as an interpreted or raw string).
pub fn imports(file: &File, path: &str) -> bool {
    let lit = |i: &ImportSpec| i.path.as_ref().and_then(|p| crate::build::unquote(&p.value));
    file.imports().any(|i| lit(i).is_some_and(|p| p == path.as_bytes()))
}

/// The name a cgo `//export` directive gives a Go function, for each such directive.
pub fn exports(file: &File) -> Vec<(Pos, Symbol)> {
    let of = |d: &Directive| Some((d.pos, Symbol::intern(d.text.strip_prefix("export ")?.trim())));
    file.directives.iter().filter_map(of).collect()
}
