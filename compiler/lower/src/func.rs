//! Function bodies (under construction).

use rgo_ir::{Linkage, Sym};
use rgo_syntax::ast::FuncDecl;
use rgo_types::{Initializer, Obj};

use crate::env::Env;
use crate::package::PackageLowering;
use crate::program::PackageData;

/// Lowers the body of a declared function or method of package `pd` under `env`.
pub fn lower_func_decl(_pl: &mut PackageLowering<'_>, _pd: &'static PackageData, fd: &'static FuncDecl, _obj: Obj, _env: Env, _sym: Sym, _linkage: Linkage) {
    panic!("internal compiler error: function bodies are not lowered yet ({})", fd.name.name);
}

/// Emits the package initialiser `sym`: `inits` in order, then calls of `calls`.
pub fn lower_package_init(_pl: &mut PackageLowering<'_>, _sym: Sym, _inits: &[&'static Initializer], _calls: &[Sym]) {
    panic!("internal compiler error: package initialisers are not lowered yet");
}
