// Shifts, division, conversions, complex numbers, min and max at their edges.
package main

import (
	"fmt"
	"math"
	"math/bits"
	"math/cmplx"
	"strconv"
)

//go:noinline
func v[T any](x T) T { return x }

func shifts[T ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int | ~uint](x T) {
	for _, n := range []uint{0, 1, 7, 8, 15, 16, 31, 32, 63, 64, 65, 127, 128, 255, 256, 1 << 32, 1 << 63, math.MaxUint64} {
		fmt.Print(x<<n, " ", x>>n, " ", x<<uint8(n), " ", x>>uint8(n), " ")
	}
	for _, n := range []int8{0, 1, 7, 8, 100, 127} {
		fmt.Print(x<<n, " ", x>>n, " ")
	}
	fmt.Println()
}

func divs[T ~int8 | ~int16 | ~int32 | ~int64 | ~int](min T) {
	for _, a := range []T{min, min + 1, -1, 0, 1, -7, 7, -min - 1} {
		for _, b := range []T{min, -1, 1, 2, -2, 3, -3, 7, 10, 16, -16} {
			fmt.Print(a/b, " ", a%b, " ")
		}
	}
	fmt.Println()
	for _, a := range []T{min, min + 1, -1, 0, 1, -7, 7, -min - 1} {
		fmt.Print(a/1, a/-1, a%-1, a/2, a%2, a/-2, a/3, a%3, a/-3, a/7, a%7, a/10, a%10, a/16, a%16, a/-16, a%-16, a/100, a%100, " ")
	}
	fmt.Println()
}

func f2i(x float64) {
	fmt.Println(x, int64(x), int32(x), int16(x), int8(x), uint64(x), uint32(x), uint16(x), uint8(x), int(x), uint(x), uintptr(x), float32(x))
	y := float32(x)
	fmt.Println(y, int64(y), int32(y), int16(y), int8(y), uint64(y), uint32(y), uint16(y), uint8(y))
}

func i2f(x int64) {
	fmt.Println(float64(x), float32(x), float64(uint64(x)), float32(uint64(x)), float32(uint32(x)), float64(uint32(x)), float32(int32(x)), float64(int8(x)), float32(uint16(x)))
}

func try(f func()) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Println(r)
		}
	}()
	f()
}

