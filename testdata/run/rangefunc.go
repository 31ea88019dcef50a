// Range over functions: defer, goto, labels, returns, nesting, panics, misuse by iterators.
package main

import (
	"fmt"
	"iter"
	"maps"
	"slices"
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer fmt.Println("  count", n, "done")
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func pairs(n int) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for i := 0; i < n; i++ {
			if !yield(i, fmt.Sprint("p", i)) {
				break
			}
		}
	}
}

func none(yield func() bool) {
	for yield() {
	}
}

func deferred() (r []string) {
	for i := range count(3) {
		defer func() { r = append(r, fmt.Sprint("d", i)) }()
	}
	for i, s := range pairs(2) {
		defer func(j int) { r = append(r, s, fmt.Sprint(i, j)) }(i * 10)
	}
	r = append(r, "body")
	return r
}

func nestedReturn(a, b int) (x int, s string, err error) {
	for i := range count(5) {
		for j, t := range pairs(5) {
			if i == a && j == b {
				return i*100 + j, t, fmt.Errorf("found")
			}
			if j > i {
				break
			}
		}
	}
	return -1, "none", nil
}

func labels() {
outer:
	for i := range count(4) {
	mid:
		for j := range count(4) {
			for k, s := range pairs(4) {
				switch {
				case k == 1 && j == 0:
					continue mid
				case j == 2:
					continue outer
				case i == 2:
					break outer
				}
				fmt.Println(i, j, k, s)
			}
		}
	}
	fmt.Println("after outer")
}

func gotos() (n int) {
	for i := range count(3) {
		if i == 1 {
			goto out
		}
		n += 10
	}
	n += 1000
out:
	n++
	i := 0
again:
	for range count(2) {
		i++
		if i < 4 {
			goto again
		}
	}
	return n + i*100000
}

func assignExisting() {
	var k int
	var s string
	for k, s = range pairs(3) {
	}
	fmt.Println(k, s)
	var a [3]int
	m := map[string]int{}
	for a[1], s = range pairs(3) {
	}
	for m["x"] = range count(3) {
	}
	p := &k
	for *p = range count(2) {
	}
	fmt.Println(a, m, k)
	for _, s = range pairs(2) {
	}
	fmt.Println(s)
	n := 0
	for range none {
		n++
		if n == 5 {
			break
		}
	}
	fmt.Println(n)
}

func captured() []func() int {
	var fs []func() int
	sum := 0
	for i := range count(3) {
		sum += i
		fs = append(fs, func() int { i++; sum += 100; return i + sum })
	}
	return fs
}

func namedAndRecover() (res int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered %v with res %d", r, res)
		}
	}()
	for i := range count(5) {
		res += i
		if i == 3 {
			panic("three")
		}
	}
	return
}

func iterPanics() {
	defer func() { fmt.Println("recovered:", recover()) }()
	for x := range func(yield func(int) bool) { yield(1); panic("iter") } {
		fmt.Println("got", x)
	}
}

func badIter(kind int) {
	defer func() { fmt.Println("bad", kind, recover()) }()
	var saved func(int) bool
	f := func(yield func(int) bool) {
		saved = yield
		switch kind {
		case 0:
			yield(0)
			yield(1)
		case 1:
			for yield(3) {
			}
		case 2:
			defer func() {
				recover()
			}()
			yield(2)
		case 3:
			func() {
				defer func() { recover() }()
				yield(9)
			}()
			yield(10)
		}
	}
	for x := range f {
		if kind == 0 || kind == 1 {
			if x == 3 {
				continueOnce++
				if continueOnce > 2 {
					break
				}
				continue
			}
			break
		}
		panic(fmt.Sprint("body ", x))
	}
	if kind == 1 {
		saved(5)
	}
}

var continueOnce int

func early() int {
	for x := range count(10) {
		switch x {
		case 0, 1:
			continue
		case 2:
			for y := range count(3) {
				if y == 1 {
					return x + y
				}
			}
		}
	}
	return -1
}

type Tree[T any] struct {
	l, r *Tree[T]
	v    T
}

func (t *Tree[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) { t.push(yield) }
}
func (t *Tree[T]) push(yield func(T) bool) bool {
	return t == nil || t.l.push(yield) && yield(t.v) && t.r.push(yield)
}
func (t *Tree[T]) Walk(yield func(int, T) bool) {
	i := 0
	for v := range t.All() {
		if !yield(i, v) {
			return
		}
		i++
	}
}

func multi() (a, b int) {
	for i := range count(3) {
		func() {
			for j := range count(3) {
				if j == 1 {
					return
				}
				a += i
			}
			a += 1000
		}()
		b++
	}
	return
}

func deferLoop() {
	for i := range count(2) {
		for j := range count(2) {
			defer fmt.Println("defer", i, j)
			func() {
				defer fmt.Println("inner defer", i, j)
			}()
		}
	}
	fmt.Println("end of deferLoop")
}

func main() {
	fmt.Println(deferred())
	fmt.Println(nestedReturn(2, 1))
	fmt.Println(nestedReturn(9, 9))
	labels()
	fmt.Println(gotos())
	assignExisting()
	for _, f := range captured() {
		fmt.Println(f(), f())
	}
	fmt.Println(namedAndRecover())
	iterPanics()
	for k := range 4 {
		badIter(k)
	}
	fmt.Println(early())
	t := &Tree[string]{&Tree[string]{nil, nil, "a"}, &Tree[string]{&Tree[string]{nil, nil, "c"}, nil, "d"}, "b"}
	for i, v := range t.Walk {
		fmt.Print(i, v, " ")
		if v == "c" {
			break
		}
	}
	fmt.Println()
	fmt.Println(multi())
	deferLoop()
	next, stop := iter.Pull2(pairs(3))
	fmt.Println(next())
	fmt.Println(next())
	stop()
	fmt.Println(next())
	fmt.Println(slices.Sorted(maps.Keys(map[int]bool{3: true, 1: false, 2: true})))
	for c := range slices.Chunk([]int{1, 2, 3, 4, 5}, 2) {
		fmt.Print(c)
	}
	fmt.Println()
}
