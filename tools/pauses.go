// pauses: how long collections stop the program, by its own metrics: until all have stopped, and in all. A heap of a million objects, ten thousand
// goroutines, steady allocation, five seconds. Compare: rgo run tools/pauses.go; go run tools/pauses.go (on a quiet machine).
package main

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"
)

var keep [][]*int

func q(h *metrics.Float64Histogram, p float64) float64 {
	var all uint64
	for _, n := range h.Counts {
		all += n
	}
	var c uint64
	for i, n := range h.Counts {
		c += n
		if float64(c) >= p*float64(all) {
			return h.Buckets[i+1] * 1e6
		}
	}
	return 0
}

func main() {
	for range 1000 {
		s := make([]*int, 1000)
		for i := range s {
			s[i] = new(int)
		}
		keep = append(keep, s)
	}
	for range 10000 {
		go func() { select {} }()
	}
	go func() {
		for {
			_ = make([]byte, 4096)
		}
	}()
	end := time.Now().Add(5 * time.Second)
	for time.Now().Before(end) {
		keep[time.Now().UnixNano()%1000] = make([]*int, 1000)
	}
	runtime.GC()
	s := []metrics.Sample{{Name: "/sched/pauses/stopping/gc:seconds"}, {Name: "/sched/pauses/total/gc:seconds"}, {Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(s)
	for _, x := range s[:2] {
		h := x.Value.Float64Histogram()
		fmt.Printf("%-36s p50 %8.1f p99 %8.1f max %8.1f us\n", x.Name, q(h, .5), q(h, .99), q(h, 1))
	}
	fmt.Println("cycles", s[2].Value.Uint64())
}
