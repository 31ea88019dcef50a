//! The go command's environment: process, `go env -w` file, `$GOROOT/go.env`, defaults.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The release this toolchain implements, as `go version` prints it.
pub const GO_VERSION: &str = "go1.27.3";

/// Names `go env` prints, with what fits none of the simple rules computed in [`GoEnv::value`].
pub const NAMES: &[&str] = &[
    "AR", "CC", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_ENABLED", "CGO_FFLAGS", "CGO_LDFLAGS", "CXX", "GCCGO",
    "GO111MODULE", "GOAMD64", "GOARCH", "GOAUTH", "GOBIN", "GOCACHE", "GOCACHEPROG", "GODEBUG", "GOENV", "GOEXE",
    "GOEXPERIMENT", "GOFIPS140", "GOFLAGS", "GOGCCFLAGS", "GOHOSTARCH", "GOHOSTOS", "GOINSECURE", "GOMOD", "GOMODCACHE",
    "GONOPROXY", "GONOSUMDB", "GOOS", "GOPACKAGESDRIVER", "GOPATH", "GOPRIVATE", "GOPROXY", "GOROOT", "GOSUMDB",
    "GOTELEMETRY", "GOTELEMETRYDIR", "GOTMPDIR", "GOTOOLCHAIN", "GOTOOLDIR", "GOVCS", "GOVERSION", "GOWORK", "PKG_CONFIG",
];

/// Names that may stand in the `go env -w` file.
pub const KNOWN: &[&str] = &[
    "AR", "CC", "CGO_CFLAGS", "CGO_CFLAGS_ALLOW", "CGO_CFLAGS_DISALLOW", "CGO_CPPFLAGS", "CGO_CPPFLAGS_ALLOW",
    "CGO_CPPFLAGS_DISALLOW", "CGO_CXXFLAGS", "CGO_CXXFLAGS_ALLOW", "CGO_CXXFLAGS_DISALLOW", "CGO_ENABLED", "CGO_FFLAGS",
    "CGO_FFLAGS_ALLOW", "CGO_FFLAGS_DISALLOW", "CGO_LDFLAGS", "CGO_LDFLAGS_ALLOW", "CGO_LDFLAGS_DISALLOW", "CXX", "FC",
    "GCCGO", "GO111MODULE", "GO386", "GOAMD64", "GOARCH", "GOARM", "GOARM64", "GOAUTH", "GOBIN", "GOCACHE", "GOCACHEPROG",
    "GODEBUG", "GOEXPERIMENT", "GOFIPS140", "GOFLAGS", "GOINSECURE", "GOMIPS", "GOMIPS64", "GOMODCACHE", "GONOPROXY",
    "GONOSUMDB", "GOOS", "GOPATH", "GOPPC64", "GOPRIVATE", "GOPROXY", "GORISCV64", "GOROOT", "GOSUMDB", "GOTMPDIR",
    "GOTOOLCHAIN", "GOVCS", "GOWASM", "GOWORK", "GO_EXTLINK_ENABLED", "PKG_CONFIG",
];

/// The environment of one command.
#[derive(Clone, Debug)]
pub struct GoEnv {
    process: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
    goroot_file: BTreeMap<String, String>,
    /// Location of the standard library's sources; empty if none was found.
    pub goroot: PathBuf,
    pub cwd: PathBuf,
}

fn parse_env_file(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter(|l| l.as_bytes().first().is_some_and(u8::is_ascii_uppercase))
        .filter_map(|l| l.split_once('='))
        .map(|(k, v)| (k.to_string(), v.trim_end_matches('\r').to_string()))
        .collect()
}

/// The name Go gives this machine's operating system.
pub fn host_os() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    }
}

/// The name Go gives this machine's architecture.
pub fn host_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        a => a,
    }
}

/// The folder that set-up makes (tools/goroot.py).
fn goroot_name() -> String {
    format!("goroot-{}", &GO_VERSION[2..])
}

