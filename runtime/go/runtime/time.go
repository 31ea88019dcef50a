package runtime

import (
	"internal/runtime/sys"
	"unsafe"
)

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

//go:linkname time_newTimer time.newTimer
func time_newTimer(when, period int64, f func(any, uintptr, int64), arg any, c unsafe.Pointer) unsafe.Pointer {
	t := rt_newtimer(when, period, f, arg, c)
	runDueInBubble()
	return t
}

//go:linkname time_resetTimer time.resetTimer
func time_resetTimer(t unsafe.Pointer, when, period int64) bool {
	pending := rt_resettimer(t, when, period)
	runDueInBubble()
	return pending
}

// runDueInBubble makes the calls of timers that need no progress of the bubble's clock.
func runDueInBubble() {
	if rt_bubble() == 0 {
		return
	}
	var c timerCall
	for rt_bubbletimer(&c) {
		c.f(c.arg, c.seq, c.delta)
		if raceenabled {
			racecallend()
		}
		c = timerCall{}
	}
}

// haveHighResSleep is for the tests of package time.
//
//go:linkname haveHighResSleep
var haveHighResSleep = true

// timeSleep is for this package; time.Sleep is in Rust.
func timeSleep(ns int64) { rt_sleep(ns) }

//go:linkname time_runtimeIsBubbled time.runtimeIsBubbled
func time_runtimeIsBubbled() bool { return rt_bubble() != 0 }

//go:linkname time_runtimeNano time.runtimeNano
func time_runtimeNano() int64 {
	if now := rt_bubblenow(); now != 0 {
		return now
	}
	return nanotime()
}

//go:linkname time_runtimeNow time.runtimeNow
func time_runtimeNow() (sec int64, nsec int32, mono int64) {
	if now := rt_bubblenow(); now != 0 {
		// No monotonic reading inside a bubble.
		return now / 1e9, int32(now % 1e9), 0
	}
	return time_now()
}

//go:linkname time_now time.now
func time_now() (sec int64, nsec int32, mono int64) {
	sec, nsec = walltime()
	return sec, nsec, nanotime()
}

//go:linkname crypto_internal_fips140deps_time_monoTime crypto/internal/fips140deps/time.monoTime
func crypto_internal_fips140deps_time_monoTime() int64 { return nanotime() }

//go:linkname internal_sync_nanotime internal/sync.runtime_nanotime
func internal_sync_nanotime() int64 { return nanotime() }

// Bubbles of testing/synctest. The bookkeeping is in Rust; here is the loop of the root goroutine.

//go:linkname synctest_isInBubble internal/synctest.IsInBubble
func synctest_isInBubble() bool { return rt_bubble() != 0 }

type synctestDeadlockError struct {
	reason string
	bubble uintptr
}

func (e synctestDeadlockError) Error() string { return e.reason }

//go:linkname synctest_Run internal/synctest.Run
func synctest_Run(f func()) {
	if !rt_bubblestart(f, sys.GetCallerPC()) {
		panic("synctest.Run called from within a synctest bubble")
	}
	var c timerCall
	for {
		for rt_bubbletimer(&c) {
			c.f(c.arg, c.seq, c.delta)
			if raceenabled {
				racecallend()
			}
			c = timerCall{}
		}
		if !rt_bubblewait() {
			break
		}
	}
	bubble := rt_bubble()
	switch rt_bubbleend() {
	case 1:
		panic(synctestDeadlockError{"deadlock: main bubble goroutine has exited but blocked goroutines remain", bubble})
	case 2:
		panic(synctestDeadlockError{"deadlock: all goroutines in bubble are blocked", bubble})
	}
}

//go:linkname synctest_Wait internal/synctest.Wait
func synctest_Wait() {
	switch rt_synctestwait() {
	case 1:
		panic("goroutine is not in a bubble")
	case 2:
		panic("wait already in progress")
	}
}

// bubbleRef is what acquire hands out.
type bubbleRef struct {
	b uintptr
}

//go:linkname synctest_acquire internal/synctest.acquire
func synctest_acquire() any {
	b := rt_bubble()
	if b == 0 {
		return nil
	}
	rt_bubbleactive(b, 1)
	return &bubbleRef{b}
}

//go:linkname synctest_release internal/synctest.release
func synctest_release(b any) { rt_bubbleactive(b.(*bubbleRef).b, -1) }

//go:linkname synctest_inBubble internal/synctest.inBubble
func synctest_inBubble(b any, f func()) {
	if rt_bubble() != 0 {
		panic("goroutine is already bubbled")
	}
	rt_setbubble(b.(*bubbleRef).b)
	defer rt_setbubble(0)
	f()
}

//go:linkname synctest_associate internal/synctest.associate
func synctest_associate(p unsafe.Pointer) int { return rt_bubbleassociate(p, true) }

//go:linkname synctest_disassociate internal/synctest.disassociate
func synctest_disassociate(p unsafe.Pointer) { rt_bubbledisassociate(p) }

//go:linkname synctest_isAssociated internal/synctest.isAssociated
func synctest_isAssociated(p unsafe.Pointer) bool { return rt_bubbleassociate(p, false) == 1 }
