//! Assembly files of packages: the release's assembler makes Go objects of them, the linker crate ELF objects.
//!
//! Assembly of the standard library is never used (runtime/go/std-rules.txt has what stands for it). Of other packages it is only run where a Go function
//! has no body from elsewhere: golang.org/x/sys/unix, for one, gets its system calls from package syscall.

use crate::codegen::Runtime;
use crate::goenv::GoEnv;
use crate::load::Package;
use crate::tools;
use rgo_linker::goobj;
use rgo_lower::assembly::{Assembly, header, thunk_prefix};
use rgo_lower::program::PackageData;
use rgo_lower::{Program, names};
use rgo_syntax::ast::Decl;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The assembled files of one package.
pub struct Assembled {
    units: Vec<Vec<goobj::Symbol>>,
}

/// Whether a Go function of the package needs its assembly.
pub fn needed(p: &Package, program: &Program, data: &PackageData, rt: &Runtime) -> bool {
    // The standard library's is never used; commands, and programs for tests, are not part of it.
    let std = p.standard && !p.import_path.starts_with("cmd/") && !p.import_path.split('/').any(|w| w == "testdata");
    // Beside cgo the C compiler assembles.
    if std || p.uses_cgo() || p.s_data.is_empty() {
        return false;
    }
    let prefix = names::path_to_prefix(data.pkg.path());
    let rules = &program.rules;
    data.files.iter().flat_map(|f| &f.decls).any(|d| {
        let Decl::Func(f) = d else { return false };
        if f.body.is_some() || f.recv.is_some() {
            return false;
        }
        let name = f.name.name.as_str();
        let plain = format!("{prefix}.{name}");
        let elsewhere = rules.aliases.contains_key(&plain) || rules.stubs.contains(&plain) || rules.ignored.contains(&plain);
        !elsewhere && data.linknames.target(name).is_none() && !rt.symbols.provides(&plain)
    })
}

/// Runs the assembler over the package's files. The error is the assembler's text.
pub fn assemble(env: &GoEnv, p: &Package, program: &Program, data: &'static PackageData, flags: &[String]) -> Result<Assembled, String> {
    let tool = tools::path(env, "asm")?;
    let fail = |e: std::io::Error| format!("rgo: {e}");
    let dir = tempfile::Builder::new().prefix("rgo-asm").tempdir().map_err(fail)?;
    std::fs::write(dir.path().join("go_asm.h"), header(program, data)).map_err(fail)?;
    let (goos, goarch) = (env.goos(), env.goarch());
    for h in &p.h_files {
        // As the go command: a header for the target is also known by a name that is the same for all targets.
        let Some((stem, ext)) = h.rsplit_once('.') else { continue };
        let generic = [(format!("_{goos}_{goarch}"), "_GOOS_GOARCH"), (format!("_{goarch}"), "_GOARCH"), (format!("_{goos}"), "_GOOS")];
        if let Some((s, g)) = generic.iter().find(|(s, _)| stem.ends_with(s.as_str())) {
            std::fs::copy(p.dir.join(h), dir.path().join(format!("{}{g}.{ext}", &stem[..stem.len() - s.len()]))).map_err(fail)?;
        }
    }
    let mut units = Vec::new();
    for (i, (name, _)) in p.s_data.iter().enumerate() {
        let out = dir.path().join(format!("{i}.o"));
        let mut c = Command::new(&tool);
        c.current_dir(&p.dir).env("GOOS", &goos).env("GOARCH", &goarch).env("GOROOT", &env.goroot).env("PWD", &p.dir);
        c.arg("-p").arg(data.pkg.path()).arg("-I").arg(dir.path()).arg("-I").arg(env.goroot.join("pkg/include"));
        c.args(["-D", &format!("GOOS_{goos}"), "-D", &format!("GOARCH_{goarch}")]);
        if goarch == "amd64" {
            c.args(["-D", &format!("GOAMD64_{}", env.value("GOAMD64"))]);
        }
        c.args(flags).arg("-o").arg(&out).arg(format!("./{name}"));
        let r = c.output().map_err(|e| format!("rgo: {}: {e}", tool.display()))?;
        if !r.status.success() {
            return Err(text_of(&r.stderr, &r.stdout));
        }
        units.push(read(&out, name)?);
    }
    Ok(Assembled { units })
}

fn text_of(stderr: &[u8], stdout: &[u8]) -> String {
    let both = [stdout, stderr].concat();
    String::from_utf8_lossy(&both).trim_end().to_string()
}

fn read(object: &Path, name: &str) -> Result<Vec<goobj::Symbol>, String> {
    let data = std::fs::read(object).map_err(|e| format!("rgo: {}: {e}", object.display()))?;
    goobj::read(&data).ok_or_else(|| format!("internal compiler error: the assembler's object of {name} cannot be read"))
}

impl Assembled {
    /// What lowering must know.
    pub fn symbols(&self) -> Assembly {
        Assembly {
            functions: rgo_linker::asm::functions(&self.units),
            references: rgo_linker::asm::references(&self.units),
        }
    }

    /// The object, and its functions for the sidecar. `m`: the lowered package, which has the thunks.
    pub fn object(&self, p: &Package, data: &PackageData, m: &rgo_ir::Module) -> Result<(Vec<u8>, Vec<rgo_abi::functab::FuncInfo>), String> {
        let prefix = thunk_prefix(data.pkg);
        let thunks = m.functions.iter().map(|f| m.sym_name(f.sym)).filter_map(|s| Some((s.strip_prefix(&prefix)?.to_string(), s.to_string())));
        let bridged: BTreeMap<String, String> = thunks.collect();
        rgo_linker::asm::object(&p.import_path, &self.units, &bridged).map_err(|e| e.0)
    }
}
