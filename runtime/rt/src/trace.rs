//! Walking stacks, symbolising, traces in Go's format.
//!
//! A goroutine's frames form a frame-pointer chain across its segments. The runtime's own assembly has no entry in the
//! function table and is passed over, except for two return addresses: `rt_morestack_ret` (the true return address is on
//! the segment below) and `rt_gostart_ret` (end).
//!
//! # Safety
//! Only stacks of goroutines that are stopped, or the current one, are walked; every frame pointer is checked against the
//! segments before it is read.

use crate::cgo::{Callback, PLACES, iscgo};
use crate::g::*;
use crate::heap::gc::moduledata;
use crate::stack::Seg;
use crate::{entry, print, sys};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use rgo_abi::functab::{Func, Table, flag, split_virtual_pc, virtual_pc};

/// C functions of runtime/cgo that call what the program gave to SetCgoTraceback; 0: it gave none.
static C_TRACEBACK: AtomicUsize = AtomicUsize::new(0);
static C_SYMBOLIZER: AtomicUsize = AtomicUsize::new(0);

pub fn set_c_functions(traceback: usize, symbolizer: usize) {
    C_TRACEBACK.store(traceback, Relaxed);
    C_SYMBOLIZER.store(symbolizer, Relaxed);
}

/// The program's function table.
pub fn table() -> Option<Table<'static>> {
    // SAFETY: the linker step stored address and length of a read-only segment.
    unsafe {
        let md = moduledata();
        if md.functab == 0 {
            return None;
        }
        Table::new(core::slice::from_raw_parts(md.functab as *const u8, md.functab_len as usize))
    }
}

/// Not an address in the program's code at all.
pub fn is_wild(pc: usize) -> bool {
    // SAFETY: reads the block.
    let md = unsafe { moduledata() };
    (pc as u64) < md.text || pc as u64 >= md.text_end
}

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

#[cfg(not(test))]
unsafe extern "C" {
    static rt_call_resume: u8;
    static rt_newstack_resume: u8;
    static rt_async_resume: u8;
    static rt_gostart_ret: u8;
    static rt_morestack_ret: u8;
    #[link_name = "runtime.goexit"]
    static go_goexit: u8;
    #[link_name = "runtime.systemstack"]
    static go_systemstack: u8;
    #[link_name = "runtime.newstack"]
    static go_newstack: u8;
    #[link_name = "runtime.gopark"]
    static go_gopark: u8;
    #[link_name = "runtime.chanrecv"]
    static go_chanrecv: u8;
    #[link_name = "runtime.chansend"]
    static go_chansend: u8;
}
#[cfg(test)]
#[allow(non_upper_case_globals)]
mod fake {
    pub static rt_call_resume: u8 = 0;
    pub static rt_newstack_resume: u8 = 0;
    pub static rt_async_resume: u8 = 0;
    pub static rt_gostart_ret: u8 = 0;
    pub static rt_morestack_ret: u8 = 0;
    pub static go_goexit: u8 = 0;
    pub static go_systemstack: u8 = 0;
    pub static go_newstack: u8 = 0;
    pub static go_gopark: u8 = 0;
    pub static go_chanrecv: u8 = 0;
    pub static go_chansend: u8 = 0;
}
#[cfg(test)]
use fake::*;

macro_rules! addr {
    ($s:ident) => {
        &raw const $s as usize
    };
}

/// Most C frames that one call, or signal, can show.
const C_FRAMES: usize = 32;

/// Asks the program for the C frames of a context, or of a place interrupted by a signal. How many there are.
pub unsafe fn c_frames(context: usize, signal: usize, buf: &mut [usize]) -> usize {
    #[repr(C)]
    struct Arg {
        context: usize,
        signal: usize,
        buf: *mut usize,
        max: usize,
    }
    let f = C_TRACEBACK.load(Relaxed);
    if f == 0 {
        return 0;
    }
    let mut a = Arg { context, signal, buf: buf.as_mut_ptr(), max: buf.len() };
    let f: extern "C" fn(*mut Arg) = core::mem::transmute(f);
    f(&mut a);
    buf.iter().position(|&p| p == 0).unwrap_or(buf.len())
}

