//! What is printed for the customer.

use crate::product::Number;
use crate::text::{CapitalAlphanumeric, FreeText, Text};

/// Receipt text, passed on unaltered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SlipData {
    /// The lines, top to bottom.
    pub message_lines: Vec<SlipLine>,
    /// Characters to a line.
    pub slip_width: Option<i64>,
    /// The issuer's unique reference, 1 to 40 capital letters and digits.
    pub issuer_reference: Option<Text<CapitalAlphanumeric, 1, 40>>,
}

/// One line of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlipLine {
    /// The text.
    pub text: FreeText,
    /// A barcode to print.
    pub barcode: Option<Barcode>,
    /// Width of the letters, 1 where nothing was said.
    pub font_width_scale_factor: Option<Number>,
    /// Height of the letters, 1 where nothing was said.
    pub font_height_scale_factor: Option<Number>,
    /// Whether a rule is drawn.
    pub line: Option<bool>,
    /// Whether the paper is cut.
    pub cut: Option<bool>,
}

/// A barcode on a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barcode {
    /// What it says.
    pub data: FreeText,
    /// How it is drawn.
    pub encoding: FreeText,
}
