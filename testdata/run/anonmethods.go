package main

import (
	"fmt"
	"reflect"
)

type all struct{ m string }

func (a all) Val() string  { return a.m }
func (a *all) Ptr() string { return a.m }

type V interface{ Val() string }
type P interface{ Ptr() string }

type T struct{ X struct{ all } }

type N struct{ X *struct{ *all } }

func main() {
	t := &T{}
	rt := reflect.TypeOf(t).Elem().Field(0).Type
	iv, ip := reflect.TypeFor[V](), reflect.TypeFor[P]()
	fmt.Println(rt, rt.NumMethod(), rt.Implements(iv), rt.Implements(ip), reflect.PointerTo(rt).NumMethod(), reflect.PointerTo(rt).Implements(iv), reflect.PointerTo(rt).Implements(ip))
	rt = reflect.TypeOf(N{}).Field(0).Type.Elem()
	fmt.Println(rt, rt.NumMethod(), rt.Implements(iv), rt.Implements(ip), reflect.PointerTo(rt).NumMethod())
	x := reflect.ValueOf(t).Elem().Field(0).Addr().Interface()
	fmt.Println(x.(P).Ptr() == "", x.(V).Val() == "")
}
