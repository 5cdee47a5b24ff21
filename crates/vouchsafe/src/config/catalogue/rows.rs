//! A catalogue as CSV (RFC 4180), for whoever keeps products in a spreadsheet.
//!
//! The columns are named as the settings of the TOML form, those of `issuer`, `listings` and `sources` with a dot.
//! Rows become the very tree that the TOML form is read into, so that both are judged by the same rules and in the
//! same words; each cell keeps the place of its row, and with it the line.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::config::fault::{Fault, RowsWrong, Wrong};

/// What stands in the table of a product, in the order of the TOML form.
const PRODUCT: &[&str] = &["id", "name", "description", "barcode", "currency", "price", "from", "to", "open"];
/// What stands in a table within it.
const ISSUER: &[&str] = &["issuer.id", "issuer.name"];
const LISTINGS: &[&str] = &["listings.channel", "listings.name", "listings.category", "listings.order", "listings.id"];
const SOURCES: &[&str] = &["sources.provider", "sources.product", "sources.weight"];
/// The columns of numbers and of yes and no. In all others digits are text: a barcode, say.
const NOT_TEXT: &[&str] = &["price", "from", "to", "open", "listings.order", "sources.weight"];

/// A cell that is not empty: its column, its text, and where its row begins.
struct Cell {
    column: &'static str,
    text: String,
}

/// One row of the file that is not empty.
pub(super) struct Row {
    cells: Vec<Cell>,
    at: Range<usize>,
}

/// The tree of a catalogue's rows.
pub(super) fn tree(rows: &[Row]) -> DeTable<'_> {
    let mut products: Vec<Product<'_>> = Vec::new();
    for row in rows {
        match products.last_mut() {
            Some(product) if product.is_continued_by(row) => product.add(row),
            _ => products.push(Product::new(row)),
        }
    }
    let mut root = DeTable::new();
    if !products.is_empty() {
        let products = products.into_iter().map(Product::into_table).collect();
        insert(&mut root, "product", 0..0, DeValue::Array(products));
    }
    root
}

/// Every row below the heads.
///
/// # Errors
/// By line, what makes it impossible to tell which cell stands in which column.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fault = |at: usize, key: &str, wrong| {
        let line = text.bytes().take(at).filter(|letter| *letter == b'\n').count() + 1;
        faults.push(Fault { line: Some(line), key: key.to_owned(), wrong });
    };
    let mut heads: Option<Vec<Option<&'static str>>> = None;
    let mut rows = Vec::new();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    for record in reader.records() {
        // A text is UTF-8, rows may differ in length, and reading from memory cannot fail.
        let Ok(record) = record else { continue };
        let at = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(text.len());
        // The reader reckons the end of the row before, and empty lines, to the row that follows.
        let at = at + text.bytes().skip(at).take_while(|letter| b"\r\n".contains(letter)).count();
        let Some(heads) = &heads else {
            heads = Some(read_heads(&record, |key, wrong| fault(at, key, wrong)));
            continue;
        };
        if record.len() != heads.len() {
            fault(at, "", Wrong::Rows(RowsWrong::Cells { wanted: heads.len(), found: record.len() }));
            continue;
        }
        let mut cells = Vec::new();
        for (column, cell) in heads.iter().zip(&record) {
            let Some(column) = column else { continue };
            // Most often a quote that is missing, which would hide the rows that follow.
            if cell.contains(char::is_control) {
                fault(at, column, Wrong::Rows(RowsWrong::CellOfLines));
            } else if !cell.is_empty() {
                cells.push(Cell { column, text: cell.to_owned() });
            }
        }
        if !cells.is_empty() {
            rows.push(Row { cells, at: at..at });
        }
    }
    if heads.is_none() {
        fault(0, "", Wrong::Rows(RowsWrong::NoHeads { known: columns().collect() }));
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// The columns by the first row; `None` for one that is faulty.
fn read_heads(record: &csv::StringRecord, mut fault: impl FnMut(&str, Wrong)) -> Vec<Option<&'static str>> {
    let mut heads = Vec::new();
    for head in record {
        let known = columns().find(|column| *column == head);
        match known {
            None => fault(
                &head.escape_debug().to_string(),
                Wrong::Rows(RowsWrong::UnknownColumn { known: columns().collect() }),
            ),
            Some(column) if heads.contains(&known) => fault(column, Wrong::Twice { first: 1 }),
            Some(_) => {}
        }
        heads.push(known);
    }
    heads
}

