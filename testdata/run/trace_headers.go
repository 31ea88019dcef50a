package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"sync"
	"time"
)

// Headers of traces, levels, and that a trace is what a reader expects at its edges.
func main() {
	header := func() string {
		var b [4096]byte
		s := string(b[:runtime.Stack(b[:], false)])
		h, _, _ := strings.Cut(s, "\n")
		_, h, _ = strings.Cut(h, "[")
		return h
	}
	done := make(chan bool)
	go func() {
		pprof.Do(context.Background(), pprof.Labels("key", "value", "odd one", "a\"\tb\x01é\xff"), func(context.Context) {
			fmt.Println(header())
		})
		runtime.LockOSThread()
		fmt.Println(header())
		done <- true
	}()
	<-done
	var mu sync.Mutex
	mu.Lock()
	go func() { mu.Lock() }()
	go func() { select {} }()
	go func() { var c chan int; <-c }()
	go func() { time.Sleep(time.Hour) }()
	time.Sleep(50 * time.Millisecond)
	b := make([]byte, 1<<16)
	s := string(b[:runtime.Stack(b, true)])
	for _, want := range []string{"[sync.Mutex.Lock]", "[select (no cases)]", "[chan receive (nil chan)]", "[sleep]", "created by main.main in goroutine 1"} {
		fmt.Println(want, strings.Contains(s, want))
	}
	fmt.Println(strings.Contains(s, "runtime.gopark"), strings.Contains(s, " fp=0x"))
	debug.SetTraceback("system")
	s = string(b[:runtime.Stack(b, false)])
	fmt.Println(strings.Contains(s, " gp=0x"), strings.Contains(s, " fp=0x"), strings.Contains(s, " sp=0x"))
	debug.SetTraceback("single")

	var buf bytes.Buffer
	fmt.Println(trace.Start(&buf))
	ctx, task := trace.NewTask(context.Background(), "some task")
	trace.WithRegion(ctx, "some region", func() { trace.Log(ctx, "some category", "some message") })
	task.End()
	fmt.Println(trace.Start(os.Stdout))
	trace.Stop()
	t := buf.String()
	for _, want := range []string{"some task", "some region", "some category", "some message", "main.main"} {
		fmt.Println(want, strings.Contains(t, want))
	}
	fmt.Println(strings.HasPrefix(t, "go 1."), t[len(t)-1] == 52, trace.IsEnabled())
}
