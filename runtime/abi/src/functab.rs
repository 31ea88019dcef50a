//! The function table: what tracebacks, `runtime.Callers`, `runtime.FuncForPC` and recovery need to know about code.
//!
//! Three forms:
//! * [`FuncInfo`] (feature `std`): what the LLVM crate reads out of one function of an object file.
//! * the *sidecar* of an object: [`write_sidecar`]/[`read_sidecar`], a list of `FuncInfo` keyed by link symbol.
//! * the *table* in the executable: made by [`Builder`] from sidecars and final addresses, read by [`Table`] without allocation.
//!
//! Table layout (little-endian, all offsets from its start, 8-aligned):
//! ```text
//! header  magic u32, version u32, nfunc u32, nbucket u32, text_start u64, text_end u64,
//!         entries u32, buckets u32, blobs u32, strings u32, files u32, nfiles u32, total u32, pad u32
//! entries nfunc+1 x { pc - text_start u32, blob offset u32 }, sorted; the last is a sentinel
//! buckets nbucket x u32: index of the last function whose entry is <= text_start + 4096*i (0 if none)
//! blobs   per function, varints: size, name, flags, file, start line, frame size, pad+1, prologue end,
//!         ninline x { parent+1, name, file, start line, call file, call line }, nrows, rows
//! row     pc delta << 2 | inline changed << 1 | file changed; zigzag line delta; [inline+1]; [file]
//! strings varint length, bytes; a string is named by its offset
//! files   u32 per file: string offset
//! ```
//! A row holds from its pc to the next row's. `inline` names the innermost inlined call at that pc; file and line are those
//! of the innermost frame, the outer frames' lines are the call lines of the inline tree.
//!
//! Logical frames that were inlined away are handed to Go as *virtual pcs* ([`virtual_pc`]), which [`Table::find`] users
//! recognise with [`split_virtual_pc`]; they survive the usual `pc - 1`.

/// Function flags.
pub mod flag {
    /// Compiler-made wrapper: hidden in traces unless it panicked.
    pub const WRAPPER: u32 = 1;
    pub const NOSPLIT: u32 = 2;
    /// Has a recovery pad.
    pub const DEFER: u32 = 4;
    /// Frame-pointer chain is not kept (assembly).
    pub const ASM: u32 = 8;
    /// Runtime-internal: hidden in user tracebacks.
    pub const HIDDEN: u32 = 16;
    /// Async preemption is refused anywhere inside.
    pub const NOPREEMPT: u32 = 32;
    /// Body of a large-frame function; its shim has the public symbol.
    pub const BODY: u32 = 64;
    /// No parameters and no receiver: traces print `f()`.
    pub const NOARGS: u32 = 128;
}

pub const MAGIC: u32 = 0x3146_4752; // "RGF1"
pub const VERSION: u32 = 1;
const HEADER_BYTES: usize = 64;
/// Bytes of code per bucket.
pub const BUCKET: u64 = 4096;

/// Virtual pcs start here: function index and inline index packed, times four.
pub const VIRTUAL_BASE: u64 = 1 << 62;

/// The pc that stands for "in the caller of inlined call `inline` of function number `func`".
pub fn virtual_pc(func: u32, inline: u32) -> u64 {
    VIRTUAL_BASE | (func as u64) << 24 | ((inline as u64) & 0x3f_ffff) << 2 | 2
}

/// Inverse of [`virtual_pc`]; accepts `pc` and `pc - 1`.
pub fn split_virtual_pc(pc: u64) -> Option<(u32, u32)> {
    if pc & (3 << 62) != VIRTUAL_BASE {
        return None;
    }
    Some((((pc & !VIRTUAL_BASE) >> 24) as u32, ((pc >> 2) & 0x3f_ffff) as u32))
}

/// The table in memory.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    data: &'a [u8],
    nfunc: u32,
    nbucket: u32,
    text_start: u64,
    text_end: u64,
    entries: usize,
    buckets: usize,
    blobs: usize,
    strings: usize,
    files: usize,
}

