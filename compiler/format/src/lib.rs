//! rgo-format: see ARCHITECTURE.md.
