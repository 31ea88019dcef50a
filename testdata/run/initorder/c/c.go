package c

import "fmt"

func Log(s string, v int) int { fmt.Println(s, v); return v }

var self = Log("c.self", 0)
