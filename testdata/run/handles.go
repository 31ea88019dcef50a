// A handle of package unique keeps its value: a copy in an interface does not stay in the frame of who asked for the handle.
package main

import (
	"fmt"
	"hash/maphash"
	"runtime"
	"unique"
)

type pair struct {
	s string
	p *int
}

//go:noinline
func text(s string) unique.Handle[any] { return unique.Make[any](s) }

//go:noinline
func number(n int) unique.Handle[any] { return unique.Make[any](n) }

//go:noinline
func both(s string, p *int) unique.Handle[pair] { return unique.Make(pair{s, p}) }

//go:noinline
func pointer(n int) unique.Handle[any] {
	p := new(int)
	*p = n
	return unique.Make[any](pair{"p", p})
}

//go:noinline
func hash(seed maphash.Seed, n int) uint64 {
	x := n
	var v any = &x
	return maphash.Comparable(seed, v) - maphash.Comparable(seed, v)
}

//go:noinline
func clobber(n int) int {
	var a [64]int
	for i := range a {
		a[i] = n + i
	}
	if n > 0 {
		return clobber(n-1) + a[n%64]
	}
	return a[3]
}

func main() {
	n := 7
	a, b, c, d := text(fmt.Sprint("never", 5)), number(123456789), both(fmt.Sprint("x", 1), &n), pointer(99)
	clobber(20)
	runtime.GC()
	clobber(20)
	fmt.Println(a.Value(), b.Value(), c.Value().s, *c.Value().p, *d.Value().(pair).p)
	fmt.Println(text("never5") == a, number(123456789) == b, both("x1", &n) == c, hash(maphash.MakeSeed(), 3))
}
