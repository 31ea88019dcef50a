//! Package variables that keep their initial value: other variables may be given a copy of it at compile time.

use std::collections::HashSet;

use rgo_syntax::ast::{Expr, ExprKind, Stmt, StmtKind};
use rgo_syntax::token::Op;
use rgo_syntax::visit::{self, Visitor};
use rgo_types::{Info, Obj, Type, VarKind};

use crate::program::PackageData;

/// Variables that anything of the package may change: assigned, or their address taken.
pub(crate) fn changed(pd: &'static PackageData) -> HashSet<Obj> {
    let mut c = Changes { info: pd.info, changed: HashSet::new() };
    for f in &pd.files {
        visit::walk_file(&mut c, f);
    }
    c.changed
}

/// Is `o` a package variable of a type whose values can only be changed by naming the variable? Strings are not: `-X` sets them.
pub(crate) fn may_be_constant(pd: &'static PackageData, o: Obj) -> bool {
    o.var_kind() == Some(VarKind::Package)
        && o.pkg() == Some(pd.pkg)
        // Methods take the address of their receiver without a sign of it; so do slices of arrays. These types have neither.
        && matches!(o.typ().unalias(), Type::Pointer(_) | Type::Slice(_) | Type::Map(_) | Type::Signature(_) | Type::Chan(_))
        && pd.linknames.target(o.name()).is_none()
        && !pd.linknames.is_marked(o.name())
        && pd.assembly.get().is_none()
}

struct Changes {
    info: &'static Info,
    changed: HashSet<Obj>,
}

impl Changes {
    fn change(&mut self, x: &Expr) {
        if let ExprKind::Ident(id) = &x.unparen().kind {
            self.changed.extend(self.info.use_of(id));
        }
    }
}

impl Visitor for Changes {
    fn expr(&mut self, x: &Expr) -> bool {
        if let ExprKind::UnaryExpr(u) = &x.kind
            && u.op == Op::And
        {
            self.change(&u.x);
        }
        true
    }

    fn stmt(&mut self, s: &Stmt) -> bool {
        match &s.kind {
            StmtKind::AssignStmt(a) => a.lhs.iter().for_each(|x| self.change(x)),
            StmtKind::IncDecStmt(i) => self.change(&i.x),
            StmtKind::RangeStmt(r) => r.lhs.iter().for_each(|x| self.change(x)),
            _ => {}
        }
        true
    }
}
