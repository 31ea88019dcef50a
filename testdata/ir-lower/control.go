package main

func sw(n int) int {
	switch n {
	case 1, 2:
		return 10
	case 3:
		fallthrough
	case 100:
		return 20
	}

	//ir main.sw
	//  switch v3 [1 b2, 2 b2, 3 b3, 100 b4] default b1
	//  jump b4
	return 0
}

func strSwitch(s string) int {
	switch s {
	case "a":
		return 1
	case "bcd":
		return 2
	}

	//ir main.strSwitch
	//  memequal
	return 0
}

type stringer interface{ String() string }

func typeSwitch(x any) string {
	switch v := x.(type) {
	case nil:
		return "nil"
	case int:
		_ = v
		return "int"
	case stringer:
		return v.String()
	}

	//ir main.typeSwitch
	//  extract
	//  @type:int
	//  call code
	//  @runtime.rt_itab
	return ""
}

func loop(n int) (s int) {
outer:
	for i := 0; i < n; i++ {
		for j := range n {
			if j == i {
				continue outer
			}

			//ir main.loop
			//  cmp slt
			//  cmp slt
			if j > 5 {
				break outer
			}
			s += j
		}
	}
	return
}

func jump(n int) int {
again:
	n--
	if n > 0 {
		goto again
	}

	//ir main.jump
	//  sub
	//  cmp sgt
	return n
}

func rangeString(s string) (n int) {
	for _, r := range s {
		n += int(r)
	}

	//ir main.rangeString
	//  @runtime.decoderune
	return
}

func rangeMap(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}

	//ir main.rangeMap
	//  zeromem
	//  @runtime.mapIterStart
	//  cmp eq
	//  @runtime.mapIterNext
	return
}

func rangeChan(c chan int) (n int) {
	for v := range c {
		n += v
	}

	//ir main.rangeChan
	//  @runtime.chanrecv2
	return
}

func rangeArray(a [8]int) (n int) {
	for _, v := range a {
		n += v
	}

	//ir main.rangeArray
	//  copy
	return
}

func rangePointer(p *[8]int) (n int) {
	for i := range p {
		n += i
	}

	//ir main.rangePointer
	//! nilcheck
	return
}

func sel(a, b chan int, v int) int {
	select {
	case x := <-a:
		return x
	case b <- v:
		return 1
	}

	// ir main.sel
	//
	//	@runtime.selectgo
}

func selDefault(a chan int) int {
	select {
	case x, ok := <-a:
		if ok {
			return x
		}

		//ir main.selDefault
		//  @runtime.selectnbrecv
		//! selectgo
	default:
	}
	return 0
}

func selOne(a chan int) int {
	select {
	case x := <-a:
		return x
	}

	// ir main.selOne
	//
	//	@runtime.chanrecv2
	//
	// ! selectgo
}

func selNone() {
	select {}

	// ir main.selNone
	//
	//	@runtime.block
	//	unreachable
}

func spawn(f func(int), x int) {
	go f(x)
	go func() { f(x) }()
}

//ir main.spawn
//  @main.spawn.gowrap1
//  @runtime.newproc
//  @main.spawn.func1
//  @runtime.newproc

func andOr(a, b, c bool) bool { return a && b || c }

//ir main.andOr
//  if
//  if

//ir main.spawn.gowrap1
//  closurectx
//  call closure

func main() {}
