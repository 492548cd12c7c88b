//! The closure as a table: each image with the settings that bring it.

use super::settings;
use crate::closure::Closure;
use crate::report::inventory::table::lay_out;
use crate::report::plain_line;
use std::io::{self, Write};

/// Writes a row for each image; `width` is that of the terminal.
pub(crate) fn write(closure: &Closure, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let head = vec!["REFERENCE".to_owned(), "BROUGHT BY".to_owned()];
    let rows = closure.images.iter().map(|image| vec![image.reference.clone(), settings(image)]);
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    lay_out(&rows, width, out)?;
    writeln!(out, "\n{}", plain_line(&summary(closure)))
}

/// `12 images: 3 with the values as given, 9 with other settings`
pub(crate) fn summary(closure: &Closure) -> String {
    let today = closure.images.iter().filter(|image| image.is_today).count();
    let all = closure.images.len();
    let images = if all == 1 { "1 image".to_owned() } else { format!("{all} images") };
    format!("{images}: {today} with the values as given, {} with other settings", all - today)
}
