//! Where the time of a command goes: `--timings` prints a table and, given a file name, writes a trace that Perfetto opens.
//!
//! [`span`] costs nothing unless [`enable`] was called. Of each span the wall time and the time on a processor are kept; on a busy machine only
//! the second means anything. Kinds nest (`compile` contains `llvm codegen`), so the lines of the table do not add up.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

struct Span {
    kind: &'static str,
    name: String,
    thread: u64,
    start: Duration,
    wall: Duration,
    cpu: Duration,
}

static ON: AtomicBool = AtomicBool::new(false);
static SPANS: Mutex<Vec<Span>> = Mutex::new(Vec::new());
static THREADS: AtomicU64 = AtomicU64::new(1);
static ORIGIN: OnceLock<Instant> = OnceLock::new();

thread_local! {
    static THREAD: u64 = THREADS.fetch_add(1, Ordering::Relaxed);
}

/// Starts recording.
pub fn enable() {
    ORIGIN.get_or_init(Instant::now);
    ON.store(true, Ordering::Relaxed);
}

/// Whether spans are recorded.
pub fn enabled() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Time this thread has spent on a processor.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0))
}

/// A step under way; it ends when this is dropped.
pub struct Guard(Option<(&'static str, String, Instant, Duration)>);

/// Begins a step of kind `kind` on `name`.
pub fn span(kind: &'static str, name: &str) -> Guard {
    Guard(enabled().then(|| (kind, name.to_string(), Instant::now(), cpu())))
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some((kind, name, start, before)) = self.0.take() else { return };
        add(kind, name, start, start.elapsed(), cpu().saturating_sub(before));
    }
}

/// Records a step of this thread that was timed elsewhere.
pub fn add(kind: &'static str, name: String, start: Instant, wall: Duration, cpu: Duration) {
    let origin = *ORIGIN.get_or_init(Instant::now);
    let s = Span { kind, name, thread: THREAD.with(|t| *t), start: start.saturating_duration_since(origin), wall, cpu };
    SPANS.lock().unwrap_or_else(PoisonError::into_inner).push(s);
}

/// The table: kinds, then the packages that took most.
pub fn table() -> String {
    let spans = SPANS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut kinds: BTreeMap<&str, (usize, Duration, Duration)> = BTreeMap::new();
    let mut names: BTreeMap<&str, Duration> = BTreeMap::new();
    for s in spans.iter() {
        let k = kinds.entry(s.kind).or_default();
        *k = (k.0 + 1, k.1 + s.wall, k.2 + s.cpu);
        if s.kind == "compile" || s.kind == "check" {
            *names.entry(&s.name).or_default() += s.cpu;
        }
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|k| std::cmp::Reverse(k.1.1));
    let ms = |d: Duration| d.as_secs_f64() * 1e3;
    let mut out = format!("{:<24} {:>7} {:>11} {:>11}\n", "step", "count", "wall ms", "cpu ms");
    for (kind, (n, wall, cpu)) in kinds {
        let _ = writeln!(out, "{kind:<24} {n:>7} {:>11.1} {:>11.1}", ms(wall), ms(cpu));
    }
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_by_key(|n| std::cmp::Reverse(n.1));
    for (name, cpu) in names.into_iter().take(10).filter(|n| n.1 > Duration::from_millis(1)) {
        let _ = writeln!(out, "  {name:<30} {:>23.1}", ms(cpu));
    }
    out
}

/// The spans in Chrome's trace format.
pub fn trace() -> String {
    let spans = SPANS.lock().unwrap_or_else(PoisonError::into_inner);
    let us = |d: Duration| d.as_secs_f64() * 1e6;
    let events: Vec<serde_json::Value> = spans
        .iter()
        .map(|s| {
            serde_json::json!({
                "ph": "X", "pid": 1, "tid": s.thread, "cat": s.kind, "name": format!("{} {}", s.kind, s.name),
                "ts": us(s.start), "dur": us(s.wall), "args": { "cpu_ms": s.cpu.as_secs_f64() * 1e3 },
            })
        })
        .collect();
    serde_json::json!({ "traceEvents": events, "displayTimeUnit": "ms" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        drop(span("nothing", "off"));
        enable();
        drop(span("compile", "a/b"));
        let t = table();
        assert!(t.contains("compile") && !t.contains("nothing"), "{t}");
        let v: serde_json::Value = serde_json::from_str(&trace()).unwrap();
        assert!(v["traceEvents"].as_array().unwrap().iter().any(|e| e["name"] == "compile a/b"));
    }
}
