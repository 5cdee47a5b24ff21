//! Which test keeps which rule of `behaviour.md`: reversals (section 6) and confirmations (section 7), row by row.

use std::path::Path;

/// A rule, and the tests that fail where it is broken, each as `file::test`.
const RULES: &[(&str, &[&str])] = &[
    ("6: an advice is durable before it is acknowledged", &["crash::a_till_comes_through_its_day"]),
    (
        "6: a request never seen is 404, remembered for good, and the provider is not asked should it come",
        &["finalising/reversals::a_reversal_that_comes_first_is_remembered_for_its_own_kind"],
    ),
    (
        "6: while pending it is 202, the waiting request is told, and the advice follows the request leg",
        &["finalising/reversals::a_reversal_while_the_provider_is_asked_waits_for_its_answer"],
    ),
    (
        "6: approved and not finalised it is 202, chosen and queued",
        &["finalising/reversals::a_reversal_goes_on_with_the_reason_that_the_channel_gave"],
    ),
    (
        "6: in single messaging the acknowledgement waits for the first attempt",
        &["nine_flows::flow_6_a_reversal_after_the_approval_repeated_and_late"],
    ),
    (
        "6: once REVERSE is chosen it is 202 without a second effect",
        &["finalising/reversals::a_repeated_reversal_has_no_second_effect"],
    ),
    (
        "6: of what was declined there is nothing to send",
        &["finalising/reversals::a_reversal_of_what_was_declined_has_nothing_to_send"],
    ),
    (
        "6: once CONFIRM is chosen it is 400 *_ALREADY_CONFIRMED",
        &["finalising::what_is_reversed_is_not_confirmed_and_what_is_confirmed_is_not_reversed"],
    ),
    (
        "6: a provider without advices is sent none, and what it sold is an orphan",
        &["finalising/reversals::a_reversal_is_consumed_where_the_provider_takes_none_and_leaves_an_orphan"],
    ),
    (
        "7: durable, 202, forwarded",
        &["finalising/confirmations::a_confirmation_is_acknowledged_and_forwarded_with_what_the_till_said"],
    ),
    (
        "7: consumed where the provider takes no confirmations",
        &["finalising/confirmations::a_confirmation_is_consumed_where_the_provider_takes_none"],
    ),
    (
        "7: unknown or declined is 404",
        &[
            "finalising/confirmations::there_is_nothing_to_confirm_before_an_approval",
            "finalising::nobody_finalises_for_another_channel",
        ],
    ),
    ("7: still pending is 404", &["finalising/confirmations::what_is_pending_cannot_be_confirmed_yet"]),
    (
        "7: once REVERSE is chosen it is 400 *_ALREADY_REVERSED",
        &[
            "finalising::what_is_reversed_is_not_confirmed_and_what_is_confirmed_is_not_reversed",
            "finalising::of_a_confirmation_and_a_reversal_at_the_same_time_one_is_chosen",
        ],
    ),
    (
        "7: the same advice again is 202",
        &["finalising/confirmations::the_same_confirmation_again_has_no_second_effect"],
    ),
    (
        "7: another advice is 202 for a provision, 400 for a redemption or a refund",
        &[
            "finalising/confirmations::a_second_confirmation_by_another_advice_is_no_error_for_a_provision_only",
            "finalising/confirmations::of_confirmations_at_the_same_time_one_is_chosen",
        ],
    ),
    (
        "7: in single messaging the switch confirms after confirm_after, and a late reversal can still win",
        &[
            "nine_flows::flow_8_confirmation_after_its_time_to_a_provider_that_wants_one",
            "nine_flows::flow_8_of_confirmation_and_late_reversal_one_wins_and_the_loser_is_told",
        ],
    ),
    (
        "7: redemption, refund and lookup wait for what is owed for the same voucher, bounded by their deadline",
        &[
            "voucher_order::a_confirmation_that_was_acknowledged_a_moment_ago_reaches_the_provider_first",
            "voucher_order::what_cannot_be_delivered_in_time_leaves_the_request_unsent_and_its_id_free",
            "voucher_order::a_refund_waits_for_what_is_owed_for_the_redemption_that_it_names",
        ],
    ),
];

/// Whether a file of integration tests has a test of this name that is not left out.
fn is_tested(file: &str, name: &str) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let text = std::fs::read_to_string(folder.join(format!("{file}.rs"))).unwrap_or_default();
    // Either a function with an attribute, or a row of the crash tests' table, which makes one.
    let head = text.split_once(&format!("fn {name}(")).map(|(head, _)| head.to_owned());
    let as_function = head.is_some_and(|head| {
        let attributes: Vec<_> = head.lines().rev().skip(1).take_while(|line| line.starts_with("#[")).collect();
        attributes.iter().any(|line| line.contains("test")) && !attributes.iter().any(|line| line.contains("ignore"))
    });
    as_function || text.contains(&format!("    {name}: Scenario"))
}

#[test]
fn every_rule_of_reversals_and_confirmations_has_its_test() {
    for (rule, tests) in RULES {
        assert!(!tests.is_empty(), "{rule}: no test");
        for test in *tests {
            let (file, name) = test.split_once("::").unwrap();
            assert!(is_tested(file, name), "{rule}: there is no test {test}");
        }
    }
}
