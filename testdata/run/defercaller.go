package main

import (
	"fmt"
	"runtime"
	"strings"
)

func where(what string) {
	_, file, line, _ := runtime.Caller(2)
	fmt.Println(what, file[strings.LastIndexByte(file, '/')+1:], line)
}

func onPanic() {
	_, file, line, _ := runtime.Caller(2)
	fmt.Println("panic", file[strings.LastIndexByte(file, '/')+1:], line)
	recover()
}

func onExit() {
	_, file, line, _ := runtime.Caller(2)
	fmt.Println("exit", file[strings.LastIndexByte(file, '/')+1:], line)
}

func panics() {
	defer onPanic()
	panic("x")
}

func faults(p *int) int {
	defer onFault()
	return *p
}

func onFault() {
	recover()
	pcs := make([]uintptr, 10)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") {
			fmt.Println("fault", f.Function, f.Line)
		}
		if !more {
			return
		}
	}
}

func main() {
	panics()
	faults(nil)
	done := make(chan bool)
	go func() {
		defer close(done)
		defer onExit()
		runtime.Goexit()
	}()
	<-done
	func() {
		defer where("return")
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		var f func()
		defer f()
	}()
}
