//! `rgo completion bash|zsh|fish`: scripts that complete commands, flags, Go files and folders in a shell.

use crate::base::{BUILD_FLAGS, Exit, Outcome};
use crate::usage::{COMMANDS, subcommands};
use std::fmt::Write;

fn build_flags() -> String {
    BUILD_FLAGS.iter().map(|d| format!("-{}", d.name)).collect::<Vec<_>>().join(" ")
}

fn names() -> String {
    COMMANDS.iter().map(|c| c.0).collect::<Vec<_>>().join(" ")
}

/// Commands that take the flags of a build.
const BUILDING: &str = "build|clean|fix|generate|get|install|list|run|test|vet";

fn bash() -> String {
    let mut s = String::from("_rgo() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n\tCOMPREPLY=()\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n");
    let _ = writeln!(s, "\t\twords='{} help'\n\telif [ \"$COMP_CWORD\" -eq 2 ]; then\n\t\tcase ${{COMP_WORDS[1]}} in", names());
    for c in ["mod", "work"] {
        let _ = writeln!(s, "\t\t{c}) words='{}' ;;", subcommands(c).join(" "));
    }
    let _ = writeln!(s, "\t\thelp) words='{}' ;;\n\t\tesac\n\tfi", names());
    let _ = writeln!(s, "\tcase ${{COMP_WORDS[1]}}:$cur in\n\t{}) words='{}' ;;\n\tesac", BUILDING.split('|').map(|c| format!("{c}:-*")).collect::<Vec<_>>().join("|"), build_flags());
    s.push_str("\tif [ -n \"$words\" ]; then\n\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n\telse\n\t\tCOMPREPLY=($(compgen -d -- \"$cur\") $(compgen -f -X '!*.go' -- \"$cur\"))\n\tfi\n}\ncomplete -o filenames -F _rgo rgo\n");
    s
}

fn fish() -> String {
    let mut s = String::new();
    for (name, _, about) in COMMANDS {
        let _ = writeln!(s, "complete -c rgo -n __fish_use_subcommand -f -a {name} -d '{}'", about.replace('\'', "\\'"));
    }
    for c in ["mod", "work"] {
        let _ = writeln!(s, "complete -c rgo -n '__fish_seen_subcommand_from {c}' -f -a '{}'", subcommands(c).join(" "));
    }
    for d in BUILD_FLAGS {
        let _ = writeln!(s, "complete -c rgo -n '__fish_seen_subcommand_from {}' -o {}", BUILDING.replace('|', " "), d.name);
    }
    s
}

/// Runs the command.
pub fn run(args: &[String]) -> Outcome {
    match args {
        [sh] if sh == "bash" => print!("{}", bash()),
        // zsh reads completions for bash.
        [sh] if sh == "zsh" => print!("autoload -U +X bashcompinit && bashcompinit\n{}", bash()),
        [sh] if sh == "fish" => print!("{}", fish()),
        _ => {
            eprintln!("usage: rgo completion bash|zsh|fish");
            return Err(Exit::Code(2));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bash_reads_and_completes() {
        let script = bash() + "COMP_WORDS=(rgo mod ti); COMP_CWORD=2; _rgo; echo \"${COMPREPLY[@]}\"\nCOMP_WORDS=(rgo build -trim); _rgo; echo \"${COMPREPLY[@]}\"\n";
        let Ok(out) = std::process::Command::new("bash").args(["-c", &script]).output() else { return };
        assert_eq!(String::from_utf8_lossy(&out.stdout), "tidy\n-trimpath\n");
        assert!(out.stderr.is_empty());
    }
}
