//! go.mod and go.work files as data, with edits.

use crate::ModVersion;
use crate::semver;
use crate::syntax::{Error, FileSyntax, Line, LineRef, Stmt, parse};

/// A `require` or `exclude` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Require {
    pub module: ModVersion,
    pub indirect: bool,
    pub at: LineRef,
}

/// A `replace` line; an empty old version stands for all versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replace {
    pub old: ModVersion,
    /// A path without version is a folder.
    pub new: ModVersion,
    pub at: LineRef,
}

/// A `retract` line: an interval of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retract {
    pub low: String,
    pub high: String,
    pub rationale: String,
    pub at: LineRef,
}

/// A line with one text: `go`, `toolchain`, `module`, `tool`, `ignore`, `use`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub at: LineRef,
}

/// A `godebug` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Godebug {
    pub key: String,
    pub value: String,
    pub at: LineRef,
}

/// A go.mod file, or (with `use` lines instead of requirements) a go.work file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    pub module: Option<Word>,
    pub deprecated: String,
    pub go: Option<Word>,
    pub toolchain: Option<Word>,
    pub godebug: Vec<Godebug>,
    pub require: Vec<Require>,
    pub exclude: Vec<Require>,
    pub replace: Vec<Replace>,
    pub retract: Vec<Retract>,
    pub tool: Vec<Word>,
    pub ignore: Vec<Word>,
    /// go.work only.
    pub uses: Vec<Word>,
    pub syntax: FileSyntax,
    /// What it was parsed as.
    pub mode: Mode,
}

/// Finds the version a query stands for.
pub type Fixer<'a> = &'a dyn Fn(&str, &str) -> Result<String, String>;

/// What a file is parsed as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// The main module's go.mod.
    #[default]
    Strict,
    /// A dependency's go.mod: unknown and main-module-only directives are skipped.
    Lax,
    /// A go.work file.
    Work,
}

/// Whether a path names a folder: rooted, or starting with `.` or `..`.
pub fn is_directory_path(p: &str) -> bool {
    p == "." || p == ".." || ["./", "../", "/", ".\\", "..\\", "\\"].iter().any(|s| p.starts_with(s))
        || p.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && p[1..].starts_with(':')
}

/// Whether a text must be quoted in a file.
pub fn must_quote(s: &str) -> bool {
    s.is_empty() || s.contains("//") || s.contains("/*")
        || s.chars().any(|c| " \"'`(){}[],".contains(c) || c.is_whitespace() || c.is_control())
}

/// The text as a token, quoted if needed.
pub fn auto_quote(s: &str) -> String {
    if must_quote(s) { format!("{s:?}") } else { s.to_string() }
}

fn unquote(tok: &str) -> Result<String, String> {
    let b = tok.as_bytes();
    match b.first() {
        Some(b'`') if b.len() >= 2 => Ok(tok[1..tok.len() - 1].to_string()),
        Some(b'"') if b.len() >= 2 => {
            let mut out = String::new();
            let mut it = tok[1..tok.len() - 1].chars();
            while let Some(c) = it.next() {
                if c != '\\' {
                    out.push(c);
                    continue;
                }
                match it.next() {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some(c @ ('\\' | '"')) => out.push(c),
                    _ => return Err("invalid quoted string: invalid syntax".into()),
                }
            }
            Ok(out)
        }
        // A quote inside a bare word is an error.
        _ if tok.contains('"') || tok.contains('`') => Err("invalid quoted string: unquoted string cannot contain quote".into()),
        _ => Ok(tok.to_string()),
    }
}

/// Whether a go line may have this version.
pub fn go_version_ok(s: &str) -> bool {
    let num = |s: &str| s == "0" || !s.is_empty() && !s.starts_with('0') && s.bytes().all(|b| b.is_ascii_digit());
    let n = s.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let (nums, suffix) = s.split_at(n);
    let parts: Vec<&str> = nums.split('.').collect();
    let alpha = suffix.bytes().take_while(u8::is_ascii_lowercase).count();
    let suffix_ok = suffix.is_empty()
        || alpha > 0 && alpha < suffix.len() && suffix[alpha..].bytes().all(|b| b.is_ascii_digit());
    (parts.len() == 2 || parts.len() == 3) && parts[0] != "0" && parts.iter().all(|p| num(p)) && suffix_ok
}

