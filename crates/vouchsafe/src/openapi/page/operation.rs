//! One operation: how to call it, what to send, what comes back, what can go wrong.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Map, Value as Json, json};

use super::markup::Markup;
use super::{prose, schema};
use crate::openapi::document::Reading;

/// Where a sandbox listens.
const SANDBOX: &str = "http://127.0.0.1:8080";

/// An operation of the document, with its place.
#[derive(Clone, Copy)]
pub(super) struct Operation<'a> {
    pub(super) path: &'a str,
    pub(super) method: &'a str,
    pub(super) json: &'a Json,
}

impl<'a> Operation<'a> {
    /// Every operation of a document, in its order.
    pub(super) fn all(document: &'a Json) -> impl Iterator<Item = Self> {
        document["paths"].as_object().into_iter().flatten().flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, json)| Self { path, method, json })
        })
    }

    pub(super) fn id(self) -> &'a str {
        self.json["operationId"].as_str().unwrap_or_default()
    }

    pub(super) fn summary(self) -> &'a str {
        self.json["summary"].as_str().unwrap_or_default()
    }

    pub(super) fn is_about(self, topic: &str) -> bool {
        self.json["tags"].as_array().is_some_and(|topics| topics.iter().any(|about| about == topic))
    }

    pub(super) fn anchor(self) -> String {
        format!("operation-{}", self.id())
    }

    fn request(self) -> &'a Json {
        &self.json["requestBody"]["content"]["application/json"]
    }

    /// The answers, by status.
    fn answers(self) -> impl Iterator<Item = (StatusCode, &'a Json)> {
        let answers = self.json["responses"].as_object().into_iter().flatten();
        answers.filter_map(|(status, answer)| Some((status.parse().ok()?, answer)))
    }

    /// The messages that it exchanges, by the names of their schemas; errors are not among them.
    pub(super) fn messages(self) -> impl Iterator<Item = &'a str> {
        let answers = self.answers().filter(|(status, _)| status.is_success());
        let contents = answers.map(|(_, answer)| &answer["content"]["application/json"]);
        [self.request()].into_iter().chain(contents).filter_map(|content| schema::referred(&content["schema"]))
    }

    /// The parameters of its path and query; of the headers the overview speaks.
    fn parameters(self, document: &'a Json) -> impl Iterator<Item = &'a Json> {
        let names = self.json["parameters"].as_array().into_iter().flatten().filter_map(schema::referred);
        let all = names.map(|name| &document["components"]["parameters"][name]);
        all.filter(|parameter| parameter["in"] != "header")
    }

    /// Its address on a sandbox: with the ids of the examples, and asking for the sale of the examples.
    fn address(self, document: &'a Json) -> String {
        let mut address = format!("{SANDBOX}{}", self.path);
        for parameter in self.parameters(document) {
            let (Some(name), Some(example)) = (parameter["name"].as_str(), parameter["example"].as_str()) else {
                continue;
            };
            if parameter["in"] == "path" {
                address = address.replace(&format!("{{{name}}}"), example);
            } else {
                let mark = if address.contains('?') { '&' } else { '?' };
                address += &format!("{mark}{name}={example}");
            }
        }
        address
    }

    /// A command that calls it.
    fn curl(self, document: &'a Json) -> String {
        let mut command = "curl -i".to_owned();
        if self.json["security"].is_null() {
            command += " -u demo-app:secret";
        }
        command += &format!(" '{}'", self.address(document));
        if let Some((_, example)) = examples(self.request()).next() {
            // Within single quotes a shell takes everything as it is but the single quote.
            let body = format!("{:#}", example["value"]).replace('\'', r"'\''");
            command += &format!(" \\\n  -H 'Content-Type: application/json' -d '{body}'");
        }
        command
    }
}

/// The examples of a body, by name.
fn examples(content: &Json) -> impl Iterator<Item = (&String, &Json)> {
    content["examples"].as_object().into_iter().flatten()
}

/// The section of an operation. Messages that `told` holds have their table elsewhere on the page.
pub(super) fn section<'a>(
    page: &mut Markup,
    document: &'a Json,
    operation: Operation<'a>,
    told: &mut BTreeSet<&'a str>,
) {
    let mut message = |page: &mut Markup, content: &'a Json| {
        let Some(name) = schema::referred(&content["schema"]) else { return };
        let described = &document["components"]["schemas"][name];
        if told.insert(name) {
            page.element("div", &[("id", &schema::anchor(name))], |page| schema::fields(page, described));
        } else {
            page.element("p", &[], |page| {
                page.text("The fields are told at ").link(&schema::anchor(name), name).text(".");
            });
        }
    };
    page.element("section", &[("class", "operation")], |page| {
        page.leaf("h3", &[("id", &operation.anchor())], operation.summary());
        page.element("p", &[("class", "path")], |page| {
            page.leaf("span", &[("class", "method")], &operation.method.to_uppercase()).text(" ");
            page.leaf("code", &[], operation.path).text(" ");
            page.leaf("span", &[("class", "name")], operation.id());
        });
        prose::prose(page, operation.json["description"].as_str().unwrap_or_default());
        page.element("figure", &[], |page| {
            page.leaf("figcaption", &[], "Try it on a sandbox (click the text to select all of it)");
            page.leaf("pre", &[("class", "copy")], &operation.curl(document));
        });
        let asked = question(operation.parameters(document));
        if asked["properties"].as_object().is_some_and(|parameters| !parameters.is_empty()) {
            page.leaf("h4", &[], "In the address");
            schema::fields(page, &asked);
        }
        if let Some(name) = schema::referred(&operation.request()["schema"]) {
            page.leaf("h4", &[], &format!("What to send: {name}"));
            // The first example is the body of the command above.
            bodies(page, examples(operation.request()).skip(1));
            message(page, operation.request());
        }
        let (good, bad): (Vec<_>, Vec<_>) = operation.answers().partition(|(status, _)| status.is_success());
        for (status, answer) in good {
            success(page, document, operation.path, (status, answer));
            message(page, &answer["content"]["application/json"]);
        }
        if !bad.is_empty() {
            refusals(page, operation.path, &bad);
        }
    });
}

