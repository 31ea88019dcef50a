// Inlined functions and closures: traces name them, values and panics are as without inlining.
package main

import (
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
)

type big struct{ a, b, c, d, e, f int }

// The callee owns its parameter.
func own(v big, p *big) (big, int) {
	p.a = 100
	v.b += v.a
	return v, v.a
}

func callers() string {
	var pcs [20]uintptr
	n := runtime.Callers(1, pcs[:])
	fs := runtime.CallersFrames(pcs[:n])
	var out []string
	for {
		f, more := fs.Next()
		if strings.HasPrefix(f.Function, "main.") {
			out = append(out, fmt.Sprintf("%s:%d", f.Function, f.Line))
		}
		if !more {
			break
		}
	}
	return strings.Join(out, " ")
}

func small(f func() string) string { return f() }

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func filter[T any](s iter.Seq[T], keep func(T) bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range s {
			if keep(v) && !yield(v) {
				return
			}
		}
	}
}

func find(n int) (r int) {
	for i := range filter(count(100), func(x int) bool { return x%7 == 3 }) {
		for j := range count(3) {
			if i+j > n {
				return i*10 + j
			}
		}
	}
	return -1
}

type node struct {
	next *node
	v    int
}

func (n *node) push(v int) *node { return &node{n, v} }

func divide(a, b int) int { return a / b }

func try(f func() int) (r int, err any) {
	defer func() {
		err = recover()
	}()
	r = f()
	return
}

func recovers() any { return recover() }

func helper() any { return recovers() }

type shape interface{ area() int }
type square struct{ s int }

func (q square) area() int { return q.s * q.s }

func makeShape(s int) shape { return square{s} }

func main() {
	v := big{1, 2, 3, 4, 5, 6}
	w, a := own(v, &v)
	fmt.Println(v, w, a)

	fmt.Println(callers())
	fmt.Println(small(callers))
	fmt.Println(small(func() string { return callers() }))
	for range count(1) {
		fmt.Println(callers())
	}

	fmt.Println(find(20), find(200))
	var list *node
	for i := range count(5) {
		list = list.push(i)
	}
	for n := list; n != nil; n = n.next {
		fmt.Print(n.v, " ")
	}
	fmt.Println()
	var fs []func() int
	for i := range count(3) {
		fs = append(fs, func() int { i++; return i })
	}
	for _, f := range fs {
		fmt.Print(f(), f(), " ")
	}
	fmt.Println()

	zero := 0
	fmt.Println(try(func() int { return divide(6, 2) }))
	fmt.Println(try(func() int { return divide(6, zero) }))
	fmt.Println(try(func() int {
		defer func() { fmt.Println("not by a helper:", helper()) }()
		var p *node
		return p.v
	}))
	fmt.Println(makeShape(3).area(), slices.Collect(filter(count(10), func(x int) bool { return x&1 == 0 })))
	func() {
		defer func() { fmt.Println("iterator:", recover()) }()
		for x := range func(yield func(int) bool) {
			yield(1)
			yield(2)
		} {
			fmt.Println("x", x)
			break
		}
	}()
	func() {
		for i := range count(3) {
			defer fmt.Println("deferred", i)
		}
		fmt.Println("before")
	}()
}
