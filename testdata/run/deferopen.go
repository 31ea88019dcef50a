// Deferred calls that run at most once per call of their function: which of them run, in which order, with which values, and
// what is left for the recovery when one of them panics.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
)

func say(a ...any) { fmt.Println(a...) }

func some(a, b bool, n int) {
	defer say("first", n)
	if a {
		defer say("a", n+1)
		if b {
			defer func() { say("ab", n) }()
			return
		}
	} else {
		defer say("not a", n)
	}
	n *= 10
	if b {
		defer func() { say("b", n) }()
		n++
	}
	switch n {
	case 10:
		defer say("ten")
		fallthrough
	case 20:
		defer say("twenty")
	default:
		defer say("default", n)
	}
}

type big struct{ a, b, c, d, e, f int }

func (b big) show()      { say("big", b) }
func (b *big) grow()     { b.f++; say("grow", b.f) }
func (b *big) add(n int) { b.a += n }

func methods() (b big, err error) {
	defer b.show()
	defer b.grow()
	defer b.add(5)
	p := &b
	defer (*big).add(p, 7)
	var s fmt.Stringer = text("x")
	defer s.String()
	b.a, b.f = 1, 1
	return big{f: 9}, errors.New("no")
}

type text string

func (t text) String() string { say("String", string(t)); return string(t) }

func named() (n int, s string) {
	defer func() { n++; s += "!" }()
	defer func() { n *= 2 }()
	return 20, "s"
}

func panicsAtReturn(where int) (r string) {
	defer func() { r += fmt.Sprint(" outer:", recover()) }()
	defer func() { r += " second" }()
	defer func() {
		if where == 1 {
			panic("in third")
		}
		r += " third"
	}()
	defer func() { r += fmt.Sprint(" fourth:", recover()) }()
	if where == 2 {
		panic("body")
	}
	r = "body"
	return r + " returned"
}

func nilFunc(late bool) (r any) {
	defer func() { r = recover() }()
	var f func()
	if late {
		g := func() {}
		defer func() { g() }()
		g = nil
		return
	}
	defer f()
	say("the statement itself is fine")
	return
}

func nilMethod() (r any) {
	defer func() { r = recover() }()
	var s fmt.Stringer
	defer s.String()
	say("not reached")
	return
}

func builtins() {
	m := map[string]int{"a": 1, "b": 2}
	c := make(chan int, 1)
	func() {
		defer close(c)
		defer delete(m, "a")
		defer print("")
		c <- 1
	}()
	v, ok := <-c
	w, open := <-c
	say(len(m), v, ok, w, open)
}

func helper() any { return recover() }

func indirect() (r any) {
	defer func() { r = recover() }()
	defer func() { helper() }()
	panic("still here")
}

// The outer panic is not that of the function whose deferred call runs.
func within() {
	defer func() {
		say("outer", recover())
	}()
	defer func() {
		func() {
			defer say("normal return inside", recover())
			defer func() { say("inside", recover()) }()
		}()
	}()
	panic("outer panic")
}

func many() {
	for i := range 3 {
		defer say("loop", i)
		if i == 1 {
			defer func() { say("closure", i) }()
		}
	}
	defer say("after the loop")
}

func back() {
	i := 0
again:
	defer say("again", i)
	if i++; i < 3 {
		goto again
	}
}

func nine() (s string) {
	defer func() { s += "1" }()
	defer func() { s += "2" }()
	defer func() { s += "3" }()
	defer func() { s += "4" }()
	defer func() { s += "5" }()
	defer func() { s += "6" }()
	defer func() { s += "7" }()
	defer func() { s += "8" }()
	defer func() { s += "9" }()
	return "0"
}

func ranged(seq func(func(int) bool)) (s string) {
	defer func() { s += "end" }()
	for i := range seq {
		defer func() { s += fmt.Sprint(i, " ") }()
		if i == 2 {
			return "out "
		}
	}
	return
}

func exits() {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer say("exit: last")
		defer func() { say("exit: recovers", recover()) }()
		func() {
			defer say("exit: inner")
			runtime.Goexit()
		}()
	}()
	wg.Wait()
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer say("exit at return: last")
		defer runtime.Goexit()
		defer say("exit at return: first")
	}()
	wg.Wait()
}

//go:noinline
func keep(p **int) (f func() int) {
	x := 5
	defer func() { *p = &x; x++ }()
	return func() int { return x }
}

func kept() {
	var p *int
	f := keep(&p)
	runtime.GC()
	*p += 10
	say("kept", f())
}

func locked(mu *sync.Mutex, m map[int]int) (n int) {
	mu.Lock()
	defer mu.Unlock()
	m[1]++
	return m[1]
}

func main() {
	for i := range 4 {
		some(i&1 != 0, i&2 != 0, i)
		say("--")
	}
	say(methods())
	say(named())
	for i := range 3 {
		say(panicsAtReturn(i))
	}
	say(nilFunc(false))
	say(nilFunc(true))
	say(nilMethod())
	builtins()
	say(indirect())
	within()
	many()
	back()
	say(nine())
	say(ranged(func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}))
	exits()
	kept()
	var mu sync.Mutex
	m := map[int]int{}
	func() {
		defer func() { say(recover()) }()
		locked(&mu, nil)
	}()
	say(locked(&mu, m), locked(&mu, m))
	allocs := func(f func()) uint64 {
		var a, b runtime.MemStats
		runtime.ReadMemStats(&a)
		for range 1000 {
			f()
		}
		runtime.ReadMemStats(&b)
		return (b.Mallocs - a.Mallocs) / 1000
	}
	n := 0
	say("allocations:", allocs(func() {
		x := 1
		defer func() { n += x }()
		x++
	}), allocs(func() {
		mu.Lock()
		defer mu.Unlock()
		n++
	}), allocs(func() {
		defer func() {
			if e := recover(); e != nil {
				n = 0
			}
		}()
		defer add(&n, 2)
	}), n)
	defer os.Exit(3)
	defer func() {
		defer say("replaced:", recover())
		panic("new")
	}()
	defer func() {
		say("was", recover())
		panic("second")
	}()
	panic("first")
}

func add(p *int, n int) { *p += n }
