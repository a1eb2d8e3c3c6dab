// SPDX-License-Identifier: Apache-2.0

//! The server at whose door the clients knock: started here, or running already.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::AnyError;

pub struct Server {
    pub url: String,
    child: Option<Child>,
}

impl Server {
    pub fn that_runs(url: String) -> Self {
        Self { url, child: None }
    }

    pub async fn start(command: Vec<String>) -> Result<Self, AnyError> {
        let program = command.first().ok_or("-- needs a program")?;
        let mut child = Command::new(program)
            .args(&command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("no standard output")?;
        let mut lines = BufReader::new(output).lines();
        let line = lines.next_line().await?.ok_or("the server ended before it was ready")?;
        let ready: serde_json::Value = serde_json::from_str(&line)?;
        let url = ready["url"].as_str().ok_or("the ready line names no url")?.to_string();
        Ok(Self { url, child: Some(child) })
    }

    /// Stop a server that was started here; its exit code, or None of both when there is none.
    pub async fn stop(&mut self) -> Result<Option<Option<i32>>, AnyError> {
        let Some(mut child) = self.child.take() else {
            return Ok(None);
        };
        let id = child.id().ok_or("the server is gone")?;
        // SAFETY: a plain system call; the child has not been waited for, so the id is still its own.
        unsafe { libc::kill(i32::try_from(id)?, libc::SIGTERM) };
        Ok(Some(child.wait().await?.code()))
    }
}
