//! CPU time per analysed frame of the whole way (decode, scale, convert, infer, track) against its floors, decoding alone
//! and inference alone, measured in the same run; and memory per camera. Rewrites the table in
//! `edge-agent/docs/performance.md`. Run by `make bench`; other clips: `cargo run --release -p edge-vision --example
//! bench -- CLIP.mp4`.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use edge_vision::attention::Attention;
use edge_vision::board::FrameBoard;
use edge_vision::clip::Clip;
use edge_vision::frame::Clock;
use edge_vision::ingest::{Camera, CameraSpec, Repeat, Source, start_gstreamer};
use edge_vision::pool::{InferencePool, PoolOptions};
use edge_vision::preview::PreviewStore;
use edge_vision::{Detector, DetectorOptions, Manifest};
use gstreamer::prelude::*;
use hall_core::HallTime;
use hall_core::track::{Tracker, TrackerConfig};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

type Outcome<T> = Result<T, Box<dyn Error>>;

const SOURCE_FPS: f64 = 25.0;
const ANALYSED_FPS: f64 = 5.0;
const WARM_UP: Duration = Duration::from_secs(3);
/// With the warm-up shorter than the clip, so that no restart falls into it.
const MEASURED: Duration = Duration::from_secs(13);
const PACED: Duration = Duration::from_secs(8);
const INFERENCES: u32 = 400;
const DECODE_ROUNDS: u32 = 3;
const TARGET: f64 = 1.25;
const BEGIN: &str = "<!-- bench begin -->";
const END: &str = "<!-- bench end -->";

/// CPU milliseconds of what cannot be left out.
#[derive(Clone, Copy)]
struct Floor {
    decode_ms: f64,
    infer_ms: f64,
}

struct Row {
    cameras: usize,
    frames: u64,
    cpu_ms_per_frame: f64,
    floor_ms: f64,
    paced_ms: f64,
    cpu_percent: f64,
    rss_mib: f64,
}

