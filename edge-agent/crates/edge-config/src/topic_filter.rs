//! MQTT topic filters: which are well formed, and which two can mean one topic. Knows no broker.

/// Why a filter cannot be a login's; message and hint.
pub(crate) fn refusal(filter: &str) -> Option<(&'static str, &'static str)> {
    let levels: Vec<&str> = filter.split('/').collect();
    let hash_inside = levels.iter().rev().skip(1).any(|level| level.contains('#'));
    let mixed = |level: &&&str| level.len() > 1 && level.contains(['+', '#']);
    if filter.trim() != filter || filter.len() > 1024 || filter.chars().any(char::is_control) {
        Some((
            "the topic is too long, or holds a control character or a space at its ends",
            "write it as the device publishes it",
        ))
    } else if levels.contains(&"") {
        Some((
            "the topic is empty or has an empty level",
            "write levels such as \"mats/5/#\"",
        ))
    } else if hash_inside || levels.iter().any(|level| mixed(&level)) {
        Some((
            "a wildcard stands for whole levels, and # for the last ones",
            "write \"mats/+/state\" or \"mats/#\"",
        ))
    } else if matches!(levels[0], "+" | "#") || filter.starts_with('$') {
        Some((
            "a login's topics begin with a level of their own",
            "write the first level in full, such as \"mats/#\"",
        ))
    } else {
        None
    }
}

/// Whether some topic matches both. A topic without wildcards is a filter for itself.
pub(crate) fn overlap(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.split('/'), b.split('/'));
    loop {
        match (a.next(), b.next()) {
            // "mats/#" matches "mats" too.
            (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
            (Some(x), Some(y)) if x == y || x == "+" || y == "+" => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{overlap, refusal};

    #[test]
    fn filters_overlap_when_one_topic_fits_both() {
        for (a, b, wanted) in [
            ("a/b", "a/b", true),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("a/+", "a/b", true),
            ("a/+", "a/b/c", false),
            ("a/+/c", "a/b/#", true),
            ("tele/w3/#", "tele/w30/#", false),
            ("a/b", "a/c", false),
            ("a", "a/b", false),
        ] {
            assert_eq!(overlap(a, b), wanted, "{a} {b}");
            assert_eq!(overlap(b, a), wanted, "{b} {a}");
        }
    }

    #[test]
    fn filters_that_reach_too_far_or_mean_nothing_are_refused() {
        for good in ["mats/5", "mats/#", "mats/+/state", "房间/#", "a b/c"] {
            assert_eq!(refusal(good), None, "{good}");
        }
        for bad in [
            "", "#", "+/a", "a//b", "a/", "/a", "a/#/b", "a/b#", "a/x+", "$SYS/#", " a", "a\nb",
        ] {
            assert!(refusal(bad).is_some(), "{bad:?}");
        }
    }
}
