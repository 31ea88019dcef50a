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
        // The P of the test before leaves; what its cache holds must be accounted for.
        let old = ALLP[0].swap((*m).p, Relaxed);
        if !old.is_null() {
            cache::flush(&raw mut (*old).mcache);
        }
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
        w.collect();
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

/// Several mutators change a graph while a collector and a helper mark it; a model beside the heap says what each field holds.
/// Mutators are stopped only to begin and to end marking, and each once to have its locals scanned. Freed memory is poisoned.
mod concurrent {
    use super::*;
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicBool, AtomicUsize};

    const FIELDS: usize = 4;
    const LOCALS: usize = 12;
    const GLOBALS: usize = 24;
    const MUTATORS: usize = 3;

    /// Everything the mutators share; who holds the lock runs.
    struct Shared {
        globals: Vec<usize>,
        /// Fields by number of object.
        model: HashMap<usize, [usize; FIELDS]>,
        next: usize,
        /// Address of the type, words.
        types: Vec<(usize, usize)>,
    }

    unsafe fn id(p: usize) -> usize {
        let q = p as *const usize;
        let (n, check) = (*q, *q.add(1));
        assert_eq!(n ^ check, 0x5a5a_5a5a_5a5a, "object at {p:#x} was lost");
        n
    }
    unsafe fn field(p: usize, words: usize, k: usize) -> *mut usize {
        // Fields are spread over the object.
        (p as *mut usize).add(2 + k * (words - 3) / (FIELDS - 1))
    }
    unsafe fn words_of(p: usize) -> usize {
        *(p as *const usize) >> 48
    }
    unsafe fn store(slot: *mut usize, v: usize) {
        if barrier::enabled() {
            let b = &mut (*getp()).wb;
            *(b.next as *mut [usize; 2]) = [*slot, v];
            b.next += 16;
            if b.next == b.end {
                b.flush();
            }
        }
        (slot).write_volatile(v);
    }

    struct Mutator {
        locals: [usize; LOCALS],
        rng: u64,
    }

    impl Mutator {
        fn rand(&mut self, n: usize) -> usize {
            self.rng ^= self.rng << 13;
            self.rng ^= self.rng >> 7;
            self.rng ^= self.rng << 17;
            (self.rng >> 20) as usize % n
        }

        unsafe fn step(&mut self, sh: &mut Shared) {
            let (a, b, k) = (self.rand(LOCALS), self.rand(LOCALS), self.rand(FIELDS));
            let (p, q) = (self.locals[a], self.locals[b]);
            match self.rand(10) {
                0 | 1 => {
                    let (t, words) = sh.types[self.rand(sh.types.len())];
                    let o = mallocgc(words * 8, t as *const u8, true) as *mut usize;
                    for i in 0..words {
                        assert_eq!(*o.add(i), 0);
                    }
                    sh.next += 1;
                    let n = words << 48 | sh.next;
                    *o = n;
                    *o.add(1) = n ^ 0x5a5a_5a5a_5a5a;
                    sh.model.insert(n, [0; FIELDS]);
                    self.locals[a] = o as usize;
                }
                2 | 3 if p != 0 => {
                    store(field(p, words_of(p), k), q);
                    let n = if q == 0 { 0 } else { id(q) };
                    sh.model.get_mut(&id(p)).unwrap()[k] = n;
                }
                4..=6 if p != 0 => {
                    let v = *field(p, words_of(p), k);
                    let want = sh.model[&id(p)][k];
                    assert_eq!(if v == 0 { 0 } else { id(v) }, want);
                    self.locals[b] = v;
                }
                7 => {
                    let g = self.rand(GLOBALS);
                    store(&mut sh.globals[g], p);
                }
                8 => {
                    let v = sh.globals[self.rand(GLOBALS)];
                    if v != 0 {
                        id(v);
                    }
                    self.locals[b] = v;
                }
                _ => self.locals[a] = 0,
            }
        }
    }

    unsafe fn run(rounds: usize, seed: u64) {
        let w = World::new(1);
        sweep::POISON.store(true, Relaxed);
        let mut types = Vec::new();
        for words in [6usize, 7, 10, 17, 33, 64, 66, 130, 600, 5000, 40000] {
            let mut mask = vec![0u8; words.div_ceil(64) * 8];
            for k in 0..FIELDS {
                let at = 2 + k * (words - 3) / (FIELDS - 1);
                mask[at / 8] |= 1 << (at % 8);
            }
            let mask = Box::leak(mask.into_boxed_slice());
            // Large objects are rare.
            for _ in 0..if words > 1000 { 1 } else { 4 } {
                types.push((&raw const *Box::leak(Box::new(typ(words * 8, words, mask.as_ptr()))) as usize, words));
            }
        }
        let shared = Mutex::new(Shared { globals: vec![0; GLOBALS], model: HashMap::new(), next: 0, types });
        let globals = shared.lock().unwrap().globals.as_ptr() as usize;
        gc::EXTRA_ROOTS.len = 0;
        gc::EXTRA_ROOTS.push(globals);
        gc::EXTRA_ROOTS.push(GLOBALS * 8);
        let mutators: Vec<Mutex<Mutator>> = (0..MUTATORS)
            .map(|i| Mutex::new(Mutator { locals: [0; LOCALS], rng: seed.wrapping_mul(i as u64 * 2 + 3) | 1 }))
            .collect();
        let (left, want) = (AtomicUsize::new(MUTATORS), AtomicBool::new(false));
        let (helping, quit, enough) = (AtomicBool::new(false), AtomicBool::new(false), AtomicBool::new(false));
        // The lock is not fair: mutators let the collector have it.
        let stop = || {
            want.store(true, SeqCst);
            let g = shared.lock().unwrap();
            want.store(false, SeqCst);
            g
        };
        NPROCS.store(MUTATORS as u32 + 2, Relaxed);
        let mut cycles = 0;
        std::thread::scope(|s| {
            for (i, m) in mutators.iter().enumerate() {
                let (shared, left, want, enough) = (&shared, &left, &want, &enough);
                s.spawn(move || unsafe {
                    ALLP[i + 2].store((*test_m()).p, Relaxed);
                    while !enough.load(SeqCst) {
                        while want.load(SeqCst) {
                            std::thread::yield_now();
                        }
                        let mut sh = shared.lock().unwrap();
                        m.lock().unwrap().step(&mut sh);
                    }
                    m.lock().unwrap().locals = [0; LOCALS];
                    left.fetch_sub(1, SeqCst);
                });
            }
            let (helping, quit) = (&helping, &quit);
            s.spawn(move || unsafe {
                ALLP[1].store((*test_m()).p, Relaxed);
                while !quit.load(SeqCst) {
                    if helping.load(SeqCst) && mark::marking() {
                        let w = mark::gcw();
                        let mut n = 0;
                        mark::drain(w, 4096, &mut n);
                        mark::publish(w);
                    }
                    helping.store(false, SeqCst);
                    std::thread::yield_now();
                }
            });
            while left.load(SeqCst) > 0 {
                while sweep::some(8) {}
                {
                    let _stopped = stop();
                    gc::start(true);
                }
                helping.store(true, SeqCst);
                let w = mark::gcw();
                let mut n = 0;
                for m in &mutators {
                    let _running = stop();
                    let m = m.lock().unwrap_or_else(|e| e.into_inner());
                    let lo = m.locals.as_ptr() as usize;
                    mark::scan_range(w, lo, lo + LOCALS * 8);
                    drop(m);
                    drop(_running);
                    mark::drain(w, 512, &mut n);
                }
                loop {
                    while roots::job(w) || !mark::drain(w, 512, &mut n) {
                        helping.store(true, SeqCst);
                    }
                    mark::publish(w);
                    // The helper has nothing in hand when it is not helping.
                    while helping.load(SeqCst) {
                        std::thread::yield_now();
                    }
                    let _stopped = stop();
                    if gc::finish() {
                        break;
                    }
                }
                TRIGGER.store(u64::MAX, Relaxed);
                cycles += 1;
                enough.store(cycles >= rounds, SeqCst);
            }
            quit.store(true, SeqCst);
        });
        // The heap agrees with the model everywhere.
        let sh = shared.lock().unwrap();
        let mut seen = std::collections::HashSet::new();
        let mut todo: Vec<usize> = sh.globals.iter().copied().filter(|&p| p != 0).collect();
        while let Some(p) = todo.pop() {
            if seen.insert(p) {
                for (k, &want) in sh.model[&id(p)].iter().enumerate() {
                    let v = *field(p, words_of(p), k);
                    assert_eq!(if v == 0 { 0 } else { id(v) }, want);
                    if v != 0 {
                        todo.push(v);
                    }
                }
            }
        }
        drop(sh);
        sweep::POISON.store(false, Relaxed);
        NPROCS.store(1, Relaxed);
        for p in &ALLP[1..MUTATORS + 2] {
            let p = p.swap(core::ptr::null_mut(), Relaxed);
            if !p.is_null() {
                cache::flush(&raw mut (*p).mcache);
            }
        }
        gc::EXTRA_ROOTS.len = 0;
        drop(w);
        gc::collect();
    }

    #[test]
    fn graph_against_model() {
        let _s = SERIAL.lock().unwrap_or_else(|e| e.into_inner());
        for seed in 1..4 {
            unsafe { run(15, 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(seed)) };
        }
    }
}

/// Queues hand blocks to each other; nothing is lost or doubled.
#[test]
fn blocks_move_between_queues() {
    // SAFETY: both queues are this test's own; what others have put on the common list is not looked into.
    unsafe {
        let n = 3 * crate::sync::BLOCK_WORDS + 17;
        let (mut a, mut b) = (mark::Gcw::new(), mark::Gcw::new());
        for i in 1..=n {
            a.push(i << 3);
            if i % 600 == 0 {
                a.share();
            }
        }
        a.bytes = 5;
        let mut seen = vec![false; n + 1];
        let mut take = |w: &mut mark::Gcw, k: usize| {
            for _ in 0..k {
                let p = w.pop();
                if p == 0 {
                    return;
                }
                assert!(!std::mem::replace(&mut seen[p >> 3], true));
            }
        };
        take(&mut b, 100);
        take(&mut a, 700);
        assert_eq!((a.flush(), a.flush()), (5, 0));
        take(&mut b, usize::MAX);
        assert_eq!(seen.iter().filter(|s| **s).count(), n);
        b.flush();
    }
}
