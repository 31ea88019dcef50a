package runtime

import (
	"internal/coverage/rtcov"
	"unsafe"
)

// runtime/debug, and coverage counters, crypto.

//go:linkname setTraceback runtime/debug.SetTraceback
func setTraceback(level string) { rt_settraceback(level) }

//go:linkname setMaxStack runtime/debug.setMaxStack
func setMaxStack(n int) int { return rt_setmaxstack(n) }

//go:linkname setMaxThreads runtime/debug.setMaxThreads
func setMaxThreads(n int) int { return rt_setmaxthreads(n) }

//go:linkname setPanicOnFault runtime/debug.setPanicOnFault
func setPanicOnFault(on bool) bool {
	gp := getg()
	old := gp.paniconfault
	gp.paniconfault = on
	return old
}

// modinfo is set by the linker, with 16 bytes before and after the text.
//
//go:linkname modinfo
var modinfo string

//go:linkname debug_modinfo runtime/debug.modinfo
func debug_modinfo() string {
	if modinfo == "" {
		return rt_modinfo()
	}
	return modinfo
}

// Coverage.

//go:linkname coverage_getCovCounterList internal/coverage/cfile.getCovCounterList
func coverage_getCovCounterList() []rtcov.CovCounterBlob { return covCounters }

// Counters of instrumented packages, in order of registration.
var covCounters []rtcov.CovCounterBlob

// addCovMeta and addCovCounters are called by the initialisers that the go command adds to instrumented packages.
func addCovMeta(p unsafe.Pointer, dlen uint32, hash [16]byte, pkgpath string, pkgid int, cmode uint8, cgran uint8) uint32 {
	id := rtcov.AddMeta(p, dlen, hash, pkgpath, pkgid, cmode, cgran)
	if id == 0 {
		throw("runtime.addCovMeta: coverage package map collision")
	}
	return id
}

func addCovCounters(p *uint32, n uint64) {
	covCounters = append(covCounters, rtcov.CovCounterBlob{Counters: p, Len: n})
}

// Crypto.

//go:linkname dit_setEnabled crypto/subtle.setDITEnabled
func dit_setEnabled() bool { return false }

//go:linkname dit_setDisabled crypto/subtle.setDITDisabled
func dit_setDisabled() {}
