//! Filling the module cache from a proxy, with checksums.
//!
//! Everything is written under a temporary name and renamed, or marked as partial while it is
//! being written; an operating system lock per module version keeps commands apart. Nothing
//! enters the cache whose checksum differs from go.sum's.

use crate::ModVersion;
use crate::dirhash;
use crate::gosum::GoSum;
use crate::layout::ModCache;
use crate::proxy::{FetchError, Proxies};
use crate::zip;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Fetches modules into a cache.
pub struct Downloader {
    pub cache: ModCache,
    pub proxies: Result<Proxies, String>,
    /// Modules that no proxy may be asked for (GONOPROXY).
    pub no_proxy: String,
    /// Leave files writable (`-modcacherw`).
    pub writable: bool,
    /// Say what is downloaded.
    pub quiet: bool,
}

const MAX_MOD: u64 = 16 << 20;

/// The message about a checksum that differs from go.sum.
pub fn mismatch(m: &ModVersion, got: &str, want: &[String]) -> String {
    format!(
        "verifying {m}: checksum mismatch\n\tdownloaded: {got}\n\tgo.sum:     {}\n\nSECURITY ERROR\nThis download does NOT match an earlier download recorded in go.sum.\nThe bits may have been replaced on the origin server, or an attacker may\nhave intercepted the download attempt.\n\nFor more information, see 'go help module-auth'.",
        want.join(" ")
    )
}

fn write_atomic(path: &Path, data: &[u8]) -> Result<(), String> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let fail = |e: std::io::Error| format!("{}: {e}", path.display());
    std::fs::create_dir_all(dir).map_err(fail)?;
    let mut f = tempfile::Builder::new().prefix(".tmp-").tempfile_in(dir).map_err(fail)?;
    f.write_all(data).map_err(fail)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        f.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(fail)?;
    }
    f.persist(path).map_err(|e| fail(e.error))?;
    Ok(())
}

impl Downloader {
    fn fetch(&self, m: &ModVersion, kind: &str, limit: u64) -> Result<Vec<u8>, String> {
        let p = self.proxies.as_ref().map_err(Clone::clone)?;
        if crate::proxy::match_prefix_patterns(&self.no_proxy, &m.path) {
            return Err(format!("{m}: GONOPROXY asks for its version control, which is not supported yet"));
        }
        p.fetch(m, kind, limit).map_err(|e| match e {
            FetchError::NotFound(t) | FetchError::Other(t) => format!("{m}: {t}"),
        })
    }

    fn file(&self, m: &ModVersion, kind: &str) -> Result<PathBuf, String> {
        self.cache.download_file(m, kind).ok_or_else(|| format!("{m}: invalid module path or version"))
    }

    /// A module's go.mod, from the cache or fetched; checked if go.sum knows it.
    pub fn go_mod(&self, m: &ModVersion, sums: &GoSum) -> Result<Vec<u8>, String> {
        if let Some(d) = self.cache.go_mod(m) {
            return Ok(d);
        }
        let data = self.fetch(m, "mod", MAX_MOD)?;
        let got = dirhash::hash_go_mod(&data);
        let want = sums.go_mod(m);
        if !want.is_empty() && !want.contains(&got) {
            return Err(mismatch(&ModVersion::new(&m.path, format!("{}/go.mod", m.version)), &got, want));
        }
        write_atomic(&self.file(m, "mod")?, &data)?;
        Ok(data)
    }

    /// The folder of a module, unpacking (and fetching) it if it is not there. `sums` must know the
    /// module: what nobody vouches for is not unpacked.
    pub fn module(&self, m: &ModVersion, sums: &GoSum) -> Result<PathBuf, String> {
        let dir = self.cache.module_dir(m).ok_or_else(|| format!("{m}: invalid module path or version"))?;
        if self.cache.have_module(m) {
            return Ok(dir);
        }
        let want = sums.module(m);
        if want.is_empty() {
            return Err(format!("{m}: missing go.sum entry"));
        }
        let _lock = self.lock(m)?;
        if self.cache.have_module(m) {
            return Ok(dir);
        }
        let zip_path = self.file(m, "zip")?;
        let cached = std::fs::read(&zip_path).ok();
        let fresh = cached.is_none();
        let data = match cached {
            Some(d) => d,
            None => {
                if !self.quiet {
                    eprintln!("go: downloading {} {}", m.path, m.version);
                }
                self.fetch(m, "zip", zip::MAX_ZIP)?
            }
        };
        let files = zip::read(m, &data)?;
        let got = dirhash::hash1(files.iter().map(|f| (f.name.as_str(), &f.data[..])));
        if !want.contains(&got) {
            return Err(mismatch(m, &got, want));
        }
        if fresh {
            write_atomic(&zip_path, &data)?;
        }
        write_atomic(&self.file(m, "ziphash")?, got.as_bytes())?;
        self.unpack(m, &dir, &files)?;
        Ok(dir)
    }

