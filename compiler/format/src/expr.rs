//! Printing of expressions, types, expression lists, parameter and field lists.

use crate::number::normalized;
use crate::printer::{Node, Printer, Ws};
use rgo_syntax::*;

const LOWEST_PREC: u8 = 0;
const UNARY_PREC: u8 = 6;
const HIGHEST_PREC: u8 = 7;
/// Larger than any source line.
const HUGE: i64 = 1_000_000;

/// How to print an expression list.
#[derive(Clone, Copy, Default)]
pub struct ListMode {
    /// A comma may end the list.
    pub comma_term: bool,
    /// No extra indentation of further lines.
    pub no_indent: bool,
}

/// An element of an expression list.
#[derive(Clone, Copy)]
pub enum Item<'a> {
    Expr(&'a Expr),
    Ident(&'a Ident),
}

/// A list of expressions or names.
#[derive(Clone, Copy)]
pub enum Items<'a> {
    Exprs(&'a [Expr]),
    Idents(&'a [Ident]),
}

impl<'a> Items<'a> {
    fn iter(self) -> impl Iterator<Item = Item<'a>> {
        let (exprs, idents): (&[Expr], &[Ident]) = match self {
            Items::Exprs(l) => (l, &[]),
            Items::Idents(l) => (&[], l),
        };
        exprs.iter().map(Item::Expr).chain(idents.iter().map(Item::Ident))
    }

    fn len(self) -> usize {
        match self {
            Items::Exprs(l) => l.len(),
            Items::Idents(l) => l.len(),
        }
    }

    fn get(self, i: usize) -> Option<Item<'a>> {
        match self {
            Items::Exprs(l) => l.get(i).map(Item::Expr),
            Items::Idents(l) => l.get(i).map(Item::Ident),
        }
    }
}

impl<'a> Item<'a> {
    fn pos(self) -> Pos {
        match self {
            Item::Expr(x) => leftmost(x),
            Item::Ident(i) => i.pos,
        }
    }

    fn end(self) -> Pos {
        match self {
            Item::Expr(x) => end_pos(x),
            Item::Ident(i) => i.pos.add(i.name.as_str().len()),
        }
    }

