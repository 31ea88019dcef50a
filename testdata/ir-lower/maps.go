package main

type key struct {
	a int
	s string
}

func get(m map[string]int, k string) int { return m[k] }

//ir main.get
//  @runtime.mapaccess1_faststr

func getOk(m map[int]string, k int) (string, bool) {
	v, ok := m[k]
	return v, ok
}

//ir main.getOk
//  @runtime.mapaccess2_fast64

func set(m map[key]int, k key) { m[k] = 1 }

//ir main.set
//  @"type:map[main.key]int"
//  @runtime.mapassign

func update(m map[int32]int, k int32) { m[k] += 2 }

//ir main.update
//  @runtime.mapaccess1_fast32
//  @runtime.mapassign_fast32

func appendTo(m map[string][]int, k string) { m[k] = append(m[k], 1) }

//ir main.appendTo
//  @runtime.mapaccess1_faststr
//  @runtime.growslice
//  @runtime.mapassign_faststr

func lit() map[string]int { return map[string]int{"a": 1, "b": 2} }

//ir main.lit
//  @runtime.rt_makemap
//  @runtime.mapassign_faststr
//  @runtime.mapassign_faststr

func send(c chan [3]int, v [3]int) { c <- v }

//ir main.send
//  @runtime.chansend1

func recv(c chan [3]int) ([3]int, bool) {
	v, ok := <-c
	return v, ok
}

//ir main.recv
//  @runtime.chanrecv2
//  copy

func eqStruct(a, b key) bool { return a == b }

//ir main.eqStruct
//  cmp eq
//  cmp eq
//  memequal

func eqArray(a, b [9]int) bool { return a == b }

//ir main.eqArray
//  memequal

func eqIface(a, b any) bool { return a == b }

//ir main.eqIface
//  cmp eq
//  @runtime.efaceeq

func eqMixed(a any, b int) bool { return a == b }

//ir main.eqMixed
//  @type:int
//  cmp eq
//! efaceeq

func eqNil(f func(), m map[int]int, a any) bool { return f == nil || m == nil || a == nil }

//ir main.eqNil
//  cmp eq
//! call

func lessString(a, b string) bool { return a < b }

//ir main.lessString
//  @runtime.cmpstring
//  cmp slt

func main() {}
