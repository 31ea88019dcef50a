package main

import (
	"fmt"
	"runtime"
	"strings"
)

var x = callers()

func init() { fmt.Println("init", callers()) }

func callers() (out []string) {
	pcs := make([]uintptr, 10)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		f, more := frames.Next()
		name := f.Function
		if strings.HasPrefix(name, "runtime.") {
			name = "runtime"
		}
		if len(out) == 0 || out[len(out)-1] != name {
			out = append(out, name)
		}
		if !more {
			return
		}
	}
}

func main() { fmt.Println(x, callers()) }
