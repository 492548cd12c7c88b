//! [`table`]: columns as helm prints them.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Rows with padded cells. A cell that is wider than `most` is cut.
///
/// Source: `gosuri/uitable`, `Table.String`.
pub(crate) fn table<const N: usize>(rows: &[[String; N]], most: usize) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            let wide = if most == 0 { cell.width() } else { cell.width().min(most) };
            *width = wide.max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| resized(cell, width)).collect();
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    text
}

/// A text with spaces to a width, or cut to it.
fn resized(text: &str, width: usize) -> String {
    let wide = text.width();
    if wide <= width {
        return format!("{text}{}", " ".repeat(width - wide));
    }
    let mut cut = String::new();
    let mut at = 0;
    for c in text.chars() {
        cut.push(c);
        let wide = c.width().unwrap_or(0);
        // uitable quirk: the first character is kept even if there is no room.
        if at + wide + 3 >= width {
            break;
        }
        at += wide;
    }
    cut + "..."
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn cells_are_padded_and_cut() {
        let rows = [["NAME", "VERSION"], ["a", "1.0.0"], ["a-long-name", "^1"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows, 80), "NAME       \tVERSION\na          \t1.0.0  \na-long-name\t^1     \n");
        assert_eq!(table(&rows, 8), "NAME    \tVERSION\na       \t1.0.0  \na-lon...\t^1     \n");
    }
}
