package runtime

import (
	"internal/runtime/atomic"
	"unsafe"
)

// The execution tracer. Events are recorded by Rust; here is who starts it, ends a generation now and then, and reads.

// Why the world is stopped; the runtime has the texts.
const (
	stopMarkEnd = iota
	stopSweepEnd
	stopHeapDump
	stopGoroutineProfile
	stopAllStacks
	stopMemStats
	stopProcs
	stopTraceStart
	stopTraceStop
	stopTraceGeneration
	stopAllThreads
)

var tracing struct {
	advance mutex // held while a trace begins or ends, or goes on to its next generation
	on      atomic.Uint32
	session uint32
	header  bool // has been read
	mark    int  // the mark that the reader has been given: 1 end of a generation, 2 of the trace
	waiting atomic.Uint32
	data    uint32 // semaphore of the reader
	done    uint32 // semaphore of the one who waits for the reader to have met a mark
}

// StartTrace begins an execution trace, which ReadTrace returns piece by piece. It is an error if one is under way. Programs
// use runtime/trace, tests the flag -test.trace.
func StartTrace() error {
	t := &tracing
	lock(&t.advance)
	defer unlock(&t.advance)
	if t.on.Load() != 0 {
		return errorString("tracing is already enabled")
	}
	t.header = false
	t.session++
	session := t.session
	t.on.Store(1)
	rt_stopworld(stopTraceStart)
	rt_tracestart()
	rt_startworld()
	rt_newsystemproc(func() { traceTicker(session) })
	return nil
}

// traceTicker wakes the reader and begins a new generation each second (GODEBUG=traceadvanceperiod), as long as the trace
// lasts.
func traceTicker(session uint32) {
	t := &tracing
	period := max(rt_traceperiod(), 1e6)
	step := min(period, 100e6)
	for slept := step; ; slept += step {
		rt_sleep(step)
		if t.on.Load() == 0 || t.session != session {
			return
		}
		if slept >= period {
			slept = 0
			traceAdvance(false)
		} else if rt_tracereadable() {
			wakeTraceReader()
		}
	}
}

func wakeTraceReader() {
	t := &tracing
	if t.waiting.CompareAndSwap(1, 0) {
		rt_semrelease(&t.data)
	}
}

// StopTrace ends the trace, if there is one, when all of it has been read.
func StopTrace() { traceAdvance(true) }

// traceAdvance ends a generation, and the trace if stop, and waits until it has been read.
//
//go:linkname traceAdvance
func traceAdvance(stop bool) {
	t := &tracing
	lock(&t.advance)
	defer unlock(&t.advance)
	if t.on.Load() == 0 {
		return
	}
	why := uintptr(stopTraceGeneration)
	if stop {
		why = stopTraceStop
	}
	rt_stopworld(why)
	rt_traceadvance(stop)
	rt_startworld()
	wakeTraceReader()
	rt_semacquire(&t.done)
	if stop {
		t.on.Store(0)
	}
}

// ReadTrace waits for the next piece of a trace and returns it; nil once a trace has ended and all of it was returned. The
// piece is valid until the next call. Calls must not overlap.
func ReadTrace() (buf []byte) {
	t := &tracing
	if !t.header {
		t.header = true
		return []byte("go 1.26 trace\x00\x00\x00")
	}
	if mark := t.mark; mark != 0 {
		t.mark = 0
		rt_semrelease(&t.done)
		if mark == 2 {
			return nil
		}
	}
	for {
		p, n, mark := rt_traceread()
		if p != nil {
			t.mark = mark
			return unsafe.Slice(p, n)
		}
		t.waiting.Store(1)
		if rt_tracereadable() && t.waiting.CompareAndSwap(1, 0) {
			continue
		}
		rt_tracewait(&t.data)
	}
}

//go:linkname traceClockNow
func traceClockNow() uint64 { return uint64(nanotime()) }

//go:linkname traceClockUnitsPerSecond runtime/trace.runtime_traceClockUnitsPerSecond
func traceClockUnitsPerSecond() uint64 { return 1e9 }

const (
	traceTaskBegin = iota
	traceTaskEnd
	traceRegionBegin
	traceRegionEnd
	traceLog
)

//go:linkname trace_userTaskCreate runtime/trace.userTaskCreate
func trace_userTaskCreate(id, parentID uint64, taskType string) {
	rt_traceuser(traceTaskBegin, id, parentID, taskType, "")
}

//go:linkname trace_userTaskEnd runtime/trace.userTaskEnd
func trace_userTaskEnd(id uint64) { rt_traceuser(traceTaskEnd, id, 0, "", "") }

//go:linkname trace_userRegion runtime/trace.userRegion
func trace_userRegion(id, mode uint64, name string) {
	rt_traceuser(traceRegionBegin+int(mode), id, 0, name, "")
}

//go:linkname trace_userLog runtime/trace.userLog
func trace_userLog(id uint64, category, message string) {
	rt_traceuser(traceLog, id, 0, category, message)
}
