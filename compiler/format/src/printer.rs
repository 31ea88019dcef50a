//! The printing engine: tokens, pending white space, interspersed comments.
//!
//! Nodes are printed as a sequence of tokens and white space requests. White space is collected
//! until the next token; comments of the source that stand before that token are printed in
//! between, with the white space that suits them. Source positions of the tokens decide where
//! comments go and which line breaks and blank lines of the source survive.

use crate::doc_comment::format_doc_comment;
use crate::imports::ImportEnds;
use crate::tabwriter::{ESCAPE, align, trim};
use rgo_syntax::build::{split_go_build, split_plus_build};
use rgo_syntax::{Comment, CommentGroup, Expr, ExprKind, Ident, LitKind, NodeId, Pos, Stmt};
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};

pub const INFINITY: i64 = 1 << 30;
const MAX_NEWLINES: i64 = 2;
/// Capacity of the white space buffer; a longer run is written early.
const WS_CAPACITY: usize = 16;

/// White space to be printed before the next token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ws {
    Ignore,
    Blank,
    Vtab,
    Newline,
    Formfeed,
    Indent,
    Unindent,
}

/// A position in source or output; `line == 0`: unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Position {
    pub offset: i64,
    pub line: i64,
    pub col: i64,
}

impl Position {
    pub fn is_valid(&self) -> bool {
        self.line > 0
    }
}

/// The line table of the file being printed.
#[derive(Clone)]
pub struct Lines {
    base: u32,
    starts: Vec<u32>,
    /// The line asked for last, from 1: the next one is likely near.
    last: Cell<usize>,
}

impl Lines {
    pub fn new(base: u32, src: &[u8]) -> Lines {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', src).map(|i| i as u32 + 1));
        Lines { base, starts, last: Cell::new(1) }
    }

    /// The line of an offset, from 1.
    fn find(&self, offset: u32) -> usize {
        let last = self.last.get().min(self.starts.len());
        let ends_behind = |line: usize| self.starts.get(line).is_none_or(|&next| offset < next);
        let line = if self.starts[last - 1] > offset {
            self.starts[..last - 1].partition_point(|&s| s <= offset)
        } else if ends_behind(last) {
            last
        } else if ends_behind(last + 1) {
            last + 1
        } else {
            self.starts.partition_point(|&s| s <= offset)
        };
        self.last.set(line);
        line
    }

    pub fn position(&self, pos: Pos) -> Position {
        if !pos.is_valid() {
            return Position::default();
        }
        let offset = pos.0.saturating_sub(self.base);
        let line = self.find(offset);
        let col = offset - self.starts[line - 1] + 1;
        Position { offset: i64::from(offset), line: line as i64, col: i64::from(col) }
    }

    pub fn line(&self, pos: Pos) -> i64 {
        if !pos.is_valid() {
            return 0;
        }
        let offset = pos.0.saturating_sub(self.base);
        self.find(offset) as i64
    }

    pub fn count(&self) -> i64 {
        self.starts.len() as i64
    }

    /// The position of the first byte of a line.
    pub fn line_start(&self, line: i64) -> Pos {
        Pos(self.base + self.starts[line as usize - 1])
    }

    /// Joins `line` with the next one.
    pub fn merge_line(&mut self, line: i64) {
        if (line as usize) < self.starts.len() {
            self.starts.remove(line as usize);
        }
    }
}

