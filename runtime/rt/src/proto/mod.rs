//! Protocols of the scheduler without locks, apart from what they schedule: `runtime/models` runs these files under loom.

pub mod hold;
pub mod idle;
pub mod runq;
