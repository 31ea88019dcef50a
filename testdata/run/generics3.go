// Generics: aliases, embedding, type switches on parameters, recursion, constraints with methods, closures, channels of parameters.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
	"unsafe"
)

type Set[T comparable] = map[T]struct{}
type PairOf[T any] = Pair[T, T]
type Vec[T any] = []T
type Fn[A, B any] = func(A) B

type Pair[A, B any] struct {
	A A
	B B
}

func (p Pair[A, B]) String() string { return fmt.Sprintf("<%v|%v>", p.A, p.B) }
func (p *Pair[A, B]) SetA(a A)      { p.A = a }

type Named[T any] struct {
	PairOf[T]
	*List[T]
	name string
}

type List[T any] struct {
	next *List[T]
	val  T
}

func (l *List[T]) Push(v T) *List[T] { return &List[T]{l, v} }
func (l *List[T]) Len() int {
	if l == nil {
		return 0
	}
	return 1 + l.next.Len()
}
func (l *List[T]) All() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		i := 0
		for p := l; p != nil; p = p.next {
			if !yield(i, p.val) {
				return
			}
			i++
		}
	}
}

type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~float32 | ~float64 | ~complex128
}

func Sum[S ~[]E, E Number](s S) (t E) {
	for _, v := range s {
		t += v
	}
	return
}

func kind[T any](v T) string {
	switch x := any(v).(type) {
	case int, int8:
		return fmt.Sprintf("small %v", x)
	case string:
		return "string " + x
	case []T:
		return "slice"
	case *T:
		return "pointer to itself"
	case interface{ String() string }:
		return "stringer " + x.String()
	case error:
		return "error " + x.Error()
	case func(T):
		return "func"
	case chan T, map[string]T:
		return fmt.Sprintf("%T", x)
	case nil:
		return "nil"
	}
	return fmt.Sprintf("other %T", v)
}

func dup[T comparable](x any) string {
	switch x.(type) {
	case T:
		return "T"
	case int:
		return "int"
	case string:
		return "string"
	}
	return "none"
}

type Stringish interface {
	~string
	Len() int
}
type MyStr string

func (m MyStr) Len() int { return len(m) }

func total[S Stringish](ss ...S) (n int) {
	for _, s := range ss {
		n += s.Len() + len(string(s)) + len(s)
		for _, c := range s {
			n += int(c) & 1
		}
		n += int(s[0])
	}
	return
}

type Num2 interface{ ~int | ~float64 }

func Convert[To, From Num2](f From) To { return To(f) }

func Ptr[T any](v T) *T { return &v }

type Setter[T any] interface {
	*T
	Set(string)
}
type Conf struct{ s string }

func (c *Conf) Set(s string) { c.s += s }
func FromStrings[T any, P Setter[T]](ss []string) []T {
	out := make([]T, len(ss))
	for i, s := range ss {
		p := P(&out[i])
		p.Set(s)
		f := p.Set
		f("!")
		P.Set(p, "?")
	}
	return out
}

type Tree[K cmp.Ordered, V any] struct{ root *node[K, V] }
type node[K cmp.Ordered, V any] struct {
	k    K
	v    V
	l, r *node[K, V]
}

func (t *Tree[K, V]) Put(k K, v V) {
	p := &t.root
	for *p != nil {
		switch c := cmp.Compare(k, (*p).k); {
		case c < 0:
			p = &(*p).l
		case c > 0:
			p = &(*p).r
		default:
			(*p).v = v
			return
		}
	}
	*p = &node[K, V]{k: k, v: v}
}
func (t *Tree[K, V]) Each(f func(K, V)) {
	var walk func(*node[K, V])
	walk = func(n *node[K, V]) {
		if n != nil {
			walk(n.l)
			f(n.k, n.v)
			walk(n.r)
		}
	}
	walk(t.root)
}

func nest[T any](n int, v T) string {
	if n == 0 {
		return fmt.Sprintf("%T", v)
	}
	return nest(n-1, v) + fmt.Sprint(n)
}

func mutual1[T any](n int, x T) int {
	if n <= 0 {
		return int(unsafe.Sizeof(x))
	}
	return mutual2(n-1, x, n)
}
func mutual2[T, U any](n int, x T, u U) int { return mutual1(n-1, x) + int(unsafe.Sizeof(u)) }

func closures[T any](xs ...T) (get func() T, set func(T), all func() []T) {
	i := 0
	type wrap struct{ v T }
	ws := []wrap{}
	for _, x := range xs {
		ws = append(ws, wrap{x})
	}
	get = func() T { i++; return ws[(i-1)%len(ws)].v }
	set = func(x T) { ws[0] = wrap{v: x} }
	all = func() (r []T) {
		for _, w := range ws {
			func() { r = append(r, w.v) }()
		}
		return
	}
	return
}

type Stack[T any] []T

func (s *Stack[T]) Push(v ...T) { *s = append(*s, v...) }
func (s *Stack[T]) Pop() (v T, ok bool) {
	if len(*s) == 0 {
		return
	}
	v, *s = (*s)[len(*s)-1], (*s)[:len(*s)-1]
	return v, true
}
func (s Stack[T]) Map(f Fn[T, T]) Stack[T] {
	for i := range s {
		s[i] = f(s[i])
	}
	return s
}

func chans[T any](vs ...T) (out Vec[T]) {
	c := make(chan T, len(vs))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for v := range c {
			out = append(out, v)
		}
	}()
	for _, v := range vs {
		select {
		case c <- v:
		}
	}
	close(c)
	<-done
	return
}

