//! `rgo mod vendor` and `rgo work vendor`.

use super::{flags, with_common};
use crate::base::{self, Exit, Outcome};
use crate::flags::{Kind, Parsed, flag};
use rgo_modcache::ModVersion;
use rgo_modcache::error::io;
use rgo_modcache::gover;
use rgo_work::goenv::GoEnv;
use rgo_work::header;
use rgo_work::modload::base as report;
use rgo_work::modload::{Modules, PackageOpts};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Runs `rgo mod vendor`.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let p = parse(env, args, "mod vendor")?;
    let f = flags(env, &p, "mod vendor")?;
    let m = Modules::init(env, &f)?;
    if m.in_workspace() {
        return Err(Exit::go("'go mod vendor' cannot be run in workspace mode. Run 'go work vendor' to vendor the workspace or set 'GOWORK=off' to exit workspace mode."));
    }
    vendor(m, &p)
}

/// The flags of both commands.
pub fn parse(env: &GoEnv, args: &[String], cmd: &str) -> Result<Parsed, Exit> {
    base::parse_flags(cmd, env, args, &with_common(&[flag("v", Kind::Bool), flag("e", Kind::Bool), flag("o", Kind::Str)]))
}

fn module_line(m: &ModVersion, r: Option<&ModVersion>) -> String {
    let mut s = format!("# {}", m.path);
    if !m.version.is_empty() {
        s.push_str(&format!(" {}", m.version));
    }
    if let Some(r) = r {
        let p = rgo_work::pattern::clean(&r.path);
        if p == "vendor" || p.starts_with("vendor/") {
            report::fatalf(format_args!("go: replacement path {} inside vendor directory", r.path));
        }
        s.push_str(&format!(" => {}", r.path));
        if !r.version.is_empty() {
            s.push_str(&format!(" {}", r.version));
        }
    }
    s + "\n"
}

/// Makes the vendor folder.
pub fn vendor(mut m: Modules, p: &Parsed) -> Outcome {
    if !p.rest.is_empty() {
        return Err(Exit::go("'go mod vendor' accepts no arguments"));
    }
    let keep_going = p.bool("e");
    let opts = PackageOpts {
        any_tags: true,
        vendor_in_goroot: true,
        resolve_missing: true,
        use_vendor_all: true,
        allow_errors: keep_going,
        silence_missing_std: true,
        skip_std: true,
        ..PackageOpts::default()
    };
    let (_, pkgs) = m.load_packages(&opts, &["all".into()]);
    let dir = match p.str("o") {
        "" => m.vendor_dir(),
        o => m.cwd().join(o),
    };
    match std::fs::remove_dir_all(&dir) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => report::fatal(&io("unlinkat", &dir, &e)),
        _ => {}
    }
    let Some(loaded) = m.loaded.clone() else { return Ok(()) };
    let mut by_mod: BTreeMap<ModVersion, Vec<&str>> = BTreeMap::new();
    for path in &pkgs {
        let Some(x) = loaded.get(path) else { continue };
        if !x.module.path.is_empty() && !m.is_main(&x.module.path) {
            by_mod.entry(x.module.clone()).or_default().push(path);
        }
    }
    let mut folded: HashMap<String, &str> = HashMap::new();
    for x in by_mod.keys() {
        let other = *folded.entry(x.path.to_lowercase()).or_insert(&x.path);
        if other != x.path {
            report::fatalf(format_args!("go.mod: case-insensitive import collision: {} and {}", rgo_modcache::quote(&x.path), rgo_modcache::quote(other)));
        }
    }
    let go = m.go_version();
    let mut explicit: HashSet<ModVersion> = HashSet::new();
    let has_go = m.in_workspace() || m.mains.first().is_some_and(|x| x.file.go.is_some());
    let all_replacements = !gover::before(&go, "1.14") && has_go;
    if all_replacements {
        explicit.extend(m.mains.iter().flat_map(|x| &x.file.require).map(|r| r.module.clone()));
    }
    let go_versions = !gover::before(&go, "1.17");
    let mut mods: Vec<ModVersion> = explicit.iter().chain(by_mod.keys().filter(|x| !explicit.contains(x))).cloned().collect();
    gover::sort(&mut mods);
    let mut text = String::new();
    if m.workspace.is_some() && !m.roots_of_mains().is_empty() {
        text.push_str("## workspace\n");
    }
    let mut copier = Copier { go: go.clone(), metadata: HashSet::new(), keep_going };
    let mut written: HashSet<ModVersion> = HashSet::new();
    for x in &mods {
        text.push_str(&module_line(x, m.replacement(x).as_ref()));
        written.insert(x.clone());
        let v = if go_versions { m.module_named(&x.path).go_version } else { String::new() };
        match (explicit.contains(x), v.is_empty()) {
            (true, false) => text.push_str(&format!("## explicit; go {v}\n")),
            (true, true) => text.push_str("## explicit\n"),
            (false, false) => text.push_str(&format!("## go {v}\n")),
            (false, true) => {}
        }
        let mut list = by_mod.get(x).cloned().unwrap_or_default();
        list.sort_unstable();
        for path in list {
            text.push_str(&format!("{path}\n"));
            if let Some(q) = loaded.get(path) {
                copier.package(&dir, path, &q.module.path, &q.dir);
            }
        }
    }
    if all_replacements {
        for r in m.workspace.iter().flat_map(|w| &w.replace) {
            if written.insert(r.old.clone()) {
                text.push_str(&module_line(&r.old, Some(&r.new)));
            }
        }
        for r in m.mains.iter().flat_map(|x| &x.file.replace) {
            if written.insert(r.old.clone()) {
                if let Some(new) = m.replacement(&r.old) {
                    text.push_str(&module_line(&r.old, Some(&new)));
                }
            }
        }
    }
    if p.bool("v") {
        eprint!("{text}");
    }
    if text.is_empty() {
        eprintln!("go: no dependencies to vendor");
        return Ok(());
    }
    let file = dir.join("modules.txt");
    std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(&file, text)).map_err(|e| Exit::go(io("open", &file, &e)))
}

