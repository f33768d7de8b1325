//! Finds, checks and loads the ONNX Runtime library, once per process. Knows nothing of models.

use std::env;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use ort::environment::Environment;
use ort::logging::LogLevel;

use crate::error::VisionError;

/// Environment variable that names the library file or its directory.
pub const LIBRARY_ENV: &str = "EDGE_ORT_LIB";
/// The name other software of this kind uses for it; asked second.
const LIBRARY_ENV_COMMON: &str = "ORT_DYLIB_PATH";

/// Oldest usable library: the C API level this software is compiled against (`api-20`).
const OLDEST_MINOR: u32 = 20;
/// First version with a telemetry client inside (Microsoft 1DS); a hall's box must not carry one.
const FIRST_WITH_TELEMETRY_MINOR: u32 = 29;
/// Where `make setup` puts the library, relative to the project.
const PROJECT_DIR: &str = ".native/onnxruntime";
/// Where an installed box keeps it.
const SYSTEM_DIRS: [&str; 5] = [
    "/opt/edge-agent/lib",
    "/usr/local/lib",
    "/usr/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
];

/// Version of an ONNX Runtime library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuntimeVersion {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
}

impl std::fmt::Display for RuntimeVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The loaded library.
pub struct Runtime {
    environment: Environment,
    /// The file it was loaded from.
    pub path: PathBuf,
    /// Its version.
    pub version: RuntimeVersion,
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime")
            .field("path", &self.path)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// Finds, checks and loads the library; later calls return the one already loaded, whatever they ask for, because a
    /// process can hold only one.
    ///
    /// # Errors
    /// [`VisionError::RuntimeMissing`] or [`VisionError::RuntimeUnsuitable`].
    pub fn load(explicit: Option<&Path>) -> Result<&'static Runtime, VisionError> {
        static LOADED: OnceLock<Runtime> = OnceLock::new();
        static LOADING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = LOADING
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(runtime) = LOADED.get() {
            return Ok(runtime);
        }
        let path = locate(explicit)?;
        let version = check(&path)?;
        let unsuitable = |reason: String| VisionError::RuntimeUnsuitable {
            path: path.clone(),
            reason,
        };
        let environment = ort::init_from(&path)
            .map_err(|e| unsuitable(format!("{e}; run `make setup`")))?
            .with_name("edge-agent")
            .with_telemetry(false)
            .with_logger(Arc::new(log))
            .build()
            .map_err(|e| unsuitable(e.to_string()))?;
        Ok(LOADED.get_or_init(|| Runtime {
            environment,
            path,
            version,
        }))
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }
}

fn log(level: LogLevel, category: &str, _id: &str, _location: &str, message: &str) {
    match level {
        LogLevel::Fatal | LogLevel::Error => {
            tracing::warn!(target: "onnxruntime", category, "{message}")
        }
        _ => tracing::debug!(target: "onnxruntime", category, "{message}"),
    }
}

/// The library file to use, by this order: `explicit`, the environment variables [`LIBRARY_ENV`] and
/// `ORT_DYLIB_PATH`, `.native/onnxruntime`
/// in the working directory and its ancestors, the same next to the executable and its ancestors, the system's places.
/// A directory stands for the newest suitable library in it.
///
/// # Errors
/// [`VisionError::RuntimeMissing`] when there is none, or when `explicit` or the variable names something absent.
pub fn locate(explicit: Option<&Path>) -> Result<PathBuf, VisionError> {
    let by_env = |name: &str| {
        env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let named = explicit
        .map(Path::to_path_buf)
        .or_else(|| by_env(LIBRARY_ENV))
        .or_else(|| by_env(LIBRARY_ENV_COMMON));
    if let Some(named) = named {
        return library_at(&named).ok_or_else(|| VisionError::RuntimeMissing {
            searched: named.display().to_string(),
        });
    }
    let mut candidates = Vec::new();
    if let Ok(dir) = env::current_dir() {
        candidates.extend(dir.ancestors().map(|d| d.join(PROJECT_DIR)));
    }
    if let Ok(exe) = env::current_exe() {
        candidates.extend(exe.ancestors().skip(1).map(|d| d.join(PROJECT_DIR)));
    }
    candidates.extend(SYSTEM_DIRS.map(PathBuf::from));
    candidates
        .iter()
        .find_map(|place| library_at(place))
        .ok_or_else(|| VisionError::RuntimeMissing {
            searched: format!(
                "{PROJECT_DIR} here, beside the program and in the directories above both, {}",
                SYSTEM_DIRS.join(", ")
            ),
        })
}

fn library_at(place: &Path) -> Option<PathBuf> {
    if place.is_file() {
        return Some(place.to_path_buf());
    }
    let mut found: Vec<(bool, Option<RuntimeVersion>, PathBuf)> = std::fs::read_dir(place)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .and_then(|n| n.to_str())
                .is_some_and(|n| n.starts_with("libonnxruntime.so"))
        })
        .filter(|path| path.is_file())
        .map(|path| {
            let version = version_of(&path).ok();
            (version.is_some_and(|v| refusal(v).is_none()), version, path)
        })
        .collect();
    found.sort();
    found.pop().map(|(_, _, path)| path)
}

