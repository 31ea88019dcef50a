//! Building: checking, compiling, linking the packages of a command.
//!
//! [`check`] reports errors and leaves nothing behind; [`compile`] gives every package an object,
//! from the cache where nothing it depends on has changed.

use crate::cache::{Artifact, Cache, Entry, Key, KeyBuilder, tool_key};
use crate::codegen::{self, Runtime};
use crate::front::{self, FrontFlags, FrontOptions, Need};
use crate::interface;
use crate::load::{Loader, PkgId};
use crate::package::Package;
use crate::stamp::Stamp;
use crate::timings;
use crate::why;
use crate::show::{LinkStep, Show};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Words of `-gcflags` for a package: its path, whether it was named on the command line.
pub type FlagsOf = Arc<dyn Fn(&str, bool) -> Vec<String> + Send + Sync>;

/// Options of a build.
#[derive(Clone)]
pub struct BuildOptions {
    pub threads: usize,
    /// Compile even what the cache has.
    pub rebuild: bool,
    /// Print the names of packages as they are compiled.
    pub verbose: bool,
    pub trimpath: bool,
    /// Say why packages are compiled.
    pub why: bool,
    pub gcflags: FlagsOf,
    /// Compile other packages although some have errors.
    pub keep_going: bool,
    /// GOCACHE.
    pub cache_dir: PathBuf,
    /// `-n`, `-x`, `-work`.
    pub show: Option<Arc<Show>>,
}

impl BuildOptions {
    /// `-n`: nothing is compiled.
    pub fn dry(&self) -> bool {
        self.show.as_ref().is_some_and(|s| s.dry)
    }
}

impl Default for BuildOptions {
    fn default() -> Self {
        BuildOptions {
            threads: 2,
            rebuild: false,
            verbose: false,
            trimpath: false,
            why: false,
            keep_going: false,
            gcflags: Arc::new(|_, _| Vec::new()),
            cache_dir: PathBuf::new(),
            show: None,
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
    /// `-compressdwarf=false`: the debug information stays as it is.
    pub raw_debug: bool,
    /// `-X name=value`.
    pub defines: Vec<(String, String)>,
    pub build_id: Option<String>,
    /// `-B`: contents of the GNU build id note, where they do not follow from the build id.
    pub host_build_id: Option<Vec<u8>>,
    /// `-trimpath` is in effect.
    pub trimpath: bool,
    /// Settings for the build information, in order.
    pub settings: Vec<(String, String)>,
    /// The version of the main module, where version control tells it.
    pub main_version: Option<String>,
    /// `-extld`, `-extldflags`.
    pub extld: Option<String>,
    pub extldflags: Vec<String>,
    /// The words these options were made of.
    pub words: Vec<String>,
}

/// Flags of the linker that mean something this one does not do.
const LINKER_FLAGS: &[&str] = &[
    "D", "E", "H", "I", "L", "R", "T", "V", "a", "asan", "aslr", "benchmark", "benchmarkprofile", "bindnow", "buildmode", "c", "capturehostobjs", "cpuprofile", "d", "debugnosplit",
    "debugtextsize", "debugtramp", "dumpdep", "e", "extar", "f", "fipso", "funcalign", "g", "h", "importcfg", "installsuffix", "k", "libgcc", "linkshared", "macos",
    "macsdk", "memprofile", "memprofilerate", "msan", "n", "o", "pluginpath", "pruneweakmap", "r", "race", "randlayout", "strictdups", "tmpdir", "v",
];

impl LinkOptions {
    /// From the words of `-ldflags`; unknown ones are errors as in `go tool link`.
    pub fn parse(words: &[String]) -> Result<LinkOptions, String> {
        let mut o = LinkOptions { words: words.to_vec(), ..LinkOptions::default() };
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
                    let form = "-X flag requires argument of the form importpath.name=value";
                    let (k, v) = v.split_once('=').ok_or(form)?;
                    let (pkg, name) = k.rsplit_once('.').ok_or(form)?;
                    o.defines.push((format!("{}.{name}", rgo_lower::names::path_to_prefix(pkg)), v.into()));
                }
                "buildid" => o.build_id = Some(arg()?),
                "extld" => o.extld = Some(arg()?),
                "extldflags" => o.extldflags = crate::cgoflags::split_words(&arg()?)?,
                // A program with C code is linked with the host's libraries, others without: nothing else tells the modes apart.
                "linkmode" => match arg()?.as_str() {
                    "auto" | "internal" | "external" => {}
                    m => return Err(format!("invalid value {m:?} for flag -linkmode: invalid linkmode")),
                },
                "B" => o.host_build_id = host_build_id(&arg()?)?,
                "compressdwarf" => o.raw_debug = matches!(value.as_deref(), Some("false" | "0")),
                "checklinkname" => drop(value),
                _ if LINKER_FLAGS.contains(&name) => return Err(format!("rgo: -ldflags flag -{name} is not supported")),
                _ => return Err(format!("flag provided but not defined: -{name}\nusage: link [options] main.o")),
            }
        }
        if o.strip {
            o.omit_debug = true;
        }
        Ok(o)
    }
}

