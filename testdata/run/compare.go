// Comparison, hashing and copies of values of all kinds.
package main

import (
	"fmt"
	"math"
	"strings"
	"unsafe"
)

type S1 struct {
	a int8
	b int64
	c string
	d float32
	_ int
	e [3]any
	f *int
	g chan int
	h complex64
	i struct{ x, y float64 }
}
type In interface{ M() }
type A int

func (A) M() {}

type B struct{ p *int }

func (B) M() {}

type D struct {
	x [100]int
	s string
}

//go:noinline
func eq[T comparable](a, b T) bool { return a == b }

//go:noinline
func mk(i int) D {
	var d D
	for j := range d.x {
		d.x[j] = i * j
	}
	d.s = strings.Repeat("x", i)
	return d
}

//go:noinline
func pass(d D, e D, k int) (D, int, D) { d.x[0] = 99; return e, d.x[0] + k, d }

func ch() {
	c := make(chan D, 3)
	d := mk(3)
	c <- d
	d.x[5] = -1
	c <- d
	c <- mk(4)
	fmt.Println((<-c).x[5], (<-c).x[5], (<-c).s)
	m := map[string]D{}
	m["a"] = d
	d.x[6] = -6
	q := m["a"]
	q.x[7] = -7
	fmt.Println(m["a"].x[6], m["a"].x[7], q.x[7], m["zz"].x[99], m["zz"].s == "")
	md := map[D]int{d: 1, q: 2}
	md[d]++
	fmt.Println(md[d], md[q], md[mk(3)], len(md))
	var i1, i2 any = d, d
	fmt.Println(i1 == i2, i1 == any(q))
	d.x[0] = 1
	fmt.Println(i1.(D).x[0], i1 == any(d))
	arr := [3]D{mk(1), mk(2), mk(3)}
	for i, e := range arr {
		arr[2].x[1] = 1000
		fmt.Print(i, e.x[1], " ")
	}
	for i, e := range &arr {
		arr[2].x[1] = 2000
		fmt.Print(i, e.x[1], " ")
	}
	for i, e := range arr[:] {
		arr[2].x[1] = 3000 + i
		fmt.Print(i, e.x[1], " ")
	}
	fmt.Println()
	x, n, y := pass(d, q, 5)
	fmt.Println(x.x[7], n, y.x[0], d.x[0])
	arr[0], arr[1], arr[2] = arr[2], arr[0], arr[1]
	fmt.Println(arr[0].x[1], arr[1].x[1], arr[2].x[1])
	p := &arr[1]
	*p, arr[0] = arr[0], *p
	fmt.Println(arr[0].x[1], arr[1].x[1], p.x[1])
	sl := arr[:]
	copy(sl[1:], sl)
	fmt.Println(sl[0].x[1], sl[1].x[1], sl[2].x[1])
	sl = append(sl[:1], sl...)
	fmt.Println(sl[0].x[1], sl[1].x[1], sl[2].x[1], len(sl))
	f := func(d D) D { d.s = "closure"; return d }
	z := f(d)
	fmt.Println(z.s, d.s)
	d = f(d)
	fmt.Println(d.s)
	func() {
		defer func(d D) { fmt.Println("deferred", d.s) }(d)
		d.s = "changed"
	}()
	done := make(chan bool)
	go func(d D) { fmt.Println("go", d.s); done <- true }(d)
	<-done
	var st struct {
		a, b D
	}
	st.a = d
	st.b = st.a
	st.a.s = "1"
	st.a, st.b = st.b, st.a
	fmt.Println(st.a.s, st.b.s)
	var arr2 [2][2][2]D
	arr2[1][0][1] = d
	arr3 := arr2
	arr3[1][0][1].s = "arr3"
	fmt.Println(arr2[1][0][1].s, arr3[1][0][1].s, arr2 == arr3, arr2 == [2][2][2]D{1: {0: {1: d}}})
}

