//! Programs with C code: what the host's C compiler would link them with, and the layout of a dynamic executable.
//!
//! The compiler driver is asked for the command line of its linker (`-###`: start files, library folders, order of libraries); LLD gets that line
//! with our objects in the place of one of them. What the driver's line says about a plugin, about stripping and about the layout is left out: the
//! function table needs all symbols, and its segment the last program header.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Error, Input, err};

/// The C side of a program.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// The compiler driver and its own words.
    pub command: Vec<String>,
    /// Flags in order: those of packages, then the user's.
    pub flags: Vec<String>,
    /// Import path and objects of the packages with C code.
    pub objects: Vec<(String, Input)>,
    /// C functions that shared libraries may find.
    pub exports: Vec<String>,
}

/// What the driver wants of the linker.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Arguments; the one that is [`Line::place`] stands for our objects.
    pub args: Vec<String>,
    pub place: usize,
    pub is_static: bool,
    /// Everything is to be stripped.
    pub strip: bool,
}

/// Layout of an executable with C code. The variables of C lie apart: they are no roots of the collector, and no memory of Go's. `@INTERP@` and `@DYNAMIC@` are lines of dynamic executables.
const SCRIPT: &str = r#"
PHDRS {
  headers PT_PHDR PHDRS;
  @INTERP_PHDR@
  ro PT_LOAD FILEHDR PHDRS FLAGS(4);
  text PT_LOAD FLAGS(5);
  data PT_LOAD FLAGS(6);
  @DYNAMIC_PHDR@
  note PT_NOTE FLAGS(4);
  tls PT_TLS FLAGS(4);
  eh PT_GNU_EH_FRAME FLAGS(4);
  stack PT_GNU_STACK FLAGS(6);
  table PT_NULL;
}
SECTIONS {
  . = 0x400000 + SIZEOF_HEADERS;
  @INTERP@
  .note.go.buildid : { KEEP(*(.note.go.buildid)) } :ro :note
  .note.gnu.build-id : { KEEP(*(.note.gnu.build-id)) } :ro :note
  .note.ABI-tag : { KEEP(*(.note.ABI-tag)) } :ro :note
  .note.gnu.property : { KEEP(*(.note.gnu.property)) } :ro :note
  .gnu.hash : { *(.gnu.hash) } :ro
  .hash : { *(.hash) } :ro
  .dynsym : { *(.dynsym) } :ro
  .dynstr : { *(.dynstr) } :ro
  .gnu.version : { *(.gnu.version) } :ro
  .gnu.version_d : { *(.gnu.version_d) } :ro
  .gnu.version_r : { *(.gnu.version_r) } :ro
  .rela.dyn : { *(.rela.dyn) } :ro
  .rela.plt : { *(.rela.plt) } :ro
  .rodata : { KEEP(*(.go.live)) *(.rodata .rodata.*) } :ro
  .eh_frame_hdr : { *(.eh_frame_hdr) } :ro :eh
  .eh_frame : { KEEP(*(.eh_frame)) } :ro
  .gcc_except_table : { *(.gcc_except_table .gcc_except_table.*) } :ro
  . = ALIGN(0x1000);
  .init : { KEEP(*(.init)) } :text
  .plt : { *(.plt) *(.iplt) } :text
  .plt.got : { *(.plt.got) } :text
  .plt.sec : { *(.plt.sec) } :text
  .text : { *(.text .text.*) } :text
  .fini : { KEEP(*(.fini)) } :text
  PROVIDE(etext = .);
  PROVIDE(_etext = .);
  . = ALIGN(0x1000);
  .go.buildinfo : ALIGN(16) { KEEP(*(.go.buildinfo)) } :data
  .tdata : { *(.tdata .tdata.*) } :data :tls
  .tbss : { *(.tbss .tbss.*) } :data :tls
  .preinit_array : { KEEP(*(.preinit_array)) } :data
  .init_array : { KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*))) KEEP(*(.init_array)) } :data
  .fini_array : { KEEP(*(SORT_BY_INIT_PRIORITY(.fini_array.*))) KEEP(*(.fini_array)) } :data
  .ctors : { KEEP(*(.ctors)) KEEP(*(SORT(.ctors.*))) } :data
  .dtors : { KEEP(*(.dtors)) KEEP(*(SORT(.dtors.*))) } :data
  .data.rel.ro : { *(.data.rel.ro .data.rel.ro.*) } :data
  @DYNAMIC@
  .got : { *(.got) } :data
  .got.plt : { *(.got.plt) *(.igot.plt) } :data
  .cdata : { */c[0-9]*.o(.data .data.*) *.a:*(EXCLUDE_FILE(*librgort*.a:*) .data EXCLUDE_FILE(*librgort*.a:*) .data.*) } :data
  .noptrdata : { *(.data.noptr.*) } :data
  .data : { *(.data .data.*) } :data
  PROVIDE(edata = .);
  PROVIDE(_edata = .);
  PROVIDE(__bss_start = .);
  .cbss : { */c[0-9]*.o(.bss .bss.* COMMON) *.a:*(EXCLUDE_FILE(*librgort*.a:*) .bss EXCLUDE_FILE(*librgort*.a:*) .bss.*) } :data
  .noptrbss : { *(.bss.noptr.*) } :data
  .bss : { *(.bss .bss.* COMMON) } :data
  PROVIDE(end = .);
  PROVIDE(_end = .);
  /DISCARD/ : { *(.comment) *(.note.GNU-stack) *(.debug_frame) *(.stack_sizes) *(.debug_gdb_scripts) }
}
"#;

