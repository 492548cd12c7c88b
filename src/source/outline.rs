//! [`Outline`]: the indentation structure of a text, and the positions of its braces.

/// Which lines of a text are indented below which, as in YAML, and where its double braces are; computed once for a file.
pub(crate) struct Outline {
    lines: Vec<Line>,
    /// The positions of `{{` and of `}}`.
    braces: [Vec<u32>; 2],
}

/// A line, from 1; 0 means none.
struct Line {
    /// The nearest line before it that is neither blank nor a comment.
    before: u32,
    /// The nearest of these that it is indented below.
    holder: u32,
}

/// A line that other lines may be indented below.
struct Holder {
    indent: usize,
    is_item: bool,
    number: u32,
}

impl Outline {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let (mut lines, mut before) = (Vec::new(), 0);
        // Candidates for the next lines, by indentation; of two with equal indentation, the list item is the last.
        let mut open: Vec<Holder> = Vec::new();
        for (line, number) in bytes.split(|&byte| byte == b'\n').zip(1..) {
            let text = String::from_utf8_lossy(line);
            let bare = text.trim_end_matches('\r').trim_start();
            let (indent, is_item) = (text.trim_end_matches('\r').len() - bare.len(), bare.starts_with("- "));
            let deeper = open.partition_point(|holder| holder.indent < indent);
            let beside = open.get(deeper).filter(|holder| is_item && holder.indent == indent && !holder.is_item);
            let holder = beside.or_else(|| open.get(deeper.checked_sub(1)?)).map_or(0, |holder| holder.number);
            lines.push(Line { before, holder });
            let bare = bare.trim_end();
            if bare.is_empty() || bare.starts_with('#') {
                continue;
            }
            before = number;
            let is_item = bare.starts_with("- ");
            let is_over = |last: &Holder| last.indent > indent || last.indent == indent && (!is_item || last.is_item);
            while open.last().is_some_and(is_over) {
                open.pop();
            }
            open.push(Holder { indent, is_item, number });
        }
        let pairs = |brace: u8| {
            memchr::memchr_iter(brace, bytes)
                .filter(|&at| bytes.get(at + 1) == Some(&brace))
                .map(|at| at as u32)
                .collect()
        };
        Self { lines, braces: [pairs(b'{'), pairs(b'}')] }
    }

    /// The nearest line before a line that is neither blank nor a comment.
    pub(crate) fn line_before(&self, line: u32) -> Option<u32> {
        self.line(line).map(|line| line.before).filter(|&before| before > 0)
    }

    /// The nearest earlier line that a line is indented below; a list item may have the same indentation as the list's key.
    pub(crate) fn holder(&self, line: u32) -> Option<u32> {
        self.line(line).map(|line| line.holder).filter(|&holder| holder > 0)
    }

    /// Where the last `{{` before a byte opens an action that is still open there.
    pub(crate) fn open_action(&self, at: usize) -> Option<usize> {
        let last = |braces: &Vec<u32>| {
            let first_after = braces.partition_point(|&brace| brace as usize + 2 <= at);
            first_after.checked_sub(1).map(|last| braces[last] as usize)
        };
        let [opened, closed] = [last(&self.braces[0]), last(&self.braces[1])];
        opened.filter(|opened| closed.is_none_or(|closed| closed < *opened))
    }

    fn line(&self, line: u32) -> Option<&Line> {
        self.lines.get(line.checked_sub(1)? as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::Outline;

    #[test]
    fn lines_know_what_holds_them() {
        let text = "a:\n  b: 1\n\n  # c\n  - d\n  -\n - e:\n  f: {{ if }}\n  g: {{ x\n\tz\n";
        let outline = Outline::of(text.as_bytes());
        let told: Vec<(u32, u32)> =
            (1..=10).map(|line| (outline.line_before(line).unwrap_or(0), outline.holder(line).unwrap_or(0))).collect();
        let expected = [(0, 0), (1, 1), (2, 0), (2, 1), (2, 2), (5, 1), (6, 1), (7, 7), (8, 7), (9, 1)];
        assert_eq!(told, expected);
        let at = |part: &str| text.find(part).expect("it is there");
        assert_eq!(outline.open_action(at("if")), Some(at("{{ if")));
        assert_eq!(outline.open_action(at("  g")), None);
        assert_eq!(outline.open_action(text.len()), Some(at("{{ x")));
    }
}