/// A statement or expression whose printed size is asked for.
#[derive(Clone, Copy)]
pub enum Node<'a> {
    Expr(&'a Expr),
    Ident(&'a Ident),
    Stmt(&'a Stmt),
}

/// Data shared between a printer and those that only measure nodes for it.
pub struct Shared<'a> {
    pub lines: &'a Lines,
    pub sizes: RefCell<FxHashMap<NodeId, i64>>,
}

/// Where the next comment stands.
#[derive(Clone, Copy)]
struct CommentInfo {
    /// Index of the comment group after the current one.
    next: usize,
    offset: i64,
    newline: bool,
}

pub struct Printer<'a, 's> {
    pub shared: &'s Shared<'a>,
    comments: &'a [CommentGroup],
    base_indent: i64,
    /// Write numbers with lower-case prefixes and exponents.
    pub normalize: bool,

    pub output: Vec<u8>,
    indent: usize,
    /// Nesting of composite literals.
    pub level: usize,
    pub no_extra_blank: bool,
    pub no_extra_linebreak: bool,
    end_alignment: bool,
    implied_semi: bool,
    /// The last token: its text, or a class name ("IDENT", "INT", ...); "" after white space.
    last_tok: &'static str,
    prev_open: &'static str,
    wsbuf: Vec<Ws>,
    pub go_build: Vec<usize>,
    pub plus_build: Vec<usize>,

    pub pos: Position,
    pub out: Position,
    last: Position,
    info: CommentInfo,
    /// Slots of `record_line`.
    line_slots: Vec<i64>,
    record: Option<usize>,
    /// Where the imports end that sorting moved.
    pub import_ends: ImportEnds,
}

/// A place `record_line` stores a line number in.
#[derive(Clone, Copy)]
pub struct LineSlot(usize);

/// The last comment printed by `intersperse_comments`.
#[derive(Clone, Copy)]
struct LastComment {
    is_line: bool,
    pos: Pos,
}

fn comment_end(c: &Comment) -> Pos {
    c.pos.add(c.text.len())
}

fn is_line_comment(c: &Comment) -> bool {
    c.text.as_bytes().get(1) == Some(&b'/')
}

fn nlimit(n: i64) -> i64 {
    n.min(MAX_NEWLINES)
}

fn may_combine(prev: &str, next: u8) -> bool {
    match prev {
        "INT" => next == b'.',
        "+" => next == b'+',
        "-" => next == b'-',
        "/" => next == b'*',
        "<" => next == b'-' || next == b'<',
        "&" => next == b'&' || next == b'^',
        _ => false,
    }
}

impl<'a, 's> Printer<'a, 's> {
    pub fn new(shared: &'s Shared<'a>, comments: &'a [CommentGroup], indent: i64, normalize: bool) -> Self {
        let start = Position { offset: 0, line: 1, col: 1 };
        let mut p = Printer {
            shared,
            comments,
            base_indent: indent,
            normalize,
            output: Vec::new(),
            indent: 0,
            level: 0,
            no_extra_blank: false,
            no_extra_linebreak: false,
            end_alignment: false,
            implied_semi: false,
            last_tok: "",
            prev_open: "",
            wsbuf: Vec::with_capacity(WS_CAPACITY),
            go_build: Vec::new(),
            plus_build: Vec::new(),
            pos: start,
            out: start,
            last: Position::default(),
            info: CommentInfo { next: 0, offset: 0, newline: false },
            line_slots: Vec::new(),
            record: None,
            import_ends: ImportEnds::default(),
        };
        p.next_comment();
        p
    }

    /// Prints what is pending and returns the aligned result.
    pub fn finish(mut self) -> Vec<u8> {
        self.finish_raw();
        self.fix_go_build_lines();
        trim(&align(&self.output))
    }

    fn finish_raw(&mut self) {
        self.implied_semi = false; // the end acts like a newline
        self.flush(Position { offset: INFINITY, line: INFINITY, col: 0 }, "EOF");
    }

    // ---- positions

    pub fn pos_for(&self, pos: Pos) -> Position {
        self.shared.lines.position(pos)
    }

    pub fn line_for(&self, pos: Pos) -> i64 {
        self.shared.lines.line(pos)
    }

    pub fn set_pos(&mut self, pos: Pos) {
        if pos.is_valid() {
            self.pos = self.pos_for(pos);
        }
    }

    pub fn line_slot(&mut self) -> LineSlot {
        self.line_slots.push(0);
        LineSlot(self.line_slots.len() - 1)
    }

    /// Stores the output line of the next token in `slot`.
    pub fn record_line(&mut self, slot: LineSlot) {
        self.record = Some(slot.0);
    }

    pub fn bump_line(&mut self, slot: LineSlot) {
        self.line_slots[slot.0] += 1;
    }

    /// Output lines since the recorded one.
    pub fn lines_from(&self, slot: LineSlot) -> i64 {
        self.out.line - self.line_slots[slot.0]
    }

    // ---- comments

    fn comments_have_newline(&self, list: &[Comment]) -> bool {
        let line = self.line_for(list[0].pos);
        list.iter().any(|c| self.line_for(c.pos) != line || is_line_comment(c) || c.text.contains('\n'))
    }

    fn next_comment(&mut self) {
        while let Some(g) = self.comments.get(self.info.next) {
            self.info.next += 1;
            if let Some(c) = g.list.first() {
                self.info.offset = self.pos_for(c.pos).offset;
                self.info.newline = self.comments_have_newline(&g.list);
                return;
            }
        }
        self.info.offset = INFINITY;
    }

    /// A comment stands before `next` and may be printed there.
    pub fn comment_before(&self, next: Position) -> bool {
        self.info.offset < next.offset && (!self.implied_semi || !self.info.newline)
    }

    /// The estimated size of the comments before `next`.
    pub fn comment_size_before(&mut self, next: Position) -> i64 {
        let saved = self.info;
        let mut size = 0;
        while self.comment_before(next) {
            size += self.comments[self.info.next - 1].list.iter().map(|c| c.text.len() as i64).sum::<i64>();
            self.next_comment();
        }
        self.info = saved;
        size
    }

    // ---- raw output

    fn write_indent(&mut self) {
        // The base is -1 for the body of a function that was put around a fragment.
        let n = self.base_indent + self.indent as i64;
        self.output.resize(self.output.len() + n.max(0) as usize, b'\t');
        self.pos.offset += n;
        self.pos.col += n;
        self.out.col += n;
    }

    /// Writes a white space character `n` times.
    fn write_byte(&mut self, mut ch: u8, n: i64) {
        if self.end_alignment {
            match ch {
                b'\t' | 0x0b => ch = b' ',
                b'\n' | 0x0c => {
                    ch = 0x0c;
                    self.end_alignment = false;
                }
                _ => {}
            }
        }
        if self.out.col == 1 {
            self.write_indent();
        }
        self.output.resize(self.output.len() + n as usize, ch);
        self.pos.offset += n;
        if ch == b'\n' || ch == 0x0c {
            self.pos.line += n;
            self.out.line += n;
            self.pos.col = 1;
            self.out.col = 1;
            return;
        }
        self.pos.col += n;
        self.out.col += n;
    }

    fn write_string(&mut self, pos: Position, s: &str, literal: bool) {
        if self.out.col == 1 {
            self.write_indent();
        }
        if pos.is_valid() {
            self.pos = pos;
        }
        if literal {
            self.output.push(ESCAPE);
        }
        self.output.extend_from_slice(s.as_bytes());
        let mut newlines = 0;
        let mut last = 0;
        if literal {
            for i in memchr::memchr2_iter(b'\n', 0x0c, s.as_bytes()) {
                newlines += 1;
                last = i;
                // No alignment after a line break within a literal.
                self.end_alignment = true;
            }
        }
        self.pos.offset += s.len() as i64;
        if newlines > 0 {
            self.pos.line += newlines;
            self.out.line += newlines;
            let c = (s.len() - last) as i64;
            self.pos.col = c;
            self.out.col = c;
        } else {
            self.pos.col += s.len() as i64;
            self.out.col += s.len() as i64;
        }
        if literal {
            self.output.push(ESCAPE);
        }
        self.last = self.pos;
    }

    /// Writes the first `n` entries of the white space buffer.
    fn write_whitespace(&mut self, n: usize) {
        let mut i = 0;
        while i < n {
            match self.wsbuf[i] {
                Ws::Ignore => {}
                Ws::Indent => self.indent += 1,
                Ws::Unindent => self.indent = self.indent.saturating_sub(1),
                Ws::Newline | Ws::Formfeed if i + 1 < n && self.wsbuf[i + 1] == Ws::Unindent => {
                    // An unindent right behind a line break (a label) comes first. The formfeed
                    // keeps a long label from widening columns.
                    self.wsbuf[i] = Ws::Unindent;
                    self.wsbuf[i + 1] = Ws::Formfeed;
                    continue;
                }
                Ws::Newline => self.write_byte(b'\n', 1),
                Ws::Formfeed => self.write_byte(0x0c, 1),
                Ws::Blank => self.write_byte(b' ', 1),
                Ws::Vtab => self.write_byte(0x0b, 1),
            }
            i += 1;
        }
        self.wsbuf.drain(..n);
    }

    // ---- interspersed comments

    /// Writes the white space before a comment at `pos`. `prev`: whether the previous comment of
    /// the run is a line comment, if there is one; `next`, `tok`: the next token.
    fn write_comment_prefix(&mut self, pos: Position, next: Position, prev: Option<bool>, tok: &str) {
        if self.output.is_empty() {
            return;
        }
        if pos.line == self.last.line && prev != Some(true) {
            // On the line of the last item: at least one separator.
            let mut has_sep = false;
            if prev.is_none() {
                let mut j = 0;
                for i in 0..self.wsbuf.len() {
                    match self.wsbuf[i] {
                        Ws::Blank => self.wsbuf[i] = Ws::Ignore,
                        Ws::Vtab => has_sep = true,
                        Ws::Indent => {}
                        _ => {
                            j = i;
                            break;
                        }
                    }
                }
                self.write_whitespace(j);
            }
            if !has_sep {
                let sep = if pos.line == next.line { b' ' } else { b'\t' };
                self.write_byte(sep, 1);
            }
            return;
        }
        // On another line: at least one line break.
        let mut dropped_linebreak = false;
        let mut j = 0;
        for i in 0..self.wsbuf.len() {
            match self.wsbuf[i] {
                Ws::Blank | Ws::Vtab => {
                    self.wsbuf[i] = Ws::Ignore;
                    continue;
                }
                Ws::Indent => continue,
                Ws::Unindent => {
                    // Not the last one: it belongs to the construct before.
                    if self.wsbuf.get(i + 1) == Some(&Ws::Unindent) {
                        continue;
                    }
                    // A comment aligned with the next token (a case label) belongs to it.
                    if tok != "}" && pos.col == next.col {
                        continue;
                    }
                }
                Ws::Newline | Ws::Formfeed => {
                    self.wsbuf[i] = Ws::Ignore;
                    dropped_linebreak = prev.is_none();
                }
                Ws::Ignore => {}
            }
            j = i;
            break;
        }
        self.write_whitespace(j);
        let mut n = 0;
        if pos.is_valid() && self.last.is_valid() {
            n = (pos.line - self.last.line).max(0);
        }
        // Keep a blank line before documentation at package level.
        if self.indent == 0 && dropped_linebreak {
            n += 1;
        }
        if n == 0 && prev == Some(true) {
            n = 1;
        }
        if n > 0 {
            self.write_byte(0x0c, nlimit(n));
        }
    }

    fn write_comment(&mut self, c: &Comment) {
        let text = &*c.text;
        let mut pos = self.pos_for(c.pos);
        let indent = self.indent;
        if text.starts_with("//line ") && (!pos.is_valid() || pos.col == 1) {
            self.indent = 0; // keep line directives valid
        }
        if is_line_comment(c) {
            if split_go_build(text).is_some() {
                self.go_build.push(self.output.len());
            } else if split_plus_build(text).is_some() {
                self.plus_build.push(self.output.len());
            }
            self.write_string(pos, text.trim_end(), true);
        } else {
            let mut lines: Vec<String> = text.split('\n').map(str::to_string).collect();
            // A comment in column 1 that gets indented: pretend it was indented before.
            if pos.is_valid() && pos.col == 1 && self.indent > 0 {
                for l in &mut lines[1..] {
                    l.insert_str(0, "   ");
                }
            }
            strip_common_prefix(&mut lines);
            for (i, l) in lines.iter().enumerate() {
                if i > 0 {
                    self.write_byte(0x0c, 1);
                    pos = self.pos;
                }
                if !l.is_empty() {
                    self.write_string(pos, l.trim_end(), true);
                }
            }
        }
        self.indent = indent;
    }

    /// Writes pending white space behind a comment. Returns whether a newline was written and
    /// whether a formfeed was dropped.
    fn write_comment_suffix(&mut self, mut needs_linebreak: bool) -> (bool, bool) {
        let (mut wrote_newline, mut dropped_ff) = (false, false);
        for ws in &mut self.wsbuf {
            match *ws {
                Ws::Blank | Ws::Vtab => *ws = Ws::Ignore,
                Ws::Newline | Ws::Formfeed => {
                    if std::mem::take(&mut needs_linebreak) {
                        wrote_newline = true;
                    } else {
                        dropped_ff |= *ws == Ws::Formfeed;
                        *ws = Ws::Ignore;
                    }
                }
                _ => {}
            }
        }
        self.write_whitespace(self.wsbuf.len());
        if needs_linebreak {
            self.write_byte(b'\n', 1);
            wrote_newline = true;
        }
        (wrote_newline, dropped_ff)
    }

    fn intersperse_comments(&mut self, next: Position, tok: &'static str) -> (bool, bool) {
        let mut last: Option<LastComment> = None;
        while self.comment_before(next) {
            let comments: &'a [CommentGroup] = self.comments;
            let group = &comments[self.info.next - 1].list;
            let (Some(first), Some(final_)) = (group.first(), group.last()) else { break };
            let first_pos = self.pos_for(first.pos);
            // An unindented comment right before the next token: documentation.
            let is_doc = tok != "IDENT"
                && self.last_tok != "import"
                && first_pos.col == 1
                && self.pos_for(comment_end(final_).add(1)) == next;
            let reformatted = if is_doc { Some(format_doc_comment(group)) } else { None };
            let list = reformatted.as_deref().unwrap_or(group);
            if list.is_empty() {
                // Nothing is left of the comment.
                self.write_comment_prefix(first_pos, next, last.map(|l| l.is_line), tok);
                self.pos = next;
                self.last = next;
                self.next_comment();
                return self.write_comment_suffix(false);
            }
            for c in list {
                let pos = self.pos_for(c.pos);
                self.write_comment_prefix(pos, next, last.map(|l| l.is_line), tok);
                self.write_comment(c);
                last = Some(LastComment { is_line: is_line_comment(c), pos: c.pos });
            }
            if is_doc {
                last = Some(LastComment { is_line: is_line_comment(final_), pos: final_.pos });
                self.pos = self.pos_for(comment_end(final_));
                self.last = self.pos;
            }
            self.next_comment();
        }
        let Some(last) = last else { return (false, false) };
        // Behind a /* comment on the same line goes a blank, or a line break if one is pending.
        let mut needs_linebreak = false;
        if !self.no_extra_blank
            && !last.is_line
            && self.line_for(last.pos) == next.line
            && tok != ","
            && (tok != ")" || self.prev_open == "(")
            && (tok != "]" || self.prev_open == "[")
        {
            let pending = self.wsbuf.iter().any(|w| matches!(w, Ws::Newline | Ws::Formfeed));
            if pending && !self.no_extra_linebreak && self.level == 0 {
                needs_linebreak = true;
            } else {
                self.write_byte(b' ', 1);
            }
        }
        if last.is_line || tok == "EOF" || tok == "}" && !self.no_extra_linebreak {
            needs_linebreak = true;
        }
        self.write_comment_suffix(needs_linebreak)
    }

    fn flush(&mut self, next: Position, tok: &'static str) -> (bool, bool) {
        if self.comment_before(next) {
            return self.intersperse_comments(next, tok);
        }
        self.write_whitespace(self.wsbuf.len());
        (false, false)
    }

    // ---- tokens

    fn note_open(&mut self) {
        match self.last_tok {
            "" => {}
            "(" | "[" => self.prev_open = self.last_tok,
            _ => self.prev_open = "",
        }
    }

    /// Requests white space.
    pub fn ws(&mut self, ws: Ws) {
        self.note_open();
        if ws == Ws::Ignore {
            return;
        }
        if self.wsbuf.len() == WS_CAPACITY {
            self.write_whitespace(WS_CAPACITY);
        }
        self.wsbuf.push(ws);
        if ws == Ws::Newline || ws == Ws::Formfeed {
            self.implied_semi = false;
        }
        self.last_tok = "";
    }

    /// Toggles the modes for comments before a closing brace.
    pub fn toggle(&mut self, no_extra_blank: bool, no_extra_linebreak: bool) {
        self.note_open();
        self.no_extra_blank ^= no_extra_blank;
        self.no_extra_linebreak ^= no_extra_linebreak;
    }

    pub fn blank(&mut self) {
        self.ws(Ws::Blank);
    }

    /// Prints an operator, delimiter or keyword.
    pub fn tok(&mut self, tok: &'static str) {
        self.note_open();
        if may_combine(self.last_tok, tok.as_bytes()[0]) {
            self.wsbuf.clear();
            self.wsbuf.push(Ws::Blank);
        }
        let implied_semi =
            matches!(tok, "break" | "continue" | "fallthrough" | "return" | "++" | "--" | ")" | "]" | "}");
        self.last_tok = tok;
        self.item(tok, false, implied_semi);
    }

    pub fn ident(&mut self, n: &Ident) {
        self.note_open();
        self.last_tok = "IDENT";
        self.item(n.name.as_str(), false, true);
    }

    /// Prints a literal.
    pub fn lit(&mut self, kind: LitKind, text: &str) {
        self.note_open();
        self.last_tok = match kind {
            LitKind::Int => "INT",
            LitKind::Float => "FLOAT",
            LitKind::Imag => "IMAG",
            LitKind::Rune => "CHAR",
            LitKind::String => "STRING",
        };
        self.item(text, true, true);
    }

    fn item(&mut self, data: &str, literal: bool, mut implied_semi: bool) {
        let next = self.pos;
        let (wrote_newline, dropped_ff) = self.flush(next, self.last_tok);
        // Blank lines of the source survive where they do not add a semicolon.
        if !self.implied_semi {
            let mut n = nlimit(next.line - self.pos.line);
            if wrote_newline && n == MAX_NEWLINES {
                n = MAX_NEWLINES - 1;
            }
            if n > 0 {
                self.write_byte(if dropped_ff { 0x0c } else { b'\n' }, n);
                implied_semi = false;
            }
        }
        if let Some(slot) = self.record.take() {
            self.line_slots[slot] = self.out.line;
        }
        self.write_string(next, data, literal);
        self.implied_semi = implied_semi;
    }

    /// Breaks the line as often as the source does before `line`, at least `min` times. Returns 0
    /// for no break, 1 for one newline, more for a formfeed or several.
    pub fn linebreak(&mut self, line: i64, min: i64, ws: Ws, new_section: bool) -> i64 {
        let mut n = nlimit(line - self.pos.line).max(min);
        let mut breaks = 0;
        if n > 0 {
            self.ws(ws);
            if new_section {
                self.ws(Ws::Formfeed);
                n -= 1;
                breaks = 2;
            }
            breaks += n;
            for _ in 0..n {
                self.ws(Ws::Newline);
            }
        }
        breaks
    }

    // ---- sizes

    /// The size of a node on one line, or more than `max` if it does not fit.
    pub fn node_size(&self, node: Node<'a>, max: i64) -> i64 {
        let id = match node {
            Node::Expr(x) => x.id,
            Node::Ident(i) => i.id,
            Node::Stmt(s) => s.id,
        };
        // Most nodes are names and short literals.
        let fits = |text: &str| if text.len() as i64 <= max { text.len() as i64 } else { max + 1 };
        match node {
            Node::Ident(Ident { name, .. }) | Node::Expr(Expr { kind: ExprKind::Ident(Ident { name, .. }), .. }) => {
                return fits(name.as_str());
            }
            Node::Expr(Expr { kind: ExprKind::BasicLit(l), .. }) if l.kind != LitKind::String => return fits(&l.value),
            _ => {}
        }
        if let Some(&size) = self.shared.sizes.borrow().get(&id) {
            return size;
        }
        self.shared.sizes.borrow_mut().insert(id, max + 1);
        let mut p = Printer::new(self.shared, &[], 0, false);
        match node {
            Node::Expr(x) => p.expr(x),
            Node::Ident(i) => p.ident_expr(i),
            Node::Stmt(s) => {
                if matches!(s.kind, rgo_syntax::StmtKind::LabeledStmt(_)) {
                    p.indent = 1;
                }
                p.stmt(s, false);
            }
        }
        p.finish_raw();
        let text = trim(&p.output);
        let size = text.len() as i64;
        if size <= max && !text.iter().any(|&b| b == b'\n' || b == 0x0c) {
            self.shared.sizes.borrow_mut().insert(id, size);
            return size;
        }
        max + 1
    }
}

fn is_blank(s: &str) -> bool {
    s.bytes().all(|b| b <= b' ')
}

fn common_prefix(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y && (*x <= b' ' || *x == b'*')).count()
}

