//! Process-wide interned strings.
//!
//! A [`Symbol`] is a 32-bit name for an interned string: equality of symbols is equality of
//! strings. Interned text lives for the rest of the process. Interning takes a lock on one of
//! several shards; reading a symbol's text is lock-free.

use rustc_hash::{FxBuildHasher, FxHashMap};
use std::fmt;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

/// An interned string.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(pub u32);

const SHARDS: usize = 16;
const CHUNK_BITS: u32 = 14;
const CHUNK: usize = 1 << CHUNK_BITS;
// 2^14 chunks of 2^14 names: more names than source positions can exist for in practice.
const CHUNKS: usize = 1 << 14;

type Chunk = Box<[OnceLock<&'static str>]>;

struct Interner {
    shards: [Mutex<FxHashMap<&'static str, Symbol>>; SHARDS],
    chunks: Box<[OnceLock<Chunk>]>,
    next: AtomicU32,
}

macro_rules! predefined {
    ($($konst:ident = $idx:literal $text:literal,)*) => {
        impl Symbol {
            $(pub const $konst: Symbol = Symbol($idx);)*
        }
        const PREDEFINED: &[&str] = &[$($text),*];
    };
}

predefined! {
    EMPTY = 0 "",
    BLANK = 1 "_",
    DOT = 2 ".",
    INIT = 3 "init",
    MAIN = 4 "main",
    ERROR = 5 "error",
    ANY = 6 "any",
    COMPARABLE = 7 "comparable",
    NIL = 8 "nil",
    IOTA = 9 "iota",
    TRUE = 10 "true",
    FALSE = 11 "false",
    UNSAFE = 12 "unsafe",
    ERROR_METHOD = 13 "Error",
    C = 14 "C",
    NEW = 15 "new",
    MAKE = 16 "make",
    LEN = 17 "len",
    CAP = 18 "cap",
    APPEND = 19 "append",
    COPY = 20 "copy",
    DELETE = 21 "delete",
    PANIC = 22 "panic",
    RECOVER = 23 "recover",
    CLOSE = 24 "close",
    CLEAR = 25 "clear",
    MIN = 26 "min",
    MAX = 27 "max",
    PRINT = 28 "print",
    PRINTLN = 29 "println",
    COMPLEX = 30 "complex",
    REAL = 31 "real",
    IMAG = 32 "imag",
    STRING = 33 "string",
    INT = 34 "int",
    BOOL = 35 "bool",
    BYTE = 36 "byte",
    RUNE = 37 "rune",
    UINTPTR = 38 "uintptr",
}

fn interner() -> &'static Interner {
    static INTERNER: OnceLock<Interner> = OnceLock::new();
    INTERNER.get_or_init(|| {
        let it = Interner {
            shards: std::array::from_fn(|_| Mutex::new(FxHashMap::default())),
            chunks: (0..CHUNKS).map(|_| OnceLock::new()).collect(),
            next: AtomicU32::new(0),
        };
        for s in PREDEFINED {
            it.intern(s);
        }
        it
    })
}

impl Interner {
    fn intern(&self, s: &str) -> Symbol {
        let h = FxBuildHasher.hash_one(s);
        let shard = &self.shards[(h >> 57) as usize % SHARDS];
        let mut map = shard.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(&sym) = map.get(s) {
            return sym;
        }
        let text: &'static str = Box::leak(s.to_owned().into_boxed_str());
        let sym = Symbol(self.next.fetch_add(1, Ordering::Relaxed));
        let (c, i) = (sym.0 as usize >> CHUNK_BITS, sym.0 as usize & (CHUNK - 1));
        let Some(slot) = self.chunks.get(c) else {
            panic!("internal compiler error: too many distinct names")
        };
        let chunk = slot.get_or_init(|| (0..CHUNK).map(|_| OnceLock::new()).collect());
        // The index was just handed out to us alone: the slot is empty.
        let _ = chunk[i].set(text);
        map.insert(text, sym);
        sym
    }
}

impl Symbol {
    /// Interns `s`.
    pub fn intern(s: &str) -> Symbol {
        interner().intern(s)
    }

    /// The interned text.
    pub fn as_str(self) -> &'static str {
        let it = interner();
        it.chunks
            .get(self.0 as usize >> CHUNK_BITS)
            .and_then(|c| c.get())
            .and_then(|c| c[self.0 as usize & (CHUNK - 1)].get())
            .copied()
            .expect("internal compiler error: symbol that was never interned")
    }

    /// Reports whether this is the blank identifier `_`.
    pub fn is_blank(self) -> bool {
        self == Symbol::BLANK
    }

    /// Reports whether the name starts with a Unicode upper-case letter (is exported).
    pub fn is_exported(self) -> bool {
        match self.as_str().chars().next() {
            Some(c) if c.is_ascii() => c.is_ascii_uppercase(),
            Some(c) => crate::unicode::is_upper(c),
            None => false,
        }
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl From<&str> for Symbol {
    fn from(s: &str) -> Symbol {
        Symbol::intern(s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interning() {
        assert_eq!(Symbol::intern("_"), Symbol::BLANK);
        assert_eq!(Symbol::UINTPTR.as_str(), "uintptr");
        let a = Symbol::intern("some name");
        assert_eq!(a, Symbol::intern("some name"));
        assert_ne!(a, Symbol::intern("Some name"));
        assert_eq!(a.as_str(), "some name");
        assert!(Symbol::intern("Ärger").is_exported());
        assert!(!Symbol::intern("ärger").is_exported());
    }
}
