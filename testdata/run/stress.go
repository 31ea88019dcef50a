// Allocation, channels, timers, select, finalizers, cleanups, weak pointers, panics and deep stacks together; each round must have the same result.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"weak"
)

type node struct {
	l, r *node
	v    int
	s    string
	m    map[int]*node
}

func tree(d, seed int) *node {
	if d == 0 {
		return nil
	}
	n := &node{v: seed, s: strconv.Itoa(seed)}
	n.l = tree(d-1, seed*2)
	n.r = tree(d-1, seed*2+1)
	if d == 3 {
		n.m = map[int]*node{seed: n.l, seed + 1: n.r}
	}
	return n
}

func (n *node) sum() int {
	if n == nil {
		return 0
	}
	if n.s != strconv.Itoa(n.v) {
		fail("node", n.v, n.s)
	}
	for k, x := range n.m {
		if x != nil && x.v/2 != n.v || k < n.v {
			fail("map", k, n.v)
		}
	}
	return n.v + n.l.sum() + n.r.sum()
}

func fail(a ...any) {
	fmt.Println(append([]any{"FAILED:"}, a...)...)
	os.Exit(1)
}

var finalized, cleaned, made atomic.Int64

type res struct {
	id   int
	data *node
}

func finals(seed int) {
	made.Add(1)
	r := &res{seed, tree(3, 1)}
	want := r.data.sum()
	runtime.SetFinalizer(r, func(r *res) {
		if r.data.sum() != want {
			fail("finalizer", r.id)
		}
		finalized.Add(1)
	})
	c := &res{seed, tree(2, 1)}
	runtime.AddCleanup(c, func(id int) {
		if id != seed {
			fail("cleanup", id)
		}
		cleaned.Add(1)
	}, seed)
	w := weak.Make(c)
	if p := w.Value(); p != nil && p != c {
		fail("weak", seed)
	}
	runtime.KeepAlive(c)
	q := weak.Make(&res{id: seed})
	for i := 0; i < 3; i++ {
		if p := q.Value(); p != nil && p.id != seed {
			fail("weak value", p.id, seed)
		}
		runtime.Gosched()
	}
}

func deep(n int, x *node) int {
	var pad [64]int
	pad[n%64] = n
	if n == 0 {
		return x.v
	}
	r := deep(n-1, x)
	return r + pad[n%64] - n
}

func panics(n int) (r any) {
	defer func() { r = recover() }()
	defer func() {
		if n%2 == 0 {
			panic(fmt.Sprint("again ", n))
		}
	}()
	deep(n%200, &node{v: n})
	panic(n)
}

func pipeline(n int) int {
	a, b := make(chan *node), make(chan *node, 3)
	go func() {
		for i := 1; i <= n; i++ {
			a <- tree(3, i)
		}
		close(a)
	}()
	go func() {
		for x := range a {
			b <- x
		}
		close(b)
	}()
	s := 0
	for x := range b {
		s += x.sum()
	}
	return s
}

func selects(n int) int {
	c := [3]chan *node{make(chan *node), make(chan *node, 1), make(chan *node, 5)}
	var wg sync.WaitGroup
	for i := range c {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 1; k <= n; k++ {
				c[i] <- tree(2, k)
			}
		}()
	}
	s := 0
	t := time.NewTimer(time.Minute)
	for got := 0; got < 3*n; got++ {
		t.Reset(time.Minute)
		select {
		case x := <-c[0]:
			s += x.sum()
		case x := <-c[1]:
			s += x.sum()
		case x := <-c[2]:
			s += x.sum()
		case <-t.C:
			fail("timeout")
		}
	}
	wg.Wait()
	return s
}

func timers(n int) int {
	var got atomic.Int64
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		x := tree(2, i+1)
		f := time.AfterFunc(time.Duration(i%5)*100*time.Microsecond, func() {
			got.Add(int64(x.sum()))
			wg.Done()
		})
		if i%3 == 0 && f.Stop() {
			f.Reset(time.Duration(i%7) * 50 * time.Microsecond)
		}
		time.After(time.Duration(i) * time.Millisecond) // dropped
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+i%3)*200*time.Microsecond)
		if i%2 == 0 {
			<-ctx.Done()
		}
		cancel()
	}
	wg.Wait()
	// A function that sets its own timer again.
	var again *time.Timer
	k := 0
	done := make(chan bool)
	ready := make(chan bool)
	again = time.AfterFunc(0, func() {
		<-ready
		if k++; k < 20 {
			again.Reset(0)
		} else {
			close(done)
			return
		}
		ready <- true
	})
	go func() { ready <- true }()
	<-done
	return int(got.Load())
}

func round(seed int) string {
	var wg sync.WaitGroup
	var out [8]int
	do := func(i int, f func() int) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			out[i] = f()
		}()
	}
	do(0, func() int { return pipeline(20) })
	do(1, func() int { return selects(10) })
	do(2, func() int { return timers(20) })
	do(3, func() int { return tree(10, 1).sum() })
	do(4, func() int {
		s := 0
		for i := 0; i < 30; i++ {
			finals(i)
			s += deep(i*20, &node{v: i})
		}
		return s
	})
	do(5, func() int {
		s := 0
		for i := 0; i < 20; i++ {
			switch x := panics(i).(type) {
			case int:
				s += x
			case string:
				s += len(x)
			}
		}
		return s
	})
	do(6, func() int {
		var mu sync.Mutex
		cond := sync.NewCond(&mu)
		turn, s := 0, 0
		var in sync.WaitGroup
		for i := 0; i < 5; i++ {
			in.Add(1)
			go func() {
				defer in.Done()
				for k := 0; k < 10; k++ {
					mu.Lock()
					for turn%5 != i {
						cond.Wait()
					}
					turn++
					s += tree(2, turn).sum()
					cond.Broadcast()
					mu.Unlock()
				}
			}()
		}
		in.Wait()
		return s
	})
	do(7, func() int {
		s := 0
		for i := 0; i < 50; i++ {
			b := make([]*node, 0)
			for k := 0; k < 50; k++ {
				b = append(b, tree(1, k+1))
			}
			x := append([]byte(nil), make([]byte, 40000+i)...)
			s += len(x)
			for _, n := range b {
				s += n.sum()
			}
		}
		return s
	})
	wg.Wait()
	return fmt.Sprint(out)
}

func main() {
	first := round(0)
	for n := 1; n < 4; n++ {
		if r := round(n); r != first {
			fail("round", n, r, first)
		}
	}
	for i := 0; i < 100 && (finalized.Load() < made.Load()*9/10 || cleaned.Load() < made.Load()*9/10); i++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	fmt.Println(first)
	fmt.Println(finalized.Load() >= made.Load()*9/10, cleaned.Load() >= made.Load()*9/10)
}
