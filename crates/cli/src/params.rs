//! Parameters from a file and from `--set path=value`, in the units people write.
//!
//! Law: a name that is not a parameter is an error, and says which names there are.

use std::path::Path;

use earnest_protocol::{Params, RawParams};

use crate::{failure::Failure, money};

/// The parameters of a TOML file, or the defaults, changed by each `path=value`.
pub fn load(file: Option<&Path>, sets: &[String]) -> Result<Params, Failure> {
    let mut raw = match file {
        None => RawParams::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::file("read", path, error))?;
            let hint = "compare the file with `earnest query params --defaults`";
            toml::from_str(&text).map_err(|error| {
                Failure::config(
                    format!("{} is not a parameter file: {error}", path.display()),
                    hint,
                )
            })?
        }
    };
    for set in sets {
        raw = apply(&raw, set)?;
    }
    Params::try_from(raw).map_err(|rejected| {
        Failure::config(
            format!("these parameters do not go together: {rejected}"),
            "change the named parameter; `earnest query params --defaults` shows ranges",
        )
    })
}

/// `raw` with one field changed.
pub fn apply(raw: &RawParams, set: &str) -> Result<RawParams, Failure> {
    let hint = "write --set NAME=VALUE, such as --set floor=0.1 or --set laxity=5%";
    let (path, value) = set
        .split_once('=')
        .ok_or_else(|| Failure::usage(format!("`{set}` is not NAME=VALUE"), hint))?;
    let name = path.trim().strip_prefix("params.").unwrap_or(path.trim());
    let field = RawParams::FIELDS.iter().find(|field| field.name == name).ok_or_else(|| {
        let names: Vec<&str> = RawParams::FIELDS.iter().map(|field| field.name).collect();
        let detail = format!("there is no parameter `{name}`; there are: {}", names.join(", "));
        Failure::usage(detail, hint)
    })?;
    let value = value.trim();
    let parsed = match field.unit {
        "Amount" => money::tokens(value).map(|amount| amount.units().to_string().into()),
        "Ratio" => money::ratio(value).map(|ratio| ratio.parts().into()),
        "Factor" => money::factor(value).map(|factor| factor.parts().into()),
        _ => value
            .parse::<u64>()
            .map(serde_json::Value::from)
            .map_err(|_| format!("`{value}` is not a whole number")),
    };
    let parsed = parsed.map_err(|why| Failure::usage(format!("{name}: {why}"), hint))?;
    let mut object = serde_json::to_value(raw).map_err(Failure::internal)?;
    object[name] = parsed;
    serde_json::from_value(object)
        .map_err(|error| Failure::usage(format!("{name}={value}: {error}"), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_can_be_set_in_its_own_unit() {
        let raw = RawParams::default();
        for field in RawParams::FIELDS {
            apply(&raw, &format!("{}=1", field.name)).expect("one is a value of every type");
        }
        let set = apply(&raw, "laxity=7%").expect("a share");
        assert_eq!(set.laxity.parts(), 70_000_000);
        let set = apply(&raw, "params.challenge_deposit=2.5").expect("an amount");
        assert_eq!(set.challenge_deposit.units(), 2_500_000_000);
    }

    #[test]
    fn a_wrong_name_or_value_says_what_would_be_right() {
        let raw = RawParams::default();
        let wrong = apply(&raw, "laxness=1").expect_err("no such parameter");
        assert!(wrong.detail.contains("laxity"), "{wrong:?}");
        assert!(apply(&raw, "laxity").is_err());
        assert!(apply(&raw, "laxity=2").is_err());
        assert!(apply(&raw, "redraws=300").is_err());
    }
}
