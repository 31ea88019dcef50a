// Order of evaluation in assignments, calls and literals; texts of run-time panics.
package main

import (
	"errors"
	"fmt"
	"runtime"
)

var trace []string

func tr[T any](s string, v T) T { trace = append(trace, s); return v }
func flush(tag string) {
	fmt.Println(tag, trace)
	trace = nil
}

type P struct{ a, b int }

func try(tag string, f func()) {
	defer func() {
		r := recover()
		if e, ok := r.(runtime.Error); ok {
			fmt.Println(tag, "rt:", e.Error())
		} else if e, ok := r.(error); ok {
			fmt.Println(tag, "err:", e)
		} else {
			fmt.Println(tag, "v:", r)
		}
		flush(tag)
	}()
	f()
}

var nilmap map[string]int
var nilp *P

func two() (int, int)   { trace = append(trace, "two"); return 1, 2 }
func pan(s string) int  { trace = append(trace, "pan"); panic(s) }

func main() {
	a := []int{1, 2, 3, 4}
	m := map[string]int{"x": 1}
	try("idx1", func() { a[tr("i", 9)] = tr("v", 1) })
	try("idx2", func() { a[tr("i", 1)], m[tr("k", "y")] = tr("v", 10), tr("w", 20) })
	try("idx3", func() { a[tr("i", 0)], a[tr("j", 9)] = tr("v", 10), tr("w", 20) })
	fmt.Println(a, m)
	try("nilmap", func() { nilmap[tr("k", "z")] = tr("v", 3) })
	try("nilmap2", func() { a[0], nilmap[tr("k", "z")] = 77, tr("v", 3) })
	fmt.Println(a)
	try("nilp", func() { nilp.a = tr("v", 3) })
	try("nilp2", func() { nilp.a, a[1] = 5, 99 })
	fmt.Println(a)
	try("nilp3", func() { a[1], nilp.a = 98, 5 })
	fmt.Println(a)
	try("op", func() { a[tr("i", 2)] += tr("v", 5) })
	try("op2", func() { a[tr("i", 2)] /= tr("v", 0) })
	try("op3", func() { m[tr("k", "x")] += pan("boo") })
	try("op4", func() { m[tr("k", "q")] += tr("v", 5) })
	fmt.Println(a, m)
	i := 0
	i, a[i] = 2, 55
	fmt.Println(i, a)
	a[0], a[1], a[2] = a[2], a[0], a[1]
	fmt.Println(a)
	x := []int{1, 2, 3}
	j := 0
	j, x[j] = 1, 2
	x[0], x[0] = 1, 2
	x[1], x[2] = 4, 5
	fmt.Println(j, x)
	type T struct{ n *T; v int }
	l := &T{nil, 1}
	l.n, l = &T{nil, 2}, &T{nil, 3}
	fmt.Println(l.v, l.n == nil)
	// reverse list
	var h *T
	for k := range 5 {
		h = &T{h, k}
	}
	var prev *T
	for h != nil {
		h.n, prev, h = prev, h, h.n
	}
	for ; prev != nil; prev = prev.n {
		fmt.Print(prev.v, " ")
	}
	fmt.Println()
	// map of arrays/structs
	type K [2]any
	mk := map[K]P{}
	try("mk", func() { mk[K{1, "a"}] = P{1, 2}; mk[K{1.5, nil}] = P{3, 4}; fmt.Println(mk[K{1, "a"}], mk[K{1.5, nil}], len(mk)) })
	try("mk2", func() { mk[K{1, []int{1}}] = P{1, 2} })
	try("mk3", func() { _ = mk[K{1, func() {}}] })
	try("mk4", func() { delete(mk, K{map[int]int{}, 1}) })
	try("cmp", func() { var e1, e2 any = []int{1}, []int{1}; fmt.Println(e1 == e2) })
	try("cmp2", func() { var e1, e2 any = struct{ a any }{func() {}}, struct{ a any }{func() {}}; fmt.Println(e1 == e2) })
	try("cmp3", func() { e1, e2 := [2]any{1, []int{}}, [2]any{2, []int{}}; fmt.Println(e1 == e2) })
	try("cmp4", func() { e1, e2 := [2]any{[]int{}, 1}, [2]any{[]int{}, 2}; fmt.Println(e1 == e2) })
	try("cmp5", func() {
		type S struct {
			a any
			b string
			c int
		}
		e1, e2 := S{[]int{}, "a", 1}, S{[]int{}, "b", 1}
		fmt.Println(e1 == e2)
	})
	try("call", func() { fmt.Println(tr("a", 1), pan("p"), tr("b", 2)) })
	try("call2", func() { var f func(int); f(tr("arg", 1)) })
	try("call3", func() { var e error; fmt.Println(e.Error()) })
	try("call4", func() { var e fmt.Stringer; f := e.String; tr("after", 0); fmt.Println(f()) })
	try("call5", func() { var p *P; f := (*P).get; fmt.Println(f(p)) })
	try("call6", func() { var p *P; f := p.get; tr("bound", 0); fmt.Println(f()) })
	try("call7", func() { var p *P; f := p.val; tr("bound", 0); fmt.Println(f()) })
	try("conv1", func() { var e any = "x"; _ = e.(int) })
	try("conv2", func() { var e any = 3; _ = e.(fmt.Stringer) })
	try("conv3", func() { var e any; _ = e.(fmt.Stringer) })
	try("conv4", func() { var e error = errors.New("q"); _ = e.(interface{ Foo() }) })
	try("conv5", func() { var e any = P{}; _ = e.(*P) })
	try("slice1", func() { _ = a[tr("i", 3):tr("j", 2)] })
	try("slice2", func() { _ = a[1:tr("j", 9)] })
	try("slice3", func() { _ = a[1:2:tr("j", 9)] })
	try("slice4", func() { s := "héllo"; _ = s[tr("i", 4):tr("j", 2)] })
	try("slice5", func() { s := "héllo"; _ = s[tr("i", 40)] })
	try("slice6", func() { var arr [4]int; k := tr("k", -1); _ = arr[k:] })
	try("slice7", func() { k := uint64(1 << 63); _ = a[k] })
	try("slice8", func() { k := int8(-3); _ = a[k] })
	try("slice9", func() { k := uint8(200); _ = a[k:] })
	try("mk5", func() { n := tr("n", -1); _ = make([]int, n) })
	try("mk6", func() { n := tr("n", 5); _ = make([]int, n, 3+tr("c", 0)) })
	try("mk7", func() { n := tr("n", int64(1)<<60); _ = make([]int, n) })
	try("mk8", func() { n := tr("n", -5); _ = make(chan int, n) })
	try("mk9", func() { n := tr("n", -5); mm := make(map[int]int, n); fmt.Println(len(mm)) })
	try("div", func() { z := tr("z", 0); fmt.Println(5 / z) })
	try("shift", func() { z := tr("z", -1); fmt.Println(5 << z) })
	try("close", func() { var c chan int; close(c) })
	try("close2", func() { c := make(chan int); close(c); close(c) })
	try("send", func() { c := make(chan int, 1); close(c); c <- tr("v", 1) })
	// order of lvalue with calls
	ga := []int{0, 0, 0}
	idx := func(n int) int { trace = append(trace, fmt.Sprint("idx", n)); return n }
	get := func() []int { trace = append(trace, "get"); return ga }
	get()[idx(0)], get()[idx(1)] = idx(10), idx(11)
	flush("lv")
	get()[idx(1)] += idx(7)
	flush("lv2")
	get()[idx(2)]++
	flush("lv3")
	fmt.Println(ga)
	mm := map[string][]int{}
	mm[tr("k", "a")] = append(mm[tr("k2", "a")], tr("v", 1))
	flush("mm")
	var arr [3]int
	p := &arr
	p[idx(0)], *p = idx(5), [3]int{1, 2, 3}
	flush("arr")
	fmt.Println(arr)
	// two results
	ga[idx(0)], ga[idx(1)] = two()
	flush("two")
	fmt.Println(ga)
	// composite order
	_ = P{b: idx(2), a: idx(1)}
	_ = map[int]int{idx(1): idx(2), idx(3): idx(4)}
	_ = []int{2: idx(1), 0: idx(2)}
	flush("lit")
	c := make(chan int, 3)
	c <- 1
	c <- 2
	c <- 3
	fmt.Println(<-c-<-c*<-c)
	ok := false
	v, ok := m["nope"]
	fmt.Println(v, ok)
	b := tr("a", false) && tr("b", true) || tr("c", true) && !tr("d", false)
	flush("bool")
	fmt.Println(b)
	// variables read after call modifies
	n := 1
	f := func() int { n = 100; return 1 }
	s := []int{n, f(), n}
	fmt.Println(s)
	y := [3]int{1, 2, 3}
	z := y
	y[0] = 9
	fmt.Println(z, y)
	y, z = z, y
	fmt.Println(z, y)
	str := struct{ a [5]int; b string }{[5]int{1, 2, 3, 4, 5}, "q"}
	st2 := str
	str, st2.a[0] = st2, 7
	fmt.Println(str, st2)
}

func (p *P) get() int { return p.a }
func (p P) val() int  { return p.a }
