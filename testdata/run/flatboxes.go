// Literals of constants in interfaces: equal, not shared with what is taken out of them, usable as keys.
package main

import (
	"context"
	"fmt"
)

type point struct {
	x, y int
	name string
}

func (p point) sum() int   { return p.x + p.y }
func (p *point) move()     { p.x++ }

type summer interface{ sum() int }

type key [2]string

//go:noinline
func box(i int) any {
	switch i {
	case 0:
		return point{1, 2, "a"}
	case 1:
		return point{}
	case 2:
		return key{"a", "b"}
	case 3:
		return [3]complex64{1, 2i}
	case 4:
		return struct{ f float64 }{0}
	case 5:
		return [2]bool{true}
	default:
		return [0]int{}
	}
}

func main() {
	for i := range 7 {
		fmt.Printf("%T %v %v\n", box(i), box(i), box(i) == box(i))
	}
	p := box(0).(point)
	p.move()
	a := [...]any{point{1, 2, "a"}, point{1, 2, "a"}}
	q := a[0].(point)
	q.name = "b"
	fmt.Println(p, q, a, box(0))
	var s summer = point{3, 4, "c"}
	fmt.Println(s.sum())
	ctx := context.WithValue(context.Background(), key{"k", "v"}, point{5, 6, "d"})
	fmt.Println(ctx.Value(key{"k", "v"}), ctx.Value(key{"k", "w"}))
	m := map[any]int{point{}: 1, key{}: 2, [1]string{""}: 3}
	fmt.Println(m[point{}], m[key{}], m[[1]string{}], m[point{x: 1}])
	defer func() { fmt.Println(recover()) }()
	panic(point{7, 8, "e"})
}
