//! Logs: one line an event, fields with their units in their names, nothing secret.

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Sends events to standard error. `RUST_LOG` chooses which; `info` is the default.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
}
