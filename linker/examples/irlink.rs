//! `irlink [-dev] [-s] [-w] [-X name=value] file.ir... librgort.a out`: compiles IR text and links it with the runtime.

use rgo_linker::{BuildInfo, Input, LinkOptions, Object, link};
use rgo_llvm::{Level, Options, RtSymbols, compile_module};

fn main() {
    if let Err(e) = run() {
        eprintln!("irlink: {e}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut level = Level::Release;
    let (mut s, mut w) = (false, false);
    let mut x = Vec::new();
    let mut files = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(a) = args.next() {
        match a.as_str() {
            "-dev" => level = Level::Dev,
            "-s" => s = true,
            "-w" => w = true,
            "-X" => {
                let v = args.next().unwrap_or_default();
                let (n, v) = v.split_once('=').ok_or("-X wants name=value")?;
                x.push((n.to_string(), v.to_string()));
            }
            _ => files.push(a),
        }
    }
    if files.len() < 3 {
        return Err("usage: irlink [-dev] [-s] [-w] [-X name=value] file.ir... librgort.a out".into());
    }
    let out = files.pop().unwrap();
    let archive = std::fs::read(files.pop().unwrap())?;
    let rt = RtSymbols::from_archive(&archive)?;
    let mut l = LinkOptions::new(out, Input::Bytes(archive));
    for f in &files {
        let m = rgo_ir::parse(&std::fs::read_to_string(f)?)?;
        rgo_ir::verify(&m).map_err(|e| e.join("\n"))?;
        let o = compile_module(&m, &Options::linux_amd64(level, &rt))?;
        l.objects.push(Object {
            package: m.name.clone(),
            object: Input::Bytes(o.object),
            assembly: None,
            sidecar: Some(Input::Bytes(o.sidecar)),
            graph: Some(Input::Bytes(o.graph)),
            aliases: o.foreign_aliases,
        });
    }
    (l.strip_symbols, l.strip_dwarf, l.x_vars) = (s, w, x);
    l.build_info = Some(BuildInfo { go_version: "go1.27.3".into(), modinfo: "path\tcommand-line-arguments\n".into() });
    l.build_id = "irlink/irlink".into();
    link(&l)?;
    Ok(())
}
