package main

// Closures, defers and range-over-func bodies inside generic functions: one copy for each instance, their types those of the instance.

func keep[T any](x T) (func() T, func(T)) {
	return func() T { return x }, func(y T) { x = y }
}

func useKeep() {
	g, s := keep(1)
	h, _ := keep("s")
	s(g() + len(h()))
}

func each[T any](xs []T) func(func(int, T) bool) {
	return func(yield func(int, T) bool) {
		for i, x := range xs {
			if !yield(i, x) {
				return
			}
		}
	}
}

func index[T comparable](xs []T, want T) int {
	for i, x := range each(xs) {
		if x == want {
			return i
		}
	}
	return -1
}

func useIndex() int { return index([]string{"a"}, "a") + index([]float64{1}, 1) }

type list[T any] struct{ items []T }

func (l *list[T]) All() func(func(T) bool) {
	return func(yield func(T) bool) {
		for _, x := range l.items {
			if !yield(x) {
				return
			}
		}
	}
}

func (l *list[T]) Do(f func(T)) {
	defer func() { l.items = nil }()
	for x := range l.All() {
		f(x)
	}
}

func useList() {
	(&list[int8]{}).Do(func(int8) {})
	(&list[[2]string]{}).Do(func([2]string) {})
}

func nested[K comparable, V any](k K) func() func() map[K]V {
	return func() func() map[K]V {
		return func() map[K]V { return map[K]V{k: *new(V)} }
	}
}

func useNested() { nested[string, int]("k")()() }

func main() {}

// The variable is shared by both closures: one object.
//ir main.keep[int]
//  linkonce
//  v1: ptr = new i64, @type:int
//  @"main.keep[int].func1"
//  store v4, v1 barrier init
//  @"main.keep[int].func2"
//  store v7, v1 barrier init

//ir main.keep[int].func1
//  linkonce @"main.keep[int].func1" () -> (i64)
//  display "main.keep[...].func1"
//  closurectx

//ir main.keep[string].func2
//  linkonce @"main.keep[string].func2" (string) -> ()
//  store v3, v6 barrier

// The constant parameter is captured by value, state and result by reference.
//ir main.index[string]
//  call @"main.each[string]" (slice) -> (ptr)
//  sym @"main.index[string]-range1"
//  store v16, v12 barrier init
//  call closure v7 (ptr) -> ()
//  call @runtime.panicrangestate

//ir main.index[string]-range1
//  linkonce @"main.index[string]-range1" (i64, string) -> (bool)
//  intrinsic memequal

//ir main.index[float64]-range1
//  linkonce @"main.index[float64]-range1" (i64, f64) -> (bool)
//  cmp feq
//! memequal

//ir main.(*list[int8]).Do
//  linkonce @"main.(*list[int8]).Do" (ptr, ptr) -> () noinline
//  pad b
//  sym @"main.(*list[int8]).Do.func1"
//  call @"main.(*list[int8]).All"
//  sym @"main.(*list[int8]).Do-range1"
//  padrecord

//ir main.(*list[int8]).Do-range1
//  linkonce @"main.(*list[int8]).Do-range1" (i8) -> (bool)
//  call closure v14 (i8) -> ()

//ir main.(*list[[2]string]).Do-range1
//  linkonce

//ir main.(*list[int8]).Do.func1
//  zero
//  barrier

//ir main.nested[string,int].func1.1
//  linkonce @"main.nested[string,int].func1.1" () -> (ptr)
//  display "main.nested[...].func1.1"
//  sym @"type:map[string]int"
//  call @runtime.mapassign_faststr
