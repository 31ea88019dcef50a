//! Reader of Go's object files, as the release's assembler writes them.
//!
//! The format is that of cmd/internal/goobj (magic `\0go120ld`): blocks of definitions, relocations and auxiliary symbols, all by index. Only what
//! an assembled file can hold is read: text and data symbols, relocations, and the parts of a function's line table.

/// A symbol that the file defines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    pub scope: Scope,
    pub kind: u8,
    pub flags: u8,
    pub size: u32,
    /// 0: the default of its kind.
    pub align: u32,
    pub data: Vec<u8>,
    pub relocs: Vec<Reloc>,
    pub func: Option<Func>,
}

/// Who may refer to a symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Functions with arguments on the stack, and all data.
    #[default]
    Abi0,
    /// Functions of the compiler's own convention.
    Internal,
    /// `name<>`.
    Static,
    /// A symbol that the compiler and the assembler refer to by number (cmd/internal/goobj's builtinlist). Assembly only has the calls to
    /// `runtime.morestack` that the assembler adds.
    Builtin,
}

/// Kinds of cmd/internal/objabi's `SymKind` that the assembler makes.
pub mod kind {
    pub const TEXT: u8 = 1;
    pub const RODATA: u8 = 3;
    pub const NOPTRDATA: u8 = 5;
    pub const DATA: u8 = 7;
    pub const BSS: u8 = 9;
    pub const NOPTRBSS: u8 = 10;
}

/// Relocation types of cmd/internal/objabi's `RelocType` in amd64 code.
pub mod reloc {
    pub const ADDR: u16 = 1;
    pub const CALL: u16 = 7;
    pub const CALLIND: u16 = 10;
    pub const PCREL: u16 = 14;
    pub const TLS_LE: u16 = 15;
}

/// Further definitions of the symbol are as good.
pub const FLAG_DUPOK: u8 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reloc {
    pub offset: u32,
    pub size: u8,
    pub kind: u16,
    pub addend: i64,
    /// Name and scope; None where the type needs no symbol.
    pub target: Option<(String, Scope)>,
}

/// What the file says of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Func {
    pub args: u32,
    /// Bytes of its frame.
    pub locals: u32,
    pub start_line: u32,
    /// Rows `(pc, file, line)` of the line table.
    pub rows: Vec<(u32, String, u32)>,
}

/// Reads the symbols of an object file; None if it is not one, or damaged.
pub fn read(file: &[u8]) -> Option<Vec<Symbol>> {
    // A text header, as in archives of the go command.
    let start = file.windows(MAGIC.len()).position(|w| w == MAGIC)?;
    Reader { d: file.get(start..)? }.symbols()
}

const MAGIC: &[u8] = b"\0go120ld";
const NBLOCKS: usize = 19;

// Blocks.
const FILES: usize = 2;
const SYMDEFS: usize = 3;
const RELOC_INDEX: usize = 11;
const AUX_INDEX: usize = 12;
const DATA_INDEX: usize = 13;
const RELOCS: usize = 14;
const AUX: usize = 15;
const DATA: usize = 16;

const SYM_SIZE: usize = 21;
const RELOC_SIZE: usize = 23;
const AUX_SIZE: usize = 9;

// Packages of references.
const PKG_NONE: u32 = (1 << 31) - 1;
const PKG_HASHED64: u32 = PKG_NONE - 1;
const PKG_HASHED: u32 = PKG_NONE - 2;
const PKG_BUILTIN: u32 = PKG_NONE - 3;
const PKG_SELF: u32 = PKG_NONE - 4;

// Auxiliary symbols.
const AUX_FUNCINFO: u8 = 1;
const AUX_PCFILE: u8 = 8;
const AUX_PCLINE: u8 = 9;

struct Reader<'a> {
    d: &'a [u8],
}

/// How many symbols each block of definitions holds.
struct Counts {
    /// Package, short hashed, hashed, none.
    defs: [usize; 4],
    refs: usize,
}

impl Counts {
    fn defined(&self) -> usize {
        self.defs.iter().sum()
    }

