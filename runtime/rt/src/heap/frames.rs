//! Scanning of stacks, frame by frame: what is alive in a frame says the function table (`rgo_abi::frames`).
//!
//! The walk goes from the innermost frame outwards. It knows where the values that the callee-saved registers had at the call under way in the current frame are: in the
//! frame of the nearest function further in that saved them. Of a frame stopped at a call, live words are scanned, and the
//! registers that are alive there; then what its own prologue saved takes the place of these registers. Any other frame (interrupted by a signal or a
//! fault; of code that has no record) is scanned whole, with all registers that may belong to it. Whatever is found, every
//! word is either scanned or known to be dead: where the chain of frame pointers ends, the rest is scanned whole.
//!
//! Live words are taken for pointers whatever their type (`mark_maybe`). `GODEBUG=rgopoison=1` overwrites dead words.
//!
//! # Safety
//! The goroutine is held or our own, and has saved its context: see `roots`.

use super::mark::*;
use super::sweep::POISON;
use crate::cgo::PLACES;
use crate::g::*;
use crate::stack::Seg;
use crate::{print, trace};
use core::sync::atomic::Ordering::*;
use rgo_abi::frames::{REGS, find};
use rgo_abi::functab::flag;

#[cfg(not(test))]
unsafe extern "C" {
    static rt_call_resume: u8;
    static rt_newstack_resume: u8;
    static rt_async_resume: u8;
    static rt_morestack_ret: u8;
    static rt_calldefer_ret: u8;
    #[link_name = "runtime.sigpanic0"]
    static go_sigpanic0: u8;
}
#[cfg(test)]
#[allow(non_upper_case_globals)]
mod fake {
    pub static rt_call_resume: u8 = 0;
    pub static rt_newstack_resume: u8 = 0;
    pub static rt_async_resume: u8 = 0;
    pub static rt_morestack_ret: u8 = 0;
    pub static rt_calldefer_ret: u8 = 0;
    pub static go_sigpanic0: u8 = 0;
}
#[cfg(test)]
use fake::*;

macro_rules! addr {
    ($s:ident) => {
        &raw const $s as usize
    };
}

/// What dead words become: no address, and odd.
const DEAD_WORD: usize = 0xdead_57ac_dead_57ad;
/// Register 2 of `rgo_abi::frames`.
const R13: usize = 2;

const CACHED: usize = 1 << 6;
/// Bytes of stack asked for in advance.
const AHEAD: usize = 1024;

/// What is alive at a call whose frame has at most 64 words.
#[derive(Clone, Copy)]
struct Entry {
    pc: usize,
    live: u64,
    words: u8,
    saved: u8,
    regs: u8,
}

/// What was looked up last, by return address. All zero: empty.
pub struct Cache([Entry; CACHED]);

struct Walk {
    w: *mut Gcw,
    /// A word that holds a pointer to the start of an object, never one past the end of another.
    exact: usize,
    poison: bool,
    /// Where the callee-saved registers of the current frame are; 0: scanned already.
    regs: [usize; REGS],
}

impl Walk {
    #[inline]
    unsafe fn word(&self, a: usize) {
        let p = (a as *const usize).read_volatile();
        if a == self.exact { mark_ptr(self.w, p) } else { mark_maybe(self.w, p) }
    }

    unsafe fn range(&self, lo: usize, hi: usize) {
        let mut a = lo;
        while a < hi {
            self.word(a);
            a += 8;
        }
    }

    unsafe fn dead(&self, a: usize) {
        if self.poison && a != 0 {
            (a as *mut usize).write_volatile(DEAD_WORD);
        }
    }

    /// Anything may still need the registers.
    unsafe fn all_regs(&mut self) {
        for a in core::mem::take(&mut self.regs) {
            if a != 0 {
                self.word(a);
            }
        }
    }

    /// The live registers of a frame; where those of the frame outside of it are.
    #[inline]
    unsafe fn registers(&mut self, saved: u8, regs: u8, fp: usize) {
        let mut at = fp;
        for r in 0..REGS {
            let a = self.regs[r];
            if regs >> r & 1 != 0 {
                if a != 0 {
                    self.word(a);
                }
            } else if saved >> r & 1 != 0 && r != R13 {
                // Not r13: functions further in have g in it as an argument, which they use without saving it.
                self.dead(a);
            }
            if saved >> r & 1 != 0 {
                at -= 8;
                self.regs[r] = at;
            }
        }
    }

    /// The frame [lo, fp) of the function that a call returns to at pc. False if it must be scanned whole.
    unsafe fn frame(&mut self, f: &rgo_abi::functab::Func<'static>, pc: usize, lo: usize, fp: usize, entry: *mut Entry) -> bool {
        let Some(live) = find(f.frames(), (pc as u64 - f.entry) as u32) else { return false };
        let top = fp - 8 * live.saved.count_ones() as usize;
        if top < lo || top - lo != live.words as usize * 8 {
            return false;
        }
        self.registers(live.saved, live.regs, fp);
        let mut bits = 0;
        let mut next = 0;
        live.each_run(|first, n| {
            if self.poison {
                (next..first).for_each(|k| self.dead(top - 8 * (k as usize + 1)));
                next = first + n;
            }
            self.range(top - 8 * (first + n) as usize, top - 8 * first as usize);
            if live.words <= 64 {
                (first..first + n).for_each(|k| bits |= 1 << k);
            }
        });
        if self.poison {
            (next..live.words).for_each(|k| self.dead(top - 8 * (k as usize + 1)));
        } else if live.words <= 64 && !entry.is_null() {
            *entry = Entry { pc, live: bits, words: live.words as u8, saved: live.saved, regs: live.regs };
        }
        true
    }

