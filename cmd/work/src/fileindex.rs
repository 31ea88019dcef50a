//! Heads and hashes of source files by what the files look like, so that a command reads only files that have changed.
//!
//! One index per root folder (GOROOT, a module) in the cache: records sorted by path. A record counts while its file has the [`Stamp`] it had when
//! it was read; it is made only of files that were at rest then. Two commands that write an index at once may lose records, which costs time.

use crate::cache::{Cache, Entry, Key, KeyBuilder};
use rgo_syntax::build::Constraint as Expr;
use crate::header::{EmbedPattern, Header, Import, LineCol};
use crate::package::SourceFile;
use crate::stamp::{Stamp, is_settled};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

const SECTION: &str = "records";

/// The index of one root.
#[derive(Default)]
struct Shard {
    /// As stored: number of records, offset of each, records.
    data: Vec<u8>,
    /// Found out by this command.
    new: BTreeMap<String, Vec<u8>>,
}

/// All indexes a command uses.
pub struct FileIndex {
    cache: Cache,
    salt: Key,
    shards: Mutex<HashMap<PathBuf, Shard>>,
}

fn u32_at(d: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(d.get(at..at + 4)?.try_into().ok()?))
}

/// The path and the rest of record `i`.
fn record(d: &[u8], i: usize) -> Option<(&str, &[u8])> {
    let n = u32_at(d, 0)? as usize;
    let at = u32_at(d, 4 + 4 * i)? as usize;
    let end = if i + 1 < n { u32_at(d, 8 + 4 * i)? as usize } else { d.len() };
    let mut r = Reader(d.get(at..end)?);
    let path = std::str::from_utf8(r.bytes()?).ok()?;
    Some((path, r.0))
}

fn find<'a>(d: &'a [u8], path: &str) -> Option<&'a [u8]> {
    let (mut lo, mut hi) = (0, u32_at(d, 0)? as usize);
    while lo < hi {
        let mid = (lo + hi) / 2;
        let (p, rest) = record(d, mid)?;
        match p.cmp(path) {
            std::cmp::Ordering::Equal => return Some(rest),
            std::cmp::Ordering::Less => lo = mid + 1,
            std::cmp::Ordering::Greater => hi = mid,
        }
    }
    None
}

fn join(records: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut out = (records.len() as u32).to_le_bytes().to_vec();
    let mut body = Vec::new();
    for (path, rest) in records {
        out.extend_from_slice(&((4 + 4 * records.len() + body.len()) as u32).to_le_bytes());
        put_bytes(&mut body, path.as_bytes());
        body.extend_from_slice(rest);
    }
    out.extend_from_slice(&body);
    out
}

impl FileIndex {
    /// The indexes in a cache. `salt`: what else heads depend on.
    pub fn new(cache: Cache, salt: Key) -> FileIndex {
        FileIndex { cache, salt, shards: Mutex::default() }
    }

    fn key(&self, root: &Path) -> Key {
        KeyBuilder::new("file index").key("salt", &self.salt).text("root", &root.display().to_string()).finish()
    }

    /// A Go file below `root`, read only if it is not known.
    pub fn open(&self, root: &Path, dir: &Path, name: &str) -> std::io::Result<SourceFile> {
        let path = dir.join(name);
        let now = SystemTime::now();
        let m = std::fs::metadata(&path);
        let stamp = m.as_ref().ok().and_then(Stamp::of);
        let text = path.to_str();
        if let (Some(stamp), Some(text)) = (stamp, text)
            && let Some((hash, header)) = self.lookup(root, text, &stamp)
        {
            return Ok(SourceFile::known(path, name.to_string(), hash, header));
        }
        let f = SourceFile::new(dir, name.to_string(), std::fs::read(&path)?);
        if let (Some(stamp), Some(text), true) = (stamp, text, m.is_ok_and(|m| is_settled(&m, now))) {
            let mut r = stamp.0.to_vec();
            r.extend_from_slice(&f.hash);
            put_header(&mut r, &f.header);
            let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
            shards.entry(root.to_path_buf()).or_default().new.insert(text.to_string(), r);
        }
        Ok(f)
    }

