//! Go's `fmt`: how values print.
