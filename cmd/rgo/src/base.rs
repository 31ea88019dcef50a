//! What all subcommands share: errors, exit codes, build flags, loading.

use crate::flags::{self, Def, Kind, Parsed, flag};
use crate::usage;
use rgo_work::goenv::GoEnv;
use rgo_work::load::{LoadConfig, Loader};
use rgo_work::modload::{ModFlags, Modules};
use std::collections::HashMap;
use std::path::PathBuf;

/// How a command ends when it does not simply succeed.
#[derive(Debug)]
pub enum Exit {
    /// Messages are printed already.
    Code(i32),
    /// Print these lines and exit with status 1.
    Error(String),
}

impl Exit {
    /// An error with Go's prefix.
    pub fn go(msg: impl std::fmt::Display) -> Exit {
        Exit::Error(format!("go: {msg}"))
    }
}

impl From<String> for Exit {
    fn from(m: String) -> Exit {
        Exit::Error(m)
    }
}

/// The result of a command.
pub type Outcome = Result<(), Exit>;

/// The flags of commands that build.
pub const BUILD_FLAGS: &[Def] = &[
    flag("C", Kind::Str),
    flag("a", Kind::Bool),
    flag("asan", Kind::Bool),
    flag("asmflags", Kind::Str),
    flag("buildmode", Kind::Str),
    flag("buildvcs", Kind::OptWord),
    flag("compiler", Kind::Str),
    flag("cover", Kind::Bool),
    flag("covermode", Kind::Str),
    flag("coverpkg", Kind::Str),
    flag("debug-actiongraph", Kind::Str),
    flag("debug-runtime-trace", Kind::Str),
    flag("debug-trace", Kind::Str),
    flag("gccgoflags", Kind::Str),
    flag("gcflags", Kind::Str),
    flag("installsuffix", Kind::Str),
    flag("json", Kind::Bool),
    flag("ldflags", Kind::Str),
    flag("linkshared", Kind::Bool),
    flag("mod", Kind::Str),
    flag("modcacherw", Kind::Bool),
    flag("modfile", Kind::Str),
    flag("msan", Kind::Bool),
    flag("n", Kind::Bool),
    flag("overlay", Kind::Str),
    flag("p", Kind::Int),
    flag("pgo", Kind::Str),
    flag("pkgdir", Kind::Str),
    flag("race", Kind::Bool),
    flag("tags", Kind::Str),
    flag("timings", Kind::OptWord),
    flag("toolexec", Kind::Str),
    flag("trimpath", Kind::Bool),
    flag("v", Kind::Bool),
    flag("why", Kind::Bool),
    flag("work", Kind::Bool),
    flag("x", Kind::Bool),
];

/// The flags of a command: those of all building commands and its own.
pub fn with_build_flags(own: &[Def]) -> Vec<Def> {
    let mut v = own.to_vec();
    v.extend(BUILD_FLAGS.iter().filter(|d| own.iter().all(|o| o.name != d.name)));
    v
}

/// Parses the flags of a command, those of GOFLAGS first; on errors prints the usage.
pub fn parse_flags(cmd: &str, env: &GoEnv, args: &[String], defs: &[Def]) -> Result<Parsed, Exit> {
    let mut p = goflags(env, defs)?;
    match flags::parse(args, defs) {
        Ok(q) => {
            p.set.extend(q.set);
            if defs.iter().any(|d| d.name == "cover") && (p.get("covermode").is_some() || p.get("coverpkg").is_some()) {
                p.set.push(("cover".into(), "true".into()));
            }
            p.rest = q.rest;
            if let Some((_, v)) = p.set.iter().find(|(n, _)| n == "C") {
                return Err(usage_error(cmd, &format!("invalid value {v:?} for flag -C: -C flag must be first flag on command line")));
            }
            if p.get("timings").is_some_and(|v| v != "false") {
                rgo_work::timings::enable();
                let _ = TIMINGS.set(p.str("timings").to_string());
            }
            Ok(p)
        }
        Err(flags::Error::Help) => {
            eprint!("{}", usage::short(cmd));
            Err(Exit::Code(2))
        }
        Err(flags::Error::Message(m)) => Err(usage_error(cmd, &m)),
    }
}

/// The value of `-timings`.
static TIMINGS: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// What `-timings` asks for: the table, and where a file is named the trace.
pub fn print_timings() {
    let Some(value) = TIMINGS.get() else { return };
    eprint!("{}", rgo_work::timings::table());
    if value != "true"
        && let Err(e) = std::fs::write(value, rgo_work::timings::trace())
    {
        eprintln!("rgo: {value}: {e}");
    }
}

