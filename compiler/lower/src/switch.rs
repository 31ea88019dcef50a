//! Expression and type switches.

use std::collections::BTreeMap;

use rgo_constant as constant;
use rgo_ir::{Block, CmpOp, Term, Ty, Value};
use rgo_syntax::ast::*;
use rgo_types::{BasicKind, Type};

use crate::expr::{basic, is_integer, is_interface, is_string};
use crate::func::{FunctionLowering, Target};
use crate::stmt::has_label;

/// Fewer constant cases are compared one by one.
const MIN_TABLE: usize = 4;
const MIN_STRINGS: usize = 8;
const MIN_HASHED: usize = 5;

impl FunctionLowering<'_, '_> {
    pub(crate) fn switch_stmt(&mut self, s: &'static Stmt, x: &'static SwitchStmt) {
        if let Some(i) = &x.init {
            self.stmt(i);
        }
        let exit = self.fb.block();
        self.targets.insert(s.id, Target { brk: exit, cont: None });
        let bodies: Vec<Block> = x.body.iter().map(|_| self.fb.block()).collect();
        let default = x.body.iter().position(|c| c.cases.is_none()).map_or(exit, |i| bodies[i]);
        let mut live: Vec<bool> = vec![true; x.body.len()];
        match self.static_case(x) {
            Some(hit) => {
                self.fb.jump(hit.map_or(default, |i| bodies[i]));
                // Bodies that nothing reaches are not lowered: they may name what does not exist on this target.
                let start = hit.or_else(|| x.body.iter().position(|c| c.cases.is_none()));
                live = vec![false; x.body.len()];
                let mut i = start;
                while let Some(k) = i {
                    live[k] = true;
                    i = if ends_in_fallthrough(&x.body[k]) && k + 1 < x.body.len() { Some(k + 1) } else { None };
                }
            }
            None => self.switch_dispatch(x, &bodies, default),
        }
        let saved = self.fallthrough;
        for (i, c) in x.body.iter().enumerate() {
            if !live[i] && !c.body.iter().any(has_label) {
                continue;
            }
            self.fb.switch_to(bodies[i]);
            self.fallthrough = bodies.get(i + 1).copied();
            self.stmts(&c.body);
            self.fb.jump(exit);
        }
        self.fallthrough = saved;
        self.fb.switch_to(exit);
    }

    /// With a constant tag and constant cases: the clause that is chosen (inner None: the default).
    fn static_case(&self, x: &'static SwitchStmt) -> Option<Option<usize>> {
        let tag = match &x.tag {
            Some(t) => self.const_of(t)?,
            None => constant::make_bool(true),
        };
        let mut hit = None;
        for (i, c) in x.body.iter().enumerate() {
            for e in c.cases.iter().flatten() {
                let v = match (&x.tag, self.known_cond(e)) {
                    (None, Some(b)) => constant::make_bool(b),
                    _ => self.const_of(e)?,
                };
                if hit.is_none() && constant::compare(&v, constant::Op::Eql, &tag) {
                    hit = Some(i);
                }
            }
        }
        Some(hit)
    }

    fn switch_dispatch(&mut self, x: &'static SwitchStmt, bodies: &[Block], default: Block) {
        let Some(tag) = &x.tag else {
            for (i, c) in x.body.iter().enumerate() {
                for e in c.cases.iter().flatten() {
                    self.set_pos(e.pos);
                    let next = self.fb.block();
                    let t = self.value_type(e);
                    if is_interface(t) {
                        // case x compares true == x.
                        let v = self.expr(e);
                        let yes = self.fb.bool(true);
                        let eq = self.values_equal(v, t, yes, basic(BasicKind::Bool));
                        self.fb.branch(eq, bodies[i], next);
                    } else {
                        self.cond(e, bodies[i], next);
                    }
                    self.fb.switch_to(next);
                }
            }
            return self.fb.jump(default);
        };
        let t = self.value_type(tag);
        let v = if is_string(t) && self.string_cases(x).is_some() { self.string_operand(tag) } else { self.expr_conv(tag, t) };
        let v = self.snapshot(v, t);
        if is_integer(t)
            && let Some(cases) = self.int_cases(x)
        {
            let ty = self.fb.ty(v);
            let size = self.pl.m.types.size(ty);
            let mask = if size >= 8 { u64::MAX } else { (1 << (size * 8)) - 1 };
            let list: Vec<(u64, Block)> = cases.into_iter().map(|(n, i)| (n & mask, bodies[i])).collect();
            return self.fb.term(Term::Switch { value: v, cases: list, default });
        }
        if is_string(t)
            && let Some(cases) = self.string_cases(x)
        {
            return self.string_switch(v, cases, bodies, default);
        }
        for (i, c) in x.body.iter().enumerate() {
            for e in c.cases.iter().flatten() {
                self.set_pos(e.pos);
                let next = self.fb.block();
                let eq = if self.is_nil(e) {
                    let w = match t.underlying() {
                        Type::Slice(_) | Type::Interface(_) => self.part(v, 0),
                        _ => v,
                    };
                    self.is_null(w)
                } else {
                    let et = self.value_type(e);
                    let et = if self.const_of(e).is_some() && !is_interface(t) { t } else { et };
                    let y = self.expr_conv(e, et);
                    self.values_equal(v, t, y, et)
                };
                self.fb.branch(eq, bodies[i], next);
                self.fb.switch_to(next);
            }
        }
        self.fb.jump(default);
    }

