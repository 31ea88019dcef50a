//go:build goexperiment.jsonv2

package main

func init() { set = append(set, "goexperiment.jsonv2") }
