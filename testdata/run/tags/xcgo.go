//go:build cgo

package main

func init() { set = append(set, "cgo") }
