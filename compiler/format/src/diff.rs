//! Unified diffs, anchored at lines that occur once in both texts.

use rustc_hash::FxHashMap;

/// The unified diff of two texts; empty if they are equal.
pub fn diff(old_name: &str, old: &[u8], new_name: &str, new: &[u8]) -> Vec<u8> {
    if old == new {
        return Vec::new();
    }
    let x = lines(old);
    let y = lines(new);
    let mut out = format!("diff {old_name} {new_name}\n--- {old_name}\n+++ {new_name}\n").into_bytes();
    let mut done = (0, 0); // printed up to here
    let mut chunk = (0, 0); // start of the current chunk
    let mut count = (0, 0); // lines of each side in it
    let mut text: Vec<Vec<u8>> = Vec::new();
    let tagged = |tag: u8, s: &Vec<u8>| [&[tag], s.as_slice()].concat();
    const CONTEXT: usize = 3;
    for m in anchors(&x, &y) {
        if m.0 < done.0 {
            continue;
        }
        // Extend the match in both directions.
        let mut start = m;
        while start.0 > done.0 && start.1 > done.1 && x[start.0 - 1] == y[start.1 - 1] {
            start = (start.0 - 1, start.1 - 1);
        }
        let mut end = m;
        while end.0 < x.len() && end.1 < y.len() && x[end.0] == y[end.1] {
            end = (end.0 + 1, end.1 + 1);
        }
        for s in &x[done.0..start.0] {
            text.push(tagged(b'-', s));
            count.0 += 1;
        }
        for s in &y[done.1..start.1] {
            text.push(tagged(b'+', s));
            count.1 += 1;
        }
        let common = end.0 - start.0;
        let more = end.0 < x.len() || end.1 < y.len();
        if more && (common < CONTEXT || !text.is_empty() && common < 2 * CONTEXT) {
            // Too little in common: the chunk goes on.
            for s in &x[start.0..end.0] {
                text.push(tagged(b' ', s));
                count = (count.0 + 1, count.1 + 1);
            }
            done = end;
            continue;
        }
        if !text.is_empty() {
            let n = common.min(CONTEXT);
            for s in &x[start.0..start.0 + n] {
                text.push(tagged(b' ', s));
                count = (count.0 + 1, count.1 + 1);
            }
            // An empty side is shown as line 0.
            chunk.0 += usize::from(count.0 > 0);
            chunk.1 += usize::from(count.1 > 0);
            let head = format!("@@ -{},{} +{},{} @@\n", chunk.0, count.0, chunk.1, count.1);
            out.extend_from_slice(head.as_bytes());
            for s in text.drain(..) {
                out.extend_from_slice(&s);
            }
            count = (0, 0);
        }
        if !more {
            break;
        }
        chunk = (end.0 - CONTEXT, end.1 - CONTEXT);
        for s in &x[chunk.0..end.0] {
            text.push(tagged(b' ', s));
            count = (count.0 + 1, count.1 + 1);
        }
        done = end;
    }
    out
}

/// The lines with their newlines; a missing last newline is noted.
fn lines(x: &[u8]) -> Vec<Vec<u8>> {
    let mut l: Vec<Vec<u8>> = x.split_inclusive(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
    if let Some(last) = l.last_mut().filter(|l| !l.ends_with(b"\n")) {
        last.extend_from_slice(b"\n\\ No newline at end of file\n");
    }
    l
}

/// The longest common subsequence of lines unique in both texts, with sentinels at both ends.
fn anchors(x: &[Vec<u8>], y: &[Vec<u8>]) -> Vec<(usize, usize)> {
    let mut counts: FxHashMap<&[u8], (u32, u32)> = FxHashMap::default();
    for s in x {
        counts.entry(s).or_default().0 += 1;
    }
    for s in y {
        counts.entry(s).or_default().1 += 1;
    }
    let mut place: FxHashMap<&[u8], usize> = FxHashMap::default();
    let (mut xi, mut yi, mut inv) = (Vec::new(), Vec::new(), Vec::new());
    for (i, s) in y.iter().enumerate() {
        if counts[s.as_slice()] == (1, 1) {
            place.insert(s, yi.len());
            yi.push(i);
        }
    }
    for (i, s) in x.iter().enumerate() {
        if let Some(&j) = place.get(s.as_slice()) {
            xi.push(i);
            inv.push(j);
        }
    }
    let n = xi.len();
    let mut tails = vec![n + 1; n];
    let mut length = vec![0; n];
    for i in 0..n {
        let k = tails.partition_point(|&t| t < inv[i]);
        tails[k] = inv[i];
        length[i] = k + 1;
    }
    let mut k = length.iter().copied().max().unwrap_or(0);
    let mut seq = vec![(0, 0); k + 2];
    seq[k + 1] = (x.len(), y.len());
    for i in (0..n).rev() {
        if length[i] == k {
            seq[k] = (xi[i], yi[inv[i]]);
            k = k.saturating_sub(1);
        }
    }
    seq[0] = (0, 0);
    seq
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small() {
        let d = diff("a", b"1\n2\n3\n", "b", b"1\n3\n4");
        let want = "diff a b\n--- a\n+++ b\n@@ -1,3 +1,3 @@\n 1\n-2\n 3\n+4\n\\ No newline at end of file\n";
        assert_eq!(String::from_utf8(d).unwrap(), want);
        assert!(diff("a", b"x", "b", b"x").is_empty());
    }
}
