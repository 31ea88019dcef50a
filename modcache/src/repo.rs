//! A module's versions wherever they come from: the interface of sources, and the layer that caches.

use crate::ModVersion;
use crate::error::{Error, Result};
use crate::layout::ModCache;
use crate::memo::Memo;
use crate::{gover, lock, semver};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Where a version came from, for checking later whether it is still the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub vcs: String,
    pub url: String,
    pub subdir: String,
    pub hash: String,
    pub tag_prefix: String,
    pub tag_sum: String,
    pub reference: String,
    pub repo_sum: String,
}

const ORIGIN: &[&str] = &["VCS", "URL", "Subdir", "Hash", "TagPrefix", "TagSum", "Ref", "RepoSum"];

impl Origin {
    fn fields_mut(&mut self) -> [&mut String; 8] {
        [&mut self.vcs, &mut self.url, &mut self.subdir, &mut self.hash, &mut self.tag_prefix, &mut self.tag_sum, &mut self.reference, &mut self.repo_sum]
    }

    /// Names and values of what is set, in Go's order.
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        let v = [&self.vcs, &self.url, &self.subdir, &self.hash, &self.tag_prefix, &self.tag_sum, &self.reference, &self.repo_sum];
        ORIGIN.iter().copied().zip(v.map(String::as_str)).filter(|(_, v)| !v.is_empty()).collect()
    }

    /// Reads the JSON form.
    pub fn from_value(v: &Value) -> Option<Origin> {
        let m = v.as_object()?;
        let mut o = Origin::default();
        for (name, f) in ORIGIN.iter().zip(o.fields_mut()) {
            if let Some(s) = m.get(*name).and_then(Value::as_str) {
                *f = s.into();
            }
        }
        Some(o)
    }

    /// One origin for two answers; `None` if they contradict each other.
    pub fn merge(a: Option<&Origin>, b: Option<&Origin>) -> Option<Origin> {
        let (a, b) = (a?, b?);
        if a.vcs != b.vcs || a.url != b.url || a.subdir != b.subdir {
            return None;
        }
        let mut m = a.clone();
        let take = |to: &mut String, from: &str| {
            if from.is_empty() {
                return true;
            }
            let ok = to.is_empty() || to == from;
            *to = from.into();
            ok
        };
        let same_tags = a.tag_sum.is_empty() || b.tag_sum.is_empty() || a.tag_prefix == b.tag_prefix;
        let ok = same_tags && take(&mut m.hash, &b.hash) && take(&mut m.tag_sum, &b.tag_sum) && take(&mut m.repo_sum, &b.repo_sum) && take(&mut m.reference, &b.reference);
        if !b.tag_sum.is_empty() {
            m.tag_prefix.clone_from(&b.tag_prefix);
        }
        ok.then_some(m)
    }
}

/// What is known about a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevInfo {
    pub version: String,
    /// RFC 3339; "" if there is none.
    pub time: String,
    pub origin: Option<Origin>,
}

impl RevInfo {
    /// Reads the JSON of an `.info` file.
    pub fn from_json(data: &[u8]) -> std::result::Result<RevInfo, String> {
        let v: Value = serde_json::from_slice(data).map_err(|e| json_error(data, &e))?;
        let m = v.as_object().ok_or("json: cannot unmarshal value into Go value of type modfetch.RevInfo")?;
        let s = |k: &str| m.get(k).and_then(Value::as_str).unwrap_or("").to_string();
        Ok(RevInfo { version: s("Version"), time: s("Time"), origin: m.get("Origin").and_then(Origin::from_value) })
    }

    /// The JSON of an `.info` file.
    pub fn to_json(&self) -> String {
        let mut out = format!("{{\"Version\":{},\"Time\":{}", json!(self.version), json!(if self.time.is_empty() { "0001-01-01T00:00:00Z" } else { &self.time }));
        if let Some(o) = &self.origin {
            let fields: Vec<String> = o.fields().iter().map(|(k, v)| format!("\"{k}\":{}", json!(v))).collect();
            out.push_str(&format!(",\"Origin\":{{{}}}", fields.join(",")));
        }
        out + "}"
    }

    /// The time as in a pseudo-version, for comparing.
    pub fn stamp(&self) -> String {
        self.time.chars().filter(char::is_ascii_digit).take(14).collect()
    }
}

fn json_error(data: &[u8], e: &serde_json::Error) -> String {
    if e.is_eof() || data.is_empty() {
        return "unexpected end of JSON input".into();
    }
    let text = String::from_utf8_lossy(data);
    let c = text.lines().nth(e.line().saturating_sub(1)).and_then(|l| l.chars().nth(e.column().saturating_sub(1))).unwrap_or(' ');
    format!("invalid character {c:?} looking for beginning of value")
}

