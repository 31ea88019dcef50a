// Maps made by reflect hash keys as compiled code does; package paths of predeclared types.
package main

import (
	"fmt"
	"reflect"
	"unsafe"
)

type key struct {
	a, b int32
	_    int32
	c    float64
	d    [6]string
	e    any
	f    struct{}
	g    [2]struct {
		x uint16
		y string
	}
}

type pad struct {
	a, b int32
	_    int32
}

type m1 map[key]int
type m2 map[pad]int

func main() {
	k := key{a: 1, b: 2, c: 3, d: [6]string{"x", "", "y"}, e: pad{5, 6, 0}}
	k.g[1].y = "z"
	m := reflect.MakeMap(reflect.MapOf(reflect.TypeOf(key{}), reflect.TypeOf(0)))
	m.SetMapIndex(reflect.ValueOf(k), reflect.ValueOf(7))
	var x m1
	reflect.ValueOf(&x).Elem().Set(m)
	fmt.Println(x[k], len(x))
	n := reflect.MakeMap(reflect.MapOf(reflect.TypeOf(pad{}), reflect.TypeOf(0)))
	n.SetMapIndex(reflect.ValueOf(pad{1, 2, 0}), reflect.ValueOf(8))
	var y m2
	reflect.ValueOf(&y).Elem().Set(n)
	fmt.Println(y[pad{1, 2, 0}])
	fmt.Printf("%q %q %q\n", reflect.TypeOf(unsafe.Pointer(nil)).PkgPath(), reflect.TypeOf(0).PkgPath(), reflect.TypeOf(k).PkgPath())
}
