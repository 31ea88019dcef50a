//! Module zip files: reading and making them, with the rules that keep them harmless.
//!
//! Every file lies below `path@version/`; names are clean, differ not only in case, and sizes are
//! limited as Go limits them. Anything else is an error, never a file outside its folder.
//! [`Archive::hash`] is what go.sum has, [`Archive::check`] must come before [`Archive::unpack`] writes anything.

use crate::ModVersion;
use crate::error::{Error, Result, io};
use crate::layout::check_file_path;
use crate::{dirhash, quote, semver};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Limit of a module's unpacked size, and of its zip.
pub const MAX_ZIP: u64 = 500 << 20;
/// Limit of go.mod and LICENSE.
pub const MAX_GO_MOD: u64 = 16 << 20;

fn u16_at(b: &[u8], i: usize) -> Option<u64> {
    Some(u16::from_le_bytes(b.get(i..i + 2)?.try_into().ok()?) as u64)
}

fn u32_at(b: &[u8], i: usize) -> Option<u64> {
    Some(u32::from_le_bytes(b.get(i..i + 4)?.try_into().ok()?) as u64)
}

fn u64_at(b: &[u8], i: usize) -> Option<u64> {
    Some(u64::from_le_bytes(b.get(i..i + 8)?.try_into().ok()?))
}

/// CRC-32 as zip has it.
struct Crc(u32);

impl Default for Crc {
    fn default() -> Crc {
        Crc(!0)
    }
}

impl Crc {
    const TABLE: [u32; 256] = {
        let mut table = [0u32; 256];
        let mut i = 0;
        while i < 256 {
            let (mut c, mut k) = (i as u32, 0);
            while k < 8 {
                c = if c & 1 != 0 { 0xedb8_8320 ^ c >> 1 } else { c >> 1 };
                k += 1;
            }
            table[i] = c;
            i += 1;
        }
        table
    };

    fn add(&mut self, data: &[u8]) {
        self.0 = data.iter().fold(self.0, |c, &b| Crc::TABLE[((c ^ b as u32) & 0xff) as usize] ^ c >> 8);
    }

    fn value(&self) -> u32 {
        !self.0
    }
}

fn crc32(data: &[u8]) -> u32 {
    let mut c = Crc::default();
    c.add(data);
    c.value()
}

struct Entry {
    name: String,
    method: u64,
    crc: u32,
    packed: u64,
    size: u64,
    offset: u64,
    regular: bool,
}

/// The central directory.
fn directory(b: &[u8]) -> Option<Vec<Entry>> {
    let from = b.len().saturating_sub(22 + 65535);
    let end = (from..=b.len().checked_sub(22)?).rev().find(|&i| b[i..].starts_with(b"PK\x05\x06"))?;
    let (mut count, mut at) = (u16_at(b, end + 10)?, u32_at(b, end + 16)?);
    if (count == 0xffff || at == 0xffff_ffff) && end >= 20 && b[end - 20..].starts_with(b"PK\x06\x07") {
        let e64 = u64_at(b, end - 20 + 8)? as usize;
        if b.get(e64..)?.starts_with(b"PK\x06\x06") {
            (count, at) = (u64_at(b, e64 + 32)?, u64_at(b, e64 + 48)?);
        }
    }
    let mut out = Vec::new();
    let mut i = usize::try_from(at).ok()?;
    for _ in 0..count {
        let h = b.get(i..)?;
        if !h.starts_with(b"PK\x01\x02") {
            return None;
        }
        let (n, x, c) = (u16_at(h, 28)? as usize, u16_at(h, 30)? as usize, u16_at(h, 32)? as usize);
        let name = std::str::from_utf8(h.get(46..46 + n)?).ok()?.to_string();
        let (mut packed, mut size, mut offset) = (u32_at(h, 20)?, u32_at(h, 24)?, u32_at(h, 42)?);
        // Sizes beyond 4 GiB are in an extra field; such modules are refused below.
        let mut extra = h.get(46 + n..46 + n + x)?;
        while extra.len() >= 4 {
            let (id, len) = (u16_at(extra, 0)?, u16_at(extra, 2)? as usize);
            let mut f = extra.get(4..4 + len)?;
            if id == 1 {
                for v in [&mut size, &mut packed, &mut offset] {
                    if *v == 0xffff_ffff {
                        *v = u64_at(f, 0)?;
                        f = f.get(8..)?;
                    }
                }
            }
            extra = &extra[4 + len..];
        }
        // Made on Unix: the mode is in the external attributes.
        let mode = if u16_at(h, 4)? >> 8 == 3 { u32_at(h, 38)? >> 16 } else { 0 };
        let regular = mode & 0o170000 != 0o120000;
        out.push(Entry { name, method: u16_at(h, 10)?, crc: u32_at(h, 16)? as u32, packed, size, offset, regular });
        i += 46 + n + x + c;
    }
    Some(out)
}

