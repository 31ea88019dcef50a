//! Changed bytes in the files this crate reads: never a panic, and what is accepted formats to a fixed point.

#[path = "../../testdata/fuzz/mutate.rs"]
mod mutate;

use mutate::{Rng, mutate, rounds};
use rgo_modcache::modfile::{File, Mode};
use rgo_modcache::require::Need;
use rgo_modcache::{ModVersion, gosum, layout, semver};

const GO_MOD: &str = r#"// A module.
module example.org/m/v3 // Deprecated: use v4

go 1.27.3

toolchain go1.27.3

godebug default=go1.21

require (
	example.org/a v1.2.3
	example.org/b/v2 v2.0.0-20240102030405-abcdef012345 // indirect

	// about c
	gopkg.in/c.v1 v1.0.0+incompatible // indirect; more
)

require "example.org/d" v0.0.0-pre.1

exclude example.org/a v1.2.2

replace (
	example.org/a => ../a
	example.org/b/v2 v2.0.1 => example.org/fork/b/v2 v2.9.9
)

retract [v1.0.0, v1.9.9] // too early

tool example.org/a/cmd/x

ignore ./node_modules
"#;

const GO_WORK: &str = "go 1.27\n\nuse (\n\t.\n\t./sub // here\n)\n\nreplace example.org/a v1.0.0 => ./a\n";

const PIECES: &[&str] = &[
    "(", ")", "\n", "\"", "`", "//", "/*", "=>", "[", "]", ",", "\t", "\r", "\0", "\u{fffd}", "é", "module", "require (", "v1.2.3", "v2", "replace a => b",
    "retract", "go 1.27", "toolchain", "\\", "use .", "  ", "+incompatible", "-0.20240102030405-abcdef012345", "@", "!", "..", "\u{feff}",
];

#[test]
fn module_files() {
    let mut rng = Rng::new();
    let mut accepted = 0;
    for _ in 0..rounds(6000) {
        let base = if rng.below(4) == 0 { GO_WORK } else { GO_MOD };
        let text = mutate(&mut rng, base.as_bytes(), PIECES);
        for mode in [Mode::Strict, Mode::Lax, Mode::Work] {
            match File::parse("go.mod", &text, mode) {
                Err(errs) => assert!(!errs.is_empty()),
                Ok(f) => {
                    accepted += 1;
                    let once = f.format();
                    let shown = String::from_utf8_lossy(&text);
                    let again = File::parse("go.mod", once.as_bytes(), mode).unwrap_or_else(|e| panic!("formatted text is refused: {e:?}\n{once}\n-- from:\n{shown}"));
                    assert_eq!(again.format(), once, "formatting is no fixed point; from:\n{shown}");
                    assert_eq!(again.module_path(), f.module_path());
                    assert_eq!(again.require.len(), f.require.len());
                }
            }
        }
    }
    assert!(accepted > 1000, "{accepted} accepted: the changes are too wild to test much");
}