impl GoEnv {
    /// Reads the environment of this process.
    pub fn new(cwd: PathBuf) -> GoEnv {
        let process = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect();
        let mut e = GoEnv {
            process,
            file: BTreeMap::new(),
            goroot_file: BTreeMap::new(),
            goroot: PathBuf::new(),
            cwd,
        };
        let file = e.env_file();
        if !file.as_os_str().is_empty() && file != Path::new("off") {
            e.file = parse_env_file(&file);
        }
        e.goroot = e.find_goroot();
        e.goroot_file = parse_env_file(&e.goroot.join("go.env"));
        e
    }

    fn home(&self) -> PathBuf {
        PathBuf::from(self.process.get(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).cloned().unwrap_or_default())
    }

    /// The user's home folder.
    pub fn home_dir(&self) -> PathBuf {
        self.home()
    }

    fn user_dir(&self, xdg: &str, unix: &str, mac: &str, win: &str) -> Option<PathBuf> {
        let home = self.home();
        if cfg!(windows) {
            return self.process.get(win).filter(|v| !v.is_empty()).map(PathBuf::from);
        }
        if cfg!(target_os = "macos") {
            return (!home.as_os_str().is_empty()).then(|| home.join(mac));
        }
        match self.process.get(xdg).filter(|v| !v.is_empty()) {
            Some(d) => Some(PathBuf::from(d)),
            None => (!home.as_os_str().is_empty()).then(|| home.join(unix)),
        }
    }

    /// The user's cache folder.
    pub fn user_cache_dir(&self) -> Option<PathBuf> {
        self.user_dir("XDG_CACHE_HOME", ".cache", "Library/Caches", "LocalAppData")
    }

    /// The user's configuration folder.
    pub fn user_config_dir(&self) -> Option<PathBuf> {
        self.user_dir("XDG_CONFIG_HOME", ".config", "Library/Application Support", "AppData")
    }

    fn env_file(&self) -> PathBuf {
        match self.process.get("GOENV").filter(|v| !v.is_empty()) {
            Some(v) => PathBuf::from(v),
            None => self.user_config_dir().map(|d| d.join("go/env")).unwrap_or_default(),
        }
    }

    /// Where set-up puts the sources of the standard library.
    pub fn installed_goroot(&self) -> Option<PathBuf> {
        self.user_cache_dir().map(|d| d.join("rgo").join(goroot_name()))
    }

    fn find_goroot(&self) -> PathBuf {
        for v in [self.process.get("GOROOT"), self.file.get("GOROOT"), self.process.get("RGOROOT")].into_iter().flatten() {
            if !v.is_empty() {
                return PathBuf::from(v);
            }
        }
        let beside = std::env::current_exe().ok().and_then(|p| p.canonicalize().ok());
        let beside = beside.and_then(|p| Some(p.parent()?.parent()?.join("lib/rgo").join(goroot_name())));
        let candidates = [self.installed_goroot(), beside];
        let found = candidates.iter().flatten().find(|d| d.join("src/fmt").is_dir());
        found.or(candidates[0].as_ref()).cloned().unwrap_or_default()
    }

    /// A variable as set by the process, the env file or GOROOT's; "" if it is set nowhere.
    pub fn raw(&self, name: &str) -> &str {
        for (i, m) in [&self.process, &self.file, &self.goroot_file].into_iter().enumerate() {
            if let Some(v) = m.get(name).filter(|v| !v.is_empty()) {
                if i == 0 || KNOWN.contains(&name) {
                    return v;
                }
            }
        }
        ""
    }

    /// Sets a variable for this command only.
    pub fn set(&mut self, name: &str, value: &str) {
        self.process.insert(name.into(), value.into());
    }

    fn or(&self, name: &str, default: impl Into<String>) -> String {
        match self.raw(name) {
            "" => default.into(),
            v => v.to_string(),
        }
    }

    pub fn goos(&self) -> String {
        self.or("GOOS", host_os())
    }

