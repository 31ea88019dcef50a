//! Export data back to a package.

use super::*;

/// A package made from export data.
pub struct Imported {
    pub pkg: &'static Package,
    /// Its files, registered unread.
    pub sources: Vec<Arc<SourceFile>>,
    /// Functions and methods whose bodies importers need, with the index of their file.
    pub with_body: Vec<(Obj, usize)>,
}

struct Reader<'a> {
    d: &'a [u8],
    at: usize,
    strings: Vec<&'a [u8]>,
    symbols: Vec<Option<Symbol>>,
    packages: Vec<Option<&'static Package>>,
    pkg: &'static Package,
    sources: Vec<Arc<SourceFile>>,
    tparams: FxHashMap<u64, &'static TypeParam>,
    ifaces: Vec<&'static Interface>,
    ctxt: Arc<Context>,
    with_body: Vec<(Obj, usize)>,
    depth: u32,
}

/// Makes the package of export data. `find`: the package with a path, among all that this one depends on. `names`: of its files; `read(i)` reads
/// one. None if the data is not what [`export`] writes, or does not fit the other packages.
pub fn import(
    data: &[u8],
    path: &str,
    find: &dyn Fn(&str) -> Option<&'static Package>,
    names: &[String],
    read: &dyn Fn(usize) -> ReadText,
) -> Option<Imported> {
    let d = data.strip_prefix(MAGIC)?;
    let mut r = Reader {
        d,
        at: 0,
        strings: Vec::new(),
        symbols: Vec::new(),
        packages: vec![None],
        pkg: universe().unsafe_pkg,
        sources: Vec::new(),
        tparams: FxHashMap::default(),
        ifaces: Vec::new(),
        ctxt: Context::new(),
        with_body: Vec::new(),
        depth: 0,
    };
    for _ in 0..r.len()? {
        let n = r.len()?;
        let s = r.take(n)?;
        r.strings.push(s);
    }
    r.symbols = vec![None; r.strings.len()];
    for i in 0..r.len()? {
        let n = r.len()?;
        let p = std::str::from_utf8(r.take(n)?).ok()?;
        r.packages.push(match (i, p) {
            (0, p) if p == path => None,
            (0, _) => return None,
            (_, "unsafe") => Some(universe().unsafe_pkg),
            _ => Some(find(p)?),
        });
    }
    if r.n()? != 1 || r.packages.len() < 2 {
        return None;
    }
    r.pkg = Package::new(path, r.text()?);
    r.packages[1] = Some(r.pkg);
    let version = r.text()?;
    r.pkg.set_go_version(version);
    let mut imports = Vec::new();
    for _ in 0..r.len()? {
        imports.push(r.package()??);
    }
    r.pkg.set_imports(imports);
    let n = r.len()?;
    if n != names.len() {
        return None;
    }
    for (i, name) in names.iter().enumerate() {
        let size = u32::try_from(r.n()?).ok()?;
        let mut bases = Vec::new();
        for _ in 0..r.len()? {
            let offset = r.n()? as u32;
            bases.push(LineBase { offset, filename: r.text()?.into(), line: r.n()? as u32, col: r.n()? as u32 });
        }
        r.sources.push(FileSet::global().add_unread(name, size, bases, read(i)));
    }
    let mut objects = Vec::new();
    for _ in 0..r.len()? {
        let o = r.head()?;
        if r.pkg.scope().insert(o).is_some() {
            return None;
        }
        objects.push(o);
    }
    let mut named = Vec::new();
    for o in objects {
        r.rest(o)?;
        if let Some(t @ (Type::Named(_) | Type::Alias(_))) = o.try_type() {
            named.push(t);
        }
    }
    if r.at != r.d.len() {
        return None;
    }
    if !named.iter().all(|t| ends(*t, named.len())) {
        return None;
    }
    // Others may see the package now: nothing is left to be computed but what several threads may compute at once.
    for t in named {
        match t {
            Type::Named(n) => drop(n.underlying()),
            t => drop(t.unalias()),
        }
    }
    for i in &r.ifaces {
        i.type_set();
    }
    for p in r.tparams.values() {
        p.iface();
    }
    r.pkg.mark_complete();
    Some(Imported { pkg: r.pkg, sources: r.sources, with_body: r.with_body })
}

