//! Changed bytes in Go files: the parsers and the build constraints never panic.

#[path = "../../../testdata/fuzz/mutate.rs"]
mod mutate;

use mutate::{Rng, mutate, rounds};
use rgo_syntax::ast::NodeIdGen;
use rgo_syntax::build::{self, BuildContext, Constraint};
use rgo_syntax::pragma;
use rgo_syntax::{FileSet, Mode, goparser, parse_file};

const HEADER: &str = "// Copyright of somebody.\n\n//go:build (linux && !cgo) || go1.21 && (amd64 || custom.tag)\n// +build linux,!cgo go1.21\n\n/* Package p\n   is documented. */\npackage p // import \"example.org/p\"\n\nimport \"fmt\"\nimport (\n\tx \"example.org/x/v2\"\n\t. `embed`; _ \"C\"\n)\n\n//go:embed a.txt \"b c.txt\" `d*`\nvar files embed.FS\n\nfunc main() { fmt.Println(x.Y) }\n";

const PIECES: &[&str] = &[
    "//go:build ", "// +build ", "&&", "||", "!", "(", ")", "\n", "\r\n", "/*", "*/", "//", "\"", "`", "'", "\\", "\0", "\u{feff}", "é", "import", "package", ";",
    "{", "}", "[", "]", "...", "<-", "func", "type", "case", "0x", "~", "|", ",", "//line x:1\n", "range", "go1.", "//go:embed ", "/*line :0:0*/", "\u{2028}",
];

#[test]
fn headers_and_constraints() {
    let mut ctx = BuildContext::new("linux", "amd64");
    ctx.build_tags.push("custom.tag".into());
    let mut rng = Rng::new();
    let mut seen = 0;
    for _ in 0..rounds(8000) {
        let src = mutate(&mut rng, HEADER.as_bytes(), PIECES);
        let _ = ctx.should_build(&src);
        for line in String::from_utf8_lossy(&src).lines() {
            if let Some(Ok(c)) = Constraint::parse_line(line) {
                seen += 1;
                let all = c.eval(&mut |_| true) as u32 + c.eval(&mut |_| false) as u32;
                assert!(all <= 2);
                let _ = c.go_version();
            }
            if let Some(args) = line.strip_prefix("//go:embed ") {
                let _ = pragma::parse_embed_args(args);
            }
            let _ = build::unquote(line);
            let _ = build::unquote_rune(line);
            let _ = ctx.match_file_name(line);
        }
    }
    assert!(seen > 500, "{seen} constraints: the changes are too wild to test much");
}

#[test]
fn golden_programs() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/run");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|x| x == "go")).collect();
    files.sort();
    assert!(!files.is_empty());
    let mut rng = Rng::new();
    for f in files {
        let base = std::fs::read(&f).unwrap();
        for _ in 0..rounds(400) {
            let src = mutate(&mut rng, &base, PIECES);
            let (set, mut ids) = (FileSet::new(), NodeIdGen::new());
            let r = parse_file(&set, &mut ids, "p.go", &src, Mode::default());
            for e in &r.errors {
                assert!(!e.msg.is_empty() && set.position(e.pos).offset as usize <= src.len());
            }
            let tools = goparser::parse_file(&set, &mut ids, "p.go", &src, rng.below(2) == 0);
            assert!(tools.errors.iter().all(|e| !e.msg.is_empty() && e.pos.offset as usize <= src.len()));
        }
    }
}
