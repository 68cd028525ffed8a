//! What the API says, as JSON.

pub mod aggregate;
pub mod alert;
pub mod care;
pub mod care_plan;
pub mod documented;
pub mod identity;
pub mod measurement;
pub mod metrics;
pub mod notification;
pub mod patient;
pub mod preview;
pub mod reading;
pub mod report;
pub mod session;
pub mod silent_group;
pub mod time;
pub mod trend;
pub mod values;

pub use alert::Alert;
pub use measurement::Measurement;
pub use patient::PatientSummary;
pub use reading::Reading;
pub use session::Session;
pub use time::Instant;
