//! Random programs whose output is known: integer arithmetic of all sizes, conditions, loops, switches, arrays, closures and calls, evaluated here with Go's rules and by the program that
//! rgo builds. RGO_FUZZ_ROUNDS and RGO_FUZZ_SEED as for the mutation tests.

#[path = "../../../testdata/fuzz/mutate.rs"]
#[allow(dead_code)] // programs are made here, not changed
mod mutate;

use mutate::{Rng, rounds};
use std::fmt::Write;
use std::process::Command;

#[derive(Clone, Copy, PartialEq)]
struct Type {
    bits: u32,
    signed: bool,
}

impl Type {
    fn name(self) -> String {
        format!("{}int{}", if self.signed { "" } else { "u" }, self.bits)
    }

    /// `x` as a value of the type.
    fn wrap(self, x: i128) -> i128 {
        let shift = 128 - self.bits;
        if self.signed { x << shift >> shift } else { ((x as u128) << shift >> shift) as i128 }
    }
}

enum Expr {
    Var(usize),
    Lit(Type, i128),
    /// An element of the array, by an index that is cut to its length.
    Elem(Box<Expr>),
    /// Operator and operands of the same type; a shift count of any type is cut to 0..64, a divisor is made odd.
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Unary(&'static str, Box<Expr>),
    Convert(Type, Box<Expr>),
    /// A call of the closure that adds and counts its calls.
    Call(Box<Expr>),
}

enum Stmt {
    Assign(usize, &'static str, Expr),
    Set(Expr, Expr),
    If(&'static str, Expr, Expr, Vec<Stmt>, Vec<Stmt>),
    /// So many rounds.
    For(usize, Vec<Stmt>),
    /// On the value modulo 4: cases 0, 1 and the default, the first of which may fall through.
    Switch(Expr, bool, [Vec<Stmt>; 3]),
}

/// The array's and the closure's type.
const WORD: Type = Type { bits: 64, signed: true };
const ARRAY: usize = 8;
const ARITHMETIC: &[&str] = &["+", "-", "*", "&", "|", "^", "&^", "/", "%", "<<", ">>"];
const COMPARISONS: &[&str] = &["==", "!=", "<", "<=", ">", ">="];

struct Program {
    vars: Vec<Type>,
    init: Vec<i128>,
    body: Vec<Stmt>,
}

struct Gen<'a> {
    rng: &'a mut Rng,
    vars: Vec<Type>,
}

impl Gen<'_> {
    fn typ(&mut self) -> Type {
        Type { bits: 8 << self.rng.below(4), signed: self.rng.below(2) == 0 }
    }

    fn value(&mut self, t: Type) -> i128 {
        let x = self.rng.below(usize::MAX) as i128 * 2 + self.rng.below(2) as i128;
        t.wrap(match self.rng.below(5) {
            0 => 1 << (t.bits - 1),
            1 => (1 << (t.bits - 1)) - 1,
            2 => self.rng.below(4) as i128 - 1,
            _ => x,
        })
    }

    /// An expression of type `t` that is not constant.
    fn expr(&mut self, t: Type, depth: usize) -> Expr {
        if depth == 0 || self.rng.below(6) == 0 {
            let same: Vec<usize> = (0..self.vars.len()).filter(|&i| self.vars[i] == t).collect();
            if !same.is_empty() {
                return Expr::Var(same[self.rng.below(same.len())]);
            }
            let i = self.rng.below(self.vars.len());
            return Expr::Convert(t, Box::new(Expr::Var(i)));
        }
        let d = depth - 1;
        match self.rng.below(10) {
            0 => {
                let from = self.typ();
                Expr::Convert(t, Box::new(self.expr(from, d)))
            }
            1 => Expr::Unary(["-", "^"][self.rng.below(2)], Box::new(self.expr(t, d))),
            2 if t == WORD => Expr::Elem(Box::new(self.expr(WORD, d))),
            3 if t == WORD => Expr::Call(Box::new(self.expr(WORD, d))),
            _ => {
                let op = ARITHMETIC[self.rng.below(ARITHMETIC.len())];
                let x = Box::new(self.expr(t, d));
                let right = if matches!(op, "<<" | ">>") { self.typ() } else { t };
                let literal = !matches!(op, "/" | "%" | "<<" | ">>") && self.rng.below(3) == 0;
                let y = if literal { Expr::Lit(t, self.value(t)) } else { self.expr(right, d) };
                Expr::Binary(op, x, Box::new(y))
            }
        }
    }

