package main

var table = [...]int{1, 2, 3}

var names = map[string]int{"x": 1}

var ptr = &table

var later = earlier() + 1

var fn = earlier

var str = "hello"

var iface any = 5

var nested = struct {
	a []string
	p *[2]int8
}{[]string{"a", "b"}, &[2]int8{1, 2}}

func earlier() int { return len(table) }

func init() { later++ }

//ir main.init
//  wrapper
//  call @main.init.vars
//  call @main.init.0

//ir main.init.vars
//  display "main.init"
//  @runtime.rt_makemap
//  @runtime.mapassign_faststr
//  call @main.earlier
//! @main.table
//! @main.nested

func bigLit() [100]int { return [100]int{5: 1, 99: 2} }

//ir main.bigLit
//  zeromem
//  int 1
//  int 2

func structLit(x int) struct {
	a, b int
	c    [3]int
} {
	return struct {
		a, b int
		c    [3]int
	}{b: x}

	// ir main.structLit
	//
	//	zeromem
}

func sliceLit(x int) []int { return []int{1, 2, x} }

//ir main.sliceLit
//  new
//  store
//  store
//  store

func ptrLit(x int) *struct{ a, b int } { return &struct{ a, b int }{b: x} }

//ir main.ptrLit
//  new
//  store

func constLit() []string { return []string{"a", "b"} }

//ir main.constLit
//  new
//  store

func global(i int) int {
	table[i]++
	return table[i]
}

//ir main.global
//  @main.table
//  bounds index

func main() {}
