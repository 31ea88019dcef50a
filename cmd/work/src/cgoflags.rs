//! Which flags source code may hand to C compilers, linkers and pkg-config, and words of environment variables.
//!
//! A flag of a `#cgo` line can make these programs run or write anything, so only known ones pass: the lists are go's. The user's own
//! `CGO_*FLAGS` are not looked at, and `CGO_*FLAGS_ALLOW`, `CGO_*FLAGS_DISALLOW` change the lists.

use crate::goenv::GoEnv;
use regex_lite::Regex;
use std::sync::OnceLock;

/// Patterns of one kind of flags; every one must match a flag in full.
struct Rules {
    valid: Vec<Regex>,
    invalid: Vec<Regex>,
    /// Flags that take the next word.
    with_next: &'static [&'static str],
}

/// What may follow a flag's first letters: no response file, no other flag.
const ARG: &str = r"([^@\-].*)";

const COMPILER: &[&str] = &[
    r"-[DU]([A-Za-z_][A-Za-z0-9_]*)",
    r"-D([A-Za-z_][A-Za-z0-9_]*)(=[^@\-]*)?",
    r"-[FI]ARG",
    r"-OARG?",
    r"-W([^@,]+)?",
    r"-Wa,-mbig-obj",
    r"-Wp,-D([A-Za-z_][A-Za-z0-9_]*)(=[^@,\-]*)?",
    r"-Wp,-U([A-Za-z_][A-Za-z0-9_]*)",
    r"-f(no-)?(asynchronous-unwind-tables|blocks|common|constant-cfstrings|eliminate-unused-debug-types|exceptions|fast-math|inline-functions)",
    r"-f(no-)?(fat-lto-objects|keep-inline-dllexport|lto|modules|objc-arc|objc-nonfragile-abi|objc-legacy-dispatch|omit-frame-pointer)",
    r"-f(no-)?(openmp(-simd)?|permissive|pic|PIC|pie|PIE|plt|rtti|split-stack|stack-.+|strict-aliasing|use-linker-plugin|visibility-inlines-hidden)",
    r"-fno-builtin-[a-zA-Z0-9_]*",
    r"-f(debug|file)-prefix-map=([^@]+)=([^@]+)",
    r"-fdiagnostics-show-note-include-stack",
    r"-fno-canonical-system-headers",
    r"-finput-charset=ARG",
    r"-f(macro-backtrace-limit|message-length|sanitize|visibility)=(.+)",
    r"-funsigned-char",
    r"-fsanitize-undefined-strip-path-components=(-)?[0-9]+",
    r"-ftemplate-depth-(.+)",
    r"-ftls-model=(global-dynamic|local-dynamic|initial-exec|local-exec)",
    r"-gARG?",
    r"-m(32|64|arm|nop-fun-dllimport|thumb(-interwork)?|threads|windows)",
    r"-m(abi|arch|cpu|fpu|simd|tls-dialect|tune|float-abi)=ARG",
    r"-m(no-)?(v?aes|avx[0-9a-z.]*|ms-bitfields|stack-.+|relax|strict-align|lsx|lasx|frecipe|div32|lam-bh|lamcas|ld-seq-sa|sse[0-9.]*|ssse3)",
    r"-m(soft|single|double)-float",
    r"-mcmodel=[0-9a-z-]+",
    r"-mfpmath=[0-9a-z,+]*",
    r"-mmacosx-(.+)",
    r"-m(ios-simulator|iphoneos|tvos|tvos-simulator|watchos|watchos-simulator)-version-min=(.+)",
    r"-mlarge-data-threshold=[0-9]+",
    r"-no-canonical-prefixes",
    r"--param=ssp-buffer-size=[0-9]*",
    r"-pedantic(-errors)?",
    r"-(ansi|pipe|pthread|v|w)",
    r"--static",
    r"-?-std(lib)?=ARG",
    r"--sysroot=ARG",
    r"-xARG",
];

const COMPILER_NEXT: &[&str] = &["-arch", "-D", "-U", "-I", "-F", "-framework", "-include", "-isysroot", "-isystem", "--sysroot", "-target", "-x"];