/// Copies packages.
struct Copier {
    go: String,
    metadata: HashSet<(String, PathBuf)>,
    keep_going: bool,
}

const META: &[&str] = &["AUTHORS", "CONTRIBUTORS", "COPYLEFT", "COPYING", "COPYRIGHT", "LEGAL", "LICENSE", "NOTICE", "PATENTS"];

impl Copier {
    fn package(&mut self, vdir: &Path, path: &str, module: &str, src: &Path) {
        let dst = vdir.join(path);
        let mut copied = HashSet::new();
        self.copy(&dst, src, &|d, n| self.source(d, n), &mut copied);
        // Licences and the like, up to the module's root.
        let (mut pkg, mut d, mut s) = (path.to_string(), dst.clone(), src.to_path_buf());
        let mut parent = false;
        while self.metadata.insert((module.into(), d.clone())) {
            if parent {
                self.copy(&d, &s, &|_, n| META.iter().any(|p| n.starts_with(p)), &mut copied);
            }
            if module == pkg {
                break;
            }
            parent = true;
            pkg = pkg.rsplit_once('/').map_or(String::new(), |r| r.0.to_string());
            d.pop();
            s.pop();
        }
        self.embeds(path, src, &dst, &copied);
    }

    /// Whether a file may belong to a package.
    fn source(&self, dir: &Path, name: &str) -> bool {
        if name.ends_with("_test.go") {
            return false;
        }
        if name == "go.mod" || name == "go.sum" {
            return gover::before(&self.go, "1.17");
        }
        if name.ends_with(".go") {
            let data = std::fs::read(dir.join(name)).unwrap_or_else(|e| report::fatal(&io("open", &dir.join(name), &e)));
            return rgo_work::modload::any_system(&header::read(&data), &data);
        }
        true
    }

    fn copy(&self, dst: &Path, src: &Path, want: &dyn Fn(&Path, &str) -> bool, copied: &mut HashSet<PathBuf>) {
        let list = std::fs::read_dir(src).unwrap_or_else(|e| report::fatal(&io("open", src, &e)));
        std::fs::create_dir_all(dst).unwrap_or_else(|e| report::fatal(&io("mkdir", dst, &e)));
        let mut names: Vec<String> = list.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_file())).map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        for n in names.iter().filter(|n| want(src, n)) {
            let to = dst.join(n);
            copy_file(&src.join(n), &to).unwrap_or_else(|e| report::fatal(&io("open", &to, &e)));
            copied.insert(to);
        }
    }

    /// Files that the package embeds.
    fn embeds(&self, path: &str, src: &Path, dst: &Path, copied: &HashSet<PathBuf>) {
        let mut patterns: Vec<String> = Vec::new();
        let tests = gover::before(&self.go, "1.22");
        for e in std::fs::read_dir(src).into_iter().flatten().flatten() {
            let n = e.file_name().to_string_lossy().into_owned();
            if !n.ends_with(".go") || n.starts_with(['_', '.']) || n.ends_with("_test.go") && !tests {
                continue;
            }
            let h = header::read(&std::fs::read(e.path()).unwrap_or_default());
            if h.package == "documentation" {
                continue;
            }
            patterns.extend(h.embeds.into_iter().map(|e| e.pattern));
        }
        patterns.sort();
        patterns.dedup();
        for pat in patterns {
            let files = match rgo_work::embed::resolve(src, &pat) {
                Ok(f) => f,
                Err(e) => {
                    let m = format!("go: resolving embeds in {path}: pattern {pat}: {e}");
                    if self.keep_going { eprintln!("{m}") } else { report::errorf(m) }
                    return;
                }
            };
            for f in files {
                let to = dst.join(&f);
                if copied.contains(&to) {
                    continue;
                }
                let parent = to.parent().unwrap_or(dst);
                if let Err(e) = std::fs::create_dir_all(parent).and_then(|()| copy_file(&src.join(&f), &to)) {
                    let m = format!("go: {}", io("open", &to, &e));
                    if self.keep_going { eprintln!("{m}") } else { report::errorf(m) }
                }
            }
        }
    }
}

/// Copies contents; the new file is writable, whatever the old one was.
fn copy_file(src: &Path, dst: &Path) -> std::io::Result<()> {
    std::fs::write(dst, std::fs::read(src)?)
}
