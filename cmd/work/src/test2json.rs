//! Test output as JSON events, like `go tool test2json`.

use std::io::Write;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

const FRAME: u8 = 0x16;
const ERR_BEGIN: u8 = 0x0f;
const ERR_END: u8 = 0x0e;
const ESCAPE: u8 = 0x1b;

const UPDATES: &[&str] = &["RUN   ", "PAUSE ", "CONT  ", "NAME  ", "PASS  ", "FAIL  ", "SKIP  ", "ATTR  ", "ARTIFACTS "];
const REPORTS: &[&str] = &["PASS: ", "FAIL: ", "SKIP: ", "BENCH: "];

/// Lines longer than this are passed on in pieces.
const IN_MAX: usize = 4096;
const OUT_MAX: usize = 1024;

#[derive(Clone, Default)]
struct Event {
    action: String,
    test: String,
    elapsed: Option<f64>,
    output: Option<Vec<u8>>,
    kind: &'static str,
    failed_build: String,
    key: String,
    value: String,
    path: String,
}

/// Converts the output of one test program.
pub struct Converter<W: Write> {
    w: W,
    package: String,
    start: Instant,
    test: String,
    /// Results seen, nested for subtests, not written yet.
    report: Vec<Event>,
    result: &'static str,
    input: Vec<u8>,
    /// In the middle of a line too long for the buffer.
    long: bool,
    out: Vec<u8>,
    mark_framing: bool,
    in_error: bool,
    escaped: bool,
    framing: bool,
    failed_build: String,
}

/// The time now, in UTC, as RFC 3339 with nanoseconds.
pub fn now() -> String {
    let d = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let secs = d.as_secs() as i64;
    let (days, rem) = (secs.div_euclid(86400), secs.rem_euclid(86400));
    // Days to a civil date; years begin in March.
    let z = days + 719468;
    let era = z.div_euclid(146097);
    let doe = z.rem_euclid(146097);
    let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + (month <= 2) as i64;
    let frac = format!("{:09}", d.subsec_nanos());
    let frac = frac.trim_end_matches('0');
    let dot = if frac.is_empty() { "" } else { "." };
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{dot}{frac}Z", rem / 3600, rem / 60 % 60, rem % 60)
}

/// Bytes as a JSON string the way Go's encoder writes them.
pub fn json_bytes(b: &[u8]) -> String {
    let mut out = String::from("\"");
    for c in String::from_utf8_lossy(b).chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Where a line ends: behind a newline, or before a framing mark in its middle that is not escaped.
fn line_end(b: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let i = at + memchr::memchr2(b'\n', FRAME, b.get(at..)?)?;
        match b[i] {
            b'\n' => return Some(i + 1),
            _ if i > 0 && b[..i].iter().rev().take_while(|c| **c == ESCAPE).count() % 2 == 0 => return Some(i),
            _ => at = i + 1,
        }
    }
}

impl<W: Write> Converter<W> {
    /// Begins; writes the start event.
    pub fn new(w: W, package: &str) -> Converter<W> {
        let mut c = Converter {
            w,
            package: package.into(),
            start: Instant::now(),
            test: String::new(),
            report: Vec::new(),
            result: "",
            input: Vec::new(),
            long: false,
            out: Vec::new(),
            mark_framing: false,
            in_error: false,
            escaped: false,
            framing: false,
            failed_build: String::new(),
        };
        c.event(Event { action: "start".into(), ..Event::default() });
        c
    }

    /// The package whose build failed.
    pub fn set_failed_build(&mut self, id: &str) {
        self.failed_build = id.into();
    }

    /// Notes how the program ended.
    pub fn exited(&mut self, ok: bool) {
        if !ok {
            self.result = "fail";
        } else if self.result != "skip" {
            self.result = "pass";
        }
    }

    /// Takes output of the program.
    pub fn write(&mut self, data: &[u8]) {
        self.input.extend_from_slice(data);
        let input = std::mem::take(&mut self.input);
        let mut rest = &input[..];
        while let Some(n) = line_end(rest) {
            let line = &rest[..n];
            rest = &rest[n..];
            if self.long || line.len() > IN_MAX {
                self.long = false;
                self.output(line);
            } else {
                self.line(line);
            }
        }
        if rest.len() > IN_MAX {
            self.long = true;
            self.output(rest);
            rest = &[];
        }
        self.input = rest.to_vec();
    }

