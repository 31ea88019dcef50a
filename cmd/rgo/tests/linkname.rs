//! Linkname directives that cannot be followed.

use std::process::Command;

#[test]
fn one_symbol_for_two_declarations() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path().canonicalize().unwrap();
    std::fs::write(dir.join("go.mod"), "module m\n\ngo 1.27\n").unwrap();
    let text = "package main\n\nimport _ \"unsafe\"\n\n//go:linkname f m.s\nfunc f() {}\n\n//go:linkname g m.s\nfunc g() {}\n\n//go:linkname v main.w\nvar v, w int\n\n//go:linkname h m.s\nfunc h()\n\nfunc main() { h() }\n";
    std::fs::write(dir.join("main.go"), text).unwrap();
    let r = Command::new(env!("CARGO_BIN_EXE_rgo")).args(["build", "."]).current_dir(&dir).output().unwrap();
    // A function without body defines nothing.
    let want = "# m\n./main.go:9:6: symbol m.s redeclared\n\t./main.go:6:6: other declaration of symbol m.s\n\
                ./main.go:12:8: symbol main.w redeclared\n\t./main.go:12:5: other declaration of symbol main.w\n";
    assert_eq!((r.status.code(), String::from_utf8_lossy(&r.stderr).as_ref()), (Some(1), want));
}
