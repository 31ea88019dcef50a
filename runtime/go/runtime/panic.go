package runtime

import (
	"internal/abi"
	"internal/runtime/atomic"
	"internal/runtime/sys"
	"unsafe"
)

// Panics run deferred calls on top of the panicking stack. Nothing is unwound until a deferred call has recovered; then
// assembly resumes at the recovery pad of the frame whose deferred call it was, and that frame runs what it has left.

// _panic is the record of a running panic or Goexit. It lies in the frame of gopanic or Goexit.
type _panic struct {
	callerfp   uintptr // frame address of the running calldefer, set by it; wrappers move it
	arg        any
	link       *_panic
	frame      *deferFrame // whose deferred call is running
	goexit     bool
	recovered  bool
	aborted    bool // a later panic has taken over the frame
	repanicked bool
}

// next returns the next deferred call and moves p.frame on to its frame. Frames without calls left are unlinked.
func (p *_panic) next() (fn func(), ok bool) {
	gp := getg()
	for {
		d := gp.deferframe
		if d == nil {
			return nil, false
		}
		for older := p.link; older != nil; older = older.link {
			if older.frame == d {
				older.aborted = true
			}
		}
		n := d.head
		if n == nil {
			gp.deferframe = d.prev
			continue
		}
		d.head = n.next
		p.frame = d
		return n.fn, true
	}
}

//go:linkname gopanic
func gopanic(e any) {
	if e == nil {
		if debug.panicnil.Load() != 1 {
			e = new(PanicNilError)
		} else {
			panicnil.IncNonDefault()
		}
	}
	gp := getg()
	var p _panic
	p.arg = e
	p.link = gp._panic
	gp._panic = (*_panic)(noescape(unsafe.Pointer(&p)))
	runningPanicDefers.Add(1)

	for {
		fn, ok := p.next()
		if !ok {
			break
		}
		if fn == nil {
			panicmem() // defer of a nil function panics when the call is made
		}
		// Not in a function of its own: deferred functions see their panic's caller two frames up.
		calldefer(fn)
		p.callerfp = 0 // the frame is gone; another function's may lie there next
		if p.recovered {
			recovered(&p)
		}
	}

	var bubble uintptr
	if err, ok := e.(synctestDeadlockError); ok {
		bubble = err.bubble
	}
	preprintpanics(&p)
	fatalpanic(&p, bubble)
}

// recovered ends panic p, which a deferred call of p.frame has recovered, and continues in that frame.
func recovered(p *_panic) {
	gp := getg()
	runningPanicDefers.Add(-1)
	gp._panic = p.link
	for gp._panic != nil && gp._panic.aborted {
		if gp._panic.goexit {
			// The frame that recovers is one that Goexit was leaving: go on with that. Its deferred calls run from here.
			gp._panic = gp._panic.link
			Goexit()
		}
		runningPanicDefers.Add(-1)
		gp._panic = gp._panic.link
	}
	gp.sig = 0
	gp.deferframe = p.frame
	recovery(p.frame)
}

// Goexit terminates the goroutine that calls it. No other goroutine is affected. Goexit runs all deferred calls before
// terminating the goroutine. Because Goexit is not a panic, any recover calls in those deferred functions will return nil.
//
// Calling Goexit from the main goroutine terminates that goroutine without func main returning; other goroutines go on, and
// if all of them exit, the program crashes.
func Goexit() {
	gp := getg()
	var p _panic
	p.goexit = true
	p.link = gp._panic
	gp._panic = (*_panic)(noescape(unsafe.Pointer(&p)))
	for {
		fn, ok := p.next()
		if !ok {
			break
		}
		if fn == nil {
			panicmem() // defer of a nil function panics when the call is made
		}
		// Not in a function of its own: deferred functions see their panic's caller two frames up.
		calldefer(fn)
		p.callerfp = 0
	}
	gp._panic = nil
	goexit0()
}

// gorecover implements recover(). callerfp is the frame address of the caller of the function that contains it.
func gorecover(callerfp uintptr) any {
	p := getg()._panic
	if p == nil || p.goexit || p.recovered || callerfp != p.callerfp {
		return nil
	}
	p.recovered = true
	return p.arg
}

// runningPanicDefers counts panics that may still recover: the end of main waits a little for them.
var runningPanicDefers atomic.Int32

// panicking counts goroutines that print a fatal message.
var panicking atomic.Uint32

// preprintpanics turns errors and Stringers in the chain into strings. A panic of theirs is fatal.
func preprintpanics(p *_panic) {
	defer func() {
		const text = "panic while printing panic value"
		switch r := recover().(type) {
		case nil:
		case string:
			throw(text + ": " + r)
		default:
			throw(text + ": type " + toRType(efaceOf(&r)._type).string())
		}
	}()
	for ; p != nil; p = p.link {
		if p.link != nil && *efaceOf(&p.link.arg) == *efaceOf(&p.arg) {
			p.link.repanicked = true
			continue
		}
		switch v := p.arg.(type) {
		case error:
			p.arg = v.Error()
		case stringer:
			p.arg = v.String()
		}
	}
}

