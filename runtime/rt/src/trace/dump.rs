//! Traces in Go's format: which goroutines and frames are shown, and how.
//!
//! # Safety
//! As in `trace`: the goroutines are stopped, or the process is about to end.

use super::cframes::{C_FRAMES, c_frames, print_c_frames};
use super::*;
use crate::g::*;
use crate::{entry, print, sys};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use rgo_abi::functab::{Func, flag};

/// Destination of prints while a trace goes to memory.
pub struct Sink {
    ptr: *mut u8,
    cap: usize,
    len: usize,
}
impl Sink {
    pub fn put(&mut self, b: &[u8]) {
        let n = b.len().min(self.cap - self.len);
        // SAFETY: within the caller's buffer.
        unsafe { core::ptr::copy_nonoverlapping(b.as_ptr(), self.ptr.add(self.len), n) };
        self.len += n;
    }
}
static SINK: AtomicUsize = AtomicUsize::new(0);
pub fn sink() -> Option<&'static mut Sink> {
    let p = SINK.load(Relaxed) as *mut Sink;
    // SAFETY: set only by `stack_into` on this thread, under the print lock, for the duration of the call.
    if p.is_null() { None } else { Some(unsafe { &mut *p }) }
}

/// Prints a name with type arguments shortened to `[...]`.
fn print_name(name: &str) {
    if let (Some(i), Some(j)) = (name.find('['), name.rfind(']'))
        && i < j
    {
        print::str(&name[..i]);
        print::str("[...]");
        print::str(&name[j + 1..]);
    } else {
        print::str(name);
    }
}

fn exported_runtime(name: &str) -> bool {
    let Some(name) = name.strip_prefix("runtime.") else { return false };
    let upper = |s: &str| s.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
    // Type arguments may have dots of their own.
    let (head, tail) = match (name.find('['), name.rfind(']')) {
        (Some(i), Some(j)) if i < j => (&name[..i], &name[j + 1..]),
        _ => ("", name),
    };
    let (receiver, last) = match tail.rsplit_once('.') {
        Some((r, m)) => (if head.is_empty() { r } else { head }, m),
        None => ("", if head.is_empty() { tail } else { head }),
    };
    upper(last) && (receiver.is_empty() || upper(receiver.strip_prefix("(*").unwrap_or(receiver)))
}

/// Shown to users?
fn shown(name: &str, flags: u32, all: bool) -> bool {
    if all {
        return true;
    }
    if flags & flag::HIDDEN != 0 || !name.contains('.') {
        return false;
    }
    !name.starts_with("runtime.")
        || exported_runtime(name)
        || matches!(name, "runtime.runFinalizers" | "runtime.runCleanups")
}

/// Which frames a trace shows.
#[derive(Clone, Copy)]
struct Show {
    /// Also the runtime's own and wrappers, with addresses.
    all: bool,
    /// Leave out everything above the innermost gopanic, and that too unless `all`.
    skip_panic: bool,
    /// Leave out the call of `Stack` that asks.
    skip_stack: bool,
}

impl Show {
    fn plain(all: bool) -> Show {
        Show { all, skip_panic: false, skip_stack: false }
    }
}

/// Calls `each` for the logical frames that are shown: physical function, its frame, logical frame.
unsafe fn shown_frames(mut w: Walker, show: Show, mut each: impl FnMut(&Func<'static>, &Walker, Logical<'static>), mut c: impl FnMut(usize)) {
    let Some(t) = table() else { return };
    let Show { all, mut skip_panic, skip_stack } = show;
    let mut n = 0;
    while let Some((f, pc, exact)) = w.next(&t) {
        if w.context != 0 {
            c(w.context);
        }
        let mut gopanic = false;
        if skip_panic && all {
            if f.name() != "runtime.gopanic" {
                continue;
            }
            gopanic = true;
            skip_panic = false;
        }
        if skip_panic {
            if f.name() == "runtime.gopanic" {
                skip_panic = false;
            }
            if f.name().starts_with("runtime.") {
                continue;
            }
            skip_panic = false;
        }
        expand_all(&f, pc, exact, all, |l, _| {
            let flags = if l.inlined { 0 } else { f.flags };
            let panic = l.name == "runtime.gopanic" && n > 0;
            if skip_stack && n == 0 && l.name == "runtime.Stack" || gopanic && l.inlined {
                return true;
            }
            if panic || shown(l.name, flags, all) {
                n += 1;
                each(&f, &w, l);
            }
            true
        });
    }
}

