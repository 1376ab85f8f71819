//! Reading a segment frame by frame, and looking behind a bad one.
//!
//! Owns: when a frame is good, and what frames behind a bad one prove. Must never: decide between torn and
//! corrupt (`recovery` does), or believe a frame of another generation.
//!
//! ```text
//! good = magic, header crc, generation, sequence as expected, previous frame's crc, frame crc
//! good, good, good, bad ?  ─▶ evidence: the largest "durable before" of any header behind
//! ```

use std::io;

use crate::disk::Window;

use super::StoredRef;
use super::frame::{self, FRAME_HEADER_BYTES, FRAME_MAGIC, FrameHeader, MARK_KIND};
use super::segment::{HEADER_BYTES, SegmentHeader};

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Nothing of this generation was ever written here: the usual end.
    #[error("there is no frame")]
    Nothing,
    /// The file ends here.
    #[error("the file ends")]
    EndOfFile,
    /// Something of this generation stands here, but its header does not check.
    #[error("the frame's header does not fit its checksum")]
    Header,
    /// The header is good, the frame is not.
    #[error("the frame does not fit its checksum")]
    Frame,
    /// A good frame with another sequence.
    #[error("the frame has the sequence {found}")]
    Sequence {
        /// The sequence in the frame.
        found: u64,
    },
    /// A good frame that follows another one.
    #[error("the frame does not follow the one before it")]
    Chain,
}

/// The next thing in a segment.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    /// A record, and the sequence before which everything was durable when it was written.
    Record(StoredRef<'a>, u64),
    /// A mark: everything before this sequence was durable.
    Mark(u64),
    /// No good frame.
    Bad(Flaw),
}

/// What stands behind a bad frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// The largest sequence before which everything was durable; 0 when nothing says anything.
    pub(crate) durable_before: u64,
    /// Where it says so.
    pub(crate) offset: u64,
    /// Where the last frame of this generation ends; 0 when there is none.
    pub(crate) end: u64,
}

/// A segment being read.
pub(crate) struct FrameScan {
    window: Window,
    seed: u32,
    generation: u32,
    position: u64,
    expected: u64,
    previous: u32,
    chain: u32,
}

impl FrameScan {
    /// Begins with the first frame behind the header.
    pub(crate) fn new(window: Window, header: &SegmentHeader) -> Self {
        Self {
            window,
            seed: header.seed(),
            generation: header.name.number,
            position: frame::start_after(HEADER_BYTES as u64),
            expected: header.name.first_sequence,
            previous: header.seed(),
            chain: header.chain,
        }
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The sequence of the next record.
    pub(crate) fn expected(&self) -> u64 {
        self.expected
    }

    /// The checksum of the last record.
    pub(crate) fn chain(&self) -> u32 {
        self.chain
    }

    /// Reads one frame and goes on behind it, unless it is bad.
    #[inline]
    pub(crate) fn step(&mut self) -> io::Result<Step<'_>> {
        let start = self.position;
        let Some(head) = self.window.get(start, FRAME_HEADER_BYTES)? else {
            return Ok(Step::Bad(Flaw::EndOfFile));
        };
        let Some(header) = header_of(head, self.seed, self.generation) else {
            let flaw = self.unreadable(start)?;
            return Ok(Step::Bad(flaw));
        };
        let whole = frame::span(start, header.length as usize) as usize;
        let Some(bytes) = self.window.get(start, whole)? else {
            return Ok(Step::Bad(Flaw::EndOfFile));
        };
        let Some(crc) = frame::check(bytes) else {
            return Ok(Step::Bad(Flaw::Frame));
        };
        if header.sequence != self.expected {
            let found = header.sequence;
            return Ok(Step::Bad(Flaw::Sequence { found }));
        }
        if header.previous != self.previous {
            return Ok(Step::Bad(Flaw::Chain));
        }
        self.position = start + whole as u64;
        self.previous = crc;
        if header.kind == MARK_KIND {
            return Ok(Step::Mark(header.durable_before));
        }
        self.chain = crc;
        self.expected += 1;
        let payload = &bytes[FRAME_HEADER_BYTES..FRAME_HEADER_BYTES + header.length as usize];
        let record = StoredRef {
            sequence: header.sequence,
            kind: header.kind,
            version: header.version,
            entity: header.entity,
            payload,
        };
        Ok(Step::Record(record, header.durable_before))
    }

