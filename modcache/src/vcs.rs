//! Which repository an import path belongs to: known hosts, `.git` in the path, or `<meta name="go-import">`.

use crate::error::{Error, Result};
use crate::memo::Memo;
use crate::proxy::match_prefix_patterns;
use crate::web::{self, Security};
use crate::quote;

/// A repository and the import path of its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    pub url: String,
    pub root: String,
    pub subdir: String,
    /// `git`, `mod`, ...
    pub vcs: String,
}

/// Settings for finding repositories.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub govcs: String,
    pub goprivate: String,
}

/// What users call a version control system.
pub fn name(vcs: &str) -> &str {
    KNOWN.iter().find(|k| k.0 == vcs).map_or(vcs, |k| k.1)
}

const KNOWN: &[(&str, &str)] = &[("git", "Git"), ("hg", "Mercurial"), ("svn", "Subversion"), ("fossil", "Fossil")];

fn word(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

fn has_prefix(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|r| r.is_empty() || r.starts_with('/'))
}

impl Rules {
    /// Whether GOVCS lets a repository's version control be used.
    fn check(&self, vcs: &str, root: &str) -> Result<()> {
        if vcs == "mod" {
            return Ok(());
        }
        let private = match_prefix_patterns(&self.goprivate, root);
        let what = if private { "private" } else { "public" };
        let denied = || Err(Error::text(format!("GOVCS disallows using {vcs} for {what} {root}; see 'go help vcs'")));
        let mut seen: Vec<&str> = Vec::new();
        for item in self.govcs.split(',').map(str::trim) {
            if self.govcs.trim().is_empty() {
                break;
            }
            if item.is_empty() {
                return Err("empty entry in GOVCS".into());
            }
            let Some((pat, list)) = item.split_once(':') else {
                return Err(format!("malformed entry in GOVCS (missing colon): {}", quote(item)).into());
            };
            let (pat, list) = (pat.trim(), list.trim());
            if pat.is_empty() {
                return Err(format!("empty pattern in GOVCS: {}", quote(item)).into());
            }
            if list.is_empty() {
                return Err(format!("empty VCS list in GOVCS: {}", quote(item)).into());
            }
            if pat.starts_with('/') || pat.ends_with('/') {
                return Err(format!("invalid pattern in GOVCS: {}", quote(item)).into());
            }
            if seen.contains(&pat) {
                return Err(format!("unreachable pattern in GOVCS: {} after {}", quote(item), quote(pat)).into());
            }
            seen.push(pat);
            let hit = match pat {
                "private" => private,
                "public" => !private,
                p => match_prefix_patterns(p, root),
            };
            if hit {
                let ok = list.split('|').map(str::trim).any(|v| v == "all" || v == vcs);
                return if ok { Ok(()) } else { denied() };
            }
        }
        // Without a rule: public:git|hg,private:all.
        if private || vcs == "git" || vcs == "hg" { Ok(()) } else { denied() }
    }

    /// The repository of an import path.
    pub fn find(&self, path: &str, security: Security) -> Result<Root> {
        let r = match self.find_known(path, security)? {
            Some(r) => Ok(r),
            None => self.find_dynamic(path, security).map_err(|e| {
                // As an error of the go command names the path already, only others do.
                if e.to_string().contains(path) { e } else { Error::Wrap(format!("unrecognized import path {}", quote(path)), Box::new(e)) }
            }),
        };
        if path.contains("...") && r.is_ok() {
            return Err(format!("cannot expand ... in {}", quote(path)).into());
        }
        r
    }

