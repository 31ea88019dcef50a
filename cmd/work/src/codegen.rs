//! From checked packages to objects: lowering, passes, LLVM; and the runtime library they are linked with.

use crate::asm;
use crate::build::{BuildOptions, flags_of};
use crate::cache::{Artifact, Cache, Entry, Key, OBJECT};
use crate::front::{Checked, FrontEnd};
use crate::imports;
use crate::load::{Loader, Package, PkgId};
use crate::pool;
use rgo_llvm::{Level, RtSymbols};
use rgo_lower::program::{BodylessRules, EmbedFile};
use rgo_lower::{PackageData, Program, lower_main, lower_package};
use rgo_opt::Summaries;
use rgo_syntax::ast::{Decl, Spec};
use std::collections::{BTreeSet, HashMap, HashSet};
use crate::stamp::Stamp;
use crate::timings;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The runtime library.
pub struct Runtime {
    pub archive: PathBuf,
    pub symbols: RtSymbols,
    /// Hash of the names it provides.
    pub symbols_hash: [u8; 32],
    /// Hash of the file.
    pub hash: [u8; 32],
}

impl Runtime {
    /// Finds librgort.a, or, with the race detector, librgort_race.a: RGO_RT (RGO_RT_RACE), beside the program, in an installation's lib folder,
    /// inside the program itself, or in the source tree the program was built from.
    pub fn find(cache: &Cache, race: bool) -> Result<Runtime, String> {
        let (name, variable, inside) = match race {
            false => ("librgort.a", "RGO_RT", crate::stdrules::RUNTIME),
            true => ("librgort_race.a", "RGO_RT_RACE", crate::stdrules::RUNTIME_RACE),
        };
        let mut tries: Vec<PathBuf> = Vec::new();
        tries.extend(std::env::var_os(variable).map(PathBuf::from));
        if let Some(dir) = std::env::current_exe().ok().and_then(|p| p.canonicalize().ok()).and_then(|p| p.parent().map(PathBuf::from)) {
            tries.push(dir.join(name));
            tries.push(dir.join("../lib/rgo").join(name));
        }
        if let Some(data) = inside {
            tries.push(unpacked(cache, name, data).map_err(|e| format!("rgo: {}: {e}", cache.dir().display()))?);
        }
        let tree = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../runtime/rt/target"));
        // The race detector's is built in a folder of its own, where cargo gives it the same name.
        let tree = if race { tree.join("race") } else { tree };
        tries.push(tree.join("release/librgort.a"));
        tries.push(tree.join("debug/librgort.a"));
        let archive = tries.iter().find(|p| p.is_file()).cloned().ok_or_else(|| {
            format!("rgo: the runtime library {name} is missing; run rgo's set-up (looked for {})", tries[0].display())
        })?;
        let stamp = Stamp::at(&archive);
        let (hash, text) = match stamp.and_then(|s| cache.fact("runtime library", &archive, &s)).filter(|f| f.len() > 32) {
            Some(f) => (f[..32].to_vec(), String::from_utf8_lossy(&f[32..]).into_owned()),
            None => {
                let fail = |e: &dyn std::fmt::Display| format!("rgo: {}: {e}", archive.display());
                let data = std::fs::read(&archive).map_err(|e| fail(&e))?;
                let symbols = RtSymbols::from_archive(&data).map_err(|e| fail(&e))?;
                let names: BTreeSet<String> =
                    symbols.full.iter().map(|n| format!("rt.{n}")).chain(symbols.leaf.iter().map(|n| format!("rt1.{n}"))).collect();
                let text = names.into_iter().collect::<Vec<_>>().join("\n");
                let hash = blake3::hash(&data).as_bytes().to_vec();
                if let Some(s) = stamp {
                    cache.note("runtime library", &archive, &s, [&hash, text.as_bytes()].concat());
                }
                (hash, text)
            }
        };
        Ok(Runtime {
            archive,
            symbols: RtSymbols::from_names(text.lines()),
            symbols_hash: *blake3::hash(text.as_bytes()).as_bytes(),
            hash: hash.try_into().unwrap_or_default(),
        })
    }
}

/// The library inside the program, as a file in the cache.
fn unpacked(cache: &Cache, name: &str, data: &[u8]) -> std::io::Result<PathBuf> {
    // The program does not change while its file does not: its hash need not be computed every time.
    let exe = std::env::current_exe()?;
    let stamp = Stamp::at(&exe);
    if let Some(h) = stamp.and_then(|s| cache.fact("library inside", &exe, &s)).and_then(|h| h.try_into().ok()) {
        if let Some(path) = cache.kept_file(name, &Key(h), data.len() as u64) {
            return Ok(path);
        }
    }
    let path = cache.file(name, data)?;
    if let Some(s) = stamp {
        cache.note("library inside", &exe, &s, blake3::hash(data).as_bytes().to_vec());
    }
    Ok(path)
}

