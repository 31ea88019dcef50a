//! GOTOOLCHAIN: which release should run, where that is another than this one.
//!
//! rgo is one release. Another that the setting, go.mod or go.work asks for (and, where a command finds out later that a module needs one, what its
//! error says) is run from PATH under its name (`go1.99.1`), or from the module cache, into which it is downloaded as the module golang.org/toolchain,
//! checked by the checksum database. Where that is not allowed, what needs a newer language is refused with go's text.

use crate::base::{Exit, Outcome};
use rgo_modcache::error::Error;
use rgo_modcache::fetch::go_mod_lookup;
use rgo_modcache::{ModVersion, gover};
use rgo_work::goenv::{GoEnv, host_arch, host_os};
use rgo_work::modload::{self, ModFlags, base, io_text};
use std::path::{Path, PathBuf};

/// What a release that was started to be a certain one is told.
const TARGET: &str = "GOTOOLCHAIN_INTERNAL_SWITCH_VERSION";
const COUNT: &str = "GOTOOLCHAIN_INTERNAL_SWITCH_COUNT";
const MAX_SWITCH: u32 = 100;

/// A setting taken apart.
struct Choice {
    /// The release to run at least.
    least: String,
    /// go.mod and go.work may ask for a newer one.
    newer: bool,
    path_only: bool,
}

fn parse(text: &str) -> Result<Choice, String> {
    let local = gover::LOCAL_TOOLCHAIN;
    let (least, mode) = match text {
        "auto" | "path" => (local, text),
        "" => ("local", ""),
        _ => text.split_once('+').unwrap_or((text, "")),
    };
    let plus = text.contains('+');
    let least = if least == "local" { local } else { least };
    if gover::from_toolchain(least).is_empty() {
        return Err(format!("invalid GOTOOLCHAIN {text:?}{}", if plus { format!(": invalid minimum toolchain {least:?}") } else { String::new() }));
    }
    if plus && !matches!(mode, "auto" | "path") {
        return Err(format!("invalid GOTOOLCHAIN {text:?}: only version suffixes are +auto and +path"));
    }
    Ok(Choice { least: least.into(), newer: !mode.is_empty(), path_only: mode == "path" })
}

/// The release for a go line: the first one of a language version has a third number.
fn release_of(go: &str) -> String {
    format!("go{go}{}", if gover::is_lang(go) && gover::compare(go, "1.21").is_ge() { ".0" } else { "" })
}

/// The release the main module or workspace asks for, if that is newer than `least`.
fn asked_for(env: &GoEnv, least: &str) -> Result<Option<String>, String> {
    let Some(file) = env.go_work().filter(|f| f.is_file()).or_else(|| GoEnv::find_go_mod(&env.cwd)) else { return Ok(None) };
    let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default()).into_owned();
    let (go, toolchain) = (go_mod_lookup(&text, "go"), go_mod_lookup(&text, "toolchain"));
    let shown = rgo_work::pattern::short_path(&env.cwd, &file);
    if toolchain == "default" {
        gover::set_asked(format!("{shown} sets toolchain default"));
        return Ok(None);
    }
    let mut best = gover::from_toolchain(least).to_string();
    let mut name = None;
    if !toolchain.is_empty() {
        let v = gover::from_toolchain(&toolchain);
        if v.is_empty() {
            return Err(format!("invalid toolchain {toolchain:?} in {shown}"));
        }
        if gover::compare(v, &best).is_gt() {
            best = v.to_string();
            name = Some(toolchain);
        }
    }
    if gover::compare(&go, &best).is_gt() {
        name = Some(release_of(&go));
        gover::set_asked(format!("{shown} sets go {go}"));
    } else if let Some(n) = &name {
        gover::set_asked(format!("{shown} sets toolchain {n}"));
    }
    Ok(name)
}

/// A program that is not this one.
fn runs(p: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let me = std::env::current_exe().and_then(|p| p.canonicalize()).ok();
    std::fs::metadata(p).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0) && p.canonicalize().ok() != me
}

fn in_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).filter(|d| d.is_absolute()).map(|d| d.join(name)).find(|p| runs(p))
}

/// Commands that the release itself answers, whatever the setting.
fn always_local(args: &[String]) -> bool {
    match args {
        [e, name] => e == "env" && matches!(name.as_str(), "GOTOOLCHAIN" | "GOMOD" | "GOWORK"),
        [e, w, set] => e == "env" && w == "-w" && set.starts_with("GOTOOLCHAIN="),
        _ => false,
    }
}

