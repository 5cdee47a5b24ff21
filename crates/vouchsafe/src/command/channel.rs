//! `vouchsafe channel`.

use crate::clock::{Clock as _, MachineClock};
use crate::command::{Failure, say};
use crate::config::NewSecret;

/// Makes a secret and shows it once, with the hash that goes into the configuration.
pub(crate) fn new_secret() -> Result<(), Failure> {
    let mut entropy = [0; 32];
    MachineClock.fill(&mut entropy);
    let new = NewSecret::from_entropy(entropy);
    say(&format!(
        "secret (give it to the channel; it is not kept and not shown again):\n  {}\n\
         hash (put it into the channel's `secrets` in the configuration):\n  {}",
        new.secret.expose(),
        new.hash,
    ))
}
