//! The CPU limit of the process's control group, for the default of GOMAXPROCS.
//!
//! Version 2: the smallest `cpu.max` from the process's group up to the root; version 1: quota and period of the group of
//! the `cpu` controller. Mounts are looked for where systems put them. Anything unexpected means: no limit.
//!
//! # Safety
//! Reads small files into buffers on the stack.

use crate::sys;
use core::ffi::CStr;

const MAX: usize = 1024;

struct Text {
    buf: [u8; MAX],
    len: usize,
}

impl Text {
    const fn new() -> Text {
        Text { buf: [0; MAX], len: 0 }
    }
    fn bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }
    /// Leaves room for the final zero; false if it does not fit.
    fn push(&mut self, b: &[u8]) -> bool {
        if self.len + b.len() >= MAX {
            return false;
        }
        self.buf[self.len..self.len + b.len()].copy_from_slice(b);
        self.len += b.len();
        self.buf[self.len] = 0;
        true
    }
    /// The beginning of a file.
    fn read(&mut self, path: &[u8]) -> bool {
        let Ok(path) = CStr::from_bytes_until_nul(path) else { return false };
        self.len = 0;
        // SAFETY: the buffer is ours.
        unsafe {
            let fd = sys::open_read(path);
            if fd < 0 {
                return false;
            }
            while self.len < MAX {
                let n = sys::read(fd as usize, self.buf.as_mut_ptr().add(self.len), MAX - self.len);
                if n <= 0 {
                    break;
                }
                self.len += n as usize;
            }
            sys::close(fd as usize);
        }
        true
    }
}

fn number(b: &[u8]) -> Option<u64> {
    let b = b.trim_ascii();
    if b.is_empty() || b.len() > 18 || !b.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(b.iter().fold(0, |v, c| v * 10 + (c - b'0') as u64))
}

/// CPUs of a `cpu.max`: "quota period", rounded up.
fn cpu_max(text: &[u8]) -> Option<u64> {
    let mut parts = text.trim_ascii().split(|&c| c == b' ');
    let (quota, period) = (number(parts.next()?)?, number(parts.next()?)?);
    if period == 0 { None } else { Some(quota.div_ceil(period)) }
}

/// The group's path in /proc/self/cgroup, and whether it is version 1.
fn group(text: &[u8]) -> Option<(&[u8], bool)> {
    let mut v2 = None;
    for line in text.split(|&c| c == b'\n') {
        let mut f = line.splitn(3, |&c| c == b':');
        let (Some(id), Some(controllers), Some(path)) = (f.next(), f.next(), f.next()) else { continue };
        if controllers.split(|&c| c == b',').any(|c| c == b"cpu") {
            return Some((path, true));
        }
        if id == b"0" && controllers.is_empty() {
            v2 = Some(path);
        }
    }
    v2.map(|p| (p, false))
}

/// Limit in CPUs, rounded up.
pub fn limit() -> Option<u64> {
    let mut list = Text::new();
    if !list.read(b"/proc/self/cgroup\0") {
        return None;
    }
    let (path, v1) = group(list.bytes())?;
    let (mut file, mut text) = (Text::new(), Text::new());
    let mut best = None;
    let mut path = path;
    // From the group to the root; inside a container the path may not exist, but the root does.
    loop {
        let dir = path.strip_suffix(b"/").unwrap_or(path);
        let mut read = |name: &[u8], text: &mut Text| {
            file.len = 0;
            let root: &[u8] = if v1 { b"/sys/fs/cgroup/cpu" } else { b"/sys/fs/cgroup" };
            file.push(root) && file.push(dir) && file.push(name) && text.read(&file.buf)
        };
        let here = if v1 {
            let quota = if read(b"/cpu.cfs_quota_us", &mut text) { number(text.bytes()) } else { None };
            let period = if read(b"/cpu.cfs_period_us", &mut text) { number(text.bytes()) } else { None };
            quota.zip(period.filter(|&p| p > 0)).map(|(q, p)| q.div_ceil(p))
        } else if read(b"/cpu.max", &mut text) {
            cpu_max(text.bytes())
        } else {
            None
        };
        if let Some(n) = here {
            best = Some(best.map_or(n, |b: u64| b.min(n)));
        }
        match dir.iter().rposition(|&c| c == b'/') {
            Some(i) => path = &dir[..i],
            None => return best,
        }
    }
}

/// Default of GOMAXPROCS with `cpus` usable: a limit below two would serialise everything.
pub fn default_procs(cpus: u32) -> u32 {
    match limit() {
        Some(n) if n < cpus as u64 => (n.max(2) as u32).min(cpus),
        _ => cpus,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        assert_eq!(cpu_max(b"150000 100000\n"), Some(2));
        assert_eq!(cpu_max(b"max 100000\n"), None);
        assert_eq!(cpu_max(b"5\n"), None);
        assert_eq!(group(b"0::/a/b\n"), Some((&b"/a/b"[..], false)));
        assert_eq!(group(b"4:cpu,cpuacct:/x\n0::/y\n"), Some((&b"/x"[..], true)));
        assert_eq!(group(b"4:cpuset:/x\n"), None);
    }
}
