//! Type descriptors and itabs, byte-compatible with `internal/abi` (64-bit).
//!
//! The 32-bit offsets (names, types, code) are addresses: programs are linked below 2 GiB, and reflect resolves an offset against whichever
//! descriptor it has at hand. Layout of a descriptor: `abi.Type`, the kind's tail, `UncommonType`
//! if the type has a name or methods, variable-length data, methods.

use rgo_ir::{Datum, Global, Linkage, Sym, WeakRefs};
use rgo_types::{BasicKind, ChanDir, Obj, Package, Type};

use crate::alg::EqFn;
use crate::names::{iface_methods, path_to_prefix};
use crate::package::{PackageLowering, Work};

// Kinds of abi.Kind.
const K_BOOL: u8 = 1;
const K_ARRAY: u8 = 17;
const K_CHAN: u8 = 18;
const K_FUNC: u8 = 19;
const K_INTERFACE: u8 = 20;
const K_MAP: u8 = 21;
const K_POINTER: u8 = 22;
const K_SLICE: u8 = 23;
const K_STRING: u8 = 24;
const K_STRUCT: u8 = 25;
const K_UNSAFE_POINTER: u8 = 26;

const FLAG_UNCOMMON: u8 = 1;
const FLAG_EXTRA_STAR: u8 = 2;
const FLAG_NAMED: u8 = 4;
const FLAG_REGULAR_MEMORY: u8 = 8;
const FLAG_GC_MASK_ON_DEMAND: u8 = 16;
const FLAG_DIRECT_IFACE: u8 = 32;

/// Longest pointer mask stored in the image, in bytes; longer ones are built on demand.
const MAX_PTRMASK_BYTES: u64 = 16;

const MAP_SLOTS: i64 = 8;
const MAP_MAX_INLINE: u64 = 128;

/// Contents of a global under construction.
#[derive(Default)]
pub(crate) struct Data {
    pub data: Vec<Datum>,
    pub len: u64,
}

impl Data {
    pub fn bytes(&mut self, b: &[u8]) {
        self.len += b.len() as u64;
        if let Some(Datum::Bytes(v)) = self.data.last_mut() {
            v.extend_from_slice(b);
        } else {
            self.data.push(Datum::Bytes(b.to_vec()));
        }
    }
    pub fn u8(&mut self, v: u8) {
        self.bytes(&[v]);
    }
    pub fn u16(&mut self, v: u16) {
        self.bytes(&v.to_le_bytes());
    }
    pub fn u32(&mut self, v: u32) {
        self.bytes(&v.to_le_bytes());
    }
    pub fn u64(&mut self, v: u64) {
        self.bytes(&v.to_le_bytes());
    }
    pub fn addr(&mut self, s: Sym, addend: i64) {
        self.len += 8;
        self.data.push(Datum::Addr(s, addend));
    }
    pub fn addr_or_null(&mut self, s: Option<Sym>) {
        match s {
            Some(s) => self.addr(s, 0),
            None => self.u64(0),
        }
    }
    /// A NameOff, TypeOff or TextOff. They are addresses, so that they mean the same at any base, as package reflect expects of those of one module.
    pub fn off(&mut self, target: Sym) {
        self.len += 4;
        self.data.push(Datum::Addr32(target, 0));
    }
    pub fn off_or_zero(&mut self, target: Option<Sym>) {
        match target {
            Some(t) => self.off(t),
            None => self.u32(0),
        }
    }
}

/// A stable 128-bit text hash.
pub fn hash_hex(b: &[u8]) -> String {
    blake3::hash(b).to_hex()[..32].to_string()
}

/// The hash stored in descriptors and itabs.
pub fn type_hash(link_string: &str) -> u32 {
    let h = blake3::hash(link_string.as_bytes());
    let b = h.as_bytes();
    u32::from_le_bytes([b[0], b[1], b[2], b[3]])
}

fn is_exported(s: &str) -> bool {
    s.chars().next().is_some_and(|c| c.is_uppercase())
}

