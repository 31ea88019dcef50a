package main

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
)

// Copies that interfaces hold, in frames and across the rounds of loops.

//go:noinline
func equal(a, b any) bool { return a == b }

//go:noinline
func text(x any) string {
	switch x := x.(type) {
	case string:
		return x
	case int:
		return strconv.Itoa(x)
	case []byte:
		return string(x)
	}
	return "?"
}

//go:noinline
func keepsLast(words []string) (same int, all string) {
	var prev any
	for _, w := range words {
		cur := any(w)
		if prev != nil && equal(prev, cur) {
			same++
		}
		if prev != nil {
			all += text(prev) + ","
		}
		prev = cur
	}
	return same, all
}

//go:noinline
func array(words []string) string {
	var a [4]any
	for i, w := range words {
		a[i%4] = w
	}
	var out string
	for _, x := range a {
		out += text(x) + ";"
	}
	return out
}

type link struct {
	v    any
	next *link
}

//go:noinline
func list(n int) (sum int, out string) {
	var head *link
	for i := range n {
		head = &link{v: i * 1000, next: head}
	}
	for l := head; l != nil; l = l.next {
		sum += l.v.(int)
		out += text(l.v) + " "
	}
	return
}

//go:noinline
func swap(a, b string) string {
	x, y := any(a), any(b)
	for range 3 {
		x, y = y, x
		x = any(text(x) + "!")
	}
	return text(x) + text(y)
}

//go:noinline
func growing(n int) string {
	x := any("")
	for i := range n {
		x = any(x.(string) + strconv.Itoa(i))
	}
	return x.(string)
}

//go:noinline
func slices(n int) (out string) {
	var last any
	for i := range n {
		b := []byte{byte('a' + i)}
		if last != nil {
			out += text(last)
		}
		last = b
	}
	return out + text(last)
}

//go:noinline
func choose(b bool, i int, s string) string {
	var x any = i
	if b {
		x = s
	}
	f := func() string { return text(x) }
	return f() + text(x)
}

//go:noinline
func returned(s string) any { return s }

var m sync.Map

func main() {
	fmt.Println(keepsLast([]string{"a", "b", "b", "c", "c", "c"}))
	fmt.Println(array([]string{"p", "q", "r", "s", "t", "u"}))
	fmt.Println(list(4))
	fmt.Println(swap("x", "y"), growing(12), slices(5))
	fmt.Println(choose(true, 5000, "yes"), choose(false, 5000, "yes"))
	a, b := returned("one"), returned("two")
	fmt.Println(a, b)
	m.Store("key", 1)
	s := string([]byte("key"))
	n := 4000 + len(s)
	ok := 0
	for what, f := range map[string]func(){
		"compare": func() {
			if equal(s, "key") && !equal(n, 5) {
				ok++
			}
		},
		"text": func() {
			if len(text(s))+len(text([]byte(nil))) == 3 {
				ok++
			}
		},
	} {
		if k := testing.AllocsPerRun(100, f); k != 0 {
			fmt.Println(what, k, "allocations")
		}
	}
	fmt.Println(ok)
}
