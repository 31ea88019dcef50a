//! What the parts of an object refer to: the table that the linker's reachability pass joins, so that it need not read relocations.
//!
//! A *node* is a section of the object, or the *marks* of a function: what it, and code that may have been inlined into it, does with
//! interfaces and reflection. Symbols are named by [`hash`]. Little-endian words of 32 bits:
//! ```text
//! header   MAGIC, symbols, definitions, nodes, edges, methods, slots, bytes of names
//! symbols  hash u64
//! names    offset of the symbol's name + 1, or 0 where it has none (only what the linker may have to name has one)
//! defs     symbol, node (WEAK_DEF: another definition wins)
//! nodes    first edge << 2 | kind; one more at the end
//! edges    operand << 3 | kind
//! methods  key symbol, name symbol << 1 | exported, type, interface function, function
//! slots    owner symbol, offset << 2 | kind, target symbol
//! names    text
//! ```
//! *Slots* are the places whose relocations code generation took out of the object: they do not keep their targets. The linker fills them in
//! after layout, from what is in the program.

/// "RGL1"
pub const MAGIC: u32 = 0x314c_4752;
/// Flag of a definition's node: a weak one.
pub const WEAK_DEF: u32 = 1 << 31;

/// Kinds of nodes.
pub mod node {
    pub const PLAIN: u32 = 0;
    pub const TYPE: u32 = 1;
    /// Edges: the interface type, the concrete type.
    pub const ITAB: u32 = 2;
}

/// Kinds of edges.
pub mod edge {
    /// A node of this object.
    pub const LOCAL: u32 = 0;
    pub const SYM: u32 = 1;
    /// A type, or the type of a method table, becomes visible through an interface.
    pub const IFACE: u32 = 2;
    /// Interface methods with this key are called.
    pub const METHOD: u32 = 3;
    /// Methods with this name are looked up by reflection; the symbol is [`super::hash`] of the name.
    pub const NAMED: u32 = 4;
    /// Methods are looked up by reflection.
    pub const REFLECT: u32 = 5;
    /// Needed with the node, though no relocation says so.
    pub const WEAK: u32 = 6;
    /// A type has a method: index into the table of methods.
    pub const HAS_METHOD: u32 = 7;
}

/// Kinds of slots.
pub mod slot {
    /// 8-byte code address.
    pub const CODE64: u32 = 0;
    /// 4-byte code address.
    pub const CODE32: u32 = 1;
    /// 4-byte address of a descriptor.
    pub const TYPE32: u32 = 2;
    /// Distance of a call.
    pub const CALL: u32 = 3;
}

