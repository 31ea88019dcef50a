package main

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
)

// Comparisons are -1, 0 or 1, never another difference.
func main() {
	words := []string{"", "a", "x", "ab", "abcdefgh", "abcdefghi", "abcdefgx", "abcdefghx"}
	for _, a := range words {
		for _, b := range words {
			fmt.Print(strings.Compare(a, b), bytes.Compare([]byte(a), []byte(b)), cmp.Compare(a, b), " ")
		}
		fmt.Println()
	}
}
