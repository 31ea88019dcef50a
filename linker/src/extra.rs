//! The object that the linker adds: build information, build id, the variables set by -X, and references to what only [`crate::reach`] keeps.

use object::write::{Object, Relocation, StandardSection, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationEncoding, RelocationFlags, RelocationKind, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope,
};

use crate::{Error, LinkOptions};

/// Local symbol at the framed module information inside `.go.buildinfo`.
pub const MODINFO: &str = "go:buildinfo.modinfo";

const INFO_START: [u8; 16] = [0x30, 0x77, 0xaf, 0x0c, 0x92, 0x74, 0x08, 0x02, 0x41, 0xe1, 0xc1, 0x07, 0xe6, 0xd6, 0x18, 0xe6];
const INFO_END: [u8; 16] = [0xf9, 0x32, 0x43, 0x31, 0x86, 0x18, 0x20, 0x72, 0x00, 0x82, 0x42, 0x10, 0x41, 0x16, 0xd8, 0xf2];

fn uvarint(mut n: usize, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Contents of `.go.buildinfo`, and (offset, length) of the framed module information in it.
pub fn build_info(version: &str, modinfo: &str) -> (Vec<u8>, usize, usize) {
    let mut out = b"\xff Go buildinf:".to_vec();
    // Pointer size; flag 2: the strings follow in line.
    out.extend_from_slice(&[8, 2]);
    out.resize(32, 0);
    uvarint(version.len(), &mut out);
    out.extend_from_slice(version.as_bytes());
    let framed: Vec<u8> =
        if modinfo.is_empty() { Vec::new() } else { [&INFO_START, modinfo.as_bytes(), &INFO_END].concat() };
    uvarint(framed.len(), &mut out);
    let at = out.len();
    out.extend_from_slice(&framed);
    (out, at, framed.len())
}

/// A Go name as a symbol: LLD takes `@` for the start of a version.
pub(crate) fn link_name(s: &str) -> String {
    s.replace('@', "\u{ff20}")
}

/// A symbol that another object defines.
pub(crate) fn reference(name: Vec<u8>) -> Symbol {
    Symbol {
        name,
        value: 0,
        size: 0,
        kind: SymbolKind::Unknown,
        scope: SymbolScope::Linkage,
        weak: false,
        section: SymbolSection::Undefined,
        flags: SymbolFlags::None,
    }
}

pub fn object(opts: &LinkOptions, live: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    let fail = |e: object::write::Error| Error(format!("internal compiler error: link object: {e}"));
    let mut o = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    if let Some(bi) = &opts.build_info {
        let s = o.add_section(Vec::new(), b".go.buildinfo".to_vec(), SectionKind::Data);
        let (data, at, len) = build_info(&bi.go_version, &bi.modinfo);
        let base = o.append_section_data(s, &data, 16);
        o.add_symbol(Symbol {
            name: MODINFO.into(),
            value: base + at as u64,
            size: len as u64,
            kind: SymbolKind::Data,
            scope: SymbolScope::Compilation,
            weak: false,
            section: SymbolSection::Section(s),
            flags: SymbolFlags::None,
        });
    }
    if !opts.build_id.is_empty() {
        let s = o.add_section(Vec::new(), b".note.go.buildid".to_vec(), SectionKind::Note);
        let id = opts.build_id.as_bytes();
        let mut n = Vec::new();
        for v in [4u32, id.len() as u32, 4] {
            n.extend_from_slice(&v.to_le_bytes());
        }
        n.extend_from_slice(b"Go\0\0");
        n.extend_from_slice(id);
        n.resize(n.len().next_multiple_of(4), 0);
        o.append_section_data(s, &n, 4);
        // A note must be loaded.
        o.section_mut(s).flags =
            object::SectionFlags::Elf { sh_type: object::elf::SHT_NOTE, sh_flags: object::elf::SHF_ALLOC };
    }
    for (i, (name, value)) in opts.x_vars.iter().enumerate() {
        let ro = o.section_id(StandardSection::ReadOnlyData);
        let at = o.append_section_data(ro, value.as_bytes(), 1);
        let text = o.add_symbol(Symbol {
            name: format!("go:linkx.{i}").into_bytes(),
            value: at,
            size: value.len() as u64,
            kind: SymbolKind::Data,
            scope: SymbolScope::Compilation,
            weak: false,
            section: SymbolSection::Section(ro),
            flags: SymbolFlags::None,
        });
        let data = o.section_id(StandardSection::Data);
        let mut header = [0u8; 16];
        header[8..].copy_from_slice(&(value.len() as u64).to_le_bytes());
        let at = o.append_section_data(data, &header, 8);
        o.add_symbol(Symbol {
            name: link_name(name).into_bytes(),
            value: at,
            size: 16,
            kind: SymbolKind::Data,
            scope: SymbolScope::Linkage,
            weak: false,
            section: SymbolSection::Section(data),
            flags: SymbolFlags::None,
        });
        if !value.is_empty() {
            o.add_relocation(
                data,
                Relocation {
                    offset: at,
                    symbol: text,
                    addend: 0,
                    flags: RelocationFlags::Generic {
                        kind: RelocationKind::Absolute,
                        encoding: RelocationEncoding::Generic,
                        size: 64,
                    },
                },
            )
            .map_err(fail)?;
        }
    }
    if !live.is_empty() {
        let s = o.add_section(Vec::new(), b".go.live".to_vec(), SectionKind::ReadOnlyData);
        o.append_section_data(s, &[0], 1);
        for name in live {
            let symbol = o.add_symbol(reference(name.clone()));
            let flags = RelocationFlags::Elf { r_type: object::elf::R_X86_64_NONE };
            o.add_relocation(s, Relocation { offset: 0, symbol, addend: 0, flags }).map_err(fail)?;
        }
    }
    o.write().map_err(fail)
}

#[cfg(test)]
mod tests {
    #[test]
    fn build_info_layout() {
        let (d, at, n) = super::build_info("go1.27.3", "path\tx\n");
        assert_eq!(&d[..16], b"\xff Go buildinf:\x08\x02");
        assert_eq!((d[32], &d[33..41]), (8, &b"go1.27.3"[..]));
        assert_eq!((n, d[at + n - 17]), (39, b'\n'));
    }
}