/// One function of the table with its fixed fields decoded.
#[derive(Clone, Copy)]
pub struct Func<'a> {
    pub table: Table<'a>,
    pub index: u32,
    pub entry: u64,
    pub size: u64,
    pub flags: u32,
    pub start_line: u32,
    pub frame_size: u32,
    /// Offset of the recovery pad.
    pub pad: Option<u32>,
    /// From this offset on the frame pointer is set up.
    pub prologue_end: u32,
    name: u32,
    file: u32,
    inlines_at: usize,
    ninline: u32,
}

/// One entry of a function's inline tree.
#[derive(Clone, Copy, Debug)]
pub struct InlineRef<'a> {
    pub parent: Option<u32>,
    pub name: &'a str,
    pub file: &'a str,
    pub start_line: u32,
    pub call_file: &'a str,
    pub call_line: u32,
}

/// Source position of a pc inside a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// File index for [`Table::file`].
    pub file: u32,
    pub line: u32,
    /// Innermost inlined call.
    pub inline: Option<u32>,
}

impl<'a> Table<'a> {
    /// Checks the header. `None` if the data is no table.
    pub fn new(data: &'a [u8]) -> Option<Table<'a>> {
        if data.len() < HEADER_BYTES || u32_at(data, 0) != MAGIC || u32_at(data, 4) != VERSION {
            return None;
        }
        Some(Table {
            data,
            nfunc: u32_at(data, 8),
            nbucket: u32_at(data, 12),
            text_start: u64_at(data, 16),
            text_end: u64_at(data, 24),
            entries: u32_at(data, 32) as usize,
            buckets: u32_at(data, 36) as usize,
            blobs: u32_at(data, 40) as usize,
            strings: u32_at(data, 44) as usize,
            files: u32_at(data, 48) as usize,
        })
    }

    /// Number of functions.
    pub fn len(&self) -> u32 {
        self.nfunc
    }
    pub fn is_empty(&self) -> bool {
        self.nfunc == 0
    }

    fn entry_pc(&self, i: u32) -> u64 {
        self.text_start + u32_at(self.data, self.entries + i as usize * 8) as u64
    }

    /// Function that contains `pc`.
    pub fn find(&self, pc: u64) -> Option<Func<'a>> {
        if self.nfunc == 0 || pc < self.text_start || pc >= self.text_end {
            return None;
        }
        let b = ((pc - self.text_start) / BUCKET) as u32;
        if b >= self.nbucket {
            return None;
        }
        let mut lo = u32_at(self.data, self.buckets + b as usize * 4);
        let mut hi = if b + 1 < self.nbucket {
            u32_at(self.data, self.buckets + (b as usize + 1) * 4) + 1
        } else {
            self.nfunc
        };
        // Last function in [lo, hi) with entry <= pc.
        while hi - lo > 1 {
            let mid = lo + (hi - lo) / 2;
            if self.entry_pc(mid) <= pc { lo = mid } else { hi = mid }
        }
        let f = self.func(lo)?;
        (pc >= f.entry && pc < f.entry + f.size).then_some(f)
    }

    /// Function number `i`.
    pub fn func(&self, i: u32) -> Option<Func<'a>> {
        if i >= self.nfunc {
            return None;
        }
        let mut at = self.blobs + u32_at(self.data, self.entries + i as usize * 8 + 4) as usize;
        let d = self.data;
        let size = varint(d, &mut at);
        let name = varint(d, &mut at) as u32;
        let flags = varint(d, &mut at) as u32;
        let file = varint(d, &mut at) as u32;
        let start_line = varint(d, &mut at) as u32;
        let frame_size = varint(d, &mut at) as u32;
        let pad = varint(d, &mut at) as u32;
        let prologue_end = varint(d, &mut at) as u32;
        let ninline = varint(d, &mut at) as u32;
        Some(Func {
            table: *self,
            index: i,
            entry: self.entry_pc(i),
            size,
            flags,
            start_line,
            frame_size,
            pad: pad.checked_sub(1),
            prologue_end,
            name,
            file,
            inlines_at: at,
            ninline,
        })
    }

    fn string(&self, off: u32) -> &'a str {
        let mut at = self.strings + off as usize;
        let n = varint(self.data, &mut at) as usize;
        match self.data.get(at..at + n) {
            Some(b) => core::str::from_utf8(b).unwrap_or("?"),
            None => "?",
        }
    }

    /// File name by index.
    pub fn file(&self, i: u32) -> &'a str {
        self.string(u32_at(self.data, self.files + i as usize * 4))
    }
}