    fn node(self) -> Node<'a> {
        match self {
            Item::Expr(x) => Node::Expr(x),
            Item::Ident(i) => Node::Ident(i),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ParamMode {
    Func,
    FuncTypeParams,
    TypeTypeParams,
}

/// A crude logarithm, the same on all machines.
fn log2ish(x: f64) -> f64 {
    let mut f = x;
    let mut e = 0;
    while f >= 1.0 {
        f /= 2.0;
        e += 1;
    }
    while f > 0.0 && f < 0.5 {
        f *= 2.0;
        e -= 1;
    }
    f64::from(e) + 2.0 * (f - 1.0)
}

fn exp2ish(x: f64) -> f64 {
    let n = x.floor();
    (1.0 + (x - n)) * n.exp2()
}

pub fn field_pos(f: &Field) -> Pos {
    f.names.first().map_or_else(|| type_pos(&f.typ), |n| n.pos)
}

/// The first position of a type; a method's signature has no `func`.
fn type_pos(x: &Expr) -> Pos {
    match &x.kind {
        ExprKind::FuncType(f) if !f.func_pos.is_valid() => f.params.open,
        _ => leftmost(x),
    }
}

pub fn field_end(f: &Field) -> Pos {
    match &f.tag {
        Some(t) => end_pos(t),
        None => end_pos(&f.typ),
    }
}

/// Reports whether a name followed by `x` can be read as one expression.
fn combines_with_name(x: &Expr) -> bool {
    match &x.kind {
        ExprKind::StarExpr(s) => !is_type_elem(&s.x),
        ExprKind::BinaryExpr(b) => combines_with_name(&b.x) && !is_type_elem(&b.y),
        ExprKind::ParenExpr(p) => !is_type_elem(&p.x),
        _ => false,
    }
}

fn is_type_elem(x: &Expr) -> bool {
    match &x.kind {
        ExprKind::ArrayType(_)
        | ExprKind::StructType(_)
        | ExprKind::FuncType(_)
        | ExprKind::InterfaceType(_)
        | ExprKind::MapType(_)
        | ExprKind::ChanType(_) => true,
        ExprKind::UnaryExpr(u) => u.op == Op::Tilde,
        ExprKind::BinaryExpr(b) => is_type_elem(&b.x) || is_type_elem(&b.y),
        ExprKind::ParenExpr(p) => is_type_elem(&p.x),
        _ => false,
    }
}

/// What operators a binary expression contains (outside parentheses and calls): of precedence 4,
/// of precedence 5, and the worst clash with a unary operator.
fn walk_binary(e: &BinaryExpr) -> (bool, bool, u8) {
    let prec = e.op.precedence();
    let (mut has4, mut has5, mut max_problem) = (prec == 4, prec == 5, 0);
    let mut join = |(h4, h5, mp): (bool, bool, u8), max_problem: &mut u8| {
        has4 |= h4;
        has5 |= h5;
        *max_problem = (*max_problem).max(mp);
    };
    if let ExprKind::BinaryExpr(l) = &e.x.kind {
        if l.op.precedence() >= prec {
            join(walk_binary(l), &mut max_problem);
        }
    }
    match &e.y.kind {
        ExprKind::BinaryExpr(r) if r.op.precedence() > prec => join(walk_binary(r), &mut max_problem),
        ExprKind::StarExpr(_) if e.op == Op::Div => max_problem = 5,
        ExprKind::UnaryExpr(r) => match (e.op, r.op) {
            (Op::And, Op::And | Op::Xor) => max_problem = 5,
            (Op::Add, Op::Add) | (Op::Sub, Op::Sub) => max_problem = max_problem.max(4),
            _ => {}
        },
        _ => {}
    }
    (has4, has5, max_problem)
}

/// Operators of at least this precedence are printed without blanks.
fn cutoff(e: &BinaryExpr, depth: i64) -> u8 {
    let (has4, has5, max_problem) = walk_binary(e);
    if max_problem > 0 {
        return max_problem + 1;
    }
    match (has4 && has5, depth == 1) {
        (true, true) => 5,
        (false, true) => 6,
        _ => 4,
    }
}

fn diff_prec(x: &Expr, prec: u8) -> i64 {
    match &x.kind {
        ExprKind::BinaryExpr(b) if b.op.precedence() == prec => 0,
        _ => 1,
    }
}

fn reduce_depth(depth: i64) -> i64 {
    (depth - 1).max(1)
}

impl<'a> Printer<'a, '_> {
    pub fn expr(&mut self, x: &'a Expr) {
        self.expr1(x, LOWEST_PREC, 1);
    }

    pub fn expr0(&mut self, x: &'a Expr, depth: i64) {
        self.expr1(x, LOWEST_PREC, depth);
    }

    /// Prints a name as an expression.
    pub fn ident_expr(&mut self, n: &Ident) {
        self.set_pos(n.pos);
        self.ident(n);
    }

    fn item_expr(&mut self, x: Item<'a>, depth: i64) {
        match x {
            Item::Expr(x) => self.expr0(x, depth),
            Item::Ident(i) => self.ident_expr(i),
        }
    }

    pub fn ident_list(&mut self, list: &'a [Ident], indent: bool) {
        self.items(Pos::NONE, Items::Idents(list), 1, ListMode { no_indent: !indent, comma_term: false }, Pos::NONE);
    }

    pub fn expr_list(&mut self, prev: Pos, list: &'a [Expr], depth: i64, mode: ListMode, next: Pos) {
        self.items(prev, Items::Exprs(list), depth, mode, next);
    }

    /// Prints a list between the tokens at `prev0` and `next0`, keeping the line breaks of the
    /// source between its elements.
    pub fn items(&mut self, prev0: Pos, list: Items<'a>, depth: i64, mode: ListMode, next0: Pos) {
        let (Some(first), Some(last)) = (list.get(0), list.get(list.len().wrapping_sub(1))) else { return };
        let prev = self.pos_for(prev0);
        let next = self.pos_for(next0);
        let mut line = self.line_for(first.pos());
        let end_line = self.line_for(last.end());
        if prev.is_valid() && prev.line == line && line == end_line {
            for (i, x) in list.iter().enumerate() {
                if i > 0 {
                    // The comma is taken to stand at the element behind it, for comments.
                    self.set_pos(x.pos());
                    self.tok(",");
                    self.blank();
                }
                self.item_expr(x, depth);
            }
            return;
        }

        let mut ws = if mode.no_indent { Ws::Ignore } else { Ws::Indent };
        // The first line break is a formfeed: what follows has columns of its own.
        let mut prev_break: i64 = -1;
        if prev.is_valid() && prev.line < line && self.linebreak(line, 0, ws, true) > 0 {
            ws = Ws::Ignore;
            prev_break = 0;
        }
        // Size of the element or key; 0: does not fit on a line.
        let mut size = 0;
        // The ratio of a key's size to the geometric mean of the sizes before decides about
        // breaking the alignment.
        let mut log2sum = 0.0;
        let mut count = 0;
        let mut prev_line = prev.line;
        for (i, x) in list.iter().enumerate() {
            line = self.line_for(x.pos());
            let mut use_ff = true;
            let prev_size = size;
            size = self.node_size(x.node(), HUGE);
            let pair = match x {
                Item::Expr(Expr { kind: ExprKind::KeyValueExpr(k), .. }) => Some(&**k),
                _ => None,
            };
            let colon = match x {
                Item::Expr(x) => x.pos,
                Item::Ident(_) => Pos::NONE,
            };
            if size <= HUGE && prev.is_valid() && next.is_valid() {
                if let Some(k) = pair {
                    size = self.node_size(Node::Expr(&k.key), HUGE);
                }
            } else {
                size = 0;
            }
            if prev_size > 0 && size > 0 {
                const SMALL: i64 = 40;
                if count == 0 || prev_size <= SMALL && size <= SMALL {
                    use_ff = false;
                } else {
                    const R: f64 = 2.5;
                    let geomean = exp2ish(log2sum / f64::from(count));
                    let ratio = size as f64 / geomean;
                    use_ff = R * ratio <= 1.0 || R <= ratio;
                }
            }
            let needs_linebreak = 0 < prev_line && prev_line < line;
            if i > 0 {
                if !needs_linebreak {
                    self.set_pos(x.pos());
                }
                self.tok(",");
                let mut needs_blank = true;
                if needs_linebreak {
                    let n = self.linebreak(line, 0, ws, use_ff || prev_break + 1 < i as i64);
                    if n > 0 {
                        ws = Ws::Ignore;
                        prev_break = i as i64;
                        needs_blank = false;
                    }
                    if n > 1 {
                        // A new section.
                        log2sum = 0.0;
                        count = 0;
                    }
                }
                if needs_blank {
                    self.blank();
                }
            }
            match pair {
                // A pair on a line of its own: its key is a column.
                Some(k) if list.len() > 1 && size > 0 && needs_linebreak => {
                    self.expr(&k.key);
                    self.set_pos(colon);
                    self.tok(":");
                    self.ws(Ws::Vtab);
                    self.expr(&k.value);
                }
                _ => self.item_expr(x, depth),
            }
            if size > 0 {
                log2sum += log2ish(size as f64);
                count += 1;
            }
            prev_line = line;
        }
        if mode.comma_term && next.is_valid() && self.pos.line < next.line {
            self.tok(",");
            if ws == Ws::Ignore && !mode.no_indent {
                self.ws(Ws::Unindent);
            }
            self.ws(Ws::Formfeed);
            return;
        }
        if ws == Ws::Ignore && !mode.no_indent {
            self.ws(Ws::Unindent);
        }
    }

    pub fn parameters(&mut self, fields: &'a FieldList, mode: ParamMode) {
        let (open, close) = if mode == ParamMode::Func { ("(", ")") } else { ("[", "]") };
        self.set_pos(fields.open);
        self.tok(open);
        if !fields.fields.is_empty() {
            let mut prev_line = self.line_for(fields.open);
            let mut ws = Ws::Indent;
            for (i, par) in fields.fields.iter().enumerate() {
                let beg = self.line_for(field_pos(par));
                let end = self.line_for(field_end(par));
                let needs_linebreak = 0 < prev_line && prev_line < beg;
                if i > 0 {
                    if !needs_linebreak {
                        self.set_pos(field_pos(par));
                    }
                    self.tok(",");
                }
                if needs_linebreak && self.linebreak(beg, 0, ws, true) > 0 {
                    ws = Ws::Ignore;
                } else if i > 0 {
                    self.blank();
                }
                if !par.names.is_empty() {
                    self.ident_list(&par.names, ws == Ws::Indent);
                    self.blank();
                }
                self.expr(par.typ.unparen());
                prev_line = end;
            }
            let closing = self.line_for(fields.close);
            if 0 < prev_line && prev_line < closing {
                self.tok(",");
                self.linebreak(closing, 0, Ws::Ignore, true);
            } else if mode == ParamMode::TypeTypeParams
                && fields.num_fields() == 1
                && combines_with_name(fields.fields[0].typ.unparen())
            {
                // Without the comma this would be an array length.
                self.tok(",");
            }
            if ws == Ws::Ignore {
                self.ws(Ws::Unindent);
            }
        }
        self.set_pos(fields.close);
        self.tok(close);
    }

    pub fn signature(&mut self, f: &'a FuncType) {
        if let Some(t) = &f.type_params {
            self.parameters(t, ParamMode::FuncTypeParams);
        }
        self.parameters(&f.params, ParamMode::Func);
        if let Some(r) = f.results.as_ref().filter(|r| r.num_fields() > 0) {
            self.blank();
            if r.num_fields() == 1 && r.fields[0].names.is_empty() {
                self.expr(r.fields[0].typ.unparen());
                return;
            }
            self.parameters(r, ParamMode::Func);
        }
    }

    fn is_one_line_field_list(&self, list: &'a [Field]) -> bool {
        let [f] = list else { return false };
        if f.tag.is_some() || f.comment.is_some() {
            return false;
        }
        const MAX: i64 = 30;
        let names = i64::from(f.names.iter().any(|n| !n.name.as_str().is_empty()));
        names + self.node_size(Node::Expr(&f.typ), MAX) <= MAX
    }

    fn method(&mut self, f: &'a Field) {
        match (f.names.first(), &f.typ.kind) {
            (Some(n), ExprKind::FuncType(t)) => {
                self.ident_expr(n);
                self.signature(t);
            }
            _ => self.expr(&f.typ),
        }
    }

    fn field_list(&mut self, fields: &'a FieldList, is_struct: bool) {
        let list = &fields.fields;
        let (lbrace, rbrace) = (fields.open, fields.close);
        let has_comments = self.comment_before(self.pos_for(rbrace));
        let one_line = self.line_for(lbrace) == self.line_for(rbrace);
        if !has_comments && one_line {
            if list.is_empty() {
                self.set_pos(lbrace);
                self.tok("{");
                self.set_pos(rbrace);
                self.tok("}");
                return;
            }
            if self.is_one_line_field_list(list) {
                self.set_pos(lbrace);
                self.tok("{");
                self.blank();
                let f = &list[0];
                if is_struct {
                    for (i, n) in f.names.iter().enumerate() {
                        if i > 0 {
                            self.tok(",");
                            self.blank();
                        }
                        self.ident_expr(n);
                    }
                    if !f.names.is_empty() {
                        self.blank();
                    }
                    self.expr(&f.typ);
                } else {
                    self.method(f);
                }
                self.blank();
                self.set_pos(rbrace);
                self.tok("}");
                return;
            }
        }
        self.blank();
        self.set_pos(lbrace);
        self.tok("{");
        self.ws(Ws::Indent);
        if has_comments || !list.is_empty() {
            self.ws(Ws::Formfeed);
        }
        let slot = self.line_slot();
        let sep = if list.len() == 1 { Ws::Blank } else { Ws::Vtab };
        for (i, f) in list.iter().enumerate() {
            if i > 0 {
                let line = self.line_for(field_pos(f));
                let multi = self.lines_from(slot) > 0;
                self.linebreak(line, 1, Ws::Ignore, multi);
            }
            self.record_line(slot);
            if !is_struct {
                self.method(f);
                continue;
            }
            let mut extra_tabs;
            if f.names.is_empty() {
                self.expr(&f.typ);
                extra_tabs = 2;
            } else {
                self.ident_list(&f.names, false);
                self.ws(sep);
                self.expr(&f.typ);
                extra_tabs = 1;
            }
            if let Some(tag) = &f.tag {
                if !f.names.is_empty() && sep == Ws::Vtab {
                    self.ws(sep);
                }
                self.ws(sep);
                self.expr(tag);
                extra_tabs = 0;
            }
            if f.comment.is_some() {
                for _ in 0..extra_tabs {
                    self.ws(sep);
                }
            }
        }
        self.ws(Ws::Unindent);
        self.ws(Ws::Formfeed);
        self.set_pos(rbrace);
        self.tok("}");
    }

    fn binary_expr(&mut self, x: &'a Expr, b: &'a BinaryExpr, prec1: u8, cutoff: u8, depth: i64) {
        let prec = b.op.precedence();
        if prec < prec1 {
            // Only in trees that were not parsed.
            self.tok("(");
            self.expr0(x, reduce_depth(depth));
            self.tok(")");
            return;
        }
        let mut print_blank = prec < cutoff;
        let mut ws = Ws::Indent;
        self.expr1(&b.x, prec, depth + diff_prec(&b.x, prec));
        if print_blank {
            self.blank();
        }
        let xline = self.pos.line; // before the operator, which may be on the next line
        let yline = self.line_for(leftmost(&b.y));
        self.set_pos(x.pos);
        self.tok(b.op.as_str());
        if xline != yline && xline > 0 && yline > 0 && self.linebreak(yline, 1, ws, true) > 0 {
            ws = Ws::Ignore;
            print_blank = false;
        }
        if print_blank {
            self.blank();
        }
        self.expr1(&b.y, prec + 1, depth + 1);
        if ws == Ws::Ignore {
            self.ws(Ws::Unindent);
        }
    }

    pub fn expr1(&mut self, x: &'a Expr, prec1: u8, mut depth: i64) {
        self.set_pos(type_pos(x));
        match &x.kind {
            ExprKind::Bad => self.lit(LitKind::String, "BadExpr"),
            ExprKind::Ident(i) => self.ident(i),
            ExprKind::BinaryExpr(b) => self.binary_expr(x, b, prec1, cutoff(b, depth.max(1)), depth),
            ExprKind::KeyValueExpr(k) => {
                self.expr(&k.key);
                self.set_pos(x.pos);
                self.tok(":");
                self.blank();
                self.expr(&k.value);
            }
            ExprKind::StarExpr(s) => {
                let paren = UNARY_PREC < prec1;
                if paren {
                    self.tok("(");
                }
                self.tok("*");
                self.expr(&s.x);
                if paren {
                    self.tok(")");
                }
            }
            ExprKind::UnaryExpr(u) => {
                if UNARY_PREC < prec1 {
                    self.tok("(");
                    self.expr(x);
                    self.tok(")");
                } else {
                    self.tok(u.op.as_str());
                    self.expr1(&u.x, UNARY_PREC, depth);
                }
            }
            ExprKind::BasicLit(l) => {
                if l.value.contains('\r') {
                    // Carriage returns are not part of raw strings.
                    self.lit(l.kind, &l.value.replace('\r', ""));
                } else if self.normalize {
                    self.lit(l.kind, &normalized(l.kind, &l.value));
                } else {
                    self.lit(l.kind, &l.value);
                }
            }
            ExprKind::FuncLit(f) => {
                self.tok("func");
                let start_col = self.out.col - "func".len() as i64;
                self.signature(&f.typ);
                let size = self.distance_from(f.typ.func_pos, start_col);
                self.func_body(size, Ws::Blank, &f.body);
            }
            ExprKind::ParenExpr(p) => {
                if matches!(p.x.kind, ExprKind::ParenExpr(_)) {
                    self.expr0(&p.x, depth);
                } else {
                    self.tok("(");
                    self.expr0(&p.x, reduce_depth(depth));
                    self.set_pos(p.rparen);
                    self.tok(")");
                }
            }
            ExprKind::SelectorExpr(s) => {
                self.selector_expr(s, depth, false);
            }
            ExprKind::TypeAssertExpr(t) => {
                self.expr1(&t.x, HIGHEST_PREC, depth);
                self.tok(".");
                self.set_pos(t.lparen);
                self.tok("(");
                match &t.typ {
                    Some(t) => self.expr(t),
                    None => self.tok("type"),
                }
                self.set_pos(t.rparen);
                self.tok(")");
            }
            ExprKind::IndexExpr(i) => {
                self.expr1(&i.x, HIGHEST_PREC, 1);
                self.set_pos(x.pos);
                self.tok("[");
                if let [index] = i.indices.as_slice() {
                    self.expr0(index, depth + 1);
                } else {
                    let mode = ListMode { comma_term: true, no_indent: false };
                    self.expr_list(x.pos, &i.indices, depth + 1, mode, i.rbrack);
                }
                self.set_pos(i.rbrack);
                self.tok("]");
            }
            ExprKind::SliceExpr(s) => self.slice_expr(x, s, depth),
            ExprKind::CallExpr(c) => {
                if c.args.len() > 1 {
                    depth += 1;
                }
                let paren = match &c.fun.kind {
                    ExprKind::FuncType(_) => true,
                    ExprKind::ChanType(t) => t.dir == ChanDir::Recv,
                    _ => false,
                };
                if paren {
                    self.tok("(");
                }
                let was_indented = match &c.fun.kind {
                    ExprKind::SelectorExpr(s) => self.selector_expr(s, depth, true),
                    _ => {
                        self.expr1(&c.fun, HIGHEST_PREC, depth);
                        false
                    }
                };
                if paren {
                    self.tok(")");
                }
                self.set_pos(x.pos);
                self.tok("(");
                if c.has_dots() {
                    self.expr_list(x.pos, &c.args, depth, ListMode::default(), c.ellipsis);
                    self.set_pos(c.ellipsis);
                    self.tok("...");
                    if self.line_for(c.ellipsis) < self.line_for(c.rparen) {
                        self.tok(",");
                        self.ws(Ws::Formfeed);
                    }
                } else {
                    let mode = ListMode { comma_term: true, no_indent: false };
                    self.expr_list(x.pos, &c.args, depth, mode, c.rparen);
                }
                self.set_pos(c.rparen);
                self.tok(")");
                if was_indented {
                    self.ws(Ws::Unindent);
                }
            }
            ExprKind::CompositeLit(c) => {
                if let Some(t) = &c.typ {
                    self.expr1(t, HIGHEST_PREC, depth);
                }
                self.level += 1;
                self.set_pos(x.pos);
                self.tok("{");
                self.expr_list(x.pos, &c.elts, 1, ListMode { comma_term: true, no_indent: false }, c.rbrace);
                // A line break behind a /* comment before the brace would need a comma.
                let extra_blank = !c.elts.is_empty();
                // Lone comments need the indentation.
                self.ws(Ws::Indent);
                self.ws(Ws::Unindent);
                self.toggle(extra_blank, true);
                self.set_pos(c.rbrace);
                self.tok("}");
                self.toggle(extra_blank, true);
                self.level -= 1;
            }
            ExprKind::Ellipsis(e) => {
                self.tok("...");
                if let Some(t) = &e.elem {
                    self.expr(t);
                }
            }
            ExprKind::ArrayType(a) => {
                self.tok("[");
                if let Some(l) = &a.len {
                    self.expr(l);
                }
                self.tok("]");
                self.expr(&a.elem);
            }
            ExprKind::StructType(s) => {
                self.tok("struct");
                self.field_list(&s.fields, true);
            }
            ExprKind::FuncType(f) => {
                self.tok("func");
                self.signature(f);
            }
            ExprKind::InterfaceType(i) => {
                self.tok("interface");
                self.field_list(&i.methods, false);
            }
            ExprKind::MapType(m) => {
                self.tok("map");
                self.tok("[");
                self.expr(&m.key);
                self.tok("]");
                self.expr(&m.value);
            }
            ExprKind::ChanType(c) => {
                match c.dir {
                    ChanDir::Both => self.tok("chan"),
                    ChanDir::Recv => {
                        self.tok("<-");
                        self.tok("chan");
                    }
                    ChanDir::Send => {
                        self.tok("chan");
                        self.set_pos(c.arrow);
                        self.tok("<-");
                    }
                }
                self.blank();
                self.expr(&c.value);
            }
        }
    }

    fn slice_expr(&mut self, x: &'a Expr, s: &'a SliceExpr, depth: i64) {
        self.expr1(&s.x, HIGHEST_PREC, 1);
        self.set_pos(x.pos);
        self.tok("[");
        let mut indices = vec![s.low.as_ref(), s.high.as_ref()];
        if s.max.is_some() {
            indices.push(s.max.as_ref());
        }
        let present = indices.iter().flatten();
        let binary = |x: &&&Expr| matches!(x.kind, ExprKind::BinaryExpr(_));
        let needs_blanks = depth <= 1 && present.clone().count() > 1 && present.clone().any(|x| binary(&x));
        for (i, &x) in indices.iter().enumerate() {
            if i > 0 {
                if indices[i - 1].is_some() && needs_blanks {
                    self.blank();
                }
                self.tok(":");
                if x.is_some() && needs_blanks {
                    self.blank();
                }
            }
            if let Some(x) = x {
                self.expr0(x, depth + 1);
            }
        }
        self.set_pos(s.rbrack);
        self.tok("]");
    }

    /// Prints a selector; true if it is on another line than its operand and was indented.
    fn selector_expr(&mut self, s: &'a SelectorExpr, depth: i64, is_method: bool) -> bool {
        self.expr1(&s.x, HIGHEST_PREC, depth);
        self.tok(".");
        let line = self.line_for(s.sel.pos);
        if self.pos.is_valid() && self.pos.line < line {
            self.ws(Ws::Indent);
            self.ws(Ws::Newline);
            self.set_pos(s.sel.pos);
            self.ident(&s.sel);
            if !is_method {
                self.ws(Ws::Unindent);
            }
            return true;
        }
        self.set_pos(s.sel.pos);
        self.ident(&s.sel);
        false
    }
}
