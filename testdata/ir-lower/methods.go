package main

type base struct{ n int }

func (b *base) inc(k int) int { b.n += k; return b.n }
func (b base) get() int       { return b.n }

type outer struct {
	x int
	*base
}
type wrapper struct{ outer }
type getter interface{ get() int }

func value(o *outer) func() int { return o.get }

//ir main.value
//  nilcheck
//  nilcheck
//  new
//  @main.base.get-fm

func expr() func(*base, int) int { return (*base).inc }

//ir main.expr
//  @"main.(*base).inc\xc2\xb7f"
//! new

func promotedExpr() func(wrapper) int { return wrapper.get }

//ir main.promotedExpr
//  @"main.wrapper.get\xc2\xb7f"

func ifaceValue(g getter) func() int { return g.get }

//ir main.ifaceValue
//  nilcheck
//  @main.getter.get-fm

func ifaceExpr() func(getter) int { return getter.get }

//ir main.ifaceExpr
//  main.getter.get-expr

func call(w *wrapper) int { return w.inc(1) + w.get() }

//ir main.call
//  call @"main.(*base).inc"
//  nilcheck
//  nilcheck
//  call @main.base.get

func dynamic(g getter) int { return g.get() }

//ir main.dynamic
//  nilcheck
//  ptradd
//  24
//  call code

func toGetter(w wrapper) getter { return w }

//ir main.toGetter
//  @"go:itab.main.wrapper,main.getter"
//  new

func deferred(o *outer) (r int) {
	defer o.inc(2)
	return o.n
}

//ir main.deferred
//  frameaddr
//  @main.deferred.deferwrap1
//  call @"main.(*base).inc"
//  padrecord
//  call closure

func deferLoop(bs []*base) {
	for _, b := range bs {
		defer b.inc(1)
	}

	// ir main.deferLoop
	//
	//	new
	//	@main.deferLoop.deferwrap1
	//	padrecord
}

func variadic(xs ...int) int { return len(xs) }

func callVariadic(s []int) int { return variadic() + variadic(1, 2) + variadic(s...) }

//ir main.callVariadic
//  zero
//  call @main.variadic
//  new
//  call @main.variadic
//  call @main.variadic

func named() (a int, err error) {
	defer func() { a++ }()
	a = 5
	return a, nil
}

//ir main.named
//  new i64, @type:int
//  @main.named.func1
//  call closure
//  padrecord

func two() (int, string) { return 1, "x" }

func pass(a int, s string) {}

func spread() { pass(two()) }

//ir main.spread
//  call @main.two
//  call @main.pass

func swap(a []int, i, j int) { a[i], a[j] = a[j], a[i] }

//ir main.swap
//  bounds index
//  bounds index
//  bounds index
//  bounds index

//ir main.deferred.deferwrap1
//  getg
//  parentframeaddr
//  closurectx
//  call @"main.(*base).inc"

//ir main.wrapper.get
//  parentframeaddr
//  nilcheck
//  call @main.base.get

func main() {}
