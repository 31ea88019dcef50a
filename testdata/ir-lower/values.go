package main

import "unsafe"

type big struct {
	a [4]int
	s string
}

type small struct {
	a int
	p *int
}

func copyBig(b big) big {
	c := b
	c.a[1] = 2
	return c
}

//ir main.copyBig
//  copy

func field(p *big, i int) int { return p.a[i] }

//ir main.field
//  nilcheck
//  bounds index
//  ptrindex

func constIndex(p *[4]int) int { return p[3] }

//ir main.constIndex
//  nilcheck
//! bounds

func toIface(x int, s small, q *int) (any, any, any) { return x, s, q }

//ir main.toIface
//  @runtime.convT64
//  new

func constIface() any { return 300 }

//ir main.constIface
//  @type:int
//  @go:const.
//! call

func assert(x any) (int, bool) {
	n, ok := x.(int)
	return n, ok
}

//ir main.assert
//  @type:int
//  cmp eq

func cat(a, b, c string) string { return a + "-" + b + c }

//ir main.cat
//  @runtime.concatstring4

func strEq(a string) bool { return a == "abc" }

//ir main.strEq
//  memequal

func shift(x uint8, n int) uint8 { return x << n }

//ir main.shift
//  shiftcheck
//  shl

func div(x, y int) int { return x/y + x/3 }

//ir main.div
//  divcheck
//  sdiv
//  sdiv

func app(s []int, x int) []int { return append(s, x, 2) }

//ir main.app
//  cmp ult
//  @runtime.growslice

func slice(s []int, i, j int) []int { return s[i:j] }

//ir main.slice
//  bounds sliceacap
//  bounds sliceb

func asString(b []byte) bool { return string(b) == "x" }

//ir main.asString
//! @runtime.slicebytetostring

func ptr(p unsafe.Pointer, n uintptr) unsafe.Pointer { return unsafe.Pointer(uintptr(p) + n) }

//ir main.ptr
//  ptrtoint
//  inttoptr

func sw(s string) int {
	switch s {
	case "a", "b", "cc", "dd", "ee":
		return 1
	case "fff", "ggg":
		return 2
	case "hhhh":
		return 3
	}
	return 0
}

//ir main.sw
//  switch
//  memequal

func dead() {
	const debug = false
	if debug {
		println("never")
	}
}

//ir main.dead
//! printlock

func main() {}

type quad struct{ a, b, c, d int }

func newQuad() *quad { return &quad{1, 2, 3, 4} }

// Copied from static data: a value, not its address.
//ir main.newQuad
//  new t
//  @main..stmp_
//  load

func typeSwitch(x any) int {
	switch y := x.(type) {
	case int:
		return y
	case int8, int16:
		return 2
	case string:
		return len(y)
	case []byte:
		return len(y)
	case error:
		return 3
	}
	return 0
}

// Concrete types in a row by hash, the interface behind them.
//ir main.typeSwitch
//  switch
//  atomicload
//  @runtime.rt_itab
