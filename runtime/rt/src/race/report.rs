//! Reports, in the form of Go's race detector, and what GORACE says about them.
//!
//! # Safety
//! Everything is under `LOCK`, but for the settings, which are set once, and the counter.

use super::clock::{self, Ctx};
use super::shadow::{self, WRITE};
use super::stacks;
use crate::g::*;
use crate::lock::Mutex;
use crate::trace;
use crate::{entry, mem, sys};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::*};

struct Settings {
    log_path: &'static [u8],
    strip: &'static [u8],
    exitcode: i32,
    halt: bool,
    sleep_ms: u64,
    equal_stacks: bool,
    equal_addresses: bool,
}
static mut SET: Settings =
    Settings { log_path: b"stderr", strip: b"", exitcode: 66, halt: false, sleep_ms: 1000, equal_stacks: true, equal_addresses: true };

static LOCK: Mutex = Mutex::new();
/// Races reported.
static COUNT: AtomicU64 = AtomicU64::new(0);
/// Descriptor of the log; 0: not opened yet.
static LOG: AtomicU32 = AtomicU32::new(0);
/// Pairs of stacks, and addresses, of reports.
static mut STACKS: mem::WordVec = mem::WordVec::new();
static mut ADDRESSES: mem::WordVec = mem::WordVec::new();

pub fn count() -> u64 {
    COUNT.load(Relaxed)
}

pub unsafe fn init() {
    let Some(v) = entry::getenv(b"GORACE") else { return };
    let s = &mut *(&raw mut SET);
    for kv in v.split(|c| matches!(c, b' ' | b',' | b':' | b'\n' | b'\t' | b'\r')) {
        let Some(i) = kv.iter().position(|&c| c == b'=') else { continue };
        let (name, mut val) = (&kv[..i], &kv[i + 1..]);
        if val.len() >= 2 && matches!(val[0], b'"' | b'\'') && val[val.len() - 1] == val[0] {
            val = &val[1..val.len() - 1];
        }
        let num = val.iter().fold(0u64, |n, &c| n.wrapping_mul(10).wrapping_add(c.wrapping_sub(b'0') as u64));
        let on = matches!(val, b"1" | b"true" | b"yes");
        match name {
            b"log_path" => s.log_path = val,
            b"strip_path_prefix" => s.strip = val,
            b"exitcode" => s.exitcode = num as i32,
            b"halt_on_error" => s.halt = on,
            b"atexit_sleep_ms" => s.sleep_ms = num,
            b"suppress_equal_stacks" => s.equal_stacks = on,
            b"suppress_equal_addresses" => s.equal_addresses = on,
            // history_size and others: there is nothing to set.
            _ => {}
        }
    }
}

/// Text of a report.
struct Text {
    buf: *mut u8,
    len: usize,
}
const ROOM: usize = 256 << 10;

impl Text {
    unsafe fn new() -> Text {
        static mut BUF: *mut u8 = core::ptr::null_mut();
        if BUF.is_null() {
            BUF = mem::map_or_die(ROOM);
        }
        Text { buf: BUF, len: 0 }
    }
    fn bytes(&mut self, b: &[u8]) {
        let n = b.len().min(ROOM - self.len);
        // SAFETY: inside the buffer.
        unsafe { core::ptr::copy_nonoverlapping(b.as_ptr(), self.buf.add(self.len), n) };
        self.len += n;
    }
    fn str(&mut self, s: &str) {
        self.bytes(s.as_bytes());
    }
    fn number(&mut self, mut n: u64, base: u64, width: usize) {
        let mut d = [b'0'; 20];
        let mut i = d.len();
        while n > 0 || d.len() - i < width.max(1) {
            i -= 1;
            d[i] = b"0123456789abcdef"[(n % base) as usize];
            n /= base;
        }
        self.bytes(&d[i..]);
    }
    unsafe fn write(&self) {
        let fd = log();
        let mut at = 0;
        while at < self.len {
            let n = sys::write(fd, self.buf.add(at), self.len - at);
            if n <= 0 {
                return;
            }
            at += n as usize;
        }
    }
}

/// Where reports go.
unsafe fn log() -> usize {
    let fd = LOG.load(Relaxed);
    if fd != 0 {
        return fd as usize;
    }
    let path = SET.log_path;
    let fd = match path {
        b"stderr" | b"" => 2,
        b"stdout" => 1,
        _ => {
            let mut name = [0u8; 4096];
            let mut t = Text { buf: name.as_mut_ptr(), len: 0 };
            t.bytes(&path[..path.len().min(4000)]);
            t.str(".");
            t.number(sys::getpid() as u64, 10, 1);
            let fd = sys::create(name.as_ptr());
            if fd < 0 { 2 } else { fd as u32 }
        }
    };
    LOG.store(fd, Relaxed);
    fd as usize
}

