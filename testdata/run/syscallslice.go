// A goroutine that is always in some short system call gives way at the end of its slice like any other.
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	runtime.GOMAXPROCS(1)
	var stop atomic.Bool
	var calls atomic.Int64
	done := make(chan bool)
	go func() {
		t := syscall.Timespec{Nsec: 100_000}
		for !stop.Load() {
			syscall.Nanosleep(&t, nil)
			calls.Add(1)
		}
		close(done)
	}()
	const turns = 5
	for range turns {
		// The longer nothing happens, the more seldom the monitor looks.
		for t := time.Now(); time.Since(t) < 30*time.Millisecond; {
		}
		runtime.Gosched()
	}
	stop.Store(true)
	<-done
	// A slice is 10 ms; the monitor may notice late.
	if n := calls.Load() / turns; n > 1000 {
		fmt.Println("system calls in a slice:", n)
	}
	fmt.Println("done")
}
