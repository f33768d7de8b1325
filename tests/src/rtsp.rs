//! A real RTSP server (gst-rtsp-server) whose cameras play feeds in a loop, in step with each other and in real time. It can be
//! stopped and started on the same port, made silent, and asked for a password.

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, anyhow};
use gstreamer as gst;
use gstreamer::glib;
use gstreamer_app as gst_app;
use gstreamer_rtsp_server as gst_rtsp_server;
use gstreamer_rtsp_server::gst_rtsp;
use gstreamer_rtsp_server::prelude::*;

use crate::feed::{Codec, Feed};
use crate::loop_clock::LoopClock;
use crate::player::{Player, Talk};
use crate::port::free_port;

/// One camera of the server: `rtsp://127.0.0.1:PORT/NAME`.
#[derive(Debug, Clone)]
pub struct Camera {
    /// Last part of its address.
    pub name: String,
    /// What it shows.
    pub feed: Arc<Feed>,
}

/// User name and password, asked for by digest authentication.
#[derive(Debug, Clone)]
pub struct Login {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

/// A set of cameras behind one port. Stopped when dropped.
pub struct RtspServer {
    cameras: Vec<Camera>,
    login: Option<Login>,
    port: u16,
    clock: Arc<LoopClock>,
    talk: Arc<Talk>,
    running: Option<Running>,
}

struct Running {
    main_loop: glib::MainLoop,
    thread: JoinHandle<()>,
    players: Arc<Mutex<Vec<Player>>>,
}

impl RtspServer {
    /// Starts the cameras on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When GStreamer or its RTSP server is not there.
    pub fn start(cameras: Vec<Camera>, login: Option<Login>) -> Result<RtspServer> {
        let mut last = None;
        for _ in 0..5 {
            // Another process may be quicker with the port.
            match RtspServer::start_at(cameras.clone(), login.clone(), free_port()?) {
                Ok(server) => return Ok(server),
                Err(e) => last = Some(e),
            }
        }
        Err(last.context("no try was made")?)
    }

    /// The same on a given port.
    ///
    /// # Errors
    /// When GStreamer or its RTSP server is not there, or the port is taken.
    pub fn start_at(cameras: Vec<Camera>, login: Option<Login>, port: u16) -> Result<RtspServer> {
        gst::init()?;
        let mut server = RtspServer {
            cameras,
            login,
            port,
            clock: Arc::new(LoopClock::default()),
            talk: Arc::new(Talk::default()),
            running: None,
        };
        server.resume()?;
        Ok(server)
    }

    /// Port of 127.0.0.1 the server has (or had, while stopped).
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Address of a camera, without the login.
    #[must_use]
    pub fn url(&self, camera: &str) -> String {
        format!("rtsp://127.0.0.1:{}/{camera}", self.port)
    }

    /// When the clips' second 0 was shown first: set when the first client comes, the same for all cameras, and kept over
    /// [`RtspServer::stop`] and [`RtspServer::resume`] as a hall goes on while its cameras are away.
    #[must_use]
    pub fn began(&self) -> Option<(Instant, SystemTime)> {
        self.clock.began()
    }

