//! The Rust half of the Go runtime: goroutines, memory, blocking, signals, tables.
//!
//! Build: `cargo build --release` in this folder gives `target/release/librgort.a` (no std, no libc, entry point `_start`).
//! It is linked statically with the objects of a Go program; `SYMBOLS.md` lists what Go code finds here, and
//! `runtime/go` (package runtime) is the other half. ARCHITECTURE.md holds the contracts.
//!
//! Where to start: `asm_amd64.rs` (how Go code gets here and back), `g.rs` (G, M, P), `sched.rs` (the scheduler),
//! `heap/` (allocator and collector), `exports/` (one file per subject of symbols).
//!
//! For debugging: `GODEBUG=gctrace=1`, `gccheckmark=1` (verifies the mark bits; feature `checkmark`: always), `rgopoison=1`
//! (fills freed memory), `rgowb=1` (write barriers always on), `rgopreempt=N` (preempt everything every N microseconds), `GOGC=1`; `tests/ir` holds programs in LLVM IR that need no compiler.
//!
//! Invariants
//! * Rust runs on the g0 stack of its M, on a signal stack, or (symbols `rt1.`) as a short leaf on a goroutine stack.
//! * Rust never calls Go. It creates or resumes goroutines.
//! * A function that blocks parks its goroutine and never returns: `g.on_resume` completes the frame later, on g0.
//!   So nothing with a destructor may be live in a frame that parks.
//! * Two thread-local variables, defined in assembly: `rt_tls_m` is the M (`g::getm`; null on threads that C made), `rt_tls_g` see `asm_abi0`.
//!
//! # Safety
//! The crate is the unsafe kernel of the system: practically everything works on raw descriptors whose validity follows
//! from the scheduler's own protocol. Functions that touch them are `unsafe fn`; each module says at its top which
//! lock or which state makes its accesses exclusive. `unsafe_op_in_unsafe_fn` is therefore off here.
#![cfg_attr(not(test), no_std)]
#![allow(unsafe_op_in_unsafe_fn)]
// Statics are protected by the locks and states that the modules name.
#![allow(static_mut_refs)]
// Symbols that assembly and the linker step name keep their case; descriptors are opaque to the assembly.
#![allow(non_upper_case_globals, improper_ctypes)]
#![allow(clippy::missing_safety_doc, clippy::too_many_arguments, clippy::new_without_default)]

#[cfg(not(test))]
#[macro_use]
mod asm_saved;
pub mod asm_abi0;
#[cfg(not(test))]
mod asm_amd64;
#[cfg(not(test))]
mod asm_barrier;
#[cfg(not(test))]
mod asm_cgo;
pub mod cgo;
mod cgroup;
pub mod chan;
pub mod chanq;
pub mod entry;
pub mod exports;
pub mod g;
pub mod heap;
pub mod lock;
pub mod mem;
pub mod metrics;
pub mod netpoll;
pub mod print;
pub mod prof;
mod proto;
#[cfg_attr(not(feature = "race"), path = "race/off.rs")]
pub mod race;
pub mod sched;
mod gfree;
mod sched_more;
pub mod select;
pub mod sema;
pub mod signal;
pub mod stack;
mod sync;
pub mod synctest;
pub mod sys;
pub mod timer;
pub mod trace;
pub mod tracer;

#[cfg(not(test))]
#[panic_handler]
fn rust_panic(info: &core::panic::PanicInfo) -> ! {
    print::fatal_rust(info)
}

/// The precompiled core refers to it; nothing unwinds.
#[cfg(not(test))]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
