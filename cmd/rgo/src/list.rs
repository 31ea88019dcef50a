//! `rgo list`: packages and modules as text or JSON.

use crate::base::{self, Exit, Outcome};
use crate::env::json_string;
use crate::flags::{Kind, flag};
use crate::listmod::module_fields;
use rgo_work::goenv::GoEnv;
use rgo_work::load::{Loader, Package, PkgId};
use crate::template::{Funcs, KEEP, TEXT, Template, Value};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

/// A value as indented JSON.
pub fn json(v: &Value, indent: usize, out: &mut String) {
    let pad = |n: usize| "\t".repeat(n);
    match v {
        Value::Nil => out.push_str("null"),
        Value::Str(s) => out.push_str(&json_string(s)),
        Value::Bool(b) => drop(write!(out, "{b}")),
        Value::Int(i) => drop(write!(out, "{i}")),
        Value::List(l) if l.is_empty() => out.push_str("[]"),
        Value::List(l) => {
            out.push_str("[\n");
            for (i, v) in l.iter().enumerate() {
                out.push_str(&pad(indent + 1));
                json(v, indent + 1, out);
                out.push_str(if i + 1 < l.len() { ",\n" } else { "\n" });
            }
            let _ = write!(out, "{}]", pad(indent));
        }
        Value::Map(m) => {
            out.push_str("{\n");
            for (i, (k, v)) in m.iter().enumerate() {
                let _ = write!(out, "{}{}: ", pad(indent + 1), json_string(k));
                json(v, indent + 1, out);
                out.push_str(if i + 1 < m.len() { ",\n" } else { "\n" });
            }
            let _ = write!(out, "{}}}", pad(indent));
        }
        Value::Object(o) => {
            out.push_str("{\n");
            let keep = o.iter().any(|(k, _)| *k == KEEP);
            let live: Vec<_> = o.iter().filter(|(k, v)| *k != TEXT && *k != KEEP && (keep || !v.is_zero())).collect();
            for (i, (k, v)) in live.iter().enumerate() {
                let _ = write!(out, "{}{}: ", pad(indent + 1), json_string(k));
                json(v, indent + 1, out);
                out.push_str(if i + 1 < live.len() { ",\n" } else { "\n" });
            }
            let _ = write!(out, "{}}}", pad(indent));
        }
    }
}

/// What a listing of packages refers to.
struct Listing<'a> {
    l: &'a Loader<'a>,
    env: &'a GoEnv,
    roots: &'a [PkgId],
    patterns: &'a [String],
    find: bool,
    compiled: bool,
    exporting: bool,
    /// Packages named by the patterns, without variants for tests.
    named: &'a [PkgId],
    exports: &'a HashMap<PkgId, std::path::PathBuf>,
    tests: bool,
    /// Why packages would be built anew, by import path.
    stale: &'a HashMap<String, String>,
}

