//! Code generation: a Go IR module becomes an ELF object and a function-table sidecar.
//!
//! Inputs: [`rgo_ir::Module`], [`Options`] (target, level, the symbols the Rust runtime provides). Outputs: [`Output`].
//! The only crate that names LLVM. One LLVM context per call: [`compile_module`] may run on several threads at once.
//!
//! Steps: [`module`] (symbols, globals) and [`func`] (functions) build LLVM IR; [`passes`] runs the pipeline; [`stack`] inserts stack checks;
//! LLVM emits the object; [`sidecar`] and [`graph`] read it back. If frames came out larger than estimated, everything is done again with the
//! reported sizes.
//!
//! Invariants
//! - The calling convention is ARCHITECTURE.md "Calls" ([`abi`]); nothing may change the prototype of a Go function, so no pass that
//!   rewrites signatures runs.
//! - No nsw, nuw, inbounds, TBAA, fast-math or mustprogress: Go defines what C leaves undefined.
//! - No dynamic stack allocation; every frame is known after code generation.
//!
//! Start reading at [`compile_module`], then [`func::FnGen`].

pub mod abi;
mod barrier;
mod debug;
mod func;
mod graph;
mod intrin;
mod lifetime;
mod module;
mod ops;
mod passes;
mod raw;
mod sidecar;
mod stack;
mod stubs;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use inkwell::context::Context;
use rustc_hash::FxHashMap;

pub use passes::Level;

/// Symbols provided by the runtime archive.
#[derive(Clone, Debug, Default)]
pub struct RtSymbols {
    /// S for each `rt.S` (run on the system stack).
    pub full: HashSet<String>,
    /// S for each `rt1.S` (leaf, run on the goroutine stack).
    pub leaf: HashSet<String>,
}

impl RtSymbols {
    pub fn provides(&self, name: &str) -> bool {
        self.full.contains(name) || self.leaf.contains(name)
    }

    /// From symbol names as found in the archive.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> RtSymbols {
        let mut r = RtSymbols::default();
        for n in names {
            if let Some(s) = n.strip_prefix("rt.") {
                r.full.insert(s.to_string());
            } else if let Some(s) = n.strip_prefix("rt1.") {
                r.leaf.insert(s.to_string());
            }
        }
        r
    }

    /// From the symbol index of a static library.
    pub fn from_archive(data: &[u8]) -> Result<RtSymbols, String> {
        use object::read::archive::ArchiveFile;
        let a = ArchiveFile::parse(data).map_err(|e| e.to_string())?;
        let Some(syms) = a.symbols().map_err(|e| e.to_string())? else {
            return Err("runtime archive has no symbol index".into());
        };
        let names: Vec<&str> = syms.filter_map(|s| s.ok()).filter_map(|s| std::str::from_utf8(s.name()).ok()).collect();
        Ok(RtSymbols::from_names(names))
    }
}

/// Where to write LLVM IR (debugging).
#[derive(Clone, Debug, Default)]
pub struct EmitIr {
    /// As built.
    pub before: Option<std::path::PathBuf>,
    /// As given to the code generator.
    pub after: Option<std::path::PathBuf>,
}

pub struct Options<'a> {
    /// "amd64" or "arm64".
    pub goarch: String,
    pub triple: String,
    pub cpu: String,
    pub features: String,
    pub level: Level,
    pub rt: &'a RtSymbols,
    pub emit_ir: EmitIr,
    /// Run LLVM's verifier on the module as built.
    pub verify: bool,
}

