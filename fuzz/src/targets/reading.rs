//! From what a sender says to a validated reading.

use clinical::{ReadingId, Timestamp};
use examples::RECEIVED;
use schemas::{Acceptance, AcceptedEncoder, AcceptedReading, Origin, Reading};

use super::{plain, samples};
use crate::target::{Form, Target, promise};

pub(super) fn targets() -> Vec<Target> {
    let codec = plain();
    let raw = codec.encoder::<Reading>("raw").expect("no registry");
    let accepted = AcceptedEncoder::new(&codec, "accepted").expect("no registry");
    let (decoder, of_accepted) = (codec.decoder::<Reading>(), codec.decoder::<AcceptedReading>());
    let seeds = samples::readings().iter().map(|sample| sample.to_string().into_bytes()).collect();
    let check = move |input: &[u8]| {
        let Ok(reading) = serde_json::from_slice::<Reading>(input) else {
            return Ok("no reading".to_owned());
        };
        let received = Timestamp::from_millis(RECEIVED);
        let checked = match reading.validate(received) {
            Ok(checked) => checked,
            Err(no) => return Ok(format!("{} {} {}", no.reason.as_str(), no.field, no.detail)),
        };
        // A validated reading goes all the way.
        let id = checked.id();
        promise(ReadingId::parse(&id.to_string()).as_ref() == Ok(&id), || format!("id {id}"))?;
        let source = checked.source.written();
        let read = clinical::Source::parse(&source);
        promise(read.as_ref() == Some(&checked.source), || format!("source {source}"))?;
        promise(checked.version.update_time().millis() == reading.taken_update_time(), || {
            format!("version {:?} of {}", checked.version, reading.update_time)
        })?;
        let bytes = raw.encode(&reading).map_err(|error| error.to_string())?;
        let body = decoder.current_body(&bytes).map_err(|error| error.to_string())?;
        let acceptance = Acceptance {
            outcome: schemas::records::StoredOutcome::New,
            reading_id: id.to_string(),
            version: checked.version.bits() as i64,
            origin: Origin { partition: 1, offset: 2, received_at: RECEIVED },
        };
        let carried = accepted.carry(&body, &acceptance);
        let anew = accepted.encode(&reading, &acceptance).map_err(|error| error.to_string())?;
        promise(carried == anew, || "carried on and encoded anew differ".to_owned())?;
        let travelled = of_accepted.decode(&carried).map_err(|error| error.to_string())?;
        promise(format!("{:?}", travelled.reading) == format!("{reading:?}"), || {
            format!("{reading:?} became {:?}", travelled.reading)
        })?;
        Ok(format!("valid: {}", checked.kind))
    };
    vec![Target::new("reading_check", Form::Json(&samples::NAMES), seeds, check).often(4)]
}
