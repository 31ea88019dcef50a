//! Export data in gc's "unified" format: what `go/importer` and x/tools' `gcexportdata` read.
//!
//! Purpose: programs written in Go that load types (`vet`, `fix`, everything on x/tools' `go/packages`) find the types of
//! imports in files that `go list -export` and vet's configuration name. rgo itself never reads them.
//!
//! Input: a checked package. Output: an archive with the member `__.PKGDEF`, self-contained: every declared type that is
//! reachable from an exported object is in it, with all methods, whatever package declares it.
//!
//! The format (internal/pkgbits): ten sections of elements; an element is a table of the elements it refers to, then
//! data in varints. The sections of names, objects, extensions and dictionaries run in parallel. A type that mentions
//! type parameters of the object being described is *derived*: it is numbered in the object's dictionary.
//! Version 2 is written, which all supported readers know; version 5 where methods have type parameters.
//!
//! Start at [`export`].

use rgo_constant::Value;
use rgo_syntax::pos::{FileSet, Pos};
use rgo_types::object::{Obj, ObjectKind};
use rgo_types::types::{BasicKind, Interface, Signature, Tuple, Type};
use rgo_types::typeparam::TypeParam;
use rgo_types::{Package, universe::universe};
use std::collections::HashMap;

const SECTION_STRING: usize = 0;
const SECTION_META: usize = 1;
const SECTION_POS_BASE: usize = 2;
const SECTION_PKG: usize = 3;
const SECTION_NAME: usize = 4;
const SECTION_TYPE: usize = 5;
const SECTION_OBJ: usize = 6;
const SECTION_OBJ_EXT: usize = 7;
const SECTION_OBJ_DICT: usize = 8;
const SECTIONS: usize = 10;

/// Codes of objects.
mod obj_code {
    pub const ALIAS: u64 = 0;
    pub const CONST: u64 = 1;
    pub const TYPE: u64 = 2;
    pub const FUNC: u64 = 3;
    pub const VAR: u64 = 4;
    pub const STUB: u64 = 5;
}

/// The archive for a package.
pub fn export(pkg: &'static Package, build_id: &str, goos: &str, goarch: &str) -> Vec<u8> {
    let data = match Writer::write(pkg, 2) {
        Some(d) => d,
        None => Writer::write(pkg, 5).unwrap_or_default(),
    };
    let mut body = format!("go object {goos} {goarch} {} GOAMD64=v1 X:none\nbuild id \"{build_id}\"\n\n$$B\nu", crate::goenv::GO_VERSION).into_bytes();
    body.extend(data);
    body.extend(b"\n$$\n");
    let mut out = b"!<arch>\n".to_vec();
    out.extend(format!("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", "__.PKGDEF", 0, 0, 0, "644", body.len()).into_bytes());
    if body.len() % 2 != 0 {
        body.push(b'\n');
    }
    out.extend(body);
    out
}

/// An element being written.
#[derive(Default)]
struct Elem {
    refs: Vec<(usize, u32)>,
    index: HashMap<(usize, u32), u64>,
    data: Vec<u8>,
    derived: bool,
}

fn put_uvarint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

impl Elem {
    fn uint(&mut self, v: u64) {
        put_uvarint(&mut self.data, v);
    }

    fn len(&mut self, v: usize) {
        self.uint(v as u64);
    }

    fn int(&mut self, v: i64) {
        let u = (v as u64) << 1;
        self.uint(if v < 0 { !u } else { u });
    }

    fn bool(&mut self, b: bool) {
        self.data.push(b as u8);
    }

    fn reference(&mut self, section: usize, i: u32) {
        let next = self.refs.len() as u64;
        let n = *self.index.entry((section, i)).or_insert(next);
        if n == next {
            self.refs.push((section, i));
        }
        self.uint(n);
    }

