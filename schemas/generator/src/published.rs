//! The published versions of every Avro schema, and a new one when the declarations ask for it.
//!
//! A version is published when it is committed: from then on it never changes. Until then it is made
//! anew with every change of the declarations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The folder of published schemas.
pub const FOLDER: &str = "schemas/avro/published";

/// The numbers of the published versions of every record.
pub type Versions = BTreeMap<String, Vec<u32>>;

/// What is published.
#[derive(Debug)]
pub struct Published {
    /// Every version whose file is there.
    pub versions: Versions,
    /// Those that are committed.
    committed: Versions,
    /// Of each committed version of `reading`, oldest first: its kinds' records with their fields.
    readings: Vec<BTreeMap<String, BTreeSet<String>>>,
}

impl Published {
    /// What is published below a root. Where it is no repository of Git, all that is there.
    ///
    /// # Errors
    /// When a file cannot be read or is no schema, or the folder holds something else.
    pub fn read(root: &Path) -> Result<Self, String> {
        let versions = versions(root)?;
        let mut committed = versions.clone();
        if let Some(names) = committed_names(root) {
            for (record, numbers) in &mut committed {
                numbers.retain(|number| names.contains(&name(record, *number)));
            }
        }
        let mut readings = Vec::new();
        for number in committed.get("reading").into_iter().flatten() {
            let path = path("reading", *number);
            let schema = std::fs::read_to_string(root.join(&path));
            let schema = schema.map_err(|error| format!("{path}: {error}"))?;
            readings.push(records(&schema).map_err(|error| format!("{path}: {error}"))?);
        }
        Ok(Self { versions, committed, readings })
    }

    /// The version of `reading` that has a kind's record first: the next one, where none has it.
    pub fn since(&self, record: &str) -> u32 {
        self.first(|records| records.contains_key(record))
    }

    /// The version of `reading` that has a field of a kind's record first.
    pub fn since_of_field(&self, record: &str, field: &str) -> u32 {
        self.first(|records| records.get(record).is_some_and(|fields| fields.contains(field)))
    }

    fn first(&self, has_it: impl Fn(&BTreeMap<String, BTreeSet<String>>) -> bool) -> u32 {
        let place = self.readings.iter().position(has_it);
        place.unwrap_or(self.readings.len()) as u32 + 1
    }

    /// The numbers of a record's versions with this schema, and the file of the version that it makes
    /// where it is none of those that are committed.
    ///
    /// # Errors
    /// When a file cannot be read, or is not needed.
    pub fn with(
        &self,
        root: &Path,
        record: &str,
        schema: &str,
    ) -> Result<(Vec<u32>, Option<String>), String> {
        let mut numbers = self.committed.get(record).cloned().unwrap_or_default();
        let newest = numbers.last().map(|number| path(record, *number));
        let is_new = match &newest {
            None => true,
            Some(path) => {
                let text = std::fs::read_to_string(root.join(path));
                !is_same_form(&text.map_err(|error| format!("{path}: {error}"))?, schema)?
            }
        };
        let next = numbers.len() as u32 + 1;
        if is_new {
            numbers.push(next);
        }
        let mut here = self.versions.get(record).into_iter().flatten();
        if let Some(number) = here.find(|number| !numbers.contains(number)) {
            let path = path(record, *number);
            return Err(format!("{path} is not committed, and nothing needs it: delete it"));
        }
        Ok((numbers, is_new.then(|| path(record, next))))
    }
}

/// The name of a version's file.
fn name(record: &str, number: u32) -> String {
    format!("{record}.{number}.avsc")
}

/// The file of a version, below the root.
fn path(record: &str, number: u32) -> String {
    format!("{FOLDER}/{}", name(record, number))
}

/// The names of the files that are committed; none where that is not known: without Git, or in a copy
/// that some other repository happens to hold.
fn committed_names(root: &Path) -> Option<BTreeSet<String>> {
    let folder = format!("{FOLDER}/");
    let git = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["ls-tree", "--name-only", "HEAD", "--", &folder])
        .output();
    let listed = git.ok().filter(|git| git.status.success())?.stdout;
    let listed = String::from_utf8(listed).ok()?;
    let names = listed.lines().filter_map(|line| line.strip_prefix(&folder));
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    (!names.is_empty()).then_some(names)
}

/// The records of a reading's measurement, with their fields.
fn records(schema: &str) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    let schema: Value = serde_json::from_str(schema).map_err(|error| error.to_string())?;
    let fields = |record: &Value| record["fields"].as_array().cloned().unwrap_or_default();
    let name = |named: &Value| named["name"].as_str().unwrap_or_default().to_owned();
    let measurement = fields(&schema).into_iter().find(|field| field["name"] == "measurement");
    let measurement = measurement.ok_or("it has no field measurement")?;
    let union = measurement["type"].as_array().ok_or("its measurement is no union")?;
    Ok(union
        .iter()
        .map(|record| (name(record), fields(record).iter().map(name).collect()))
        .collect())
}

/// What is there: `<record>.<number>.avsc`.
///
/// # Errors
/// When the folder cannot be read, or holds something else.
fn versions(root: &Path) -> Result<Versions, String> {
    let mut versions = Versions::new();
    let entries = std::fs::read_dir(root.join(FOLDER)).map_err(|e| format!("{FOLDER}: {e}"))?;
    for entry in entries {
        let name = entry.map_err(|error| error.to_string())?.file_name();
        let name = name.to_string_lossy();
        let mut parts = name.split('.');
        let (Some(record), Some(Ok(number)), Some("avsc"), None) =
            (parts.next(), parts.next().map(str::parse), parts.next(), parts.next())
        else {
            return Err(format!("{FOLDER}/{name} is not named <record>.<number>.avsc"));
        };
        versions.entry(record.to_owned()).or_default().push(number);
    }
    for (record, numbers) in &mut versions {
        numbers.sort_unstable();
        if !numbers.iter().copied().eq(1..=numbers.len() as u32) {
            return Err(format!("versions of {record} are numbered from 1 without a gap"));
        }
    }
    Ok(versions)
}

