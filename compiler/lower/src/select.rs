//! Select statements.

use rgo_ir::{Block, CmpOp, MemFlags, Term, Ty, Value};
use rgo_syntax::ast::*;
use rgo_syntax::token::Op as Tok;
use rgo_types::{BasicKind, Type};

use crate::expr::basic;
use crate::func::{Addr, FunctionLowering, MemKind, Target};

/// A communication with its operands evaluated.
struct Comm {
    clause: &'static CommClause,
    send: bool,
    chan: Value,
    /// Address of the value to send, or of the memory for the received one (null: not wanted).
    elem: Value,
    elem_type: Type,
    body: Block,
}

/// The receive expression of a clause and the variables that get its results.
fn recv_of(s: &'static Stmt) -> Option<(&'static UnaryExpr, &'static [Expr], bool)> {
    let (e, lhs, def) = match &s.kind {
        StmtKind::ExprStmt(e) => (&**e, &[][..], false),
        StmtKind::AssignStmt(a) => (&a.rhs[0], a.lhs.as_slice(), a.op == AssignOp::Define),
        _ => return None,
    };
    match &e.unparen().kind {
        ExprKind::UnaryExpr(u) if u.op == Tok::Recv => Some((u, lhs, def)),
        _ => None,
    }
}

impl FunctionLowering<'_, '_> {
    pub(crate) fn select_stmt(&mut self, s: &'static Stmt, x: &'static SelectStmt) {
        let exit = self.fb.block();
        self.targets.insert(s.id, Target { brk: exit, cont: None });
        if x.body.is_empty() {
            self.rt("block", &[], &[], vec![]);
            self.fb.term(Term::Unreachable);
            self.fb.switch_to(exit);
            return;
        }
        let mut comms = Vec::new();
        let mut default = None;
        for c in &x.body {
            let body = self.fb.block();
            match &c.comm {
                None => default = Some((c, body)),
                Some(st) => {
                    let cm = self.comm(c, st, body);
                    comms.push(cm);
                }
            }
        }
        self.set_pos(s.pos);
        let mut oks: Vec<Option<Value>> = vec![None; comms.len()];
        match (comms.len(), default.is_some()) {
            (0, _) => {
                if let Some((_, b)) = default {
                    self.fb.jump(b);
                }
            }
            (1, false) => {
                let c = &comms[0];
                if c.send {
                    self.rt("chansend1", &[Ty::PTR, Ty::PTR], &[], vec![c.chan, c.elem]);
                } else {
                    oks[0] = Some(self.rt("chanrecv2", &[Ty::PTR, Ty::PTR], &[Ty::BOOL], vec![c.chan, c.elem])[0]);
                }
                let b = c.body;
                self.fb.jump(b);
            }
            (1, true) => {
                let c = &comms[0];
                let d = default.map_or(exit, |d| d.1);
                let b = c.body;
                if c.send {
                    let sel = self.rt("selectnbsend", &[Ty::PTR, Ty::PTR], &[Ty::BOOL], vec![c.chan, c.elem])[0];
                    self.fb.branch(sel, b, d);
                } else {
                    let r = self.rt("selectnbrecv", &[Ty::PTR, Ty::PTR], &[Ty::BOOL, Ty::BOOL], vec![c.elem, c.chan]);
                    oks[0] = Some(r[1]);
                    self.fb.branch(r[0], b, d);
                }
            }
            _ => self.select_go(&comms, default.map(|d| d.1), &mut oks),
        }
        for (c, ok) in comms.into_iter().zip(oks) {
            self.fb.switch_to(c.body);
            self.finish_comm(&c, ok);
            self.stmts(&c.clause.body);
            self.fb.jump(exit);
        }
        if let Some((c, b)) = default {
            self.fb.switch_to(b);
            self.stmts(&c.body);
            self.fb.jump(exit);
        }
        self.fb.switch_to(exit);
    }

