use super::*;
use earnest_protocol::{Params, RawParams};

#[test]
fn try_it() {
    let params = Params::try_from(RawParams::default()).expect("ok");
    let now = std::time::Instant::now();
    let report = audit(&params, &Facts::assumed(&params), Effort::Quick, &|_| {});
    for d in &report.deviations {
        println!(
            "{:55} {:?} gain {:?} values {:?} rej {:?} until {:?} size {:?} grief {:?} {:?}",
            d.id,
            d.verdict,
            d.gain,
            d.values,
            d.rejected,
            d.value_until,
            d.size,
            d.griefing_factor,
            d.reason
        );
        for v in &d.victims {
            if v.loss != 0 {
                println!("      {} {}", v.party, v.loss);
            }
        }
    }
    println!("{:?} {:?}", report.verdict(), now.elapsed());
}
