package b

import "m/c"

var R = c.Log("b.R", S.m())

type s struct{ n int }

func (x s) m() int  { return T + x.n }
func (x *s) p() int { return U }

var S = s{c.Log("b.S", 1)}
var T = c.Log("b.T", 2)
var U = c.Log("b.U", len(names))
var names = map[string]int{"x": c.Log("b.names", V)}
var V = 10
var fn = (*s).p
var W = c.Log("b.W", fn(nil))
var arr = [...]int{c.Log("b.arr0", arr2[0]), 1}
var arr2 = []int{c.Log("b.arr2", 7)}
var cyc func() int = func() int { return W }
var iface interface{ m() int } = S
var G = gen[int](3)

func gen[T any](x T) T { _ = H; return x }

var H = c.Log("b.H", 8)

func init() { c.Log("b0.init", cyc()+iface.m()+G) }
