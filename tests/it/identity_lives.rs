//! Any life of a store: files, changes, deletions, decisions, settings, rebuilds and undos in any
//! order. Through the library, so that many lives fit into a test.
