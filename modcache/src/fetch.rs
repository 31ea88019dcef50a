//! Modules from the cache, or from where GOPROXY says into it.
//!
//! Everything is written under a temporary name and renamed, or marked as partial while it is being written; a lock per
//! module version keeps commands apart, those of an installed go included. Nothing enters the cache whose checksum differs
//! from go.sum's, or is not the checksum database's where that is asked.

use crate::coderepo::CodeRepo;
use crate::error::{Error, Result, io, io_text};
use crate::git::GitRepo;
use crate::gosum::{GoSum, mod_key};
use crate::layout::ModCache;
use crate::memo::Memo;
use crate::proxy::{Proxies, ProxyRepo, match_prefix_patterns};
use crate::repo::{CachingRepo, ErrRepo, Repo, RevInfo, ToolchainRepo, read_info};
use crate::web::Security;
use crate::{ModVersion, dirhash, gover, lock, semver, sumdb, vcs, zip};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

/// What the environment and the command say about fetching.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub modcache: PathBuf,
    pub goproxy: String,
    pub gonoproxy: String,
    pub gosumdb: String,
    pub gonosumdb: String,
    pub goinsecure: String,
    pub vcs: vcs::Rules,
    /// `GOPATH/pkg/sumdb`.
    pub sumdb_dir: PathBuf,
    /// Leave folders writable (`-modcacherw`).
    pub writable: bool,
    /// The command that runs, as `mod download`.
    pub command: String,
    /// `-x`.
    pub trace: bool,
}

/// Fetches modules into a cache.
pub struct Fetcher {
    pub config: Arc<Config>,
    pub cache: ModCache,
    proxies: Result<Proxies>,
    repos: Memo<(String, String), Arc<CachingRepo>>,
    go_mods: Memo<ModVersion, Result<Arc<[u8]>>>,
    zips: Memo<ModVersion, Result<PathBuf>>,
    dirs: Memo<ModVersion, Result<PathBuf>>,
    pub sums: Mutex<GoSum>,
    db: OnceLock<Result<sumdb::Client>>,
    /// Why nothing may be looked up, as with `-mod=vendor`.
    disabled: OnceLock<String>,
}

const SUMDB_MISMATCH: &str = "\n\nSECURITY ERROR\nThis download does NOT match the one reported by the checksum server.\nThe bits may have been replaced on the origin server, or an attacker may\nhave intercepted the download attempt.\n\nFor more information, see 'go help module-auth'.\n";

const SUMDB_ABSENT: &str = "\n\nSECURITY ERROR\nThis download does NOT match one reported by the checksum server.\nThe checksum server has provided checksums, but the checksums do\nnot contain an entry for the download.\n\nThe checksum server may be malfunctioning, or an attacker may have\nintercepted the checksum request.\nThe download cannot be verified.\n\nFor more information, see 'go help module-auth'.\n";

fn not_exist(t: &str) -> Error {
    Error::NotExist(t.into())
}

/// The repository of a module that no proxy is asked for.
fn direct(config: &Config, path: &str) -> Result<Box<dyn Repo>> {
    let insecure = match_prefix_patterns(&config.goinsecure, path);
    let security = if insecure { Security::Insecure } else { Security::SecureOnly };
    let root = config.vcs.find(path, security).map_err(|e| Error::NotExistWrap(Box::new(e)))?;
    if root.vcs == "mod" {
        return Ok(Box::new(ProxyRepo::new(&root.url, path)?));
    }
    if root.vcs != "git" {
        return Err(Error::text(format!("lookup {}: rgo reads git repositories only; for those of {} use a module proxy (GOPROXY)", root.root, vcs::name(&root.vcs))));
    }
    let code = GitRepo::open(&config.modcache, &root.url, config.trace).map_err(|e| Error::text(format!("lookup {}: {e}", root.root)))?;
    Ok(Box::new(CodeRepo::new(code, &root.root, &root.subdir, path)?))
}

impl Fetcher {
    /// A fetcher with empty memory and no go.sum.
    pub fn new(config: Config) -> Fetcher {
        let proxies = if config.goproxy.is_empty() { Err("GOPROXY list is empty".into()) } else { Proxies::parse(&config.goproxy, &config.gonoproxy) };
        Fetcher {
            cache: ModCache::new(&config.modcache),
            config: Arc::new(config),
            proxies,
            repos: Memo::default(),
            go_mods: Memo::default(),
            zips: Memo::default(),
            dirs: Memo::default(),
            sums: Mutex::default(),
            db: OnceLock::new(),
            disabled: OnceLock::new(),
        }
    }