const LINKER: &[&str] = &[
    r"-[FlLOg]ARG",
    r"-[Og]",
    r"-f(no-)?(pic|PIC|pie|PIE|openmp(-simd)?)",
    r"-fsanitize=ARG",
    r"-(flat_namespace|headerpad_max_install_names|pic|PIC|pie|PIE|pthread|rdynamic|shared|v)",
    r"-m(abi|arch|cpu|fpu|simd|tls-dialect|tune|float-abi)=ARG",
    r"-mcmodel=[0-9a-z-]+",
    r"-m(soft|single|double)-float",
    r"-m(no-)?(relax|strict-align|lsx|lasx|frecipe|div32|lam-bh|lamcas|ld-seq-sa)",
    r"-mmacosx-(.+)",
    r"-m(ios-simulator|iphoneos)-version-min=(.+)",
    r"-m(threads|windows)",
    r"-?-static([-a-z0-9+]*)",
    r"-?-stdlib=ARG",
    // No comma in anything open: it would begin another argument.
    r"-Wl,--(no-)?(allow-multiple-definition|allow-shlib-undefined|as-needed|export-dynamic)",
    r"-Wl,-(Bdynamic|berok|Bstatic|Bsymbolic-functions|O[0-9]+|d[ny]|E|s|search_paths_first|headerpad_max_install_names)",
    r"-Wl,--(disable-new-dtags|enable-new-dtags|end-group|no-undefined|pop-state|push-state|start-group)",
    r"-Wl,-e[=,][a-zA-Z0-9]+",
    r"-Wl,-framework,[^,@\-][^,]*",
    r"-Wl,--hash-style=(sysv|gnu|both)",
    r"-Wl,-R,?([^@\-,][^,@]*)",
    r"-Wl,--just-symbols[=,]([^,@\-][^,@]*)",
    r"-Wl,-rpath(-link)?[=,]([^,@\-][^,]*)",
    r"-Wl,-sectcreate,([^,@\-][^,]*),([^,@\-][^,]*),([^,@\-][^,]*)",
    r"-Wl,-?-static",
    r"-Wl,-?-subsystem,(native|windows|console|posix|xbox)",
    r"-Wl,-(syslibroot|undefined)[=,]([^,@\-][^,]*)",
    r"-Wl,-?-unresolved-symbols=[^,]+",
    r"-Wl,--(no-)?warn-([^,]+)",
    r"-Wl,-?-wrap[=,][^,@\-][^,]*",
    r"-Wl(,-z,(relro|now|(no)?execstack))+",
    r"([a-zA-Z0-9_/]|\./).*\.(a|o|obj|dll|dylib|so|tbd)",
];

const LINKER_NEXT: &[&str] =
    &["-arch", "-F", "-l", "-L", "-framework", "-isysroot", "--sysroot", "-target", "-Wl,-framework", "-Wl,-rpath", "-Wl,-R", "-Wl,--just-symbols", "-Wl,-undefined"];

const PKG_CONFIG: &[&str] = &[
    r"--(atleast-pkgconfig-version|atleast-version|exact-version|max-version)=\d+\.\d+\.\d+",
    r"--(cflags-only-I|cflags|define-prefix|digraph|dont-define-prefix|dont-relocate-paths|dump-personality|env-only|errors-to-stdout|exists)",
    r"--(ignore-conflicts|internal-cflags|keep-system-cflags|keep-system-libs|libs-only-l|libs-only-L|libs|list-all|list-package-names)",
    r"--(modversion|msvc-syntax|no-cache|no-provides|no-uninstalled|path|print-errors|print-provides|print-requires-private|print-requires)",
    r"--(print-variables|pure|shared|short-errors|silence-errors|simulate|static|uninstalled|validate)",
    r"--define-variable=[A-Za-z_][A-Za-z0-9_]*=[^@\-]*",
    r"--(fragment-filter|prefix-variable|variable)=[A-Za-z_][a-zA-Z0-9_]*",
    r"--maximum-traverse-depth=[0-9]+",
    r"--personality=(triplet|filename)",
    r"--with-path=[^@\-].*",
];

fn compile(list: &[&str]) -> Vec<Regex> {
    let one = |p: &&str| Regex::new(&format!("^(?:{})$", p.replace("ARG", ARG))).unwrap_or_else(|e| panic!("internal compiler error: {p}: {e}"));
    list.iter().map(one).collect()
}

/// What flags are for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Compiler,
    Linker,
    PkgConfig,
}

fn rules(kind: Kind) -> &'static Rules {
    static ALL: [OnceLock<Rules>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
    ALL[kind as usize].get_or_init(|| match kind {
        Kind::Compiler => Rules { valid: compile(COMPILER), invalid: Vec::new(), with_next: COMPILER_NEXT },
        Kind::Linker => Rules { valid: compile(LINKER), invalid: compile(&["-lto_library"]), with_next: LINKER_NEXT },
        Kind::PkgConfig => Rules { valid: compile(PKG_CONFIG), invalid: Vec::new(), with_next: &[] },
    })
}