// printpanics prints the chain, oldest first.
func printpanics(p *_panic) {
	if p.link != nil {
		printpanics(p.link)
		if p.link.repanicked {
			return
		}
		if !p.link.goexit {
			print("\t")
		}
	}
	if p.goexit {
		return
	}
	print("panic: ")
	printpanicval(p.arg)
	if p.recovered && p.repanicked {
		print(" [recovered, repanicked]")
	} else if p.recovered {
		print(" [recovered]")
	}
	print("\n")
}

// startDying precedes the output of a fatal error: from now on this thread also prints to the file of SetCrashOutput.
func startDying() {
	gp := getg()
	gp.throwing++
	printlock()
	rt_procpin()
	gp.m.dying = 1
}

// fatalpanic prints the chain and ends the process.
func fatalpanic(p *_panic, bubble uintptr) {
	panicking.Add(1)
	gp := getg()
	startDying()
	printpanics(p)
	if gp.sig != 0 {
		printsignal(gp)
	}
	rt_dopanic(0, bubble)
}

func printsignal(gp *g) {
	print("[signal ")
	switch gp.sig {
	case sigBUS:
		print("SIGBUS: bus error")
	case sigFPE:
		print("SIGFPE: floating-point exception")
	case sigSEGV:
		print("SIGSEGV: segmentation violation")
	default:
		print(hex(gp.sig))
	}
	print(" code=", hex(gp.sigcode0), " addr=", hex(gp.sigcode1), " pc=", hex(gp.sigpc), "]\n")
}

//go:linkname throw
func throw(s string) {
	panicking.Add(1)
	startDying()
	print("fatal error: ")
	printindented(s)
	print("\n")
	rt_dopanic(2, 0)
}

// fatal is throw for errors of the user's program: the runtime itself is in order.
//
//go:linkname fatal
func fatal(s string) {
	panicking.Add(1)
	gp := getg()
	startDying()
	for p := gp._panic; p != nil; p = p.link {
		if p.link != nil && *efaceOf(&p.link.arg) == *efaceOf(&p.arg) {
			p.link.repanicked = true
		}
	}
	if gp._panic != nil {
		printpanics(gp._panic)
		print("\t")
	}
	print("fatal error: ")
	printindented(s)
	print("\n")
	rt_dopanic(1, 0)
}

//go:linkname sync_throw sync.throw
func sync_throw(s string) { throw(s) }

//go:linkname sync_fatal sync.fatal
func sync_fatal(s string) { fatal(s) }

//go:linkname internal_sync_throw internal/sync.throw
func internal_sync_throw(s string) { throw(s) }

//go:linkname internal_sync_fatal internal/sync.fatal
func internal_sync_fatal(s string) { fatal(s) }

//go:linkname maps_fatal internal/runtime/maps.fatal
func maps_fatal(s string) { fatal(s) }

//go:linkname rand_fatal crypto/rand.fatal
func rand_fatal(s string) { fatal(s) }

//go:linkname sysrand_fatal crypto/internal/sysrand.fatal
func sysrand_fatal(s string) { fatal(s) }

//go:linkname fips_fatal crypto/internal/fips140.fatal
func fips_fatal(s string) { fatal(s) }

//go:linkname cgroup_throw internal/runtime/cgroup.throw
func cgroup_throw(s string) { throw(s) }

// A PanicNilError happens when code calls panic(nil).
//
// Before Go 1.21, programs that called panic(nil) observed recover returning nil. Starting in Go 1.21, programs that call
// panic(nil) observe recover returning a *PanicNilError. Programs can change back to the old behavior by setting
// GODEBUG=panicnil=1.
type PanicNilError struct {
	_ [0]*PanicNilError // not comparable by accident with other empty structs
}

func (*PanicNilError) Error() string { return "runtime error: panic called with nil argument" }
func (*PanicNilError) RuntimeError() {}

var panicnil = &godebugInc{name: "panicnil"}

// Run-time errors. The compiler calls these where a check fails.

func panicBoundsError(x int64, signed bool, y int, code abi.BoundsErrorCode) {
	panic(boundsError{x: x, signed: signed, y: y, code: code})
}

