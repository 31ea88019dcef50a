//! Escape analysis on small functions: which allocations stay on the heap.

use rgo_ir::{Callee, FuncAttrs, FunctionBuilder, Linkage, Loc, Module, Op, Term, Ty, Value};

use crate::optimize;

fn func(m: &mut Module, name: &str, params: &[Ty], results: &[Ty], body: impl FnOnce(&mut Module, &mut FunctionBuilder)) {
    let sym = m.sym(name);
    let sig = m.sig(params, results);
    let mut fb = FunctionBuilder::new(m, sym, sig, Linkage::External, FuncAttrs::default(), Loc::default());
    body(m, &mut fb);
    let f = fb.finish();
    m.functions.push(f);
}

fn new(m: &mut Module, fb: &mut FunctionBuilder, ty: Ty) -> Value {
    let desc = m.sym("type:t");
    fb.emit1(Op::New { ty, desc }, Ty::PTR)
}

/// Number of allocations left in function `name`.
fn heap(m: &Module, name: &str) -> usize {
    let s = m.find_sym(name).unwrap();
    let f = m.functions.iter().find(|f| f.sym == s).unwrap();
    f.blocks.iter().flat_map(|b| &b.insts).filter(|i| matches!(i.op, Op::New { .. } | Op::MakeSlice { .. })).count()
}

fn run(m: &mut Module) {
    optimize(m, &|_| None, false);
    for f in &m.functions {
        assert!(f.blocks.iter().all(|b| b.term.is_some()));
    }
}

#[test]
fn local_use_stays_in_the_frame() {
    let mut m = Module::new("p");
    func(&mut m, "p.f", &[], &[Ty::I64], |m, fb| {
        let p = new(m, fb, Ty::I64);
        let c = fb.i64(7);
        fb.store(p, c, Default::default());
        let v = fb.load(Ty::I64, p);
        fb.term(Term::Ret(vec![v]));
    });
    run(&mut m);
    assert_eq!(heap(&m, "p.f"), 0);
}

#[test]
fn returned_stored_and_passed_objects_escape() {
    let mut m = Module::new("p");
    func(&mut m, "p.ret", &[], &[Ty::PTR], |m, fb| {
        let p = new(m, fb, Ty::I64);
        fb.term(Term::Ret(vec![p]));
    });
    func(&mut m, "p.global", &[], &[], |m, fb| {
        let p = new(m, fb, Ty::I64);
        let g = m.sym("p.g");
        let a = fb.sym_addr(g);
        fb.store(a, p, Default::default());
        fb.term(Term::Ret(vec![]));
    });
    func(&mut m, "p.unknown", &[], &[], |m, fb| {
        let p = new(m, fb, Ty::I64);
        fb.call(m, "q.f", &[Ty::PTR], &[], vec![p]);
        fb.term(Term::Ret(vec![]));
    });
    func(&mut m, "p.param", &[Ty::PTR], &[], |m, fb| {
        let p = new(m, fb, Ty::I64);
        let q = fb.param(0);
        fb.store(q, p, Default::default());
        fb.term(Term::Ret(vec![]));
    });
    run(&mut m);
    for f in ["p.ret", "p.global", "p.unknown", "p.param"] {
        assert_eq!(heap(&m, f), 1, "{f}");
    }
}

