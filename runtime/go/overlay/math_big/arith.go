package big

import "internal/cpu"

// The loops in assembly pay for themselves from this length on.
const longVector = 4

var haveADX = cpu.X86.HasADX && cpu.X86.HasBMI2

//go:noescape
func addVVAsm(z, x, y []Word) (c Word)

//go:noescape
func subVVAsm(z, x, y []Word) (c Word)

//go:noescape
func mulAddVWWAsm(z, x []Word, m, a Word) (c Word)

//go:noescape
func addMulVVWWAsm(z, x, y []Word, m, a Word) (c Word)

func addVV(z, x, y []Word) (c Word) {
	if len(z) >= longVector && len(x) == len(z) && len(y) == len(z) {
		return addVVAsm(z, x, y)
	}
	return addVV_g(z, x, y)
}

func subVV(z, x, y []Word) (c Word) {
	if len(z) >= longVector && len(x) == len(z) && len(y) == len(z) {
		return subVVAsm(z, x, y)
	}
	return subVV_g(z, x, y)
}

func lshVU(z, x []Word, s uint) (c Word) {
	return lshVU_g(z, x, s)
}

func rshVU(z, x []Word, s uint) (c Word) {
	return rshVU_g(z, x, s)
}

func mulAddVWW(z, x []Word, m, a Word) (c Word) {
	if haveADX && len(z) >= longVector && len(x) == len(z) {
		return mulAddVWWAsm(z, x, m, a)
	}
	return mulAddVWW_g(z, x, m, a)
}

func addMulVVWW(z, x, y []Word, m, a Word) (c Word) {
	if haveADX && len(z) >= longVector && len(x) == len(z) && len(y) == len(z) {
		return addMulVVWWAsm(z, x, y, m, a)
	}
	return addMulVVWW_g(z, x, y, m, a)
}
