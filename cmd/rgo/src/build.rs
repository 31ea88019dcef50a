//! `rgo build`.

use crate::base::{self, Exit, Outcome, PerPackage};
use crate::flags::{Kind, flag};
use rgo_work::build::{self, BuildOptions, LinkOptions};
use rgo_work::goenv::GoEnv;
use rgo_work::load::{Loader, PkgError, PkgId};
use rgo_work::modload::{ModFlags, RootMode};
use rgo_work::show::Show;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Stops if a package could not be loaded.
pub fn check_packages(l: &Loader<'_>, ids: &[PkgId]) -> Outcome {
    for w in &l.warnings {
        eprintln!("{w}");
    }
    let errors = l.errors(ids);
    if errors.is_empty() { Ok(()) } else { Err(Exit::Error(errors.join("\n"))) }
}

/// Drops packages that have only tests; one that was named is an error.
pub fn omit_test_only(l: &Loader<'_>, ids: Vec<PkgId>) -> Result<Vec<PkgId>, Exit> {
    let mut out = Vec::new();
    for id in ids {
        let p = &l.packages[id];
        if p.has_go() || p.is_unsafe() {
            out.push(id);
        } else if p.cmdline_literal {
            return Err(Exit::Error(format!("{}: no non-test Go files in {}", p.import_path, p.dir.display())));
        }
    }
    Ok(out)
}

/// Options of the build from flags.
pub fn options(env: &GoEnv, p: &crate::flags::Parsed) -> Result<BuildOptions, Exit> {
    base::refuse_unsupported(env, p)?;
    if !env.gocache().is_absolute() {
        return Err(Exit::go("GOCACHE is not an absolute path"));
    }
    let gcflags = PerPackage::parse(p, "gcflags").map_err(|m| base::usage_error("build", &m))?;
    Ok(BuildOptions {
        threads: base::threads(p)?,
        rebuild: p.bool("a"),
        verbose: p.bool("v"),
        trimpath: p.bool("trimpath"),
        why: p.bool("why"),
        gcflags: std::sync::Arc::new(move |path, cmdline| gcflags.of(path, cmdline).to_vec()),
        cache_dir: env.gocache(),
        show: Some(Arc::new(Show::new(env.tmp_dir(), env.cwd.clone(), p.bool("n"), p.bool("x"), p.bool("work")))),
        ..BuildOptions::default()
    })
}

/// Options of the linker for a command. `auto_vcs`: `-buildvcs=auto` means yes.
pub fn link_options(l: &Loader<'_>, p: &crate::flags::Parsed, id: PkgId, path: &str, auto_vcs: bool) -> Result<LinkOptions, Exit> {
    let env = l.env;
    let ldflags = PerPackage::parse(p, "ldflags").map_err(|m| base::usage_error("build", &m))?;
    let cmdline = l.packages[id].cmdline || l.packages[id].import_path.ends_with(".test");
    let mut o = LinkOptions::parse(ldflags.of(path, cmdline)).map_err(|m| Exit::Error(format!("# {path}\n{m}")))?;
    o.trimpath = p.bool("trimpath");
    let mut set = |k: &str, v: &str| o.settings.push((k.into(), v.into()));
    if !p.str("asmflags").is_empty() {
        set("-asmflags", p.str("asmflags"));
    }
    set("-buildmode", "exe");
    set("-compiler", "gc");
    for name in ["gcflags", "ldflags"] {
        let v = p.str(name);
        // Paths in linker flags would make builds in different folders differ.
        if !v.is_empty() && !(name == "ldflags" && p.bool("trimpath")) {
            set(&format!("-{name}"), v);
        }
    }
    if p.bool("cover") {
        set("-cover", "true");
    }
    if p.bool("race") {
        set("-race", "true");
    }
    let tags = p.str("tags").split([',', ' ']).filter(|t| !t.is_empty()).collect::<Vec<_>>().join(",");
    if !tags.is_empty() {
        set("-tags", &tags);
    }
    if p.bool("trimpath") {
        set("-trimpath", "true");
    }
    let debug = rgo_work::godebug::default_of(l, id);
    if !debug.is_empty() {
        set("DefaultGODEBUG", &debug);
    }
    set("CGO_ENABLED", if env.cgo_enabled() { "1" } else { "0" });
    if env.cgo_enabled() && !p.bool("trimpath") {
        for name in ["CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS"] {
            set(name, env.raw(name));
        }
    }
    set("GOARCH", &env.goarch());
    if !env.raw("GOEXPERIMENT").is_empty() {
        set("GOEXPERIMENT", env.raw("GOEXPERIMENT"));
    }
    set("GOOS", &env.goos());
    if env.goarch() == "amd64" {
        set("GOAMD64", &env.value("GOAMD64"));
    }
    let mode = match p.str("buildvcs") {
        "" | "auto" => "auto",
        v => match crate::flags::parse_bool(v) {
            Some(true) => "true",
            Some(false) => "false",
            None => return Err(base::usage_error("build", &format!("invalid boolean value {v:?} for -buildvcs: value is neither 'auto' nor a valid bool"))),
        },
    };
    let stamp = rgo_work::vcs::stamp(l, id, mode, auto_vcs).map_err(Exit::Error)?;
    o.settings.extend(stamp.settings);
    o.main_version = stamp.version;
    Ok(o)
}

