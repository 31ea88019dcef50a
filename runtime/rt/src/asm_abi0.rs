//! Calls between Go code and functions with arguments on the stack (gc's ABI0), which is what packages' assembly files hold (amd64).
//!
//! Such a function finds its arguments above its return address, in memory layout, the results behind them; it keeps only rsp: rbp it should keep, and some does not
//! (`G::asm_fp` has it). Some counts on X15 being zero, as it is in gc's Go code. It runs
//! on the goroutine stack: the Go function in front of it (rgo-llvm's `stubs`) has checked that there is room for all it declares. A check of its own
//! (functions with a frame and without NOSPLIT) loads a g from `rt_tls_g` and compares with its stack guard: that is
//! [`ASM_G`], whose guard is always low enough.
//!
//! # Safety
//! The stack walk by frame pointers stays whole: both entries keep a frame.

#[cfg(not(test))]
use crate::g::off;

/// What assembly sees as its g: zero.
#[repr(C, align(64))]
pub struct AsmG([u64; 64]);

pub static ASM_G: AsmG = AsmG([0; 64]);

#[cfg(not(test))]
core::arch::global_asm!(
    // --- rt_asmcall(fn rdi, g rsi, frame rdx, size rcx): fn with a copy of the frame as its arguments; results are copied back ---
    ".globl rt_asmcall",
    ".p2align 4",
    "rt_asmcall:",
    save_registers!(),
    "push rdx",
    "push rcx",
    "push qword ptr [rsi + {ASM_FP}]",
    "mov [rsi + {ASM_FP}], rbp",
    "sub rsp, rcx",
    "and rsp, -16",
    "xor eax, eax",
    "cmp rax, rcx",
    "jae 3f",
    "2:",
    "mov r8, [rdx + rax]",
    "mov [rsp + rax], r8",
    "add rax, 8",
    "cmp rax, rcx",
    "jb 2b",
    "3:",
    "xorps xmm15, xmm15",
    "call rdi",
    "mov rax, fs:[rt_tls_m@TPOFF]",
    "mov rax, [rax + {M_CURG}]",
    "mov rbp, [rax + {ASM_FP}]",
    "mov rcx, [rbp - 64]",
    "mov [rax + {ASM_FP}], rcx",
    "mov rcx, [rbp - 56]",
    "mov rdx, [rbp - 48]",
    "xor eax, eax",
    "cmp rax, rcx",
    "jae 3f",
    "2:",
    "mov r8, [rsp + rax]",
    "mov [rdx + rax], r8",
    "add rax, 8",
    "cmp rax, rcx",
    "jb 2b",
    "3:",
    "cld",
    "lea rsp, [rbp - 40]",
    restore_registers!(),
    // --- rt_abi0call: from assembly, return address at [rsp], arguments above it; r10 = thunk(frame rdi, g r13) ---
    ".globl rt_abi0call",
    ".p2align 4",
    "rt_abi0call:",
    "push rbp",
    "mov rbp, rsp",
    "lea rdi, [rsp + 16]",
    "mov rax, fs:[rt_tls_m@TPOFF]",
    "mov r13, [rax + {M_CURG}]",
    "and rsp, -16",
    "cld",
    "call r10",
    "mov rsp, rbp",
    "pop rbp",
    "ret",
    ".globl rt_asm_morestack",
    "rt_asm_morestack:",
    "ud2",
    M_CURG = const off::M_CURG,
    ASM_FP = const off::ASM_FP,
);
