//! Canonical form of documentation comments: headings, lists, code blocks and link definitions
//! are recognised with the rules of Go doc comments and written in their standard layout.

use rgo_syntax::build::is_directive;
use rgo_syntax::unicode::{is_digit, is_letter, is_upper};
use rgo_syntax::{Comment, Pos};

/// Reformats the comments of a documentation group. An empty result: nothing is left.
pub fn format_doc_comment(list: &[Comment]) -> Vec<Comment> {
    let first = &list[0];
    let slash = first.pos;
    let make = |text: String| Comment { pos: slash, text: text.into() };
    if list.len() == 1 && first.text.starts_with("/*") {
        let text = &first.text;
        if !text.contains('\n') || all_stars(text) {
            return list.to_vec();
        }
        let body = &text[2..text.len() - 2];
        return vec![make(format!("/*\n{}*/", reformat(body)))];
    }
    if !first.text.starts_with("//") {
        return list.to_vec();
    }
    let mut text = String::new();
    let mut directives = Vec::new();
    for c in list {
        let Some(rest) = c.text.strip_prefix("//") else { return list.to_vec() };
        if is_directive(rest) {
            directives.push(c);
            continue;
        }
        text.push_str(rest.strip_prefix(' ').unwrap_or(rest));
        text.push('\n');
    }
    if text.is_empty() {
        return list.to_vec();
    }
    let mut out: Vec<Comment> = Vec::new();
    for line in reformat(&text).lines() {
        out.push(make(match line {
            "" => "//".to_string(),
            l if l.starts_with('\t') => format!("//{l}"),
            l => format!("// {l}"),
        }));
    }
    if !directives.is_empty() {
        out.push(make("//".into()));
        out.extend(directives.into_iter().map(|c| make(c.text.to_string())));
    }
    out
}

/// Reports whether every line of a `/*` comment but the first starts with a star.
fn all_stars(text: &str) -> bool {
    text.split('\n').skip(1).all(|l| {
        let l = l.trim_start_matches([' ', '\t']);
        l.is_empty() || l.starts_with('*')
    })
}

struct LinkDef {
    text: String,
    url: String,
    used: bool,
}

struct Item {
    /// Empty in a bullet list.
    number: String,
    content: Vec<String>,
}

enum Block {
    Code(Vec<String>),
    Heading(String),
    Para(String),
    List { items: Vec<Item>, blank_before: bool, blank_between: bool },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Heading,
    OldHeading,
    List,
    Para,
}

struct Span {
    start: usize,
    end: usize,
    kind: Kind,
}

/// Formats the text of a comment (without markers).
pub fn reformat(text: &str) -> String {
    let all: Vec<&str> = text.split('\n').collect();
    let lines = unindent(&all);
    let mut links: Vec<LinkDef> = Vec::new();
    let mut blocks = Vec::new();
    let mut prev_end = 0;
    for s in spans(&lines) {
        let part = &lines[s.start..s.end];
        let block = match s.kind {
            Kind::List => Some(list(part, prev_end < s.start, &mut links)),
            Kind::Code => Some(Block::Code(unindent(part).into_iter().map(str::to_string).collect())),
            Kind::OldHeading => Some(Block::Heading(trim(part[0]).to_string())),
            Kind::Heading => Some(Block::Heading(trim(&part[0][1..]).to_string())),
            Kind::Para => paragraph(part, &mut links).map(Block::Para),
        };
        blocks.extend(block);
        prev_end = s.end;
    }
    print(&blocks, &mut links)
}

fn trim(s: &str) -> &str {
    s.trim()
}

