package runtime

import (
	"internal/abi"
	"internal/profilerecord"
	"unsafe"
)

// Profiles. Rust keeps the records; here they get Go's form.

// MemProfileRate controls the fraction of memory allocations that are recorded and reported in the memory profile. The
// profiler aims to sample an average of one allocation per MemProfileRate bytes allocated.
var MemProfileRate int = 512 * 1024

// A StackRecord describes a single execution stack.
type StackRecord struct {
	Stack0 [32]uintptr // stack trace for this record; ends at first 0 entry
}

// Stack returns the stack trace associated with the record, a prefix of r.Stack0.
func (r *StackRecord) Stack() []uintptr { return untilZero(r.Stack0[:]) }

func untilZero(s []uintptr) []uintptr {
	for i, pc := range s {
		if pc == 0 {
			return s[:i]
		}
	}
	return s
}

// A MemProfileRecord describes the live objects allocated by a particular call sequence (stack trace).
type MemProfileRecord struct {
	AllocBytes, FreeBytes     int64       // number of bytes allocated, freed
	AllocObjects, FreeObjects int64       // number of objects allocated, freed
	Stack0                    [32]uintptr // stack trace for this record; ends at first 0 entry
}

// InUseBytes returns the number of bytes in use (AllocBytes - FreeBytes).
func (r *MemProfileRecord) InUseBytes() int64 { return r.AllocBytes - r.FreeBytes }

// InUseObjects returns the number of objects in use (AllocObjects - FreeObjects).
func (r *MemProfileRecord) InUseObjects() int64 { return r.AllocObjects - r.FreeObjects }

// Stack returns the stack trace associated with the record, a prefix of r.Stack0.
func (r *MemProfileRecord) Stack() []uintptr { return untilZero(r.Stack0[:]) }

// profRecords returns the records of a kind as rt_profrecords writes them.
func profRecords(kind int) []uintptr {
	buf := make([]uintptr, 1024)
	for {
		n := rt_profrecords(kind, &buf[0], len(buf))
		if n <= len(buf) {
			return buf[:n]
		}
		buf = make([]uintptr, n+n/4)
	}
}

// memRecords calls f for the records of the memory profile.
func memRecords(inuseZero bool, f func(r profilerecord.MemProfileRecord)) {
	for buf := profRecords(0); len(buf) > 0; {
		n := buf[3]
		if inuseZero || buf[1] != buf[2] {
			f(profilerecord.MemProfileRecord{
				ObjectSize:   int64(buf[0]),
				AllocObjects: int64(buf[1]),
				FreeObjects:  int64(buf[2]),
				Stack:        buf[4 : 4+n : 4+n],
			})
		}
		buf = buf[4+n:]
	}
}

// MemProfile returns a profile of memory allocated and freed per allocation site.
//
// MemProfile returns n, the number of records in the current memory profile. If len(p) >= n, MemProfile copies the profile
// into p and returns n, true. If len(p) < n, MemProfile does not change p and returns n, false.
//
// If inuseZero is true, the profile includes allocation records where r.AllocBytes > 0 but r.AllocBytes == r.FreeBytes.
//
// The returned profile may be up to two garbage collection cycles old. Most clients should use the runtime/pprof package or
// the testing package's -test.memprofile flag instead of calling MemProfile directly.
func MemProfile(p []MemProfileRecord, inuseZero bool) (n int, ok bool) {
	memRecords(inuseZero, func(r profilerecord.MemProfileRecord) {
		if n++; n <= len(p) {
			out := &p[n-1]
			*out = MemProfileRecord{
				AllocBytes:   r.AllocObjects * r.ObjectSize,
				FreeBytes:    r.FreeObjects * r.ObjectSize,
				AllocObjects: r.AllocObjects,
				FreeObjects:  r.FreeObjects,
			}
			copy(out.Stack0[:], r.Stack)
		}
	})
	return n, n <= len(p)
}

// BlockProfileRecord describes blocking events originated at a particular call sequence (stack trace).
type BlockProfileRecord struct {
	Count  int64
	Cycles int64
	StackRecord
}

// blockRecords fills p with the records of the block (1) or mutex (2) profile, if it is long enough.
func blockRecords(kind int, p []profilerecord.BlockProfileRecord) (n int, ok bool) {
	for buf := profRecords(kind); len(buf) > 0; {
		k := buf[2]
		if n++; n <= len(p) {
			count := uint64(buf[0])
			p[n-1] = profilerecord.BlockProfileRecord{
				Count:  int64(*(*float64)(unsafe.Pointer(&count))),
				Cycles: int64(buf[1]),
				Stack:  buf[3 : 3+k : 3+k],
			}
		}
		buf = buf[3+k:]
	}
	return n, n <= len(p)
}