fn package_fields(x: &Listing<'_>, id: PkgId) -> Vec<(&'static str, Value)> {
    let (l, env) = (x.l, x.env);
    let p: &Package = &l.packages[id];
    let s = |t: &str| Value::Str(t.to_string());
    let list = Value::list;
    let names = |v: &[rgo_work::load::SourceFile]| Value::List(v.iter().map(|f| Value::Str(f.name.clone())).collect());
    let closure: Vec<PkgId> = if x.find { Vec::new() } else { l.post_order(&[id]) };
    let mut deps: Vec<String> = closure.iter().filter(|d| **d != id).map(|d| l.packages[*d].import_path.clone()).collect();
    deps.sort();
    let resolved = |i: &String| match p.dep_of.get(i) {
        Some(d) => l.packages[*d].import_path.clone(),
        None => p.import_map.get(i).unwrap_or(i).clone(),
    };
    let mut written = p.imports.clone();
    if x.compiled {
        // What only generated files import.
        let made = p.cgo.iter().flat_map(|c| &c.go).flat_map(|f| &f.header.imports);
        let more: std::collections::BTreeSet<String> = made.map(|i| i.path.clone()).filter(|i| !p.imports.contains(i)).collect();
        written.extend(more);
    }
    let mut imports: Vec<String> = if x.find { Vec::new() } else { written.iter().map(resolved).collect() };
    let mut seen = std::collections::HashSet::new();
    imports.retain(|i| seen.insert(i.clone()));
    let map: Vec<(String, Value)> = written.iter().map(|i| (i.clone(), resolved(i))).filter(|(a, b)| a != b).map(|(a, b)| (a, Value::Str(b))).collect();
    let is_root = x.roots.contains(&id);
    // Nothing named means this folder, which is not shown as a match.
    let matches = if x.patterns.is_empty() && x.named.contains(&id) { vec![".".to_string()] } else { p.matched.clone() };
    let matches = if is_root { matches } else { Vec::new() };
    let root = match (&p.module, p.standard) {
        (_, true) => env.goroot.display().to_string(),
        (Some(m), _) => m.dir.display().to_string(),
        _ => String::new(),
    };
    let target = if p.is_main() && p.import_path.starts_with("cmd/") && p.standard {
        match p.import_path.as_str() {
            "cmd/go" | "cmd/gofmt" => env.goroot.join("bin").join(p.exec_name()).display().to_string(),
            _ => format!("{}/{}", env.value("GOTOOLDIR"), p.exec_name()),
        }
    } else if p.is_main() && !p.standard && p.for_test.is_none() && !p.import_path.ends_with(".test") {
        let gobin = match env.gobin().as_str() {
            "" => std::env::split_paths(&env.gopath()).next().unwrap_or_default().join("bin"),
            b => std::path::PathBuf::from(b),
        };
        gobin.join(p.exec_name() + &env.value("GOEXE")).display().to_string()
    } else {
        String::new()
    };
    let error = p.error.as_ref().map_or(Value::Nil, error_value);
    let deps_errors: Vec<Value> = closure.iter().filter(|d| **d != id).filter_map(|d| l.packages[*d].error.as_ref()).map(error_value).collect();
    let incomplete = closure.iter().any(|d| l.packages[*d].error.is_some()) || p.error.is_some();
    let empty = || Value::List(Vec::new());
    // The main program of a test is a file in the cache.
    let test_main = p.import_path.ends_with(".test");
    let tests_of = |list: &[String]| {
        if x.find {
            return Value::List(Vec::new());
        }
        let mut v: Vec<String> = list.iter().map(|i| l.resolved_path(i, id)).collect();
        v.sort();
        Value::list(&v)
    };
    let embedded = |list: &[String]| if x.tests { Value::list(list) } else { Value::List(Vec::new()) };
    let go_files = if test_main {
        let kept = |f: &rgo_work::load::SourceFile| rgo_work::cache::output_file(&env.gocache(), &f.data().unwrap_or_default()).map_or(f.name.clone(), |p| p.display().to_string());
        Value::List(p.go_files.iter().map(|f| Value::Str(kept(f))).collect())
    } else {
        names(&p.go_files)
    };
    vec![
        ("Dir", s(&p.dir.display().to_string())),
        ("ImportPath", s(&p.import_path)),
        ("ImportComment", s("")),
        ("Name", s(&p.name)),
        ("Doc", s(&p.doc)),
        ("Target", Value::Str(target)),
        ("Shlib", s("")),
        ("Root", s(&root)),
        ("ConflictDir", s("")),
        ("ForTest", s(p.for_test.as_deref().unwrap_or(""))),
        ("Export", Value::Str(x.exports.get(&id).map_or(String::new(), |p| p.display().to_string()))),
        ("BuildID", Value::Str(x.exports.get(&id).map_or(String::new(), |p| build_id(p)))),
        ("Module", p.module.as_ref().map_or(Value::Nil, |m| Value::Object(module_fields(m)))),
        ("Match", list(&matches)),
        ("Goroot", Value::Bool(p.standard && !test_main)),
        ("Standard", Value::Bool(p.standard && !test_main && !p.import_path.contains("_test ["))),
        ("DepOnly", Value::Bool(!is_root)),
        ("Incomplete", Value::Bool(incomplete)),
        ("DefaultGODEBUG", if p.is_main() && p.error.is_none() { Value::Str(rgo_work::godebug::default_of(l, id)) } else { s("") }),
        ("Stale", Value::Bool(x.stale.contains_key(&p.import_path))),
        ("StaleReason", s(x.stale.get(&p.import_path).map_or("", String::as_str))),
        ("GoFiles", go_files.clone()),
        ("CgoFiles", names(&p.cgo_files)),
        ("CompiledGoFiles", if x.compiled && p.error.is_none() && !p.is_unsafe() && (!p.is_test_main() || x.exporting) { compiled_files(p, go_files, env) } else { empty() }),
        ("IgnoredGoFiles", list(&p.ignored_go_files)),
        ("InvalidGoFiles", list(&p.invalid_go_files)),
        ("IgnoredOtherFiles", list(&p.ignored_other_files)),
        ("CFiles", list(&p.c_files)),
        ("CXXFiles", list(&p.cxx_files)),
        ("MFiles", list(&p.m_files)),
        ("HFiles", list(&p.h_files)),
        ("FFiles", list(&p.f_files)),
        ("SFiles", list(&p.s_files)),
        ("SwigFiles", list(&p.swig_files)),
        ("SwigCXXFiles", list(&p.swigcxx_files)),
        ("SysoFiles", list(&p.syso_files)),
        ("EmbedPatterns", list(&p.embed_patterns)),
        ("EmbedFiles", list(&p.embed_files)),
        ("CgoCFLAGS", list(&p.directives.cflags)),
        ("CgoCPPFLAGS", list(&p.directives.cppflags)),
        ("CgoCXXFLAGS", list(&p.directives.cxxflags)),
        ("CgoFFLAGS", list(&p.directives.fflags)),
        ("CgoLDFLAGS", list(&p.directives.ldflags)),
        ("CgoPkgConfig", list(&p.directives.pkg_config)),
        ("Imports", list(&imports)),
        ("ImportMap", Value::Map(map)),
        ("Deps", list(&deps)),
        ("Error", error),
        ("DepsErrors", Value::List(deps_errors)),
        ("TestGoFiles", names(&p.test_go_files)),
        ("TestImports", tests_of(&p.test_imports)),
        ("TestEmbedPatterns", list(&p.test_embeds.0)),
        ("TestEmbedFiles", embedded(&p.test_embeds.1)),
        ("XTestGoFiles", names(&p.xtest_go_files)),
        ("XTestImports", tests_of(&p.xtest_imports)),
        ("XTestEmbedPatterns", list(&p.xtest_embeds.0)),
        ("XTestEmbedFiles", embedded(&p.xtest_embeds.1)),
    ]
}

