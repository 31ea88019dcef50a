//! Changed bytes in Go files: gofmt never panics, neither on its own results.

#[path = "../../../testdata/fuzz/mutate.rs"]
mod mutate;

use mutate::{Rng, mutate, rounds};
use rgo_format::{Options, Rule, format_source};

const PIECES: &[&str] = &[
    "(", ")", "[", "]", "{", "}", ";", "\n", "\n\n", "\t", "\r", ",", ":", ":=", "...", "<-", "/*", "*/", "/* a\nb */", "//", "// c\n", "//line x:1\n", "//go:build a\n", "// +build b\n",
    "`", "\"", "'", "\\", "\0", "\u{feff}", "é", "func", "func()", "type T[P any]", "struct{", "interface{", "case", "else", "import", "package p", "x", "_", "0X1P3", "1E5i", "~", "|", "&",
];

#[test]
fn golden_programs() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/run");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|x| x == "go")).collect();
    files.sort();
    assert!(!files.is_empty());
    let rules = ["a -> b", "f(x) -> x", "x + y -> y + x", "*x -> x", "a[i] -> a", "T{} -> U{a}"].map(|r| Rule::parse(r).unwrap());
    let mut rng = Rng::new();
    let mut formatted = 0;
    for f in files {
        let base = std::fs::read(&f).unwrap();
        for _ in 0..rounds(40) {
            let src = mutate(&mut rng, &base, PIECES);
            let fragment = rng.below(4) == 0;
            let src = if fragment { &src[rng.below(src.len())..] } else { &src };
            let rewrite = if rng.below(4) == 0 { Some(&rules[rng.below(rules.len())]) } else { None };
            let opts = Options { simplify: rng.below(2) == 0, fragment, rewrite, all_errors: rng.below(2) == 0 };
            match format_source("p.go", src, opts) {
                Err(errors) => assert!(!errors.is_empty()),
                Ok(f) => {
                    formatted += 1;
                    // A comment in an odd place can come to stand where it breaks a line: then the text is no program any more, with Go's gofmt too.
                    let _ = format_source("p.go", &f.text, Options { fragment, ..Options::default() });
                }
            }
        }
    }
    assert!(formatted > 100, "{formatted} formatted: the changes are too wild to test much");
}

#[test]
fn rules() {
    let mut rng = Rng::new();
    for _ in 0..rounds(3000) {
        let text = mutate(&mut rng, b"a[b:len(a)] -> func(x int) { f(x, a...) }", PIECES);
        let _ = Rule::parse(&String::from_utf8_lossy(&text));
    }
}
