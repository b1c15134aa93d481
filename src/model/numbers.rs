//! Numbers as reports print them.

/// With a comma before each three digits: `20,134`.
pub fn thousands(n: u64) -> String {
    if n < 1000 { n.to_string() } else { format!("{},{:03}", thousands(n / 1000), n % 1000) }
}

/// An amount with its word: `1 hour`, `0.5 hours`, `24 hours`.
pub fn amount(n: f64, word: &str) -> String {
    if (n - 1.0).abs() < f64::EPSILON { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// A count with its word: `1 risk`, `2,000 risks`.
pub fn plural(n: impl TryInto<u64>, word: &str) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    if n == 1 { format!("1 {word}") } else { format!("{} {word}s", thousands(n)) }
}
