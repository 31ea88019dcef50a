// Slices to arrays: the check and its message.
package main

import "fmt"

//go:noinline
func f(s []int) [4]int { return [4]int(s) }

//go:noinline
func g(s []int) *[2]int { return (*[2]int)(s) }
func main() {
	fmt.Println(g([]int{1, 2, 3}), f([]int{1, 2, 3, 4, 5}), g(make([]int, 2)), (*[0]int)([]int(nil)) == nil, (*[0]int)([]int{}) == nil)
	defer func() { fmt.Println(recover()); g(nil) }()
	f([]int{1, 2, 3})
}
