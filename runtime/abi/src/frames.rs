//! Liveness at calls: which words of a frame, and which callee-saved registers, a function still needs when a call of it returns.
//!
//! Words are counted from the frame pointer down, behind the registers that the prologue pushed: word k of a frame that saved n lies at
//! `fp - 8 * (n + 1 + k)`. Registers are bits, in the order in which they are pushed: r15, r14, r13, r12, rbx.
//!
//! A function's record, empty for one that tells nothing (its frames are scanned whole):
//! ```text
//! saved registers u8, words varint, runs of words: varint length << 2 | kind (0 never alive, 1 always, 2 at some calls), 0 ends them,
//! per return address where something changes: varint offset from the one before, bits: saved registers, then words of kind 2
//! ```
//! The bits are whole bytes; nothing follows the runs if there are none. Only return addresses of calls may be looked up.

/// Callee-saved registers that are followed.
pub const REGS: usize = 5;

/// What is alive in one frame.
#[derive(Clone, Copy)]
pub struct Live<'a> {
    /// Registers that the function saved.
    pub saved: u8,
    /// Registers, among these, with a value that is needed after the call.
    pub regs: u8,
    /// Words of the frame below the saved registers.
    pub words: u32,
    data: &'a [u8],
    runs: usize,
    bits: usize,
}

fn varint(d: &[u8], at: &mut usize) -> Option<u64> {
    let (mut v, mut shift) = (0u64, 0);
    loop {
        let b = *d.get(*at)?;
        *at += 1;
        v |= ((b & 0x7f) as u64) << shift;
        shift += 7;
        if b & 0x80 == 0 {
            return Some(v);
        }
        if shift > 63 {
            return None;
        }
    }
}

/// What is alive at the call that returns to `offset`.
pub fn find(data: &[u8], offset: u32) -> Option<Live<'_>> {
    let saved = *data.first()?;
    let mut at = 1;
    let words = varint(data, &mut at)? as u32;
    let runs = at;
    let mut changing = 0;
    loop {
        let r = varint(data, &mut at)?;
        if r == 0 {
            break;
        }
        if r & 3 == 2 {
            changing += r >> 2;
        }
    }
    let size = (saved.count_ones() as u64 + changing).div_ceil(8) as usize;
    let mut bits = 0;
    if size > 0 {
        let mut pc = 0;
        while at < data.len() {
            pc += varint(data, &mut at)?;
            if pc > offset as u64 {
                break;
            }
            bits = at;
            at += size;
        }
        if bits == 0 || bits + size > data.len() {
            return None;
        }
    }
    let mut regs = 0;
    if size > 0 {
        let mut k = 0;
        for r in 0..REGS {
            if saved >> r & 1 != 0 {
                regs |= (data[bits] >> k & 1) << r;
                k += 1;
            }
        }
    }
    Some(Live { saved, regs, words, data, runs, bits })
}

impl Live<'_> {
    /// Calls f(first, length) for the runs of live words, in order.
    pub fn each_run(&self, mut f: impl FnMut(u32, u32)) {
        let (mut at, mut word, mut bit) = (self.runs, 0, self.saved.count_ones() as usize);
        while let Some(r) = varint(self.data, &mut at)
            && r != 0
        {
            let n = (r >> 2) as u32;
            match r & 3 {
                0 => {}
                1 => f(word, n),
                _ => {
                    for k in 0..n {
                        if self.data[self.bits + bit / 8] >> (bit % 8) & 1 != 0 {
                            f(word + k, 1);
                        }
                        bit += 1;
                    }
                }
            }
            word += n;
        }
    }
}

#[cfg(feature = "std")]
pub use build::*;

