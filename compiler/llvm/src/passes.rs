//! Target machine and optimisation pipelines.
//!
//! Measured (toolchain-facts 5): a light pipeline with LLVM's -O2 code generator has nearly the speed of default<O2> in a third of the time.
//! Signature-changing and attribute-deducing module passes are left out on purpose (see the crate header).

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

const RELEASE: &str = "function(sroa,early-cse,simplifycfg),\
    cgscc(inline,function(sroa,early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>,simplifycfg)),\
    function(gvn,loop-mssa(licm),dse,instcombine<no-verify-fixpoint>,simplifycfg),globaldce";
const DEV: &str = "function(sroa,early-cse,simplifycfg),globaldce";

fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        Target::initialize_x86(&InitializationConfig::default());
        Target::initialize_aarch64(&InitializationConfig::default());
        let args: Vec<CString> = ["rgo", "-enable-shrink-wrap=false", "-inline-threshold=45"]
            .iter()
            .map(|s| CString::new(*s).unwrap())
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
    target
        .create_target_machine(&triple, &opts.cpu, &opts.features, level, RelocMode::Static, CodeModel::Small)
        .ok_or_else(|| format!("no target machine for {}", opts.triple))
}

pub fn optimize(m: &Module<'_>, tm: &TargetMachine, level: Level) -> Result<(), String> {
    let p = match level {
        Level::Dev => DEV,
        Level::Release => RELEASE,
    };
    m.run_passes(p, tm, PassBuilderOptions::create()).map_err(|e| e.to_string())
}
