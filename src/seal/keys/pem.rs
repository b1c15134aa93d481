//! PEM blocks (RFC 7468) out of files as tools write them: with text between blocks, several blocks, either
//! line ending.

use der::pem;

/// Label and content of each block, in order; `None` for content that is not base64.
pub(in crate::seal) fn blocks(text: &str) -> impl Iterator<Item = (&str, Option<Vec<u8>>)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let begin = rest.find("-----BEGIN ")?;
        let label_at = begin + "-----BEGIN ".len();
        let label_end = label_at + rest[label_at..].find("-----")?;
        let label = &rest[label_at..label_end];
        let closing = format!("-----END {label}-----");
        let end = label_end + rest[label_end..].find(&closing)? + closing.len();
        let block = &rest[begin..end];
        rest = &rest[end..];
        Some((label, pem::decode_vec(block.as_bytes()).ok().map(|(_, der)| der)))
    })
}

/// Lines of 64 characters, closed by a line feed.
pub(in crate::seal) fn encode(label: &'static str, der: &[u8]) -> String {
    pem::encode_string(label, pem::LineEnding::LF, der).expect("labels are our own constants")
}