    /// Whether files that import "C" belong to packages: as CGO_ENABLED says, else on the host's own platform where there is a C compiler.
    pub fn cgo_enabled(&self) -> bool {
        match self.raw("CGO_ENABLED") {
            "1" => true,
            "0" => false,
            _ => {
                let native = self.goos() == host_os() && self.goarch() == host_arch() && (self.goos().as_str(), self.goarch().as_str()) == ("linux", "amd64");
                let compiler = || self.process.get("CC").is_some_and(|v| !v.is_empty()) || crate::cc::look_path("gcc").is_some();
                native && compiler()
            }
        }
    }

    pub fn goarch(&self) -> String {
        self.or("GOARCH", host_arch())
    }

    pub fn gopath(&self) -> String {
        let home = self.home();
        let default = if home.as_os_str().is_empty() { String::new() } else { home.join("go").display().to_string() };
        // A GOPATH that is GOROOT is a mistake Go does not make for you.
        let default = if Path::new(&default) == self.goroot { String::new() } else { default };
        self.or("GOPATH", default)
    }

    pub fn gomodcache(&self) -> PathBuf {
        match self.raw("GOMODCACHE") {
            "" => {
                let p = self.gopath();
                let first = std::env::split_paths(&p).next().unwrap_or_default();
                if first.as_os_str().is_empty() { PathBuf::new() } else { first.join("pkg/mod") }
            }
            v => PathBuf::from(v),
        }
    }

    /// The build cache as Go names it; our entries are in a folder of their own inside.
    pub fn gocache(&self) -> PathBuf {
        match self.raw("GOCACHE") {
            "" => self.user_cache_dir().map(|d| d.join("go-build")).unwrap_or_default(),
            v => PathBuf::from(v),
        }
    }

    pub fn gobin(&self) -> String {
        self.raw("GOBIN").to_string()
    }

    /// GOFLAGS as words.
    pub fn goflags(&self) -> Vec<String> {
        self.raw("GOFLAGS").split_whitespace().map(String::from).collect()
    }

    /// Folder for temporary files.
    pub fn tmp_dir(&self) -> PathBuf {
        match self.raw("GOTMPDIR") {
            "" => std::env::temp_dir(),
            v => PathBuf::from(v),
        }
    }

    /// The nearest go.mod above a folder.
    pub fn find_go_mod(dir: &Path) -> Option<PathBuf> {
        dir.ancestors().map(|d| d.join("go.mod")).find(|f| f.is_file())
    }

    /// The go.work file in effect.
    pub fn go_work(&self) -> Option<PathBuf> {
        match self.raw("GOWORK") {
            "off" => None,
            "" => {
                let f = self.cwd.ancestors().map(|d| d.join("go.work")).find(|f| f.is_file())?;
                (f.parent() != Some(self.goroot.as_path())).then_some(f)
            }
            v => Some(PathBuf::from(v)),
        }
    }

