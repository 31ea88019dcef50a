//! Reachability before LLD: which methods of types can be called.
//!
//! Code generation takes the relocations of method entries out of the objects, so that a descriptor does not keep its type's methods; LLD's section
//! collection follows all others. Here the graphs of the objects ([`rgo_abi::linkgraph`]) are walked from the program's entry. A method is kept when
//! its type is seen through an interface (or is part of such a type), and a method of that name and type is called through an interface somewhere
//! reachable, or reflection may look for it. What is kept so, LLD is told by relocations of our own object ([`Live::symbols`]); afterwards
//! [`fill`] writes the entries of what is in the program into descriptors and method tables. The others lead to `runtime.unreachableMethod`.
//!
//! Objects without a graph (C, assembly, the runtime library) keep everything that they refer to.

use std::hash::{BuildHasherDefault, Hasher};

use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSymbol};
use rgo_abi::linkgraph::{Graph, edge, hash, node, slot};
use rustc_hash::FxHashSet;

use crate::{Error, LinkOptions, err};

/// Where calls of methods that are not in the program end.
pub const UNREACHABLE: &str = "runtime.unreachableMethod";

/// Keys are hashes already.
#[derive(Default)]
pub struct Plain(u64);

impl Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("internal compiler error: only hashes are keys here")
    }
    fn write_u64(&mut self, v: u64) {
        self.0 = v;
    }
}

pub type HashMap<V> = std::collections::HashMap<u64, V, BuildHasherDefault<Plain>>;

/// What nothing but our own object keeps.
#[derive(Default)]
pub struct Live {
    /// Names, each once, in the order in which they were found.
    pub symbols: Vec<Vec<u8>>,
}

const REACHED: u8 = 1;
/// The type is, or is part of, the type of a value in an interface.
const VISIBLE: u8 = 2;
const NONE: u32 = u32::MAX;

struct Obj<'a> {
    graph: Graph<'a>,
    /// Number of its first node.
    first: u32,
    /// Node of each symbol, once asked for; NONE for those that no object with a graph defines.
    nodes: Vec<Option<u32>>,
}

struct Pass<'a> {
    objects: Vec<Obj<'a>>,
    /// Object of each node.
    owner: Vec<u32>,
    state: Vec<u8>,
    defs: HashMap<(u32, bool)>,
    aliases: HashMap<u64>,
    work: Vec<u32>,
    /// Keys of interface methods that are called; names that reflection looks for.
    called: FxHashSet<u64>,
    named: FxHashSet<u64>,
    reflect: bool,
    /// Methods of visible types that nothing calls so far: object and number.
    waiting: Vec<(u32, u32)>,
    listed: FxHashSet<u64>,
    live: Live,
}

