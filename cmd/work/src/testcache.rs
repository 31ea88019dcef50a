//! Results of tests, kept: a test that ran with the same program, arguments, variables and files need not run again.
//!
//! Two levels, as in go: the program and its arguments lead to the list of what the last run looked at (the test log);
//! that list and the present state of what it names lead to the output.

use crate::cache::{Cache, Entry, Key, KeyBuilder};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MAGIC: &str = "# test log\n";

/// The cache of one command.
pub struct TestCache {
    cache: Cache,
    /// Results older than this are not used (`clean -testcache`).
    expire: u128,
    debug: bool,
}

/// The test a result belongs to.
pub struct Test<'a> {
    pub path: &'a str,
    pub dir: &'a Path,
    /// Files outside of this folder are taken not to change.
    pub root: &'a Path,
    pub id: Key,
}

/// Arguments that may be part of a result's key; None: such a run is not cached.
pub fn cacheable(args: &[String], debug: bool) -> Option<Vec<String>> {
    let mut out = Vec::new();
    for a in args.iter().filter(|a| *a != "-test.paniconexit0") {
        match a.split_once('=').map_or("", |x| x.0) {
            "-test.benchtime" | "-test.cpu" | "-test.list" | "-test.parallel" | "-test.run" | "-test.short" | "-test.skip" | "-test.timeout"
            | "-test.failfast" | "-test.v" | "-test.fullpath" => out.push(a.clone()),
            "-test.coverprofile" | "-test.outputdir" => {}
            _ => {
                if debug {
                    eprintln!("testcache: caching disabled for test argument: {a}");
                }
                return None;
            }
        }
    }
    Some(out)
}

/// The file with the time before which no result counts.
fn expire_file(gocache: &Path) -> PathBuf {
    gocache.join("testexpire.txt")
}

/// Makes all results so far invalid.
pub fn expire(gocache: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(gocache)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    std::fs::write(expire_file(gocache), format!("{now}\n"))
}

impl TestCache {
    pub fn new(gocache: &Path) -> TestCache {
        let text = std::fs::read_to_string(expire_file(gocache)).unwrap_or_default();
        let debug = std::env::var("GODEBUG").is_ok_and(|g| g.split(',').any(|s| s == "gocachetest=1"));
        TestCache { cache: Cache::new(gocache), expire: text.trim().parse().unwrap_or(0), debug }
    }

    pub fn debug(&self) -> bool {
        self.debug
    }

    fn note(&self, text: &str) {
        if self.debug {
            eprintln!("testcache: {text}");
        }
    }

    /// The key of a test: program and arguments.
    pub fn id(&self, program: &Key, args: &[String], exec: &str) -> Key {
        let mut k = KeyBuilder::new("testResult");
        k.key("binary", program).text("exec", exec);
        for a in args {
            k.text("arg", a);
        }
        k.finish()
    }

    /// The state of what a log names; None if it is too new to be relied on, or the log is no log.
    fn inputs(&self, t: &Test<'_>, log: &str) -> Option<Key> {
        let mut k = KeyBuilder::new("testInputs");
        k.key("test", &t.id);
        let env = |k: &mut KeyBuilder, n: &str| {
            k.text("env", n).text("value", &std::env::var_os(n).map_or("unset".into(), |v| format!("={}", v.to_string_lossy())));
        };
        env(&mut k, "GODEBUG");
        let mut pwd = t.dir.to_path_buf();
        for line in log.strip_prefix(MAGIC)?.lines().filter(|l| !l.is_empty()) {
            let (op, name) = line.split_once(' ')?;
            let full = crate::pattern::clean_path(&pwd.join(name));
            let inside = full.starts_with(t.root);
            match op {
                "getenv" => env(&mut k, name),
                "chdir" => {
                    pwd = PathBuf::from(name);
                    k.text("chdir", name).text("state", &stat(&pwd));
                }
                "stat" if inside => {
                    k.text("stat", name).text("state", &stat(&full));
                }
                "open" if inside => {
                    let Some(s) = open(&full) else {
                        self.note(&format!("{}: input file {name}: file used as input is too new", t.path));
                        return None;
                    };
                    k.text("open", name).text("state", &s);
                }
                "stat" | "open" => {}
                _ => {
                    self.note(&format!("{}: input list malformed ({line:?})", t.path));
                    return None;
                }
            }
        }
        Some(k.finish())
    }

