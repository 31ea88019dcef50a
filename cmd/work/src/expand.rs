//! Packages from patterns on the command line.

use crate::load::{Loader, has_go_files};
use crate::modload::{Module, Modules, io_text};
use crate::package::{Package, PkgError, PkgId};
use crate::pattern::{self, Matcher, clean_path, short_path};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An import path, with its folder if that was named.
type Named = (String, Option<PathBuf>);

/// A match of a pattern.
struct Match {
    literal: bool,
    paths: Vec<Result<Named, String>>,
}

impl Loader<'_> {
    /// The packages that patterns name, loaded with all they import. Errors concern patterns as a
    /// whole; those of packages are with the packages.
    pub fn load_patterns(&mut self, patterns: &[String]) -> Result<Vec<PkgId>, String> {
        let patterns: Vec<String> = if patterns.is_empty() { vec![".".into()] } else { patterns.to_vec() };
        // A name ending in .go may be a folder; otherwise all arguments are files.
        if patterns.iter().any(|p| p.ends_with(".go") && !self.env.cwd.join(p).is_dir()) {
            return Ok(vec![self.load_files(&patterns)?]);
        }
        let mut out = Vec::new();
        let mut seen = BTreeSet::new();
        for p in &patterns {
            let m = self.expand(p)?;
            if m.paths.is_empty() && !m.literal {
                self.warnings.push(format!("go: warning: {p:?} matched no packages"));
            }
            for r in m.paths {
                let id = match r {
                    Ok((path, dir)) => {
                        if path.contains('@') {
                            let msg = "can only use path@version syntax with 'go get' and 'go install' in module-aware mode";
                            let stack = vec![(path.clone(), String::new())];
                            self.error_package(&path, PkgError { stack, always_stack: true, ..PkgError::msg(msg) })
                        } else {
                            self.load_root(&path, dir)
                        }
                    }
                    Err(msg) => self.error_package(p, PkgError::msg(msg)),
                };
                let pk = &mut self.packages[id];
                pk.cmdline = true;
                if !pk.matched.contains(p) {
                    pk.matched.push(p.clone());
                }
                pk.cmdline_literal |= m.literal;
                // A wildcard does not complain about folders without suitable files.
                let excluded = pk.error.as_ref().is_some_and(|e| {
                    e.msg.starts_with("build constraints exclude all") || e.msg.starts_with("no Go files in")
                });
                if !(excluded && !m.literal) && seen.insert(id) {
                    out.push(id);
                }
            }
        }
        Ok(out)
    }

    fn expand(&mut self, p: &str) -> Result<Match, String> {
        let abs = Path::new(p).is_absolute();
        let wild = p.contains("...");
        let mut m = Match { literal: !wild && !pattern::is_meta(p), paths: Vec::new() };
        if pattern::is_local(p) || abs {
            if wild {
                m.paths = self.local_wildcard(p)?.into_iter().map(Ok).collect();
            } else {
                let dir = clean_path(&self.env.cwd.join(pattern::clean(p)));
                m.paths.push(self.local_package(&dir)?);
            }
            return Ok(m);
        }
        match p {
            "std" | "cmd" => m.paths = self.std_packages(p).into_iter().map(|p| Ok((p, None))).collect(),
            "all" => m.paths = self.all_packages()?.into_iter().map(|p| Ok((p, None))).collect(),
            "work" | "tool" => {
                for p in self.main_patterns() {
                    m.paths.extend(self.path_wildcard(&p, false).into_iter().map(Ok));
                }
            }
            _ if wild => m.paths = self.path_wildcard(p, true).into_iter().map(Ok).collect(),
            _ => m.paths.push(Ok((pattern::clean(p), None))),
        }
        Ok(m)
    }

    fn main_patterns(&self) -> Vec<String> {
        self.modules.mains.iter().map(|m| format!("{}/...", m.module.path)).collect()
    }

    fn local_wildcard(&self, p: &str) -> Result<Vec<Named>, String> {
        let full = clean_path(&self.env.cwd.join(p)).display().to_string();
        let before = &full[..full.find("...").unwrap_or(0)];
        let root = PathBuf::from(before.rsplit_once('/').map_or("/", |r| if r.0.is_empty() { "/" } else { r.0 }));
        let in_std = root.starts_with(&self.goroot_src);
        if self.modules.mains.is_empty() && !in_std && self.modules.gopath.is_none() {
            return Err(Modules::no_main_module());
        }
        let matcher = Matcher::new(&full);
        let main = self.modules.main_of(&root).map(|m| m.module.dir.clone());
        let std_vendor = self.goroot_src.join("vendor");
        let dirs = pattern::walk_dirs(&root, main.as_deref(), &mut |d| d.ends_with("vendor") && d != std_vendor);
        let ignores = self.ignored_dirs();
        let mut out = Vec::new();
        for d in dirs {
            if ignores.iter().any(|i| d.starts_with(i)) || !matcher.matches(&d.display().to_string()) || !has_go_files(&d) {
                continue;
            }
            let path = match self.modules.path_of_dir(&d) {
                Some((path, _)) => path,
                None if d.starts_with(&self.goroot_src) => pattern::relative(&self.goroot_src, &d).unwrap_or_default(),
                None => match self.modules.gopath_of_dir(&d) {
                    Some(p) => p,
                    None => continue,
                },
            };
            out.push((path, Some(d)));
        }
        Ok(out)
    }

    fn path_wildcard(&self, p: &str, with_std: bool) -> Vec<Named> {
        let matcher = Matcher::new(p);
        let mut out: Vec<Named> = Vec::new();
        if with_std {
            out.extend(self.std_packages("std").into_iter().filter(|s| matcher.matches(s)).map(|s| (s, None)));
        }
        for src in self.modules.gopath.iter().flatten().map(|p| p.join("src")) {
            for d in pattern::walk_dirs(&src, Some(&src), &mut |_| false) {
                let path = pattern::relative(&src, &d).unwrap_or_default();
                if matcher.matches(&path) && has_go_files(&d) {
                    out.push((path, Some(d)));
                }
            }
        }
        let mut mods: Vec<Arc<Module>> = self.modules.mains.iter().map(|m| m.module.clone()).collect();
        if let Ok(list) = self.modules.build_list() {
            mods.extend(list.iter().cloned());
        }
        let ignores = self.ignored_dirs();
        for md in mods {
            for d in pattern::walk_dirs(&md.dir, Some(&md.dir), &mut |d| d.ends_with("vendor")) {
                let Some(rel) = pattern::relative(&md.dir, &d) else { continue };
                let path = if rel == "." { md.path.clone() } else { format!("{}/{rel}", md.path) };
                if matcher.matches(&path) && has_go_files(&d) && !ignores.iter().any(|i| d.starts_with(i)) {
                    out.push((path, None));
                }
            }
        }
        out
    }

    /// Folders that `ignore` lines of the main modules' go.mod take out of wildcards.
    fn ignored_dirs(&self) -> Vec<PathBuf> {
        let mut v = Vec::new();
        for m in &self.modules.mains {
            for i in &m.file.ignore {
                let rel = i.text.trim_end_matches('/');
                match rel.strip_prefix("./") {
                    Some(r) => v.push(m.module.dir.join(r)),
                    None => v.extend(
                        pattern::walk_dirs(&m.module.dir, Some(&m.module.dir), &mut |_| false).into_iter().filter(|d| d.ends_with(rel)),
                    ),
                }
            }
        }
        v
    }

    /// The package in a folder named on the command line.
    fn local_package(&self, dir: &Path) -> Result<Result<Named, String>, String> {
        let in_std = dir.starts_with(&self.goroot_src) && dir != self.goroot_src;
        if self.modules.mains.is_empty() && !in_std && self.modules.gopath.is_none() {
            return Err(Modules::no_main_module());
        }
        match std::fs::metadata(dir) {
            Err(_) if self.has_go(dir) => {}
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Err(format!("stat {}: directory not found", dir.display())));
            }
            Err(e) => return Ok(Err(format!("stat {}: {}", dir.display(), io_text(&e)))),
            Ok(m) if !m.is_dir() => return Ok(Err(format!("{} is not a directory", dir.display()))),
            Ok(_) => {}
        }
        if !self.has_go(dir) {
            return Ok(Err(format!("no Go files in {}", dir.display())));
        }
        let named = |path: String| Ok(Ok((path, Some(dir.to_path_buf()))));
        if let Some((path, _)) = self.modules.path_of_dir(dir) {
            return named(path);
        }
        if in_std {
            return named(pattern::relative(&self.goroot_src, dir).unwrap_or_default());
        }
        if let Some(p) = self.modules.gopath_of_dir(dir) {
            return named(p);
        }
        let shown = match short_path(&self.env.cwd, dir).as_str() {
            "." => "current directory".to_string(),
            d => format!("directory {d}"),
        };
        Ok(Err(format!("{shown} outside main module or its selected dependencies")))
    }

    /// The packages of `std` or `cmd`.
    pub fn std_packages(&self, which: &str) -> Vec<String> {
        let cmd = self.goroot_src.join("cmd");
        let root = if which == "cmd" { &cmd } else { &self.goroot_src };
        let dirs = pattern::walk_dirs(root, Some(root), &mut |d| which == "std" && d == cmd);
        let mut v: Vec<String> = dirs
            .iter()
            .filter(|d| **d != self.goroot_src && has_go_files(d))
            .filter_map(|d| pattern::relative(&self.goroot_src, d))
            .filter(|p| p != "builtin" && !self.rules.drop.contains(p) && p != "runtime/cgo")
            .collect();
        v.sort();
        v
    }

    /// The packages of the main modules and all they import, tests of the main modules included.
    fn all_packages(&mut self) -> Result<Vec<String>, String> {
        if self.modules.gopath.is_some() {
            let mut all = self.std_packages("std");
            all.extend(self.std_packages("cmd"));
            all.extend(self.path_wildcard("...", false).into_iter().map(|n| n.0));
            return Ok(all);
        }
        if self.modules.mains.is_empty() {
            return Err(Modules::no_main_module());
        }
        let mut roots = Vec::new();
        for p in self.main_patterns() {
            for (path, dir) in self.path_wildcard(&p, false) {
                roots.push(self.load_root(&path, dir));
            }
        }
        for r in roots.clone() {
            let mut imports = self.packages[r].test_imports.clone();
            imports.extend(self.packages[r].xtest_imports.clone());
            roots.extend(self.load_list(&imports, r).0);
        }
        let set: BTreeSet<String> = self.post_order(&roots).into_iter().map(|id| self.packages[id].import_path.clone()).collect();
        Ok(set.into_iter().collect())
    }

    /// A package made of the named files.
    pub fn load_files(&mut self, files: &[String]) -> Result<PkgId, String> {
        if let Some(f) = files.iter().find(|f| !f.ends_with(".go")) {
            return Err(format!("named files must be .go files: {f}"));
        }
        let mut dir: Option<(String, PathBuf)> = None;
        let mut names = Vec::new();
        for f in files {
            let path = self.env.cwd.join(f);
            let meta = std::fs::metadata(&path).map_err(|e| format!("stat {f}: {}", io_text(&e)))?;
            if meta.is_dir() {
                return Err(format!("{f} is a directory, should be a Go file"));
            }
            let shown = Path::new(f).parent().map_or(String::new(), |d| d.display().to_string());
            let shown = if shown.is_empty() { ".".to_string() } else { pattern::clean(&shown) };
            match &dir {
                None => dir = Some((shown, clean_path(&path).parent().unwrap_or(Path::new("/")).to_path_buf())),
                Some((first, _)) if *first != shown => {
                    return Err(format!("named files must all be in one directory; have {first} and {shown}"));
                }
                _ => {}
            }
            names.push(Path::new(f).file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
        let (_, dir) = dir.ok_or("no go files listed")?;
        const PATH: &str = "command-line-arguments";
        let module = self.modules.main_of(&dir).map(|m| m.module.clone());
        let mut p = Package {
            import_path: PATH.into(),
            pkg_path: PATH.into(),
            dir,
            module,
            cmdline: true,
            cmdline_literal: true,
            cmdline_files: true,
            ..Package::default()
        };
        let sel = self.selector(PATH, false);
        self.read_files(&mut p, &names, &sel, true);
        self.finish(&mut p);
        if p.is_main() {
            p.pkg_path = "main".into();
        }
        let id = self.add(p);
        self.by_path.insert(PATH.into(), id);
        self.load_deps(id, String::new());
        Ok(id)
    }
}
