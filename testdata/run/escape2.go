// Escape analysis: objects in results, big values, iterators, atomics, closures.
package main

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

type W struct{ p *int }
type Big struct {
	a [6]int
	p *int
}
type H struct{ up unsafe.Pointer }

var gh H
var sink any

//go:noinline
func smash(n int) int {
	var a [300]uintptr
	for i := range a {
		a[i] = uintptr(n*i + 99999)
	}
	if n > 0 {
		return smash(n-1) + int(a[n])
	}
	return 0
}

//go:noinline
func wrap(p *int) *W { return &W{p} }

//go:noinline
func unwrap(w *W) *int { return w.p }

//go:noinline
func mkbig(p *int) Big { return Big{p: p} }

//go:noinline
func viabig(p *int) *int { b := mkbig(p); return b.p }

//go:noinline
func wrap2(p *int) **W { w := wrap(p); return &w }

//go:noinline
func t1(n int) *int { y := n; r := wrap(&y); return r.p }

//go:noinline
func t2(n int) *int { y := n; return viabig(&y) }

//go:noinline
func t3(n int) *int { y := n; return (*wrap2(&y)).p }

//go:noinline
func t4(n int) *int { y := n; w := W{&y}; return unwrap(&w) }

//go:noinline
func t5(n int) {
	y := n
	gh.up = unsafe.Pointer(uintptr(unsafe.Pointer(&y)) + 0)
}

//go:noinline
func runit(f func()) { defer f() }

var gp *int

//go:noinline
func t6(n int) {
	y := n
	runit(func() { gp = &y })
}

//go:noinline
func t7(n int) any {
	y := [5]int{n, n, n, n, n}
	var e any = &y
	return e
}

//go:noinline
func t8(n int) func() int {
	y := n
	f := func() int { y++; return y }
	m := map[string]func() int{"f": f}
	return m["f"]
}

//go:noinline
func t9(n int) []*int {
	var s []*int
	for i := range n {
		s = append(s, &i)
	}
	t := s[:0]
	t = append(t, s[n-1])
	return t
}

type node struct {
	kids []*node
	val  *int
	par  *node
}

//go:noinline
func (n *node) add(v int) *node {
	k := &node{val: &v, par: n}
	n.kids = append(n.kids, k)
	return k
}

//go:noinline
func t10() *int {
	r := &node{}
	k := r.add(1).add(2).add(3)
	return k.par.par.kids[0].kids[0].val
}

type chain struct{ opts []func(*chain); v *int }

func with(v int) func(*chain) { return func(c *chain) { c.v = &v } }

//go:noinline
func t11(os ...func(*chain)) *int {
	c := chain{opts: os}
	for _, o := range c.opts {
		o(&c)
	}
	return c.v
}

var ap atomic.Pointer[int]
var av atomic.Value

//go:noinline
func t12(n int) {
	y, z, w := n, n+1, n+2
	ap.Store(&y)
	old := ap.Swap(&z)
	ap.CompareAndSwap(&z, old)
	av.Store(&w)
}

var pool = sync.Pool{New: func() any { x := 5; return &x }}

//go:noinline
func t13() *int { return pool.Get().(*int) }

type st struct {
	s  string
	bs []byte
}

//go:noinline
func t14(n int) (string, st) {
	b := make([]byte, 0, 16)
	for i := range n {
		b = append(b, byte('a'+i))
	}
	s := unsafe.String(&b[0], len(b))
	return s[1:], st{strings.Clone(s[2:]), b[3:]}
}

//go:noinline
func t15(n int) (r [3]*int) {
	x := n
	for i := range r {
		r[i] = &x
		x++
	}
	return
}

//go:noinline
func swap(a, b **int) { *a, *b = *b, *a }

//go:noinline
func t16(out **int, n int) {
	x := n
	p := &x
	swap(&p, out)
}

//go:noinline
func t17(c chan<- *int, n int) {
	x := n
	y := n + 1
	select {
	case c <- &x:
	default:
	}
	select {
	case c <- &y:
	}
}