/// Frames printed at each end of a long stack.
const ENDS: usize = 50;

/// Prints the frames of w; if none would be shown, all of them.
unsafe fn print_frames(w: &Walker, mut show: Show) {
    if table().is_none() {
        print::str("\t(no function table)\n");
        return;
    }
    let mut total = 0;
    shown_frames(w.clone(), show, |_, _, _| total += 1, |_| {});
    if total == 0 {
        show = Show::plain(true);
        shown_frames(w.clone(), show, |_, _, _| total += 1, |_| {});
    }
    let mut n = 0;
    shown_frames(w.clone(), show, |f, w, l| {
        n += 1;
        if total > 2 * ENDS && n > ENDS && n <= total - ENDS {
            if n == ENDS + 1 {
                print::str("...");
                print::dec((total - 2 * ENDS) as i64);
                print::str(" frames elided...\n");
            }
            return;
        }
        print_frame(f, w, &l, show.all);
    }, |context| {
        let mut pcs = [0; C_FRAMES];
        let n = c_frames(context, 0, &mut pcs);
        print_c_frames(&pcs[..n]);
    });
}

unsafe fn print_frame(f: &Func<'static>, w: &Walker, l: &Logical<'static>, all: bool) {
    let flags = if l.inlined { 0 } else { f.flags };
    if l.name == "runtime.gopanic" {
        print::str("panic");
    } else {
        print_name(l.name);
    }
    print::str(if flags & flag::NOARGS != 0 { "()" } else { "(...)" });
    print::str("\n\t");
    print::str(l.file);
    print::str(":");
    print::dec(l.line as i64);
    if !l.inlined {
        if w.pc as u64 > f.entry {
            print::str(" +");
            print::hex(w.pc as u64 - f.entry);
        }
        if all {
            print::str(" fp=");
            print::hex(if w.fp == 0 { 0 } else { w.fp as u64 + 16 });
            print::str(" sp=");
            print::hex(w.sp as u64);
            print::str(" pc=");
            print::hex(w.pc as u64);
        }
    }
    print::str("\n");
}

unsafe fn print_created_by(g: *mut G, all: bool) {
    let pc = (*g).gopc;
    if pc == 0 || (*g).goid == 1 {
        return;
    }
    let Some(t) = table() else { return };
    let Some(f) = t.find(pc as u64 - 1) else { return };
    let pos = f.position(pc as u64 - 1);
    let name = pos.inline.and_then(|i| f.inline(i)).map_or(f.name(), |r| r.name);
    if !shown(name, f.flags, all) {
        return;
    }
    print::str("created by ");
    print_name(name);
    if (*g).parent_goid != 0 {
        print::str(" in goroutine ");
        print::dec((*g).parent_goid as i64);
    }
    print::str("\n\t");
    print::str(t.file(pos.file));
    print::str(":");
    print::dec(pos.line as i64);
    print::str(" +");
    print::hex(pc as u64 - f.entry);
    print::str("\n");
}

unsafe fn print_header(g: *mut G, all: bool) {
    print::str("goroutine ");
    print::dec((*g).goid as i64);
    let st = (*g).status.load(SeqCst);
    if all {
        print::str(" gp=");
        print::hex(g as u64);
        let m = if st == RUNNING || st == SYSCALL { (*g).m } else { core::ptr::null_mut() };
        if m.is_null() {
            print::str(" m=nil");
        } else {
            print::str(" m=");
            print::dec((*m).id as i64);
            print::str(" mp=");
            print::hex(m as u64);
        }
    }
    print::str(" [");
    let text = match st {
        RUNNING => "running",
        RUNNABLE => "runnable",
        SYSCALL => "syscall",
        WAITING => {
            let r = (*g).waitreason.text();
            if r.is_empty() { "waiting" } else { r }
        }
        DEAD => "dead",
        _ => "idle",
    };
    print::str(text);
    if (*g).leaked && st == WAITING {
        print::str(" (leaked)");
    }
    let bubble = (*g).bubble;
    if !bubble.is_null() && st == WAITING && (*g).bubble_idle {
        print::str(" (durable)");
    }
    let since = (*g).waitsince;
    if (st == WAITING || st == SYSCALL) && since != 0 {
        let minutes = (sys::nanotime() - since) / 60_000_000_000;
        if minutes >= 1 {
            print::str(", ");
            print::dec(minutes);
            print::str(" minutes");
        }
    }
    if !(*g).lockedm.is_null() {
        print::str(", locked to thread");
    }
    if !bubble.is_null() {
        print::str(", synctest bubble ");
        print::dec((*bubble).id as i64);
    }
    print::str("]");
    if (*g).labels != 0 && LABELS.load(Relaxed) {
        print_labels((*g).labels);
    }
    print::str(":\n");
}

