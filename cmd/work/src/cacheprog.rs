//! GOCACHEPROG: a program that keeps the build cache instead of the folder GOCACHE.
//!
//! Protocol (cmd/go/internal/cacheprog): requests and answers are JSON values on the program's standard input and output, answers in any order. The
//! program says first what it can do; it is started when the cache is first used, and told to close when the command ends. Where it fails as go does not
//! tolerate, the command ends with go's words.

use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

static WORDS: OnceLock<Result<Vec<String>, String>> = OnceLock::new();
static PROGRAM: OnceLock<Option<Program>> = OnceLock::new();

/// Sets the program and its arguments, or what is wrong with the setting; the first call counts.
pub fn configure(words: Result<Vec<String>, String>) {
    let _ = WORDS.set(words);
}

/// The program that keeps the cache, if there is one.
pub fn program() -> Option<&'static Program> {
    PROGRAM
        .get_or_init(|| match WORDS.get()? {
            Ok(words) => Some(Program::start(words)),
            Err(e) => fatal(format!("GOCACHEPROG args: {e}")),
        })
        .as_ref()
}

/// Tells the program, if it was started, that nothing more will come.
pub fn close() {
    if let Some(Some(p)) = PROGRAM.get() {
        p.close();
    }
}

fn fatal(text: String) -> ! {
    eprintln!("{text}");
    std::process::exit(1)
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running program.
pub struct Program {
    name: String,
    can: HashSet<String>,
    input: Mutex<Option<BufWriter<ChildStdin>>>,
    waiting: &'static Waiting,
    child: Mutex<Child>,
    /// Files whose contents turned out not to be what was stored.
    damaged: Mutex<HashSet<PathBuf>>,
}

/// Requests without an answer yet; None once no answers will come.
struct Waiting {
    state: Mutex<(i64, Option<HashMap<i64, Sender<Value>>>)>,
    closing: AtomicBool,
}

impl Waiting {
    fn enter(&self) -> Option<(i64, Receiver<Value>)> {
        let mut s = lock(&self.state);
        let (tx, rx) = channel();
        let id = s.0;
        s.1.as_mut()?.insert(id, tx);
        s.0 += 1;
        Some((id, rx))
    }

    /// Hands answers on until there are no more.
    fn read(&self, from: ChildStdout) {
        let mut from = BufReader::new(from);
        loop {
            let r = next_value(&mut from);
            match r {
                Ok(v) => {
                    let id = field(&v, "ID").and_then(Value::as_i64).unwrap_or(0);
                    match lock(&self.state).1.as_mut().and_then(|w| w.remove(&id)) {
                        // Who asked may have given up.
                        Some(tx) => drop(tx.send(v)),
                        None => fatal(format!("GOCACHEPROG sent response for unknown request ID {id}")),
                    }
                }
                Err(_) if self.closing.load(Ordering::SeqCst) => {
                    lock(&self.state).1 = None;
                    return;
                }
                Err(None) => fatal(format!("GOCACHEPROG exited pre-Close with {} pending requests", lock(&self.state).1.as_ref().map_or(0, HashMap::len))),
                Err(Some(e)) => fatal(format!("error reading JSON from GOCACHEPROG: {e}")),
            }
        }
    }
}

/// A field by its name in any case, as Go reads JSON.
fn field<'a>(v: &'a Value, name: &str) -> Option<&'a Value> {
    let o = v.as_object()?;
    o.get(name).or_else(|| o.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

fn text(v: &Value, name: &str) -> String {
    field(v, name).and_then(Value::as_str).unwrap_or("").to_string()
}

/// The next object; None as error at the end of the stream.
fn next_value(from: &mut impl BufRead) -> Result<Value, Option<String>> {
    loop {
        match from.fill_buf().map_err(|e| Some(e.to_string()))? {
            [] => return Err(None),
            [b' ' | b'\t' | b'\r' | b'\n', ..] => from.consume(1),
            [b'{', ..] => break,
            [c, ..] => return Err(Some(format!("invalid character {:?} looking for beginning of value", char::from(*c)))),
        }
    }
    match serde_json::Deserializer::from_reader(&mut *from).into_iter::<Value>().next() {
        None => Err(None),
        Some(r) => r.map_err(|e| Some(if e.is_eof() { "unexpected EOF".into() } else { e.to_string() })),
    }
}

impl Program {
    fn start(words: &[String]) -> Program {
        let name = words.first().cloned().unwrap_or_default();
        let fail = |e: &str| -> ! { fatal(format!("error starting GOCACHEPROG program {name:?}: {e}")) };
        if name.is_empty() {
            fail("exec: no command");
        }
        let mut c = Command::new(&name);
        c.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = c.spawn().unwrap_or_else(|e| {
            if e.kind() == std::io::ErrorKind::NotFound && !name.contains('/') {
                fail(&format!("exec: {name:?}: executable file not found in $PATH"));
            }
            fail(&format!("fork/exec {name}: {}", crate::modload::io_text(&e)))
        });
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { fail("no pipes") };
        let waiting: &'static Waiting = Box::leak(Box::new(Waiting { state: Mutex::new((0, Some(HashMap::new()))), closing: AtomicBool::new(false) }));
        // The first thing it says answers to request 0, which is never sent.
        let hello = waiting.enter();
        std::thread::spawn(move || waiting.read(output));
        let mut can = HashSet::new();
        if let Some((_, rx)) = hello {
            let v = loop {
                match rx.recv_timeout(Duration::from_secs(5)) {
                    Ok(v) => break v,
                    Err(RecvTimeoutError::Timeout) => eprintln!("# still waiting for GOCACHEPROG {name} ..."),
                    Err(RecvTimeoutError::Disconnected) => break Value::Null,
                }
            };
            let known = field(&v, "KnownCommands").and_then(Value::as_array);
            can.extend(known.into_iter().flatten().filter_map(|c| c.as_str().map(String::from)));
        }
        if can.is_empty() {
            fatal(format!("GOCACHEPROG {name} declared no supported commands"));
        }
        Program { name, can, input: Mutex::new(Some(BufWriter::new(input))), waiting, child: Mutex::new(child), damaged: Mutex::default() }
    }

    /// Sends a request and waits for its answer. None: the program no longer answers.
    fn ask(&self, command: &str, action: Option<&[u8; 32]>, body: Option<(&[u8; 32], &[u8])>) -> std::io::Result<Option<Value>> {
        use base64::Engine;
        let base64 = base64::engine::general_purpose::STANDARD;
        let Some((id, answer)) = self.waiting.enter() else { return Ok(None) };
        let sent = (|| {
            let mut input = lock(&self.input);
            let w = input.as_mut().ok_or_else(|| std::io::Error::from(std::io::ErrorKind::BrokenPipe))?;
            write!(w, "{{\"ID\":{id},\"Command\":\"{command}\"")?;
            if let Some(a) = action {
                write!(w, ",\"ActionID\":\"{}\"", base64.encode(a))?;
            }
            if let Some((out, data)) = body {
                write!(w, ",\"OutputID\":\"{}\"", base64.encode(out))?;
                if !data.is_empty() {
                    write!(w, ",\"BodySize\":{}", data.len())?;
                }
            }
            w.write_all(b"}\n\n")?;
            if let Some((_, data)) = body.filter(|b| !b.1.is_empty()) {
                w.write_all(b"\"")?;
                // In pieces that need no padding.
                for piece in data.chunks(3 << 14) {
                    w.write_all(base64.encode(piece).as_bytes())?;
                }
                w.write_all(b"\"\n")?;
            }
            w.flush()
        })();
        if let Err(e) = sent {
            if let Some(w) = lock(&self.waiting.state).1.as_mut() {
                w.remove(&id);
            }
            return Err(e);
        }
        let Ok(v) = answer.recv() else { return Ok(None) };
        match text(&v, "Err") {
            e if e.is_empty() => Ok(Some(v)),
            e => Err(std::io::Error::other(e)),
        }
    }

    /// The file with what was stored under a key.
    pub fn get(&self, key: &[u8; 32]) -> Option<PathBuf> {
        if !self.can.contains("get") {
            return None;
        }
        // As in go, an error is a miss.
        let v = self.ask("get", Some(key), None).ok()??;
        if field(&v, "Miss").and_then(Value::as_bool) == Some(true) {
            return None;
        }
        let path = PathBuf::from(text(&v, "DiskPath"));
        (!path.as_os_str().is_empty() && !lock(&self.damaged).contains(&path)).then_some(path)
    }

    /// Stores contents; the file that has them now, which is looked at: what links is read from there.
    pub fn put(&self, key: &[u8; 32], data: &[u8]) -> std::io::Result<PathBuf> {
        use sha2::Digest;
        if !self.can.contains("put") {
            return Err(std::io::Error::from(std::io::ErrorKind::Unsupported));
        }
        let hash: [u8; 32] = sha2::Sha256::digest(data).into();
        let gone = || std::io::Error::other("GOCACHEPROG program closed unexpectedly");
        let v = self.ask("put", Some(key), Some((&hash, data)))?.ok_or_else(gone)?;
        let path = PathBuf::from(text(&v, "DiskPath"));
        if path.as_os_str().is_empty() {
            return Err(std::io::Error::other("GOCACHEPROG didn't return DiskPath in put response"));
        }
        if !same(&path, data) {
            self.note_damaged(&path);
            return Err(std::io::Error::other(format!("{} does not hold what was stored", path.display())));
        }
        lock(&self.damaged).remove(&path);
        Ok(path)
    }

    /// From now on this file counts as missing.
    pub fn note_damaged(&self, path: &std::path::Path) {
        lock(&self.damaged).insert(path.to_path_buf());
    }

    fn close(&self) {
        self.waiting.closing.store(true, Ordering::SeqCst);
        if self.can.contains("close") {
            // It may end without an answer.
            if let Err(e) = self.ask("close", None, None)
                && e.kind() != std::io::ErrorKind::BrokenPipe
            {
                eprintln!("GOCACHEPROG {}: {e}", self.name);
            }
        }
        drop(lock(&self.input).take());
        let _ = lock(&self.child).wait();
    }
}

/// Whether a file holds exactly this.
fn same(path: &std::path::Path, data: &[u8]) -> bool {
    let Ok(mut f) = std::fs::File::open(path) else { return false };
    if !f.metadata().is_ok_and(|m| m.len() == data.len() as u64) {
        return false;
    }
    let mut buf = vec![0; 1 << 16];
    data.chunks(1 << 16).all(|c| f.read_exact(&mut buf[..c.len()]).is_ok() && buf[..c.len()] == *c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let mut r: &[u8] = b"\n {\"id\":3,\"Miss\":true}{\"ID\":4,\"DiskPath\":\"/x\"}\n{\"ID\":";
        let a = next_value(&mut r).unwrap();
        assert_eq!((field(&a, "ID").and_then(Value::as_i64), field(&a, "Miss").and_then(Value::as_bool)), (Some(3), Some(true)));
        assert_eq!(text(&next_value(&mut r).unwrap(), "DiskPath"), "/x");
        assert_eq!(next_value(&mut r), Err(Some("unexpected EOF".into())));
        assert_eq!(next_value(&mut &b"hello"[..]), Err(Some("invalid character 'h' looking for beginning of value".into())));
        assert_eq!(next_value(&mut &b" \n"[..]), Err(None));
    }
}