/// Reports the packages that failed: as text, or as events for `-json`.
pub fn report_failures(l: &Loader<'_>, failures: &[(PkgId, String)], json: bool) {
    for (id, text) in failures {
        let path = &l.packages[*id].import_path;
        report_failure(path, path, text, json);
    }
}

/// The same for one package; `title` stands behind the `#`.
pub fn report_failure(path: &str, title: &str, text: &str, json: bool) {
    use rgo_work::test2json::json_bytes;
    if !json {
        eprint!("{}", rgo_work::report::headed(title, text));
        return;
    }
    let p = json_bytes(path.as_bytes());
    let mut out = String::new();
    for line in rgo_work::report::headed(title, text).lines() {
        out.push_str(&format!("{{\"ImportPath\":{p},\"Action\":\"build-output\",\"Output\":{}}}\n", json_bytes(format!("{line}\n").as_bytes())));
    }
    out.push_str(&format!("{{\"ImportPath\":{p},\"Action\":\"build-fail\"}}\n"));
    print!("{out}");
}

/// `-cover`: instruments the main modules' packages (or those of -coverpkg) of what is built.
fn cover_program(l: &mut Loader<'_>, ids: &[PkgId], p: &crate::flags::Parsed, opts: &BuildOptions) -> Outcome {
    use rgo_work::cover::{self, Cover};
    let mode = match p.str("covermode") {
        "" => "set",
        m => m,
    };
    let Some(show) = opts.show.as_ref().filter(|s| !s.dry) else { return Ok(()) };
    let dir = show.work().map_err(|e| Exit::go(format!("creating work dir: {e}")))?;
    let matchers: Vec<_> = p.str("coverpkg").split(',').filter(|t| !t.is_empty()).map(|t| base::package_matcher(l.env, t)).collect();
    let own = |pk: &rgo_work::load::Package| pk.cmdline_files || pk.cmdline && !pk.standard || pk.module.as_ref().is_some_and(|m| m.main);
    let all = l.post_order(ids);
    let chosen = cover::select(l, &all, mode, &|l, id| if matchers.is_empty() { own(&l.packages[id]) } else { l.packages[id].is_main() || matchers.iter().any(|m| m(&l.packages[id])) });
    for id in chosen {
        let hook = l.packages[id].is_main();
        cover::instrument(l, id, &Cover { mode, dir: dir.clone() }, hook)?;
    }
    Ok(())
}

