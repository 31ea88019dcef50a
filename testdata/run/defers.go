// defer, recover and panic in all nestings: wrappers, loops, iterators, Goexit.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
)

type R struct{ name string }

func (r R) rec()       { fmt.Println("R.rec", r.name, recover()) }
func (r *R) prec()     { fmt.Println("R.prec", r.name, recover()) }
func (r *R) norec()    { func() { fmt.Println("norec", recover()) }() }

type E struct{ R }
type EP struct{ *R }
type I interface{ rec() }

func wrap(tag string, f func()) {
	defer func() { fmt.Println(tag, "outer", recover()) }()
	f()
	fmt.Println(tag, "returned")
}

func rec() any { return recover() }

func named() (x int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("rec %v", r)
			x *= 2
		}
	}()
	x = 21
	panic("named")
}

func loop() (s string) {
	for i := 0; i < 5; i++ {
		defer func() { s += fmt.Sprint(i) }()
		defer func(j int) { s += fmt.Sprint("<", j, ">") }(i * i)
	}
	return "start "
}

func repanic() {
	defer func() {
		r := recover()
		fmt.Println("rp1", r)
		panic(fmt.Sprint("again ", r))
	}()
	defer func() {
		panic("second")
	}()
	panic("first")
}

func nested() {
	defer func() {
		defer func() {
			fmt.Println("inner", recover())
		}()
		defer func() {
			panic("in defer")
		}()
		fmt.Println("mid", recover())
	}()
	panic("n1")
}

func goexit() {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer func() { fmt.Println("goexit rec", recover()) }()
		defer func() {
			defer func() { fmt.Println("ge inner", recover()) }()
			panic("during goexit")
		}()
		runtime.Goexit()
		fmt.Println("unreachable")
	}()
	wg.Wait()
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer func() { fmt.Println("ge2 rec", recover()) }()
		defer func() { runtime.Goexit() }()
		panic("aborted by goexit")
	}()
	wg.Wait()
}

func seq(n int) func(func(int) bool) {
	return func(y func(int) bool) {
		defer fmt.Println("seq done")
		for i := range n {
			if !y(i) {
				fmt.Println("seq stop")
				return
			}
		}
	}
}

func rf() (s string, n int) {
	defer func() { s += fmt.Sprint(" rec:", recover()) }()
	for i := range seq(4) {
		defer func() { s += fmt.Sprint(" d", i) }()
		n += i
		if i == 2 {
			return "ret", n * 10
		}
	}
	return "end", n
}

func rf2() (s string) {
	defer func() { s += fmt.Sprint(" rec:", recover()) }()
	for i := range seq(4) {
		defer func() { s += fmt.Sprint(" d", i) }()
		if i == 1 {
			panic("rf2")
		}
	}
	return "end"
}

func rf3() (r []string) {
outer:
	for i := range seq(5) {
		for j := range seq(5) {
			switch {
			case j == 1 && i == 0:
				continue outer
			case i == 2:
				break outer
			case j == 3:
				break
			}
			r = append(r, fmt.Sprint(i, j))
		}
	}
	return
}

func rf4(n int) (res int) {
	defer func() { res++ }()
	for i := range seq(n) {
		for j := range seq(n) {
			for k := range seq(n) {
				if i+j+k == 4 {
					return i*100 + j*10 + k
				}
				if k > j {
					goto next
				}
			}
		next:
		}
	}
	return -1
}

func badseq(y func(int) bool) {
	y(1)
	y(2)
	y(3)
}

type errT struct{ n int }

func (e *errT) Error() string { return fmt.Sprint("errT", e.n) }

