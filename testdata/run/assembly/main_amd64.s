#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"

DATA ones<>+0(SB)/8, $1
DATA ones<>+8(SB)/8, $1
GLOBL ones<>(SB), RODATA|NOPTR, $16

// func sum(xs []int64) int64
TEXT ·sum(SB), NOSPLIT, $0-32
	MOVQ xs_base+0(FP), SI
	MOVQ xs_len+8(FP), CX
	XORQ AX, AX
loop:
	TESTQ CX, CX
	JZ    done
	ADDQ  (SI), AX
	ADDQ  $8, SI
	DECQ  CX
	JMP   loop
done:
	MOVQ AX, ret+24(FP)
	RET

// func mixed(a int8, f float64, s string, p *point, b bool) (n int64, h float64, t string, ok bool)
TEXT ·mixed(SB), NOSPLIT, $0-81
	MOVBQSX a+0(FP), AX
	MOVQ    p+32(FP), BX
	ADDQ    point_y(BX), AX
	ADDQ    point_x(BX), AX
	ADDQ    $point__size, AX
	MOVQ    AX, n+48(FP)
	MOVSD   f+8(FP), X0
	ADDSD   X0, X0
	MOVSD   X0, h+56(FP)
	MOVQ    s_base+16(FP), R12
	MOVQ    s_len+24(FP), R13
	MOVQ    R12, t_base+64(FP)
	MOVQ    R13, t_len+72(FP)
	MOVB    b+40(FP), R14
	XORB    $1, R14
	MOVB    R14, ok+80(FP)
	RET

// func callsGo(n int64) int64
TEXT ·callsGo(SB), $24-16
	NO_LOCAL_POINTERS
	MOVQ n+0(FP), AX
	MOVQ AX, 0(SP)
	CALL ·double(SB)
	MOVQ 8(SP), AX
	MOVQ AX, ret+8(FP)
	RET

// func framed(n int64) int64
TEXT ·framed(SB), $4096-16
	NO_LOCAL_POINTERS
	MOVQ  n+0(FP), AX
	MOVQ  AX, buf-4096(SP)
	MOVOU ones<>(SB), X1
	MOVQ  X1, BX
	CALL  twice<>(SB)
	ADDQ  BX, AX
	MOVQ  AX, ret+8(FP)
	RET

TEXT twice<>(SB), NOSPLIT, $0
	ADDQ AX, AX
	RET

// func fallback(a, b int64) int64
TEXT ·fallback(SB), NOSPLIT, $0-24
	JMP ·generic(SB)

// func big(n int64) (r [3]int64)
TEXT ·big(SB), NOSPLIT, $0-32
	MOVQ n+0(FP), AX
	MOVQ AX, r_0+8(FP)
	INCQ AX
	MOVQ AX, r_1+16(FP)
	INCQ AX
	MOVQ AX, r_2+24(FP)
	RET

// func limitOf() int64
TEXT ·limitOf(SB), NOSPLIT, $0-8
	MOVQ $const_limit, AX
	MOVQ AX, ret+0(FP)
	RET

// func noArgs()
TEXT ·noArgs(SB), NOSPLIT, $0-0
	ADDQ $100, ·counter(SB)
	RET

// func atCallers(n int64)
TEXT ·atCallers(SB), $16-8
	NO_LOCAL_POINTERS
	MOVQ $7, 0(SP)
	CALL ·record(SB)
	RET

// func loseRegisters(n int64) int64: the frame pointer goes too.
TEXT ·loseRegisters(SB), NOSPLIT, $0-16
	MOVQ    n+0(FP), AX
	MOVQ    $-1, BP
	MOVQ    BP, BX
	MOVQ    BP, R12
	MOVQ    BP, R13
	MOVQ    BP, R14
	MOVQ    BP, R15
	PCMPEQL X15, X15
	ADDQ    BP, AX
	MOVQ    AX, ret+8(FP)
	RET

// func loseAndCall(n int64) int64
TEXT ·loseAndCall(SB), $16-16
	NO_LOCAL_POINTERS
	MOVQ n+0(FP), AX
	MOVQ AX, 0(SP)
	XORQ BP, BP
	CALL ·afterLoss(SB)
	MOVQ 8(SP), AX
	MOVQ AX, ret+8(FP)
	RET

// func x15() uint64
TEXT ·x15(SB), NOSPLIT, $0-8
	MOVQ X15, AX
	MOVQ AX, ret+0(FP)
	RET
