//! How loading modules reports errors: as the go command does, on standard error, at once.
//!
//! Some errors end the command wherever they are found (a checksum that does not fit); others are counted and end it at
//! the next [`exit_if_errors`]. A process serves one command, so both are process-wide.

use rgo_modcache::error::Error;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};

static STATUS: AtomicI32 = AtomicI32::new(0);

/// Prints a message; the command will fail.
pub fn errorf(msg: impl std::fmt::Display) {
    eprintln!("{}", msg.to_string().trim_end_matches('\n'));
    set_status(1);
}

type Switch = Box<dyn Fn(&Error) + Send + Sync>;
static SWITCH: OnceLock<Switch> = OnceLock::new();

/// What is done about errors that say that a newer Go is needed, before they are reported.
pub fn on_too_new(f: Switch) {
    let _ = SWITCH.set(f);
}

/// Gives a newer Go, if that is what an error asks for, the chance to take over.
pub fn try_newer(e: &Error) {
    if let Some(f) = SWITCH.get().filter(|_| e.is_too_new()) {
        f(e);
    }
}

/// Prints an error; the command will fail.
pub fn error(e: &Error) {
    try_newer(e);
    match e.fatal() {
        Some(t) => fatalf(t),
        None => errorf(format_args!("go: {e}")),
    }
}

/// The command will end with at least this status.
pub fn set_status(n: i32) {
    STATUS.fetch_max(n, Ordering::Relaxed);
}

/// The status so far.
pub fn status() -> i32 {
    STATUS.load(Ordering::Relaxed)
}

/// Ends the command if something was reported.
pub fn exit_if_errors() {
    if status() != 0 {
        exit();
    }
}

/// Ends the command with the status so far.
pub fn exit() -> ! {
    crate::cacheprog::close();
    std::process::exit(status())
}

/// Prints a message and ends the command.
pub fn fatalf(msg: impl std::fmt::Display) -> ! {
    errorf(msg);
    exit()
}

/// Prints an error and ends the command.
pub fn fatal(e: &Error) -> ! {
    error(e);
    exit()
}

/// Passes a result on, unless its error must end the command.
pub fn guard<T>(r: Result<T, Error>) -> Result<T, Error> {
    if let Err(Some(t)) = r.as_ref().map_err(Error::fatal) {
        fatalf(t);
    }
    r
}
