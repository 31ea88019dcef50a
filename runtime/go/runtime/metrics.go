package runtime

import (
	"internal/godebugs"
	"internal/stringslite"
	"unsafe"
)

// runtime/metrics. Every metric of the documentation has a value. Always zero: cgo calls, work of the collector on idle
// processors and in scavenging by allocation, the limiter of its CPU time, free descriptors.

type metricKind int

const (
	metricBad metricKind = iota
	metricUint64
	metricFloat64
	metricHistogram
)

type metricSample struct {
	name    string
	kind    metricKind
	scalar  uint64
	pointer unsafe.Pointer // *metricFloat64Histogram
}

type metricFloat64Histogram struct {
	counts  []uint64
	buckets []float64
}

var godebugMetrics struct {
	lock mutex
	read map[string]func() uint64
}

//go:linkname godebug_registerMetric internal/godebug.registerMetric
func godebug_registerMetric(name string, read func() uint64) {
	lock(&godebugMetrics.lock)
	if godebugMetrics.read == nil {
		godebugMetrics.read = make(map[string]func() uint64)
	}
	godebugMetrics.read[name] = read
	unlock(&godebugMetrics.lock)
}

// metricNames are all the metrics but those of GODEBUG settings.
var metricNames = [...]string{
	"/cgo/go-to-c-calls:calls",
	"/cpu/classes/gc/mark/assist:cpu-seconds",
	"/cpu/classes/gc/mark/dedicated:cpu-seconds",
	"/cpu/classes/gc/mark/idle:cpu-seconds",
	"/cpu/classes/gc/pause:cpu-seconds",
	"/cpu/classes/gc/total:cpu-seconds",
	"/cpu/classes/idle:cpu-seconds",
	"/cpu/classes/scavenge/assist:cpu-seconds",
	"/cpu/classes/scavenge/background:cpu-seconds",
	"/cpu/classes/scavenge/total:cpu-seconds",
	"/cpu/classes/total:cpu-seconds",
	"/cpu/classes/user:cpu-seconds",
	"/gc/cleanups/executed:cleanups",
	"/gc/cleanups/queued:cleanups",
	"/gc/cycles/automatic:gc-cycles",
	"/gc/cycles/forced:gc-cycles",
	"/gc/cycles/total:gc-cycles",
	"/gc/finalizers/executed:finalizers",
	"/gc/finalizers/queued:finalizers",
	"/gc/gogc:percent",
	"/gc/gomemlimit:bytes",
	"/gc/heap/allocs-by-size:bytes",
	"/gc/heap/allocs:bytes",
	"/gc/heap/allocs:objects",
	"/gc/heap/frees-by-size:bytes",
	"/gc/heap/frees:bytes",
	"/gc/heap/frees:objects",
	"/gc/heap/goal:bytes",
	"/gc/heap/live:bytes",
	"/gc/heap/objects:objects",
	"/gc/heap/tiny/allocs:objects",
	"/gc/limiter/last-enabled:gc-cycle",
	"/gc/pauses:seconds",
	"/gc/scan/globals:bytes",
	"/gc/scan/heap:bytes",
	"/gc/scan/stack:bytes",
	"/gc/scan/total:bytes",
	"/gc/stack/starting-size:bytes",
	"/memory/classes/heap/free:bytes",
	"/memory/classes/heap/objects:bytes",
	"/memory/classes/heap/released:bytes",
	"/memory/classes/heap/stacks:bytes",
	"/memory/classes/heap/unused:bytes",
	"/memory/classes/metadata/mcache/free:bytes",
	"/memory/classes/metadata/mcache/inuse:bytes",
	"/memory/classes/metadata/mspan/free:bytes",
	"/memory/classes/metadata/mspan/inuse:bytes",
	"/memory/classes/metadata/other:bytes",
	"/memory/classes/os-stacks:bytes",
	"/memory/classes/other:bytes",
	"/memory/classes/profiling/buckets:bytes",
	"/memory/classes/total:bytes",
	"/sched/gomaxprocs:threads",
	"/sched/goroutines-created:goroutines",
	"/sched/goroutines/not-in-go:goroutines",
	"/sched/goroutines/runnable:goroutines",
	"/sched/goroutines/running:goroutines",
	"/sched/goroutines/waiting:goroutines",
	"/sched/goroutines:goroutines",
	"/sched/latencies:seconds",
	"/sched/pauses/stopping/gc:seconds",
	"/sched/pauses/stopping/other:seconds",
	"/sched/pauses/total/gc:seconds",
	"/sched/pauses/total/other:seconds",
	"/sched/threads/total:threads",
	"/sync/mutex/wait/total:seconds",
}

const godebugMetric = "/godebug/non-default-behavior/"

