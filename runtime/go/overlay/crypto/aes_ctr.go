package aes

//go:noescape
func ctrBlocksNI(rounds int, keys *uint32, dst, src *byte, n int, ivlo, ivhi uint64)

func ctrBlocksN(b *Block, dst, src []byte, ivlo, ivhi uint64) {
	if supportsAES {
		ctrBlocksNI(b.rounds, &b.enc[0], &dst[0], &src[0], len(dst)/BlockSize, ivlo, ivhi)
	} else {
		ctrBlocks(b, dst, src, ivlo, ivhi)
	}
}

func ctrBlocks1(b *Block, dst, src *[BlockSize]byte, ivlo, ivhi uint64) {
	ctrBlocksN(b, dst[:], src[:], ivlo, ivhi)
}

func ctrBlocks2(b *Block, dst, src *[2 * BlockSize]byte, ivlo, ivhi uint64) {
	ctrBlocksN(b, dst[:], src[:], ivlo, ivhi)
}

func ctrBlocks4(b *Block, dst, src *[4 * BlockSize]byte, ivlo, ivhi uint64) {
	ctrBlocksN(b, dst[:], src[:], ivlo, ivhi)
}

func ctrBlocks8(b *Block, dst, src *[8 * BlockSize]byte, ivlo, ivhi uint64) {
	ctrBlocksN(b, dst[:], src[:], ivlo, ivhi)
}
