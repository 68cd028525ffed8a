use proptest::prelude::*;

use super::*;
use crate::memory::{Memory, Share};

fn share() -> Share {
    Memory::new(usize::MAX).share()
}

fn tree() -> Tree<'static> {
    Tree::new(16, 10_000_000)
}

impl<'a> Tree<'a> {
    /// Reads a text of one value.
    fn read_text(&mut self, text: &'a str, share: &mut Share) -> Result<Json<'_>, JsonError> {
        self.read(text.as_bytes(), share).map(|(json, _)| json)
    }
}

#[test]
fn members_keep_their_order_and_repeated_names_stay() {
    let mut tree = tree();
    let json = tree.read_text(r#"{"b":1,"a":[true,{"c":null}],"b":"x"}"#, &mut share()).unwrap();
    let members: Vec<(&str, Json<'_>)> = json.members().unwrap().iter().collect();
    let [("b", Json::Number(1.0)), ("a", Json::Array(items)), ("b", Json::Text("x"))] = members[..]
    else {
        panic!("{members:?}")
    };
    let items: Vec<Json<'_>> = items.iter().collect();
    let [Json::Bool(true), Json::Object(inside)] = items[..] else { panic!("{items:?}") };
    assert!(inside.iter().eq([("c", Json::Null)]));
    let members = json.members().unwrap();
    assert_eq!(members.find("b"), Some((0, Json::Number(1.0))));
    assert!(matches!(members.find("a"), Some((1, Json::Array(_)))));
    assert_eq!(members.find("c"), None);
}

#[test]
fn texts_without_escapes_are_borrowed() {
    let (mut tree, mut share) = (tree(), share());
    assert_eq!(tree.read_text(r#""abc""#, &mut share), Ok(Json::Text("abc")));
    assert!(matches!(tree.nodes[0], Node::Text(Cow::Borrowed("abc"))));
    assert_eq!(tree.read_text(r#""a\u0062c""#, &mut share), Ok(Json::Text("abc")));
    assert!(matches!(tree.nodes[0], Node::Text(Cow::Owned(_))));
    let with_text = share.bytes();
    tree.read_text("1", &mut share).unwrap();
    assert_eq!(share.bytes(), with_text - 3 - ALLOCATION, "what a text took is given back");
}

#[test]
fn depth_is_allowed_up_to_the_limit_and_not_beyond() {
    let read = |text| Tree::new(3, 100).read_text(text, &mut share()).map(|_| ());
    assert_eq!(read("[[[1]]]"), Ok(()));
    assert_eq!(read("[[[[1]]]]"), Err(JsonError::TooDeep));
}

#[test]
fn values_are_counted_over_all_texts_of_a_tree() {
    let (mut tree, mut share) = (Tree::new(3, 5), share());
    assert!(tree.read_text("[1,2]", &mut share).is_ok());
    assert_eq!(tree.read_text("[1,2]", &mut share), Err(JsonError::TooManyValues));
}

#[test]
fn a_syntax_error_has_its_place_and_no_values() {
    let mut tree = tree();
    let read = tree.read_text("{\n \"a\": 1,\n \"secret\" 2}", &mut share());
    assert_eq!(read, Err(JsonError::Syntax { at: 21, what: "expected `:`" }));
}

/// What a tree has allocated and what it has taken of its share, in bytes.
fn taken(text: &str) -> (usize, usize) {
    let (mut tree, mut share) = (tree(), share());
    tree.read_text(text, &mut share).unwrap();
    let texts = tree.nodes.iter().map(|node| match node {
        Node::Text(Cow::Owned(text)) => text.capacity() + ALLOCATION,
        _ => 0,
    });
    (tree.nodes.capacity() * size_of::<Node<'_>>() + texts.sum::<usize>(), share.bytes())
}

#[test]
fn a_tree_takes_at_most_a_fixed_multiple_of_its_text() {
    assert_eq!(size_of::<Node<'_>>(), 24);
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth) + ",";
    let (deep, deepest) = (nested(8), nested(15));
    let elements: [&str; 18] = [
        "{},",
        "[],",
        "[[]],",
        "1,",
        r#""","#,
        "[1],",
        r#"{"":1},"#,
        r#"{"":{}},"#,
        r#"{"a":0,"b":[]},"#,
        r#""\n","#,
        r#"{"\n":"\n"},"#,
        r#"{"\x":-},"#,
        r#""\x","#,
        "NaN,",
        "-,",
        r#"{"observation_time":"20260131073100","systolic":128,"data_input_code":"0"},"#,
        &deep,
        &deepest,
    ];
    for element in elements {
        for count in [1, 10, 1000, 100_000] {
            let mut text = format!("[{}", element.repeat(count));
            text.pop();
            text.push(']');
            let (allocated, charged) = taken(&text);
            assert_eq!(allocated, charged, "{count} times {element}");
            // 24 bytes for two of the text, in a list that is at most half too long.
            let most = 18 * text.len() + NODES * size_of::<Node<'_>>();
            assert!(charged <= most, "{count} times {element}: {charged} for {}", text.len());
        }
    }
    let members: Vec<String> = (0..100_000).map(|n| format!(r#""{n:x}":1"#)).collect();
    let object = format!("{{{}}}", members.join(","));
    assert!(taken(&object).1 <= 18 * object.len());
}

#[test]
fn an_ordinary_document_takes_little_more_than_its_text() {
    let (_, text) = examples::GOOD_DOCUMENTS.iter().max_by_key(|(_, text)| text.len()).unwrap();
    let (_, charged) = taken(text);
    assert!(charged < 2 * text.len(), "{charged} for {}", text.len());
}

#[test]
fn a_tree_without_room_is_refused_before_it_is_allocated() {
    let memory = Memory::new(4096);
    let text = format!("[{}1]", "1,".repeat(1000));
    let (mut tree, mut share) = (tree(), memory.share());
    let read = tree.read_text(&text, &mut share).map(|_| ());
    assert_eq!(read, Err(JsonError::NoRoom(NoRoom::Ever { limit: 4096 })));
    assert!(tree.nodes.capacity() * size_of::<Node<'_>>() <= 4096);
    drop(share);
    let (mut tree, mut share) = (self::tree(), memory.share());
    let mut other = memory.share();
    other.take(4000).unwrap();
    let read = tree.read_text("[1]", &mut share).map(|_| ());
    assert_eq!(read, Err(JsonError::NoRoom(NoRoom::Now)));
}

proptest! {
    #[test]
    fn any_json_takes_at_most_a_fixed_multiple_of_its_text(
        text in r#"[\[\]{}:,"\\n1 ]{0,40}"#,
        count in 1..50_usize,
    ) {
        // Most are no JSON: what is one is looked at many times over.
        let text = format!("[{}{text}]", format!("{text},").repeat(count));
        let mut share = share();
        let mut tree = tree();
        let _ = tree.read_text(&text, &mut share);
        prop_assert!(share.bytes() <= 18 * text.len() + NODES * size_of::<Node<'_>>());
    }
}

/// The reference: what `serde_json` makes of a text, members in their order.
fn same(ours: Json<'_>, theirs: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (ours, theirs) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(one), Value::Bool(other)) => one == *other,
        (Json::Number(one), Value::Number(other)) => Some(one) == other.as_f64(),
        (Json::Text(one), Value::String(other)) => one == other,
        (Json::Array(one), Value::Array(other)) => {
            one.iter().count() == other.len() && one.iter().zip(other).all(|(a, b)| same(a, b))
        }
        (Json::Object(one), Value::Object(other)) => other.iter().all(|(name, value)| {
            one.iter().filter(|(it, _)| it == name).last().is_some_and(|(_, it)| same(it, value))
        }),
        _ => false,
    }
}

#[test]
fn what_no_json_has_is_a_fault_in_its_place() {
    for (text, fault) in [
        ("NaN", Fault::NotANumber),
        ("-nan", Fault::NotANumber),
        ("Infinity", Fault::Infinite),
        ("-Infinity", Fault::Infinite),
        ("inf", Fault::Infinite),
        ("1e999", Fault::BeyondDoubles),
        ("-1e999", Fault::BeyondDoubles),
        ("--", Fault::NoJson),
        ("undefined", Fault::NoJson),
        (".5", Fault::NoJson),
        ("5.", Fault::NoJson),
        ("+5", Fault::NoJson),
        ("007", Fault::NoJson),
        ("0x1F", Fault::NoJson),
        ("tru", Fault::NoJson),
        (r#""\ud800""#, Fault::LoneSurrogate),
        (r#""\udc00""#, Fault::LoneSurrogate),
        (r#""\ud800\u0041""#, Fault::LoneSurrogate),
        (r#""\ud800A""#, Fault::LoneSurrogate),
        (r#""\q""#, Fault::Escape),
        (r#""\u12G4""#, Fault::Escape),
        ("\"a\tb\"", Fault::Control),
    ] {
        let text = format!(r#"{{"a":{text},"b":[{text}],"c":1}}"#);
        let (mut tree, mut share) = (tree(), share());
        let members = tree.read_text(&text, &mut share).unwrap().members().unwrap();
        assert_eq!(members.find("a"), Some((0, Json::Fault(fault))), "{text}");
        assert_eq!(members.find("c"), Some((2, Json::Number(1.0))), "{text}");
    }
    let (mut tree, mut share) = (tree(), share());
    let json = tree.read(b"[\"\x83e\x83\x8b\",1]", &mut share).unwrap().0;
    let Json::Array(items) = json else { panic!("{json:?}") };
    assert!(items.iter().eq([Json::Fault(Fault::NotUtf8), Json::Number(1.0)]));
}

#[test]
fn a_pair_of_surrogates_is_one_character() {
    let (mut tree, mut share) = (tree(), share());
    let read = tree.read_text(r#""\ud83d\ude00 \u8840\/\"""#, &mut share);
    assert_eq!(read, Ok(Json::Text("😀 血/\"")));
}

#[test]
fn a_name_that_is_no_text_is_the_name_of_nothing() {
    let (mut tree, mut share) = (tree(), share());
    let json = tree.read_text(r#"{"\ud800":1,"b":2}"#, &mut share).unwrap();
    assert!(
        json.members()
            .unwrap()
            .iter()
            .eq([("\u{fffd}", Json::Number(1.0)), ("b", Json::Number(2.0))])
    );
}

proptest! {
    #[test]
    fn what_is_json_is_read_as_the_reference_reads_it(
        text in r#"[\[\]{}:,"\\nute0189adtrfls. +-]{0,24}"#,
        around in prop::sample::select(vec![("", ""), ("[", "]"), ("{\"a\":", "}")]),
    ) {
        let text = format!("{}{text}{}", around.0, around.1);
        let (mut tree, mut share) = (tree(), share());
        let ours = tree.read(text.as_bytes(), &mut share);
        if let Ok(theirs) = serde_json::from_str::<serde_json::Value>(&text) {
            prop_assert!(ours.is_ok_and(|(ours, _)| same(ours, &theirs)));
        }
    }

    #[test]
    fn a_value_is_read_back(number in any::<f64>(), texts in prop::collection::vec(".{0,8}", 0..4)) {
        let value = serde_json::json!({ "number": number, "texts": texts, "none": null });
        let text = value.to_string();
        let (mut tree, mut share) = (tree(), share());
        let (read, length) = tree.read(text.as_bytes(), &mut share).unwrap();
        prop_assert!(same(read, &value), "{text}");
        prop_assert_eq!(length, text.len());
    }
}
