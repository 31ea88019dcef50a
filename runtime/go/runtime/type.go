package runtime

import (
	"internal/abi"
	"internal/runtime/atomic"
	"unsafe"
)

// Type descriptors are those of internal/abi. The 32-bit offsets in them are relative to the address passed as base (the
// owning descriptor or name); descriptors that reflect made in the heap use negative ids instead, see reflectOffs.

type _type = abi.Type
type itab = abi.ITab

type nameOff = abi.NameOff
type typeOff = abi.TypeOff
type textOff = abi.TextOff

type name = abi.Name
type uncommontype = abi.UncommonType
type interfacetype = abi.InterfaceType
type arraytype = abi.ArrayType
type chantype = abi.ChanType
type slicetype = abi.SliceType
type functype = abi.FuncType
type ptrtype = abi.PtrType
type structtype = abi.StructType

// rtype adds the methods that resolve offsets.
type rtype struct {
	*abi.Type
}

func toRType(t *abi.Type) rtype { return rtype{t} }

// string is the text that reflect's Type.String gives.
func (t rtype) string() string {
	s := t.nameOff(t.Str).Name()
	if t.TFlag&abi.TFlagExtraStar != 0 {
		s = s[1:]
	}
	return s
}

func (t rtype) uncommon() *uncommontype { return t.Uncommon() }

// pkgpath is the package of a named type, or of the unexported parts of a struct or interface type.
func (t rtype) pkgpath() string {
	if u := t.Uncommon(); u != nil {
		return t.nameOff(u.PkgPath).Name()
	}
	switch t.Kind() {
	case abi.Struct:
		return (*structtype)(unsafe.Pointer(t.Type)).PkgPath.Name()
	case abi.Interface:
		return (*interfacetype)(unsafe.Pointer(t.Type)).PkgPath.Name()
	}
	return ""
}

func (t rtype) nameOff(off nameOff) name { return resolveNameOff(unsafe.Pointer(t.Type), off) }

func (t rtype) typeOff(off typeOff) *_type { return resolveTypeOff(unsafe.Pointer(t.Type), off) }

func (t rtype) textOff(off textOff) unsafe.Pointer {
	return resolveTextOff(unsafe.Pointer(t.Type), off)
}

// pkgPath is the package path inside the name of an unexported method or field, "" if there is none.
func pkgPath(n name) string {
	const hasTag, hasPkgPath = 1 << 1, 1 << 2
	if n.Bytes == nil || *n.Data(0)&hasPkgPath == 0 {
		return ""
	}
	k, size := n.ReadVarint(1)
	at := 1 + k + size
	if *n.Data(0)&hasTag != 0 {
		k, size = n.ReadVarint(at)
		at += k + size
	}
	var off nameOff // not aligned in the name
	memmove(unsafe.Pointer(&off), unsafe.Pointer(n.Data(at)), 4)
	return resolveNameOff(unsafe.Pointer(n.Bytes), off).Name()
}

// staticLo and staticHi bound the program's own data. Set first thing by main.
var staticLo, staticHi uintptr

// reflectOffs numbers the names, types and functions of descriptors made at run time: negative ids stand for offsets.
var reflectOffs struct {
	lock mutex
	ptrs []unsafe.Pointer // id is -2 - index: -1 means a pruned method
	ids  map[unsafe.Pointer]int32
}

// resolveOff finds what off means. base matters only to the message.
func resolveOff(base unsafe.Pointer, off int32) unsafe.Pointer {
	if off > 0 {
		return unsafe.Pointer(uintptr(off)) // compiled: an address
	}
	lock(&reflectOffs.lock)
	i := -2 - int(off)
	if i < 0 || i >= len(reflectOffs.ptrs) {
		unlock(&reflectOffs.lock)
		println("runtime: offset", hex(off), "base", hex(uintptr(base)), "not in range", hex(staticLo), "-", hex(staticHi))
		throw("runtime: type offset base pointer out of range")
	}
	p := reflectOffs.ptrs[i]
	unlock(&reflectOffs.lock)
	return p
}

func resolveNameOff(base unsafe.Pointer, off nameOff) name {
	if off == 0 {
		return name{}
	}
	return name{Bytes: (*byte)(resolveOff(base, int32(off)))}
}

func resolveTypeOff(base unsafe.Pointer, off typeOff) *_type {
	if off == 0 || off == -1 {
		return nil
	}
	return (*_type)(resolveOff(base, int32(off)))
}

func resolveTextOff(base unsafe.Pointer, off textOff) unsafe.Pointer {
	if off == -1 || off == 0 {
		return unsafe.Pointer(abi.FuncPCABIInternal(unreachableMethod))
	}
	return resolveOff(base, int32(off))
}