/// Prints a message and the command's usage; exit status 2.
pub fn usage_error(cmd: &str, msg: &str) -> Exit {
    eprintln!("{msg}");
    eprint!("{}", usage::short(cmd));
    Exit::Code(2)
}

/// Flags of commands that do not build, and of vet's analyzers: GOFLAGS may hold them.
const OTHER_FLAGS: &[&str] = &[
    "all", "appends", "asmdecl", "assign", "atomic", "bools", "buildtag", "c", "cache", "cgocall", "changed", "cmd", "compiled", "composites", "context", "copylocks",
    "defers", "deps", "diff", "directive", "droprequire", "dropreplace", "e", "errorsas", "exclude", "exec", "export", "f", "find", "fix", "fixtool", "framepointer",
    "fuzzcache", "go", "hostport", "http", "httpresponse", "i", "ifaceassert", "ignore", "inline", "json", "loopclosure", "lostcancel", "m", "modcache", "module", "nilfunc", "o", "print",
    "printf", "r", "replace", "require", "retract", "retracted", "reuse", "run", "s", "shift", "short", "sigchanyzer", "skip", "slog", "src", "stdmethods", "stdversion",
    "stringintconv", "structtag", "t", "test", "testcache", "testinggoroutine", "tests", "tidy", "timeformat", "tool", "toolchain", "u", "unmarshal", "unreachable", "unsafeptr", "unusedresult",
    "unusedwrite", "use", "vendor", "versions", "vettool", "w", "waitgroup",
];

/// The flags of GOFLAGS that the command knows.
pub fn goflags(env: &GoEnv, defs: &[Def]) -> Result<Parsed, Exit> {
    let mut p = Parsed::default();
    for w in env.goflags() {
        if !w.starts_with('-') || w == "-" || w == "--" || w.starts_with("---") || w.starts_with("-=") || w.starts_with("--=") {
            return Err(Exit::go(format!("parsing $GOFLAGS: non-flag {w:?}")));
        }
        let body = w[1..].strip_prefix('-').unwrap_or(&w[1..]);
        let (name, value) = body.split_once('=').map_or((body, None), |(n, v)| (n, Some(v)));
        let Some(d) = defs.iter().find(|d| d.name == name) else {
            if BUILD_FLAGS.iter().any(|d| d.name == name) || OTHER_FLAGS.contains(&name) || crate::test::is_flag(name) {
                continue;
            }
            return Err(Exit::go(format!("parsing $GOFLAGS: unknown flag -{name}")));
        };
        let value = match (d.kind, value) {
            (_, Some(v)) => v.to_string(),
            (Kind::Bool | Kind::OptWord, None) => "true".into(),
            (_, None) => return Err(Exit::go(format!("parsing $GOFLAGS: flag needs an argument: -{name}"))),
        };
        p.set.push((name.into(), value));
    }
    Ok(p)
}

/// `[pattern=]flags` settings of `-gcflags` and `-ldflags`.
#[derive(Clone, Debug, Default)]
pub struct PerPackage {
    /// Pattern (empty: packages named on the command line) and words, in order.
    values: Vec<(String, Vec<String>)>,
}

/// Paths of the main modules and of the tools they name: what the patterns `work` and `tool` mean.
static MAINS: std::sync::OnceLock<(Vec<String>, Vec<String>)> = std::sync::OnceLock::new();

impl PerPackage {
    /// Collects all uses of a flag.
    pub fn parse(p: &Parsed, name: &str) -> Result<PerPackage, String> {
        let mut out = PerPackage::default();
        for v in p.all(name) {
            let bad = |m: String| format!("invalid value {v:?} for flag -{name}: {m}");
            let t = v.trim();
            if t.is_empty() {
                out.values.push((String::new(), Vec::new()));
                continue;
            }
            let (pat, list) = if t.starts_with('-') {
                ("", t)
            } else {
                let (p, l) = t.split_once('=').ok_or_else(|| bad("missing =<value> in <pattern>=<value>".into()))?;
                let p = p.trim();
                if p.is_empty() {
                    return Err(bad("missing <pattern> in <pattern>=<value>".into()));
                }
                if p.starts_with(['\'', '"']) {
                    return Err(bad("should not quote <pattern> in <pattern>=<value>".into()));
                }
                (p, l)
            };
            let words = flags::split_quoted(list).map_err(bad)?;
            out.values.push((pat.to_string(), words));
        }
        Ok(out)
    }

