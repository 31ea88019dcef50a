//go:build math_big_pure_go

package main

func init() { set = append(set, "math_big_pure_go") }