    /// All cases as integers with their clauses, if all are constants and there are enough of them.
    fn int_cases(&self, x: &'static SwitchStmt) -> Option<Vec<(u64, usize)>> {
        let mut out: Vec<(u64, usize)> = Vec::new();
        for (i, c) in x.body.iter().enumerate() {
            for e in c.cases.iter().flatten() {
                let v = constant::to_int(&self.const_of(e)?);
                let n = constant::int64_val(&v).map(|n| n as u64).or_else(|| constant::uint64_val(&v))?;
                if out.iter().any(|o| o.0 == n) {
                    continue;
                }
                out.push((n, i));
            }
        }
        (out.len() >= MIN_TABLE).then_some(out)
    }

    fn string_cases(&self, x: &'static SwitchStmt) -> Option<Vec<(Vec<u8>, usize)>> {
        let mut out: Vec<(Vec<u8>, usize)> = Vec::new();
        for (i, c) in x.body.iter().enumerate() {
            for e in c.cases.iter().flatten() {
                let constant::Value::String(s) = self.const_of(e)? else { return None };
                out.push((s.bytes().to_vec(), i));
            }
        }
        (out.len() >= MIN_STRINGS).then_some(out)
    }

    /// By length, then by contents.
    fn string_switch(&mut self, v: Value, cases: Vec<(Vec<u8>, usize)>, bodies: &[Block], default: Block) {
        let (p, n) = (self.part(v, 0), self.part(v, 1));
        let mut by_len: BTreeMap<usize, Vec<(Vec<u8>, usize)>> = BTreeMap::new();
        for (s, i) in cases {
            let l = by_len.entry(s.len()).or_default();
            if !l.iter().any(|x| x.0 == s) {
                l.push((s, i));
            }
        }
        let mut list = Vec::new();
        let here = self.fb.current();
        for (len, group) in by_len {
            let b = self.fb.block();
            list.push((len as u64, b));
            self.fb.switch_to(b);
            for (s, i) in group {
                if len == 0 {
                    self.fb.jump(bodies[i]);
                    continue;
                }
                let c = self.string_const(&s);
                let q = self.part(c, 0);
                let eq = self.mem_equal(p, q, n);
                let next = self.fb.block();
                self.fb.branch(eq, bodies[i], next);
                self.fb.switch_to(next);
            }
            self.fb.jump(default);
        }
        self.fb.switch_to(here);
        self.fb.term(Term::Switch { value: n, cases: list, default });
    }

    // --- type switches

