//! Test programs: the packages a test is made of, and the main package that runs it.
//!
//! For a package `p` with tests there are up to four packages besides it: `p [p.test]`, the package
//! with its own `_test.go` files; `p_test [p.test]`, the external test; copies `q [p.test]` of what
//! the external test reaches and what imports `p`; and `p.test`, the generated command.

use crate::load::{Loader, Package, PkgError, PkgId, SourceFile};
use rgo_syntax::ast::{Decl, Expr, ExprKind, FuncDecl, NodeIdGen};
use rgo_syntax::goparser::{self, parse_file};
use rgo_syntax::pos::FileSet;
use std::collections::{BTreeMap, HashMap};

/// What a test file declares for the test main.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    tests: Vec<String>,
    benchmarks: Vec<String>,
    fuzz: Vec<String>,
    /// Name, output, unordered.
    examples: Vec<(String, String, bool)>,
    main: bool,
    /// Some of it must be referred to.
    needed: bool,
    /// Something was declared, wanted or not.
    any: bool,
}

fn is_test(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|r| r.chars().next().is_none_or(|c| !c.is_lowercase()))
}

/// Whether the only parameter is `*T` or `*p.T`.
fn takes(f: &FuncDecl, arg: &str) -> bool {
    let none = f.typ.results.as_ref().is_none_or(|r| r.fields.is_empty());
    let [field] = &f.typ.params.fields[..] else { return false };
    let ExprKind::StarExpr(s) = &field.typ.kind else { return false };
    let name = |e: &Expr| match &e.kind {
        ExprKind::Ident(i) => i.name.as_str() == arg,
        ExprKind::SelectorExpr(s) => s.sel.name.as_str() == arg,
        _ => false,
    };
    none && field.names.len() <= 1 && name(&s.x)
}

/// The text behind "Output:" if a comment starts with it.
fn example_output(text: &str) -> Option<(String, bool)> {
    let t = text.trim_start();
    let lower = t.to_ascii_lowercase();
    let (unordered, n) = if lower.starts_with("output:") {
        (false, "output:".len())
    } else if lower.starts_with("unordered output:") {
        (true, "unordered output:".len())
    } else {
        return None;
    };
    let t = t[n..].trim_start_matches(' ');
    Some((t.strip_prefix('\n').unwrap_or(t).to_string(), unordered))
}

fn scan(files: &[SourceFile], found: &mut Found) -> Result<(), String> {
    goparser::on_large_stack(|| scan_here(files, found))
}

fn scan_here(files: &[SourceFile], found: &mut Found) -> Result<(), String> {
    for f in files {
        let set = FileSet::new();
        let mut ids = NodeIdGen::new();
        let data = f.data()?;
        let r = parse_file(&set, &mut ids, &f.name, &data, false);
        for d in &r.file.decls {
            let Decl::Func(fd) = d else { continue };
            if fd.recv.is_some() {
                continue;
            }
            let name = fd.name.name.as_str();
            let wrong = |want: &str| {
                let pos = set.position(fd.func_pos);
                Err(format!("{}:{}:{}: wrong signature for {name}, must be: func {name}({want})", f.path.display(), pos.line, pos.col))
            };
            if name == "TestMain" {
                if takes(fd, "T") {
                    found.tests.push(name.into());
                    found.needed = true;
                    continue;
                }
                if !takes(fd, "M") {
                    return wrong("m *testing.M");
                }
                if found.main {
                    return Err("multiple definitions of TestMain".into());
                }
                found.main = true;
                found.needed = true;
            } else if is_test(name, "Test") {
                if !takes(fd, "T") {
                    return wrong("t *testing.T");
                }
                found.tests.push(name.into());
                found.needed = true;
            } else if is_test(name, "Benchmark") {
                if !takes(fd, "B") {
                    return wrong("b *testing.B");
                }
                found.benchmarks.push(name.into());
                found.needed = true;
            } else if is_test(name, "Fuzz") {
                if !takes(fd, "F") {
                    return wrong("f *testing.F");
                }
                found.fuzz.push(name.into());
                found.needed = true;
            } else if is_test(name, "Example") && fd.typ.params.fields.is_empty() {
                found.any = true;
                let Some(body) = &fd.body else { continue };
                let last = r.file.comments.iter().rfind(|g| {
                    g.list.first().is_some_and(|c| c.pos >= fd.pos && c.pos < body.rbrace)
                });
                if let Some((out, unordered)) = last.and_then(|g| example_output(&rgo_syntax::build::comment_text(g))) {
                    found.examples.push((name.into(), out, unordered));
                    found.needed = true;
                }
            }
        }
        found.any = true;
    }
    Ok(())
}

