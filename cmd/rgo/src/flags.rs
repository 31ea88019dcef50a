//! Go's flag grammar: `-name`, `--name`, `-name=value`, `-name value`.
//!
//! Boolean flags take a value only with `=`. Parsing stops at the first argument that is no
//! flag, or behind `--`.

/// How a flag's value is given and checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Bool,
    /// A boolean or a word (`-buildvcs`, `-json`): no value means "true".
    OptWord,
    Str,
    Int,
    /// A duration (`10m`, `1h30m`).
    Duration,
}

/// A flag a command defines.
#[derive(Clone, Copy, Debug)]
pub struct Def {
    pub name: &'static str,
    pub kind: Kind,
}

/// A shorthand for tables of flags.
pub const fn flag(name: &'static str, kind: Kind) -> Def {
    Def { name, kind }
}

/// Flags in the order given, and what follows them.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    pub set: Vec<(String, String)>,
    pub rest: Vec<String>,
}

/// Why parsing failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// `-h` or `-help`.
    Help,
    Message(String),
}

impl Parsed {
    /// The last value of a flag.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.set.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The last value of a flag, or "".
    pub fn str(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    /// Whether a boolean flag is set.
    pub fn bool(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| parse_bool(v) == Some(true))
    }

    /// All values of a flag in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.set.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// A boolean as `strconv.ParseBool` reads it.
pub fn parse_bool(s: &str) -> Option<bool> {
    match s {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// A duration in nanoseconds as `time.ParseDuration` reads it.
pub fn parse_duration(s: &str) -> Option<i64> {
    let (neg, mut t) = match s.strip_prefix('-') {
        Some(t) => (true, t),
        None => (false, s.strip_prefix('+').unwrap_or(s)),
    };
    if t == "0" {
        return Some(0);
    }
    let mut total = 0f64;
    if t.is_empty() {
        return None;
    }
    while !t.is_empty() {
        let n = t.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(t.len());
        let v: f64 = t[..n].parse().ok()?;
        t = &t[n..];
        let n = t.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(t.len());
        let unit = match &t[..n] {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        total += v * unit;
        t = &t[n..];
    }
    (total < i64::MAX as f64).then_some(if neg { -(total as i64) } else { total as i64 })
}

fn check(def: &Def, value: &str) -> Result<(), String> {
    let ok = match def.kind {
        Kind::Str | Kind::OptWord => true,
        Kind::Bool => {
            if parse_bool(value).is_none() {
                return Err(format!("invalid boolean value {value:?} for -{}: parse error", def.name));
            }
            true
        }
        Kind::Int => parse_int(value).is_some(),
        Kind::Duration => parse_duration(value).is_some(),
    };
    if ok { Ok(()) } else { Err(format!("invalid value {value:?} for flag -{}: parse error", def.name)) }
}

/// An integer as `strconv.ParseInt(s, 0, 64)` reads it.
pub fn parse_int(s: &str) -> Option<i64> {
    let (neg, t) = match s.strip_prefix('-') {
        Some(t) => (true, t),
        None => (false, s.strip_prefix('+').unwrap_or(s)),
    };
    let v = match t.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => i64::from_str_radix(&t[2..], 16).ok()?,
        Some("0b") => i64::from_str_radix(&t[2..], 2).ok()?,
        Some("0o") => i64::from_str_radix(&t[2..], 8).ok()?,
        _ => t.parse().ok()?,
    };
    Some(if neg { -v } else { v })
}

/// What one argument is.
pub enum Item {
    Flag { name: String, value: String },
    /// Not a flag; it stays.
    Arg(String),
    /// `--`.
    End,
    /// A flag the command does not define.
    Unknown(String),
}

/// Takes the next flag off `args`.
pub fn next(args: &mut std::collections::VecDeque<String>, defs: &[Def]) -> Result<Option<Item>, Error> {
    let Some(a) = args.pop_front() else { return Ok(None) };
    if a.len() < 2 || !a.starts_with('-') {
        return Ok(Some(Item::Arg(a)));
    }
    let body = a[1..].strip_prefix('-').unwrap_or(&a[1..]);
    if a == "--" {
        return Ok(Some(Item::End));
    }
    if body.is_empty() || body.starts_with('-') || body.starts_with('=') {
        return Err(Error::Message(format!("bad flag syntax: {a}")));
    }
    let (name, value) = match body.split_once('=') {
        Some((n, v)) => (n, Some(v.to_string())),
        None => (body, None),
    };
    let Some(def) = defs.iter().find(|d| d.name == name) else {
        if name == "h" || name == "help" {
            return Err(Error::Help);
        }
        return Ok(Some(Item::Unknown(a)));
    };
    let value = match (def.kind, value) {
        (_, Some(v)) => v,
        (Kind::Bool | Kind::OptWord, None) => "true".into(),
        _ => args.pop_front().ok_or_else(|| Error::Message(format!("flag needs an argument: -{name}")))?,
    };
    check(def, &value).map_err(Error::Message)?;
    Ok(Some(Item::Flag { name: name.into(), value }))
}

/// Parses the flags of a command.
pub fn parse(args: &[String], defs: &[Def]) -> Result<Parsed, Error> {
    let mut q: std::collections::VecDeque<String> = args.iter().cloned().collect();
    let mut p = Parsed::default();
    while let Some(item) = next(&mut q, defs)? {
        match item {
            Item::Flag { name, value } => p.set.push((name, value)),
            Item::Unknown(a) => {
                let body = a.trim_start_matches('-');
                let name = body.split_once('=').map_or(body, |x| x.0);
                return Err(Error::Message(format!("flag provided but not defined: -{name}")));
            }
            Item::Arg(a) => {
                p.rest.push(a);
                break;
            }
            Item::End => break,
        }
    }
    p.rest.extend(q);
    Ok(p)
}

/// Splits a list of words that may be quoted with `'` or `"`.
pub fn split_quoted(s: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut t = s.trim_start();
    while !t.is_empty() {
        let q = t.chars().next().unwrap_or(' ');
        if q == '"' || q == '\'' {
            let Some(end) = t[1..].find(q) else {
                return Err(format!("unterminated {q} string"));
            };
            out.push(t[1..1 + end].to_string());
            t = t[end + 2..].trim_start();
            continue;
        }
        let n = t.find(char::is_whitespace).unwrap_or(t.len());
        out.push(t[..n].to_string());
        t = t[n..].trim_start();
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFS: &[Def] = &[flag("o", Kind::Str), flag("v", Kind::Bool), flag("p", Kind::Int), flag("timeout", Kind::Duration)];

    fn run(args: &[&str]) -> Result<Parsed, Error> {
        parse(&args.iter().map(|s| s.to_string()).collect::<Vec<_>>(), DEFS)
    }

    #[test]
    fn grammar() {
        let p = run(&["-o", "x", "--v", "-p=3", ".", "-v"]).unwrap();
        assert_eq!((p.str("o"), p.bool("v"), p.str("p")), ("x", true, "3"));
        assert_eq!(p.rest, [".", "-v"]);
        assert_eq!(run(&["--", "-v"]).unwrap().rest, ["-v"]);
        assert_eq!(run(&["-v=false"]).unwrap().get("v"), Some("false"));
        let msg = |a: &[&str]| match run(a) {
            Err(Error::Message(m)) => m,
            r => panic!("{r:?}"),
        };
        assert_eq!(msg(&["-zzz=1"]), "flag provided but not defined: -zzz");
        assert_eq!(msg(&["-o"]), "flag needs an argument: -o");
        assert_eq!(msg(&["-p=x"]), "invalid value \"x\" for flag -p: parse error");
        assert_eq!(msg(&["-v=x"]), "invalid boolean value \"x\" for -v: parse error");
        assert_eq!(msg(&["---v"]), "bad flag syntax: ---v");
        assert_eq!(run(&["-h"]).unwrap_err(), Error::Help);
        assert_eq!(parse_duration("1h30m"), Some(5400_000_000_000));
        assert_eq!(parse_duration("1.5s"), Some(1_500_000_000));
        assert_eq!(parse_duration("5"), None);
        assert_eq!(split_quoted("-s -X 'a=b c'").unwrap(), ["-s", "-X", "a=b c"]);
    }
}