fn version(verb: &str, path: &str, tok: &str) -> Result<String, String> {
    let t = unquote(tok).map_err(|_| format!("{verb} {path}: version {tok:?} invalid"))?;
    if semver::canonical_module(&t) != t {
        return Err(format!("{verb} {path}: version {t:?} invalid: must be of the form v1.2.3"));
    }
    Ok(t)
}

fn path_major(path: &str) -> Result<&str, String> {
    semver::split_path_version(path).map(|p| p.1).ok_or_else(|| format!("invalid module path {path:?}: invalid version"))
}

fn is_indirect(l: &Line) -> bool {
    let Some(c) = l.comments.suffix.first() else { return false };
    let f = c.text.trim_start_matches("//").trim_start();
    f == "indirect" || f.starts_with("indirect;")
}

/// Texts of comments above and beside a line (and above its block).
fn directive_comment(f: &FileSyntax, at: LineRef) -> String {
    let line = f.line(at);
    let mut c = &line.comments;
    if let (Some(_), Stmt::Block(b)) = (at.line, &f.stmts[at.stmt]) {
        if c.before.is_empty() && c.suffix.is_empty() {
            c = &b.comments;
        }
    }
    let texts: Vec<&str> = c.before.iter().chain(&c.suffix).filter(|c| c.text.starts_with("//"))
        .map(|c| c.text[2..].trim()).collect();
    texts.join("\n")
}

impl File {
    /// Parses a file.
    pub fn parse(name: &str, data: &[u8], mode: Mode) -> Result<File, Vec<Error>> {
        File::parse_fixed(name, data, mode, None)
    }

    /// Parses a file in which versions may be queries: `fix` says for a path and what stands there which version it is.
    pub fn parse_fixed(name: &str, data: &[u8], mode: Mode, fix: Option<Fixer<'_>>) -> Result<File, Vec<Error>> {
        let syntax = parse(name, data).map_err(|e| vec![e])?;
        let mut errs = Vec::new();
        let known: &[&str] = match mode {
            Mode::Work => &["godebug", "use", "replace"],
            _ => &["module", "godebug", "require", "exclude", "replace", "retract", "tool", "ignore"],
        };
        if mode != Mode::Lax {
            for s in &syntax.stmts {
                if let Stmt::Block(b) = s {
                    if b.tokens.len() > 1 || !known.contains(&b.tokens[0].as_str()) {
                        let msg = format!("unknown block type: {}", b.tokens.join(" "));
                        errs.push(Error { file: name.into(), pos: b.start, about: None, msg });
                    }
                }
            }
        }
        let mut f = File { syntax, mode, ..File::default() };
        for (at, verb, args) in f.syntax.lines() {
            if at.line.is_some() && !known.contains(&verb.as_str()) {
                continue;
            }
            let mut args = args;
            let fixed = fix.map_or(Ok(()), |fix| f.fix(at, &verb, &mut args, fix));
            if let Err((about, msg)) = fixed.and_then(|()| f.add(at, &verb, &args, mode)) {
                let pos = f.syntax.line(at).start;
                errs.push(Error { file: name.into(), pos, about: about.map(|p| (p, verb)), msg });
            } else if matches!(verb.as_str(), "module" | "require" | "exclude" | "replace" | "retract" | "tool" | "ignore" | "use") {
                // Quotes that are not needed do not stay.
                for t in f.syntax.line_mut(at).tokens.iter_mut().filter(|t| t.starts_with(['"', '`'])) {
                    if let Some(text) = unquote(t).ok().filter(|u| auto_quote(u) == *u) {
                        *t = text;
                    }
                }
            }
        }
        if errs.is_empty() { Ok(f) } else { Err(errs) }
    }

