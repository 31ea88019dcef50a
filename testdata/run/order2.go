// Order of evaluation, aliasing of append and copy, tuple assignment.
package main

import "fmt"

var log []string

func t[T any](s string, v T) T { log = append(log, s); return v }
func flush()                   { fmt.Println(log); log = nil }

type S struct {
	a, b int
	arr  [4]int
	p    *S
}

func (s S) val(x int) S   { log = append(log, fmt.Sprint("val", s.a, x)); return s }
func (s *S) ptr(x int) *S { log = append(log, fmt.Sprint("ptr", s.a, x)); s.a++; return s }

func two(a, b int) (int, int) { log = append(log, "two"); return b, a }

func get() *S { log = append(log, "get"); return nil }

func main() {
	a := []int{1, 2, 3}
	t("a", a)[t("i", 1)] = t("v", 5)
	flush()
	t("m", map[string]int{})[t("k", "x")] = t("v", 1)
	flush()
	i := 0
	i, a[i] = 2, 9
	fmt.Println(i, a)
	a[0], a[1], a[2] = a[2], a[0], a[1]
	fmt.Println(a)
	s := &S{a: 1}
	s.ptr(t("x", 1)).ptr(t("y", 2)).val(t("z", 3)).val(s.a)
	flush()
	x, y := two(t("1", 1), t("2", 2))
	fmt.Println(x, y)
	flush()
	_ = t("l", true) && t("r", false) || t("o", true)
	_ = t("l", false) && t("r", false)
	_ = t("l", true) || t("r", false)
	flush()
	fmt.Println(append(t("s", []int{1}), t("e1", 2), t("e2", 3)))
	flush()
	_ = S{b: t("b", 1), a: t("a", 2), arr: [4]int{2: t("2", 0), 0: t("0", 1)}}
	flush()
	_ = []int{t("e", 0), 5: t("f", 1), t("g", 2)}
	_ = map[int]int{t("k1", 1): t("v1", 1), t("k2", 2): t("v2", 2)}
	flush()
	ch := make(chan int, 3)
	t("ch", ch) <- t("cv", 1)
	flush()
	func() {
		defer func() { fmt.Println(recover()); flush() }()
		t("arr", a)[t("idx", 10)] = t("rhs", 3)
	}()
	func() {
		defer func() { fmt.Println(recover()); flush() }()
		get().a = t("rhs", 1)
	}()
	func() {
		defer func() { fmt.Println(recover()); flush() }()
		var m map[string]int
		m[t("k", "a")] = t("rhs", 1)
	}()
	func() {
		defer func() { fmt.Println(recover()); flush() }()
		var f func(int)
		f(t("arg", 1))
	}()
	func() {
		defer func() { fmt.Println(recover()); flush() }()
		var f func(int)
		defer f(t("darg", 1))
		log = append(log, "body")
	}()
	func() {
		defer func() { fmt.Println(recover()); flush() }()
		var e error
		defer e.Error()
		log = append(log, "not reached")
	}()
	func() {
		defer func() { fmt.Println(recover()); flush() }()
		var p *S
		_ = p.val(t("never", 1))
	}()
	func() {
		defer func() { fmt.Println(recover()); flush() }()
		var p *[4]int
		fmt.Println(len(p), cap(p))
		for i := range p {
			log = append(log, fmt.Sprint(i))
		}
		for _, v := range p {
			log = append(log, fmt.Sprint(v))
		}
	}()
	for _, v := range t("range", []int{1, 2}) {
		_ = v
	}
	flush()

	// range evaluates its operand once; arrays are copied
	arr := [3]int{1, 2, 3}
	for i, v := range arr {
		arr[2] = 10
		if i == 2 {
			fmt.Println("copy", v)
		}
	}
	for i, v := range &arr {
		arr[2] = 20
		if i == 2 {
			fmt.Println("pointer", v)
		}
	}
	sl := []int{1, 2, 3}
	for i, v := range sl {
		sl = append(sl, v)
		sl[2] = 99
		if i == 2 {
			fmt.Println(v)
		}
	}
	fmt.Println(sl)

	// append aliasing
	base := make([]int, 3, 10)
	b1 := append(base, 1)
	b2 := append(base, 2)
	fmt.Println(b1[3], b2[3], len(base), cap(base))
	b3 := append(base[:1:1], 7)
	fmt.Println(base[1], b3)
	self := []int{1, 2, 3, 4, 5}
	self = append(self[:1], self[2:]...)
	fmt.Println(self)
	copy(self[1:], self)
	fmt.Println(self)
	copy(self, self[1:])
	fmt.Println(self, copyN(self[:2], true, self...))
}

func copyN(a []int, b bool, c ...int) int { return len(a) }

func init() {
	bs := make([]byte, 3)
	n := copy(bs, "héllo")
	fmt.Println(n, bs)
	bs = append(bs, "xyz"...)
	bs = append([]byte("pre"), bs...)
	fmt.Println(string(bs), append([]byte(nil), ""...) == nil, append([]int{}, []int(nil)...) != nil)
	var nilS []int
	nilS = append(nilS, nilS...)
	fmt.Println(nilS == nil, len(nilS), nilS[:0] == nil, nilS[0:0:0] == nil)
	type pt struct{ x, y int }
	ps := []pt{{1, 2}, {3, 4}}
	ps[0], ps[1] = ps[1], ps[0]
	ps[0].x, ps[0].y = ps[0].y, ps[0].x
	q := &ps[0]
	ps = append(ps, pt{5, 6})
	q.x = 100
	fmt.Println(ps, *q)
	st := S{arr: [4]int{1, 2, 3, 4}}
	st2 := st
	st2.arr[0] = 50
	st.p = &st2
	st.p.arr, st.arr = st.arr, st.p.arr
	fmt.Println(st.arr, st2.arr)
	f := func() (int, *S) { st.arr[1] = 77; return 1, &st2 }
	var r struct {
		n int
		s *S
	}
	st.arr[1], r.s = f()
	fmt.Println(st.arr, r.s == &st2)
	y := 1
	z := y + func() int { y = 10; return y }() + y
	_ = z
	arr := [2]int{}
	k := 0
	k, arr[k], k = 1, 5, 7
	fmt.Println(k, arr)
	var np *int
	func() {
		defer func() { fmt.Println(recover() != nil, k) }()
		k, *np = 100, 1
	}()
	mp := map[string]int{"a": 1}
	v, ok := mp["a"], true
	mp["a"], ok = mp["b"]
	fmt.Println(v, ok, mp)
	var e any = 5
	mp["x"], ok = e.(int)
	arr[1], _ = e.(int)
	fmt.Println(mp, ok, arr)
	c := make(chan int, 1)
	c <- 4
	arr[0], ok = <-c
	fmt.Println(arr, ok)
}