/// Stands for a symbol in tables of this kind.
pub fn hash(name: &[u8]) -> u64 {
    const K: [u64; 3] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3];
    let mix = |a: u64, b: u64| {
        let m = u128::from(a) * u128::from(b);
        m as u64 ^ (m >> 64) as u64
    };
    let word = |d: &[u8]| {
        let mut w = [0; 8];
        w[..d.len()].copy_from_slice(d);
        u64::from_le_bytes(w)
    };
    let mut h = mix(name.len() as u64 ^ K[0], K[1]);
    let mut pairs = name.chunks_exact(16);
    for c in &mut pairs {
        h = mix(word(&c[..8]) ^ K[1], word(&c[8..]) ^ h) ^ h.rotate_left(23);
    }
    let rest = pairs.remainder();
    let (a, b) = rest.split_at(rest.len().min(8));
    h = mix(word(a) ^ K[2], word(b) ^ h ^ K[0]) ^ h.rotate_left(23);
    mix(h ^ K[0], h.rotate_left(32) ^ K[2])
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Method {
    /// Name and type.
    pub key: u32,
    pub name: u32,
    pub exported: bool,
    pub mtype: u32,
    pub ifn: u32,
    pub tfn: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot {
    pub owner: u32,
    pub offset: u32,
    pub kind: u32,
    pub target: u32,
}

/// Makes a graph.
#[cfg(feature = "std")]
#[derive(Default)]
pub struct Builder {
    symbols: Vec<u64>,
    name_at: Vec<u32>,
    ids: std::collections::HashMap<Vec<u8>, u32>,
    defs: Vec<(u32, u32)>,
    nodes: Vec<(u32, Vec<u32>)>,
    methods: Vec<Method>,
    slots: Vec<Slot>,
    names: Vec<u8>,
}

#[cfg(feature = "std")]
impl Builder {
    pub fn symbol(&mut self, name: &[u8]) -> u32 {
        if let Some(&i) = self.ids.get(name) {
            return i;
        }
        let i = self.symbols.len() as u32;
        self.symbols.push(hash(name));
        self.name_at.push(0);
        self.ids.insert(name.to_vec(), i);
        i
    }

    /// A symbol whose name the linker may need.
    pub fn named(&mut self, name: &[u8]) -> u32 {
        let i = self.symbol(name);
        if self.name_at[i as usize] == 0 {
            self.name_at[i as usize] = self.names.len() as u32 + 1;
            self.names.extend_from_slice(&(name.len() as u32).to_le_bytes());
            self.names.extend_from_slice(name);
        }
        i
    }

    pub fn node(&mut self, kind: u32) -> u32 {
        self.nodes.push((kind, Vec::new()));
        self.nodes.len() as u32 - 1
    }

    pub fn set_kind(&mut self, n: u32, kind: u32) {
        self.nodes[n as usize].0 = kind;
    }

    pub fn define(&mut self, symbol: u32, node: u32, weak: bool) {
        self.defs.push((symbol, if weak { node | WEAK_DEF } else { node }));
    }

    /// Adds an edge once.
    pub fn edge(&mut self, from: u32, kind: u32, operand: u32) {
        self.nodes[from as usize].1.push(operand << 3 | kind);
    }

    pub fn method(&mut self, of: u32, m: Method) {
        self.methods.push(m);
        self.edge(of, edge::HAS_METHOD, self.methods.len() as u32 - 1);
    }

    pub fn slot(&mut self, s: Slot) {
        self.slots.push(s);
    }

    pub fn finish(mut self) -> Vec<u8> {
        let mut edges: Vec<u32> = Vec::new();
        let mut nodes = Vec::new();
        for (kind, list) in &mut self.nodes {
            nodes.push((edges.len() as u32) << 2 | *kind);
            // The order of a method table's edges matters.
            if *kind != node::ITAB {
                list.sort_unstable();
                list.dedup();
            }
            edges.extend_from_slice(list);
        }
        nodes.push((edges.len() as u32) << 2);
        let mut out: Vec<u32> = vec![
            MAGIC,
            self.symbols.len() as u32,
            self.defs.len() as u32,
            self.nodes.len() as u32,
            edges.len() as u32,
            self.methods.len() as u32,
            self.slots.len() as u32,
            self.names.len() as u32,
        ];
        out.extend(self.symbols.iter().flat_map(|h| [*h as u32, (*h >> 32) as u32]));
        out.extend(&self.name_at);
        out.extend(self.defs.iter().flat_map(|d| [d.0, d.1]));
        out.extend(&nodes);
        out.extend(&edges);
        out.extend(self.methods.iter().flat_map(|m| [m.key, m.name << 1 | u32::from(m.exported), m.mtype, m.ifn, m.tfn]));
        out.extend(self.slots.iter().flat_map(|s| [s.owner, s.offset << 2 | s.kind, s.target]));
        let mut bytes: Vec<u8> = out.iter().flat_map(|w| w.to_le_bytes()).collect();
        bytes.extend_from_slice(&self.names);
        bytes
    }
}

/// Reads a graph.
#[derive(Clone, Copy)]
pub struct Graph<'a> {
    pub symbols: u32,
    pub defs: u32,
    pub nodes: u32,
    pub methods: u32,
    pub slots: u32,
    hashes: &'a [[u8; 4]],
    name_at: &'a [[u8; 4]],
    def: &'a [[u8; 4]],
    node: &'a [[u8; 4]],
    edge: &'a [[u8; 4]],
    method: &'a [[u8; 4]],
    slot: &'a [[u8; 4]],
    names: &'a [u8],
}

impl<'a> Graph<'a> {
    /// None if the data is no graph.
    pub fn new(data: &'a [u8]) -> Option<Graph<'a>> {
        let (words, rest) = data.as_chunks::<4>();
        let header = words.get(..8)?;
        let h = |i: usize| u32::from_le_bytes(header[i]);
        if h(0) != MAGIC {
            return None;
        }
        let mut at = 8usize;
        let mut take = |n: usize| -> Option<&'a [[u8; 4]]> {
            let s = words.get(at..at.checked_add(n)?)?;
            at += n;
            Some(s)
        };
        let n = |i: usize| h(i) as usize;
        let g = Graph {
            symbols: h(1),
            defs: h(2),
            nodes: h(3),
            methods: h(5),
            slots: h(6),
            hashes: take(n(1) * 2)?,
            name_at: take(n(1))?,
            def: take(n(2) * 2)?,
            node: take(n(3) + 1)?,
            edge: take(n(4))?,
            method: take(n(5) * 5)?,
            slot: take(n(6) * 3)?,
            names: &[],
        };
        let names = data.get(at * 4..)?;
        let _ = rest;
        (names.len() == n(7)).then_some(Graph { names, ..g })
    }