    /// Replaces a version of a line that is none by the one it stands for.
    fn fix(&mut self, at: LineRef, verb: &str, args: &mut [String], fix: Fixer<'_>) -> Result<(), (Option<String>, String)> {
        let arrow = args.iter().position(|a| a == "=>");
        let places: Vec<(usize, usize)> = match (verb, arrow, args.len()) {
            ("require" | "exclude", _, 2) => vec![(0, 1)],
            ("replace", Some(2), 5) => vec![(0, 1), (3, 4)],
            ("replace", Some(2), 4) => vec![(0, 1)],
            ("replace", Some(1), 4) => vec![(2, 3)],
            _ => Vec::new(),
        };
        for (p, v) in places {
            let (Ok(path), Ok(t)) = (unquote(&args[p]), unquote(&args[v])) else { continue };
            if !t.is_empty() && semver::canonical_module(&t) == t || is_directory_path(&path) {
                continue;
            }
            let got = fix(&path, &t).map_err(|m| (Some(path.clone()), m))?;
            let skip = usize::from(at.line.is_none());
            self.syntax.line_mut(at).tokens[v + skip].clone_from(&got);
            args[v] = got;
        }
        Ok(())
    }

    fn add(&mut self, at: LineRef, verb: &str, args: &[String], mode: Mode) -> Result<(), (Option<String>, String)> {
        let strict = mode != Mode::Lax;
        let fail = |m: String| Err((None, m));
        let work_verb = matches!(verb, "go" | "toolchain" | "godebug" | "use" | "replace");
        match mode {
            Mode::Lax if !matches!(verb, "go" | "module" | "retract" | "require" | "ignore") => return Ok(()),
            Mode::Work if !work_verb => return fail(format!("unknown directive: {verb}")),
            Mode::Strict if verb == "use" => return fail(format!("unknown directive: {verb}")),
            _ => {}
        }
        let one = |what: &str| -> Result<String, (Option<String>, String)> {
            match args {
                [a] => unquote(a).map_err(|m| (None, m)),
                _ => Err((None, what.to_string())),
            }
        };
        match verb {
            "go" => {
                if self.go.is_some() {
                    return fail("repeated go statement".into());
                }
                let [v] = args else { return fail("go directive expects exactly one argument".into()) };
                let mut v = v.clone();
                if !go_version_ok(&v) {
                    let t = v.strip_prefix('v').unwrap_or(&v);
                    let n = t.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
                    let short: Vec<&str> = t[..n].splitn(3, '.').take(2).collect();
                    let short = short.join(".");
                    if strict || !go_version_ok(&short) {
                        return fail(format!("invalid go version '{v}': must match format 1.23.0"));
                    }
                    v = short;
                }
                self.go = Some(Word { text: v, at });
            }
            "toolchain" => {
                if self.toolchain.is_some() {
                    return fail("repeated toolchain statement".into());
                }
                let [v] = args else { return fail("toolchain directive expects exactly one argument".into()) };
                if !(v == "default" || v == "go1" || v.starts_with("go1.")) {
                    return fail(format!("invalid toolchain version '{v}': must match format go1.23.0 or default"));
                }
                self.toolchain = Some(Word { text: v.clone(), at });
            }
            "module" => {
                if self.module.is_some() {
                    return fail("repeated module statement".into());
                }
                let text = one("usage: module module/path")?;
                let c = directive_comment(&self.syntax, at);
                let dep = c.split("\n\n").find_map(|p| p.trim().strip_prefix("Deprecated:").map(str::trim));
                self.deprecated = dep.unwrap_or("").to_string();
                self.module = Some(Word { text, at });
            }
            "godebug" => {
                let usage = "usage: godebug key=value";
                let [a] = args else { return fail(usage.into()) };
                let Some((k, v)) = a.split_once('=').filter(|_| !a.contains(['"', '`', '\'', ','])) else {
                    return fail(usage.into());
                };
                self.godebug.push(Godebug { key: k.into(), value: v.into(), at });
            }
            "require" | "exclude" => {
                let [p, v] = args else { return fail(format!("usage: {verb} module/path v1.2.3")) };
                let path = unquote(p).map_err(|m| (None, m))?;
                let v = version(verb, &path, v).map_err(|m| (None, m))?;
                let major = path_major(&path).map_err(|m| (None, m))?;
                semver::check_path_major(&v, major).map_err(|m| (Some(path.clone()), m))?;
                let r = Require { module: ModVersion::new(path, v), indirect: is_indirect(self.syntax.line(at)), at };
                if verb == "require" { self.require.push(r) } else { self.exclude.push(r) }
            }
            "replace" => {
                let r = parse_replace(verb, args, at)?;
                self.replace.push(r);
            }
            "retract" => match parse_interval(args) {
                Ok((low, high)) => {
                    let rationale = directive_comment(&self.syntax, at);
                    self.retract.push(Retract { low, high, rationale, at });
                }
                Err(m) if strict => return fail(m),
                Err(_) => {}
            },
            "tool" | "ignore" | "use" => {
                let usage = match verb {
                    "use" => "usage: use local/dir".to_string(),
                    _ => format!("{verb} directive expects exactly one argument"),
                };
                let w = Word { text: one(&usage)?, at };
                match verb {
                    "tool" => self.tool.push(w),
                    "ignore" => self.ignore.push(w),
                    _ => self.uses.push(w),
                }
            }
            _ => return fail(format!("unknown directive: {verb}")),
        }
        Ok(())
    }

