//! The names of the syntax tree, positions and constants that this crate uses, in one place.

pub use rgo_constant as constant;
pub use rgo_syntax::ast::*;
pub use rgo_syntax::token::{LitKind, Op};
pub use rgo_syntax::{FileSet, Pos, Symbol, expr_string};

/// No position.
pub const NO_POS: Pos = Pos::NONE;