    /// Closes the port and all connections, as a camera that loses power.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            for player in std::mem::take(
                &mut *running
                    .players
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner),
            ) {
                player.end();
            }
            running.main_loop.quit();
            // A panic in the server's thread has been printed; there is nothing more to learn here.
            let _ = running.thread.join();
        }
    }

    /// Listens again on the same port.
    ///
    /// # Errors
    /// When the port has been taken meanwhile.
    pub fn resume(&mut self) -> Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let players = Arc::new(Mutex::new(Vec::new()));
        let server = self.build(&players)?;
        // Capacity 1, one message ever: the thread's report that it listens.
        let (ready_tx, ready_rx) = sync_channel(1);
        let context = glib::MainContext::new();
        let main_loop = glib::MainLoop::new(Some(&context), false);
        let thread = std::thread::Builder::new()
            .name("rtsp-server".into())
            .spawn({
                let main_loop = main_loop.clone();
                move || serve(&server, &context, &main_loop, &ready_tx)
            })?;
        self.port = ready_rx
            .recv()
            .context("the RTSP server's thread ended")??;
        self.running = Some(Running {
            main_loop,
            thread,
            players,
        });
        Ok(())
    }

    /// Goes silent: connections stay open and RTSP is answered, but no picture comes any more, as from a hung encoder.
    pub fn go_silent(&self) {
        self.talk.silence();
    }

    /// Ends the silence; pictures go on where the clips are by then.
    pub fn speak_again(&self) {
        self.talk.resume();
    }

    fn build(&self, players: &Arc<Mutex<Vec<Player>>>) -> Result<gst_rtsp_server::RTSPServer> {
        let server = gst_rtsp_server::RTSPServer::new();
        server.set_address("127.0.0.1");
        server.set_service(&self.port.to_string());
        let mounts = server
            .mount_points()
            .context("an RTSP server without mount points")?;
        for camera in &self.cameras {
            let factory = self.factory(camera, players);
            if self.login.is_some() {
                let access = gst::Structure::builder("viewer")
                    .field("media.factory.access", true)
                    .field("media.factory.construct", true)
                    .build();
                factory.add_role_from_structure(&access);
            }
            mounts.add_factory(&format!("/{}", camera.name), factory);
        }
        if let Some(login) = &self.login {
            let auth = gst_rtsp_server::RTSPAuth::new();
            auth.set_supported_methods(gst_rtsp::RTSPAuthMethod::Digest);
            let token = gst_rtsp_server::RTSPToken::builder()
                .field("media.factory.role", "viewer")
                .build();
            auth.add_digest(&login.user, &login.password, &token);
            server.set_auth(Some(&auth));
        }
        Ok(server)
    }

    fn factory(
        &self,
        camera: &Camera,
        players: &Arc<Mutex<Vec<Player>>>,
    ) -> gst_rtsp_server::RTSPMediaFactory {
        let (parser, payloader) = match camera.feed.codec {
            Codec::H264 => ("h264parse", "rtph264pay"),
            Codec::H265 => ("h265parse", "rtph265pay"),
        };
        let factory = gst_rtsp_server::RTSPMediaFactory::new();
        // The queue of the source holds 2 s at 25 fps; a client that cannot keep up loses the oldest pictures, as on a camera.
        factory.set_launch(&format!(
            "( appsrc name=source is-live=true format=time max-buffers=50 leaky-type=downstream ! {parser} ! \
             {payloader} name=pay0 pt=96 config-interval=-1 )"
        ));
        factory.set_shared(true);
        let (feed, clock, talk, players) = (
            camera.feed.clone(),
            self.clock.clone(),
            self.talk.clone(),
            Arc::downgrade(players),
        );
        factory.connect_media_configure(move |_, media| {
            let source = media
                .element()
                .downcast::<gst::Bin>()
                .ok()
                .and_then(|bin| bin.by_name("source"))
                .and_then(|e| e.downcast::<gst_app::AppSrc>().ok())
                .expect("invariant: the launch line above has an appsrc named source");
            source.set_caps(Some(&feed.caps));
            let Some(players) = players.upgrade() else {
                return;
            };
            let player = Player::begin(feed.clone(), source, clock.clone(), talk.clone());
            let ended = player.ender();
            media.connect_unprepared(move |_| ended.end());
            players
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(player);
        });
        factory
    }
}

impl Drop for RtspServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Body of the server's thread: listens, reports the port, serves until the loop is quit, closes every client.
fn serve(
    server: &gst_rtsp_server::RTSPServer,
    context: &glib::MainContext,
    main_loop: &glib::MainLoop,
    ready: &std::sync::mpsc::SyncSender<Result<u16>>,
) {
    let listening = context.with_thread_default(|| server.attach(Some(context)));
    let source = match listening {
        Ok(Ok(source)) => source,
        Ok(Err(e)) => {
            return drop(ready.send(Err(anyhow!(
                "cannot listen on 127.0.0.1:{}: {e}",
                server.service()
            ))));
        }
        Err(e) => return drop(ready.send(Err(e.into()))),
    };
    let port =
        u16::try_from(server.bound_port()).map_err(|_| anyhow!("the RTSP server reports no port"));
    if ready.send(port).is_err() {
        return;
    }
    main_loop.run();
    server.client_filter(Some(&mut |_, _| gst_rtsp_server::RTSPFilterResult::Remove));
    // The listening socket belongs to the source that attach() made.
    if let Some(source) = context.find_source_by_id(&source) {
        source.destroy();
    }
    // Removed clients close their sockets from this context; a few turns let them.
    let until = Instant::now() + Duration::from_millis(500);
    while context.iteration(false) && Instant::now() < until {}
}