// readMetricNames is for the tests of package runtime/metrics.
//
//go:linkname readMetricNames runtime/metrics_test.runtime_readMetricNames
func readMetricNames() []string {
	list := append([]string(nil), metricNames[:]...)
	for _, d := range godebugs.All {
		if !d.Opaque {
			list = append(list, godebugMetric+d.Name+":events")
		}
	}
	return list
}

//go:linkname readMetrics runtime/metrics.runtime_readMetrics
func readMetrics(samples unsafe.Pointer, n, cap int) {
	ms := new(MemStats)
	ReadMemStats(ms)
	for i := range unsafe.Slice((*metricSample)(samples), n) {
		readMetric(&unsafe.Slice((*metricSample)(samples), n)[i], ms)
	}
}

func readMetric(s *metricSample, ms *MemStats) {
	s.kind = metricUint64
	s.scalar = 0
	switch s.name {
	case "/gc/cycles/automatic:gc-cycles":
		s.scalar = uint64(ms.NumGC - ms.NumForcedGC)
	case "/gc/cycles/forced:gc-cycles":
		s.scalar = uint64(ms.NumForcedGC)
	case "/gc/cycles/total:gc-cycles":
		s.scalar = uint64(ms.NumGC)
	case "/gc/heap/allocs:bytes":
		s.scalar = ms.TotalAlloc
	case "/gc/heap/allocs:objects":
		s.scalar = ms.Mallocs
	case "/gc/heap/frees:bytes":
		s.scalar = ms.TotalAlloc - ms.HeapAlloc
	case "/gc/heap/frees:objects":
		s.scalar = ms.Frees
	case "/gc/heap/goal:bytes":
		s.scalar = ms.NextGC
	case "/memory/classes/heap/objects:bytes":
		s.scalar = ms.HeapAlloc
	case "/memory/classes/metadata/mspan/inuse:bytes":
		s.scalar = ms.MSpanInuse
	case "/memory/classes/metadata/mcache/inuse:bytes":
		s.scalar = ms.MCacheInuse
	case "/gc/heap/objects:objects":
		s.scalar = ms.HeapObjects
	case "/gc/gogc:percent":
		percent := rt_setgcpercent(-1)
		rt_setgcpercent(percent)
		s.scalar = uint64(percent)
	case "/gc/gomemlimit:bytes":
		s.scalar = uint64(rt_setmemorylimit(-1))
	case "/memory/classes/heap/free:bytes":
		s.scalar = ms.HeapIdle - ms.HeapReleased
	case "/memory/classes/heap/released:bytes":
		s.scalar = ms.HeapReleased
	case "/memory/classes/heap/stacks:bytes":
		s.scalar = ms.StackInuse
	case "/memory/classes/heap/unused:bytes":
		s.scalar = ms.HeapInuse - ms.HeapAlloc
	case "/memory/classes/metadata/other:bytes":
		s.scalar = ms.GCSys
	case "/memory/classes/other:bytes":
		s.scalar = ms.OtherSys
	case "/memory/classes/total:bytes":
		s.scalar = ms.Sys
	case "/sched/gomaxprocs:threads":
		s.scalar = uint64(rt_gomaxprocs(0))
	case "/sched/goroutines:goroutines":
		s.scalar = uint64(rt_gcount())
	case "/sched/threads/total:threads":
		s.scalar = uint64(rt_threadcount())
	default:
		if !readGCMetric(s) && !readSchedMetric(s) {
			readOtherMetric(s)
		}
	}
}

func (s *metricSample) setFloat(x float64) {
	s.kind = metricFloat64
	s.scalar = *(*uint64)(unsafe.Pointer(&x))
}

// readGCMetric answers metrics of the collector.
func readGCMetric(s *metricSample) bool {
	var gs gcStats
	rt_gcstats(&gs)
	const ns = 1e-9
	switch s.name {
	case "/gc/heap/live:bytes":
		s.scalar = gs.live
	case "/gc/heap/tiny/allocs:objects":
		s.scalar = gs.tiny
	case "/gc/scan/heap:bytes":
		s.scalar = gs.scanHeap
	case "/gc/scan/stack:bytes":
		s.scalar = gs.scanStack
	case "/gc/scan/globals:bytes":
		s.scalar = gs.scanGlobals
	case "/gc/scan/total:bytes":
		s.scalar = gs.scanHeap + gs.scanStack + gs.scanGlobals
	case "/cpu/classes/gc/mark/assist:cpu-seconds":
		s.setFloat(float64(gs.assistNs) * ns)
	case "/cpu/classes/gc/mark/dedicated:cpu-seconds":
		s.setFloat(float64(gs.workerNs) * ns)
	case "/cpu/classes/gc/pause:cpu-seconds":
		s.setFloat(float64(gs.gcNs-gs.workerNs-gs.assistNs) * ns)
	case "/cpu/classes/gc/total:cpu-seconds":
		s.setFloat(float64(gs.gcNs) * ns)
	case "/cpu/classes/total:cpu-seconds":
		s.setFloat(float64(gs.allNs) * ns)
	case "/cpu/classes/scavenge/background:cpu-seconds", "/cpu/classes/scavenge/total:cpu-seconds":
		s.setFloat(float64(gs.scavengeNs) * ns)
	case "/gc/stack/starting-size:bytes":
		s.scalar = gs.startingStack
	case "/memory/classes/os-stacks:bytes":
		s.scalar = gs.osStacks
	case "/memory/classes/profiling/buckets:bytes":
		s.scalar = gs.profBuckets
	case "/gc/heap/allocs-by-size:bytes":
		s.setSizes(&gs, &gs.mallocs)
	case "/gc/heap/frees-by-size:bytes":
		s.setSizes(&gs, &gs.frees)
	default:
		return false
	}
	return true
}