    /// The words for a package: the last match counts.
    pub fn of(&self, path: &str, cmdline: bool) -> &[String] {
        let hit = self.values.iter().rev().find(|(pat, _)| match pat.as_str() {
            "" => cmdline,
            "all" => true,
            "std" => rgo_work::pattern::is_standard_path(path) && !path.starts_with("cmd/"),
            "cmd" => path == "cmd" || path.starts_with("cmd/"),
            "tool" => MAINS.get().is_some_and(|m| m.1.iter().any(|t| t == path)),
            "work" => MAINS.get().is_some_and(|m| m.0.iter().any(|m| path.strip_prefix(m.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/')))),
            pat => rgo_work::pattern::Matcher::new(pat).matches(path),
        });
        hit.map_or(&[], |(_, w)| w)
    }
}

/// Refuses flags whose meaning is not implemented; ignoring them would change what is built.
pub fn refuse_unsupported(env: &GoEnv, p: &Parsed) -> Outcome {
    if p.bool("race") {
        if let Some(name) = ["msan", "asan"].into_iter().find(|n| p.bool(n)) {
            eprintln!("go: may not use -race and -{name} simultaneously");
            return Err(Exit::Code(2));
        }
        if (env.goos().as_str(), env.goarch().as_str()) != ("linux", "amd64") {
            eprintln!("-race is not supported on {}/{}", env.goos(), env.goarch());
            return Err(Exit::Code(2));
        }
        match p.str("covermode") {
            "" | "atomic" => {}
            m => return Err(Exit::go(format!("-covermode must be \"atomic\", not {m:?}, when -race is enabled"))),
        }
    }
    for name in ["msan", "asan", "linkshared"] {
        if p.bool(name) {
            if name != "linkshared" && !env.cgo_enabled() {
                return Err(Exit::go(format!("-{name} requires cgo; enable cgo by setting CGO_ENABLED=1")));
            }
            return Err(Exit::Error(format!("rgo: flag -{name} is not supported yet")));
        }
    }
    if !p.str("toolexec").is_empty() {
        return Err(Exit::Error("rgo: -toolexec is not supported: compiler and linker are parts of rgo, no programs are started".into()));
    }
    match p.str("compiler") {
        "" | "gc" => {}
        c => return Err(Exit::Error(format!("rgo: -compiler={c} is not supported"))),
    }
    match p.str("buildmode") {
        "" | "default" | "exe" | "archive" => Ok(()),
        m @ ("c-archive" | "c-shared" | "pie" | "plugin" | "shared") => Err(Exit::Error(format!("-buildmode={m} not supported on {}/{}\n", env.goos(), env.goarch()))),
        m => Err(Exit::Error(format!("buildmode={m} not supported"))),
    }
}

/// The files of `-overlay`.
fn read_overlay(env: &GoEnv, path: &str) -> Result<HashMap<PathBuf, PathBuf>, Exit> {
    if path.is_empty() {
        return Ok(HashMap::new());
    }
    let file = env.cwd.join(path);
    let text = std::fs::read_to_string(&file).map_err(|e| Exit::go(format!("reading overlay file: open {path}: {}", rgo_work::modload::io_text(&e))))?;
    let v: serde_json::Value = serde_json::from_str(&text).map_err(|e| Exit::go(format!("parsing overlay JSON: {e}")))?;
    let mut out = HashMap::new();
    // As Go's encoding/json reads it: case does not matter (x/tools writes "replace").
    let replace = v.as_object().into_iter().flatten().filter(|(k, _)| k.eq_ignore_ascii_case("Replace"));
    for m in replace.filter_map(|(_, r)| r.as_object()) {
        for (from, to) in m {
            let abs = |p: &str| rgo_work::pattern::clean_path(&env.cwd.join(p));
            let to = to.as_str().unwrap_or("");
            out.insert(abs(from), if to.is_empty() { PathBuf::new() } else { abs(to) });
        }
    }
    Ok(out)
}

/// The words of `-tags`, separated by commas or (the old way) spaces.
fn tags(p: &Parsed) -> Vec<String> {
    p.str("tags").split([',', ' ']).filter(|t| !t.is_empty()).map(String::from).collect()
}

/// Operating systems and architectures Go knows together.
pub const PORTS: &[&str] = &[
    "aix/ppc64", "android/386", "android/amd64", "android/arm", "android/arm64", "darwin/amd64", "darwin/arm64",
    "dragonfly/amd64", "freebsd/386", "freebsd/amd64", "freebsd/arm", "freebsd/arm64", "freebsd/riscv64", "illumos/amd64",
    "ios/amd64", "ios/arm64", "js/wasm", "linux/386", "linux/amd64", "linux/arm", "linux/arm64", "linux/loong64",
    "linux/mips", "linux/mips64", "linux/mips64le", "linux/mipsle", "linux/ppc64", "linux/ppc64le", "linux/riscv64",
    "linux/s390x", "netbsd/386", "netbsd/amd64", "netbsd/arm", "netbsd/arm64", "openbsd/386", "openbsd/amd64",
    "openbsd/arm", "openbsd/arm64", "openbsd/ppc64", "openbsd/riscv64", "plan9/386", "plan9/amd64", "plan9/arm",
    "solaris/amd64", "wasip1/wasm", "windows/386", "windows/amd64", "windows/arm64",
];

/// How modules are used, as the flags say. `command`: as `mod tidy`.
pub fn mod_flags(env: &GoEnv, p: &Parsed, command: &str) -> Result<ModFlags, Exit> {
    let mode = p.str("mod");
    if !matches!(mode, "" | "mod" | "readonly" | "vendor") {
        return Err(Exit::Error(format!("-mod={mode} not supported (can be '', 'mod', 'readonly', or 'vendor')")));
    }
    let modfile = p.str("modfile").to_string();
    Ok(ModFlags {
        mode: mode.into(),
        modfile_in_goflags: env.goflags().iter().any(|f| f.trim_start_matches('-') == format!("modfile={modfile}")),
        modfile,
        writable: p.bool("modcacherw"),
        command: command.into(),
        workspace: true,
        verbose: p.bool("v"),
        trace: p.bool("x"),
        tags: tags(p),
        overlay: read_overlay(env, p.str("overlay"))?,
        ..ModFlags::default()
    })
}

/// Whether a package matches a pattern of `-coverpkg`: a path, a local path, `all`, `std`, `cmd`, with wildcards.
pub fn package_matcher(env: &GoEnv, pattern: &str) -> Box<dyn Fn(&rgo_work::load::Package) -> bool> {
    use rgo_work::pattern::{Matcher, clean_path, is_local};
    if is_local(pattern) || std::path::Path::new(pattern).is_absolute() {
        let m = Matcher::new(&clean_path(&env.cwd.join(pattern)).display().to_string());
        return Box::new(move |p| !p.dir.as_os_str().is_empty() && m.matches(&p.dir.display().to_string()));
    }
    match pattern {
        "all" => Box::new(|_| true),
        "std" => Box::new(|p| p.standard && !p.import_path.starts_with("cmd/")),
        "cmd" => Box::new(|p| p.standard && p.import_path.starts_with("cmd/")),
        _ => {
            let m = Matcher::new(pattern);
            Box::new(move |p| m.matches(p.import_path.split(' ').next().unwrap_or("")))
        }
    }
}

/// A loader set up by build flags.
pub fn loader<'e>(env: &'e GoEnv, p: &Parsed) -> Result<Loader<'e>, Exit> {
    loader_for(env, p, false)
}

/// The same; `plain`: packages as they lie on disk.
pub fn loader_for<'e>(env: &'e GoEnv, p: &Parsed, plain: bool) -> Result<Loader<'e>, Exit> {
    loader_with(env, p, mod_flags(env, p, "")?, plain)
}

