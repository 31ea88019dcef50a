package sha512

import (
	"crypto/internal/fips140deps/cpu"
	"crypto/internal/impl"
)

// AVX2 stands for BMI1 here, which package cpu does not name: no processor has the one without the other.
var useBMI2 = cpu.AMD64 && cpu.X86HasAVX2 && cpu.X86HasBMI2

func init() {
	impl.Register("sha512", "BMI2", &useBMI2)
}

//go:noescape
func blockBMI2(h *[8]uint64, k *uint64, p []byte)

func block(dig *Digest, p []byte) {
	if useBMI2 {
		blockBMI2(&dig.h, &_K[0], p)
	} else {
		blockGeneric(dig, p)
	}
}