/// Clean, relative, allowed everywhere.
fn check_name(name: &str) -> std::result::Result<(), String> {
    if clean(name) != name {
        return Err("file path is not clean".into());
    }
    check_file_path(name)
}

fn clean(p: &str) -> String {
    let rooted = p.starts_with('/');
    let mut out: Vec<&str> = Vec::new();
    for e in p.split('/') {
        match e {
            "" | "." => {}
            ".." if out.last().is_some_and(|l| *l != "..") => {
                out.pop();
            }
            ".." if rooted => {}
            e => out.push(e),
        }
    }
    let s = out.join("/");
    if rooted { format!("/{s}") } else if s.is_empty() { ".".into() } else { s }
}

/// Names met so far, with their folders, by their lower-case form.
#[derive(Default)]
struct Collisions(HashMap<String, (String, bool)>);

impl Collisions {
    fn check(&mut self, name: &str, is_dir: bool) -> std::result::Result<(), String> {
        let (mut name, mut is_dir) = (name, is_dir);
        loop {
            match self.0.get(&name.to_lowercase()) {
                Some((other, _)) if other != name => {
                    return Err(format!("case-insensitive file name collision: {} and {}", quote(other), quote(name)));
                }
                Some((_, d)) if *d != is_dir => return Err(format!("entry {} is both a file and a directory", quote(name))),
                Some(_) if !is_dir => return Err(format!("multiple entries for file {}", quote(name))),
                Some(_) => {}
                None => {
                    self.0.insert(name.to_lowercase(), (name.into(), is_dir));
                }
            }
            match name.rsplit_once('/') {
                Some((parent, _)) => (name, is_dir) = (parent, true),
                None => return Ok(()),
            }
        }
    }
}

fn damaged(e: &Entry) -> Error {
    Error::text(format!("{}: zip: checksum error", e.name))
}

/// A zip in memory.
pub struct Archive<'a> {
    data: &'a [u8],
    entries: Vec<Entry>,
}

impl<'a> Archive<'a> {
    /// Reads the directory.
    pub fn open(data: &'a [u8]) -> Result<Archive<'a>> {
        let entries = directory(data).ok_or("zip: not a valid zip file")?;
        Ok(Archive { data, entries })
    }

    /// Names as in the zip.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|e| e.name.as_str())
    }

    fn contents(&self, e: &Entry) -> Result<Vec<u8>> {
        contents(self.data, e).ok_or_else(|| damaged(e))
    }

    /// The `h1:` sum.
    pub fn hash(&self) -> Result<String> {
        let mut lines = Vec::new();
        for e in &self.entries {
            if e.name.contains('\n') {
                return Err("dirhash: filenames with newlines are not supported".into());
            }
            let mut h = <sha2::Sha256 as sha2::Digest>::new();
            let whole = read(self.data, e, &mut |piece| {
                sha2::Digest::update(&mut h, piece);
                Ok(())
            });
            if !whole.unwrap_or(false) {
                return Err(damaged(e));
            }
            lines.push((e.name.clone(), dirhash::hex_of(h)));
        }
        Ok(dirhash::of_lines(lines))
    }

