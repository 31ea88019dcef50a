package main

import (
	"fmt"
	"testing"
)

// Objects made by small constructors need no heap where they do not escape.

type digest struct {
	v1, v2, v3, v4 uint64
	total          uint64
	mem            [32]byte
	n              int
}

func newDigest() *digest { return newWithSeed(0) }

func newWithSeed(seed uint64) *digest {
	var d digest
	d.reset(seed)
	return &d
}

func (d *digest) reset(seed uint64) {
	d.v1 = seed + 11400714785074694791 + 14029467366897019727&0xffff
	d.v2 = seed + 14029467366897019727
	d.v3 = seed
	d.v4 = seed - 11400714785074694791
	d.total = 0
	d.n = 0
}

//go:noinline
func (d *digest) write(b []byte) (n int, err error) {
	d.total += uint64(len(b))
	d.n += copy(d.mem[d.n&31:], b)
	return len(b), nil
}

func (d *digest) sum() uint64 { return d.v1 ^ d.v2 ^ d.v3 ^ d.v4 ^ d.total ^ uint64(d.mem[0]) }

type point struct{ x, y, z int }

func (p *point) set(q *point) *point { *p = *q; return p }

var identity = &point{0, 1, 1}

func newIdentity() *point { return new(point).set(identity) }

type scalar struct{ s [4]uint64 }

// Bytes is small, so that the array can be the caller's.
func (s *scalar) Bytes() []byte {
	var encoded [32]byte
	return s.bytes(&encoded)
}

//go:noinline
func (s *scalar) bytes(out *[32]byte) []byte {
	for i, v := range s.s {
		out[8*i] = byte(v)
	}
	return out[:]
}

func pick(b bool) *point {
	p := &point{1, 2, 3}
	if b {
		p = &point{4, 5, 6}
	}
	return p
}

var (
	kept *digest
	sink uint64
)

func keep(d *digest) { kept = d }

func allocs(what string, f func()) { fmt.Println(what, testing.AllocsPerRun(100, f)) }

func main() {
	b := []byte("asdf")
	allocs("digest", func() {
		d := newDigest()
		d.write(b)
		sink = d.sum()
	})
	allocs("kept", func() {
		d := newDigest()
		d.write(b)
		keep(d)
	})
	p := &point{}
	allocs("identity", func() { p.set(newIdentity()) })
	s := &scalar{[4]uint64{1, 2, 3, 4}}
	allocs("bytes", func() {
		for i, v := range s.Bytes() {
			sink += uint64(i) * uint64(v)
		}
	})
	allocs("pick", func() { p.set(pick(p.x == 0)) })
	a, c := newDigest(), newDigest()
	a.write(b)
	fmt.Println(a == c, a.n, c.n, sink > 0, s.Bytes()[8], kept.n, *p)
	var list []*point
	for i := range 3 {
		q := newIdentity()
		q.x = i
		list = append(list, q)
	}
	fmt.Println(*list[0], *list[1], *list[2])
}
