//! `rgo work`: init, use, edit, sync, vendor.

use crate::base::{self, Exit, Outcome};
use crate::env::json_string;
use crate::flags::{Kind, Parsed, flag};
use crate::modcmd::{edit, vendor, with_common};
use rgo_modcache::error::Error;
use rgo_modcache::modfile::{File, Mode};
use rgo_modcache::{ModVersion, gover};
use rgo_work::goenv::GoEnv;
use rgo_work::modload::base as report;
use rgo_work::modload::{ModFlags, Modules, PackageOpts, RootMode, WriteOpts, read_mod_file, read_work_file, to_directory_path, update_work_go, write_work_file};
use rgo_work::pattern::{clean_path, relative, short_path};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

const NO_FILE: &str = "no go.work file found\n\t(run 'go work init' first or specify path using GOWORK environment variable)";

const OVERVIEW: &str = "Work provides access to operations on workspaces.

Note that support for workspaces is built into many other commands, not
just 'go work'.

See 'go help modules' for information about Go's module system of which
workspaces are a part.

Usage:

\tgo work <command> [arguments]

The commands are:

\tedit        edit go.work from tools or scripts
\tinit        initialize workspace file
\tsync        sync workspace build list to modules
\tuse         add modules to workspace file
\tvendor      make vendored copy of dependencies

Use \"go help work <command>\" for more information about a command.

";

/// Runs `rgo work ...`.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let Some(sub) = args.first().filter(|a| !a.starts_with('-')) else {
        eprint!("{OVERVIEW}");
        return Err(Exit::Code(2));
    };
    let rest = &args[1..];
    match sub.as_str() {
        "edit" => edit_work(env, rest),
        "init" => init(env, rest),
        "sync" => sync(env, rest),
        "use" => use_dirs(env, rest),
        "vendor" => vendor_work(env, rest),
        _ => {
            eprintln!("go work: unknown command\nRun 'go help work' for usage.");
            Err(Exit::Code(2))
        }
    }
}

fn flags(env: &GoEnv, p: &Parsed, cmd: &str) -> Result<ModFlags, Exit> {
    let f = base::mod_flags(env, p, cmd)?;
    Ok(ModFlags { force: true, ..f })
}

fn work_file(env: &GoEnv, p: &Parsed, cmd: &str) -> Result<Option<PathBuf>, Exit> {
    let f = ModFlags { root: RootMode::None, workspace: false, modfile_in_goflags: true, ..flags(env, p, cmd)? };
    let m = Modules::init(env, &f)?;
    Ok(m.find_work_file()?)
}

fn init(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("work init", env, args, &with_common(&[]))?;
    let file = work_file(env, &p, "work init")?;
    // A go.work further up does not count.
    let file = match file {
        Some(f) if !env.raw("GOWORK").is_empty() || f.parent() == Some(env.cwd.as_path()) => f,
        Some(f) => f,
        None => env.cwd.join("go.work"),
    };
    if file.exists() {
        return Err(Exit::go(format!("{} already exists", file.display())));
    }
    let mut f = File { mode: Mode::Work, ..File::default() };
    f.set_go(gover::LOCAL);
    work_use(env, &file, &mut f, &p.rest, false)?;
    write_work_file(&file, &mut f).map_err(Exit::go)
}

fn use_dirs(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("work use", env, args, &with_common(&[flag("r", Kind::Bool)]))?;
    let Some(file) = work_file(env, &p, "work use")? else { return Err(Exit::go(NO_FILE)) };
    let mut f = read_work_file(&env.cwd, &file, "work use").unwrap_or_else(|e| report::fatal(&e));
    work_use(env, &file, &mut f, &p.rest, p.bool("r"))?;
    write_work_file(&file, &mut f).map_err(Exit::go)
}

/// The folder, and how go.work names it.
fn path_rel(env: &GoEnv, work_dir: &Path, dir: &str) -> (PathBuf, String) {
    if Path::new(dir).is_absolute() {
        let abs = clean_path(Path::new(dir));
        let s = abs.display().to_string();
        return (abs, s);
    }
    let abs = clean_path(&env.cwd.join(dir));
    let rel = relative(work_dir, &abs).unwrap_or_else(|| abs.display().to_string());
    (abs, to_directory_path(&rel))
}

