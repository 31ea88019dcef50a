// Output through the print built-ins only: no package but runtime is needed.
package main

type point struct{ x, y int }

func (p point) sum() int   { return p.x + p.y }
func (p *point) scale(k int) { p.x *= k; p.y *= k }

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func divmod(a, b int) (q, r int) {
	q = a / b
	r = a % b
	return
}

var table = [...]string{2: "two", 0: "zero", 1: "one"}

func main() {
	println("fib", fib(20))
	q, r := divmod(-17, 5)
	println(q, r)
	p := point{3, 4}
	p.scale(2)
	println(p.sum(), len(table), table[2])
	var u8 uint8 = 250
	u8 += 10
	var i8 int8 = 127
	i8++
	println(u8, i8, uint32(1)<<31, int64(-1)>>3)
	s := "héllo"
	for i, c := range s {
		print(i, ":", c, " ")
	}
	println(len(s))
	x := 0
	for i := range 10 {
		switch {
		case i%2 == 0:
			continue
		case i > 7:
			x += 100
			fallthrough
		case i == 3:
			x += 10
		default:
			x++
		}
	}
	println(x)
	a := []int{1, 2, 3}
	a = append(a, 4, 5)
	b := a[1:3]
	b[0] = 42
	println(len(a), cap(b) >= 2, a[1], b[1])
	println(1.5, float32(2.25), 3+4i, true, nil == any(nil))
outer:
	for i := 0; i < 3; i++ {
		for j := 0; j < 3; j++ {
			if j == 2 {
				continue outer
			}
			if i == 2 {
				break outer
			}
			print(i, j, " ")
		}
	}
	println()
}
