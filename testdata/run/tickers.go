// On one P, goroutines that keep waking themselves leave room for tickers and for one another.
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

// ticks counts ticks of a ticker beside a goroutine that calls f all the time.
func ticks(f func()) int {
	var stop atomic.Bool
	done := make(chan bool)
	go func() {
		for !stop.Load() {
			f()
		}
		close(done)
	}()
	tk := time.NewTicker(1)
	n := 0
	for ; n < 100; n++ {
		<-tk.C
	}
	tk.Stop()
	stop.Store(true)
	<-done
	return n
}

func main() {
	runtime.GOMAXPROCS(1)
	fmt.Println("sleep", ticks(func() { time.Sleep(time.Nanosecond) }))
	fmt.Println("yield", ticks(runtime.Gosched))
	fmt.Println("collect", ticks(func() { runtime.GC(); time.Sleep(time.Nanosecond) }))
	fmt.Println("spin", ticks(func() {}))
}
