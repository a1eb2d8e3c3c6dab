// SPDX-License-Identifier: Apache-2.0

//! What the SDK tells the Agent's event handler, as (method, data) in the order of the calls.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{json, Value};
use smcp::{
    A2CSkillRef, EnterOfficeNotification, LeaveOfficeNotification, SMCPTool, UpdateMCPConfigNotification,
    UpdateToolListNotification,
};
use smcp_agent::{AsyncAgentEventHandler, AsyncSmcpAgent, SmcpAgentError};
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};

use crate::AnyError;

const DEADLINE: Duration = Duration::from_secs(15);

pub struct Teller(UnboundedSender<(&'static str, Value)>);
pub struct Heard(UnboundedReceiver<(&'static str, Value)>);

pub fn pair() -> (Teller, Heard) {
    let (sender, receiver) = unbounded_channel();
    (Teller(sender), Heard(receiver))
}

impl Heard {
    /// The data of the next call of `method`; others before it are dropped.
    pub async fn next(&mut self, method: &str) -> Result<Value, AnyError> {
        loop {
            match tokio::time::timeout(DEADLINE, self.0.recv()).await {
                Ok(Some((found, data))) if found == method => return Ok(data),
                Ok(Some(_)) => continue,
                _ => return Err(format!("{method} was not called").into()),
            }
        }
    }
}

impl Teller {
    fn tell(&self, method: &'static str, data: Value) -> Result<(), SmcpAgentError> {
        let _ = self.0.send((method, data));
        Ok(())
    }
}

fn names<T>(items: &[T], name: impl Fn(&T) -> &str) -> Value {
    let mut names: Vec<&str> = items.iter().map(name).collect();
    names.sort_unstable();
    json!(names)
}

#[async_trait]
impl AsyncAgentEventHandler for Teller {
    async fn on_computer_enter_office(
        &self,
        data: EnterOfficeNotification,
        _: &AsyncSmcpAgent,
    ) -> Result<(), SmcpAgentError> {
        self.tell("enter_office", json!(data))
    }

    async fn on_computer_leave_office(
        &self,
        data: LeaveOfficeNotification,
        _: &AsyncSmcpAgent,
    ) -> Result<(), SmcpAgentError> {
        self.tell("leave_office", json!(data))
    }

    async fn on_computer_update_config(
        &self,
        data: UpdateMCPConfigNotification,
        _: &AsyncSmcpAgent,
    ) -> Result<(), SmcpAgentError> {
        self.tell("update_config", json!(data))
    }

    async fn on_computer_update_tool_list(
        &self,
        data: UpdateToolListNotification,
        _: &AsyncSmcpAgent,
    ) -> Result<(), SmcpAgentError> {
        self.tell("update_tool_list", json!(data))
    }

    async fn on_tools_received(
        &self,
        computer: &str,
        tools: Vec<SMCPTool>,
        _: &AsyncSmcpAgent,
    ) -> Result<(), SmcpAgentError> {
        self.tell("tools", json!([computer, names(&tools, |tool| &tool.name)]))
    }

    async fn on_desktop_updated(
        &self,
        computer: &str,
        desktops: Vec<String>,
        _: &AsyncSmcpAgent,
    ) -> Result<(), SmcpAgentError> {
        self.tell("desktop", json!([computer, desktops]))
    }

    async fn on_skills_received(
        &self,
        computer: &str,
        skills: Vec<A2CSkillRef>,
        _: &AsyncSmcpAgent,
    ) -> Result<(), SmcpAgentError> {
        self.tell("skills", json!([computer, names(&skills, |skill| &skill.name)]))
    }
}
