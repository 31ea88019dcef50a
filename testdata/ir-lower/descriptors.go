package main

import "unsafe"

// abi.Type: size, pointer bytes, hash (4 bytes), flags, alignments and kind; equality, pointer mask, name, type of the pointer.

func use(any) {}

type plain struct {
	a int32
	b int8
}

type holder struct {
	n    int
	p    *int
	s    string
	Pub  [2]uint8 `json:"pub"`
	next *holder
}

func (h holder) Get() int   { return h.n }
func (h *holder) Set(n int) { h.n = n }

type namer interface {
	Name() string
	hidden(int)
}

type generic[T any] struct{ v T }

func all(h holder, p plain, n namer) {
	use(p)
	use(h)
	use(n)
	use([3]plain{})
	use([]holder(nil))
	use(map[string]int(nil))
	use((<-chan int)(nil))
	use(func(int, ...string) bool { return false })
	use(generic[plain]{})
	use(unsafe.Pointer(nil))
	use([2]func(){})
	use(&h)
}

func main() {}

// A struct without pointers: no mask; equality needs a function, for the padding at its end does not count.
//data type:main.plain
//  external @type:main.plain size 144 align 8 readonly
//  \x07\x04\x04\x19", addr @"type:.eq.main.plain\xc2\xb7f"+0, bytes "\x00\x00\x00\x00\x00\x00\x00\x00"
//  addr32 @"type:.namedata.*main.plain-\"\""+0, addr32 @type:*main.plain+0
//  addr @type:.importpath.main.+0, addr @type:main.plain+96, bytes "\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00"
//  addr @"type:.namedata.a-\"\""+0, addr @type:int32+0
//  addr @"type:.namedata.b-\"\""+0, addr @type:int8+0, bytes "\x04\x00\x00\x00\x00\x00\x00\x00"

// Pointers in words 1, 2 and 5; the uncommon part counts one method, exported, 0x88 bytes further.
//data type:main.holder
//  { bytes "0\x00\x00\x00\x00\x00\x00\x000\x00
//  \x07\x08\x08\x19", addr @"type:.eq.main.holder\xc2\xb7f"+0, addr @runtime.gcbits.2600000000000000+0
//  addr32 @type:.importpath.main.+0, bytes "\x01\x00\x01\x00\x88\x00
//  addr @"type:.namedata.Pub.\"json:\\\"pub\\\"\""+0, addr @"type:[2]uint8"+0, bytes " \x00
//  addr @"type:.namedata.next-\"\""+0, addr @type:*main.holder+0, bytes "(\x00
//  addr32 @"type:.namedata.Get.\"\""+0, addr32 @"type:func() int"+0, addr32 @"main.(*holder).Get"+0, addr32 @main.holder.Get+0 }

// A pointer is kept in an interface directly (0x20); its method set is sorted, and has the methods of the value.
//data type:*main.holder
//  )\x08\x08\x16", addr @"runtime.memequal64\xc2\xb7f"+0, addr @runtime.gcbits.0100000000000000+0
//  addr @type:main.holder+0, addr32 @type:.importpath.main.+0, bytes "\x02\x00\x02\x00\x10\x00
//  addr32 @"type:.namedata.Get.\"\""+0, addr32 @"type:func() int"+0, addr32 @"main.(*holder).Get"+0, addr32 @"main.(*holder).Get"+0
//  addr32 @"type:.namedata.Set.\"\""+0, addr32 @"type:func(int)"+0, addr32 @"main.(*holder).Set"+0, addr32 @"main.(*holder).Set"+0 }

//data type:main.namer
//  \x07\x08\x08\x14", addr @"runtime.interequal\xc2\xb7f"+0, addr @runtime.gcbits.0200000000000000+0
//  addr32 @"type:.namedata.Name.\"\""+0, addr32 @"type:func() string"+0, addr32 @"type:.namedata.hidden-\"\""+0, addr32 @"type:func(int)"+0 }

//data type:[3]main.plain
//  linkonce @"type:[3]main.plain" size 72
//  \x02\x04\x04\x11", addr @"type:.eq.[3]main.plain\xc2\xb7f"+0
//  addr @type:main.plain+0, addr @"type:[]main.plain"+0, bytes "\x03\x00\x00\x00\x00\x00\x00\x00" }

// Slices have no equality.
//data type:[]main.holder
//  \x02\x08\x08\x17\x00\x00\x00\x00\x00\x00\x00\x00", addr @runtime.gcbits.0100000000000000+0
//  addr @type:main.holder+0 }

// Key, element, group, hasher; group size 200, slot size 24, offset of the element in it 16.
//data type:map[string]int
//  \"\x08\x08\x15
//  addr @type:string+0, addr @type:int+0, addr @"type:struct { ctrl uint64; slots [8]struct { key string; elem int } }"+0, addr @"runtime.strhash\xc2\xb7f"+0, bytes "\xc8\x00

//data type:<-chan int
//  *\x08\x08\x12", addr @"runtime.memequal64\xc2\xb7f"+0
//  addr @type:int+0, bytes "\x01\x00\x00\x00\x00\x00\x00\x00" }

// Two parameters, one result, the last parameter variadic (0x8000 in the number of results).
//data type:func(int, ...string) bool
//  \x02\x00\x01\x80\x00\x00\x00\x00", addr @type:int+0, addr @"type:[]string"+0, addr @type:bool+0 }

//data type:main.generic[main.plain]
//  linkonce @"type:main.generic[main.plain]" size 120
//  addr32 @"type:.namedata.*main.generic[main.plain]-\"\""+0
//  addr @"type:.namedata.v-\"\""+0, addr @type:main.plain+0

//data type:[2]func()
//  \x02\x08\x08\x11\x00\x00\x00\x00\x00\x00\x00\x00", addr @runtime.gcbits.0300000000000000+0

//data type:unsafe.Pointer
//  /\x08\x08\x1a", addr @"runtime.memequal64\xc2\xb7f"+0
//  addr32 @type:.importpath.unsafe.+0
