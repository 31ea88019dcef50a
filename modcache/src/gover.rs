//! Versions where `go` and `toolchain` stand among modules: their versions are those of Go.

use crate::ModVersion;
use crate::semver;
use std::cmp::Ordering;
use std::sync::OnceLock;

/// The release this toolchain implements, as a go line names it.
pub const LOCAL: &str = "1.27.3";

/// The same as the name of a toolchain.
pub const LOCAL_TOOLCHAIN: &str = "go1.27.3";

/// What a go.mod without go line means.
pub const DEFAULT_MOD: &str = "1.16";

/// What a go.work without go line means.
pub const DEFAULT_WORK: &str = "1.18";

/// From here on `all` is what the main module needs, not tests of tests.
pub const NARROW_ALL: &str = "1.16";
/// From here on go.mod lists indirect requirements, and graphs are pruned.
pub const EXPLICIT_INDIRECT: &str = "1.17";
/// From here on indirect requirements have a block of their own.
pub const SEPARATE_INDIRECT: &str = "1.17";
/// From here on `mod tidy` keeps the go.mod sums that are needed to load packages.
pub const TIDY_GO_MOD_SUM: &str = "1.21";
/// From here on the go line is a requirement.
pub const STRICT: &str = "1.21";
/// From here on vendor/modules.txt decides what is vendored.
pub const EXPLICIT_MODULES_TXT: &str = "1.23";
/// The first release with `tool` lines.
pub const TOOL: &str = "1.24";
/// From here on there are at most two blocks of requirements.
pub const SIMPLIFY_REQUIRE: &str = "1.27";

static STARTUP: OnceLock<String> = OnceLock::new();
static ASKED: OnceLock<String> = OnceLock::new();

/// Remembers what go.mod or go.work said when the release to run was chosen, as `go.mod sets go 1.30`.
pub fn set_asked(text: String) {
    let _ = ASKED.set(text);
}

/// Remembers GOTOOLCHAIN for messages about Go being too old.
pub fn set_gotoolchain(v: &str) {
    let _ = STARTUP.set(v.to_string());
}

/// What messages about Go being too old add.
pub fn startup_note() -> String {
    let setting = match STARTUP.get().map_or("", String::as_str) {
        "" | "auto" => String::new(),
        v => format!("; GOTOOLCHAIN={v}"),
    };
    ASKED.get().map_or(setting.clone(), |a| format!("{setting}; {a}"))
}

/// Whether the path is `go` or `toolchain`.
pub fn is_toolchain(path: &str) -> bool {
    path == "go" || path == "toolchain"
}

/// Orders Go versions.
pub fn compare(v: &str, w: &str) -> Ordering {
    semver::compare_go(v, w)
}

/// Whether `v` is before `w`.
pub fn before(v: &str, w: &str) -> bool {
    compare(v, w).is_lt()
}

/// The later of two Go versions.
pub fn max(v: &str, w: &str) -> String {
    if compare(v, w).is_lt() { w.into() } else { v.into() }
}

/// The language version of a Go version: `1.21` for `1.21.3`.
pub fn lang(v: &str) -> String {
    semver::parse_go(v).map_or(String::new(), |p| if p.minor.is_none() { p.major.to_string() } else { format!("{}.{}", p.major, p.minor.unwrap_or(0)) })
}

/// Whether the version is a language version (from 1.21 on not a release).
pub fn is_lang(v: &str) -> bool {
    semver::parse_go(v).is_some_and(|p| p.minor.is_some() && p.patch.is_none() && p.kind.is_empty())
}

/// Whether the version is a beta or release candidate.
pub fn is_prerelease(v: &str) -> bool {
    semver::parse_go(v).is_some_and(|p| !p.kind.is_empty())
}

/// The language version before.
pub fn prev(v: &str) -> String {
    match semver::parse_go(v) {
        Some(p) if p.minor.unwrap_or(0) > 1 => format!("{}.{}", p.major, p.minor.unwrap_or(0) - 1),
        Some(p) => p.major.to_string(),
        None => String::new(),
    }
}

