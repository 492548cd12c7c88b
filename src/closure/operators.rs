//! Objects that leave an image to an operator, among the references of files: a switch that brings such an object brings an image, although
//! nothing prints it.
//!
//! While files are explored, each of them has a name as if it were a reference. What complete renders say about operators, with everything
//! that may name the image elsewhere, counts in the end.

use super::Closure;
use crate::helm::HelmVersion;
use crate::images::operators::Implicit;
use crate::images::rendered::operators_of_file;
use crate::limits::Limits;
use crate::reference::Mirror;
use crate::render::RenderedFile;

/// The beginning of the names. A reference has no blank.
const MARK: &str = "operator ";

/// The name of an image that is left to an operator.
fn name(one: &Implicit) -> String {
    format!("{MARK}{} {}", one.operator, one.image)
}

/// The names of what the objects of a file leave to operators.
pub(super) fn names(
    file: &RenderedFile,
    helm: HelmVersion,
    mirror: &Mirror,
    limits: &Limits,
) -> impl Iterator<Item = String> + use<> {
    operators_of_file(file, helm, mirror, limits).into_iter().map(|one| name(&one))
}

/// Removes these names from the images of a closure.
pub(super) fn take_out(closure: &mut Closure) {
    closure.images.retain(|image| !image.reference.starts_with(MARK));
}
