//! Build constraints: `//go:build` expressions and `// +build` lines.

/// An expression over build tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    Tag(String),
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
}

impl Expr {
    /// The value for a set of tags; every tag is asked for, as Go does to record which matter.
    pub fn eval(&self, has: &mut dyn FnMut(&str) -> bool) -> bool {
        match self {
            Expr::Tag(t) => has(t),
            Expr::Not(x) => !x.eval(has),
            Expr::And(x, y) => {
                let (x, y) = (x.eval(has), y.eval(has));
                x && y
            }
            Expr::Or(x, y) => {
                let (x, y) = (x.eval(has), y.eval(has));
                x || y
            }
        }
    }

    /// Calls `f` with each tag.
    pub fn tags(&self, f: &mut dyn FnMut(&str)) {
        self.eval(&mut |t| {
            f(t);
            false
        });
    }
}

struct Parser<'a> {
    s: &'a str,
    tok: &'a str,
    depth: u32,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Result<(), String> {
        self.s = self.s.trim_start_matches([' ', '\t']);
        let b = self.s.as_bytes();
        let n = match b {
            [] => 0,
            [b'(' | b')' | b'!', ..] => 1,
            [b'&', b'&', ..] | [b'|', b'|', ..] => 2,
            [b'&' | b'|', ..] => return Err(format!("invalid syntax at {}", self.s.chars().next().unwrap_or(' '))),
            _ => {
                let ok = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
                let n = self.s.find(|c| !ok(c)).unwrap_or(self.s.len());
                if n == 0 {
                    return Err(format!("invalid syntax at {}", self.s.chars().next().unwrap_or(' ')));
                }
                n
            }
        };
        (self.tok, self.s) = self.s.split_at(n);
        Ok(())
    }

    fn or(&mut self) -> Result<Expr, String> {
        let mut x = self.and()?;
        while self.tok == "||" {
            self.next()?;
            x = Expr::Or(Box::new(x), Box::new(self.and()?));
        }
        Ok(x)
    }

    fn and(&mut self) -> Result<Expr, String> {
        let mut x = self.not()?;
        while self.tok == "&&" {
            self.next()?;
            x = Expr::And(Box::new(x), Box::new(self.not()?));
        }
        Ok(x)
    }

    fn not(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > 1000 {
            return Err("build expression too large".into());
        }
        let r = match self.tok {
            "!" => {
                self.next()?;
                if self.tok == "!" {
                    return Err("double negation not allowed".into());
                }
                Expr::Not(Box::new(self.not()?))
            }
            "(" => {
                self.next()?;
                let x = self.or()?;
                if self.tok != ")" {
                    return Err("missing close paren".into());
                }
                self.next()?;
                x
            }
            "" => return Err("unexpected end of expression".into()),
            ")" | "&&" | "||" => return Err(format!("unexpected token {}", self.tok)),
            t => {
                let x = Expr::Tag(t.to_string());
                self.next()?;
                x
            }
        };
        self.depth -= 1;
        Ok(r)
    }
}

/// The expression of a `//go:build` line, if the line is one.
pub fn go_build_line(line: &str) -> Option<&str> {
    let rest = line.trim_end().strip_prefix("//go:build")?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim())
}

/// Parses an expression.
pub fn parse(text: &str) -> Result<Expr, String> {
    let mut p = Parser { s: text, tok: "", depth: 0 };
    p.next()?;
    let x = p.or()?;
    if !p.tok.is_empty() {
        return Err(format!("unexpected token {}", p.tok));
    }
    Ok(x)
}

/// The words of a `// +build` line, if the line is one.
pub fn plus_build_line(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("//")?.trim_start().strip_prefix("+build")?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim())
}

/// Parses the words of a `// +build` line: options joined by spaces, terms by commas.
pub fn parse_plus(text: &str) -> Expr {
    let never = || Expr::Tag("ignore".into());
    let mut options = text.split_whitespace().map(|clause| {
        let terms = clause.split(',').map(|t| {
            let (neg, t) = t.strip_prefix('!').map_or((false, t), |t| (true, t));
            let ok = !t.is_empty() && t.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
            match (ok, neg) {
                (false, _) => never(),
                (true, false) => Expr::Tag(t.into()),
                (true, true) => Expr::Not(Box::new(Expr::Tag(t.into()))),
            }
        });
        terms.reduce(|x, y| Expr::And(Box::new(x), Box::new(y))).unwrap_or_else(never)
    });
    let first = options.next().unwrap_or_else(never);
    options.fold(first, |x, y| Expr::Or(Box::new(x), Box::new(y)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eval(s: &str) -> bool {
        parse(s).unwrap().eval(&mut |t| ["linux", "amd64", "go1.21"].contains(&t))
    }

    #[test]
    fn expressions() {
        assert!(eval("linux && !windows"));
        assert!(eval("(windows || linux) && go1.21"));
        assert!(!eval("!linux || !amd64"));
        assert_eq!(parse("!!x"), Err("double negation not allowed".into()));
        assert_eq!(parse("x &&"), Err("unexpected end of expression".into()));
        assert_eq!(parse("(x"), Err("missing close paren".into()));
        assert!(parse("x y").is_err() && parse("x & y").is_err());
        assert_eq!(go_build_line("//go:build linux"), Some("linux"));
        assert_eq!(go_build_line("//go:builder"), None);
        assert!(parse_plus("windows linux,!arm64").eval(&mut |t| t == "linux"));
    }
}
