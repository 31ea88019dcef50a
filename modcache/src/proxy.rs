//! The module proxy protocol: `GET $GOPROXY/<module>/@v/<version>.{info,mod,zip}`.

use crate::ModVersion;
use crate::layout::escape;
use std::io::Read;
use std::time::Duration;

/// Why a file could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The proxy says there is no such thing (404, 410).
    NotFound(String),
    Other(String),
}

impl FetchError {
    /// The message.
    pub fn message(&self) -> &str {
        match self {
            FetchError::NotFound(m) | FetchError::Other(m) => m,
        }
    }
}

/// An entry of GOPROXY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Off,
    Direct,
    Url(String),
}

/// GOPROXY: sources in order, each with whether any error leads on to the next (`|`) or only
/// "not found" (`,`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxies {
    pub list: Vec<(Source, bool)>,
}

impl Proxies {
    /// Parses GOPROXY.
    pub fn parse(text: &str) -> Result<Proxies, String> {
        let mut list = Vec::new();
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
                "off" => {
                    list.push((Source::Off, any));
                    break;
                }
                "direct" => {
                    list.push((Source::Direct, any));
                    break;
                }
                "noproxy" => return Err("invalid proxy URL: noproxy".into()),
                u => {
                    let known = ["https://", "http://", "file://"].iter().any(|s| u.starts_with(s));
                    if !known {
                        return Err(format!("invalid proxy URL missing scheme: {u}"));
                    }
                    list.push((Source::Url(u.trim_end_matches('/').to_string()), any));
                }
            }
        }
        if list.is_empty() {
            return Err("GOPROXY list is not the empty string, but contains no entries".into());
        }
        Ok(Proxies { list })
    }

    /// Fetches a file of a module version: `mod`, `info` or `zip`.
    pub fn fetch(&self, m: &ModVersion, kind: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
        let version = escape(&m.version).ok_or_else(|| FetchError::Other(format!("{m}: invalid version")))?;
        self.get(&m.path, &format!("@v/{version}.{kind}"), limit)
    }

    /// Fetches a file below a module's path.
    pub fn get(&self, path: &str, file: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
        let path = escape(path).ok_or_else(|| FetchError::Other(format!("{path}: invalid module path")))?;
        let mut last = FetchError::Other("module lookup disabled by GOPROXY=off".into());
        for (source, any) in &self.list {
            let r = match source {
                Source::Off => Err(FetchError::Other("module lookup disabled by GOPROXY=off".into())),
                Source::Direct => Err(FetchError::Other("fetching from version control is not supported yet: set GOPROXY to a module proxy".into())),
                Source::Url(u) => get_url(&format!("{u}/{path}/{file}"), limit),
            };
            match r {
                Ok(d) => return Ok(d),
                Err(e) => {
                    let go_on = *any || matches!(e, FetchError::NotFound(_));
                    // A source that cannot be used does not hide what an earlier one said.
                    if !(matches!(source, Source::Direct | Source::Off) && matches!(last, FetchError::NotFound(_))) {
                        last = e;
                    }
                    if !go_on {
                        break;
                    }
                }
            }
        }
        Err(last)
    }
}

fn agent() -> &'static ureq::Agent {
    static AGENT: std::sync::OnceLock<ureq::Agent> = std::sync::OnceLock::new();
    AGENT.get_or_init(|| {
        let tls = ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::PlatformVerifier).build();
        let c = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(30)))
            .timeout_recv_response(Some(Duration::from_secs(120)))
            .user_agent("Go-http-client/1.1")
            .build();
        ureq::Agent::new_with_config(c)
    })
}

/// Fetches a URL; no more than `limit` bytes.
pub fn get_url(url: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
    let other = |m: String| FetchError::Other(format!("reading {url}: {m}"));
    if let Some(path) = url.strip_prefix("file://") {
        return match std::fs::read(path) {
            Ok(d) => Ok(d),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                Err(FetchError::NotFound(format!("reading {url}: open {path}: no such file or directory")))
            }
            Err(e) => Err(other(e.to_string())),
        };
    }
    let resp = agent().get(url).call().map_err(|e| other(e.to_string()))?;
    let status = resp.status();
    let mut body = Vec::new();
    resp.into_body().into_reader().take(limit + 1).read_to_end(&mut body).map_err(|e| other(e.to_string()))?;
    if status.as_u16() == 404 || status.as_u16() == 410 {
        let text = String::from_utf8_lossy(&body).trim().to_string();
        let reason = status.canonical_reason().unwrap_or("");
        let mut m = format!("reading {url}: {} {reason}", status.as_u16());
        if !text.is_empty() && text.len() < 4096 {
            m.push_str(&format!("\n\tserver response: {}", text.lines().collect::<Vec<_>>().join("\n\t")));
        }
        return Err(FetchError::NotFound(m));
    }
    if !status.is_success() {
        return Err(other(format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or(""))));
    }
    if body.len() as u64 > limit {
        return Err(other(format!("response is larger than {limit} bytes")));
    }
    Ok(body)
}

/// Whether a module path matches a list of glob patterns (GOPRIVATE and relatives): a pattern
/// matches the path or a leading part of it.
pub fn match_prefix_patterns(globs: &str, path: &str) -> bool {
    globs.split(',').map(|g| g.trim().trim_end_matches('/')).filter(|g| !g.is_empty()).any(|g| {
        let n = g.matches('/').count() + 1;
        let elems: Vec<&str> = path.split('/').collect();
        elems.len() >= n && g.split('/').zip(&elems).all(|(p, e)| glob(p.as_bytes(), e.as_bytes()))
    })
}

fn glob(p: &[u8], s: &[u8]) -> bool {
    match p {
        [] => s.is_empty(),
        [b'*', rest @ ..] => (0..=s.len()).any(|i| glob(rest, &s[i..])),
        [b'?', rest @ ..] => !s.is_empty() && glob(rest, &s[1..]),
        [c, rest @ ..] => s.first() == Some(c) && glob(rest, &s[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let p = Proxies::parse("https://a/,http://b|direct").unwrap();
        assert_eq!(p.list, [(Source::Url("https://a".into()), false), (Source::Url("http://b".into()), true), (Source::Direct, false)]);
        assert!(Proxies::parse("a.b").is_err());
        assert!(Proxies::parse(",").is_err());
        assert!(match_prefix_patterns("*.corp.com,x.y/z", "git.corp.com/a/b"));
        assert!(match_prefix_patterns("x.y/z", "x.y/z/w") && !match_prefix_patterns("x.y/z", "x.y/zz"));
        let off = Proxies::parse("off").unwrap();
        let e = off.fetch(&ModVersion::new("a.b/c", "v1.0.0"), "mod", 10).unwrap_err();
        assert_eq!(e.message(), "module lookup disabled by GOPROXY=off");
    }
}
