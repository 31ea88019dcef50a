// Closures, captured variables, method values, defer order, recover.
package main

import "fmt"

func counter() (func() int, func()) {
	n := 0
	return func() int { n++; return n }, func() { n = 100 }
}

type acc struct{ total int }

func (a *acc) add(n int) { a.total += n }
func (a acc) get() int     { return a.total }

func named() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered: %v", r)
		}
	}()
	var m map[string]int
	m["x"] = 1
	return nil
}

func order() (s string) {
	for i := range 3 {
		defer func() { s += fmt.Sprint(i) }()
	}
	return "r"
}

func nested() (out []string) {
	defer func() {
		out = append(out, fmt.Sprint("outer ", recover()))
	}()
	defer func() {
		defer func() { out = append(out, fmt.Sprint("inner ", recover())) }()
		panic("second")
	}()
	panic("first")
}

func main() {
	inc, reset := counter()
	inc()
	inc()
	fmt.Println(inc())
	reset()
	fmt.Println(inc())
	var a acc
	add, get := a.add, a.get
	add(5)
	add(6)
	fmt.Println(a.total, get())
	f := (*acc).add
	f(&a, 1)
	fmt.Println(acc.get(a))
	fmt.Println(named())
	fmt.Println(order())
	fmt.Println(nested())
	var fs []func() int
	for i := 0; i < 3; i++ {
		fs = append(fs, func() int { i *= 10; return i })
	}
	for _, f := range fs {
		fmt.Print(f(), f(), " ")
	}
	fmt.Println()
	func() {
		defer func() { fmt.Println(recover()) }()
		var p *acc
		_ = p.total
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		x := []int{1}
		i := 5
		_ = x[i]
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		zero := 0
		fmt.Println(1 / zero)
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		var e any = "str"
		_ = e.(int)
	}()
}
