//! What a file looked like when its contents were read: as long as that has not changed, what is known about the contents stays true.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Size, times and identity of a file. A change of the contents changes the status change time, which programs cannot set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp(pub [u8; Stamp::SIZE]);

impl Stamp {
    /// Length in bytes.
    pub const SIZE: usize = 56;

    /// Of a regular file; None for others.
    pub fn of(m: &Metadata) -> Option<Stamp> {
        if !m.is_file() {
            return None;
        }
        let parts = [m.len(), m.dev(), m.ino(), m.mtime() as u64, m.mtime_nsec() as u64, m.ctime() as u64, m.ctime_nsec() as u64];
        let mut b = [0; Stamp::SIZE];
        for (to, v) in b.chunks_exact_mut(8).zip(parts) {
            to.copy_from_slice(&v.to_le_bytes());
        }
        Some(Stamp(b))
    }

    /// Of the file with this name, links followed.
    pub fn at(path: &Path) -> Option<Stamp> {
        Stamp::of(&std::fs::metadata(path).ok()?)
    }
}

/// Whether a file with this status, looked at at `now`, gets another stamp by any later change: file times advance in ticks, and a
/// change within the tick of the one before leaves no trace.
pub fn is_settled(m: &Metadata, now: SystemTime) -> bool {
    let ctime = SystemTime::UNIX_EPOCH + Duration::new(m.ctime().max(0) as u64, m.ctime_nsec().clamp(0, 999_999_999) as u32);
    let old = |t: SystemTime| now.duration_since(t).is_ok_and(|d| d > Duration::from_millis(50));
    old(ctime) && m.modified().is_ok_and(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps() {
        let d = tempfile::tempdir().unwrap();
        let p = d.path().join("f");
        std::fs::write(&p, "a").unwrap();
        let a = Stamp::at(&p).unwrap();
        assert_eq!(Stamp::at(&p), Some(a));
        std::fs::write(&p, "ab").unwrap();
        assert_ne!(Stamp::at(&p), Some(a));
        assert_eq!(Stamp::at(d.path()), None);
        let m = std::fs::metadata(&p).unwrap();
        assert!(!is_settled(&m, m.modified().unwrap()));
        assert!(is_settled(&m, SystemTime::now() + Duration::from_secs(1)));
    }
}
