//! Text as a reader sees it: without characters that do not show, and without the line breaks that fall into
//! a name. Every byte knows where it came from, so that what is found here is replaced there.

use std::ops::Range;

/// A reading of a text.
pub(super) struct NormalText {
    pub text: String,
    /// For each byte of `text`: the range of the character in the original.
    from: Vec<(usize, usize)>,
}

impl NormalText {
    /// The range in the original that a range of the reading stands for.
    pub fn range(&self, found: Range<usize>) -> Range<usize> {
        self.from[found.start].0..self.from[found.end - 1].1
    }

    fn push(&mut self, c: char, from: Range<usize>) {
        self.text.push(c);
        self.from.resize(self.text.len(), (from.start, from.end));
    }
}

/// Soft hyphen, zero-width characters, direction marks, byte order mark.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e000}'
    )
}

/// The readings in which a name may stand: as it is; with breaks as one space; with breaks as nothing.
pub(super) fn readings(text: &str) -> Vec<NormalText> {
    let broken = |c: char| {
        matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}')
    };
    let mut all = vec![reading(text, &|_| true)];
    if text.chars().any(|c| broken(c) || is_invisible(c)) || text.contains("  ") {
        all.push(reading(text, &|_| false));
        all.push(without_breaks(text, &broken));
    }
    all
}

/// Each run of white space as one space, unless `keep` says that it stays.
fn reading(text: &str, keep: &dyn Fn(char) -> bool) -> NormalText {
    let mut out =
        NormalText { text: String::with_capacity(text.len()), from: Vec::with_capacity(text.len()) };
    let mut space = false;
    for (at, c) in text.char_indices() {
        let range = at..at + c.len_utf8();
        if keep(c) {
            out.push(c, range);
        } else if c.is_whitespace() {
            if !space {
                out.push(' ', range);
            }
            space = true;
        } else if !is_invisible(c) {
            out.push(c, range);
            space = false;
        }
    }
    out
}

/// Runs of white space with a break in them as nothing.
fn without_breaks(text: &str, broken: &dyn Fn(char) -> bool) -> NormalText {
    let mut out =
        NormalText { text: String::with_capacity(text.len()), from: Vec::with_capacity(text.len()) };
    let mut run: Vec<(usize, char)> = Vec::new();
    let flush = |run: &mut Vec<(usize, char)>, out: &mut NormalText| {
        if !run.iter().any(|(_, c)| broken(*c)) {
            run.iter().for_each(|(at, c)| out.push(*c, *at..at + c.len_utf8()));
        }
        run.clear();
    };
    for (at, c) in text.char_indices() {
        if c.is_whitespace() {
            run.push((at, c));
        } else if !is_invisible(c) {
            flush(&mut run, &mut out);
            out.push(c, at..at + c.len_utf8());
        }
    }
    flush(&mut run, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_over_breaks_and_soft_hyphens() {
        for (text, name) in [
            ("see twin-\n  prod-db now", "twin-prod-db"),
            ("by Morgan\n Example", "Morgan Example"),
            ("con\u{ad}tacts", "contacts"),
        ] {
            let found = readings(text)
                .into_iter()
                .find_map(|r| r.text.find(name).map(|at| r.range(at..at + name.len())));
            let range = found.unwrap_or_else(|| panic!("{name} in {text:?}"));
            assert!(
                text[range.clone()].starts_with(&name[..3]) && text[range].ends_with(&name[name.len() - 3..])
            );
        }
    }
}
