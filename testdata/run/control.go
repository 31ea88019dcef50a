// Switches of all kinds, labelled control flow, select, defer modifying results, goroutine-safe closures.
package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

//go:noinline
func id[T any](x T) T { return x }

func bigSwitch(n int) string {
	switch n {
	case 0:
		return "zero"
	case 1, 2, 3:
		return "few"
	case 10, 11, 12, 13, 14, 15, 16, 17, 18, 19:
		return "teens"
	case 100:
		fallthrough
	case 200:
		return "hundreds"
	case -5, -4:
		return "neg"
	case 1 << 40:
		return "huge"
	case 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111:
		n++
		fallthrough
	default:
		return fmt.Sprint("default ", n)
	case 300:
		return "three hundred"
	}
}

func strSwitch(s string) int {
	switch s {
	case "":
		return 0
	case "a", "b", "c":
		return 1
	case "aa":
		return 2
	case "ab", "ba":
		return 3
	case "abc", "abd", "abe", "abf", "bbc":
		return 4
	case "longer string here", "longer string there":
		return 5
	case "x\x00", "x":
		return 6
	}
	return -1
}

func noTag(x, y int) (s string) {
	switch {
	case x < y:
		s += "lt"
		if y > 10 {
			break
		}
		s += "!"
		fallthrough
	case x == 100:
		s += "|100"
	case x > y && y != 0, x == y:
		s += "ge"
	}
	switch z := x * 2; z {
	case y:
		s += "double"
	}
	switch x := any(x).(type) {
	case int:
		s += fmt.Sprint(x)
	}
	switch f := id(2.5); {
	case f > 2:
		s += "f"
	}
	switch {
	}
	switch x := 5; x {
	}
	return
}

func ifaceSwitch(v any) string {
	switch v {
	case 1:
		return "int 1"
	case "1":
		return "string 1"
	case nil:
		return "nil"
	case 2.5, int8(3):
		return "f or i8"
	case errX:
		return "errX"
	case [2]int{1, 2}:
		return "arr"
	}
	return "?"
}

var errX = errors.New("x")

type Stringer interface{ String() string }
type S1 struct{ a int }
type S2 int

func (s S1) String() string  { return fmt.Sprint("S1:", s.a) }
func (s *S2) String() string { return fmt.Sprint("S2:", *s) }

func typeSwitch(v any) string {
	switch x := v.(type) {
	case nil:
		return fmt.Sprint("nil", x)
	case int, uint:
		return fmt.Sprintf("int-like %T %v", x, x)
	case *int:
		*x++
		return fmt.Sprint("*int", *x)
	case error:
		return "error " + x.Error()
	case Stringer:
		return "stringer " + x.String()
	case func() int:
		return fmt.Sprint("func", x())
	case []any:
		r := ""
		for _, e := range x {
			r += typeSwitch(e) + ","
		}
		return r
	case map[string]any, chan<- int:
		return fmt.Sprintf("%T", x)
	case struct{ A, B int }:
		return fmt.Sprint(x.A + x.B)
	case [3]byte:
		x[0] = 'X'
		return string(x[:])
	}
	return fmt.Sprintf("unknown %T", v)
}

func loops() {
outer:
	for i := 0; ; i++ {
		switch {
		case i == 1:
			continue outer
		case i > 3:
			break outer
		}
		for j := range 10 {
			switch j {
			case 2:
				continue
			case 4:
				continue outer
			case 1:
				if i == 2 {
					break
				}
				fmt.Print("one ")
			default:
				fmt.Print(i, j, " ")
			}
		}
	}
	fmt.Println()
	n := 0
loop:
	if n < 3 {
		n++
		goto loop
	}
sel:
	select {
	default:
		if n == 3 {
			break sel
		}
		n = 200
	}
sw:
	switch n {
	case 3:
		for {
			break sw
		}
		n = 300
	}
	fmt.Println(n)
	for i := range 3 {
		defer func() { fmt.Print("deferred ", i, "\n") }()
	}
	var fs []func()
	for i, j := 0, 10; i < j; i, j = i+1, j-3 {
		fs = append(fs, func() { fmt.Print(i, j, ";"); i += 100 })
		if i == 1 {
			i++
			continue
		}
	}
	for _, f := range fs {
		f()
		f()
	}
	fmt.Println()
	for i := 0; i < 6; i++ {
		p := &i
		*p += 1
		fmt.Print(i)
	}
	for range 2 {
		fmt.Print("r")
	}
	for i := range uint8(3) {
		fmt.Printf("%T%d", i, i)
	}
	const c = 3
	for i := range c {
		fmt.Printf("%T", i)
	}
	var e [0]int
	for range e {
	}
	for i := range id(-3) {
		fmt.Println("never", i)
	}
	fmt.Println()
}

