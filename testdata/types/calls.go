package p

import "fmt"

type T struct{}

func (T) m(int) string { return "" }

func f0()                        {}
func f2(a int, b string) (x int) { return }
func fv(a int, rest ...string)   {}
func g2() (int, string)          { return 0, "" }

func calls(ss []string, is []int) {
	f0(1) // ERROR "too many arguments in call to f0"
	f2(1) // ERROR "not enough arguments in call to f2"
	f2("", 1) // ERROR `cannot use "" (untyped string constant) as int value in argument to f2` "cannot use 1 (untyped int constant) as string value in argument to f2"
	f2(g2())
	f2(g2(), 1) // ERROR "multiple-value g2() (value of type (int, string)) in single-value context" "cannot use 1 (untyped int constant) as string value in argument to f2"
	fv(1)
	fv(1, "a", "b")
	fv(1, ss...)
	fv(1, is...) // ERROR "cannot use is (variable of type []int) as []string value in argument to fv"
	fv(1, "a", ss...) // ERROR "too many arguments in call to fv"
	fv() // ERROR "not enough arguments in call to fv"
	f2(1, ss...) // ERROR "cannot use ... in call to non-variadic f2"
	T{}.m("") // ERROR `cannot use "" (untyped string constant) as int value in argument to T{}.m`
	T.m(T{}, 1)
	T.m(1, 1) // ERROR "cannot use 1 (untyped int constant) as T value in argument to T.m"
	3() // ERROR "invalid operation: cannot call 3 (untyped int constant): untyped int is not a function"
	int() // ERROR "missing argument in conversion to int"
	_ = int(1, 2) // ERROR "too many arguments in conversion to int"
	fmt.println("x") // ERROR "undefined: fmt.println (but have Println)"
	fmt.NoSuch() // ERROR "undefined: fmt.NoSuch"
	fmt // ERROR "use of package fmt not in selector"
	defer recover()
	defer int(3) // ERROR "defer requires function call, not conversion int(3) (constant 3 of type int)"
	go len(ss) // ERROR "go discards result of len(ss) (value of type int)"
	defer f0 // ERROR "expression in defer must be function call"
}

// Built-in functions.
func builtins(s []int, m map[string]int, c chan int, r <-chan int, a [3]int, x any) {
	_ = append(1, 2) // ERROR "invalid append: argument must be a slice; have 1 (untyped int constant)"
	_ = append(s, "") // ERROR `cannot use "" (untyped string constant) as int value in argument to append`
	_ = append([]byte{}, "abc"...)
	_ = append(s...) // ERROR "not enough arguments in call to append"
	_ = len(1) // ERROR "invalid argument: 1 (untyped int constant) for built-in len"
	_ = cap(m) // ERROR "invalid argument: m (variable of type map[string]int) for built-in cap"
	const n = len(a)
	_ = make(int) // ERROR "invalid argument: cannot make int: type must be slice, map, or channel"
	_ = make([]int) // ERROR "invalid operation: make([]int) expects 2 or 3 arguments; found 1"
	_ = make([]int, 2, 1) // ERROR "invalid argument: length and capacity swapped"
	_ = make([]int, -1) // ERROR "invalid argument: index -1 (constant of type int) must not be negative"
	_ = new(int)
	_ = new(42)
	_ = new(nil) // ERROR "use of untyped nil in argument to new"
	delete(m, 1) // ERROR "cannot use 1 (untyped int constant) as string value in argument to delete"
	delete(s, 1) // ERROR "invalid argument: s (variable of type []int) is not a map"
	close(s) // ERROR "invalid operation: cannot close non-channel s (variable of type []int)"
	close(r) // ERROR "invalid operation: cannot close receive-only channel r (variable of type <-chan int)"
	copy(s, "x") // ERROR `invalid copy: arguments s (variable of type []int) and "x" (untyped string constant) have different element types int and byte`
	copy(1, s) // ERROR "invalid copy: argument must be a slice; have 1 (untyped int constant)"
	clear(a) // ERROR "invalid argument: cannot clear a (variable of type [3]int): argument must be (or constrained by) map or slice"
	_ = min(1, "a") // ERROR `invalid argument: mismatched types untyped int (previous argument) and untyped string (type of "a")`
	_ = max(1, 2.5) + 1
	_ = min(s) // ERROR "invalid argument: s (variable of type []int) cannot be ordered"
	_ = complex(1, "") // ERROR `invalid operation: complex(1, "") (mismatched types untyped float and untyped string)`
	_ = real(1.5i)
	_ = real("") // ERROR "invalid argument: argument has type untyped string, expected complex type"
	panic() // ERROR "invalid operation: not enough arguments for panic() (expected 1, found 0)"
	panic(1, 2) // ERROR "invalid operation: too many arguments for panic(1, 2) (expected 1, found 2)"
	print(nil) // ERROR "use of untyped nil in argument to built-in print"
	_ = n
}
