//! Walking stacks.
//!
//! A goroutine's frames form a frame-pointer chain across its segments. The runtime's own assembly has no entry in the
//! function table and is passed over, except for two return addresses: `rt_morestack_ret` (the true return address is on
//! the segment below) and `rt_gostart_ret` (end).
//!
//! # Safety
//! Only stacks of goroutines that are stopped, or the current one, are walked; every frame pointer is checked against the
//! segments before it is read.

use super::cframes::{C_FRAMES, c_frames};
use super::{is_wild, table};
use crate::cgo::{Callback, PLACES, iscgo};
use crate::g::*;
use crate::stack::Seg;
use core::sync::atomic::Ordering::*;
use rgo_abi::functab::{Func, Table};

#[cfg(not(test))]
unsafe extern "C" {
    static rt_call_resume: u8;
    static rt_newstack_resume: u8;
    static rt_async_resume: u8;
    static rt_gostart_ret: u8;
    static rt_morestack_ret: u8;
    #[link_name = "runtime.goexit"]
    static go_goexit: u8;
    #[link_name = "runtime.systemstack"]
    static go_systemstack: u8;
    #[link_name = "runtime.newstack"]
    static go_newstack: u8;
    #[link_name = "runtime.gopark"]
    static go_gopark: u8;
    #[link_name = "runtime.chanrecv"]
    static go_chanrecv: u8;
    #[link_name = "runtime.chansend"]
    static go_chansend: u8;
}
#[cfg(test)]
#[allow(non_upper_case_globals)]
mod fake {
    pub static rt_call_resume: u8 = 0;
    pub static rt_newstack_resume: u8 = 0;
    pub static rt_async_resume: u8 = 0;
    pub static rt_gostart_ret: u8 = 0;
    pub static rt_morestack_ret: u8 = 0;
    pub static go_goexit: u8 = 0;
    pub static go_systemstack: u8 = 0;
    pub static go_newstack: u8 = 0;
    pub static go_gopark: u8 = 0;
    pub static go_chanrecv: u8 = 0;
    pub static go_chansend: u8 = 0;
}
#[cfg(test)]
use fake::*;

macro_rules! addr {
    ($s:ident) => {
        &raw const $s as usize
    };
}

/// Iterator over physical frames.
#[derive(Clone)]
pub struct Walker {
    seg: *mut Seg,
    /// Code address in the current function, and that function's frame pointer.
    pub(super) pc: usize,
    pub(super) fp: usize,
    /// `pc` is the instruction itself, not a return address.
    exact: bool,
    /// The frame after this one was interrupted by a fault: its address is exact.
    after_sigpanic: bool,
    first: bool,
    /// Stack pointer of the frame, for dumps.
    pub(super) sp: usize,
    /// The innermost call from C not passed yet; the context of the one between this frame and the one before, or 0.
    callback: *mut Callback,
    pub(super) context: usize,
    /// Frames still to be shown for a call from C.
    between: u8,
}

impl Walker {
    /// From the saved context of g.
    pub unsafe fn of(g: *mut G) -> Walker {
        let (sp, spc) = ((*g).sched_sp, (*g).sched_pc);
        // Where the runtime's entry sequence pushed the frame pointer (asm_amd64.rs).
        let (at, exact) = if spc == addr!(rt_call_resume)
            || (spc != 0 && (spc == PLACES.resume.load(Relaxed) || spc == PLACES.go.load(Relaxed)))
        {
            (sp + 48, false)
        } else if spc == addr!(rt_newstack_resume) {
            (sp + 240, false)
        } else if spc == addr!(rt_async_resume) {
            (sp + 120, true)
        } else {
            (0, true)
        };
        let (pc, fp) = if at != 0 { (*((at + 8) as *const usize), *(at as *const usize)) } else { ((*g).startpc, 0) };
        Walker { seg: (*g).seg, pc, fp, exact, after_sigpanic: false, first: true, sp, callback: (*g).callback, context: 0, between: 0 }
    }

    /// From interrupted registers.
    pub unsafe fn at(g: *mut G, pc: usize, fp: usize) -> Walker {
        Walker { seg: (*g).seg, pc, fp, exact: true, after_sigpanic: false, first: true, sp: 0, callback: (*g).callback, context: 0, between: 0 }
    }

    /// From the return address of a call that g makes in the frame `fp`.
    #[cfg(feature = "race")]
    pub unsafe fn at_return(g: *mut G, pc: usize, fp: usize) -> Walker {
        Walker { exact: false, ..Walker::at(g, pc, fp) }
    }

    pub(super) unsafe fn valid(&self, fp: usize) -> bool {
        let mut s = self.seg;
        while !s.is_null() {
            if fp >= (*s).lo && fp + 16 <= (*s).hi {
                return fp & 7 == 0;
            }
            s = (*s).prev;
        }
        false
    }

    unsafe fn up(&mut self) -> bool {
        if !self.valid(self.fp) {
            return false;
        }
        self.pc = *((self.fp + 8) as *const usize);
        self.sp = self.fp + 16;
        self.fp = *(self.fp as *const usize);
        self.exact = core::mem::take(&mut self.after_sigpanic);
        true
    }

    /// What stands for a call from C: the function that runs the Go function, then, below the C frames, the one that left for C.
    unsafe fn show_call(&mut self, t: &Table<'static>) -> Option<(Func<'static>, usize, bool)> {
        let i = 2 - self.between as usize;
        self.between -= 1;
        if i == 1 {
            self.context = (*self.callback).context;
            self.callback = (*self.callback).outer;
        }
        let pc = PLACES.shown[i].load(Relaxed) + 1;
        self.pc = pc;
        t.find(pc as u64).map(|f| (f, pc, false))
    }

