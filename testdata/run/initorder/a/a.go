package a

import "m/c"

var X = c.Log("a.X", Y+1)
var Y = c.Log("a.Y", f())

func f() int { return z * 2 }

var z = c.Log("a.z", 5)

func init() { c.Log("a.init1", X) }
func init() { c.Log("a.init2", Y) }
