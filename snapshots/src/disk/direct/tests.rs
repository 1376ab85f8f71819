//! What is written past the cache is what a reader of the file finds, whatever the pieces.

use super::*;
use crate::disk::{Random, read_fully, write_fully};

/// A file of `length` bytes with leftovers in it that begins with `head` bytes of contents.
fn file(
    directory: &tempfile::TempDir,
    length: usize,
    head: usize,
) -> (std::path::PathBuf, Vec<u8>) {
    let path = directory.path().join("file");
    let mut contents = vec![0xee; length];
    contents[..head].fill(1);
    std::fs::write(&path, &contents).expect("a file");
    contents.truncate(head);
    (path, contents)
}

/// The file, if the file system of the tests can do it; those that cannot are the cached file's.
fn open(path: &Path, position: usize) -> Option<DirectFile> {
    DirectFile::open(path, position as u64).expect("the file is there")
}

#[test]
fn pieces_of_any_size_stand_one_behind_the_other_and_zeros_up_to_their_block() {
    let directory = tempfile::tempdir().expect("a directory");
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let head = 64 + random.below(9000) as usize;
        let length = (1 << 20) + random.below(3) as usize * 1000;
        let (path, mut contents) = file(&directory, length, head);
        let Some(direct) = open(&path, head) else {
            return;
        };
        for piece in 1.. {
            let room = length - contents.len();
            let most = if piece % 7 == 0 { 300_000 } else { 3_000 };
            let size = (1 + random.below(most) as usize).min(room);
            if size == 0 {
                break;
            }
            let bytes: Vec<u8> = (0..size).map(|_| random.below(256) as u8).collect();
            write_fully(&direct, &bytes, contents.len() as u64).expect("to write");
            direct.sync_data().expect("to sync");
            contents.extend_from_slice(&bytes);
            let found = std::fs::read(&path).expect("to read");
            assert_eq!(found.len(), length, "seed {seed}");
            assert!(found.starts_with(&contents), "seed {seed}, piece {piece}");
            let end = contents.len().next_multiple_of(BLOCK_BYTES);
            if end <= length {
                assert!(found[contents.len()..end].iter().all(|byte| *byte == 0));
                assert!(found[end..].iter().all(|byte| *byte == 0xee));
            }
        }
        let mut again = vec![0; length];
        assert_eq!(read_fully(&direct, &mut again, 0).ok(), Some(length));
        assert_eq!(again, contents, "seed {seed}");
    }
}

#[test]
fn a_write_anywhere_but_at_the_end_is_refused_and_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, _) = file(&directory, 1 << 16, 100);
    let before = std::fs::read(&path).expect("to read");
    let Some(direct) = open(&path, 100) else {
        return;
    };
    for offset in [0, 99, 101, 4096] {
        let refused = direct.write_at(b"x", offset).expect_err("out of order");
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
    }
    assert!(direct.set_length(0).is_err());
    assert_eq!(std::fs::read(&path).expect("to read"), before);
}

#[test]
fn a_file_that_is_shorter_than_its_contents_is_not_taken() {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, _) = file(&directory, 50, 50);
    assert!(open(&path, 100).is_none());
}
