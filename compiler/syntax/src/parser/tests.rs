//! Tests of the parser. Expected errors stand in the source: a comment `/*E text */` in front of
//! the token an error is reported at.

use super::*;
use crate::print::{expr_string, stmt_string};

fn parse(src: &[u8], mode: Mode) -> (FileSet, ParseResult) {
    let set = FileSet::new();
    let r = parse_file(&set, &mut NodeIdGen::new(), "x.go", src, mode);
    (set, r)
}

/// Checks that parsing `src` reports exactly the errors its `/*E ... */` comments announce.
fn check_errors(src: &str) {
    let (set, r) = parse(src.as_bytes(), Mode::default());
    let mut want = Vec::new();
    let mut rest = 0;
    while let Some(i) = src[rest..].find("/*E ") {
        let start = rest + i;
        let end = start + src[start..].find("*/").unwrap();
        let mut at = end + 2;
        while matches!(src.as_bytes().get(at), Some(b' ')) {
            at += 1;
        }
        want.push((at, src[start + 4..end].trim().to_string()));
        rest = end;
    }
    let mut got: Vec<_> = crate::reported_errors(&set, &r.errors).iter().map(|e| (e.pos.0 as usize - 1, e.msg.clone())).collect();
    got.sort();
    assert_eq!(got, want, "\n{src}");
}

#[test]
fn errors() {
    for src in [
        "/*E syntax error: package statement must be first */ x",
        "package p; /*E syntax error: non-declaration statement outside function body */ x = 1",
        "package p; func f() { x := /*E syntax error: unexpected ), expected expression */ ) }",
        "package p; func f() { if x /*E syntax error: cannot use assignment x = 1 as value */ = 1 {} }",
        "package p; func f() { if /*E syntax error: missing condition in if statement */ {} }",
        "package p; func f() { for x := 0; x < 1; y /*E syntax error: cannot declare in post statement of for loop */ := 1 {} }",
        "package p; func f(a int, /*E syntax error: missing parameter name */ []string)",
        "package p; func f(a, b int, c /*E syntax error: missing parameter type */ )",
        "package p; func () /*E method has no receiver */ f()",
        "package p; func f(x /*E can only use ... with final parameter */ ...int, y int)",
        "package p; import /*E syntax error: import path must be a string */ 1",
        "package p; var _ = x[1:/*E middle index required in 3-index slice */ :2]",
        "package p; func f() { defer /*E expression in defer must not be parenthesized */ (f()) }",
        "package p; type _ <- /*E syntax error: unexpected name int, expected keyword chan */ int",
        "package p; type I interface { m/*E interface method must have no type parameters */ [P any]() }",
        "package p\nfunc f()\n/*E syntax error: unexpected semicolon or newline before { */ {}",
        "package p; var x = f(1 /*E syntax error: unexpected newline in argument list; possibly missing comma or ) */ \n)",
    ] {
        check_errors(src);
    }
}

#[test]
fn branches() {
    check_errors("package p; func f() { /*E label L defined and not used */ L: for {} }");
    check_errors("package p; func f() { goto /*E label L not defined */ L }");
    check_errors("package p; func f() { /*E break is not in a loop, switch, or select */ break }");
    check_errors("package p; func f() { for { break /*E break label not defined: L */ L } }");
    check_errors("package p; func f() { L: if true { for { continue /*E invalid continue label L */ L } } }");
    check_errors(
        "package p; func f() { goto /*E goto L jumps over declaration of x at x.go:1:88 */ L; x := 1; _ = x; L: }",
    );
    check_errors("package p; func f() { goto /*E goto L jumps into block starting at x.go:1:84 */ L; { L: } }");
    check_errors("package p; func f() { switch { case true: /*E cannot fallthrough final case in switch */ fallthrough } }");
    check_errors("package p; func f() { switch x.(type) { case T: /*E cannot fallthrough in type switch */ fallthrough; case U: } }");
    check_errors("package p; func f() { switch { case true: fallthrough; default: } }");
}

