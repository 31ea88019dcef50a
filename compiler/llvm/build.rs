//! Compiles what LLVM's C API lacks.
fn main() {
    let prefix = std::env::var("LLVM_SYS_221_PREFIX").unwrap_or_else(|_| "/usr/lib/llvm-22".into());
    println!("cargo:rerun-if-env-changed=LLVM_SYS_221_PREFIX");
    println!("cargo:rerun-if-changed=src/options.cpp");
    println!("cargo:rerun-if-changed=src/pipeline.cpp");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .flag("-fno-rtti")
        .flag("-fno-exceptions")
        .flag("-w")
        .define("_GNU_SOURCE", None)
        .define("__STDC_CONSTANT_MACROS", None)
        .define("__STDC_FORMAT_MACROS", None)
        .define("__STDC_LIMIT_MACROS", None)
        .opt_level(1)
        .include(format!("{prefix}/include"))
        .file("src/options.cpp")
        .file("src/pipeline.cpp")
        .compile("rgollvm");
    println!("cargo:rustc-link-lib=dylib=stdc++");
}
