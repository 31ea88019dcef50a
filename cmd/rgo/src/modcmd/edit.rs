//! `rgo mod edit` (and what `rgo work edit` shares with it).

use crate::base::{self, Exit, Outcome};
use crate::env::json_string;
use crate::flags::{Kind, Parsed, flag};
use rgo_modcache::ModVersion;
use rgo_modcache::layout::{check_import_path, check_import_path_why};
use rgo_modcache::modfile::{self, File, Mode, is_directory_path};
use rgo_modcache::{gover, lock, semver};
use rgo_work::goenv::GoEnv;
use rgo_work::modload::{Modules, check_reserved, parse_path_version};
use std::path::PathBuf;

fn bad(flag: &str, arg: &str, m: impl std::fmt::Display) -> Exit {
    Exit::go(format!("-{flag}={arg}: {m}"))
}

fn path_version(flag: &str, arg: &str) -> Result<ModVersion, Exit> {
    let (p, v) = parse_path_version(arg).map_err(|e| bad(flag, arg, e))?;
    let Some(v) = v else { return Err(bad(flag, arg, "need path@version")) };
    let (p, v) = (p.trim(), v.trim());
    check_import_path(p).map_err(|m| bad(flag, arg, format!("invalid path: {m}")))?;
    if modfile::must_quote(v) {
        return Err(bad(flag, arg, format!("invalid version {}", rgo_modcache::quote(v))));
    }
    Ok(ModVersion::new(p, v))
}

fn path_only(flag: &str, arg: &str) -> Result<String, Exit> {
    if arg.contains('@') {
        return Err(bad(flag, arg, "need just path, not path@version"));
    }
    check_import_path(arg).map_err(|m| bad(flag, arg, format!("invalid path: {m}")))?;
    Ok(arg.to_string())
}

/// `path[@version]`; with `dir` also a folder.
fn optional_version(adj: &str, arg: &str, dir: bool) -> Result<ModVersion, String> {
    if dir && is_directory_path(arg) {
        return Ok(ModVersion::new(arg, ""));
    }
    let (p, v) = parse_path_version(arg).map_err(|e| e.to_string())?;
    let (p, v) = if let Some(v) = v { (p.trim(), v.trim()) } else { (p, "") };
    check_import_path(p).map_err(|m| format!("invalid {adj} path: {m}"))?;
    if p != arg && modfile::must_quote(v) {
        return Err(format!("invalid {adj} version: {}", rgo_modcache::quote(v)));
    }
    Ok(ModVersion::new(p, v))
}

/// A version, or `[low,high]`.
fn interval(flag: &str, arg: &str) -> Result<(String, String), Exit> {
    let Some(rest) = arg.strip_prefix('[') else {
        if modfile::must_quote(arg) {
            return Err(bad(flag, arg, format!("invalid version: {}", rgo_modcache::quote(arg))));
        }
        return Ok((arg.into(), arg.into()));
    };
    let fail = || bad(flag, arg, format!("invalid version interval: {}", rgo_modcache::quote(arg)));
    let (l, h) = rest.strip_suffix(']').and_then(|r| r.split_once(',')).ok_or_else(fail)?;
    let (l, h) = (l.trim(), h.trim());
    if modfile::must_quote(l) || modfile::must_quote(h) {
        return Err(fail());
    }
    Ok((l.into(), h.into()))
}

/// The version must be canonical, and fit the path.
fn check_canonical(path: &str, v: &str) -> Result<(), String> {
    let q = rgo_modcache::quote(v);
    let major = semver::split_path_version(path).map(|s| s.1);
    if v.is_empty() || v != semver::canonical_module(v) {
        let m = major.unwrap_or("");
        let form = if m.is_empty() { "v1" } else { m.strip_suffix("-unstable").unwrap_or(m)[1..].as_ref() };
        return Err(format!("version {q} invalid: must be of the form {form}.2.3"));
    }
    match major {
        Some(m) => semver::check_path_major(v, m).map_err(|e| {
            if m.is_empty() { format!("version {q} invalid: should be {v}+incompatible (or module {path}/{})", semver::major(v)) } else { e }
        }),
        None => Ok(()),
    }
}

/// Flags whose order matters.
const EDITS: &[&str] = &[
    "godebug", "dropgodebug", "require", "droprequire", "exclude", "dropexclude", "replace", "dropreplace", "retract", "dropretract", "tool",
    "droptool", "ignore", "dropignore", "use", "dropuse",
];