/// A Go string literal.
fn quote(s: &str) -> String {
    rgo_constant::quote(s.as_bytes())
}

/// How a test program reports coverage.
#[derive(Clone, Debug, Default)]
pub struct TestCover {
    pub mode: String,
    /// Only the package under test is covered, in a copy of its own.
    pub local: bool,
    /// `-coverpkg`, and the packages it selects.
    pub patterns: Vec<String>,
    pub selected: Vec<String>,
}

impl TestCover {
    fn source(&self) -> String {
        let covered = if self.local { String::new() } else { format!(" in {}", self.patterns.join(", ")) };
        let selected = if self.local {
            "nil".to_string()
        } else {
            let list: Vec<String> = self.selected.iter().map(|s| quote(s)).collect();
            format!("[]string{{{}}}", list.join(", "))
        };
        format!(
            "\ttestdeps.CoverMode = {}\n\ttestdeps.Covered = {}\n\ttestdeps.CoverSelectedPackages = {selected}\n\ttestdeps.CoverSnapshotFunc = cfile.Snapshot\n\
             \ttestdeps.CoverProcessTestDirFunc = cfile.ProcessCoverTestDir\n\ttestdeps.CoverMarkProfileEmittedFunc = cfile.MarkProfileEmitted\n\tcfile.InitHook(true)\n",
            quote(&self.mode),
            quote(&covered)
        )
    }
}

fn main_source(p: &Package, own: Option<&Found>, ext: Option<&Found>, cover: Option<&TestCover>) -> String {
    let mut s = String::from("// Code generated for a test run. DO NOT EDIT.\n\npackage main\n\nimport (\n\t\"os\"\n");
    let main = own.filter(|f| f.main).map(|_| "_test").or(ext.filter(|f| f.main).map(|_| "_xtest"));
    if main.is_some() {
        s.push_str("\t\"reflect\"\n");
    }
    s.push_str("\t\"testing\"\n\t\"testing/internal/testdeps\"\n");
    if cover.is_some() {
        s.push_str("\t\"internal/coverage/cfile\"\n");
    }
    let import = |f: Option<&Found>, name: &str, path: &str| match f {
        Some(f) => format!("\t{} {}\n", if f.needed { name } else { "_" }, quote(path)),
        None => String::new(),
    };
    s.push_str(&import(own, "_test", &p.import_path));
    s.push_str(&import(ext, "_xtest", &format!("{}_test", p.import_path)));
    s.push_str(")\n\n");
    let both = [(own, "_test"), (ext, "_xtest")];
    let mut table = |var: &str, typ: &str, pick: fn(&Found) -> &Vec<String>| {
        s.push_str(&format!("var {var} = []testing.{typ}{{\n"));
        for (f, pkg) in both {
            for n in f.map(pick).into_iter().flatten() {
                s.push_str(&format!("\t{{\"{n}\", {pkg}.{n}}},\n"));
            }
        }
        s.push_str("}\n\n");
    };
    table("tests", "InternalTest", |f| &f.tests);
    table("benchmarks", "InternalBenchmark", |f| &f.benchmarks);
    table("fuzzTargets", "InternalFuzzTarget", |f| &f.fuzz);
    s.push_str("var examples = []testing.InternalExample{\n");
    for (f, pkg) in both {
        for (n, out, unordered) in f.map(|f| &f.examples).into_iter().flatten() {
            s.push_str(&format!("\t{{\"{n}\", {pkg}.{n}, {}, {unordered}}},\n", quote(out)));
        }
    }
    let module = p.module.as_ref().map_or("", |m| m.path.as_str());
    s.push_str(&format!(
        "}}\n\nfunc init() {{\n{}\ttestdeps.ModulePath = {}\n\ttestdeps.ImportPath = {}\n}}\n\nfunc main() {{\n\tm := testing.MainStart(testdeps.TestDeps{{}}, tests, benchmarks, fuzzTargets, examples)\n",
        cover.map_or(String::new(), TestCover::source),
        quote(module),
        // Files named on the command line have no path to speak of.
        quote(if p.cmdline_files { "" } else { &p.import_path })
    ));
    match main {
        Some(pkg) => s.push_str(&format!(
            "\t{pkg}.TestMain(m)\n\tos.Exit(int(reflect.ValueOf(m).Elem().FieldByName(\"exitCode\").Int()))\n}}\n"
        )),
        None => s.push_str("\tos.Exit(m.Run())\n}\n"),
    }
    s
}

