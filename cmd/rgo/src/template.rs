//! Go's text/template, as far as `go list -f` uses it.
//!
//! Actions: fields, variables, pipelines, `if`/`else if`/`else`, `range` with `else`, `with`,
//! `break`, `continue`, comments, trim markers; functions `and or not len index slice print printf
//! println html js urlquery eq ne lt le gt ge join context module`.

use std::collections::HashMap;

/// Name of the field that holds an object's own text; JSON leaves it out.
pub const TEXT: &str = "";
/// A field with this name in an object: JSON shows also its empty fields.
pub const KEEP: &str = "!keep";

/// A value of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An absent pointer or interface.
    Nil,
    Str(String),
    Bool(bool),
    Int(i64),
    List(Vec<Value>),
    /// Keys sorted.
    Map(Vec<(String, Value)>),
    /// Fields in order; absent ones are zero values that JSON leaves out.
    Object(Vec<(&'static str, Value)>),
}

impl Value {
    /// A list of strings.
    pub fn list(v: &[String]) -> Value {
        Value::List(v.iter().map(|s| Value::Str(s.clone())).collect())
    }

    /// Whether the value is empty, for `if` and for JSON's omitempty.
    pub fn is_zero(&self) -> bool {
        match self {
            Value::Nil => true,
            Value::Str(s) => s.is_empty(),
            Value::Bool(b) => !b,
            Value::Int(i) => *i == 0,
            Value::List(l) => l.is_empty(),
            Value::Map(m) => m.is_empty(),
            Value::Object(_) => false,
        }
    }

    /// The text `{{.}}` prints.
    pub fn text(&self) -> String {
        match self {
            Value::Nil => "<nil>".into(),
            Value::Str(s) => s.clone(),
            Value::Bool(b) => b.to_string(),
            Value::Int(i) => i.to_string(),
            Value::List(l) => format!("[{}]", l.iter().map(Value::text).collect::<Vec<_>>().join(" ")),
            Value::Map(m) => format!("map[{}]", m.iter().map(|(k, v)| format!("{k}:{}", v.text())).collect::<Vec<_>>().join(" ")),
            // Objects with a String method say what it returns in a field no template can name.
            Value::Object(o) if o.iter().any(|(k, _)| *k == TEXT) => self.field(TEXT).map_or(String::new(), Value::text),
            Value::Object(o) => format!("{{{}}}", o.iter().map(|(_, v)| v.text()).collect::<Vec<_>>().join(" ")),
        }
    }

    /// A field of an object.
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(o) => o.iter().find(|(k, _)| *k == name).map(|(_, v)| v),
            Value::Map(m) => m.iter().find(|(k, _)| k == name).map(|(_, v)| v),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
enum Arg {
    Dot,
    /// `.A.B`, from dot, a variable (name) or a parenthesised pipeline.
    Field(Box<Option<Arg>>, Vec<String>),
    Var(String),
    Lit(Value),
    Func(String),
    Pipe(Box<Pipe>),
}

#[derive(Clone, Debug)]
struct Pipe {
    /// Names set, and whether by `:=`.
    vars: Vec<String>,
    cmds: Vec<Vec<Arg>>,
}

#[derive(Clone, Debug)]
enum Node {
    Text(String),
    Action(Pipe),
    If(Pipe, Vec<Node>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Pipe, Vec<Node>, Vec<Node>),
    Break,
    Continue,
}

/// A parsed template.
#[derive(Debug)]
pub struct Template {
    nodes: Vec<Node>,
}

/// Functions a template may call beside the built-in ones.
pub type Funcs<'a> = HashMap<&'static str, Box<dyn Fn(&[Value]) -> Result<Value, String> + 'a>>;

#[derive(Clone, Debug, PartialEq)]
enum Tok {
    Field(String),
    Dot,
    Var(String),
    Ident(String),
    Lit(Value),
    Pipe,
    LParen,
    RParen,
    Comma,
    Declare,
    Assign,
    Space,
}

fn lex(s: &str) -> Result<Vec<Tok>, String> {
    let b: Vec<char> = s.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    let word = |mut i: usize| {
        let start = i;
        while i < b.len() && (b[i].is_alphanumeric() || b[i] == '_') {
            i += 1;
        }
        (b[start..i].iter().collect::<String>(), i)
    };
    while i < b.len() {
        match b[i] {
            c if c.is_whitespace() => {
                if out.last() != Some(&Tok::Space) {
                    out.push(Tok::Space);
                }
                i += 1;
            }
            '|' => {
                out.push(Tok::Pipe);
                i += 1;
            }
            '(' => {
                out.push(Tok::LParen);
                i += 1;
            }
            ')' => {
                out.push(Tok::RParen);
                i += 1;
            }
            ',' => {
                out.push(Tok::Comma);
                i += 1;
            }
            ':' if b.get(i + 1) == Some(&'=') => {
                out.push(Tok::Declare);
                i += 2;
            }
            '=' => {
                out.push(Tok::Assign);
                i += 1;
            }
            '.' => {
                let (w, n) = word(i + 1);
                out.push(if w.is_empty() { Tok::Dot } else { Tok::Field(w) });
                i = n;
            }
            '$' => {
                let (w, n) = word(i + 1);
                out.push(Tok::Var(w));
                i = n;
            }
            q @ ('"' | '`' | '\'') => {
                let start = i;
                i += 1;
                while i < b.len() && b[i] != q {
                    i += 1 + (b[i] == '\\' && q != '`') as usize;
                }
                if i >= b.len() {
                    return Err("unterminated quoted string".into());
                }
                i += 1;
                let lit: String = b[start..i].iter().collect();
                let kind = if q == '\'' { rgo_work::literal::Kind::Char } else { rgo_work::literal::Kind::String };
                out.push(Tok::Lit(match rgo_work::literal::value(&lit, kind) {
                    Some(rgo_work::literal::Value::Str(s)) => Value::Str(s),
                    Some(rgo_work::literal::Value::Int(i)) => Value::Int(i),
                    None => return Err(format!("invalid syntax: {lit}")),
                }));
            }
            c if c.is_ascii_digit() || c == '-' && b.get(i + 1).is_some_and(char::is_ascii_digit) => {
                let start = i;
                i += 1;
                while i < b.len() && b[i].is_alphanumeric() {
                    i += 1;
                }
                let t: String = b[start..i].iter().collect();
                out.push(Tok::Lit(Value::Int(crate::flags::parse_int(&t).ok_or_else(|| format!("bad number syntax: {t:?}"))?)));
            }
            c if c.is_alphabetic() || c == '_' => {
                let (w, n) = word(i);
                out.push(match w.as_str() {
                    "true" => Tok::Lit(Value::Bool(true)),
                    "false" => Tok::Lit(Value::Bool(false)),
                    "nil" => Tok::Lit(Value::Nil),
                    _ => Tok::Ident(w),
                });
                i = n;
            }
            c => return Err(format!("unexpected {c:?} in operand")),
        }
    }
    Ok(out)
}

struct Parser {
    toks: Vec<Tok>,
    i: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Tok> {
        self.toks.get(self.i)
    }

    fn space(&mut self) {
        while self.peek() == Some(&Tok::Space) {
            self.i += 1;
        }
    }

    fn pipe(&mut self) -> Result<Pipe, String> {
        let mut vars = Vec::new();
        // $x := ..., $x = ..., $i, $x := ...
        let start = self.i;
        self.space();
        let mut names = Vec::new();
        while let Some(Tok::Var(n)) = self.peek().cloned() {
            self.i += 1;
            names.push(n);
            self.space();
            match self.peek() {
                Some(Tok::Comma) => {
                    self.i += 1;
                    self.space();
                }
                Some(Tok::Declare | Tok::Assign) => {
                    self.i += 1;
                    vars = std::mem::take(&mut names);
                    break;
                }
                _ => break,
            }
        }
        if vars.is_empty() {
            self.i = start;
        }
        let mut cmds = Vec::new();
        loop {
            let mut args = Vec::new();
            loop {
                self.space();
                match self.peek() {
                    None | Some(Tok::RParen) => break,
                    Some(Tok::Pipe) => break,
                    Some(_) => args.push(self.arg()?),
                }
            }
            if args.is_empty() {
                return Err("missing value for command".into());
            }
            cmds.push(args);
            if self.peek() == Some(&Tok::Pipe) {
                self.i += 1;
                continue;
            }
            return Ok(Pipe { vars, cmds });
        }
    }

    fn arg(&mut self) -> Result<Arg, String> {
        let t = self.peek().cloned().ok_or("unexpected end")?;
        self.i += 1;
        let base = match t {
            Tok::Dot => Arg::Dot,
            Tok::Field(f) => {
                let mut path = vec![f];
                while let Some(Tok::Field(f)) = self.peek().cloned() {
                    path.push(f);
                    self.i += 1;
                }
                return Ok(Arg::Field(Box::new(None), path));
            }
            Tok::Var(v) => Arg::Var(v),
            Tok::Lit(v) => return Ok(Arg::Lit(v)),
            Tok::Ident(f) => Arg::Func(f),
            Tok::LParen => {
                let p = self.pipe()?;
                self.space();
                if self.peek() != Some(&Tok::RParen) {
                    return Err("unclosed left paren".into());
                }
                self.i += 1;
                Arg::Pipe(Box::new(p))
            }
            t => return Err(format!("unexpected {t:?} in operand")),
        };
        let mut path = Vec::new();
        while let Some(Tok::Field(f)) = self.peek().cloned() {
            path.push(f);
            self.i += 1;
        }
        Ok(if path.is_empty() { base } else { Arg::Field(Box::new(Some(base)), path) })
    }
}

fn parse_pipe(s: &str) -> Result<Pipe, String> {
    let mut p = Parser { toks: lex(s)?, i: 0 };
    let pipe = p.pipe()?;
    p.space();
    if p.peek().is_some() {
        return Err("unexpected right paren".into());
    }
    Ok(pipe)
}

enum Piece {
    Text(String),
    Action(String),
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut trim = false;
    while let Some(i) = rest.find("{{") {
        let mut before = &rest[..i];
        if trim {
            before = before.trim_start();
        }
        let mut body = &rest[i + 2..];
        if body.starts_with("- ") || body.starts_with("-\n") || body.starts_with("-\t") {
            before = before.trim_end();
            body = &body[1..];
        }
        if !before.is_empty() {
            out.push(Piece::Text(before.into()));
        }
        if let Some(c) = body.trim_start().strip_prefix("/*") {
            let end = c.find("*/").ok_or("unclosed comment")?;
            let after = &c[end + 2..];
            let close = after.find("}}").ok_or("comment ends before closing delimiter")?;
            trim = after[..close].trim_start_matches(' ').starts_with('-');
            rest = &after[close + 2..];
            continue;
        }
        // The end of the action, outside of quotes.
        let mut quote = None;
        let mut end = None;
        let b = body.as_bytes();
        let mut k = 0;
        while k < b.len() {
            match (quote, b[k]) {
                (None, b'"' | b'`' | b'\'') => quote = Some(b[k]),
                (Some(q), c) if c == q => quote = None,
                (Some(q), b'\\') if q != b'`' => k += 1,
                (None, b'}') if b.get(k + 1) == Some(&b'}') => {
                    end = Some(k);
                    break;
                }
                _ => {}
            }
            k += 1;
        }
        let end = end.ok_or("unclosed action")?;
        let mut action = &body[..end];
        trim = action.ends_with(" -") || action.ends_with("\n-") || action.ends_with("\t-");
        if trim {
            action = &action[..action.len() - 1];
        }
        out.push(Piece::Action(action.trim().into()));
        rest = &body[end + 2..];
    }
    let tail = if trim { rest.trim_start() } else { rest };
    if !tail.is_empty() {
        out.push(Piece::Text(tail.into()));
    }
    Ok(out)
}

/// How a list of nodes ended.
#[derive(PartialEq)]
enum End {
    Eof,
    End,
    /// `else`, with what follows it.
    Else(String),
}

fn parse_list(it: &mut std::vec::IntoIter<Piece>) -> Result<(Vec<Node>, End), String> {
    let mut out = Vec::new();
    while let Some(p) = it.next() {
        let a = match p {
            Piece::Text(t) => {
                out.push(Node::Text(t));
                continue;
            }
            Piece::Action(a) => a,
        };
        let (word, rest) = a.split_once(char::is_whitespace).unwrap_or((&a, ""));
        match word {
            "if" | "with" | "range" => out.push(parse_block(word, rest, it)?),
            "end" => return Ok((out, End::End)),
            "else" => return Ok((out, End::Else(rest.trim().into()))),
            "break" if rest.is_empty() => out.push(Node::Break),
            "continue" if rest.is_empty() => out.push(Node::Continue),
            "define" | "template" | "block" => return Err(format!("action {word} is not supported")),
            _ => out.push(Node::Action(parse_pipe(&a)?)),
        }
    }
    Ok((out, End::Eof))
}

fn parse_block(word: &str, rest: &str, it: &mut std::vec::IntoIter<Piece>) -> Result<Node, String> {
    if rest.trim().is_empty() {
        return Err(format!("missing value for {word}"));
    }
    let pipe = parse_pipe(rest)?;
    let (body, end) = parse_list(it)?;
    let other = match end {
        End::Eof => return Err("unexpected EOF".into()),
        End::End => Vec::new(),
        End::Else(next) if next.is_empty() => {
            let (list, end) = parse_list(it)?;
            if end != End::End {
                return Err("expected end; found {{else}}".into());
            }
            list
        }
        End::Else(next) => {
            let (w, r) = next.split_once(char::is_whitespace).unwrap_or((&next, ""));
            vec![parse_block(w, r, it)?]
        }
    };
    Ok(match word {
        "if" => Node::If(pipe, body, other),
        "with" => Node::With(pipe, body, other),
        "range" => Node::Range(pipe, body, other),
        w => return Err(format!("unexpected {w} in else")),
    })
}

enum Flow {
    Next,
    Break,
    Continue,
}

struct Exec<'a> {
    funcs: &'a Funcs<'a>,
    vars: Vec<(String, Value)>,
    out: String,
}

impl Template {
    /// Parses a template; the error has text/template's prefix.
    pub fn parse(text: &str) -> Result<Template, String> {
        let wrap = |m: String| format!("template: main:1: {m}");
        let mut it = pieces(text).map_err(wrap)?.into_iter();
        let (nodes, end) = parse_list(&mut it).map_err(wrap)?;
        match end {
            End::Eof => Ok(Template { nodes }),
            End::End => Err(wrap("unexpected {{end}}".into())),
            End::Else(_) => Err(wrap("unexpected {{else}}".into())),
        }
    }

    /// The text for a value.
    pub fn run(&self, dot: &Value, funcs: &Funcs<'_>) -> Result<String, String> {
        let mut e = Exec { funcs, vars: vec![(String::new(), dot.clone())], out: String::new() };
        e.list(&self.nodes, dot).map_err(|m| format!("template: main:1:2: executing \"main\" {m}"))?;
        Ok(e.out)
    }
}

impl Exec<'_> {
    fn list(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        for n in nodes {
            match n {
                Node::Text(t) => self.out.push_str(t),
                Node::Action(p) => {
                    let v = self.pipe(p, dot)?;
                    if p.vars.is_empty() {
                        self.out.push_str(&v.text());
                    }
                }
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
                Node::If(p, body, other) | Node::With(p, body, other) => {
                    let depth = self.vars.len();
                    let v = self.pipe(p, dot)?;
                    let with = matches!(n, Node::With(..));
                    let flow = if v.is_zero() {
                        self.list(other, dot)?
                    } else {
                        self.list(body, if with { &v } else { dot })?
                    };
                    self.vars.truncate(depth);
                    if !matches!(flow, Flow::Next) {
                        return Ok(flow);
                    }
                }
                Node::Range(p, body, other) => {
                    let depth = self.vars.len();
                    let v = self.pipe(&Pipe { vars: Vec::new(), cmds: p.cmds.clone() }, dot)?;
                    let items: Vec<(Value, Value)> = match v {
                        Value::List(l) => l.into_iter().enumerate().map(|(i, v)| (Value::Int(i as i64), v)).collect(),
                        Value::Map(m) => m.into_iter().map(|(k, v)| (Value::Str(k), v)).collect(),
                        Value::Int(n) => (0..n).map(|i| (Value::Int(i), Value::Int(i))).collect(),
                        Value::Nil => Vec::new(),
                        v => return Err(format!("range can't iterate over {}", v.text())),
                    };
                    if items.is_empty() {
                        self.list(other, dot)?;
                    }
                    for (k, v) in items {
                        match &p.vars[..] {
                            [x] => self.vars.push((x.clone(), v.clone())),
                            [i, x] => self.vars.extend([(i.clone(), k), (x.clone(), v.clone())]),
                            _ => {}
                        }
                        let flow = self.list(body, &v)?;
                        self.vars.truncate(depth);
                        if matches!(flow, Flow::Break) {
                            break;
                        }
                    }
                }
            }
        }
        Ok(Flow::Next)
    }

    fn pipe(&mut self, p: &Pipe, dot: &Value) -> Result<Value, String> {
        let mut last: Option<Value> = None;
        for c in &p.cmds {
            last = Some(self.command(c, dot, last)?);
        }
        let v = last.unwrap_or(Value::Nil);
        for name in &p.vars {
            match self.vars.iter_mut().rev().find(|(n, _)| n == name) {
                Some(slot) => slot.1 = v.clone(),
                None => self.vars.push((name.clone(), v.clone())),
            }
        }
        Ok(v)
    }

    fn command(&mut self, args: &[Arg], dot: &Value, last: Option<Value>) -> Result<Value, String> {
        if let Arg::Func(name) = &args[0] {
            let mut vals = Vec::new();
            for a in &args[1..] {
                vals.push(self.eval(a, dot)?);
            }
            vals.extend(last);
            return self.call(name, &vals);
        }
        if let (Arg::Field(base, path), [_, layout], None) = (&args[0], args, &last) {
            // The only method with an argument is that of times.
            if path.len() > 1 && path[path.len() - 1] == "Format" {
                let t = self.eval(&Arg::Field(base.clone(), path[..path.len() - 1].to_vec()), dot)?;
                let layout = self.eval(layout, dot)?;
                return Ok(Value::Str(format_time(&t.text(), &layout.text())));
            }
        }
        if args.len() > 1 || last.is_some() {
            return Err("can't give argument to non-function".into());
        }
        self.eval(&args[0], dot)
    }

    fn eval(&mut self, a: &Arg, dot: &Value) -> Result<Value, String> {
        Ok(match a {
            Arg::Dot => dot.clone(),
            Arg::Lit(v) => v.clone(),
            Arg::Func(name) => self.call(name, &[])?,
            Arg::Pipe(p) => self.pipe(p, dot)?,
            Arg::Var(n) => {
                let v = self.vars.iter().rev().find(|(k, _)| k == n);
                v.ok_or_else(|| format!("undefined variable: ${n}"))?.1.clone()
            }
            Arg::Field(base, path) => {
                let mut v = match base.as_ref() {
                    None => dot.clone(),
                    Some(b) => self.eval(b, dot)?,
                };
                for (i, f) in path.iter().enumerate() {
                    let v_text = v.field(TEXT).cloned();
                    v = match v.field(f).or(v_text.as_ref().filter(|_| f == "String")) {
                        Some(x) => x.clone(),
                        None => match v {
                            // A missing map entry, or a nil pointer behind which a field is asked for.
                            Value::Map(_) => Value::Nil,
                            Value::Nil => return Err(format!("at <.{}>: nil pointer evaluating *modinfo.ModulePublic.{f}", path[..=i].join("."))),
                            _ => return Err(format!("at <.{}>: can't evaluate field {f} in type *load.PackagePublic", path[..=i].join("."))),
                        },
                    };
                }
                v
            }
        })
    }

    fn call(&mut self, name: &str, args: &[Value]) -> Result<Value, String> {
        if let Some(f) = self.funcs.get(name) {
            return f(args);
        }
        let need = |n: usize| if args.len() < n { Err(format!("wrong number of args for {name}: want at least {n} got {}", args.len())) } else { Ok(()) };
        let order = |f: fn(std::cmp::Ordering) -> bool| -> Result<Value, String> {
            need(2)?;
            match (&args[0], &args[1]) {
                (Value::Int(a), Value::Int(b)) => Ok(Value::Bool(f(a.cmp(b)))),
                (Value::Str(a), Value::Str(b)) => Ok(Value::Bool(f(a.cmp(b)))),
                _ => Err("incompatible types for comparison".into()),
            }
        };
        match name {
            "and" => {
                need(1)?;
                Ok(args.iter().find(|v| v.is_zero()).unwrap_or(&args[args.len() - 1]).clone())
            }
            "or" => {
                need(1)?;
                Ok(args.iter().find(|v| !v.is_zero()).unwrap_or(&args[args.len() - 1]).clone())
            }
            "not" => {
                need(1)?;
                Ok(Value::Bool(args[0].is_zero()))
            }
            "len" => {
                need(1)?;
                Ok(Value::Int(match &args[0] {
                    Value::Str(s) => s.len() as i64,
                    Value::List(l) => l.len() as i64,
                    Value::Map(m) => m.len() as i64,
                    v => return Err(format!("error calling len: len of type {v:?}")),
                }))
            }
            "index" => {
                need(1)?;
                let mut v = args[0].clone();
                for i in &args[1..] {
                    v = match (v, i) {
                        (Value::List(l), Value::Int(n)) => {
                            l.get(*n as usize).cloned().ok_or_else(|| format!("error calling index: index out of range: {n}"))?
                        }
                        (Value::Map(m), Value::Str(k)) => m.into_iter().find(|x| x.0 == *k).map_or(Value::Str(String::new()), |x| x.1),
                        (Value::Nil, _) => return Err("error calling index: index of nil pointer".into()),
                        _ => return Err("error calling index: can't index item".into()),
                    };
                }
                Ok(v)
            }
            "slice" => {
                need(1)?;
                let bound = |i: usize, d: usize| match args.get(i) {
                    Some(Value::Int(n)) => *n as usize,
                    _ => d,
                };
                match &args[0] {
                    Value::Str(s) => s.get(bound(1, 0)..bound(2, s.len())).map(|s| Value::Str(s.into())).ok_or("error calling slice: index out of range".into()),
                    Value::List(l) => l.get(bound(1, 0)..bound(2, l.len())).map(|l| Value::List(l.to_vec())).ok_or("error calling slice: index out of range".into()),
                    _ => Err("error calling slice: can't slice item".into()),
                }
            }
            "print" => {
                let mut s = String::new();
                for (i, v) in args.iter().enumerate() {
                    let strings = i > 0 && matches!((&args[i - 1], v), (Value::Str(_), _) | (_, Value::Str(_)));
                    if i > 0 && !strings {
                        s.push(' ');
                    }
                    s.push_str(&v.text());
                }
                Ok(Value::Str(s))
            }
            "println" => Ok(Value::Str(args.iter().map(Value::text).collect::<Vec<_>>().join(" ") + "\n")),
            "printf" => {
                need(1)?;
                Ok(Value::Str(printf(&args[0].text(), &args[1..])))
            }
            "html" => Ok(Value::Str(args.iter().map(Value::text).collect::<String>().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&#34;").replace('\'', "&#39;"))),
            "eq" => {
                need(2)?;
                Ok(Value::Bool(args[1..].iter().any(|v| v == &args[0])))
            }
            "ne" => {
                need(2)?;
                Ok(Value::Bool(args[0] != args[1]))
            }
            "lt" => order(std::cmp::Ordering::is_lt),
            "le" => order(std::cmp::Ordering::is_le),
            "gt" => order(std::cmp::Ordering::is_gt),
            "ge" => order(std::cmp::Ordering::is_ge),
            _ => Err(format!("function {name:?} not defined")),
        }
    }
}

/// Go's Printf for the verbs that make sense here.
/// A time in UTC (`2006-01-02T15:04:05Z`) in Go's way of giving layouts by example.
fn format_time(t: &str, layout: &str) -> String {
    let at = |a: usize, b: usize| t.get(a..b).unwrap_or("");
    let parts = [("2006", at(0, 4)), ("01", at(5, 7)), ("02", at(8, 10)), ("15", at(11, 13)), ("04", at(14, 16)), ("05", at(17, 19)), ("Z07:00", "Z"), ("MST", "UTC")];
    let (mut out, mut rest) = (String::new(), layout);
    while let Some(c) = rest.chars().next() {
        match parts.iter().find(|(k, _)| rest.starts_with(k)) {
            Some((k, v)) => {
                out.push_str(v);
                rest = &rest[k.len()..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

fn printf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut it = format.chars().peekable();
    let mut next = 0;
    while let Some(c) = it.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = String::new();
        while let Some(&c) = it.peek() {
            if c.is_ascii_digit() || "+-# .".contains(c) {
                spec.push(c);
                it.next();
            } else {
                break;
            }
        }
        let Some(verb) = it.next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        if verb == '%' {
            out.push('%');
            continue;
        }
        let Some(v) = args.get(next) else {
            out.push_str(&format!("%!{verb}(MISSING)"));
            continue;
        };
        next += 1;
        let text = match (verb, v) {
            ('q', Value::Str(_) | Value::List(_) | Value::Map(_)) => quoted(v),
            ('x', Value::Str(s)) => s.bytes().map(|b| format!("{b:02x}")).collect(),
            ('x', Value::Int(i)) => format!("{i:x}"),
            ('v' | 's' | 'd' | 't', v) => v.text(),
            (verb, v) => format!("%!{verb}({})", v.text()),
        };
        let left = spec.starts_with('-');
        let width: usize = spec.trim_start_matches(['-', '+', '#', ' ', '0']).split('.').next().unwrap_or("").parse().unwrap_or(0);
        let pad = width.saturating_sub(text.chars().count());
        if left {
            out.push_str(&text);
        }
        out.extend(std::iter::repeat_n(' ', pad));
        if !left {
            out.push_str(&text);
        }
    }
    out
}

/// As the verb q writes strings, alone or inside of lists and maps.
fn quoted(v: &Value) -> String {
    match v {
        Value::Str(s) => rgo_work::literal::quote(s),
        Value::List(l) => format!("[{}]", l.iter().map(quoted).collect::<Vec<_>>().join(" ")),
        Value::Map(m) => {
            let pairs: Vec<String> = m.iter().map(|(k, v)| format!("{}:{}", rgo_work::literal::quote(k), quoted(v))).collect();
            format!("map[{}]", pairs.join(" "))
        }
        v => format!("%!q({})", v.text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(t: &str) -> String {
        let dot = Value::Object(vec![
            ("Name", Value::Str("p".into())),
            ("Imports", Value::list(&["fmt".into(), "os".into()])),
            ("None", Value::Nil),
            ("ImportMap", Value::Map(vec![("a".into(), Value::Str("b c".into()))])),
            ("M", Value::Object(vec![("Path", Value::Str("m".into())), (TEXT, Value::Str("module m".into()))])),
            ("Map", Value::Map(vec![("a".into(), Value::Str("b".into()))])),
            ("On", Value::Bool(true)),
        ]);
        match Template::parse(t).and_then(|t| t.run(&dot, &Funcs::new())) {
            Ok(s) => s,
            Err(e) => e,
        }
    }

    #[test]
    fn templates() {
        for (t, want) in [
            ("{{.Name}} {{.M.Path}} {{.M}}", "p m module m"),
            ("{{range .Imports}}{{.}};{{end}}", "fmt;os;"),
            ("{{range $i, $x := .Imports}}{{$i}}={{$x}} {{end}}", "0=fmt 1=os "),
            ("{{if .On}}y{{else}}n{{end}}{{if not .On}}y{{else if .None}}x{{else}}n{{end}}", "yn"),
            ("{{with .M}}{{.Path}}{{end}}{{with .None}}x{{end}}", "m"),
            ("a {{- .Name -}} b", "apb"),
            ("{{len .Imports}} {{index .Imports 1}} {{index .Map \"a\"}}", "2 os b"),
            ("{{printf \"%q %-3s|%v\" .Name .Name .Imports}}", "\"p\" p  |[fmt os]"),
            ("{{printf \"%q\" .ImportMap}}", "map[\"a\":\"b c\"]"),
            ("{{/* c */}}{{eq .Name \"q\" \"p\"}}", "true"),
            ("{{$x := .Name}}{{range .Imports}}{{$x}}{{$.Name}}{{end}}", "pppp"),
            ("{{.Imports}} {{.Map}} {{.None}}", "[fmt os] map[a:b] <nil>"),
            ("{{range .Imports}}{{if eq . \"os\"}}{{break}}{{end}}{{.}}{{end}}", "fmt"),
            ("{{if", "template: main:1: unclosed action"),
            ("{{if .On}}", "template: main:1: unexpected EOF"),
            ("{{.Name | printf \"%s!\"}}", "p!"),
            ("{{.M.String}} {{.M.Path.Format \"x\"}}", "module m x"),
            ("{{\"a\\tb\"}}{{`x`}}", "a\tbx"),
        ] {
            assert_eq!(run(t), want, "{t}");
        }
        assert!(run("{{.Nope}}").contains("can't evaluate field Nope"));
        assert_eq!(format_time("2020-01-02T03:04:05Z", "02.01.2006 15:04:05 MST"), "02.01.2020 03:04:05 UTC");
    }
}
