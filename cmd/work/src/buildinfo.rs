//! The build information inside programs, as `debug/buildinfo` reads it.

/// Version and module text of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildInfo {
    pub go_version: String,
    /// Lines `path`, `mod`, `dep`, `=>`, `build`, tab-separated.
    pub text: String,
}

const MAGIC: &[u8] = b"\xff Go buildinf:";
const START: [u8; 16] = [0x30, 0x77, 0xaf, 0x0c, 0x92, 0x74, 0x08, 0x02, 0x41, 0xe1, 0xc1, 0x07, 0xe6, 0xd6, 0x18, 0xe6];
const END: [u8; 16] = [0xf9, 0x32, 0x43, 0x31, 0x86, 0x18, 0x20, 0x72, 0x00, 0x82, 0x42, 0x10, 0x41, 0x16, 0xd8, 0xf2];

fn uvarint(b: &[u8]) -> Option<(u64, &[u8])> {
    let mut v = 0u64;
    for (i, &c) in b.iter().enumerate().take(10) {
        v |= ((c & 0x7f) as u64) << (7 * i);
        if c < 0x80 {
            return Some((v, &b[i + 1..]));
        }
    }
    None
}

fn put_uvarint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

impl BuildInfo {
    /// The module text between its markers, as `runtime.modinfo` holds it.
    pub fn framed(&self) -> Vec<u8> {
        let mut v = START.to_vec();
        v.extend_from_slice(self.text.as_bytes());
        v.extend_from_slice(&END);
        v
    }

    /// The contents of the section `.go.buildinfo`.
    pub fn section(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        // Pointer size, flags: the strings follow in line.
        out.extend([8, 2]);
        out.resize(32, 0);
        for s in [self.go_version.as_bytes(), &self.framed()] {
            put_uvarint(&mut out, s.len() as u64);
            out.extend_from_slice(s);
        }
        out
    }

    /// As `go version -m -json` prints it.
    pub fn json(&self) -> String {
        let q = |s: &str| serde_json::Value::String(s.into()).to_string();
        let mut out = format!("{{\n\t\"GoVersion\": {}", q(&self.go_version));
        let (mut deps, mut settings, mut main) = (Vec::new(), Vec::new(), String::new());
        let mut path = String::new();
        let mut lines = self.text.lines().peekable();
        while let Some(l) = lines.next() {
            let f: Vec<&str> = l.split('\t').collect();
            match f[..] {
                ["path", p] => path = p.into(),
                ["mod" | "dep", p, v, ref sum @ ..] => {
                    let mut m = format!("{{\n\t\t\"Path\": {},\n\t\t\"Version\": {}", q(p), q(v));
                    if let Some(s) = sum.first().filter(|s| !s.is_empty()) {
                        m.push_str(&format!(",\n\t\t\"Sum\": {}", q(s)));
                    }
                    if let Some(["=>", p, v, sum @ ..]) = lines.peek().map(|n| n.split('\t').collect::<Vec<_>>()).as_deref() {
                        let sum = sum.first().filter(|s| !s.is_empty()).map_or(String::new(), |s| format!(",\n\t\t\t\"Sum\": {}", q(s)));
                        m.push_str(&format!(",\n\t\t\"Replace\": {{\n\t\t\t\"Path\": {},\n\t\t\t\"Version\": {}{sum}\n\t\t}}", q(p), q(v)));
                    }
                    m.push_str("\n\t}");
                    if f[0] == "mod" { main = m } else { deps.push(m.replace('\n', "\n\t")) }
                }
                ["build", kv] => {
                    let (k, v) = kv.split_once('=').unwrap_or((kv, ""));
                    settings.push(format!("{{\n\t\t\t\"Key\": {},\n\t\t\t\"Value\": {}\n\t\t}}", q(k), q(v)));
                }
                _ => {}
            }
        }
        if !path.is_empty() {
            out.push_str(&format!(",\n\t\"Path\": {}", q(&path)));
        }
        if !main.is_empty() {
            out.push_str(&format!(",\n\t\"Main\": {main}"));
        }
        for (name, list) in [("Deps", deps), ("Settings", settings)] {
            if !list.is_empty() {
                out.push_str(&format!(",\n\t\"{name}\": [\n\t\t{}\n\t]", list.join(",\n\t\t")));
            }
        }
        out.push_str("\n}");
        out
    }
}

