package runtime

import (
	"internal/abi"
	"unsafe"
)

// What the Rust runtime provides under names of this package: a declaration here is the contract for `rt.runtime.NAME`
// (or `rt1.runtime.NAME`). Names with the prefix rt_ exist only between the two halves of the runtime. Rust never raises
// Go panics and never formats Go values: functions report by result codes and the facade panics.

// --- memory ---

// rt_mallocslow is mallocgc. rt_mallocfast is too, but returns nil where that is not quickly done: it stays on the goroutine's
// stack.
func rt_mallocfast(size uintptr, typ *_type, needzero bool) unsafe.Pointer
func rt_mallocslow(size uintptr, typ *_type, needzero bool) unsafe.Pointer

// rt_persistentalloc allocates zeroed memory outside the heap, never freed, scanned conservatively.
func rt_persistentalloc(size, align uintptr) unsafe.Pointer

// rt_findobject finds the heap object that contains p; false if p is not inside the heap.
//
//go:noescape
func rt_findobject(p unsafe.Pointer, out *objectInfo) bool

type objectInfo struct {
	base   unsafe.Pointer
	size   uintptr
	noscan bool
	tiny   bool // base is a block of several tiny objects
}

// rt_objectmask sets the bytes of mask, one for each word, that are 1 for the pointers of the heap object at base.
//
//go:noescape
func rt_objectmask(base unsafe.Pointer, mask []byte)

// One collection: rt_gcsweep until it is false; with the world stopped rt_gcstart; rt_gcmark until it is false; with the
// world stopped rt_gcfinish, and marking again if that is false. The slices yield to other goroutines. driver: this
// goroutine drives the cycle; urgent: yield less. rt_gcworkerwait parks a helper until there is something to mark.
func rt_gcstart(forced bool)
func rt_gcmark(driver bool) bool
func rt_gcfinish() bool

// rt_gcleaks makes the cycle that is about to begin look for leaked goroutines; rt_leaked is how many the last one found.
func rt_gcleaks()
func rt_leaked() int

func rt_gcsweep(urgent bool) bool
func rt_gcworkerwait()

// rt_clearstack overwrites what earlier calls have left on the stack where the frames of a collection will lie: stacks are
// scanned conservatively, and stale words would keep objects. The arguments fill the call's own frame.
func rt_clearstack(_, _ uintptr)

// rt_gcwait parks the collector goroutine until allocation has reached the trigger.
func rt_gcwait()

// rt_stopworld parks all other goroutines at safepoints; they stay parked until rt_startworld. Calls do not nest; a second
// caller waits. Between the two the caller may run Go code that does not block.
// why, one of the stop constants, is what traces say.
func rt_stopworld(why uintptr)
func rt_startworld()

// rt_allthreads makes a system call on every thread, with the world stopped; false: try again.
func rt_allthreads(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2, err uintptr, ok bool)

// rt_scavenge returns all free memory to the system.
func rt_scavenge()

// rt_memstats fills m; only totals, not BySize beyond what is cheap.
//
//go:noescape
func rt_memstats(m *MemStats)

// rt_gcstats fills s with what runtime/metrics wants of the collector.
//
//go:noescape
func rt_gcstats(s *gcStats)

type gcStats struct {
	live, scanHeap, scanStack, scanGlobals uint64
	assistNs, workerNs, gcNs, allNs        uint64
	scavengeNs                             uint64
	tiny                                   uint64
	startingStack, osStacks, profBuckets   uint64
	sizes, mallocs, frees                  [68]uint64 // by size class; 0 is large objects
}

// rt_heapdump writes the parts of a heap dump that are not about types to fd; the world is stopped. rt_heapbounds is where the
// heap lies.
func rt_heapdump(fd uintptr)
func rt_heapbounds() (lo, hi uintptr)

// rt_schedstats fills s with what runtime/metrics wants of the scheduler.
//
//go:noescape
func rt_schedstats(s *schedStats)

// timeCounts are numbers of times by the logarithm of their nanoseconds.
type timeCounts [40]uint64

type schedStats struct {
	stopping, stopped [2]timeCounts // the world for collections, for other reasons
	latency           timeCounts
	mutexWait, idle   int64
	created           uint64

	runnable, running, notInGo, waiting                                    uint64
	finalizersQueued, finalizersExecuted, cleanupsQueued, cleanupsExecuted uint64
}

// rt_setgcpercent and rt_setmemorylimit return the old value; limit < 0 only asks.
func rt_setgcpercent(percent int32) int32
func rt_setmemorylimit(limit int64) int64

