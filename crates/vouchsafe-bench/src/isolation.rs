//! Whether one provider that never answers slows the sales of another.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use crate::fault::Fault;
use crate::measure::Loading;
use crate::stub::{Manner, be};
use crate::switch::Circuit;
use crate::turns::{Another, Beside, Nothing, Seller, TurnArguments, take};
use crate::workplace::Workplace;

/// How isolation is measured: the sales of a provider that answers at once, alone, beside another provider that answers
/// at once too, and beside one that takes requests and reversals and never answers, in turns. After its turn the silent one
/// answers until no reversal is owed any more.
#[derive(Debug, Clone, Args)]
pub(crate) struct IsolationArguments {
    #[command(flatten)]
    turns: TurnArguments,
    /// How many sales a second are asked of the other provider.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    others: u32,
    /// How many requests may be under way at the other provider.
    #[arg(long, value_name = "NUMBER", default_value_t = 64)]
    cap: u32,
    /// Let the other provider's circuit open as it does by default; otherwise it never does.
    #[arg(long)]
    circuit: bool,
}

/// How long the silent one is waited for, in seconds.
const PATIENCE: u32 = 1;
/// How long it may take until it owes nothing any more, once it answers.
const CLEARED: Duration = Duration::from_secs(120);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Silence against nothing, and against as many sales that are answered.
const PAIRS: [(usize, usize); 3] = [(2, 0), (2, 1), (1, 0)];

/// Measures, and tells.
pub(crate) fn isolation(workplace: &Workplace, arguments: &IsolationArguments) -> Result<(), Fault> {
    let other = |id| Another { id, concurrency: arguments.cap, timeout_seconds: PATIENCE };
    let others = [Other::ANSWERING, Other::SILENT].map(other);
    let circuit = if arguments.circuit { Circuit::Default } else { Circuit::Never };
    let beside = |id| -> Box<dyn Beside> { Box::new(Other { id, arguments: arguments.clone(), turn: 0, load: None }) };
    let mut all = [Box::new(Nothing) as Box<dyn Beside>, beside(Other::ANSWERING), beside(Other::SILENT)];
    take(|| Seller::start(workplace, &others, circuit), &arguments.turns, &mut all, &PAIRS)
}

/// The sales of another provider.
struct Other {
    id: &'static str,
    arguments: IsolationArguments,
    /// How often it had its turn.
    turn: u32,
    load: Option<Loading>,
}

impl Other {
    const ANSWERING: &str = "answering";
    const SILENT: &str = "silent";

    fn is_silent(&self) -> bool {
        self.id == Self::SILENT
    }
}

impl Beside for Other {
    fn name(&self) -> &'static str {
        if self.is_silent() { "one that never answers" } else { "one that answers" }
    }

    fn begin(&mut self, seller: &Seller) -> Result<(), Fault> {
        if self.is_silent() {
            be(seller.stub(self.id)?, Manner::Silent)?;
        }
        let IsolationArguments { turns, others, .. } = &self.arguments;
        // Each of its sales may wait to its end, and no more of them are under way than it takes.
        let load = turns.load(self.id, *others, others * PATIENCE * 2);
        self.turn += 1;
        let answers = seller.answers(&format!("{}-{}", self.id, self.turn));
        self.load = Some(Loading::start(load, seller.subject.address, answers)?);
        Ok(())
    }

    fn end(&mut self, seller: &Seller) -> Result<Option<PathBuf>, Fault> {
        let Some(load) = self.load.take() else { return Ok(None) };
        load.over()?;
        let (_, answers) = load.report()?;
        if self.is_silent() {
            be(seller.stub(self.id)?, Manner::Answering)?;
            let since = Instant::now();
            while seller.subject.figure(&format!("vouchsafe_advices_open{{provider=\"{}\"}}", self.id))? > 0 {
                if since.elapsed() > CLEARED {
                    let wrong = "its reversals do not reach a provider that answers".to_owned();
                    return Err(Fault::Nonsense { process: "the switch".to_owned(), wrong });
                }
                sleep(LOOK);
            }
        }
        Ok(Some(answers))
    }
}