    /// From now on nothing is looked up.
    pub fn disable(&self, why: String) {
        let _ = self.disabled.set(why);
    }

    fn sums(&self) -> std::sync::MutexGuard<'_, GoSum> {
        self.sums.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Tries each source of GOPROXY.
    pub fn try_proxies<T>(&self, f: impl FnMut(&str) -> Result<T>) -> Result<T> {
        self.proxies.as_ref().map_err(Clone::clone)?.try_each(f)
    }

    /// A module in one source.
    pub fn lookup(&self, proxy: &str, path: &str) -> Arc<CachingRepo> {
        let toolchain = match path {
            "go" => Some("go"),
            "toolchain" => Some("toolchain"),
            _ => None,
        };
        let inner = toolchain.map(|_| self.lookup(proxy, "golang.org/toolchain"));
        self.repos.get((proxy.into(), path.into()), || {
            let (config, proxy, p) = (self.config.clone(), proxy.to_string(), path.to_string());
            let disabled = self.disabled.get().cloned();
            let open = move || -> Result<Box<dyn Repo>> {
                if let Some(why) = &disabled {
                    return Err(Error::text(why.clone()));
                }
                if let (Some(path), Some(repo)) = (toolchain, &inner) {
                    return Ok(Box::new(ToolchainRepo { path, repo: repo.clone() }));
                }
                if match_prefix_patterns(&config.gonoproxy, &p) {
                    return match proxy.as_str() {
                        "noproxy" | "direct" => direct(&config, &p),
                        _ => Err(not_exist("disabled by GOPRIVATE/GONOPROXY")),
                    };
                }
                match proxy.as_str() {
                    "off" => Ok(Box::new(ErrRepo(not_exist("module lookup disabled by GOPROXY=off")))),
                    "direct" => direct(&config, &p),
                    "noproxy" => Err(Error::UseProxy),
                    u => Ok(Box::new(ProxyRepo::new(u, &p)?)),
                }
            };
            Arc::new(CachingRepo::new(path, self.cache.clone(), self.config.goproxy == "off", Box::new(open)))
        })
    }

    fn offline(&self) -> bool {
        self.config.goproxy == "off"
    }

    /// The `.info` of a version, and its file.
    pub fn info_file(&self, m: &ModVersion) -> Result<(RevInfo, PathBuf)> {
        if !gover::mod_is_valid(&m.path, &m.version) {
            return Err(format!("invalid version {}", crate::quote(&m.version)).into());
        }
        let info = match read_info(&self.cache, &m.path, &m.version, self.offline()) {
            Some(i) => i,
            None => self.try_proxies(|p| self.lookup(p, &m.path).stat(&m.version))?,
        };
        Ok((info, self.cache.file(m, "info")?))
    }

    /// A module's go.mod, checked.
    pub fn go_mod(&self, m: &ModVersion) -> Result<Arc<[u8]>> {
        if gover::is_toolchain(&m.path) {
            return Ok(format!("module {}\n", m.path).into_bytes().into());
        }
        self.cache.versions_dir(&m.path)?;
        if !gover::mod_is_valid(&m.path, &m.version) {
            let info = match read_info(&self.cache, &m.path, &m.version, self.offline()) {
                Some(i) => i,
                None => self.try_proxies(|p| self.lookup(p, &m.path).stat(&m.version))?,
            };
            return self.go_mod(&ModVersion::new(&m.path, info.version));
        }
        self.go_mods.get(m.clone(), || {
            if let Some(d) = self.cache.go_mod(m).filter(|d| !d.starts_with(b"//vgo 0.0.")) {
                self.check_go_mod(m, &d)?;
                return Ok(d.into());
            }
            self.try_proxies(|p| {
                let data = self.lookup(p, &m.path).repo().go_mod(&m.version)?;
                self.check_go_mod(m, &data)?;
                if let Ok(file) = self.cache.file(m, "mod") {
                    match lock::write_atomic(&file, &data) {
                        Ok(()) => self.rewrite_list(&m.path),
                        Err(e) if e.to_string().contains("read-only file system") => {}
                        Err(e) => eprintln!("go: writing go.mod cache: {e}"),
                    }
                }
                Ok(data.into())
            })
        })
    }

