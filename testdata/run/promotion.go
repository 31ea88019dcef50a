// Method promotion, embedded pointers and interfaces, shadowing, nil receivers, method sets of structs with unusual layouts.
package main

import (
	"fmt"
	"io"
	"strings"
	"unsafe"
)

type A struct{ n int }

func (a A) Val() int    { return a.n }
func (a *A) Inc()       { a.n++ }
func (a A) Who() string { return "A" }

type B struct {
	*A
	s string
}

func (b B) Who() string { return "B/" + b.A.Who() }

type C struct {
	pad [3]byte
	B
	io.Reader
	fmt.Stringer
}
type D struct {
	x int8
	*C
	y int16
}
type I interface {
	Val() int
	Inc()
	Who() string
}
type J interface {
	I
	Read([]byte) (int, error)
}
type str string

func (s str) String() string { return "str:" + string(s) }

type E struct {
	e1
	e2
}
type e1 struct{ v int }
type e2 struct{ v int }

func (e1) Only() string { return "e1.Only" }
func (*e2) Ptr() string { return "e2.Ptr" }
func (e1) Both() int    { return 1 }
func (e2) Both() int    { return 2 }

type F func(int) int

func (f F) Call(x int) int { return f(x) + 1 }

type G struct{ F }
type M map[string]int

func (m M) Add(k string) int { m[k]++; return m[k] }

type H struct {
	M
	Ch
}
type Ch chan int

func (c Ch) Send(v int) { c <- v }

type Zero struct{}

func (Zero) Hi() string   { return "hi" }
func (*Zero) PHi() string { return "phi" }

type Z2 struct {
	Zero
	_ [0]func()
	a struct{}
	b byte
	c struct{}
}
type Rec struct {
	*Rec
	d int
}

func (r *Rec) Depth() int {
	if r == nil {
		return 0
	}
	return 1 + r.Rec.Depth()
}

type shadow struct{ len int }

func (s shadow) string() string { return "shadowed" }

type Big struct{ a [100]int }

func (b Big) Sum(k int) (s int) {
	for i, v := range b.a {
		s += v * (i + k)
	}
	return
}

type BigE struct {
	x int
	Big
}
type Err struct{ error }

func rec(f func()) {
	defer func() { fmt.Println("rec:", recover()) }()
	f()
}

func main() {
	a := &A{1}
	b := B{a, "b"}
	c := &C{B: b, Reader: strings.NewReader("hello"), Stringer: str("q")}
	d := D{1, c, 2}
	var i I = d
	i.Inc()
	d.Inc()
	b.Inc()
	fmt.Println(i.Val(), a.n, i.Who(), d.Who(), d.B.A.Who(), d.String())
	j := i.(J)
	buf := make([]byte, 3)
	n, err := j.Read(buf)
	fmt.Println(n, err, string(buf))
	inc, val := d.Inc, d.Val
	inc()
	inc()
	fmt.Println(val(), d.Val(), D.Val(d), (*D).Who(&d), I.Val(d), J.Who(&d))
	_, isStr := i.(fmt.Stringer)
	_, isW := i.(io.Writer)
	fmt.Println(isStr, isW)
	var e E
	fmt.Println(e.Only(), e.Ptr(), e.e1.Both(), e.e2.Both())
	_, both := any(e).(interface{ Both() int })
	_, ptr := any(e).(interface{ Ptr() string })
	_, pptr := any(&e).(interface{ Ptr() string })
	fmt.Println(both, ptr, pptr)
	g := G{func(x int) int { return x * 2 }}
	fmt.Println(g.Call(4), g.F(3), G.Call(g, 1))
	h := H{M{}, make(Ch, 2)}
	h.Add("x")
	h.Send(3)
	fmt.Println(h.Add("x"), <-h.Ch, len(h.M))
	z := Z2{}
	fmt.Println(z.Hi(), z.PHi(), unsafe.Sizeof(z), unsafe.Offsetof(z.b), unsafe.Offsetof(z.c), unsafe.Sizeof(C{}), unsafe.Offsetof(c.Reader), unsafe.Sizeof(D{}))
	r := &Rec{&Rec{&Rec{nil, 3}, 2}, 1}
	fmt.Println(r.Depth(), r.Rec.Rec.d, r.Rec.Rec.Rec.Depth())
	sh := shadow{3}
	len := sh.len
	string0 := sh.string
	fmt.Println(len, string0())
	{
		true := false
		nil := 5
		int := func(x int8) int8 { return x }
		fmt.Println(true, nil, int(3))
		type int8 = float64
		var x int8 = 2.5
		fmt.Println(x)
	}
	be := &BigE{x: 1}
	be.a[3], be.Big.a[99] = 5, 7
	f := be.Sum
	be.a[3] = 0
	var s interface{ Sum(int) int } = be
	fmt.Println(f(1), be.Sum(0), s.Sum(2), (*BigE).Sum(be, 1), BigE.Sum(*be, 3))
	rec(func() { var d D; d.Val() })
	rec(func() { var i I; i.Val() })
	rec(func() { var c C; c.Read(nil) })
	rec(func() { var p *A; _ = p.Val() })
	rec(func() { var p *B; _ = p.s })
	rec(func() { f := (*A)(nil).Inc; fmt.Println("ok"); f() })
	rec(func() { f := (*A)(nil).Val; fmt.Println("not", f) })
	rec(func() { var i I; f := i.Val; fmt.Println("not", f) })
	rec(func() { fmt.Println(Err{}.error == nil); _ = Err{}.Error() })
	rec(func() { _ = any(1).(I) })
	rec(func() { _ = any(e).(interface{ Ptr() string }) })
	rec(func() { _ = any(nil).(I) })
	rec(func() { _ = any(a).(A) })
	rec(func() { var x any = int8(1); fmt.Println(x.(int)) })
	rec(func() { var i I = a; fmt.Println(i.(*D)) })
	var anon struct {
		A
		B2 struct{ *B }
	}
	anon.B2.B = &b
	anon.Inc()
	anon.B2.Inc()
	fmt.Println(anon.Val(), anon.B2.Val(), anon.B2.Who())
	var ia interface{ Who() string } = anon
	fmt.Println(ia.Who(), ia == any(anon), any(b) == any(B{a, "b"}))
	lit := D{C: &C{B: B{A: &A{9}}}}
	fmt.Println(lit.n, lit.C.B.A.n, lit.pad)
	lit.n = 10
	pn := &lit.n
	*pn++
	fmt.Println(lit.Val())
}
