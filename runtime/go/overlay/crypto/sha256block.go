package sha256

import (
	"crypto/internal/fips140deps/cpu"
	"crypto/internal/impl"
)

var useSHANI = cpu.AMD64 && cpu.X86HasAVX && cpu.X86HasSHA && cpu.X86HasSSE41 && cpu.X86HasSSSE3

func init() {
	impl.Register("sha256", "SHA-NI", &useSHANI)
}

//go:noescape
func blockSHANI(h *[8]uint32, p []byte)

func block(dig *Digest, p []byte) {
	if useSHANI {
		blockSHANI(&dig.h, p)
	} else {
		blockGeneric(dig, p)
	}
}
