//! OCI image layouts on a disk: what carries a mirror across a gap.
//!
//! An [`ImageLayout`] is read and a [`LayoutWriter`] writes one, as a folder or as a tar archive, which may be split into parts. A blob is a file
//! `blobs/sha256/9f86…`, and `index.json` has a descriptor for each artifact, with its full source reference in two annotations:
//!
//! - `org.opencontainers.image.ref.name`. The specification leaves its content open. skopeo compares all of it with what follows the
//!   path in `oci:PATH:NAME`, and so does oras with `--oci-layout-path`; `crane pull --format oci --annotate-ref` writes the whole
//!   reference too. A tag alone, as docker writes it, would be the same for many artifacts of one layout.
//! - `io.containerd.image.name`, by which docker and containerd name what they load.
//!
//! So the list of the artifacts is the index itself. A descriptor without a name is that of a manifest that refers to another
//! (a signature, an attestation, an SBOM): oras finds it there, and so do we.
//!
//! A name in the index means that everything below it is there. In a folder, each blob appears under its digest when it is whole, and
//! the index is replaced as a file. An archive is only ever continued: blobs first, the index last.
//!
//! What is read is untrusted: no link leaves a folder, no path of an archive is used but to look up a digest, all sizes are bounded,
//! and blobs are verified while they are read.

mod archive;
mod earlier;
mod fault;
mod folder;
mod index;
mod layout;
mod new_blob;
mod parts;
mod paths;
mod storage;
mod stream;
mod volume;
mod writer;

pub(crate) use layout::ImageLayout;
pub(crate) use paths::{Form, form_of};
pub(crate) use stream::Stream;
pub(crate) use writer::LayoutWriter;
