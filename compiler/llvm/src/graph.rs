//! What the linker's reachability pass knows of an object ([`rgo_abi::linkgraph`]): from its relocations, and from the IR what functions do with
//! interfaces and reflection.
//!
//! The relocations of method entries, and of calls of initialisers that only their variable needs, are taken out of the object: the linker's
//! section collection must not see them.
//!
//! LLVM inlines: what a function's code does may stand in others, and no relocation says so. So the *marks* of a function include those of all
//! functions of the module whose code may have been copied into it. (A method reached through a method table that LLVM knows needs no such
//! care: the table and the call are marked, hence the method is kept.)

use rgo_abi::linkgraph::{Builder, Method, Slot, edge, node, slot};
use rgo_ir::{Callee, Datum, Function, Module, Op, Sym, Term, Ty, Value, WeakRefs, uses};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::module::link_name;

const SHT_SYMTAB: u32 = 2;
const SHT_RELA: u32 = 4;
const SHT_NOBITS: u32 = 8;
const SHT_PROGBITS: u32 = 1;
const SHT_SYMTAB_SHNDX: u32 = 18;
const SHF_ALLOC: u64 = 2;
const SHF_EXECINSTR: u64 = 4;
const SHN_XINDEX: u32 = 0xffff;
const RELA_BYTES: usize = 24;
/// The instruction with a 4-byte distance.
const CALL_CODE: u8 = 0xe8;

fn u16_at(d: &[u8], at: usize) -> u32 {
    u32::from(u16::from_le_bytes(d[at..at + 2].try_into().unwrap()))
}
fn u32_at(d: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(d[at..at + 4].try_into().unwrap())
}
fn u64_at(d: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(d[at..at + 8].try_into().unwrap())
}

fn text_at(d: &[u8], at: usize) -> &[u8] {
    let d = &d[at..];
    &d[..d.iter().position(|b| *b == 0).unwrap_or(d.len())]
}

struct Section {
    /// Of its header in the file.
    header: usize,
    ty: u32,
    flags: u64,
    offset: usize,
    size: usize,
    link: usize,
    info: usize,
    node: Option<u32>,
}

struct Symbol<'a> {
    name: &'a [u8],
    local: bool,
    weak: bool,
    section: usize,
    value: u64,
}

/// The sections, and the symbols of the table that relocations use. LLVM wrote the object, so that its form is not checked.
fn read(d: &[u8]) -> (Vec<Section>, Vec<Symbol<'_>>) {
    let shoff = u64_at(d, 0x28) as usize;
    let header = |i: usize| shoff + i * 64;
    let count = match u16_at(d, 0x3c) {
        0 => u64_at(d, header(0) + 0x20) as usize,
        n => n as usize,
    };
    let sections: Vec<Section> = (0..count)
        .map(|i| {
            let h = header(i);
            Section {
                header: h,
                ty: u32_at(d, h + 4),
                flags: u64_at(d, h + 8),
                offset: u64_at(d, h + 0x18) as usize,
                size: u64_at(d, h + 0x20) as usize,
                link: u32_at(d, h + 0x28) as usize,
                info: u32_at(d, h + 0x2c) as usize,
                node: None,
            }
        })
        .collect();
    let Some(table) = sections.iter().position(|s| s.ty == SHT_SYMTAB) else { return (sections, Vec::new()) };
    let far = sections.iter().find(|s| s.ty == SHT_SYMTAB_SHNDX && s.link == table).map(|s| s.offset);
    let (t, names) = (&sections[table], &sections[sections[table].link]);
    let symbols = (0..t.size / 24)
        .map(|i| {
            let s = t.offset + i * 24;
            let section = match (u16_at(d, s + 6), far) {
                (SHN_XINDEX, Some(far)) => u32_at(d, far + 4 * i) as usize,
                // Absolute and the like.
                (n, _) if n >= 0xff00 => 0,
                (n, _) => n as usize,
            };
            let bind = d[s + 4] >> 4;
            Symbol { name: text_at(d, names.offset + u32_at(d, s) as usize), local: bind == 0, weak: bind == 2, section, value: u64_at(d, s + 8) }
        })
        .collect();
    (sections, symbols)
}

fn is_type(name: &[u8]) -> bool {
    name.strip_prefix(b"type:").is_some_and(|r| r.first() != Some(&b'.'))
}

fn is_itab(name: &[u8]) -> bool {
    name.starts_with(b"go:itab.")
}

