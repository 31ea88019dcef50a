//! `Type` and the nodes of Go's type literals and basic types.
//!
//! Named, alias and parameter types have files of their own. Nodes are leaked; `==` and `Hash` on `Type` compare addresses (Go's pointer identity of
//! `types2.Type` values), never structure.

use crate::alias::Alias;
use crate::named::Named;
use crate::object::Obj;
use crate::scope::ScopeRef;
use crate::slot::Slot;
use crate::syn::Pos;
use crate::typeparam::TypeParam;
use crate::typeset::TypeSet;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Any Go type. `Copy`; equality is by node address.
#[derive(Clone, Copy)]
pub enum Type {
    Basic(&'static Basic),
    Named(&'static Named),
    Alias(&'static Alias),
    Pointer(&'static Pointer),
    Slice(&'static Slice),
    Array(&'static Array),
    Map(&'static Map),
    Chan(&'static Chan),
    Struct(&'static Struct),
    Tuple(&'static Tuple),
    Signature(&'static Signature),
    Interface(&'static Interface),
    Union(&'static Union),
    TypeParam(&'static TypeParam),
}

/// Leaks a node: types, objects and packages live as long as the process.
pub fn leak<T>(v: T) -> &'static T {
    Box::leak(Box::new(v))
}

/// Leaks a list.
pub fn leak_list<T>(v: Vec<T>) -> &'static [T] {
    if v.is_empty() { &[] } else { Box::leak(v.into_boxed_slice()) }
}

/// Are these the same node?
pub fn ptr_eq<T>(a: &'static T, b: &'static T) -> bool {
    std::ptr::eq(a, b)
}

impl Type {
    /// The address of the node, for identity and hashing.
    pub fn addr(self) -> usize {
        fn a<T>(p: &'static T) -> usize {
            p as *const T as usize
        }
        match self {
            Type::Basic(t) => a(t),
            Type::Named(t) => a(t),
            Type::Alias(t) => a(t),
            Type::Pointer(t) => a(t),
            Type::Slice(t) => a(t),
            Type::Array(t) => a(t),
            Type::Map(t) => a(t),
            Type::Chan(t) => a(t),
            Type::Struct(t) => a(t),
            Type::Tuple(t) => a(t),
            Type::Signature(t) => a(t),
            Type::Interface(t) => a(t),
            Type::Union(t) => a(t),
            Type::TypeParam(t) => a(t),
        }
    }

    /// The underlying type: never `Named`, `Alias` or `TypeParam` (a type parameter's underlying type is its constraint interface).
    pub fn underlying(self) -> Type {
        match self {
            Type::Named(n) => n.underlying(),
            Type::Alias(a) => a.unalias().underlying(),
            Type::TypeParam(p) => Type::Interface(p.iface()),
            t => t,
        }
    }

    /// The type with aliases resolved.
    pub fn unalias(self) -> Type {
        match self {
            Type::Alias(a) => a.unalias(),
            t => t,
        }
    }

    /// Is this anything but `invalid type`? An alias that is still being declared counts as valid.
    pub fn is_valid(self) -> bool {
        let t = match self {
            Type::Alias(a) => a.try_unalias(),
            t => Some(t),
        };
        !matches!(t, Some(Type::Basic(b)) if b.kind == BasicKind::Invalid)
    }

    // The `as_X` accessors look through aliases only; use `.underlying().as_X()` for structure.
    pub fn as_basic(self) -> Option<&'static Basic> {
        if let Type::Basic(t) = self.unalias() { Some(t) } else { None }
    }
    pub fn as_named(self) -> Option<&'static Named> {
        if let Type::Named(t) = self.unalias() { Some(t) } else { None }
    }
    pub fn as_pointer(self) -> Option<&'static Pointer> {
        if let Type::Pointer(t) = self.unalias() { Some(t) } else { None }
    }
    pub fn as_slice(self) -> Option<&'static Slice> {
        if let Type::Slice(t) = self.unalias() { Some(t) } else { None }
    }
    pub fn as_array(self) -> Option<&'static Array> {
        if let Type::Array(t) = self.unalias() { Some(t) } else { None }
    }
    pub fn as_map(self) -> Option<&'static Map> {
        if let Type::Map(t) = self.unalias() { Some(t) } else { None }
    }
    pub fn as_chan(self) -> Option<&'static Chan> {
        if let Type::Chan(t) = self.unalias() { Some(t) } else { None }
    }
    pub fn as_struct(self) -> Option<&'static Struct> {
        if let Type::Struct(t) = self.unalias() { Some(t) } else { None }
    }
    pub fn as_tuple(self) -> Option<&'static Tuple> {
        if let Type::Tuple(t) = self.unalias() { Some(t) } else { None }
    }
    pub fn as_signature(self) -> Option<&'static Signature> {
        if let Type::Signature(t) = self.unalias() { Some(t) } else { None }
    }
    pub fn as_interface(self) -> Option<&'static Interface> {
        if let Type::Interface(t) = self.unalias() { Some(t) } else { None }
    }
    pub fn as_union(self) -> Option<&'static Union> {
        if let Type::Union(t) = self.unalias() { Some(t) } else { None }
    }
    pub fn as_type_param(self) -> Option<&'static TypeParam> {
        if let Type::TypeParam(t) = self.unalias() { Some(t) } else { None }
    }
}