/// The argument of `-B`; None for what follows from the build id.
fn host_build_id(v: &str) -> Result<Option<Vec<u8>>, String> {
    match v {
        "" | "gobuildid" => return Ok(None),
        "none" => return Ok(Some(Vec::new())),
        _ => {}
    }
    let hex = v.strip_prefix("0x").ok_or_else(|| format!("-B argument must start with 0x: {v}"))?;
    if hex.len() / 2 > 32 {
        return Err(format!("-B option too long (max 32 digits): {v}"));
    }
    if let Some(c) = hex.chars().find(|c| !c.is_ascii_hexdigit()) {
        return Err(format!("-B argument contains invalid hex digit {c}: {v}"));
    }
    if hex.len() % 2 != 0 {
        return Err(format!("-B argument must have even number of digits: {v}"));
    }
    Ok(Some((0..hex.len()).step_by(2).filter_map(|i| u8::from_str_radix(&hex[i..i + 2], 16).ok()).collect()))
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
                "c" => match value.map(String::from).or_else(|| it.next().cloned()).and_then(|v| v.parse::<i64>().ok()) {
                    Some(n) if n >= 1 => {}
                    n => return Err(format!("compile: -c must be at least 1, got {}", n.unwrap_or(0))),
                },
                "lang" => f.lang = value.map(String::from).or_else(|| it.next().cloned()).unwrap_or_default(),
                // These change nothing but what is printed, or ask for what is always done.
                "m" | "C" | "L" | "complete" | "dwarf" | "spectre" | "B" | "live" | "S" | "d" => {}
                _ => return Err(format!("flag provided but not defined: -{name}")),
            }
        }
        Ok(f)
    }
}

pub(crate) fn flags_of(l: &Loader<'_>, id: PkgId, opts: &BuildOptions) -> Result<CompileFlags, String> {
    let p = &l.packages[id];
    CompileFlags::parse(&(opts.gcflags)(&p.import_path, p.cmdline)).map_err(|m| format!("# {}\n{m}\n", p.import_path))
}

/// Text of the errors of a build: each package under a header of its own.
fn errors_text(l: &Loader<'_>, errors: &[(PkgId, String)]) -> String {
    let mut out = String::new();
    for (id, text) in errors {
        out.push_str(&crate::report::headed(&l.packages[*id].import_path, text));
    }
    out
}

fn front_flags(l: &Loader<'_>, id: PkgId, opts: &BuildOptions) -> FrontFlags {
    let f = flags_of(l, id, opts).unwrap_or_default();
    FrontFlags { all_errors: f.all_errors, lang: f.lang }
}

/// What the cache keys of all packages share.
fn base_key(l: &Loader<'_>, opts: &BuildOptions, rt: &Runtime) -> Key {
    let mut k = KeyBuilder::new("package");
    k.key("tool", &tool_key());
    k.text("target", &format!("{}/{}", l.env.goos(), l.env.goarch()));
    // Which functions the runtime library provides decides how they are called.
    k.bytes("runtime symbols", &rt.symbols_hash);
    k.text("level", &l.env.value("GOAMD64"));
    k.text("trimpath", if opts.trimpath { "1" } else { "0" });
    if l.race() {
        k.text("race", "1");
    }
    k.finish()
}

/// What importers of each package depend on, without the summaries of its functions: its interface and those of its imports.
fn interfaces(l: &Loader<'_>, order: &[PkgId], opts: &BuildOptions, cache: &Cache, base: &Key) -> Result<HashMap<PkgId, Key>, String> {
    let own: HashMap<PkgId, Key> =
        order.par_iter().map(|&id| interface::hash(&l.packages[id], cache, NEEDED).map(|k| (id, k))).collect::<Result<_, _>>()?;
    let mut out: HashMap<PkgId, Key> = HashMap::new();
    for &id in order {
        let p = &l.packages[id];
        let mut k = KeyBuilder::new("interface");
        k.key("base", base).key("files", &own[&id]);
        common_key(&mut k, p, opts);
        for (path, dep) in &p.dep_of {
            k.text("import", path);
            if let Some(d) = out.get(dep) {
                k.key("interface", d);
            }
        }
        out.insert(id, k.finish());
    }
    Ok(out)
}

/// What both keys of a package contain.
fn common_key(k: &mut KeyBuilder, p: &Package, opts: &BuildOptions) {
    k.text("path", &p.pkg_path).text("id", &p.import_path).text("go", &p.go_version);
    if !opts.trimpath {
        // File names are part of tables and debug information.
        k.text("dir", &p.dir.display().to_string());
    }
    for w in (opts.gcflags)(&p.import_path, p.cmdline) {
        k.text("gcflag", &w);
    }
}

