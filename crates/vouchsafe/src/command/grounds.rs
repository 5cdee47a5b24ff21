//! Who does something by hand, and why: what every act on record says.

use clap::Args;
use jiff::Timestamp;
use vouchsafe_store::{Act, Deed, Doer, Name, Operator, Reason, Standing};

use crate::command::Failure;

/// The longest name that is kept.
const NAME: usize = 100;
/// As much of how something stood as is kept.
const STANDING: usize = 300;

/// What a person must say to do something by hand.
#[derive(Debug, Args)]
pub(crate) struct Grounds {
    /// Why you do it, for whoever asks later: it is kept for good, with your user name. Do not write a secret or a
    /// voucher's code.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who you are, where your user name does not say it.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// The grounds of somebody who is known, fit to be recorded.
pub(crate) struct Signed {
    doer: Doer,
    reason: Reason,
}

impl Grounds {
    /// Reads who it is from what was typed and from the environment.
    pub(crate) fn signed(&self) -> Result<Signed, Failure> {
        self.signed_in(&|name| std::env::var(name).ok())
    }

    fn signed_in(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<Signed, Failure> {
        let reason = self.reason.trim();
        if reason.is_empty() {
            return Err(Failure::unusable("say why, with --reason TEXT: it is kept for good"));
        }
        let reason = Reason::new(reason).map_err(|fault| Failure::unusable(format!("the reason {fault}")))?;
        let named = self.by.as_deref().map(str::trim);
        let named = named.map(Name::new).transpose();
        let named = named.map_err(|fault| Failure::unusable(format!("the name after --by {fault}")))?;
        let user = ["USER", "LOGNAME"].iter().find_map(|name| environment(name).as_deref().and_then(user_name));
        if user.is_none() && named.is_none() {
            return Err(Failure::unusable("neither USER nor LOGNAME says who you are: say it with --by NAME"));
        }
        let sudo_user = environment("SUDO_USER").as_deref().and_then(user_name);
        Ok(Signed { doer: Doer::Operator(Operator { user, sudo_user, named }), reason })
    }
}

#[cfg(test)]
impl Grounds {
    /// The grounds of somebody at a terminal.
    pub(crate) fn signed_for_tests(reason: &str) -> Signed {
        let grounds = Self { reason: reason.to_owned(), by: Some("Thandi".to_owned()) };
        grounds.signed_in(&|_| None).unwrap_or_else(|failure| panic!("{}", failure.sentence))
    }
}

impl Signed {
    /// Why.
    pub(crate) const fn reason(&self) -> &Reason {
        &self.reason
    }

    /// What is done on these grounds, how it stood before and how it is to stand afterwards.
    pub(crate) fn act(&self, at: Timestamp, deed: Deed, before: &str, after: &str) -> Act {
        let (before, after) = (standing(before), standing(after));
        Act { at, doer: self.doer.clone(), deed, reason: self.reason.clone(), before, after }
    }
}

/// A user's name, as much of it as is kept.
fn user_name(text: &str) -> Option<Name> {
    Name::new(text.trim().chars().take(NAME).collect::<String>()).ok()
}

/// How something stands, or why it failed, as much of it as is kept.
pub(crate) fn standing(text: &str) -> Standing {
    let kept: String = text.chars().filter(|letter| *letter != '\0').take(STANDING).collect();
    Standing::new(kept).unwrap_or_else(|_| unreachable!("so few characters without NUL are a standing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who did it, as it is listed; or what is wrong.
    fn check(reason: &str, by: Option<&str>, environment: &[(&str, &str)], expect: Result<&str, &str>) {
        let grounds = Grounds { reason: reason.to_owned(), by: by.map(str::to_owned) };
        let found =
            |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        match (grounds.signed_in(&found), expect) {
            (Ok(signed), Ok(expect)) => assert_eq!(signed.doer.to_string(), expect),
            (Err(failure), Err(expect)) => assert!(failure.sentence.contains(expect), "{}", failure.sentence),
            (found, _) => panic!("{by:?} of {environment:?} is {:?}", found.map(|signed| signed.doer.to_string()).ok()),
        }
    }

    #[test]
    fn whoever_does_something_is_known_and_says_why() {
        let (user, sudo) = (("USER", "thandi"), ("SUDO_USER", "sipho"));
        check("new till", None, &[user], Ok("thandi"));
        check("new till", None, &[("LOGNAME", "thandi")], Ok("thandi"));
        check("new till", None, &[("USER", ""), ("LOGNAME", "thandi")], Ok("thandi"));
        check("new till", None, &[("USER", "root"), sudo], Ok("root (sudo by sipho)"));
        check("new till", Some("Thandi M."), &[user], Ok("thandi (Thandi M.)"));
        check("new till", Some("Thandi M."), &[("USER", "root"), sudo], Ok("root (sudo by sipho, Thandi M.)"));
        check("new till", Some("Thandi M."), &[], Ok("an unknown user (Thandi M.)"));
        check("new till", None, &[], Err("neither USER nor LOGNAME says who you are"));
        check("new till", Some(" "), &[user], Err("the name after --by may not be empty"));
        check("new till", Some(&"x".repeat(101)), &[user], Err("the name after --by must have at most 100 characters"));
        check(" \n", None, &[user], Err("say why, with --reason TEXT"));
        check(&"x".repeat(501), None, &[user], Err("the reason must have at most 500 characters"));
        check("new till", None, &[("USER", &"é".repeat(101))], Ok(&"é".repeat(100)));
    }

    #[test]
    fn however_long_a_standing_is_it_is_kept_in_part() {
        assert_eq!(standing(&"é\0".repeat(400)).as_str(), "é".repeat(300));
    }
}
