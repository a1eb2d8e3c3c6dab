// SPDX-License-Identifier: Apache-2.0

//! The life of an office, as the Rust SDK's clients live it.

use std::time::Duration;

use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use smcp_agent::ToolCallOutcome;
use smcp_agent::{classify_tool_call_outcome, AsyncSmcpAgent, DefaultAuthProvider, SmcpAgentConfig, SmcpAgentError};

use crate::computer::{self, Folder, RustComputer, BUNDLE, SKILL};
use crate::heard::{self, Heard};
use crate::{AnyError, Score};

const CALL_SECONDS: u64 = 3;
const IMAGE_BYTES: usize = 256 * 1200;

struct Office {
    id: String,
    agent: AsyncSmcpAgent,
    heard: Heard,
    computer: RustComputer,
    name: String,
    folder: Folder,
}

fn new_agent(name: &str, office: &str, key: &Option<String>) -> (AsyncSmcpAgent, Heard) {
    let mut provider = DefaultAuthProvider::new(name.to_string(), office.to_string());
    if let Some(key) = key {
        provider = provider.with_api_key(key.clone());
    }
    let (teller, heard) = heard::pair();
    let config = SmcpAgentConfig::new().with_tool_call_timeout(CALL_SECONDS);
    (AsyncSmcpAgent::new(provider, config).with_event_handler(teller), heard)
}

/// Another revision answers the handshake: both clients must say so, and nothing else.
pub async fn is_refused(score: &mut Score, url: &str, key: &Option<String>) -> Result<(), AnyError> {
    let (mut agent, _heard) = new_agent("refused-agent", "refused", key);
    let ended = agent.connect(url).await;
    let good = matches!(ended, Err(SmcpAgentError::ProtocolVersionMismatch(_)));
    score.check("the Agent understands the refusal of its version", good, ended);
    let (computer, _folder) = computer::running("refused-computer").await?;
    let ended = computer::connect(&computer, url, key).await.map_err(|error| format!("{error:?}"));
    let good = matches!(&ended, Err(text) if text.starts_with("ProtocolVersionMismatch"));
    score.check("the Computer understands the refusal of its version", good, ended);
    stop(&computer).await;
    Ok(())
}

pub async fn play(score: &mut Score, url: &str, key: &Option<String>) -> Result<(), AnyError> {
    let id = format!("office-{}", std::process::id());
    let name = format!("computer-{}", std::process::id());
    let (computer, folder) = computer::running(&name).await?;
    let (mut agent, heard) = new_agent(&format!("agent-of-{id}"), &id, key);
    agent.connect(url).await?;
    agent.join_office(&format!("agent-of-{id}")).await?;
    let mut office = Office { id, agent, heard, computer, name, folder };
    let ended = whole_day(score, &mut office, url, key).await;
    stop(&office.computer).await;
    ended
}

async fn whole_day(score: &mut Score, office: &mut Office, url: &str, key: &Option<String>) -> Result<(), AnyError> {
    let alone = office.agent.list_room(&office.id).await?;
    score.check("an empty office lists the Agent alone", alone.len() == 1, &alone);
    computer::connect(&office.computer, url, key).await?;
    office.computer.join_office(&office.id, &office.name).await?;
    arrival(score, office).await?;
    tools(score, office).await?;
    desktop_and_resources(score, office).await?;
    skills(score, office).await?;
    blobs(score, office).await?;
    refusals(score, office).await;
    updates(score, office).await?;
    going_home(score, office).await
}

/// The SDK's shutdown may wait for its MCP server; the story does not wait with it.
async fn stop(computer: &RustComputer) {
    let _ = tokio::time::timeout(Duration::from_secs(3), computer.shutdown()).await;
}

fn exposed(tools: &[&str]) -> Value {
    json!(tools.iter().map(|tool| format!("{BUNDLE}__{tool}")).collect::<Vec<_>>())
}