/// The files the compiler gets: those that cgo made lie in the cache.
fn compiled_files(p: &Package, go_files: Value, env: &GoEnv) -> Value {
    let Value::List(mut v) = go_files else { return go_files };
    for f in p.cgo.iter().flat_map(|c| &c.go) {
        let kept = f.data().ok().and_then(|d| rgo_work::cache::output_file(&env.gocache(), &d).ok());
        v.extend(kept.map(|k| Value::Str(k.display().to_string())));
    }
    Value::List(v)
}

/// The build ID in a file with export data.
fn build_id(path: &std::path::Path) -> String {
    let data = std::fs::read(path).unwrap_or_default();
    let head = String::from_utf8_lossy(&data[..data.len().min(400)]).into_owned();
    let id = head.split("build id \"").nth(1).and_then(|r| r.split('"').next()).unwrap_or("");
    format!("{id}/{id}")
}

fn error_value(e: &rgo_work::load::PkgError) -> Value {
    let stack: Vec<String> = e.stack.iter().map(|x| x.0.clone()).collect();
    Value::Object(vec![("ImportStack", Value::list(&stack)), ("Pos", Value::Str(e.pos.clone())), ("Err", Value::Str(e.msg.clone())), (KEEP, Value::Nil), (TEXT, Value::Str(e.to_string()))])
}

