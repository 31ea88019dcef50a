//! `rgo generate`: the commands of `//go:generate` lines.

use crate::base::{self, Exit, Outcome};
use crate::flags::{Kind, flag};
use rgo_work::exec;
use rgo_work::goenv::GoEnv;
use rgo_work::pattern::short_path;
use regex_lite::Regex;
use std::collections::HashMap;
use std::path::Path;

struct Run<'a> {
    env: &'a GoEnv,
    run: Option<Regex>,
    skip: Option<Regex>,
    quiet: bool,
    print: bool,
    verbose: bool,
}

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let own = [flag("run", Kind::Str), flag("skip", Kind::Str)];
    let p = base::parse_flags("generate", env, args, &base::with_build_flags(&own))?;
    let re = |name: &str| match p.str(name) {
        "" => Ok(None),
        s => Regex::new(s).map(Some).map_err(|e| Exit::Error(format!("generate: error parsing regexp: {e}"))),
    };
    let g = Run { env, run: re("run")?, skip: re("skip")?, quiet: p.bool("n"), print: p.bool("n") || p.bool("x"), verbose: p.bool("v") };
    // Files that are made only for generators count.
    let mut p = p;
    let tags = if p.str("tags").is_empty() { "generate".to_string() } else { format!("{},generate", p.str("tags")) };
    p.set.push(("tags".into(), tags));
    let mut l = base::loader_for(env, &p, true)?;
    l.ignore_imports = true;
    let ids = l.load_patterns(&p.rest)?;
    for w in &l.warnings {
        eprintln!("{w}");
    }
    let (mut failed, mut told) = (false, false);
    for id in ids {
        let pk = &l.packages[id];
        if pk.module.as_ref().is_some_and(|m| !m.main) {
            if !told {
                eprintln!("go: not generating in packages in dependency modules");
                told = true;
            }
            continue;
        }
        let none = pk.go_files.is_empty() && pk.test_go_files.is_empty() && pk.xtest_go_files.is_empty() && pk.ignored_go_files.is_empty() && pk.invalid_go_files.is_empty();
        if let Some(e) = pk.error.as_ref().filter(|_| none) {
            eprintln!("{e}");
            failed = true;
        }
        // An error ends the files of its kind.
        for list in [pk.go_files.iter().chain(&pk.test_go_files).collect::<Vec<_>>(), pk.xtest_go_files.iter().collect()] {
            for f in list {
                let data = std::fs::read(&f.path).map_err(|e| Exit::Error(format!("generate: {e}")))?;
                if let Err(m) = g.file(&f.path, &f.header.package, &data) {
                    eprintln!("{m}");
                    failed = true;
                    break;
                }
            }
        }
    }
    if failed { Err(Exit::Code(1)) } else { Ok(()) }
}

impl Run<'_> {
    fn file(&self, path: &Path, package: &str, data: &[u8]) -> Result<(), String> {
        let short = short_path(&self.env.cwd, path);
        if self.verbose {
            eprintln!("{short}");
        }
        let mut shorthand: HashMap<String, Vec<String>> = HashMap::new();
        let dir = path.parent().unwrap_or(Path::new("."));
        let lines: Vec<&[u8]> = data.split(|&b| b == b'\n').collect();
        for (i, raw) in lines.iter().enumerate() {
            let is = |l: &[u8]| l.starts_with(b"//go:generate ") || l.starts_with(b"//go:generate\t");
            if !is(raw) {
                continue;
            }
            let fail = |m: String| Err(format!("{short}:{}: {m}", i + 1));
            if i + 1 == lines.len() {
                return fail(format!("error reading {short}: unexpected EOF"));
            }
            let text = String::from_utf8_lossy(raw).into_owned();
            let trimmed = text.trim();
            if self.run.as_ref().is_some_and(|r| !r.is_match(trimmed)) || self.skip.as_ref().is_some_and(|r| r.is_match(trimmed)) {
                continue;
            }
            let vars = vec![
                ("GOROOT".to_string(), self.env.goroot.display().to_string()),
                ("GOARCH".into(), self.env.goarch()),
                ("GOOS".into(), self.env.goos()),
                ("GOFILE".into(), path.file_name().unwrap_or_default().to_string_lossy().into_owned()),
                ("GOLINE".into(), (i + 1).to_string()),
                ("GOPACKAGE".into(), package.to_string()),
                ("DOLLAR".into(), "$".into()),
                exec::path_variable(&self.env.goroot),
                ("PWD".into(), dir.display().to_string()),
            ];
            let body = &text["//go:generate ".len()..];
            let mut words = match split(body.strip_suffix('\r').unwrap_or(body)) {
                Ok(w) => w,
                Err(m) => return fail(m.into()),
            };
            if let Some(s) = words.first().and_then(|w| shorthand.get(w)) {
                words.splice(0..1, s.iter().cloned());
            }
            let value = |n: &str| vars.iter().find(|v| v.0 == n).map(|v| v.1.clone()).or_else(|| std::env::var(n).ok()).unwrap_or_default();
            let words: Vec<String> = words.iter().map(|w| expand(w, &value)).collect();
            let Some(first) = words.first() else { return fail("no arguments to directive".into()) };
            if first == "-command" {
                let Some(name) = words.get(1) else { return fail("no command specified for -command".into()) };
                if shorthand.insert(name.clone(), words[2..].to_vec()).is_some() {
                    return fail(format!("command {name:?} multiply defined"));
                }
                continue;
            }
            if self.print {
                eprintln!("{}", words.join(" "));
            }
            if self.quiet {
                continue;
            }
            let mut argv = words.clone();
            // `go` is the go command that runs the generator.
            let own = self.env.goroot.join("bin").join(first);
            if !first.contains('/') && own.is_file() {
                argv[0] = own.display().to_string();
            }
            match exec::run_plain(&argv, dir, &vars) {
                Ok(s) if s.success() => {}
                Ok(s) => return fail(format!("running {first:?}: {}", exec::status_text(&s))),
                Err(_) if !first.contains('/') => return fail(format!("running {first:?}: exec: {first:?}: executable file not found in $PATH")),
                Err(e) => return fail(format!("running {first:?}: fork/exec {first}: {}", rgo_work::modload::io_text(&e))),
            }
        }
        Ok(())
    }
}

