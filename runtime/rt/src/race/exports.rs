//! Symbols of the race detector for the facade, and the slow halves of `asm.rs`.
//!
//! # Safety
//! Frames are laid out by the compiler from the declarations in runtime/go/runtime/race.go, or by `asm.rs`.

use super::shadow::{self, ATOMIC, WRITE};
use super::syncs::{self, Order};
use super::{clock, report, stacks, taking_part};
use crate::g::*;
use crate::heap::barrier;
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::*};

#[repr(C)]
pub struct Slow {
    addr: usize,
    size: usize,
    write: usize,
    pc: usize,
    fp: usize,
}

pub unsafe extern "C" fn slow(g: *mut G, f: *mut Slow) {
    let id = stacks::at(g, (*f).pc, (*f).fp);
    shadow::access(g, (*f).addr, (*f).size, if (*f).write != 0 { WRITE } else { 0 }, id);
}

#[repr(C)]
pub struct Atomic {
    addr: usize,
    op: usize,
    a: u64,
    b: u64,
    ret: u64,
    pc: usize,
    fp: usize,
}

/// (result, whether it has written)
macro_rules! run {
    ($p:ident, $kind:ident, $a:expr, $b:expr) => {
        match $kind {
            LOAD => ($p.load(SeqCst) as u64, false),
            STORE => {
                $p.store($a, SeqCst);
                (0, true)
            }
            XCHG => ($p.swap($a, SeqCst) as u64, true),
            ADD => ($p.fetch_add($a, SeqCst) as u64, true),
            AND => ($p.fetch_and($a, SeqCst) as u64, true),
            OR => ($p.fetch_or($a, SeqCst) as u64, true),
            _ => {
                let ok = $p.compare_exchange($a, $b, SeqCst, SeqCst).is_ok();
                (ok as u64, ok)
            }
        }
    };
}

/// Operations of `runtime.raceatomic`: number, times 16 the size, and 256 for pointers (`rgo_abi::race`).
pub unsafe extern "C" fn atomic(g: *mut G, f: *mut Atomic) {
    use rgo_abi::race::atomic::*;
    let (addr, size, kind) = ((*f).addr, (*f).op >> 4 & 15, (*f).op & 15);
    let ctx = (*g).race_ctx;
    let counts = !ctx.is_null() && (*ctx).ignore == 0;
    if counts {
        let id = stacks::at(g, (*f).pc, (*f).fp);
        shadow::access(g, addr, size, ATOMIC | if kind == LOAD { 0 } else { WRITE }, id);
    }
    let order = match kind {
        LOAD => Order::Load,
        STORE => Order::Store,
        _ => Order::Update,
    };
    let (a, b) = ((*f).a, (*f).b);
    if (*f).op & POINTER != 0 && barrier::enabled() && kind != LOAD {
        barrier::shade(*(addr as *const usize));
        barrier::shade(if kind == CAS { b } else { a } as usize);
    }
    let op = || match size {
        1 => {
            let p = AtomicU8::from_ptr(addr as *mut u8);
            run!(p, kind, a as u8, b as u8)
        }
        4 => {
            let p = AtomicU32::from_ptr(addr as *mut u32);
            run!(p, kind, a as u32, b as u32)
        }
        _ => {
            let p = AtomicU64::from_ptr(addr as *mut u64);
            run!(p, kind, a, b)
        }
    };
    (*f).ret = if counts { syncs::atomic(ctx, addr, order, op) } else { op().0 };
}


#[repr(C)]
struct Access {
    addr: usize,
    size: usize,
    write: bool,
    callerpc: usize,
    pc: usize,
}

/// An access in a function of the runtime that begins at pc and returns to callerpc.
#[unsafe(export_name = "rt.runtime.rt_raceaccess")]
unsafe extern "C" fn access(g: *mut G, f: *mut Access) {
    if (*g).race_ctx.is_null() {
        return;
    }
    let id = stacks::of_call(g, (*f).callerpc, (*f).pc);
    shadow::access(g, (*f).addr, (*f).size, if (*f).write { WRITE } else { 0 }, id);
}

/// kind: 0 acquire, 1 release, 2 release and merge, 3 release, then acquire what was there.
#[repr(C)]
struct Edge {
    addr: usize,
    kind: usize,
}
#[unsafe(export_name = "rt.runtime.rt_raceedge")]
unsafe extern "C" fn edge(g: *mut G, f: *mut Edge) {
    let Some(c) = taking_part(g) else { return };
    let addr = (*f).addr;
    match (*f).kind {
        0 => syncs::acquire(c, addr),
        1 => syncs::release(c, addr),
        2 => syncs::release_merge(c, addr),
        _ => syncs::release_acquire(c, addr),
    }
}

/// The goroutine has seen everything that has happened: finalizers and cleanups run when nobody else can reach what they get.
#[unsafe(export_name = "rt.runtime.rt_raceacquireall")]
unsafe extern "C" fn acquire_all(g: *mut G, _f: *mut u8) {
    if let Some(c) = taking_part(g) {
        clock::acquire_all(c);
    }
}

/// begin: a cleanup. Whoever used the object did so before the collection that has found it dead.
#[unsafe(export_name = "rt.runtime.rt_racecall")]
unsafe extern "C" fn call(g: *mut G, f: *mut bool) {
    static SEEN: AtomicU32 = AtomicU32::new(u32::MAX);
    if !*f {
        return super::call_ends(g);
    }
    let cycle = crate::heap::gc::NUM_GC.load(Acquire);
    if SEEN.swap(cycle, Relaxed) != cycle {
        acquire_all(g, core::ptr::null_mut());
    }
    super::call_begins(g, true);
}

#[unsafe(export_name = "rt1.runtime.rt_raceignore")]
unsafe extern "C" fn ignore(g: *mut G, f: *mut i32) {
    let c = (*g).race_ctx;
    if !c.is_null() {
        (*c).ignore += *f;
    }
}

#[unsafe(export_name = "rt1.runtime.rt_raceerrors")]
unsafe extern "C" fn errors(_g: *mut G, f: *mut u64) {
    *f = report::count();
}

/// The exit status, after the last words.
#[unsafe(export_name = "rt.runtime.rt_racefini")]
unsafe extern "C" fn fini(_g: *mut G, f: *mut i32) {
    *f = report::finish();
}