    fn stmts(&mut self, depth: usize) -> Vec<Stmt> {
        let n = 1 + self.rng.below(4);
        (0..n).map(|_| self.stmt(depth)).collect()
    }

    fn stmt(&mut self, depth: usize) -> Stmt {
        let d = depth.saturating_sub(1);
        match if depth == 0 { 0 } else { self.rng.below(8) } {
            1 => Stmt::Set(self.expr(WORD, 2), self.expr(WORD, 3)),
            2 | 3 => {
                let t = self.typ();
                let op = COMPARISONS[self.rng.below(COMPARISONS.len())];
                let els = if self.rng.below(2) == 0 { self.stmts(d) } else { Vec::new() };
                Stmt::If(op, self.expr(t, 3), self.expr(t, 2), self.stmts(d), els)
            }
            4 => Stmt::For(1 + self.rng.below(5), self.stmts(d)),
            5 => Stmt::Switch(self.expr(WORD, 3), self.rng.below(2) == 0, [self.stmts(d), self.stmts(d), self.stmts(d)]),
            _ => {
                let v = self.rng.below(self.vars.len());
                let op = ["", "+", "-", "*", "^"][self.rng.below(5)];
                Stmt::Assign(v, op, self.expr(self.vars[v], 4))
            }
        }
    }
}

// ---- as Go text

fn text(x: &Expr) -> String {
    match x {
        Expr::Var(i) => format!("v{i}"),
        Expr::Lit(t, v) => format!("{}({v})", t.name()),
        Expr::Elem(i) => format!("array[{} & {}]", text(i), ARRAY - 1),
        Expr::Binary(op @ ("<<" | ">>"), x, y) => format!("({} {op} ({} & 63))", text(x), text(y)),
        Expr::Binary(op @ ("/" | "%"), x, y) => format!("({} {op} ({} | 1))", text(x), text(y)),
        Expr::Binary(op, x, y) => format!("({} {op} {})", text(x), text(y)),
        Expr::Unary(op, x) => format!("({op}{})", text(x)),
        Expr::Convert(t, x) => format!("{}({})", t.name(), text(x)),
        Expr::Call(x) => format!("add({})", text(x)),
    }
}

fn write(out: &mut String, list: &[Stmt]) {
    for s in list {
        match s {
            Stmt::Assign(v, op, x) => _ = writeln!(out, "v{v} {op}= {}", text(x)),
            Stmt::Set(i, x) => _ = writeln!(out, "array[{} & {}] = {}", text(i), ARRAY - 1, text(x)),
            Stmt::If(op, x, y, then, els) => {
                _ = writeln!(out, "if {} {op} {} {{", text(x), text(y));
                write(out, then);
                out.push_str("} else {\n");
                write(out, els);
                out.push_str("}\n");
            }
            Stmt::For(n, body) => {
                _ = writeln!(out, "for i := 0; i < {n}; i++ {{");
                write(out, body);
                out.push_str("}\n");
            }
            Stmt::Switch(x, through, [zero, one, other]) => {
                _ = writeln!(out, "switch {} & 3 {{\ncase 0:", text(x));
                write(out, zero);
                out.push_str(if *through { "fallthrough\ncase 1:\n" } else { "case 1:\n" });
                write(out, one);
                out.push_str("default:\n");
                write(out, other);
                out.push_str("}\n");
            }
        }
    }
}

fn function(p: &Program, n: usize) -> String {
    let mut s = format!("func f{n}() {{\n");
    for (i, (t, v)) in p.vars.iter().zip(&p.init).enumerate() {
        _ = writeln!(s, "v{i} := {}({v})", t.name());
    }
    _ = writeln!(s, "var array [{ARRAY}]int64\ncalls := int64(0)\nadd := func(x int64) int64 {{ calls++; return x + calls }}");
    write(&mut s, &p.body);
    let vars: String = (0..p.vars.len()).map(|i| format!("v{i}, ")).collect();
    _ = writeln!(s, "_ = add\nfmt.Println({vars}array, calls)\n}}\n");
    s
}

// ---- evaluated

struct Machine<'a> {
    types: &'a [Type],
    vars: Vec<i128>,
    array: [i128; ARRAY],
    calls: i128,
}

