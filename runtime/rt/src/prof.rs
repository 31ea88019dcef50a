//! Profiles: CPU samples by SIGPROF, and events of allocation, blocking and mutex contention in buckets by call stack.
//!
//! Stacks are kept as the raw return addresses of physical frames; they are expanded to logical frames when a profile is
//! read. Allocation events follow Go's cycles: what was allocated before a collection appears together with what that
//! collection freed.
//!
//! # Safety
//! Buckets are permanent, found and changed under `LOCK`. The CPU buffer is under a spin lock that the signal handler
//! takes: whoever else takes it has all signals blocked.

use crate::g::*;
use crate::heap::cache::MCache;
use crate::lock::Mutex;
use crate::sys::{self, UContext};
use crate::trace::{self, Walker};
use crate::{entry, mem};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicUsize, Ordering::*};

pub const MAX_FRAMES: usize = 128;
/// Two more above an allocation, which are left out when profiles are shown.
const MEM_FRAMES: usize = MAX_FRAMES + 2;

// --- buckets ---

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Mem = 0,
    Block = 1,
    Mutex = 2,
}

#[derive(Clone, Copy, Default)]
struct Rec {
    allocs: u64,
    frees: u64,
}

pub struct Bucket {
    chain: *mut Bucket,
    all: *mut Bucket,
    kind: Kind,
    /// Logical frames to leave out when the stack is shown.
    skip: u32,
    /// Bytes of an object (memory).
    size: usize,
    hash: u64,
    n: usize,
    active: Rec,
    future: [Rec; 3],
    count: f64,
    cycles: i64,
}

impl Bucket {
    /// The stack lies behind the record.
    unsafe fn stack(b: *mut Bucket) -> *mut usize {
        b.add(1) as *mut usize
    }
}

static LOCK: Mutex = Mutex::new();
const TABLE: usize = 1 << 14;
static mut BUCKETS: *mut *mut Bucket = null_mut();
static mut ALL: [*mut Bucket; 3] = [null_mut(); 3];
static CYCLE: AtomicU32 = AtomicU32::new(0);
pub static BUCKET_BYTES: AtomicUsize = AtomicUsize::new(0);

