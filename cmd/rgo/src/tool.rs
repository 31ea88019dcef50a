//! `rgo tool`: the release's tools and those of go.mod.

use crate::base::{self, Exit, Outcome};
use crate::flags::{Kind, flag};
use rgo_work::goenv::GoEnv;
use rgo_work::load::Package;
use rgo_work::{exec, tools};

fn exec_name(path: &str) -> String {
    Package { import_path: path.into(), ..Package::default() }.exec_name()
}

/// Whether a name can be that of a tool of the release.
fn valid(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
}

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let defs = [flag("C", Kind::Str), flag("n", Kind::Bool), flag("x", Kind::Bool), flag("mod", Kind::Str), flag("modfile", Kind::Str), flag("modcacherw", Kind::Bool), flag("overlay", Kind::Str)];
    let p = base::parse_flags("tool", env, args, &defs)?;
    let Some(name) = p.rest.first() else { return list(env, &p) };
    if name == "dist" && p.rest.get(1).is_some_and(|a| a == "list") {
        for port in base::PORTS {
            println!("{port}");
        }
        return Ok(());
    }
    if tools::is_inside(name) {
        // What would run is rgo; programs ask to know whether there is a compiler.
        let exe = std::env::current_exe().map_err(|e| Exit::Error(format!("go tool {name}: {e}")))?;
        if p.bool("n") {
            return start(name, &p, vec![exe.display().to_string()], &[]);
        }
        if matches!(p.rest.get(1).map(String::as_str), Some("-V" | "-V=full" | "--V" | "--V=full")) {
            println!("{name} version {}", rgo_work::goenv::GO_VERSION);
            return Ok(());
        }
    }
    if valid(name) && tools::is_builtin(env, name) {
        let exe = tools::path(env, name).map_err(Exit::Error)?;
        return start(name, &p, vec![exe.display().to_string()], &[]);
    }
    let l = base::loader(env, &p)?;
    let mut found: Vec<String> = l.modules.mains.iter().flat_map(|m| m.file.tool.iter()).map(|w| w.text.clone()).filter(|t| t == name || exec_name(t) == *name).collect();
    found.sort();
    found.dedup();
    match &found[..] {
        [] => {
            eprintln!("go: no such tool {name:?}");
            Err(Exit::Code(2))
        }
        [one] => mod_tool(env, &p, name, one),
        many => Err(Exit::go(format!("tool {name:?} is ambiguous; choose one of:\n\t{}\n\t", many.join("\n\t")))),
    }
}

fn list(env: &GoEnv, p: &crate::flags::Parsed) -> Outcome {
    let names: Vec<&str> = tools::TOOLS.iter().copied().filter(|t| matches!(*t, "asm" | "cgo" | "compile" | "cover" | "fix" | "link" | "preprofile" | "vet")).collect();
    for n in &names {
        println!("{n}");
    }
    let l = base::loader(env, p)?;
    let mut all: Vec<String> = l.modules.mains.iter().flat_map(|m| m.file.tool.iter()).map(|w| w.text.clone()).collect();
    all.sort();
    all.dedup();
    for t in &all {
        let alias = exec_name(t);
        let clash = names.contains(&alias.as_str()) || all.iter().any(|o| o != t && exec_name(o) == alias);
        println!("{}", if clash { t.clone() } else { format!("{alias} ({t})") });
    }
    Ok(())
}

/// Compiles and runs a tool that go.mod names.
fn mod_tool(env: &GoEnv, p: &crate::flags::Parsed, name: &str, path: &str) -> Outcome {
    let opts = crate::build::options(env, p)?;
    let mut l = base::loader(env, p)?;
    let ids = l.load_patterns(&[path.to_string()])?;
    crate::build::check_packages(&l, &ids)?;
    let Some(&id) = ids.first().filter(|i| l.packages[**i].is_main()) else {
        return Err(Exit::Error(format!("package {path} is not a main package")));
    };
    let quiet = rgo_work::build::BuildOptions { show: None, ..opts };
    let b = crate::build::compile(&mut l, &[id], p, &quiet)?;
    let mut link = crate::build::link_options(&l, p, id, path, false)?;
    link.omit_debug = true;
    let exe = b.kept_program(&l, id, &link).map_err(|m| Exit::Error(format!("# {path}\n{m}")))?;
    start(name, p, vec![exe.display().to_string()], &[exec::path_variable(&env.goroot)])
}

/// Runs a tool with the arguments behind its name; its exit status is that of the command.
fn start(name: &str, p: &crate::flags::Parsed, mut words: Vec<String>, env: &[(String, String)]) -> Outcome {
    words.extend(p.rest[1..].iter().cloned());
    if p.bool("n") {
        println!("{}", words.join(" "));
        return Ok(());
    }
    let cwd = std::env::current_dir().unwrap_or_default();
    let status = exec::run(&words, &cwd, env).map_err(|e| {
        Exit::Error(format!("go tool {name}: {e}"))
    })?;
    match status.code() {
        Some(0) => Ok(()),
        Some(c) => Err(Exit::Code(c)),
        None => Err(Exit::Error(format!("go tool {name}: {}", exec::status_text(&status)))),
    }
}
