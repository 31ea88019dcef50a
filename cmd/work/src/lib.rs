//! rgo-work: from package patterns to built programs and tests.
//!
//! Purpose: what the go command does between its flags and the compiler: environment, modules,
//! package loading, the cache, the order of compilation, linking, tests.
//!
//! Inputs: patterns and options, the file system. Outputs: packages, diagnostics as text lines,
//! programs.
//!
//! Invariants:
//! - Loading never fails half-way: what cannot be loaded is a package with an error.
//! - What the cache holds is checked by content hash before it is believed; entries are written
//!   under another name and renamed, so that killed or concurrent commands do no harm.
//! - Messages are Go's; commands print them, nothing here writes to standard output.
//!
//! Start at [`load::Loader`], then [`build`].
#![forbid(unsafe_code)]

pub mod asm;
pub mod build;
pub mod buildinfo;
pub mod cache;
pub mod cc;
pub mod cgo;
pub mod cgodir;
pub mod cgoflags;
pub mod cacheprog;
pub mod codegen;
pub mod cover;
pub mod embed;
pub mod exec;
mod expand;
pub mod fileindex;
pub mod front;
pub mod gcexport;
pub mod gcfiles;
pub mod godebug;
pub mod goenv;
pub mod header;
pub mod imports;
pub mod interface;
pub mod literal;
pub mod load;
pub mod modload;
pub mod package;
pub mod pattern;
pub mod pool;
pub mod report;
pub mod select;
pub mod show;
pub mod stamp;
pub mod stdrules;
pub mod test2json;
pub mod testcache;
pub mod testing;
pub mod timings;
pub mod tools;
pub mod vcs;
pub mod vet;
mod why;
