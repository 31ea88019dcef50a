//! `rgo mod`: init, edit, graph.

use crate::base::{self, Exit, Outcome};
use crate::env::json_string;
use crate::flags::{Kind, flag};
use rgo_modcache::ModVersion;
use rgo_modcache::layout::{check_import_path, check_path};
use rgo_modcache::modfile::{File, Mode, is_directory_path};
use rgo_modcache::semver;
use rgo_work::goenv::{GO_VERSION, GoEnv};
use rgo_work::modload::{Modules, io_text};
use std::path::PathBuf;

/// Runs `rgo mod ...`.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    match args.first().map(String::as_str) {
        Some("init") => init(env, &args[1..]),
        Some("edit") => edit(env, &args[1..]),
        Some("graph") => graph(env, &args[1..]),
        Some("download") => download(env, &args[1..]),
        Some("verify") => verify(env, &args[1..]),
        Some(c @ ("tidy" | "vendor" | "why")) => Err(Exit::Error(format!("rgo mod {c}: not supported yet"))),
        Some(c) if !c.starts_with('-') => {
            eprintln!("go mod: unknown command\nRun 'go help mod' for usage.");
            Err(Exit::Code(2))
        }
        _ => {
            eprintln!("Go mod provides access to operations on modules.\n\nUsage:\n\n\tgo mod <command> [arguments]\n\nThe commands are:\n\n\tdownload    download modules to local cache\n\tedit        edit go.mod from tools or scripts\n\tgraph       print module requirement graph\n\tinit        initialize new module in current directory\n\tverify      verify dependencies have expected content\n\nUse \"go help mod <command>\" for more information about a command.");
            Err(Exit::Code(2))
        }
    }
}

fn init(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("mod", env, args, &[flag("C", Kind::Str), flag("modfile", Kind::Str)])?;
    if p.rest.len() > 1 {
        return Err(Exit::go("'go mod init' accepts at most one argument"));
    }
    let file = env.cwd.join("go.mod");
    if file.exists() {
        return Err(Exit::go(format!("{} already exists", file.display())));
    }
    let Some(path) = p.rest.first() else {
        return Err(Exit::go(format!(
            "cannot determine module path for source directory {} (outside GOPATH, module path must be specified)\n\nExample usage:\n\t'go mod init example.com/m' to initialize a v0 or v1 module\n\t'go mod init example.com/m/v2' to initialize a v2 module\n\nRun 'go help mod init' for more information.",
            env.cwd.display()
        )));
    };
    check_import_path(path).map_err(Exit::go)?;
    if semver::split_path_version(path).is_none() {
        return Err(Exit::go(check_path(path).err().unwrap_or_else(|| format!("malformed module path {path:?}"))));
    }
    let mut f = File::default();
    f.set_module(path);
    f.set_go(&GO_VERSION[2..]);
    std::fs::write(&file, f.format()).map_err(|e| Exit::go(format!("open {}: {}", file.display(), io_text(&e))))?;
    eprintln!("go: creating new go.mod: module {path}");
    let has_go = std::fs::read_dir(&env.cwd).is_ok_and(|l| l.flatten().any(|e| e.file_name().to_string_lossy().ends_with(".go")));
    if has_go {
        eprintln!("go: to add module requirements and sums:\n\tgo mod tidy");
    }
    Ok(())
}

fn version_arg(flag: &str, arg: &str, allow_dir: bool, need_version: bool) -> Result<ModVersion, Exit> {
    let bad = |m: String| Exit::go(format!("{flag}={arg}: {m}"));
    let (path, version) = match arg.split_once('@') {
        Some((p, v)) => (p.trim(), v.trim()),
        None if need_version => return Err(bad("need path@version".into())),
        None => (arg, ""),
    };
    if !(allow_dir && is_directory_path(path)) {
        check_import_path(path).map_err(|m| bad(format!("invalid path: {m}")))?;
    }
    if !version.is_empty() && (version.contains(char::is_whitespace) || version.contains('@')) {
        return Err(bad(format!("invalid version {version:?}")));
    }
    Ok(ModVersion::new(path, version))
}