    /// Brings the list of cached versions up to date: it makes the cache usable as a proxy.
    fn rewrite_list(&self, path: &str) {
        let Ok(dir) = self.cache.versions_dir(path) else { return };
        let Ok(guard) = lock::exclusive(&dir.join("list")) else { return };
        let names = std::fs::read_dir(&dir).into_iter().flatten().flatten().map(|e| e.file_name().to_string_lossy().into_owned());
        let mut list: Vec<String> = names.filter_map(|n| n.strip_suffix(".mod").map(String::from)).filter(|v| !v.is_empty() && semver::canonical_module(v) == *v).collect();
        semver::sort(&mut list);
        let text: String = list.iter().flat_map(|v| [v.as_str(), "\n"]).collect();
        let mut old = String::new();
        let same = std::io::Read::read_to_string(&mut &guard, &mut old).is_ok() && old == text;
        if !same {
            // Readers lock the file too, so it is written in place.
            let _ = guard.set_len(0);
            let _ = std::io::Seek::rewind(&mut &guard);
            let _ = std::io::Write::write_all(&mut &guard, text.as_bytes());
        }
    }

    /// The `h1:` sum of a module's go.mod, and its file.
    pub fn go_mod_file(&self, m: &ModVersion) -> Result<(PathBuf, String)> {
        if !gover::mod_is_valid(&m.path, &m.version) {
            return Err(format!("invalid version {}", crate::quote(&m.version)).into());
        }
        let data = self.go_mod(m)?;
        Ok((self.cache.file(m, "mod")?, dirhash::hash_go_mod(&data)))
    }

    fn check_go_mod(&self, m: &ModVersion, data: &[u8]) -> Result<()> {
        self.check_sum(&mod_key(m), &dirhash::hash_go_mod(data))
    }

    /// Compares a sum with go.sum, or with the checksum database if go.sum has none, and adds it.
    fn check_sum(&self, m: &ModVersion, h: &str) -> Result<()> {
        let (inited, known) = self.sums().check(m, h)?;
        let toolchain = m.path == "golang.org/toolchain";
        if known && !toolchain {
            return Ok(());
        }
        if self.use_db(m) {
            self.check_db(m, h)?;
        }
        if inited && !known {
            self.sums().add_new(m, h)?;
        }
        Ok(())
    }

    fn use_db(&self, m: &ModVersion) -> bool {
        let c = &self.config;
        if m.path == "golang.org/toolchain" {
            let local = c.goproxy.starts_with("file://") && !c.goproxy.contains([',', '|']);
            if !local {
                return true;
            }
        }
        c.gosumdb != "off" && !match_prefix_patterns(&c.gonosumdb, &m.path)
    }

    fn check_db(&self, m: &ModVersion, h: &str) -> Result<()> {
        let (noun, bare) = match m.version.strip_suffix("/go.mod") {
            Some(v) => ("go.mod", ModVersion::new(&m.path, v)),
            None => ("module", m.clone()),
        };
        let fail = |e: Error| match e {
            Error::Fatal(t) => Error::Fatal(t),
            e => Error::text(format!("verifying {noun}: {e}")).at(&bare),
        };
        let db = self.db.get_or_init(|| {
            sumdb::Client::dial(
                sumdb::Config {
                    gosumdb: self.config.gosumdb.clone(),
                    config_dir: self.config.sumdb_dir.clone(),
                    cache_dir: self.config.modcache.join("cache/download/sumdb"),
                },
                self.proxies.clone(),
            )
        });
        let db = db.as_ref().map_err(|e| fail(e.clone()))?;
        let lines = db.lookup(m).map_err(fail)?;
        let prefix = format!("{} {} ", m.path, m.version);
        for line in &lines {
            let Some(sum) = line.strip_prefix(&prefix) else { continue };
            if sum == h {
                return Ok(());
            }
            if sum.starts_with("h1:") {
                return Err(fail(format!("checksum mismatch\n\tdownloaded: {h}\n\t{}: {sum}{SUMDB_MISMATCH}", db.name()).into()));
            }
        }
        Err(fail(format!("checksum missing from sumdb response{SUMDB_ABSENT}").into()))
    }

    /// Whether go.sum has the sum.
    pub fn have_sum(&self, m: &ModVersion) -> bool {
        self.sums().have(m)
    }

