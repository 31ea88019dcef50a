// Package vec has a function with a version of its own for amd64.
package vec

func Dot(a, b []float64) float64 {
	if len(a) != len(b) {
		panic("lengths differ")
	}
	return dot(a, b)
}

//go:noescape
func dot(a, b []float64) float64

func Name() string { return string(name[:]) }


var name = [5]byte{118, 101, 99, 33, 33}