/// A place whose relocation is taken out.
enum Place {
    /// Number of the method, and which of its words: 0 the type, 1 the interface function, 2 the function.
    Method(usize, usize),
    Entry,
}

/// Makes the graph of `object`, which was made from `m`, and takes weak relocations out of the object.
pub fn build(object: &mut [u8], m: &Module) -> Result<Vec<u8>, String> {
    let (edits, graph) = {
        let d: &[u8] = object;
        let (mut sections, symbols) = read(d);
        let mut b = Builder::default();
        let names = match u16_at(d, 0x3e) {
            SHN_XINDEX => sections[0].link,
            n => n as usize,
        };
        for i in 0..sections.len() {
            let name = text_at(d, sections[names].offset + u32_at(d, sections[i].header) as usize);
            let s = &mut sections[i];
            let tables = name.starts_with(b".eh_frame") || name.starts_with(b".gcc_except_table");
            if s.flags & SHF_ALLOC != 0 && matches!(s.ty, SHT_PROGBITS | SHT_NOBITS) && !tables {
                s.node = Some(b.node(node::PLAIN));
            }
        }
        // Symbols by name; strong ones are this object's for good.
        let mut defined: FxHashMap<&[u8], &Symbol<'_>> = FxHashMap::default();
        for s in symbols.iter().filter(|s| !s.name.is_empty()) {
            let Some(n) = sections[s.section].node else { continue };
            defined.insert(s.name, s);
            if s.local {
                continue;
            }
            if is_type(s.name) {
                b.set_kind(n, node::TYPE);
            } else if is_itab(s.name) {
                b.set_kind(n, node::ITAB);
            }
            let i = b.symbol(s.name);
            b.define(i, n, s.weak);
        }
        marks(&mut b, m, &|name| {
            let s = defined.get(link_name(name).as_bytes())?;
            sections[s.section].node
        });

        // Weak places: by section and offset.
        let mut places: FxHashMap<(usize, u64), Place> = FxHashMap::default();
        // Words of the methods: the symbols their relocations name.
        let mut methods: Vec<(u32, Option<Method>, [Option<u32>; 3])> = Vec::new();
        for w in &m.weak {
            let (WeakRefs::Method { global, offset, .. } | WeakRefs::Entry { global, offset }) = w;
            let Some(s) = defined.get(link_name(m.sym_name(*global)).as_bytes()) else { continue };
            let Some(n) = sections[s.section].node else { continue };
            let at = s.value + offset;
            match w {
                WeakRefs::Method { key, name, exported, .. } => {
                    let key = b.symbol(m.sym_name(*key).as_bytes());
                    let name = b.symbol(name.as_bytes());
                    for k in 0..3 {
                        places.insert((s.section, at + 4 + 4 * k as u64), Place::Method(methods.len(), k));
                    }
                    methods.push((n, Some(Method { key, name, exported: *exported, mtype: 0, ifn: 0, tfn: 0 }), [None; 3]));
                }
                WeakRefs::Entry { .. } => {
                    places.insert((s.section, at), Place::Entry);
                }
            }
        }
        let mut late: FxHashSet<Vec<u8>> = FxHashSet::default();
        for (var, f) in &m.var_inits {
            let f = link_name(m.sym_name(*f)).into_bytes();
            if let Some(n) = defined.get(link_name(m.sym_name(*var)).as_bytes()).and_then(|s| sections[s.section].node) {
                let i = b.named(&f);
                b.edge(n, edge::WEAK, i);
                late.insert(f);
            }
        }
        // The symbol that names a place: the last one at or before it.
        let mut owners: FxHashMap<usize, Vec<&Symbol<'_>>> = FxHashMap::default();
        for s in symbols.iter().filter(|s| !s.local && !s.name.is_empty()) {
            owners.entry(s.section).or_default().push(s);
        }
        for v in owners.values_mut() {
            v.sort_by_key(|s| s.value);
        }

        // Header of the relocation section, and what is left of it.
        let mut edits: Vec<(usize, usize, Vec<u8>)> = Vec::new();
        for r in sections.iter().filter(|s| s.ty == SHT_RELA) {
            let target = &sections[r.info];
            let Some(from) = target.node else { continue };
            let code = target.flags & SHF_EXECINSTR != 0;
            let own = owners.get(&r.info).map_or(&[][..], |v| v);
            let described = own.first().is_some_and(|s| is_type(s.name) || is_itab(s.name));
            let mut left = Vec::new();
            for e in d[r.offset..r.offset + r.size].chunks_exact(RELA_BYTES) {
                let (offset, info) = (u64_at(e, 0), u64_at(e, 8));
                let s = &symbols[(info >> 32) as usize];
                let place = places.get(&(r.info, offset));
                // Only calls: its own stack check takes the address.
                let call = code && !s.local && offset > 0 && late.contains(s.name) && d[target.offset + offset as usize - 1] == CALL_CODE;
                if place.is_some() || call {
                    if s.local {
                        return Err(format!("weak reference to local symbol {}", String::from_utf8_lossy(s.name)));
                    }
                    let target = b.named(s.name);
                    let owner = own.iter().rev().find(|o| o.value <= offset).ok_or("weak reference in an unnamed section")?;
                    let kind = match place {
                        Some(Place::Method(i, k)) => {
                            methods[*i].2[*k] = Some(target);
                            if *k == 0 { slot::TYPE32 } else { slot::CODE32 }
                        }
                        Some(Place::Entry) => slot::CODE64,
                        None => slot::CALL,
                    };
                    let owner_symbol = b.symbol(owner.name);
                    b.slot(Slot { owner: owner_symbol, offset: (offset - owner.value) as u32, kind, target });
                    continue;
                }
                left.extend_from_slice(e);
                // A strong definition here is the one that counts.
                if s.section != 0 && !s.weak {
                    if let Some(n) = sections[s.section].node {
                        b.edge(from, edge::LOCAL, n);
                    }
                    if !(is_type(s.name) || is_itab(s.name)) {
                        continue;
                    }
                }
                if s.name.is_empty() || s.local {
                    continue;
                }
                let i = b.symbol(s.name);
                // What data refers to may end up in an interface; of code the marks tell.
                let visible = !code && !described && (is_type(s.name) || is_itab(s.name));
                b.edge(from, if visible { edge::IFACE } else { edge::SYM }, i);
            }
            if left.len() != r.size {
                edits.push((r.header, r.offset, left));
            }
        }
        for (n, method, words) in methods {
            let (Some(method), [Some(mtype), Some(ifn), Some(tfn)]) = (method, words) else {
                return Err("a method entry without relocations".into());
            };
            b.method(n, Method { mtype, ifn, tfn, ..method });
        }
        (edits, b.finish())
    };
    for (header, offset, left) in edits {
        object[offset..offset + left.len()].copy_from_slice(&left);
        object[header + 0x20..header + 0x28].copy_from_slice(&(left.len() as u64).to_le_bytes());
    }
    Ok(graph)
}