/// The section with the object of a package's assembly, if it has any.
const ASSEMBLY: &str = "assembly";

/// What is to be compiled.
pub struct Job<'a> {
    pub loader: &'a Loader<'a>,
    /// In dependency order.
    pub todo: &'a [PkgId],
    pub front: &'a FrontEnd,
    /// Results of packages that need no compilation.
    pub known: &'a HashMap<PkgId, Arc<Artifact>>,
    /// Escape summaries of those that compilation may ask for.
    pub summaries: &'a HashMap<PkgId, Vec<u8>>,
    pub rt: &'a Runtime,
    pub opts: &'a BuildOptions,
}

/// Objects, and messages about packages that have none.
pub type Results = (HashMap<PkgId, Arc<Artifact>>, Vec<(PkgId, String)>);

/// Compiles packages in parallel. `done` is called with each result.
pub fn compile_all(job: &Job<'_>, done: &(dyn Fn(PkgId, Entry) -> Artifact + Sync)) -> Result<Results, String> {
    let l = job.loader;
    let mut rules = BodylessRules::default();
    rules.aliases.extend(l.rules.alias.iter().map(|(k, v)| (k.clone(), v.clone())));
    rules.stubs.extend(l.rules.stub.iter().cloned());
    rules.ignored.extend(l.rules.ignore.iter().cloned());
    let program = Program::new(rules);
    let mut data: HashMap<PkgId, &'static PackageData> = HashMap::new();
    for (id, c) in job.front.checked.iter().enumerate() {
        if let Some(c) = c.get() {
            let imported = c.imported.as_ref().and_then(|m| m.lock().unwrap_or_else(PoisonError::into_inner).take());
            let mut d = imported.unwrap_or_else(|| PackageData::new(c.pkg, c.files.clone(), c.info, l.packages[id].standard));
            if c.full {
                d.embeds = embeds(&l.packages[id], c)?;
            }
            data.insert(id, program.add(d));
        }
    }
    // Summaries by package, and packages by the prefix of their symbols.
    let summaries: Vec<OnceLock<Summaries>> = l.packages.iter().map(|_| OnceLock::new()).collect();
    for (id, text) in job.summaries {
        let _ = summaries[*id].set(Summaries::from_text(&String::from_utf8_lossy(text)));
    }
    let closures: HashMap<PkgId, HashMap<String, PkgId>> = job.todo.iter().map(|&id| {
        let m = l.post_order(&[id]).into_iter().filter(|d| *d != id);
        (id, m.map(|d| (rgo_lower::names::path_to_prefix(&l.packages[d].pkg_path), d)).collect())
    }).collect();
    let results: Mutex<HashMap<PkgId, Arc<Artifact>>> = Mutex::default();
    let failures: Mutex<Vec<(usize, String)>> = Mutex::default();
    let has_object = |id: PkgId| {
        l.packages[id].is_unsafe() || job.known.contains_key(&id) || results.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&id)
    };
    let index: HashMap<PkgId, usize> = job.todo.iter().enumerate().map(|(i, &id)| (id, i)).collect();
    let deps = |i: usize| l.packages[job.todo[i]].deps.iter().filter_map(|d| index.get(d).copied()).collect();
    let task = |i: usize| {
        let id = job.todo[i];
        let p = &l.packages[id];
        if !p.deps.iter().all(|d| has_object(*d)) {
            return;
        }
        if job.opts.verbose {
            eprintln!("{}", p.import_path);
        }
        let closure = &closures[&id];
        let external = |sym: &str| summaries[*closure.get(home(sym))?].get()?.get(sym).cloned();
        // A fault of the compiler concerns one package: the others are still worth compiling.
        let one = std::panic::AssertUnwindSafe(|| compile_one(job, &program, data[&id], p, id, &external));
        match std::panic::catch_unwind(one).unwrap_or_else(|e| Err(fault(p, e))) {
            Ok((e, s)) => {
                let _ = summaries[id].set(s);
                let e = done(id, e);
                results.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::new(e));
            }
            Err(m) => failures.lock().unwrap_or_else(PoisonError::into_inner).push((i, m)),
        }
    };
    // Packages with many users, and large ones, first.
    pool::run(job.todo.len(), &deps, &|i| -(i as i64), job.opts.threads.max(1), &task);
    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort();
    let failures = failures.into_iter().map(|(i, m)| (job.todo[i], m)).collect();
    Ok((results.into_inner().unwrap_or_else(PoisonError::into_inner), failures))
}

