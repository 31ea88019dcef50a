package runtime

import (
	"internal/abi"
	"internal/goarch"
	"internal/runtime/maps"
	"internal/runtime/math"
	"internal/runtime/sys"
	"unsafe"
)

// zerobase is the address of every zero-size allocation.
//
//go:linkname zerobase
var zerobase uintptr

// writeBarrier says that the collector marks. It is Rust's; every store of a pointer reads it.
//
//go:linkname writeBarrier
var writeBarrier struct {
	enabled bool
	pad     [3]byte
	alignme uint64
}

// rt_wbmove and rt_wbclear are memmove and memclrNoHeapPointers with barriers, rt_wbsrc the barrier for a copy to fresh
// memory: assembly, never interrupted.
func rt_wbmove(dst, src unsafe.Pointer, n uintptr)

func rt_wbclear(p unsafe.Pointer, n uintptr)
func rt_wbsrc(p, n uintptr)

// typedCopy copies size bytes that may contain pointers of values of type typ.
func typedCopy(typ *_type, dst, src unsafe.Pointer, size uintptr) {
	if typ.PtrBytes == 0 {
		memmove(dst, src, size)
	} else {
		rt_wbmove(dst, src, size)
	}
}

// typedClear clears size bytes that may contain pointers of values of type typ; nil: of an unknown type.
func typedClear(typ *_type, p unsafe.Pointer, size uintptr) {
	if typ != nil && typ.PtrBytes == 0 {
		memclrNoHeapPointers(p, size)
	} else {
		rt_wbclear(p, size)
	}
}

func bulkBarrierPreWriteSrcOnly(dst, src, size uintptr, typ *_type) { rt_wbsrc(src, size) }

// mallocgc allocates size bytes; typ == nil or a type without pointers means pointer-free. size may be a multiple of
// typ.Size_ (array). Zeroed if needzero or if it holds pointers. size 0 gives &zerobase. Callers have checked overflow.
//
// It is not inlined: the frame of the call into Rust, which names the new object, must not stay in the caller's frame.
//
//go:noinline
//go:linkname mallocgc
func mallocgc(size uintptr, typ *_type, needzero bool) unsafe.Pointer {
	if p := rt_mallocfast(size, typ, needzero); p != nil {
		return p
	}
	return rt_mallocslow(size, typ, needzero)
}

//go:noinline
//go:linkname newobject
func newobject(typ *_type) unsafe.Pointer {
	if p := rt_mallocfast(typ.Size_, typ, true); p != nil {
		return p
	}
	return rt_mallocslow(typ.Size_, typ, true)
}

//go:linkname maps_newobject internal/runtime/maps.newobject
func maps_newobject(typ *_type) unsafe.Pointer { return newobject(typ) }

//go:linkname reflect_unsafe_New reflect.unsafe_New
func reflect_unsafe_New(typ *_type) unsafe.Pointer { return mallocgc(typ.Size_, typ, true) }

//go:linkname reflectlite_unsafe_New internal/reflectlite.unsafe_New
func reflectlite_unsafe_New(typ *_type) unsafe.Pointer { return mallocgc(typ.Size_, typ, true) }

//go:linkname newarray
func newarray(typ *_type, n int) unsafe.Pointer {
	if n == 1 {
		return mallocgc(typ.Size_, typ, true)
	}
	mem, overflow := math.MulUintptr(typ.Size_, uintptr(n))
	if overflow || mem > maxAlloc || n < 0 {
		panic(plainError("runtime: allocation size out of range"))
	}
	return mallocgc(mem, typ, true)
}

//go:linkname reflect_unsafe_NewArray reflect.unsafe_NewArray
func reflect_unsafe_NewArray(typ *_type, n int) unsafe.Pointer { return newarray(typ, n) }

//go:linkname maps_newarray internal/runtime/maps.newarray
func maps_newarray(typ *_type, n int) unsafe.Pointer { return newarray(typ, n) }

type sysMemStat uint64

var memstats struct {
	other_sys sysMemStat
}

func persistentalloc(size, align uintptr, stat *sysMemStat) unsafe.Pointer {
	if align == 0 {
		align = 8
	}
	return rt_persistentalloc(size, align)
}

//go:linkname typedmemmove
func typedmemmove(typ *_type, dst, src unsafe.Pointer) {
	if dst == src {
		return
	}
	typedCopy(typ, dst, src, typ.Size_)
}

//go:linkname reflect_typedmemmove reflect.typedmemmove
func reflect_typedmemmove(typ *_type, dst, src unsafe.Pointer) {
	if raceenabled {
		callerpc, pc := sys.GetCallerPC(), abi.FuncPCABIInternal(reflect_typedmemmove)
		raceWriteObjectPC(typ, dst, callerpc, pc)
		raceReadObjectPC(typ, src, callerpc, pc)
	}
	typedmemmove(typ, dst, src)
}

//go:linkname reflectlite_typedmemmove internal/reflectlite.typedmemmove
func reflectlite_typedmemmove(typ *_type, dst, src unsafe.Pointer) { typedmemmove(typ, dst, src) }

//go:linkname maps_typedmemmove internal/runtime/maps.typedmemmove
func maps_typedmemmove(typ *_type, dst, src unsafe.Pointer) { typedmemmove(typ, dst, src) }