    /// The module path, or "".
    pub fn module_path(&self) -> &str {
        self.module.as_ref().map_or("", |m| &m.text)
    }

    /// The version of the go line, or "".
    pub fn go_version(&self) -> &str {
        self.go.as_ref().map_or("", |g| &g.text)
    }

    /// What a module is replaced by, if it is: a line with the version first, then one without.
    pub fn replacement(&self, m: &ModVersion) -> Option<&Replace> {
        let find = |v: &str| self.replace.iter().rev().find(|r| r.old.path == m.path && r.old.version == v);
        find(&m.version).or_else(|| find(""))
    }

    /// The canonical text.
    pub fn format(&self) -> String {
        self.syntax.format()
    }

    /// Reads the typed fields again after the syntax was edited.
    fn refresh(&mut self) {
        self.syntax.cleanup();
        let mode = self.mode;
        let mut f = File { syntax: std::mem::take(&mut self.syntax), mode, ..File::default() };
        for (at, verb, args) in f.syntax.lines() {
            // Edits only add lines that parse; what failed before fails the same way again.
            let _ = f.add(at, &verb, &args, mode);
        }
        *self = f;
    }

    fn set_word(&mut self, cur: Option<LineRef>, verb: &str, text: &str) {
        let toks = [verb.to_string(), auto_quote(text)];
        match cur {
            Some(at) => self.syntax.update_line(at, &toks),
            None => {
                let line = Stmt::Line(Line { tokens: toks.to_vec(), ..Line::default() });
                // go goes behind module, toolchain behind go.
                let after = match verb {
                    "module" => None,
                    "go" => self.module.as_ref().map(|w| w.at.stmt),
                    _ => self.go.as_ref().or(self.module.as_ref()).map(|w| w.at.stmt),
                };
                // In go.work they come behind the comments at the beginning.
                let comments = self.syntax.stmts.iter().take_while(|s| matches!(s, Stmt::Comment(..))).count();
                let i = after.map_or(if self.mode == Mode::Work { comments } else { 0 }, |i| i + 1);
                self.syntax.stmts.insert(i, line);
            }
        }
        self.refresh();
    }

    /// Sets the module path.
    pub fn set_module(&mut self, path: &str) {
        self.set_word(self.module.as_ref().map(|w| w.at), "module", path);
    }

    /// Sets the go line.
    pub fn set_go(&mut self, v: &str) {
        self.set_word(self.go.as_ref().map(|w| w.at), "go", v);
    }

