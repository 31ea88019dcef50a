//! Tests of predicates, texts, sizes and instances on checked source text.

use crate::api_predicates::{assignable_to, convertible_to, implements};
use crate::check::{Checker, Config};
use crate::context::Context;
use crate::instantiate::instantiate;
use crate::lookup::lookup_field_or_method;
use crate::package::Package;
use crate::predicates::{comparable, identical, identical_ignore_tags};
use crate::sizes::{alignof, offsetsof, sizeof};
use crate::syn::{FileSet, NodeIdGen, Symbol};
use crate::types::{BasicKind, Type};
use crate::universe::{typ, universe};
use rgo_syntax::{Mode, parse_file};

/// Checks a file without errors and returns its package.
fn check(src: &str) -> &'static Package {
    let mut ids = NodeIdGen::new();
    let r = parse_file(FileSet::global(), &mut ids, "t.go", format!("package p\n{src}").as_bytes(), Mode::default());
    assert!(r.errors.is_empty(), "{:?}", r.errors);
    let pkg = Package::new("path/p", "");
    let c = Checker::new(Config::default(), pkg, ids.table_len());
    c.check_files(&[Box::leak(Box::new(r.file))]);
    let errors: Vec<String> = c.diagnostics.borrow().iter().map(|d| d.text()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    pkg
}

fn t(p: &'static Package, name: &str) -> Type {
    p.lookup(name).unwrap_or_else(|| panic!("no {name}")).typ()
}

#[test]
fn texts() {
    let p = check(
        "type T[P any, Q interface{ ~int | string; m() }] struct { a, b P; c map[string]<-chan Q `tag:\"x\"` }
         type U struct{ T *T2 }
         type T2 int
         func (T2) m() {}
         var a T[int, T2]
         var f func(x int, y ...string) (n int, err error)
         var c chan (<-chan int)
         var d interface{ error; comparable0() bool }
         func g[K comparable, V any](m map[K]V) (keys []K) { return }",
    );
    assert_eq!(t(p, "T").to_string(), "path/p.T[P any, Q interface{m(); ~int | string}]");
    assert_eq!(t(p, "T").underlying().to_string(), "struct{a P; b P; c map[string]<-chan Q \"tag:\\\"x\\\"\"}");
    assert_eq!(t(p, "a").to_string(), "path/p.T[int, path/p.T2]");
    assert_eq!(t(p, "a").underlying().to_string(), "struct{a int; b int; c map[string]<-chan path/p.T2 \"tag:\\\"x\\\"\"}");
    assert_eq!(t(p, "f").to_string(), "func(x int, y ...string) (n int, err error)");
    assert_eq!(t(p, "c").to_string(), "chan (<-chan int)");
    assert_eq!(t(p, "d").to_string(), "interface{comparable0() bool; error}");
    assert_eq!(t(p, "g").to_string(), "func[K comparable, V any](m map[K]V) (keys []K)");
}

#[test]
fn identity() {
    let p = check(
        "type S1 struct { A int `x:\"1\"`; b string }
         type S2 struct { A int `x:\"2\"`; b string }
         type I1 interface { m(); n(byte) }
         type I2 interface { n(uint8); m() }
         type G[P any] []P
         type A[P any] = map[string]P
         var g1 G[rune]
         var g2 G[int32]
         var a1 A[int]
         var a2 map[string]int
         func f1[P any](x P) P { return x }
         func f2[Q any](x Q) (y Q) { return }",
    );
    let u = |n: &str| t(p, n).underlying();
    assert!(!identical(t(p, "S1"), t(p, "S2")));
    assert!(!identical(u("S1"), u("S2")));
    assert!(identical_ignore_tags(u("S1"), u("S2")));
    assert!(convertible_to(t(p, "S1"), t(p, "S2")));
    assert!(!assignable_to(t(p, "S1"), t(p, "S2")));
    assert!(identical(u("I1"), u("I2")));
    assert!(assignable_to(t(p, "I1"), t(p, "I2")));
    assert!(identical(t(p, "g1"), t(p, "g2")));
    assert!(identical(t(p, "a1"), t(p, "a2")));
    assert!(identical(t(p, "f1"), t(p, "f2")));
    assert!(identical(universe().byte, typ(BasicKind::Uint8)));
    assert!(comparable(t(p, "S1")) && comparable(t(p, "I1")) && !comparable(t(p, "g1")));
}

