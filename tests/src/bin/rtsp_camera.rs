//! RTSP cameras as a process of their own, to be killed or frozen from outside, or to try the agent by hand. Prints the port.
#![allow(
    clippy::print_stdout,
    reason = "a command line program speaks on standard output"
)]

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use edge_tests::feed::Feed;
use edge_tests::rtsp::{Camera, Login, RtspServer};

/// Plays MP4 clips (H.264) in a loop as RTSP cameras on 127.0.0.1 until standard input is closed.
#[derive(Debug, Parser)]
struct Arguments {
    /// Port; default: a free one.
    #[arg(long)]
    port: Option<u16>,
    /// User name for digest login.
    #[arg(long, requires = "password")]
    user: Option<String>,
    /// Password for digest login.
    #[arg(long, requires = "user")]
    password: Option<String>,
    /// Cameras as NAME=CLIP.mp4.
    #[arg(required = true)]
    cameras: Vec<String>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    gstreamer::init()?;
    let cameras = arguments
        .cameras
        .iter()
        .map(|camera| {
            let (name, clip) = camera
                .split_once('=')
                .context("a camera is written NAME=CLIP.mp4")?;
            Ok(Camera {
                name: name.into(),
                feed: Arc::new(Feed::from_mp4(&PathBuf::from(clip))?),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let login = arguments
        .user
        .zip(arguments.password)
        .map(|(user, password)| Login { user, password });
    let server = match arguments.port {
        Some(port) => RtspServer::start_at(cameras, login, port)?,
        None => RtspServer::start(cameras, login)?,
    };
    println!("{}", server.port());
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}