/// One change of a go.mod or go.work file.
pub fn apply(f: &mut File, k: &str, v: &str) -> Result<(), Exit> {
    let canonical = |p: &str, ver: &str| check_canonical(p, ver).map_err(|m| bad(k, v, m));
    match k {
        "require" => {
            let m = path_version(k, v)?;
            f.add_require(&m.path, &m.version);
        }
        "droprequire" => f.drop_require(&path_only(k, v)?),
        "exclude" => {
            let m = path_version(k, v)?;
            canonical(&m.path, &m.version)?;
            f.add_exclude(&m);
        }
        "dropexclude" => f.drop_exclude(&path_version(k, v)?),
        "replace" => {
            let Some((old, new)) = v.split_once('=') else { return Err(bad(k, v, "need old[@v]=new[@w] (missing =)")) };
            let (old, new) = (old.trim(), new.trim());
            if new.starts_with('>') {
                return Err(bad(k, v, "separator between old and new is =, not =>"));
            }
            let o = optional_version("old", old, false).map_err(|m| bad(k, v, m))?;
            let n = optional_version("new", new, true).map_err(|m| bad(k, v, m))?;
            if n.path == new && !is_directory_path(new) {
                return Err(bad(k, v, "unversioned new path must be local directory"));
            }
            f.add_replace(&o, &n);
        }
        "dropreplace" => f.drop_replace(&optional_version("old", v, true).map_err(|m| bad(k, v, m))?),
        "tool" => f.add_tool(&path_only(k, v)?),
        "droptool" => f.drop_tool(&path_only(k, v)?),
        "ignore" => f.add_ignore(v),
        "dropignore" => f.drop_ignore(v),
        "godebug" => match v.split_once('=') {
            Some((key, val)) if !v.contains(['"', '`', '\'', ',']) => f.add_godebug(key, val),
            _ => return Err(bad(k, v, "need key=value")),
        },
        "dropgodebug" => f.drop_godebug(v),
        "retract" => {
            let (low, high) = interval(k, v)?;
            let path = f.module_path().to_string();
            canonical(&path, &high)?;
            canonical(&path, &low)?;
            f.add_retract(&low, &high);
        }
        "dropretract" => {
            let (low, high) = interval(k, v)?;
            f.drop_retract(&low, &high);
        }
        _ => {}
    }
    Ok(())
}

/// What `-go` and `-toolchain` do, and whether their values are possible. `cmd`: `mod` or `work`.
pub fn versions(f: &mut File, p: &Parsed, cmd: &str) -> Result<(), Exit> {
    match p.str("go") {
        "" => {}
        "none" => f.drop_go(),
        v => f.set_go(v),
    }
    match p.str("toolchain") {
        "" => {}
        "none" => f.drop_toolchain(),
        v => f.set_toolchain(v),
    }
    let _ = cmd;
    Ok(())
}

/// Refuses impossible `-go` and `-toolchain`.
pub fn check_versions(p: &Parsed, cmd: &str) -> Result<(), Exit> {
    let (go, tc) = (p.str("go"), p.str("toolchain"));
    if !matches!(go, "" | "none") && !modfile::go_version_ok(go) {
        return Err(Exit::Error(format!("go {cmd}: invalid -go option; expecting something like \"-go {}\"", gover::LOCAL)));
    }
    if !matches!(tc, "" | "none" | "default") && tc != "go1" && !tc.starts_with("go1.") {
        return Err(Exit::Error(format!("go {cmd}: invalid -toolchain option; expecting something like \"-toolchain go{}\"", gover::LOCAL)));
    }
    Ok(())
}

/// The changes among the flags, in order.
pub fn edits(p: &Parsed) -> impl Iterator<Item = (&str, &str)> {
    p.set.iter().map(|(k, v)| (k.as_str(), v.as_str())).filter(|(k, _)| EDITS.contains(k))
}

/// Runs `rgo mod edit`.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let mut defs = vec![
        flag("C", Kind::Str), flag("fmt", Kind::Bool), flag("go", Kind::Str), flag("json", Kind::Bool), flag("modfile", Kind::Str),
        flag("modcacherw", Kind::Bool), flag("overlay", Kind::Str), flag("module", Kind::Str), flag("n", Kind::Bool), flag("x", Kind::Bool),
        flag("print", Kind::Bool), flag("toolchain", Kind::Str),
    ];
    defs.extend(EDITS.iter().filter(|e| !e.ends_with("use")).map(|e| flag(e, Kind::Str)));
    let p = base::parse_flags("mod edit", env, args, &defs)?;
    let any = ["module", "go", "toolchain"].iter().any(|f| !p.str(f).is_empty()) || ["json", "print", "fmt"].iter().any(|f| p.bool(f));
    if !any && edits(&p).next().is_none() {
        return Err(Exit::go("no flags specified (see 'go help mod edit')."));
    }
    if p.bool("json") && p.bool("print") {
        return Err(Exit::go("cannot use both -json and -print"));
    }
    if p.rest.len() > 1 {
        return Err(Exit::go("too many arguments"));
    }
    // Flags are read before the file is.
    let mut probe = File::default();
    for (k, v) in edits(&p).filter(|(k, _)| !matches!(*k, "exclude" | "retract")) {
        apply(&mut probe, k, v)?;
    }
    let path: PathBuf = match p.rest.first() {
        Some(f) => env.cwd.join(f),
        None => {
            let mut flags = base::mod_flags(env, &p, "mod edit")?;
            flags.workspace = false;
            let m = Modules::init(env, &flags)?;
            let Some(root) = m.roots_of_mains().first() else { return Err(Exit::Error(m.die_text())) };
            m.mod_file_path(root)
        }
    };
    let module = p.str("module");
    if !module.is_empty() {
        let ok = check_import_path_why(module).map_err(|w| format!("malformed import path {}: {w}", rgo_modcache::quote(module)));
        ok.and_then(|()| check_reserved(module)).map_err(|m| Exit::go(format!("invalid -module: {m}")))?;
    }
    check_versions(&p, "mod")?;
    let name = rgo_work::pattern::short_path(&env.cwd, &path);
    let data = lock::read(&path).map_err(|e| Exit::go(p.rest.first().map_or_else(|| e.to_string(), |f| e.to_string().replace(&path.display().to_string(), f))))?;
    let mut f = File::parse(&name, &data, Mode::Strict)
        .map_err(|e| Exit::go(format!("errors parsing {name}:\n{}", e.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))))?;
    if !module.is_empty() {
        f.set_module(module);
    }
    versions(&mut f, &p, "mod")?;
    for (k, v) in edits(&p) {
        apply(&mut f, k, v)?;
    }
    if p.bool("json") {
        // Sorting concerns the text only.
        f.remove_dups();
        println!("{}", json(&f));
        return Ok(());
    }
    f.clean();
    let text = f.format();
    if p.bool("print") {
        print!("{text}");
        return Ok(());
    }
    let flags = base::mod_flags(env, &p, "mod edit")?;
    let side = rgo_work::modload::side_lock(env, &flags);
    let r = lock::transform(&path, |now| {
        if now != data {
            return Err("go.mod changed during editing; not overwriting".into());
        }
        Ok(Some(text.into_bytes()))
    });
    drop(side);
    r.map_err(Exit::go)
}

