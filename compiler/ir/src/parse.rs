//! Reads the text form written by [`crate::print`].
//!
//! Written for files of our own making (tests, dumps): errors carry a line number and stop at the first. Values, blocks and locals
//! keep their numbers; they may be used before the line that defines them. Comments run from `;` to the end of the line.

use std::collections::HashMap;

use crate::inst::*;
use crate::module::*;
use crate::names::*;
use crate::print::BUILTIN;
use crate::types::{Ty, TyKind};

#[derive(Clone, PartialEq, Debug)]
pub struct ParseError {
    pub line: usize,
    pub msg: String,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.msg)
    }
}

impl std::error::Error for ParseError {}

#[derive(Clone, PartialEq, Debug)]
enum Tok {
    /// Identifier or keyword.
    Word(String),
    Num(i128),
    Str(Vec<u8>),
    Sym(String),
    Punct(char),
    Arrow,
    Newline,
    End,
}

type Res<T> = Result<T, ParseError>;

/// Parses a module.
pub fn parse(text: &str) -> Res<Module> {
    let toks = lex(text)?;
    let mut p = Parser { toks, at: 0, m: Module::default(), types: HashMap::new() };
    for (i, n) in BUILTIN.iter().enumerate() {
        p.types.insert(n.to_string(), Ty(i as u32));
    }
    p.module()?;
    Ok(p.m)
}

fn lex(text: &str) -> Res<Vec<(Tok, usize)>> {
    let b = text.as_bytes();
    let mut out = Vec::new();
    let (mut i, mut line) = (0, 1);
    let fail = |line, msg: &str| Err(ParseError { line, msg: msg.to_string() });
    let string = |i: &mut usize, line: usize| -> Res<Vec<u8>> {
        let mut s = Vec::new();
        *i += 1;
        loop {
            match b.get(*i) {
                None | Some(b'\n') => return Err(ParseError { line, msg: "unterminated string".into() }),
                Some(b'"') => {
                    *i += 1;
                    return Ok(s);
                }
                Some(b'\\') => {
                    match b.get(*i + 1) {
                        Some(b'x') => {
                            let h = text.get(*i + 2..*i + 4).and_then(|h| u8::from_str_radix(h, 16).ok());
                            let Some(h) = h else { return Err(ParseError { line, msg: "bad escape".into() }) };
                            s.push(h);
                            *i += 4;
                        }
                        Some(&c @ (b'"' | b'\\')) => {
                            s.push(c);
                            *i += 2;
                        }
                        _ => return Err(ParseError { line, msg: "bad escape".into() }),
                    };
                }
                Some(&c) => {
                    s.push(c);
                    *i += 1;
                }
            }
        }
    };
    while i < b.len() {
        let c = b[i];
        match c {
            b'\n' => {
                out.push((Tok::Newline, line));
                line += 1;
                i += 1;
            }
            b' ' | b'\t' | b'\r' => i += 1,
            b';' => {
                while i < b.len() && b[i] != b'\n' {
                    i += 1;
                }
            }
            b'"' => {
                let s = string(&mut i, line)?;
                out.push((Tok::Str(s), line));
            }
            b'@' => {
                i += 1;
                if b.get(i) == Some(&b'"') {
                    let s = string(&mut i, line)?;
                    let Ok(s) = String::from_utf8(s) else { return fail(line, "symbol is not UTF-8") };
                    out.push((Tok::Sym(s), line));
                } else {
                    let start = i;
                    while i < b.len() && (b[i].is_ascii_alphanumeric() || b"_.$/:*-".contains(&b[i])) {
                        // An addend follows a symbol as `-8`.
                        if b[i] == b'-' && b.get(i + 1).is_some_and(|c| c.is_ascii_digit()) {
                            let mut j = i + 1;
                            while b.get(j).is_some_and(|c| c.is_ascii_digit()) {
                                j += 1;
                            }
                            if !b.get(j).is_some_and(|c| c.is_ascii_alphanumeric() || b"_.$/:*-".contains(c)) {
                                break;
                            }
                        }
                        i += 1;
                    }
                    out.push((Tok::Sym(text[start..i].to_string()), line));
                }
            }
            b'-' if b.get(i + 1) == Some(&b'>') => {
                out.push((Tok::Arrow, line));
                i += 2;
            }
            b'0'..=b'9' => {
                let start = i;
                while i < b.len() && b[i].is_ascii_alphanumeric() {
                    i += 1;
                }
                let s = &text[start..i];
                let n = match s.strip_prefix("0x") {
                    Some(h) => i128::from_str_radix(h, 16),
                    None => s.parse(),
                };
                let Ok(n) = n else { return fail(line, "bad number") };
                out.push((Tok::Num(n), line));
            }
            c if c.is_ascii_alphabetic() || c == b'_' => {
                let start = i;
                while i < b.len() && (b[i].is_ascii_alphanumeric() || b[i] == b'_') {
                    i += 1;
                }
                out.push((Tok::Word(text[start..i].to_string()), line));
            }
            _ => {
                out.push((Tok::Punct(c as char), line));
                i += 1;
            }
        }
    }
    out.push((Tok::Newline, line));
    out.push((Tok::End, line));
    Ok(out)
}

