package runtime

import "unsafe"

// debug.WriteHeapDump, in the format of version 1.7. Here: head, types, statistics. The rest is in Rust.

const (
	dumpEOF      = 0
	dumpType     = 3
	dumpParams   = 6
	dumpItab     = 8
	dumpMemStats = 10
	dumpMemProf  = 16
)

// A heapDump collects what is to be written. It is used while the world is stopped.
type heapDump struct {
	fd  uintptr
	n   int
	buf [4096]byte
}

func (d *heapDump) flush() {
	for at := 0; at < d.n; {
		k := write(d.fd, unsafe.Pointer(&d.buf[at]), int32(d.n-at))
		if k <= 0 {
			break
		}
		at += int(k)
	}
	d.n = 0
}

func (d *heapDump) byte(b byte) {
	if d.n == len(d.buf) {
		d.flush()
	}
	d.buf[d.n] = b
	d.n++
}

func (d *heapDump) int(v uint64) {
	for v >= 0x80 {
		d.byte(byte(v) | 0x80)
		v >>= 7
	}
	d.byte(byte(v))
}

func (d *heapDump) ints(v ...uint64) {
	for _, x := range v {
		d.int(x)
	}
}

func (d *heapDump) bytes(s string) {
	for i := range len(s) {
		d.byte(s[i])
	}
}

func (d *heapDump) string(s string) {
	d.int(uint64(len(s)))
	d.bytes(s)
}

// itab writes a method table and the type it belongs to.
func (d *heapDump) itab(tab *itab) {
	t := tab.Type
	d.ints(dumpType, uint64(uintptr(unsafe.Pointer(t))), uint64(t.Size_))
	rt := toRType(t)
	pkg := ""
	if x := t.Uncommon(); x != nil {
		pkg = rt.nameOff(x.PkgPath).Name()
	}
	if pkg == "" {
		d.string(rt.string())
	} else {
		name := rt.string()
		for i, depth := len(name)-1, 0; i >= 0; i-- {
			// What follows the last point outside type arguments.
			if c := name[i]; c == ']' {
				depth++
			} else if c == '[' {
				depth--
			} else if c == '.' && depth == 0 {
				name = name[i+1:]
				break
			}
		}
		d.int(uint64(len(pkg) + 1 + len(name)))
		d.bytes(pkg)
		d.byte('.')
		d.bytes(name)
	}
	indirect := uint64(0)
	if !t.IsDirectIface() || t.Pointers() {
		indirect = 1
	}
	d.ints(indirect, dumpItab, uint64(uintptr(unsafe.Pointer(tab))), uint64(uintptr(unsafe.Pointer(t))))
}

func (d *heapDump) memStats(m *MemStats) {
	d.ints(dumpMemStats, m.Alloc, m.TotalAlloc, m.Sys, m.Lookups, m.Mallocs, m.Frees,
		m.HeapAlloc, m.HeapSys, m.HeapIdle, m.HeapInuse, m.HeapReleased, m.HeapObjects,
		m.StackInuse, m.StackSys, m.MSpanInuse, m.MSpanSys, m.MCacheInuse, m.MCacheSys,
		m.BuckHashSys, m.GCSys, m.OtherSys, m.NextGC, m.LastGC, m.PauseTotalNs)
	d.ints(m.PauseNs[:]...)
	d.int(uint64(m.NumGC))
}

// profile writes a record of the memory profile; n is its name.
func (d *heapDump) profile(n int, size, allocs, frees uintptr, stack []uintptr) {
	d.ints(dumpMemProf, uint64(n), uint64(size), uint64(len(stack)))
	for _, pc := range stack {
		var s symInfo
		if rt_symbolize(pc-1, &s) || rt_symbolize(pc, &s) {
			d.string(s.name)
			d.string(s.file)
			d.int(uint64(s.line))
		} else {
			d.string("")
			d.string("?")
			d.int(0)
		}
	}
	d.ints(uint64(allocs), uint64(frees))
}

//go:linkname runtime_debug_WriteHeapDump runtime/debug.WriteHeapDump
func runtime_debug_WriteHeapDump(fd uintptr) {
	d := &heapDump{fd: fd}
	m := new(MemStats)
	prof := profRecords(0)
	lock(&itabLock) // not in another's hands while the world is stopped
	lock(&gcState.lock)
	rt_stopworld(stopHeapDump)
	rt_memstats(m)
	m.EnableGC = true
	m.NumForcedGC = gcState.forced
	d.bytes("go1.7 heap dump\n")
	lo, hi := rt_heapbounds()
	d.ints(dumpParams, 0, 8, uint64(lo), uint64(hi))
	d.string(GOARCH)
	d.string(Version())
	d.int(uint64(rt_numcpu()))
	iterate_itabs(d.itab)
	d.flush()
	rt_heapdump(fd)
	d.memStats(m)
	for n := 1; len(prof) > 0; n++ {
		k := prof[3]
		d.profile(n, prof[0], prof[1], prof[2], prof[4:4+k])
		prof = prof[4+k:]
	}
	d.int(dumpEOF)
	d.flush()
	rt_startworld()
	unlock(&gcState.lock)
	unlock(&itabLock)
}
