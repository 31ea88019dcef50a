package b

import (
	"m/a"
	"m/c"
)

var P, Q = func() (int, int) { return c.Log("b.PQ", R), a.X }()
var _ = c.Log("b.blank", 1)

func init() { c.Log("b1.init", P) }
