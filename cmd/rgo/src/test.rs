//! `rgo test`.

use crate::base::{self, Exit, Outcome};
use crate::flags::{self, Def, Item, Kind, Parsed, flag};
use crate::testrun::{self, Case, CaseKind};
use rgo_work::build::{self, Built, LinkOptions};
use rgo_work::cache::Cache;
use rgo_work::cover::{self, Cover};
use rgo_work::goenv::GoEnv;
use rgo_work::load::{Loader, PkgId};
use rgo_work::testing::{self, TestCover, TestPackages};
use rgo_work::vet::{self, VetOptions};
use rgo_work::gcfiles;
use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;

/// Flags of the go command itself.
const OWN: &[Def] = &[
    flag("c", Kind::Bool),
    flag("exec", Kind::Str),
    flag("i", Kind::Bool),
    flag("json", Kind::Bool),
    flag("o", Kind::Str),
    flag("vet", Kind::Str),
];

/// Flags passed on to the test program as `-test.NAME`.
const PASSED: &[Def] = &[
    flag("artifacts", Kind::Bool),
    flag("bench", Kind::Str),
    flag("benchmem", Kind::Bool),
    flag("benchtime", Kind::Str),
    flag("blockprofile", Kind::Str),
    flag("blockprofilerate", Kind::Str),
    flag("count", Kind::Int),
    flag("coverprofile", Kind::Str),
    flag("cpu", Kind::Str),
    flag("cpuprofile", Kind::Str),
    flag("failfast", Kind::Bool),
    flag("fullpath", Kind::Bool),
    flag("fuzz", Kind::Str),
    flag("fuzzminimizetime", Kind::Str),
    flag("fuzztime", Kind::Str),
    flag("list", Kind::Str),
    flag("memprofile", Kind::Str),
    flag("memprofilerate", Kind::Str),
    flag("mutexprofile", Kind::Str),
    flag("mutexprofilefraction", Kind::Str),
    flag("outputdir", Kind::Str),
    flag("parallel", Kind::Int),
    flag("run", Kind::Str),
    flag("short", Kind::Bool),
    flag("shuffle", Kind::Str),
    flag("skip", Kind::Str),
    flag("timeout", Kind::Duration),
    flag("trace", Kind::Str),
    flag("v", Kind::OptWord),
];

/// Whether a flag is one of `test`, in one of its two spellings.
pub fn is_flag(name: &str) -> bool {
    let bare = name.strip_prefix("test.").unwrap_or(name);
    PASSED.iter().any(|d| d.name == bare) || OWN.iter().any(|d| d.name == name)
}

pub const PROFILES: &[&str] = &["blockprofile", "cpuprofile", "memprofile", "mutexprofile", "trace"];

/// A duration as Go prints it.
pub fn duration(ns: i64) -> String {
    let s = ns / 1_000_000_000;
    if ns % 1_000_000_000 != 0 || s == 0 {
        return if ns == 0 { "0s".into() } else { format!("{}ns", ns) };
    }
    let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
    match (h, m) {
        (0, 0) => format!("{s}s"),
        (0, _) => format!("{m}m{s}s"),
        _ => format!("{h}h{m}m{s}s"),
    }
}

/// What the command line asks for.
pub struct Request {
    pub p: Parsed,
    pub patterns: Vec<String>,
    /// No package was named: output is shown as it comes.
    pub local: bool,
    /// Arguments of the test program.
    pub args: Vec<String>,
    pub json: bool,
    pub show_pass: bool,
    pub stream: bool,
    pub timeout: i64,
}