#[test]
fn summaries_of_callees_are_used() {
    let mut m = Module::new("p");
    // reads *p; returns p; keeps *p
    func(&mut m, "p.read", &[Ty::PTR], &[Ty::I64], |_, fb| {
        let q = fb.param(0);
        let v = fb.load(Ty::I64, q);
        fb.term(Term::Ret(vec![v]));
    });
    func(&mut m, "p.id", &[Ty::PTR], &[Ty::PTR], |_, fb| {
        let q = fb.param(0);
        fb.term(Term::Ret(vec![q]));
    });
    func(&mut m, "p.keep", &[Ty::PTR], &[], |m, fb| {
        let q = fb.param(0);
        let v = fb.load(Ty::PTR, q);
        let g = m.sym("p.g");
        let a = fb.sym_addr(g);
        fb.store(a, v, Default::default());
        fb.term(Term::Ret(vec![]));
    });
    func(&mut m, "p.a", &[], &[], |m, fb| {
        let p = new(m, fb, Ty::I64);
        fb.call(m, "p.read", &[Ty::PTR], &[Ty::I64], vec![p]);
        let r = fb.call(m, "p.id", &[Ty::PTR], &[Ty::PTR], vec![p]);
        fb.load(Ty::I64, r[0]);
        fb.term(Term::Ret(vec![]));
    });
    func(&mut m, "p.b", &[], &[Ty::PTR], |m, fb| {
        let p = new(m, fb, Ty::I64);
        let r = fb.call(m, "p.id", &[Ty::PTR], &[Ty::PTR], vec![p]);
        fb.term(Term::Ret(vec![r[0]]));
    });
    func(&mut m, "p.c", &[], &[], |m, fb| {
        // outer stays, inner is kept
        let outer = new(m, fb, Ty::PTR);
        let inner = new(m, fb, Ty::I64);
        fb.store(outer, inner, Default::default());
        fb.call(m, "p.keep", &[Ty::PTR], &[], vec![outer]);
        fb.term(Term::Ret(vec![]));
    });
    run(&mut m);
    assert_eq!(heap(&m, "p.a"), 0);
    assert_eq!(heap(&m, "p.b"), 1);
    assert_eq!(heap(&m, "p.c"), 1);
}

#[test]
fn what_is_behind_a_parameter_may_move_there() {
    let mut m = Module::new("p");
    // x.a = x.b, and x.a = y.a
    func(&mut m, "p.own", &[Ty::PTR], &[], |_, fb| {
        let x = fb.param(0);
        let b = fb.ptr_add(x, 8);
        let v = fb.load(Ty::PTR, b);
        fb.store(x, v, Default::default());
        fb.term(Term::Ret(vec![]));
    });
    func(&mut m, "p.other", &[Ty::PTR, Ty::PTR], &[], |_, fb| {
        let (x, y) = (fb.param(0), fb.param(1));
        let v = fb.load(Ty::PTR, y);
        fb.store(x, v, Default::default());
        fb.term(Term::Ret(vec![]));
    });
    func(&mut m, "p.f", &[], &[], |m, fb| {
        let (x, v) = (new(m, fb, Ty::STRING), new(m, fb, Ty::I64));
        fb.store(x, v, Default::default());
        fb.call(m, "p.own", &[Ty::PTR], &[], vec![x]);
        fb.term(Term::Ret(vec![]));
    });
    // What comes out may be either.
    func(&mut m, "p.g", &[], &[Ty::PTR], |m, fb| {
        let (x, v) = (new(m, fb, Ty::STRING), new(m, fb, Ty::I64));
        let b = fb.ptr_add(x, 8);
        fb.store(b, v, Default::default());
        fb.call(m, "p.own", &[Ty::PTR], &[], vec![x]);
        let r = fb.load(Ty::PTR, x);
        fb.term(Term::Ret(vec![r]));
    });
    func(&mut m, "p.h", &[Ty::PTR], &[], |m, fb| {
        let (y, v, x) = (new(m, fb, Ty::PTR), new(m, fb, Ty::I64), fb.param(0));
        fb.store(y, v, Default::default());
        fb.call(m, "p.other", &[Ty::PTR, Ty::PTR], &[], vec![x, y]);
        fb.term(Term::Ret(vec![]));
    });
    run(&mut m);
    assert_eq!([heap(&m, "p.f"), heap(&m, "p.g"), heap(&m, "p.h")], [0, 1, 1]);
}

