//! From records to a segment's bytes.
//!
//! Owns: the running state of a segment that is being written (position, chain, sequence) and the one buffer;
//! and how a segment comes into being with contents: written under another name, synced, renamed.
//! Must never: sync a running segment; the journal decides when.

use std::io;

use crate::disk::{Disk, DiskFile, write_fully};

use super::frame::{self, FrameHeader, MARK_KIND};
use super::segment::{HEADER_BYTES, SegmentHeader};
use super::{JOURNAL_DIRECTORY, StoredRef};

/// The buffer keeps this much between batches; more was one large batch and is given back.
const BUFFER_KEEP_BYTES: usize = 8 << 20;
/// A segment that is copied is written in pieces of about this size.
const COPY_CHUNK_BYTES: usize = 1 << 20;

/// The end of a segment that is being written, and the frames that are not written yet.
#[derive(Debug)]
pub(crate) struct Encoder {
    seed: u32,
    generation: u32,
    position: u64,
    previous: u32,
    chain: u32,
    next_sequence: u64,
    buffer: Vec<u8>,
    buffer_at: u64,
}

impl Encoder {
    pub(crate) fn new(header: &SegmentHeader, buffer: Vec<u8>) -> Self {
        let start = frame::start_after(HEADER_BYTES as u64);
        Self {
            seed: header.seed(),
            generation: header.name.number,
            position: start,
            previous: header.seed(),
            chain: header.chain,
            next_sequence: header.name.first_sequence,
            buffer,
            buffer_at: start,
        }
    }

    /// Where the next frame begins.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The sequence that the next record gets.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// The checksum of the last record.
    pub(crate) fn chain(&self) -> u32 {
        self.chain
    }

    /// Where the frame after one with this payload would begin.
    pub(crate) fn end_with(&self, length: usize) -> u64 {
        self.position + frame::span(self.position, length)
    }

    /// Puts a record into the buffer.
    pub(crate) fn record(
        &mut self,
        kind: u16,
        version: u16,
        entity: u128,
        payload: &[u8],
        durable_before: u64,
    ) {
        self.frame(kind, version, entity, payload, durable_before);
        self.chain = self.previous;
        self.next_sequence += 1;
    }

    /// Puts a mark into the buffer: everything before the next sequence is durable.
    pub(crate) fn mark(&mut self) {
        self.frame(MARK_KIND, 0, 0, &[], self.next_sequence);
    }

    fn frame(&mut self, kind: u16, version: u16, entity: u128, payload: &[u8], durable: u64) {
        let header = FrameHeader {
            length: payload.len() as u32,
            kind,
            version,
            generation: self.generation,
            sequence: self.next_sequence,
            durable_before: durable,
            entity,
            epoch: 0,
            previous: self.previous,
        };
        self.previous = frame::encode(&mut self.buffer, self.position, self.seed, &header, payload);
        self.position += frame::span(self.position, payload.len());
    }

    /// The bytes that are not written yet.
    pub(crate) fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Writes what is buffered.
    pub(crate) fn flush(&mut self, file: &dyn DiskFile) -> io::Result<()> {
        write_fully(file, &self.buffer, self.buffer_at)?;
        self.buffer_at = self.position;
        self.buffer.clear();
        if self.buffer.capacity() > BUFFER_KEEP_BYTES {
            self.buffer.shrink_to(BUFFER_KEEP_BYTES);
        }
        Ok(())
    }

    /// The empty buffer, for the encoder of the next segment.
    pub(crate) fn take_buffer(&mut self) -> Vec<u8> {
        debug_assert!(self.buffer.is_empty());
        std::mem::take(&mut self.buffer)
    }
}

/// A segment that nobody sees before it is whole.
pub(crate) struct Builder {
    path: String,
    file: Box<dyn DiskFile>,
    header: SegmentHeader,
    encoder: Encoder,
    copied: bool,
}

impl Builder {
    /// Builds in the file at `path`, from its beginning on.
    pub(crate) fn new(
        path: String,
        file: Box<dyn DiskFile>,
        header: SegmentHeader,
        buffer: Vec<u8>,
    ) -> Self {
        Self {
            path,
            file,
            header,
            encoder: Encoder::new(&header, buffer),
            copied: false,
        }
    }

    /// Builds in a new file on `disk`.
    pub(crate) fn create(disk: &dyn Disk, header: SegmentHeader) -> io::Result<Self> {
        let path = format!("{}.tmp", header.name.path());
        let file = disk.create(&path)?;
        Ok(Self::new(path, file, header, Vec::new()))
    }

    /// Copies a record; it keeps its sequence.
    pub(crate) fn copy(&mut self, record: &StoredRef<'_>) -> io::Result<()> {
        debug_assert_eq!(record.sequence, self.encoder.next_sequence());
        self.encoder.record(
            record.kind,
            record.version,
            record.entity,
            record.payload,
            self.header.name.first_sequence,
        );
        self.copied = true;
        if self.encoder.buffered() >= COPY_CHUNK_BYTES {
            self.encoder.flush(self.file.as_ref())?;
        }
        Ok(())
    }

    /// Ends with a mark when anything was copied, syncs, and gives the segment its name.
    pub(crate) fn publish(mut self, disk: &dyn Disk) -> io::Result<Published> {
        if self.copied {
            self.encoder.mark();
        }
        self.encoder.flush(self.file.as_ref())?;
        let length = self.file.length()?;
        self.header.size = length.max(self.encoder.position());
        if self.header.size > length {
            self.file.set_length(self.header.size)?;
        }
        write_fully(self.file.as_ref(), &self.header.encode(), 0)?;
        self.file.sync_all()?;
        disk.rename(&self.path, &self.header.name.path())?;
        disk.sync_directory(JOURNAL_DIRECTORY)?;
        Ok(Published {
            file: self.file,
            header: self.header,
            encoder: self.encoder,
        })
    }
}

/// A segment that has its name and can be appended to.
pub(crate) struct Published {
    pub(crate) file: Box<dyn DiskFile>,
    pub(crate) header: SegmentHeader,
    pub(crate) encoder: Encoder,
}
