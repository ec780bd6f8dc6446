//! Asks a node where its chain is: `cargo run -p earnest-api --example ask -- URL`; with
//! `--features tls` also a node at `https://`.

use earnest_api::{Client, ClientError};

fn main() -> Result<(), ClientError> {
    let Some(node) = std::env::args().nth(1) else {
        println!("give the address of a node, such as http://127.0.0.1:7300");
        return Ok(());
    };
    let head = Client::new(&node).head()?;
    println!("network {} is at height {}", head.network, head.height);
    Ok(())
}