/// Splits the command line: flags may stand before and behind the packages.
fn parse(env: &GoEnv, args: &[String]) -> Result<Request, Exit> {
    let mut defs: Vec<Def> = OWN.to_vec();
    defs.extend_from_slice(PASSED);
    let build = base::with_build_flags(&defs);
    let mut p = base::goflags(env, &build)?;
    let mut with_prefix = build.clone();
    let prefixed: Vec<String> = PASSED.iter().map(|d| format!("test.{}", d.name)).collect();
    let mut q: VecDeque<String> = args.iter().cloned().collect();
    let mut packages: Option<Vec<String>> = None;
    let mut in_list = false;
    let mut rest: Vec<String> = Vec::new();
    let mut unknown: Option<String> = None;
    // The word before was an unknown flag without value: this one may be that.
    let mut value_may_follow = false;
    with_prefix.retain(|d| !d.name.starts_with("test."));
    loop {
        // -test.run is -run.
        if let Some(a) = q.front_mut() {
            let dashes = a.len() - a.trim_start_matches('-').len();
            let body = a[dashes..].to_string();
            let name = body.split('=').next().unwrap_or("");
            if (1..=2).contains(&dashes) && prefixed.iter().any(|n| n == name) {
                *a = format!("-{}", &body["test.".len()..]);
            }
        }
        let may_be_value = std::mem::take(&mut value_may_follow);
        match flags::next(&mut q, &with_prefix) {
            Ok(None) => break,
            Ok(Some(Item::Flag { name, value })) => {
                in_list = false;
                if name == "C" {
                    return Err(base::usage_error("test", &format!("invalid value {value:?} for flag -C: -C flag must be first flag on command line")));
                }
                p.set.push((name, value));
            }
            Ok(Some(Item::Arg(a))) => {
                if packages.is_none() || in_list {
                    in_list = true;
                    packages.get_or_insert_with(Vec::new).push(a);
                } else if may_be_value {
                    rest.push(a);
                } else {
                    rest.push(a);
                    rest.extend(q.drain(..));
                    break;
                }
            }
            Ok(Some(Item::End)) => {
                rest.extend(q.drain(..));
                break;
            }
            Ok(Some(Item::Unknown(a))) => {
                if a == "-args" || a == "--args" {
                    rest.extend(q.drain(..));
                    break;
                }
                // What follows may be its value: no packages from here on.
                in_list = false;
                packages.get_or_insert_with(Vec::new);
                let body = a.trim_start_matches('-');
                value_may_follow = !body.contains('=');
                unknown.get_or_insert(format!("-{}", body.split('=').next().unwrap_or("")));
                rest.push(a);
            }
            Err(flags::Error::Help) => {
                eprint!("{}", crate::usage::short("test"));
                return Err(Exit::Code(2));
            }
            Err(flags::Error::Message(m)) => {
                eprintln!("{m}");
                eprint!("{}", crate::usage::short("test"));
                return Err(Exit::Code(2));
            }
        }
    }
    if p.get("coverprofile").is_some_and(|v| !v.is_empty()) || p.get("covermode").is_some() || p.get("coverpkg").is_some() {
        p.set.push(("cover".into(), "true".into()));
    }
    if let Some(u) = unknown.filter(|_| p.bool("c")) {
        eprintln!("go: unknown flag {u} cannot be used with -c");
        eprint!("{}", crate::usage::short("test"));
        return Err(Exit::Code(2));
    }
    let json = p.bool("json");
    let timeout = p.get("timeout").and_then(flags::parse_duration).unwrap_or(600_000_000_000);
    let mut out = vec!["-test.paniconexit0".to_string()];
    for d in PASSED {
        match (d.name, p.get(d.name)) {
            ("timeout", _) if timeout > 0 => out.push(format!("-test.timeout={}", duration(timeout))),
            ("v", _) if json => out.push("-test.v=test2json".into()),
            (_, None) | ("coverprofile", Some("")) => {}
            (n, Some(v)) => out.push(format!("-test.{n}={v}")),
        }
    }
    if PROFILES.iter().any(|n| !p.str(n).is_empty()) && p.get("outputdir").is_none() {
        out.push(format!("-test.outputdir={}", env.cwd.display()));
    }
    out.extend(rest);
    let on = p.get("v").is_some_and(|v| v == "test2json" || flags::parse_bool(v) == Some(true));
    let local = packages.as_ref().is_none_or(Vec::is_empty);
    Ok(Request {
        patterns: packages.unwrap_or_default(),
        local,
        args: out,
        json,
        show_pass: on || !p.str("list").is_empty(),
        stream: local || !p.str("bench").is_empty() || !p.str("fuzz").is_empty(),
        timeout,
        p,
    })
}

/// The analyses that `test` runs when it is not told otherwise: those that are hardly ever wrong.
const VET: &[&str] = &["atomic", "bools", "buildtag", "directive", "errorsas", "ifaceassert", "nilfunc", "printf", "slog", "stdversion", "stringintconv", "tests"];

