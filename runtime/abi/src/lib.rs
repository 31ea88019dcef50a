//! Layouts and numbers shared by the compiler, the linker step and the runtime.
//!
//! Nothing here executes Go semantics; it is the one place where a number both sides must agree on is written down.
//!
//! * [`call`] (feature `std`): which register or frame offset each parameter and result takes.
//! * [`g`]: offsets inside the goroutine descriptor that generated code touches, defer frames and nodes, panics.
//! * [`types`]: type descriptors, itabs, flags (internal/abi, 64-bit).
//! * [`sizeclass`]: allocator size classes; observable in Go through `append` and `cap`.
//! * [`stack`]: stack geometry and frame-size limits.
//! * [`moduledata`]: the block of addresses that the linker step fills in after lld.
//! * [`functab`]: the function table: sidecar records, builder (feature `std`), allocation-free reader.
//! * [`linkgraph`]: what the parts of an object refer to, for the linker's reachability pass.
//!
//! Invariant: the crate builds without `std` (feature off) and without `alloc`; all layouts are for 64-bit targets.
//! A change here changes ARCHITECTURE.md when it alters a contract named there.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
pub mod call;
pub mod functab;
pub mod g;
pub mod linkgraph;
pub mod moduledata;
pub mod race;
pub mod sizeclass;
pub mod stack;
pub mod types;
