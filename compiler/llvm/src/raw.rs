//! Thin wrapper around the LLVM C API for building modules: the one place with `unsafe` for instruction building.
//!
//! inkwell owns the context, module, target machine and buffers; instructions are built here on plain handles, since Go IR values
//! are up to four scalars of run-time types and inkwell's typed values would be converted at every step. All handles ([`V`], [`T`],
//! [`BB`], [`Md`]) belong to the context of the [`B`] that made them and die with it.

use std::cell::RefCell;
use std::ffi::CString;

use inkwell::llvm_sys::comdat::*;
use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::debuginfo::*;
use inkwell::llvm_sys::prelude::*;
use inkwell::llvm_sys::*;
use rustc_hash::FxHashMap;

pub type V = LLVMValueRef;
pub type T = LLVMTypeRef;
pub type BB = LLVMBasicBlockRef;
pub type Md = LLVMMetadataRef;
pub use inkwell::llvm_sys::{LLVMAtomicOrdering, LLVMAtomicRMWBinOp, LLVMIntPredicate, LLVMLinkage, LLVMOpcode, LLVMRealPredicate};

macro_rules! ll {
    ($e:expr) => {
        // SAFETY: every handle passed comes from the live context of this builder (see the module header); lengths are those of the
        // slices passed.
        unsafe { $e }
    };
}
pub(crate) use ll;

const E: *const std::ffi::c_char = c"".as_ptr();

/// LLVM's swiftcc.
pub const SWIFTCC: u32 = 16;

pub fn cstr(s: &str) -> CString {
    CString::new(s).unwrap_or_else(|_| panic!("internal compiler error: NUL in LLVM name {s:?}"))
}

