//! The checksum database: signed notes, tree heads that only grow, records with proofs.
//!
//! A record is believed if it is in the tree of the newest head signed by the database's key, and that head extends all
//! heads seen before (the newest is kept in GOPATH/pkg/sumdb). Anything else is an error; a database that shows two
//! different histories ends the command.

use crate::ModVersion;
use crate::error::{Error, Result};
use crate::layout::{escape_path, escape_version};
use crate::memo::Memo;
use crate::proxy::Proxies;
use crate::tlog::{self, Hash, Reader, Tile, Tiles, Tree};
use crate::{lock, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

/// Databases with known keys.
const KNOWN: &[(&str, &str)] = &[("sum.golang.org", "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")];

const LIMIT: u64 = 16 << 20;

/// A public key `name+hash+key`.
#[derive(Clone, Debug)]
pub struct Verifier {
    pub name: String,
    hash: u32,
    key: Vec<u8>,
}

impl Verifier {
    /// Parses a key.
    pub fn new(vkey: &str) -> Result<Verifier> {
        let bad = || Error::text("malformed verifier id");
        let mut it = vkey.splitn(3, '+');
        let (name, hash, key) = (it.next().unwrap_or(""), it.next().ok_or_else(bad)?, it.next().ok_or_else(bad)?);
        let want = u32::from_str_radix(hash, 16).ok().filter(|_| hash.len() == 8).ok_or_else(bad)?;
        let key = STANDARD.decode(key).map_err(|_| bad())?;
        if name.is_empty() || name.contains(char::is_whitespace) || key.len() < 2 {
            return Err(bad());
        }
        let d = Sha256::new().chain_update(name).chain_update("\n").chain_update(&key).finalize();
        let got = u32::from_be_bytes([d[0], d[1], d[2], d[3]]);
        if got != want {
            return Err(Error::text("invalid verifier hash"));
        }
        if key[0] != 1 || key.len() != 33 {
            return Err(Error::text("unknown verifier algorithm"));
        }
        Ok(Verifier { name: name.into(), hash: want, key: key[1..].to_vec() })
    }

    /// The text of a note that this key has signed.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str> {
        let bad = || Error::text("malformed note");
        if note.len() > 1_000_000 || note.chars().any(|c| c.is_control() && c != '\n') {
            return Err(bad());
        }
        let i = note.rfind("\n\n").ok_or_else(bad)?;
        let (text, sigs) = (&note[..i + 1], &note[i + 2..]);
        if !sigs.ends_with('\n') {
            return Err(bad());
        }
        let mut seen = false;
        for line in sigs[..sigs.len() - 1].split('\n') {
            let (name, b64) = line.strip_prefix("\u{2014} ").and_then(|l| l.split_once(' ')).ok_or_else(bad)?;
            let sig = STANDARD.decode(b64).ok().filter(|s| s.len() >= 5 && !name.is_empty()).ok_or_else(bad)?;
            let hash = u32::from_be_bytes([sig[0], sig[1], sig[2], sig[3]]);
            if name != self.name || hash != self.hash || seen {
                continue;
            }
            seen = true;
            let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, &self.key);
            if key.verify(text.as_bytes(), &sig[4..]).is_err() {
                return Err(Error::text(format!("invalid signature for key {}+{:08x}", self.name, self.hash)));
            }
        }
        if seen { Ok(text) } else { Err(Error::text("note has no verifiable signatures")) }
    }
}

fn parse_tree(text: &str) -> Result<Tree> {
    let bad = || Error::text("malformed tree note");
    let mut l = text.splitn(4, '\n');
    if l.next() != Some("go.sum database tree") || text.len() > 1_000_000 {
        return Err(bad());
    }
    let n = l.next().and_then(|n| n.parse::<i64>().ok()).filter(|n| *n >= 0).ok_or_else(bad)?;
    let hash = l.next().and_then(|h| STANDARD.decode(h).ok()).and_then(|h| Hash::try_from(h).ok()).ok_or_else(bad)?;
    l.next().ok_or_else(bad)?;
    Ok(Tree { n: n as u64, hash })
}