/// Prints one package or module as `-json` or `-f` ask.
pub fn print_one(env: &GoEnv, p: &crate::flags::Parsed, fields: Vec<(&'static str, Value)>, default: &Template, modules: &dyn Fn(&str) -> Value) -> Outcome {
    match p.get("json") {
        Some("false") | None => {}
        Some(want) => {
            let want: Vec<&str> = if want == "true" { Vec::new() } else { want.split(',').collect() };
            let live = fields.into_iter().filter(|(k, _)| want.is_empty() || want.contains(k)).collect();
            let mut out = String::new();
            json(&Value::Object(live), 0, &mut out);
            println!("{out}");
            return Ok(());
        }
    }
    let mut funcs: Funcs<'_> = Funcs::new();
    funcs.insert("join", Box::new(|a| match a {
        [Value::List(l), sep] => Ok(Value::Str(l.iter().map(Value::text).collect::<Vec<_>>().join(&sep.text()))),
        [Value::Nil, _] => Ok(Value::Str(String::new())),
        _ => Err("wrong type or number of args for join".into()),
    }));
    funcs.insert("context", Box::new(|_| Ok(context(env, p))));
    funcs.insert("module", Box::new(|a| match a {
        [Value::Str(path)] => Ok(modules(path)),
        _ => Err("wrong type or number of args for module".into()),
    }));
    let t = default.run(&Value::Object(fields), &funcs).map_err(|m| Exit::Error(m))?;
    if !t.is_empty() {
        println!("{t}");
    }
    Ok(())
}

/// The build context as templates see it.
fn context(env: &GoEnv, p: &crate::flags::Parsed) -> Value {
    let mut tool_tags: Vec<String> = rgo_work::load::RELEASE_EXPERIMENTS.iter().map(|e| format!("goexperiment.{e}")).collect();
    if env.goarch() == "amd64" {
        tool_tags.push(format!("amd64.{}", env.value("GOAMD64")));
    }
    let releases: Vec<Value> = (1..=27).map(|i| Value::Str(format!("go1.{i}"))).collect();
    let tags: Vec<String> = p.str("tags").split([',', ' ']).filter(|t| !t.is_empty()).map(String::from).collect();
    Value::Object(vec![
        ("GOARCH", Value::Str(env.goarch())),
        ("GOOS", Value::Str(env.goos())),
        ("GOROOT", Value::Str(env.goroot.display().to_string())),
        ("GOPATH", Value::Str(env.gopath())),
        ("CgoEnabled", Value::Bool(env.cgo_enabled())),
        ("UseAllFiles", Value::Bool(false)),
        ("Compiler", Value::Str("gc".into())),
        ("BuildTags", Value::list(&tags)),
        ("ToolTags", Value::list(&tool_tags)),
        ("ReleaseTags", Value::List(releases)),
        ("InstallSuffix", Value::Str(String::new())),
    ])
}

pub fn template(p: &crate::flags::Parsed, default: &str) -> Result<Template, Exit> {
    Template::parse(p.get("f").unwrap_or(default)).map_err(Exit::Error)
}

/// Packages that the cache (or for commands, the place they are installed to) does not have as they would be built now.
fn stale_packages(env: &GoEnv, p: &crate::flags::Parsed) -> Result<HashMap<String, String>, Exit> {
    let p = p_without_json(p);
    let mut opts = crate::build::options(env, &p)?;
    opts.show = Some(Arc::new(rgo_work::show::Show::new(env.tmp_dir(), env.cwd.clone(), true, false, false).silent()));
    let mut l = base::loader(env, &p)?;
    let roots = l.load_patterns(&p.rest)?;
    let good: Vec<PkgId> = roots.into_iter().filter(|r| l.errors(&[*r]).is_empty()).collect();
    let mut out = HashMap::new();
    let Ok((built, _)) = rgo_work::build::compile_some(&mut l, &good, &opts) else { return Ok(out) };
    for id in l.post_order(&good) {
        let pk = &l.packages[id];
        if pk.is_unsafe() || pk.standard {
            continue;
        }
        let path = pk.import_path.clone();
        let dep = pk.deps.iter().find(|d| out.contains_key(&l.packages[**d].import_path));
        if let Some(d) = dep {
            out.insert(path, format!("stale dependency: {}", l.packages[*d].import_path));
        } else if !built.has_object(id) {
            out.insert(path, "build ID mismatch".into());
        } else if pk.is_main() && !pk.cmdline_files {
            let target = crate::build::install_dir(env)?.join(pk.exec_name() + &env.value("GOEXE"));
            let link = crate::build::link_options(&l, &p, id, &path, true)?;
            if !target.exists() {
                out.insert(path, "not installed but available in build cache".into());
            } else if !built.is_current(&l, id, &link, &target) {
                out.insert(path, "build ID mismatch".into());
            }
        }
    }
    Ok(out)
}

/// Flags for building: `-json` means something else there.
fn p_without_json(p: &crate::flags::Parsed) -> crate::flags::Parsed {
    let mut q = p.clone();
    q.set.retain(|(n, _)| n != "json");
    q
}

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let own = [
        flag("compiled", Kind::Bool),
        flag("deps", Kind::Bool),
        flag("e", Kind::Bool),
        flag("export", Kind::Bool),
        flag("f", Kind::Str),
        flag("find", Kind::Bool),
        flag("json", Kind::OptWord),
        flag("m", Kind::Bool),
        flag("retracted", Kind::Bool),
        flag("reuse", Kind::Str),
        flag("test", Kind::Bool),
        flag("u", Kind::Bool),
        flag("versions", Kind::Bool),
    ];
    let p = base::parse_flags("list", env, args, &base::with_build_flags(&own))?;
    for name in ["u", "versions"] {
        if p.bool(name) && !p.bool("m") {
            return Err(Exit::Error(format!("go list -{name} can only be used with -m")));
        }
    }
    if !p.str("reuse").is_empty() && !p.bool("m") {
        return Err(Exit::Error("go list -reuse cannot be used without -m".into()));
    }
    if p.get("f").is_some() && p.get("json").is_some_and(|v| v != "false") {
        return Err(Exit::go("list -f cannot be used with -json"));
    }
    if p.bool("m") {
        return crate::listmod::run(env, &p);
    }
    if p.bool("find") && (p.bool("deps") || p.bool("test")) {
        let other = if p.bool("deps") { "deps" } else { "test" };
        return Err(Exit::go(format!("list -{other} cannot be used with -find")));
    }
    let text = template(&p, "{{.ImportPath}}")?;
    let mut l = base::loader_for(env, &p, true)?;
    l.load_tests = p.bool("test");
    l.show_std_cgo();
    if p.bool("retracted") && l.modules.gopath.is_some() {
        return Err(Exit::Error("go list -retracted can only be used in module-aware mode".into()));
    }
    let mut roots = l.load_patterns(&p.rest)?;
    let named = roots.clone();
    for w in &l.warnings {
        eprintln!("{w}");
    }
    // What imports a package with errors is fine; `-deps` lists those as well.
    if !p.bool("e") {
        report(&l, &roots)?;
    }
    let tests = p.bool("test");
    if tests {
        for id in roots.clone() {
            match rgo_work::testing::prepare(&mut l, id) {
                Ok(Some(t)) => {
                    let parts = [(t.own != id).then_some(t.own), t.external, Some(t.main)];
                    for p in parts.into_iter().flatten().filter(|_| !p.bool("e")) {
                        if let Some(e) = l.post_order(&[p]).into_iter().find_map(|d| l.packages[d].error.as_ref()) {
                            return Err(Exit::go(format!("can't load test package: {e}")));
                        }
                    }
                    roots.push(t.main);
                    roots.extend((t.own != id).then_some(t.own));
                    roots.extend(t.external);
                }
                Ok(None) => {}
                Err(e) if p.bool("e") => drop(e),
                Err(e) => return Err(Exit::go(format!("can't load test package: {}", e.join("\n")))),
            }
        }
    }
    let ids = if p.bool("deps") { l.post_order(&roots) } else { roots.clone() };
    let fields: Vec<&str> = p.str("json").split(',').collect();
    let asked = |name: &str| p.str("json") == "true" || fields.contains(&name) || p.str("f").contains(name);
    // Whether something is stale can be said only of what can be built.
    let all = if asked("Stale") && !p.bool("find") { l.post_order(&roots) } else { ids.clone() };
    let failed = !p.bool("e") && (p.bool("deps") || all.len() > ids.len()) && report(&l, &all).is_err();
    let mut exports = rgo_work::gcfiles::Exports::default();
    if p.bool("export") {
        let opts = crate::build::options(env, &p_without_json(&p))?;
        let want: Vec<PkgId> = ids.iter().copied().filter(|i| l.packages[*i].error.is_none()).collect();
        let full: Vec<PkgId> = want.iter().copied().filter(|i| roots.contains(i) && !l.packages[*i].standard).collect();
        let order = l.post_order(&want);
        run_cgo(&mut l, &order, &opts, p.bool("e"))?;
        let want: Vec<PkgId> = want.into_iter().filter(|i| l.packages[*i].error.is_none()).collect();
        exports = rgo_work::gcfiles::make(&l, &want, &full, &opts);
        if !exports.errors.is_empty() && !p.bool("e") {
            crate::build::report_failures(&l, &exports.errors, false);
            return Err(Exit::Code(1));
        }
        for (id, text) in &exports.errors {
            let msg = format!("# {}\n{}\n", l.packages[*id].import_path, text.trim_end());
            l.packages[*id].error.get_or_insert(rgo_work::load::PkgError::msg(msg));
        }
    }
    if p.bool("compiled") && !p.bool("export") && ids.iter().any(|i| l.packages[*i].uses_cgo()) {
        let opts = crate::build::options(env, &p_without_json(&p))?;
        run_cgo(&mut l, &ids, &opts, p.bool("e"))?;
    }
    let stale = if asked("Stale") && !p.bool("find") { stale_packages(env, &p)? } else { HashMap::new() };
    if p.bool("retracted") {
        add_retractions(&mut l, &ids, p.bool("e"));
    }
    let x = Listing { l: &l, env, roots: &roots, patterns: &p.rest, find: p.bool("find"), compiled: p.bool("compiled"), exporting: p.bool("export"), named: &named, exports: &exports.files, tests, stale: &stale };
    let modules = |path: &str| Value::Object(module_fields(&l.modules.module_named(path)));
    for id in ids {
        print_one(env, &p, package_fields(&x, id), &text, &modules)?;
    }
    if failed { Err(Exit::Code(1)) } else { Ok(()) }
}

