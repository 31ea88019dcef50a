package runtime

import (
	"internal/abi"
	"unsafe"
)

// A Pinner is a set of Go objects each pinned to a fixed location in memory. The Pin method pins one object, while Unpin
// unpins all pinned objects.
type Pinner struct {
	*pinner
}

type pinner struct {
	refs []unsafe.Pointer
}

// Pin pins a Go object, preventing it from being moved or freed by the garbage collector until the Unpin method has been
// called.
//
// A pointer to a pinned object can be directly stored in C memory or can be contained in Go memory passed to C functions.
// If the pinned object itself contains pointers to Go objects, these objects must be pinned separately if they are going to
// be accessed from C code.
//
// The argument must be a pointer of any type or an unsafe.Pointer. It's safe to call Pin on non-Go pointers, in which case
// Pin will do nothing.
func (p *Pinner) Pin(pointer any) {
	if p.pinner == nil {
		p.pinner = new(pinner)
		SetFinalizer(p.pinner, func(p *pinner) {
			if len(p.refs) != 0 {
				p.unpin()
				pinnerLeakPanic()
			}
		})
	}
	e := efaceOf(&pointer)
	if e._type == nil {
		panic(errorString("runtime.Pinner: argument is nil"))
	}
	if k := e._type.Kind(); k != abi.Pointer && k != abi.UnsafePointer {
		panic(errorString("runtime.Pinner: argument is not a pointer: " + toRType(e._type).string()))
	}
	if rt_pin(e.data) {
		p.refs = append(p.refs, e.data)
	}
}

// Unpin unpins all pinned objects of the Pinner.
func (p *Pinner) Unpin() { p.pinner.unpin() }

func (p *pinner) unpin() {
	if p == nil {
		return
	}
	for _, r := range p.refs {
		rt_unpin(r)
	}
	p.refs = nil
}

var pinnerLeakPanic = func() {
	panic(errorString("runtime.Pinner: found leaking pinned pointer; forgot to call Unpin?"))
}
