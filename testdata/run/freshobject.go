package main

import "fmt"

// Objects that after inlining are only stored into need not be allocated; what reads them sees the same.

type node struct {
	a, b int
	next *node
}

func fresh(a int) *node      { return &node{a: a} }
func link(n *node) *node     { return &node{b: 7, next: n} }
func twice() (*node, *node)  { return new(node), new(node) }
func zero() (*struct{}, int) { return new(struct{}), 3 }

var kept *node

func main() {
	p := fresh(5)
	p.b++
	fmt.Println(p.a, p.b, p.next == nil)
	q := link(fresh(1))
	fmt.Println(q.a, q.b, q.next.a, q.next.b)
	x, y := twice()
	fmt.Println(x == y, x != nil, *x == *y)
	if z, n := zero(); z != nil {
		fmt.Println("zero size", n)
	}
	kept = link(nil)
	kept.a += link(kept).next.b
	fmt.Println(kept.a)
	s := 0
	for i := range 1000 {
		n := link(fresh(i))
		s += n.next.a + n.b
	}
	fmt.Println(s)
}
