// Calls that differ in nothing but their place keep it: the line and the inlined function they stand in.
package main

import (
	"fmt"
	"runtime"
)

//go:noinline
func where(skip int) string {
	_, _, line, _ := runtime.Caller(skip)
	pc, _, _, _ := runtime.Caller(skip)
	return fmt.Sprint(runtime.FuncForPC(pc).Name(), " ", line)
}

func one(n int) string { return where(n) }
func two(n int) string { return where(n) }

//go:noinline
func choose(first bool) string {
	var s string
	if first {
		s = one(2)
	} else {
		s = two(2)
	}
	return s
}

//go:noinline
func plain(n int) string {
	switch n {
	case 0:
		return where(1)
	case 1:
		return where(1)
	default:
		return where(1)
	}
}

func main() {
	fmt.Println(choose(true))
	fmt.Println(choose(false))
	for i := range 3 {
		fmt.Println(plain(i))
	}
}
