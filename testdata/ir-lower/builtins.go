package main

import "unsafe"

func minMax(a, b int, x, y float64, s, t string) (int, float64, string) {
	return min(a, b, 3), max(x, y), min(s, t)
}

//ir main.minMax
//  smin
//  fmax
//  @runtime.cmpstring

func clearAll(m map[int]int, s []int) {
	clear(m)
	clear(s)
}

//ir main.clearAll
//  @runtime.mapclear
//  memclear

func lens(s []int, t string, a *[7]int, m map[int]int, c chan int) int {
	return len(s) + cap(s) + len(t) + len(a) + len(m) + len(c) + cap(c)
}

//ir main.lens
//  @runtime.chanlen
//  @runtime.chancap

func makes(n int) ([]int, map[string]int, chan int) {
	return make([]int, n, n+1), make(map[string]int, n), make(chan int, n)
}

//ir main.makes
//  makeslice
//  @runtime.makemap
//  @runtime.makechan

func small() []int {
	return make([]int, 3)
}

//ir main.small
//  new
//! makeslice

func copies(a, b []int, s string, t []byte) int {
	return copy(a, b) + copy(t, s)
}

//ir main.copies
//  memmove
//  memmove

func del(m map[string]int, k string) { delete(m, k) }

//ir main.del
//  @runtime.mapdelete_faststr

func closeIt(c chan int) { close(c) }

//ir main.closeIt
//  @runtime.closechan

func printIt(x int, s string, f float64) { println(x, s, f) }

//ir main.printIt
//  @runtime.printlock
//  @runtime.printint
//  @runtime.printsp
//  @runtime.printstring
//  @runtime.printsp
//  @runtime.printfloat64
//  @runtime.printnl
//  @runtime.printunlock

func cplx(a, b complex128) (float64, complex128, bool) {
	return real(a), a*b + a/b, a == b
}

//ir main.cplx
//  fmul
//  @runtime.complex128div
//  cmp feq
//  cmp feq

func mk(x, y float32) complex64 { return complex(x, y) }

//ir main.mk
//  aggregate

func news() (*int, *int) { return new(int), new(42) }

//ir main.news
//  new i64, @type:int
//  new i64, @type:int
//  store

func unsafes(p unsafe.Pointer, n int) ([]int, string, *int) {
	return unsafe.Slice((*int)(p), n), unsafe.String((*byte)(p), n), (*int)(unsafe.Add(p, n))
}

//ir main.unsafes
//  @runtime.panicunsafeslicelen
//  mulu64
//  @runtime.panicunsafeslicenilptr
//  @runtime.panicunsafestringlen
//  @runtime.panicunsafestringnilptr

func spread(a, b []int) []int { return append(a, b...) }

//ir main.spread
//  cmp ult
//  @runtime.growslice
//  memmove

func bytesOf(a []byte, s string) []byte { return append(a, s...) }

//ir main.bytesOf
//  @type:uint8
//  @runtime.growslice
//  memmove

func thrower(x any) { panic(x) }

//ir main.thrower
//  @runtime.gopanic
//  unreachable

func rec() any { return recover() }

//ir main.rec
//  parentframeaddr
//  @runtime.gorecover

func main() {}