    fn comm(&mut self, clause: &'static CommClause, st: &'static Stmt, body: Block) -> Comm {
        self.set_pos(st.pos);
        if let StmtKind::SendStmt(x) = &st.kind {
            let ct = self.value_type(&x.chan);
            let Type::Chan(c) = ct.underlying() else { panic!("internal compiler error: send to {ct}") };
            let (chan, v) = self.eval_pair(&x.chan, ct, &x.value, c.elem());
            let tmp = self.temp(c.elem());
            self.store_at(Addr::new(tmp, MemKind::Frame), c.elem(), v);
            return Comm { clause, send: true, chan, elem: tmp, elem_type: c.elem(), body };
        }
        let Some((u, lhs, _)) = recv_of(st) else { panic!("internal compiler error: select clause without communication") };
        let ct = self.value_type(&u.x);
        let Type::Chan(c) = ct.underlying() else { panic!("internal compiler error: receive from {ct}") };
        let chan = self.expr(&u.x);
        let wanted = lhs.first().is_some_and(|l| !self.is_blank(l));
        let elem = if wanted { self.temp(c.elem()) } else { self.fb.null() };
        Comm { clause, send: false, chan, elem, elem_type: c.elem(), body }
    }

    /// In the clause's body: gives the variables the received value.
    fn finish_comm(&mut self, c: &Comm, ok: Option<Value>) {
        if c.send {
            return;
        }
        let Some(st) = &c.clause.comm else { return };
        let Some((_, lhs, def)) = recv_of(st) else { return };
        self.set_pos(st.pos);
        if let Some(l) = lhs.first()
            && !self.is_blank(l)
        {
            let v = self.load_at(Addr::new(c.elem, MemKind::Frame), c.elem_type);
            if def {
                self.define_or_assign(l, v, c.elem_type);
            } else {
                self.assign_value(l, v, c.elem_type);
            }
        }
        if let Some(l) = lhs.get(1)
            && !self.is_blank(l)
        {
            let ok = ok.unwrap_or_else(|| panic!("internal compiler error: receive without ok"));
            if def {
                self.define_or_assign(l, ok, basic(BasicKind::UntypedBool));
            } else {
                self.assign_value(l, ok, basic(BasicKind::UntypedBool));
            }
        }
    }

    /// The general form: `selectgo` with sends in front and receives behind.
    fn select_go(&mut self, comms: &[Comm], default: Option<Block>, oks: &mut [Option<Value>]) {
        let n = comms.len();
        let case_ty = self.pl.m.types.mk_struct(&[Ty::PTR, Ty::PTR]);
        let cases_ty = self.pl.m.types.mk_array(case_ty, n as u64);
        let order_ty = self.pl.m.types.mk_array(Ty::I16, 2 * n as u64);
        let cases = self.temp_ty(cases_ty);
        let order = self.temp_ty(order_ty);
        let nsends = comms.iter().filter(|c| c.send).count();
        let (mut s, mut r) = (0, n);
        let mut slot = Vec::new();
        for c in comms {
            let i = if c.send {
                s += 1;
                s - 1
            } else {
                r -= 1;
                r
            };
            slot.push(i);
            let p = self.fb.ptr_add(cases, 16 * i as i64);
            self.fb.store(p, c.chan, MemFlags::default());
            let q = self.fb.ptr_add(cases, 16 * i as i64 + 8);
            self.fb.store(q, c.elem, MemFlags::default());
        }
        let ns = self.fb.i64(nsends as i64);
        let nr = self.fb.i64((n - nsends) as i64);
        let block = self.fb.bool(default.is_none());
        let res = self.rt("selectgo", &[Ty::PTR, Ty::PTR, Ty::I64, Ty::I64, Ty::BOOL], &[Ty::I64, Ty::BOOL], vec![cases, order, ns, nr, block]);
        for (i, c) in comms.iter().enumerate() {
            if !c.send {
                oks[i] = Some(res[1]);
            }
        }
        if let Some(d) = default {
            let zero = self.fb.i64(0);
            let none = self.fb.cmp(CmpOp::SLt, res[0], zero);
            let some = self.fb.block();
            self.fb.branch(none, d, some);
            self.fb.switch_to(some);
        }
        for (i, c) in comms.iter().enumerate() {
            if i + 1 == n {
                self.fb.jump(c.body);
                break;
            }
            let k = self.fb.i64(slot[i] as i64);
            let is = self.fb.cmp(CmpOp::Eq, res[0], k);
            let next = self.fb.block();
            self.fb.branch(is, c.body, next);
            self.fb.switch_to(next);
        }
    }
}