/// A version, or `[low,high]`.
fn interval(flag: &str, arg: &str) -> Result<(String, String), Exit> {
    let bad = |m: &str| Exit::go(format!("{flag}={arg}: {m}"));
    let pair = match arg.strip_prefix('[') {
        None => (arg.to_string(), arg.to_string()),
        Some(rest) => {
            let inner = rest.strip_suffix(']').ok_or_else(|| bad("invalid interval"))?;
            let (l, h) = inner.split_once(',').ok_or_else(|| bad("invalid interval"))?;
            (l.trim().to_string(), h.trim().to_string())
        }
    };
    for v in [&pair.0, &pair.1] {
        if v.is_empty() || v.contains(char::is_whitespace) {
            return Err(bad(&format!("invalid version {v:?}")));
        }
    }
    Ok(pair)
}

fn edit(env: &GoEnv, args: &[String]) -> Outcome {
    let defs = [
        flag("C", Kind::Str),
        flag("dropexclude", Kind::Str),
        flag("dropgodebug", Kind::Str),
        flag("dropignore", Kind::Str),
        flag("dropretract", Kind::Str),
        flag("droptool", Kind::Str),
        flag("godebug", Kind::Str),
        flag("ignore", Kind::Str),
        flag("retract", Kind::Str),
        flag("tool", Kind::Str),
        flag("dropreplace", Kind::Str),
        flag("droprequire", Kind::Str),
        flag("exclude", Kind::Str),
        flag("fmt", Kind::Bool),
        flag("go", Kind::Str),
        flag("json", Kind::Bool),
        flag("modfile", Kind::Str),
        flag("module", Kind::Str),
        flag("print", Kind::Bool),
        flag("replace", Kind::Str),
        flag("require", Kind::Str),
        flag("toolchain", Kind::Str),
    ];
    let p = base::parse_flags("mod", env, args, &defs)?;
    if p.set.is_empty() {
        return Err(Exit::go("no flags specified (see 'go help mod edit')."));
    }
    if p.bool("json") && p.bool("print") {
        return Err(Exit::go("cannot use both -json and -print"));
    }
    if p.rest.len() > 1 {
        return Err(Exit::go("too many arguments"));
    }
    let path: PathBuf = match p.rest.first() {
        Some(f) => env.cwd.join(f),
        None if !p.str("modfile").is_empty() => env.cwd.join(p.str("modfile")),
        None => GoEnv::find_go_mod(&env.cwd).ok_or_else(|| Exit::Error(Modules::no_main_module()))?,
    };
    let name = rgo_work::pattern::short_path(&env.cwd, &path);
    let data = std::fs::read(&path).map_err(|e| Exit::go(format!("open {}: {}", path.display(), io_text(&e))))?;
    let mut f = File::parse(&name, &data, Mode::Strict)
        .map_err(|e| Exit::go(format!("errors parsing {name}:\n{}", e.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))))?;
    for (k, v) in &p.set {
        let flag = format!("-{k}");
        match k.as_str() {
            "module" => {
                check_import_path(v).map_err(|m| Exit::go(format!("invalid -module: {m}")))?;
                f.set_module(v);
            }
            "go" if v == "none" => f.drop_go(),
            "go" if semver::is_go_version(v) => f.set_go(v),
            "go" => return Err(Exit::go(format!("mod: invalid -go option {v:?}; expecting something like \"-go {}\"", &GO_VERSION[2..]))),
            "toolchain" if v == "none" => f.drop_toolchain(),
            "toolchain" => f.set_toolchain(v),
            "require" => {
                let m = version_arg(&flag, v, false, true)?;
                f.add_require(&m.path, &m.version);
            }
            "droprequire" => f.drop_require(&version_arg(&flag, v, false, false)?.path),
            "exclude" => f.add_exclude(&version_arg(&flag, v, false, true)?),
            "dropexclude" => f.drop_exclude(&version_arg(&flag, v, false, true)?),
            "replace" => {
                let Some((old, new)) = v.split_once('=') else {
                    return Err(Exit::go(format!("-replace={v}: need old[@v]=new[@w] (missing =)")));
                };
                let old = version_arg(&flag, old.trim(), false, false)?;
                let new = version_arg(&flag, new.trim(), true, false)?;
                if new.version.is_empty() && !is_directory_path(&new.path) {
                    return Err(Exit::go(format!("-replace={v}: unversioned new path must be local directory")));
                }
                f.add_replace(&old, &new);
            }
            "tool" => f.add_tool(v),
            "droptool" => f.drop_tool(v),
            "ignore" => f.add_ignore(v),
            "dropignore" => f.drop_ignore(v),
            "godebug" => {
                let ok = |k: &str, v: &str| !k.is_empty() && !v.is_empty() && !v.contains(['"', '`', '\'', ',']);
                match v.split_once('=') {
                    Some((k, val)) if ok(k, val) => f.add_godebug(k, val),
                    _ => return Err(Exit::go(format!("-godebug={v}: need key=value"))),
                }
            }
            "dropgodebug" => f.drop_godebug(v),
            "retract" | "dropretract" => {
                let (low, high) = interval(&flag, v)?;
                if k == "retract" { f.add_retract(&low, &high) } else { f.drop_retract(&low, &high) }
            }
            "dropreplace" => f.drop_replace(&version_arg(&flag, v, false, false)?),
            _ => {}
        }
    }
    if p.bool("json") {
        println!("{}", json(&f));
        return Ok(());
    }
    f.clean();
    let text = f.format();
    if p.bool("print") {
        print!("{text}");
        return Ok(());
    }
    if text.as_bytes() != data {
        std::fs::write(&path, text).map_err(|e| Exit::go(format!("open {}: {}", path.display(), io_text(&e))))?;
    }
    Ok(())
}

