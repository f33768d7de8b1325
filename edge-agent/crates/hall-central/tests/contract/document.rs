//! The AsyncAPI document speaks of the topics of the code, of the published schemas, and of no others. Its own parser reads it elsewhere
//! (`tests/asyncapi`).

use std::collections::BTreeSet;
use std::fs;

use edge_uplink::topics::Topic;
use hall_central::schemas::PUBLISHED;
use hall_wire::meta::CONTRACT;
use yaml_rust2::{Yaml, YamlLoader};

use crate::docs;

fn document() -> Yaml {
    let text = fs::read_to_string(docs().join("asyncapi.yaml")).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

#[test]
fn topics_in_the_document_and_topics_in_the_code_are_the_same() {
    let document = document();
    let said: BTreeSet<String> = (document["channels"].as_hash().unwrap().values())
        .map(|channel| channel["address"].as_str().unwrap().to_owned())
        .collect();
    let root = "hall/v1/{province}/{city}/{county}/{hall}/{box}/";
    let known: BTreeSet<String> = (Topic::ALL.iter())
        .map(|topic| format!("{root}{}", topic.pattern()))
        .collect();
    assert_eq!(said, known);
    assert_eq!(document["info"]["version"].as_str(), Some(CONTRACT));
}

#[test]
fn every_schema_is_the_payload_of_a_message() {
    fn refs(yaml: &Yaml, found: &mut BTreeSet<String>) {
        match yaml {
            Yaml::Hash(map) => {
                for (key, value) in map {
                    if let (Some("$ref"), Some(to)) = (key.as_str(), value.as_str()) {
                        let file = to
                            .strip_prefix("./schemas/")
                            .and_then(|f| f.strip_suffix(".json"));
                        found.extend(file.map(str::to_owned));
                    }
                    refs(value, found);
                }
            }
            Yaml::Array(list) => list.iter().for_each(|value| refs(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    refs(&document(), &mut found);
    let published: BTreeSet<String> = PUBLISHED
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(found, published);
}