    /// Next frame of Go code: (function, pc, exact).
    pub unsafe fn next(&mut self, t: &Table<'static>) -> Option<(Func<'static>, usize, bool)> {
        self.context = 0;
        if self.between > 0 {
            return self.show_call(t);
        }
        loop {
            if !core::mem::take(&mut self.first) && !self.up() {
                return None;
            }
            if self.pc == addr!(rt_morestack_ret) {
                // The function below runs on the next segment; its caller's address lies at the segment switch.
                if self.seg.is_null() || (*self.seg).prev.is_null() {
                    return None;
                }
                self.seg = (*self.seg).prev;
                self.pc = *((*self.seg).saved_sp as *const usize);
            }
            if self.pc == addr!(rt_gostart_ret) {
                // The end: shown as Go's function of that purpose.
                self.pc = addr!(go_goexit) + 1;
                self.fp = 0;
                self.exact = false;
            }
            if self.pc == 0 {
                return None;
            }
            if !self.callback.is_null() && self.pc == PLACES.ret.load(Relaxed) {
                self.between = 2;
                return self.show_call(t);
            }
            let look = if self.exact { self.pc } else { self.pc - 1 };
            if let Some(f) = t.find(look as u64) {
                self.after_sigpanic = f.name() == "runtime.sigpanic0";
                return Some((f, self.pc, self.exact));
            }
            if is_wild(self.pc) {
                return None;
            }
        }
    }
}

/// g was preempted asynchronously: its vector registers are in the image.
pub unsafe fn async_stopped(g: *mut G) -> bool {
    (*g).sched_pc == addr!(rt_async_resume) && (*g).status.load(SeqCst) != RUNNING
}

/// The return address that stands for the beginning of a goroutine.
pub fn is_goexit(pc: usize) -> bool {
    pc == addr!(go_goexit) + 1
}

/// Return addresses of the physical Go frames of w, for `expand_raw`. Addresses that are no return addresses get one added.
pub unsafe fn raw_stack(w: &mut Walker, buf: &mut [usize]) -> usize {
    let Some(t) = table() else { return 0 };
    let mut n = 0;
    while n < buf.len()
        && let Some((_, pc, exact)) = w.next(&t)
    {
        if w.context != 0 {
            let room = (n + C_FRAMES).min(buf.len());
            n += c_frames(w.context, 0, &mut buf[n..room]);
            if n == buf.len() {
                break;
            }
        }
        buf[n] = pc + exact as usize;
        n += 1;
    }
    n
}

/// `raw_stack` of g, which m was running when a signal came; on the signal stack. Nothing if its place is unknown.
pub unsafe fn interrupted_stack(m: *mut M, g: *mut G, pc: usize, sp: usize, fp: usize, buf: &mut [usize]) -> usize {
    let Some(t) = table() else { return 0 };
    let st = (*g).status.load(Relaxed);
    if st != RUNNING && st != SYSCALL {
        return 0;
    }
    if iscgo() && (*g).sched_pc == PLACES.resume.load(Relaxed) && st == SYSCALL {
        // In C.
        let n = if (*m).cgo.in_c { (*m).cgo.callers.iter().position(|&p| p == 0).unwrap_or(C_FRAMES).min(buf.len() - 1) } else { 0 };
        buf[..n].copy_from_slice(&(&(*m).cgo.callers)[..n]);
        return n + raw_stack(&mut Walker::of(g), &mut buf[n..]);
    }
    if sp > (*m).g0_lo && sp <= (*m).g0_hi {
        // In the runtime, on behalf of g: shown as Go's functions of that purpose.
        buf[0] = if (*g).sched_pc == addr!(rt_call_resume) {
            addr!(go_systemstack) + 1
        } else if (*g).sched_pc == addr!(rt_newstack_resume) {
            addr!(go_newstack) + 1
        } else {
            return 0;
        };
        return 1 + raw_stack(&mut Walker::of(g), &mut buf[1..]);
    }
    let mut w = Walker::at(g, pc, fp);
    if !w.valid(sp) {
        return 0;
    }
    let mut n = 0;
    // Where no frame has been set up (yet, or any more) the return address is still near sp.
    let ret = match t.find(pc as u64) {
        Some(f) => {
            let code = |p: usize| *(p as *const u8);
            let framed = code(f.entry as usize) == 0x55;
            let off = pc as u64 - f.entry;
            if code(pc) == 0xc3 || off == 0 || !framed {
                *(sp as *const usize)
            } else if off == 1 {
                *((sp + 8) as *const usize)
            } else {
                0
            }
        }
        None if crate::signal::in_memory_primitive(pc) => *(sp as *const usize),
        None => 0,
    };
    if ret != 0 && t.find(ret as u64 - 1).is_some() {
        if t.find(pc as u64).is_some() {
            buf[0] = pc + 1;
            n = 1;
        }
        w.pc = ret;
        w.exact = false;
    }
    n + raw_stack(&mut w, &mut buf[n..])
}

/// Go's functions of that purpose on top of a goroutine that waits, innermost first; 0: none.
pub(super) fn waits_in(reason: WaitReason) -> [usize; 2] {
    let op = match reason {
        WaitReason::ChanReceive | WaitReason::ChanReceiveNil => addr!(go_chanrecv) + 1,
        WaitReason::ChanSend | WaitReason::ChanSendNil => addr!(go_chansend) + 1,
        _ => 0,
    };
    [addr!(go_gopark) + 1, op]
}
