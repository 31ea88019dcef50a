//! Compiles what LLVM's C API lacks.
fn main() {
    let prefix = std::env::var("LLVM_SYS_221_PREFIX").unwrap_or_else(|_| "/usr/lib/llvm-22".into());
    println!("cargo:rerun-if-env-changed=LLVM_SYS_221_PREFIX");
    println!("cargo:rerun-if-changed=src/options.cpp");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .flag("-fno-rtti")
        .flag("-fno-exceptions")
        .flag("-w")
        .opt_level(1)
        .include(format!("{prefix}/include"))
        .file("src/options.cpp")
        .compile("rgollvm");
}
