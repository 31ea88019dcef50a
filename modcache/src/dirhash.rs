//! The `h1:` checksum of go.sum: SHA-256 over the names and SHA-256 sums of files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// SHA-256 of some bytes as hexadecimal digits.
pub fn hex(data: &[u8]) -> String {
    hex_of(Sha256::new_with_prefix(data))
}

/// The sum so far as hexadecimal digits.
pub fn hex_of(h: Sha256) -> String {
    h.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// The checksum of files given by name and contents.
pub fn hash1<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    of_lines(files.map(|(n, d)| (n.to_string(), hex(d))).collect())
}

/// The checksum of files given by name and SHA-256.
pub fn of_lines(mut lines: Vec<(String, String)>) -> String {
    lines.sort();
    let mut h = Sha256::new();
    for (name, sum) in lines {
        h.update(format!("{sum}  {name}\n"));
    }
    format!("h1:{}", STANDARD.encode(h.finalize()))
}

/// The checksum of a go.mod file.
pub fn hash_go_mod(data: &[u8]) -> String {
    hash1(std::iter::once(("go.mod", data)))
}

/// The checksum of the files below a folder, named `prefix/...`.
pub fn hash_dir(dir: &std::path::Path, prefix: &str) -> std::io::Result<String> {
    fn walk(dir: &std::path::Path, name: &str, out: &mut Vec<(String, String)>) -> std::io::Result<()> {
        for e in std::fs::read_dir(dir)? {
            let e = e?;
            let n = format!("{name}/{}", e.file_name().to_string_lossy());
            if e.file_type()?.is_dir() {
                walk(&e.path(), &n, out)?;
            } else {
                out.push((n, hex(&std::fs::read(e.path())?)));
            }
        }
        Ok(())
    }
    let mut lines = Vec::new();
    walk(dir, prefix, &mut lines)?;
    Ok(of_lines(lines))
}

#[cfg(test)]
mod tests {
    #[test]
    fn known_sums() {
        // From the definition: sha256 of "<sha256 of nothing>  go.mod\n".
        assert_eq!(super::hash_go_mod(b""), super::hash1([("go.mod", &b""[..])].into_iter()));
        assert_eq!(super::hash_go_mod(b"module rsc.io/quote\n").len(), "h1:".len() + 44);
    }
}
