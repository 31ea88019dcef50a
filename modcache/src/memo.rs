//! Results computed once for each key, also when several threads ask at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock};

/// A table of results. The first caller for a key computes; others wait for it.
#[derive(Debug)]
pub struct Memo<K, V> {
    map: Mutex<HashMap<K, Arc<OnceLock<V>>>>,
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Memo { map: Mutex::new(HashMap::new()) }
    }
}

impl<K: Eq + Hash, V: Clone> Memo<K, V> {
    /// The result for a key.
    pub fn get(&self, key: K, make: impl FnOnce() -> V) -> V {
        let cell = self.map.lock().unwrap_or_else(|e| e.into_inner()).entry(key).or_default().clone();
        cell.get_or_init(make).clone()
    }

    /// The result, if it is there.
    pub fn peek(&self, key: &K) -> Option<V> {
        self.map.lock().unwrap_or_else(|e| e.into_inner()).get(key)?.get().cloned()
    }
}

/// Runs `f` for all items on up to `threads` threads; results in order.
pub fn parallel<T: Sync, R: Send>(items: &[T], threads: usize, f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if items.len() < 2 || threads < 2 {
        return items.iter().map(f).collect();
    }
    let next = std::sync::atomic::AtomicUsize::new(0);
    let out: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|s| {
        let work = || loop {
            let i = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(item) = items.get(i) else { break };
            let r = f(item);
            *out[i].lock().unwrap_or_else(|e| e.into_inner()) = Some(r);
        };
        for _ in 1..threads.min(items.len()) {
            s.spawn(work);
        }
        work();
    });
    out.into_iter().filter_map(|m| m.into_inner().unwrap_or_else(|e| e.into_inner())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once() {
        let m: Memo<i32, i32> = Memo::default();
        assert_eq!((m.get(1, || 5), m.get(1, || 6), m.peek(&2)), (5, 5, None));
        assert_eq!(parallel(&[1, 2, 3], 4, |x| x * 2), [2, 4, 6]);
    }
}