/// Names that `-vet` takes.
const ANALYZERS: &[&str] = &[
    "appends", "asmdecl", "assign", "atomic", "bool", "bools", "buildtag", "buildtags", "cgocall", "composites", "copylocks", "defers",
    "directive", "errorsas", "framepointer", "hostport", "httpresponse", "ifaceassert", "loopclosure", "lostcancel", "methods", "nilfunc",
    "printf", "rangeloops", "shift", "sigchanyzer", "slog", "stdmethods", "stdversion", "stringintconv", "structtag", "testinggoroutine",
    "tests", "timeformat", "unmarshal", "unreachable", "unsafeptr", "unusedresult", "waitgroup",
];

/// The flags for vet; None: it is off.
fn vet_flags(r: &Request) -> Result<Option<Vec<String>>, Exit> {
    match r.p.get("vet") {
        None => Ok(Some(VET.iter().map(|v| format!("-{v}")).collect())),
        Some("off") => Ok(None),
        Some("all") => Ok(Some(Vec::new())),
        Some(list) => {
            let (mut v, mut problem, mut single) = (Vec::new(), String::new(), "");
            if list.contains('=') {
                problem = "-vet argument cannot contain equal signs".into();
            } else if list.contains(' ') {
                problem = "-vet argument is comma-separated list, cannot contain spaces".into();
            }
            for w in list.split(',') {
                match w {
                    _ if !problem.is_empty() => break,
                    "" => problem = "-vet argument contains empty list element".into(),
                    "off" | "all" => single = w,
                    w if ANALYZERS.contains(&w) => v.push(format!("-{w}")),
                    w => problem = format!("-vet argument must be a supported analyzer or a distinguished value; found {w}"),
                }
            }
            if problem.is_empty() && !single.is_empty() {
                problem = format!("-vet does not accept {single:?} in a list with other analyzers");
            }
            if problem.is_empty() {
                return Ok(Some(v));
            }
            Err(base::usage_error("test", &format!("invalid value {list:?} for flag -vet: {problem}")))
        }
    }
}

/// What is covered and how.
struct Covering {
    test: TestCover,
    /// Meta-data of packages selected by -coverpkg.
    meta: Vec<(String, PathBuf)>,
}

