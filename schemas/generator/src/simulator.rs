//! How virtual patients measure the kinds that have no physiology of their own.

use std::fmt::Write;

use crate::clinical::text;
use crate::declaration::Kind;

/// The file `services/simulator/src/declared/generated.rs`.
pub fn code(kinds: &[Kind]) -> String {
    let declared: Vec<_> =
        kinds.iter().filter_map(|kind| Some((kind, kind.simulator.as_ref()?))).collect();
    let (kind, typical) =
        if declared.is_empty() { ("", "") } else { ("use clinical::Kind;\n", ", Typical") };
    let model = if declared.is_empty() { "" } else { "use crate::model::Model;\n" };
    let mut out = format!(
        "{kind}use super::{{Declared{typical}}};\n{model}\
         pub(crate) static DECLARED: [Declared; {}] = [\n",
        declared.len()
    );
    for (kind, simulator) in declared {
        let _ = writeln!(
            out,
            "Declared {{ kind: Kind::{}, share: {:?}, times_a_day: {}, model: Model {{ number: {}, \
             name: {}, corrects_clock: true, conformity: {}, accuracy: {} }}, typical: &[",
            kind.record,
            simulator.share,
            simulator.times_a_day,
            text(&simulator.model),
            text(&simulator.model_name),
            text(&simulator.conformity),
            text(&simulator.accuracy),
        );
        for field in &kind.field {
            if let Some(typical) = field.typical {
                let _ = writeln!(
                    out,
                    "Typical {{ field: {}, low: {:?}, high: {:?}, spread: {:?} }},",
                    field.number, typical.low, typical.high, typical.spread
                );
            }
        }
        out.push_str("] },\n");
    }
    out + "];\n"
}
