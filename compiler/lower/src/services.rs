//! Package-level services that function lowering needs and nobody else does.

use std::collections::HashMap;

use rgo_constant as constant;
use rgo_ir::{Datum, Global, Linkage, Sym, Ty, TyKind};
use rgo_syntax::pos::{FileSet, Pos};
use rgo_types::{Array, BasicKind, Initializer, Obj, Object, Pointer, Struct, Type};

use crate::expr::{basic, default_type};
use crate::func::lower_synthetic;
use crate::package::PackageLowering;
use crate::program::PackageData;

/// Types made by lowering, so that equal ones are one node.
#[derive(Default)]
pub(crate) struct MadeTypes {
    ptrs: HashMap<Type, Type>,
    arrays: HashMap<(Type, i64), Type>,
    shapes: HashMap<Ty, Type>,
    has_ptrs: HashMap<Ty, bool>,
}

impl PackageLowering<'_> {
    /// `*t`
    pub fn ptr_to(&mut self, t: Type) -> Type {
        *self.made.ptrs.entry(t).or_insert_with(|| Type::Pointer(Pointer::new(t)))
    }

    /// `[n]elem`
    pub fn array_of(&mut self, elem: Type, n: i64) -> Type {
        *self.made.arrays.entry((elem, n)).or_insert_with(|| Type::Array(Array::new(elem, n)))
    }

    /// Can values of the IR type hold pointers?
    pub fn ty_has_pointers(&mut self, t: Ty) -> bool {
        if let Some(&b) = self.made.has_ptrs.get(&t) {
            return b;
        }
        let b = match self.m.types.kind(t).clone() {
            TyKind::Ptr => true,
            TyKind::Struct { fields, .. } => fields.iter().any(|f| self.ty_has_pointers(f.0)),
            TyKind::Array { elem, len, .. } => len > 0 && self.ty_has_pointers(elem),
            _ => false,
        };
        self.made.has_ptrs.insert(t, b);
        b
    }

    /// A descriptor with the layout of an IR type, for objects that never become visible to a program (closure records, defer nodes): the
    /// collector needs nothing but the pointer words.
    pub fn shape_desc(&mut self, ty: Ty) -> Sym {
        let t = self.shape(ty);
        self.type_desc(t)
    }

    fn shape(&mut self, ty: Ty) -> Type {
        if let Some(&t) = self.made.shapes.get(&ty) {
            return t;
        }
        let t = match self.m.types.kind(ty).clone() {
            TyKind::Bool => basic(BasicKind::Bool),
            TyKind::I8 => basic(BasicKind::Uint8),
            TyKind::I16 => basic(BasicKind::Uint16),
            TyKind::I32 => basic(BasicKind::Uint32),
            TyKind::I64 => basic(BasicKind::Uintptr),
            TyKind::F32 => basic(BasicKind::Float32),
            TyKind::F64 => basic(BasicKind::Float64),
            TyKind::Ptr => basic(BasicKind::UnsafePointer),
            TyKind::Array { elem, len, .. } => {
                let e = self.shape(elem);
                self.array_of(e, len as i64)
            }
            TyKind::Struct { fields, .. } => {
                let mut fs = Vec::new();
                for (i, f) in fields.iter().enumerate() {
                    let ft = self.shape(f.0);
                    let name = rgo_syntax::Symbol::intern(&format!("X{i}"));
                    fs.push(Object::new_field(Pos::NONE, None, name, Some(ft), false));
                }
                Type::Struct(Struct::new(fs, Vec::new()))
            }
        };
        self.made.shapes.insert(ty, t);
        t
    }

    /// Are the two interface types identical?
    pub fn same_iface(&mut self, a: Type, b: Type) -> bool {
        a == b || rgo_types::predicates::identical(a, b)
    }

    /// Method `m` (of a constraint or of another type) in the method set of the addressable type `t`: the method and the embedded fields on the way.
    pub fn lookup_method(&mut self, t: Type, m: Obj) -> (Obj, Vec<usize>) {
        let r = rgo_types::lookup::lookup_field_or_method(t, true, m.pkg(), m.name, false);
        let Some(obj) = r.obj.filter(|o| o.is_func()) else {
            panic!("internal compiler error: {t} has no method {}", m.name());
        };
        let mut path = r.index;
        path.pop();
        (obj, path)
    }

    /// Zero memory of at least `size` bytes, read-only.
    pub fn zero_symbol(&mut self, size: u64) -> Sym {
        let size = size.next_power_of_two();
        let sym = self.m.sym(&format!("go:zero.{size}"));
        if self.done.insert(sym) {
            self.m.globals.push(Global { sym, linkage: Linkage::LinkOnce, size, align: 16, readonly: true, pointers: false, data: vec![Datum::Zero(size)] });
        }
        sym
    }

    /// Read-only memory with a constant of a basic type; None where the value needs no memory.
    pub fn const_data(&mut self, v: &constant::Value, t: Type) -> Option<Sym> {
        let t = default_type(t);
        let Type::Basic(b) = t.underlying() else { return None };
        let bytes: Vec<u8> = match b.kind {
            BasicKind::Bool | BasicKind::Int8 | BasicKind::Uint8 | BasicKind::UnsafePointer => return None,
            BasicKind::String => {
                let constant::Value::String(s) = v else { return None };
                let s = s.bytes();
                if s.is_empty() {
                    let z = self.zero_symbol(16);
                    return Some(z);
                }
                let data = self.string_data(&s);
                let sym = self.m.sym(&format!("{}·hdr", self.m.sym_name(data).to_string()));
                if self.done.insert(sym) {
                    let len = (s.len() as u64).to_le_bytes().to_vec();
                    self.m.globals.push(Global {
                        sym,
                        linkage: Linkage::LinkOnce,
                        size: 16,
                        align: 8,
                        readonly: true,
                        pointers: false,
                        data: vec![Datum::Addr(data, 0), Datum::Bytes(len)],
                    });
                }
                return Some(sym);
            }
            BasicKind::Float32 => constant::float32_val(&constant::to_float(v)).0.to_le_bytes().to_vec(),
            BasicKind::Float64 => constant::float64_val(&constant::to_float(v)).0.to_le_bytes().to_vec(),
            BasicKind::Complex64 | BasicKind::Complex128 => {
                let c = constant::to_complex(v);
                let (re, im) = (constant::to_float(&constant::real(&c)), constant::to_float(&constant::imag(&c)));
                let mut b8 = Vec::new();
                for x in [re, im] {
                    if b.kind == BasicKind::Complex64 {
                        b8.extend_from_slice(&constant::float32_val(&x).0.to_le_bytes());
                    } else {
                        b8.extend_from_slice(&constant::float64_val(&x).0.to_le_bytes());
                    }
                }
                b8
            }
            _ => {
                let i = constant::to_int(v);
                let n = constant::int64_val(&i).map(|n| n as u64).or_else(|| constant::uint64_val(&i))?;
                let size = self.size_of(t) as usize;
                n.to_le_bytes()[..size].to_vec()
            }
        };
        let align = bytes.len().min(8) as u64;
        let name: String = bytes.iter().rev().map(|b| format!("{b:02x}")).collect();
        let sym = self.m.sym(&format!("go:const.{name}"));
        if self.done.insert(sym) {
            self.m.globals.push(Global {
                sym,
                linkage: Linkage::LinkOnce,
                size: bytes.len() as u64,
                align,
                readonly: true,
                pointers: false,
                data: vec![Datum::Bytes(bytes)],
            });
        }
        Some(sym)
    }

    /// Do loops in the file of `pos` have a set of variables per iteration (language version 1.22 on)?
    pub fn loopvar_per_iteration(&self, pd: &'static PackageData, pos: Pos) -> bool {
        let base = FileSet::global().file(pos).map(|f| f.base());
        for f in &pd.files {
            if FileSet::global().file(f.pos).map(|f| f.base()) == base
                && let Some(v) = pd.info.file_versions.get(&f.id)
            {
                let v = rgo_types::version::GoVersion::parse(v);
                return !v.is_valid() || v >= rgo_types::version::GO1_22;
            }
        }
        true
    }
}

/// A part of a package's initialisation.
pub enum InitStep {
    Inline(&'static Initializer),
    /// A function that does it.
    Call(Sym),
}

/// Emits function `sym`, which gives variables their values: `steps` in order.
pub fn lower_package_init(pl: &mut PackageLowering<'_>, sym: Sym, steps: &[InitStep]) {
    let pd = pl.pd;
    let inline = |s: &InitStep| match s {
        InitStep::Inline(i) => Some(i.rhs),
        InitStep::Call(_) => None,
    };
    let exprs: Vec<_> = steps.iter().filter_map(inline).collect();
    let pos = exprs.first().map_or(Pos::NONE, |e| e.pos);
    let mut fl = lower_synthetic(pl, pd, &exprs, sym, Linkage::External, pos);
    for s in steps {
        match s {
            InitStep::Inline(i) => fl.init_vars(i),
            InitStep::Call(f) => {
                let name = fl.pl.m.sym_name(*f).to_string();
                fl.fb.call(&mut fl.pl.m, &name, &[], &[], Vec::new());
            }
        }
    }
    fl.fb.term(rgo_ir::Term::Ret(Vec::new()));
    fl.commit();
}
