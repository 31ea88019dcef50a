#include "textflag.h"
#include "macros_amd64.h"

// func dot(a, b []float64) float64
TEXT ·dot(SB), NOSPLIT, $0-56
	MOVQ a_base+0(FP), SI
	MOVQ a_len+8(FP), CX
	MOVQ b_base+24(FP), DI
	ZERO(X0)
next:
	DECQ CX
	JLT  end
	MOVSD (SI)(CX*8), X1
	MULSD (DI)(CX*8), X1
	ADDSD X1, X0
	JMP  next
end:
	MOVSD X0, ret+48(FP)
	RET
