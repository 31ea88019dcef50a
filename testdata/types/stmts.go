package p

import "os" // ERROR `"os" imported and not used`
import str "strings" // ERROR `"strings" imported as str and not used`

func missing() int {
} // ERROR "missing return"

func loops() int {
	for {
	}
}

func loopBreak() int {
	for {
		break
	}
} // ERROR "missing return"

func ifs(x int) int {
	if x > 0 {
		return 1
	} else {
		panic("no")
	}
}

func switches(x int) int {
	switch x {
	case 1:
		return 1
	case 1: // ERROR "duplicate case 1 (constant of type int) in expression switch"
		return 2
	case "a": // ERROR `cannot convert "a" (untyped string constant) to type int`
		return 3
	default:
		return 4
	}
}

func typeSwitch(x any, y int, e error) {
	switch v := x.(type) { // ERROR "v declared and not used"
	case int, string:
	case int: // ERROR "duplicate case int in type switch"
	case nil:
	case nil: // ERROR "duplicate case nil in type switch"
	}
	switch v := x.(type) {
	case int:
		v++
	case []int:
		v[0] = 1
	default:
		_ = v
	}
	switch y.(type) { // ERROR "y (variable of type int) is not an interface"
	}
	switch e.(type) {
	case int: // ERROR "impossible type switch case: int"
	}
	switch _ := x.(type) { // ERROR "no new variable on left side of :="
	}
}

func unused() {
	a := 1 // ERROR "declared and not used: a"
	var b int // ERROR "declared and not used: b"
	c := 2 // ERROR "declared and not used: c"
	c = 3
	d := 4
	func() { d++; e := 5 }() // ERROR "declared and not used: e"
	for i := 0; ; { // ERROR "declared and not used: i"
	}
}

func assigns() {
	var x, y int
	x, y = 1 // ERROR "assignment mismatch: 2 variables but 1 value"
	x, y = 1, 2, 3 // ERROR "assignment mismatch: 2 variables but 3 values"
	x := 1 // ERROR "no new variables on left side of :="
	x, x := 1, 2 // ERROR "x repeated on left side of :="
	x.y := 1 // ERROR "non-name x.y on left side of :=" "x.y undefined (type int has no field or method y)"
	_ = nil // ERROR "use of untyped nil in assignment to _ identifier"
	x = "a" // ERROR `cannot use "a" (untyped string constant) as int value in assignment`
	x += "a" // ERROR `invalid operation: x += "a" (mismatched types int and untyped string)`
	"a"++ // ERROR `invalid operation: "a"++ (non-numeric type untyped string)`
	1 = x // ERROR "cannot assign to 1 (neither addressable nor a map index expression)"
	_, _ = x, y
	_ = _ // ERROR "cannot use _ as value or type"
}

func results() (a int, err error) {
	{
		err := error(nil)
		_ = err
		return // ERROR "result parameter err not in scope at return"
	}
	return 1 // ERROR "not enough return values"
	return 1, nil, 2 // ERROR "too many return values"
	return "", nil // ERROR `cannot use "" (untyped string constant) as int value in return statement`
}

func ranges(n int, s []string, c chan int, so chan<- int, f func(func(int) bool), g func(int)) {
	for i := range n {
		_ = i
	}
	for i, j := range n { // ERROR "range over n (variable of type int) permits only one iteration variable"
		_, _ = i, j
	}
	for i, v, w := range s { // ERROR "declared and not used: i" "declared and not used: v" "range clause permits at most two iteration variables"
	}
	for a, b := range c { // ERROR "range over c (variable of type chan int) permits only one iteration variable"
		_, _ = a, b
	}
	for range so { // ERROR "cannot range over so (variable of type chan<- int): receive from send-only channel chan<- int"
	}
	for i := range f {
		_ = i
	}
	for range g { // ERROR "cannot range over g (variable of type func(int)): func must be func(yield func(...) bool): argument is not func"
	}
	for i := range 1.5 { // ERROR "cannot range over 1.5 (untyped float constant)"
		_ = i
	}
	var str string // ERROR "declared and not used: str"
	for str = range s { // ERROR "cannot use str (value of type int) as string value in assignment"
	}
}

func selects(c chan int) {
	select {
	case c <- 1:
	case x := <-c:
		_ = x
	case 1 + 1: // ERROR "select case must be send or receive (possibly with assignment)"
	}
	if 1 { // ERROR "non-boolean condition in if statement"
	}
	for "a" { // ERROR "non-boolean condition in for statement"
	}
}