type Event[T any] struct {
	handlers []func(T)
}

func (e *Event[T]) On(f func(T)) { e.handlers = append(e.handlers, f) }
func (e *Event[T]) Fire(v T) {
	for _, h := range e.handlers {
		defer h(v)
	}
}

type MyErr[T any] struct{ v T }

func (e MyErr[T]) Error() string { return fmt.Sprintf("myerr %v", e.v) }

type byLen[T ~string] []T

func (b byLen[T]) Len() int           { return len(b) }
func (b byLen[T]) Less(i, j int) bool { return len(b[i]) < len(b[j]) }
func (b byLen[T]) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

type Inner[T any] struct{ V T }

func (i Inner[T]) Get() T   { return i.V }
func (i *Inner[T]) Put(v T) { i.V = v }

type Outer[T any] struct {
	Inner[T]
	Deep *Inner[[]T]
}
type GetPut[T any] interface {
	Get() T
	Put(T)
}

func use[T any](g GetPut[T], v T) T { g.Put(v); return g.Get() }

type Arr[T any, A interface{ ~[3]T | ~[3]int }] struct{ a A }

func Len3[T any](p *[3]T) int { return len(p) }
func index[T ~[]byte | ~string](x T, i int) byte {
	return x[i]
}
func slice[T ~[]byte | ~string](x T) T { return x[1:len(x)][:2] }
func mapOf[M ~map[K]V, K comparable, V any](m M, k K) (V, bool) {
	v, ok := m[k]
	delete(m, k)
	return v, ok
}
func zero[T comparable](x T) bool  { var z T; return x == z }
func makeT[S ~[]E, E any](n int) S { s := make(S, n, n*2); return s[:n:n] }

func main() {
	s := Set[string]{"a": {}}
	_, ok := s["a"]
	p := PairOf[int]{1, 2}
	p.SetA(5)
	n := Named[int]{p, nil, "n"}
	n.SetA(7)
	n.List = n.Push(3).Push(4)
	fmt.Println(ok, p, n.String(), n.Len(), n.A, n.val)
	for i, v := range n.All() {
		fmt.Print(i, "=", v, " ")
	}
	fmt.Println(Sum([]int8{100, 27, 1}), Sum(Vec[float64]{1.5, 2}), Sum([]complex128{1i, 2}))
	fmt.Println(kind(1), kind(int8(2)), kind("s"), kind([]int{}), kind(p), kind(errors.New("e")), kind(func(int) {}), kind(make(chan int)), kind[any](nil), kind[any](3), kind[error](MyErr[int]{3}), kind(2.5))
	fmt.Println(dup[int](1), dup[string]("x"), dup[float64](1.0), dup[bool](nil), dup[any](3))
	fmt.Println(total(MyStr("abc"), "de"), Convert[int](3.99), Convert[float64](3), *Ptr("x"), **Ptr(Ptr(4)))
	fmt.Println(FromStrings[Conf]([]string{"a", "b"}))
	var tr Tree[string, []int]
	for _, w := range strings.Fields("the quick brown fox the lazy dog") {
		tr.Put(w, []int{len(w)})
	}
	tr.Each(func(k string, v []int) { fmt.Print(k, v, " ") })
	fmt.Println(nest(3, p), mutual1(5, [3]int16{}), mutual1(2, "s"))
	g, set, all := closures("x", "y")
	fmt.Print(g(), g(), g())
	set("q")
	fmt.Println(g(), g(), all())
	st := Stack[rune]{'a'}
	st.Push('b', 'c')
	mst := st.Map(func(r rune) rune { return r - 32 })
	v, _ := mst.Pop()
	fmt.Println(string(v), len(st), string(st))
	fmt.Println(chans(1, 2, 3), chans[error](nil, MyErr[string]{"q"}))
	var ev Event[*int]
	x := 3
	ev.On(func(p *int) { *p *= 2 })
	ev.On(func(p *int) { *p += 1 })
	ev.Fire(&x)
	fmt.Println(x)
	var err error = fmt.Errorf("wrap: %w", MyErr[float64]{2.5})
	var me MyErr[float64]
	var mi MyErr[int]
	fmt.Println(errors.As(err, &me), me.v, errors.As(err, &mi))
	bl := byLen[MyStr]{"ccc", "a", "bb"}
	sort.Sort(bl)
	fmt.Println(bl, slices.MaxFunc(bl, func(a, b MyStr) int { return cmp.Compare(a, b) }))
	o := Outer[int]{Inner[int]{1}, &Inner[[]int]{[]int{9}}}
	fmt.Println(use[int](&o, 5), o.Get(), use(o.Deep, nil) == nil)
	f := Outer[int].Get
	h := (*Outer[int]).Put
	h(&o, 77)
	fmt.Println(f(o), o.Inner.Get(), Arr[int, [3]int]{[3]int{1, 2, 3}}, Len3(&[3]string{}))
	fmt.Println(index("abc", 1), index([]byte{1, 2, 3}, 2), slice([]byte("hello")))
	mv, mok := mapOf(map[string]int{"z": 26}, "z")
	fmt.Println(mv, mok, zero(""), zero(1.5), zero[any](nil), zero(struct{ a, b int }{}), cap(makeT[Stack[int]](3)))
	type local[T any] struct{ f T }
	fmt.Printf("%T %v %T %T\n", local[int]{3}, local[string]{"s"}, o, tr)
}
