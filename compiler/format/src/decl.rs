//! Printing of declarations and files.

use crate::expr::{ListMode, ParamMode};
use crate::printer::{Printer, Ws};
use rgo_syntax::build::{is_valid_import, unquote};
use rgo_syntax::*;

/// For each of a group's specs, whether its type column must be kept. Values take the place of
/// the types in a run of specs with values none of which has a type.
fn keep_type_column(specs: &[Spec]) -> Vec<bool> {
    let mut keep = vec![false; specs.len()];
    let mut run: Option<usize> = None;
    let mut keep_type = false;
    for (i, s) in specs.iter().enumerate() {
        let Spec::Value(s) = s else { continue };
        if s.values.is_empty() {
            if let Some(start) = run.take() {
                keep[start..i].fill(keep_type);
            }
        } else if run.is_none() {
            run = Some(i);
            keep_type = false;
        }
        keep_type |= s.typ.is_some();
    }
    if let Some(start) = run {
        keep[start..].fill(keep_type);
    }
    keep
}

fn spec_pos(s: &Spec) -> Pos {
    match s {
        Spec::Import(i) => import_pos(i),
        Spec::Value(v) => v.names.first().map_or(v.pos, |n| n.pos),
        Spec::Type(t) => t.name.pos,
    }
}

/// The first position of an import (which sorting may have changed).
pub fn import_pos(i: &ImportSpec) -> Pos {
    i.name.map_or(i.path_pos, |n| n.pos)
}

/// The literal in double quotes if the path is valid.
fn sanitized_path(lit: &str) -> String {
    match unquote(lit).and_then(|p| String::from_utf8(p).ok()) {
        Some(p) if is_valid_import(&p) => format!("\"{p}\""),
        _ => lit.to_string(),
    }
}

fn kind_tok(kind: GenKind) -> &'static str {
    match kind {
        GenKind::Import => "import",
        GenKind::Const => "const",
        GenKind::Type => "type",
        GenKind::Var => "var",
    }
}

impl<'a> Printer<'a, '_> {
    /// A spec of a const or var group, in columns.
    fn value_spec(&mut self, s: &'a ValueSpec, keep_type: bool) {
        self.ident_list(&s.names, false);
        let mut extra_tabs = 3;
        if s.typ.is_some() || keep_type {
            self.ws(Ws::Vtab);
            extra_tabs -= 1;
        }
        if let Some(t) = &s.typ {
            self.expr(t);
        }
        if !s.values.is_empty() {
            self.ws(Ws::Vtab);
            self.tok("=");
            self.blank();
            self.expr_list(Pos::NONE, &s.values, 1, ListMode::default(), Pos::NONE);
            extra_tabs -= 1;
        }
        if s.comment.is_some() {
            for _ in 0..extra_tabs {
                self.ws(Ws::Vtab);
            }
        }
    }

    /// A spec of a group of `n`, not in columns (except for types).
    fn spec(&mut self, s: &'a Spec, n: usize, indent: bool) {
        match s {
            Spec::Import(i) => {
                if let Some(name) = &i.name {
                    self.set_pos(name.pos);
                    self.ident(name);
                    self.blank();
                }
                if let Some(p) = &i.path {
                    self.set_pos(i.path_pos);
                    self.lit(p.kind, &sanitized_path(&p.value));
                }
                if let Some(&end) = self.import_ends.get(&i.id) {
                    self.set_pos(end);
                }
            }
            Spec::Value(v) => {
                self.ident_list(&v.names, indent);
                if let Some(t) = &v.typ {
                    self.blank();
                    self.expr(t);
                }
                if !v.values.is_empty() {
                    self.blank();
                    self.tok("=");
                    self.blank();
                    self.expr_list(Pos::NONE, &v.values, 1, ListMode::default(), Pos::NONE);
                }
            }
            Spec::Type(t) => {
                self.ident_expr(&t.name);
                if let Some(p) = &t.type_params {
                    self.parameters(p, ParamMode::TypeTypeParams);
                }
                self.ws(if n == 1 { Ws::Blank } else { Ws::Vtab });
                if t.is_alias() {
                    self.tok("=");
                    self.blank();
                }
                self.expr(&t.typ);
            }
        }
    }

    pub fn gen_decl(&mut self, d: &'a GenDecl) {
        self.set_pos(d.pos);
        self.tok(kind_tok(d.kind));
        self.blank();
        if !d.lparen.is_valid() && d.specs.len() == 1 {
            return self.spec(&d.specs[0], 1, true);
        }
        self.set_pos(d.lparen);
        self.tok("(");
        let n = d.specs.len();
        if n > 0 {
            self.ws(Ws::Indent);
            self.ws(Ws::Formfeed);
            let columns = n > 1 && matches!(d.kind, GenKind::Const | GenKind::Var);
            let keep = if columns { keep_type_column(&d.specs) } else { Vec::new() };
            let slot = self.line_slot();
            for (i, s) in d.specs.iter().enumerate() {
                if i > 0 {
                    let line = self.line_for(spec_pos(s));
                    let multi = self.lines_from(slot) > 0;
                    self.linebreak(line, 1, Ws::Ignore, multi);
                }
                self.record_line(slot);
                match s {
                    Spec::Value(v) if columns => self.value_spec(v, keep[i]),
                    _ => self.spec(s, n, false),
                }
            }
            self.ws(Ws::Unindent);
            self.ws(Ws::Formfeed);
        }
        self.set_pos(d.rparen);
        self.tok(")");
    }

    fn func_decl(&mut self, d: &'a FuncDecl) {
        self.set_pos(d.func_pos);
        self.tok("func");
        self.blank();
        // Only now: pending white space is written together with the keyword.
        let start_col = self.out.col - "func ".len() as i64;
        if let Some(r) = &d.recv {
            self.parameters(r, ParamMode::Func);
            self.blank();
        }
        self.ident_expr(&d.name);
        self.signature(&d.typ);
        if let Some(b) = &d.body {
            let size = self.distance_from(d.func_pos, start_col);
            self.func_body(size, Ws::Vtab, b);
        }
    }

    pub fn file(&mut self, f: &'a File) {
        self.set_pos(f.pos);
        self.tok("package");
        self.blank();
        self.ident_expr(&f.name);
        let mut tok = "";
        for d in &f.decls {
            let prev = tok;
            let (pos, doc, multi_line_func);
            match d {
                Decl::Gen(g) => {
                    tok = kind_tok(g.kind);
                    (pos, doc, multi_line_func) = (g.pos, g.doc, false);
                }
                Decl::Func(f) => {
                    tok = "func";
                    let end = f.body.as_ref().map_or_else(|| func_type_end(&f.typ), |b| b.rbrace.add(1));
                    let lines = self.line_for(end) - self.line_for(f.func_pos) + 1;
                    (pos, doc, multi_line_func) = (f.func_pos, f.doc, lines > 1);
                }
            }
            // An empty line in front of another kind of declaration and of documentation.
            let min = if prev != tok || doc.is_some() { 2 } else { 1 };
            let line = self.line_for(pos);
            self.linebreak(line, min, Ws::Ignore, multi_line_func);
            match d {
                Decl::Gen(g) => self.gen_decl(g),
                Decl::Func(f) => self.func_decl(f),
            }
        }
        self.ws(Ws::Newline);
    }
}
