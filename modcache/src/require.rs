//! Setting all requirements of a go.mod at once, keeping its comments and blocks as far as they make sense.

use crate::modfile::{File, auto_quote};
use crate::syntax::{Comment, Comments, Line, LineBlock, LineRef, Stmt};
use crate::{ModVersion, gover};
use std::collections::{BTreeMap, HashSet};

/// A requirement to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub module: ModVersion,
    pub indirect: bool,
}

fn is_indirect(c: &Comments) -> bool {
    let Some(c) = c.suffix.first() else { return false };
    let f = c.text.trim_start_matches("//").trim_start();
    f == "indirect" || f.starts_with("indirect;")
}

/// Whether there is more than `// indirect`.
fn has_comments(c: &Comments) -> bool {
    !c.before.is_empty() || !c.after.is_empty() || c.suffix.len() > 1
        || c.suffix.len() == 1 && c.suffix[0].text.trim_start_matches("//").trim() != "indirect"
}

fn set_indirect(l: &mut Line, on: bool) {
    if is_indirect(&l.comments) == on {
        return;
    }
    let s = &mut l.comments.suffix;
    if on {
        match s.first_mut() {
            None => s.push(Comment { text: "// indirect".into(), ..Comment::default() }),
            Some(c) => {
                let t = c.text.trim_start_matches("//").trim().to_string();
                c.text = if t.is_empty() { "// indirect".into() } else { format!("// indirect; {t}") };
            }
        }
        return;
    }
    let text = s[0].text.trim_start_matches("//").trim().to_string();
    if text == "indirect" {
        s.clear();
    } else if let Some(i) = s[0].text.find("indirect;") {
        s[0].text = format!("//{}", &s[0].text[i + "indirect;".len()..]);
    }
}

fn set_version(l: &mut Line, v: &str) {
    if l.tokens.is_empty() {
        return;
    }
    if l.in_block && l.comments.before.len() == 1 && l.comments.before[0].text.is_empty() {
        l.comments.before.clear();
    }
    let i = if l.in_block { 1 } else { 2 };
    if let Some(t) = l.tokens.get_mut(i) {
        *t = v.into();
    }
}

impl File {
    /// Sets the requirements in the layout that the go version asks for.
    pub fn set_requirements(&mut self, needs: &[Need], go: &str) {
        if gover::before(go, gover::SEPARATE_INDIRECT) {
            self.set_require(needs);
        } else {
            self.set_require_separate(needs, !gover::before(go, gover::SIMPLIFY_REQUIRE));
        }
        self.clean();
    }

    fn set_require(&mut self, needs: &[Need]) {
        let mut need: BTreeMap<String, &Need> = needs.iter().map(|n| (n.module.path.clone(), n)).collect();
        for r in self.require.clone() {
            match need.remove(&r.module.path) {
                Some(n) => {
                    let l = self.syntax.line_mut(r.at);
                    set_version(l, &n.module.version);
                    set_indirect(l, n.indirect);
                }
                None => self.syntax.remove_line(r.at),
            }
        }
        for n in need.values() {
            let at = self.syntax.add_line(&["require".into(), auto_quote(&n.module.path), n.module.version.clone()]);
            set_indirect(self.syntax.line_mut(at), n.indirect);
        }
    }

