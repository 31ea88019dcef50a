//! Running tasks that depend on each other on a few threads with large stacks.

use std::collections::BinaryHeap;
use std::sync::{Condvar, Mutex, PoisonError};

/// Stack of a worker: syntax trees and types may nest deeply.
const STACK: usize = 1 << 29;

struct State {
    /// Ready tasks; the highest priority first.
    ready: BinaryHeap<(i64, std::cmp::Reverse<usize>)>,
    /// Unfinished dependencies of each task.
    missing: Vec<usize>,
    left: usize,
    panic: Option<Box<dyn std::any::Any + Send>>,
}

/// Runs `n` tasks, each after its dependencies, on `threads` threads. Of the tasks that are ready
/// the one with the highest priority goes first. A panic in a task ends the run and is passed on.
pub fn run(n: usize, deps: &dyn Fn(usize) -> Vec<usize>, priority: &dyn Fn(usize) -> i64, threads: usize, task: &(dyn Fn(usize) + Sync)) {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); n];
    let mut missing = vec![0; n];
    let prio: Vec<i64> = (0..n).map(priority).collect();
    for (i, m) in missing.iter_mut().enumerate() {
        for d in deps(i) {
            users[d].push(i);
            *m += 1;
        }
    }
    let ready = (0..n).filter(|&i| missing[i] == 0).map(|i| (prio[i], std::cmp::Reverse(i))).collect();
    let state = Mutex::new(State { ready, missing, left: n, panic: None });
    let wake = Condvar::new();
    let worker = || {
        let mut s = state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if s.left == 0 || s.panic.is_some() {
                wake.notify_all();
                return;
            }
            let Some((_, std::cmp::Reverse(i))) = s.ready.pop() else {
                s = wake.wait(s).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(s);
            let r = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| task(i)));
            s = state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(p) = r {
                s.panic.get_or_insert(p);
            }
            s.left -= 1;
            for &u in &users[i] {
                s.missing[u] -= 1;
                if s.missing[u] == 0 {
                    s.ready.push((prio[u], std::cmp::Reverse(u)));
                }
            }
            wake.notify_all();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, n.max(1)) {
            let b = std::thread::Builder::new().stack_size(STACK);
            b.spawn_scoped(scope, worker).expect("start a worker thread");
        }
    });
    let p = state.into_inner().unwrap_or_else(PoisonError::into_inner).panic;
    if let Some(p) = p {
        std::panic::resume_unwind(p);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order() {
        let done = Mutex::new(Vec::new());
        let deps = |i: usize| if i > 0 && i < 8 { vec![(i - 1) / 2] } else { Vec::new() };
        run(10, &deps, &|i| i as i64, 3, &|i| done.lock().unwrap().push(i));
        let d = done.into_inner().unwrap();
        assert_eq!(d.len(), 10);
        let at = |i: usize| d.iter().position(|&x| x == i).unwrap();
        assert!((1..8).all(|i| at(i) > at((i - 1) / 2)));
        let r = std::panic::catch_unwind(|| run(3, &|_| Vec::new(), &|_| 0, 2, &|i| assert!(i != 1, "boom")));
        assert!(r.is_err());
    }
}