/// Removes the common white space prefix of the lines of a `/*` comment (all but the first), so
/// that they can be indented anew. Handles leading columns of stars.
fn strip_common_prefix(lines: &mut [String]) {
    let n = lines.len();
    if n <= 1 {
        return;
    }
    let mut prefix: Option<String> = None;
    for line in &mut lines[1..n - 1] {
        if is_blank(line) {
            line.clear();
        } else {
            let p = prefix.take().unwrap_or_else(|| line.clone());
            let len = common_prefix(&p, line);
            prefix = Some(p[..len].to_string());
        }
    }
    let mut prefix = prefix.unwrap_or_else(|| {
        let last = &lines[n - 1];
        last[..common_prefix(last, last)].to_string()
    });

    let mut line_of_stars = false;
    if let Some(i) = prefix.find('*') {
        prefix.truncate(i);
        if prefix.ends_with(' ') {
            prefix.pop(); // keeps the stars aligned
        }
        line_of_stars = true;
    } else {
        // The white space between the opening and the text, with two blanks for the opening,
        // may be found at the end of the prefix.
        let first = &lines[0];
        if is_blank(&first[2..]) {
            // No text there: up to three blanks or a tab, so that the text stays indented.
            let b = prefix.as_bytes();
            let mut i = b.len();
            while i > 0 && b.len() - i < 3 && b[i - 1] == b' ' {
                i -= 1;
            }
            if i == b.len() && i > 0 && b[i - 1] == b'\t' {
                i -= 1;
            }
            prefix.truncate(i);
        } else {
            let space: String = first[2..].chars().take_while(|&c| c <= ' ').collect();
            let suffix = if space.starts_with('\t') { space } else { format!("  {space}") };
            if let Some(p) = prefix.strip_suffix(&suffix) {
                prefix.truncate(p.len());
            }
        }
    }

    let last = &lines[n - 1];
    let before = last.split("*/").next().unwrap_or_default();
    if is_blank(before) {
        let closing = if line_of_stars { " */" } else { "*/" };
        lines[n - 1] = format!("{prefix}{closing}");
    } else {
        prefix.truncate(common_prefix(&prefix, last));
    }
    for line in &mut lines[1..] {
        if !line.is_empty() {
            line.drain(..prefix.len().min(line.len()));
        }
    }
}
