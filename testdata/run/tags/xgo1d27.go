//go:build go1.27

package main

func init() { set = append(set, "go1.27") }
