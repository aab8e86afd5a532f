//! Helpers of the tests.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use oneiric_download::{Checksum, DownloadError, Downloader, RemoteFile, TransferProblem};
use sha2::{Digest, Sha256};

/// The name of the file in the cache.
pub(crate) const NAME: &str = "weights.bin";
/// How long a client waits for a server that will never answer.
pub(crate) const SHORT: Duration = Duration::from_millis(500);

/// 300,000 bytes that do not repeat: several reads' worth.
pub(crate) fn content() -> Vec<u8> {
    let mut state = 1_u32;
    let next = |_| {
        // Numerical Recipes' generator; its high bits are the good ones.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..300_000).map(next).collect()
}

/// The hex digits of the SHA-256.
pub(crate) fn sha256(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// [`content`], published at this URL.
pub(crate) fn remote(url: impl Into<String>) -> RemoteFile {
    RemoteFile::new(url, NAME, Checksum::Sha256(sha256(&content())))
}

/// Keeps files in this folder and goes through no proxy, whatever the environment says.
pub(crate) fn downloader(folder: &Path) -> Downloader {
    Downloader::new()
        .cache_dir(folder)
        .proxy("")
        .timeout(Duration::from_secs(5))
}

/// The reason why a transfer failed.
pub(crate) fn problem(result: Result<PathBuf, DownloadError>) -> TransferProblem {
    match result {
        Err(DownloadError::Transfer(error)) => error.problem,
        other => panic!("{other:?}"),
    }
}

/// What lies in the folder, except for the locks, which stay.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("readable").file_name());
    let mut names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| !name.ends_with(".lock"))
        .collect();
    names.sort();
    names
}

/// Runs this test again in a process of its own, without proxies or a cache from outside but with
/// these variables.
pub(crate) fn rerun(test: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env::current_exe().expect("this binary"));
    command.args([test, "--exact", "--nocapture"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.env_remove("ONEIRIC_CACHE");
    command.envs(variables.iter().copied());
    command.stdout(Stdio::null());
    command
}

/// Runs this test again as [`rerun`] does, and checks that it passes there.
pub(crate) fn passes_again(test: &str, variables: &[(&str, &str)]) {
    let mut command = rerun(test, variables);
    let output = command.stdout(Stdio::piped()).output().expect("a process");
    let told = String::from_utf8_lossy(&output.stdout);
    let passed = output.status.success() && told.contains("1 passed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(passed, "{test} with {variables:?}: {told}{errors}");
}
