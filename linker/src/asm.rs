//! Assembled files of a package: from Go's object format to one ELF object and its part of the function table.
//!
//! Symbols keep gc's names. A function with arguments on the stack (ABI0) is `NAME.abi0`; code generation makes the Go function `NAME` that calls it
//! (rgo-llvm's `stubs`), and lowering makes for each Go function that assembly calls a thunk, which takes its arguments from memory. The object holds
//! the way there: `NAME.abi0`, weak, which enters the runtime's `rt_abi0call` with the thunk's address.
//!
//! Each symbol has a section of its own, so that what nobody uses is dropped.

use std::collections::{BTreeMap, BTreeSet};

use object::write::{Object, Relocation, SectionId, StandardSection, Symbol, SymbolId, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind, SymbolScope, elf};
use rgo_abi::functab::{FuncInfo, Row, flag};
use rgo_abi::stack::sym;

use crate::Error;
use crate::extra::{link_name, reference};
use crate::goobj::{FLAG_DUPOK, Reloc, Scope, Symbol as GoSymbol, kind, reloc};

/// Stack that a call into assembly takes besides the frames it declares.
const SLACK: u64 = 512;
/// Stack for assembly whose need has no bound (recursion).
const UNBOUNDED: u64 = 64 << 10;
/// Stack for a call from assembly to Go, up to the check of the Go function.
const GO_CALL: u64 = 256;

/// The symbols of the files of one package, one list per file.
pub type Units = [Vec<GoSymbol>];

fn all(units: &Units) -> impl Iterator<Item = &GoSymbol> {
    units.iter().flatten()
}

fn is_function(s: &GoSymbol) -> bool {
    s.kind == kind::TEXT && s.scope == Scope::Abi0
}

/// Functions that the files define, and how much stack a call of each needs, in bytes.
pub fn functions(units: &Units) -> BTreeMap<String, u64> {
    let (mut known, mut out) = (BTreeMap::new(), BTreeMap::new());
    for (i, u) in units.iter().enumerate() {
        for s in u.iter().filter(|s| is_function(s)) {
            out.insert(s.name.clone(), need(units, i, s, &mut known) + SLACK);
        }
    }
    out
}

/// Stack that a function of file `unit` needs, with all it calls.
fn need(units: &Units, unit: usize, s: &GoSymbol, known: &mut BTreeMap<(usize, String), u64>) -> u64 {
    let key = (unit, s.name.clone());
    if let Some(n) = known.get(&key) {
        return *n;
    }
    // Seen again while this is under way: recursion.
    known.insert(key.clone(), UNBOUNDED);
    let mut deepest = 0;
    for (name, scope) in s.relocs.iter().filter_map(|r| r.target.as_ref()) {
        let callee = units.iter().enumerate().filter(|(i, _)| *scope != Scope::Static || *i == unit);
        let callee = callee.flat_map(|(i, u)| u.iter().map(move |x| (i, x))).find(|(_, x)| x.kind == kind::TEXT && x.name == *name && x.scope == *scope);
        deepest = deepest.max(match callee {
            Some((i, x)) => need(units, i, x, known),
            None => GO_CALL,
        });
    }
    // Return address and saved frame pointer.
    let n = (u64::from(s.func.as_ref().map_or(0, |f| f.locals)) + 16 + deepest).min(UNBOUNDED);
    known.insert(key, n);
    n
}

/// Names that the files refer to and do not define: functions and variables.
pub fn references(units: &Units) -> BTreeSet<String> {
    let defined: BTreeSet<&str> = all(units).filter(|s| s.scope != Scope::Static).map(|s| s.name.as_str()).collect();
    let targets = all(units).flat_map(|s| &s.relocs).filter_map(|r| r.target.as_ref());
    targets.filter(|(n, scope)| matches!(scope, Scope::Abi0 | Scope::Internal) && !defined.contains(n.as_str())).map(|t| t.0.clone()).collect()
}

