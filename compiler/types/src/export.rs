//! Export data: a checked package as bytes, and back.
//!
//! Everything declared at package level goes in, exported or not, since bodies that importers copy may mention it; function bodies do not (see
//! `bodies.rs`). [`import`] makes all objects at once: lazy reading was not worth its locks, the whole closure of net/http takes a few milliseconds.
//!
//! Form: magic word; strings; packages (paths; 0 is the universe, 1 the package itself); imports; files (size, line directives); then the objects by
//! name, first what can be mentioned before it is complete (kind, position, type parameters), then the rest. Types are written in place; defined types and
//! aliases by name, so recursion always goes through a name. Numbers are LEB128. The bytes depend on the package only.
//!
//! A package whose data cannot be written (a local type is part of it) or read has none: the callers then go to the sources.

use crate::alias::Alias;
use crate::context::Context;
use crate::instantiate::instantiate;
use crate::named::Named;
use crate::object::{Obj, Object, ObjectKind, VarKind};
use crate::package::Package;
use crate::syn::constant::{self, BigFloat, BigInt, BigUint, Rat, Value};
use crate::syn::{FileSet, NO_POS, Pos, Symbol};
use crate::typeparam::{TypeParam, bind_tparams};
use crate::types::*;
use crate::universe::{typ, universe};
use rgo_syntax::pos::{LineBase, ReadText, SourceFile};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

mod read;
pub use read::{Imported, import};

const MAGIC: &[u8; 8] = b"rgo-e01\n";

const KIND_CONST: u64 = 0;
const KIND_VAR: u64 = 1;
const KIND_FUNC: u64 = 2;
const KIND_NAMED: u64 = 3;
const KIND_ALIAS: u64 = 4;

const T_BASIC: u64 = 0;
const T_BYTE: u64 = 1;
const T_RUNE: u64 = 2;
const T_NAMED: u64 = 3;
const T_INSTANCE: u64 = 4;
const T_ALIAS: u64 = 5;
const T_POINTER: u64 = 6;
const T_SLICE: u64 = 7;
const T_ARRAY: u64 = 8;
const T_MAP: u64 = 9;
const T_CHAN: u64 = 10;
const T_STRUCT: u64 = 11;
const T_SIGNATURE: u64 = 12;
const T_INTERFACE: u64 = 13;
const T_EMPTY_INTERFACE: u64 = 14;
const T_UNION: u64 = 15;
const T_PARAM: u64 = 16;
const T_ALIAS_INSTANCE: u64 = 17;

/// Types nested deeper than this are left to the sources.
const MAX_DEPTH: u32 = 500;

struct Writer<'a> {
    pkg: &'static Package,
    files: Vec<Arc<SourceFile>>,
    with_body: &'a dyn Fn(Obj) -> bool,
    out: Vec<u8>,
    strings: FxHashMap<Vec<u8>, u64>,
    string_list: Vec<Vec<u8>>,
    packages: FxHashMap<&'static Package, u64>,
    package_list: Vec<&'static Package>,
    tparams: FxHashMap<usize, u64>,
    depth: u32,
    failed: bool,
}

