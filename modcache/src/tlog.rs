//! Transparency log arithmetic: record and node hashes, tiles, and proofs read from tiles.
//!
//! The tree is that of RFC 6962. A tile of height 8 holds the hashes of up to 256 neighbours; everything else follows
//! from them. A tile is only believed when its hashes lead to the hash of a signed tree.

use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// Height of tiles.
const H: u32 = 8;

/// A tree: its size and the hash of its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
    pub n: u64,
    pub hash: Hash,
}

/// A tile: level, number at that level, width (256 if it is full).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    pub level: u32,
    pub n: u64,
    pub width: u64,
}

impl Tile {
    /// The path under which a server has the tile.
    pub fn path(&self) -> String {
        let mut n = self.n;
        let mut s = format!("{:03}", n % 1000);
        while n >= 1000 {
            n /= 1000;
            s = format!("x{:03}/{s}", n % 1000);
        }
        let p = if self.width == 1 << H { String::new() } else { format!(".p/{}", self.width) };
        format!("tile/{H}/{}/{s}{p}", self.level)
    }

    /// The full tile at the same place.
    pub fn full(self) -> Tile {
        Tile { width: 1 << H, ..self }
    }
}

/// The hash of a record.
pub fn record_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

fn node_hash(l: &Hash, r: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(l).chain_update(r).finalize().into()
}

/// The hash of a tree without records.
pub fn empty_hash() -> Hash {
    Sha256::new().finalize().into()
}

/// Where tiles come from.
pub trait Tiles {
    /// The hashes of a tile, one after the other.
    fn read(&self, tile: Tile) -> Result<Vec<u8>>;
    /// A tile that was found to belong to the tree.
    fn save(&self, tile: Tile, data: &[u8]);
}

/// Reads hashes of a tree through tiles, each checked before it is believed.
pub struct Reader<'a> {
    tree: Tree,
    tiles: &'a dyn Tiles,
    /// Tiles that are believed.
    good: HashMap<Tile, Vec<u8>>,
}

/// Node at a level and number: it covers records `n << level` up to `(n+1) << level`.
type Node = (u32, u64);

/// The subtrees that make up a tree of size `n`, left to right.
fn subtrees(n: u64) -> Vec<Node> {
    let (mut out, mut lo) = (Vec::new(), 0);
    for level in (0..64).rev() {
        if n & 1 << level != 0 {
            out.push((level, lo >> level));
            lo += 1 << level;
        }
    }
    out
}

fn fold(hashes: &[Hash]) -> Hash {
    let mut it = hashes.iter().rev();
    let Some(first) = it.next() else { return empty_hash() };
    it.fold(*first, |r, l| node_hash(l, &r))
}

