//! `rgo vet` and `rgo fix`: the release's analyzers, run on packages.

use crate::base::{self, Exit, Outcome};
use crate::flags::{self, Def, Item, Kind, Parsed, flag};
use crate::usage;
use rgo_work::cache::Cache;
use rgo_work::goenv::GoEnv;
use rgo_work::load::PkgId;
use rgo_work::pattern::short_path;
use rgo_work::vet::{self, VetOptions, VetResult};
use rgo_work::{gcfiles, testing, tools};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

struct Request {
    p: Parsed,
    tool: PathBuf,
    /// Flags for the tool, as given.
    tool_flags: Vec<String>,
}

/// The tool named by `-vettool` or `-fixtool`, which decides what other flags there are.
fn tool_path(env: &GoEnv, cmd: &str, args: &[String]) -> Result<(PathBuf, String), Exit> {
    let name = format!("{cmd}tool");
    let mut given = None;
    for (i, a) in args.iter().enumerate() {
        let body = a.strip_prefix("--").or(a.strip_prefix('-')).unwrap_or("");
        if body == name {
            let Some(v) = args.get(i + 1) else { return Err(Exit::Error(format!("{a} requires a filename"))) };
            given = Some(v.clone());
            break;
        }
        if let Some(v) = body.strip_prefix(&format!("{name}=")) {
            given = Some(v.to_string());
            break;
        }
    }
    match given.filter(|g| !g.is_empty()) {
        Some(g) => Ok((env.cwd.join(&g), g)),
        None => Ok((tools::path(env, cmd).map_err(Exit::Error)?, String::new())),
    }
}

fn exit_usage(cmd: &str, tool: &str) -> Exit {
    eprint!("{}", usage::short(cmd));
    let tool = if tool.is_empty() { format!("go tool {cmd}") } else { tool.to_string() };
    eprintln!("Run '{tool} help' for a full list of flags and analyzers.\nRun '{tool} -help' for an overview.");
    Exit::Code(2)
}

fn parse(env: &GoEnv, cmd: &str, args: &[String]) -> Result<Request, Exit> {
    let (tool, given) = tool_path(env, cmd, args)?;
    let known = vet::tool_flags(&tool).map_err(|m| {
        eprintln!("{m}");
        Exit::Code(2)
    })?;
    let mut defs = vec![flag("diff", Kind::Bool), flag("json", Kind::Bool), flag("c", Kind::Int), flag(if cmd == "vet" { "vettool" } else { "fixtool" }, Kind::Str)];
    defs.push(flag("fix", if cmd == "vet" { Kind::Bool } else { Kind::Str }));
    let mut defs = base::with_build_flags(&defs);
    for (name, boolean) in &known {
        if name != "c" && defs.iter().all(|d| d.name != name) {
            let name: &'static str = Box::leak(name.clone().into_boxed_str());
            defs.push(Def { name, kind: if *boolean { Kind::Bool } else { Kind::Str } });
        }
    }
    let is_tool = |n: &str| n != "c" && known.iter().any(|k| k.0 == n);
    let mut p = base::goflags(env, &defs)?;
    let mut inherited: Vec<(String, String)> = p.set.iter().filter(|(n, _)| is_tool(n)).cloned().collect();
    let mut q: VecDeque<String> = args.iter().cloned().collect();
    let mut explicit = Vec::new();
    loop {
        let before: Vec<String> = q.iter().cloned().collect();
        match flags::next(&mut q, &defs) {
            Ok(None) | Ok(Some(Item::End)) => {
                p.rest.extend(q);
                break;
            }
            Ok(Some(Item::Arg(a))) => {
                p.rest.push(a);
                p.rest.extend(q);
                break;
            }
            Ok(Some(Item::Flag { name, value })) => {
                if is_tool(&name) {
                    explicit.extend(before[..before.len() - q.len()].iter().cloned());
                    inherited.retain(|(n, _)| *n != name);
                }
                p.set.push((name, value));
            }
            Ok(Some(Item::Unknown(a))) => {
                let body = a.trim_start_matches('-');
                eprintln!("flag provided but not defined: -{}", body.split('=').next().unwrap_or(""));
                return Err(exit_usage(cmd, &given));
            }
            Err(flags::Error::Help) => return Err(exit_usage(cmd, &given)),
            Err(flags::Error::Message(m)) => {
                eprintln!("{m}");
                return Err(exit_usage(cmd, &given));
            }
        }
    }
    let mut tool_flags: Vec<String> = inherited.into_iter().map(|(n, v)| format!("-{n}={v}")).collect();
    tool_flags.extend(explicit);
    Ok(Request { p, tool, tool_flags })
}

