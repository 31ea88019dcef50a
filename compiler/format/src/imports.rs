//! Sorting of import declarations.
//!
//! Runs of imports on consecutive lines are sorted by path and duplicates removed. The sorted
//! specs take over the positions of the unsorted ones, and comments move along with their specs.

use crate::decl::import_pos;
use crate::printer::Lines;
use rgo_syntax::build::{comment_text, unquote};
use rgo_syntax::*;
use rustc_hash::FxHashMap;

/// New end positions of moved specs.
pub type ImportEnds = FxHashMap<NodeId, Pos>;

fn path(s: &ImportSpec) -> String {
    let p = s.path.as_ref().and_then(|p| unquote(&p.value));
    p.map(|p| String::from_utf8_lossy(&p).into_owned()).unwrap_or_default()
}

fn name(s: &ImportSpec) -> &'static str {
    s.name.map_or("", |n| n.name.as_str())
}

fn import_end(s: &ImportSpec, ends: &ImportEnds) -> Pos {
    ends.get(&s.id).copied().unwrap_or_else(|| s.path_pos.add(s.path.as_ref().map_or(0, |p| p.value.len())))
}

/// Sorts the imports of a file. `lines` loses the lines of removed duplicates.
pub fn sort_imports(file: &mut File, lines: &mut Lines) -> ImportEnds {
    let mut ends = ImportEnds::default();
    let comments = &mut file.comments;
    for d in &mut file.decls {
        let Decl::Gen(d) = d else { break };
        if d.kind != GenKind::Import {
            break;
        }
        if !d.lparen.is_valid() {
            continue;
        }
        let specs: Vec<ImportSpec> = std::mem::take(&mut d.specs)
            .into_iter()
            .filter_map(|s| match s {
                Spec::Import(i) => Some(i),
                _ => None,
            })
            .collect();
        let mut runs: Vec<Vec<ImportSpec>> = Vec::new();
        let mut last_end: Option<i64> = None;
        for s in specs {
            let line = lines.line(import_pos(&s));
            let end = lines.line(import_end(&s, &ends));
            match (runs.last_mut(), last_end) {
                (Some(run), Some(last)) if line <= last + 1 => run.push(s),
                _ => runs.push(vec![s]),
            }
            last_end = Some(end);
        }
        for run in runs {
            let sorted = sort_run(run, comments, lines, d.rparen, &mut ends);
            d.specs.extend(sorted.into_iter().map(Spec::Import));
        }
        // Removing a duplicate can leave a blank line before the parenthesis.
        if let Some(Spec::Import(last)) = d.specs.last() {
            let last_line = lines.line(import_pos(last));
            let mut rparen_line = lines.line(d.rparen);
            while rparen_line > last_line + 1 {
                rparen_line -= 1;
                lines.merge_line(rparen_line);
            }
        }
    }
    ends
}

fn sort_run(
    mut specs: Vec<ImportSpec>,
    groups: &mut Vec<CommentGroup>,
    lines: &mut Lines,
    rparen: Pos,
    ends: &mut ImportEnds,
) -> Vec<ImportSpec> {
    if specs.len() <= 1 {
        return specs;
    }
    let pos: Vec<(Pos, Pos)> = specs.iter().map(|s| (import_pos(s), import_end(s, ends))).collect();
    let (beg_specs, end_specs) = (pos[0].0, pos[pos.len() - 1].1);
    let beg = lines.line_start(lines.line(beg_specs));
    let end_line = lines.line(end_specs);
    let end = if end_line == lines.count() { end_specs } else { lines.line_start(end_line + 1) };
    let group_pos = |g: &CommentGroup| g.list.first().map_or(Pos::NONE, |c| c.pos);
    let group_end = |g: &CommentGroup| g.list.last().map_or(Pos::NONE, |c| c.pos.add(c.text.len()));
    let mut first = groups.len();
    let mut last = None;
    for (i, g) in groups.iter().enumerate() {
        if group_end(g) >= end {
            break;
        }
        if beg <= group_pos(g) {
            first = first.min(i);
            last = Some(i);
        }
    }
    let range = match last {
        Some(l) => first..l + 1,
        None => 0..0,
    };

    // Each comment belongs to the spec on its line: (spec, left of it, comment).
    let mut owners: Vec<(NodeId, bool, usize)> = Vec::new();
    let mut index = 0;
    for gi in range.clone() {
        let at = group_pos(&groups[gi]);
        while index + 1 < specs.len() && pos[index + 1].0 <= at {
            index += 1;
        }
        let mut left = false;
        if index == 0 && pos[0].0 > at {
            left = true;
        } else if index + 1 < specs.len() && lines.line(pos[index].0) + 1 == lines.line(at) {
            index += 1;
            left = true;
        }
        owners.push((specs[index].id, left, gi));
    }

    let comment = |s: &ImportSpec| match s.comment.and_then(|c| groups.get(c as usize)) {
        Some(g) => comment_text(g),
        None => String::new(),
    };
    let mut keyed: Vec<_> = specs.drain(..).map(|s| ((path(&s), name(&s), comment(&s)), s)).collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));

    let mut deduped: Vec<ImportSpec> = Vec::new();
    let mut iter = keyed.into_iter().peekable();
    while let Some((key, s)) = iter.next() {
        let duplicate = iter.peek().is_some_and(|(k, _)| k.0 == key.0 && k.1 == key.1) && s.comment.is_none();
        if duplicate {
            let l = lines.line(import_pos(&s));
            if l != lines.line(rparen) {
                lines.merge_line(l);
            }
        } else {
            deduped.push(s);
        }
    }

    for (i, s) in deduped.iter_mut().enumerate() {
        let (start, end) = pos[i];
        if let Some(n) = &mut s.name {
            n.pos = start;
        }
        s.path_pos = start;
        s.pos = start;
        ends.insert(s.id, end);
        for &(_, left, gi) in owners.iter().filter(|o| o.0 == s.id) {
            for c in &mut groups[gi].list {
                c.pos = if left { Pos(start.0 - 1) } else { end };
            }
        }
    }
    // The links to comments (indices) are not used any more: only their presence counts.
    groups[range].sort_by_key(group_pos);
    deduped
}
