//! Symbols of tables, traces and the end of the process.
//!
//! # Safety
//! Frames as declared in runtime/go/runtime/rt.go.

use crate::g::*;
use crate::heap::gc::moduledata;
use crate::trace;

#[unsafe(export_name = "rt.runtime.rt_dopanic")]
unsafe extern "C" fn dopanic(g: *mut G, f: *mut DoPanic) {
    trace::fatal_traces(g, (*f).kind as i32, (*f).bubble)
}
#[repr(C)]
struct DoPanic {
    kind: isize,
    bubble: *mut crate::synctest::Bubble,
}
#[unsafe(export_name = "rt.runtime.rt_tracebacklabels")]
unsafe extern "C" fn traceback_labels(_g: *mut G, f: *mut bool) {
    trace::LABELS.store(*f, core::sync::atomic::Ordering::Relaxed);
}

#[repr(C)]
struct GoString {
    p: *const u8,
    n: usize,
}
impl GoString {
    fn of(s: &'static str) -> GoString {
        GoString { p: s.as_ptr(), n: s.len() }
    }
}

#[repr(C)]
struct Callers {
    skip: isize,
    buf: *mut usize,
    n: isize,
    ret: isize,
}
#[unsafe(export_name = "rt.runtime.rt_callers")]
unsafe extern "C" fn callers(g: *mut G, f: *mut Callers) {
    (*f).ret = trace::callers(g, (*f).skip.max(0) as usize, (*f).buf, (*f).n as usize) as isize;
}

#[repr(C)]
struct Stack {
    buf: *mut u8,
    n: isize,
    all: bool,
    ret: isize,
}
#[unsafe(export_name = "rt.runtime.rt_stack")]
unsafe extern "C" fn stack_text(g: *mut G, f: *mut Stack) {
    (*f).ret = trace::stack_into(g, (*f).buf, (*f).n as usize, (*f).all) as isize;
}

#[repr(C)]
struct Stacks {
    buf: *mut usize,
    stride: isize,
    n: isize,
    leaked: bool,
    ret: isize,
}
#[unsafe(export_name = "rt.runtime.rt_goroutinestacks")]
unsafe extern "C" fn goroutinestacks(g: *mut G, f: *mut Stacks) {
    (*f).ret = trace::goroutine_stacks(g, (*f).buf, (*f).stride as usize, (*f).n as usize, (*f).leaked) as isize;
}

#[repr(C)]
struct Symbolize {
    pc: usize,
    out: *mut SymInfo,
    ret: bool,
}
#[repr(C)]
struct SymInfo {
    pc: usize,
    entry: usize,
    func_name: GoString,
    name: GoString,
    file: GoString,
    line: i32,
    start_line: i32,
    flags: u32,
    inlined: bool,
}
#[unsafe(export_name = "rt.runtime.rt_symbolize")]
unsafe extern "C" fn symbolize(_g: *mut G, f: *mut Symbolize) {
    (*f).ret = match trace::symbolize((*f).pc) {
        Some(s) => {
            *(*f).out = SymInfo {
                pc: s.pc as usize,
                entry: s.entry as usize,
                func_name: GoString::of(s.func),
                name: GoString::of(s.name),
                file: GoString::of(s.file),
                line: s.line as i32,
                start_line: s.start_line as i32,
                flags: s.flags,
                inlined: s.inlined,
            };
            true
        }
        None => false,
    };
}

#[repr(C)]
struct InlinedInto {
    pc: usize,
    buf: *mut usize,
    n: isize,
    ret: isize,
}
#[unsafe(export_name = "rt.runtime.rt_inlinedinto")]
unsafe extern "C" fn inlinedinto(_g: *mut G, f: *mut InlinedInto) {
    let out = core::slice::from_raw_parts_mut((*f).buf, (*f).n as usize);
    (*f).ret = trace::inlined_into((*f).pc, out) as isize;
}

#[repr(C)]
struct Range {
    lo: usize,
    hi: usize,
}
/// Everything the link put into the file: compiled descriptors lie inside.
#[unsafe(export_name = "rt.runtime.rt_staticrange")]
unsafe extern "C" fn staticrange(_g: *mut G, f: *mut Range) {
    let md = moduledata();
    let parts = [
        (md.text, md.text_end),
        (md.rodata, md.rodata_end),
        (md.types, md.types_end),
        (md.data, md.data_end),
        (md.bss, md.bss_end),
        (md.noptrdata, md.noptrdata_end),
        (md.noptrbss, md.noptrbss_end),
    ];
    let used = || parts.iter().filter(|(a, b)| a < b);
    *f = Range {
        lo: used().map(|p| p.0).min().unwrap_or(0) as usize,
        hi: used().map(|p| p.1).max().unwrap_or(0) as usize,
    };
}

#[repr(C)]
struct Links {
    types: [usize; 3],
    itabs: [usize; 3],
}
#[unsafe(export_name = "rt.runtime.rt_links")]
unsafe extern "C" fn links(_g: *mut G, f: *mut Links) {
    let md = moduledata();
    let s = |p: u64, n: u64| [p as usize, n as usize, n as usize];
    *f = Links { types: s(md.typelinks, md.typelinks_len), itabs: s(md.itablinks, md.itablinks_len) };
}

#[unsafe(export_name = "rt.runtime.rt_modinfo")]
unsafe extern "C" fn modinfo(_g: *mut G, f: *mut GoString) {
    let md = moduledata();
    *f = GoString { p: md.modinfo as *const u8, n: md.modinfo_len as usize };
}

/// The values of small integers in interfaces, which nothing may change.
#[cfg(not(test))]
#[unsafe(export_name = "runtime.staticuint64s")]
static STATIC_INTEGERS: [u64; 256] = {
    let mut t = [0; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = i as u64;
        i += 1;
    }
    t
};
