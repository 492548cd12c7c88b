//! [`Memory`]: the bytes that one render currently holds, and [`Held`]: a part of them.
//!
//! Allocations are counted when they are kept: the payload of a text, a list or a map contains the [`Held`] that gives its
//! bytes back when the last reference is dropped. So a render may allocate much, as long as it does not keep it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that one render holds; clones share the count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<AtomicUsize>);

/// Bytes that are counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    memory: Memory,
    bytes: usize,
}

impl Memory {
    /// The number of bytes held now.
    pub(crate) fn held(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts bytes from now on.
    #[must_use]
    pub(crate) fn hold(&self, bytes: usize) -> Held {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Held { memory: self.clone(), bytes }
    }
}

impl Held {
    /// The memory that they are counted in.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Changes the number of bytes.
    pub(crate) fn resize(&mut self, bytes: usize) {
        if bytes >= self.bytes {
            self.memory.0.fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else {
            self.memory.0.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_let_go_does_not_count() {
        let memory = Memory::default();
        let mut one = memory.hold(10);
        let two = memory.hold(5);
        assert_eq!(memory.held(), 15);
        one.resize(7);
        drop(two);
        assert_eq!(memory.held(), 7);
        one.resize(20);
        assert_eq!((memory.held(), one.bytes()), (20, 20));
    }
}