/// C frames, which are in no table of ours.
unsafe fn print_c_frames(pcs: &[usize]) {
    #[repr(C)]
    struct Arg {
        pc: usize,
        file: *const u8,
        line: usize,
        func: *const u8,
        entry: usize,
        more: usize,
        data: usize,
    }
    let text = |p: *const u8| {
        let mut n = 0;
        while *p.add(n) != 0 {
            n += 1;
        }
        core::slice::from_raw_parts(p, n)
    };
    let f = C_SYMBOLIZER.load(Relaxed);
    let mut a: Arg = core::mem::zeroed();
    for &pc in pcs {
        if f == 0 {
            print::str("non-Go function at pc=");
            print::hex(pc as u64);
            print::str("\n");
            continue;
        }
        let f: extern "C" fn(*mut Arg) = core::mem::transmute(f);
        a.pc = pc;
        loop {
            f(&mut a);
            print::bytes(if a.func.is_null() { b"non-Go function" } else { text(a.func) });
            print::str("\n\t");
            if !a.file.is_null() {
                print::bytes(text(a.file));
                print::str(":");
                print::udec(a.line as u64);
                print::str(" ");
            }
            print::str("pc=");
            print::hex(pc as u64);
            print::str("\n");
            if a.more == 0 {
                break;
            }
        }
    }
    if f != 0 && !pcs.is_empty() {
        let f: extern "C" fn(*mut Arg) = core::mem::transmute(f);
        a.pc = 0;
        f(&mut a);
    }
}

/// Iterator over physical frames.
#[derive(Clone)]
pub struct Walker {
    seg: *mut Seg,
    /// Code address in the current function, and that function's frame pointer.
    pc: usize,
    fp: usize,
    /// `pc` is the instruction itself, not a return address.
    exact: bool,
    /// The frame after this one was interrupted by a fault: its address is exact.
    after_sigpanic: bool,
    first: bool,
    /// Stack pointer of the frame, for dumps.
    sp: usize,
    /// The innermost call from C not passed yet; the context of the one between this frame and the one before, or 0.
    callback: *mut Callback,
    context: usize,
    /// Frames still to be shown for a call from C.
    between: u8,
}

impl Walker {
    /// From the saved context of g.
    pub unsafe fn of(g: *mut G) -> Walker {
        let (sp, spc) = ((*g).sched_sp, (*g).sched_pc);
        // Where the runtime's entry sequence pushed the frame pointer (asm_amd64.rs).
        let (at, exact) = if spc == addr!(rt_call_resume)
            || (spc != 0 && (spc == PLACES.resume.load(Relaxed) || spc == PLACES.go.load(Relaxed)))
        {
            (sp + 48, false)
        } else if spc == addr!(rt_newstack_resume) {
            (sp + 240, false)
        } else if spc == addr!(rt_async_resume) {
            (sp + 120, true)
        } else {
            (0, true)
        };
        let (pc, fp) = if at != 0 { (*((at + 8) as *const usize), *(at as *const usize)) } else { ((*g).startpc, 0) };
        Walker { seg: (*g).seg, pc, fp, exact, after_sigpanic: false, first: true, sp, callback: (*g).callback, context: 0, between: 0 }
    }

    /// From interrupted registers.
    pub unsafe fn at(g: *mut G, pc: usize, fp: usize) -> Walker {
        Walker { seg: (*g).seg, pc, fp, exact: true, after_sigpanic: false, first: true, sp: 0, callback: (*g).callback, context: 0, between: 0 }
    }

    unsafe fn valid(&self, fp: usize) -> bool {
        let mut s = self.seg;
        while !s.is_null() {
            if fp >= (*s).lo && fp + 16 <= (*s).hi {
                return fp & 7 == 0;
            }
            s = (*s).prev;
        }
        false
    }

    unsafe fn up(&mut self) -> bool {
        if !self.valid(self.fp) {
            return false;
        }
        self.pc = *((self.fp + 8) as *const usize);
        self.sp = self.fp + 16;
        self.fp = *(self.fp as *const usize);
        self.exact = core::mem::take(&mut self.after_sigpanic);
        true
    }

    /// What stands for a call from C: the function that runs the Go function, then, below the C frames, the one that left for C.
    unsafe fn show_call(&mut self, t: &Table<'static>) -> Option<(Func<'static>, usize, bool)> {
        let i = 2 - self.between as usize;
        self.between -= 1;
        if i == 1 {
            self.context = (*self.callback).context;
            self.callback = (*self.callback).outer;
        }
        let pc = PLACES.shown[i].load(Relaxed) + 1;
        self.pc = pc;
        t.find(pc as u64).map(|f| (f, pc, false))
    }