/// The object of a package's assembly, and its functions for the sidecar. `bridged`: functions written in Go among
/// [`references`], and the symbols of their thunks.
pub fn object(package: &str, units: &Units, bridged: &BTreeMap<String, String>) -> Result<(Vec<u8>, Vec<FuncInfo>), Error> {
    let mut w = Writer {
        o: Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little),
        package,
        functions: all(units).filter(|s| is_function(s)).map(|s| s.name.as_str()).chain(bridged.keys().map(String::as_str)).collect(),
        defined: BTreeMap::new(),
        undefined: BTreeMap::new(),
        funcs: Vec::new(),
    };
    for (name, thunk) in bridged {
        w.bridge(name, thunk)?;
    }
    let mut placed = Vec::new();
    for (i, u) in units.iter().enumerate() {
        for s in u {
            placed.extend(w.define(i, s)?.map(|(section, at)| (i, s, section, at)));
        }
    }
    for (i, s, section, at) in placed {
        for r in &s.relocs {
            w.relocate(i, s, r, section, at)?;
        }
    }
    let data = w.o.write().map_err(|e| Error(format!("internal compiler error: object of assembly: {e}")))?;
    Ok((data, w.funcs))
}

struct Writer<'a> {
    o: Object<'a>,
    package: &'a str,
    /// Names that mean functions with arguments on the stack.
    functions: BTreeSet<&'a str>,
    /// By file (None: all of them) and name.
    defined: BTreeMap<(Option<usize>, String), SymbolId>,
    undefined: BTreeMap<String, SymbolId>,
    funcs: Vec<FuncInfo>,
}

fn elf_reloc(r_type: elf::RelocationType) -> RelocationFlags {
    RelocationFlags::Elf { r_type }
}

