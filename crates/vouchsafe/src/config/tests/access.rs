//! What may be said of who gets in, and as whom we are known.

use std::fs;

use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::*;

const TLS: &str = "[tls]\ncertificate = \"c.pem\"\nkey = \"c.key\"\nclient_authorities = \"a.pem\"\n";

/// Checks all faults of settings that are added to the one channel, where certificates are asked for or not.
fn check_channel(settings: &str, tls: &str, expect: &[&str]) {
    let text = changed("messaging = \"single\"\n", &format!("messaging = \"single\"\n{settings}\n")) + tls;
    let found = parse(&text).err().map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(found.lines().collect::<Vec<_>>(), expect, "{settings}");
}

#[test]
fn a_certificate_is_bound_only_where_certificates_are_asked_for() {
    let bound = "certificates = [\"dns:app.example\"]";
    check_channel(bound, TLS, &[]);
    let in_vain = "line 7: channel.certificates needs tls.client_authorities, the authorities of channels' certificates: \
                   without them none is asked for";
    check_channel(bound, "", &[in_vain]);
    check_channel(bound, "[tls]\ncertificate = \"c.pem\"\nkey = \"c.key\"\n", &[in_vain]);
    check_channel(bound, "[tls]\nkey = \"c.key\"\n", &["line 15: tls.certificate is missing and has no default"]);
    let form = "line 7: channel.certificates must be \"sha256:\" and the 64 hexadecimal digits of the certificate's \
                fingerprint, \"dns:\" and a name, or \"uri:\" and a URI that stands in it, without a star";
    check_channel("certificates = [\"app.example\"]", TLS, &[form]);
}

#[test]
fn addresses_are_networks_and_there_is_one_at_least() {
    let form = "line 7: channel.addresses must be an IP address or a network such as \"10.1.0.0/16\"";
    let none =
        "line 7: channel.addresses must list one network at least; leave it out to let the channel call from anywhere";
    for (settings, expect) in [
        ("addresses = [\"10.1.2.3\", \"10.1.0.0/16\", \"2001:db8::/32\", \"::1\"]", &[][..]),
        ("addresses = []", &[none]),
        ("addresses = [\"10.1.0.0/33\"]", &[form]),
        ("addresses = [\"app.example\"]", &[form]),
        ("addresses = [\"10.1.0.0-10.1.0.9\"]", &[form]),
    ] {
        check_channel(settings, "", expect);
    }
    let config = parse(&changed("id = \"app\"", "id = \"app\"\naddresses = [\"10.1.2.3/16\", \"10.1.2.3\"]")).unwrap();
    let told: Vec<_> = config.channels[0].addresses.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["10.1.0.0/16", "10.1.2.3/32"]);
}

#[test]
fn a_channel_may_ask_so_much() {
    let text =
        changed("id = \"app\"", "id = \"app\"\nrate = 5\nconcurrency = 6\nadvice_rate = 7\nadvice_concurrency = 8");
    let number = |number: u32| number.try_into().unwrap();
    let expect = Allowance {
        rate: Some(number(5)),
        concurrency: number(6),
        advice_rate: Some(number(7)),
        advice_concurrency: number(8),
    };
    assert_eq!(parse(&text).unwrap().channels[0].allowance, expect);
    for key in ["rate", "concurrency", "advice_rate", "advice_concurrency"] {
        let fault = format!("line 7: channel.{key} must be from 1 to 1000000");
        check_channel(&format!("{key} = 0"), "", &[&fault]);
    }
}

