//! The Go IR: what lowering produces, what passes transform and what code generation reads.
//!
//! A [`Module`] holds one package: functions, globals and the symbols they name. Inputs: none (pure data).
//! Outputs: text ([`print`]), checked structure ([`verify`]).
//!
//! Shape
//! - A [`Function`] is a list of blocks; block 0 is the entry and has no predecessors. Each block is a list of
//!   instructions and one terminator.
//! - SSA temporaries ([`Value`]) are defined once and must dominate their uses. There are no phis: a value that
//!   merges goes through a [`Local`], a memory slot in the frame. Plain Go variables (address not taken, not
//!   captured by reference) are locals; the backend's SROA promotes them.
//! - Variables whose address is taken or that closures capture by reference, composite literals with `&`,
//!   closure records and interface boxes are [`Op::New`]: heap objects that escape analysis (rgo-opt) may turn into
//!   locals. The address of a local ([`Op::LocalAddr`]) must not be stored, returned or passed where it could be kept.
//! - [`types::Types`] carry Go's memory layout. Values of *memory types* ([`types::Types::is_memory`]) never exist as SSA
//!   values: the operand that stands for one is a pointer to memory holding it, for parameters, arguments, results and
//!   `Ret`. A callee owns the memory of its memory parameters; memory results of a call must be copied out before
//!   the same call site runs again.
//! - Signedness is in the operations, not in the types. `bool` is its own type: one byte in memory, 0 or 1.
//!
//! Invariants: see [`verify`]. What is absent: Go types, LLVM, source text.
//! Start reading at [`inst::Op`].
#![forbid(unsafe_code)]

pub mod builder;
pub mod inst;
pub mod module;
mod names;
pub mod parse;
pub mod print;
pub mod types;
pub mod uses;
pub mod verify;

pub use builder::FunctionBuilder;
pub use inst::*;
pub use module::*;
pub use parse::parse;
pub use print::print;
pub use verify::verify;
pub use types::{Ty, TyKind, Types};
