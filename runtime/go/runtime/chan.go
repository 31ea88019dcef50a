package runtime

import (
	"internal/abi"
	"internal/runtime/math"
	"internal/runtime/sys"
	"unsafe"
)

// Channels are in Rust; here are the compiler's and reflect's entry points, which raise the panics.

// hchan is opaque.
type hchan struct {
	_ uintptr
}

//go:linkname makechan
func makechan(t *chantype, size int) *hchan {
	mem, overflow := math.MulUintptr(t.Elem.Size_, uintptr(size))
	if overflow || mem > maxAlloc-4096 || size < 0 {
		panic(plainError("makechan: size out of range"))
	}
	return rt_makechan(t.Elem, size)
}

func makechan64(t *chantype, size int64) *hchan {
	if int64(int(size)) != size {
		panic(plainError("makechan: size out of range"))
	}
	return makechan(t, int(size))
}

//go:linkname reflect_makechan reflect.makechan
func reflect_makechan(t *chantype, size int) *hchan { return makechan(t, size) }

func sendOnClosed() { panic(plainError("send on closed channel")) }

func chansend1(c *hchan, elem unsafe.Pointer) {
	if raceenabled && c != nil {
		racereadpc(unsafe.Pointer(c), sys.GetCallerPC(), abi.FuncPCABIInternal(chansend))
	}
	if rt_chanfast(c, elem, true, true) != 1 && rt_chansend(c, elem, true) < 0 {
		sendOnClosed()
	}
}

func selectnbsend(c *hchan, elem unsafe.Pointer) (selected bool) {
	if raceenabled && c != nil {
		racereadpc(unsafe.Pointer(c), sys.GetCallerPC(), abi.FuncPCABIInternal(chansend))
	}
	r := rt_chanfast(c, elem, true, false)
	if r >= 0 {
		return r != 0
	}
	r = rt_chansend(c, elem, false)
	if r < 0 {
		sendOnClosed()
	}
	return r != 0
}

//go:linkname reflect_chansend reflect.chansend0
func reflect_chansend(c *hchan, elem unsafe.Pointer, nb bool) (selected bool) {
	if raceenabled && c != nil {
		racereadpc(unsafe.Pointer(c), sys.GetCallerPC(), abi.FuncPCABIInternal(chansend))
	}
	r := rt_chansend(c, elem, !nb)
	if r < 0 {
		sendOnClosed()
	}
	return r != 0
}

func chanrecv1(c *hchan, elem unsafe.Pointer) {
	if rt_chanfast(c, elem, false, true) != 1 {
		rt_chanrecv(c, elem, true)
	}
}

func chanrecv2(c *hchan, elem unsafe.Pointer) (received bool) {
	return rt_chanfast(c, elem, false, true) == 1 || rt_chanrecv(c, elem, true) == 1
}

func selectnbrecv(elem unsafe.Pointer, c *hchan) (selected, received bool) {
	r := rt_chanfast(c, elem, false, false)
	if r < 0 {
		r = rt_chanrecv(c, elem, false)
	}
	return r != 0, r == 1
}

//go:linkname reflect_chanrecv reflect.chanrecv
func reflect_chanrecv(c *hchan, nb bool, elem unsafe.Pointer) (selected bool, received bool) {
	r := rt_chanrecv(c, elem, !nb)
	return r != 0, r == 1
}

//go:linkname closechan
func closechan(c *hchan) {
	if c == nil {
		panic(plainError("close of nil channel"))
	}
	if raceenabled {
		racewritepc(unsafe.Pointer(c), sys.GetCallerPC(), abi.FuncPCABIInternal(closechan))
	}
	if rt_closechan(c) < 0 {
		panic(plainError("close of closed channel"))
	}
}

//go:linkname reflect_chanclose reflect.chanclose
func reflect_chanclose(c *hchan) { closechan(c) }

//go:linkname chanlen
func chanlen(c *hchan) int {
	if c == nil {
		return 0
	}
	return rt_chanlen(c)
}

//go:linkname chancap
func chancap(c *hchan) int {
	if c == nil {
		return 0
	}
	return rt_chancap(c)
}

//go:linkname reflect_chanlen reflect.chanlen
func reflect_chanlen(c *hchan) int { return chanlen(c) }

//go:linkname reflect_chancap reflect.chancap
func reflect_chancap(c *hchan) int { return chancap(c) }

//go:linkname reflectlite_chanlen internal/reflectlite.chanlen
func reflectlite_chanlen(c *hchan) int { return chanlen(c) }
