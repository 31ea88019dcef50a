package p

type Number interface{ ~int | ~float64 }

type List[T any] struct {
	val  T
	next *List[T]
}

func (l *List[T]) Len() int      { return 0 }
func (l *List[T]) Map[U any](f func(T) U) *List[U] { return nil }
func (l *List[A, B]) bad()       {} // ERROR "receiver declares 2 type parameters, but receiver base type declares 1"
func (l List) bad2()             {} // ERROR "cannot use generic type List[T any] without instantiation"

func Sum[T Number](xs ...T) (s T) {
	for _, x := range xs {
		s += x
	}
	return
}

func Conv[To, From any](f From) (t To) { return }
func Pair[K comparable, V any](k K, v V) map[K]V { return map[K]V{k: v} }
func Apply[T, U any](xs []T, f func(T) U) (r []U) { return }

type Str string

func use(l *List[int]) {
	_ = Sum(1, 2)
	_ = Sum(1, 2.5)
	_ = Sum("a") // ERROR "string does not satisfy Number (string missing in ~int | ~float64)"
	_ = Sum[string]() // ERROR "string does not satisfy Number (string missing in ~int | ~float64)"
	_ = Conv[int]("x")
	_ = Conv("x") // ERROR "in call to Conv, cannot infer To (declared at ./generics.go:22:11)"
	_ = Conv[int, string, int]("x") // ERROR "got 3 type arguments but want 2"
	_ = Pair([]int{}, 1) // ERROR "[]int does not satisfy comparable"
	_ = Apply([]int{1}, func(int) string { return "" })
	_ = Apply([]int{1}, func(string) int { return 0 }) // ERROR "in call to Apply, type func(string) int of func(string) int {…} does not match inferred type func(int) U for func(T) U"
	var f func(int) int = Conv
	var g = Sum // ERROR "declared and not used: g" "cannot use generic function Sum without instantiation"
	var _ List // ERROR "cannot use generic type List[T any] without instantiation"
	var _ List[int, int] // ERROR "too many type arguments for type List: have 2, want 1"
	var _ Str[int] // ERROR "invalid operation: Str[int] (Str is not a generic type)"
	var _ Number // ERROR "cannot use type Number outside a type constraint: interface contains type constraints"
	_ = l.Map(func(i int) string { return "" }).Len()
	_ = l.Map[string](nil)
	_ = f
}

func body[T any, N Number, S ~[]E, E any](t T, n N, s S) {
	_ = t + t // ERROR "invalid operation: operator + not defined on t (variable of type T constrained by any)"
	_ = n + n
	_ = n << 1 // ERROR "invalid operation: shifted operand n (variable of type N constrained by Number) must be integer"
	_ = t == t // ERROR "invalid operation: t == t (incomparable types in type set)"
	_ = s[0]
	for range s {
	}
	_ = t.(int) // ERROR "invalid operation: cannot use type assertion on type parameter value t (variable of type T constrained by any)"
	switch t.(type) { // ERROR "cannot use type switch on type parameter value t (variable of type T constrained by any)"
	}
	var x T = nil // ERROR "cannot use nil as T value in variable declaration"
	_ = x
	_ = len(s) + cap(s)
}

type Bad1[P P] int // ERROR "cannot use a type parameter as constraint"
type Bad2[P any] P // ERROR "cannot use a type parameter as RHS in type declaration"
type Bad3[P any] struct{ P } // ERROR "embedded field type cannot be a (pointer to a) type parameter"
type Bad4[P ~Str] int // ERROR "invalid use of ~ (underlying type of Str is string)"
type Bad5 interface{ int | ~int } // ERROR "overlapping terms ~int and int"
type Alias[P any] = []P
type Loop[P any] struct{ f *Loop[Loop[P]] }
