// Collection after every small growth: interior pointers, stacks, finalizers, cleanups.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"time"
	"unsafe"
)

type N struct {
	l, r *N
	v    int
	pad  [3]string
}

func tree(d int) *N {
	if d == 0 {
		return &N{v: 1}
	}
	return &N{tree(d - 1), tree(d - 1), d, [3]string{fmt.Sprint(d), strings.Repeat("a", d), "x"}}
}
func (n *N) sum() int {
	if n == nil {
		return 0
	}
	return n.v + len(n.pad[0]) + len(n.pad[1]) + n.l.sum() + n.r.sum()
}

//go:noinline
func interior(n int) *int {
	type big struct {
		a [100]int
		b string
	}
	x := make([]big, 10)
	x[9].a[99] = n
	return &x[9].a[99]
}

//go:noinline
func endslice(n int) []int {
	s := make([]int, n)
	s[n-1] = n
	s = s[:0:n]
	return s[:n][n:]
}

//go:noinline
func sub(n int) string {
	s := strings.Repeat("xyz", n)
	return s[len(s)-2:]
}

//go:noinline
func churn(n int) (t int) {
	for i := range n {
		b := make([]byte, i%5000+1)
		b[i%len(b)] = 1
		t += len(b)
	}
	return
}

//go:noinline
func regs(a, b, c, d *int, e []int, f map[string]*int, g func() *int, h any, i chan *int) int {
	x, y, z, w := new(int), new(int), new(int), new(int)
	*x, *y, *z, *w = *a, *b, *c, *d
	churn(200)
	i <- x
	p := g()
	runtime.GC()
	q := <-i
	return *x + *y*10 + *z*100 + *w*1000 + e[len(e)-1] + *f["k"] + *p + *h.(*int) + *q
}

type F struct{ name string }

var mu sync.Mutex
var finalized []string

func fin() {
	for i := range 5 {
		f := &F{fmt.Sprint("f", i)}
		runtime.SetFinalizer(f, func(f *F) { mu.Lock(); finalized = append(finalized, f.name); mu.Unlock() })
	}
	f := &F{"cleanup"}
	runtime.AddCleanup(f, func(s string) { mu.Lock(); finalized = append(finalized, s); mu.Unlock() }, "cl")
}

func smash(n int) int {
	var a [64]int
	for i := range a {
		a[i] = n
	}
	if n > 0 {
		return smash(n-1) + a[n%64]
	}
	return 0
}

type iface interface{ get() *int }
type im struct{ a, b *int }

func (i im) get() *int { return i.b }

func main() {
	debug.SetGCPercent(1)
	t := tree(14)
	p := interior(77)
	e := endslice(1000)
	s := sub(10000)
	k := 7
	var iv iface = im{new(int), &k}
	up := unsafe.Pointer(interior(88))
	m := map[string]*N{}
	for i := range 1000 {
		m[fmt.Sprint(i)] = &N{v: i}
	}
	mm := map[*N]map[int][]string{}
	for _, n := range m {
		mm[n] = map[int][]string{n.v: {fmt.Sprint(n.v)}}
	}
	var wg sync.WaitGroup
	ch := make(chan *N, 10)
	res := make(chan int, 10)
	for w := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			tt := tree(8)
			sum := 0
			for n := range ch {
				sum += n.sum()
			}
			churn(2000)
			res <- sum + tt.sum()*0 + w*0
		}()
	}
	for i := range 200 {
		ch <- tree(i % 6)
	}
	close(ch)
	wg.Wait()
	total := 0
	for range 4 {
		total += <-res
	}
	fmt.Println(total)
	one := 1
	fmt.Println(regs(&one, &one, &one, &one, []int{1, 2, 3}, map[string]*int{"k": &one}, func() *int { return &one }, &one, make(chan *int, 2)))
	churn(5000)
	runtime.GC()
	fmt.Println(t.sum(), *p, len(e), cap(e), s, *iv.get(), *(*int)(up))
	bad := 0
	for n, x := range mm {
		if m[fmt.Sprint(n.v)] != n || x[n.v][0] != fmt.Sprint(n.v) {
			bad++
		}
	}
	fmt.Println(len(mm), bad)
	fin()
	smash(50)
	for range 50 {
		runtime.GC()
		mu.Lock()
		n := len(finalized)
		mu.Unlock()
		if n >= 6 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	mu.Lock()
	sort.Strings(finalized)
	fmt.Println(finalized)
	mu.Unlock()
	// strings built in loops
	var parts []string
	for i := range 3000 {
		parts = append(parts, strings.ToUpper(fmt.Sprintf("p%d", i)))
	}
	j := strings.Join(parts, ",")
	fmt.Println(len(j), j[len(j)-5:])
	// closures chain
	f := func() int { return 0 }
	for i := range 1000 {
		g := f
		f = func() int { return g() + i }
	}
	runtime.GC()
	fmt.Println(f())
	// linked list w/ append growth
	var ss [][]*N
	for i := range 100 {
		ss = append(ss, nil)
		for j := range i {
			ss[i] = append(ss[i], &N{v: j})
		}
	}
	x := 0
	for _, s := range ss {
		for _, n := range s {
			x += n.v
		}
	}
	fmt.Println(x)
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	fmt.Println(ms.NumGC > 5, ms.HeapAlloc < 200<<20)
	os.Exit(0)
}
