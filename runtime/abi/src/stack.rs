//! Stack geometry and frame limits (runtime-design 1.3 to 1.5).

/// Bytes of a goroutine's first stack slot: small ones when there are many goroutines.
pub const SLOTS: [u64; 2] = [2 << 10, 8 << 10];
/// `limit` is this far above the low end of a slot or segment: room for leaves, nosplit chains, `rt1` leaves and the spill
/// areas of the runtime's asm.
pub const GUARD: u64 = 768;
/// Part of the guard that is left when a function checks after its prologue: for the slow path of the check and preemption.
pub const GUARD_RESERVE: u64 = 256;
/// Sizes of the following segments; the last repeats.
pub const SEGMENTS: [u64; 5] = [64 << 10, 1 << 20, 16 << 20, 256 << 20, 1 << 30];
/// Default `debug.SetMaxStack`.
pub const MAX_STACK: u64 = 1_000_000_000;

/// A function without calls and at most this much frame needs no check.
pub const LEAF_FRAME: u64 = 128;
/// Functions whose variables take up to this many bytes check after the prologue; others use a shim that checks `sp - K`.
pub const SMALL_FRAME: u64 = 256;
/// Stack that a chain of nosplit functions, or an `rt1.` function with its callees, may use below the limit.
pub const NOSPLIT_CHAIN: u64 = 512;

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
    /// The thread-local variable that holds the g of packages' assembly.
    pub const RT_TLS_G: &str = "rt_tls_g";
    /// Personality named by functions with a recovery pad; never called.
    pub const PERSONALITY: &str = "rt_personality";
}