/// Whether two schemas are of the same form, whatever their documentation says.
///
/// # Errors
/// When one is no JSON.
fn is_same_form(one: &str, other: &str) -> Result<bool, String> {
    let form = |text: &str| {
        let mut schema: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        strip_docs(&mut schema);
        Ok::<Value, String>(schema)
    };
    Ok(form(one)? == form(other)?)
}

fn strip_docs(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("doc").is_some_and(Value::is_string) {
                members.remove("doc");
            }
            members.values_mut().for_each(strip_docs);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_docs),
        _ => {}
    }
}

/// The file `schemas/src/published.rs`.
pub fn code(versions: &Versions) -> String {
    let mut out = String::from("//! Every schema ever published, oldest first.\n");
    for (record, numbers) in versions {
        let _ = writeln!(
            out,
            "/// Of `{record}`.\npub(crate) const {}: &[&str] = &[",
            record.to_uppercase()
        );
        for number in numbers {
            let _ = writeln!(out, "include_str!(\"../avro/published/{record}.{number}.avsc\"),");
        }
        out.push_str("];\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A folder of published schemas, removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&root);
            std::fs::create_dir_all(root.join(FOLDER)).unwrap();
            Self(root)
        }

        fn write(&self, number: u32, kinds: &[(&str, &[&str])]) {
            std::fs::write(self.0.join(path("reading", number)), schema(kinds)).unwrap();
        }

        fn commit(&self) {
            let git = |arguments: &[&str]| {
                let git = Command::new("git")
                    .args(["-c", "user.name=test", "-c", "user.email=test@localhost"])
                    .arg("-C")
                    .arg(&self.0)
                    .args(arguments)
                    .output()
                    .unwrap();
                assert!(git.status.success(), "{git:?}");
            };
            git(&["init", "--quiet"]);
            git(&["add", "--all"]);
            git(&["commit", "--quiet", "--message", "Publish"]);
        }

        fn read(&self) -> Published {
            Published::read(&self.0).unwrap()
        }

        fn with(&self, kinds: &[(&str, &[&str])]) -> Result<(Vec<u32>, Option<String>), String> {
            self.read().with(&self.0, "reading", &schema(kinds))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// A schema of readings of kinds with fields.
    fn schema(kinds: &[(&str, &[&str])]) -> String {
        let field = |name: &&str| serde_json::json!({ "name": name, "type": "int" });
        let record = |(name, fields): &(&str, &[&str])| {
            let fields: Vec<Value> = fields.iter().map(field).collect();
            serde_json::json!({ "type": "record", "name": name, "fields": fields })
        };
        let union: Vec<Value> = kinds.iter().map(record).collect();
        let fields = serde_json::json!([{ "name": "measurement", "type": union }]);
        serde_json::json!({ "type": "record", "name": "Reading", "fields": fields }).to_string()
    }

    const FIRST: &[(&str, &[&str])] = &[("Weight", &["kg"])];
    const DRAFT: &[(&str, &[&str])] = &[("Weight", &["kg"]), ("Rate", &["rate"])];
    const SECOND: &[(&str, &[&str])] = &[("Weight", &["kg"]), ("Rate", &["rate", "rest"])];

    #[test]
    fn a_version_is_made_anew_until_it_is_committed_and_never_again_after_that() {
        let folder = Folder::new("made-anew");
        folder.write(1, FIRST);
        folder.commit();
        let second = Some(path("reading", 2));
        assert_eq!(folder.with(FIRST), Ok((vec![1], None)));
        assert_eq!(folder.with(DRAFT), Ok((vec![1, 2], second.clone())));
        folder.write(2, DRAFT);
        assert_eq!(folder.with(SECOND), Ok((vec![1, 2], second)));
        folder.write(2, SECOND);
        folder.commit();
        assert_eq!(folder.with(SECOND), Ok((vec![1, 2], None)));
        assert_eq!(folder.with(DRAFT), Ok((vec![1, 2, 3], Some(path("reading", 3)))));
    }

    #[test]
    fn kinds_and_fields_are_since_the_first_committed_version_that_has_them() {
        let folder = Folder::new("since");
        folder.write(1, FIRST);
        folder.commit();
        folder.write(2, DRAFT);
        assert_eq!((folder.read().since("Weight"), folder.read().since("Rate")), (1, 2));
        // A field that is added before its kind is published is one of the kind's first form.
        assert_eq!(folder.read().since_of_field("Rate", "rest"), 2);
        folder.commit();
        assert_eq!(folder.read().since("Rate"), 2);
        assert_eq!(folder.read().since_of_field("Rate", "rate"), 2);
        assert_eq!(folder.read().since_of_field("Rate", "rest"), 3);
    }

    #[test]
    fn a_version_that_is_not_committed_and_not_needed_is_refused() {
        let folder = Folder::new("not-needed");
        folder.write(1, FIRST);
        folder.commit();
        folder.write(2, DRAFT);
        let refused = folder.with(FIRST).unwrap_err();
        assert!(refused.contains("reading.2.avsc is not committed"), "{refused}");
    }

    #[test]
    fn without_a_repository_all_that_is_there_is_published() {
        let folder = Folder::new("no-repository");
        folder.write(1, FIRST);
        folder.write(2, DRAFT);
        assert_eq!(folder.with(DRAFT), Ok((vec![1, 2], None)));
        assert_eq!(folder.with(SECOND), Ok((vec![1, 2, 3], Some(path("reading", 3)))));
    }
}
