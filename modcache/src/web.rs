//! Fetching URLs: http, https and file, with the rules the go command has about insecure ones.

use crate::error::{Error, Result, io_text};
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

/// Which URLs are acceptable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Security {
    /// Only https.
    SecureOnly,
    /// http where it is asked for.
    Default,
    /// http as second choice, certificates are not checked.
    Insecure,
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    pub url: String,
    pub status: u16,
    pub reason: String,
    pub body: Vec<u8>,
    /// The body is plain text in an encoding that can be shown.
    plain: bool,
    file_err: Option<String>,
}

impl Response {
    /// The answer's error, if its status is one.
    pub fn err(&self) -> Option<Error> {
        if self.status == 200 || self.status == 0 {
            return None;
        }
        let text = match (&self.file_err, if self.plain { detail(&self.body) } else { String::new() }) {
            (Some(e), _) => format!("reading {}: {e}", self.url),
            (None, d) if !d.is_empty() => {
                let sep = if d.contains('\n') { "\n\t" } else { " " };
                format!("reading {}: {}\n\tserver response:{sep}{d}", self.url, self.reason)
            }
            _ => format!("reading {}: {}", self.url, self.reason),
        };
        Some(if matches!(self.status, 404 | 410) { Error::NotExist(text) } else { Error::Text(text) })
    }
}

/// The first lines of an error page, if they are harmless text.
fn detail(body: &[u8]) -> String {
    let Ok(s) = std::str::from_utf8(body) else { return String::new() };
    if s.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return String::new();
    }
    let mut out = String::new();
    for (i, line) in s.split('\n').enumerate() {
        if line.trim().is_empty() {
            break;
        }
        if i > 0 {
            out.push_str("\n\t");
        }
        if i >= 8 {
            out.push_str("[Truncated: too many lines.]");
            break;
        }
        if out.len() + line.len() > 8 * 81 {
            out.push_str("[Truncated: too long.]");
            break;
        }
        out.push_str(line);
    }
    out
}

/// The URL without its password.
pub fn redact(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.into() };
    let (auth, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match auth.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
        Some((user, host)) => format!("{scheme}://{user}:xxxxx@{host}{path}"),
        None => url.into(),
    }
}

/// Settings of all requests of this process.
#[derive(Debug, Default)]
pub struct Settings {
    /// `-x`: say what is fetched.
    pub trace: bool,
    /// GOAUTH.
    pub auth: String,
    pub home: std::path::PathBuf,
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// Sets what all requests of this process share; the first call counts.
pub fn configure(s: Settings) {
    let _ = SETTINGS.set(s);
}

fn settings() -> &'static Settings {
    SETTINGS.get_or_init(Settings::default)
}

fn agent(insecure: bool) -> &'static ureq::Agent {
    static AGENTS: [OnceLock<ureq::Agent>; 2] = [OnceLock::new(), OnceLock::new()];
    AGENTS[insecure as usize].get_or_init(|| {
        let tls = ureq::tls::TlsConfig::builder()
            .root_certs(ureq::tls::RootCerts::PlatformVerifier)
            .disable_verification(insecure)
            .build();
        let c = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(30)))
            .timeout_recv_response(Some(Duration::from_secs(180)))
            .user_agent("GoCommand/1 (+https://go.dev/cmd/go)")
            .build();
        ureq::Agent::new_with_config(c)
    })
}

/// `user`, `password` for a host from a netrc file.
fn netrc(host: &str) -> Option<(String, String)> {
    let file = match std::env::var_os("NETRC") {
        Some(f) => f.into(),
        None => settings().home.join(if cfg!(windows) { "_netrc" } else { ".netrc" }),
    };
    let text = std::fs::read_to_string(file).ok()?;
    let mut words = text.split_whitespace();
    let (mut here, mut login, mut password) = (false, String::new(), String::new());
    while let Some(w) = words.next() {
        match w {
            "machine" => {
                if here && !login.is_empty() && !password.is_empty() {
                    break;
                }
                here = words.next()? == host;
            }
            // As in Go, a default entry is not used.
            "default" => break,
            "login" if here => login = words.next()?.into(),
            "password" if here => password = words.next()?.into(),
            _ => {}
        }
    }
    (!login.is_empty() && !password.is_empty()).then_some((login, password))
}

/// Headers that GOAUTH has for a URL.
fn credentials(url: &str) -> Vec<(String, String)> {
    use base64::Engine;
    let rest = url.split_once("://").map_or("", |r| r.1);
    let host = rest.split('/').next().unwrap_or("");
    let basic = |u: &str, p: &str| {
        let b = base64::engine::general_purpose::STANDARD.encode(format!("{u}:{p}"));
        vec![("Authorization".to_string(), format!("Basic {b}"))]
    };
    for cmd in settings().auth.split(';').map(str::trim).rev() {
        let words: Vec<&str> = cmd.split_whitespace().collect();
        match words[..] {
            ["off"] | [] => {}
            ["netrc"] => {
                if let Some((u, p)) = netrc(host.rsplit('@').next().unwrap_or("")) {
                    return basic(&u, &p);
                }
            }
            ["git", dir] => {
                if let Some((u, p)) = git_credential(dir, url) {
                    return basic(&u, &p);
                }
            }
            [program, ref args @ ..] => {
                let h = command_credentials(program, args, url);
                if !h.is_empty() {
                    return h;
                }
            }
        }
    }
    Vec::new()
}

