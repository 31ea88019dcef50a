package main

import (
	"fmt"
	"reflect"
)

type SI int

func (i SI) Get() int { return int(i) }

type SP int

func (i *SP) Get() int  { return int(*i) }
func (i *SP) Set(v int) { *(*int)(i) = v }

type I interface{ Get() int }
type ST interface{ Set(int) }

type SS struct{ F int }

func (p *SS) Set(v int) { p.F = v }

type SPt struct{ F *int }

func (p *SPt) Set(v int) { *p.F = v }

func try(name string, v any) {
	defer func() {
		if e := recover(); e != nil {
			fmt.Println(name, "panic:", e)
		}
	}()
	rt := reflect.StructOf([]reflect.StructField{{Name: name, Anonymous: true, Type: reflect.TypeOf(v)}})
	rv := reflect.New(rt).Elem()
	rv.Field(0).Set(reflect.ValueOf(v))
	fmt.Println(name, rt, rt.NumMethod())
	x, ok := rv.Interface().(I)
	fmt.Println(ok)
	if ok {
		fmt.Println(x.Get())
		for i := range rt.NumMethod() {
			fmt.Println(rt.Method(i).Name, rt.Method(i).Type)
		}
		fct := rv.MethodByName("Get")
		fmt.Println(fct.Kind())
		fmt.Println(fct.Call(nil)[0].Interface())
	}
	if y, ok := rv.Interface().(ST); ok {
		y.Set(3)
		fmt.Println("set")
	}
}

func main() {
	si := SI(5)
	sp := SP(6)
	try("SI", si)
	try("SI", &si)
	try("SP", &sp)
	try("SP", sp)
	try("SS", &SS{1})
	try("SPt", SPt{new(int)})
	var n *SP
	try("SP", n)
}
