// Generic methods: calls, method values, method expressions, promotion, inference, deferred and spawned calls.
package main

import (
	"fmt"
	"strings"
)

type Box[T any] struct{ v T }

func (b Box[T]) Map[U any](f func(T) U) Box[U]  { return Box[U]{f(b.v)} }
func (b *Box[T]) Fill[U any](u U, f func(U) T)  { b.v = f(u) }
func (b Box[T]) Pair[A, B any](a A, c B) string { return fmt.Sprintf("%T|%T|%T", b.v, a, c) }

type Plain struct {
	name string
	n    int
}

func (p Plain) Show[T fmt.Stringer](t T) string { return p.name + ":" + t.String() }
func (p *Plain) Add[T ~int | ~int64](t ...T) T {
	var s T
	for _, x := range t {
		s += x
	}
	p.n += int(s)
	return s
}
func (Plain) Zero[T any]() T {
	var t T
	return t
}

type Str string

func (s Str) String() string { return "<" + string(s) + ">" }

type MyInt int

func (m MyInt) Apply[F ~func(MyInt) R, R any](f F) R { return f(m) }

type Outer struct {
	*Plain
	Box[string]
	inner
}
type inner struct{ deep }
type deep struct{ k int }

func (d *deep) Twice[T any](x T) []T { d.k++; return []T{x, x} }
func (d deep) Big[T any](x [5]int, t T) (r [5]int, u T) {
	for i, v := range x {
		r[4-i] = v * d.k
	}
	return r, t
}

type big struct{ a [20]int }

func (b big) Sum[T ~int](t T) T {
	for _, v := range b.a {
		t += T(v)
	}
	return t
}

type Rec[T any] struct{ next *Rec[T] }

func (r *Rec[T]) Nest[U any](n int, u U) string {
	if n == 0 {
		return fmt.Sprintf("%T/%T", r, u)
	}
	f := r.Nest[[]byte]
	if n%2 == 0 {
		f := r.Nest[string]
		return f(n-1, "x") + ";"
	}
	return f(n-1, nil) + "."
}

func apply[T, U any](x T, f func(T) U) U { return f(x) }

func (b Box[T]) Rec2[U any](u U) func() string {
	type local struct {
		t T
		u U
	}
	return func() string { return strings.ReplaceAll(fmt.Sprintf("%T %+v", local{b.v, u}, local{b.v, u}), "main.", "") }
}

func (b Box[T]) Chain[U any](u U) string {
	g := b.Pair[U, T]
	return g(u, b.v)
}

func fromGeneric[T any, P interface{ *Box[T] }](t T) string {
	b := Box[T]{t}
	f := b.Pair[int, T]
	g := Box[T].Pair[T, []T]
	h := (*Box[T]).Pair[map[string]T, T]
	return f(1, t) + " " + g(b, t, nil) + " " + h(&b, nil, t)
}

func main() {
	b := Box[int]{20}
	m := b.Map[string]
	b.v = 99
	fmt.Println(m(func(i int) string { return fmt.Sprint("i", i) }))
	e := Box[int].Map[float64]
	fmt.Println(e(b, func(i int) float64 { return float64(i) / 2 }))
	pe := (*Box[int]).Map[string]
	fmt.Println(pe(&b, func(i int) string { return strings.Repeat("z", 3) }))
	fill := b.Fill[string]
	fill("hello", func(s string) int { return len(s) })
	fmt.Println(b)
	fe := (*Box[int]).Fill[rune]
	fe(&b, 'a', func(r rune) int { return int(r) })
	fmt.Println(b)
	var inferred func(func(int) bool) Box[bool] = b.Map
	fmt.Println(inferred(func(i int) bool { return i == 97 }))
	fmt.Println(b.Pair[string, uint8]("x", 3), b.Pair(1i, "q"))

	p := Plain{"pl", 1}
	fmt.Println(p.Show(Str("s")), p.Show[Str]("t"))
	show := p.Show[Str]
	p.name = "changed"
	fmt.Println(show("u"))
	add := p.Add[int64]
	fmt.Println(add(1, 2, 3), p.n)
	fmt.Println((*Plain).Add[MyInt](&p, 4, 5), p.n)
	var inferadd func(*Plain, ...int) int = (*Plain).Add
	fmt.Println(inferadd(&p, 7), p.n)
	fmt.Println(Plain.Zero[string](p) == "", p.Zero[*int]() == nil, p.Zero[[3]int]())
	fmt.Println(MyInt(5).Apply(func(m MyInt) string { return fmt.Sprint(m * m) }))
	ap := MyInt(6).Apply[func(MyInt) int, int]
	fmt.Println(ap(func(m MyInt) int { return int(m) + 1 }))

	o := Outer{Plain: &p, Box: Box[string]{"bx"}}
	fmt.Println(o.Show(Str("o")), o.Pair(1, 2), o.Twice("tt"), o.k)
	tw := o.Twice[int]
	fmt.Println(tw(3), tw(4), o.k)
	fmt.Println((*Outer).Twice[bool](&o, true), o.k)
	fmt.Println(Outer.Add[int](o, 100), p.n)
	oadd := o.Add[MyInt]
	fmt.Println(oadd(1), p.n)
	fmt.Println(Outer.Pair[int8, int16](o, 1, 2))
	fmt.Println(o.Big([5]int{1, 2, 3, 4, 5}, "big"))
	bg := o.Big[error]
	fmt.Println(bg([5]int{1, 2, 3, 4, 5}, nil))
	fmt.Println((*inner).Big[uint8](&o.inner, [5]int{9}, 1))
	op := &o
	fmt.Println(op.Show[Str]("via pointer"), op.inner.deep.Twice(op.k))

	var g big
	g.a[3], g.a[19] = 4, 5
	sum := g.Sum[MyInt]
	g.a[0] = 1000
	fmt.Println(sum(1), g.Sum(1), big.Sum[int](g, 2), (*big).Sum[int](&g, 3))

	fmt.Println((&Rec[bool]{}).Nest(5, 1.5))
	fmt.Println(apply(b, func(x Box[int]) string { return Box[int].Chain[string](x, "c") }))
	fmt.Println(b.Rec2("u")(), Box[string]{"s"}.Rec2[int8](4)())
	fmt.Println(fromGeneric(2.5), fromGeneric("str"))

	defer p.Add[int](1)
	defer func() {
		r := recover()
		fmt.Println("recovered:", r, p.n)
	}()
	done := make(chan int)
	go func() { done <- b.Map(func(i int) int { return i * 2 }).v }()
	fmt.Println(<-done)
	go b.Fill[chan int](done, func(c chan int) int { c <- 8; return 1 })
	fmt.Println(<-done)
	var np *Outer
	f := np.Show[Str]
	fmt.Println("not reached", f)
}
