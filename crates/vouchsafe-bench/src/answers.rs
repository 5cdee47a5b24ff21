//! How fast the switch answers what it knows already: a retry from its journal, the products from its memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::audit::Audited;
use crate::fault::Fault;
use crate::figures::{Figure, median};
use crate::headline::seconds;
use crate::ids::IdKind;
use crate::load::Asked;
use crate::measure::{Figures, Load, Loading, TAIL, figures};
use crate::process::{Process, progress, say};
use crate::shelf::{self, Shelf};
use crate::stub::{StubOrders, sold};
use crate::subject::{Kind, Subject};
use crate::table::{Table, digits};
use crate::targets::{self, Target, Wanted};
use crate::workplace::Workplace;

/// How answers are measured. In each round a new switch sells for a while, and then what it sold is asked for again as a
/// retry: every answer must hold the voucher of its sale, and the provider must not be asked a second time. Then products
/// are looked up, of a switch with a catalogue and of a plain axum server that answers the very same bytes, in turns. The
/// switch checks credentials as always; axum asks for none. All loads are closed loops.
#[derive(Debug, Clone, Args)]
pub(crate) struct AnswersArguments {
    /// Over how many connections.
    #[arg(long, value_name = "NUMBER", default_value_t = 64)]
    pub(crate) connections: u32,
    /// How often each of the four is measured.
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    pub(crate) rounds: u32,
    /// How many seconds of each run count.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    pub(crate) seconds: f64,
    /// How many seconds of each run come before that.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.5)]
    pub(crate) warm_up: f64,
    /// How many products the catalogue has; one takes about 420 bytes in an answer.
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    pub(crate) products: u32,
    /// Print everything as JSON instead of tables.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is asked of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Part {
    /// Vouchers, of the switch.
    Sale,
    /// The same vouchers once more.
    Retry,
    /// The products, of the switch.
    Lookup,
    /// The same bytes, of plain axum.
    PlainAnswer,
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Retry => "retry",
            Self::Lookup => "lookup",
            Self::PlainAnswer => "plain axum, the same bytes",
        }
    }
}

/// One run.
#[derive(Debug, Clone, Serialize)]
struct Run {
    part: Part,
    round: u32,
    figures: Figures,
}

/// Everything that was measured.
#[derive(Serialize)]
struct Measured<'a> {
    runs: &'a [Run],
    targets: &'a [Target],
    /// How many bytes all products took in an answer.
    shelf_bytes: usize,
    /// How many vouchers were found on disk after their switch had been killed.
    vouchers_found: usize,
    /// How many retries were answered, each with the voucher of its sale.
    retries_answered: usize,
}

/// Measures, and tells.
pub(crate) fn answers(workplace: &Workplace, arguments: &AnswersArguments) -> Result<(), Fault> {
    let shelf = shelf::shelf(workplace, arguments.products)?;
    let (mut runs, mut vouchers, mut retries) = (Vec::new(), Audited::default(), Audited::default());
    for round in 0..arguments.rounds {
        let (of, said) = (arguments.rounds, round + 1);
        progress(&format!("round {said} of {of}: sales and their retries"));
        let pair = sales_and_retries(workplace, arguments)?;
        vouchers = vouchers.and(pair.vouchers);
        retries = retries.and(pair.retries);
        runs.push(Run { part: Part::Sale, round, figures: pair.sale });
        runs.push(Run { part: Part::Retry, round, figures: pair.retry });
        let mut parts = [Part::Lookup, Part::PlainAnswer];
        // Whoever comes second finds the machine warmer.
        parts.rotate_left(usize::from(round % 2 == 1));
        for part in parts {
            progress(&format!("round {said} of {of}: {}", part.name()));
            runs.push(Run { part, round, figures: lookups(workplace, arguments, &shelf, part)? });
        }
    }
    progress("");
    let targets = found(&runs, arguments.connections);
    let (vouchers_found, retries_answered, shelf_bytes) = (vouchers.sold, retries.sold, shelf.body.len());
    let text = if arguments.json {
        let measured = Measured { runs: &runs, targets: &targets, shelf_bytes, vouchers_found, retries_answered };
        serde_json::to_string_pretty(&measured).map_err(std::io::Error::other).map_err(Fault::machine("write JSON"))?
    } else {
        let [bytes, sold, again] = [shelf_bytes, vouchers_found, retries_answered].map(|count| digits(count as f64));
        format!(
            "{}\n{}\nAn answer with all {} products has {bytes} bytes. {again} retries were answered, each with the voucher of its \
             sale, and the provider was asked for none of them again. In each round the switch was killed at work \
             (SIGKILL): all {sold} vouchers that it had sold were on disk.",
            table(&runs).text(),
            targets::table(&targets).text(),
            arguments.products,
        )
    };
    say(&text).map_err(Fault::machine("print the figures"))
}

/// A closed loop that asks for something, and goes on asking for so long after what counts.
fn load(arguments: &AnswersArguments, asked: Asked, patience: Duration, tail: Duration) -> Load {
    Load {
        connections: arguments.connections,
        rate: None,
        asked,
        warm_up: seconds(arguments.warm_up),
        measured: seconds(arguments.seconds),
        patience,
        tail,
    }
}

/// How long answers that count are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The sales of one switch and their retries.
struct Pair {
    sale: Figures,
    retry: Figures,
    vouchers: Audited,
    retries: Audited,
}

