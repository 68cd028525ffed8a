//! Who was notified of alerts.

use std::sync::Arc;

use chassis::Component;
use schemas::NotificationEvent;
use schemas::topics::Topic;
use stream::StreamError;
use stream::follow::{FollowHandle, Start};
use stream::record::Incoming;

use super::Following;
use crate::clock::now;
use crate::notifications::{KNOWN_FOR, Notifications};

/// What is too old is forgotten after so many events.
const FORGETS_AFTER: u32 = 4096;

impl Following {
    /// Follows who was notified of alerts, as far back as that is shown; `component` is ready when that is
    /// complete.
    ///
    /// # Errors
    /// When Kafka's client refuses its settings.
    pub fn notifications(
        &self,
        notifications: Arc<Notifications>,
        component: Component,
    ) -> Result<FollowHandle, StreamError> {
        let decoder = self.codec.decoder::<NotificationEvent>();
        let known = Arc::clone(&notifications);
        let mut taken = 0;
        let take = move |reader: &Self, record: Incoming| {
            let Some((_, Some(event))) = reader.read(&decoder, &record) else { return };
            if let Err(error) = notifications.apply(&event) {
                reader.skipped(&record, &error.to_string());
            }
            taken += 1;
            if taken % FORGETS_AFTER == 0 {
                notifications.forget(now());
            }
        };
        let start = Start::Time((now() - KNOWN_FOR).millis());
        let of = (component, "reading who was notified");
        self.topic_from((Topic::Notifications, start), of, move || known.caught_up(), take)
    }
}
