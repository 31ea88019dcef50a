//! Changed bytes in what comes from servers and caches: zips, `.info` files, lists, checksum database notes, proxy lists. Never a panic, and nothing outside the folder.

#[path = "../../testdata/fuzz/mutate.rs"]
mod mutate;

use mutate::{Rng, mutate, rounds};
use rgo_modcache::proxy::{Proxies, match_prefix_patterns};
use rgo_modcache::repo::{RevInfo, json_stream};
use rgo_modcache::sumdb::Verifier;
use rgo_modcache::zip::{self, Archive, File};
use rgo_modcache::ModVersion;

#[test]
fn zips() {
    let m = ModVersion::new("example.org/m", "v1.0.0");
    let file = |path: &str, data: &str| File { path: path.into(), data: data.into(), regular: true };
    let base = zip::create(&m, &[file("go.mod", "module example.org/m\n"), file("a/b.go", &"package b\n".repeat(20)), file("LICENSE", "free")]).expect("a right module");
    let pieces = ["PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}", "../", "/", "\\", "\0", "A", "go.mod", "example.org/m@v1.0.0/", "\u{7f}\u{7f}\u{7f}\u{7f}"];
    let tmp = tempfile::tempdir().unwrap();
    let mut rng = Rng::new();
    let (mut opened, mut checked) = (0, 0);
    for i in 0..rounds(4000) {
        let mut data = mutate(&mut rng, &base, &pieces);
        // The directory stands at the end: most changes before it go unnoticed, so change there more often.
        if rng.below(2) == 0 && !data.is_empty() {
            let at = data.len() - 1 - rng.below(data.len().min(300));
            data[at] = rng.below(256) as u8;
        }
        let _ = zip::read_all(&data);
        let Ok(a) = Archive::open(&data) else { continue };
        opened += 1;
        let _ = (a.names().count(), a.hash(), a.files());
        if a.check(&m).is_ok() {
            checked += 1;
            let dir = tmp.path().join(format!("in/{i}"));
            let _ = a.unpack(&m, &dir);
        }
    }
    let outside: Vec<_> = std::fs::read_dir(tmp.path()).unwrap().flatten().map(|e| e.file_name()).filter(|n| n != "in").collect();
    assert!(outside.is_empty(), "{outside:?}");
    assert!(opened > 200 && checked > 100, "{opened} opened, {checked} checked: the changes are too wild to test much");
}

#[test]
fn answers() {
    let info = r#"{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z","Origin":{"VCS":"git","URL":"https://example.org/m","Hash":"abc","TagSum":"t1:x"}}"#;
    let note = "go.sum database tree\n10\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} sum.example.org Az3grpDlIK+sQDvxRR0DM3SRuIG/ZVZZzjjdlVdHVgFyVbRVlOqTgcQs8hBV3BvEW9BnrLCsNQXpGzUxtbRT0zRFvgw=\n";
    let key = "sum.example.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    let proxies = "https://proxy.example.org,https://b.example.org/x|file:///tmp/y,direct";
    let pieces = ["{", "}", "\"", ":", ",", "|", "null", "[", "1e999", "\\u12", "\n", "\n\n", "\u{2014} ", "+", "=", "é", "\0", "off", "direct", "file://", "*", "?", "/", "\\"];
    let mut rng = Rng::new();
    for i in 0..rounds(12_000) {
        let base = [info, note, key, proxies][i % 4];
        let data = mutate(&mut rng, base.as_bytes(), &pieces);
        let text = String::from_utf8_lossy(&data);
        if let Ok(r) = RevInfo::from_json(&data) {
            assert_eq!(RevInfo::from_json(r.to_json().as_bytes()).map(|x| x.version), Ok(r.version.clone()));
            let _ = r.stamp();
        }
        let _ = json_stream(&text);
        if let Ok(v) = Verifier::new(if i % 4 == 2 { &text } else { key }) {
            let _ = v.open(&text);
        }
        let _ = Proxies::parse(&text, "none");
        let _ = match_prefix_patterns(&text, "example.org/m/sub");
    }
}
