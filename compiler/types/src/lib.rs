//! rgo-types: see ARCHITECTURE.md.
