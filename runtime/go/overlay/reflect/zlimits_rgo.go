package reflect

import "internal/goarch"

// Result registers of rgo's calling convention (see rgo_abi::call). On amd64 fewer words travel back in registers than
// forth; on arm64 as many results as there are argument registers of the hardware, limited by abi.RegArgs.
const (
	intResultRegs   = 4*goarch.IsAmd64 + 7*goarch.IsArm64
	floatResultRegs = 4*goarch.IsAmd64 + 8*goarch.IsArm64
)

// intLimit is the number of integer registers this sequence may use.
func (a *abiSeq) intLimit() int {
	if a.results {
		return min(intArgRegs, intResultRegs)
	}
	return intArgRegs
}

// floatLimit is the number of float registers this sequence may use.
func (a *abiSeq) floatLimit() int {
	if a.results {
		return min(floatArgRegs, floatResultRegs)
	}
	return floatArgRegs
}
