//! `//go:` directives that decide symbols and function attributes.

use std::collections::{HashMap, HashSet};

use rgo_syntax::ast::{Directive, File};
use rgo_types::Package;

use crate::names::path_to_prefix;

/// Attributes a declaration asks for.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Pragmas {
    pub nosplit: bool,
    pub noinline: bool,
    pub norace: bool,
    pub noescape: bool,
    pub uintptrescapes: bool,
    pub uintptrkeepalive: bool,
    /// Parameters and results lie in one record in memory, as C code reads it.
    pub cgo_unsafe_args: bool,
}

impl Pragmas {
    pub fn of(list: &[Directive]) -> Pragmas {
        let mut p = Pragmas::default();
        for d in list {
            match d.text.split_whitespace().next().unwrap_or("") {
                "go:nosplit" => p.nosplit = true,
                "go:noinline" => p.noinline = true,
                "go:norace" => p.norace = true,
                "go:noescape" => p.noescape = true,
                "go:uintptrescapes" => p.uintptrescapes = true,
                "go:uintptrkeepalive" => p.uintptrkeepalive = true,
                "go:cgo_unsafe_args" => p.cgo_unsafe_args = true,
                _ => {}
            }
        }
        p
    }
}

/// The linknames of a package: local name -> symbol, and the names that were only opened to others (one-argument form).
#[derive(Clone, Default, Debug)]
pub struct Linknames {
    targets: HashMap<String, String>,
    marked: Vec<String>,
    /// Symbols of C code (`//go:cgo_import_static`): variables linked to them stand for an address only.
    foreign: HashSet<String>,
}

impl Linknames {
    pub fn collect(pkg: &Package, files: &[&'static File]) -> Linknames {
        let mut l = Linknames::default();
        for f in files {
            for d in &f.directives {
                let mut w = d.text.split_whitespace();
                match w.next() {
                    Some("go:linkname" | "go:linknamestd") => {}
                    Some("go:cgo_import_static") => {
                        l.foreign.extend(w.next().map(String::from));
                        continue;
                    }
                    _ => continue,
                }
                match (w.next(), w.next()) {
                    (Some(local), Some(target)) => {
                        l.targets.insert(local.to_string(), target.to_string());
                    }
                    (Some(local), None) => {
                        l.marked.push(local.to_string());
                        // The symbol is the ordinary one.
                        let _ = pkg;
                    }
                    _ => {}
                }
            }
        }
        l
    }

    /// Whether no symbol is chosen by a directive.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// A text form: a line for each, sorted.
    pub fn to_text(&self) -> String {
        let mut lines: Vec<String> = self.targets.iter().map(|(l, t)| format!("{l}\t{t}\n")).collect();
        lines.extend(self.marked.iter().map(|m| format!("{m}\n")));
        lines.extend(self.foreign.iter().map(|f| format!("\t{f}\n")));
        lines.sort();
        lines.dedup();
        lines.concat()
    }

    /// From [`Linknames::to_text`].
    pub fn from_text(text: &str) -> Linknames {
        let mut l = Linknames::default();
        for line in text.lines() {
            match line.split_once('\t') {
                Some(("", symbol)) => drop(l.foreign.insert(symbol.into())),
                Some((local, target)) => drop(l.targets.insert(local.into(), target.into())),
                None => l.marked.push(line.into()),
            }
        }
        l
    }

    /// The symbol a function or variable of the package is linked to by directive.
    pub fn target(&self, local: &str) -> Option<&str> {
        self.targets.get(local).map(|s| s.as_str())
    }

    /// Whether a symbol is defined by C code.
    pub fn is_foreign(&self, symbol: &str) -> bool {
        self.foreign.contains(symbol)
    }

    pub fn is_marked(&self, local: &str) -> bool {
        self.marked.iter().any(|m| m == local)
    }
}

/// The ordinary symbol of a package-level name.
pub fn plain_symbol(pkg: &'static Package, name: &str) -> String {
    format!("{}.{}", path_to_prefix(pkg.path()), name)
}