#[test]
fn sizes() {
    let p = check(
        "type S struct { a bool; b int64; c bool; d struct{} }
         type Z struct{}
         type C struct { a byte; c complex64; z complex128 }
         type Arr [3]S",
    );
    let Type::Struct(s) = t(p, "S").underlying() else { panic!() };
    assert_eq!(offsetsof(s.fields()), [0, 8, 16, 17]);
    // The final zero-size field takes a byte.
    assert_eq!(sizeof(t(p, "S")), 24);
    assert_eq!(sizeof(t(p, "Z")), 0);
    assert_eq!((sizeof(t(p, "C")), alignof(t(p, "C"))), (32, 8));
    assert_eq!(sizeof(t(p, "Arr")), 72);
}

#[test]
fn instances() {
    let p = check(
        "type L[P any] struct { next *L[P]; v P }
         func (l *L[P]) Get() P { return l.v }
         func (l L[P]) Map(f func(P) P) *L[P] { return nil }
         type Getter[P any] interface { Get() P }
         var gi Getter[int]",
    );
    let ctxt = Context::new();
    let l = instantiate(&ctxt, t(p, "L"), vec![typ(BasicKind::Int)]);
    assert_eq!(l, instantiate(&ctxt, t(p, "L"), vec![typ(BasicKind::Int)]));
    assert_eq!(l.underlying().to_string(), "struct{next *path/p.L[int]; v int}");
    let Type::Struct(s) = l.underlying() else { panic!() };
    // The recursive reference is the same instance.
    let Type::Pointer(next) = s.field(0).typ() else { panic!() };
    assert!(identical(next.elem(), l));
    let get = lookup_field_or_method(l, true, Some(p), Symbol::intern("Get"), false);
    assert_eq!(get.obj.map(|o| o.typ().to_string()).as_deref(), Some("func() int"));
    let map = lookup_field_or_method(l, false, Some(p), Symbol::intern("Map"), false).obj.expect("Map");
    assert_eq!(map.typ().to_string(), "func(f func(int) int) *path/p.L[int]");
    assert_eq!(map.origin(), t(p, "L").as_named().expect("named").method(1));
    let Type::Interface(gi) = t(p, "gi").underlying() else { panic!() };
    assert!(implements(Type::Pointer(crate::types::Pointer::new(l)), gi));
    assert!(!implements(l, gi));
}