    /// Removes the go line.
    pub fn drop_go(&mut self) {
        if let Some(w) = self.go.take() {
            self.syntax.remove_line(w.at);
            self.refresh();
        }
    }

    /// Removes the toolchain line.
    pub fn drop_toolchain(&mut self) {
        if let Some(w) = self.toolchain.take() {
            self.syntax.remove_line(w.at);
            self.refresh();
        }
    }

    /// Drops what edits left empty and sorts blocks.
    pub fn clean(&mut self) {
        self.remove_dups();
        // From go 1.21 on exclusions are sorted by version, not as text.
        let semantic = semver::compare_go(self.go_version(), "1.21").is_ge();
        for s in &mut self.syntax.stmts {
            let Stmt::Block(b) = s else { continue };
            match b.tokens.first().map(String::as_str) {
                Some("retract") => b.lines.sort_by(|x, y| retract_order(x, y)),
                Some("exclude") if semantic => b.lines.sort_by(|x, y| match (&x.tokens[..], &y.tokens[..]) {
                    ([p, v], [q, w]) => p.cmp(q).then_with(|| semver::compare(v, w)),
                    (a, b) => a.cmp(b),
                }),
                _ => b.lines.sort_by(|x, y| x.tokens.cmp(&y.tokens)),
            }
        }
        self.refresh();
    }

    /// The first two replacements of one module that differ.
    pub fn conflicting_replacements(&self) -> Option<(&Replace, &Replace)> {
        let pairs = self.replace.iter().enumerate().map(|(i, r)| (self.replace[..i].iter().rfind(|p| p.old == r.old), r));
        pairs.filter_map(|(p, r)| Some((p?, r))).find(|(p, r)| p.new != r.new)
    }

    /// Drops lines that say what others say already; of replacements the last one counts.
    pub fn remove_dups(&mut self) {
        // Edits before this may have moved lines.
        self.refresh();
        let mut kill: Vec<LineRef> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        kill.extend(self.exclude.iter().filter(|x| !seen.insert(x.module.to_string())).map(|x| x.at));
        seen.clear();
        kill.extend(self.replace.iter().rev().filter(|r| !seen.insert(r.old.to_string())).map(|r| r.at));
        for list in [&self.tool, &self.ignore] {
            seen.clear();
            kill.extend(list.iter().filter(|w| !seen.insert(w.text.clone())).map(|w| w.at));
        }
        if !kill.is_empty() {
            self.remove_all(kill);
        }
    }

    /// Sets the toolchain line.
    pub fn set_toolchain(&mut self, v: &str) {
        self.set_word(self.toolchain.as_ref().map(|w| w.at), "toolchain", v);
    }

    fn add_words(&mut self, tokens: &[&str]) {
        self.syntax.add_line(&tokens.iter().map(|t| t.to_string()).collect::<Vec<_>>());
        self.refresh();
    }

    fn remove_all(&mut self, at: Vec<LineRef>) {
        for r in at {
            self.syntax.remove_line(r);
        }
        self.refresh();
    }

    /// Adds a `tool` line unless it is there.
    pub fn add_tool(&mut self, path: &str) {
        if !self.tool.iter().any(|t| t.text == path) {
            self.add_words(&["tool", &auto_quote(path)]);
        }
    }

    /// Removes a `tool` line.
    pub fn drop_tool(&mut self, path: &str) {
        self.remove_all(self.tool.iter().filter(|t| t.text == path).map(|t| t.at).collect());
    }

    /// Adds a `use` line unless it is there.
    pub fn add_use(&mut self, path: &str) {
        if !self.uses.iter().any(|u| u.text == path) {
            self.add_words(&["use", &auto_quote(path)]);
        }
    }

    /// Removes `use` lines for a folder.
    pub fn drop_use(&mut self, path: &str) {
        self.remove_all(self.uses.iter().filter(|u| u.text == path).map(|u| u.at).collect());
    }

