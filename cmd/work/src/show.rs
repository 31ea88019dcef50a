//! `-n`, `-x`, `-work`: the commands of a build as text, and its work folder.
//!
//! rgo compiles and links in its own process. What is printed are the steps it takes in the shape
//! of the commands that `go` would start for them, so that people and tools can read them.

use crate::buildinfo::BuildInfo;
use crate::load::{Loader, PkgId};
use crate::package::Package;
use crate::pattern::short_path;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What is printed of a build, and where its temporary files are.
pub struct Show {
    /// `-n`: nothing is done.
    pub dry: bool,
    /// `-n` or `-x`.
    pub print: bool,
    /// `-work`: the folder stays.
    keep: bool,
    tmp: PathBuf,
    cwd: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    work: Option<PathBuf>,
    /// The folder of the last `cd`.
    dir: String,
    /// Numbers of the folders b001, b002 ...
    numbers: HashMap<PkgId, usize>,
    /// Packages whose compilation has been printed.
    compiled: Vec<PkgId>,
}

/// A word as a shell reads it back.
pub fn quote(w: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%_-+=:,./$[]".contains(c);
    if !w.is_empty() && w.chars().all(plain) { w.to_string() } else { format!("'{}'", w.replace('\'', "'\"'\"'")) }
}

impl Show {
    pub fn new(tmp: PathBuf, cwd: PathBuf, dry: bool, print: bool, keep: bool) -> Show {
        Show { dry, print: dry || print, keep, tmp, cwd, state: Mutex::default() }
    }

