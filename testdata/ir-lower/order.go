package main

var g int

func f() int { g++; return g }

// Operands without calls are read after the calls of their siblings.
func binary(x *int) int { return *x + f() }

//ir main.binary
//  call @main.f
//  nilcheck
//  add

func tuple(a []int, i int) {
	i, a[i] = 1, 2
}

// The bounds check belongs to the second assignment.
//ir main.tuple
//  store
//  bounds index

func swap(a, b int) (int, int) {
	a, b = b, a
	return a, b
}

func mapOp(m map[string]int) {
	m["a"] /= g
}

// Read, compute (and panic), then assign.
//ir main.mapOp
//  mapaccess1_faststr
//  divcheck
//  sdiv
//  mapassign_faststr

func main() {}