/// Number, text and tree note of a record.
fn parse_record(data: &str) -> Result<(u64, &str, &str)> {
    let bad = || Error::text("malformed record data");
    let (id, rest) = data.split_once('\n').ok_or_else(bad)?;
    let id = id.parse::<i64>().ok().filter(|n| *n >= 0).ok_or_else(bad)?;
    let i = rest.find("\n\n").ok_or_else(bad)?;
    let text = &rest[..i + 1];
    if text.is_empty() || text.starts_with('\n') {
        return Err(bad());
    }
    Ok((id as u64, text, &rest[i + 2..]))
}

/// Settings of the client.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// GOSUMDB.
    pub gosumdb: String,
    /// Where the newest tree head is kept; empty if there is no GOPATH.
    pub config_dir: PathBuf,
    /// `GOMODCACHE/cache/download/sumdb`.
    pub cache_dir: PathBuf,
}

/// A client of one database.
pub struct Client {
    config: Config,
    verifier: Verifier,
    /// The address given with GOSUMDB, or found out on first use.
    given: Option<String>,
    base: OnceLock<Result<String>>,
    proxies: Result<Proxies>,
    latest: Mutex<(Tree, String)>,
    records: Memo<String, Result<String>>,
    tiles: Memo<Tile, Result<Vec<u8>>>,
    started: OnceLock<Result<()>>,
}