struct Parser {
    toks: Vec<(Tok, usize)>,
    at: usize,
    m: Module,
    types: HashMap<String, Ty>,
}

impl Parser {
    fn peek(&self) -> &Tok {
        &self.toks[self.at].0
    }

    fn next(&mut self) -> Tok {
        let t = self.toks[self.at].0.clone();
        if self.at + 1 < self.toks.len() {
            self.at += 1;
        }
        t
    }

    fn fail<T>(&self, msg: impl Into<String>) -> Res<T> {
        let i = self.at.saturating_sub(1);
        Err(ParseError { line: self.toks[i].1, msg: format!("{} (at {:?})", msg.into(), self.toks[i].0) })
    }

    fn eat(&mut self, c: char) -> bool {
        let yes = *self.peek() == Tok::Punct(c);
        if yes {
            self.next();
        }
        yes
    }

    fn want(&mut self, c: char) -> Res<()> {
        if self.eat(c) {
            return Ok(());
        }
        self.next();
        self.fail(format!("expected {c:?}"))
    }

    fn eat_word(&mut self, w: &str) -> bool {
        let yes = matches!(self.peek(), Tok::Word(x) if x == w);
        if yes {
            self.next();
        }
        yes
    }

    fn want_word(&mut self, w: &str) -> Res<()> {
        if self.eat_word(w) {
            return Ok(());
        }
        self.next();
        self.fail(format!("expected {w}"))
    }

    fn word(&mut self) -> Res<String> {
        match self.next() {
            Tok::Word(w) => Ok(w),
            _ => self.fail("expected a word"),
        }
    }

    fn num(&mut self) -> Res<i128> {
        let neg = self.eat('-');
        if !neg {
            self.eat('+');
        }
        match self.next() {
            Tok::Num(n) => Ok(if neg { -n } else { n }),
            _ => self.fail("expected a number"),
        }
    }

    fn str(&mut self) -> Res<Vec<u8>> {
        match self.next() {
            Tok::Str(s) => Ok(s),
            _ => self.fail("expected a string"),
        }
    }

    fn text(&mut self) -> Res<String> {
        let s = self.str()?;
        String::from_utf8(s).or_else(|_| self.fail("not UTF-8"))
    }

    fn sym(&mut self) -> Res<Sym> {
        match self.next() {
            Tok::Sym(s) => Ok(self.m.sym(&s)),
            _ => self.fail("expected a symbol"),
        }
    }

    fn sym_addend(&mut self) -> Res<(Sym, i64)> {
        let s = self.sym()?;
        let signed = matches!(self.peek(), Tok::Punct('+' | '-')) && matches!(self.toks[self.at + 1].0, Tok::Num(_));
        let o = if signed { self.num()? as i64 } else { 0 };
        Ok((s, o))
    }

    fn ty(&mut self) -> Res<Ty> {
        let w = self.word()?;
        match self.types.get(&w) {
            Some(t) => Ok(*t),
            None => self.fail(format!("unknown type {w}")),
        }
    }

    /// A word made of `prefix` and a number: v12, b3, l0.
    fn numbered(&mut self, prefix: char) -> Res<u32> {
        let w = self.word()?;
        match w.strip_prefix(prefix).and_then(|n| n.parse().ok()) {
            Some(n) => Ok(n),
            None => self.fail(format!("expected {prefix}N")),
        }
    }

    fn val(&mut self) -> Res<Value> {
        Ok(Value(self.numbered('v')?))
    }

    fn blk(&mut self) -> Res<Block> {
        Ok(Block(self.numbered('b')?))
    }

    fn newlines(&mut self) {
        while *self.peek() == Tok::Newline {
            self.next();
        }
    }