impl<'a> Reader<'a> {
    /// A reader for a tree.
    pub fn new(tree: Tree, tiles: &'a dyn Tiles) -> Reader<'a> {
        Reader { tree, tiles, good: HashMap::new() }
    }

    /// The tile that holds a node, as wide as this tree allows.
    fn tile_of(&self, (level, n): Node) -> Tile {
        let tl = level / H;
        let base_n = n << (level % H);
        let tn = base_n >> H;
        let have = self.tree.n >> (tl * H);
        let width = (have - (tn << H)).min(1 << H);
        Tile { level: tl, n: tn, width }
    }

    /// The hash of a node from its tile's data.
    fn node_in(data: &[u8], (level, n): Node) -> Option<Hash> {
        let k = level % H;
        let first = ((n << k) & ((1 << H) - 1)) as usize;
        let mut row: Vec<Hash> = (first..first + (1 << k)).map(|i| data.get(i * 32..i * 32 + 32)?.try_into().ok()).collect::<Option<_>>()?;
        while row.len() > 1 {
            row = row.chunks(2).map(|p| node_hash(&p[0], &p[1])).collect();
        }
        row.first().copied()
    }

    /// The node that a full tile is, one level of tiles up.
    fn up(t: Tile) -> Node {
        ((t.level + 1) * H, t.n)
    }

    fn load(&mut self, t: Tile) -> Result<Vec<u8>> {
        let data = self.tiles.read(t)?;
        if data.len() as u64 != t.width * 32 {
            return Err(Error::text(format!("TileHashReader got bad result slice (len={}, want {})", data.len(), t.width * 32)));
        }
        Ok(data)
    }

    /// Reads the tiles at the right edge and checks that they give the tree's hash.
    fn edge(&mut self) -> Result<()> {
        if !self.good.is_empty() || self.tree.n == 0 {
            return Ok(());
        }
        let mut fresh: HashMap<Tile, Vec<u8>> = HashMap::new();
        let mut hashes = Vec::new();
        for node in subtrees(self.tree.n) {
            let t = self.tile_of(node);
            if !fresh.contains_key(&t) {
                let d = self.load(t)?;
                fresh.insert(t, d);
            }
            hashes.push(Self::node_in(&fresh[&t], node).ok_or("bad math in tile reader")?);
        }
        if fold(&hashes) != self.tree.hash {
            return Err("downloaded inconsistent tile".into());
        }
        for (t, d) in &fresh {
            self.tiles.save(*t, d);
        }
        self.good = fresh;
        Ok(())
    }

    /// The hash of a node of the tree.
    pub fn node(&mut self, node: Node) -> Result<Hash> {
        self.edge()?;
        // From the node's tile upwards to one that is believed.
        let mut chain = vec![self.tile_of(node)];
        while let Some(t) = chain.last().copied().filter(|t| !self.good.contains_key(t)) {
            if t.width != 1 << H {
                return Err("bad math in tile reader".into());
            }
            let up = self.tile_of(Self::up(t));
            chain.push(up);
        }
        for i in (0..chain.len().saturating_sub(1)).rev() {
            let (t, parent) = (chain[i], chain[i + 1]);
            let data = self.load(t)?;
            let want = Self::node_in(&self.good[&parent], Self::up(t));
            if want != Some(full_hash(&data)) {
                return Err("downloaded inconsistent tile".into());
            }
            self.tiles.save(t, &data);
            self.good.insert(t, data);
        }
        Self::node_in(&self.good[&chain[0]], node).ok_or_else(|| "bad math in tile reader".into())
    }

    /// The hash of record `id`.
    pub fn record(&mut self, id: u64) -> Result<Hash> {
        self.node((0, id))
    }

    /// The hash the tree had when its size was `n`.
    pub fn tree_hash(&mut self, n: u64) -> Result<Hash> {
        if n == 0 {
            return Ok(empty_hash());
        }
        let list: Vec<Hash> = subtrees(n).into_iter().map(|s| self.node(s)).collect::<Result<_>>()?;
        Ok(fold(&list))
    }
}

/// The hash of a full tile.
fn full_hash(data: &[u8]) -> Hash {
    let mut row: Vec<Hash> = data.chunks_exact(32).filter_map(|c| c.try_into().ok()).collect();
    while row.len() > 1 {
        row = row.chunks(2).map(|p| node_hash(&p[0], &p[1])).collect();
    }
    row.first().copied().unwrap_or_else(empty_hash)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::cell::Cell;

    /// A log in memory.
    pub(crate) struct Log {
        pub records: Vec<Hash>,
        pub corrupt: Cell<Option<Tile>>,
    }

    impl Log {
        pub(crate) fn level(&self, level: u32) -> Vec<Hash> {
            let mut row = self.records.clone();
            for _ in 0..level {
                row = row.chunks_exact(2).map(|p| node_hash(&p[0], &p[1])).collect();
            }
            row
        }

        pub(crate) fn tree(&self, n: u64) -> Tree {
            let list: Vec<Hash> = subtrees(n).into_iter().map(|(l, i)| self.level(l)[i as usize]).collect();
            Tree { n, hash: fold(&list) }
        }
    }

    impl Tiles for Log {
        fn read(&self, t: Tile) -> Result<Vec<u8>> {
            let row = self.level(t.level * H);
            let from = (t.n << H) as usize;
            let mut d: Vec<u8> = row[from..from + t.width as usize].concat();
            if self.corrupt.get() == Some(t) {
                d[0] ^= 1;
            }
            Ok(d)
        }

        fn save(&self, _t: Tile, _data: &[u8]) {}
    }

    #[test]
    fn proofs() {
        let log = Log { records: (0..1000u32).map(|i| record_hash(&i.to_le_bytes())).collect(), corrupt: Cell::new(None) };
        let tree = log.tree(1000);
        let mut r = Reader::new(tree, &log);
        for id in [0, 1, 255, 256, 600, 999] {
            assert_eq!(r.record(id).unwrap(), log.records[id as usize], "{id}");
        }
        for n in [1, 2, 255, 256, 257, 700, 1000] {
            assert_eq!(r.tree_hash(n).unwrap(), log.tree(n).hash, "{n}");
        }
        // A wrong tile anywhere on the way is found.
        for t in [Tile { level: 0, n: 0, width: 256 }, Tile { level: 0, n: 3, width: 232 }, Tile { level: 1, n: 0, width: 3 }] {
            log.corrupt.set(Some(t));
            let mut r = Reader::new(tree, &log);
            assert!(r.record(5).is_err(), "{t:?}");
        }
        log.corrupt.set(None);
        let forged = Tree { hash: [7; 32], ..tree };
        assert!(Reader::new(forged, &log).record(5).is_err());
        assert_eq!(Tile { level: 1, n: 1234567, width: 3 }.path(), "tile/8/1/x001/x234/567.p/3");
    }
}
