//! `rgo test`.

use crate::base::{self, Exit, Outcome};
use crate::flags::{self, Def, Item, Kind, Parsed, flag, split_quoted};
use rgo_work::build::{self, Built, LinkOptions};
use rgo_work::goenv::GoEnv;
use rgo_work::load::{Loader, PkgId};
use rgo_work::test2json::Converter;
use rgo_work::testing::{self, TestPackages};
use rgo_work::exec;
use rgo_work::show::Show;
use std::collections::VecDeque;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Flags of the go command itself.
const OWN: &[Def] = &[
    flag("c", Kind::Bool),
    flag("exec", Kind::Str),
    flag("i", Kind::Bool),
    flag("json", Kind::Bool),
    flag("o", Kind::Str),
    flag("vet", Kind::Str),
];

/// Flags passed on to the test program as `-test.NAME`.
const PASSED: &[Def] = &[
    flag("artifacts", Kind::Bool),
    flag("bench", Kind::Str),
    flag("benchmem", Kind::Bool),
    flag("benchtime", Kind::Str),
    flag("blockprofile", Kind::Str),
    flag("blockprofilerate", Kind::Str),
    flag("count", Kind::Int),
    flag("cpu", Kind::Str),
    flag("cpuprofile", Kind::Str),
    flag("failfast", Kind::Bool),
    flag("fullpath", Kind::Bool),
    flag("fuzz", Kind::Str),
    flag("fuzzminimizetime", Kind::Str),
    flag("fuzztime", Kind::Str),
    flag("list", Kind::Str),
    flag("memprofile", Kind::Str),
    flag("memprofilerate", Kind::Str),
    flag("mutexprofile", Kind::Str),
    flag("mutexprofilefraction", Kind::Str),
    flag("outputdir", Kind::Str),
    flag("parallel", Kind::Int),
    flag("run", Kind::Str),
    flag("short", Kind::Bool),
    flag("shuffle", Kind::Str),
    flag("skip", Kind::Str),
    flag("timeout", Kind::Duration),
    flag("trace", Kind::Str),
    flag("v", Kind::OptWord),
];

const PROFILES: &[&str] = &["blockprofile", "cpuprofile", "memprofile", "mutexprofile", "trace"];

/// A duration as Go prints it.
fn duration(ns: i64) -> String {
    let s = ns / 1_000_000_000;
    if ns % 1_000_000_000 != 0 || s == 0 {
        return if ns == 0 { "0s".into() } else { format!("{}ns", ns) };
    }
    let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
    match (h, m) {
        (0, 0) => format!("{s}s"),
        (0, _) => format!("{m}m{s}s"),
        _ => format!("{h}h{m}m{s}s"),
    }
}

/// What the command line asks for.
struct Request {
    p: Parsed,
    patterns: Vec<String>,
    /// No package was named: output is shown as it comes.
    local: bool,
    /// Arguments of the test program.
    args: Vec<String>,
    json: bool,
    show_pass: bool,
    stream: bool,
    timeout: i64,
}

