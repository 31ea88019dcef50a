//! `rgo run`.

use crate::base::{self, Exit, Outcome};
use crate::flags::{Kind, flag, split_quoted};
use rgo_work::goenv::GoEnv;

/// Runs the command.
pub fn run(env: &GoEnv, args: &[String]) -> Outcome {
    let defs = base::with_build_flags(&[flag("exec", Kind::Str)]);
    let p = base::parse_flags("run", env, args, &defs)?;
    let opts = crate::build::options(env, &p)?;
    let n = p.rest.iter().take_while(|a| a.ends_with(".go")).count();
    let outside = p.rest.first().is_some_and(|a| a.contains('@') && !a.ends_with(".go") && !a.starts_with(['-', '/']) && !rgo_work::pattern::is_local(a));
    let mut l = if outside { base::loader_with(env, &p, crate::build::outside_flags(env, &p)?, false)? } else { base::loader(env, &p)? };
    let (id, used) = if n > 0 {
        if let Some(t) = p.rest[..n].iter().find(|f| f.ends_with("_test.go")) {
            return Err(Exit::go(format!("cannot run *_test.go files ({t})")));
        }
        (l.load_files(&p.rest[..n])?, n)
    } else if let Some(arg) = p.rest.first().filter(|a| !a.starts_with('-')) {
        let args = [arg.clone()];
        let ids = if outside { l.load_outside_module(&args)? } else { l.load_patterns(&args)? };
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
    let b = crate::build::compile(&mut l, &[id], &p, &opts)?;
    let mut link = crate::build::link_options(&l, &p, id, &l.packages[id].import_path, false)?;
    link.omit_debug = true;
    let name = l.packages[id].exec_name() + &env.value("GOEXE");
    let Some(show) = opts.show.clone() else { return Err(Exit::go("no work folder")) };
    let failed = |e: std::io::Error| Exit::go(format!("creating work dir: {e}"));
    let dir = show.work().map_err(failed)?.join(show.folder(id).trim_start_matches("$WORK/")).join("exe");
    if !opts.dry() {
        std::fs::create_dir_all(&dir).map_err(failed)?;
    }
    let exe = dir.join(name);
    b.link(&l, id, &link, &exe).map_err(|m| Exit::Error(format!("# {}\n{m}", l.packages[id].import_path)))?;
    drop(l);
    drop(opts);
    let mut words = split_quoted(p.str("exec")).map_err(Exit::go)?;
    words.push(exe.display().to_string());
    words.extend(p.rest[used..].iter().cloned());
    show.line(&words.iter().map(|w| rgo_work::show::quote(w)).collect::<Vec<_>>().join(" "));
    if show.dry {
        return Ok(());
    }
    let status = rgo_work::exec::run(&words, &env.cwd, &[rgo_work::exec::path_variable(&env.goroot)]).map_err(|e| Exit::go(format!("{e}")))?;
    drop((b, show));
    match status {
        s if s.success() => Ok(()),
        s => {
            eprintln!("{}", rgo_work::exec::status_text(&s));
            Err(Exit::Code(1))
        }
    }
}
