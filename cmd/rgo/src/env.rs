//! `rgo env`.

use crate::base::{self, Exit, Outcome};
use crate::flags::{Kind, flag};
use rgo_work::goenv::{GoEnv, KNOWN};
use std::collections::BTreeMap;

/// A string as Go's JSON encoder writes it.
pub fn json_string(s: &str) -> String {
    let mut out = String::from("\"");
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn shell_quote(s: &str) -> String {
    format!("'{}'", s.replace('\'', "'\\''"))
}

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let defs = [flag("C", Kind::Str), flag("changed", Kind::Bool), flag("json", Kind::Bool), flag("n", Kind::Bool), flag("u", Kind::Bool), flag("w", Kind::Bool), flag("x", Kind::Bool)];
    let p = base::parse_flags("env", env, args, &defs)?;
    let experiments = rgo_work::load::experiments(env, &env.goroot.join("src"), std::iter::empty());
    experiments.map_err(Exit::Error)?;
    let (json, u, w) = (p.bool("json"), p.bool("u"), p.bool("w"));
    if json && u {
        return Err(Exit::go("cannot use -json with -u"));
    }
    if json && w {
        return Err(Exit::go("cannot use -json with -w"));
    }
    if u && w {
        return Err(Exit::go("cannot use -u with -w"));
    }
    if w {
        return write(env, &p.rest);
    }
    if u {
        return unset(env, &p.rest);
    }
    warn_ignored(env);
    let mut names: Vec<String> = if p.rest.is_empty() { env.names().iter().map(|s| s.to_string()).collect() } else { p.rest.clone() };
    if p.bool("changed") {
        let plain = GoEnv::defaults(env);
        let computed = ["GOGCCFLAGS", "GOMOD", "GOWORK", "GOTOOLDIR", "GOVERSION"];
        names.retain(|n| !computed.contains(&n.as_str()) && env.value(n) != plain.value(n));
    }
    if json {
        names.sort();
        names.dedup();
        println!("{{");
        for (i, n) in names.iter().enumerate() {
            let comma = if i + 1 < names.len() { "," } else { "" };
            println!("\t{}: {}{comma}", json_string(n), json_string(&env.value(n)));
        }
        println!("}}");
        return Ok(());
    }
    if !p.rest.is_empty() && !p.bool("changed") {
        for n in &p.rest {
            println!("{}", env.value(n));
        }
        return Ok(());
    }
    for n in names {
        println!("{n}={}", shell_quote(&env.value(&n)));
    }
    Ok(())
}

/// Says which go.mod files do not count for where they lie.
fn warn_ignored(env: &GoEnv) {
    if env.raw("GO111MODULE") == "off" {
        return;
    }
    let temp = std::env::temp_dir();
    if GoEnv::find_go_mod(&env.cwd).is_some_and(|f| f.parent() == Some(temp.as_path())) {
        eprintln!("go: warning: ignoring go.mod in system temp root {}", temp.display());
        if env.raw("GO111MODULE") == "auto" {
            return;
        }
    }
    let gopath = env.gopath();
    if let Some(p) = std::env::split_paths(&gopath).next().filter(|p| !p.as_os_str().is_empty() && p.join("go.mod").exists()) {
        eprintln!("go: warning: ignoring go.mod in $GOPATH {}", p.display());
    }
}

fn known(name: &str) -> Result<(), Exit> {
    const READ_ONLY: &[&str] = &["GOEXE", "GOGCCFLAGS", "GOHOSTARCH", "GOHOSTOS", "GOMOD", "GOROOT", "GOTELEMETRY", "GOTELEMETRYDIR", "GOTOOLDIR", "GOVERSION", "GOWORK"];
    if READ_ONLY.contains(&name) {
        return Err(Exit::go(format!("{name} cannot be modified")));
    }
    if name == "GOENV" {
        return Err(Exit::go("GOENV can only be set using the OS environment"));
    }
    if !KNOWN.contains(&name) {
        return Err(Exit::go(format!("unknown go command variable {name}")));
    }
    Ok(())
}

