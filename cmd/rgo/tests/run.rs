//! Whole programs: every `testdata/run/*.go`, and every module in a folder there, is built and run by rgo; standard output and exit status must be those on file, standard error up to
//! the first goroutine trace too. The files were written by the reference toolchain.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Standard error without the traces (their addresses differ).
fn head(stderr: &[u8]) -> String {
    String::from_utf8_lossy(stderr).lines().take_while(|l| !l.starts_with("goroutine ")).map(|l| format!("{l}\n")).collect()
}

#[test]
fn programs_print_what_go_prints() {
    let dir = root().join("testdata/run");
    let tmp = tempfile::tempdir().unwrap();
    let mut names: Vec<PathBuf> = std::fs::read_dir(&dir).unwrap().flatten().map(|e| e.path()).filter(|p| p.is_dir() || p.extension().is_some_and(|x| x == "go")).collect();
    names.sort();
    assert!(!names.is_empty());
    let mut bad = Vec::new();
    let env = Command::new(env!("CARGO_BIN_EXE_rgo")).args(["env", "CGO_ENABLED"]).output().unwrap();
    let cgo = env.stdout == b"1\n";
    for p in names {
        let base = p.with_extension("");
        let name = base.file_name().unwrap().to_string_lossy().to_string();
        if name.starts_with("cgo") && !cgo {
            eprintln!("{name}: skipped, there is no C compiler");
            continue;
        }
        let exe = tmp.path().join(&name);
        let mut b = Command::new(env!("CARGO_BIN_EXE_rgo"));
        b.arg("build").arg("-o").arg(&exe);
        let b = if p.is_dir() { b.arg(".").current_dir(&p).output() } else { b.arg(&p).output() }.unwrap();
        if !b.status.success() {
            bad.push(format!("{name}: build failed:\n{}", String::from_utf8_lossy(&b.stderr)));
            continue;
        }
        let r = Command::new(&exe).output().unwrap();
        let read = |ext: &str| std::fs::read(base.with_extension(ext)).unwrap();
        let want_exit: i32 = String::from_utf8(read("exit")).unwrap().trim().parse().unwrap();
        if r.status.code() != Some(want_exit) {
            bad.push(format!("{name}: exit status {:?}, want {want_exit}; stderr:\n{}", r.status, String::from_utf8_lossy(&r.stderr)));
        } else if r.stdout != read("stdout") {
            bad.push(format!("{name}: stdout:\n{}", String::from_utf8_lossy(&r.stdout)));
        } else if head(&r.stderr) != String::from_utf8(read("stderr")).unwrap() {
            bad.push(format!("{name}: stderr:\n{}", String::from_utf8_lossy(&r.stderr)));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn test_programs_know_what_they_are() {
    let tmp = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(tmp.path().join(name), text).unwrap();
    write("go.mod", "module m\n\ngo 1.27\n");
    write("m.go", "package m\n");
    write("m_test.go", "package m\n\nimport \"testing\"\n\nfunc TestIt(t *testing.T) {\n\tif !testing.Testing() {\n\t\tt.Fatal(\"no\")\n\t}\n}\n");
    let out = Command::new(env!("CARGO_BIN_EXE_rgo")).args(["test", "-vet=off", "-count=1", "."]).current_dir(tmp.path()).output().unwrap();
    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
}

/// A program with a race says so and fails; the same with a mutex does not.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn the_race_detector_tells_races_from_order() {
    let tmp = tempfile::tempdir().unwrap();
    let program = |lock: &str, unlock: &str| {
        format!(
            "package main\n\nimport \"sync\"\n\nvar mu sync.Mutex\nvar n int\n\nfunc add() {{\n\t{lock}\n\tn++\n\t{unlock}\n}}\n\nfunc main() {{\n\tvar wg sync.WaitGroup\n\tfor range 2 {{\n\t\twg.Go(add)\n\t}}\n\twg.Wait()\n\tprintln(n)\n}}\n"
        )
    };
    let run = |text: String| {
        let file = tmp.path().join("main.go");
        std::fs::write(&file, text).unwrap();
        let exe = tmp.path().join("main");
        let b = Command::new(env!("CARGO_BIN_EXE_rgo")).args(["build", "-race", "-o"]).arg(&exe).arg(&file).output().unwrap();
        assert!(b.status.success(), "{}", String::from_utf8_lossy(&b.stderr));
        let r = Command::new(&exe).env("GORACE", "atexit_sleep_ms=0").output().unwrap();
        (r.status.code(), String::from_utf8(r.stderr).unwrap())
    };
    let (code, text) = run(program("", ""));
    assert_eq!(code, Some(66), "{text}");
    for part in ["==================\nWARNING: DATA RACE\n", " at 0x00", "\n  main.add()\n      ", "main.go:10 +0x", "\nPrevious write at ", " created at:\n  sync.(*WaitGroup).Go()\n", "Found 1 data race(s)\n"] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    assert_eq!(run(program("mu.Lock()", "mu.Unlock()")), (Some(0), "2\n".to_string()));
}