/// The key of a package: everything its object depends on. `seen`: interface keys of imports; `sums`: hashes of the summaries of the functions
/// of an import and of what it imports.
fn object_key(p: &Package, opts: &BuildOptions, base: &Key, seen: &HashMap<PkgId, Key>, sums: &HashMap<PkgId, Key>) -> Key {
    let mut k = KeyBuilder::new("object");
    k.key("base", base);
    common_key(&mut k, p, opts);
    for f in p.sources() {
        k.bytes(&f.name, &f.hash);
    }
    if let Some(c) = p.cgo.as_ref().and_then(|c| c.key.as_ref()) {
        k.key("cgo", c);
    }
    for (name, data) in p.s_data.iter().chain(&p.h_data) {
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
        if let Some(d) = seen.get(dep) {
            k.key("interface", d);
        }
        if let Some(d) = sums.get(dep) {
            k.key("summaries", d);
        }
    }
    k.finish()
}

/// The hash of the summaries of a package and of what it imports.
fn summaries_key(p: &Package, e: &Artifact, sums: &HashMap<PkgId, Key>) -> Key {
    let mut k = KeyBuilder::new("summaries");
    k.bytes("own", &e.hash("summaries"));
    for dep in p.dep_of.values() {
        if let Some(d) = sums.get(dep) {
            k.key("import", d);
        }
    }
    k.finish()
}

/// Where the summaries hash that went with an interface the last time is kept.
fn prediction_key(interface: &Key) -> Key {
    KeyBuilder::new("last summaries").key("interface", interface).finish()
}

/// The hash of a program file; None if there is none that can be run.
fn executable_hash(path: &Path) -> Option<[u8; 32]> {
    use std::os::unix::fs::PermissionsExt;
    let m = std::fs::metadata(path).ok()?;
    if !m.is_file() || m.permissions().mode() & 0o111 == 0 {
        return None;
    }
    Some(*blake3::hash(&std::fs::read(path).ok()?).as_bytes())
}

static LINKING: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// What became of a link.
enum Linked {
    /// The program was there already.
    Current,
    Done,
    /// Nothing was linked, as asked for.
    No,
    /// An object was damaged; it is no longer in the cache.
    Damaged,
}

/// The packages of a build with their objects.
pub struct Built {
    pub cache: Cache,
    pub keys: HashMap<PkgId, Key>,
    entries: HashMap<PkgId, Arc<Artifact>>,
    runtime: PkgId,
    rt: Arc<Runtime>,
    opts: BuildOptions,
}

/// Which functions of packages that are not compiled must be checked with their bodies.
const NEEDED: fn(&rgo_syntax::ast::FuncDecl) -> bool = rgo_lower::inline::needed_by_importers;

/// Compiles the packages and what they import; the error is the text of all messages.
pub fn compile(l: &mut Loader<'_>, ids: &[PkgId], opts: &BuildOptions) -> Result<Built, String> {
    let (b, failures) = compile_some(l, ids, opts)?;
    if failures.is_empty() { Ok(b) } else { Err(errors_text(l, &failures)) }
}

/// Compiles what can be compiled; beside it the messages about the packages that failed. What
/// depends on those has no object.
pub fn compile_some(l: &mut Loader<'_>, ids: &[PkgId], opts: &BuildOptions) -> Result<(Built, Vec<(PkgId, String)>), String> {
    let runtime = l.load_root("runtime", None);
    let mut roots = ids.to_vec();
    roots.push(runtime);
    let load_errors = l.errors(&[runtime]);
    if !load_errors.is_empty() {
        return Err(load_errors.join("\n") + "\n");
    }
    let order = l.post_order(&roots);
    for &id in order.iter().filter(|_| !opts.dry()) {
        flags_of(l, id, opts)?;
    }
    l.save_index();
    let failures = crate::cgo::prepare(l, &order, opts, crate::cgo::What::Everything);
    for (id, text) in &failures {
        l.packages[*id].error.get_or_insert(crate::load::PkgError::msg(text.clone()));
    }
    if !failures.is_empty() && !opts.keep_going {
        return Ok((Built::empty(l, runtime, opts)?, failures));
    }
    let (b, more) = compile_loaded(l, runtime, &order, opts)?;
    Ok((b, failures.into_iter().chain(more).collect()))
}

