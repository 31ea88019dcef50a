//! Statements.

use rgo_ir::{Block, MemFlags, Term, Ty, Value};
use rgo_syntax::ast::*;
use rgo_types::{Obj, Type};

use crate::func::{Addr, Exit, ExitKind, FunctionLowering, MemKind, ResultSlot, Storage, Target};

/// Does the statement contain a label (a way in that does not come from above)?
pub(crate) fn has_label(s: &Stmt) -> bool {
    let block = |b: &BlockStmt| b.stmts.iter().any(has_label);
    match &s.kind {
        StmtKind::LabeledStmt(_) => true,
        StmtKind::BlockStmt(b) => block(b),
        StmtKind::IfStmt(i) => block(&i.then) || i.els.as_ref().is_some_and(has_label),
        StmtKind::ForStmt(f) => block(&f.body),
        StmtKind::RangeStmt(r) => block(&r.body),
        StmtKind::SwitchStmt(x) => x.body.iter().any(|c| c.body.iter().any(has_label)),
        StmtKind::TypeSwitchStmt(x) => x.body.iter().any(|c| c.body.iter().any(has_label)),
        StmtKind::SelectStmt(x) => x.body.iter().any(|c| c.body.iter().any(has_label)),
        _ => false,
    }
}

impl FunctionLowering<'_, '_> {
    pub(crate) fn block_stmt(&mut self, b: &'static BlockStmt) {
        self.stmts(&b.stmts);
    }

    pub(crate) fn stmts(&mut self, l: &'static [Stmt]) {
        for (i, s) in l.iter().enumerate() {
            // Dead code: only a label brings it back to life, with the variables declared before it.
            if self.fb.terminated() {
                if !l[i..].iter().any(has_label) {
                    return;
                }
                let dead = self.fb.block();
                self.fb.switch_to(dead);
            }
            self.stmt(s);
        }
    }

    pub(crate) fn stmt(&mut self, s: &'static Stmt) {
        self.set_pos(s.pos);
        match &s.kind {
            StmtKind::Empty { .. } => {}
            StmtKind::LabeledStmt(l) => {
                let b = self.label_block(s.id);
                self.start(b);
                self.stmt(&l.stmt);
            }
            StmtKind::BlockStmt(b) => self.block_stmt(b),
            StmtKind::ExprStmt(e) => self.discard(e),
            StmtKind::SendStmt(x) => self.send(s, x),
            StmtKind::DeclStmt(d) => {
                if d.kind == GenKind::Var {
                    for sp in &d.specs {
                        if let Spec::Value(v) = sp {
                            self.var_spec(v);
                        }
                    }
                }
            }
            StmtKind::AssignStmt(a) => self.assign_stmt(s, a),
            StmtKind::IncDecStmt(x) => self.op_assign(s, &x.x, x.op, None),
            StmtKind::BranchStmt(b) => self.branch(b),
            StmtKind::GoStmt(e) => self.go_stmt(s.pos, e),
            StmtKind::DeferStmt(e) => self.defer_stmt(e),
            StmtKind::ReturnStmt(l) => self.return_stmt(s, l),
            StmtKind::IfStmt(i) => self.if_stmt(i),
            StmtKind::ForStmt(f) => self.for_stmt(s, f),
            StmtKind::RangeStmt(r) => self.range_stmt(s, r),
            StmtKind::SwitchStmt(x) => self.switch_stmt(s, x),
            StmtKind::TypeSwitchStmt(x) => self.type_switch(s, x),
            StmtKind::SelectStmt(x) => self.select_stmt(s, x),
        }
    }

    /// The block of a labelled statement.
    pub(crate) fn label_block(&mut self, id: NodeId) -> Block {
        if let Some(&b) = self.labels.get(&id) {
            return b;
        }
        let b = self.fb.block();
        self.labels.insert(id, b);
        b
    }

    fn branch(&mut self, b: &'static BranchStmt) {
        let target = b.target.get();
        let kind = match b.kind {
            BranchKind::Fallthrough => {
                let f = self.fallthrough.unwrap_or_else(|| panic!("internal compiler error: fallthrough out of place"));
                return self.fb.jump(f);
            }
            BranchKind::Goto => ExitKind::Goto(target),
            BranchKind::Break => ExitKind::Break(target),
            BranchKind::Continue => ExitKind::Continue(target),
        };
        self.jump_to(kind);
    }