    fn list<T>(&mut self, close: char, mut item: impl FnMut(&mut Self) -> Res<T>) -> Res<Vec<T>> {
        let mut v = Vec::new();
        self.newlines();
        if self.eat(close) {
            return Ok(v);
        }
        loop {
            v.push(item(self)?);
            self.newlines();
            if self.eat(close) {
                return Ok(v);
            }
            self.want(',')?;
            self.newlines();
            if self.eat(close) {
                return Ok(v);
            }
        }
    }

    fn vals(&mut self) -> Res<Vec<Value>> {
        self.want('(')?;
        self.list(')', |p| p.val())
    }

    fn tys(&mut self) -> Res<Vec<Ty>> {
        self.want('(')?;
        self.list(')', |p| p.ty())
    }

    fn sig(&mut self) -> Res<Sig> {
        let ps = self.tys()?;
        if self.next() != Tok::Arrow {
            return self.fail("expected ->");
        }
        let rs = self.tys()?;
        Ok(self.m.sig(&ps, &rs))
    }

    fn module(&mut self) -> Res<()> {
        loop {
            self.newlines();
            if *self.peek() == Tok::End {
                return Ok(());
            }
            match self.word()?.as_str() {
                "module" => self.m.name = self.text()?,
                "file" => {
                    let f = self.text()?;
                    self.m.files.push(f);
                }
                "type" => self.type_def()?,
                "global" => self.global()?,
                "alias" => {
                    let a = self.sym()?;
                    self.want('=')?;
                    let t = self.sym()?;
                    self.m.aliases.push((a, t));
                }
                "decl" => {
                    let s = self.sym()?;
                    let g = self.sig()?;
                    self.m.decls.push((s, g));
                }
                "assembly" => {
                    let s = self.sym()?;
                    self.want_word("stack")?;
                    let n = self.num()? as u64;
                    self.m.assembly.push((s, n));
                }
                "func" => self.function()?,
                w => return self.fail(format!("unknown declaration {w}")),
            }
        }
    }

    fn size_align(&mut self) -> Res<(u64, u64)> {
        self.want_word("size")?;
        let s = self.num()? as u64;
        self.want_word("align")?;
        Ok((s, self.num()? as u64))
    }

    fn type_def(&mut self) -> Res<()> {
        let name = self.word()?;
        self.want('=')?;
        let kind = match self.word()?.as_str() {
            "struct" => {
                self.want('{')?;
                let fields = self.list('}', |p| Ok((p.ty()?, p.num()? as u64)))?;
                let (size, align) = self.size_align()?;
                TyKind::Struct { fields, size, align }
            }
            "array" => {
                let elem = self.ty()?;
                let len = self.num()? as u64;
                let (size, align) = self.size_align()?;
                TyKind::Array { elem, len, size, align }
            }
            _ => return self.fail("expected struct or array"),
        };
        let t = self.m.types.intern(kind);
        self.types.insert(name, t);
        Ok(())
    }

    fn linkage(&mut self) -> Res<Linkage> {
        let w = self.word()?;
        match linkage_from(&w) {
            Some(l) => Ok(l),
            None => self.fail("expected a linkage"),
        }
    }

    fn global(&mut self) -> Res<()> {
        let linkage = self.linkage()?;
        let sym = self.sym()?;
        let (size, align) = self.size_align()?;
        let readonly = self.eat_word("readonly");
        let pointers = self.eat_word("pointers");
        self.want('{')?;
        let data = self.list('}', |p| {
            Ok(match p.word()?.as_str() {
                "bytes" => Datum::Bytes(p.str()?),
                "zero" => Datum::Zero(p.num()? as u64),
                "addr" => {
                    let (s, o) = p.sym_addend()?;
                    Datum::Addr(s, o)
                }
                "addr32" => {
                    let (s, o) = p.sym_addend()?;
                    Datum::Addr32(s, o)
                }
                "rel32" => {
                    let (target, addend) = p.sym_addend()?;
                    p.want('-')?;
                    Datum::Rel32 { target, addend, base: p.sym()? }
                }
                _ => return p.fail("expected a datum"),
            })
        })?;
        self.m.globals.push(Global { sym, linkage, size, align, readonly, pointers, data });
        Ok(())
    }