fn kind_of(t: Type) -> u8 {
    match t.underlying() {
        Type::Basic(b) => match b.kind {
            BasicKind::Bool | BasicKind::UntypedBool => K_BOOL,
            BasicKind::Int | BasicKind::UntypedInt => 2,
            BasicKind::Int8 => 3,
            BasicKind::Int16 => 4,
            BasicKind::Int32 | BasicKind::UntypedRune => 5,
            BasicKind::Int64 => 6,
            BasicKind::Uint => 7,
            BasicKind::Uint8 => 8,
            BasicKind::Uint16 => 9,
            BasicKind::Uint32 => 10,
            BasicKind::Uint64 => 11,
            BasicKind::Uintptr => 12,
            BasicKind::Float32 => 13,
            BasicKind::Float64 | BasicKind::UntypedFloat => 14,
            BasicKind::Complex64 => 15,
            BasicKind::Complex128 | BasicKind::UntypedComplex => 16,
            BasicKind::String | BasicKind::UntypedString => K_STRING,
            BasicKind::UnsafePointer | BasicKind::UntypedNil => K_UNSAFE_POINTER,
            BasicKind::Invalid => panic!("internal compiler error: descriptor of an invalid type"),
        },
        Type::Array(_) => K_ARRAY,
        Type::Chan(_) => K_CHAN,
        Type::Signature(_) => K_FUNC,
        Type::Interface(_) => K_INTERFACE,
        Type::Map(_) => K_MAP,
        Type::Pointer(_) => K_POINTER,
        Type::Slice(_) => K_SLICE,
        Type::Struct(_) => K_STRUCT,
        _ => panic!("internal compiler error: no kind for type"),
    }
}

/// The object that names a type, if it has a name.
fn name_obj(t: Type) -> Option<Obj> {
    match t.unalias() {
        Type::Named(n) => Some(n.obj()),
        _ => None,
    }
}

/// Does the type have a symbol in gc's sense (defined or basic)?
fn has_name(t: Type) -> bool {
    matches!(t.unalias(), Type::Named(_) | Type::Basic(_))
}

/// The package whose unexported names need no path in the descriptor of `t`.
fn type_pkg(t: Type) -> Option<&'static Package> {
    if let Some(o) = name_obj(t) {
        return o.pkg();
    }
    if let Type::Basic(b) = t.unalias()
        && b.kind == BasicKind::UnsafePointer
    {
        return Some(rgo_types::universe().unsafe_pkg);
    }
    let elem = match t.unalias() {
        Type::Array(a) => a.elem(),
        Type::Slice(s) => s.elem(),
        Type::Pointer(p) => p.elem(),
        Type::Chan(c) => c.elem(),
        _ => return None,
    };
    name_obj(elem).and_then(|o| o.pkg())
}