/// The bucket of a stack; LOCK held.
unsafe fn bucket(kind: Kind, size: usize, skip: u32, stk: &[usize]) -> *mut Bucket {
    if BUCKETS.is_null() {
        BUCKETS = mem::persistent(TABLE * 8, 8) as *mut *mut Bucket;
    }
    let mut h = kind as u64 ^ (size as u64) << 8 ^ (skip as u64) << 2;
    for &pc in stk {
        h = (h ^ pc as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
    }
    let slot = BUCKETS.add((h >> 20) as usize % TABLE);
    let mut b = *slot;
    while !b.is_null() {
        if (*b).hash == h && (*b).kind == kind && (*b).size == size && (*b).skip == skip && (*b).n == stk.len() {
            let have = core::slice::from_raw_parts(Bucket::stack(b), stk.len());
            if have == stk {
                return b;
            }
        }
        b = (*b).chain;
    }
    let bytes = size_of::<Bucket>() + stk.len() * 8;
    b = mem::persistent(bytes, 8) as *mut Bucket;
    BUCKET_BYTES.fetch_add(bytes, Relaxed);
    (*b).kind = kind;
    (*b).size = size;
    (*b).skip = skip;
    (*b).hash = h;
    (*b).n = stk.len();
    core::ptr::copy_nonoverlapping(stk.as_ptr(), Bucket::stack(b), stk.len());
    (*b).chain = *slot;
    *slot = b;
    (*b).all = ALL[kind as usize];
    ALL[kind as usize] = b;
    b
}

// --- memory ---

#[cfg(not(test))]
unsafe extern "C" {
    #[link_name = "runtime.MemProfileRate"]
    static mut MEM_PROFILE_RATE: isize;
}
#[cfg(test)]
static mut MEM_PROFILE_RATE: isize = 0;

/// The program's variable.
#[inline(always)]
pub fn mem_rate() -> isize {
    // SAFETY: a word of the facade; a race is harmless.
    unsafe { core::ptr::read_volatile(&raw const MEM_PROFILE_RATE) }
}

/// Distance to the next sample: exponential with mean `rate`, so that every byte is sampled with the same probability.
unsafe fn next_sample(rate: isize) -> isize {
    if rate <= 0 {
        return isize::MAX;
    }
    if rate == 1 {
        return 0;
    }
    let rate = rate.min(0x7000000);
    // -ln(u), u uniform in (0, 1]: ln of the exponent and a short series for the mantissa.
    let u = (entry::fastrand(getm()) >> 11) | 1;
    let bits = (u as f64 * (1.0 / (1u64 << 53) as f64)).to_bits();
    let e = (bits >> 52) as i64 - 1023;
    let m = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    let s = (m - 1.0) / (m + 1.0);
    let s2 = s * s;
    let ln = e as f64 * core::f64::consts::LN_2 + 2.0 * s * (1.0 + s2 * (1.0 / 3.0 + s2 * (0.2 + s2 * (1.0 / 7.0))));
    (-ln * rate as f64) as isize + 1
}

/// An allocation has crossed the sample point of its cache, or the rate was changed: records the object at `p`.
#[cold]
pub unsafe fn sample_alloc(c: *mut MCache, p: usize, size: usize) {
    let rate = mem_rate();
    let due = (*c).sample_rate == rate || rate == 1;
    (*c).sample_rate = rate;
    (*c).next_sample = next_sample(rate);
    let g = (*getm()).curg.load(Relaxed);
    if !due || rate <= 0 || g.is_null() {
        return;
    }
    let mut stk = [0usize; MEM_FRAMES];
    let n = trace::raw_stack(&mut Walker::of(g), &mut stk);
    LOCK.lock();
    let b = bucket(Kind::Mem, size, 0, &stk[..n]);
    (*b).future[(CYCLE.load(Relaxed) as usize + 2) % 3].allocs += 1;
    LOCK.unlock();
    crate::heap::special::set_profile(p, b as usize);
}

/// The collector found a sampled object dead.
pub unsafe fn mem_free(b: usize) {
    let b = b as *mut Bucket;
    LOCK.lock();
    (*b).future[(CYCLE.load(Relaxed) as usize + 1) % 3].frees += 1;
    LOCK.unlock();
}

/// Marking has ended; dead objects will be found.
pub fn next_cycle() {
    CYCLE.fetch_add(1, Relaxed);
}

unsafe fn publish(slot: usize) {
    let mut b = ALL[Kind::Mem as usize];
    while !b.is_null() {
        let f = core::mem::take(&mut (*b).future[slot]);
        (*b).active.allocs += f.allocs;
        (*b).active.frees += f.frees;
        b = (*b).all;
    }
}

/// A cycle is over, and what it freed is known: all of that becomes visible.
pub unsafe fn cycle_done() {
    LOCK.lock();
    let c = CYCLE.load(Relaxed) as usize;
    publish(c % 3);
    publish((c + 1) % 3);
    LOCK.unlock();
}

// --- blocking and contention ---

/// Nanoseconds; 0 is off.
pub static BLOCK_RATE: AtomicI64 = AtomicI64::new(0);
/// One in so many events; 0 is off.
pub static MUTEX_RATE: AtomicI64 = AtomicI64::new(0);

/// g parks for `reason`: whether the time counts as blocked.
#[inline]
pub unsafe fn parks(g: *mut G, reason: WaitReason) {
    use WaitReason::*;
    if matches!(reason, MutexLock | RWMutexRLock | RWMutexLock) {
        crate::metrics::locks(g);
    }
    if BLOCK_RATE.load(Relaxed) > 0
        && (*g).block_start == 0
        && !(*g).system
        && matches!(
            reason,
            ChanReceive | ChanSend | Select | Semacquire | MutexLock | RWMutexRLock | RWMutexLock | WaitGroupWait | CondWait
        )
    {
        if !matches!(reason, MutexLock | RWMutexRLock | RWMutexLock) {
            (*g).block_skip = 0; // an argument of those alone
        }
        (*g).block_start = sys::nanotime();
        (*g).block_end = 0;
    }
}

/// g has been made runnable.
#[inline]
pub unsafe fn readied(g: *mut G) {
    if (*g).lock_since != 0 {
        crate::metrics::locked(g);
    }
    if (*g).block_start != 0 {
        (*g).block_end = sys::nanotime();
    }
}

/// g goes on, after `parks`.
#[cold]
pub unsafe fn resumed(g: *mut G) {
    let from = core::mem::replace(&mut (*g).block_start, 0);
    let to = if (*g).block_end != 0 { (*g).block_end } else { sys::nanotime() };
    let skip = core::mem::take(&mut (*g).block_skip);
    block_event(g, to - from, skip);
}

/// Records that g, which is stopped or current, was blocked for ns.
pub unsafe fn block_event(g: *mut G, ns: i64, skip: u32) {
    let ns = ns.max(1);
    let rate = BLOCK_RATE.load(Relaxed);
    if rate <= 0 || rate > ns && (entry::fastrand(getm()) >> 1) as i64 % rate > ns {
        return;
    }
    let mut stk = [0usize; MAX_FRAMES];
    let n = trace::raw_stack(&mut Walker::of(g), &mut stk);
    LOCK.lock();
    let b = bucket(Kind::Block, 0, skip, &stk[..n]);
    if ns < rate {
        // Short events are sampled with probability ns / rate.
        (*b).count += rate as f64 / ns as f64;
        (*b).cycles += rate;
    } else {
        (*b).count += 1.0;
        (*b).cycles += ns;
    }
    LOCK.unlock();
}

/// The current goroutine g has released a mutex that others had waited for, ns in sum.
pub unsafe fn mutex_event(g: *mut G, ns: i64, skip: u32) {
    let rate = MUTEX_RATE.load(Relaxed);
    if rate <= 0 || (entry::fastrand(getm()) >> 1) as i64 % rate != 0 {
        return;
    }
    let ns = ns.max(0);
    let mut stk = [0usize; MAX_FRAMES];
    let n = trace::raw_stack(&mut Walker::of(g), &mut stk);
    LOCK.lock();
    let b = bucket(Kind::Mutex, 0, skip, &stk[..n]);
    (*b).count += rate as f64;
    (*b).cycles += rate * ns;
    LOCK.unlock();
}

// --- reading ---

/// Writes the records of a kind: memory (size, allocs, frees, n, n pcs), others (count as float bits, cycles, n, n pcs).
/// Returns the words needed, also when they are more than there are.
pub unsafe fn records(kind: usize, buf: *mut usize, words: usize) -> usize {
    let mut at = 0;
    let mut put = |v: usize| {
        if at < words {
            *buf.add(at) = v;
        }
        at += 1;
    };
    LOCK.lock();
    let head = ALL[kind];
    if kind == Kind::Mem as usize {
        // Nothing at all so far: no collection has happened; show what there is.
        let mut b = head;
        let mut empty = true;
        while !b.is_null() {
            empty &= (*b).active.allocs == 0 && (*b).active.frees == 0;
            b = (*b).all;
        }
        if empty {
            for slot in 0..3 {
                publish(slot);
            }
        }
    }
    let mut b = head;
    while !b.is_null() {
        if kind == Kind::Mem as usize {
            put((*b).size);
            put((*b).active.allocs as usize);
            put((*b).active.frees as usize);
        } else {
            put((*b).count.to_bits() as usize);
            put((*b).cycles as usize);
        }
        let raw = core::slice::from_raw_parts(Bucket::stack(b), (*b).n);
        let mut pcs = [0usize; MEM_FRAMES];
        let max = if kind == Kind::Mem as usize { MEM_FRAMES } else { MAX_FRAMES };
        let n = trace::expand_raw(raw, (*b).skip as usize, false, &mut pcs[..max]);
        put(n);
        for &pc in &pcs[..n] {
            put(pc);
        }
        b = (*b).all;
    }
    LOCK.unlock();
    at
}

// --- CPU ---

const RAW_WORDS: usize = 1 << 16;
/// Frames of one sample.
const CPU_FRAMES: usize = 64;
const HEAD: usize = 4;

/// Samples not read yet: (words, time, label, number of pcs, pcs).
struct Cpu {
    buf: *mut u64,
    scratch: *mut u64,
    n: usize,
    /// The labels, where the collector sees them; in step with the records.
    tags: *mut usize,
    ntags: usize,
    maxtags: usize,
    lost: u64,
    system_pc: usize,
}
static SPIN: AtomicBool = AtomicBool::new(false);
static mut CPU: Cpu = Cpu {
    buf: null_mut(),
    scratch: null_mut(),
    n: 0,
    tags: null_mut(),
    ntags: 0,
    maxtags: 0,
    lost: 0,
    system_pc: 0,
};
static HZ: AtomicU32 = AtomicU32::new(0);
/// Protects the timers of the threads.
static TIMERS: Mutex = Mutex::new();

fn spin_lock() {
    while SPIN.swap(true, Acquire) {
        core::hint::spin_loop();
    }
}
fn spin_unlock() {
    SPIN.store(false, Release);
}

/// Runs f with the sample buffer locked.
pub unsafe fn with_buffer<R>(f: impl FnOnce() -> R) -> R {
    let (all, mut old) = (!0u64, 0u64);
    sys::sigprocmask(sys::SIG_SETMASK, &all, &mut old);
    spin_lock();
    let r = f();
    spin_unlock();
    sys::sigprocmask(sys::SIG_SETMASK, &old, null_mut());
    r
}

/// Starts (hz > 0) or stops sampling. tags: scanned memory for labels; system_pc: shown where no goroutine runs.
pub unsafe fn set_cpu(hz: u32, tags: *mut usize, maxtags: usize, system_pc: usize) {
    with_buffer(|| {
        if CPU.buf.is_null() {
            CPU.buf = mem::persistent(RAW_WORDS * 8, 8) as *mut u64;
            CPU.scratch = mem::persistent(RAW_WORDS * 8, 8) as *mut u64;
        }
        if hz > 0 {
            CPU.tags = tags;
            CPU.maxtags = maxtags;
            CPU.system_pc = system_pc;
            CPU.n = 0;
            CPU.ntags = 0;
            CPU.lost = 0;
        }
    });
    TIMERS.lock();
    HZ.store(hz, SeqCst);
    let mut m = ALLM.load(Acquire);
    while !m.is_null() {
        if (*m).tid.load(SeqCst) != 0 {
            arm(m, hz);
        }
        m = (*m).alllink;
    }
    if crate::cgo::iscgo() {
        // For the threads that are not ours.
        sys::process_timer(hz);
    }
    TIMERS.unlock();
}

/// A new thread.
pub unsafe fn thread_started(m: *mut M) {
    if HZ.load(SeqCst) != 0 {
        TIMERS.lock();
        arm(m, HZ.load(SeqCst));
        TIMERS.unlock();
    }
}

/// A thread ends.
pub unsafe fn thread_ends(m: *mut M) {
    if (*m).prof_timer != 0 {
        TIMERS.lock();
        arm(m, 0);
        TIMERS.unlock();
    }
}

/// Sets the timer of m's CPU time; TIMERS held.
unsafe fn arm(m: *mut M, hz: u32) {
    if (*m).profile_hz == hz {
        return;
    }
    (*m).profile_hz = hz;
    if (*m).prof_timer != 0 {
        sys::timer_delete((*m).prof_timer - 1);
        (*m).prof_timer = 0;
    }
    if hz > 0 {
        let period = 1_000_000_000 / hz as u64;
        let first = entry::fastrand(getm()) % period + 1;
        let id = sys::cpu_timer((*m).tid.load(SeqCst), crate::signal::SIGPROF, first, period);
        if id >= 0 {
            (*m).prof_timer = id as i32 + 1;
        }
    }
}

/// SIGPROF on a thread that Go has not made.
pub unsafe fn foreign_sample(ctx: *const UContext) {
    if HZ.load(Relaxed) == 0 {
        return;
    }
    let mut pcs = [0usize; CPU_FRAMES];
    let mut n = trace::c_frames(0, ctx as usize, &mut pcs[..CPU_FRAMES / 2]);
    if n == 0 {
        pcs[0] = (*ctx).rip as usize;
        n = 1;
    }
    spin_lock();
    pcs[n] = CPU.system_pc + 1;
    record(&pcs[..n + 1], 0);
    spin_unlock();
}

/// SIGPROF from a timer of ours; on the signal stack.
pub unsafe fn cpu_sample(m: *mut M, ctx: *const UContext) {
    if HZ.load(Relaxed) == 0 {
        return;
    }
    let mut pcs = [0usize; CPU_FRAMES];
    let mut n = 0;
    let g = (*m).curg.load(Relaxed);
    let mut label = 0;
    if (*m).cgo.in_c {
        // For `interrupted_stack`.
        let n = trace::c_frames(0, ctx as usize, &mut (*m).cgo.callers);
        if n < (*m).cgo.callers.len() {
            (*m).cgo.callers[n] = 0;
        }
    }
    if !g.is_null() {
        n = trace::interrupted_stack(m, g, (*ctx).rip as usize, (*ctx).rsp as usize, (*ctx).rbp as usize, &mut pcs);
        label = (*g).labels;
    }
    spin_lock();
    if n == 0 {
        pcs[0] = CPU.system_pc + 1;
        n = 1;
    }
    record(&pcs[..n], label);
    crate::tracer::cpu::sample(m, g, &pcs[..n]);
    spin_unlock();
}

/// The buffer is locked.
unsafe fn record(pcs: &[usize], label: usize) {
    let n = pcs.len();
    if CPU.n + HEAD + n > RAW_WORDS || CPU.ntags == CPU.maxtags {
        CPU.lost += 1;
        return;
    }
    let p = CPU.buf.add(CPU.n);
    *p = (HEAD + n) as u64;
    *p.add(1) = sys::nanotime() as u64;
    *p.add(2) = 1;
    *p.add(3) = n as u64;
    for (i, pc) in pcs.iter().enumerate() {
        *p.add(HEAD + i) = *pc as u64;
    }
    CPU.n += HEAD + n;
    *CPU.tags.add(CPU.ntags) = label;
    CPU.ntags += 1;
}

/// Takes what there is, in the form that package pprof reads: (words, time, count, pcs) and one tag each. Returns the words
/// and the tags written.
pub unsafe fn read_cpu(data: *mut u64, words: usize, tags: *mut usize, maxtags: usize) -> (usize, usize) {
    if CPU.buf.is_null() {
        return (0, 0);
    }
    let (n, ntags, lost) = with_buffer(|| {
        core::ptr::copy_nonoverlapping(CPU.buf, CPU.scratch, CPU.n);
        let t = CPU.ntags.min(maxtags);
        if t > 0 {
            core::ptr::copy_nonoverlapping(CPU.tags, tags, t);
            core::ptr::write_bytes(CPU.tags, 0, CPU.ntags);
        }
        let r = (CPU.n, t, CPU.lost);
        (CPU.n, CPU.ntags, CPU.lost) = (0, 0, 0);
        r
    });
    let (mut at, mut out, mut k) = (0, 0, 0);
    while at < n && k < ntags {
        let p = CPU.scratch.add(at);
        let raw = core::slice::from_raw_parts(p.add(HEAD) as *const usize, *p.add(3) as usize);
        let mut pcs = [0usize; MAX_FRAMES];
        let cnt = trace::expand_raw(raw, 0, true, &mut pcs);
        if out + 3 + cnt > words {
            break;
        }
        *data.add(out) = (3 + cnt) as u64;
        *data.add(out + 1) = *p.add(1);
        *data.add(out + 2) = 1;
        for (i, pc) in pcs[..cnt].iter().enumerate() {
            *data.add(out + 3 + i) = *pc as u64;
        }
        out += 3 + cnt;
        at += *p as usize;
        k += 1;
    }
    if lost > 0 && out + 4 <= words && k < maxtags {
        for (i, v) in [4, sys::nanotime() as u64, 0, lost].into_iter().enumerate() {
            *data.add(out + i) = v;
        }
        *tags.add(k) = 0;
        out += 4;
        k += 1;
    }
    (out, k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_distances() {
        // SAFETY: no scheduler needed.
        unsafe {
            let rate = 4096;
            let sum: isize = (0..20_000).map(|_| next_sample(rate)).sum();
            let mean = sum as f64 / 20_000.0;
            assert!((3900.0..4300.0).contains(&mean), "{mean}");
            assert_eq!((next_sample(1), next_sample(0)), (0, isize::MAX));
        }
    }

    #[test]
    fn buckets_by_stack() {
        // SAFETY: nothing else in the tests uses buckets of this kind.
        unsafe {
            LOCK.lock();
            let a = bucket(Kind::Mutex, 0, 0, &[1, 2, 3]);
            let b = bucket(Kind::Mutex, 0, 0, &[1, 2]);
            assert!(a != b && a == bucket(Kind::Mutex, 0, 0, &[1, 2, 3]) && a != bucket(Kind::Mutex, 0, 1, &[1, 2, 3]));
            LOCK.unlock();
        }
    }
}