/// Tagged versions, sorted.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    pub list: Vec<String>,
    pub origin: Option<Origin>,
}

/// A source of one module.
pub trait Repo: Send + Sync {
    /// Versions that start with `prefix`, without pseudo-versions.
    fn versions(&self, prefix: &str) -> Result<Versions>;
    /// The version a revision (tag, branch, commit) stands for.
    fn stat(&self, rev: &str) -> Result<RevInfo>;
    /// The newest revision where there are no tagged versions.
    fn latest(&self) -> Result<RevInfo>;
    /// The go.mod file.
    fn go_mod(&self, version: &str) -> Result<Vec<u8>>;
    /// The zip file.
    fn zip(&self, version: &str) -> Result<Vec<u8>>;
    /// Whether what an earlier answer says still holds.
    fn check_reuse(&self, _old: &Origin) -> Result<()> {
        Err("proxy does not support CheckReuse".into())
    }
}

/// A source that only has an error.
pub struct ErrRepo(pub Error);

impl Repo for ErrRepo {
    fn versions(&self, _: &str) -> Result<Versions> {
        Err(self.0.clone())
    }
    fn stat(&self, _: &str) -> Result<RevInfo> {
        Err(self.0.clone())
    }
    fn latest(&self) -> Result<RevInfo> {
        Err(self.0.clone())
    }
    fn go_mod(&self, _: &str) -> Result<Vec<u8>> {
        Err(self.0.clone())
    }
    fn zip(&self, _: &str) -> Result<Vec<u8>> {
        Err(self.0.clone())
    }
}

/// The pseudo-modules `go` and `toolchain`: releases as versions of golang.org/toolchain.
pub struct ToolchainRepo {
    pub path: &'static str,
    pub repo: Arc<CachingRepo>,
}

impl ToolchainRepo {
    fn prefix(&self) -> &'static str {
        if self.path == "toolchain" { "go" } else { "" }
    }
}

impl Repo for ToolchainRepo {
    fn versions(&self, _: &str) -> Result<Versions> {
        let mut list: Vec<String> = Vec::new();
        let names = self.repo.versions("")?.list;
        let releases = names.iter().filter_map(|v| {
            let v = v.split_once('-')?.1;
            let i = v.rfind('.')?;
            v[i + 1..].contains('-').then(|| v[..i].strip_prefix("go").unwrap_or(&v[..i]).to_string())
        });
        for v in releases.chain([gover::LOCAL.to_string()]) {
            let v = format!("{}{v}", self.prefix());
            if !list.contains(&v) {
                list.push(v);
            }
        }
        list.sort_by(|a, b| gover::mod_compare(self.path, a, b));
        Ok(Versions { list, origin: None })
    }

    fn stat(&self, rev: &str) -> Result<RevInfo> {
        let v = rev.strip_prefix("go").unwrap_or(rev);
        if !semver::is_go_version(v) {
            return Err(format!("invalid {} version {rev}", self.path).into());
        }
        let version = format!("{}{v}", self.prefix());
        let known = if self.path == "go" { gover::compare(v, gover::LOCAL).is_le() } else { v == gover::LOCAL };
        if known {
            return Ok(RevInfo { version, ..RevInfo::default() });
        }
        if gover::is_lang(v) {
            return Err(format!("go language version {rev} is not a toolchain version").into());
        }
        let info = self.repo.stat(&format!("v0.0.1-go{v}.linux-amd64"))?;
        Ok(RevInfo { version, time: info.time, origin: None })
    }

    fn latest(&self) -> Result<RevInfo> {
        let v = self.versions("")?.list.pop().unwrap_or_default();
        self.stat(&v)
    }

    fn go_mod(&self, _: &str) -> Result<Vec<u8>> {
        Ok(format!("module {}\n", self.path).into_bytes())
    }

    fn zip(&self, _: &str) -> Result<Vec<u8>> {
        Err("invalid use of toolchainRepo: Zip".into())
    }
}

/// How a source is found when it is needed.
type Open = Box<dyn Fn() -> Result<Box<dyn Repo>> + Send + Sync>;

/// A source behind the module cache and behind what this process has asked already.
pub struct CachingRepo {
    path: String,
    cache: ModCache,
    open: Open,
    /// Nothing may be fetched: versions by commit are looked for in the cache.
    pub offline: bool,
    inner: OnceLock<Box<dyn Repo>>,
    lists: Memo<String, Result<Versions>>,
    stats: Memo<String, Result<RevInfo>>,
    newest: OnceLock<Result<RevInfo>>,
}

impl CachingRepo {
    /// A layer over the source that `open` finds.
    pub fn new(path: &str, cache: ModCache, offline: bool, open: Open) -> CachingRepo {
        CachingRepo { path: path.into(), cache, open, offline, inner: OnceLock::new(), lists: Memo::default(), stats: Memo::default(), newest: OnceLock::new() }
    }

