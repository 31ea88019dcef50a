//! Runs LLD on the inputs with a linker script of our own.
//!
//! The image comes back through a pipe. LLD maps an output that is a file, and a mapped file for which the disk has no room is a bus error.

use std::ffi::{CStr, CString, c_char, c_int};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::{Error, LinkOptions, diag, err, host, io_error};

unsafe extern "C" {
    fn rgo_lld(argv: *const *const c_char, argc: usize, text: *mut *mut c_char) -> c_int;
    fn rgo_lld_free(text: *mut c_char);
    fn fcntl(fd: c_int, cmd: c_int, ...) -> c_int;
}

const F_SETPIPE_SZ: c_int = 1031;

/// Sections by output order. The last program header is reserved: [`crate::finish`] turns it into the segment of the function table.
const SCRIPT: &str = r#"
PHDRS {
  headers PT_PHDR PHDRS;
  ro PT_LOAD FILEHDR PHDRS FLAGS(4);
  text PT_LOAD FLAGS(5);
  data PT_LOAD FLAGS(6);
  note PT_NOTE FLAGS(4);
  tls PT_TLS FLAGS(4);
  stack PT_GNU_STACK FLAGS(6);
  table PT_NULL;
}
SECTIONS {
  . = 0x400000 + SIZEOF_HEADERS;
  .note.go.buildid : { KEEP(*(.note.go.buildid)) } :ro :note
  .note.gnu.build-id : { KEEP(*(.note.gnu.build-id)) } :ro :note
  .rodata : { KEEP(*(.go.live)) *(.rodata .rodata.*) } :ro
  . = ALIGN(0x1000);
  .text : { *(.text .text.*) } :text
  . = ALIGN(0x1000);
  .go.buildinfo : ALIGN(16) { KEEP(*(.go.buildinfo)) } :data
  .tdata : { *(.tdata .tdata.*) } :data :tls
  .tbss : { *(.tbss .tbss.*) } :data :tls
  .noptrdata : { *(.data.noptr.*) } :data
  .data : { *(.data .data.* .got .got.plt .init_array .init_array.*) } :data
  .noptrbss : { *(.bss.noptr.*) } :data
  .bss : { *(.bss .bss.* COMMON) } :data
  /DISCARD/ : { *(.eh_frame .eh_frame.*) *(.gcc_except_table .gcc_except_table.*) *(.comment) *(.note.GNU-stack) *(.debug_frame) *(.stack_sizes) *(.debug_gdb_scripts) }
}
"#;

/// Links: the image, and whether the C side asks for it to be stripped.
pub fn run(opts: &LinkOptions, dir: &Path, files: &[PathBuf]) -> Result<(Vec<u8>, bool), Error> {
    let line = match &opts.host {
        Some(h) => Some(host::line(h, &files[0], &dir.join("a.out"), dir)?),
        None => None,
    };
    let script = dir.join("go.ld");
    let text = line.as_ref().map_or(SCRIPT.to_string(), |l| host::script(l.is_static));
    std::fs::write(&script, text).map_err(|e| io_error("write", &script, &e))?;
    let (mut reader, writer) = std::io::pipe().map_err(|e| Error(format!("pipe: {e}")))?;
    let common = ["ld.lld", "--gc-sections", "--no-demangle", "--error-limit=0", "--icf=none", "-z", "norelro", "-z", "max-page-size=4096", "-o"];
    let mut args: Vec<String> = common.iter().map(|s| s.to_string()).collect();
    // Fewer changes between the two sides. What unprivileged users may have; where it is refused, the usual size does.
    // SAFETY: the descriptor is open; the command takes a number.
    unsafe { fcntl(writer.as_raw_fd(), F_SETPIPE_SZ, 1 << 20) };
    args.push(format!("/proc/self/fd/{}", writer.as_raw_fd()));
    match &opts.host {
        None => args.extend(["-static", "--no-eh-frame-hdr", "-e", &opts.entry].map(String::from)),
        Some(h) => {
            // Binding on first use would run on a goroutine's stack.
            args.extend(["-z", "now"].map(String::from));
            args.extend(h.exports.iter().map(|e| format!("--export-dynamic-symbol={e}")));
        }
    }
    args.push(format!("-T{}", script.display()));
    let hex: String = opts.host_build_id.iter().map(|b| format!("{b:02x}")).collect();
    args.push(if hex.is_empty() { "--build-id=none".into() } else { format!("--build-id=0x{hex}") });
    if !opts.x_vars.is_empty() {
        // Our object comes first, so that its definitions win.
        args.push("--allow-multiple-definition".into());
    }
    if opts.strip_dwarf || opts.strip_symbols {
        args.push("--strip-debug".into());
    } else if !opts.raw_dwarf {
        // As go's linker does by default; a third of the size.
        args.push("--compress-debug-sections=zlib".into());
    }
    for (alias, target) in opts.objects.iter().flat_map(|o| &o.aliases) {
        args.push(format!("--defsym={alias}=\"{target}\""));
    }
    let ours = files.iter().map(|f| f.display().to_string());
    match &line {
        None => args.extend(ours),
        Some(l) => {
            args.extend(l.args[..l.place].iter().cloned());
            args.extend(ours);
            args.extend(l.args[l.place + 1..].iter().cloned());
        }
    }
    let mut image = Vec::with_capacity(32 << 20);
    let (called, read) = std::thread::scope(|s| {
        let reading = s.spawn(|| reader.read_to_end(&mut image));
        let called = call(&args);
        // The end of the image.
        drop(writer);
        (called, reading.join())
    });
    let (code, text) = called?;
    if code != 0 {
        return err(diag::translate(&text, opts, files));
    }
    read.map_err(|_| Error("internal compiler error: reading the linked file".into()))?.map_err(|e| Error(format!("pipe: {e}")))?;
    Ok((image, line.is_some_and(|l| l.strip)))
}

fn call(args: &[String]) -> Result<(i32, String), Error> {
    // LLD keeps global state per run.
    static LOCK: Mutex<()> = Mutex::new(());
    let _guard = LOCK.lock().unwrap_or_else(|e| e.into_inner());
    let c: Vec<CString> = args
        .iter()
        .map(|a| CString::new(a.as_str()).map_err(|_| Error("NUL in a linker argument".into())))
        .collect::<Result<_, _>>()?;
    let ptrs: Vec<*const c_char> = c.iter().map(|a| a.as_ptr()).collect();
    let mut text: *mut c_char = std::ptr::null_mut();
    // SAFETY: the argument strings outlive the call; LLD copies what it keeps; `text` receives a malloc'ed string that is freed below.
    unsafe {
        let code = rgo_lld(ptrs.as_ptr(), ptrs.len(), &mut text);
        let s = CStr::from_ptr(text).to_string_lossy().into_owned();
        rgo_lld_free(text);
        Ok((code, s))
    }
}
