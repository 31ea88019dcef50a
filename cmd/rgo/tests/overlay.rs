//! Files that only an overlay has.

use std::process::Command;

#[test]
fn files_named_on_the_command_line() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path().canonicalize().unwrap();
    let (there, src, gone) = (dir.join("p.go"), dir.join("source"), dir.join("gone.go"));
    std::fs::write(&src, "package p\n").unwrap();
    std::fs::write(&gone, "package p\n").unwrap();
    let json = dir.join("overlay.json");
    std::fs::write(&json, format!(r#"{{"replace":{{"{}":"{}","{}":""}}}}"#, there.display(), src.display(), gone.display())).unwrap();
    let list = |file: &str| {
        let mut c = Command::new(env!("CARGO_BIN_EXE_rgo"));
        c.args(["list", "-f", "{{.ImportPath}} {{.Name}} {{.GoFiles}}"]).arg(format!("-overlay={}", json.display())).arg(file).current_dir(&dir);
        c.output().unwrap()
    };
    for file in ["p.go", "./p.go", there.to_str().unwrap()] {
        let r = list(file);
        assert_eq!(String::from_utf8_lossy(&r.stdout), "command-line-arguments p [p.go]\n", "{}", String::from_utf8_lossy(&r.stderr));
    }
    assert!(!list("gone.go").status.success());
}
