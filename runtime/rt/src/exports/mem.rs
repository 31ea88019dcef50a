//! Symbols of memory: allocation, collection, finalizers, weak pointers, primitives.
//!
//! # Safety
//! Frames are laid out by the compiler from the declarations in runtime/go/runtime/rt.go and package weak.

use crate::g::*;
use crate::heap::{self, gc, special};
use crate::{mem, sched};
use core::ptr::{copy, write_bytes};
use core::sync::atomic::Ordering::*;

#[repr(C)]
struct Malloc {
    size: usize,
    typ: *const u8,
    zero: bool,
    ret: *mut u8,
}
#[unsafe(export_name = "rt1.runtime.rt_mallocfast")]
unsafe extern "C" fn malloc_fast(g: *mut G, f: *mut Malloc) {
    (*f).ret = heap::malloc_fast(g, (*f).size, (*f).typ, (*f).zero);
}
#[unsafe(export_name = "rt.runtime.rt_mallocslow")]
unsafe extern "C" fn mallocgc(g: *mut G, f: *mut Malloc) {
    (*f).ret = heap::mallocgc((*f).size, (*f).typ, (*f).zero);
    // A loop that only allocates has no other safepoint, and the collector may be waiting.
    if (*g).preempt.load(Relaxed) != 0 && (*(*g).m).locks.load(Relaxed) == 0 {
        sched::clear_preempt(g);
        if heap::pace::must_wait(g) {
            heap::pace::wait(g);
        }
        sched::preempt_park(g);
    }
}

#[repr(C)]
struct Persistent {
    size: usize,
    align: usize,
    ret: *mut u8,
}
/// A root range of its own: the facade keeps pointers to heap objects there.
#[unsafe(export_name = "rt.runtime.rt_persistentalloc")]
unsafe extern "C" fn persistentalloc(_g: *mut G, f: *mut Persistent) {
    static LOCK: crate::lock::Mutex = crate::lock::Mutex::new();
    static mut CUR: usize = 0;
    static mut END: usize = 0;
    const CHUNK: usize = 64 << 10;
    let (size, align) = ((*f).size, (*f).align.max(8));
    LOCK.lock();
    let mut p = (CUR + align - 1) & !(align - 1);
    if CUR == 0 || p + size > END {
        let n = (size + align).max(CHUNK).next_multiple_of(4096);
        CUR = mem::map_or_die(n) as usize;
        END = CUR + n;
        gc::EXTRA_ROOTS.push(CUR);
        gc::EXTRA_ROOTS.push(n);
        p = (CUR + align - 1) & !(align - 1);
    }
    CUR = p + size;
    LOCK.unlock();
    (*f).ret = p as *mut u8;
}

#[repr(C)]
struct FindObject {
    p: usize,
    out: *mut ObjectInfo,
    ret: bool,
}
#[repr(C)]
struct ObjectInfo {
    base: usize,
    size: usize,
    noscan: bool,
    tiny: bool,
}
#[unsafe(export_name = "rt.runtime.rt_findobject")]
unsafe extern "C" fn findobject(_g: *mut G, f: *mut FindObject) {
    (*f).ret = match heap::find_object((*f).p) {
        Some((base, size, noscan, tiny)) => {
            *(*f).out = ObjectInfo { base, size, noscan, tiny };
            true
        }
        None => false,
    };
}

#[repr(C)]
struct ObjectMask {
    base: usize,
    mask: *mut u8,
    len: usize,
    _cap: usize,
}
#[unsafe(export_name = "rt.runtime.rt_objectmask")]
unsafe extern "C" fn objectmask(_g: *mut G, f: *mut ObjectMask) {
    gc::object_mask((*f).base, (*f).mask, (*f).len);
}