impl<'a> Func<'a> {
    pub fn name(&self) -> &'a str {
        self.table.string(self.name)
    }
    /// File of the declaration.
    pub fn file(&self) -> &'a str {
        self.table.file(self.file)
    }
    pub fn inline_count(&self) -> u32 {
        self.ninline
    }

    /// Entry `i` of the inline tree.
    pub fn inline(&self, i: u32) -> Option<InlineRef<'a>> {
        if i >= self.ninline {
            return None;
        }
        let (d, mut at) = (self.table.data, self.inlines_at);
        for _ in 0..i {
            for _ in 0..6 {
                varint(d, &mut at);
            }
        }
        let parent = varint(d, &mut at) as u32;
        let name = varint(d, &mut at) as u32;
        let file = varint(d, &mut at) as u32;
        let start_line = varint(d, &mut at) as u32;
        let call_file = varint(d, &mut at) as u32;
        let mut call_line = varint(d, &mut at) as u32;
        let parent = parent.checked_sub(1);
        if call_line == 0 {
            // The optimiser merged several calls.
            call_line = parent.filter(|&p| p < i).and_then(|p| self.inline(p)).map_or(self.start_line, |r| r.start_line);
        }
        Some(InlineRef {
            parent,
            name: self.table.string(name),
            file: self.table.file(file),
            start_line,
            call_file: self.table.file(call_file),
            call_line,
        })
    }

    /// An address that has the position of the call that entry `i` of the inline tree stands for, if there is one.
    pub fn pc_of_inline(&self, i: u32) -> Option<u64> {
        let r = self.inline(i)?;
        let mut found = None;
        self.rows(|pc, p| {
            let hit = p.line == r.call_line && p.inline == r.parent && self.table.file(p.file) == r.call_file;
            if hit {
                found = Some(self.entry + pc);
            }
            !hit
        });
        found
    }

    /// Position at `pc` (pass the return address minus one for call sites).
    pub fn position(&self, pc: u64) -> Position {
        let off = pc.wrapping_sub(self.entry);
        let mut cur = Position { file: self.file, line: self.start_line, inline: None };
        self.rows(|pc, p| {
            if pc <= off {
                // Code that the optimiser merged from several places has line 0.
                let line = if p.line != 0 {
                    p.line
                } else if p.inline == cur.inline {
                    cur.line
                } else {
                    p.inline.and_then(|i| self.inline(i)).map_or(self.start_line, |r| r.start_line)
                };
                cur = Position { line, ..p };
            }
            pc <= off
        });
        cur
    }

    /// Calls `each(offset, position)` for the rows in order, until it says false.
    fn rows(&self, mut each: impl FnMut(u64, Position) -> bool) {
        let (d, mut at) = (self.table.data, self.inlines_at);
        for _ in 0..self.ninline * 6 {
            varint(d, &mut at);
        }
        let nrows = varint(d, &mut at);
        let (mut row_pc, mut line, mut file, mut inline) = (0u64, self.start_line as i64, self.file, 0u32);
        for _ in 0..nrows {
            let head = varint(d, &mut at);
            row_pc += head >> 2;
            line += unzigzag(varint(d, &mut at));
            if head & 2 != 0 {
                inline = varint(d, &mut at) as u32;
            }
            if head & 1 != 0 {
                file = varint(d, &mut at) as u32;
            }
            if !each(row_pc, Position { file, line: line as u32, inline: inline.checked_sub(1) }) {
                break;
            }
        }
    }
}