/// Splits the command line: flags may stand before and behind the packages.
fn parse(env: &GoEnv, args: &[String]) -> Result<Request, Exit> {
    let mut defs: Vec<Def> = OWN.to_vec();
    defs.extend_from_slice(PASSED);
    let build = base::with_build_flags(&defs);
    let mut p = base::goflags(env, &build)?;
    let mut with_prefix = build.clone();
    let prefixed: Vec<String> = PASSED.iter().map(|d| format!("test.{}", d.name)).collect();
    let mut q: VecDeque<String> = args.iter().cloned().collect();
    let mut packages: Option<Vec<String>> = None;
    let mut in_list = false;
    let mut rest: Vec<String> = Vec::new();
    with_prefix.retain(|d| !d.name.starts_with("test."));
    loop {
        // -test.run is -run.
        if let Some(a) = q.front_mut() {
            let dashes = a.len() - a.trim_start_matches('-').len();
            let body = a[dashes..].to_string();
            let name = body.split('=').next().unwrap_or("");
            if (1..=2).contains(&dashes) && prefixed.iter().any(|n| n == name) {
                *a = format!("-{}", &body["test.".len()..]);
            }
        }
        match flags::next(&mut q, &with_prefix) {
            Ok(None) => break,
            Ok(Some(Item::Flag { name, value })) => {
                in_list = false;
                if name == "C" {
                    return Err(base::usage_error("test", "invalid value for flag -C: -C flag must be first flag on command line"));
                }
                p.set.push((name, value));
            }
            Ok(Some(Item::Arg(a))) => {
                if packages.is_none() || in_list {
                    in_list = true;
                    packages.get_or_insert_with(Vec::new).push(a);
                } else {
                    rest.push(a);
                    rest.extend(q.drain(..));
                    break;
                }
            }
            Ok(Some(Item::End)) => {
                rest.extend(q.drain(..));
                break;
            }
            Ok(Some(Item::Unknown(a))) => {
                if a == "-args" || a == "--args" {
                    rest.extend(q.drain(..));
                    break;
                }
                // What follows may be its value: no packages from here on.
                in_list = false;
                packages.get_or_insert_with(Vec::new);
                rest.push(a);
            }
            Err(flags::Error::Help) => {
                eprint!("usage: go test [build/test flags] [packages] [build/test flags & test binary flags]\nRun 'go help test' and 'go help testflag' for details.\n");
                return Err(Exit::Code(2));
            }
            Err(flags::Error::Message(m)) => {
                eprintln!("{m}");
                eprint!("usage: go test [build/test flags] [packages] [build/test flags & test binary flags]\nRun 'go help test' and 'go help testflag' for details.\n");
                return Err(Exit::Code(2));
            }
        }
    }
    let json = p.bool("json");
    let timeout = p.get("timeout").and_then(flags::parse_duration).unwrap_or(600_000_000_000);
    let mut out = vec!["-test.paniconexit0".to_string()];
    for d in PASSED {
        match (d.name, p.get(d.name)) {
            ("timeout", _) if timeout > 0 => out.push(format!("-test.timeout={}", duration(timeout))),
            ("v", _) if json => out.push("-test.v=test2json".into()),
            (_, None) => {}
            (n, Some(v)) => out.push(format!("-test.{n}={v}")),
        }
    }
    if PROFILES.iter().any(|n| !p.str(n).is_empty()) && p.get("outputdir").is_none() {
        out.push(format!("-test.outputdir={}", env.cwd.display()));
    }
    out.extend(rest);
    let on = p.get("v").is_some_and(|v| v == "test2json" || flags::parse_bool(v) == Some(true));
    let local = packages.as_ref().is_none_or(Vec::is_empty);
    Ok(Request {
        patterns: packages.unwrap_or_default(),
        local,
        args: out,
        json,
        show_pass: on || !p.str("list").is_empty(),
        stream: local || !p.str("bench").is_empty(),
        timeout,
        p,
    })
}

/// One package to test.
struct Case {
    path: String,
    dir: PathBuf,
    kind: CaseKind,
}

enum CaseKind {
    NoTests,
    /// Messages for standard error.
    SetupFailed(Vec<String>),
    Ready(TestPackages),
}

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let r = parse(env, args)?;
    if !r.p.str("fuzz").is_empty() {
        return Err(Exit::Error("rgo: test -fuzz is not supported yet".into()));
    }
    let mut opts = crate::build::options(env, &r.p)?;
    opts.keep_going = true;
    opts.verbose = false;
    let mut l = base::loader(env, &r.p)?;
    l.load_tests = true;
    let ids = l.load_patterns(&r.patterns)?;
    for w in &l.warnings {
        eprintln!("{w}");
    }
    let compile_only = r.p.bool("c");
    let mut cases: Vec<Case> = Vec::new();
    for id in ids {
        let (path, dir) = (l.packages[id].import_path.clone(), l.packages[id].dir.clone());
        let errors = l.errors(&[id]);
        let kind = if !errors.is_empty() {
            CaseKind::SetupFailed(errors)
        } else {
            match testing::prepare(&mut l, id) {
                Ok(None) => CaseKind::NoTests,
                Ok(Some(t)) => CaseKind::Ready(t),
                Err(e) => CaseKind::SetupFailed(e),
            }
        };
        cases.push(Case { path, dir, kind });
    }
    // A package without tests is compiled too: it may have errors.
    let mut roots: Vec<PkgId> = Vec::new();
    for c in &cases {
        match &c.kind {
            CaseKind::Ready(t) => roots.push(t.main),
            CaseKind::NoTests => roots.extend(l.by_path(&c.path)),
            CaseKind::SetupFailed(_) => {}
        }
    }
    for c in &cases {
        if let CaseKind::SetupFailed(errors) = &c.kind {
            for e in errors {
                eprintln!("# {}\n{e}", c.path);
            }
        }
    }
    let (built, failures) = match build::compile_some(&mut l, &roots, &opts) {
        Ok(b) => b,
        Err(text) => return crate::build::finish(Err(text)),
    };
    crate::build::report_failures(&l, &failures, r.json);
    if compile_only {
        return link_only(env, &l, &built, &r, &cases, !failures.is_empty());
    }
    let show = opts.show.clone().ok_or_else(|| Exit::go("no work folder"))?;
    run_cases(env, &l, &built, &r, &cases, &show)
}

