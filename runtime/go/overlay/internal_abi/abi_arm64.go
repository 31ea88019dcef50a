package abi

// Argument registers of rgo's calling convention on arm64 (see rgo_abi::call): integer-class words, floats.
const (
	IntArgRegs            = 7
	FloatArgRegs          = 8
	EffectiveFloatRegSize = 8
)
