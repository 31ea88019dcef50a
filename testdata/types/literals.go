package p

import "strings"

type P struct{ X, Y int }
type E struct {
	P
	Z int
}
type R struct{ *P }

var (
	_ = P{1, 2}
	_ = P{1} // ERROR "too few values in struct literal of type P"
	_ = P{1, 2, 3} // ERROR "too many values in struct literal of type P"
	_ = P{X: 1, 2} // ERROR "mixture of field:value and value elements in struct literal"
	_ = P{X: 1, X: 2} // ERROR "duplicate field name X in struct literal"
	_ = P{W: 1} // ERROR "unknown field W in struct literal of type P"
	_ = P{x: 1} // ERROR "unknown field x in struct literal of type P, but does have X"
	_ = P{X: "a"} // ERROR `cannot use "a" (untyped string constant) as int value in struct literal`
	_ = E{X: 1, Z: 2}
	_ = E{X: 1, P: P{}} // ERROR "cannot specify embedded field P and enclosed promoted field X"
	_ = E{P: P{}, X: 1} // ERROR "cannot specify promoted field X and enclosing embedded field P"
	_ = R{X: 1} // ERROR "invalid implicit pointer indirection to reach X"
	_ = strings.Reader{"", 0, 0} // ERROR "implicit assignment to unexported field s in struct literal of type strings.Reader" "implicit assignment to unexported field i in struct literal of type strings.Reader" "implicit assignment to unexported field prevRune in struct literal of type strings.Reader"

	_ = [2]int{1, 2, 3} // ERROR "index 2 is out of bounds (>= 2)"
	_ = [...]int{5: 1, 5: 2} // ERROR "duplicate index 5 in array or slice literal"
	_ = []int{"a"} // ERROR `cannot use "a" (untyped string constant) as int value in array or slice literal`
	_ = []int{i: 1} // ERROR "index i must be integer constant"
	_ = [...]int{1, 2}[2] // ERROR "invalid argument: index 2 out of bounds [0:2]"
	_ [...]int // ERROR "invalid use of [...] array (outside a composite literal)"
	_ = map[string]int{"a": 1, "a": 2} // ERROR `duplicate key "a" in map literal`
	_ = map[any]int{1: 1, 1.0: 2, "1": 3, uint8(1): 4, 1: 5} // ERROR "duplicate key 1 in map literal"
	_ = map[string]int{1} // ERROR "missing key in map literal"
	_ = []P{{1, 2}, {X: 1}}
	_ = []*P{{1, 2}, nil}
	_ = map[P]P{{1, 2}: {3, 4}}
	_ = []int{{1}} // ERROR "invalid composite literal element type int"
	_ = int{} // ERROR "invalid composite literal type int"
	_ = struct{ a int }{a: 1}.a
)

var i int

func lits() {
	f := func(x int) int { return x + i }
	_ = f(1)
	_ = func() {} == nil
	_ = 'a' + "b" // ERROR `invalid operation: 'a' + "b" (mismatched types untyped rune and untyped string)`
	_ = 0x1p-2 + 1i + 0b11 + 0o7 + 1_000
}
