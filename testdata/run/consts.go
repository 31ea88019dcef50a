// Constants, integer corners, conversions, shifts.
package main

import (
	"fmt"
	"math"
)

const (
	big   = 1 << 500
	small = big >> 498
	third = 1.0 / 3
	huge  = 1e1000 / 1e997
	r     = 'a' + 1.0
	cplx  = (1 + 2i) * (3 - 4i)
	mask  = ^uint8(0x0f)
	neg   = -5 % 3
	sh    = 1.0 << 3
	str   = "héllo" + "\xff\u00e9"
)

type E int

const (
	A E = iota * iota
	B
	_
	C
	D = "skip"
	F
	G E = 1 << iota
)

const (
	x0, y0 = iota, iota + 10
	x1, y1
	_, _
	x3, y3
)

//go:noinline
func id[T any](x T) T { return x }

func div() {
	for _, a := range []int8{-128, -127, -1, 0, 1, 127} {
		for _, b := range []int8{-128, -1, 1, 2, 127} {
			fmt.Print(a/b, " ", a%b, " ")
		}
	}
	fmt.Println()
	a, b := id(int64(math.MinInt64)), id(int64(-1))
	fmt.Println(a/b, a%b, -a, a*b)
	c, d := id(int32(math.MinInt32)), id(int32(-1))
	fmt.Println(c/d, c%d, -c, c>>31, uint32(c)>>31)
	for _, k := range []int{1, 2, 3, 7, 8, 10, 16, 1 << 20, -1, -2, -7, -8} {
		switch k {
		case 3:
			fmt.Print(id(-7)/3, id(-7)%3, " ")
		case 8:
			fmt.Print(id(-7)/8, id(-7)%8, id(-9)/8, id(-9)%8, " ")
		case -8:
			fmt.Print(id(-7)/-8, id(-7)%-8, id(-9)/-8, id(-17)%-8, " ")
		}
	}
	fmt.Println(id(uint64(math.MaxUint64))/10, id(uint64(math.MaxUint64))%10, id(uint8(200))/7, id(uint16(65535))%256)
}

func shifts() {
	for _, n := range []uint{0, 1, 7, 8, 31, 32, 63, 64, 65, 1 << 40} {
		fmt.Println(int8(-128)>>n, uint8(255)>>n, int32(-1)<<n, uint64(1)<<n, int64(math.MinInt64)>>n, id(int16(300))<<n, id(uint32(1<<31))>>n)
	}
	var s8 int8 = 3
	fmt.Println(1<<s8, id(uint8(1))<<id(uint8(255)), id(-1)>>id(uint64(1)<<63))
	var i = 1
	var f float64 = float64(int(1) << i)
	var u = 1<<i != 0
	var w int64 = 1.0 << id(33)
	var k = uint64(1<<i) + 1<<3
	fmt.Println(f, u, w, k)
	defer func() { fmt.Println(recover()) }()
	fmt.Println(1 << id(-1))
}

func floats() {
	nan, inf := math.NaN(), math.Inf(1)
	for _, f := range []float64{0.5, -0.5, 1.9999999, -1.9999999, 1e9, 4294967295, 2147483648, -2147483649, 9.2e18} {
		fmt.Println(int64(f), int32(int64(f)), uint8(int64(f)), int(f), float32(f))
	}
	fmt.Println(uint64(id(1.8e19)), uint32(id(4.0e9)), uint64(id(float32(1e19))), int8(id(127.9)), uint16(id(65535.99)))
	fmt.Println(nan == nan, nan != nan, nan < inf, inf > math.MaxFloat64, -inf < 0, 1/id(-0.0), 1/math.Copysign(0, -1))
	fmt.Println(min(1, nan), max(nan, 1), min(math.Copysign(0, -1), 0), max(math.Copysign(0, -1), 0), min("b", "a", "c"), max(3, 2.5, 'a'))
	fmt.Println(float32(16777217), float64(id(int64(9007199254740993))), float32(id(uint64(math.MaxUint64))), float64(id(uint64(1<<63+1025))))
	var f32 float32 = 0.1
	fmt.Println(f32*f32, float64(f32)*float64(f32), f32+0.2 == 0.3, float64(f32) == 0.1)
	fmt.Println(math.MaxFloat32*id(float32(2)), id(float32(1e-45))/2, float32(id(1e-46)), float32(id(1e39)))
	x := id(1e308)
	fmt.Println(x*10, -x*10, x*10-x*10, math.Float64bits(-id(0.0)), -id(0.0), 0-id(0.0))
}

func complexes() {
	a, b := id(complex(1, 2)), id(complex64(complex(-3, 0.5)))
	fmt.Println(a*a, a/complex128(b), -a, b == complex64(b), a != complex(1, 2), real(a), imag(b))
	z := complex(id(0.0), 0)
	fmt.Println(a/z, z/z, complex(math.Inf(1), 0)*a, cplx, real(cplx))
	fmt.Println(complex(math.NaN(), 1) == complex(math.NaN(), 1), fmt.Sprintf("%v %.2f %T", b, a, b))
	var i any = a
	_, ok := i.(complex64)
	fmt.Println(i == complex(1, 2), i == any(complex64(1+2i)), ok)
	m := map[complex128]int{a: 1, 1i: 2}
	m[1+2i]++
	fmt.Println(m[a], m[complex(0, 1)], len(m))
	a += 1
	a *= 2i
	a -= complex(0, 1)
	a /= 2
	fmt.Println(a)
	arr := [...]complex64{1, 2i, 3: 4}
	for i := range arr {
		arr[i] *= arr[i]
	}
	fmt.Println(arr, len(arr))
}

func conv() {
	i := id(-1)
	fmt.Println(uint8(i), uint16(i), uint32(i), uint64(i), uintptr(i), int8(id(200)), int16(id(70000)), uint8(id(int8(-3))), int64(id(uint32(1<<31))), int64(int32(id(uint32(1<<31)))))
	fmt.Println(string(rune(id(65))), string(rune(id(0x10ffff+1))), string(rune(id(-1))), string(rune(0xd800)), []byte("é"), []rune("a\xffé\xe2\x82"), string([]rune{97, -1, 0x1f600, 0xdfff}))
	fmt.Println(len(str), str, []byte(str), len([]rune(str)))
	type MyB []byte
	type MyS string
	fmt.Println(MyB("xy"), MyS(MyB("z")), string(MyB(nil)) == "", MyS([]rune{0x4e16}))
}

func main() {
	fmt.Println(small, third, huge, r, mask, neg, sh, A, B, C, D, F, G, x1, y1, x3, y3)
	fmt.Printf("%T %T %T %T %T\n", r, sh, cplx, mask, G)
	div()
	shifts()
	floats()
	complexes()
	conv()
	var u8 uint8 = 255
	u8++
	var i8 int8 = 127
	i8++
	var u uint = 0
	u--
	fmt.Println(u8, i8, u, ^u8, ^i8, -u8, u8-1, i8&^3, 6&^2|1^3)
	const c = len([10]int{}) + len("abc")
	var arr [c]int
	const cc = len(arr) + cap(arr)
	fmt.Println(c, cc, len([...]string{5: "x"}), unsafeSize)
}

const unsafeSize = uint8(len("0123456789") * 25)