/// As [`compile_some`], when everything in `order` is loaded.
fn compile_loaded(l: &Loader<'_>, runtime: PkgId, order: &[PkgId], opts: &BuildOptions) -> Result<(Built, Vec<(PkgId, String)>), String> {
    let cache = Cache::new(&opts.cache_dir);
    cache.trim();
    let rt = Arc::new(Runtime::find(&cache, l.race()).map_err(|m| m + "\n")?);
    let span = timings::span("keys", "");
    let base = base_key(l, opts, &rt);
    let seen = interfaces(l, order, opts, &cache, &base)?;
    drop(span);
    let built = |keys, entries| Built { cache: cache.clone(), keys, entries, runtime, rt: rt.clone(), opts: opts.clone() };
    // Results in hand, by key: of this run, or read before.
    let mut have: HashMap<Key, Arc<Artifact>> = HashMap::new();
    let mut first = true;
    // The key of a package depends on the summaries of its imports, which are known only when those are compiled. They seldom change with a body, so
    // those of the last compilation with the same interface are assumed; where that was wrong, another round puts it right.
    loop {
        let mut keys: HashMap<PkgId, Key> = HashMap::new();
        let mut sums: HashMap<PkgId, Key> = HashMap::new();
        let mut entries: HashMap<PkgId, Arc<Artifact>> = HashMap::new();
        let span = timings::span("look up", "");
        let mut todo: Vec<PkgId> = Vec::new();
        for &id in order {
            let p = &l.packages[id];
            let key = object_key(p, opts, &base, &seen, &sums);
            keys.insert(id, key);
            if p.is_unsafe() || p.error.is_some() {
                continue;
            }
            let found = have.get(&key).cloned().or_else(|| if opts.rebuild { None } else { cache.open(&key).map(|s| Arc::new(Artifact::Stored(s))) });
            let sum = match &found {
                Some(e) => summaries_key(p, e, &sums),
                None => cache.get(&prediction_key(&seen[&id])).and_then(|e| e.get("hash").try_into().ok()).map_or(key, Key),
            };
            sums.insert(id, sum);
            match found {
                Some(e) => {
                    have.insert(key, e.clone());
                    entries.insert(id, e);
                }
                None => todo.push(id),
            }
        }
        drop(span);
        if let Some(show) = opts.show.as_ref().filter(|s| s.print && first) {
            let cached = |d: PkgId| entries.contains_key(&d).then(|| cache.path(&keys[&d]));
            for &id in &todo {
                let words = (opts.gcflags)(&l.packages[id].import_path, l.packages[id].cmdline);
                show.compile(l, id, &words, &keys[&id].hex()[..20], &cached);
            }
        }
        if opts.why {
            let std = todo.iter().filter(|i| l.packages[**i].standard).count();
            if std > 0 {
                eprintln!("rgo: {std} packages of the standard library: not in the cache");
            }
            for p in todo.iter().map(|i| &l.packages[*i]).filter(|p| !p.standard) {
                let what = if opts.rebuild { "asked for by -a".to_string() } else { why::reason(&cache, p, &why::parts(p, opts, &base, &seen, &sums)) };
                eprintln!("rgo: {}: {what}", p.import_path);
            }
        }
        if todo.is_empty() || opts.dry() {
            return Ok((built(keys, entries), Vec::new()));
        }
        let compiled: HashSet<PkgId> = todo.iter().copied().collect();
        let around: HashSet<PkgId> = l.post_order(&todo).into_iter().collect();
        let need = |id: PkgId| match (compiled.contains(&id), around.contains(&id) && l.packages[id].error.is_none()) {
            (true, _) => Need::Full,
            (false, true) => Need::Declarations,
            (false, false) => Need::Nothing,
        };
        let flags = |id: PkgId| front_flags(l, id, opts);
        let front_opts = FrontOptions { threads: opts.threads, trimpath: opts.trimpath, body_filter: Some(NEEDED), compiled: entries.clone() };
        // What is known of the functions of packages from the cache.
        let mut summaries: HashMap<PkgId, Vec<u8>> = HashMap::new();
        let mut damaged = false;
        for (&id, e) in entries.iter().filter(|e| around.contains(e.0)) {
            match e.read("summaries") {
                Some(s) => drop(summaries.insert(id, s)),
                None => {
                    have.remove(&keys[&id]);
                    damaged = true;
                }
            }
        }
        if damaged {
            continue;
        }
        let front = front::check(l, order, &need, &flags, &front_opts);
        let todo: Vec<PkgId> = todo.into_iter().filter(|id| front.checked[*id].get().is_some()).collect();
        let mut failures = front.errors.clone();
        if !failures.is_empty() && !opts.keep_going {
            return Ok((built(keys, entries), failures));
        }
        // What is true of the summaries, as far as it is known: of packages from the cache, and of each compiled one.
        let known: Mutex<HashMap<PkgId, Key>> = Mutex::new(HashMap::new());
        {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            for &id in order {
                if let Some(e) = entries.get(&id) {
                    let k = summaries_key(&l.packages[id], e, &known);
                    known.insert(id, k);
                }
            }
        }
        let job = codegen::Job { loader: l, todo: &todo, front: &front, known: &entries, summaries: &summaries, rt: &rt, opts };
        let new_keys: Mutex<HashMap<PkgId, Key>> = Mutex::default();
        let (new, failed) = codegen::compile_all(&job, &|id, e| {
            let p = &l.packages[id];
            let e = Artifact::Memory(e);
            let (key, sum) = {
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                let key = object_key(p, opts, &base, &seen, &known);
                if !p.standard {
                    why::note(&cache, p, &why::parts(p, opts, &base, &seen, &known));
                }
                let sum = summaries_key(p, &e, &known);
                known.insert(id, sum);
                (key, sum)
            };
            new_keys.lock().unwrap_or_else(PoisonError::into_inner).insert(id, key);
            let mut last = Entry::default();
            last.set("hash", sum.0.to_vec());
            // A full disk costs time, not correctness.
            let _ = cache.put(&prediction_key(&seen[&id]), &last);
            match &e {
                Artifact::Memory(m) if cache.put(&key, m).is_ok() => cache.open(&key).map_or(e, Artifact::Stored),
                _ => e,
            }
        })?;
        failures.extend(failed);
        let new_keys = new_keys.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (id, e) in &new {
            have.insert(new_keys[id], e.clone());
        }
        if !failures.is_empty() {
            entries.extend(new);
            keys.extend(new_keys);
            return Ok((built(keys, entries), failures));
        }
        // Everything was compiled against what is true unless a package from the cache was chosen on a wrong assumption; the next round finds out.
        if !first && new.is_empty() {
            return Err("internal compiler error: the build does not settle\n".into());
        }
        first = false;
    }
}

