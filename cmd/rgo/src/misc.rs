//! Small commands: `telemetry`, `bug`, `doc`.

use crate::base::{self, Exit, Outcome};
use crate::flags::{Kind, flag};
use rgo_work::goenv::{GO_VERSION, GoEnv};
use rgo_work::{exec, tools};

/// `rgo telemetry`: shows or sets the mode file that all Go tools share. rgo itself collects nothing.
pub fn telemetry(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("telemetry", env, args, &[flag("C", Kind::Str)])?;
    match &p.rest[..] {
        [] => {
            println!("{}", env.value("GOTELEMETRY"));
            Ok(())
        }
        [mode] if matches!(mode.as_str(), "on" | "off" | "local") => {
            if env.value("GOTELEMETRY") == *mode {
                return Ok(());
            }
            let dir = std::path::PathBuf::from(env.value("GOTELEMETRYDIR"));
            let date = rgo_work::vcs::today();
            let written = std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(dir.join("mode"), format!("{mode} {date}")));
            written.map_err(|e| Exit::go(format!("failed to set the telemetry mode to {mode}: {}", rgo_work::modload::io_text(&e))))?;
            if mode == "on" {
                eprintln!("Telemetry uploading is now enabled for Go tools that support it; rgo itself collects and sends nothing.");
            }
            Ok(())
        }
        _ => {
            eprint!("{}", crate::usage::short("telemetry"));
            Err(Exit::Code(2))
        }
    }
}

/// `rgo bug`: what a report should contain; no browser is opened.
pub fn bug(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("bug", env, args, &[flag("C", Kind::Str), flag("v", Kind::Bool)])?;
    if !p.rest.is_empty() {
        return Err(Exit::go("bug takes no arguments"));
    }
    println!("Please file a new issue at golang.org/issue/new using this template:\n");
    println!("### What version of Go are you using (`go version`)?\n\n```\ngo version {GO_VERSION} {}/{}\nrgo {}\n```\n", env.goos(), env.goarch(), env!("CARGO_PKG_VERSION"));
    println!("### What operating system and processor architecture are you using (`go env`)?\n\n```");
    for n in env.names() {
        println!("{n}='{}'", env.value(n));
    }
    println!("```\n\n### What did you do?\n\n### What did you see happen?\n\n### What did you expect to see?");
    Ok(())
}

/// `rgo doc`: the release's own, compiled by rgo.
pub fn doc(env: &GoEnv, args: &[String]) -> Outcome {
    let exe = tools::go_command(env).map_err(Exit::Error)?;
    let mut words = vec![exe.display().to_string(), "doc".to_string()];
    words.extend(args.iter().cloned());
    let vars = [("GOROOT".to_string(), env.goroot.display().to_string()), exec::path_variable(&env.goroot), ("CGO_ENABLED".into(), env.value("CGO_ENABLED"))];
    let status = exec::run(&words, &env.cwd, &vars).map_err(|e| Exit::go(e))?;
    match status.code() {
        Some(0) => Ok(()),
        c => {
            use std::os::unix::process::ExitStatusExt;
            Err(Exit::Code(c.or(status.signal().map(|s| 128 + s)).unwrap_or(1)))
        }
    }
}
