package aes

import (
	"crypto/internal/fips140deps/cpu"
	"crypto/internal/impl"
)

var supportsAES = cpu.AMD64 && cpu.X86HasAES && cpu.X86HasSSE41 && cpu.X86HasSSSE3

func init() {
	impl.Register("aes", "AES-NI", &supportsAES)
}

//go:noescape
func expandKeyNI(rounds int, key *byte, enc, dec *uint32)

//go:noescape
func encryptBlockNI(rounds int, keys *uint32, dst, src *byte)

//go:noescape
func decryptBlockNI(rounds int, keys *uint32, dst, src *byte)

func checkGenericIsExpected() {
	if supportsAES {
		panic("crypto/aes: internal error: using generic implementation despite hardware support")
	}
}

type block struct {
	blockExpanded
}

func newBlock(c *Block, key []byte) *Block {
	switch len(key) {
	case aes128KeySize:
		c.rounds = aes128Rounds
	case aes192KeySize:
		c.rounds = aes192Rounds
	case aes256KeySize:
		c.rounds = aes256Rounds
	}
	if supportsAES {
		expandKeyNI(c.rounds, &key[0], &c.enc[0], &c.dec[0])
	} else {
		expandKeyGeneric(&c.blockExpanded, key)
	}
	return c
}

// EncryptionKeySchedule is used by package gcm.
func EncryptionKeySchedule(c *Block) []uint32 {
	return c.enc[:c.roundKeysSize()]
}

func encryptBlock(c *Block, dst, src []byte) {
	if supportsAES {
		encryptBlockNI(c.rounds, &c.enc[0], &dst[0], &src[0])
	} else {
		encryptBlockGeneric(&c.blockExpanded, dst, src)
	}
}

func decryptBlock(c *Block, dst, src []byte) {
	if supportsAES {
		decryptBlockNI(c.rounds, &c.dec[0], &dst[0], &src[0])
	} else {
		decryptBlockGeneric(&c.blockExpanded, dst, src)
	}
}
