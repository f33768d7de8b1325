//! What one message or line of an evaluation terminal means, in its own words. Pure.

use hall_core::ids::WindowId;
use hall_core::rating::RatingOption;
use regex::Regex;
use serde_json::Value;

/// Words for the options that need no configuration. 满意 and 不满意 of terminals with five grades are not among the six: what they
/// stand for is for the hall to say.
const WORDS: [(&str, RatingOption); 12] = [
    ("非常满意", RatingOption::VerySatisfied),
    ("基本满意", RatingOption::Satisfied),
    ("服务态度不好", RatingOption::Attitude),
    ("办理时间太长", RatingOption::Slow),
    ("业务不熟", RatingOption::Unskilled),
    ("其他", RatingOption::Other),
    ("very_satisfied", RatingOption::VerySatisfied),
    ("satisfied", RatingOption::Satisfied),
    ("attitude", RatingOption::Attitude),
    ("slow", RatingOption::Slow),
    ("unskilled", RatingOption::Unskilled),
    ("other", RatingOption::Other),
];

/// One kind of terminal's language.
#[derive(Debug, Clone)]
pub struct RatingReader {
    /// The window it stands at; `None`: each message names it.
    pub window: Option<WindowId>,
    /// Key of the window in a message.
    pub window_key: String,
    /// Key of the rating in a message.
    pub rating_key: String,
    /// Its words, besides the usual ones.
    pub words: Vec<(String, RatingOption)>,
    /// Windows by its names for them.
    pub windows: Vec<(String, WindowId)>,
}

impl RatingReader {
    /// Every rating of a JSON payload: an object or a list of them.
    ///
    /// # Errors
    /// In words for a person, never with the rating: what is wrong and what was expected. Then nothing is taken.
    pub fn json(&self, payload: &[u8]) -> Result<Vec<(WindowId, RatingOption)>, String> {
        let rows = match serde_json::from_slice(payload) {
            Ok(Value::Array(rows)) => rows,
            Ok(row) => vec![row],
            Err(e) => {
                return Err(format!(
                    "not JSON (line {}, column {})",
                    e.line(),
                    e.column()
                ));
            }
        };
        let read = |(n, row): (usize, &Value)| {
            let text = |key: &str| match row.get(key)? {
                Value::String(text) => Some(text.trim().to_owned()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            let rating = text(&self.rating_key).ok_or_else(|| {
                format!(
                    "[{n}]: an object with the key {} was expected",
                    self.rating_key
                )
            })?;
            self.rating(text(&self.window_key).as_deref(), &rating)
                .map_err(|e| format!("[{n}]: {e}"))
        };
        rows.iter().enumerate().map(read).collect()
    }

    /// The rating of one line of text, UTF-8 or GBK, by a pattern with the groups `rating` and, unless the terminal has a window, `window`.
    ///
    /// # Errors
    /// As [`RatingReader::json`].
    pub fn line(&self, pattern: &Regex, line: &[u8]) -> Result<(WindowId, RatingOption), String> {
        let text = std::str::from_utf8(line).map_or_else(
            |_| encoding_rs::GBK.decode_without_bom_handling(line).0,
            Into::into,
        );
        let groups = (pattern.captures(text.trim()))
            .ok_or("it does not match the pattern; compare it with what the terminal sends")?;
        let group = |name: &str| groups.name(name).map(|found| found.as_str());
        let rating = group("rating").ok_or("the pattern's group rating found nothing")?;
        self.rating(group("window"), rating)
    }

    /// One rating from its words.
    ///
    /// # Errors
    /// As [`RatingReader::json`].
    pub fn rating(
        &self,
        window: Option<&str>,
        rating: &str,
    ) -> Result<(WindowId, RatingOption), String> {
        let window = match (&self.window, window) {
            (Some(own), _) => own,
            (None, None) => return Err(format!("the window is missing ({})", self.window_key)),
            (None, Some(name)) => (self.windows.iter())
                .find(|(known, _)| known == name)
                .map(|(_, id)| id)
                .ok_or(
                    "the window is not known; list the terminal's name under [[ratings.windows]]",
                )?,
        };
        let own = self
            .words
            .iter()
            .map(|(word, option)| (word.as_str(), *option));
        let option = own
            .chain(WORDS)
            .find(|(word, _)| word.eq_ignore_ascii_case(rating))
            .map(|(_, option)| option)
            .ok_or("the rating is none of the six options; list the terminal's word under [ratings.words]")?;
        Ok((window.clone(), option))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn reader() -> RatingReader {
        RatingReader {
            window: None,
            window_key: "win".into(),
            rating_key: "score".into(),
            words: vec![
                ("1".into(), RatingOption::VerySatisfied),
                ("6".into(), RatingOption::Other),
            ],
            windows: vec![("03".into(), "W3".into()), ("W3".into(), "W3".into())],
        }
    }

    #[test]
    fn the_six_options_are_understood_as_they_are_and_nothing_is_guessed() {
        for (payload, expected) in [
            (
                r#"{"win":"03","score":"非常满意"}"#,
                Ok(vec![RatingOption::VerySatisfied]),
            ),
            (
                r#"{"win":"W3","score":1}"#,
                Ok(vec![RatingOption::VerySatisfied]),
            ),
            (
                r#"[{"win":"W3","score":"业务不熟"},{"win":"W3","score":"Slow"}]"#,
                Ok(vec![RatingOption::Unskilled, RatingOption::Slow]),
            ),
            (r#"{"win":"W3","score":6}"#, Ok(vec![RatingOption::Other])),
            ("[]", Ok(vec![])),
            (
                r#"{"win":"W3","score":"不满意"}"#,
                Err(
                    "[0]: the rating is none of the six options; list the terminal's word under [ratings.words]",
                ),
            ),
            (
                r#"{"win":"W9","score":1}"#,
                Err(
                    "[0]: the window is not known; list the terminal's name under [[ratings.windows]]",
                ),
            ),
            (r#"{"score":1}"#, Err("[0]: the window is missing (win)")),
            (
                r#"{"win":"W3"}"#,
                Err("[0]: an object with the key score was expected"),
            ),
            ("7", Err("[0]: an object with the key score was expected")),
            ("{", Err("not JSON (line 1, column 1)")),
        ] {
            let read = reader().json(payload.as_bytes());
            let options = read.map(|all| {
                all.into_iter()
                    .map(|(window, option)| {
                        assert_eq!(window.as_str(), "W3");
                        option
                    })
                    .collect()
            });
            assert_eq!(options, expected.map_err(String::from), "{payload}");
        }
        let own = RatingReader {
            window: Some("W3".into()),
            ..reader()
        };
        assert!(own.rating(None, "其他").is_ok());
    }
}