    /// Tells a damaged header of ours from whatever a former use of the file left: one wrong bit leaves the
    /// other fields as expected, leftovers have none of them right.
    fn unreadable(&mut self, start: u64) -> io::Result<Flaw> {
        let (expected, previous) = (self.expected, self.previous);
        let head = self.window.get(start, FRAME_HEADER_BYTES)?;
        let Some(head) = head.and_then(|bytes| bytes.first_chunk()) else {
            return Ok(Flaw::EndOfFile);
        };
        let claimed = frame::read_header(head);
        if claimed.sequence == expected || claimed.previous == previous {
            Ok(Flaw::Header)
        } else {
            Ok(Flaw::Nothing)
        }
    }

    /// Looks through the rest of the file for frames of this generation that are not older than the bad one.
    pub(crate) fn evidence(&mut self) -> io::Result<Evidence> {
        let mut evidence = Evidence::default();
        self.headers_behind(&mut |offset, header| {
            if header.durable_before > evidence.durable_before {
                evidence.durable_before = header.durable_before;
                evidence.offset = offset;
            }
            evidence.end = offset + frame::span(offset, header.length as usize);
            false
        })?;
        evidence.end = evidence.end.min(self.window.length());
        Ok(evidence)
    }

    /// Goes to the frame of this sequence somewhere behind, if there is one.
    pub(crate) fn seek(&mut self, sequence: u64) -> io::Result<bool> {
        let mut found = None;
        self.headers_behind(&mut |offset, header| {
            if header.sequence == sequence && header.kind != MARK_KIND {
                found = Some((offset, header.previous));
            }
            found.is_some()
        })?;
        if let Some((offset, previous)) = found {
            self.position = offset;
            self.previous = previous;
            self.expected = sequence;
        }
        Ok(found.is_some())
    }

    /// Shows every readable header of this generation from here on, until `visit` says enough.
    fn headers_behind(
        &mut self,
        visit: &mut dyn FnMut(u64, FrameHeader) -> bool,
    ) -> io::Result<()> {
        let magic = FRAME_MAGIC.to_le_bytes();
        let (seed, generation, expected) = (self.seed, self.generation, self.expected);
        let mut offset = self.position;
        loop {
            let rest = self.window.rest(offset)?;
            if rest.len() < FRAME_HEADER_BYTES {
                if offset + FRAME_HEADER_BYTES as u64 > self.window.length() {
                    return Ok(());
                }
                // The buffer ends within a header: make it begin here.
                if self.window.get(offset, FRAME_HEADER_BYTES)?.is_none() {
                    return Ok(());
                }
                continue;
            }
            let last = rest.len() - FRAME_HEADER_BYTES;
            for at in (0..=last).step_by(8) {
                if rest[at..at + 4] != magic {
                    continue;
                }
                let Some(header) = frame::decode_header(&rest[at..], seed) else {
                    continue;
                };
                if header.generation == generation
                    && header.sequence >= expected
                    && visit(offset + at as u64, header)
                {
                    return Ok(());
                }
            }
            offset += (last - last % 8 + 8) as u64;
        }
    }
}

#[inline]
fn header_of(bytes: &[u8], seed: u32, generation: u32) -> Option<FrameHeader> {
    frame::decode_header(bytes, seed).filter(|header| {
        header.generation == generation && header.length as usize <= frame::MAX_RECORD_BYTES
    })
}
