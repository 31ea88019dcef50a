package runtime

import (
	"internal/runtime/atomic"
	"unsafe"
)

// Calls between Go and C. Package runtime/cgo, where it is linked in, sets these variables; without it they are nil.

//go:linkname iscgo
var iscgo bool

//go:linkname _cgo_notify_runtime_init_done _cgo_notify_runtime_init_done
var _cgo_notify_runtime_init_done unsafe.Pointer

//go:linkname _cgo_set_traceback_functions _cgo_set_traceback_functions
var _cgo_set_traceback_functions unsafe.Pointer

//go:linkname _cgo_call_traceback_function _cgo_call_traceback_function
var _cgo_call_traceback_function unsafe.Pointer

//go:linkname _cgo_call_symbolizer_function _cgo_call_symbolizer_function
var _cgo_call_symbolizer_function unsafe.Pointer

var _cgo_setenv unsafe.Pointer

var _cgo_unsetenv unsafe.Pointer

//go:linkname _cgo_setenv
//go:linkname _cgo_unsetenv
//go:linkname _cgo_clearenv
var _cgo_clearenv unsafe.Pointer

// set_crosscall2 is for programs whose start is not ours.
//
//go:linkname set_crosscall2
var set_crosscall2 func()

// Calls from threads that Go has not made wait until packages are initialised.
var (
	mainInitDone     atomic.Bool
	mainInitDoneChan chan struct{}
)

func cgoStart() {
	mainInitDoneChan = make(chan struct{})
	cgocall(_cgo_notify_runtime_init_done, nil)
}

// cgocall calls the C function fn with one argument. Code that cmd/cgo generates does, and packages that link to it.
//
//go:linkname cgocall
func cgocall(fn, arg unsafe.Pointer) int32 {
	if !iscgo {
		throw("cgocall unavailable")
	}
	if fn == nil {
		throw("cgocall nil")
	}
	if raceenabled {
		racereleasemerge(unsafe.Pointer(&racecgosync))
		r := rt_cgocall(fn, arg)
		raceacquire(unsafe.Pointer(&racecgosync))
		return r
	}
	return rt_cgocall(fn, arg)
}

// racecgosync stands for whatever C code may synchronise with.
var racecgosync uint64

// cgocallback and systemstack_switch are what traces show between the Go function that C has called and cgocall. Nothing calls them.
func cgocallback()        { cgocallback() }
func systemstack_switch() { systemstack_switch() }

// cgocallbackg runs fn, which unpacks its arguments from frame, on behalf of C code. Assembly calls it, on the stack of the goroutine
// that had called C, or of the one that stands for a thread that Go has not made.
func cgocallbackg(fn, frame unsafe.Pointer, ctxt uintptr) {
	if rt_nocallback(false) {
		panic("runtime: function marked with #cgo nocallback called back into Go")
	}
	cgocallbackg1(fn, frame)
}

func cgocallbackg1(fn, frame unsafe.Pointer) {
	if !mainInitDone.Load() && rt_cgodepth() == 0 {
		<-mainInitDoneChan
	}
	leaving := true
	defer unwindm(&leaving)
	if raceenabled {
		raceacquire(unsafe.Pointer(&racecgosync))
		defer racereleasemerge(unsafe.Pointer(&racecgosync))
	}
	fv := funcval{uintptr(fn)}
	var f func(unsafe.Pointer)
	*(*unsafe.Pointer)(unsafe.Pointer(&f)) = noescape(unsafe.Pointer(&fv))
	f(frame)
	leaving = false
}

func unwindm(leaving *bool) {
	if *leaving {
		rt_cgounwind()
	}
}

// syscall_cgocaller calls one of runtime/cgo's functions for package syscall, which get their arguments by address.
//
//go:linkname syscall_cgocaller syscall.cgocaller
//go:uintptrescapes
func syscall_cgocaller(fn unsafe.Pointer, args ...uintptr) uintptr {
	call := struct {
		args   unsafe.Pointer
		result uintptr
	}{args: unsafe.Pointer(&args[0])}
	cgocall(fn, unsafe.Pointer(&call))
	return call.result
}

