//! GOPROXY: the list of sources, and a module in one proxy (`list`, `info`, `mod`, `zip`, `latest`).

use crate::ModVersion;
use crate::error::{Error, Result};
use crate::layout::{check_path, escape_path, escape_version};
use crate::repo::{Repo, RevInfo, Versions};
use crate::{gover, quote, semver, web, zip};
use std::sync::OnceLock;

/// GOPROXY: sources in order, each with whether any error leads on to the next (`|`) or only
/// "not found" (`,`). A source is a URL, `off`, `direct` or `noproxy` (for what GONOPROXY names).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxies {
    pub list: Vec<(String, bool)>,
}

impl Proxies {
    /// Parses GOPROXY.
    pub fn parse(text: &str, gonoproxy: &str) -> Result<Proxies> {
        let mut list = Vec::new();
        if !gonoproxy.is_empty() && text != "direct" {
            list.push(("noproxy".to_string(), false));
        }
        let mut rest = text;
        while !rest.is_empty() {
            let (item, any, next) = match rest.find([',', '|']) {
                Some(i) => (&rest[..i], rest.as_bytes()[i] == b'|', &rest[i + 1..]),
                None => (rest, false, ""),
            };
            rest = next;
            match item.trim() {
                "" => {}
                // Nothing behind these is ever reached.
                u @ ("off" | "direct") => {
                    list.push((u.to_string(), false));
                    break;
                }
                u => {
                    let bare = u.contains(['.', ':', '/']) && !u.contains(":/") && !u.starts_with('/');
                    let u = if bare { format!("https://{u}") } else { u.to_string() };
                    check_url(&u)?;
                    list.push((u, any));
                }
            }
        }
        if list.iter().all(|(u, _)| u == "noproxy") {
            return Err("GOPROXY list is not the empty string, but contains no entries".into());
        }
        Ok(Proxies { list })
    }

    /// Tries each source until one succeeds. The error is the most telling one.
    pub fn try_each<T>(&self, mut f: impl FnMut(&str) -> Result<T>) -> Result<T> {
        let (mut best, mut rank) = (None, 0);
        for (url, any) in &self.list {
            let e = match f(url) {
                Ok(t) => return Ok(t),
                Err(e) => e,
            };
            let missing = e.is_not_exist();
            let use_proxy = matches!(e, Error::UseProxy);
            if e.fatal().is_some() {
                return Err(e);
            }
            if url == "direct" || url == "noproxy" && !use_proxy {
                (best, rank) = (Some(e), 2);
            } else if rank <= 1 && !missing {
                (best, rank) = (Some(e), 1);
            } else if rank == 0 {
                best = Some(e);
            }
            if !any && !missing {
                break;
            }
        }
        Err(best.unwrap_or_else(|| "GOPROXY list is empty".into()))
    }
}

fn check_url(u: &str) -> Result<()> {
    let shown = web::redact(u);
    match u.split_once("://").map(|s| s.0) {
        Some("http" | "https") => Ok(()),
        Some("file") if u["file://".len()..].starts_with('/') && !u.contains(['?', '#']) => Ok(()),
        Some("file") => Err(format!("invalid file:// proxy URL with non-path elements: {shown}").into()),
        Some(_) => Err(format!("invalid proxy URL scheme (must be https, http, file): {shown}").into()),
        None => match u.split_once(':') {
            Some((s, _)) if !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                Err(format!("invalid proxy URL scheme (must be https, http, file): {shown}").into())
            }
            _ => Err(format!("invalid proxy URL missing scheme: {shown}").into()),
        },
    }
}

/// A module in a proxy.
pub struct ProxyRepo {
    base: String,
    path: String,
    url: String,
    list: OnceLock<Result<String>>,
}

const LIMIT: u64 = 64 << 20;

impl ProxyRepo {
    /// A module of the proxy at `base`.
    pub fn new(base: &str, path: &str) -> Result<ProxyRepo> {
        check_url(base)?;
        let base = base.trim_end_matches('/').to_string();
        let url = format!("{base}/{}", escape_path(path)?);
        Ok(ProxyRepo { base, path: path.into(), url, list: OnceLock::new() })
    }

