//! Running programs.

use std::path::Path;
use std::process::{Command, ExitStatus};

/// Runs a program with this process's standard streams. While it runs, interrupts are left to it:
/// the terminal sends them to both.
pub fn run(words: &[String], dir: &Path, env: &[(String, String)]) -> std::io::Result<ExitStatus> {
    hold_signals();
    command(words, dir, env).status()
}

/// The same, but interrupts end this process too.
pub fn run_plain(words: &[String], dir: &Path, env: &[(String, String)]) -> std::io::Result<ExitStatus> {
    command(words, dir, env).status()
}

/// The command with what every program started by rgo is told: where rgo is, for GOROOT/bin/go, which is a script.
fn command(words: &[String], dir: &Path, env: &[(String, String)]) -> Command {
    let mut c = Command::new(&words[0]);
    c.args(&words[1..]).current_dir(dir);
    if let Ok(exe) = std::env::current_exe() {
        c.env("RGO_EXE", exe);
    }
    c.envs(env.iter().cloned());
    c
}

/// PATH with GOROOT's bin first, as the go command gives it to what it starts.
pub fn path_variable(goroot: &Path) -> (String, String) {
    let path = std::env::var("PATH").unwrap_or_default();
    ("PATH".to_string(), format!("{}{}{path}", goroot.join("bin").display(), if cfg!(windows) { ';' } else { ':' }))
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

/// How a captured program ended.
pub struct Ended {
    pub status: ExitStatus,
    /// It ran too long: it was asked to quit, or killed.
    pub quit: bool,
    pub killed: bool,
    /// Something it started kept its output open.
    pub incomplete: bool,
}

/// How long output is waited for once a program has ended, and a program once it was asked to quit.
pub const WAIT_DELAY: std::time::Duration = std::time::Duration::from_secs(5);

/// Runs a program with standard output and error going to `sink` as they come. After `limit` it is
/// asked to quit (with a trace), then killed.
pub fn run_captured(
    words: &[String],
    dir: &Path,
    env: &[(String, String)],
    limit: Option<std::time::Duration>,
    sink: &mut dyn FnMut(&[u8]),
) -> std::io::Result<Ended> {
    use std::io::Read;
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::time::{Duration, Instant};
    hold_signals();
    let (mut reader, writer) = std::io::pipe()?;
    let mut cmd = command(words, dir, env);
    cmd.stdin(std::process::Stdio::null());
    cmd.stdout(writer.try_clone()?).stderr(writer);
    let mut child = cmd.spawn()?;
    // The pipe's writing ends in this process go with the command.
    drop(cmd);
    let (tx, rx) = channel::<Vec<u8>>();
    std::thread::spawn(move || {
        let mut buf = vec![0; 1 << 16];
        while let Ok(n) = reader.read(&mut buf) {
            if n == 0 || tx.send(buf[..n].to_vec()).is_err() {
                break;
            }
        }
    });
    let start = Instant::now();
    let (mut quit, mut killed, mut incomplete) = (None, false, false);
    let mut status: Option<(ExitStatus, Instant)> = None;
    loop {
        // Output is the usual thing to wait for; the rest is looked at in between.
        match rx.recv_timeout(Duration::from_millis(if status.is_some() { 50 } else { 20 })) {
            Ok(data) => {
                sink(&data);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => {
                if status.is_none() && quit.is_none() && limit.is_none() {
                    status = Some((child.wait()?, Instant::now()));
                }
                if status.is_some() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if status.is_none() {
            if let Some(s) = child.try_wait()? {
                status = Some((s, Instant::now()));
            }
        }
        if let Some((_, at)) = &status {
            if at.elapsed() > WAIT_DELAY {
                incomplete = true;
                break;
            }
            continue;
        }
        if limit.is_some_and(|l| start.elapsed() > l) {
            match quit {
                None => {
                    quit = Some(Instant::now());
                    ask_to_quit(&mut child);
                }
                Some(at) if at.elapsed() > WAIT_DELAY && !killed => {
                    killed = true;
                    child.kill()?;
                }
                Some(_) => {}
            }
        }
    }
    let Some((status, _)) = status else { return Err(std::io::Error::other("program did not end")) };
    Ok(Ended { status, quit: quit.is_some(), killed, incomplete })
}

#[cfg(unix)]
fn ask_to_quit(child: &mut std::process::Child) {
    if let Some(pid) = rustix::process::Pid::from_raw(child.id() as i32) {
        // It may have ended by itself meanwhile.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
    }
}

#[cfg(not(unix))]
fn ask_to_quit(child: &mut std::process::Child) {
    let _ = child.kill();
}
