//! Type descriptors, itabs and headers as internal/abi lays them out on 64-bit targets.

/// `abi.Type`, 48 bytes.
pub mod typ {
    pub const SIZE: usize = 0;
    /// Length of the prefix that can hold pointers.
    pub const PTRBYTES: usize = 8;
    pub const HASH: usize = 16;
    pub const TFLAG: usize = 20;
    pub const ALIGN: usize = 21;
    pub const FIELD_ALIGN: usize = 22;
    pub const KIND: usize = 23;
    /// func(unsafe.Pointer, unsafe.Pointer) bool value: pointer to `{code}`; null when not comparable.
    pub const EQUAL: usize = 24;
    pub const GCDATA: usize = 32;
    /// i32, target minus the descriptor's address.
    pub const STR: usize = 40;
    pub const PTR_TO_THIS: usize = 44;
    pub const BYTES: usize = 48;
}

/// `abi.TFlag`.
pub mod tflag {
    pub const UNCOMMON: u8 = 1;
    pub const EXTRA_STAR: u8 = 2;
    pub const NAMED: u8 = 4;
    pub const REGULAR_MEMORY: u8 = 8;
    /// GCData points to a word in writable memory that caches a mask built by walking the type.
    pub const GC_MASK_ON_DEMAND: u8 = 16;
    pub const DIRECT_IFACE: u8 = 32;
}

/// `abi.Kind`.
pub mod kind {
    pub const INVALID: u8 = 0;
    pub const BOOL: u8 = 1;
    pub const INT: u8 = 2;
    pub const INT8: u8 = 3;
    pub const INT16: u8 = 4;
    pub const INT32: u8 = 5;
    pub const INT64: u8 = 6;
    pub const UINT: u8 = 7;
    pub const UINT8: u8 = 8;
    pub const UINT16: u8 = 9;
    pub const UINT32: u8 = 10;
    pub const UINT64: u8 = 11;
    pub const UINTPTR: u8 = 12;
    pub const FLOAT32: u8 = 13;
    pub const FLOAT64: u8 = 14;
    pub const COMPLEX64: u8 = 15;
    pub const COMPLEX128: u8 = 16;
    pub const ARRAY: u8 = 17;
    pub const CHAN: u8 = 18;
    pub const FUNC: u8 = 19;
    pub const INTERFACE: u8 = 20;
    pub const MAP: u8 = 21;
    pub const POINTER: u8 = 22;
    pub const SLICE: u8 = 23;
    pub const STRING: u8 = 24;
    pub const STRUCT: u8 = 25;
    pub const UNSAFE_POINTER: u8 = 26;
}

/// Tails after the 48 common bytes; offsets from the start of the descriptor.
pub mod tail {
    pub const ARRAY_ELEM: usize = 48;
    pub const ARRAY_SLICE: usize = 56;
    pub const ARRAY_LEN: usize = 64;
    pub const ARRAY_BYTES: usize = 72;

    pub const CHAN_ELEM: usize = 48;
    pub const CHAN_DIR: usize = 56;
    pub const CHAN_BYTES: usize = 64;
    pub const CHAN_RECV: i64 = 1;
    pub const CHAN_SEND: i64 = 2;
    pub const CHAN_BOTH: i64 = 3;

    pub const FUNC_IN: usize = 48;
    /// Bit 15: variadic.
    pub const FUNC_OUT: usize = 50;
    pub const FUNC_BYTES: usize = 56;

    pub const IFACE_PKGPATH: usize = 48;
    /// Slice header of Imethod {Name i32, Typ i32}.
    pub const IFACE_METHODS: usize = 56;
    pub const IFACE_BYTES: usize = 80;
    pub const IMETHOD_BYTES: usize = 8;

    pub const MAP_KEY: usize = 48;
    pub const MAP_ELEM: usize = 56;
    pub const MAP_GROUP: usize = 64;
    pub const MAP_HASHER: usize = 72;
    pub const MAP_GROUP_SIZE: usize = 80;
    pub const MAP_KEYS_OFF: usize = 88;
    pub const MAP_KEY_STRIDE: usize = 96;
    pub const MAP_ELEMS_OFF: usize = 104;
    pub const MAP_ELEM_STRIDE: usize = 112;
    pub const MAP_ELEM_OFF: usize = 120;
    pub const MAP_FLAGS: usize = 128;
    pub const MAP_BYTES: usize = 136;
    pub const MAP_NEED_KEY_UPDATE: u32 = 1;
    pub const MAP_HASH_MIGHT_PANIC: u32 = 2;
    pub const MAP_INDIRECT_KEY: u32 = 4;
    pub const MAP_INDIRECT_ELEM: u32 = 8;

    pub const PTR_ELEM: usize = 48;
    pub const PTR_BYTES: usize = 56;
    pub const SLICE_ELEM: usize = 48;
    pub const SLICE_BYTES: usize = 56;

    pub const STRUCT_PKGPATH: usize = 48;
    /// Slice header of StructField {Name *byte, Typ *Type, Offset uintptr}.
    pub const STRUCT_FIELDS: usize = 56;
    pub const STRUCT_BYTES: usize = 80;
    pub const FIELD_NAME: usize = 0;
    pub const FIELD_TYP: usize = 8;
    pub const FIELD_OFFSET: usize = 16;
    pub const FIELD_BYTES: usize = 24;
}

/// `abi.UncommonType`, 16 bytes, directly after the tail.
pub mod uncommon {
    pub const PKGPATH: usize = 0;
    pub const MCOUNT: usize = 4;
    pub const XCOUNT: usize = 6;
    /// Offset of the methods from the start of the uncommon type.
    pub const MOFF: usize = 8;
    pub const BYTES: usize = 16;
    /// Method {Name, Mtyp, Ifn, Tfn}: four i32; Name is relative to the descriptor like the others.
    pub const METHOD_BYTES: usize = 16;
}

/// Flag bits of a `Name`.
pub mod nameflag {
    pub const EXPORTED: u8 = 1;
    pub const TAG: u8 = 2;
    pub const PKGPATH: u8 = 4;
    pub const EMBEDDED: u8 = 8;
}

/// `abi.ITab`.
pub mod itab {
    pub const INTER: usize = 0;
    pub const TYPE: usize = 8;
    pub const HASH: usize = 16;
    pub const FUN: usize = 24;
}

/// Keys or elements larger than this are stored indirectly in maps.
pub const MAP_MAX_INLINE: u64 = 128;
/// Slots per map group.
pub const MAP_GROUP_SLOTS: u64 = 8;

/// A pointer mask longer than this many bytes is built on demand (`tflag::GC_MASK_ON_DEMAND`).
pub const MAX_PTRMASK_BYTES: u64 = 2048;

/// Size of `runtime.zeroVal`.
pub const ZERO_VAL_SIZE: usize = 1024;
