//! Where pointers flow within one function: the rules of each operation, to a fixed point.

use super::*;

impl Flow<'_> {
    /// Runs to the fixed point; false if that takes too long.
    pub(super) fn solve(&mut self, site_of: &HashMap<Value, Site>, param0: &dyn Fn(usize) -> Site, ctx0: Site) -> bool {
        let mut rounds = 0;
        while self.changed {
            self.changed = false;
            rounds += 1;
            if rounds > 200 {
                return false;
            }
            self.step(site_of, param0, ctx0);
        }
        true
    }

    /// Memory at these sites is written to.
    pub(super) fn write(&mut self, sites: &[Site]) {
        for &s in sites {
            if !std::mem::replace(&mut self.written[s as usize], true) {
                self.changed = true;
            }
        }
    }

    pub(super) fn local_site(l: Local) -> Site {
        1 + l.0
    }

    /// Records the code of closure records: a function's address stored at offset 0 of a fresh object.
    pub(super) fn find_closures(&mut self, site_of: &HashMap<Value, Site>) {
        let mut addrs: HashMap<Value, Sym> = HashMap::new();
        for b in &self.f.blocks {
            for i in &b.insts {
                match &i.op {
                    Op::SymAddr(s, 0) => {
                        addrs.insert(i.results[0], *s);
                    }
                    Op::Store { addr, value, .. } => {
                        if let Some(&site) = site_of.get(addr) {
                            let c = addrs.get(value).copied();
                            // A second store at offset 0 makes the code unknown.
                            let e = self.code.entry(site).or_insert(c);
                            if *e != c {
                                *e = None;
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Locals whose address is linked to g as the innermost DeferFrame.
    pub(super) fn find_defer_locals(&mut self, into: &[Option<Local>]) {
        let links = self.defer_link_addrs();
        for b in &self.f.blocks {
            for i in &b.insts {
                if let Op::Store { addr, value, .. } = &i.op
                    && links.contains(addr)
                    && let Some(l) = into[value.0 as usize]
                {
                    let s = Self::local_site(l);
                    if !self.defer_locals.contains(&s) {
                        self.defer_locals.push(s);
                    }
                }
            }
        }
    }

    /// Tells the fields of the defer record apart, if there is one and nothing but loads and stores sees its fields before the results. The words before
    /// the list are the runtime's; the results are reached through the local's site.
    pub(super) fn split_defer_frame(&mut self, head: Site, site_of: &HashMap<Value, Site>, exact: &[Option<Local>]) {
        let &[site] = &self.defer_locals[..] else { return };
        let (frame, links) = (Local(site - 1), self.defer_link_addrs());
        let mut at: Vec<Option<i64>> = vec![None; self.f.values.len()];
        // Addresses come before their uses, as values do, but blocks may not.
        loop {
            let mut changed = false;
            for i in self.f.blocks.iter().flat_map(|b| &b.insts) {
                let a = match &i.op {
                    Op::LocalAddr(l) if *l == frame => Some(0),
                    Op::Intrinsic(Intrinsic::PadRecord, _) => Some(0),
                    Op::PtrAdd(p, o) => at[p.0 as usize].map(|b| b + o),
                    _ => None,
                };
                if let Some(r) = i.results.first().filter(|_| a.is_some()) {
                    changed |= at[r.0 as usize] != a;
                    at[r.0 as usize] = a;
                }
            }
            if !changed {
                break;
            }
        }
        let inner = |v: Value| at[v.0 as usize].is_some_and(|o| o < deferframe::RESULTS as i64);
        for b in &self.f.blocks {
            for i in &b.insts {
                let ok = match &i.op {
                    Op::PtrAdd(..) | Op::Load { .. } => true,
                    Op::Store { addr, value, .. } => !inner(*value) || links.contains(addr),
                    op => {
                        let mut ok = true;
                        op.for_each_operand(&mut |v| ok &= !inner(v));
                        ok
                    }
                };
                if !ok {
                    return;
                }
            }
            if matches!(&b.term, Some(Term::Ret(vs)) if vs.iter().any(|v| inner(*v))) {
                return;
            }
        }
        // What is put on the list: new nodes, and the next one when one is taken off.
        let is_head = |v: Value| at[v.0 as usize] == Some(deferframe::HEAD as i64);
        let (mut heads, mut nexts, mut nodes) = (HashSet::new(), HashMap::new(), Vec::new());
        for i in self.f.blocks.iter().flat_map(|b| &b.insts) {
            if let Op::Load { addr, .. } = &i.op {
                if is_head(*addr) {
                    heads.insert(i.results[0]);
                } else if heads.contains(addr) || exact[addr.0 as usize].is_some() {
                    nexts.insert(i.results[0], exact[addr.0 as usize].map(Self::local_site));
                }
            }
        }
        let mut taken: Vec<Option<Option<Site>>> = Vec::new();
        for i in self.f.blocks.iter().flat_map(|b| &b.insts) {
            if let Op::Store { addr, value, .. } = &i.op
                && is_head(*addr)
            {
                let node = site_of.get(value).copied().or(exact[value.0 as usize].map(Self::local_site));
                let null = self.f.blocks.iter().flat_map(|b| &b.insts).any(|i| matches!(i.op, Op::Null) && i.results[0] == *value);
                match node {
                    Some(n) => _ = add(&mut nodes, n),
                    None if null => {}
                    None => taken.push(nexts.get(value).copied()),
                }
            }
        }
        if !taken.iter().all(|t| t.is_some_and(|of| of.is_none_or(|n| nodes.contains(&n)))) {
            return;
        }
        for &n in &nodes {
            self.contents[n as usize].extend_from_slice(&nodes);
        }
        self.contents[head as usize].extend_from_slice(&nodes);
        self.defer_nodes = nodes;
        self.frame_at = at;
        self.defer_head = head;
    }

    /// What an address in the defer record points to, if its fields are told apart.
    pub(super) fn in_defer_frame(&self, v: Value) -> Option<Site> {
        let o = (*self.frame_at.get(v.0 as usize)?)?;
        Some(match o {
            _ if o >= deferframe::RESULTS as i64 => self.defer_locals[0],
            _ if o == deferframe::HEAD as i64 => self.defer_head,
            _ => UNKNOWN,
        })
    }

    /// Sites that hold the list of deferred calls.
    pub(super) fn defer_lists(&self) -> Vec<Site> {
        if self.frame_at.is_empty() { self.defer_locals.clone() } else { vec![self.defer_head] }
    }

    /// Values that are the address of g's DeferFrame link.
    pub(super) fn defer_link_addrs(&self) -> Vec<Value> {
        let mut gs = Vec::new();
        let mut out = Vec::new();
        for b in &self.f.blocks {
            for i in &b.insts {
                match &i.op {
                    Op::Intrinsic(Intrinsic::GetG, _) => gs.push(i.results[0]),
                    Op::PtrAdd(p, G_DEFERFRAME) if gs.contains(p) => out.push(i.results[0]),
                    _ => {}
                }
            }
        }
        out
    }

    pub(super) fn grow(&mut self, v: Value, sites: &[Site]) {
        if !self.carries[v.0 as usize] {
            return;
        }
        for &s in sites {
            if add(&mut self.pts[v.0 as usize], s) {
                self.changed = true;
            }
        }
    }

    pub(super) fn grow_int(&mut self, v: Value, sites: &[Site]) {
        for &s in sites {
            if add(self.ints.entry(v).or_default(), s) {
                self.changed = true;
            }
        }
    }

    /// The site for (part of) what the call with result `v` returns.
    pub(super) fn fresh_site(&mut self, v: Value, memory: bool) -> Site {
        if let Some(&s) = self.fresh.get(&(v, memory)) {
            return s;
        }
        let s = self.contents.len() as Site;
        // New objects may hold unknown pointers and each other.
        self.contents.push(if memory { vec![UNKNOWN] } else { vec![UNKNOWN, s] });
        self.escaped.push(false);
        self.called.push(false);
        self.written.push(false);
        self.mixed.push(false);
        self.fresh.insert((v, memory), s);
        self.changed = true;
        s
    }

    pub(super) fn put(&mut self, site: Site, sites: &[Site]) {
        for &s in sites {
            if add(&mut self.contents[site as usize], s) {
                self.changed = true;
            }
        }
    }

    pub(super) fn escape(&mut self, sites: &[Site]) {
        for &s in sites {
            let mut work = vec![s];
            while let Some(x) = work.pop() {
                if std::mem::replace(&mut self.escaped[x as usize], true) {
                    continue;
                }
                self.changed = true;
                // The world may write pointers into it.
                add(&mut self.contents[x as usize], UNKNOWN);
                work.extend(self.contents[x as usize].iter().copied());
            }
        }
    }

    pub(super) fn is_param(&self, s: Site) -> bool {
        let first = 1 + self.f.locals.len() as Site;
        let last = first + 3 * self.params as Site + 2;
        // The holder of a memory parameter is memory of this frame.
        s >= first && s < last && !(s < first + 3 * self.params as Site && (s - first) % 3 == 2)
    }

    /// Is the site what a parameter, or the context, points to directly?
    pub(super) fn is_level0(&self, s: Site) -> bool {
        self.is_param(s) && (s - 1 - self.f.locals.len() as Site) % 3 == 0
    }

    /// Sites that may be read through a pointer to any of `sites`.
    pub(super) fn load(&self, sites: &[Site]) -> Vec<Site> {
        let mut out = Vec::new();
        for &s in sites {
            for &c in &self.contents[s as usize] {
                add(&mut out, c);
            }
        }
        out
    }

    /// Everything reachable from `sites`, themselves included.
    pub(super) fn reach(&self, sites: &[Site]) -> Vec<Site> {
        let mut out = Vec::new();
        let mut work = sites.to_vec();
        while let Some(s) = work.pop() {
            if add(&mut out, s) {
                work.extend(self.contents[s as usize].iter().copied());
            }
        }
        out
    }

    pub(super) fn store(&mut self, addr: &[Site], val: &[Site]) {
        for &s in addr {
            if self.is_level0(s) && !self.escaped[s as usize] && val.contains(&(s + 1)) {
                // x.f = x.f[:n]: what is behind the parameter stays there.
                if !std::mem::replace(&mut self.mixed[s as usize], true) {
                    self.changed = true;
                }
                let rest: Vec<Site> = val.iter().copied().filter(|v| *v != s + 1).collect();
                self.escape(&rest);
            } else if s == UNKNOWN || self.is_param(s) || self.escaped[s as usize] {
                self.escape(val);
            }
            if s != UNKNOWN && !self.is_param(s) {
                self.put(s, val);
            }
        }
        if addr.is_empty() {
            // Through a constant address: unknown memory.
            self.escape(val);
        }
    }

    pub(super) fn step(&mut self, site_of: &HashMap<Value, Site>, param0: &dyn Fn(usize) -> Site, ctx0: Site) {
        let f = self.f;
        let links = self.defer_link_addrs();
        let sig = self.cx.m.sig_data(f.sig);
        for b in &f.blocks {
            for i in &b.insts {
                let p = |v: &Value, fl: &Flow| fl.pts[v.0 as usize].clone();
                if let Some(s) = i.results.first().and_then(|r| self.in_defer_frame(*r)) {
                    self.grow(i.results[0], &[s]);
                    continue;
                }
                match &i.op {
                    Op::Store { addr: a, .. } | Op::AtomicStore { addr: a, .. } | Op::AtomicRmw { addr: a, .. } | Op::AtomicCas { addr: a, .. } => {
                        let s = p(a, self);
                        self.write(&s);
                    }
                    Op::Copy { dst: a, .. } | Op::MemMove { dst: a, .. } | Op::ZeroMem { dst: a, .. } | Op::MemClear { dst: a, .. } => {
                        let s = p(a, self);
                        self.write(&s);
                    }
                    // Whoever gets the number may do anything with the memory.
                    Op::Conv(rgo_ir::ConvOp::PtrToInt, a) => {
                        let s = p(a, self);
                        self.write(&s);
                    }
                    _ => {}
                }
                match &i.op {
                    Op::Param(n) => {
                        let t = sig.params[*n as usize];
                        let s = if self.cx.m.types.is_memory(t) { param0(*n as usize) + 2 } else { param0(*n as usize) };
                        if has_pointers(self.cx.m, t) || self.cx.m.types.is_memory(t) {
                            self.grow(i.results[0], &[s]);
                        }
                    }
                    Op::SymAddr(..) => self.grow(i.results[0], &[UNKNOWN]),
                    Op::LocalAddr(l) => self.grow(i.results[0], &[Self::local_site(*l)]),
                    Op::PtrAdd(a, _) | Op::Extract(a, _) => {
                        let s = p(a, self);
                        self.grow(i.results[0], &s);
                    }
                    Op::PtrIndex { base, .. } => {
                        let s = p(base, self);
                        self.grow(i.results[0], &s);
                    }
                    Op::Select(_, a, b) | Op::Insert { agg: a, value: b, .. } => {
                        let mut s = p(a, self);
                        s.extend(p(b, self));
                        self.grow(i.results[0], &s);
                    }
                    Op::Aggregate(vs) => {
                        for v in vs {
                            let s = p(v, self);
                            self.grow(i.results[0], &s);
                        }
                    }
                    Op::Conv(rgo_ir::ConvOp::PtrToInt, a) => {
                        let s = p(a, self);
                        self.grow_int(i.results[0], &s);
                    }
                    Op::Conv(rgo_ir::ConvOp::IntToPtr, a) => {
                        self.grow(i.results[0], &[UNKNOWN]);
                        if let Some(s) = self.ints.get(a).cloned() {
                            self.grow(i.results[0], &s);
                        }
                    }
                    Op::Conv(..) => {}
                    Op::Bin(_, a, b) => {
                        for o in [a, b] {
                            if let Some(s) = self.ints.get(o).cloned() {
                                self.grow_int(i.results[0], &s);
                            }
                        }
                    }
                    Op::Load { addr, .. } | Op::AtomicLoad { addr } => {
                        let a = p(addr, self);
                        if has_pointers(self.cx.m, f.ty(i.results[0])) {
                            let s = self.load(&a);
                            self.grow(i.results[0], &s);
                        }
                    }
                    Op::Store { addr, value, .. } => {
                        if links.contains(addr) {
                            self.run_deferred();
                            continue;
                        }
                        // Its contents are known from the start, and what is loaded from nodes is more than what is put here.
                        if self.pts[addr.0 as usize] == [self.defer_head] {
                            continue;
                        }
                        let (a, v) = (p(addr, self), p(value, self));
                        self.store(&a, &v);
                    }
                    Op::AtomicStore { addr, value } => {
                        let (a, v) = (p(addr, self), p(value, self));
                        self.store(&a, &v);
                    }
                    Op::AtomicRmw { addr, value, .. } => {
                        let (a, v) = (p(addr, self), p(value, self));
                        self.store(&a, &v);
                        let s = self.load(&a);
                        self.grow(i.results[0], &s);
                    }
                    Op::AtomicCas { addr, new, .. } => {
                        let (a, v) = (p(addr, self), p(new, self));
                        self.store(&a, &v);
                    }
                    Op::MemMove { pointers: false, .. } => {}
                    Op::Copy { ty, .. } if !has_pointers(self.cx.m, *ty) => {}
                    Op::Copy { dst, src, .. } | Op::MemMove { dst, src, .. } => {
                        let (d, s) = (p(dst, self), p(src, self));
                        let c = self.load(&s);
                        self.store(&d, &c);
                    }
                    Op::New { .. } | Op::MakeSlice { .. } => {
                        let s = site_of[&i.results[0]];
                        self.grow(i.results[0], &[s]);
                    }
                    Op::Intrinsic(Intrinsic::Escape, args) => {
                        for a in args {
                            let mut sites = p(a, self);
                            if self.cx.m.types.is_memory(self.f.values[a.0 as usize]) {
                                sites = self.load(&sites);
                            }
                            self.escape(&sites);
                        }
                    }
                    Op::Intrinsic(k, _) => match k {
                        Intrinsic::ClosureCtx => self.grow(i.results[0], &[ctx0]),
                        Intrinsic::GetG => self.grow(i.results[0], &[UNKNOWN]),
                        Intrinsic::PadRecord => {
                            let d = self.defer_locals.clone();
                            self.grow(i.results[0], &d);
                            self.grow(i.results[0], &[UNKNOWN]);
                        }
                        _ => {}
                    },
                    Op::Call { callee: Callee::Direct(c), args, .. } if box_of(self.cx.m.sym_name(*c)).is_some() => {
                        let s = site_of[&i.results[0]];
                        self.grow(i.results[0], &[s]);
                        let v = p(&args[0], self);
                        self.store(&[s], &v);
                    }
                    Op::Call { callee, sig, args } => {
                        self.call(callee, *sig, args, &i.results);
                        if let Some(&s) = i.results.first().and_then(|r| site_of.get(r)) {
                            self.grow(i.results[0], &[s]);
                            if matches!(callee, Callee::Direct(c) if self.cx.m.sym_name(*c) == "runtime.growslice") {
                                let c = self.load(&self.pts[args[0].0 as usize]);
                                self.put(s, &c);
                                self.put(s, &[UNKNOWN]);
                            }
                            if self.aliases.contains(&i.results[0]) {
                                let c = p(&args[1], self);
                                self.grow(i.results[0], &c);
                            }
                        }
                    }
                    Op::Int(_) | Op::Float(_) | Op::Null | Op::Zero | Op::Un(..) | Op::Cmp(..) | Op::ZeroMem { .. } | Op::MemClear { .. } | Op::NilCheck(_)
                    | Op::Bounds { .. } | Op::DivCheck(_) | Op::ShiftCheck(_) | Op::Use(_) => {}
                }
            }
            if let Some(Term::Ret(vs)) = &b.term {
                for (k, v) in vs.iter().enumerate() {
                    let mut s = self.pts[v.0 as usize].clone();
                    if self.cx.m.types.is_memory(sig.results[k]) {
                        s = self.load(&s);
                    }
                    for x in &s {
                        if add(&mut self.results[k], *x) {
                            self.changed = true;
                        }
                    }
                    // Own objects outlive the call; parameters only flow.
                    let own: Vec<Site> = self.reach(&s).into_iter().filter(|x| !self.is_param(*x)).collect();
                    self.escape_own(&own);
                }
            }
        }
    }

    /// Marks sites escaped without following them into parameters (which flow to the result, recorded separately).
    pub(super) fn escape_own(&mut self, own: &[Site]) {
        for &s in own {
            if !std::mem::replace(&mut self.escaped[s as usize], true) {
                self.changed = true;
                add(&mut self.contents[s as usize], UNKNOWN);
            }
        }
    }

    /// The closures in this function's defer records are called.
    pub(super) fn run_deferred(&mut self) {
        let called = if self.frame_at.is_empty() {
            let held: Vec<Site> = self.defer_locals.iter().flat_map(|d| self.contents[*d as usize].clone()).collect();
            self.reach(&held)
        } else {
            self.load(&self.defer_nodes)
        };
        for s in called {
            if let Some(code) = self.code.get(&s).copied().filter(|_| !self.defer_nodes.contains(&s)) {
                self.call_record(s, code, None);
            }
        }
    }

    /// A closure record is called: its captures flow as the code's summary says. Without `results`, code outside gets what it returns.
    pub(super) fn call_record(&mut self, site: Site, code: Option<Sym>, results: Option<(&[Value], &[Ty])>) {
        if self.calling.contains(&site) {
            return;
        }
        self.calling.push(site);
        self.follow_record(site, code, results);
        self.calling.pop();
    }

    pub(super) fn follow_record(&mut self, site: Site, code: Option<Sym>, results: Option<(&[Value], &[Ty])>) {
        let flow = code.and_then(|c| self.cx.summary(c)).and_then(|s| s.ctx);
        match flow {
            Some(mut c) => {
                if results.is_none() {
                    c.leak0 |= (c.to_result0 | c.in_result0) != 0;
                    c.leak1 |= c.to_result1 != 0;
                }
                self.apply(&c, &[site], results)
            }
            None => self.escape(&[site]),
        }
    }

    /// Applies a parameter's flow to the sites it points to.
    pub(super) fn apply(&mut self, p: &ParamFlow, sites: &[Site], results: Option<(&[Value], &[Ty])>) {
        if p.leak0 {
            self.escape(sites);
        }
        if p.leak1 {
            let c = self.load(sites);
            self.escape(&c);
        }
        if p.mixes && !p.leak0 && !p.leak1 {
            let inner = self.reach(&self.load(sites));
            self.store(sites, &inner);
        }
        if p.writes0 {
            self.write(sites);
        }
        if p.writes1 {
            let s = self.reach(&self.load(sites));
            self.write(&s);
        }
        // The callee may have stored unknown pointers in what it can reach.
        for s in self.reach(sites) {
            if s != UNKNOWN && !self.is_param(s) {
                self.put(s, &[UNKNOWN]);
            }
        }
        if p.called && !p.leak0 {
            self.call_sites(sites);
        }
        if p.called1 && !p.leak1 {
            let s = self.reach(&self.load(sites));
            self.call_sites(&s);
        }
        if let Some((vs, tys)) = results {
            for (k, v) in vs.iter().enumerate() {
                let bit = if k < 31 { 1u32 << k } else { 1 << 31 };
                let mut s: Vec<Site> = Vec::new();
                let mut inside: Vec<Site> = Vec::new();
                // What has escaped is unknown, as results are anyway.
                if p.to_result0 & bit != 0 && !p.leak0 {
                    s.extend_from_slice(sites);
                }
                if p.in_result0 & bit != 0 && !p.leak0 {
                    inside.extend_from_slice(sites);
                }
                if p.to_result1 & bit != 0 && !p.leak0 && !p.leak1 {
                    let r = self.reach(&self.load(sites));
                    s.extend_from_slice(&r);
                    inside.extend(r);
                }
                if s.is_empty() && inside.is_empty() {
                    continue;
                }
                if !inside.is_empty() {
                    let f = self.fresh_site(*v, false);
                    self.store(&[f], &inside);
                    s.push(f);
                }
                if self.cx.m.types.is_memory(tys[k]) {
                    // The result operand points to memory that holds them.
                    let m = self.fresh_site(*v, true);
                    self.store(&[m], &s);
                    self.grow(*v, &[m]);
                } else {
                    self.grow(*v, &s);
                }
            }
        }
    }

    /// What of `sites` is a func value may be called.
    pub(super) fn call_sites(&mut self, sites: &[Site]) {
        for &s in sites {
            if s == UNKNOWN || self.is_plain(s) {
                continue;
            }
            if self.is_param(s) {
                if !std::mem::replace(&mut self.called[s as usize], true) {
                    self.changed = true;
                }
            } else if let Some(code) = self.code.get(&s).copied() {
                self.call_record(s, code, None);
            } else {
                // A func value inside of an aggregate: what it holds may be called too.
                self.escape(&[s]);
            }
        }
    }

    /// Is the site no closure record? Records are objects of several words, never locals.
    pub(super) fn is_plain(&self, s: Site) -> bool {
        (s as usize) <= self.f.locals.len() || self.plain.contains(&s)
    }

    pub(super) fn call(&mut self, callee: &Callee, sig: rgo_ir::Sig, args: &[Value], results: &[Value]) {
        let cx = self.cx;
        let sd = cx.m.sig_data(sig);
        let mut ctx_sites: Vec<Site> = Vec::new();
        let sum = match callee {
            Callee::Direct(s) => cx.summary(*s),
            Callee::DirectClosure(s, v) => {
                ctx_sites = self.pts[v.0 as usize].clone();
                cx.summary(*s)
            }
            Callee::Code(_) => None,
            Callee::Closure(v) => {
                for s in self.pts[v.0 as usize].clone() {
                    if self.defer_nodes.contains(&s) {
                        continue;
                    }
                    match self.code.get(&s).copied() {
                        Some(code) if !self.is_plain(s) => self.call_record(s, code, Some((results, &sd.results))),
                        _ => self.call_sites(&[s]),
                    }
                }
                None
            }
        };
        for &r in results {
            self.grow(r, &[UNKNOWN]);
        }
        if let Callee::Direct(s) = callee {
            // What is copied stays where the destination is.
            let copy = match cx.m.sym_name(*s) {
                "runtime.typedslicecopy" => Some((args[1], args[3])),
                "runtime.typedmemmove" => Some((args[1], args[2])),
                "runtime.rt_wbmove" => Some((args[0], args[1])),
                _ => None,
            };
            if let Some((dst, src)) = copy {
                let c = self.load(&self.pts[src.0 as usize]);
                let d = self.pts[dst.0 as usize].clone();
                self.write(&d);
                self.store(&d, &c);
                return;
            }
            // The iterator holds the map.
            if cx.m.sym_name(*s) == "runtime.mapIterStart" {
                let (m, it) = (self.pts[args[1].0 as usize].clone(), self.pts[args[2].0 as usize].clone());
                self.write(&it);
                self.store(&it, &m);
                self.store(&it, &[UNKNOWN]);
                return;
            }
        }
        let no_pointers = matches!(callee, Callee::Direct(s) if cx.m.sym_name(*s) == "runtime.growslice") && self.pointer_free(args[4]);
        for (k, a) in args.iter().enumerate() {
            let mut sites = self.pts[a.0 as usize].clone();
            if sd.params.get(k).is_some_and(|t| cx.m.types.is_memory(*t)) {
                sites = self.load(&sites);
            }
            let flow = match &sum {
                Some(s) => s.params.get(k).cloned().unwrap_or_else(ParamFlow::all),
                None => ParamFlow::all(),
            };
            let flow = if no_pointers { ParamFlow { leak1: false, ..flow } } else { flow };
            self.apply(&flow, &sites, Some((results, &sd.results)));
        }
        if let Callee::DirectClosure(..) = callee {
            let flow = sum.and_then(|s| s.ctx).unwrap_or_else(ParamFlow::all);
            self.apply(&flow, &ctx_sites, Some((results, &sd.results)));
        }
    }

    /// Is the value the descriptor of a type without pointers?
    pub(super) fn pointer_free(&self, v: Value) -> bool {
        let desc = self.f.blocks.iter().flat_map(|b| &b.insts).find(|i| i.results.first() == Some(&v));
        matches!(desc, Some(i) if matches!(&i.op, Op::SymAddr(s, 0) if self.cx.descs.get(s).is_some_and(|d| d.1 == 0)))
    }

    /// May the object of an allocation that repeats share one slot over the rounds?
    pub(super) fn safe_in_cycle(&self, cyc: &Cycles, exact: &[Option<Local>], into: &[Option<Local>], a: &Alloc) -> bool {
        let mut holders = Vec::new();
        // The pad reads the record without naming the local.
        if self.defer_lists().iter().any(|s| self.reach(&[*s]).contains(&a.site)) {
            return false;
        }
        for l in 0..self.f.locals.len() {
            let s = Self::local_site(Local(l as u32));
            if self.reach(&[s]).contains(&a.site) {
                // The pad reads the record without naming the local.
                if self.defer_locals.contains(&s) {
                    return false;
                }
                holders.push(Holder::Local(Local(l as u32)));
            }
        }
        // The object may hold itself (a ring): then the previous object stays reachable only through holders looked at here.
        for (v, set) in self.pts.iter().enumerate() {
            if Value(v as u32) != a.value && !set.is_empty() && self.reach(set).contains(&a.site) {
                // A pure address of a local is covered by the local.
                if into[v].is_some() {
                    continue;
                }
                holders.push(Holder::Value(Value(v as u32)));
            }
        }
        if holders.len() > 400 {
            return false;
        }
        // A conversion reads its operand while it fills the buffer.
        let inclusive = matches!(a.slot, Some(Slot::Buffer(..) | Slot::Map(_)));
        holders.into_iter().all(|h| !live_before(self.f, cyc, exact, into, h, a.block, a.inst, inclusive))
    }
}
