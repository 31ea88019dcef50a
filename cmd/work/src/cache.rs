//! The build cache: results by key, on disk, shared by concurrent commands.
//!
//! An entry is one file: its sections, then a table of them with their BLAKE3 hashes, then the hash of the table and a magic word. A section
//! `object` comes first, so that the linker can map the file as it is. The file is written under a temporary name and renamed; a reader believes
//! a section only if its hash is right. So neither a killed writer nor a damaged disk gives a wrong result, and two writers of the same key
//! write the same thing. [`Stored`] reads the table only, and sections when asked for. With GOCACHEPROG ([`crate::cacheprog`]) the same files lie
//! where that program puts them.

use crate::cacheprog;
use crate::stamp::Stamp;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const MAGIC: &[u8; 8] = b"rgo-c02\n";

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

/// Identifies this program: a rebuilt rgo does not trust results of an older one.
pub fn tool_key() -> Key {
    let mut k = KeyBuilder::new("tool");
    k.text("version", env!("CARGO_PKG_VERSION"));
    if let Some(id) = std::env::var_os("RGO_TOOL_ID") {
        k.text("given", &id.to_string_lossy());
    } else if let Ok(m) = std::env::current_exe().and_then(std::fs::metadata) {
        let t = m.modified().ok().and_then(|t| t.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
        k.text("file", &format!("{} {}", m.len(), t.as_nanos()));
    }
    k.finish()
}

/// A file with these contents where the go command keeps its outputs: GOCACHE/xx/xx...-d.
pub fn output_file(gocache: &Path, data: &[u8]) -> std::io::Result<PathBuf> {
    use sha2::Digest;
    let digest: [u8; 32] = sha2::Sha256::digest(data).into();
    if let Some(path) = cacheprog::program().and_then(|p| p.put(&digest, data).ok()) {
        return Ok(path);
    }
    let hash: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    let path = gocache.join(&hash[..2]).join(format!("{hash}-d"));
    if std::fs::read(&path).is_ok_and(|d| d == data) {
        return Ok(path);
    }
    let dir = gocache.join(&hash[..2]);
    std::fs::create_dir_all(&dir)?;
    let mut f = tempfile::Builder::new().prefix(".tmp-").tempfile_in(dir)?;
    f.write_all(data)?;
    f.persist(&path)?;
    Ok(path)
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

    /// The sections in the order of the file.
    fn in_order(&self) -> impl Iterator<Item = (&String, &Vec<u8>)> {
        let object = self.sections.get_key_value(OBJECT);
        object.into_iter().chain(self.sections.iter().filter(|(n, _)| *n != OBJECT))
    }

    fn write(&self, f: &mut impl Write) -> std::io::Result<()> {
        let mut table = Vec::new();
        let mut at = 0u64;
        for (name, data) in self.in_order() {
            table.extend_from_slice(&(name.len() as u32).to_le_bytes());
            table.extend_from_slice(name.as_bytes());
            table.extend_from_slice(&at.to_le_bytes());
            table.extend_from_slice(&(data.len() as u64).to_le_bytes());
            table.extend_from_slice(blake3::hash(data).as_bytes());
            at += data.len() as u64;
            f.write_all(data)?;
        }
        f.write_all(&table)?;
        f.write_all(blake3::hash(&table).as_bytes())?;
        f.write_all(&(table.len() as u64).to_le_bytes())?;
        f.write_all(MAGIC)
    }
}

/// The section that lies at the start of its file.
pub const OBJECT: &str = "object";
/// Hash, length and magic word at the end of a file.
const FOOTER: usize = 48;

#[derive(Clone, Copy, Debug)]
struct Extent {
    at: u64,
    len: u64,
    hash: [u8; 32],
}

/// An entry in its file.
#[derive(Clone, Debug)]
pub struct Stored {
    path: PathBuf,
    table: BTreeMap<String, Extent>,
}

fn read_table(tail: &[u8], file_len: u64) -> Option<Result<BTreeMap<String, Extent>, usize>> {
    let footer = tail.get(tail.len().checked_sub(FOOTER)?..)?;
    if &footer[40..] != MAGIC {
        return None;
    }
    let n = u64::from_le_bytes(footer[32..40].try_into().ok()?);
    if n > file_len - FOOTER as u64 {
        return None;
    }
    let n = n as usize;
    if n + FOOTER > tail.len() {
        return Some(Err(n + FOOTER));
    }
    let mut t = &tail[tail.len() - FOOTER - n..tail.len() - FOOTER];
    if blake3::hash(t).as_bytes() != &footer[..32] {
        return None;
    }
    let end = file_len - (FOOTER + n) as u64;
    let mut take = |n: usize| -> Option<&[u8]> {
        let (a, b) = t.split_at_checked(n)?;
        t = b;
        Some(a)
    };
    let mut table = BTreeMap::new();
    while let Some(n) = take(4) {
        let n = u32::from_le_bytes(n.try_into().ok()?) as usize;
        let name = String::from_utf8(take(n)?.to_vec()).ok()?;
        let at = u64::from_le_bytes(take(8)?.try_into().ok()?);
        let len = u64::from_le_bytes(take(8)?.try_into().ok()?);
        let hash = take(32)?.try_into().ok()?;
        if at.checked_add(len)? > end {
            return None;
        }
        table.insert(name, Extent { at, len, hash });
    }
    Some(Ok(table))
}

impl Stored {
    fn open(path: PathBuf, f: &mut File, len: u64) -> Option<Stored> {
        // Enough for the table of any entry of ours.
        let mut n = len.min(1024) as usize;
        loop {
            let mut tail = vec![0; n];
            f.seek(SeekFrom::Start(len - n as u64)).ok()?;
            f.read_exact(&mut tail).ok()?;
            match read_table(&tail, len)? {
                Ok(table) => return Some(Stored { path, table }),
                Err(more) if more > n => n = more,
                Err(_) => return None,
            }
        }
    }

    /// The file; the section `object` lies at its start.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The hash of a section, without reading it.
    pub fn hash(&self, name: &str) -> Option<[u8; 32]> {
        self.table.get(name).map(|e| e.hash)
    }

    /// A section, if it is undamaged. Otherwise the file is removed: it is of no use to anyone.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        let e = self.table.get(name)?;
        let mut data = Vec::new();
        let read = File::open(&self.path)
            .and_then(|mut f| f.seek(SeekFrom::Start(e.at)).map(|_| f))
            .and_then(|f| f.take(e.len).read_to_end(&mut data));
        if read.is_ok() && blake3::hash(&data).as_bytes() == &e.hash {
            return Some(data);
        }
        discard(&self.path);
        None
    }
}

