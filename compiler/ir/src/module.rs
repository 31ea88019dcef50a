//! Modules, functions and globals.

use std::collections::HashMap;

use crate::inst::{Block, Inst, Loc, Local, Term, Value};
use crate::types::{Ty, Types};

/// An interned symbol name of one module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Sym(pub u32);

/// An interned signature of one module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Sig(pub u32);

/// Parameter (receiver first) and result types, memory types included as such.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct SigData {
    pub params: Vec<Ty>,
    pub results: Vec<Ty>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Linkage {
    /// Defined here, visible to every package.
    External,
    /// Defined wherever needed, one copy kept (COMDAT).
    LinkOnce,
    /// This module only.
    Internal,
    /// A copy for inlining; the definition is elsewhere.
    AvailableExternally,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct FuncAttrs {
    /// No stack check.
    pub nosplit: bool,
    pub noinline: bool,
    /// Compiler-made adaptor: hidden from traces, adjusts recover (ARCHITECTURE.md).
    pub wrapper: bool,
    pub noreturn: bool,
    pub cold: bool,
    pub norace: bool,
    /// Never called by name: address taken only through descriptors.
    pub method_only: bool,
}

/// Name of the locals that hold what a defer statement calls. The end of the function calls it from there; a panic calls it too, through the list of
/// the frame's record.
pub const DEFERRED: &str = "defer.fn";

#[derive(Clone, PartialEq, Debug)]
pub struct LocalData {
    pub name: String,
    pub ty: Ty,
}

#[derive(Clone, PartialEq, Debug)]
pub struct BlockData {
    pub insts: Vec<Inst>,
    /// None only while under construction.
    pub term: Option<Term>,
    pub term_loc: Loc,
}

/// A function with a body. Declarations are made implicitly by references.
#[derive(Clone, PartialEq, Debug)]
pub struct Function {
    pub sym: Sym,
    /// The name traces show (`slices.Sort[...]`), where it differs from the symbol.
    pub display_name: Option<String>,
    pub linkage: Linkage,
    pub sig: Sig,
    pub attrs: FuncAttrs,
    pub loc: Loc,
    pub locals: Vec<LocalData>,
    /// Type of each value.
    pub values: Vec<Ty>,
    pub blocks: Vec<BlockData>,
    /// Recovery pad: every call in the function unwinds to it.
    pub pad: Option<Block>,
    /// Calls that were replaced by the callee's code; [`Loc::at`] names them, counting from 1.
    pub inlined: Vec<Inlined>,
}

/// A call that was replaced by the callee's code.
#[derive(Clone, PartialEq, Debug)]
pub struct Inlined {
    pub sym: Sym,
    /// The name traces show, where it differs from the symbol.
    pub display_name: Option<String>,
    /// Where the callee is declared.
    pub loc: Loc,
    /// Where the call stood; its `at` names an earlier entry.
    pub call: Loc,
}

impl Function {
    pub fn ty(&self, v: Value) -> Ty {
        self.values[v.0 as usize]
    }
    pub fn local_ty(&self, l: Local) -> Ty {
        self.locals[l.0 as usize].ty
    }
}

/// A piece of a global's initial contents, in order; the rest is zero.
#[derive(Clone, PartialEq, Debug)]
pub enum Datum {
    Bytes(Vec<u8>),
    Zero(u64),
    /// 8-byte address.
    Addr(Sym, i64),
    /// 4-byte address: the program lies in the low 2 GiB.
    Addr32(Sym, i64),
    /// 4-byte `target + addend - base` where base is the address of the symbol `base`.
    Rel32 { target: Sym, addend: i64, base: Sym },
}

/// A variable or constant datum.
#[derive(Clone, PartialEq, Debug)]
pub struct Global {
    pub sym: Sym,
    pub linkage: Linkage,
    pub size: u64,
    pub align: u64,
    /// Never written: may go to read-only memory.
    pub readonly: bool,
    /// Holds pointers that the collector must see.
    pub pointers: bool,
    pub data: Vec<Datum>,
}

/// What a descriptor or a method table refers to without keeping it.
#[derive(Clone, PartialEq, Debug)]
pub enum WeakRefs {
    /// An entry of a descriptor's table of methods: type, interface function and function follow the name at `offset`. `key`: see [`crate::uses::method`].
    Method { global: Sym, offset: u64, key: Sym, name: String, exported: bool },
    /// A code address in a method table.
    Entry { global: Sym, offset: u64 },
}

/// One package.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Import path (`main` for commands).
    pub name: String,
    pub types: Types,
    pub files: Vec<String>,
    pub functions: Vec<Function>,
    pub globals: Vec<Global>,
    /// Additional names for functions defined here or elsewhere: `(alias, target)`.
    pub aliases: Vec<(Sym, Sym)>,
    /// Signatures of functions without body: every body-less Go function declared in the package (under its link symbol),
    /// so that code generation can make the stub of one that the runtime provides.
    pub decls: Vec<(Sym, Sig)>,
    /// Functions without body that the package's assembly defines, with arguments on the stack, and how much stack a call of each needs, in bytes.
    pub assembly: Vec<(Sym, u64)>,
    /// Places in globals whose targets they do not keep in the program. Not part of the text form.
    pub weak: Vec<WeakRefs>,
    /// Functions that give a variable its value, and nothing more: `(variable, function)`. Not part of the text form.
    pub var_inits: Vec<(Sym, Sym)>,
    /// Those of `decls` whose arguments do not escape (`//go:noescape`). Not part of the text form.
    pub noescape: Vec<Sym>,
    /// Data symbols that C code defines, perhaps in a shared library. Not part of the text form.
    pub foreign: Vec<Sym>,
    syms: Vec<String>,
    sym_map: HashMap<String, Sym>,
    sigs: Vec<SigData>,
    sig_map: HashMap<SigData, Sig>,
}

impl Module {
    pub fn new(name: &str) -> Module {
        Module { name: name.to_string(), ..Default::default() }
    }

    pub fn sym(&mut self, name: &str) -> Sym {
        if let Some(&s) = self.sym_map.get(name) {
            return s;
        }
        let s = Sym(self.syms.len() as u32);
        self.syms.push(name.to_string());
        self.sym_map.insert(name.to_string(), s);
        s
    }

    pub fn find_sym(&self, name: &str) -> Option<Sym> {
        self.sym_map.get(name).copied()
    }

    pub fn sym_name(&self, s: Sym) -> &str {
        &self.syms[s.0 as usize]
    }

    pub fn sym_count(&self) -> usize {
        self.syms.len()
    }

    pub fn sig(&mut self, params: &[Ty], results: &[Ty]) -> Sig {
        let d = SigData { params: params.to_vec(), results: results.to_vec() };
        if let Some(&s) = self.sig_map.get(&d) {
            return s;
        }
        let s = Sig(self.sigs.len() as u32);
        self.sigs.push(d.clone());
        self.sig_map.insert(d, s);
        s
    }

    pub fn sig_data(&self, s: Sig) -> &SigData {
        &self.sigs[s.0 as usize]
    }

    pub fn file(&mut self, name: &str) -> u32 {
        if let Some(i) = self.files.iter().position(|f| f == name) {
            return i as u32;
        }
        self.files.push(name.to_string());
        self.files.len() as u32 - 1
    }
}
