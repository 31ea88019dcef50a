// goto, labels, range forms, method values, anonymous types, unsafe, strings.
package main

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

type A struct {
	X int `json:"x" q:"1"`
	y string
}
type Base interface{ Name() string }
type Mid interface {
	Base
	fmt.Stringer
}
type impl struct{ n string }

func (i impl) Name() string    { return i.n }
func (i *impl) String() string { return "S:" + i.n }

type W struct {
	Mid
	extra int
}
type WW struct {
	*W
	Base2
}
type Base2 struct{ Base }

func (w WW) Name() string { return "ww" + w.W.Name() }

func gotos(n int) (s string) {
	i := 0
loop:
	if i < n {
		s += fmt.Sprint(i)
		i++
		if i == 3 {
			goto skip
		}
		goto loop
	}
	goto done
skip:
	s += "-"
	goto loop
done:
	return s + "."
}

func labels() (s string) {
outer:
	for i := 0; i < 4; i++ {
	inner:
		for j := range 4 {
			switch {
			case j == 2:
				continue outer
			case i == 1:
				break inner
			case i == 3:
				break outer
			}
			select {
			default:
				if j == 1 {
					break
				}
				s += fmt.Sprint(i, j, ";")
			}
		}
		s += "|"
	}
sw:
	switch x := len(s); {
	case x > 3:
		for {
			break sw
		}
		fallthrough
	case x > 100:
		s += "never"
	default:
		s += "d"
	}
	return s
}

func ft(i int) (s string) {
	switch i {
	case 0:
		s += "0"
		fallthrough
	case 1, 2:
		s += "12"
		if i == 2 {
			break
		}
		fallthrough
	default:
		s += "d"
	case 5:
		s += "5"
	}
	return
}

func caps() {
	var fs []func() int
	for i := 0; i < 3; i++ {
		fs = append(fs, func() int { i++; return i })
	}
	for i := 0; i < 6; i++ {
		i := i * 2
		if i%4 == 0 {
			continue
		}
		fs = append(fs, func() int { return i })
	}
	for i, s := range []string{"a", "b"} {
		fs = append(fs, func() int { return i*10 + len(s) })
	}
	for k, v := range map[string]int{"z": 9} {
		fs = append(fs, func() int { return len(k) + v })
	}
	var ps []*int
	for i := 0; i < 3; i++ {
		ps = append(ps, &i)
		i += 0
	}
	for _, f := range fs {
		fmt.Print(f(), f(), " ")
	}
	for _, p := range ps {
		fmt.Print(*p, " ")
	}
	for i, p := 0, (*int)(nil); i < 4; i++ {
		if p == nil {
			p = &i
		}
		*p += 0
		fmt.Print(i, *p, " ")
	}
	fmt.Println()
}

func ranges() {
	arr := [3]int{1, 2, 3}
	for i, v := range arr {
		arr[2] = 10
		if i == 2 {
			fmt.Print(v, " ")
		}
	}
	for i, v := range &arr {
		arr[2] = 20
		if i == 2 {
			fmt.Print(v, " ")
		}
	}
	s := []int{1, 2, 3}
	for i, v := range s {
		s = append(s, v)
		if i == 0 {
			s[1] = 50
		}
		fmt.Print(v, " ")
	}
	fmt.Print(len(s), " ")
	var np *[4]int
	for i := range np {
		fmt.Print(i)
	}
	for range np {
		fmt.Print(".")
	}
	fmt.Print(len(np), cap(np))
	m := map[int]bool{1: true, 2: true, 3: true}
	n := 0
	for k := range m {
		delete(m, k)
		n++
	}
	fmt.Print(" ", n, len(m))
	for i := range m {
		m[i+100] = true
	}
	var x struct{ i, j int }
	for x.i, x.j = range []int{7, 8} {
	}
	fmt.Print(x)
	var a [2]int
	for a[0], a[1] = range []int{5, 6} {
	}
	fmt.Print(a)
	for i, r := range "aé\xff" {
		fmt.Print(i, r, " ")
	}
	for i, b := range []byte("é") {
		fmt.Print(i, b, " ")
	}
	c := make(chan int, 3)
	c <- 1
	c <- 2
	close(c)
	for v := range c {
		fmt.Print(v)
	}
	type myint int8
	for i := range myint(3) {
		fmt.Printf("%T%d", i, i)
	}
	for i := range 3 {
		i *= 2
		fmt.Print(i)
	}
	func() {
		defer func() { fmt.Print(recover()) }()
		for i, v := range np {
			fmt.Print(i, v)
		}
	}()
	var nf func(func(int) bool)
	func() {
		defer func() { fmt.Print(recover()) }()
		for range nf {
		}
	}()
	fmt.Println()
}

type Pt struct{ X, Y float64 }

func (p Pt) Add(q Pt) Pt     { return Pt{p.X + q.X, p.Y + q.Y} }
func (p *Pt) Scale(f float64) { p.X *= f; p.Y *= f }

