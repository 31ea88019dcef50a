// A system call made on all threads: each sees its effect, those made later too.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"syscall"
)

const (
	getKeepCaps = 7
	setKeepCaps = 8
)

func main() {
	const n = 6
	var start, done sync.WaitGroup
	ask := make([]chan bool, n)
	got := make(chan uintptr)
	quit := make(chan bool)
	start.Add(n)
	for i := range n {
		ask[i] = make(chan bool)
		done.Go(func() {
			runtime.LockOSThread()
			start.Done()
			for range ask[i] {
				v, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, getKeepCaps, 0, 0)
				got <- v
			}
		})
	}
	// Threads come and go meanwhile.
	done.Go(func() {
		for {
			select {
			case <-quit:
				return
			default:
			}
			end := make(chan bool)
			go func() { runtime.LockOSThread(); close(end) }()
			<-end
		}
	})
	start.Wait()
	for round := range uintptr(100) {
		want := round & 1
		if _, _, e := syscall.AllThreadsSyscall(syscall.SYS_PRCTL, setKeepCaps, want, 0); e != 0 {
			fmt.Println("failed", e)
		}
		for _, c := range ask {
			c <- true
			if v := <-got; v != want {
				fmt.Println("round", round, "got", v)
			}
		}
	}
	close(quit)
	for _, c := range ask {
		close(c)
	}
	done.Wait()
	_, _, e := syscall.AllThreadsSyscall(syscall.SYS_PRCTL, setKeepCaps, 7, 0)
	fmt.Println("done", e)
}
