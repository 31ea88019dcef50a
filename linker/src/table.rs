//! The function table and the link lists, from final addresses.
//!
//! Sidecars are joined with the executable's symbol table by name. Of a COMDAT function LLD keeps the copy of the first object, so the first
//! sidecar record wins.

use object::{Object, ObjectSymbol, SymbolKind};
use rgo_abi::functab::{Builder, read_sidecar};
use rgo_abi::linkgraph::hash;
use rustc_hash::FxHashSet;

use crate::reach::HashMap;
use crate::{Error, LinkOptions};

/// What the extra segment holds.
pub struct Tables {
    pub functab: Vec<u8>,
    /// Addresses of type descriptors.
    pub typelinks: Vec<u64>,
    /// Addresses of itabs.
    pub itablinks: Vec<u64>,
    /// Address and length of the framed module information.
    pub modinfo: (u64, u64),
    /// Address of `rt_moduledata`.
    pub moduledata: Option<u64>,
    /// Addresses of all symbols, by the hash of their names.
    pub symbols: HashMap<u64>,
}

pub fn build(opts: &LinkOptions, image: &[u8]) -> Result<Tables, Error> {
    let file = object::File::parse(image).map_err(|e| Error(format!("internal compiler error: linked file: {e}")))?;
    let mut t = Tables { functab: Vec::new(), typelinks: Vec::new(), itablinks: Vec::new(), modinfo: (0, 0), moduledata: None, symbols: HashMap::default() };
    for s in file.symbols() {
        if s.is_undefined() {
            continue;
        }
        let Ok(name) = s.name() else { continue };
        t.symbols.entry(hash(name.as_bytes())).or_insert(s.address());
        match s.kind() {
            SymbolKind::Data | SymbolKind::Unknown => {
                if let Some(r) = name.strip_prefix("type:") {
                    // `type:.eq.T`, `type:.namedata.N` and the like are not descriptors.
                    if !r.starts_with('.') {
                        t.typelinks.push(s.address());
                    }
                } else if name.starts_with("go:itab.") {
                    t.itablinks.push(s.address());
                } else if name == crate::extra::MODINFO {
                    t.modinfo = (s.address(), s.size());
                } else if name == rgo_abi::moduledata::SYMBOL {
                    t.moduledata = Some(s.address());
                }
            }
            _ => {}
        }
    }
    t.typelinks.sort();
    t.typelinks.dedup();
    t.itablinks.sort();
    t.itablinks.dedup();
    let mut b = Builder::new();
    let mut seen: FxHashSet<u64> = FxHashSet::default();
    for o in &opts.objects {
        let Some(s) = &o.sidecar else { continue };
        let data = s.data()?;
        let Some(funcs) = read_sidecar(&data) else {
            return Err(Error(format!("{}: damaged function table (stale build cache?)", o.package)));
        };
        for f in funcs {
            let h = hash(f.symbol.as_bytes());
            if let Some(&addr) = t.symbols.get(&h)
                && seen.insert(h)
            {
                b.add(addr, &f);
            }
        }
    }
    let (lo, hi) = crate::finish::section_range(&file, ".text").unwrap_or((0, 0));
    t.functab = b.finish(lo, hi);
    Ok(t)
}