async fn arrival(score: &mut Score, office: &mut Office) -> Result<(), AnyError> {
    let all = exposed(&["echo", "fail", "image", "slow"]);
    let fetched = office.heard.next("tools").await?;
    score.check("the Agent fetches the tools by itself", fetched == json!([office.name, all]), &fetched);
    let entered = office.heard.next("enter_office").await?;
    let good = entered["office_id"] == json!(office.id) && entered["computer"] == json!(office.name);
    score.check("the Agent is told who entered", good && entered["agent"].is_null(), &entered);
    let listed = office.agent.list_room(&office.id).await?;
    score.check("the office lists both", listed.len() == 2, &listed);
    let good = listed.iter().all(|session| session.a2c_version.as_deref() == Some(smcp::PROTOCOL_VERSION));
    score.check("with the versions of their handshakes", good, &listed);
    Ok(())
}

async fn tools(score: &mut Score, office: &mut Office) -> Result<(), AnyError> {
    let tools = office.agent.get_tools(&office.name).await?;
    let mut names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    names.sort_unstable();
    score.check("get_tools", json!(names) == exposed(&["echo", "fail", "image", "slow"]), &names);
    let good = tools.iter().all(|tool| tool.bundle_id == BUNDLE && tool.params_schema["required"] == json!(["text"]));
    score.check("a tool brings its bundle and its schema", good, &tools);
    let config = office.agent.get_computer_config(&office.name).await?;
    score.check("get_config", config.servers[BUNDLE]["type"].is_string(), &config);

    let result = call(office, "echo", "Grüße 👋").await?;
    score.check("tool_call", result["content"][0]["text"] == json!("echo: Grüße 👋"), &result);
    let result = call(office, "fail", "do it").await?;
    let good = result["isError"] == json!(true) && result["content"][0]["text"] == json!("cannot do it");
    score.check("a failing tool is an error result", good, &result);
    let result = call(office, "slow", "").await?;
    let good = matches!(classify_tool_call_outcome(&result), ToolCallOutcome::TimedOut);
    score.check("a slow tool is given up in time", good, &result);
    Ok(())
}

async fn call(office: &Office, tool: &str, text: &str) -> Result<Value, SmcpAgentError> {
    office.agent.tool_call(&office.name, &format!("{BUNDLE}__{tool}"), json!({ "text": text })).await
}

async fn desktop_and_resources(score: &mut Score, office: &mut Office) -> Result<(), AnyError> {
    let desktop = office.agent.get_desktop(&office.name, None, None).await?;
    let good = desktop.len() == 1 && desktop[0].starts_with("window://driver/main");
    score.check("get_desktop", good && desktop[0].ends_with("what the window shows"), &desktop);
    let desktop = office.agent.get_desktop(&office.name, Some(0), None).await?;
    score.check("get_desktop of size 0", desktop.is_empty(), &desktop);
    let page = office.agent.get_resources(&office.name, BUNDLE, None).await?;
    let good = page.resources.len() == 1 && page.resources[0].uri.as_deref() == Some("window://driver/main");
    score.check("get_resources", good && page.next_cursor.is_none(), &page);
    let refused = office.agent.get_resources(&office.name, "nobody", None).await;
    score.check("get_resources of no server is 4014", code_of(&refused) == Some(4014), &refused);
    Ok(())
}

fn code_of<T>(result: &Result<T, SmcpAgentError>) -> Option<i64> {
    match result {
        Err(SmcpAgentError::Protocol(error)) => Some(error.code),
        _ => None,
    }
}

async fn skills(score: &mut Score, office: &mut Office) -> Result<(), AnyError> {
    let skills = office.agent.get_skills(&office.name).await?;
    let good = skills.len() == 1 && skills[0].source == "user" && skills[0].description == "Greets people.";
    score.check("get_skills", good, &skills);
    let full_name = skills.first().map_or(SKILL.to_string(), |skill| skill.name.clone());
    let skill = office.agent.get_skill(&office.name, &full_name, None).await?;
    let good = skill.body.as_ref().is_some_and(|body| body.contains("Say hello."));
    score.check("get_skill", good && skill.blob_handle.is_none(), &skill);
    let skill = office.agent.get_skill(&office.name, &full_name, Some("long.md")).await?;
    let good = skill.body.as_deref() == Some(&computer::long_text());
    score.check("a long text comes whole, by chunks", good, skill.body.map(|body| body.len()));
    let refused = office.agent.get_skill(&office.name, &full_name, Some("../../../outside")).await;
    score.check("get_skill does not leave the skill: 4017", code_of(&refused) == Some(4017), &refused);
    let seal = office.agent.get_skill(&office.name, &full_name, Some("seal.png")).await?;
    let handle = seal.blob_handle.ok_or("a picture came without a handle")?;
    let chunk = office.agent.get_blob(&office.name, handle.as_str(), Some(4), Some(8)).await?;
    let good = STANDARD.decode(&chunk.blob)? == [0, 159, 146, 150, 0, 159, 146, 150];
    score.check("get_blob", good && chunk.chunk_offset == 4 && chunk.total_size == 400_000 && !chunk.eof, &chunk);
    let refused = office.agent.get_blob(&office.name, "no-handle", None, None).await;
    score.check("get_blob of no handle is 4018", code_of(&refused) == Some(4018), &refused);
    Ok(())
}

