//! Inlining on IR text.

use rgo_ir::{Callee, Function, Module, Op};

fn run(text: &str) -> Module {
    let mut m = rgo_ir::parse(text).unwrap();
    rgo_ir::verify(&m).unwrap();
    crate::inline::run(&mut m, false);
    if let Err(e) = rgo_ir::verify(&m) {
        panic!("{e:?}\n{}", rgo_ir::print(&m));
    }
    let again = rgo_ir::parse(&rgo_ir::print(&m)).unwrap();
    assert_eq!(rgo_ir::print(&again), rgo_ir::print(&m));
    m
}

fn func<'a>(m: &'a Module, name: &str) -> &'a Function {
    m.functions.iter().find(|f| m.sym_name(f.sym) == name).unwrap()
}

fn calls(m: &Module, name: &str) -> usize {
    func(m, name).blocks.iter().flat_map(|b| &b.insts).filter(|i| matches!(i.op, Op::Call { .. })).count()
}

const ADD: &str = "func external @p.add (i64, i64) -> (i64) loc 0:1 {
b0:
  v0: i64 = param 0 !0:1
  v1: i64 = param 1
  v2: i64 = add v0, v1 !0:2
  ret (v2)
}
";

#[test]
fn small_functions_bring_their_places() {
    let m = run(&format!(
        "module \"p\"\nfile \"a.go\"\n{ADD}func external @p.twice (i64) -> (i64) loc 0:5 {{
b0:
  v0: i64 = param 0 !0:5
  v1: i64 = call @p.add (i64, i64) -> (i64) (v0, v0) !0:6
  ret (v1)
}}
func external @p.f (i64) -> (i64) loc 0:10 {{
b0:
  v0: i64 = param 0 !0:10
  v1: i64 = call @p.twice (i64) -> (i64) (v0) !0:11
  ret (v1)
}}
"
    ));
    assert_eq!(calls(&m, "p.f"), 0);
    let f = func(&m, "p.f");
    let names: Vec<(&str, u32, u32)> = f.inlined.iter().map(|n| (m.sym_name(n.sym), n.call.line, n.call.at)).collect();
    assert_eq!(names, [("p.twice", 11, 0), ("p.add", 6, 1)]);
    let add = f.blocks.iter().flat_map(|b| &b.insts).find(|i| matches!(i.op, Op::Bin(..))).unwrap();
    assert_eq!((add.loc.line, add.loc.at), (2, 2));
}

#[test]
fn closures_with_known_code() {
    let m = run("module \"p\"\nfile \"a.go\"
func external @p.each (ptr) -> () loc 0:1 {
  local l0 \"yield\" ptr
b0:
  v0: ptr = param 0 !0:1
  v1: ptr = local l0
  store v1, v0
  v2: ptr = load v1
  v3: i64 = int 7
  call closure v2 (i64) -> () (v3) !0:2
  ret ()
}
func external @p.f.func1 (i64) -> () loc 0:6 {
b0:
  v0: i64 = param 0 !0:6
  v1: ptr = intrinsic closurectx ()
  v2: ptr = ptradd v1, 8
  v3: ptr = load v2
  store v3, v0
  ret ()
}
func external @p.f () -> (i64) loc 0:5 {
b0:
  v0: ptr = new i64, @type:int !0:5
  v1: ptr = new string, @\"type:struct { X0 unsafe.Pointer; X1 unsafe.Pointer }\"
  v2: ptr = sym @p.f.func1+0
  store v1, v2 init
  v3: ptr = ptradd v1, 8
  store v3, v0 init
  call @p.each (ptr) -> () (v1) !0:6
  v4: i64 = load v0
  ret (v4)
}
");
    assert_eq!(calls(&m, "p.f"), 0);
    let mut m = m;
    crate::escape::run(&mut m, &|_| None);
    assert!(!func(&m, "p.f").blocks.iter().flat_map(|b| &b.insts).any(|i| matches!(i.op, Op::New { .. })));
}

#[test]
fn methods_of_known_tables_become_direct() {
    let m = run("module \"p\"\nfile \"a.go\"
global linkonce @\"go:itab.T,I\" size 32 align 8 readonly { zero 24, addr @p.T.M+0 }
func external @p.f (ptr) -> () loc 0:1 {
b0:
  v0: ptr = param 0 !0:1
  v1: ptr = sym @\"go:itab.T,I\"+0
  v2: iface = aggregate (v1, v0)
  v3: ptr = extract v2, 0
  v4: ptr = ptradd v3, 24
  v5: ptr = load v4
  v6: ptr = extract v2, 1
  call code v5 (ptr) -> () (v6)
  ret ()
}
");
    let f = func(&m, "p.f");
    let direct = f.blocks.iter().flat_map(|b| &b.insts).any(|i| matches!(&i.op, Op::Call { callee: Callee::Direct(s), .. } if m.sym_name(*s) == "p.T.M"));
    assert!(direct);
}

#[test]
fn recursion_and_frames_stay() {
    let m = run("module \"p\"\nfile \"a.go\"
func external @p.rec (i64) -> (i64) loc 0:1 {
b0:
  v0: i64 = param 0 !0:1
  v1: i64 = call @p.rec (i64) -> (i64) (v0)
  ret (v1)
}
func external @p.frame () -> (i64) loc 0:3 {
b0:
  v0: i64 = intrinsic parentframeaddr () !0:3
  ret (v0)
}
func external @p.f (i64) -> (i64) loc 0:5 {
b0:
  v0: i64 = param 0 !0:5
  v1: i64 = call @p.rec (i64) -> (i64) (v0)
  v2: i64 = call @p.frame () -> (i64) ()
  v3: i64 = add v1, v2
  ret (v3)
}
");
    assert_eq!(calls(&m, "p.f"), 2);
    assert_eq!(calls(&m, "p.rec"), 1);
}

#[test]
fn memory_parameters_are_copied() {
    let m = run("module \"p\"\nfile \"a.go\"
type t14 = array i64 8 size 64 align 8
func external @p.g (t14) -> (t14) loc 0:1 {
b0:
  v0: ptr = param 0 !0:1
  v1: i64 = int 1
  store v0, v1
  ret (v0)
}
func external @p.f (t14) -> (i64) loc 0:5 {
b0:
  v0: ptr = param 0 !0:5
  v1: ptr = call @p.g (t14) -> (t14) (v0)
  v2: i64 = load v0
  v3: i64 = load v1
  v4: i64 = add v2, v3
  ret (v4)
}
");
    let copies = func(&m, "p.f").blocks.iter().flat_map(|b| &b.insts).filter(|i| matches!(i.op, Op::Copy { .. })).count();
    assert_eq!((calls(&m, "p.f"), copies), (0, 2));
}