    /// Adds an `ignore` line unless it is there.
    pub fn add_ignore(&mut self, path: &str) {
        if !self.ignore.iter().any(|t| t.text == path) {
            self.add_words(&["ignore", &auto_quote(path)]);
        }
    }

    /// Removes an `ignore` line.
    pub fn drop_ignore(&mut self, path: &str) {
        self.remove_all(self.ignore.iter().filter(|t| t.text == path).map(|t| t.at).collect());
    }

    /// Sets a `godebug` line.
    pub fn add_godebug(&mut self, key: &str, value: &str) {
        self.drop_godebug(key);
        self.add_words(&["godebug", &format!("{key}={value}")]);
    }

    /// Removes a `godebug` line.
    pub fn drop_godebug(&mut self, key: &str) {
        self.remove_all(self.godebug.iter().filter(|g| g.key == key).map(|g| g.at).collect());
    }

    /// Adds a `retract` line: one version, or an interval.
    pub fn add_retract(&mut self, low: &str, high: &str) {
        if self.retract.iter().any(|r| r.low == low && r.high == high) {
            return;
        }
        if low == high { self.add_words(&["retract", low]) } else { self.add_words(&["retract", "[", low, ",", high, "]"]) }
    }

    /// Removes a `retract` line.
    pub fn drop_retract(&mut self, low: &str, high: &str) {
        self.remove_all(self.retract.iter().filter(|r| r.low == low && r.high == high).map(|r| r.at).collect());
    }

    /// Sets the version of a requirement, adding it if missing; further lines for the path go.
    pub fn add_require(&mut self, path: &str, version: &str) {
        let at: Vec<LineRef> = self.require.iter().filter(|r| r.module.path == path).map(|r| r.at).collect();
        let toks = ["require".to_string(), auto_quote(path), version.to_string()];
        match at.split_first() {
            Some((first, rest)) => {
                self.syntax.update_line(*first, &toks);
                for r in rest {
                    self.syntax.remove_line(*r);
                }
            }
            None => {
                self.syntax.add_line(&toks);
            }
        }
        self.refresh();
    }

    /// Removes all requirements of a path.
    pub fn drop_require(&mut self, path: &str) {
        for r in self.require.clone().iter().filter(|r| r.module.path == path) {
            self.syntax.remove_line(r.at);
        }
        self.refresh();
    }

    /// Adds an exclusion unless it is there.
    pub fn add_exclude(&mut self, m: &ModVersion) {
        if !self.exclude.iter().any(|e| e.module == *m) {
            let hint = self.exclude.iter().rev().find(|e| e.module.path == m.path).map(|e| e.at);
            self.syntax.add_line_beside(hint, &["exclude".into(), auto_quote(&m.path), m.version.clone()]);
            self.refresh();
        }
    }

    /// Removes an exclusion.
    pub fn drop_exclude(&mut self, m: &ModVersion) {
        for r in self.exclude.clone().iter().filter(|r| r.module == *m) {
            self.syntax.remove_line(r.at);
        }
        self.refresh();
    }

    /// Sets a replacement; without old version it takes the place of all lines for the path.
    pub fn add_replace(&mut self, old: &ModVersion, new: &ModVersion) {
        let mut toks = vec!["replace".to_string(), auto_quote(&old.path)];
        if !old.version.is_empty() {
            toks.push(old.version.clone());
        }
        toks.extend(["=>".to_string(), auto_quote(&new.path)]);
        if !new.version.is_empty() {
            toks.push(new.version.clone());
        }
        let same: Vec<LineRef> = self.replace.iter()
            .filter(|r| r.old.path == old.path && (old.version.is_empty() || r.old.version == old.version))
            .map(|r| r.at).collect();
        match same.split_first() {
            Some((first, rest)) => {
                self.syntax.update_line(*first, &toks);
                for r in rest {
                    self.syntax.remove_line(*r);
                }
            }
            None => {
                // Beside other replacements of the module.
                let hint = self.replace.iter().rev().find(|r| r.old.path == old.path).map(|r| r.at);
                self.syntax.add_line_beside(hint, &toks);
            }
        }
        self.refresh();
    }

