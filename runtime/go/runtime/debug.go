package runtime

import (
	"internal/coverage/rtcov"
	"unsafe"
)

// runtime/debug, and the edges of features that are absent: tracer, heap dumps, cgo, coverage counters, plugins.

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

//go:linkname runtime_debug_WriteHeapDump runtime/debug.WriteHeapDump
func runtime_debug_WriteHeapDump(fd uintptr) {
	panic("runtime/debug: WriteHeapDump is not supported by this runtime")
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

// Execution tracer.

type noTracer struct{}

func (noTracer) RuntimeError() {}
func (noTracer) Error() string { return "tracing is not supported by this runtime" }

// StartTrace enables tracing for the current process. There is no tracer in this implementation: it returns an error.
//
// Most clients should use the runtime/trace package or the testing package's -test.trace flag instead of calling StartTrace
// directly.
func StartTrace() error { return noTracer{} }

// StopTrace stops tracing, if it was previously enabled.
func StopTrace() {}

// ReadTrace returns the next chunk of binary tracing data, nil at the end.
func ReadTrace() (buf []byte) { return nil }

//go:linkname traceAdvance
func traceAdvance(stopTrace bool) {}

//go:linkname traceClockNow
func traceClockNow() uint64 { return uint64(nanotime()) }

//go:linkname traceClockUnitsPerSecond runtime/trace.runtime_traceClockUnitsPerSecond
func traceClockUnitsPerSecond() uint64 { return 1e9 }

//go:linkname trace_userTaskCreate runtime/trace.userTaskCreate
func trace_userTaskCreate(id, parentID uint64, taskType string) {}

//go:linkname trace_userTaskEnd runtime/trace.userTaskEnd
func trace_userTaskEnd(id uint64) {}

//go:linkname trace_userRegion runtime/trace.userRegion
func trace_userRegion(id, mode uint64, name string) {}

//go:linkname trace_userLog runtime/trace.userLog
func trace_userLog(id uint64, category, message string) {}

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
