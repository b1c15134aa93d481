//! The word that somebody meant: the nearest of those that exist, if it is near enough to be named.

/// The candidate that `typed` most likely stands for.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = folded(typed);
    let score = |candidate: &'a str| {
        let folded = folded(candidate);
        let long = typed.chars().count().max(folded.chars().count());
        let distance = strsim::damerau_levenshtein(&typed, &folded);
        let part =
            typed.len() >= 3 && (folded.contains(&typed) || (folded.len() >= 3 && typed.contains(&folded)));
        let near = distance * 3 <= long.max(3);
        (near || part).then_some((if near { distance } else { long }, candidate))
    };
    candidates.into_iter().filter_map(score).min().map(|(_, candidate)| candidate)
}

/// A hint: the nearest word, or else where (or which) all of them are.
pub fn hint<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    match nearest(typed, candidates) {
        Some(word) => format!("did you mean `{word}`? {otherwise}").trim_end().to_string(),
        None => otherwise.to_string(),
    }
}

/// Case and separators are what people mistake most.
fn folded(text: &str) -> String {
    text.trim().to_lowercase().replace(['_', ' '], "-")
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn what_was_meant_is_found_and_nothing_is_guessed() {
        let words = ["role", "name", "encryption-at-rest", "us-east-1", "mitigate", "business associate"];
        for (typed, expected) in [
            ("rolle", Some("role")),
            ("encryption-at-reset", Some("encryption-at-rest")),
            ("us-esat-1", Some("us-east-1")),
            ("Mitigat", Some("mitigate")),
            ("business_associate", Some("business associate")),
            ("associate", Some("business associate")),
            ("vendor", None),
            ("", None),
            ("zzz", None),
        ] {
            assert_eq!(nearest(typed, words), expected, "{typed}");
        }
    }
}
