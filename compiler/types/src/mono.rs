//! Detection of instantiations without end.
//!
//! A graph of type parameters and local defined types: an edge says that one flows into another, with weight 0 if it is passed on as it is and 1 if
//! wrapped in another type. A cycle of positive weight has no static instantiation.

use crate::check::Checker;
use crate::code::Code;
use crate::errors::ErrorBuilder;
use crate::named::Named;
use crate::object::Obj;
use crate::package::Package;
use crate::syn::{Expr, Pos, start_pos};
use crate::typeparam::TypeParam;
use crate::types::Type;
use crate::typestring::type_string;
use rustc_hash::FxHashMap;

#[derive(Default)]
pub struct MonoGraph {
    vertices: Vec<Vertex>,
    edges: Vec<Edge>,
    /// Receiver type parameters of methods (and fresh copies) to the declared ones.
    canon: FxHashMap<Type, &'static TypeParam>,
    name_idx: FxHashMap<Obj, Option<usize>>,
}

struct Vertex {
    /// Of the heaviest known path to the vertex, its last edge and its length.
    weight: usize,
    pre: usize,
    len: usize,
    obj: Obj,
}

struct Edge {
    dst: usize,
    src: usize,
    weight: usize,
    pos: Pos,
    typ: Type,
}

impl MonoGraph {
    /// `mpar` stands for `tpar`.
    pub fn record_canon(&mut self, mpar: &'static TypeParam, tpar: &'static TypeParam) {
        self.canon.insert(Type::TypeParam(mpar), tpar);
    }

    fn vertex(&mut self, obj: Obj) -> usize {
        self.vertices.push(Vertex { weight: 0, pre: 0, len: 0, obj });
        self.vertices.len() - 1
    }

    fn type_param_vertex(&mut self, p: &'static TypeParam) -> usize {
        let p = self.canon.get(&Type::TypeParam(p)).copied().unwrap_or(p);
        if let Some(Some(i)) = self.name_idx.get(&p.obj) {
            return *i;
        }
        let i = self.vertex(p.obj);
        self.name_idx.insert(p.obj, Some(i));
        i
    }

    /// The vertex of a type declared in a function with type parameters.
    fn local_named_vertex(&mut self, pkg: &'static Package, n: &'static Named) -> Option<usize> {
        let obj = n.obj();
        let root = pkg.scope();
        if obj.pkg() != Some(pkg) || obj.parent() == Some(root) {
            return None;
        }
        if let Some(i) = self.name_idx.get(&obj) {
            return *i;
        }
        let mut idx = None;
        let mut scope = obj.parent();
        while let Some(s) = scope.filter(|s| *s != root) {
            for e in s.objects() {
                if e.is_type_name() && !e.is_alias() && e.pos < obj.pos {
                    if let Some(Type::TypeParam(p)) = e.try_type() {
                        let i = *idx.get_or_insert_with(|| self.vertex(obj));
                        let src = self.type_param_vertex(p);
                        self.edges.push(Edge { dst: i, src, weight: 1, pos: obj.pos, typ: Type::TypeParam(p) });
                    }
                }
            }
            scope = s.parent();
        }
        self.name_idx.insert(obj, idx);
        idx
    }

    fn assign(&mut self, pkg: &'static Package, pos: Pos, tpar: &'static TypeParam, targ: Type, leaves: &[Type]) {
        for &t in leaves {
            let src = match t {
                Type::TypeParam(p) => Some(self.type_param_vertex(p)),
                Type::Named(n) => self.local_named_vertex(pkg, n.origin()),
                _ => None,
            };
            if let Some(src) = src {
                let dst = self.type_param_vertex(tpar);
                self.edges.push(Edge { dst, src, weight: usize::from(t != targ), pos, typ: targ });
            }
        }
    }
}

/// The type parameters and named types that `t` mentions, in order.
fn leaves(t: Type, out: &mut Vec<Type>) {
    match t.unalias() {
        t @ Type::TypeParam(_) => out.push(t),
        Type::Named(n) => {
            out.push(Type::Named(n));
            for t in n.type_args() {
                leaves(*t, out);
            }
        }
        Type::Array(a) => leaves(a.elem(), out),
        Type::Chan(c) => leaves(c.elem(), out),
        Type::Map(m) => {
            leaves(m.key(), out);
            leaves(m.elem(), out);
        }
        Type::Pointer(p) => leaves(p.elem(), out),
        Type::Slice(s) => leaves(s.elem(), out),
        Type::Interface(i) => {
            for m in i.all_methods() {
                leaves(m.typ(), out);
            }
        }
        Type::Signature(s) => {
            for t in s.params().types().chain(s.results().types()) {
                leaves(t, out);
            }
        }
        Type::Struct(s) => {
            for f in s.fields() {
                leaves(f.typ(), out);
            }
        }
        _ => {}
    }
}

impl Checker {
    /// Records an instantiation; `xlist` are the type argument expressions, if any.
    pub fn mono_record_instance(&self, pos: Pos, tparams: &[&'static TypeParam], targs: &[Type], xlist: &[Expr]) {
        for (i, p) in tparams.iter().enumerate() {
            // Cycles occur within a package only.
            if p.obj.pkg() != Some(self.pkg) {
                continue;
            }
            let pos = xlist.get(i).map_or(pos, start_pos);
            // Collected first: type sets may have to be computed on the way.
            let mut l = Vec::new();
            leaves(targs[i], &mut l);
            self.mono.borrow_mut().assign(self.pkg, pos, p, targs[i], &l);
        }
    }

    /// Reports an instantiation loop. A variant of Bellman and Ford's algorithm that stops at a fixed point.
    pub(crate) fn monomorph(&self) {
        let mut found = None;
        {
            let mut g = self.mono.borrow_mut();
            let g = &mut *g;
            let mut again = true;
            'outer: while again {
                again = false;
                for (i, e) in g.edges.iter().enumerate() {
                    let (w, len) = (g.vertices[e.src].weight + e.weight, g.vertices[e.src].len + 1);
                    if w <= g.vertices[e.dst].weight {
                        continue;
                    }
                    let n = g.vertices.len();
                    let dst = &mut g.vertices[e.dst];
                    dst.pre = i;
                    dst.len = len;
                    if len == n {
                        found = Some(e.dst);
                        break 'outer;
                    }
                    dst.weight = w;
                    again = true;
                }
            }
        }
        if let Some(v) = found {
            self.report_instance_loop(v);
        }
    }

    fn report_instance_loop(&self, mut v: usize) {
        let g = self.mono.borrow();
        let mut stack = Vec::new();
        let mut seen = vec![false; g.vertices.len()];
        // The vertex may only be reachable from the cycle: walk back to one that repeats.
        while !seen[v] {
            stack.push(v);
            seen[v] = true;
            v = g.edges[g.vertices[v].pre].src;
        }
        let start = stack.iter().position(|x| *x == v).unwrap_or(0);
        let mut err = ErrorBuilder::new(Code::InvalidInstanceCycle);
        err.add(g.vertices[v].obj, "instantiation cycle:");
        let qf = |p: &'static Package| if std::ptr::eq(p, self.pkg) { String::new() } else { p.path().to_string() };
        for &v in &stack[start..] {
            let e = &g.edges[g.vertices[v].pre];
            let obj = g.vertices[e.dst].obj;
            let how = if matches!(obj.typ(), Type::Named(_)) { "implicitly parameterized by" } else { "instantiated as" };
            err.add(e.pos, format!("{} {how} {}", obj.name(), type_string(e.typ, Some(&qf))));
        }
        err.report(self);
    }
}