fn print(blocks: &[Block], links: &mut [LinkDef]) -> String {
    let mut out = String::new();
    for (i, b) in blocks.iter().enumerate() {
        let loose = |items: &[Item], between: bool| between || items.iter().any(|i| i.content.len() != 1);
        let blank_before = match b {
            Block::List { items, blank_before, blank_between } => *blank_before || loose(items, *blank_between),
            _ => true,
        };
        if i > 0 && blank_before {
            out.push('\n');
        }
        match b {
            Block::Para(t) => {
                write_text(&mut out, "", &linked_text(t, links));
                out.push('\n');
            }
            Block::Heading(t) => {
                out.push_str("# ");
                out.push_str(t);
                out.push('\n');
            }
            Block::Code(lines) => {
                for l in lines {
                    if !l.is_empty() {
                        out.push('\t');
                        out.push_str(l);
                    }
                    out.push('\n');
                }
            }
            Block::List { items, blank_between, .. } => {
                let loose = loose(items, *blank_between);
                for (i, item) in items.iter().enumerate() {
                    if i > 0 && loose {
                        out.push('\n');
                    }
                    out.push(' ');
                    if item.number.is_empty() {
                        out.push_str(" - ");
                    } else {
                        out.push_str(&item.number);
                        out.push_str(". ");
                    }
                    for (j, text) in item.content.iter().enumerate() {
                        if j > 0 {
                            out.push_str("\n    ");
                        }
                        write_text(&mut out, "    ", &linked_text(text, links));
                        out.push('\n');
                    }
                }
            }
        }
    }
    for used in [true, false] {
        let mut first = true;
        for l in links.iter().filter(|l| l.used == used) {
            if std::mem::take(&mut first) {
                out.push('\n');
            }
            out.push_str(&format!("[{}]: {}\n", l.text, l.url));
        }
    }
    out
}

/// Writes text, indenting the lines behind a newline.
fn write_text(out: &mut String, indent: &str, s: &str) {
    for (i, line) in s.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
            out.push_str(indent);
        }
        out.push_str(line);
    }
}

fn indented(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

fn leading_space(s: &str) -> &str {
    &s[..s.len() - s.trim_start_matches([' ', '\t']).len()]
}

/// Removes surrounding blank lines and the common indentation; white lines become empty.
fn unindent<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let Some(start) = lines.iter().position(|l| !l.is_empty()) else { return Vec::new() };
    let end = lines.iter().rposition(|l| !l.is_empty()).map_or(start, |i| i + 1);
    let lines = &lines[start..end];
    let mut prefix = leading_space(lines[0]);
    for l in lines[1..].iter().filter(|l| !l.is_empty()) {
        let n = prefix.bytes().zip(leading_space(l).bytes()).take_while(|(a, b)| a == b).count();
        prefix = &prefix[..n];
    }
    let strip = |l: &&'a str| {
        let l: &'a str = l.strip_prefix(prefix).unwrap_or(l);
        if trim(l).is_empty() { "" } else { l }
    };
    let mut out: Vec<&str> = lines.iter().map(strip).collect();
    while out.last().is_some_and(|l| l.is_empty()) {
        out.pop();
    }
    let start = out.iter().position(|l| !l.is_empty()).unwrap_or(out.len());
    out.drain(..start);
    out
}

/// Divides the lines into blocks. Heuristics repair unindented code and lists.
fn spans(lines: &[&str]) -> Vec<Span> {
    let mut out = Vec::new();
    let mut i = 0;
    let mut force_indent = 0;
    loop {
        while i < lines.len() && lines[i].is_empty() {
            i += 1;
        }
        if i >= lines.len() {
            return out;
        }
        let start = i;
        let mut end;
        let kind;
        if i < force_indent || indented(lines[i]) {
            // Indented text ends before the next unindented line.
            let mut unindented_list_ok = is_list(lines[i]) && i < force_indent;
            i += 1;
            while i < lines.len()
                && (lines[i].is_empty()
                    || i < force_indent
                    || indented(lines[i])
                    || unindented_list_ok && is_list(lines[i]))
            {
                if lines[i].is_empty() {
                    unindented_list_ok = false;
                }
                i += 1;
            }
            end = i;
            while end > start && lines[end - 1].is_empty() {
                end -= 1;
            }
            // The closing brace of code that was pasted without indentation.
            if end < lines.len() && lines[end].starts_with('}') {
                end += 1;
            }
            kind = if is_list(lines[start]) { Kind::List } else { Kind::Code };
        } else {
            i += 1;
            while i < lines.len() && !lines[i].is_empty() && !indented(lines[i]) {
                i += 1;
            }
            end = i;
            // Indented text follows directly: the last lines may belong to it.
            if i < lines.len() && !lines[i].is_empty() && !is_list(lines[i]) {
                if is_list(lines[i - 1]) {
                    force_indent = end;
                    end -= 1;
                    while end > start && is_list(lines[end - 1]) {
                        end -= 1;
                    }
                } else if lines[i - 1].ends_with('{') || lines[i - 1].ends_with('\\') {
                    force_indent = end;
                    end -= 1;
                }
                if start == end && force_indent > start {
                    i = start;
                    continue;
                }
            }
            kind = if end - start == 1 && is_heading(lines[start]) {
                Kind::Heading
            } else if end - start == 1 && is_old_heading(lines, start) {
                Kind::OldHeading
            } else {
                Kind::Para
            };
        }
        out.push(Span { start, end, kind });
        i = end;
    }
}

