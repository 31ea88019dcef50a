//! What dependants can see of a package: the part of the cache key that stops a change of a function body from spreading.
//!
//! Importers read declarations, and the bodies of functions that they copy (generic ones, small ones: `rgo_lower::inline`). So the *interface hash* of a
//! package covers its sources without the other bodies and without comments; where such a body is left out only its extent is hidden. Functions that are copied keep their line
//! numbers in traces, so their lines count too. What escape analysis found out about functions travels beside it, by the hash of the summaries.
//!
//! Packages of the standard library do not change: their interface is their source.

use crate::cache::{Cache, Entry, Key, KeyBuilder};
use crate::package::Package;
use rgo_syntax::ast::{Decl, NodeIdGen};
use rgo_syntax::parser::{Mode, parse_file};
use rgo_syntax::pos::FileSet;

/// The hash of what importers can see of the package's files (not of what it imports).
pub fn hash(p: &Package, cache: &Cache, needed: fn(&rgo_syntax::ast::FuncDecl) -> bool) -> Result<Key, String> {
    let mut k = KeyBuilder::new("interface of files without comments");
    k.text("tool", env!("CARGO_PKG_VERSION"));
    for f in p.sources() {
        k.bytes(&f.name, &f.hash);
    }
    let sources = k.finish();
    if p.standard {
        return Ok(sources);
    }
    if let Some(e) = cache.get(&sources)
        && let Ok(h) = e.get("interface").try_into()
    {
        return Ok(Key(h));
    }
    let mut k = KeyBuilder::new("interface");
    for f in p.sources() {
        // A set of its own: the positions are not needed later.
        let set = FileSet::new();
        let data = f.data()?;
        let r = parse_file(&set, &mut NodeIdGen::new(), &f.name, &data, Mode::default());
        if !r.errors.is_empty() {
            k.bytes(&f.name, &f.hash);
            continue;
        }
        let file: &'static rgo_syntax::ast::File = Box::leak(Box::new(r.file));
        let base = file.start.0;
        let mut at = 0usize;
        for d in &file.decls {
            let Decl::Func(fd) = d else { continue };
            let Some(body) = &fd.body else { continue };
            let (from, to) = ((body.pos.0 - base) as usize, (body.rbrace.0 - base) as usize);
            if from < at || to > data.len() {
                continue;
            }
            k.bytes("text", &bare(&data[at..from]));
            if needed(fd) {
                k.text("line", &set.raw_position(fd.pos).line.to_string());
                k.bytes("body", &data[from..to]);
            }
            at = to;
        }
        k.bytes("text", &bare(&data[at..]));
    }
    let h = k.finish();
    let mut e = Entry::default();
    e.set("interface", h.0.to_vec());
    // A full disk costs time, not correctness.
    let _ = cache.put(&sources, &e);
    Ok(h)
}

/// Source text without comments that say nothing to a compiler, and with one space or newline between words.
fn bare(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let (mut i, mut newline, mut space) = (0, false, false);
    while i < text.len() {
        let rest = &text[i..];
        let directive = [&b"//go:"[..], b"//line ", b"/*line ", b"//export "].iter().any(|d| rest.starts_with(d));
        let n = match rest[0] {
            b'\n' => {
                newline = true;
                i += 1;
                continue;
            }
            b' ' | b'\t' | b'\r' => {
                space = true;
                i += 1;
                continue;
            }
            b'/' if rest.starts_with(b"//") => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            b'/' if rest.starts_with(b"/*") => memchr::memmem::find(&rest[2..], b"*/").map_or(rest.len(), |n| n + 4),
            b'`' => memchr::memchr(b'`', &rest[1..]).map_or(rest.len(), |n| n + 2),
            q @ (b'"' | b'\'') => {
                let mut n = 1;
                while n < rest.len() && rest[n] != q && rest[n] != b'\n' {
                    n += 1 + usize::from(rest[n] == b'\\');
                }
                (n + 1).min(rest.len())
            }
            _ => 1,
        };
        if !directive && (rest.starts_with(b"//") || rest.starts_with(b"/*")) {
            space = true;
            newline |= rest[..n].contains(&b'\n');
        } else {
            if newline || space {
                out.push(if newline { b'\n' } else { b' ' });
            }
            (newline, space) = (false, false);
            out.extend_from_slice(&rest[..n]);
        }
        i += n;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::SourceFile;

    fn key(src: &str) -> Key {
        let dir = tempfile::tempdir().unwrap();
        let p = Package { go_files: vec![SourceFile::new(dir.path(), "a.go".into(), src.as_bytes().to_vec())], ..Package::default() };
        hash(&p, &Cache::new(dir.path()), |fd| fd.name.name.as_str().starts_with("small")).unwrap()
    }

    #[test]
    fn bodies_are_hidden_declarations_are_not() {
        let a = key("package p\nfunc big() int { return 1 }\nfunc small() int { return 1 }\nvar x = 1\n");
        assert_eq!(a, key("package p\nfunc big() int { return 2+2 }\nfunc small() int { return 1 }\nvar x = 1\n"));
        assert_ne!(a, key("package p\nfunc big() int { return 1 }\nfunc small() int { return 2 }\nvar x = 1\n"));
        assert_ne!(a, key("package p\nfunc big() int8 { return 1 }\nfunc small() int { return 1 }\nvar x = 1\n"));
        assert_ne!(a, key("package p\nfunc big() int { return 1 }\nfunc small() int { return 1 }\nvar x = 2\n"));
        // Lines of functions that are copied count.
        assert_ne!(a, key("package p\nfunc big() int { \nreturn 1 }\nfunc small() int { return 1 }\nvar x = 1\n"));
        // Comments and blank lines do not, but where they move such a function; directives do.
        assert_eq!(a, key("package p\nfunc big() int { return 1 }\nfunc small() int { return 1 }\n\n// c \"\nvar x = /* d */ 1 // e\n"));
        assert_ne!(a, key("package p\n// c\nfunc big() int { return 1 }\nfunc small() int { return 1 }\nvar x = 1\n"));
        assert_ne!(a, key("package p\nfunc big() int { return 1 }\nfunc small() int { return 1 }\n//go:linkname x y\nvar x = 1\n"));
        assert_ne!(key("package p\nvar x = `// a`\n"), key("package p\nvar x = `// b`\n"));
        assert_ne!(key("package p\nfunc f() {"), key("package p\nfunc f() { x"));
    }
}
