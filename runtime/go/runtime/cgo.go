package runtime

import "unsafe"

// Cgo is not there; these names are linked to by packages that would use it.

//go:linkname iscgo
var iscgo bool

//go:linkname syscall_cgocaller syscall.cgocaller
func syscall_cgocaller(fn unsafe.Pointer, args ...uintptr) uintptr {
	throw("call of a C function without cgo")
	return 0
}

//go:linkname boring_registerCache crypto/internal/boring/bcache.registerCache
func boring_registerCache(p unsafe.Pointer) {}

// SetCgoTraceback records three C functions to use to gather traceback information from C code and to convert that
// traceback information into symbolic information. There is no C code in this implementation: they are never called.
func SetCgoTraceback(version int, traceback, context, symbolizer unsafe.Pointer) {
	if version != 0 {
		panic("unsupported version")
	}
}