/// Compiles packages for a command that stops at errors.
pub fn compile<'e>(l: &mut Loader<'e>, ids: &[PkgId], p: &crate::flags::Parsed, opts: &BuildOptions) -> Result<build::Built, Exit> {
    if p.bool("cover") {
        cover_program(l, ids, p, opts)?;
    }
    match build::compile_some(l, ids, opts) {
        Err(text) => {
            eprint!("{text}");
            Err(Exit::Code(1))
        }
        Ok((b, failures)) if failures.is_empty() => Ok(b),
        Ok((_, failures)) => {
            report_failures(l, &failures, p.bool("json"));
            Err(Exit::Code(1))
        }
    }
}

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let defs = base::with_build_flags(&[flag("o", Kind::Str)]);
    let p = base::parse_flags("build", env, args, &defs)?;
    let opts = options(env, &p)?;
    let mut l = base::loader(env, &p)?;
    let ids = {
        let _span = rgo_work::timings::span("load", "");
        l.load_patterns(&p.rest)?
    };
    check_packages(&l, &ids)?;
    let ids = omit_test_only(&l, ids)?;
    let exe = env.value("GOEXE");
    let mut out = p.str("o").to_string();
    let explicit = !out.is_empty();
    if let ([id], false) = (&ids[..], explicit) {
        if l.packages[*id].is_main() {
            out = l.packages[*id].exec_name() + &exe;
        }
    }
    if matches!(p.str("buildmode"), "exe") && explicit && !(ids.len() == 1 && l.packages[ids[0]].is_main()) {
        return Err(Exit::go("-buildmode=exe requires exactly one main package"));
    }
    let null = out == "/dev/null" || cfg!(windows) && out.eq_ignore_ascii_case("NUL");
    if null {
        out.clear();
    }
    let is_dir = env.cwd.join(&out).is_dir() || out.ends_with('/') || cfg!(windows) && out.ends_with('\\');
    let mut targets: Vec<(PkgId, PathBuf)> = Vec::new();
    if !out.is_empty() && is_dir {
        if !explicit {
            return Err(Exit::go(format!("build output {out:?} already exists and is a directory")));
        }
        for &id in &ids {
            if l.packages[id].is_main() {
                targets.push((id, env.cwd.join(&out).join(l.packages[id].exec_name() + &exe)));
            }
        }
        if targets.is_empty() && !opts.dry() {
            return Err(Exit::go("no main packages to build"));
        }
    } else if !out.is_empty() {
        match ids[..] {
            [id] => targets.push((id, env.cwd.join(&out))),
            [] => return Err(Exit::Error("no packages to build".into())),
            _ => return Err(Exit::go(format!("cannot write multiple packages to non-directory {out}"))),
        }
    }
    for (_, path) in targets.iter().filter(|_| !explicit || !is_dir) {
        check_overwrite(path)?;
    }
    let b = compile(&mut l, &ids, &p, &opts)?;
    if targets.is_empty() && !opts.dry() {
        // Nothing is kept, but linking may find errors.
        for &id in ids.iter().filter(|id| l.packages[**id].is_main()) {
            let link = link_options(&l, &p, id, &l.packages[id].import_path, true)?;
            b.check_link(&l, id, &link).map_err(|m| Exit::Error(format!("# {}\n{m}", l.packages[id].import_path)))?;
        }
    }
    for (id, path) in targets {
        if l.packages[id].is_main() {
            if let Some(d) = path.parent().filter(|_| !opts.dry()) {
                std::fs::create_dir_all(d).map_err(|e| Exit::go(format!("mkdir {}: {}", d.display(), rgo_work::modload::io_text(&e))))?;
            }
            let link = link_options(&l, &p, id, &l.packages[id].import_path, true)?;
            b.link(&l, id, &link, &path).map_err(|m| Exit::Error(format!("# {}\n{m}", l.packages[id].import_path)))?;
        } else if !opts.dry() {
            b.write_object(&l, id, &path).map_err(Exit::Error)?;
        }
    }
    Ok(())
}

/// Refuses to replace a file that is neither a program nor an object.
fn check_overwrite(path: &Path) -> Outcome {
    let Ok(m) = std::fs::metadata(path) else { return Ok(()) };
    if !m.is_file() || m.len() == 0 {
        return Ok(());
    }
    let mut head = [0u8; 8];
    let n = std::fs::File::open(path).and_then(|mut f| std::io::Read::read(&mut f, &mut head)).unwrap_or(0);
    let known: [&[u8]; 8] = [b"\x7fELF", b"MZ", b"!<arch>", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"go object", b"\0asm"];
    if known.iter().any(|k| head[..n].starts_with(k)) {
        return Ok(());
    }
    Err(Exit::go(format!("build output {:?} already exists and is not an object file", path.display().to_string())))
}

/// Ends a command with the errors of a build.
pub fn finish(r: Result<(), String>) -> Outcome {
    match r {
        Ok(()) => Ok(()),
        Err(text) => {
            eprint!("{text}");
            Err(Exit::Code(1))
        }
    }
}