/// Hands the command to another release if that is asked for.
pub fn select(env: &GoEnv) -> Outcome {
    let args: Vec<String> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    if env.raw("GO111MODULE") == "off" || always_local(&args) {
        return Ok(());
    }
    let c = parse(&env.value("GOTOOLCHAIN")).map_err(Exit::go)?;
    let newer = if c.newer { asked_for(env, &c.least).map_err(Exit::go)? } else { None };
    let name = newer.unwrap_or(c.least);
    if let Ok(target) = std::env::var(TARGET) {
        return match target.as_str() {
            "" | gover::LOCAL_TOOLCHAIN => Ok(()),
            t => Err(Exit::go(format!("toolchain {} invoked to provide {t}", gover::LOCAL_TOOLCHAIN))),
        };
    }
    if name == gover::LOCAL_TOOLCHAIN {
        return Ok(());
    }
    if !name.starts_with("go1") && !name.contains("-go1") {
        return Err(Exit::go(format!("invalid GOTOOLCHAIN {name:?}")));
    }
    run(env, &name, c.path_only)
}

/// Runs the command by another release.
fn run(env: &GoEnv, name: &str, path_only: bool) -> Outcome {
    let count: u32 = std::env::var(COUNT).ok().and_then(|c| c.parse().ok()).unwrap_or(0);
    if count >= MAX_SWITCH {
        return Err(Exit::go("too many toolchain switches"));
    }
    let (exe, goroot) = match in_path(name) {
        Some(exe) => (exe, None),
        None if path_only => return Err(Exit::go(format!("cannot find {name:?} in PATH"))),
        None => {
            let dir = download(env, name).map_err(Exit::go)?;
            (dir.join("bin/go"), Some(dir))
        }
    };
    use std::os::unix::process::CommandExt;
    let mut c = std::process::Command::new(&exe);
    c.args(std::env::args_os().skip(1)).env(TARGET, name).env(COUNT, (count + 1).to_string());
    match goroot {
        Some(dir) => c.env("GOROOT", dir),
        None => c.env_remove("GOROOT"),
    };
    let e = c.exec();
    Err(Exit::go(format!("exec {name}: {}", io_text(&e))))
}

/// The folder of a release in the module cache.
fn download(env: &GoEnv, name: &str) -> Result<PathBuf, String> {
    let (os, arch) = (host_os(), host_arch());
    let m = ModVersion::new("golang.org/toolchain", format!("v0.0.1-{name}.{os}-{arch}"));
    let dir = modload::fetcher(env, &ModFlags::default()).download(&m).map_err(|e| {
        let v = gover::from_toolchain(name);
        if let Some(t) = e.fatal() {
            return t.to_string();
        }
        match e.is_not_exist() {
            true if gover::is_lang(v) && gover::compare(v, "1.21").is_ge() => format!("invalid toolchain: {name} is a language version but not a toolchain version ({name}.x)"),
            true => format!("download {name} for {os}/{arch}: toolchain not available"),
            false => format!("download {name}: {e}"),
        }
    })?;
    prepare(&dir).map_err(|e| format!("download {name}: {}", io_text(&e)))?;
    Ok(dir)
}

/// Makes a release that was unpacked as a module usable: a module zip has neither modes nor more than one go.mod.
fn prepare(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = |p: &Path| std::fs::metadata(p).map(|m| m.permissions().mode());
    let go = dir.join("bin/go");
    if mode(&go)? & 0o111 == 0 {
        let allow = |p: &Path| -> std::io::Result<()> { std::fs::set_permissions(p, std::fs::Permissions::from_mode(mode(p)? & 0o777 | 0o111)) };
        let below = |sub: &str| walkdir::WalkDir::new(dir.join(sub)).into_iter().flatten().filter(|e| e.file_type().is_file()).map(walkdir::DirEntry::into_path);
        let helper = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("go_") && n.to_string_lossy().ends_with("_exec"));
        let bin: Vec<PathBuf> = below("bin").filter(|p| *p != go).collect();
        for p in below("pkg/tool").chain(below("lib").filter(helper)).chain(bin) {
            allow(&p)?;
        }
        // The last one: others take it for the sign that all is done.
        allow(&go)?;
    }
    let len = |p: &Path| std::fs::metadata(p).ok().map(|m| m.len());
    let (from, to) = (dir.join("src/_go.mod"), dir.join("src/go.mod"));
    if len(&from) != len(&to) {
        let all: Vec<PathBuf> = walkdir::WalkDir::new(dir).into_iter().flatten().filter(|e| e.file_name() == "_go.mod").map(walkdir::DirEntry::into_path).collect();
        for p in all.iter().filter(|p| **p != from).chain(std::iter::once(&from)) {
            let (folder, new) = (p.parent().unwrap_or(dir), p.with_file_name("go.mod"));
            if len(p) == len(&new) {
                continue;
            }
            let old = mode(folder)?;
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(old | 0o200))?;
            let copied = tempfile::Builder::new().prefix("go.mod").suffix(".tmp").tempfile_in(folder).and_then(|t| {
                std::fs::write(t.path(), std::fs::read(p)?)?;
                std::fs::set_permissions(t.path(), std::fs::Permissions::from_mode(mode(p)? & 0o777))?;
                t.persist(&new).map(drop).map_err(|e| e.error)
            });
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(old))?;
            copied?;
        }
    }
    Ok(())
}