fn main() -> Outcome<()> {
    start_gstreamer()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(3)
        .ok_or("no workspace")?
        .to_path_buf();
    let dir = std::env::temp_dir().join(format!("edge-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let outcome = measure(&root, &dir);
    std::fs::remove_dir_all(&dir)?;
    let table = outcome?;
    std::io::stdout().write_all(table.as_bytes())?;
    rewrite(&root.join("edge-agent/docs/performance.md"), &table)
}

fn measure(root: &Path, dir: &Path) -> Outcome<String> {
    let clip = match std::env::args_os().nth(1) {
        Some(path) => PathBuf::from(path),
        None => make_clip(&root.join("tests/fixtures/clips/morning.windows.mp4"), dir)?,
    };
    say("decoding alone")?;
    let decode_ms = decode_floor(&clip)?;
    let manifest = Manifest::read(&root.join("models/models.toml"))?;
    let model = manifest.default_model()?.clone();
    say("inference alone")?;
    let mut detector = Detector::load(&model, &DetectorOptions::default())?;
    for _ in 0..20 {
        detector.infer_only()?;
    }
    let before = cpu()?;
    for _ in 0..INFERENCES {
        detector.infer_only()?;
    }
    let infer_ms = (cpu()? - before) * 1000.0 / f64::from(INFERENCES);
    let input = detector.info().input;
    say("scaling, colour and suppression alone")?;
    let picture = Clip::open(&clip)?
        .nth(30)
        .ok_or("the clip is too short")??;
    let before = cpu()?;
    for _ in 0..INFERENCES {
        detector.detect(&picture)?;
    }
    let own_ms = (cpu()? - before) * 1000.0 / f64::from(INFERENCES) - infer_ms;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let flat = Floor {
        decode_ms,
        infer_ms,
    };
    let mut rows = Vec::new();
    for cameras in [1, 4, 8] {
        say(&format!(
            "{cameras} camera(s), {} s",
            (WARM_UP + MEASURED).as_secs()
        ))?;
        let options = PoolOptions {
            workers: 1,
            model: model.clone(),
            detector: DetectorOptions::default(),
        };
        let paced = paced_floor(&clip, cameras, &mut detector)?;
        rows.push(runtime.block_on(whole_way(&clip, cameras, &options, [flat, paced]))?);
    }
    let mut table = String::new();
    writeln!(
        table,
        "Clip: H.264 1280×720, {SOURCE_FPS} pictures a second, {ANALYSED_FPS} of them analysed; model {} ({}×{}), one \
         inference thread.\nMachine: {}.\n",
        model.name,
        input.width,
        input.height,
        machine()
    )?;
    writeln!(
        table,
        "Floors, flat out: decoding alone (GStreamer to fakesink) {decode_ms:.2} ms a source picture, {:.2} ms per analysed \
         one; inference alone {infer_ms:.2} ms. Scaling, colour, decoding of boxes and suppression, flat out: {own_ms:.2} \
         ms. Paced floors: the same two at the pace and number of the cameras.\n",
        decode_ms * SOURCE_FPS / ANALYSED_FPS
    )?;
    writeln!(
        table,
        "| cameras | analysed | CPU ms per analysed picture | floors, flat out | ratio | floors, paced | ratio (target ≤ \
         {TARGET}) | CPU, % of one core | memory, MiB |"
    )?;
    writeln!(table, "|---|---|---|---|---|---|---|---|---|")?;
    for r in &rows {
        writeln!(
            table,
            "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.0} | {:.0} |",
            r.cameras,
            r.frames,
            r.cpu_ms_per_frame,
            r.floor_ms,
            r.cpu_ms_per_frame / r.floor_ms,
            r.paced_ms,
            r.cpu_ms_per_frame / r.paced_ms,
            r.cpu_percent,
            r.rss_mib
        )?;
    }
    if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
        let per_camera = (last.rss_mib - first.rss_mib) / (last.cameras - first.cameras) as f64;
        writeln!(table, "\nMemory per further camera: {per_camera:.1} MiB.")?;
    }
    Ok(table)
}

/// The demo hall, five times as fast and twice as large: 18 s of real movement at a camera's usual rate and size.
fn make_clip(scene: &Path, dir: &Path) -> Outcome<PathBuf> {
    say("making the clip")?;
    let clip = dir.join("bench.mp4");
    let launch = "filesrc name=in ! decodebin ! videoconvert ! videorate rate=5.0 ! videoscale ! \
        video/x-raw,format=I420,width=1280,height=720,framerate=25/1 ! \
        x264enc bitrate=2000 key-int-max=50 speed-preset=veryfast bframes=0 ! h264parse ! mp4mux ! filesink name=out";
    let pipeline = gstreamer::parse::launch(launch)?
        .downcast::<gstreamer::Pipeline>()
        .map_err(|_| "no pipeline")?;
    pipeline
        .by_name("in")
        .ok_or("no source")?
        .set_property("location", scene);
    pipeline
        .by_name("out")
        .ok_or("no sink")?
        .set_property("location", &clip);
    play(&pipeline)?;
    Ok(clip)
}

/// Plays to the end.
fn play(pipeline: &gstreamer::Pipeline) -> Outcome<()> {
    pipeline.set_state(gstreamer::State::Playing)?;
    let kinds = [gstreamer::MessageType::Eos, gstreamer::MessageType::Error];
    let message = pipeline
        .bus()
        .ok_or("no bus")?
        .timed_pop_filtered(gstreamer::ClockTime::from_seconds(300), &kinds);
    pipeline.set_state(gstreamer::State::Null)?;
    match message.as_ref().map(|m| m.view()) {
        Some(gstreamer::MessageView::Eos(_)) => Ok(()),
        other => Err(format!("the pipeline did not end well: {other:?}").into()),
    }
}

/// CPU milliseconds per analysed picture of the two floors at the cameras' own pace: each decoder in real time, each
/// inference when its picture would come. Colder caches make both dearer than flat out.
fn paced_floor(clip: &Path, cameras: usize, detector: &mut Detector) -> Outcome<Floor> {
    let mut pipelines = Vec::new();
    for _ in 0..cameras {
        let launch = "filesrc name=in ! parsebin ! avdec_h264 max-threads=1 ! fakesink sync=true";
        let pipeline = gstreamer::parse::launch(launch)?
            .downcast::<gstreamer::Pipeline>()
            .map_err(|_| "no pipeline")?;
        pipeline
            .by_name("in")
            .ok_or("no source")?
            .set_property("location", clip);
        pipeline.set_state(gstreamer::State::Playing)?;
        pipelines.push(pipeline);
    }
    std::thread::sleep(WARM_UP);
    let (before, start) = (cpu()?, Instant::now());
    std::thread::sleep(PACED);
    let decode_ms =
        (cpu()? - before) * 1000.0 / (start.elapsed().as_secs_f64() * SOURCE_FPS * cameras as f64);
    for pipeline in &pipelines {
        pipeline.set_state(gstreamer::State::Null)?;
    }
    let (before, start) = (cpu()?, Instant::now());
    let mut inferences = 0_u32;
    while start.elapsed() < PACED {
        // All cameras' pictures come at about the same instant.
        for _ in 0..cameras {
            detector.infer_only()?;
            inferences += 1;
        }
        let next = Duration::from_secs_f64(f64::from(inferences) / cameras as f64 / ANALYSED_FPS);
        std::thread::sleep(next.saturating_sub(start.elapsed()));
    }
    Ok(Floor {
        decode_ms,
        infer_ms: (cpu()? - before) * 1000.0 / f64::from(inferences),
    })
}

/// CPU milliseconds per source picture of decoding alone, by the same decoder with the same thread count.
fn decode_floor(clip: &Path) -> Outcome<f64> {
    let frames = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let before = cpu()?;
    for _ in 0..DECODE_ROUNDS {
        let launch =
            "filesrc name=in ! parsebin ! avdec_h264 max-threads=1 ! fakesink name=out sync=false";
        let pipeline = gstreamer::parse::launch(launch)?
            .downcast::<gstreamer::Pipeline>()
            .map_err(|_| "no pipeline")?;
        pipeline
            .by_name("in")
            .ok_or("no source")?
            .set_property("location", clip);
        let counted = Arc::clone(&frames);
        let pad = pipeline
            .by_name("out")
            .and_then(|s| s.static_pad("sink"))
            .ok_or("no sink")?;
        pad.add_probe(gstreamer::PadProbeType::BUFFER, move |_, _| {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            gstreamer::PadProbeReturn::Ok
        });
        play(&pipeline)?;
    }
    let frames = frames.load(std::sync::atomic::Ordering::Relaxed);
    Ok((cpu()? - before) * 1000.0 / frames.max(1) as f64)
}

/// The agent's own path in real time: cameras, board, workers, trackers.
async fn whole_way(
    clip: &Path,
    cameras: usize,
    options: &PoolOptions,
    floors: [Floor; 2],
) -> Outcome<Row> {
    let start = Instant::now();
    let clock: Clock = Arc::new(move || HallTime(start.elapsed().as_millis() as i64 + 1));
    let board = FrameBoard::new();
    // As in the agent: full means the workers wait.
    let (findings, mut found) = mpsc::channel(32);
    // Room for all reports of a run; statistics are left out beyond it.
    let (reports, _kept) = mpsc::channel(64);
    let pool = InferencePool::start(
        options,
        Arc::clone(&board),
        Arc::clone(&clock),
        PreviewStore::new(),
        watch::Sender::new(Attention::All).subscribe(),
        findings,
    )?;
    let cancel = CancellationToken::new();
    let mut tasks = vec![tokio::spawn(pool.run(cancel.clone()))];
    for number in 0..cameras {
        let id = format!("cam{number}").into();
        let source = Source::File {
            path: clip.to_path_buf(),
            repeat: Repeat::Forever,
        };
        let spec = CameraSpec {
            analysis_fps: ANALYSED_FPS as f32,
            ..CameraSpec::new(id, source)
        };
        let slot = board.open(&spec.id, vec![]);
        let camera = Camera::new(spec, slot, Arc::clone(&clock), reports.clone())?;
        tasks.push(tokio::spawn(camera.run(cancel.clone())));
    }
    let mut trackers: std::collections::HashMap<_, Tracker> = std::collections::HashMap::new();
    let (mut frames, mut before) = (0_u64, None);
    while start.elapsed() < WARM_UP + MEASURED {
        let Ok(Some(finding)) =
            tokio::time::timeout(Duration::from_millis(250), found.recv()).await
        else {
            continue;
        };
        let tracker = trackers
            .entry(finding.camera.clone())
            .or_insert_with(|| Tracker::new(TrackerConfig::default()));
        tracker.update(
            finding.at,
            finding.detections.as_deref().unwrap_or_default(),
        );
        if start.elapsed() >= WARM_UP {
            match before {
                None => before = Some((cpu()?, Instant::now())),
                Some(_) => frames += 1,
            }
        }
    }
    let (cpu_before, since) = before.ok_or("no frame was analysed")?;
    let (used, span) = (cpu()? - cpu_before, since.elapsed().as_secs_f64());
    let rss_mib = resident_mib()?;
    cancel.cancel();
    drop(found);
    for task in tasks {
        task.await??;
    }
    // Pictures that a busy machine left out cost their decoding all the same.
    let per_frame = |f: Floor| {
        (f.decode_ms * SOURCE_FPS * span * cameras as f64) / frames.max(1) as f64 + f.infer_ms
    };
    Ok(Row {
        cameras,
        frames,
        cpu_ms_per_frame: used * 1000.0 / frames.max(1) as f64,
        floor_ms: per_frame(floors[0]),
        paced_ms: per_frame(floors[1]),
        cpu_percent: used * 100.0 / span,
        rss_mib,
    })
}

/// CPU seconds of this process with all its threads, also the ended ones; steps of 10 ms.
fn cpu() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The command in brackets may hold spaces; user and system time are fields 14 and 15.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .ok_or("stat")?
        .split_whitespace()
        .collect();
    let ticks: f64 = fields.get(11).ok_or("utime")?.parse::<f64>()?
        + fields.get(12).ok_or("stime")?.parse::<f64>()?;
    Ok(ticks / 100.0)
}

fn resident_mib() -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|l| l.starts_with("VmRSS:"))
        .ok_or("VmRSS")?;
    Ok(line
        .split_whitespace()
        .nth(1)
        .ok_or("VmRSS")?
        .parse::<f64>()?
        / 1024.0)
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .and_then(|l| l.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    format!(
        "{}, {cores} cores, load {load} at the end",
        model.unwrap_or("unknown processor")
    )
}

fn say(what: &str) -> Outcome<()> {
    writeln!(std::io::stderr(), "bench: {what}")?;
    Ok(())
}

fn rewrite(file: &Path, table: &str) -> Outcome<()> {
    let text = std::fs::read_to_string(file)?;
    let (head, rest) = text
        .split_once(BEGIN)
        .ok_or("performance.md has lost its bench markers")?;
    let (_, tail) = rest
        .split_once(END)
        .ok_or("performance.md has lost its bench markers")?;
    std::fs::write(file, format!("{head}{BEGIN}\n{table}{END}{tail}"))?;
    Ok(())
}