/// Walks the program. `graphs`: of `opts.objects`, in order. `foreign`: names that objects without a graph refer to.
pub fn walk(opts: &LinkOptions, graphs: &[Option<Graph<'_>>], foreign: impl IntoIterator<Item = u64>) -> Live {
    let mut p = Pass {
        objects: Vec::new(),
        owner: Vec::new(),
        state: Vec::new(),
        defs: HashMap::default(),
        aliases: opts.objects.iter().flat_map(|o| &o.aliases).map(|(a, t)| (hash(a.as_bytes()), hash(t.as_bytes()))).collect(),
        work: Vec::new(),
        called: FxHashSet::default(),
        named: FxHashSet::default(),
        reflect: false,
        waiting: Vec::new(),
        listed: FxHashSet::default(),
        live: Live::default(),
    };
    p.defs.reserve(graphs.iter().flatten().map(|g| g.defs as usize).sum());
    for g in graphs.iter().flatten() {
        let first = p.owner.len() as u32;
        p.owner.resize(p.owner.len() + g.nodes as usize, p.objects.len() as u32);
        for i in 0..g.defs {
            let (s, n, weak) = g.definition(i);
            let d = (first + n, weak);
            // As LLD chooses: a strong definition, else the first.
            p.defs.entry(g.symbol(s)).and_modify(|old| if old.1 && !weak { *old = d }).or_insert(d);
        }
        p.objects.push(Obj { graph: *g, first, nodes: vec![None; g.symbols as usize] });
    }
    p.state = vec![0; p.owner.len()];
    for h in foreign.into_iter().chain([opts.entry.as_str(), UNREACHABLE].map(|s| hash(s.as_bytes()))) {
        if let Some(n) = p.find(h) {
            p.reach(n);
        }
    }
    loop {
        while let Some(n) = p.work.pop() {
            p.visit(n);
        }
        let before = p.waiting.len();
        for (o, i) in std::mem::take(&mut p.waiting) {
            p.method(o, i);
        }
        if p.waiting.len() == before && p.work.is_empty() {
            if p.find(hash(UNREACHABLE.as_bytes())).is_some() {
                p.live.symbols.push(UNREACHABLE.into());
            }
            return p.live;
        }
    }
}

impl Pass<'_> {
    fn find(&self, symbol: u64) -> Option<u32> {
        let symbol = self.aliases.get(&symbol).unwrap_or(&symbol);
        self.defs.get(symbol).map(|d| d.0)
    }

    /// The node of symbol `s` of an object.
    fn node(&mut self, object: u32, s: u32) -> Option<u32> {
        let o = &self.objects[object as usize];
        let n = match o.nodes[s as usize] {
            Some(n) => n,
            None => {
                let n = self.find(o.graph.symbol(s)).unwrap_or(NONE);
                self.objects[object as usize].nodes[s as usize] = Some(n);
                n
            }
        };
        (n != NONE).then_some(n)
    }

    fn kind(&self, n: u32) -> u32 {
        let o = &self.objects[self.owner[n as usize] as usize];
        o.graph.kind(n - o.first)
    }

    fn reach(&mut self, n: u32) {
        let s = &mut self.state[n as usize];
        if *s & REACHED == 0 {
            *s |= REACHED;
            self.work.push(n);
        }
    }

    /// Marks a type visible; if it was reached before, it is visited again.
    fn see(&mut self, n: u32) {
        let s = &mut self.state[n as usize];
        if *s & VISIBLE == 0 {
            *s |= VISIBLE;
            if *s & REACHED != 0 {
                self.work.push(n);
            }
        }
    }

    fn visit(&mut self, n: u32) {
        let object = self.owner[n as usize];
        let o = &self.objects[object as usize];
        let (graph, first) = (o.graph, o.first);
        let local = n - first;
        let visible = graph.kind(local) == node::TYPE && self.state[n as usize] & VISIBLE != 0;
        for (kind, x) in graph.edges(local) {
            match kind {
                edge::LOCAL => self.reach(first + x),
                edge::SYM => {
                    if let Some(t) = self.node(object, x) {
                        // From a value of a type, reflection gets at values of its parts.
                        if visible && self.kind(t) == node::TYPE {
                            self.see(t);
                        }
                        self.reach(t);
                    }
                }
                edge::IFACE => {
                    let Some(t) = self.node(object, x) else { continue };
                    self.reach(t);
                    let t = if self.kind(t) == node::ITAB { self.type_of_table(t) } else { Some(t) };
                    if let Some(t) = t {
                        self.see(t);
                        self.reach(t);
                    }
                }
                edge::METHOD => {
                    self.called.insert(graph.symbol(x));
                }
                edge::NAMED => {
                    self.named.insert(graph.symbol(x));
                }
                edge::REFLECT => self.reflect = true,
                edge::WEAK => self.keep(object, x),
                edge::HAS_METHOD => {
                    if visible {
                        // By way of the method's type too.
                        if let Some(t) = self.node(object, graph.method(x).mtype) {
                            self.see(t);
                        }
                        self.method(object, x);
                    }
                }
                _ => unreachable!("internal compiler error: kind of edge"),
            }
        }
    }

    /// The concrete type that a method table is for.
    fn type_of_table(&mut self, n: u32) -> Option<u32> {
        let object = self.owner[n as usize];
        let o = &self.objects[object as usize];
        let (_, s) = o.graph.edges(n - o.first).filter(|e| e.0 == edge::SYM).nth(1)?;
        self.node(object, s)
    }

    /// Keeps the method if anything may call it, else remembers it.
    fn method(&mut self, object: u32, i: u32) {
        let g = self.objects[object as usize].graph;
        let m = g.method(i);
        if self.reflect && m.exported || self.called.contains(&g.symbol(m.key)) || self.named.contains(&g.symbol(m.name)) {
            for s in [m.mtype, m.ifn, m.tfn] {
                self.keep(object, s);
            }
        } else {
            self.waiting.push((object, i));
        }
    }

    /// Reaches a symbol by something that is no relocation.
    fn keep(&mut self, object: u32, s: u32) {
        let g = self.objects[object as usize].graph;
        if self.listed.insert(g.symbol(s)) {
            let name = g.name(s).unwrap_or_else(|| panic!("internal compiler error: weak symbol without name"));
            self.live.symbols.push(name.to_vec());
        }
        if let Some(n) = self.node(object, s) {
            self.reach(n);
        }
    }
}