#[test]
fn a_length_is_not_the_slice() {
    let mut m = Module::new("p");
    func(&mut m, "p.len", &[Ty::SLICE], &[Ty::I64], |_, fb| {
        let s = fb.param(0);
        let n = fb.emit1(Op::Extract(s, 1), Ty::I64);
        fb.term(Term::Ret(vec![n]));
    });
    func(&mut m, "p.f", &[], &[Ty::I64], |m, fb| {
        let p = new(m, fb, Ty::I64);
        let n = fb.i64(1);
        let s = fb.emit1(Op::Aggregate(vec![p, n, n]), Ty::SLICE);
        let r = fb.call(m, "p.len", &[Ty::SLICE], &[Ty::I64], vec![s]);
        fb.term(Term::Ret(vec![r[0]]));
    });
    run(&mut m);
    assert_eq!(heap(&m, "p.f"), 0);
}

/// for { x := new; [prev read]; prev = x }
fn looping(read_prev: bool) -> usize {
    let mut m = Module::new("p");
    func(&mut m, "p.f", &[Ty::BOOL], &[], |m, fb| {
        let prev = fb.local("prev", Ty::PTR);
        let pa = fb.local_addr(prev);
        let null = fb.null();
        fb.store(pa, null, Default::default());
        let (head, done) = (fb.block(), fb.block());
        fb.jump(head);
        fb.switch_to(head);
        let x = new(m, fb, Ty::PTR);
        if read_prev {
            let old = fb.load(Ty::PTR, pa);
            fb.store(x, old, Default::default());
        }
        fb.store(pa, x, Default::default());
        let c = fb.param(0);
        fb.branch(c, head, done);
        fb.switch_to(done);
        fb.term(Term::Ret(vec![]));
    });
    run(&mut m);
    heap(&m, "p.f")
}

#[test]
fn loops_keep_objects_of_earlier_rounds_apart() {
    assert_eq!(looping(true), 1);
    assert_eq!(looping(false), 0);
}

#[test]
fn closures_called_by_a_callee() {
    let mut m = Module::new("p");
    // closure body: reads its captured pointer
    func(&mut m, "p.body", &[], &[], |_, fb| {
        let ctx = fb.emit1(Op::Intrinsic(rgo_ir::Intrinsic::ClosureCtx, vec![]), Ty::PTR);
        let a = fb.ptr_add(ctx, 8);
        let p = fb.load(Ty::PTR, a);
        fb.load(Ty::I64, p);
        fb.term(Term::Ret(vec![]));
    });
    func(&mut m, "p.apply", &[Ty::PTR], &[], |m, fb| {
        let f = fb.param(0);
        let sig = m.sig(&[], &[]);
        fb.emit(Op::Call { callee: Callee::Closure(f), sig, args: vec![] }, &[]);
        fb.term(Term::Ret(vec![]));
    });
    func(&mut m, "p.f", &[], &[], |m, fb| {
        let x = new(m, fb, Ty::I64);
        let rt = m.types.mk_struct(&[Ty::PTR, Ty::PTR]);
        let rec = new(m, fb, rt);
        let s = m.sym("p.body");
        let code = fb.sym_addr(s);
        fb.store(rec, code, Default::default());
        let a = fb.ptr_add(rec, 8);
        fb.store(a, x, Default::default());
        fb.call(m, "p.apply", &[Ty::PTR], &[], vec![rec]);
        fb.term(Term::Ret(vec![]));
    });
    run(&mut m);
    assert_eq!(heap(&m, "p.f"), 0);
}

