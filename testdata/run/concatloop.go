package main

import "strings"

//go:noinline
func cut(s string) string { return s }

// The strings of one round are operands of the next: they must not share a buffer.
func grow(s string, n int) int {
	for i := 0; i < n; i++ {
		s = cut(string(append([]byte(s[:1]), byte('0'+len(s)))) + s + strings.ToLower(s))
	}
	sum := 0
	for i := range len(s) {
		sum = sum*31 + int(s[i])
		print(s[i], " ")
	}
	println()
	return sum
}

func runes(s string, n int) int {
	for range n {
		s = string([]rune(s + "é"))
	}
	println(s)
	return len(s)
}

func main() {
	println(grow("a", 1), grow("a", 2), grow("Ab", 2))
	println(runes("x", 3))
}
