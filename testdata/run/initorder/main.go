package main

import (
	_ "m/a"
	"m/b"
	"m/c"
)

var a1 = c.Log("main.a1", b1+b.P)

func init() { c.Log("main.init", a1) }

var b1 = c.Log("main.b1", c1())

func c1() int { return d1 }

var d1 = c.Log("main.d1", b.Q)
var (
	x = y
	y = c.Log("main.y", 3)
	z = func() int { return x }()
)

func main() { c.Log("main", z) }

func init() { c.Log("main.init2", z) }
