//! Packages that import "C", through the command line. Where there is no C compiler only the rules for that case are looked at.

use std::path::Path;
use std::process::{Command, Output};

fn rgo(dir: &Path, vars: &[(&str, &str)], args: &[&str]) -> Output {
    let mut c = Command::new(env!("CARGO_BIN_EXE_rgo"));
    for v in ["CGO_ENABLED", "CC", "CXX", "CGO_CFLAGS", "CGO_LDFLAGS", "GOFLAGS"] {
        c.env_remove(v);
    }
    c.args(args).current_dir(dir).envs(vars.iter().copied()).output().unwrap()
}

fn text(o: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr))
}

fn ok(dir: &Path, vars: &[(&str, &str)], args: &[&str]) -> String {
    let o = rgo(dir, vars, args);
    assert!(o.status.success(), "{args:?}: {}", text(&o));
    String::from_utf8_lossy(&o.stdout).into_owned()
}

fn fails(dir: &Path, vars: &[(&str, &str)], args: &[&str], want: &[&str]) {
    let o = rgo(dir, vars, args);
    let t = text(&o);
    assert!(!o.status.success(), "{args:?}: {t}");
    for w in want {
        assert!(t.contains(w), "{args:?}: no {w:?} in:\n{t}");
    }
}

fn module(files: &[(&str, &str)]) -> tempfile::TempDir {
    let d = tempfile::tempdir().unwrap();
    std::fs::write(d.path().join("go.mod"), "module m\n\ngo 1.27\n").unwrap();
    for (name, data) in files {
        let p = d.path().join(name);
        std::fs::create_dir_all(p.parent().unwrap()).unwrap();
        std::fs::write(p, data).unwrap();
    }
    d
}

/// Whether there is a C compiler.
fn compiler() -> bool {
    let d = tempfile::tempdir().unwrap();
    let yes = ok(d.path(), &[], &["env", "CGO_ENABLED"]) == "1\n";
    if !yes {
        eprintln!("skipped, there is no C compiler");
    }
    yes
}

const MAIN: &str = "package main\n\n// #cgo CFLAGS: -DN=3\n// static int n(void) { return N; }\nimport \"C\"\n\nfunc main() { println(C.n()) }\n";

#[test]
fn when_cgo_is_on() {
    let d = module(&[("a.go", MAIN), ("x.c", "int x;\n"), ("p/p.go", "package p\n"), ("p/p.c", "int p;\n"), ("t/t.go", "package t\n"), ("t/t_test.go", "package t\n\nimport \"C\"\n")]);
    let d = d.path();
    let env = |vars: &[(&str, &str)]| ok(d, vars, &["env", "CGO_ENABLED"]);
    assert_eq!(env(&[("CGO_ENABLED", "0")]), "0\n");
    assert_eq!(env(&[("CGO_ENABLED", "1"), ("PATH", "")]), "1\n");
    assert_eq!(env(&[("PATH", "")]), "0\n");
    assert_eq!(env(&[("PATH", ""), ("CC", "x")]), "1\n");
    assert_eq!(env(&[("GOARCH", "arm64")]), "0\n");
    let off = [("CGO_ENABLED", "0")];
    let on = [("CGO_ENABLED", "1")];
    fails(d, &off, &["build", "."], &["build constraints exclude all Go files in "]);
    fails(d, &on, &["list", "./p"], &["C source files not allowed when not using cgo or SWIG: p.c"]);
    ok(d, &off, &["list", "./p"]);
    fails(d, &off, &["list", "./t"], &["use of cgo in test ", "t_test.go not supported"]);
    let fields = "{{.GoFiles}} {{.CgoFiles}} {{.CFiles}} {{.IgnoredGoFiles}} {{.CgoCFLAGS}} {{.Imports}}";
    assert_eq!(ok(d, &on, &["list", "-f", fields, "."]), "[] [a.go] [x.c] [] [-DN=3] [C]\n");
    assert!(ok(d, &on, &["list", "-deps", "."]).contains("runtime/cgo\n"));
    // Not built with cgo, but shown as go builds it.
    assert!(ok(d, &on, &["list", "-f", "{{.CgoFiles}}", "net"]).contains("cgo_linux.go"));
    assert_eq!(ok(d, &off, &["list", "-f", "{{.CgoFiles}}", "net"]), "[]\n");
}

