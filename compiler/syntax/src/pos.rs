//! Source positions.
//!
//! A [`Pos`] is an offset into the concatenation of all files of a [`FileSet`]; 0 is "no
//! position". A file registered with base `b` and size `n` owns the positions `b ..= b+n`.
//! `//line` and `/*line*/` directives are applied by [`FileSet::position`] with the rules of the
//! gc compiler; [`FileSet::raw_position`] ignores them. Lines and columns count from 1, columns
//! count bytes.

use std::fmt;
use std::sync::{Arc, OnceLock, RwLock};

/// A compact source position. `Pos::NONE` (0) is no position.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pos(pub u32);

impl Pos {
    pub const NONE: Pos = Pos(0);

    pub fn is_valid(self) -> bool {
        self.0 != 0
    }

    /// The position `n` bytes further on; no position stays no position.
    pub fn add(self, n: usize) -> Pos {
        if self.0 == 0 { self } else { Pos(self.0.saturating_add(n as u32)) }
    }

    /// This position, or `other` if there is none.
    pub fn or(self, other: Pos) -> Pos {
        if self.is_valid() { self } else { other }
    }
}

impl fmt::Debug for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A position spelled out. `line == 0`: unknown; `col == 0`: only the line is known
/// (after a line directive without column).
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Position {
    pub filename: Arc<str>,
    /// Byte offset in the file that was parsed.
    pub offset: u32,
    pub line: u32,
    pub col: u32,
}

impl Position {
    pub fn is_valid(&self) -> bool {
        self.line > 0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.col) {
            (0, _) if self.filename.is_empty() => f.write_str("<unknown position>"),
            (0, _) => f.write_str(&self.filename),
            (l, 0) => write!(f, "{}:{}", self.filename, l),
            (l, c) => write!(f, "{}:{}:{}", self.filename, l, c),
        }
    }
}

/// A position base introduced by a line directive: from `offset` on, positions count from
/// `line` and `col` (0: columns unknown) of `filename`.
#[derive(Clone, Debug)]
pub struct LineBase {
    pub offset: u32,
    pub filename: Arc<str>,
    pub line: u32,
    pub col: u32,
}

/// A file registered with a [`FileSet`].
pub struct SourceFile {
    name: Arc<str>,
    base: u32,
    size: u32,
    /// Offsets of line starts; the first is 0.
    lines: OnceLock<Vec<u32>>,
    line_bases: RwLock<Vec<LineBase>>,
    /// How to get the text of a file that was registered unread; its line bases are known.
    unread: Option<ReadText>,
}

/// Reads the text of a file.
pub type ReadText = Box<dyn Fn() -> Vec<u8> + Send + Sync>;

fn line_starts(src: &[u8]) -> Vec<u32> {
    let mut lines = Vec::with_capacity(src.len() / 24 + 1);
    lines.push(0);
    lines.extend(memchr::memchr_iter(b'\n', src).map(|i| i as u32 + 1));
    lines
}

impl SourceFile {
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }
    pub fn base(&self) -> u32 {
        self.base
    }
    pub fn size(&self) -> u32 {
        self.size
    }
    pub fn line_count(&self) -> usize {
        self.lines().len()
    }
    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| line_starts(&self.unread.as_ref().map_or(Vec::new(), |read| read())))
    }
    /// The position bases of line directives, in order.
    pub fn line_bases(&self) -> Vec<LineBase> {
        self.line_bases.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// The position of the byte at `offset` (clamped to the file).
    pub fn pos(&self, offset: usize) -> Pos {
        Pos(self.base.saturating_add((offset as u64).min(u64::from(self.size)) as u32))
    }

    /// The byte offset of `pos` (clamped to the file).
    pub fn offset(&self, pos: Pos) -> u32 {
        pos.0.saturating_sub(self.base).min(self.size)
    }

    /// The 1-based line number of the byte at `offset`, ignoring line directives.
    pub fn line(&self, offset: u32) -> u32 {
        self.lines().partition_point(|&l| l <= offset) as u32
    }

    /// The offset of the first byte of the 1-based `line`.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.lines().get((line as usize).checked_sub(1)?).copied()
    }

    /// Line and column of `offset`, ignoring line directives.
    pub fn line_col(&self, offset: u32) -> (u32, u32) {
        let line = self.line(offset);
        (line, offset - self.lines()[line as usize - 1] + 1)
    }

    /// Adds a position base; bases must be added in source order.
    pub(crate) fn add_line_base(&self, base: LineBase) {
        if self.unread.is_some() {
            return;
        }
        self.line_bases.write().unwrap_or_else(|e| e.into_inner()).push(base);
    }

    /// The file name in effect at the end of the line bases seen so far.
    pub(crate) fn current_filename(&self) -> Arc<str> {
        let bases = self.line_bases.read().unwrap_or_else(|e| e.into_inner());
        bases.last().map_or_else(|| self.name.clone(), |b| b.filename.clone())
    }

    /// See [`FileSet::position_string`].
    pub(crate) fn position_string(&self, pos: Pos) -> String {
        let (rel, abs) = (self.position(pos), self.raw_position(pos));
        let same = rel.filename == abs.filename && rel.line == abs.line && rel.col == abs.col;
        if same { rel.to_string() } else { format!("{rel}[{abs}]") }
    }

    fn raw_position(&self, pos: Pos) -> Position {
        let offset = self.offset(pos);
        let (line, col) = self.line_col(offset);
        Position { filename: self.name.clone(), offset, line, col }
    }

    pub(crate) fn position(&self, pos: Pos) -> Position {
        let mut p = self.raw_position(pos);
        let bases = self.line_bases.read().unwrap_or_else(|e| e.into_inner());
        let n = bases.partition_point(|b| b.offset <= p.offset);
        if n > 0 {
            let b = &bases[n - 1];
            let (bline, bcol) = self.line_col(b.offset);
            let col = if b.col == 0 {
                0
            } else if p.line == bline {
                b.col + (p.col - bcol)
            } else {
                p.col
            };
            p = Position {
                filename: b.filename.clone(),
                offset: p.offset,
                line: if b.line == 0 { 0 } else { b.line.saturating_add(p.line - bline) },
                col,
            };
        }
        p
    }
}

