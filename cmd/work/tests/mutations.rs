//! Changed bytes in what the go command reads besides Go source: heads of files, build constraints, embed patterns, package patterns, cache entries, build information. Never a panic, and
//! a damaged cache entry is never believed.

#[path = "../../../testdata/fuzz/mutate.rs"]
mod mutate;

use mutate::{Rng, mutate, rounds};
use rgo_work::cache::{Cache, Entry, KeyBuilder};
use rgo_work::pattern::Matcher;
use rgo_syntax::build::Constraint;
use rgo_work::{buildinfo, embed, header, pattern};

const PIECES: &[&str] = &[
    "//go:build ", "// +build ", "&&", "||", "!", "(", ")", "\n", "\r\n", "/*", "*/", "//", "\"", "`", "'", "\\", "\0", "\u{feff}", "é", "import", "package", ";", "...", "/", "..", "*", "?", "[", "]",
    "-", "^", "//go:embed ", "//go:debug x=y", "_", "C",
];

#[test]
fn heads_of_files() {
    let base = "// Text.\n\n//go:build (linux && !cgo) || go1.21\n// +build linux,!cgo go1.21\n\n//go:debug a=b\n\n/* Doc. */\npackage p // import \"x\"\n\nimport \"fmt\"\nimport (\n\tx \"a/b\"\n\t. `embed`; _ \"C\"\n)\n\n//go:embed a.txt \"b c\" `d*`\nvar f embed.FS\n";
    let mut rng = Rng::new();
    let mut right = 0;
    for _ in 0..rounds(8000) {
        let src = mutate(&mut rng, base.as_bytes(), PIECES);
        let h = header::read(&src);
        right += usize::from(h.error.is_none());
        let _ = header::constraint_of(&src);
        let _ = header::synopsis(&h.doc);
        for line in String::from_utf8_lossy(&src).lines() {
            if let Some(Ok(e)) = Constraint::parse_line(line) {
                let _ = e.eval(&mut |_| false);
            }
        }
    }
    assert!(right > 500, "{right} right: the changes are too wild to test much");
}

#[test]
fn patterns() {
    let tmp = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(tmp.path().join("d/.hidden")).unwrap();
    std::fs::write(tmp.path().join("d/a.txt"), "a").unwrap();
    std::fs::write(tmp.path().join("outside"), "x").unwrap();
    let mut rng = Rng::new();
    for i in 0..rounds(6000) {
        let base = ["a/b...", "./...", "d/*.txt", "all:d", "[a-z]?*\\x", "../x//y/./z"][i % 6];
        let text = String::from_utf8_lossy(&mutate(&mut rng, base.as_bytes(), PIECES)).into_owned();
        let m = Matcher::new(&text);
        let _ = (m.matches("a/b/c"), m.matches(&text), pattern::is_local(&text), pattern::is_standard_path(&text), embed::glob_match(&text, "d/a.txt"));
        assert_eq!(pattern::clean(&pattern::clean(&text)), pattern::clean(&text));
        if let Ok(files) = embed::resolve(&tmp.path().join("d"), &text) {
            assert!(files.iter().all(|f| !f.split('/').any(|p| p == "..")), "{text:?} embeds {files:?}");
        }
    }
}

#[test]
fn cache_entries() {
    let tmp = tempfile::tempdir().unwrap();
    let cache = Cache::new(tmp.path());
    let key = KeyBuilder::new("test").text("a", "b").finish();
    let mut e = Entry::default();
    e.set("object", (0..3000u32).map(|i| (i * 7) as u8).collect());
    e.set("sidecar", b"some text".to_vec());
    e.set("aliases", Vec::new());
    cache.put(&key, &e).unwrap();
    assert_eq!(cache.get(&key).as_ref(), Some(&e));
    let base = std::fs::read(cache.path(&key)).unwrap();
    let mut rng = Rng::new();
    for _ in 0..rounds(1500) {
        let data = mutate(&mut rng, &base, PIECES);
        std::fs::create_dir_all(cache.path(&key).parent().unwrap()).unwrap();
        std::fs::write(cache.path(&key), &data).unwrap();
        // What is read is what was stored, or nothing.
        if let Some(s) = cache.open(&key) {
            for (name, want) in &e.sections {
                let got = s.read(name);
                assert!(got.is_none() || got.as_ref() == Some(want), "{name} is damaged but believed");
            }
        }
        if let Some(got) = cache.get(&key) {
            for (name, data) in &got.sections {
                assert_eq!(e.sections.get(name), Some(data), "{name} is damaged but believed");
            }
        }
    }
}

#[test]
fn build_information() {
    let info = buildinfo::BuildInfo { go_version: "go1.27.3".into(), text: "path\tp\nmod\tm\t(devel)\t\nbuild\t-compiler=gc\n".into() };
    let mut base = b"\x7fELF".to_vec();
    base.resize(64, 0);
    base.extend(info.section());
    let mut rng = Rng::new();
    let mut found = 0;
    for _ in 0..rounds(5000) {
        let data = mutate(&mut rng, &base, PIECES);
        found += usize::from(buildinfo::read(&data).is_ok());
    }
    assert!(found > 500, "{found} found: the changes are too wild to test much");
}
