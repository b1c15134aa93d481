//! Numbers as reports print them.

/// With a comma before each three digits: `20,134`.
pub fn thousands(n: u64) -> String {
    if n < 1000 { n.to_string() } else { format!("{},{:03}", thousands(n / 1000), n % 1000) }
}

/// A count with its word: `1 risk`, `2,000 risks`.
pub fn plural(n: impl TryInto<u64>, word: &str) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    if n == 1 { format!("1 {word}") } else { format!("{} {word}s", thousands(n)) }
}