//go:linkname typedslicecopy
func typedslicecopy(typ *_type, dstPtr unsafe.Pointer, dstLen int, srcPtr unsafe.Pointer, srcLen int) int {
	n := min(dstLen, srcLen)
	if raceenabled && n != 0 {
		callerpc, pc := sys.GetCallerPC(), abi.FuncPCABIInternal(slicecopy)
		racewriterangepc(dstPtr, uintptr(n)*typ.Size_, callerpc, pc)
		racereadrangepc(srcPtr, uintptr(n)*typ.Size_, callerpc, pc)
	}
	if n == 0 || dstPtr == srcPtr {
		return n
	}
	typedCopy(typ, dstPtr, srcPtr, uintptr(n)*typ.Size_)
	return n
}

//go:linkname reflect_typedslicecopy reflect.typedslicecopy
func reflect_typedslicecopy(elem *_type, dst, src slice) int {
	return typedslicecopy(elem, dst.array, dst.len, src.array, src.len)
}

//go:linkname typedmemclr
func typedmemclr(typ *_type, p unsafe.Pointer) { typedClear(typ, p, typ.Size_) }

//go:linkname reflect_typedmemclr reflect.typedmemclr
func reflect_typedmemclr(typ *_type, p unsafe.Pointer) { typedmemclr(typ, p) }

//go:linkname maps_typedmemclr internal/runtime/maps.typedmemclr
func maps_typedmemclr(typ *_type, p unsafe.Pointer) { typedmemclr(typ, p) }

//go:linkname reflect_typedmemclrpartial reflect.typedmemclrpartial
func reflect_typedmemclrpartial(typ *_type, p unsafe.Pointer, off, size uintptr) {
	typedClear(typ, p, size) // p already points to the part
}

//go:linkname reflect_typedarrayclear reflect.typedarrayclear
func reflect_typedarrayclear(typ *_type, p unsafe.Pointer, n int) {
	typedClear(typ, p, typ.Size_*uintptr(n))
}

// memclrHasPointers clears memory of unknown type that may hold pointers.
//
//go:linkname memclrHasPointers
func memclrHasPointers(p unsafe.Pointer, n uintptr) { typedClear(nil, p, n) }

//go:linkname reflect_memclrNoHeapPointers reflect.memclrNoHeapPointers
func reflect_memclrNoHeapPointers(p unsafe.Pointer, n uintptr) { memclrNoHeapPointers(p, n) }

// memequal_varlen is an Equal function: its closure holds the size after the code pointer.
func memequal_varlen(a, b unsafe.Pointer) bool {
	c := unsafe.Pointer(sys.GetClosurePtr())
	return memequal(a, b, *(*uintptr)(add(c, unsafe.Sizeof(uintptr(0)))))
}

// cmpstring compares strings as bytes: -1, 0 or 1.
func cmpstring(a, b string) int {
	pa, pb := unsafe.Pointer(unsafe.StringData(a)), unsafe.Pointer(unsafe.StringData(b))
	n := uintptr(min(len(a), len(b)))
	i := uintptr(0)
	if pa == pb {
		i = n
	}
	for ; i+8 <= n; i += 8 {
		x, y := *(*uint64)(add(pa, i)), *(*uint64)(add(pb, i))
		if x != y {
			if !goarch.BigEndian {
				x, y = sys.Bswap64(x), sys.Bswap64(y)
			}
			if x < y {
				return -1
			}
			return 1
		}
	}
	for ; i < n; i++ {
		x, y := *(*byte)(add(pa, i)), *(*byte)(add(pb, i))
		if x < y {
			return -1
		}
		if x > y {
			return 1
		}
	}
	if len(a) < len(b) {
		return -1
	}
	if len(a) > len(b) {
		return 1
	}
	return 0
}

//go:linkname reflect_verifyNotInHeapPtr reflect.verifyNotInHeapPtr
func reflect_verifyNotInHeapPtr(p uintptr) bool {
	var o objectInfo
	return !rt_findobject(unsafe.Pointer(p), &o)
}

// reflect_gcbits returns what the collector knows of the heap object that x points to: a byte for each word up to the
// last pointer, 1 for a pointer. It is for tests.
//
//go:linkname reflect_gcbits reflect.gcbits
func reflect_gcbits(x any) []byte {
	var o objectInfo
	if !rt_findobject(efaceOf(&x).data, &o) || o.noscan {
		return nil
	}
	mask := make([]byte, o.size/goarch.PtrSize)
	rt_objectmask(o.base, mask)
	for len(mask) > 0 && mask[len(mask)-1] == 0 {
		mask = mask[:len(mask)-1]
	}
	return mask
}

// heapObjectsCanMove is for packages that keep addresses as numbers.
//
//go:linkname heapObjectsCanMove
func heapObjectsCanMove() bool { return false }

func freegc(p unsafe.Pointer, size uintptr, noscan bool) bool { return false }

// rt_makemap makes a map that begins with one group of the given size; m and group, if not nil, are memory for its header
// and for the group.
func rt_makemap(m *maps.Map, group unsafe.Pointer, size uintptr) *maps.Map {
	if m == nil {
		return maps.NewEmptyMap()
	}
	memclrNoHeapPointers(group, size)
	*(*uint64)(group) = abi.MapCtrlEmpty
	h := (*smallMap)(unsafe.Pointer(m))
	*h = smallMap{seed: uintptr(rand()), group: group}
	return m
}

// smallMap is the layout of a maps.Map.
type smallMap struct {
	used  uint64
	seed  uintptr
	group unsafe.Pointer
	_     [3]uintptr
}
