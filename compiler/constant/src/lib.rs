//! rgo-constant: see ARCHITECTURE.md.
