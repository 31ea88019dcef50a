//! The allocator and collector with a mock mutator: one P per test thread, roots in one array.
//!
//! The tests share the global heap, so they run under one lock.

use super::*;
use crate::g::{ALLP, NPROCS, test_m};
use std::sync::Mutex;

static SERIAL: Mutex<()> = Mutex::new(());

const fn typ(size: usize, words: usize, gcdata: *const u8) -> Type {
    Type {
        size,
        ptrbytes: words * 8,
        hash: 0,
        tflag: 0,
        align: 8,
        field_align: 8,
        kind: 25,
        equal: 0,
        gcdata,
        str: 0,
        ptr_to_this: 0,
    }
}

struct World {
    roots: Vec<usize>,
    rng: u64,
}

impl World {
    unsafe fn new(n: usize) -> World {
        init();
        let m = test_m();
        ALLP[0].store((*m).p, Relaxed);
        NPROCS.store(1, Relaxed);
        TRIGGER.store(u64::MAX, Relaxed);
        let w = World { roots: vec![0; n], rng: 88172645463325252 };
        gc::EXTRA_ROOTS.len = 0;
        gc::EXTRA_ROOTS.push(w.roots.as_ptr() as usize);
        gc::EXTRA_ROOTS.push(n * 8);
        w
    }
    fn rand(&mut self) -> usize {
        self.rng ^= self.rng << 13;
        self.rng ^= self.rng >> 7;
        self.rng ^= self.rng << 17;
        self.rng as usize
    }
    unsafe fn collect(&mut self) {
        gc::collect();
        TRIGGER.store(u64::MAX, Relaxed);
    }
}

unsafe fn live_objects() -> u64 {
    let mut m = Box::<gc::MemStats>::new_uninit();
    core::ptr::write_bytes(m.as_mut_ptr(), 0, 1);
    gc::memstats(m.as_mut_ptr());
    (*m.as_ptr()).heap_objects
}

