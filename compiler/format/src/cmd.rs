//! The gofmt command.

use crate::{Error, Formatted, Options, Rule, diff, format_here, format_source};
use rgo_syntax::directive::clean;
use rgo_syntax::goparser::STACK_SIZE;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex};

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

impl Flags {
    fn options(&self, fragment: bool) -> Options<'_> {
        Options { simplify: self.simplify, fragment, rewrite: self.rule.as_ref(), all_errors: self.all_errors }
    }
}

/// What is left to do for an argument.
enum Task {
    Format(PathBuf),
    /// The text of an error met while looking for files.
    Failed(String),
}

/// What formatting a file has to say.
#[derive(Default)]
struct Report {
    out: Vec<u8>,
    err: Vec<u8>,
    /// The exit code, if it is not to stay what it is.
    code: Option<i32>,
}

impl Report {
    fn failed(err: &str) -> Report {
        Report { out: Vec::new(), err: format!("{err}\n").into(), code: Some(2) }
    }

    /// Writes the texts; the exit code so far is `code`.
    fn print(self, out: &mut impl Write, code: &mut i32) {
        let mut ok = out.write_all(&self.out).is_ok();
        if !self.err.is_empty() {
            ok &= out.flush().is_ok();
            let _ = io::stderr().write_all(&self.err);
        }
        *code = self.code.unwrap_or(*code);
        if !ok {
            *code = 2;
        }
    }
}

/// Runs gofmt with its arguments (without the program name); returns the exit code.
pub fn run(args: &[String]) -> i32 {
    let (flags, paths) = match parse_flags(args) {
        Ok(x) => x,
        Err((code, text)) => {
            eprint!("{text}");
            return code;
        }
    };
    let mut out = io::BufWriter::new(io::stdout());
    let mut code = 0;
    if paths.is_empty() {
        if flags.write {
            eprintln!("error: cannot use -w with standard input");
            return 2;
        }
        let mut src = Vec::new();
        let report = match io::stdin().read_to_end(&mut src) {
            Ok(_) => {
                let name = "<standard input>";
                finish(name, None, &src, format_source(name, &src, flags.options(true)), &flags)
            }
            Err(e) => Report::failed(&io_text("read", Path::new("/dev/stdin"), &e)),
        };
        report.print(&mut out, &mut code);
    }
    let mut tasks = Vec::new();
    for p in paths {
        if let Err(e) = collect(PathBuf::from(p), true, &mut tasks) {
            tasks.push(Task::Failed(e));
        }
    }
    run_all(&tasks, &flags, |report| report.print(&mut out, &mut code));
    match out.flush() {
        Ok(()) => code,
        // What a broken pipe ends has this status.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => 128 + 13,
        Err(_) => 2,
    }
}

/// Parses flags as package flag does; an error is an exit code with a text.
fn parse_flags(args: &[String]) -> Result<(Flags, &[String]), (i32, String)> {
    let mut flags = Flags::default();
    let mut rule = String::new();
    let mut rest = args;
    let fail = |text: String| Err((2, format!("{text}\n{USAGE}")));
    while let [arg, after @ ..] = rest {
        let Some(name) = arg.strip_prefix('-').filter(|n| !n.is_empty()) else { break };
        rest = after;
        if name == "-" {
            break;
        }
        let name = name.strip_prefix('-').unwrap_or(name);
        if name.is_empty() || name.starts_with(['-', '=']) {
            return fail(format!("bad flag syntax: {arg}"));
        }
        let (name, value) = match name.split_once('=') {
            Some((n, v)) => (n, Some(v)),
            None => (name, None),
        };
        let flag = match name {
            "l" => &mut flags.list,
            "w" => &mut flags.write,
            "s" => &mut flags.simplify,
            "d" => &mut flags.diff,
            "e" => &mut flags.all_errors,
            "r" | "cpuprofile" => {
                let value = match (value, rest) {
                    (Some(v), _) => v,
                    (None, [v, after @ ..]) => {
                        rest = after;
                        v
                    }
                    (None, []) => return fail(format!("flag needs an argument: -{name}")),
                };
                if name == "r" {
                    rule = value.to_string();
                }
                continue;
            }
            "h" | "help" => return Err((0, USAGE.into())),
            _ => return fail(format!("flag provided but not defined: -{name}")),
        };
        *flag = match value {
            None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => true,
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => false,
            Some(v) => return fail(format!("invalid boolean value {v:?} for -{name}: parse error")),
        };
    }
    if !rule.is_empty() {
        flags.rule = Some(Rule::parse(&rule).map_err(|e| (2, e + "\n"))?);
    }
    Ok((flags, rest))
}

/// Collects the files to format: `path` itself, or the Go files below it.
fn collect(path: PathBuf, explicit: bool, out: &mut Vec<Task>) -> Result<(), String> {
    let meta = std::fs::symlink_metadata(&path).map_err(|e| io_text("lstat", &path, &e))?;
    if !meta.is_dir() {
        let name = path.file_name().map(|n| n.as_encoded_bytes()).unwrap_or_default();
        if explicit || !name.starts_with(b".") && name.ends_with(b".go") {
            out.push(Task::Format(path));
        }
        return Ok(());
    }
    let read = |e| io_text("open", &path, &e);
    let mut entries = Vec::new();
    for e in std::fs::read_dir(&path).map_err(read)? {
        entries.push(e.map_err(read)?);
    }
    entries.sort_by_key(|e| e.file_name());
    for e in entries {
        let kind = e.file_type().map_err(read)?;
        let name = e.file_name();
        let wanted = !name.as_encoded_bytes().starts_with(b".") && name.as_encoded_bytes().ends_with(b".go");
        if kind.is_dir() || wanted {
            collect(join(&path, &name), false, out)?;
        }
    }
    Ok(())
}