impl Machine<'_> {
    /// The value and its type. Go fixes the order of calls; of the rest nothing here depends on the order, but for variables no call changes.
    fn eval(&mut self, x: &Expr) -> (i128, Type) {
        match x {
            Expr::Var(i) => (self.vars[*i], self.types[*i]),
            Expr::Lit(t, v) => (*v, *t),
            Expr::Elem(i) => {
                let i = self.eval(i).0 as usize & (ARRAY - 1);
                (self.array[i], WORD)
            }
            Expr::Binary(op, x, y) => {
                let (a, t) = self.eval(x);
                let b = self.eval(y).0;
                let v = match *op {
                    "+" => a + b,
                    "-" => a - b,
                    "*" => a.wrapping_mul(b),
                    "&" => a & b,
                    "|" => a | b,
                    "^" => a ^ b,
                    "&^" => a & !b,
                    "/" => a / (b | 1),
                    "%" => a % (b | 1),
                    "<<" => a << (b & 63),
                    _ => a >> (b & 63),
                };
                (t.wrap(v), t)
            }
            Expr::Unary(op, x) => {
                let (v, t) = self.eval(x);
                (t.wrap(if *op == "-" { -v } else { !v }), t)
            }
            Expr::Convert(t, x) => (t.wrap(self.eval(x).0), *t),
            Expr::Call(x) => {
                let v = self.eval(x).0;
                self.calls += 1;
                (WORD.wrap(v + self.calls), WORD)
            }
        }
    }

    fn run(&mut self, list: &[Stmt]) {
        for s in list {
            match s {
                Stmt::Assign(v, op, x) => {
                    let b = self.eval(x).0;
                    let a = self.vars[*v];
                    self.vars[*v] = self.types[*v].wrap(match *op {
                        "+" => a + b,
                        "-" => a - b,
                        "*" => a.wrapping_mul(b),
                        "^" => a ^ b,
                        _ => b,
                    });
                }
                Stmt::Set(i, x) => {
                    let i = self.eval(i).0 as usize & (ARRAY - 1);
                    self.array[i] = self.eval(x).0;
                }
                Stmt::If(op, x, y, then, els) => {
                    let (a, b) = (self.eval(x).0, self.eval(y).0);
                    let yes = match *op {
                        "==" => a == b,
                        "!=" => a != b,
                        "<" => a < b,
                        "<=" => a <= b,
                        ">" => a > b,
                        _ => a >= b,
                    };
                    self.run(if yes { then } else { els });
                }
                Stmt::For(n, body) => (0..*n).for_each(|_| self.run(body)),
                Stmt::Switch(x, through, [zero, one, other]) => match self.eval(x).0 & 3 {
                    0 => {
                        self.run(zero);
                        if *through {
                            self.run(one);
                        }
                    }
                    1 => self.run(one),
                    _ => self.run(other),
                },
            }
        }
    }
}

fn output(p: &Program) -> String {
    let mut m = Machine { types: &p.vars, vars: p.init.clone(), array: [0; ARRAY], calls: 0 };
    m.run(&p.body);
    let join = |l: &[i128]| l.iter().map(|v| v.to_string()).collect::<Vec<_>>().join(" ");
    format!("{} [{}] {}\n", join(&m.vars), join(&m.array), m.calls)
}

#[test]
fn programs() {
    const FUNCTIONS: usize = 30;
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("random");
    std::fs::create_dir_all(&dir).unwrap();
    let mut rng = Rng::new();
    for round in 0..rounds(2) {
        let (mut src, mut main, mut want) = ("package main\n\nimport \"fmt\"\n\n".to_string(), String::new(), String::new());
        for n in 0..FUNCTIONS {
            let mut g = Gen { rng: &mut rng, vars: Vec::new() };
            g.vars = (0..2 + g.rng.below(5)).map(|_| g.typ()).collect();
            let init = g.vars.clone().into_iter().map(|t| g.value(t)).collect();
            let body = (0..3).flat_map(|_| g.stmts(3)).collect();
            let p = Program { vars: g.vars, init, body };
            src.push_str(&function(&p, n));
            _ = writeln!(main, "f{n}()");
            want.push_str(&output(&p));
        }
        _ = write!(src, "func main() {{\n{main}}}\n");
        let (file, exe) = (dir.join(format!("p{round}.go")), dir.join(format!("p{round}")));
        std::fs::write(&file, src).unwrap();
        let b = Command::new(env!("CARGO_BIN_EXE_rgo")).arg("build").arg("-o").arg(&exe).arg(&file).output().unwrap();
        assert!(b.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&b.stderr));
        let r = Command::new(&exe).output().unwrap();
        let got = String::from_utf8_lossy(&r.stdout);
        assert!(r.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&r.stderr));
        for (n, (got, want)) in got.lines().zip(want.lines()).enumerate() {
            assert_eq!(got, want, "{}: f{n}", file.display());
        }
        assert_eq!(got.lines().count(), FUNCTIONS);
    }
}