fn columns() -> impl Iterator<Item = &'static str> {
    [PRODUCT, ISSUER, LISTINGS, SOURCES].into_iter().flatten().copied()
}

/// One product while its rows are gathered.
struct Product<'r> {
    table: DeTable<'r>,
    first: &'r Row,
    listings: DeArray<'r>,
    sources: DeArray<'r>,
}

impl<'r> Product<'r> {
    fn new(row: &'r Row) -> Self {
        let mut table = DeTable::new();
        for cell in row.cells.iter().filter(|cell| PRODUCT.contains(&cell.column)) {
            insert(&mut table, cell.column, row.at.clone(), cell.value());
        }
        if let Some(issuer) = row.table(ISSUER) {
            insert(&mut table, "issuer", row.at.clone(), issuer);
        }
        let mut product = Self { table, first: row, listings: DeArray::new(), sources: DeArray::new() };
        product.add(row);
        product
    }

    /// Whether a row says no more than one more listing or source of this product. Any other row of the same id is a
    /// product of its own, and is told to be there twice.
    fn is_continued_by(&self, row: &Row) -> bool {
        let id = self.first.text("id");
        let more = |cell: &Cell| LISTINGS.contains(&cell.column) || SOURCES.contains(&cell.column);
        id.is_some()
            && row.text("id") == id
            && row.cells.iter().all(|cell| cell.column == "id" || more(cell))
            && row.cells.iter().any(more)
    }

    /// Adds the listing and the source of a row.
    fn add(&mut self, row: &'r Row) {
        for (columns, list) in [(LISTINGS, &mut self.listings), (SOURCES, &mut self.sources)] {
            if let Some(table) = row.table(columns) {
                list.push(Spanned::new(row.at.clone(), table));
            }
        }
    }

    fn into_table(mut self) -> Spanned<DeValue<'r>> {
        let at = self.first.at.clone();
        for (key, entries) in [("listings", self.listings), ("sources", self.sources)] {
            if !entries.is_empty() {
                insert(&mut self.table, key, at.clone(), DeValue::Array(entries));
            }
        }
        Spanned::new(at, DeValue::Table(self.table))
    }
}

impl Row {
    fn text(&self, column: &str) -> Option<&str> {
        self.cells.iter().find(|cell| cell.column == column).map(|cell| cell.text.as_str())
    }

    /// The table within a product that some columns make, if one of them says anything.
    fn table(&self, columns: &[&str]) -> Option<DeValue<'_>> {
        let mut table = DeTable::new();
        for cell in self.cells.iter().filter(|cell| columns.contains(&cell.column)) {
            let key = cell.column.split_once('.').map_or(cell.column, |(_, key)| key);
            insert(&mut table, key, self.at.clone(), cell.value());
        }
        (!table.is_empty()).then_some(DeValue::Table(table))
    }
}

impl Cell {
    /// What TOML would make of it; text where that is neither a number nor yes or no, or is not to be.
    fn value(&self) -> DeValue<'_> {
        let text = self.text.as_str();
        let plain = matches!(text, "true" | "false") || text.bytes().all(|letter| b"0123456789+-.".contains(&letter));
        let value = if plain && NOT_TEXT.contains(&self.column) { DeValue::parse(text).ok() } else { None };
        value.map_or_else(|| DeValue::String(text.into()), Spanned::into_inner)
    }
}

fn insert<'r>(table: &mut DeTable<'r>, key: &'static str, at: Range<usize>, value: DeValue<'r>) {
    table.insert(Spanned::new(at.clone(), key.into()), Spanned::new(at, value));
}

#[cfg(test)]
mod tests;
