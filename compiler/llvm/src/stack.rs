//! Stack checks, inserted after optimisation, when it is known what each function has become.
//!
//! - Functions without calls and with little frame get none; `nosplit` functions neither.
//! - Small frames: the check is the first thing in the entry block. LLVM places the prologue before it (shrink wrapping is off), so sp includes
//!   the frame.
//! - Large frames: the function becomes `f.body` and `f` a shim that checks `sp - K` and tail-calls it.
//!
//! Frame sizes are estimated from the allocas; the exact ones come back as `warn-stack-size` diagnostics, and [`crate::compile_module`] starts
//! over with the reported size as estimate.

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::debuginfo::*;
use inkwell::llvm_sys::prelude::*;
use inkwell::llvm_sys::target::LLVMABISizeOfType;
use inkwell::llvm_sys::*;
use rgo_abi::functab::flag;
use rgo_abi::g::goff;
use rgo_abi::stack as limits;
use rustc_hash::FxHashMap;

use crate::module::{FnMeta, Gen};
use crate::raw::*;

/// Estimate (sum of allocas) up to which the check is made after the prologue.
const SMALL: u64 = limits::SMALL_FRAME;
/// Frame a checked function may really have: what it may touch below the limit before the check runs, which must stay inside the guard.
const SMALL_MAX: u64 = limits::GUARD - limits::GUARD_RESERVE;
/// Frame an unchecked leaf may have.
const LEAF_MAX: u64 = limits::LEAF_FRAME * 2;
/// What the estimate of a shim allows for spills.
const SPILL_ROOM: u64 = 512;

/// Attribute of a function: bytes of stack that what it calls takes without a check of its own.
pub const CALLEE_STACK: &str = "rgo-callee-stack";

fn insts(bb: BB) -> Vec<V> {
    let mut out = Vec::new();
    ll!({
        let mut i = LLVMGetFirstInstruction(bb);
        while !i.is_null() {
            out.push(i);
            i = LLVMGetNextInstruction(i);
        }
    });
    out
}

fn blocks(f: V) -> Vec<BB> {
    let mut out = Vec::new();
    ll!({
        let mut b = LLVMGetFirstBasicBlock(f);
        while !b.is_null() {
            out.push(b);
            b = LLVMGetNextBasicBlock(b);
        }
    });
    out
}

pub fn value_name(v: V) -> String {
    ll!({
        let mut n = 0;
        let p = LLVMGetValueName2(v, &mut n);
        String::from_utf8_lossy(std::slice::from_raw_parts(p as *const u8, n)).into_owned()
    })
}

fn is_opcode(i: V, o: LLVMOpcode) -> bool {
    ll!(LLVMGetInstructionOpcode(i) == o)
}

/// What decides the kind of check.
struct Shape {
    calls: bool,
    allocas: u64,
}

fn shape(td: target::LLVMTargetDataRef, f: V) -> Shape {
    let mut s = Shape { calls: false, allocas: 0 };
    for (n, bb) in blocks(f).into_iter().enumerate() {
        for i in insts(bb) {
            if is_opcode(i, LLVMOpcode::LLVMInvoke) {
                s.calls = true;
            } else if is_opcode(i, LLVMOpcode::LLVMCall) {
                let callee = ll!(LLVMGetCalledValue(i));
                let intrinsic = ll!(!LLVMIsAFunction(callee).is_null() && LLVMGetIntrinsicID(callee) != 0);
                let asm = ll!(!LLVMIsAInlineAsm(callee).is_null());
                s.calls |= !intrinsic && !asm;
            } else if is_opcode(i, LLVMOpcode::LLVMAlloca) {
                assert!(
                    n == 0 && ll!(LLVMIsConstant(LLVMGetOperand(i, 0)) != 0),
                    "internal compiler error: dynamic stack allocation in {}",
                    value_name(f)
                );
                let size = ll!(LLVMABISizeOfType(td, LLVMGetAllocatedType(i)));
                s.allocas += size.next_multiple_of(8);
            }
        }
    }
    s
}

fn callee_stack(f: V) -> u64 {
    ll!({
        let a = LLVMGetStringAttributeAtIndex(f, FUNCTION_INDEX, CALLEE_STACK.as_ptr() as *const _, CALLEE_STACK.len() as u32);
        if a.is_null() {
            return 0;
        }
        let mut n = 0;
        let p = LLVMGetStringAttributeValue(a, &mut n);
        String::from_utf8_lossy(std::slice::from_raw_parts(p as *const u8, n as usize)).parse().unwrap_or(0)
    })
}