/// The packages of one test.
#[derive(Clone, Debug)]
pub struct TestPackages {
    /// The command.
    pub main: PkgId,
    /// The packages whose test files belong to it.
    pub own: PkgId,
    pub external: Option<PkgId>,
}

/// Makes the packages for the test of `id`; `None` if there are no test files. The error is the
/// message of a test that cannot be set up.
pub fn prepare(l: &mut Loader<'_>, id: PkgId) -> Result<Option<TestPackages>, Vec<String>> {
    prepare_with(l, id, None)
}

/// The same with coverage.
pub fn prepare_with(l: &mut Loader<'_>, id: PkgId, cover: Option<&TestCover>) -> Result<Option<TestPackages>, Vec<String>> {
    let real = l.packages[id].clone();
    if real.test_go_files.is_empty() && real.xtest_go_files.is_empty() {
        return Ok(None);
    }
    let one = |m: String| vec![m];
    let (mut own_found, mut ext_found) = (Found::default(), Found::default());
    scan(&real.test_go_files, &mut own_found).map_err(one)?;
    scan(&real.xtest_go_files, &mut ext_found).map_err(one)?;
    if own_found.main && ext_found.main {
        return Err(one("multiple definitions of TestMain".into()));
    }
    let path = real.import_path.clone();
    let suffix = format!(" [{path}.test]");
    let copied = !real.test_go_files.is_empty() || real.is_main() || cover.is_some_and(|c| c.local);
    let own = if copied {
        let mut p = real.clone();
        p.import_path = format!("{path}{suffix}");
        p.pkg_path.clone_from(&path);
        p.for_test = Some(path.clone());
        // The test files stay listed as such.
        let tests = p.test_go_files.clone();
        if !real.has_go() {
            p.error = None;
        }
        for f in &tests {
            l.resolve_embeds(&mut p, f);
        }
        p.go_files.extend(tests);
        let (deps, map) = l.load_for_test(&real.test_imports, id, &format!("{path} (test)"));
        p.import_map = l.packages[id].import_map.clone();
        p.deps.extend(deps.into_iter().filter(|d| !real.deps.contains(d)));
        p.dep_of.extend(map);
        let own = std::mem::replace(&mut p.imports, real.test_imports.clone());
        // As go lists them: those of both kinds of files twice.
        p.imports.extend(own);
        l.add(p)
    } else {
        id
    };
    let external = if real.xtest_go_files.is_empty() {
        None
    } else {
        let mut p = Package {
            import_path: format!("{path}_test{suffix}"),
            pkg_path: format!("{path}_test"),
            name: format!("{}_test", real.name),
            dir: real.dir.clone(),
            standard: real.standard,
            module: real.module.clone(),
            go_files: real.xtest_go_files.clone(),
            imports: real.xtest_imports.clone(),
            import_pos: real.import_pos.clone(),
            for_test: Some(path.clone()),
            go_version: real.go_version.clone(),
            s_files: Vec::new(),
            ..Package::default()
        };
        for f in &real.xtest_go_files {
            l.resolve_embeds(&mut p, f);
        }
        let (deps, map) = l.load_for_test(&real.xtest_imports, id, &format!("{path}_test"));
        p.import_map = l.packages[id].import_map.clone();
        (p.deps, p.dep_of) = (deps, map);
        Some(l.add(p))
    };
    // Errors that imports of tests brought up lie with the package under test.
    let late = l.packages[id].error.clone().filter(|_| real.error.is_none());
    if let Some(mut e) = late {
        if let Some(last) = e.stack.last_mut().filter(|s| s.0 == path) {
            last.0.push_str(" (test)");
        }
        l.packages[id].error = None;
        let target = if own == id { external.unwrap_or(own) } else { own };
        l.packages[target].error.get_or_insert(e);
    }
    let source = main_source(&real, (own != id || !real.test_go_files.is_empty()).then_some(&own_found).or(Some(&own_found)), external.map(|_| &ext_found), cover);
    let mut m = Package {
        import_path: format!("{path}.test"),
        pkg_path: "main".into(),
        name: "main".into(),
        dir: real.dir.clone(),
        standard: real.standard,
        module: real.module.clone(),
        go_version: format!("go1.{}", crate::select::GO_MINOR),
        ..Package::default()
    };
    m.go_files.push(SourceFile::new(&real.dir, crate::package::TEST_MAIN.into(), source.into_bytes()));
    let mut dep_of: BTreeMap<String, PkgId> = BTreeMap::new();
    for i in &m.go_files[0].header.imports {
        let dep = match &i.path {
            p if *p == path => own,
            p if external.is_some() && *p == format!("{path}_test") => external.unwrap_or(own),
            p => l.load_root(p, None),
        };
        dep_of.insert(i.path.clone(), dep);
    }
    // Every test main counts package reflect among its imports, needed or not.
    if !dep_of.contains_key("reflect") {
        dep_of.insert("reflect".into(), l.load_root("reflect", None));
    }
    m.imports = dep_of.keys().cloned().collect();
    // As Go orders them: what is tested comes last.
    let last = |d: &PkgId| *d == own || Some(*d) == external;
    for d in dep_of.values().filter(|d| !last(d)).chain(dep_of.values().filter(|d| last(d))) {
        if !m.deps.contains(d) {
            m.deps.push(*d);
        }
    }
    m.dep_of = dep_of;
    let main = l.add(m);
    recompile(l, id, own, external, main, &suffix);
    if let Some(e) = test_cycle(l, own) {
        return Err(one(e.to_string()));
    }
    let errors = l.errors(&[main]);
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Some(TestPackages { main, own, external }))
}