#[test]
fn branch_targets() {
    let src = b"package p; func f() { L: for { select { default: break; case <-c: continue L }; goto L } }";
    let (_, r) = parse(src, Mode::default());
    assert!(r.errors.is_empty());
    let Decl::Func(f) = &r.file.decls[0] else { panic!() };
    let label = &f.body.as_ref().unwrap().stmts[0];
    let StmtKind::LabeledStmt(l) = &label.kind else { panic!() };
    let StmtKind::ForStmt(lp) = &l.stmt.kind else { panic!() };
    let sel = &lp.body.stmts[0];
    let StmtKind::SelectStmt(s) = &sel.kind else { panic!() };
    let target = |s: &Stmt| match &s.kind {
        StmtKind::BranchStmt(b) => b.target.get(),
        _ => panic!(),
    };
    assert_eq!(target(&s.body[0].body[0]), sel.id);
    assert_eq!(target(&s.body[1].body[0]), l.stmt.id);
    assert_eq!(target(&lp.body.stmts[1]), label.id);
}

#[test]
fn texts() {
    for x in [
        "a + b*c".replace("b*c", "b * c").as_str(),
        "x.y[1](a, b...)",
        "func(a, b int, c ...T) (d, e E) {…}",
        "[]int{…}",
        "map[K]V{}",
        "struct{a, b int; T \"tag\"}",
        "interface{m(x int) T; ~int | E}",
        "chan (<-chan int)",
        "<-chan chan<- int",
        "x[a:b:c]",
        "x.(T)",
        "&T{…}",
        "*p",
        "G[A, B]",
        "[...]int{…}",
        "func()",
    ] {
        let src = format!("package p; var _ = {}", x.replace("{…}", "{1}"));
        let (_, r) = parse(src.as_bytes(), Mode::default());
        assert!(r.errors.is_empty(), "{x}: {:?}", r.errors);
        let Decl::Gen(GenDecl { specs, .. }) = &r.file.decls[0] else { panic!() };
        let Spec::Value(v) = &specs[0] else { panic!() };
        assert_eq!(expr_string(&v.values[0]), x);
    }
}

#[test]
fn statement_texts() {
    for s in ["x, y := 1, f()", "x += 1", "c <- v", "x++", "f(x)"] {
        let (_, r) = parse(format!("package p; func f() {{ {s} }}").as_bytes(), Mode::default());
        let Decl::Func(f) = &r.file.decls[0] else { panic!() };
        assert_eq!(stmt_string(&f.body.as_ref().unwrap().stmts[0]), s);
    }
}

#[test]
fn type_parameters_or_array_length() {
    for (src, params) in [
        ("type T[P any] int", true),
        ("type T[P *E] int", false),
        ("type T[P *E,] int", true),
        ("type T[P *[]int] int", true),
        ("type T[P ([]int)] int", true),
        ("type T[P *E|~int] int", true),
        ("type T[P] int", false),
        ("type T[P * 2] int", false),
        ("type T[P []E] int", true),
        ("type T[P, Q any] = int", true),
        ("type T[f(x)] int", false),
    ] {
        let (_, r) = parse(format!("package p; {src}").as_bytes(), Mode::default());
        assert!(r.errors.is_empty(), "{src}: {:?}", r.errors);
        let Decl::Gen(GenDecl { specs, .. }) = &r.file.decls[0] else { panic!() };
        let Spec::Type(t) = &specs[0] else { panic!() };
        assert_eq!(t.type_params.is_some(), params, "{src}");
        assert_eq!(matches!(t.typ.kind, ExprKind::ArrayType(_)), !params, "{src}");
    }
}

#[test]
fn positions() {
    let src = "package p; var _ = a.b(c)[d:e] + f{g: 1}";
    let (_, r) = parse(src.as_bytes(), Mode::default());
    let Decl::Gen(GenDecl { specs, .. }) = &r.file.decls[0] else { panic!() };
    let Spec::Value(v) = &specs[0] else { panic!() };
    let off = |p: Pos| &src[p.0 as usize - 1..];
    let x = &v.values[0];
    assert!(off(x.pos).starts_with("+ f"));
    assert_eq!(off(end_pos(x)), "");
    assert!(off(leftmost(x)).starts_with("a.b"));
    // As in gc, a slice expression starts at its bracket.
    assert!(off(start_pos(x)).starts_with("[d:e]"));
    let ExprKind::BinaryExpr(b) = &x.kind else { panic!() };
    assert!(off(b.y.pos).starts_with("{g"));
    assert!(off(start_pos(&b.y)).starts_with("f{g"));
}