    fn function(&mut self) -> Res<()> {
        let linkage = self.linkage()?;
        let sym = self.sym()?;
        let sig = self.sig()?;
        let mut f = Function {
            sym,
            display_name: None,
            linkage,
            sig,
            attrs: FuncAttrs::default(),
            loc: Loc::default(),
            locals: Vec::new(),
            values: Vec::new(),
            blocks: Vec::new(),
            pad: None,
            inlined: Vec::new(),
        };
        loop {
            if self.eat('{') {
                break;
            }
            match self.word()?.as_str() {
                "nosplit" => f.attrs.nosplit = true,
                "noinline" => f.attrs.noinline = true,
                "wrapper" => f.attrs.wrapper = true,
                "noreturn" => f.attrs.noreturn = true,
                "cold" => f.attrs.cold = true,
                "norace" => f.attrs.norace = true,
                "method_only" => f.attrs.method_only = true,
                "loc" => f.loc = self.loc()?,
                "display" => f.display_name = Some(self.text()?),
                "pad" => f.pad = Some(self.blk()?),
                _ => return self.fail("unknown attribute"),
            }
        }
        let mut loc = Loc::default();
        loop {
            self.newlines();
            if self.eat('}') {
                break;
            }
            if self.eat_word("local") {
                let n = self.numbered('l')?;
                if n as usize != f.locals.len() {
                    return self.fail("locals must be numbered in order");
                }
                let name = self.text()?;
                let ty = self.ty()?;
                f.locals.push(LocalData { name, ty });
                continue;
            }
            if self.eat_word("inlined") {
                if self.numbered('i')? as usize != f.inlined.len() + 1 {
                    return self.fail("inlined calls must be numbered in order");
                }
                let sym = self.sym()?;
                if !self.eat_word("loc") {
                    return self.fail("expected loc");
                }
                let loc = self.loc()?;
                if !self.eat_word("call") {
                    return self.fail("expected call");
                }
                let call = self.loc()?;
                let display_name = if self.eat_word("display") { Some(self.text()?) } else { None };
                f.inlined.push(Inlined { sym, display_name, loc, call });
                continue;
            }
            // A label?
            if let Tok::Word(w) = self.peek().clone()
                && self.toks[self.at + 1].0 == Tok::Punct(':')
                && w.starts_with('b')
            {
                let n = self.numbered('b')?;
                self.want(':')?;
                if n as usize != f.blocks.len() {
                    return self.fail("blocks must be numbered in order");
                }
                f.blocks.push(BlockData { insts: Vec::new(), term: None, term_loc: Loc::default() });
                continue;
            }
            if f.blocks.is_empty() {
                self.next();
                return self.fail("instruction outside a block");
            }
            if f.blocks.last().is_some_and(|b| b.term.is_some()) {
                self.next();
                return self.fail("instruction after a terminator");
            }
            self.line(&mut f, &mut loc)?;
        }
        self.m.functions.push(f);
        Ok(())
    }

    fn loc(&mut self) -> Res<Loc> {
        let file = self.num()? as u32;
        self.want(':')?;
        let line = self.num()? as u32;
        let at = if self.eat(':') { self.num()? as u32 } else { 0 };
        Ok(Loc { file, line, at })
    }

    fn end_line(&mut self, loc: &mut Loc) -> Res<()> {
        if self.eat('!') {
            *loc = self.loc()?;
        }
        match self.next() {
            Tok::Newline => Ok(()),
            _ => self.fail("expected end of line"),
        }
    }

    fn line(&mut self, f: &mut Function, loc: &mut Loc) -> Res<()> {
        if let Some(t) = self.term()? {
            self.end_line(loc)?;
            let b = f.blocks.last_mut().unwrap();
            b.term = Some(t);
            b.term_loc = *loc;
            return Ok(());
        }
        if self.eat_word("open") {
            return self.end_line(loc);
        }
        let mut results = Vec::new();
        let is_result = |p: &Parser| {
            matches!(p.peek(), Tok::Word(w) if w.starts_with('v') && w[1..].parse::<u32>().is_ok())
        };
        if is_result(self) {
            loop {
                let v = self.val()?;
                self.want(':')?;
                let t = self.ty()?;
                let i = v.0 as usize;
                if f.values.len() <= i {
                    f.values.resize(i + 1, Ty::EMPTY);
                }
                f.values[i] = t;
                results.push(v);
                if !self.eat(',') {
                    break;
                }
            }
            self.want('=')?;
        }
        let op = self.op()?;
        self.end_line(loc)?;
        f.blocks.last_mut().unwrap().insts.push(Inst { op, results, loc: *loc });
        Ok(())
    }

