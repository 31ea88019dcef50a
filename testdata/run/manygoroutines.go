// Over a thousand goroutines, so that later ones start on the smallest stacks, which grow at every kind of call: deep and
// wide frames, results in memory, reflection, deferred calls, panics and recovery.
package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
	"sync"
)

type big struct {
	a [20]int
	s string
}

//go:noinline
func small(n int) int {
	if n == 0 {
		return 1
	}
	return small(n-1) + 1
}

//go:noinline
func wide(n int, x big) big {
	var pad [40]int
	pad[n%40] = n
	x.a[n%20] += pad[n%40]
	if n > 0 {
		x = wide(n-1, x)
	}
	x.s += string(rune('a' + pad[n%40]%26))
	return x
}

//go:noinline
func huge(n int) (r int) {
	var pad [3000]byte
	for i := range pad {
		pad[i] = byte(n + i)
	}
	if n > 0 {
		r = huge(n - 1)
	}
	for i, b := range pad {
		if b != byte(n+i) {
			panic("clobbered")
		}
	}
	return r + int(pad[0])
}

//go:noinline
func floats(n int, a, b, c, d, e, f, g, h float64) (float64, float64, float64, float64, float64) {
	if n > 0 {
		a, b, c, d, e = floats(n-1, b, c, d, e, f, g, h, a)
	}
	return a + 1, b + 2, c + 3, d + 4, e + 5
}

//go:noinline
func guarded(n int) (s string) {
	defer func() {
		if r := recover(); r != nil {
			s = fmt.Sprint(s, "<", r, ">")
		}
	}()
	defer func() { s += strings.Repeat("d", small(n%9)) }()
	if n > 0 {
		s = guarded(n - 1)
	}
	if n%3 == 0 {
		panic(n)
	}
	return s
}

func reflected(n int) int {
	f := reflect.MakeFunc(reflect.TypeOf(small), func(in []reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(small(int(in[0].Int())) * 2)}
	})
	v := reflect.ValueOf(wide).Call([]reflect.Value{reflect.ValueOf(n), reflect.ValueOf(big{})})
	return f.Interface().(func(int) int)(n) + len(v[0].Interface().(big).s)
}

func sorted(n int) int {
	x := make([]int, 50)
	for i := range x {
		x[i] = i * n % 17
	}
	sort.Slice(x, func(i, j int) bool { return x[i]*small(i%5) < x[j]*small(j%5) || i < j && false })
	return len(x)
}

func main() {
	const parked, workers = 1500, 700
	gate := make(chan struct{})
	var idle sync.WaitGroup
	sum := make([]int, parked)
	for i := range parked {
		idle.Add(1)
		go func() {
			defer idle.Done()
			sum[i] = small(i % 7)
			<-gate
			sum[i] += small(i % 50)
		}()
	}
	kinds := []func(i int) string{
		func(i int) string { return fmt.Sprint(small(i * 3)) },
		func(i int) string { return wide(i%60, big{}).s },
		func(i int) string { return fmt.Sprint(huge(i % 30)) },
		func(i int) string { return fmt.Sprint(floats(i%70, 1, 2, 3, 4, 5, 6, 7, 8)) },
		func(i int) string { return guarded(i % 40) },
		func(i int) string { return fmt.Sprint(reflected(i % 30)) },
		func(i int) string { return fmt.Sprint(sorted(i)) },
	}
	out := make([][]string, len(kinds))
	for k, f := range kinds {
		out[k] = make([]string, workers)
		var wg sync.WaitGroup
		for i := range workers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				out[k][i] = f(i)
			}()
		}
		wg.Wait()
	}
	close(gate)
	idle.Wait()
	total := 0
	for _, s := range sum {
		total += s
	}
	fmt.Println(total)
	for k := range kinds {
		n := 0
		for i, s := range out[k] {
			for j, c := range s {
				n = (n*31 + int(c)*(j+1) + i) % 1000000007
			}
		}
		fmt.Println(k, n, out[k][39])
	}
}
