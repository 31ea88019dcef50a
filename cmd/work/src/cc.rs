//! The host's C compiler: how it is called, what it can do, what it says.
//!
//! Its identity (program file and version) is part of cache keys, and what it can do is asked once for each identity.

use crate::cache::{Cache, Entry, Key, KeyBuilder};
use crate::cgoflags;
use crate::goenv::GoEnv;
use crate::show::{Show, quote};
use crate::stamp::Stamp;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// The compilers of one command.
pub struct Compilers<'a> {
    pub env: &'a GoEnv,
    cache: Cache,
    pub show: Option<Arc<Show>>,
    supported: Mutex<HashMap<(String, String), bool>>,
    identities: Mutex<HashMap<String, Key>>,
}

/// A program on the PATH.
pub fn look_path(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Path::new(name).is_file().then(|| PathBuf::from(name));
    }
    use std::os::unix::fs::PermissionsExt;
    let runs = |p: &PathBuf| std::fs::metadata(p).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    std::env::split_paths(&std::env::var_os("PATH")?).filter(|d| d.is_absolute()).map(|d| d.join(name)).find(runs)
}

/// Arguments for the architecture.
pub fn arch_args(goarch: &str) -> Vec<String> {
    match goarch {
        "amd64" => vec!["-m64".into()],
        "386" => vec!["-m32".into()],
        _ => Vec::new(),
    }
}

/// What `go env GOGCCFLAGS` prints: arguments of every compilation behind the first two.
pub fn gogccflags(env: &GoEnv) -> String {
    let cache = Cache::new(&env.gocache());
    let c = Compilers::new(env, &cache, None);
    let Ok(words) = c.words("CC") else { return String::new() };
    let work = format!("{}/go-build{}", env.tmp_dir().display(), std::process::id());
    let line = c.command(&words[..1], ".", &work);
    cgoflags::join_words(&line[3..])
}