    fn term(&mut self) -> Res<Option<Term>> {
        let Tok::Word(w) = self.peek().clone() else { return Ok(None) };
        Ok(Some(match w.as_str() {
            "jump" => {
                self.next();
                Term::Jump(self.blk()?)
            }
            "if" => {
                self.next();
                let cond = self.val()?;
                self.want(',')?;
                let then = self.blk()?;
                self.want(',')?;
                let els = self.blk()?;
                let likely = if self.eat_word("likely") {
                    Some(true)
                } else if self.eat_word("unlikely") {
                    Some(false)
                } else {
                    None
                };
                Term::If { cond, then, els, likely }
            }
            "switch" => {
                self.next();
                let value = self.val()?;
                self.want('[')?;
                let cases = self.list(']', |p| Ok((p.num()? as u64, p.blk()?)))?;
                self.want_word("default")?;
                Term::Switch { value, cases, default: self.blk()? }
            }
            "ret" => {
                self.next();
                Term::Ret(self.vals()?)
            }
            "unreachable" => {
                self.next();
                Term::Unreachable
            }
            _ => return Ok(None),
        }))
    }

    fn flags(&mut self) -> MemFlags {
        let mut f = MemFlags::default();
        loop {
            if self.eat_word("barrier") {
                f.barrier = true;
            } else if self.eat_word("volatile") {
                f.volatile = true;
            } else if self.eat_word("init") {
                f.init = true;
            } else {
                return f;
            }
        }
    }

    fn comma_val(&mut self) -> Res<Value> {
        self.want(',')?;
        self.val()
    }