/// The words of a directive; those in double quotes are Go strings.
fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut rest = line.trim_start_matches([' ', '\t']);
    while !rest.is_empty() {
        if rest.starts_with('"') {
            let b = rest.as_bytes();
            let mut i = 1;
            loop {
                match b.get(i) {
                    None => return Err("mismatched quoted string"),
                    Some(b'\\') if i + 1 == b.len() => return Err("bad backslash"),
                    Some(b'\\') => i += 2,
                    Some(b'"') => break,
                    Some(_) => i += 1,
                }
            }
            let word = rgo_constant::unquote(&rest[..=i]).and_then(|w| String::from_utf8(w).ok()).ok_or("bad quoted string")?;
            words.push(word);
            rest = &rest[i + 1..];
            if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
                return Err("expect space after quoted argument");
            }
        } else {
            let n = rest.find([' ', '\t']).unwrap_or(rest.len());
            words.push(rest[..n].to_string());
            rest = &rest[n..];
        }
        rest = rest.trim_start_matches([' ', '\t']);
    }
    Ok(words)
}

/// Replaces `$NAME` and `${NAME}`, as `os.Expand` does.
fn expand(s: &str, value: &dyn Fn(&str) -> String) -> String {
    let b = s.as_bytes();
    let (mut out, mut at, mut i) = (String::new(), 0, 0);
    let name_char = |c: u8| c == b'_' || c.is_ascii_alphanumeric();
    let special = |c: u8| b"*#$@!?-".contains(&c) || c.is_ascii_digit();
    while i < b.len() {
        if b[i] != b'$' || i + 1 >= b.len() {
            i += 1;
            continue;
        }
        out.push_str(&s[at..i]);
        let r = &s[i + 1..];
        let rb = r.as_bytes();
        let (name, used): (&str, usize) = if rb[0] == b'{' {
            match r.find('}') {
                Some(1) => ("", 2),
                Some(n) => (&r[1..n], n + 1),
                None => ("", 1),
            }
        } else if special(rb[0]) {
            (&r[..1], 1)
        } else {
            let n = rb.iter().take_while(|c| name_char(**c)).count();
            (&r[..n], n)
        };
        if name.is_empty() && used == 0 {
            out.push('$');
        } else if !name.is_empty() {
            out.push_str(&value(name));
        }
        i += 1 + used;
        at = i;
    }
    out.push_str(&s[at.min(s.len())..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(split("a \"b c\\n\"\t d").unwrap(), ["a", "b c\n", "d"]);
        assert_eq!(split("\"a").unwrap_err(), "mismatched quoted string");
        assert_eq!(split("\"a\"b").unwrap_err(), "expect space after quoted argument");
        let v = |n: &str| format!("<{n}>");
        assert_eq!(expand("x$A.${B}c$$d$", &v), "x<A>.<B>c<$>d$");
    }
}