    /// The same by the cache; false if that knows nothing of it.
    #[inline]
    unsafe fn cached(&mut self, e: &Entry, pc: usize, lo: usize, fp: usize) -> bool {
        let top = fp - 8 * e.saved.count_ones() as usize;
        if e.pc != pc || top < lo || top - lo != e.words as usize * 8 {
            return false;
        }
        self.registers(e.saved, e.regs, fp);
        let mut bits = e.live;
        while bits != 0 {
            self.word(top - 8 * (bits.trailing_zeros() as usize + 1));
            bits &= bits - 1;
        }
        true
    }
}

/// Scans the stack of g; bytes of stack. `exact`: a word with a pointer to an object's start. `moving`: g is in a system call, so it
/// runs above the frame that it has saved, with its registers: what lies below is not as it was, and all is scanned whole.
pub unsafe fn scan(w: *mut Gcw, g: *mut G, exact: usize, moving: bool) -> u64 {
    let mut k = Walk { w, exact, poison: POISON.load(Relaxed), regs: [0; REGS] };
    let mut seg: *mut Seg = (*g).seg;
    if seg.is_null() {
        return 0;
    }
    let sp = (&raw const (*g).sched_sp).read_volatile();
    if sp < (*seg).lo || sp > (*seg).hi {
        print::throw("runtime: saved SP of a goroutine is outside its stack");
    }
    let mut bytes = ((*seg).hi - sp) as u64;
    // The walk goes from one frame pointer to the next: without this it would wait for each.
    let mut a = sp;
    while a < (*seg).hi.min(sp + AHEAD) {
        prefetch(a);
        a += 64;
    }
    let spc = (*g).sched_pc;
    let mut lo = sp;
    // Where the entry sequence has pushed rbp and what is above it (asm_amd64.rs).
    let mut at = 0;
    let mut whole = false;
    if moving {
        // `at` stays 0.
    } else if spc == addr!(rt_call_resume) || (spc != 0 && spc == PLACES.resume.load(Relaxed)) {
        at = sp + 48;
        k.regs = core::array::from_fn(|r| sp + 8 + 8 * r);
        if spc != addr!(rt_call_resume) {
            k.word(sp);
        }
    } else if spc == addr!(rt_newstack_resume) {
        at = sp + 240;
        k.regs = core::array::from_fn(|r| sp + 200 + 8 * r);
        k.range(sp, sp + 128);
        k.range(sp + 136, sp + 200);
    } else if spc == addr!(rt_async_resume) {
        at = sp + 120;
        k.range(sp, at);
        whole = true;
    }
    let table = trace::table();
    let p = getp();
    let cache = if p.is_null() { core::ptr::null_mut() } else { &raw mut (*p).frames.0 as *mut Entry };
    if let (Some(t), true) = (table, at != 0 && at + 16 <= (*seg).hi) {
        lo = at + 16;
        let (mut fp, mut pc) = (*(at as *const usize), *((at + 8) as *const usize));
        while pc != 0 && !trace::is_wild(pc) {
            if pc == addr!(rt_morestack_ret) {
                // It needs r13.
                let a = core::mem::take(&mut k.regs[R13]);
                if a != 0 {
                    k.word(a);
                }
                if (*seg).prev.is_null() {
                    break;
                }
                k.range(lo, (*seg).hi);
                seg = (*seg).prev;
                let sp = (*seg).saved_sp;
                check(seg, sp);
                bytes += ((*seg).hi - sp) as u64;
                lo = sp + 8;
                pc = *(sp as *const usize);
                continue;
            }
            if fp < lo || fp & 7 != 0 || fp + 16 > (*seg).hi {
                break;
            }
            let slot = if cache.is_null() { cache } else { cache.add(pc.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) };
            if !whole && !slot.is_null() && k.cached(&*slot, pc, lo, fp) {
                lo = fp + 16;
                pc = *((fp + 8) as *const usize);
                fp = *(fp as *const usize);
                continue;
            }
            let f = t.find(pc as u64 - !whole as u64);
            if f.is_some_and(|f| f.flags & flag::ASM != 0) {
                // Assembly of packages may have changed the frame pointer.
                break;
            }
            // The frame outside of this one was interrupted by a fault; that is never cached.
            let fault = f.is_some_and(|f| f.entry == addr!(go_sigpanic0) as u64);
            let known = match &f {
                Some(f) => !whole && k.frame(f, pc, lo, fp, if fault { core::ptr::null_mut() } else { slot }),
                None => pc == addr!(rt_calldefer_ret) && fp == lo,
            };
            if !known {
                k.all_regs();
                k.range(lo, fp);
            }
            whole = fault;
            lo = fp + 16;
            pc = *((fp + 8) as *const usize);
            fp = *(fp as *const usize);
        }
    }
    k.all_regs();
    loop {
        k.range(lo, (*seg).hi);
        seg = (*seg).prev;
        if seg.is_null() {
            return bytes;
        }
        lo = (*seg).saved_sp;
        check(seg, lo);
        bytes += ((*seg).hi - lo) as u64;
    }
}

unsafe fn check(seg: *mut Seg, sp: usize) {
    if sp < (*seg).lo || sp > (*seg).hi {
        print::throw("runtime: saved SP of a goroutine is outside its stack");
    }
}
