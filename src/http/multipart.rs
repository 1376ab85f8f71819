//! Multipart form bodies. Owns their reading into bounded parts; must never hold more than the body that is there.

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyDataStream, Full};

use super::{BodyStream, Fault};

/// More parts than any client of ours sends; each costs a little beside its bytes.
const MAX_PARTS: usize = 1_000;

/// One part of a multipart body.
#[derive(Clone, Debug)]
pub struct Part {
    /// The field's name; empty when it has none.
    pub name: String,
    /// The client's file name, for a file.
    pub file_name: Option<String>,
    /// The part's content type, as sent.
    pub content_type: Option<String>,
    /// Its content.
    pub bytes: Bytes,
}

/// All parts of `body`, in order.
pub(super) async fn parts(content_type: Option<&str>, body: Bytes) -> Result<Vec<Part>, Fault> {
    let stream = BodyDataStream::new(Full::new(body));
    let mut multipart = multer::Multipart::new(stream, boundary(content_type)?);
    let mut parts = Vec::new();
    while let Some(mut field) = multipart.next_field().await.map_err(malformed)? {
        if parts.len() == MAX_PARTS {
            return Err(Fault::malformed("too many parts"));
        }
        let name = field.name().unwrap_or("").to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let raw_type = field.headers().get(hyper::header::CONTENT_TYPE);
        let content_type = raw_type
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        parts.push(Part {
            name,
            file_name,
            content_type,
            bytes: content(&mut field).await?,
        });
    }
    Ok(parts)
}

/// The parts of a body that is still coming.
pub(super) fn streamed(
    content_type: Option<&str>,
    body: Option<BodyStream>,
) -> Result<multer::Multipart<'static>, Fault> {
    let boundary = boundary(content_type)?;
    let body = body.ok_or(Fault::malformed("the body has been read"))?;
    Ok(multer::Multipart::new(BodyDataStream::new(body), boundary))
}

fn boundary(content_type: Option<&str>) -> Result<String, Fault> {
    let content_type = content_type.unwrap_or("");
    let not_multipart =
        || Fault::UnsupportedMediaType("current request is not a multipart request".into());
    if !content_type
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("multipart/")
    {
        return Err(not_multipart());
    }
    multer::parse_boundary(content_type).map_err(|error| match error {
        multer::Error::NoMultipart => not_multipart(),
        other => malformed(other),
    })
}

/// A part's content, without a copy when it is in one piece.
async fn content(field: &mut multer::Field<'_>) -> Result<Bytes, Fault> {
    let Some(first) = field.chunk().await.map_err(malformed)? else {
        return Ok(Bytes::new());
    };
    let Some(second) = field.chunk().await.map_err(malformed)? else {
        return Ok(first);
    };
    let mut all = BytesMut::from(&first[..]);
    all.extend_from_slice(&second);
    while let Some(next) = field.chunk().await.map_err(malformed)? {
        all.extend_from_slice(&next);
    }
    Ok(all.freeze())
}

fn malformed(error: multer::Error) -> Fault {
    Fault::malformed(format!("malformed multipart body: {error}"))
}
