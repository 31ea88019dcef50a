// An uncaught panic: message, exit status 2.
package main

import "fmt"

type e struct{ n int }

func (x e) Error() string { return fmt.Sprint("e", x.n) }

func f(n int) {
	if n == 0 {
		panic(fmt.Errorf("deep: %w", e{4}))
	}
	defer func() {
		if r := recover(); r != nil {
			panic(fmt.Sprint("again: ", r))
		}
	}()
	f(n - 1)
}

func main() {
	fmt.Println("before")
	f(2)
}