const EXPORTED: &str = "
    type List[T any] struct { next *List[T]; val T; Tag int `k:\"v\"` }
    func (l *List[T]) Push(v T) *List[T] { return &List[T]{next: l, val: v} }
    func (l List[T]) Each() func(yield func(T) bool) { return nil }
    type Num interface{ ~int | ~float64; String() string }
    type Ordered[P interface{ Less(P) bool }] interface{ Sort(...P) }
    type R interface{ Read(p []byte) (n int, err error); inner() R }
    type RW interface{ R; Write(b []byte) (int, error) }
    type A = map[string]*List[int]
    type G[K comparable] = map[K][]R
    var g G[string]
    type E struct { R; *List[A]; x, Y int8; f func(a int, b ...rune) (c chan<- E); arr [3]<-chan struct{} }
    type small E
    func Map[K comparable, V any](m map[K]V, f func(K, V) V) (out G[K]) { return nil }
    const ( C0 = iota; C1 = 1 << 100; C2 = 1.5; C3 = 1e-5000; C4 = 2i; C5 = \"s\\x00t\"; C6 = true; C7 int8 = -7; C8 = 'x' )
    var v, w = 1, any(nil)
    var fn = func(e E) error { return nil }
    func init() {}
    func unexported(_ int, A uintptr) byte { return 0 }
";

fn import_again(data: &[u8]) -> Option<crate::export::Imported> {
    crate::export::import(data, "path/p", &|_| None, &["t.go".to_string()], &|_| Box::new(Vec::new))
}

#[test]
fn export_round_trip() {
    let p = check(EXPORTED);
    let source = |p: &'static Package| FileSet::global().file(p.lookup("List").unwrap().pos).unwrap();
    let wanted = |o: crate::object::Obj| matches!(o.name(), "Push" | "Map" | "unexported");
    let data = crate::export::export(p, vec![source(p)], &wanted).expect("export data");
    let i = import_again(&data).expect("import");
    let q = i.pkg;
    let mut bodies: Vec<&str> = i.with_body.iter().map(|b| b.0.name()).collect();
    bodies.sort();
    assert_eq!(bodies, ["Map", "Push", "unexported"]);
    let (a, b) = (p.scope().objects(), q.scope().objects());
    assert_eq!(a.len(), b.len());
    for (x, y) in a.iter().zip(&b) {
        assert_eq!(x.name(), y.name());
        assert_eq!(x.typ().to_string(), y.typ().to_string(), "{}", x.name());
        assert_eq!(x.typ().underlying().to_string(), y.typ().underlying().to_string(), "{}", x.name());
        assert_eq!(format!("{:?}", x.const_value()), format!("{:?}", y.const_value()));
        if let (Some(n), Some(m)) = (x.typ().as_named(), y.typ().as_named()) {
            let text = |n: &'static crate::named::Named| n.methods().iter().map(|m| format!("{} {} {}", m.name(), m.typ(), m.has_ptr_recv())).collect::<Vec<_>>();
            assert_eq!(text(n), text(m));
        }
    }
    let names = |o: crate::object::Obj| matches!(o.name(), "Push" | "Map" | "unexported");
    assert_eq!(crate::export::export(q, i.sources, &names), Some(data));
}

#[test]
fn damaged_export_data() {
    let p = check(EXPORTED);
    let data = crate::export::export(p, vec![FileSet::global().file(p.lookup("List").unwrap().pos).unwrap()], &|_| true).unwrap();
    for n in 0..data.len() {
        assert!(import_again(&data[..n]).is_none(), "cut to {n}");
        for bit in [0x01, 0x10, 0x80, 0xff] {
            let mut d = data.clone();
            d[n] ^= bit;
            let _ = import_again(&d);
        }
    }
}

#[test]
fn bodies_of_imported_functions() {
    let src = format!("package p\n{EXPORTED}");
    let p = check(EXPORTED);
    let data = crate::export::export(p, vec![FileSet::global().file(p.lookup("List").unwrap().pos).unwrap()], &|o| o.name() == "Push").unwrap();
    let i = import_again(&data).unwrap();
    let mut ids = NodeIdGen::new();
    let r = rgo_syntax::parser::parse_source(i.sources[0].clone(), &mut ids, src.as_bytes(), Mode::default());
    let c = Checker::new(Config::default(), i.pkg, ids.table_len());
    let found = c.check_bodies(Box::leak(Box::new(r.file)), &|o| o.name() == "Push");
    assert!(c.diagnostics.borrow().is_empty(), "{:?}", c.diagnostics.borrow().iter().map(|d| d.text()).collect::<Vec<_>>());
    let (push, decl) = found[0];
    assert_eq!((found.len(), decl.name.name.as_str()), (1, "Push"));
    // The body and the object's signature speak of the same parameters.
    let info = c.info.borrow();
    let v = info.def_of(&decl.typ.params.fields[0].names[0]).unwrap();
    assert_eq!(push.signature().params().at(0), v);
    assert_eq!(push.typ().to_string(), "func(v T) *path/p.List[T]");
}
