//! Where long names may break: marks within a line, and line ends where a column is known. Nothing is lost.

/// Where a long word may break; the templates put nothing there but the chance of a new line.
pub(super) const MAY_BREAK: char = '\u{E000}';

/// Words longer than this get places to break.
const WORD: usize = 24;

/// Marks where the long words of a text may break.
pub(super) fn breakable(text: &str) -> String {
    if text.len() <= WORD || !text.split([' ', '\n']).any(|w| w.len() > WORD) {
        return text.to_string();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (i, word) in text.split(' ').enumerate() {
        if i > 0 {
            out.push(' ');
        }
        if word.chars().count() <= WORD {
            out.push_str(word);
            continue;
        }
        let parts = pieces(word, WORD);
        out.push_str(&parts.join(&MAY_BREAK.to_string()));
    }
    out
}

/// A name on as few lines as its pieces allow, none longer than `width` characters.
pub(super) fn lines(name: &str, width: usize) -> String {
    let (mut out, mut used) = (String::with_capacity(name.len() + 2), 0);
    for piece in pieces(name, width) {
        let length = piece.chars().count();
        if used > 0 && used + length > width {
            out.push('\n');
            used = 0;
        }
        out.push_str(&piece);
        used += length;
    }
    out
}

/// A long name breaks after `:` and `/`; a piece that is still too long also after `-`, `_`, `.`, `=` and
/// `+`, and at last anywhere.
fn pieces(word: &str, most: usize) -> Vec<String> {
    let coarse = split_after(word, &[':', '/']);
    let fine = coarse.into_iter().flat_map(|p| {
        if p.chars().count() > most { split_after(&p, &['-', '_', '.', '=', '+', ',']) } else { vec![p] }
    });
    let hard = fine.flat_map(|p| {
        p.chars().collect::<Vec<_>>().chunks(most).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>()
    });
    hard.collect()
}

/// Splits after each run of the marks, so that `s3:::bucket` keeps its colons together.
fn split_after(text: &str, marks: &[char]) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut after = false;
    for c in text.chars() {
        let mark = marks.contains(&c);
        if after && !mark {
            parts.push(String::new());
        }
        after = mark;
        parts.last_mut().expect("there is one").push(c);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_break_where_an_eye_expects_it_and_lose_nothing() {
        let arn = "arn:aws:s3:::a-bucket-with-a-long-name/and/a/key";
        assert_eq!(lines(arn, 20), "arn:aws:s3:::a-\nbucket-with-a-long-\nname/and/a/key");
        for width in 3..60 {
            let broken = lines(arn, width);
            assert_eq!(broken.replace('\n', ""), arn);
            assert!(broken.split('\n').all(|l| l.chars().count() <= width), "{width}: {broken}");
        }
        let long = breakable(&format!("see {arn} now"));
        assert_eq!(long.replace(MAY_BREAK, ""), format!("see {arn} now"));
        assert!(long.split(MAY_BREAK).all(|p| p.len() <= WORD + 5), "{long}");
        assert_eq!(
            breakable("short words only, however many there are of them"),
            "short words only, however many there are of them"
        );
    }
}
