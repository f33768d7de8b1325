//! A CSV file of a ticket machine: its encoding, its separator, its rows. Pure.

use std::borrow::Cow;

use super::reader::{Read, TicketReader};

/// Mistakes named of one file; more are counted.
const NAMED_MISTAKES: usize = 20;

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The rows that were understood, in order.
    pub read: Vec<Read>,
    /// What is wrong with the others, with their lines; never with a number.
    pub mistakes: Vec<String>,
    /// How many others there are.
    pub refused: usize,
}

/// Reads a file.
///
/// # Errors
/// When nothing of it can be used, in words for a person.
pub fn read_sheet(reader: &TicketReader, bytes: &[u8], now_unix_ms: i64) -> Result<Sheet, String> {
    let text = decode(bytes)?;
    let head = text.lines().next().unwrap_or_default();
    let separators = [b',', b';', b'\t'];
    let count = |separator: u8| head.bytes().filter(|b| *b == separator).count();
    let separator = separators
        .into_iter()
        .max_by_key(|s| (count(*s), *s == b','));
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(separator.unwrap_or(b','))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let columns: Vec<String> = match rows.headers() {
        Ok(head) => head.iter().map(str::to_owned).collect(),
        Err(_) => return Err("the header cannot be read".into()),
    };
    let wanted = &reader.fields.ticket;
    if !columns.contains(wanted) {
        // A file without a header begins with a ticket: its first row is not shown.
        return Err(format!(
            "its first line does not name the column '{wanted}'; write a header, or set ticket under [tickets.names] to the column's name"
        ));
    }
    let mut sheet = Sheet::default();
    let refuse = |sheet: &mut Sheet, line: u64, why: String| {
        sheet.refused += 1;
        if sheet.mistakes.len() < NAMED_MISTAKES {
            sheet.mistakes.push(format!("line {line}: {why}"));
        }
    };
    for row in rows.records() {
        let row = match row {
            Ok(row) => row,
            Err(e) => {
                let line = e.position().map_or(0, csv::Position::line);
                refuse(&mut sheet, line, "not a row of CSV".into());
                continue;
            }
        };
        let line = row.position().map_or(0, csv::Position::line);
        if row.len() != columns.len() {
            let why = format!("{} columns, the header has {}", row.len(), columns.len());
            refuse(&mut sheet, line, why);
            continue;
        }
        let field = |name: &str| {
            let column = columns.iter().position(|column| column == name)?;
            row.get(column).map(str::to_owned)
        };
        match reader.row(field, now_unix_ms) {
            Ok(read) => sheet.read.push(read),
            Err(why) => refuse(&mut sheet, line, why),
        }
    }
    Ok(sheet)
}

/// UTF-8 with or without a mark, UTF-16 with one, else GBK, which Chinese Windows programs write.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        let (text, broken) = encoding.decode_without_bom_handling(&bytes[mark..]);
        return if broken {
            Err(format!("it is not the {} it says it is", encoding.name()))
        } else {
            Ok(text)
        };
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.into());
    }
    // GB 18030 holds GBK.
    let (text, broken) = encoding_rs::GB18030.decode_without_bom_handling(bytes);
    if broken {
        return Err("it is neither UTF-8 nor GBK; save it as one of them".into());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::reader::tests::{NOW_MS, reader};

    const SHEET: &str = "queue,号码,状态,taken_at\n社保,A1,等待,10:00:00\n户籍,B7,完成,10:01:00\n";

    fn utf16(text: &str) -> Vec<u8> {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xFF, 0xFE].into_iter().chain(units).collect()
    }

    #[test]
    fn a_file_reads_the_same_in_every_encoding_and_with_every_separator() {
        let expected = read_sheet(&reader(), SHEET.as_bytes(), NOW_MS).unwrap();
        assert_eq!((expected.read.len(), expected.refused), (2, 0));
        for (form, bytes) in [
            (
                "UTF-8 with mark",
                [b"\xEF\xBB\xBF", SHEET.as_bytes()].concat(),
            ),
            ("GBK", encoding_rs::GBK.encode(SHEET).0.into_owned()),
            ("UTF-16", utf16(SHEET)),
            ("CRLF", SHEET.replace('\n', "\r\n").into_bytes()),
            ("semicolons", SHEET.replace(',', ";").into_bytes()),
            ("tabs", SHEET.replace(',', "\t").into_bytes()),
            ("no last newline", SHEET.trim_end().as_bytes().to_vec()),
        ] {
            let sheet = read_sheet(&reader(), &bytes, NOW_MS);
            assert_eq!(sheet.as_ref(), Ok(&expected), "{form}");
        }
    }

    #[test]
    fn good_rows_count_and_bad_ones_are_named_by_their_line() {
        let text = format!("{SHEET}社保,A2\n社保,,等待,10:02:00\n社保,A3,等待,10:03:00\n");
        let sheet = read_sheet(&reader(), text.as_bytes(), NOW_MS).unwrap();
        assert_eq!((sheet.read.len(), sheet.refused), (3, 2));
        assert_eq!(
            sheet.mistakes,
            [
                "line 4: 2 columns, the header has 4",
                "line 5: 号码: the number is missing"
            ]
        );
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        for (bytes, expected) in [
            (&b"A1,waiting\n"[..], "does not name the column"),
            (b"", "does not name the column"),
            (b"\xFF\xFE\x00\xD8\x00", "not the UTF-16LE"),
            (b"abc\xFF\xFF\n", "neither UTF-8 nor GBK"),
        ] {
            let error = read_sheet(&reader(), bytes, NOW_MS).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