fn json(f: &File) -> String {
    let version = |m: &ModVersion, pad: &str| {
        let mut s = format!("{{\n{pad}\t\"Path\": {}", json_string(&m.path));
        if !m.version.is_empty() {
            s.push_str(&format!(",\n{pad}\t\"Version\": {}", json_string(&m.version)));
        }
        s + &format!("\n{pad}}}")
    };
    let list = |items: Vec<String>| {
        if items.is_empty() { String::new() } else { format!("[\n\t\t{}\n\t]", items.join(",\n\t\t")) }
    };
    let mut fields = Vec::new();
    let mut module = format!("{{\n\t\t\"Path\": {}", json_string(f.module_path()));
    if !f.deprecated.is_empty() {
        module.push_str(&format!(",\n\t\t\"Deprecated\": {}", json_string(&f.deprecated)));
    }
    fields.push(format!("\"Module\": {module}\n\t}}"));
    if let Some(g) = &f.go {
        fields.push(format!("\"Go\": {}", json_string(&g.text)));
    }
    if let Some(t) = &f.toolchain {
        fields.push(format!("\"Toolchain\": {}", json_string(&t.text)));
    }
    if !f.godebug.is_empty() {
        let items = f.godebug.iter().map(|g| format!("{{\n\t\t\t\"Key\": {},\n\t\t\t\"Value\": {}\n\t\t}}", json_string(&g.key), json_string(&g.value)));
        fields.push(format!("\"Godebug\": {}", list(items.collect())));
    }
    let requires = f.require.iter().map(|r| {
        let mut s = format!("{{\n\t\t\t\"Path\": {},\n\t\t\t\"Version\": {}", json_string(&r.module.path), json_string(&r.module.version));
        if r.indirect {
            s.push_str(",\n\t\t\t\"Indirect\": true");
        }
        s + "\n\t\t}"
    });
    fields.push(format!("\"Require\": {}", list(requires.collect())));
    fields.push(format!("\"Exclude\": {}", list(f.exclude.iter().map(|e| version(&e.module, "\t\t")).collect())));
    let replaces = f.replace.iter().map(|r| format!("{{\n\t\t\t\"Old\": {},\n\t\t\t\"New\": {}\n\t\t}}", version(&r.old, "\t\t\t"), version(&r.new, "\t\t\t")));
    fields.push(format!("\"Replace\": {}", list(replaces.collect())));
    let retracts = f.retract.iter().map(|r| {
        let mut s = format!("{{\n\t\t\t\"Low\": {},\n\t\t\t\"High\": {}", json_string(&r.low), json_string(&r.high));
        if !r.rationale.is_empty() {
            s.push_str(&format!(",\n\t\t\t\"Rationale\": {}", json_string(&r.rationale)));
        }
        s + "\n\t\t}"
    });
    fields.push(format!("\"Retract\": {}", list(retracts.collect())));
    for (name, words) in [("Tool", &f.tool), ("Ignore", &f.ignore)] {
        let items = words.iter().map(|w| format!("{{\n\t\t\t\"Path\": {}\n\t\t}}", json_string(&w.text)));
        fields.push(format!("\"{name}\": {}", list(items.collect())));
    }
    fields.retain(|f| !f.ends_with(": "));
    format!("{{\n\t{}\n}}", fields.join(",\n\t"))
}