    fn lookup(&self, root: &Path, path: &str, stamp: &Stamp) -> Option<([u8; 32], Header)> {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        if !shards.contains_key(root) {
            let data = self.cache.open(&self.key(root)).and_then(|s| s.read(SECTION)).unwrap_or_default();
            shards.insert(root.to_path_buf(), Shard { data, new: BTreeMap::new() });
        }
        let rest = find(&shards.get(root)?.data, path)?;
        let rest = rest.strip_prefix(&stamp.0)?;
        let (hash, head) = rest.split_at_checked(32)?;
        Some((hash.try_into().ok()?, Reader(head).header()?))
    }

    /// Writes what was found out.
    pub fn save(&self) {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        for (root, shard) in shards.iter_mut().filter(|s| !s.1.new.is_empty()) {
            let key = self.key(root);
            // Another command may have added to it meanwhile.
            let data = self.cache.open(&key).and_then(|s| s.read(SECTION)).unwrap_or_default();
            let mut all: BTreeMap<String, Vec<u8>> = BTreeMap::new();
            for i in 0..u32_at(&data, 0).unwrap_or(0) as usize {
                if let Some((p, rest)) = record(&data, i) {
                    all.insert(p.to_string(), rest.to_vec());
                }
            }
            all.append(&mut shard.new);
            shard.data = join(&all);
            let mut e = Entry::default();
            e.set(SECTION, shard.data.clone());
            // A full disk costs time, not correctness.
            let _ = self.cache.put(&key, &e);
        }
    }
}

impl Drop for FileIndex {
    fn drop(&mut self) {
        self.save();
    }
}

fn put_u32(out: &mut Vec<u8>, v: u32) {
    out.extend_from_slice(&v.to_le_bytes());
}

fn put_bytes(out: &mut Vec<u8>, b: &[u8]) {
    put_u32(out, b.len() as u32);
    out.extend_from_slice(b);
}

fn put_pos(out: &mut Vec<u8>, p: LineCol) {
    put_u32(out, p.line);
    put_u32(out, p.col);
}

fn put_expr(out: &mut Vec<u8>, e: &Expr) {
    match e {
        Expr::Tag(t) => {
            out.push(1);
            put_bytes(out, t.as_bytes());
        }
        Expr::Not(x) => {
            out.push(2);
            put_expr(out, x);
        }
        Expr::And(x, y) | Expr::Or(x, y) => {
            out.push(if matches!(e, Expr::And(..)) { 3 } else { 4 });
            put_expr(out, x);
            put_expr(out, y);
        }
    }
}