    pub(crate) fn type_switch(&mut self, s: &'static Stmt, x: &'static TypeSwitchStmt) {
        if let Some(i) = &x.init {
            self.stmt(i);
        }
        let xt = self.value_type(x.x());
        let v = self.expr(x.x());
        self.set_pos(x.guard.pos);
        let typ = self.dynamic_type(v, xt);
        let exit = self.fb.block();
        self.targets.insert(s.id, Target { brk: exit, cont: None });
        let mut default = exit;
        let mut todo: Vec<(Block, &'static CaseClause, Option<(Type, Value)>)> = Vec::new();
        let data = self.part(v, 1);
        // Concrete types in a row are looked up together.
        let mut run: Vec<(Type, Block)> = Vec::new();
        for c in &x.body {
            let body = self.fb.block();
            let Some(cases) = &c.cases else {
                default = body;
                todo.push((body, c, None));
                continue;
            };
            let single = cases.len() == 1;
            let mut bound = None;
            for e in cases {
                if self.is_nil(e) {
                    self.concrete_cases(typ, &mut run);
                    self.set_pos(e.pos);
                    let next = self.fb.block();
                    let c = self.is_null(typ);
                    self.fb.branch(c, body, next);
                    self.fb.switch_to(next);
                    continue;
                }
                let t = self.type_of(e);
                if is_interface(t) {
                    self.concrete_cases(typ, &mut run);
                    self.set_pos(e.pos);
                    let next = self.fb.block();
                    let (iv, ok) = self.type_case_iface(v, typ, t);
                    if single {
                        bound = Some((t, iv));
                    }
                    self.fb.branch(ok, body, next);
                    self.fb.switch_to(next);
                } else {
                    run.push((t, body));
                    if single {
                        bound = Some((t, data));
                    }
                }
            }
            todo.push((body, c, bound));
        }
        self.concrete_cases(typ, &mut run);
        self.fb.jump(default);
        for (body, c, bound) in todo {
            self.fb.switch_to(body);
            if let Some(o) = self.sh.info.implicit_of(c.id) {
                self.set_pos(c.pos);
                let t = self.subst(o.typ());
                let val = match bound {
                    Some((ct, data)) if !is_interface(ct) => self.from_data_word(data, ct),
                    Some((_, iv)) => iv,
                    None => v,
                };
                self.define_value(o, t, val);
            }
            self.stmts(&c.body);
            self.fb.jump(exit);
        }
        self.fb.switch_to(exit);
    }

    /// Tests for concrete types in a row; goes on where none matches. Empties the list.
    fn concrete_cases(&mut self, typ: Value, run: &mut Vec<(Type, Block)>) {
        let list = std::mem::take(run);
        if list.len() < MIN_HASHED {
            return self.compare_types(typ, &list);
        }
        // By the hash in the descriptor, then by its address.
        let (some, none) = (self.fb.block(), self.fb.block());
        let nil = self.is_null(typ);
        self.fb.branch(nil, none, some);
        self.fb.switch_to(some);
        let ha = self.fb.ptr_add(typ, 16);
        let hash = self.fb.load(Ty::I32, ha);
        let mut by_hash: BTreeMap<u32, Vec<(Type, Block)>> = BTreeMap::new();
        for (t, b) in list {
            let link = self.pl.link_string(t);
            by_hash.entry(crate::descriptor::type_hash(&link)).or_default().push((t, b));
        }
        let mut cases = Vec::new();
        let here = self.fb.current();
        for (h, group) in by_hash {
            let b = self.fb.block();
            cases.push((h as u64, b));
            self.fb.switch_to(b);
            self.compare_types(typ, &group);
            self.fb.jump(none);
        }
        self.fb.switch_to(here);
        self.fb.term(Term::Switch { value: hash, cases, default: none });
        self.fb.switch_to(none);
    }

    fn compare_types(&mut self, typ: Value, list: &[(Type, Block)]) {
        for &(t, body) in list {
            let d = self.desc_addr(t);
            let eq = self.fb.cmp(CmpOp::Eq, typ, d);
            let next = self.fb.block();
            self.fb.branch(eq, body, next);
            self.fb.switch_to(next);
        }
    }

    /// An interface case: the value converted, and whether the dynamic type implements the interface.
    fn type_case_iface(&mut self, v: Value, typ: Value, t: Type) -> (Value, Value) {
        let data = self.part(v, 1);
        let null = self.fb.null();
        if self.is_empty_iface(t) {
            let ok = self.fb.cmp(CmpOp::Ne, typ, null);
            return (self.fb.aggregate(Ty::IFACE, vec![typ, data]), ok);
        }
        let tab = self.table_unless_nil(t, typ, true);
        let ok = self.fb.cmp(CmpOp::Ne, tab, null);
        (self.fb.aggregate(Ty::IFACE, vec![tab, data]), ok)
    }
}

fn ends_in_fallthrough(c: &CaseClause) -> bool {
    matches!(c.body.last().map(|s| &s.kind), Some(StmtKind::BranchStmt(b)) if b.kind == BranchKind::Fallthrough)
}
