use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn today() -> Date {
    date(2026, 11, 30)
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn written() -> WrittenIdentity {
    WrittenIdentity {
        name: "髙橋　花子".to_owned(),
        kana: text("ﾀｶﾊｼ ﾊﾅｺﾞ"),
        birth_date: text("1950/3/2"),
        chart_number: text("００１２３４５"),
        telephone: text("（０９０）００００ー１２３４"),
        emergency_contact: Some(WrittenContact {
            name: "高橋 次郎".to_owned(),
            relationship: text("長男"),
            telephone: "+81 80-0000-9876".to_owned(),
        }),
    }
}

fn parsed() -> Identity {
    Identity::parse(&written(), today()).unwrap()
}

fn faults(change: impl FnOnce(&mut WrittenIdentity)) -> Vec<IdentityField> {
    let mut written = written();
    change(&mut written);
    let faults = Identity::parse(&written, today()).err().unwrap_or_default();
    faults.iter().map(|fault| fault.field).collect()
}

#[test]
fn an_identity_is_what_was_written_in_one_form() {
    let identity = parsed();
    assert_eq!(identity.name(), "髙橋 花子", "the family's own character stays");
    assert_eq!(identity.kana(), Some("タカハシ ハナゴ"));
    assert_eq!(identity.birth_date(), Some(date(1950, 3, 2)));
    assert_eq!(identity.chart_number(), Some("0012345"));
    let telephone = identity.telephone().unwrap();
    assert_eq!((telephone.as_str(), telephone.digits().as_str()), ("090-0000-1234", "09000001234"));
    let contact = identity.emergency_contact().unwrap();
    assert_eq!(contact.relationship.as_deref(), Some("長男"));
    assert_eq!(contact.telephone.as_str(), "+81-80-0000-9876");
    assert_eq!(contact.telephone.digits(), "08000009876");
}

#[test]
fn each_part_that_cannot_be_one_is_named_and_no_value_is_repeated() {
    use IdentityField::{BirthDate, ChartNumber, EmergencyTelephone, Kana, Name, Telephone};
    assert_eq!(faults(|_| {}), []);
    for name in ["", "　\u{200b}", "a\u{1b}[2J", &"名".repeat(101)] {
        assert_eq!(faults(|it| it.name = name.to_owned()), [Name]);
    }
    for kana in ["Takahashi", "高橋", "ー", &"ア".repeat(101)] {
        assert_eq!(faults(|it| it.kana = text(kana)), [Kana]);
    }
    for day in ["1950-02-30", "2026-12-01", "1889-12-31", "S25.3.2", "50-3-2", "1950-3", "+950-3-2"]
    {
        assert_eq!(faults(|it| it.birth_date = text(day)), [BirthDate], "{day}");
    }
    for number in ["12 34", &"1".repeat(31)] {
        assert_eq!(faults(|it| it.chart_number = text(number)), [ChartNumber]);
    }
    for number in ["119", "09000001234 (娘)", "1234567890123456", "090+1234567"] {
        assert_eq!(faults(|it| it.telephone = text(number)), [Telephone], "{number}");
    }
    let contact =
        |it: &mut WrittenIdentity| it.emergency_contact.as_mut().unwrap().telephone.clear();
    assert_eq!(faults(contact), [EmergencyTelephone]);
    let all = WrittenIdentity { kana: text("x"), ..WrittenIdentity::default() };
    let said = Identity::parse(&all, today()).unwrap_err();
    let said: Vec<_> = said.iter().map(ToString::to_string).collect();
    let expected = [
        "name has to have 1 to 100 printable characters",
        "kana has to be kana, 100 characters at most",
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_number_whose_leading_zero_a_spreadsheet_took_away_is_refused_and_said_so() {
    let said = |change: &dyn Fn(&mut WrittenIdentity)| {
        let mut written = written();
        change(&mut written);
        let faults = Identity::parse(&written, today()).err().unwrap_or_default();
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let zero = "lacks its leading zero, which spreadsheets take away: format the column as text";
    for number in ["9012345678", "90-1234-5678", "312345678", "９０１２３４５６７８"] {
        let own = said(&|it| it.telephone = text(number));
        assert_eq!(own, format!("telephone {zero}"), "{number}");
        let contact = said(&|it| {
            it.emergency_contact.as_mut().unwrap().telephone = number.to_owned();
        });
        assert_eq!(contact, format!("emergency_telephone {zero}"), "{number}");
    }
    for number in ["0312345678", "+1 212 555 0100", "22-1234", "090-1234-5678"] {
        assert_eq!(said(&|it| it.telephone = text(number)), "", "{number}");
    }
    let shortened = "was shortened by a spreadsheet (1.2E+11): format the column as text";
    for number in ["1.23457E+11", "9E+09", "１．２Ｅ＋１１", "1.2e+5"] {
        let chart = said(&|it| it.chart_number = text(number));
        assert_eq!(chart, format!("chart_number {shortened}"), "{number}");
        let own = said(&|it| it.telephone = text(number));
        assert_eq!(own, format!("telephone {shortened}"), "{number}");
    }
    assert_eq!(said(&|it| it.chart_number = text("E+11")), "");
}

#[test]
fn an_international_number_is_dialled_without_the_zero_of_the_trunk() {
    let of = |number: &str| {
        let written = WrittenIdentity { telephone: text(number), ..written() };
        let identity = Identity::parse(&written, today()).unwrap();
        let telephone = identity.telephone().unwrap();
        (telephone.as_str().to_owned(), telephone.digits())
    };
    for number in ["+81 (0)90-0000-1234", "+81(0) 90 0000 1234", "+81 090-0000-1234"] {
        let expected = ("+81-90-0000-1234".to_owned(), "09000001234".to_owned());
        assert_eq!(of(number), expected, "{number}");
    }
    assert_eq!(of("+819000001234").0, "+81-9000001234");
    assert_eq!(of("+44 (0)20 7946 0000").0, "+44-20-7946-0000");
}

#[test]
fn a_blank_part_is_none() {
    let blank = WrittenIdentity {
        kana: text(" "),
        birth_date: text(""),
        chart_number: text("　"),
        telephone: text("\u{200b}"),
        emergency_contact: Some(WrittenContact { relationship: text(" "), ..Default::default() }),
        ..written()
    };
    let only_name = WrittenIdentity { name: written().name, ..Default::default() };
    let parsed = |written| Identity::parse(&written, today()).unwrap();
    assert!(parsed(blank) == parsed(only_name));
}

#[test]
fn no_debug_form_shows_what_it_holds() {
    let identity = parsed();
    let search = Search::parse("花子").unwrap();
    let shown = format!(
        "{identity:?} {:?} {:?} {:?} {search:?} {:?}",
        written(),
        identity.emergency_contact(),
        identity.telephone(),
        SearchForms::of(&identity),
    );
    for part in ["橋", "花", "タカ", "1950", "12345", "0000", "次郎", "長男"] {
        assert!(!shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn a_patient_is_found_by_what_a_physician_knows() {
    let forms = SearchForms::of(&parsed());
    let finds = |text: &str| Search::parse(text).unwrap().matches("CGM005/S001", Some(&forms));
    for text in [
        "高橋",
        "髙橋花",
        "花子",
        "橋　花", // A part of the name, whichever form is typed.
        "たか",
        "ﾀｶﾊｼ",
        "タカハシ",
        "はなご",
        "タカハシハナゴ",
        "たかはし　は", // The reading.
        "0012345",
        "12345",
        "１２３", // The chart number.
        "1234",
        "0000-1234",
        "090 0000 1234",
        "+81 90-0000-1234",
        "9876", // A telephone's end.
        "s001",
        "cgm005/s", // The id.
    ] {
        assert!(finds(text), "{text}");
    }
    for text in ["佐藤", "ハシ", "カハシ", "234", "2345", "000", "3-4", "S002", "a"] {
        assert!(!finds(text), "{text}");
    }
    let by_id = Search::parse("S001").unwrap();
    assert!(by_id.matches("CGM005/S001", None), "who has no identity is found by the id");
    assert!(!Search::parse("高橋").unwrap().matches("CGM005/S001", None));
    for none in ["", "　", "\u{200b}", &"a".repeat(101)] {
        assert!(Search::parse(none).is_none());
    }
}

#[test]
fn old_lists_with_large_kana_and_without_long_vowels_are_found() {
    let of = |kana: &str| {
        let written = WrittenIdentity { kana: text(kana), ..written() };
        SearchForms::of(&Identity::parse(&written, today()).unwrap())
    };
    let finds =
        |text: &str, kana: &str| Search::parse(text).unwrap().matches("A/1", Some(&of(kana)));
    assert!(finds("シヨウジ", "ショウジ リョウ") && finds("しょうじ", "ｼﾖｳｼﾞ ﾘﾖｳ"));
    assert!(finds("りょう", "ショウジ リョウ"));
    assert!(finds("スミス", "ジョン・スミス") && finds("じょん", "ジョーン・スミス"));
}

#[test]
fn parts_are_found_in_any_order_and_in_the_forms_that_a_keyboard_types() {
    let forms = SearchForms::of(&parsed());
    let finds = |text: &str| Search::parse(text).unwrap().matches("A/1", Some(&forms));
    for text in ["花子 高橋", "はなご　たかはし", "はな 高橋", "高橋 はなご"] {
        assert!(finds(text), "{text}");
    }
    for text in ["高橋 太郎", "たかはし じろう", "橋 ハシ"] {
        assert!(!finds(text), "{text}");
    }
    for dash in ["ー", "\u{2010}", "\u{2013}", "\u{2015}", "\u{2212}", "－", ""] {
        assert!(finds(&format!("０９０{dash}００００{dash}１２３４")), "{dash}");
    }
    assert!(finds("+81 (0)90ー0000ー1234"));
}

#[test]
fn long_vowels_and_kana_that_sound_alike_are_the_same() {
    let finds = |text: &str, kana: &str| {
        let written = WrittenIdentity { kana: Some(kana.to_owned()), ..written() };
        let forms = SearchForms::of(&Identity::parse(&written, today()).unwrap());
        Search::parse(text).unwrap().matches("A/1", Some(&forms))
    };
    for (one, other) in [
        ("オオノ", "オーノ"),
        ("ユウコ", "ユーコ"),
        ("オオノ", "オノ"),
        ("ケイコ", "ケーコ"),
        ("コウイチ", "コーイチ"),
        ("ミヅキ", "ミズキ"),
        ("チヂワ", "チジワ"),
        ("オオノ ウタ", "オーノウタ"),
    ] {
        assert!(finds(one, other) && finds(other, one), "{one} {other}");
    }
    assert!(!finds("ユキ", "ユウコ") && !finds("アオイ", "アイ"));
}

#[test]
fn old_forms_of_family_names_are_found_by_the_usual_ones() {
    for (old, usual) in [
        ("瀧本", "滝本"),
        ("舘野", "館野"),
        ("栁田", "柳田"),
        ("宮嵜", "宮崎"),
        ("曾根", "曽根"),
        ("西條", "西条"),
        ("淸水", "清水"),
        ("豐田", "豊田"),
    ] {
        let written = WrittenIdentity { name: old.to_owned(), ..written() };
        let forms = SearchForms::of(&Identity::parse(&written, today()).unwrap());
        assert!(Search::parse(usual).unwrap().matches("A/1", Some(&forms)), "{old}");
    }
}

proptest! {
    #[test]
    fn what_is_written_down_is_parsed_again_to_the_same(
        name in "\\PC{0,12}",
        kana in "[ぁ-んァ-ヺｦ-ﾟー・ ]{0,12}",
        birth_date in "(19|20)[0-9]{2}[-/][01]?[0-9][-/][0-3]?[0-9]",
        chart_number in "\\PC{0,8}",
        telephone in "[+＋]?[0-9０-９() ー-]{0,16}",
        relationship in "\\PC{0,4}",
    ) {
        let emergency_contact = Some(WrittenContact {
            name: name.clone(),
            relationship: Some(relationship),
            telephone: telephone.clone(),
        });
        let written = WrittenIdentity {
            name,
            kana: Some(kana),
            birth_date: Some(birth_date),
            chart_number: Some(chart_number),
            telephone: Some(telephone),
            emergency_contact,
        };
        if let Ok(identity) = Identity::parse(&written, today()) {
            let again = Identity::parse(&identity.written(), today());
            prop_assert!(again == Ok(identity.clone()));
            // Everybody is found by the whole name.
            let search = Search::parse(identity.name());
            let forms = SearchForms::of(&identity);
            prop_assert!(search.is_none_or(|search| search.matches("A/1", Some(&forms))));
        }
    }

    #[test]
    fn no_text_that_is_looked_for_is_too_odd(text in "\\PC{0,20}") {
        let forms = SearchForms::of(&parsed());
        if let Some(search) = Search::parse(&text) {
            let _ = search.matches("A/1", Some(&forms));
        }
    }
}