/// Adds folders to go.work, or drops those that are no modules any more.
fn work_use(env: &GoEnv, file: &Path, f: &mut File, args: &[String], recursive: bool) -> Outcome {
    let work_dir = file.parent().unwrap_or(Path::new("/")).to_path_buf();
    let mut have: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for u in &f.uses {
        have.entry(clean_path(&work_dir.join(&u.text))).or_default().push(u.text.clone());
    }
    let mut keep: BTreeMap<PathBuf, String> = BTreeMap::new();
    let mut errs: Vec<Error> = Vec::new();
    let short = |p: &Path| short_path(&env.cwd, p);
    let look = |dir: &str, keep: &mut BTreeMap<PathBuf, String>, errs: &mut Vec<Error>| {
        let (abs, dir) = path_rel(env, &work_dir, dir);
        let gm = abs.join("go.mod");
        match std::fs::metadata(&gm) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => drop(keep.insert(abs, String::new())),
            Err(e) => errs.push(rgo_modcache::error::io("stat", &gm, &e)),
            Ok(md) if !md.is_file() => errs.push(Error::Text(format!("{} is not a regular file", short(&gm)))),
            Ok(_) => {
                if let Some(dup) = keep.get(&abs).filter(|d| !d.is_empty() && **d != dir) {
                    report::errorf(format_args!("go: already added \"{dir}\" as \"{dup}\""));
                }
                keep.insert(abs, dir);
            }
        }
    };
    for a in args {
        let (abs, _) = path_rel(env, &work_dir, a);
        match std::fs::metadata(&abs) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                errs.push(Error::Text(format!("directory {} does not exist", short(&abs))));
                continue;
            }
            Err(e) => {
                errs.push(rgo_modcache::error::io("stat", &abs, &e));
                continue;
            }
            Ok(md) if !md.is_dir() => {
                errs.push(Error::Text(format!("{} is not a directory", short(&abs))));
                continue;
            }
            Ok(_) => {}
        }
        if !recursive {
            look(a, &mut keep, &mut errs);
            continue;
        }
        let root = if Path::new(a).is_absolute() { PathBuf::from(a) } else { env.cwd.join(a) };
        let mut it = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter();
        while let Some(e) = it.next() {
            let Ok(e) = e else { continue };
            if !e.file_type().is_dir() {
                if e.path_is_symlink() && e.path().is_dir() && e.depth() > 0 {
                    eprintln!("warning: ignoring symlink {}", short(&clean_path(e.path())));
                }
                continue;
            }
            if e.file_name() == "vendor" {
                it.skip_current_dir();
                continue;
            }
            let rel = e.path().strip_prefix(&root).map(Path::to_path_buf).unwrap_or_default();
            let dir = if rel.as_os_str().is_empty() { a.clone() } else { Path::new(a).join(rel).display().to_string() };
            look(&dir, &mut keep, &mut errs);
        }
        for d in have.keys().filter(|d| d.starts_with(&abs)) {
            keep.entry(d.clone()).or_default();
        }
    }
    for (abs, dir) in &keep {
        let mut kept = 0;
        for d in have.get(abs).into_iter().flatten() {
            if d == dir { kept += 1 } else { f.drop_use(d) }
        }
        if !dir.is_empty() && kept != 1 {
            if kept > 1 {
                f.drop_use(dir);
            }
            f.add_use(dir);
        }
    }
    let mut go = f.go.as_ref().map_or(gover::DEFAULT_WORK, |g| g.text.as_str()).to_string();
    for u in &f.uses {
        match read_mod_file(&env.cwd, &clean_path(&work_dir.join(&u.text)).join("go.mod"), None) {
            Ok((_, m)) => go = gover::max(&go, m.go.as_ref().map_or(gover::DEFAULT_MOD, |g| g.text.as_str())),
            Err(e) => errs.push(e),
        }
    }
    for e in &errs {
        report::error(e);
    }
    report::exit_if_errors();
    update_work_go(f, &go);
    Ok(())
}

fn edit_work(env: &GoEnv, args: &[String]) -> Outcome {
    let mut defs = vec![flag("C", Kind::Str), flag("fmt", Kind::Bool), flag("go", Kind::Str), flag("json", Kind::Bool), flag("print", Kind::Bool), flag("toolchain", Kind::Str)];
    let own = ["godebug", "dropgodebug", "use", "dropuse", "replace", "dropreplace"];
    defs.extend(own.iter().map(|f| flag(f, Kind::Str)));
    let p = base::parse_flags("work edit", env, args, &defs)?;
    if p.bool("json") && p.bool("print") {
        return Err(Exit::go("cannot use both -json and -print"));
    }
    if p.rest.len() > 1 {
        return Err(Exit::go("'go help work edit' accepts at most one argument"));
    }
    let mut probe = File { mode: Mode::Work, ..File::default() };
    for (k, v) in edit::edits(&p) {
        edit::apply(&mut probe, k, v)?;
    }
    let file = match p.rest.first() {
        Some(f) => env.cwd.join(f),
        None => work_file(env, &p, "work edit")?.ok_or_else(|| Exit::go(NO_FILE))?,
    };
    edit::check_versions(&p, "work")?;
    let any = !p.str("go").is_empty() || !p.str("toolchain").is_empty() || ["json", "print", "fmt"].iter().any(|f| p.bool(f));
    if !any && edit::edits(&p).next().is_none() {
        return Err(Exit::go("no flags specified (see 'go help work edit')."));
    }
    let mut f = read_work_file(&env.cwd, &file, "work edit").map_err(|e| Exit::go(format!("errors parsing {}:\n{e}", short_path(&env.cwd, &file))))?;
    edit::versions(&mut f, &p, "work")?;
    for (k, v) in edit::edits(&p) {
        match k {
            "use" => f.add_use(&to_directory_path(v)),
            "dropuse" => f.drop_use(&to_directory_path(v)),
            _ => edit::apply(&mut f, k, v)?,
        }
    }
    f.clean();
    if p.bool("json") {
        println!("{}", json(&f));
        return Ok(());
    }
    if p.bool("print") {
        print!("{}", f.format());
        return Ok(());
    }
    write_work_file(&file, &mut f).map_err(Exit::go)
}

