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

/// A package made from export data.
pub struct Imported {
    pub pkg: &'static Package,
    /// Its files, registered unread.
    pub sources: Vec<Arc<SourceFile>>,
    /// Functions and methods whose bodies importers need, with the index of their file.
    pub with_body: Vec<(Obj, usize)>,
}

struct Reader<'a> {
    d: &'a [u8],
    at: usize,
    strings: Vec<&'a [u8]>,
    symbols: Vec<Option<Symbol>>,
    packages: Vec<Option<&'static Package>>,
    pkg: &'static Package,
    sources: Vec<Arc<SourceFile>>,
    tparams: FxHashMap<u64, &'static TypeParam>,
    ifaces: Vec<&'static Interface>,
    ctxt: Arc<Context>,
    with_body: Vec<(Obj, usize)>,
    depth: u32,
}

/// Makes the package of export data. `find`: the package with a path, among all that this one depends on. `names`: of its files; `read(i)` reads
/// one. None if the data is not what [`export`] writes, or does not fit the other packages.
pub fn import(
    data: &[u8],
    path: &str,
    find: &dyn Fn(&str) -> Option<&'static Package>,
    names: &[String],
    read: &dyn Fn(usize) -> ReadText,
) -> Option<Imported> {
    let d = data.strip_prefix(MAGIC)?;
    let mut r = Reader {
        d,
        at: 0,
        strings: Vec::new(),
        symbols: Vec::new(),
        packages: vec![None],
        pkg: universe().unsafe_pkg,
        sources: Vec::new(),
        tparams: FxHashMap::default(),
        ifaces: Vec::new(),
        ctxt: Context::new(),
        with_body: Vec::new(),
        depth: 0,
    };
    for _ in 0..r.len()? {
        let n = r.len()?;
        let s = r.take(n)?;
        r.strings.push(s);
    }
    r.symbols = vec![None; r.strings.len()];
    for i in 0..r.len()? {
        let n = r.len()?;
        let p = std::str::from_utf8(r.take(n)?).ok()?;
        r.packages.push(match (i, p) {
            (0, p) if p == path => None,
            (0, _) => return None,
            (_, "unsafe") => Some(universe().unsafe_pkg),
            _ => Some(find(p)?),
        });
    }
    if r.n()? != 1 || r.packages.len() < 2 {
        return None;
    }
    r.pkg = Package::new(path, r.text()?);
    r.packages[1] = Some(r.pkg);
    let version = r.text()?;
    r.pkg.set_go_version(version);
    let mut imports = Vec::new();
    for _ in 0..r.len()? {
        imports.push(r.package()??);
    }
    r.pkg.set_imports(imports);
    let n = r.len()?;
    if n != names.len() {
        return None;
    }
    for (i, name) in names.iter().enumerate() {
        let size = u32::try_from(r.n()?).ok()?;
        let mut bases = Vec::new();
        for _ in 0..r.len()? {
            let offset = r.n()? as u32;
            bases.push(LineBase { offset, filename: r.text()?.into(), line: r.n()? as u32, col: r.n()? as u32 });
        }
        r.sources.push(FileSet::global().add_unread(name, size, bases, read(i)));
    }
    let mut objects = Vec::new();
    for _ in 0..r.len()? {
        let o = r.head()?;
        if r.pkg.scope().insert(o).is_some() {
            return None;
        }
        objects.push(o);
    }
    let mut named = Vec::new();
    for o in objects {
        r.rest(o)?;
        if let Some(t @ (Type::Named(_) | Type::Alias(_))) = o.try_type() {
            named.push(t);
        }
    }
    if r.at != r.d.len() {
        return None;
    }
    if !named.iter().all(|t| ends(*t, named.len())) {
        return None;
    }
    // Others may see the package now: nothing is left to be computed but what several threads may compute at once.
    for t in named {
        match t {
            Type::Named(n) => drop(n.underlying()),
            t => drop(t.unalias()),
        }
    }
    for i in &r.ifaces {
        i.type_set();
    }
    for p in r.tparams.values() {
        p.iface();
    }
    r.pkg.mark_complete();
    Some(Imported { pkg: r.pkg, sources: r.sources, with_body: r.with_body })
}

