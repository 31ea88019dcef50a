package runtime

import (
	"internal/cpu"
	"internal/runtime/exithook"
	"internal/runtime/maps"
	"internal/runtime/sys"
	"unsafe"
)

//go:linkname main_inittasks go:main.inittasks
func main_inittasks()

//go:linkname main_main main.main
func main_main()

// main is the first goroutine. Everything that package initialisation may need is made here.
func main() {
	crashFD.Store(^uintptr(0))
	staticLo, staticHi = rt_staticrange()
	initArgs()
	maps.AlgInit() // before cpu.Initialize: the portable hash is in use, whatever the CPU can do
	cpu.Initialize(gogetenv("GODEBUG"))
	parseDebugVars()

	exithook.Gosched = Gosched
	exithook.Goid = func() uint64 { return getg().goid }
	exithook.Throw = throw

	rt_lockosthread() // package initialisation runs on the main thread
	locked := true
	// A panic or Goexit in an initialiser leaves by here.
	defer func() {
		if locked {
			rt_unlockosthread()
		}
	}()
	if iscgo {
		cgoStart()
	}
	rt_newsystemproc(collector)
	rt_newsystemproc(timerproc)
	if debug.updatemaxprocs.Load() != 0 {
		rt_newsystemproc(procsUpdater)
	}
	main_inittasks()
	mainInitDone.Store(true)
	if mainInitDoneChan != nil {
		close(mainInitDoneChan)
	}
	locked = false
	rt_unlockosthread()

	main_main()

	if runningPanicDefers.Load() != 0 {
		// Give a panic on another goroutine the chance to print its message.
		for range 1000 {
			if runningPanicDefers.Load() == 0 {
				break
			}
			Gosched()
		}
	}
	if panicking.Load() != 0 {
		rt_parkforever()
	}
	runExitHooks(0)
	if raceenabled {
		racefini()
	}
	exit(0)
}

//go:linkname os_beforeExit os.runtime_beforeExit
func os_beforeExit(code int) {
	runExitHooks(code)
	if raceenabled && code == 0 {
		racefini()
	}
}

func runExitHooks(code int) { exithook.Run(code) }

// init runs after the package's variables are set, before packages outside the runtime.
func init() { addStaticItabs() }

// newproc implements the go statement; the compiler has put arguments into the closure.
func newproc(fn func()) {
	if fn == nil {
		fatal("go of nil func value")
	}
	rt_newproc(fn, sys.GetCallerPC())
}

// goexit is what traces show below the first function of a goroutine. Nothing calls it.
func goexit() { goexit0() }

// goexit1 ends a goroutine that has no deferred calls left.
func goexit1() { goexit0() }

func goschedguarded() { Gosched() }

//go:linkname goyield
func goyield() { Gosched() }

// GOMAXPROCS sets the maximum number of CPUs that can be executing simultaneously and returns the previous setting. If
// n < 1, it does not change the current setting.
//
// The default is the smallest of the number of logical CPUs, the CPU affinity mask, and on Linux the CPU limit of the
// process's cgroup.
func GOMAXPROCS(n int) int {
	if n > 0 {
		rt_autoprocs(false)
	}
	old := rt_gomaxprocs(0)
	if n > 0 && n != old {
		rt_stopworld(stopProcs)
		rt_gomaxprocs(n)
		startTheWorldGC()
	}
	return old
}

// doAllThreadsSyscall makes a system call on every thread: setuid and its like are per thread to Linux.
//
//go:linkname doAllThreadsSyscall syscall.runtime_doAllThreadsSyscall
func doAllThreadsSyscall(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2, err uintptr) {
	if iscgo {
		panic("doAllThreadsSyscall not supported with cgo enabled")
	}
	for {
		rt_stopworld(stopAllThreads)
		r1, r2, err, ok := rt_allthreads(trap, a1, a2, a3, a4, a5, a6)
		rt_startworld()
		if ok {
			return r1, r2, err
		}
		// Someone is about to exec.
		Gosched()
	}
}

// setprocs is GOMAXPROCS on behalf of the runtime.
func setprocs(n int) {
	if n != rt_gomaxprocs(0) {
		rt_stopworld(stopProcs)
		rt_gomaxprocs(n)
		startTheWorldGC()
	}
}

// Traces show a change of GOMAXPROCS with these on the stack.
func startTheWorldGC() { startTheWorld() }
func startTheWorld()   { rt_startworld() }

var updatemaxprocs = &godebugInc{name: "updatemaxprocs"}

