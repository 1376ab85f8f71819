//! Package files: kept, held, swept, copied.

use super::*;

fn files(blobs: &Blobs) -> usize {
    fs::read_dir(&blobs.directory).map_or(0, Iterator::count)
}

async fn arrive(blobs: &Blobs, text: &'static str) -> Arrived {
    let body = Bytes::from_static(text.as_bytes());
    blobs.receive(None, body).await.expect("a file")
}

#[tokio::test]
async fn a_blob_lies_under_its_digest_and_goes_when_nobody_names_or_holds_it() {
    let data = tempfile::tempdir().expect("a directory");
    let blobs = Blobs::open(data.path()).expect("blobs");
    let arrived = arrive(&blobs, "one").await;
    let (sha256, size) = (arrived.sha256, arrived.size);
    let digest = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
    assert_eq!((sha256.to_string().as_str(), size), (digest, 3));
    let held = blobs.keep(arrived).await.expect("a blob");
    let again = blobs
        .keep(arrive(&blobs, "one").await)
        .await
        .expect("a blob");
    assert_eq!(files(&blobs), 1);
    assert_eq!(fs::read(blobs.path(sha256)).ok(), Some(b"one".to_vec()));
    drop(again);
    assert_eq!(blobs.sweep(None, BTreeSet::new).ok(), Some(0), "still held");
    drop(held);
    let named = || BTreeSet::from([sha256]);
    assert_eq!(blobs.sweep(None, named).ok(), Some(0), "named");
    assert_eq!(
        blobs.sweep(Some(&[]), BTreeSet::new).ok(),
        Some(0),
        "not asked for"
    );
    assert_eq!(blobs.sweep(Some(&[sha256]), BTreeSet::new).ok(), Some(1));
    assert_eq!(
        blobs.sweep(Some(&[sha256]), BTreeSet::new).ok(),
        Some(0),
        "gone"
    );
}

#[tokio::test]
async fn what_is_not_kept_leaves_nothing_behind() {
    let data = tempfile::tempdir().expect("a directory");
    let blobs = Blobs::open(data.path()).expect("blobs");
    let arrived = arrive(&blobs, "one").await;
    assert_eq!(files(&blobs), 1);
    drop(arrived);
    assert_eq!(files(&blobs), 0);
    // As a killed server leaves it.
    let cut = blobs.directory.join(format!("{INCOMING}0"));
    fs::write(cut, "half").expect("a file");
    let note = blobs.directory.join("README");
    fs::write(note, "not ours").expect("a file");
    let blobs = Blobs::open(data.path()).expect("blobs");
    assert_eq!(files(&blobs), 1, "only the half one went");
    assert_eq!(blobs.sweep(None, BTreeSet::new).ok(), Some(0));
    assert_eq!(files(&blobs), 1);
}

#[tokio::test]
async fn blobs_are_copied_verified_and_kept_still() {
    let (data, backup) = (tempfile::tempdir(), tempfile::tempdir());
    let (data, backup) = (data.expect("a directory"), backup.expect("a directory"));
    assert!(
        copy(data.path(), backup.path()).is_ok(),
        "nothing is nothing"
    );
    assert_eq!(verify(backup.path()).ok(), Some((0, Vec::new())));
    let blobs = Blobs::open(data.path()).expect("blobs");
    let mut last = Sha256::default();
    for text in ["one", "two"] {
        let held = blobs
            .keep(arrive(&blobs, text).await)
            .await
            .expect("a blob");
        last = held.sha256;
    }
    blobs.keeping_still(|| {
        assert_eq!(blobs.sweep(None, BTreeSet::new).ok(), Some(0));
        copy(data.path(), backup.path()).expect("a copy");
    });
    assert_eq!(blobs.sweep(None, BTreeSet::new).ok(), Some(2));
    assert_eq!(verify(backup.path()).ok(), Some((2, Vec::new())));
    let damaged = backup.path().join(DIRECTORY).join(last.to_string());
    fs::write(damaged, "twp").expect("a damage");
    assert_eq!(
        verify(backup.path()).ok(),
        Some((2, vec![last.to_string()]))
    );
}
