//! The text form of the IR. [`crate::parse`] reads it back: `print(parse(print(m))) == print(m)`.
//!
//! ```text
//! module "main"
//! file "/src/a.go"                                     file 0, 1, ...
//! type t14 = struct {i64 0, ptr 8} size 16 align 8     types beyond the built-in ones, by index
//! type t15 = array t14 4 size 64 align 8
//! global external @main.x size 8 align 8 pointers { addr @main.y+0, zero 8, bytes "ab\x00", rel32 @a+0 - @b }
//! alias @a = @b
//! decl @runtime.memmove (ptr, ptr, i64) -> ()
//! assembly @main.g stack 640
//! func external @main.f (i64, string) -> (i64) nosplit loc 0:12 display "main.f" pad b3 {
//!   local l0 "x" i64
//! b0:
//!   v0: i64 = param 0 !0:12                            a location holds until the next one
//!   v1: i64 = add v0, v0
//!   ret v1
//! }
//! ```

use std::fmt::Write;

use crate::inst::*;
use crate::module::*;
use crate::names::*;
use crate::types::{Ty, TyKind, Types};

/// Names of the types that every table has, by index.
pub(crate) const BUILTIN: [&str; 14] = [
    "bool", "i8", "i16", "i32", "i64", "f32", "f64", "ptr", "string", "slice", "iface", "complex64", "complex128", "empty",
];

/// Prints a module.
pub fn print(m: &Module) -> String {
    let mut p = Printer { m, out: String::new() };
    p.module();
    p.out
}

/// Prints one function of a module (debugging).
pub fn print_function(m: &Module, f: &Function) -> String {
    let mut p = Printer { m, out: String::new() };
    p.function(f);
    p.out
}

/// Text of a type reference.
pub fn type_name(t: Ty) -> String {
    BUILTIN.get(t.0 as usize).map(|s| s.to_string()).unwrap_or_else(|| format!("t{}", t.0))
}

/// Text of one instruction without results and location.
pub fn op_text(m: &Module, op: &Op) -> String {
    let mut p = Printer { m, out: String::new() };
    p.op(op);
    p.out
}

struct Printer<'a> {
    m: &'a Module,
    out: String,
}

pub(crate) fn quote(b: &[u8]) -> String {
    let mut s = String::from("\"");
    for &c in b {
        match c {
            b'"' => s.push_str("\\\""),
            b'\\' => s.push_str("\\\\"),
            0x20..=0x7e => s.push(c as char),
            _ => write!(s, "\\x{c:02x}").unwrap(),
        }
    }
    s.push('"');
    s
}

fn loc_text(l: Loc) -> String {
    if l.at == 0 { format!("{}:{}", l.file, l.line) } else { format!("{}:{}:{}", l.file, l.line, l.at) }
}

fn plain_symbol(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(|c| c.is_ascii_alphanumeric() || b"_.$/:*-".contains(&c))
}

fn vals(vs: &[Value]) -> String {
    vs.iter().map(|v| format!("v{}", v.0)).collect::<Vec<_>>().join(", ")
}

fn flags(f: &MemFlags) -> String {
    let mut s = String::new();
    for (on, name) in [(f.barrier, " barrier"), (f.volatile, " volatile"), (f.init, " init")] {
        if on {
            s.push_str(name);
        }
    }
    s
}