    /// What `go env NAME` prints.
    pub fn value(&self, name: &str) -> String {
        let path = |p: PathBuf| p.display().to_string();
        match name {
            "GOOS" => self.goos(),
            "GOARCH" => self.goarch(),
            "GOHOSTOS" => host_os().into(),
            "GOHOSTARCH" => host_arch().into(),
            "GOROOT" => path(self.goroot.clone()),
            "GOVERSION" => GO_VERSION.into(),
            "GOPATH" => self.gopath(),
            "GOMODCACHE" => path(self.gomodcache()),
            "GOCACHE" => match self.gocache() {
                p if p.as_os_str().is_empty() => "off".into(),
                p => path(p),
            },
            "GOENV" => path(self.env_file()),
            "GOEXE" => if self.goos() == "windows" { ".exe".into() } else { String::new() },
            "GOMOD" => match GoEnv::find_go_mod(&self.cwd).filter(|f| f.parent() != Some(std::env::temp_dir().as_path())) {
                _ if self.raw("GO111MODULE") == "off" => String::new(),
                Some(f) => path(f),
                None if self.raw("GO111MODULE") == "auto" => String::new(),
                None if cfg!(windows) => "NUL".into(),
                None => "/dev/null".into(),
            },
            "GOWORK" if self.raw("GOWORK") == "off" => "off".into(),
            "GOWORK" => self.go_work().map(path).unwrap_or_default(),
            "GOTOOLDIR" => path(self.goroot.join(format!("pkg/tool/{}_{}", host_os(), host_arch()))),
            "GOTELEMETRY" => {
                let text = std::fs::read_to_string(Path::new(&self.value("GOTELEMETRYDIR")).join("mode")).unwrap_or_default();
                match text.split_whitespace().next() {
                    Some(m @ ("on" | "local" | "off")) => m.into(),
                    // rgo collects nothing unless told to.
                    _ => "off".into(),
                }
            }
            "GOTELEMETRYDIR" => self.user_config_dir().map(|d| path(d.join("go/telemetry"))).unwrap_or_default(),
            "GOGCCFLAGS" => crate::cc::gogccflags(self),
            "CGO_ENABLED" => if self.cgo_enabled() { "1".into() } else { "0".into() },
            "CGO_CFLAGS" | "CGO_CXXFLAGS" | "CGO_FFLAGS" | "CGO_LDFLAGS" => self.or(name, "-O2 -g"),
            "AR" => self.or(name, "ar"),
            "CC" => self.or(name, "gcc"),
            "CXX" => self.or(name, "g++"),
            "FC" => self.or(name, "gfortran"),
            "GCCGO" => self.or(name, "gccgo"),
            "PKG_CONFIG" => self.or(name, "pkg-config"),
            "GOAMD64" => self.or(name, "v1"),
            "GOARM64" => self.or(name, "v8.0"),
            "GOAUTH" => self.or(name, "netrc"),
            "GOFIPS140" => self.or(name, "off"),
            "GONOPROXY" | "GONOSUMDB" => self.or(name, self.raw("GOPRIVATE")),
            _ => self.raw(name).to_string(),
        }
    }

    /// The version programs show: with the experiments that differ from the release's.
    pub fn version_with_experiments(&self) -> String {
        let mut list: Vec<String> = Vec::new();
        for w in self.raw("GOEXPERIMENT").split(',').filter(|w| !w.is_empty()) {
            let default = |n: &str| crate::load::RELEASE_EXPERIMENTS.contains(&n);
            match w.strip_prefix("no") {
                _ if w == "none" => list = crate::load::RELEASE_EXPERIMENTS.iter().map(|e| format!("no{e}")).collect(),
                Some(off) if default(off) => list.push(w.into()),
                _ if default(w) => list.retain(|e| *e != format!("no{w}")),
                Some(off) if list.iter().any(|e| e == off) => list.retain(|e| e != off),
                _ => list.push(w.into()),
            }
        }
        if list.is_empty() { GO_VERSION.into() } else { format!("{GO_VERSION}-X:{}", list.join(",")) }
    }

    /// The names `go env` prints without arguments.
    pub fn names(&self) -> Vec<&'static str> {
        let mut v: Vec<&'static str> = NAMES.to_vec();
        if self.goarch() == "arm64" {
            for n in &mut v {
                if *n == "GOAMD64" {
                    *n = "GOARM64";
                }
            }
            v.sort_unstable();
        }
        v
    }

    /// The environment a fresh user would have: nothing set but home and cache folders.
    pub fn defaults(&self) -> GoEnv {
        let keep = ["HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LocalAppData", "AppData"];
        let mut e = self.clone();
        e.process.retain(|k, _| keep.contains(&k.as_str()));
        e.file.clear();
        e
    }

    /// The path of the file `go env -w` writes.
    pub fn env_file_path(&self) -> PathBuf {
        self.env_file()
    }

    /// The variables of that file.
    pub fn file_vars(&self) -> &BTreeMap<String, String> {
        &self.file
    }
}
