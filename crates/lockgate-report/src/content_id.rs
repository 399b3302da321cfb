//! Names of documents that follow from what is in them: the same content has the same name.

use lockgate_model::Sha256;
use serde_json::Value;
use uuid::Builder;

/// A UUID of a document (version 8, RFC 9562: what is in it is ours, here a digest).
pub(crate) fn content_uuid(document: &Value) -> String {
    let digest = Sha256::of(document.to_string().as_bytes()).0;
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(digest) {
        *byte = from;
    }
    Builder::from_custom_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}
