package runtime

import (
	"internal/abi"
	"unsafe"
)

// finalizer is a finalizer of an object, and one that is due.
type finalizer struct {
	fn   *funcval
	arg  unsafe.Pointer // the object
	nret uintptr        // bytes for results
	fint *_type         // type of fn's parameter
	ot   *_type         // type of the pointer
}

var finalizers struct {
	lock    mutex
	started bool
	cleanup bool
}

// startFinalizers makes the goroutine that runs finalizers.
func startFinalizers() {
	lock(&finalizers.lock)
	if !finalizers.started {
		finalizers.started = true
		rt_newsystemproc(runFinalizers)
	}
	unlock(&finalizers.lock)
}

func runFinalizers() {
	for {
		var f finalizer
		rt_nextfinalizer(&f)
		if raceenabled {
			raceacquireall()
		}
		callFinalizer(&f)
	}
}

func callFinalizer(f *finalizer) {
	var regs abi.RegArgs
	// Results may be anywhere; nobody reads them.
	size := unsafe.Sizeof(any(nil)) + f.nret
	frame := mallocgc(size, nil, true)
	r := unsafe.Pointer(&regs.Ints)
	switch f.fint.Kind() {
	case abi.Pointer:
		*(*unsafe.Pointer)(r) = f.arg
	case abi.Interface:
		it := (*interfacetype)(unsafe.Pointer(f.fint))
		if len(it.Methods) == 0 {
			*(*eface)(r) = eface{f.ot, f.arg}
		} else {
			*(*iface)(r) = iface{assertE2I(it, f.ot), f.arg}
		}
	default:
		throw("bad type kind in finalizer")
	}
	reflectcall(nil, unsafe.Pointer(f.fn), frame, uint32(size), uint32(size), uint32(size), &regs)
}

// blockUntilEmptyFinalizerQueue is for tests.
//
//go:linkname blockUntilEmptyFinalizerQueue
func blockUntilEmptyFinalizerQueue(timeout int64) bool {
	start := nanotime()
	for nanotime()-start < timeout {
		if rt_finalizersidle() {
			return true
		}
		Gosched()
	}
	return false
}

//go:linkname unique_blockUntilEmptyCleanupQueue unique.runtime_blockUntilEmptyCleanupQueue
func unique_blockUntilEmptyCleanupQueue(timeout int64) bool {
	return blockUntilEmptyFinalizerQueue(timeout)
}

//go:linkname sync_test_blockUntilEmptyCleanupQueue sync_test.runtime_blockUntilEmptyCleanupQueue
func sync_test_blockUntilEmptyCleanupQueue(timeout int64) bool {
	return blockUntilEmptyFinalizerQueue(timeout)
}

// SetFinalizer sets the finalizer associated with obj to the provided finalizer function. When the garbage collector finds
// an unreachable block with an associated finalizer, it clears the association and runs finalizer(obj) in a separate
// goroutine. This makes obj reachable again, but now without an associated finalizer. SetFinalizer(obj, nil) clears any
// finalizer associated with obj.
//
// The argument obj must be a pointer to an object allocated by calling new, by taking the address of a composite literal,
// or by taking the address of a local variable. The argument finalizer must be a function that takes a single argument to
// which obj's type can be assigned, and can have arbitrary ignored return values. If either of these is not true,
// SetFinalizer may abort the program.
//
// There is no guarantee that finalizers will run before a program exits.
func SetFinalizer(obj any, finalizer any) { setFinalizer(obj, finalizer) }

func setFinalizer(obj any, fin any) {
	const me = "runtime.SetFinalizer: "
	e := efaceOf(&obj)
	et := e._type
	if et == nil {
		throw(me + "first argument is nil")
	}
	if et.Kind() != abi.Pointer {
		throw(me + "first argument is " + toRType(et).string() + ", not pointer")
	}
	elem := (*ptrtype)(unsafe.Pointer(et)).Elem

	var o objectInfo
	if !rt_findobject(e.data, &o) {
		if p := uintptr(e.data); p >= staticLo && p < staticHi || e.data == unsafe.Pointer(&zerobase) {
			return // global data is never freed
		}
		throw(me + "pointer not in allocated block")
	}
	if o.base != e.data && (elem.Pointers() || elem.Size_ >= 16) {
		// Inside of a block only if several tiny objects may share it.
		throw(me + "pointer not at beginning of allocated block")
	}

	fe := efaceOf(&fin)
	ft := fe._type
	if ft == nil {
		rt_setfinalizer(e.data, nil)
		return
	}
	if ft.Kind() != abi.Func {
		throw(me + "second argument is " + toRType(ft).string() + ", not a function")
	}
	fn := (*functype)(unsafe.Pointer(ft))
	refuse := me + "cannot pass " + toRType(et).string() + " to finalizer " + toRType(ft).string()
	if fn.IsVariadic() {
		throw(refuse + " because dotdotdot")
	}
	if fn.InCount != 1 {
		throw(refuse)
	}
	in := fn.InSlice()[0]
	if !finalizerAccepts(in, et) {
		throw(refuse)
	}
	nret := uintptr(0)
	for _, t := range fn.OutSlice() {
		nret = alignUp(nret, uintptr(t.Align_)) + t.Size_
	}
	startFinalizers()
	f := finalizer{fn: (*funcval)(fe.data), arg: e.data, nret: alignUp(nret, 8), fint: in, ot: et}
	if !rt_setfinalizer(e.data, &f) {
		throw(me + "finalizer already set")
	}
	KeepAlive(obj)
}

