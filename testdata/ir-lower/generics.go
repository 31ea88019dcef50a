package main

type number interface{ ~int | ~float64 }

func sum[T number](xs []T) (t T) {
	for _, x := range xs {
		t += x
	}
	return
}

type pair[A, B any] struct {
	a A
	b B
}

func (p pair[A, B]) swap() pair[B, A] { return pair[B, A]{p.b, p.a} }

func (p *pair[A, B]) conv[C any](f func(A) C) C { return f(p.a) }

func callSum() (int, float64) { return sum([]int{1}), sum([]float64{2}) }

//ir main.callSum
//  call @"main.sum[int]"
//  call @"main.sum[float64]"

func callSwap(p pair[int, string]) pair[string, int] { return p.swap() }

//ir main.callSwap
//  call @"main.pair[int,string].swap"

func methodValue(p *pair[int, string]) func(func(int) bool) bool { return p.conv[bool] }

//ir main.methodValue
//  new
//  @"main.(*pair[int,string]).conv[bool]-fm"

func methodExpr() func(*pair[int, string], func(int) int8) int8 {
	return (*pair[int, string]).conv[int8]
}

//ir main.methodExpr
//  conv[int8]\xc2\xb7f

func typeSwitch[T any](x T) int {
	switch any(x).(type) {
	case int:
		return 1
	case []T:
		return 2
	}
	return 0
}

func useSwitch() int { return typeSwitch(3) + typeSwitch("s") }

func zero[T comparable](x T) bool {
	var z T
	return x == z
}

func useZero(p pair[int, string]) bool { return zero(p) && zero(1.5) }

//ir main.useZero
//  call @"main.zero[main.pair[int,string]]"
//  call @"main.zero[float64]"

func local[T any](x T) any {
	type box struct{ v T }
	return box{x}
}

func useLocal() (any, any) { return local(1), local("s") }

type shape interface{ area() float64 }

type sq float64

func (s sq) area() float64 { return float64(s * s) }

func total[S shape](s S) float64 { return s.area() }

func useTotal(s sq, i shape) float64 { return total(s) + total(i) }

func rec[T any](n int, x T) int {
	if n == 0 {
		return 0
	}
	return rec(n-1, x)
}

func useRec() int { return rec(3, 'x') }

//ir main.(*pair[int,string]).conv[bool]-fm
//  linkonce
//  closurectx
//  call @"main.(*pair[int,string]).conv[bool]"

//ir main.(*pair[int,string]).conv[bool]
//  linkonce
//  call closure v5 (i64) -> (bool)

//ir main.typeSwitch[int]
//  linkonce

//ir main.zero[float64]
//  cmp feq

//ir main.local[string]
//  type:main.box

//ir main.total[main.sq]
//  call @main.sq.area

//ir main.total[main.shape]
//  call code

//ir main.rec[int32]
//  call @"main.rec[int32]"

func main() {}
