//! Linking: LLD in process, then the parts of a Go executable that LLD does not know.
//!
//! Inputs: [`LinkOptions`]: objects with their sidecars (rgo-llvm), the runtime archive, `-X` values, build information. Output: a static,
//! non-PIE ELF executable.
//!
//! Phases, one file each
//! 1. [`reach`]: which methods can be called.
//! 2. [`extra`]: an object of our own with build information, build id and `-X` strings.
//! 3. [`lld`]: LLD with our linker script (`--gc-sections`; unwind tables are discarded).
//! 4. [`diag`]: LLD's complaints in Go's terms.
//! 5. [`table`]: the function table, typelinks and itablinks, from the final symbol table and the sidecars.
//! 6. [`reach::fill`]: entries of methods in descriptors and method tables.
//! 7. [`finish`]: the table becomes a segment of the file, `rt_moduledata` is filled, symbols and DWARF are dropped for -s and -w.
//!
//! [`host`] is about programs with C code: those are dynamic executables, linked as the host's C compiler says.
//! Beside them, [`goobj`] and [`asm`] make objects of what the release's assembler writes.
//!
//! Invariants: addresses never change after LLD; only non-loaded parts of the file move. The output is written once, complete.
//! Start reading at [`link`].

pub mod asm;
pub mod diag;
pub mod extra;
pub mod finish;
pub mod goobj;
pub mod host;
pub mod lld;
pub mod reach;
pub mod table;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use rgo_abi::linkgraph::Graph;

/// Contents of an object or archive.
#[derive(Clone, Debug)]
pub enum Input {
    Bytes(Vec<u8>),
    Path(PathBuf),
}

/// One compiled package.
#[derive(Clone, Debug)]
pub struct Object {
    /// Import path, for messages.
    pub package: String,
    pub object: Input,
    /// The object of the package's assembly files ([`asm`]); their functions are in the sidecar too.
    pub assembly: Option<Input>,
    /// Function table records; None for foreign objects.
    pub sidecar: Option<Input>,
    /// What refers to what ([`rgo_abi::linkgraph`]); None for foreign objects: all they refer to is kept.
    pub graph: Option<Input>,
    /// `(alias, target)` for aliases whose target is in another package.
    pub aliases: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default)]
pub struct BuildInfo {
    /// `go1.27.3`
    pub go_version: String,
    /// `path\t...\nmod\t...` as `debug.BuildInfo.String` prints it; empty for none.
    pub modinfo: String,
}

#[derive(Clone, Debug)]
pub struct LinkOptions {
    pub objects: Vec<Object>,
    /// librgort.a
    pub runtime: Input,
    pub output: PathBuf,
    /// -s: no symbol table, no DWARF.
    pub strip_symbols: bool,
    /// -w: no DWARF.
    pub strip_dwarf: bool,
    /// DWARF is not compressed.
    pub raw_dwarf: bool,
    /// -X: full variable name and value.
    pub x_vars: Vec<(String, String)>,
    pub build_info: Option<BuildInfo>,
    /// Contents of the Go build id note; empty for none.
    pub build_id: String,
    /// Contents of the GNU build id note; empty for none.
    pub host_build_id: Vec<u8>,
    /// Entry symbol.
    pub entry: String,
    /// The C side, if there is one.
    pub host: Option<host::Host>,
}

impl LinkOptions {
    pub fn new(output: impl Into<PathBuf>, runtime: Input) -> LinkOptions {
        LinkOptions {
            objects: Vec::new(),
            runtime,
            output: output.into(),
            strip_symbols: false,
            strip_dwarf: false,
            raw_dwarf: false,
            x_vars: Vec::new(),
            build_info: None,
            build_id: String::new(),
            host_build_id: Vec::new(),
            entry: "_start".into(),
            host: None,
        }
    }
}

