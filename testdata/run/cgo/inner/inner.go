// Package inner has C of its own, in assembly.
package inner

// int answer(void);
import "C"

// Answer asks C.
func Answer() int { return int(C.answer()) }
