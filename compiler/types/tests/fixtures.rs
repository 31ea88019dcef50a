//! The fixtures in `testdata/types`: Go files with expected errors in comments.
//!
//!     code // ERROR "text" `text with "quotes"`
//!
//! Every text is contained in a message reported for its line, and every message reported for a line contains one of its texts.
//! Imports give a stub package; fixtures that need more are in the conformance suites.

use rgo_syntax::ast::{File, NodeIdGen};
use rgo_syntax::{FileSet, Mode, parse_file};
use rgo_types::{Checker, Config, ErrorLog, Importer, Package};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

/// Stand-ins for the packages that fixtures import.
struct Stubs;

fn stub(path: &str) -> Option<&'static str> {
    Some(match path {
        "fmt" => "package fmt\nfunc Println(a ...any) (n int, err error) { return }\nfunc Sprint(a ...any) string { return \"\" }",
        "strings" => "package strings\ntype Reader struct { s string; i int64; prevRune int }\nfunc ToUpper(s string) string { return s }",
        "os" => "package os\nvar Args []string",
        _ => return None,
    })
}

fn check(path: &str, name: &str, src: &[u8], log: &mut ErrorLog) -> &'static Package {
    let mut ids = NodeIdGen::new();
    let r = parse_file(FileSet::global(), &mut ids, name, src, Mode::default());
    for e in &r.errors {
        log.add(e.pos, &e.msg);
    }
    let file: &'static File = Box::leak(Box::new(r.file));
    let package = Package::new(path, "");
    if !log.has_syntax_errors() {
        let conf = Config { go_version: "go1.27".into(), importer: Some(Rc::new(Stubs)), ..Config::default() };
        let c = Checker::new(conf, package, ids.table_len());
        c.check_files(&[file]);
        log.add_all(&c.diagnostics.borrow());
    }
    package
}

impl Importer for Stubs {
    fn import(&self, path: &str, _: &str) -> Result<&'static Package, String> {
        let src = stub(path).ok_or("no such package")?;
        Ok(check(path, "stub.go", src.as_bytes(), &mut ErrorLog::unlimited()))
    }
}

/// The texts of the ERROR comment of a line.
fn expected(line: &str) -> Vec<String> {
    let Some((_, mut rest)) = line.split_once("// ERROR ") else { return Vec::new() };
    let mut list = Vec::new();
    while let Some(q) = rest.chars().next().filter(|c| matches!(c, '"' | '`')) {
        let body = &rest[1..];
        let end = body.find(q).expect("unterminated text in ERROR comment");
        list.push(body[..end].to_string());
        rest = body[end + 1..].trim_start();
    }
    list
}

fn run(path: &Path) -> Vec<String> {
    let src = std::fs::read_to_string(path).expect("fixture");
    let name = path.file_name().expect("name").to_string_lossy().into_owned();
    let mut log = ErrorLog::unlimited();
    check("p", &format!("./{name}"), src.as_bytes(), &mut log);
    let mut got: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for l in log.lines() {
        let mut parts = l.splitn(4, ':');
        let (_, line, _, msg) = (parts.next(), parts.next(), parts.next(), parts.next());
        let line = line.and_then(|n| n.parse().ok()).unwrap_or(0);
        got.entry(line).or_default().push(msg.unwrap_or(&l).trim_start().to_string());
    }
    let mut bad = Vec::new();
    for (i, text) in src.lines().enumerate() {
        let want = expected(text);
        let have = got.remove(&(i + 1)).unwrap_or_default();
        for w in want.iter().filter(|w| !have.iter().any(|h| h.contains(*w))) {
            bad.push(format!("{name}:{}: no error {w:?}", i + 1));
        }
        for h in have.iter().filter(|h| !want.iter().any(|w| h.contains(w))) {
            bad.push(format!("{name}:{}: unexpected error {h:?}", i + 1));
        }
    }
    bad.extend(got.into_values().flatten());
    bad
}

#[test]
fn fixtures() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/types");
    let mut files: Vec<_> = std::fs::read_dir(dir).expect("testdata/types").filter_map(|e| e.ok()).map(|e| e.path()).filter(|p| p.extension().is_some_and(|x| x == "go")).collect();
    files.sort();
    assert!(!files.is_empty());
    // Trees are walked recursively.
    let t = std::thread::Builder::new().stack_size(64 << 20).spawn(move || files.iter().flat_map(|f| run(f)).collect::<Vec<_>>());
    let bad = t.expect("thread").join().expect("no panic");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