fn is_heading(line: &str) -> bool {
    (line.starts_with("# ") || line.starts_with("#\t")) && trim(line) != "#"
}

/// An old-style heading: a line of its own that looks like a title.
fn is_old_heading(all: &[&str], off: usize) -> bool {
    if off == 0
        || !all[off - 1].is_empty()
        || off + 2 >= all.len()
        || !all[off + 1].is_empty()
        || !leading_space(all[off + 2]).is_empty()
    {
        return false;
    }
    let line = trim(all[off]);
    if !line.chars().next().is_some_and(|c| is_letter(c) && is_upper(c)) {
        return false;
    }
    if !line.chars().next_back().is_some_and(|c| is_letter(c) || is_digit(c)) {
        return false;
    }
    if line.contains(|c| ";:!?+*/=[]{}_^°&§~%#@<\">\\".contains(c)) {
        return false;
    }
    // An apostrophe only in 's, a period only in front of a non-blank.
    line.split('\'').skip(1).enumerate().all(|(i, _)| {
        let rest = line.splitn(i + 2, '\'').last().unwrap_or_default();
        rest == "s" || rest.starts_with("s ")
    }) && line.split('.').skip(1).enumerate().all(|(i, _)| {
        let rest = line.splitn(i + 2, '.').last().unwrap_or_default();
        !rest.is_empty() && !rest.starts_with(' ')
    })
}

/// A paragraph, or none if the lines are link definitions.
fn paragraph(lines: &[&str], links: &mut Vec<LinkDef>) -> Option<String> {
    let defs: Option<Vec<LinkDef>> = lines.iter().map(|l| parse_link(l)).collect();
    match defs {
        Some(defs) => {
            links.extend(defs);
            None
        }
        None => Some(lines.join("\n")),
    }
}

/// `[text]: url`
fn parse_link(line: &str) -> Option<LinkDef> {
    let rest = line.strip_prefix('[')?;
    let i = line.find("]:")?;
    if i + 3 >= line.len() || !matches!(line.as_bytes()[i + 2], b' ' | b'\t') {
        return None;
    }
    let url = trim(line.get(i + 3..)?);
    let scheme = &url[..url.find("://")?];
    is_scheme(scheme).then(|| LinkDef { text: rest[..i - 1].to_string(), url: url.to_string(), used: false })
}

fn is_scheme(s: &str) -> bool {
    matches!(s, "file" | "ftp" | "gopher" | "http" | "https" | "mailto" | "nntp")
}

fn list(lines: &[&str], blank_before: bool, links: &mut Vec<LinkDef>) -> Block {
    let numbered = list_marker(lines[0]).is_some_and(|(n, _)| !n.is_empty());
    let mut items: Vec<Item> = Vec::new();
    let mut blank_between = false;
    let mut text: Vec<&str> = Vec::new();
    let mut flush = |items: &mut Vec<Item>, text: &mut Vec<&str>| {
        if let Some(item) = items.last_mut() {
            item.content.extend(paragraph(text, links));
        }
        text.clear();
    };
    for line in lines {
        let mut line = *line;
        if let Some((n, rest)) = list_marker(line).filter(|(n, _)| n.is_empty() != numbered) {
            flush(&mut items, &mut text);
            items.push(Item { number: n.to_string(), content: Vec::new() });
            line = rest;
        }
        line = trim(line);
        if line.is_empty() {
            blank_between = true;
            flush(&mut items, &mut text);
            continue;
        }
        text.push(line);
    }
    flush(&mut items, &mut text);
    Block::List { items, blank_before, blank_between }
}