    /// Refuses what Go refuses.
    pub fn check(&self, m: &ModVersion) -> Result<()> {
        if self.data.len() as u64 > MAX_ZIP {
            return Err(format!("module zip file is too large ({} bytes; limit is {MAX_ZIP} bytes)", self.data.len()).into());
        }
        let prefix = format!("{}@{}/", m.path, m.version);
        let mut seen = Collisions::default();
        let (mut total, mut size_err, mut errs) = (0u64, None, Vec::new());
        for e in &self.entries {
            let mut fail = |m: String| errs.push(format!("{}: {m}", e.name));
            let Some(rel) = e.name.strip_prefix(&prefix) else {
                fail(format!("path does not have prefix {}", quote(&prefix)));
                continue;
            };
            let is_dir = rel.ends_with('/');
            let rel = rel.strip_suffix('/').unwrap_or(rel);
            if rel.is_empty() && !is_dir {
                continue;
            }
            if let Err(m) = check_name(rel).and_then(|()| seen.check(rel, is_dir)) {
                fail(m);
                continue;
            }
            if is_dir {
                continue;
            }
            let base = rel.rsplit('/').next().unwrap_or(rel);
            if base.eq_ignore_ascii_case("go.mod") && rel != "go.mod" {
                fail(if base != rel { "go.mod file not in module root directory" } else { "go.mod files must have lowercase names" }.into());
                continue;
            }
            total = total.saturating_add(e.size);
            if total > MAX_ZIP && size_err.is_none() {
                size_err = Some(format!("total uncompressed size of module contents too large (max size is {MAX_ZIP} bytes)"));
            }
            if matches!(rel, "go.mod" | "LICENSE") && e.size > MAX_GO_MOD {
                fail(format!("{rel} file too large (max size is {MAX_GO_MOD} bytes)"));
            }
        }
        match size_err {
            Some(e) => Err(e.into()),
            None if errs.is_empty() => Ok(()),
            None => Err(errs.join("\n").into()),
        }
    }

    /// Writes the files of a checked zip below a folder.
    pub fn unpack(&self, m: &ModVersion, dir: &Path) -> Result<()> {
        let prefix = format!("{}@{}/", m.path, m.version);
        let mut made: HashSet<std::path::PathBuf> = HashSet::new();
        std::fs::create_dir_all(dir).map_err(|e| io("mkdir", dir, &e))?;
        for e in &self.entries {
            let rel = e.name.strip_prefix(&prefix).unwrap_or("");
            if rel.is_empty() || rel.ends_with('/') {
                continue;
            }
            let path = dir.join(rel);
            let parent = path.parent().unwrap_or(dir);
            if made.insert(parent.to_path_buf()) {
                std::fs::create_dir_all(parent).map_err(|e| io("mkdir", parent, &e))?;
            }
            let mut o = std::fs::File::options();
            o.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut o, 0o444);
            let mut f = o.open(&path).map_err(|e| io("open", &path, &e))?;
            let whole = read(self.data, e, &mut |piece| std::io::Write::write_all(&mut f, piece));
            if !whole.map_err(|e| io("write", &path, &e))? {
                return Err(damaged(e));
            }
        }
        Ok(())
    }

    /// Files with their contents (not folders or links), below one leading folder that is cut off.
    pub fn files(&self) -> Result<Vec<File>> {
        let mut out = Vec::new();
        let mut top = "";
        for e in &self.entries {
            let (t, rel) = e.name.split_once('/').ok_or("missing top-level directory prefix")?;
            if !top.is_empty() && t != top {
                return Err("zip file contains more than one top-level directory".into());
            }
            top = t;
            if rel.is_empty() || rel.ends_with('/') {
                continue;
            }
            out.push(File { path: rel.into(), data: self.contents(e)?, regular: e.regular });
        }
        Ok(out)
    }
}

