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
    /// Up to where `cell.width` has been computed.
    pos: usize,
    cell: Cell,
    lines: Vec<Vec<Cell>>,
    widths: Vec<usize>,
}

/// The number of characters; malformed bytes count one each.
fn rune_count(b: &[u8]) -> usize {
    match std::str::from_utf8(b) {
        Ok(s) => s.chars().count(),
        Err(_) => b.utf8_chunks().map(|c| c.valid().chars().count() + c.invalid().len()).sum(),
    }
}

/// Aligns the columns of raw printer output. Escape bytes stay in place.
pub fn align(input: &[u8]) -> Vec<u8> {
    let mut w = Writer {
        out: Vec::with_capacity(input.len() + input.len() / 8),
        buf: Vec::new(),
        pos: 0,
        cell: Cell::default(),
        lines: vec![Vec::new()],
        widths: Vec::new(),
    };
    let mut n = 0;
    let mut escaped = false;
    for (i, &ch) in input.iter().enumerate() {
        match ch {
            ESCAPE if escaped => {
                w.append(&input[n..=i]);
                n = i + 1;
                w.update_width();
                w.cell.width -= 2;
                escaped = false;
            }
            _ if escaped => {}
            b'\t' | 0x0b | b'\n' | 0x0c => {
                w.append(&input[n..i]);
                w.update_width();
                n = i + 1;
                let cells = w.terminate_cell(ch == b'\t');
                if ch == b'\n' || ch == 0x0c {
                    w.lines.push(Vec::new());
                    // A line of one cell does not influence the lines behind it.
                    if ch == 0x0c || cells == 1 {
                        w.flush();
                    }
                }
            }
            ESCAPE => {
                w.append(&input[n..i]);
                w.update_width();
                n = i;
                escaped = true;
            }
            _ => {}
        }
    }
    w.append(&input[n..]);
    w.update_width();
    w.flush();
    w.out
}

impl Writer {
    fn append(&mut self, text: &[u8]) {
        self.buf.extend_from_slice(text);
        self.cell.size += text.len();
    }

    fn update_width(&mut self) {
        self.cell.width += rune_count(&self.buf[self.pos..]);
        self.pos = self.buf.len();
    }

    /// Ends the current cell; returns the number of cells of the line.
    fn terminate_cell(&mut self, htab: bool) -> usize {
        self.cell.htab = htab;
        let cell = std::mem::take(&mut self.cell);
        match self.lines.last_mut() {
            Some(l) => {
                l.push(cell);
                l.len()
            }
            None => 0,
        }
    }

    fn flush(&mut self) {
        if self.cell.size > 0 {
            self.terminate_cell(false);
        }
        self.format(0, 0, self.lines.len());
        self.buf.clear();
        self.pos = 0;
        self.cell = Cell::default();
        self.lines.clear();
        self.lines.push(Vec::new());
        self.widths.clear();
    }

    /// Formats the lines `line0..line1`, whose text starts at `pos`; returns where it ends.
    fn format(&mut self, mut pos: usize, mut line0: usize, line1: usize) -> usize {
        let column = self.widths.len();
        let mut this = line0;
        while this < line1 {
            // The last cell of a line is not part of a column.
            if column + 1 >= self.lines[this].len() {
                this += 1;
                continue;
            }
            pos = self.write_lines(pos, line0, this);
            line0 = this;
            let mut width = 0;
            let mut discardable = true;
            while this < line1 && column + 1 < self.lines[this].len() {
                let c = self.lines[this][column];
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
            for (j, c) in self.lines[i].iter().enumerate() {
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
            if i + 1 == self.lines.len() {
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
    let mut space = Vec::new();
    let mut escaped = false;
    for &b in input {
        if escaped {
            if b == ESCAPE {
                escaped = false;
            } else {
                out.push(b);
            }
            continue;
        }
        match b {
            b'\t' | 0x0b => space.push(b'\t'),
            b' ' => space.push(b' '),
            b'\n' | 0x0c => {
                space.clear();
                out.push(b'\n');
            }
            _ => {
                out.append(&mut space);
                if b == ESCAPE {
                    escaped = true;
                } else {
                    out.push(b);
                }
            }
        }
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
