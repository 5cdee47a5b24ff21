//! Every measurement once and briefly: for whoever changes one, and for `./test`.

use clap::Parser;

use crate::command::{CommandLine, run};
use crate::fault::Fault;

/// As little of each as shows that it works.
const ALL: [&str; 7] = [
    "--connections 1,8 --rounds 1 --seconds 0.5 --warm-up 0.3",
    "growth --stored 500,1000 --rounds 1 --seconds 0.5 --fresh",
    "restart --open 500 --rounds 1",
    "trouble --queued 500 --seconds 0.5 --warm-up 0.5 --share 10",
    "isolation --rounds 1 --seconds 0.5 --warm-up 0.5 --sales 100 --others 20",
    "answers --connections 8 --rounds 1 --seconds 0.5 --warm-up 0.3 --products 20",
    "crowding --rounds 1 --seconds 0.5 --warm-up 0.5 --sales 100",
];

/// Does all of it.
pub(crate) fn smoke(options: &[String]) -> Result<(), Fault> {
    for words in ALL {
        let words = std::iter::once("bench").chain(words.split(' ')).chain(options.iter().map(String::as_str));
        let line = CommandLine::try_parse_from(words).map_err(std::io::Error::other);
        run(line.map_err(Fault::machine("understand its own commands"))?)?;
    }
    Ok(())
}
