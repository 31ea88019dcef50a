//! GOCACHEPROG: a program of the protocol keeps all that rgo would keep in GOCACHE.

use std::path::Path;
use std::process::{Command, Output};

fn build(dir: &Path, program: &str, out: &str) -> Output {
    let mut c = Command::new(env!("CARGO_BIN_EXE_rgo"));
    c.args(["build", "-v", "-o", out, "."]).current_dir(dir).env("GOCACHEPROG", program);
    c.output().unwrap()
}

fn stderr(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}

#[test]
fn a_program_keeps_the_cache() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path();
    let helper = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cacheprog/main.go");
    let exe = dir.join("keeper");
    let r = Command::new(env!("CARGO_BIN_EXE_rgo")).arg("build").arg("-o").arg(&exe).arg(&helper).env_remove("GOCACHEPROG").output().unwrap();
    assert!(r.status.success(), "{}", stderr(&r));
    std::fs::write(dir.join("go.mod"), "module m\n\ngo 1.27\n").unwrap();
    // No imports: the runtime is compiled, little else.
    std::fs::write(dir.join("m.go"), "package main\n\nfunc main() { println(\"hello\") }\n").unwrap();
    let store = dir.join("store");
    let program = format!("'{}' {}", exe.display(), store.display());
    let run = |out: &str| stderr(&Command::new(dir.join(out)).output().unwrap());
    let first = build(dir, &program, "a");
    assert!(first.status.success() && stderr(&first).contains("cp: gets "), "{}", stderr(&first));
    assert_eq!(run("a"), "hello\n");
    let second = build(dir, &program, "b");
    assert!(second.status.success() && stderr(&second).starts_with("cp: gets "), "compiled again:\n{}", stderr(&second));
    assert_eq!(run("b"), "hello\n");
    // What is damaged there is noticed and made again.
    for f in std::fs::read_dir(&store).unwrap().flatten().filter(|f| f.file_name().to_string_lossy().starts_with("o-")) {
        let mut data = std::fs::read(f.path()).unwrap();
        if let Some(b) = data.first_mut() {
            *b ^= 1;
        }
        std::fs::write(f.path(), data).unwrap();
    }
    let third = build(dir, &program, "c");
    assert!(third.status.success(), "{}", stderr(&third));
    assert_eq!(run("c"), "hello\n");
}

#[test]
fn programs_that_are_none() {
    let tmp = tempfile::tempdir().unwrap();
    std::fs::write(tmp.path().join("go.mod"), "module m\n\ngo 1.27\n").unwrap();
    std::fs::write(tmp.path().join("m.go"), "package main\n\nfunc main() {}\n").unwrap();
    for (program, want) in [
        ("'", "GOCACHEPROG args: unterminated ' string\n"),
        ("/no/such", "error starting GOCACHEPROG program \"/no/such\": fork/exec /no/such: no such file or directory\n"),
        ("no-such-program", "error starting GOCACHEPROG program \"no-such-program\": exec: \"no-such-program\": executable file not found in $PATH\n"),
        ("true", "GOCACHEPROG exited pre-Close with 1 pending requests\n"),
        ("echo hello", "error reading JSON from GOCACHEPROG: invalid character 'h' looking for beginning of value\n"),
    ] {
        let r = build(tmp.path(), program, "a");
        assert_eq!((r.status.code(), stderr(&r).as_str()), (Some(1), want), "{program}");
    }
}