    /// Number of a symbol: definitions of all blocks in order, then references.
    fn number(&self, pkg: u32, i: u32) -> Option<usize> {
        let block = match pkg {
            PKG_SELF => 0,
            PKG_HASHED64 => 1,
            PKG_HASHED => 2,
            PKG_NONE => 3,
            _ => return None,
        };
        let n = self.defs[..block].iter().sum::<usize>() + i as usize;
        let end = if block == 3 { self.defined() + self.refs } else { self.defs[..=block].iter().sum() };
        (n < end).then_some(n)
    }
}

impl<'a> Reader<'a> {
    fn u32(&self, at: usize) -> Option<u32> {
        Some(u32::from_le_bytes(self.d.get(at..at.checked_add(4)?)?.try_into().ok()?))
    }

    fn string(&self, at: usize) -> Option<String> {
        let (len, off) = (self.u32(at)? as usize, self.u32(at + 4)? as usize);
        Some(String::from_utf8_lossy(self.d.get(off..off.checked_add(len)?)?).into_owned())
    }

    /// Start and end of a block.
    fn block(&self, n: usize) -> Option<(usize, usize)> {
        let head = MAGIC.len() + 8 + 4;
        let (a, b) = (self.u32(head + 4 * n)? as usize, self.u32(head + 4 * (n + 1))? as usize);
        (a <= b && b <= self.d.len() && n + 1 < NBLOCKS).then_some((a, b))
    }

    fn count(&self, block: usize, size: usize) -> Option<usize> {
        let (a, b) = self.block(block)?;
        Some((b - a) / size)
    }

    /// The half-open range that an index block gives for symbol `i`.
    fn range(&self, block: usize, i: usize) -> Option<(usize, usize)> {
        let (a, _) = self.block(block)?;
        let (lo, hi) = (self.u32(a + 4 * i)? as usize, self.u32(a + 4 * (i + 1))? as usize);
        (lo <= hi).then_some((lo, hi))
    }

    fn head(&self, n: usize) -> Option<usize> {
        // The blocks of definitions and references follow each other.
        let (a, _) = self.block(SYMDEFS)?;
        Some(a + n * SYM_SIZE)
    }

    fn name(&self, n: usize) -> Option<(String, Scope)> {
        let h = self.head(n)?;
        let scope = match u16::from_le_bytes(self.d.get(h + 8..h + 10)?.try_into().ok()?) {
            u16::MAX => Scope::Static,
            1 => Scope::Internal,
            _ => Scope::Abi0,
        };
        Some((self.string(h)?, scope))
    }

