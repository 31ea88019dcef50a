//! vendor/modules.txt: reading it, and whether it fits go.mod.

use super::*;
use rgo_modcache::layout::check_import_path_why;
use rgo_modcache::{gover, semver};

/// What the file says about a module.
#[derive(Clone, Debug, Default)]
pub(super) struct Meta {
    explicit: bool,
    replacement: Option<ModVersion>,
    pub(super) go: String,
}

/// The file.
#[derive(Clone, Debug, Default)]
pub struct VendorList {
    /// Modules with packages, in order.
    pub list: Vec<ModVersion>,
    replaced: Vec<ModVersion>,
    versions: HashMap<String, String>,
    packages: HashMap<String, ModVersion>,
    pub(super) meta: HashMap<ModVersion, Meta>,
}

impl VendorList {
    /// The module of a vendored package.
    pub fn package(&self, path: &str) -> Option<ModVersion> {
        self.packages.get(path).cloned()
    }

    /// The vendored version of a module.
    pub fn version(&self, path: &str) -> Option<&str> {
        self.versions.get(path).map(String::as_str)
    }

    /// Parses the text.
    pub fn parse(text: &str) -> VendorList {
        let mut v = VendorList::default();
        let mut m = ModVersion::default();
        for line in text.split('\n') {
            if line.starts_with("# ") {
                let f: Vec<&str> = line.split_whitespace().collect();
                let rest = match f[..] {
                    [_, p, ver, ref rest @ ..] if semver::is_valid(ver) => {
                        m = ModVersion::new(p, ver);
                        rest.to_vec()
                    }
                    [_, p, "=>", ..] => {
                        m = ModVersion::new(p, "");
                        f[2..].to_vec()
                    }
                    [_, _, _, ..] => {
                        m = ModVersion::default();
                        continue;
                    }
                    _ => continue,
                };
                let r = match rest[..] {
                    ["=>", p] => Some(ModVersion::new(p, "")),
                    ["=>", p, ver] if semver::is_valid(ver) => Some(ModVersion::new(p, ver)),
                    _ => None,
                };
                if r.is_some() {
                    v.replaced.push(m.clone());
                    v.meta.entry(m.clone()).or_default().replacement = r;
                }
                continue;
            }
            if m.path.is_empty() {
                continue;
            }
            if let Some(notes) = line.strip_prefix("## ") {
                let meta = v.meta.entry(m.clone()).or_default();
                for n in notes.split(';').map(str::trim) {
                    if n == "explicit" {
                        meta.explicit = true;
                    } else if let Some(g) = n.strip_prefix("go ") {
                        meta.go = g.into();
                    }
                }
                continue;
            }
            let mut f = line.split_whitespace();
            if let (Some(p), None) = (f.next(), f.next()) {
                if check_import_path_why(p).is_ok() {
                    v.packages.insert(p.into(), m.clone());
                    if v.versions.get(&m.path).is_none_or(|x| gover::mod_compare(&m.path, x, &m.version).is_lt()) {
                        v.list.push(m.clone());
                        v.versions.insert(m.path.clone(), m.version.clone());
                    }
                }
            }
        }
        v
    }
}