    /// The recorded sum of a module's zip, "" if there is none.
    pub fn zip_sum(&self, m: &ModVersion) -> String {
        let text = self.cache.file(m, "ziphash").ok().and_then(|f| std::fs::read_to_string(f).ok()).unwrap_or_default();
        let t = text.trim();
        if valid_sum(t) { t.to_string() } else { String::new() }
    }

    fn lock(&self, m: &ModVersion) -> Result<std::fs::File> {
        lock::exclusive(&self.cache.file(m, "lock")?)
    }

    /// The lock that go.mod and go.sum files are written under.
    pub fn side_lock(&self) -> Option<std::fs::File> {
        lock::exclusive(&self.config.modcache.join("cache/lock")).ok()
    }

    /// A module's zip in the cache.
    pub fn download_zip(&self, m: &ModVersion) -> Result<PathBuf> {
        if m.path == "golang.org/fips140" {
            return Err("golang.org/fips140 is bundled with the Go distribution and cannot be downloaded".into());
        }
        self.zips.get(m.clone(), || {
            let file = self.cache.file(m, "zip")?;
            let hash = self.cache.file(m, "ziphash")?;
            if file.exists() && hash.exists() {
                if !self.have_sum(m) {
                    self.check_mod(m)?;
                }
                return Ok(file);
            }
            if self.config.command != "mod download" {
                // A release of Go is named as users know it.
                match m.version.strip_prefix("v0.0.1-").and_then(|v| v.rsplit_once('.')).filter(|_| m.path == "golang.org/toolchain") {
                    Some((name, target)) => eprintln!("go: downloading {name} ({})", target.replacen('-', "/", 1)),
                    None => eprintln!("go: downloading {} {}", m.path, m.version),
                }
            }
            let _guard = self.lock(m)?;
            self.fetch_zip(m, &file, &hash)?;
            Ok(file)
        })
    }