/// Inserts the checks into all defined functions. `known` holds frame sizes reported by an earlier attempt.
pub fn insert_checks(g: &mut Gen<'_>, known: &FxHashMap<String, u64>) {
    g.b.forget_intrinsics();
    let mut fs = Vec::new();
    ll!({
        let mut f = LLVMGetFirstFunction(g.b.m);
        while !f.is_null() {
            let defined = LLVMIsDeclaration(f) == 0;
            if defined
                && LLVMGetLinkage(f) != LLVMLinkage::LLVMAvailableExternallyLinkage
                && LLVMGetFunctionCallConv(f) == SWIFTCC
            {
                fs.push(f);
            }
            f = LLVMGetNextFunction(f);
        }
    });
    let td = ll!(target::LLVMGetModuleDataLayout(g.b.m));
    for f in fs {
        let has_pad = ll!(LLVMHasPersonalityFn(f) != 0);
        if !has_pad {
            // No unwind tables; invokes of it are long decided.
            g.b.add_attr(f, FUNCTION_INDEX, "nounwind");
        }
        let nosplit = ll!({
            let k = "rgo-nosplit";
            !LLVMGetStringAttributeAtIndex(f, FUNCTION_INDEX, k.as_ptr() as *const _, k.len() as u32).is_null()
        });
        if nosplit {
            continue;
        }
        let mut s = shape(td, f);
        s.allocas += callee_stack(f);
        let name = value_name(f);
        let known = known.get(&name).copied().unwrap_or(0);
        let estimate = s.allocas.max(known);
        if !s.calls && estimate <= limits::LEAF_FRAME {
            g.b.add_str_attr(f, "warn-stack-size", &LEAF_MAX.to_string());
        } else if estimate <= SMALL {
            g.b.add_str_attr(f, "warn-stack-size", &SMALL_MAX.to_string());
            check_in_entry(g, f);
        } else {
            let k = (s.allocas + SPILL_ROOM).max(known + 256).next_multiple_of(64);
            g.b.add_str_attr(f, "warn-stack-size", &k.to_string());
            shim(g, f, k);
        }
    }
}

/// Emits `if sp - k < g.limit { g.ms_fn = f; return rt_morestack(same arguments) }`; leaves the builder without position and returns
/// the branch's blocks through `then`.
fn emit_check(g: &mut Gen<'_>, f: V, k: u64, ok: BB) {
    let b = &g.b;
    let n = ll!(LLVMCountParams(f));
    let gp = b.param(f, n - 1);
    let sp = b.read_sp(if g.opts.goarch == "amd64" { "rsp" } else { "sp" });
    let sp = if k > 0 { b.sub(sp, b.c64(k)) } else { sp };
    let lim = b.load(b.i64, b.offset(gp, goff::LIMIT as i64), 8);
    b.set_volatile(lim);
    let low = b.icmp(LLVMIntPredicate::LLVMIntULT, sp, lim);
    let cold = b.block(f);
    let br = b.cond_br(low, cold, ok);
    b.set_prof(br, g.cold_weights);
    b.at_end(cold);
    b.store(f, b.offset(gp, goff::MS_FN as i64), 8);
    let ft = b.global_value_ty(f);
    // Called with the type of f itself, whatever the declaration says.
    let more = g.c_function(limits::sym::MORESTACK, g.b.fn_ty(g.b.void, &[]));
    tail_call(g, f, ft, more, n);
}

/// `musttail` call with the function's own arguments, and return.
fn tail_call(g: &Gen<'_>, f: V, ft: T, callee: V, n: u32) {
    let b = &g.b;
    let args: Vec<V> = (0..n).map(|i| b.param(f, i)).collect();
    let c = b.call(ft, callee, &args);
    b.set_call_cc(c, SWIFTCC);
    b.add_call_attr(c, param_index(n - 2), "nest");
    b.add_call_attr(c, param_index(n - 1), "swiftself");
    b.set_must_tail(c);
    if ll!(LLVMGetReturnType(ft)) == b.void { b.ret_void() } else { b.ret(c) }
}

fn set_function_loc(b: &B, f: V) {
    ll!({
        let sp = LLVMGetSubprogram(f);
        if sp.is_null() {
            b.clear_loc();
        } else {
            b.set_loc(b.debug_loc(LLVMDISubprogramGetLine(sp), sp));
        }
    })
}

fn check_in_entry(g: &mut Gen<'_>, f: V) {
    let b = &g.b;
    let old = ll!(LLVMGetEntryBasicBlock(f));
    let new = ll!(LLVMInsertBasicBlockInContext(b.cx, old, c"".as_ptr()));
    b.at_end(new);
    b.clear_loc();
    for i in insts(old) {
        if is_opcode(i, LLVMOpcode::LLVMAlloca) {
            ll!({
                LLVMInstructionRemoveFromParent(i);
                LLVMInsertIntoBuilder(b.b, i);
            });
        }
    }
    set_function_loc(b, f);
    emit_check(g, f, 0, old);
}

