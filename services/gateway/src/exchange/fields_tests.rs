use super::super::json::Tree;
use super::*;
use crate::memory::Memory;

#[test]
fn a_number_is_as_long_as_its_shortest_writing() {
    assert!(!longer(120.0, 3));
    assert!(longer(1200.0, 3));
    assert!(!longer(103.45, 6));
    assert!(longer(103.456, 6));
    assert!(longer(72.300_000_000_000_01, 6));
    assert!(!longer(-12.0, 3));
    assert!(longer(-120.0, 3));
    assert!(longer(f64::MAX, 6));
}

#[test]
fn every_member_of_a_large_object_is_taken_or_said() {
    let names: Vec<String> = (0..200).map(|number| format!("m{number}")).collect();
    let members: Vec<String> = names.iter().map(|name| format!(r#""{name}":[1]"#)).collect();
    let text = format!("{{{}}}", members.join(","));
    let (mut tree, mut share) = (Tree::new(2, 401), Memory::new(100_000).share());
    let members = tree.read(text.as_bytes(), &mut share).unwrap().0.members().unwrap();
    let mut warnings = Warnings::default();
    let mut fields = Fields::new(0, "", members, &mut warnings);
    for name in names.iter().filter(|name| !matches!(name.as_str(), "m7" | "m64" | "m199")) {
        assert!(fields.take(name).is_some());
    }
    let problems = fields.finish();
    let places: Vec<&str> = problems.iter().map(|problem| &*problem.pointer).collect();
    assert_eq!(places, ["/m7", "/m64", "/m199"]);
}

#[test]
fn a_number_in_quotation_marks_is_plain_decimal() {
    for number in ["0", "072.5", "-1", "+36.6"] {
        assert!(is_decimal(number), "{number}");
    }
    for other in ["", ".", "1.", ".5", "1e3", "NaN", " 1", "１", "1.2.3", "--1"] {
        assert!(!is_decimal(other), "{other}");
    }
}