// _cgo_panic_internal panics for C code.
//
//go:linkname _cgo_panic_internal
func _cgo_panic_internal(text *byte) { panic(gostringnocopy(text)) }

// cgoUse and cgoKeepAlive keep arguments alive, and say whether they escape: generated code has calls of them that are never made.
//
//go:linkname cgoUse
func cgoUse(x any) {
	cgoUsed = x
	throw("cgoUse should not be called")
}

var cgoUsed any

//go:linkname cgoKeepAlive
func cgoKeepAlive(x any) { throw("cgoKeepAlive should not be called") }

//go:linkname cgoAlwaysFalse
var cgoAlwaysFalse bool

// cgoNoCallback frames calls of functions that are marked `#cgo nocallback`.
//
//go:linkname cgoNoCallback
func cgoNoCallback(forbid bool) {
	if rt_nocallback(forbid) && forbid {
		panic("runtime: unexpected setting cgoNoCallback")
	}
}

// setenv_c and unsetenv_c keep the C library's environment in step.
func setenv_c(k, v string) {
	if _cgo_setenv != nil {
		arg := [2]unsafe.Pointer{cstring(k), cstring(v)}
		cgocall(_cgo_setenv, unsafe.Pointer(&arg))
	}
}

func unsetenv_c(k string) {
	if _cgo_unsetenv != nil {
		arg := [1]unsafe.Pointer{cstring(k)}
		cgocall(_cgo_unsetenv, unsafe.Pointer(&arg))
	}
}

func cstring(s string) unsafe.Pointer {
	b := make([]byte, len(s)+1)
	copy(b, s)
	return unsafe.Pointer(&b[0])
}

//go:linkname boring_registerCache crypto/internal/boring/bcache.registerCache
func boring_registerCache(p unsafe.Pointer) {}

var cgoTraceback, cgoContext, cgoSymbolizer unsafe.Pointer

// SetCgoTraceback records three C functions to use to gather traceback information from C code and to convert that
// traceback information into symbolic information. These are used when printing stack traces for a program that uses cgo.
//
// The traceback and context functions may be called from a signal handler, and must therefore use only async-signal safe
// functions. The symbolizer function may be called while the program is crashing, and so must be cautious about using
// memory. None of the functions may call back into Go.
//
// The version parameter specifies the version of the API. As of Go 1.27 it must be zero.
func SetCgoTraceback(version int, traceback, context, symbolizer unsafe.Pointer) {
	if version != 0 {
		panic("unsupported version")
	}
	if cgoTraceback != nil && cgoTraceback != traceback ||
		cgoContext != nil && cgoContext != context ||
		cgoSymbolizer != nil && cgoSymbolizer != symbolizer {
		panic("call SetCgoTraceback only once")
	}
	cgoTraceback, cgoContext, cgoSymbolizer = traceback, context, symbolizer
	if _cgo_set_traceback_functions == nil {
		return
	}
	arg := [3]unsafe.Pointer{traceback, context, symbolizer}
	cgocall(_cgo_set_traceback_functions, unsafe.Pointer(&arg))
	t, s := _cgo_call_traceback_function, _cgo_call_symbolizer_function
	if traceback == nil {
		t = nil
	}
	if symbolizer == nil {
		s = nil
	}
	rt_setcgotraceback(t, s)
}

// cgoFrames asks the program's symbolizer for the frames at pc, an address in C code.
func cgoFrames(pc uintptr) (list []Frame) {
	var arg struct {
		pc    uintptr
		file  *byte
		line  uintptr
		fn    *byte
		entry uintptr
		more  uintptr
		data  uintptr
	}
	if _cgo_call_symbolizer_function == nil {
		return nil
	}
	ask := func() { cgocall(_cgo_call_symbolizer_function, unsafe.Pointer(&arg)) }
	arg.pc = pc
	for {
		ask()
		if list == nil && arg.file == nil && arg.fn == nil {
			return nil
		}
		list = append(list, Frame{PC: pc, Function: gostring(arg.fn), File: gostring(arg.file), Line: int(arg.line), Entry: arg.entry})
		if arg.more == 0 {
			break
		}
	}
	// The end for this address.
	arg.pc = 0
	ask()
	return list
}