func main() {
	one, two := 1, 1
	c := make(chan int)
	s := S1{1, 2, "x", 3, 4, [3]any{1, "a", 2.5}, &one, c, 1i, struct{ x, y float64 }{1, 2}}
	t := s
	fmt.Println(s == t, eq(s, t))
	t.f = &two
	fmt.Println(s == t)
	t = s
	t.e[1] = "b"
	fmt.Println(s == t)
	t = s
	t.i.y = math.NaN()
	fmt.Println(s == t, t == t, eq(t, t))
	m := map[S1]int{s: 1}
	m[s]++
	m[t]++
	m[t]++
	fmt.Println(m[s], len(m), m[t])
	nz := math.Copysign(0, -1)
	fm := map[float64]string{0: "zero", math.NaN(): "nan", math.Inf(1): "inf"}
	fm[nz] += "neg"
	fm[math.NaN()] = "nan2"
	fmt.Println(len(fm), fm[0], fm[nz], fm[math.NaN()] == "")
	delete(fm, math.NaN())
	fmt.Println(len(fm))
	clear(fm)
	fmt.Println(len(fm))
	am := map[any]int{1: 1, int8(1): 2, 1.0: 3, "1": 4, A(1): 5, complex64(1): 6, [1]int{1}: 7, struct{ a int }{1}: 8, B{&one}: 9, B{&two}: 10, nil: 11, true: 12}
	fmt.Println(am[1], am[int8(1)], am[1.0], am["1"], am[A(1)], am[complex64(1)], am[[1]int{1}], am[struct{ a int }{1}], am[B{&one}], am[B{&two}], am[nil], am[true], am[int16(1)], am[0.0])
	am[nz] = 100
	fmt.Println(am[0.0], am[nz])
	am[complex(nz, 0)] = 5
	fmt.Println(am[complex(0, nz)], am[complex(0, 1)])
	var i1, i2 In = A(1), A(1)
	fmt.Println(i1 == i2, i1 == A(1), A(2) == i1, i1 == In(B{}), any(i1) == any(A(1)), any(i1) == any(1))
	i1, i2 = B{&one}, B{&one}
	fmt.Println(i1 == i2, i1 == In(B{&two}), i1 != nil)
	var np *int
	var in any = np
	fmt.Println(in == nil, in == any(np), in == any((*string)(nil)))
	fmt.Println([0]int{} == [0]int{}, struct{}{} == struct{}{}, any(struct{}{}) == any(struct{}{}), any([0]int{}) == any([0]string{}))
	var nan any = math.NaN()
	fmt.Println(nan == nan, any(float32(0)) == any(float32(nz)), [2]float64{0, 1} == [2]float64{nz, 1})
	str := "abc"
	bs := []byte("abc")
	fmt.Println(str == string(bs), str < string(bs[:2]), "" < "a", "a" < "ab", "\xff" > "\x7f", "abc" > "abd", string(bs) >= str)
	sm := map[string]int{"abc": 1}
	bs[0] = 'a'
	fmt.Println(sm[string(bs)], sm[string(bs[1:])])
	switch string(bs) {
	case "abd":
		fmt.Println("no")
	case "abc":
		fmt.Println("yes")
	}
	fmt.Println(1i == complex(0, 1), complex(math.NaN(), 0) == complex(math.NaN(), 0), complex64(complex(1, nz)) == complex64(1))
	var e1, e2 error
	fmt.Println(e1 == e2, unsafe.Pointer(&one) == unsafe.Pointer(&two), &one == &one)
	type bs1 struct {
		a int8
		b int32
		c int8
	}
	var u1, u2 bs1
	*(*[12]byte)(unsafe.Pointer(&u1)) = [12]byte{1, 9, 9, 9, 2, 0, 0, 0, 3, 9, 9, 9}
	u2 = bs1{1, 2, 3}
	fmt.Println(u1 == u2, any(u1) == any(u2), map[bs1]int{u1: 5}[u2], eq(u1, u2))
	type bl struct {
		a int
		_ string
		b int
	}
	fmt.Println(bl{1, "a", 2} == bl{1, "b", 2}, map[bl]int{{1, "x", 2}: 7}[bl{1, "y", 2}])
	ch()
	var ip1, ip2 interface{ M() } = (*A)(nil), (*A)(nil)
	fmt.Println(ip1 == ip2)
	var big1, big2 [1000]string
	big1[999] = "q"
	big2[999] = string([]byte{'q'})
	fmt.Println(big1 == big2, any(big1) == any(big2))
	big2[0] = "z"
	fmt.Println(big1 == big2)
	for i := range 3 {
		switch x := any(i); x {
		case 0.0:
			fmt.Println("f0")
		case 1:
			fmt.Println("i1")
		case any(2):
			fmt.Println("any2")
		default:
			fmt.Println("def")
		}
	}
	func() {
		defer func() { fmt.Println(recover()) }()
		switch x := any([]int{}); x {
		case 1:
		case []any{1}[0]:
		case any([]int{}):
			fmt.Println("??")
		}
	}()
}
