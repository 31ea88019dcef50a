//! Compiles the C++ entry to LLD and links LLD's static libraries with LLVM.
fn main() {
    let prefix = std::env::var("LLVM_SYS_221_PREFIX").unwrap_or_else(|_| "/usr/lib/llvm-22".into());
    println!("cargo:rerun-if-env-changed=LLVM_SYS_221_PREFIX");
    println!("cargo:rerun-if-changed=src/lld.cpp");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .flag("-fno-rtti")
        .flag("-fno-exceptions")
        .flag("-w")
        .opt_level(1)
        .include(format!("{prefix}/include"))
        .file("src/lld.cpp")
        .compile("rgolld");
    println!("cargo:rustc-link-search=native={prefix}/lib");
    println!("cargo:rustc-link-lib=static=lldELF");
    println!("cargo:rustc-link-lib=static=lldCommon");
    if std::env::var_os("CARGO_FEATURE_STATIC").is_none() {
        println!("cargo:rustc-link-lib=dylib=LLVM-22");
    } else {
        // LLD's LTO support refers to every LLVM component; llvm-config knows them in order.
        let config = format!("{prefix}/bin/llvm-config");
        let run = |args: &[&str]| {
            let out = std::process::Command::new(&config).args(args).output().expect("llvm-config runs");
            String::from_utf8(out.stdout).expect("llvm-config prints text")
        };
        for w in run(&["--link-static", "--libs", "all"]).split_whitespace() {
            println!("cargo:rustc-link-lib=static={}", w.trim_start_matches("-l"));
        }
        for w in run(&["--link-static", "--system-libs"]).split_whitespace() {
            println!("cargo:rustc-link-lib=dylib={}", w.trim_start_matches("-l"));
        }
    }
    println!("cargo:rustc-link-lib=dylib=z");
    println!("cargo:rustc-link-lib=dylib=zstd");
    println!("cargo:rustc-link-lib=dylib=stdc++");
}
