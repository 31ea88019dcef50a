//! The frame of assembly that keeps what a callee must keep: six words below the return address, `rbp` pointing at the first.

/// Entry: the callee-saved registers onto the stack.
macro_rules! save_registers {
    () => {
        "push rbp
        mov rbp, rsp
        push rbx
        push r12
        push r13
        push r14
        push r15"
    };
}

/// The way out: `rsp` as [`save_registers`] left it.
macro_rules! restore_registers {
    () => {
        "pop r15
        pop r14
        pop r13
        pop r12
        pop rbx
        pop rbp
        ret"
    };
}