fn u32_at(d: &[u8], at: usize) -> u32 {
    match d.get(at..at + 4) {
        Some(b) => u32::from_le_bytes([b[0], b[1], b[2], b[3]]),
        None => 0,
    }
}

fn u64_at(d: &[u8], at: usize) -> u64 {
    u32_at(d, at) as u64 | (u32_at(d, at + 4) as u64) << 32
}

fn varint(d: &[u8], at: &mut usize) -> u64 {
    let (mut v, mut shift) = (0u64, 0);
    while let Some(&b) = d.get(*at) {
        *at += 1;
        v |= ((b & 0x7f) as u64) << shift;
        if b & 0x80 == 0 || shift >= 63 {
            break;
        }
        shift += 7;
    }
    v
}

fn unzigzag(v: u64) -> i64 {
    (v >> 1) as i64 ^ -((v & 1) as i64)
}

#[cfg(feature = "std")]
pub use build::*;

#[cfg(feature = "std")]
mod build {
    use super::*;
    use std::collections::HashMap;

    /// One row of the line program.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Row {
        /// Offset in the function.
        pub pc: u32,
        /// Index into [`FuncInfo::files`].
        pub file: u32,
        pub line: u32,
        /// Innermost inlined call: index into [`FuncInfo::inlines`].
        pub inline: Option<u32>,
    }

    /// One inlined call.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct Inline {
        /// Enclosing inlined call; must have a smaller index.
        pub parent: Option<u32>,
        /// Go name of the inlined function.
        pub name: String,
        /// Where it is declared (file index, line).
        pub file: u32,
        pub start_line: u32,
        /// Where it is called.
        pub call_file: u32,
        pub call_line: u32,
    }

    /// Everything about one compiled function.
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct FuncInfo {
        /// Link symbol.
        pub symbol: String,
        /// Name shown by the runtime (`pkg.(*T).M`, generics with `[...]`).
        pub name: String,
        /// [`flag`] bits.
        pub flags: u32,
        /// Files named by rows and inlines; `files[0]` is the declaration's.
        pub files: Vec<String>,
        pub start_line: u32,
        pub size: u32,
        pub frame_size: u32,
        pub pad: Option<u32>,
        pub prologue_end: u32,
        pub inlines: Vec<Inline>,
        pub rows: Vec<Row>,
    }

    fn put(out: &mut Vec<u8>, mut v: u64) {
        while v >= 0x80 {
            out.push(v as u8 | 0x80);
            v >>= 7;
        }
        out.push(v as u8);
    }
    fn put_str(out: &mut Vec<u8>, s: &str) {
        put(out, s.len() as u64);
        out.extend_from_slice(s.as_bytes());
    }
    fn zigzag(v: i64) -> u64 {
        ((v << 1) ^ (v >> 63)) as u64
    }

    const SIDECAR_MAGIC: &[u8; 8] = b"rgoside1";

    /// Serialises the functions of one object.
    pub fn write_sidecar(funcs: &[FuncInfo]) -> Vec<u8> {
        let mut out = SIDECAR_MAGIC.to_vec();
        // Files are shared by the whole object.
        let mut files: HashMap<&str, u64> = HashMap::new();
        let mut list = Vec::new();
        for f in funcs {
            for s in &f.files {
                files.entry(s).or_insert_with(|| {
                    list.push(s.as_str());
                    list.len() as u64 - 1
                });
            }
        }
        put(&mut out, list.len() as u64);
        for s in &list {
            put_str(&mut out, s);
        }
        put(&mut out, funcs.len() as u64);
        for f in funcs {
            put_str(&mut out, &f.symbol);
            put_str(&mut out, if f.name == f.symbol { "" } else { &f.name });
            put(&mut out, f.flags as u64);
            put(&mut out, f.files.len() as u64);
            for s in &f.files {
                put(&mut out, files[s.as_str()]);
            }
            put(&mut out, f.start_line as u64);
            put(&mut out, f.size as u64);
            put(&mut out, f.frame_size as u64);
            put(&mut out, f.pad.map_or(0, |p| p as u64 + 1));
            put(&mut out, f.prologue_end as u64);
            put(&mut out, f.inlines.len() as u64);
            for i in &f.inlines {
                put(&mut out, i.parent.map_or(0, |p| p as u64 + 1));
                put_str(&mut out, &i.name);
                for v in [i.file, i.start_line, i.call_file, i.call_line] {
                    put(&mut out, v as u64);
                }
            }
            put(&mut out, f.rows.len() as u64);
            for r in &f.rows {
                put(&mut out, r.pc as u64);
                put(&mut out, r.file as u64);
                put(&mut out, r.line as u64);
                put(&mut out, r.inline.map_or(0, |p| p as u64 + 1));
            }
        }
        out
    }

    struct Reader<'a> {
        d: &'a [u8],
        at: usize,
    }
    impl Reader<'_> {
        fn num(&mut self) -> Option<u64> {
            if self.at >= self.d.len() {
                return None;
            }
            Some(varint(self.d, &mut self.at))
        }
        fn n32(&mut self) -> Option<u32> {
            self.num().map(|v| v as u32)
        }
        fn text(&mut self) -> Option<String> {
            let n = self.num()? as usize;
            let b = self.d.get(self.at..self.at.checked_add(n)?)?;
            self.at += n;
            String::from_utf8(b.to_vec()).ok()
        }
    }

    /// Inverse of [`write_sidecar`]; `None` for damaged data.
    pub fn read_sidecar(data: &[u8]) -> Option<Vec<FuncInfo>> {
        if data.get(..8)? != SIDECAR_MAGIC {
            return None;
        }
        let mut r = Reader { d: data, at: 8 };
        let files = (0..r.num()?).map(|_| r.text()).collect::<Option<Vec<_>>>()?;
        let n = r.num()?;
        let mut out = Vec::new();
        for _ in 0..n {
            let symbol = r.text()?;
            let mut name = r.text()?;
            if name.is_empty() {
                name = symbol.clone();
            }
            let flags = r.n32()?;
            let own = (0..r.num()?)
                .map(|_| files.get(r.num()? as usize).cloned())
                .collect::<Option<Vec<_>>>()?;
            let start_line = r.n32()?;
            let size = r.n32()?;
            let frame_size = r.n32()?;
            let pad = r.n32()?.checked_sub(1);
            let prologue_end = r.n32()?;
            let mut inlines = Vec::new();
            for _ in 0..r.num()? {
                inlines.push(Inline {
                    parent: r.n32()?.checked_sub(1),
                    name: r.text()?,
                    file: r.n32()?,
                    start_line: r.n32()?,
                    call_file: r.n32()?,
                    call_line: r.n32()?,
                });
            }
            let mut rows = Vec::new();
            for _ in 0..r.num()? {
                rows.push(Row {
                    pc: r.n32()?,
                    file: r.n32()?,
                    line: r.n32()?,
                    inline: r.n32()?.checked_sub(1),
                });
            }
            let files = own;
            out.push(FuncInfo {
                symbol,
                name,
                flags,
                files,
                start_line,
                size,
                frame_size,
                pad,
                prologue_end,
                inlines,
                rows,
            });
        }
        Some(out)
    }

    /// Makes the table of an executable.
    #[derive(Default)]
    pub struct Builder {
        strings: Vec<u8>,
        string_at: HashMap<String, u32>,
        files: Vec<u32>,
        file_at: HashMap<String, u32>,
        blobs: Vec<u8>,
        funcs: Vec<(u64, u32)>,
    }

    impl Builder {
        pub fn new() -> Builder {
            Builder::default()
        }

        fn string(&mut self, s: &str) -> u64 {
            if let Some(&at) = self.string_at.get(s) {
                return at as u64;
            }
            let at = self.strings.len() as u32;
            put_str(&mut self.strings, s);
            self.string_at.insert(s.to_owned(), at);
            at as u64
        }

        fn file(&mut self, s: &str) -> u64 {
            if let Some(&i) = self.file_at.get(s) {
                return i as u64;
            }
            let at = self.string(s) as u32;
            self.files.push(at);
            let i = self.files.len() as u32 - 1;
            self.file_at.insert(s.to_owned(), i);
            i as u64
        }

        /// Adds a function at its final address. The order of calls does not matter.
        pub fn add(&mut self, address: u64, f: &FuncInfo) {
            let none = String::new();
            let name = self.string(&f.name);
            let ids: Vec<u64> = f.files.iter().map(|s| self.file(s)).collect();
            let id = |i: u32, b: &mut Builder| ids.get(i as usize).copied().unwrap_or_else(|| b.file(&none));
            let first = id(0, self);
            let mut b = Vec::new();
            put(&mut b, f.size as u64);
            put(&mut b, name);
            put(&mut b, f.flags as u64);
            put(&mut b, first);
            put(&mut b, f.start_line as u64);
            put(&mut b, f.frame_size as u64);
            put(&mut b, f.pad.map_or(0, |p| p as u64 + 1));
            put(&mut b, f.prologue_end as u64);
            put(&mut b, f.inlines.len() as u64);
            for i in &f.inlines {
                put(&mut b, i.parent.map_or(0, |p| p as u64 + 1));
                let n = self.string(&i.name);
                put(&mut b, n);
                let v = id(i.file, self);
                put(&mut b, v);
                put(&mut b, i.start_line as u64);
                let v = id(i.call_file, self);
                put(&mut b, v);
                put(&mut b, i.call_line as u64);
            }
            let mut rows = Vec::new();
            let mut count = 0u64;
            let (mut pc, mut line, mut file, mut inline) = (0u32, f.start_line as i64, first, 0u64);
            let mut sorted = f.rows.clone();
            sorted.sort_by_key(|r| r.pc);
            for (k, r) in sorted.iter().enumerate() {
                // Of several rows at one pc the last holds.
                if sorted.get(k + 1).is_some_and(|n| n.pc == r.pc) {
                    continue;
                }
                let rf = id(r.file, self);
                let ri = r.inline.map_or(0, |i| i as u64 + 1);
                if count > 0 && rf == file && r.line as i64 == line && ri == inline {
                    continue;
                }
                let head = ((r.pc - pc) as u64) << 2 | ((ri != inline) as u64) << 1 | (rf != file) as u64;
                put(&mut rows, head);
                put(&mut rows, zigzag(r.line as i64 - line));
                if ri != inline {
                    put(&mut rows, ri);
                }
                if rf != file {
                    put(&mut rows, rf);
                }
                (pc, line, file, inline) = (r.pc, r.line as i64, rf, ri);
                count += 1;
            }
            put(&mut b, count);
            b.extend_from_slice(&rows);
            let at = self.blobs.len() as u32;
            self.blobs.extend_from_slice(&b);
            self.funcs.push((address, at));
        }

        /// The finished table. `text_start..text_end` must cover all functions.
        pub fn finish(mut self, text_start: u64, text_end: u64) -> Vec<u8> {
            self.funcs.sort();
            self.funcs.dedup_by_key(|f| f.0);
            let nfunc = self.funcs.len();
            let nbucket = ((text_end - text_start).div_ceil(BUCKET)) as usize;
            let entries = HEADER_BYTES;
            let buckets = entries + (nfunc + 1) * 8;
            let files = buckets + nbucket * 4;
            let blobs = files + self.files.len() * 4;
            let strings = blobs + self.blobs.len();
            let total = (strings + self.strings.len()).next_multiple_of(8);
            let mut out = Vec::with_capacity(total);
            for v in [MAGIC, VERSION, nfunc as u32, nbucket as u32] {
                out.extend_from_slice(&v.to_le_bytes());
            }
            out.extend_from_slice(&text_start.to_le_bytes());
            out.extend_from_slice(&text_end.to_le_bytes());
            for v in [entries, buckets, blobs, strings, files, self.files.len(), total, 0] {
                out.extend_from_slice(&(v as u32).to_le_bytes());
            }
            for &(pc, blob) in &self.funcs {
                out.extend_from_slice(&((pc - text_start) as u32).to_le_bytes());
                out.extend_from_slice(&blob.to_le_bytes());
            }
            out.extend_from_slice(&((text_end - text_start) as u32).to_le_bytes());
            out.extend_from_slice(&0u32.to_le_bytes());
            let mut k = 0;
            for i in 0..nbucket {
                let at = text_start + i as u64 * BUCKET;
                while k + 1 < nfunc && self.funcs[k + 1].0 <= at {
                    k += 1;
                }
                out.extend_from_slice(&(k as u32).to_le_bytes());
            }
            for f in &self.files {
                out.extend_from_slice(&f.to_le_bytes());
            }
            out.extend_from_slice(&self.blobs);
            out.extend_from_slice(&self.strings);
            out.resize(total, 0);
            out
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn sample(symbol: &str, size: u32) -> FuncInfo {
            FuncInfo {
                symbol: symbol.into(),
                name: symbol.into(),
                flags: flag::DEFER,
                files: vec!["/a/x.go".into(), "/a/y.go".into()],
                start_line: 10,
                size,
                frame_size: 48,
                pad: Some(7),
                prologue_end: 4,
                inlines: vec![
                    Inline { parent: None, name: "p.in".into(), file: 1, start_line: 3, call_file: 0, call_line: 12 },
                    Inline { parent: Some(0), name: "p.in2".into(), file: 0, start_line: 40, call_file: 1, call_line: 4 },
                ],
                rows: vec![
                    Row { pc: 0, file: 0, line: 10, inline: None },
                    Row { pc: 8, file: 1, line: 4, inline: Some(0) },
                    Row { pc: 12, file: 0, line: 41, inline: Some(1) },
                    Row { pc: 20, file: 0, line: 13, inline: None },
                ],
            }
        }

        #[test]
        fn round_trip() {
            let all: Vec<FuncInfo> = (0..300).map(|i| sample(&format!("p.f{i}"), 32)).collect();
            let side = write_sidecar(&all);
            assert_eq!(read_sidecar(&side).as_ref(), Some(&all));
            assert_eq!(read_sidecar(&side[..side.len() - 3]), None);
            let mut b = Builder::new();
            for (i, f) in all.iter().enumerate().rev() {
                b.add(0x40_1000 + i as u64 * 48, f);
            }
            let t = b.finish(0x40_0000, 0x40_0000 + 0x1000 + 300 * 48);
            let t = Table::new(&t).unwrap();
            assert!(t.find(0x40_0fff).is_none());
            for i in 0..300u64 {
                let pc = 0x40_1000 + i * 48;
                let f = t.find(pc + 13).unwrap();
                assert_eq!((f.name(), f.entry, f.pad), (format!("p.f{i}").as_str(), pc, Some(7)));
                let p = f.position(pc + 13);
                assert_eq!((t.file(p.file), p.line, p.inline), ("/a/x.go", 41, Some(1)));
                let up = f.inline(1).unwrap();
                assert_eq!((f.pc_of_inline(0), f.pc_of_inline(1)), (None, Some(pc + 8)));
                assert_eq!((up.name, up.call_file, up.call_line, up.parent), ("p.in2", "/a/y.go", 4, Some(0)));
                assert_eq!(f.position(pc + 31).line, 13);
                assert!(t.find(pc + 40).is_none());
                let v = virtual_pc(f.index, 1);
                assert_eq!(split_virtual_pc(v), Some((f.index, 1)));
                assert_eq!(split_virtual_pc(v - 1), Some((f.index, 1)));
            }
            assert_eq!(split_virtual_pc(0x40_1000), None);
        }
    }
}