func main() {
	shifts(int8(-77))
	shifts(uint8(0xa5))
	shifts(int16(-30000))
	shifts(uint16(0xa5a5))
	shifts(int32(-2000000000))
	shifts(uint32(0xdeadbeef))
	shifts(int64(math.MinInt64 + 12345))
	shifts(uint64(0xdeadbeefcafebabe))
	divs(int8(math.MinInt8))
	divs(int16(math.MinInt16))
	divs(int32(math.MinInt32))
	divs(int64(math.MinInt64))
	divs(int(math.MinInt))
	for _, x := range []float64{0, math.Copysign(0, -1), 1.5, -1.5, 127.9, 128, 255.9, 256, -128.9, -129, 32767.5, 65535.9, 65536, 2147483647.5, 2147483648, -2147483648.9, -2147483649, 4294967295.9, 4294967296, 9.2233720368547748e18, 9223372036854775807, 9223372036854775808, -9223372036854775808, 1.8446744073709550e19, 18446744073709551615, 1e20, -1e20, math.Inf(1), math.Inf(-1), math.NaN(), 1e300, 5e-324, -0.999} {
		f2i(v(x))
	}
	for _, x := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1<<53 + 1, 1<<62 + 1, 1<<24 + 1, -(1<<24 + 1), 1<<63 - 513, 1<<63 - 512, -1 << 40, 0x7fffffbfffffffff, 0x7fffff4000000001, 0x4000004000000001} {
		i2f(v(x))
	}
	inf, nan, nz := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	cs := []complex128{0, 1, -1, 1i, complex(inf, 0), complex(0, inf), complex(nan, 1), complex(inf, nan), complex(nz, nz), 3 + 4i, 1e300 + 1e300i, complex(inf, -inf), 1e-320 + 1e-320i}
	for _, a := range cs {
		for _, b := range cs {
			fmt.Print(a*b, " ", a/b, " ", a+b, " ", a-b, " ", a == b, " ", -a, " ")
		}
		fmt.Println(cmplx.Abs(a), cmplx.Sqrt(a), complex64(a)*complex64(3+1i), complex64(a)/complex64(1+1i))
	}
	try(func() { var z complex128; fmt.Println(v(complex128(1))/z, z/z) })
	fs := []float64{0, nz, 1, -1, inf, -inf, nan, 2.5}
	for _, a := range fs {
		for _, b := range fs {
			fmt.Print(min(a, b), max(a, b), min(a, 0, b), max(a, 1, b), " ", min(float32(a), float32(b)), a < b, a <= b, a == b, a != b, a > b, !(a < b), " ")
			if a < b {
				fmt.Print("L")
			} else if a >= b {
				fmt.Print("G")
			}
			fmt.Print(math.Mod(a, b), math.Pow(a, b), a/b, a*b, " ")
		}
		fmt.Println()
	}
	fmt.Println(min("b", "a", "c"), max("b", v("bb")), min(v(3), 2, 1), max(uint8(3), v(uint8(200))))
	var u8 uint8 = 255
	u8++
	var i8 int8 = 127
	i8++
	fmt.Println(u8, i8, -i8, ^i8, -v(int64(math.MinInt64)), v(uint32(5))-v(uint32(6)), v(int16(300))*v(int16(300)), ^v(uint16(1)), v(6)&^v(3), v(-7)>>1, v(-7)/2, v(-7)%3, v(uint8(7))-8)
	const big = 1 << 100
	fmt.Println(big>>98, float64(big), big/3>>90, float32(1<<24+1), int64(math.MaxInt64), uint64(math.MaxUint64), 0x1p-1074, 1e400/1e399, 'a'+1, "s"+"t", 7.0/2, 7/2, 1<<3.0, len([10]int{}), 5.0 == 5, 1/3.0)
	fmt.Println(bits.Mul64(v(uint64(math.MaxUint64)), v(uint64(math.MaxUint64))))
	fmt.Println(bits.Add64(v(uint64(math.MaxUint64)), 1, 1))
	fmt.Println(bits.Sub64(v(uint64(0)), 1, 1))
	fmt.Println(bits.Div64(v(uint64(5)), 6, 7))
	try(func() { fmt.Println(bits.Div64(v(uint64(5)), 6, 5)) })
	try(func() { fmt.Println(bits.Div64(v(uint64(5)), 6, 0)) })
	fmt.Println(bits.LeadingZeros8(v(uint8(0))), bits.TrailingZeros16(v(uint16(0))), bits.Len32(v(uint32(0))), bits.OnesCount64(v(uint64(math.MaxUint64))), bits.ReverseBytes32(v(uint32(0x12345678))), bits.RotateLeft8(v(uint8(0x81)), -1), bits.RotateLeft32(v(uint32(0x81)), 100), bits.Reverse16(v(uint16(0x1234))))
	for _, x := range []float64{0.5, 1.5, 2.5, -0.5, -1.5, nz, inf, nan, 4503599627370497.5, 0.49999999999999994, 1e300} {
		fmt.Print(math.Round(x), math.RoundToEven(x), math.Floor(x), math.Ceil(x), math.Trunc(x), math.Sqrt(x), math.Abs(x), math.Copysign(x, -1), math.FMA(x, x, 1), math.Signbit(x), " ")
	}
	fmt.Println()
	for _, s := range []string{"1e309", "0x1p-1075", "4.9e-324", "2.2250738585072011e-308", "1_000", "0b101", "-0", "nan", "+Inf", "9223372036854775808", "1.7976931348623159e308"} {
		f, err := strconv.ParseFloat(s, 64)
		f3, err3 := strconv.ParseFloat(s, 32)
		i, err2 := strconv.ParseInt(s, 0, 64)
		fmt.Println(f, err, f3, err3, i, err2)
	}
	var x, y, z float32 = 16777216, 1, -16777216
	fmt.Println(v(x)+v(y)+v(z), v(x)*v(y)+v(z), float32(v(0.1))*v(float32(3)), v(float32(0.1))+v(float32(0.2)))
	a, b, c := v(0.1), v(10.0), v(-1.0)
	fmt.Println(a*b+c, float64(a*b)+c, a*b-1, math.FMA(a, b, c))
	var arr [4]float64
	for i := range arr {
		arr[i] += v(1.1) * float64(i)
	}
	fmt.Println(arr)
	for i := uint8(250); i >= 250; i++ {
		fmt.Print(i, " ")
	}
	for i := range uint8(3) {
		fmt.Print(i, " ")
	}
	for i := range v(int8(-3)) {
		fmt.Print(i, "never")
	}
	var i64 int64 = -1
	fmt.Println(uint32(i64), uint8(i64), int64(uint32(i64)), uint64(int32(i64)), int64(int8(v(200))), uint64(v(int8(-2))), rune(v(int64(1)<<40+65)))
	fmt.Println(string(rune(v(65))), string(rune(-1)), string(rune(0xd800)), string(rune(v(0x10ffff+1))), []rune("a\xffé\xe2\x82"), []byte("é"), string([]rune{0x10ffff, -5, 0xdfff, 'x'}), string([]byte{0xff, 'a'}))
	for i, r := range "a\xffé\xe2\x82x\xf0\x90\x80" {
		fmt.Print(i, ":", r, " ")
	}
	fmt.Println()
	t := v(uint(1))
	fmt.Println(1<<t, int32(1)<<t<<31, uint64(1<<t), v(int32(1))<<v(33)>>v(33))
	fmt.Println(v(int32(-5))>>v(uint64(1<<40)), v(uint16(1))<<v(15)>>v(15), v(int8(1))<<7>>7, int8(v(1)<<7)>>7)
}
