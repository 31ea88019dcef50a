//! Outputs that cannot be written.

use std::process::Command;

#[test]
fn no_space_for_the_program() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path().canonicalize().unwrap();
    std::fs::write(dir.join("main.go"), "package main\n\nfunc main() {}\n").unwrap();
    let r = Command::new(env!("CARGO_BIN_EXE_rgo")).args(["build", "-o", "/dev/full", "main.go"]).current_dir(&dir).output().unwrap();
    let text = String::from_utf8_lossy(&r.stderr);
    assert_eq!((r.status.code(), text.as_ref()), (Some(1), "# command-line-arguments\nwrite /dev/full: no space left on device\n"));
}
