// Frames up to 100 KB, many arguments and results, deep recursion.
package main

import "fmt"

type B1 [1 << 10]byte
type B64 [64 << 10]byte
type B100 [100 << 10]byte
type M struct {
	a int8
	f float32
	s string
	g float64
	i int16
	c complex128
}
type One [1]M
type Tiny struct {
	a, b uint8
	c    bool
	d    float32
}

//go:noinline
func f1(b B1, n int) int {
	if n == 0 {
		return int(b[5])
	}
	b[5]++
	return f1(b, n-1) + int(b[6])
}

//go:noinline
func f64(b *B64, n int) (r B64) {
	var l B64
	l[n] = b[n] + 1
	if n > 0 {
		l = f64(&l, n-1)
	}
	l[100]++
	return l
}

//go:noinline
func f100(n int) int {
	var b B100
	for i := range b {
		b[i] = byte(i * n)
	}
	s := 0
	if n > 0 {
		s = f100(n - 1)
	}
	for i := range b {
		s += int(b[i])
	}
	return s
}

//go:noinline
func many(a int8, b float32, c string, d M, e []int, f float64, g int16, h complex64, i any, j error, k func() int, l map[string]int, m chan int, n [3]int, o [1]float64, p Tiny, q bool, r uint8, s float32, t One, u struct{}, v [0]int, w *int, x, y, z float64) (int8, float32, string, M, []int, float64, int16, complex64, any, error, int, int, [3]int, [1]float64, Tiny, bool, uint8, float32, One, struct{}, [0]int, *int, float64, float64, float64) {
	return a + 1, b + 1, c + "1", d, append(e, 1), f + 1, g + 1, h + 1, i, j, k(), l["a"], n, o, p, !q, r + 1, s + 1, t, u, v, w, z, x, y
}

//go:noinline
func mix(a float64, b int, c float32, d int, e float64, f int, g float64, h int, i float64, j int, k float32, l int, m float64, n int, o float64, p float64, q float64, r float64) (float64, int, float32, int, float64, int, float64, int) {
	return a + e + g + i + m + o + p + q + r, b + d + f + h, c + k, j + l + n, a, b, e, d
}

type IF interface {
	Big(B1, int, float64, M) (B1, M, int)
	Small(a, b, c, d, e, f int) (x, y, z, w, v int)
}
type T1 struct{ n int }

func (t T1) Big(b B1, n int, f float64, m M) (B1, M, int) {
	b[0] = byte(n + t.n)
	m.g = f
	return b, m, n * 2
}
func (t T1) Small(a, b, c, d, e, f int) (x, y, z, w, v int) { return f + t.n, e, d, c, a - b }

type T2 struct {
	x int
	*T1
}
type T3 struct{ IF }

func deep(n int) int {
	if n == 0 {
		return 0
	}
	return deep(n-1) + 1
}
func deepv(n int, xs ...any) int {
	if n == 0 {
		return len(xs)
	}
	return deepv(n-1, append(xs[:0:0], xs...)...) + 1
}
func deepd(n int) (r int) {
	defer func() { r++ }()
	if n == 0 {
		return 0
	}
	return deepd(n - 1)
}

func ret25(n int) (a, b, c, d, e, f, g, h, i, j float32, s string, x [2]string) {
	defer func() {
		if r := recover(); r != nil {
			s = fmt.Sprint(r)
			j = 77
			x[1] = "x1"
		}
	}()
	a, j = 1, 2
	if n > 0 {
		panic(n)
	}
	return 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, "s", [2]string{"q", "w"}
}

func main() {
	var b B1
	b[6] = 2
	fmt.Println(f1(b, 100))
	var c B64
	c[3] = 9
	r := f64(&c, 3)
	fmt.Println(r[0], r[100], r[3])
	fmt.Println(f100(9))
	x := 5
	m := M{1, 2, "m", 4, 5, 6 + 7i}
	fmt.Println(many(1, 2, "c", m, []int{0}, 3, 4, 5i, "any", fmt.Errorf("e"), func() int { return x }, map[string]int{"a": 6}, nil, [3]int{1, 2, 3}, [1]float64{1.5}, Tiny{1, 2, true, 3.5}, true, 255, 1.25, One{m}, struct{}{}, [0]int{}, nil, 1, 2, 3))
	fmt.Println(mix(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18))
	for _, i := range []IF{T1{3}, &T1{4}, T2{1, &T1{5}}, &T2{1, &T1{6}}, T3{T1{7}}, &T3{&T1{8}}} {
		bb, mm, n := i.Big(b, 5, 2.5, m)
		fmt.Println(bb[0], bb[6], mm, n)
		fmt.Println(i.Small(1, 2, 3, 4, 5, 6))
		f := i.Big
		g := IF.Small
		bb, mm, n = f(b, 6, 3.5, m)
		fmt.Println(bb[0], mm.g, n)
		fmt.Println(g(i, 6, 5, 4, 3, 2, 1))
		done := make(chan int)
		go func() {
			bb, _, n := i.Big(b, 9, 0, m)
			done <- n + int(bb[0])
		}()
		fmt.Println(<-done)
		func() {
			defer i.Small(1, 2, 3, 4, 5, 6)
			defer func(b B1, n int) { fmt.Println("d", b[6], n) }(b, n)
			b[6]++
		}()
	}
	fmt.Println(deep(1000000), deepv(10000, 1, 2, 3), deepd(20000))
	fmt.Println(ret25(0))
	fmt.Println(ret25(1))
	done := make(chan int)
	for i := range 4 {
		go func() { done <- deep(100000*i) + f100(i) }()
	}
	fmt.Println(<-done + <-done + <-done + <-done)
	var big [1 << 20]int
	big[1<<20-1] = 4
	func() { big2 := big; big2[0] = 1; fmt.Println(big2[1<<20-1], big[0]) }()
}
