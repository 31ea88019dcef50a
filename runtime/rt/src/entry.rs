//! Process start: the block the kernel gives, first M and P, signals, monitor thread, first goroutine; random numbers.
//!
//! # Safety
//! Runs once, single-threaded, before anything else; the argument block stays mapped for the life of the process.

use crate::g::*;
use crate::{heap, mem, sched, signal, sys};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};

static ARGC: AtomicUsize = AtomicUsize::new(0);
static ARGV: AtomicUsize = AtomicUsize::new(0);
static AUXV: AtomicUsize = AtomicUsize::new(0);
static M0: AtomicPtr<M> = AtomicPtr::new(null_mut());
pub static NCPU: AtomicU32 = AtomicU32::new(1);
static SEED: AtomicU64 = AtomicU64::new(0);
/// Parsed GOTRACEBACK: 0 nothing, 1 the user's frames, 2 (or 3) also the runtime's; ALL goroutines; CRASH: abort at the end.
pub static TRACEBACK: AtomicI32 = AtomicI32::new(1);
pub static TRACEBACK_ALL: AtomicBool = AtomicBool::new(false);
static TRACEBACK_ENV: AtomicI32 = AtomicI32::new(0);
static TRACEBACK_ALL_ENV: AtomicBool = AtomicBool::new(false);
static CRASH_ENV: AtomicBool = AtomicBool::new(false);
pub static CRASH: AtomicBool = AtomicBool::new(false);
/// GODEBUG gctrace. (`rgowb=1`: barriers are on all the time.)
pub static GCTRACE: AtomicI32 = AtomicI32::new(0);
/// GODEBUG rgopreempt=N: the monitor thread preempts all Ps every N microseconds.
pub static PREEMPT_STORM: AtomicI32 = AtomicI32::new(0);

pub fn m0() -> *mut M {
    M0.load(Relaxed)
}
pub fn args() -> (usize, *const *const u8) {
    (ARGC.load(Relaxed), ARGV.load(Relaxed) as *const *const u8)
}
/// Auxiliary vector: pairs of words, ends with a zero tag.
pub fn auxv() -> *const usize {
    AUXV.load(Relaxed) as *const usize
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A fresh random word from the process seed.
pub fn seed() -> u64 {
    mix(SEED.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15))
}

/// Per-thread generator (wyrand).
#[inline]
pub unsafe fn fastrand(m: *mut M) -> u64 {
    (*m).rand = (*m).rand.wrapping_add(0xa076_1d64_78bd_642f);
    let x = (*m).rand;
    let t = (x as u128).wrapping_mul((x ^ 0xe703_7ed1_a0b4_28db) as u128);
    (t >> 64) as u64 ^ t as u64
}

unsafe fn cstr_bytes(p: *const u8) -> &'static [u8] {
    let mut n = 0;
    while *p.add(n) != 0 {
        n += 1;
    }
    core::slice::from_raw_parts(p, n)
}

/// Value of an environment variable at start.
pub unsafe fn getenv(name: &[u8]) -> Option<&'static [u8]> {
    let (argc, argv) = args();
    let mut e = argv.add(argc + 1);
    while !(*e).is_null() {
        let s = cstr_bytes(*e);
        if s.len() > name.len() && s[name.len()] == b'=' && s[..name.len()] == *name {
            return Some(&s[name.len() + 1..]);
        }
        e = e.add(1);
    }
    None
}

fn parse_int(s: &[u8]) -> Option<i64> {
    if s.is_empty() || s.len() > 18 {
        return None;
    }
    let mut v = 0i64;
    for &c in s {
        if !c.is_ascii_digit() {
            return None;
        }
        v = v * 10 + (c - b'0') as i64;
    }
    Some(v)
}

/// GOTRACEBACK (`env`) and debug.SetTraceback, which cannot ask for less than the environment does.
pub fn set_traceback(level: &[u8], env: bool) {
    let (l, all, crash) = match level {
        b"none" => (0, false, false),
        b"single" | b"" => (1, false, false),
        b"all" => (1, true, false),
        b"system" => (2, true, false),
        b"crash" => (2, true, true),
        n => (parse_int(n).map_or(0, |v| v.min(2) as i32), true, false),
    };
    if env {
        TRACEBACK_ENV.store(l, Relaxed);
        TRACEBACK_ALL_ENV.store(all, Relaxed);
        CRASH_ENV.store(crash, Relaxed);
    }
    TRACEBACK.store(l | TRACEBACK_ENV.load(Relaxed), Relaxed);
    TRACEBACK_ALL.store(all || TRACEBACK_ALL_ENV.load(Relaxed), Relaxed);
    CRASH.store(crash || CRASH_ENV.load(Relaxed), Relaxed);
}

/// GOMEMLIMIT: bytes with optional unit suffix.
fn parse_bytes(s: &[u8]) -> Option<i64> {
    let (num, mul): (&[u8], i64) = if let Some(n) = s.strip_suffix(b"TiB") {
        (n, 1 << 40)
    } else if let Some(n) = s.strip_suffix(b"GiB") {
        (n, 1 << 30)
    } else if let Some(n) = s.strip_suffix(b"MiB") {
        (n, 1 << 20)
    } else if let Some(n) = s.strip_suffix(b"KiB") {
        (n, 1 << 10)
    } else if let Some(n) = s.strip_suffix(b"B") {
        (n, 1)
    } else {
        (s, 1)
    };
    parse_int(num)?.checked_mul(mul)
}

