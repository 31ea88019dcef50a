//! A git repository as source of modules: a bare copy in `GOMODCACHE/cache/vcs`, filled as far as needed.

use crate::error::{Error, Result, io};
use crate::memo::Memo;
use crate::repo::Origin;
use crate::{lock, quote, semver, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// A commit.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    pub origin: Origin,
    /// The full hash.
    pub name: String,
    pub short: String,
    /// The tag the commit was asked for by, or its hash.
    pub version: String,
    /// Seconds since 1970.
    pub time: i64,
    pub tags: Vec<String>,
}

/// Tags with a common prefix.
#[derive(Clone, Debug, Default)]
pub struct Tags {
    pub origin: Origin,
    pub list: Vec<(String, String)>,
}

/// A repository.
pub struct GitRepo {
    url: String,
    dir: PathBuf,
    lock_file: PathBuf,
    trace: bool,
    sha256: bool,
    /// How much was fetched: nothing, single commits, everything.
    level: Mutex<u8>,
    running: Mutex<()>,
    stats: Memo<String, Result<Commit>>,
    refs: OnceLock<Result<BTreeMap<String, String>>>,
    local_tags: OnceLock<Mutex<std::collections::HashSet<String>>>,
}

struct Failed {
    error: Error,
    stderr: String,
    code: Option<i32>,
}

fn all_hex(s: &str) -> bool {
    s.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn hex(data: &[u8]) -> String {
    data.iter().map(|b| format!("{b:02x}")).collect()
}

/// The working folder for a repository and its lock, made if it is not there.
fn work_dir(cache: &Path, url: &str, trace: bool) -> Result<(PathBuf, PathBuf)> {
    if cache.as_os_str().is_empty() {
        return Err("neither GOPATH nor GOMODCACHE are set".into());
    }
    let key = format!("git3:{url}");
    let parent = cache.join("cache/vcs");
    let name = hex(&Sha256::digest(&key));
    let dir = parent.join(&name);
    let with = |x: &str| parent.join(format!("{name}.{x}"));
    if trace {
        eprintln!("mkdir -p {} # git3 {url}", parent.display());
        eprintln!("# lock {}", with("lock").display());
    }
    let _guard = lock::exclusive(&with("lock"))?;
    let info = with("info");
    if let (Ok(have), true) = (std::fs::read_to_string(&info), dir.is_dir()) {
        let have = have.strip_suffix('\n').unwrap_or(&have);
        if have != key {
            return Err(format!("{} exists with wrong content (have {} want {})", info.display(), quote(have), quote(&key)).into());
        }
        if trace {
            eprintln!("# {} for git3 {url}", dir.display());
        }
        return Ok((dir, with("lock")));
    }
    if trace {
        eprintln!("mkdir -p {} # git3 {url}", dir.display());
    }
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).map_err(|e| io("mkdir", &dir, &e))?;
    lock::write_atomic(&info, key.as_bytes())?;
    Ok((dir, with("lock")))
}

impl GitRepo {
    /// Opens the repository at a URL.
    pub fn open(cache: &Path, url: &str, trace: bool) -> Result<GitRepo> {
        if !url.contains("://") {
            let hint = if url.contains(':') { " (use URL syntax not host:path syntax)" } else { "" };
            return Err(format!("git remote ({url}) must not be local directory{hint}").into());
        }
        let (dir, lock_file) = work_dir(cache, url, trace)?;
        let mut r = GitRepo {
            url: url.into(), dir, lock_file, trace, sha256: false, level: Mutex::new(0), running: Mutex::new(()),
            stats: Memo::default(), refs: OnceLock::new(), local_tags: OnceLock::new(),
        };
        let guard = lock::exclusive(&r.lock_file)?;
        if !r.dir.join("objects").exists() {
            let long = r.load_refs().is_ok_and(|m| m.values().next().is_some_and(|h| h.len() == 64));
            let format = if long { "--object-format=sha256" } else { "--object-format=sha1" };
            let made = r.git(&["init", "--bare", format]).and_then(|_| r.git(&["remote", "add", "origin", "--", url]));
            if let Err(f) = made {
                let _ = std::fs::remove_dir_all(&r.dir);
                return Err(f.error);
            }
        }
        r.sha256 = r.git(&["config", "extensions.objectformat"]).is_ok_and(|o| String::from_utf8_lossy(&o).trim() == "sha256");
        drop(guard);
        Ok(r)
    }

