// SPDX-License-Identifier: Apache-2.0

//! The Rust Computer with one MCP server and one skill, in a folder of its own.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use smcp_computer::computer::{Computer, ConnectOptions, SilentSession};
use smcp_computer::mcp_clients::model::{MCPServerConfig, StdioServerConfig, StdioServerParameters};

use crate::{credential, AnyError};

pub const BUNDLE: &str = "driver";
pub const SKILL: &str = "greet";
/// Longer than a Computer puts into one answer, so it travels as chunks.
pub const LONG_TEXT_BYTES: usize = 300_000;

/// A folder that goes with its owner.
pub struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Result<Self, AnyError> {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn long_text() -> String {
    "Grüße, 👋 und so fort. ".chars().cycle().take(LONG_TEXT_BYTES).collect()
}

fn write_skill(home: &Path) -> Result<(), AnyError> {
    let folder = home.join("user").join(SKILL);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("SKILL.md"), "---\nname: greet\ndescription: Greets people.\n---\n\nSay hello.\n")?;
    fs::write(folder.join("long.md"), long_text())?;
    fs::write(folder.join("seal.png"), [0u8, 159, 146, 150].repeat(100_000))?;
    Ok(())
}

fn mcp_server() -> MCPServerConfig {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/mcp_server.py");
    let parameters =
        StdioServerParameters { command: "python3".into(), args: vec![script.into()], env: HashMap::new(), cwd: None };
    MCPServerConfig::Stdio(StdioServerConfig::new(BUNDLE, parameters))
}

pub type RustComputer = Computer<SilentSession>;

/// A Computer that has started its MCP server and is connected to nobody.
pub async fn running(name: &str) -> Result<(RustComputer, Folder), AnyError> {
    let folder = Folder::new(name)?;
    let path = folder.path();
    write_skill(&path.join("skills"))?;
    let servers = HashMap::from([(BUNDLE.to_string(), mcp_server())]);
    let home = HashMap::from([("HOME".to_string(), path.display().to_string())]);
    let computer = Computer::new(name, SilentSession::new(name), None, Some(servers), true, false)
        .with_skill_home(path.join("skills"))
        .with_blob_cache_root(path.join("cache"))
        .with_landing_root(path.join("landing"))
        .with_config_dir(path)
        .with_config_env(home);
    computer.boot_up().await?;
    computer.start_all_mcp_clients().await?;
    Ok((computer, folder))
}

pub async fn connect(computer: &RustComputer, url: &str, key: &Option<String>) -> Result<(), AnyError> {
    let options = ConnectOptions { auth_payload: credential(key), ..ConnectOptions::default() };
    Ok(computer.connect_socketio(url, options).await?)
}
