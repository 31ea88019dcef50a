//! What version control says of the main module: stamped into programs (`-buildvcs`).

use crate::load::{Loader, PkgId};
use rgo_modcache::semver;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `vcs.*` settings and the main module's version.
#[derive(Clone, Debug, Default)]
pub struct Stamp {
    pub settings: Vec<(String, String)>,
    pub version: Option<String>,
}

/// Folders that mark the root of a repository, and the tool each belongs to.
const ROOTS: &[(&str, &str)] = &[(".git", "git"), (".hg", "hg"), (".svn", "svn"), (".bzr", "bzr"), (".fslckout", "fossil"), ("_FOSSIL_", "fossil")];

/// The repository a folder is in; nested ones are an error.
fn repository(dir: &Path) -> Result<Option<(PathBuf, &'static str)>, String> {
    let mut found: Option<(PathBuf, &'static str)> = None;
    for d in dir.ancestors() {
        for (mark, tool) in ROOTS {
            if !d.join(mark).exists() {
                continue;
            }
            match &found {
                None => found = Some((d.to_path_buf(), tool)),
                // A git repository inside another (a submodule) is usual.
                Some((_, t)) if t == tool => {}
                Some((inner, t)) => return Err(format!("multiple VCS detected: {t} in {:?}, and {tool} in {:?}", inner.display().to_string(), d.display().to_string())),
            }
        }
    }
    Ok(found)
}

fn on_path(tool: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|p| std::env::split_paths(&p).any(|d| d.join(tool).is_file()))
}

fn git(root: &Path, args: &[&str]) -> Result<String, String> {
    let out = Command::new("git").args(args).current_dir(root).env("PWD", root).output().map_err(|e| e.to_string())?;
    if !out.status.success() {
        return Err(crate::exec::status_text(&out.status));
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// The stamp of a program, by the rules of `-buildvcs`: `true`, `auto` or `false`.
pub fn stamp(l: &Loader<'_>, id: PkgId, mode: &str, auto: bool) -> Result<Stamp, String> {
    let none = Ok(Stamp::default());
    let p = &l.packages[id];
    let Some(m) = p.module.as_ref().filter(|m| m.version.is_empty() && m.main && !p.standard) else { return none };
    if !(mode == "true" || mode == "auto" && auto) {
        return none;
    }
    let fail = |e: String| format!("error obtaining VCS status: {e}\n\tUse -buildvcs=false to disable VCS stamping.");
    let Some((root, tool)) = repository(&l.env.cwd).map_err(fail)? else { return none };
    if !m.dir.starts_with(&root) && !root.starts_with(&m.dir) {
        return none;
    }
    if mode == "auto" && !on_path(tool) {
        return none;
    }
    if tool != "git" {
        // Other systems are not asked; -buildvcs=true must not pass over that.
        return if mode == "true" { Err(fail(format!("{tool} is not supported by rgo"))) } else { none };
    }
    for (dir, what) in [(&p.dir, "main package"), (&m.dir, "main module")] {
        let r = repository(dir).map_err(fail)?.map(|r| r.0).unwrap_or_default();
        if r != root {
            if mode != "auto" {
                let (r, root) = (r.display().to_string(), root.display().to_string());
                return Err(fail(format!("{what} is in repository {r:?} but current directory is in repository {root:?}")));
            }
            return none;
        }
    }
    let dirty = !git(&root, &["status", "--porcelain"]).map_err(fail)?.is_empty();
    let mut s = Stamp::default();
    let mut set = |k: &str, v: &str| s.settings.push((k.into(), v.into()));
    set("vcs", "git");
    let mut commit = None;
    match git(&root, &["-c", "log.showsignature=false", "log", "-1", "--format=%H:%ct"]) {
        Ok(t) => {
            let (rev, time) = t.trim().split_once(':').unwrap_or((t.trim(), ""));
            set("vcs.revision", rev);
            if let Ok(secs) = time.parse::<i64>() {
                set("vcs.time", &utc(secs, "-", "T", ":", "Z"));
                commit = Some((rev.to_string(), secs));
            }
        }
        // A repository without commits has a status but no log.
        Err(_) if dirty => {}
        Err(e) => return Err(fail(e)),
    }
    set("vcs.modified", if dirty { "true" } else { "false" });
    if let Some((rev, secs)) = commit.filter(|_| root.join("go.mod").is_file()) {
        let mut v = version(&root, &m.path, &m.dir, &rev, secs);
        if dirty {
            v.push_str(if v.ends_with("+incompatible") { ".dirty" } else { "+dirty" });
        }
        s.version = Some(v);
    }
    Ok(s)
}

/// The date.
pub fn today() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
    utc(now, "-", "T", ":", "").split('T').next().unwrap_or("").to_string()
}

/// A time in seconds since 1970 as text: parts of the date joined by `d`, those of the time by `t`.
fn utc(secs: i64, d: &str, mid: &str, t: &str, end: &str) -> String {
    let (days, rest) = (secs.div_euclid(86400), secs.rem_euclid(86400));
    // Civil date from days, after Hinnant.
    let z = days + 719468;
    let era = z.div_euclid(146097);
    let doe = z.rem_euclid(146097);
    let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + (month <= 2) as i64;
    format!("{year:04}{d}{month:02}{d}{day:02}{mid}{:02}{t}{:02}{t}{:02}{end}", rest / 3600, rest / 60 % 60, rest % 60)
}

/// The version of a module at a commit: its tag, or a pseudo-version after the tag before it.
fn version(root: &Path, path: &str, dir: &Path, rev: &str, secs: i64) -> String {
    let sub = dir.strip_prefix(root).ok().map(|d| d.display().to_string()).unwrap_or_default();
    let major = path.rsplit_once("/v").map(|x| x.1).filter(|m| !m.is_empty() && m.bytes().all(|b| b.is_ascii_digit())).unwrap_or("");
    // The folder of a major version is no part of tags.
    let sub = if sub == format!("v{major}") { "" } else { sub.strip_suffix(&format!("/v{major}")).unwrap_or(&sub) };
    let prefix = if sub.is_empty() { String::new() } else { format!("{sub}/") };
    let fits = |v: &str| {
        let m = v.strip_prefix('v').and_then(|r| r.split('.').next()).unwrap_or("");
        semver::is_valid(v) && v.matches('.').count() >= 2 && !v.contains('+') && if major.is_empty() { m == "0" || m == "1" } else { m == major }
    };
    let tags = |args: &[&str]| -> Option<String> {
        let out = git(root, args).unwrap_or_default();
        let list = out.lines().filter_map(|t| t.strip_prefix(&prefix)).filter(|v| fits(v)).map(String::from);
        list.max_by(|a, b| semver::compare(a, b))
    };
    if let Some(v) = tags(&["tag", "--points-at", rev]) {
        return v;
    }
    let when = utc(secs, "", "", "", "");
    let tail = format!("{when}-{}", rev.get(..12).unwrap_or(rev));
    match tags(&["tag", "--merged", rev]) {
        None => format!("v{}.0.0-{tail}", if major.is_empty() { "0" } else { major }),
        Some(v) if v.contains('-') => format!("{v}.0.{tail}"),
        Some(v) => {
            let (head, patch) = v.rsplit_once('.').unwrap_or((&v, "0"));
            format!("{head}.{}-0.{tail}", patch.parse::<u64>().unwrap_or(0) + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(utc(0, "-", "T", ":", "Z"), "1970-01-01T00:00:00Z");
        assert_eq!(utc(1709210096, "", "", "", ""), "20240229123456");
    }
}
