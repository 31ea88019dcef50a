//! Imports of the files in a folder.

use super::*;
use rgo_syntax::build::Constraint as Expr;
use crate::header::{self, Header};

/// Imports of a package, sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    pub imports: Vec<String>,
    pub tests: Vec<String>,
}

/// The value of a constraint where every tag but `ignore` may hold or not.
fn any_eval(x: &Expr, prefer: bool) -> bool {
    match x {
        Expr::Tag(t) => t != "ignore" && prefer,
        Expr::Not(x) => !any_eval(x, !prefer),
        Expr::And(x, y) => any_eval(x, prefer) && any_eval(y, prefer),
        Expr::Or(x, y) => any_eval(x, prefer) || any_eval(y, prefer),
    }
}

/// Whether a file is for some system.
pub fn any_system(h: &Header, data: &[u8]) -> bool {
    match header::constraint_of(data) {
        Err(_) => false,
        Ok(_) => h.constraint.as_ref().is_none_or(|x| any_eval(x, true)),
    }
}

fn wanted(p: &str) -> bool {
    p != "C" && p != "appengine" && p != "appengine_internal" && !p.starts_with("appengine/") && !p.starts_with("appengine_internal/")
}

impl Modules {
    /// Names of the Go files of a folder, those of the overlay included.
    fn go_files(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        let mut out: BTreeSet<PathBuf> = BTreeSet::new();
        match std::fs::read_dir(dir) {
            Ok(l) => {
                for e in l.flatten() {
                    let t = e.file_type();
                    let link = t.as_ref().is_ok_and(|t| t.is_symlink());
                    if t.is_ok_and(|t| t.is_file()) || link && e.path().is_file() {
                        out.insert(e.path());
                    }
                }
            }
            Err(e) if self.flags.overlay.keys().any(|f| f.parent() == Some(dir)) => drop(e),
            Err(e) => return Err(Error::Text(io_error("open", dir, &e))),
        }
        for (f, to) in self.flags.overlay.iter().filter(|(f, _)| f.parent() == Some(dir)) {
            if to.as_os_str().is_empty() { out.remove(f) } else { out.insert(f.clone()) };
        }
        let go = |p: &Path| {
            let n = p.file_name().unwrap_or_default().to_string_lossy();
            n.ends_with(".go") && !n.starts_with(['_', '.'])
        };
        Ok(out.into_iter().filter(|p| go(p)).collect())
    }

    /// The imports of a folder's files: of those for this system and these tags, or (`any`) for all.
    pub(super) fn scan_dir(&self, dir: &Path, any: bool) -> Result<Arc<Scan>> {
        self.scans.get((dir.to_path_buf(), any), || {
            let (mut imports, mut tests) = (BTreeSet::new(), BTreeSet::new());
            let mut n = 0;
            for path in self.go_files(dir)? {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if !any && !self.selector.good_name(&name) {
                    continue;
                }
                let data = std::fs::read(self.flags.overlay.get(&path).unwrap_or(&path)).map_err(|e| Error::Text(io_error("open", &path, &e)))?;
                let h = header::read(&data);
                if data.contains(&0) && h.error.is_some() {
                    return Err(Error::Text(format!("reading {}: unexpected NUL in input", path.display())));
                }
                if h.imports_c && !any && !self.selector.cgo {
                    continue;
                }
                let fits = if any { any_system(&h, &data) } else { header::constraint_of(&data).is_ok() && h.constraint.as_ref().is_none_or(|c| self.selector.eval(c)) };
                if !fits {
                    continue;
                }
                n += 1;
                let to = if name.ends_with("_test.go") { &mut tests } else { &mut imports };
                to.extend(h.imports.iter().map(|i| i.path.clone()).filter(|p| wanted(p)));
            }
            if n == 0 {
                return Err(Error::NoGo);
            }
            Ok(Arc::new(Scan { imports: imports.into_iter().collect(), tests: tests.into_iter().collect() }))
        })
    }
}