/// Whether a word cannot be taken for a flag or a response file.
pub fn safe_arg(s: &str) -> bool {
    s.chars().next().is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/') || !c.is_ascii())
}

/// Refuses flags that are not on the list. `name`: `CFLAGS` and so on; `source`: where they come from, for messages.
pub fn check(env: &GoEnv, kind: Kind, name: &str, source: &str, list: &[String]) -> Result<(), String> {
    let r = rules(kind);
    let over = |what: &str| -> Result<Option<Regex>, String> {
        let var = format!("CGO_{name}_{what}");
        match env.raw(&var) {
            _ if kind == Kind::PkgConfig => Ok(None),
            "" => Ok(None),
            v => Regex::new(v).map(Some).map_err(|e| format!("parsing ${var}: {e}")),
        }
    };
    let (allow, disallow) = (over("ALLOW")?, over("DISALLOW")?);
    let whole = |r: &Option<Regex>, a: &str| r.as_ref().is_some_and(|r| r.find(a).map_or(a.is_empty(), |m| m.as_str() == a));
    let known = |a: &str| r.valid.iter().any(|v| v.is_match(a)) && !r.invalid.iter().any(|v| v.is_match(a));
    let see = "(see https://go.dev/s/invalidflag)";
    let mut it = list.iter().peekable();
    while let Some(a) = it.next() {
        if !whole(&disallow, a) {
            if a.is_empty() || whole(&allow, a) || known(a) {
                continue;
            }
            // Several options for the linker may stand behind this one.
            if kind == Kind::Linker && a.strip_prefix("-Wl,--push-state,").is_some_and(|rest| rest.split(',').all(|o| known(&format!("-Wl,{o}")))) {
                continue;
            }
            if r.with_next.contains(&a.as_str()) && !r.invalid.iter().any(|v| v.is_match(a)) {
                let Some(next) = it.peek() else { return Err(format!("invalid flag in {source}: {a} without argument {see}")) };
                let wl = a.starts_with("-Wl,") && next.strip_prefix("-Wl,").is_some_and(|n| safe_arg(n) && !n.contains(','));
                let sysroot = a == "-I" && (next.starts_with('=') || next.starts_with("$SYSROOT")) && safe_arg(&next[1..]);
                if safe_arg(next) || wl || sysroot {
                    it.next();
                    continue;
                }
                return Err(format!("invalid flag in {source}: {a} {next} {see}"));
            }
        }
        return Err(format!("invalid flag in {source}: {a} {see}"));
    }
    Ok(())
}

/// Words of an environment variable: a word that begins with a quote goes to the next one.
pub fn split_words(s: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let mut rest = s.trim_start_matches(space);
    while let Some(c) = rest.chars().next() {
        let (word, after) = if c == '"' || c == '\'' {
            let body = &rest[1..];
            let end = body.find(c).ok_or_else(|| format!("unterminated {c} string"))?;
            (&body[..end], &body[end + 1..])
        } else {
            rest.split_at(rest.find(space).unwrap_or(rest.len()))
        };
        out.push(word.to_string());
        rest = after.trim_start_matches(space);
    }
    Ok(out)
}