/// A file for a zip that is made.
pub struct File {
    pub path: String,
    pub data: Vec<u8>,
    /// No link.
    pub regular: bool,
}

fn is_vendored(name: &str, go: &str) -> bool {
    let new = semver::compare_go(go, "1.24").is_ge();
    if new && name == "vendor/modules.txt" {
        return true;
    }
    let i = if name.starts_with("vendor/") {
        "vendor/".len()
    } else if let Some(j) = name.find("/vendor/") {
        // Older releases looked at the wrong place; zips must stay the same.
        if new { j + "/vendor/".len() } else { "/vendor/".len() }
    } else {
        return false;
    };
    name.get(i..).is_some_and(|r| r.contains('/'))
}

/// Makes the zip of a module from its files.
pub fn create(m: &ModVersion, files: &[File]) -> Result<Vec<u8>> {
    let fail = |e: String| Error::text(format!("create zip: {e}"));
    let go_mods: HashSet<&str> = files.iter().filter(|f| f.regular).filter_map(|f| {
        let (dir, base) = f.path.rsplit_once('/').map_or(("", f.path.as_str()), |(d, b)| (d, b));
        base.eq_ignore_ascii_case("go.mod").then_some(dir)
    }).collect();
    let root_mod = files.iter().find(|f| f.path == "go.mod" && f.regular);
    let go = root_mod.and_then(|f| crate::modfile::File::parse("go.mod", &f.data, crate::modfile::Mode::Lax).ok());
    let go = go.map_or(String::new(), |f| crate::gover::lang(f.go_version()));
    let in_submodule = |p: &str| {
        let mut p = p;
        while let Some((dir, _)) = p.rsplit_once('/') {
            if go_mods.contains(dir) {
                return true;
            }
            p = dir;
        }
        false
    };
    let mut seen = Collisions::default();
    let (mut total, mut errs) = (0u64, Vec::new());
    let mut w = Writer::default();
    for f in files {
        let p = f.path.as_str();
        if p.starts_with('/') {
            errs.push(format!("{p}: file path is not relative"));
            continue;
        }
        if is_vendored(p, &go) || in_submodule(p) || p == ".hg_archival.txt" {
            continue;
        }
        if let Err(m) = check_name(p) {
            errs.push(format!("{p}: {m}"));
            continue;
        }
        if p.eq_ignore_ascii_case("go.mod") && p != "go.mod" {
            errs.push(format!("{p}: go.mod files must have lowercase names"));
            continue;
        }
        if let Err(m) = seen.check(p, false) {
            errs.push(format!("{p}: {m}"));
            continue;
        }
        if !f.regular {
            continue;
        }
        total = total.saturating_add(f.data.len() as u64);
        if total > MAX_ZIP {
            return Err(fail(format!("module source tree too large (max size is {MAX_ZIP} bytes)")));
        }
        if matches!(p, "go.mod" | "LICENSE") && f.data.len() as u64 > MAX_GO_MOD {
            errs.push(format!("{p}: {p} file too large (max size is {MAX_GO_MOD} bytes)"));
            continue;
        }
        w.add(&format!("{}@{}/{p}", m.path, m.version), &f.data);
    }
    if errs.is_empty() { Ok(w.finish()) } else { Err(fail(errs.join("\n"))) }
}

/// Writes a zip: deflated entries without times, as Go's module zips have them.
#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    dir: Vec<u8>,
    count: u64,
}