/// Headers show the labels of goroutines (GODEBUG=tracebacklabels).
pub static LABELS: AtomicBool = AtomicBool::new(true);

/// `labels` is a runtime/pprof label set: its first word group is a slice of pairs of strings.
unsafe fn print_labels(labels: usize) {
    let list = labels as *const [usize; 3];
    let [at, n, _] = *list;
    if n == 0 {
        return;
    }
    let text = |i: usize| {
        let s = (at as *const [usize; 2]).add(i);
        if (*s)[1] == 0 { &[][..] } else { core::slice::from_raw_parts((*s)[0] as *const u8, (*s)[1]) }
    };
    print::str(" {");
    for i in 0..n {
        if i > 0 {
            print::str(", ");
        }
        print_word(text(2 * i));
        print::str(": ");
        print_word(text(2 * i + 1));
    }
    print::str("}");
}

/// Prints s, quoted if it has anything unusual.
fn print_word(s: &[u8]) {
    if s.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'/' | b'_')) {
        print::bytes(s);
        return;
    }
    print::str("\"");
    let digits = |n: u32, v: u32| {
        for k in (0..n).rev() {
            let d = b"0123456789abcdef"[(v >> (4 * k) & 15) as usize];
            print::bytes(&[d]);
        }
    };
    for chunk in s.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => print::str("\\n"),
                '\r' => print::str("\\r"),
                '\t' => print::str("\\t"),
                '\\' | '"' => print::bytes(&[b'\\', c as u8]),
                ' '..='~' => print::bytes(&[c as u8]),
                '\0'..='\u{7f}' => {
                    print::str("\\x");
                    digits(2, c as u32);
                }
                '\u{80}'..='\u{ffff}' => {
                    print::str("\\u");
                    digits(4, c as u32);
                }
                _ => {
                    print::str("\\U");
                    digits(8, c as u32);
                }
            }
        }
        for &b in chunk.invalid() {
            print::str("\\x");
            digits(2, b as u32);
        }
    }
    print::str("\"");
}

/// Trace of one goroutine that is stopped or current (saved context).
unsafe fn print_goroutine(g: *mut G, show: Show) {
    let all = show.all;
    print_header(g, all);
    print_frames(&Walker::of(g), show);
    print_created_by(g, all);
}

/// Whether g is left out of what users see: the runtime's own, unless it is running their finalizers and cleanups.
unsafe fn is_system(g: *mut G) -> bool {
    (*g).system && !crate::heap::special::runs_user_code(g)
}

unsafe fn print_others(me: *mut G, all: bool) {
    for i in 0..ALLGS.len() {
        let g = ALLGS.get(i);
        let st = (*g).status.load(SeqCst);
        if g == me || st == DEAD || st == IDLE || (is_system(g) && !all) {
            continue;
        }
        print::str("\n");
        if st == RUNNING {
            print_header(g, all);
            print::str("\tgoroutine running on other thread; stack unavailable\n");
            print_created_by(g, all);
        } else {
            print_goroutine(g, Show::plain(all));
        }
    }
}

/// The goroutines in g's bubble but itself.
unsafe fn print_bubble(g: *mut G, bubble: *mut crate::synctest::Bubble, all: bool) {
    for i in 0..ALLGS.len() {
        let o = ALLGS.get(i);
        let st = (*o).status.load(SeqCst);
        if o != g && (*o).bubble == bubble && st == WAITING {
            print::str("\n");
            print_goroutine(o, Show::plain(all));
        }
    }
}