/// Names that an ELF object, or the objects of an archive, refer to and do not define.
pub fn undefined(data: &[u8]) -> Result<Vec<u64>, Error> {
    let bad = |e: object::read::Error| Error(format!("object file: {e}"));
    let mut out = Vec::new();
    let mut one = |d: &[u8]| -> Result<(), Error> {
        let f = ElfFile64::<Endianness>::parse(d).map_err(bad)?;
        out.extend(f.symbols().filter(|s| s.is_undefined()).filter_map(|s| s.name_bytes().ok()).map(hash));
        Ok(())
    };
    if data.starts_with(b"!<arch>\n") {
        let a = object::read::archive::ArchiveFile::parse(data).map_err(bad)?;
        for m in a.members() {
            let d = m.map_err(bad)?.data(data).map_err(bad)?;
            if d.starts_with(b"\x7fELF") {
                one(d)?;
            }
        }
    } else if data.starts_with(b"\x7fELF") {
        one(data)?;
    }
    Ok(out)
}

/// What [`walk`] kept must be in the program; LLD does not complain about it, since our object's references fill no place.
pub fn check(live: &Live, symbols: &HashMap<u64>) -> Result<(), Error> {
    let missing = live.symbols.iter().filter(|s| !symbols.contains_key(&hash(s)));
    let lines: Vec<String> = missing.map(|s| String::from_utf8_lossy(s).into_owned()).map(|s| format!("{}: relocation target {s} not defined", crate::diag::described(&s))).collect();
    if lines.is_empty() { Ok(()) } else { err(lines.join("\n")) }
}