    /// Removes a replacement.
    pub fn drop_replace(&mut self, old: &ModVersion) {
        for r in self.replace.clone().iter().filter(|r| r.old == *old) {
            self.syntax.remove_line(r.at);
        }
        self.refresh();
    }
}

/// Newest retractions first.
fn retract_order(x: &Line, y: &Line) -> std::cmp::Ordering {
    let interval = |l: &Line| parse_interval(&l.tokens).unwrap_or_default();
    let (a, b) = (interval(x), interval(y));
    semver::compare(&b.0, &a.0).then_with(|| semver::compare(&b.1, &a.1))
}

fn parse_replace(verb: &str, args: &[String], at: LineRef) -> Result<Replace, (Option<String>, String)> {
    let fail = |m: String| (None, m);
    let arrow = if args.get(1).is_some_and(|a| a == "=>") { 1 } else { 2 };
    if args.len() < arrow + 2 || args.len() > arrow + 3 || args[arrow] != "=>" {
        return Err(fail(format!(
            "usage: {verb} module/path [v1.2.3] => other/module v1.4\n\t or {verb} module/path [v1.2.3] => ../local/directory"
        )));
    }
    let path = unquote(&args[0]).map_err(fail)?;
    let major = path_major(&path).map_err(|m| (Some(path.clone()), m))?;
    let mut v = String::new();
    if arrow == 2 {
        v = version(verb, &path, &args[1]).map_err(fail)?;
        semver::check_path_major(&v, major).map_err(|m| (Some(path.clone()), m))?;
    }
    let np = unquote(&args[arrow + 1]).map_err(fail)?;
    let mut nv = String::new();
    if args.len() == arrow + 2 {
        if !is_directory_path(&np) {
            return Err(fail(if np.contains('@') {
                "replacement module must match format 'path version', not 'path@version'".into()
            } else {
                "replacement module without version must be directory path (rooted or starting with . or ..)".into()
            }));
        }
    } else {
        nv = version(verb, &np, &args[arrow + 2]).map_err(fail)?;
        if is_directory_path(&np) {
            return Err(fail(format!("replacement module directory path {np:?} cannot have version")));
        }
    }
    Ok(Replace { old: ModVersion::new(path, v), new: ModVersion::new(np, nv), at })
}