/// Splits a list item into its number ("" for a bullet) and text.
fn list_marker(line: &str) -> Option<(&str, &str)> {
    let line = trim(line);
    let c = line.chars().next()?;
    let (num, rest) = match c {
        '•' | '*' | '+' | '-' => ("", &line[c.len_utf8()..]),
        '0'..='9' => {
            let n = line.find(|c: char| !c.is_ascii_digit())?;
            let rest = line[n..].strip_prefix(['.', ')'])?;
            (&line[..n], rest)
        }
        _ => return None,
    };
    (indented(rest) && !trim(rest).is_empty()).then_some((num, rest))
}

fn is_list(line: &str) -> bool {
    list_marker(line).is_some()
}

/// Converts quotes and finds links in text.
fn linked_text(text: &str, links: &mut [LinkDef]) -> String {
    let mut out = String::new();
    let mut wrote = 0;
    let mut start = None;
    for (i, c) in text.bytes().enumerate() {
        match c {
            b'[' => start = Some(i),
            b']' => {
                if let Some(s) = start.take() {
                    let label = &text[s + 1..i];
                    let key = label.replace(['\n', '\t'], " ");
                    let link = match links.iter_mut().find(|l| l.text == key) {
                        Some(l) => {
                            l.used = true;
                            true
                        }
                        None => is_doc_link(label, &text[..s], &text[i + 1..]),
                    };
                    if link {
                        plain_text(&mut out, &text[wrote..s], true);
                        out.push('[');
                        plain_text(&mut out, label, false);
                        out.push(']');
                        wrote = i + 1;
                    }
                }
            }
            _ => {}
        }
    }
    plain_text(&mut out, &text[wrote..], true);
    out
}

fn is_punct(c: char) -> bool {
    match c {
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' => false,
        c if c.is_ascii() => c.is_ascii_punctuation(),
        c => matches!(c as u32, 0xa1 | 0xa7 | 0xab | 0xb6 | 0xb7 | 0xbb | 0xbf | 0x2010..=0x2027 | 0x2030..=0x205e
            | 0x3001..=0x3003 | 0x3008..=0x3011 | 0x3014..=0x301f | 0xff01..=0xff0f | 0xff1a..=0xff20),
    }
}

/// Reports whether `[text]` refers to a package or symbol that can be known without context.
fn is_doc_link(text: &str, before: &str, after: &str) -> bool {
    let delimits = |c: Option<char>| c.is_none_or(|c| is_punct(c) || matches!(c, ' ' | '\t' | '\n'));
    if !delimits(before.chars().next_back()) || !delimits(after.chars().next()) {
        return false;
    }
    let text = text.strip_prefix('*').unwrap_or(text);
    let mut pkg = text;
    if let Some(p) = split_doc_name(text) {
        pkg = p;
        if let Some(p) = split_doc_name(p) {
            pkg = p;
        }
    }
    if pkg.contains('/') { valid_import_path(pkg) } else { STD_PKGS.contains(&pkg) }
}

/// Splits `before.Name`.
fn split_doc_name(text: &str) -> Option<&str> {
    let i = text.rfind('.');
    let name = &text[i.map_or(0, |i| i + 1)..];
    let exported = name.chars().next().is_some_and(is_upper);
    if !exported || !name.chars().all(|c| is_letter(c) || c == '_' || c.is_ascii_digit()) {
        return None;
    }
    Some(&text[..i.unwrap_or(0)])
}

fn valid_import_path(path: &str) -> bool {
    let ok = |c: char| c.is_ascii_alphanumeric() || "-.~_+".contains(c);
    !path.starts_with('-')
        && path.split('/').all(|e| !e.is_empty() && !e.starts_with('.') && !e.ends_with('.') && e.chars().all(ok))
}

const STD_PKGS: &[&str] = &[
    "bufio", "bytes", "cmp", "context", "crypto", "embed", "encoding", "errors", "expvar", "flag", "fmt", "hash", "html",
    "image", "io", "iter", "log", "maps", "math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime",
    "slices", "sort", "strconv", "strings", "structs", "sync", "syscall", "testing", "time", "unicode", "unique",
    "unsafe", "uuid", "weak",
];