impl Writer<'_> {
    fn section(&mut self, n: usize, s: &GoSymbol) -> Option<(SectionId, SymbolKind)> {
        let named = |o: &mut Object<'_>, prefix: &str, kind| o.add_section(Vec::new(), format!("{prefix}.{n}.asm").into_bytes(), kind);
        Some(match s.kind {
            kind::TEXT => (self.o.add_subsection(StandardSection::Text, format!("{n}.asm").as_bytes()), SymbolKind::Text),
            kind::RODATA => (self.o.add_subsection(StandardSection::ReadOnlyData, format!("{n}.asm").as_bytes()), SymbolKind::Data),
            kind::NOPTRDATA => (named(&mut self.o, ".data.noptr", SectionKind::Data), SymbolKind::Data),
            kind::DATA => (named(&mut self.o, ".data", SectionKind::Data), SymbolKind::Data),
            kind::NOPTRBSS => (named(&mut self.o, ".bss.noptr", SectionKind::UninitializedData), SymbolKind::Data),
            kind::BSS => (named(&mut self.o, ".bss", SectionKind::UninitializedData), SymbolKind::Data),
            _ => return None,
        })
    }

    /// Places a symbol; None for what is not memory (debug information, line tables).
    fn define(&mut self, unit: usize, s: &GoSymbol) -> Result<Option<(SectionId, u64)>, Error> {
        let n = self.defined.len();
        let Some((section, symbol_kind)) = self.section(n, s) else { return Ok(None) };
        // Line tables and the like have no name.
        let key = (if s.scope == Scope::Static { Some(unit) } else { None }, s.name.clone());
        if s.name.is_empty() || s.flags & FLAG_DUPOK != 0 && self.defined.contains_key(&key) {
            return Ok(None);
        }
        if s.kind == kind::TEXT && s.scope == Scope::Internal {
            return Err(Error(format!("{}: assembly in the compiler's own calling convention (ABIInternal) is not supported", s.name)));
        }
        // As cmd/link: code at 32 bytes, data at the largest power of two up to 32 that is no more than its size.
        let default = if s.kind == kind::TEXT { 32 } else { 1u64 << u64::from(s.size).clamp(1, 32).ilog2() };
        let align = u64::from(s.align).max(if s.align == 0 || s.kind == kind::TEXT { default } else { 1 });
        let at = if matches!(s.kind, kind::BSS | kind::NOPTRBSS) {
            self.o.append_section_bss(section, u64::from(s.size), align)
        } else {
            let mut d = s.data.clone();
            d.resize(s.size as usize, 0);
            self.o.append_section_data(section, &d, align)
        };
        let (name, scope) = match s.scope {
            // The function table finds functions by name.
            Scope::Static => (format!("{}<{}:{unit}>", s.name, self.package), SymbolScope::Compilation),
            _ if s.kind == kind::TEXT => (format!("{}.abi0", s.name), SymbolScope::Linkage),
            _ => (s.name.clone(), SymbolScope::Linkage),
        };
        let id = self.o.add_symbol(Symbol {
            name: link_name(&name).into_bytes(),
            value: at,
            size: u64::from(s.size),
            kind: symbol_kind,
            scope,
            weak: s.flags & FLAG_DUPOK != 0 && s.scope != Scope::Static,
            section: SymbolSection::Section(section),
            flags: SymbolFlags::None,
        });
        if self.defined.insert(key, id).is_some() {
            return Err(Error(format!("{}: duplicated definition of symbol {}", self.package, s.name)));
        }
        if let Some(f) = &s.func {
            self.funcs.push(func_info(link_name(&name), s, f));
        }
        Ok(Some((section, at)))
    }

    /// `NAME.abi0` of a Go function: `lea r10, [rip + thunk]; jmp rt_abi0call`.
    fn bridge(&mut self, name: &str, thunk: &str) -> Result<(), Error> {
        let section = self.o.add_subsection(StandardSection::Text, format!("{name}.abi0").as_bytes());
        let code = [0x4c, 0x8d, 0x15, 0, 0, 0, 0, 0xe9, 0, 0, 0, 0];
        let at = self.o.append_section_data(section, &code, 16);
        let thunk = self.external(thunk);
        let enter = self.external(sym::RT_ABI0CALL);
        for (offset, symbol, r) in [(3, thunk, elf::R_X86_64_PC32), (8, enter, elf::R_X86_64_PLT32)] {
            self.add(section, Relocation { offset: at + offset, symbol, addend: -4, flags: elf_reloc(r) })?;
        }
        let id = self.o.add_symbol(Symbol {
            name: link_name(&format!("{name}.abi0")).into_bytes(),
            value: at,
            size: code.len() as u64,
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage,
            // Other packages' assembly may call it too.
            weak: true,
            section: SymbolSection::Section(section),
            flags: SymbolFlags::None,
        });
        self.defined.insert((None, name.into()), id);
        Ok(())
    }

    fn external(&mut self, name: &str) -> SymbolId {
        if let Some(id) = self.undefined.get(name) {
            return *id;
        }
        let id = self.o.add_symbol(reference(link_name(name).into_bytes()));
        self.undefined.insert(name.into(), id);
        id
    }

    fn add(&mut self, section: SectionId, r: Relocation) -> Result<(), Error> {
        self.o.add_relocation(section, r).map_err(|e| Error(format!("internal compiler error: object of assembly: {e}")))
    }

    fn relocate(&mut self, unit: usize, s: &GoSymbol, r: &Reloc, section: SectionId, at: u64) -> Result<(), Error> {
        let place = at + u64::from(r.offset);
        let size = i64::from(r.size);
        let unknown = || Err(Error(format!("{}: unknown relocation type {} of {} bytes", s.name, r.kind, r.size)));
        // The end of a place is what the processor counts from.
        let (rel, addend) = match (r.kind, r.size) {
            (reloc::CALLIND, _) => return Ok(()),
            // The thread-local variable in which the runtime keeps what prologues look at.
            (reloc::TLS_LE, 4) => {
                let symbol = self.external(sym::RT_TLS_G);
                let flags = elf_reloc(elf::R_X86_64_TPOFF32);
                return self.add(section, Relocation { offset: place, symbol, addend: r.addend, flags });
            }
            (reloc::CALL, 4) => (elf::R_X86_64_PLT32, r.addend - size),
            (reloc::PCREL, 4) => (elf::R_X86_64_PC32, r.addend - size),
            (reloc::ADDR, 8) => (elf::R_X86_64_64, r.addend),
            // Programs lie below 2 GiB.
            (reloc::ADDR, 4) => (elf::R_X86_64_32S, r.addend),
            _ => return unknown(),
        };
        let Some((name, scope)) = &r.target else { return unknown() };
        let local = if *scope == Scope::Static { Some(unit) } else { None };
        if *scope == Scope::Builtin {
            if r.kind != reloc::CALL {
                return unknown();
            }
            let symbol = self.external(sym::RT_ASM_MORESTACK);
            return self.add(section, Relocation { offset: place, symbol, addend, flags: elf_reloc(rel) });
        }
        let symbol = match self.defined.get(&(local, name.clone())) {
            Some(id) => *id,
            None if r.kind == reloc::CALL || self.functions.contains(name.as_str()) => self.external(&format!("{name}.abi0")),
            None => self.external(name),
        };
        self.add(section, Relocation { offset: place, symbol, addend, flags: elf_reloc(rel) })
    }
}

