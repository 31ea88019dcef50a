package p

type S struct{ f int }

func (*S) pm() {}

func one() int         { return 1 }
func two() (int, int)  { return 1, 2 }
func none()            {}

var (
	i   int
	u   uint
	s   string
	fl  float64
	b   bool
	sl  []int
	m   map[string]S
	ch  chan int
	ro  <-chan int
	so  chan<- int
	p   *S
	any interface{}
	fn  func()
)

func operators() {
	_ = i + s // ERROR "invalid operation: i + s (mismatched types int and string)"
	_ = i + 1.5 // ERROR "1.5 (untyped float constant) truncated to int"
	_ = s - s // ERROR "invalid operation: operator - not defined on s (variable of type string)"
	_ = -s // ERROR "invalid operation: operator - not defined on s (variable of type string)"
	_ = !i // ERROR "invalid operation: operator ! not defined on i (variable of type int)"
	_ = ^fl // ERROR "invalid operation: operator ^ not defined on fl (variable of type float64)"
	_ = fl % fl // ERROR "invalid operation: operator % not defined on fl (variable of type float64)"
	_ = i / 0 // ERROR "invalid operation: division by zero"
	_ = i && b // ERROR "invalid operation: i && b (mismatched types int and bool)"
	_ = sl == sl // ERROR "invalid operation: sl == sl (slice can only be compared to nil)"
	_ = fn == fn // ERROR "invalid operation: fn == fn (func can only be compared to nil)"
	_ = b < b // ERROR "invalid operation: b < b (operator < not defined on bool)"
	_ = nil == nil // ERROR "invalid operation: nil == nil (operator == not defined on untyped nil)"
	_ = i == nil // ERROR "invalid operation: i == nil (mismatched types int and untyped nil)"
	_ = p == any
	_ = p == i // ERROR "invalid operation: p == i (mismatched types *S and int)"
	_ = &one() // ERROR "invalid operation: cannot take address of one() (value of type int)"
	_ = &S{}
	_ = *i // ERROR "invalid operation: cannot indirect i (variable of type int)"
	_ = <-i // ERROR "invalid operation: cannot receive from non-channel int i (variable of type int)"
	_ = <-so // ERROR "invalid operation: cannot receive from send-only channel chan<- int so (variable of type chan<- int)"
	ro <- 1 // ERROR "invalid operation: cannot send to receive-only channel <-chan int ro (variable of type <-chan int)"
	ch <- s // ERROR "cannot use s (variable of type string) as int value in send"
}

func shifts() {
	_ = i << u
	_ = 1.0 << 3
	_ = 1.5 << 3 // ERROR "invalid operation: shifted operand 1.5 (untyped float constant) must be integer"
	_ = i << -1 // ERROR "invalid operation: negative shift count -1 (untyped int constant)"
	_ = i << 1.5 // ERROR "1.5 (untyped float constant) truncated to uint"
	_ = i << s // ERROR "invalid operation: shift count s (variable of type string) must be integer"
	_ = s << 1 // ERROR "invalid operation: shifted operand s (variable of type string) must be integer"
	_ = 1 << 2000 // ERROR "invalid operation: invalid shift count 2000 (untyped int constant)"
	var f float64 = 1 << u // ERROR "invalid operation: shifted operand 1 (type float64) must be integer"
	var x int64 = 1 << u
	_, _ = f, x
}

func constants() {
	const big = 1 << 100
	var x int = big // ERROR "cannot use big (untyped int constant 1267650600228229401496703205376) as int value in variable declaration (overflows)"
	var y uint8 = 255 + 1 // ERROR "cannot use 255 + 1 (untyped int constant 256) as uint8 value in variable declaration (overflows)"
	_ = uint8(255) + 1 // ERROR "uint8(255) + 1 (constant 256 of type uint8) overflows uint8"
	_ = uint8(1) - 2 // ERROR "uint8(1) - 2 (constant -1 of type uint8) overflows uint8"
	_ = int8(200) // ERROR "constant 200 overflows int8"
	_ = string(fl) // ERROR "cannot convert fl (variable of type float64) to type string"
	_ = []byte("x")[0] + 300 // ERROR "300 (untyped int constant) overflows byte"
	_, _ = x, y
}

func index() {
	_ = sl["a"] // ERROR `cannot convert "a" (untyped string constant) to type int`
	_ = sl[-1] // ERROR "invalid argument: index -1 (constant of type int) must not be negative"
	_ = "abc"[3] // ERROR "invalid argument: index 3 out of bounds [0:3]"
	_ = [2]int{}[2] // ERROR "invalid argument: index 2 out of bounds [0:2]"
	_ = i[0] // ERROR "cannot index i (variable of type int)"
	_ = sl[2:1] // ERROR "invalid slice indices: 1 < 2"
	_ = s[0:1:2] // ERROR "invalid operation: 3-index slice of string"
	_ = [2]int{}[:] // ERROR "cannot slice unaddressable value [2]int{} (value of type [2]int)"
	_ = m[1] // ERROR "cannot use 1 (untyped int constant) as string value in map index"
	m["x"].f = 1 // ERROR `cannot assign to struct field m["x"].f in map`
	s[0] = 'x' // ERROR "cannot assign to s[0] (neither addressable nor a map index expression)"
	one() = 2 // ERROR "cannot assign to one() (neither addressable nor a map index expression)"
}

func selectors() {
	_ = p.g // ERROR "p.g undefined (type *S has no field or method g)"
	_ = p.F // ERROR "p.F undefined (type *S has no field or method F, but does have field f)"
	S{}.pm() // ERROR "cannot call pointer method pm on S"
	_ = S.pm // ERROR "invalid method expression S.pm (needs pointer receiver (*S).pm)"
	_ = S.f // ERROR "operand for field selector f must be value of type S"
	_ = any.x // ERROR "any.x undefined (type interface{} has no field or method x)"
	_ = any.(S)
	_ = i.(int) // ERROR "invalid operation: i (variable of type int) is not an interface"
	_ = error(nil).(S) // ERROR "impossible type assertion: error(nil).(S)"
}

func values() {
	_ = two() // ERROR "assignment mismatch: 1 variable but two returns 2 values"
	_ = none() // ERROR "none() (no value) used as value"
	_ = len // ERROR "len (built-in) must be called"
	_ = S // ERROR "S (type) is not an expression"
	_ = one() + two() // ERROR "multiple-value two() (value of type (int, int)) in single-value context"
	_ = undef // ERROR "undefined: undef"
	i, s := two() // ERROR "declared and not used: i" "declared and not used: s"
	i = one // ERROR "cannot use one (value of type func() int) as int value in assignment"
	one // ERROR "one (value of type func() int) is not used"
	one() + 1 // ERROR "one() + 1 (value of type int) is not used"
	int(3) // ERROR "int(3) (constant 3 of type int) is not used"
	len(sl) // ERROR "len(sl) (value of type int) is not used"
	-one() // ERROR "-one() (value of type int) is not used"
	<-ch
}
