//! rgo: the go command.
//!
//! Purpose: Go's command line: subcommands, flags, messages, exit codes. One file a subcommand;
//! what they do is in rgo-work.
//!
//! Inputs: arguments, environment. Outputs: text as `go` prints it, exit status 0, 1 or 2.
//!
//! Invariants: a wrong flag prints Go's text and exits with 2; what is not implemented says so and
//! exits with 1; user input never panics.
//!
//! Start at `main`, then `base.rs`.
#![forbid(unsafe_code)]

mod base;
mod build;
mod clean;
mod completion;
mod env;
mod flags;
mod fmt;
mod generate;
mod get;
mod help;
mod get_query;
mod list;
mod listmod;
mod misc;
mod modcmd;
mod run;
mod template;
mod test;
mod testrun;
mod tool;
mod toolchain;
mod usage;
mod version;
mod vet;
mod workcmd;

// Also what links the library's `malloc` into the program, which LLVM then uses: an eighth of a cold build's time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use base::{Exit, Outcome};
use rgo_work::goenv::GoEnv;

fn help(args: &[String]) -> Outcome {
    match args {
        [] => {
            print!("{}", usage::overview());
            Ok(())
        }
        _ => match usage::long(&args.join(" ")) {
            Some(t) => {
                print!("{t}");
                Ok(())
            }
            None => {
                eprintln!("go help {}: unknown help topic. Run 'go help'.", args.join(" "));
                Err(Exit::Code(2))
            }
        },
    }
}

/// `-C dir` as first flag: changes the folder and drops the flag.
fn chdir(args: &mut Vec<String>) -> Result<(), Exit> {
    let Some(first) = args.first().cloned() else { return Ok(()) };
    let dir = match first.as_str() {
        "-C" | "--C" => {
            if args.len() < 2 {
                return Ok(());
            }
            args.remove(0);
            args.remove(0)
        }
        f => match f.strip_prefix("--C=").or(f.strip_prefix("-C=")) {
            Some(d) => {
                args.remove(0);
                d.to_string()
            }
            None => return Ok(()),
        },
    };
    std::env::set_current_dir(&dir)
        .map_err(|e| Exit::go(format!("chdir {dir}: {}", rgo_work::modload::io_text(&e))))
}

fn dispatch(mut args: Vec<String>) -> Outcome {
    if args.is_empty() {
        eprint!("{}", usage::overview());
        return Err(Exit::Code(2));
    }
    // -C may stand before the command too.
    chdir(&mut args)?;
    if args.is_empty() {
        eprint!("{}", usage::overview());
        return Err(Exit::Code(2));
    }
    let cmd = args.remove(0);
    if cmd == "help" || cmd == "-h" || cmd == "-help" || cmd == "--help" {
        return help(&args);
    }
    if cmd.starts_with('-') && cmd.len() > 1 {
        let name = cmd.trim_start_matches('-').split('=').next().unwrap_or("");
        eprint!("flag provided but not defined: -{name}\n{}", usage::overview());
        return Err(Exit::Code(2));
    }
    if matches!(cmd.as_str(), "mod" | "work") && args.len() > 1 {
        // It stands behind the subcommand.
        let sub = args.remove(0);
        chdir(&mut args)?;
        args.insert(0, sub);
    }
    chdir(&mut args)?;
    // PWD keeps the path the user came by, where it names the same folder.
    let cwd = std::env::current_dir().map_err(|e| Exit::go(format!("cannot determine current directory: {e}")))?;
    let cwd = match std::env::var_os("PWD").map(std::path::PathBuf::from) {
        Some(p) if p.is_absolute() && p.canonicalize().ok() == cwd.canonicalize().ok() => p,
        _ => cwd,
    };
    let env = GoEnv::new(cwd);
    toolchain::select(&env)?;
    if matches!(cmd.as_str(), "get" | "install" | "run" | "mod" | "work") {
        toolchain::switch_on_errors(&env);
    }
    if !env.raw("GOCACHEPROG").is_empty() {
        rgo_work::cacheprog::configure(flags::split_quoted(env.raw("GOCACHEPROG")));
    }
    match cmd.as_str() {
        "build" => build::run(&env, &args),
        "install" => build::install(&env, &args),
        "run" => run::run(&env, &args),
        "test" => test::run(&env, &args),
        "env" => env::run(&env, &args),
        "version" => version::run(&env, &args),
        "list" => list::run(&env, &args),
        "clean" => clean::run(&env, &args),
        "fmt" => fmt::run(&env, &args),
        "mod" => modcmd::run(&env, &args),
        // Not a command of go: gofmt under this program's name.
        "gofmt" => match rgo_format::cmd::run(&args) {
            0 => Ok(()),
            c => Err(Exit::Code(c)),
        },
        // Not commands of go either.
        "completion" => completion::run(&args),
        "bug" => misc::bug(&env, &args),
        "doc" => misc::doc(&env, &args),
        "generate" => generate::run(&env, &args),
        "telemetry" => misc::telemetry(&env, &args),
        "tool" => tool::run(&env, &args),
        "fix" | "vet" => vet::run(&env, &cmd, &args),
        "get" => get::run(&env, &args),
        "work" => workcmd::run(&env, &args),
        _ => {
            eprintln!("go {cmd}: unknown command\nRun 'go help' for usage.");
            Err(Exit::Code(2))
        }
    }
}

/// Output nobody reads ends the command as it ends others: quietly, with the status of a broken pipe.
fn quiet_pipes() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let text = info.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to std") {
            if !text.contains("Broken pipe") && text.starts_with("failed printing to stdout") {
                use std::io::Write;
                let _ = writeln!(std::io::stderr(), "go: write /dev/stdout: {}", text.rsplit_once(": ").map_or(text, |t| t.1));
            }
            std::process::exit(if text.contains("Broken pipe") { base::BROKEN_PIPE } else { 1 });
        }
        usual(info);
    }));
}

fn main() {
    quiet_pipes();
    let args: Vec<String> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    let called = std::env::args_os().next().map(std::path::PathBuf::from);
    if called.as_ref().and_then(|p| p.file_stem()).is_some_and(|n| n == "gofmt") {
        std::process::exit(rgo_format::cmd::run(&args));
    }
    let code = match dispatch(args) {
        Ok(()) => 0,
        Err(Exit::Code(c)) => c,
        Err(Exit::Error(m)) => {
            eprintln!("{m}");
            1
        }
    };
    base::print_timings();
    rgo_work::cacheprog::close();
    // Loading modules may have reported errors that did not end the command.
    std::process::exit(if code == 0 { rgo_work::modload::base::status() } else { code });
}