#[cfg(not(test))]
unsafe extern "C" {
    #[link_name = "runtime.main"]
    fn go_rt_main();
}

/// Called by `_start` with the initial stack pointer.
#[cfg(not(test))]
#[unsafe(no_mangle)]
unsafe extern "C" fn rt_start(sp: *const usize) -> ! {
    start(*sp, sp.add(1), |m| sys::set_tls(&raw mut (*m).tls_self as usize))
}

/// `argv`: as the kernel made it, environment and auxiliary vector behind. `adopt` makes m the M of this thread.
#[cfg(not(test))]
pub unsafe fn start(argc: usize, argv: *const usize, adopt: impl FnOnce(*mut M)) -> ! {
    ARGC.store(argc, Relaxed);
    ARGV.store(argv as usize, Relaxed);
    let mut e = argv.add(argc + 1);
    while *e != 0 {
        e = e.add(1);
    }
    let aux = e.add(1);
    AUXV.store(aux as usize, Relaxed);
    let (mut rnd, mut ehdr) = (0usize, 0usize);
    let mut a = aux;
    while *a != 0 {
        match *a {
            25 => rnd = *a.add(1),
            33 => ehdr = *a.add(1),
            _ => {}
        }
        a = a.add(2);
    }
    let mut s = 0u64;
    if sys::getrandom(&raw mut s as *mut u8, 8, 1) != 8 && rnd != 0 {
        s = (rnd as *const u64).read_unaligned();
    }
    SEED.store(s ^ sys::cputicks() as u64, Relaxed);

    let m = if crate::cgo::iscgo() { crate::cgo::alloc_m(0) } else { sched::alloc_m(0) };
    adopt(m);
    M0.store(m, Relaxed);
    (*m).tid.store(sys::gettid(), Relaxed);
    sys::vdso_init(ehdr);
    let ncpu = sys::cpu_count();
    NCPU.store(ncpu, Relaxed);
    let heed = getenv(b"GODEBUG").is_none_or(|v| v.split(|&c| c == b',').all(|kv| kv != b"containermaxprocs=0"));
    let mut procs = if heed { crate::cgroup::default_procs(ncpu) } else { ncpu };
    if let Some(v) = getenv(b"GOMAXPROCS")
        && let Some(n) = parse_int(v)
        && n > 0
    {
        procs = n.min(MAX_P as i64) as u32;
        sched::AUTO_PROCS.store(false, Relaxed);
    }
    set_traceback(getenv(b"GOTRACEBACK").unwrap_or(b""), true);
    if let Some(v) = getenv(b"GODEBUG") {
        for kv in v.split(|&c| c == b',') {
            if let Some(n) = kv.strip_prefix(b"gctrace=") {
                GCTRACE.store(parse_int(n).unwrap_or(0) as i32, Relaxed);
            }
            if let Some(n) = kv.strip_prefix(b"traceadvanceperiod=")
                && let Some(n) = parse_int(n)
            {
                crate::tracer::PERIOD.store(n, Relaxed);
            }
            match kv {
                b"rgowb=1" => {
                    heap::gc::BARRIERS_ALWAYS.store(true, Relaxed);
                    heap::barrier::FLAG.enabled.store(1, Relaxed);
                }
                b"gccheckmark=1" => heap::check::ENABLED.store(true, Relaxed),
                b"rgopoison=1" => heap::sweep::POISON.store(true, Relaxed),
                _ => {}
            }
            if let Some(n) = kv.strip_prefix(b"rgopreempt=") {
                PREEMPT_STORM.store(parse_int(n).unwrap_or(0) as i32, Relaxed);
            }
        }
    }
    heap::init();
    crate::race::init();
    heap::gc::PROGRAM_START.store(sys::nanotime(), Relaxed);
    if let Some(v) = getenv(b"GOGC") {
        if v == b"off" {
            heap::set_gc_percent(-1);
        } else if let Some(n) = parse_int(v) {
            heap::set_gc_percent(n.min(i32::MAX as i64) as i32);
        }
    }
    if let Some(v) = getenv(b"GOMEMLIMIT")
        && let Some(n) = parse_bytes(v)
    {
        heap::set_memory_limit(n);
    }
    sched::bootstrap(m, procs.clamp(1, MAX_P as u32));
    signal::init(m);
    start_first(m)
}

/// Creates the first goroutine and enters the scheduler.
#[cfg(not(test))]
unsafe fn start_first(_m: *mut M) -> ! {
    let f = mem::persistent(8, 8) as *mut usize;
    *f = go_rt_main as *const () as usize;
    let g = sched::new_g(f as usize, 0, null_mut());
    (*g).status.store(RUNNABLE, SeqCst);
    sched::runqput(getp(), g, true);
    sched::start_sysmon();
    sched::reschedule()
}