    fn git(&self, args: &[&str]) -> std::result::Result<Vec<u8>, Failed> {
        let _one = self.running.lock().unwrap_or_else(|e| e.into_inner());
        let text = format!("git {}", args.join(" "));
        if self.trace {
            eprintln!("cd {}; {text}", self.dir.display());
        }
        let fail = |m: String, stderr: String, code| {
            let tail = stderr.trim_end_matches('\n');
            let mut t = format!("{text} in {}: {m}", self.dir.display());
            if !tail.is_empty() {
                t.push_str(&format!(":\n\t{}", tail.replace('\n', "\n\t")));
            }
            Failed { error: Error::Text(t), stderr, code }
        };
        let start = std::time::Instant::now();
        let out = Command::new("git")
            .args(args)
            .current_dir(&self.dir)
            .env("GIT_DIR", &self.dir)
            .env("GIT_TERMINAL_PROMPT", std::env::var_os("GIT_TERMINAL_PROMPT").unwrap_or("0".into()))
            .env("GCM_INTERACTIVE", std::env::var_os("GCM_INTERACTIVE").unwrap_or("never".into()))
            .stdin(Stdio::null())
            .output();
        if self.trace {
            eprintln!("{:.3}s # cd {}; {text}", start.elapsed().as_secs_f64(), self.dir.display());
        }
        let out = match out {
            Ok(o) => o,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(fail("exec: \"git\": executable file not found in $PATH".into(), String::new(), None));
            }
            Err(e) => return Err(fail(e.to_string(), String::new(), None)),
        };
        if out.status.success() {
            return Ok(out.stdout);
        }
        let m = out.status.code().map_or_else(|| out.status.to_string(), |c| format!("exit status {c}"));
        Err(fail(m, String::from_utf8_lossy(&out.stderr).into_owned(), out.status.code()))
    }

    fn load_refs(&self) -> Result<&BTreeMap<String, String>> {
        let r = self.refs.get_or_init(|| {
            // Before `git init` there is no remote called origin.
            let remote = if self.dir.join("objects").exists() { "origin" } else { &self.url };
            let out = self.git(&["ls-remote", "-q", "--end-of-options", remote]).map_err(|f| {
                let mut e = f.error;
                if f.stderr.contains("fatal: could not read Username") {
                    e = Error::Text(format!("{e}\nConfirm the import path was entered correctly.\nIf this is a private repository, see https://go.dev/doc/faq#git_https for additional information."));
                }
                let http = self.url.starts_with("http://") || self.url.starts_with("https://");
                if http && web::get_bytes(&self.url, 1 << 20).is_err_and(|e| e.is_not_exist()) {
                    e = Error::NotExistWrap(Box::new(e));
                }
                e
            })?;
            let mut refs = BTreeMap::new();
            for line in String::from_utf8_lossy(&out).lines() {
                let f: Vec<&str> = line.split_whitespace().collect();
                if let [hash, name] = f[..] {
                    if name == "HEAD" || name.starts_with("refs/heads/") || name.starts_with("refs/tags/") {
                        refs.insert(name.to_string(), hash.to_string());
                    }
                }
            }
            // The commit an annotated tag stands for is what counts.
            let peeled: Vec<(String, String)> = refs.iter().filter_map(|(k, h)| Some((k.strip_suffix("^{}")?.to_string(), h.clone()))).collect();
            for (k, h) in peeled {
                refs.remove(&format!("{k}^{{}}"));
                refs.insert(k, h);
            }
            Ok(refs)
        });
        r.as_ref().map_err(Clone::clone)
    }

    /// Tags that start with `prefix`.
    pub fn tags(&self, prefix: &str) -> Result<Tags> {
        let refs = self.load_refs()?;
        let list: Vec<(String, String)> = refs.iter().filter_map(|(k, h)| Some((k.strip_prefix("refs/tags/")?.to_string(), h.clone()))).filter(|(t, _)| t.starts_with(prefix)).collect();
        let dir = &prefix[..prefix.rfind('/').map_or(0, |i| i + 1)];
        let mut h = Sha256::new();
        for (tag, hash) in &list {
            let t = tag.strip_prefix(dir).unwrap_or(tag);
            let c = semver::canonical(t);
            if !c.is_empty() && t.starts_with(&c) && !semver::is_pseudo_version(t) {
                h.update(format!("{} {hash}\n", quote(tag)));
            }
        }
        let tag_sum = format!("t1:{}", STANDARD.encode(h.finalize()));
        Ok(Tags { origin: Origin { vcs: "git".into(), url: self.url.clone(), tag_prefix: prefix.into(), tag_sum, ..Origin::default() }, list })
    }

    fn repo_sum(refs: &BTreeMap<String, String>) -> String {
        let mut h = Sha256::new();
        for (k, v) in refs {
            h.update(format!("{} {v}\n", quote(k)));
        }
        format!("r1:{}", STANDARD.encode(h.finalize()))
    }

    /// The newest commit of the default branch.
    pub fn latest(&self) -> Result<Commit> {
        let head = self.load_refs()?.get("HEAD").cloned().ok_or_else(|| Error::NotExist("no commits".into()))?;
        let mut c = self.stat(&head)?;
        c.origin.reference = "HEAD".into();
        c.origin.hash = head;
        Ok(c)
    }

    /// The commit a revision stands for; it is here afterwards.
    pub fn stat(&self, rev: &str) -> Result<Commit> {
        if rev == "latest" {
            return self.latest();
        }
        self.stats.get(rev.into(), || self.stat_uncached(rev))
    }

    fn hash_len(&self) -> usize {
        if self.sha256 { 64 } else { 40 }
    }

    fn stat_uncached(&self, rev: &str) -> Result<Commit> {
        let is_hash = rev.len() >= 7 && rev.len() <= self.hash_len() && all_hex(rev);
        if is_hash {
            if let Ok(c) = self.stat_local(rev, rev) {
                return Ok(c);
            }
        }
        let tags = self.local_tags.get_or_init(|| {
            let out = self.git(&["tag", "-l"]).unwrap_or_default();
            Mutex::new(String::from_utf8_lossy(&out).lines().filter(|l| !l.is_empty()).map(String::from).collect())
        });
        if tags.lock().unwrap_or_else(|e| e.into_inner()).contains(rev) {
            return self.stat_local(rev, &format!("refs/tags/{rev}"));
        }
        let refs = self.load_refs()?;
        let (mut name, mut hash, mut rev) = (String::new(), String::new(), rev.to_string());
        let tag = format!("refs/tags/{rev}");
        let head = format!("refs/heads/{rev}");
        if let Some(h) = refs.get(&tag) {
            (name, hash) = (tag, h.clone());
        } else if let Some(h) = refs.get(&head) {
            (name, hash, rev) = (head, h.clone(), h.clone());
        } else if let Some(h) = refs.get("HEAD").filter(|_| rev == "HEAD") {
            (name, hash, rev) = ("HEAD".into(), h.clone(), h.clone());
        } else if is_hash {
            let prefix = rev.clone();
            for (k, h) in refs.iter().filter(|(_, h)| h.starts_with(&prefix)) {
                if !hash.is_empty() && hash != *h {
                    return Err(format!("ambiguous revision {rev}").into());
                }
                if name.is_empty() || name > *k {
                    name.clone_from(k);
                }
                rev.clone_from(h);
                hash.clone_from(h);
            }
            if hash.is_empty() && rev.len() == self.hash_len() {
                hash.clone_from(&rev);
            }
        } else {
            return Err(Error::NotExist(format!("unknown revision {rev}")));
        }
        let mut c = self.fetch_one(&rev, &name, &hash, is_hash, tags)?;
        c.origin.hash.clone_from(&c.name);
        if name != c.origin.hash {
            c.origin.reference = name;
        }
        Ok(c)
    }

    fn fetch_one(&self, rev: &str, name: &str, hash: &str, looked: bool, tags: &Mutex<std::collections::HashSet<String>>) -> Result<Commit> {
        let _guard = lock::exclusive(&self.lock_file)?;
        if !looked {
            if let Ok(c) = self.stat_local(rev, hash) {
                if let Some(tag) = name.strip_prefix("refs/tags/").filter(|t| !c.tags.iter().any(|x| x == t)) {
                    self.git(&["tag", "--end-of-options", tag, hash]).map_err(|f| f.error)?;
                    tags.lock().unwrap_or_else(|e| e.into_inner()).insert(tag.into());
                    return self.stat_local(rev, name);
                }
                return Ok(c);
            }
        }
        let mut level = self.level.lock().unwrap_or_else(|e| e.into_inner());
        if *level <= 1 && !name.is_empty() && !hash.is_empty() {
            *level = 1;
            let (at, spec) = if name == "HEAD" { (hash, format!("{hash}:refs/dummy")) } else { (name, format!("{name}:{name}")) };
            if self.git(&["-c", "protocol.version=2", "fetch", "-f", "--depth=1", "--end-of-options", "origin", &spec]).is_ok() {
                return self.stat_local(rev, at);
            }
        }
        self.fetch_all(&mut level)?;
        self.stat_local(rev, rev)
    }

    fn fetch_all(&self, level: &mut u8) -> Result<()> {
        if *level < 2 {
            self.git(&["fetch", "-f", "--end-of-options", "origin", "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*"]).map_err(|f| f.error)?;
            if self.dir.join("shallow").exists() {
                self.git(&["fetch", "--unshallow", "-f", "--end-of-options", "origin"]).map_err(|f| f.error)?;
            }
            *level = 2;
        }
        Ok(())
    }

    fn everything(&self) -> Result<()> {
        let _guard = lock::exclusive(&self.lock_file)?;
        self.fetch_all(&mut self.level.lock().unwrap_or_else(|e| e.into_inner()))
    }

    fn stat_local(&self, version: &str, rev: &str) -> Result<Commit> {
        let out = self.git(&["-c", "log.showsignature=false", "log", "--no-decorate", "-n1", "--format=format:%H %ct %D", "--end-of-options", rev, "--"]);
        let out = out.map_err(|_| Error::NotExist(format!("unknown revision {rev}")))?;
        let text = String::from_utf8_lossy(&out).into_owned();
        let f: Vec<&str> = text.split_whitespace().collect();
        let [hash, time, rest @ ..] = &f[..] else { return Err(format!("unexpected response from git log: {}", quote(&text)).into()) };
        let time: i64 = time.parse().map_err(|_| Error::text(format!("invalid time from git log: {}", quote(&text))))?;
        let version = if hash.starts_with(version) { hash } else { version };
        let mut tags = Vec::new();
        let mut it = rest.iter();
        while let Some(w) = it.next() {
            if *w == "tag:" {
                tags.extend(it.next().map(|t| t.strip_suffix(',').unwrap_or(t).to_string()));
            }
        }
        if let Ok(refs) = self.load_refs() {
            tags.extend(refs.iter().filter(|(_, h)| h == hash).filter_map(|(k, _)| k.strip_prefix("refs/tags/")).map(String::from));
        }
        tags.sort();
        tags.dedup();
        let mut origin = Origin { vcs: "git".into(), url: self.url.clone(), hash: hash.to_string(), ..Origin::default() };
        if !hash.starts_with(rev) {
            origin.reference = rev.into();
        }
        let found = tags.iter().any(|t| t == version);
        Ok(Commit {
            origin,
            name: hash.to_string(),
            short: if all_hex(hash) && hash.len() == self.hash_len() { hash[..12].into() } else { hash.to_string() },
            version: if found { version.into() } else { hash.to_string() },
            time,
            tags,
        })
    }

    /// A file at a revision; `None` if it is not there.
    pub fn read_file(&self, rev: &str, file: &str) -> Result<Option<Vec<u8>>> {
        let c = self.stat(rev)?;
        Ok(self.git(&["cat-file", "--end-of-options", "blob", &format!("{}:{file}", c.name)]).ok())
    }

    /// The highest tag before a revision among those that are allowed.
    pub fn recent_tag(&self, rev: &str, prefix: &str, allowed: &dyn Fn(&str) -> bool) -> Result<String> {
        let rev = self.stat(rev)?.name;
        let describe = || -> Result<String> {
            let out = self.git(&["for-each-ref", "--format=%(refname)", &format!("--merged={rev}")]).map_err(|f| f.error)?;
            let text = String::from_utf8_lossy(&out).into_owned();
            let mut best = "";
            for tag in text.lines().filter_map(|l| l.trim().strip_prefix("refs/tags/")) {
                let Some(v) = tag.strip_prefix(prefix).filter(|_| allowed(tag)) else { continue };
                if semver::compare(v, best).is_gt() {
                    best = v;
                }
            }
            Ok(if best.is_empty() { String::new() } else { format!("{prefix}{best}") })
        };
        let tag = describe()?;
        if !tag.is_empty() && !all_hex(&tag) || self.tags(&format!("{prefix}v"))?.list.is_empty() {
            return Ok(tag);
        }
        self.everything()?;
        describe()
    }

    /// Whether a revision comes after a tag.
    pub fn descends_from(&self, rev: &str, tag: &str) -> Result<bool> {
        let ask = || self.git(&["merge-base", "--is-ancestor", "--", tag, rev]);
        if ask().is_ok() {
            return Ok(true);
        }
        if self.tags(tag)?.list.is_empty() {
            return Ok(false);
        }
        self.stat(rev)?;
        self.everything()?;
        match ask() {
            Ok(_) => Ok(true),
            Err(f) if f.code == Some(1) => Ok(false),
            Err(f) => Err(f.error),
        }
    }

    /// A zip of the files at a revision, below `prefix/`.
    pub fn archive(&self, rev: &str, subdir: &str) -> Result<Vec<u8>> {
        let c = self.stat(rev)?;
        let _guard = lock::exclusive(&self.lock_file)?;
        // Attributes in the repository must not change what is in the zip.
        let attr = "\n* -export-subst -export-ignore\n";
        let file = self.dir.join("info/attributes");
        let have = std::fs::read_to_string(&file).unwrap_or_default();
        if !have.ends_with(attr) {
            lock::write_atomic(&file, format!("{have}{attr}").as_bytes())?;
        }
        let mut args = vec!["-c", "core.autocrlf=input", "-c", "core.eol=lf", "archive", "--format=zip", "--prefix=prefix/", "--end-of-options", &c.name];
        if !subdir.is_empty() {
            args.push(subdir);
        }
        self.git(&args).map_err(|f| if f.stderr.contains("did not match any files") { Error::NotExist("file does not exist".into()) } else { f.error })
    }

    /// Whether what an earlier answer says still holds.
    pub fn check_reuse(&self, old: &Origin, subdir: &str) -> Result<()> {
        if old.vcs != "git" || old.url != self.url {
            return Err(format!("origin moved from {} {} to git {}", old.vcs, quote(&old.url), quote(&self.url)).into());
        }
        if old.subdir != subdir {
            return Err(format!("origin moved from {} {} {} to git {} {}", old.vcs, quote(&old.url), quote(&old.subdir), quote(&self.url), quote(subdir)).into());
        }
        if old.hash.is_empty() && old.tag_sum.is_empty() && old.repo_sum.is_empty() {
            return Err("non-specific origin".into());
        }
        let refs = self.load_refs()?;
        if !old.reference.is_empty() {
            match refs.get(&old.reference) {
                None => return Err(format!("ref {} deleted", quote(&old.reference)).into()),
                Some(h) if *h != old.hash => return Err(format!("ref {} moved from {} to {h}", quote(&old.reference), old.hash).into()),
                Some(_) => {}
            }
        }
        if !old.tag_sum.is_empty() && self.tags(&old.tag_prefix)?.origin.tag_sum != old.tag_sum {
            return Err("tags changed".into());
        }
        if !old.repo_sum.is_empty() && Self::repo_sum(refs) != old.repo_sum {
            return Err("refs changed".into());
        }
        Ok(())
    }
}

