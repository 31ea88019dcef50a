//! Debug information: line tables with inlining, nothing else. [`crate::sidecar`] reads them back from the object.
//!
//! A subprogram's name is the name that traces show, so that an inlined call can be named from its DIE.

use inkwell::llvm_sys::LLVMModuleFlagBehavior;
use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::debuginfo::*;
use rustc_hash::FxHashMap;

use crate::raw::*;

pub struct Debug {
    db: inkwell::llvm_sys::prelude::LLVMDIBuilderRef,
    files: Vec<Md>,
    none: Md,
    fn_type: Md,
    blocks: FxHashMap<(usize, u32), Md>,
    /// By symbol.
    subprograms: FxHashMap<String, Md>,
}

impl Debug {
    pub fn new(b: &B, package: &str, files: &[String], optimized: bool) -> Debug {
        ll!({
            let flag = |k: &str, v: u64| {
                let v = LLVMValueAsMetadata(b.c(b.i32, v));
                LLVMAddModuleFlag(b.m, LLVMModuleFlagBehavior::LLVMModuleFlagBehaviorWarning, k.as_ptr() as *const _, k.len(), v);
            };
            flag("Debug Info Version", 3);
            flag("Dwarf Version", 4);
            let db = LLVMCreateDIBuilder(b.m);
            let mk = |name: &str| {
                LLVMDIBuilderCreateFile(db, name.as_ptr() as *const _, name.len(), c"".as_ptr(), 0)
            };
            let unit = mk(package);
            let producer = "rgo";
            LLVMDIBuilderCreateCompileUnit(
                db,
                LLVMDWARFSourceLanguage::LLVMDWARFSourceLanguageGo,
                unit,
                producer.as_ptr() as *const _,
                producer.len(),
                optimized as i32,
                c"".as_ptr(),
                0,
                0,
                c"".as_ptr(),
                0,
                LLVMDWARFEmissionKind::LLVMDWARFEmissionKindLineTablesOnly,
                0,
                1,
                0,
                c"".as_ptr(),
                0,
                c"".as_ptr(),
                0,
            );
            let fn_type = LLVMDIBuilderCreateSubroutineType(db, unit, std::ptr::null_mut(), 0, LLVMDIFlagZero);
            Debug { db, files: files.iter().map(|f| mk(f)).collect(), none: unit, fn_type, blocks: FxHashMap::default(), subprograms: FxHashMap::default() }
        })
    }

    fn file(&self, i: u32) -> Md {
        self.files.get(i as usize).copied().unwrap_or(self.none)
    }

    /// Makes the subprogram of a defined function and attaches it.
    pub fn function(&mut self, f: V, name: &str, symbol: &str, file: u32, line: u32) -> Md {
        let sp = self.subprogram(name, symbol, file, line);
        ll!(LLVMSetSubprogram(f, sp));
        sp
    }

    /// The subprogram of a function that is defined here or inlined.
    pub fn subprogram(&mut self, name: &str, symbol: &str, file: u32, line: u32) -> Md {
        if let Some(sp) = self.subprograms.get(symbol) {
            return *sp;
        }
        let file = self.file(file);
        let sp = ll!({
            LLVMDIBuilderCreateFunction(
                self.db,
                file,
                name.as_ptr() as *const _,
                name.len(),
                symbol.as_ptr() as *const _,
                symbol.len(),
                file,
                line,
                self.fn_type,
                0,
                1,
                line,
                LLVMDIFlagZero,
                1,
            )
        });
        self.subprograms.insert(symbol.to_string(), sp);
        sp
    }

    /// A scope for lines of another file inside `scope`.
    pub fn in_file(&mut self, scope: Md, file: u32) -> Md {
        let fm = self.file(file);
        let db = self.db;
        *self
            .blocks
            .entry((scope as usize, file))
            .or_insert_with(|| ll!(LLVMDIBuilderCreateLexicalBlockFile(db, scope, fm, 0)))
    }

    pub fn finish(&mut self) {
        ll!(LLVMDIBuilderFinalize(self.db))
    }
}

impl Drop for Debug {
    fn drop(&mut self) {
        ll!(LLVMDisposeDIBuilder(self.db))
    }
}
