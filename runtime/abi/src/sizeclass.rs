//! Allocator size classes. The sizes are observable in Go (`cap` after `append`), so they equal those of Go 1.27.

pub const PAGE_SHIFT: usize = 13;
pub const PAGE_SIZE: usize = 1 << PAGE_SHIFT;
pub const NUM_CLASSES: usize = 68;
/// Larger objects have spans of their own.
pub const MAX_SMALL: usize = 32768;
/// Pointer-free objects below this size share 16-byte blocks.
pub const TINY_SIZE: usize = 16;
/// Objects with pointers above this size carry an 8-byte header with their type; smaller ones have bits at the span's end.
pub const MIN_HEADER_SIZE: usize = 512;
pub const HEADER_SIZE: usize = 8;

/// Bytes per object; class 0 stands for large objects.
pub const CLASS_SIZE: [u16; NUM_CLASSES] = [
    0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480,
    512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376,
    6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576,
    27264, 28672, 32768,
];

/// Pages per span.
pub const CLASS_PAGES: [u8; NUM_CLASSES] = [
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 2, 1, 2, 1, 3,
    2, 3, 1, 3, 2, 3, 4, 5, 6, 1, 7, 6, 5, 4, 3, 5, 7, 2, 9, 7, 5, 8, 3, 10, 7, 4,
];

const SMALL_TABLE_LEN: usize = 1024 / 8 + 1;
const LARGE_TABLE_LEN: usize = (MAX_SMALL - 1024) / 128 + 1;

const fn class_slow(size: usize) -> u8 {
    let mut c = 1;
    while (CLASS_SIZE[c] as usize) < size {
        c += 1;
    }
    c as u8
}

const fn build_small() -> [u8; SMALL_TABLE_LEN] {
    let mut t = [0; SMALL_TABLE_LEN];
    let mut i = 0;
    while i < SMALL_TABLE_LEN {
        t[i] = class_slow(i * 8);
        i += 1;
    }
    t
}

const fn build_large() -> [u8; LARGE_TABLE_LEN] {
    let mut t = [0; LARGE_TABLE_LEN];
    let mut i = 0;
    while i < LARGE_TABLE_LEN {
        t[i] = class_slow(1024 + i * 128);
        i += 1;
    }
    t
}

static SMALL: [u8; SMALL_TABLE_LEN] = build_small();
static LARGE: [u8; LARGE_TABLE_LEN] = build_large();

/// Size class for `size` bytes, `1 <= size <= MAX_SMALL`.
#[inline(always)]
pub fn class_of(size: usize) -> usize {
    if size <= 1024 {
        SMALL[(size + 7) >> 3] as usize
    } else {
        LARGE[(size - 1024 + 127) >> 7] as usize
    }
}

/// What an allocation of `size` bytes really gives (growslice rounds capacities with it).
pub fn round_up_size(size: usize, noscan: bool) -> usize {
    if size <= MAX_SMALL - HEADER_SIZE {
        let header = if !noscan && size > MIN_HEADER_SIZE { HEADER_SIZE } else { 0 };
        return CLASS_SIZE[class_of((size + header).max(1))] as usize - header;
    }
    match size.checked_add(PAGE_SIZE - 1) {
        Some(n) => n & !(PAGE_SIZE - 1),
        None => size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size() {
        for n in (1..=MAX_SMALL).step_by(if cfg!(miri) { 97 } else { 1 }) {
            let c = class_of(n);
            assert!(CLASS_SIZE[c] as usize >= n && (CLASS_SIZE[c - 1] as usize) < n, "{n}");
        }
    }

    #[test]
    fn rounding() {
        assert_eq!(round_up_size(5, true), 8);
        assert_eq!(round_up_size(512, false), 512);
        assert_eq!(round_up_size(520, false), 568);
        assert_eq!(round_up_size(32769, true), 40960);
    }
}