impl<'a> Options<'a> {
    /// linux/amd64.
    pub fn linux_amd64(level: Level, rt: &'a RtSymbols) -> Options<'a> {
        Options {
            goarch: "amd64".into(),
            triple: "x86_64-unknown-linux-gnu".into(),
            cpu: "x86-64-v2".into(),
            features: String::new(),
            level,
            rt,
            emit_ir: EmitIr::default(),
            verify: cfg!(debug_assertions),
        }
    }
}

pub struct Output {
    /// Relocatable object.
    pub object: Vec<u8>,
    /// Function table records ([`rgo_abi::functab`]).
    pub sidecar: Vec<u8>,
    /// What refers to what ([`rgo_abi::linkgraph`]).
    pub graph: Vec<u8>,
    /// Aliases whose target is defined in another package: `(alias, target)`, for the linker.
    pub foreign_aliases: Vec<(String, String)>,
    /// How long each step took.
    pub steps: Vec<Step>,
}

#[derive(Debug)]
pub struct Error(pub String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Compiles one package.
pub fn compile_module(m: &rgo_ir::Module, opts: &Options<'_>) -> Result<Output, Error> {
    let mut known: FxHashMap<String, u64> = FxHashMap::default();
    let mut steps = Vec::new();
    for _ in 0..6 {
        match attempt(m, opts, &known)? {
            Ok(mut out) => {
                steps.append(&mut out.steps);
                return Ok(Output { steps, ..out });
            }
            Err(mut t) => {
                steps.append(&mut t.steps);
                for (f, n) in t.frames {
                    let f = f.strip_suffix(".body").unwrap_or(&f).to_string();
                    let e = known.entry(f).or_insert(0);
                    *e = n.max(*e + 256);
                }
            }
        }
    }
    Err(Error(format!("internal compiler error: package {}: frame sizes do not settle: {known:?}", m.name)))
}

struct TooLarge {
    frames: Vec<(String, u64)>,
    steps: Vec<Step>,
}

fn attempt(m: &rgo_ir::Module, opts: &Options<'_>, known: &FxHashMap<String, u64>) -> Result<Result<Output, TooLarge>, Error> {
    let err = |what: &str, e: &dyn std::fmt::Display| Error(format!("internal compiler error: package {}: {what}: {e}", m.name));
    let tm = passes::target_machine(opts).map_err(|e| err("target", &e))?;
    let context = Context::create();
    let mut diags = Box::<stack::Diagnostics>::default();
    stack::collect_diagnostics(context.raw(), &mut diags);
    let module = context.create_module(&m.name);
    module.set_triple(&tm.get_triple());
    module.set_data_layout(&tm.get_target_data().get_data_layout());
    let mut times = Times::new();
    let mut g = module::Gen::new(context.raw(), module.as_mut_ptr(), m, opts);
    g.run();
    times.lap("llvm build");
    if let Some(p) = &opts.emit_ir.before {
        module.print_to_file(p).map_err(|e| err("writing IR", &e))?;
    }
    if opts.verify {
        module.verify().map_err(|e| err("invalid LLVM IR", &e))?;
    }
    times.lap("llvm verify");
    passes::optimize(&module, &tm, opts.level).map_err(|e| err("optimisation", &e))?;
    times.lap("llvm optimize");
    stack::insert_checks(&mut g, known);
    if let Some(p) = &opts.emit_ir.after {
        module.print_to_file(p).map_err(|e| err("writing IR", &e))?;
    }
    if opts.verify {
        module.verify().map_err(|e| err("invalid LLVM IR after optimisation", &e))?;
    }
    times.lap("llvm checks");
    let buf = passes::emit(&module, &tm).map_err(|e| err("code generation", &e))?;
    if let Some(e) = diags.errors.first() {
        return Err(err("code generation", e));
    }
    if !diags.frames.is_empty() {
        times.lap("llvm codegen");
        return Ok(Err(TooLarge { frames: std::mem::take(&mut diags.frames), steps: times.steps }));
    }
    let mut object = buf.as_slice().to_vec();
    if let Some(p) = &opts.emit_ir.after {
        std::fs::write(p.with_extension("o"), &object).map_err(|e| err("writing object", &e))?;
    }
    times.lap("llvm codegen");
    let sidecar = sidecar::build(&object, &g.meta).map_err(|e| err("function table", &e))?;
    times.lap("llvm sidecar");
    let graph = graph::build(&mut object, m).map_err(|e| err("link graph", &e))?;
    times.lap("llvm graph");
    let foreign_aliases = m
        .aliases
        .iter()
        .filter(|(_, t)| !g.is_defined(*t))
        .map(|(a, t)| (module::link_name(m.sym_name(*a)), module::link_name(m.sym_name(*t))))
        .collect();
    drop(g);
    Ok(Ok(Output { object, sidecar, graph, foreign_aliases, steps: times.steps }))
}

/// Time of one step of a compilation.
#[derive(Clone, Debug)]
pub struct Step {
    pub name: &'static str,
    pub start: Instant,
    pub wall: Duration,
    /// Time on a processor.
    pub cpu: Duration,
}

struct Times {
    last: (Instant, Duration),
    steps: Vec<Step>,
}

/// Time this thread has spent on a processor.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0))
}

impl Times {
    fn new() -> Times {
        Times { last: (Instant::now(), cpu_time()), steps: Vec::new() }
    }
    fn lap(&mut self, name: &'static str) {
        let now = (Instant::now(), cpu_time());
        self.steps.push(Step { name, start: self.last.0, wall: now.0 - self.last.0, cpu: now.1.saturating_sub(self.last.1) });
        self.last = now;
    }
}
