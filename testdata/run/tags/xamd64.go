//go:build amd64

package main

func init() { set = append(set, "amd64") }
