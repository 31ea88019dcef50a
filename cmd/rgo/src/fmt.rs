//! `rgo fmt`: gofmt -l -w on the files of packages.

use crate::base::{self, Exit, Outcome};
use crate::flags::{Kind, flag};
use rgo_work::goenv::GoEnv;
use rgo_work::pattern::short_path;

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let defs = [flag("C", Kind::Str), flag("n", Kind::Bool), flag("x", Kind::Bool), flag("mod", Kind::Str), flag("modfile", Kind::Str), flag("overlay", Kind::Str)];
    let p = base::parse_flags("fmt", env, args, &defs)?;
    let mut l = base::loader(env, &p)?;
    let ids = l.load_patterns(&p.rest)?;
    for w in &l.warnings {
        eprintln!("{w}");
    }
    let mut list: Vec<String> = vec!["-l".into(), "-w".into()];
    let (mut failed, mut told) = (false, false);
    for id in ids {
        let pk = &l.packages[id];
        if pk.module.as_ref().is_some_and(|m| !m.main) {
            if !told {
                eprintln!("go: not formatting packages in dependency modules");
                told = true;
            }
            continue;
        }
        if let Some(e) = &pk.error {
            let skip = e.msg.starts_with("build constraints exclude all") || e.msg.starts_with("no Go files in") || e.msg.starts_with("pattern ");
            if !skip && !pk.has_go() {
                eprintln!("{e}");
                failed = true;
                continue;
            }
        }
        let mut names: Vec<&str> = pk.go_files.iter().chain(&pk.cgo_files).chain(&pk.test_go_files).chain(&pk.xtest_go_files).map(|f| f.name.as_str()).collect();
        names.extend(pk.ignored_go_files.iter().chain(&pk.invalid_go_files).map(String::as_str));
        names.sort_unstable();
        names.dedup();
        list.extend(names.into_iter().map(|n| short_path(&env.cwd, &pk.dir.join(n))));
    }
    if p.bool("n") || p.bool("x") {
        println!("{} {}", env.goroot.join("bin/gofmt").display(), list.join(" "));
    }
    if list.len() > 2 && !p.bool("n") {
        let code = rgo_format::cmd::run(&list);
        if code != 0 {
            eprintln!("exit status {code}");
            failed = true;
        }
    }
    if failed { Err(Exit::Code(1)) } else { Ok(()) }
}