/// Accesses `cur`, by the goroutine of `ctx`, and the earlier `old` to the 8 bytes at `addr` race.
pub unsafe fn race(ctx: *mut Ctx, addr: usize, cur: u64, old: u64) {
    let Some(tenant) = clock::tenant(shadow::slot(old), shadow::epoch(old)) else { return };
    let (stack, old_stack) = (shadow::stack(cur), shadow::stack(old));
    LOCK.lock();
    if SET.equal_stacks && seen(&mut *(&raw mut STACKS), ((stack.min(old_stack) as usize) << 32) | stack.max(old_stack) as usize)
        || SET.equal_addresses && seen(&mut *(&raw mut ADDRESSES), addr)
    {
        LOCK.unlock();
        return;
    }
    let mut t = Text::new();
    t.str("==================\nWARNING: DATA RACE\n");
    mop(&mut t, addr, cur, (*ctx).goid, false);
    t.str("\n");
    mop(&mut t, addr, old, tenant.goid, true);
    goroutine(&mut t, (*ctx).goid, (*ctx).created, true);
    if tenant.goid != (*ctx).goid {
        goroutine(&mut t, tenant.goid, tenant.created, is_alive(tenant.goid));
    }
    t.str("==================\n");
    COUNT.fetch_add(1, Relaxed);
    t.write();
    if SET.halt {
        sys::exit_group(SET.exitcode);
    }
    LOCK.unlock();
}

/// Whether v is in the list; puts it there.
unsafe fn seen(list: &mut mem::WordVec, v: usize) -> bool {
    if (0..list.len).any(|i| list.get(i) == v) {
        return true;
    }
    list.push(v);
    false
}

unsafe fn is_alive(goid: u64) -> bool {
    (0..ALLGS.len()).map(|i| ALLGS.get(i)).any(|g| {
        let st = (*g).status.load(Relaxed);
        (*g).goid == goid && st != DEAD && st != IDLE
    })
}

unsafe fn mop(t: &mut Text, addr: usize, cell: u64, goid: u64, previous: bool) {
    t.str(match (cell & WRITE != 0, previous) {
        (true, false) => "Write at 0x",
        (false, false) => "Read at 0x",
        (true, true) => "Previous write at 0x",
        (false, true) => "Previous read at 0x",
    });
    t.number((addr + shadow::bytes(cell).0) as u64, 16, 12);
    t.str(" by ");
    if goid == 1 {
        t.str("main goroutine:\n");
    } else {
        t.str("goroutine ");
        t.number(goid, 10, 1);
        t.str(":\n");
    }
    stack(t, shadow::stack(cell));
}

unsafe fn goroutine(t: &mut Text, goid: u64, created: u32, alive: bool) {
    if goid == 1 {
        return;
    }
    t.str("\nGoroutine ");
    t.number(goid, 10, 1);
    t.str(if alive { " (running) created at:\n" } else { " (finished) created at:\n" });
    stack(t, created);
}

unsafe fn stack(t: &mut Text, id: u32) {
    let (pcs, from) = (stacks::get(id), t.len);
    let Some(table) = trace::table() else { return };
    for (i, &pc) in pcs.iter().enumerate() {
        let pc = pc as usize;
        let Some(f) = table.find(pc as u64 - 1) else { continue };
        // The function that an operation of the runtime stands for.
        let operation = i == 0 && pc as u64 - 1 == f.entry;
        trace::expand_all(&f, pc, false, true, |l, _| {
            if operation || !l.name.starts_with("runtime.") {
                frame(t, &l, pc as u64 - 1 - f.entry);
            }
            true
        });
    }
    if t.len == from {
        t.str("  [failed to restore the stack]\n");
    }
}

unsafe fn frame(t: &mut Text, l: &trace::Logical<'_>, off: u64) {
    t.str("  ");
    // Type arguments are left out, as everywhere.
    match (l.name.find('['), l.name.rfind(']')) {
        (Some(i), Some(j)) if i < j => {
            t.str(&l.name[..i]);
            t.str("[...]");
            t.str(&l.name[j + 1..]);
        }
        _ => t.str(l.name),
    }
    t.str("()\n      ");
    let file = l.file.as_bytes();
    let strip = SET.strip;
    let at = if strip.is_empty() { None } else { file.windows(strip.len()).position(|w| w == strip) };
    t.bytes(at.map_or(file, |i| &file[i + strip.len()..]));
    t.str(":");
    t.number(l.line as u64, 10, 1);
    t.str(" +0x");
    t.number(off, 16, 1);
    t.str("\n");
}

/// The program ends well, so far: says how many races there were. The exit status.
pub unsafe fn finish() -> i32 {
    if SET.sleep_ms > 0 && crate::sched::NGOROUTINES.load(Relaxed) > 1 {
        // Others may still be about to race.
        sys::usleep(SET.sleep_ms * 1000);
    }
    LOCK.lock();
    let n = count();
    if n == 0 {
        return 0;
    }
    let mut t = Text::new();
    t.str("Found ");
    t.number(n, 10, 1);
    t.str(" data race(s)\n");
    t.write();
    SET.exitcode
}
