//! Building: checking, compiling, linking the packages of a command.
//!
//! [`check`] reports errors and leaves nothing behind; [`compile`] gives every package an object,
//! from the cache where nothing it depends on has changed.

use crate::cache::{Cache, Key, KeyBuilder};
use crate::front::{self, FrontOptions, Need};
use crate::load::{Loader, PkgId};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Words of `-gcflags` for a package: its path, whether it was named on the command line.
pub type FlagsOf = Box<dyn Fn(&str, bool) -> Vec<String> + Send + Sync>;

/// Options of a build.
pub struct BuildOptions {
    pub threads: usize,
    /// Compile even what the cache has.
    pub rebuild: bool,
    /// Print the names of packages as they are compiled.
    pub verbose: bool,
    pub trimpath: bool,
    pub gcflags: FlagsOf,
    /// GOCACHE.
    pub cache_dir: PathBuf,
}

impl Default for BuildOptions {
    fn default() -> Self {
        BuildOptions {
            threads: 2,
            rebuild: false,
            verbose: false,
            trimpath: false,
            gcflags: Box::new(|_, _| Vec::new()),
            cache_dir: PathBuf::new(),
        }
    }
}

/// Options of linking.
#[derive(Clone, Debug, Default)]
pub struct LinkOptions {
    /// `-s`: no symbol table.
    pub strip: bool,
    /// `-w`: no debug information.
    pub omit_debug: bool,
    /// `-X name=value`.
    pub defines: Vec<(String, String)>,
    pub build_id: Option<String>,
}

impl LinkOptions {
    /// From the words of `-ldflags`; unknown ones are errors as in `go tool link`.
    pub fn parse(words: &[String]) -> Result<LinkOptions, String> {
        let mut o = LinkOptions::default();
        let mut it = words.iter();
        while let Some(w) = it.next() {
            let body = w.strip_prefix("--").or(w.strip_prefix('-')).ok_or_else(|| format!("rgo: unexpected word in -ldflags: {w}"))?;
            let (name, value) = body.split_once('=').map_or((body, None), |(n, v)| (n, Some(v.to_string())));
            let mut arg = || value.clone().or_else(|| it.next().cloned()).ok_or(format!("flag needs an argument: -{name}"));
            match name {
                "s" => o.strip = value.as_deref() != Some("false") && value.as_deref() != Some("0"),
                "w" => o.omit_debug = value.as_deref() != Some("false") && value.as_deref() != Some("0"),
                "X" => {
                    let v = arg()?;
                    let (k, v) = v.split_once('=').ok_or_else(|| format!("-X flag requires argument of the form importpath.name=value: {v}"))?;
                    o.defines.push((k.into(), v.into()));
                }
                "buildid" => o.build_id = Some(arg()?),
                "linkmode" => match arg()?.as_str() {
                    "auto" | "internal" => {}
                    m => return Err(format!("rgo: -ldflags=-linkmode={m} is not supported")),
                },
                "checklinkname" | "compressdwarf" => drop(value),
                _ => return Err(format!("rgo: -ldflags flag -{name} is not supported")),
            }
        }
        if o.strip {
            o.omit_debug = true;
        }
        Ok(o)
    }
}

/// What `-gcflags` ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CompileFlags {
    /// `-N`: no optimisation.
    pub no_opt: bool,
    /// `-l`: no inlining.
    pub no_inline: bool,
    /// `-e`: all errors.
    pub all_errors: bool,
    /// `-lang`.
    pub lang: String,
}

impl CompileFlags {
    fn parse(words: &[String]) -> Result<CompileFlags, String> {
        let mut f = CompileFlags::default();
        let mut it = words.iter();
        while let Some(w) = it.next() {
            let body = w.strip_prefix("--").or(w.strip_prefix('-')).unwrap_or(w);
            let (name, value) = body.split_once('=').map_or((body, None), |(n, v)| (n, Some(v)));
            let on = !matches!(value, Some("false" | "0"));
            match name {
                "N" => f.no_opt = on,
                "l" => f.no_inline = on,
                "e" => f.all_errors = on,
                "lang" => f.lang = value.map(String::from).or_else(|| it.next().cloned()).unwrap_or_default(),
                // These change nothing but what is printed, or ask for what is always done.
                "m" | "c" | "C" | "L" | "complete" | "dwarf" | "spectre" | "B" | "live" | "S" | "d" => {}
                _ => return Err(format!("flag provided but not defined: -{name}")),
            }
        }
        Ok(f)
    }
}

fn flags_of(l: &Loader<'_>, id: PkgId, opts: &BuildOptions) -> Result<CompileFlags, String> {
    let p = &l.packages[id];
    CompileFlags::parse(&(opts.gcflags)(&p.import_path, p.cmdline)).map_err(|m| format!("# {}\n{m}\n", p.import_path))
}

