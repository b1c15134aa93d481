//! Verifies a large archive and says how long it took, how much memory it needed, and how `sha256sum`
//! compares on the same bytes in the same run.
//!
//! `cargo run --release --example verify_bench -- [MEGABYTES] [FOLDER]`; 2048 MB in a temporary
//! folder unless said.

#![allow(clippy::disallowed_methods)] // a program of its own

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use affiant::seal::verify::{Options, State, verify};
use affiant::seal::{LocalKey, RsaPadding, Trust, make_workspace_key, seal_bag};
use affiant::store::archive;
use affiant::store::atomic::{Access, Existing};
use affiant::store::bag::Payload;
use affiant::store::manifest::BagInfo;

/// As many files as a large account has snapshots.
const FILES: usize = 16;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let megabytes: usize = arguments.first().map_or(Ok(2048), |text| text.parse())?;
    let scratch = tempfile::tempdir()?;
    let folder = arguments.get(1).map_or_else(|| scratch.path().to_owned(), PathBuf::from);
    let now = chrono::Utc::now();
    let made = make_workspace_key(now)?;
    let key = LocalKey::from_pem(&made.key_pem, &made.certificate.to_pem(), RsaPadding::Pkcs1)?;
    let mut bag = Payload::create(&folder, "large", Access::Shared)?;
    for number in 0..FILES {
        let mut file = bag.file(&format!("data/snapshot-{number:02}.json.gz"))?;
        noise(&mut file, megabytes / FILES, number as u64)?;
        file.finish()?;
    }
    let bag = seal_bag(bag.close(BagInfo::new([("External-Identifier", "large")]))?, &key, now, &[])?;
    let zip = folder.join("large.zip");
    archive::write(&bag, "large", &zip, Existing::Replace)?;
    fs::remove_dir_all(&bag)?;
    let size = fs::metadata(&zip)?.len();
    println!("archive      {} MB, {FILES} files", size >> 20);
    drop_caches(&zip)?;
    let (theirs, theirs_cpu) = timed(|| Ok(Command::new("sha256sum").arg(&zip).output().map(drop)?))?;
    println!(
        "sha256sum    {theirs:.2} s, {:.0} MB/s ({theirs_cpu:.2} s of processor time)",
        megabytes as f64 / theirs
    );
    let trust = Trust::new(vec![made.certificate]);
    let (ours, ours_cpu) = timed(|| {
        let report = verify(&zip, &Options::new(&trust, now, &[]))?.report;
        let held = report.integrity.state == State::Held && report.authenticity.state == State::Held;
        if held { Ok(()) } else { Err(format!("it does not verify: {report:?}").into()) }
    })?;
    println!(
        "verify       {ours:.2} s, {:.0} MB/s ({ours_cpu:.2} s of processor time)",
        megabytes as f64 / ours
    );
    println!("peak memory  {} MB", peak_memory()?);
    println!("ratio        {:.2} of sha256sum's time", ours / theirs);
    Ok(())
}

/// Bytes that do not compress, as fast as memory.
fn noise(target: &mut dyn Write, megabytes: usize, seed: u64) -> std::io::Result<()> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut block = vec![0u8; 1 << 20];
    for _ in 0..megabytes {
        for chunk in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            chunk.copy_from_slice(&state.to_le_bytes());
        }
        target.write_all(&block)?;
    }
    Ok(())
}

/// Both read from the page cache: the disk is not what is compared.
fn drop_caches(zip: &Path) -> std::io::Result<()> {
    std::io::copy(&mut fs::File::open(zip)?, &mut std::io::sink()).map(drop)
}

/// Seconds by the clock, and of processor time with that of ended children.
fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<(f64, f64)> {
    let (clock, cpu) = (Instant::now(), processor()?);
    work()?;
    Ok((clock.elapsed().as_secs_f64(), processor()? - cpu))
}

/// utime, stime, cutime and cstime of /proc/self/stat, a hundredth of a second each.
fn processor() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(4);
    Ok(fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0)
}

/// VmHWM, in MB.
fn peak_memory() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM")).ok_or("no VmHWM")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kilobytes >> 10)
}