type visitor interface{ visit(p *int) visitor }
type v1 struct{ last *int }

func (v *v1) visit(p *int) visitor { v.last = p; return v }

type v2 struct{ p *int }

func (v v2) visit(p *int) visitor { return v2{p} }

//go:noinline
func t18(n int, v visitor) visitor {
	x := n
	return v.visit(&x)
}

//go:noinline
func t19(n int) *int {
	var v v2
	x := n
	return v.visit(&x).(v2).p
}

func gmap[T, U any](xs []T, f func(*T) U) []U {
	var r []U
	for i := range xs {
		r = append(r, f(&xs[i]))
	}
	return r
}

//go:noinline
func t20(n int) []*int { a := [3]int{n, n + 1, n + 2}; return gmap(a[:], func(p *int) *int { return p }) }

//go:noinline
func t21(n int) *int {
	x := n
	p := &x
	q := &p
	f := func() **int { return q }
	return *f()
}

//go:noinline
func t22(n int) (p *int) {
	defer func() {
		recover()
		x := n
		p = &x
	}()
	var m map[int]int
	m[1] = 2
	return nil
}

//go:noinline
func t23(n int) func(int) *int {
	var rec func(int) *int
	base := n
	rec = func(k int) *int {
		if k == 0 {
			return &base
		}
		return rec(k - 1)
	}
	return rec
}

//go:noinline
func t24(n int) *int {
	type pair struct{ a, b *int }
	var arr [4]pair
	for i := range arr {
		x := n + i
		arr[i].a = &x
		if i > 0 {
			arr[i].b = arr[i-1].a
		}
	}
	return arr[3].b
}

//go:noinline
func t25(n int) (s int) {
	var prev *[8]int
	for i := range n {
		cur := new([8]int)
		cur[0] = i
		if prev != nil {
			cur[1] = prev[0]
		}
		prev, cur = cur, prev
		s = s*3 + prev[1]
		_ = cur
	}
	return
}

//go:noinline
func t26(n int) (s int) {
	buf := make([]*int, 3)
	for i := range n {
		x := i
		buf[i%3] = &x
		s += *buf[0]
	}
	return
}

//go:noinline
func t27(xs []int) (s int) {
	less := func(i, j int) bool { s++; return xs[i] < xs[j] }
	sort.Slice(xs, less)
	return xs[0]
}

//go:noinline
func t28(n int) (fs [3]func() int) {
	for i := range fs {
		x := n
		y := &x
		fs[i] = func() int { *y += i; return x }
	}
	return
}

func pr(p *int) { smash(10); fmt.Println(*p) }

func main() {
	for i := range 3 {
		pr(t1(i))
		pr(t2(i))
		pr(t3(i))
		pr(t4(i))
		t5(i)
		pr((*int)(gh.up))
		t6(i)
		pr(gp)
		a := t7(i)
		smash(9)
		fmt.Println(*a.(*[5]int))
		f := t8(i)
		smash(9)
		fmt.Println(f(), f())
		s := t9(4)
		pr(s[0])
		pr(t10())
		pr(t11(with(i), with(i+1)))
		t12(i)
		pr(ap.Load())
		pr(av.Load().(*int))
		pr(t13())
		x, y := t14(7)
		smash(9)
		fmt.Println(x, y.s, string(y.bs))
		for _, p := range t15(i) {
			pr(p)
		}
		q := new(int)
		t16(&q, i)
		pr(q)
		c := make(chan *int, 2)
		t17(c, i)
		pr(<-c)
		pr(<-c)
		pr(t18(i, &v1{}).(*v1).last)
		pr(t18(i, v2{}).(v2).p)
		pr(t19(i))
		for _, p := range t20(i) {
			pr(p)
		}
		pr(t21(i))
		pr(t22(i))
		pr(t23(i)(4))
		pr(t24(i))
		fmt.Println(t25(10), t26(10), t27([]int{3, 1, 2}))
		for _, f := range t28(i) {
			smash(5)
			fmt.Println(f(), f())
		}
	}
}