    /// Writes what is left and the final event.
    pub fn close(&mut self) {
        let rest = std::mem::take(&mut self.input);
        if self.long { self.output(&rest) } else { self.line(&rest) }
        self.flush();
        if !self.result.is_empty() {
            let ms = self.start.elapsed().as_millis() as f64 / 1000.0;
            let failed_build = if self.result == "fail" { self.failed_build.clone() } else { String::new() };
            self.event(Event { action: self.result.into(), elapsed: Some(ms), failed_build, ..Event::default() });
        }
        let _ = self.w.flush();
    }

    fn line(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        if self.mark_framing && line[0] != FRAME {
            self.output(line);
            return;
        }
        let mut line = line;
        let marked = line[0] == FRAME;
        if marked {
            self.flush();
            line = &line[1..];
        }
        let trim = line.strip_suffix(b"\n").map_or(line, |l| l.strip_suffix(b"\r").unwrap_or(l));
        let (mut line, trim): (&[u8], &[u8]) = if trim == b"=== NAME" { (b"=== NAME  \n", b"=== NAME  ") } else { (line, trim) };
        if trim == b"PASS" || trim == b"FAIL" || trim.starts_with(b"FAIL\t") {
            self.flush_report(0);
            self.test.clear();
            self.mark_framing = marked;
            self.frame(line);
            self.result = if trim == b"PASS" { "pass" } else { "fail" };
            return;
        }
        if line.starts_with(b"?   \t") && trim.ends_with(b"\t[no test files]") && self.report.is_empty() {
            self.result = "skip";
        }
        let orig = line;
        let has = |l: &[u8], lead: &[u8], list: &[&str]| {
            l.strip_prefix(lead).is_some_and(|r| list.iter().any(|u| r.starts_with(u.as_bytes())))
        };
        let mut ok = has(line, b"=== ", UPDATES);
        let mut indent = 0;
        if !ok {
            while let Some(r) = line.strip_prefix(b"    ") {
                line = r;
                indent += 1;
            }
            ok = has(line, b"--- ", REPORTS);
        }
        if !ok {
            if indent > 0 && indent <= self.report.len() {
                self.test = self.report[indent - 1].test.clone();
            }
            self.output(orig);
            return;
        }
        let text = String::from_utf8_lossy(&line[4..]).into_owned();
        let (action, name) = text.split_once(' ').unwrap_or((&text, ""));
        let action = action.trim_end_matches(':').to_lowercase();
        let mut name = name.trim();
        let mut e = Event { action: action.clone(), ..Event::default() };
        if line[0] == b'-' {
            if let Some(i) = name.find(" (") {
                if let Some(t) = name[i + 2..].strip_suffix("s)") {
                    e.elapsed = t.parse().ok();
                }
                name = &name[..i];
            }
            if self.report.len() < indent {
                self.output(orig);
                return;
            }
            self.mark_framing = marked;
            self.flush_report(indent);
            e.test = name.into();
            self.test = name.into();
            self.report.push(e);
            self.frame(orig);
            return;
        }
        match action.as_str() {
            "artifacts" => {
                let (n, p) = name.split_once(' ').unwrap_or((name, ""));
                e.path = p.into();
                name = n;
            }
            "attr" => {
                let (n, rest) = name.split_once(' ').unwrap_or((name, ""));
                let (k, v) = rest.split_once(' ').unwrap_or((rest, ""));
                (e.key, e.value) = (k.into(), v.into());
                name = n;
            }
            _ => {}
        }
        self.mark_framing = marked;
        self.flush_report(0);
        self.test = name.into();
        match action.as_str() {
            "name" => {}
            // The notice comes before the event: it is still output of the running test.
            "pause" => {
                self.frame(orig);
                self.event(e);
            }
            _ => {
                self.event(e);
                self.frame(orig);
            }
        }
    }

    fn frame(&mut self, line: &[u8]) {
        self.framing = true;
        self.output(line);
        self.framing = false;
    }

    fn flush_report(&mut self, depth: usize) {
        self.test.clear();
        while self.report.len() > depth {
            if let Some(e) = self.report.pop() {
                self.event(e);
            }
        }
    }

    /// Collects output into events of whole lines.
    fn output(&mut self, data: &[u8]) {
        self.out.extend_from_slice(data);
        while let Some(i) = memchr::memchr(b'\n', &self.out) {
            let line: Vec<u8> = self.out.drain(..=i).collect();
            self.output_event(line);
        }
        while self.out.len() > OUT_MAX {
            let mut n = OUT_MAX;
            // Characters stay whole.
            while n > 1 && self.out[n] & 0xc0 == 0x80 {
                n -= 1;
            }
            let part: Vec<u8> = self.out.drain(..n).collect();
            self.output_event(part);
        }
    }