/// A go.mod as JSON.
pub fn json(f: &File) -> String {
    let version = |m: &ModVersion, pad: &str| {
        let mut s = format!("{{\n{pad}\t\"Path\": {}", json_string(&m.path));
        if !m.version.is_empty() {
            s.push_str(&format!(",\n{pad}\t\"Version\": {}", json_string(&m.version)));
        }
        s + &format!("\n{pad}}}")
    };
    let list = |items: Vec<String>| {
        if items.is_empty() { String::new() } else { format!("[\n\t\t{}\n\t]", items.join(",\n\t\t")) }
    };
    let mut fields = Vec::new();
    let mut module = format!("{{\n\t\t\"Path\": {}", json_string(f.module_path()));
    if !f.deprecated.is_empty() {
        module.push_str(&format!(",\n\t\t\"Deprecated\": {}", json_string(&f.deprecated)));
    }
    fields.push(format!("\"Module\": {module}\n\t}}"));
    if let Some(g) = &f.go {
        fields.push(format!("\"Go\": {}", json_string(&g.text)));
    }
    if let Some(t) = &f.toolchain {
        fields.push(format!("\"Toolchain\": {}", json_string(&t.text)));
    }
    let godebug = f.godebug.iter().map(|g| format!("{{\n\t\t\t\"Key\": {},\n\t\t\t\"Value\": {}\n\t\t}}", json_string(&g.key), json_string(&g.value)));
    fields.push(format!("\"GoDebug\": {}", list(godebug.collect())));
    let requires = f.require.iter().map(|r| {
        let mut s = format!("{{\n\t\t\t\"Path\": {},\n\t\t\t\"Version\": {}", json_string(&r.module.path), json_string(&r.module.version));
        if r.indirect {
            s.push_str(",\n\t\t\t\"Indirect\": true");
        }
        s + "\n\t\t}"
    });
    fields.push(format!("\"Require\": {}", list(requires.collect())));
    fields.push(format!("\"Exclude\": {}", list(f.exclude.iter().map(|e| version(&e.module, "\t\t")).collect())));
    let replaces = f.replace.iter().map(|r| format!("{{\n\t\t\t\"Old\": {},\n\t\t\t\"New\": {}\n\t\t}}", version(&r.old, "\t\t\t"), version(&r.new, "\t\t\t")));
    fields.push(format!("\"Replace\": {}", list(replaces.collect())));
    let retracts = f.retract.iter().map(|r| {
        let mut s = format!("{{\n\t\t\t\"Low\": {},\n\t\t\t\"High\": {}", json_string(&r.low), json_string(&r.high));
        if !r.rationale.is_empty() {
            s.push_str(&format!(",\n\t\t\t\"Rationale\": {}", json_string(&r.rationale)));
        }
        s + "\n\t\t}"
    });
    fields.push(format!("\"Retract\": {}", list(retracts.collect())));
    for (name, words) in [("Tool", &f.tool), ("Ignore", &f.ignore)] {
        let items = words.iter().map(|w| format!("{{\n\t\t\t\"Path\": {}\n\t\t}}", json_string(&w.text)));
        fields.push(format!("\"{name}\": {}", list(items.collect())));
    }
    fields.retain(|f| !f.ends_with(": "));
    format!("{{\n\t{}\n}}", fields.join(",\n\t"))
}

