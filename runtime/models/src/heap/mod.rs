//! The heap's protocols, and what stands for the rest of the heap.

#[path = "../../../rt/src/heap/central.rs"]
pub mod central;
#[path = "../../../rt/src/heap/queue.rs"]
pub mod queue;

/// Copies between goroutines: values are cells that loom watches.
pub mod barrier {
    use loom::cell::UnsafeCell;

    pub type Cell = UnsafeCell<u64>;

    pub fn enabled() -> bool {
        true
    }
    pub unsafe fn copy(src: *const u8, dst: *mut u8, _: usize) {
        let v = (*(src as *const Cell)).with(|p| *p);
        (*(dst as *const Cell)).with_mut(|p| *p = v);
    }
    pub unsafe fn clear(p: *mut u8, _: usize) {
        (*(p as *const Cell)).with_mut(|p| *p = 0);
    }
}

pub mod pages {
    crate::sync::shared! {
        pub static LOCK: crate::lock::Mutex = crate::lock::Mutex::new();
    }
}

pub mod span {
    use loom::cell::UnsafeCell;

    pub const NUM_SPAN_CLASSES: usize = 4;

    pub struct Span {
        pub next: *mut Span,
        pub class: u8,
        pub alloc_count: u32,
        pub nelems: u32,
        /// Stands for the mark and allocation bits: times swept.
        pub bits: UnsafeCell<u32>,
        /// Objects that the sweeper finds in use.
        pub live: u32,
    }
}

pub mod sweep {
    use super::span::Span;

    /// Events of the tracer: none here.
    pub struct Sweeping;
    impl Sweeping {
        pub fn new() -> Sweeping {
            Sweeping
        }
        pub fn end(&mut self) {}
    }

    pub unsafe fn sweep_span(s: *mut Span, _: &mut Sweeping) -> u32 {
        (*s).bits.with_mut(|b| *b += 1);
        (*s).alloc_count = (*s).live;
        (*s).live
    }
}
