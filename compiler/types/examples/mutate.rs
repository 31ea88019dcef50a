//! Type-checks random mutations of Go files, to find panics and endless loops.
//!
//!     mutate [-n=COUNT] [-seed=S] [-save=DIR] FILES...
//!
//! Words of a file are replaced by other words of it, deleted or doubled. Mutants with syntax errors are skipped. The mutant at work is kept in
//! `$TMPDIR/mutant.go`; those that panic are saved beside it. With -save, all mutants are written to a directory instead (to compare with gc).

use rgo_syntax::ast::{File, NodeIdGen};
use rgo_syntax::{FileSet, Mode, parse_file};
use rgo_types::{Checker, Config, Package};

struct Rng(u64);

impl Rng {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// Words and single other characters.
fn pieces(s: &str) -> Vec<&str> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = Vec::new();
    let mut start = 0;
    let mut prev: Option<char> = None;
    for (i, c) in s.char_indices() {
        if prev.is_some_and(|p| !(word(p) && word(c))) {
            out.push(&s[start..i]);
            start = i;
        }
        prev = Some(c);
    }
    out.push(&s[start..]);
    out
}

/// The source without comments (line ends stay). Good enough: quotes in comments and comment marks in strings are rare.
fn strip_comments(s: &str) -> String {
    let mut out = String::new();
    let mut rest = s;
    loop {
        let line = rest.find("//");
        let block = rest.find("/*");
        let (i, close) = match (line, block) {
            (Some(l), b) if b.is_none_or(|b| l < b) => (l, "\n"),
            (_, Some(b)) => (b, "*/"),
            _ => break,
        };
        out.push_str(&rest[..i]);
        let end = rest[i + 2..].find(close).map_or(rest.len(), |e| i + 2 + e);
        out.extend(rest[i..end].chars().filter(|c| *c == '\n'));
        rest = &rest[(if close == "\n" { end } else { (end + 2).min(rest.len()) })..];
    }
    out + rest
}

fn mutate(src: &str, rng: &mut Rng) -> String {
    let mut p: Vec<&str> = pieces(src);
    for _ in 0..1 + rng.below(3) {
        let (i, j) = (rng.below(p.len()), rng.below(p.len()));
        match rng.below(6) {
            0 => p[i] = "",
            1 => p.insert(i, p[j]),
            _ => {
                // Mostly: a word for a word.
                let words: Vec<usize> = (0..p.len()).filter(|k| p[*k].starts_with(|c: char| c.is_alphabetic())).collect();
                if !words.is_empty() {
                    p[words[rng.below(words.len())]] = p[words[rng.below(words.len())]];
                }
            }
        }
    }
    p.concat()
}

fn run() {
    let mut save = None;
    let (mut n, mut seed, mut files) = (100usize, 1u64, Vec::new());
    for a in std::env::args().skip(1) {
        if let Some(v) = a.strip_prefix("-n=") {
            n = v.parse().unwrap_or(n);
        } else if let Some(v) = a.strip_prefix("-seed=") {
            seed = v.parse().unwrap_or(seed);
        } else if let Some(v) = a.strip_prefix("-save=") {
            save = Some(std::path::PathBuf::from(v));
        } else {
            files.push(a);
        }
    }
    let tmp = std::env::temp_dir();
    let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let (mut checked, mut panics) = (0, 0);
    std::panic::set_hook(Box::new(|_| {}));
    for f in &files {
        let Ok(src) = std::fs::read_to_string(f) else { continue };
        let src = strip_comments(&src);
        for _ in 0..n {
            let m = mutate(&src, &mut rng);
            let mut ids = NodeIdGen::new();
            let r = parse_file(FileSet::global(), &mut ids, "m.go", m.as_bytes(), Mode::default());
            if r.errors.iter().any(|e| e.msg.starts_with("syntax error")) {
                continue;
            }
            if let Some(dir) = &save {
                checked += 1;
                let _ = std::fs::write(dir.join(format!("m{checked}.go")), &m);
                continue;
            }
            let _ = std::fs::write(tmp.join("mutant.go"), &m);
            let file: &'static File = Box::leak(Box::new(r.file));
            checked += 1;
            let res = std::panic::catch_unwind(move || {
                let c = Checker::new(Config { go_version: "go1.27".into(), ..Config::default() }, Package::new("p", ""), ids.table_len());
                c.check_files(&[file]);
                for d in c.diagnostics.borrow().iter() {
                    let _ = d.text();
                }
            });
            if let Err(e) = res {
                panics += 1;
                let text = e.downcast_ref::<String>().map(|s| s.as_str()).or(e.downcast_ref::<&str>().copied()).unwrap_or("?");
                let name = tmp.join(format!("mutant-panic{panics}.go"));
                println!("{f}: {text} ({})", name.display());
                let _ = std::fs::write(name, &m);
            }
        }
    }
    println!("{checked} mutants checked, {panics} panics");
}

fn main() {
    let t = std::thread::Builder::new().stack_size(1 << 30).spawn(run).expect("thread");
    let _ = t.join();
}
