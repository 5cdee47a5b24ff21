//! Which of a provider's errors are a channel's business.

use super::*;

const QUESTIONS: [Question; 4] = [
    Question::Request(Kind::Provision),
    Question::Request(Kind::Redemption),
    Question::Request(Kind::Refund),
    Question::Lookup,
];

fn said(error_type: ErrorType, code: Option<&str>) -> ProviderError {
    ProviderError {
        error_type,
        message: shortened("no"),
        provider_code: code.map(|code| FreeText::new(code).unwrap()),
        provider_message: None,
    }
}

/// Whether an error is kept from the channel; what is, keeps its name in the provider's code.
fn is_kept(error_type: ErrorType, question: Question) -> bool {
    let found = relayed(said(error_type, None), question);
    if found.error_type == error_type {
        return false;
    }
    assert_eq!(found.error_type, ErrorType::GeneralError);
    assert_eq!(found.provider_code.as_ref().map(FreeText::as_str), Some(error_type.name()));
    let coded = relayed(said(error_type, Some("51")), question);
    assert_eq!(coded.provider_code.as_ref().map(FreeText::as_str), Some("51"));
    let blank = relayed(said(error_type, Some("")), question);
    assert_eq!(blank.provider_code, found.provider_code);
    true
}

#[test]
fn what_a_provider_says_of_its_dealings_with_us_is_not_said_of_the_channels() {
    use ErrorType as Type;
    // Kept from whoever asked for: a provision, a redemption, a refund, a lookup.
    let rows: &[(&[ErrorType], [bool; 4])] = &[
        (&[Type::FormatError, Type::AuthenticationError, Type::DuplicateRecord, Type::RoutingError], [true; 4]),
        (&[Type::UnableToLocateRecord], [true, true, true, false]),
        (&[Type::VoucherAlreadyReversed, Type::VoucherAlreadyConfirmed], [true, false, false, false]),
        (&[Type::RedemptionAlreadyReversed, Type::RedemptionAlreadyConfirmed], [false, true, false, false]),
        (&[Type::RefundAlreadyReversed, Type::RefundAlreadyConfirmed], [false, false, true, false]),
    ];
    for error_type in ErrorType::ALL.iter().filter(|error_type| **error_type != ErrorType::GeneralError) {
        let row = rows.iter().find(|(types, _)| types.contains(error_type));
        let expect = row.map_or([false; 4], |(_, kept)| *kept);
        assert_eq!(QUESTIONS.map(|question| is_kept(*error_type, question)), expect, "{error_type}");
    }
}
