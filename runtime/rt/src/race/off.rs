//! The hooks of the race detector in a runtime without it: nothing. `mod.rs` says what they do in the other one.
#![allow(unused_variables)]

use crate::chanq::Hchan;
use crate::g::G;

pub const ON: bool = false;

#[inline(always)]
pub unsafe fn init() {}
#[inline(always)]
pub unsafe fn started(g: *mut G, parent: *mut G) {}
#[inline(always)]
pub unsafe fn ended(g: *mut G) {}
#[inline(always)]
pub unsafe fn stopped(g: *mut G) {}
#[inline(always)]
pub unsafe fn allocated(p: *mut u8, size: usize) {}
#[inline(always)]
pub unsafe fn acquire(addr: usize) {}
#[inline(always)]
pub unsafe fn release(addr: usize) {}
#[inline(always)]
pub unsafe fn acquire_g(g: *mut G, addr: usize) {}
#[inline(always)]
pub unsafe fn release_merge_g(g: *mut G, addr: usize) {}
#[inline(always)]
pub unsafe fn timer_call(timer: usize) {}
#[inline(always)]
pub unsafe fn rests(g: *mut G, bubble: usize) {}
#[inline(always)]
pub unsafe fn sees_rest(g: *mut G, bubble: usize) {}
#[inline(always)]
pub unsafe fn pass(c: *mut Hchan, slot: usize, other: *mut G) {}
#[inline(always)]
pub unsafe fn meet(c: *mut Hchan, other: *mut G) {}
