//! Versions: semantic versions with a leading `v`, pseudo-versions, major version suffixes, Go versions.

use std::cmp::Ordering;

/// A version taken apart; parts are slices of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed<'a> {
    pub major: &'a str,
    pub minor: &'a str,
    pub patch: &'a str,
    /// What an abbreviated version (`v1`, `v1.2`) lacks.
    pub short: &'static str,
    /// With the leading `-`.
    pub prerelease: &'a str,
    /// With the leading `+`.
    pub build: &'a str,
}

fn parse_int(v: &str) -> Option<(&str, &str)> {
    let n = v.bytes().take_while(u8::is_ascii_digit).count();
    if n == 0 || n > 1 && v.starts_with('0') {
        return None;
    }
    Some(v.split_at(n))
}

fn is_ident_char(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-'
}

fn parse_tail<'a>(v: &'a str, lead: char, stop: Option<char>, numbers: bool) -> Option<(&'a str, &'a str)> {
    if !v.starts_with(lead) {
        return None;
    }
    let end = v[1..].find(|c| Some(c) == stop).map_or(v.len(), |i| i + 1);
    let (t, rest) = v.split_at(end);
    for part in t[1..].split('.') {
        let ok = !part.is_empty() && part.bytes().all(is_ident_char);
        let bad_num = numbers && part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit());
        if !ok || bad_num {
            return None;
        }
    }
    Some((t, rest))
}

/// Parses a version; `None` if it is not valid.
pub fn parse(v: &str) -> Option<Parsed<'_>> {
    let rest = v.strip_prefix('v')?;
    let (major, rest) = parse_int(rest)?;
    let mut p = Parsed { major, minor: "0", patch: "0", short: "", prerelease: "", build: "" };
    if rest.is_empty() {
        p.short = ".0.0";
        return Some(p);
    }
    let (minor, rest) = parse_int(rest.strip_prefix('.')?)?;
    p.minor = minor;
    if rest.is_empty() {
        p.short = ".0";
        return Some(p);
    }
    let (patch, mut rest) = parse_int(rest.strip_prefix('.')?)?;
    p.patch = patch;
    if rest.starts_with('-') {
        (p.prerelease, rest) = parse_tail(rest, '-', Some('+'), true)?;
    }
    if rest.starts_with('+') {
        (p.build, rest) = parse_tail(rest, '+', None, false)?;
    }
    rest.is_empty().then_some(p)
}

/// Whether the text is a valid version.
pub fn is_valid(v: &str) -> bool {
    parse(v).is_some()
}

/// `v1.2.3-pre` without build metadata and with all parts; "" if not valid.
pub fn canonical(v: &str) -> String {
    match parse(v) {
        None => String::new(),
        Some(p) => format!("{}{}", &v[..v.len() - p.build.len()], p.short),
    }
}

/// The canonical version of a module: like [`canonical`], but `+incompatible` stays.
pub fn canonical_module(v: &str) -> String {
    let mut c = canonical(v);
    if parse(v).is_some_and(|p| p.build == "+incompatible") {
        c.push_str("+incompatible");
    }
    c
}

/// `v1`; "" if not valid.
pub fn major(v: &str) -> &str {
    parse(v).map_or("", |p| &v[..1 + p.major.len()])
}

/// The prerelease part with its `-`.
pub fn prerelease(v: &str) -> &str {
    parse(v).map_or("", |p| p.prerelease)
}

fn cmp_num(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn cmp_prerelease(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut x, mut y) = (a[1..].split('.'), b[1..].split('.'));
    loop {
        return match (x.next(), y.next()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(p), Some(q)) if p == q => continue,
            (Some(p), Some(q)) => {
                let num = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
                match (num(p), num(q)) {
                    (true, true) => cmp_num(p, q),
                    (true, false) => Ordering::Less,
                    (false, true) => Ordering::Greater,
                    (false, false) => p.cmp(q),
                }
            }
        };
    }
}