/// Objects of every class, each with a pointer in its first and last word to another object and a check word.
#[test]
fn random_graph() {
    let _s = SERIAL.lock().unwrap_or_else(|e| e.into_inner());
    unsafe {
        let mut w = World::new(256);
        let base = live_objects();
        // mask with bits 0 and n-1
        let mut types: Vec<(&'static Type, usize)> = Vec::new();
        for words in [3usize, 4, 6, 10, 17, 33, 64, 65, 100, 200, 500, 1500, 4000, 5000, 20000] {
            let mut mask = vec![0u8; words.div_ceil(64) * 8];
            mask[0] |= 1;
            mask[(words - 1) / 8] |= 1 << ((words - 1) % 8);
            let mask = Box::leak(mask.into_boxed_slice());
            types.push((Box::leak(Box::new(typ(words * 8, words, mask.as_ptr()))), words));
        }
        let make = |w: &mut World| -> usize {
            let (t, words) = types[w.rand() % types.len()];
            let p = mallocgc(t.size, t as *const Type as *const u8, true) as *mut usize;
            for i in 0..words {
                assert_eq!(*p.add(i), 0, "fresh memory is zero");
            }
            *p.add(1) = words << 8 | 0x5a;
            let (a, b) = (w.rand() % 256, w.rand() % 256);
            *p = w.roots[a];
            *p.add(words - 1) = w.roots[b];
            p as usize
        };
        for round in 0..40 {
            for _ in 0..200 {
                let k = w.rand() % 256;
                w.roots[k] = make(&mut w);
            }
            // Forget most, so that there is garbage.
            for _ in 0..100 {
                let k = w.rand() % 256;
                w.roots[k] = 0;
            }
            w.collect();
            // Everything reachable is intact and inside the heap.
            let mut seen = std::collections::HashSet::new();
            let mut todo: Vec<usize> = w.roots.iter().copied().filter(|&p| p != 0).collect();
            while let Some(p) = todo.pop() {
                if !seen.insert(p) {
                    continue;
                }
                let (b, _, noscan, _) = find_object(p).expect("reachable object is allocated");
                assert_eq!((b, noscan), (p, false));
                let q = p as *const usize;
                let c = *q.add(1);
                assert_eq!(c & 0xff, 0x5a, "round {round}");
                for n in [*q, *q.add((c >> 8) - 1)] {
                    if n != 0 {
                        todo.push(n);
                    }
                }
            }
            // Roots are scanned conservatively: a pointer to an object's start also keeps the object before it.
            assert!(live_objects() - base >= seen.len() as u64);
        }
        w.roots.fill(0);
        w.collect();
        assert_eq!(live_objects(), base);
    }
}

#[test]
fn arrays_of_small_types() {
    let _s = SERIAL.lock().unwrap_or_else(|e| e.into_inner());
    unsafe {
        let mut w = World::new(4);
        static MASK: u64 = 0b01; // {ptr, int}
        let t = Box::leak(Box::new(typ(16, 1, (&raw const MASK).cast())));
        for n in [1usize, 2, 7, 32, 33, 100, 3000] {
            let a = mallocgc(16 * n, t as *const Type as *const u8, true) as *mut usize;
            for i in 0..n {
                let p = mallocgc(8, core::ptr::null(), true) as *mut usize;
                let (_, q) = (*p, mallocgc(24, core::ptr::null(), true) as *mut usize);
                *q = i;
                *a.add(2 * i) = q as usize;
                *a.add(2 * i + 1) = p as usize; // not a pointer for the collector
            }
            w.roots[0] = a as usize;
            w.collect();
            for i in 0..n {
                assert_eq!(*(*a.add(2 * i) as *const usize), i);
                assert!(find_object(*a.add(2 * i)).is_some());
            }
        }
        w.roots[0] = 0;
        w.collect();
    }
}

#[test]
fn interior_and_past_the_end() {
    let _s = SERIAL.lock().unwrap_or_else(|e| e.into_inner());
    unsafe {
        let mut w = World::new(4);
        let p = mallocgc(96, core::ptr::null(), true) as usize;
        w.roots[0] = p + 95;
        w.roots[1] = 0;
        w.collect();
        assert!(find_object(p).is_some());
        w.roots[0] = p + 96;
        w.collect();
        assert!(find_object(p).is_some(), "one past the end keeps");
        w.roots[0] = 0;
        w.collect();
        assert!(find_object(p).is_none());
    }
}

#[test]
fn weak_finalizer_cleanup() {
    let _s = SERIAL.lock().unwrap_or_else(|e| e.into_inner());
    unsafe {
        let mut w = World::new(4);
        static MASK: u64 = 1;
        let t = Box::leak(Box::new(typ(24, 1, (&raw const MASK).cast())));
        let obj = mallocgc(24, t as *const Type as *const u8, true) as usize;
        let held = mallocgc(32, core::ptr::null(), true) as usize;
        *(obj as *mut usize) = held;
        let h = special::weak_handle(obj);
        assert_eq!(special::weak_handle(obj), h);
        w.roots[1] = h;
        let hh = special::weak_handle(held);
        w.roots[2] = hh;
        let f = special::Finalizer { func: 0, arg: 0, nret: 0, fint: 0, ot: 0 };
        assert!(special::set_finalizer(obj, &f));
        assert!(!special::set_finalizer(obj, &f));
        w.roots[0] = obj;
        w.collect();
        assert_eq!(special::weak_get(h), obj);
        w.roots[0] = 0;
        w.collect();
        // Found unreachable: weak cleared, finalizer queued, object and referent kept.
        assert_eq!(special::weak_get(h), 0);
        assert_eq!(special::weak_get(hh), held);
        assert!(!special::finalizers_idle());
        assert!(find_object(obj).is_some() && find_object(held).is_some());
        let mut out = f;
        special::next_finalizer(core::ptr::null_mut(), &mut out);
        assert_eq!(out.arg, obj);
        w.collect();
        assert!(find_object(obj).is_none());
        assert_eq!(special::weak_get(hh), 0);
    }
}

#[test]
fn tiny_blocks() {
    let _s = SERIAL.lock().unwrap_or_else(|e| e.into_inner());
    unsafe {
        let mut w = World::new(64);
        for i in 0..64 {
            let n = 1 + i % 15;
            let p = mallocgc(n, core::ptr::null(), true);
            for k in 0..n {
                assert_eq!(*p.add(k), 0);
            }
            core::ptr::write_bytes(p, i as u8 + 1, n);
            w.roots[i] = p as usize;
        }
        w.collect();
        for i in 0..64 {
            let n = 1 + i % 15;
            for k in 0..n {
                assert_eq!(*(w.roots[i] as *const u8).add(k), i as u8 + 1);
            }
        }
    }
}