fn write(env: &GoEnv, args: &[String]) -> Outcome {
    if args.is_empty() {
        return Err(Exit::go("no KEY=VALUE arguments given"));
    }
    let mut add = BTreeMap::new();
    for a in args {
        let Some((k, v)) = a.split_once('=') else {
            return Err(Exit::go(format!("arguments must be KEY=VALUE: invalid argument: {a}")));
        };
        known(k)?;
        match k {
            "GOOS" | "GOARCH" if v.is_empty() => {}
            "GOPATH" if v.starts_with('~') => return Err(Exit::go(format!("GOPATH entry cannot start with shell metacharacter '~': {v:?}"))),
            "GOPATH" if !v.is_empty() && !std::path::Path::new(v).is_absolute() => {
                return Err(Exit::go(format!("GOPATH entry is relative; must be absolute path: {v:?}")));
            }
            "GOMODCACHE" if !v.is_empty() && !std::path::Path::new(v).is_absolute() => {
                return Err(Exit::go(format!("GOMODCACHE entry is relative; must be absolute path: {v:?}")));
            }
            _ => {}
        }
        if add.insert(k.to_string(), v.to_string()).is_some() {
            return Err(Exit::go(format!("multiple values for key: {k}")));
        }
    }
    check_port(env, &add, &[])?;
    for k in add.keys() {
        if std::env::var(k).is_ok_and(|v| !v.is_empty()) {
            eprintln!("warning: go env -w {k}=... does not override conflicting OS environment variable");
        }
    }
    update(env, add, &[])
}

fn unset(env: &GoEnv, args: &[String]) -> Outcome {
    if args.is_empty() {
        return Err(Exit::go("'go env -u' requires an argument"));
    }
    for a in args {
        known(a)?;
    }
    check_port(env, &BTreeMap::new(), args)?;
    update(env, BTreeMap::new(), args)
}

/// A change of GOOS or GOARCH must leave a pair that there is.
fn check_port(env: &GoEnv, add: &BTreeMap<String, String>, del: &[String]) -> Outcome {
    let changed = |n: &str| add.contains_key(n) || del.iter().any(|d| d == n);
    if !changed("GOOS") && !changed("GOARCH") {
        return Ok(());
    }
    let after = |n: &str, host: &str| match add.get(n) {
        Some(v) if !v.is_empty() => v.clone(),
        None if !changed(n) => env.value(n),
        _ => std::env::var(n).ok().filter(|v| !v.is_empty()).unwrap_or_else(|| host.to_string()),
    };
    let port = format!("{}/{}", after("GOOS", &env.value("GOHOSTOS")), after("GOARCH", &env.value("GOHOSTARCH")));
    if base::PORTS.contains(&port.as_str()) { Ok(()) } else { Err(Exit::go(format!("unsupported GOOS/GOARCH pair {port}"))) }
}

fn update(env: &GoEnv, add: BTreeMap<String, String>, del: &[String]) -> Outcome {
    let path = env.env_file_path();
    if path.as_os_str().is_empty() || path == std::path::Path::new("off") {
        return Err(Exit::go("cannot find go env config: GOENV=off"));
    }
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    let mut add = add;
    for l in old.lines() {
        let key = l.split_once('=').map_or("", |x| x.0);
        if del.iter().any(|d| d == key) {
            continue;
        }
        match add.remove(key) {
            Some(v) => lines.push(format!("{key}={v}")),
            None => lines.push(l.to_string()),
        }
    }
    lines.extend(add.into_iter().map(|(k, v)| format!("{k}={v}")));
    // Variables are kept sorted, comments where they are.
    let mut vars: Vec<String> = lines.iter().filter(|l| l.contains('=') && !l.starts_with('#')).cloned().collect();
    vars.sort();
    let mut it = vars.into_iter();
    let out: Vec<String> = lines.into_iter().map(|l| if l.contains('=') && !l.starts_with('#') { it.next().unwrap_or(l) } else { l }).collect();
    if let Some(d) = path.parent() {
        let _ = std::fs::create_dir_all(d);
    }
    let mut text = out.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    std::fs::write(&path, text).map_err(|e| Exit::go(format!("writing go env config: {e}")))
}