func goPanicIndex(x int, y int)       { panicBoundsError(int64(x), true, y, abi.BoundsIndex) }
func goPanicIndexU(x uint, y int)     { panicBoundsError(int64(x), false, y, abi.BoundsIndex) }
func goPanicSliceAlen(x int, y int)   { panicBoundsError(int64(x), true, y, abi.BoundsSliceAlen) }
func goPanicSliceAlenU(x uint, y int) { panicBoundsError(int64(x), false, y, abi.BoundsSliceAlen) }
func goPanicSliceAcap(x int, y int)   { panicBoundsError(int64(x), true, y, abi.BoundsSliceAcap) }
func goPanicSliceAcapU(x uint, y int) { panicBoundsError(int64(x), false, y, abi.BoundsSliceAcap) }
func goPanicSliceB(x int, y int)      { panicBoundsError(int64(x), true, y, abi.BoundsSliceB) }
func goPanicSliceBU(x uint, y int)    { panicBoundsError(int64(x), false, y, abi.BoundsSliceB) }
func goPanicSlice3Alen(x int, y int)  { panicBoundsError(int64(x), true, y, abi.BoundsSlice3Alen) }
func goPanicSlice3AlenU(x uint, y int) {
	panicBoundsError(int64(x), false, y, abi.BoundsSlice3Alen)
}
func goPanicSlice3Acap(x int, y int) { panicBoundsError(int64(x), true, y, abi.BoundsSlice3Acap) }
func goPanicSlice3AcapU(x uint, y int) {
	panicBoundsError(int64(x), false, y, abi.BoundsSlice3Acap)
}
func goPanicSlice3B(x int, y int)      { panicBoundsError(int64(x), true, y, abi.BoundsSlice3B) }
func goPanicSlice3BU(x uint, y int)    { panicBoundsError(int64(x), false, y, abi.BoundsSlice3B) }
func goPanicSlice3C(x int, y int)      { panicBoundsError(int64(x), true, y, abi.BoundsSlice3C) }
func goPanicSlice3CU(x uint, y int)    { panicBoundsError(int64(x), false, y, abi.BoundsSlice3C) }
func goPanicSliceConvert(x int, y int) { panicBoundsError(int64(x), true, y, abi.BoundsConvert) }

// panicCheck1 and panicCheck2 are where GOROOT's runtime refuses panics inside itself.
func panicCheck1(pc uintptr, msg string) {}

var shiftError = error(errorString("negative shift amount"))

//go:linkname divideError
var divideError = error(errorString("integer divide by zero"))

//go:linkname overflowError
var overflowError = error(errorString("integer overflow"))

var floatError = error(errorString("floating point error"))

var memoryError = error(errorString("invalid memory address or nil pointer dereference"))

func panicshift()    { panic(shiftError) }
func panicdivide()   { panic(divideError) }
func panicoverflow() { panic(overflowError) }
func panicfloat()    { panic(floatError) }

const (
	sigBUS  = 7
	sigFPE  = 8
	sigSEGV = 11
)

// panicmem is called by the compiler's nil checks. An uncaught one is reported as the fault that it stands for.
func panicmem() {
	gp := getg()
	if gp.sig == 0 {
		gp.sig = sigSEGV
		gp.sigcode0 = 1
		gp.sigcode1 = 0
		gp.sigpc = sys.GetCallerPC()
	}
	panic(memoryError)
}

func panicmemAddr(addr uintptr) {
	panic(errorAddressString{msg: "invalid memory address or nil pointer dereference", addr: addr})
}

// sigpanic0 is called, as if by the faulting instruction, when a synchronous signal hits Go code. Rust has filled g.sig,
// sigcode0, sigcode1 and sigpc.
func sigpanic0(sig, code, addr uintptr) {
	gp := getg()
	switch sig {
	case sigBUS:
		if code == 2 && addr < 0x1000 { // BUS_ADRERR
			panic(memoryError)
		}
	case sigSEGV:
		if (code == 0 || code == 1 || code == 2) && addr < 0x1000 { // SEGV_MAPERR, SEGV_ACCERR
			panic(memoryError)
		}
	case sigFPE:
		switch code {
		case 1: // FPE_INTDIV
			panicdivide()
		case 2: // FPE_INTOVF
			panicoverflow()
		}
		panicfloat()
	default:
		throw("unexpected signal during runtime execution")
	}
	if gp.paniconfault {
		panicmemAddr(addr)
	}
	print("unexpected fault address ", hex(addr), "\n")
	throw("fault")
}

// panicwrap3 is called by wrappers of value methods when the receiver pointer is nil.
func panicwrap3(pkg, typ, meth string) {
	panic(plainError("value method " + pkg + "." + typ + "." + meth + " called using nil *" + typ + " pointer"))
}

var (
	rangeDoneError         = error(errorString("range function continued iteration after function for loop body returned false"))
	rangePanicError        = error(errorString("range function continued iteration after loop body panic"))
	rangeExhaustedError    = error(errorString("range function continued iteration after whole loop exit"))
	rangeMissingPanicError = error(errorString("range function recovered a loop body panic and did not resume panicking"))
)

// panicrangestate reports misuse of a range-over-func loop body.
func panicrangestate(state int) {
	switch abi.RF_State(state) {
	case abi.RF_DONE:
		panic(rangeDoneError)
	case abi.RF_PANIC:
		panic(rangePanicError)
	case abi.RF_EXHAUSTED:
		panic(rangeExhaustedError)
	case abi.RF_MISSING_PANIC:
		panic(rangeMissingPanicError)
	}
	throw("unexpected state passed to panicrangestate")
}

// throwinit is called when package initialisation is entered recursively.
func throwinit() { throw("recursive call during initialization - linker skew") }
