//! What a rule says of the numbers of suspicions, which nothing changes.

use super::far_behind::{
    AN_UPLOAD, ANOTHER_DAY, DAYS, DAYS_OF_A_HISTORY, TOGETHER_WITHIN, UNTIL_THE_NEXT,
};
use super::stale::{IN_A_ROW, SUSPECTED_FOR};
use super::written::WRITTEN_FOR;
use super::{
    CLOCK_NOT_SET_FOR, COUNTS_ON_FOR, COUNTS_ON_WITHIN, FAR_BEHIND_FOR, LONG_AGO_AFTER,
    MEMORY_FULL_FOR, SAME_MINUTE_FOR, SAME_MINUTE_WITHIN, TROUBLED_BY, UPDATE_TIME_AHEAD_FOR,
};
use crate::clock::{COUNTS_ON, HANDED_OVER_WITHIN};
use crate::fixed::Fixed;
use crate::remembered::{MOST_READINGS, MOST_SOURCES};

/// The numbers.
pub(crate) const FIXED: &[Fixed] = &[
    Fixed::days(
        [
            "時計未設定とみなす日付：年初からの日数",
            "a clock that is not set: it says one of the first days of a year",
        ],
        COUNTS_ON,
        "ours: a patient who measures once a week is noticed",
    ),
    Fixed::hours(
        [
            "進み続ける未設定の時計とみなす差（以内）",
            "its clock counts on: shown and received as much later, within",
        ],
        COUNTS_ON_WITHIN,
        "ours: phones hand over at night",
    ),
    Fixed::days(
        [
            "未設定の時計が進み続けると最初の値から判断する期間（以内）",
            "its clock counts on: by what it showed before, at most",
        ],
        COUNTS_ON_FOR,
        "ours: after that the days show it",
    ),
    Fixed::count(
        [
            "別の年月に設定された時計とみなす日数",
            "a clock set to another month or year: shown on days",
        ],
        DAYS as usize,
        "ours: two may be an import that is interrupted overnight",
    ),
    Fixed::hours(
        ["別の日とみなす受信の間隔（以上）", "of different days: received apart by at least"],
        ANOTHER_DAY,
        "ours",
    ),
    Fixed::hours(
        [
            "1日分のまとめ送信とみなす期間（以内）",
            "what is handed over once a day was measured within",
        ],
        AN_UPLOAD,
        "ours: a day, and half of one for whoever is late",
    ),
    Fixed::days(
        ["その日と次の日の間隔（以内）", "from one of these days to the next at most"],
        UNTIL_THE_NEXT,
        "ours: weights are measured weekly",
    ),
    Fixed::hours(
        [
            "古い日付の値を今の登録とみなす、登録から受信まで（以内）",
            "handed over as of long ago: registered before its receipt within",
        ],
        HANDED_OVER_WITHIN,
        "ours: phones hand over at night",
    ),
    Fixed::count(
        [
            "過去の履歴とみなす、まとめて送られた値の日数（以上）",
            "a history: handed over together, of days at least",
        ],
        DAYS_OF_A_HISTORY,
        "ours: of a clock that is set to another wrong date it shows two",
    ),
    Fixed::hours(
        ["まとめて送られたとみなす受信の間隔（以内）", "handed over together: received within"],
        TOGETHER_WITHIN,
        "ours",
    ),
    Fixed::hours(
        ["そのような確認を要する値を知らせるまで", "such a value to look at is reported after"],
        LONG_AGO_AFTER,
        "ours: until then the rest of a history may come",
    ),
    Fixed::days(
        [
            "時計の疑いの終わり（最後の該当値の受信から）",
            "a clock that is not set is suspected for",
        ],
        CLOCK_NOT_SET_FOR,
        "ours: somebody should look within a month",
    ),
    Fixed::days(
        [
            "進み続ける時計・別の年月の時計の疑いの終わり（最後の該当値の受信から）",
            "a clock that counts on, or of another month or year, is suspected for",
        ],
        FAR_BEHIND_FOR,
        "ours: two weeks",
    ),
    Fixed::minutes(
        ["送信元の時計の進み（以上）", "a sender's clock is ahead by at least"],
        TROUBLED_BY,
        "ours: less does no harm",
    ),
    Fixed::days(
        ["その疑いの終わり（最後の該当値から）", "a sender's clock that is ahead is suspected for"],
        UPDATE_TIME_AHEAD_FOR,
        "ours",
    ),
    Fixed::count(
        [
            "送信元の時計の遅れとみなす、続けて古すぎる版の数",
            "a sender's clock is behind: versions in a row that are too old",
        ],
        IN_A_ROW,
        "ours: who sends again what was corrected long ago sends fewer",
    ),
    Fixed::days(
        [
            "その疑いの終わり（最後の古すぎる版から）",
            "a sender's clock that is behind is suspected for",
        ],
        SUSPECTED_FOR,
        "ours",
    ),
    Fixed::count(
        [
            "併せて判定する測定値の数（種類ごと、最大）",
            "judged together: readings of a kind at most",
        ],
        MOST_READINGS,
        "ours",
    ),
    Fixed::count(
        ["併せて判定する機器の数（最大）", "judged together: devices at most"],
        MOST_SOURCES,
        "ours",
    ),
    Fixed::days(
        ["測定値過多のアラートの終わり（最短）", "more readings than that: reported for at least"],
        MEMORY_FULL_FOR,
        "ours",
    ),
    Fixed::minutes(
        [
            "手入力でも同じ分の2回の測定とみなす登録の間隔（以内）",
            "two measurements of one minute also where one is written by hand: registered within",
        ],
        SAME_MINUTE_WITHIN,
        "ours: nobody corrects a value so soon",
    ),
    Fixed::days(
        [
            "その疑いの終わり",
            "a reading that another of its minute or second replaced is reported for",
        ],
        SAME_MINUTE_FOR,
        "ours",
    ),
    Fixed::days(
        [
            "機器の値より先に届いた手入力の値を覚えている期間",
            "a value written by hand that comes before the device's own is known for",
        ],
        WRITTEN_FOR,
        "ours: what the device hands over comes in days",
    ),
];