// rt_setfinalizer attaches f to the object that starts at obj (fn == nil detaches). False if it already has one.
// When obj becomes unreachable, f with arg = obj is queued and obj is kept for one more cycle.
func rt_setfinalizer(obj unsafe.Pointer, f *finalizer) bool

// rt_nextfinalizer parks until a finalizer is queued and stores it.
func rt_nextfinalizer(out *finalizer)

// rt_finalizersidle reports that no finalizer and no cleanup is queued or running.
func rt_finalizersidle() bool

// rt_addcleanup attaches cleanup fn to the object that contains obj and returns an id > 0; rt_delcleanup removes it.
// fn is queued after the object is unreachable; the object is not kept.
func rt_addcleanup(obj unsafe.Pointer, fn func()) uint64
func rt_delcleanup(obj uintptr, id uint64)

// rt_nextcleanup parks until a cleanup is queued and returns it.
func rt_nextcleanup() func()

// rt_pin keeps the object that contains obj alive until the matching rt_unpin (a counter). False if obj is not in the heap.
func rt_pin(obj unsafe.Pointer) bool
func rt_unpin(obj unsafe.Pointer)

// --- scheduler ---

// rt_newproc makes fn runnable in a new goroutine; gopc is the return address of the go statement.
func rt_newproc(fn func(), gopc uintptr)

// Gosched yields the processor. The goroutine stays runnable.
func Gosched()

// goexit0 ends the current goroutine; does not return. It has no deferred calls left.
func goexit0()

// rt_newsystemproc is rt_newproc for the runtime's own goroutines: not counted, not listed, no part in deadlock detection.
func rt_newsystemproc(fn func())

func rt_lockosthread()
func rt_unlockosthread()

// rt_gomaxprocs returns the old number and sets n if n > 0. The caller has stopped the world if n > 0.
func rt_gomaxprocs(n int) int

// rt_defaultprocs is the number of processors that GOMAXPROCS defaults to (affinity, cgroup limit).
func rt_defaultprocs() int

// rt_autoprocs says whether GOMAXPROCS follows that default. rt_procswait parks until it may have changed.
func rt_autoprocs(on bool)
func rt_procswait()

// rt_numcpu is the number of CPUs usable at start.
func rt_numcpu() int

// rt_gcount is the number of user goroutines.
func rt_gcount() int

// rt_semacquire waits until *addr > 0 and decrements it; rt_semrelease increments it and wakes one waiter.
func rt_semacquire(addr *uint32)

// rt_tracewait is rt_semacquire for the reader of a trace.
func rt_tracewait(addr *uint32)
func rt_semrelease(addr *uint32)

// rt_procpin keeps the goroutine on its P (no preemption) and returns the P's index; rt_procunpin undoes it.
func rt_procpin() int
func rt_procunpin()

// Coroutines. rt_newcoro makes a goroutine, not runnable, that will run fn and stores it in c.gp. coroswitch parks the
// current goroutine in c.gp and runs the one that was there. rt_coroexit runs the one in c.gp and ends the current one.
func rt_newcoro(c *coro, fn func(), gopc uintptr)

//go:linkname coroswitch
func coroswitch(c *coro)
func rt_coroexit(c *coro)

// entersyscall and exitsyscall bracket system calls that may block.
//
//go:linkname entersyscall
func entersyscall()

//go:linkname exitsyscall
func exitsyscall()

// --- channels ---

// rt_makechan makes a channel; size*elem.Size_ has been checked.
func rt_makechan(elem *_type, size int) *hchan

// rt_chanfast sends or receives if no other goroutine is needed for it: 1 done, 0 would block (only if !block), -2 cannot tell.
func rt_chanfast(c *hchan, elem unsafe.Pointer, send, block bool) int

// rt_chansend sends *elem: 1 sent, 0 would block (only if !block), -1 channel is closed. A nil channel blocks for ever.
func rt_chansend(c *hchan, elem unsafe.Pointer, block bool) int

// rt_chanrecv receives into elem (may be nil): 1 received, 2 closed (elem zeroed), 0 would block (only if !block).
func rt_chanrecv(c *hchan, elem unsafe.Pointer, block bool) int

// rt_closechan closes c != nil: 0 done, -1 already closed.
func rt_closechan(c *hchan) int

func rt_chanlen(c *hchan) int
func rt_chancap(c *hchan) int

// rt_selectgo: cas0 points to nsends send cases, then nrecvs receive cases; order0 to 2*(nsends+nrecvs) words of scratch.
// Index of the chosen case, -1 if none is ready and !block; status: 0 nothing received, 1 received a value, -1 the chosen
// case is a send on a closed channel.
func rt_selectgo(cas0 *scase, order0 *uint16, nsends, nrecvs int, block bool) (chosen, status int)

