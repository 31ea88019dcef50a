//! The build cache: results by key, on disk, shared by concurrent commands.
//!
//! An entry is one file: a magic word, the BLAKE3 hash of what follows, then named sections. It is
//! written under a temporary name and renamed; a reader believes it only if the hash is right.
//! So neither a killed writer nor a damaged disk gives a wrong result, and two writers of the
//! same key write the same thing.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const MAGIC: &[u8; 8] = b"rgo-c01\n";

/// Entries unused for this long are removed.
const KEEP: Duration = Duration::from_secs(5 * 24 * 3600);
/// How often unused entries are looked for.
const TRIM_EVERY: Duration = Duration::from_secs(24 * 3600);

/// What an entry is found by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key(pub [u8; 32]);

impl Key {
    /// The key as hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// Collects what a result depends on.
pub struct KeyBuilder(blake3::Hasher);

impl KeyBuilder {
    /// A key for one kind of result.
    pub fn new(kind: &str) -> KeyBuilder {
        let mut k = KeyBuilder(blake3::Hasher::new());
        k.text("kind", kind);
        k
    }

    /// Adds a named piece of bytes.
    pub fn bytes(&mut self, name: &str, data: &[u8]) -> &mut Self {
        // Lengths keep pieces apart.
        self.0.update(&(name.len() as u64).to_le_bytes());
        self.0.update(name.as_bytes());
        self.0.update(&(data.len() as u64).to_le_bytes());
        self.0.update(data);
        self
    }

    /// Adds a named text.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.bytes(name, text.as_bytes())
    }

    /// Adds another key.
    pub fn key(&mut self, name: &str, key: &Key) -> &mut Self {
        self.bytes(name, &key.0)
    }

    /// The key.
    pub fn finish(&self) -> Key {
        Key(*self.0.finalize().as_bytes())
    }
}

/// Named pieces of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    pub sections: BTreeMap<String, Vec<u8>>,
}

impl Entry {
    /// A piece; empty if there is none of that name.
    pub fn get(&self, name: &str) -> &[u8] {
        self.sections.get(name).map_or(&[], Vec::as_slice)
    }

    /// Sets a piece.
    pub fn set(&mut self, name: &str, data: Vec<u8>) {
        self.sections.insert(name.into(), data);
    }

    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, data) in &self.sections {
            body.extend_from_slice(&(name.len() as u32).to_le_bytes());
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(&(data.len() as u64).to_le_bytes());
            body.extend_from_slice(data);
        }
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(blake3::hash(&body).as_bytes());
        out.extend_from_slice(&body);
        out
    }

    fn decode(file: &[u8]) -> Option<Entry> {
        let rest = file.strip_prefix(MAGIC)?;
        let (hash, mut body) = rest.split_at_checked(32)?;
        if blake3::hash(body).as_bytes() != hash {
            return None;
        }
        let mut e = Entry::default();
        let mut take = |n: usize| -> Option<&[u8]> {
            let (a, b) = body.split_at_checked(n)?;
            body = b;
            Some(a)
        };
        while let Some(n) = take(4) {
            let n = u32::from_le_bytes(n.try_into().ok()?) as usize;
            let name = String::from_utf8(take(n)?.to_vec()).ok()?;
            let n = u64::from_le_bytes(take(8)?.try_into().ok()?) as usize;
            e.sections.insert(name, take(n)?.to_vec());
        }
        Some(e)
    }
}

