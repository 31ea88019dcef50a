package abi

// Argument registers of rgo's calling convention on amd64 (see rgo_abi::call): integer-class words, floats.
// Result limits are smaller; reflect learns them from zlimits_rgo.go.
const (
	IntArgRegs            = 5
	FloatArgRegs          = 8
	EffectiveFloatRegSize = 8
)