/// What one function does, and whose code may be part of it.
#[derive(Default)]
struct Marks {
    iface: FxHashSet<Sym>,
    uses: FxHashSet<Sym>,
    inlined: FxHashSet<usize>,
}

/// Adds a node for the marks of each function that has any, and edges to it from the function's own node.
fn marks(b: &mut Builder, m: &Module, node_of: &dyn Fn(&str) -> Option<u32>) {
    let index: FxHashMap<Sym, usize> = m.functions.iter().enumerate().filter(|(_, f)| !f.attrs.noinline).map(|(i, f)| (f.sym, i)).collect();
    let constants: FxHashMap<Sym, &rgo_ir::Global> = m
        .globals
        .iter()
        .filter(|g| g.readonly && g.data.iter().any(|d| matches!(d, Datum::Addr(..))))
        .filter(|g| !m.sym_name(g.sym).starts_with("type:") && !is_itab(m.sym_name(g.sym).as_bytes()))
        .map(|g| (g.sym, g))
        .collect();
    let all: Vec<Marks> = m.functions.iter().map(|f| marks_of(m, f, &index, &constants)).collect();
    // Those that lead to any marks.
    let mut callers: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    for (i, x) in all.iter().enumerate() {
        for &c in &x.inlined {
            callers[c].push(i);
        }
    }
    let mut nodes: Vec<Option<u32>> = vec![None; all.len()];
    let mut work: Vec<usize> = (0..all.len()).filter(|i| !all[*i].iface.is_empty() || !all[*i].uses.is_empty()).collect();
    while let Some(i) = work.pop() {
        if nodes[i].is_none() {
            nodes[i] = Some(b.node(node::PLAIN));
            work.extend(&callers[i]);
        }
    }
    for (i, x) in all.iter().enumerate() {
        let Some(n) = nodes[i] else { continue };
        if let Some(f) = node_of(m.sym_name(m.functions[i].sym)) {
            b.edge(f, edge::LOCAL, n);
        }
        for s in &x.iface {
            let s = b.symbol(link_name(m.sym_name(*s)).as_bytes());
            b.edge(n, edge::IFACE, s);
        }
        for s in &x.uses {
            let text = m.sym_name(*s);
            match uses::parse(text) {
                Some(uses::Use::Method(_)) => {
                    let s = b.symbol(text.as_bytes());
                    b.edge(n, edge::METHOD, s);
                }
                Some(uses::Use::Named(name)) => {
                    let s = b.symbol(name.as_bytes());
                    b.edge(n, edge::NAMED, s);
                }
                Some(uses::Use::Reflect) => b.edge(n, edge::REFLECT, 0),
                None => panic!("internal compiler error: unknown use {text}"),
            }
        }
        for &c in &x.inlined {
            if let Some(c) = nodes[c] {
                b.edge(n, edge::LOCAL, c);
            }
        }
    }
}