/// The Go version of a toolchain's name, "" if it is none.
pub fn from_toolchain(name: &str) -> &str {
    if name.contains(['/', '\\']) {
        return "";
    }
    let Some(v) = name.strip_prefix("go") else { return "" };
    let v = v.split([' ', '\t', '-']).next().unwrap_or("");
    if semver::is_go_version(v) { v } else { "" }
}

fn toolchain_version(name: &str) -> &str {
    if semver::is_go_version(name) { name } else { from_toolchain(name) }
}

/// Orders versions of a module.
pub fn mod_compare(path: &str, v: &str, w: &str) -> Ordering {
    match path {
        "go" => compare(v, w),
        "toolchain" => compare(toolchain_version(v), toolchain_version(w)),
        _ => semver::compare(v, w),
    }
}

/// Like [`mod_compare`], with no version (a main module's) above all others.
pub fn cmp_version(path: &str, v: &str, w: &str) -> Ordering {
    match (v.is_empty(), w.is_empty()) {
        (true, true) => Ordering::Equal,
        (false, true) => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, false) => mod_compare(path, v, w),
    }
}

/// The order of build lists and of go.sum.
pub fn order(a: &ModVersion, b: &ModVersion) -> Ordering {
    let split = |v: &'_ str| v.find('/').map_or((v.to_string(), String::new()), |i| (v[..i].to_string(), v[i..].to_string()));
    a.path.cmp(&b.path).then_with(|| {
        let ((va, fa), (vb, fb)) = (split(&a.version), split(&b.version));
        if va != vb { mod_compare(&a.path, &va, &vb) } else { fa.cmp(&fb) }
    })
}

/// Sorts by path and version.
pub fn sort(list: &mut [ModVersion]) {
    list.sort_by(order);
}

/// Whether a version can be one of the module.
pub fn mod_is_valid(path: &str, v: &str) -> bool {
    match path {
        "go" => semver::is_go_version(v),
        "toolchain" => semver::is_go_version(from_toolchain(v)),
        _ => semver::is_valid(v),
    }
}

/// Whether a valid version stands for several: `v1`, `v1.2`.
pub fn mod_is_prefix(path: &str, v: &str) -> bool {
    match path {
        "go" => is_lang(v),
        "toolchain" => is_lang(from_toolchain(v)),
        _ => !v.contains(['-', '+']) && v.matches('.').count() < 2,
    }
}

/// Whether a version is a prerelease.
pub fn mod_is_prerelease(path: &str, v: &str) -> bool {
    match path {
        "go" => is_prerelease(v),
        "toolchain" => is_prerelease(from_toolchain(v)),
        _ => !semver::prerelease(v).is_empty(),
    }
}

/// `v1.2` of `v1.2.3`.
pub fn mod_major_minor(path: &str, v: &str) -> String {
    match path {
        "go" => lang(v),
        "toolchain" => format!("go{}", lang(from_toolchain(v))),
        _ => semver::parse(v).map_or(String::new(), |p| format!("v{}.{}", p.major, p.minor)),
    }
}

/// The pseudo-version for a commit; `time` is `20060102150405`.
pub fn pseudo_version(major: &str, older: &str, time: &str, rev: &str) -> String {
    let major = if major.is_empty() { "v0" } else { major };
    let seg = format!("{time}-{rev}");
    let build = semver::parse(older).map_or("", |p| p.build);
    let canon = semver::canonical(older);
    if canon.is_empty() {
        return format!("{major}.0.0-{seg}");
    }
    if !semver::prerelease(&canon).is_empty() {
        return format!("{canon}.0.{seg}{build}");
    }
    let (head, patch) = canon.rsplit_once('.').unwrap_or((&canon, "0"));
    format!("{head}.{}-0.{seg}{build}", inc(patch))
}

/// The pseudo-version of no commit, before all others of its major version.
pub fn zero_pseudo(major: &str) -> String {
    pseudo_version(major, "", "00010101000000", "000000000000")
}

/// Whether a version is [`zero_pseudo`].
pub fn is_zero_pseudo(v: &str) -> bool {
    v == zero_pseudo(semver::major(v))
}

fn inc(n: &str) -> String {
    let mut d: Vec<u8> = n.bytes().collect();
    for c in d.iter_mut().rev() {
        if *c == b'9' {
            *c = b'0';
        } else {
            *c += 1;
            return String::from_utf8_lossy(&d).into_owned();
        }
    }
    format!("1{}", String::from_utf8_lossy(&d))
}