// finalizerAccepts reports that a value of pointer type t can be passed to a parameter of type in.
func finalizerAccepts(in, t *_type) bool {
	if in == t {
		return true
	}
	switch in.Kind() {
	case abi.Pointer:
		return (in.Uncommon() == nil || t.Uncommon() == nil) &&
			(*ptrtype)(unsafe.Pointer(in)).Elem == (*ptrtype)(unsafe.Pointer(t)).Elem
	case abi.Interface:
		it := (*interfacetype)(unsafe.Pointer(in))
		return len(it.Methods) == 0 || assertE2I2(it, t) != nil
	}
	return false
}

// Cleanup is a handle to a cleanup call for a specific object.
type Cleanup struct {
	id  uint64 // 0 if there is nothing to stop
	ptr uintptr
}

// AddCleanup attaches a cleanup function to ptr. Some time after ptr is no longer reachable, the runtime will call
// cleanup(arg) in a separate goroutine.
//
// A typical use is that ptr is an object wrapping an underlying resource, arg is the underlying resource, and the cleanup
// function releases it. AddCleanup has few constraints on ptr: it may be an interior pointer, and many cleanups may be
// attached to the same pointer. Ptr must not be reachable from cleanup or arg, or it will never be collected; AddCleanup
// panics if arg is equal to ptr.
//
// There is no guarantee that cleanups will run before a program exits.
func AddCleanup[T, S any](ptr *T, cleanup func(S), arg S) Cleanup {
	ptr = abi.Escape(ptr)
	cleanup = abi.Escape(cleanup)
	argType := abi.TypeOf(arg)
	var argPtr unsafe.Pointer
	isPtr := argType != nil && (argType.Kind() == abi.Pointer || argType.Kind() == abi.UnsafePointer)
	if isPtr {
		argPtr = *(*unsafe.Pointer)(unsafe.Pointer(&arg))
	}
	o, ok := checkCleanup(unsafe.Pointer(ptr), isPtr, argPtr)
	if !ok {
		return Cleanup{}
	}
	if fv := *(*unsafe.Pointer)(unsafe.Pointer(&cleanup)); cleanupReaches(fv, &o) {
		panic("runtime.AddCleanup: cleanup function closes over ptr, cleanup will never run")
	}
	id := rt_addcleanup(unsafe.Pointer(ptr), func() { cleanup(arg) })
	KeepAlive(ptr)
	return Cleanup{id, uintptr(unsafe.Pointer(ptr))}
}

// checkCleanup checks the arguments of AddCleanup; false if the object is never freed.
func checkCleanup(ptr unsafe.Pointer, isPtr bool, arg unsafe.Pointer) (o objectInfo, ok bool) {
	if ptr == nil {
		panic("runtime.AddCleanup: ptr is nil")
	}
	if isPtr && arg == ptr {
		panic("runtime.AddCleanup: ptr is equal to arg, cleanup will never run")
	}
	if !rt_findobject(ptr, &o) {
		if p := uintptr(ptr); p >= staticLo && p < staticHi || ptr == unsafe.Pointer(&zerobase) {
			return o, false
		}
		panic("runtime.AddCleanup: ptr not in allocated block")
	}
	if isPtr && !o.tiny && uintptr(arg)-uintptr(o.base) < o.size {
		panic("runtime.AddCleanup: ptr is within arg, cleanup will never run")
	}
	startCleanups()
	return o, true
}

// cleanupReaches reports that a closure in the heap holds a pointer into object o. Closures are scanned as words: numbers
// that look like such a pointer are most unlikely.
func cleanupReaches(closure unsafe.Pointer, o *objectInfo) bool {
	var c objectInfo
	if !rt_findobject(closure, &c) || c.noscan {
		return false
	}
	for i := uintptr(8); i+8 <= c.size; i += 8 {
		if w := *(*uintptr)(add(c.base, i)); w-uintptr(o.base) < o.size {
			return true
		}
	}
	return false
}

func startCleanups() {
	lock(&finalizers.lock)
	if !finalizers.cleanup {
		finalizers.cleanup = true
		rt_newsystemproc(runCleanups)
	}
	unlock(&finalizers.lock)
}

func runCleanups() {
	for {
		f := rt_nextcleanup()
		if raceenabled {
			racecallbegin()
		}
		f()
		if raceenabled {
			racecallend()
		}
	}
}

// Stop cancels the cleanup call. Stop will have no effect if the cleanup call has already been queued for execution
// (because ptr became unreachable). To guarantee that Stop removes the cleanup function, the caller must ensure that the
// pointer that was passed to AddCleanup is reachable across the call to Stop.
func (c Cleanup) Stop() {
	if c.id != 0 {
		rt_delcleanup(c.ptr, c.id)
	}
}