impl PartialEq for Type {
    fn eq(&self, o: &Type) -> bool {
        // Different kinds of node are different allocations (no node is zero-sized).
        self.addr() == o.addr()
    }
}
impl Eq for Type {}
impl Hash for Type {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.addr().hash(h)
    }
}
impl std::fmt::Debug for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// The kind of a basic type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum BasicKind {
    Invalid,
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
    Float32,
    Float64,
    Complex64,
    Complex128,
    String,
    UnsafePointer,
    UntypedBool,
    UntypedInt,
    UntypedRune,
    UntypedFloat,
    UntypedComplex,
    UntypedString,
    UntypedNil,
}

/// Property bits of basic types.
pub mod info_bits {
    pub const IS_BOOLEAN: u32 = 1;
    pub const IS_INTEGER: u32 = 2;
    pub const IS_UNSIGNED: u32 = 4;
    pub const IS_FLOAT: u32 = 8;
    pub const IS_COMPLEX: u32 = 16;
    pub const IS_STRING: u32 = 32;
    pub const IS_UNTYPED: u32 = 64;
    pub const IS_ORDERED: u32 = IS_INTEGER | IS_FLOAT | IS_STRING;
    pub const IS_NUMERIC: u32 = IS_INTEGER | IS_FLOAT | IS_COMPLEX;
    pub const IS_CONST_TYPE: u32 = IS_BOOLEAN | IS_NUMERIC | IS_STRING;
}

/// A predeclared basic type; `byte` and `rune` are nodes of their own (identical to `uint8`, `int32`, printed by their names).
pub struct Basic {
    pub kind: BasicKind,
    /// Bits of [`info_bits`].
    pub info: u32,
    pub name: &'static str,
}

pub struct Pointer {
    pub elem: Slot<Type>,
}

pub struct Slice {
    pub elem: Slot<Type>,
}

pub struct Array {
    pub elem: Slot<Type>,
    /// Negative: unknown length (after an error).
    len: Slot<i64>,
}

pub struct Map {
    pub key: Slot<Type>,
    pub elem: Slot<Type>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChanDir {
    SendRecv,
    SendOnly,
    RecvOnly,
}

pub struct Chan {
    pub dir: ChanDir,
    pub elem: Slot<Type>,
}

/// An ordered list of variables: parameters, results, the type of a multi-value expression.
pub struct Tuple {
    pub vars: Vec<Obj>,
    // A non-zero-sized node also when empty; see PartialEq of Type.
    _pad: u8,
}

pub struct Struct {
    fields: OnceLock<Vec<Obj>>,
    tags: OnceLock<Vec<Vec<u8>>>,
}

/// A function or method type.
#[derive(Default)]
pub struct Signature {
    /// Receiver type parameters, of a declared method of a generic type.
    pub rparams: Slot<&'static [&'static TypeParam]>,
    pub tparams: Slot<&'static [&'static TypeParam]>,
    pub scope: Slot<ScopeRef>,
    pub recv: Slot<Obj>,
    /// For method values and expressions: how the method was reached (see call.rs).
    pub recv_old: Slot<Obj>,
    params: Slot<&'static Tuple>,
    results: Slot<&'static Tuple>,
    variadic: AtomicBool,
}

/// An interface type.
#[derive(Default)]
pub struct Interface {
    /// Id of the checker that is still working on it, 0 when complete.
    pub check: AtomicU32,
    methods: Slot<&'static [Obj]>,
    embeddeds: Slot<&'static [Type]>,
    embed_pos: Slot<&'static [Pos]>,
    implicit: AtomicBool,
    complete: AtomicBool,
    /// The type set is being computed.
    pub(crate) computing: AtomicBool,
    /// See [`crate::typeset`]; use [`Interface::type_set`] to compute it on demand.
    pub tset: Slot<&'static TypeSet>,
}

/// One term of a union.
#[derive(Clone, Copy)]
pub struct UnionTerm {
    pub tilde: bool,
    pub typ: Type,
}

pub struct Union {
    pub terms: Vec<UnionTerm>,
}

impl Basic {
    pub fn is(&self, mask: u32) -> bool {
        self.info & mask != 0
    }
}

