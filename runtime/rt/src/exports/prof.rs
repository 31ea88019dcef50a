//! Symbols of profiles.
//!
//! # Safety
//! Frames as declared in runtime/go/runtime/rt.go.

use crate::g::*;
use crate::prof;
use core::sync::atomic::Ordering::*;

#[repr(C)]
struct SetCpu {
    hz: isize,
    tags: *mut usize,
    ntags: isize,
    system_pc: usize,
}
#[unsafe(export_name = "rt.runtime.rt_setcpuprofile")]
unsafe extern "C" fn set_cpu(_g: *mut G, f: *mut SetCpu) {
    prof::set_cpu((*f).hz as u32, (*f).tags, (*f).ntags as usize, (*f).system_pc);
}

#[repr(C)]
struct ReadCpu {
    data: *mut u64,
    n: isize,
    tags: *mut usize,
    ntags: isize,
    nd: isize,
    nt: isize,
}
#[unsafe(export_name = "rt.runtime.rt_readcpuprofile")]
unsafe extern "C" fn read_cpu(_g: *mut G, f: *mut ReadCpu) {
    let (nd, nt) = prof::read_cpu((*f).data, (*f).n as usize, (*f).tags, (*f).ntags as usize);
    ((*f).nd, (*f).nt) = (nd as isize, nt as isize);
}

#[repr(C)]
struct Records {
    kind: isize,
    buf: *mut usize,
    n: isize,
    ret: isize,
}
#[unsafe(export_name = "rt.runtime.rt_profrecords")]
unsafe extern "C" fn records(_g: *mut G, f: *mut Records) {
    (*f).ret = prof::records((*f).kind as usize, (*f).buf, (*f).n as usize) as isize;
}

#[unsafe(export_name = "rt.runtime.rt_profcycle")]
unsafe extern "C" fn cycle(_g: *mut G, _f: *mut u8) {
    prof::cycle_done();
}

#[repr(C)]
struct Rate {
    v: i64,
    ret: i64,
}
#[unsafe(export_name = "rt.runtime.rt_setblockrate")]
unsafe extern "C" fn set_block_rate(_g: *mut G, f: *mut Rate) {
    (*f).ret = prof::BLOCK_RATE.swap((*f).v, SeqCst);
}
#[unsafe(export_name = "rt.runtime.rt_setmutexrate")]
unsafe extern "C" fn set_mutex_rate(_g: *mut G, f: *mut Rate) {
    (*f).ret = if (*f).v < 0 { prof::MUTEX_RATE.load(SeqCst) } else { prof::MUTEX_RATE.swap((*f).v, SeqCst) };
}

#[repr(C)]
struct BlockEvent {
    cycles: i64,
    skip: isize,
}
#[unsafe(export_name = "rt.runtime.rt_blockevent")]
unsafe extern "C" fn block_event(g: *mut G, f: *mut BlockEvent) {
    prof::block_event(g, (*f).cycles, (*f).skip as u32);
}

#[unsafe(export_name = "rt.runtime.rt_threadcount")]
unsafe extern "C" fn thread_count(_g: *mut G, f: *mut isize) {
    *f = crate::sched::S.mcount as isize;
}
