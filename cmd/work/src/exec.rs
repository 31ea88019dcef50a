//! Running programs.

use std::path::Path;
use std::process::{Command, ExitStatus};

/// Runs a program with this process's standard streams. While it runs, interrupts are left to it:
/// the terminal sends them to both.
pub fn run(words: &[String], dir: &Path, env: &[(String, String)]) -> std::io::Result<ExitStatus> {
    hold_signals();
    Command::new(&words[0]).args(&words[1..]).current_dir(dir).envs(env.iter().cloned()).status()
}

/// From now on interrupt and quit do not end this process.
#[cfg(unix)]
pub fn hold_signals() {
    use signal_hook::consts::{SIGINT, SIGQUIT};
    let flag = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    for s in [SIGINT, SIGQUIT] {
        // Registering fails only for signals that cannot be caught.
        let _ = signal_hook::flag::register(s, flag.clone());
    }
}

#[cfg(not(unix))]
pub fn hold_signals() {}

/// `exit status 2` or `signal: killed`, as Go's os/exec says it.
pub fn status_text(s: &ExitStatus) -> String {
    if let Some(c) = s.code() {
        return format!("exit status {c}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(sig) = s.signal() {
            let name = match sig {
                1 => "hangup",
                2 => "interrupt",
                3 => "quit",
                4 => "illegal instruction",
                5 => "trace/breakpoint trap",
                6 => "aborted",
                7 => "bus error",
                8 => "floating point exception",
                9 => "killed",
                10 => "user defined signal 1",
                11 => "segmentation fault",
                12 => "user defined signal 2",
                13 => "broken pipe",
                14 => "alarm clock",
                15 => "terminated",
                n => return format!("signal: signal {n}"),
            };
            return format!("signal: {name}{}", if s.core_dumped() { " (core dumped)" } else { "" });
        }
    }
    "exit status unknown".into()
}
