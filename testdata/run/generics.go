// Type parameters, constraints, inference, generic methods' receivers, iterators.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
	"strings"
)

type number interface {
	~int | ~int64 | ~float64
}

func sum[T number](xs ...T) (s T) {
	for _, x := range xs {
		s += x
	}
	return
}

type list[T any] struct {
	head *node[T]
	n    int
}

type node[T any] struct {
	v    T
	next *node[T]
}

func (l *list[T]) push(v T) { l.head = &node[T]{v, l.head}; l.n++ }

func (l *list[T]) all() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		i := 0
		for n := l.head; n != nil; n = n.next {
			if !yield(i, n.v) {
				return
			}
			i++
		}
	}
}

func mapTo[T, U any](xs []T, f func(T) U) []U {
	out := make([]U, 0, len(xs))
	for _, x := range xs {
		out = append(out, f(x))
	}
	return out
}

type pair[K cmp.Ordered, V any] struct {
	key K
	val V
}

func (p pair[K, V]) String() string { return fmt.Sprintf("<%v=%v>", p.key, p.val) }

func sorted[K cmp.Ordered, V any](m map[K]V) []pair[K, V] {
	var out []pair[K, V]
	for k, v := range m {
		out = append(out, pair[K, V]{k, v})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].key < out[j].key })
	return out
}

type celsius float64

type shape interface{ area() float64 }
type sq struct{ s float64 }
type rect struct {
	sq
	h float64
}

func (s sq) area() float64   { return s.s * s.s }
func (r rect) area() float64 { return r.s * r.h }

type myErr struct{ code int }

func (e *myErr) Error() string { return fmt.Sprint("code ", e.code) }

func find(l *list[string], want string) (int, bool) {
	for i, v := range l.all() {
		if v == want {
			return i, true
		}
	}
	return 0, false
}

func main() {
	fmt.Println(sum(1, 2, 3), sum(1.5, 2), sum[celsius](20, 1.5))
	var l list[string]
	for _, w := range strings.Fields("the quick brown fox") {
		l.push(w)
	}
	for i, v := range l.all() {
		if i == 3 {
			break
		}
		fmt.Print(i, v, " ")
	}
	fmt.Println(l.n)
	fmt.Println(find(&l, "quick"))
	fmt.Println(mapTo([]int{1, 2, 3}, func(i int) string { return strings.Repeat("x", i) }))
	fmt.Println(sorted(map[string]int{"b": 2, "a": 1, "c": 3}))
	fmt.Printf("%v %T\n", pair[int, bool]{1, true}, pair[int, bool]{})
	ks := slices.Sorted(maps.Keys(map[int]bool{3: true, 1: true, 2: false}))
	fmt.Println(ks, slices.Max(ks), min(3, 1, 2), max("a", "b"))
	for _, s := range []shape{sq{2}, rect{sq{2}, 5}, &rect{sq{1}, 7}} {
		switch v := s.(type) {
		case sq:
			fmt.Print("sq ", v.s)
		case rect:
			fmt.Print("rect ", v.h)
		default:
			fmt.Printf("%T", v)
		}
		fmt.Println(" ", s.area())
	}
	err := fmt.Errorf("wrapped: %w", &myErr{7})
	var me *myErr
	fmt.Println(err, errors.As(err, &me), me.code)
	next, stop := iter.Pull(slices.Values([]int{10, 20}))
	fmt.Println(next())
	fmt.Println(next())
	fmt.Println(next())
	stop()
}
