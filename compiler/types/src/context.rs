//! Contexts: sets of instances, so that identical instances are one node.

use crate::types::Type;
use rustc_hash::FxHashMap;
use std::sync::Mutex;

/// A table of instances of generic types. May be shared by checkers of several packages.
#[derive(Default)]
pub struct Context {
    pub(crate) table: Mutex<FxHashMap<u64, Vec<Entry>>>,
}

pub(crate) struct Entry {
    pub orig: Type,
    pub targs: &'static [Type],
    pub instance: Type,
}
