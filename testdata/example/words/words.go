// Package words counts words.
package words

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
)

var word = regexp.MustCompile(`\pL+('\pL+)?`)

// A Counter counts values of any comparable type; it may be used by several goroutines.
type Counter[K comparable] struct {
	mu sync.Mutex
	n  map[K]int
}

// Add counts k once.
func (c *Counter[K]) Add(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = make(map[K]int)
	}
	c.n[k]++
}

// Entry is a value and how often it was counted.
type Entry[K any] struct {
	Key   K   `json:"key"`
	Count int `json:"count"`
}

// Top returns the n most frequent values; equally frequent ones are in the order of less.
func (c *Counter[K]) Top(n int, less func(a, b K) int) []Entry[K] {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]Entry[K], 0, len(c.n))
	for k, v := range c.n {
		all = append(all, Entry[K]{k, v})
	}
	slices.SortFunc(all, func(a, b Entry[K]) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), less(a.Key, b.Key))
	})
	return all[:min(n, len(all))]
}

// Split calls yield for every word of text, in lower case.
func Split(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, w := range word.FindAllString(text, -1) {
			if !yield(strings.ToLower(w)) {
				return
			}
		}
	}
}
