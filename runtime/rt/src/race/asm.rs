//! What compiled code calls: announcements of memory accesses, and atomic operations, with Go's convention.
//!
//! The common case is a leaf on the goroutine's stack, within the guard; for the rest Rust is called on g0, as by any call of the runtime. Nothing here is Go
//! text, so a goroutine is never preempted in it.

use super::exports::{atomic, slow};
use super::shadow::{fast, fast_range};
use crate::g::G;
use core::arch::global_asm;

macro_rules! race_flag {
    (true) => {
        "1"
    };
    (false) => {
        "0"
    };
}

macro_rules! entry {
    ($name:literal, $fast:ident, $n:literal, $write:tt) => {
        unsafe extern "C" fn $fast(addr: usize, g: *mut G, pc: usize) -> u32 {
            unsafe { fast::<$n, $write>(addr, g, pc) }
        }
        global_asm!(
            concat!(".globl runtime.", $name),
            ".p2align 4",
            concat!("runtime.", $name, ":"),
            "push rbp",
            "mov rbp, rsp",
            "sub rsp, 48",
            "mov [rsp], rdi",
            "mov rsi, r13",
            "mov rdx, [rbp + 8]",
            "call {fast}",
            "test eax, eax",
            "jnz 2f",
            "leave",
            "ret",
            "2:",
            concat!("mov qword ptr [rsp + 8], ", $n),
            concat!("mov qword ptr [rsp + 16], ", race_flag!($write)),
            "jmp race_slow_call",
            fast = sym $fast,
        );
    };
}

entry!("raceread1", read1, 1, false);
entry!("raceread2", read2, 2, false);
entry!("raceread4", read4, 4, false);
entry!("raceread8", read8, 8, false);
entry!("racewrite1", write1, 1, true);
entry!("racewrite2", write2, 2, true);
entry!("racewrite4", write4, 4, true);
entry!("racewrite8", write8, 8, true);

macro_rules! range {
    ($name:literal, $fast:ident, $write:tt) => {
        unsafe extern "C" fn $fast(addr: usize, n: usize, g: *mut G, pc: usize) -> u32 {
            unsafe { fast_range::<$write>(addr, n, g, pc) }
        }
        global_asm!(
            concat!(".globl runtime.", $name),
            ".p2align 4",
            concat!("runtime.", $name, ":"),
            "push rbp",
            "mov rbp, rsp",
            "sub rsp, 48",
            "mov [rsp], rdi",
            "mov [rsp + 8], rsi",
            "mov rdx, r13",
            "mov rcx, [rbp + 8]",
            "call {fast}",
            "test eax, eax",
            "jnz 2f",
            "leave",
            "ret",
            "2:",
            concat!("mov qword ptr [rsp + 16], ", race_flag!($write)),
            "jmp race_slow_call",
            fast = sym $fast,
        );
    };
}
range!("racereadn", readn, false);
range!("racewriten", writen, true);

global_asm!(
    // The frame of an access: address, size, write, pc, frame pointer.
    "race_slow_call:",
    "mov rax, [rbp + 8]",
    "mov [rsp + 24], rax",
    "mov rax, [rbp]",
    "mov [rsp + 32], rax",
    "lea rdi, [rip + {slow}]",
    "mov rsi, r13",
    "mov rdx, rsp",
    "call rt_call",
    "leave",
    "ret",
    // raceatomic(addr, operation, a, b) -> value
    ".globl runtime.raceatomic",
    ".p2align 4",
    "runtime.raceatomic:",
    "push rbp",
    "mov rbp, rsp",
    "sub rsp, 64",
    "mov [rsp], rdi",
    "mov [rsp + 8], rsi",
    "mov [rsp + 16], rdx",
    "mov [rsp + 24], rcx",
    "mov rax, [rbp + 8]",
    "mov [rsp + 40], rax",
    "mov rax, [rbp]",
    "mov [rsp + 48], rax",
    "lea rdi, [rip + {atomic}]",
    "mov rsi, r13",
    "mov rdx, rsp",
    "call rt_call",
    "mov rax, [rsp + 32]",
    "leave",
    "ret",
    slow = sym slow,
    atomic = sym atomic,
);