fn cover_mode(p: &Parsed) -> Result<Option<String>, Exit> {
    if !p.bool("cover") {
        return Ok(None);
    }
    match p.str("covermode") {
        "" => Ok(Some(if p.bool("race") { "atomic".into() } else { "set".into() })),
        m @ ("set" | "count" | "atomic") => Ok(Some(m.into())),
        m => Err(base::usage_error("test", &format!("invalid value {m:?} for flag -covermode: valid modes are \"set\", \"count\", or \"atomic\""))),
    }
}

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let r = parse(env, args)?;
    check_flags(&r)?;
    let vet = vet_flags(&r)?;
    let mode = cover_mode(&r.p)?;
    let mut opts = crate::build::options(env, &r.p)?;
    opts.keep_going = true;
    opts.verbose = false;
    let show = opts.show.clone().ok_or_else(|| Exit::go("no work folder"))?;
    let mut l = base::loader(env, &r.p)?;
    l.load_tests = true;
    let ids = l.load_patterns(&r.patterns)?;
    for w in &l.warnings {
        eprintln!("{w}");
    }
    if ids.is_empty() {
        return Err(Exit::Error("no packages to test".into()));
    }
    if ids.len() > 1 && PROFILES.iter().any(|n| !r.p.str(n).is_empty()) {
        let n = PROFILES.iter().find(|n| !r.p.str(n).is_empty()).unwrap_or(&"");
        return Err(Exit::Error(format!("cannot use -{n} flag with multiple packages")));
    }
    let fuzzing = !r.p.str("fuzz").is_empty();
    if fuzzing && ids.len() > 1 {
        return Err(Exit::Error("cannot use -fuzz flag with multiple packages".into()));
    }
    let outside = |p: &rgo_work::package::Package| match &p.module {
        Some(m) => !m.main,
        // Results would be lost, or change the tests of std for everybody.
        None => p.standard && env.raw("GO111MODULE") != "off" && !env.cwd.starts_with(env.goroot.join("src")),
    };
    if fuzzing && ids.iter().any(|id| outside(&l.packages[*id])) {
        return Err(Exit::Error("cannot use -fuzz flag on package outside the main module".into()));
    }
    let compile_only = r.p.bool("c");
    let work = || show.work().map_err(|e| Exit::go(format!("creating work dir: {e}")));
    let covering = match &mode {
        Some(m) if !show.dry => Some(prepare_cover(&mut l, &r, &ids, m, work()?)?),
        Some(m) => Some(Covering { test: TestCover { mode: m.clone(), ..TestCover::default() }, meta: Vec::new() }),
        None => None,
    };
    let mut cases: Vec<Case> = Vec::new();
    for id in ids {
        let (path, name, dir) = (l.packages[id].import_path.clone(), l.packages[id].name.clone(), l.packages[id].dir.clone());
        let root = match &l.packages[id].module {
            Some(m) => m.dir.clone(),
            None if l.packages[id].standard => env.goroot.clone(),
            None => dir.clone(),
        };
        let errors = l.errors(&[id]);
        let kind = if !errors.is_empty() {
            CaseKind::SetupFailed(errors)
        } else {
            match testing::prepare_with(&mut l, id, covering.as_ref().map(|c| &c.test)) {
                Ok(None) => CaseKind::NoTests,
                Ok(Some(t)) => CaseKind::Ready(t),
                Err(e) => CaseKind::SetupFailed(e),
            }
        };
        cases.push(Case { path, name, dir, root, kind, package: id, vet_failed: false, meta: None });
    }
    check_names(env, &r, &cases)?;
    for c in &cases {
        if let CaseKind::SetupFailed(errors) = &c.kind {
            for e in errors {
                eprintln!("# {}\n{e}", c.path);
            }
        }
    }
    // Vet sees the files as they are, not as coverage makes them.
    let plain = l.packages.len();
    let own: Vec<PkgId> = cases.iter().flat_map(|c| c.units()).collect();
    let originals: Vec<_> = own.iter().map(|id| l.packages[*id].clone()).collect();
    if let Some(c) = covering.as_ref().filter(|c| c.test.local && !show.dry) {
        for case in &mut cases {
            let cover = Cover { mode: &c.test.mode, dir: work()? };
            let id = match &case.kind {
                CaseKind::Ready(t) => t.own,
                CaseKind::NoTests => {
                    // Others may import the package: a copy tells what there is to cover.
                    let copy = l.packages[case.package].clone();
                    l.add(copy)
                }
                CaseKind::SetupFailed(_) => continue,
            };
            if cover::select(&mut l, &[id], &c.test.mode, &|_, _| true).is_empty() {
                continue;
            }
            case.meta = cover::instrument(&mut l, id, &cover, false)?.meta;
        }
    }
    for case in cases.iter_mut().filter(|c| matches!(c.kind, CaseKind::NoTests)) {
        let meta = covering.as_ref().and_then(|c| c.meta.iter().find(|m| m.0 == case.path));
        case.meta = case.meta.take().or_else(|| meta.map(|m| m.1.clone()));
    }
    // A package without tests is compiled too: it may have errors.
    let mut roots: Vec<PkgId> = Vec::new();
    for c in &cases {
        match &c.kind {
            CaseKind::Ready(t) => roots.push(t.main),
            CaseKind::NoTests => roots.push(c.package),
            CaseKind::SetupFailed(_) => {}
        }
    }
    let (built, failures) = match build::compile_some(&mut l, &roots, &opts) {
        Ok(b) => b,
        Err(text) => return crate::build::finish(Err(text)),
    };
    crate::build::report_failures(&l, &failures, r.json);
    if compile_only {
        return link_only(env, &l, &built, &r, &cases, !failures.is_empty());
    }
    if let Some(flags) = vet {
        // Back to the originals for the time of vet.
        let mut now = Vec::new();
        for (id, p) in own.iter().zip(originals) {
            now.push(std::mem::replace(&mut l.packages[*id], p));
        }
        debug_assert!(plain <= l.packages.len());
        // Where it fails there is nothing to vet, and compiling has said so.
        let _ = rgo_work::cgo::prepare(&mut l, &own, &opts, rgo_work::cgo::What::Go);
        let bad = run_vet(&l, &cases, &built, &r, flags, &opts)?;
        for (id, p) in own.iter().zip(now) {
            l.packages[*id] = p;
        }
        for c in &mut cases {
            c.vet_failed = c.units().iter().any(|u| bad.contains(u));
        }
    }
    testrun::run_cases(env, &l, &built, &r, &cases, &show, covering.as_ref().map(|c| (c.test.mode.as_str(), &c.meta[..])))
}