/// The same, with modules used in a particular way.
pub fn loader_with<'e>(env: &'e GoEnv, p: &Parsed, flags: ModFlags, plain: bool) -> Result<Loader<'e>, Exit> {
    let port = format!("{}/{}", env.goos(), env.goarch());
    if !PORTS.contains(&port.as_str()) {
        eprintln!("go: unsupported GOOS/GOARCH pair {port}");
        return Err(Exit::Code(2));
    }
    let overlay = flags.overlay.clone();
    let modules = Modules::load(env, &flags)?;
    let _ = MAINS.set((modules.main_versions().into_iter().map(|m| m.path).collect(), modules.tools().iter().cloned().collect()));
    let config = LoadConfig { tags: tags(p), race: p.bool("race"), overlay, plain, trace: p.bool("x"), std_cgo: false };
    Ok(Loader::new(env, modules, config)?)
}

/// Number of threads: `-p`, or as many as there are processors.
pub fn threads(p: &Parsed) -> Result<usize, Exit> {
    match p.get("p") {
        None => Ok(std::thread::available_parallelism().map_or(2, |n| n.get())),
        Some(v) => match flags::parse_int(v) {
            Some(n) if n > 0 => Ok(n as usize),
            _ => Err(Exit::go(format!("-p must be a positive integer: {v}\n"))),
        },
    }
}

/// The status of what a broken pipe ends.
pub const BROKEN_PIPE: i32 = 128 + 13;

/// Output nobody reads ends the command, as it ends others.
pub fn unread(e: &std::io::Error) {
    if e.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(BROKEN_PIPE);
    }
}