/// Runs the command; `cmd` is `vet` or `fix`.
pub fn run(env: &GoEnv, cmd: &str, args: &[String]) -> Outcome {
    let mut r = parse(env, cmd, args)?;
    let explicit = !r.tool_flags.is_empty() || !r.p.str(&format!("{cmd}tool")).is_empty();
    let (json, diff) = (r.p.bool("json"), r.p.bool("diff"));
    let fixing = cmd == "fix" || r.p.bool("fix");
    // -fix, -diff and -json are passed on as the mode needs them, not as given.
    r.tool_flags.retain(|f| !matches!(f.trim_start_matches('-').split('=').next(), Some("json" | "diff" | "fix")));
    let apply = fixing && !json && !diff;
    if fixing {
        if json && diff {
            return Err(Exit::Error("-json and -diff cannot be used together".into()));
        }
        match (json, diff) {
            (true, _) => r.tool_flags.push("-json".into()),
            (_, true) => r.tool_flags.extend(["-fix".into(), "-diff".into()]),
            _ => r.tool_flags.push("-fix".into()),
        }
        if r.p.get("c").is_some_and(|c| c != "-1") {
            return Err(Exit::Error("-c flag cannot be used when applying fixes".into()));
        }
    } else {
        r.tool_flags.push("-json".into());
        if diff {
            return Err(Exit::Error("go vet -diff flag requires -fix".into()));
        }
    }
    let old = r.p.str("fix").to_string();
    if cmd == "fix" && !old.is_empty() {
        eprintln!("go fix: the -fix={old} flag is obsolete and has no effect");
        if old.split(',').any(|f| f == "buildtag") {
            eprintln!("go fix: to enable the buildtag check, use -buildtag");
        }
    }
    let mut build_flags = r.p.clone();
    build_flags.set.retain(|(n, _)| n != "json");
    let opts = crate::build::options(env, &build_flags)?;
    let mut l = base::loader_for(env, &build_flags, true)?;
    l.load_tests = true;
    let ids = l.load_patterns(&r.p.rest)?;
    crate::build::check_packages(&l, &ids)?;
    if ids.is_empty() {
        return Err(Exit::Error(format!("no packages to {cmd}")));
    }
    let mut failed = false;
    let mut units: Vec<PkgId> = Vec::new();
    for id in ids {
        let p = &l.packages[id];
        let vendored = p.standard && p.import_path.starts_with("vendor/") || p.module.as_ref().is_some_and(|m| !m.main);
        if apply && vendored {
            continue;
        }
        let (path, dir) = (p.import_path.clone(), p.dir.display().to_string());
        match testing::prepare(&mut l, id) {
            Err(e) => {
                eprintln!("{}", e.join("\n"));
                failed = true;
            }
            Ok(None) if !l.packages[id].has_go() => {
                eprintln!("go: can't {cmd} {path}: no Go files in {dir}");
                failed = true;
            }
            Ok(None) => units.push(id),
            Ok(Some(t)) => {
                if l.packages[t.own].has_go() {
                    units.push(t.own);
                }
                units.extend(t.external);
            }
        }
    }
    let Some(show) = opts.show.clone() else { return Err(Exit::go("no work folder")) };
    // What is vetted reads its own sources and tells of errors in them; what others import must be in order.
    let wanted = vet::wanted(&l, &units);
    let imported: Vec<PkgId> = units.iter().copied().filter(|u| wanted.contains(u)).collect();
    let order = l.post_order(&[units.clone(), wanted.clone()].concat());
    let broken = rgo_work::cgo::prepare(&mut l, &order, &opts, rgo_work::cgo::What::Go);
    if !broken.is_empty() {
        crate::build::report_failures(&l, &broken, false);
        failed = true;
        for (id, text) in broken {
            l.packages[id].error.get_or_insert(rgo_work::load::PkgError::msg(text));
            units.retain(|u| !l.post_order(&[*u]).contains(&id));
        }
    }
    let exports = gcfiles::make(&l, &wanted, &imported, &opts);
    let bad: Vec<PkgId> = exports.errors.iter().map(|e| e.0).collect();
    if !bad.is_empty() {
        crate::build::report_failures(&l, &exports.errors, false);
        failed = true;
    }
    // What imports a package with errors is passed over.
    let good: Vec<PkgId> = units.into_iter().filter(|u| !l.post_order(&[*u]).iter().any(|d| d != u && bad.contains(d))).collect();
    let std_flags = (!explicit).then(|| {
        let mut v = vec!["-unsafeptr=false".to_string()];
        v.extend(r.tool_flags.clone());
        v
    });
    let o = VetOptions {
        tool: r.tool.clone(), flags: r.tool_flags.clone(), std_flags, fix: apply, rebuild: r.p.bool("a"),
        threads: opts.threads, cache: Cache::new(&opts.cache_dir), show: &show,
    };
    let results = vet::run(&l, &good, &exports, &o);
    let mut changed: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for id in &good {
        let Some(res) = results.get(id) else { continue };
        if let Some(m) = &res.failure {
            eprintln!("# {}\n{}", l.packages[*id].import_path.split(' ').next().unwrap_or(""), m.trim_end());
            failed = true;
            continue;
        }
        failed |= match (fixing, json) {
            (_, true) => print_through(res, false),
            (true, false) => print_through(res, diff),
            (false, false) => diagnostics(env, &r.p, res)?,
        };
        if apply && !res.fixes.is_empty() {
            let files = rgo_modcache::zip::read_all(&res.fixes).map_err(|e| Exit::Error(format!("reading archive of fixes: {e}")))?;
            for (name, data) in files {
                if changed.insert(name.clone(), data.clone()).is_some_and(|old| old != data) {
                    eprintln!("reading archive of fixes: inconsistent fixes to file {name}");
                    return Err(Exit::Code(1));
                }
            }
        }
    }
    for (name, data) in changed {
        if let Err(e) = std::fs::write(&name, data) {
            eprintln!("applying fix: open {name}: {}", rgo_work::modload::io_text(&e));
            failed = true;
        }
    }
    if failed { Err(Exit::Code(1)) } else { Ok(()) }
}

