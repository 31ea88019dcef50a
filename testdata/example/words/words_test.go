package words

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestTop(t *testing.T) {
	var c Counter[string]
	for w := range Split("b a c a b a") {
		c.Add(w)
	}
	got := fmt.Sprint(c.Top(2, strings.Compare))
	if want := "[{a 3} {b 2}]"; got != want {
		t.Errorf("Top = %s, want %s", got, want)
	}
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", nil},
		{"punctuation", "Don't, panic!", []string{"don't", "panic"}},
		{"letters", "Größe 1 δ", []string{"größe", "δ"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := slices.Collect(Split(tt.text)); !slices.Equal(got, tt.want) {
				t.Errorf("Split(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func ExampleSplit() {
	for w := range Split("One two, two") {
		fmt.Println(w)
	}
	// Output:
	// one
	// two
	// two
}
