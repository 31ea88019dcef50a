package gcm

import (
	"crypto/internal/fips140/aes"
	"crypto/internal/fips140/subtle"
	"crypto/internal/fips140deps/byteorder"
	"crypto/internal/fips140deps/cpu"
	"crypto/internal/impl"
)

// ctrNI adds the key stream to n bytes and leaves the next counter.
//
//go:noescape
func ctrNI(rounds int, keys *uint32, dst, src *byte, n int, counter *[gcmBlockSize]byte)

//go:noescape
func ghashInitNI(table *[256]byte, h *[gcmBlockSize]byte)

// ghashUpdateNI adds data, padded with zeros to whole blocks.
//
//go:noescape
func ghashUpdateNI(table *[256]byte, sum *[gcmBlockSize]byte, data []byte)

var supportsAESGCM = cpu.AMD64 && cpu.X86HasAES && cpu.X86HasPCLMULQDQ && cpu.X86HasSSE41 && cpu.X86HasSSSE3

func init() {
	impl.Register("gcm", "AES-NI", &supportsAESGCM)
}

func checkGenericIsExpected() {
	if supportsAESGCM {
		panic("gcm: internal error: using generic implementation despite hardware support")
	}
}

type gcmPlatformData struct {
	// Powers of the hash key.
	table [256]byte
}

func initGCM(g *GCM) {
	if supportsAESGCM {
		var h [gcmBlockSize]byte
		aes.EncryptBlockInternal(&g.cipher, h[:], h[:])
		ghashInitNI(&g.table, &h)
	}
}

func ctrXOR(g *GCM, dst, src []byte, counter *[gcmBlockSize]byte) {
	if len(src) > 0 {
		keys := aes.EncryptionKeySchedule(&g.cipher)
		ctrNI(len(keys)/4-1, &keys[0], &dst[0], &src[0], len(src), counter)
	}
}

// start derives the first counter and the mask of the tag.
func start(g *GCM, nonce []byte, counter, mask *[gcmBlockSize]byte) {
	if len(nonce) == gcmStandardNonceSize {
		copy(counter[:], nonce)
		counter[gcmBlockSize-1] = 1
	} else {
		var lengths [gcmBlockSize]byte
		byteorder.BEPutUint64(lengths[8:], uint64(len(nonce))*8)
		ghashUpdateNI(&g.table, counter, nonce)
		ghashUpdateNI(&g.table, counter, lengths[:])
	}
	ctrXOR(g, mask[:], mask[:], counter)
}

func authenticate(g *GCM, tag, mask *[gcmTagSize]byte, ciphertext, data []byte) {
	var lengths [gcmBlockSize]byte
	byteorder.BEPutUint64(lengths[:8], uint64(len(data))*8)
	byteorder.BEPutUint64(lengths[8:], uint64(len(ciphertext))*8)
	ghashUpdateNI(&g.table, tag, data)
	ghashUpdateNI(&g.table, tag, ciphertext)
	ghashUpdateNI(&g.table, tag, lengths[:])
	subtle.XORBytes(tag[:], tag[:], mask[:])
}

func seal(out []byte, g *GCM, nonce, plaintext, data []byte) {
	if !supportsAESGCM {
		sealGeneric(out, g, nonce, plaintext, data)
		return
	}
	var counter, mask, tag [gcmBlockSize]byte
	start(g, nonce, &counter, &mask)
	ctrXOR(g, out, plaintext, &counter)
	authenticate(g, &tag, &mask, out[:len(plaintext)], data)
	copy(out[len(plaintext):], tag[:])
}

func open(out []byte, g *GCM, nonce, ciphertext, data []byte) error {
	if !supportsAESGCM {
		return openGeneric(out, g, nonce, ciphertext, data)
	}
	want := ciphertext[len(ciphertext)-g.tagSize:]
	ciphertext = ciphertext[:len(ciphertext)-g.tagSize]
	var counter, mask, tag [gcmBlockSize]byte
	start(g, nonce, &counter, &mask)
	authenticate(g, &tag, &mask, ciphertext, data)
	if subtle.ConstantTimeCompare(tag[:g.tagSize], want) != 1 {
		return errOpen
	}
	ctrXOR(g, out, ciphertext, &counter)
	return nil
}