    /// The source itself.
    pub fn repo(&self) -> &dyn Repo {
        &**self.inner.get_or_init(|| (self.open)().unwrap_or_else(|e| Box::new(ErrRepo(e))))
    }

    /// Versions that start with `prefix`.
    pub fn versions(&self, prefix: &str) -> Result<Versions> {
        self.lists.get(prefix.into(), || self.repo().versions(prefix))
    }

    /// What is known about a revision.
    pub fn stat(&self, rev: &str) -> Result<RevInfo> {
        if gover::is_toolchain(&self.path) {
            return self.repo().stat(rev);
        }
        self.stats.get(rev.into(), || {
            if let Some(i) = read_info(&self.cache, &self.path, rev, self.offline) {
                return Ok(i);
            }
            let info = self.repo().stat(rev)?;
            write_info(&self.cache, &self.path, &info);
            Ok(info)
        })
    }

    /// The newest revision.
    pub fn latest(&self) -> Result<RevInfo> {
        if gover::is_toolchain(&self.path) {
            return self.repo().latest();
        }
        let r = self.newest.get_or_init(|| {
            let info = self.repo().latest()?;
            if read_info(&self.cache, &self.path, &info.version, false).is_none() {
                write_info(&self.cache, &self.path, &info);
            }
            Ok(info)
        });
        r.clone()
    }
}

fn info_file(cache: &ModCache, path: &str, version: &str) -> Option<PathBuf> {
    cache.file(&ModVersion::new(path, version), "info").ok()
}

/// The cached `.info` of a version; offline also of a commit's hash.
pub fn read_info(cache: &ModCache, path: &str, rev: &str, offline: bool) -> Option<RevInfo> {
    let direct = info_file(cache, path, rev).and_then(|f| {
        let data = std::fs::read(&f).ok()?;
        let info = RevInfo::from_json(&data).ok()?;
        let clean = info.to_json();
        if clean.as_bytes() != data {
            // Left by an older or a foreign command: written anew as Go does.
            let _ = lock::write_atomic(&f, clean.as_bytes());
        }
        Some(info)
    });
    if direct.is_some() || !offline {
        return direct;
    }
    let hex = rev.len() >= 12 && rev.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let dir = cache.versions_dir(path).ok().filter(|_| hex)?;
    let suffix = format!("-{}.info", &rev[..12]);
    let mut best = String::new();
    for e in std::fs::read_dir(dir).ok()?.flatten() {
        let name = e.file_name().to_string_lossy().into_owned();
        if let Some(v) = name.strip_suffix(".info").filter(|_| name.ends_with(&suffix)) {
            if semver::is_pseudo_version(v) && semver::compare(v, &best).is_gt() {
                best = v.into();
            }
        }
    }
    if best.is_empty() { None } else { read_info(cache, path, &best, false) }
}

/// Keeps the `.info` of a version.
fn write_info(cache: &ModCache, path: &str, info: &RevInfo) {
    let Some(f) = info_file(cache, path, &info.version) else { return };
    let mut info = info.clone();
    if let Some(o) = &mut info.origin {
        // What holds for the query, not for the version, is not kept.
        o.tag_sum.clear();
        o.tag_prefix.clear();
        o.repo_sum.clear();
        if semver::is_pseudo_version(&info.version) {
            o.reference.clear();
        }
    }
    if let Err(e) = lock::write_atomic(&f, info.to_json().as_bytes()) {
        if !e.to_string().contains("read-only file system") {
            eprintln!("go: writing stat cache: {e}");
        }
    }
}

/// JSON objects of a stream, one after the other.
pub fn json_stream(text: &str) -> std::result::Result<Vec<Map<String, Value>>, String> {
    serde_json::Deserializer::from_str(text).into_iter::<Map<String, Value>>().collect::<std::result::Result<_, _>>().map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info() {
        let t = r#"{"Version":"v1.0.0","Time":"2018-02-14T15:44:20Z","Origin":{"VCS":"git","Hash":"abc"}}"#;
        let i = RevInfo::from_json(t.as_bytes()).unwrap();
        assert_eq!(i.to_json(), t);
        assert_eq!(i.stamp(), "20180214154420");
        assert!(RevInfo::from_json(b"<html>").unwrap_err().starts_with("invalid character '<'"));
        let o = i.origin.unwrap();
        let tags = Origin { vcs: "git".into(), tag_sum: "t1:x".into(), ..Origin::default() };
        assert_eq!(Origin::merge(Some(&o), Some(&tags)).unwrap().tag_sum, "t1:x");
        assert_eq!(Origin::merge(Some(&o), Some(&Origin { vcs: "hg".into(), ..Origin::default() })), None);
    }
}
