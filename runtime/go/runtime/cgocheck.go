package runtime

import (
	"internal/abi"
	"unsafe"
)

// Checks of what is handed to C: Go memory that C gets to see must not hold pointers to Go memory that is not pinned.

// cgoCheckPointer checks an argument of a C function. aux says what the argument was made of: true, it is the address of one
// element, which alone is to be checked; a slice or an array (or a pointer to one), it is the address of an element of that; nil,
// anything.
//
//go:linkname cgoCheckPointer
func cgoCheckPointer(ptr any, aux any) {
	if debug.cgocheck.Load() == 0 {
		return
	}
	v := efaceOf(&ptr)
	t, top := v._type, true
	if k := t.Kind(); aux != nil && (k == abi.Pointer || k == abi.UnsafePointer) {
		p := v.data
		if !t.IsDirectIface() {
			p = *(*unsafe.Pointer)(p)
		}
		if rt_gopointer(p) == 0 {
			return
		}
		a := efaceOf(&aux)
		switch a._type.Kind() {
		case abi.Bool:
			if k == abi.Pointer {
				cgoCheckArg((*abi.PtrType)(unsafe.Pointer(t)).Elem, p, true, false, false)
				return
			}
		case abi.Slice:
			v, t = a, a._type
		case abi.Array:
			v, t, top = a, a._type, false
		case abi.Pointer:
			v, t, top = a, (*abi.PtrType)(unsafe.Pointer(a._type)).Elem, false
			cgoCheckArg(t, v.data, true, top, false)
			return
		}
	}
	cgoCheckArg(t, v.data, !t.IsDirectIface(), top, false)
}

// cgoCheckResult checks a result that an exported function returns to C.
//
//go:linkname cgoCheckResult
func cgoCheckResult(val any) {
	if debug.cgocheck.Load() == 0 {
		return
	}
	v := efaceOf(&val)
	if t := v._type; t != nil {
		cgoCheckArg(t, v.data, !t.IsDirectIface(), false, true)
	}
}

// cgoCheckArg checks a value of type t: it lies at p, or is p itself if !indir. top: it may itself be a pointer to Go memory.
func cgoCheckArg(t *_type, p unsafe.Pointer, indir, top, result bool) {
	if !t.Pointers() || p == nil {
		return
	}
	kind := t.Kind()
	// refused reports whether q, which the value holds, must not go to C; if not, whether it points to Go memory at all.
	check := func(q unsafe.Pointer) (inGo bool) {
		if rt_gopointer(q) == 0 {
			return false
		}
		if !top && !rt_ispinned(q) {
			panic(cgoFormatErr(result, kind))
		}
		return true
	}
	switch kind {
	case abi.Array:
		at := (*abi.ArrayType)(unsafe.Pointer(t))
		if !indir {
			cgoCheckArg(at.Elem, p, !at.Elem.IsDirectIface(), top, result)
			return
		}
		for i := uintptr(0); i < at.Len; i++ {
			cgoCheckArg(at.Elem, add(p, i*at.Elem.Size_), true, top, result)
		}
	case abi.Struct:
		st := (*abi.StructType)(unsafe.Pointer(t))
		for i := range st.Fields {
			f := &st.Fields[i]
			if !indir {
				if f.Typ.Size_ != 0 {
					cgoCheckArg(f.Typ, p, !f.Typ.IsDirectIface(), top, result)
				}
			} else if f.Typ.Pointers() {
				cgoCheckArg(f.Typ, add(p, f.Offset), true, top, result)
			}
		}
	case abi.Chan, abi.Map:
		// These always lead to memory of Go.
		panic(cgoFormatErr(result, kind))
	case abi.Func:
		if indir {
			p = *(*unsafe.Pointer)(p)
		}
		if rt_gopointer(p) != 0 {
			panic(cgoFormatErr(result, kind))
		}
	case abi.Interface:
		dyn := *(**_type)(p)
		if dyn == nil {
			return
		}
		if t := (*abi.InterfaceType)(unsafe.Pointer(t)); len(t.Methods) != 0 {
			dyn = (*itab)(unsafe.Pointer(dyn)).Type
		}
		if rt_gopointer(unsafe.Pointer(dyn)) == 1 {
			panic(cgoFormatErr(result, kind)) // a type made at run time
		}
		if q := *(*unsafe.Pointer)(add(p, unsafe.Sizeof(p))); check(q) {
			cgoCheckArg(dyn, q, !dyn.IsDirectIface(), false, result)
		}
	case abi.Slice:
		s := (*slice)(p)
		elem := (*abi.SliceType)(unsafe.Pointer(t)).Elem
		if !check(s.array) || !elem.Pointers() {
			return
		}
		for i := 0; i < s.cap; i++ {
			cgoCheckArg(elem, add(s.array, uintptr(i)*elem.Size_), true, false, result)
		}
	case abi.String:
		check((*stringStruct)(p).str)
	case abi.Pointer, abi.UnsafePointer:
		if indir {
			p = *(*unsafe.Pointer)(p)
		}
		if check(p) {
			cgoCheckUnknownPointer(p, result)
		}
	}
}

// cgoCheckUnknownPointer checks the whole object that p points into.
func cgoCheckUnknownPointer(p unsafe.Pointer, result bool) {
	var o objectInfo
	if !rt_findobject(p, &o) {
		if rt_gopointer(p) == 2 {
			// How large the variable is, and what it holds, is unknown.
			panic(cgoFormatErr(result, abi.Pointer))
		}
		return
	}
	if o.noscan {
		return
	}
	mask := make([]byte, o.size/unsafe.Sizeof(p))
	rt_objectmask(o.base, mask)
	for i, m := range mask {
		if m == 0 {
			continue
		}
		q := *(*unsafe.Pointer)(add(o.base, uintptr(i)*unsafe.Sizeof(p)))
		if rt_gopointer(q) != 0 && !rt_ispinned(q) {
			panic(cgoFormatErr(result, abi.Pointer))
		}
	}
}

// cgoFormatErr makes the error; three frames above it is the function whose argument or result it is.
//
//go:noinline
func cgoFormatErr(result bool, kind abi.Kind) error {
	name := kind.String()
	switch kind {
	case abi.Chan:
		name = "channel"
	case abi.Func:
		name = "function"
	case abi.Pointer:
		name = "pointer"
	case abi.UnsafePointer:
		name = "unsafe pointer"
	}
	if !result {
		return errorString("argument of cgo function has Go pointer to unpinned Go " + name)
	}
	const prefix = len("_cgoexp_3c910ddb72c4_")
	var file, fn string
	var line int
	var pcs [16]uintptr
	frames := CallersFrames(pcs[:Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if len(f.Function) > prefix && f.Function[:8] == "_cgoexp_" {
			file, line, fn = f.File, f.Line, f.Function[prefix:]
			break
		}
		if !more {
			break
		}
	}
	var buf [20]byte
	return errorString(file + ":" + string(itoa(buf[:], uint64(line))) + ": result of Go function " + fn +
		" called from cgo is unpinned Go " + name + " or points to unpinned Go " + name)
}