func blockProfile(kind int, p []BlockProfileRecord) (n int, ok bool) {
	recs := make([]profilerecord.BlockProfileRecord, len(p))
	n, ok = blockRecords(kind, recs)
	if ok {
		for i, r := range recs[:n] {
			p[i] = BlockProfileRecord{Count: r.Count, Cycles: r.Cycles}
			copy(p[i].Stack0[:], r.Stack)
		}
	}
	return n, ok
}

// BlockProfile returns n, the number of records in the current blocking profile. If len(p) >= n, BlockProfile copies the
// profile into p and returns n, true. If len(p) < n, BlockProfile does not change p and returns n, false.
//
// Most clients should use the runtime/pprof package or the testing package's -test.blockprofile flag instead of calling
// BlockProfile directly.
func BlockProfile(p []BlockProfileRecord) (n int, ok bool) { return blockProfile(1, p) }

// SetBlockProfileRate controls the fraction of goroutine blocking events that are reported in the blocking profile. The
// profiler aims to sample an average of one blocking event per rate nanoseconds spent blocked.
//
// To include every blocking event in the profile, pass rate = 1. To turn off profiling entirely, pass rate <= 0.
func SetBlockProfileRate(rate int) { rt_setblockrate(int64(max(rate, 0))) }

// blockevent is for tests of package runtime/pprof: "cycles" are nanoseconds here.
func blockevent(cycles int64, skip int) { rt_blockevent(cycles, skip) }

// SetMutexProfileFraction controls the fraction of mutex contention events that are reported in the mutex profile. On average
// 1/rate events are reported. The previous rate is returned.
//
// To turn off profiling entirely, pass rate 0. To just read the current rate, pass rate < 0. (For n>1 the details of sampling
// may change.)
func SetMutexProfileFraction(rate int) int { return int(rt_setmutexrate(int64(rate))) }

// MutexProfile returns n, the number of records in the current mutex profile. If len(p) >= n, MutexProfile copies the profile
// into p and returns n, true. Otherwise, MutexProfile does not change p, and returns n, false.
//
// Most clients should use the runtime/pprof package instead of calling MutexProfile directly.
func MutexProfile(p []BlockProfileRecord) (n int, ok bool) { return blockProfile(2, p) }

// ThreadCreateProfile returns n, the number of records in the thread creation profile. If len(p) >= n, ThreadCreateProfile
// copies the profile into p and returns n, true. If len(p) < n, ThreadCreateProfile does not change p and returns n, false.
//
// Threads are made by the scheduler: their records have no stack.
func ThreadCreateProfile(p []StackRecord) (n int, ok bool) {
	n = rt_threadcount()
	if n > len(p) {
		return n, false
	}
	clear(p[:n])
	return n, true
}

// CPUProfile panics. It formerly provided raw access to chunks of a pprof-format profile generated by the runtime. The
// details of generating that format have changed, so this functionality has been removed.
//
// Deprecated: Use the runtime/pprof package, or the handlers in the net/http/pprof package, or the testing package's
// -test.cpuprofile flag instead.
func CPUProfile() []byte { panic("CPUProfile no longer available") }

const (
	cpuProfWords = 1 << 17
	cpuProfTags  = 1 << 12
)

var cpuprof struct {
	lock    mutex
	on      bool
	pending bool // samples of the last profile, or its header, have not been read
	header  bool // the header has not been read
	hz      uint64
	samples *unsafe.Pointer // labels, for Rust
	tags    []unsafe.Pointer
	data    []uint64
}

// SetCPUProfileRate sets the CPU profiling rate to hz samples per second. If hz <= 0, SetCPUProfileRate turns off profiling.
// If the profiler is on, the rate cannot be changed without first turning it off.
//
// Most clients should use the runtime/pprof package or the testing package's -test.cpuprofile flag instead of calling
// SetCPUProfileRate directly.
func SetCPUProfileRate(hz int) {
	hz = min(max(hz, 0), 1000000)
	p := &cpuprof
	lock(&p.lock)
	if hz > 0 {
		if p.on || p.pending {
			print("runtime: cannot set CPU profile rate until previous profile has finished.\n")
			unlock(&p.lock)
			return
		}
		if p.samples == nil {
			size := unsafe.Sizeof(p.samples)
			p.samples = (*unsafe.Pointer)(rt_persistentalloc(cpuProfTags*size, size))
			p.tags = unsafe.Slice((*unsafe.Pointer)(rt_persistentalloc(cpuProfTags*size, size)), cpuProfTags)
		}
		if p.data == nil {
			p.data = make([]uint64, cpuProfWords)
		}
		p.on, p.pending, p.header, p.hz = true, true, true, uint64(hz)
		rt_setcpuprofile(hz, p.samples, cpuProfTags, abi.FuncPCABIInternal(_System))
	} else if p.on {
		p.on = false
		rt_setcpuprofile(0, p.samples, cpuProfTags, 0)
	}
	unlock(&p.lock)
}