fn git_credential(dir: &str, url: &str) -> Option<(String, String)> {
    use std::process::{Command, Stdio};
    let mut c = Command::new("git").args(["credential", "fill"]).current_dir(dir).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    std::io::Write::write_all(c.stdin.as_mut()?, format!("url={url}\n").as_bytes()).ok()?;
    let out = c.wait_with_output().ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let get = |k: &str| text.lines().find_map(|l| l.strip_prefix(k)?.strip_prefix('=')).map(String::from);
    Some((get("username")?, get("password")?))
}

/// The answer of a GOAUTH command: URLs, a blank line, headers, a blank line, and so on.
fn command_credentials(program: &str, args: &[&str], url: &str) -> Vec<(String, String)> {
    let out = std::process::Command::new(program).args(args).stdin(std::process::Stdio::null()).output();
    let Ok(out) = out else { return Vec::new() };
    let text = String::from_utf8_lossy(&out.stdout).replace("\r\n", "\n");
    let mut parts = text.split("\n\n");
    while let (Some(urls), Some(headers)) = (parts.next(), parts.next()) {
        if urls.lines().any(|u| !u.is_empty() && (url == u || url.starts_with(&format!("{}/", u.trim_end_matches('/'))))) {
            return headers.lines().filter_map(|h| h.split_once(':')).map(|(k, v)| (k.trim().into(), v.trim().into())).collect();
        }
    }
    Vec::new()
}

fn call(url: &str, insecure: bool, limit: u64) -> Result<Response> {
    let s = settings();
    let shown = redact(url);
    let fail = |m: String| Error::text(format!("Get {}: {m}", crate::quote(&shown)));
    let mut target = url.to_string();
    for _ in 0..=10 {
        if s.trace {
            eprintln!("# get {}", redact(&target));
        }
        let mut req = agent(insecure).get(&target);
        if target.starts_with("https://") {
            for (k, v) in credentials(&target) {
                req = req.header(k, v);
            }
        }
        let resp = req.call().map_err(|e| fail(net_error(&e, &target)))?;
        let status = resp.status();
        if status.is_redirection() {
            if let Some(loc) = resp.headers().get("location").and_then(|l| l.to_str().ok()) {
                let next = join(&target, loc);
                if url.starts_with("https://") && !next.starts_with("https://") {
                    return Err(fail(format!("redirected from secure URL {target} to insecure URL {next}")));
                }
                target = next;
                continue;
            }
        }
        let reason = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("")).trim_end().to_string();
        if s.trace {
            eprintln!("# get {}: {reason} (0.000s)", redact(&target));
        }
        let expected = resp.headers().get("content-length").and_then(|l| l.to_str().ok()?.parse::<u64>().ok());
        let kind = resp.headers().get("content-type").and_then(|t| t.to_str().ok()).unwrap_or("").to_ascii_lowercase();
        let plain = kind.split(';').next().is_some_and(|t| t.trim() == "text/plain")
            && kind.split(';').skip(1).all(|p| p.trim().strip_prefix("charset=").is_none_or(|c| matches!(c.trim_matches('"'), "" | "us-ascii" | "utf-8")));
        let mut body = Vec::new();
        read_body(resp.into_body().into_reader().take(limit + 1), &mut body).map_err(|t| Error::text(format!("read {}: {t}", crate::quote(&redact(&target)))))?;
        if body.len() as u64 > limit {
            return Err(Error::text(format!("reading {}: response is larger than {limit} bytes", redact(&target))));
        }
        if expected.is_some_and(|n| n > body.len() as u64) {
            return Err(Error::text(format!("read {}: unexpected EOF", crate::quote(&redact(&target)))));
        }
        return Ok(Response { url: redact(&target), status: status.as_u16(), reason, body, plain, file_err: None });
    }
    Err(fail("stopped after 10 redirects".into()))
}

/// How long an answer that has begun may stand still.
const STALL: Duration = Duration::from_secs(60);