#[test]
fn flags_of_sources_are_checked() {
    let src = |line: &str| format!("package m\n\n// #cgo {line}\nimport \"C\"\n");
    let d = module(&[]);
    let d = d.path();
    let on = [("CGO_ENABLED", "1"), ("CC", "gcc")];
    for (line, want) in [
        ("CFLAGS: -fplugin=x.so", "m: invalid flag in #cgo CFLAGS: -fplugin=x.so (see https://go.dev/s/invalidflag)"),
        ("LDFLAGS: -Wl,-T,x", "m: invalid flag in #cgo LDFLAGS: -Wl,-T,x"),
        ("pkg-config: -foo", "m: invalid pkg-config package name: -foo"),
        ("pkg-config: --log-file=x y", "m: invalid flag in pkg-config: --log-file=x"),
        ("CFLAGS", "a.go: invalid #cgo line: #cgo CFLAGS"),
        ("CFLAGS: $(x)", "a.go: malformed #cgo argument: $(x)"),
    ] {
        std::fs::write(d.join("a.go"), src(line)).unwrap();
        fails(d, &on, &["build", "."], &[want]);
    }
}

#[test]
fn messages_of_c_compilers() {
    let gone = module(&[("a.go", MAIN)]);
    fails(gone.path(), &[("CGO_ENABLED", "1"), ("CC", "no-such-compiler")], &["build", "."], &["# m\ncgo: C compiler \"no-such-compiler\" not found: exec: \"no-such-compiler\": executable file not found in $PATH"]);
    if !compiler() {
        return;
    }
    let d = module(&[
        ("a.go", "package main\n\n// int f(void);\nimport \"C\"\n\nfunc main() { C.f() }\n"),
        ("x/x.go", "package x\n\nimport \"C\"\n"), ("x/x.c", "#include \"gone.h\"\n"),
        ("y/y.go", "package y\n\n// typedef int T;\nimport \"C\"\n\nfunc f() { var t C.T = \"s\" }\n\nfunc (C.T) M() {}\n"),
        ("z/z.go", "package z\n\nimport \"C\"\n\nfunc f() { C.none() }\n"),
        ("s/s.go", "package s\n\nimport \"C\"\n"), ("s/s.s", "TEXT x(SB),$0\n\tRET\n"),
        ("d/d.go", "package main\n\nimport (\n\t\"C\"\n\t_ \"m/d/e\"\n)\n\nfunc main() {}\n"), ("d/d.c", "int twice;\nint f(void) { return 1; }\n"),
        ("d/e/e.go", "package e\n\nimport \"C\"\n"), ("d/e/e.c", "int twice = 1;\nint f(void) { return 2; }\n"),
        ("w/w.go", "package w\n\nimport \"C\"\n"), ("w/w.c", "#warning careful\n"),
    ]);
    let d = d.path();
    fails(d, &[], &["build", "."], &["# m\nm: in function `_cgo_", "undefined reference to `f'"]);
    fails(d, &[], &["build", "./x"], &["# m/x\n", "x.c:1:10: fatal error: gone.h"]);
    fails(d, &[], &["build", "./y"], &["# m/y\n", "y/y.go:8:7: cannot define new methods on non-local type C.T"]);
    fails(d, &[], &["build", "./z"], &["# m/z\n", "z/z.go:5:12: could not determine what C.none refers to"]);
    fails(d, &[], &["build", "./s"], &["m/s: package using cgo has Go assembly file s.s"]);
    fails(d, &[], &["build", "-o", "out", "./d"], &["multiple definition of `f'", "m/d/e", "multiple definition of `twice'"]);
    // Warnings are shown again when the result comes from the cache.
    for _ in 0..2 {
        let o = rgo(d, &[], &["build", "./w"]);
        assert!(o.status.success() && text(&o).contains("# m/w\n") && text(&o).contains("#warning careful"), "{}", text(&o));
    }
}

