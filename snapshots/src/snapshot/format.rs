//! The bytes of a snapshot file.
//!
//! Owns: names, header, entries and footer. Must never: read or write a file.
//!
//! ```text
//! snapshots/0000000003-00000000000000012345.snapshot        number and replay_from
//!
//! header   0          8        10      12      16       24            32            60    64
//!          | LOOMSNAP | format | flags | zeros | number | replay from | zeros       | crc |
//! entry    0      4        8      10        12    16         24       40
//!          | LWen | length | kind | version | crc | sequence | entity | bytes, zeros up to 8
//! footer   0      4       8          16        24           32       36           40    60    64
//!          | LWft | zeros | entities | highest | its offset | digest | header crc | zeros | crc |
//! ```
//!
//! All numbers are little-endian, all checksums crc32c. An entry's covers everything but itself, the digest is that of all
//! entries' checksums in order, so that none can be missing or moved. The file ends with the footer.

use super::EntityRef;

pub(crate) const HEADER_BYTES: usize = 64;
pub(crate) const ENTRY_BYTES: usize = 40;
pub(crate) const FOOTER_BYTES: usize = 64;
pub(crate) const FORMAT: u16 = 1;

const MAGIC: [u8; 8] = *b"LOOMSNAP";
const ENTRY_TAG: [u8; 4] = *b"LWen";
const FOOTER_TAG: [u8; 4] = *b"LWft";
const ENTRY_CRC_AT: usize = 12;
const CRC_AT: usize = 60;
const ALIGNMENT: usize = 8;
const SUFFIX: &str = ".snapshot";

/// What a snapshot's name and header say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SnapshotName {
    pub(crate) number: u64,
    pub(crate) replay_from: u64,
}

impl SnapshotName {
    pub(crate) fn parse(file_name: &str) -> Option<Self> {
        let (number, replay_from) = file_name.strip_suffix(SUFFIX)?.split_once('-')?;
        let digits = |text: &str, count: usize| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(number, 10) || !digits(replay_from, 20) {
            return None;
        }
        Some(Self {
            number: number.parse().ok()?,
            replay_from: replay_from.parse().ok()?,
        })
    }

    pub(crate) fn path(&self) -> String {
        format!(
            "{}/{:010}-{:020}{SUFFIX}",
            super::SNAPSHOT_DIRECTORY,
            self.number,
            self.replay_from
        )
    }
}

/// Why bytes are not a snapshot's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderFlaw {
    Damaged,
    Format(u16),
}

pub(crate) fn encode_header(name: SnapshotName) -> [u8; HEADER_BYTES] {
    let mut bytes = [0u8; HEADER_BYTES];
    bytes[0..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&FORMAT.to_le_bytes());
    bytes[16..24].copy_from_slice(&name.number.to_le_bytes());
    bytes[24..32].copy_from_slice(&name.replay_from.to_le_bytes());
    seal(&mut bytes);
    bytes
}

/// Reads a header and returns its checksum.
pub(crate) fn decode_header(bytes: &[u8], name: SnapshotName) -> Result<u32, HeaderFlaw> {
    let crc = check_seal(bytes).ok_or(HeaderFlaw::Damaged)?;
    if bytes[0..8] != MAGIC {
        return Err(HeaderFlaw::Damaged);
    }
    let format = u16::from_le_bytes([bytes[8], bytes[9]]);
    if format != FORMAT {
        return Err(HeaderFlaw::Format(format));
    }
    if long(bytes, 16) != name.number || long(bytes, 24) != name.replay_from {
        return Err(HeaderFlaw::Damaged);
    }
    Ok(crc)
}

/// The end of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(super) entities: u64,
    pub(super) highest_sequence: u64,
    pub(super) offset: u64,
    pub(super) digest: u32,
    pub(super) header_crc: u32,
}

impl Footer {
    pub(super) fn encode(&self) -> [u8; FOOTER_BYTES] {
        let mut bytes = [0u8; FOOTER_BYTES];
        bytes[0..4].copy_from_slice(&FOOTER_TAG);
        bytes[8..16].copy_from_slice(&self.entities.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.highest_sequence.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.offset.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.digest.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.header_crc.to_le_bytes());
        seal(&mut bytes);
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        check_seal(bytes)?;
        if bytes[0..4] != FOOTER_TAG {
            return None;
        }
        Some(Self {
            entities: long(bytes, 8),
            highest_sequence: long(bytes, 16),
            offset: long(bytes, 24),
            digest: word(bytes, 32),
            header_crc: word(bytes, 36),
        })
    }
}

/// The size of an entry with this many bytes, padding included.
#[inline]
pub(crate) fn entry_span(length: usize) -> usize {
    (ENTRY_BYTES + length).next_multiple_of(ALIGNMENT)
}

/// Appends an entry and returns its checksum.
pub(crate) fn encode_entry(buffer: &mut Vec<u8>, entity: &EntityRef<'_>, length: u32) -> u32 {
    let from = buffer.len();
    let span = entry_span(entity.bytes.len());
    buffer.reserve(span);
    buffer.extend_from_slice(&ENTRY_TAG);
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(&entity.kind.to_le_bytes());
    buffer.extend_from_slice(&entity.version.to_le_bytes());
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(&entity.sequence.to_le_bytes());
    buffer.extend_from_slice(&entity.entity.to_le_bytes());
    buffer.extend_from_slice(entity.bytes);
    buffer.resize(from + span, 0);
    let crc = entry_crc(&buffer[from..]);
    buffer[from + ENTRY_CRC_AT..from + ENTRY_CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
    crc
}

/// The length of an entry's bytes as its head says, or `None` when this is no entry.
#[inline]
pub(crate) fn entry_length(head: &[u8]) -> Option<usize> {
    (head[0..4] == ENTRY_TAG).then(|| word(head, 4) as usize)
}

/// Reads a whole entry and its checksum, or `None` when it does not check.
#[inline]
pub(crate) fn decode_entry(entry: &[u8], length: usize) -> Option<(EntityRef<'_>, u32)> {
    let crc = entry_crc(entry);
    if word(entry, ENTRY_CRC_AT) != crc {
        return None;
    }
    let entity = EntityRef {
        entity: u128::from(long(entry, 24)) | u128::from(long(entry, 32)) << 64,
        kind: word(entry, 8) as u16,
        version: (word(entry, 8) >> 16) as u16,
        sequence: long(entry, 16),
        bytes: &entry[ENTRY_BYTES..ENTRY_BYTES + length],
    };
    Some((entity, crc))
}

/// The digest with one more entry.
#[inline]
pub(crate) fn digest_with(digest: u32, entry_crc: u32) -> u32 {
    crc32c::crc32c_append(digest, &entry_crc.to_le_bytes())
}

#[inline]
fn entry_crc(entry: &[u8]) -> u32 {
    let crc = crc32c::crc32c(&entry[..ENTRY_CRC_AT]);
    crc32c::crc32c_append(crc, &entry[ENTRY_CRC_AT + 4..])
}

fn seal(bytes: &mut [u8; HEADER_BYTES]) {
    let crc = crc32c::crc32c(&bytes[..CRC_AT]);
    bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
}

fn check_seal(bytes: &[u8]) -> Option<u32> {
    let crc = crc32c::crc32c(bytes.get(..CRC_AT)?);
    (bytes.len() == HEADER_BYTES && word(bytes, CRC_AT) == crc).then_some(crc)
}

#[inline]
fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[inline]
fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from(word(bytes, at)) | u64::from(word(bytes, at + 4)) << 32
}
