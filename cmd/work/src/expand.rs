//! Packages from patterns on the command line.

use crate::load::{Loader, has_go_files};
use crate::modload::{self, PackageOpts, io_text};
use rgo_modcache::error::Error;
use crate::package::{Package, PkgError, PkgId};
use crate::pattern::{self, Matcher, clean_path, short_path};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// An import path, with its folder if that was named.
type Named = (String, Option<PathBuf>);

/// A match of a pattern.
struct Match {
    literal: bool,
    paths: Vec<Result<Named, String>>,
}

/// Links to folders are not followed; where a wildcard could mean one, that is said.
fn warn_of_links(pattern: &str, src: &Path, dir: &Path) {
    for e in std::fs::read_dir(dir).into_iter().flatten().flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_symlink())) {
        let path = e.path();
        let rel = pattern::relative(src, &path).unwrap_or_default();
        let hidden = e.file_name().to_string_lossy().starts_with(['.', '_']) || e.file_name() == "testdata";
        if !hidden && pattern != "..." && modload::tree_can_match(pattern, &rel) && path.is_dir() {
            eprintln!("warning: ignoring symlink {}", path.display());
        }
    }
}

impl Loader<'_> {
    /// The packages that patterns name, loaded with all they import. Errors concern patterns as a
    /// whole; those of packages are with the packages.
    pub fn load_patterns(&mut self, patterns: &[String]) -> Result<Vec<PkgId>, String> {
        let patterns: Vec<String> = if patterns.is_empty() { vec![".".into()] } else { patterns.to_vec() };
        // A name ending in .go may be a folder or an import path; otherwise all arguments are files.
        let is_file = |p: &str| {
            let p = self.env.cwd.join(p);
            self.config.overlay.contains_key(&p) || std::fs::metadata(p).is_ok_and(|m| !m.is_dir())
        };
        if patterns.iter().any(|p| p.ends_with(".go") && is_file(p)) {
            return Ok(vec![self.load_files(&patterns)?]);
        }
        if self.modules.gopath.is_none() {
            return self.load_module_patterns(&patterns);
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

    /// The packages of `path@version` arguments, built as if nothing but their module mattered.
    pub fn load_outside_module(&mut self, args: &[String]) -> Result<Vec<PkgId>, String> {
        let at = |e: &rgo_modcache::error::Error| {
            modload::base::try_newer(e);
            format!("go: {}: {e}", args[0])
        };
        let Some((first, version)) = args.iter().find_map(|a| a.split_once('@')) else { return Err("go: no version".into()) };
        if version.is_empty() {
            let arg = args.iter().find(|a| a.contains('@')).map_or("", String::as_str);
            return Err(format!("go: {arg}: version must not be empty"));
        }
        let mut patterns = Vec::new();
        for arg in args {
            let Some(p) = arg.strip_suffix(&format!("@{version}")) else {
                return Err(format!("go: {arg}: all arguments must refer to packages in the same module at the same version (@{version})"));
            };
            let std = !p.contains("...") && pattern::is_standard_path(p) && self.std_dir(p).is_some();
            let why = if pattern::is_local(p) {
                "be a package path, not a relative path"
            } else if p.starts_with('/') {
                "be a package path, not an absolute path"
            } else if pattern::is_meta(p) {
                "be a package path, not a meta-package"
            } else if pattern::clean(p) != p {
                "be a clean package path"
            } else if std {
                "not be a package in the standard library"
            } else {
                patterns.push(p.to_string());
                continue;
            };
            return Err(format!("go: {arg}: argument must {why}"));
        }
        let m = &self.modules;
        let any = modload::is_revision_query(first, version);
        let check = |v: &rgo_modcache::ModVersion| m.check_allowed(v);
        let allowed: modload::Allowed<'_> = if any { None } else { Some(&check) };
        let found = modload::base::guard(m.query_packages(&patterns[0], version, &|_| "none".into(), allowed)).map_err(|e| at(&e))?;
        let root = found[0].module.clone();
        let d = m.check_deprecation(&root).map_err(|e| at(&e))?;
        if !d.is_empty() {
            eprintln!("go: module {} is deprecated: {}", root.path, rgo_modcache::error::short_message(&d, ""));
        }
        let data = modload::base::guard(m.fetcher.go_mod(&root)).map_err(|e| at(&e))?;
        let f = rgo_modcache::modfile::File::parse("go.mod", &data, rgo_modcache::modfile::Mode::Strict)
            .map_err(|e| format!("go: {} (in {root}): {}", args[0], e.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
        for (name, any) in [("replace", !f.replace.is_empty()), ("exclude", !f.exclude.is_empty())] {
            if any {
                return Err(format!("go: {} (in {root}):\n\tThe go.mod file for the module providing named packages contains one or\n\tmore {name} directives. It must not contain directives that would cause\n\tit to be interpreted differently than if it were the main module.", args[0]));
            }
        }
        self.modules.edit_build_list(&[], std::slice::from_ref(&root)).map_err(|e| at(&e))?;
        let ids = self.load_module_patterns(&patterns)?;
        for &id in &ids {
            let p = &mut self.packages[id];
            let text = match &p.module {
                None => format!("package {} not provided by module {root}", p.import_path),
                Some(m) if m.path != root.path || m.version != root.version => {
                    format!("package {} provided by module {}@{}\n\tAll packages must be provided by the same module ({root}).", p.import_path, m.path, m.version)
                }
                Some(_) => continue,
            };
            p.error.get_or_insert(PkgError::msg(text));
        }
        Ok(ids)
    }

    /// The packages that patterns name when modules are on.
    fn load_module_patterns(&mut self, patterns: &[String]) -> Result<Vec<PkgId>, String> {
        let opts = PackageOpts {
            resolve_missing: true,
            load_tests: self.load_tests,
            silence_package_errors: true,
            skip_std: !patterns.iter().any(|p| p == "all"),
            ..PackageOpts::default()
        };
        let (matches, _) = self.modules.load_packages(&opts, patterns);
        let mut out = Vec::new();
        let mut seen = BTreeSet::new();
        for m in matches {
            let literal = m.is_literal();
            for path in &m.pkgs {
                if self.rules.drop.contains(path) && !literal {
                    continue;
                }
                let id = if path.contains('@') {
                    let msg = "can only use path@version syntax with 'go get' and 'go install' in module-aware mode";
                    let stack = vec![(path.clone(), String::new())];
                    self.error_package(path, PkgError { stack, always_stack: true, ..PkgError::msg(msg) })
                } else {
                    self.load_root(path, None)
                };
                let pk = &mut self.packages[id];
                pk.cmdline = true;
                if !pk.matched.contains(&m.pattern) {
                    pk.matched.push(m.pattern.clone());
                }
                pk.cmdline_literal |= literal;
                // A wildcard does not complain about folders without suitable files.
                let excluded = pk.error.as_ref().is_some_and(|e| {
                    e.msg.starts_with("build constraints exclude all") || e.msg.starts_with("no Go files in")
                });
                if !(excluded && !literal) && seen.insert(id) {
                    out.push(id);
                }
            }
            if let Some(e) = m.errs.first() {
                // The pattern itself could not be made sense of: a package of its name says so.
                let text = match e {
                    Error::Wrap(p, inner) if literal && *p == m.pattern => inner.to_string(),
                    e => e.to_string(),
                };
                let id = self.error_package(&m.pattern, PkgError::msg(text));
                let pk = &mut self.packages[id];
                pk.cmdline = true;
                pk.matched.push(m.pattern.clone());
                pk.cmdline_literal |= literal;
                out.push(id);
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
            _ if wild => m.paths = self.path_wildcard(p, true).into_iter().map(Ok).collect(),
            _ => m.paths.push(Ok((pattern::clean(p), None))),
        }
        Ok(m)
    }

    fn local_wildcard(&self, p: &str) -> Result<Vec<Named>, String> {
        let full = clean_path(&self.env.cwd.join(p)).display().to_string();
        let before = &full[..full.find("...").unwrap_or(0)];
        let root = PathBuf::from(before.rsplit_once('/').map_or("/", |r| if r.0.is_empty() { "/" } else { r.0 }));
        let matcher = Matcher::new(&full);
        let std_vendor = self.goroot_src.join("vendor");
        let dirs = pattern::walk_dirs(&root, None, false, &mut |d| d.ends_with("vendor") && d != std_vendor);
        let mut out = Vec::new();
        for d in dirs {
            if !matcher.matches(&d.display().to_string()) || !has_go_files(&d) {
                continue;
            }
            let path = if d.starts_with(&self.goroot_src) {
                pattern::relative(&self.goroot_src, &d).unwrap_or_default()
            } else {
                let Some(p) = self.modules.gopath_of_dir(&d) else { continue };
                p
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
            if modload::tree_can_match(p, "cmd") {
                out.extend(self.std_packages("cmd").into_iter().filter(|s| matcher.matches(s)).map(|s| (s, None)));
            }
        }
        for src in self.modules.gopath.iter().flatten().map(|p| p.join("src")) {
            for d in pattern::walk_dirs(&src, Some(&src), false, &mut |_| false) {
                let path = pattern::relative(&src, &d).unwrap_or_default();
                warn_of_links(p, &src, &d);
                if matcher.matches(&path) && has_go_files(&d) {
                    out.push((path, Some(d)));
                }
            }
        }
        out
    }

    /// The package in a folder named on the command line.
    fn local_package(&self, dir: &Path) -> Result<Result<Named, String>, String> {
        let in_std = dir.starts_with(&self.goroot_src) && dir != self.goroot_src;
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
        let dirs = pattern::walk_dirs(root, Some(root), true, &mut |d| which == "std" && d == cmd);
        let mut v: Vec<String> = dirs
            .iter()
            .filter(|d| **d != self.goroot_src && has_go_files(d))
            .filter_map(|d| pattern::relative(&self.goroot_src, d))
            .filter(|p| p != "builtin" && !self.rules.drop.contains(p) && (p != "runtime/cgo" || self.env.cgo_enabled()))
            .collect();
        v.sort();
        v
    }

    /// All packages there are.
    fn all_packages(&mut self) -> Result<Vec<String>, String> {
        let mut all = self.std_packages("std");
        all.extend(self.std_packages("cmd"));
        all.extend(self.path_wildcard("...", false).into_iter().map(|n| n.0));
        Ok(all)
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
            // The overlay may make up a file, or take one away.
            let actual = self.actual_file(&clean_path(&path));
            let is_dir = std::fs::metadata(&actual).map(|m| m.is_dir()).map_err(|e| format!("stat {f}: {}", io_text(&e)))?;
            if is_dir {
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
        if self.modules.gopath.is_none() {
            let paths: Vec<PathBuf> = names.iter().map(|n| dir.join(n)).collect();
            self.modules.load_imports_of_files(&paths);
        }
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