fn shim(g: &mut Gen<'_>, f: V, k: u64) {
    let name = value_name(f);
    let body_name = format!("{name}.body");
    let linkage = ll!(LLVMGetLinkage(f));
    let ft = g.b.global_value_ty(f);
    ll!(LLVMSetValueName2(f, body_name.as_ptr() as *const _, body_name.len()));
    let s = g.b.add_function(&name, ft);
    let n = ll!(LLVMCountParams(f));
    g.b.replace_all_uses(f, s);
    // The defer frame of a function with a pad names the code that has the pad: the body.
    for i in blocks(f).into_iter().flat_map(insts) {
        if is_opcode(i, LLVMOpcode::LLVMStore) && ll!(LLVMGetOperand(i, 0)) == s {
            ll!(LLVMSetOperand(i, 0, f));
        }
    }
    let meta = g.meta.get(&name).cloned().unwrap_or(FnMeta { name: name.clone(), flags: 0, file: String::new(), line: 0 });
    g.meta.insert(body_name.clone(), FnMeta { flags: meta.flags | flag::BODY, ..meta.clone() });
    g.meta.insert(name.clone(), FnMeta { flags: (meta.flags | flag::WRAPPER) & !flag::DEFER, ..meta });
    let go_linkage = if linkage == LLVMLinkage::LLVMLinkOnceODRLinkage || linkage == LLVMLinkage::LLVMWeakODRLinkage {
        rgo_ir::Linkage::LinkOnce
    } else {
        rgo_ir::Linkage::External
    };
    g.define(s, &name, go_linkage);
    if go_linkage == rgo_ir::Linkage::LinkOnce {
        g.b.set_linkage(s, LLVMLinkage::LLVMWeakODRLinkage);
    }
    let b = &g.b;
    b.set_cc(s, SWIFTCC);
    b.add_attr(s, param_index(n - 2), "nest");
    b.add_attr(s, param_index(n - 1), "swiftself");
    b.add_attr(s, FUNCTION_INDEX, "nounwind");
    b.add_attr(s, FUNCTION_INDEX, "noinline");
    let (entry, ok) = (b.block(s), b.block(s));
    b.clear_loc();
    b.at_end(ok);
    tail_call(g, s, ft, f, n);
    g.b.at_end(entry);
    emit_check(g, s, k, ok);
}

/// Sizes reported through the diagnostic handler, and error texts.
#[derive(Default)]
pub struct Diagnostics {
    pub frames: Vec<(String, u64)>,
    pub errors: Vec<String>,
}

/// Installs a handler that fills `d`, which must outlive the context's use.
pub fn collect_diagnostics(cx: LLVMContextRef, d: &mut Diagnostics) {
    extern "C" fn handler(info: LLVMDiagnosticInfoRef, data: *mut std::ffi::c_void) {
        // SAFETY: `data` is the Diagnostics given below, alive while the context compiles; LLVM calls this on the compiling thread.
        let d = unsafe { &mut *(data as *mut Diagnostics) };
        let (text, severity) = ll!({
            let p = LLVMGetDiagInfoDescription(info);
            let s = std::ffi::CStr::from_ptr(p).to_string_lossy().into_owned();
            LLVMDisposeMessage(p);
            (s, LLVMGetDiagInfoSeverity(info))
        });
        if let Some(r) = parse_frame(&text) {
            d.frames.push(r);
        } else if severity == LLVMDiagnosticSeverity::LLVMDSError {
            d.errors.push(text);
        }
    }
    ll!(LLVMContextSetDiagnosticHandler(cx, Some(handler), d as *mut Diagnostics as *mut _))
}

/// `... stack frame size (N) exceeds limit (M) in function 'f'`
fn parse_frame(text: &str) -> Option<(String, u64)> {
    let t = &text[text.find("stack frame size (")? + 18..];
    let size = t[..t.find(')')?].parse().ok()?;
    let t = &t[t.find("in function '")? + 13..];
    Some((t[..t.rfind('\'')?].to_string(), size))
}

#[cfg(test)]
mod tests {
    #[test]
    fn frame_diagnostic() {
        let s = "a.go:1:0: stack frame size (1336) exceeds limit (1024) in function 'main.f'";
        assert_eq!(super::parse_frame(s), Some(("main.f".into(), 1336)));
    }
}