/// A cache folder.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// Our part of the go build cache at `gocache`.
    pub fn new(gocache: &Path) -> Cache {
        Cache { dir: gocache.join("rgo") }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where an entry is, if there is one.
    pub fn path(&self, key: &Key) -> PathBuf {
        let h = key.hex();
        self.dir.join(&h[..2]).join(h)
    }

    /// Whether an entry seems to be there; its contents are not looked at.
    pub fn has(&self, key: &Key) -> bool {
        self.path(key).is_file()
    }

    /// The entry, if it is there and undamaged.
    pub fn get(&self, key: &Key) -> Option<Entry> {
        let path = self.path(key);
        let data = std::fs::read(&path).ok()?;
        let Some(e) = Entry::decode(&data) else {
            // Of no use to anyone; another process may have replaced it meanwhile, which is as well.
            let _ = std::fs::remove_file(&path);
            return None;
        };
        self.touch(&path);
        Some(e)
    }

    /// Notes the use of an entry, at most once an hour.
    fn touch(&self, path: &Path) {
        let Ok(f) = std::fs::File::options().append(true).open(path) else { return };
        let old = f.metadata().and_then(|m| m.modified()).is_ok_and(|t| {
            SystemTime::now().duration_since(t).is_ok_and(|d| d > Duration::from_secs(3600))
        });
        if old {
            let _ = f.set_modified(SystemTime::now());
        }
    }

    /// Stores an entry.
    pub fn put(&self, key: &Key, e: &Entry) -> std::io::Result<()> {
        let path = self.path(key);
        let dir = path.parent().unwrap_or(&self.dir);
        std::fs::create_dir_all(dir)?;
        let mut f = tempfile::Builder::new().prefix(".tmp-").tempfile_in(dir)?;
        f.write_all(&e.encode())?;
        f.persist(&path)?;
        Ok(())
    }

    /// A file with these contents, under a name of its own.
    pub fn file(&self, name: &str, data: &[u8]) -> std::io::Result<PathBuf> {
        let hash = Key(*blake3::hash(data).as_bytes());
        let dir = self.dir.join("files").join(hash.hex());
        let path = dir.join(name);
        let right = std::fs::read(&path).is_ok_and(|d| blake3::hash(&d).as_bytes() == &hash.0);
        if right {
            self.touch(&path);
        } else {
            std::fs::create_dir_all(&dir)?;
            let mut f = tempfile::Builder::new().prefix(".tmp-").tempfile_in(&dir)?;
            f.write_all(data)?;
            f.persist(&path)?;
        }
        Ok(path)
    }

    /// Removes entries that have not been used for some days; does so at most once a day.
    pub fn trim(&self) {
        let stamp = self.dir.join("trim");
        let now = SystemTime::now();
        let age = |p: &Path| std::fs::metadata(p).and_then(|m| m.modified()).ok().and_then(|t| now.duration_since(t).ok());
        if !self.dir.is_dir() || age(&stamp).is_some_and(|a| a < TRIM_EVERY) {
            return;
        }
        if std::fs::write(&stamp, "").is_err() {
            return;
        }
        for e in walkdir::WalkDir::new(&self.dir).min_depth(2).into_iter().flatten() {
            let temp = e.file_name().to_string_lossy().starts_with(".tmp-");
            if e.file_type().is_file() && age(e.path()).is_some_and(|a| a > if temp { TRIM_EVERY } else { KEEP }) {
                let _ = std::fs::remove_file(e.path());
            }
        }
    }

    /// Removes everything.
    pub fn clear(&self) -> std::io::Result<()> {
        match std::fs::remove_dir_all(&self.dir) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            r => r,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        let d = tempfile::tempdir().unwrap();
        let c = Cache::new(d.path());
        let k = KeyBuilder::new("x").text("a", "b").finish();
        assert_ne!(k, KeyBuilder::new("x").text("ab", "").finish());
        assert!(c.get(&k).is_none());
        let mut e = Entry::default();
        e.set("object", vec![1, 2, 3]);
        e.set("empty", Vec::new());
        c.put(&k, &e).unwrap();
        assert_eq!(c.get(&k), Some(e.clone()));
        // A damaged entry counts as missing and goes away.
        let p = c.path(&k);
        let mut data = std::fs::read(&p).unwrap();
        *data.last_mut().unwrap() ^= 1;
        std::fs::write(&p, data).unwrap();
        assert!(c.get(&k).is_none() && !c.has(&k));
        std::fs::write(&p, b"rgo-c01\nshort").unwrap();
        assert!(c.get(&k).is_none());
        c.put(&k, &e).unwrap();
        c.trim();
        assert!(c.has(&k));
        c.clear().unwrap();
        assert!(!c.has(&k));
    }
}
