// Generic types, methods, type switches, local types of instances.
package main

import (
	"fmt"
	"math"
	"unsafe"
)

type Num interface{ ~int | ~int8 | ~uint8 | ~float32 | ~float64 | ~uint64 }

func conv[A, B Num](a A) B { return B(a) }
func sw[T any](x T) string {
	switch v := any(x).(type) {
	case int:
		return fmt.Sprint("int ", v+1)
	case string:
		return "string " + v
	case []T:
		return "slice of T?"
	case fmt.Stringer:
		return "stringer " + v.String()
	case nil:
		return "nil"
	case func(T) T:
		return "func"
	}
	return fmt.Sprintf("other %T", x)
}
func sw2[T any](x any) string {
	switch v := x.(type) {
	case T:
		return fmt.Sprintf("T %v", v)
	case []T:
		return fmt.Sprintf("[]T %v", v)
	case map[string]T:
		return fmt.Sprintf("map %v", v)
	case *T:
		return fmt.Sprintf("*T %v", *v)
	case interface{ M() T }:
		return fmt.Sprintf("M %v", v.M())
	}
	return "none"
}

type MI struct{}

func (MI) M() int { return 5 }

type St int

func (s St) String() string { return fmt.Sprintf("St%d", int(s)) }

type Pair[A, B any] struct {
	a A
	b B
}

func (p Pair[A, B]) Swap() Pair[B, A]        { return Pair[B, A]{p.b, p.a} }
func (p *Pair[A, B]) Set(a A, b B)           { p.a, p.b = a, b }
func (p Pair[A, B]) String() string          { return fmt.Sprintf("<%v|%v>", p.a, p.b) }
func (p Pair[A, B]) Map[C any](f func(A) C) Pair[C, B] { return Pair[C, B]{f(p.a), p.b} }

type List[T any] struct {
	head *node[T]
	n    int
}
type node[T any] struct {
	v    T
	next *node[T]
}

func (l *List[T]) Push(v T) { l.head = &node[T]{v, l.head}; l.n++ }
func (l *List[T]) All() func(func(int, T) bool) {
	return func(y func(int, T) bool) {
		i := 0
		for n := l.head; n != nil; n = n.next {
			if !y(i, n.v) {
				return
			}
			i++
		}
	}
}

type Set[K comparable] map[K]struct{}

func (s Set[K]) Add(k K) bool { _, ok := s[k]; s[k] = struct{}{}; return !ok }

type Emb[T any] struct {
	*List[T]
	Pair[T, string]
}

type Tree[T interface{ Less(T) bool }] struct {
	l, r *Tree[T]
	v    T
}

func (t *Tree[T]) Ins(v T) *Tree[T] {
	if t == nil {
		return &Tree[T]{v: v}
	}
	if v.Less(t.v) {
		t.l = t.l.Ins(v)
	} else {
		t.r = t.r.Ins(v)
	}
	return t
}
func (t *Tree[T]) Walk(f func(T)) {
	if t != nil {
		t.l.Walk(f)
		f(t.v)
		t.r.Walk(f)
	}
}

type LI int

func (a LI) Less(b LI) bool { return a < b }

func Eq[T comparable](a, b T) bool { return a == b }
func Zero[T any]() (z T)          { return }
func PtrTo[T any](v T) *T         { return &v }
func Size[T any]() uintptr        { var z T; return unsafe.Sizeof(z) }
func Sum[T Num](xs ...T) (s T) {
	for _, x := range xs {
		s += x
	}
	return
}
func MapS[T, U any](xs []T, f func(T) U) []U {
	r := make([]U, 0, len(xs))
	for _, x := range xs {
		r = append(r, f(x))
	}
	return r
}
func Red[T, A any](xs []T, a A, f func(A, T) A) A {
	for _, x := range xs {
		a = f(a, x)
	}
	return a
}

type Opt[T any] interface{ Get() (T, bool) }
type some[T any] struct{ v T }

func (s some[T]) Get() (T, bool) { return s.v, true }

type none[T any] struct{}

func (none[T]) Get() (z T, ok bool) { return }

type Fn[A, B any] func(A) B

func (f Fn[A, B]) Call(a A) B { return f(a) }

type Rec[T any] struct {
	kids []Rec[T]
	m    map[string]*Rec[T]
	v    T
}

func (r Rec[T]) Sum(f func(T) int) int {
	s := f(r.v)
	for _, k := range r.kids {
		s += k.Sum(f)
	}
	for _, k := range r.m {
		s += k.Sum(f)
	}
	return s
}
func chk[T any](f func() T) (s string) {
	defer func() {
		if r := recover(); r != nil {
			s = fmt.Sprint("P:", r)
		}
	}()
	return fmt.Sprint(f())
}

type Ord interface {
	~int | ~string | ~float64
}

func Max[T Ord](a, b T) T { return max(a, b) }
func Chars[T ~string | ~[]byte](x T) (n int) {
	for i := range len(x) {
		n = n*7 + int(x[i])
	}
	return
}
func Sl[S ~[]E, E any](s S) S { return s[:len(s)/2:len(s)] }

type IS []int

func (s IS) Len() int { return len(s) }

type static[T any] struct{ x T }

func (s *static[T]) Inc() { counter[fmt.Sprintf("%T", *s)]++ }

var counter = map[string]int{}

func closure[T any](v T) (func() T, func(T)) {
	return func() T { return v }, func(n T) { v = n }
}