fn test_binary_name(path: &str) -> String {
    let elem = rgo_work::load::Package { import_path: path.into(), ..Default::default() }.exec_name();
    format!("{elem}.test")
}

fn link_options(l: &Loader<'_>, t: &TestPackages, r: &Request) -> Result<LinkOptions, Exit> {
    let p = &l.packages[t.main];
    let mut o = crate::build::link_options(l, &r.p, t.main, p.import_path.trim_end_matches(".test"), false)?;
    // As Go does: unless the program is kept, nobody debugs it.
    o.omit_debug |= !r.p.bool("c") && r.p.str("o").is_empty();
    Ok(o)
}

/// `-c`: links the test programs and leaves them.
fn link_only(env: &GoEnv, l: &Loader<'_>, built: &Built, r: &Request, cases: &[Case], failed: bool) -> Outcome {
    let mut failed = failed;
    let out = r.p.str("o");
    let is_dir = !out.is_empty() && (env.cwd.join(out).is_dir() || out.ends_with('/'));
    let ready = cases.iter().filter(|c| matches!(c.kind, CaseKind::Ready(_))).count();
    let null = out == "/dev/null";
    if ready > 1 && !out.is_empty() && !is_dir && !null {
        return Err(Exit::go(format!("with multiple packages, -o must refer to a directory or {}", "/dev/null")));
    }
    for c in cases {
        match &c.kind {
            CaseKind::SetupFailed(_) => failed = true,
            CaseKind::NoTests => println!("?   \t{}\t[no test files]", c.path),
            CaseKind::Ready(t) => {
                if !r.p.bool("n") && !built.is_complete(l, t.main) {
                    failed = true;
                    continue;
                }
                if null {
                    continue;
                }
                let name = test_binary_name(&c.path) + &env.value("GOEXE");
                let path = match (out.is_empty(), is_dir) {
                    (true, _) => env.cwd.join(name),
                    (false, true) => env.cwd.join(out).join(name),
                    (false, false) => env.cwd.join(out),
                };
                if let Some(d) = path.parent().filter(|_| !r.p.bool("n")) {
                    std::fs::create_dir_all(d).map_err(|e| Exit::go(format!("{}: {e}", d.display())))?;
                }
                if let Err(m) = built.link(l, t.main, &link_options(l, t, r)?, &path) {
                    eprintln!("# {}\n{m}", l.packages[t.main].import_path);
                    failed = true;
                }
            }
        }
    }
    if failed { Err(Exit::Code(1)) } else { Ok(()) }
}

/// Standard output, written to a piece at a time.
struct Out;

impl Write for Out {
    fn write(&mut self, b: &[u8]) -> std::io::Result<usize> {
        std::io::stdout().lock().write_all(b)?;
        Ok(b.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stdout().lock().flush()
    }
}

/// Where the output of one test goes.
enum Sink {
    Stream { tail: Vec<u8>, keep: bool },
    Buffer(Vec<u8>),
    Json(Box<Converter<Out>>, Vec<u8>),
}

impl Sink {
    fn write(&mut self, data: &[u8]) {
        match self {
            Sink::Stream { tail, keep } => {
                let _ = Out.write_all(data);
                let _ = Out.flush();
                if *keep {
                    tail.extend_from_slice(data);
                }
            }
            Sink::Buffer(b) => b.extend_from_slice(data),
            Sink::Json(c, b) => {
                c.write(data);
                b.extend_from_slice(data);
            }
        }
    }