#[unsafe(export_name = "rt.runtime.rt_gcstart")]
unsafe extern "C" fn gcstart(_g: *mut G, f: *mut bool) {
    gc::start(*f);
}
/// The cycle about to begin looks for leaked goroutines. The world is stopped.
#[unsafe(export_name = "rt.runtime.rt_gcleaks")]
unsafe extern "C" fn gcleaks(_g: *mut G, _f: *mut u8) {
    crate::heap::roots::LEAKS.store(true, Relaxed);
}
#[unsafe(export_name = "rt1.runtime.rt_leaked")]
unsafe extern "C" fn leaked(_g: *mut G, f: *mut isize) {
    *f = crate::heap::leaks::LEAKED.load(Relaxed) as isize;
}
#[unsafe(export_name = "rt.runtime.rt_gcfinish")]
unsafe extern "C" fn gcfinish(_g: *mut G, f: *mut bool) {
    *f = gc::finish();
}
/// Arguments and results are at multiples of 8.
#[repr(C)]
struct Slice {
    flag: bool,
    pad: [u8; 7],
    more: bool,
}
#[unsafe(export_name = "rt.runtime.rt_gcmark")]
unsafe extern "C" fn gcmark(g: *mut G, f: *mut Slice) {
    gc::mark_slice(g, &raw mut (*f).more, (*f).flag);
}
#[unsafe(export_name = "rt.runtime.rt_gcsweep")]
unsafe extern "C" fn gcsweep(g: *mut G, f: *mut Slice) {
    gc::sweep_slice(g, (*f).flag, &raw mut (*f).more);
}
#[unsafe(export_name = "rt.runtime.rt_gcworkerwait")]
unsafe extern "C" fn gcworkerwait(g: *mut G, _f: *mut u8) {
    gc::worker_wait(g);
}
#[unsafe(export_name = "rt.runtime.rt_clearstack")]
unsafe extern "C" fn clearstack(g: *mut G, _f: *mut u8) {
    crate::stack::clear_dead(g);
}
#[unsafe(export_name = "rt.runtime.rt_gcwait")]
unsafe extern "C" fn gcwait(g: *mut G, _f: *mut u8) {
    heap::gc_wait(g);
}
#[unsafe(export_name = "rt.runtime.rt_scavenge")]
unsafe extern "C" fn scavenge(_g: *mut G, _f: *mut u8) {
    gc::scavenge_all();
}
#[repr(C)]
struct Bounds {
    lo: usize,
    hi: usize,
}
#[unsafe(export_name = "rt.runtime.rt_heapbounds")]
unsafe extern "C" fn heapbounds(_g: *mut G, f: *mut Bounds) {
    let (lo, hi) = crate::heap::dump::bounds();
    *f = Bounds { lo, hi };
}
/// The world is stopped.
#[unsafe(export_name = "rt.runtime.rt_heapdump")]
unsafe extern "C" fn heapdump(_g: *mut G, f: *mut usize) {
    crate::heap::dump::write(*f);
}
#[unsafe(export_name = "rt.runtime.rt_gcstats")]
unsafe extern "C" fn gcstats(_g: *mut G, f: *mut *mut gc::GcStats) {
    gc::gcstats(*f);
}
#[unsafe(export_name = "rt.runtime.rt_memstats")]
unsafe extern "C" fn memstats(_g: *mut G, f: *mut *mut gc::MemStats) {
    gc::memstats(*f);
}

// Results start at the next multiple of 8.
#[repr(C)]
struct PercentFrame {
    v: i32,
    pad: u32,
    ret: i32,
}
#[unsafe(export_name = "rt.runtime.rt_setgcpercent")]
unsafe extern "C" fn setgcpercent(_g: *mut G, f: *mut PercentFrame) {
    (*f).ret = heap::set_gc_percent((*f).v);
}
#[repr(C)]
struct Limit {
    v: i64,
    ret: i64,
}
#[unsafe(export_name = "rt.runtime.rt_setmemorylimit")]
unsafe extern "C" fn setmemorylimit(_g: *mut G, f: *mut Limit) {
    (*f).ret = heap::set_memory_limit((*f).v);
}