    /// Next frame of Go code: (function, pc, exact).
    pub unsafe fn next(&mut self, t: &Table<'static>) -> Option<(Func<'static>, usize, bool)> {
        self.context = 0;
        if self.between > 0 {
            return self.show_call(t);
        }
        loop {
            if !core::mem::take(&mut self.first) && !self.up() {
                return None;
            }
            if self.pc == addr!(rt_morestack_ret) {
                // The function below runs on the next segment; its caller's address lies at the segment switch.
                if self.seg.is_null() || (*self.seg).prev.is_null() {
                    return None;
                }
                self.seg = (*self.seg).prev;
                self.pc = *((*self.seg).saved_sp as *const usize);
            }
            if self.pc == addr!(rt_gostart_ret) {
                // The end: shown as Go's function of that purpose.
                self.pc = addr!(go_goexit) + 1;
                self.fp = 0;
                self.exact = false;
            }
            if self.pc == 0 {
                return None;
            }
            if !self.callback.is_null() && self.pc == PLACES.ret.load(Relaxed) {
                self.between = 2;
                return self.show_call(t);
            }
            let look = if self.exact { self.pc } else { self.pc - 1 };
            if let Some(f) = t.find(look as u64) {
                self.after_sigpanic = f.name() == "runtime.sigpanic0";
                return Some((f, self.pc, self.exact));
            }
            if is_wild(self.pc) {
                return None;
            }
        }
    }
}

/// g was preempted asynchronously: its vector registers are in the image.
pub unsafe fn async_stopped(g: *mut G) -> bool {
    (*g).sched_pc == addr!(rt_async_resume) && (*g).status.load(SeqCst) != RUNNING
}

/// Return addresses of the physical Go frames of w, for `expand_raw`. Addresses that are no return addresses get one added.
pub unsafe fn raw_stack(w: &mut Walker, buf: &mut [usize]) -> usize {
    let Some(t) = table() else { return 0 };
    let mut n = 0;
    while n < buf.len()
        && let Some((_, pc, exact)) = w.next(&t)
    {
        if w.context != 0 {
            let room = (n + C_FRAMES).min(buf.len());
            n += c_frames(w.context, 0, &mut buf[n..room]);
            if n == buf.len() {
                break;
            }
        }
        buf[n] = pc + exact as usize;
        n += 1;
    }
    n
}

/// `raw_stack` of g, which m was running when a signal came; on the signal stack. Nothing if its place is unknown.
pub unsafe fn interrupted_stack(m: *mut M, g: *mut G, pc: usize, sp: usize, fp: usize, buf: &mut [usize]) -> usize {
    let Some(t) = table() else { return 0 };
    let st = (*g).status.load(Relaxed);
    if st != RUNNING && st != SYSCALL {
        return 0;
    }
    if iscgo() && (*g).sched_pc == PLACES.resume.load(Relaxed) && st == SYSCALL {
        // In C.
        let n = if (*m).cgo.in_c { (*m).cgo.callers.iter().position(|&p| p == 0).unwrap_or(C_FRAMES).min(buf.len() - 1) } else { 0 };
        buf[..n].copy_from_slice(&(&(*m).cgo.callers)[..n]);
        return n + raw_stack(&mut Walker::of(g), &mut buf[n..]);
    }
    if sp > (*m).g0_lo && sp <= (*m).g0_hi {
        // In the runtime, on behalf of g: shown as Go's functions of that purpose.
        buf[0] = if (*g).sched_pc == addr!(rt_call_resume) {
            addr!(go_systemstack) + 1
        } else if (*g).sched_pc == addr!(rt_newstack_resume) {
            addr!(go_newstack) + 1
        } else {
            return 0;
        };
        return 1 + raw_stack(&mut Walker::of(g), &mut buf[1..]);
    }
    let mut w = Walker::at(g, pc, fp);
    if !w.valid(sp) {
        return 0;
    }
    let mut n = 0;
    // Where no frame has been set up (yet, or any more) the return address is still near sp.
    let ret = match t.find(pc as u64) {
        Some(f) => {
            let code = |p: usize| *(p as *const u8);
            let framed = code(f.entry as usize) == 0x55;
            let off = pc as u64 - f.entry;
            if code(pc) == 0xc3 || off == 0 || !framed {
                *(sp as *const usize)
            } else if off == 1 {
                *((sp + 8) as *const usize)
            } else {
                0
            }
        }
        None if crate::signal::in_memory_primitive(pc) => *(sp as *const usize),
        None => 0,
    };
    if ret != 0 && t.find(ret as u64 - 1).is_some() {
        if t.find(pc as u64).is_some() {
            buf[0] = pc + 1;
            n = 1;
        }
        w.pc = ret;
        w.exact = false;
    }
    n + raw_stack(&mut w, &mut buf[n..])
}

// --- logical frames ---

/// One frame as the programmer sees it.
pub struct Logical<'a> {
    pub name: &'a str,
    pub file: &'a str,
    pub line: u32,
    pub inlined: bool,
}

