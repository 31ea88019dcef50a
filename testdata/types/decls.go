package p

import "unsafe"

// Redeclaration.
var a int
var a string // ERROR "a redeclared in this block"

func f() {}
type f int // ERROR "f redeclared in this block"

// Numbers of names and values.
var b, c = 1 // ERROR "assignment mismatch: 2 variables but 1 value"
var d, e int = 1, 2, 3 // ERROR "extra init expr 3"
const g, h = 1 // ERROR "missing init expr for h"
const i = 1, 2 // ERROR "extra init expr 2"
const j // ERROR "missing init expr for j"

// Inherited constant expressions: errors belong to the constant.
const (
	k0 uint8 = 254 + iota
	k1
	k2 // ERROR "cannot use 254 + iota (untyped int constant 256) as uint8 value in constant declaration (overflows)"
)

const l = f // ERROR "f (value of type func()) is not constant"
const m []int = nil // ERROR "invalid constant type []int"
var n = nil // ERROR "use of untyped nil in variable declaration"
var o = iota // ERROR "cannot use iota outside constant declaration"

func init() int { return 0 } // ERROR "func init must have no arguments and no return values"
var init = 1 // ERROR "cannot declare init - must be func"

// Cycles.
type T1 T1 // ERROR "invalid recursive type: T1 refers to itself"
type T2 struct{ t T2 } // ERROR "invalid recursive type: T2 refers to itself"
type T3 [2]T4 // ERROR "invalid recursive type T3"
type T4 struct{ t T3 }
type T5 struct{ t *T5 }
type T6 [unsafe.Sizeof(T6{})]int // ERROR "invalid recursive type: T6 refers to itself"
type A1 = A2 // ERROR "invalid recursive type A1"
type A2 = A1
var v1 = v2 // ERROR "initialization cycle for v1"
var v2 = v1
const c1 = c2 // ERROR "initialization cycle for c1"
const c2 = c1

// Methods.
type M struct{ x int }
func (M) x() {} // ERROR "field and method with the same name x"
func (M) y() {}
func (*M) y() {} // ERROR "method M.y already declared at ./decls.go:51:10"
func (int) z() {} // ERROR "cannot define new methods on non-local type int"
func (unsafe.Pointer) z() {} // ERROR "cannot define new methods on non-local type unsafe.Pointer"
type P *M
func (P) z() {} // ERROR "invalid receiver type P (pointer or interface type)"
func (undefinedType) z() {} // ERROR "undefined: undefinedType"

// Structs.
type S struct {
	a int
	a string // ERROR "a redeclared"
	*P // ERROR "embedded field type cannot be a pointer"
	*error // ERROR "embedded field type cannot be a pointer to an interface"
	unsafe.Pointer // ERROR "embedded field type cannot be unsafe.Pointer"
}

// Interfaces.
type I interface {
	m()
	m(int) // ERROR "duplicate method m"
	_() // ERROR "methods must have a unique non-blank name"
}

type Map map[[]int]string // ERROR "invalid map key type []int"
type Arr [n]int // ERROR "invalid array length n"
type Neg [-1]int // ERROR "invalid array length -1 (untyped int constant)"
