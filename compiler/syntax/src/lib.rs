//! rgo-syntax: see ARCHITECTURE.md.