fn must(t: &Slot<Type>) -> Type {
    t.get().unwrap_or_else(|| crate::universe::invalid())
}

impl Pointer {
    /// The pointer type to `elem`; a new node at every call.
    pub fn new(elem: Type) -> &'static Pointer {
        leak(Pointer { elem: Slot::new(elem) })
    }
    /// A pointer whose element type is set later (`elem.set`).
    pub fn incomplete() -> &'static Pointer {
        leak(Pointer { elem: Slot::empty() })
    }
    pub fn elem(&self) -> Type {
        must(&self.elem)
    }
}
impl Slice {
    pub fn new(elem: Type) -> &'static Slice {
        leak(Slice { elem: Slot::new(elem) })
    }
    pub fn incomplete() -> &'static Slice {
        leak(Slice { elem: Slot::empty() })
    }
    pub fn elem(&self) -> Type {
        must(&self.elem)
    }
}
impl Array {
    pub fn new(elem: Type, len: i64) -> &'static Array {
        leak(Array { elem: Slot::new(elem), len: Slot::new(len) })
    }
    pub fn incomplete() -> &'static Array {
        leak(Array { elem: Slot::empty(), len: Slot::empty() })
    }
    pub fn elem(&self) -> Type {
        must(&self.elem)
    }
    pub fn len(&self) -> i64 {
        self.len.get().unwrap_or(-1)
    }
    pub fn set_len(&self, len: i64) {
        self.len.set(len)
    }
}
impl Map {
    pub fn new(key: Type, elem: Type) -> &'static Map {
        leak(Map { key: Slot::new(key), elem: Slot::new(elem) })
    }
    pub fn incomplete() -> &'static Map {
        leak(Map { key: Slot::empty(), elem: Slot::empty() })
    }
    pub fn key(&self) -> Type {
        must(&self.key)
    }
    pub fn elem(&self) -> Type {
        must(&self.elem)
    }
}
impl Chan {
    pub fn new(dir: ChanDir, elem: Type) -> &'static Chan {
        leak(Chan { dir, elem: Slot::new(elem) })
    }
    pub fn incomplete(dir: ChanDir) -> &'static Chan {
        leak(Chan { dir, elem: Slot::empty() })
    }
    pub fn elem(&self) -> Type {
        must(&self.elem)
    }
}

static EMPTY_TUPLE: Tuple = Tuple { vars: Vec::new(), _pad: 0 };

impl Tuple {
    /// The tuple of `vars`; all empty tuples are one node.
    pub fn new(vars: Vec<Obj>) -> &'static Tuple {
        if vars.is_empty() { &EMPTY_TUPLE } else { leak(Tuple { vars, _pad: 0 }) }
    }
    pub fn empty() -> &'static Tuple {
        &EMPTY_TUPLE
    }
    pub fn len(&self) -> usize {
        self.vars.len()
    }
    pub fn is_empty(&self) -> bool {
        self.vars.is_empty()
    }
    pub fn at(&self, i: usize) -> Obj {
        self.vars[i]
    }
    /// The types of the variables.
    pub fn types(&self) -> impl Iterator<Item = Type> + '_ {
        self.vars.iter().map(|v| v.typ())
    }
}

impl Struct {
    /// `tags` may be shorter than `fields`.
    pub fn new(fields: Vec<Obj>, tags: Vec<Vec<u8>>) -> &'static Struct {
        let s = Struct::incomplete();
        s.complete(fields, tags);
        s
    }
    /// A struct whose fields are set later with `complete`.
    pub fn incomplete() -> &'static Struct {
        leak(Struct { fields: OnceLock::new(), tags: OnceLock::new() })
    }
    pub fn complete(&self, fields: Vec<Obj>, tags: Vec<Vec<u8>>) {
        let _ = self.tags.set(tags);
        let _ = self.fields.set(fields);
    }
    pub fn is_complete(&self) -> bool {
        self.fields.get().is_some()
    }
    pub fn fields(&self) -> &[Obj] {
        self.fields.get().map_or(&[], |v| v)
    }
    pub fn num_fields(&self) -> usize {
        self.fields().len()
    }
    pub fn field(&self, i: usize) -> Obj {
        self.fields()[i]
    }
    /// All tags, or an empty list if no field has one.
    pub fn tags(&self) -> &[Vec<u8>] {
        self.tags.get().map_or(&[], |v| v)
    }
    /// The tag of field `i`, unquoted; empty if it has none.
    pub fn tag(&self, i: usize) -> &[u8] {
        self.tags().get(i).map_or(&[], |s| s)
    }
}

