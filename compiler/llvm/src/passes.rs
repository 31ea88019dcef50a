//! Target machine and optimisation pipelines.
//!
//! Code generation takes most of the time, so the release pipeline can afford nearly all of what default<O2> does to functions. Measured on
//! hello world with all of its packages: 10.7 s of CPU for inlining and a single simplification, 13.0 s for this, 14.7 s for default<O2>.
//! Left out on purpose: what changes signatures or deduces attributes, loop-idiom's library calls, tail calls (see the crate header).

use std::ffi::CString;
use std::sync::Once;

use inkwell::OptimizationLevel;
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

const RELEASE: &str = "function<eager-inv>(sroa<modify-cfg>,early-cse<>,simplifycfg),\
    cgscc(inline,function<eager-inv>(sroa<modify-cfg>,early-cse<memssa>,correlated-propagation,simplifycfg,\
    instcombine<no-verify-fixpoint>,aggressive-instcombine,simplifycfg)),\
    function<eager-inv>(reassociate,constraint-elimination,\
    loop-mssa(loop-rotate<header-duplication>,licm<allowspeculation>,simple-loop-unswitch<no-nontrivial;trivial>),\
    simplifycfg,instcombine<no-verify-fixpoint>,loop(indvars,loop-deletion,loop-unroll-full),sroa<modify-cfg>,gvn<>,sccp,bdce,\
    instcombine<no-verify-fixpoint>,jump-threading,correlated-propagation,dse,loop-mssa(licm<allowspeculation>),simplifycfg,\
    instcombine<no-verify-fixpoint>,loop(loop-rotate<header-duplication>,indvars),loop-vectorize,slp-vectorizer,loop-unroll<O2>,\
    instcombine<no-verify-fixpoint>,simplifycfg),globaldce";
const DEV: &str = "function(sroa,early-cse,simplifycfg),globaldce";

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
        let args: Vec<CString> = ["rgo", "-enable-shrink-wrap=false", "-disable-lsr"]
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
    let p = match level {
        Level::Dev => DEV,
        Level::Release => RELEASE,
    };
    // Work on the pipeline: another one without rebuilding.
    let over = std::env::var("RGO_LLVM_PASSES");
    let p = over.as_deref().unwrap_or(p);
    m.run_passes(p, tm, PassBuilderOptions::create()).map_err(|e| e.to_string())
}
