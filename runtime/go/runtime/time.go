package runtime

import "unsafe"

// timerCall is a call that a due timer asks for.
type timerCall struct {
	f     func(arg any, seq uintptr, delta int64)
	arg   any
	seq   uintptr
	delta int64
}

// timerproc is the system goroutine that makes the calls of due timers.
func timerproc() {
	var c timerCall
	for {
		rt_timerwait(&c)
		c.f(c.arg, c.seq, c.delta)
		c = timerCall{}
	}
}

// timeSleep is for this package; time.Sleep is in Rust.
func timeSleep(ns int64) { rt_sleep(ns) }

//go:linkname time_runtimeIsBubbled time.runtimeIsBubbled
func time_runtimeIsBubbled() bool { return false }

//go:linkname time_runtimeNano time.runtimeNano
func time_runtimeNano() int64 { return nanotime() }

//go:linkname time_runtimeNow time.runtimeNow
func time_runtimeNow() (sec int64, nsec int32, mono int64) { return time_now() }

//go:linkname time_now time.now
func time_now() (sec int64, nsec int32, mono int64) {
	sec, nsec = walltime()
	return sec, nsec, nanotime()
}

//go:linkname crypto_internal_fips140deps_time_monoTime crypto/internal/fips140deps/time.monoTime
func crypto_internal_fips140deps_time_monoTime() int64 { return nanotime() }

//go:linkname internal_sync_nanotime internal/sync.runtime_nanotime
func internal_sync_nanotime() int64 { return nanotime() }

// Bubbles of testing/synctest: not available; nothing is ever inside one.

//go:linkname synctest_isInBubble internal/synctest.IsInBubble
func synctest_isInBubble() bool { return false }

//go:linkname synctest_Run internal/synctest.Run
func synctest_Run(f func()) { panic("testing/synctest: bubbles are not supported by this runtime") }

//go:linkname synctest_Wait internal/synctest.Wait
func synctest_Wait() { panic("goroutine is not in a bubble") }

//go:linkname synctest_acquire internal/synctest.acquire
func synctest_acquire() any { return nil }

//go:linkname synctest_release internal/synctest.release
func synctest_release(b any) {}

//go:linkname synctest_inBubble internal/synctest.inBubble
func synctest_inBubble(b any, f func()) { f() }

//go:linkname synctest_associate internal/synctest.associate
func synctest_associate(p unsafe.Pointer) int { return 0 }

//go:linkname synctest_disassociate internal/synctest.disassociate
func synctest_disassociate(p unsafe.Pointer) {}

//go:linkname synctest_isAssociated internal/synctest.isAssociated
func synctest_isAssociated(p unsafe.Pointer) bool { return false }