/// Orders versions; invalid ones are equal to each other and below all valid ones.
pub fn compare(v: &str, w: &str) -> Ordering {
    match (parse(v), parse(w)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(p), Some(q)) => cmp_num(p.major, q.major)
            .then_with(|| cmp_num(p.minor, q.minor))
            .then_with(|| cmp_num(p.patch, q.patch))
            .then_with(|| cmp_prerelease(p.prerelease, q.prerelease)),
    }
}

/// Sorts versions; equal ones as text.
pub fn sort(list: &mut [String]) {
    list.sort_by(|a, b| compare(a, b).then_with(|| a.cmp(b)));
}

/// Splits `/v2` (or `.v2` for gopkg.in) off a module path. `None` if the suffix is not allowed.
pub fn split_path_version(path: &str) -> Option<(&str, &str)> {
    if path.starts_with("gopkg.in/") {
        let base = path.strip_suffix("-unstable").unwrap_or(path);
        let i = base.rfind(".v")?;
        let n = &base[i + 2..];
        let ok = !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) && (n == "0" || !n.starts_with('0'));
        return ok.then(|| path.split_at(i));
    }
    let digits = path.bytes().rev().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let i = path.len() - digits;
    let n = &path[i..];
    if i < 2 || n.is_empty() || !path[..i].ends_with("/v") {
        return Some((path, ""));
    }
    if n.contains('.') || n.starts_with('0') || n == "1" {
        return None;
    }
    Some(path.split_at(i - 2))
}

/// The error for a version whose major does not fit the path's suffix.
pub fn check_path_major(v: &str, path_major: &str) -> Result<(), String> {
    let m = major(v);
    let pm = path_major.strip_suffix("-unstable").unwrap_or(path_major);
    if pm.is_empty() {
        if m == "v0" || m == "v1" || parse(v).is_some_and(|p| p.build == "+incompatible") {
            return Ok(());
        }
        return Err(format!("version {v:?} invalid: should be v0 or v1, not {m}"));
    }
    let want = &pm[1..];
    // gopkg.in/x.v1 may use v0 pseudo-versions.
    if m == want || pm == ".v1" && v.starts_with("v0.0.0-") {
        return Ok(());
    }
    Err(format!("version {v:?} invalid: should be {want}, not {m}"))
}

/// Whether a version is a pseudo-version (`v0.0.0-20200101000000-abcdefabcdef` and relatives).
pub fn is_pseudo_version(v: &str) -> bool {
    let Some(p) = parse(v) else { return false };
    if v.matches('-').count() < 2 {
        return false;
    }
    let mut it = p.prerelease.rsplitn(2, '-');
    let (rev, rest) = (it.next().unwrap_or(""), it.next().unwrap_or(""));
    let stamp = rest.rsplit(['.', '-']).next().unwrap_or("");
    let head = &rest[..rest.len() - stamp.len()];
    let time_ok = stamp.len() == 14 && stamp.bytes().all(|b| b.is_ascii_digit());
    let rev_ok = !rev.is_empty() && rev.bytes().all(|b| b.is_ascii_alphanumeric());
    // Either vX.0.0-stamp, or the stamp follows "0." as the last part of a prerelease.
    let head_ok = head == "-" && p.minor == "0" && p.patch == "0" || head == "-0." || head.ends_with(".0.");
    time_ok && rev_ok && head_ok
}

/// A Go version taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoVersion<'a> {
    pub major: u64,
    /// `None` in `1`.
    pub minor: Option<u64>,
    /// `None` in language versions from 1.21 on: they are older than their first release candidate.
    pub patch: Option<u64>,
    /// `rc`, `beta`.
    pub kind: &'a str,
    pub pre: u64,
}

