//go:build gccgo

package main

func init() { set = append(set, "gccgo") }