/// The linker script.
pub fn script(is_static: bool) -> String {
    let pairs = if is_static {
        [("@INTERP_PHDR@", ""), ("@INTERP@", ""), ("@DYNAMIC_PHDR@", ""), ("@DYNAMIC@", "")]
    } else {
        [
            ("@INTERP_PHDR@", "interp PT_INTERP;"),
            ("@INTERP@", ".interp : { *(.interp) } :ro :interp"),
            ("@DYNAMIC_PHDR@", "dynamic PT_DYNAMIC FLAGS(6);"),
            ("@DYNAMIC@", ".dynamic : { *(.dynamic) } :data :dynamic"),
        ]
    };
    pairs.iter().fold(SCRIPT.to_string(), |s, (from, to)| s.replace(from, to))
}

/// Asks the driver. `place`: an object that stands for ours; `output`: where the program goes.
pub fn line(host: &Host, place: &Path, output: &Path, dir: &Path) -> Result<Line, Error> {
    let Some(program) = host.command.first() else { return err("internal compiler error: no C compiler") };
    let mut args: Vec<String> = host.command[1..].to_vec();
    args.extend(["-no-pie".into(), "-o".into(), output.display().to_string(), place.display().to_string()]);
    args.extend(host.flags.iter().cloned());
    args.push("-###".into());
    let out = Command::new(program).args(&args).current_dir(dir).env("LC_ALL", "C").stdin(Stdio::null()).output();
    let out = out.map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Error(format!("running {program} failed: exec: {program:?}: executable file not found in $PATH")),
        _ => Error(format!("running {program} failed: {e}")),
    })?;
    let text = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    let plain = || Error(format!("running {program} failed: {}\n{}", out.status, text.trim_end()));
    if !out.status.success() {
        return Err(plain());
    }
    parse(&text, &place.display().to_string()).ok_or_else(|| Error(format!("{program} -### shows no command of a linker:\n{}", text.trim_end())))?
}

/// Finds the linker's command in what a driver prints.
fn parse(text: &str, place: &str) -> Option<Result<Line, Error>> {
    let words = text.lines().rev().filter(|l| l.starts_with(' ')).map(split).find(|w| w.iter().any(|a| a == place))?;
    let mut l = Line::default();
    let mut it = words.into_iter().skip(1);
    let mut found = None;
    while let Some(w) = it.next() {
        let plugin = ["-plugin-opt", "--plugin-opt", "-fresolution"].iter().any(|p| w.starts_with(p));
        match w.as_str() {
            "-plugin" | "--plugin" | "-o" => drop(it.next()),
            "-z" => {
                let v = it.next().unwrap_or_default();
                // The layout is ours.
                if !matches!(v.as_str(), "relro" | "norelro" | "separate-code" | "noseparate-code" | "now" | "lazy") {
                    l.args.extend([w, v]);
                }
            }
            "-s" | "--strip-all" => l.strip = true,
            "-S" | "--strip-debug" => {}
            "-pie" | "--pie" | "-static-pie" => return Some(err("position independent executables (-pie) are not supported")),
            "-shared" | "--shared" | "-Bshareable" | "-r" | "--relocatable" => return Some(err(format!("{w} is not supported"))),
            "--build-id" => {}
            _ if plugin || w.starts_with("--build-id=") || w.starts_with("-plugin=") => {}
            _ => {
                l.is_static |= matches!(w.as_str(), "-static" | "--static");
                if w == place && found.is_none() {
                    found = Some(l.args.len());
                }
                l.args.push(w);
            }
        }
    }
    l.place = found?;
    // Such a flag of a package may stand behind libraries that are to be shared; what decides is whether there is a dynamic linker.
    l.is_static = l.is_static && !l.args.iter().any(|a| a == "-dynamic-linker" || a == "--dynamic-linker");
    Some(Ok(l))
}

