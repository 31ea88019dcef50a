//! `Str`: byte strings with lazy concatenation.
//!
//! Large tables are written as thousands of literals joined by `+`; joining eagerly would copy
//! quadratically, so a sum is kept as a pair until its bytes are asked for.

use std::sync::{Arc, Mutex, PoisonError};

/// A constant string; may hold bytes that are no UTF-8.
#[derive(Clone)]
pub struct Str(Arc<Node>);

struct Node {
    len: usize,
    state: Mutex<State>,
}

enum State {
    Flat(Arc<[u8]>),
    Sum(Str, Str),
}

impl Str {
    /// A string with these bytes.
    pub fn new(s: &[u8]) -> Str {
        Str(Arc::new(Node { len: s.len(), state: Mutex::new(State::Flat(Arc::from(s))) }))
    }

    /// The concatenation of two strings.
    pub fn concat(x: &Str, y: &Str) -> Str {
        let len = x.0.len.saturating_add(y.0.len);
        Str(Arc::new(Node { len, state: Mutex::new(State::Sum(x.clone(), y.clone())) }))
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.0.len
    }

    /// Whether the length is zero.
    pub fn is_empty(&self) -> bool {
        self.0.len == 0
    }

    fn peek(&self) -> Result<Arc<[u8]>, (Str, Str)> {
        match &*self.0.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Flat(b) => Ok(b.clone()),
            State::Sum(l, r) => Err((l.clone(), r.clone())),
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> Arc<[u8]> {
        let (l, r) = match self.peek() {
            Ok(b) => return b,
            Err(p) => p,
        };
        // Sums nest to the left, thousands deep: walk with a stack of our own.
        let mut buf = Vec::with_capacity(self.0.len);
        let mut todo = vec![r, l];
        while let Some(s) = todo.pop() {
            match s.peek() {
                Ok(b) => buf.extend_from_slice(&b),
                Err((l, r)) => {
                    todo.push(r);
                    todo.push(l);
                }
            }
        }
        let flat: Arc<[u8]> = Arc::from(buf);
        let old = std::mem::replace(
            &mut *self.0.state.lock().unwrap_or_else(PoisonError::into_inner),
            State::Flat(flat.clone()),
        );
        drop(old);
        flat
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Without this, dropping a deep sum would recurse once per operand.
        let mut todo = Vec::new();
        let take = |n: &mut Node, todo: &mut Vec<Str>| {
            let state = n.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            if let State::Sum(..) = state {
                if let State::Sum(l, r) = std::mem::replace(state, State::Flat(Arc::from(&[][..]))) {
                    todo.push(l);
                    todo.push(r);
                }
            }
        };
        take(self, &mut todo);
        while let Some(mut s) = todo.pop() {
            if let Some(n) = Arc::get_mut(&mut s.0) {
                take(n, &mut todo);
            }
        }
    }
}

impl std::fmt::Debug for Str {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::text::string_text(&self.bytes()))
    }
}
