package main

type iface interface{ M() }
type wide interface {
	M()
	N()
}
type impl struct{ x int }

func (i impl) M()  {}
func (i *impl) N() {}

func numeric(i int, u uint8, f float64) (int8, int64, float64, int, uint64, float32, uint32) {
	return int8(i), int64(u), float64(i), int(f), uint64(f), float32(f), uint32(f)
}

//ir main.numeric
//  conv trunc
//  conv zext
//  conv sinttofloat
//  conv floattosint
//  conv floattouint
//  conv floattrunc
//  conv floattouint

func unsignedToFloat(u uint64) float64 { return float64(u) }

//ir main.unsignedToFloat
//  conv uinttofloat

func strs(b []byte, s string, r rune, rs []rune) (string, []byte, string, []rune, string) {
	return string(b), []byte(s), string(r), []rune(s), string(rs)
}

//ir main.strs
//  @runtime.slicebytetostring
//  @runtime.stringtoslicebyte
//  @runtime.intstring
//  @runtime.stringtoslicerune
//  @runtime.slicerunetostring

func toIface(i impl) iface { return i }

//ir main.toIface
//  @"go:itab.main.impl,main.iface"
//  @runtime.convT64

func direct(i *impl) wide { return i }

//ir main.direct
//  @"go:itab.*main.impl,main.wide"
//! conv

func narrow(w wide) iface { return w }

//ir main.narrow
//  @type:main.iface
//  @runtime.assertE2I

func toAny(w wide) any { return w }

//ir main.toAny
//  cmp eq
//  load
//! call

func assertIface(x any) iface { return x.(iface) }

//ir main.assertIface
//  @runtime.assertE2I

func assertOk(x any) (iface, bool) {
	i, ok := x.(iface)
	return i, ok
}

//ir main.assertOk
//  cmp eq
//  @runtime.rt_itab

func assertConcrete(x iface) impl { return x.(impl) }

//ir main.assertConcrete
//  @type:main.impl
//  @runtime.panicdottypeI

func array(s []int) [4]int { return [4]int(s) }

//ir main.array
//  bounds sliceconvert
//  copy

func arrayPointer(s []int) *[4]int { return (*[4]int)(s) }

//ir main.arrayPointer
//  bounds sliceconvert
//! copy

func mapKey(m map[string]int, b []byte) int { return m[string(b)] }

//ir main.mapKey
//  @runtime.mapaccess1_faststr
//! slicebytetostring

func compareBytes(b []byte) bool { return string(b) == "x" }

//ir main.compareBytes
//  memequal
//! slicebytetostring

//ir main.(*impl).M
//  @runtime.panicwrap3
//  call @main.impl.M

func main() {}