fn put(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

/// The export data of a complete package, made from `files` (in the order importers know them). `with_body`: is the body of this function needed by
/// importers?
pub fn export(pkg: &'static Package, files: Vec<Arc<SourceFile>>, with_body: &dyn Fn(Obj) -> bool) -> Option<Vec<u8>> {
    let mut w = Writer {
        pkg,
        files,
        with_body,
        out: Vec::new(),
        strings: FxHashMap::default(),
        string_list: Vec::new(),
        packages: FxHashMap::default(),
        package_list: Vec::new(),
        tparams: FxHashMap::default(),
        depth: 0,
        failed: false,
    };
    w.package(Some(pkg));
    w.text(pkg.name());
    w.text(pkg.go_version());
    let imports = pkg.imports();
    w.n(imports.len() as u64);
    for i in imports {
        w.package(Some(i));
    }
    w.n(w.files.len() as u64);
    for f in w.files.clone() {
        w.n(f.size() as u64);
        let bases = f.line_bases();
        w.n(bases.len() as u64);
        for b in bases {
            w.n(b.offset as u64);
            w.text(&b.filename);
            w.n(b.line as u64);
            w.n(b.col as u64);
        }
    }
    let objects: Vec<Obj> = pkg.scope().objects();
    w.n(objects.len() as u64);
    for o in &objects {
        w.head(o);
    }
    for o in &objects {
        w.rest(o);
    }
    if w.failed {
        return None;
    }
    let mut out = MAGIC.to_vec();
    put(&mut out, w.string_list.len() as u64);
    for s in &w.string_list {
        put(&mut out, s.len() as u64);
        out.extend_from_slice(s);
    }
    let mut paths = Vec::new();
    put(&mut paths, w.package_list.len() as u64);
    for p in &w.package_list {
        put(&mut paths, p.path().len() as u64);
        paths.extend_from_slice(p.path().as_bytes());
    }
    out.extend_from_slice(&paths);
    out.extend_from_slice(&w.out);
    Some(out)
}

impl Writer<'_> {
    fn n(&mut self, v: u64) {
        put(&mut self.out, v);
    }

    fn bytes(&mut self, s: &[u8]) {
        let i = match self.strings.get(s) {
            Some(&i) => i,
            None => {
                let i = self.string_list.len() as u64;
                self.strings.insert(s.to_vec(), i);
                self.string_list.push(s.to_vec());
                i
            }
        };
        self.n(i);
    }

    fn text(&mut self, s: &str) {
        self.bytes(s.as_bytes());
    }

    fn package(&mut self, p: Option<&'static Package>) {
        let i = match p {
            None => 0,
            Some(p) => match self.packages.get(&p) {
                Some(&i) => i,
                None => {
                    self.package_list.push(p);
                    let i = self.package_list.len() as u64;
                    self.packages.insert(p, i);
                    i
                }
            },
        };
        self.n(i);
    }

    /// Positions in other packages are left out: they serve messages about this one.
    fn pos(&mut self, p: Pos) {
        let file = self.files.iter().position(|f| p.is_valid() && f.base() <= p.0 && p.0 - f.base() <= f.size());
        match file {
            None => self.n(0),
            Some(i) => {
                self.n(i as u64 + 1);
                let o = self.files[i].offset(p);
                self.n(o as u64);
            }
        }
    }

    /// A reference to a package-level (or predeclared) type name.
    fn type_name(&mut self, o: Obj) {
        let known = match o.pkg() {
            Some(p) => p.lookup(o.name()),
            None => universe().scope.lookup(o.name),
        };
        self.failed |= known != Some(o);
        self.package(o.pkg());
        self.text(o.name());
    }

    /// What of an object can be made before anything else is known.
    fn head(&mut self, o: Obj) {
        let kind = match (&o.kind, o.try_type()) {
            (ObjectKind::Const { .. }, _) => KIND_CONST,
            (ObjectKind::Var(_), _) => KIND_VAR,
            (ObjectKind::Func(_), _) => KIND_FUNC,
            (ObjectKind::TypeName, Some(Type::Named(n))) if n.decl_obj() == o && !n.is_instance() => KIND_NAMED,
            (ObjectKind::TypeName, Some(Type::Alias(a))) if a.own_obj == o => KIND_ALIAS,
            _ => {
                self.failed = true;
                return;
            }
        };
        self.failed |= o.pkg() != Some(self.pkg);
        self.n(kind);
        self.text(o.name());
        self.pos(o.pos);
        self.n(o.order() as u64);
        match o.try_type() {
            Some(Type::Named(n)) if kind == KIND_NAMED => self.tparam_heads(n.type_params()),
            Some(Type::Alias(a)) if kind == KIND_ALIAS => self.tparam_heads(a.type_params()),
            _ => {}
        }
    }

    fn tparam_heads(&mut self, list: &'static [&'static TypeParam]) {
        self.n(list.len() as u64);
        for p in list {
            let id = self.tparams.len() as u64;
            self.tparams.insert(*p as *const TypeParam as usize, id);
            self.n(id);
            self.text(p.obj.name());
            self.pos(p.obj.pos);
        }
    }

    fn bounds(&mut self, list: &'static [&'static TypeParam]) {
        for p in list {
            self.typ(p.bound());
        }
    }

    fn rest(&mut self, o: Obj) {
        let Some(t) = o.try_type() else {
            self.failed = true;
            return;
        };
        match &o.kind {
            ObjectKind::Const { .. } => {
                self.typ(t);
                self.value(&o.const_value().unwrap_or_default());
            }
            ObjectKind::Var(_) => self.typ(t),
            ObjectKind::Func(_) => self.func(o),
            _ => match t {
                Type::Named(n) => {
                    self.bounds(n.type_params());
                    match n.rhs() {
                        Some(r) => self.typ(r),
                        None => self.failed = true,
                    }
                    let methods = n.methods();
                    self.n(methods.len() as u64);
                    for m in methods {
                        self.text(m.name());
                        self.pos(m.pos);
                        self.n(m.order() as u64);
                        self.failed |= m.pkg() != Some(self.pkg);
                        self.func(m);
                    }
                }
                Type::Alias(a) => {
                    self.bounds(a.type_params());
                    match a.rhs() {
                        Some(r) => self.typ(r),
                        None => self.failed = true,
                    }
                }
                _ => self.failed = true,
            },
        }
    }

    fn func(&mut self, f: Obj) {
        self.n((self.with_body)(f) as u64);
        let sig = f.signature();
        self.tparam_heads(sig.recv_type_params());
        self.tparam_heads(sig.type_params());
        self.bounds(sig.recv_type_params());
        self.bounds(sig.type_params());
        match sig.recv() {
            None => self.n(0),
            Some(r) => {
                self.n(1);
                self.var(r);
            }
        }
        self.params(sig);
    }

    fn var(&mut self, v: Obj) {
        self.text(v.name());
        self.pos(v.pos);
        self.package(v.pkg());
        self.typ(v.typ());
    }

    fn params(&mut self, sig: &'static Signature) {
        for t in [sig.params(), sig.results()] {
            self.n(t.len() as u64);
            for v in &t.vars {
                self.var(v);
            }
        }
        self.n(sig.variadic() as u64);
    }

    fn typ(&mut self, t: Type) {
        self.depth += 1;
        if self.depth > MAX_DEPTH || self.failed {
            self.failed = true;
        } else {
            self.typ1(t);
        }
        self.depth -= 1;
    }

    fn typ1(&mut self, t: Type) {
        match t {
            Type::Basic(b) => {
                if t == universe().byte {
                    self.n(T_BYTE);
                } else if t == universe().rune {
                    self.n(T_RUNE);
                } else {
                    self.failed |= b.kind == BasicKind::Invalid;
                    self.n(T_BASIC);
                    self.n(b.kind as u64);
                }
            }
            Type::Named(n) => {
                self.n(if n.is_instance() { T_INSTANCE } else { T_NAMED });
                self.type_name(n.obj());
                if n.is_instance() {
                    self.n(n.type_args().len() as u64);
                    for a in n.type_args() {
                        self.typ(*a);
                    }
                }
            }
            // What the instance of an alias stands for is written too: the alias may not be complete when it is read.
            Type::Alias(a) if !a.type_args().is_empty() => {
                self.n(T_ALIAS_INSTANCE);
                self.type_name(a.obj());
                self.n(a.type_args().len() as u64);
                for t in a.type_args() {
                    self.typ(*t);
                }
                match a.rhs() {
                    Some(r) => self.typ(r),
                    None => self.failed = true,
                }
            }
            Type::Alias(a) => {
                self.n(T_ALIAS);
                self.type_name(a.obj());
            }
            Type::Pointer(p) => {
                self.n(T_POINTER);
                self.typ(p.elem());
            }
            Type::Slice(s) => {
                self.n(T_SLICE);
                self.typ(s.elem());
            }
            Type::Array(a) => {
                self.failed |= a.len() < 0;
                self.n(T_ARRAY);
                self.n(a.len() as u64);
                self.typ(a.elem());
            }
            Type::Map(m) => {
                self.n(T_MAP);
                self.typ(m.key());
                self.typ(m.elem());
            }
            Type::Chan(c) => {
                self.n(T_CHAN);
                self.n(c.dir as u64);
                self.typ(c.elem());
            }
            Type::Struct(s) => {
                self.n(T_STRUCT);
                self.n(s.num_fields() as u64);
                for (i, f) in s.fields().iter().enumerate() {
                    self.var(f);
                    self.n(f.embedded() as u64);
                    self.bytes(s.tag(i));
                }
            }
            Type::Signature(s) => {
                self.failed |= !s.type_params().is_empty() || !s.recv_type_params().is_empty();
                self.n(T_SIGNATURE);
                self.params(s);
            }
            Type::Interface(i) if ptr_eq(i, Interface::empty()) => self.n(T_EMPTY_INTERFACE),
            Type::Interface(i) => {
                self.n(T_INTERFACE);
                self.n(i.is_implicit() as u64);
                self.n(i.explicit_methods().len() as u64);
                for m in i.explicit_methods() {
                    self.text(m.name());
                    self.pos(m.pos);
                    self.package(m.pkg());
                    let sig = m.signature();
                    match sig.recv().map(|r| r.typ()) {
                        None => self.n(0),
                        Some(t) if t == Type::Interface(i) => self.n(1),
                        Some(t) => {
                            self.n(2);
                            self.typ(t);
                        }
                    }
                    self.failed |= !sig.type_params().is_empty();
                    self.params(sig);
                }
                self.n(i.embeddeds().len() as u64);
                for e in i.embeddeds() {
                    self.typ(*e);
                }
            }
            Type::Union(u) => {
                self.n(T_UNION);
                self.n(u.terms.len() as u64);
                for t in &u.terms {
                    self.n(t.tilde as u64);
                    self.typ(t.typ);
                }
            }
            Type::TypeParam(p) => {
                self.n(T_PARAM);
                match self.tparams.get(&(p as *const TypeParam as usize)).copied() {
                    Some(id) => self.n(id),
                    None => self.failed = true,
                }
            }
            Type::Tuple(_) => self.failed = true,
        }
    }

    fn value(&mut self, v: &Value) {
        match v {
            Value::Unknown => self.failed = true,
            Value::Bool(b) => {
                self.n(1);
                self.n(*b as u64);
            }
            Value::String(_) => {
                self.n(2);
                self.bytes(&constant::string_val(v));
            }
            Value::Int64(i) => {
                self.n(3);
                self.n(((i << 1) ^ (i >> 63)) as u64);
            }
            Value::Int(i) => {
                self.n(4);
                self.bytes(&i.to_signed_bytes_le());
            }
            Value::Rat(r) => {
                self.n(5);
                self.bytes(&r.num().to_signed_bytes_le());
                self.bytes(&r.denom().to_bytes_le());
            }
            Value::Float(f) => match f.parts() {
                Some((neg, mant, exp)) => {
                    self.n(6);
                    self.n(neg as u64);
                    self.bytes(&mant.to_bytes_le());
                    self.n(((exp << 1) ^ (exp >> 63)) as u64);
                }
                None => self.failed = true,
            },
            Value::Complex(c) => {
                self.n(7);
                self.value(&c.0);
                self.value(&c.1);
            }
        }
    }
}

const BASIC_KINDS: [BasicKind; 26] = {
    use BasicKind::*;
    [
        Invalid, Bool, Int, Int8, Int16, Int32, Int64, Uint, Uint8, Uint16, Uint32, Uint64, Uintptr, Float32, Float64, Complex64, Complex128, String,
        UnsafePointer, UntypedBool, UntypedInt, UntypedRune, UntypedFloat, UntypedComplex, UntypedString, UntypedNil,
    ]
};