    /// Requirements in two groups. `simplify`: in no more than two blocks, whatever there was.
    fn set_require_separate(&mut self, needs: &[Need], simplify: bool) {
        let need: BTreeMap<&str, &Need> = needs.iter().map(|n| (n.module.path.as_str(), n)).collect();
        let direct_lines: HashSet<(usize, Option<usize>)> = self.require.iter()
            .filter(|r| need.get(r.module.path.as_str()).is_some_and(|n| !n.indirect))
            .map(|r| (r.at.stmt, r.at.line)).collect();
        let known: HashSet<(usize, Option<usize>)> = self.require.iter()
            .filter(|r| need.contains_key(r.module.path.as_str()))
            .map(|r| (r.at.stmt, r.at.line)).collect();
        let (mut last_direct, mut last_indirect, mut last_require) = (None, None, None);
        let mut count = 0;
        let (mut direct_comments, mut indirect_comments) = (Vec::new(), Vec::new());
        let mut last_has_comments = false;
        for (i, s) in self.syntax.stmts.iter_mut().enumerate() {
            match s {
                Stmt::Line(l) if l.tokens.first().is_some_and(|t| t == "require") => {
                    last_require = Some(i);
                    count += 1;
                    last_has_comments = has_comments(&l.comments);
                    if !last_has_comments {
                        if is_indirect(&l.comments) { last_indirect = Some(i) } else { last_direct = Some(i) }
                    }
                }
                Stmt::Block(b) if b.tokens.first().is_some_and(|t| t == "require") => {
                    last_require = Some(i);
                    count += 1;
                    last_has_comments = has_comments(&b.comments);
                    let plain = !b.lines.is_empty() && !last_has_comments && b.lines.iter().all(|l| !has_comments(&l.comments));
                    if plain && b.lines.iter().all(|l| !is_indirect(&l.comments)) {
                        last_direct = Some(i);
                    }
                    if plain && b.lines.iter().all(|l| is_indirect(&l.comments)) {
                        last_indirect = Some(i);
                    }
                    if simplify {
                        let any_direct = (0..b.lines.len()).any(|j| known.contains(&(i, Some(j))) && direct_lines.contains(&(i, Some(j))));
                        let to = if !any_direct && !b.lines.is_empty() { &mut indirect_comments } else { &mut direct_comments };
                        if !to.is_empty() && !b.comments.before.is_empty() {
                            to.push(Comment { text: "//".into(), ..Comment::default() });
                        }
                        to.append(&mut b.comments.before);
                        if last_require == Some(i) {
                            last_has_comments = has_comments(&b.comments);
                        }
                    }
                }
                _ => {}
            }
        }
        let one_flat = count == 1 && !last_has_comments;
        // Where each requirement is now; insertions below move statements.
        let mut at: Vec<LineRef> = self.require.iter().map(|r| r.at).collect();
        let insert = |stmts: &mut Vec<Stmt>, i: usize, at: &mut Vec<LineRef>| {
            stmts.insert(i, Stmt::Block(LineBlock { tokens: vec!["require".into()], ..LineBlock::default() }));
            for r in at.iter_mut().filter(|r| r.stmt >= i) {
                r.stmt += 1;
            }
        };
        fn ensure(stmts: &mut [Stmt], i: usize, at: &mut [LineRef]) {
            if let Stmt::Line(l) = &mut stmts[i] {
                let mut l = std::mem::take(l);
                l.tokens.remove(0);
                l.in_block = true;
                stmts[i] = Stmt::Block(LineBlock { tokens: vec!["require".into()], lines: vec![l], ..LineBlock::default() });
                for r in at.iter_mut().filter(|r| r.stmt == i) {
                    r.line = Some(0);
                }
            }
        }
        let stmts = &mut self.syntax.stmts;
        // Which block a line was in before lines were turned into blocks.
        let was_in_block: Vec<Option<usize>> = at.iter().map(|r| r.line.map(|_| r.stmt)).collect();
        let mut moved = was_in_block;
        let shift = |i: usize, moved: &mut Vec<Option<usize>>| {
            for b in moved.iter_mut().flatten().filter(|b| **b >= i) {
                *b += 1;
            }
        };
        let direct = match last_direct {
            Some(i) => {
                ensure(stmts, i, &mut at);
                i
            }
            None => {
                let i = match (last_indirect, last_require) {
                    (Some(i), _) => {
                        last_indirect = Some(i + 1);
                        i
                    }
                    (None, Some(r)) => r + 1,
                    (None, None) => stmts.len(),
                };
                insert(stmts, i, &mut at);
                shift(i, &mut moved);
                i
            }
        };
        let (direct, indirect) = match last_indirect {
            Some(i) => {
                ensure(stmts, i, &mut at);
                (direct, i)
            }
            None => {
                insert(stmts, direct + 1, &mut at);
                shift(direct + 1, &mut moved);
                (direct, direct + 1)
            }
        };
        if simplify {
            for (i, c) in [(direct, direct_comments), (indirect, indirect_comments)] {
                if let Stmt::Block(b) = &mut stmts[i] {
                    b.comments.before.extend(c);
                }
            }
        }
        let push = |stmts: &mut Vec<Stmt>, i: usize, mut l: Line| {
            l.in_block = true;
            if let Stmt::Block(b) = &mut stmts[i] {
                b.lines.push(l);
            }
        };
        let mut have: HashSet<&str> = HashSet::new();
        for (k, r) in self.require.iter().enumerate() {
            let path = r.module.path.as_str();
            let Some(n) = need.get(path).filter(|_| !have.contains(path)) else {
                let l = line_at(stmts, at[k]);
                l.tokens.clear();
                l.comments.suffix.clear();
                continue;
            };
            have.insert(path);
            let l = line_at(stmts, at[k]);
            set_version(l, &n.module.version);
            set_indirect(l, n.indirect);
            let (to, other) = if n.indirect { (indirect, direct) } else { (direct, indirect) };
            if simplify || one_flat || moved[k] == Some(other) {
                let mut line = l.clone();
                l.tokens.clear();
                l.comments = Comments::default();
                if !line.in_block && line.tokens.first().is_some_and(|t| t == "require") {
                    line.tokens.remove(0);
                }
                push(stmts, to, line);
            }
        }
        for (path, n) in &need {
            if !have.contains(path) {
                let mut l = Line { tokens: vec![auto_quote(path), n.module.version.clone()], ..Line::default() };
                set_indirect(&mut l, n.indirect);
                push(stmts, if n.indirect { indirect } else { direct }, l);
            }
        }
    }
}