    fn error(&self, version: &str, e: Error) -> Error {
        if e.fatal().is_some() {
            return e;
        }
        if !version.is_empty() && version != semver::canonical_module(version) {
            let e = match e {
                e @ Error::InvalidVersion { .. } => e,
                e => Error::InvalidVersion { version: version.into(), pseudo: semver::is_pseudo_version(version), err: Box::new(e) },
            };
            return Error::Module { path: self.path.clone(), version: String::new(), err: Box::new(e) };
        }
        Error::Module { path: self.path.clone(), version: version.into(), err: Box::new(e) }
    }

    fn bytes(&self, file: &str, limit: u64) -> Result<Vec<u8>> {
        web::get_bytes(&format!("{}/{}", self.url, escape_url(file)), limit)
    }

    fn raw_list(&self) -> Result<String> {
        let r = self.list.get_or_init(|| Ok(String::from_utf8_lossy(&self.bytes("@v/list", LIMIT)?).into_owned()));
        r.clone().map_err(|e| self.error("", e))
    }

    fn parse_info(&self, data: &[u8], rev: &str) -> Result<RevInfo> {
        RevInfo::from_json(data).map_err(|e| self.error(rev, Error::text(format!("invalid response from proxy {}: {e}", quote(&web::redact(&self.base))))))
    }

    /// The newest version by time among those of the list.
    fn latest_from_list(&self) -> Result<RevInfo> {
        let list = self.raw_list()?;
        let mut best: Option<(String, &str)> = None;
        for line in list.lines() {
            let f: Vec<&str> = line.split_whitespace().collect();
            let Some(v) = f.first().filter(|v| semver::is_valid(v)) else { continue };
            let time = match (f.get(1), gover::parse_pseudo(v)) {
                (Some(t), _) => t.chars().filter(char::is_ascii_digit).take(14).collect::<String>(),
                (None, Some(p)) => p.time,
                (None, None) => continue,
            };
            if best.as_ref().is_none_or(|(b, _)| *b < time) {
                best = Some((time, v));
            }
        }
        match best {
            Some((_, v)) => self.stat(v),
            None => Err(self.error("", Error::NotExist("no commits".into()))),
        }
    }

    fn canonical(&self, version: &str, what: &str) -> Result<String> {
        if version != semver::canonical_module(version) {
            return Err(self.error(version, Error::text(format!("internal error: version passed to {what} is not canonical"))));
        }
        escape_version(version).map_err(|e| self.error(version, e))
    }
}

/// Percent-escapes what may not stand in a URL's path.
fn escape_url(s: &str) -> String {
    s.bytes().map(|b| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b'@' | b'+' | b'!' | b'$' | b'&' | b'=' | b':' => (b as char).to_string(),
        b => format!("%{b:02X}"),
    }).collect()
}

impl Repo for ProxyRepo {
    fn versions(&self, prefix: &str) -> Result<Versions> {
        let raw = self.raw_list()?;
        let words = raw.lines().filter_map(|l| l.split_whitespace().next());
        let mut list: Vec<String> = words.filter(|v| semver::is_valid(v) && v.starts_with(prefix) && !semver::is_pseudo_version(v)).map(String::from).collect();
        semver::sort(&mut list);
        Ok(Versions { list, origin: None })
    }

    fn stat(&self, rev: &str) -> Result<RevInfo> {
        let enc = escape_version(rev).map_err(|e| self.error(rev, e))?;
        let data = self.bytes(&format!("@v/{enc}.info"), LIMIT).map_err(|e| self.error(rev, e))?;
        let info = self.parse_info(&data, rev)?;
        let fits = semver::split_path_version(&self.path).is_some_and(|(_, m)| semver::check_path_major(rev, m).is_ok());
        if info.version != rev && rev == semver::canonical_module(rev) && check_path(&self.path).is_ok() && fits {
            let m = format!("proxy returned info for version {} instead of requested version", info.version);
            return Err(self.error(rev, m.into()));
        }
        Ok(info)
    }

    fn latest(&self) -> Result<RevInfo> {
        match self.bytes("@latest", LIMIT) {
            Ok(d) => self.parse_info(&d, ""),
            Err(e) if e.is_not_exist() => self.latest_from_list(),
            Err(e) => Err(self.error("", e)),
        }
    }

