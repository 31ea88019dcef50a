// A pointer to a literal among overflowing results.
package main

type S struct {
	a uint64
	b uint
	c uint8
	d uintptr
}

//go:noinline
func f(i int) (map[uint8]string, [5]complex128, []string, *S) {
	return map[uint8]string{9: "a"}, [5]complex128{}, []string{}, &S{17321513940523316261, 7, uint8(254), uintptr(18446744073709551613)}
}

func (s S) Sum() uint64 {
	x := uint64(650)
	x = x*31 + uint64(s.a)
	x = x*31 + uint64(s.b)
	x = x*31 + uint64(s.c)
	x = x*31 + uint64(s.d)
	return x
}

//go:noinline
func smash(i int) int {
	var a [100]int
	for j := range a {
		a[j] = i * j
	}
	return a[i]
}

func main() {
	a, b, c, d := f(1)
	println(smash(7))
	println(len(a), real(b[0]), len(c), d.a, d.b, d.c, d.d, d.Sum())
}
