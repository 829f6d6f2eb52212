//! Disks that are full, read-only or gone, limits on files: a clear error, nothing acknowledged is
//! lost, and the store opens again when the cause is gone.
#![cfg(target_os = "linux")]

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::scenario::{Ground, answers, copy, reopened, run, sameas, sample, table};

/// The folder of a small file system, in the process that was started inside of its mount.
const MOUNTED: &str = "SAMEAS_SMALL_DISK";

/// Runs the named test again, inside of a mount namespace with a file system of 96 MB. False, with
/// the reason, where the system does not let us.
fn inside_small_disk(test: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=96m none \"$1\" || exit 77; shift; exec \"$@\"";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("full_disk::{test}"), "--nocapture"])
        .env(MOUNTED, folder.path())
        .output();
    let reason = match &output {
        Err(error) => format!("unshare cannot be run: {error}"),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            let messages = String::from_utf8_lossy(&output.stderr);
            if said.contains("running 1 test") {
                assert!(output.status.success(), "{said}\n{messages}");
                return true;
            }
            messages.into_owned()
        }
    };
    println!("skipped: no file system can be mounted here: {}", reason.trim());
    false
}

fn mounted() -> Option<std::path::PathBuf> {
    std::env::var_os(MOUNTED).map(Into::into)
}

/// A file over all of the disk but `left` bytes.
fn fill(disk: &Path, left: u64) {
    let mut ballast = std::fs::File::create(disk.join("ballast")).unwrap();
    let block = vec![b'x'; 64 << 10];
    while ballast.write_all(&block).is_ok() {}
    let length = ballast.metadata().unwrap().len();
    ballast.set_len(length - left).unwrap();
}