/// Writes addresses into the places that code generation left open. `symbols`: addresses of what is in the program.
pub fn fill(graphs: &[Option<Graph<'_>>], symbols: &HashMap<u64>, image: &mut [u8]) -> Result<(), Error> {
    let bad = |e: object::read::Error| Error(format!("internal compiler error: linked file: {e}"));
    let e = Endianness::Little;
    let segments: Vec<(u64, u64, u64)> = {
        let elf = ElfFile64::<Endianness>::parse(&*image).map_err(bad)?;
        let h = elf.elf_header();
        let phs = h.program_headers(e, &*image).map_err(bad)?;
        phs.iter().filter(|p| p.p_type(e) == object::elf::PT_LOAD).map(|p| (p.p_vaddr(e), p.p_filesz(e), p.p_offset(e))).collect()
    };
    let unreachable = symbols.get(&hash(UNREACHABLE.as_bytes())).copied();
    for g in graphs.iter().flatten() {
        for i in 0..g.slots {
            let s = g.slot(i);
            let Some(owner) = symbols.get(&g.symbol(s.owner)) else { continue };
            let place = owner + u64::from(s.offset);
            let at = segments.iter().find(|(v, n, _)| (*v..v + n).contains(&place)).map(|(v, _, o)| (place - v + o) as usize);
            let Some(at) = at.filter(|at| at + 8 <= image.len()) else {
                return err("internal compiler error: a method entry is not in the file");
            };
            let target = symbols.get(&g.symbol(s.target)).copied();
            let code = || target.or(unreachable).ok_or_else(|| Error(format!("internal compiler error: no {UNREACHABLE}")));
            match s.kind {
                slot::CODE64 => image[at..at + 8].copy_from_slice(&code()?.to_le_bytes()),
                slot::CODE32 => image[at..at + 4].copy_from_slice(&(code()? as u32).to_le_bytes()),
                // No type: reflect and the runtime know that from gc's programs.
                slot::TYPE32 => image[at..at + 4].copy_from_slice(&target.map_or(u32::MAX, |t| t as u32).to_le_bytes()),
                _ => {
                    let Some(call) = image.get_mut(at - 1..at + 4).filter(|c| c[0] == 0xe8) else {
                        return err("internal compiler error: an initialiser is not called");
                    };
                    match target {
                        Some(t) => call[1..].copy_from_slice(&(t.wrapping_sub(place + 4) as u32).to_le_bytes()),
                        // One instruction that does nothing.
                        None => call.copy_from_slice(&[0x0f, 0x1f, 0x44, 0, 0]),
                    }
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rgo_abi::linkgraph::{Builder, Method, Slot};

    use super::*;
    use crate::Input;

    /// A program: `main` refers to type T with methods A, B (exported) and c; `marks` are what main does besides.
    fn program(marks: &[(u32, &str)]) -> Vec<String> {
        let mut b = Builder::default();
        let (main, t) = (b.node(node::PLAIN), b.node(node::TYPE));
        let (sm, st) = (b.symbol(b"_start"), b.symbol(b"type:T"));
        b.define(sm, main, false);
        b.define(st, t, true);
        b.edge(main, edge::SYM, st);
        for (name, exported) in [("A", true), ("B", true), ("c", false)] {
            let f = b.named(format!("T.{name}").as_bytes());
            let mtype = b.named(b"type:func()");
            let key = b.symbol(format!("{name} func()").as_bytes());
            let name = b.symbol(name.as_bytes());
            b.method(t, Method { key, name, exported, mtype, ifn: f, tfn: f });
        }
        for (kind, s) in marks {
            let s = b.symbol(s.as_bytes());
            b.edge(main, *kind, s);
        }
        let data = b.finish();
        let opts = LinkOptions { entry: "_start".into(), ..LinkOptions::new("x", Input::Bytes(vec![])) };
        walk(&opts, &[Graph::new(&data)], []).symbols.into_iter().map(|s| String::from_utf8(s).unwrap()).collect()
    }

    #[test]
    fn methods_live_with_types_and_calls() {
        let seen = (edge::IFACE, "type:T");
        assert!(program(&[]).is_empty());
        assert!(program(&[seen]).is_empty());
        assert!(program(&[(edge::METHOD, "A func()"), (edge::REFLECT, "")]).is_empty());
        assert_eq!(program(&[seen, (edge::METHOD, "A func()")]), ["type:func()", "T.A"]);
        assert!(program(&[seen, (edge::METHOD, "A func(int)")]).is_empty());
        assert_eq!(program(&[(edge::METHOD, "c func()"), seen]), ["type:func()", "T.c"]);
        assert_eq!(program(&[seen, (edge::REFLECT, "")]), ["type:func()", "T.A", "T.B"]);
        assert_eq!(program(&[seen, (edge::NAMED, "B")]), ["type:func()", "T.B"]);
    }

    #[test]
    fn parts_of_visible_types_are_visible() {
        let mut b = Builder::default();
        let nodes: Vec<u32> = [node::PLAIN, node::TYPE, node::TYPE, node::PLAIN].map(|k| b.node(k)).to_vec();
        let names = ["_start", "type:[]T", "type:T", "T.M"].map(|n| b.named(n.as_bytes()));
        for (n, s) in nodes.iter().zip(names) {
            b.define(s, *n, false);
        }
        b.edge(nodes[0], edge::SYM, names[2]);
        b.edge(nodes[0], edge::IFACE, names[1]);
        b.edge(nodes[1], edge::SYM, names[2]);
        // What the method does counts once it is reached.
        b.edge(nodes[3], edge::WEAK, names[0]);
        let key = b.symbol(b"M func()");
        b.method(nodes[2], Method { key, name: key, exported: true, mtype: names[3], ifn: names[3], tfn: names[3] });
        b.edge(nodes[0], edge::METHOD, key);
        let data = b.finish();
        let opts = LinkOptions { entry: "_start".into(), ..LinkOptions::new("x", Input::Bytes(vec![])) };
        let live = walk(&opts, &[None, Graph::new(&data)], []);
        assert_eq!(live.symbols, [&b"T.M"[..], b"_start"]);
    }

    #[test]
    fn strong_definitions_win() {
        let object = |weak: bool, keeps: &str| {
            let mut b = Builder::default();
            let (n, s, k) = (b.node(node::PLAIN), b.symbol(b"f"), b.named(keeps.as_bytes()));
            b.define(s, n, weak);
            b.edge(n, edge::WEAK, k);
            b.finish()
        };
        let opts = LinkOptions { entry: "f".into(), ..LinkOptions::new("x", Input::Bytes(vec![])) };
        let (a, b, c) = (object(true, "a"), object(true, "b"), object(false, "c"));
        let first = |list: &[&[u8]]| walk(&opts, &list.iter().map(|d| Graph::new(d)).collect::<Vec<_>>(), []).symbols[0].clone();
        assert_eq!(first(&[&a, &b]), b"a");
        assert_eq!(first(&[&a, &c, &b]), b"c");
    }

    #[test]
    fn missing_methods_are_errors() {
        let live = Live { symbols: vec![b"main.(*T).String".to_vec(), b"main.T.M".to_vec()] };
        let have = |names: &[&str]| -> HashMap<u64> { names.iter().map(|n| (hash(n.as_bytes()), 1)).collect() };
        assert!(check(&live, &have(&["main.(*T).String", "main.T.M"])).is_ok());
        let e = check(&live, &have(&["main.T.M"])).expect_err("missing");
        assert_eq!(e.0, "type:*main.T: relocation target main.(*T).String not defined");
    }

    #[test]
    fn places_are_filled() {
        let mut b = Builder::default();
        let (owner, here, gone) = (b.symbol(b"type:T"), b.named(b"T.A"), b.named(b"T.B"));
        for (offset, kind, target) in [(0, slot::CODE64, here), (8, slot::CODE32, gone), (12, slot::TYPE32, gone), (17, slot::CALL, here), (22, slot::CALL, gone)] {
            b.slot(Slot { owner, offset, kind, target });
        }
        let data = b.finish();
        // A file with one segment: at 0x1000, from offset 0x80 on.
        let mut image = vec![0u8; 0x100];
        image[..8].copy_from_slice(b"\x7fELF\x02\x01\x01\0");
        for (at, v, n) in [(0x10, 2u64, 2), (0x12, 62, 2), (0x14, 1, 4), (0x20, 64, 8), (0x34, 64, 2), (0x36, 56, 2), (0x38, 1, 2), (0x3a, 64, 2)] {
            image[at..at + n].copy_from_slice(&v.to_le_bytes()[..n]);
        }
        for (at, v, n) in [(0x40, 1u64, 4), (0x48, 0x80, 8), (0x50, 0x1000, 8), (0x60, 0x80, 8), (0x68, 0x80, 8)] {
            image[at..at + n].copy_from_slice(&v.to_le_bytes()[..n]);
        }
        image[0x90] = 0xe8;
        image[0x95] = 0xe8;
        let symbols: HashMap<u64> = [("type:T", 0x1000), ("T.A", 0x1040), (UNREACHABLE, 0x1050)].into_iter().map(|(n, a)| (hash(n.as_bytes()), a)).collect();
        fill(&[Graph::new(&data)], &symbols, &mut image).expect("filled");
        assert_eq!(image[0x80..0x88], 0x1040u64.to_le_bytes());
        assert_eq!(image[0x88..0x8c], 0x1050u32.to_le_bytes());
        assert_eq!(image[0x8c..0x90], [0xff; 4]);
        assert_eq!(image[0x91..0x95], (0x1040u32 - 0x1015).to_le_bytes());
        assert_eq!(image[0x95..0x9a], [0x0f, 0x1f, 0x44, 0, 0]);
    }
}
