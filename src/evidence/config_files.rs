//! Splits files of AWS Config items into items, one at a time, in memory bounded by the largest item. It
//! knows where items stand in the forms that AWS and its tools write (snapshot, history, API answers, query
//! rows, single items, lines of items) and nothing of what an item means.

use std::io::{self, Read};

use memchr::memchr2;

/// No single item may be longer. AWS keeps oversized items in files of their own, well below this.
pub const MAX_ITEM: usize = 64 << 20;

/// One item, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    Item(&'a [u8]),
    /// A query row: the item is JSON inside a string, already unescaped.
    Row(&'a [u8]),
    /// What stands around the items of a document: an object without them.
    Around(&'a [u8]),
    /// An element that cannot be an item.
    Bad(&'a str),
}

/// Why a file could not be read to its end. What came before it was handed out.
#[derive(Debug, thiserror::Error)]
pub enum ItemsFault {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("not JSON at byte {0}: {1}")]
    Syntax(u64, &'static str),
    #[error("not UTF-8: the file starts with a UTF-16 byte order mark")]
    Utf16,
    #[error("the file is empty")]
    Empty,
}

/// Members that hold items, in every form we know.
const HOLDERS: [&[u8]; 6] = [
    b"configurationItems",
    b"configurationItemList",
    b"baseConfigurationItems",
    b"BaseConfigurationItems",
    b"Results",
    b"results",
];

/// Hands every item of `input` to `each`, in order. An error of `each` ends the walk.
pub fn walk<E: From<ItemsFault>>(
    input: impl Read,
    mut each: impl FnMut(Found<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut lexer = Lexer::new(input);
    lexer.byte_order_mark()?;
    let mut any = false;
    while let Some(byte) = lexer.peek_token()? {
        any = true;
        match byte {
            b'{' => document(&mut lexer, &mut each)?,
            b'[' => array(&mut lexer, &mut each)?,
            b',' => lexer.skip(),
            _ => return Err(lexer.syntax("a document must be an object or an array").into()),
        }
    }
    if any { Ok(()) } else { Err(ItemsFault::Empty.into()) }
}

/// An object at the top: either it holds items, or it is one.
fn document<R: Read, E: From<ItemsFault>>(
    lexer: &mut Lexer<R>,
    each: &mut impl FnMut(Found<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut whole = Vec::new();
    let (mut holder, mut too_long) = (false, false);
    lexer.skip();
    whole.push(b'{');
    loop {
        match lexer.next_token()? {
            b'}' => break,
            b',' => whole.push(b','),
            b'"' => {
                let mut key = vec![b'"'];
                lexer.string(&mut key)?;
                if lexer.next_token()? != b':' {
                    return Err(lexer.syntax("a colon must follow a member's name").into());
                }
                let name = &key[1..key.len() - 1];
                let next = lexer.peek_token()?;
                if HOLDERS.contains(&name) && next == Some(b'[') {
                    holder = true;
                    array(lexer, each)?;
                } else if name == b"configurationItem" && next == Some(b'{') {
                    holder = true;
                    element(lexer, each)?;
                } else {
                    whole.extend_from_slice(&key);
                    whole.push(b':');
                    too_long |= matches!(lexer.value(&mut whole)?, Kept::TooLong);
                }
            }
            _ => return Err(lexer.syntax("a member's name or the end of an object must follow").into()),
        }
    }
    whole.push(b'}');
    if too_long && !holder {
        return each(Found::Bad("longer than 64 MiB"));
    }
    if holder && !too_long && whole.len() > 2 {
        return each(Found::Around(&whole));
    }
    if holder || !mentions_item(&whole) { Ok(()) } else { each(Found::Item(&whole)) }
}

fn mentions_item(object: &[u8]) -> bool {
    memchr::memmem::find(object, b"\"resourceType\"").is_some()
}

fn array<R: Read, E: From<ItemsFault>>(
    lexer: &mut Lexer<R>,
    each: &mut impl FnMut(Found<'_>) -> Result<(), E>,
) -> Result<(), E> {
    lexer.skip();
    loop {
        match lexer.peek_token()? {
            Some(b']') => {
                lexer.skip();
                return Ok(());
            }
            Some(b',') => lexer.skip(),
            Some(_) => element(lexer, each)?,
            None => return Err(lexer.syntax("the array does not end").into()),
        }
    }
}

fn element<R: Read, E: From<ItemsFault>>(
    lexer: &mut Lexer<R>,
    each: &mut impl FnMut(Found<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut item = std::mem::take(&mut lexer.item);
    item.clear();
    let first = lexer.peek_token()?.unwrap_or_default();
    let outcome = match (lexer.value(&mut item), first) {
        (Err(fault), _) => Err(fault.into()),
        (Ok(Kept::TooLong), _) => each(Found::Bad("longer than 64 MiB")),
        (Ok(Kept::Whole), b'{') => each(Found::Item(&item)),
        (Ok(Kept::Whole), b'"') => match serde_json::from_slice::<String>(&item) {
            Ok(row) => each(Found::Row(row.as_bytes())),
            Err(_) => each(Found::Bad("a row that is not a JSON string")),
        },
        (Ok(Kept::Whole), _) => each(Found::Bad("neither an object nor a row")),
    };
    lexer.item = item;
    outcome
}

enum Kept {
    Whole,
    TooLong,
}

/// Just enough of a JSON reader to find where values end (RFC 8259). Items themselves are parsed by
/// serde_json later.
struct Lexer<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    before: u64,
    /// Kept between elements so that it need not grow anew.
    item: Vec<u8>,
}

impl<R: Read> Lexer<R> {
    fn new(input: R) -> Self {
        Lexer { input, buffer: vec![0; 256 * 1024], start: 0, end: 0, before: 0, item: Vec::new() }
    }

    fn fill(&mut self) -> Result<bool, ItemsFault> {
        if self.start < self.end {
            return Ok(true);
        }
        self.before += self.end as u64;
        (self.start, self.end) = (0, 0);
        loop {
            match self.input.read(&mut self.buffer) {
                Ok(n) => {
                    self.end = n;
                    return Ok(n > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn syntax(&self, what: &'static str) -> ItemsFault {
        ItemsFault::Syntax(self.before + self.start as u64, what)
    }

    fn byte_order_mark(&mut self) -> Result<(), ItemsFault> {
        if !self.fill()? {
            return Err(ItemsFault::Empty);
        }
        match &self.buffer[self.start..self.end] {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err(ItemsFault::Utf16),
            [0xef, 0xbb, 0xbf, ..] => {
                self.start += 3;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The next byte that is not white space, left where it is.
    fn peek_token(&mut self) -> Result<Option<u8>, ItemsFault> {
        while self.fill()? {
            match self.buffer[self.start] {
                b' ' | b'\t' | b'\r' | b'\n' => self.start += 1,
                byte => return Ok(Some(byte)),
            }
        }
        Ok(None)
    }

    fn next_token(&mut self) -> Result<u8, ItemsFault> {
        let byte = self.peek_token()?.ok_or_else(|| self.syntax("the file ends in the middle of a value"))?;
        self.start += 1;
        Ok(byte)
    }

    fn skip(&mut self) {
        self.start += 1;
    }

    /// Copies one value to `out`, up to [`MAX_ITEM`] bytes; a longer one is passed over to its end.
    fn value(&mut self, out: &mut Vec<u8>) -> Result<Kept, ItemsFault> {
        let mut depth = 0u32;
        let mut too_long = false;
        loop {
            let Some(byte) = self.peek_token()? else {
                return Err(self.syntax("the file ends in the middle of a value"));
            };
            match byte {
                b'{' | b'[' => {
                    depth += 1;
                    out.push(byte);
                    self.start += 1;
                }
                b'}' | b']' if depth == 0 => return Err(self.syntax("a value is missing")),
                b'}' | b']' => {
                    depth -= 1;
                    out.push(byte);
                    self.start += 1;
                }
                b'"' => {
                    self.start += 1;
                    out.push(b'"');
                    too_long |= matches!(self.string(out)?, Kept::TooLong);
                }
                _ => self.plain(out)?,
            }
            if out.len() > MAX_ITEM {
                too_long = true;
            }
            if too_long {
                out.clear();
            }
            if depth == 0 {
                return Ok(if too_long { Kept::TooLong } else { Kept::Whole });
            }
        }
    }

    /// Copies what is neither string nor bracket: numbers, names, colons, and a comma if that comes first.
    fn plain(&mut self, out: &mut Vec<u8>) -> Result<(), ItemsFault> {
        let mut first = true;
        while self.fill()? {
            let rest = &self.buffer[self.start..self.end];
            let stops = |b: &u8| matches!(b, b'{' | b'[' | b'}' | b']' | b'"' | b',');
            let length = match rest[0] {
                b',' if first => 1,
                _ => rest.iter().position(stops).unwrap_or(rest.len()),
            };
            if out.len() <= MAX_ITEM {
                add(out, &rest[..length]);
            }
            self.start += length;
            first = false;
            if self.start < self.end {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Copies the rest of a string, its closing quote included.
    fn string(&mut self, out: &mut Vec<u8>) -> Result<Kept, ItemsFault> {
        let mut too_long = false;
        loop {
            if !self.fill()? {
                return Err(self.syntax("the file ends in the middle of a string"));
            }
            let rest = &self.buffer[self.start..self.end];
            let length = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
            too_long |= out.len() + length > MAX_ITEM;
            if !too_long {
                add(out, &rest[..length]);
            }
            let mark = rest.get(length).copied();
            self.start += length;
            match mark {
                None => {}
                Some(b'"') => {
                    self.start += 1;
                    out.push(b'"');
                    return Ok(if too_long { Kept::TooLong } else { Kept::Whole });
                }
                Some(_) => {
                    self.start += 1;
                    if !self.fill()? {
                        return Err(self.syntax("the file ends in the middle of a string"));
                    }
                    out.extend_from_slice(&[b'\\', self.buffer[self.start]]);
                    self.start += 1;
                }
            }
        }
    }
}

/// Adds to a value. Near [`MAX_ITEM`] it grows by what it needs: doubled, it would take twice the memory that
/// it may.
fn add(out: &mut Vec<u8>, bytes: &[u8]) {
    let needed = out.len() + bytes.len();
    if needed > out.capacity() {
        let room = (2 * out.capacity()).min(MAX_ITEM + (1 << 10)).max(needed);
        out.reserve_exact(room - out.len());
    }
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests;