    fn lock(&self, m: &ModVersion) -> Result<std::fs::File, String> {
        let path = self.file(m, "lock")?;
        let fail = |e: std::io::Error| format!("{}: {e}", path.display());
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(fail)?;
        let f = std::fs::File::options().create(true).truncate(false).write(true).open(&path).map_err(fail)?;
        f.lock().map_err(fail)?;
        Ok(f)
    }

    fn unpack(&self, m: &ModVersion, dir: &Path, files: &[zip::ZipFile]) -> Result<(), String> {
        // While the marker is there, the folder does not count.
        let partial = self.file(m, "partial")?;
        let fail = |p: &Path, e: std::io::Error| format!("{}: {e}", p.display());
        std::fs::write(&partial, "").map_err(|e| fail(&partial, e))?;
        if dir.exists() {
            make_writable(dir);
            std::fs::remove_dir_all(dir).map_err(|e| fail(dir, e))?;
        }
        std::fs::create_dir_all(dir).map_err(|e| fail(dir, e))?;
        let prefix = format!("{m}/");
        for f in files {
            let rel = f.name.strip_prefix(&prefix).unwrap_or(&f.name);
            let path = dir.join(rel);
            std::fs::create_dir_all(path.parent().unwrap_or(dir)).map_err(|e| fail(&path, e))?;
            std::fs::write(&path, &f.data).map_err(|e| fail(&path, e))?;
        }
        if !self.writable {
            make_read_only(dir).map_err(|e| fail(dir, e))?;
        }
        std::fs::remove_file(&partial).map_err(|e| fail(&partial, e))
    }
}

#[cfg(unix)]
fn walk(dir: &Path, f: &mut dyn FnMut(&Path, bool) -> std::io::Result<()>) -> std::io::Result<()> {
    for e in std::fs::read_dir(dir)? {
        let e = e?;
        if e.file_type()?.is_dir() {
            walk(&e.path(), f)?;
        } else {
            f(&e.path(), false)?;
        }
    }
    f(dir, true)
}

#[cfg(unix)]
fn make_read_only(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    walk(dir, &mut |p, is_dir| std::fs::set_permissions(p, std::fs::Permissions::from_mode(if is_dir { 0o555 } else { 0o444 })))
}

#[cfg(unix)]
fn make_writable(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // Best effort: removing says what is wrong if this was not enough.
    let _ = std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755));
    if let Ok(l) = std::fs::read_dir(dir) {
        for e in l.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_dir())) {
            make_writable(&e.path());
        }
    }
}

#[cfg(not(unix))]
fn make_read_only(_dir: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn make_writable(_dir: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_a_file_proxy() {
        let t = tempfile::tempdir().unwrap();
        let m = ModVersion::new("a.b/C", "v1.0.0");
        let v = t.path().join("proxy/a.b/!c/@v");
        std::fs::create_dir_all(&v).unwrap();
        let zip = crate::zip::tests::make(&[("a.b/C@v1.0.0/go.mod", "module a.b/C\n"), ("a.b/C@v1.0.0/x/x.go", "package x\n")]);
        std::fs::write(v.join("v1.0.0.zip"), &zip).unwrap();
        std::fs::write(v.join("v1.0.0.mod"), "module a.b/C\n").unwrap();
        let d = Downloader {
            cache: ModCache::new(t.path().join("cache")),
            proxies: Proxies::parse(&format!("file://{}/proxy", t.path().display())),
            no_proxy: "private.corp".into(),
            writable: true,
            quiet: true,
        };
        let files = crate::zip::read(&m, &zip).unwrap();
        let sum = dirhash::hash1(files.iter().map(|f| (f.name.as_str(), &f.data[..])));
        let mut sums = GoSum::default();
        assert!(d.module(&m, &sums).unwrap_err().contains("missing go.sum entry"));
        sums.add(m.clone(), "h1:wrong");
        assert!(d.module(&m, &sums).unwrap_err().contains("checksum mismatch"));
        assert!(!d.cache.have_module(&m));
        sums.add(m.clone(), &sum);
        let dir = d.module(&m, &sums).unwrap();
        assert_eq!(std::fs::read_to_string(dir.join("x/x.go")).unwrap(), "package x\n");
        assert!(d.cache.have_module(&m));
        assert_eq!(d.cache.zip_hash(&m), Some(sum));
        assert_eq!(d.go_mod(&m, &sums).unwrap(), b"module a.b/C\n");
        let missing = ModVersion::new("a.b/D", "v1.0.0");
        assert!(d.go_mod(&missing, &sums).unwrap_err().starts_with("a.b/D@v1.0.0: reading file://"));
    }
}