/// The message about a fault of the compiler itself.
fn fault(p: &Package, e: Box<dyn std::any::Any + Send>) -> String {
    if let Some(m) = e.downcast_ref::<crate::imports::SourceFault>() {
        return m.0.clone();
    }
    let text = e.downcast_ref::<String>().cloned().or_else(|| e.downcast_ref::<&str>().map(|s| s.to_string()));
    let text = text.unwrap_or_else(|| "unknown fault".into());
    let lead = if text.starts_with("internal compiler error") { "" } else { "internal compiler error: " };
    format!("{lead}{text}\n\nwhile compiling {} in {}\nPlease report this with the source files of the package.", p.import_path, p.dir.display())
}

/// The package part of a symbol: up to the first dot behind the last slash of the part before type arguments.
fn home(sym: &str) -> &str {
    let head = &sym[..sym.find(['[', '(']).unwrap_or(sym.len())];
    let slash = head.rfind('/').map_or(0, |i| i + 1);
    match head[slash..].find('.') {
        Some(dot) => &sym[..slash + dot],
        None => "",
    }
}

fn compile_one(
    job: &Job<'_>,
    program: &Program,
    data: &'static PackageData,
    p: &Package,
    id: PkgId,
    external: &dyn Fn(&str) -> Option<rgo_opt::FuncSummary>,
) -> Result<(Entry, Summaries), String> {
    let flags = flags_of(job.loader, id, job.opts)?;
    let _span = timings::span("compile", &p.import_path);
    let assembled = if asm::needed(p, program, data, job.rt) {
        let _span = timings::span("assemble", &p.import_path);
        let a = asm::assemble(&job.loader.env, p, program, data, &[])?;
        let _ = data.assembly.set(a.symbols());
        Some(a)
    } else {
        None
    };
    let mut m = {
        let _span = timings::span("lower", &p.import_path);
        lower_package(program, data).map_err(|list| {
            let mut log = rgo_types::report::ErrorLog::new();
            for (pos, msg) in &list {
                log.add(*pos, msg);
            }
            let text: String = log.lines().into_iter().map(|l| l + "\n").collect();
            crate::report::shorten(&text, &crate::front::shown_dir(p, job.opts.trimpath), &p.dir, &job.loader.env.cwd)
        })?
    };
    dump(&m, p, "lowered");
    let summaries = {
        let _span = timings::span("optimize", &p.import_path);
        let race = job.loader.race();
        if !flags.no_opt {
            rgo_opt::optimize(&mut m, external, race)
        } else {
            if race {
                rgo_opt::race::run(&mut m);
            }
            Summaries::default()
        }
    };
    dump(&m, p, "optimized");
    let level = if flags.no_opt { Level::Dev } else { Level::Release };
    let mut e = object_of(&m, level, job.rt, &job.loader.env.goarch(), p)?;
    if let Some(a) = &assembled {
        let (object, mut funcs) = a.object(p, data, &m)?;
        let own = rgo_abi::functab::read_sidecar(e.get("sidecar"));
        funcs.extend(own.unwrap_or_else(|| panic!("internal compiler error: function table of {}", p.import_path)));
        e.set("sidecar", rgo_abi::functab::write_sidecar(&funcs));
        e.set(ASSEMBLY, object);
    }
    e.set("summaries", summaries.to_text().into_bytes());
    {
        let _span = timings::span("export", &p.import_path);
        // Where there is none, importers read the sources.
        e.set(imports::EXPORT, imports::export_of(data, rgo_lower::inline::needed_by_importers).unwrap_or_default());
        e.set(imports::LINKNAMES, data.linknames.to_text().into_bytes());
    }
    let variables: Vec<String> = rgo_lower::package::variables(program, data).into_iter().map(|(n, t)| format!("{n}\t{t}\n")).collect();
    e.set("variables", variables.concat().into_bytes());
    Ok((e, summaries))
}

/// Writes IR where RGO_DUMP names a folder (work on the compiler).
fn dump(m: &rgo_ir::Module, p: &Package, stage: &str) {
    if let Some(dir) = std::env::var_os("RGO_DUMP") {
        let name = format!("{}.{stage}.ir", p.import_path.replace('/', "_"));
        // Nothing depends on it.
        let _ = std::fs::write(PathBuf::from(dir).join(name), rgo_ir::print::print(m));
    }
}