/// A command line as `-x` prints it: words that would not read back as they are stand in quotes.
pub fn text_of(words: &[String]) -> String {
    let one = |w: &String| {
        let q = crate::literal::quote(w);
        if w.is_empty() || w.contains([' ', '(', ')', '>', ';']) || q.len() > w.len() + 2 { q } else { w.clone() }
    };
    words.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Puts the arguments of one of Go's own tools into a file where they are too many for a command line.
fn response_file(line: &[String]) -> std::io::Result<Option<tempfile::NamedTempFile>> {
    if line.iter().map(|w| w.len() + 1).sum::<usize>() <= 30 << 10 {
        return Ok(None);
    }
    let one = |w: &String| {
        let mut out = String::from("\"");
        for c in w.chars() {
            if matches!(c, '\\' | '"' | '$' | '`') {
                out.push('\\');
            }
            out.push(c);
        }
        out + "\"\n"
    };
    let text: String = line[1..].iter().map(one).collect();
    let mut f = tempfile::Builder::new().prefix("args").tempfile()?;
    std::io::Write::write_all(&mut f, text.as_bytes())?;
    Ok(Some(f))
}

impl<'a> Compilers<'a> {
    pub fn new(env: &'a GoEnv, cache: &Cache, show: Option<Arc<Show>>) -> Compilers<'a> {
        Compilers { env, cache: cache.clone(), show, supported: Mutex::default(), identities: Mutex::default() }
    }

    /// The words of CC, CXX or FC.
    pub fn words(&self, var: &str) -> Result<Vec<String>, String> {
        let v = self.env.value(var);
        match cgoflags::split_words(&v) {
            Ok(w) if w.is_empty() => Err(format!("{var} is empty")),
            Ok(w) => Ok(w),
            Err(e) => Err(format!("could not parse environment variable {var} with value {v:?}: {e}")),
        }
    }

    /// What makes this compiler different from others.
    pub fn identity(&self, words: &[String]) -> Key {
        let name = text_of(words);
        if let Some(k) = self.identities.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return *k;
        }
        let path = look_path(&words[0]).unwrap_or_else(|| PathBuf::from(&words[0]));
        let stamp = Stamp::at(&path);
        // A wrapper does not change when what it wraps does.
        let known = stamp.filter(|_| words.len() == 1).and_then(|s| self.cache.fact("C compiler", &path, &s));
        let version = known.unwrap_or_else(|| {
            let out = Command::new(&words[0]).args(&words[1..]).arg("-v").env("LC_ALL", "C").stdin(Stdio::null()).output();
            let text = out.map(|o| [o.stdout, o.stderr].concat()).unwrap_or_default();
            if let Some(s) = stamp.filter(|_| words.len() == 1) {
                self.cache.note("C compiler", &path, &s, text.clone());
            }
            text
        });
        let mut k = KeyBuilder::new("C compiler");
        k.text("words", &name).text("path", &path.display().to_string()).bytes("version", &version);
        if let Some(s) = stamp {
            k.bytes("stamp", &s.0);
        }
        for v in ["CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "GCC_EXEC_PREFIX", "COMPILER_PATH", "SDKROOT"] {
            k.text(v, &std::env::var(v).unwrap_or_default());
        }
        let key = k.finish();
        self.identities.lock().unwrap_or_else(PoisonError::into_inner).insert(name, key);
        key
    }

    /// Whether a compiler takes a flag.
    pub fn supports(&self, words: &[String], flag: &str) -> bool {
        let memo = (words[0].clone(), flag.to_string());
        if let Some(b) = self.supported.lock().unwrap_or_else(PoisonError::into_inner).get(&memo) {
            return *b;
        }
        let mut line = words.to_vec();
        line.push(flag.into());
        let linker = flag.starts_with("-Wl,");
        line.extend(cgoflags::user_flags(self.env, if linker { "LDFLAGS" } else { "CFLAGS" }).unwrap_or_default());
        if !linker {
            line.push("-c".into());
        }
        line.extend(["-x", "c", "-", "-o"].map(String::from));
        let show = |to: &str| {
            if let Some(s) = self.show.as_ref().filter(|s| s.print) {
                s.command(Path::new("."), &format!("{} {to} || true", text_of(&line)));
            }
        };
        if self.show.as_ref().is_some_and(|s| s.dry) {
            show("/dev/null");
            return false;
        }
        let mut k = KeyBuilder::new("C compiler's flag");
        k.key("compiler", &self.identity(words)).text("line", &text_of(&line));
        let key = k.finish();
        let yes = match self.cache.get(&key) {
            Some(e) => e.get("supported") == b"1",
            None => {
                show("/dev/null");
                // A file of our own: some linkers replace what they write to.
                let tmp = tempfile::NamedTempFile::new().map(tempfile::NamedTempFile::into_temp_path);
                let Ok(tmp) = tmp else { return false };
                let out = Command::new(&line[0]).args(&line[1..]).arg(&tmp).env("LC_ALL", "C").stdin(Stdio::null()).output();
                let text = out.map(|o| String::from_utf8_lossy(&[o.stdout, o.stderr].concat()).into_owned()).unwrap_or("unknown".into());
                let no = ["unrecognized", "unknown", "unrecognised", "is not supported", "not recognized", "unsupported"];
                let yes = !no.iter().any(|n| text.contains(n));
                let mut e = Entry::default();
                e.set("supported", if yes { b"1".to_vec() } else { b"0".to_vec() });
                // A full disk costs time, not correctness.
                let _ = self.cache.put(&key, &e);
                yes
            }
        };
        self.supported.lock().unwrap_or_else(PoisonError::into_inner).insert(memo, yes);
        yes
    }

    /// The flag that keeps a folder's name out of objects.
    fn prefix_map(&self, words: &[String]) -> Option<&'static str> {
        if !self.supports(words, "-fdebug-prefix-map=a=b") {
            return None;
        }
        Some(if self.supports(words, "-ffile-prefix-map=a=b") { "-ffile-prefix-map" } else { "-fdebug-prefix-map" })
    }

    /// The compiler with the arguments every compilation gets.
    pub fn command(&self, words: &[String], include: &str, work: &str) -> Vec<String> {
        let mut v = words.to_vec();
        v.extend(["-I", include, "-fPIC"].map(String::from));
        v.extend(arch_args(&self.env.goarch()));
        if self.env.cgo_enabled() {
            v.push("-pthread".into());
        }
        for f in ["-fno-caret-diagnostics", "-Qunused-arguments", "-Wl,--no-gc-sections"] {
            if self.supports(words, f) {
                v.push(f.into());
            }
        }
        v.push("-fmessage-length=0".into());
        if let Some(f) = self.prefix_map(words) {
            v.push(format!("{f}={}=/tmp/go-build", work.trim_end_matches('/')));
        }
        if self.supports(words, "-gno-record-gcc-switches") {
            v.push("-gno-record-gcc-switches".into());
        }
        v
    }

    /// Flags that put a name in place of a folder, for `-trimpath`.
    pub fn trim(&self, words: &[String], from: &Path, to: &str) -> Option<String> {
        self.prefix_map(words).map(|f| format!("{f}={}={to}", from.display()))
    }

    /// Runs a command in a folder; what it printed, and whether it succeeded.
    pub fn run(&self, dir: &Path, line: &[String], vars: &[(&str, &str)]) -> Result<(String, bool), String> {
        if let Some(s) = self.show.as_ref().filter(|s| s.print) {
            show_line(s, dir, line, vars);
            if s.dry {
                return Ok((String::new(), true));
            }
        }
        let ours = Path::new(&line[0]).file_stem().is_some_and(|n| n == "cgo");
        let file = if ours { response_file(line).map_err(|e| format!("{}: {e}", line[0]))? } else { None };
        let mut c = Command::new(&line[0]);
        match &file {
            Some(f) => c.arg(format!("@{}", f.path().display())),
            None => c.args(&line[1..]),
        };
        c.current_dir(dir).env("TERM", "dumb").env("PWD", dir).stdin(Stdio::null());
        c.envs(vars.iter().copied());
        let both = |o: std::process::Output| (String::from_utf8_lossy(&[o.stdout, o.stderr].concat()).into_owned(), o.status);
        let (text, status) = c.output().map(both).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => format!("exec: {:?}: executable file not found in $PATH", line[0]),
            _ => format!("{}: {e}", line[0]),
        })?;
        let text = if status.success() || !text.trim().is_empty() { text } else { crate::exec::status_text(&status) };
        Ok((text, status.success()))
    }
}

