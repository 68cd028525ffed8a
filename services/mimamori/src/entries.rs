//! The entries of a list that is a topic, for commands that read it once.

use std::ops::ControlFlow;

use anyhow::bail;
use schemas::{DecodeError, Decoder, Record};
use stream::browse::read_to_end;
use stream::follow::Start;

use crate::source::Source;

/// Hands over key and payload of each record of a topic.
pub(crate) fn each(
    source: &Source,
    topic: &str,
    start: Start,
    mut take: impl FnMut(String, Option<Vec<u8>>) -> Result<(), DecodeError>,
) -> anyhow::Result<()> {
    let mut failed = None;
    read_to_end(&source.kafka, topic, None, start, |record| {
        if let Some(Ok(key)) = record.key.map(String::from_utf8)
            && let Err(error) = take(key, record.payload)
        {
            failed = Some(error);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    match failed {
        Some(error) => bail!("the lists cannot be read now: {error}"),
        None => Ok(()),
    }
}

/// An entry; none where there is none, or none that can ever be read. That it cannot be read *now* is
/// an error: the list would say that nobody follows a patient whom somebody does.
pub(crate) fn decoded<T: Record>(
    decoder: &Decoder<T>,
    payload: Option<Vec<u8>>,
) -> Result<Option<T>, DecodeError> {
    match payload.map(|bytes| decoder.decode(&bytes)) {
        Some(Err(error)) if error.is_retryable() => Err(error),
        Some(entry) => Ok(entry.ok()),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use schemas::Codec;
    use schemas::registry::CareTeam;

    use super::*;

    #[test]
    fn an_entry_that_cannot_be_read_now_is_an_error_and_one_that_never_can_is_none() {
        // Nothing listens there: whoever asks is to come back.
        let codec = Codec::new(Some("http://127.0.0.1:9")).unwrap();
        let decoder = codec.decoder::<CareTeam>();
        assert!(decoded(&decoder, Some(vec![0, 0, 0, 0, 1, 1])).is_err());
        assert!(decoded(&decoder, Some(b"no entry".to_vec())).unwrap().is_none());
        assert!(decoded(&decoder, None).unwrap().is_none());
    }
}
