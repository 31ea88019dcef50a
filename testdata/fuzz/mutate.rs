//! Random changes to bytes, the same in every run. Shared by the mutation tests of several crates (`#[path]`).
//!
//! RGO_FUZZ_ROUNDS multiplies the number of rounds, for a longer search; RGO_FUZZ_SEED starts elsewhere.

pub struct Rng(u64);

impl Rng {
    pub fn new() -> Rng {
        let seed = std::env::var("RGO_FUZZ_SEED").ok().and_then(|v| v.parse::<u64>().ok()).unwrap_or(0);
        Rng((0x9e37_79b9_7f4a_7c15 ^ seed.wrapping_mul(0xbf58_476d_1ce4_e5b9)) | 1)
    }

    /// A number below `n`; 0 if `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// `n` rounds, or more if the environment asks for it.
pub fn rounds(n: usize) -> usize {
    n * std::env::var("RGO_FUZZ_ROUNDS").ok().and_then(|v| v.parse().ok()).unwrap_or(1)
}

/// `base` with a few bytes changed, removed, doubled or replaced by one of `pieces`.
pub fn mutate(rng: &mut Rng, base: &[u8], pieces: &[&str]) -> Vec<u8> {
    let mut src = base.to_vec();
    for _ in 0..1 + rng.below(4) {
        let at = rng.below(src.len());
        let end = (at + rng.below(9)).min(src.len());
        match rng.below(6) {
            0 if !src.is_empty() => src[at] = rng.below(256) as u8,
            1 => drop(src.drain(at..end)),
            2 if rng.below(8) == 0 => src.truncate(at),
            3 => {
                let copy = src[at..end].to_vec();
                let to = rng.below(src.len());
                drop(src.splice(to..to, copy));
            }
            _ if !pieces.is_empty() => drop(src.splice(at..at, pieces[rng.below(pieces.len())].bytes())),
            _ => {}
        }
    }
    src
}