/// `20060102150405` of a time in seconds, and RFC 3339.
pub fn time_text(secs: i64) -> (String, String) {
    let days = secs.div_euclid(86400);
    let s = secs.rem_euclid(86400);
    // Days to a date of the proleptic Gregorian calendar.
    let z = days + 719468;
    let era = z.div_euclid(146097);
    let doe = z.rem_euclid(146097);
    let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (d, m) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let y = yoe + era * 400 + i64::from(m <= 2);
    let (h, mi, sec) = (s / 3600, s / 60 % 60, s % 60);
    (format!("{y:04}{m:02}{d:02}{h:02}{mi:02}{sec:02}"), format!("{y:04}-{m:02}-{d:02}T{h:02}:{mi:02}:{sec:02}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(time_text(0).1, "1970-01-01T00:00:00Z");
        assert_eq!(time_text(1518622960).0, "20180214154240");
        assert_eq!(time_text(951782400).1, "2000-02-29T00:00:00Z");
    }

    #[test]
    fn a_repository() {
        if Command::new("git").arg("version").output().is_err() {
            return;
        }
        let t = tempfile::tempdir().unwrap();
        let src = t.path().join("src");
        std::fs::create_dir(&src).unwrap();
        let run = |args: &[&str]| {
            let ok = Command::new("git").args(args).current_dir(&src)
                .env("GIT_AUTHOR_DATE", "2020-01-02T03:04:05Z").env("GIT_COMMITTER_DATE", "2020-01-02T03:04:05Z")
                .env("GIT_CONFIG_GLOBAL", "/dev/null").stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success();
            assert!(ok, "{args:?}");
        };
        std::fs::write(src.join("go.mod"), "module a.b/c\n").unwrap();
        run(&["init", "-q", "-b", "main"]);
        run(&["add", "."]);
        run(&["-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "x"]);
        run(&["tag", "v1.0.0"]);
        let r = GitRepo::open(&t.path().join("cache"), &format!("file://{}", src.display()), false).unwrap();
        let c = r.stat("v1.0.0").unwrap();
        assert_eq!((c.version.as_str(), time_text(c.time).0.as_str()), ("v1.0.0", "20200102030405"));
        assert_eq!(r.read_file("main", "go.mod").unwrap().unwrap(), b"module a.b/c\n");
        assert!(r.read_file("main", "none").unwrap().is_none());
        assert!(r.stat("nothing").unwrap_err().is_not_exist());
        assert_eq!(r.tags("v").unwrap().list.len(), 1);
        assert_eq!(r.recent_tag("main", "", &|_| true).unwrap(), "v1.0.0");
        assert!(r.descends_from(&c.name, "v1.0.0").unwrap());
        let z = r.archive("v1.0.0", "").unwrap();
        assert_eq!(crate::zip::Archive::open(&z).unwrap().files().unwrap()[0].path, "go.mod");
    }
}
