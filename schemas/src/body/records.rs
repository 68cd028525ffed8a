//! The two records themselves: their fields in the order of the current schema.

use clinical::Kind;
use clinical::source::{InvalidSource, SourceDigest};

use super::{Body, FieldError, Fields, unchanged};
use crate::product::Product;
use crate::reading::{
    DataInput, Device, Measurement, OriginOfTime, Reading, ReadingStatus, Source, TestLab,
};
use crate::records::{AcceptedReading, Origin, StoredOutcome};

/// Reads a `Reading`.
pub(crate) fn reading<'b>(body: &mut impl Fields<'b>) -> Result<Reading, FieldError> {
    let (
        consortium_id,
        person_id,
        observation_time,
        utc_offset_minutes,
        update_time,
        source,
        data_input,
        origin_of_time,
        status,
    ) = unchanged!(body, {
        consortium_id: body.string("consortium_id"),
        person_id: body.string("person_id"),
        observation_time: body.long("observation_time"),
        utc_offset_minutes: body.int("utc_offset_minutes"),
        update_time: body.long("update_time"),
        source: source(body),
        data_input: body.symbol("data_input", &DataInput::ALL),
        origin_of_time: body.nullable("origin_of_time", |body| {
            body.symbol("origin_of_time", &OriginOfTime::ALL)
        }),
        status: status(body),
    });
    let measurement = measurement(body)?;
    let (send_time, vendor) = unchanged!(body, {
        send_time: body.nullable("send_time", |body| body.long("send_time")),
        vendor: body.nullable("vendor", |body| body.string("vendor")),
    });
    Ok(Reading {
        consortium_id,
        person_id,
        observation_time,
        utc_offset_minutes,
        update_time,
        source,
        data_input,
        origin_of_time,
        status,
        measurement,
        send_time,
        vendor,
    })
}

pub(crate) fn outcome<'b>(body: &mut impl Fields<'b>) -> Result<StoredOutcome, FieldError> {
    body.symbol("outcome", &StoredOutcome::ALL)
}

/// Reads an `AcceptedReading`.
pub(crate) fn accepted_reading<'b>(
    body: &mut impl Fields<'b>,
) -> Result<AcceptedReading, FieldError> {
    let reading = reading(body)?;
    let (outcome, reading_id, version, partition, offset, received_at) = unchanged!(body, {
        outcome: outcome(body),
        reading_id: body.string("reading_id"),
        version: body.long("version"),
        partition: body.int("partition"),
        offset: body.long("offset"),
        received_at: body.long("received_at"),
    });
    let origin = Origin { partition, offset, received_at };
    Ok(AcceptedReading { reading, outcome, reading_id, version, origin })
}

pub(crate) fn status<'b>(body: &mut impl Fields<'b>) -> Result<ReadingStatus, FieldError> {
    body.symbol("status", &[ReadingStatus::Final, ReadingStatus::EnteredInError])
}

fn source<'b>(body: &mut impl Fields<'b>) -> Result<Source, FieldError> {
    body.branch("source", &[false, true], |body, is_lab| {
        Ok(if is_lab {
            Source::TestLab(TestLab { test_lab_id: body.string("test_lab_id")? })
        } else {
            Source::Device(Device {
                manufacturer: body.string("manufacturer")?,
                model_number: body.nullable("model_number", |body| body.string("model_number"))?,
                serial: body.string("serial")?,
            })
        })
    })
}

/// What a source is known by.
pub(crate) struct KnownSource<'b> {
    /// What becomes of its parts.
    pub(crate) digest: Result<SourceDigest, InvalidSource>,
    /// The product, as it was written; none of a test lab.
    pub(crate) product: Option<Product<'b>>,
}

/// Reads what a source is known by.
pub(crate) fn known_source<'b>(body: &mut impl Fields<'b>) -> Result<KnownSource<'b>, FieldError> {
    body.branch("source", &[false, true], |body, is_lab| {
        if is_lab {
            let digest = SourceDigest::of_test_lab(body.str("test_lab_id")?);
            return Ok(KnownSource { digest, product: None });
        }
        let manufacturer = body.str("manufacturer")?;
        let model_number = body.nullable("model_number", |body| body.str("model_number"))?;
        let digest = SourceDigest::of_device(manufacturer, body.str("serial")?);
        Ok(KnownSource { digest, product: Some(Product { manufacturer, model_number }) })
    })
}

/// Reads which product measured a reading, and no further; none of a test lab.
pub(crate) fn product<'b>(body: &mut Body<'b>) -> Result<Option<Product<'b>>, FieldError> {
    body.skip_text("consortium_id")?;
    body.skip_text("person_id")?;
    for field in ["observation_time", "utc_offset_minutes", "update_time"] {
        body.long(field)?;
    }
    body.branch("source", &[false, true], |body, is_lab| {
        if is_lab {
            return Ok(None);
        }
        let manufacturer = Fields::str(body, "manufacturer")?;
        let model_number =
            body.nullable("model_number", |body| Fields::str(body, "model_number"))?;
        Ok(Some(Product { manufacturer, model_number }))
    })
}

/// The union's branches are the kinds, in their order.
pub(crate) fn measurement<'b>(body: &mut impl Fields<'b>) -> Result<Measurement, FieldError> {
    body.branch(
        "measurement",
        &Kind::ALL,
        |body, kind| unchanged!(body, kind.fields().len() => Measurement::build(kind, body)),
    )
}
