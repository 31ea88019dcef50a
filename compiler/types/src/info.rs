//! `Info`: what the checker found out about the expressions and identifiers of a package, for lowering and tools.
//!
//! Tables are indexed by `NodeId` (unique within a package). Types recorded for expressions of generic code contain type parameters.
//! The rules of what is recorded where are those of `types2.Info`; this file only documents differences.

use crate::object::Obj;
use crate::operand::Mode;
use crate::scope::ScopeRef;
use crate::syn::constant::Value;
use crate::syn::{Expr, Ident, ImportSpec, NodeId};
use crate::types::Type;
use crate::universe::BuiltinId;
use rustc_hash::FxHashMap;

/// Mode, type and constant value of an expression.
#[derive(Clone, Debug)]
pub struct TypeAndValue {
    pub mode: Mode,
    /// For comma-ok expressions used with two values, and calls with several results: a tuple. For calls without result: the empty tuple.
    pub typ: Type,
    pub value: Option<Value>,
}

/// The side tables of a package.
#[derive(Default)]
pub struct Info {
    /// Every expression and type expression, except identifiers that only occur in `defs`, and selector names.
    pub types: Vec<Option<TypeAndValue>>,
    /// Identifiers that instantiate a generic function or type, by the identifier's id (of the selector's `sel` in `p.F`).
    pub instances: FxHashMap<NodeId, Instance>,
    /// Defining identifiers; `None` for those that define no object (a package clause, the symbolic variable of a type switch).
    pub defs: FxHashMap<NodeId, Option<Obj>>,
    /// Other identifiers. For an embedded field, the type's name.
    pub uses: FxHashMap<NodeId, Obj>,
    /// Implicit objects by node: the package name of an `ImportSpec` without name, the variable of a type switch's `CaseClause`, an unnamed parameter's `Field`.
    pub implicits: FxHashMap<NodeId, Obj>,
    /// Selector expressions that are not qualified identifiers, by the selector expression's id.
    pub selections: FxHashMap<NodeId, Selection>,
    /// Scopes by node: files, function types, type specs, blocks, if, for, switch, clauses. `FuncDecl`/`FuncLit` scopes are under the id of the declaration/literal.
    pub scopes: FxHashMap<NodeId, ScopeRef>,
    /// Initialization of package variables, in order.
    pub init_order: Vec<Initializer>,
    /// Language version of each file, by `File::id`.
    pub file_versions: FxHashMap<NodeId, String>,
}

/// Type arguments and instantiated type (`Named`, `Alias` or `Signature`).
#[derive(Clone, Copy)]
pub struct Instance {
    pub targs: &'static [Type],
    pub typ: Type,
}

/// `lhs = rhs`; `lhs` may be empty (only blank variables: see `blank`).
pub struct Initializer {
    pub lhs: Vec<Obj>,
    pub rhs: &'static Expr,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SelectionKind {
    /// `x.f` is a field.
    FieldVal,
    /// `x.f` is a method value (or called method).
    MethodVal,
    /// `T.f` is a method expression.
    MethodExpr,
}

/// A selector expression `x.f`.
#[derive(Clone)]
pub struct Selection {
    pub kind: SelectionKind,
    /// The type of `x`.
    pub recv: Type,
    pub obj: Obj,
    /// Field indices from `x` to `x.f`; the last is the field's or method's index.
    pub index: Vec<usize>,
    /// A pointer was followed on the way.
    pub indirect: bool,
}

impl TypeAndValue {
    /// A call without results.
    pub fn is_void(&self) -> bool {
        self.mode == Mode::NoValue
    }
    pub fn is_type(&self) -> bool {
        self.mode == Mode::TypeExpr
    }
    pub fn is_builtin(&self) -> bool {
        matches!(self.mode, Mode::Builtin(_))
    }
    pub fn is_value(&self) -> bool {
        matches!(self.mode, Mode::Constant | Mode::Variable | Mode::MapIndex | Mode::Value | Mode::NilValue | Mode::CommaOk | Mode::CommaErr)
    }
    pub fn is_nil(&self) -> bool {
        self.mode == Mode::NilValue
    }
    pub fn addressable(&self) -> bool {
        self.mode == Mode::Variable
    }
    pub fn assignable(&self) -> bool {
        matches!(self.mode, Mode::Variable | Mode::MapIndex)
    }
    pub fn has_ok(&self) -> bool {
        matches!(self.mode, Mode::CommaOk | Mode::MapIndex)
    }
}

impl Info {
    /// Tables for a package whose ids are below `table_len` (`NodeIdGen::table_len`).
    pub fn new(table_len: usize) -> Info {
        Info { types: vec![None; table_len], ..Info::default() }
    }
    /// What is known about an expression by id.
    pub fn tv_by_id(&self, id: NodeId) -> Option<&TypeAndValue> {
        self.types.get(id.index())?.as_ref()
    }
    pub fn tv(&self, e: &Expr) -> Option<&TypeAndValue> {
        self.tv_by_id(e.id)
    }
    /// The type of an expression; for an identifier without a recorded type that of its object.
    pub fn try_type_of(&self, e: &Expr) -> Option<Type> {
        if let Some(tv) = self.tv(e) {
            return Some(tv.typ);
        }
        e.as_ident().and_then(|i| self.try_obj_of(i)).map(|o| o.typ())
    }
    /// Like `try_type_of`, for programs without errors.
    pub fn type_of(&self, e: &Expr) -> Type {
        self.try_type_of(e).unwrap_or_else(|| panic!("internal compiler error: no type recorded for expression #{} at {:?}", e.id.0, e.pos))
    }
    /// The value of a constant expression.
    pub fn const_value(&self, e: &Expr) -> Option<&Value> {
        self.tv(e)?.value.as_ref()
    }
    pub fn is_type_expr(&self, e: &Expr) -> bool {
        self.tv(e).is_some_and(|tv| tv.is_type())
    }
    /// The built-in function an expression denotes (`len`, `(len)`, `unsafe.Sizeof`).
    pub fn builtin_of(&self, e: &Expr) -> Option<BuiltinId> {
        match self.tv(e)?.mode {
            Mode::Builtin(id) => Some(id),
            _ => None,
        }
    }
    /// The object an identifier defines or uses.
    pub fn try_obj_of(&self, i: &Ident) -> Option<Obj> {
        if let Some(Some(o)) = self.defs.get(&i.id) {
            return Some(o);
        }
        self.uses.get(&i.id).copied()
    }
    pub fn obj_of(&self, i: &Ident) -> Obj {
        self.try_obj_of(i).unwrap_or_else(|| panic!("internal compiler error: no object recorded for {} at {:?}", i.name, i.pos))
    }
    pub fn def_of(&self, i: &Ident) -> Option<Obj> {
        self.defs.get(&i.id).copied().flatten()
    }
    pub fn use_of(&self, i: &Ident) -> Option<Obj> {
        self.uses.get(&i.id).copied()
    }
    pub fn implicit_of(&self, node: NodeId) -> Option<Obj> {
        self.implicits.get(&node).copied()
    }
    /// The selection of a selector expression; `None` for qualified identifiers.
    pub fn selection_of(&self, e: &Expr) -> Option<&Selection> {
        self.selections.get(&e.id)
    }
    pub fn instance_of(&self, i: &Ident) -> Option<Instance> {
        self.instances.get(&i.id).copied()
    }
    /// The package name an import declares.
    pub fn pkg_name_of(&self, i: &ImportSpec) -> Option<Obj> {
        match &i.name {
            Some(n) => self.def_of(n),
            None => self.implicit_of(i.id),
        }
    }
}