/// Copies text, turning `` and '' into quotation marks (outside URLs if `auto_link`).
fn plain_text(out: &mut String, s: &str, auto_link: bool) {
    let mut i = 0;
    let mut wrote = 0;
    while i < s.len() {
        let t = &s.as_bytes()[i..];
        if auto_link {
            if let Some(n) = auto_url(t) {
                i += n;
                continue;
            }
            let n = ident_len(&s[i..]);
            if n > 0 {
                i += n;
                continue;
            }
        }
        if t.starts_with(b"``") {
            if t.len() >= 3 && t[2] == b'`' {
                // Three and more are left alone.
                i += 3;
                while i < t.len() && t[i] == b'`' {
                    i += 1;
                }
                while !s.is_char_boundary(i.min(s.len())) {
                    i += 1;
                }
                continue;
            }
            out.push_str(&s[wrote..i]);
            out.push('“');
            i += 2;
            wrote = i;
        } else if t.starts_with(b"''") {
            out.push_str(&s[wrote..i]);
            out.push('”');
            i += 2;
            wrote = i;
        } else {
            i += 1;
            while !s.is_char_boundary(i) {
                i += 1;
            }
        }
    }
    out.push_str(&s[wrote..]);
}

fn ident_len(s: &str) -> usize {
    let first = s.bytes().next().is_some_and(|b| b.is_ascii_digit());
    if first {
        return 0;
    }
    s.find(|c: char| !(is_letter(c) || c == '_' || c.is_ascii_digit())).unwrap_or(s.len())
}

/// The length of the URL `s` starts with, if any.
fn auto_url(s: &[u8]) -> Option<usize> {
    if s.len() < 7 {
        return None;
    }
    let mut i = (3..7).find(|&i| s[i] == b':')?;
    if !s[i..].starts_with(b"://") || !std::str::from_utf8(&s[..i]).is_ok_and(is_scheme) {
        return None;
    }
    let punct = |c: u8| b".,:;?!".contains(&c);
    let host = |c: u8| c.is_ascii_alphanumeric() || b"_@-.[]:".contains(&c);
    let path = |c: u8| c.is_ascii_alphanumeric() || b"$'()*+&#=@~_/-[]{}%".contains(&c);
    i += 3;
    if i >= s.len() || !host(s[i]) || punct(s[i]) {
        return None;
    }
    i += 1;
    let mut end = i;
    while i < s.len() && host(s[i]) {
        if !punct(s[i]) {
            end = i + 1;
        }
        i += 1;
    }
    // The longest path with balanced brackets that does not end in punctuation.
    let mut stack = Vec::new();
    for (i, &c) in s.iter().enumerate().skip(end) {
        if punct(c) {
            continue;
        }
        if !path(c) {
            break;
        }
        match c {
            b'(' => stack.push(b')'),
            b'{' => stack.push(b'}'),
            b'[' => stack.push(b']'),
            b')' | b'}' | b']' if stack.pop() != Some(c) => break,
            _ => {}
        }
        if stack.is_empty() {
            end = i + 1;
        }
    }
    Some(end)
}

/// A comment at `pos`, for tests and synthesized text.
pub fn comment(pos: Pos, text: &str) -> Comment {
    Comment { pos, text: text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &str, want: &str) {
        let list: Vec<Comment> = lines.lines().map(|l| comment(Pos(1), l)).collect();
        let got: Vec<String> = format_doc_comment(&list).iter().map(|c| c.text.to_string()).collect();
        assert_eq!(got.join("\n"), want);
    }

    #[test]
    fn comments() {
        check("//Text.\n//   code\n//more", "// Text.\n//\n//\tcode\n//\n// more");
        check("// Items:\n// * a\n//   b\n// * c", "// Items:\n//   - a\n//     b\n//   - c");
        check("// 1) a\n// 2) b", "// 1) a\n// 2) b");
        check("// T:\n//  1) a\n//  2) b", "// T:\n//  1. a\n//  2. b");
        check("// ``a'' ```b``` http://x.y/''z", "// “a” ```b``` http://x.y/''z");
        check("//#   Head\n// text", "// #   Head\n// text");
        check("// Text.\n//go:noinline\n// More.", "// Text.\n// More.\n//\n//go:noinline");
        check("// See [x].\n//\n// [y]: http://y\n// [x]: http://x", "// See [x].\n//\n// [x]: http://x\n//\n// [y]: http://y");
        check("//", "");
    }
}