/// The build information of a command about to be linked.
pub fn of_program(l: &crate::load::Loader<'_>, id: crate::load::PkgId, opts: &crate::build::LinkOptions) -> BuildInfo {
    use crate::modload::Module;
    let p = &l.packages[id];
    let mut text = format!("path\t{}\n", p.import_path);
    let line = |kind: &str, m: &Module| {
        let version = if m.version.is_empty() { "(devel)" } else { &m.version };
        let mut s = format!("{kind}\t{}\t{version}", m.path);
        match &m.replace {
            None => s.push_str(&format!("\t{}\n", l.modules.zip_sum(&m.path, &m.version))),
            Some(r) => {
                let v = if r.version.is_empty() { "(devel)" } else { &r.version };
                s.push_str(&format!("\n=>\t{}\t{v}\t{}\n\n", r.path, l.modules.zip_sum(&r.path, &r.version)));
            }
        }
        s
    };
    if let Some(m) = &p.module {
        match &opts.main_version {
            Some(v) if m.replace.is_none() => text.push_str(&line("mod", &Module { version: v.clone(), sum: String::new(), ..(**m).clone() })),
            _ => text.push_str(&line("mod", m)),
        }
    }
    let mut deps: std::collections::BTreeMap<&str, &Module> = Default::default();
    for d in l.post_order(&[id]) {
        if let Some(m) = l.packages[d].module.as_deref() {
            if p.module.as_ref().is_none_or(|own| own.path != m.path) {
                deps.insert(&m.path, m);
            }
        }
    }
    for m in deps.values() {
        text.push_str(&line("dep", m));
    }
    for (k, v) in &opts.settings {
        // As debug.BuildInfo.String quotes; debug.ParseBuildInfo refuses anything else.
        let special = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n' | '"' | '`');
        let k = if k.is_empty() || k.contains('=') || k.contains(special) { go_quote(k) } else { k.clone() };
        let v = if v.contains(special) { go_quote(v) } else { v.clone() };
        text.push_str(&format!("build\t{k}={v}\n"));
    }
    BuildInfo { go_version: l.env.version_with_experiments(), text }
}

fn go_quote(s: &str) -> String {
    rgo_lower::names::go_quote(s.as_bytes())
}

/// Finds the build information of a program.
pub fn read(data: &[u8]) -> Result<BuildInfo, String> {
    let known = data.starts_with(b"\x7fELF") || data.starts_with(b"MZ") || data.starts_with(&[0xcf, 0xfa, 0xed, 0xfe]);
    if !known {
        return Err("unrecognized file format".into());
    }
    let mut from = 0;
    while let Some(i) = memchr::memmem::find(&data[from..], MAGIC) {
        let at = from + i;
        from = at + 1;
        if at % 16 != 0 || data.len() < at + 32 || data[at + 15] & 2 == 0 {
            continue;
        }
        let take = |b: &'_ [u8]| -> Option<(Vec<u8>, usize)> {
            let (n, rest) = uvarint(b)?;
            let used = b.len() - rest.len();
            Some((rest.get(..n as usize)?.to_vec(), used + n as usize))
        };
        let Some((version, n)) = take(&data[at + 32..]) else { continue };
        let Some((module, _)) = take(&data[at + 32 + n..]) else { continue };
        let text = match module.strip_prefix(&START).and_then(|m| m.strip_suffix(&END)) {
            Some(t) => String::from_utf8_lossy(t).into_owned(),
            None => String::new(),
        };
        return Ok(BuildInfo { go_version: String::from_utf8_lossy(&version).into_owned(), text });
    }
    Err("not a Go executable".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let b = BuildInfo { go_version: "go1.27.3".into(), text: "path\tx\nmod\tx\t(devel)\t\nbuild\t-compiler=gc\n".into() };
        let mut file = b"\x7fELF".to_vec();
        file.resize(64, 0);
        file.extend(b.section());
        assert_eq!(read(&file).unwrap(), b);
        assert!(b.json().contains("\"Path\": \"x\""));
        assert_eq!(read(b"\x7fELF").unwrap_err(), "not a Go executable");
        assert_eq!(read(b"#!").unwrap_err(), "unrecognized file format");
    }
}
