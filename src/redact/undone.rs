//! Encodings in which a secret hides from a look at the text: base64, gzip, UTF-16, percent. What is undone
//! here is looked at; a find takes the whole of what was encoded, since its parts cannot be replaced in
//! place.

use std::io::Read;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::GeneralPurposeConfig;
use flate2::read::{MultiGzDecoder, ZlibDecoder};

/// What one value may unpack to.
const MAX: u64 = 16 << 20;

/// The text inside base64, through gzip, zlib and UTF-16, if it is text.
pub fn base64_text(value: &str) -> Option<String> {
    let base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=-_\r\n ".contains(&b);
    if value.len() < 16 || !value.bytes().all(base64) {
        return None;
    }
    let bare: String = value.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if bare.len() < 16
        || bare.len() % 4 == 1
        || !bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(&b))
    {
        return None;
    }
    let url = bare.contains(['-', '_']);
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let alphabet = if url { &base64::alphabet::URL_SAFE } else { &base64::alphabet::STANDARD };
    let bytes = GeneralPurpose::new(alphabet, config).decode(bare.as_bytes()).ok()?;
    bytes_text(&bytes)
}

/// The text in bytes: unpacked where they are packed; `None` if it is none.
pub fn bytes_text(bytes: &[u8]) -> Option<String> {
    let mut unpacked = Vec::new();
    let read = match bytes {
        [0x1f, 0x8b, ..] => MultiGzDecoder::new(bytes).take(MAX).read_to_end(&mut unpacked),
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => ZlibDecoder::new(bytes).take(MAX).read_to_end(&mut unpacked),
        _ => Err(std::io::Error::other("not packed")),
    };
    let bytes = if read.is_ok() { &unpacked } else { bytes };
    utf16(bytes).or_else(|| String::from_utf8(bytes.to_vec()).ok()).filter(|text| is_text(text))
}

/// UTF-16 with or without its mark; `None` for what is no such text.
pub fn utf16(bytes: &[u8]) -> Option<String> {
    let (body, big) = match bytes {
        [0xff, 0xfe, body @ ..] => (body, false),
        [0xfe, 0xff, body @ ..] => (body, true),
        _ => {
            let zeros =
                |at: usize| bytes.iter().skip(at).step_by(2).take(200).filter(|b| **b == 0).count() * 10;
            let enough = bytes.len().div_ceil(2).min(200) * 8;
            match (bytes.len() >= 8 && zeros(1) >= enough, bytes.len() >= 8 && zeros(0) >= enough) {
                (true, false) => (bytes, false),
                (false, true) => (bytes, true),
                _ => return None,
            }
        }
    };
    if body.len() % 2 != 0 {
        return None;
    }
    let unit = |pair: &[u8]| {
        if big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) }
    };
    let units: Vec<u16> = body.chunks_exact(2).map(unit).collect();
    String::from_utf16(&units).ok()
}

/// As UTF-16 with the mark of `like`, or without one where that has none.
pub fn as_utf16(text: &str, like: &[u8]) -> Vec<u8> {
    let big =
        like.starts_with(&[0xfe, 0xff]) || (!like.starts_with(&[0xff, 0xfe]) && like.first() == Some(&0));
    let mark: &[u8] = match like {
        [0xff, 0xfe, ..] => &[0xff, 0xfe],
        [0xfe, 0xff, ..] => &[0xfe, 0xff],
        _ => &[],
    };
    let units =
        text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
    mark.iter().copied().chain(units).collect()
}

/// A text with its percent codes undone, if it has some and is text then.
pub fn percent_text(value: &str) -> Option<String> {
    if !value.contains('%') {
        return None;
    }
    let decoded = percent_encoding::percent_decode_str(value).decode_utf8().ok()?;
    (decoded != value).then(|| decoded.into_owned())
}

/// Mostly what people and programs write, and not bytes that happen to decode.
fn is_text(text: &str) -> bool {
    let odd = text.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')).count();
    text.len() >= 6 && odd * 50 <= text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn every_encoding_is_undone() {
        let plain = "#!/bin/sh\nexport DB_PASSWORD=swordfish9\n";
        let standard = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(plain.as_bytes()).expect("memory");
        let wide: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [
            plain.as_bytes().to_vec(),
            gzip.finish().expect("memory"),
            wide.clone(),
            [vec![0xff, 0xfe], wide].concat(),
        ] {
            assert_eq!(base64_text(&standard(&bytes)).as_deref(), Some(plain));
        }
        assert_eq!(base64_text(&standard(&[7, 200, 1, 0, 255, 3, 9, 44, 12, 77, 1, 2, 3])), None);
        assert_eq!(percent_text("a%20b").as_deref(), Some("a b"));
        assert_eq!(percent_text("100%"), None);
    }

    #[test]
    fn utf_16_goes_back_as_it_came() {
        for like in [
            vec![0xff, 0xfe, b'a', 0],
            vec![0xfe, 0xff, 0, b'a'],
            "abcd".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ] {
            let text = utf16(&like).expect("text");
            assert_eq!(as_utf16(&text, &like), like);
        }
    }
}