func local[T any](v T) any {
	type L struct{ v T }
	return L{v}
}

type C1 interface{ comparable; ~int }

func arr[T any, A ~[3]T](a A) (s []T) {
	for _, x := range a {
		s = append(s, x)
	}
	return
}
func ptrm[T any, P interface {
	*T
	Set(int)
}](n int) T {
	var z T
	P(&z).Set(n)
	return z
}

type HasSet struct{ n int }

func (h *HasSet) Set(n int) { h.n = n * 2 }

func main() {
	fmt.Println(conv[int, uint8](300), conv[float64, int8](-5.7), conv[uint64, float32](math.MaxUint64), conv[int8, uint64](-1))
	fmt.Println(sw(1), sw("a"), sw(St(3)), sw([]int{1}), sw(1.5), sw(Pair[int, string]{1, "x"}), sw[any](nil), sw[error](nil), sw[any](7))
	fmt.Println(sw2[int](1), sw2[int]([]int{1, 2}), sw2[int](map[string]int{"a": 1}), sw2[int](PtrTo(4)), sw2[int](MI{}), sw2[string](MI{}), sw2[any](3), sw2[error](nil), sw2[fmt.Stringer](St(1)))
	p := Pair[int, string]{1, "a"}
	p.Set(2, "b")
	fmt.Println(p, p.Swap(), p.Map(func(i int) float64 { return float64(i) / 4 }), p.Map(func(i int) []int { return make([]int, i) }))
	f := p.Swap
	p.Set(9, "z")
	fmt.Println(f(), Pair[int, string].Swap(p), (*Pair[int, string]).Swap(&p))
	l := &List[string]{}
	l.Push("x")
	l.Push("y")
	for i, v := range l.All() {
		fmt.Print(i, v, " ")
	}
	e := Emb[string]{l, Pair[string, string]{"q", "w"}}
	e.Push("emb")
	for i, v := range e.All() {
		fmt.Print(i, v, " ")
	}
	fmt.Println(e.Swap(), e.n, e)
	s := Set[any]{}
	fmt.Println(s.Add(1), s.Add(1), s.Add(1.0), s.Add("x"), s.Add([2]any{1, "a"}), s.Add([2]any{1, "a"}), s.Add(math.NaN()), s.Add(math.NaN()), len(s))
	fmt.Println(chk(func() bool { return s.Add([]int{}) }))
	var t *Tree[LI]
	for _, v := range []LI{5, 2, 8, 1, 9, 3} {
		t = t.Ins(v)
	}
	t.Walk(func(v LI) { fmt.Print(v, ",") })
	fmt.Println()
	fmt.Println(Eq(1, 1), Eq[any](1, 1.0), Eq([2]string{"a", "b"}, [2]string{"a", "b"}), Eq(math.NaN(), math.NaN()), Eq(0.0, math.Copysign(0, -1)), Eq[error](nil, nil), Eq(struct{ a, _ int }{1, 2}, struct{ a, _ int }{1, 3}))
	fmt.Println(chk(func() bool { return Eq[any](func() {}, func() {}) }), chk(func() bool { return Eq[any]([1]any{map[int]int{}}, [1]any{map[int]int{}}) }))
	fmt.Println(Zero[int](), Zero[*int]() == nil, Zero[[3]string](), Zero[Pair[int, []int]](), Size[Pair[int8, int64]](), Size[Pair[int64, struct{}]](), Size[struct{}](), Size[[0]int]())
	fmt.Println(Sum(1, 2, 3), Sum(1.5, 2), Sum[uint8](200, 100), Sum[float32]())
	fmt.Println(Red(MapS([]int{1, 2, 3}, func(i int) string { return fmt.Sprint(i * i) }), "", func(a string, s string) string { return a + s }))
	var os []Opt[int] = []Opt[int]{some[int]{4}, none[int]{}}
	for _, o := range os {
		fmt.Println(o.Get())
		switch o.(type) {
		case some[int]:
			fmt.Println("some")
		case none[int]:
			fmt.Println("none")
		}
	}
	fmt.Println(Fn[int, string](func(i int) string { return fmt.Sprint(i, "!") }).Call(7))
	r := Rec[string]{v: "abc", kids: []Rec[string]{{v: "de"}, {v: "f", m: map[string]*Rec[string]{"k": {v: "ghij"}}}}}
	fmt.Println(r.Sum(func(s string) int { return len(s) }))
	fmt.Println(Max("a", "b"), Max(1, 2), Max(math.NaN(), 1), Max(math.Copysign(0, -1), 0))
	fmt.Println(Chars("abc"), Chars([]byte("abc")), Sl(IS{1, 2, 3, 4}).Len(), cap(Sl(IS{1, 2, 3, 4})))
	(&static[int]{}).Inc()
	(&static[string]{}).Inc()
	(&static[int]{}).Inc()
	fmt.Println(counter)
	g, st := closure("v")
	st("w")
	fmt.Println(g())
	fmt.Printf("%T %T %v\n", local(1), local("a"), local(1) == local(1))
	fmt.Println(arr([3]int{1, 2, 3}), ptrm[HasSet](21))
	fmt.Printf("%T %T %T\n", Pair[Pair[int, []string], map[string]*int]{}, Fn[int, any](nil), &List[func(int) error]{})
	mv := MI.M
	fmt.Println(mv(MI{}))
}