    /// References first, then the data.
    fn bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.data.len() + 4 * self.refs.len() + 1);
        put_uvarint(&mut out, self.refs.len() as u64);
        for (s, i) in self.refs {
            put_uvarint(&mut out, s as u64);
            put_uvarint(&mut out, i as u64);
        }
        out.extend(self.data);
        out
    }
}

/// The type parameters an element may mention, and the derived types found.
#[derive(Default)]
struct Dict {
    /// Receiver type parameters of a generic method.
    receivers: &'static [&'static TypeParam],
    derived: Vec<u32>,
    index: HashMap<usize, u32>,
}

/// What is left to be described.
enum Item {
    Object(Obj),
    /// A method with type parameters of its own, and its place among the methods.
    Method(Obj, usize),
}

struct Writer {
    version: u32,
    own: &'static Package,
    elems: [Vec<Vec<u8>>; SECTIONS],
    strings: HashMap<Vec<u8>, u32>,
    pos_bases: HashMap<String, u32>,
    pkgs: HashMap<String, u32>,
    types: HashMap<usize, u32>,
    objs: HashMap<usize, u32>,
    queue: Vec<(u32, Item)>,
    /// A method has type parameters: version 2 has no place for it.
    generic_methods: bool,
}

fn addr<T>(p: &T) -> usize {
    p as *const T as usize
}

impl Writer {
    /// None if the version cannot express the package.
    fn write(pkg: &'static Package, version: u32) -> Option<Vec<u8>> {
        let mut w = Writer {
            version,
            own: pkg,
            elems: Default::default(),
            strings: HashMap::new(),
            pos_bases: HashMap::new(),
            pkgs: HashMap::new(),
            types: HashMap::new(),
            objs: HashMap::new(),
            queue: Vec::new(),
            generic_methods: false,
        };
        w.elems[SECTION_META].push(Vec::new());
        let mut root = Elem::default();
        w.pkg(&mut root, Some(pkg));
        let mut objects: Vec<Obj> = pkg.scope().objects().into_iter().filter(|o| o.exported() && !o.is_pkg_name()).collect();
        objects.sort_by_key(|o| o.name());
        root.len(objects.len());
        for o in objects {
            let i = w.object(o);
            root.reference(SECTION_OBJ, i);
            root.len(0);
        }
        while let Some((i, item)) = w.queue.pop() {
            match item {
                Item::Object(o) => w.describe(i, o),
                Item::Method(m, at) => w.describe_method(i, m, at),
            }
            if w.generic_methods && version < 5 {
                return None;
            }
        }
        w.elems[SECTION_META][0] = root.bytes();
        Some(w.finish())
    }

