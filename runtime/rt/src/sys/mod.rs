//! Operating-system layer: one folder per system, one file per architecture.
pub mod linux;
pub use linux::*;
