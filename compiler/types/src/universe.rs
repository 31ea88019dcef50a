//! The universe scope, package unsafe, and the predeclared types.

use crate::alias::Alias;
use crate::named::Named;
use crate::object::{Obj, Object, VarKind};
use crate::package::Package;
use crate::scope::{Scope, ScopeRef};
use crate::syn::{NO_POS, Symbol, constant};
use crate::types::info_bits::*;
use crate::types::{Basic, BasicKind, Interface, Signature, Tuple, Type, leak};
use crate::typeset::TypeSet;
use std::sync::OnceLock;

/// Everything predeclared. Get it with [`universe`].
pub struct Universe {
    pub scope: ScopeRef,
    pub unsafe_pkg: &'static Package,
    pub byte: Type,
    pub rune: Type,
    pub error: Type,
    pub iota: Obj,
    pub any: Obj,
    pub comparable: Obj,
}

static BASICS: [Basic; 28] = {
    use BasicKind::*;
    const fn b(kind: BasicKind, info: u32, name: &'static str) -> Basic {
        Basic { kind, info, name }
    }
    [
        b(Invalid, 0, "invalid type"),
        b(Bool, IS_BOOLEAN, "bool"),
        b(Int, IS_INTEGER, "int"),
        b(Int8, IS_INTEGER, "int8"),
        b(Int16, IS_INTEGER, "int16"),
        b(Int32, IS_INTEGER, "int32"),
        b(Int64, IS_INTEGER, "int64"),
        b(Uint, IS_INTEGER | IS_UNSIGNED, "uint"),
        b(Uint8, IS_INTEGER | IS_UNSIGNED, "uint8"),
        b(Uint16, IS_INTEGER | IS_UNSIGNED, "uint16"),
        b(Uint32, IS_INTEGER | IS_UNSIGNED, "uint32"),
        b(Uint64, IS_INTEGER | IS_UNSIGNED, "uint64"),
        b(Uintptr, IS_INTEGER | IS_UNSIGNED, "uintptr"),
        b(Float32, IS_FLOAT, "float32"),
        b(Float64, IS_FLOAT, "float64"),
        b(Complex64, IS_COMPLEX, "complex64"),
        b(Complex128, IS_COMPLEX, "complex128"),
        b(String, IS_STRING, "string"),
        b(UnsafePointer, 0, "Pointer"),
        b(UntypedBool, IS_BOOLEAN | IS_UNTYPED, "untyped bool"),
        b(UntypedInt, IS_INTEGER | IS_UNTYPED, "untyped int"),
        b(UntypedRune, IS_INTEGER | IS_UNTYPED, "untyped rune"),
        b(UntypedFloat, IS_FLOAT | IS_UNTYPED, "untyped float"),
        b(UntypedComplex, IS_COMPLEX | IS_UNTYPED, "untyped complex"),
        b(UntypedString, IS_STRING | IS_UNTYPED, "untyped string"),
        b(UntypedNil, IS_UNTYPED, "untyped nil"),
        b(Uint8, IS_INTEGER | IS_UNSIGNED, "byte"),
        b(Int32, IS_INTEGER, "rune"),
    ]
};

/// The predeclared type of a kind (`Uint8` gives `uint8`, not `byte`).
pub fn typ(k: BasicKind) -> Type {
    Type::Basic(&BASICS[k as usize])
}

