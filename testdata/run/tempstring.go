package main

import (
	"fmt"
	"strconv"
)

// Strings converted for one use may lie in the frame; those that are kept must not change.

//go:noinline
func look(s string, n int) byte { return s[n] }

//go:noinline
func same(s string) string { return s }

var kept []string

type pair struct{ a, b string }

func rounds(b []byte) (last string, list []pair) {
	prev := ""
	for i := range 4 {
		b[0] = 'a' + byte(i)
		s := string(b)
		fmt.Print(look(s, 0), " ", prev+s, " ")
		prev = s
		if look(string(b), 0) == 'c' {
			last = same(string(b))
		}
		list = append(list, pair{string(b), strconv.Itoa(i) + string(b)})
	}
	fmt.Println()
	return
}

func main() {
	b := []byte("hello")
	n, err := strconv.Atoi(string([]byte("123")))
	fmt.Println(n, err)
	_, err = strconv.Atoi(string(b))
	b[0] = 'X'
	fmt.Println(err)
	last, list := rounds(b)
	kept = append(kept, string(b), string([]rune{'ä', 'ö'}), string(rune('x'+n-123)))
	m := map[string]int{}
	for i := range 3 {
		b[1] = '0' + byte(i)
		m[string(b)+"-"] = i
		m[string(b)] += i
	}
	b[0], b[1] = 'Q', 'Q'
	fmt.Println(last, list, kept, m)
	c := make(chan string, 3)
	for i := range 3 {
		b[2] = '0' + byte(i)
		c <- string(b)
	}
	fmt.Println(<-c, <-c, <-c)
	bs := []byte("short" + kept[0])
	rs := []rune(string(b))
	rs[0]++
	fmt.Println(string(bs), len(rs), string(rs))
	var e any = string(b)
	b[0] = 'Z'
	fmt.Println(e, func() string { return string(b) + "!" }())
}
