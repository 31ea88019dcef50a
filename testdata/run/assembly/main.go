// Functions written in assembly: arguments of all kinds, calls back into Go, own frames, file-local symbols, Go's constants and offsets.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"example.com/assembly.v2/vec"
)

const limit = 40

type point struct {
	tag  byte
	x, y int64
}

// Sum adds what is in a slice.
func sum(xs []int64) int64

func mixed(a int8, f float64, s string, p *point, b bool) (n int64, h float64, t string, ok bool)

//go:noescape
func callsGo(n int64) int64

func framed(n int64) int64

func fallback(a, b int64) int64

func big(n int64) (r [3]int64)

func limitOf() int64

func noArgs()

var counter int64

func double(n int64) int64 {
	counter++
	if n > 1000 {
		panic(fmt.Sprint("too much: ", n))
	}
	return deep(int(n)) + 2*n
}

// deep uses much stack and collects while assembly is on the stack.
func deep(n int) int64 {
	var buf [512]byte
	if n > 0 {
		buf[n%512] = 1
		return deep(n-1) + int64(buf[(n+1)%512])
	}
	runtime.GC()
	return 0
}

func generic(a, b int64) int64 { return a*100 + b }

type adder interface{ add(int64) int64 }

type viaAsm struct{}

func (viaAsm) add(n int64) int64 { return framed(n) }

func main() {
	fmt.Println(sum([]int64{1, 2, 3, 4}), sum(nil))
	n, g, t, ok := mixed(-3, 1.5, "héllo", &point{1, 10, 20}, true)
	fmt.Println(n, g, t, ok)
	n, g, t, ok = mixed(5, -0.25, "", &point{y: -7}, false)
	fmt.Printf("%d %g %q %t\n", n, g, t, ok)
	fmt.Println(callsGo(21), counter)
	fmt.Println(framed(7), fallback(3, 4), big(5), limitOf())
	noArgs()
	fmt.Println(counter)
	f := framed
	var a adder = viaAsm{}
	fmt.Println(f(1), a.add(2))
	fmt.Println(vec.Dot([]float64{1, 2, 3}, []float64{4, 5, 6}), vec.Name())
	done := make(chan int64)
	for i := range 20 {
		go func() {
			var s int64
			for j := range int64(50) {
				s += callsGo(j) + framed(j)
			}
			done <- s + int64(i)
		}()
	}
	var total int64
	for range 20 {
		total += <-done
	}
	fmt.Println(total)
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		callsGo(5000)
	}()
	func() {
		defer func() {
			r := recover()
			_, isErr := r.(runtime.Error)
			fmt.Println("recovered:", r, isErr)
		}()
		mixed(1, 2, "x", nil, false)
	}()
	fmt.Println(loseRegisters(5), x15(), loseAndCall(6), x15())
	var pcs strings.Builder
	for _, name := range callers() {
		fmt.Fprintln(&pcs, name)
	}
	fmt.Print(pcs.String())
	defer os.Exit(3)
	callsGo(3)
}

func loseRegisters(n int64) int64
func loseAndCall(n int64) int64
func x15() uint64

func afterLoss(n int64) int64 {
	runtime.GC()
	return n*10 + loseRegisters(n)
}

var seen []string

func callers() []string {
	seen = nil
	atCallers(0)
	return seen
}

func atCallers(n int64)

func record(n int64) {
	pcs := make([]uintptr, 20)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		f, more := frames.Next()
		seen = append(seen, f.Function)
		if !more || f.Function == "main.main" {
			return
		}
	}
}
