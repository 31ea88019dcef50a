// A bit of everything from the library: formatting, json, regexp, strings, strconv, time, os, bufio, sort, reflect.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"os"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"text/template"
	"time"
)

type address struct {
	Street string `json:"street"`
	Zip    string `json:"zip,omitempty"`
}

type person struct {
	Name    string            `json:"name"`
	Age     int               `json:"age"`
	Tags    []string          `json:"tags"`
	Home    *address          `json:"home,omitempty"`
	Extra   map[string]any    `json:"extra,omitempty"`
	private int
}

func main() {
	p := person{Name: "Ada", Age: 36, Tags: []string{"math", "code"}, Home: &address{Street: "Main"}}
	b, err := json.Marshal(p)
	fmt.Println(string(b), err)
	var q person
	err = json.Unmarshal([]byte(`{"name":"Bob","age":7,"tags":null,"extra":{"k":[1,2.5,"x",null,true]}}`), &q)
	fmt.Printf("%+v %v\n", q, err)
	err = json.Unmarshal([]byte(`{"name": 5}`), &q)
	fmt.Println(err)
	re := regexp.MustCompile(`(\w+)@(\w+)\.com`)
	fmt.Println(re.FindAllStringSubmatch("a@b.com, cc@dd.com", -1))
	fmt.Println(re.ReplaceAllString("x@y.com", "$2 at $1"))
	fmt.Printf("%5d|%-5s|%05.2f|%x|%q|%v|%T\n", 42, "ab", math.Pi, "hi", "q\n", []any{1, "a", nil}, p)
	fmt.Println(strconv.Quote("tab\t"), strconv.FormatFloat(1.0/3, 'g', -1, 64))
	n, err := strconv.Atoi("12x")
	fmt.Println(n, err)
	d := 90*time.Minute + 30*time.Second
	fmt.Println(d, time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC).Format(time.RFC1123))
	sc := bufio.NewScanner(strings.NewReader("one two\nthree"))
	sc.Split(bufio.ScanWords)
	for sc.Scan() {
		fmt.Print(sc.Text(), ";")
	}
	fmt.Println()
	words := strings.FieldsFunc("go,rust;c", func(r rune) bool { return r == ',' || r == ';' })
	sort.Sort(sort.Reverse(sort.StringSlice(words)))
	fmt.Println(words, strings.Title("hello world"), strings.EqualFold("Go", "GO"))
	var buf bytes.Buffer
	t := template.Must(template.New("t").Parse("{{range $i, $e := .}}{{if $i}}, {{end}}{{$e | printf \"%03d\"}}{{end}}\n"))
	t.Execute(&buf, []int{1, 22, 333})
	fmt.Print(buf.String())
	x := new(big.Int).Exp(big.NewInt(3), big.NewInt(200), nil)
	fmt.Println(x)
	v := reflect.ValueOf(&p).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		fmt.Print(f.Name, ":", f.Type, ":", f.Tag.Get("json"), " ")
	}
	fmt.Println()
	fn := reflect.MakeFunc(reflect.TypeOf(func(int, string) string { return "" }), func(a []reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(strings.Repeat(a[1].String(), int(a[0].Int())))}
	})
	fmt.Println(fn.Call([]reflect.Value{reflect.ValueOf(3), reflect.ValueOf("ab")})[0])
	name := os.TempDir() + "/rgo-stdmix.txt"
	os.WriteFile(name, []byte("file\n"), 0o644)
	data, err := os.ReadFile(name)
	fmt.Print(string(data))
	os.Remove(name)
	_, err = os.Open(name + ".none")
	fmt.Println(os.IsNotExist(err))
	fmt.Println(math.Sqrt(2), math.Inf(1), math.NaN(), -0.0, math.MaxInt64)
	fmt.Fprintln(os.Stderr, "to stderr")
	os.Exit(3)
}