/// Has a new switch sell, asks for all of it again, kills it at work, and looks up both in its store.
fn sales_and_retries(workplace: &Workplace, arguments: &AnswersArguments) -> Result<Pair, Fault> {
    let folder = workplace.folder()?;
    let folder = folder.path();
    let stub = Process::part("stub", &StubOrders::default())?;
    let provider = stub.address()?;
    let mut subject = Subject::start(Kind::Switch, workplace, folder, provider)?;

    // It stops asking by itself: the switch is to live on, and nothing more is to be sold.
    let sales = Asked::Sales { to: None, ids: IdKind::Random };
    let sales = load(arguments, sales, Duration::ZERO, Duration::ZERO);
    let selling = Loading::start(sales, subject.address, folder.join("sales"))?;
    let counted = selling.counted(&subject)?;
    let (report, sales) = selling.report()?;
    let sale = figures(&report, &counted);

    let asked_before = sold(provider)?;
    let retries = load(arguments, Asked::Retries { of: sales.clone() }, PATIENCE, TAIL);
    let (retry, retries) = all_given(&mut subject, retries, folder)?;
    let asked_again = sold(provider)?.saturating_sub(asked_before);
    if asked_again > 0 {
        let wrong = format!("its retries asked the provider for {asked_again} vouchers again");
        return Err(Fault::Nonsense { process: "the switch".to_owned(), wrong });
    }
    let (vouchers, retries) = (subject.audit(folder, &sales)?, subject.audit(folder, &retries)?);
    Ok(Pair { sale, retry, vouchers, retries })
}

/// Looks products up, of a new switch or of a new plain server.
fn lookups(workplace: &Workplace, arguments: &AnswersArguments, shelf: &Shelf, part: Part) -> Result<Figures, Fault> {
    let folder = workplace.folder()?;
    let folder = folder.path();
    let file = folder.join("shelf");
    fs::write(&file, &shelf.body).map_err(Fault::machine("write down what products are expected"))?;
    let mut subject = match part {
        Part::PlainAnswer => Subject::plain(file.clone(), shelf.content_type.clone())?,
        Part::Sale | Part::Retry | Part::Lookup => shelf::switch(workplace, folder, arguments.products)?,
    };
    let load = load(arguments, Asked::Lookups { shelf: file }, PATIENCE, TAIL);
    Ok(all_given(&mut subject, load, folder)?.0)
}

/// Loads a subject, which must refuse nothing, and kills it at work.
fn all_given(subject: &mut Subject, load: Load, folder: &Path) -> Result<(Figures, PathBuf), Fault> {
    let loading = Loading::start(load, subject.address, folder.join("answers"))?;
    let counted = loading.counted(subject)?;
    subject.kill()?;
    let (report, answers) = loading.report()?;
    report.all_given()?;
    Ok((figures(&report, &counted), answers))
}

fn of(runs: &[Run], part: Part, figure: Figure) -> Vec<f64> {
    runs.iter().filter(|run| run.part == part).map(|run| figure(&run.figures)).collect()
}

/// How many times the figure of another part that of a part was, round by round.
fn against(runs: &[Run], part: Part, other: Part, figure: Figure) -> Vec<f64> {
    of(runs, part, figure).iter().zip(of(runs, other, figure)).map(|(part, other)| part / other).collect()
}

/// The columns of the table.
const COLUMNS: [(&str, Figure); 7] = [
    ("per second", |figures| figures.per_second),
    ("p50 ms", |figures| figures.p50),
    ("p99 ms", |figures| figures.p99),
    ("max ms", |figures| figures.max),
    ("CPU µs each", |figures| figures.cpu_micros),
    ("resident MiB", |figures| figures.resident_mib),
    ("generator, of a core", |figures| figures.generator_cores),
];

/// The figures of each part, and how they compare: medians of the rounds.
fn table(runs: &[Run]) -> Table {
    let heads: Vec<_> = std::iter::once("").chain(COLUMNS.iter().map(|(head, _)| *head)).collect();
    let mut table = Table::new(&heads);
    let mut row = |name: &str, values: &dyn Fn(Figure) -> Vec<f64>| {
        let cells = COLUMNS.iter().map(|(_, figure)| digits(median(values(*figure))));
        table.row(std::iter::once(name.to_owned()).chain(cells).collect());
    };
    for (part, other) in [(Part::Retry, Part::Sale), (Part::Lookup, Part::PlainAnswer)] {
        row(part.name(), &|figure| of(runs, part, figure));
        row(other.name(), &|figure| of(runs, other, figure));
        row("ratio", &|figure| against(runs, part, other, figure));
    }
    table
}

fn found(runs: &[Run], connections: u32) -> Vec<Target> {
    let per_second: Figure = |figures| figures.per_second;
    let lookups = against(runs, Part::Lookup, Part::PlainAnswer, per_second);
    vec![
        Target::new(
            format!("retries a second, {connections} connections, of the sales"),
            Wanted::AtLeast(1.5),
            " times",
            against(runs, Part::Retry, Part::Sale, per_second),
        ),
        Target::new(
            format!("product lookups a second, {connections} connections, of plain axum's answers"),
            Wanted::AtLeast(70.0),
            " %",
            lookups.into_iter().map(|ratio| ratio * 100.0).collect(),
        ),
    ]
}