/// The reverse of [`split_words`].
pub fn join_words(words: &[String]) -> String {
    let one = |w: &String| {
        if !w.is_empty() && !w.contains([' ', '\t', '\n', '\r', '\'', '"']) {
            w.clone()
        } else if !w.contains('\'') {
            format!("'{w}'")
        } else {
            format!("\"{w}\"")
        }
    };
    words.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// The words of `CGO_CFLAGS` or the like.
pub fn user_flags(env: &GoEnv, name: &str) -> Result<Vec<String>, String> {
    let var = format!("CGO_{name}");
    let v = env.value(&var);
    split_words(&v).map_err(|e| format!("could not parse environment variable {var} with value {v:?}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &[(&str, &str)]) -> GoEnv {
        let mut e = GoEnv::new(std::env::temp_dir()).defaults();
        for (k, v) in vars {
            e.set(k, v);
        }
        e
    }

    fn ok(kind: Kind, flags: &[&str]) -> Result<(), String> {
        let list: Vec<String> = flags.iter().map(|s| s.to_string()).collect();
        check(&env(&[]), kind, if kind == Kind::Linker { "LDFLAGS" } else { "CFLAGS" }, "#cgo CFLAGS", &list)
    }

    #[test]
    fn compiler() {
        for good in [
            "-DFOO", "-Dfoo=1", "-Ufoo", "-I/usr/include", "-O2", "-O", "-Wall", "-W", "-std=c99", "-fno-exceptions", "-ffast-math", "-g", "-ggdb3", "-mavx2", "-msse4.2",
            "-march=native", "-pthread", "-fno-builtin-x", "-fvisibility=hidden", "-fstack-protector-all", "-x", "-Wp,-D_FORTIFY_SOURCE=2", "",
        ] {
            assert!(ok(Kind::Compiler, &[good, "c"][..if good == "-x" { 2 } else { 1 }]).is_ok(), "{good}");
        }
        for bad in ["-D@X", "-D-X", "-I@x", "-I-x", "-O@1", "-Wa,-foo", "-W@foo", "-wrap,x", "@file", "-fplugin=x.so", "-specs=x", "-B.", "-o", "x.c", "-g@gdb", "-Wl,-z,x", "-march=@x", "\n-g"] {
            assert!(ok(Kind::Compiler, &[bad]).is_err(), "{bad}");
        }
        assert!(ok(Kind::Compiler, &["-include", "x.h", "-framework", "Foo", "-I", "=/usr"]).is_ok());
        assert_eq!(ok(Kind::Compiler, &["-I", "-x"]).unwrap_err(), "invalid flag in #cgo CFLAGS: -I -x (see https://go.dev/s/invalidflag)");
        assert_eq!(ok(Kind::Compiler, &["-D"]).unwrap_err(), "invalid flag in #cgo CFLAGS: -D without argument (see https://go.dev/s/invalidflag)");
        assert_eq!(ok(Kind::Compiler, &["-fplugin=a"]).unwrap_err(), "invalid flag in #cgo CFLAGS: -fplugin=a (see https://go.dev/s/invalidflag)");
    }

    #[test]
    fn linker() {
        for good in [
            "-lm", "-L/x", "-static", "-static-libgcc", "-Wl,-rpath,/x", "-Wl,--as-needed", "-Wl,-z,now,-z,relro", "/a/b.so", "./x.a", "lib.o", "-Wl,--push-state,--as-needed", "-pthread",
            "-Wl,--start-group", "-Wl,-Bstatic", "-Wl,--wrap=malloc",
        ] {
            assert!(ok(Kind::Linker, &[good]).is_ok(), "{good}");
        }
        for bad in ["-lto_library", "-l@x", "-Wl,-rpath,@x", "-Wl,-rpath,-x", "-Wl,-rpath,/x,-y", "-Wl,--push-state,-T,x", "-x.o", "@x.o", "-Wl,-T,x", "-B/x", "-dynamic-linker", "-fplugin=x", "-Wl,--unresolved-symbols=a,-T"] {
            assert!(ok(Kind::Linker, &[bad]).is_err(), "{bad}");
        }
        assert!(ok(Kind::Linker, &["-Wl,-rpath", "-Wl,/x", "-framework", "X"]).is_ok());
        assert!(ok(Kind::Linker, &["-Wl,-rpath", "-Wl,-x"]).is_err());
        assert!(ok(Kind::PkgConfig, &["--static", "--define-variable=a=b", "--max-version=1.2.3"]).is_ok());
        assert!(ok(Kind::PkgConfig, &["--log-file=x"]).is_err());
    }

    #[test]
    fn overrides() {
        let list = |f: &str| vec![f.to_string()];
        let e = env(&[("CGO_CFLAGS_ALLOW", "-fplugin=.*"), ("CGO_CFLAGS_DISALLOW", "-O.*")]);
        let c = |f: &str| check(&e, Kind::Compiler, "CFLAGS", "x", &list(f));
        assert!(c("-fplugin=a").is_ok() && c("x-fplugin=a").is_err() && c("-O2").is_err() && c("-g").is_ok());
        let e = env(&[("CGO_CFLAGS_ALLOW", "(")]);
        assert!(check(&e, Kind::Compiler, "CFLAGS", "x", &list("-g")).unwrap_err().starts_with("parsing $CGO_CFLAGS_ALLOW: "));
        // Of another variable.
        assert!(check(&e, Kind::Linker, "LDFLAGS", "x", &list("-g")).is_ok());
    }

    #[test]
    fn words() {
        assert_eq!(split_words(" a 'b c'  \"d\"\te\"f ").unwrap(), ["a", "b c", "d", "e\"f"]);
        assert!(split_words("a 'b").is_err());
        assert_eq!(join_words(&["a".into(), "b c".into(), "d'e".into(), String::new()]), "a 'b c' \"d'e\" ''");
    }
}
