//! HTML text: what must not stand in an element or an attribute as it is.

/// Text for an element or for an attribute in double quotes (HTML Standard, 13.1.2).
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    text.chars().for_each(|c| escape(c, &mut out));
    out
}

/// One character of it.
pub(super) fn escape(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        c => out.push(c),
    }
}
