package main

import (
	"fmt"
	"iter"
	"runtime"
)

// A sequence that ends its goroutine: next and stop do the same to their callers.

func ends(yield func(int) bool) {
	defer fmt.Println("sequence left")
	if yield(1) {
		runtime.Goexit()
	}
	runtime.Goexit()
}

func try(name string, f func()) {
	done := make(chan bool)
	go func() {
		returned := false
		defer func() { done <- returned }()
		f()
		returned = true
	}()
	fmt.Println(name, "returned:", <-done)
}

func main() {
	var next func() (int, bool)
	var stop func()
	try("first next", func() {
		next, stop = iter.Pull(iter.Seq[int](ends))
		fmt.Println(next())
	})
	try("second next", func() { fmt.Println(next()) })
	try("third next", func() { fmt.Println(next()) })
	try("stop", func() { stop() })

	next, stop = iter.Pull(iter.Seq[int](ends))
	fmt.Println(next())
	try("stop", func() { stop() })
	fmt.Println(next())
}