/// The cleaned path of an entry of a folder.
fn join(dir: &Path, name: &std::ffi::OsStr) -> PathBuf {
    match dir.to_str() {
        Some("." | "./") => PathBuf::from(name),
        Some(d) => Path::new(&clean(d)).join(name),
        None => dir.join(name),
    }
}

/// Formats files in parallel and hands the reports to `print` in the order of the tasks.
fn run_all(tasks: &[Task], flags: &Flags, mut print: impl FnMut(Report)) {
    /// Reports that may wait for an earlier one, so that not all texts are in memory.
    const AHEAD: usize = 64;
    struct Queue {
        next: usize,
        printed: usize,
        done: Vec<Option<Report>>,
    }
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(tasks.len());
    let queue = Mutex::new(Queue { next: 0, printed: 0, done: tasks.iter().map(|_| None).collect() });
    let lock = || queue.lock().unwrap_or_else(|e| e.into_inner());
    let changed = Condvar::new();
    let wait = |q| changed.wait(q).unwrap_or_else(|e| e.into_inner());
    let work = || {
        let mut q = lock();
        while q.next < tasks.len() {
            if q.next >= q.printed + AHEAD {
                q = wait(q);
                continue;
            }
            let i = q.next;
            q.next += 1;
            drop(q);
            let report = match &tasks[i] {
                Task::Format(path) => format_path(path, flags),
                Task::Failed(text) => Report::failed(text),
            };
            q = lock();
            q.done[i] = Some(report);
            if q.printed == i {
                changed.notify_all();
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let thread = std::thread::Builder::new().stack_size(STACK_SIZE).spawn_scoped(scope, work);
            thread.unwrap_or_else(|e| panic!("internal compiler error: no thread: {e}"));
        }
        let mut q = lock();
        while q.printed < tasks.len() {
            let i = q.printed;
            match q.done[i].take() {
                None => q = wait(q),
                Some(report) => {
                    q.printed += 1;
                    drop(q);
                    print(report);
                    q = lock();
                    if q.next >= q.printed + AHEAD - 1 {
                        changed.notify_all();
                    }
                }
            }
        }
    });
}

fn format_path(path: &Path, flags: &Flags) -> Report {
    let mut src = Vec::new();
    let mut file = match File::open(path) {
        Ok(f) => f,
        Err(e) => return Report::failed(&io_text("open", path, &e)),
    };
    if let Err(e) = file.read_to_end(&mut src) {
        return Report::failed(&io_text("read", path, &e));
    }
    let name = path.to_string_lossy();
    let formatted = format_here(&name, &src, flags.options(false));
    finish(&name, Some(path), &src, formatted, flags)
}

/// Reports or writes the result of formatting `src`.
fn finish(name: &str, path: Option<&Path>, src: &[u8], formatted: Result<Formatted, Vec<Error>>, flags: &Flags) -> Report {
    let mut r = Report::default();
    let new = match formatted {
        Ok(f) => {
            if f.rewrite_ignored {
                r.err.extend(b"warning: rewrite ignored for incomplete programs\n");
            }
            f.text
        }
        Err(errors) => {
            r.err = errors.iter().flat_map(|e| [e.text(), b"\n".to_vec()].concat()).collect();
            r.code = Some(2);
            return r;
        }
    };
    if src != new {
        if flags.list {
            r.out.extend_from_slice(name.as_bytes());
            r.out.push(b'\n');
        }
        if let (true, Some(path)) = (flags.write, path) {
            if let Err(e) = write_file(path, src, &new) {
                r.err.extend(format!("{e}\n").as_bytes());
                r.code = Some(2);
                return r;
            }
        }
        if flags.diff {
            r.out.extend_from_slice(&diff::diff(&format!("{name}.orig"), src, name, &new));
            r.code = Some(1);
        }
    }
    if !flags.list && !flags.write && !flags.diff {
        r.out = new;
    }
    r
}

/// The text of a failed file operation as Go words it.
fn io_text(op: &str, path: &Path, e: &io::Error) -> String {
    let text = e.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let first = text.get(..1).unwrap_or_default().to_lowercase();
    format!("{op} {}: {first}{}", path.display(), text.get(1..).unwrap_or_default())
}

/// Replaces a file's content; a backup stands beside it until that succeeded.
fn write_file(path: &Path, old: &[u8], new: &[u8]) -> Result<(), String> {
    let open = |e| io_text("open", path, &e);
    let permissions = std::fs::metadata(path).map_err(open)?.permissions();
    let mut n = 0u32;
    let backup = loop {
        let mut name = path.as_os_str().to_os_string();
        name.push(format!(".{}{n}", std::process::id()));
        let name = PathBuf::from(name);
        match File::options().write(true).create_new(true).open(&name) {
            Ok(mut f) => {
                let done = f.write_all(old).and_then(|()| f.set_permissions(permissions));
                if let Err(e) = done {
                    let _ = std::fs::remove_file(&name);
                    return Err(io_text("write", &name, &e));
                }
                break name;
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => n += 1,
            Err(e) => return Err(io_text("open", &name, &e)),
        }
    };
    let result = match File::options().write(true).open(path) {
        Ok(mut f) => f.write_all(new).and_then(|()| f.set_len(new.len() as u64)).map_err(|e| {
            // The backup stays if the old content cannot be restored.
            let restored = std::fs::write(path, old).is_ok();
            (io_text("write", path, &e), restored)
        }),
        Err(e) => Err((open(e), true)),
    };
    if !matches!(result, Err((_, false))) {
        let _ = std::fs::remove_file(&backup);
    }
    result.map_err(|(text, restored)| match restored {
        true => text,
        false => format!("gofmt: {}: error restoring file to original; backup in {}\n{text}", path.display(), backup.display()),
    })
}
