//! Packages that import "C": the release's `cgo` tool makes Go and C of them, the host's compilers make objects of the C.
//!
//! [`prepare`] does that for all packages of a build, before anything is compiled: each gets an [`Output`], whose Go files are compiled with the package's
//! own ([`Package::sources`]) and whose objects the linker gets (`build.rs`). Outputs are kept in the cache by everything they are made of: sources,
//! headers in the folder, flags, compilers. The tool's `-dynimport` step, which serves gc's internal linking only, is left out.

use crate::build::BuildOptions;
use crate::cache::{Cache, Entry, Key, KeyBuilder, tool_key};
use crate::cc::{self, Compilers};
use crate::cgoflags::{self, Kind};
use crate::load::{Loader, PkgId};
use crate::package::{Package, SourceFile};
use crate::show::Show;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// What became of a package's C side.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// `_cgo_gotypes.go` and the rewritten files, in the compiler's order.
    pub go: Vec<SourceFile>,
    /// Identifies everything here.
    pub key: Option<Key>,
    /// Flags for the linker, `#cgo LDFLAGS` and the user's.
    pub ldflags: Vec<String>,
    /// Go functions that C code of shared libraries may find.
    pub exports: Vec<String>,
    /// Objects, when they are not in the cache.
    objects: OnceLock<Vec<Vec<u8>>>,
    cache: Option<Cache>,
}

impl Output {
    /// The objects; None if the cache lost them.
    pub fn objects(&self) -> Option<Vec<Vec<u8>>> {
        if let Some(o) = self.objects.get() {
            return Some(o.clone());
        }
        let e = self.cache.as_ref()?.get(self.key.as_ref()?)?;
        unpack(e.get(OBJECTS))
    }
}

/// Makes the objects again that the cache has lost since [`prepare`]; the package's [`Output`] has them from then on.
pub fn restore(l: &Loader<'_>, id: PkgId, opts: &BuildOptions) -> Result<(), String> {
    let Some(old) = &l.packages[id].cgo else { return Ok(()) };
    let cache = Cache::new(&opts.cache_dir);
    let compilers = Compilers::new(l.env, &cache, opts.show.clone());
    let new = Run { l, cache: &cache, cc: &compilers, opts: &BuildOptions { rebuild: true, ..opts.clone() }, what: What::Everything }.package(id)?;
    if new.key != old.key {
        return Err(bare(&l.packages[id], "source files changed during the build".into()));
    }
    let _ = old.objects.set(new.objects.into_inner().unwrap_or_default());
    Ok(())
}

const OBJECTS: &str = "objects";

fn pack(list: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for b in list {
        out.extend_from_slice(&(b.len() as u64).to_le_bytes());
        out.extend_from_slice(b);
    }
    out
}

fn unpack(mut data: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut out = Vec::new();
    while !data.is_empty() {
        let (n, rest) = data.split_at_checked(8)?;
        let (b, rest) = rest.split_at_checked(u64::from_le_bytes(n.try_into().ok()?) as usize)?;
        out.push(b.to_vec());
        data = rest;
    }
    Some(out)
}

/// Flags of one package.
#[derive(Default)]
struct Flags {
    cpp: Vec<String>,
    c: Vec<String>,
    cxx: Vec<String>,
    f: Vec<String>,
    ld: Vec<String>,
}

/// How much is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// The Go files, for tools that read them.
    Go,
    /// The objects too.
    Everything,
}