    fn finish(self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.version.to_le_bytes());
        out.extend(0u32.to_le_bytes());
        let mut sum = 0u32;
        for s in &self.elems {
            sum += s.len() as u32;
            out.extend(sum.to_le_bytes());
        }
        let mut end = 0u32;
        for e in self.elems.iter().flatten() {
            end += e.len() as u32;
            out.extend(end.to_le_bytes());
        }
        for e in self.elems.iter().flatten() {
            out.extend(e);
        }
        // Readers only compare the fingerprint.
        let hash = blake3::hash(&out);
        out.extend(&hash.as_bytes()[..8]);
        out
    }

    fn add(&mut self, section: usize, e: Elem) -> u32 {
        self.elems[section].push(e.bytes());
        self.elems[section].len() as u32 - 1
    }

    fn string(&mut self, e: &mut Elem, s: &[u8]) {
        let i = match self.strings.get(s) {
            Some(&i) => i,
            None => {
                let i = self.elems[SECTION_STRING].len() as u32;
                self.elems[SECTION_STRING].push(s.to_vec());
                self.strings.insert(s.to_vec(), i);
                i
            }
        };
        e.reference(SECTION_STRING, i);
    }

    fn pos(&mut self, e: &mut Elem, pos: Pos) {
        let p = FileSet::global().position(pos);
        if p.line == 0 {
            e.bool(false);
            return;
        }
        e.bool(true);
        let name = p.filename.to_string();
        let base = match self.pos_bases.get(&name) {
            Some(&b) => b,
            None => {
                let mut b = Elem::default();
                self.string(&mut b, name.as_bytes());
                b.bool(true);
                let i = self.add(SECTION_POS_BASE, b);
                self.pos_bases.insert(name, i);
                i
            }
        };
        e.reference(SECTION_POS_BASE, base);
        e.uint(p.line as u64);
        e.uint(p.col as u64);
    }

    fn pkg(&mut self, e: &mut Elem, pkg: Option<&'static Package>) {
        let path = match pkg {
            None => "builtin",
            Some(p) if std::ptr::eq(p, self.own) => "",
            Some(p) => p.path(),
        };
        let i = match self.pkgs.get(path) {
            Some(&i) => i,
            None => {
                let mut p = Elem::default();
                self.string(&mut p, path.as_bytes());
                if let Some(pkg) = pkg {
                    self.string(&mut p, pkg.name().as_bytes());
                }
                let i = self.add(SECTION_PKG, p);
                self.pkgs.insert(path.to_string(), i);
                i
            }
        };
        e.reference(SECTION_PKG, i);
    }

    fn ident(&mut self, e: &mut Elem, o: Obj) {
        self.pkg(e, o.pkg());
        self.string(e, o.name().as_bytes());
    }

    /// Makes room for an object in the parallel sections.
    fn reserve(&mut self, key: usize, name: Elem) -> u32 {
        let i = self.add(SECTION_NAME, name);
        for s in [SECTION_OBJ, SECTION_OBJ_EXT, SECTION_OBJ_DICT] {
            // An element without references and data.
            self.elems[s].push(vec![0]);
        }
        self.objs.insert(key, i);
        i
    }

    /// The index of an object; its description is put off.
    fn object(&mut self, o: Obj) -> u32 {
        if let Some(&i) = self.objs.get(&addr(o)) {
            return i;
        }
        let mut name = Elem::default();
        self.ident(&mut name, o);
        let stub = o.pkg().is_none() || o.pkg().is_some_and(|p| p.path() == "unsafe");
        name.uint(match &o.kind {
            _ if stub => obj_code::STUB,
            ObjectKind::TypeName { .. } if o.is_alias() => obj_code::ALIAS,
            ObjectKind::TypeName { .. } => obj_code::TYPE,
            ObjectKind::Const { .. } => obj_code::CONST,
            ObjectKind::Func(_) => obj_code::FUNC,
            _ => obj_code::VAR,
        });
        let i = self.reserve(addr(o), name);
        if !stub {
            self.queue.push((i, Item::Object(o)));
        }
        i
    }

    /// Writes the dictionary of an object that has been described.
    fn dict(&mut self, i: u32, bounds: &[&'static TypeParam], mut dict: Dict) {
        let mut e = Elem::default();
        // Implicit type parameters: only local types have them.
        e.len(0);
        if self.version >= 5 {
            e.len(dict.receivers.len());
        }
        e.len(bounds.len());
        for t in dict.receivers.iter().chain(bounds) {
            let info = self.type_info(t.bound(), &mut dict);
            put_info(&mut e, info);
        }
        e.len(dict.derived.len());
        for t in &dict.derived {
            e.reference(SECTION_TYPE, *t);
        }
        self.elems[SECTION_OBJ_DICT][i as usize] = e.bytes();
    }

    fn describe(&mut self, i: u32, o: Obj) {
        let mut e = Elem::default();
        let mut d = Dict::default();
        let mut bounds: &'static [&'static TypeParam] = &[];
        self.pos(&mut e, o.pos);
        match &o.kind {
            ObjectKind::TypeName { .. } => match o.typ() {
                Type::Alias(a) if o.is_alias() => {
                    bounds = a.type_params();
                    self.param_names(&mut e, bounds);
                    self.typ(&mut e, a.rhs().unwrap_or(rgo_types::universe::invalid()), &mut d);
                }
                t if o.is_alias() => {
                    self.param_names(&mut e, &[]);
                    self.typ(&mut e, t, &mut d);
                }
                Type::Named(n) => {
                    bounds = n.type_params();
                    self.param_names(&mut e, bounds);
                    self.typ(&mut e, n.underlying(), &mut d);
                    self.methods(&mut e, &n.methods(), &mut d);
                }
                t => panic!("internal compiler error: export data: declared type {t:?}"),
            },
            ObjectKind::Const { .. } => {
                self.typ(&mut e, o.typ(), &mut d);
                let float = matches!(o.typ().underlying(), Type::Basic(b) if matches!(b.kind, BasicKind::Float32 | BasicKind::Float64 | BasicKind::UntypedFloat));
                let v = o.const_value().unwrap_or_default();
                self.value(&mut e, &if float { rgo_constant::to_float(&v) } else { v }, float);
            }
            ObjectKind::Func(_) => {
                let sig = o.signature();
                if self.version >= 5 {
                    e.bool(false);
                }
                bounds = sig.type_params();
                self.param_names(&mut e, bounds);
                self.signature(&mut e, sig, &mut d);
            }
            _ => self.typ(&mut e, o.typ(), &mut d),
        }
        self.dict(i, bounds, d);
        self.elems[SECTION_OBJ][i as usize] = e.bytes();
    }

    fn methods(&mut self, e: &mut Elem, list: &[Obj], d: &mut Dict) {
        let generic = |m: &Obj| !m.signature().type_params().is_empty();
        self.generic_methods |= list.iter().any(|m| generic(m));
        e.len(list.iter().filter(|m| !generic(m)).count());
        for (at, m) in list.iter().enumerate().filter(|(_, m)| !generic(m)) {
            if self.version >= 5 {
                e.len(at);
            }
            let sig = m.signature();
            self.pos(e, m.pos);
            self.ident(e, m);
            self.param_names(e, sig.recv_type_params());
            self.receiver(e, sig, d);
            self.signature(e, sig, d);
            self.pos(e, m.pos);
        }
        if self.version < 5 {
            return;
        }
        e.len(list.iter().filter(|m| generic(m)).count());
        for (at, m) in list.iter().enumerate().filter(|(_, m)| generic(m)) {
            let mut name = Elem::default();
            self.pkg(&mut name, m.pkg());
            // With a dot in it readers do not take it for an object of the package.
            let n = self.elems[SECTION_NAME].len();
            self.string(&mut name, format!("{n}.{}", m.name()).as_bytes());
            name.uint(obj_code::FUNC);
            let i = self.reserve(addr(*m), name);
            self.queue.push((i, Item::Method(m, at)));
            e.reference(SECTION_OBJ, i);
        }
    }

    fn describe_method(&mut self, i: u32, m: Obj, at: usize) {
        let sig = m.signature();
        let mut e = Elem::default();
        let mut d = Dict { receivers: sig.recv_type_params(), ..Dict::default() };
        self.pos(&mut e, m.pos);
        e.bool(true);
        self.ident(&mut e, m);
        self.param_names(&mut e, sig.recv_type_params());
        self.receiver(&mut e, sig, &mut d);
        e.len(at);
        self.param_names(&mut e, sig.type_params());
        self.signature(&mut e, sig, &mut d);
        self.dict(i, sig.type_params(), d);
        self.elems[SECTION_OBJ][i as usize] = e.bytes();
    }

    fn receiver(&mut self, e: &mut Elem, sig: &'static Signature, d: &mut Dict) {
        match sig.recv() {
            Some(r) => self.param(e, r, d),
            None => panic!("internal compiler error: export data: method without receiver"),
        }
    }

    fn param_names(&mut self, e: &mut Elem, list: &[&'static TypeParam]) {
        for t in list {
            self.pos(e, t.obj.pos);
            self.ident(e, t.obj);
        }
    }

    fn param(&mut self, e: &mut Elem, p: Obj, d: &mut Dict) {
        self.pos(e, p.pos);
        self.ident(e, p);
        self.typ(e, p.typ(), d);
    }

    fn params(&mut self, e: &mut Elem, t: &'static Tuple, d: &mut Dict) {
        e.len(t.len());
        for i in 0..t.len() {
            self.param(e, t.at(i), d);
        }
    }

    fn signature(&mut self, e: &mut Elem, s: &'static Signature, d: &mut Dict) {
        self.params(e, s.params(), d);
        self.params(e, s.results(), d);
        e.bool(s.variadic());
    }

    fn value(&mut self, e: &mut Elem, v: &Value, float: bool) {
        if let Value::Complex(c) = v {
            e.bool(true);
            self.scalar(e, &c.0, false);
            self.scalar(e, &c.1, false);
        } else {
            e.bool(false);
            self.scalar(e, v, float);
        }
    }

    fn scalar(&mut self, e: &mut Elem, v: &Value, float: bool) {
        match v {
            Value::Bool(b) => {
                e.uint(0);
                e.bool(*b);
            }
            Value::String(_) => {
                e.uint(1);
                self.string(e, &rgo_constant::string_val(v));
            }
            Value::Int64(i) if float => {
                e.uint(4);
                self.string(e, &i.unsigned_abs().to_be_bytes().into_iter().skip_while(|b| *b == 0).collect::<Vec<u8>>());
                e.bool(*i < 0);
                self.string(e, &[1]);
                e.bool(false);
            }
            Value::Int64(i) => {
                e.uint(2);
                e.int(*i);
            }
            Value::Int(b) => {
                e.uint(3);
                let (neg, mag) = (rgo_constant::sign(v) < 0, b.magnitude().to_bytes_be());
                self.string(e, &mag);
                e.bool(neg);
            }
            Value::Rat(r) => {
                e.uint(4);
                let mut int = |w: &mut Writer, mag: Vec<u8>, neg: bool| {
                    w.string(e, if mag == [0] { &[] } else { &mag });
                    e.bool(neg);
                };
                int(self, r.num().magnitude().to_bytes_be(), rgo_constant::sign(v) < 0);
                int(self, r.denom().to_bytes_be(), false);
            }
            Value::Float(f) => {
                e.uint(5);
                let r = f.to_rat();
                // The denominator is a power of two.
                let text = format!("{}0x{:x}p-{}", if f.sign() < 0 { "-" } else { "" }, r.num().magnitude(), r.denom().bits() - 1);
                self.string(e, text.as_bytes());
            }
            Value::Unknown | Value::Complex(_) => {
                e.uint(2);
                e.int(0);
            }
        }
    }

    fn typ(&mut self, e: &mut Elem, t: Type, d: &mut Dict) {
        let info = self.type_info(t, d);
        put_info(e, info);
    }

    /// Whether a declared name is to be had in its package's scope.
    fn is_global(o: Obj) -> bool {
        match o.pkg() {
            None => true,
            Some(p) => p.lookup(o.name()).is_some_and(|x| std::ptr::eq(x, o)) || p.path() == "unsafe",
        }
    }

    fn type_info(&mut self, t: Type, d: &mut Dict) -> (u32, bool) {
        let mut t = t;
        // Local names mean nothing to others.
        loop {
            t = match t {
                Type::Alias(a) if !Writer::is_global(a.origin().obj()) => a.rhs().unwrap_or_else(|| t.unalias()),
                Type::Named(n) if n.type_args().is_empty() && !Writer::is_global(n.obj()) => n.underlying(),
                _ => break,
            };
        }
        if let Some(&i) = self.types.get(&t.addr()) {
            return (i, false);
        }
        if let Some(&i) = d.index.get(&t.addr()) {
            return (i, true);
        }
        let mut e = Elem::default();
        self.type_elem(&mut e, t, d);
        // A type that contains itself (by way of local names) may have been numbered meanwhile: two copies do no harm.
        let derived = e.derived;
        let i = self.add(SECTION_TYPE, e);
        if !derived {
            self.types.insert(t.addr(), i);
            return (i, false);
        }
        let n = d.derived.len() as u32;
        d.derived.push(i);
        d.index.insert(t.addr(), n);
        (n, true)
    }

    fn named(&mut self, e: &mut Elem, o: Obj, targs: &[Type], d: &mut Dict) {
        e.uint(1);
        let i = self.object(o);
        e.reference(SECTION_OBJ, i);
        e.len(targs.len());
        for t in targs {
            self.typ(e, *t, d);
        }
    }

    fn type_elem(&mut self, e: &mut Elem, t: Type, d: &mut Dict) {
        match t {
            Type::Basic(b) => match universe_name(b.name) {
                // byte and rune are names of their own.
                Some(o) if matches!(b.name, "byte" | "rune") => self.named(e, o, &[], d),
                _ => {
                    e.uint(0);
                    e.len(b.kind as usize);
                }
            },
            Type::Named(n) => self.named(e, n.origin().obj(), n.type_args(), d),
            Type::Alias(a) => self.named(e, a.origin().obj(), a.type_args(), d),
            Type::Pointer(p) => {
                e.uint(2);
                self.typ(e, p.elem(), d);
            }
            Type::Slice(s) => {
                e.uint(3);
                self.typ(e, s.elem(), d);
            }
            Type::Array(a) => {
                e.uint(4);
                e.uint(a.len().max(0) as u64);
                self.typ(e, a.elem(), d);
            }
            Type::Chan(c) => {
                e.uint(5);
                e.len(c.dir as usize);
                self.typ(e, c.elem(), d);
            }
            Type::Map(m) => {
                e.uint(6);
                self.typ(e, m.key(), d);
                self.typ(e, m.elem(), d);
            }
            Type::Signature(s) => {
                e.uint(7);
                self.signature(e, s, d);
            }
            Type::Struct(s) => {
                e.uint(8);
                e.len(s.num_fields());
                for (i, f) in s.fields().iter().enumerate() {
                    self.pos(e, f.pos);
                    self.ident(e, f);
                    self.typ(e, f.typ(), d);
                    self.string(e, s.tag(i));
                    e.bool(f.embedded());
                }
            }
            Type::Interface(i) => self.interface(e, i, d),
            Type::Union(u) => {
                e.uint(10);
                e.len(u.terms.len());
                for t in &u.terms {
                    e.bool(t.tilde);
                    self.typ(e, t.typ, d);
                }
            }
            Type::TypeParam(p) => {
                e.uint(11);
                e.derived = true;
                let own = d.receivers.iter().any(|r| std::ptr::eq(*r, p));
                e.len(p.index().max(0) as usize + if own { 0 } else { d.receivers.len() });
            }
            Type::Tuple(_) => panic!("internal compiler error: export data: tuple type"),
        }
    }

    fn interface(&mut self, e: &mut Elem, i: &'static Interface, d: &mut Dict) {
        e.uint(9);
        let (methods, embeds) = (i.explicit_methods(), i.embeddeds());
        e.len(methods.len());
        e.len(embeds.len());
        if methods.is_empty() && embeds.len() == 1 {
            e.bool(i.is_implicit());
        }
        for m in methods {
            self.pos(e, m.pos);
            self.ident(e, m);
            self.signature(e, m.signature(), d);
        }
        for t in embeds {
            self.typ(e, *t, d);
        }
    }
}

fn universe_name(name: &str) -> Option<Obj> {
    universe().scope.lookup_str(name)
}

/// A use of a type in an element.
fn put_info(e: &mut Elem, (i, derived): (u32, bool)) {
    e.bool(derived);
    if derived {
        e.derived = true;
        e.len(i as usize);
    } else {
        e.reference(SECTION_TYPE, i);
    }
}