/// Whether a vendor folder was made by `work vendor`.
pub(super) fn is_for_workspace(dir: &Path) -> std::result::Result<bool, String> {
    match std::fs::read(dir.join("modules.txt")) {
        Ok(d) => {
            let head = String::from_utf8_lossy(&d[..d.len().min(512)]).into_owned();
            let first = head.split('\n').next().unwrap_or("");
            Ok(first.strip_prefix("## ").is_some_and(|n| n.split(';').any(|e| e.trim() == "workspace")))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(io_error("open", &dir.join("modules.txt"), &e)),
    }
}

impl Modules {
    /// The vendor folder.
    pub fn vendor_dir(&self) -> PathBuf {
        let base = if self.in_workspace() { self.work_file.parent().map(Path::to_path_buf) } else { self.mains.first().map(|m| m.module.dir.clone()) };
        match base {
            Some(b) => b.join("vendor"),
            None => base::fatalf("go: vendor directory does not exist when in single module mode outside of a module"),
        }
    }

    /// vendor/modules.txt.
    pub(super) fn vendor_list(&self) -> &VendorList {
        self.vendor_list.get_or_init(|| {
            let file = self.vendor_dir().join("modules.txt");
            let text = match std::fs::read(&file) {
                Ok(d) => String::from_utf8_lossy(&d).into_owned(),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
                Err(e) => base::fatalf(format_args!("go: {}", io_error("open", &file, &e))),
            };
            let v = VendorList::parse(&text);
            for (m, meta) in v.meta.iter().filter(|(_, x)| !x.go.is_empty()) {
                self.set_raw_go(m, &meta.go);
                if gover::compare(&meta.go, gover::LOCAL).is_gt() {
                    base::fatal(&Error::TooNew { what: format!("{} in {}", m.path, self.short(&file)), go: meta.go.clone(), toolchain: String::new() });
                }
            }
            v
        })
    }

    /// Ends the command if vendor/modules.txt does not fit go.mod.
    pub(super) fn check_vendor(&self) {
        let v = self.vendor_list();
        let work = self.in_workspace();
        let old = !work && self.mains.first().and_then(|m| m.index.as_ref()).is_some_and(|i| gover::before(&i.go, "1.14"));
        let mut errs = String::new();
        let mut fail = |m: &ModVersion, text: String| errs.push_str(&format!("\n\t{m}: {text}"));
        for r in self.mains.iter().flat_map(|m| &m.file.require) {
            if v.meta.get(&r.module).is_some_and(|m| m.explicit) {
                continue;
            }
            if old {
                if let Some(vv) = v.version(&r.module.path).filter(|vv| *vv != r.module.version) {
                    fail(&r.module, format!("is explicitly required in go.mod, but vendor/modules.txt indicates {}@{vv}", r.module.path));
                }
            } else {
                fail(&r.module, "is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt".into());
            }
        }
        let mut seen = HashSet::new();
        let replaces = self.mains.iter().flat_map(|m| &m.file.replace).chain(self.workspace.iter().flat_map(|w| &w.replace));
        for r in replaces.filter(|r| seen.insert(r.old.clone())) {
            let Some((new, root, file)) = self.replacement_from(&r.old) else { continue };
            let canonical = self.canonical_replacement(new.clone(), &root);
            match v.meta.get(&r.old).and_then(|m| m.replacement.clone()) {
                None => {
                    if old && (r.old.version.is_empty() || v.version(&r.old.path) != Some(r.old.version.as_str())) {
                        continue;
                    }
                    fail(&r.old, format!("is replaced in {}, but not marked as replaced in vendor/modules.txt", self.short(&file)));
                }
                Some(vr) if vr != canonical => {
                    fail(&r.old, format!("is replaced by {new} in {}, but marked as replaced by {vr} in vendor/modules.txt", self.short(&file)));
                }
                Some(_) => {}
            }
        }
        for m in &v.list {
            let explicit = v.meta.get(m).is_some_and(|x| x.explicit);
            if explicit && !self.mains.iter().any(|x| x.index.as_ref().is_some_and(|i| i.require.contains_key(m))) {
                fail(m, format!("is marked as explicit in vendor/modules.txt, but not explicitly required in {}go.mod", if work { "a " } else { "" }));
            }
        }
        for m in &v.replaced {
            if self.replacement(m).is_none() {
                fail(m, format!("is marked as replaced in vendor/modules.txt, but not replaced in {}", if work { "the workspace" } else { "go.mod" }));
            }
        }
        if !errs.is_empty() {
            let dir = self.vendor_dir();
            let dir = dir.parent().unwrap_or(Path::new("/")).display().to_string();
            let cmd = if work { "work" } else { "mod" };
            base::fatalf(format_args!("go: inconsistent vendoring in {dir}:{errs}\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n\tTo sync the vendor directory, run:\n\t\tgo {cmd} vendor"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_txt() {
        let v = VendorList::parse("# a.b/c v1.0.0 => ../c\n## explicit; go 1.21\na.b/c\na.b/c/d\n# e.f/g v0.1.0\ne.f/g\n# x.y/z => ../z\n");
        assert_eq!(v.list.len(), 2);
        let c = ModVersion::new("a.b/c", "v1.0.0");
        assert!(v.meta[&c].explicit && v.meta[&c].go == "1.21");
        assert_eq!(v.package("a.b/c/d"), Some(c));
        assert_eq!(v.replaced.len(), 2);
        assert_eq!(v.version("e.f/g"), Some("v0.1.0"));
    }
}
