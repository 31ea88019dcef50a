package runtime

import (
	"internal/runtime/atomic"
	"internal/runtime/sys"
	"unsafe"
)

// The layouts in this file are shared with generated code and with the Rust runtime: rgo_abi::g is the authority.

// stack is the range in which stringDataOnStack looks. Rgo's stacks are chains of segments and the compiler gives no
// stack buffers to string functions, so both words stay zero.
type stack struct {
	lo, hi uintptr
}

// g is the part of a goroutine's descriptor that the facade reads and writes. Descriptors are made by Rust only.
type g struct {
	limit      uintptr // stack limit
	msFn       uintptr
	msArgBytes uintptr
	seg        uintptr
	g0sp       uintptr
	m          *m
	deferframe *deferFrame
	_panic     *_panic
	goid       uint64

	preempt        uint32
	paniconfault   bool
	fipsIndicator  uint8
	fipsOnlyBypass bool
	throwing       uint8
	labels         unsafe.Pointer

	startpc    uintptr
	gopc       uintptr
	parentGoid uint64

	sig      uintptr
	sigcode0 uintptr
	sigcode1 uintptr
	sigpc    uintptr

	stack stack
}

// m is the facade's part of a thread's descriptor: its first 16 bytes. Unmodified GOROOT files look at these two words;
// mallocing is never set.
type m struct {
	mallocing int32
	dying     int32
	_         [8]byte
}

// deferFrame lies in the frame of a function that defers; results follow.
type deferFrame struct {
	prev *deferFrame
	g    *g
	sp   uintptr
	fp   uintptr
	fn   uintptr // code address, key for the recovery pad
	head *deferNode
	_    [2]uintptr
}

type deferNode struct {
	next *deferNode
	fn   func()
}

// getg is a compiler intrinsic.
func getg() *g

// systemstack runs fn. Facade code may grow the stack wherever it is, so there is nothing to switch.
func systemstack(fn func()) { fn() }

// newstack is what CPU profiles show while Rust makes a stack longer. Nothing calls it.
func newstack() { newstack() }

// gopark, chanrecv and chansend are what goroutine profiles show on top of waiting goroutines. Nothing calls them.
func gopark()   { gopark() }
func chanrecv() { chanrecv() }
func chansend() { chansend() }

// A mutex protects facade data. Waiters are goroutines parked in arrival order; ownership is handed over. It is never used
// by code that runs outside goroutines.
type mutex struct {
	count uint32 // owner and waiters
	sema  uint32
}

func lock(l *mutex) {
	if atomic.Xadd(&l.count, 1) > 1 {
		rt_semacquire(&l.sema)
	}
}

func unlock(l *mutex) {
	if int32(atomic.Xadd(&l.count, -1)) > 0 {
		rt_semrelease(&l.sema)
	}
}

type lockRank int

const lockRankItab lockRank = 0

func lockInit(l *mutex, rank lockRank) {}

// Address arithmetic and constants that GOROOT's files expect.
const (
	maxAlloc     = 1 << 47
	maxSmallSize = 32768
	pageSize     = 8192

	msanenabled = false
	asanenabled = false
)

func add(p unsafe.Pointer, x uintptr) unsafe.Pointer { return unsafe.Pointer(uintptr(p) + x) }

func divRoundUp(n, a uintptr) uintptr { return (n + a - 1) / a }

func alignUp(n, a uintptr) uintptr { return (n + a - 1) &^ (a - 1) }

// noescape hides a pointer from escape analysis.
//
//go:nosplit
func noescape(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return unsafe.Pointer(x ^ 0)
}

// KeepAlive marks its argument as reachable up to the call. The compiler treats the call as a use of x that no pass may
// remove; nothing else is to be done.
//
//go:noinline
func KeepAlive(x any) {}

type eface struct {
	_type *_type
	data  unsafe.Pointer
}

type iface struct {
	tab  *itab
	data unsafe.Pointer
}

func efaceOf(ep *any) *eface { return (*eface)(unsafe.Pointer(ep)) }

// notInHeap is memory outside the heap (slice.go names it).
type notInHeap struct{ _ sys.NotInHeap }

type funcval struct {
	fn uintptr
}

// Other sanitizers are never on; these satisfy references inside `if msanenabled` and the like. The race detector: race.go.

func msanread(addr unsafe.Pointer, size uintptr)              {}
func msanwrite(addr unsafe.Pointer, size uintptr)             {}
func asanread(addr unsafe.Pointer, size uintptr)              {}
func asanwrite(addr unsafe.Pointer, size uintptr)             {}
func checkptrStraddles(ptr unsafe.Pointer, size uintptr) bool { return false }