/// Does the chain of right-hand sides from here end? (In what [`export`] writes it does.)
fn ends(t: Type, names: usize) -> bool {
    let mut t = Some(t);
    for _ in 0..=names {
        t = match t {
            Some(Type::Alias(a)) => a.rhs(),
            Some(Type::Named(n)) if !n.is_instance() => n.rhs(),
            Some(_) => return true,
            None => return false,
        };
    }
    // Longer chains lead into other packages.
    !matches!(t, Some(Type::Alias(_) | Type::Named(_))) || names == 0
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let s = self.d.get(self.at..self.at.checked_add(n)?)?;
        self.at += n;
        Some(s)
    }

    fn n(&mut self) -> Option<u64> {
        let (mut v, mut shift) = (0u64, 0);
        loop {
            let b = *self.d.get(self.at)?;
            self.at += 1;
            if shift > 63 {
                return None;
            }
            v |= u64::from(b & 0x7f) << shift;
            if b < 0x80 {
                return Some(v);
            }
            shift += 7;
        }
    }

    /// A number of things that follow: never more than there are bytes.
    fn len(&mut self) -> Option<usize> {
        let n = self.n()?;
        (n <= (self.d.len() - self.at) as u64).then_some(n as usize)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.n()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let i = self.n()? as usize;
        self.strings.get(i).copied()
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn symbol(&mut self) -> Option<Symbol> {
        let i = self.n()? as usize;
        if let Some(s) = *self.symbols.get(i)? {
            return Some(s);
        }
        let s = Symbol::intern(std::str::from_utf8(self.strings[i]).ok()?);
        self.symbols[i] = Some(s);
        Some(s)
    }

    fn package(&mut self) -> Option<Option<&'static Package>> {
        let i = self.n()? as usize;
        self.packages.get(i).copied()
    }

    fn file_pos(&mut self) -> Option<(Pos, usize)> {
        let i = self.n()? as usize;
        if i == 0 {
            return Some((NO_POS, 0));
        }
        let o = self.n()? as usize;
        Some((self.sources.get(i - 1)?.pos(o), i - 1))
    }

    fn pos(&mut self) -> Option<Pos> {
        self.file_pos().map(|p| p.0)
    }

    fn head(&mut self) -> Option<Obj> {
        let kind = self.n()?;
        let name = self.symbol()?;
        let pos = self.pos()?;
        let order = self.n()? as u32;
        let pkg = Some(self.pkg);
        let o = match kind {
            KIND_CONST => Object::new_const(pos, pkg, name, None, None),
            KIND_VAR => Object::new_var(VarKind::Package, pos, pkg, name, None),
            KIND_FUNC => Object::new_func(pos, pkg, name, None),
            KIND_NAMED => {
                let o = Object::new_type_name(pos, pkg, name, None);
                let n = Named::new(o, None, 0);
                let list = self.tparam_heads()?;
                if !list.is_empty() {
                    n.set_type_params(list);
                }
                o
            }
            KIND_ALIAS => {
                let o = Object::new_type_name(pos, pkg, name, None);
                let a = Alias::new(o, None);
                let list = self.tparam_heads()?;
                if !list.is_empty() {
                    a.tparams.set(list);
                }
                o
            }
            _ => return None,
        };
        o.set_order(order);
        Some(o)
    }

    fn tparam_heads(&mut self) -> Option<&'static [&'static TypeParam]> {
        let mut list = Vec::new();
        for _ in 0..self.len()? {
            let id = self.n()?;
            let name = self.symbol()?;
            let pos = self.pos()?;
            let p = TypeParam::new(Object::new_type_name(pos, Some(self.pkg), name, None), None, 0);
            self.tparams.insert(id, p);
            list.push(p);
        }
        Some(bind_tparams(list))
    }

    fn bounds(&mut self, list: &'static [&'static TypeParam]) -> Option<()> {
        for p in list {
            let t = self.typ()?;
            p.set_bound(t);
        }
        Some(())
    }

    fn rest(&mut self, o: Obj) -> Option<()> {
        match &o.kind {
            ObjectKind::Const { .. } => {
                o.set_type(self.typ()?);
                o.set_const_value(self.value()?);
            }
            ObjectKind::Var(_) => o.set_type(self.typ()?),
            ObjectKind::Func(_) => {
                let file = self.sources.iter().position(|f| f.base() <= o.pos.0 && o.pos.0 - f.base() <= f.size());
                self.func(o, file)?;
            }
            _ => match o.try_type()? {
                Type::Named(n) => {
                    self.bounds(n.type_params())?;
                    n.set_rhs(self.typ()?);
                    for _ in 0..self.len()? {
                        let name = self.symbol()?;
                        let (pos, file) = self.file_pos()?;
                        let m = Object::new_func(pos, Some(self.pkg), name, None);
                        m.set_order(self.n()? as u32);
                        self.func(m, Some(file))?;
                        n.add_method(m);
                    }
                }
                Type::Alias(a) => {
                    self.bounds(a.type_params())?;
                    a.set_rhs(self.typ()?);
                }
                _ => return None,
            },
        }
        Some(())
    }

    fn func(&mut self, f: Obj, file: Option<usize>) -> Option<()> {
        if self.flag()? {
            self.with_body.push((f, file?));
        }
        let sig = Signature::incomplete();
        let rparams = self.tparam_heads()?;
        let tparams = self.tparam_heads()?;
        if !rparams.is_empty() {
            sig.rparams.set(rparams);
        }
        if !tparams.is_empty() {
            sig.tparams.set(tparams);
        }
        self.bounds(rparams)?;
        self.bounds(tparams)?;
        if self.flag()? {
            let r = self.var(VarKind::Recv)?;
            if let (Type::Pointer(_), Some(i)) = (r.typ().unalias(), f.func_info()) {
                i.has_ptr_recv.store(true, Ordering::Release);
            }
            sig.recv.set(r);
        }
        self.params(sig)?;
        f.set_type(Type::Signature(sig));
        Some(())
    }

    fn var(&mut self, kind: VarKind) -> Option<Obj> {
        let (name, pos, pkg) = (self.symbol()?, self.pos()?, self.package()?);
        let t = self.typ()?;
        Some(Object::new_var(kind, pos, pkg, name, Some(t)))
    }

    fn params(&mut self, sig: &'static Signature) -> Option<()> {
        let mut lists = [VarKind::Param, VarKind::Result].map(|k| (k, Vec::new()));
        for (kind, list) in &mut lists {
            for _ in 0..self.len()? {
                list.push(self.var(*kind)?);
            }
        }
        let variadic = self.flag()?;
        let [params, results] = lists.map(|l| Tuple::new(l.1));
        sig.set_params(params, results, variadic);
        Some(())
    }

    /// The type with a name.
    fn type_name(&mut self) -> Option<Type> {
        let pkg = self.package()?;
        let name = self.symbol()?;
        let scope = pkg.map_or(universe().scope, |p| p.scope());
        let o = scope.lookup(name).filter(|o| o.is_type_name())?;
        o.try_type()
    }

    fn typ(&mut self) -> Option<Type> {
        self.depth += 1;
        let t = if self.depth > MAX_DEPTH { None } else { self.typ1() };
        self.depth -= 1;
        t
    }

    fn typ1(&mut self) -> Option<Type> {
        Some(match self.n()? {
            T_BYTE => universe().byte,
            T_RUNE => universe().rune,
            T_BASIC => typ(*BASIC_KINDS.get(self.n()? as usize)?),
            T_NAMED => match self.type_name()? {
                t @ Type::Named(_) => t,
                _ => return None,
            },
            T_INSTANCE => {
                let orig = self.type_name()?;
                let Type::Named(n) = orig else { return None };
                let mut targs = Vec::new();
                for _ in 0..self.len()? {
                    targs.push(self.typ()?);
                }
                if targs.is_empty() || targs.len() != n.type_params().len() {
                    return None;
                }
                instantiate(&self.ctxt, orig, targs)
            }
            T_ALIAS => match self.type_name()? {
                t @ Type::Alias(_) => t,
                _ => return None,
            },
            T_ALIAS_INSTANCE => {
                let Type::Alias(orig) = self.type_name()? else { return None };
                let mut targs = Vec::new();
                for _ in 0..self.len()? {
                    targs.push(self.typ()?);
                }
                let rhs = self.typ()?;
                let o = orig.obj();
                Type::Alias(Alias::new_instance(Object::new_type_name(o.pos, o.pkg(), o.name, None), Some(orig), leak_list(targs), Some(rhs)))
            }
            T_POINTER => Type::Pointer(Pointer::new(self.typ()?)),
            T_SLICE => Type::Slice(Slice::new(self.typ()?)),
            T_ARRAY => {
                let n = i64::try_from(self.n()?).ok()?;
                Type::Array(Array::new(self.typ()?, n))
            }
            T_MAP => Type::Map(Map::new(self.typ()?, self.typ()?)),
            T_CHAN => {
                let dir = match self.n()? {
                    0 => ChanDir::SendRecv,
                    1 => ChanDir::SendOnly,
                    2 => ChanDir::RecvOnly,
                    _ => return None,
                };
                Type::Chan(Chan::new(dir, self.typ()?))
            }
            T_STRUCT => {
                let (mut fields, mut tags) = (Vec::new(), Vec::new());
                for _ in 0..self.len()? {
                    let (name, pos, pkg) = (self.symbol()?, self.pos()?, self.package()?);
                    let t = self.typ()?;
                    let embedded = self.flag()?;
                    fields.push(Object::new_field(pos, pkg, name, Some(t), embedded));
                    tags.push(self.bytes()?.to_vec());
                }
                if tags.iter().all(|t| t.is_empty()) {
                    tags.clear();
                }
                Type::Struct(Struct::new(fields, tags))
            }
            T_SIGNATURE => {
                let sig = Signature::incomplete();
                self.params(sig)?;
                Type::Signature(sig)
            }
            T_EMPTY_INTERFACE => Type::Interface(Interface::empty()),
            T_INTERFACE => {
                let i = Interface::incomplete(0);
                if self.flag()? {
                    i.mark_implicit();
                }
                let mut methods = Vec::new();
                for _ in 0..self.len()? {
                    let (name, pos, pkg) = (self.symbol()?, self.pos()?, self.package()?);
                    let sig = Signature::incomplete();
                    let recv = match self.n()? {
                        0 => None,
                        1 => Some(Type::Interface(i)),
                        2 => Some(self.typ()?),
                        _ => return None,
                    };
                    if let Some(t) = recv {
                        sig.recv.set(Object::new_var(VarKind::Recv, pos, pkg, Symbol::EMPTY, Some(t)));
                    }
                    self.params(sig)?;
                    methods.push(Object::new_func(pos, pkg, name, Some(sig)));
                }
                let mut embeddeds = Vec::new();
                for _ in 0..self.len()? {
                    embeddeds.push(self.typ()?);
                }
                i.set_contents(methods, embeddeds, Vec::new());
                self.ifaces.push(i);
                Type::Interface(i)
            }
            T_UNION => {
                let mut terms = Vec::new();
                for _ in 0..self.len()? {
                    terms.push(UnionTerm { tilde: self.flag()?, typ: self.typ()? });
                }
                Type::Union(leak(Union { terms }))
            }
            T_PARAM => {
                let id = self.n()?;
                Type::TypeParam(self.tparams.get(&id)?)
            }
            _ => return None,
        })
    }

    fn value(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let v = match self.n()? {
            1 => Value::Bool(self.flag()?),
            2 => constant::make_string(self.bytes()?),
            3 => {
                let v = self.n()?;
                Value::Int64((v >> 1) as i64 ^ -((v & 1) as i64))
            }
            4 => constant::make_int(BigInt::from_signed_bytes_le(self.bytes()?)),
            5 => {
                let num = BigInt::from_signed_bytes_le(self.bytes()?);
                let den = BigUint::from_bytes_le(self.bytes()?);
                if den == BigUint::default() {
                    return None;
                }
                Value::Rat(Arc::new(Rat::new(num, den)))
            }
            6 => {
                let neg = self.flag()?;
                let mant = BigUint::from_bytes_le(self.bytes()?);
                let e = self.n()?;
                Value::Float(Arc::new(BigFloat::from_parts(neg, mant, (e >> 1) as i64 ^ -((e & 1) as i64))?))
            }
            7 => {
                let (re, im) = (self.value()?, self.value()?);
                Value::Complex(Arc::new((re, im)))
            }
            _ => return None,
        };
        self.depth -= 1;
        Some(v)
    }
}
