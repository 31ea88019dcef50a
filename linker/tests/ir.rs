//! Runs the IR fixtures: text -> parser -> verifier -> LLVM (both levels) -> link with a tiny assembly harness -> run.
//!
//! In a fixture, `; run: N` gives the exit status of `main.test`, `; check: S` a text that the final LLVM IR (release) must contain.

use std::path::{Path, PathBuf};
use std::process::Command;

use rgo_linker::{Input, LinkOptions, Object, link};
use rgo_llvm::{EmitIr, Level, Options, RtSymbols, compile_module};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/ir")
}

fn harness(dir: &Path) -> Vec<u8> {
    let o = dir.join("h.o");
    let src = fixtures().join("harness.s");
    let ok = Command::new("cc").args(["-c", "-o"]).arg(&o).arg(src).status().expect("cc runs").success();
    assert!(ok, "harness assembles");
    std::fs::read(o).unwrap()
}

fn run_fixture(path: &Path, dir: &Path, harness: &[u8]) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).unwrap();
    let m = rgo_ir::parse(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    rgo_ir::verify(&m).unwrap_or_else(|e| panic!("{name}: {}", e.join("\n")));
    let printed = rgo_ir::print(&m);
    assert_eq!(rgo_ir::print(&rgo_ir::parse(&printed).unwrap()), printed, "{name}: text form round-trips");
    let rt = RtSymbols::from_names(["rt.main.provided"]);
    for level in [Level::Dev, Level::Release] {
        let after = dir.join(format!("{name}.ll"));
        let opts = Options {
            emit_ir: EmitIr { before: None, after: Some(after.clone()) },
            verify: true,
            ..Options::linux_amd64(level, &rt)
        };
        let o = compile_module(&m, &opts).unwrap_or_else(|e| panic!("{name}: {e}"));
        if level == Level::Release {
            let ll = std::fs::read_to_string(&after).unwrap();
            for l in text.lines().filter_map(|l| l.strip_prefix("; check: ")) {
                assert!(ll.contains(l), "{name}: LLVM IR lacks {l:?}:\n{ll}");
            }
        }
        let pad = rgo_abi::functab::read_sidecar(&o.sidecar).unwrap().iter().find_map(|f| f.pad).unwrap_or(0);
        let mut h = harness.to_vec();
        patch_pad(&mut h, pad);
        let exe = dir.join(format!("{name}.exe"));
        let mut l = LinkOptions::new(&exe, Input::Bytes(h));
        l.objects.push(Object {
            package: m.name.clone(),
            object: Input::Bytes(o.object),
            assembly: None,
            sidecar: Some(Input::Bytes(o.sidecar)),
            graph: Some(Input::Bytes(o.graph)),
            aliases: o.foreign_aliases,
        });
        link(&l).unwrap_or_else(|e| panic!("{name}: {e}"));
        let want: i32 = text.lines().find_map(|l| l.strip_prefix("; run: ")).expect("run line").trim().parse().unwrap();
        let st = Command::new(&exe).status().unwrap();
        assert_eq!(st.code(), Some(want), "{name} at {level:?}: {st}");
    }
}

/// Writes the pad's offset into the harness object's `test.pad`.
fn patch_pad(h: &mut [u8], pad: u32) {
    use object::{Object as _, ObjectSection, ObjectSymbol};
    let f = object::File::parse(&*h).unwrap();
    let s = f.symbols().find(|s| s.name() == Ok("test.pad")).unwrap();
    let sec = f.section_by_index(s.section_index().unwrap()).unwrap();
    let at = (sec.file_range().unwrap().0 + s.address()) as usize;
    h[at..at + 8].copy_from_slice(&(pad as u64).to_le_bytes());
}

#[test]
fn fixtures_run() {
    let tmp = tempfile::tempdir().unwrap();
    let h = harness(tmp.path());
    let mut n = 0;
    for e in std::fs::read_dir(fixtures()).unwrap() {
        let p = e.unwrap().path();
        if p.extension().is_some_and(|x| x == "ir") {
            run_fixture(&p, tmp.path(), &h);
            n += 1;
        }
    }
    assert!(n >= 5, "fixtures found");
}

#[test]
fn undefined_symbols_name_the_function() {
    let tmp = tempfile::tempdir().unwrap();
    let text = "module \"p\"\nfunc external @main.test () -> (i64) loc 0:0 {\nb0:\n  v0: i64 = call @p.gone () -> (i64) ()\n  ret (v0)\n}\n";
    let m = rgo_ir::parse(text).unwrap();
    let rt = RtSymbols::default();
    let o = compile_module(&m, &Options::linux_amd64(Level::Release, &rt)).unwrap();
    let mut l = LinkOptions::new(tmp.path().join("x"), Input::Bytes(harness(tmp.path())));
    l.objects.push(Object { package: "p".into(), object: Input::Bytes(o.object), assembly: None, sidecar: None, graph: Some(Input::Bytes(o.graph)), aliases: vec![] });
    let e = link(&l).unwrap_err();
    assert!(e.0.contains("main.test: relocation target p.gone not defined"), "{e}");
}

#[test]
fn variables_set_by_the_linker() {
    let tmp = tempfile::tempdir().unwrap();
    let text = "module \"main\"\nglobal external @main.v size 16 align 8 pointers {  }\nfunc external @main.test () -> (i64) loc 0:0 {\nb0:\n  v0: ptr = sym @main.v+8\n  v1: i64 = load v0\n  ret (v1)\n}\n";
    let m = rgo_ir::parse(text).unwrap();
    let rt = RtSymbols::default();
    let o = compile_module(&m, &Options::linux_amd64(Level::Release, &rt)).unwrap();
    let exe = tmp.path().join("x");
    let mut l = LinkOptions::new(&exe, Input::Bytes(harness(tmp.path())));
    l.objects.push(Object { package: "main".into(), object: Input::Bytes(o.object), assembly: None, sidecar: None, graph: Some(Input::Bytes(o.graph)), aliases: vec![] });
    l.x_vars.push(("main.v".into(), "hello".into()));
    l.strip_symbols = true;
    link(&l).unwrap();
    assert_eq!(Command::new(&exe).status().unwrap().code(), Some(5));
    // Output to a device is possible and leaves it alone.
    l.output = "/dev/null".into();
    link(&l).unwrap();
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}