    pub fn symbol(&self, i: u32) -> u64 {
        let i = i as usize * 2;
        u64::from(u32::from_le_bytes(self.hashes[i])) | u64::from(u32::from_le_bytes(self.hashes[i + 1])) << 32
    }

    pub fn name(&self, i: u32) -> Option<&'a [u8]> {
        let at = u32::from_le_bytes(self.name_at[i as usize]).checked_sub(1)? as usize;
        let len = u32::from_le_bytes(self.names.get(at..at + 4)?.try_into().ok()?) as usize;
        self.names.get(at + 4..at + 4 + len)
    }

    /// Symbol, node, weak.
    pub fn definition(&self, i: u32) -> (u32, u32, bool) {
        let i = i as usize * 2;
        let n = u32::from_le_bytes(self.def[i + 1]);
        (u32::from_le_bytes(self.def[i]), n & !WEAK_DEF, n & WEAK_DEF != 0)
    }

    pub fn kind(&self, n: u32) -> u32 {
        u32::from_le_bytes(self.node[n as usize]) & 3
    }

    /// Kind and operand of each edge.
    pub fn edges(&self, n: u32) -> impl Iterator<Item = (u32, u32)> + 'a {
        let at = |i: u32| (u32::from_le_bytes(self.node[i as usize]) >> 2) as usize;
        let edges: &'a [[u8; 4]] = &self.edge[at(n)..at(n + 1)];
        edges.iter().map(|e| {
            let e = u32::from_le_bytes(*e);
            (e & 7, e >> 3)
        })
    }

    pub fn method(&self, i: u32) -> Method {
        let w = |k: usize| u32::from_le_bytes(self.method[i as usize * 5 + k]);
        Method { key: w(0), name: w(1) >> 1, exported: w(1) & 1 != 0, mtype: w(2), ifn: w(3), tfn: w(4) }
    }

    pub fn slot(&self, i: u32) -> Slot {
        let w = |k: usize| u32::from_le_bytes(self.slot[i as usize * 3 + k]);
        Slot { owner: w(0), offset: w(1) >> 2, kind: w(1) & 3, target: w(2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let mut b = Builder::default();
        let (f, t, m) = (b.symbol(b"p.f"), b.symbol(b"type:p.T"), b.named(b"p.T.M"));
        let (n0, n1) = (b.node(node::PLAIN), b.node(node::TYPE));
        b.define(f, n0, false);
        b.define(t, n1, true);
        b.edge(n0, edge::SYM, t);
        b.edge(n0, edge::SYM, t);
        b.edge(n0, edge::IFACE, t);
        let method = Method { key: f, name: t, exported: true, mtype: t, ifn: m, tfn: m };
        b.method(n1, method);
        let s = Slot { owner: t, offset: 68, kind: slot::CODE32, target: m };
        b.slot(s);
        let data = b.finish();
        let g = Graph::new(&data).expect("graph");
        assert_eq!((g.symbols, g.defs, g.nodes, g.methods, g.slots), (3, 2, 2, 1, 1));
        assert_eq!(g.symbol(2), hash(b"p.T.M"));
        assert_eq!((g.name(2), g.name(0)), (Some(&b"p.T.M"[..]), None));
        assert_eq!(g.definition(1), (t, n1, true));
        assert_eq!(g.edges(0).collect::<Vec<_>>(), [(edge::SYM, t), (edge::IFACE, t)]);
        assert_eq!(g.edges(1).collect::<Vec<_>>(), [(edge::HAS_METHOD, 0)]);
        assert_eq!((g.kind(1), g.method(0), g.slot(0)), (node::TYPE, method, s));
        assert!(Graph::new(&data[..data.len() - 1]).is_none());
        assert!(Graph::new(b"").is_none());
    }

    #[test]
    fn hashes_differ() {
        let mut all: Vec<u64> = (0..20000).map(|i| hash(format!("type:main.T{i}[go.shape.int_{}]", i % 7).as_bytes())).collect();
        all.extend((0..300).map(|n| hash(&vec![b'a'; n])));
        all.extend((1..300).map(|n| hash(&vec![0; n])));
        let n = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), n);
    }
}
