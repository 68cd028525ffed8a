//! Ids of the cases' consortia, which have six letters and digits.

/// What they begin with.
pub const CONSORTIA: &str = "FLD";

const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Most patients of a case.
const PATIENTS: usize = 10;
/// Most cases.
const CASES: usize = DIGITS.len().pow(3) / PATIENTS - 1;

/// The consortium that most patients have.
pub(crate) fn common_consortium() -> String {
    format!("{CONSORTIA}000")
}

/// A case's own, of one of its patients by its place.
pub(crate) fn consortium(case: usize, place: usize) -> String {
    let mut digits = [0; 3];
    let mut rest = (case + 1) * PATIENTS + place;
    for digit in digits.iter_mut().rev() {
        *digit = rest % DIGITS.len();
        rest /= DIGITS.len();
    }
    let digits: String = digits.iter().map(|digit| char::from(DIGITS[*digit])).collect();
    format!("{CONSORTIA}{digits}")
}

/// Whether there are ids for so many.
pub(crate) fn check(case: usize, patients: usize) -> Result<(), String> {
    match case < CASES && patients <= PATIENTS {
        true => Ok(()),
        false => Err(format!("only {CASES} cases of {PATIENTS} patients have ids")),
    }
}