/// Programs of several tests must not overwrite each other.
fn check_names(env: &GoEnv, r: &Request, cases: &[Case]) -> Outcome {
    let o = r.p.str("o");
    if o.is_empty() && !r.p.bool("c") || o == "/dev/null" {
        return Ok(());
    }
    let ready: Vec<&Case> = cases.iter().filter(|c| matches!(c.kind, CaseKind::Ready(_))).collect();
    if ready.len() > 1 && !o.is_empty() && !o.ends_with('/') && !env.cwd.join(o).is_dir() {
        return Err(Exit::Error("with multiple packages, -o must refer to a directory or /dev/null".into()));
    }
    let mut by_name: std::collections::BTreeMap<String, Vec<&str>> = Default::default();
    for c in &ready {
        by_name.entry(test_binary_name(&c.path, &c.name)).or_default().push(&c.path);
    }
    for (name, paths) in by_name.iter().filter(|(_, p)| p.len() > 1) {
        return Err(Exit::Error(format!("cannot write test binary {name} for multiple packages:\n{}", paths.join("\n"))));
    }
    Ok(())
}

/// Combinations of flags that make no sense.
fn check_flags(r: &Request) -> Outcome {
    let p = &r.p;
    if !p.str("o").is_empty() && p.bool("json") && p.bool("c") {
        return Err(base::usage_error("test", "cannot use -json with -c"));
    }
    if let Some(v) = p.get("shuffle").filter(|v| !matches!(*v, "on" | "off") && v.parse::<i64>().is_err()) {
        let digits = v.trim_start_matches(['+', '-']);
        let why = if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) { "value out of range" } else { "invalid syntax" };
        return Err(base::usage_error("test", &format!("invalid value {v:?} for flag -shuffle: -shuffle argument must be \"on\", \"off\", or an int64: strconv.ParseInt: parsing {v:?}: {why}")));
    }
    if p.get("count").and_then(flags::parse_int).is_some_and(|n| n < 0) {
        return Err(base::usage_error("test", "invalid value for flag -count: must not be negative"));
    }
    Ok(())
}

/// Instruments the packages that -coverpkg selects.
fn prepare_cover(l: &mut Loader<'_>, r: &Request, ids: &[PkgId], mode: &str, dir: PathBuf) -> Result<Covering, Exit> {
    let text = r.p.str("coverpkg");
    if r.p.get("coverpkg").is_none() || text.is_empty() {
        return Ok(Covering { test: TestCover { mode: mode.into(), local: true, ..TestCover::default() }, meta: Vec::new() });
    }
    let patterns: Vec<String> = text.split(',').map(String::from).collect();
    // Everything the tests consist of.
    let mut all = ids.to_vec();
    for &id in ids {
        let mut imports = l.packages[id].test_imports.clone();
        imports.extend(l.packages[id].xtest_imports.iter().cloned());
        if l.errors(&[id]).is_empty() {
            all.extend(l.load_list(&imports, id).0);
        }
    }
    let all = l.post_order(&all);
    let matchers: Vec<_> = patterns.iter().map(|p| base::package_matcher(l.env, p)).collect();
    let hit = |l: &Loader<'_>, id: PkgId| matchers.iter().any(|m| m(&l.packages[id]));
    for (p, m) in patterns.iter().zip(&matchers) {
        if !all.iter().any(|id| m(&l.packages[*id])) {
            eprintln!("warning: no packages being tested depend on matches for pattern {p}");
        }
    }
    let chosen = cover::select(l, &all, mode, &hit);
    let mut c = Covering { test: TestCover { mode: mode.into(), local: false, patterns: patterns.clone(), selected: Vec::new() }, meta: Vec::new() };
    for id in chosen {
        let path = l.packages[id].import_path.clone();
        let i = cover::instrument(l, id, &Cover { mode, dir: dir.clone() }, false)?;
        c.meta.extend(i.meta.map(|m| (path.clone(), m)));
        c.test.selected.push(path);
    }
    Ok(c)
}