fn parse_interval(args: &[String]) -> Result<(String, String), String> {
    let Some(first) = args.first() else { return Err("expected '[' or version".into()) };
    if first != "[" {
        let v = version("retract", "", first)?;
        return match args.get(1) {
            None => Ok((v.clone(), v)),
            Some(t) => Err(format!("unexpected token after version: {t:?}")),
        };
    }
    let tok = |i: usize| args.get(i).map(String::as_str);
    let low = version("retract", "", tok(1).ok_or("expected version after '['")?)?;
    if tok(2) != Some(",") {
        return Err("expected ',' after version".into());
    }
    let high = version("retract", "", tok(3).ok_or("expected version after ','")?)?;
    if tok(4) != Some("]") {
        return Err("expected ']' after version".into());
    }
    match tok(5) {
        None => Ok((low, high)),
        Some(t) => Err(format!("unexpected token after version: {t:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(s: &str) -> File {
        File::parse("go.mod", s.as_bytes(), Mode::Strict).unwrap()
    }

    #[test]
    fn fields() {
        let f = parse(
            "// Deprecated: use y\nmodule \"example.com/x\"\ngo 1.27\ntoolchain go1.27.3\n\
             require (\n\ta.b/c v1.2.3 // indirect\n\ta.b/d/v2 v2.0.0\n)\nreplace a.b/c v1.2.3 => ../c\n\
             replace a.b/d/v2 => e.f/g v1.0.0\nexclude a.b/c v1.0.0\nretract [v1.0.0, v1.1.0] // bad\ntool a.b/c/cmd\n\
             ignore ./x\ngodebug default=go1.21\n",
        );
        assert_eq!(f.module_path(), "example.com/x");
        assert_eq!(f.deprecated, "use y");
        assert_eq!(f.go_version(), "1.27");
        assert!(f.require[0].indirect && !f.require[1].indirect);
        assert_eq!(f.replacement(&ModVersion::new("a.b/c", "v1.2.3")).unwrap().new.path, "../c");
        assert!(f.replacement(&ModVersion::new("a.b/c", "v1.2.4")).is_none());
        assert_eq!(f.replacement(&ModVersion::new("a.b/d/v2", "v2.1.0")).unwrap().new.version, "v1.0.0");
        assert_eq!((f.retract[0].low.as_str(), f.retract[0].rationale.as_str()), ("v1.0.0", "bad"));
        assert_eq!((f.tool.len(), f.ignore.len(), f.godebug.len()), (1, 1, 1));
    }

    #[test]
    fn errors() {
        for (src, want) in [
            ("x y", "go.mod:1: unknown directive: x"),
            ("go 1", "go.mod:1: invalid go version '1': must match format 1.23.0"),
            ("require a.b/c", "go.mod:1: usage: require module/path v1.2.3"),
            ("require a.b/c v2.0.0", "go.mod:1: require a.b/c: version \"v2.0.0\" invalid: should be v0 or v1, not v2"),
            ("require a.b/c master", "go.mod:1: require a.b/c: version \"master\" invalid: must be of the form v1.2.3"),
            ("replace a => b", "go.mod:1: replacement module without version must be directory path (rooted or starting with . or ..)"),
            ("foo (\n)", "go.mod:1: unknown block type: foo"),
        ] {
            let e = File::parse("go.mod", src.as_bytes(), Mode::Strict).unwrap_err();
            assert_eq!(e[0].to_string(), want);
            assert_eq!(e.len(), 1);
        }
        let f = File::parse("go.mod", b"module m\nfuture x\ngo v1.21.0-x\nreplace a => b\n", Mode::Lax).unwrap();
        assert_eq!((f.go_version(), f.replace.len()), ("1.21", 0));
        let w = File::parse("go.work", b"go 1.27\nuse (\n\t./a\n\t./b\n)\n", Mode::Work).unwrap();
        assert_eq!(w.uses.len(), 2);
    }

    #[test]
    fn other_edits() {
        let mut f = parse("module m\n");
        f.add_tool("a.b/c");
        f.add_ignore("./x");
        f.add_godebug("k", "1");
        f.add_godebug("k", "2");
        f.add_retract("v1.0.0", "v1.0.0");
        f.add_retract("v1.1.0", "v1.2.0");
        f.clean();
        assert_eq!(f.format(), "module m\n\ntool a.b/c\n\nignore ./x\n\ngodebug k=2\n\nretract (\n\t[v1.1.0, v1.2.0]\n\tv1.0.0\n)\n");
        f.drop_tool("a.b/c");
        f.drop_ignore("./x");
        f.drop_godebug("k");
        f.drop_retract("v1.1.0", "v1.2.0");
        assert_eq!(f.format(), "module m\n\nretract v1.0.0\n");
    }

    #[test]
    fn edits() {
        let mut f = parse("module m\n");
        f.set_go("1.27");
        f.add_require("a.b/c", "v1.0.0");
        f.add_require("a.b/d", "v1.0.0");
        f.add_require("a.b/c", "v1.1.0");
        f.add_replace(&ModVersion::new("a.b/c", ""), &ModVersion::new("../c", ""));
        assert_eq!(f.format(), "module m\n\ngo 1.27\n\nrequire (\n\ta.b/c v1.1.0\n\ta.b/d v1.0.0\n)\n\nreplace a.b/c => ../c\n");
        f.drop_require("a.b/d");
        f.drop_replace(&ModVersion::new("a.b/c", ""));
        assert_eq!(f.format(), "module m\n\ngo 1.27\n\nrequire a.b/c v1.1.0\n");
    }
}