fn graph(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("mod", env, args, &[flag("C", Kind::Str), flag("go", Kind::Str), flag("x", Kind::Bool), flag("modfile", Kind::Str)])?;
    if !p.rest.is_empty() {
        return Err(Exit::go("'go mod graph' accepts no arguments"));
    }
    let l = base::loader(env, &p)?;
    if l.modules.mains.is_empty() {
        return Err(Exit::Error(Modules::no_main_module()));
    }
    for (from, to) in l.modules.graph().map_err(Exit::go)? {
        println!("{from} {to}");
    }
    Ok(())
}

/// The modules of the build list that arguments name; all without arguments.
fn named(l: &rgo_work::load::Loader<'_>, args: &[String]) -> Result<Vec<std::sync::Arc<rgo_work::modload::Module>>, Exit> {
    let list = l.modules.build_list().map_err(Exit::go)?;
    if args.is_empty() || args.iter().any(|a| a == "all") {
        return Ok(list.to_vec());
    }
    let mut out = Vec::new();
    for a in args {
        if a.contains('@') {
            return Err(Exit::Error(format!("rgo: mod download {a}: version queries are not supported yet")));
        }
        let m = rgo_work::pattern::Matcher::new(a);
        let hits: Vec<_> = list.iter().filter(|x| m.matches(&x.path)).cloned().collect();
        if hits.is_empty() && !m.is_wild() {
            return Err(Exit::go(format!("module {a}: not a known dependency")));
        }
        out.extend(hits);
    }
    Ok(out)
}

fn download(env: &GoEnv, args: &[String]) -> Outcome {
    let defs = [flag("C", Kind::Str), flag("json", Kind::Bool), flag("modcacherw", Kind::Bool), flag("modfile", Kind::Str), flag("reuse", Kind::Str), flag("x", Kind::Bool), flag("mod", Kind::Str)];
    let p = base::parse_flags("mod", env, args, &defs)?;
    let l = base::loader(env, &p)?;
    if l.modules.mains.is_empty() {
        if p.rest.is_empty() {
            return Err(Exit::go("no modules specified (see 'go help mod download')"));
        }
        return Err(Exit::Error(Modules::no_main_module()));
    }
    let list = named(&l, &p.rest)?;
    if list.is_empty() {
        eprintln!("go: no module dependencies to download");
        return Ok(());
    }
    let mut failed = false;
    for m in list {
        match l.modules.download(&m) {
            Ok(d) if p.bool("json") && !d.version.is_empty() => {
                let fields = [
                    ("Path", d.path),
                    ("Version", d.version),
                    ("GoMod", d.go_mod.display().to_string()),
                    ("Zip", d.zip.display().to_string()),
                    ("Dir", d.dir.display().to_string()),
                    ("Sum", d.sum),
                    ("GoModSum", d.go_mod_sum),
                ];
                let body: Vec<String> = fields.iter().filter(|f| !f.1.is_empty()).map(|(k, v)| format!("\t{}: {}", json_string(k), json_string(v))).collect();
                println!("{{\n{}\n}}", body.join(",\n"));
            }
            Ok(_) => {}
            Err(e) if p.bool("json") => {
                println!("{{\n\t\"Path\": {},\n\t\"Version\": {},\n\t\"Error\": {}\n}}", json_string(&m.path), json_string(&m.version), json_string(&e));
                failed = true;
            }
            Err(e) => {
                eprintln!("go: {e}");
                failed = true;
            }
        }
    }
    if failed { Err(Exit::Code(1)) } else { Ok(()) }
}

fn verify(env: &GoEnv, args: &[String]) -> Outcome {
    let p = base::parse_flags("mod", env, args, &[flag("C", Kind::Str), flag("modfile", Kind::Str)])?;
    if !p.rest.is_empty() {
        return Err(Exit::go("verify takes no arguments"));
    }
    let l = base::loader(env, &p)?;
    if l.modules.mains.is_empty() {
        return Err(Exit::Error(Modules::no_main_module()));
    }
    let mut failed = false;
    for m in l.modules.build_list().map_err(Exit::go)? {
        for e in l.modules.verify(m) {
            eprintln!("{e}");
            failed = true;
        }
    }
    if failed {
        return Err(Exit::Code(1));
    }
    println!("all modules verified");
    Ok(())
}