    fn data(&self, n: usize) -> Option<&'a [u8]> {
        let (base, _) = self.block(DATA)?;
        let (lo, hi) = self.range(DATA_INDEX, n)?;
        self.d.get(base + lo..base + hi)
    }

    fn symbols(&self) -> Option<Vec<Symbol>> {
        let mut defs = [0; 4];
        for (i, n) in defs.iter_mut().enumerate() {
            *n = self.count(SYMDEFS + i, SYM_SIZE)?;
        }
        let counts = Counts { defs, refs: self.count(SYMDEFS + 4, SYM_SIZE)? };
        (0..counts.defined()).map(|n| self.symbol(&counts, n)).collect()
    }

    fn symbol(&self, counts: &Counts, n: usize) -> Option<Symbol> {
        let h = self.head(n)?;
        let (name, scope) = self.name(n)?;
        let mut s = Symbol { name, scope, kind: *self.d.get(h + 10)?, flags: *self.d.get(h + 11)?, ..Symbol::default() };
        // Symbols named by their content may be in many files.
        if (counts.defs[0]..counts.defs[..3].iter().sum()).contains(&n) {
            s.flags |= FLAG_DUPOK;
        }
        (s.size, s.align) = (self.u32(h + 13)?, self.u32(h + 17)?);
        s.data = self.data(n)?.to_vec();
        let (base, end) = self.block(RELOCS)?;
        let (lo, hi) = self.range(RELOC_INDEX, n)?;
        for i in lo..hi {
            let r = self.d.get(base + i * RELOC_SIZE..base + (i + 1) * RELOC_SIZE).filter(|_| base + (i + 1) * RELOC_SIZE <= end)?;
            let word = |at: usize| u32::from_le_bytes([r[at], r[at + 1], r[at + 2], r[at + 3]]);
            let target = match (word(15), word(19)) {
                (0, 0) => None,
                (PKG_BUILTIN, i) => Some((format!("builtin {i}"), Scope::Builtin)),
                (p, i) => Some(self.name(counts.number(p, i)?)?),
            };
            s.relocs.push(Reloc {
                offset: word(0),
                size: r[4],
                kind: u16::from_le_bytes([r[5], r[6]]),
                addend: (u64::from(word(7)) | u64::from(word(11)) << 32) as i64,
                target,
            });
        }
        if s.kind == kind::TEXT {
            s.func = Some(self.func(counts, n)?);
        }
        Some(s)
    }

    fn func(&self, counts: &Counts, n: usize) -> Option<Func> {
        let (base, _) = self.block(AUX)?;
        let (lo, hi) = self.range(AUX_INDEX, n)?;
        let (mut info, mut pcfile, mut pcline): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
        for i in lo..hi {
            let a = base + i * AUX_SIZE;
            let kind = *self.d.get(a)?;
            let slot = match kind {
                AUX_FUNCINFO => &mut info,
                AUX_PCFILE => &mut pcfile,
                AUX_PCLINE => &mut pcline,
                _ => continue,
            };
            let m = counts.number(self.u32(a + 1)?, self.u32(a + 5)?)?;
            if m < counts.defined() {
                *slot = self.data(m)?;
            }
        }
        let word = |at: usize| info.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let (files, lines) = (pc_values(pcfile), pc_values(pcline));
        let mut f = Func { args: word(0), locals: word(4), start_line: word(12), rows: Vec::new() };
        let mut pcs: Vec<u32> = files.iter().chain(&lines).map(|v| v.0).collect();
        pcs.sort_unstable();
        pcs.dedup();
        let at = |t: &[(u32, i32)], pc: u32| t[..t.partition_point(|v| v.0 <= pc)].last().map(|v| v.1);
        for pc in pcs {
            let (Some(file), Some(line)) = (at(&files, pc), at(&lines, pc)) else { continue };
            f.rows.push((pc, self.file(file as usize)?, line.max(0) as u32));
        }
        Some(f)
    }

    fn file(&self, i: usize) -> Option<String> {
        let (a, b) = self.block(FILES)?;
        let at = a.checked_add(i.checked_mul(8)?)?;
        (at < b).then(|| self.string(at))?
    }
}

/// A table of values by pc (runtime/symtab.go's pcvalue): pairs of a zigzag difference and a length. Yields where each value begins.
fn pc_values(mut d: &[u8]) -> Vec<(u32, i32)> {
    fn uvarint(d: &mut &[u8]) -> Option<u32> {
        let mut v = 0u32;
        for shift in (0..35).step_by(7) {
            let (&b, rest) = d.split_first()?;
            *d = rest;
            v |= u32::from(b & 0x7f).checked_shl(shift).unwrap_or(0);
            if b < 0x80 {
                return Some(v);
            }
        }
        None
    }
    let (mut pc, mut value, mut out) = (0u32, -1i32, Vec::new());
    while let Some(delta) = uvarint(&mut d) {
        if delta == 0 && !out.is_empty() {
            break;
        }
        value = value.wrapping_add((delta >> 1) as i32 ^ -((delta & 1) as i32));
        let Some(n) = uvarint(&mut d) else { break };
        out.push((pc, value));
        pc = pc.wrapping_add(n);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_pc() {
        // +10 for 3 bytes, -2 for 300.
        assert_eq!(pc_values(&[22, 3, 3, 0xac, 2, 0]), [(0, 10), (3, 8)]);
        assert_eq!(pc_values(&[0x80]), []);
    }

    #[test]
    fn damaged_files_are_refused() {
        assert_eq!(read(b""), None);
        let mut f = b"go object\n!\n".to_vec();
        f.extend_from_slice(MAGIC);
        f.extend_from_slice(&[0xff; 200]);
        assert_eq!(read(&f), None);
    }
}
