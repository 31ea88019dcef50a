package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"sort"
	"strings"
	"text/template"
)

// Methods reached only through an interface of another name.
type runner interface{ Run(int) string }

type job struct{ n int }

func (j *job) Run(k int) string { return fmt.Sprint("job ", j.n+k) }
func (j *job) Never() string    { return "never" }

// Promoted through an embedded interface, pointer and value.
type base struct{ name string }

func (b base) Name() string       { return b.name }
func (b *base) SetName(s string)  { b.name = s }
func (b base) unexported() string { return "u" + b.name }

type inner interface {
	Name() string
	unexported() string
}

type outer struct {
	inner
	*job
}

type namer interface{ Name() string }
type setter interface{ SetName(string) }

// Called by reflection only.
type byName struct{}

func (byName) Hello(s string) string { return "hello " + s }
func (byName) Other() int            { return 7 }

// By text/template.
type page struct{ Title string }

func (p page) Upper() string           { return strings.ToUpper(p.Title) }
func (p *page) Lower() string          { return strings.ToLower(p.Title) }
func (p page) Args(a int, b string) string { return fmt.Sprint(a, b) }

// Asserted, never called.
type quiet struct{}

func (quiet) Quiet(func(map[string]chan int) [3]struct{ x int }) {}

// Through generic constraints and type parameters.
type num interface {
	~int | ~int64
	Twice() int
}
type myInt int

func (m myInt) Twice() int { return int(m) * 2 }

func sum[T num](xs ...T) (n int) {
	for _, x := range xs {
		n += x.Twice()
	}
	return
}

type list[T any] struct{ items []T }

func (l *list[T]) Len() int           { return len(l.items) }
func (l *list[T]) Swap(i, j int)      { l.items[i], l.items[j] = l.items[j], l.items[i] }
func (l *list[T]) Less(i, j int) bool { return fmt.Sprint(l.items[i]) < fmt.Sprint(l.items[j]) }

type getter[T any] interface{ Get() T }
type box[T any] struct{ v T }

func (b box[T]) Get() T { return b.v }

func get[T any](g getter[T]) T { return g.Get() }

// Found by way of parts of a type: the value is never converted itself.
type hidden struct{ v int }

func (h hidden) String() string { return fmt.Sprintf("hidden(%d)", h.v) }

type myErr struct{ code int }

func (e *myErr) Error() string        { return fmt.Sprint("code ", e.code) }
func (e *myErr) Is(target error) bool { return target == io.EOF }
func (e *myErr) Unwrap() error        { return os.ErrNotExist }

type methodValue struct{ a int }

func (m methodValue) Add(b int) int   { return m.a + b }
func (m *methodValue) PAdd(b int) int { return m.a + b + 1 }

type formatter struct{}

func (formatter) Format(f fmt.State, c rune) {
	w, ok := f.Width()
	fmt.Fprintf(f, "<%c %d %v %v>", c, w, ok, f.Flag('+'))
}

type gostringer struct{}

func (gostringer) GoString() string { return "GS" }

func main() {
	var r runner = &job{3}
	fmt.Println(r.Run(4))

	o := &outer{base{"b"}, &job{1}}
	var n namer = o
	fmt.Println(n.Name(), o.unexported(), o.inner.unexported(), o.Run(1))
	var rr runner = o
	fmt.Println(rr.Run(2))
	var x any = &base{"q"}
	if s, ok := x.(setter); ok {
		s.SetName("set")
	}
	fmt.Println(x.(namer).Name(), x.(inner).unexported())

	v := reflect.ValueOf(byName{})
	name := strings.Repeat("Hello", 1)
	fmt.Println(v.MethodByName(name).Call([]reflect.Value{reflect.ValueOf("you")})[0])
	t := reflect.TypeOf(byName{})
	for i := 0; i < t.NumMethod(); i++ {
		m := t.Method(i)
		fmt.Println(m.Name, m.Type, m.Func.IsValid())
	}
	fmt.Println(v.Method(1).Call(nil)[0])

	tm := template.Must(template.New("").Parse("{{.Upper}} {{.Lower}} {{.Args 1 \"x\"}} {{with $x := .Upper}}{{len $x}}{{end}}\n"))
	if err := tm.Execute(os.Stdout, &page{"Title"}); err != nil {
		fmt.Println(err)
	}

	x = quiet{}
	_, ok := x.(interface {
		Quiet(func(map[string]chan int) [3]struct{ x int })
	})
	_, no := x.(interface{ Quiet(int) })
	fmt.Println(ok, no)

	fmt.Println(sum(myInt(1), 2, 3))
	l := &list[string]{[]string{"c", "a", "b"}}
	sort.Sort(l)
	fmt.Println(l.items, get[int](box[int]{5}), get[string](box[string]{"s"}))

	m := map[string][]hidden{"a": {{1}, {2}}}
	fmt.Println(m)
	fmt.Println(struct{ H *[1]hidden }{&[1]hidden{{3}}}.H)
	rv := reflect.ValueOf(struct{ C chan hidden }{make(chan hidden, 1)}).Field(0)
	rv.Send(reflect.Zero(rv.Type().Elem()))
	got, _ := rv.Recv()
	fmt.Println(got.Interface().(fmt.Stringer).String())

	var err error = &myErr{2}
	fmt.Println(err, errors.Is(err, io.EOF), errors.Is(err, os.ErrNotExist), errors.Is(fmt.Errorf("w: %w", err), io.EOF))

	mv := methodValue{10}
	f, g, h := mv.Add, (*methodValue).PAdd, methodValue.Add
	var rf = r.Run
	fmt.Println(f(1), g(&mv, 1), h(mv, 2), rf(1), runner.Run(r, 9))
	fmt.Printf("%+7v|%#v|%v\n", formatter{}, gostringer{}, []any{formatter{}})

	fn := reflect.MakeFunc(reflect.TypeOf(func(fmt.Stringer) string { return "" }), func(a []reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf("made " + a[0].Interface().(fmt.Stringer).String())}
	}).Interface().(func(fmt.Stringer) string)
	fmt.Println(fn(hidden{9}))

	defer func() {
		fmt.Println("recovered", recover())
		var e interface{ Foo() }
		defer func() { fmt.Println(recover()) }()
		x = byName{}
		e = x.(interface{ Foo() })
		e.Foo()
	}()
	func() {
		defer r.(interface{ Never() string }).Never()
		go r.Run(1)
		panic("p")
	}()
}