fn dec(n: &str) -> Option<String> {
    let mut d: Vec<u8> = n.bytes().collect();
    for c in d.iter_mut().rev() {
        if *c == b'0' {
            *c = b'9';
        } else {
            *c -= 1;
            let s = String::from_utf8_lossy(&d).into_owned();
            let t = s.trim_start_matches('0');
            return Some(if t.is_empty() { "0".into() } else { t.into() });
        }
    }
    None
}

/// A pseudo-version taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pseudo {
    /// `v0.0.0`, `v1.2.4-0`, `v1.2.3-pre.0`.
    pub head: String,
    /// `20060102150405`.
    pub time: String,
    pub rev: String,
    pub build: String,
}

/// Takes a pseudo-version apart.
pub fn parse_pseudo(v: &str) -> Option<Pseudo> {
    if !semver::is_pseudo_version(v) {
        return None;
    }
    let build = semver::parse(v)?.build.to_string();
    let v = &v[..v.len() - build.len()];
    let (v, rev) = v.rsplit_once('-')?;
    let i = v.rfind('-')?;
    let (head, time) = match v.rfind('.') {
        Some(j) if j > i => v.split_at(j),
        _ => v.split_at(i),
    };
    Some(Pseudo { head: head.into(), time: time[1..].into(), rev: rev.into(), build })
}

/// The version a pseudo-version comes after; "" if there is none.
pub fn pseudo_base(v: &str) -> Result<String, String> {
    let p = parse_pseudo(v).ok_or("syntax error")?;
    match semver::prerelease(&p.head) {
        "" if p.build.is_empty() => Ok(String::new()),
        "" => Err(format!("lacks base version, but has build metadata {:?}", p.build)),
        "-0" => {
            let base = &p.head[..p.head.len() - 2];
            let (head, patch) = base.rsplit_once('.').unwrap_or((base, "0"));
            let patch = dec(patch).ok_or_else(|| format!("version before {base} would have negative patch number"))?;
            Ok(format!("{head}.{patch}{}", p.build))
        }
        _ => Ok(format!("{}{}", p.head.strip_suffix(".0").unwrap_or(&p.head), p.build)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_versions() {
        assert_eq!((lang("1.21.3"), lang("1.22rc1"), lang("1")), ("1.21".into(), "1.22".into(), "1".into()));
        assert!(is_lang("1.21") && !is_lang("1.20") && !is_lang("1.21.0") && !is_lang("1.21rc1"));
        assert_eq!((prev("1.21.1"), prev("1.1"), prev("1")), ("1.20".into(), "1".into(), "1".into()));
        assert_eq!(from_toolchain("go1.22.1-custom"), "1.22.1");
        assert_eq!(from_toolchain("gox"), "");
        assert!(mod_compare("toolchain", "go1.2", "go1.3").is_lt());
        assert!(cmp_version("m", "", "v9.0.0").is_gt());
    }

    #[test]
    fn pseudo() {
        assert_eq!(pseudo_version("", "", "20200102030405", "abcdef"), "v0.0.0-20200102030405-abcdef");
        assert_eq!(pseudo_version("v1", "v1.2.9", "20200102030405", "abcdef"), "v1.2.10-0.20200102030405-abcdef");
        assert_eq!(pseudo_version("v1", "v1.2.3-pre", "20200102030405", "abcdef"), "v1.2.3-pre.0.20200102030405-abcdef");
        assert_eq!(pseudo_base("v1.2.10-0.20200102030405-abcdef").unwrap(), "v1.2.9");
        assert_eq!(pseudo_base("v1.2.3-pre.0.20200102030405-abcdef").unwrap(), "v1.2.3-pre");
        assert_eq!(pseudo_base("v0.0.0-20200102030405-abcdef").unwrap(), "");
        assert!(pseudo_base("v1.0.0-0.20200102030405-abcdef").is_err());
        assert_eq!(parse_pseudo("v0.0.0-20200102030405-abcdef").unwrap().rev, "abcdef");
        assert!(is_zero_pseudo("v2.0.0-00010101000000-000000000000"));
    }
}
