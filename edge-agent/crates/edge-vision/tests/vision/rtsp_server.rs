//! A real RTSP server in this process, with a switch for each way a camera fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer_rtsp_server::prelude::*;
use gstreamer_rtsp_server::{
    RTSP_PERM_MEDIA_FACTORY_ACCESS, RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
    RTSP_TOKEN_MEDIA_FACTORY_ROLE, RTSPAuth, RTSPFilterResult, RTSPMediaFactory, RTSPServer,
    RTSPToken,
};

/// What is streamed: 320×240 at 10 frames a second, a key frame every second.
pub const H264: &str = "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=10/1 ! \
    x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay0 pt=96 config-interval=1 )";
pub const H265: &str = "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=10/1 ! \
    x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph265pay name=pay0 pt=96 config-interval=1 )";
/// As a camera with sound: the sound must neither be fetched nor disturb.
pub const H264_WITH_SOUND: &str = "( videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=10/1 ! \
    x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay1 pt=96 config-interval=1 \
    audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay0 pt=8 )";
pub const VP8: &str = "( videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=10/1 ! \
    vp8enc deadline=1 ! rtpvp8pay name=pay0 pt=96 )";

pub struct RtspServer {
    server: RTSPServer,
    context: glib::MainContext,
    main_loop: glib::MainLoop,
    thread: Option<std::thread::JoinHandle<()>>,
    port: u16,
    silent: Arc<AtomicBool>,
}

impl RtspServer {
    /// Serves `launch` under `/cam` on `port` (0: any), with a login if one is given.
    pub fn start(launch: &str, port: u16, login: Option<(&str, &str)>) -> RtspServer {
        edge_vision::ingest::start_gstreamer().unwrap();
        let silent = Arc::new(AtomicBool::new(false));
        let server = RTSPServer::new();
        server.set_address("127.0.0.1");
        server.set_service(&port.to_string());
        let factory = RTSPMediaFactory::new();
        factory.set_launch(launch);
        factory.set_shared(true);
        let mute = Arc::clone(&silent);
        factory.connect_media_configure(move |_, media| {
            for pay in ["pay0", "pay1"] {
                let bin = media.element().downcast::<gstreamer::Bin>().unwrap();
                let Some(pay) = bin.by_name(pay) else {
                    continue;
                };
                let mute = Arc::clone(&mute);
                let kinds = gstreamer::PadProbeType::BUFFER | gstreamer::PadProbeType::BUFFER_LIST;
                pay.static_pad("src")
                    .unwrap()
                    .add_probe(kinds, move |_, _| {
                        if mute.load(Ordering::Relaxed) {
                            gstreamer::PadProbeReturn::Handled
                        } else {
                            gstreamer::PadProbeReturn::Ok
                        }
                    });
            }
        });
        if let Some((user, password)) = login {
            let auth = RTSPAuth::new();
            auth.set_supported_methods(gstreamer_rtsp::RTSPAuthMethod::Digest);
            let token = RTSPToken::builder()
                .field(RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
                .build();
            auth.add_digest(user, password, &token);
            server.set_auth(Some(&auth));
            let role = gstreamer::Structure::builder("viewer")
                .field(RTSP_PERM_MEDIA_FACTORY_ACCESS, true)
                .field(RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, true)
                .build();
            factory.add_role_from_structure(&role);
        }
        server.mount_points().unwrap().add_factory("/cam", factory);
        let context = glib::MainContext::new();
        let main_loop = glib::MainLoop::new(Some(&context), false);
        let (ready, started) = mpsc::channel();
        let (thread_server, thread_context, thread_loop) =
            (server.clone(), context.clone(), main_loop.clone());
        let thread = std::thread::spawn(move || {
            thread_context
                .with_thread_default(|| {
                    let source = thread_server.attach(Some(&thread_context)).unwrap();
                    ready.send(()).unwrap();
                    thread_loop.run();
                    thread_context.find_source_by_id(&source).unwrap().destroy();
                })
                .unwrap();
        });
        started.recv().unwrap();
        let port = u16::try_from(server.bound_port()).unwrap();
        RtspServer {
            server,
            context,
            main_loop,
            thread: Some(thread),
            port,
            silent,
        }
    }

    pub fn url(&self) -> String {
        format!("rtsp://127.0.0.1:{}/cam", self.port)
    }

    /// Stops sending, or starts again, with every connection left open.
    pub fn set_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::Relaxed);
    }

    /// Closes every connection and the port, as a camera that loses power.
    pub fn kill(self) -> u16 {
        self.port
    }
}

impl Drop for RtspServer {
    fn drop(&mut self) {
        let server = self.server.clone();
        let (done, closed) = mpsc::channel();
        self.context.invoke(move || {
            server.client_filter(Some(&mut |_, _| RTSPFilterResult::Remove));
            let _ = done.send(());
        });
        let _ = closed.recv();
        self.main_loop.quit();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