/// Builder, context and module with the common types.
pub struct B {
    pub cx: LLVMContextRef,
    pub m: LLVMModuleRef,
    pub b: LLVMBuilderRef,
    pub void: T,
    pub i1: T,
    pub i8: T,
    pub i16: T,
    pub i32: T,
    pub i64: T,
    pub i128: T,
    pub f32: T,
    pub f64: T,
    pub ptr: T,
    pub prof_kind: u32,
    attrs: RefCell<FxHashMap<(&'static str, u64), LLVMAttributeRef>>,
    intrinsics: RefCell<FxHashMap<(&'static str, usize, usize), (V, T)>>,
}

impl Drop for B {
    fn drop(&mut self) {
        ll!(LLVMDisposeBuilder(self.b));
    }
}

/// Parameter position of an attribute.
pub fn param_index(i: u32) -> u32 {
    i + 1
}

pub const RETURN_INDEX: u32 = 0;
pub const FUNCTION_INDEX: u32 = u32::MAX;

impl B {
    pub fn new(cx: LLVMContextRef, m: LLVMModuleRef) -> B {
        ll!(B {
            cx,
            m,
            b: LLVMCreateBuilderInContext(cx),
            void: LLVMVoidTypeInContext(cx),
            i1: LLVMInt1TypeInContext(cx),
            i8: LLVMInt8TypeInContext(cx),
            i16: LLVMInt16TypeInContext(cx),
            i32: LLVMInt32TypeInContext(cx),
            i64: LLVMInt64TypeInContext(cx),
            i128: LLVMInt128TypeInContext(cx),
            f32: LLVMFloatTypeInContext(cx),
            f64: LLVMDoubleTypeInContext(cx),
            ptr: LLVMPointerTypeInContext(cx, 0),
            prof_kind: LLVMGetMDKindIDInContext(cx, c"prof".as_ptr(), 4),
            attrs: Default::default(),
            intrinsics: Default::default(),
        })
    }

    // --- types and constants

    pub fn struct_ty(&self, ts: &[T]) -> T {
        ll!(LLVMStructTypeInContext(self.cx, ts.as_ptr() as *mut T, ts.len() as u32, 0))
    }
    pub fn packed_ty(&self, ts: &[T]) -> T {
        ll!(LLVMStructTypeInContext(self.cx, ts.as_ptr() as *mut T, ts.len() as u32, 1))
    }
    pub fn global_value_ty(&self, g: V) -> T {
        ll!(LLVMGlobalGetValueType(g))
    }
    pub fn is_global_variable(&self, v: V) -> bool {
        ll!(!LLVMIsAGlobalVariable(v).is_null())
    }
    pub fn replace_all_uses(&self, old: V, new: V) {
        ll!(LLVMReplaceAllUsesWith(old, new))
    }
    /// Removes an unused declaration.
    pub fn delete_declaration(&self, v: V) {
        ll!({
            if LLVMIsAFunction(v).is_null() { LLVMDeleteGlobal(v) } else { LLVMDeleteFunction(v) }
        })
    }
    pub fn array_ty(&self, t: T, n: u64) -> T {
        ll!(LLVMArrayType2(t, n))
    }
    pub fn vector_ty(&self, t: T, n: u32) -> T {
        ll!(LLVMVectorType(t, n))
    }
    pub fn fn_ty(&self, ret: T, params: &[T]) -> T {
        ll!(LLVMFunctionType(ret, params.as_ptr() as *mut T, params.len() as u32, 0))
    }
    pub fn ty(&self, v: V) -> T {
        ll!(LLVMTypeOf(v))
    }
    pub fn int_bits(&self, t: T) -> u32 {
        ll!(LLVMGetIntTypeWidth(t))
    }
    pub fn c(&self, t: T, v: u64) -> V {
        ll!(LLVMConstInt(t, v, 0))
    }
    /// Integer constant cut to the width of `t`.
    pub fn c_masked(&self, t: T, v: u64) -> V {
        let w = self.int_bits(t);
        self.c(t, if w >= 64 { v } else { v & ((1 << w) - 1) })
    }
    /// Constant with the given bits reinterpreted as `t`.
    pub fn const_bits(&self, v: V, t: T) -> V {
        ll!(LLVMConstBitCast(v, t))
    }
    pub fn c64(&self, v: u64) -> V {
        self.c(self.i64, v)
    }
    pub fn cfloat(&self, t: T, v: f64) -> V {
        ll!(LLVMConstReal(t, v))
    }
    pub fn null(&self, t: T) -> V {
        ll!(LLVMConstNull(t))
    }
    pub fn poison(&self, t: T) -> V {
        ll!(LLVMGetPoison(t))
    }
    pub fn undef(&self, t: T) -> V {
        ll!(LLVMGetUndef(t))
    }
    pub fn const_int_value(&self, v: V) -> Option<u64> {
        ll!({
            if LLVMIsAConstantInt(v).is_null() || LLVMGetIntTypeWidth(LLVMTypeOf(v)) > 64 {
                None
            } else {
                Some(LLVMConstIntGetZExtValue(v))
            }
        })
    }
    pub fn const_bytes(&self, b: &[u8]) -> V {
        ll!(LLVMConstStringInContext2(self.cx, b.as_ptr() as *const _, b.len(), 1))
    }
    pub fn const_packed(&self, vs: &[V]) -> V {
        ll!(LLVMConstStructInContext(self.cx, vs.as_ptr() as *mut V, vs.len() as u32, 1))
    }
    /// Constant `p + off`.
    pub fn const_offset(&self, p: V, off: i64) -> V {
        if off == 0 {
            return p;
        }
        let mut i = self.c64(off as u64);
        ll!(LLVMConstGEP2(self.i8, p, &mut i, 1))
    }
    pub fn const_ptr_to_int(&self, p: V) -> V {
        ll!(LLVMConstPtrToInt(p, self.i64))
    }
    pub fn const_sub(&self, a: V, b: V) -> V {
        ll!(LLVMConstSub(a, b))
    }
    pub fn const_trunc(&self, a: V, t: T) -> V {
        ll!(LLVMConstTrunc(a, t))
    }

    // --- globals and functions

    pub fn named_function(&self, name: &str) -> Option<V> {
        let c = cstr(name);
        let v = ll!(LLVMGetNamedFunction(self.m, c.as_ptr()));
        (!v.is_null()).then_some(v)
    }
    pub fn add_function(&self, name: &str, t: T) -> V {
        let c = cstr(name);
        ll!(LLVMAddFunction(self.m, c.as_ptr(), t))
    }
    pub fn named_global(&self, name: &str) -> Option<V> {
        let c = cstr(name);
        let v = ll!(LLVMGetNamedGlobal(self.m, c.as_ptr()));
        (!v.is_null()).then_some(v)
    }
    pub fn add_global(&self, name: &str, t: T) -> V {
        let c = cstr(name);
        ll!(LLVMAddGlobal(self.m, t, c.as_ptr()))
    }
    pub fn add_alias(&self, name: &str, t: T, target: V) -> V {
        let c = cstr(name);
        ll!(LLVMAddAlias2(self.m, t, 0, target, c.as_ptr()))
    }
    pub fn set_initializer(&self, g: V, v: V) {
        ll!(LLVMSetInitializer(g, v))
    }
    pub fn set_constant(&self, g: V, on: bool) {
        ll!(LLVMSetGlobalConstant(g, on as i32))
    }
    pub fn set_global_align(&self, g: V, a: u64) {
        ll!(LLVMSetAlignment(g, a as u32))
    }
    pub fn set_section(&self, g: V, s: &str) {
        let c = cstr(s);
        ll!(LLVMSetSection(g, c.as_ptr()))
    }
    pub fn set_linkage(&self, g: V, l: LLVMLinkage) {
        ll!(LLVMSetLinkage(g, l))
    }
    pub fn set_hidden(&self, g: V) {
        ll!(LLVMSetVisibility(g, LLVMVisibility::LLVMHiddenVisibility))
    }
    pub fn set_comdat(&self, g: V, name: &str) {
        let c = cstr(name);
        ll!({
            let d = LLVMGetOrInsertComdat(self.m, c.as_ptr());
            LLVMSetComdat(g, d);
        })
    }
    pub fn set_cc(&self, f: V, cc: u32) {
        ll!(LLVMSetFunctionCallConv(f, cc))
    }
    pub fn param(&self, f: V, i: u32) -> V {
        ll!(LLVMGetParam(f, i))
    }
    pub fn set_personality(&self, f: V, p: V) {
        ll!(LLVMSetPersonalityFn(f, p))
    }

    fn enum_attr(&self, name: &'static str, val: u64) -> LLVMAttributeRef {
        *self.attrs.borrow_mut().entry((name, val)).or_insert_with(|| {
            ll!({
                let k = LLVMGetEnumAttributeKindForName(name.as_ptr() as *const _, name.len());
                assert!(k != 0, "internal compiler error: unknown LLVM attribute {name}");
                LLVMCreateEnumAttribute(self.cx, k, val)
            })
        })
    }
    pub fn add_attr(&self, f: V, index: u32, name: &'static str) {
        let a = self.enum_attr(name, 0);
        ll!(LLVMAddAttributeAtIndex(f, index, a))
    }
    pub fn add_attr_val(&self, f: V, index: u32, name: &'static str, val: u64) {
        let a = self.enum_attr(name, val);
        ll!(LLVMAddAttributeAtIndex(f, index, a))
    }
    pub fn add_call_attr(&self, call: V, index: u32, name: &'static str) {
        let a = self.enum_attr(name, 0);
        ll!(LLVMAddCallSiteAttribute(call, index, a))
    }
    pub fn add_str_attr(&self, f: V, key: &str, val: &str) {
        ll!({
            let a = LLVMCreateStringAttribute(
                self.cx,
                key.as_ptr() as *const _,
                key.len() as u32,
                val.as_ptr() as *const _,
                val.len() as u32,
            );
            LLVMAddAttributeAtIndex(f, FUNCTION_INDEX, a)
        })
    }

    /// Declaration and type of an intrinsic, overloaded on `ts`.
    pub fn intrinsic(&self, name: &'static str, ts: &[T]) -> (V, T) {
        let key = (name, ts.first().map_or(0, |t| *t as usize), ts.get(1).map_or(0, |t| *t as usize));
        if let Some(x) = self.intrinsics.borrow().get(&key) {
            return *x;
        }
        let x = ll!({
            let id = LLVMLookupIntrinsicID(name.as_ptr() as *const _, name.len());
            assert!(id != 0, "internal compiler error: unknown LLVM intrinsic {name}");
            let v = LLVMGetIntrinsicDeclaration(self.m, id, ts.as_ptr() as *mut T, ts.len());
            (v, LLVMGlobalGetValueType(v))
        });
        self.intrinsics.borrow_mut().insert(key, x);
        x
    }
    /// After passes that may have dropped declarations.
    pub fn forget_intrinsics(&self) {
        self.intrinsics.borrow_mut().clear();
    }
    pub fn call_intrinsic(&self, name: &'static str, ts: &[T], args: &[V]) -> V {
        let (f, t) = self.intrinsic(name, ts);
        self.call(t, f, args)
    }

    // --- blocks

    pub fn block(&self, f: V) -> BB {
        ll!(LLVMAppendBasicBlockInContext(self.cx, f, E))
    }
    pub fn at_end(&self, bb: BB) {
        ll!(LLVMPositionBuilderAtEnd(self.b, bb))
    }
    pub fn current(&self) -> BB {
        ll!(LLVMGetInsertBlock(self.b))
    }
    pub fn br(&self, to: BB) {
        ll!(LLVMBuildBr(self.b, to));
    }
    pub fn cond_br(&self, c: V, t: BB, e: BB) -> V {
        ll!(LLVMBuildCondBr(self.b, c, t, e))
    }
    pub fn set_prof(&self, br: V, md: Md) {
        ll!({
            let v = LLVMMetadataAsValue(self.cx, md);
            LLVMSetMetadata(br, self.prof_kind, v)
        })
    }
    pub fn branch_weights(&self, a: u32, b: u32) -> Md {
        ll!({
            let s = LLVMMDStringInContext2(self.cx, c"branch_weights".as_ptr(), 14);
            let x = LLVMValueAsMetadata(self.c(self.i32, a as u64));
            let y = LLVMValueAsMetadata(self.c(self.i32, b as u64));
            let mut n = [s, x, y];
            LLVMMDNodeInContext2(self.cx, n.as_mut_ptr(), 3)
        })
    }
    pub fn unreachable(&self) {
        ll!(LLVMBuildUnreachable(self.b));
    }
    pub fn ret(&self, v: V) {
        ll!(LLVMBuildRet(self.b, v));
    }
    pub fn ret_void(&self) {
        ll!(LLVMBuildRetVoid(self.b));
    }
    pub fn switch(&self, v: V, default: BB, cases: &[(V, BB)]) {
        ll!({
            let s = LLVMBuildSwitch(self.b, v, default, cases.len() as u32);
            for (c, b) in cases {
                LLVMAddCase(s, *c, *b);
            }
        })
    }
    pub fn phi(&self, t: T, incoming: &[(V, BB)]) -> V {
        ll!({
            let p = LLVMBuildPhi(self.b, t, E);
            for (v, b) in incoming {
                let (mut v, mut b) = (*v, *b);
                LLVMAddIncoming(p, &mut v, &mut b, 1);
            }
            p
        })
    }

    // --- arithmetic

    pub fn bin(&self, op: LLVMOpcode, x: V, y: V) -> V {
        ll!(LLVMBuildBinOp(self.b, op, x, y, E))
    }
    pub fn add(&self, x: V, y: V) -> V {
        self.bin(LLVMOpcode::LLVMAdd, x, y)
    }
    pub fn sub(&self, x: V, y: V) -> V {
        self.bin(LLVMOpcode::LLVMSub, x, y)
    }
    pub fn and(&self, x: V, y: V) -> V {
        self.bin(LLVMOpcode::LLVMAnd, x, y)
    }
    pub fn or(&self, x: V, y: V) -> V {
        self.bin(LLVMOpcode::LLVMOr, x, y)
    }
    pub fn xor(&self, x: V, y: V) -> V {
        self.bin(LLVMOpcode::LLVMXor, x, y)
    }
    pub fn neg(&self, x: V) -> V {
        ll!(LLVMBuildNeg(self.b, x, E))
    }
    pub fn not(&self, x: V) -> V {
        ll!(LLVMBuildNot(self.b, x, E))
    }
    pub fn fneg(&self, x: V) -> V {
        ll!(LLVMBuildFNeg(self.b, x, E))
    }
    pub fn icmp(&self, p: LLVMIntPredicate, x: V, y: V) -> V {
        ll!(LLVMBuildICmp(self.b, p, x, y, E))
    }
    pub fn fcmp(&self, p: LLVMRealPredicate, x: V, y: V) -> V {
        ll!(LLVMBuildFCmp(self.b, p, x, y, E))
    }
    pub fn select(&self, c: V, x: V, y: V) -> V {
        ll!(LLVMBuildSelect(self.b, c, x, y, E))
    }
    pub fn cast(&self, op: LLVMOpcode, v: V, t: T) -> V {
        ll!(LLVMBuildCast(self.b, op, v, t, E))
    }
    pub fn zext(&self, v: V, t: T) -> V {
        self.cast(LLVMOpcode::LLVMZExt, v, t)
    }
    pub fn trunc(&self, v: V, t: T) -> V {
        self.cast(LLVMOpcode::LLVMTrunc, v, t)
    }
    /// Unsigned conversion between integer types of any widths.
    pub fn zext_or_trunc(&self, v: V, t: T) -> V {
        let (a, b) = (self.int_bits(self.ty(v)), self.int_bits(t));
        if a == b {
            v
        } else if a < b {
            self.zext(v, t)
        } else {
            self.trunc(v, t)
        }
    }

    // --- memory

    pub fn alloca(&self, t: T, align: u64) -> V {
        ll!({
            let a = LLVMBuildAlloca(self.b, t, E);
            LLVMSetAlignment(a, align as u32);
            a
        })
    }
    pub fn load(&self, t: T, p: V, align: u64) -> V {
        ll!({
            let v = LLVMBuildLoad2(self.b, t, p, E);
            LLVMSetAlignment(v, align as u32);
            v
        })
    }
    pub fn store(&self, v: V, p: V, align: u64) -> V {
        ll!({
            let s = LLVMBuildStore(self.b, v, p);
            LLVMSetAlignment(s, align as u32);
            s
        })
    }
    pub fn set_volatile(&self, i: V) {
        ll!(LLVMSetVolatile(i, 1))
    }
    pub fn set_ordering(&self, i: V, o: LLVMAtomicOrdering) {
        ll!(LLVMSetOrdering(i, o))
    }
    /// `p + off` bytes, no assumptions.
    pub fn offset(&self, p: V, off: i64) -> V {
        if off == 0 {
            return p;
        }
        let i = self.c64(off as u64);
        self.gep(p, i)
    }
    pub fn gep(&self, p: V, mut i: V) -> V {
        ll!(LLVMBuildGEP2(self.b, self.i8, p, &mut i, 1, E))
    }
    pub fn gep_scaled(&self, t: T, p: V, mut i: V) -> V {
        ll!(LLVMBuildGEP2(self.b, t, p, &mut i, 1, E))
    }
    pub fn memcpy(&self, d: V, s: V, n: V, align: u64) -> V {
        ll!(LLVMBuildMemCpy(self.b, d, align as u32, s, align as u32, n))
    }
    pub fn memmove(&self, d: V, s: V, n: V, align: u64) -> V {
        ll!(LLVMBuildMemMove(self.b, d, align as u32, s, align as u32, n))
    }
    pub fn memset0(&self, d: V, n: V, align: u64) -> V {
        ll!(LLVMBuildMemSet(self.b, d, self.c(self.i8, 0), n, align as u32))
    }
    pub fn fence(&self, o: LLVMAtomicOrdering) {
        ll!(LLVMBuildFence(self.b, o, 0, E));
    }
    pub fn rmw(&self, op: LLVMAtomicRMWBinOp, p: V, v: V) -> V {
        ll!(LLVMBuildAtomicRMW(self.b, op, p, v, LLVMAtomicOrdering::LLVMAtomicOrderingSequentiallyConsistent, 0))
    }
    /// Yields `{old, i1}`.
    pub fn cmpxchg(&self, p: V, old: V, new: V) -> V {
        let o = LLVMAtomicOrdering::LLVMAtomicOrderingSequentiallyConsistent;
        ll!(LLVMBuildAtomicCmpXchg(self.b, p, old, new, o, o, 0))
    }

    // --- aggregates and vectors

    pub fn extract(&self, v: V, i: u32) -> V {
        ll!(LLVMBuildExtractValue(self.b, v, i, E))
    }
    pub fn insert(&self, agg: V, v: V, i: u32) -> V {
        ll!(LLVMBuildInsertValue(self.b, agg, v, i, E))
    }
    pub fn insert_element(&self, vec: V, v: V, i: u32) -> V {
        let i = self.c(self.i32, i as u64);
        ll!(LLVMBuildInsertElement(self.b, vec, v, i, E))
    }

    // --- calls

    pub fn call(&self, t: T, f: V, args: &[V]) -> V {
        ll!(LLVMBuildCall2(self.b, t, f, args.as_ptr() as *mut V, args.len() as u32, E))
    }
    pub fn invoke(&self, t: T, f: V, args: &[V], then: BB, catch: BB) -> V {
        ll!(LLVMBuildInvoke2(self.b, t, f, args.as_ptr() as *mut V, args.len() as u32, then, catch, E))
    }
    pub fn set_call_cc(&self, call: V, cc: u32) {
        ll!(LLVMSetInstructionCallConv(call, cc))
    }
    pub fn set_must_tail(&self, call: V) {
        ll!(LLVMSetTailCallKind(call, LLVMTailCallKind::LLVMTailCallKindMustTail))
    }
    pub fn landing_pad(&self, t: T) -> V {
        ll!({
            let l = LLVMBuildLandingPad(self.b, t, std::ptr::null_mut(), 0, E);
            LLVMSetCleanup(l, 1);
            l
        })
    }
    pub fn asm(&self, t: T, text: &str, constraints: &str, side_effects: bool, args: &[V]) -> V {
        ll!({
            let a = LLVMGetInlineAsm(
                t,
                text.as_ptr() as *const _,
                text.len(),
                constraints.as_ptr() as *const _,
                constraints.len(),
                side_effects as i32,
                0,
                LLVMInlineAsmDialect::LLVMInlineAsmDialectATT,
                0,
            );
            let call = LLVMBuildCall2(self.b, t, a, args.as_ptr() as *mut V, args.len() as u32, E);
            // Inline assembly here never unwinds.
            let nounwind = self.enum_attr("nounwind", 0);
            LLVMAddCallSiteAttribute(call, FUNCTION_INDEX, nounwind);
            call
        })
    }
    /// A store of a pointer as assembly `text`: $0 the slot, $1 the value. It reads and writes the slot and memory of the runtime; r11 is free.
    pub fn asm_store(&self, text: &str, slot: V, value: Option<V>) {
        let (mut params, mut args) = (vec![self.ptr], vec![slot]);
        let mut constraints = String::from("=*m,");
        if let Some(v) = value {
            params.push(self.ptr);
            args.push(v);
            constraints.push_str("r,");
        }
        constraints.push_str("~{r11},~{dirflag},~{fpsr},~{flags}");
        let call = self.asm(self.fn_ty(self.void, &params), text, &constraints, true, &args);
        // Two bits each for argument memory and inaccessible memory: read and write.
        let memory = self.enum_attr("memory", 0b1111);
        ll!({
            LLVMAddCallSiteAttribute(call, FUNCTION_INDEX, memory);
            let name = "elementtype";
            let k = LLVMGetEnumAttributeKindForName(name.as_ptr() as *const _, name.len());
            LLVMAddCallSiteAttribute(call, param_index(0), LLVMCreateTypeAttribute(self.cx, k, self.ptr));
        });
    }
    /// Call of runtime assembly with the C convention.
    pub fn nounwind_call(&self, t: T, f: V, args: &[V]) -> V {
        let call = self.call(t, f, args);
        self.add_call_attr(call, FUNCTION_INDEX, "nounwind");
        call
    }
    pub fn is_constant(&self, v: V) -> bool {
        ll!(LLVMIsConstant(v) != 0)
    }
    pub fn is_null(&self, v: V) -> bool {
        ll!(LLVMIsNull(v) != 0)
    }
    /// Current stack pointer.
    pub fn read_sp(&self, reg: &str) -> V {
        let (f, t) = self.intrinsic("llvm.read_register", &[self.i64]);
        let arg = ll!({
            let mut s = LLVMMDStringInContext2(self.cx, reg.as_ptr() as *const _, reg.len());
            let n = LLVMMDNodeInContext2(self.cx, &mut s, 1);
            LLVMMetadataAsValue(self.cx, n)
        });
        self.call(t, f, &[arg])
    }

    // --- debug locations

    pub fn set_loc(&self, loc: Md) {
        ll!(LLVMSetCurrentDebugLocation2(self.b, loc))
    }
    pub fn clear_loc(&self) {
        ll!(LLVMSetCurrentDebugLocation2(self.b, std::ptr::null_mut()))
    }
    pub fn debug_loc(&self, line: u32, scope: Md) -> Md {
        self.debug_loc_at(line, scope, std::ptr::null_mut())
    }

    /// A location in code that was inlined where `at` says.
    pub fn debug_loc_at(&self, line: u32, scope: Md, at: Md) -> Md {
        ll!(LLVMDIBuilderCreateDebugLocation(self.cx, line, 0, scope, at))
    }
}
