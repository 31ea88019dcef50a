//! `rgo mod`: init, edit, graph, tidy, why, verify; `download` and `vendor` have files of their own.

mod download;
pub mod edit;
mod vendor;

pub use vendor::vendor;

use crate::base::{self, Exit, Outcome};
use crate::flags::{Def, Kind, Parsed, flag};
use rgo_modcache::{fetch, gover, modfile};
use rgo_work::goenv::GoEnv;
use rgo_work::modload::base as report;
use rgo_work::modload::{ListMode, ModFlags, Modules, PackageOpts, RootMode};

/// Flags of all module commands.
pub const COMMON: &[Def] = &[flag("C", Kind::Str), flag("modcacherw", Kind::Bool), flag("modfile", Kind::Str), flag("overlay", Kind::Str)];

/// Flags of a module command and its own.
pub fn with_common(own: &[Def]) -> Vec<Def> {
    own.iter().chain(COMMON).copied().collect()
}

/// Runs `rgo mod ...`.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let Some(sub) = args.first().filter(|a| !a.starts_with('-')) else {
        eprint!("{OVERVIEW}");
        return Err(Exit::Code(2));
    };
    let rest = &args[1..];
    match sub.as_str() {
        "download" => download::run(env, rest),
        "edit" => edit::run(env, rest),
        "graph" => graph(env, rest),
        "init" => init(env, rest),
        "tidy" => tidy(env, rest),
        "vendor" => vendor::run(env, rest),
        "verify" => verify(env, rest),
        "why" => why(env, rest),
        _ => {
            eprintln!("go mod: unknown command\nRun 'go help mod' for usage.");
            Err(Exit::Code(2))
        }
    }
}

const OVERVIEW: &str = "Go mod provides access to operations on modules.

Note that support for modules is built into all the go commands,
not just 'go mod'. For example, day-to-day adding, removing, upgrading,
and downgrading of dependencies should be done using 'go get'.
See 'go help modules' for an overview of module functionality.

Usage:

\tgo mod <command> [arguments]

The commands are:

\tdownload    download modules to local cache
\tedit        edit go.mod from tools or scripts
\tgraph       print module requirement graph
\tinit        initialize new module in current directory
\ttidy        add missing and remove unused modules
\tvendor      make vendored copy of dependencies
\tverify      verify dependencies have expected content
\twhy         explain why packages or modules are needed

Use \"go help mod <command>\" for more information about a command.

";

/// The settings of a module command that needs a main module.
pub fn flags(env: &GoEnv, p: &Parsed, command: &str) -> Result<ModFlags, Exit> {
    let f = base::mod_flags(env, p, command)?;
    Ok(ModFlags { force: true, root: RootMode::Need, ..f })
}

/// A Go version given with `-go` or `-compat`.
fn version_flag(cmd: &str, p: &Parsed, name: &str) -> Result<String, Exit> {
    let v = p.str(name);
    let bad = |m: String| base::usage_error(cmd, &format!("invalid value {} for flag -{name}: {m}", rgo_modcache::quote(v)));
    if !v.is_empty() && !modfile::go_version_ok(v) {
        return Err(bad(format!("expecting a Go version like \"{}\"", gover::LOCAL)));
    }
    if gover::compare(v, gover::LOCAL).is_gt() {
        return Err(bad(format!("maximum supported Go version is {}", gover::LOCAL)));
    }
    Ok(v.into())
}

fn init(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("mod init", env, args, &with_common(&[]))?;
    if p.rest.len() > 1 {
        return Err(Exit::go("'go mod init' accepts at most one argument"));
    }
    let f = ModFlags { force: true, ..base::mod_flags(env, &p, "mod init")? };
    Modules::create_mod_file(env, &f, p.rest.first().map(String::as_str)).map_err(Exit::Error)
}

fn graph(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("mod graph", env, args, &with_common(&[flag("go", Kind::Str), flag("x", Kind::Bool)]))?;
    let go = version_flag("mod graph", &p, "go")?;
    if !p.rest.is_empty() {
        return Err(Exit::go("'go mod graph' accepts no arguments"));
    }
    let mut m = Modules::load(env, &flags(env, &p, "mod graph")?)?;
    let mg = m.load_graph(&go).unwrap_or_else(|e| report::fatal(&e));
    let mut out = String::new();
    mg.g.walk(|m| {
        for r in mg.g.required_by(m).unwrap_or(&[]) {
            out.push_str(&format!("{m} {r}\n"));
        }
    });
    print!("{out}");
    Ok(())
}

