//! go.sum: what was read, what was used, what is new, and the file that results.

use crate::ModVersion;
use crate::error::{Error, Result};
use crate::{gover, lock};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Checksums by module version; that of a go.mod has the version `v1.0.0/go.mod`.
pub type Sums = HashMap<ModVersion, Vec<String>>;

/// The sum of an empty go.mod: a bug of an early Go wrote it.
const EMPTY: &str = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=";

const MISMATCH: &str = "\n\nSECURITY ERROR\nThis download does NOT match an earlier download recorded in go.sum.\nThe bits may have been replaced on the origin server, or an attacker may\nhave intercepted the download attempt.\n\nFor more information, see 'go help module-auth'.\n";

const UNKNOWN_HASH: &str = "\n\nSECURITY WARNING\nThis download is listed in go.sum, but using an unknown hash algorithm.\nThe download cannot be verified.\n\nFor more information, see 'go help module-auth'.\n\n";

/// The version of a module's go.mod in go.sum.
pub fn mod_key(m: &ModVersion) -> ModVersion {
    ModVersion::new(&m.path, format!("{}/go.mod", m.version))
}

/// Reads the lines of a file. A malformed line is an error unless `lax`.
pub fn parse(into: &mut Sums, file: &str, data: &str, lax: bool) -> Result<()> {
    for (i, line) in data.split('\n').enumerate() {
        let f: Vec<&str> = line.split_whitespace().collect();
        match f[..] {
            [] => {}
            [_, _, EMPTY] => {}
            [path, version, sum] => into.entry(ModVersion::new(path, version)).or_default().push(sum.into()),
            _ if lax => {}
            _ => return Err(Error::Fatal(format!("malformed go.sum:\n{file}:{}: wrong number of fields {}\n", i + 1, f.len()))),
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Default, Debug)]
struct Status {
    used: bool,
    dirty: bool,
}

/// The go.sum of a command, with those of workspace modules.
#[derive(Default, Debug)]
pub struct GoSum {
    file: PathBuf,
    workspace_files: Vec<PathBuf>,
    lax: bool,
    loaded: bool,
    m: Sums,
    w: BTreeMap<PathBuf, Sums>,
    status: HashMap<(ModVersion, String), Status>,
    /// The file's contents no longer count.
    overwrite: bool,
}

impl GoSum {
    /// Sets which files there are; nothing is read yet.
    pub fn set_files(&mut self, file: PathBuf, workspace: Vec<PathBuf>, lax: bool) {
        *self = GoSum { file, workspace_files: workspace, lax, ..GoSum::default() };
    }

    /// Whether a go.sum is used at all.
    fn init(&mut self) -> Result<bool> {
        if self.file.as_os_str().is_empty() {
            return Ok(false);
        }
        if self.loaded {
            return Ok(true);
        }
        for f in self.workspace_files.clone() {
            let mut s = Sums::new();
            read(&mut s, &f, self.lax)?;
            self.w.insert(f, s);
        }
        read(&mut self.m, &self.file, self.lax)?;
        self.loaded = true;
        Ok(true)
    }

    /// As [`GoSum::init`], for questions without room for an error: a go.sum that says nothing ends the command, as in go.
    fn init_or_exit(&mut self) -> bool {
        match self.init() {
            Ok(b) => b,
            Err(Error::Fatal(m)) => {
                eprint!("{m}");
                std::process::exit(1);
            }
            Err(_) => false,
        }
    }

    fn clean(&self, m: &ModVersion, h: &str) -> bool {
        h.starts_with("h1:") && !self.status.get(&(m.clone(), h.to_string())).is_some_and(|s| s.dirty)
    }

    /// Whether a sum was in the file.
    pub fn have(&mut self, m: &ModVersion) -> bool {
        if !self.init_or_exit() {
            return false;
        }
        self.w.values().chain([&self.m]).any(|s| s.get(m).is_some_and(|l| l.iter().any(|h| self.clean(m, h))))
    }

    /// The sum that was in the file; `None` if there is none, or several.
    pub fn recorded(&mut self, m: &ModVersion) -> Option<String> {
        if !self.init_or_exit() {
            return None;
        }
        let mut found = HashSet::new();
        for s in self.w.values().chain([&self.m]) {
            found.extend(s.get(m).into_iter().flatten().filter(|h| self.clean(m, h)).cloned());
        }
        if found.len() > 1 { None } else { found.into_iter().next() }
    }

    fn name(&self) -> &'static str {
        if self.file.to_string_lossy().ends_with("go.work.sum") { "go.work.sum" } else { "go.sum" }
    }

    /// Whether the sum is known; a different one ends the command.
    fn matches(&self, m: &ModVersion, h: &str) -> Result<bool> {
        let bad = |file: &str, want: &str| {
            Error::Fatal(format!("verifying {}@{}: checksum mismatch\n\tdownloaded: {h}\n\t{file}:     {want}{MISMATCH}", m.path, m.version))
        };
        for vh in self.m.get(m).into_iter().flatten() {
            if vh == h {
                return Ok(true);
            }
            if vh.starts_with("h1:") {
                return Err(bad(self.name(), vh));
            }
        }
        let mut found = false;
        for (file, sums) in &self.w {
            for vh in sums.get(m).into_iter().flatten() {
                if vh == h {
                    found = true;
                } else if vh.starts_with("h1:") {
                    return Err(bad(&file.display().to_string(), vh));
                }
            }
        }
        Ok(found)
    }

    /// Notes that a sum is used. Whether there is a go.sum, and whether it has the sum.
    pub fn check(&mut self, m: &ModVersion, h: &str) -> Result<(bool, bool)> {
        if !self.init()? {
            return Ok((false, false));
        }
        let known = self.matches(m, h)?;
        self.status.entry((m.clone(), h.into())).or_default().used = true;
        Ok((true, known))
    }

    /// Adds a sum that somebody vouches for.
    pub fn add_new(&mut self, m: &ModVersion, h: &str) -> Result<()> {
        self.add(m, h)?;
        let s = self.status.entry((m.clone(), h.into())).or_default();
        s.dirty = true;
        Ok(())
    }

    fn add(&mut self, m: &ModVersion, h: &str) -> Result<()> {
        if self.matches(m, h)? {
            return Ok(());
        }
        let list = self.m.entry(m.clone()).or_default();
        if !list.is_empty() {
            eprint!("warning: verifying {}@{}: unknown hashes in go.sum: {}; adding {h}{UNKNOWN_HASH}", m.path, m.version, list.join(", "));
        }
        list.push(h.into());
        Ok(())
    }

    fn in_workspace(&self, m: &ModVersion) -> bool {
        self.w.values().any(|s| s.contains_key(m))
    }

    /// Drops sums nobody keeps.
    pub fn trim(&mut self, keep: &HashSet<ModVersion>) -> Result<()> {
        if !self.init()? {
            return Ok(());
        }
        for (m, hs) in &self.m {
            if !keep.contains(m) {
                for h in hs {
                    self.status.insert((m.clone(), h.clone()), Status { used: false, dirty: true });
                }
                self.overwrite = true;
            }
        }
        Ok(())
    }

    /// The text the file should have, given what it has now.
    fn tidy(&mut self, now: &str, keep: &HashSet<ModVersion>) -> Result<String> {
        if !self.overwrite {
            // Another command may have added sums meanwhile.
            self.m = Sums::new();
            let name = self.file.display().to_string();
            parse(&mut self.m, &name, now, self.lax)?;
            let used: Vec<_> = self.status.iter().filter(|(_, s)| s.used).map(|(k, _)| k.clone()).collect();
            for (m, h) in used {
                if !self.in_workspace(&m) {
                    self.add(&m, &h)?;
                }
            }
        }
        let mut mods: Vec<ModVersion> = self.m.keys().cloned().collect();
        gover::sort(&mut mods);
        let mut out = String::new();
        for m in mods {
            let mut list = self.m[&m].clone();
            list.sort();
            list.dedup();
            for h in list {
                let st = self.status.get(&(m.clone(), h.clone())).copied().unwrap_or_default();
                if (!st.dirty || st.used && keep.contains(&m)) && !self.in_workspace(&m) {
                    out.push_str(&format!("{} {} {h}\n", m.path, m.version));
                }
            }
        }
        Ok(out)
    }

    /// The file as it is and as it should be.
    pub fn before_after(&mut self, keep: &HashSet<ModVersion>) -> Result<(String, String)> {
        let now = std::fs::read_to_string(&self.file).unwrap_or_default();
        let then = self.tidy(&now, keep)?;
        Ok((now, then))
    }

    /// Whether the file must change.
    pub fn is_dirty(&self, keep: &HashSet<ModVersion>) -> bool {
        self.loaded && self.status.iter().any(|((m, h), s)| {
            s.dirty && (!s.used || keep.contains(m)) && self.m.get(m).is_some_and(|l| l.contains(h))
        })
    }

    /// Writes the file.
    pub fn write(&mut self, keep: &HashSet<ModVersion>) -> Result<()> {
        let file = self.file.clone();
        lock::transform(&file, |old| {
            let now = String::from_utf8_lossy(old).into_owned();
            Ok(Some(self.tidy(&now, keep)?.into_bytes()))
        })
        .map_err(|e| if e.fatal().is_some() { e } else { Error::text(format!("updating go.sum: {e}")) })?;
        self.status.clear();
        self.overwrite = false;
        Ok(())
    }
}