    /// The output of an earlier run, with "(cached)" for its time, and its coverage profile.
    pub fn get(&self, t: &Test<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
        let Some(e) = self.cache.get(&t.id) else {
            self.note(&format!("{}: input list not found", t.path));
            return None;
        };
        let log = String::from_utf8_lossy(e.get("log")).into_owned();
        let Some(e) = self.inputs(t, &log).and_then(|k| self.cache.get(&k)) else {
            self.note(&format!("{}: test output not found", t.path));
            return None;
        };
        let time = u128::from_le_bytes(e.get("time").try_into().ok()?);
        if time < self.expire {
            self.note(&format!("{}: test output expired due to go clean -testcache", t.path));
            return None;
        }
        let data = e.get("output");
        // The last line is "ok  \tPATH\tTIME...".
        let body = data.strip_suffix(b"\n")?;
        let at = body.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let last = std::str::from_utf8(&body[at..]).ok()?;
        let rest = last.strip_prefix("ok  \t")?;
        let tab = rest.find('\t')? + "ok  \t".len() + 1;
        let tail = last[tab..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == 's');
        let mut out = data[..at + tab].to_vec();
        out.extend(b"(cached)");
        out.extend(tail.as_bytes());
        out.push(b'\n');
        Some((out, e.get("profile").to_vec()))
    }

    /// Keeps the output of a test that passed.
    pub fn put(&self, t: &Test<'_>, log_file: &Path, output: &[u8], profile: &[u8]) {
        let Ok(log) = std::fs::read_to_string(log_file) else {
            self.note(&format!("{}: reading testlog failed", t.path));
            return;
        };
        if !log.starts_with(MAGIC) || !log.ends_with('\n') {
            self.note(&format!("{}: saving test inputs ID failed: log is malformed", t.path));
            return;
        }
        let Some(k) = self.inputs(t, &log) else { return };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        let mut e = Entry::default();
        e.set("log", log.into_bytes());
        let mut r = Entry::default();
        r.set("output", output.to_vec());
        r.set("profile", profile.to_vec());
        r.set("time", now.to_le_bytes().to_vec());
        // A full disk costs time, not correctness.
        let _ = self.cache.put(&t.id, &e).and_then(|()| self.cache.put(&k, &r));
    }
}

fn nanos(m: &std::fs::Metadata) -> u128 {
    m.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok()).map_or(0, |d| d.as_nanos())
}

fn describe(m: &std::fs::Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    format!("{} {:o} {}", m.len(), m.mode(), nanos(m))
}

fn stat(p: &Path) -> String {
    let one = |m: std::io::Result<std::fs::Metadata>| m.map_or_else(|e| format!("err {}", crate::modload::io_text(&e)), |m| describe(&m));
    format!("{} / {}", one(std::fs::metadata(p)), one(std::fs::symlink_metadata(p)))
}

/// The state of a file that was read; None if it has changed so lately that another change may not show.
fn open(p: &Path) -> Option<String> {
    const RECENT: Duration = Duration::from_secs(2);
    let m = match std::fs::metadata(p) {
        Ok(m) => m,
        Err(e) => return Some(format!("err {}", crate::modload::io_text(&e))),
    };
    if m.is_dir() {
        let mut names: Vec<String> = Vec::new();
        for e in std::fs::read_dir(p).into_iter().flatten().flatten() {
            let s = std::fs::metadata(e.path()).map_or_else(|e| format!("err {e}"), |m| describe(&m));
            names.push(format!("{} {s}", e.file_name().to_string_lossy()));
        }
        names.sort();
        return Some(names.join("\n"));
    }
    if m.is_file() && m.modified().ok().and_then(|t| t.elapsed().ok()).is_some_and(|d| d < RECENT) {
        return None;
    }
    Some(describe(&m))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_results() {
        let dir = tempfile::tempdir().unwrap();
        let c = TestCache::new(dir.path());
        let t = Test { path: "p", dir: dir.path(), root: dir.path(), id: KeyBuilder::new("x").finish() };
        assert!(c.get(&t).is_none());
        let log = dir.path().join("log");
        std::fs::write(&log, "# test log\ngetenv NO_SUCH_VARIABLE\nopen nosuch\n").unwrap();
        c.put(&t, &log, b"PASS\nok  \tp\t0.012s\tcoverage: 1%\n", b"");
        assert_eq!(c.get(&t).unwrap().0, b"PASS\nok  \tp\t(cached)\tcoverage: 1%\n");
        std::fs::create_dir(dir.path().join("nosuch")).unwrap();
        assert!(c.get(&t).is_none());
        expire(dir.path()).unwrap();
        std::fs::remove_dir(dir.path().join("nosuch")).unwrap();
        assert!(TestCache::new(dir.path()).get(&t).is_none());
        assert!(cacheable(&["-test.run=X".into()], false).is_some() && cacheable(&["-test.count=1".into()], false).is_none());
    }
}
