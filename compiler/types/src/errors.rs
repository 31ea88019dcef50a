//! Diagnostics as data, and the checker's methods for reporting them.

use crate::check::Checker;
use crate::code::Code;
use crate::object::Object;
use crate::operand::Operand;
use crate::syn::{Expr, FileSet, Ident, NO_POS, Pos, start_pos};
use crate::version::GoVersion;

/// An error found by the checker.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    pub pos: Pos,
    pub code: Code,
    /// The first line (may contain `\n\t` causes).
    pub msg: String,
    /// Further lines, each with its own position (none: `NO_POS`).
    pub related: Vec<(Pos, String)>,
    /// A soft error does not keep a package from being compiled by tools; gc treats it as any error.
    pub soft: bool,
}

impl Diagnostic {
    /// The whole text as gc prints it behind `file:line:col: `.
    pub fn text(&self) -> String {
        let mut s = self.msg.clone();
        for (pos, m) in &self.related {
            s.push_str("\n\t");
            if pos.is_valid() {
                s.push_str(&FileSet::global().position_string(*pos));
                s.push_str(": ");
            }
            s.push_str(m);
        }
        s
    }
}

/// Sorts by position, then text, and drops duplicates: how gc prints a package's errors.
pub fn sort_diagnostics(list: &mut Vec<Diagnostic>) {
    list.sort_by(|a, b| {
        let (pa, pb) = (FileSet::global().position(a.pos), FileSet::global().position(b.pos));
        (a.pos.is_valid(), &pa.filename, pa.line, pa.col).cmp(&(b.pos.is_valid(), &pb.filename, pb.line, pb.col))
    });
    // One of several equal errors of a line is enough.
    list.dedup_by(|b, a| {
        let line = |p: Pos| FileSet::global().position(p).line;
        a.msg == b.msg && a.related == b.related && (a.pos == b.pos || line(a.pos) == line(b.pos))
    });
}

/// Things an error can be reported at.
pub trait At {
    fn at(&self) -> Pos;
}
impl At for Pos {
    fn at(&self) -> Pos {
        *self
    }
}
impl At for Expr {
    fn at(&self) -> Pos {
        start_pos(self)
    }
}
impl At for Ident {
    fn at(&self) -> Pos {
        self.pos
    }
}
impl At for Object {
    fn at(&self) -> Pos {
        self.pos
    }
}
impl At for Operand {
    fn at(&self) -> Pos {
        self.expr.map_or(NO_POS, start_pos)
    }
}
impl<T: At + ?Sized> At for &T {
    fn at(&self) -> Pos {
        (**self).at()
    }
}

/// An error being put together; `report` it.
pub struct ErrorBuilder {
    code: Code,
    desc: Vec<(Pos, String)>,
    pub soft: bool,
}

impl ErrorBuilder {
    pub fn new(code: Code) -> ErrorBuilder {
        ErrorBuilder { code, desc: Vec::new(), soft: false }
    }
    /// Adds a line; the first one gives the position and the main text.
    pub fn add(&mut self, at: impl At, msg: impl Into<String>) -> &mut Self {
        self.desc.push((at.at(), msg.into()));
        self
    }
    /// Adds "other declaration of x" if `x` has a position.
    pub fn add_alt_decl(&mut self, obj: &Object) -> &mut Self {
        if obj.pos.is_valid() {
            self.add(obj.pos, format!("other declaration of {}", obj.name()));
        }
        self
    }
    pub fn is_empty(&self) -> bool {
        self.desc.is_empty()
    }
    /// Position and whole text.
    pub fn pos_and_text(&self) -> (Pos, String) {
        let mut list = self.desc.iter().cloned();
        let (pos, msg) = list.next().unwrap_or((NO_POS, String::new()));
        let d = Diagnostic { pos, code: self.code, msg, related: list.collect(), soft: self.soft };
        (pos, d.text())
    }
    pub fn report(&mut self, check: &Checker) {
        let mut desc = std::mem::take(&mut self.desc).into_iter();
        let Some((mut pos, mut msg)) = desc.next() else { panic!("internal compiler error: empty diagnostic") };
        // Texts that mention an invalid operand or type somewhere inside are follow-on errors of one already reported.
        if check.has_errors() {
            let inside = |p: &str| msg.find(p).is_some_and(|i| i > 0);
            if inside("invalid operand") || inside("invalid type") {
                return;
            }
        }
        let errpos = check.env.borrow().errpos;
        if errpos.is_valid() {
            // In an inherited constant initialization the error belongs to the constant, not to the shared expression.
            pos = errpos;
        }
        if self.code == Code::InvalidSyntaxTree {
            msg = format!("invalid syntax tree: {msg}");
        }
        check.diagnostics.borrow_mut().push(Diagnostic { pos, code: self.code, msg, related: desc.collect(), soft: self.soft });
    }
}

impl Checker {
    pub fn error(&self, at: impl At, code: Code, msg: impl Into<String>) {
        let mut e = ErrorBuilder::new(code);
        e.add(at, msg);
        e.report(self);
    }
    pub fn soft_error(&self, at: impl At, code: Code, msg: impl Into<String>) {
        let mut e = ErrorBuilder::new(code);
        e.add(at, msg);
        e.soft = true;
        e.report(self);
    }
    /// "`what` requires go1.N or later"
    pub fn version_error(&self, at: impl At, v: GoVersion, what: &str) {
        self.error(at, Code::UnsupportedFeature, format!("{what} requires {v} or later"));
    }
    /// Does the language version in effect allow a feature of version `v`?
    pub fn allow_version(&self, v: GoVersion) -> bool {
        let cur = self.env.borrow().version;
        !cur.is_valid() || cur >= v
    }
    /// Like `allow_version`, reporting an error if not.
    pub fn verify_version(&self, at: impl At, v: GoVersion, what: &str) -> bool {
        let ok = self.allow_version(v);
        if !ok {
            self.version_error(at, v, what);
        }
        ok
    }
    pub fn has_errors(&self) -> bool {
        !self.diagnostics.borrow().is_empty()
    }
}
