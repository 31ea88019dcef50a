//! The gofmt command.

use crate::{FormatError, Options, Rule, STACK_SIZE, diff, format_here, format_source};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const USAGE: &str = "usage: gofmt [flags] [path ...]
  -cpuprofile string
    \twrite cpu profile to this file
  -d\tdisplay diffs instead of rewriting files
  -e\treport all errors (not just the first 10 on different lines)
  -l\tlist files whose formatting differs from gofmt's
  -r string
    \trewrite rule (e.g., 'a[b:len(a)] -> a[b:]')
  -s\tsimplify code
  -w\twrite result to (source) file instead of stdout
";

#[derive(Default)]
struct Flags {
    list: bool,
    write: bool,
    simplify: bool,
    diff: bool,
    all_errors: bool,
    rule: Option<Rule>,
}

/// Files formatted at a time.
const WINDOW: usize = 256;

type Formatted = (Vec<u8>, Result<Vec<u8>, Vec<FormatError>>);

/// Reads and formats files in parallel.
fn format_all(files: &[PathBuf], flags: &Flags) -> Vec<std::io::Result<Formatted>> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<std::io::Result<Formatted>>>> = files.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(f) = files.get(i) else { return };
            let r = std::fs::read(f).map(|src| {
                let res = format_here(&src, flags.options(false));
                (src, res)
            });
            if let Ok(mut slot) = results[i].lock() {
                *slot = Some(r);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(files.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let _ = std::thread::Builder::new().stack_size(STACK_SIZE).spawn_scoped(scope, work);
        }
    });
    let failed = || Err(std::io::Error::other("internal compiler error: file was not formatted"));
    results.into_iter().map(|r| r.into_inner().ok().flatten().unwrap_or_else(failed)).collect()
}

impl Flags {
    fn options(&self, fragment: bool) -> Options<'_> {
        Options { simplify: self.simplify, fragment, rewrite: self.rule.as_ref() }
    }
}

/// The outcome of one file.
enum Outcome {
    Ok,
    Differs,
    Failed,
}

