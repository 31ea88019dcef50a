package crc32

import "internal/cpu"

//go:noescape
func castagnoliSSE42(crc uint32, p []byte) uint32

// ieeeCLMUL takes a multiple of 16 bytes, at least 64.
//
//go:noescape
func ieeeCLMUL(crc uint32, p []byte) uint32

func archAvailableCastagnoli() bool { return cpu.X86.HasSSE42 }

func archInitCastagnoli() {
	if !archAvailableCastagnoli() {
		panic("arch-specific Castagnoli not available")
	}
}

func archUpdateCastagnoli(crc uint32, p []byte) uint32 {
	return ^castagnoliSSE42(^crc, p)
}

func archAvailableIEEE() bool { return cpu.X86.HasPCLMULQDQ && cpu.X86.HasSSE41 }

var archIeeeTable8 *slicing8Table

func archInitIEEE() {
	if !archAvailableIEEE() {
		panic("arch-specific IEEE not available")
	}
	archIeeeTable8 = slicingMakeTable(IEEE)
}

func archUpdateIEEE(crc uint32, p []byte) uint32 {
	if n := len(p) &^ 15; n >= 64 {
		crc = ^ieeeCLMUL(^crc, p[:n])
		p = p[n:]
	}
	if len(p) == 0 {
		return crc
	}
	return slicingUpdate(crc, archIeeeTable8, p)
}
