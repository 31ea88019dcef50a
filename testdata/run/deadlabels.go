// Labels in dead code, with variables declared before them; gotos into and out of nested blocks.
package main

import "fmt"

func afterPanic(f func()) (s string) {
	defer func() { s = fmt.Sprint("recovered ", recover()) }()
	f()
	return "returned"
}

func afterReturn(n int) int {
	return n
	x, y := n*2, "dead"
	_ = y
again:
	x++
	if x < 100 {
		goto again
	}
	{
		z := x
	inner:
		z++
		if z < 7 {
			goto inner
		}
	}
	return x
}

func backwards(n int) (log []int) {
	i := 0
	goto cond
body:
	log = append(log, i)
	i++
cond:
	if i < n {
		goto body
	}
	return
	for k := 0; k < 3; k++ {
	loop:
		for {
			continue loop
		}
	}
	return
}

func switches(x int) string {
	switch x {
	case 0:
		goto end
		v := 5
	dead:
		v--
		if v > 0 {
			goto dead
		}
	case 1:
		{
			return "one"
			w := map[int]int{}
		l:
			w[1]++
			if w[1] < 3 {
				goto l
			}
		}
	default:
		for {
			break
			q := 1
		m:
			q++
			if q < 0 {
				goto m
			}
			func() { q++ }()
		}
	}
	return "fell out"
end:
	return "end"
}

func main() {
	fmt.Println(afterPanic(func() {
		panic(fmt.Errorf("e%d", 1))
		{
			c := 0
		r:
			c++
			if c <= 1 {
				goto r
			}
		}
	}))
	fmt.Println(afterPanic(func() {}))
	fmt.Println(afterReturn(4), backwards(4), switches(0), switches(1), switches(2))
}