async fn blobs(score: &mut Score, office: &mut Office) -> Result<(), AnyError> {
    let result = call(office, "image", "").await?;
    let data = STANDARD.decode(result["content"][0]["data"].as_str().unwrap_or_default())?;
    let whole: Vec<u8> = (0..=255).cycle().take(IMAGE_BYTES).collect();
    score.check("a large result comes whole, by chunks", data == whole, data.len());
    let put = office.agent.put_blob(&office.name, &whole, Some("picture.png"), Some(100_000)).await?;
    let landed = std::fs::read(&put.landing_path)?;
    let good = landed == whole && put.landing_path.starts_with(&office.folder.path().display().to_string());
    score.check("put_blob lands where the Computer keeps such files", good, &put);
    let digest: String = Sha256::digest(&whole).iter().map(|byte| format!("{byte:02x}")).collect();
    score.check("with the digest of what was sent", put.sha256 == digest && put.total_size == IMAGE_BYTES as u64, &put);
    Ok(())
}

async fn refusals(score: &mut Score, office: &mut Office) {
    let refused = office.agent.get_tools("nobody").await;
    score.check("get_tools of nobody is 404", code_of(&refused) == Some(404), &refused);
    let refused = office.agent.tool_call("nobody", "driver__echo", json!({})).await;
    score.check("tool_call to nobody is 404", code_of(&refused) == Some(404), &refused);
    let refused = office.agent.put_blob("nobody", b"bytes", None, None).await;
    let good = format!("{refused:?}").contains("404");
    score.check("put_blob to nobody is 404", good, &refused);
}

async fn updates(score: &mut Score, office: &mut Office) -> Result<(), AnyError> {
    let slot = office.computer.get_socketio_client();
    let client = slot.read().await.clone().ok_or("the Computer has no client")?;
    let computer = json!({ "computer": office.name });
    office.computer.emit_update_config().await?;
    let told = office.heard.next("update_config").await?;
    score.check("update_config is told", told == computer, &told);
    client.emit_update_tool_list().await?;
    let told = office.heard.next("update_tool_list").await?;
    score.check("update_tool_list is told", told == computer, &told);
    let told = office.heard.next("tools").await?;
    score.check("and the tools are fetched again", told[0] == json!(office.name), &told);
    client.emit_update_desktop().await?;
    let told = office.heard.next("desktop").await?;
    score.check("update_desktop is told, the desktop fetched", told[0] == json!(office.name), &told);
    client.emit_update_skills().await?;
    let told = office.heard.next("skills").await?;
    score.check("update_skills is told, the skills fetched", told[0] == json!(office.name), &told);
    Ok(())
}

async fn going_home(score: &mut Score, office: &mut Office) -> Result<(), AnyError> {
    office.computer.leave_office().await?;
    let left = office.heard.next("leave_office").await?;
    let good = left["office_id"] == json!(office.id) && left["computer"] == json!(office.name);
    score.check("the Agent is told who left", good, &left);
    let listed = office.agent.list_room(&office.id).await?;
    score.check("the office lists the Agent alone again", listed.len() == 1, &listed);
    office.computer.join_office(&office.id, &office.name).await?;
    let entered = office.heard.next("enter_office").await?;
    score.check("a Computer comes back", entered["computer"] == json!(office.name), &entered);
    office.computer.disconnect_socketio().await?;
    let left = office.heard.next("leave_office").await?;
    score.check("a Computer that disconnects has left", left["computer"] == json!(office.name), &left);
    office.agent.leave_office().await?;
    Ok(())
}