/// Parameters as the fields of an object, which is how they are told.
fn question<'a>(parameters: impl Iterator<Item = &'a Json>) -> Json {
    let (mut properties, mut required, mut examples) = (Map::new(), Vec::new(), Map::new());
    for parameter in parameters {
        let Some(name) = parameter["name"].as_str() else { continue };
        let mut schema = parameter["schema"].clone();
        let example = parameter.get("example").unwrap_or(&schema["examples"][0]);
        examples.insert(name.to_owned(), example.clone());
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".to_owned(), parameter["description"].clone());
        }
        if parameter["required"] == true {
            required.push(name);
        }
        properties.insert(name.to_owned(), schema);
    }
    json!({ "properties": properties, "required": required, "examples": [examples] })
}

/// An answer that is a success, but for the table of its fields.
fn success(page: &mut Markup, document: &Json, path: &str, (status, answer): (StatusCode, &Json)) {
    let content = &answer["content"]["application/json"];
    let name = schema::referred(&content["schema"]).map(|name| format!(": {name}")).unwrap_or_default();
    page.leaf("h4", &[], &format!("What comes back{name}"));
    page.element("p", &[], |page| {
        badge(page, Reading::of(status, path), status);
        prose::line(page, answer["description"].as_str().unwrap_or_default());
    });
    page.element("ul", &[("class", "headers")], |list| {
        for header in answer["headers"].as_object().into_iter().flatten().map(|(header, _)| header) {
            let described = &document["components"]["headers"][header]["description"];
            list.element("li", &[], |item| {
                item.leaf("code", &[], header).text(": ").text(described.as_str().unwrap_or_default());
            });
        }
    });
    bodies(page, examples(content));
}

/// Example bodies, folded away.
fn bodies<'a>(page: &mut Markup, examples: impl Iterator<Item = (&'a String, &'a Json)>) {
    for (_, example) in examples {
        let summary = example["summary"].as_str().unwrap_or("Example");
        body(page, summary, &example["value"]);
    }
}

fn body(page: &mut Markup, summary: &str, value: &Json) {
    page.element("details", &[], |page| {
        page.element("summary", &[], |page| prose::line(page, summary));
        page.leaf("pre", &[("class", "copy")], &format!("{value:#}"));
    });
}

/// Everything but successes.
fn refusals(page: &mut Markup, path: &str, answers: &[(StatusCode, &Json)]) {
    page.leaf("h4", &[], "What can go wrong");
    let contents = answers.iter().map(|(_, answer)| &answer["content"]["application/json"]["schema"]);
    if let Some(name) = contents.filter_map(schema::referred).next() {
        page.element("p", &[], |page| {
            page.text("The body says more: ").link(&schema::anchor(name), name).text(".");
        });
    }
    for (status, answer) in answers {
        page.element("div", &[("class", "refusal")], |page| {
            page.element("p", &[], |page| {
                badge(page, Reading::of(*status, path), *status);
                prose::line(page, answer["description"].as_str().unwrap_or_default());
            });
            let content = &answer["content"]["application/json"];
            if content.is_object() {
                page.element("table", &[("class", "errors")], |table| {
                    table.element("tbody", &[], |rows| {
                        for (name, example) in examples(content) {
                            rows.element("tr", &[], |row| case(row, name, example));
                        }
                    });
                });
            }
            for (_, example) in examples(&answer["content"]["text/plain"]) {
                page.leaf("pre", &[], example["value"].as_str().unwrap_or_default());
            }
        });
    }
}

/// One error type that a status comes with.
fn case(row: &mut Markup, error_type: &str, example: &Json) {
    row.element("th", &[("scope", "row")], |cell| {
        cell.leaf("code", &[], error_type);
    });
    row.element("td", &[], |cell| {
        prose::line(cell, example["summary"].as_str().unwrap_or_default());
        cell.text(".");
        body(cell, "Example", &example["value"]);
    });
}

/// A status, coloured by what it means to a channel.
fn badge(page: &mut Markup, reading: Reading, status: StatusCode) {
    let class = match reading {
        Reading::Success => "badge success",
        Reading::Failed => "badge failed",
        // Neither proves anything.
        Reading::Unknown | Reading::Refused => "badge unknown",
    };
    page.leaf("span", &[("class", class)], &status.to_string()).text(" ");
}