    /// The block control goes to, if it is in this function.
    pub(crate) fn local_target(&mut self, k: ExitKind) -> Option<Block> {
        match k {
            ExitKind::Return => None,
            ExitKind::Break(t) => self.targets.get(&t).map(|t| t.brk),
            ExitKind::Continue(t) => self.targets.get(&t).and_then(|t| t.cont),
            ExitKind::Goto(t) => {
                if self.range_body.is_some() && !self.own_labels.contains(&t) {
                    return None;
                }
                Some(self.label_block(t))
            }
        }
    }

    /// Transfers control; out of range-over-func bodies by an exit code.
    pub(crate) fn jump_to(&mut self, k: ExitKind) {
        if let Some(b) = self.local_target(k) {
            return self.fb.jump(b);
        }
        let Some(rb) = &self.range_body else {
            panic!("internal compiler error: {}: branch without target", self.name);
        };
        match k {
            ExitKind::Break(t) if t == rb.stmt => return self.range_exit(),
            ExitKind::Continue(t) if t == rb.stmt => return self.range_continue(),
            _ => {}
        }
        let code = match k {
            ExitKind::Return => -1,
            _ => {
                let c = self.sh.exit_code.get() + 1;
                self.sh.exit_code.set(c);
                c
            }
        };
        let a = self.next_addr.unwrap_or_else(|| panic!("internal compiler error: no exit code variable"));
        let c = self.fb.i64(code);
        self.fb.store(a, c, MemFlags::default());
        if let Some(rb) = &mut self.range_body
            && !rb.exits.iter().any(|e| e.code == code)
        {
            rb.exits.push(Exit { code, kind: k });
        }
        self.range_exit();
    }

    fn if_stmt(&mut self, i: &'static IfStmt) {
        if let Some(x) = &i.init {
            self.stmt(x);
        }
        let known = self.known_cond(&i.cond);
        let then_label = i.then.stmts.iter().any(has_label);
        let else_label = i.els.as_ref().is_some_and(has_label);
        if let Some(k) = known
            && !then_label
            && !else_label
        {
            if k {
                self.block_stmt(&i.then);
            } else if let Some(e) = &i.els {
                self.stmt(e);
            }
            return;
        }
        let (t, done) = (self.fb.block(), self.fb.block());
        let f = if i.els.is_some() { self.fb.block() } else { done };
        self.cond(&i.cond, t, f);
        self.fb.switch_to(t);
        self.block_stmt(&i.then);
        self.fb.jump(done);
        if let Some(e) = &i.els {
            self.fb.switch_to(f);
            self.stmt(e);
            self.fb.jump(done);
        }
        self.fb.switch_to(done);
    }

    fn for_stmt(&mut self, s: &'static Stmt, f: &'static ForStmt) {
        if let Some(x) = &f.init {
            self.stmt(x);
        }
        let known = f.cond.as_ref().map_or(Some(true), |c| self.known_cond(c));
        if known == Some(false) && !f.body.stmts.iter().any(has_label) {
            return;
        }
        let per_iter = if self.sh.per_iteration { self.loop_boxes(f.init.as_ref()) } else { Vec::new() };
        let (head, body, post, exit) = (self.fb.block(), self.fb.block(), self.fb.block(), self.fb.block());
        self.targets.insert(s.id, Target { brk: exit, cont: Some(post) });
        self.loop_depth += 1;
        self.start(head);
        match (&f.cond, known) {
            (Some(c), None | Some(false)) => self.cond(c, body, exit),
            _ => self.fb.jump(body),
        }
        self.fb.switch_to(body);
        self.block_stmt(&f.body);
        self.start(post);
        // A new copy of each captured loop variable, before the post statement.
        for (o, t) in per_iter {
            let old = self.var_addr(o);
            let v = self.load_at(old, t);
            let p = self.new_object(t);
            self.store_at(Addr::new(p, MemKind::Fresh), t, v);
            if let Some(&Storage::Boxed(l)) = self.vars.get(&o) {
                let a = self.fb.local_addr(l);
                self.fb.store(a, p, MemFlags::default());
            }
        }
        if let Some(p) = &f.post {
            self.stmt(p);
        }
        self.fb.jump(head);
        self.loop_depth -= 1;
        self.fb.switch_to(exit);
    }