/// Reads an answer to its end; gives up when nothing comes any more.
fn read_body(mut from: impl Read + Send + 'static, body: &mut Vec<u8>) -> std::result::Result<(), String> {
    use std::sync::mpsc::{RecvTimeoutError, sync_channel};
    let (tx, rx) = sync_channel::<std::io::Result<Vec<u8>>>(4);
    std::thread::spawn(move || {
        loop {
            let mut buf = vec![0; 1 << 16];
            let r = from.read(&mut buf).map(|n| {
                buf.truncate(n);
                buf
            });
            let end = !r.as_ref().is_ok_and(|b| !b.is_empty());
            // The other side may have given up.
            if tx.send(r).is_err() || end {
                return;
            }
        }
    });
    loop {
        match rx.recv_timeout(STALL) {
            Ok(Ok(b)) if b.is_empty() => return Ok(()),
            Ok(Ok(b)) => body.extend_from_slice(&b),
            Ok(Err(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Err("unexpected EOF".into()),
            Ok(Err(e)) => return Err(io_text(&e)),
            Err(RecvTimeoutError::Timeout) => return Err(format!("no data for {} seconds", STALL.as_secs())),
            Err(RecvTimeoutError::Disconnected) => return Err("unexpected EOF".into()),
        }
    }
}

/// What Go's net/http would say.
fn net_error(e: &ureq::Error, url: &str) -> String {
    use std::io::ErrorKind;
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let host = rest.split('/').next().unwrap_or("").rsplit('@').next().unwrap_or("");
    let bare = host.rsplit_once(':').filter(|(_, p)| p.bytes().all(|b| b.is_ascii_digit())).map_or(host, |h| h.0);
    match e {
        ureq::Error::Io(e) if e.kind() == ErrorKind::ConnectionRefused => {
            let port = if bare.len() < host.len() { "" } else if scheme == "http" { ":80" } else { ":443" };
            format!("dial tcp {host}{port}: connect: connection refused")
        }
        ureq::Error::Io(e) if e.kind() == ErrorKind::UnexpectedEof => "EOF".into(),
        ureq::Error::Io(e) => io_text(e),
        ureq::Error::HostNotFound => format!("dial tcp: lookup {bare}: no such host"),
        ureq::Error::Timeout(_) => "context deadline exceeded".into(),
        e => e.to_string(),
    }
}

/// A location relative to a URL.
fn join(base: &str, loc: &str) -> String {
    if loc.contains("://") {
        return loc.into();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
    if let Some(l) = loc.strip_prefix("//") {
        return format!("{scheme}://{l}");
    }
    let host = &rest[..rest.find('/').unwrap_or(rest.len())];
    if loc.starts_with('/') {
        return format!("{scheme}://{host}{loc}");
    }
    let dir = base.split('?').next().unwrap_or(base).rsplit_once('/').map_or(base, |d| d.0);
    format!("{dir}/{loc}")
}

/// Decodes `%41`.
fn percent_decode(s: &str) -> String {
    let b = s.as_bytes();
    let (mut out, mut i) = (Vec::new(), 0);
    while i < b.len() {
        let hex = (b[i] == b'%').then(|| b.get(i + 1..i + 3)).flatten().and_then(|h| u8::from_str_radix(std::str::from_utf8(h).ok()?, 16).ok());
        match hex {
            Some(h) => {
                out.push(h);
                i += 3;
            }
            None => {
                out.push(b[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn get_file(url: &str) -> Result<Response> {
    let path = percent_decode(url.strip_prefix("file://").unwrap_or(url));
    let r = |status: u16, reason: &str, body: Vec<u8>, e: Option<String>| Response {
        url: url.into(), status, reason: reason.into(), body, plain: false, file_err: e,
    };
    match std::fs::read(Path::new(&path)) {
        Ok(d) => Ok(r(200, "OK", d, None)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(r(404, "Not Found", Vec::new(), Some(io_text(&e)))),
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => Ok(r(403, "Forbidden", Vec::new(), Some(io_text(&e)))),
        Err(e) => Err(Error::text(format!("read {path}: {}", io_text(&e)))),
    }
}

/// Fetches a URL; without scheme it is https, or http if that fails and may be used.
pub fn get(security: Security, url: &str, limit: u64) -> Result<Response> {
    if url.starts_with("file://") {
        return get_file(url);
    }
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let mut first = None;
    if scheme.is_empty() || scheme == "https" {
        match call(&format!("https://{rest}"), security == Security::Insecure, limit) {
            Ok(r) => return Ok(r),
            Err(e) if security != Security::Insecure || scheme == "https" => return Err(e),
            Err(e) => first = Some(e),
        }
    }
    match scheme {
        "http" if security == Security::SecureOnly => return Err(Error::text(format!("insecure URL: {}", redact(url)))),
        "http" | "" => {}
        _ => return Err(first.unwrap_or_else(|| Error::text(format!("unsupported scheme: {}", redact(url))))),
    }
    call(&format!("http://{rest}"), false, limit)
}

/// The contents of a URL.
pub fn get_bytes(url: &str, limit: u64) -> Result<Vec<u8>> {
    let r = get(Security::Default, url, limit)?;
    match r.err() {
        Some(e) => Err(e),
        None => Ok(r.body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        assert_eq!(redact("https://u:p@h/x"), "https://u:xxxxx@h/x");
        assert_eq!(redact("https://h/x@v"), "https://h/x@v");
        assert_eq!(join("http://h/a/b?c", "d"), "http://h/a/d");
        assert_eq!(join("http://h/a/b", "/d"), "http://h/d");
        assert_eq!(percent_decode("/a%20b%zz"), "/a b%zz");
        assert_eq!(detail(b"a\nb\n\nc"), "a\n\tb");
        let e = get_bytes("file:///no/such/file", 10).unwrap_err();
        assert!(e.is_not_exist());
        assert_eq!(e.to_string(), "reading file:///no/such/file: no such file or directory");
    }
}
