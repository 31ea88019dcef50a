//! Module zip files: reading, with the rules that keep them harmless.
//!
//! Every file lies below `path@version/`; names are clean, differ not only in case, and sizes are
//! limited as Go limits them. Anything else is an error, never a file outside its folder.

use crate::ModVersion;
use std::collections::HashMap;

/// Limit of a module's unpacked size, and of its zip.
pub const MAX_ZIP: u64 = 500 << 20;
const MAX_GO_MOD: u64 = 16 << 20;

/// A file of a module zip.
#[derive(Debug)]
pub struct ZipFile {
    /// As in the zip: with the leading `path@version/`.
    pub name: String,
    pub data: Vec<u8>,
}

fn u16_at(b: &[u8], i: usize) -> Option<u64> {
    Some(u16::from_le_bytes(b.get(i..i + 2)?.try_into().ok()?) as u64)
}

fn u32_at(b: &[u8], i: usize) -> Option<u64> {
    Some(u32::from_le_bytes(b.get(i..i + 4)?.try_into().ok()?) as u64)
}

fn u64_at(b: &[u8], i: usize) -> Option<u64> {
    Some(u64::from_le_bytes(b.get(i..i + 8)?.try_into().ok()?))
}

fn crc32(data: &[u8]) -> u32 {
    let mut table = [0u32; 256];
    for (i, t) in table.iter_mut().enumerate() {
        let mut c = i as u32;
        for _ in 0..8 {
            c = if c & 1 != 0 { 0xedb8_8320 ^ c >> 1 } else { c >> 1 };
        }
        *t = c;
    }
    !data.iter().fold(!0u32, |c, &b| table[((c ^ b as u32) & 0xff) as usize] ^ c >> 8)
}

struct Entry {
    name: String,
    method: u64,
    crc: u32,
    packed: u64,
    size: u64,
    offset: u64,
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
        out.push(Entry { name, method: u16_at(h, 10)?, crc: u32_at(h, 16)? as u32, packed, size, offset });
        i += 46 + n + x + c;
    }
    Some(out)
}

fn check_file_name(name: &str) -> Result<(), String> {
    let bad = |why: &str| Err(format!("malformed file path {name:?}: {why}"));
    if name.is_empty() || name.starts_with('/') {
        return bad("leading slash");
    }
    for e in name.split('/') {
        if e.is_empty() {
            return bad("empty path element");
        }
        if e == "." || e == ".." {
            return bad(&format!("invalid path element {e:?}"));
        }
        if e.ends_with('.') {
            return bad("trailing dot in path element");
        }
        let wrong = |c: char| c.is_control() || "\"'*<>?`|\\:".contains(c);
        if let Some(c) = e.chars().find(|c| wrong(*c)) {
            return bad(&format!("invalid char {c:?}"));
        }
    }
    Ok(())
}

/// The files of a module's zip.
pub fn read(m: &ModVersion, zip: &[u8]) -> Result<Vec<ZipFile>, String> {
    let fail = |e: String| format!("{m}: invalid zip: {e}");
    if zip.len() as u64 > MAX_ZIP {
        return Err(fail(format!("module zip file is too large ({} bytes; limit is {MAX_ZIP} bytes)", zip.len())));
    }
    let entries = directory(zip).ok_or_else(|| fail("zip: not a valid zip file".into()))?;
    let prefix = format!("{m}/");
    let mut seen: HashMap<String, String> = HashMap::new();
    let mut total = 0u64;
    let mut out = Vec::new();
    for e in entries {
        if e.name.ends_with('/') {
            continue;
        }
        let Some(rel) = e.name.strip_prefix(&prefix) else {
            return Err(fail(format!("path does not have prefix {prefix:?}: {:?}", e.name)));
        };
        check_file_name(rel).map_err(fail)?;
        if let Some(other) = seen.insert(rel.to_lowercase(), rel.to_string()) {
            return Err(fail(format!("case-insensitive file name collision: {other:?} and {rel:?}")));
        }
        total = total.saturating_add(e.size);
        if total > MAX_ZIP {
            return Err(fail(format!("total uncompressed size of module contents too large (max size is {MAX_ZIP} bytes)")));
        }
        if (rel == "go.mod" || rel == "LICENSE") && e.size > MAX_GO_MOD {
            return Err(fail(format!("{rel} file too large (max size is {MAX_GO_MOD} bytes)")));
        }
        let data = contents(zip, &e).ok_or_else(|| fail(format!("{}: damaged", e.name)))?;
        out.push(ZipFile { name: e.name, data });
    }
    Ok(out)
}

/// All files of a zip that this machine made (no rules about names).
pub fn read_all(zip: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let entries = directory(zip).ok_or("zip: not a valid zip file")?;
    entries.into_iter().map(|e| Ok((e.name.clone(), contents(zip, &e).ok_or_else(|| format!("{}: damaged", e.name))?))).collect()
}

fn contents(zip: &[u8], e: &Entry) -> Option<Vec<u8>> {
    let h = zip.get(usize::try_from(e.offset).ok()?..)?;
    if !h.starts_with(b"PK\x03\x04") {
        return None;
    }
    let start = 30 + u16_at(h, 26)? as usize + u16_at(h, 28)? as usize;
    let packed = h.get(start..start.checked_add(usize::try_from(e.packed).ok()?)?)?;
    let data = match e.method {
        0 => packed.to_vec(),
        8 => miniz_oxide::inflate::decompress_to_vec_with_limit(packed, usize::try_from(e.size).ok()?).ok()?,
        _ => return None,
    };
    (data.len() as u64 == e.size && crc32(&data) == e.crc).then_some(data)
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
        let ok = make(&[("a.b/c@v1.0.0/go.mod", "module a.b/c\n"), ("a.b/c@v1.0.0/x/y.go", "package x\n")]);
        let files = read(&m, &ok).unwrap();
        assert_eq!(files.len(), 2);
        assert_eq!(files[1].data, b"package x\n");
        for bad in ["other/x", "a.b/c@v1.0.0/../x", "a.b/c@v1.0.0//x", "a.b/c@v1.0.0/a\\b", "a.b/c@v1.0.0/."] {
            assert!(read(&m, &make(&[(bad, "")])).is_err(), "{bad}");
        }
        let twice = make(&[("a.b/c@v1.0.0/x", ""), ("a.b/c@v1.0.0/X", "")]);
        assert!(read(&m, &twice).unwrap_err().contains("collision"));
        let mut damaged = ok.clone();
        let i = ok.windows(9).position(|w| w == b"package x").unwrap();
        damaged[i] ^= 1;
        assert!(read(&m, &damaged).unwrap_err().contains("damaged"));
        assert!(read(&m, b"junk").is_err());
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
