//! Function bodies of imported packages.
//!
//! Export data has no bodies: what an importer copies (generic functions, small ones) is parsed and checked again when it is first asked for, a file at
//! a time. The declarations around it are those of the imported package, so nothing else of the package is looked at.

use crate::check::{Checker, DeclInfo, Environment};
use crate::named::Named;
use crate::object::Obj;
use crate::package::Package;
use crate::scope::Scope;
use crate::syn::*;
use crate::types::{Signature, Type};
use crate::version::GoVersion;
use rustc_hash::FxHashSet;
use std::rc::Rc;

impl Checker {
    /// Checks the bodies of those functions of a file that `wanted` names. The package is complete, made by [`crate::export::import`]; the functions
    /// get new signatures, whose parameters the bodies refer to. The result says which object each declaration belongs to.
    pub fn check_bodies(self: &Rc<Self>, file: &'static File, wanted: &dyn Fn(Obj) -> bool) -> Vec<(Obj, &'static FuncDecl)> {
        let mut found = Vec::new();
        self.enter(|| {
            self.init_files(&[file]);
            let version = GoVersion::parse(self.versions.borrow().get(&file.id).map_or("", |s| s));
            self.env.borrow_mut().version = version;
            let scope = Scope::new(Some(self.pkg.scope()), file.start, file.eof, "file");
            self.record_scope(file.id, scope);
            let mut seen: FxHashSet<&'static Package> = self.pkg.imports().into_iter().collect();
            for d in &file.decls {
                let Decl::Gen(g) = d else { continue };
                for s in &g.specs {
                    if let Spec::Import(s) = s {
                        self.import_spec(s, scope, &mut seen);
                    }
                }
            }
            for d in &file.decls {
                let Decl::Func(f) = d else { continue };
                let Some(body) = &f.body else { continue };
                let Some(obj) = self.declared_func(f).filter(|o| o.pos == f.name.pos && wanted(o)) else { continue };
                let saved = self.env.replace(Environment { scope: Some(scope), version, ..Environment::default() });
                let sig = Signature::incomplete();
                let recv = f.recv.as_ref().and_then(|l| l.fields.first());
                self.func_type(sig, recv, f.typ.type_params.as_ref(), &f.typ, f.id);
                self.record_def(f.name.id, Some(obj));
                obj.set_type(Type::Signature(sig));
                let decl = Rc::new(DeclInfo { fdecl: Some(f), ..DeclInfo::new(scope, version) });
                self.later(move |c| c.func_body(Some(decl), sig, body, None));
                self.env.replace(saved);
                found.push((obj, &**f));
            }
            self.process_delayed(0);
            self.cleanup();
            self.record_untyped();
        });
        found
    }

    /// The object of a declaration of the package.
    fn declared_func(&self, f: &'static FuncDecl) -> Option<Obj> {
        let Some(recv) = f.recv.as_ref().and_then(|l| l.fields.first()) else {
            return self.pkg.scope().lookup(f.name.name).filter(|o| o.is_func());
        };
        let base = self.unpack_recv(&recv.typ, false).base.as_ident()?.name;
        let named: &'static Named = self.pkg.scope().lookup(base)?.try_type()?.as_named()?;
        named.origin().methods().into_iter().find(|m| m.pos == f.name.pos)
    }
}
