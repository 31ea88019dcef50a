//! Running test programs: one after the other or side by side, output in order, results from the cache.

use crate::base::{self, Exit, Outcome};
use crate::flags::split_quoted;
use crate::test::{PROFILES, Request, duration, link_options, test_binary_name};
use rgo_work::build::Built;
use rgo_work::cache::KeyBuilder;
use rgo_work::exec;
use rgo_work::goenv::GoEnv;
use rgo_work::load::{Loader, PkgId};
use rgo_work::show::Show;
use rgo_work::test2json::Converter;
use rgo_work::testcache::{self, Test, TestCache};
use rgo_work::testing::TestPackages;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Standard output, written to a piece at a time.
struct Out;

impl Write for Out {
    fn write(&mut self, b: &[u8]) -> std::io::Result<usize> {
        std::io::stdout().lock().write_all(b).inspect_err(crate::base::unread)?;
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
    /// With what the go command is to know of the output; None: nothing, as it streams.
    Json(Box<Converter<Out>>, Option<Vec<u8>>),
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
                if let Some(b) = b {
                    b.extend_from_slice(data);
                }
            }
        }
    }

    /// What the go command knows of the output (nothing if it only streams).
    fn seen(&self) -> &[u8] {
        match self {
            Sink::Stream { tail, .. } => tail,
            Sink::Buffer(b) => b,
            Sink::Json(_, b) => b.as_deref().unwrap_or(&[]),
        }
    }
}

/// One package to test.
pub struct Case {
    pub path: String,
    /// The package clause's.
    pub name: String,
    pub dir: PathBuf,
    /// Of the module: files in it are watched by the cache of results.
    pub root: PathBuf,
    pub kind: CaseKind,
    pub package: PkgId,
    pub vet_failed: bool,
    /// What there is to cover, for packages without tests.
    pub meta: Option<PathBuf>,
}

pub enum CaseKind {
    NoTests,
    /// Messages for standard error.
    SetupFailed(Vec<String>),
    Ready(TestPackages),
}

impl Case {
    /// The packages whose files are the case's own.
    pub fn units(&self) -> Vec<PkgId> {
        match &self.kind {
            CaseKind::NoTests => vec![self.package],
            CaseKind::SetupFailed(_) => Vec::new(),
            CaseKind::Ready(t) => std::iter::once(t.own).chain(t.external).collect(),
        }
    }
}

/// The profile that `-coverprofile` asks for: the tests' own, one behind the other; packages without tests come last.
struct Profile {
    file: Option<std::fs::File>,
    parts: Mutex<BTreeMap<(bool, usize), Vec<u8>>>,
}

impl Profile {
    fn new(env: &GoEnv, r: &Request, mode: Option<&str>) -> Result<Profile, Exit> {
        let none = Profile { file: None, parts: Mutex::default() };
        let (name, Some(mode)) = (r.p.str("coverprofile"), mode) else { return Ok(none) };
        if name.is_empty() || r.p.bool("n") {
            return Ok(none);
        }
        let dir = env.cwd.join(r.p.str("outputdir"));
        let path = dir.join(name);
        let failed = |e: std::io::Error| Exit::go(format!("open {}: {}", path.display(), rgo_work::modload::io_text(&e)));
        let mut f = std::fs::File::create(&path).map_err(failed)?;
        writeln!(f, "mode: {mode}").map_err(failed)?;
        Ok(Profile { file: Some(f), ..none })
    }

    /// Keeps the profile of case `i` without its first line.
    fn add(&self, i: usize, has_tests: bool, data: &[u8]) {
        let body = data.iter().position(|b| *b == b'\n').map_or(&[][..], |i| &data[i + 1..]);
        self.parts.lock().unwrap_or_else(|e| e.into_inner()).insert((!has_tests, i), body.to_vec());
    }

