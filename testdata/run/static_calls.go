package main

import (
	"errors"
	"fmt"
	"strings"
)

// Variables whose initial values are calls of functions that only return an expression, and parts of arrays.

type trie struct{}

func (*trie) name() string { return "trie" }

type point struct {
	x, y int
	name string
	f    float32
	any  any
}

type label string

func newTrie(int) *trie                  { return &trie{} }
func newPoint(x int, name string) *point { return &point{x: x, y: x, name: name, f: 0.1, any: name} }
func nested(name string) *point          { return newPoint(7, name) }
func value(x uint8, f float32) point     { return point{x: int(len("abc")), f: f, any: x} }
func toLabel(s string) label             { return label(s) }
func toAny(s label) any                  { return s }
func stringer(s string) fmt.Stringer     { return &wrapped{s} }
func list(a, b string) []string          { return []string{a, b, a} }
func self(f float64) float64             { return f }
func pick() func(string) string          { return strings.ToUpper }
func recursive(n int) *point             { return recursive2(n) }
func recursive2(n int) *point            { return newPoint(n, "r") }
func swapped(a, b string) [2]string      { return [2]string{b, a} }
func unnamed(int, string) *int           { return &shared }
func blank(_ int, s string) string       { return s }
func variadic(a ...int) []int            { return a }
func effect(n int) int                   { order = append(order, fmt.Sprint("effect ", n)); return n }
func counted(n int) *int                 { counter++; return &counter }

type wrapped struct{ s string }

func (w *wrapped) String() string { return "<" + w.s + ">" }

var (
	counter int
	shared  = 5
	order   []string
)

var (
	errA           = errors.New("a")
	errB           = errors.New("a")
	anyErr     any = errors.New("c")
	errs           = []error{errors.New("x"), errors.New("y"), nil}
	byName         = map[string]error{"one": errors.New("one")}
	trie1          = newTrie(0)
	trie2          = newTrie(1)
	point1         = newPoint(3, "p")
	point2         = nested("q")
	value1         = value(200, 1.1)
	label1         = toLabel("l")
	any1           = toAny("s")
	stringer1      = stringer("t")
	anyS       any = stringer("u")
	list1          = list("a", "b")
	self1          = self(1 << 60)
	self32         = float32(self(0.1))
	pick1          = pick()
	rec1           = recursive(11)
	swap1          = swapped("1", "2")
	unnamed1       = unnamed(1, "")
	blank1         = blank(1, "kept")
	variadic1      = variadic(1, 2)
	effects        = []int{effect(1), effect(2)}
	counted1       = counted(1)
	table          = [4]int{1, 2, 3, 4}
	whole          = table[:]
	part           = table[1:3]
	inner          = struct{ a [2]string }{[2]string{"i", "j"}}
	innerSlice     = inner.a[:]
	empty      [0]int
	emptySlice = empty[:]
	deepSlices = struct{ v, w []int }{table[:], nil}
	str        = "abc"
	strSlice   = str[:]
	sliceSlice = whole[:]
)

func main() {
	fmt.Println(errA, errB, errA == errB, anyErr, errs, byName)
	fmt.Println(trie1.name(), trie2.name(), *trie1 == *trie2)
	fmt.Println(*point1, *point2, value1, label1, any1, stringer1, anyS)
	fmt.Printf("%T %T %T %T\n", any1, anyErr, value1.any, stringer1)
	fmt.Println(list1, self1, self32, pick1("up"), *rec1, swap1, *unnamed1, blank1, variadic1, effects, order)
	shared = 6
	point1.x = 9
	list1[0] = "z"
	fmt.Println(*unnamed1, *point1, list1, *counted1)
	table[2] = 33
	inner.a[1] = "k"
	fmt.Println(whole, len(whole), cap(whole), part, innerSlice, emptySlice == nil, len(emptySlice), deepSlices, strSlice, sliceSlice)
	whole = append(whole, 5)
	whole[0] = 100
	fmt.Println(whole, table)
}
