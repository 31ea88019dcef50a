//go:build purego

package main

func init() { set = append(set, "purego") }