#[test]
fn converted_strings_that_stay_get_a_buffer() {
    let mut m = Module::new("p");
    let convert = |m: &mut Module, fb: &mut FunctionBuilder| {
        let null = fb.null();
        let (p, n) = (fb.param(0), fb.param(1));
        fb.call(m, "runtime.slicebytetostring", &[Ty::PTR, Ty::PTR, Ty::I64], &[Ty::STRING], vec![null, p, n])[0]
    };
    func(&mut m, "p.read", &[Ty::PTR, Ty::I64], &[Ty::I64], |m, fb| {
        let s = convert(m, fb);
        let r = fb.call(m, "runtime.cmpstring", &[Ty::STRING, Ty::STRING], &[Ty::I64], vec![s, s]);
        fb.term(Term::Ret(vec![r[0]]));
    });
    func(&mut m, "p.ret", &[Ty::PTR, Ty::I64], &[Ty::STRING], |m, fb| {
        let s = convert(m, fb);
        fb.term(Term::Ret(vec![s]));
    });
    func(&mut m, "p.unknown", &[Ty::PTR, Ty::I64], &[], |m, fb| {
        let s = convert(m, fb);
        fb.call(m, "p.extern", &[Ty::STRING], &[], vec![s]);
        fb.term(Term::Ret(vec![]));
    });
    run(&mut m);
    let locals = |name: &str| {
        let s = m.find_sym(name).unwrap();
        m.functions.iter().find(|f| f.sym == s).unwrap().locals.len()
    };
    assert_eq!(locals("p.read"), 1);
    assert_eq!(locals("p.ret"), 0);
    assert_eq!(locals("p.unknown"), 0);
}

/// Number of conversions to interfaces that allocate in function `name`.
fn boxes(m: &Module, name: &str) -> usize {
    let s = m.find_sym(name).unwrap();
    let f = m.functions.iter().find(|f| f.sym == s).unwrap();
    let boxing = |i: &&rgo_ir::Inst| matches!(&i.op, Op::Call { callee: Callee::Direct(c), .. } if m.sym_name(*c).starts_with("runtime.convT"));
    f.blocks.iter().flat_map(|b| &b.insts).filter(boxing).count()
}

#[test]
fn boxes_stay_in_the_frame_unless_they_or_their_holders_leave() {
    let mut m = Module::new("p");
    let boxed = |m: &mut Module, fb: &mut FunctionBuilder| {
        let s = fb.param(0);
        let b = fb.call(m, "runtime.convTstring", &[Ty::STRING], &[Ty::PTR], vec![s])[0];
        let t = m.sym("type:string");
        let t = fb.sym_addr(t);
        fb.aggregate(Ty::IFACE, vec![t, b])
    };
    // q reads the box; keep stores the interface; ret returns it.
    func(&mut m, "p.q", &[Ty::IFACE], &[Ty::STRING], |m, fb| {
        let x = fb.param(0);
        let p = fb.extract(&m.types, x, 1);
        let s = fb.load(Ty::STRING, p);
        fb.term(Term::Ret(vec![s]));
    });
    func(&mut m, "p.reads", &[Ty::STRING], &[Ty::STRING], |m, fb| {
        let x = boxed(m, fb);
        let s = fb.call(m, "p.q", &[Ty::IFACE], &[Ty::STRING], vec![x]);
        fb.term(Term::Ret(s));
    });
    func(&mut m, "p.keep", &[Ty::STRING], &[], |m, fb| {
        let x = boxed(m, fb);
        let g = m.sym("p.g");
        let a = fb.sym_addr(g);
        fb.store(a, x, Default::default());
        fb.term(Term::Ret(vec![]));
    });
    func(&mut m, "p.ret", &[Ty::STRING], &[Ty::IFACE], |m, fb| {
        let x = boxed(m, fb);
        fb.term(Term::Ret(vec![x]));
    });
    let sums = optimize(&mut m, &|_| None, false);
    assert_eq!([boxes(&m, "p.reads"), boxes(&m, "p.keep"), boxes(&m, "p.ret")], [0, 1, 1]);
    // The string's bytes follow the box.
    let leaks = |f: &str| sums.get(f).unwrap().params[0].leak0;
    assert_eq!([leaks("p.reads"), leaks("p.keep")], [false, true]);
}

