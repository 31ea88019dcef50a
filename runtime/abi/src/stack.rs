//! Stack geometry and frame limits (runtime-design 1.3 to 1.5, with the larger first slot of ARCHITECTURE.md).

/// Bytes of a goroutine's first stack slot.
pub const FIRST_SLOT: u64 = 8 << 10;
/// `limit` is this far above the low end of a slot or segment: room for leaves, nosplit chains, `rt1` leaves and the spill
/// areas of the runtime's asm.
pub const GUARD: u64 = 2 << 10;
/// Sizes of the following segments; the last repeats.
pub const SEGMENTS: [u64; 5] = [64 << 10, 1 << 20, 16 << 20, 256 << 20, 1 << 30];
/// Default `debug.SetMaxStack`.
pub const MAX_STACK: u64 = 1_000_000_000;

/// A function without calls and at most this much frame needs no check.
pub const LEAF_FRAME: u64 = 128;
/// Frames up to this size check after the prologue; larger ones use a shim that checks `sp - K`.
pub const SMALL_FRAME: u64 = 1 << 10;
/// Budget for a chain of nosplit functions below the limit.
pub const NOSPLIT_CHAIN: u64 = 800;
/// Stack an `rt1.` function may use, callees included.
pub const RT1_FRAME: u64 = 512;

/// Symbols of the runtime's assembly that generated code calls.
pub mod sym {
    /// `swiftcc`, all arguments as given; tail-called by the cold block of the stack check.
    pub const MORESTACK: &str = "rt_morestack";
    /// `extern "C" fn(fn, g, frame)`: runs `fn(g, frame)` on g0.
    pub const RT_CALL: &str = "rt_call";
    /// `rt_asmcall(fn, g, frame, size)`: calls an assembly function with the frame's contents as its stack arguments.
    pub const RT_ASMCALL: &str = "rt_asmcall";
    /// Where assembly enters Go: calls the function in r10 with the address of the stack arguments.
    pub const RT_ABI0CALL: &str = "rt_abi0call";
    /// Where stack checks of assembly lead if they fail; they do not.
    pub const RT_ASM_MORESTACK: &str = "rt_asm_morestack";
    /// Personality named by functions with a recovery pad; never called.
    pub const PERSONALITY: &str = "rt_personality";
}
