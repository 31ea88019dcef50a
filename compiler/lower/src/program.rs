//! The packages a build has loaded, as lowering sees them.

use std::collections::{HashMap, HashSet};
use std::sync::{OnceLock, RwLock};

use rgo_syntax::ast::{Decl, File, FuncDecl};
use rgo_types::{Info, Obj, Package};

use crate::assembly::Assembly;
use crate::directives::{Linknames, Pragmas};

/// One complete, checked package.
pub struct PackageData {
    pub pkg: &'static Package,
    pub files: Vec<&'static File>,
    pub info: &'static Info,
    /// Is the package part of the standard library (or our runtime)?
    pub std: bool,
    /// Contents for variables with `//go:embed`: by the id of the variable's identifier, the files in the order the rules ask for.
    pub embeds: HashMap<rgo_syntax::ast::NodeId, Vec<EmbedFile>>,
    pub linknames: Linknames,
    /// Set before lowering where the package has assembly files.
    pub assembly: OnceLock<Assembly>,
    /// Declared functions and methods by object.
    pub funcs: HashMap<Obj, &'static FuncDecl>,
    /// Of a package made from export data, which has no files: where the bodies come from.
    pub bodies: Option<Box<dyn Bodies>>,
}

/// Finds bodies of functions of an imported package.
pub trait Bodies: Send + Sync {
    /// The declaration of a function and what is known about its file; None if importers do not need its body.
    fn decl(&self, f: Obj) -> Option<(&'static FuncDecl, &'static PackageData)>;
}

/// A file or (name ending in `/`) directory of an embed.
#[derive(Clone, Debug)]
pub struct EmbedFile {
    pub name: String,
    pub data: Vec<u8>,
}

impl PackageData {
    /// Collects what lowering needs from a checked package.
    pub fn new(pkg: &'static Package, files: Vec<&'static File>, info: &'static Info, std: bool) -> PackageData {
        let mut funcs = HashMap::new();
        for f in &files {
            for d in &f.decls {
                if let Decl::Func(fd) = d
                    && let Some(obj) = info.def_of(&fd.name)
                {
                    funcs.insert(obj, &**fd);
                }
            }
        }
        let linknames = Linknames::collect(pkg, &files);
        PackageData { pkg, files, info, std, embeds: HashMap::new(), linknames, assembly: OnceLock::new(), funcs, bodies: None }
    }

    /// A package made from export data.
    pub fn imported(pkg: &'static Package, info: &'static Info, std: bool, linknames: Linknames, bodies: Box<dyn Bodies>) -> PackageData {
        PackageData { pkg, files: Vec::new(), info, std, embeds: HashMap::new(), linknames, assembly: OnceLock::new(), funcs: HashMap::new(), bodies: Some(bodies) }
    }

    /// Pragmas of a function declaration.
    pub fn pragmas(&self, d: &FuncDecl) -> Pragmas {
        Pragmas::of(&d.pragmas)
    }
}

/// What runtime/go/std-rules.txt says about body-less functions, by symbol.
#[derive(Default, Debug, Clone)]
pub struct BodylessRules {
    /// The function is another one.
    pub aliases: HashMap<String, String>,
    /// Does nothing, returns zero values.
    pub stubs: HashSet<String>,
    /// Never called.
    pub ignored: HashSet<String>,
}

/// All packages of a build, by package identity. Shared by the threads that lower.
#[derive(Default)]
pub struct Program {
    pub rules: BodylessRules,
    packages: RwLock<HashMap<&'static Package, &'static PackageData>>,
}

impl Program {
    pub fn new(rules: BodylessRules) -> Program {
        Program { rules, ..Program::default() }
    }

    /// Adds a complete package (leaked: it lives as long as its types).
    pub fn add(&self, data: PackageData) -> &'static PackageData {
        let d: &'static PackageData = Box::leak(Box::new(data));
        self.packages.write().unwrap_or_else(|e| e.into_inner()).insert(d.pkg, d);
        d
    }

    pub fn get(&self, pkg: &'static Package) -> Option<&'static PackageData> {
        self.packages.read().unwrap_or_else(|e| e.into_inner()).get(&pkg).copied()
    }

    /// The package whose symbols begin so.
    pub fn by_prefix(&self, prefix: &str) -> Option<&'static PackageData> {
        let all = self.packages.read().unwrap_or_else(|e| e.into_inner());
        all.values().find(|d| crate::names::path_to_prefix(d.pkg.path()) == prefix).copied()
    }

    /// The package with this path.
    pub fn by_path(&self, path: &str) -> Option<&'static PackageData> {
        self.packages.read().unwrap_or_else(|e| e.into_inner()).values().find(|d| d.pkg.path() == path).copied()
    }

    /// The declaration of a function or method and its package.
    pub fn decl(&self, f: Obj) -> Option<(&'static FuncDecl, &'static PackageData)> {
        let f = f.origin();
        let pd = self.get(f.pkg()?)?;
        match &pd.bodies {
            Some(b) => b.decl(f),
            None => Some((pd.funcs.get(&f)?, pd)),
        }
    }
}