fn put_header(out: &mut Vec<u8>, h: &Header) {
    put_bytes(out, h.package.as_bytes());
    put_pos(out, h.package_pos);
    put_u32(out, h.imports.len() as u32);
    for i in &h.imports {
        put_bytes(out, i.path.as_bytes());
        put_pos(out, i.pos);
    }
    match &h.constraint {
        None => out.push(0),
        Some(e) => put_expr(out, e),
    }
    put_u32(out, h.debug.len() as u32);
    for (text, pos) in &h.debug {
        put_bytes(out, text.as_bytes());
        put_pos(out, *pos);
    }
    put_u32(out, h.embeds.len() as u32);
    for e in &h.embeds {
        put_bytes(out, e.pattern.as_bytes());
        put_pos(out, e.pos);
    }
    put_bytes(out, h.doc.as_bytes());
    out.push(h.error.is_some() as u8);
    if let Some((pos, msg)) = &h.error {
        put_pos(out, *pos);
        put_bytes(out, msg.as_bytes());
    }
    out.push(h.imports_c as u8);
    put_u32(out, h.cgo.len() as u32);
    for l in &h.cgo {
        put_bytes(out, l.as_bytes());
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (a, b) = self.0.split_at_checked(n)?;
        self.0 = b;
        Some(a)
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let n = self.u32()? as usize;
        self.take(n)
    }

    fn string(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn pos(&mut self) -> Option<LineCol> {
        Some(LineCol { line: self.u32()?, col: self.u32()? })
    }

    fn expr(&mut self, tag: u8) -> Option<Expr> {
        let mut inner = || {
            let t = self.byte()?;
            self.expr(t).map(Box::new)
        };
        Some(match tag {
            2 => Expr::Not(inner()?),
            3 => Expr::And(inner()?, inner()?),
            4 => Expr::Or(inner()?, inner()?),
            1 => Expr::Tag(self.string()?),
            _ => return None,
        })
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let n = self.u32()?;
        (0..n).map(|_| one(self)).collect()
    }

    fn header(&mut self) -> Option<Header> {
        Some(Header {
            package: self.string()?,
            package_pos: self.pos()?,
            imports: self.list(|r| Some(Import { path: r.string()?, pos: r.pos()? }))?,
            constraint: match self.byte()? {
                0 => None,
                t => Some(self.expr(t)?),
            },
            debug: self.list(|r| Some((r.string()?, r.pos()?)))?,
            embeds: self.list(|r| Some(EmbedPattern { pattern: r.string()?, pos: r.pos()? }))?,
            doc: self.string()?,
            error: match self.byte()? {
                0 => None,
                _ => Some((self.pos()?, self.string()?)),
            },
            imports_c: self.byte()? != 0,
            cgo: self.list(|r| r.string())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_files_are_not_read() {
        let d = tempfile::tempdir().unwrap();
        let cache = Cache::new(&d.path().join("cache"));
        let index = || FileIndex::new(cache.clone(), KeyBuilder::new("t").finish());
        let src = "// Doc.\n\n//go:build (a || !b) && c\n\n//go:debug x=1\n\n// Package p.\npackage p\n\nimport (\n\t\"fmt\"\n\t// #cgo CFLAGS: -g\n\t\"C\"\n)\n\
                   //go:embed x y\nvar v string\n";
        let p = d.path().join("a.go");
        std::fs::write(&p, src).unwrap();
        // Times in the past: the file is at rest.
        let old = std::time::SystemTime::now() - std::time::Duration::from_secs(10);
        std::fs::File::options().append(true).open(&p).unwrap().set_modified(old).unwrap();
        let a = {
            let i = index();
            let f = i.open(d.path(), d.path(), "a.go").unwrap();
            let mut r = Vec::new();
            put_header(&mut r, &f.header);
            assert_eq!(format!("{:?}", Reader(&r).header().unwrap()), format!("{:?}", f.header));
            for n in 0..r.len() {
                assert!(Reader(&r[..n]).header().is_none());
            }
            let stamp = Stamp::at(&p).unwrap();
            let mut rec = stamp.0.to_vec();
            rec.extend_from_slice(&f.hash);
            rec.extend_from_slice(&r);
            i.shards.lock().unwrap().entry(d.path().into()).or_default().new.insert(p.to_str().unwrap().into(), rec);
            f
        };
        let i = index();
        let (hash, header) = i.lookup(d.path(), p.to_str().unwrap(), &Stamp::at(&p).unwrap()).unwrap();
        assert_eq!((hash, header.imports.len()), (a.hash, 2));
        let b = i.open(d.path(), d.path(), "a.go").unwrap();
        assert_eq!(b.data().unwrap()[..], *src.as_bytes());
        // A changed file is read again; the old view of it fails rather than lies.
        let c = index().open(d.path(), d.path(), "a.go").unwrap();
        std::fs::write(&p, "package q\n").unwrap();
        assert!(c.data().is_err());
        assert_eq!(index().open(d.path(), d.path(), "a.go").unwrap().header.package, "q");
        assert!(index().open(d.path(), d.path(), "none.go").is_err());
        // Damaged records are no records.
        let good = join(&BTreeMap::from([("a".to_string(), vec![1, 2]), ("b".to_string(), vec![3])]));
        assert_eq!((find(&good, "a"), find(&good, "b"), find(&good, "c")), (Some(&[1u8, 2][..]), Some(&[3u8][..]), None));
        for n in 0..good.len() {
            let _ = find(&good[..n], "b");
            let mut g = good.clone();
            g[n] ^= 0xff;
            let _ = find(&g, "b");
        }
    }
}