    /// Writes what was kept.
    fn write(&self) -> std::io::Result<()> {
        let Some(mut f) = self.file.as_ref() else { return Ok(()) };
        self.parts.lock().unwrap_or_else(|e| e.into_inner()).values().try_for_each(|p| f.write_all(p))
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
    cover: Option<(&'a str, &'a [(String, PathBuf)])>,
    profile: Profile,
    results: TestCache,
    /// The arguments in a result's key; None: results are not kept.
    cache_args: Option<Vec<String>>,
}

/// Runs the tests; results are printed in order.
pub fn run_cases(env: &GoEnv, l: &Loader<'_>, built: &Built, r: &Request, cases: &[Case], show: &Show, cover: Option<(&str, &[(String, PathBuf)])>) -> Outcome {
    let dir = show.work().map_err(|e| Exit::go(format!("creating work dir: {e}")))?;
    let results = TestCache::new(&env.gocache());
    let cache_args = if r.local {
        if results.debug() {
            eprintln!("testcache: caching disabled in local directory mode");
        }
        None
    } else {
        testcache::cacheable(&r.args, results.debug())
    };
    // A profile tells of all that -coverpkg selects, whether the test uses it or not.
    let mut cache_args = cache_args;
    if let (Some(args), Some((_, meta))) = (&mut cache_args, cover.filter(|c| !c.1.is_empty())) {
        let mut k = KeyBuilder::new("covered");
        for (path, file) in meta {
            k.text("package", path).bytes("meta-data", &std::fs::read(file).unwrap_or_default());
        }
        args.push(format!("covered {}", k.finish().hex()));
    }
    let profile = Profile::new(env, r, cover.map(|c| c.0))?;
    let cx = Context { env, l, built, r, cases, stop: AtomicBool::new(false), show, dir, cover, profile, results, cache_args };
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
    cx.profile.write().map_err(|e| Exit::go(format!("write {}: {}", r.p.str("coverprofile"), rgo_work::modload::io_text(&e))))?;
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
        Sink::Json(Box::new(Converter::new(Out, &c.path)), (!r.stream).then(Vec::new))
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
            if !cx.show.dry && (c.vet_failed || !cx.built.is_complete(cx.l, c.package)) {
                if let Sink::Json(conv, _) = sink {
                    conv.set_failed_build(&c.path);
                }
                sink.write(format!("FAIL\t{} [build failed]\n", c.path).as_bytes());
                return false;
            }
            if let (Some(meta), Some(_)) = (&c.meta, cx.cover) {
                sink.write(format!("\t{}\t\tcoverage: 0.0% of statements\n", c.path).as_bytes());
                if cx.profile.file.is_some() {
                    let out = meta.with_extension("profile");
                    match rgo_work::cover::empty_profile(cx.l, meta, &out) {
                        Ok(()) => cx.profile.add(i, false, &std::fs::read(&out).unwrap_or_default()),
                        Err(m) => eprintln!("{m}"),
                    }
                }
                return true;
            }
            sink.write(format!("?   \t{}\t[no test files]\n", c.path).as_bytes());
            return true;
        }
        CaseKind::Ready(t) => t,
    };
    let build_failed = |sink: &mut Sink| {
        if let Sink::Json(conv, _) = sink {
            let bad = cx.l.post_order(&[t.main]).into_iter().find(|id| !cx.built.is_complete(cx.l, *id) || c.vet_failed && *id == t.own);
            conv.set_failed_build(bad.map_or("", |b| &cx.l.packages[b].import_path));
        }
        sink.write(format!("FAIL\t{} [build failed]\n", c.path).as_bytes());
        false
    };
    let dry = cx.show.dry;
    if !dry && (c.vet_failed || !cx.built.is_complete(cx.l, t.main)) {
        return build_failed(sink);
    }
    let name = test_binary_name(&c.path, &c.name) + &cx.env.value("GOEXE");
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
    let link = match link_options(cx.l, t, r) {
        Ok(o) => o,
        Err(Exit::Error(m)) => {
            // It comes with a header.
            let text = m.split_once('\n').map_or(m.as_str(), |x| x.1).to_string();
            crate::build::report_failures(cx.l, &[(t.main, text)], r.json);
            return build_failed(sink);
        }
        Err(Exit::Code(_)) => return build_failed(sink),
    };
    // Perhaps all is known already.
    let exec_words = r.p.str("exec");
    let test = match (&cx.cache_args, cx.built.program_key(cx.l, t.main, &link)) {
        // Files named on the command line are no package that others could mean.
        (Some(_), _) if c.path == "command-line-arguments" => {
            if cx.results.debug() {
                eprintln!("testcache: caching disabled for package outside of module root, GOPATH, or GOROOT: {}", c.path);
            }
            None
        }
        (Some(args), Some(program)) if !keep && !dry => Some(Test { path: &c.path, dir: &c.dir, root: &c.root, id: cx.results.id(&program, args, exec_words) }),
        _ => None,
    };
    if let Some((out, profile)) = test.as_ref().and_then(|t| cx.results.get(t)) {
        if cx.profile.file.is_none() || !profile.is_empty() {
            cx.profile.add(i, true, &profile);
            sink.write(&out);
            return true;
        }
    }
    if let Err(m) = cx.built.link(cx.l, t.main, &link, &exe) {
        crate::build::report_failures(cx.l, &[(t.main, m)], r.json);
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
    let scratch = cx.dir.join(cx.show.folder(t.main).trim_start_matches("$WORK/"));
    let log = scratch.join("testlog.txt");
    if !dry && !keep {
        // Go leaves the program's main file beside it.
        if let Some(f) = cx.l.packages[t.main].go_files.iter().find(|f| f.name == "_testmain.go") {
            let _ = f.data().map(|d| std::fs::write(scratch.join("_testmain.go"), &d));
        }
    }
    if !r.p.str("fuzz").is_empty() {
        words.push(format!("-test.fuzzcachedir={}", cx.env.gocache().join("fuzz").join(&c.path).display()));
    }
    if test.is_some() && exec_words.is_empty() {
        words.push(format!("-test.testlogfile={}", log.display()));
    }
    let (mut args, profile) = (r.args.clone(), scratch.join("_cover_.out"));
    let mut extra = Vec::new();
    if let Some((_, meta)) = cx.cover {
        let counts = scratch.join("gocoverdir");
        if !dry {
            let made = std::fs::create_dir_all(&counts);
            if let Err(e) = made.and_then(|()| if meta.is_empty() { Ok(()) } else { std::fs::write(counts.join("metafiles.txt"), rgo_work::cover::meta_files(meta)) }) {
                eprintln!("go: failed to create temporary dir: {e}");
                return false;
            }
        }
        extra.push(("GOCOVERDIR".to_string(), counts.display().to_string()));
        args.insert(1.min(args.len()), format!("-test.gocoverdir={}", counts.display()));
        for a in args.iter_mut().filter(|a| a.starts_with("-test.coverprofile=")) {
            *a = format!("-test.coverprofile={}", profile.display());
        }
    }
    words.extend(args);
    cx.show.command(&c.dir, &words.iter().map(|w| rgo_work::show::quote(w)).collect::<Vec<_>>().join(" "));
    if dry {
        return true;
    }
    let mut vars = vec![("PWD".to_string(), c.dir.display().to_string()), exec::path_variable(&cx.env.goroot)];
    vars.extend(extra);
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
    let covered = std::fs::read(&profile).unwrap_or_default();
    cx.profile.add(i, true, &covered);
    let newline = !seen.is_empty() && !seen.ends_with(b"\n");
    if ended.status.success() && !ended.incomplete {
        if let Sink::Buffer(b) = sink {
            if !r.show_pass {
                b.clear();
            }
        }
        let said = |what: &str| seen.split(|&b| b == b'\n').any(|l| l.strip_prefix(&[0x16]).unwrap_or(l) == what.as_bytes());
        let note = if said("testing: warning: -fuzz matches more than one fuzz test, won't fuzz") {
            "[-fuzz matches more than one fuzz test, won't fuzz]"
        } else if said("testing: warning: no fuzz tests to fuzz") {
            " [no fuzz tests to fuzz]"
        } else if said("testing: warning: no tests to run") {
            " [no tests to run]"
        } else {
            ""
        };
        if newline && (r.show_pass || r.json) {
            sink.write(b"\n");
        }
        let line = format!("ok  \t{}\t{secs}{}{}\n", c.path, coverage(&seen), note);
        sink.write(line.as_bytes());
        if let Some(t) = &test {
            let mut out = if r.show_pass || r.json { seen.clone() } else { Vec::new() };
            if newline && !out.is_empty() {
                out.push(b'\n');
            }
            out.extend(line.as_bytes());
            cx.results.put(t, &log, &out, &covered);
        }
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

/// What the test said of its coverage, for the line that sums it up.
fn coverage(out: &[u8]) -> String {
    let text = String::from_utf8_lossy(out);
    text.lines().find_map(|l| l.strip_prefix("coverage: ")).map_or(String::new(), |c| format!("\tcoverage: {c}"))
}
