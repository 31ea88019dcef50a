//go:build linux

package main

func init() { set = append(set, "linux") }
