package sha1

import (
	"crypto/internal/impl"
	"internal/cpu"
)

var useSHANI = cpu.X86.HasAVX && cpu.X86.HasSHA && cpu.X86.HasSSE41 && cpu.X86.HasSSSE3

func init() {
	impl.Register("sha1", "SHA-NI", &useSHANI)
}

//go:noescape
func blockSHANI(h *[5]uint32, p []byte)

func block(dig *digest, p []byte) {
	if useSHANI {
		blockSHANI(&dig.h, p)
	} else {
		blockGeneric(dig, p)
	}
}
