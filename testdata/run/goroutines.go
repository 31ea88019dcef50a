// Goroutines, channels, select, mutexes, wait groups, context, timers.
package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

func produce(n int) <-chan int {
	c := make(chan int)
	go func() {
		defer close(c)
		for i := range n {
			c <- i
		}
	}()
	return c
}

func main() {
	sum := 0
	for v := range produce(100) {
		sum += v
	}
	fmt.Println(sum)

	var wg sync.WaitGroup
	var mu sync.Mutex
	var n atomic.Int64
	m := map[int]int{}
	for i := range 50 {
		wg.Go(func() {
			for j := range 100 {
				n.Add(1)
				mu.Lock()
				m[(i+j)%7]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	total := 0
	for _, v := range m {
		total += v
	}
	fmt.Println(n.Load(), total, len(m))

	a, b, done := make(chan int, 3), make(chan string), make(chan struct{})
	go func() {
		for i := range 3 {
			a <- i
		}
		b <- "bee"
		close(done)
	}()
	got := 0
	for got >= 0 {
		select {
		case v := <-a:
			got += v + 1
		case s := <-b:
			fmt.Println(s)
		case <-done:
			fmt.Println("done", got)
			got = -1
		}
	}
	select {
	case v, ok := <-done:
		fmt.Println(v, ok)
	default:
		fmt.Println("default")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	<-ctx.Done()
	fmt.Println(ctx.Err())
	t := time.NewTimer(time.Hour)
	fmt.Println(t.Stop())
	var once sync.Once
	for range 3 {
		once.Do(func() { fmt.Println("once") })
	}
	res := make(chan error)
	go func() {
		defer func() { res <- fmt.Errorf("caught %v", recover()) }()
		var s []int
		_ = s[3]
	}()
	fmt.Println(<-res)
}
