package main

func seq(yield func(int) bool) {}

func find(want int) (int, bool) {
	for x := range seq {
		if x == want {
			return x, true
		}
	}
	return 0, false
}

//ir main.find
//  new i64, @type:int
//  call @main.seq
//  @runtime.panicrangestate

//ir main.find-range1
//  closurectx
//  @runtime.panicrangestate
//  ret

func nestedExit() int {
	n := 0
outer:
	for x := range seq {
		for y := range seq {
			if y > x {
				continue outer
			}
			if y < 0 {
				break outer
			}
			n++
		}
	}
	return n
}

//ir main.nestedExit-range1
//  call @main.seq
//ir main.nestedExit-range1-range1
//  cmp sgt

func deferInBody() {
	for range seq {
		defer println("x")
	}
}

//ir main.deferInBody
//  "deferframe"
//  call @main.seq
//ir main.deferInBody-range1
//  new iface

func main() {}
