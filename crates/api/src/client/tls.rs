//! TLS, with the feature `tls`: a node at `https://` is who the system's authorities say it is.
//!
//! Law: no certificate is believed that they do not vouch for; no switch turns that off.
//! Known shortcoming: authorities are read once a process.
//! Not here: certificates of clients; a node knows its users by their signatures.

use ureq::{config::ConfigBuilder, typestate::AgentScope};

/// Whom calls believe to be the node.
#[cfg(feature = "tls")]
pub(super) fn secure(builder: ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> {
    use std::sync::{Arc, OnceLock};
    use ureq::tls::{Certificate, RootCerts, TlsConfig};

    static AUTHORITIES: OnceLock<RootCerts> = OnceLock::new();
    let authorities = AUTHORITIES.get_or_init(|| {
        // What cannot be read vouches for nobody: a call then says that it knows no issuer.
        let found = rustls_native_certs::load_native_certs().certs;
        let certificates = found.iter().map(|one| Certificate::from_der(one).to_owned());
        RootCerts::from(certificates)
    });
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = TlsConfig::builder()
        .root_certs(authorities.clone())
        .unversioned_rustls_crypto_provider(provider);
    builder.tls_config(config.build())
}

/// Without the feature, `https://` is refused by each call.
#[cfg(not(feature = "tls"))]
pub(super) fn secure(builder: ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> {
    builder
}

/// True of an error about whom one talks with.
#[cfg(feature = "tls")]
pub(super) fn is_distrust(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => true,
        // While a connection is made, what is wrong with a certificate comes as a failure of it.
        ureq::Error::Io(error) => error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()),
        _ => false,
    }
}

/// Nobody says who they are.
#[cfg(not(feature = "tls"))]
pub(super) fn is_distrust(_: &ureq::Error) -> bool {
    false
}
