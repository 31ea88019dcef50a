//go:build unix

package main

func init() { set = append(set, "unix") }