/// Runs vet on what is tested; the packages it found something in.
fn run_vet(l: &Loader<'_>, cases: &[Case], built: &Built, r: &Request, flags: Vec<String>, opts: &build::BuildOptions) -> Result<HashSet<PkgId>, Exit> {
    let mut bad = HashSet::new();
    let dry = opts.dry();
    let units: Vec<PkgId> = cases.iter().flat_map(|c| c.units()).filter(|u| l.packages[*u].has_go() && (dry || built.is_complete(l, *u))).collect();
    if units.is_empty() {
        return Ok(bad);
    }
    let Some(show) = opts.show.as_ref() else { return Ok(bad) };
    let tool = rgo_work::tools::path(l.env, "vet").map_err(Exit::Error)?;
    let explicit = r.p.get("vet").is_some();
    let exports = gcfiles::make(l, &vet::wanted(l, &units), &[], opts);
    let o = VetOptions {
        tool,
        std_flags: (!explicit).then(|| vec!["-unsafeptr=false".into(), "-unreachable=false".into()]),
        flags,
        fix: false,
        rebuild: r.p.bool("a"),
        threads: opts.threads,
        cache: Cache::new(&opts.cache_dir),
        show,
    };
    let results = vet::run(l, &units, &exports, &o);
    for u in units {
        let Some(text) = results.get(&u).and_then(|v| v.failure.as_ref()) else { continue };
        let path = &l.packages[u].import_path;
        let title = path.split(' ').next().unwrap_or("");
        crate::build::report_failure(path, title, &format!("# [{title}]\n{text}"), r.json);
        bad.insert(u);
    }
    Ok(bad)
}

/// The name of the test program of a package.
pub fn test_binary_name(path: &str, name: &str) -> String {
    if path == "command-line-arguments" {
        return format!("{name}.test");
    }
    let elem = rgo_work::load::Package { import_path: path.into(), ..Default::default() }.exec_name();
    format!("{elem}.test")
}

pub fn link_options(l: &Loader<'_>, t: &TestPackages, r: &Request) -> Result<LinkOptions, Exit> {
    let p = &l.packages[t.main];
    let mut o = crate::build::link_options(l, &r.p, t.main, p.import_path.trim_end_matches(".test"), false)?;
    // As Go does: unless the program is kept, nobody debugs it.
    o.omit_debug |= !r.p.bool("c") && r.p.str("o").is_empty();
    Ok(o)
}

/// `-c`: links the test programs and leaves them.
fn link_only(env: &GoEnv, l: &Loader<'_>, built: &Built, r: &Request, cases: &[Case], failed: bool) -> Outcome {
    let mut failed = failed;
    let out = r.p.str("o");
    let is_dir = !out.is_empty() && (env.cwd.join(out).is_dir() || out.ends_with('/'));
    let ready = cases.iter().filter(|c| matches!(c.kind, CaseKind::Ready(_))).count();
    let null = out == "/dev/null";
    if ready > 1 && !out.is_empty() && !is_dir && !null {
        return Err(Exit::go(format!("with multiple packages, -o must refer to a directory or {}", "/dev/null")));
    }
    for c in cases {
        match &c.kind {
            CaseKind::SetupFailed(_) => failed = true,
            CaseKind::NoTests => println!("?   \t{}\t[no test files]", c.path),
            CaseKind::Ready(t) => {
                if !r.p.bool("n") && !built.is_complete(l, t.main) {
                    failed = true;
                    continue;
                }
                if null {
                    continue;
                }
                let name = test_binary_name(&c.path, &c.name) + &env.value("GOEXE");
                let path = match (out.is_empty(), is_dir) {
                    (true, _) => env.cwd.join(name),
                    (false, true) => env.cwd.join(out).join(name),
                    (false, false) => env.cwd.join(out),
                };
                if let Some(d) = path.parent().filter(|_| !r.p.bool("n")) {
                    std::fs::create_dir_all(d).map_err(|e| Exit::go(format!("{}: {e}", d.display())))?;
                }
                if let Err(m) = built.link(l, t.main, &link_options(l, t, r)?, &path) {
                    eprintln!("# {}\n{m}", l.packages[t.main].import_path);
                    failed = true;
                }
            }
        }
    }
    if failed { Err(Exit::Code(1)) } else { Ok(()) }
}