fn object_of(m: &rgo_ir::Module, level: Level, rt: &Runtime, goarch: &str, p: &Package) -> Result<Entry, String> {
    if goarch != "amd64" {
        return Err(format!("rgo: GOARCH={goarch} is not supported yet"));
    }
    let mut o = rgo_llvm::Options::linux_amd64(level, &rt.symbols);
    if let Some(dir) = std::env::var_os("RGO_DUMP") {
        let name = |stage: &str| PathBuf::from(&dir).join(format!("{}.{stage}.ll", p.import_path.replace('/', "_")));
        o.emit_ir.before = Some(name("before"));
        o.emit_ir.after = Some(name("after"));
    }
    let out = {
        let _span = timings::span("llvm", &p.import_path);
        rgo_llvm::compile_module(m, &o).map_err(|e| e.0)?
    };
    if timings::enabled() {
        for s in &out.steps {
            timings::add(s.name, p.import_path.clone(), s.start, s.wall, s.cpu);
        }
    }
    let mut e = Entry::default();
    e.set("object", out.object);
    e.set("sidecar", out.sidecar);
    e.set("graph", out.graph);
    let aliases: Vec<String> = out.foreign_aliases.iter().map(|(a, t)| format!("{a}\t{t}\n")).collect();
    e.set("aliases", aliases.concat().into_bytes());
    Ok(e)
}

/// Compiles the module that starts a program.
pub fn compile_main(paths: &[String], rt: &Runtime, goarch: &str) -> Result<Entry, String> {
    let m = lower_main(paths);
    object_of(&m, Level::Release, rt, goarch, &Package { import_path: "go:main".into(), ..Package::default() })
}

/// A result as the linker takes it; None if it is damaged.
pub fn object(package: &str, e: &Artifact) -> Option<rgo_linker::Object> {
    let object = match e {
        // It is read for its hash only: the linker maps the file.
        Artifact::Stored(s) => s.read(OBJECT).map(|_| rgo_linker::Input::Path(s.path().into()))?,
        Artifact::Memory(e) => rgo_linker::Input::Bytes(e.get(OBJECT).to_vec()),
    };
    let text = String::from_utf8_lossy(&e.read("aliases")?).into_owned();
    let assembly = if e.hash(ASSEMBLY) == [0; 32] { None } else { Some(e.read(ASSEMBLY)?) };
    Some(rgo_linker::Object {
        package: package.into(),
        object,
        assembly: assembly.map(rgo_linker::Input::Bytes),
        sidecar: Some(rgo_linker::Input::Bytes(e.read("sidecar")?)),
        graph: Some(rgo_linker::Input::Bytes(e.read("graph")?)),
        aliases: text.lines().filter_map(|l| l.split_once('\t')).map(|(a, t)| (a.into(), t.into())).collect(),
    })
}

/// Contents of the variables with `//go:embed`.
fn embeds(p: &Package, c: &Checked) -> Result<HashMap<rgo_syntax::ast::NodeId, Vec<EmbedFile>>, String> {
    let mut out = HashMap::new();
    for f in &c.files {
        for d in &f.decls {
            let Decl::Gen(g) = d else { continue };
            for s in &g.specs {
                let Spec::Value(v) = s else { continue };
                let patterns: Vec<String> = rgo_syntax::pragma::embeds(&v.pragmas).into_iter().flat_map(|e| e.1).collect();
                let (Some(name), false) = (v.names.first(), patterns.is_empty()) else { continue };
                let mut files: BTreeSet<&String> = BTreeSet::new();
                for pat in &patterns {
                    files.extend(p.embeds.get(pat).into_iter().flatten());
                }
                let is_fs = c.info.def_of(name).is_some_and(|o| matches!(o.typ().underlying(), rgo_types::Type::Struct(_)));
                out.insert(name.id, embed_list(p, &files, is_fs)?);
            }
        }
    }
    Ok(out)
}

/// The files of one variable; for a file system with all folders, ordered by folder, then name.
fn embed_list(p: &Package, files: &BTreeSet<&String>, is_fs: bool) -> Result<Vec<EmbedFile>, String> {
    let mut list = Vec::new();
    let mut dirs: HashSet<String> = HashSet::new();
    for f in files {
        let path = p.dir.join(f.as_str());
        let data = std::fs::read(&path).map_err(|e| format!("embed: {}: {}", path.display(), crate::modload::io_text(&e)))?;
        list.push(EmbedFile { name: f.to_string(), data });
        let mut d = f.as_str();
        while let (true, Some((parent, _))) = (is_fs, d.rsplit_once('/')) {
            if dirs.insert(parent.to_string()) {
                list.push(EmbedFile { name: format!("{parent}/"), data: Vec::new() });
            }
            d = parent;
        }
    }
    list.sort_by_key(|f| {
        let name = f.name.trim_end_matches('/');
        let (dir, elem) = name.rsplit_once('/').unwrap_or((".", name));
        (dir.to_string(), elem.to_string())
    });
    Ok(list)
}

#[cfg(test)]
mod tests {
    #[test]
    fn homes() {
        for (sym, want) in [
            ("fmt.Println", "fmt"),
            ("a.b/c.(*T).M", "a.b/c"),
            ("slices.Sort[[]int,a.b/c.T]", "slices"),
            ("net/http.F.func1", "net/http"),
            ("x", ""),
        ] {
            assert_eq!(super::home(sym), want);
        }
    }
}
