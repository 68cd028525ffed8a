//! Readings: one table a kind, the columns before and after the measured values being the same.

use schemas::fields::{Column, Field, Visitor};
use schemas::reading::{Device, ReadingStatus, Source};
use schemas::readout::Shown;
use schemas::records::AcceptedReading;

use crate::columns::{Columns, Unfit, Value};

pub(super) fn walk(accepted: &AcceptedReading, to: &mut impl Columns) -> Result<(), Unfit> {
    let reading = &accepted.reading;
    to.put("patient", Value::Text(&[&reading.consortium_id, "/", &reading.person_id]));
    source(&reading.source, to);
    to.seconds("observation_time", reading.taken_observation_time())?;
    to.put("version", Value::UInt64(accepted.version.cast_unsigned()));
    to.put("entered_in_error", Value::Bool(reading.status == ReadingStatus::EnteredInError));
    let shown = reading.measurement.shown();
    reading.measurement.visit(&mut ValueColumns { to, shown })?;
    to.int16("utc_offset_minutes", reading.taken_utc_offset())?;
    to.put("data_input", Value::Int8(reading.data_input as i8));
    // 0 is absence: a reading of a check-up has no clock of its own.
    let origin_of_time = reading.origin_of_time.map_or(0, |clock| clock as i8 + 1);
    to.put("origin_of_time", Value::Int8(origin_of_time));
    to.millis("update_time", reading.taken_update_time())?;
    to.informative_millis("send_time", reading.send_time);
    to.text("vendor", reading.taken_vendor().unwrap_or(""));
    to.text("warnings", &reading.warnings());
    to.put("outcome", Value::Int8(accepted.outcome as i8));
    to.informative_millis("received_at", Some(accepted.origin.received_at));
    to.put("origin_partition", Value::Int32(accepted.origin.partition));
    to.put("origin_offset", Value::Int64(accepted.origin.offset));
    Ok(())
}

/// The source in its written form, [`clinical::Source::written`], in the sorting key and as what it
/// is known by, and the model number.
fn source(source: &Source, to: &mut impl Columns) {
    let mut put = |parts: &[&str]| {
        to.put("source", Value::Text(parts));
        to.put("source_id", Value::Text(parts));
    };
    match source {
        Source::Device(device) => {
            let Device { manufacturer, serial, .. } = device;
            // What was accepted before blank parts were refused is stored as it was sent.
            if clinical::source::write_device(manufacturer, serial, &mut put).is_err() {
                put(&[manufacturer, "||", serial]);
            }
            to.text("model_number", device.taken_model_number().unwrap_or(""));
        }
        Source::TestLab(lab) => {
            match clinical::Source::test_lab(&lab.test_lab_id) {
                Ok(lab) => put(&[&lab.written()]),
                Err(_) => put(&["lab|", &lab.test_lab_id]),
            }
            to.text("model_number", "");
        }
    }
}

/// A column for each field of what was measured; absence as the field's column keeps it.
struct ValueColumns<'c, C> {
    to: &'c mut C,
    /// What is shown of the field that devices show in several ways, in the field's own unit.
    shown: Option<Shown>,
}

impl<C: Columns> Visitor for ValueColumns<'_, C> {
    type Error = Unfit;

    #[inline]
    fn field(
        &mut self,
        field: &'static Field,
        value: Option<schemas::fields::Value<'_>>,
    ) -> Result<(), Unfit> {
        use schemas::fields::Value::{Code, Decimal, Flag, Integer, Text};
        let (to, name) = (&mut *self.to, field.name());
        let mut value = value;
        if let Some(shown) = self.shown {
            if field.declared.number == shown.field.number {
                value = Some(Decimal(shown.measured.number()));
            } else if field.declared.number == shown.comparator {
                value = shown.measured.side().map(|side| Code(side as usize));
            }
        }
        match (field.column, value) {
            (Column::UInt16 { .. }, Some(Integer(number))) => to.uint16(name, number)?,
            (Column::UInt16 { absent }, _) => {
                to.put(name, Value::UInt16(absent.unwrap_or_default()));
            }
            (Column::UInt32 { .. }, Some(Integer(number))) => to.uint32(name, number)?,
            (Column::UInt32 { absent }, _) => {
                to.put(name, Value::UInt32(absent.unwrap_or_default()));
            }
            (Column::Int16 { .. }, Some(Integer(number))) => to.int16(name, number)?,
            (Column::Int16 { absent }, _) => {
                to.put(name, Value::Int16(absent.unwrap_or_default()));
            }
            (Column::Float32 { .. }, Some(Decimal(number))) => to.float(name, number),
            (Column::Float32 { absent }, _) => {
                to.put(name, Value::Float32(absent.unwrap_or_default()));
            }
            (Column::Flag, Some(Flag(flag))) => to.put(name, Value::Int8(flag.into())),
            (Column::Enum8(codes), Some(Code(index))) => {
                let code = codes.get(index).ok_or(Unfit { column: name })?;
                to.put(name, Value::Int8(*code));
            }
            (Column::Flag | Column::Enum8(_), _) => to.put(name, Value::Int8(-1)),
            (Column::Text, Some(Text(text))) => to.text(name, text),
            (Column::Text, _) => to.text(name, ""),
        }
        if let Some(column) = field.sent {
            // 0 is no number that is sent: what was sent is what is shown.
            let sent = self.shown.filter(|shown| shown.sent != shown.measured.number());
            to.float(column, sent.map_or(0.0, |shown| shown.sent));
        }
        Ok(())
    }
}