// _System is what a CPU profile shows for time outside goroutines.
func _System() { _System() }

// runtime_pprof_readProfile waits for samples, but not longer than the profile lasts, and returns them; the slices are valid
// until the next call. Samples of a tenth of a second come at a time.
//
//go:linkname runtime_pprof_readProfile runtime/pprof.readProfile
func runtime_pprof_readProfile() (data []uint64, tags []unsafe.Pointer, eof bool) {
	const step, steps = 10e6, 10
	p := &cpuprof
	for n := 0; ; n++ {
		lock(&p.lock)
		if !p.pending {
			unlock(&p.lock)
			return nil, nil, true
		}
		if p.header {
			// (words, time, rate)
			p.header = false
			p.data[0], p.data[1], p.data[2] = 3, uint64(nanotime()), p.hz
			p.tags[0] = nil
			unlock(&p.lock)
			return p.data[:3], p.tags[:1], false
		}
		off := !p.on
		if off || n >= steps {
			nd, nt := rt_readcpuprofile(&p.data[0], len(p.data), &p.tags[0], len(p.tags))
			if nd == 0 && off {
				p.pending = false
				unlock(&p.lock)
				return nil, nil, true
			}
			if nd != 0 {
				unlock(&p.lock)
				return p.data[:nd], p.tags[:nt], false
			}
			n = 0
		}
		unlock(&p.lock)
		rt_sleep(step)
	}
}

// GoroutineProfile returns n, the number of records in the active goroutine stack profile. If len(p) >= n, it copies the
// profile into p and returns n, true. If len(p) < n, it does not change p and returns n, false.
func GoroutineProfile(p []StackRecord) (n int, ok bool) {
	recs := make([]profilerecord.StackRecord, len(p))
	n, ok = goroutineProfile(recs, nil, false)
	if !ok {
		return n, false
	}
	for i, r := range recs[:n] {
		p[i] = StackRecord{}
		copy(p[i].Stack0[:], r.Stack)
	}
	return n, true
}

// goroutineProfile fills p, and labels if not nil, if it is long enough.
func goroutineProfile(p []profilerecord.StackRecord, labels []unsafe.Pointer, leaked bool) (n int, ok bool) {
	const stride = maxProfStack + 2
	if len(p) == 0 {
		if leaked {
			n = rt_leaked()
			return n, n == 0
		}
		return rt_gcount(), false
	}
	buf := make([]uintptr, len(p)*stride)
	rt_stopworld(stopGoroutineProfile)
	n = rt_goroutinestacks(&buf[0], stride, len(p), leaked)
	rt_startworld()
	if n > len(p) {
		return n, false
	}
	for i := range n {
		rec := buf[i*stride:][:stride]
		p[i].Stack = rec[2 : 2+rec[0]]
		if labels != nil {
			labels[i] = unsafe.Pointer(rec[1])
		}
	}
	return n, true
}

//go:linkname pprof_goroutineProfileWithLabels
func pprof_goroutineProfileWithLabels(p []profilerecord.StackRecord, labels []unsafe.Pointer) (n int, ok bool) {
	return goroutineProfile(p, labels, false)
}

//go:linkname pprof_goroutineLeakProfileWithLabels
func pprof_goroutineLeakProfileWithLabels(p []profilerecord.StackRecord, labels []unsafe.Pointer) (n int, ok bool) {
	return goroutineProfile(p, labels, true)
}

//go:linkname pprof_memProfileInternal
func pprof_memProfileInternal(p []profilerecord.MemProfileRecord, inuseZero bool) (n int, ok bool) {
	memRecords(inuseZero, func(r profilerecord.MemProfileRecord) {
		if n++; n <= len(p) {
			p[n-1] = r
		}
	})
	return n, n <= len(p)
}

//go:linkname pprof_blockProfileInternal
func pprof_blockProfileInternal(p []profilerecord.BlockProfileRecord) (n int, ok bool) {
	return blockRecords(1, p)
}

//go:linkname pprof_mutexProfileInternal
func pprof_mutexProfileInternal(p []profilerecord.BlockProfileRecord) (n int, ok bool) {
	return blockRecords(2, p)
}

//go:linkname pprof_threadCreateInternal
func pprof_threadCreateInternal(p []profilerecord.StackRecord) (n int, ok bool) {
	n = rt_threadcount()
	if n > len(p) {
		return n, false
	}
	clear(p[:n])
	return n, true
}

//go:linkname pprof_cyclesPerSecond runtime/pprof.runtime_cyclesPerSecond
func pprof_cyclesPerSecond() int64 { return 1e9 }

//go:linkname goroutineLeakGC runtime/pprof.runtime_goroutineLeakGC
func goroutineLeakGC() {
	rt_clearstack(0, 0)
	collect(true)
}

//go:linkname goroutineleakcount runtime/pprof.runtime_goroutineleakcount
func goroutineleakcount() int { return rt_leaked() }