    fn go_mod(&self, version: &str) -> Result<Vec<u8>> {
        let enc = self.canonical(version, "GoMod")?;
        self.bytes(&format!("@v/{enc}.mod"), zip::MAX_GO_MOD).map_err(|e| self.error(version, e))
    }

    fn zip(&self, version: &str) -> Result<Vec<u8>> {
        let enc = self.canonical(version, "Zip")?;
        self.bytes(&format!("@v/{enc}.zip"), zip::MAX_ZIP).map_err(|e| self.error(version, e))
    }
}

/// Whether a module path matches a list of glob patterns (GOPRIVATE and relatives): a pattern
/// matches the path or a leading part of it.
pub fn match_prefix_patterns(globs: &str, path: &str) -> bool {
    globs.split(',').map(|g| g.trim_end_matches('/')).filter(|g| !g.is_empty()).any(|g| {
        let n = g.matches('/').count() + 1;
        let elems: Vec<&str> = path.split('/').collect();
        elems.len() >= n && g.split('/').zip(&elems).all(|(p, e)| glob(p.as_bytes(), e.as_bytes()))
    })
}

/// One path element against one pattern element.
fn glob(p: &[u8], s: &[u8]) -> bool {
    match p {
        [] => s.is_empty(),
        [b'*', rest @ ..] => (0..=s.len()).any(|i| glob(rest, &s[i..])),
        [b'?', rest @ ..] => !s.is_empty() && glob(rest, &s[1..]),
        [b'\\', c, rest @ ..] => s.first() == Some(c) && glob(rest, &s[1..]),
        [b'[', rest @ ..] => {
            let Some(end) = rest.iter().skip(1).position(|&c| c == b']').map(|i| i + 1) else { return false };
            let (neg, set) = match &rest[..end] {
                [b'^', set @ ..] => (true, set),
                set => (false, set),
            };
            let Some(&c) = s.first() else { return false };
            let mut hit = false;
            let mut i = 0;
            while i < set.len() {
                if i + 2 < set.len() && set[i + 1] == b'-' {
                    hit |= (set[i]..=set[i + 2]).contains(&c);
                    i += 3;
                } else {
                    hit |= set[i] == c;
                    i += 1;
                }
            }
            hit != neg && glob(&rest[end + 1..], &s[1..])
        }
        [c, rest @ ..] => s.first() == Some(c) && glob(rest, &s[1..]),
    }
}

/// The error for a module of which only the path is known.
pub fn path_error(m: &ModVersion, e: Error) -> Error {
    Error::Module { path: m.path.clone(), version: String::new(), err: Box::new(e) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let p = Proxies::parse("https://a/,http://b|direct", "").unwrap();
        assert_eq!(p.list, [("https://a/".into(), false), ("http://b".into(), true), ("direct".into(), false)]);
        assert_eq!(Proxies::parse("a.b,off,x", "").unwrap().list[0].0, "https://a.b");
        assert_eq!(Proxies::parse("off", "x").unwrap().list[0].0, "noproxy");
        assert!(Proxies::parse(",", "").is_err());
        assert!(Proxies::parse("ftp://x", "").unwrap_err().to_string().starts_with("invalid proxy URL scheme"));
        assert!(match_prefix_patterns("*.corp.com,x.y/z", "git.corp.com/a/b"));
        assert!(match_prefix_patterns("x.y/z", "x.y/z/w") && !match_prefix_patterns("x.y/z", "x.y/zz"));
        assert!(match_prefix_patterns("[a-c]x/?", "bx/y") && !match_prefix_patterns("[^a-c]x", "bx"));
    }

    #[test]
    fn fallback() {
        let none = || Err::<(), _>(Error::NotExist("none".into()));
        let p = Proxies::parse("http://a,http://b", "").unwrap();
        assert_eq!(p.try_each(|u| if u == "http://a" { none() } else { Ok(()) }).err().map(|e| e.to_string()), None);
        assert_eq!(p.try_each(|u| if u == "http://a" { Err("down".into()) } else { Ok(()) }).unwrap_err().to_string(), "down");
        let p = Proxies::parse("http://a|http://b", "").unwrap();
        assert!(p.try_each(|u| if u == "http://a" { Err("down".into()) } else { Ok(()) }).is_ok());
    }
}
