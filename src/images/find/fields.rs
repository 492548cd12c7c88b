//! Fields named for images, in any object: `image`, `proxyImage`.

use super::containers::is_schema;
use super::{Finder, Found, Hit, Shape, Tier};
use crate::images::object::{Object, Step};
use crate::images::reference::Reference;
use crate::yaml::Data;
use std::borrow::Cow;

pub(super) static FINDER: Finder =
    Finder { id: "fields", summary: "`image` and fields that end in `Image`, anywhere", find };

fn find(object: &Object<'_>, found: &mut Found<'_>) {
    object.walk(&mut |path, node, _| {
        if is_schema(path) {
            return false;
        }
        let Some(Step::Key(key)) = path.steps().last() else { return true };
        let named = key == "image" || key.ends_with("Image");
        if !named || matches!(node.data, Data::Map(_) | Data::Seq(_) | Data::Null) {
            return true;
        }
        let Some(text) = object.text(node) else { return true };
        // Outside of a pod an empty image is one that was left to a default.
        let looks_like_one = key == "image" || text.contains(['/', ':']) && Reference::parse(&text).is_ok();
        if !text.is_empty() && looks_like_one {
            found.add(
                object,
                Hit {
                    path: path.clone(),
                    container: None,
                    text,
                    tier: Tier::Likely,
                    shape: Shape::Field,
                    reason: Cow::Owned(format!("the field `{key}` names an image")),
                },
            );
        }
        true
    });
}