/// Runs cgo for the packages that need it. Messages about those that failed; text without header begins with [`crate::report::BARE`].
pub fn prepare(l: &mut Loader<'_>, order: &[PkgId], opts: &BuildOptions, what: What) -> Vec<(PkgId, String)> {
    let todo: Vec<PkgId> = order.iter().copied().filter(|id| l.packages[*id].uses_cgo() && l.packages[*id].cgo.is_none() && l.packages[*id].error.is_none()).collect();
    if todo.is_empty() {
        return Vec::new();
    }
    let cache = Cache::new(&opts.cache_dir);
    let compilers = Compilers::new(l.env, &cache, opts.show.clone());
    let run = Run { l, cache: &cache, cc: &compilers, opts, what };
    // Steps are printed in the order of packages.
    let one = |id: &PkgId| (*id, run.package(*id));
    let results: Vec<(PkgId, Result<Output, String>)> =
        if opts.show.as_ref().is_some_and(|s| s.print) { todo.iter().map(one).collect() } else { todo.par_iter().map(one).collect() };
    let mut failures = Vec::new();
    for (id, r) in results {
        match r {
            Ok(o) => l.packages[id].cgo = Some(Arc::new(o)),
            Err(m) => failures.push((id, m)),
        }
    }
    failures
}

struct Run<'a> {
    l: &'a Loader<'a>,
    cache: &'a Cache,
    cc: &'a Compilers<'a>,
    opts: &'a BuildOptions,
    what: What,
}

/// An error of the go command's own, shown without the package's header.
fn bare(p: &Package, m: String) -> String {
    format!("{}{}: {m}", crate::report::BARE, p.import_path)
}