/// Initialisation order of a program's packages: of those whose imports are initialised, the one
/// with the smallest path is next.
fn init_order(l: &Loader<'_>, order: &[PkgId]) -> Vec<PkgId> {
    let mut left: HashMap<PkgId, usize> = HashMap::new();
    let mut users: HashMap<PkgId, Vec<PkgId>> = HashMap::new();
    let mut ready = BTreeSet::new();
    for &id in order {
        let deps: Vec<PkgId> = l.packages[id].deps.iter().copied().filter(|d| !l.packages[*d].is_unsafe()).collect();
        if l.packages[id].is_unsafe() {
            continue;
        }
        if deps.is_empty() {
            ready.insert((l.packages[id].pkg_path.clone(), id));
        }
        left.insert(id, deps.len());
        for d in deps {
            users.entry(d).or_default().push(id);
        }
    }
    let mut out = Vec::new();
    while let Some((_, id)) = ready.pop_first() {
        out.push(id);
        for u in users.remove(&id).unwrap_or_default() {
            if let Some(n) = left.get_mut(&u) {
                *n -= 1;
                if *n == 0 {
                    ready.insert((l.packages[u].pkg_path.clone(), u));
                }
            }
        }
    }
    out
}

impl Built {
    /// Nothing was compiled.
    fn empty(l: &Loader<'_>, runtime: PkgId, opts: &BuildOptions) -> Result<Built, String> {
        let cache = Cache::new(&opts.cache_dir);
        let rt = Arc::new(Runtime::find(&cache, l.race()).map_err(|m| m + "\n")?);
        Ok(Built { cache, keys: HashMap::new(), entries: HashMap::new(), runtime, rt, opts: opts.clone() })
    }

    /// The C side of a program; None if it has none.
    fn host(&self, l: &Loader<'_>, list: &[PkgId], opts: &LinkOptions, objects: bool) -> Result<Option<rgo_linker::host::Host>, String> {
        if !list.iter().any(|p| l.packages[*p].standard && l.packages[*p].import_path == "runtime/cgo") {
            return Ok(None);
        }
        let cxx = list.iter().any(|p| !l.packages[*p].cxx_files.is_empty());
        let cc = match &opts.extld {
            Some(v) => v.clone(),
            None => l.env.value(if cxx { "CXX" } else { "CC" }),
        };
        let mut h = rgo_linker::host::Host { command: crate::cgoflags::split_words(&cc)?, ..Default::default() };
        h.command.extend(crate::cc::arch_args(&l.env.goarch()));
        // Those that import come before what they import.
        for &id in list.iter().rev() {
            let p = &l.packages[id];
            if let Some(c) = &p.cgo {
                h.flags.extend(c.ldflags.iter().cloned());
                h.exports.extend(c.exports.iter().cloned());
                if objects {
                    if c.objects().is_none() {
                        crate::cgo::restore(l, id, &self.opts)?;
                    }
                    let own = c.objects().ok_or_else(|| format!("internal compiler error: no C objects of {}", p.import_path))?;
                    h.objects.extend(own.into_iter().map(|o| (p.import_path.clone(), rgo_linker::Input::Bytes(o))));
                }
            }
            if !p.standard && objects {
                h.objects.extend(p.syso_files.iter().map(|f| (p.import_path.clone(), rgo_linker::Input::Path(p.dir.join(f)))));
            }
        }
        h.flags.extend(opts.extldflags.iter().cloned());
        Ok(Some(h))
    }