/// Version of a library, read from the file without loading it: the telemetry client of newer versions starts when the
/// library is loaded, so the check has to come before.
///
/// # Errors
/// [`VisionError::RuntimeUnsuitable`] when the file cannot be read or bears no version.
pub fn version_of(path: &Path) -> Result<RuntimeVersion, VisionError> {
    let unsuitable = |reason: String| VisionError::RuntimeUnsuitable {
        path: path.to_path_buf(),
        reason,
    };
    let mut file = File::open(path).map_err(|e| unsuitable(e.to_string()))?;
    // The exported symbols carry the version ("VERS_1.28.0"); the overlap keeps one that straddles two blocks whole.
    const MARK: &[u8] = b"VERS_";
    const OVERLAP: usize = 32;
    let mut block = vec![0_u8; 1 << 20];
    let mut kept = 0;
    loop {
        let read = file
            .read(&mut block[kept..])
            .map_err(|e| unsuitable(e.to_string()))?;
        let filled = kept + read;
        for start in memchr_all(&block[..filled], MARK) {
            let end = (start + MARK.len() + 20).min(filled);
            if let Some(version) = parse_version(&block[start + MARK.len()..end]) {
                return Ok(version);
            }
        }
        if read == 0 {
            break;
        }
        kept = filled.min(OVERLAP);
        block.copy_within(filled - kept..filled, 0);
    }
    let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    real.file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.split_once(".so."))
        .and_then(|(_, version)| parse_version(version.as_bytes()))
        .ok_or_else(|| {
            unsuitable("this file does not look like an ONNX Runtime library (no version in it); run `make setup`".into())
        })
}

fn memchr_all<'a>(haystack: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    haystack
        .windows(needle.len())
        .enumerate()
        .filter(move |(_, w)| *w == needle)
        .map(|(i, _)| i)
}

fn parse_version(text: &[u8]) -> Option<RuntimeVersion> {
    let text: String = text
        .iter()
        .take_while(|c| c.is_ascii_digit() || **c == b'.')
        .map(|c| char::from(*c))
        .collect();
    let mut numbers = text.split('.').map(|n| n.parse::<u32>().ok());
    let (major, minor, patch) = (
        numbers.next()??,
        numbers.next()??,
        numbers.next().flatten().unwrap_or(0),
    );
    Some(RuntimeVersion {
        major,
        minor,
        patch,
    })
}

fn refusal(version: RuntimeVersion) -> Option<String> {
    if version.major != 1 || version.minor < OLDEST_MINOR {
        return Some(format!(
            "version {version} is too old (1.{OLDEST_MINOR} or newer is needed); run `make setup`"
        ));
    }
    if version.minor >= FIRST_WITH_TELEMETRY_MINOR {
        return Some(format!(
            "version {version} contains a telemetry client, which versions before 1.{FIRST_WITH_TELEMETRY_MINOR} do not; \
             run `make setup` to get 1.28.0"
        ));
    }
    None
}

/// Version of the library at `path`, if it may be used.
///
/// # Errors
/// [`VisionError::RuntimeUnsuitable`] for versions too old for the compiled API and for those with telemetry inside
/// (1.29 and newer).
pub fn check(path: &Path) -> Result<RuntimeVersion, VisionError> {
    let version = version_of(path)?;
    match refusal(version) {
        Some(reason) => Err(VisionError::RuntimeUnsuitable {
            path: path.to_path_buf(),
            reason,
        }),
        None => Ok(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_with_telemetry_and_too_old_ones_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let check_row = |content: &str, name: &str, expected: Result<&str, &str>| {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            match (check(&path), expected) {
                (Ok(version), Ok(text)) => assert_eq!(version.to_string(), text, "{name}"),
                (Err(error), Err(part)) => {
                    assert!(error.to_string().contains(part), "{name}: {error}")
                }
                (got, want) => panic!("{name}: {got:?}, wanted {want:?}"),
            }
        };
        check_row("\0VERS_1.28.0\0", "a.so", Ok("1.28.0"));
        check_row("\0VERS_1.29.0\0", "b.so", Err("telemetry"));
        check_row(
            "\0VERS_1.32.1\0",
            "libonnxruntime.so.1.28.0",
            Err("telemetry"),
        );
        check_row("\0VERS_1.19.2\0", "c.so", Err("too old"));
        check_row(
            "no symbol version",
            "libonnxruntime.so.1.24.4",
            Ok("1.24.4"),
        );
        check_row("no symbol version", "plain.so", Err("does not look like"));
        check_row(
            &format!("{}VERS_1.23.2\0", "x".repeat((1 << 20) - 7)),
            "straddle.so",
            Ok("1.23.2"),
        );
    }

    #[test]
    fn a_named_place_that_is_absent_is_an_error_that_names_setup() {
        let error = locate(Some(Path::new("/nonexistent/libonnxruntime.so")))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("/nonexistent/libonnxruntime.so") && error.contains("make setup"),
            "{error}"
        );
    }

    #[test]
    fn a_directory_stands_for_its_newest_suitable_library() {
        let dir = tempfile::tempdir().unwrap();
        for version in ["1.24.4", "1.28.0", "1.32.0"] {
            std::fs::write(
                dir.path().join(format!("libonnxruntime.so.{version}")),
                format!("\0VERS_{version}\0"),
            )
            .unwrap();
        }
        assert!(
            locate(Some(dir.path()))
                .unwrap()
                .ends_with("libonnxruntime.so.1.28.0")
        );
    }
}