    fn find_known(&self, path: &str, security: Security) -> Result<Option<Root>> {
        if has_prefix(path, "example.net") {
            return Err("no modules on example.net".into());
        }
        if path == "rsc.io" {
            return Err("rsc.io is not a module".into());
        }
        for p in ["http:", "https:"] {
            if path.starts_with(p) {
                return Err(format!("{} not allowed in import path", quote(&format!("{p}//"))).into());
            }
        }
        let elems: Vec<&str> = path.split('/').collect();
        // Host, elements of the repository's root, whether a suffix like .git is refused.
        let hosts = [("github.com", 3, true), ("bitbucket.org", 3, true), ("hub.jazz.net/git", 4, true), ("git.openstack.org", 3, false), ("git.apache.org", 2, false)];
        for (host, n, no_suffix) in hosts {
            if !has_prefix(path, host) {
                continue;
            }
            if elems.len() < n || !elems.iter().all(|e| word(e)) {
                return Err(format!("invalid {host} import path {}", quote(path)).into());
            }
            let root = elems[..n].join("/");
            if no_suffix && KNOWN.iter().any(|(v, _)| root.ends_with(&format!(".{v}"))) {
                return Err(format!("invalid version control suffix in {host}/ path").into());
            }
            self.check("git", &root)?;
            return Ok(Some(Root { url: format!("https://{root}"), root, subdir: String::new(), vcs: "git".into() }));
        }
        // host/path.git/rest
        for (i, e) in elems.iter().enumerate().skip(1) {
            let Some((vcs, base)) = KNOWN.iter().find_map(|(v, _)| Some((*v, e.strip_suffix(&format!(".{v}"))?))) else { continue };
            if base.is_empty() || !elems[0].contains('.') {
                continue;
            }
            let root = elems[..=i].join("/");
            let repo = root.strip_suffix(&format!(".{vcs}")).unwrap_or(&root).to_string();
            self.check(vcs, &root)?;
            if vcs != "git" {
                return Err(format!("{vcs} is not supported by this command").into());
            }
            let schemes: &[&str] = if security == Security::SecureOnly { &["https", "git+ssh", "ssh"] } else { &["git", "https", "http", "git+ssh", "ssh"] };
            let found = schemes.iter().find(|s| ping(s, &repo));
            let Some(s) = found else {
                let which = if security == Security::SecureOnly { "secure " } else { "" };
                return Err(format!("no {which}protocol found for repository").into());
            };
            return Ok(Some(Root { url: format!("{s}://{repo}"), root, subdir: String::new(), vcs: vcs.into() }));
        }
        Ok(None)
    }

    fn find_dynamic(&self, path: &str, security: Security) -> Result<Root> {
        let page = meta_page(path, security)?;
        let (url, imports, err) = page;
        if imports.is_empty() {
            if let Some(e) = err {
                return Err(e);
            }
        }
        let m = match_import(&imports, path).map_err(|e| match e {
            Mismatch::Multiple => Error::text(format!("parse {url}?go-get=1: multiple meta tags match import path {}", quote(path))),
            Mismatch::None(t) => Error::text(format!("parse {url}: no go-import meta tags ({t})")),
        })?;
        if m.prefix != path {
            let (url2, imports2, err2) = meta_page(&m.prefix, security).map_err(|e| Error::text(format!("fetching {}: {e}", m.prefix)))?;
            if imports2.is_empty() {
                return Err(err2.unwrap_or_else(|| Error::text(format!("fetching {}: no go-import meta tag found in {url2}", m.prefix))));
            }
            if match_import(&imports2, path).ok().as_ref() != Some(&m) {
                return Err(format!("{url} and {url2} disagree about go-import for {}", m.prefix).into());
            }
        }
        if m.subdir.starts_with('/') || m.subdir.starts_with('-') {
            let why = if m.subdir.starts_with('/') { "leading slash" } else { "leading hyphen" };
            return Err(format!("{url}: invalid subdirectory {}: {why}", quote(&m.subdir)).into());
        }
        match m.repo.split_once("://").map(|s| s.0) {
            None => return Err(format!("{url}: invalid repo root {}: no scheme", quote(&m.repo)).into()),
            Some("file") => return Err(format!("{url}: invalid repo root {}: file scheme disallowed", quote(&m.repo)).into()),
            Some(_) => {}
        }
        if m.vcs != "mod" && !KNOWN.iter().any(|(v, _)| *v == m.vcs) {
            return Err(format!("{url}: unknown vcs {}", quote(&m.vcs)).into());
        }
        self.check(&m.vcs, &m.prefix)?;
        if m.vcs != "mod" && m.vcs != "git" {
            return Err(format!("{} is not supported by this command", m.vcs).into());
        }
        Ok(Root { url: m.repo, root: m.prefix, subdir: m.subdir, vcs: m.vcs })
    }
}