#[test]
fn programs() {
    if !compiler() {
        return;
    }
    let d = module(&[("a.go", MAIN), ("a_test.go", "package main\n\nimport \"testing\"\n\nfunc TestMain1(t *testing.T) { main() }\n"), ("h.h", "")]);
    let d = d.path();
    let run = || text(&Command::new(d.join("out")).output().unwrap());
    ok(d, &[], &["build", "-o", "out", "."]);
    assert_eq!(run(), "3\n");
    // Flags and headers count.
    ok(d, &[("CGO_CFLAGS", "-UN -DN=4")], &["build", "-o", "out", "."]);
    assert_eq!(run(), "3\n");
    std::fs::write(d.join("a.go"), MAIN.replace("// static", "// #include \"h.h\"\n// static")).unwrap();
    std::fs::write(d.join("h.h"), "#undef N\n#define N 5\n").unwrap();
    ok(d, &[], &["build", "-o", "out", "."]);
    assert_eq!(run(), "5\n");
    std::fs::write(d.join("h.h"), "#undef N\n#define N 6\n").unwrap();
    ok(d, &[], &["build", "-o", "out", "."]);
    assert_eq!(run(), "6\n");
    for ldflags in ["-s -w", "-w", "-linkmode=external", "-linkmode=external -extldflags=-static"] {
        ok(d, &[], &["build", "-o", "out", &format!("-ldflags={ldflags}"), "."]);
        assert_eq!(run(), "6\n", "{ldflags}");
    }
    // Intermediate code of the C compiler's optimiser alone could not be linked.
    ok(d, &[("CGO_CFLAGS", "-O2 -flto")], &["build", "-o", "out", "."]);
    assert_eq!(run(), "6\n");
    assert!(ok(d, &[], &["version", "-m", "out"]).contains("build\tCGO_ENABLED=1\n"));
    ok(d, &[], &["test", "."]);
    ok(d, &[], &["vet", "."]);
    let o = rgo(d, &[], &["test", "-cover", "."]);
    assert!(o.status.success() && text(&o).contains("coverage: 100.0% of statements"), "{}", text(&o));
    let files = ok(d, &[], &["list", "-compiled", "-f", "{{len .CompiledGoFiles}} {{index .CompiledGoFiles 0}}", "."]);
    assert!(files.starts_with("2 /") && files.ends_with("-d\n"), "{files}");
    fails(d, &[], &["build", "-o", "out", "-ldflags=-extldflags=-pie", "."], &["-pie"]);
}

/// Objects that the cache loses between cgo's run and the link are made again.
#[test]
fn lost_objects() {
    if !compiler() {
        return;
    }
    let name = format!("lost_{}", std::process::id());
    let d = module(&[("a.go", &MAIN.replace("n(void)", &format!("{name}(void)")).replace("C.n()", &format!("C.{name}()")))]);
    let d = d.path();
    ok(d, &[], &["build", "-o", "prog", "."]);
    let run = || String::from_utf8_lossy(&Command::new(d.join("prog")).output().unwrap().stderr).into_owned();
    assert_eq!(run(), "3\n");
    std::fs::remove_file(d.join("prog")).unwrap();
    let cache = std::path::PathBuf::from(ok(d, &[], &["env", "GOCACHE"]).trim()).join("rgo");
    let mut damaged = 0;
    for folder in std::fs::read_dir(cache).unwrap().flatten() {
        for f in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let fresh = f.metadata().and_then(|m| m.modified()).is_ok_and(|t| t.elapsed().is_ok_and(|e| e.as_secs() < 60));
            let Some(mut data) = fresh.then(|| std::fs::read(f.path()).ok()).flatten() else { continue };
            let symbol = format!("_Cfunc_{name}");
            if !data.windows(14).any(|w| w == b"cgo-gcc-prolog") || !data.windows(symbol.len()).any(|w| w == symbol.as_bytes()) {
                continue;
            }
            while let Some(at) = data.windows(4).position(|w| w == b"\x7fELF") {
                data[at] = b'x';
            }
            std::fs::write(f.path(), data).unwrap();
            damaged += 1;
        }
    }
    assert_eq!(damaged, 1);
    ok(d, &[], &["build", "-o", "prog", "."]);
    assert_eq!(run(), "3\n");
}