fn func_info(symbol: String, s: &GoSymbol, f: &crate::goobj::Func) -> FuncInfo {
    let mut i = FuncInfo {
        symbol,
        name: s.name.clone(),
        flags: flag::ASM | flag::NOSPLIT | flag::NOPREEMPT,
        start_line: f.start_line,
        size: s.size,
        frame_size: f.locals,
        ..FuncInfo::default()
    };
    for (pc, file, line) in &f.rows {
        let n = i.files.iter().position(|x| x == file).unwrap_or_else(|| {
            i.files.push(file.clone());
            i.files.len() - 1
        });
        i.rows.push(Row { pc: *pc, file: n as u32, line: *line, inline: None });
    }
    if i.files.is_empty() {
        i.files.push("<autogenerated>".into());
    }
    i
}

#[cfg(test)]
mod tests {
    use object::{Object as _, ObjectSymbol as _};

    use super::*;
    use crate::goobj::Func;

    fn text(name: &str, scope: Scope, locals: u32, calls: &[(&str, Scope)]) -> GoSymbol {
        let relocs = calls.iter().enumerate().map(|(i, (n, s))| Reloc { offset: 5 * i as u32 + 1, size: 4, kind: reloc::CALL, addend: 0, target: Some((n.to_string(), *s)) });
        GoSymbol {
            name: name.into(),
            scope,
            kind: kind::TEXT,
            size: 64,
            data: vec![0xe8; 64],
            relocs: relocs.collect(),
            func: Some(Func { locals, start_line: 3, rows: vec![(0, "a.s".into(), 4)], ..Func::default() }),
            ..GoSymbol::default()
        }
    }

    #[test]
    fn stack_of_a_call_includes_what_it_calls() {
        let a = vec![text("p.f", Scope::Abi0, 100, &[("h", Scope::Static)]), text("h", Scope::Static, 1000, &[("q.g", Scope::Abi0)])];
        let b = vec![text("p.loop", Scope::Abi0, 8, &[("p.loop", Scope::Abi0)]), text("h", Scope::Static, 9, &[])];
        let units = [a, b];
        let f = functions(&units);
        assert_eq!(f["p.f"], 100 + 16 + 1000 + 16 + GO_CALL + SLACK);
        assert_eq!(f["p.loop"], UNBOUNDED + SLACK);
        assert_eq!(references(&units), BTreeSet::from(["q.g".to_string()]));
    }

    #[test]
    fn objects_define_functions_and_ways_into_go() {
        let units = [vec![text("p.f", Scope::Abi0, 0, &[("p.g", Scope::Abi0), ("h", Scope::Static)]), text("h", Scope::Static, 0, &[])]];
        let (data, funcs) = object("p", &units, &BTreeMap::from([("p.g".to_string(), "p.abi0thunk.p.g".to_string())])).expect("object");
        let file = object::File::parse(&*data).expect("ELF");
        let defined = |n: &str| file.symbols().find(|s| s.name() == Ok(n)).map(|s| !s.is_undefined());
        for (name, want) in [("p.f.abi0", true), ("p.g.abi0", true), ("h<p:0>", true), ("p.abi0thunk.p.g", false), ("rt_abi0call", false)] {
            assert_eq!(defined(name), Some(want), "{name}");
        }
        let names: Vec<_> = funcs.iter().map(|f| (f.symbol.as_str(), f.name.as_str(), f.rows[0].line)).collect();
        assert_eq!(names, [("p.f.abi0", "p.f", 4), ("h<p:0>", "h", 4)]);
    }

    #[test]
    fn unknown_relocations_are_refused() {
        let mut f = text("p.f", Scope::Abi0, 0, &[("p.g", Scope::Abi0)]);
        f.relocs[0].kind = 99;
        assert!(object("p", &[vec![f]], &BTreeMap::new()).is_err());
    }
}