impl Printer<'_> {
    fn sym(&self, s: Sym) -> String {
        let n = self.m.sym_name(s);
        if plain_symbol(n) { format!("@{n}") } else { format!("@{}", quote(n.as_bytes())) }
    }

    fn sig(&self, s: Sig) -> String {
        let d = self.m.sig_data(s);
        let list = |v: &[Ty]| v.iter().map(|t| type_name(*t)).collect::<Vec<_>>().join(", ");
        format!("({}) -> ({})", list(&d.params), list(&d.results))
    }

    fn module(&mut self) {
        let m = self.m;
        writeln!(self.out, "module {}", quote(m.name.as_bytes())).unwrap();
        for f in &m.files {
            writeln!(self.out, "file {}", quote(f.as_bytes())).unwrap();
        }
        for i in BUILTIN.len()..m.types.len() {
            self.type_def(&m.types, Ty(i as u32));
        }
        for g in &m.globals {
            self.global(g);
        }
        for (a, t) in &m.aliases {
            let line = format!("alias {} = {}\n", self.sym(*a), self.sym(*t));
            self.out.push_str(&line);
        }
        for (s, sig) in &m.decls {
            let line = format!("decl {} {}\n", self.sym(*s), self.sig(*sig));
            self.out.push_str(&line);
        }
        for (s, stack) in &m.assembly {
            let line = format!("assembly {} stack {stack}\n", self.sym(*s));
            self.out.push_str(&line);
        }
        for f in &m.functions {
            self.function(f);
        }
    }

    fn type_def(&mut self, types: &Types, t: Ty) {
        match types.kind(t) {
            TyKind::Struct { fields, size, align } => {
                let fs: Vec<String> = fields.iter().map(|(t, o)| format!("{} {o}", type_name(*t))).collect();
                writeln!(self.out, "type t{} = struct {{{}}} size {size} align {align}", t.0, fs.join(", ")).unwrap();
            }
            TyKind::Array { elem, len, size, align } => {
                writeln!(self.out, "type t{} = array {} {len} size {size} align {align}", t.0, type_name(*elem)).unwrap();
            }
            _ => {}
        }
    }

    fn global(&mut self, g: &Global) {
        let mut s = format!("global {} {} size {} align {}", linkage_name(g.linkage), self.sym(g.sym), g.size, g.align);
        if g.readonly {
            s.push_str(" readonly");
        }
        if g.pointers {
            s.push_str(" pointers");
        }
        let ds: Vec<String> = g
            .data
            .iter()
            .map(|d| match d {
                Datum::Bytes(b) => format!("bytes {}", quote(b)),
                Datum::Zero(n) => format!("zero {n}"),
                Datum::Addr(s, o) => format!("addr {}{o:+}", self.sym(*s)),
                Datum::Addr32(s, o) => format!("addr32 {}{o:+}", self.sym(*s)),
                Datum::Rel32 { target, addend, base } => format!("rel32 {}{addend:+} - {}", self.sym(*target), self.sym(*base)),
            })
            .collect();
        writeln!(self.out, "{s} {{ {} }}", ds.join(", ")).unwrap();
    }

    fn function(&mut self, f: &Function) {
        let mut s = format!("func {} {} {}", linkage_name(f.linkage), self.sym(f.sym), self.sig(f.sig));
        let a = &f.attrs;
        for (on, name) in [
            (a.nosplit, "nosplit"),
            (a.noinline, "noinline"),
            (a.wrapper, "wrapper"),
            (a.noreturn, "noreturn"),
            (a.cold, "cold"),
            (a.norace, "norace"),
            (a.method_only, "method_only"),
        ] {
            if on {
                s.push(' ');
                s.push_str(name);
            }
        }
        write!(s, " loc {}:{}", f.loc.file, f.loc.line).unwrap();
        if let Some(d) = &f.display_name {
            write!(s, " display {}", quote(d.as_bytes())).unwrap();
        }
        if let Some(p) = f.pad {
            write!(s, " pad b{}", p.0).unwrap();
        }
        s.push_str(" {\n");
        self.out.push_str(&s);
        for (i, l) in f.locals.iter().enumerate() {
            writeln!(self.out, "  local l{i} {} {}", quote(l.name.as_bytes()), type_name(l.ty)).unwrap();
        }
        for (i, n) in f.inlined.iter().enumerate() {
            let display = n.display_name.as_ref().map_or(String::new(), |d| format!(" display {}", quote(d.as_bytes())));
            let line = format!("  inlined i{} {} loc {} call {}{display}\n", i + 1, self.sym(n.sym), loc_text(n.loc), loc_text(n.call));
            self.out.push_str(&line);
        }
        let mut loc = Loc::default();
        for (i, b) in f.blocks.iter().enumerate() {
            writeln!(self.out, "b{i}:").unwrap();
            for inst in &b.insts {
                self.out.push_str("  ");
                if !inst.results.is_empty() {
                    let rs: Vec<String> = inst
                        .results
                        .iter()
                        .map(|v| format!("v{}: {}", v.0, f.values.get(v.0 as usize).map_or("?".into(), |t| type_name(*t))))
                        .collect();
                    write!(self.out, "{} = ", rs.join(", ")).unwrap();
                }
                self.op(&inst.op);
                self.loc(&mut loc, inst.loc);
            }
            self.out.push_str("  ");
            match &b.term {
                Some(t) => self.term(t),
                None => self.out.push_str("open"),
            }
            self.loc(&mut loc, b.term_loc);
        }
        self.out.push_str("}\n");
    }

    fn loc(&mut self, cur: &mut Loc, l: Loc) {
        if *cur != l {
            *cur = l;
            write!(self.out, " !{}", loc_text(l)).unwrap();
        }
        self.out.push('\n');
    }

    fn op(&mut self, op: &Op) {
        let s = match op {
            Op::Int(v) => format!("int {v}"),
            Op::Float(b) => format!("float {b:#x}"),
            Op::Null => "null".into(),
            Op::Zero => "zero".into(),
            Op::SymAddr(s, o) => format!("sym {}{o:+}", self.sym(*s)),
            Op::Param(n) => format!("param {n}"),
            Op::Bin(o, a, b) => format!("{} v{}, v{}", bin_name(*o), a.0, b.0),
            Op::Un(o, a) => format!("{} v{}", un_name(*o), a.0),
            Op::Cmp(o, a, b) => format!("cmp {} v{}, v{}", cmp_name(*o), a.0, b.0),
            Op::Conv(o, a) => format!("conv {} v{}", conv_name(*o), a.0),
            Op::Select(c, a, b) => format!("select v{}, v{}, v{}", c.0, a.0, b.0),
            Op::Aggregate(vs) => format!("aggregate ({})", vals(vs)),
            Op::Extract(a, i) => format!("extract v{}, {i}", a.0),
            Op::Insert { agg, index, value } => format!("insert v{}, {index}, v{}", agg.0, value.0),
            Op::LocalAddr(l) => format!("local l{}", l.0),
            Op::Load { addr, flags: f } => format!("load v{}{}", addr.0, flags(f)),
            Op::Store { addr, value, flags: f } => format!("store v{}, v{}{}", addr.0, value.0, flags(f)),
            Op::PtrAdd(p, o) => format!("ptradd v{}, {o}", p.0),
            Op::PtrIndex { base, index, scale } => format!("ptrindex v{}, v{}, {scale}", base.0, index.0),
            Op::Copy { dst, src, ty, flags: f } => format!("copy v{}, v{}, {}{}", dst.0, src.0, type_name(*ty), flags(f)),
            Op::ZeroMem { dst, ty, flags: f } => format!("zeromem v{}, {}{}", dst.0, type_name(*ty), flags(f)),
            Op::MemMove { dst, src, len, pointers } => format!("memmove v{}, v{}, v{}{}", dst.0, src.0, len.0, if *pointers { " pointers" } else { "" }),
            Op::MemClear { dst, len } => format!("memclear v{}, v{}", dst.0, len.0),
            Op::New { ty, desc } => format!("new {}, {}", type_name(*ty), self.sym(*desc)),
            Op::MakeSlice { elem, desc, len, cap } => {
                format!("makeslice {}, {}, v{}, v{}", type_name(*elem), self.sym(*desc), len.0, cap.0)
            }
            Op::NilCheck(v) => format!("nilcheck v{}", v.0),
            Op::Bounds { kind, x, y, unsigned_x } => {
                format!("bounds {} v{}, v{}{}", bounds_name(*kind), x.0, y.0, if *unsigned_x { " unsigned" } else { "" })
            }
            Op::DivCheck(v) => format!("divcheck v{}", v.0),
            Op::ShiftCheck(v) => format!("shiftcheck v{}", v.0),
            Op::AtomicLoad { addr } => format!("atomicload v{}", addr.0),
            Op::AtomicStore { addr, value } => format!("atomicstore v{}, v{}", addr.0, value.0),
            Op::AtomicRmw { op, addr, value } => format!("atomicrmw {} v{}, v{}", rmw_name(*op), addr.0, value.0),
            Op::AtomicCas { addr, old, new } => format!("atomiccas v{}, v{}, v{}", addr.0, old.0, new.0),
            Op::Call { callee, sig, args } => {
                let c = match callee {
                    Callee::Direct(s) => self.sym(*s),
                    Callee::Code(v) => format!("code v{}", v.0),
                    Callee::Closure(v) => format!("closure v{}", v.0),
                    Callee::DirectClosure(s, v) => format!("{} closure v{}", self.sym(*s), v.0),
                };
                format!("call {c} {} ({})", self.sig(*sig), vals(args))
            }
            Op::Use(s) => format!("use {}", self.sym(*s)),
            Op::Intrinsic(i, vs) => format!("intrinsic {} ({})", intrinsic_name(*i), vals(vs)),
        };
        self.out.push_str(&s);
    }

    fn term(&mut self, t: &Term) {
        let s = match t {
            Term::Jump(b) => format!("jump b{}", b.0),
            Term::If { cond, then, els, likely } => {
                let l = match likely {
                    None => "",
                    Some(true) => " likely",
                    Some(false) => " unlikely",
                };
                format!("if v{}, b{}, b{}{l}", cond.0, then.0, els.0)
            }
            Term::Switch { value, cases, default } => {
                let cs: Vec<String> = cases.iter().map(|(k, b)| format!("{k} b{}", b.0)).collect();
                format!("switch v{} [{}] default b{}", value.0, cs.join(", "), default.0)
            }
            Term::Ret(vs) => format!("ret ({})", vals(vs)),
            Term::Unreachable => "unreachable".into(),
        };
        self.out.push_str(&s);
    }
}
