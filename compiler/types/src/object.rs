//! Objects: the named entities of a program.
//!
//! One node type for all kinds; `kind` tells them apart. Two objects are equal when they are the same node.

use crate::package::Package;
use crate::scope::ScopeRef;
use crate::slot::Slot;
use crate::syn::constant::Value;
use crate::syn::{NO_POS, Pos, Symbol};
use crate::types::{Signature, Type, leak};
use crate::universe::{BuiltinId, invalid, universe};
use std::cmp::Ordering as CmpOrdering;
use std::hash::{Hash, Hasher};
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

/// A reference to an object.
pub type Obj = &'static Object;

/// A named language entity.
pub struct Object {
    pub kind: ObjectKind,
    pub name: Symbol,
    /// Position of the identifier in the declaration.
    pub pos: Pos,
    pkg: Option<&'static Package>,
    typ: Slot<Type>,
    parent: Slot<ScopeRef>,
    order: AtomicU32,
    scope_pos: Slot<Pos>,
}

pub enum ObjectKind {
    /// An imported package, in file scope.
    PkgName { imported: &'static Package },
    Const { value: RwLock<Option<Value>> },
    TypeName,
    Var(VarInfo),
    Func(FuncInfo),
    Label { used: AtomicBool },
    Builtin(BuiltinId),
    Nil,
}

pub struct VarInfo {
    kind: AtomicU8,
    /// An embedded field; the name is the type's name.
    pub embedded: bool,
    /// The variable of the generic type or function that this one was instantiated from.
    pub origin: Option<Obj>,
}

pub struct FuncInfo {
    /// The method of the generic type that this one was instantiated from.
    pub origin: Option<Obj>,
    /// Receiver is a pointer; from the resolver, valid before the type is known. Use [`Object::has_ptr_recv`].
    pub has_ptr_recv: AtomicBool,
}

/// What a variable is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum VarKind {
    Package = 1,
    Local,
    Recv,
    Param,
    Result,
    Field,
}

impl PartialEq for Object {
    fn eq(&self, o: &Object) -> bool {
        std::ptr::eq(self, o)
    }
}
impl Eq for Object {}
impl Hash for Object {
    fn hash<H: Hasher>(&self, h: &mut H) {
        (self as *const Object as usize).hash(h)
    }
}
impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.name.as_str())
    }
}

/// Does the name start with an upper-case letter?
pub fn is_exported(name: &str) -> bool {
    match name.as_bytes().first() {
        Some(b) if *b < 0x80 => b.is_ascii_uppercase(),
        Some(_) => name.chars().next().is_some_and(rgo_syntax::unicode::is_upper),
        None => false,
    }
}

/// The unique id of a name: the name itself if exported, else qualified by the package path.
pub fn id(pkg: Option<&'static Package>, name: &str) -> String {
    if is_exported(name) {
        return name.to_string();
    }
    let path = pkg.map(|p| p.path()).filter(|p| !p.is_empty()).unwrap_or("_");
    format!("{path}.{name}")
}

/// Are these the same package, seen as an owner of unexported names?
pub fn same_pkg(a: Option<&'static Package>, b: Option<&'static Package>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => std::ptr::eq(a, b) || a.path() == b.path(),
        _ => false,
    }
}

impl Object {
    fn make(kind: ObjectKind, pos: Pos, pkg: Option<&'static Package>, name: Symbol, typ: Option<Type>) -> Obj {
        leak(Object { kind, name, pos, pkg, typ: Slot::from_option(typ), parent: Slot::empty(), order: AtomicU32::new(0), scope_pos: Slot::empty() })
    }

    pub fn new_pkg_name(pos: Pos, pkg: &'static Package, name: Symbol, imported: &'static Package) -> Obj {
        Self::make(ObjectKind::PkgName { imported }, pos, Some(pkg), name, Some(invalid()))
    }
    pub fn new_const(pos: Pos, pkg: Option<&'static Package>, name: Symbol, typ: Option<Type>, value: Option<Value>) -> Obj {
        Self::make(ObjectKind::Const { value: RwLock::new(value) }, pos, pkg, name, typ)
    }
    pub fn new_type_name(pos: Pos, pkg: Option<&'static Package>, name: Symbol, typ: Option<Type>) -> Obj {
        Self::make(ObjectKind::TypeName, pos, pkg, name, typ)
    }
    /// A variable of the given kind (parameter, result, receiver, package or local variable).
    pub fn new_var(kind: VarKind, pos: Pos, pkg: Option<&'static Package>, name: Symbol, typ: Option<Type>) -> Obj {
        Self::make(ObjectKind::Var(VarInfo { kind: AtomicU8::new(kind as u8), embedded: false, origin: None }), pos, pkg, name, typ)
    }
    pub fn new_field(pos: Pos, pkg: Option<&'static Package>, name: Symbol, typ: Option<Type>, embedded: bool) -> Obj {
        Self::make(ObjectKind::Var(VarInfo { kind: AtomicU8::new(VarKind::Field as u8), embedded, origin: None }), pos, pkg, name, typ)
    }
    pub fn new_func(pos: Pos, pkg: Option<&'static Package>, name: Symbol, sig: Option<&'static Signature>) -> Obj {
        Self::make(ObjectKind::Func(FuncInfo { origin: None, has_ptr_recv: AtomicBool::new(false) }), pos, pkg, name, sig.map(Type::Signature))
    }
    pub fn new_label(pos: Pos, pkg: &'static Package, name: Symbol) -> Obj {
        Self::make(ObjectKind::Label { used: AtomicBool::new(false) }, pos, Some(pkg), name, Some(invalid()))
    }
    pub(crate) fn new_builtin(id: BuiltinId, pkg: Option<&'static Package>, typ: Type) -> Obj {
        Self::make(ObjectKind::Builtin(id), NO_POS, pkg, Symbol::intern(id.name()), Some(typ))
    }
    pub(crate) fn new_nil(typ: Type) -> Obj {
        Self::make(ObjectKind::Nil, NO_POS, None, Symbol::intern("nil"), Some(typ))
    }