fn read(into: &mut Sums, file: &Path, lax: bool) -> Result<()> {
    match lock::read(file) {
        Ok(d) => parse(into, &file.display().to_string(), &String::from_utf8_lossy(&d), lax),
        Err(e) if e.is_not_exist() => Ok(()),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn life_of_a_file() {
        let t = tempfile::tempdir().unwrap();
        let file = t.path().join("go.sum");
        let m = |v: &str| ModVersion::new("a.b/c", v);
        std::fs::write(&file, "a.b/c v1.2.0 h1:x=\na.b/c v1.2.0/go.mod h1:y=\na.b/c v1.10.0/go.mod h1:z=\n").unwrap();
        let mut s = GoSum::default();
        s.set_files(file.clone(), Vec::new(), false);
        assert!(s.have(&m("v1.2.0")) && !s.have(&m("v1.10.0")));
        assert_eq!(s.check(&m("v1.2.0"), "h1:x=").unwrap(), (true, true));
        assert!(s.check(&m("v1.2.0"), "h1:other=").unwrap_err().fatal().unwrap().contains("SECURITY ERROR"));
        assert_eq!(s.check(&m("v1.10.0"), "h1:n=").unwrap(), (true, false));
        s.add_new(&m("v1.10.0"), "h1:n=").unwrap();
        let keep: HashSet<ModVersion> = [m("v1.10.0"), m("v1.10.0/go.mod")].into();
        assert!(s.is_dirty(&keep));
        s.write(&keep).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text, "a.b/c v1.2.0 h1:x=\na.b/c v1.2.0/go.mod h1:y=\na.b/c v1.10.0 h1:n=\na.b/c v1.10.0/go.mod h1:z=\n");
        s.trim(&keep).unwrap();
        assert_eq!(s.before_after(&keep).unwrap().1, "a.b/c v1.10.0 h1:n=\na.b/c v1.10.0/go.mod h1:z=\n");
        assert!(parse(&mut Sums::new(), "go.sum", "a b\n", false).is_err());
    }
}
