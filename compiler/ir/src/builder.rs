//! Building one function, instruction by instruction.

use crate::inst::*;
use crate::module::*;
use crate::types::{Ty, Types};

/// Builds a [`Function`]. Types and symbols are interned in the module that the caller holds; the builder keeps only the function,
/// so that several functions (a closure inside its parent) can be under construction at once.
pub struct FunctionBuilder {
    pub func: Function,
    cur: Block,
    loc: Loc,
    params: Vec<Value>,
}

impl FunctionBuilder {
    /// Starts a function: creates the entry block and one value per parameter.
    pub fn new(m: &mut Module, sym: Sym, sig: Sig, linkage: Linkage, attrs: FuncAttrs, loc: Loc) -> FunctionBuilder {
        let params = m.sig_data(sig).params.clone();
        let mut b = FunctionBuilder {
            func: Function {
                sym,
                display_name: None,
                linkage,
                sig,
                attrs,
                loc,
                locals: Vec::new(),
                values: Vec::new(),
                blocks: Vec::new(),
                pad: None,
                inlined: Vec::new(),
            },
            cur: Block(0),
            loc,
            params: Vec::new(),
        };
        b.cur = b.block();
        for (i, t) in params.iter().enumerate() {
            let v = b.emit1(Op::Param(i as u32), m.types.operand(*t));
            b.params.push(v);
        }
        b
    }

    pub fn param(&self, i: usize) -> Value {
        self.params[i]
    }

    pub fn params(&self) -> &[Value] {
        &self.params
    }

    pub fn set_loc(&mut self, loc: Loc) {
        self.loc = loc;
    }

    pub fn loc(&self) -> Loc {
        self.loc
    }

    pub fn block(&mut self) -> Block {
        self.func.blocks.push(BlockData { insts: Vec::new(), term: None, term_loc: Loc::default() });
        Block(self.func.blocks.len() as u32 - 1)
    }

    pub fn current(&self) -> Block {
        self.cur
    }

    pub fn switch_to(&mut self, b: Block) {
        self.cur = b;
    }

    /// Whether the current block already ended.
    pub fn terminated(&self) -> bool {
        self.func.blocks[self.cur.0 as usize].term.is_some()
    }

    /// Ends the current block; ignored when it already ended (dead code after return, panic, goto).
    pub fn term(&mut self, t: Term) {
        let loc = self.loc;
        let b = &mut self.func.blocks[self.cur.0 as usize];
        if b.term.is_none() {
            b.term = Some(t);
            b.term_loc = loc;
        }
    }

    pub fn jump(&mut self, b: Block) {
        self.term(Term::Jump(b));
    }

    pub fn branch(&mut self, cond: Value, then: Block, els: Block) {
        self.term(Term::If { cond, then, els, likely: None });
    }

    pub fn local(&mut self, name: &str, ty: Ty) -> Local {
        self.func.locals.push(LocalData { name: name.to_string(), ty });
        Local(self.func.locals.len() as u32 - 1)
    }

    fn new_value(&mut self, ty: Ty) -> Value {
        self.func.values.push(ty);
        Value(self.func.values.len() as u32 - 1)
    }

    /// Appends an instruction with result types `tys`. In a terminated block, a fresh unreachable block is opened first.
    pub fn emit(&mut self, op: Op, tys: &[Ty]) -> Vec<Value> {
        if self.terminated() {
            self.cur = self.block();
        }
        let results: Vec<Value> = tys.iter().map(|&t| self.new_value(t)).collect();
        let loc = self.loc;
        self.func.blocks[self.cur.0 as usize].insts.push(Inst { op, results: results.clone(), loc });
        results
    }

    pub fn emit1(&mut self, op: Op, ty: Ty) -> Value {
        self.emit(op, &[ty])[0]
    }

    pub fn emit0(&mut self, op: Op) {
        self.emit(op, &[]);
    }

    pub fn ty(&self, v: Value) -> Ty {
        self.func.ty(v)
    }

    pub fn int(&mut self, ty: Ty, v: u64) -> Value {
        self.emit1(Op::Int(v), ty)
    }

    pub fn i64(&mut self, v: i64) -> Value {
        self.emit1(Op::Int(v as u64), Ty::I64)
    }

    pub fn bool(&mut self, v: bool) -> Value {
        self.emit1(Op::Int(v as u64), Ty::BOOL)
    }

    pub fn null(&mut self) -> Value {
        self.emit1(Op::Null, Ty::PTR)
    }

    pub fn sym_addr(&mut self, s: Sym) -> Value {
        self.emit1(Op::SymAddr(s, 0), Ty::PTR)
    }

    pub fn bin(&mut self, op: BinOp, a: Value, b: Value) -> Value {
        let t = self.ty(a);
        self.emit1(Op::Bin(op, a, b), t)
    }

    pub fn cmp(&mut self, op: CmpOp, a: Value, b: Value) -> Value {
        self.emit1(Op::Cmp(op, a, b), Ty::BOOL)
    }

    pub fn conv(&mut self, op: ConvOp, v: Value, to: Ty) -> Value {
        self.emit1(Op::Conv(op, v), to)
    }

    pub fn extract(&mut self, types: &Types, agg: Value, i: u32) -> Value {
        let t = types.part(self.ty(agg), i as usize).0;
        self.emit1(Op::Extract(agg, i), t)
    }

    pub fn aggregate(&mut self, ty: Ty, parts: Vec<Value>) -> Value {
        self.emit1(Op::Aggregate(parts), ty)
    }

    pub fn local_addr(&mut self, l: Local) -> Value {
        self.emit1(Op::LocalAddr(l), Ty::PTR)
    }

    pub fn load(&mut self, ty: Ty, addr: Value) -> Value {
        self.emit1(Op::Load { addr, flags: MemFlags::default() }, ty)
    }

    pub fn store(&mut self, addr: Value, value: Value, flags: MemFlags) {
        self.emit0(Op::Store { addr, value, flags });
    }

    pub fn ptr_add(&mut self, p: Value, off: i64) -> Value {
        if off == 0 {
            return p;
        }
        self.emit1(Op::PtrAdd(p, off), Ty::PTR)
    }

    /// Calls by symbol; returns one value per result.
    pub fn call(&mut self, m: &mut Module, sym: &str, params: &[Ty], results: &[Ty], args: Vec<Value>) -> Vec<Value> {
        let s = m.sym(sym);
        let sig = m.sig(params, results);
        let tys: Vec<Ty> = results.iter().map(|&t| m.types.operand(t)).collect();
        self.emit(Op::Call { callee: Callee::Direct(s), sig, args }, &tys)
    }

    /// Ends construction; open blocks become unreachable.
    pub fn finish(mut self) -> Function {
        for b in &mut self.func.blocks {
            if b.term.is_none() {
                b.term = Some(Term::Unreachable);
            }
        }
        self.func
    }
}
