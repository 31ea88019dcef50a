//! Reads an object back: per function its line rows, inlined calls, and the offset of its recovery pad.
//!
//! The object is not linked: every section is given a made-up address so that relocated debug information is unambiguous.

use std::collections::BTreeSet;

use gimli::{EndianSlice, LittleEndian, UnwindSection};
use object::{Object, ObjectSection, ObjectSymbol, RelocationKind, RelocationTarget};
use rgo_abi::functab::{FuncInfo, Inline, Row, write_sidecar};
use rustc_hash::FxHashMap;

use crate::module::FnMeta;

type Slice<'a> = EndianSlice<'a, LittleEndian>;

struct Layout {
    /// By section index.
    base: Vec<u64>,
}

/// A line-program row at a made-up address.
#[derive(Clone, Copy)]
struct LineRow {
    addr: u64,
    file: u32,
    line: u32,
}

struct InlineDie {
    parent: Option<usize>,
    name: String,
    call_file: u32,
    call_line: u32,
    ranges: Vec<(u64, u64)>,
    depth: u32,
}

pub fn build(object: &[u8], meta: &FxHashMap<String, FnMeta>) -> Result<Vec<u8>, String> {
    let file = object::File::parse(object).map_err(|e| e.to_string())?;
    let layout = layout(&file);
    let sections = relocated(&file, &layout)?;
    let get = |name: &str| sections.get(name).map(|v| v.as_slice()).unwrap_or(&[]);
    let dwarf = gimli::Dwarf::load(|id| -> Result<Slice<'_>, gimli::Error> { Ok(EndianSlice::new(get(id.name()), LittleEndian)) })
        .map_err(|e| e.to_string())?;
    let mut files: Vec<String> = Vec::new();
    let mut file_ids: FxHashMap<String, u32> = FxHashMap::default();
    let mut rows: Vec<LineRow> = Vec::new();
    let mut inlines: Vec<InlineDie> = Vec::new();
    // Address of a subprogram -> its inlined calls (indices into `inlines`).
    let mut by_func: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    let mut intern = |s: String, files: &mut Vec<String>| {
        *file_ids.entry(s).or_insert_with_key(|k| {
            files.push(k.clone());
            files.len() as u32 - 1
        })
    };
    let mut units = dwarf.units();
    let e = |e: gimli::Error| format!("debug information: {e}");
    while let Some(h) = units.next().map_err(e)? {
        let unit = dwarf.unit(h).map_err(e)?;
        let mut file_map: FxHashMap<u64, u32> = FxHashMap::default();
        if let Some(program) = unit.line_program.clone() {
            let header = program.header().clone();
            for (i, f) in header.file_names().iter().enumerate() {
                let n = if header.version() >= 5 { i as u64 } else { i as u64 + 1 };
                let name = dwarf.attr_string(&unit, f.path_name()).map_err(e)?.to_string_lossy().into_owned();
                let path = match f.directory(&header) {
                    Some(d) if f.directory_index() != 0 && !name.starts_with('/') => {
                        let d = dwarf.attr_string(&unit, d).map_err(e)?.to_string_lossy().into_owned();
                        if d.is_empty() { name } else { format!("{d}/{name}") }
                    }
                    _ => name,
                };
                let id = intern(path, &mut files);
                file_map.insert(n, id);
            }
            let mut it = program.rows();
            while let Some((_, r)) = it.next_row().map_err(e)? {
                if r.end_sequence() {
                    continue;
                }
                let file = file_map.get(&r.file_index()).copied().unwrap_or(0);
                rows.push(LineRow { addr: r.address(), file, line: r.line().map_or(0, |l| l.get() as u32) });
            }
        }
        let mut names: FxHashMap<gimli::UnitOffset, String> = FxHashMap::default();
        let mut pending: Vec<(usize, gimli::UnitOffset)> = Vec::new();
        let mut cur = unit.entries();
        // Stack of (depth, inline index) of open inlined subroutines; the function they are in.
        let mut open: Vec<(isize, usize)> = Vec::new();
        let mut func: Option<(isize, u64)> = None;
        while let Some(die) = cur.next_dfs().map_err(e)? {
            let depth = die.depth();
            while open.last().is_some_and(|o| o.0 >= depth) {
                open.pop();
            }
            if func.is_some_and(|f| f.0 >= depth) {
                func = None;
            }
            match die.tag() {
                gimli::DW_TAG_subprogram => {
                    if let Some(a) = die.attr_value(gimli::DW_AT_name) {
                        let s = dwarf.attr_string(&unit, a).map_err(e)?.to_string_lossy().into_owned();
                        names.insert(die.offset(), s);
                    }
                    if let Some(gimli::AttributeValue::Addr(a)) = die.attr_value(gimli::DW_AT_low_pc) {
                        func = Some((depth, a));
                    }
                }
                gimli::DW_TAG_inlined_subroutine => {
                    let Some((_, f)) = func else { continue };
                    let num = |a| match a {
                        Some(gimli::AttributeValue::FileIndex(n)) => n,
                        Some(v) => v.udata_value().unwrap_or(0),
                        None => 0,
                    };
                    let call_file = num(die.attr_value(gimli::DW_AT_call_file));
                    let call_line = num(die.attr_value(gimli::DW_AT_call_line)) as u32;
                    let mut ranges = Vec::new();
                    let mut it = dwarf.die_ranges(&unit, die).map_err(e)?;
                    while let Some(r) = it.next().map_err(e)? {
                        ranges.push((r.begin, r.end));
                    }
                    let i = inlines.len();
                    if let Some(gimli::AttributeValue::UnitRef(o)) = die.attr_value(gimli::DW_AT_abstract_origin) {
                        pending.push((i, o));
                    }
                    inlines.push(InlineDie {
                        parent: open.last().map(|o| o.1),
                        name: String::new(),
                        call_file: file_map.get(&call_file).copied().unwrap_or(0),
                        call_line,
                        ranges,
                        depth: open.len() as u32,
                    });
                    by_func.entry(f).or_default().push(i);
                    open.push((depth, i));
                }
                _ => {}
            }
        }
        for (i, o) in pending {
            if let Some(n) = names.get(&o) {
                inlines[i].name = n.clone();
            }
        }
    }
    rows.sort_by_key(|r| r.addr);
    let pads = pads(&file, &layout, &sections)?;
    // Declarations of inlined functions, by display name.
    let mut decls: FxHashMap<&str, (&str, u32)> = FxHashMap::default();
    for m in meta.values() {
        decls.insert(&m.name, (&m.file, m.line));
    }

    let mut out = Vec::new();
    for s in file.symbols() {
        let (Some(sec), true) = (s.section_index(), s.kind() == object::SymbolKind::Text) else { continue };
        let Ok(name) = s.name() else { continue };
        let Some(m) = meta.get(name) else { continue };
        let addr = layout.base[sec.0] + s.address();
        out.push(function(name, m, addr, s.size(), &rows, &files, &inlines, by_func.get(&addr), &decls, pads.get(&addr).copied()));
    }
    Ok(write_sidecar(&out))
}

#[allow(clippy::too_many_arguments)]
fn function(
    symbol: &str,
    m: &FnMeta,
    addr: u64,
    size: u64,
    rows: &[LineRow],
    files: &[String],
    inlines: &[InlineDie],
    mine: Option<&Vec<usize>>,
    decls: &FxHashMap<&str, (&str, u32)>,
    pad: Option<u32>,
) -> FuncInfo {
    let end = addr + size;
    let mut f = FuncInfo {
        symbol: symbol.to_string(),
        name: m.name.clone(),
        flags: m.flags,
        files: vec![m.file.clone()],
        start_line: m.line,
        size: size as u32,
        frame_size: 0,
        pad,
        prologue_end: 4,
        inlines: Vec::new(),
        rows: Vec::new(),
    };
    let mut local_files: FxHashMap<String, u32> = FxHashMap::default();
    local_files.insert(m.file.clone(), 0);
    let mut file_no = |name: &str, f: &mut FuncInfo| -> u32 {
        if let Some(i) = local_files.get(name) {
            return *i;
        }
        f.files.push(name.to_string());
        let i = f.files.len() as u32 - 1;
        local_files.insert(name.to_string(), i);
        i
    };
    let empty = Vec::new();
    let mine = mine.unwrap_or(&empty);
    let mut index: FxHashMap<usize, u32> = FxHashMap::default();
    // Boundaries: (address, is start, depth, index).
    let mut events: Vec<(u64, bool, u32, u32)> = Vec::new();
    for &i in mine {
        let d = &inlines[i];
        let (dfile, dline) = decls.get(d.name.as_str()).copied().unwrap_or(("", 0));
        let file = if dfile.is_empty() { 0 } else { file_no(dfile, &mut f) };
        let call_file = files.get(d.call_file as usize).map_or(0, |n| file_no(n, &mut f));
        let k = f.inlines.len() as u32;
        index.insert(i, k);
        f.inlines.push(Inline {
            parent: d.parent.and_then(|p| index.get(&p).copied()),
            name: d.name.clone(),
            file,
            start_line: dline,
            call_file,
            call_line: d.call_line,
        });
        for &(a, b) in &d.ranges {
            if a < b {
                events.push((a, true, d.depth, k));
                events.push((b, false, d.depth, k));
            }
        }
    }
    events.sort();
    let first = rows.partition_point(|r| r.addr < addr);
    let last = rows.partition_point(|r| r.addr < end);
    let rows = &rows[first..last];
    let (mut ri, mut ei) = (0, 0);
    let mut active: BTreeSet<(u32, u32)> = BTreeSet::new();
    let (mut file, mut line) = (0u32, m.line);
    let mut pc = addr;
    while pc < end {
        while ri < rows.len() && rows[ri].addr <= pc {
            // Line 0 is code of no line: it keeps the one before.
            if rows[ri].line != 0 {
                line = rows[ri].line;
                file = files.get(rows[ri].file as usize).map_or(0, |n| file_no(n, &mut f));
            }
            ri += 1;
        }
        while ei < events.len() && events[ei].0 <= pc {
            let (_, start, depth, k) = events[ei];
            if start {
                active.insert((depth, k));
            } else {
                active.remove(&(depth, k));
            }
            ei += 1;
        }
        let inline = active.last().map(|a| a.1);
        let same = f.rows.last().is_some_and(|r| r.file == file && r.line == line && r.inline == inline);
        if !same {
            f.rows.push(Row { pc: (pc - addr) as u32, file, line, inline });
        }
        let mut next = end;
        if let Some(r) = rows.get(ri) {
            next = next.min(r.addr);
        }
        if let Some(x) = events.get(ei) {
            next = next.min(x.0);
        }
        pc = next;
    }
    f
}

fn layout(file: &object::File<'_>) -> Layout {
    let n = file.sections().map(|s| s.index().0).max().unwrap_or(0) + 1;
    let mut base = vec![0; n];
    let mut at = 0x10000u64;
    for s in file.sections() {
        let alloc = match s.flags() {
            object::SectionFlags::Elf { sh_flags, .. } => sh_flags.contains(object::elf::SHF_ALLOC),
            _ => true,
        };
        if alloc {
            at = at.next_multiple_of(s.align().max(16));
            base[s.index().0] = at;
            at += s.size() + 16;
        }
    }
    Layout { base }
}

/// Relocated contents of the sections that are read.
fn relocated(file: &object::File<'_>, l: &Layout) -> Result<FxHashMap<String, Vec<u8>>, String> {
    let mut out = FxHashMap::default();
    for s in file.sections() {
        let name = s.name().map_err(|e| e.to_string())?;
        if !(name.starts_with(".debug_") || name == ".eh_frame") {
            continue;
        }
        let mut data = s.data().map_err(|e| e.to_string())?.to_vec();
        let here = l.base[s.index().0];
        for (off, r) in s.relocations() {
            let RelocationTarget::Symbol(i) = r.target() else { continue };
            let sym = file.symbol_by_index(i).map_err(|e| e.to_string())?;
            let base = sym.section_index().map_or(0, |i| l.base[i.0]);
            let mut v = base.wrapping_add(sym.address()).wrapping_add(r.addend() as u64);
            match r.kind() {
                RelocationKind::Absolute => {}
                RelocationKind::Relative => v = v.wrapping_sub(here + off),
                k => return Err(format!("relocation {k:?} in {name}")),
            }
            let n = (r.size() / 8) as usize;
            let off = off as usize;
            data[off..off + n].copy_from_slice(&v.to_le_bytes()[..n]);
        }
        out.insert(name.to_string(), data);
    }
    Ok(out)
}

/// Recovery pad offsets by function address, from the exception tables.
fn pads(file: &object::File<'_>, l: &Layout, sections: &FxHashMap<String, Vec<u8>>) -> Result<FxHashMap<u64, u32>, String> {
    let mut out = FxHashMap::default();
    let Some(data) = sections.get(".eh_frame") else { return Ok(out) };
    let base = file.section_by_name(".eh_frame").map_or(0, |s| l.base[s.index().0]);
    let eh = gimli::EhFrame::new(data, LittleEndian);
    let bases = gimli::BaseAddresses::default().set_eh_frame(base);
    let e = |e: gimli::Error| format!("unwind table: {e}");
    let mut it = eh.entries(&bases);
    while let Some(entry) = it.next().map_err(e)? {
        let gimli::CieOrFde::Fde(p) = entry else { continue };
        let fde = p.parse(|_, b, o| eh.cie_from_offset(b, o)).map_err(e)?;
        let Some(gimli::Pointer::Direct(lsda)) = fde.lsda() else { continue };
        let sec = file
            .sections()
            .find(|s| s.name().unwrap_or("").starts_with(".gcc_except_table") && (l.base[s.index().0]..l.base[s.index().0] + s.size()).contains(&lsda))
            .ok_or("exception table not found")?;
        let d = sec.data().map_err(|e| e.to_string())?;
        let at = (lsda - l.base[sec.index().0]) as usize;
        if let Some(pad) = lsda_pad(&d[at..]).ok_or("damaged exception table")? {
            out.insert(fde.initial_address(), pad);
        }
    }
    Ok(out)
}

/// The landing pad of a call-site table. LLVM may have split the one we made (loop exits); all copies do the same and depend on
/// nothing but the record, so that the first is as good as any.
fn lsda_pad(d: &[u8]) -> Option<Option<u32>> {
    let mut i = 0;
    let uleb = |i: &mut usize| -> Option<u64> {
        let (mut v, mut sh) = (0u64, 0);
        loop {
            let b = *d.get(*i)?;
            *i += 1;
            v |= ((b & 0x7f) as u64) << sh;
            sh += 7;
            if b & 0x80 == 0 {
                return Some(v);
            }
        }
    };
    if *d.first()? != 0xff {
        return None;
    }
    i += 1;
    if *d.get(i)? != 0xff {
        i += 1;
        uleb(&mut i)?;
    } else {
        i += 1;
    }
    let enc = *d.get(i)?;
    i += 1;
    let len = uleb(&mut i)? as usize;
    let end = i + len;
    let mut pad = None;
    while i < end {
        let lp = match enc {
            1 => {
                uleb(&mut i)?;
                uleb(&mut i)?;
                uleb(&mut i)?
            }
            3 => {
                let v = u32::from_le_bytes(d.get(i + 8..i + 12)?.try_into().ok()?);
                i += 12;
                v as u64
            }
            _ => return None,
        };
        uleb(&mut i)?;
        if lp != 0 {
            pad.get_or_insert(lp as u32);
        }
    }
    Some(pad)
}

#[cfg(test)]
mod tests {
    #[test]
    fn call_site_table() {
        // omit, omit, uleb, 8 bytes: (0, 5, pad 40, 0), (5, 3, none, 0)
        let d = [0xff, 0xff, 1, 8, 0, 5, 40, 0, 5, 3, 0, 0];
        assert_eq!(super::lsda_pad(&d), Some(Some(40)));
    }
}
