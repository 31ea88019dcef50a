//! `Slot`: a shared cell for node fields that are set after creation.
//!
//! Nearly every such field is set once and read often; a few are overwritten while their package is being checked (the type of an object in a cycle
//! becomes invalid, a receiver is replaced). A `Slot` makes the first case one atomic load and still allows the second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, RwLock};

/// A settable, shareable cell for `Copy` values, empty at first.
pub struct Slot<T: Copy> {
    first: OnceLock<T>,
    overridden: AtomicBool,
    later: RwLock<Option<T>>,
}

impl<T: Copy> Default for Slot<T> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<T: Copy> Slot<T> {
    pub const fn empty() -> Self {
        Slot { first: OnceLock::new(), overridden: AtomicBool::new(false), later: RwLock::new(None) }
    }

    pub fn new(v: T) -> Self {
        let s = Self::empty();
        s.set(v);
        s
    }

    pub fn from_option(v: Option<T>) -> Self {
        let s = Self::empty();
        if let Some(v) = v {
            s.set(v);
        }
        s
    }

    #[inline]
    pub fn get(&self) -> Option<T> {
        if self.overridden.load(Ordering::Acquire) {
            return *self.later.read().unwrap_or_else(|e| e.into_inner());
        }
        self.first.get().copied()
    }

    pub fn is_set(&self) -> bool {
        self.get().is_some()
    }

    pub fn set(&self, v: T) {
        if self.first.set(v).is_err() {
            self.set_later(Some(v));
        }
    }

    /// Sets the value only if the slot is still empty and returns the value that is now in it.
    pub fn get_or_set(&self, v: T) -> T {
        if let Some(old) = self.get() {
            return old;
        }
        let _ = self.first.set(v);
        self.get().unwrap_or(v)
    }

    /// Empties the slot.
    pub fn clear(&self) {
        self.set_later(None);
    }

    fn set_later(&self, v: Option<T>) {
        *self.later.write().unwrap_or_else(|e| e.into_inner()) = v;
        self.overridden.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overriding() {
        let s = Slot::empty();
        assert_eq!(s.get(), None);
        assert_eq!(s.get_or_set(1), 1);
        assert_eq!(s.get_or_set(2), 1);
        s.set(3);
        assert_eq!(s.get(), Some(3));
        s.clear();
        assert_eq!(s.get(), None);
    }
}
