//! Output to standard error without allocation, and the ways to die.
//!
//! # Safety
//! The buffer is protected by the print lock, which nests per thread (fatal paths print while holding it).

use crate::g::getm;
use crate::{sys, trace};
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::*};

static OWNER: AtomicUsize = AtomicUsize::new(0);
static DEPTH: AtomicU32 = AtomicU32::new(0);
#[cfg(not(test))]
unsafe extern "C" {
    /// Descriptor of `debug.SetCrashOutput`; all ones if there is none, zero before the facade has started.
    #[link_name = "runtime.crashFD"]
    static CRASH_FD: AtomicUsize;
}
#[cfg(test)]
static CRASH_FD: AtomicUsize = AtomicUsize::new(0);
pub static DYING: AtomicU32 = AtomicU32::new(0);

/// Takes the print lock; a dying thread gets it in any case.
pub fn lock() {
    let me = getm() as usize;
    if OWNER.load(Relaxed) == me {
        DEPTH.fetch_add(1, Relaxed);
        return;
    }
    let mut tries = 0u32;
    while OWNER.compare_exchange(0, me, Acquire, Relaxed).is_err() {
        sys::usleep(50);
        tries += 1;
        if tries > 20_000 {
            break; // the owner died or is stuck: garbled output is better than none
        }
    }
    DEPTH.store(1, Relaxed);
}

pub fn unlock() {
    if DEPTH.fetch_sub(1, Relaxed) == 1 {
        OWNER.store(0, Release);
    }
}

/// Writes to the sink of the traces: standard error, and the crash file while dying.
pub fn bytes(b: &[u8]) {
    if let Some(s) = trace::sink() {
        s.put(b);
        return;
    }
    // SAFETY: b is valid for the call.
    unsafe {
        sys::write(2, b.as_ptr(), b.len());
        if DYING.load(Relaxed) != 0 {
            let fd = CRASH_FD.load(Relaxed);
            if fd != 0 && fd != usize::MAX {
                sys::write(fd, b.as_ptr(), b.len());
            }
        }
    }
}

pub fn str(s: &str) {
    bytes(s.as_bytes());
}

pub fn dec(v: i64) {
    if v < 0 {
        str("-");
    }
    udec(v.unsigned_abs());
}

pub fn udec(mut n: u64) {
    let mut buf = [0u8; 20];
    let mut i = buf.len();
    loop {
        i -= 1;
        buf[i] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    bytes(&buf[i..]);
}

pub fn hex(v: u64) {
    let mut buf = [0u8; 18];
    let mut i = buf.len();
    let mut n = v;
    loop {
        i -= 1;
        buf[i] = b"0123456789abcdef"[(n & 15) as usize];
        n >>= 4;
        if n == 0 {
            break;
        }
    }
    i -= 2;
    buf[i] = b'0';
    buf[i + 1] = b'x';
    bytes(&buf[i..]);
}

/// `fatal error: s`, traces, exit 2. For faults of the runtime or misuse that Go reports this way.
pub fn throw(s: &str) -> ! {
    fatal(s.as_bytes(), 2)
}

/// kind: 1 the program's fault (user frames only), 2 the runtime's.
pub fn fatal(s: &[u8], kind: i32) -> ! {
    DYING.store(1, Relaxed);
    lock();
    str("fatal error: ");
    bytes(s);
    str("\n");
    // SAFETY: reads descriptors only; the process ends.
    unsafe {
        if kind == 2 {
            str("\nruntime stack:\nruntime.throw(...)\n");
        }
        let m = getm();
        let g = if m.is_null() { core::ptr::null_mut() } else { (*m).curg.load(Relaxed) };
        trace::fatal_traces(g, kind, core::ptr::null_mut())
    }
}

/// Panics of the Rust code itself.
pub fn fatal_rust(info: &core::panic::PanicInfo) -> ! {
    struct W;
    impl core::fmt::Write for W {
        fn write_str(&mut self, s: &str) -> core::fmt::Result {
            str(s);
            Ok(())
        }
    }
    if DYING.swap(1, Relaxed) != 0 {
        sys::exit_group(3);
    }
    lock();
    str("fatal error: runtime fault: ");
    let _ = core::fmt::write(&mut W, format_args!("{info}\n"));
    // SAFETY: reads descriptors only; the process ends.
    unsafe {
        let m = getm();
        let g = if m.is_null() { core::ptr::null_mut() } else { (*m).curg.load(Relaxed) };
        trace::fatal_traces(g, 2, core::ptr::null_mut())
    }
}
