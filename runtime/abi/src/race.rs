//! Contract between instrumented code and the race detector.

/// Words in G behind the public part, in a program with the race detector: a hash of the calls in progress, and the detector's own.
pub const G_HASH: usize = crate::g::goff::PRIVATE;

/// The hash of a call: `(caller's hash ^ return address) * HASH_FACTOR`.
pub const HASH_FACTOR: u64 = 0xd6e8_feb8_6659_fd93;

/// The operation that `runtime.raceatomic(addr, operation, a, b) value` does: one of these, plus 16 times the size in bytes. A compare-and-swap yields 1 if
/// it has swapped; the others yield the old value.
pub mod atomic {
    pub const LOAD: usize = 0;
    pub const STORE: usize = 1;
    pub const XCHG: usize = 2;
    pub const ADD: usize = 3;
    pub const AND: usize = 4;
    pub const OR: usize = 5;
    pub const CAS: usize = 6;
    pub const SIZE: usize = 16;
    /// The value is a pointer, its place may need a barrier.
    pub const POINTER: usize = 256;
}