/// Words of a line as drivers print them: quotes, and backslashes inside and outside of them.
fn split(line: &str) -> Vec<String> {
    let (mut out, mut word, mut any, mut quoted) = (Vec::new(), String::new(), false, false);
    let mut it = line.chars();
    while let Some(c) = it.next() {
        match c {
            '\\' => {
                word.extend(it.next());
                any = true;
            }
            '"' => {
                quoted = !quoted;
                any = true;
            }
            ' ' if !quoted => {
                if any || !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                    any = false;
                }
            }
            c => word.push(c),
        }
    }
    if any || !word.is_empty() {
        out.push(word);
    }
    out
}

/// Refuses functions and variables that two C objects define. (LLD is told to take the first of several, for the variables that -X sets.)
pub(crate) fn check_duplicates(host: &Host) -> Result<(), Error> {
    use object::{Object, ObjectSymbol};
    if host.flags.iter().any(|f| f.contains("allow-multiple-definition") || f.contains("muldefs")) {
        return Ok(());
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut bad = Vec::new();
    for (i, (package, o)) in host.objects.iter().enumerate() {
        let data = o.data()?;
        // What is no object is for LLD to judge.
        let Ok(f) = object::File::parse(&*data) else { continue };
        // Not weak ones, and not those of C++ that are unique in a process.
        let plain = |s: &object::Symbol<'_, '_>| matches!(s.flags(), object::SymbolFlags::Elf { st_info, .. } if st_info.0 >> 4 == 1);
        let defined = f.symbols().filter(|s| plain(s) && !s.is_undefined() && !s.is_common());
        for name in defined.filter_map(|s| s.name().ok().map(String::from)) {
            match seen.get(&name) {
                Some(first) if *first != i => bad.push(format!("{package}: multiple definition of `{name}'; first defined in {}", host.objects[*first].0)),
                _ => drop(seen.insert(name, i)),
            }
        }
    }
    if bad.is_empty() { Ok(()) } else { err(bad.join("\n")) }
}

/// Files of the C objects, in order.
pub(crate) fn files(host: &Host, dir: &Path) -> Result<Vec<PathBuf>, Error> {
    host.objects.iter().enumerate().map(|(i, (_, o))| o.file(dir, &format!("c{i}.o"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn driver_lines() {
        let gcc = "Using built-in specs.\nCOLLECT_GCC=gcc\nCOLLECT_GCC_OPTIONS='-o' 'x'\n /usr/lib/gcc/collect2 -plugin /usr/p.so \"-plugin-opt=-fresolution=/tmp/x.res\" --build-id --eh-frame-hdr -m elf_x86_64 -dynamic-linker /lib/ld.so -z relro -o /t/out /usr/crt1.o \"-L/a b\" /t/place.o -s -lfoo -z defs -lc\nCOLLECT_GCC_OPTIONS='-o'\n";
        let l = parse(gcc, "/t/place.o").unwrap().unwrap();
        let want = ["--eh-frame-hdr", "-m", "elf_x86_64", "-dynamic-linker", "/lib/ld.so", "/usr/crt1.o", "-L/a b", "/t/place.o", "-lfoo", "-z", "defs", "-lc"];
        assert_eq!(l.args, want);
        assert_eq!((l.place, l.is_static, l.strip), (7, false, true));
        let clang = "clang version 14\nInstalledDir: /usr/bin\n \"/usr/bin/ld\" \"-static\" \"-m\" \"elf_x86_64\" \"-o\" \"x\" \"/a\\\"b\" \"/t/place.o\"\n";
        let l = parse(clang, "/t/place.o").unwrap().unwrap();
        assert_eq!((l.args.as_slice(), l.place, l.is_static), (&["-static", "-m", "elf_x86_64", "/a\"b", "/t/place.o"].map(String::from)[..], 4, true));
        assert!(parse("nothing\n", "/t/place.o").is_none());
        assert!(parse(" ld -pie /t/place.o\n", "/t/place.o").unwrap().is_err());
    }
}