    fn fetch_zip(&self, m: &ModVersion, file: &Path, hash: &Path) -> Result<()> {
        if file.exists() && hash.exists() {
            return Ok(());
        }
        let dir = file.parent().unwrap_or(Path::new("."));
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // What a killed command left.
        for e in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let n = e.file_name().to_string_lossy().into_owned();
            if n.starts_with(&name) && n.ends_with(".tmp") {
                let _ = std::fs::remove_file(e.path());
            }
        }
        if file.exists() {
            let data = std::fs::read(file).map_err(|e| io("open", file, &e))?;
            return self.hash_zip(m, &data, hash);
        }
        let data = self.try_proxies(|p| self.lookup(p, &m.path).repo().zip(&m.version))?;
        let z = zip::Archive::open(&data)?;
        let prefix = format!("{}@{}/", m.path, m.version);
        if let Some(n) = z.names().find(|n| !n.starts_with(&prefix)) {
            return Err(format!("zip for {} has unexpected file {n}", &prefix[..prefix.len() - 1]).into());
        }
        self.hash_zip(m, &data, hash)?;
        lock::write_atomic(file, &data)
    }

    fn hash_zip(&self, m: &ModVersion, data: &[u8], hash: &Path) -> Result<()> {
        let h = zip::Archive::open(data)?.hash()?;
        self.check_sum(m, &h)?;
        lock::write_atomic(hash, h.as_bytes())
    }

    /// Checks the recorded sum of a module that is in the cache.
    fn check_mod(&self, m: &ModVersion) -> Result<()> {
        let fatal = |e: Error| match e {
            Error::Fatal(t) => Error::Fatal(t),
            e => Error::Fatal(format!("verifying {}", e.at(m))),
        };
        let file = self.cache.file(m, "ziphash").map_err(fatal)?;
        let text = std::fs::read(&file).map_err(|e| fatal(io("open", &file, &e)))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let h = text.trim();
        if !valid_sum(h) {
            // Written by a command that was killed: made again from the zip.
            let zip = self.cache.file(m, "zip").map_err(fatal)?;
            let data = std::fs::read(&zip).map_err(|e| fatal(io("open", &zip, &e)))?;
            return self.hash_zip(m, &data, &file).map_err(fatal);
        }
        if !h.starts_with("h1:") {
            return Err(fatal(format!("unexpected ziphash: {}", crate::quote(h)).into()));
        }
        self.check_sum(m, h).map_err(|e| match e {
            Error::Fatal(t) => Error::Fatal(t),
            e => Error::Fatal(e.to_string()),
        })
    }

    /// The folder of a module, unpacking (and fetching) it if it is not there.
    pub fn download(&self, m: &ModVersion) -> Result<PathBuf> {
        if gover::is_toolchain(&m.path) {
            return Err("internal error: invalid operation on toolchain module".into());
        }
        if m.path == "golang.org/fips140" {
            return Err("golang.org/fips140 is bundled with the Go distribution and cannot be downloaded".into());
        }
        self.dirs.get(m.clone(), || {
            let (dir, missing) = self.cache.unpacked(m)?;
            if missing.is_some() {
                let zip = self.download_zip(m)?;
                self.unpack(m, &zip)?;
            }
            self.check_mod(m)?;
            match std::fs::read(dir.join("go.mod")) {
                Ok(data) => {
                    let go = go_mod_lookup(&String::from_utf8_lossy(&data), "go");
                    if gover::compare(&go, gover::LOCAL).is_gt() {
                        return Err(Error::TooNew { what: m.to_string(), go, toolchain: String::new() });
                    }
                }
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => return Err(io("open", &dir.join("go.mod"), &e)),
            }
            Ok(dir)
        })
    }

    fn unpack(&self, m: &ModVersion, zip: &Path) -> Result<()> {
        let _guard = self.lock(m)?;
        let (dir, missing) = self.cache.unpacked(m)?;
        if missing.is_none() {
            return Ok(());
        }
        if dir.exists() {
            remove_all(&dir).map_err(|e| io("remove", &dir, &e))?;
        }
        // While the marker is there, the folder does not count.
        let partial = self.cache.file(m, "partial")?;
        if let Some(p) = dir.parent() {
            std::fs::create_dir_all(p).map_err(|e| io("mkdir", p, &e))?;
        }
        std::fs::write(&partial, "").map_err(|e| io("open", &partial, &e))?;
        let data = std::fs::read(zip).map_err(|e| io("open", zip, &e))?;
        let done = zip::Archive::open(&data).and_then(|z| {
            z.check(m)?;
            z.unpack(m, &dir)
        });
        if let Err(e) = done {
            let e = Error::text(format!("unzip {}: {e}", zip.display()));
            eprintln!("-> {e}");
            if remove_all(&dir).is_ok() {
                let _ = std::fs::remove_file(&partial);
            }
            return Err(e);
        }
        std::fs::remove_file(&partial).map_err(|e| io("remove", &partial, &e))?;
        if !self.config.writable {
            read_only_dirs(&dir);
        }
        Ok(())
    }

    /// Writes go.sum if it must change.
    pub fn write_go_sum(&self, keep: &HashSet<ModVersion>, read_only: bool) -> Result<()> {
        if !self.sums().is_dirty(keep) {
            return Ok(());
        }
        if read_only {
            return Err("updates to go.sum needed, disabled by -mod=readonly".into());
        }
        let _guard = self.side_lock();
        self.sums().write(keep)
    }
}

fn valid_sum(s: &str) -> bool {
    s.len() == "h1:".len() + 44 && !s.contains('\0')
}

/// The value of a key of a go.mod, found without parsing it.
pub fn go_mod_lookup(text: &str, key: &str) -> String {
    text.lines().find_map(|l| {
        let v = l.trim().strip_prefix(key)?;
        v.starts_with([' ', '\t']).then(|| v.split("//").next().unwrap_or("").trim().to_string())
    }).unwrap_or_default()
}

/// Removes a folder of the cache, though its folders are read-only.
pub fn remove_all(dir: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    fn writable(dir: &Path) {
        use std::os::unix::fs::PermissionsExt;
        // Best effort: removing says what is wrong if this was not enough.
        let _ = std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o777));
        for e in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            if e.file_type().is_ok_and(|t| t.is_dir()) {
                writable(&e.path());
            }
        }
    }
    match std::fs::remove_dir_all(dir) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(_) => {
            #[cfg(unix)]
            writable(dir);
            std::fs::remove_dir_all(dir)
        }
    }
}

#[cfg(unix)]
fn read_only_dirs(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for e in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if e.file_type().is_ok_and(|t| t.is_dir()) {
            read_only_dirs(&e.path());
        }
    }
    if let Ok(m) = std::fs::metadata(dir) {
        let _ = std::fs::set_permissions(dir, std::fs::Permissions::from_mode(m.permissions().mode() & !0o222));
    }
}