// rt_parkforever parks the goroutine (select {}).
func rt_parkforever()

// --- timers ---

// rt_timerwait parks the timer goroutine until a timer is due and stores the call to make. Timers themselves are made by
// `time.newTimer` and friends, in Rust.
func rt_timerwait(out *timerCall)

// rt_newtimer and rt_resettimer are time.newTimer and time.resetTimer without calls of timers that are due at once.
func rt_newtimer(when, period int64, f func(any, uintptr, int64), arg any, c unsafe.Pointer) unsafe.Pointer
func rt_resettimer(t unsafe.Pointer, when, period int64) bool

// rt_sleep parks for ns nanoseconds.
func rt_sleep(ns int64)

// --- bubbles of testing/synctest ---

// rt_bubblestart makes a bubble, puts the caller into it as root and starts f in a new goroutine; false if the caller is in
// a bubble. The root then calls rt_bubbletimer until there is no due call and rt_bubblewait, which waits until the bubble
// rests and moves its clock; false is the end. rt_bubbleend leaves: 1 blocked goroutines remain after f, 2 all are blocked.
func rt_bubblestart(f func(), gopc uintptr) bool
func rt_bubbletimer(out *timerCall) bool
func rt_bubblewait() bool
func rt_bubbleend() int

// rt_synctestwait waits until all others are durably blocked: 1 not in a bubble, 2 another goroutine waits.
func rt_synctestwait() int

// rt_bubble is the bubble of the current goroutine or 0; rt_bubblenow its time or 0.
func rt_bubble() uintptr
func rt_setbubble(b uintptr)
func rt_bubblenow() int64
func rt_bubbleactive(b uintptr, delta int32)

// rt_bubbleassociate: 0 p is in no bubble (add: and not in the heap), 1 in the current one, 2 in another.
func rt_bubbleassociate(p unsafe.Pointer, add bool) int
func rt_bubbledisassociate(p unsafe.Pointer)

// --- system ---

// rt_argv gives the process arguments; environment and auxiliary vector follow in memory.
func rt_argv() (argc int32, argv **byte)

//go:linkname write
func write(fd uintptr, p unsafe.Pointer, n int32) int32

//go:linkname exit
func exit(code int32)

//go:linkname nanotime
func nanotime() int64

//go:linkname walltime
func walltime() (sec int64, nsec int32)

//go:linkname cputicks
func cputicks() int64

//go:linkname usleep
func usleep(usec uint32)

//go:linkname osyield
func osyield()

// rt_fcntl returns the value or -1, and errno.
func rt_fcntl(fd, cmd, arg int32) (int32, int32)

// rt_breakpoint executes the breakpoint instruction.
func rt_breakpoint()

//go:linkname rand
func rand() uint64

//go:linkname cheaprand
func cheaprand() uint32

// bootstrapRand must work before anything else is initialised.
//
//go:linkname bootstrapRand
func bootstrapRand() uint64

// rt_dopanic prints the `\ngoroutine N [running]:` traces that the settings ask for, and ends the process with status 2 (or
// SIGABRT). kind: 0 uncaught panic, 1 fatal error of the user, 2 fatal error of the runtime (all goroutines, all frames).
// bubble: the deadlocked bubble that is the reason; its goroutines are shown.
func rt_dopanic(kind int, bubble uintptr)

// rt_tracebacklabels says whether traces show the labels of goroutines.
func rt_tracebacklabels(on bool)

// rt_settraceback sets the level of debug.SetTraceback ("none", "single", "all", "system", "crash", a number).
func rt_settraceback(level string)

// rt_setmaxstack and rt_setmaxthreads return the old value.
func rt_setmaxstack(n int) int
func rt_setmaxthreads(n int) int

// --- profiles ---

// rt_setcpuprofile starts (hz > 0) or stops CPU samples. The labels of samples are kept in tags, which is from
// rt_persistentalloc. systemPC stands for time outside goroutines.
func rt_setcpuprofile(hz int, tags *unsafe.Pointer, ntags int, systemPC uintptr)

// rt_readcpuprofile takes the samples so far: words (len, time, count, pcs...) and one tag each.
func rt_readcpuprofile(data *uint64, n int, tags *unsafe.Pointer, ntags int) (nd, nt int)

// rt_profrecords writes all records of a kind: 0 memory (size, allocs, frees, n, n pcs), 1 blocking, 2 mutexes (count as
// float bits, nanoseconds, n, n pcs). It returns the words needed, also when they do not fit.
//
//go:noescape
func rt_profrecords(kind int, buf *uintptr, n int) int

// rt_profcycle follows a collection: what was freed becomes visible in the memory profile.
func rt_profcycle()

