//! rgo-modcache: see ARCHITECTURE.md.