    /// A copy of variable `v` with another type; its origin is `v`'s origin.
    pub fn clone_var(v: Obj, typ: Type) -> Obj {
        let i = v.var_info().expect("internal compiler error: clone_var of a non-variable");
        let info = VarInfo { kind: AtomicU8::new(i.kind.load(Ordering::Acquire)), embedded: i.embedded, origin: Some(v.origin()) };
        let c = Self::make(ObjectKind::Var(info), v.pos, v.pkg, v.name, Some(typ));
        if let Some(p) = v.parent() {
            c.set_parent(p);
        }
        c
    }
    /// A copy of function `f` with another signature; its origin is `f`'s origin.
    pub fn clone_func(f: Obj, sig: &'static Signature) -> Obj {
        let info = FuncInfo { origin: Some(f.origin()), has_ptr_recv: AtomicBool::new(f.has_ptr_recv()) };
        let c = Self::make(ObjectKind::Func(info), f.pos, f.pkg, f.name, Some(Type::Signature(sig)));
        if let Some(p) = f.parent() {
            c.set_parent(p);
        }
        c
    }

    /// The owning package; `None` for labels of no package and universe objects.
    pub fn pkg(&self) -> Option<&'static Package> {
        self.pkg
    }
    pub fn name(&self) -> &'static str {
        self.name.as_str()
    }
    /// The type; `invalid type` if it is not known (yet).
    pub fn typ(&self) -> Type {
        self.typ.get().unwrap_or_else(invalid)
    }
    /// The type if it is set.
    pub fn try_type(&self) -> Option<Type> {
        self.typ.get()
    }
    pub fn set_type(&self, t: Type) {
        self.typ.set(t)
    }
    /// The scope of the declaration; `None` for methods and fields.
    pub fn parent(&self) -> Option<ScopeRef> {
        self.parent.get()
    }
    pub fn set_parent(&self, s: ScopeRef) {
        self.parent.set(s)
    }
    /// Source order of package-level objects, > 0; 0 for all others.
    pub fn order(&self) -> u32 {
        self.order.load(Ordering::Acquire)
    }
    pub fn set_order(&self, o: u32) {
        self.order.store(o, Ordering::Release)
    }
    /// Where the scope of the object starts.
    pub fn scope_pos(&self) -> Pos {
        self.scope_pos.get().unwrap_or(NO_POS)
    }
    pub fn set_scope_pos(&self, p: Pos) {
        self.scope_pos.set(p)
    }
    pub fn exported(&self) -> bool {
        self.name.is_exported()
    }
    pub fn id(&self) -> String {
        id(self.pkg, self.name())
    }

    /// Does the object have the identity of (`pkg`, `name`)? With `fold_case`, names are compared ignoring case and packages are ignored.
    pub fn same_id(&self, pkg: Option<&'static Package>, name: Symbol, fold_case: bool) -> bool {
        if self.name != name {
            return fold_case && equal_fold(self.name(), name.as_str());
        }
        if fold_case {
            return true;
        }
        self.exported() || same_pkg(self.pkg, pkg)
    }

    pub fn is_pkg_name(&self) -> bool {
        matches!(self.kind, ObjectKind::PkgName { .. })
    }
    pub fn is_const(&self) -> bool {
        matches!(self.kind, ObjectKind::Const { .. })
    }
    pub fn is_type_name(&self) -> bool {
        matches!(self.kind, ObjectKind::TypeName)
    }
    pub fn is_var(&self) -> bool {
        matches!(self.kind, ObjectKind::Var(_))
    }
    pub fn is_func(&self) -> bool {
        matches!(self.kind, ObjectKind::Func(_))
    }
    pub fn is_label(&self) -> bool {
        matches!(self.kind, ObjectKind::Label { .. })
    }
    pub fn is_nil(&self) -> bool {
        matches!(self.kind, ObjectKind::Nil)
    }
    pub fn builtin(&self) -> Option<BuiltinId> {
        if let ObjectKind::Builtin(id) = self.kind { Some(id) } else { None }
    }

    /// The package a package name stands for.
    pub fn imported(&self) -> Option<&'static Package> {
        if let ObjectKind::PkgName { imported } = self.kind { Some(imported) } else { None }
    }
    /// The value of a constant.
    pub fn const_value(&self) -> Option<Value> {
        match &self.kind {
            ObjectKind::Const { value } => value.read().unwrap_or_else(|e| e.into_inner()).clone(),
            _ => None,
        }
    }
    pub fn set_const_value(&self, v: Value) {
        match &self.kind {
            ObjectKind::Const { value } => *value.write().unwrap_or_else(|e| e.into_inner()) = Some(v),
            _ => panic!("internal compiler error: set_const_value of a non-constant"),
        }
    }

    pub fn var_info(&self) -> Option<&VarInfo> {
        if let ObjectKind::Var(i) = &self.kind { Some(i) } else { None }
    }
    pub fn func_info(&self) -> Option<&FuncInfo> {
        if let ObjectKind::Func(i) = &self.kind { Some(i) } else { None }
    }
    /// The kind of a variable.
    pub fn var_kind(&self) -> Option<VarKind> {
        self.var_info().map(|i| match i.kind.load(Ordering::Acquire) {
            1 => VarKind::Package,
            2 => VarKind::Local,
            3 => VarKind::Recv,
            4 => VarKind::Param,
            5 => VarKind::Result,
            _ => VarKind::Field,
        })
    }
    pub fn set_var_kind(&self, k: VarKind) {
        if let Some(i) = self.var_info() {
            i.kind.store(k as u8, Ordering::Release);
        }
    }
    pub fn is_field(&self) -> bool {
        self.var_kind() == Some(VarKind::Field)
    }
    pub fn embedded(&self) -> bool {
        self.var_info().is_some_and(|i| i.embedded)
    }
    /// The object of the generic declaration an instantiated variable, field or method comes from; else the object itself.
    pub fn origin(&'static self) -> Obj {
        match &self.kind {
            ObjectKind::Var(i) => i.origin.unwrap_or(self),
            ObjectKind::Func(i) => i.origin.unwrap_or(self),
            _ => self,
        }
    }

    /// The signature of a function; an empty one if it is not known.
    pub fn signature(&self) -> &'static Signature {
        match self.try_type() {
            Some(Type::Signature(s)) => s,
            _ => Signature::incomplete(),
        }
    }
    /// Is the receiver of this method of the form `*T`?
    pub fn has_ptr_recv(&self) -> bool {
        if let Some(Type::Signature(sig)) = self.try_type() {
            if let Some(recv) = sig.recv() {
                return matches!(recv.typ().unalias(), Type::Pointer(_));
            }
        }
        self.func_info().is_some_and(|i| i.has_ptr_recv.load(Ordering::Acquire))
    }

    /// Is this type name an alias (also `byte` and `rune`)?
    pub fn is_alias(&'static self) -> bool {
        match self.try_type() {
            None => false,
            Some(Type::Basic(b)) => {
                let u = universe();
                if self.pkg.is_some_and(|p| std::ptr::eq(p, u.unsafe_pkg)) {
                    return false;
                }
                self.pkg.is_some() || b.name != self.name() || Type::Basic(b) == u.byte || Type::Basic(b) == u.rune
            }
            Some(Type::Named(n)) => n.decl_obj() != self,
            Some(Type::TypeParam(p)) => p.obj != self,
            Some(_) => self.is_type_name(),
        }
    }

    /// Order: exported before unexported, then by name, then (unexported) by package path.
    pub fn cmp_id(&self, o: &Object) -> CmpOrdering {
        if std::ptr::eq(self, o) {
            return CmpOrdering::Equal;
        }
        let (ea, eb) = (self.exported(), o.exported());
        if ea != eb {
            return if ea { CmpOrdering::Less } else { CmpOrdering::Greater };
        }
        self.name().cmp(o.name()).then_with(|| {
            if ea {
                return CmpOrdering::Equal;
            }
            let p = |x: &Object| x.pkg.map_or("", |p| p.path());
            p(self).cmp(p(o))
        })
    }
}

/// Case-insensitive comparison by Unicode simple folding.
pub fn equal_fold(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    let fold = |s: &str| -> String { s.chars().flat_map(|c| c.to_uppercase()).flat_map(|c| c.to_lowercase()).collect() };
    fold(a) == fold(b)
}

/// Sorts methods by [`Object::cmp_id`].
pub fn sort_methods(list: &mut [Obj]) {
    list.sort_by(|a, b| a.cmp_id(b));
}

/// A set of objects by Id (fields and methods).
#[derive(Default)]
pub struct ObjSet {
    map: rustc_hash::FxHashMap<(Symbol, &'static str), Obj>,
}

impl ObjSet {
    /// Adds `obj`, unless one with its Id is there: then the result is that one.
    pub fn insert(&mut self, obj: Obj) -> Option<Obj> {
        let path = if obj.exported() { "" } else { obj.pkg().map_or("_", |p| p.path()) };
        match self.map.entry((obj.name, path)) {
            std::collections::hash_map::Entry::Occupied(e) => Some(e.get()),
            std::collections::hash_map::Entry::Vacant(e) => {
                e.insert(obj);
                None
            }
        }
    }
}
