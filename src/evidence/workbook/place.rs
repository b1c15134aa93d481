//! Where a cell is: `C5`, `$C$5:$D$9`. Rows and columns count from 1.

use std::fmt;

/// The last column and row of a sheet.
pub const LAST: CellPlace = CellPlace { row: 1_048_576, column: 16_384 };

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellPlace {
    pub row: u32,
    pub column: u32,
}

/// A block of cells; both corners belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub first: CellPlace,
    pub last: CellPlace,
}

/// A corner of a reference, and which of column and row move with the cell that refers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corner {
    pub place: CellPlace,
    pub fixed: (bool, bool),
}

/// `C` as 3; none for what is no column of a sheet.
pub fn column(letters: &str) -> Option<u32> {
    let known = !letters.is_empty() && letters.len() <= 3 && letters.bytes().all(|b| b.is_ascii_alphabetic());
    let number = |letters: &str| {
        letters.bytes().fold(0, |sum, b| sum * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1)
    };
    known.then(|| number(letters)).filter(|number| *number <= LAST.column)
}

/// 3 as `C`.
pub fn letters(column: u32) -> String {
    let (mut left, mut out) = (column, Vec::new());
    while left > 0 {
        let digit = u8::try_from((left - 1) % 26).expect("below 26");
        out.push(char::from(b'A' + digit));
        left = (left - 1) / 26;
    }
    out.iter().rev().collect()
}

impl Corner {
    /// `$C5`.
    pub fn parse(text: &str) -> Option<Corner> {
        let (fixed_column, rest) = text.strip_prefix('$').map_or((false, text), |rest| (true, rest));
        let split = rest.find(|c: char| !c.is_ascii_alphabetic())?;
        let (name, rest) = rest.split_at(split);
        let (fixed_row, digits) = rest.strip_prefix('$').map_or((false, rest), |rest| (true, rest));
        let row = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
        let place = CellPlace { row, column: column(name)? };
        (1..=LAST.row).contains(&row).then_some(Corner { place, fixed: (fixed_column, fixed_row) })
    }

    /// The place that is meant where the reference, written for `from`, is read at `to`; it turns round at
    /// the sheet's edges.
    pub fn seen(self, from: CellPlace, to: CellPlace) -> CellPlace {
        let moved = |own: u32, from: u32, to: u32, last: u32| (own - 1 + last + to - from) % last + 1;
        let (fixed_column, fixed_row) = self.fixed;
        CellPlace {
            row: if fixed_row { self.place.row } else { moved(self.place.row, from.row, to.row, LAST.row) },
            column: if fixed_column {
                self.place.column
            } else {
                moved(self.place.column, from.column, to.column, LAST.column)
            },
        }
    }
}

impl CellPlace {
    pub fn parse(text: &str) -> Option<CellPlace> {
        Corner::parse(text).map(|corner| corner.place)
    }
}

impl Area {
    /// `C5` or `C5:D9`, in whichever order.
    pub fn parse(text: &str) -> Option<Area> {
        let (a, b) = text.split_once(':').unwrap_or((text, text));
        Some(Area::of(CellPlace::parse(a)?, CellPlace::parse(b)?))
    }

    pub fn of(a: CellPlace, b: CellPlace) -> Area {
        let first = CellPlace { row: a.row.min(b.row), column: a.column.min(b.column) };
        Area { first, last: CellPlace { row: a.row.max(b.row), column: a.column.max(b.column) } }
    }

    pub fn holds(&self, place: CellPlace) -> bool {
        (self.first.row..=self.last.row).contains(&place.row)
            && (self.first.column..=self.last.column).contains(&place.column)
    }

    pub fn size(&self) -> u64 {
        u64::from(self.last.row - self.first.row + 1) * u64::from(self.last.column - self.first.column + 1)
    }
}

impl fmt::Display for CellPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", letters(self.column), self.row)
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_letters_are_each_others_reverse() {
        for (number, name) in [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA"), (16_384, "XFD")] {
            assert_eq!((column(name), letters(number).as_str()), (Some(number), name));
        }
        for wrong in ["", "XFE", "AAAA", "1", "Ä"] {
            assert_eq!(column(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn places_are_read_and_what_is_none_is_not() {
        assert_eq!(CellPlace::parse("$C$5").expect("a place").to_string(), "C5");
        for wrong in ["C0", "C", "5", "C1048577", "XFE1", "C+5", "C5x", "C99999999999"] {
            assert_eq!(CellPlace::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Area::parse("D9:C5").expect("an area").to_string(), "C5:D9");
    }

    #[test]
    fn what_is_not_fixed_moves_with_the_cell() {
        let (from, to) = (CellPlace { row: 2, column: 3 }, CellPlace { row: 7, column: 3 });
        let seen = |text: &str| Corner::parse(text).expect("a corner").seen(from, to).to_string();
        assert_eq!((seen("A2"), seen("$A$2"), seen("A$2")), ("A7".into(), "A2".into(), "A2".into()));
        assert_eq!(Corner::parse("A1").expect("a corner").seen(to, from).to_string(), "A1048572");
    }
}
