//! Target machine and optimisation pipelines.
//!
//! A function with loops gets nearly all of what default<O2> does, any other the part that is not about loops. Left out everywhere, on purpose:
//! what changes signatures or deduces attributes, loop-idiom's library calls, tail calls (see the crate header). Measured on the closure of
//! net/http (CPU s): 45 with one pipeline for all and all passes of the code generator, 39 so. Fewer passes for functions whose loops
//! contain calls, or a lower inlining threshold, would give 2 more and cost up to a fifth on interface calls and string building.

use std::ffi::{CStr, CString, c_char};
use std::sync::Once;

use inkwell::OptimizationLevel;
use inkwell::llvm_sys::core::LLVMDisposeMessage;
use inkwell::llvm_sys::prelude::{LLVMMemoryBufferRef, LLVMModuleRef};
use inkwell::llvm_sys::target_machine::LLVMTargetMachineRef;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::*;

use crate::Options;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// Quick compilation.
    Dev,
    /// Quick code.
    Release,
}

/// A pipeline of functions, and none.
macro_rules! pipeline {
    ($($s:literal)*) => { concat!($($s,)* "\0").as_ptr() as *const c_char };
}
const NONE: *const c_char = std::ptr::null();

/// Before inlining.
const EARLY: *const c_char = pipeline!("sroa<modify-cfg>,early-cse<>,simplifycfg");
/// With the inliner, callees first.
const SCC: *const c_char = pipeline!("sroa<modify-cfg>,early-cse<memssa>,correlated-propagation,simplifycfg,"
    "instcombine<no-verify-fixpoint>,aggressive-instcombine,simplifycfg");
/// After inlining.
const LOOPS: *const c_char = pipeline!("reassociate,constraint-elimination,"
    "loop-mssa(loop-rotate<header-duplication>,licm<allowspeculation>,simple-loop-unswitch<no-nontrivial;trivial>),"
    "simplifycfg,instcombine<no-verify-fixpoint>,loop(indvars,loop-deletion,loop-unroll-full),sroa<modify-cfg>,gvn<>,sccp,bdce,"
    "instcombine<no-verify-fixpoint>,jump-threading,correlated-propagation,dse,loop-mssa(licm<allowspeculation>),simplifycfg,"
    "instcombine<no-verify-fixpoint>,loop(loop-rotate<header-duplication>,indvars),loop-vectorize,slp-vectorizer,loop-unroll<O2>,"
    "instcombine<no-verify-fixpoint>,simplifycfg");
const PLAIN: *const c_char = pipeline!("reassociate,constraint-elimination,gvn<>,sccp,bdce,instcombine<no-verify-fixpoint>,"
    "jump-threading,correlated-propagation,dse,instcombine<no-verify-fixpoint>,simplifycfg");

/// As in pipeline.cpp.
#[repr(C)]
struct Pipelines {
    early: *const c_char,
    scc: *const c_char,
    loops: *const c_char,
    plain: *const c_char,
    inlining: bool,
}

const RELEASE: Pipelines = Pipelines { early: EARLY, scc: SCC, loops: LOOPS, plain: PLAIN, inlining: true };
const DEV: Pipelines = Pipelines { scc: NONE, loops: NONE, plain: NONE, inlining: false, ..RELEASE };

// SAFETY: defined in pipeline.cpp with these types.
unsafe extern "C" {
    fn rgo_llvm_optimize(m: LLVMModuleRef, tm: LLVMTargetMachineRef, p: *const Pipelines) -> *mut c_char;
    fn rgo_llvm_emit(m: LLVMModuleRef, tm: LLVMTargetMachineRef, out: *mut LLVMMemoryBufferRef) -> *mut c_char;
}

/// The error text of a function of pipeline.cpp.
fn outcome(text: *mut c_char) -> Result<(), String> {
    if text.is_null() {
        return Ok(());
    }
    // SAFETY: not null, so a C string that is ours to free; it comes from strdup.
    unsafe {
        let s = CStr::from_ptr(text).to_string_lossy().into_owned();
        LLVMDisposeMessage(text);
        Err(s)
    }
}

unsafe extern "C" {
    fn rgo_section_per_function(t: inkwell::llvm_sys::target_machine::LLVMTargetMachineRef);
}

fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        Target::initialize_x86(&InitializationConfig::default());
        Target::initialize_aarch64(&InitializationConfig::default());
        // No loop strength reduction: it replaces a base pointer by one that may point outside the object, and the collector finds what the
        // stack refers to conservatively (runtime-design 3.4). No program of the benchmarks was slower without it.
        // Extra options for work on the compiler.
        let extra = std::env::var("RGO_LLVM_OPTIONS").unwrap_or_default();
        let args: Vec<CString> = ["rgo", "-enable-shrink-wrap=false", "-disable-lsr", "-x86-tile-ra=false"]
            .into_iter()
            .chain(extra.split_whitespace())
            .map(|s| CString::new(s).expect("no NUL"))
            .collect();
        let ptrs: Vec<_> = args.iter().map(|s| s.as_ptr()).collect();
        // SAFETY: the strings outlive the call; `Once` keeps other threads from using LLVM options at the same time.
        unsafe {
            inkwell::llvm_sys::support::LLVMParseCommandLineOptions(ptrs.len() as i32, ptrs.as_ptr(), std::ptr::null());
        }
    });
}

pub fn target_machine(opts: &Options<'_>) -> Result<TargetMachine, String> {
    init();
    let triple = TargetTriple::create(&opts.triple);
    let target = Target::from_triple(&triple).map_err(|e| e.to_string())?;
    let level = match opts.level {
        Level::Dev => OptimizationLevel::None,
        Level::Release => OptimizationLevel::Default,
    };
    let tm = target
        .create_target_machine(&triple, &opts.cpu, &opts.features, level, RelocMode::Static, CodeModel::Small)
        .ok_or_else(|| format!("no target machine for {}", opts.triple))?;
    // SAFETY: the machine is alive and nobody else uses it.
    unsafe { rgo_section_per_function(tm.as_mut_ptr()) };
    Ok(tm)
}

pub fn optimize(m: &Module<'_>, tm: &TargetMachine, level: Level) -> Result<(), String> {
    // Work on the pipeline: another one without rebuilding.
    if let Ok(over) = std::env::var("RGO_LLVM_PASSES") {
        return m.run_passes(&over, tm, PassBuilderOptions::create()).map_err(|e| e.to_string());
    }
    let p = match level {
        Level::Dev => DEV,
        Level::Release => RELEASE,
    };
    // SAFETY: module and machine are live and belong to this thread; the pipelines are constant C strings or null.
    outcome(unsafe { rgo_llvm_optimize(m.as_mut_ptr(), tm.as_mut_ptr(), &p) })
}

/// Generates the object. Errors in the code itself go to the context's diagnostic handler.
pub fn emit(m: &Module<'_>, tm: &TargetMachine) -> Result<MemoryBuffer<'static>, String> {
    let mut out: LLVMMemoryBufferRef = std::ptr::null_mut();
    // SAFETY: as in `optimize`; on success `out` is a buffer of ours.
    unsafe {
        outcome(rgo_llvm_emit(m.as_mut_ptr(), tm.as_mut_ptr(), &mut out))?;
        Ok(MemoryBuffer::new(out))
    }
}
