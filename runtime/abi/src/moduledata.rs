//! `rt_moduledata`: a block in .data of the runtime archive that the linker step fills after lld.
//!
//! All fields are 64-bit little-endian words at the offsets of [`ModuleData`]; addresses are absolute (static, non-PIE).

/// Symbol of the block.
pub const SYMBOL: &str = "rt_moduledata";
/// First word, so that the block lies in .data and a wrong patch is noticed.
pub const MAGIC: u64 = 0x3161_7461_446f_6772; // "rgoData1"

/// The block. `*_end` addresses are exclusive.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ModuleData {
    pub magic: u64,
    /// Code of the whole program.
    pub text: u64,
    pub text_end: u64,
    /// Read-only data (type descriptors, strings, itabs).
    pub rodata: u64,
    pub rodata_end: u64,
    /// Scanned conservatively. Includes .data.rel.ro if writable at start.
    pub data: u64,
    pub data_end: u64,
    pub bss: u64,
    pub bss_end: u64,
    /// Not scanned.
    pub noptrdata: u64,
    pub noptrdata_end: u64,
    pub noptrbss: u64,
    pub noptrbss_end: u64,
    /// Range that holds every compiled type descriptor (usually rodata).
    pub types: u64,
    pub types_end: u64,
    /// The function table ([`crate::functab`]).
    pub functab: u64,
    pub functab_len: u64,
    /// Array of pointers to the descriptors `reflect.compiledTypelinks` answers, unsorted or sorted.
    pub typelinks: u64,
    pub typelinks_len: u64,
    /// `runtime/debug.modinfo` text.
    pub modinfo: u64,
    pub modinfo_len: u64,
    /// Static itabs: array of pointers (`abi.ITab*`), for the facade's table.
    pub itablinks: u64,
    pub itablinks_len: u64,
    /// Further ranges that are pointer-free inside data/bss are listed as pairs here (0 when unused).
    pub reserved: [u64; 8],
}

impl ModuleData {
    /// The state in the archive.
    pub const UNFILLED: ModuleData = ModuleData {
        magic: MAGIC,
        text: 0,
        text_end: 0,
        rodata: 0,
        rodata_end: 0,
        data: 0,
        data_end: 0,
        bss: 0,
        bss_end: 0,
        noptrdata: 0,
        noptrdata_end: 0,
        noptrbss: 0,
        noptrbss_end: 0,
        types: 0,
        types_end: 0,
        functab: 0,
        functab_len: 0,
        typelinks: 0,
        typelinks_len: 0,
        modinfo: 0,
        modinfo_len: 0,
        itablinks: 0,
        itablinks_len: 0,
        reserved: [0; 8],
    };
    /// Bytes of the block.
    pub const BYTES: usize = core::mem::size_of::<ModuleData>();

    /// The block as the linker writes it.
    #[cfg(feature = "std")]
    pub fn to_bytes(&self) -> Vec<u8> {
        let words = [
            self.magic,
            self.text,
            self.text_end,
            self.rodata,
            self.rodata_end,
            self.data,
            self.data_end,
            self.bss,
            self.bss_end,
            self.noptrdata,
            self.noptrdata_end,
            self.noptrbss,
            self.noptrbss_end,
            self.types,
            self.types_end,
            self.functab,
            self.functab_len,
            self.typelinks,
            self.typelinks_len,
            self.modinfo,
            self.modinfo_len,
            self.itablinks,
            self.itablinks_len,
        ];
        let mut out: Vec<u8> = words.iter().chain(&self.reserved).flat_map(|w| w.to_le_bytes()).collect();
        out.resize(Self::BYTES, 0);
        out
    }
}