/// Calls `each(frame, pc to hand to Go)` for the logical frames of one physical frame, innermost first; stops on false.
pub fn expand(f: &Func<'static>, pc: usize, exact: bool, each: impl FnMut(Logical<'static>, usize) -> bool) -> bool {
    expand_all(f, pc, exact, false, each)
}

/// `expand`, also with wrappers if `all`.
fn expand_all(
    f: &Func<'static>,
    pc: usize,
    exact: bool,
    all: bool,
    mut each: impl FnMut(Logical<'static>, usize) -> bool,
) -> bool {
    let look = if exact { pc } else { pc - 1 } as u64;
    let pos = f.position(look);
    let (mut file, mut line) = (f.table.file(pos.file), pos.line);
    // Behind a call that does not return the next function may start: an address inside the call names the same line.
    let mut handed = if exact {
        pc + 1
    } else if pc as u64 >= f.entry + f.size {
        pc - 1
    } else {
        pc
    };
    let mut inl = pos.inline;
    while let Some(i) = inl {
        let Some(r) = f.inline(i) else { break };
        if !each(Logical { name: r.name, file, line, inlined: true }, handed) {
            return false;
        }
        file = r.call_file;
        line = r.call_line;
        handed = virtual_pc(f.index, i) as usize;
        inl = r.parent;
    }
    if f.flags & flag::WRAPPER != 0 && !all {
        return true;
    }
    each(Logical { name: f.name(), file, line, inlined: false }, handed)
}

/// `rt_callers`.
pub unsafe fn callers(g: *mut G, skip: usize, buf: *mut usize, n: usize) -> usize {
    let Some(t) = table() else { return 0 };
    let mut w = Walker::of(g);
    let mut count = 0;
    let mut skip = skip;
    let mut first = true;
    while count < n {
        let Some((f, pc, exact)) = w.next(&t) else { break };
        if w.context != 0 && skip == 0 {
            let mut pcs = [0; C_FRAMES];
            let c = c_frames(w.context, 0, &mut pcs).min(n - count);
            for &pc in &pcs[..c] {
                *buf.add(count) = pc;
                count += 1;
            }
        }
        expand(&f, pc, exact, |l, handed| {
            // The stub that called us, inlined or not.
            if core::mem::take(&mut first) && l.name.starts_with("runtime.rt_") {
                return true;
            }
            if skip > 0 {
                skip -= 1;
                return true;
            }
            if count == n {
                return false;
            }
            *buf.add(count) = handed;
            count += 1;
            true
        });
    }
    count
}

/// Entry stubs of the runtime, which profiles and traces leave out at the top.
fn is_stub(name: &str) -> bool {
    name.starts_with("runtime.rt_") || name.contains(".runtime_")
}

/// The logical frames of what `raw_stack` gave, without a stub at the top (unless `stubs`) and `skip` more.
pub fn expand_raw(raw: &[usize], mut skip: usize, stubs: bool, out: &mut [usize]) -> usize {
    let Some(t) = table() else { return 0 };
    let mut n = 0;
    let mut first = !stubs;
    for &pc in raw {
        let Some(f) = t.find(pc as u64 - 1) else {
            // Of C.
            if n < out.len() && iscgo() {
                out[n] = pc;
                n += 1;
            }
            continue;
        };
        let more = expand(&f, pc, false, |l, handed| {
            if core::mem::take(&mut first) && is_stub(l.name) {
                return true;
            }
            if skip > 0 {
                skip -= 1;
                return true;
            }
            if n == out.len() {
                return false;
            }
            out[n] = handed;
            n += 1;
            true
        });
        if !more {
            break;
        }
    }
    n
}

/// Calls f for the physical frames of g, which is stopped: name, entry, pc, stack pointer, end.
pub unsafe fn frames(g: *mut G, mut f: impl FnMut(&'static str, u64, usize, usize, usize)) {
    let Some(t) = table() else { return };
    let mut w = Walker::of(g);
    while let Some((func, pc, _)) = w.next(&t) {
        // A segment's end may lie between.
        let end = if w.valid(w.fp) && w.fp > w.sp { w.fp + 16 } else { w.sp };
        f(func.name(), func.entry, pc, w.sp, end);
    }
}

/// Calls f for the logical frames of what `raw_stack` gave, with an address for each.
pub fn logical_stack(raw: &[usize], mut f: impl FnMut(usize, Logical<'static>)) {
    let Some(t) = table() else { return };
    let mut first = true;
    for &pc in raw {
        let Some(func) = t.find(pc as u64 - 1) else { continue };
        expand(&func, pc, false, |l, handed| {
            if !(core::mem::take(&mut first) && is_stub(l.name)) {
                f(handed, l);
            }
            true
        });
    }
}

/// `rt_inlinedinto`.
pub fn inlined_into(pc: usize, out: &mut [usize]) -> usize {
    let Some(t) = table() else { return 0 };
    let (f, mut at) = if let Some((fi, i)) = split_virtual_pc(pc as u64) {
        let Some(f) = t.func(fi) else { return 0 };
        let up = f.inline(i).and_then(|r| r.parent);
        (f, up)
    } else {
        let Some(f) = t.find(pc as u64 - 1) else { return 0 };
        let pos = f.position(pc as u64 - 1);
        (f, pos.inline)
    };
    let mut n = 0;
    while let Some(i) = at
        && n < out.len()
    {
        let Some(r) = f.inline(i) else { break };
        if r.parent.is_none() && f.flags & flag::WRAPPER != 0 {
            break;
        }
        out[n] = virtual_pc(f.index, i) as usize;
        n += 1;
        at = r.parent;
    }
    n
}

/// What `rt_symbolize` answers.
pub struct Symbol {
    /// The address itself; for a virtual address one in the code with the same position, if there is any.
    pub pc: u64,
    pub entry: u64,
    pub func: &'static str,
    pub name: &'static str,
    pub file: &'static str,
    pub line: u32,
    pub start_line: u32,
    pub flags: u32,
    pub inlined: bool,
}

pub fn symbolize(pc: usize) -> Option<Symbol> {
    let t = table()?;
    if let Some((fi, i)) = split_virtual_pc(pc as u64) {
        let f = t.func(fi)?;
        let r = f.inline(i)?;
        let parent = r.parent.and_then(|p| f.inline(p));
        return Some(Symbol {
            pc: f.pc_of_inline(i).unwrap_or(pc as u64),
            entry: f.entry,
            func: f.name(),
            name: parent.as_ref().map_or(f.name(), |p| p.name),
            file: r.call_file,
            line: r.call_line,
            start_line: parent.as_ref().map_or(f.start_line, |p| p.start_line),
            flags: f.flags,
            inlined: parent.is_some(),
        });
    }
    let f = t.find(pc as u64)?;
    let pos = f.position(pc as u64);
    let inl = pos.inline.and_then(|i| f.inline(i));
    Some(Symbol {
        pc: pc as u64,
        entry: f.entry,
        func: f.name(),
        name: inl.as_ref().map_or(f.name(), |r| r.name),
        file: t.file(pos.file),
        line: pos.line,
        start_line: inl.as_ref().map_or(f.start_line, |r| r.start_line),
        flags: f.flags,
        inlined: inl.is_some(),
    })
}

// --- printing ---

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
    name.strip_prefix("runtime.").is_some_and(|n| n.as_bytes().first().is_some_and(u8::is_ascii_uppercase))
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
    /// Leave out everything up to the innermost gopanic.
    skip_panic: bool,
}

/// Calls `each` for the logical frames that are shown: physical function, its frame, logical frame.
unsafe fn shown_frames(mut w: Walker, show: Show, mut each: impl FnMut(&Func<'static>, &Walker, Logical<'static>), mut c: impl FnMut(usize)) {
    let Some(t) = table() else { return };
    let Show { all, mut skip_panic } = show;
    let mut n = 0;
    while let Some((f, pc, exact)) = w.next(&t) {
        if w.context != 0 {
            c(w.context);
        }
        if skip_panic && !all {
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
    if total == 0 && !show.all {
        show.all = true;
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
unsafe fn print_goroutine(g: *mut G, all: bool, skip_panic: bool) {
    print_header(g, all);
    print_frames(&Walker::of(g), Show { all, skip_panic });
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
            print_goroutine(g, all, false);
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
            print_goroutine(o, all, false);
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
            print_goroutine(g, all_frames, kind == 0);
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
        print_frames(&w, Show { all: true, skip_panic: false });
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
    print_goroutine(g, false, false);
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
            // A waiting goroutine has Go's functions of that purpose on top.
            let mut top = 0;
            if (*g).status.load(SeqCst) == WAITING {
                *rec.add(2) = addr!(go_gopark) + 1;
                top = 1;
                let op = match (*g).waitreason {
                    WaitReason::ChanReceive | WaitReason::ChanReceiveNil => addr!(go_chanrecv),
                    WaitReason::ChanSend | WaitReason::ChanSendNil => addr!(go_chansend),
                    _ => 0,
                };
                if op != 0 {
                    *rec.add(3) = op + 1;
                    top = 2;
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
