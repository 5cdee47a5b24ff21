//! What goes wrong, and how much of it: each seed has a mix of its own.

use crate::draw::Draw;

/// How often things go wrong, in thousandths, until everything heals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// How many nodes share the store.
    pub nodes: u64,
    /// How many customers come.
    pub customers: u64,
    /// The longest pause between two of them, in milliseconds.
    pub pause: u64,
    /// A message that is lost on its way.
    pub lost: u64,
    /// A message that arrives twice, or is sent twice side by side.
    pub twice: u64,
    /// A message that takes much longer than usual.
    pub slow: u64,
    /// A provider that cannot be connected to.
    pub refused: u64,
    /// A provider that says no.
    pub declined: u64,
    /// A provider that says something else than what it did.
    pub lies: u64,
    /// A provider that fails to take an advice for now.
    pub hindered: u64,
    /// A provider that will never take an advice.
    pub advice_refused: u64,
    /// A verb of the store that fails, in one of its ways.
    pub store: u64,
    /// A crash of one node for so many steps at most; none where there is nothing.
    pub crash_within: Option<u64>,
    /// Whether wall clocks jump.
    pub clocks_jump: bool,
    /// Whether providers redeem only what was confirmed.
    pub strict: bool,
}

impl Trouble {
    /// The mix of a seed: some of it strong, some weak, some absent.
    pub(crate) fn drawn(draw: &Draw) -> Self {
        let upto = |most: u64| if draw.chance(250) { 0 } else { draw.between(0, most) };
        Self {
            nodes: draw.between(1, 3),
            customers: draw.between(130, 210),
            pause: draw.between(20, 300),
            lost: upto(300),
            twice: upto(500),
            slow: upto(250),
            refused: upto(150),
            declined: upto(150),
            lies: upto(150),
            hindered: upto(400),
            advice_refused: upto(60),
            store: upto(100),
            // A customer takes some thirty steps of all nodes together.
            crash_within: draw.chance(750).then(|| draw.between(20, 200) * 30),
            clocks_jump: draw.chance(400),
            strict: draw.chance(500),
        }
    }
}