impl Client {
    /// A client as GOSUMDB says.
    pub fn dial(config: Config, proxies: Result<Proxies>) -> Result<Client> {
        let mut text = config.gosumdb.as_str();
        if text == "sum.golang.google.cn" {
            text = "sum.golang.org https://sum.golang.google.cn";
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let key = match words[..] {
            ["off"] => return Err("checksum database disabled by GOSUMDB=off".into()),
            [] => return Err("missing GOSUMDB".into()),
            [k] | [k, _] => KNOWN.iter().find(|(n, _)| *n == k).map_or(k, |(_, key)| key),
            _ => return Err("invalid GOSUMDB: too many fields".into()),
        };
        let verifier = Verifier::new(key).map_err(|e| Error::text(format!("invalid GOSUMDB: {e}")))?;
        let name = &verifier.name;
        if name.ends_with('/') || name.starts_with('/') || name.contains(['?', '#', '@', '%']) {
            return Err(format!("invalid sumdb name (must be host[/path]): {name}").into());
        }
        let given = words.get(1).map(|u| u.trim_end_matches('/').to_string());
        let latest = Mutex::new((Tree { n: 0, hash: tlog::empty_hash() }, String::new()));
        Ok(Client {
            config, verifier, given, base: OnceLock::new(), proxies, latest,
            records: Memo::default(), tiles: Memo::default(), started: OnceLock::new(),
        })
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.verifier.name
    }

    /// Where the database answers: itself, or a proxy that forwards to it.
    fn base(&self) -> Result<&str> {
        let r = self.base.get_or_init(|| {
            if let Some(g) = &self.given {
                return Ok(g.clone());
            }
            let proxies = self.proxies.as_ref().map_err(Clone::clone)?;
            let r = proxies.try_each(|p| match p {
                "noproxy" => Err(Error::UseProxy),
                "direct" | "off" => Err(Error::NotExist("module lookup disabled by GOPROXY=off".into())),
                p => {
                    let base = format!("{}/sumdb/{}", p.trim_end_matches('/'), self.name());
                    web::get_bytes(&format!("{base}/supported"), LIMIT)?;
                    Ok(base)
                }
            });
            match r {
                Err(e) if e.is_not_exist() => Ok(format!("https://{}", self.name())),
                r => r,
            }
        });
        r.as_ref().map(String::as_str).map_err(Clone::clone)
    }

    fn remote(&self, path: &str) -> Result<Vec<u8>> {
        web::get_bytes(&format!("{}/{path}", self.base()?), LIMIT)
    }

    fn cached(&self, path: &str) -> Option<Vec<u8>> {
        lock::read(&self.config.cache_dir.join(self.name()).join(path)).ok().filter(|d| !d.is_empty())
    }

    fn cache(&self, path: &str, data: &[u8]) {
        // What cannot be kept is fetched again.
        let _ = lock::write_atomic(&self.config.cache_dir.join(self.name()).join(path), data);
    }

    /// The lines about a module version, or its go.mod (`v1.0.0/go.mod`).
    pub fn lookup(&self, m: &ModVersion) -> Result<Vec<String>> {
        let r = self.lookup_text(m).map_err(|e| match e {
            Error::Fatal(t) => Error::Fatal(t),
            e => Error::text(format!("{}@{}: {e}", m.path, m.version)),
        })?;
        let prefix = format!("{} {} ", m.path, m.version);
        Ok(r.lines().filter(|l| l.starts_with(&prefix)).map(String::from).collect())
    }

    fn lookup_text(&self, m: &ModVersion) -> Result<String> {
        self.started
            .get_or_init(|| {
                let head = self.read_latest()?;
                self.merge(&head).map_err(|e| match e {
                    Error::Fatal(t) => Error::Fatal(t),
                    e => Error::text(format!("initializing sumdb.Client: {e}")),
                })
            })
            .clone()?;
        let version = m.version.strip_suffix("/go.mod").unwrap_or(&m.version);
        let path = format!("lookup/{}@{}", escape_path(&m.path)?, escape_version(version)?);
        self.records.get(path.clone(), || {
            // What the cache has is of no more use than what the server says now if it does not hold.
            match self.cached(&path).map(|d| self.record(d)) {
                Some(Ok((_, record))) => return Ok(record),
                Some(Err(Error::Fatal(t))) => return Err(Error::Fatal(t)),
                Some(Err(_)) | None => {}
            }
            let (text, record) = self.record(self.remote(&path)?)?;
            // A true record about something else is no answer to keep.
            if record.lines().any(|l| l.starts_with(&format!("{} {version} ", m.path)) || l.starts_with(&format!("{} {version}/go.mod ", m.path))) {
                self.cache(&path, text.as_bytes());
            }
            Ok(record)
        })
    }

    /// An answer and its record, if the record is in the database.
    fn record(&self, data: Vec<u8>) -> Result<(String, String)> {
        let text = String::from_utf8(data).map_err(|_| Error::text("malformed record data"))?;
        let (id, record, head) = parse_record(&text)?;
        self.merge(head)?;
        self.check(id, record)?;
        let record = record.to_string();
        Ok((text, record))
    }

    fn latest_file(&self) -> Result<PathBuf> {
        if self.config.config_dir.as_os_str().is_empty() {
            return Err("could not locate sumdb file: missing $GOPATH".into());
        }
        Ok(self.config.config_dir.join(self.name()).join("latest"))
    }

    fn read_latest(&self) -> Result<String> {
        let file = self.latest_file()?;
        match std::fs::read_to_string(&file) {
            Ok(d) => Ok(d),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(e) => Err(crate::error::io("open", &file, &e)),
        }
    }

    /// Takes in a signed tree head, and keeps it if it is the newest.
    fn merge(&self, note: &str) -> Result<()> {
        if !self.merge_memory(note)? {
            return Ok(());
        }
        let file = self.latest_file()?;
        loop {
            let disk = self.read_latest()?;
            // On disk there may be a newer one by now.
            self.merge_memory(&disk)?;
            let ours = self.latest.lock().unwrap_or_else(|e| e.into_inner()).1.clone();
            if disk == ours {
                return Ok(());
            }
            let _guard = lock::exclusive(&file)?;
            if self.read_latest()? != disk {
                continue;
            }
            return lock::write_atomic(&file, ours.as_bytes());
        }
    }

    /// Whether the note is newer than all before.
    fn merge_memory(&self, note: &str) -> Result<bool> {
        if note.is_empty() {
            return Ok(false);
        }
        let text = self.verifier.open(note).map_err(|e| Error::text(format!("reading tree note: {e}\nnote:\n{note}")))?;
        let tree = parse_tree(text).map_err(|e| Error::text(format!("reading tree: {e}\ntree:\n{text}")))?;
        let mut latest = self.latest.lock().unwrap_or_else(|e| e.into_inner());
        if tree.n <= latest.0.n {
            self.check_trees(tree, note, latest.0, &latest.1)?;
            return Ok(false);
        }
        self.check_trees(latest.0, &latest.1, tree, note)?;
        *latest = (tree, note.to_string());
        Ok(true)
    }

    /// The newer tree must have the older one as its beginning.
    fn check_trees(&self, old: Tree, old_note: &str, new: Tree, new_note: &str) -> Result<()> {
        if old == new || old.n == 0 {
            return Ok(());
        }
        let what = if old.n == new.n { format!("checking tree#{}", old.n) } else { format!("checking tree#{} against tree#{}", old.n, new.n) };
        let hash = if old.n == new.n { new.hash } else { Reader::new(new, self).tree_hash(old.n).map_err(|e| Error::text(format!("{what}: {e}")))? };
        if hash == old.hash {
            return Ok(());
        }
        let indent = |s: &str| s.replace('\n', "\n\t");
        Err(Error::Fatal(format!(
            "SECURITY ERROR\ngo.sum database server misbehavior detected!\n\nold database:\n\t{}\nnew database:\n\t{}\nproof of misbehavior:\n\t{}",
            indent(old_note), indent(new_note), STANDARD.encode(hash)
        )))
    }

    fn check(&self, id: u64, record: &str) -> Result<()> {
        let tree = self.latest.lock().unwrap_or_else(|e| e.into_inner()).0;
        if id >= tree.n {
            return Err(format!("cannot validate record {id} in tree of size {}", tree.n).into());
        }
        if Reader::new(tree, self).record(id)? == tlog::record_hash(record.as_bytes()) {
            return Ok(());
        }
        Err("cannot authenticate record data in server response".into())
    }
}

impl Tiles for Client {
    fn read(&self, t: Tile) -> Result<Vec<u8>> {
        self.tiles.get(t, || {
            let cut = |mut d: Vec<u8>| {
                d.truncate(t.width as usize * 32);
                d
            };
            if let Some(d) = self.cached(&t.path()) {
                return Ok(d);
            }
            if let Some(d) = self.cached(&t.full().path()).filter(|_| t != t.full()) {
                return Ok(cut(d));
            }
            match self.remote(&t.path()) {
                Ok(d) => Ok(d),
                Err(e) if t != t.full() => self.remote(&t.full().path()).map(cut).map_err(|_| e),
                Err(e) => Err(e),
            }
        })
    }

