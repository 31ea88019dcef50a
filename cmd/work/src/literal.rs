//! Go literals for commands that read them outside of source files.

/// Kinds of literals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Char,
    String,
}

/// Values of literals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Str(String),
    Int(i64),
}

/// The value of a literal, quotes included.
pub fn value(lit: &str, kind: Kind) -> Option<Value> {
    let k = match kind {
        Kind::Char => rgo_constant::LitKind::Char,
        Kind::String => rgo_constant::LitKind::String,
    };
    match rgo_constant::make_from_literal(lit, k) {
        rgo_constant::Value::Int64(i) => Some(Value::Int(i)),
        v @ rgo_constant::Value::String(_) => Some(Value::Str(String::from_utf8_lossy(&rgo_constant::string_val(&v)).into_owned())),
        _ => None,
    }
}

/// A string as `strconv.Quote` writes it.
pub fn quote(s: &str) -> String {
    rgo_constant::quote(s.as_bytes())
}