impl PackageLowering<'_> {
    /// The descriptor symbol of a concrete type.
    pub fn type_desc(&mut self, t: Type) -> Sym {
        let t = t.unalias();
        let name = format!("type:{}", self.link_string(t));
        let sym = self.m.sym(&name);
        if !self.done.contains(&sym) {
            self.done.insert(sym);
            if !self.emitted_elsewhere(t) {
                self.queue.push_back(Work::Descriptor(t));
            }
        }
        sym
    }

    /// The itab symbol for a concrete type that implements a non-empty interface.
    pub fn itab(&mut self, concrete: Type, iface: Type) -> Sym {
        let name = format!("go:itab.{},{}", self.link_string(concrete), self.link_string(iface));
        let sym = self.m.sym(&name);
        if self.done.insert(sym) {
            self.queue.push_back(Work::Itab { concrete, iface, sym });
        }
        sym
    }

    /// Position of a method in the itabs of an interface type.
    pub fn iface_method_index(&mut self, iface: Type, m: Obj) -> usize {
        let Type::Interface(i) = iface.underlying() else {
            panic!("internal compiler error: method table of a non-interface type");
        };
        iface_methods(i)
            .iter()
            .position(|x| x.same_id(m.pkg(), m.name, false))
            .unwrap_or_else(|| panic!("internal compiler error: interface has no method {}", m.name()))
    }

    /// Descriptors of all package-level defined types of this package, and of pointers to them: others count on them.
    pub(crate) fn emit_named_descriptors(&mut self) {
        for o in self.pd.pkg.scope().objects() {
            if !o.is_type_name() || o.is_alias() {
                continue;
            }
            let Some(n) = o.typ().as_named() else { continue };
            if !n.type_params().is_empty() || n.obj() != o {
                continue;
            }
            // A constraint interface has no values.
            if let Type::Interface(i) = n.underlying()
                && !i.is_method_set()
            {
                continue;
            }
            let t = Type::Named(n);
            self.type_desc(t);
            self.type_desc(Type::Pointer(rgo_types::Pointer::new(t)));
        }
    }

    fn import_path_sym(&mut self, p: &'static Package) -> Sym {
        let sym = self.m.sym(&format!("type:.importpath.{}.", path_to_prefix(p.path())));
        if self.done.insert(sym) {
            let mut d = Data::default();
            name_bytes(&mut d, p.path(), b"", false, false, false);
            self.push_ro(sym, d, 1, Linkage::LinkOnce);
        }
        sym
    }

    fn push_ro(&mut self, sym: Sym, d: Data, align: u64, linkage: Linkage) {
        self.m.globals.push(Global { sym, linkage, size: d.len, align, readonly: true, pointers: false, data: d.data });
    }

    /// An encoded name (abi.Name). `pkg`: path to store for an unexported name of another package.
    fn name_sym(&mut self, name: &str, tag: &[u8], pkg: Option<&'static Package>, exported: bool, embedded: bool) -> Sym {
        let mut s = String::from("type:.namedata.");
        if let Some(p) = pkg {
            s.push_str(&path_to_prefix(p.path()));
            s.push_str("..");
        }
        s.push_str(name);
        s.push(if exported { '.' } else { '-' });
        s.push_str(&crate::names::go_quote(tag));
        if embedded {
            s.push_str(".embedded");
        }
        let sym = self.m.sym(&s);
        if self.done.insert(sym) {
            let mut d = Data::default();
            name_bytes(&mut d, name, tag, exported, embedded, pkg.is_some());
            if let Some(p) = pkg {
                let ip = self.import_path_sym(p);
                d.off(ip);
            }
            self.push_ro(sym, d, 1, Linkage::LinkOnce);
        }
        sym
    }

    /// The pointer mask of a type, or a cell the runtime fills on demand; with the flag.
    fn gc_data(&mut self, t: Type, ptr_bytes: u64) -> (Option<Sym>, bool) {
        if ptr_bytes == 0 {
            // The runtime never reads it.
            return (None, false);
        }
        let words = ptr_bytes / 8;
        if words > MAX_PTRMASK_BYTES * 8 {
            let name = format!("type:.gcmask.{}", self.link_string(t));
            let sym = self.m.sym(&name);
            if self.done.insert(sym) {
                self.m.globals.push(Global { sym, linkage: Linkage::LinkOnce, size: 8, align: 8, readonly: false, pointers: false, data: vec![Datum::Zero(8)] });
            }
            return (Some(sym), true);
        }
        let mut mask = vec![0u8; (words.div_ceil(8) as usize).next_multiple_of(8)];
        for off in self.pointer_words(t) {
            let w = (off / 8) as usize;
            mask[w / 8] |= 1 << (w % 8);
        }
        let hex: String = mask.iter().map(|b| format!("{b:02x}")).collect();
        let sym = self.m.sym(&format!("runtime.gcbits.{hex}"));
        if self.done.insert(sym) {
            let mut d = Data::default();
            d.bytes(&mask);
            self.push_ro(sym, d, 8, Linkage::LinkOnce);
        }
        (Some(sym), false)
    }

    pub(crate) fn emit_descriptor(&mut self, t: Type) {
        let t = t.unalias();
        let link = self.link_string(t);
        let sym = self.m.sym(&format!("type:{link}"));
        let methods = self.method_set(t);
        let uncommon = has_name(t) || !methods.is_empty();
        let mut d = Data::default();

        // --- abi.Type
        let size = self.size_of(t);
        let ptr_bytes = self.ptr_bytes(t);
        let align = self.align_of(t) as u8;
        let mut flags = 0;
        if uncommon {
            flags |= FLAG_UNCOMMON;
        }
        if has_name(t) {
            flags |= FLAG_NAMED;
        }
        if self.is_regular_memory(t) {
            flags |= FLAG_REGULAR_MEMORY;
        }
        if self.is_direct_iface(t) {
            flags |= FLAG_DIRECT_IFACE;
        }
        let mut text = self.reflect_string(t);
        let exported = if text.starts_with('*') {
            match t {
                Type::Pointer(p) => name_obj(p.elem()).is_some_and(|o| is_exported(o.name())),
                _ => false,
            }
        } else {
            flags |= FLAG_EXTRA_STAR;
            text.insert(0, '*');
            name_obj(t).is_some_and(|o| is_exported(o.name()))
        };
        let (gc, on_demand) = self.gc_data(t, ptr_bytes);
        if on_demand {
            flags |= FLAG_GC_MASK_ON_DEMAND;
        }
        let equal = match self.eq_closure(t) {
            EqFn::None => None,
            EqFn::Sym(s) => Some(s),
        };
        let str_sym = self.name_sym(&text, b"", None, exported, false);
        // Pointer descriptors exist for types whose pointers may have methods; for others reflect makes them on demand.
        let pointer = Type::Pointer(rgo_types::Pointer::new(t));
        let ptr_to_this = match t {
            Type::Named(_) => Some(self.type_desc(pointer)),
            Type::Struct(s) if s.fields().iter().any(|f| f.embedded()) && !self.method_set(pointer).is_empty() => Some(self.type_desc(pointer)),
            _ => None,
        };
        d.u64(size);
        d.u64(ptr_bytes);
        d.u32(type_hash(&link));
        d.u8(flags);
        d.u8(align);
        d.u8(align);
        d.u8(kind_of(t));
        d.addr_or_null(equal);
        d.addr_or_null(gc);
        d.off(str_sym);
        d.off_or_zero(ptr_to_this);

        // --- the kind's tail, and data that follows UncommonType
        let mut extra = Data::default();
        // Where `extra` will start.
        let tail = tail_size(t);
        let c = 48 + tail + if uncommon { 16 } else { 0 };
        match t.underlying() {
            Type::Array(a) => {
                let e = self.type_desc(a.elem());
                let s = self.type_desc(Type::Slice(rgo_types::Slice::new(a.elem())));
                d.addr(e, 0);
                d.addr(s, 0);
                d.u64(a.len() as u64);
            }
            Type::Slice(s) => {
                let e = self.type_desc(s.elem());
                d.addr(e, 0);
            }
            Type::Pointer(p) => {
                let e = self.type_desc(p.elem());
                d.addr(e, 0);
            }
            Type::Chan(ch) => {
                let e = self.type_desc(ch.elem());
                d.addr(e, 0);
                d.u64(match ch.dir {
                    ChanDir::RecvOnly => 1,
                    ChanDir::SendOnly => 2,
                    ChanDir::SendRecv => 3,
                });
            }
            Type::Signature(s) => {
                let out = s.results().len() as u16 | if s.variadic() { 1 << 15 } else { 0 };
                d.u16(s.params().len() as u16);
                d.u16(out);
                d.u32(0);
                for p in s.params().types().chain(s.results().types()).collect::<Vec<_>>() {
                    let e = self.type_desc(p);
                    extra.addr(e, 0);
                }
            }
            Type::Interface(i) => {
                let tpkg = match name_obj(t) {
                    Some(o) => o.pkg(),
                    None => None,
                };
                let ms = iface_methods(i);
                let pkg_sym = tpkg.map(|p| self.import_path_sym(p));
                d.addr_or_null(pkg_sym);
                d.addr(sym, c as i64);
                d.u64(ms.len() as u64);
                d.u64(ms.len() as u64);
                for m in ms {
                    let other = if m.exported() || m.pkg() == tpkg { None } else { m.pkg() };
                    let n = self.name_sym(m.name(), b"", other, m.exported(), false);
                    let ft = self.type_desc(Type::Signature(m.signature()));
                    extra.off(n);
                    extra.off(ft);
                }
            }
            Type::Map(m) => self.map_tail(&mut d, m.key(), m.elem()),
            Type::Struct(s) => {
                let spkg = s.fields().iter().find(|f| !f.exported()).and_then(|f| f.pkg());
                let pkg_sym = spkg.map(|p| self.import_path_sym(p));
                d.addr_or_null(pkg_sym);
                d.addr(sym, c as i64);
                d.u64(s.num_fields() as u64);
                d.u64(s.num_fields() as u64);
                for i in 0..s.num_fields() {
                    let f = s.field(i);
                    let n = self.name_sym(f.name(), s.tag(i), None, f.exported(), f.embedded());
                    let ft = self.type_desc(f.typ());
                    let off = self.field_offset(t, i);
                    extra.addr(n, 0);
                    extra.addr(ft, 0);
                    extra.u64(off);
                }
            }
            _ => {}
        }
        assert_eq!(d.len, 48 + tail, "internal compiler error: descriptor layout of {link}");

        // --- UncommonType and methods
        if uncommon {
            let pkg = type_pkg(t);
            let pkg_sym = pkg.map(|p| self.import_path_sym(p));
            d.off_or_zero(pkg_sym);
            d.u16(methods.len() as u16);
            d.u16(methods.iter().filter(|m| m.obj.exported()).count() as u16);
            d.u32((16 + extra.len) as u32);
            d.u32(0);
            for m in &methods {
                let exported = m.obj.exported();
                let other = if exported || m.obj.pkg() == pkg { None } else { m.obj.pkg() };
                let n = self.name_sym(m.obj.name(), b"", other, exported, false);
                let ft = self.type_desc(crate::wrapper::method_type(m.obj));
                let tfn = self.method_func(t, m);
                let ifn = self.method_iface_func(t, m);
                let key = self.method_use(m.obj);
                let name = m.obj.name().to_string();
                self.m.weak.push(WeakRefs::Method { global: sym, offset: d.len + extra.len, key, name, exported });
                extra.off(n);
                extra.off(ft);
                extra.off(ifn);
                extra.off(tfn);
            }
        }
        d.len += extra.len;
        d.data.extend(extra.data);
        let linkage = self.linkage_of(t);
        self.push_ro(sym, d, 8, linkage);
    }

    fn map_tail(&mut self, d: &mut Data, key: Type, elem: Type) {
        let group = self.map_group(key, elem);
        let (ks, es) = (self.size_of(key), self.size_of(elem));
        let k = self.type_desc(key);
        let e = self.type_desc(elem);
        let g = self.type_desc(group);
        let hasher = self.hash_closure(key);
        let gs = self.size_of(group);
        let Type::Struct(gst) = group else { panic!("internal compiler error: map group") };
        let slots_off = self.field_offset(group, 1);
        let Type::Array(slots) = gst.field(1).typ() else { panic!("internal compiler error: map slots") };
        let slot = slots.elem();
        let slot_size = self.size_of(slot);
        let elem_off = self.field_offset(slot, 1);
        d.addr(k, 0);
        d.addr(e, 0);
        d.addr(g, 0);
        d.addr(hasher, 0);
        d.u64(gs);
        d.u64(slots_off);
        d.u64(slot_size);
        d.u64(slots_off + elem_off);
        d.u64(slot_size);
        d.u64(elem_off);
        let mut flags = 0u32;
        if needs_key_update(key) {
            flags |= 1;
        }
        if hash_might_panic(key) {
            flags |= 2;
        }
        if ks > MAP_MAX_INLINE {
            flags |= 4;
        }
        if es > MAP_MAX_INLINE {
            flags |= 8;
        }
        d.u32(flags);
        d.u32(0);
    }

    /// The group type of a map: control word and slots (internal/runtime/maps/group.go).
    pub(crate) fn map_group(&mut self, key: Type, elem: Type) -> Type {
        let kt = if self.size_of(key) > MAP_MAX_INLINE { Type::Pointer(rgo_types::Pointer::new(key)) } else { key };
        let et = if self.size_of(elem) > MAP_MAX_INLINE { Type::Pointer(rgo_types::Pointer::new(elem)) } else { elem };
        let field = |n: &str, t: Type| rgo_types::Object::new_field(rgo_syntax::pos::Pos::NONE, None, rgo_syntax::symbol::Symbol::intern(n), Some(t), false);
        let slot = rgo_types::Struct::new(vec![field("key", kt), field("elem", et)], Vec::new());
        let slots = rgo_types::Array::new(Type::Struct(slot), MAP_SLOTS);
        let ctrl = rgo_types::universe::typ(BasicKind::Uint64);
        let group = Type::Struct(rgo_types::Struct::new(vec![field("ctrl", ctrl), field("slots", Type::Array(slots))], Vec::new()));
        self.no_alg.extend([group, Type::Array(slots), Type::Struct(slot)]);
        group
    }

    pub(crate) fn emit_itab(&mut self, concrete: Type, iface: Type, sym: Sym) {
        let Type::Interface(i) = iface.underlying() else {
            panic!("internal compiler error: itab for a non-interface type");
        };
        let mut d = Data::default();
        let inter = self.type_desc(iface);
        let ct = self.type_desc(concrete);
        let link = self.link_string(concrete);
        d.addr(inter, 0);
        d.addr(ct, 0);
        d.u32(type_hash(&link));
        d.u32(0);
        let set = self.method_set(concrete);
        for m in iface_methods(i) {
            let e = set
                .iter()
                .find(|x| x.obj.same_id(m.pkg(), m.name, false))
                .unwrap_or_else(|| panic!("internal compiler error: {link} does not implement {}: no method {}", self.link_string(iface), m.name()))
                .clone();
            let f = self.method_iface_func(concrete, &e);
            self.m.weak.push(WeakRefs::Entry { global: sym, offset: d.len });
            d.addr(f, 0);
        }
        self.push_ro(sym, d, 8, Linkage::LinkOnce);
    }
}