fn tidy(env: &GoEnv, args: &[String]) -> Outcome {
    let own = [flag("v", Kind::Bool), flag("x", Kind::Bool), flag("e", Kind::Bool), flag("diff", Kind::Bool), flag("go", Kind::Str), flag("compat", Kind::Str)];
    let p = base::parse_flags("mod tidy", env, args, &with_common(&own))?;
    let (go, compat) = (version_flag("mod tidy", &p, "go")?, version_flag("mod tidy", &p, "compat")?);
    if !p.rest.is_empty() {
        return Err(Exit::go("'go mod tidy' accepts no arguments"));
    }
    let f = ModFlags { workspace: false, ..flags(env, &p, "mod tidy")? };
    let mut m = Modules::init(env, &f)?;
    m.load_packages(
        &PackageOpts {
            tidy_go: go,
            any_tags: true,
            tidy: true,
            tidy_diff: p.bool("diff"),
            tidy_compat: compat,
            vendor_in_goroot: true,
            resolve_missing: true,
            load_tests: true,
            allow_errors: p.bool("e"),
            silence_missing_std: true,
            skip_std: true,
            ..PackageOpts::default()
        },
        &["all".into()],
    );
    Ok(())
}

fn verify(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("mod verify", env, args, &with_common(&[]))?;
    if !p.rest.is_empty() {
        return Err(Exit::go("verify takes no arguments"));
    }
    let mut m = Modules::load(env, &flags(env, &p, "mod verify")?)?;
    let mg = m.load_graph("").unwrap_or_else(|e| report::fatal(&e));
    let list: Vec<_> = mg.build_list().iter().filter(|x| !gover::is_toolchain(&x.path) && !m.is_main(&x.path)).collect();
    let errs = rgo_modcache::memo::parallel(&list, 4, |x| fetch::verify(&m.fetcher.cache, x));
    for e in errs.iter().flatten() {
        report::errorf(e);
    }
    if report::status() == 0 {
        println!("all modules verified");
    }
    Ok(())
}

fn why(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("mod why", env, args, &with_common(&[flag("m", Kind::Bool), flag("vendor", Kind::Bool)]))?;
    let f = ModFlags { explicit_write: true, ..flags(env, &p, "mod why")? };
    let mut m = Modules::init(env, &f)?;
    let vendor = p.bool("vendor");
    let opts = PackageOpts { any_tags: true, vendor_in_goroot: true, load_tests: !vendor, silence_package_errors: true, use_vendor_all: vendor, ..PackageOpts::default() };
    let to_vendor = if vendor { " to vendor" } else { "" };
    let mut out = Vec::new();
    if p.bool("m") {
        if let Some(a) = p.rest.iter().find(|a| a.contains('@')) {
            return Err(Exit::go(format!("{a}: 'go mod why' requires a module path, not a version query")));
        }
        let (mods, err) = m.list_modules(&p.rest, ListMode::default(), "");
        if let Some(e) = err {
            report::fatal(&e);
        }
        m.load_packages(&opts, &["all".into()]);
        let Some(loaded) = m.loaded.clone() else { return Ok(()) };
        for x in mods {
            let mut paths: Vec<&str> = loaded.pkgs.iter().filter(|q| q.module.path == x.path && !x.path.is_empty()).map(|q| q.path.as_str()).collect();
            paths.sort_unstable();
            let best = paths.into_iter().min_by_key(|q| loaded.why_depth(q)).unwrap_or("");
            let mut w = loaded.why(best);
            if w.is_empty() {
                w = format!("(main module does not need{to_vendor} module {})\n", x.path);
            }
            out.push(format!("# {}\n{w}", x.path));
        }
    } else {
        let (matches, _) = m.load_packages(&opts, &p.rest);
        // The graph counts from the main module, not from the packages named.
        m.load_packages(&opts, &["all".into()]);
        let Some(loaded) = m.loaded.clone() else { return Ok(()) };
        for path in matches.iter().flat_map(|x| &x.pkgs) {
            let mut w = loaded.why(path);
            if w.is_empty() {
                w = format!("(main module does not need{to_vendor} package {path})\n");
            }
            out.push(format!("# {path}\n{w}"));
        }
    }
    print!("{}", out.join("\n"));
    Ok(())
}
