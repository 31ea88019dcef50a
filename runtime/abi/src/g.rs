//! Offsets inside the goroutine descriptor and the records of defer and panic.
//!
//! Generated code, the facade (`runtime/go`) and the Rust runtime each declare these layouts in their own language; the
//! runtime asserts that its structs agree with the constants here.

/// Offsets in G. Everything from `PRIVATE` on belongs to the Rust runtime.
pub mod goff {
    /// Lowest address SP may have before the stack must grow; `POISON` requests a safepoint.
    pub const LIMIT: usize = 0;
    /// Function that asked for more stack (code address), set by the cold block before `rt_morestack`.
    pub const MS_FN: usize = 8;
    /// Bytes of machine-stack arguments of that function (always 0 under our conventions).
    pub const MS_ARGBYTES: usize = 16;
    /// Current stack segment.
    pub const SEG: usize = 24;
    /// SP of the system stack of the M that runs this g.
    pub const G0SP: usize = 32;
    /// The M that runs this g.
    pub const M: usize = 40;
    /// Innermost `DeferFrame`.
    pub const DEFERFRAME: usize = 48;
    /// Innermost panic record of the facade.
    pub const PANIC: usize = 56;
    pub const GOID: usize = 64;
    /// u32: a safepoint is wanted.
    pub const PREEMPT: usize = 72;
    /// u8: `debug.SetPanicOnFault`.
    pub const PANIC_ON_FAULT: usize = 76;
    /// u8: crypto/internal/fips140 indicator.
    pub const FIPS_INDICATOR: usize = 77;
    /// u8: crypto/fips140 bypass flag.
    pub const FIPS_BYPASS: usize = 78;
    /// u8: nesting of "throw in progress" in the facade.
    pub const THROWING: usize = 79;
    /// Profiler labels pointer, inherited by `go`.
    pub const LABELS: usize = 80;
    /// Entry pc of the goroutine's function.
    pub const STARTPC: usize = 88;
    /// Return address of the `go` statement that made it.
    pub const GOPC: usize = 96;
    /// goid of the creator.
    pub const PARENT_GOID: usize = 104;
    /// Signal that led to the running synthetic sigpanic: number, code, address, pc.
    pub const SIG: usize = 112;
    pub const SIGCODE0: usize = 120;
    pub const SIGCODE1: usize = 128;
    pub const SIGPC: usize = 136;
    /// A word for the facade (free use).
    pub const FACADE0: usize = 144;
    pub const FACADE1: usize = 152;
    /// First byte private to the Rust runtime.
    pub const PRIVATE: usize = 160;
}

/// Value of `limit` that makes every check fail (a safepoint request).
pub const POISON: u64 = u64::MAX - 1313;

/// Offsets in `DeferFrame`, which lies in the frame of the deferring function.
pub mod deferframe {
    pub const PREV: usize = 0;
    pub const G: usize = 8;
    pub const SP: usize = 16;
    pub const FP: usize = 24;
    /// Code address of the function (of its body for shimmed functions), the key for the pad lookup.
    pub const FUNC: usize = 32;
    /// Head of the list of `DeferNode`.
    pub const HEAD: usize = 40;
    pub const RESERVED0: usize = 48;
    pub const RESERVED1: usize = 56;
    /// First result slot.
    pub const RESULTS: usize = 64;
}

/// Offsets in `DeferNode`.
pub mod defernode {
    pub const NEXT: usize = 0;
    /// `func()` value.
    pub const FN: usize = 8;
    pub const SIZE: usize = 16;
}

/// Offsets in the facade's `_panic` that generated code touches.
pub mod panic {
    /// Frame address of the `calldefer` running for this panic; wrappers shift it.
    pub const CALLERFP: usize = 0;
}