func results() (a int, b string, err error) {
	defer func() {
		a *= 2
		if r := recover(); r != nil {
			err = fmt.Errorf("r: %v", r)
			b += "recovered"
		}
	}()
	defer func() { a += 5; b = "x" + b }()
	a, b = 1, "y"
	if a == 1 {
		var z []int
		return z[a], "lost", nil
	}
	return 10, "z", nil
}

func shadowedResult() (x int) {
	defer func() { x++ }()
	{
		x := 5
		_ = x
		defer func() { x *= 100 }()
	}
	return func() int { x = 50; return 7 }()
}

func multiPanic() (s string) {
	defer func() { s = fmt.Sprint(recover(), s) }()
	defer func() {
		defer func() { s += fmt.Sprint("inner:", recover(), ";") }()
		panic("second")
	}()
	defer func() {
		panic("replaced")
	}()
	panic("first")
}

func goexit() {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer func() { fmt.Println("goexit recover:", recover()) }()
		func() {
			defer func() { fmt.Println("in goexit") }()
			runtime.Goexit()
		}()
		fmt.Println("never")
	}()
	wg.Wait()
}

func selects() {
	a, b := make(chan int, 1), make(chan string, 1)
	var nilc chan int
	for i := 0; i < 4; i++ {
		select {
		case a <- i:
			fmt.Print("sent ", i, " ")
		case v, ok := <-a:
			fmt.Print("got ", v, ok, " ")
			b <- "z"
		case s := <-b:
			fmt.Print("str ", s, " ")
		case <-nilc:
			panic("nil")
		case nilc <- 1:
			panic("nil")
		}
		select {
		case s := <-b:
			fmt.Print("b:", s, " ")
		default:
		}
	}
	close(b)
	x := []int{0, 0}
	i := 0
	c := make(chan int, 3)
	c <- 5
	c <- 6
	select {
	case x[func() int { i++; return i }()] = <-c:
	}
	var ok bool
	select {
	case x[0], ok = <-c:
	}
	select {
	case _, ok = <-b:
	}
	fmt.Println(x, i, ok)
	select {
	case <-time.After(time.Hour):
	case <-time.After(time.Millisecond):
		fmt.Println("timeout")
	}
	d := make(chan int)
	go func() {
		for i := range 3 {
			d <- i
		}
		close(d)
	}()
	for v := range d {
		fmt.Print(v)
	}
	v, more := <-d
	fmt.Println(v, more)
}

func main() {
	for _, n := range []int{0, 2, 4, 15, 20, 100, 200, 300, -5, -6, 1 << 40, 105, 111, 112} {
		fmt.Print(bigSwitch(n), " ")
	}
	fmt.Println()
	for _, s := range []string{"", "a", "c", "d", "aa", "ab", "ba", "abc", "abf", "abg", "bbc", "longer string here", "longer string there", "longer string where", "x", "x\x00", "x\x01"} {
		fmt.Print(strSwitch(s), " ")
	}
	fmt.Println()
	fmt.Println(noTag(1, 2), noTag(1, 20), noTag(5, 5), noTag(100, 0), noTag(3, 6))
	for _, v := range []any{1, "1", nil, 2.5, int8(3), errX, [2]int{1, 2}, int64(1), errors.New("x")} {
		fmt.Print(ifaceSwitch(v), " ")
	}
	fmt.Println()
	k, s2 := 4, S2(9)
	for _, v := range []any{nil, 1, uint(2), &k, errX, S1{3}, &S1{4}, &s2, s2, func() int { return 6 }, []any{1, nil, []any{"x"}}, map[string]any{}, make(chan<- int), struct{ A, B int }{1, 2}, [3]byte{'a', 'b'}, struct{}{}} {
		fmt.Print(typeSwitch(v), " ")
	}
	fmt.Println(k)
	loops()
	fmt.Println(results())
	fmt.Println(shadowedResult(), multiPanic())
	goexit()
	selects()
	var once sync.Once
	for range 3 {
		once.Do(func() { fmt.Println("once") })
	}
	go func() {
		defer fmt.Println("deferred in goroutine")
		var m map[string]error
		panic(fmt.Sprint(m["a"], errX))
	}()
	select {}
}