    /// What the go command knows of the output (nothing if it only streams).
    fn seen(&self) -> &[u8] {
        match self {
            Sink::Stream { tail, .. } => tail,
            Sink::Buffer(b) | Sink::Json(_, b) => b,
        }
    }
}

struct Context<'a> {
    env: &'a GoEnv,
    l: &'a Loader<'a>,
    built: &'a Built,
    r: &'a Request,
    cases: &'a [Case],
    stop: AtomicBool,
    show: &'a Show,
    dir: PathBuf,
}

fn run_cases(env: &GoEnv, l: &Loader<'_>, built: &Built, r: &Request, cases: &[Case], show: &Show) -> Outcome {
    let dir = show.work().map_err(|e| Exit::go(format!("creating work dir: {e}")))?;
    let cx = Context { env, l, built, r, cases, stop: AtomicBool::new(false), show, dir };
    let threads = if r.stream { 1 } else { base::threads(&r.p)?.min(cases.len()).max(1) };
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    // Finished output by case, and the next case to print.
    let done: Mutex<(Vec<Option<Vec<u8>>>, usize)> = Mutex::new(((0..cases.len()).map(|_| None).collect(), 0));
    std::thread::scope(|s| {
        for _ in 0..threads {
            s.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= cases.len() || cx.stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let (ok, out) = run_case(&cx, i);
                    if !ok {
                        failed.store(true, Ordering::Relaxed);
                    }
                    let (slots, printed) = &mut *done.lock().unwrap_or_else(|e| e.into_inner());
                    slots[i] = Some(out);
                    while let Some(out) = slots.get_mut(*printed).and_then(Option::take) {
                        let _ = Out.write_all(&out);
                        *printed += 1;
                    }
                    let _ = Out.flush();
                }
            });
        }
    });
    if failed.load(Ordering::Relaxed) {
        if !r.local && !r.json {
            println!("FAIL");
        }
        return Err(Exit::Code(1));
    }
    Ok(())
}

/// Runs one test; the result is whether it passed, and output to print in order.
fn run_case(cx: &Context<'_>, i: usize) -> (bool, Vec<u8>) {
    let (c, r) = (&cx.cases[i], cx.r);
    let single = cx.cases.len() == 1 || r.p.get("p") == Some("1");
    let mut sink = if r.json {
        Sink::Json(Box::new(Converter::new(Out, &c.path)), Vec::new())
    } else if r.stream {
        Sink::Stream { tail: Vec::new(), keep: false }
    } else if r.show_pass && single {
        Sink::Stream { tail: Vec::new(), keep: true }
    } else {
        Sink::Buffer(Vec::new())
    };
    let ok = run_into(cx, i, &mut sink);
    match sink {
        Sink::Json(mut conv, _) => {
            conv.exited(ok);
            conv.close();
            (ok, Vec::new())
        }
        Sink::Stream { .. } => (ok, Vec::new()),
        Sink::Buffer(b) => (ok, b),
    }
}

