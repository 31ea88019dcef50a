// Bursts of goroutines with pauses between them, in which the pages of their stacks may be given back: the next burst runs on
// the same stacks.
package main

import (
	"fmt"
	"sync"
	"time"
)

func deep(n int, c <-chan int) int {
	var pad [24]int
	pad[n%24] = n
	if n == 0 {
		return <-c
	}
	return deep(n-1, c) + pad[n%24]
}

func main() {
	for r := 0; r < 3; r++ {
		var wg sync.WaitGroup
		var mu sync.Mutex
		c := make(chan int)
		sum := 0
		const n = 6000
		for i := 0; i < n; i++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				v := deep(i%40, c)
				mu.Lock()
				sum += v
				mu.Unlock()
			}()
		}
		for i := 0; i < n; i++ {
			c <- i
		}
		wg.Wait()
		fmt.Println(r, sum)
		time.Sleep(1200 * time.Millisecond)
	}
}
