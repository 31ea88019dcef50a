//! Calls between Go and C (amd64). C runs on the g0 stack of its thread, which the C library made; Go code that C calls runs on the
//! goroutine stack, above the frame of the call that is under way there.
//!
//! # Safety
//! `rt_cgocall` leaves on the goroutine stack the frame that `rt_call` leaves, with a word for the result. While C has called Go, the free
//! part of the g0 stack (`M::g0_hi`, `G::g0sp`) begins below the frame of `crosscall2`.

use crate::cgo::Callback;
use crate::g::off;
use core::arch::global_asm;
use core::mem::offset_of;
use rgo_abi::g::goff;

global_asm!(
    // Sections of their own: programs without C drop them.
    ".section .text.runtime.rt_cgocall,\"ax\",@progbits",
    // --- runtime.rt_cgocall(fn rdi, arg rsi) int32, Go's convention ---
    ".globl runtime.rt_cgocall",
    ".p2align 4",
    "runtime.rt_cgocall:",
    save_registers!(),
    "sub rsp, 8",
    "mov [rsp], rsi", // where the collector sees it; later the result
    "lea rax, [rip + rt_cgocall_resume]",
    "mov [r13 + {SCHED_SP}], rsp",
    "mov [r13 + {SCHED_PC}], rax",
    "mov rbx, rdi",
    "mov r12, rsi",
    "mov rsp, [r13 + {G0SP}]",
    "mov rdi, r13",
    "call rt_cgo_enter",
    "mov rdi, r12",
    "call rbx",
    ".globl rt_cgo_called",
    "rt_cgo_called:",
    "mov rcx, [r13 + {SCHED_SP}]",
    "mov [rcx], rax",
    "mov rdi, r13",
    "call rt_cgo_exit",
    "mov rsp, [r13 + {SCHED_SP}]",
    ".globl rt_cgocall_resume",
    "rt_cgocall_resume:",
    "mov rax, [rsp]",
    "add rsp, 8",
    restore_registers!(),
    ".section .text.crosscall2,\"ax\",@progbits",
    // --- crosscall2(fn rdi, arg rsi, n, ctxt rcx), C's convention: runs Go's fn(arg). fn = null: the thread, whose M is arg, ends ---
    ".globl crosscall2",
    ".p2align 4",
    "crosscall2:",
    save_registers!(),
    "sub rsp, {ROOM}",
    "mov [rsp], rdi",
    "mov [rsp + 8], rsi",
    "mov [rsp + 16], rcx",
    "mov rdi, rsp",
    "call rt_cgo_callback",
    "jmp 2f",
    // First code on the goroutine stack. r13 = g, rsp = its saved stack pointer, at the frame of a cgocall.
    ".globl rt_cgo_callback_go",
    "rt_cgo_callback_go:",
    "lea rbp, [rsp + 48]",
    "mov rax, [r13 + {CALLBACK}]",
    "mov rdi, [rax]",
    "mov rsi, [rax + 8]",
    "mov rdx, [rax + 16]",
    "call runtime.cgocallbackg",
    ".globl rt_cgo_callback_ret",
    "rt_cgo_callback_ret:",
    "mov rdi, r13",
    "mov rsi, [r13 + {CALLBACK}]",
    "mov rsp, rsi",
    "mov rbx, rsi",
    "call rt_cgo_callback_end",
    "mov rsp, rbx",
    "2:",
    "add rsp, {ROOM}",
    restore_registers!(),
    ".section .text.rt_cgo_mstart,\"ax\",@progbits",
    // --- first code of a thread of ours that the C library made; it ends by returning from here ---
    ".globl rt_cgo_mstart",
    "rt_cgo_mstart:",
    "mov rax, fs:[rt_tls_m@TPOFF]",
    "mov [rax + {EXIT_SP}], rsp",
    "and rsp, -16", // Go's C code, which calls this, does not align it
    "mov rdi, rax",
    "mov rsi, rsp",
    "call rt_cgo_mstart1",
    "ud2",
    ".globl rt_cgo_thread_exit",
    "rt_cgo_thread_exit:",
    "mov rsp, [rdi + {EXIT_SP}]",
    "mov qword ptr fs:[rt_tls_m@TPOFF], 0",
    "ret",
    // C's wrappers ask whether the goroutine stack has moved meanwhile: it never does.
    ".globl _cgo_topofstack",
    "_cgo_topofstack:",
    "xor eax, eax",
    "ret",
    ".text",
    SCHED_SP = const off::SCHED_SP,
    SCHED_PC = const off::SCHED_PC,
    CALLBACK = const off::CALLBACK,
    EXIT_SP = const off::M_EXIT_SP,
    G0SP = const goff::G0SP,
    // Keeps the stack pointer aligned.
    ROOM = const size_of::<Callback>() + 8,
);

const _: () = {
    assert!(offset_of!(Callback, fun) == 0 && offset_of!(Callback, arg) == 8 && offset_of!(Callback, context) == 16);
    assert!(size_of::<Callback>() % 16 == 0);
};