#[cfg(not(unix))]
fn read_only_dirs(_dir: &Path) {}

/// What is wrong with the cached files of a module: they differ from what was downloaded.
pub fn verify(cache: &ModCache, m: &ModVersion) -> Vec<String> {
    let name = format!("{} {}", m.path, m.version);
    let (Ok(zip), Ok(hash), Ok((dir, missing))) = (cache.file(m, "zip"), cache.file(m, "ziphash"), cache.unpacked(m)) else { return Vec::new() };
    let want = match std::fs::read_to_string(&hash) {
        Ok(t) => t.trim().to_string(),
        Err(_) if !zip.exists() && missing.is_some() => return Vec::new(),
        Err(e) => return vec![format!("{name}: missing ziphash: open {}: {}", hash.display(), io_text(&e))],
    };
    let mut out = Vec::new();
    if let Ok(data) = std::fs::read(&zip) {
        match zip::Archive::open(&data).and_then(|z| z.hash()) {
            Ok(h) if h == want => {}
            Ok(_) => out.push(format!("{name}: zip has been modified ({})", zip.display())),
            Err(e) => return vec![format!("{name}: {e}")],
        }
    }
    if missing.is_none() {
        match dirhash::hash_dir(&dir, &format!("{}@{}", m.path, m.version)) {
            Ok(h) if h == want => {}
            Ok(_) => out.push(format!("{name}: dir has been modified ({})", dir.display())),
            Err(e) => out.push(format!("{name}: {}", io_text(&e))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct World {
        t: tempfile::TempDir,
    }

    impl World {
        fn new() -> World {
            World { t: tempfile::tempdir().unwrap() }
        }

        fn put(&self, path: &str, version: &str, zip: &[u8]) {
            let v = self.t.path().join("proxy").join(crate::layout::escape(path).unwrap()).join("@v");
            std::fs::create_dir_all(&v).unwrap();
            std::fs::write(v.join(format!("{version}.zip")), zip).unwrap();
            std::fs::write(v.join(format!("{version}.mod")), format!("module {path}\n")).unwrap();
            std::fs::write(v.join(format!("{version}.info")), format!("{{\"Version\":\"{version}\",\"Time\":\"2020-01-02T03:04:05Z\"}}")).unwrap();
            std::fs::write(v.join("list"), format!("{version}\n")).unwrap();
        }

        fn fetcher(&self) -> Fetcher {
            let f = Fetcher::new(Config {
                modcache: self.t.path().join("cache"),
                goproxy: format!("file://{}/proxy", self.t.path().display()),
                gosumdb: "off".into(),
                writable: true,
                command: "mod download".into(),
                ..Config::default()
            });
            f.sums.lock().unwrap().set_files(self.t.path().join("go.sum"), Vec::new(), false);
            f
        }

        fn sum(&self, text: &str) {
            std::fs::write(self.t.path().join("go.sum"), text).unwrap();
        }
    }

    fn m() -> ModVersion {
        ModVersion::new("a.b/C", "v1.0.0")
    }

    fn good() -> Vec<u8> {
        crate::zip::tests::make(&[("a.b/C@v1.0.0/go.mod", "module a.b/C\n"), ("a.b/C@v1.0.0/x/x.go", "package x\n")])
    }

    #[test]
    fn from_a_file_proxy() {
        let w = World::new();
        w.put("a.b/C", "v1.0.0", &good());
        let f = w.fetcher();
        assert_eq!(&*f.go_mod(&m()).unwrap(), b"module a.b/C\n");
        let dir = f.download(&m()).unwrap();
        assert_eq!(std::fs::read_to_string(dir.join("x/x.go")).unwrap(), "package x\n");
        assert!(verify(&f.cache, &m()).is_empty());
        assert_eq!(std::fs::read_to_string(w.t.path().join("cache/cache/download/a.b/!c/@v/list")).unwrap(), "v1.0.0\n");
        let missing = ModVersion::new("a.b/D", "v1.0.0");
        let e = w.fetcher().go_mod(&missing).unwrap_err();
        assert!(e.is_not_exist() && e.to_string().starts_with("a.b/D@v1.0.0: reading file://"), "{e}");
    }

    #[test]
    fn wrong_checksums() {
        let w = World::new();
        w.put("a.b/C", "v1.0.0", &good());
        w.sum("a.b/C v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\na.b/C v1.0.0/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
        let f = w.fetcher();
        for e in [f.go_mod(&m()).unwrap_err(), f.download(&m()).unwrap_err()] {
            assert!(e.fatal().unwrap().contains("checksum mismatch"), "{e}");
        }
        assert!(f.cache.go_mod(&m()).is_none() && !f.cache.file(&m(), "zip").unwrap().exists());
    }

    #[test]
    fn bad_zips() {
        let evil: &[(&str, &str)] = &[
            ("a.b/C@v1.0.0/../../../evil", "dirty"),
            ("a.b/C@v1.0.0/a\\b", "char"),
            ("a.b/C@v1.0.0/COM1", "Windows"),
        ];
        for (name, _) in evil {
            let w = World::new();
            w.put("a.b/C", "v1.0.0", &crate::zip::tests::make(&[(name, "x")]));
            let f = w.fetcher();
            let e = f.download(&m()).unwrap_err();
            assert!(e.to_string().contains("unzip "), "{e}");
            assert!(!f.cache.unpacked(&m()).unwrap().0.exists());
        }
        let w = World::new();
        w.put("a.b/C", "v1.0.0", &crate::zip::tests::make(&[("other@v1.0.0/x", "x")]));
        assert!(w.fetcher().download(&m()).unwrap_err().to_string().contains("has unexpected file"));
        let z = good();
        w.put("a.b/C", "v1.0.0", &z[..z.len() / 2]);
        assert!(w.fetcher().download(&m()).unwrap_err().to_string().contains("not a valid zip file"));
    }

    #[test]
    fn after_a_kill() {
        let w = World::new();
        w.put("a.b/C", "v1.0.0", &good());
        let f = w.fetcher();
        let dir = f.download(&m()).unwrap();
        let at = |k: &str| f.cache.file(&m(), k).unwrap();
        // Killed while unpacking.
        std::fs::write(at("partial"), "").unwrap();
        remove_all(&dir.join("x")).unwrap();
        assert!(w.fetcher().download(&m()).unwrap().join("x/x.go").exists());
        // Killed while the hash was written, and before the zip was there.
        std::fs::write(at("ziphash"), "").unwrap();
        w.fetcher().download(&m()).unwrap();
        assert!(std::fs::read_to_string(at("ziphash")).unwrap().starts_with("h1:"));
        std::fs::remove_file(at("zip")).unwrap();
        std::fs::write(at("zip").with_extension("zip123.tmp"), "half").unwrap();
        remove_all(&dir).unwrap();
        w.fetcher().download(&m()).unwrap();
        assert!(verify(&f.cache, &m()).is_empty());
    }

    /// Answers every request with these bytes and hangs up.
    fn serve(answer: Vec<u8>) -> String {
        use std::io::{Read, Write};
        let l = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", l.local_addr().unwrap());
        std::thread::spawn(move || {
            for s in l.incoming() {
                let Ok(mut s) = s else { return };
                let mut got: Vec<u8> = Vec::new();
                let mut buf = [0; 1024];
                while !got.windows(4).any(|w| w == b"\r\n\r\n") {
                    match s.read(&mut buf) {
                        Ok(n) if n > 0 => got.extend(&buf[..n]),
                        _ => break,
                    }
                }
                // The client may be gone already.
                let _ = s.write_all(&answer);
            }
        });
        url
    }

    #[test]
    fn broken_answers() {
        let zip = good();
        let head = |n: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {n}\r\n\r\n").into_bytes();
        let cut = [head(zip.len()), zip[..zip.len() / 2].to_vec()].concat();
        let silent = Vec::new();
        let nonsense = b"go away\n".to_vec();
        let half = [head(zip.len() / 2), zip[..zip.len() / 2].to_vec()].concat();
        for answer in [cut, silent, nonsense, half] {
            let w = World::new();
            let mut config = (*w.fetcher().config).clone();
            config.goproxy = serve(answer);
            let f = Fetcher::new(config);
            f.sums.lock().unwrap().set_files(w.t.path().join("go.sum"), Vec::new(), false);
            f.download(&m()).unwrap_err();
            let dir = w.t.path().join("cache/cache/download/a.b/!c/@v");
            let left: Vec<_> = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.file_name()).collect();
            assert!(left.iter().all(|n| n != "v1.0.0.zip" && n != "v1.0.0.ziphash"), "{left:?}");
            assert!(!w.t.path().join("cache/a.b/!c@v1.0.0").exists());
        }
    }
}
