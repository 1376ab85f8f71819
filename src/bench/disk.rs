//! How long the disk takes to make a write durable, as the journal does it: into preallocated, zero-filled space.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::Path,
    time::Instant,
};

const BLOCK: usize = 4096;
const SAMPLES: usize = 101;

/// The median fdatasync after a 4 KiB write beside the data in `directory`, in microseconds.
pub(super) fn fdatasync_p50_us(directory: &Path) -> io::Result<f64> {
    let path = directory.join("fdatasync.probe");
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .open(&path)?;
    let measured = measure(&file);
    std::fs::remove_file(&path)?;
    measured
}

fn measure(file: &File) -> io::Result<f64> {
    for index in 0..SAMPLES {
        file.write_all_at(&[0; BLOCK], (index * BLOCK) as u64)?;
    }
    file.sync_all()?;
    let mut samples = Vec::with_capacity(SAMPLES);
    for index in 0..SAMPLES {
        let begin = Instant::now();
        file.write_all_at(&[1; BLOCK], (index * BLOCK) as u64)?;
        file.sync_data()?;
        samples.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    samples.sort_by(f64::total_cmp);
    Ok(samples[SAMPLES / 2])
}