/// Runs gofmt with its arguments (without the program name); returns the exit code.
pub fn run(args: &[String]) -> i32 {
    let (flags, paths) = match parse_flags(args) {
        Ok(x) => x,
        Err(code) => return code,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let mut code = 0;
    let mut note = |o: Outcome| match o {
        Outcome::Ok => {}
        Outcome::Differs => code = 1,
        Outcome::Failed => code = 2,
    };
    if paths.is_empty() {
        if flags.write {
            eprintln!("error: cannot use -w with standard input");
            return 2;
        }
        let mut src = Vec::new();
        if let Err(e) = std::io::stdin().read_to_end(&mut src) {
            eprintln!("{e}");
            return 2;
        }
        let res = format_source(&src, flags.options(true));
        note(finish("<standard input>", None, &src, res, &flags, &mut out));
    }
    for p in &paths {
        let mut files = Vec::new();
        if let Err((path, e)) = collect(Path::new(p), true, &mut files) {
            report_io(&path, "lstat", &e);
            note(Outcome::Failed);
        }
        // Windows keep the results in memory small, and the output in order.
        for window in files.chunks(WINDOW) {
            for (f, job) in window.iter().zip(format_all(window, &flags)) {
                let name = f.to_string_lossy();
                match job {
                    Ok((src, res)) => note(finish(&name, Some(f), &src, res, &flags, &mut out)),
                    Err(e) => {
                        report_io(f, "open", &e);
                        note(Outcome::Failed);
                    }
                }
            }
        }
    }
    if out.flush().is_err() {
        code = 2;
    }
    code
}

fn parse_flags(args: &[String]) -> Result<(Flags, Vec<String>), i32> {
    let mut flags = Flags::default();
    let mut i = 0;
    while i < args.len() {
        let a = &args[i];
        if a == "--" {
            i += 1;
            break;
        }
        let Some(name) = a.strip_prefix('-').filter(|n| !n.is_empty()) else { break };
        let name = name.strip_prefix('-').unwrap_or(name);
        let (name, value) = match name.split_once('=') {
            Some((n, v)) => (n, Some(v.to_string())),
            None => (name, None),
        };
        i += 1;
        let on = match value.as_deref() {
            None => true,
            Some(v) => !matches!(v, "0" | "f" | "F" | "false" | "FALSE" | "False"),
        };
        match name {
            "l" => flags.list = on,
            "w" => flags.write = on,
            "s" => flags.simplify = on,
            "d" => flags.diff = on,
            "e" => flags.all_errors = on,
            "r" | "cpuprofile" => {
                let v = match value {
                    Some(v) => v,
                    None if i < args.len() => {
                        i += 1;
                        args[i - 1].clone()
                    }
                    None => {
                        eprint!("flag needs an argument: -{name}\n{USAGE}");
                        return Err(2);
                    }
                };
                if name == "r" && !v.is_empty() {
                    flags.rule = match Rule::parse(&v) {
                        Ok(r) => Some(r),
                        Err(e) => {
                            eprintln!("{e}");
                            return Err(2);
                        }
                    };
                }
            }
            "h" | "help" => {
                eprint!("{USAGE}");
                return Err(0);
            }
            _ => {
                eprint!("flag provided but not defined: -{name}\n{USAGE}");
                return Err(2);
            }
        }
    }
    Ok((flags, args[i..].to_vec()))
}

/// Collects the files to format: `path` itself, or the Go files below it.
fn collect(path: &Path, explicit: bool, out: &mut Vec<PathBuf>) -> Result<(), (PathBuf, std::io::Error)> {
    let meta = std::fs::symlink_metadata(path).map_err(|e| (path.to_path_buf(), e))?;
    let is_dir = meta.is_dir() || explicit && meta.is_symlink() && path.to_string_lossy().ends_with('/');
    if is_dir {
        let read = |e| (path.to_path_buf(), e);
        let mut entries = Vec::new();
        for e in std::fs::read_dir(path).map_err(read)? {
            entries.push(e.map_err(read)?.path());
        }
        entries.sort();
        for e in entries {
            collect(&e, false, out)?;
        }
        return Ok(());
    }
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if explicit || !name.starts_with('.') && name.ends_with(".go") {
        out.push(path.to_path_buf());
    }
    Ok(())
}

/// Reports a failed file operation as Go words it.
fn report_io(path: &Path, op: &str, e: &std::io::Error) {
    let text = match e.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_string(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_string(),
        std::io::ErrorKind::IsADirectory => "is a directory".to_string(),
        _ => e.to_string(),
    };
    eprintln!("{op} {}: {text}", path.display());
}

/// Reports or writes the result of formatting `src`.
fn finish(
    name: &str,
    path: Option<&Path>,
    src: &[u8],
    res: Result<Vec<u8>, Vec<FormatError>>,
    flags: &Flags,
    out: &mut impl Write,
) -> Outcome {
    let res = match res {
        Ok(r) => r,
        Err(errors) => {
            let _ = out.flush();
            report_errors(name, &errors, flags.all_errors);
            return Outcome::Failed;
        }
    };
    let mut ok = true;
    let mut differs = false;
    if src != res {
        if flags.list {
            ok &= writeln!(out, "{name}").is_ok();
        }
        if let (true, Some(path)) = (flags.write, path) {
            if let Err(e) = write_file(path, src, &res) {
                report_io(path, "open", &e);
                return Outcome::Failed;
            }
        }
        if flags.diff {
            ok &= out.write_all(&diff::diff(&format!("{name}.orig"), src, name, &res)).is_ok();
            differs = true;
        }
    }
    if !flags.list && !flags.write && !flags.diff {
        ok &= out.write_all(&res).is_ok();
    }
    match (ok, differs) {
        (false, _) => Outcome::Failed,
        (true, true) => Outcome::Differs,
        (true, false) => Outcome::Ok,
    }
}

/// At most ten errors, one a line, unless all are asked for.
fn report_errors(name: &str, errors: &[FormatError], all: bool) {
    let mut last = 0;
    let mut n = 0;
    for e in errors {
        if !all && e.line == last {
            continue;
        }
        if !all && n >= 10 {
            break;
        }
        last = e.line;
        n += 1;
        eprintln!("{name}:{}:{}: {}", e.line, e.col, e.msg);
    }
}

/// Replaces a file's content; a backup stands beside it until that succeeded.
fn write_file(path: &Path, old: &[u8], new: &[u8]) -> std::io::Result<()> {
    let meta = std::fs::metadata(path)?;
    let mut n = 0u32;
    let backup = loop {
        let mut name = path.as_os_str().to_os_string();
        name.push(format!(".{}{n}", std::process::id()));
        match std::fs::OpenOptions::new().write(true).create_new(true).open(&name) {
            Ok(mut f) => {
                f.write_all(old)?;
                f.set_permissions(meta.permissions())?;
                break PathBuf::from(name);
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => n += 1,
            Err(e) => return Err(e),
        }
    };
    let write = || -> std::io::Result<()> {
        let mut f = std::fs::OpenOptions::new().write(true).open(path)?;
        f.write_all(new)?;
        f.set_len(new.len() as u64)
    };
    match write() {
        Ok(()) => std::fs::remove_file(backup),
        Err(e) => {
            // The backup stays if the old content cannot be restored.
            if std::fs::write(path, old).is_ok() {
                std::fs::remove_file(backup)?;
            }
            Err(e)
        }
    }
}
