//! Publishing the last readings of slow kinds: of each patient one record, in the transaction of the
//! reading that changes it.

use clinical::PatientId;
use schemas::records::SlowReadings;
use stream::producer::Outgoing;
use stream::transaction::{Outputs, TaskError};

use super::ProcessorTask;
use crate::partition::Partition;
use crate::watcher::Watcher;

impl<W: Watcher> ProcessorTask<W> {
    /// The record of a patient; none where there is to be none any more.
    pub(super) fn publish_slow(
        &self,
        (patient, slow): (&PatientId, Option<&SlowReadings>),
        partition: i32,
        out: &mut Outputs<'_>,
    ) -> Result<(), TaskError> {
        let bytes = (slow.map(|slow| self.slow.encode(slow)).transpose())
            .map_err(TaskError::while_doing("encoding the last readings of slow kinds"))?;
        out.send(Outgoing {
            topic: &self.topics.slow,
            partition: Some(partition),
            key: Some(patient.as_str().as_bytes()),
            payload: bytes.as_deref(),
        })
    }

    /// What no reading has caused.
    pub(super) fn publish_unpublished_slow(
        &self,
        state: &mut Partition,
        partition: i32,
        out: &mut Outputs<'_>,
    ) -> Result<(), TaskError> {
        for (patient, slow) in state.take_unpublished_slow() {
            self.publish_slow((&patient, slow.as_ref()), partition, out)?;
        }
        Ok(())
    }
}
