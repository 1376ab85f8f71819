//! A segment file: its name and the header that it begins with.
//!
//! Owns: names, the header's bytes, and the seed of all checksums in the segment. Must never: read frames.
//!
//! ```text
//! journal/0000000007-00000000000000012345.journal        number and first sequence
//!
//!  0          8        10      12       16               24       28           32      40      48     60    64
//!  | LOOMJRNL | format | flags | number | first sequence | chain  | preceded by| salt  | size  | zeros| crc |
//! ```
//!
//! A header is synced before its file gets this name, so under this name it always was whole once, and it proves
//! that everything before its first sequence was durable. The number is the generation of its frames.

use std::io;

use super::JOURNAL_DIRECTORY;

/// The size of the header in bytes; the first frame follows.
pub(crate) const HEADER_BYTES: usize = 64;
/// The format that this code writes and reads.
pub(crate) const FORMAT: u16 = 1;
const MAGIC: [u8; 8] = *b"LOOMJRNL";
const CRC_AT: usize = 60;
const SUFFIX: &str = ".journal";

/// What a segment's name says; ordered as segments follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SegmentName {
    pub(crate) number: u32,
    pub(crate) first_sequence: u64,
}

impl SegmentName {
    /// Reads a file name of the journal's directory.
    pub(crate) fn parse(file_name: &str) -> Option<Self> {
        let (number, first) = file_name.strip_suffix(SUFFIX)?.split_once('-')?;
        let digits = |text: &str, count: usize| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(number, 10) || !digits(first, 20) {
            return None;
        }
        Some(Self {
            number: number.parse().ok()?,
            first_sequence: first.parse().ok()?,
        })
    }

    /// The path on the disk.
    pub(crate) fn path(&self) -> String {
        format!(
            "{JOURNAL_DIRECTORY}/{:010}-{:020}{SUFFIX}",
            self.number, self.first_sequence
        )
    }
}

/// The head of a segment file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) name: SegmentName,
    /// The checksum of the last record before the first one here.
    pub(crate) chain: u32,
    /// The number of the segment with the record before; 0 when nothing before is needed.
    pub(crate) preceded_by: u32,
    pub(crate) salt: u64,
    /// The length that the file had when it got its name, in bytes.
    pub(crate) size: u64,
}

/// Why bytes are not a segment's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderFlaw {
    Damaged(&'static str),
    Format(u16),
}

impl SegmentHeader {
    /// What all checksums of this segment's frames begin with.
    pub(crate) fn seed(&self) -> u32 {
        let crc = crc32c::crc32c(&self.salt.to_le_bytes());
        crc32c::crc32c_append(crc, &self.name.number.to_le_bytes())
    }

    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0u8; HEADER_BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.name.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.name.first_sequence.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.chain.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.preceded_by.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.salt.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.size.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads the header of the segment with this name. The checksum has its place in every format, so an unknown
    /// format and a damaged header are told apart.
    pub(crate) fn decode(bytes: &[u8], name: SegmentName) -> Result<Self, HeaderFlaw> {
        let Some(bytes) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(HeaderFlaw::Damaged("the file ends within its header"));
        };
        if bytes[0..8] != MAGIC {
            return Err(HeaderFlaw::Damaged("the header does not begin as one"));
        }
        let short = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let word = |at: usize| u32::from(short(at)) | u32::from(short(at + 2)) << 16;
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        if word(CRC_AT) != crc32c::crc32c(&bytes[..CRC_AT]) {
            return Err(HeaderFlaw::Damaged("the header's checksum does not fit"));
        }
        if short(8) != FORMAT {
            return Err(HeaderFlaw::Format(short(8)));
        }
        let header = Self {
            name: SegmentName {
                number: word(12),
                first_sequence: long(16),
            },
            chain: word(24),
            preceded_by: word(28),
            salt: long(32),
            size: long(40),
        };
        if header.name != name {
            return Err(HeaderFlaw::Damaged("the header is that of another segment"));
        }
        Ok(header)
    }
}

/// Reads a file's first bytes and decodes them as the header of the segment with this name.
pub(crate) fn read_segment_header(
    disk: &dyn crate::disk::Disk,
    name: SegmentName,
) -> io::Result<Result<SegmentHeader, HeaderFlaw>> {
    let file = disk.open(&name.path())?;
    let mut bytes = [0u8; HEADER_BYTES];
    let read = crate::disk::read_fully(file.as_ref(), &mut bytes, 0)?;
    Ok(SegmentHeader::decode(&bytes[..read], name))
}
