package main

func done()

func plain() {
	defer done()
}

//ir main.plain
//  pad b
//  local l0 "deferframe"
//  frameaddr
//  @main.plain+0
//  sym @"main.done\xc2\xb7f"
//! new

func loop(n int) {
	for i := 0; i < n; i++ {
		defer println(i)
	}
}

//ir main.loop
//  @main.loop.deferwrap1
//  new iface, @"type:struct { X0 unsafe.Pointer; X1 unsafe.Pointer }"
//ir main.loop.deferwrap1
//  parentframeaddr
//  printint

func result() (n int) {
	defer func() { n++ }()
	return 3
}

// The variable lives in an object; the frame record holds its address.
//ir main.result
//  new i64, @type:int
//  padrecord

func rec() any { return recover() }

//ir main.rec
//  noinline
//  parentframeaddr
//  @runtime.gorecover

func main() {}
