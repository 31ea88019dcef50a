//! What the channel code sees of goroutines.

use crate::real_lock::Note;
use crate::sync::AtomicU32;
use std::ptr::null_mut;

pub struct G {
    pub select_done: AtomicU32,
    pub param: usize,
    /// Stands for the scheduler: the goroutine sleeps here.
    pub woken: Note,
}

pub struct Sudog {
    pub g: *mut G,
    pub next: *mut Sudog,
    pub prev: *mut Sudog,
    pub elem: *mut u8,
    pub is_select: bool,
    pub success: bool,
}

impl G {
    /// Permanent: a waker may still touch it when it runs again.
    pub fn new() -> *mut G {
        Box::into_raw(Box::new(G { select_done: AtomicU32::new(0), param: 0, woken: Note::new() }))
    }
}

impl Sudog {
    pub fn new(g: *mut G, elem: *mut u8, is_select: bool) -> Sudog {
        Sudog { g, next: null_mut(), prev: null_mut(), elem, is_select, success: false }
    }
}
