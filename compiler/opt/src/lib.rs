//! rgo-opt: passes over the Go IR.
//!
//! Input: a lowered `rgo_ir::Module` and what is known about functions of other packages ([`Summaries`]). Output: the module rewritten in place and
//! the summaries of its own functions, which dependants and the cache read.
//!
//! Passes, in order ([`optimize`])
//! 1. [`inline`]: small functions, and closures called where their code is known.
//! 2. [`escape`]: finds allocations whose address does not outlive the function and turns them into frame slots.
//! 3. [`race`], if wanted: announces memory accesses to the race detector.
//!
//! Invariants: a module that verifies still verifies afterwards; summaries only ever say less than the truth allows (unknown means "everything escapes").
//! Absent: Go types, LLVM. Start reading at `escape.rs`.
#![forbid(unsafe_code)]

pub mod builtin;
pub mod escape;
pub mod inline;
pub mod loops;
pub mod race;
pub mod rewrite;
pub mod summary;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod inline_tests;

use rgo_ir::Module;

pub use summary::{FuncSummary, ParamFlow, Summaries};

/// Runs all passes. `external` gives the summaries of functions outside of the module; `race`: for the race detector.
pub fn optimize(m: &mut Module, external: &dyn Fn(&str) -> Option<FuncSummary>, race: bool) -> Summaries {
    inline::run(m, race);
    let summaries = escape::run(m, external);
    if race {
        race::run(m);
    }
    summaries
}
