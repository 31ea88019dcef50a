//! Contexts: tables of instances, so that identical instances are one node.

use crate::predicates::{identical, identical_instance};
use crate::types::Type;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

/// A table of instances of generic types. May be shared by checkers of several packages.
#[derive(Default)]
pub struct Context {
    table: Mutex<FxHashMap<u64, Vec<Entry>>>,
}

#[derive(Clone, Copy)]
struct Entry {
    orig: Type,
    targs: &'static [Type],
    instance: Type,
}

impl Context {
    pub fn new() -> Arc<Context> {
        Arc::default()
    }

    fn bucket(&self, h: u64) -> Vec<Entry> {
        // Cloned, because comparing types may come back here.
        self.table.lock().unwrap_or_else(|e| e.into_inner()).get(&h).cloned().unwrap_or_default()
    }

    /// The recorded instance of `orig` with `targs`.
    pub(crate) fn lookup(&self, h: u64, orig: Type, targs: &[Type]) -> Option<Type> {
        self.bucket(h).into_iter().find(|e| identical_instance(orig, targs, e.orig, e.targs)).map(|e| e.instance)
    }

    /// Records an instance, unless an identical one is there: the result is the one that is in the table.
    pub(crate) fn update(&self, h: u64, orig: Type, targs: &'static [Type], instance: Type) -> Type {
        let mut known = 0;
        loop {
            let b = self.bucket(h);
            if let Some(e) = b[known..].iter().find(|e| identical(instance, e.instance)) {
                return e.instance;
            }
            known = b.len();
            let mut t = self.table.lock().unwrap_or_else(|e| e.into_inner());
            let v = t.entry(h).or_default();
            if v.len() == known {
                v.push(Entry { orig, targs, instance });
                return instance;
            }
        }
    }
}

/// A hash that is equal for identical instances.
pub(crate) fn instance_hash(orig: Type, targs: &[Type]) -> u64 {
    let mut h = FxHasher::default();
    match orig {
        Type::Named(n) => Type::Named(n.origin()).hash(&mut h),
        t => t.hash(&mut h),
    }
    targs.len().hash(&mut h);
    for t in targs {
        hash_type(*t, &mut h);
    }
    h.finish()
}

/// Identical types have equal hashes.
pub fn hash_type(t: Type, h: &mut impl Hasher) {
    match t.unalias() {
        Type::Basic(b) => (1u8, b.kind).hash(h),
        Type::Named(n) => {
            2u8.hash(h);
            (n.obj() as *const crate::object::Object as usize).hash(h);
            for t in n.type_args() {
                hash_type(*t, h);
            }
        }
        Type::Pointer(p) => {
            3u8.hash(h);
            hash_type(p.elem(), h);
        }
        Type::Slice(s) => {
            4u8.hash(h);
            hash_type(s.elem(), h);
        }
        Type::Array(a) => {
            // Unknown lengths are identical to any length.
            5u8.hash(h);
            hash_type(a.elem(), h);
        }
        Type::Map(m) => {
            6u8.hash(h);
            hash_type(m.key(), h);
            hash_type(m.elem(), h);
        }
        Type::Chan(c) => {
            (7u8, c.dir).hash(h);
            hash_type(c.elem(), h);
        }
        Type::Struct(s) => {
            (8u8, s.num_fields()).hash(h);
            for f in s.fields() {
                f.name.hash(h);
                hash_type(f.typ(), h);
            }
        }
        Type::Signature(s) => {
            (9u8, s.type_params().len(), s.params().len(), s.results().len(), s.variadic()).hash(h);
            if s.type_params().is_empty() {
                for t in s.params().types().chain(s.results().types()) {
                    hash_type(t, h);
                }
            }
        }
        Type::Tuple(t) => {
            (10u8, t.len()).hash(h);
            for t in t.types() {
                hash_type(t, h);
            }
        }
        // The type set may not be known yet.
        Type::Interface(_) => 11u8.hash(h),
        Type::Union(_) => 12u8.hash(h),
        t @ (Type::TypeParam(_) | Type::Alias(_)) => t.hash(h),
    }
}
