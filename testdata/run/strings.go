// Strings with invalid UTF-8, conversions, comparisons, concatenation, indexing errors, slices to arrays.
package main

import (
	"fmt"
	"strings"
	"unsafe"
)

func try(f func()) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Printf("%v (%T)\n", r, r)
		}
	}()
	f()
}

//go:noinline
func id[T any](x T) T { return x }

type T struct{ s string }

func main() {
	for _, s := range []string{"", "a\x00b", "\xff\xfe", "é\xe9", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "日本\x80語", "\xc0\x80", "\U0010ffff", "a\u0301"} {
		for i, r := range s {
			fmt.Print(i, ":", r, " ")
		}
		fmt.Println(len(s), []rune(s), []byte(s), string([]rune(s)) == s)
		n := 0
		for range s {
			n++
		}
		for i := range s {
			n += i
		}
		fmt.Println(n, strings.ToValidUTF8(s, "?"))
	}
	a, b := id("abc"), id("abd")
	fmt.Println(a < b, a <= b, a > b, a >= b, a == b, a != b, a < a+"x", "" < a, a[:2] == b[:2], a+b+"z"+a, a+"" == a)
	var cat string
	for i := range 20 {
		cat += string(rune('a'+i)) + fmt.Sprint(i)
	}
	fmt.Println(cat, len(cat))
	bs := []byte(cat)
	s2 := string(bs)
	bs[0] = 'Z'
	fmt.Println(s2[:3], string(bs[:3]))
	m := map[string]int{"key": 1}
	k := []byte("key")
	fmt.Println(m[string(k)], string(k) == "key", string(k)+"x" > "key")
	switch string(k) {
	case "kex":
		fmt.Println("no")
	case "key":
		fmt.Println("switch on bytes")
	}
	for i, c := range []byte("hé") {
		fmt.Print(i, c, " ")
	}
	fmt.Println()
	i, j, big := id(5), id(2), id(1<<62)
	arr := [4]int{1, 2, 3, 4}
	sl := arr[:]
	try(func() { _ = a[i] })
	try(func() { _ = a[-j+1:] })
	try(func() { _ = a[i:] })
	try(func() { _ = a[:i] })
	try(func() { _ = a[j : j-1] })
	try(func() { _ = a[3:]; fmt.Println("empty ok", len(a[3:])) })
	try(func() { _ = sl[i] })
	try(func() { sl[-j] = 1 })
	try(func() { _ = arr[i] })
	try(func() { _ = sl[:i] })
	try(func() { _ = sl[i:] })
	try(func() { _ = sl[j:1] })
	try(func() { _ = sl[:j:i] })
	try(func() { _ = sl[:i:4] })
	try(func() { _ = sl[3:j:3] })
	try(func() { _ = arr[j:i] })
	try(func() { _ = (&arr)[i:] })
	try(func() { _ = sl[uint64(1<<63)+uint64(j):] })
	try(func() { _ = sl[uint8(200)+uint8(j)] })
	try(func() { _ = sl[big] })
	try(func() { _ = make([]int, -j) })
	try(func() { _ = make([]int, j, j-1) })
	try(func() { _ = make([]int, big) })
	try(func() { _ = make([]struct{}, big)[big-1]; fmt.Println("zero-size ok") })
	try(func() { _ = make(chan int, -j) })
	try(func() { _ = make(map[int]int, -j); fmt.Println("map hint ok") })
	try(func() { _ = [2]int(sl); fmt.Println([2]int(sl), [0]int(sl), *(*[4]int)(sl)) })
	try(func() { _ = [5]int(sl) })
	try(func() { _ = (*[5]int)(sl) })
	try(func() {
		p := (*[0]int)([]int(nil))
		fmt.Println(p == nil)
		q := (*[0]int)([]int{})
		fmt.Println(q == nil)
	})
	try(func() { p := (*[2]int)(sl[1:]); p[0] = 99; fmt.Println(arr) })
	try(func() { x := [3]int(sl); x[0] = -1; fmt.Println(arr, x) })
	try(func() { fmt.Println(id(1) / (i - 5)) })
	try(func() { fmt.Println(id(1) % (i - 5)) })
	try(func() { var p *T; fmt.Println(p.s) })
	try(func() { var p *[10]int; p[id(3)] = 1 })
	try(func() { var p **int; **p = 1 })
	try(func() { var f func(); f() })
	try(func() { panic(fmt.Errorf("custom %d", 1)) })
	try(func() { panic(nil) })
	try(func() { var c chan int; close(c) })
	try(func() { c := make(chan int); close(c); close(c) })
	try(func() { c := make(chan int, 1); close(c); c <- 1 })
	try(func() { _ = unsafe.Slice((*int)(nil), j) })
	try(func() { _ = unsafe.Slice(&arr[0], -j) })
	try(func() { _ = unsafe.String((*byte)(nil), j) })
	try(func() {
		fmt.Println(unsafe.Slice((*int)(nil), 0) == nil, unsafe.String(&k[0], 3), unsafe.StringData("abc") != nil)
	})
	p := unsafe.Pointer(&arr)
	p2 := (*int)(unsafe.Add(p, unsafe.Sizeof(arr[0])*2))
	*p2 = 1234
	us := unsafe.Slice(&arr[1], 3)
	us[2]++
	fmt.Println(arr, *unsafe.SliceData(sl), len(us), cap(us))
	h := (*[2]uint32)(unsafe.Pointer(&[]uint64{1<<32 | 5}[0]))
	fmt.Println(h[0], h[1])
}
