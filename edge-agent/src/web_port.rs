//! Starts the page, and where devices send, on the addresses that the configuration names. Knows no route.

use edge_config::Config;

use crate::supervise::{Criticality, Stage, Supervisor};
use crate::web;
use crate::web::inputs::WebInputs;

/// Starts both; each is tried again when its address is taken.
pub fn start(supervisor: &mut Supervisor, config: &Config, web_inputs: WebInputs) {
    if let Some(listen) = config.web.push_listen {
        let inputs = web_inputs.clone();
        supervisor.start(
            "push",
            Stage::Web,
            Criticality::Degradable,
            Box::new(move |cancel| {
                let inputs = inputs.clone();
                Box::pin(async move {
                    let listener = tokio::net::TcpListener::bind(listen).await.map_err(|e| {
                        anyhow::anyhow!("cannot listen on {listen}: {e}; choose another [web] push_listen or stop what uses it")
                    })?;
                    tracing::info!(url = %format_args!("http://{}/api/", listener.local_addr()?), "Devices may send.");
                    Ok(web::serve_push(listener, inputs, cancel).await?)
                })
            }),
        );
    }
    let listen = config.web.listen;
    supervisor.start(
        "web",
        Stage::Web,
        Criticality::Degradable,
        Box::new(move |cancel| {
            let inputs = web_inputs.clone();
            Box::pin(async move {
                let listener = tokio::net::TcpListener::bind(listen).await.map_err(|e| {
                    anyhow::anyhow!("cannot listen on {listen}: {e}; choose another [web] listen or stop what uses it")
                })?;
                let scheme = if inputs.certificate.is_some() { "https" } else { "http" };
                tracing::info!(url = %format_args!("{scheme}://{}/", listener.local_addr()?), "The page is up.");
                Ok(web::serve(listener, inputs, cancel).await?)
            })
        }),
    );
}
