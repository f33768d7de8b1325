//! The hall itself: division codes, local time.

use crate::config::HallInfo;
use crate::mistake::quote;
use crate::raw::RawHall;
use crate::validate::Check;

/// The hall.
pub(super) fn hall(raw: &RawHall, check: &mut Check<'_>) -> HallInfo {
    check.id("hall.id", &raw.id);
    let name = check.name("hall.name", &raw.name);
    area("hall.area", &raw.area, check);
    let utc_offset_s = utc_offset_s(&raw.utc_offset).unwrap_or_else(|| {
        check.mistake(
            "hall.utc_offset",
            format!("{} is not an offset from UTC", quote(&raw.utc_offset)),
            "write \"+08:00\"",
        );
        0
    });
    HallInfo {
        id: raw.id.clone(),
        name,
        area: raw.area.clone(),
        utc_offset_s,
    }
}

/// GB/T 2260: two digits per level, each code beginning with the one above it.
pub(super) fn area(path: &str, codes: &[String], check: &mut Check<'_>) {
    if codes.is_empty() || codes.len() > 3 {
        check.mistake(
            path,
            format!("needs 1 to 3 division codes, found {}", codes.len()),
            "write province, city and county: [\"51\", \"5119\", \"511921\"]",
        );
        return;
    }
    for (n, code) in codes.iter().enumerate() {
        let path = format!("{path}[{n}]");
        let digits = 2 * (n + 1);
        if code.len() != digits || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            check.mistake(
                path,
                format!("{} is not a division code of {digits} digits", quote(code)),
                "GB/T 2260: province 2 digits, city 4, county 6",
            );
        } else if n > 0 && !code.starts_with(codes[n - 1].as_str()) {
            check.mistake(
                path,
                format!(
                    "{} does not begin with {}, the code above it",
                    quote(code),
                    quote(&codes[n - 1])
                ),
                "GB/T 2260 codes nest: 51, 5119, 511921",
            );
        }
    }
}

/// Seconds of "+08:00"; UTC offsets in use lie within -12:00 and +14:00.
fn utc_offset_s(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    if hours.len() != 2
        || minutes.len() != 2
        || !rest
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b':')
    {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let offset_s = sign * (hours * 3600 + minutes * 60);
    (minutes < 60 && (-12 * 3600..=14 * 3600).contains(&offset_s)).then_some(offset_s)
}

#[cfg(test)]
mod tests {
    use super::utc_offset_s;

    #[test]
    fn utc_offsets_are_read_strictly() {
        let rows = [
            ("+08:00", Some(28_800)),
            ("-03:30", Some(-12_600)),
            ("+00:00", Some(0)),
            ("+14:00", Some(50_400)),
            ("+14:01", None),
            ("+08:60", None),
            ("08:00", None),
            ("+8:00", None),
            ("+08", None),
            ("Asia/Shanghai", None),
            ("北京时间", None),
            ("", None),
            ("++1:00", None),
        ];
        for (text, wanted) in rows {
            assert_eq!(utc_offset_s(text), wanted, "{text}");
        }
    }
}
