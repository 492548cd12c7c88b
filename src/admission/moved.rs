//! In CEL, where an image is on the mirror: what `Layout::destination` says, as variables that build on each other.

use super::cel::{self, Variable, quoted};
use super::form;
use super::request::Request;
use crate::reference::{DOCKER_HUB, Layout};

/// The variables up to `moved`: for each image that is not on the mirror, its reference there.
pub(super) fn variables(request: &Request) -> Vec<Variable> {
    let mut variables = cel::images(request);
    variables.push(Variable {
        name: "mirrors",
        expression: cel::prefixes(request),
        comment: "The places of the mirror.",
    });
    let others = format!(
        "variables.images.map(i, i.image).filter(i, !(i in variables.before)).filter(i, !({}))\n\
         .map(i, {{'image': i, 'first': i.split('/')[0]}})",
        cel::is_admitted("i")
    );
    variables.push(Variable { name: "others", expression: others, comment: "What comes from elsewhere." });
    variables.push(Variable {
        name: "named",
        expression: "variables.others.map(o, {'image': o.image, 'host':\n  \
                     o.image.contains('/') && (o.first.contains('.') || o.first.contains(':') || o.first == 'localhost' ||\n  \
                     o.first != o.first.lowerAscii()) ? o.first : ''})"
            .to_owned(),
        comment: "The first part is a host if it has a dot, a colon or an upper-case letter.",
    });
    variables.push(Variable {
        name: "sources",
        expression: format!(
            "variables.named.filter(n, n.host == '' || n.host.matches({})).map(n, {{'image': n.image,\n  \
             'registry': n.host == '' || n.host.lowerAscii() == 'index.docker.io' ? '{DOCKER_HUB}' : n.host.lowerAscii(),\n  \
             'path': n.host == '' ? '/' + n.image : n.image.substring(n.host.size())}})",
            quoted(form::HOST)
        ),
        comment: "Without a host it is an image of docker.io.",
    });
    variables.push(Variable {
        name: "wholes",
        expression: format!(
            "variables.sources.map(s, {{'image': s.image, 'registry': s.registry,\n  \
             'path': s.registry == '{DOCKER_HUB}' && s.path.lastIndexOf('/') == 0 ? '/library' + s.path : s.path}})\n\
             .filter(s, s.path.matches({}) && s.path.find({}).size() <= {})",
            quoted(&format!("^{}", form::PATH_AND_VERSION)),
            quoted(form::PATH),
            form::LONGEST_PATH,
        ),
        comment: "What is not a reference stays as it is.",
    });
    variables.push(Variable {
        name: "moved",
        expression: format!(
            "variables.wholes.filter(s, {})\n.map(s, {{'image': s.image, 'to':\n  ({}) +\n  {}}})",
            has_place(request),
            place(request),
            path(request.layout)
        ),
        comment: "The same image on the mirror.",
    });
    variables
}

/// Whether the mirror has a place for a source. An image beside the places of the mirror, but on its host, is not one of elsewhere.
fn has_place(request: &Request) -> String {
    let hosts: Vec<String> = request.mirror.hosts().into_iter().map(quoted).collect();
    let own = format!("!(s.registry in [{}])", hosts.join(", "));
    if request.mirror.place_of_others().is_some() {
        return own;
    }
    let sources: Vec<String> = request.mirror.sources().map(|(source, _)| quoted(source)).collect();
    format!("{own} && s.registry in [{}]", sources.join(", "))
}

/// The place of a source. The last one is without a condition: `has_place` leaves out sources that have none.
fn place(request: &Request) -> String {
    let others = request.mirror.place_of_others();
    let mut places: Vec<(&str, String)> =
        request.mirror.sources().filter(|(_, place)| Some(place) != others.as_ref()).collect();
    let last = others.or_else(|| places.pop().map(|(_, place)| place)).unwrap_or_default();
    let of_source =
        |(source, place): &(&str, String)| format!("s.registry == {} ? {} : ", quoted(source), quoted(place));
    places.iter().map(of_source).collect::<String>() + &quoted(&last)
}

/// The path on the mirror with the slash before, with tag and digest.
fn path(layout: Layout) -> String {
    match layout {
        Layout::Path => "s.path".to_owned(),
        Layout::HostAndPath => "'/' + s.registry + s.path".to_owned(),
        Layout::Name => "s.path.substring(s.path.lastIndexOf('/'))".to_owned(),
        Layout::FamiliarPath => {
            format!("(s.registry == '{DOCKER_HUB}' && s.path.startsWith('/library/') ? s.path.substring(8) : s.path)")
        }
    }
}