/// An ingest that has the store and waits for the rest of its standard input: more than a pipe
/// holds was given to it already.
fn waiting(folder: &Path) -> Child {
    let mut command = sameas(folder, &["--store", "store", "ingest", "-", "--source", "late"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(&late()[..FIRST]).unwrap();
    child
}

/// More than the 64 KiB that a pipe holds.
const FIRST: usize = 80 << 10;

fn feed(mut child: Child) -> Output {
    // It may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(&late()[FIRST..]);
    child.wait_with_output().unwrap()
}

fn failed(output: &Output, causes: &[&str]) {
    let messages = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{messages}");
    let named = causes.iter().any(|cause| messages.contains(cause));
    assert!(named, "none of {causes:?} is named: {messages}");
    assert!(messages.contains("hint: "), "{messages}");
    assert!(!messages.contains("panicked") && !messages.contains("internal error"), "{messages}");
}

/// The store says what it said, and takes the file that it could not take.
fn mended(folder: &Path, before: &Ground) {
    let output = feed(waiting(folder));
    assert!(output.status.success(), "{output:?}");
    let after = reopened(&folder.join("store")).unwrap();
    assert_eq!(after.records.len(), before.records.len() + 4_000);
    let (code, messages) = run(folder, &["--store", "store", "verify"]);
    assert_eq!(code, Some(0), "{messages}");
}

fn late() -> Vec<u8> {
    table(100..2_100, "Capital City").into_bytes()
}

#[test]
fn a_disk_that_fills_while_a_file_is_taken() {
    let Some(disk) = mounted() else {
        inside_small_disk("a_disk_that_fills_while_a_file_is_taken");
        return;
    };
    copy(sample().path(), &disk);
    let before = reopened(&disk.join("store")).unwrap();
    // At different points: in the archive, in the database, in its last pages.
    for left in [4 << 10, 64 << 10, 300 << 10] {
        let child = waiting(&disk);
        fill(&disk, left);
        let output = feed(child);
        // Reading goes on while the disk is full.
        assert!(answers(&disk.join("store")).unwrap().is_some());
        let (code, messages) = run(&disk, &["--store", "store", "show", "crm:C-0a"]);
        assert_eq!(code, Some(0), "{messages}");
        std::fs::remove_file(disk.join("ballast")).unwrap();
        let records = reopened(&disk.join("store")).unwrap().records.len();
        if output.status.success() {
            // Only the index had no room left: that is no loss.
            assert_eq!(records, before.records.len() + 4_000, "{left} bytes left");
        } else {
            failed(&output, &["space", "disk is full"]);
            assert_eq!(records, before.records.len(), "{left} bytes left");
        }
    }
    mended(&disk, &before);
}

#[test]
fn a_run_that_would_fill_the_disk_is_not_begun() {
    let Some(disk) = mounted() else {
        inside_small_disk("a_run_that_would_fill_the_disk_is_not_begun");
        return;
    };
    copy(sample().path(), &disk);
    let before = reopened(&disk.join("store")).unwrap();
    fill(&disk, 20 << 20);
    for verb in [&["ingest", "crm.csv"][..], &["rebuild"], &["backup", "saved"]] {
        let output = sameas(&disk, &[&["--store", "store"], verb].concat()).output().unwrap();
        failed(&output, &["MB free, and this needs about"]);
    }
    std::fs::remove_file(disk.join("ballast")).unwrap();
    assert_eq!(reopened(&disk.join("store")).unwrap(), before);
    assert_eq!(run(&disk, &["--store", "store", "rebuild"]).0, Some(0));
}

/// Questions that need nothing but reading.
const READING: &[&[&str]] = &[
    &["show", "crm:C-0a"],
    &["xref", "crm:C-0a"],
    &["status"],
    &["find", "Ada"],
    &["why", "crm:C-1a", "crm:C-1b"],
    &["why-not", "crm:C-0a", "crm:C-3a"],
    &["how", "crm:C-1a"],
    &["export", "clusters", "--to", "-"],
];

#[test]
fn a_store_on_a_read_only_disk_can_be_read() {
    let Some(disk) = mounted() else {
        inside_small_disk("a_store_on_a_read_only_disk_can_be_read");
        return;
    };
    copy(sample().path(), &disk);
    let before = reopened(&disk.join("store")).unwrap();
    let remount = |mode: &str| {
        let status = Command::new("mount").args(["-o", mode]).arg(&disk).status().unwrap();
        assert!(status.success());
    };
    remount("remount,ro");
    for verb in
        [&["ingest", "crm.csv"][..], &["rebuild"], &["judge", "same", "crm:C-0a", "crm:C-1a"]]
    {
        let output = sameas(&disk, &[&["--store", "store"], verb].concat()).output().unwrap();
        failed(&output, &["ead-only"]);
    }
    for verb in READING {
        let (code, messages) = run(&disk, &[&["--store", "store"], *verb].concat());
        assert_eq!(code, Some(0), "{verb:?}: {messages}");
    }
    remount("remount,rw");
    assert_eq!(reopened(&disk.join("store")).unwrap(), before);
    mended(&disk, &before);
}

/// Takes or gives the right to write, of every file and folder.
fn let_write(path: &Path, may: bool) {
    use std::os::unix::fs::PermissionsExt;
    let (folder, file) = if may { (0o700, 0o600) } else { (0o500, 0o400) };
    let is_folder = path.is_dir();
    if is_folder && may {
        std::fs::set_permissions(path, PermissionsExt::from_mode(folder)).unwrap();
    }
    if is_folder {
        std::fs::read_dir(path).unwrap().for_each(|entry| let_write(&entry.unwrap().path(), may));
    }
    let mode = if is_folder { folder } else { file };
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// The command with no right but those that the modes of files give, also where a test runs as root:
/// in a user namespace of its own it is nobody who may pass modes over. `None`, with the reason, where
/// the system does not let us.
fn without_privileges(folder: &Path, arguments: &[&str]) -> Option<Output> {
    let plain = sameas(folder, arguments);
    if std::fs::write(folder.join("store/probe"), "").is_err() {
        return Some(sameas(folder, arguments).output().unwrap());
    }
    std::fs::remove_file(folder.join("store/probe")).unwrap();
    let mut command = Command::new("unshare");
    command.args([
        "--user",
        "sh",
        "-c",
        "if (: > store/probe) 2>/dev/null; then exit 77; fi; exec \"$@\"",
        "sh",
    ]);
    command.arg(plain.get_program()).args(arguments).current_dir(folder).stdin(Stdio::null());
    let reason = match command.output() {
        Err(error) => format!("unshare cannot be run: {error}"),
        Ok(output) if output.status.code() == Some(77) => "modes are passed over".to_owned(),
        Ok(output) => {
            let messages = String::from_utf8_lossy(&output.stderr).into_owned();
            if !messages.starts_with("unshare:") {
                return Some(output);
            }
            messages
        }
    };
    println!("skipped: no process without privileges can be made here: {}", reason.trim());
    None
}

#[test]
fn a_store_that_may_not_be_written_can_be_read() {
    let folder = sample();
    let store = folder.path().join("store");
    let before = reopened(&store).unwrap();
    // With the file that readers lock, and without it.
    for lock in [true, false] {
        if !lock {
            let_write(&store, true);
            let _ = std::fs::remove_file(store.join("index/.tantivy-meta.lock"));
        }
        let_write(&store, false);
        for verb in READING {
            let arguments = [&["--store", "store"], *verb].concat();
            let Some(output) = without_privileges(folder.path(), &arguments) else {
                return let_write(&store, true);
            };
            assert!(output.status.success(), "{verb:?}: {output:?}");
        }
        for verb in [&["rebuild"][..], &["judge", "same", "crm:C-0a", "crm:C-1a"]] {
            let arguments = [&["--store", "store"], verb].concat();
            failed(&without_privileges(folder.path(), &arguments).unwrap(), &["ermission denied"]);
        }
    }
    let_write(&store, true);
    assert_eq!(reopened(&store).unwrap(), before);
}

#[test]
fn a_volume_that_vanishes() {
    let folder = sample();
    let path = folder.path();
    let before = reopened(&path.join("store")).unwrap();
    let child = waiting(path);
    std::fs::rename(path.join("store"), path.join("unplugged")).unwrap();
    failed(&feed(child), &["store"]);
    let (code, messages) = run(path, &["--store", "store", "show", "crm:C-0a"]);
    assert_eq!(code, Some(1), "{messages}");
    // What the command may have made in its place is no store.
    let _ = std::fs::remove_dir_all(path.join("store"));
    std::fs::rename(path.join("unplugged"), path.join("store")).unwrap();
    assert_eq!(reopened(&path.join("store")).unwrap(), before);
}

/// Runs under a limit of the shell.
fn limited(folder: &Path, limit: &str, arguments: &[&str]) -> Output {
    let inner = sameas(folder, &[]);
    let script = format!("{limit}; exec \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh"]).arg(inner.get_program()).args(arguments);
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn too_few_open_files() {
    let folder = sample();
    let path = folder.path();
    let mut before = reopened(&path.join("store")).unwrap();
    for files in [7, 9, 12, 15] {
        let limit = format!("ulimit -n {files}");
        let output = limited(path, &limit, &["--store", "store", "rebuild"]);
        if output.status.code() != Some(0) {
            failed(&output, &["open files"]);
        }
        let again = limited(path, &limit, &["--store", "store", "ingest", "crm.csv"]);
        let after = reopened(&path.join("store")).unwrap();
        if !crate::scenario::DONE.contains(&again.status.code()) {
            failed(&again, &["open files"]);
            assert_eq!(after, before);
        }
        before = after;
    }
    assert_eq!(run(path, &["--store", "store", "rebuild"]).0, Some(0));
}

/// The database's file may not grow: it is ended by the signal of the limit, or is told so.
#[test]
fn a_limit_on_the_size_of_files() {
    let folder = sample();
    let path = folder.path();
    std::fs::write(path.join("late.csv"), late()).unwrap();
    let before = reopened(&path.join("store")).unwrap();
    let ingest = ["--store", "store", "ingest", "late.csv"];
    for blocks in [40, 100, 200] {
        let told = limited(path, &format!("trap '' XFSZ; ulimit -f {blocks}"), &ingest);
        failed(&told, &["File too large"]);
        assert_eq!(reopened(&path.join("store")).unwrap(), before, "{blocks} blocks, told");
        let ended = limited(path, &format!("ulimit -f {blocks}"), &ingest);
        assert_ne!(ended.status.code(), Some(0), "{ended:?}");
        assert_eq!(reopened(&path.join("store")).unwrap(), before, "{blocks} blocks, ended");
    }
    let (code, messages) = run(path, &ingest);
    assert_eq!(code, Some(0), "{messages}");
    let after = reopened(&path.join("store")).unwrap();
    assert_eq!(after.records.len(), before.records.len() + 4_000);
}