#[test]
fn further_channels_may_stand_in_a_file_of_their_own() {
    let entry = LEAST.split_once("[[channel]]").unwrap().1.split_once("[[provider]]").unwrap().0;
    let entry = format!("[[channel]]{entry}");
    let nobody = "channel is needed at least once, as a table in double brackets";
    let without = LEAST.replace(&entry, "");
    assert_eq!(parse(&without).unwrap_err().to_string(), nobody);
    let config = parse(&format!("channels = \"c.toml\"\n{without}")).unwrap();
    assert_eq!(config.channels_file, Some("/etc/vouchsafe/c.toml".into()));
    let told = |text: &str, config: &Config| match channel::parse(text, config) {
        Ok(channels) => channels.len().to_string(),
        Err(error) => error.to_string(),
    };
    let both = parse(&format!("channels = \"c.toml\"\n{LEAST}")).unwrap();
    let also = "line 2: channel.id is that of a channel in the main configuration; each must be its own";
    let elsewhere = "line 2: channel.default_provider names no configured provider; there are house";
    for (text, config, expect) in [
        ("", &config, "0"),
        (entry.as_str(), &config, "1"),
        (&entry, &both, also),
        (&entry.replace("id =", "default_provider = \"home\"\nid ="), &config, elsewhere),
        ("unheard_of = 1", &config, "line 1: unheard_of is no setting; there are channel"),
    ] {
        assert_eq!(told(text, config), expect, "{text}");
    }
}

#[test]
fn tls_towards_a_provider_is_read_and_judged_with_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let pair = || generate_simple_self_signed(["us.example".to_owned()]).unwrap();
    let (CertifiedKey { cert, signing_key }, other) = (pair(), pair());
    fs::write(folder.path().join("us.pem"), cert.pem()).unwrap();
    fs::write(folder.path().join("us.key"), signing_key.serialize_pem()).unwrap();
    fs::write(folder.path().join("other.key"), other.signing_key.serialize_pem()).unwrap();
    let parse = |settings: &str| Config::parse(&changed("", settings), folder.path(), &environment);
    let tls = parse("tls_authorities = \"us.pem\"\ntls_certificate = \"us.pem\"\ntls_key = \"us.key\"").unwrap();
    let tls = &tls.providers[0].tls;
    assert!(tls.authorities.is_some() && tls.identity.is_some());
    let none = folder.path().join("none.pem");
    for (settings, expect) in [
        ("tls_certificate = \"us.pem\"", "line 8: provider.tls_key is missing and has no default".to_owned()),
        ("tls_key = \"us.key\"", "line 8: provider.tls_certificate is missing and has no default".to_owned()),
        (
            "tls_certificate = \"us.pem\"\ntls_key = \"other.key\"",
            "line 15: provider.tls_key names a file that cannot be used: it is not the key of the first certificate, or is \
             of a kind that is not known"
                .to_owned(),
        ),
        (
            "tls_authorities = \"none.pem\"",
            format!("line 14: provider.tls_authorities names {}, which does not exist", none.display()),
        ),
        (
            "tls_authorities = \"us.key\"",
            "line 14: provider.tls_authorities names a file that cannot be used: it must hold a certificate as PEM \
             (-----BEGIN CERTIFICATE-----), and whole ones only"
                .to_owned(),
        ),
    ] {
        assert_eq!(parse(settings).unwrap_err().to_string(), expect, "{settings}");
    }
}

#[test]
fn the_sealing_key_has_one_source() {
    let of = |setting: &str| parse(&LEAST.replacen("env = \"KEY\"", setting, 1)).map(|config| config.sealing_key);
    let words = ["pass", "show", "key"].map(str::to_owned).to_vec();
    assert_eq!(of("command = [\"pass\", \"show\", \"key\"]").unwrap(), KeySource::Command(words));
    for wrong in ["command = []", "command = [\"pass\"]\nfile = \"key\"", "command = [\"pass\"]\nenv = \"KEY\""] {
        let told = of(wrong).unwrap_err().to_string();
        assert!(told.contains("sealing_key.command is needed, or file in its place, and not both"), "{told}");
    }
    assert!(parse(&format!("{LEAST}[limits]\nretention_days = 0")).is_err());
    let kept = parse(&format!("{LEAST}[limits]\nretention_days = 400")).unwrap().limits.retention;
    assert_eq!(kept, Some(Duration::from_secs(400 * 86_400)));
}
