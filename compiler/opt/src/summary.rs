//! What a caller may assume about a function: where its parameters flow.

use std::collections::HashMap;

/// Where one parameter flows. *Level 0* is the parameter's own pointers, *level 1* everything reached through at least one load.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct ParamFlow {
    /// The pointers themselves may be kept.
    pub leak0: bool,
    /// Pointers found behind them may be kept.
    pub leak1: bool,
    /// The parameter is a func value that may be called (its captures then flow as its own summary says).
    pub called: bool,
    /// The same for func values found behind it.
    pub called1: bool,
    /// The memory it points to, and memory found behind that, may be written to.
    pub writes0: bool,
    pub writes1: bool,
    /// Pointers found behind it may be stored in the memory it points to.
    pub mixes: bool,
    /// Results that may hold the pointers themselves / pointers found behind them (bit r = result r).
    pub to_result0: u32,
    pub to_result1: u32,
    /// Results that may be, or hold, new objects which hold the pointers themselves.
    pub in_result0: u32,
}

/// Flows of all parameters; the closure context is the last entry if the function reads it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct FuncSummary {
    pub params: Vec<ParamFlow>,
    pub ctx: Option<ParamFlow>,
}

/// Summaries by symbol.
#[derive(Clone, Default, Debug)]
pub struct Summaries {
    pub map: HashMap<String, FuncSummary>,
}

impl ParamFlow {
    pub fn none() -> ParamFlow {
        ParamFlow::default()
    }
    pub fn all() -> ParamFlow {
        ParamFlow { leak0: true, leak1: true, called: true, called1: true, writes0: true, writes1: true, mixes: true, to_result0: u32::MAX, to_result1: u32::MAX, in_result0: u32::MAX }
    }
    /// Only what is behind the pointers is kept.
    pub fn contents() -> ParamFlow {
        ParamFlow { leak1: true, ..ParamFlow::default() }
    }
}

impl ParamFlow {
    fn union(&self, o: &ParamFlow) -> ParamFlow {
        ParamFlow {
            leak0: self.leak0 || o.leak0,
            leak1: self.leak1 || o.leak1,
            called: self.called || o.called,
            called1: self.called1 || o.called1,
            writes0: self.writes0 || o.writes0,
            writes1: self.writes1 || o.writes1,
            mixes: self.mixes || o.mixes,
            to_result0: self.to_result0 | o.to_result0,
            to_result1: self.to_result1 | o.to_result1,
            in_result0: self.in_result0 | o.in_result0,
        }
    }
}

impl FuncSummary {
    /// Whatever either says may happen.
    pub fn union(&self, o: &FuncSummary) -> FuncSummary {
        let params = self.params.iter().zip(&o.params).map(|(a, b)| a.union(b)).collect();
        let ctx = match (&self.ctx, &o.ctx) {
            (Some(a), Some(b)) => Some(a.union(b)),
            _ => None,
        };
        FuncSummary { params, ctx }
    }
}

impl Summaries {
    pub fn get(&self, sym: &str) -> Option<&FuncSummary> {
        self.map.get(sym)
    }

    /// A text form: one line per function, `symbol` TAB flows; sorted. Symbols hold no tabs or newlines.
    pub fn to_text(&self) -> String {
        let mut keys: Vec<&String> = self.map.keys().filter(|k| !k.contains(['\t', '\n'])).collect();
        keys.sort();
        let mut out = String::new();
        for k in keys {
            let s = &self.map[k];
            out.push_str(k);
            for p in s.params.iter() {
                out.push('\t');
                flow_text(&mut out, p);
            }
            if let Some(c) = &s.ctx {
                out.push_str("\tc");
                flow_text(&mut out, c);
            }
            out.push('\n');
        }
        out
    }

    /// Reads [`Summaries::to_text`]; lines that do not parse are left out (less is known then).
    pub fn from_text(t: &str) -> Summaries {
        let mut map = HashMap::new();
        for line in t.lines() {
            let mut parts = line.split('\t');
            let Some(sym) = parts.next() else { continue };
            let mut s = FuncSummary::default();
            let mut ok = true;
            for p in parts {
                match p.strip_prefix('c') {
                    Some(c) => match parse_flow(c) {
                        Some(f) => s.ctx = Some(f),
                        None => ok = false,
                    },
                    None => match parse_flow(p) {
                        Some(f) => s.params.push(f),
                        None => ok = false,
                    },
                }
            }
            if ok {
                map.insert(sym.to_string(), s);
            }
        }
        Summaries { map }
    }
}

fn flow_text(out: &mut String, p: &ParamFlow) {
    let bits = p.leak0 as u32 | (p.leak1 as u32) << 1 | (p.called as u32) << 2 | (p.called1 as u32) << 3 | (p.writes0 as u32) << 4 | (p.writes1 as u32) << 5 | (p.mixes as u32) << 6;
    out.push_str(&format!("{bits},{:x},{:x},{:x}", p.to_result0, p.to_result1, p.in_result0));
}

fn parse_flow(s: &str) -> Option<ParamFlow> {
    let mut it = s.split(',');
    let bits: u32 = it.next()?.parse().ok()?;
    let r0 = u32::from_str_radix(it.next()?, 16).ok()?;
    let r1 = u32::from_str_radix(it.next()?, 16).ok()?;
    let in0 = u32::from_str_radix(it.next()?, 16).ok()?;
    if it.next().is_some() {
        return None;
    }
    let bit = |n: u32| bits >> n & 1 != 0;
    Some(ParamFlow {
        leak0: bit(0),
        leak1: bit(1),
        called: bit(2),
        called1: bit(3),
        writes0: bit(4),
        writes1: bit(5),
        mixes: bit(6),
        to_result0: r0,
        to_result1: r1,
        in_result0: in0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trip() {
        let mut s = Summaries::default();
        let f = ParamFlow { leak0: false, leak1: true, called: true, writes1: true, to_result0: 3, to_result1: 0, in_result0: 5, ..ParamFlow::default() };
        s.map.insert("a.(*T).F".into(), FuncSummary { params: vec![f.clone(), ParamFlow::all()], ctx: Some(f) });
        s.map.insert("b.G".into(), FuncSummary::default());
        let t = s.to_text();
        let r = Summaries::from_text(&t);
        assert_eq!(r.map, s.map);
        assert!(Summaries::from_text("x\tnonsense").map.is_empty());
    }
}
