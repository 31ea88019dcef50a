package main

import (
	"fmt"
	"reflect"
)

// Names known at compile time keep methods of that name only.
type a struct{}

func (a) One() string { return "one" }
func (a) Two() string { return "two" }

type b struct{ a }

func (*b) Three(x int) int { return x * 3 }

func main() {
	fmt.Println(reflect.ValueOf(a{}).MethodByName("One").Call(nil)[0])
	m, ok := reflect.TypeOf(&b{}).MethodByName("Two")
	fmt.Println(m.Name, ok, m.Func.Call([]reflect.Value{reflect.ValueOf(&b{})})[0])
	const three = "Th" + "ree"
	fmt.Println(reflect.ValueOf(&b{}).MethodByName(three).Call([]reflect.Value{reflect.ValueOf(5)})[0])
	fmt.Println(reflect.ValueOf(&b{}).MethodByName("Four").IsValid(), reflect.TypeOf(&b{}).NumMethod())
}