impl Writer {
    fn add(&mut self, name: &str, data: &[u8]) {
        let at = self.out.len() as u32;
        let packed = miniz_oxide::deflate::compress_to_vec(data, 6);
        let mut common = vec![20, 0, 0, 8, 8, 0, 0, 0, 0, 0];
        common.extend(crc32(data).to_le_bytes());
        common.extend((packed.len() as u32).to_le_bytes());
        common.extend((data.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        self.out.extend(b"PK\x03\x04");
        self.out.extend(&common);
        self.out.extend(name.as_bytes());
        self.out.extend(&packed);
        self.dir.extend(b"PK\x01\x02\x14\x00");
        self.dir.extend(&common);
        self.dir.extend([0; 10]);
        self.dir.extend(at.to_le_bytes());
        self.dir.extend(name.as_bytes());
        self.count += 1;
    }

    fn finish(mut self) -> Vec<u8> {
        let (at, size) = (self.out.len() as u64, self.dir.len() as u64);
        self.out.append(&mut self.dir);
        if self.count >= 0xffff {
            let here = self.out.len() as u64;
            self.out.extend(b"PK\x06\x06");
            self.out.extend(44u64.to_le_bytes());
            self.out.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            for v in [self.count, self.count, size, at] {
                self.out.extend(v.to_le_bytes());
            }
            self.out.extend(b"PK\x06\x07\0\0\0\0");
            self.out.extend(here.to_le_bytes());
            self.out.extend([1, 0, 0, 0]);
        }
        let n = self.count.min(0xffff) as u16;
        self.out.extend(b"PK\x05\x06\0\0\0\0");
        self.out.extend(n.to_le_bytes());
        self.out.extend(n.to_le_bytes());
        self.out.extend((size as u32).to_le_bytes());
        self.out.extend((at as u32).to_le_bytes());
        self.out.extend([0, 0]);
        self.out
    }
}

/// All files of a zip that this machine made (no rules about names).
pub fn read_all(zip: &[u8]) -> std::result::Result<Vec<(String, Vec<u8>)>, String> {
    let entries = directory(zip).ok_or("zip: not a valid zip file")?;
    entries.into_iter().map(|e| Ok((e.name.clone(), contents(zip, &e).ok_or_else(|| format!("{}: damaged", e.name))?))).collect()
}

fn contents(zip: &[u8], e: &Entry) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    read(zip, e, &mut |piece| {
        out.extend_from_slice(piece);
        Ok(())
    })
    .ok()?
    .then_some(out)
}

/// Hands on an entry's contents in pieces; false if it is damaged, which may be known only at the end.
fn read(zip: &[u8], e: &Entry, to: &mut dyn FnMut(&[u8]) -> std::io::Result<()>) -> std::io::Result<bool> {
    use miniz_oxide::{DataFormat, MZFlush, MZStatus, inflate::stream};
    let Some(packed) = packed(zip, e) else { return Ok(false) };
    let (mut total, mut crc) = (0u64, Crc::default());
    let mut take = |piece: &[u8]| {
        total += piece.len() as u64;
        crc.add(piece);
        to(piece)
    };
    match e.method {
        0 => take(packed)?,
        8 => {
            let mut state = stream::InflateState::new_boxed(DataFormat::Raw);
            let mut buf = vec![0; 1 << 16];
            let (mut rest, mut room) = (packed, e.size);
            loop {
                let r = stream::inflate(&mut state, rest, &mut buf, MZFlush::None);
                rest = &rest[r.bytes_consumed..];
                let Some(left) = room.checked_sub(r.bytes_written as u64) else { return Ok(false) };
                room = left;
                take(&buf[..r.bytes_written])?;
                match r.status {
                    Ok(MZStatus::StreamEnd) => break,
                    Ok(_) if r.bytes_consumed + r.bytes_written > 0 => {}
                    _ => return Ok(false),
                }
            }
        }
        _ => return Ok(false),
    }
    Ok(total == e.size && crc.value() == e.crc)
}

fn packed<'a>(zip: &'a [u8], e: &Entry) -> Option<&'a [u8]> {
    let h = zip.get(usize::try_from(e.offset).ok()?..)?;
    if !h.starts_with(b"PK\x03\x04") {
        return None;
    }
    let start = 30 + u16_at(h, 26)? as usize + u16_at(h, 28)? as usize;
    h.get(start..start.checked_add(usize::try_from(e.packed).ok()?)?)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A zip of stored files.
    pub(crate) fn make(files: &[(&str, &str)]) -> Vec<u8> {
        let (mut out, mut dir) = (Vec::new(), Vec::new());
        for (name, data) in files {
            let at = out.len() as u32;
            let common = |v: &mut Vec<u8>| {
                v.extend([20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
                v.extend(crc32(data.as_bytes()).to_le_bytes());
                v.extend((data.len() as u32).to_le_bytes());
                v.extend((data.len() as u32).to_le_bytes());
                v.extend((name.len() as u16).to_le_bytes());
                v.extend([0, 0]);
            };
            out.extend(b"PK\x03\x04");
            common(&mut out);
            out.extend(name.as_bytes());
            out.extend(data.as_bytes());
            dir.extend(b"PK\x01\x02\x14\x00");
            common(&mut dir);
            dir.extend([0; 10]);
            dir.extend(at.to_le_bytes());
            dir.extend(name.as_bytes());
        }
        let (n, at) = (files.len() as u16, out.len() as u32);
        out.extend(&dir);
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend(n.to_le_bytes());
        out.extend(n.to_le_bytes());
        out.extend((dir.len() as u32).to_le_bytes());
        out.extend(at.to_le_bytes());
        out.extend([0, 0]);
        out
    }

    #[test]
    fn rules() {
        let m = ModVersion::new("a.b/c", "v1.0.0");
        let check = |z: &[u8]| Archive::open(z).and_then(|a| a.check(&m).map(|()| a.hash()));
        let ok = make(&[("a.b/c@v1.0.0/go.mod", "module a.b/c\n"), ("a.b/c@v1.0.0/x/y.go", "package x\n")]);
        assert!(check(&ok).unwrap().is_ok());
        for bad in ["other/x", "a.b/c@v1.0.0/../x", "a.b/c@v1.0.0//x", "a.b/c@v1.0.0/a\\b", "a.b/c@v1.0.0/.", "a.b/c@v1.0.0/x/go.mod", "a.b/c@v1.0.0/NUL.go", "a.b/c@v1.0.0/GO.MOD"] {
            assert!(check(&make(&[(bad, "")])).is_err(), "{bad}");
        }
        let twice = make(&[("a.b/c@v1.0.0/x", ""), ("a.b/c@v1.0.0/X", "")]);
        assert!(check(&twice).unwrap_err().to_string().contains("collision"));
        let both = make(&[("a.b/c@v1.0.0/x", ""), ("a.b/c@v1.0.0/x/y", "")]);
        assert!(check(&both).unwrap_err().to_string().contains("both a file and a directory"));
        let mut damaged = ok.clone();
        let i = ok.windows(9).position(|w| w == b"package x").unwrap();
        damaged[i] ^= 1;
        assert!(check(&damaged).unwrap().unwrap_err().to_string().contains("checksum error"));
        assert!(check(b"junk").is_err());
        assert!((0..ok.len()).all(|n| check(&ok[..n]).is_err()), "truncated");
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn making() {
        let m = ModVersion::new("a.b/c", "v1.0.0");
        let f = |p: &str, d: &str| File { path: p.into(), data: d.into(), regular: true };
        let z = create(&m, &[f("go.mod", "module a.b/c\n"), f("x.go", "package c\n"), f("sub/go.mod", ""), f("sub/y.go", ""), f("vendor/a/b.go", "")]).unwrap();
        let a = Archive::open(&z).unwrap();
        assert_eq!(a.names().collect::<Vec<_>>(), ["a.b/c@v1.0.0/go.mod", "a.b/c@v1.0.0/x.go"]);
        a.check(&m).unwrap();
        let t = tempfile::tempdir().unwrap();
        a.unpack(&m, &t.path().join("d")).unwrap();
        assert_eq!(std::fs::read_to_string(t.path().join("d/x.go")).unwrap(), "package c\n");
        assert!(create(&m, &[f("a/../b", "")]).is_err());
        assert!(create(&m, &[f("a", ""), f("A", "")]).is_err());
    }
}
