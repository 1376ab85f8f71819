//! One frame of the journal: 64 bytes of header, the payload, zeros up to the next frame.
//!
//! Owns: the byte layout, both checksums, and where a frame may begin. Must never: decide what a bad frame means.
//!
//! ```text
//!  0        4        8      10      12         16               24
//!  | magic  | length | kind | version| generation| sequence       |
//!  24               32                               48       52         56         60         64
//!  | durable before | entity                         | epoch 0 | previous | header   | frame    |
//!  |                |                                |         | frame crc| crc 0..56| crc      |
//!  64 payload … | zeros up to the next frame: 8-byte aligned, its header within one sector
//! ```
//!
//! All numbers are little-endian. The header's checksum is crc32c begun with the segment's seed; the frame's goes on from
//! there over payload and zeros. (Over the header's checksum itself it would forget what the header was: a crc followed
//! by its own value always comes to the same number.)

use crate::disk::SECTOR_BYTES;

/// The kind of the journal's own frames, which say what is durable.
pub const MARK_KIND: u16 = u16::MAX;
/// No payload is larger, in bytes.
pub const MAX_RECORD_BYTES: usize = 16 << 20;

/// The size of a frame's header in bytes.
pub(crate) const FRAME_HEADER_BYTES: usize = 64;
/// "LWfr".
pub(crate) const FRAME_MAGIC: u32 = u32::from_le_bytes(*b"LWfr");
const ALIGNMENT: u64 = 8;
const HEADER_CRC_AT: usize = 56;
const FRAME_CRC_AT: usize = 60;

const _: () = assert!(FRAME_HEADER_BYTES as u64 <= SECTOR_BYTES);
const _: () = assert!(MAX_RECORD_BYTES < u32::MAX as usize);

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) length: u32,
    pub(crate) kind: u16,
    pub(crate) version: u16,
    pub(crate) generation: u32,
    pub(crate) sequence: u64,
    pub(crate) durable_before: u64,
    pub(crate) entity: u128,
    pub(crate) epoch: u32,
    pub(crate) previous: u32,
}

/// Where the next frame begins when the last one's bytes end at `end`: aligned, and so that the header does not
/// cross a sector, because a sector is what a crash keeps or loses whole.
#[inline]
pub(crate) fn start_after(end: u64) -> u64 {
    let aligned = end.next_multiple_of(ALIGNMENT);
    if SECTOR_BYTES - aligned % SECTOR_BYTES < FRAME_HEADER_BYTES as u64 {
        aligned.next_multiple_of(SECTOR_BYTES)
    } else {
        aligned
    }
}

/// How far it is from the beginning of a frame to that of the next one, in bytes.
#[inline]
pub(crate) fn span(start: u64, length: usize) -> u64 {
    start_after(start + (FRAME_HEADER_BYTES + length) as u64) - start
}

/// Appends a frame that will lie at `start` of its segment, and returns its checksum.
pub(crate) fn encode(
    buffer: &mut Vec<u8>,
    start: u64,
    seed: u32,
    header: &FrameHeader,
    payload: &[u8],
) -> u32 {
    let mut head = [0u8; FRAME_HEADER_BYTES];
    head[0..4].copy_from_slice(&FRAME_MAGIC.to_le_bytes());
    head[4..8].copy_from_slice(&header.length.to_le_bytes());
    head[8..10].copy_from_slice(&header.kind.to_le_bytes());
    head[10..12].copy_from_slice(&header.version.to_le_bytes());
    head[12..16].copy_from_slice(&header.generation.to_le_bytes());
    head[16..24].copy_from_slice(&header.sequence.to_le_bytes());
    head[24..32].copy_from_slice(&header.durable_before.to_le_bytes());
    head[32..48].copy_from_slice(&header.entity.to_le_bytes());
    head[48..52].copy_from_slice(&header.epoch.to_le_bytes());
    head[52..56].copy_from_slice(&header.previous.to_le_bytes());
    let header_crc = crc32c::crc32c_append(seed, &head[..HEADER_CRC_AT]);
    head[HEADER_CRC_AT..FRAME_CRC_AT].copy_from_slice(&header_crc.to_le_bytes());

    let from = buffer.len();
    let whole = span(start, payload.len()) as usize;
    buffer.reserve(whole);
    buffer.extend_from_slice(&head);
    buffer.extend_from_slice(payload);
    buffer.resize(from + whole, 0);
    let crc = crc32c::crc32c_append(header_crc, &buffer[from + FRAME_HEADER_BYTES..]);
    buffer[from + FRAME_CRC_AT..from + FRAME_HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
    crc
}

/// Reads a header; `None` when these bytes are none of this seed.
#[inline]
pub(crate) fn decode_header(bytes: &[u8], seed: u32) -> Option<FrameHeader> {
    let head: &[u8; FRAME_HEADER_BYTES] = bytes.first_chunk()?;
    if field(head, 0) != FRAME_MAGIC
        || field(head, HEADER_CRC_AT) != crc32c::crc32c_append(seed, &head[..HEADER_CRC_AT])
    {
        return None;
    }
    Some(read_header(head))
}

/// Reads the fields without believing them.
pub(crate) fn read_header(head: &[u8; FRAME_HEADER_BYTES]) -> FrameHeader {
    let short = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
    let long = |at: usize| u64::from(field(head, at)) | u64::from(field(head, at + 4)) << 32;
    FrameHeader {
        length: field(head, 4),
        kind: short(8),
        version: short(10),
        generation: field(head, 12),
        sequence: long(16),
        durable_before: long(24),
        entity: u128::from(long(32)) | u128::from(long(40)) << 64,
        epoch: field(head, 48),
        previous: field(head, 52),
    }
}

/// The checksum of a whole frame with a good header, zeros included, when the rest is good, too.
#[inline]
pub(crate) fn check(frame: &[u8]) -> Option<u32> {
    let head: &[u8; FRAME_HEADER_BYTES] = frame.first_chunk()?;
    let crc = crc32c::crc32c_append(field(head, HEADER_CRC_AT), &frame[FRAME_HEADER_BYTES..]);
    (field(head, FRAME_CRC_AT) == crc).then_some(crc)
}

#[inline]
fn field(head: &[u8; FRAME_HEADER_BYTES], at: usize) -> u32 {
    u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
}
