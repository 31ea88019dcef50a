//! The last step: adds the segment with the tables, fills `rt_moduledata`, drops what -s and -w ask for.
//!
//! The loaded part of LLD's file is kept byte for byte (but for `rt_moduledata`). Behind it come the new segment, the sections that are not
//! loaded, and a new section header table.

use object::elf::*;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader, SectionHeader};
use object::{Endianness, Object, ObjectSection};
use rgo_abi::moduledata::ModuleData;

use crate::table::Tables;
use crate::{Error, LinkOptions};

const PAGE: u64 = 4096;

/// Address range of a section of the linked file.
pub fn section_range(file: &object::File<'_>, name: &str) -> Option<(u64, u64)> {
    let s = file.section_by_name(name)?;
    Some((s.address(), s.address() + s.size()))
}

fn put(d: &mut [u8], at: usize, v: &[u8]) {
    d[at..at + v.len()].copy_from_slice(v);
}

/// The symbols that tools are to see, and their names: no descriptors, strings and the like, of which gc's linker shows none either.
fn shown_symbols(symbols: &[u8], names: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut out, mut text) = (Vec::new(), vec![0]);
    for sym in symbols.chunks_exact(24) {
        let at = u32::from_le_bytes([sym[0], sym[1], sym[2], sym[3]]) as usize;
        let name = names.get(at..).map_or(&[][..], |n| &n[..n.iter().position(|b| *b == 0).unwrap_or(n.len())]);
        let hidden = ["type:", "go:string.", "go:itab.", "go:const.", "runtime.gcbits."];
        if sym[4] & 15 == STT_OBJECT.0 && (hidden.iter().any(|p| name.starts_with(p.as_bytes())) || name.ends_with("\u{b7}f".as_bytes())) {
            continue;
        }
        let start = out.len();
        out.extend_from_slice(sym);
        let at = if name.is_empty() { 0 } else { text.len() as u32 };
        out[start..start + 4].copy_from_slice(&at.to_le_bytes());
        if !name.is_empty() {
            text.extend_from_slice(name);
            text.push(0);
        }
    }
    (out, text)
}

/// One section header, in plain numbers.
#[derive(Clone)]
struct Sh {
    name: String,
    ty: u32,
    flags: u64,
    addr: u64,
    offset: u64,
    size: u64,
    link: u32,
    info: u32,
    align: u64,
    entsize: u64,
    /// Index in LLD's file.
    old: usize,
}