/// Prints a command and its variables.
pub fn show_line(s: &Show, dir: &Path, line: &[String], vars: &[(&str, &str)]) {
    let vars: String = vars.iter().map(|(k, v)| format!(" {k}={}", if v.is_empty() { "''".into() } else { quote(v) })).collect();
    let words: Vec<String> = line.iter().map(|w| in_dir(w, dir)).collect();
    s.command(dir, &format!("TERM='dumb'{vars} {}", text_of(&words)));
}

/// A word as it reads in its folder.
fn in_dir(word: &str, dir: &Path) -> String {
    let d = dir.display().to_string();
    if word == d {
        return ".".into();
    }
    match word.strip_prefix(&d).and_then(|r| r.strip_prefix('/')) {
        Some(rest) if d.len() > 1 => format!("./{rest}"),
        _ => word.into(),
    }
}

/// The output of a command with folders as messages show them: relative where that is shorter, the work folder as `$WORK`.
pub fn shorten(text: &str, work: &Path, dir: &Path, cwd: &Path) -> String {
    let mut out = replace_prefix(text, &work.display().to_string(), "$WORK");
    for d in dir.ancestors().filter(|d| d.parent().is_some()) {
        let full = d.display().to_string();
        let short = crate::pattern::short_path(cwd, d);
        if short != full {
            out = replace_prefix(&out, &full, &short);
        }
    }
    out
}

fn replace_prefix(text: &str, from: &str, to: &str) -> String {
    if from.is_empty() {
        return text.to_string();
    }
    let t = text.replace(&format!(" {from}"), &format!(" {to}")).replace(&format!("\n{from}"), &format!("\n{to}")).replace(&format!("\n\t{from}"), &format!("\n\t{to}"));
    match t.strip_prefix(from) {
        Some(rest) => format!("{to}{rest}"),
        None => t,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let words = |l: &[&str]| l.iter().map(|s| s.to_string()).collect::<Vec<_>>();
        assert_eq!(text_of(&words(&["gcc", "-Ia b", "", "-D\"x\"", "a=>b", "'c'"])), "gcc \"-Ia b\" \"\" \"-D\\\"x\\\"\" \"a=>b\" 'c'");
        assert!(response_file(&words(&["cgo", "x"])).unwrap().is_none());
        let f = response_file(&words(&["cgo", "a\\b\nc", &"y".repeat(31 << 10)])).unwrap().unwrap();
        assert!(std::fs::read_to_string(f.path()).unwrap().starts_with("\"a\\\\b\nc\"\n\"yyy"));
    }

    #[test]
    fn texts() {
        let s = |t: &str| shorten(t, Path::new("/tmp/w"), Path::new("/a/b/c"), Path::new("/a/b"));
        assert_eq!(s("/a/b/c/x.c:1: e\nIn file /a/b/y.h, x/a/b/z /tmp/w/b001/q"), "c/x.c:1: e\nIn file ./y.h, x/a/b/z $WORK/b001/q");
        assert_eq!(in_dir("/a/b/x.go", Path::new("/a/b")), "./x.go");
        assert_eq!(in_dir("/a/b", Path::new("/a/b")), ".");
        assert_eq!(in_dir("/a/bc", Path::new("/a/b")), "/a/bc");
    }
}