func meth() {
	p := Pt{1, 2}
	add, sc := p.Add, p.Scale
	sc(3)
	fmt.Println(add(Pt{1, 1}), p, Pt.Add(p, p), (*Pt).Add(&p, p))
	(*Pt).Scale(&p, 2)
	f := map[string]func(Pt, Pt) Pt{"add": Pt.Add}["add"]
	fmt.Println(f(p, p))
	pts := []Pt{{1, 2}, {3, 4}}
	for _, q := range pts {
		q.Scale(10)
	}
	for i := range pts {
		pts[i].Scale(10)
	}
	mp := map[string]*Pt{"a": {1, 1}}
	mp["a"].Scale(5)
	mp["a"].X++
	fmt.Println(pts, *mp["a"])
	var i interface{ Add(Pt) Pt } = &p
	p.X = 100
	g := i.Add
	p.X = 200
	fmt.Println(g(Pt{}), i.Add(Pt{}))
	i = p
	g = i.Add
	p.X = 300
	fmt.Println(g(Pt{}))
	w := WW{&W{&impl{"im"}, 1}, Base2{impl{"b2"}}}
	fmt.Println(w.Name(), w.W.Name(), w.Base2.Name(), w.String(), w.extra)
	var b Base = w
	_, ok := b.(Mid)
	fmt.Println(b.Name(), ok)
	h := Base.Name
	fmt.Println(h(w), h(impl{"x"}))
	var s fmt.Stringer = w
	switch v := s.(type) {
	case interface{ Foo() }:
		fmt.Println("foo", v)
	case Mid:
		fmt.Println("mid", v.Name())
	}
	anon := struct {
		*Pt
		tag string
	}{&p, "t"}
	anon.Scale(0.5)
	fmt.Println(anon.X, anon.Add(p))
	var e struct{ Base }
	func() {
		defer func() { fmt.Println(recover()) }()
		e.Name()
	}()
}

func anons() {
	var a struct {
		X int `json:"x" q:"1"`
		y string
	}
	a.X = 4
	b := A(a)
	b.y = "why"
	c := struct {
		X int
		y string
	}(b)
	fmt.Println(a, b, c, reflect.TypeOf(a).Field(0).Tag.Get("q"), reflect.TypeOf(a) == reflect.TypeOf(c), reflect.TypeOf(a).ConvertibleTo(reflect.TypeOf(c)))
	x := []struct{ a, b int }{{1, 2}, {3, 4}}
	y := map[struct{ a, b int }][]string{{1, 2}: {"q"}, {3, 4}: nil}
	fmt.Println(x, y[x[0]], len(y))
	fmt.Printf("%T %T %v %+v\n", a, y, x, b)
	z := [...]string{5: "a", "b", 1: "c"}
	fmt.Println(len(z), z)
	fn := func(xs ...any) (int, any) { return len(xs), xs }
	fmt.Println(fn())
	fmt.Println(fn(nil))
	fmt.Println(fn(nil, nil))
	fmt.Println(fn([]any{1, 2}...))
	fmt.Println(fn([]any(nil)...))
	fmt.Println(fn(fn(1)))
	type rec struct {
		next *rec
		kids map[string]rec
	}
	r := rec{&rec{}, map[string]rec{"a": {}}}
	fmt.Println(r.next.next == nil, len(r.kids["a"].kids))
}

func unsafes() {
	a := [4]int32{1, 2, 3, 4}
	p := unsafe.Pointer(&a)
	fmt.Println(*(*int32)(unsafe.Add(p, 8)), *(*int64)(p), unsafe.Slice(&a[1], 2), unsafe.Sizeof(a), unsafe.Offsetof(A{}.y), unsafe.Alignof(a))
	s := "hello"
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	fmt.Println(b[1], unsafe.String(&b[1], 3))
	q := (*int32)(unsafe.Pointer(uintptr(p) + 4*unsafe.Sizeof(a[0])/2))
	*q = 77
	fmt.Println(a)
	func() {
		defer func() { fmt.Println(recover()) }()
		n := -1
		_ = unsafe.Slice(&a[0], n)
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		var np *int
		n := 1
		_ = unsafe.Slice(np, n)
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		n := uint64(1) << 62
		_ = unsafe.Slice(&a[0], n)
	}()
	bs := []byte("mutable")
	str := unsafe.String(unsafe.SliceData(bs), len(bs))
	bs[0] = 'M'
	fmt.Println(str)
	f := 1.5
	fmt.Printf("%x\n", *(*uint64)(unsafe.Pointer(&f)))
}

func strs() {
	s := "héllo, 世界\x00\xff"
	b := []byte(s)
	r := []rune(s)
	fmt.Println(len(s), len(b), len(r), string(r), string(b) == s, s[1:3], strings.ToUpper(s))
	b2 := append([]byte("x"), s...)
	n := copy(b2[3:], "abc")
	fmt.Println(n, string(b2), s+string(b2[:2])+string('x')+"", s < s+"a", s[:0] == "")
	m := map[string]int{}
	for i := range b {
		m[string(b[:i])]++
	}
	fmt.Println(len(m), m[string(b[:2])])
	for i, c := range []byte(s) {
		if c > 127 {
			fmt.Print(i, " ")
		}
	}
	var sb strings.Builder
	for range 3 {
		sb.WriteString(s[:1])
		sb.WriteByte('-')
		sb.WriteRune('世')
	}
	fmt.Println(sb.String(), sb.Len())
	x := ""
	for i := range 20 {
		x += string(rune('a' + i))
	}
	y := x
	x += "z"
	fmt.Println(x, y)
	fmt.Printf("%q %v %x %U\n", s, []byte(s[:2]), s, r[1])
	type S string
	type B []byte
	type Rs []rune
	fmt.Println(S(B("abc")), string(B(S("def"))), S(Rs("gé")), len(Rs(S("gé"))))
}

func main() {
	fmt.Println(gotos(5), labels(), ft(0), ft(1), ft(2), ft(5), ft(9))
	caps()
	ranges()
	meth()
	anons()
	unsafes()
	strs()
}