/// Messages for the user, without position prefix; several lines possible.
#[derive(Clone, Debug)]
pub struct Error(pub String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// As Go words errors of the system.
pub(crate) fn io_error(op: &str, path: &Path, e: &std::io::Error) -> Error {
    let text = e.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut rest = text.chars();
    let lower: String = rest.next().map_or(String::new(), |c| c.to_lowercase().chain(rest).collect());
    Error(format!("{op} {}: {lower}", path.display()))
}

pub(crate) fn err<T>(s: impl Into<String>) -> Result<T, Error> {
    Err(Error(s.into()))
}

impl Input {
    pub(crate) fn data(&self) -> Result<Cow<'_, [u8]>, Error> {
        match self {
            Input::Bytes(b) => Ok(Cow::Borrowed(b)),
            Input::Path(p) => std::fs::read(p).map(Cow::Owned).map_err(|e| io_error("open", p, &e)),
        }
    }

    /// A file with the contents: the path itself, or a new file in `dir`.
    fn file(&self, dir: &Path, name: &str) -> Result<PathBuf, Error> {
        match self {
            Input::Path(p) => Ok(p.clone()),
            Input::Bytes(b) => {
                let p = dir.join(name);
                std::fs::write(&p, b).map_err(|e| io_error("write", &p, &e))?;
                Ok(p)
            }
        }
    }
}

/// Links a program.
pub fn link(opts: &LinkOptions) -> Result<(), Error> {
    let dir = tempfile::Builder::new().prefix("rgo-link").tempdir().map_err(|e| Error(format!("temporary directory: {e}")))?;
    let dir = dir.path();
    let mut files = Vec::new();
    let graphs: Vec<Option<Cow<'_, [u8]>>> =
        opts.objects.iter().map(|o| o.graph.as_ref().map(Input::data).transpose()).collect::<Result<_, _>>()?;
    let graphs: Vec<Option<Graph<'_>>> = graphs.iter().map(|g| g.as_deref().and_then(Graph::new)).collect();
    let mut foreign = reach::undefined(&opts.runtime.data()?)?;
    for (o, g) in opts.objects.iter().zip(&graphs) {
        if g.is_none() {
            foreign.extend(reach::undefined(&o.object.data()?)?);
        }
        if let Some(a) = &o.assembly {
            foreign.extend(reach::undefined(&a.data()?)?);
        }
    }
    for (_, o) in opts.host.iter().flat_map(|h| &h.objects) {
        foreign.extend(reach::undefined(&o.data()?)?);
    }
    let live = reach::walk(opts, &graphs, foreign);
    let extra = Input::Bytes(extra::object(opts, &live.symbols)?).file(dir, "go.link.o")?;
    files.push(extra);
    for (i, o) in opts.objects.iter().enumerate() {
        files.push(o.object.file(dir, &format!("{i}.o"))?);
        if let Some(a) = &o.assembly {
            files.push(a.file(dir, &format!("{i}.asm.o"))?);
        }
    }
    if let Some(h) = &opts.host {
        host::check_duplicates(h)?;
        files.extend(host::files(h, dir)?);
    }
    files.push(opts.runtime.file(dir, "librgort.a")?);
    let (mut data, stripped) = lld::run(opts, dir, &files)?;
    let with_strip;
    let opts = if stripped {
        with_strip = LinkOptions { strip_symbols: true, strip_dwarf: true, ..opts.clone() };
        &with_strip
    } else {
        opts
    };
    let tables = table::build(opts, &data)?;
    reach::check(&live, &tables.symbols)?;
    reach::fill(&graphs, &tables.symbols, &mut data)?;
    let out = finish::finish(opts, data, &tables)?;
    write_output(&opts.output, &out)
}

/// Writes the executable. An existing special file (`/dev/null`) is written to, never replaced; a regular one is replaced, since it may be
/// running.
fn write_output(path: &Path, data: &[u8]) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let fail = |op: &str, e: std::io::Error| io_error(op, path, &e);
    if let Ok(m) = std::fs::metadata(path)
        && !m.is_file()
    {
        return std::fs::write(path, data).map_err(|e| fail("write", e));
    }
    let dir = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let tmp = tempfile::Builder::new().prefix(".rgo-link").tempfile_in(dir).map_err(|e| fail("open", e))?;
    std::fs::write(tmp.path(), data).map_err(|e| fail("write", e))?;
    // As the compiler driver's umask leaves it for a new executable.
    let mode = 0o777 & !umask();
    std::fs::set_permissions(tmp.path(), std::fs::Permissions::from_mode(mode)).map_err(|e| fail("chmod", e))?;
    tmp.persist(path).map_err(|e| fail("rename", e.error))?;
    Ok(())
}

fn umask() -> u32 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|s| s.lines().find_map(|l| l.strip_prefix("Umask:").and_then(|m| u32::from_str_radix(m.trim(), 8).ok())))
        .unwrap_or(0o022)
}
