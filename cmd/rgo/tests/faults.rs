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

/// Every command ends quietly when nobody reads what it writes.
#[test]
fn nobody_reads() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path().canonicalize().unwrap();
    std::fs::write(dir.join("go.mod"), "module m\n\ngo 1.27\n").unwrap();
    std::fs::write(dir.join("m.go"), "package m\n").unwrap();
    std::fs::write(dir.join("odd.go"), "package m\nvar X   = 1\n").unwrap();
    std::fs::write(dir.join("m_test.go"), "package m\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) { t.Log(1) }\n").unwrap();
    for line in ["bug", "help build", "env -json", "version", "list -json std", "list -m", "mod graph", "mod edit -print", "gofmt m.go", "gofmt -l odd.go", "tool", "test -vet=off -v", "test -vet=off -json"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let r = Command::new(env!("CARGO_BIN_EXE_rgo")).args(line.split(' ')).current_dir(&dir).stdin(std::process::Stdio::null()).stdout(writer).stderr(std::process::Stdio::piped()).output().unwrap();
        assert_eq!((r.status.code(), String::from_utf8_lossy(&r.stderr).as_ref()), (Some(141), ""), "{line}");
    }
}