fn ping(scheme: &str, repo: &str) -> bool {
    let c = std::process::Command::new("git").args(["ls-remote", "--end-of-options", &format!("{scheme}://{repo}")])
        .env("GIT_TERMINAL_PROMPT", "0").stdin(std::process::Stdio::null()).output();
    c.is_ok_and(|o| o.status.success())
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Meta {
    prefix: String,
    vcs: String,
    repo: String,
    subdir: String,
}

enum Mismatch {
    Multiple,
    None(String),
}

fn match_import(list: &[Meta], path: &str) -> std::result::Result<Meta, Mismatch> {
    let mut hit: Option<&Meta> = None;
    let mut other = Vec::new();
    for m in list {
        if !has_prefix(path, &m.prefix) {
            other.push(format!("meta tag {} did not match import path {path}", m.prefix));
        } else if let Some(h) = hit {
            if h.vcs == "mod" && m.vcs != "mod" {
                break;
            }
            return Err(Mismatch::Multiple);
        } else {
            hit = Some(m);
        }
    }
    hit.cloned().ok_or_else(|| Mismatch::None(other.join(", ")))
}

type Page = (String, Vec<Meta>, Option<Error>);

/// The `go-import` tags of the page for an import path.
fn meta_page(path: &str, security: Security) -> Result<Page> {
    static PAGES: std::sync::OnceLock<Memo<String, Result<Page>>> = std::sync::OnceLock::new();
    PAGES.get_or_init(Memo::default).get(path.into(), || {
        let (host, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
        if !host.contains('.') {
            return Err("import path does not begin with hostname".into());
        }
        let url = format!("{host}{}?go-get=1", if rest.is_empty() { "/" } else { rest });
        let r = web::get(security, &url, 4 << 20).map_err(|e| {
            let http = if security == Security::Insecure { "http/" } else { "" };
            Error::text(format!("{http}https fetch: {e}"))
        })?;
        let list = parse_meta(&String::from_utf8_lossy(&r.body));
        Ok((r.url.clone(), list, r.err()))
    })
}

/// `<meta name="go-import" content="prefix vcs repo [subdir]">` before the body.
fn parse_meta(html: &str) -> Vec<Meta> {
    let (mut out, mut rest) = (Vec::new(), html);
    while let Some(i) = rest.find('<') {
        rest = &rest[i + 1..];
        if rest.starts_with("!--") {
            rest = rest.find("-->").map_or("", |i| &rest[i + 3..]);
            continue;
        }
        let tag = &rest[..rest.find('>').unwrap_or(rest.len())];
        let lower = tag.to_ascii_lowercase();
        if lower.starts_with("body") || lower.starts_with("/head") {
            break;
        }
        if !lower.starts_with("meta") || attribute(tag, "name").as_deref() != Some("go-import") {
            continue;
        }
        let content = attribute(tag, "content").unwrap_or_default();
        let f: Vec<&str> = content.split_whitespace().collect();
        if let [prefix, vcs, repo, ref tail @ ..] = f[..] {
            if tail.len() <= 1 {
                let subdir = tail.first().copied().unwrap_or("").into();
                out.push(Meta { prefix: prefix.into(), vcs: vcs.into(), repo: repo.into(), subdir });
            }
        }
    }
    // Tags of the proxy protocol come first.
    let (mods, others): (Vec<Meta>, Vec<Meta>) = out.into_iter().partition(|m| m.vcs == "mod");
    mods.iter().cloned().chain(others).collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    loop {
        let i = from + lower[from..].find(name)?;
        from = i + name.len();
        if !lower[..i].ends_with(char::is_whitespace) {
            continue;
        }
        let v = tag[from..].trim_start().strip_prefix('=')?.trim_start();
        let text = match v.chars().next()? {
            q @ ('"' | '\'') => v[1..].split(q).next()?,
            _ => v.split([' ', '/', '\t', '\n']).next()?,
        };
        return Some(text.replace("&amp;", "&").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hosts() {
        let r = Rules::default();
        let f = |p: &str| r.find_known(p, Security::SecureOnly);
        let g = f("github.com/a/b/c").unwrap().unwrap();
        assert_eq!((g.url.as_str(), g.root.as_str()), ("https://github.com/a/b", "github.com/a/b"));
        assert!(f("github.com/a").unwrap_err().to_string().contains("invalid github.com import path"));
        assert!(f("github.com/a/b.git").is_err());
        assert_eq!(f("x.y/z").unwrap(), None);
        assert!(f("example.net/x").is_err());
    }

    #[test]
    fn govcs() {
        let r = |g: &str| Rules { govcs: g.into(), goprivate: "corp.com".into() };
        assert!(r("").check("git", "x.y/z").is_ok() && r("").check("svn", "x.y/z").is_err() && r("").check("svn", "corp.com/a").is_ok());
        assert!(r("public:off").check("git", "x.y/z").unwrap_err().to_string().contains("GOVCS disallows using git for public x.y/z"));
        assert!(r("x.y:hg,*:all").check("git", "x.y/z").is_err() && r("x.y:hg,*:all").check("git", "w/z").is_ok());
        assert!(r("bad").check("git", "x").is_err() && r("a:git,a:git").check("git", "x").is_err());
    }

    #[test]
    fn meta_tags() {
        let m = parse_meta("<html><head><!-- <meta name=go-import content='no'> --><META content=\"a.b/c git https://g/c\" name=\"go-import\"><meta name='go-import' content='a.b mod https://p'></head><body><meta name=go-import content='x git y'>");
        assert_eq!(m.len(), 2);
        assert_eq!((m[0].vcs.as_str(), m[1].repo.as_str()), ("mod", "https://g/c"));
        assert!(matches!(match_import(&m[1..], "z"), Err(Mismatch::None(_))));
        assert_eq!(match_import(&m[1..], "a.b/c/d").ok().unwrap().prefix, "a.b/c");
    }
}
