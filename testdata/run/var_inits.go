package main

import (
	"fmt"
	"unicode"
)

type point struct{ x, y int }

var (
	order []string

	used   = map[string]point{"a": {1, 2}, "b": {3, 4}, "c": {y: seen}}
	unused = map[string]point{"a": {1, 2}, "b": {3, 4}, "c": {y: seen}}
	seen   = note("seen")

	// Reached through another variable only.
	list  = []map[int]string{{1: "one", 2: "two"}, {3: "three", 4: two}}
	two   = string(rune('0'+second())) + "!"
	alias = &list

	// Has effects: always run.
	effects = map[string]int{"x": note("x"), "y": note("y")}
	never   = map[any]int{1: 2, "z": 3}
	chans   = map[string]chan int{"c": make(chan int, 1), "d": nil}
	funcs   = map[string]func() string{"f": f, "g": func() string { return "g" }}
	nested  = map[string]map[string][]int{"k": {"v": {1, 2, 3}, "w": nil}, "l": nil}
)

func f() string   { return "f" }
func second() int { return 2 }

func note(s string) int {
	order = append(order, s)
	return len(order)
}

func main() {
	fmt.Println(len(used), used["c"], (*alias)[1][4], list[0])
	fmt.Println(order)
	chans["c"] <- 1
	fmt.Println(<-chans["c"], funcs["f"]()+funcs["g"](), nested["k"]["v"], len(nested))
	fmt.Println(unicode.Is(unicode.Scripts["Greek"], 'α'), unicode.Is(unicode.Categories["Lu"], 'α'), len(unicode.Properties) > 10)
}
