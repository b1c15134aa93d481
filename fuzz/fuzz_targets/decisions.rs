//! What people decided, in YAML: the same bytes as each of the files that `verify --recompute`
//! reads out of a package.
#![no_main]

use std::collections::BTreeMap;

use affiant::workspace::{self, FILES};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let name = FILES[usize::from(*first) % FILES.len()];
    let _ = workspace::decisions(&BTreeMap::from([(name.to_string(), rest.to_vec())]));
});