/// Copies what the tool printed; with `fails` there should have been nothing.
fn print_through(r: &VetResult, fails: bool) -> bool {
    print!("{}", String::from_utf8_lossy(&r.stdout));
    fails && !r.stdout.is_empty()
}

/// Prints JSON diagnostics as lines.
fn diagnostics(env: &GoEnv, p: &Parsed, r: &VetResult) -> Result<bool, Exit> {
    if r.stdout.is_empty() {
        return Ok(false);
    }
    let v: Value = serde_json::from_slice(&r.stdout).map_err(|e| Exit::Error(format!("parsing JSON: {e}")))?;
    let mut failed = false;
    for units in v.as_object().into_iter().flat_map(|m| m.values()) {
        for msg in units.as_object().into_iter().flat_map(|m| m.values()) {
            if let Some(e) = msg.get("error").and_then(Value::as_str) {
                eprintln!("{e}");
                failed = true;
                continue;
            }
            for d in msg.as_array().into_iter().flatten() {
                failed = true;
                line(env, p, d, "");
                for rel in d["related"].as_array().into_iter().flatten() {
                    line(env, p, rel, "\t");
                }
            }
        }
    }
    Ok(failed)
}

/// File, line and column of a position.
fn position(s: &str) -> Option<(&str, usize, usize)> {
    let (rest, col) = s.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some((file, line.parse().ok()?, col.parse().ok()?))
}

fn line(env: &GoEnv, p: &Parsed, d: &Value, indent: &str) {
    let (start, end, msg) = (d["posn"].as_str().unwrap_or(""), d["end"].as_str().unwrap_or(""), d["message"].as_str().unwrap_or(""));
    match position(start) {
        Some((f, l, c)) => eprintln!("{}:{l}:{c}: {indent}{msg}", short_path(&env.cwd, Path::new(f))),
        None => eprintln!("{start}: {indent}{msg}"),
    }
    let context = p.get("c").and_then(flags::parse_int).unwrap_or(-1);
    let (Some(from), Some(to)) = (position(start), position(if end.is_empty() { start } else { end })) else { return };
    if context >= 0 {
        let data = std::fs::read_to_string(from.0).unwrap_or_default();
        for (i, text) in data.split('\n').enumerate() {
            let n = i as i64 + 1;
            if n >= from.1 as i64 - context && n <= to.1 as i64 + context {
                eprintln!("{n}\t{text}");
            }
        }
    }
}