    /// The packages of a program in initialisation order; the runtime's come first.
    fn program(&self, l: &Loader<'_>, id: PkgId) -> Vec<PkgId> {
        let first = init_order(l, &l.post_order(&[self.runtime]));
        let rest = init_order(l, &l.post_order(&[self.runtime, id]));
        let mut out = first.clone();
        out.extend(rest.into_iter().filter(|i| !first.contains(i)));
        out
    }

    /// Whether all packages of a program were compiled.
    pub fn is_complete(&self, l: &Loader<'_>, id: PkgId) -> bool {
        l.post_order(&[id]).into_iter().all(|p| l.packages[p].is_unsafe() || self.entries.contains_key(&p))
    }

    /// Whether the object of a package is there.
    pub fn has_object(&self, id: PkgId) -> bool {
        self.entries.contains_key(&id)
    }

    /// Whether a program file is what linking would write.
    pub fn is_current(&self, l: &Loader<'_>, id: PkgId, opts: &LinkOptions, out: &Path) -> bool {
        matches!(self.link_or_check(l, id, opts, out, true), Ok(Linked::Current))
    }

    /// The objects of packages, for the linker; None if one is damaged (it is no longer in the cache then).
    fn objects(&self, l: &Loader<'_>, list: &[PkgId]) -> Result<Option<Vec<rgo_linker::Object>>, String> {
        let _span = timings::span("read objects", "");
        let one = |p: &PkgId| {
            let path = &l.packages[*p].import_path;
            let e = self.entries.get(p).ok_or_else(|| format!("internal compiler error: no object for {path}"))?;
            Ok(codegen::object(path, e))
        };
        // All are looked at, so that all damaged ones are found at once.
        let all: Vec<Option<rgo_linker::Object>> = list.par_iter().map(one).collect::<Result<_, String>>()?;
        Ok(all.into_iter().collect())
    }

    /// Links a command.
    pub fn link(&self, l: &Loader<'_>, id: PkgId, opts: &LinkOptions, out: &Path) -> Result<(), String> {
        for _ in 0..3 {
            if !matches!(self.link_or_check(l, id, opts, out, false)?, Linked::Damaged) {
                return Ok(());
            }
            // What the damaged object was made of is still there.
            let order = l.post_order(&[id, self.runtime]);
            let (again, failures) = compile_loaded(l, self.runtime, &order, &self.opts)?;
            if !failures.is_empty() {
                return Err(errors_text(l, &failures));
            }
            if !matches!(again.link_or_check(l, id, opts, out, false)?, Linked::Damaged) {
                return Ok(());
            }
        }
        Err(format!("rgo: objects in {} are damaged again and again", self.cache.dir().display()))
    }

    /// What a program is made of, as a key; None when the runtime library cannot be read.
    pub fn program_key(&self, l: &Loader<'_>, id: PkgId, opts: &LinkOptions) -> Option<Key> {
        let mut k = KeyBuilder::new("program of a test");
        k.bytes("runtime library", &self.rt.hash);
        for p in self.program(l, id) {
            k.key("object", &self.keys[&p]);
        }
        k.text("options", &format!("{opts:?}"));
        Some(k.finish())
    }

