use super::*;

fn parse(src: &[u8]) -> Parsed {
    parse_file(&FileSet::new(), &mut NodeIdGen::new(), "p.go", src, false)
}

fn errors(src: &str) -> Vec<String> {
    parse(src.as_bytes()).errors.iter().map(|e| e.to_string()).collect()
}

#[test]
fn comments() {
    let src = "// Doc of p.\npackage p\n\n// lone\n\n// Doc of T.\ntype T struct {\n\ta int // about a\n\t// Doc of b.\n\tb int; // about b\n}\n";
    let r = parse(src.as_bytes());
    assert!(r.errors.is_empty(), "{:?}", r.errors);
    let text = |id: Option<CommentId>| id.map(|i| r.file.comments[i as usize].list[0].text.to_string());
    assert_eq!(text(r.file.doc).as_deref(), Some("// Doc of p."));
    let Decl::Gen(g) = &r.file.decls[0] else { panic!() };
    assert_eq!(text(g.doc).as_deref(), Some("// Doc of T."));
    let Spec::Type(t) = &g.specs[0] else { panic!() };
    let ExprKind::StructType(s) = &t.typ.kind else { panic!() };
    assert_eq!(text(s.fields.fields[0].comment).as_deref(), Some("// about a"));
    assert_eq!(text(s.fields.fields[1].doc).as_deref(), Some("// Doc of b."));
    assert_eq!(text(s.fields.fields[1].comment).as_deref(), Some("// about b"));
}

/// What go/parser says of wrong files.
#[test]
fn error_texts() {
    for (src, want) in [
        ("", "p.go:1:1: expected 'package', found 'EOF'"),
        ("x", "p.go:1:1: expected 'package', found x"),
        ("package", "p.go:1:8: expected 'IDENT', found 'EOF'"),
        ("package p q", "p.go:1:11: expected ';', found q"),
        ("@package p", "p.go:1:1: illegal character U+0040 '@'"),
        ("package p\nimport 1", "p.go:2:8: import path must be a string"),
        ("package p\nimport (\"a\" \"b\")", "p.go:2:13: expected ';', found \"b\""),
        ("package p\nfunc f() { defer x }", "p.go:2:19: expression in defer must be function call"),
        ("package p\nfunc f() { if x = 1 {} }", "p.go:2:15: expected boolean expression, found assignment (missing parentheses around composite literal?)"),
        ("package p\nvar x = f(1\n)", "p.go:2:12: missing ',' before newline in argument list"),
        ("package p\nvar x = a = b", "p.go:2:11: expected '==', found '='"),
        ("package p\ntype T[P any,] int\ntype U[P *T,] int\ntype V[P] int\ntype W[] int\nx", "p.go:6:1: expected declaration, found x"),
        ("package p\nfunc f[]() {}", "p.go:2:8: empty type parameter list"),
        ("package p\nfunc f(a, b.c) {}\nfunc g(a int, b) {}", "p.go:3:16: missing parameter type"),
        ("package p\nfunc f(a ...int, b int)", "p.go:2:10: can only use ... with final parameter"),
        ("package p\n//line q.x:7\nvar", "q.x:7: expected 'IDENT', found 'EOF'"),
        ("package p\nfunc f() { x: \n }\nfunc g() { 1: }", "p.go:4:13: illegal label declaration"),
        ("package p\nvar s = x[1::]", "p.go:2:12: middle index required in 3-index slice"),
    ] {
        assert_eq!(errors(src), [want], "{src}");
    }
    // One error a line, and no more than about ten.
    assert_eq!(errors("package p\nvar 1 = 2; var 3\nvar 4").len(), 2);
    assert_eq!(errors(&format!("package p\n{}", "var 1\n".repeat(50))).len(), 11);
    // What the compiler refuses, but not go/parser.
    for src in [
        "package p\nfunc (a, b T) f() {}\nfunc () g() {}",
        "package p\nfunc f() { break L; switch a.b := x.(type) {}; for i := 0; ; j := 1 {} }",
    ] {
        assert!(errors(src).is_empty(), "{:?}", errors(src));
    }
}

/// Nesting ends in an error, not in a stack overflow.
#[test]
fn deep_nesting() {
    let run = || {
        for unit in ["(", "-", "[]", "f(", "T{", "func() {", "struct { x ", "a.", "1 + ", "*", "chan ", "a[", "<-"] {
            let n = if cfg!(debug_assertions) { 20_000 } else { MAX_NESTING as usize + 10 };
            let r = parse(format!("package p; var x = {}", unit.repeat(n)).as_bytes());
            std::mem::forget(r.file);
            assert!(!r.errors.is_empty());
        }
    };
    std::thread::Builder::new().stack_size(STACK_SIZE).spawn(run).unwrap().join().unwrap();
}