/// A go.work as JSON.
fn json(f: &File) -> String {
    let version = |m: &ModVersion| {
        let v = if m.version.is_empty() { String::new() } else { format!(",\n\t\t\t\t\"Version\": {}", json_string(&m.version)) };
        format!("{{\n\t\t\t\t\"Path\": {}{v}\n\t\t\t}}", json_string(&m.path))
    };
    let mut fields = Vec::new();
    let mut list = |name: &str, items: Vec<String>| {
        if !items.is_empty() {
            fields.push(format!("\"{name}\": [\n\t\t{}\n\t]", items.join(",\n\t\t")));
        }
    };
    list("Godebug", f.godebug.iter().map(|g| format!("{{\n\t\t\t\"Key\": {},\n\t\t\t\"Value\": {}\n\t\t}}", json_string(&g.key), json_string(&g.value))).collect());
    let comment = |at| f.syntax.line(at).comments.suffix.first().map(|c| c.text.clone());
    let _ = comment;
    list("Use", f.uses.iter().map(|u| format!("{{\n\t\t\t\"DiskPath\": {}\n\t\t}}", json_string(&u.text))).collect());
    list("Replace", f.replace.iter().map(|r| format!("{{\n\t\t\t\"Old\": {},\n\t\t\t\"New\": {}\n\t\t}}", version(&r.old), version(&r.new))).collect());
    let mut head = Vec::new();
    if let Some(g) = &f.go {
        head.push(format!("\"Go\": {}", json_string(&g.text)));
    }
    if let Some(t) = &f.toolchain {
        head.push(format!("\"Toolchain\": {}", json_string(&t.text)));
    }
    head.append(&mut fields);
    if head.is_empty() { "{}".into() } else { format!("{{\n\t{}\n}}", head.join(",\n\t")) }
}

fn sync(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("work sync", env, args, &with_common(&[]))?;
    let mut m = Modules::init(env, &flags(env, &p, "work sync")?)?;
    if !m.in_workspace() {
        return Err(Exit::go(NO_FILE));
    }
    m.load_graph("").unwrap_or_else(|e| report::fatal(&e));
    let opts = |main: Option<ModVersion>, tidy: bool| PackageOpts {
        any_tags: true,
        vendor_in_goroot: true,
        load_tests: true,
        allow_errors: true,
        silence_package_errors: true,
        silence_unmatched: !tidy,
        silence_missing_std: tidy,
        skip_std: true,
        tidy,
        main,
        ..PackageOpts::default()
    };
    let mut add_for: HashMap<String, Vec<ModVersion>> = HashMap::new();
    for x in m.main_versions() {
        let (_, pkgs) = m.load_packages(&opts(Some(x.clone()), false), &["all".into()]);
        let Some(loaded) = m.loaded.clone() else { continue };
        let mut list: Vec<ModVersion> = pkgs.iter().filter_map(|q| loaded.get(q)).map(|q| q.module.clone()).filter(|v| !v.version.is_empty()).collect::<HashSet<_>>().into_iter().collect();
        gover::sort(&mut list);
        add_for.insert(x.path, list);
    }
    let mut changed: Vec<Modules> = Vec::new();
    let mut go = String::new();
    for x in &m.mains {
        let mut sub = m.enter_module(&x.module.dir).unwrap_or_else(|e| report::fatal(&e));
        let add = add_for.remove(&x.module.path).unwrap_or_default();
        if sub.edit_build_list(&add, &[]).unwrap_or_else(|e| report::fatal(&e)) {
            sub.load_packages(&opts(None, true), &["all".into()]);
            sub.update_go_mod(&WriteOpts::default()).unwrap_or_else(|e| report::fatal(&e));
            go = gover::max(&go, &sub.go_version());
            changed.push(sub);
        } else {
            go = gover::max(&go, &sub.go_version());
        }
    }
    report::exit_if_errors();
    for sub in &mut changed {
        if let Err(e) = sub.write_go_mod(&WriteOpts::default()) {
            report::error(&e);
        }
    }
    let mut f = read_work_file(&env.cwd, &m.work_file, "work sync").unwrap_or_else(|e| report::fatal(&e));
    update_work_go(&mut f, &go);
    write_work_file(&m.work_file, &mut f).map_err(Exit::go)
}

fn vendor_work(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("work vendor", env, args, &with_common(&[flag("v", Kind::Bool), flag("e", Kind::Bool), flag("o", Kind::Str)]))?;
    let m = Modules::init(env, &flags(env, &p, "work vendor")?)?;
    if !m.in_workspace() {
        return Err(Exit::go(NO_FILE));
    }
    vendor(m, &p)
}
