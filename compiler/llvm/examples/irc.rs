//! `irc [-dev] [-before F] [-after F] [-rt librgort.a] file.ir out.o`: compiles IR text to an object (and out.o.side), for tests and debugging.

use rgo_llvm::{EmitIr, Level, Options, RtSymbols, compile_module};

fn main() {
    let mut level = Level::Release;
    let mut emit = EmitIr::default();
    let mut rt = RtSymbols::default();
    let mut files = Vec::new();
    let mut args = std::env::args().skip(1);
    let fail = |m: String| -> ! {
        eprintln!("irc: {m}");
        std::process::exit(1)
    };
    while let Some(a) = args.next() {
        match a.as_str() {
            "-dev" => level = Level::Dev,
            "-before" => emit.before = args.next().map(Into::into),
            "-after" => emit.after = args.next().map(Into::into),
            "-rt" => {
                let data = std::fs::read(args.next().unwrap_or_default()).unwrap_or_else(|e| fail(e.to_string()));
                rt = RtSymbols::from_archive(&data).unwrap_or_else(|e| fail(e));
            }
            _ => files.push(a),
        }
    }
    if files.len() != 2 {
        fail("usage: irc [-dev] [-before F] [-after F] [-rt librgort.a] file.ir out.o".into());
    }
    let text = std::fs::read_to_string(&files[0]).unwrap_or_else(|e| fail(e.to_string()));
    let m = rgo_ir::parse(&text).unwrap_or_else(|e| fail(format!("{}: {e}", files[0])));
    if let Err(e) = rgo_ir::verify(&m) {
        fail(e.join("\n"));
    }
    let opts = Options { emit_ir: emit, ..Options::linux_amd64(level, &rt) };
    let out = compile_module(&m, &opts).unwrap_or_else(|e| fail(e.to_string()));
    std::fs::write(&files[1], out.object).unwrap_or_else(|e| fail(e.to_string()));
    std::fs::write(format!("{}.side", files[1]), out.sidecar).unwrap_or_else(|e| fail(e.to_string()));
}
