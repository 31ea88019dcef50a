package main

import (
	"errors"
	"fmt"
)

// recover works in a deferred call only, also where a function called later in the same place of the stack defers one.

func deep(n int) int {
	defer func() {
		if n == 0 {
			if e := recover(); e != nil {
				panic(fmt.Errorf("again: %w", e.(error)))
			}
		}
	}()
	if n > 0 {
		return deep(n-1) + 1
	}
	panic(errors.New("first"))
}

func main() {
	defer func() {
		fmt.Println("leaving main")
	}()
	defer func() {
		fmt.Println(recover())
		panic(errors.New("last"))
	}()
	deep(3)
}
