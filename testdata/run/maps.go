// Maps: NaN keys, interface keys, unhashable keys, deletion while ranging, big keys and values, struct keys with blanks, updates in place.
package main

import (
	"fmt"
	"math"
	"sort"
)

type key struct {
	a int8
	_ int32
	s string
	f float64
}
type arrKey [3]any
type iface interface{ M() }
type t1 struct{ x int }
type t2 struct{ x int }

func (t1) M()  {}
func (*t2) M() {}

func try(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			_, rt := r.(interface{ RuntimeError() })
			fmt.Println(what, "panics:", r, rt)
		} else {
			fmt.Println(what, "ok")
		}
	}()
	f()
}

func main() {
	m := map[float64]int{}
	nan := math.NaN()
	m[nan] = 1
	m[nan] = 2
	m[0] = 3
	m[math.Copysign(0, -1)] = 4
	fmt.Println(len(m), m[0], m[nan])
	_, ok := m[nan]
	delete(m, nan)
	n := 0
	for k, v := range m {
		if k != k {
			n += v
		}
	}
	fmt.Println(ok, len(m), n)
	clear(m)
	fmt.Println(len(m))

	im := map[any]string{1: "int", int8(1): "int8", "1": "string", 1.0: "float", [2]int{1, 2}: "array", t1{1}: "t1", nil: "nil", true: "bool", 1i: "c", 'a': "rune"}
	fmt.Println(im[1], im[int8(1)], im["1"], im[1.0], im[[2]int{1, 2}], im[t1{1}], im[nil], im[true], im[1i], im[int32('a')], im[uint8(1)] == "", len(im))
	try("slice key", func() { im[[]int{1}] = "x" })
	try("func key", func() { _ = im[func() {}] })
	try("map key delete", func() { delete(im, map[int]int(nil)) })
	try("struct with slice", func() { im[struct{ s []int }{}] = "" })
	try("array of any", func() { im[arrKey{1, []string{}, 2}] = "" })
	try("array of any ok", func() { im[arrKey{1, "x", 2}] = "arr" })
	try("empty map lookup", func() { _ = map[any]int{}[[]int{}] })
	try("nil map lookup", func() { var z map[any]int; _ = z[func() {}] })
	try("nil map store", func() { var z map[string]int; z["a"]++ })
	try("nil map delete", func() { var z map[string]int; delete(z, "q"); clear(z) })
	try("compare", func() { var a, b any = []int{}, []int{}; fmt.Println(a == b) })
	try("compare kinds", func() { var a, b any = []int{}, map[int]int{}; fmt.Println(a == b) })
	try("compare struct", func() {
		var a, b any = struct {
			x int
			f func()
		}{1, nil}, struct {
			x int
			f func()
		}{2, nil}
		fmt.Println(a == b)
	})
	fmt.Println(im[arrKey{1, "x", 2}])
	fm := map[iface]int{t1{1}: 1, &t2{1}: 2}
	p := &t2{1}
	fm[p] = 3
	fm[t1{1}] += 10
	fmt.Println(len(fm), fm[t1{1}], fm[p], fm[nil])

	km := map[key]int{{1, 0, "a", 0}: 1}
	km[key{a: 1, s: "a", f: math.Copysign(0, -1)}] += 5
	km[key{1, 0, "a", nan}] = 7
	fmt.Println(len(km), km[key{a: 1, s: "a"}])

	type bigV [40]int
	bm := map[[20]string]bigV{}
	var bk [20]string
	bk[19] = "x"
	v := bm[bk]
	v[39] = 9
	bm[bk] = v
	v[39] = 10
	fmt.Println(bm[bk][39], bm[[20]string{}][39], len(bm))
	bk[0] = "y"
	_, ok = bm[bk]
	fmt.Println(ok)

	d := map[int]int{}
	for i := 0; i < 1000; i++ {
		d[i] = i * i
	}
	seen := 0
	for k := range d {
		seen++
		if k%2 == 0 {
			delete(d, k)
			delete(d, k+1)
		} else {
			delete(d, k)
			delete(d, k-1)
		}
	}
	fmt.Println(seen, len(d))
	for i := 0; i < 100; i++ {
		d[i]++
	}
	for k := range d {
		d[k+1000] = 1
		if len(d) > 150 {
			break
		}
	}
	keys := []int{}
	for k := range d {
		if k < 100 {
			keys = append(keys, k)
		}
	}
	sort.Ints(keys)
	fmt.Println(len(keys), keys[0], keys[99])

	mm := map[string][]int{}
	mm["a"] = append(mm["a"], 1, 2)
	mm["a"][1]++
	mm["b"] = nil
	sm := map[string]struct{ x, y int }{"p": {1, 2}}
	s := sm["p"]
	s.x = 5
	sm["p"] = s
	fmt.Println(mm, sm, len(mm["zz"]))
	mp := map[string]*struct{ n int }{"a": {1}, "b": {n: 2}}
	mp["a"].n += 7
	fmt.Println(mp["a"].n, mp["b"].n)
	mf := map[string]func(int) int{"d": func(x int) int { return x * 2 }}
	fmt.Println(mf["d"](4))
	try("nil func in map", func() { mf["none"](1) })
	cm := map[[2]bool]map[rune]string{{true, false}: {'a': "A"}}
	cm[[2]bool{true, false}]['b'] = "B"
	fmt.Println(cm[[2]bool{true, false}], cm[[2]bool{}]['q'] == "")
	x, y := map[int]int{1: 2}, 1
	x[y], y = y+10, 5
	fmt.Println(x, y)
	x[1], x[2] = x[2], x[1]
	fmt.Println(x)
	i := 0
	next := func() int { i++; return i }
	x[next()] = next() * 10
	x[next()] += next()
	fmt.Println(x)
	type empty struct{}
	em := map[empty]int{{}: 1}
	em[empty{}]++
	set := map[string]struct{}{}
	set["a"] = struct{}{}
	_, in := set["a"]
	fmt.Println(em, set, in)
}
