//! Numbers as reports print them.

/// With a comma before each three digits: `20,134`.
pub fn thousands(n: u64) -> String {
    if n < 1000 { n.to_string() } else { format!("{},{:03}", thousands(n / 1000), n % 1000) }
}