    fn op(&mut self) -> Res<Op> {
        let w = self.word()?;
        if let Some(o) = bin_from(&w) {
            return Ok(Op::Bin(o, self.val()?, self.comma_val()?));
        }
        if let Some(o) = un_from(&w) {
            return Ok(Op::Un(o, self.val()?));
        }
        Ok(match w.as_str() {
            "int" => Op::Int(self.num()? as u64),
            "float" => Op::Float(self.num()? as u64),
            "null" => Op::Null,
            "zero" => Op::Zero,
            "sym" => {
                let (s, o) = self.sym_addend()?;
                Op::SymAddr(s, o)
            }
            "param" => Op::Param(self.num()? as u32),
            "cmp" => {
                let w = self.word()?;
                let Some(o) = cmp_from(&w) else { return self.fail("unknown comparison") };
                Op::Cmp(o, self.val()?, self.comma_val()?)
            }
            "conv" => {
                let w = self.word()?;
                let Some(o) = conv_from(&w) else { return self.fail("unknown conversion") };
                Op::Conv(o, self.val()?)
            }
            "select" => Op::Select(self.val()?, self.comma_val()?, self.comma_val()?),
            "aggregate" => Op::Aggregate(self.vals()?),
            "extract" => {
                let v = self.val()?;
                self.want(',')?;
                Op::Extract(v, self.num()? as u32)
            }
            "insert" => {
                let agg = self.val()?;
                self.want(',')?;
                let index = self.num()? as u32;
                Op::Insert { agg, index, value: self.comma_val()? }
            }
            "local" => Op::LocalAddr(Local(self.numbered('l')?)),
            "load" => Op::Load { addr: self.val()?, flags: self.flags() },
            "store" => Op::Store { addr: self.val()?, value: self.comma_val()?, flags: self.flags() },
            "ptradd" => {
                let v = self.val()?;
                self.want(',')?;
                Op::PtrAdd(v, self.num()? as i64)
            }
            "ptrindex" => {
                let base = self.val()?;
                let index = self.comma_val()?;
                self.want(',')?;
                Op::PtrIndex { base, index, scale: self.num()? as u64 }
            }
            "copy" => {
                let dst = self.val()?;
                let src = self.comma_val()?;
                self.want(',')?;
                let ty = self.ty()?;
                Op::Copy { dst, src, ty, flags: self.flags() }
            }
            "zeromem" => {
                let dst = self.val()?;
                self.want(',')?;
                let ty = self.ty()?;
                Op::ZeroMem { dst, ty, flags: self.flags() }
            }
            "memmove" => Op::MemMove { dst: self.val()?, src: self.comma_val()?, len: self.comma_val()?, pointers: self.eat_word("pointers") },
            "memclear" => Op::MemClear { dst: self.val()?, len: self.comma_val()? },
            "new" => {
                let ty = self.ty()?;
                self.want(',')?;
                Op::New { ty, desc: self.sym()? }
            }
            "makeslice" => {
                let elem = self.ty()?;
                self.want(',')?;
                let desc = self.sym()?;
                Op::MakeSlice { elem, desc, len: self.comma_val()?, cap: self.comma_val()? }
            }
            "use" => Op::Use(self.sym()?),
            "nilcheck" => Op::NilCheck(self.val()?),
            "bounds" => {
                let w = self.word()?;
                let Some(kind) = bounds_from(&w) else { return self.fail("unknown bounds kind") };
                let x = self.val()?;
                let y = self.comma_val()?;
                Op::Bounds { kind, x, y, unsigned_x: self.eat_word("unsigned") }
            }
            "divcheck" => Op::DivCheck(self.val()?),
            "shiftcheck" => Op::ShiftCheck(self.val()?),
            "atomicload" => Op::AtomicLoad { addr: self.val()? },
            "atomicstore" => Op::AtomicStore { addr: self.val()?, value: self.comma_val()? },
            "atomicrmw" => {
                let w = self.word()?;
                let Some(op) = rmw_from(&w) else { return self.fail("unknown atomic operation") };
                Op::AtomicRmw { op, addr: self.val()?, value: self.comma_val()? }
            }
            "atomiccas" => Op::AtomicCas { addr: self.val()?, old: self.comma_val()?, new: self.comma_val()? },
            "call" => {
                let callee = if self.eat_word("code") {
                    Callee::Code(self.val()?)
                } else if self.eat_word("closure") {
                    Callee::Closure(self.val()?)
                } else {
                    let s = self.sym()?;
                    if self.eat_word("closure") { Callee::DirectClosure(s, self.val()?) } else { Callee::Direct(s) }
                };
                let sig = self.sig()?;
                Op::Call { callee, sig, args: self.vals()? }
            }
            "intrinsic" => {
                let w = self.word()?;
                let Some(i) = intrinsic_from(&w) else { return self.fail("unknown intrinsic") };
                Op::Intrinsic(i, self.vals()?)
            }
            _ => return self.fail(format!("unknown operation {w}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{print::print, verify::verify};

    const TEXT: &str = r#"module "p"
file "/a.go"
type t14 = struct {i64 0, slice 8} size 32 align 8
type t15 = array t14 3 size 96 align 8
global external @p.x size 24 align 8 pointers { addr @p.y+8, bytes "a\"\xff", zero 5, rel32 @p.f-4 - @p.x }
global linkonce @"type:func(int) string" size 8 align 8 readonly {  }
alias @p.g = @p.f
decl @runtime.memmove (ptr, ptr, i64) -> ()
func external @p.f (i64, t15, bool) -> (i64, t15) nosplit wrapper loc 0:3 display "p.f[...]" pad b3 {
  local l0 "x" t15
b0:
  v0: i64 = param 0 !0:4
  v1: ptr = param 1
  v2: bool = param 2
  v3: i64 = int 7
  v4: i64 = add v0, v3 !0:5
  if v2, b1, b2 likely
b1:
  v5: ptr = local l0
  copy v5, v1, t15 barrier init
  v6: i64, v7: ptr = call @p.f (i64, t15, bool) -> (i64, t15) (v4, v5, v2)
  bounds slice3acap v6, v4 unsigned
  v8: slice = zero
  v9: i64 = extract v8, 1
  v10: bool = cmp ult v9, v6
  v11: i64 = atomicrmw add v7, v6
  switch v9 [1 b2, 2 b1] default b2
b2:
  v12: ptr = sym @p.x-8
  v13: i64 = load v12 volatile
  v14: i64, v15: i64 = intrinsic mulu64 (v13, v0)
  v16: f64 = float 0x3ff0000000000000
  ret (v14, v1)
b3:
  v17: ptr = intrinsic padrecord () !0:9
  v18: i64 = load v17
  ret (v18, v17)
}
"#;

    #[test]
    fn round_trip() {
        let m = super::parse(TEXT).unwrap();
        let text = print(&m);
        assert_eq!(text, TEXT);
        assert_eq!(verify(&m), Ok(()));
    }

    #[test]
    fn errors_name_the_line() {
        let e = super::parse("module \"p\"\nfunc external @f () -> () loc 0:0 {\nb0:\n  frob v1\n}\n").unwrap_err();
        assert_eq!(e.line, 4);
    }
}
