//! Changed words in Go programs: the type checker reports errors and never panics.

#[path = "../../../testdata/fuzz/mutate.rs"]
#[allow(dead_code)] // words are changed here, not bytes
mod mutate;

use mutate::{Rng, rounds};
use rgo_syntax::ast::{File, NodeIdGen};
use rgo_syntax::{FileSet, Mode, parse_file};
use rgo_types::{Checker, Config, Package};

/// Words, and runs of other characters.
fn pieces(s: &str) -> Vec<&str> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = Vec::new();
    let mut start = 0;
    for (i, w) in s.char_indices().zip(s.char_indices().skip(1)).map(|(a, b)| (b.0, (a.1, b.1))) {
        if word(w.0) != word(w.1) {
            out.push(&s[start..i]);
            start = i;
        }
    }
    out.push(&s[start..]);
    out
}

fn change(rng: &mut Rng, src: &str) -> String {
    let mut p = pieces(src);
    let words: Vec<usize> = (0..p.len()).filter(|&k| p[k].starts_with(|c: char| c.is_alphabetic())).collect();
    for _ in 0..1 + rng.below(3) {
        let (i, j) = (words[rng.below(words.len())], words[rng.below(words.len())]);
        p[i] = if rng.below(8) == 0 { "" } else { p[j] };
    }
    p.concat()
}

fn search() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/run");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|x| x == "go")).collect();
    files.sort();
    let mut rng = Rng::new();
    let mut checked = 0;
    for f in &files {
        let base = std::fs::read_to_string(f).unwrap();
        for _ in 0..rounds(150) {
            let text = change(&mut rng, &base);
            let mut ids = NodeIdGen::new();
            let r = parse_file(FileSet::global(), &mut ids, "m.go", text.as_bytes(), Mode::default());
            if r.errors.iter().any(|e| e.msg.starts_with("syntax error")) {
                continue;
            }
            checked += 1;
            let file: &'static File = Box::leak(Box::new(r.file));
            let outcome = std::panic::catch_unwind(move || {
                let c = Checker::new(Config { go_version: "go1.27".into(), ..Config::default() }, Package::new("p", ""), ids.table_len());
                c.check_files(&[file]);
                for d in c.diagnostics.borrow().iter() {
                    assert!(!d.text().is_empty());
                }
            });
            assert!(outcome.is_ok(), "the checker panics on\n{text}");
        }
    }
    assert!(checked > 200, "{checked} checked: the changes are too wild to test much");
}

#[test]
fn changed_programs() {
    // Room for deep recursion, as the go command gives it.
    std::thread::Builder::new().stack_size(256 << 20).spawn(search).unwrap().join().unwrap();
}
