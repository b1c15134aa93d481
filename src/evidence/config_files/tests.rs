//! Tests of the file above.

use super::*;

/// A reader that hands out `size` bytes at a time, so that every value is cut somewhere.
struct Sips<'a>(&'a [u8], usize);

impl Read for Sips<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(self.0.len()).min(buffer.len());
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn items(text: &str, size: usize) -> Result<Vec<String>, ItemsFault> {
    let mut found = Vec::new();
    walk(Sips(text.as_bytes(), size), |item| -> Result<(), ItemsFault> {
        found.push(match item {
            Found::Item(bytes) | Found::Row(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Found::Around(_) => return Ok(()),
            Found::Bad(why) => format!("bad: {why}"),
        });
        Ok(())
    })?;
    Ok(found)
}

#[test]
fn every_cut_of_the_input_gives_the_same_items() {
    let text = concat!(
        r#" {"fileVersion":"1.0", "n":[1,{"a":null}], "#,
        r#""configurationItems" : [ {"resourceType":"A","x":[1.5e3,true,{"q":"\"}\\"}]} , 17,
            "{\"resourceType\":\"B\"}",{"resourceType":"C"}] , "after":-0.5}
            {"resourceType":"D","configuration":{"deep":[[[]]]}}"#,
    );
    let whole = items(text, text.len()).expect("JSON");
    assert_eq!(whole.len(), 5);
    assert_eq!(whole[0], r#"{"resourceType":"A","x":[1.5e3,true,{"q":"\"}\\"}]}"#);
    assert_eq!(whole[2], r#"{"resourceType":"B"}"#);
    for size in 1..40 {
        assert_eq!(items(text, size).expect("JSON"), whole, "{size} bytes at a time");
    }
}

#[test]
fn every_truncation_is_a_fault_or_fewer_items() {
    let text = r#"{"configurationItems":[{"resourceType":"A","x":"y"},{"resourceType":"B"}]}"#;
    for end in 1..text.len() {
        assert!(items(&text[..end], 7).is_err(), "{}", &text[..end]);
    }
}

proptest::proptest! {
    #[test]
    fn no_input_hangs_or_panics(
        bytes in proptest::collection::vec(
            proptest::sample::select(b"{}[]\",:\\ 1a\n".to_vec()),
            0..60,
        ),
        size in 1usize..9,
    ) {
        let _ = walk(Sips(&bytes, size), |_| -> Result<(), ItemsFault> { Ok(()) });
    }
}
