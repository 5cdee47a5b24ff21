//! Whom the switch may ask.

use std::collections::HashMap;

use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::sheet::Sheet;
use vouchsafe_provider::suv::{BaseUrl, BaseUrlFault};

use super::Surroundings;
use super::document::{Section, Told};
use super::fault::Wrong;
use super::secret_source::{self, KeySource};
use super::sheet;
use super::tls::{self, ProviderTls};
use super::value::{self, bounded, flag};

/// A provider that speaks the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its name among our providers.
    pub id: ProviderId,
    /// Where its interface begins: `https://HOST/PATH`, without a slash at the end. Where it is `http` to another
    /// machine, the operator allowed that.
    pub base_url: String,
    /// Our user name there, and the `client.id` of our messages.
    pub user_name: ChannelId,
    /// Our password there.
    pub password: Secret<String>,
    /// Whom we believe there, and as whom we are known.
    pub tls: ProviderTls,
    /// What it can do, and how much may be asked of it.
    pub sheet: Sheet,
}

/// The protocols spoken upstream.
#[derive(Debug, Clone, Copy)]
enum Protocol {
    Suv,
}

/// Reads every `[[provider]]`, and the ids that may be referred to: those of faulty providers too, and `None`
/// where one of them is missing.
pub(super) fn read(
    root: &mut Section<'_, '_>,
    surroundings: Surroundings<'_>,
) -> (Result<Vec<Provider>, Told>, Option<Vec<ProviderId>>) {
    let mut seen = HashMap::new();
    let mut ids = Some(Vec::new());
    let providers = root.tables("provider", |section| {
        let id = section.unique("id", &mut seen, bounded);
        match (&id, &mut ids) {
            (Ok(id), Some(ids)) => ids.push(id.clone()),
            _ => ids = None,
        }
        provider(section, id, surroundings)
    });
    let providers = match providers {
        Ok(providers) if providers.is_empty() => {
            ids = None;
            Err(root.fault("provider", Wrong::Nothing))
        }
        providers => providers,
    };
    (providers, ids)
}

fn provider(
    section: &mut Section<'_, '_>,
    id: Result<ProviderId, Told>,
    surroundings: Surroundings<'_>,
) -> Result<Provider, Told> {
    // There is one protocol so far. It is named so that no configuration changes its meaning when there are more.
    let protocol = section.required("protocol", value::word(&[Protocol::Suv], |Protocol::Suv| "suv"));
    let plain_http = section.or("allow_plain_http", false, flag);
    let allowed = *plain_http.as_ref().unwrap_or(&true);
    let base_url = section.required("base_url", |value| base_url(value::text(value)?, allowed));
    let user_name = section.required("user_name", value::user_name);
    let password = password(section, surroundings);
    let tls = tls::of_provider(section, surroundings);
    let sheet = sheet::read(section);
    protocol?;
    plain_http?;
    let (id, base_url, user_name, password) = (id?, base_url?, user_name?, password?);
    Ok(Provider { id, base_url, user_name, password, tls: tls?, sheet: sheet? })
}

/// By the adapter's own rules, so that what is accepted here can be asked at.
fn base_url(text: &str, plain_http: bool) -> Result<String, Wrong> {
    match BaseUrl::parse(text, plain_http) {
        Ok(url) => Ok(url.as_str().to_owned()),
        Err(BaseUrlFault::Form) => Err(Wrong::BaseUrl),
        Err(BaseUrlFault::ClearText) => Err(Wrong::PlainHttp),
    }
}

fn password(section: &mut Section<'_, '_>, surroundings: Surroundings<'_>) -> Result<Secret<String>, Told> {
    const FILE: &str = "password_file";
    const VARIABLE: &str = "password_env";
    let source = secret_source::read(section, FILE, VARIABLE, surroundings.folder)?;
    let key = if matches!(source, KeySource::File(_)) { FILE } else { VARIABLE };
    source.fetch(surroundings.environment).map_err(|wrong| section.fault(key, wrong))
}
