//! rgo: the command line. See ARCHITECTURE.md.
fn main() {
    eprintln!("rgo: not built yet");
    std::process::exit(2);
}