#[repr(C)]
struct SetFinalizer {
    obj: usize,
    f: *const special::Finalizer,
    ret: bool,
}
#[unsafe(export_name = "rt.runtime.rt_setfinalizer")]
unsafe extern "C" fn setfinalizer(_g: *mut G, f: *mut SetFinalizer) {
    (*f).ret = special::set_finalizer((*f).obj, (*f).f);
}
#[unsafe(export_name = "rt.runtime.rt_nextfinalizer")]
unsafe extern "C" fn nextfinalizer(g: *mut G, f: *mut *mut special::Finalizer) {
    special::next_finalizer(g, *f);
}
#[unsafe(export_name = "rt.runtime.rt_finalizersidle")]
unsafe extern "C" fn finalizersidle(_g: *mut G, f: *mut bool) {
    *f = special::finalizers_idle();
}
#[repr(C)]
struct AddCleanup {
    obj: usize,
    func: usize,
    ret: u64,
}
#[unsafe(export_name = "rt.runtime.rt_addcleanup")]
unsafe extern "C" fn addcleanup(_g: *mut G, f: *mut AddCleanup) {
    (*f).ret = special::add_cleanup((*f).obj, (*f).func);
}
#[unsafe(export_name = "rt.runtime.rt_delcleanup")]
unsafe extern "C" fn delcleanup(_g: *mut G, f: *mut (usize, u64)) {
    special::del_cleanup((*f).0, (*f).1);
}
#[unsafe(export_name = "rt.runtime.rt_nextcleanup")]
unsafe extern "C" fn nextcleanup(g: *mut G, f: *mut usize) {
    special::next_cleanup(g, f);
}
#[repr(C)]
struct Pin {
    obj: usize,
    ret: bool,
}
#[unsafe(export_name = "rt.runtime.rt_pin")]
unsafe extern "C" fn pin(_g: *mut G, f: *mut Pin) {
    (*f).ret = special::pin((*f).obj);
}
#[unsafe(export_name = "rt.runtime.rt_unpin")]
unsafe extern "C" fn unpin(_g: *mut G, f: *mut usize) {
    special::unpin(*f);
}
#[repr(C)]
struct Weak {
    p: usize,
    ret: usize,
}
#[unsafe(export_name = "rt.weak.runtime_registerWeakPointer")]
unsafe extern "C" fn weak_register(_g: *mut G, f: *mut Weak) {
    (*f).ret = special::weak_handle((*f).p);
}
#[unsafe(export_name = "rt.weak.runtime_makeStrongFromWeak")]
unsafe extern "C" fn weak_strong(_g: *mut G, f: *mut Weak) {
    (*f).ret = special::weak_get((*f).p);
}

// --- primitives (usually intrinsics; these serve `f := memmove` and linkname users) ---

#[repr(C)]
struct Move {
    to: *mut u8,
    from: *const u8,
    n: usize,
}
#[unsafe(export_name = "rt1.runtime.memmove")]
unsafe extern "C" fn memmove(_g: *mut G, f: *mut Move) {
    copy((*f).from, (*f).to, (*f).n);
}
#[unsafe(export_name = "rt1.runtime.memclrNoHeapPointers")]
unsafe extern "C" fn memclr(_g: *mut G, f: *mut (*mut u8, usize)) {
    write_bytes((*f).0, 0, (*f).1);
}
#[repr(C)]
struct Equal {
    a: *const u8,
    b: *const u8,
    n: usize,
    ret: bool,
}
#[unsafe(export_name = "rt1.runtime.memequal")]
unsafe extern "C" fn memequal(_g: *mut G, f: *mut Equal) {
    (*f).ret = core::slice::from_raw_parts((*f).a, (*f).n) == core::slice::from_raw_parts((*f).b, (*f).n);
}