/// Does the chain of right-hand sides from here end? (In what [`export`] writes it does.)
fn ends(t: Type, names: usize) -> bool {
    let mut t = Some(t);
    for _ in 0..=names {
        t = match t {
            Some(Type::Alias(a)) => a.rhs(),
            Some(Type::Named(n)) if !n.is_instance() => n.rhs(),
            Some(_) => return true,
            None => return false,
        };
    }
    // Longer chains lead into other packages.
    !matches!(t, Some(Type::Alias(_) | Type::Named(_))) || names == 0
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let s = self.d.get(self.at..self.at.checked_add(n)?)?;
        self.at += n;
        Some(s)
    }

    fn n(&mut self) -> Option<u64> {
        let (mut v, mut shift) = (0u64, 0);
        loop {
            let b = *self.d.get(self.at)?;
            self.at += 1;
            if shift > 63 {
                return None;
            }
            v |= u64::from(b & 0x7f) << shift;
            if b < 0x80 {
                return Some(v);
            }
            shift += 7;
        }
    }

    /// A number of things that follow: never more than there are bytes.
    fn len(&mut self) -> Option<usize> {
        let n = self.n()?;
        (n <= (self.d.len() - self.at) as u64).then_some(n as usize)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.n()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let i = self.n()? as usize;
        self.strings.get(i).copied()
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn symbol(&mut self) -> Option<Symbol> {
        let i = self.n()? as usize;
        if let Some(s) = *self.symbols.get(i)? {
            return Some(s);
        }
        let s = Symbol::intern(std::str::from_utf8(self.strings[i]).ok()?);
        self.symbols[i] = Some(s);
        Some(s)
    }

    fn package(&mut self) -> Option<Option<&'static Package>> {
        let i = self.n()? as usize;
        self.packages.get(i).copied()
    }

    fn file_pos(&mut self) -> Option<(Pos, usize)> {
        let i = self.n()? as usize;
        if i == 0 {
            return Some((NO_POS, 0));
        }
        let o = self.n()? as usize;
        Some((self.sources.get(i - 1)?.pos(o), i - 1))
    }

    fn pos(&mut self) -> Option<Pos> {
        self.file_pos().map(|p| p.0)
    }

    fn head(&mut self) -> Option<Obj> {
        let kind = self.n()?;
        let name = self.symbol()?;
        let pos = self.pos()?;
        let order = self.n()? as u32;
        let pkg = Some(self.pkg);
        let o = match kind {
            KIND_CONST => Object::new_const(pos, pkg, name, None, None),
            KIND_VAR => Object::new_var(VarKind::Package, pos, pkg, name, None),
            KIND_FUNC => Object::new_func(pos, pkg, name, None),
            KIND_NAMED => {
                let o = Object::new_type_name(pos, pkg, name, None);
                let n = Named::new(o, None, 0);
                let list = self.tparam_heads()?;
                if !list.is_empty() {
                    n.set_type_params(list);
                }
                o
            }
            KIND_ALIAS => {
                let o = Object::new_type_name(pos, pkg, name, None);
                let a = Alias::new(o, None);
                let list = self.tparam_heads()?;
                if !list.is_empty() {
                    a.tparams.set(list);
                }
                o
            }
            _ => return None,
        };
        o.set_order(order);
        Some(o)
    }

    fn tparam_heads(&mut self) -> Option<&'static [&'static TypeParam]> {
        let mut list = Vec::new();
        for _ in 0..self.len()? {
            let id = self.n()?;
            let name = self.symbol()?;
            let pos = self.pos()?;
            let p = TypeParam::new(Object::new_type_name(pos, Some(self.pkg), name, None), None, 0);
            self.tparams.insert(id, p);
            list.push(p);
        }
        Some(bind_tparams(list))
    }

    fn bounds(&mut self, list: &'static [&'static TypeParam]) -> Option<()> {
        for p in list {
            let t = self.typ()?;
            p.set_bound(t);
        }
        Some(())
    }

    fn rest(&mut self, o: Obj) -> Option<()> {
        match &o.kind {
            ObjectKind::Const { .. } => {
                o.set_type(self.typ()?);
                o.set_const_value(self.value()?);
            }
            ObjectKind::Var(_) => o.set_type(self.typ()?),
            ObjectKind::Func(_) => {
                let file = self.sources.iter().position(|f| f.base() <= o.pos.0 && o.pos.0 - f.base() <= f.size());
                self.func(o, file)?;
            }
            _ => match o.try_type()? {
                Type::Named(n) => {
                    self.bounds(n.type_params())?;
                    n.set_rhs(self.typ()?);
                    for _ in 0..self.len()? {
                        let name = self.symbol()?;
                        let (pos, file) = self.file_pos()?;
                        let m = Object::new_func(pos, Some(self.pkg), name, None);
                        m.set_order(self.n()? as u32);
                        self.func(m, Some(file))?;
                        n.add_method(m);
                    }
                }
                Type::Alias(a) => {
                    self.bounds(a.type_params())?;
                    a.set_rhs(self.typ()?);
                }
                _ => return None,
            },
        }
        Some(())
    }

    fn func(&mut self, f: Obj, file: Option<usize>) -> Option<()> {
        if self.flag()? {
            self.with_body.push((f, file?));
        }
        let sig = Signature::incomplete();
        let rparams = self.tparam_heads()?;
        let tparams = self.tparam_heads()?;
        if !rparams.is_empty() {
            sig.rparams.set(rparams);
        }
        if !tparams.is_empty() {
            sig.tparams.set(tparams);
        }
        self.bounds(rparams)?;
        self.bounds(tparams)?;
        if self.flag()? {
            let r = self.var(VarKind::Recv)?;
            if let (Type::Pointer(_), Some(i)) = (r.typ().unalias(), f.func_info()) {
                i.has_ptr_recv.store(true, Ordering::Release);
            }
            sig.recv.set(r);
        }
        self.params(sig)?;
        f.set_type(Type::Signature(sig));
        Some(())
    }

    fn var(&mut self, kind: VarKind) -> Option<Obj> {
        let (name, pos, pkg) = (self.symbol()?, self.pos()?, self.package()?);
        let t = self.typ()?;
        Some(Object::new_var(kind, pos, pkg, name, Some(t)))
    }

    fn params(&mut self, sig: &'static Signature) -> Option<()> {
        let mut lists = [VarKind::Param, VarKind::Result].map(|k| (k, Vec::new()));
        for (kind, list) in &mut lists {
            for _ in 0..self.len()? {
                list.push(self.var(*kind)?);
            }
        }
        let variadic = self.flag()?;
        let [params, results] = lists.map(|l| Tuple::new(l.1));
        sig.set_params(params, results, variadic);
        Some(())
    }

    /// The type with a name.
    fn type_name(&mut self) -> Option<Type> {
        let pkg = self.package()?;
        let name = self.symbol()?;
        let scope = pkg.map_or(universe().scope, |p| p.scope());
        let o = scope.lookup(name).filter(|o| o.is_type_name())?;
        o.try_type()
    }

    fn typ(&mut self) -> Option<Type> {
        self.depth += 1;
        let t = if self.depth > MAX_DEPTH { None } else { self.typ1() };
        self.depth -= 1;
        t
    }

    fn typ1(&mut self) -> Option<Type> {
        Some(match self.n()? {
            T_BYTE => universe().byte,
            T_RUNE => universe().rune,
            T_BASIC => typ(*BASIC_KINDS.get(self.n()? as usize)?),
            T_NAMED => match self.type_name()? {
                t @ Type::Named(_) => t,
                _ => return None,
            },
            T_INSTANCE => {
                let orig = self.type_name()?;
                let Type::Named(n) = orig else { return None };
                let mut targs = Vec::new();
                for _ in 0..self.len()? {
                    targs.push(self.typ()?);
                }
                if targs.is_empty() || targs.len() != n.type_params().len() {
                    return None;
                }
                instantiate(&self.ctxt, orig, targs)
            }
            T_ALIAS => match self.type_name()? {
                t @ Type::Alias(_) => t,
                _ => return None,
            },
            T_ALIAS_INSTANCE => {
                let Type::Alias(orig) = self.type_name()? else { return None };
                let mut targs = Vec::new();
                for _ in 0..self.len()? {
                    targs.push(self.typ()?);
                }
                let rhs = self.typ()?;
                let o = orig.obj();
                Type::Alias(Alias::new_instance(Object::new_type_name(o.pos, o.pkg(), o.name, None), Some(orig), leak_list(targs), Some(rhs)))
            }
            T_POINTER => Type::Pointer(Pointer::new(self.typ()?)),
            T_SLICE => Type::Slice(Slice::new(self.typ()?)),
            T_ARRAY => {
                let n = i64::try_from(self.n()?).ok()?;
                Type::Array(Array::new(self.typ()?, n))
            }
            T_MAP => Type::Map(Map::new(self.typ()?, self.typ()?)),
            T_CHAN => {
                let dir = match self.n()? {
                    0 => ChanDir::SendRecv,
                    1 => ChanDir::SendOnly,
                    2 => ChanDir::RecvOnly,
                    _ => return None,
                };
                Type::Chan(Chan::new(dir, self.typ()?))
            }
            T_STRUCT => {
                let (mut fields, mut tags) = (Vec::new(), Vec::new());
                for _ in 0..self.len()? {
                    let (name, pos, pkg) = (self.symbol()?, self.pos()?, self.package()?);
                    let t = self.typ()?;
                    let embedded = self.flag()?;
                    fields.push(Object::new_field(pos, pkg, name, Some(t), embedded));
                    tags.push(self.bytes()?.to_vec());
                }
                if tags.iter().all(|t| t.is_empty()) {
                    tags.clear();
                }
                Type::Struct(Struct::new(fields, tags))
            }
            T_SIGNATURE => {
                let sig = Signature::incomplete();
                self.params(sig)?;
                Type::Signature(sig)
            }
            T_EMPTY_INTERFACE => Type::Interface(Interface::empty()),
            T_INTERFACE => {
                let i = Interface::incomplete(0);
                if self.flag()? {
                    i.mark_implicit();
                }
                let mut methods = Vec::new();
                for _ in 0..self.len()? {
                    let (name, pos, pkg) = (self.symbol()?, self.pos()?, self.package()?);
                    let sig = Signature::incomplete();
                    let recv = match self.n()? {
                        0 => None,
                        1 => Some(Type::Interface(i)),
                        2 => Some(self.typ()?),
                        _ => return None,
                    };
                    if let Some(t) = recv {
                        sig.recv.set(Object::new_var(VarKind::Recv, pos, pkg, Symbol::EMPTY, Some(t)));
                    }
                    self.params(sig)?;
                    methods.push(Object::new_func(pos, pkg, name, Some(sig)));
                }
                let mut embeddeds = Vec::new();
                for _ in 0..self.len()? {
                    embeddeds.push(self.typ()?);
                }
                i.set_contents(methods, embeddeds, Vec::new());
                self.ifaces.push(i);
                Type::Interface(i)
            }
            T_UNION => {
                let mut terms = Vec::new();
                for _ in 0..self.len()? {
                    terms.push(UnionTerm { tilde: self.flag()?, typ: self.typ()? });
                }
                Type::Union(leak(Union { terms }))
            }
            T_PARAM => {
                let id = self.n()?;
                Type::TypeParam(self.tparams.get(&id)?)
            }
            _ => return None,
        })
    }

    fn value(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let v = match self.n()? {
            1 => Value::Bool(self.flag()?),
            2 => constant::make_string(self.bytes()?),
            3 => {
                let v = self.n()?;
                Value::Int64((v >> 1) as i64 ^ -((v & 1) as i64))
            }
            4 => constant::make_int(BigInt::from_signed_bytes_le(self.bytes()?)),
            5 => {
                let num = BigInt::from_signed_bytes_le(self.bytes()?);
                let den = BigUint::from_bytes_le(self.bytes()?);
                if den == BigUint::default() {
                    return None;
                }
                Value::Rat(Arc::new(Rat::new(num, den)))
            }
            6 => {
                let neg = self.flag()?;
                let mant = BigUint::from_bytes_le(self.bytes()?);
                let e = self.n()?;
                Value::Float(Arc::new(BigFloat::from_parts(neg, mant, (e >> 1) as i64 ^ -((e & 1) as i64))?))
            }
            7 => {
                let (re, im) = (self.value()?, self.value()?);
                Value::Complex(Arc::new((re, im)))
            }
            _ => return None,
        };
        self.depth -= 1;
        Some(v)
    }
}

const BASIC_KINDS: [BasicKind; 26] = {
    use BasicKind::*;
    [
        Invalid, Bool, Int, Int8, Int16, Int32, Int64, Uint, Uint8, Uint16, Uint32, Uint64, Uintptr, Float32, Float64, Complex64, Complex128, String,
        UnsafePointer, UntypedBool, UntypedInt, UntypedRune, UntypedFloat, UntypedComplex, UntypedString, UntypedNil,
    ]
};
