//! GOTOOLCHAIN: which release should run, where that is another than this one.
//!
//! rgo is one release. Another that the setting, go.mod or go.work asks for is run when it is in PATH under its name (`go1.99.1`), as go does it
//! before it downloads one; rgo downloads none. What then needs a newer language is refused where go.mod is read, with go's text.

use crate::base::{Exit, Outcome};
use rgo_modcache::gover;
use rgo_work::goenv::GoEnv;
use std::path::{Path, PathBuf};

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

/// The release the main module or workspace asks for, if that is newer than `least`.
fn asked_for(env: &GoEnv, least: &str) -> Option<String> {
    if env.raw("GO111MODULE") == "off" {
        return None;
    }
    let file = env.go_work().or_else(|| GoEnv::find_go_mod(&env.cwd))?;
    let text = std::fs::read_to_string(file).ok()?;
    let word = |key: &str| text.lines().find_map(|l| l.split("//").next()?.trim().strip_prefix(key)?.strip_prefix([' ', '\t']).map(|v| v.trim().to_string()));
    let (go, toolchain) = (word("go").unwrap_or_default(), word("toolchain").filter(|t| t != "default").unwrap_or_default());
    let mut best = gover::from_toolchain(least).to_string();
    let mut name = None;
    if gover::compare(gover::from_toolchain(&toolchain), &best).is_gt() {
        best = gover::from_toolchain(&toolchain).to_string();
        name = Some(toolchain);
    }
    if gover::compare(&go, &best).is_gt() {
        name = Some(if gover::is_lang(&go) { format!("go{go}.0") } else { format!("go{go}") });
    }
    name
}

/// A program in PATH that is not this one.
fn in_path(name: &str) -> Option<PathBuf> {
    let me = std::env::current_exe().and_then(|p| p.canonicalize()).ok();
    let runs = |p: &Path| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(p).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0) && p.canonicalize().ok() != me
    };
    std::env::split_paths(&std::env::var_os("PATH")?).map(|d| d.join(name)).find(|p| runs(p))
}

/// Hands the command to another release if that is asked for and there.
pub fn select(env: &GoEnv) -> Outcome {
    let text = env.value("GOTOOLCHAIN");
    let c = parse(&text).map_err(Exit::go)?;
    let name = Some(c.least.clone()).filter(|_| c.newer).and_then(|l| asked_for(env, &l)).unwrap_or(c.least);
    if name == gover::LOCAL_TOOLCHAIN {
        return Ok(());
    }
    let Some(exe) = in_path(&name) else {
        return if c.path_only { Err(Exit::go(format!("cannot find {name:?} in PATH"))) } else { Ok(()) };
    };
    use std::os::unix::process::CommandExt;
    let e = std::process::Command::new(&exe).args(std::env::args_os().skip(1)).env_remove("GOROOT").exec();
    Err(Exit::go(format!("exec {name}: {}", rgo_work::modload::io_text(&e))))
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
}
