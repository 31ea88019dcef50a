//! Placement and synchronisation of `//go:build` and `// +build` lines.

use crate::printer::Printer;
use crate::tabwriter::ESCAPE;
use rgo_syntax::build::{Constraint, split_go_build};

fn is_nl(b: u8) -> bool {
    b == b'\n' || b == 0x0c
}

impl Printer<'_, '_> {
    /// Moves the constraint lines to their place near the top of the file; `// +build` lines are
    /// made to agree with `//go:build`.
    pub(crate) fn fix_go_build_lines(&mut self) {
        if self.go_build.is_empty() && self.plus_build.is_empty() {
            return;
        }
        // The latest possible place: behind the last blank line before the first non-comment.
        let out = &self.output;
        let mut insert = 0;
        let mut pos = 0;
        loop {
            let mut blank = true;
            while pos < out.len() && matches!(out[pos], b' ' | b'\t') {
                pos += 1;
            }
            if pos + 3 < out.len() && out[pos..].starts_with(&[ESCAPE, b'/', b'/']) {
                blank = false;
                while pos < out.len() && !is_nl(out[pos]) {
                    pos += 1;
                }
            }
            if pos >= out.len() || !is_nl(out[pos]) {
                break;
            }
            pos += 1;
            if blank {
                insert = pos;
            }
        }
        match (self.go_build.first(), self.plus_build.first()) {
            (Some(&p), _) if p < insert => insert = p,
            (_, Some(&p)) if p < insert => insert = p,
            _ => {}
        }

        let parse = |pos: usize| Constraint::parse_line(&self.comment_text_at(pos)).and_then(Result::ok);
        let x = match self.go_build.as_slice() {
            [] => {
                let mut x: Option<Constraint> = None;
                for &p in &self.plus_build {
                    let Some(y) = parse(p) else {
                        x = None;
                        break;
                    };
                    x = Some(match x {
                        None => y,
                        Some(x) => Constraint::And(Box::new(x), Box::new(y)),
                    });
                }
                x
            }
            // Like Go's gofmt, which overlooks the error for what follows.
            &[p] => split_go_build(&self.comment_text_at(p)).and_then(Constraint::parse_prefix),
            _ => None,
        };
        let mut block = Vec::new();
        match x {
            None => {
                for &p in self.go_build.iter().chain(&self.plus_build) {
                    block.extend_from_slice(self.line_at(p));
                }
            }
            Some(x) => {
                let mut line = |s: &str| {
                    block.push(ESCAPE);
                    block.extend_from_slice(s.as_bytes());
                    block.extend_from_slice(&[ESCAPE, b'\n']);
                };
                line(&format!("//go:build {x}"));
                if !self.plus_build.is_empty() {
                    match plus_build_lines(&x) {
                        Some(lines) => lines.iter().for_each(|l| line(l)),
                        None => line("// +build error: expression too complex for // +build lines"),
                    }
                }
            }
        }
        block.push(b'\n');

        let mut delete: Vec<usize> = self.go_build.iter().chain(&self.plus_build).copied().collect();
        delete.sort_unstable();
        let mut after = Vec::new();
        let mut start = insert;
        for end in delete {
            if end < start {
                continue;
            }
            append_lines(&mut after, &self.output[start..end]);
            start = end + self.line_at(end).len();
        }
        append_lines(&mut after, &self.output[start..]);
        if let [.., a, b] = after.as_slice() {
            if is_nl(*a) && is_nl(*b) {
                after.pop();
            }
        }
        self.output.truncate(insert);
        self.output.append(&mut block);
        self.output.append(&mut after);
    }

    fn line_at(&self, start: usize) -> &[u8] {
        let rest = &self.output[start..];
        let n = rest.iter().position(|&b| is_nl(b)).map_or(rest.len(), |i| i + 1);
        &rest[..n]
    }

    fn comment_text_at(&self, start: usize) -> String {
        let rest = self.output[start..].strip_prefix(&[ESCAPE]).unwrap_or(&self.output[start..]);
        let n = rest.iter().position(|&b| b == ESCAPE || is_nl(b)).unwrap_or(rest.len());
        String::from_utf8_lossy(&rest[..n]).into_owned()
    }
}

/// Appends whole lines, avoiding two blank lines in a row.
fn append_lines(x: &mut Vec<u8>, mut y: &[u8]) {
    let ends_blank = match x.as_slice() {
        [] => true,
        [.., a, b] => is_nl(*a) && is_nl(*b),
        _ => false,
    };
    if ends_blank && y.first().is_some_and(|&b| is_nl(b)) {
        y = &y[1..];
    }
    x.extend_from_slice(y);
}

/// The `// +build` lines equivalent to a constraint, if it is simple enough.
fn plus_build_lines(x: &Constraint) -> Option<Vec<String>> {
    let x = push_not(x, false);
    let mut split: Vec<Vec<Vec<Constraint>>> = Vec::new();
    for or in split_and(&x) {
        let mut ands = Vec::new();
        for and in split_or(or) {
            let lits: Vec<Constraint> = split_and(and).into_iter().cloned().collect();
            if lits.iter().any(|l| !matches!(l, Constraint::Tag(_) | Constraint::Not(_))) {
                return None;
            }
            ands.push(lits);
        }
        split.push(ands);
    }
    // No alternatives at all: one line instead of many.
    if split.iter().all(|or| or.len() == 1) {
        split = vec![vec![split.into_iter().flatten().flatten().collect()]];
    }
    let line = |or: &Vec<Vec<Constraint>>| {
        let mut s = String::from("// +build");
        for and in or {
            let lits: Vec<String> = and.iter().map(|l| l.to_string()).collect();
            s.push(' ');
            s.push_str(&lits.join(","));
        }
        s
    };
    Some(split.iter().map(line).collect())
}

/// Pushes negations down to the tags.
fn push_not(x: &Constraint, not: bool) -> Constraint {
    match x {
        Constraint::Not(y) => match &**y {
            Constraint::Tag(_) if !not => x.clone(),
            y => push_not(y, !not),
        },
        Constraint::Tag(_) if not => Constraint::Not(Box::new(x.clone())),
        Constraint::Tag(_) => x.clone(),
        Constraint::And(a, b) | Constraint::Or(a, b) => {
            let (a, b) = (Box::new(push_not(a, not)), Box::new(push_not(b, not)));
            if matches!(x, Constraint::And(..)) == not { Constraint::Or(a, b) } else { Constraint::And(a, b) }
        }
    }
}

fn split_and(x: &Constraint) -> Vec<&Constraint> {
    match x {
        Constraint::And(a, b) => [split_and(a), split_and(b)].concat(),
        x => vec![x],
    }
}

fn split_or(x: &Constraint) -> Vec<&Constraint> {
    match x {
        Constraint::Or(a, b) => [split_or(a), split_or(b)].concat(),
        x => vec![x],
    }
}