    /// Loop variables that live in objects: their addresses move to locals, so that iterations can have objects of their own.
    fn loop_boxes(&mut self, init: Option<&'static Stmt>) -> Vec<(Obj, Type)> {
        let mut out = Vec::new();
        let Some(StmtKind::AssignStmt(a)) = init.map(|s| &s.kind) else { return out };
        if a.op != AssignOp::Define {
            return out;
        }
        for l in &a.lhs {
            let Some(o) = l.as_ident().and_then(|i| self.sh.info.def_of(i)) else { continue };
            if let Some(&Storage::Addr(v, MemKind::Heap)) = self.vars.get(&o) {
                let l = self.fb.local(o.name(), Ty::PTR);
                let a = self.fb.local_addr(l);
                self.fb.store(a, v, MemFlags::default());
                self.vars.insert(o, Storage::Boxed(l));
                let t = self.subst(o.typ());
                out.push((o, t));
            }
        }
        out
    }

    fn send(&mut self, s: &'static Stmt, x: &'static SendStmt) {
        let ct = self.value_type(&x.chan);
        let Type::Chan(c) = ct.underlying() else { panic!("internal compiler error: send to {ct}") };
        let (ch, v) = self.eval_pair(&x.chan, ct, &x.value, c.elem());
        self.set_pos(s.pos);
        let p = self.spill(v, c.elem());
        self.rt("chansend1", &[Ty::PTR, Ty::PTR], &[], vec![ch, p]);
    }

    // --- return

    /// Types and addresses of the results of the function to return from.
    fn outer_results(&self) -> Vec<Type> {
        match &self.range_body {
            Some(rb) => rb.outer_results.iter().map(|r| r.1).collect(),
            None => self.results.iter().map(|r| r.typ).collect(),
        }
    }

    fn return_stmt(&mut self, s: &'static Stmt, l: &'static [Expr]) {
        let types = self.outer_results();
        if !l.is_empty() {
            let mut vals = Vec::new();
            if l.len() == 1 && types.len() > 1 {
                for ((v, from), t) in self.expr_multi(&l[0]).into_iter().zip(&types) {
                    let v = self.value_conv(v, from, *t);
                    vals.push(v);
                }
            } else {
                let list: Vec<(&'static Expr, Type)> = l.iter().zip(types.iter().copied()).collect();
                vals = self.eval_list(&list);
            }
            self.set_pos(s.pos);
            return self.return_values(&types, vals);
        }
        if self.range_body.is_some() {
            return self.jump_to(ExitKind::Return);
        }
        self.return_current();
    }

    fn return_values(&mut self, types: &[Type], vals: Vec<Value>) {
        if self.range_body.is_none() && self.defer.is_none() && self.results.iter().all(|r| !matches!(r.storage, Some(Storage::Addr(..)))) {
            // Nobody can look at the result variables any more.
            return self.fb.term(Term::Ret(vals));
        }
        let mut vs = Vec::new();
        for (v, t) in vals.into_iter().zip(types) {
            vs.push(if types.len() > 1 { self.snapshot(v, *t) } else { v });
        }
        if self.range_body.is_some() {
            for (i, (v, t)) in vs.into_iter().zip(types).enumerate() {
                let p = self.range_body.as_ref().map(|rb| rb.outer_results[i].0).unwrap_or(v);
                self.store_at(Addr::new(p, MemKind::Heap), *t, v);
            }
            return self.jump_to(ExitKind::Return);
        }
        let slots: Vec<ResultSlot> = self.results.clone();
        for ((v, t), r) in vs.iter().zip(types).zip(&slots) {
            if let Some(st) = r.storage {
                let a = self.storage_addr(st);
                self.store_at(a, *t, *v);
            }
        }
        if self.defer.is_some() {
            return self.return_deferred();
        }
        self.fb.term(Term::Ret(vs));
    }

    /// Returns the result variables as they are.
    pub(crate) fn return_current(&mut self) {
        if self.defer.is_some() {
            return self.return_deferred();
        }
        let slots = self.results.clone();
        let mut vs = Vec::new();
        for r in slots {
            match r.storage {
                Some(s) => {
                    let a = self.storage_addr(s);
                    vs.push(self.load_at(a, r.typ));
                }
                // The end of a function with unnamed results is never reached.
                None => return self.fb.term(Term::Unreachable),
            }
        }
        self.fb.term(Term::Ret(vs));
    }
}