/// Where commands are installed.
pub fn install_dir(env: &GoEnv) -> Result<PathBuf, Exit> {
    let gobin = env.gobin();
    let cross = env.goos() != env.value("GOHOSTOS") || env.goarch() != env.value("GOHOSTARCH");
    Ok(if gobin.is_empty() {
        let first = std::env::split_paths(&env.gopath()).next().unwrap_or_default();
        let bin = first.join("bin");
        if cross { bin.join(format!("{}_{}", env.goos(), env.goarch())) } else { bin }
    } else if cross {
        return Err(Exit::go("cannot install cross-compiled binaries when GOBIN is set"));
    } else {
        if !Path::new(&gobin).is_absolute() {
            return Err(Exit::Error("cannot install, GOBIN must be an absolute path".into()));
        }
        PathBuf::from(gobin)
    })
}

/// Modules as `pkg@version` uses them: the current folder's module does not matter.
pub fn outside_flags(env: &GoEnv, p: &crate::flags::Parsed) -> Result<ModFlags, Exit> {
    let f = base::mod_flags(env, p, "install")?;
    Ok(ModFlags { force: true, root: RootMode::None, workspace: false, allow_missing: true, ..f })
}

/// Drops packages of wildcards that are no commands; named ones are an error.
pub fn commands_only(l: &mut Loader<'_>, ids: Vec<PkgId>) -> Result<Vec<PkgId>, Exit> {
    let mut out = Vec::new();
    for id in ids {
        let p = &mut l.packages[id];
        if !p.is_main() && p.error.is_none() {
            if !p.cmdline_literal {
                continue;
            }
            p.error = Some(PkgError::msg(format!("package {} is not a main package", p.import_path)));
        }
        out.push(id);
    }
    Ok(out)
}

/// `rgo install`: commands into GOBIN.
pub fn install(env: &GoEnv, args: &[String]) -> Outcome {
    let defs = base::with_build_flags(&[]);
    let p = base::parse_flags("install", env, args, &defs)?;
    let opts = options(env, &p)?;
    let outside = p.rest.iter().any(|a| a.contains('@') && !rgo_work::pattern::is_local(a) && !Path::new(a).is_absolute());
    let (mut l, ids) = if outside {
        let mut l = base::loader_with(env, &p, outside_flags(env, &p)?, false)?;
        let ids = l.load_outside_module(&p.rest)?;
        let ids = commands_only(&mut l, ids)?;
        (l, ids)
    } else {
        let mut l = base::loader(env, &p)?;
        let ids = l.load_patterns(&p.rest)?;
        (l, ids)
    };
    check_packages(&l, &ids)?;
    let ids = omit_test_only(&l, ids)?;
    let dir = install_dir(env)?;
    if ids.iter().any(|id| l.packages[*id].cmdline_files && l.packages[*id].is_main()) && env.gobin().is_empty() && env.raw("GO111MODULE") == "off" {
        return Err(Exit::go("no install location for .go files listed on command line (GOBIN not set)"));
    }
    let b = compile(&mut l, &ids, &p, &opts)?;
    let here = if let ([id], true) = (&ids[..], p.rest.is_empty()) { l.packages[*id].is_main().then(|| l.packages[*id].exec_name() + &env.value("GOEXE")) } else { None };
    for id in ids {
        if l.packages[id].is_main() {
            if !opts.dry() {
                std::fs::create_dir_all(&dir).map_err(|e| Exit::go(format!("creating {}: {e}", dir.display())))?;
            }
            let link = link_options(&l, &p, id, &l.packages[id].import_path, true)?;
            let path = dir.join(l.packages[id].exec_name() + &env.value("GOEXE"));
            if let Some(d) = path.parent().filter(|_| !opts.dry()) {
                std::fs::create_dir_all(d).map_err(|e| Exit::go(format!("mkdir {}: {}", d.display(), rgo_work::modload::io_text(&e))))?;
            }
            b.link(&l, id, &link, &path).map_err(|m| Exit::Error(format!("# {}\n{m}", l.packages[id].import_path)))?;
        }
    }
    // What an earlier `go build` left in this folder.
    if let Some(n) = here.map(|n| env.cwd.join(n)).filter(|n| n.is_file() && !opts.dry() && !n.starts_with(&dir)) {
        let _ = std::fs::remove_file(n);
    }
    Ok(())
}
