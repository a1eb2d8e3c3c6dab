// SPDX-License-Identifier: Apache-2.0

//! The real clients of the published Rust SDK (smcp-agent, smcp-computer) at work on a server.
//!
//! Usage: rust-clients URL                      against a server that runs
//!        rust-clients -- PROGRAM ARGUMENTS     start it, read its ready line, stop it with SIGTERM, expect exit code 0
//!
//! Options before URL or --: --key KEY (both clients send {"token": KEY}); --refused (only: the server speaks another
//! revision, and both clients say so). Last line: N passed, N failed, N skipped.

mod computer;
mod day;
mod heard;
mod server;

use std::fmt::Debug;

use serde_json::Value;

pub type AnyError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Default)]
pub struct Score {
    passed: usize,
    failed: usize,
}

impl Score {
    pub fn check(&mut self, name: &str, good: bool, actual: impl Debug) {
        self.passed += usize::from(good);
        self.failed += usize::from(!good);
        if good {
            println!("ok     {name}");
        } else {
            println!("FAILED {name}: got {actual:?}");
        }
    }
}

struct Options {
    key: Option<String>,
    refused: bool,
    server: server::Server,
}

async fn parse_arguments() -> Result<Options, AnyError> {
    let (mut key, mut refused) = (None, false);
    let mut arguments = std::env::args().skip(1);
    loop {
        let argument = arguments.next().ok_or("needs a URL, or -- and a program")?;
        match argument.as_str() {
            "--key" => key = Some(arguments.next().ok_or("--key needs a value")?),
            "--refused" => refused = true,
            "--" => {
                let server = server::Server::start(arguments.collect()).await?;
                return Ok(Options { key, refused, server });
            }
            url => {
                let server = server::Server::that_runs(url.to_string());
                return Ok(Options { key, refused, server });
            }
        }
    }
}

/// The credential as the SDK's default provider expects it.
pub fn credential(key: &Option<String>) -> Option<Value> {
    key.as_ref().map(|key| serde_json::json!({ "token": key }))
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let mut options = parse_arguments().await?;
    let mut score = Score::default();
    let url = options.server.url.clone();
    let played = if options.refused {
        day::is_refused(&mut score, &url, &options.key).await
    } else {
        day::play(&mut score, &url, &options.key).await
    };
    if let Err(error) = played {
        score.check("the story came to its end", false, error);
    }
    if let Some(code) = options.server.stop().await? {
        score.check("the server ends with exit code 0", code == Some(0), code);
    }
    println!("{} passed, {} failed, 0 skipped", score.passed, score.failed);
    std::process::exit(i32::from(score.failed > 0 || score.passed == 0));
}
