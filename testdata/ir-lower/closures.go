package main

var sink func() int

func byValue(x int) func() int {
	return func() int { return x }
}

//ir main.byValue
//  new string, @"type:struct { X0 unsafe.Pointer; X1 uintptr }"
//  @main.byValue.func1
//! new i64, @type:int

func byRef(x int) func() int {
	return func() int { x++; return x }
}

//ir main.byRef
//  new i64, @type:int
//  @main.byRef.func1

func none() func() int {
	return func() int { return 1 }
}

//ir main.none
//  sym @"main.none.func1\xc2\xb7f"
//! new

func perIteration() {
	for i := 0; i < 3; i++ {
		sink = func() int { i++; return i }
	}
}

// A copy of the variable is made before the post statement.
//ir main.perIteration
//  new i64, @type:int
//  @main.perIteration.func1
//  new i64, @type:int

func nested(a int) func() func() int {
	return func() func() int {
		return func() int { return a }
	}
}

//ir main.nested.func1
//  closurectx
//  @main.nested.func1.1

func direct() int {
	n := 1
	return func(k int) int { return k + n }(2)
}

//ir main.direct
//  call @main.direct.func1 closure

func main() {}
