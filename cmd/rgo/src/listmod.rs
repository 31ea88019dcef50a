//! `rgo list -m`: modules.

use crate::base::{self, Exit, Outcome};
use crate::flags::Parsed;
use crate::list::{print_one, template};
use crate::template::{TEXT, Value};
use rgo_work::goenv::GoEnv;
use rgo_work::modload::base as report;
use rgo_work::modload::{ListMode, Module, Modules};

/// A module as templates and JSON see it.
pub fn module_fields(m: &Module) -> Vec<(&'static str, Value)> {
    let s = |t: &str| Value::Str(t.to_string());
    let path = |p: &std::path::Path| Value::Str(p.display().to_string());
    let module = |m: &Option<std::sync::Arc<Module>>| m.as_ref().map_or(Value::Nil, |m| Value::Object(module_fields(m)));
    let opt = |t: &str| if t.is_empty() { Value::Nil } else { s(t) };
    let origin = m.origin.as_ref().map_or(Value::Nil, |o| Value::Object(o.fields().into_iter().map(|(k, v)| (k, s(v))).collect()));
    vec![
        ("Path", s(&m.path)),
        ("Version", s(&m.version)),
        ("Query", s(&m.query)),
        ("Versions", Value::list(&m.versions)),
        ("Replace", module(&m.replace)),
        ("Time", opt(&m.time)),
        ("Update", module(&m.update)),
        ("Main", Value::Bool(m.main)),
        ("Indirect", Value::Bool(m.indirect)),
        ("Dir", path(&m.dir)),
        ("GoMod", path(&m.go_mod)),
        ("GoVersion", s(&m.go_version)),
        ("Retracted", Value::list(&m.retracted)),
        ("Deprecated", s(&m.deprecated)),
        ("Error", m.error.as_ref().map_or(Value::Nil, |e| Value::Object(vec![("Err", s(&e.err)), (TEXT, s(&e.err))]))),
        ("Sum", s(&m.sum)),
        ("GoModSum", s(&m.go_mod_sum)),
        ("Origin", origin),
        ("Reuse", Value::Bool(m.reuse)),
        (TEXT, Value::Str(text(m))),
    ]
}

/// The line `list -m` prints.
fn text(m: &Module) -> String {
    let version = |m: &Module| if m.retracted.is_empty() { m.version.clone() } else { format!("{} (retracted)", m.version) };
    let full = |m: &Module, s: &mut String| {
        if !m.version.is_empty() {
            s.push_str(&format!(" {}", version(m)));
            if let Some(u) = &m.update {
                s.push_str(&format!(" [{}]", version(u)));
            }
        }
    };
    let mut s = m.path.clone();
    full(m, &mut s);
    if !m.deprecated.is_empty() {
        s.push_str(" (deprecated)");
    }
    if let Some(r) = &m.replace {
        s.push_str(&format!(" => {}", r.path));
        full(r, &mut s);
        if !r.deprecated.is_empty() {
            s.push_str(" (deprecated)");
        }
    }
    s
}

/// Runs `list -m`.
pub fn run(env: &GoEnv, p: &Parsed) -> Outcome {
    let mut flags = base::mod_flags(env, p, "list")?;
    flags.verbose = false;
    let mut m = Modules::init(env, &flags)?;
    if !p.str("reuse").is_empty() && m.has_root() {
        return Err(Exit::Error("go list -reuse cannot be used inside a module".into()));
    }
    if p.bool("retracted") && m.vendoring() {
        return Err(Exit::Error("go list -retracted cannot be used when vendoring is enabled".into()));
    }
    for name in ["compiled", "deps", "export", "find", "test"] {
        if p.bool(name) {
            return Err(Exit::Error(format!("go list -{name} cannot be used with -m")));
        }
    }
    if m.gopath.is_some() {
        return Err(Exit::go("list -m cannot be used with GO111MODULE=off"));
    }
    m.load_mod_file(None).unwrap_or_else(|e| report::fatal(&e));
    if m.vendoring() {
        let no = |what: &str| Err(Exit::go(format!("can't {what} using the vendor directory\n\t(Use -mod=mod or -mod=readonly to bypass.)")));
        if p.bool("versions") {
            return no("determine available versions");
        }
        if p.bool("u") {
            return no("determine available upgrades");
        }
        for a in &p.rest {
            if a == "all" {
                return no("compute 'all'");
            }
            if a.contains("...") {
                return no("match module patterns");
            }
        }
    }
    if !p.str("reuse").is_empty() && p.rest.is_empty() {
        return Err(Exit::go("list -m -reuse only has an effect with module@version arguments"));
    }
    let (u, retracted, versions) = (p.bool("u"), p.bool("retracted"), p.bool("versions"));
    let mode = ListMode { update: u, retracted: u || retracted, deprecated: u, versions, retracted_versions: versions && retracted };
    let (mods, err) = m.list_modules(&p.rest, mode, p.str("reuse"));
    if !p.bool("e") {
        for e in mods.iter().filter_map(|m| m.error.as_ref()) {
            report::errorf(format_args!("go: {}", e.err));
        }
        if let Some(e) = &err {
            report::error(e);
        }
        report::exit_if_errors();
    }
    let default = if versions { "{{.Path}}{{range .Versions}} {{.}}{{end}}{{if .Deprecated}} (deprecated){{end}}" } else { "{{.}}" };
    let t = template(p, default)?;
    let find = |path: &str| Value::Object(module_fields(&m.module_named(path)));
    for x in &mods {
        print_one(env, p, module_fields(x), &t, &find)?;
    }
    Ok(())
}
