// Allocation of large blocks does not outrun the collector, whatever else the machine does: the heap stays near its goal.
package main

import (
	"fmt"
	"runtime"
)

var sink []byte

func main() {
	var m runtime.MemStats
	peak := uint64(0)
	for r := 0; r < 60; r++ {
		for k := 0; k < 20; k++ {
			b := make([]byte, 1<<20+k*4096)
			b[k] = byte(r)
			c := make([]byte, len(b))
			copy(c, b)
			sink = c
		}
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
	}
	if peak > 40<<20 {
		fmt.Println("heap grew to", peak>>20, "MB")
	}
	fmt.Println("done")
}