    /// Links, or with `check` only says whether that is needed.
    fn link_or_check(&self, l: &Loader<'_>, id: PkgId, opts: &LinkOptions, out: &Path, check: bool) -> Result<Linked, String> {
        let _span = timings::span("link", &l.packages[id].import_path);
        let list = self.program(l, id);
        let dry = check || self.opts.dry();
        let paths: Vec<String> = list.iter().map(|&p| l.packages[p].pkg_path.clone()).collect();
        let mut k = KeyBuilder::new("main");
        k.key("runtime", &self.keys[&self.runtime]);
        for p in &paths {
            k.text("package", p);
        }
        let key = k.finish();
        let info = crate::buildinfo::of_program(l, id, opts);
        let mut o = rgo_linker::LinkOptions::new(out, rgo_linker::Input::Path(self.rt.archive.clone()));
        o.strip_symbols = opts.strip;
        o.strip_dwarf = opts.omit_debug;
        o.raw_dwarf = opts.raw_debug;
        o.x_vars = vec![
            ("runtime.buildVersion".into(), l.env.version_with_experiments()),
            ("runtime.defaultGOROOT".into(), if opts.trimpath { String::new() } else { l.env.goroot.display().to_string() }),
            // Readers cut 16 bytes off both ends, whatever they are.
            ("runtime.modinfo".into(), format!("{0}{1}{0}", "-".repeat(16), info.text)),
            ("runtime.godebugDefault".into(), crate::godebug::default_of(l, id)),
        ];
        if l.packages[id].is_test_main() {
            // What testing.Testing reports.
            o.x_vars.push(("testing.testBinary".into(), "1".into()));
        }
        if !dry {
            o.x_vars.extend(self.defines(&list, opts)?);
        }
        o.build_info = Some(rgo_linker::BuildInfo { go_version: info.go_version.clone(), modinfo: info.text.clone() });
        o.build_id = opts.build_id.clone().unwrap_or_else(|| {
            let mut k = KeyBuilder::new("link");
            k.key("main", &key);
            for p in &list {
                k.key("object", &self.keys[p]);
            }
            k.finish().hex()
        });
        o.host_build_id = match &opts.host_build_id {
            Some(b) => b.clone(),
            None if o.build_id.is_empty() => Vec::new(),
            None => blake3::hash(o.build_id.as_bytes()).as_bytes()[..20].to_vec(),
        };
        if let Some(m) = (!opts.extldflags.is_empty()).then(|| opts.extldflags.iter().find(|f| matches!(f.as_str(), "-pie" | "-shared"))).flatten() {
            return Err(format!("rgo: -extldflags={m} is not supported"));
        }
        o.host = self.host(l, &list, opts, false)?;
        // A program that is there already and is what this link would write stays as it is.
        let result = self.link_key(&list, &key, &o, opts);
        if let Some(r) = &result
            && self.is_result(r, out)
        {
            return Ok(Linked::Current);
        }
        if check {
            return Ok(Linked::No);
        }
        if let Some(show) = self.opts.show.as_ref().filter(|s| s.print) {
            let cached = |d: PkgId| self.entries.contains_key(&d).then(|| self.cache.path(&self.keys[&d]));
            let inner = show.work().ok().and_then(|w| out.strip_prefix(w).ok().map(Path::to_path_buf));
            let file = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let in_exe = inner.as_ref().is_none_or(|i| i.parent().is_some_and(|d| d.ends_with("exe")));
            let target = (if in_exe { "exe/" } else { "" }, if inner.is_some() { file.as_str() } else { "a.out" });
            if let Some(h) = &o.host {
                let line: Vec<String> = h.command.iter().chain(&h.flags).cloned().collect();
                show.line(&format!("{} # flags of the linker", crate::cc::text_of(&line)));
            }
            show.link(l, id, &LinkStep { packages: &list, cached: &cached, info: &info, words: &opts.words, build_id: &o.build_id, target });
            if inner.is_none() {
                show.moved(id, "a.out", out);
            }
            if dry {
                return Ok(Linked::No);
            }
        }
        let Some(objects) = self.objects(l, &list)? else { return Ok(Linked::Damaged) };
        o.objects = objects;
        o.host = self.host(l, &list, opts, true)?;
        let kept = self.cache.open(&key).and_then(|s| codegen::object("go:main", &Artifact::Stored(s)));
        o.objects.push(match kept {
            Some(o) => o,
            None => {
                let e = codegen::compile_main(&paths, &self.rt, &l.env.goarch())?;
                // A full disk costs time, not correctness.
                let _ = self.cache.put(&key, &e);
                codegen::object("go:main", &Artifact::Memory(e)).ok_or("internal compiler error: object without sections")?
            }
        });
        // LLD has global state.
        let _one = LINKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        {
            let _span = timings::span("linker", &l.packages[id].import_path);
            rgo_linker::link(&o).map_err(|e| e.0)?;
        }
        if let (Some(r), Some(h)) = (result, executable_hash(out)) {
            let mut e = Entry::default();
            e.set("hash", h.to_vec());
            // A full disk costs time, not correctness.
            let _ = self.cache.put(&r, &e);
            self.note_current(&r, out);
        }
        Ok(Linked::Done)
    }

    fn note_current(&self, result: &Key, out: &Path) {
        if let Some(s) = Stamp::at(out) {
            self.cache.note(&format!("program {}", result.hex()), out, &s, vec![1]);
        }
    }

    /// Whether a file is the program of a link with this key.
    fn is_result(&self, result: &Key, out: &Path) -> bool {
        use std::os::unix::fs::PermissionsExt;
        let Ok(m) = std::fs::metadata(out) else { return false };
        if m.permissions().mode() & 0o111 == 0 {
            return false;
        }
        if Stamp::of(&m).is_some_and(|s| self.cache.fact(&format!("program {}", result.hex()), out, &s).is_some()) {
            return true;
        }
        let same = self.cache.get(result).is_some_and(|e| executable_hash(out).is_some_and(|h| e.get("hash") == h.as_slice()));
        if same {
            self.note_current(result, out);
        }
        same
    }