pub fn finish(opts: &LinkOptions, image: Vec<u8>, t: &Tables) -> Result<Vec<u8>, Error> {
    let bad = |e: object::read::Error| Error(format!("internal compiler error: linked file: {e}"));
    let e = Endianness::Little;
    let elf = ElfFile64::<Endianness>::parse(&*image).map_err(bad)?;
    let any = object::File::parse(&*image).map_err(bad)?;
    let header = elf.elf_header();
    let phoff = header.e_phoff(e) as usize;
    let phs = elf.elf_program_headers();

    // End of the loaded part in the file and in memory.
    let (mut file_end, mut mem_end) = (0u64, 0u64);
    for p in phs {
        if p.p_type(e) == PT_LOAD {
            file_end = file_end.max(p.p_offset(e) + p.p_filesz(e));
            mem_end = mem_end.max(p.p_vaddr(e) + p.p_memsz(e));
        }
    }
    let slot = phs
        .iter()
        .position(|p| p.p_type(e) == PT_NULL)
        .ok_or_else(|| Error("internal compiler error: no free program header".into()))?;

    // The segment: function table, typelinks, itablinks.
    let seg_addr = mem_end.next_multiple_of(PAGE);
    let seg_off = file_end.next_multiple_of(PAGE);
    let mut seg = t.functab.clone();
    seg.resize(seg.len().next_multiple_of(8), 0);
    let typelinks = seg_addr + seg.len() as u64;
    for a in &t.typelinks {
        seg.extend_from_slice(&a.to_le_bytes());
    }
    let itablinks = seg_addr + seg.len() as u64;
    for a in &t.itablinks {
        seg.extend_from_slice(&a.to_le_bytes());
    }

    let mut out = image[..file_end as usize].to_vec();
    if let Some(addr) = t.moduledata {
        let r = |n: &str| section_range(&any, n).unwrap_or((0, 0));
        let (text, text_end) = r(".text");
        let (rodata, rodata_end) = r(".rodata");
        let (data, data_end) = r(".data");
        let (bss, bss_end) = r(".bss");
        let (noptrdata, noptrdata_end) = r(".noptrdata");
        let (noptrbss, noptrbss_end) = r(".noptrbss");
        let md = ModuleData {
            text,
            text_end,
            rodata,
            rodata_end,
            data,
            data_end,
            bss,
            bss_end,
            noptrdata,
            noptrdata_end,
            noptrbss,
            noptrbss_end,
            types: rodata,
            types_end: rodata_end,
            functab: seg_addr,
            functab_len: t.functab.len() as u64,
            typelinks,
            typelinks_len: t.typelinks.len() as u64,
            modinfo: t.modinfo.0,
            modinfo_len: t.modinfo.1,
            itablinks,
            itablinks_len: t.itablinks.len() as u64,
            ..ModuleData::UNFILLED
        };
        let p = phs
            .iter()
            .find(|p| p.p_type(e) == PT_LOAD && (p.p_vaddr(e)..p.p_vaddr(e) + p.p_filesz(e)).contains(&addr))
            .ok_or_else(|| Error("internal compiler error: rt_moduledata is not in the file".into()))?;
        let at = (addr - p.p_vaddr(e) + p.p_offset(e)) as usize;
        if out[at..at + 8] != rgo_abi::moduledata::MAGIC.to_le_bytes() {
            return Err(Error("internal compiler error: rt_moduledata has another layout than the linker's".into()));
        }
        put(&mut out, at, &md.to_bytes());
    }

    // Program header of the segment.
    let ph = phoff + slot * 56;
    let mut p = [0u8; 56];
    put(&mut p, 0, &PT_LOAD.0.to_le_bytes());
    put(&mut p, 4, &4u32.to_le_bytes());
    for (i, v) in [seg_off, seg_addr, seg_addr, seg.len() as u64, seg.len() as u64, PAGE].iter().enumerate() {
        put(&mut p, 8 + i * 8, &v.to_le_bytes());
    }
    put(&mut out, ph, &p);
    out.resize(seg_off as usize, 0);
    out.extend_from_slice(&seg);

    // Sections: all loaded ones, the new one, and of the others what is wanted.
    let mut shs: Vec<Sh> = Vec::new();
    for (i, s) in elf.elf_section_table().iter().enumerate() {
        let name = String::from_utf8_lossy(elf.elf_section_table().section_name(e, s).map_err(bad)?).into_owned();
        let ty = s.sh_type(e);
        let loaded = s.sh_flags(e).0 & SHF_ALLOC.0 != 0;
        let symbols = !loaded && (ty == SHT_SYMTAB || (ty == SHT_STRTAB && name != ".shstrtab"));
        let debug = name.starts_with(".debug_");
        if name == ".shstrtab"
            || (opts.strip_symbols && (symbols || debug))
            || (opts.strip_dwarf && debug)
        {
            continue;
        }
        shs.push(Sh {
            name,
            ty: ty.0,
            flags: s.sh_flags(e).0,
            addr: s.sh_addr(e),
            offset: s.sh_offset(e),
            size: s.sh_size(e),
            link: s.sh_link(e),
            info: s.sh_info(e),
            align: s.sh_addralign(e),
            entsize: s.sh_entsize(e),
            old: i,
        });
    }
    // Symbols carry section numbers, so loaded sections keep theirs: the new section goes behind the last loaded one only if nothing follows.
    shs.push(Sh {
        name: ".gopclntab".into(),
        ty: SHT_PROGBITS.0,
        flags: SHF_ALLOC.0 as u64,
        addr: seg_addr,
        offset: seg_off,
        size: seg.len() as u64,
        link: 0,
        info: 0,
        align: 8,
        entsize: 0,
        old: usize::MAX,
    });
    let renumber: Vec<(usize, usize)> = shs.iter().enumerate().map(|(new, s)| (s.old, new)).collect();
    let new_index = |old: usize| renumber.iter().find(|r| r.0 == old).map_or(0, |r| r.1 as u32);
    let mut strings: Option<(usize, Vec<u8>)> = None;
    for s in &mut shs {
        if s.flags & SHF_ALLOC.0 as u64 == 0 && s.ty != SHT_NULL.0 && s.old != usize::MAX {
            let data = &image[s.offset as usize..(s.offset + s.size) as usize];
            out.resize(out.len().next_multiple_of(s.align.max(1) as usize), 0);
            s.offset = out.len() as u64;
            if s.ty == SHT_SYMTAB.0 {
                let table = elf.elf_section_table().section(object::SectionIndex(s.link as usize)).map_err(bad)?;
                let (mut d, text) = shown_symbols(data, table.data(e, &*image).map_err(bad)?);
                for sym in d.chunks_exact_mut(24) {
                    let i = u16::from_le_bytes([sym[6], sym[7]]);
                    if i != 0 && i < 0xff00 {
                        let n = new_index(i as usize) as u16;
                        sym[6..8].copy_from_slice(&n.to_le_bytes());
                    }
                }
                s.size = d.len() as u64;
                s.info = d.chunks_exact(24).position(|sym| sym[4] >> 4 != STB_LOCAL.0).unwrap_or(d.len() / 24) as u32;
                out.extend_from_slice(&d);
                strings = Some((s.link as usize, text));
                s.link = new_index(s.link as usize);
            } else if let Some((_, text)) = strings.as_ref().filter(|t| t.0 == s.old) {
                s.size = text.len() as u64;
                out.extend_from_slice(text);
            } else {
                out.extend_from_slice(data);
            }
        }
    }
    let mut names = vec![0u8];
    let mut name_off = Vec::new();
    for s in &shs {
        name_off.push(if s.name.is_empty() { 0 } else { names.len() as u32 });
        if !s.name.is_empty() {
            names.extend_from_slice(s.name.as_bytes());
            names.push(0);
        }
    }
    let shstr_name = names.len() as u32;
    names.extend_from_slice(b".shstrtab\0");
    let names_off = out.len() as u64;
    out.extend_from_slice(&names);
    out.resize(out.len().next_multiple_of(8), 0);
    let shoff = out.len() as u64;
    let mut emit = |name: u32, s: &Sh| {
        out.extend_from_slice(&name.to_le_bytes());
        out.extend_from_slice(&s.ty.to_le_bytes());
        for v in [s.flags, s.addr, s.offset, s.size] {
            out.extend_from_slice(&v.to_le_bytes());
        }
        out.extend_from_slice(&s.link.to_le_bytes());
        out.extend_from_slice(&s.info.to_le_bytes());
        out.extend_from_slice(&s.align.to_le_bytes());
        out.extend_from_slice(&s.entsize.to_le_bytes());
    };
    for (s, n) in shs.iter().zip(&name_off) {
        emit(*n, s);
    }
    emit(
        shstr_name,
        &Sh {
            name: String::new(),
            ty: SHT_STRTAB.0,
            flags: 0,
            addr: 0,
            offset: names_off,
            size: names.len() as u64,
            link: 0,
            info: 0,
            align: 1,
            entsize: 0,
            old: 0,
        },
    );
    put(&mut out, 0x28, &shoff.to_le_bytes());
    put(&mut out, 0x3c, &(shs.len() as u16 + 1).to_le_bytes());
    put(&mut out, 0x3e, &(shs.len() as u16).to_le_bytes());
    Ok(out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn symbols_that_are_shown() {
        let names = b"\0type:int\0main.f\0type:.eq.T\0main.f\xc2\xb7f\0";
        let symbol = |name: u32, info: u8| [&name.to_le_bytes()[..], &[info, 0, 1, 0], &[7; 16]].concat();
        let table = [symbol(0, 0), symbol(1, 1), symbol(10, 2), symbol(17, 2), symbol(28, 1)].concat();
        let (d, text) = super::shown_symbols(&table, names);
        assert_eq!(d, [symbol(0, 0), symbol(1, 2), symbol(8, 2)].concat());
        assert_eq!(text, b"\0main.f\0type:.eq.T\0");
    }
}
