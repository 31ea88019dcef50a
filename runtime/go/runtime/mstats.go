package runtime

// A MemStats records statistics about the memory allocator.
type MemStats struct {
	// Alloc is bytes of allocated heap objects. This is the same as HeapAlloc.
	Alloc uint64
	// TotalAlloc is cumulative bytes allocated for heap objects.
	TotalAlloc uint64
	// Sys is the total bytes of memory obtained from the OS: the sum of the XSys fields.
	Sys uint64
	// Lookups is the number of pointer lookups performed by the runtime, for debugging.
	Lookups uint64
	// Mallocs is the cumulative count of heap objects allocated.
	Mallocs uint64
	// Frees is the cumulative count of heap objects freed.
	Frees uint64

	// HeapAlloc is bytes of allocated heap objects, including unreachable ones that are not swept yet.
	HeapAlloc uint64
	// HeapSys is bytes of heap memory obtained from the OS.
	HeapSys uint64
	// HeapIdle is bytes in idle (unused) spans.
	HeapIdle uint64
	// HeapInuse is bytes in in-use spans.
	HeapInuse uint64
	// HeapReleased is bytes of physical memory returned to the OS.
	HeapReleased uint64
	// HeapObjects is the number of allocated heap objects.
	HeapObjects uint64

	// StackInuse is bytes in stacks in use.
	StackInuse uint64
	// StackSys is bytes of stack memory obtained from the OS.
	StackSys uint64

	// Off-heap structures of the runtime, in use and obtained from the OS.
	MSpanInuse  uint64
	MSpanSys    uint64
	MCacheInuse uint64
	MCacheSys   uint64
	// BuckHashSys is bytes of memory in profiling tables.
	BuckHashSys uint64
	// GCSys is bytes of memory in garbage collection metadata.
	GCSys uint64
	// OtherSys is bytes of memory in other runtime allocations.
	OtherSys uint64

	// NextGC is the target heap size of the next GC cycle.
	NextGC uint64
	// LastGC is the time the last garbage collection finished, as nanoseconds since 1970.
	LastGC uint64
	// PauseTotalNs is the cumulative nanoseconds in stop-the-world pauses.
	PauseTotalNs uint64
	// PauseNs is a circular buffer of recent pause times in nanoseconds. The most recent pause is at
	// PauseNs[(NumGC+255)%256].
	PauseNs [256]uint64
	// PauseEnd is a circular buffer of recent pause end times, as nanoseconds since 1970.
	PauseEnd [256]uint64
	// NumGC is the number of completed GC cycles.
	NumGC uint32
	// NumForcedGC is the number of GC cycles that were forced by the application.
	NumForcedGC uint32
	// GCCPUFraction is the fraction of this program's available CPU time used by the GC since the program started.
	GCCPUFraction float64
	// EnableGC indicates that GC is enabled. It is always true, even if GOGC=off.
	EnableGC bool
	// DebugGC is currently unused.
	DebugGC bool

	// BySize reports per-size class allocation statistics.
	BySize [61]struct {
		// Size is the maximum byte size of an object in this size class.
		Size uint32
		// Mallocs is the cumulative count of objects allocated in this size class.
		Mallocs uint64
		// Frees is the cumulative count of objects freed in this size class.
		Frees uint64
	}
}

// ReadMemStats populates m with memory allocator statistics, as of the call.
func ReadMemStats(m *MemStats) {
	rt_stopworld(stopMemStats)
	*m = MemStats{}
	rt_memstats(m)
	m.EnableGC = true
	m.NumForcedGC = gcState.forced
	rt_startworld()
}

//go:linkname readGCStats runtime/debug.readGCStats
func readGCStats(pauses *[]uint64) {
	m := new(MemStats)
	ReadMemStats(m)
	p := *pauses
	if cap(p) < len(m.PauseNs)*2+3 {
		throw("short slice passed to readGCStats")
	}
	n := min(int(m.NumGC), len(m.PauseNs))
	p = p[:2*n+3]
	for i := range n {
		j := (int(m.NumGC) - 1 - i) % len(m.PauseNs)
		p[i] = m.PauseNs[j]
		p[n+i] = m.PauseEnd[j]
	}
	p[2*n] = m.LastGC
	p[2*n+1] = uint64(m.NumGC)
	p[2*n+2] = m.PauseTotalNs
	*pauses = p
}

// gcState serialises collections.
var gcState struct {
	lock        mutex
	forced      uint32
	workers     int
	poolCleanup func()
}

//go:linkname sync_runtime_registerPoolCleanup sync.runtime_registerPoolCleanup
func sync_runtime_registerPoolCleanup(f func()) { gcState.poolCleanup = f }

// gcCycle runs one collection; gcState.lock is held. The cleanup of sync.Pool needs a stopped world.
func gcCycle(forced, leaks bool) {
	for gcState.workers < rt_gomaxprocs(0)-1 {
		gcState.workers++
		rt_newsystemproc(gcWorker)
	}
	for rt_gcsweep(true) {
	}
	rt_stopworld(stopSweepEnd)
	if gcState.poolCleanup != nil {
		gcState.poolCleanup()
	}
	if leaks {
		rt_gcleaks()
	}
	rt_gcstart(forced)
	rt_startworld()
	for done := false; !done; {
		for rt_gcmark(true) {
		}
		rt_stopworld(stopMarkEnd)
		done = rt_gcfinish()
		rt_startworld()
	}
}

// gcWorker helps to mark.
func gcWorker() {
	for {
		rt_gcworkerwait()
		for rt_gcmark(false) {
		}
	}
}

// collector is the system goroutine that collects whenever allocation asks for it.
func collector() {
	for {
		rt_gcwait()
		lock(&gcState.lock)
		gcCycle(false, false)
		unlock(&gcState.lock)
		for rt_gcsweep(false) {
		}
		rt_profcycle()
	}
}

// GC runs a garbage collection and blocks the caller until the garbage collection is complete.
//
//go:noinline
func GC() {
	rt_clearstack(0, 0)
	collect(false)
}

// collect has a frame of its own, in what GC has cleared.
//
//go:noinline
func collect(leaks bool) {
	lock(&gcState.lock)
	gcState.forced++
	gcCycle(true, leaks)
	for rt_gcsweep(true) {
	}
	rt_profcycle()
	unlock(&gcState.lock)
}

//go:linkname runtime_debug_freeOSMemory runtime/debug.freeOSMemory
func runtime_debug_freeOSMemory() {
	GC()
	rt_scavenge()
}

//go:linkname setGCPercent runtime/debug.setGCPercent
func setGCPercent(percent int32) int32 { return rt_setgcpercent(percent) }

//go:linkname setMemoryLimit runtime/debug.setMemoryLimit
func setMemoryLimit(limit int64) int64 { return rt_setmemorylimit(limit) }