/// `invalid type`.
pub fn invalid() -> Type {
    Type::Basic(&BASICS[0])
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExprKind {
    Conversion,
    Expression,
    Statement,
}

macro_rules! builtins {
    ($($id:ident $name:literal $nargs:literal $variadic:literal $kind:ident;)*) => {
        /// A built-in function.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum BuiltinId { $($id),* }
        impl BuiltinId {
            pub const ALL: &'static [BuiltinId] = &[$(BuiltinId::$id),*];
            pub fn name(self) -> &'static str { match self { $(BuiltinId::$id => $name),* } }
            /// The least number of arguments.
            pub fn nargs(self) -> usize { match self { $(BuiltinId::$id => $nargs),* } }
            pub fn variadic(self) -> bool { match self { $(BuiltinId::$id => $variadic),* } }
            pub fn kind(self) -> ExprKind { match self { $(BuiltinId::$id => ExprKind::$kind),* } }
        }
    };
}
builtins! {
    Append "append" 1 true Expression;
    Cap "cap" 1 false Expression;
    Clear "clear" 1 false Statement;
    Close "close" 1 false Statement;
    Complex "complex" 2 false Expression;
    Copy "copy" 2 false Statement;
    Delete "delete" 2 false Statement;
    Imag "imag" 1 false Expression;
    Len "len" 1 false Expression;
    Make "make" 1 true Expression;
    Max "max" 1 true Expression;
    Min "min" 1 true Expression;
    New "new" 1 false Expression;
    Panic "panic" 1 false Statement;
    Print "print" 0 true Statement;
    Println "println" 0 true Statement;
    Real "real" 1 false Expression;
    Recover "recover" 0 false Statement;
    Add "Add" 2 false Expression;
    Alignof "Alignof" 1 false Expression;
    Offsetof "Offsetof" 1 false Expression;
    Sizeof "Sizeof" 1 false Expression;
    Slice "Slice" 2 false Expression;
    SliceData "SliceData" 1 false Expression;
    String "String" 2 false Expression;
    StringData "StringData" 1 false Expression;
    Assert "assert" 1 false Statement;
    Trace "trace" 0 true Statement;
}

/// The universe.
pub fn universe() -> &'static Universe {
    static U: OnceLock<&'static Universe> = OnceLock::new();
    U.get_or_init(|| leak(make()))
}

fn make() -> Universe {
    let scope = Scope::new(None, NO_POS, NO_POS, "universe");
    let unsafe_pkg = Package::with_parent("unsafe", "unsafe", Some(scope));
    unsafe_pkg.mark_complete();
    let sym = Symbol::intern;
    let put = |o: Obj| {
        let s = if o.exported() { unsafe_pkg.scope() } else { scope };
        if s.insert(o).is_some() {
            panic!("internal compiler error: double declaration of predeclared {}", o.name());
        }
        o
    };
    for b in &BASICS {
        if !b.name.contains(' ') {
            let pkg = (b.kind == BasicKind::UnsafePointer).then_some(unsafe_pkg);
            put(Object::new_type_name(NO_POS, pkg, sym(b.name), Some(Type::Basic(b))));
        }
    }
    // type error interface{ Error() string }
    let eobj = Object::new_type_name(NO_POS, None, sym("error"), None);
    let error = Named::new(eobj, None, 0);
    {
        let recv = Object::new_var(VarKind::Recv, NO_POS, None, sym(""), Some(Type::Named(error)));
        let res = Object::new_var(VarKind::Result, NO_POS, None, sym(""), Some(typ(BasicKind::String)));
        let sig = Signature::new(Some(recv), Tuple::empty(), Tuple::new(vec![res]), false);
        let m = Object::new_func(NO_POS, None, sym("Error"), Some(sig));
        let i = Interface::new(vec![m], vec![]);
        i.tset.set(leak(TypeSet::of_methods(vec![m])));
        error.set_underlying(Type::Interface(i));
    }
    put(eobj);
    // type any = interface{}
    let any = Object::new_type_name(NO_POS, None, sym("any"), None);
    Alias::new(any, Some(Type::Interface(Interface::empty())));
    put(any);
    // type comparable interface{ comparable }
    let comparable = Object::new_type_name(NO_POS, None, sym("comparable"), None);
    {
        let i = Interface::incomplete(0);
        i.set_contents(vec![], vec![], vec![]);
        i.tset.set(leak(TypeSet::comparable_all()));
        Named::new(comparable, None, 0).set_underlying(Type::Interface(i));
    }
    put(comparable);
    let c = |name: &str, k: BasicKind, v: constant::Value| put(Object::new_const(NO_POS, None, sym(name), Some(typ(k)), Some(v)));
    c("true", BasicKind::UntypedBool, constant::make_bool(true));
    c("false", BasicKind::UntypedBool, constant::make_bool(false));
    let iota = c("iota", BasicKind::UntypedInt, constant::make_int64(0));
    put(Object::new_nil(typ(BasicKind::UntypedNil)));
    for &id in BuiltinId::ALL {
        if !matches!(id, BuiltinId::Assert | BuiltinId::Trace) {
            let pkg = crate::object::is_exported(id.name()).then_some(unsafe_pkg);
            put(Object::new_builtin(id, pkg, invalid()));
        }
    }
    Universe { scope, unsafe_pkg, byte: Type::Basic(&BASICS[26]), rune: Type::Basic(&BASICS[27]), error: Type::Named(error), iota, any, comparable }
}
