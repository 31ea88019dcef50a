//! rgo-lower: typed syntax trees to IR.
//!
//! Input: a [`Program`] of complete, type-checked packages ([`PackageData`]: files, `Info`, linknames). Output: one `rgo_ir::Module` per package
//! ([`lower_package`]), plus the module that starts the program ([`lower_main`]).
//!
//! Generics are instantiated in full: a function body is lowered once per set of type arguments, under an [`Env`] that replaces type parameters, and
//! emitted as COMDAT by every package that needs the instance. All types handed around below are *concrete*: `Env::subst` has been applied.
//!
//! Layers
//! - package level (`package`, `program`, `env`, `layout`, `names`, `descriptor`, `alg`, `wrapper`, `init`, `static_data`, `directives`, `intrinsics`):
//!   what exists once per package; a work queue holds instances, descriptors and wrappers still to be emitted;
//! - function level (`func` and what it uses): bodies. `capture` decides what closures capture; `order` the order of evaluation; `expr`, `call`, `builtin`, `conv`,
//!   `index`, `literal`, `assert`, `compare` lower expressions, `stmt`, `assign`, `range`, `rangefunc`, `switch`, `select`, `defer` statements.
//!
//! Invariants: every symbol referenced is emitted here, by its home package, or by the runtime library; descriptors of package-level defined types (and of
//! pointers to them) are emitted by the home package only, all others wherever they are used.
//! Start reading at `package.rs` and `func.rs`.
#![forbid(unsafe_code)]

pub mod alg;
pub mod assembly;
pub mod assert;
pub mod assign;
pub mod builtin;
pub mod call;
pub mod capture;
pub mod compare;
mod constant_vars;
pub mod conv;
pub mod defer;
pub mod descriptor;
pub mod directives;
pub mod env;
pub mod expr;
pub mod func;
pub mod index;
pub mod init;
pub mod inline;
pub mod intrinsics;
pub mod layout;
pub mod literal;
pub mod names;
pub mod order;
pub mod package;
pub mod program;
pub mod range;
pub mod rangefunc;
pub mod select;
pub mod services;
pub mod static_data;
pub mod stmt;
pub mod switch;
mod uses;
pub mod wrapper;

pub use env::Env;
pub use package::{PackageLowering, lower_main, lower_package};
pub use program::{PackageData, Program};