func main() {
	r := R{"r"}
	wrap("mv", func() { defer r.rec(); panic(1) })
	wrap("mvp", func() { defer r.prec(); panic(2) })
	wrap("emb", func() { e := E{r}; defer e.rec(); panic(3) })
	wrap("embp", func() { e := &E{r}; defer e.rec(); panic(4) })
	wrap("embpp", func() { e := &EP{&r}; defer e.rec(); panic(5) })
	wrap("embpp2", func() { e := EP{&r}; defer e.prec(); panic(6) })
	wrap("iface", func() { var i I = r; defer i.rec(); panic(7) })
	wrap("iface2", func() { var i I = &E{r}; defer i.rec(); panic(8) })
	wrap("iface3", func() { var i I = EP{&r}; defer i.rec(); panic(9) })
	wrap("mval", func() { f := r.rec; defer f(); panic(10) })
	wrap("mval2", func() { var i I = &E{r}; f := i.rec; defer f(); panic(11) })
	wrap("mexpr", func() { defer R.rec(r); panic(12) })
	wrap("mexpr2", func() { defer (*R).prec(&r); panic(13) })
	wrap("mexpr3", func() { f := I.rec; defer f(r); panic(14) })
	wrap("mexpr4", func() { f := (*EP).rec; defer f(&EP{&r}); panic(14) })
	wrap("norec", func() { defer r.norec(); panic(15) })
	wrap("direct", func() { defer recover(); panic(16) })
	wrap("helper", func() { defer rec(); panic(17) })
	wrap("helper2", func() { defer func() { fmt.Println(rec()) }(); panic(18) })
	wrap("nilpanic", func() { defer func() { r := recover(); _, ok := r.(*runtime.PanicNilError); fmt.Println(r, ok) }(); panic(nil) })
	wrap("print", func() { defer fmt.Println("deferred print"); panic(19) })
	wrap("nilfn", func() { var f func(); defer f(); fmt.Println("body") })
	wrap("nilfn2", func() { var f func(); defer func() { fmt.Println("r1", recover()) }(); defer f() })
	fmt.Println(named())
	fmt.Println(loop())
	wrap("repanic", repanic)
	wrap("nested", nested)
	goexit()
	fmt.Println(rf())
	fmt.Println(rf2())
	fmt.Println(rf3())
	fmt.Println(rf4(4))
	wrap("badseq", func() {
		for i := range badseq {
			fmt.Println("bad", i)
			if i == 1 {
				break
			}
		}
	})
	wrap("badseq2", func() {
		for i := range badseq {
			fmt.Println("bad", i)
			if i == 2 {
				panic("xx")
			}
		}
	})
	var saved func(int) bool
	wrap("late", func() {
		for i := range func(y func(int) bool) { saved = y; y(7) } {
			fmt.Println("late", i)
		}
		saved(8)
	})
	wrap("swallow", func() {
		for i := range func(y func(int) bool) {
			defer func() { fmt.Println("swallowed", recover()) }()
			y(1)
		} {
			panic(fmt.Sprint("body ", i))
		}
		fmt.Println("after loop")
	})
	wrap("once", func() {
		var o sync.Once
		defer func() { fmt.Println("o", recover()); o.Do(func() { fmt.Println("no") }) }()
		o.Do(func() { panic("once") })
	})
	wrap("errs", func() {
		defer func() {
			e := recover().(error)
			var et *errT
			fmt.Println(errors.As(e, &et), et)
		}()
		panic(fmt.Errorf("w: %w", &errT{4}))
	})
	wrap("rec in loop", func() {
		for i := range 3 {
			func() {
				defer func() {
					if r := recover(); r != nil {
						fmt.Println("it", i, r)
					}
				}()
				if i != 1 {
					panic(i)
				}
			}()
		}
	})
	wrap("deep", func() {
		var f func(n int)
		f = func(n int) {
			defer func() {
				if n%1000 == 0 {
					if r := recover(); r != nil {
						panic(fmt.Sprint(len(r.(string)), "."))
					}
				}
			}()
			if n == 0 {
				panic(strings.Repeat("x", 10))
			}
			f(n - 1)
		}
		f(5000)
	})
	wrap("recover value copy", func() {
		type big struct{ a [20]int }
		defer func() { b := recover().(big); fmt.Println(b.a[19]) }()
		var b big
		b.a[19] = 5
		defer func() { b.a[19] = 6 }()
		panic(b)
	})
	wrap("cond", func() {
		for i := range 4 {
			if i%2 == 0 {
				defer fmt.Println("cond defer", i)
			}
		}
	})
	func() {
		defer func() { recover() }()
		defer func() { panic("b") }()
		panic("a")
	}()
	fmt.Println("stderr next")
	defer os.Exit(3)
	defer func() {
		panic(fmt.Sprintf("final %v", recover()))
	}()
	defer func() {
		defer fmt.Println("x")
		panic(&errT{9})
	}()
	panic(errors.New("boom"))
}