fn run_into(cx: &Context<'_>, i: usize, sink: &mut Sink) -> bool {
    let (c, r) = (&cx.cases[i], cx.r);
    let t = match &c.kind {
        CaseKind::SetupFailed(_) => {
            sink.write(format!("FAIL\t{} [setup failed]\n", c.path).as_bytes());
            return false;
        }
        CaseKind::NoTests => {
            let id = cx.l.by_path(&c.path);
            if id.is_some_and(|id| !cx.show.dry && !cx.built.is_complete(cx.l, id)) {
                sink.write(format!("FAIL\t{} [build failed]\n", c.path).as_bytes());
                return false;
            }
            sink.write(format!("?   \t{}\t[no test files]\n", c.path).as_bytes());
            return true;
        }
        CaseKind::Ready(t) => t,
    };
    let build_failed = |sink: &mut Sink| {
        if let Sink::Json(conv, _) = sink {
            let bad = cx.l.post_order(&[t.main]).into_iter().find(|id| !cx.built.is_complete(cx.l, *id));
            conv.set_failed_build(bad.map_or("", |b| &cx.l.packages[b].import_path));
        }
        sink.write(format!("FAIL\t{} [build failed]\n", c.path).as_bytes());
        false
    };
    let dry = cx.show.dry;
    if !dry && !cx.built.is_complete(cx.l, t.main) {
        return build_failed(sink);
    }
    let name = test_binary_name(&c.path) + &cx.env.value("GOEXE");
    let keep = !r.p.str("o").is_empty() || PROFILES.iter().any(|n| !r.p.str(n).is_empty());
    let exe = match (keep, r.p.str("o")) {
        (false, _) => {
            let d = cx.dir.join(cx.show.folder(t.main).trim_start_matches("$WORK/"));
            if !dry {
                let _ = std::fs::create_dir_all(&d);
            }
            d.join(&name)
        }
        (true, "") => cx.env.cwd.join(&name),
        (true, o) if cx.env.cwd.join(o).is_dir() => cx.env.cwd.join(o).join(&name),
        (true, o) => cx.env.cwd.join(o),
    };
    let linked = link_options(cx.l, t, r).and_then(|o| cx.built.link(cx.l, t.main, &o, &exe).map_err(Exit::Error));
    if let Err(e) = linked {
        if let Exit::Error(m) = e {
            crate::build::report_failures(cx.l, &[(t.main, m)], r.json);
        }
        return build_failed(sink);
    }
    let mut words = match split_quoted(r.p.str("exec")) {
        Ok(w) => w,
        Err(m) => {
            eprintln!("go: {m}");
            return false;
        }
    };
    words.push(exe.display().to_string());
    words.extend(r.args.iter().cloned());
    cx.show.command(&c.dir, &words.iter().map(|w| rgo_work::show::quote(w)).collect::<Vec<_>>().join(" "));
    if dry {
        return true;
    }
    let vars = [("PWD".to_string(), c.dir.display().to_string()), exec::path_variable(&cx.env.goroot)];
    // The program stops itself at its limit; this is for one that does not.
    let limit = (r.timeout > 0).then(|| Duration::from_nanos(r.timeout as u64) + Duration::from_secs(60).max(exec::WAIT_DELAY));
    let start = Instant::now();
    let ended = exec::run_captured(&words, &c.dir, &vars, limit, &mut |d| sink.write(d));
    if !keep {
        let _ = std::fs::remove_file(&exe);
    }
    let secs = format!("{:.3}s", start.elapsed().as_secs_f64());
    let ended = match ended {
        Ok(e) => e,
        Err(e) => {
            sink.write(format!("{e}\nFAIL\t{}\t{secs}\n", c.path).as_bytes());
            return false;
        }
    };
    let seen = sink.seen().to_vec();
    let newline = !seen.is_empty() && !seen.ends_with(b"\n");
    if ended.status.success() && !ended.incomplete {
        if let Sink::Buffer(b) = sink {
            if !r.show_pass {
                b.clear();
            }
        }
        const NONE: &[u8] = b"testing: warning: no tests to run";
        let none = seen.split(|&b| b == b'\n').any(|l| l.strip_prefix(&[0x16]).unwrap_or(l) == NONE);
        if newline && (r.show_pass || r.json) {
            sink.write(b"\n");
        }
        sink.write(format!("ok  \t{}\t{secs}{}\n", c.path, if none { " [no tests to run]" } else { "" }).as_bytes());
        return true;
    }
    if r.p.bool("failfast") {
        cx.stop.store(true, Ordering::Relaxed);
    }
    let limit_text = || duration(limit.map_or(0, |l| l.as_nanos() as i64));
    if ended.quit {
        sink.write(format!("*** Test killed with quit: ran too long ({}).\n", limit_text()).as_bytes());
    } else if ended.incomplete {
        sink.write(b"*** Test I/O incomplete 5s after exiting.\n");
    }
    if ended.status.code().is_none() || seen.is_empty() {
        sink.write(format!("{}\n", exec::status_text(&ended.status)).as_bytes());
    } else if newline {
        sink.write(b"\n");
    }
    let mark = if r.json { "\x16" } else { "" };
    sink.write(format!("{mark}FAIL\t{}\t{secs}\n", c.path).as_bytes());
    false
}
