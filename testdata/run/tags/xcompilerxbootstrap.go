//go:build compiler_bootstrap

package main

func init() { set = append(set, "compiler_bootstrap") }