/// A function with one deferred closure that holds the address of a variable, and what the closure does with that.
fn deferring(in_closure: &str, result: &str) -> usize {
    let text = r#"module "p"
type t14 = struct {ptr 0, ptr 8, i64 16, i64 24, ptr 32, ptr 40, i64 48, i64 56, ptr 64} size 72 align 8
type t15 = struct {ptr 0, ptr 8} size 16 align 8

func external @p.f.func1 () -> () noinline loc 0:1 {
b0:
  v0: ptr = intrinsic closurectx ()
  v1: ptr = ptradd v0, 8
  v2: ptr = load v1
  v3: ptr = sym @p.g+0
  v4: ptr = null
  IN_CLOSURE
  ret ()
}

func external @p.f () -> (ptr) noinline loc 0:1 pad b4 {
  local l0 "x" ptr
  local l1 "deferframe" t14
  local l2 "defer" t15
  local l3 "defer.fn" ptr
b0:
  v2: ptr = local l1
  v3: ptr = intrinsic getg ()
  v4: ptr = ptradd v3, 48
  v5: ptr = load v4
  v9: ptr = null
  store v2, v5
  v10: ptr = ptradd v2, 8
  store v10, v3
  v14: ptr = ptradd v2, 40
  store v14, v9
  v15: ptr = ptradd v3, 48
  store v15, v2
  v17: ptr = new i64, @type:int
  v20: ptr = new t15, @"type:struct { X0 unsafe.Pointer; X1 unsafe.Pointer }"
  v21: ptr = sym @p.f.func1+0
  store v20, v21 init
  v22: ptr = ptradd v20, 8
  store v22, v17 barrier init
  v25: ptr = local l3
  store v25, v20
  v26: ptr = local l2
  v28: ptr = load v14
  store v26, v28
  v29: ptr = ptradd v26, 8
  store v29, v20
  store v14, v26
  v27: ptr = ptradd v2, 64
  store v27, RESULT
  jump b1
b1:
  v39: ptr = ptradd v2, 40
  v40: ptr = load v39
  v42: bool = cmp eq v40, v26
  if v42, b2, b3 likely
b2:
  v43: ptr = load v26
  store v39, v43
  v44: ptr = local l3
  v45: ptr = load v44
  nilcheck v45
  call closure v45 () -> () ()
  jump b3
b3:
  v46: ptr = ptradd v2, 8
  v47: ptr = load v46
  v48: ptr = load v2
  v49: ptr = ptradd v47, 48
  store v49, v48
  v31: ptr = ptradd v2, 64
  v32: ptr = load v31
  ret (v32)
b4:
  v50: ptr = intrinsic padrecord ()
  jump b5
b5:
  v51: ptr = ptradd v50, 40
  v52: ptr = load v51
  v53: ptr = null
  v54: bool = cmp eq v52, v53
  if v54, b7, b6
b6:
  v55: ptr = load v52
  store v51, v55
  v56: ptr = ptradd v52, 8
  v57: ptr = load v56
  nilcheck v57
  call closure v57 () -> () ()
  jump b5
b7:
  v58: ptr = ptradd v50, 8
  v59: ptr = load v58
  v60: ptr = load v50
  v61: ptr = ptradd v59, 48
  store v61, v60
  v33: ptr = ptradd v50, 64
  v34: ptr = load v33
  ret (v34)
}
"#;
    let mut m = rgo_ir::parse(&text.replace("IN_CLOSURE", in_closure).replace("RESULT", result)).expect("IR");
    run(&mut m);
    rgo_ir::verify(&m).expect("verifies");
    heap(&m, "p.f")
}

#[test]
fn deferred_closures_stay_in_the_frame() {
    assert_eq!(deferring("store v2, v4", "v9"), 0);
    // The variable, or the closure's record, outlives the call.
    assert_eq!(deferring("store v3, v2 barrier", "v9"), 1);
    assert_eq!(deferring("store v3, v0 barrier", "v9"), 2);
    assert_eq!(deferring("store v2, v4", "v17"), 1);
    assert_eq!(deferring("store v2, v4", "v20"), 2);
}
