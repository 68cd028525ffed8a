//! Records that wait in a consumer, taken many at a time, and all the unsafe code of this crate: the
//! client's own way of taking one record asks the clock three times and allocates for each, which a
//! rebuild of millions of records feels.
//!
//! What the C library demands and this module keeps: queues and messages are given back before their
//! client ends (both borrow the consumer), a message is destroyed once (by `Drop`), and what is read of
//! a message lives no longer than the message does.

#![allow(unsafe_code, reason = "the client has no safe way to take many records at a time")]

use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use rdkafka::bindings as sys;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};

use crate::transaction::Record;

/// The most records that are taken at a time, before it is looked whether the work is still wanted.
const AT_A_TIME: usize = 512;

/// The queue of a consumer that is assigned its partitions. What Kafka asks of a member of a group is
/// not answered by it.
pub(crate) struct Waiting<'c> {
    queue: NonNull<sys::rd_kafka_queue_t>,
    taken: Vec<*mut sys::rd_kafka_message_t>,
    consumer: PhantomData<&'c ()>,
}

impl<'c> Waiting<'c> {
    /// The queue of a consumer; none of one that has no group.
    pub(crate) fn of<C: ClientContext + ConsumerContext>(
        consumer: &'c BaseConsumer<C>,
    ) -> Option<Self> {
        // Safe: the client lives as long as the borrow of its consumer.
        let queue = unsafe { sys::rd_kafka_queue_get_consumer(consumer.client().native_ptr()) };
        let taken = vec![ptr::null_mut(); AT_A_TIME];
        Some(Self { queue: NonNull::new(queue)?, taken, consumer: PhantomData })
    }

    /// What waits, in the order in which it came; nothing where nothing does.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Waited<'c>> + use<'c> {
        // Safe: there is room for as many messages as are asked for, and each is owned from here on.
        let count = unsafe {
            sys::rd_kafka_consume_batch_queue(
                self.queue.as_ptr(),
                0,
                self.taken.as_mut_ptr(),
                self.taken.len(),
            )
        };
        let count = usize::try_from(count).unwrap_or(0);
        // All are owned at once, so that each is destroyed although nobody looks at it.
        let owned: Vec<Waited<'c>> = self.taken[..count]
            .iter()
            .filter_map(|message| NonNull::new(*message))
            .map(|message| Waited { message, consumer: PhantomData })
            .collect();
        owned.into_iter()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // Safe: it was got by this value alone, whose consumer still lives.
        unsafe { sys::rd_kafka_queue_destroy(self.queue.as_ptr()) }
    }
}

/// A record, or what happened instead of one.
pub(crate) struct Waited<'c> {
    message: NonNull<sys::rd_kafka_message_t>,
    consumer: PhantomData<&'c ()>,
}

impl Waited<'_> {
    /// The record; or what happened to its consumer.
    ///
    /// # Errors
    /// As [`BaseConsumer::poll`]: the end of a partition is one.
    pub(crate) fn record(&self) -> Result<Record<'_>, KafkaError> {
        // Safe: the message is valid until it is dropped.
        let message = unsafe { self.message.as_ref() };
        match message.err {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => {}
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__PARTITION_EOF => {
                return Err(KafkaError::PartitionEOF(message.partition));
            }
            other => return Err(KafkaError::MessageConsumption(RDKafkaErrorCode::from(other))),
        }
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // Safe: the message is valid, and the kind is written before the call ends.
        let timestamp = unsafe { sys::rd_kafka_message_timestamp(message, &raw mut kind) };
        Ok(Record {
            partition: message.partition,
            offset: message.offset,
            timestamp_ms: timestamp.max(0),
            // Safe: both lie in the message's memory, as long as it says.
            key: unsafe { bytes(message.key, message.key_len) },
            payload: unsafe { bytes(message.payload, message.len) },
        })
    }
}

impl Drop for Waited<'_> {
    fn drop(&mut self) {
        // Safe: it is owned by this value alone.
        unsafe { sys::rd_kafka_message_destroy(self.message.as_ptr()) }
    }
}

/// Bytes of a message; none where there are none, which is not the same as an empty text.
unsafe fn bytes<'m>(start: *const std::ffi::c_void, length: usize) -> Option<&'m [u8]> {
    // Safe: the caller says so.
    (!start.is_null()).then(|| unsafe { std::slice::from_raw_parts(start.cast(), length) })
}