/// Parses a Go version `1.21`, `1.21.3`, `1.22rc1`.
pub fn parse_go(v: &str) -> Option<GoVersion<'_>> {
    let num = |s: &str| -> Option<(u64, usize)> {
        let (n, _) = parse_int(s)?;
        Some((n.parse().ok()?, n.len()))
    };
    let (major, n) = num(v)?;
    let mut g = GoVersion { major, minor: None, patch: Some(0), kind: "", pre: 0 };
    let mut rest = &v[n..];
    if rest.is_empty() {
        return Some(g);
    }
    rest = rest.strip_prefix('.')?;
    let (minor, n) = num(rest)?;
    g.minor = Some(minor);
    rest = &rest[n..];
    if rest.is_empty() {
        if major > 1 || minor >= 21 {
            g.patch = None;
        }
        return Some(g);
    }
    if let Some(r) = rest.strip_prefix('.') {
        let (patch, n) = num(r)?;
        g.patch = Some(patch);
        return (n == r.len()).then_some(g);
    }
    let n = rest.bytes().take_while(|b| !b.is_ascii_digit()).count();
    let (kind, pre) = rest.split_at(n);
    if kind.is_empty() || kind.contains(['.', '-', '+']) {
        return None;
    }
    g.kind = kind;
    if !pre.is_empty() {
        let (p, len) = num(pre)?;
        g.pre = p;
        if len != pre.len() {
            return None;
        }
    }
    // "1.999testmod" has no number; a release candidate orders by its own.
    Some(g)
}

/// Whether the text is a Go version as in a go line.
pub fn is_go_version(v: &str) -> bool {
    parse_go(v).is_some()
}

/// Orders Go versions as go lines give them (`1.20`, `1.21rc1`, `1.21.0`).
pub fn compare_go(v: &str, w: &str) -> Ordering {
    match (parse_go(v), parse_go(w)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => {
            let kind = |g: &GoVersion<'_>| (g.kind.is_empty(), g.kind.to_string());
            (a.major, a.minor.unwrap_or(0)).cmp(&(b.major, b.minor.unwrap_or(0))).then_with(|| match (a.patch, b.patch) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (Some(p), Some(q)) => p.cmp(&q).then_with(|| kind(&a).cmp(&kind(&b))).then_with(|| a.pre.cmp(&b.pre)),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert!(is_valid("v1.2.3-rc.1+meta"));
        for bad in ["1.2.3", "v01.2.3", "v1.2.3-", "v1.2.3-01", "v1.2.3.4", "v", "v1.2-x"] {
            assert!(!is_valid(bad), "{bad}");
        }
        assert_eq!(canonical("v1"), "v1.0.0");
        assert_eq!(canonical("v1.2.3+meta"), "v1.2.3");
        assert_eq!(canonical_module("v2.0.0+incompatible"), "v2.0.0+incompatible");
        let order = ["bad", "v0.0.0-20200101000000-abcdefabcdef", "v0.1.0", "v1.0.0-alpha", "v1.0.0-alpha.1",
            "v1.0.0-alpha.beta", "v1.0.0-beta.2", "v1.0.0-beta.11", "v1.0.0", "v1.2.0", "v1.10.0"];
        for w in order.windows(2) {
            assert_eq!(compare(w[0], w[1]), Ordering::Less, "{w:?}");
        }
    }

    #[test]
    fn majors() {
        assert_eq!(split_path_version("a.b/c"), Some(("a.b/c", "")));
        assert_eq!(split_path_version("a.b/c/v2"), Some(("a.b/c", "/v2")));
        assert_eq!(split_path_version("a.b/c/v1"), None);
        assert_eq!(split_path_version("gopkg.in/yaml.v3"), Some(("gopkg.in/yaml", ".v3")));
        assert!(check_path_major("v2.0.0", "").is_err());
        assert!(check_path_major("v2.0.0+incompatible", "").is_ok());
        assert!(check_path_major("v3.1.0", "/v3").is_ok());
        assert!(check_path_major("v0.0.0-20200101000000-abcdefabcdef", ".v1").is_ok());
        assert!(is_pseudo_version("v0.0.0-20200101000000-abcdefabcdef"));
        assert!(is_pseudo_version("v1.2.4-0.20200101000000-abcdefabcdef"));
        assert!(is_pseudo_version("v1.2.3-pre.0.20200101000000-abcdefabcdef"));
        assert!(!is_pseudo_version("v1.2.3-pre"));
    }

    #[test]
    fn go_versions() {
        let order = ["x", "1.9", "1.20rc1", "1.20", "1.20.1", "1.21", "1.21rc1", "1.21rc2", "1.21.0", "1.27.3", "2"];
        for w in order.windows(2) {
            assert_eq!(compare_go(w[0], w[1]), Ordering::Less, "{w:?}");
        }
    }
}