// setSizes makes a histogram by size class. A class holds sizes from above the class before to its own, inclusively.
func (s *metricSample) setSizes(gs *gcStats, n *[68]uint64) {
	last := len(n) - 1
	h := &metricFloat64Histogram{counts: make([]uint64, last+1), buckets: make([]float64, last+2)}
	copy(h.counts, n[1:])
	h.counts[last] = n[0]
	for i := range last {
		h.buckets[i+1] = float64(gs.sizes[i+1] + 1)
	}
	h.buckets[0] = 1
	h.buckets[last+1] = inf
	s.kind = metricHistogram
	s.pointer = unsafe.Pointer(h)
}

func (s *metricSample) setTimes(n *timeCounts) {
	const ns = 1e-9
	h := &metricFloat64Histogram{counts: make([]uint64, len(n)+1), buckets: make([]float64, len(n)+2)}
	copy(h.counts, n[:])
	for i := range h.counts {
		h.buckets[i] = float64(uint64(1)<<i) * ns
	}
	h.buckets[0] = 0
	h.buckets[len(n)+1] = inf
	s.kind = metricHistogram
	s.pointer = unsafe.Pointer(h)
}

// readSchedMetric answers metrics of the scheduler.
func readSchedMetric(s *metricSample) bool {
	var st schedStats
	rt_schedstats(&st)
	const ns = 1e-9
	switch s.name {
	case "/gc/pauses:seconds", "/sched/pauses/total/gc:seconds":
		s.setTimes(&st.stopped[0])
	case "/sched/pauses/total/other:seconds":
		s.setTimes(&st.stopped[1])
	case "/sched/pauses/stopping/gc:seconds":
		s.setTimes(&st.stopping[0])
	case "/sched/pauses/stopping/other:seconds":
		s.setTimes(&st.stopping[1])
	case "/sched/latencies:seconds":
		s.setTimes(&st.latency)
	case "/sync/mutex/wait/total:seconds":
		s.setFloat(float64(st.mutexWait) * ns)
	case "/cpu/classes/idle:cpu-seconds":
		s.setFloat(float64(st.idle) * ns)
	case "/cpu/classes/user:cpu-seconds":
		var gs gcStats
		rt_gcstats(&gs)
		s.setFloat(max(0, float64(gs.allNs)-float64(gs.gcNs)-float64(gs.scavengeNs)-float64(st.idle)) * ns)
	case "/sched/goroutines-created:goroutines":
		s.scalar = st.created
	case "/sched/goroutines/runnable:goroutines":
		s.scalar = st.runnable
	case "/sched/goroutines/running:goroutines":
		s.scalar = st.running
	case "/sched/goroutines/not-in-go:goroutines":
		s.scalar = st.notInGo
	case "/sched/goroutines/waiting:goroutines":
		s.scalar = st.waiting
	case "/gc/finalizers/queued:finalizers":
		s.scalar = st.finalizersQueued
	case "/gc/finalizers/executed:finalizers":
		s.scalar = st.finalizersExecuted
	case "/gc/cleanups/queued:cleanups":
		s.scalar = st.cleanupsQueued
	case "/gc/cleanups/executed:cleanups":
		s.scalar = st.cleanupsExecuted
	default:
		return false
	}
	return true
}

// readOtherMetric answers metrics that are not kept: zero of the right kind.
func readOtherMetric(s *metricSample) {
	switch {
	case stringslite.HasPrefix(s.name, godebugMetric):
		lock(&godebugMetrics.lock)
		read := godebugMetrics.read[s.name]
		unlock(&godebugMetrics.lock)
		if read != nil {
			s.scalar = read()
		}
	case stringslite.HasSuffix(s.name, ":cpu-seconds"):
		s.kind = metricFloat64
	case knownMetric(s.name):
		// A count.
	default:
		s.kind = metricBad
	}
}

func knownMetric(name string) bool {
	for _, n := range metricNames {
		if n == name {
			return true
		}
	}
	return false
}
