//! `rgo list`: packages and modules as text or JSON.

use crate::base::{self, Exit, Outcome};
use crate::env::json_string;
use crate::flags::{Kind, flag};
use rgo_work::goenv::GoEnv;
use rgo_work::load::{Loader, Package, PkgId};
use rgo_work::modload::{Module, Modules};
use std::fmt::Write;
use std::sync::Arc;

/// A value of a listing.
enum Value {
    Str(String),
    Bool(bool),
    List(Vec<String>),
    Map(Vec<(String, String)>),
    Object(Vec<(&'static str, Value)>),
}

impl Value {
    fn is_zero(&self) -> bool {
        match self {
            Value::Str(s) => s.is_empty(),
            Value::Bool(b) => !b,
            Value::List(l) => l.is_empty(),
            Value::Map(m) => m.is_empty(),
            Value::Object(o) => o.is_empty(),
        }
    }

    fn json(&self, indent: usize, out: &mut String) {
        let pad = |n: usize| "\t".repeat(n);
        match self {
            Value::Str(s) => out.push_str(&json_string(s)),
            Value::Bool(b) => drop(write!(out, "{b}")),
            Value::List(l) => {
                out.push_str("[\n");
                for (i, s) in l.iter().enumerate() {
                    let comma = if i + 1 < l.len() { "," } else { "" };
                    let _ = writeln!(out, "{}{}{comma}", pad(indent + 1), json_string(s));
                }
                let _ = write!(out, "{}]", pad(indent));
            }
            Value::Map(m) => {
                out.push_str("{\n");
                for (i, (k, v)) in m.iter().enumerate() {
                    let comma = if i + 1 < m.len() { "," } else { "" };
                    let _ = writeln!(out, "{}{}: {}{comma}", pad(indent + 1), json_string(k), json_string(v));
                }
                let _ = write!(out, "{}}}", pad(indent));
            }
            Value::Object(o) => {
                out.push_str("{\n");
                let live: Vec<_> = o.iter().filter(|(_, v)| !v.is_zero()).collect();
                for (i, (k, v)) in live.iter().enumerate() {
                    let _ = write!(out, "{}{}: ", pad(indent + 1), json_string(k));
                    v.json(indent + 1, out);
                    out.push_str(if i + 1 < live.len() { ",\n" } else { "\n" });
                }
                let _ = write!(out, "{}}}", pad(indent));
            }
        }
    }

    fn text(&self) -> String {
        match self {
            Value::Str(s) => s.clone(),
            Value::Bool(b) => b.to_string(),
            Value::List(l) => format!("[{}]", l.join(" ")),
            Value::Map(m) => {
                let l: Vec<String> = m.iter().map(|(k, v)| format!("{k}:{v}")).collect();
                format!("map[{}]", l.join(" "))
            }
            Value::Object(_) => String::new(),
        }
    }
}

fn module_value(m: &Module) -> Value {
    let mut o = vec![
        ("Path", Value::Str(m.path.clone())),
        ("Version", Value::Str(m.version.clone())),
    ];
    if let Some(r) = &m.replace {
        o.push(("Replace", module_value(r)));
    }
    o.extend([
        ("Main", Value::Bool(m.main)),
        ("Indirect", Value::Bool(m.indirect)),
        ("Dir", Value::Str(if m.dir.is_dir() { m.dir.display().to_string() } else { String::new() })),
        ("GoMod", Value::Str(m.go_mod.display().to_string())),
        ("GoVersion", Value::Str(m.go_version.clone())),
        ("Sum", Value::Str(m.sum.clone())),
    ]);
    Value::Object(o)
}

fn package_value(l: &Loader<'_>, env: &GoEnv, id: PkgId, roots: &[PkgId]) -> Vec<(&'static str, Value)> {
    let p: &Package = &l.packages[id];
    let s = |t: &str| Value::Str(t.to_string());
    let list = |v: &[String]| Value::List(v.to_vec());
    let names = |v: &[rgo_work::load::SourceFile]| Value::List(v.iter().map(|f| f.name.clone()).collect());
    let mut deps: Vec<String> = l.post_order(&[id]).into_iter().filter(|d| *d != id).map(|d| l.packages[d].import_path.clone()).collect();
    deps.sort();
    let mut imports: Vec<String> = p.imports.iter().map(|i| p.import_map.get(i).unwrap_or(i).clone()).collect();
    imports.sort();
    imports.dedup();
    let mut matches: Vec<String> = Vec::new();
    if roots.contains(&id) {
        matches.push(p.import_path.clone());
    }
    let root = match (&p.module, p.standard) {
        (_, true) => env.goroot.display().to_string(),
        (Some(m), _) => m.dir.display().to_string(),
        _ => String::new(),
    };
    let mut o = vec![
        ("Dir", s(&p.dir.display().to_string())),
        ("ImportPath", s(&p.import_path)),
        ("Name", s(&p.name)),
        ("Doc", s(&p.doc)),
        ("Target", s("")),
        ("Root", s(&root)),
        ("ForTest", s(p.for_test.as_deref().unwrap_or(""))),
    ];
    if let Some(m) = &p.module {
        o.push(("Module", module_value(m)));
    }
    o.extend([
        ("Match", Value::List(matches)),
        ("Goroot", Value::Bool(p.standard)),
        ("Standard", Value::Bool(p.standard)),
        ("DepOnly", Value::Bool(!roots.contains(&id))),
        ("Incomplete", Value::Bool(l.post_order(&[id]).iter().any(|d| l.packages[*d].error.is_some()))),
        ("GoFiles", names(&p.go_files)),
        ("IgnoredGoFiles", list(&p.ignored_go_files)),
        ("InvalidGoFiles", list(&p.invalid_go_files)),
        ("IgnoredOtherFiles", list(&p.ignored_other_files)),
        ("CFiles", list(&p.c_files)),
        ("HFiles", list(&p.h_files)),
        ("SFiles", list(&p.s_files)),
        ("SysoFiles", list(&p.syso_files)),
        ("EmbedPatterns", list(&p.embed_patterns)),
        ("EmbedFiles", list(&p.embed_files)),
        ("Imports", Value::List(imports)),
        ("ImportMap", Value::Map(p.import_map.iter().map(|(k, v)| (k.clone(), v.clone())).collect())),
        ("Deps", Value::List(deps)),
    ]);
    if let Some(e) = &p.error {
        let stack = Value::List(e.stack.iter().map(|x| x.0.clone()).collect());
        o.push(("Error", Value::Object(vec![("ImportStack", stack), ("Pos", s(&e.pos)), ("Err", s(&e.msg))])));
    }
    o.extend([
        ("TestGoFiles", names(&p.test_go_files)),
        ("TestImports", list(&p.test_imports)),
        ("XTestGoFiles", names(&p.xtest_go_files)),
        ("XTestImports", list(&p.xtest_imports)),
    ]);
    o
}

/// Expands `{{.Field}}`, `{{.A.B}}` and `{{join .List "sep"}}`; other template actions are refused.
fn expand(format: &str, fields: &[(&'static str, Value)]) -> Result<String, String> {
    fn find<'a>(fields: &'a [(&'static str, Value)], path: &str) -> Result<Option<&'a Value>, String> {
        let mut cur = fields;
        let mut it = path.trim_start_matches('.').split('.').peekable();
        while let Some(name) = it.next() {
            match cur.iter().find(|(k, _)| *k == name) {
                Some((_, Value::Object(o))) if it.peek().is_some() => cur = o,
                Some((_, v)) => return Ok(Some(v)),
                None => return Ok(None),
            }
        }
        Ok(None)
    }
    let mut out = String::new();
    let mut rest = format;
    while let Some(i) = rest.find("{{") {
        out.push_str(&rest[..i]);
        let end = rest[i..].find("}}").ok_or("template: main:1: unclosed action")?;
        let action = rest[i + 2..i + end].trim();
        rest = &rest[i + end + 2..];
        let quoted = action.strip_prefix('"').and_then(|a| a.strip_suffix('"'));
        if let Some(q) = quoted {
            out.push_str(&q.replace("\\n", "\n").replace("\\t", "\t"));
        } else if action.starts_with('.') && !action.contains(' ') {
            out.push_str(&find(fields, action)?.map_or(String::new(), Value::text));
        } else if let Some(args) = action.strip_prefix("join ") {
            let (path, sep) = args.trim().split_once(' ').ok_or("template: join needs two arguments")?;
            let sep = sep.trim().trim_matches('"').replace("\\n", "\n").replace("\\t", "\t");
            if let Some(Value::List(l)) = find(fields, path)? {
                out.push_str(&l.join(&sep));
            }
        } else {
            return Err(format!("rgo: list -f: template action {{{{{action}}}}} is not supported yet"));
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn print_one(p: &crate::flags::Parsed, fields: Vec<(&'static str, Value)>, default: &str) -> Outcome {
    match p.get("json") {
        Some("false") | None => {}
        Some(want) => {
            let want: Vec<&str> = if want == "true" { Vec::new() } else { want.split(',').collect() };
            let live = fields.into_iter().filter(|(k, _)| want.is_empty() || want.contains(k)).collect();
            let mut out = String::new();
            Value::Object(live).json(0, &mut out);
            println!("{out}");
            return Ok(());
        }
    }
    let f = p.get("f").unwrap_or(default);
    let t = expand(f, &fields).map_err(Exit::Error)?;
    if !t.is_empty() {
        println!("{t}");
    }
    Ok(())
}

fn list_modules(env: &GoEnv, p: &crate::flags::Parsed) -> Outcome {
    let l = base::loader(env, p)?;
    if l.modules.mains.is_empty() {
        return Err(Exit::Error(Modules::no_main_module()));
    }
    let mut all: Vec<Arc<Module>> = l.modules.mains.iter().map(|m| m.module.clone()).collect();
    let names: Vec<&str> = p.rest.iter().map(String::as_str).collect();
    if !names.is_empty() {
        all.extend(l.modules.build_list().map_err(Exit::go)?.iter().cloned());
    }
    let mains = l.modules.mains.len();
    for (i, m) in all.iter().enumerate() {
        let wanted = if names.is_empty() { i < mains } else { names.iter().any(|n| *n == "all" || rgo_work::pattern::Matcher::new(n).matches(&m.path)) };
        if !wanted {
            continue;
        }
        let Value::Object(o) = module_value(m) else { continue };
        let mut text = m.path.clone();
        if !m.version.is_empty() {
            text.push_str(&format!(" {}", m.version));
        }
        if let Some(r) = &m.replace {
            text.push_str(&format!(" => {}", r.path));
            if !r.version.is_empty() {
                text.push_str(&format!(" {}", r.version));
            }
        }
        print_one(p, o, &text.replace("{{", ""))?;
    }
    for n in names.iter().filter(|n| **n != "all" && !n.contains("...")) {
        if !all.iter().any(|m| m.path == *n) {
            return Err(Exit::go(format!("module {n}: not a known dependency")));
        }
    }
    Ok(())
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
    for name in ["export", "test", "u", "versions", "retracted"] {
        if p.bool(name) {
            return Err(Exit::Error(format!("rgo: list -{name} is not supported yet")));
        }
    }
    if p.get("f").is_some() && p.get("json").is_some_and(|v| v != "false") {
        return Err(Exit::go("list -f cannot be used with -json"));
    }
    if p.bool("m") {
        return list_modules(env, &p);
    }
    let mut l = base::loader(env, &p)?;
    let roots = l.load_patterns(&p.rest)?;
    for w in &l.warnings {
        eprintln!("{w}");
    }
    let ids = if p.bool("deps") { l.post_order(&roots) } else { roots.clone() };
    if !p.bool("e") {
        let errors: Vec<String> = ids.iter().filter_map(|id| l.packages[*id].error.as_ref()).map(ToString::to_string).collect();
        if !errors.is_empty() {
            return Err(Exit::Error(errors.join("\n")));
        }
    }
    for id in ids {
        print_one(&p, package_value(&l, env, id, &roots), "{{.ImportPath}}")?;
    }
    Ok(())
}