// defaultGOMAXPROCSUpdateGODEBUG is called when counters of GODEBUG settings become available.
func defaultGOMAXPROCSUpdateGODEBUG() {
	if debug.updatemaxprocs.Load() == 0 && rt_gomaxprocs(0) != rt_defaultprocs() {
		updatemaxprocs.IncNonDefault()
	}
}

// procsUpdater follows changes of the default.
func procsUpdater() {
	for {
		rt_procswait()
		if n := rt_defaultprocs(); debug.updatemaxprocs.Load() != 0 && n != rt_gomaxprocs(0) {
			setprocs(n)
		}
	}
}

// SetDefaultGOMAXPROCS updates the GOMAXPROCS setting to the runtime default, ignoring the GOMAXPROCS environment variable.
// From then on it follows that default again.
func SetDefaultGOMAXPROCS() {
	rt_autoprocs(debug.updatemaxprocs.Load() != 0)
	setprocs(rt_defaultprocs())
}

// NumCPU returns the number of logical CPUs usable by the current process. The set of available CPUs is checked at process
// startup; later changes are not reflected.
func NumCPU() int { return rt_numcpu() }

// NumCgoCall returns the number of cgo calls made by the current process.
func NumCgoCall() int64 { return int64(rt_cgocalls()) }

// NumGoroutine returns the number of goroutines that currently exist.
func NumGoroutine() int { return rt_gcount() }

// LockOSThread wires the calling goroutine to its current operating system thread. The calling goroutine will always
// execute in that thread, and no other goroutine will execute in it, until the calling goroutine has made as many calls to
// UnlockOSThread as to LockOSThread. If the calling goroutine exits without unlocking the thread, the thread will be
// terminated.
//
// All init functions are run on the startup thread. Calling LockOSThread from an init function will cause the main function
// to be invoked on that thread.
func LockOSThread() { rt_lockosthread() }

// UnlockOSThread undoes an earlier call to LockOSThread. If the calling goroutine has no locked thread, it is a no-op.
func UnlockOSThread() { rt_unlockosthread() }

// Breakpoint executes a breakpoint trap.
func Breakpoint() { rt_breakpoint() }

// coro is a coroutine: a goroutine that is parked in it. Rust keeps all but f: that goroutine, and how the thread was locked
// when the coroutine was made.
type coro struct {
	gp        uintptr
	f         func(*coro)
	mp        uintptr
	lockedExt uint32
	lockedInt uint32
}

//go:linkname newcoro
func newcoro(f func(*coro)) *coro {
	c := new(coro)
	c.f = f
	rt_newcoro(c, func() {
		defer rt_coroexit(c) // also when f ends the goroutine
		c.f(c)
	}, sys.GetCallerPC())
	return c
}

//go:linkname procPin
func procPin() int { return rt_procpin() }

//go:linkname procUnpin
func procUnpin() { rt_procunpin() }

//go:linkname sync_runtime_procPin sync.runtime_procPin
func sync_runtime_procPin() int { return rt_procpin() }

//go:linkname sync_runtime_procUnpin sync.runtime_procUnpin
func sync_runtime_procUnpin() { rt_procunpin() }

//go:linkname sync_atomic_runtime_procPin sync/atomic.runtime_procPin
func sync_atomic_runtime_procPin() int { return rt_procpin() }

//go:linkname sync_atomic_runtime_procUnpin sync/atomic.runtime_procUnpin
func sync_atomic_runtime_procUnpin() { rt_procunpin() }

// Profiler labels, inherited by go statements.

//go:linkname runtime_setProfLabel runtime/pprof.runtime_setProfLabel
func runtime_setProfLabel(labels unsafe.Pointer) { getg().labels = labels }

//go:linkname runtime_getProfLabel runtime/pprof.runtime_getProfLabel
func runtime_getProfLabel() unsafe.Pointer { return getg().labels }

// Per-goroutine state of the crypto packages.

//go:linkname fips_getIndicator crypto/internal/fips140.getIndicator
func fips_getIndicator() uint8 { return getg().fipsIndicator }

//go:linkname fips_setIndicator crypto/internal/fips140.setIndicator
func fips_setIndicator(v uint8) { getg().fipsIndicator = v }

//go:linkname fips140_isBypassed crypto/fips140.isBypassed
func fips140_isBypassed() bool { return getg().fipsOnlyBypass }

//go:linkname fips140_setBypass crypto/fips140.setBypass
func fips140_setBypass() { getg().fipsOnlyBypass = true }

//go:linkname fips140_unsetBypass crypto/fips140.unsetBypass
func fips140_unsetBypass() { getg().fipsOnlyBypass = false }

// getm identifies the thread, for packages that link to it.
//
//go:linkname getm
func getm() uintptr { return uintptr(unsafe.Pointer(getg().m)) }