impl Signature {
    pub fn new(recv: Option<Obj>, params: &'static Tuple, results: &'static Tuple, variadic: bool) -> &'static Signature {
        let s = leak(Signature::default());
        if let Some(r) = recv {
            s.recv.set(r);
        }
        s.set_params(params, results, variadic);
        s
    }
    /// A signature to be filled in later.
    pub fn incomplete() -> &'static Signature {
        leak(Signature::default())
    }
    /// A shallow copy.
    pub fn copy(&self) -> &'static Signature {
        let s = leak(Signature::default());
        if let Some(x) = self.rparams.get() {
            s.rparams.set(x);
        }
        if let Some(x) = self.tparams.get() {
            s.tparams.set(x);
        }
        if let Some(x) = self.scope.get() {
            s.scope.set(x);
        }
        if let Some(x) = self.recv.get() {
            s.recv.set(x);
        }
        if let Some(x) = self.recv_old.get() {
            s.recv_old.set(x);
        }
        s.set_params(self.params(), self.results(), self.variadic());
        s
    }
    pub fn set_params(&self, params: &'static Tuple, results: &'static Tuple, variadic: bool) {
        self.params.set(params);
        self.results.set(results);
        self.variadic.store(variadic, Ordering::Release);
    }
    pub fn set_results(&self, results: &'static Tuple) {
        self.results.set(results);
    }
    /// The receiver of a method, `None` for functions.
    pub fn recv(&self) -> Option<Obj> {
        self.recv.get()
    }
    pub fn params(&self) -> &'static Tuple {
        self.params.get().unwrap_or(Tuple::empty())
    }
    pub fn results(&self) -> &'static Tuple {
        self.results.get().unwrap_or(Tuple::empty())
    }
    /// The last parameter is `...T`; its type is `[]T` (or `string` in `append([]byte, string...)`).
    pub fn variadic(&self) -> bool {
        self.variadic.load(Ordering::Acquire)
    }
    pub fn type_params(&self) -> &'static [&'static TypeParam] {
        self.tparams.get().unwrap_or(&[])
    }
    pub fn recv_type_params(&self) -> &'static [&'static TypeParam] {
        self.rparams.get().unwrap_or(&[])
    }
}

static EMPTY_INTERFACE: OnceLock<&'static Interface> = OnceLock::new();

impl Interface {
    /// `interface{}` (the one shared node).
    pub fn empty() -> &'static Interface {
        EMPTY_INTERFACE.get_or_init(|| {
            let i = leak(Interface::default());
            i.complete.store(true, Ordering::Release);
            i.tset.set(TypeSet::top());
            i
        })
    }
    /// An interface to be filled in; `check` is the id of the working checker or 0.
    pub fn incomplete(check: u32) -> &'static Interface {
        let i = leak(Interface::default());
        i.check.store(check, Ordering::Release);
        i
    }
    /// A complete interface. Methods must have receivers set where needed; they are sorted by Id here.
    pub fn new(methods: Vec<Obj>, embeddeds: Vec<Type>) -> &'static Interface {
        if methods.is_empty() && embeddeds.is_empty() {
            return Interface::empty();
        }
        let i = Interface::incomplete(0);
        for m in &methods {
            if let Some(sig) = m.try_type().and_then(|t| t.as_signature()) {
                if sig.recv().is_none() {
                    sig.recv.set(crate::object::Object::new_var(crate::object::VarKind::Recv, m.pos, m.pkg(), crate::syn::Symbol::EMPTY, Some(Type::Interface(i))));
                }
            }
        }
        i.set_contents(methods, embeddeds, Vec::new());
        i
    }
    /// Fills in an incomplete interface and marks it complete. `embed_pos` parallels `embeddeds` or is empty.
    pub fn set_contents(&self, mut methods: Vec<Obj>, embeddeds: Vec<Type>, embed_pos: Vec<Pos>) {
        crate::object::sort_methods(&mut methods);
        self.methods.set(leak_list(methods));
        self.embeddeds.set(leak_list(embeddeds));
        if !embed_pos.is_empty() {
            self.embed_pos.set(leak_list(embed_pos));
        }
        self.complete.store(true, Ordering::Release);
    }
    /// Are methods and embedded elements known? (The type set may still have to be computed.)
    pub fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Acquire)
    }
    /// Explicitly declared methods, sorted by Id.
    pub fn explicit_methods(&self) -> &'static [Obj] {
        self.methods.get().unwrap_or(&[])
    }
    pub fn embeddeds(&self) -> &'static [Type] {
        self.embeddeds.get().unwrap_or(&[])
    }
    pub fn embed_pos(&self) -> &'static [Pos] {
        self.embed_pos.get().unwrap_or(&[])
    }
    /// Is the interface a wrapper for a constraint literal such as `~T` or `A|B`?
    pub fn is_implicit(&self) -> bool {
        self.implicit.load(Ordering::Acquire)
    }
    pub fn mark_implicit(&self) {
        self.implicit.store(true, Ordering::Release)
    }
}
