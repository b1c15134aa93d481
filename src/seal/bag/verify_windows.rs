//! The part of VERIFY.md for Windows: what PowerShell and certutil can tell without installing anything.

use std::fmt::Write as _;

use crate::store::manifest::{MANIFEST, TAG_MANIFEST};

/// Commands for PowerShell, from the top folder.
pub fn windows(text: &mut String, id: &str) {
    let _ = write!(
        text,
        "## On Windows\n\nUnpack into a folder with a short path (`C:\\v`), since Explorer cuts paths at 260 \
         characters. In PowerShell, from \
         the top folder:\n\n\
         ```powershell\n\
         foreach ($list in '{MANIFEST}', '{TAG_MANIFEST}') {{\n\
         \x20 foreach ($line in Get-Content -Encoding UTF8 $list) {{\n\
         \x20   $digest, $path = $line -split '  ', 2\n\
         \x20   $path = [uri]::UnescapeDataString($path)\n\
         \x20   if ((Get-FileHash -LiteralPath $path).Hash -ne $digest) {{ \"WRONG $path\" }}\n\
         \x20 }}\n\
         }}\n\
         # files that no list names\n\
         $listed = Get-Content -Encoding UTF8 '{MANIFEST}', '{TAG_MANIFEST}' | ForEach-Object {{ \
         [uri]::UnescapeDataString(($_ -split '  ', 2)[1]) }}\n\
         Get-ChildItem -Recurse -File -Force -Name | ForEach-Object {{ $_ -replace '\\\\', '/' }} |\n\
         \x20 Where-Object {{ $_ -notin $listed -and $_ -notlike 'seal/*' -and $_ -ne '{TAG_MANIFEST}' }}\n\
         certutil -dump seal\\certificates.pem   # whose certificate; compare its fingerprint with what the \
         signer told you\n\
         ```\n\n\
         No output of the first two parts means that everything listed is unchanged and nothing was added. \
         The signatures need `openssl` \
         (it comes with Git for Windows): the commands of part 2 run there as they are, from the package \
         `{}`.\n\n",
        id
    );
}