/// Functions that do not put the types they are told of into interfaces.
fn keeps_types_to_itself(callee: &str) -> bool {
    callee.starts_with("runtime.") || callee.starts_with("internal/runtime/maps.")
}

fn marks_of(m: &Module, f: &Function, index: &FxHashMap<Sym, usize>, constants: &FxHashMap<Sym, &rgo_ir::Global>) -> Marks {
    let mut out = Marks::default();
    // Values that are addresses in descriptors and method tables.
    let mut types: FxHashMap<Value, Sym> = FxHashMap::default();
    let mut seen: FxHashSet<Sym> = FxHashSet::default();
    let insts = || f.blocks.iter().flat_map(|b| &b.insts);
    let described = |s: Sym| {
        let n = m.sym_name(s).as_bytes();
        is_type(n) || is_itab(n)
    };
    for i in insts() {
        match &i.op {
            Op::SymAddr(s, _) => {
                if described(*s) {
                    types.insert(i.results[0], *s);
                }
                code_behind(*s, index, constants, &mut seen, &mut out.inlined);
            }
            Op::Use(s) => {
                out.uses.insert(*s);
            }
            Op::Call { callee: Callee::Direct(s) | Callee::DirectClosure(s, _), .. } => {
                out.inlined.extend(index.get(s));
            }
            _ => {}
        }
    }
    if types.is_empty() {
        return out;
    }
    // Addresses inside of them; there are no longer chains than there are instructions.
    loop {
        let before = types.len();
        for i in insts() {
            if let Op::PtrAdd(p, _) = &i.op
                && let Some(&s) = types.get(p)
            {
                types.insert(i.results[0], s);
            }
        }
        if types.len() == before {
            break;
        }
    }
    let mut visible = |v: Value| out.iface.extend(types.get(&v));
    for i in insts() {
        match &i.op {
            Op::Cmp(..) | Op::PtrAdd(..) | Op::NilCheck(_) => {}
            // Pointers may lead to the type that a table is of, or to another type.
            Op::Load { addr, .. } => {
                if !matches!(f.ty(i.results[0]), Ty::I64 | Ty::I32 | Ty::I16 | Ty::I8 | Ty::BOOL) {
                    visible(*addr);
                }
            }
            Op::Call { callee: Callee::Direct(s), .. } if keeps_types_to_itself(m.sym_name(*s)) => {}
            op => op.for_each_operand(&mut visible),
        }
    }
    for b in &f.blocks {
        if let Some(Term::Ret(vs)) = &b.term {
            vs.iter().for_each(|v| visible(*v));
        }
    }
    out
}

/// Functions that code may call through constant data (closure records).
fn code_behind(s: Sym, index: &FxHashMap<Sym, usize>, constants: &FxHashMap<Sym, &rgo_ir::Global>, seen: &mut FxHashSet<Sym>, out: &mut FxHashSet<usize>) {
    if let Some(&i) = index.get(&s) {
        out.insert(i);
        return;
    }
    let Some(g) = constants.get(&s) else { return };
    if !seen.insert(s) {
        return;
    }
    for d in &g.data {
        if let Datum::Addr(t, _) = d {
            code_behind(*t, index, constants, seen, out);
        }
    }
}