/// The release to take of those there are (in order) for a need: the newest of the language version before the newest one,
/// if that is new enough, so that nobody is moved to a new language version without need.
fn newer_of(need: &str, list: &[String]) -> Option<String> {
    let mut latest = String::new();
    for v in list.iter().rev().take_while(|v| gover::compare(v, need).is_ge()) {
        if gover::lang(&latest) == gover::lang(v) {
            continue;
        }
        let newer = std::mem::replace(&mut latest, v.clone());
        if !newer.is_empty() && !gover::is_prerelease(&newer) {
            break;
        }
    }
    (!latest.is_empty()).then(|| format!("go{latest}"))
}

/// Releases in PATH.
fn path_releases() -> Vec<String> {
    let mut list: Vec<String> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .filter(|d| d.is_absolute())
        .flat_map(|d| std::fs::read_dir(d).into_iter().flatten().flatten())
        .filter(|e| e.file_name().to_string_lossy().starts_with("go1.") && runs(&e.path()))
        .map(|e| gover::from_toolchain(&e.file_name().to_string_lossy()).to_string())
        .filter(|v| v.starts_with("1."))
        .collect();
    list.sort_by(|a, b| gover::compare(a, b));
    list.dedup();
    list
}

/// From now on an error that says that a newer release is needed makes that release run the command, if the setting allows it.
pub fn switch_on_errors(env: &GoEnv) {
    let Ok(c) = parse(&env.value("GOTOOLCHAIN")) else { return };
    if !c.newer || env.raw("GO111MODULE") == "off" {
        return;
    }
    let env = env.clone();
    base::on_too_new(Box::new(move |e| {
        let Some(Error::TooNew { what, go, .. }) = e.chain().find(|e| matches!(e, Error::TooNew { .. })) else { return };
        let list = if c.path_only {
            Ok(path_releases())
        } else {
            let f = modload::fetcher(&env, &ModFlags::default());
            f.try_proxies(|p| f.lookup(p, "go").versions("")).map(|v| v.list)
        };
        let found = list.and_then(|l| newer_of(go, &l).ok_or_else(|| Error::text(format!("no releases found for go >= {go}"))));
        match found {
            Ok(name) => {
                eprintln!("go: {what} requires go >= {go}; switching to {name}");
                if let Err(Exit::Error(m)) = run(&env, &name, c.path_only) {
                    base::fatalf(m);
                }
            }
            Err(e2) => {
                base::errorf(format_args!("go: {e}"));
                base::fatalf(format_args!("go: switching to go >= {go}: {e2}"));
            }
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings() {
        let c = parse("go1.98+path").unwrap();
        assert!(c.least == "go1.98" && c.newer && c.path_only);
        assert!(!parse("local").unwrap().newer && parse("auto").unwrap().newer);
        let e = |t: &str| parse(t).err().unwrap_or_default();
        assert_eq!(e("nosuch"), "invalid GOTOOLCHAIN \"nosuch\"");
        assert_eq!(e("default+auto"), "invalid GOTOOLCHAIN \"default+auto\": invalid minimum toolchain \"default\"");
        assert_eq!(e("go1.21+x"), "invalid GOTOOLCHAIN \"go1.21+x\": only version suffixes are +auto and +path");
    }

    #[test]
    fn choice_of_a_newer_release() {
        let list: Vec<String> = ["1.28.0", "1.28.3", "1.29rc1", "1.29.0", "1.29.4", "1.30rc2"].map(String::from).into();
        let of = |need: &str| newer_of(need, &list).unwrap_or_default();
        assert_eq!((of("1.28"), of("1.28.4"), of("1.29.5"), of("1.31")), ("go1.28.3".into(), "go1.29.4".into(), "go1.30rc2".into(), String::new()));
        assert_eq!(newer_of("1.29", &list[..4]), Some("go1.29.0".into()));
        assert_eq!((release_of("1.30"), release_of("1.30.1"), release_of("1.20")), ("go1.30.0".into(), "go1.30.1".into(), "go1.20".into()));
    }
}