/// Adds to the modules of packages why they are retracted.
fn add_retractions(l: &mut Loader<'_>, ids: &[PkgId], lenient: bool) {
    use rgo_work::modload::{ListMode, Module, base as report};
    let name = |m: &Module| (!m.version.is_empty()).then(|| format!("{}@{}", m.path, m.version));
    let mut args: Vec<String> = Vec::new();
    for m in ids.iter().filter_map(|i| l.packages[*i].module.clone()) {
        args.extend(name(&m).into_iter().chain(m.replace.as_ref().and_then(|r| name(r))));
    }
    args.sort();
    args.dedup();
    if args.is_empty() {
        return;
    }
    let (mods, err) = l.modules.list_modules(&args, ListMode { retracted: true, ..ListMode::default() }, "");
    if let Some(e) = err.filter(|_| !lenient) {
        report::error(&e);
    }
    let known: HashMap<&String, &Module> = args.iter().zip(&mods).collect();
    let with = |m: &Module| {
        let mut m = m.clone();
        if let Some(k) = name(&m).and_then(|n| known.get(&n).copied()) {
            m.retracted.clone_from(&k.retracted);
            m.error = m.error.or_else(|| k.error.clone());
        }
        m
    };
    for &i in ids {
        let Some(m) = &l.packages[i].module else { continue };
        let mut m = with(m);
        m.replace = m.replace.map(|r| Arc::new(with(&r)));
        l.packages[i].module = Some(Arc::new(m));
    }
}

/// Runs cgo for packages; what fails is an error of the package (`lenient`), or of the command.
fn run_cgo(l: &mut Loader<'_>, order: &[PkgId], opts: &rgo_work::build::BuildOptions, lenient: bool) -> Outcome {
    let failures = rgo_work::cgo::prepare(l, order, opts, rgo_work::cgo::What::Go);
    if !failures.is_empty() && !lenient {
        crate::build::report_failures(l, &failures, false);
        return Err(Exit::Code(1));
    }
    for (id, text) in failures {
        let msg = rgo_work::report::headed(&l.packages[id].import_path, &text);
        l.packages[id].error.get_or_insert(rgo_work::load::PkgError::msg(msg));
    }
    Ok(())
}

/// Prints the errors of packages.
fn report(l: &Loader<'_>, ids: &[PkgId]) -> Outcome {
    let mut seen = std::collections::BTreeSet::new();
    for e in ids.iter().filter_map(|i| l.packages[*i].error.as_ref()).map(ToString::to_string) {
        if seen.insert(e.clone()) {
            eprintln!("{e}");
        }
    }
    if seen.is_empty() { Ok(()) } else { Err(Exit::Code(1)) }
}