unsafe fn finish() -> ! {
    if entry::CRASH.load(Relaxed) {
        crate::signal::die_from(crate::signal::SIGABRT);
    }
    sys::exit_group(2)
}

/// Traces as the settings ask, then the end. kind: 0 panic, 1 user's fatal error, 2 the runtime's. `bubble`: of a deadlock that
/// is the reason.
pub unsafe fn fatal_traces(g: *mut G, kind: i32, bubble: *mut crate::synctest::Bubble) -> ! {
    print::DYING.store(1, Relaxed);
    let level = entry::TRACEBACK.load(Relaxed);
    if level > 0 || kind == 2 {
        let all_frames = kind == 2 || level >= 2;
        if !g.is_null() {
            print::str("\n");
            print_goroutine(g, Show { skip_panic: kind == 0, ..Show::plain(all_frames) });
        }
        if kind == 2 || entry::TRACEBACK_ALL.load(Relaxed) || g.is_null() {
            print_others(g, all_frames);
        } else if !bubble.is_null() {
            print_bubble(g, bubble, all_frames);
        }
    }
    finish()
}

/// No goroutine can run. Called on g0 or the monitor thread without a current goroutine.
pub fn deadlock(msg: &[u8]) -> ! {
    print::DYING.store(1, Relaxed);
    print::lock();
    print::str("fatal error: ");
    print::bytes(msg);
    print::str("\n");
    // SAFETY: no goroutine runs.
    unsafe {
        if entry::TRACEBACK.load(Relaxed) > 0 {
            print_others(core::ptr::null_mut(), entry::TRACEBACK.load(Relaxed) >= 2);
        }
        finish()
    }
}

/// Traces after a fatal signal: the interrupted goroutine by its registers, then the others.
pub unsafe fn signal_traces(g: *mut G, pc: usize, sp: usize, fp: usize) {
    if !g.is_null() {
        print::str("\n");
        print_header(g, true);
        let m = (*g).m;
        if (*g).status.load(Relaxed) == SYSCALL && (*m).cgo.depth > 0 {
            let n = (*m).cgo.callers.iter().position(|&p| p == 0).unwrap_or(C_FRAMES);
            print_c_frames(&(&(*m).cgo.callers)[..n]);
        }
        let in_go = table().is_some_and(|t| t.find(pc as u64).is_some());
        let mut w = if in_go { Walker::at(g, pc, fp) } else { Walker::of(g) };
        if in_go {
            w.sp = sp;
        }
        print_frames(&w, Show::plain(true));
        print_created_by(g, true);
    }
    print_others(g, true);
}

/// `rt_stack`: trace of g (or of all, world stopped) into memory. Bytes written.
pub unsafe fn stack_into(g: *mut G, buf: *mut u8, n: usize, all: bool) -> usize {
    print::lock();
    let mut s = Sink { ptr: buf, cap: n, len: 0 };
    SINK.store(&raw mut s as usize, Relaxed);
    // Whatever the level for crashes.
    print_goroutine(g, Show { skip_stack: true, ..Show::plain(false) });
    if all {
        print_others(g, false);
    }
    SINK.store(0, Relaxed);
    print::unlock();
    s.len
}

/// `rt_goroutinestacks`.
pub unsafe fn goroutine_stacks(me: *mut G, buf: *mut usize, stride: usize, n: usize, leaked: bool) -> usize {
    let mut count = 0;
    let mut put = |g: *mut G| {
        if count < n {
            let rec = buf.add(count * stride);
            let mut top = 0;
            if (*g).status.load(SeqCst) == WAITING {
                for pc in waits_in((*g).waitreason) {
                    if pc != 0 {
                        *rec.add(2 + top) = pc;
                        top += 1;
                    }
                }
            }
            *rec = top + callers(g, 0, rec.add(2 + top), stride - 2 - top);
            *rec.add(1) = (*g).labels;
        }
        count += 1;
    };
    if !leaked {
        put(me);
    }
    for i in 0..ALLGS.len() {
        let g = ALLGS.get(i);
        let st = (*g).status.load(SeqCst);
        if if leaked { st == WAITING && (*g).leaked } else { g != me && st != DEAD && st != IDLE && !is_system(g) } {
            put(g);
        }
    }
    count
}
