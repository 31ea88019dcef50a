//! Symbols of [`crate::Op::Use`]: what a function does that keeps methods in the program, for the linker's reachability pass.

/// Methods are looked up by reflection.
pub const REFLECT: &str = "go:use.reflect";
const METHOD: &str = "go:use.method.";
const NAMED: &str = "go:use.named.";

/// What a symbol says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use<'a> {
    /// A method with this name and type is called through an interface.
    Method(&'a str),
    /// Methods with this name are looked up by reflection.
    Named(&'a str),
    Reflect,
}

/// Calls of a method through an interface: its name (with package where it is not exported) and the link string of its type.
pub fn method(id: &str, link: &str) -> String {
    format!("{METHOD}{id} {link}")
}

pub fn named(name: &str) -> String {
    format!("{NAMED}{name}")
}

pub fn parse(symbol: &str) -> Option<Use<'_>> {
    if symbol == REFLECT {
        return Some(Use::Reflect);
    }
    symbol.strip_prefix(METHOD).map(Use::Method).or_else(|| symbol.strip_prefix(NAMED).map(Use::Named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols() {
        assert_eq!(parse(&method("String", "func() string")), Some(Use::Method("String func() string")));
        assert_eq!(parse(&named("Foo")), Some(Use::Named("Foo")));
        assert_eq!((parse(REFLECT), parse("p.F")), (Some(Use::Reflect), None));
    }
}
