//! The uploads of the recording as bytes: it names most of them instead of repeating them.
//!
//! Owns: what each name stands for. Never: a copy of the recorded models; they are read from where they lie.

use super::case::{Case, Upload};
use crate::support::{models, zip_of};
use std::path::Path;

/// Where uploads come from.
pub struct Models {
    auto: String,
    shared: std::path::PathBuf,
    expressions: Vec<String>,
}

impl Models {
    /// From all cases, which hold some of the models.
    ///
    /// # Panics
    /// When the recording has no model `auto`.
    pub fn new(cases: &[Case], shared: &Path) -> Models {
        let auto = cases
            .iter()
            .map(Case::upload)
            .find(|content| content.contains("<process id=\"auto\""));
        Models {
            auto: match auto {
                Some(content) => content.to_owned(),
                None => panic!("the recording has no model auto"),
            },
            shared: shared.to_owned(),
            expressions: cases
                .iter()
                .filter_map(condition)
                .map(str::to_owned)
                .collect(),
        }
    }

    /// The bytes of an upload. With `suffix`, its process keys end so.
    ///
    /// # Panics
    /// When the recording names something unknown.
    pub fn content(&self, upload: &Upload, suffix: &str) -> Vec<u8> {
        let auto = self.auto.replace("\"auto\"", &format!("\"auto{suffix}\""));
        let archive = || {
            let (par, gw) = (format!("par{suffix}"), format!("gw{suffix}"));
            zip_of(&[
                ("dir/", b"".as_slice()),
                ("dir/par.bpmn", models::two_side_by_side(&par).as_bytes()),
                ("gw.bpmn20.xml", models::straight_to_the_end(&gw).as_bytes()),
                ("readme.txt", b"no model"),
            ])
        };
        let name = upload.content.as_str();
        if name.starts_with("<?xml") || !name.starts_with('<') || name == "<a/>" {
            return name.as_bytes().to_vec();
        }
        if let Some(model) = name
            .strip_prefix("<oa/")
            .and_then(|rest| rest.strip_suffix('>'))
        {
            let path = self
                .shared
                .join("conformance/process-center/models/oa")
                .join(model);
            return std::fs::read(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        match name {
            "<model auto>" => auto.into_bytes(),
            "<model auto, truncated>" => {
                let end = auto.find("</process>").unwrap_or(auto.len());
                auto.as_bytes()[..end].to_vec()
            }
            "<DOCTYPE with an entity + model auto>" => {
                let (head, rest) = auto.split_once("?>").unwrap_or(("", &auto));
                format!("{head}?><!DOCTYPE definitions [<!ENTITY a \"b\">]>{rest}").into_bytes()
            }
            "<model auto + comment, 1.1 MB>" => padded(&auto, 1_100_000),
            "<model auto + comment, 11 MB>" => padded(&auto, 11_000_000),
            "<zip: dir/, dir/par.bpmn, gw.bpmn20.xml, readme.txt>" | "<zip>" => archive(),
            "<not a zip>" => b"this is no archive".to_vec(),
            "<empty zip>" => zip_of(&[]),
            "<process key of 62 letters k>" => models::one_task(&"k".repeat(62)).into_bytes(),
            _ if name.starts_with("<one process per expression") => self.gateways().into_bytes(),
            _ => panic!("the recording uploads {name}, which this test does not know"),
        }
    }

    /// The key of the process that tries this condition.
    pub fn key_of(&self, condition: &str) -> String {
        let at = self.expressions.iter().position(|known| known == condition);
        format!("expr{}", at.unwrap_or(usize::MAX))
    }

    fn gateways(&self) -> String {
        let processes: String = self
            .expressions
            .iter()
            .map(|condition| {
                format!(
                    "<process id=\"{}\" isExecutable=\"true\"><startEvent id=\"s\"/>\
                     <sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"t\"/>\
                     <userTask id=\"t\" name=\"question\" activiti:assignee=\"s_a\"/>\
                     <sequenceFlow id=\"f2\" sourceRef=\"t\" targetRef=\"x\"/>\
                     <exclusiveGateway id=\"x\" default=\"f4\"/>\
                     <sequenceFlow id=\"f3\" sourceRef=\"x\" targetRef=\"yes\">\
                     <conditionExpression xsi:type=\"tFormalExpression\"><![CDATA[{condition}]]></conditionExpression>\
                     </sequenceFlow><sequenceFlow id=\"f4\" sourceRef=\"x\" targetRef=\"no\"/>\
                     <userTask id=\"yes\" name=\"true\"/><userTask id=\"no\" name=\"default\"/></process>",
                    self.key_of(condition)
                )
            })
            .collect();
        // Ids are unique in a file.
        let mut numbered = String::new();
        for (index, process) in processes.split_inclusive("</process>").enumerate() {
            let mut one = process.to_owned();
            for id in ["s", "t", "x", "yes", "no", "f1", "f2", "f3", "f4"] {
                one = one.replace(&format!("=\"{id}\""), &format!("=\"{id}_{index}\""));
            }
            numbered.push_str(&one);
        }
        models::definitions(&numbered)
    }
}

/// The condition that a case of the expressions tries.
pub fn condition(case: &Case) -> Option<&str> {
    case.body.get("<value> -> outcome")?;
    case.case.strip_prefix("condition ")
}

fn padded(model: &str, bytes: usize) -> Vec<u8> {
    let comment = format!("<!--{}--></definitions>", "x".repeat(bytes - model.len()));
    model.replace("</definitions>", &comment).into_bytes()
}
