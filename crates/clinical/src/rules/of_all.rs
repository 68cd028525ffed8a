//! The numbers that hold for every rule, and that nothing changes.

use crate::copies::COPY_WITHIN;
use crate::episode::PAGES_WITHIN;
use crate::fixed::Fixed;
use crate::rule::{PROMPT, TOGETHER};
use crate::window::WINDOW;

/// The numbers that hold for every rule.
pub const OF_ALL_RULES: &[Fixed] = &[
    Fixed::days(
        [
            "判定の対象とする期間（測定から受信まで）",
            "judged: readings received so long after they were measured at most",
        ],
        WINDOW,
        "ours: what is older when it comes is stored and shown, and no rule judges it",
    ),
    Fixed::hours(
        [
            "受信の遅れがこれを超えると緊急としない",
            "received so long after it was measured, a reading makes nothing urgent",
        ],
        PAGES_WITHIN,
        "ours: somebody looks at what followed, and nobody is called at night for yesterday's reading",
    ),
    Fixed::minutes(
        [
            "別経路の同じ値を1回の測定とみなす間隔",
            "the same values over two ways are one measurement within",
        ],
        COPY_WITHIN,
        "ours: a second measurement so soon that gives the same values on another device is rare",
    ),
    Fixed::minutes(
        [
            "受信の遅れがこれ以上の測定値は、同時に送られた値を待つことがある",
            "a reading so late may wait for what was sent with it",
        ],
        PROMPT,
        "ours",
    ),
    Fixed::minutes(
        ["同時に送られた値を待つ時間", "what was sent together is waited for"],
        TOGETHER,
        "ours: a device that uploads in batches sends one request",
    ),
];
