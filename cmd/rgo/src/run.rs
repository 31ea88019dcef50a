//! `rgo run`.

use crate::base::{self, Exit, Outcome};
use crate::flags::{Kind, flag, split_quoted};
use rgo_work::build;
use rgo_work::goenv::GoEnv;

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let defs = base::with_build_flags(&[flag("exec", Kind::Str)]);
    let p = base::parse_flags("run", env, args, &defs)?;
    let opts = crate::build::options(env, &p)?;
    let n = p.rest.iter().take_while(|a| a.ends_with(".go")).count();
    let mut l = base::loader(env, &p)?;
    let (id, used) = if n > 0 {
        if let Some(t) = p.rest[..n].iter().find(|f| f.ends_with("_test.go")) {
            return Err(Exit::go(format!("cannot run *_test.go files ({t})")));
        }
        (l.load_files(&p.rest[..n])?, n)
    } else if let Some(arg) = p.rest.first().filter(|a| !a.starts_with('-')) {
        if arg.contains('@') && !rgo_work::pattern::is_local(arg) && !arg.starts_with('/') {
            return Err(Exit::Error("rgo: run path@version is not supported yet".into()));
        }
        let ids = l.load_patterns(&[arg.clone()])?;
        match ids[..] {
            [] => return Err(Exit::go(format!("no packages loaded from {arg}"))),
            [id] => (id, 1),
            _ => {
                let names: Vec<&str> = ids.iter().map(|&i| l.packages[i].import_path.as_str()).collect();
                return Err(Exit::go(format!("pattern {arg} matches multiple packages:\n\t{}", names.join("\n\t"))));
            }
        }
    } else {
        return Err(Exit::go("no go files listed"));
    };
    crate::build::check_packages(&l, &[id])?;
    if !l.packages[id].is_main() {
        return Err(Exit::Error(format!("package {} is not a main package", l.packages[id].import_path)));
    }
    let b = match build::compile(&mut l, &[id], &opts) {
        Ok(b) => b,
        Err(text) => return crate::build::finish(Err(text)),
    };
    let mut link = crate::build::link_options(env, &p, &l.packages[id].import_path, true)?;
    link.omit_debug = true;
    let dir = tempfile::Builder::new().prefix("go-build").tempdir_in(env.tmp_dir()).map_err(|e| Exit::go(format!("creating work dir: {e}")))?;
    let exe = dir.path().join(l.packages[id].exec_name() + &env.value("GOEXE"));
    b.link(&l, id, &link, &exe).map_err(|m| Exit::Error(format!("# {}\n{m}", l.packages[id].import_path)))?;
    drop(l);
    let mut words = split_quoted(p.str("exec")).map_err(Exit::go)?;
    words.push(exe.display().to_string());
    words.extend(p.rest[used..].iter().cloned());
    let status = rgo_work::exec::run(&words, &env.cwd, &[rgo_work::exec::path_variable(&env.goroot)]).map_err(|e| Exit::go(format!("{e}")))?;
    drop(dir);
    match status {
        s if s.success() => Ok(()),
        s => {
            eprintln!("{}", rgo_work::exec::status_text(&s));
            Err(Exit::Code(1))
        }
    }
}
