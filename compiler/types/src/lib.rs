//! rgo-types: the Go 1.27 type checker.
//!
//! Input: parsed files of one package (`rgo_syntax` AST) and an [`Importer`] that hands out complete packages.
//! Output: a [`Package`] with its objects, an [`Info`] with side tables by `NodeId` (types and constant values of expressions, objects of identifiers,
//! selections, instances, initialization order) and a list of [`Diagnostic`]s with gc's texts.
//!
//! The code follows `cmd/compile/internal/types2`; a file here has the name of the file there (`type` words get a suffix).
//!
//! Data model
//! - [`Type`] is a `Copy` enum of leaked nodes. Equality and hash of `Type` are by *address*; Go's type identity is [`predicates::identical`].
//! - [`Obj`] is `&'static Object`; equality and hash are by address.
//! - Nodes are created incomplete and filled in while their package is checked. Every such field is a [`slot::Slot`], a `OnceLock` or an atomic, so nodes are
//!   `Send + Sync`. The contract: a package is checked by one thread; other threads see its nodes only after it is complete, when the only remaining
//!   writes are idempotent memoisations (underlying types and methods of instances).
//! - A node that is still being checked carries the id of its checker; [`Checker::with_id`] finds that checker in a thread-local stack, so that lazy expansion
//!   (`Named::underlying`, `Named::method`) needs no checker argument. All state of [`Checker`] is behind `Cell`/`RefCell`, methods take `&self`.
//!
//! Where to start: `check.rs` (`Checker::check_files` lists the phases), `info.rs` for consumers, `types.rs` and `object.rs` for the data.
#![forbid(unsafe_code)]
// Objects and scopes are hashed by address, whatever their cells contain.
#![allow(clippy::mutable_key_type)]
// The nesting follows the phrases of the specification.
#![allow(clippy::collapsible_if, clippy::collapsible_match, clippy::too_many_arguments)]

mod assignments;
mod bodies;
mod builtins;
mod call;
mod decl;
mod expr;
mod index;
mod literals;
mod range;
mod resolver;
mod returns;
mod selector;
mod signature;
mod stmt;
mod structs;
mod typexpr;
mod untyped;
pub mod alias;
pub mod api_predicates;
pub mod check;
pub mod code;
pub mod consts;
pub mod context;
pub mod conversions;
pub mod cycles;
pub mod errors;
pub mod export;
pub mod format;
pub mod infer;
pub mod info;
pub mod initorder;
pub mod instantiate;
pub mod late;
pub mod lookup;
pub mod mono;
pub mod named;
pub mod object;
pub mod operand;
pub mod package;
pub mod predicates;
pub mod report;
pub mod scope;
pub mod sizes;
pub mod slot;
pub mod subst;
#[cfg(test)]
mod tests;
pub mod syn;
pub mod termlist;
pub mod typeparam;
pub mod types;
pub mod typeset;
pub mod typestring;
pub mod under;
pub mod unify;
pub mod union;
pub mod universe;
pub mod validtype;
pub mod version;

pub use alias::{Alias, unalias};
pub use check::{Checker, Config, Importer};
pub use code::Code;
pub use context::Context;
pub use errors::Diagnostic;
pub use info::{Info, Initializer, Instance, Selection, SelectionKind, TypeAndValue};
pub use named::Named;
pub use object::{Obj, Object, ObjectKind, VarKind};
pub use operand::{Mode, Operand};
pub use package::Package;
pub use report::ErrorLog;
pub use scope::{Scope, ScopeRef};
pub use typeparam::TypeParam;
pub use types::*;
pub use universe::{BuiltinId, universe};
