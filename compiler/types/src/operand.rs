//! Operands: intermediate values of type checking.

use crate::syn::constant::Value;
use crate::syn::{Expr, NO_POS, Pos};
use crate::types::Type;
use crate::universe::{BuiltinId, invalid};

/// The addressing mode of an operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    Invalid,
    /// No value (a call without result).
    NoValue,
    Builtin(BuiltinId),
    TypeExpr,
    Constant,
    /// Addressable.
    Variable,
    /// A map index expression: assignable, comma-ok.
    MapIndex,
    Value,
    /// The value nil.
    NilValue,
    /// Like `Value`, may be used with comma-ok.
    CommaOk,
    /// Like `CommaOk`, the second value is an error (cgo).
    CommaErr,
    CgoFunc,
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Invalid => "invalid operand",
            Mode::NoValue => "no value",
            Mode::Builtin(_) => "built-in",
            Mode::TypeExpr => "type",
            Mode::Constant => "constant",
            Mode::Variable => "variable",
            Mode::MapIndex => "map index expression",
            Mode::Value => "value",
            Mode::NilValue => "nil",
            Mode::CommaOk => "comma, ok expression",
            Mode::CommaErr => "comma, error expression",
            Mode::CgoFunc => "cgo function",
        }
    }
}

/// An intermediate value: mode, expression, type, constant value.
#[derive(Clone, Debug)]
pub struct Operand {
    pub mode: Mode,
    pub expr: Option<&'static Expr>,
    /// `None` only while the operand is invalid or being built.
    pub typ: Option<Type>,
    /// The value of a constant operand.
    pub val: Option<Value>,
}

impl Default for Operand {
    fn default() -> Self {
        Operand { mode: Mode::Invalid, expr: None, typ: None, val: None }
    }
}

impl Operand {
    pub fn new() -> Operand {
        Operand::default()
    }
    /// The type; `invalid type` if there is none.
    pub fn typ(&self) -> Type {
        self.typ.unwrap_or_else(invalid)
    }
    pub fn is_valid(&self) -> bool {
        self.mode != Mode::Invalid
    }
    pub fn invalidate(&mut self) {
        self.mode = Mode::Invalid
    }
    /// Is this the predeclared value nil?
    pub fn is_nil(&self) -> bool {
        self.mode == Mode::NilValue
    }
    pub fn is_constant(&self) -> bool {
        self.mode == Mode::Constant
    }
    /// The position of the expression (not its start).
    pub fn pos(&self) -> Pos {
        self.expr.map_or(NO_POS, |e| e.pos)
    }
    /// The constant value; unknown if there is none.
    pub fn value(&self) -> Value {
        self.val.clone().unwrap_or(Value::Unknown)
    }
}