fn tail_size(t: Type) -> u64 {
    match t.underlying() {
        Type::Array(_) => 24,
        Type::Slice(_) | Type::Pointer(_) => 8,
        Type::Chan(_) => 16,
        Type::Signature(_) => 8,
        Type::Interface(_) | Type::Struct(_) => 32,
        Type::Map(_) => 88,
        _ => 0,
    }
}

fn name_bytes(d: &mut Data, name: &str, tag: &[u8], exported: bool, embedded: bool, pkg: bool) {
    let mut bits = 0;
    if exported {
        bits |= 1;
    }
    if !tag.is_empty() {
        bits |= 2;
    }
    if pkg {
        bits |= 4;
    }
    if embedded {
        bits |= 8;
    }
    d.u8(bits);
    uvarint(d, name.len() as u64);
    d.bytes(name.as_bytes());
    if !tag.is_empty() {
        uvarint(d, tag.len() as u64);
        d.bytes(tag);
    }
}

fn uvarint(d: &mut Data, mut v: u64) {
    while v >= 0x80 {
        d.u8(v as u8 | 0x80);
        v >>= 7;
    }
    d.u8(v as u8);
}

/// Must a map assignment to an existing key overwrite the key too (values that are equal but not the same)?
fn needs_key_update(t: Type) -> bool {
    match t.underlying() {
        Type::Basic(b) => matches!(
            b.kind,
            BasicKind::Float32 | BasicKind::Float64 | BasicKind::Complex64 | BasicKind::Complex128 | BasicKind::String
        ),
        Type::Interface(_) => true,
        Type::Array(a) => needs_key_update(a.elem()),
        Type::Struct(s) => s.fields().iter().any(|f| needs_key_update(f.typ())),
        _ => false,
    }
}

pub(crate) fn hash_might_panic(t: Type) -> bool {
    match t.underlying() {
        Type::Interface(_) => true,
        Type::Array(a) => hash_might_panic(a.elem()),
        Type::Struct(s) => s.fields().iter().any(|f| hash_might_panic(f.typ())),
        _ => false,
    }
}
