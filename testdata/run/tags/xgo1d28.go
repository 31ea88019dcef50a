//go:build go1.28

package main

func init() { set = append(set, "go1.28") }