/// Edits of files with all kinds of lines, doubled ones too: what is asked for is there afterwards, and nothing else is lost.
#[test]
fn edits() {
    let need = |p: &str, v: &str, indirect: bool| Need { module: ModVersion::new(p, v), indirect };
    let needs = [need("example.org/a", "v1.2.4", false), need("example.org/new", "v0.1.0", true), need("example.org/b/v2", "v2.0.0", false)];
    let lines: Vec<&str> = GO_MOD.lines().collect();
    let mut rng = Rng::new();
    let mut edited = 0;
    for i in 0..rounds(6000) {
        // Lines doubled, moved and dropped; now and then other changes.
        let mut text: Vec<&str> = lines.clone();
        for _ in 0..1 + rng.below(4) {
            let at = rng.below(text.len());
            match rng.below(4) {
                0 => drop(text.remove(at)),
                1 => text.insert(rng.below(lines.len().min(text.len())), text[at]),
                2 => text.push(text[at]),
                _ => text.insert(at, ["replace example.org/a => ../b", "exclude example.org/a v1.2.2", "require example.org/z v1.0.0", "tool example.org/a/cmd/x", ")"][rng.below(5)]),
            }
        }
        let mut text = text.join("\n").into_bytes();
        if i % 4 == 0 {
            text = mutate(&mut rng, &text, PIECES);
        }
        let Ok(mut f) = File::parse("go.mod", &text, Mode::Strict) else { continue };
        edited += 1;
        let shown = String::from_utf8_lossy(&text).into_owned();
        let replaced: std::collections::BTreeSet<String> = f.replace.iter().map(|r| r.old.to_string()).collect();
        let excluded: std::collections::BTreeSet<String> = f.exclude.iter().map(|r| r.module.to_string()).collect();
        f.set_requirements(&needs, ["1.16", "1.20", "1.27"][i % 3]);
        f.add_tool("example.org/t");
        f.drop_tool("example.org/a/cmd/x");
        f.set_toolchain("go1.30.0");
        f.clean();
        let out = f.format();
        let g = File::parse("go.mod", out.as_bytes(), Mode::Strict).unwrap_or_else(|e| panic!("an edited file is refused: {e:?}\n{out}\n-- from:\n{shown}"));
        let mut got: Vec<String> = g.require.iter().map(|r| format!("{} {}", r.module, r.indirect)).collect();
        let mut want: Vec<String> = needs.iter().map(|n| format!("{} {}", n.module, n.indirect)).collect();
        got.sort();
        want.sort();
        assert_eq!(got, want, "{out}\n-- from:\n{shown}");
        assert_eq!(g.replace.iter().map(|r| r.old.to_string()).collect::<std::collections::BTreeSet<_>>(), replaced, "{out}\n-- from:\n{shown}");
        assert_eq!(g.exclude.iter().map(|r| r.module.to_string()).collect::<std::collections::BTreeSet<_>>(), excluded, "{out}\n-- from:\n{shown}");
        assert!(g.tool.iter().any(|t| t.text == "example.org/t") && g.tool.iter().all(|t| t.text != "example.org/a/cmd/x"), "{out}");
    }
    assert!(edited > 1000, "{edited} edited: the changes are too wild to test much");
}

#[test]
fn sums() {
    let sum = "example.org/a v1.2.3 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nexample.org/a v1.2.3/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    let mut rng = Rng::new();
    for _ in 0..rounds(4000) {
        let text = mutate(&mut rng, sum.as_bytes(), PIECES);
        let text = String::from_utf8_lossy(&text);
        let (mut strict, mut lax) = (gosum::Sums::new(), gosum::Sums::new());
        gosum::parse(&mut lax, "go.sum", &text, true).expect("lax reading accepts everything");
        if gosum::parse(&mut strict, "go.sum", &text, false).is_ok() {
            assert_eq!(strict, lax);
        }
    }
}

#[test]
fn versions_and_paths() {
    let bases = ["v1.2.3-pre.1+meta", "v2.0.0-0.20240102030405-abcdef012345", "go1.27rc1", "gopkg.in/yaml.v3", "example.org/M/v2/sub", "v0", ""];
    let mut rng = Rng::new();
    let mut all = Vec::new();
    for i in 0..rounds(6000) {
        let base = bases[i % bases.len()];
        let text = String::from_utf8_lossy(&mutate(&mut rng, base.as_bytes(), PIECES)).into_owned();
        let canonical = semver::canonical(&text);
        assert_eq!(canonical.is_empty(), !semver::is_valid(&text), "{text:?}");
        assert_eq!(semver::canonical(&canonical), canonical);
        semver::is_pseudo_version(&text);
        if let Some((p, v)) = semver::split_path_version(&text) {
            assert_eq!(format!("{p}{v}"), text);
            let _ = semver::check_path_major("v2.0.0", v);
        }
        if layout::check_path(&text).is_ok() {
            let escaped = layout::escape(&text).expect("a valid path can be escaped");
            assert_eq!(layout::unescape(&escaped).as_deref(), Some(text.as_str()));
            // A valid path stays inside the cache.
            let dir = layout::ModCache::new("/cache").module_dir(&ModVersion::new(text.as_str(), "v1.0.0")).expect("a valid path has a folder");
            assert!(dir.starts_with("/cache") && dir.components().all(|c| c.as_os_str() != ".."), "{dir:?}");
        }
        let _ = layout::check_import_path(&text);
        all.push(text);
    }
    // A total order: sorting would panic, or differ between directions, if it were none.
    let mut a = all.clone();
    a.sort_by(|x, y| semver::compare(x, y));
    assert!(a.windows(2).all(|w| semver::compare(&w[0], &w[1]).is_le()));
    all.sort_by(|x, y| semver::compare_go(x, y));
    assert!(all.windows(2).all(|w| semver::compare_go(&w[0], &w[1]).is_le()));
}