impl Run<'_> {
    fn flags(&self, p: &Package) -> Result<Flags, String> {
        let env = self.l.env;
        let get = |kind: Kind, name: &str, own: &[String]| -> Result<Vec<String>, String> {
            cgoflags::check(env, kind, name, &format!("#cgo {name}"), own)?;
            let mut v = cgoflags::user_flags(env, name)?;
            v.extend_from_slice(own);
            Ok(v)
        };
        let d = &p.directives;
        let mut f = Flags {
            cpp: get(Kind::Compiler, "CPPFLAGS", &d.cppflags)?,
            c: get(Kind::Compiler, "CFLAGS", &d.cflags)?,
            cxx: get(Kind::Compiler, "CXXFLAGS", &d.cxxflags)?,
            f: get(Kind::Compiler, "FFLAGS", &d.fflags)?,
            ld: get(Kind::Linker, "LDFLAGS", &d.ldflags)?,
        };
        self.pkg_config(p, &mut f)?;
        if !p.m_files.is_empty() {
            f.ld.push("-lobjc".into());
        }
        if !p.f_files.is_empty() && env.value("FC").contains("gfortran") {
            f.ld.push("-lgfortran".into());
        }
        Ok(f)
    }

    fn pkg_config(&self, p: &Package, f: &mut Flags) -> Result<(), String> {
        let (flags, names): (Vec<String>, Vec<String>) = p.directives.pkg_config.iter().filter(|a| *a != "--").cloned().partition(|a| a.starts_with("--"));
        if names.is_empty() && flags.is_empty() {
            return Ok(());
        }
        if let Some(n) = names.iter().find(|n| !cgoflags::safe_arg(n)) {
            return Err(format!("invalid pkg-config package name: {n}"));
        }
        let env = self.l.env;
        cgoflags::check(env, Kind::PkgConfig, "", "pkg-config", &flags)?;
        for (what, kind, name) in [("--cflags", Kind::Compiler, "CFLAGS"), ("--libs", Kind::Linker, "LDFLAGS")] {
            let mut line = vec![env.value("PKG_CONFIG"), what.to_string()];
            line.extend(flags.iter().cloned());
            line.push("--".into());
            line.extend(names.iter().cloned());
            let (text, ok) = match self.cc.run(&p.dir, &line, &[]) {
                Ok(r) => r,
                Err(m) => (m, false),
            };
            if !ok {
                let desc = format!("{} {what} {} -- {}", line[0], flags.join(" "), names.join(" "));
                return Err(format!("\n# [{desc}]\n{}", cc::shorten(text.trim_end(), Path::new(""), &p.dir, &env.cwd)));
            }
            let words = split_pkg_config(text.trim())?;
            cgoflags::check(env, kind, name, &format!("pkg-config {what}"), &words)?;
            if what == "--cflags" { f.cpp.extend(words) } else { f.ld.extend(words) }
        }
        Ok(())
    }

    /// A message under a header of its own.
    fn message(&self, desc: &str, text: &str, p: &Package, work: &Path) -> String {
        format!("# {desc}\n{}", cc::shorten(text.trim_end(), work, &p.dir, &self.l.env.cwd))
    }

    fn key(&self, p: &Package, f: &Flags) -> Result<Key, String> {
        let mut k = KeyBuilder::new("cgo");
        k.key("tool", &tool_key()).text("go", crate::goenv::GO_VERSION).text("arch", &self.l.env.goarch());
        k.text("path", plain(p)).text("dir", &p.dir.display().to_string()).text("trimpath", if self.opts.trimpath { "1" } else { "0" });
        for (name, list) in [("cpp", &f.cpp), ("c", &f.c), ("cxx", &f.cxx), ("f", &f.f), ("ld", &f.ld)] {
            for w in list {
                k.text(name, w);
            }
        }
        k.key("CC", &self.cc.identity(&self.cc.words("CC")?));
        if !p.cxx_files.is_empty() {
            k.key("CXX", &self.cc.identity(&self.cc.words("CXX")?));
        }
        if !p.f_files.is_empty() {
            k.key("FC", &self.cc.identity(&self.cc.words("FC")?));
        }
        for s in &p.cgo_files {
            k.bytes(&s.name, &s.hash);
        }
        for (name, data) in p.s_data.iter().chain(&p.h_data).chain(&p.c_data) {
            k.bytes(name, data);
        }
        Ok(k.finish())
    }

    fn package(&self, id: PkgId) -> Result<Output, String> {
        let p = &self.l.packages[id];
        let dry = self.opts.dry();
        let flags = self.flags(p).map_err(|m| match m.strip_prefix('\n') {
            // A command's output stands under the package's header.
            Some(m) => m.to_string(),
            None => bare(p, m),
        })?;
        if !p.swig_files.is_empty() || !p.swigcxx_files.is_empty() {
            return Err(bare(p, "SWIG files are not supported".into()));
        }
        let key = self.key(p, &flags).map_err(|m| bare(p, m))?;
        // What is there in full does for both.
        let go_key = KeyBuilder::new("cgo without objects").key("all", &key).finish();
        let known: &[Key] = if self.what == What::Go { &[key, go_key] } else { &[key] };
        if !self.opts.rebuild && let Some(o) = known.iter().find_map(|k| self.cached(p, k, &flags)) {
            return Ok(o);
        }
        if dry && !self.opts.show.as_ref().is_some_and(|s| s.print) {
            return Ok(Output { key: Some(key), ldflags: flags.ld, ..Output::default() });
        }
        let (dir, _guard) = self.objdir(id).map_err(|e| bare(p, format!("creating work dir: {e}")))?;
        let _span = crate::timings::span("cgo", &p.import_path);
        let (names, warnings) = self.run_tool(p, &dir, &flags)?;
        let (objects, more) = match self.what {
            What::Go => (Vec::new(), String::new()),
            What::Everything => self.compile(p, &dir, &flags, &names, &key)?,
        };
        if dry {
            return Ok(Output { key: Some(key), ldflags: flags.ld, ..Output::default() });
        }
        let key = if self.what == What::Go { go_key } else { key };
        let mut e = Entry::default();
        let mut list = Vec::new();
        for n in &names {
            let data = std::fs::read(dir.join(n)).map_err(|e| bare(p, format!("open {}: {e}", dir.join(n).display())))?;
            list.push(n.clone());
            e.set(&format!("go {n}"), self.without_dirs(p, &dir, data));
        }
        let warnings = [warnings, more].concat();
        e.set("files", list.join("\n").into_bytes());
        e.set("warnings", warnings.clone().into_bytes());
        e.set(OBJECTS, pack(&objects));
        let o = self.output(p, &key, &flags, &e, Some(objects));
        // Without a cache the objects stay in memory.
        let _ = self.cache.put(&key, &e);
        if !warnings.is_empty() {
            eprint!("{warnings}");
        }
        Ok(o)
    }

    /// The package's work folder, and what removes it.
    fn objdir(&self, id: PkgId) -> std::io::Result<(PathBuf, Option<tempfile::TempDir>)> {
        if let Some(s) = &self.opts.show {
            let d = s.work()?.join(s.folder(id).trim_start_matches("$WORK/"));
            s.line(&format!("mkdir -p {}/", s.folder(id)));
            if !s.dry {
                std::fs::create_dir_all(&d)?;
            }
            return Ok((d, None));
        }
        let t = tempfile::Builder::new().prefix("go-build").tempdir()?;
        Ok((t.path().to_path_buf(), Some(t)))
    }

    fn cached(&self, p: &Package, key: &Key, flags: &Flags) -> Option<Output> {
        let s = self.cache.open(key)?;
        let text = |n: &str| s.read(n).and_then(|d| String::from_utf8(d).ok());
        s.hash(OBJECTS)?;
        let mut e = Entry::default();
        let files = text("files")?;
        for n in files.lines() {
            let section = format!("go {n}");
            e.set(&section, s.read(&section)?);
        }
        e.set("files", files.clone().into_bytes());
        let warnings = text("warnings")?;
        if !warnings.is_empty() {
            eprint!("{warnings}");
        }
        Some(self.output(p, key, flags, &e, None))
    }

    fn output(&self, p: &Package, key: &Key, flags: &Flags, e: &Entry, objects: Option<Vec<Vec<u8>>>) -> Output {
        let files = String::from_utf8_lossy(e.get("files")).into_owned();
        let mut o = Output { key: Some(*key), ldflags: flags.ld.clone(), cache: Some(self.cache.clone()), ..Output::default() };
        for n in files.lines() {
            let data = e.get(&format!("go {n}")).to_vec();
            for line in String::from_utf8_lossy(&data).lines() {
                if let Some(rest) = line.strip_prefix("//go:cgo_export_dynamic ") {
                    o.exports.extend(rest.split_whitespace().next_back().map(String::from));
                }
            }
            o.go.push(SourceFile::made(&p.dir, n.to_string(), data));
        }
        if let Some(v) = objects {
            let _ = o.objects.set(v);
        }
        o
    }

    /// Generated text with the folders that positions show.
    fn without_dirs(&self, p: &Package, dir: &Path, data: Vec<u8>) -> Vec<u8> {
        let shown = crate::front::shown_dir(p, self.opts.trimpath);
        let mut pairs = vec![(dir.to_path_buf(), shown.clone())];
        if shown != p.dir {
            pairs.push((p.dir.clone(), shown));
        }
        let mut text = match String::from_utf8(data) {
            Ok(t) => t,
            Err(e) => return e.into_bytes(),
        };
        for (from, to) in pairs {
            for mark in ["//line ", "/*line "] {
                text = text.replace(&format!("{mark}{}/", from.display()), &format!("{mark}{}/", to.display()));
            }
        }
        text.into_bytes()
    }

    /// Puts a file that does not lie in the package's folder as it is to be compiled into the work folder.
    fn place(&self, p: &Package, dir: &Path, name: &str, data: impl FnOnce() -> Result<Vec<u8>, String>) -> Result<PathBuf, String> {
        let path = p.dir.join(name);
        if !p.replaced && self.l.actual_file(&path) == path {
            return Ok(path);
        }
        let to = dir.join(name);
        if !self.opts.dry() {
            std::fs::write(&to, data()?).map_err(|e| format!("{}: {e}", to.display()))?;
        }
        Ok(to)
    }

    /// Runs the cgo tool; names of the Go files it makes, and its warnings.
    fn run_tool(&self, p: &Package, dir: &Path, flags: &Flags) -> Result<(Vec<String>, String), String> {
        let env = self.l.env;
        let objdir = format!("{}/", dir.display());
        for (name, data) in p.h_data.iter().chain(&p.s_data).chain(&p.c_data) {
            self.place(p, dir, name, || Ok(data.to_vec())).map_err(|m| bare(p, m))?;
        }
        let mut line = vec![if self.opts.dry() { crate::show::tool(self.l, "cgo") } else { crate::tools::path(env, "cgo").map_err(|m| bare(p, m))?.display().to_string() }];
        line.extend(["-objdir".into(), objdir.clone(), "-importpath".into(), plain(p).to_string()]);
        if p.standard && plain(p) == "runtime/cgo" {
            line.extend(["-import_runtime_cgo=false".into(), "-import_syscall=false".into()]);
        }
        let mut vars: Vec<(&str, &str)> = Vec::new();
        if !flags.ld.is_empty() {
            let q: Vec<String> = flags.ld.iter().map(|f| crate::literal::quote(f)).collect();
            line.push(format!("-ldflags={}", q.join(" ")));
            vars.push(("CGO_LDFLAGS", ""));
        }
        let mut names = vec!["_cgo_gotypes.go".to_string()];
        let (mut files, mut trim) = (Vec::new(), Vec::new());
        for f in &p.cgo_files {
            let path = p.dir.join(&f.name);
            let data = || f.data().map(|d| d.to_vec());
            let mut at = self.place(p, dir, &f.name, data).map_err(|m| bare(p, m))?;
            if at == path && !self.opts.dry() && std::fs::read(&path).is_ok_and(|d| blake3::hash(&d).as_bytes() != &f.hash) {
                // Instrumented for coverage.
                at = dir.join(&f.name);
                std::fs::write(&at, data().map_err(|m| bare(p, m))?).map_err(|e| bare(p, format!("{}: {e}", at.display())))?;
            }
            if at != path {
                trim.push(format!("{}=>{}", at.display(), path.display()));
            }
            files.push(at.display().to_string());
            names.push(format!("{}.cgo1.go", f.name.strip_suffix(".go").unwrap_or(&f.name)));
        }
        if !trim.is_empty() {
            line.extend(["-trimpath".into(), trim.join(";")]);
        }
        line.push("--".into());
        line.extend(flags.cpp.iter().cloned());
        line.extend(["-I".into(), objdir]);
        line.extend(flags.c.iter().cloned());
        line.extend(files);
        let cc = env.value("CC");
        let (goos, goarch, goroot) = (env.goos(), env.goarch(), env.goroot.display().to_string());
        let hidden = [("CC", cc.as_str()), ("GOOS", &goos), ("GOARCH", &goarch), ("GOROOT", &goroot)];
        let (text, ok) = self.run_hidden(&p.dir, &line, &vars, &hidden).map_err(|m| bare(p, m))?;
        if !ok {
            return Err(cc::shorten(&text, work_of(&self.opts.show, dir), &p.dir, &env.cwd));
        }
        let w = if text.trim().is_empty() { String::new() } else { self.message(&p.import_path, &text, p, work_of(&self.opts.show, dir)) + "\n" };
        Ok((names, w))
    }

    /// Runs a command with variables of which some are not printed.
    fn run_hidden(&self, dir: &Path, line: &[String], vars: &[(&str, &str)], hidden: &[(&str, &str)]) -> Result<(String, bool), String> {
        if let Some(s) = self.opts.show.as_ref().filter(|s| s.print) {
            let quiet = Compilers::new(self.l.env, self.cache, None);
            let all: Vec<(&str, &str)> = vars.iter().chain(hidden).copied().collect();
            cc::show_line(s, dir, line, vars);
            return if s.dry { Ok((String::new(), true)) } else { quiet.run(dir, line, &all) };
        }
        let all: Vec<(&str, &str)> = vars.iter().chain(hidden).copied().collect();
        self.cc.run(dir, line, &all)
    }

    /// Compiles what the tool made and the package's other files.
    fn compile(&self, p: &Package, dir: &Path, flags: &Flags, names: &[String], key: &Key) -> Result<(Vec<Vec<u8>>, String), String> {
        let objdir = format!("{}/", dir.display());
        let with = |own: &[String]| -> Vec<String> {
            let mut v = flags.cpp.clone();
            v.extend(["-I".into(), objdir.clone()]);
            v.extend_from_slice(own);
            v
        };
        let (c, cxx, f) = (with(&flags.c), with(&flags.cxx), with(&flags.f));
        let mut jobs: Vec<(&str, PathBuf, &[String])> = vec![("CC", dir.join("_cgo_export.c"), &c)];
        for n in &names[1..] {
            jobs.push(("CC", dir.join(n.replace(".cgo1.go", ".cgo2.c")), &c));
        }
        // Files of the runtime's own bridge that Go's assembler would get have no place here.
        let bridge = p.standard && plain(p) == "runtime/cgo";
        let at = |n: &String| if p.replaced || self.l.actual_file(&p.dir.join(n)) != p.dir.join(n) { dir.join(n) } else { p.dir.join(n) };
        jobs.extend(p.s_files.iter().filter(|n| !bridge || n.starts_with("gcc_")).map(|n| ("CC", at(n), &c[..])));
        jobs.extend(p.c_files.iter().chain(&p.m_files).map(|n| ("CC", at(n), &c[..])));
        jobs.extend(p.cxx_files.iter().map(|n| ("CXX", at(n), &cxx[..])));
        jobs.extend(p.f_files.iter().map(|n| ("FC", at(n), &f[..])));
        let one = |(i, (var, file, flags)): (usize, &(&str, PathBuf, &[String]))| -> Result<(Vec<u8>, String), String> {
            if file.extension().is_some_and(|e| e == "s" || e == "S" || e == "sx") && !self.opts.dry() {
                let data = std::fs::read(file).map_err(|e| bare(p, format!("open {}: {}", file.display(), crate::modload::io_text(&e))))?;
                if is_go_assembly(&data) {
                    return Err(bare(p, format!("package using cgo has Go assembly file {}", file.file_name().unwrap_or_default().to_string_lossy())));
                }
            }
            let words = self.cc.words(var).map_err(|m| bare(p, m))?;
            let mut line = self.cc.command(&words, &p.dir.display().to_string(), &objdir);
            line.extend(flags.iter().cloned());
            // Our linker does not know gcc's intermediate code: the object must hold machine code too.
            if flags.iter().any(|f| f.starts_with("-flto")) && self.cc.supports(&words, "-ffat-lto-objects") {
                line.push("-ffat-lto-objects".into());
            }
            if self.opts.trimpath || p.standard {
                let (from, to) = trimmed(self.l, p);
                line.extend(self.cc.trim(&words, &from, &format!("/_/{to}")));
            }
            if self.cc.supports(&words, "-frandom-seed=1") {
                let seed = KeyBuilder::new("seed").key("package", key).text("file", &i.to_string()).finish();
                line.push(format!("-frandom-seed={}", &seed.hex()[..20]));
            }
            let out = dir.join(format!("_x{:03}.o", i + 1));
            let base = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            line.extend(["-o".into(), out.display().to_string(), "-c".into(), base]);
            let from = file.parent().unwrap_or(dir);
            let (text, ok) = self.cc.run(from, &line, &[]).map_err(|m| bare(p, m))?;
            let work = work_of(&self.opts.show, dir);
            if !ok {
                return Err(cc::shorten(&text, work, &p.dir, &self.l.env.cwd));
            }
            let warning = if text.trim().is_empty() { String::new() } else { self.message(&p.import_path, &text, p, work) + "\n" };
            if self.opts.dry() {
                return Ok((Vec::new(), warning));
            }
            let data = std::fs::read(&out).map_err(|e| bare(p, format!("open {}: {e}", out.display())))?;
            Ok((data, warning))
        };
        let print = self.opts.show.as_ref().is_some_and(|s| s.print);
        let results: Vec<Result<(Vec<u8>, String), String>> =
            if print { jobs.iter().enumerate().map(one).collect() } else { jobs.par_iter().enumerate().map(one).collect() };
        let (mut objects, mut warnings, mut errors) = (Vec::new(), String::new(), Vec::new());
        for r in results {
            match r {
                Ok((o, w)) => {
                    objects.push(o);
                    warnings.push_str(&w);
                }
                Err(m) => errors.push(m),
            }
        }
        match errors.into_iter().next() {
            Some(m) => Err(m),
            None => Ok((objects, warnings)),
        }
    }
}