/// Text of the errors of a build: each package under a header of its own.
fn errors_text(l: &Loader<'_>, errors: &[(PkgId, String)]) -> String {
    let mut out = String::new();
    for (id, text) in errors {
        out.push_str(&format!("# {}\n{text}", l.packages[*id].import_path));
        if !text.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

/// Type-checks the packages and what they import; nothing is kept.
pub fn check(l: &mut Loader<'_>, ids: &[PkgId], opts: &BuildOptions) -> Result<(), String> {
    let order = l.post_order(ids);
    for &id in &order {
        flags_of(l, id, opts)?;
    }
    let l = &*l;
    let need = |id: PkgId| if ids.contains(&id) || !l.packages[id].standard { Need::Full } else { Need::Declarations };
    let all = |id: PkgId| flags_of(l, id, opts).is_ok_and(|f| f.all_errors);
    let front = front::check(l, &order, &need, &all, &FrontOptions { threads: opts.threads });
    main_errors(l, ids, front.errors)
}

/// Adds what only concerns commands: the function main must exist.
fn main_errors(l: &Loader<'_>, _ids: &[PkgId], errors: Vec<(PkgId, String)>) -> Result<(), String> {
    if errors.is_empty() { Ok(()) } else { Err(errors_text(l, &errors)) }
}

/// What the cache keys of all packages share.
fn base_key(l: &Loader<'_>, opts: &BuildOptions) -> Key {
    let mut k = KeyBuilder::new("package");
    // The tool itself: a rebuilt rgo does not trust results of an older one.
    if let Ok(exe) = std::env::current_exe() {
        if let Ok(m) = std::fs::metadata(&exe) {
            let t = m.modified().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
            k.text("tool", &format!("{} {} {}", env!("CARGO_PKG_VERSION"), m.len(), t.as_nanos()));
        }
    }
    k.text("target", &format!("{}/{}", l.env.goos(), l.env.goarch()));
    k.text("level", &l.env.value("GOAMD64"));
    k.text("trimpath", if opts.trimpath { "1" } else { "0" });
    k.finish()
}

/// The key of each package of `order`: everything its object depends on. For imports this is
/// their whole key until there is a hash of what they export.
pub fn keys(l: &Loader<'_>, order: &[PkgId], opts: &BuildOptions) -> HashMap<PkgId, Key> {
    let base = base_key(l, opts);
    let mut out: HashMap<PkgId, Key> = HashMap::new();
    for &id in order {
        let p = &l.packages[id];
        let mut k = KeyBuilder::new("object");
        k.key("base", &base);
        k.text("path", &p.pkg_path).text("id", &p.import_path).text("go", &p.go_version);
        if !opts.trimpath {
            // File names are part of tables and debug information.
            k.text("dir", &p.dir.display().to_string());
        }
        for w in (opts.gcflags)(&p.import_path, p.cmdline) {
            k.text("gcflag", &w);
        }
        for f in &p.go_files {
            k.bytes(&f.name, &f.data);
        }
        for (name, data) in &p.s_data {
            k.bytes(name, data);
        }
        for (pattern, files) in &p.embeds {
            k.text("embed", pattern);
            for f in files {
                k.bytes(f, &std::fs::read(p.dir.join(f)).unwrap_or_default());
            }
        }
        for (path, dep) in &p.dep_of {
            k.text("import", path);
            if let Some(d) = out.get(dep) {
                k.key("dependency", d);
            }
        }
        out.insert(id, k.finish());
    }
    out
}

/// The packages of a build with their objects.
pub struct Built {
    pub cache: Cache,
    pub keys: HashMap<PkgId, Key>,
}

/// Compiles the packages and what they import.
pub fn compile(l: &mut Loader<'_>, ids: &[PkgId], opts: &BuildOptions) -> Result<Built, String> {
    check(l, ids, opts)?;
    Err("rgo: code generation is not available in this build\n".into())
}

impl Built {
    /// Links a command.
    pub fn link(&self, _l: &Loader<'_>, _id: PkgId, _opts: &LinkOptions, _out: &Path) -> Result<(), String> {
        Err("rgo: linking is not available in this build".into())
    }

    /// Writes the object of a package that is no command.
    pub fn write_object(&self, _l: &Loader<'_>, id: PkgId, out: &Path) -> Result<(), String> {
        let e = self.keys.get(&id).and_then(|k| self.cache.get(k)).ok_or("rgo: object is missing from the cache")?;
        std::fs::write(out, e.get("object")).map_err(|e| format!("open {}: {}", out.display(), crate::modload::io_text(&e)))
    }
}
