//! Go functions that assembly calls.
//!
//! Assembly passes arguments on the stack in memory layout (ABI0). For each Go function that the package's assembly refers to, the thunk
//! `PACKAGE.abi0thunk.NAME(frame)` loads the arguments from there, calls the function, and stores the results behind them. The other direction, Go functions
//! whose body is assembly, is code generation's (`rgo_ir::Module::assembly`).

use std::collections::{BTreeMap, BTreeSet};

use rgo_abi::call::memory_frame;
use rgo_ir::{FuncAttrs, FunctionBuilder, Linkage, Loc, MemFlags, Op, Term, Ty};
use rgo_constant::Kind;
use rgo_types::{Obj, Package, Type};

use crate::env::Env;
use crate::names::path_to_prefix;
use crate::package::PackageLowering;
use crate::program::{PackageData, Program};

/// What a package's assembly files define and refer to, by symbol.
#[derive(Clone, Default, Debug)]
pub struct Assembly {
    /// Functions, and how much stack a call of each needs, in bytes.
    pub functions: BTreeMap<String, u64>,
    /// Names of functions and variables defined elsewhere.
    pub references: BTreeSet<String>,
}

/// What the symbols of a package's thunks begin with; the function's symbol follows. Other packages may have thunks of the same functions.
pub fn thunk_prefix(pkg: &'static Package) -> String {
    format!("{}.abi0thunk.", path_to_prefix(pkg.path()))
}

/// `go_asm.h`: the package's constants, and sizes and field offsets of its structs, for its assembly files.
pub fn header(prog: &Program, pd: &'static PackageData) -> String {
    let mut pl = PackageLowering::new(prog, pd);
    let mut out = format!("// constants and types of package {}\n\n", pd.pkg.name());
    for o in pd.pkg.scope().objects() {
        if o.name() == "_" {
            continue;
        }
        if let Some(v) = o.const_value().filter(|_| o.is_const()) {
            if !matches!(v.kind(), Kind::Float | Kind::Complex) {
                out += &format!("#define const_{} {}\n", o.name(), v.exact_string());
            }
        } else if o.is_type_name()
            && let Type::Struct(s) = o.typ().underlying()
            && !matches!(o.typ(), Type::Named(n) if !n.type_params().is_empty())
        {
            out += &format!("#define {}__size {}\n", o.name(), pl.size_of(o.typ()));
            let t = pl.ir_ty(o.typ());
            for (i, f) in s.fields().iter().enumerate().filter(|(_, f)| f.name() != "_") {
                out += &format!("#define {}_{} {}\n", o.name(), f.name(), pl.m.types.part(t, i).1);
            }
        }
    }
    out
}

impl PackageLowering<'_> {
    pub(crate) fn lower_assembly(&mut self) {
        let Some(a) = self.pd.assembly.get() else { return };
        for (name, stack) in &a.functions {
            let sym = self.m.sym(name);
            self.m.assembly.push((sym, *stack));
        }
        for name in &a.references {
            if let Some(f) = self.go_function_named(name) {
                self.thunk(name, f);
            }
        }
    }

    /// The declared Go function with this symbol, in this package or one that is known here.
    fn go_function_named(&self, sym: &str) -> Option<Obj> {
        let slash = sym.rfind('/').map_or(0, |i| i + 1);
        let dot = slash + sym[slash..].find('.')?;
        let (prefix, name) = (&sym[..dot], &sym[dot + 1..]);
        let pd = if path_to_prefix(self.pd.pkg.path()) == prefix { self.pd } else { self.prog.by_prefix(prefix)? };
        pd.pkg.scope().lookup_str(name).filter(|o| o.is_func() && !crate::package::is_generic(*o))
    }

    fn thunk(&mut self, name: &str, f: Obj) {
        let sig = self.ir_sig(None, f.signature(), &Env::empty());
        let data = self.m.sig_data(sig).clone();
        let sizes = |tys: &[Ty]| tys.iter().map(|t| (self.m.types.size(*t), self.m.types.align(*t) as u32)).collect::<Vec<_>>();
        let (arg_off, res_off, _) = memory_frame(&sizes(&data.params), &sizes(&data.results));
        let callee = self.func_symbol_name(f, &[]);
        let sym = self.m.sym(&format!("{}{name}", thunk_prefix(self.pd.pkg)));
        let thunk_sig = self.m.sig(&[Ty::PTR], &[]);
        let attrs = FuncAttrs { wrapper: true, noinline: true, ..FuncAttrs::default() };
        let mut fb = FunctionBuilder::new(&mut self.m, sym, thunk_sig, Linkage::External, attrs, Loc::default());
        let frame = fb.params()[0];
        let mut args = Vec::new();
        for (t, off) in data.params.iter().zip(&arg_off) {
            let p = fb.ptr_add(frame, *off as i64);
            args.push(if self.m.types.is_memory(*t) { p } else { fb.load(*t, p) });
        }
        let results = fb.call(&mut self.m, &callee, &data.params, &data.results, args);
        for ((t, off), r) in data.results.iter().zip(&res_off).zip(results) {
            let p = fb.ptr_add(frame, *off as i64);
            if self.m.types.is_memory(*t) {
                fb.emit0(Op::Copy { dst: p, src: r, ty: *t, flags: MemFlags::default() });
            } else {
                fb.store(p, r, MemFlags::default());
            }
        }
        fb.term(Term::Ret(Vec::new()));
        let f = fb.finish();
        self.m.functions.push(f);
    }
}
