//! Frames as the programmer sees them: names, lines, what was inlined.

use super::cframes::{C_FRAMES, c_frames};
use super::{Walker, table};
use crate::cgo::iscgo;
use crate::g::*;
use rgo_abi::functab::{Func, flag, split_virtual_pc, virtual_pc};

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
pub fn expand_all(
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
