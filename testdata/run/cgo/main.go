// Calls between Go, C and C++, in both directions.
package main

/*
#cgo CFLAGS: -DSCALE=3 -I${SRCDIR}/include
#cgo LDFLAGS: -lm
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shape.h"

enum colour { RED = 1, GREEN = 7 };
union number { int i; float f; };
#define LIMIT 42
#define GREETING "hello from a macro"

static int add(int a, int b) { return a + b; }
static long long wide(signed char a, short b, int c, long d, float e, double f, unsigned char g) {
	return a + b + c + d + (long long)e + (long long)f + g;
}
static int fail(int code) { errno = code; return -1; }
static struct shape twice(struct shape s) { s.width *= 2; s.height *= 2; s.name[0] = 'T'; return s; }
static void fill(unsigned char *p, int n) { for (int i = 0; i < n; i++) p[i] = i * SCALE; }
static int apply(int (*f)(int), int x) { return f(x); }
static int triple(int x) { return 3 * x; }
typedef int (*unary)(int);
static unary pick(void) { return triple; }
extern int counter;
static const char *text(void) { return "text of C"; }
*/
import "C"

import (
	"cgo/inner"
	"fmt"
	"unsafe"
)

//export goSquare
func goSquare(n C.int) C.int { return n * n }

//export goJoin
func goJoin(a, b *C.char, total *C.int) C.int {
	s := C.GoString(a) + "+" + C.GoString(b)
	*total = C.int(len(s))
	fmt.Println("in Go:", s)
	return 1
}

//export goRecurse
func goRecurse(n C.int) C.int {
	if n == 0 {
		return 0
	}
	return 1 + C.recurse(n-1)
}

//export goPanics
func goPanics(n C.int) {
	panic(fmt.Sprintf("panic %d through C", n))
}

func main() {
	fmt.Println(C.add(40, 2), C.wide(-1, -2, -3, -4, 5.5, 6.5, 255))
	fmt.Println(C.LIMIT, C.GREETING, C.GREEN, C.sizeof_struct_shape, C.sqrt(2))
	_, err := C.fail(2)
	fmt.Println("errno:", err)

	s := C.struct_shape{width: 1.5, height: 4}
	C.strcpy(&s.name[0], C.text())
	t := C.twice(s)
	fmt.Println(t.width, t.height, C.GoString(&t.name[0]))

	buf := make([]byte, 6)
	C.fill((*C.uchar)(unsafe.Pointer(&buf[0])), C.int(len(buf)))
	fmt.Println(buf)

	p := C.CString("copied")
	defer C.free(unsafe.Pointer(p))
	fmt.Println(C.strlen(p), C.GoStringN(p, 3), C.GoBytes(unsafe.Pointer(p), 2))

	C.counter = 5
	C.bump()
	fmt.Println("counter:", C.counter, C.apply(C.pick(), 14))

	var u C.union_number
	*(*C.int)(unsafe.Pointer(&u)) = 0x40490fdb
	fmt.Printf("%.4f %d\n", *(*C.float)(unsafe.Pointer(&u)), len(u))

	fmt.Println(C.call_back(9), C.recurse(50), C.plus_one(C.int(inner.Answer())))
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		C.call_panics(3)
	}()

	done := make(chan C.int)
	for i := 0; i < 8; i++ {
		go func() { done <- C.recurse(C.int(i)) }()
	}
	sum := C.int(0)
	for i := 0; i < 8; i++ {
		sum += <-done
	}
	fmt.Println("sum:", sum)
	C.puts(p)
	C.fflush(C.stdout)
}
