// Command tour shows that a Go program of some variety works: it counts words in several
// goroutines and prints a table, JSON, dates and an error.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sort"
	"strings"
	"time"

	"example.org/tour/words"
)

const text = `The quick brown fox jumps over the lazy dog. The dog sleeps;
the fox doesn't. Über den Hund springt der Fuchs, the dog's own words say.`

func count(lines []string) *words.Counter[string] {
	var c words.Counter[string]
	done := make(chan int)
	for _, line := range lines {
		go func() {
			n := 0
			for w := range words.Split(line) {
				c.Add(w)
				n++
			}
			done <- n
		}()
	}
	total := 0
	for range lines {
		total += <-done
	}
	fmt.Printf("%d words in %d lines\n", total, len(lines))
	return &c
}

func recovered(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered: %v", r)
		}
	}()
	f()
	return nil
}

func main() {
	fmt.Printf("hello from %s, %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)

	top := count(strings.Split(text, "\n")).Top(3, strings.Compare)
	for _, e := range top {
		fmt.Printf("%-6s %s\n", e.Key, strings.Repeat("#", e.Count))
	}
	js, err := json.Marshal(map[string]any{"top": top, "pi": 3.14159, "ok": true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(js))

	start := time.Date(2009, time.November, 10, 23, 0, 0, 0, time.UTC)
	later := start.Add(36*time.Hour + 90*time.Second)
	fmt.Println(later.Format(time.RFC1123), later.Sub(start))

	names := []string{"Fuchs", "fox", "Hund", "dog"}
	sort.Slice(names, func(i, j int) bool { return strings.ToLower(names[i]) < strings.ToLower(names[j]) })
	fmt.Printf("%q\n", names)

	_, err = os.Open("no/such/file")
	fmt.Println(errors.Is(err, fs.ErrNotExist), err)
	fmt.Println(recovered(func() { _ = names[len(names)] }))

	timer := time.NewTimer(time.Millisecond)
	select {
	case <-timer.C:
		fmt.Println("tick")
	case <-time.After(time.Minute):
		fmt.Println("late")
	}
}
