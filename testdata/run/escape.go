// Escape analysis: objects that callees, closures and channels keep.
package main

type T struct {
	p *int
	n *T
	f func() *int
}

var g T
var g2 *T

//go:noinline
func set(p **T) { *p = &g }

//go:noinline
func smash(i int) int {
	var a [200]int
	for j := range a {
		a[j] = i*j + 7777
	}
	return a[i]
}

//go:noinline
func t1() {
	x := &T{}
	set(&x)
	y := 5
	x.p = &y
}

//go:noinline
func apply(f func() *int) *int { return f() }

//go:noinline
func t2(n int) *int {
	x := n
	y := apply(func() *int { return &x })
	return y
}

//go:noinline
func t3(n int) *int {
	x := n
	f := func() *int { return &x }
	if n > 3 {
		f = func() *int { x++; return &x }
	}
	return f()
}

//go:noinline
func recv(c chan *T, x **T) { *x = <-c }

//go:noinline
func t4(c chan *T) {
	x := &T{}
	recv(c, &x)
	y := 6
	x.p = &y
}

func t5(c chan *T) {
	x := &T{}
	x = <-c
	y := 8
	x.p = &y
}

func t6(m map[string]*T) {
	x := &T{}
	var ok bool
	if x, ok = m["a"]; ok {
		y := 9
		x.p = &y
	}
}

//go:noinline
func apply2(t *T) *int { return t.f() }

//go:noinline
func t7(n int) *int {
	x := n
	t := T{f: func() *int { return &x }}
	return apply2(&t)
}

//go:noinline
func t8(n int) (r *int) {
	x := n
	defer func() { r = &x }()
	return nil
}

//go:noinline
func t9(n int) *int {
	x := n
	var r *int
	func() {
		defer func() { r = &x }()
	}()
	return r
}

//go:noinline
func iter(n int) func(func(*int) bool) {
	return func(yield func(*int) bool) {
		for i := 0; i < n; i++ {
			if !yield(&i) {
				return
			}
		}
	}
}

func t10() (r []*int) {
	for p := range iter(5) {
		r = append(r, p)
	}
	return
}

func t11(n int) *int {
	x := n
	for range iter(2) {
		return &x
	}
	return nil
}

type I interface{ get() *int }
type V struct{ p *int }

func (v V) get() *int { return v.p }

func t12(n int) *int {
	x := n
	var i I = V{&x}
	return i.get()
}

func t13(n int) *int {
	x := n
	f := V{&x}.get
	return f()
}

func t14(n int) *int {
	x := n
	f := V.get
	return f(V{&x})
}

type L struct {
	next *L
	v    int
}

func t15(n int) *L {
	var l *L
	for i := range n {
		l = &L{l, i}
	}
	return l
}

func t16(n int) (s int) {
	var l *L
	for i := range n {
		l = &L{l, i}
		if i%3 == 0 {
			l.next = nil
		}
	}
	for ; l != nil; l = l.next {
		s = s*10 + l.v
	}
	return
}

func t17(n int) (s int) {
	var a [10]*int
	for i := range n {
		x := i
		a[i%10] = &x
	}
	for _, p := range a {
		s = s*10 + *p
	}
	return
}

func t18(n int) (s int) {
	var fs []func() int
	for i := 0; i < n; i++ {
		fs = append(fs, func() int { i += 10; return i })
	}
	for _, f := range fs {
		s = s*3 + f()
	}
	return
}

func t19(n int) int {
	var p, q *int
	for i := 0; i < n; i++ {
		x := i
		q = p
		p = &x
	}
	return *p*100 + *q
}

func t20(n int) int {
	s := 0
	var p *int
again:
	x := n
	if p != nil {
		s += *p
	}
	p = &x
	n--
	if n > 0 {
		goto again
	}
	return s
}

func pr(p *int) {
	smash(3)
	println(*p)
}

func main() {
	t1()
	pr(g.p)
	pr(t2(1))
	pr(t3(2))
	pr(t3(5))
	c := make(chan *T, 1)
	c <- &g
	t4(c)
	pr(g.p)
	c <- &g
	t5(c)
	pr(g.p)
	t6(map[string]*T{"a": &g})
	pr(g.p)
	pr(t7(9))
	pr(t8(10))
	pr(t9(11))
	for _, p := range t10() {
		pr(p)
	}
	pr(t11(12))
	pr(t12(13))
	pr(t13(14))
	pr(t14(15))
	l := t15(9)
	smash(4)
	for ; l != nil; l = l.next {
		print(l.v, " ")
	}
	println(t16(20), t17(25), t18(7), t19(9), t20(9))
}
