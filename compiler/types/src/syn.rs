//! The names of the syntax tree, positions and constants that this crate uses, in one place.

pub use rgo_constant as constant;
pub use rgo_syntax::ast::*;
pub use rgo_syntax::token::{LitKind, Op};
pub use rgo_syntax::{FileSet, Pos, Symbol};

/// No position.
pub const NO_POS: Pos = Pos::NONE;

/// The source form of an expression, shortened as in gc's messages.
pub fn expr_string(e: &Expr) -> String {
    // Until rgo_syntax::print lands.
    match &e.kind {
        ExprKind::Ident(i) => i.name.as_str().to_string(),
        ExprKind::BasicLit(l) => l.value.to_string(),
        _ => "expression".to_string(),
    }
}
