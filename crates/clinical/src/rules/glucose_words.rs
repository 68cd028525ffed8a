//! What to ask and to do where glucose is low, and somebody is called for it.

/// A patient who is awake takes glucose and measures again after 15 minutes; one who is drowsy, cannot swallow or is
/// not helped by that needs help at once. The amounts are those of Japanese and American guidelines (recalled).
pub(super) const THEN: [&str; 2] = [
    "飲み込めるなら直ちにブドウ糖10g（α-グルコシダーゼ阻害薬の服用中は必ずブドウ糖）をとり15分後に再測定、意識がはっきりしない・飲み込めない・回復しない場合は救急要請（あればグルカゴン）するよう伝えてください。SU薬では再発に注意してください。",
    " If able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return.",
];

/// The same of a sensor's value that may not be so low: the patient measures first.
pub(super) const THEN_IF_LOW: [&str; 2] = [
    "低く、飲み込めるなら直ちにブドウ糖10g（α-グルコシダーゼ阻害薬の服用中は必ずブドウ糖）をとり15分後に再測定、意識がはっきりしない・飲み込めない・回復しない場合は救急要請（あればグルカゴン）するよう伝えてください。SU薬では再発に注意してください。",
    " If low and able to swallow: 10 to 15 g of glucose at once (glucose itself with an alpha-glucosidase inhibitor), and measure again after 15 minutes. If drowsy, unable to swallow or not recovering: emergency care at once, and glucagon if at hand. With a sulfonylurea the low may return.",
];

/// What to ask. A sensor's value is measured in blood first; what was measured in blood is so.
pub(super) const fn ask(is_of_sensor: bool) -> [&'static str; 2] {
    if is_of_sensor {
        [
            "指先穿刺での血糖測定を依頼し、冷汗、手の震え、動悸、意識の変化の有無と、食事・薬（インスリン、SU薬）・運動を確認してください。",
            "Ask to measure by finger-stick, and about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise.",
        ]
    } else {
        [
            "冷汗、手の震え、動悸、意識の変化の有無と、食事・薬（インスリン、SU薬）・運動を確認してください。",
            "Ask about sweating, tremor, palpitations, confusion, meals, drugs (insulin, sulfonylurea) and exercise.",
        ]
    }
}
