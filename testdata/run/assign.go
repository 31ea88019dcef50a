// Assignments: operators, swaps, overlapping values, results of panicking functions.
package main

import "fmt"

type S struct {
	a [3]int
	m map[string]int
	p *S
	f func(int) int
	i any
}

func side(s *string, t string, v int) int { *s += t; return v }

func opassign() {
	var log string
	s := &S{m: map[string]int{"a": 8}}
	get := func() *S { log += "g"; return s }
	key := func() string { log += "k"; return "a" }
	get().m[key()] <<= uint(side(&log, "v", 2))
	get().a[side(&log, "i", 1)] |= side(&log, "v", 12)
	get().a[side(&log, "i", 1)] &^= side(&log, "v", 4)
	get().m[key()]--
	get().m["new"] += side(&log, "v", 3)
	*&get().a[2] -= 5
	fmt.Println(log, s.a, s.m)
	var fs [2]float64
	fs[side(&log, "f", 1)] *= 2
	str := []string{"x"}
	str[0] += str[0] + str[0]
	str[len(str)-1] += "y"
	fmt.Println(fs, str)
	var b byte = 200
	b += 100
	b <<= 1
	b >>= 3
	b ^= 0xff
	b %= 7
	fmt.Println(b)
	var i8 int8 = -128
	i8 /= -1
	fmt.Println(i8, i8-1)
	i8--
	i8 *= 2
	fmt.Println(i8)
	c := complex(1, 2)
	c *= c
	c -= 1i
	fmt.Println(c)
	x, y := 1, 2
	x, y = y, x+y
	x, y = y, x+y
	fmt.Println(x, y)
	a := []int{0, 1, 2, 3}
	i := 1
	i, a[i], a[i+1] = 2, i+10, a[i]+20
	fmt.Println(i, a)
	a[0], a[1], a[2], a[3] = a[3], a[2], a[1], a[0]
	fmt.Println(a)
	m := map[int]int{1: 1, 2: 2}
	m[1], m[2] = m[2], m[1]
	fmt.Println(m)
	var e1, e2 any = 1, "s"
	e1, e2 = e2, e1
	fmt.Println(e1, e2)
	p, q := &S{a: [3]int{1}}, &S{a: [3]int{2}}
	*p, *q = *q, *p
	p.a, q.a = q.a, p.a
	fmt.Println(p.a, q.a)
	p.p, q.p, p, q = q, p, q, p
	fmt.Println(p.a, p.p.a, q.p.a)
	arr := [2][3]int{{1, 2, 3}, {4, 5, 6}}
	arr[0], arr[1] = arr[1], arr[0]
	fmt.Println(arr)
	k := 0
	arr[k][k], k = 9, 1
	arr[k], k = [3]int{7, 7, 7}, 0
	fmt.Println(arr, k)
	type T struct{ x, y [4]int }
	t := T{[4]int{1, 2, 3, 4}, [4]int{5, 6, 7, 8}}
	t = T{t.y, t.x}
	t.x, t.y = t.y, t.x
	t = T{y: t.x}
	fmt.Println(t)
	z := [4]int{1, 2, 3, 4}
	z = [4]int{z[3], z[2], z[1], z[0]}
	fmt.Println(z)
	sl := z[:]
	z = [4]int{sl[1], sl[0], sl[3], sl[2]}
	fmt.Println(z, sl)
	ps := &z
	*ps = [4]int{ps[1], ps[0], 0, 0}
	fmt.Println(z)
	st := S{a: [3]int{1, 2, 3}}
	st = S{a: [3]int{st.a[2], st.a[1], st.a[0]}, p: &st, f: func(x int) int { return x + st.a[0] }}
	fmt.Println(st.a, st.p.a, st.f(1))
	fn := func() (S, [3]int, error) { return st, st.a, nil }
	var err error
	st, st.a, err = fn()
	_, z2, _ := fn()
	fmt.Println(st.a, z2, err)
	v, ok := any(st.a).([3]int)
	fmt.Println(v, ok)
	v, ok = any(1).([3]int)
	fmt.Println(v, ok)
	ch := make(chan [3]int, 1)
	ch <- v
	v[0], ok = 5, false
	v, ok = <-ch
	fmt.Println(v, ok)
	ms := map[string]S{"q": st}
	w, ok := ms["q"]
	w.a[0] = 100
	fmt.Println(ms["q"].a, w.a, ok)
	w, ok = ms["none"]
	fmt.Println(w.a, w.p == nil, ok)
	func() {
		defer func() { fmt.Println(recover(), a) }()
		var np *S
		a[0], np.a[1], a[1] = 100, 200, 300
	}()
	func() {
		defer func() { fmt.Println(recover(), x) }()
		x, y = 55, a[len(a)]
	}()
	func() {
		defer func() { fmt.Println(recover(), m) }()
		var nm map[int]int
		m[1], nm[1] = 77, 88
	}()
	func() (r int) {
		defer func() { recover(); fmt.Println("r", r) }()
		r = 5
		r, y = 6, a[len(a)]
		return 9
	}()
	func() (r int) {
		defer func() { recover(); fmt.Println("r", r) }()
		r = 5
		return 1 / (r - 5)
	}()
	func() (r int, s string) {
		defer func() { recover(); fmt.Println("r", r, s) }()
		f := func() (int, string) { panic(1) }
		r, s = 4, "keep"
		return f()
	}()
	func() (r [9]int) {
		defer func() { r[1] *= 2; fmt.Println("r", r) }()
		r[1] = 4
		q := r
		q[1] = 7
		return q
	}()
	f := func() (r []int) {
		r = []int{1}
		defer func(x []int) { r = append(r, x...) }(r)
		r = []int{2}
		return append(r, 3)
	}
	fmt.Println(f())
	var nilm map[string][]int
	fmt.Println(nilm["x"], len(nilm), nilm == nil)
	delete(nilm, "x")
	for range nilm {
	}
	var iface interface{ M() }
	fmt.Println(iface == nil)
	const c1, c2 = len("abc"), 1 << 3
	var ca [c1 + c2]struct{}
	fmt.Println(len(ca))
	switch x := 5; x {
	case 1, 2, 3:
	case side(&log, "case", 5), side(&log, "nocase", 6):
		fmt.Println("five", log[len(log)-4:])
	}
	switch {
	case x > 1000:
	default:
		fmt.Println("default")
	case x < -1000:
	}
	switch f := any(3.5).(type) {
	case int, float64:
		fmt.Printf("%T %v\n", f, f)
	}
}

func main() { opassign() }
