// Slices that grow from nothing, slices of run-time length, small maps, bytes of strings and closures that know each other may lie in the frame; each use of
// one keeps its own.
package main

import (
	"bytes"
	"fmt"
	"runtime"
	"sort"
	"strings"
)

type pair struct {
	k string
	v *int
}

var kept [][]int

//go:noinline
func rounds(n int) int {
	var all [][]int
	for i := range n {
		var s []int
		for j := range 3 {
			s = append(s, i*10+j)
		}
		all = append(all, s)
	}
	t := 0
	for _, s := range all {
		for _, x := range s {
			t = t*3 + x
		}
	}
	return t
}

//go:noinline
func regrown() (int, int) {
	var a []int
	a = append(a, 1, 2)
	b := a[:0:0]
	b = append(b, 7, 8)
	c := append(a[:0:0], 9)
	return a[0]*100 + b[0]*10 + c[0], len(a) + len(b) + len(c)
}

//go:noinline
func returned(n int) []int {
	var s []int
	for i := range n {
		s = append(s, i)
	}
	return s
}

//go:noinline
func pointers(n int) int {
	var s []*int
	for i := range n {
		x := i
		s = append(s, &x)
		if i == 1 {
			runtime.GC()
		}
	}
	t := 0
	for _, p := range s {
		t += *p
	}
	return t
}

//go:noinline
func lengths(n, c int) (r string) {
	defer func() {
		if e := recover(); e != nil {
			r = fmt.Sprint(e)
		}
	}()
	s := make([]byte, n, c)
	for i := range s {
		if s[i] != 0 {
			return "dirty"
		}
		s[i] = byte(i + 1)
	}
	t := 0
	for _, x := range s[:cap(s)] {
		t += int(x)
	}
	return fmt.Sprint(len(s), " ", cap(s), " ", t)
}

//go:noinline
func previous(n int) int {
	var prev []byte
	t := 0
	for i := range n {
		s := make([]byte, n)
		s[0] = byte(i)
		if prev != nil {
			t = t*10 + int(prev[0])
		}
		prev = s
	}
	return t
}

//go:noinline
func maps(n int) string {
	m := map[string]pair{}
	var out []string
	for i := range n {
		x := i
		m[fmt.Sprint("k", i)] = pair{"v", &x}
		if i == 4 {
			runtime.GC()
		}
	}
	for k, v := range m {
		out = append(out, fmt.Sprint(k, *v.v))
	}
	sort.Strings(out)
	delete(m, "k1")
	clear(m)
	return strings.Join(out, ",") + fmt.Sprint(len(m))
}

//go:noinline
func mapRounds() int {
	var first map[int]int
	t := 0
	for i := range 4 {
		m := map[int]int{i: i}
		if first == nil {
			first = m
		}
		m[100] = i
		t = t*10 + len(first) + first[0] + first[100]
	}
	return t
}

//go:noinline
func seen(words []string) (n int) {
	set := make(map[string]struct{}, len(words))
	for _, w := range words {
		if _, ok := set[w]; !ok {
			set[w] = struct{}{}
			n++
		}
	}
	return n
}

//go:noinline
func scribble(b []byte) { b[0] = 'X' }

//go:noinline
func through(p *[]byte) { (*p)[1] = 'Y' }

//go:noinline
func bytesOf(s string) string {
	r := []byte(s)
	w := []byte(s)
	scribble(w)
	v := []byte(s)
	through(&v)
	f := func() { w[2] = 'Z' }
	f()
	e := []byte(s[:0])
	return fmt.Sprint(bytes.Equal(r, []byte(s)), string(w), string(v), string(r), s, e == nil, len(e))
}

//go:noinline
func aliasRounds(parts []string) int {
	var prev []byte
	t := 0
	for _, p := range parts {
		s := p + "!"
		if prev != nil {
			t = t*31 + int(prev[0])
		}
		prev = []byte(s)
	}
	return t
}

//go:noinline
func recursive(n int) (int, bool) {
	calls := 0
	var even, odd func(int) bool
	even = func(n int) bool { calls++; return n == 0 || odd(n-1) }
	odd = func(n int) bool { calls++; return n != 0 && even(n-1) }
	r := even(n)
	return calls, r
}

//go:noinline
func keepers() []func() int {
	var fs []func() int
	var self func() int
	for i := range 3 {
		x := []int{i}
		fs = append(fs, func() int { x[0]++; kept = append(kept, x); return x[0] })
	}
	self = func() int {
		if len(kept) > 100 {
			return self()
		}
		return len(kept)
	}
	return append(fs, self)
}

type node struct {
	next *node
	f    func() *node
}

//go:noinline
func held() *node {
	n := &node{}
	g := func() *node { return n }
	h := &node{f: g}
	return h.f()
}

func main() {
	fmt.Println(rounds(4))
	fmt.Println(regrown())
	a, b := returned(3), returned(3)
	a[0] = 5
	fmt.Println(a, b, pointers(5))
	fmt.Println(lengths(0, 0), lengths(3, 10), lengths(32, 32), lengths(33, 40), lengths(5, 3), lengths(-1, 4))
	fmt.Println(previous(4))
	fmt.Println(maps(3), maps(20))
	fmt.Println(mapRounds(), seen(strings.Fields("a b a c b d e f g h i j a")))
	fmt.Println(bytesOf("hello"), aliasRounds([]string{"a", "b", "c"}))
	fmt.Println(recursive(10))
	for _, f := range keepers() {
		fmt.Print(f(), f(), " ")
	}
	fmt.Println(len(kept), held() != nil)
}