/// The files of a process (or of a test). All methods take `&self`; a set may be shared freely.
#[derive(Default)]
pub struct FileSet {
    files: RwLock<Vec<Arc<SourceFile>>>,
}

impl FileSet {
    pub fn new() -> FileSet {
        FileSet::default()
    }

    /// The process-wide set.
    pub fn global() -> &'static FileSet {
        static GLOBAL: OnceLock<FileSet> = OnceLock::new();
        GLOBAL.get_or_init(FileSet::new)
    }

    /// Registers a file. Files beyond the 4 GiB the position space holds get clamped positions.
    pub fn add_file(&self, name: &str, src: &[u8]) -> Arc<SourceFile> {
        let size = src.len().min(u32::MAX as usize) as u32;
        self.add(name, size, OnceLock::from(line_starts(src)), Vec::new(), None)
    }

    /// Registers a file whose text is read when it is needed, for lines or to be parsed (`parser::parse_source`).
    pub fn add_unread(&self, name: &str, size: u32, line_bases: Vec<LineBase>, read: ReadText) -> Arc<SourceFile> {
        self.add(name, size, OnceLock::new(), line_bases, Some(read))
    }

    fn add(&self, name: &str, size: u32, lines: OnceLock<Vec<u32>>, line_bases: Vec<LineBase>, unread: Option<ReadText>) -> Arc<SourceFile> {
        let mut files = self.files.write().unwrap_or_else(|e| e.into_inner());
        let base = files.last().map_or(1, |f| f.base.saturating_add(f.size).saturating_add(1));
        let file = Arc::new(SourceFile {
            name: name.into(),
            base,
            size: size.min(u32::MAX - base),
            lines,
            line_bases: RwLock::new(line_bases),
            unread,
        });
        files.push(file.clone());
        file
    }

    /// The file `pos` belongs to.
    pub fn file(&self, pos: Pos) -> Option<Arc<SourceFile>> {
        if !pos.is_valid() {
            return None;
        }
        let files = self.files.read().unwrap_or_else(|e| e.into_inner());
        let n = files.partition_point(|f| f.base <= pos.0);
        let f = files.get(n.checked_sub(1)?)?;
        (pos.0 - f.base <= f.size).then(|| f.clone())
    }

    fn unknown() -> Position {
        Position { filename: "".into(), offset: 0, line: 0, col: 0 }
    }

    /// The position adjusted by line directives, as the compiler reports it.
    pub fn position(&self, pos: Pos) -> Position {
        self.file(pos).map_or_else(FileSet::unknown, |f| f.position(pos))
    }

    /// The position in the file that was parsed, ignoring line directives.
    pub fn raw_position(&self, pos: Pos) -> Position {
        self.file(pos).map_or_else(FileSet::unknown, |f| f.raw_position(pos))
    }

    /// The position as gc prints it inside messages: adjusted, followed by the real position in
    /// brackets where the two differ.
    pub fn position_string(&self, pos: Pos) -> String {
        self.file(pos).map_or_else(|| FileSet::unknown().to_string(), |f| f.position_string(pos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        let set = FileSet::new();
        let a = set.add_file("a.go", b"ab\ncd\n");
        let b = set.add_file("b.go", b"xyz");
        assert_eq!(set.position(a.pos(4)).to_string(), "a.go:2:2");
        assert_eq!(set.position(a.pos(6)).to_string(), "a.go:3:1");
        assert_eq!(set.position(b.pos(0)).to_string(), "b.go:1:1");
        assert_eq!(set.position(Pos::NONE).to_string(), "<unknown position>");
        a.add_line_base(LineBase { offset: 3, filename: "x.y".into(), line: 10, col: 0 });
        assert_eq!(set.position(a.pos(4)).to_string(), "x.y:10");
        assert_eq!(set.position_string(a.pos(4)), "x.y:10[a.go:2:2]");
        assert_eq!(set.raw_position(a.pos(4)).to_string(), "a.go:2:2");
    }
}