#[test]
fn line_directives() {
    let src = "package p\n//line a.go:10\nvar x int\n/*line b.go:20:5*/var y int\n//line :3:1\nvar z int\n";
    let (set, r) = parse(src.as_bytes(), Mode::default());
    assert!(r.errors.is_empty());
    let pos = |d: &Decl| match d {
        Decl::Gen(g) => set.position_string(g.pos),
        Decl::Func(_) => panic!(),
    };
    let at: Vec<_> = r.file.decls.iter().map(pos).collect();
    assert_eq!(at, ["a.go:10[x.go:3:1]", "b.go:20:5[x.go:4:19]", "b.go:3:1[x.go:6:1]"]);
}

#[test]
fn pragmas() {
    let src = "//go:build go1.21\n\npackage p\n\n//go:noinline\n//go:nosplit\nfunc f() {\n\t//go:noinline\n\tx()\n}\n\n\
        //go:embed a b\nvar x string\n//go:linkname g h.i\nvar ( //go:noinline\n)";
    let (_, r) = parse(src.as_bytes(), Mode::default());
    assert_eq!(&*r.file.go_version, "go1.21");
    let Decl::Func(f) = &r.file.decls[0] else { panic!() };
    assert_eq!(f.pragmas.len(), 2);
    // The one in the function, the linkname, the one in the group.
    assert_eq!(r.file.unused_pragmas.len(), 3);
    let Decl::Gen(GenDecl { specs, .. }) = &r.file.decls[1] else { panic!() };
    let Spec::Value(v) = &specs[0] else { panic!() };
    assert_eq!(crate::pragma::embeds(&v.pragmas)[0].1, ["a", "b"]);
    assert_eq!(crate::pragma::linknames(&r.file)[0].remote.as_deref(), Some("h.i"));
    let errs = crate::pragma::check_parse(&r.file, Default::default());
    let msgs: Vec<_> = errs.iter().map(|e| e.msg.as_str()).collect();
    assert_eq!(msgs, ["misplaced compiler directive", "misplaced compiler directive"]);
}

/// Nesting of every kind ends in an error, not in a stack overflow.
#[test]
fn deep_nesting() {
    for (open, close) in [
        ("func f() {", "}"),
        ("var x = (", ")"),
        ("var x = [", "]"),
        ("var x = T{", "}"),
        ("var x = f(", ")"),
        ("var x = -", ""),
        ("var x = <-", ""),
        ("var x = func() {", "}"),
        ("type T *", ""),
        ("type T []", ""),
        ("type T func(", ")"),
        ("type T struct { x ", "}"),
        ("type T[P interface { m", ""),
        ("func f() { L: ", ""),
        ("func f() { if x {} else ", ""),
        ("func f() { for {", "}}"),
        ("func f() { switch { case x: ", "}"),
        ("var x = 1 + ", ""),
        ("var x = a.", ""),
        ("var x = a[", "]"),
    ] {
        let (head, unit) = open.split_at(open.rfind([' ', '.']).map_or(0, |i| i + usize::from(open.ends_with('['))));
        for unit in [unit.trim(), open.split('=').next_back().unwrap_or("").trim(), open.split('{').next_back().unwrap_or("")] {
            let n = 60_000;
            let src = format!("package p; {head} {} {}", unit.repeat(n), close.repeat(n));
            let (_, r) = parse(src.as_bytes(), Mode::default());
            std::mem::forget(r.file);
        }
    }
    let chain = format!("package p; var x = 1{}", " + 1".repeat(30_000));
    let (_, r) = parse(chain.as_bytes(), Mode::default());
    assert!(r.errors.is_empty());
    std::mem::forget(r.file);
}