// rt_setblockrate and rt_setmutexrate return the old value; a negative mutex rate only asks.
func rt_setblockrate(ns int64) int64
func rt_setmutexrate(n int64) int64

// rt_blockevent records that the caller was blocked for ns, without skip logical frames.
func rt_blockevent(ns int64, skip int)

// The execution tracer. rt_tracestart begins a trace, rt_traceadvance ends a generation of it, and the trace if stop; the
// world is stopped. rt_traceread takes the next batch, nil if there is none; mark: 1 a generation ends, 2 the trace ends.
func rt_tracestart()
func rt_traceadvance(stop bool)
func rt_tracereadable() bool

// rt_traceperiod is the length of a generation in nanoseconds.
func rt_traceperiod() int64
func rt_traceread() (p *byte, n, mark int)

// rt_traceuser records an annotation.
//
//go:noescape
func rt_traceuser(kind int, id, parent uint64, a, b string)

// rt_threadcount is the number of threads.
func rt_threadcount() int

// --- tables, calls ---

// rt_callers stores return addresses (virtual ones for inlined frames) of the current goroutine; skip 0 is the Go function
// that calls rt_callers. Wrappers are left out.
//
//go:noescape
func rt_callers(skip int, buf *uintptr, n int) int

// rt_stack writes the trace of the current goroutine (from the caller of the caller on) or of all into buf.
//
//go:noescape
func rt_stack(buf *byte, n int, all bool) int

// rt_goroutinestacks: the world is stopped. For up to n user goroutines, the current one first, stores stride words:
// number of pcs, label pointer, pcs. Returns how many goroutines there are.
// leaked: only of those that the last search for leaks has found.
//
//go:noescape
func rt_goroutinestacks(buf *uintptr, stride, n int, leaked bool) int

// rt_symbolize looks up a code address, or virtual pc, as it is (no adjustment); false if it is not in the table.
//
//go:noescape
func rt_symbolize(pc uintptr, out *symInfo) bool

type symInfo struct {
	pc        uintptr // pc, or for a virtual pc one in the code with the same position, if there is any
	entry     uintptr // of the physical function
	funcName  string  // of the physical function
	name      string  // of the innermost function at pc, or of the frame that a virtual pc stands for
	file      string
	line      int32
	startLine int32 // of the function called name
	flags     uint32
	inlined   bool // name is inlined into funcName
}

// rt_inlinedinto stores the return addresses of the frames that the frame of return address pc is inlined into.
//
//go:noescape
func rt_inlinedinto(pc uintptr, buf *uintptr, n int) int

// rt_staticrange is the address range of the program's data: type descriptors inside it are the compiler's.
func rt_staticrange() (lo, hi uintptr)

// rt_links gives the compiled descriptors that reflect may look for, in any order, and the static itabs.
func rt_links() (types []*_type, itabs []*itab)

// rt_modinfo is the text for debug.ReadBuildInfo.
func rt_modinfo() string

//go:linkname reflectcall
func reflectcall(stackArgsType *_type, fn, stackArgs unsafe.Pointer, stackArgsSize, stackRetOffset, frameSize uint32, regArgs *abi.RegArgs)

// calldefer (assembly) stores its frame address in the word callerfp of the innermost panic and calls fn.
func calldefer(fn func())

// recovery (assembly) resumes at the recovery pad of frame; does not return.
func recovery(frame *deferFrame)

// --- intrinsics ---

//go:linkname memmove
func memmove(to, from unsafe.Pointer, n uintptr)

//go:linkname memclrNoHeapPointers
func memclrNoHeapPointers(ptr unsafe.Pointer, n uintptr)

//go:linkname memequal
func memequal(a, b unsafe.Pointer, size uintptr) bool

// --- C ---

// rt_cgocall calls the C function fn(arg) on the thread's own stack. The goroutine is in a system call meanwhile.
func rt_cgocall(fn, arg unsafe.Pointer) int32

// rt_cgounwind follows a panic or Goexit out of the innermost call from C. rt_cgodepth is the number of calls of C under way on this
// thread; rt_cgocalls is the number of those ever made.
func rt_cgounwind()
func rt_cgodepth() int
func rt_cgocalls() uint64

// rt_nocallback says whether the current goroutine may be called by C, and returns what held before.
func rt_nocallback(forbid bool) bool

// rt_setcgotraceback hands over the C functions that call the program's own.
func rt_setcgotraceback(traceback, symbolizer unsafe.Pointer)

// rt_gopointer: 0 p does not point to memory of Go, 1 to a heap object or the stack, 2 to variables. rt_ispinned: p points to a
// pinned object.
func rt_gopointer(p unsafe.Pointer) int
func rt_ispinned(p unsafe.Pointer) bool