/// Replaces the package under test by its test copy in everything the test is made of.
fn recompile(l: &mut Loader<'_>, real: PkgId, own: PkgId, external: Option<PkgId>, main: PkgId, suffix: &str) {
    if real == own {
        return;
    }
    let path = l.packages[real].import_path.clone();
    let mut copy: HashMap<PkgId, PkgId> = HashMap::from([(real, own)]);
    for id in l.post_order(&[main]) {
        if id == real || !l.packages[id].deps.iter().any(|d| copy.get(d).is_some_and(|c| c != d)) {
            continue;
        }
        let target = if id == main || id == own || Some(id) == external {
            id
        } else {
            let mut p = l.packages[id].clone();
            p.import_path.push_str(suffix);
            p.for_test = Some(path.clone());
            let new = l.add(p);
            copy.insert(id, new);
            new
        };
        let p = &mut l.packages[target];
        for d in p.deps.iter_mut().chain(p.dep_of.values_mut()) {
            if let Some(c) = copy.get(d) {
                *d = *c;
            }
        }
    }
}

/// The error if the tests of a package import something that imports it.
fn test_cycle(l: &Loader<'_>, own: PkgId) -> Option<PkgError> {
    let mut from: HashMap<PkgId, PkgId> = HashMap::new();
    let mut queue = std::collections::VecDeque::from([own]);
    while let Some(p) = queue.pop_front() {
        for &d in &l.packages[p].deps {
            if d == own {
                let name = |id: PkgId| l.packages[id].import_path.split(' ').next().unwrap_or("").to_string();
                let file = |importer: PkgId, dep: PkgId| {
                    let pos = l.packages[importer].import_pos.get(&name(dep)).and_then(|v| v.first());
                    pos.and_then(|p| p.0.file_name()).map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
                };
                let mut chain = vec![p];
                while let Some(&q) = chain.last().and_then(|c| from.get(c)) {
                    chain.push(q);
                }
                chain.reverse();
                let mut stack = vec![(name(own), String::new())];
                for w in chain.windows(2) {
                    stack.push((name(w[1]), file(w[0], w[1])));
                }
                stack.push((name(own), file(p, own)));
                return Some(PkgError { stack, cycle: true, ..PkgError::msg("import cycle not allowed in test") });
            }
            if d != own && !from.contains_key(&d) {
                from.insert(d, p);
                queue.push_back(d);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn finds_tests() {
        let src = "package p\nimport \"testing\"\nfunc TestA(t *testing.T) {}\nfunc Testing() {}\nfunc BenchmarkB(b *testing.B) {}\nfunc TestMain(m *testing.M) {}\nfunc ExampleC() {\n\tprintln()\n\t// Output:\n\t// a\n\t//  b\n}\nfunc ExampleD() {}\nfunc ExampleE() {\n\t// Unordered output: x\n}\n";
        let f = SourceFile::new(Path::new("/p"), "p_test.go".into(), src.into());
        let mut found = Found::default();
        scan(&[f], &mut found).unwrap();
        assert_eq!(found.tests, ["TestA"]);
        assert_eq!(found.benchmarks, ["BenchmarkB"]);
        assert!(found.main);
        assert_eq!(found.examples, [("ExampleC".into(), "a\n b\n".into(), false), ("ExampleE".into(), "x\n".into(), true)]);
        let f = SourceFile::new(Path::new("/p"), "p_test.go".into(), b"package p\nfunc TestA() {}\n".to_vec());
        let e = scan(&[f], &mut Found::default()).unwrap_err();
        assert_eq!(e, "/p/p_test.go:2:1: wrong signature for TestA, must be: func TestA(t *testing.T)");
    }
}