fn line_at(stmts: &mut [Stmt], at: LineRef) -> &mut Line {
    match (&mut stmts[at.stmt], at.line) {
        (Stmt::Line(l), None) => l,
        (Stmt::Block(b), Some(i)) => &mut b.lines[i],
        _ => panic!("internal compiler error: go.mod line reference out of date"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modfile::Mode;

    fn set(text: &str, needs: &[(&str, &str, bool)], go: &str) -> String {
        let mut f = File::parse("go.mod", text.as_bytes(), Mode::Strict).unwrap();
        let needs: Vec<Need> = needs.iter().map(|(p, v, i)| Need { module: ModVersion::new(*p, *v), indirect: *i }).collect();
        f.set_requirements(&needs, go);
        f.format()
    }

    #[test]
    fn blocks() {
        let two = [("a.b/c", "v1.1.0", false), ("d.e/f", "v1.0.0", true)];
        assert_eq!(set("module m\n\ngo 1.16\n", &two, "1.16"), "module m\n\ngo 1.16\n\nrequire (\n\ta.b/c v1.1.0\n\td.e/f v1.0.0 // indirect\n)\n");
        let apart = "module m\n\ngo 1.20\n\nrequire a.b/c v1.1.0\n\nrequire d.e/f v1.0.0 // indirect\n";
        assert_eq!(set("module m\n\ngo 1.20\n", &two, "1.20"), apart);
        assert_eq!(set("module m\n\ngo 1.20\n\nrequire a.b/c v1.0.0 // indirect\n", &two, "1.20"), apart);
        assert_eq!(set(apart, &two, "1.20"), apart);
        assert_eq!(set(apart, &two[..1], "1.20"), "module m\n\ngo 1.20\n\nrequire a.b/c v1.1.0\n");
        let kept = "module m\n\ngo 1.20\n\n// why\nrequire a.b/c v1.0.0 // pinned\n";
        assert_eq!(set(kept, &two, "1.20"), "module m\n\ngo 1.20\n\n// why\nrequire a.b/c v1.1.0 // pinned\n\nrequire d.e/f v1.0.0 // indirect\n");
        let many = "module m\n\ngo 1.27\n\n// one\nrequire (\n\ta.b/c v1.0.0\n)\n\nrequire (\n\tx.y/z v1.0.0\n\td.e/f v1.0.0 // indirect\n)\n";
        assert_eq!(
            set(many, &[("a.b/c", "v1.1.0", false), ("x.y/z", "v1.0.0", false), ("d.e/f", "v1.0.0", true)], "1.27"),
            "module m\n\ngo 1.27\n\n// one\nrequire (\n\ta.b/c v1.1.0\n\tx.y/z v1.0.0\n)\n\nrequire d.e/f v1.0.0 // indirect\n"
        );
    }
}
