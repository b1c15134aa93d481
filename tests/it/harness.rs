//! The hermetic harness: the built program in a folder of its own, with an empty environment
//! and a pinned clock.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The time of every test: that of the sample.
pub const NOW: &str = "2026-09-30T12:00:00Z";

/// A folder to run the program in.
pub struct Sandbox {
    pub dir: TempDir,
    clock: Option<String>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Sandbox { dir: tempfile::tempdir().expect("a temporary folder"), clock: Some(NOW.into()) }
    }
}

pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

impl Sandbox {
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The machine's clock instead of the pinned one.
    pub fn with_system_clock(mut self) -> Sandbox {
        self.clock = None;
        self
    }

    pub fn affiant(&self, args: &[&str]) -> Ran {
        self.affiant_with(args, &[])
    }

    pub fn affiant_with(&self, args: &[&str], env: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_affiant"));
        command
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("LANG", "C.UTF-8")
            .env("TMPDIR", std::env::temp_dir());
        if let Some(clock) = &self.clock {
            command.env("AFFIANT_PINNED_CLOCK", clock);
        }
        command.envs(env.iter().copied());
        ran(command.output().expect("the program starts"))
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, bytes).expect("a file");
        path
    }

    /// Items of one region as a delivered snapshot, gzipped, with a recorder that records all types.
    pub fn snapshot(&self, folder: &str, items: &[serde_json::Value]) -> PathBuf {
        let name = format!(
            "{folder}/snapshots/111122223333_Config_us-east-1_ConfigSnapshot_20260930T114000Z_\
             11111111-2222-4333-8444-555555555555.json.gz"
        );
        let body = serde_json::json!({
            "fileVersion": "1.0", "configSnapshotId": "11111111-2222-4333-8444-555555555555",
            "configurationItems": items
        });
        let path = self.write(&name, gzip(body.to_string().as_bytes()));
        let recorders = serde_json::json!({
            "ConfigurationRecorders": [{ "name": "default",
                "recordingGroup": { "allSupported": true, "includeGlobalResourceTypes": true } }]
        });
        self.write(
            &format!("{folder}/aws/111122223333/us-east-1/config/DescribeConfigurationRecorders.json"),
            recorders.to_string(),
        );
        path
    }

    /// The workspace of the account with faults for most checks.
    pub fn workspace(self) -> Sandbox {
        let root = repository();
        self.settled(&root.join("examples/sample/every-fault"), &[root.join("examples/sample/documents")])
    }

    /// The repository's own workspace: that of the well-run vendor, whose run is committed.
    pub fn vendor(self) -> Sandbox {
        let root = repository();
        self.settled(root, &["documents", "story"].map(|folder| root.join("examples/sample").join(folder)))
    }

    /// affiant.yaml and program/ of a folder copied here, with the papers that its statements rest on, later
    /// ones over earlier.
    fn settled(self, root: &Path, papers: &[PathBuf]) -> Sandbox {
        for name in affiant::workspace::FILES {
            match fs::read(root.join(name)) {
                Ok(bytes) => drop(self.write(name, bytes)),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{name}"),
            }
        }
        for (name, bytes) in papers.iter().flat_map(|folder| files(folder)) {
            self.write(&format!("documents/{name}"), bytes);
        }
        self
    }

    /// Collects the sample of a seed (generated once) into this workspace; returns the run's folder.
    pub fn collect_sample(&self, seed: u64) -> PathBuf {
        let ran = self.affiant(&["collect", "--snapshot", &sample(seed).display().to_string()]);
        assert!(ran.code == 0 || ran.code == 3, "stdout:\n{}\nstderr:\n{}", ran.out, ran.err);
        PathBuf::from(ran.out.trim())
    }

    /// Collects the sample and packages it; returns the ZIP.
    pub fn package_sample(&self, seed: u64) -> PathBuf {
        self.collect_sample(seed);
        self.package()
    }

    pub fn package(&self) -> PathBuf {
        let made = self.affiant(&["package"]).exits(0);
        let line = made.out.lines().find_map(|l| l.strip_prefix("ZIP")).expect("a ZIP is named");
        self.path().join(line.trim())
    }
}

pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The generated evidence of a seed: an import folder, made once per test run.
pub fn sample(seed: u64) -> PathBuf {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let root = MADE.get_or_init(|| tempfile::tempdir().expect("a temporary folder"));
    let _guard = LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let target = root.path().join(format!("seed-{seed}"));
    if !target.exists() {
        generate(&target, &["--seed", &seed.to_string()]);
    }
    target
}

/// Runs the generator of the repository.
pub fn generate(target: &Path, args: &[&str]) {
    let output =
        Command::new(example("sample")).arg(target).args(args).output().expect("the generator starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A built program of `examples/`.
pub fn example(name: &str) -> PathBuf {
    let example =
        Path::new(env!("CARGO_BIN_EXE_affiant")).parent().expect("a folder").join("examples").join(name);
    assert!(
        example.is_file(),
        "{} is not built: run `cargo build --release --example {name}`",
        example.display()
    );
    example
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// Every file below a folder, by relative path.
pub fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, root: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("readable").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, root, out);
            } else {
                let name = path.strip_prefix(root).expect("below").to_string_lossy().replace('\\', "/");
                out.insert(name, fs::read(&path).expect("readable"));
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(root, root, &mut out);
    out
}

/// Unpacks a ZIP with the zip crate; returns its top folder.
pub fn unzip(zip: &Path, into: &Path) -> PathBuf {
    let mut archive = zip::ZipArchive::new(fs::File::open(zip).expect("a file")).expect("a ZIP");
    archive.extract(into).expect("unpacked");
    let top = archive
        .file_names()
        .flatten()
        .next()
        .and_then(|n| n.split('/').next().map(String::from))
        .expect("a top folder");
    into.join(top)
}

/// A minimal item in the snapshot envelope.
pub fn item(resource_type: &str, id: &str, configuration: serde_json::Value) -> serde_json::Value {
    let service = resource_type.split("::").nth(1).unwrap_or_default().to_lowercase();
    serde_json::json!({
        "configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-09-30T11:00:00.000Z",
        "configurationStateId": 1,
        "awsAccountId": "111122223333", "configurationItemStatus": "OK", "resourceType": resource_type,
        "resourceId": id, "resourceName": id,
        "ARN": format!("arn:aws:{service}:us-east-1:111122223333:{id}"), "awsRegion": "us-east-1",
        "tags": {}, "relationships": [], "relatedEvents": [],
        "configuration": configuration, "supplementaryConfiguration": {}
    })
}