    fn save(&self, t: Tile, data: &[u8]) {
        let path = t.path();
        if self.cached(&path).is_none() && self.cached(&t.full().path()).is_none() {
            self.cache(&path, data);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::tests::Log;
    use ring::signature::{Ed25519KeyPair, KeyPair};
    use std::path::Path;

    const NAME: &str = "db.example";

    fn key(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    /// Key as others know it, and its hash.
    fn public(k: &Ed25519KeyPair) -> (String, [u8; 4]) {
        let mut data = vec![1];
        data.extend(k.public_key().as_ref());
        let d = Sha256::new().chain_update(NAME).chain_update("\n").chain_update(&data).finalize();
        let hash = [d[0], d[1], d[2], d[3]];
        (format!("{NAME}+{:08x}+{}", u32::from_be_bytes(hash), STANDARD.encode(data)), hash)
    }

    /// A signed tree head.
    fn head(tree: Tree, signer: &Ed25519KeyPair, hash: [u8; 4]) -> String {
        let text = format!("go.sum database tree\n{}\n{}\n", tree.n, STANDARD.encode(tree.hash));
        let mut sig = hash.to_vec();
        sig.extend(signer.sign(text.as_bytes()).as_ref());
        format!("{text}\n— {NAME} {}\n", STANDARD.encode(sig))
    }

    /// A database in a folder, whose records are about `a.b/cN@v1.0.0`.
    struct World {
        t: tempfile::TempDir,
    }

    impl World {
        fn new() -> World {
            World { t: tempfile::tempdir().unwrap() }
        }

        fn put(&self, path: &str, data: &[u8]) {
            let f = self.t.path().join("db").join(path);
            std::fs::create_dir_all(f.parent().unwrap()).unwrap();
            std::fs::write(f, data).unwrap();
        }

        /// What the database of `n` records says, each with `tag` in it.
        fn publish(&self, n: usize, tag: &str, signer: &Ed25519KeyPair) {
            let records: Vec<String> = (0..n).map(|i| format!("a.b/c{i} v1.0.0 h1:{tag}\na.b/c{i} v1.0.0/go.mod h1:{tag}\n")).collect();
            let log = Log { records: records.iter().map(|r| tlog::record_hash(r.as_bytes())).collect(), corrupt: Default::default() };
            let tree = log.tree(n as u64);
            for w in 1..=n as u64 {
                let t = Tile { level: 0, n: 0, width: w };
                self.put(&t.path(), &log.read(t).unwrap());
            }
            let head = head(tree, signer, public(&key(1)).1);
            for (i, r) in records.iter().enumerate() {
                self.put(&format!("lookup/a.b/c{i}@v1.0.0"), format!("{i}\n{r}\n{head}").as_bytes());
            }
        }

        fn client(&self) -> Client {
            let config = Config {
                gosumdb: format!("{} file://{}/db", public(&key(1)).0, self.t.path().display()),
                config_dir: self.t.path().join("config"),
                cache_dir: self.t.path().join("cache"),
            };
            Client::dial(config, Err("no proxies".into())).unwrap()
        }

        fn latest(&self) -> String {
            std::fs::read_to_string(self.t.path().join("config").join(NAME).join("latest")).unwrap_or_default()
        }
    }

    fn c(i: usize) -> ModVersion {
        ModVersion::new(format!("a.b/c{i}"), "v1.0.0")
    }

    #[test]
    fn grows() {
        let w = World::new();
        w.publish(5, "x", &key(1));
        assert_eq!(w.client().lookup(&c(3)).unwrap(), ["a.b/c3 v1.0.0 h1:x"]);
        assert!(w.latest().starts_with("go.sum database tree\n5\n"));
        assert!(w.client().lookup(&c(7)).is_err());
        w.publish(9, "x", &key(1));
        assert_eq!(w.client().lookup(&c(7)).unwrap(), ["a.b/c7 v1.0.0 h1:x"]);
        assert!(w.latest().starts_with("go.sum database tree\n9\n"));
        // Records from the cache need no database.
        std::fs::remove_dir_all(w.t.path().join("db")).unwrap();
        assert_eq!(w.client().lookup(&c(7)).unwrap(), ["a.b/c7 v1.0.0 h1:x"]);
    }

    #[test]
    fn forged_records() {
        let w = World::new();
        w.publish(5, "x", &key(1));
        let f = w.t.path().join("db/lookup/a.b/c3@v1.0.0");
        let text = std::fs::read_to_string(&f).unwrap();
        for (bad, want) in [
            (text.replace("h1:x", "h1:y"), "cannot authenticate record data in server response"),
            (text.replacen("3\n", "2\n", 1), "cannot authenticate record data in server response"),
            (text.replacen("3\n", "77\n", 1), "cannot validate record 77 in tree of size 5"),
            (text.replacen("3\n", "-3\n", 1), "malformed record data"),
            (text.replace("tree\n5\n", "tree\n6\n"), "reading tree note"),
            (text.lines().take(4).collect::<Vec<_>>().join("\n"), "malformed record data"),
            (String::from("\u{0}"), "malformed record data"),
        ] {
            std::fs::write(&f, &bad).unwrap();
            let e = w.client().lookup(&c(3)).unwrap_err().to_string();
            assert!(e.contains(want), "{e}");
            assert!(!w.t.path().join("cache").join(NAME).join("lookup").exists(), "kept: {bad}");
        }
    }

    #[test]
    fn a_record_of_another_module_is_not_kept() {
        let w = World::new();
        w.publish(5, "x", &key(1));
        let db = w.t.path().join("db/lookup/a.b");
        let right = std::fs::read(db.join("c3@v1.0.0")).unwrap();
        std::fs::copy(db.join("c2@v1.0.0"), db.join("c3@v1.0.0")).unwrap();
        assert!(w.client().lookup(&c(3)).unwrap().is_empty());
        std::fs::write(db.join("c3@v1.0.0"), right).unwrap();
        assert_eq!(w.client().lookup(&c(3)).unwrap(), ["a.b/c3 v1.0.0 h1:x"]);
        // Nor is a damaged one in the cache believed, or in the way.
        let kept = w.t.path().join("cache").join(NAME).join("lookup/a.b/c3@v1.0.0");
        let text = std::fs::read_to_string(&kept).unwrap();
        std::fs::write(&kept, text.replace("h1:x", "h1:y")).unwrap();
        assert_eq!(w.client().lookup(&c(3)).unwrap(), ["a.b/c3 v1.0.0 h1:x"]);
    }

    #[test]
    fn changed_answers() {
        let w = World::new();
        w.publish(9, "x", &key(1));
        let db = w.t.path().join("db");
        let record = db.join("lookup/a.b/c3@v1.0.0");
        let tile = db.join(Tile { level: 0, n: 0, width: 9 }.path());
        let mut seed = 1u64;
        let mut below = |n: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % n
        };
        let mut refused = 0;
        for i in 0..600 {
            let file = if i % 2 == 0 { &record } else { &tile };
            let right = std::fs::read(file).unwrap();
            let mut data = right.clone();
            for _ in 0..1 + below(3) {
                let at = below(data.len());
                match below(4) {
                    0 => data.truncate(at.max(1)),
                    1 => data[at] = below(256) as u8,
                    2 => data.insert(at, b"0\n-+/= \xe2"[below(8)]),
                    _ => drop(data.remove(at)),
                }
                if data.is_empty() {
                    data.push(0);
                }
            }
            std::fs::write(file, &data).unwrap();
            match w.client().lookup(&c(3)) {
                Ok(lines) => assert!(lines == ["a.b/c3 v1.0.0 h1:x"], "believed: {lines:?}"),
                Err(_) => refused += 1,
            }
            std::fs::write(file, right).unwrap();
            let _ = std::fs::remove_dir_all(w.t.path().join("cache"));
        }
        assert!(refused > 300, "{refused} refused");
        assert_eq!(w.client().lookup(&c(3)).unwrap(), ["a.b/c3 v1.0.0 h1:x"]);
    }

    #[test]
    fn signed_by_another_key() {
        let w = World::new();
        w.publish(5, "x", &key(2));
        let e = w.client().lookup(&c(3)).unwrap_err().to_string();
        assert!(e.contains("reading tree note"), "{e}");
        assert_eq!(w.latest(), "");
    }

    #[test]
    fn two_histories() {
        for n in [5, 9, 3] {
            let w = World::new();
            w.publish(5, "x", &key(1));
            w.client().lookup(&c(1)).unwrap();
            let seen = w.latest();
            // The same database, as others are not told: rewritten, longer, rolled back to another past.
            clear(&w.t.path().join("cache"));
            w.publish(n, "y", &key(1));
            let e = w.client().lookup(&c(2)).unwrap_err();
            assert!(e.fatal().is_some_and(|t| t.starts_with("SECURITY ERROR\ngo.sum database server misbehavior detected!")), "{n}: {e}");
            assert_eq!(w.latest(), seen);
        }
    }

    #[test]
    fn an_older_head_is_no_news() {
        let w = World::new();
        w.publish(9, "x", &key(1));
        w.client().lookup(&c(8)).unwrap();
        clear(&w.t.path().join("cache"));
        w.publish(5, "x", &key(1));
        assert_eq!(w.client().lookup(&c(2)).unwrap(), ["a.b/c2 v1.0.0 h1:x"]);
        assert!(w.latest().starts_with("go.sum database tree\n9\n"));
    }

    fn clear(dir: &Path) {
        std::fs::remove_dir_all(dir).unwrap();
    }
}