//go:linkname reflect_addReflectOff reflect.addReflectOff
func reflect_addReflectOff(ptr unsafe.Pointer) int32 {
	lock(&reflectOffs.lock)
	id, ok := reflectOffs.ids[ptr]
	if !ok {
		if reflectOffs.ids == nil {
			reflectOffs.ids = make(map[unsafe.Pointer]int32)
		}
		id = -2 - int32(len(reflectOffs.ptrs))
		reflectOffs.ptrs = append(reflectOffs.ptrs, ptr)
		reflectOffs.ids[ptr] = id
	}
	unlock(&reflectOffs.lock)
	return id
}

//go:linkname reflect_resolveNameOff reflect.resolveNameOff
func reflect_resolveNameOff(base unsafe.Pointer, off int32) unsafe.Pointer {
	return unsafe.Pointer(resolveNameOff(base, nameOff(off)).Bytes)
}

//go:linkname reflect_resolveTypeOff reflect.resolveTypeOff
func reflect_resolveTypeOff(base unsafe.Pointer, off int32) unsafe.Pointer {
	return unsafe.Pointer(resolveTypeOff(base, typeOff(off)))
}

//go:linkname reflect_resolveTextOff reflect.resolveTextOff
func reflect_resolveTextOff(base unsafe.Pointer, off int32) unsafe.Pointer {
	return resolveTextOff(base, textOff(off))
}

//go:linkname reflectlite_resolveNameOff internal/reflectlite.resolveNameOff
func reflectlite_resolveNameOff(base unsafe.Pointer, off int32) unsafe.Pointer {
	return unsafe.Pointer(resolveNameOff(base, nameOff(off)).Bytes)
}

//go:linkname reflectlite_resolveTypeOff internal/reflectlite.resolveTypeOff
func reflectlite_resolveTypeOff(base unsafe.Pointer, off int32) unsafe.Pointer {
	return unsafe.Pointer(resolveTypeOff(base, typeOff(off)))
}

//go:linkname reflect_adjustAIXGCDataForRuntime reflect.adjustAIXGCDataForRuntime
func reflect_adjustAIXGCDataForRuntime(addr *byte) *byte { return addr }

//go:linkname maps_typeString internal/runtime/maps.typeString
func maps_typeString(typ *abi.Type) string { return toRType(typ).string() }

var typelinks struct {
	lock mutex
	done bool
	list []*_type
}

// sortedTypelinks is the compiled descriptors in the order of their strings.
func sortedTypelinks() []*_type {
	lock(&typelinks.lock)
	if !typelinks.done {
		all, _ := rt_links()
		list := make([]*_type, len(all))
		copy(list, all)
		sortTypes(list)
		typelinks.list = list
		typelinks.done = true
	}
	list := typelinks.list
	unlock(&typelinks.lock)
	return list
}

// sortTypes is heapsort by string: nothing below package sort may import it.
func sortTypes(a []*_type) {
	key := make([]string, len(a))
	for i, t := range a {
		key[i] = toRType(t).string()
	}
	down := func(root, n int) {
		for {
			child := 2*root + 1
			if child >= n {
				return
			}
			if child+1 < n && key[child] < key[child+1] {
				child++
			}
			if key[root] >= key[child] {
				return
			}
			key[root], key[child] = key[child], key[root]
			a[root], a[child] = a[child], a[root]
			root = child
		}
	}
	for i := len(a)/2 - 1; i >= 0; i-- {
		down(i, len(a))
	}
	for i := len(a) - 1; i > 0; i-- {
		key[0], key[i] = key[i], key[0]
		a[0], a[i] = a[i], a[0]
		down(0, i)
	}
}

//go:linkname reflect_compiledTypelinks reflect.compiledTypelinks
func reflect_compiledTypelinks() ([]*_type, [][]*_type) { return sortedTypelinks(), nil }

// reflect_typelinks is the older form of the same list, for linkname users.
//
//go:linkname reflect_typelinks reflect.typelinks
func reflect_typelinks() ([]unsafe.Pointer, [][]int32) {
	list := sortedTypelinks()
	if len(list) == 0 {
		return nil, nil
	}
	offs := make([]int32, len(list))
	for i, t := range list {
		offs[i] = int32(uintptr(unsafe.Pointer(t)) - staticLo)
	}
	return []unsafe.Pointer{unsafe.Pointer(staticLo)}, [][]int32{offs}
}

// moduledata is what iface.go asks of it. The static itabs are entered by addStaticItabs.
type moduledata struct {
	types, itaboffset, itabsize uintptr
}

func activeModules() []*moduledata { return nil }

// addStaticItabs enters the compiled itabs: two itabs for one pair of types would make equal interface values differ.
func addStaticItabs() {
	_, itabs := rt_links()
	lock(&itabLock)
	for _, t := range itabs {
		itabAdd(t)
	}
	unlock(&itabLock)
}

// rt_itab finds the method table for an assertion that may fail. The table of a type that does not implement the interface
// has no first method; nil: there is no table, because the type has no methods at all.
func rt_itab(inter *interfacetype, typ *_type) *itab {
	if m := getitab(inter, typ, true); m != nil {
		return m
	}
	return (*itabTableType)(atomic.Loadp(unsafe.Pointer(&itabTable))).find(inter, typ)
}