    /// Nothing is printed.
    pub fn silent(mut self) -> Show {
        self.print = false;
        self
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The work folder, made on first use. A dry run has none.
    pub fn work(&self) -> std::io::Result<PathBuf> {
        let mut s = self.state();
        if let Some(w) = &s.work {
            return Ok(w.clone());
        }
        if self.dry {
            return Ok(PathBuf::from("$WORK"));
        }
        let dir = tempfile::Builder::new().prefix("go-build").tempdir_in(&self.tmp)?.keep();
        if self.keep || self.print {
            eprintln!("WORK={}", dir.display());
        }
        s.work = Some(dir.clone());
        Ok(dir)
    }

    /// Prints lines, with `$WORK` in place of the folder.
    pub fn line(&self, text: &str) {
        if !self.print {
            return;
        }
        let s = self.state();
        match &s.work {
            Some(w) => eprintln!("{}", text.replace(&w.display().to_string(), "$WORK")),
            None => eprintln!("{text}"),
        }
    }

    /// A command in a folder.
    pub fn command(&self, dir: &Path, text: &str) {
        if !self.print {
            return;
        }
        let dir = dir.display().to_string();
        let dir = if dir.is_empty() { ".".to_string() } else { dir };
        let cd = {
            let mut s = self.state();
            let changed = s.dir != dir && dir != ".";
            s.dir.clone_from(&dir);
            changed
        };
        if cd {
            self.line(&format!("cd {}", quote(&dir)));
        }
        self.line(text);
    }

    /// `$WORK/b001` and so on: the folder of a package.
    pub fn folder(&self, id: PkgId) -> String {
        let mut s = self.state();
        let n = s.numbers.len() + 1;
        format!("$WORK/b{:03}", *s.numbers.entry(id).or_insert(n))
    }

    /// Where an object is: in the work folder, or in the cache.
    fn object(&self, id: PkgId, cached: &dyn Fn(PkgId) -> Option<PathBuf>) -> Option<String> {
        if self.state().compiled.contains(&id) {
            return Some(format!("{}/_pkg_.a", self.folder(id)));
        }
        cached(id).map(|p| p.display().to_string())
    }

    fn here(&self, dir: &Path, name: &str) -> String {
        let full = dir.join(name);
        let short = short_path(&self.cwd, &full);
        if short.starts_with('/') || short.starts_with("./") || short.starts_with("../") { short } else { format!("./{short}") }
    }

    /// The step that compiles a package. `cached`: where the objects of others are.
    pub fn compile(&self, l: &Loader<'_>, id: PkgId, words: &[String], build_id: &str, cached: &dyn Fn(PkgId) -> Option<PathBuf>) {
        if !self.print {
            return;
        }
        let p = &l.packages[id];
        let b = self.folder(id);
        self.line(&format!("mkdir -p {b}/"));
        if self.dry {
            self.line(&format!("\n#\n# {}\n#\n", p.import_path));
        }
        let mut config = String::new();
        for (path, dep) in &p.dep_of {
            if let Some(o) = self.object(*dep, cached).filter(|_| !l.packages[*dep].is_unsafe()) {
                if let Some(to) = p.import_map.get(path) {
                    config.push_str(&format!("importmap {path}={to}\n"));
                }
                let to = l.packages[*dep].import_path.split(' ').next().unwrap_or(path);
                config.push_str(&format!("packagefile {to}={o}\n"));
            }
        }
        if config.is_empty() {
            self.line(&format!("echo '# import config' > {b}/importcfg # internal"));
        } else {
            self.line(&format!("cat >{b}/importcfg << 'EOF' # internal\n# import config\n{config}EOF"));
        }
        let mut line = format!("{} -o {b}/_pkg_.a -trimpath \"{b}=>\" -p {}", quote(&tool(l, "compile")), quote(&p.pkg_path));
        if p.standard {
            line.push_str(" -std");
        } else {
            line.push_str(&format!(" -lang={}", p.go_version.split('.').take(2).collect::<Vec<_>>().join(".")));
        }
        if p.s_files.is_empty() {
            line.push_str(" -complete");
        }
        line.push_str(&format!(" -buildid {build_id}/{build_id} -goversion {}", crate::goenv::GO_VERSION));
        line.push_str(&format!(" -c={} -nolocalimports -importcfg {b}/importcfg", backend_threads(l)));
        if !p.embeds.is_empty() {
            self.line(&format!("cat >{b}/embedcfg << 'EOF' # internal\n{}EOF", embed_config(p)));
            line.push_str(&format!(" -embedcfg {b}/embedcfg"));
        }
        for w in words {
            line.push_str(&format!(" {}", quote(w)));
        }
        line.push_str(" -pack");
        for f in &p.go_files {
            let shown = if p.import_path.ends_with(".test") { format!("{b}/{}", f.name) } else { self.here(&p.dir, &f.name) };
            line.push_str(&format!(" {}", quote(&shown)));
        }
        self.command(&p.dir, &line);
        self.line(&format!("go tool buildid -w {b}/_pkg_.a # internal"));
        self.state().compiled.push(id);
    }

    /// The step that links a program; `name`: of the file in the work folder.
    pub fn link(&self, l: &Loader<'_>, id: PkgId, step: &LinkStep<'_>) {
        if !self.print {
            return;
        }
        let b = self.folder(id);
        self.line(&format!("mkdir -p {b}/"));
        let mut config = String::new();
        for &d in step.packages.iter().rev().filter(|d| !l.packages[**d].is_unsafe()) {
            if let Some(o) = self.object(d, step.cached) {
                config.push_str(&format!("packagefile {}={o}\n", l.packages[d].import_path.split(' ').next().unwrap_or("")));
            }
        }
        let info = rgo_lower::names::go_quote(&step.info.framed());
        self.line(&format!("cat >{b}/importcfg.link << 'EOF' # internal\n{config}modinfo {info}\nEOF"));
        let (dir, file) = step.target;
        if !dir.is_empty() {
            self.line(&format!("mkdir -p {b}/{dir}"));
        }
        let mut line = format!("GOROOT='{}' {} -o {b}/{dir}{file} -importcfg {b}/importcfg.link", l.env.goroot.display(), quote(&tool(l, "link")));
        for w in step.words {
            line.push_str(&format!(" {}", quote(w)));
        }
        let own = self.object(id, step.cached).unwrap_or_else(|| format!("{b}/_pkg_.a"));
        line.push_str(&format!(" -buildmode=exe -buildid={} -extld={} {own}", step.build_id, l.env.value("CC")));
        self.line("cd .");
        self.state().dir = ".".into();
        self.line(&line);
        self.line(&format!("go tool buildid -w {b}/{dir}{file} # internal"));
    }

    /// Moving a linked program to its place.
    pub fn moved(&self, id: PkgId, file: &str, to: &Path) {
        if !self.print {
            return;
        }
        let b = self.folder(id);
        let short = short_path(&self.cwd, to);
        if let Some(d) = Path::new(&short).parent().filter(|d| !d.as_os_str().is_empty()) {
            self.line(&format!("mkdir -p {}/", d.display()));
        }
        self.line(&format!("mv {b}/exe/{file} {}", quote(&short)));
        self.line(&format!("rm -rf {b}/"));
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        if let (Some(w), false) = (&self.state().work, self.keep) {
            // What is left in a folder for temporary files does no harm.
            let _ = std::fs::remove_dir_all(w);
        }
    }
}

/// As many as there may be, at most four.
fn backend_threads(l: &Loader<'_>) -> usize {
    let n = l.env.raw("GOMAXPROCS").parse().ok().filter(|n| *n > 0);
    n.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get())).min(4)
}

/// What a link step is made of.
pub struct LinkStep<'a> {
    pub packages: &'a [PkgId],
    pub cached: &'a dyn Fn(PkgId) -> Option<PathBuf>,
    pub info: &'a BuildInfo,
    /// Words of `-ldflags`.
    pub words: &'a [String],
    pub build_id: &'a str,
    /// Folder below the package's (with a slash, or empty) and file name.
    pub target: (&'a str, &'a str),
}

/// The path of a tool as `go` prints it.
pub fn tool(l: &Loader<'_>, name: &str) -> String {
    format!("{}/{name}{}", l.env.value("GOTOOLDIR"), if cfg!(windows) { ".exe" } else { "" })
}

fn embed_config(p: &Package) -> String {
    let patterns: serde_json::Map<String, serde_json::Value> = p.embeds.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect();
    let files: serde_json::Map<String, serde_json::Value> =
        p.embeds.values().flatten().map(|f| (f.clone(), p.dir.join(f).display().to_string().into())).collect();
    let v = serde_json::json!({"Patterns": patterns, "Files": files});
    // Go indents with tabs.
    let text = serde_json::to_string_pretty(&v).unwrap_or_default();
    text.lines().map(|l| { let n = l.len() - l.trim_start().len(); format!("{}{}", "\t".repeat(n / 2), l.trim_start()) }).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(quote("-trimpath=a/b"), "-trimpath=a/b");
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote(""), "''");
    }
}
