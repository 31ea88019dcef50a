# The least a program needs: entry, g, and what the fixtures call. Stack checks never fail (limit 0).
.globl _start
_start:
 leaq test.g(%rip), %r13
 xorl %ebp, %ebp
 andq $-16, %rsp
 callq main.test
 movl %eax, %edi
 movl $60, %eax
 syscall
.globl rt_morestack, rt_personality, runtime.goPanicIndex, runtime.panicmem
rt_morestack:
rt_personality:
runtime.goPanicIndex:
runtime.panicmem:
 ud2
# rt_call(fn, g, frame): no other stack here.
.globl rt_call
rt_call:
 movq %rdi, %rax
 movq %rsi, %rdi
 movq %rdx, %rsi
 jmpq *%rax
# main.provided(a int, s string, b bool) (int, bool): a + len(s), !b
.globl rt.main.provided
rt.main.provided:
 movq (%rsi), %rax
 addq 16(%rsi), %rax
 movq %rax, 32(%rsi)
 movb 24(%rsi), %al
 xorb $1, %al
 movb %al, 40(%rsi)
 retq
# Recovery with destroyed callee-saved registers. test.pad is patched in by the test with the pad's offset.
.globl test.recover
test.recover:
 movq %rdi, %rax
 movq 32(%rax), %rcx
 addq test.pad(%rip), %rcx
 movq 16(%rax), %rsp
 movq 24(%rax), %rbp
 xorl %ebx, %ebx
 xorl %r12d, %r12d
 xorl %r13d, %r13d
 xorl %r14d, %r14d
 xorl %r15d, %r15d
 jmpq *%rcx
.globl memset, memcpy, memcmp, bcmp
memset:
 movq %rdi, %r8
 movq %rdx, %rcx
 movl %esi, %eax
 rep stosb
 movq %r8, %rax
 retq
memcpy:
 movq %rdi, %rax
 movq %rdx, %rcx
 rep movsb
 retq
bcmp:
memcmp:
 movq %rdx, %rcx
 xorl %eax, %eax
 cmpq %rcx, %rcx
 repe cmpsb
 setne %al
 retq
# Write barriers: each call adds to test.barriers (pair 1, move 100, clear 10000, xchg and cas 1000000); pairs are summed up:
# old value in test.old, new one in test.new.
.globl rt_wb_pair, rt_wb_move, rt_wb_clear, rt_wb_xchg, rt_wb_cas
rt_wb_pair:
 pushq %rax
 incq test.barriers(%rip)
 movq 16(%rsp), %r11
 movq (%r11), %r11
 addq %r11, test.old(%rip)
 movq 24(%rsp), %r11
 addq %r11, test.new(%rip)
 popq %rax
 retq $16
rt_wb_move:
 addq $100, test.barriers(%rip)
 jmp memcpy
rt_wb_clear:
 addq $10000, test.barriers(%rip)
 movq %rsi, %rdx
 xorl %esi, %esi
 jmp memset
rt_wb_xchg:
 addq $1000000, test.barriers(%rip)
 movq %rsi, %rax
 xchgq (%rdi), %rax
 retq
rt_wb_cas:
 addq $1000000, test.barriers(%rip)
 movq %rsi, %rax
 lock cmpxchgq %rdx, (%rdi)
 sete %al
 retq
.section .bss
.globl runtime.writeBarrier, test.barriers, test.old, test.new
.p2align 3
runtime.writeBarrier: .zero 16
test.barriers: .zero 8
test.old: .zero 8
test.new: .zero 8
.section .bss
.globl test.g
.p2align 4
test.g: .zero 4096
.section .data
.globl test.pad
.p2align 3
test.pad: .quad 0
.globl rt_moduledata
rt_moduledata: .quad 0x31617461446f6772
 .zero 248
