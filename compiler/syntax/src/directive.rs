//! Line directives: `//line file:line[:col]` and `/*line file:line[:col]*/`.

const MAX: u64 = 1 << 30;

/// A parsed line directive.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// Not a line directive.
    Ignore,
    /// Malformed; `at` is the offset into the argument text the error is reported for.
    Error { at: usize, msg: String },
    /// `col == 0`: no column given.
    Base { filename: &'a str, line: u32, col: u32 },
}

/// The offset behind the last colon, and the number that follows it.
fn trailing_digits(text: &str) -> Option<(usize, Option<u64>)> {
    let i = text.rfind(':')?;
    let digits = &text[i + 1..];
    let ok = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    Some((i + 1, if ok { digits.parse().ok() } else { None }))
}

/// Parses the arguments of a line directive (the text behind "line ").
pub fn parse_line(text: &str) -> Line<'_> {
    let Some((i, n)) = trailing_digits(text) else { return Line::Ignore };
    let invalid = |what: &str, at: usize| Line::Error { at, msg: format!("invalid {what} number: {}", &text[at..]) };
    let Some(n) = n else { return invalid("line", i) };
    let (line, col, line_at, name) = match trailing_digits(&text[..i - 1]) {
        Some((i2, Some(n2))) => {
            if n == 0 || n > MAX {
                return invalid("column", i);
            }
            (n2, n, i2, &text[..i2 - 1])
        }
        _ => (n, 0, i, &text[..i - 1]),
    };
    if line == 0 || line > MAX {
        // The text of the message excludes a column that was split off.
        let end = if col != 0 { i - 1 } else { text.len() };
        return Line::Error { at: line_at, msg: format!("invalid line number: {}", &text[line_at..end]) };
    }
    Line::Base { filename: name, line: line as u32, col: col as u32 }
}

/// Cleans a file name of a line directive; relative names are relative to the file's directory.
pub fn resolve(name: &str, file: &str) -> String {
    let name = clean(name);
    if name.starts_with('/') {
        return name;
    }
    match file.rfind('/') {
        None => name,
        Some(i) => {
            let dir = clean(&file[..i.max(1)]);
            if dir == "." { name } else { clean(&format!("{dir}/{name}")) }
        }
    }
}

/// The shortest equivalent of a slash-separated path.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut out: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if out.last().is_some_and(|&l| l != "..") => {
                out.pop();
            }
            ".." if rooted => {}
            p => out.push(p),
        }
    }
    match (rooted, out.is_empty()) {
        (true, _) => format!("/{}", out.join("/")),
        (false, true) => ".".into(),
        (false, false) => out.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_directives() {
        assert_eq!(parse_line("foo"), Line::Ignore);
        assert_eq!(parse_line("a.go:10"), Line::Base { filename: "a.go", line: 10, col: 0 });
        assert_eq!(parse_line("c:a.go:10:3"), Line::Base { filename: "c:a.go", line: 10, col: 3 });
        assert_eq!(parse_line(":10:3"), Line::Base { filename: "", line: 10, col: 3 });
        assert_eq!(parse_line("a:x"), Line::Error { at: 2, msg: "invalid line number: x".into() });
        assert_eq!(parse_line("a:0"), Line::Error { at: 2, msg: "invalid line number: 0".into() });
        assert_eq!(parse_line("a:1:0"), Line::Error { at: 4, msg: "invalid column number: 0".into() });
        assert_eq!(parse_line("a:0:1"), Line::Error { at: 2, msg: "invalid line number: 0".into() });
    }

    #[test]
    fn paths() {
        assert_eq!(resolve("x.go", "a.go"), "x.go");
        assert_eq!(resolve("../x.go", "p/q/a.go"), "p/x.go");
        assert_eq!(resolve("/q//x.go", "p/a.go"), "/q/x.go");
        assert_eq!(resolve("x.go", "./a.go"), "x.go");
        assert_eq!(resolve("x.go", "/a.go"), "/x.go");
    }
}