/// Whether an assembly file is one for Go's assembler.
fn is_go_assembly(data: &[u8]) -> bool {
    data.split(|b| *b == b'\n').any(|l| [&b"TEXT"[..], b"DATA", b"GLOBL"].iter().any(|d| l.starts_with(d)))
}

/// The import path without the mark of a test variant.
fn plain(p: &Package) -> &str {
    p.import_path.split(' ').next().unwrap_or("")
}

/// The folder that messages show as `$WORK`.
fn work_of<'a>(show: &Option<Arc<Show>>, dir: &'a Path) -> &'a Path {
    if show.is_some() { dir.parent().unwrap_or(dir) } else { dir }
}

/// Which folder is hidden from objects, and what stands for it.
fn trimmed(l: &Loader<'_>, p: &Package) -> (PathBuf, String) {
    match &p.module {
        _ if p.standard => (l.env.goroot.clone(), "GOROOT".into()),
        Some(m) if !m.main && p.dir.ancestors().any(|d| d.ends_with("vendor")) && !p.dir.starts_with(l.env.gomodcache()) => {
            (p.dir.ancestors().filter(|d| d.ends_with("vendor")).last().unwrap_or(&p.dir).to_path_buf(), "vendor".into())
        }
        Some(m) if m.version.is_empty() => (m.dir.clone(), m.path.clone()),
        Some(m) => (m.dir.clone(), format!("{}@{}", m.path, m.version)),
        None => match l.modules.gopath.iter().flatten().find(|d| p.dir.starts_with(d.join("src"))) {
            Some(d) => (d.clone(), "GOPATH".into()),
            None => (p.dir.clone(), plain(p).to_string()),
        },
    }
}