    /// Links a command for the errors only; what linked once is believed to link.
    pub fn check_link(&self, l: &Loader<'_>, id: PkgId, opts: &LinkOptions) -> Result<(), String> {
        let mut k = KeyBuilder::new("linked");
        for p in self.program(l, id) {
            k.key("object", &self.keys[&p]);
        }
        k.text("options", &format!("{opts:?}"));
        let key = k.finish();
        if self.cache.get(&key).is_some() && !self.opts.show.as_ref().is_some_and(|s| s.print) {
            return Ok(());
        }
        let dir = tempfile::Builder::new().prefix("rgo-link").tempdir().map_err(|e| format!("temporary directory: {e}"))?;
        self.link(l, id, opts, &dir.path().join(l.packages[id].exec_name()))?;
        // A full disk costs time, not correctness.
        let _ = self.cache.put(&key, &Entry::default());
        Ok(())
    }

    /// The `-X` settings of variables that exist; those of other types than string are errors.
    fn defines(&self, list: &[PkgId], opts: &LinkOptions) -> Result<Vec<(String, String)>, String> {
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        // The last of several settings counts.
        let mut last: Vec<&(String, String)> = Vec::new();
        for d in &opts.defines {
            match last.iter().position(|e| e.0 == d.0) {
                Some(i) => last[i] = d,
                None => last.push(d),
            }
        }
        for (name, value) in last {
            let typ = list.iter().filter_map(|p| self.entries.get(p)).find_map(|e| {
                let text = String::from_utf8(e.read("variables").unwrap_or_default()).unwrap_or_default();
                text.lines().filter_map(|l| l.split_once('\t')).find(|(n, _)| n == name).map(|(_, t)| t.to_string())
            });
            match typ.as_deref() {
                None => {}
                Some("string") => out.push((name.clone(), value.clone())),
                Some(t) => errors.push(format!("{name}: cannot set with -X: not a var of type string (type:{t})")),
            }
        }
        if errors.is_empty() { Ok(out) } else { Err(errors.join("\n")) }
    }

    /// Links a command to a place in the cache, unless it is there.
    pub fn kept_program(&self, l: &Loader<'_>, id: PkgId, opts: &LinkOptions) -> Result<PathBuf, String> {
        let mut k = KeyBuilder::new("kept program");
        for p in self.program(l, id) {
            k.key("object", &self.keys[&p]);
        }
        k.text("options", &format!("{opts:?}"));
        let dir = self.cache.dir().join("programs").join(k.finish().hex());
        let exe = dir.join(l.packages[id].exec_name());
        if executable_hash(&exe).is_none() {
            std::fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
            let tmp = dir.join(format!(".tmp-{}", std::process::id()));
            self.link(l, id, opts, &tmp)?;
            std::fs::rename(&tmp, &exe).map_err(|e| format!("{}: {e}", exe.display()))?;
        }
        Ok(exe)
    }

    /// Everything the contents of a program depend on; None when the runtime library cannot be read.
    fn link_key(&self, list: &[PkgId], main: &Key, o: &rgo_linker::LinkOptions, opts: &LinkOptions) -> Option<Key> {
        let mut k = KeyBuilder::new("program");
        k.key("main", main);
        k.bytes("runtime library", &self.rt.hash);
        for p in list {
            k.key("object", &self.keys[p]);
        }
        k.text("strip", if opts.strip { "1" } else { "0" }).text("debug", if opts.omit_debug { "0" } else if opts.raw_debug { "raw" } else { "1" });
        for (name, value) in &o.x_vars {
            k.text("name", name).text("value", value);
        }
        if let Some(h) = &o.host {
            if let Some(s) = h.command.first().and_then(|c| Stamp::at(&crate::cc::look_path(c)?)) {
                k.bytes("C compiler", &s.0);
            }
            for (name, list) in [("driver", &h.command), ("flag", &h.flags), ("export", &h.exports)] {
                for w in list {
                    k.text(name, w);
                }
            }
        }
        k.text("id", &o.build_id).bytes("host id", &o.host_build_id);
        if let Some(b) = &o.build_info {
            k.text("version", &b.go_version).text("info", &b.modinfo);
        }
        Some(k.finish())
    }

    /// Writes the object of a package that is no command.
    pub fn write_object(&self, _l: &Loader<'_>, id: PkgId, out: &Path) -> Result<(), String> {
        let e = self.entries.get(&id).ok_or("internal compiler error: object is missing")?;
        let data = e.read("object").ok_or("rgo: the object in the cache is damaged; build again")?;
        // An archive of one member, as `ar` writes it.
        let mut file = format!("!<arch>\n{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", "_go_.o/", 0, 0, 0, "644", data.len()).into_bytes();
        file.extend_from_slice(&data);
        if file.len() % 2 != 0 {
            file.push(b'\n');
        }
        std::fs::write(out, file).map_err(|e| format!("open {}: {}", out.display(), crate::modload::io_text(&e)))
    }
}
