//! `rgo mod download`.

use super::with_common;
use crate::base::{self, Exit, Outcome};
use crate::env::json_string;
use crate::flags::{Kind, flag};
use rgo_modcache::ModVersion;
use rgo_modcache::error::{Error, Result};
use rgo_modcache::fetch::Fetcher;
use rgo_modcache::memo::parallel;
use rgo_modcache::repo::Origin;
use rgo_modcache::gover;
use rgo_work::goenv::GoEnv;
use rgo_work::modload::base as report;
use rgo_work::modload::{ListMode, ModFlags, Modules, WriteOpts};

/// What is said about a module.
#[derive(Clone, Default)]
struct Item {
    path: String,
    version: String,
    query: String,
    error: String,
    info: String,
    go_mod: String,
    zip: String,
    dir: String,
    sum: String,
    go_mod_sum: String,
    origin: Option<Origin>,
    reuse: bool,
}

impl Item {
    fn json(&self) -> String {
        let fields = [
            ("Path", &self.path), ("Version", &self.version), ("Query", &self.query), ("Error", &self.error), ("Info", &self.info),
            ("GoMod", &self.go_mod), ("Zip", &self.zip), ("Dir", &self.dir), ("Sum", &self.sum), ("GoModSum", &self.go_mod_sum),
        ];
        let mut lines: Vec<String> = fields.iter().filter(|f| !f.1.is_empty()).map(|(k, v)| format!("\t\"{k}\": {}", json_string(v))).collect();
        if let Some(o) = &self.origin {
            let inner: Vec<String> = o.fields().iter().map(|(k, v)| format!("\t\t\"{k}\": {}", json_string(v))).collect();
            lines.push(if inner.is_empty() { "\t\"Origin\": {}".into() } else { format!("\t\"Origin\": {{\n{}\n\t}}", inner.join(",\n")) });
        }
        if self.reuse {
            lines.push("\t\"Reuse\": true".into());
        }
        format!("{{\n{}\n}}", lines.join(",\n"))
    }

    fn download(&mut self, f: &Fetcher) -> Result<()> {
        let m = ModVersion::new(&self.path, &self.version);
        self.info = f.info_file(&m)?.1.display().to_string();
        let (file, sum) = report::guard(f.go_mod_file(&m))?;
        self.go_mod = file.display().to_string();
        self.go_mod_sum = sum;
        self.zip = report::guard(f.download_zip(&m))?.display().to_string();
        self.sum = f.zip_sum(&m);
        self.dir = report::guard(f.download(&m))?.display().to_string();
        Ok(())
    }
}

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let defs = with_common(&[flag("json", Kind::Bool), flag("reuse", Kind::Str), flag("x", Kind::Bool)]);
    let p = base::parse_flags("mod download", env, args, &defs)?;
    let f = ModFlags { force: true, explicit_write: true, ..base::mod_flags(env, &p, "mod download")? };
    let mut m = Modules::load(env, &f)?;
    let explicit = !p.rest.is_empty();
    let mut args = p.rest.clone();
    let work = m.in_workspace();
    if m.has_root() || work {
        if explicit {
            for x in m.main_versions() {
                for a in &args {
                    if *a == x.path || *a == format!("{}@upgrade", x.path) || *a == format!("{}@patch", x.path) {
                        eprintln!("go: skipping download of {a} that resolves to the main module");
                    }
                }
            }
        } else if work {
            args = vec!["all".into()];
        } else if let Some(x) = m.single() {
            let file = x.file.clone();
            if gover::before(file.go_version(), gover::EXPLICIT_INDIRECT) {
                if !file.require.is_empty() {
                    args = vec!["all".into()];
                }
            } else {
                m.load_graph("").unwrap_or_else(|e| report::fatal(&e));
                args = file.require.iter().map(|r| r.module.path.clone()).collect();
            }
        }
    }
    if args.is_empty() {
        if m.has_root() {
            eprintln!("go: no module dependencies to download");
            return Ok(());
        }
        return Err(Exit::go("no modules specified (see 'go help mod download')"));
    }
    if !p.str("reuse").is_empty() && m.has_root() {
        return Err(Exit::go("mod download -reuse cannot be used inside a module"));
    }
    let (infos, err) = m.list_modules(&args, ListMode::default(), p.str("reuse"));
    if !explicit && !work {
        m.write_go_mod(&WriteOpts::default()).unwrap_or_else(|e| report::fatal(&e));
    }
    let mut items: Vec<Item> = Vec::new();
    for info in infos {
        let info = info.replace.as_deref().cloned().unwrap_or(info);
        if info.version.is_empty() && info.error.is_none() {
            continue;
        }
        items.push(Item {
            path: info.path,
            version: info.version,
            query: info.query,
            reuse: info.reuse,
            origin: info.origin,
            error: info.error.map_or(String::new(), |e| e.err),
            ..Item::default()
        });
    }
    let items: Vec<(Item, Option<Error>)> = parallel(&items, 10, |i| {
        let mut i = i.clone();
        if !i.error.is_empty() || i.reuse {
            return (i, None);
        }
        let e = report::guard(i.download(&m.fetcher)).err();
        if let Some(e) = &e {
            i.error = e.to_string();
        }
        (i, e)
    });
    if p.bool("json") {
        for (i, _) in &items {
            println!("{}", i.json());
            if !i.error.is_empty() {
                report::set_status(1);
            }
        }
    } else {
        for (i, _) in items.iter().filter(|(i, _)| !i.error.is_empty()) {
            report::errorf(format_args!("go: {}", i.error));
        }
        report::exit_if_errors();
    }
    if explicit || work {
        if let Err(e) = m.write_go_mod(&WriteOpts::default()) {
            report::error(&e);
        }
    }
    if let Some(e) = err {
        report::error(&e);
    }
    Ok(())
}
