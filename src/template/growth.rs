//! The spare capacity that Go leaves after a slice that grew: what `slice` can reach beyond the length of a list.

use super::types::{GoKind, Type};
use super::value::Value;

/// The content after the last element of a slice, up to its capacity: `slice` can reach it.
#[derive(Debug, Clone)]
pub(crate) enum Behind {
    /// The capacity after appending the elements one by one.
    Grown,
    /// A number of zero values.
    Zeros(usize),
    /// Other elements of the same array.
    Values(Box<[Value]>),
}

/// Size classes of Go's allocator for small objects, in bytes.
///
/// Source: Go `internal/runtime/gc`, the table of size classes.
const SIZES: &[usize] = &[
    8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480,
    512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864,
    5120, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072,
    20480, 21760, 24576, 27264, 28672, 32768,
];
/// The largest of them.
const LARGEST_SMALL: usize = 32_768;
/// The header of an object with pointers, and the size from which it has one.
const HEADER: usize = 8;
const HEADER_ABOVE: usize = 512;
/// Larger objects use whole pages.
const PAGE: usize = 8192;
/// Slices double up to this length, and then grow by a quarter and a bit.
const DOUBLING: usize = 256;

/// The capacity of a slice to which its elements were appended one by one: 8 for 5 elements.
pub(crate) fn grown(length: usize, element: &Type) -> usize {
    grown_from(0, length, element)
}

/// The same for a slice made with an initial capacity.
pub(crate) fn grown_from(mut capacity: usize, length: usize, element: &Type) -> usize {
    while capacity < length {
        capacity = appended(capacity, capacity + 1, element);
    }
    capacity
}

/// The new capacity of a slice that was full at `capacity` and has `length` elements after one `append`.
///
/// Source: Go `runtime`, `growslice`.
pub(crate) fn appended(capacity: usize, length: usize, element: &Type) -> usize {
    let (size, has_pointers) = layout(element);
    allocated(wanted(capacity, length).saturating_mul(size), has_pointers) / size
}

fn wanted(capacity: usize, length: usize) -> usize {
    if length > capacity.saturating_mul(2) {
        return length;
    }
    if capacity < DOUBLING {
        return capacity * 2;
    }
    let mut wanted = capacity;
    while wanted < length {
        wanted += (wanted + 3 * DOUBLING) / 4;
    }
    wanted
}

/// The allocated size of an object, in bytes.
fn allocated(bytes: usize, has_pointers: bool) -> usize {
    if bytes > LARGEST_SMALL - HEADER {
        return bytes.div_ceil(PAGE).saturating_mul(PAGE);
    }
    let header = if has_pointers && bytes > HEADER_ABOVE { HEADER } else { 0 };
    let class = SIZES.iter().find(|&&class| class >= bytes + header);
    class.map_or(bytes, |class| class - header)
}

/// The size of an element in a slice, and whether it contains pointers.
fn layout(element: &Type) -> (usize, bool) {
    match element.kind {
        GoKind::Bool | GoKind::Uint8 => (1, false),
        GoKind::Int32 | GoKind::Uint32 => (4, false),
        GoKind::Int | GoKind::Int64 | GoKind::Uint64 | GoKind::Float64 => (8, false),
        GoKind::Complex128 => (16, false),
        GoKind::Map | GoKind::Ptr => (8, true),
        GoKind::Slice => (24, true),
        GoKind::Interface | GoKind::String | GoKind::Invalid | GoKind::Struct => (16, true),
    }
}

#[cfg(test)]
mod tests {
    use super::{appended, grown};
    use crate::template::types::{ANY, INT, LIST};

    #[test]
    fn slices_grow_as_gos() {
        let cases =
            [(0, 0), (1, 1), (3, 4), (5, 8), (32, 32), (33, 71), (72, 143), (257, 303), (513, 591), (900, 1023)];
        for (length, capacity) in cases.into_iter().chain([(1300, 1535), (2000, 2560)]) {
            assert_eq!(grown(length, &ANY), capacity, "{length}");
        }
        for (length, capacity) in [(33, 64), (200, 256), (257, 512), (513, 848)] {
            assert_eq!(grown(length, &INT), capacity, "{length}");
        }
        assert_eq!(appended(1, 17, &ANY), 18);
        assert_eq!(appended(5, 6, &ANY), 10);
        assert_eq!(appended(40, 41, &ANY), 87);
        assert_eq!(grown(3, &LIST), 4);
    }
}
