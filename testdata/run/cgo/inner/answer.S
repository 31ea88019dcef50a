#if defined(__x86_64__)
	.text
	.globl answer
	.type answer, @function
answer:
	movl $41, %eax
	ret
	.size answer, .-answer
	.section .note.GNU-stack,"",@progbits
#endif
