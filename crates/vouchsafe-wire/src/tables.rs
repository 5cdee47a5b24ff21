//! Every object of the interface, field by field, in the order it is written.

use vouchsafe_core::message::{
    BasicAdvice, BasicReversal, Header, ProductsLookupResponse, ProvisionRequest, ProvisionResponse, RedemptionRequest,
    RedemptionResponse, RefundRequest, RefundResponse, TenderAdvice, TransactionLabel, VoucherLookupResponse,
};
use vouchsafe_core::money::{Amounts, LedgerAmount, Tender};
use vouchsafe_core::party::{
    Address, Customer, EntryMode, Institution, Merchant, MerchantName, Originator, PosInfo, ThirdPartyIdentifier,
};
use vouchsafe_core::product::{ChannelProductListing, Product};
use vouchsafe_core::slip::{Barcode, SlipData, SlipLine};
use vouchsafe_core::voucher::{EncryptionParameters, PresentedVoucher, Voucher};

use crate::object::objects;

objects! {
    /// What every request and response begins with.
    Header {
        id: required "id";
        time: required "time";
        originator: required "originator";
        client: required "client";
        settlement_entity: optional "settlementEntity";
        receiver: optional "receiver";
        third_party_identifiers: required "thirdPartyIdentifiers";
        slip_data: optional "slipData";
        basket_ref: optional "basketRef" = "BASKET-1";
        tran_type: optional "tranType";
        src_acc_type: optional "srcAccType";
        dest_acc_type: optional "destAccType";
        stan: optional "stan" = "123456";
        rrn: optional "rrn" = "012345678901";
        transaction_labels: list "transactionLabels";
    }

    /// Asks for a voucher. One with neither product, amounts nor voucher is valid.
    ProvisionRequest {
        header: flattened Header;
        amounts: optional "amounts";
        tenders: list "tenders";
        voucher: optional "voucher";
        product: optional "product";
        pos_info: optional "posInfo";
        recipient: optional "recipient";
    }

    /// Hands over a voucher.
    ProvisionResponse {
        header: flattened Header;
        amounts: optional "amounts";
        voucher: required "voucher";
        product: optional "product";
        pos_info: optional "posInfo";
        recipient: optional "recipient";
    }

    /// Asks that a voucher be taken: for all that it is worth, or for the `requestAmount`.
    RedemptionRequest {
        header: flattened Header;
        voucher: required "voucher";
        amounts: optional "amounts";
        pos_info: optional "posInfo";
        customer: optional "customer";
    }

    /// The voucher was taken.
    RedemptionResponse {
        header: flattened Header;
        voucher: optional "voucher";
        amounts: optional "amounts";
        pos_info: optional "posInfo";
        customer: optional "customer";
    }

    /// Asks that what a redemption took be given back: all of it, or the `requestAmount`.
    RefundRequest {
        header: flattened Header;
        voucher: required "voucher";
        amounts: optional "amounts";
        redemption_id: optional "redemptionId";
        receiver_transaction_ref: optional "receiverTransactionRef" = "ISSUER-REF-1";
        pos_info: optional "posInfo";
    }

    /// It was given back.
    RefundResponse {
        header: flattened Header;
        amounts: optional "amounts";
        voucher: optional "voucher";
        pos_info: optional "posInfo";
    }

    /// What is known of a voucher. An amount that cannot be read is not passed over: an absent one means zero.
    VoucherLookupResponse {
        voucher: required "voucher";
        receiver: optional "receiver";
        settlement_entity: optional "settlementEntity";
        amounts: checked "amounts";
        product: optional "product";
        pos_info: optional "posInfo";
        third_party_identifiers: list "thirdPartyIdentifiers";
        rrn: optional "rrn" = "012345678901";
    }

    /// States a fact about a request that was sent before.
    BasicAdvice {
        id: required "id";
        request_id: required "requestId";
        time: required "time";
        third_party_identifiers: required "thirdPartyIdentifiers";
        stan: optional "stan" = "123456";
        rrn: optional "rrn" = "012345678901";
        amounts: optional "amounts";
    }

    /// The request must not stand.
    BasicReversal {
        advice: flattened BasicAdvice;
        reason: required "reversalReason";
    }

    /// The voucher was handed over and the tender taken.
    TenderAdvice {
        advice: flattened BasicAdvice;
        tenders: list "tenders";
    }

    /// What a channel may sell.
    ProductsLookupResponse {
        products: required "products";
    }

    /// A name and a value for grouping; never influences processing.
    TransactionLabel {
        name: required "name" = "campaign";
        value: required "value" = "spring";
    }

    /// A system that takes part in a transaction.
    Institution {
        id: required "id" = "demo-app";
        name: required "name" = "Demo App";
    }

    /// Where the sale began.
    Originator {
        institution: required "institution";
        terminal_id: required "terminalId" = "APP00001";
        merchant: required "merchant";
        operator_id: optional "operatorId" = "operator-7";
        channel_id: optional "channelId" = "mobile";
    }

    /// The shop that made the sale.
    Merchant {
        merchant_type: required "merchantType" = "5411";
        merchant_id: required "merchantId" = "000000000012345";
        merchant_name: required "merchantName";
    }

    /// A shop's name and place, as card slips show it.
    MerchantName {
        name: required "name" = "Corner Shop";
        city: required "city" = "Cape Town";
        region: required "region" = "WC";
        country: required "country" = "ZA";
    }

    /// One party's own reference for the transaction. No party alters another's.
    ThirdPartyIdentifier {
        institution_id: required "institutionId" = "demo-app";
        transaction_identifier: required "transactionIdentifier" = "order-1001";
    }

    /// An amount in minor units: R799.95 is 79995.
    LedgerAmount {
        amount: required "amount" = 5000;
        currency: required "currency" = "710";
        ledger_indicator: optional "ledgerIndicator";
    }

    /// The amounts of a transaction; an absent one means zero.
    Amounts {
        request_amount: optional "requestAmount";
        approved_amount: optional "approvedAmount";
        fee_amount: optional "feeAmount";
        balance_amount: optional "balanceAmount";
        additional_amounts: list "additionalAmounts";
    }

    /// How the customer paid.
    Tender {
        tender_type: required "tenderType";
        amount: required "amount";
        account_type: optional "accountType";
        card_number: optional "cardNumber" = "123456******1234";
        reference: optional "reference" = "payment-77";
    }

    /// A voucher. Its code and PIN are secret.
    Voucher {
        code: optional "code" = "1234-5678-9012-3456";
        expiry_date: optional "expiryDate";
        redeem_instructions: list "redeemInstructions" = ["Dial *130*123# and enter the code"];
        serial_number: optional "serialNumber" = "SN00000017";
        pin: optional "pin";
    }

    /// A voucher that somebody has in hand, so its code is known. Code and PIN are secret.
    PresentedVoucher {
        code: required "code" = "1234-5678-9012-3456";
        expiry_date: optional "expiryDate";
        redeem_instructions: list "redeemInstructions" = ["Dial *130*123# and enter the code"];
        serial_number: optional "serialNumber" = "SN00000017";
        pin: optional "pin";
    }

    /// How an encrypted PIN block was made.
    EncryptionParameters {
        pin_block_format: required "pinBlockFormat";
        account_number: required "accountNumber" = "123456789012";
        key_index: required "keyIndex" = 1;
    }

    /// A product.
    Product {
        product_id: required "productId" = "AIRTIME50";
        barcode: optional "barcode" = "6001234567890";
        name: optional "name" = "Airtime R50";
        description: optional "description" = "Prepaid airtime for any network";
        amount: optional "amount";
        min_amount: optional "minAmount";
        max_amount: optional "maxAmount";
        is_fixed_value: optional "isFixedValue" = true;
        channel_product_listings: list "channelProductListings";
        receiver: optional "receiver";
    }

    /// How one channel shows a product.
    ChannelProductListing {
        channel_name: required "channelName" = "demo-app";
        product_display_name: optional "productDisplayName" = "Airtime R50";
        product_display_category: optional "productDisplayCategory" = "Airtime";
        product_display_sort_order: optional "productDisplaySortOrder" = 10;
        channel_product_identifier: optional "channelProductIdentifier" = "SKU-50";
    }

    /// Receipt text, passed on unaltered.
    SlipData {
        message_lines: list "messageLines";
        slip_width: optional "slipWidth" = 40;
        issuer_reference: optional "issuerReference" = "ISSUER001";
    }

    /// One line of a receipt.
    SlipLine {
        text: required "text" = "Thank you";
        barcode: optional "barcode";
        font_width_scale_factor: optional "fontWidthScaleFactor" = 1;
        font_height_scale_factor: optional "fontHeightScaleFactor" = 1;
        line: optional "line" = false;
        cut: optional "cut" = false;
    }

    /// A barcode on a receipt.
    Barcode {
        data: required "data" = "6001234567890";
        encoding: required "encoding" = "EAN13";
    }

    /// Who receives the voucher, or redeems it.
    Customer {
        first_name: optional "firstName" = "Thandi";
        last_name: optional "lastName" = "Mokoena";
        address: optional "address" = "1 Long Street, Cape Town";
        address_details: optional "addressDetails";
        date_of_birth: optional "dateOfBirth" = "1990-01-31";
        status: optional "status" = "ACTIVE";
        profile_id: optional "profileId" = "profile-1";
        msisdn: optional "msisdn" = "+27821234567";
        email_address: optional "emailAddress" = "thandi@example.com";
    }

    /// An address in parts. All of it is secret.
    Address {
        address_line1: optional "addressLine1" = "1 Long Street";
        address_line2: optional "addressLine2" = "Gardens";
        city: optional "city" = "Cape Town";
        region: optional "region" = "WC";
        country: optional "country" = "ZA";
        postal_code: optional "postalCode" = "8001";
    }

    /// How card and PIN were entered at the point of sale.
    PosInfo {
        entry_mode: optional "entryMode";
        pos_condition_code: optional "posConditionCode";
    }

    /// Entry of card and PIN.
    EntryMode {
        pan_entry_mode: required "panEntryMode";
        pin_entry_capability: required "pinEntryCapability";
    }
}
