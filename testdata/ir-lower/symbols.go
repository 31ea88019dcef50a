package main

import _ "unsafe"

// Directives that decide symbols and contents: linkname, embed, noinline, nosplit.

//go:linkname pulled other.path/pkg.Func
func pulled(x int) string

//go:linkname pushed runtime.pushedHere
func pushed(x int) int { return x }

//go:linkname opened
func opened() {}

//go:linkname theirs other.path/pkg.counter
var theirs int

func call() string {
	opened()
	theirs++
	return pulled(pushed(theirs))
}

//go:embed hello.txt
var hello string

//go:embed hello.bin
var raw []byte

//embed hello hello.txt Hello, file
//embed raw hello.bin \0bytes

//go:nosplit
func leaf(x int) int { return x + 1 }

func greet() (string, []byte, int) { return hello, raw, leaf(1) }

func main() {}

//ir main.call
//  call @main.opened
//  sym @other.path/pkg.counter
//  call @runtime.pushedHere (i64) -> (i64)
//  call @other.path/pkg.Func (i64) -> (string)

//ir runtime.pushedHere
//  external

// Another package may define it: any definition is as good.
//data other.path/pkg.counter
//  linkonce @other.path/pkg.counter size 8

//data main.hello
//  external @main.hello size 16 align 8 pointers { addr @"go:string.\"Hello, file\""+0, bytes "\x0b\x00\x00\x00\x00\x00\x00\x00" }

//data main.raw
//  external @main.raw size 24 align 8 pointers { addr @main..stmp_1+0, bytes "\x07\x00

//ir main.leaf
//  nosplit
