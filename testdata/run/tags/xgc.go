//go:build gc

package main

func init() { set = append(set, "gc") }
