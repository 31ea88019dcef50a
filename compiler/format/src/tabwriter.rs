//! Elastic tab stops and trimming of trailing blanks: the last stages of printing.
//!
//! Input is the printer's raw output: cells end at tabs (`\t`, `\v`) and lines at `\n` or `\f`
//! (which also ends all columns); text between two [`ESCAPE`] bytes is literal. Columns are
//! padded with blanks, leading empty cells with tabs of width 8; empty columns vanish.

/// Brackets literal text. The byte cannot occur in UTF-8.
pub const ESCAPE: u8 = 0xff;

const TAB_WIDTH: usize = 8;
const PADDING: usize = 1;

#[derive(Clone, Copy, Default)]
struct Cell {
    size: usize,
    width: usize,
    htab: bool,
}

struct Writer {
    out: Vec<u8>,
    buf: Vec<u8>,
    cell: Cell,
    /// The cells of all lines, and where each line's start.
    cells: Vec<Cell>,
    starts: Vec<usize>,
    widths: Vec<usize>,
}

/// The number of characters of UTF-8 text; an escape byte counts as one.
fn rune_count(b: &[u8]) -> usize {
    b.iter().filter(|&&b| b & 0xc0 != 0x80).count()
}

/// Aligns the columns of raw printer output. Escape bytes stay in place.
pub fn align(input: &[u8]) -> Vec<u8> {
    let mut w = Writer {
        out: Vec::with_capacity(input.len() + input.len() / 8),
        buf: Vec::new(),
        cell: Cell::default(),
        cells: Vec::new(),
        starts: vec![0],
        widths: Vec::new(),
    };
    let mut rest = input;
    while let Some(i) = rest.iter().position(|b| matches!(b, b'\t' | 0x0b | b'\n' | 0x0c | &ESCAPE)) {
        let (text, tail) = rest.split_at(i);
        w.append(text);
        if tail[0] == ESCAPE {
            // Literal text with its brackets, which take no room.
            let Some(end) = memchr::memchr(ESCAPE, &tail[1..]) else {
                rest = tail;
                break;
            };
            w.append(&tail[..end + 2]);
            w.cell.width -= 2;
            rest = &tail[end + 2..];
            continue;
        }
        rest = &tail[1..];
        let cells = w.terminate_cell(tail[0] == b'\t');
        if matches!(tail[0], b'\n' | 0x0c) {
            w.starts.push(w.cells.len());
            // A line of one cell does not influence the lines behind it.
            if tail[0] == 0x0c || cells == 1 {
                w.flush();
            }
        }
    }
    w.append(rest);
    w.flush();
    w.out
}

impl Writer {
    fn append(&mut self, text: &[u8]) {
        self.buf.extend_from_slice(text);
        self.cell.size += text.len();
        self.cell.width += rune_count(text);
    }

    /// Ends the current cell; returns the number of cells of the line.
    fn terminate_cell(&mut self, htab: bool) -> usize {
        self.cell.htab = htab;
        self.cells.push(std::mem::take(&mut self.cell));
        self.cells.len() - self.starts[self.starts.len() - 1]
    }

    /// The cells of a line.
    fn line(&self, i: usize) -> std::ops::Range<usize> {
        self.starts[i]..self.starts.get(i + 1).copied().unwrap_or(self.cells.len())
    }

    fn flush(&mut self) {
        if self.cell.size > 0 {
            self.terminate_cell(false);
        }
        self.format(0, 0, self.starts.len());
        self.buf.clear();
        self.cell = Cell::default();
        self.cells.clear();
        self.starts.clear();
        self.starts.push(0);
        self.widths.clear();
    }

    /// Formats the lines `line0..line1`, whose text starts at `pos`; returns where it ends.
    fn format(&mut self, mut pos: usize, mut line0: usize, line1: usize) -> usize {
        let column = self.widths.len();
        let mut this = line0;
        while this < line1 {
            // The last cell of a line is not part of a column.
            if column + 1 >= self.line(this).len() {
                this += 1;
                continue;
            }
            pos = self.write_lines(pos, line0, this);
            line0 = this;
            let mut width = 0;
            let mut discardable = true;
            while this < line1 && column + 1 < self.line(this).len() {
                let c = self.cells[self.starts[this] + column];
                width = width.max(c.width + PADDING);
                discardable &= c.width == 0 && !c.htab;
                this += 1;
            }
            self.widths.push(if discardable { 0 } else { width });
            pos = self.format(pos, line0, this);
            self.widths.pop();
            line0 = this;
        }
        self.write_lines(pos, line0, line1)
    }

    fn write_lines(&mut self, mut pos: usize, line0: usize, line1: usize) -> usize {
        for i in line0..line1 {
            let mut use_tabs = true;
            for (j, c) in self.cells[self.line(i)].iter().enumerate() {
                if c.size > 0 {
                    use_tabs = false;
                    self.out.extend_from_slice(&self.buf[pos..pos + c.size]);
                    pos += c.size;
                }
                if let Some(&w) = self.widths.get(j) {
                    if use_tabs {
                        let w = w.div_ceil(TAB_WIDTH) * TAB_WIDTH;
                        let n = w.saturating_sub(c.width).div_ceil(TAB_WIDTH);
                        self.out.resize(self.out.len() + n, b'\t');
                    } else {
                        self.out.resize(self.out.len() + w.saturating_sub(c.width), b' ');
                    }
                }
            }
            if i + 1 == self.starts.len() {
                self.out.extend_from_slice(&self.buf[pos..pos + self.cell.size]);
                pos += self.cell.size;
            } else {
                self.out.push(b'\n');
            }
        }
        pos
    }
}

/// Removes escape bytes and trailing blanks; turns `\v` into tabs and `\f` into newlines.
pub fn trim(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len());
    let mut rest = input;
    // Blanks and tabs that something has yet to follow.
    let mut space: &[u8] = &[];
    while let Some(&b) = rest.first() {
        let n = match b {
            b'\t' | 0x0b | b' ' => {
                let n = rest.iter().position(|b| !matches!(b, b'\t' | 0x0b | b' ')).unwrap_or(rest.len());
                space = &rest[..n];
                n
            }
            b'\n' | 0x0c => {
                space = &[];
                out.push(b'\n');
                1
            }
            _ => {
                out.extend(space.iter().map(|&b| if b == 0x0b { b'\t' } else { b }));
                space = &[];
                if b == ESCAPE {
                    let n = memchr::memchr(ESCAPE, &rest[1..]).unwrap_or(rest.len() - 1);
                    out.extend_from_slice(&rest[1..=n]);
                    (n + 2).min(rest.len())
                } else {
                    let n = rest.iter().position(|&b| b <= b' ' && matches!(b, b'\t' | 0x0b | b' ' | b'\n' | 0x0c) || b == ESCAPE);
                    let n = n.unwrap_or(rest.len());
                    out.extend_from_slice(&rest[..n]);
                    n
                }
            }
        };
        rest = &rest[n..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, want: &str) {
        assert_eq!(String::from_utf8(trim(&align(input.as_bytes()))).unwrap(), want);
    }

    #[test]
    fn columns() {
        check("a\x0bb\x0bc\nlong\x0bx\x0bc\n", "a    b c\nlong x c\n");
        check("a\x0b\x0bc\nlong\x0b\x0bc\n", "a    c\nlong c\n");
        check("\t\ta\x0bb\n\t\tlong\x0bb\n", "\t\ta    b\n\t\tlong b\n");
        check("a\x0bb\x0clong\x0bb\x0c", "a b\nlong b\n");
        check("a  \n", "a\n");
    }
}
