//! Usage lines; the texts behind them are in `help.rs`.

use crate::help::{TOPICS, command};

/// Name, usage line without the leading "go", summary.
pub const COMMANDS: &[(&str, &str, &str)] = &[
    ("bug", "bug", "start a bug report"),
    ("build", "build [-o output] [build flags] [packages]", "compile packages and dependencies"),
    ("clean", "clean [-i] [-r] [-cache] [-testcache] [-modcache] [-fuzzcache] [build flags] [packages]", "remove object files and cached files"),
    ("doc", "doc [doc flags] [package|[package.]symbol[.methodOrField]]", "show documentation for package or symbol"),
    ("env", "env [-json] [-changed] [-u] [-w] [var ...]", "print Go environment information"),
    ("fix", "fix [build flags] [-fixtool prog] [fix flags] [packages]", "apply fixes suggested by static checkers"),
    ("fmt", "fmt [-n] [-x] [packages]", "gofmt (reformat) package sources"),
    ("generate", "generate [-run regexp] [-n] [-v] [-x] [build flags] [file.go... | packages]", "generate Go files by processing source"),
    ("get", "get [-t] [-u] [-tool] [build flags] [packages]", "add dependencies to current module and install them"),
    ("install", "install [build flags] [packages]", "compile and install packages and dependencies"),
    ("list", "list [-f format] [-json] [-m] [list flags] [build flags] [packages]", "list packages or modules"),
    ("mod", "mod <command> [arguments]", "module maintenance"),
    ("run", "run [build flags] [-exec xprog] package [arguments...]", "compile and run Go program"),
    ("telemetry", "telemetry [off|local|on]", "manage telemetry data and settings"),
    ("test", "test [build/test flags] [packages] [build/test flags & test binary flags]", "test packages"),
    ("tool", "tool [-n] command [args...]", "run specified go tool"),
    ("version", "version [-m] [-v] [-json] [file ...]", "print Go version"),
    ("vet", "vet [build flags] [-vettool prog] [vet flags] [packages]", "report likely mistakes in packages"),
    ("work", "work <command> [arguments]", "workspace maintenance"),
];

/// Usage lines of commands of commands, and of those that help does not list.
const MORE: &[(&str, &str)] = &[
    ("mod download", "mod download [-x] [-json] [-reuse=old.json] [modules]"),
    ("mod edit", "mod edit [editing flags] [-fmt|-print|-json] [go.mod]"),
    ("mod graph", "mod graph [-go=version] [-x]"),
    ("mod init", "mod init [module-path]"),
    ("mod tidy", "mod tidy [-e] [-v] [-x] [-diff] [-go=version] [-compat=version]"),
    ("mod vendor", "mod vendor [-e] [-v] [-o outdir]"),
    ("mod verify", "mod verify"),
    ("mod why", "mod why [-m] [-vendor] packages..."),
    ("work edit", "work edit [editing flags] [go.work]"),
    ("work init", "work init [moddirs]"),
    ("work sync", "work sync"),
    ("work use", "work use [-r] [moddirs]"),
    ("work vendor", "work vendor [-e] [-v] [-o outdir]"),
];

/// The commands of a command.
pub fn subcommands(of: &str) -> Vec<&'static str> {
    MORE.iter().filter_map(|c| c.0.strip_prefix(of)?.strip_prefix(' ')).collect()
}

/// The two lines printed behind a wrong flag.
pub fn short(cmd: &str) -> String {
    let more = || MORE.iter().find(|c| c.0 == cmd).map(|c| c.1);
    let line = COMMANDS.iter().find(|c| c.0 == cmd).map(|c| c.1).or_else(more).unwrap_or(cmd);
    let more = if cmd == "test" { " and 'go help testflag'" } else { "" };
    format!("usage: go {line}\nRun 'go help {cmd}'{more} for details.\n")
}

/// The text of `go help`.
pub fn overview() -> String {
    let mut s = String::from("Go is a tool for managing Go source code.\n\nUsage:\n\n\tgo <command> [arguments]\n\nThe commands are:\n\n");
    for (name, _, about) in COMMANDS {
        s.push_str(&format!("\t{name:<11} {about}\n"));
    }
    s.push_str("\nUse \"go help <command>\" for more information about a command.\n\nAdditional help topics:\n\n");
    for (name, about, _) in TOPICS {
        s.push_str(&format!("\t{name:<15} {about}\n"));
    }
    s.push_str("\nUse \"go help <topic>\" for more information about that topic.\n\n");
    s
}

const BUILD_HELP: &str = "\
Flags shared by commands that build:

	-C dir          change to dir first; must be the first flag
	-a              rebuild everything, std included
	-p n            number of threads
	-v              print the names of packages as they are compiled
	-x              print what is done
	-work           keep the temporary folder
	-gcflags '[pattern=]list'   -N -l (no optimisation), -e (all errors)
	-ldflags '[pattern=]list'   -s -w, -X path.name=value
	-mod mode       readonly, vendor or mod
	-modfile file   use another go.mod
	-overlay file   JSON file that replaces files
	-tags list      build tags, separated by commas
	-trimpath       remove file system paths from the program
	-why            say for every package that is compiled what changed since it was compiled last
	-timings[=file] print where the time went; write a trace that Perfetto opens
";

/// The text of `go help NAME`; a command of a command is named with both words.
pub fn long(cmd: &str) -> Option<String> {
    if let Some((_, _, text)) = TOPICS.iter().find(|t| t.0 == cmd) {
        return Some(text.to_string());
    }
    let line = COMMANDS.iter().find(|c| c.0 == cmd).map(|c| c.1).or_else(|| MORE.iter().find(|c| c.0 == cmd).map(|c| c.1))?;
    let build = matches!(cmd, "build" | "install" | "run" | "test" | "list");
    Some(format!("usage: go {line}\n\n{}{}", command(cmd)?, if build { format!("\n{BUILD_HELP}") } else { String::new() }))
}
