//! Texts in Go files outside the grammar: documentation, import paths.

/// The text of a comment group without markers, as documentation.
pub fn comment_text(g: &crate::ast::CommentGroup) -> String {
    let mut lines: Vec<String> = Vec::new();
    for c in &g.list {
        if let Some(rest) = c.text.strip_prefix("//") {
            if is_directive(rest) {
                continue;
            }
            lines.push(rest.strip_prefix(' ').unwrap_or(rest).trim_end().to_string());
        } else {
            let body = c.text.strip_prefix("/*").unwrap_or(&c.text);
            let body = body.strip_suffix("*/").unwrap_or(body);
            lines.extend(body.split('\n').map(|l| l.trim_end().to_string()));
        }
    }
    // No leading or trailing blank lines, no runs of them.
    let mut out = String::new();
    let mut blank = false;
    for l in lines {
        if l.is_empty() {
            blank = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut blank) {
            out.push('\n');
        }
        out.push_str(&l);
        out.push('\n');
    }
    out
}

/// Reports whether the text behind `//` is a directive rather than prose.
pub fn is_directive(text: &str) -> bool {
    if text.starts_with("line ") || text.starts_with("extern ") || text.starts_with("export ") {
        return true;
    }
    let Some((tool, rest)) = text.split_once(':') else { return false };
    let word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    !tool.is_empty() && tool.bytes().all(word) && rest.bytes().next().is_some_and(word)
}

/// The rules for import paths go/build adds to the language's.
pub fn is_valid_import(path: &str) -> bool {
    const ILLEGAL: &str = "!\"#$%&'()*,:;<=>?[\\]^{|}`\u{fffd}";
    !path.is_empty() && !path.chars().any(|c| c.is_control() || c.is_whitespace() || ILLEGAL.contains(c))
}