#[cfg(feature = "std")]
mod build {
    /// One call.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct Site {
        /// Of its return address, from the start of the function.
        pub offset: u32,
        pub regs: u8,
        /// Runs of live words: first, length.
        pub runs: Vec<(u32, u32)>,
    }

    fn put(out: &mut Vec<u8>, mut v: u64) {
        while v >= 0x80 {
            out.push(v as u8 | 0x80);
            v >>= 7;
        }
        out.push(v as u8);
    }

    /// A function's record.
    pub fn encode(saved: u8, words: u32, sites: &[Site]) -> Vec<u8> {
        let mut sites: Vec<&Site> = sites.iter().collect();
        sites.sort_by_key(|s| s.offset);
        // Where some site changes: all sites agree in between.
        let mut cuts: Vec<u32> = sites.iter().flat_map(|s| s.runs.iter().flat_map(|r| [r.0, r.0 + r.1])).chain([0, words]).collect();
        cuts.sort();
        cuts.dedup();
        let has = |s: &Site, w: u32| {
            let i = s.runs.partition_point(|r| r.0 + r.1 <= w);
            s.runs.get(i).is_some_and(|r| r.0 <= w)
        };
        let mut out = vec![saved];
        put(&mut out, words as u64);
        let mut runs: Vec<(u32, u32, u64)> = Vec::new();
        for c in cuts.windows(2) {
            let n = sites.iter().filter(|s| has(s, c[0])).count();
            let kind = if n == 0 { 0 } else if n == sites.len() { 1 } else { 2 };
            match runs.last_mut() {
                Some(r) if r.2 == kind => r.1 += c[1] - c[0],
                _ => runs.push((c[0], c[1] - c[0], kind)),
            }
        }
        while runs.last().is_some_and(|r| r.2 == 0) {
            runs.pop();
        }
        for r in &runs {
            put(&mut out, (r.1 as u64) << 2 | r.2);
        }
        put(&mut out, 0);
        let changing: Vec<u32> = runs.iter().filter(|r| r.2 == 2).flat_map(|r| r.0..r.0 + r.1).collect();
        let size = (saved.count_ones() as usize + changing.len()).div_ceil(8);
        if size == 0 {
            return out;
        }
        let (mut pc, mut last) = (0, Vec::new());
        for s in sites {
            let mut bits = vec![0u8; size];
            let regs = (0..super::REGS).filter(|r| saved >> r & 1 != 0).map(|r| s.regs >> r & 1 != 0);
            for (k, b) in regs.chain(changing.iter().map(|&w| has(s, w))).enumerate() {
                bits[k / 8] |= (b as u8) << (k % 8);
            }
            if bits != last {
                put(&mut out, (s.offset - pc) as u64);
                out.extend_from_slice(&bits);
                (pc, last) = (s.offset, bits);
            }
        }
        out
    }

    #[cfg(test)]
    mod tests {
        use super::super::*;

        #[test]
        fn round_trip() {
            let site = |offset, regs, runs: &[(u32, u32)]| Site { offset, regs, runs: runs.to_vec() };
            for (saved, words, sites) in [
                (0, 0, vec![site(9, 0, &[])]),
                (0, 20, vec![site(9, 0, &[(3, 4)]), site(30, 0, &[(3, 4)])]),
                (0b10001, 3, vec![site(9, 1, &[]), site(20, 16, &[(0, 1)]), site(400, 17, &[(0, 1), (2, 1)])]),
                (0b11111, 100_000, vec![site(9, 0, &[(7, 3)]), site(20, 31, &[(8, 60), (90_000, 10_000)]), site(21, 31, &[(8, 60), (90_000, 10_000)])]),
            ] {
                let d = encode(saved, words, &sites);
                for s in &sites {
                    let l = find(&d, s.offset).unwrap();
                    assert_eq!((l.saved, l.regs, l.words), (saved, s.regs, words));
                    let (mut a, mut b) = (Vec::new(), Vec::new());
                    l.each_run(|w, n| a.extend(w..w + n));
                    s.runs.iter().for_each(|r| b.extend(r.0..r.0 + r.1));
                    assert_eq!(a, b);
                }
                for k in 0..d.len().min(40) {
                    // Damaged data is refused or read, never out of bounds.
                    find(&d[..k], 20);
                }
            }
            assert!(find(&[], 1).is_none());
        }
    }
}