/// Makes a damaged file count as missing.
fn discard(path: &Path) {
    match cacheprog::program() {
        Some(p) => p.note_damaged(path),
        // Another process may have replaced it meanwhile, which is as well.
        None => drop(std::fs::remove_file(path)),
    }
}

/// A result: in memory, or in the cache.
#[derive(Clone, Debug)]
pub enum Artifact {
    Memory(Entry),
    Stored(Stored),
}

impl Artifact {
    /// A section; None if the file with it is damaged.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        match self {
            Artifact::Memory(e) => e.sections.get(name).cloned(),
            Artifact::Stored(s) => s.read(name),
        }
    }

    /// The hash of a section; zeros if there is none.
    pub fn hash(&self, name: &str) -> [u8; 32] {
        match self {
            Artifact::Memory(e) => e.sections.get(name).map_or([0; 32], |d| *blake3::hash(d).as_bytes()),
            Artifact::Stored(s) => s.hash(name).unwrap_or_default(),
        }
    }
}

/// Notes the use of an entry, at most once an hour.
fn note_use(f: &File, m: &std::fs::Metadata) {
    let old = m.modified().is_ok_and(|t| SystemTime::now().duration_since(t).is_ok_and(|d| d > Duration::from_secs(3600)));
    if old {
        let _ = f.set_modified(SystemTime::now());
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

    /// The entry, if it is there; its sections are read when asked for.
    pub fn open(&self, key: &Key) -> Option<Stored> {
        let path = match cacheprog::program() {
            Some(p) => p.get(&key.0)?,
            None => self.path(key),
        };
        let mut f = File::open(&path).ok()?;
        let m = f.metadata().ok()?;
        if cacheprog::program().is_none() {
            note_use(&f, &m);
        }
        let s = Stored::open(path.clone(), &mut f, m.len());
        if s.is_none() {
            discard(&path);
        }
        s
    }

    /// The whole entry, if it is there and undamaged.
    pub fn get(&self, key: &Key) -> Option<Entry> {
        let s = self.open(key)?;
        let mut e = Entry::default();
        for name in s.table.keys() {
            e.set(name, s.read(name)?);
        }
        Some(e)
    }

    /// Makes the folders that go makes in GOCACHE, so that it is known for what it is.
    fn prepare(&self) {
        let Some(top) = self.dir.parent().filter(|t| !t.join("00").is_dir()) else { return };
        for i in 0..=255 {
            // What cannot be made will be missed when an entry is stored.
            let _ = std::fs::create_dir_all(top.join(format!("{i:02x}")));
        }
        let readme = top.join("README");
        if !readme.exists() {
            let _ = std::fs::write(readme, "This directory holds cached build artifacts from the Go build system.\nRun \"go clean -cache\" if the directory is getting too large.\n");
        }
    }

    /// Stores an entry.
    pub fn put(&self, key: &Key, e: &Entry) -> std::io::Result<()> {
        if let Some(p) = cacheprog::program() {
            let mut data = Vec::new();
            e.write(&mut data)?;
            return p.put(&key.0, &data).map(drop);
        }
        let path = self.path(key);
        let dir = path.parent().unwrap_or(&self.dir);
        std::fs::create_dir_all(dir)?;
        let mut f = tempfile::Builder::new().prefix(".tmp-").tempfile_in(dir)?;
        e.write(&mut std::io::BufWriter::new(f.as_file_mut()))?;
        f.persist(&path)?;
        Ok(())
    }

    fn fact_key(kind: &str, path: &Path, stamp: &Stamp) -> Key {
        KeyBuilder::new("fact").text("kind", kind).text("path", &path.display().to_string()).bytes("stamp", &stamp.0).finish()
    }

    /// What was found out before about a file that still looks the same.
    pub fn fact(&self, kind: &str, path: &Path, stamp: &Stamp) -> Option<Vec<u8>> {
        self.open(&Cache::fact_key(kind, path, stamp))?.read("value")
    }

    /// Notes something about a file that has this stamp.
    pub fn note(&self, kind: &str, path: &Path, stamp: &Stamp, value: Vec<u8>) {
        let mut e = Entry::default();
        e.set("value", value);
        // A full disk costs time, not correctness.
        let _ = self.put(&Cache::fact_key(kind, path, stamp), &e);
    }

    fn file_path(&self, name: &str, hash: &Key) -> PathBuf {
        self.dir.join("files").join(hash.hex()).join(name)
    }

    fn file_key(hash: &Key) -> Key {
        KeyBuilder::new("file").key("contents", hash).finish()
    }

    /// Where [`Cache::file`] put contents with this hash and length, if it did.
    pub fn kept_file(&self, name: &str, hash: &Key, len: u64) -> Option<PathBuf> {
        let path = match cacheprog::program() {
            Some(p) => p.get(&Cache::file_key(hash).0)?,
            None => self.file_path(name, hash),
        };
        std::fs::metadata(&path).is_ok_and(|m| m.len() == len).then_some(path)
    }

    /// A file with these contents; under this name, unless GOCACHEPROG says where files lie.
    pub fn file(&self, name: &str, data: &[u8]) -> std::io::Result<PathBuf> {
        let hash = Key(*blake3::hash(data).as_bytes());
        if let Some(p) = cacheprog::program() {
            let key = Cache::file_key(&hash).0;
            let kept = p.get(&key).filter(|f| std::fs::read(f).is_ok_and(|d| d == data)).or_else(|| p.put(&key, data).ok());
            if let Some(path) = kept {
                return Ok(path);
            }
            // It keeps nothing, or not what it was given.
        }
        let path = self.file_path(name, &hash);
        let dir = path.parent().unwrap_or(&self.dir);
        let right = std::fs::read(&path).is_ok_and(|d| blake3::hash(&d).as_bytes() == &hash.0);
        if right {
            if let Ok((f, m)) = File::open(&path).and_then(|f| f.metadata().map(|m| (f, m))) {
                note_use(&f, &m);
            }
        } else {
            std::fs::create_dir_all(dir)?;
            let mut f = tempfile::Builder::new().prefix(".tmp-").tempfile_in(dir)?;
            f.write_all(data)?;
            f.persist(&path)?;
        }
        Ok(path)
    }

    /// Removes entries that have not been used for some days; does so at most once a day.
    pub fn trim(&self) {
        self.prepare();
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
        let whole = std::fs::read(&p).unwrap();
        let mut data = whole.clone();
        *data.last_mut().unwrap() ^= 1;
        std::fs::write(&p, &data).unwrap();
        assert!(c.get(&k).is_none() && !p.exists());
        // So does one of any shape.
        for n in 0..whole.len() {
            c.put(&k, &e).unwrap();
            std::fs::write(&p, &whole[..n]).unwrap();
            assert!(c.get(&k).is_none(), "cut to {n}");
            let mut d = whole.clone();
            d[n] ^= 0x55;
            std::fs::write(&p, d).unwrap();
            assert!(c.get(&k).is_none(), "flipped {n}");
        }
        c.put(&k, &e).unwrap();
        let s = c.open(&k).unwrap();
        assert_eq!((s.read("object"), s.hash("empty")), (Some(vec![1, 2, 3]), Some(*blake3::hash(b"").as_bytes())));
        assert_eq!(std::fs::read(s.path()).unwrap()[..3], [1, 2, 3]);
        c.put(&k, &e).unwrap();
        c.trim();
        assert!(p.exists());
        c.clear().unwrap();
        assert!(!p.exists());
    }
}
