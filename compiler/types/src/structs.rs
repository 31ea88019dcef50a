//! Struct and interface type expressions.

use crate::check::Checker;
use crate::code::Code;
use crate::errors::ErrorBuilder;
use crate::lookup::deref;
use crate::object::{Obj, Object, VarKind};
use crate::predicates::is_type_param;
use crate::syn::constant;
use crate::syn::*;
use crate::types::{BasicKind, Interface, Struct, Type};
use crate::typeset::{TypeSet, compute_interface_type_set};
use crate::universe::invalid;
use rustc_hash::FxHashMap;

/// The name of an embedded field: `T`, `*T`, `p.T`, `T[A]`.
fn embedded_ident(e: &'static Expr) -> Option<Ident> {
    match &e.kind {
        ExprKind::Ident(i) => Some(*i),
        // *T is valid, **T is not.
        ExprKind::StarExpr(s) if !matches!(s.x.kind, ExprKind::StarExpr(_)) => embedded_ident(&s.x),
        ExprKind::SelectorExpr(s) => Some(s.sel),
        ExprKind::IndexExpr(i) => embedded_ident(&i.x),
        ExprKind::ParenExpr(p) => embedded_ident(&p.x),
        _ => None,
    }
}

/// A set of objects by their identity.
#[derive(Default)]
pub(crate) struct ObjSet(FxHashMap<(Symbol, &'static str), Obj>);

impl ObjSet {
    /// Inserts `o`; the result is the object that was there before (then `o` is not inserted).
    pub fn insert(&mut self, o: Obj) -> Option<Obj> {
        let path = if o.exported() { "" } else { o.pkg().map_or("_", |p| p.path()) };
        match self.0.entry((o.name, path)) {
            std::collections::hash_map::Entry::Occupied(e) => Some(*e.get()),
            std::collections::hash_map::Entry::Vacant(e) => {
                e.insert(o);
                None
            }
        }
    }
}

impl Checker {
    pub(crate) fn struct_type(&self, s: &'static StructType) -> &'static Struct {
        let styp = Struct::incomplete();
        let mut fields: Vec<Obj> = Vec::new();
        let mut tags: Vec<Vec<u8>> = Vec::new();
        let mut set = ObjSet::default();
        let mut add = |id: &Ident, t: Type, tag: &[u8], embedded: bool| {
            let f = Object::new_field(id.pos, Some(self.pkg), id.name, Some(t), embedded);
            if !id.name.is_blank() {
                if let Some(alt) = set.insert(f) {
                    let mut err = ErrorBuilder::new(Code::DuplicateDecl);
                    err.add(id.pos, format!("{} redeclared", id.name));
                    err.add_alt_decl(alt);
                    err.report(self);
                    return;
                }
            }
            if !tag.is_empty() {
                tags.resize(fields.len(), Vec::new());
                tags.push(tag.to_vec());
            }
            fields.push(f);
            self.record_def(id.id, Some(f));
        };
        for f in &s.fields.fields {
            let t = self.var_type(&f.typ);
            let tag = self.tag(f);
            if !f.names.is_empty() {
                for n in &f.names {
                    add(n, t, &tag, false);
                }
                continue;
            }
            let pos = start_pos(&f.typ);
            let Some(id) = embedded_ident(&f.typ) else {
                self.error(pos, Code::InvalidSyntaxTree, format!("invalid embedded field type {}", self.es(&f.typ)));
                // Keeps the number of fields in step with the source.
                add(&Ident { id: NodeId::NONE, pos, name: Symbol::BLANK }, invalid(), &[], true);
                continue;
            };
            add(&id, t, &tag, true);
            // Later: the type may be incomplete.
            self.later(move |c| {
                let (base, is_ptr) = deref(t);
                match base.underlying() {
                    Type::Basic(b) if b.kind == BasicKind::UnsafePointer => {
                        c.error(pos, Code::InvalidPtrEmbed, "embedded field type cannot be unsafe.Pointer");
                    }
                    Type::Pointer(_) => c.error(pos, Code::InvalidPtrEmbed, "embedded field type cannot be a pointer"),
                    Type::Interface(_) => {
                        if is_type_param(base) {
                            c.error(pos, Code::MisplacedTypeParam, "embedded field type cannot be a (pointer to a) type parameter");
                        } else if is_ptr {
                            c.error(pos, Code::InvalidPtrEmbed, "embedded field type cannot be a pointer to an interface");
                        }
                    }
                    _ => {}
                }
            });
        }
        styp.complete(fields, tags);
        styp
    }

    fn tag(&self, f: &'static Field) -> Vec<u8> {
        let Some(e) = &f.tag else { return Vec::new() };
        if let ExprKind::BasicLit(l) = &e.kind {
            if l.bad {
                return Vec::new();
            }
            if l.kind == LitKind::String {
                if let Some(v) = constant::unquote(&l.value) {
                    return v.to_vec();
                }
            }
            self.error(e, Code::InvalidSyntaxTree, format!("incorrect tag syntax: {:?}", l.value));
        }
        Vec::new()
    }

    pub(crate) fn interface_type(&self, ityp: &'static Interface, pos: Pos, i: &'static InterfaceType, def: Option<Obj>) {
        let mut methods = Vec::new();
        let mut embeddeds = Vec::new();
        let mut embed_pos = Vec::new();
        for f in &i.methods.fields {
            let Some(name) = f.names.first() else {
                embed_pos.push(start_pos(&f.typ));
                embeddeds.push(self.parse_union(&f.typ));
                continue;
            };
            if name.name.is_blank() {
                self.error(name, Code::BlankIfaceMethod, "methods must have a unique non-blank name");
                continue;
            }
            let t = self.typ(&f.typ);
            let Type::Signature(sig) = t else {
                if t.is_valid() {
                    self.error(&f.typ, Code::InvalidSyntaxTree, format!("{} is not a method signature", self.ts(t)));
                }
                continue;
            };
            // The declared type is the better receiver for messages.
            let recv_type = def.and_then(|d| d.try_type()).and_then(|t| t.as_named()).map_or(Type::Interface(ityp), Type::Named);
            sig.recv.set(Object::new_var(VarKind::Recv, name.pos, Some(self.pkg), Symbol::EMPTY, Some(recv_type)));
            let m = Object::new_func(name.pos, Some(self.pkg), name.name, Some(sig));
            self.record_def(name.id, Some(m));
            methods.push(m);
        }
        if methods.is_empty() && embeddeds.is_empty() {
            ityp.set_contents(methods, embeddeds, embed_pos);
            ityp.tset.set(TypeSet::top());
            return;
        }
        ityp.set_contents(methods, embeddeds, embed_pos);
        self.interfaces.borrow_mut().push((pos, ityp));
        // As soon as possible, for the errors.
        self.later(move |c| {
            compute_interface_type_set(Some(c), pos, ityp);
        });
    }
}