/// Words of pkg-config's output: backslashes, and quotes of both kinds.
fn split_pkg_config(s: &str) -> Result<Vec<String>, String> {
    let (mut out, mut word, mut any) = (Vec::new(), String::new(), false);
    let mut quote: Option<char> = None;
    let mut it = s.chars().peekable();
    while let Some(c) = it.next() {
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('"'), '\\') => match it.peek() {
                Some('$' | '`' | '"' | '\\' | '\n') => word.extend(it.next()),
                _ => word.push('\\'),
            },
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => (quote, any) = (Some(c), true),
            (None, '\\') => {
                any = true;
                match it.next() {
                    Some('\n') | None => {}
                    Some(c) => word.push(c),
                }
            }
            (None, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c') => {
                if any || !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                    any = false;
                }
            }
            (None, c) => word.push(c),
        }
    }
    if quote.is_some() {
        return Err("unterminated quoted string in pkgconf output".into());
    }
    if any || !word.is_empty() {
        out.push(word);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed() {
        let list = vec![vec![1, 2, 3], vec![], vec![4]];
        let data = pack(&list);
        assert_eq!(unpack(&data).unwrap(), list);
        for n in 1..data.len() {
            let _ = unpack(&data[..n]);
        }
        assert!(unpack(&[255; 9]).is_none());
    }

    #[test]
    fn pkg_config_words() {
        let s = |t: &str| split_pkg_config(t).unwrap();
        assert_eq!(s(r"-lfoo  -I/a\ b '-DX=1 2' -L'x y'z"), ["-lfoo", "-I/a b", "-DX=1 2", "-Lx yz"]);
        assert_eq!(s(r#""a\"b\c" '' x"#), ["a\"b\\c", "", "x"]);
        assert!(s("").is_empty());
        assert!(split_pkg_config("'a").is_err());
    }
}