    fn flush(&mut self) {
        let rest = std::mem::take(&mut self.out);
        if !rest.is_empty() {
            self.output_event(rest);
        }
    }

    fn output_event(&mut self, data: Vec<u8>) {
        let mut kind = if self.framing {
            "frame"
        } else if self.in_error {
            "error-continue"
        } else {
            ""
        };
        let mut cur = Vec::with_capacity(data.len());
        let mut i = 0;
        while i < data.len() {
            let c = data[i];
            i += 1;
            if self.escaped {
                self.escaped = false;
                cur.push(c);
                continue;
            }
            match c {
                ESCAPE => self.escaped = true,
                ERR_BEGIN => {
                    self.piece(std::mem::take(&mut cur), kind);
                    self.in_error = true;
                    kind = "error";
                }
                ERR_END => {
                    if data.get(i) == Some(&b'\n') {
                        cur.push(b'\n');
                        i += 1;
                    }
                    self.piece(std::mem::take(&mut cur), kind);
                    self.in_error = false;
                    kind = "";
                }
                c => cur.push(c),
            }
        }
        self.piece(cur, kind);
    }

    fn piece(&mut self, data: Vec<u8>, kind: &'static str) {
        if !data.is_empty() {
            self.event(Event { action: "output".into(), output: Some(data), kind, ..Event::default() });
        }
    }

    fn event(&mut self, e: Event) {
        let test = if e.test.is_empty() { &self.test } else { &e.test };
        let mut s = format!("{{\"Time\":\"{}\",\"Action\":{},\"Package\":{}", now(), json_bytes(e.action.as_bytes()), json_bytes(self.package.as_bytes()));
        let mut field = |name: &str, v: &str| {
            if !v.is_empty() {
                s.push_str(&format!(",\"{name}\":{}", json_bytes(v.as_bytes())));
            }
        };
        field("Test", test);
        if let Some(t) = e.elapsed {
            s.push_str(&format!(",\"Elapsed\":{t}"));
        }
        if let Some(o) = &e.output {
            s.push_str(&format!(",\"Output\":{}", json_bytes(o)));
        }
        for (name, v) in [("OutputType", e.kind), ("FailedBuild", &e.failed_build), ("Key", &e.key), ("Value", &e.value), ("Path", &e.path)] {
            if !v.is_empty() {
                s.push_str(&format!(",\"{name}\":{}", json_bytes(v.as_bytes())));
            }
        }
        s.push_str("}\n");
        // The reader may have gone away; the test's result does not depend on it.
        let _ = self.w.write_all(s.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(text: &str, ok: bool) -> Vec<serde_json::Value> {
        let mut out = Vec::new();
        let mut c = Converter::new(&mut out, "p");
        for chunk in text.as_bytes().chunks(7) {
            c.write(chunk);
        }
        c.exited(ok);
        c.close();
        drop(c);
        String::from_utf8(out).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    #[test]
    fn events() {
        let v = convert("\x16=== RUN   TestA\nhello\n\x16=== RUN   TestA/b\n    x_test.go:1: m\n\x16--- FAIL: TestA (0.50s)\n\x16    --- PASS: TestA/b (0.00s)\n\x16FAIL\n", false);
        let short: Vec<String> = v.iter().map(|e| format!("{} {}", e["Action"].as_str().unwrap(), e["Test"].as_str().unwrap_or(""))).collect();
        assert_eq!(
            short,
            [
                "start ", "run TestA", "output TestA", "output TestA", "run TestA/b", "output TestA/b", "output TestA/b",
                "output TestA", "output TestA/b", "pass TestA/b", "fail TestA", "output ", "fail "
            ]
        );
        assert_eq!(v[10]["Elapsed"], 0.5);
        assert_eq!(v[3]["Output"], "hello\n");
        assert_eq!(v[2]["OutputType"], "frame");
        let v = convert("?   \tp\t[no test files]\n", true);
        assert_eq!(v.last().unwrap()["Action"], "skip");
        let v = convert("\x16=== RUN   T\n\x0f    a_test.go:1: bad\x0e\n\x16--- FAIL: T (0.00s)\n\x16FAIL\n", false);
        let e = v.iter().find(|e| e["OutputType"] == "error").unwrap();
        assert_eq!(e["Output"], "    a_test.go:1: bad\n");
        assert!(now().ends_with('Z'));
    }
}
