//! The switch itself: its health, its figures and its description.

use http::{Method, StatusCode};
use serde_json::Map;

use crate::openapi::operation::{Answer, Body, Operation, Topic};

/// What needs no credentials.
pub(super) fn operations() -> [Operation; 5] {
    [
        asking(
            "isAlive",
            "/health/live",
            "Is the process alive?",
            "For a supervisor: where this gives no answer, restart the switch.",
            vec![answer(StatusCode::OK, "The process answers.", Body::Text(&["live\n"]))],
        ),
        asking(
            "isReady",
            "/health/ready",
            "Should it be sent work?",
            "For a load balancer: send requests only while the answer is 200.",
            vec![
                answer(
                    StatusCode::OK,
                    "The store takes durable writes, and nobody has asked the switch to stop.",
                    Body::Text(&["ready\n"]),
                ),
                answer(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "Send nothing here for now; the text says why.",
                    Body::Text(&["stopping\n", "the store does not take writes\n"]),
                ),
            ],
        ),
        asking(
            "measure",
            "/metrics",
            "Figures for Prometheus",
            "Requests by outcome, the providers' answering times, open advices, orphans, open circuits and how the store \
             fares. Shield this path from whoever is not to see them.",
            vec![
                answer(StatusCode::OK, "The figures.", Body::Figures),
                answer(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "What is owed could not be counted.",
                    Body::Text(&["the store cannot be read\n"]),
                ),
            ],
        ),
        asking(
            "describe",
            "/openapi.json",
            "This description, for machines",
            "An OpenAPI 3.1 document, to make clients and tests from.",
            vec![answer(StatusCode::OK, "The description.", Body::Description)],
        ),
        asking(
            "document",
            "/docs",
            "This description, for people",
            "One page that loads nothing from anywhere.",
            vec![answer(StatusCode::OK, "The page.", Body::Page)],
        ),
    ]
}

fn asking(id: &'static str, path: &str, summary: &'static str, description: &str, answers: Vec<Answer>) -> Operation {
    Operation {
        id,
        topic: Topic::Service,
        method: Method::GET,
        path: path.to_owned(),
        summary,
        description: description.to_owned(),
        query: Map::new(),
        request: None,
        answers,
    }
}

fn answer(status: StatusCode, meaning: &'static str, body: Body) -> Answer {
    Answer { status, meaning, headers: &[], body }
}
