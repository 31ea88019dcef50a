//! rgo-opt: see ARCHITECTURE.md.
