//! Help texts: what `rgo help NAME` says about commands and topics.

/// Topics that are no commands: name, summary, text.
pub const TOPICS: &[(&str, &str, &str)] = &[
    ("buildconstraint", "build constraints", "\
A line `//go:build EXPR` before the package clause says when a file belongs to the package. EXPR is made of
tags, !, &&, || and parentheses. Tags that hold: the target's GOOS and GOARCH, unix on Unix systems, gc, cgo
if it is on, go1.1 up to the present release, architecture levels like amd64.v1, and those of -tags.

File names that end in _GOOS, _GOARCH or _GOOS_GOARCH (before .go or _test.go) carry such a constraint.
The older form `// +build` is still read in files without a //go:build line.
"),
    ("buildjson", "build -json encoding", "\
With -json, build, install and test print what the build has to say as JSON objects, one a line:

	ImportPath  the package, with [p.test] behind it for variants made for a test
	Action      build-output or build-fail
	Output      a piece of text (build-output)

In the output of test -json a failed test names the package that failed to build as FailedBuild.
"),
    ("buildmode", "build modes", "\
-buildmode says what is made: `exe` (and `default`) make programs of main packages and nothing of others.
The other modes of go (archive, c-archive, c-shared, pie, plugin, shared) are not there yet and are refused.
"),
    ("c", "calling between Go and C", "\
Files that import \"C\" may call C functions; the comment above that import is C code and may hold #cgo lines with
flags for the C compiler (CFLAGS, CPPFLAGS, CXXFLAGS), the linker (LDFLAGS) and pkg-config. They belong to packages
where CGO_ENABLED is 1: by default where $CC or gcc is found and nothing is cross compiled. The package's C, C++ and
assembly files are compiled with $CC and $CXX, and the program is linked with the host's C library.

The standard library itself is always built without cgo, as with the tags netgo and osusergo: a program with no
package that uses cgo is one static file.
"),
    ("cache", "build and test caching", "\
Results of compilations and of tests are kept in GOCACHE (rgo's own in the folder rgo inside it), by the content
of all they depend on. Nothing needs to be cleaned by hand; what has not been used for some days is removed.

	go clean -cache       removes everything
	go clean -testcache   makes results of tests invalid
	go clean -fuzzcache   removes inputs found by fuzzing

GODEBUG=gocachetest=1 says why results of tests are or are not used.
"),
    ("environment", "environment variables", "\
The go command and the programs it starts read variables from the process, then from the file that
`go env -w` writes (GOENV names it), then from $GOROOT/go.env; `go env` shows what is in effect.

General: GO111MODULE, GOARCH, GOAUTH, GOBIN, GOCACHE, GOCACHEPROG, GODEBUG, GOENV, GOEXPERIMENT, GOFIPS140, GOFLAGS,
	GOINSECURE, GOMODCACHE, GONOPROXY, GONOSUMDB, GOOS, GOPATH, GOPRIVATE, GOPROXY, GOROOT, GOSUMDB, GOTMPDIR,
	GOTOOLCHAIN, GOVCS, GOWORK
Architecture levels: GO386, GOAMD64, GOARM, GOARM64, GOMIPS, GOMIPS64, GOPPC64, GORISCV64, GOWASM
For cgo: CGO_ENABLED, CGO_CFLAGS and its like, CC, CXX, FC, AR, PKG_CONFIG
Shown only: GOEXE, GOGCCFLAGS, GOHOSTARCH, GOHOSTOS, GOMOD, GOTELEMETRY, GOTELEMETRYDIR, GOTOOLDIR, GOVERSION
For work on rgo: RGO_RT, RGO_RUNTIME_GO, RGO_DUMP, RGO_TOOLS
"),
    ("filetype", "file types", "\
In a package folder the command looks at .go files, at C and C++ files and headers (for cgo), at .s assembly and at .syso objects.
Files that begin with _ or . are ignored, and so are folders named testdata. Assembly is assembled by the
release's asm, but that of the standard library is never used: rgo compiles its portable Go files.
"),
    ("goauth", "GOAUTH environment variable", "\
GOAUTH lists ways to find credentials for module downloads, separated by semicolons: off, netrc (the default),
git DIR, or a command that prints headers.
"),
    ("go.mod", "the go.mod file", "\
A module is the tree of packages below a go.mod file. Its lines:

	module path          the prefix of its packages' paths
	go 1.27              the language version, and the oldest release that may be used
	toolchain name       the toolchain to prefer
	require path version
	exclude, replace, retract, tool, ignore, godebug

`go mod edit` changes the file from scripts, `go mod tidy` makes it match the sources.
"),
    ("gopath", "GOPATH environment variable", "\
GOPATH (by default $HOME/go) is where `go install` puts programs (bin) and downloaded modules are kept (pkg/mod).
With GO111MODULE=off packages are looked for in src below each of its folders.
"),
    ("goproxy", "module proxy protocol", "\
A module proxy answers GET requests below its URL, for a module path with ! before what were capital letters:

	MODULE/@v/list           known versions
	MODULE/@v/VERSION.info   JSON with Version and Time
	MODULE/@v/VERSION.mod    its go.mod
	MODULE/@v/VERSION.zip    its files
	MODULE/@latest           the .info of the latest version

GOPROXY lists proxies: behind a comma the next is asked if the answer was 404 or 410, behind | after any error;
`direct` means version control, `off` nothing.
"),
    ("importpath", "import path syntax", "\
An import path names a package: of the standard library, or of a module (its path and the folder below).
Paths that begin with ./ or ../ name folders and stand only on command lines. path@version names a version.
"),
    ("modules", "modules, module versions, and more", "\
Modules are how Go source is released, versioned and found. A go.mod file marks the main module; a go.work file
joins several. Versions are chosen by minimal version selection: of each module the highest that is required.

	go get path@version   change requirements
	go mod tidy           add what is missing, remove what is not used
	go list -m all        show what is chosen
"),
    ("module-auth", "module authentication using go.sum", "\
go.sum holds hashes of the modules a build uses; a download with another hash is refused. A module not yet in it is looked up
in the checksum database that GOSUMDB names (off: none), except those that GONOSUMDB or GOPRIVATE match.
"),
    ("packages", "package lists and patterns", "\
Packages are named by import paths, or by folders that begin with ./, ../ or /. `...` matches any text; ./... is all packages
here and below. Reserved names: main, all (the main modules' packages and all they need), std, cmd, tool, work.
Folders that begin with _ or ., named testdata or vendor, or ignored in go.mod, do not match wildcards.
A list of .go files is a package of its own.
"),
    ("private", "configuration for downloading non-public code", "\
GOPRIVATE lists patterns of module paths that are not public: they are neither asked for at proxies nor looked up in the
checksum database. GONOPROXY and GONOSUMDB set the two apart.
"),
    ("testflag", "testing flags", "\
Flags of `go test` that the test program reads, also written with test. before the name:

	-artifacts -bench regexp -benchmem -benchtime t -blockprofile file -blockprofilerate n -count n
	-cover -covermode set,count,atomic -coverpkg patterns -coverprofile file -cpu 1,2,4 -cpuprofile file -failfast
	-fullpath -fuzz regexp -fuzzminimizetime t -fuzztime t -json -list regexp -memprofile file -memprofilerate n
	-mutexprofile file -mutexprofilefraction n -outputdir dir -parallel n -run regexp -short -shuffle off,on,N
	-skip regexp -timeout d -trace file -v -vet list

Behind -args everything is passed on as it stands.
"),
    ("testfunc", "testing functions", "\
Files named *_test.go hold

	func TestXxx(t *testing.T)
	func BenchmarkXxx(b *testing.B)
	func FuzzXxx(f *testing.F)
	func ExampleXxx()              checked if its last comment begins with \"Output:\" or \"Unordered output:\"
	func TestMain(m *testing.M)    runs the tests itself
"),
    ("vcs", "controlling version control with GOVCS", "\
GOVCS says which version control tools may be used for which modules, as pattern:tool|tool,...; `public` and `private` are
patterns too. By default git and hg are allowed for public modules and any tool for private ones.
"),
];

/// What a command does, beyond its usage line.
pub fn command(name: &str) -> Option<&'static str> {
    Some(match name {
        "bug" => "Prints what a report of a bug should say about the system.\n",
        "build" => "\
Compiles the named packages and what they import. A single command is written to the file that -o names, by default
one named after the package in the current folder; other results are checked and discarded. If -o names a folder (or ends in
a slash), all commands are written there.
",
        "clean" => "\
Removes programs and other files that builds left in package folders.

	-i remove what is installed too; -r also for dependencies; -n print what would be done; -x print what is done
	-cache the build cache; -testcache results of tests; -fuzzcache inputs of fuzzing; -modcache downloaded modules
",
        "doc" => "\
Shows the documentation of a package, or of what it declares.

	go doc                                the package in the current folder
	go doc <pkg>                          a package
	go doc <sym>[.<methodOrField>]        what the package in the current folder declares
	go doc [<pkg>.]<sym>[.<methodOrField>]
	go doc [<pkg>.][<sym>.]<methodOrField>
	go doc <pkg> <sym>[.<methodOrField>]  the package by its path as far as needed: json is encoding/json

A name in lower case stands for either case. Flags:

	-all everything; -c mind upper and lower case; -cmd a command like a package; -ex examples; -http in a browser
	-short a line each; -src the source; -u what is not exported too
",
        "env" => "\
Prints the variables in effect, or the values of those named.

	-json as JSON; -changed only those that differ from defaults; -w NAME=VALUE sets defaults; -u NAME removes them
",
        "fix" => "\
Applies the fixes of the release's `fix` tool to packages.

	-diff print what would change; -json print diagnostics; -fixtool prog another tool; -NAME, -NAME=false choose analyzers
",
        "fmt" => "Runs gofmt -l -w on the files of packages and prints the names of those it changes.\n\n\t-n print what would be run; -x print what is run\n",
        "generate" => "\
Runs the commands of lines `//go:generate command argument...` in the files of packages, in the packages' folders, with GOARCH,
GOOS, GOFILE, GOLINE, GOPACKAGE, GOROOT, DOLLAR and PATH set. `-command name words` abbreviates.

	-run regexp only lines that match; -skip regexp others; -v names of files; -n, -x print commands
",
        "get" => "\
Resolves its arguments to versions, changes go.mod accordingly, and downloads them. A version may be a number, latest, upgrade, patch,
none, a branch or a commit.

	-t mind tests; -u upgrade dependencies (-u=patch: to patch releases); -tool add or remove tool lines
",
        "install" => "Compiles commands and puts them in GOBIN, by default $GOPATH/bin. With path@version the current module does not matter.\n",
        "list" => "\
Prints import paths of packages, one a line.

	-f format a template; -json [=fields] as JSON; -m modules; -deps dependencies too; -test tests too; -e also with errors
	-compiled, -export, -find; with -m: -u, -versions, -retracted, -reuse
",
        "mod" => "\
Operations on modules:

	download edit graph init tidy vendor verify why
",
        "run" => "\
Compiles and runs the named command. Arguments behind the package are passed on. With path@version the current module does not matter.
If the program fails, run prints 'exit status N' and exits with status 1.

	-exec prog runs the program by way of another
",
        "telemetry" => "\
Shows or sets the mode that Go's tools share: off, local (collect) or on (collect and send). rgo itself collects and sends nothing.
",
        "test" => "\
Compiles and runs the tests of the named packages, and vet's surest checks. Without packages those of the current folder are run and their
output is shown as it comes; with packages, results that did not change come from the cache, marked (cached).

	-args pass the rest on; -c compile only; -exec prog; -json events as JSON; -o file

See 'go help testflag' for the flags of tests.
",
        "tool" => "\
Runs a tool of the release (compiled on first use) or one that go.mod names; without arguments lists them.

	-n print the command instead
",
        "version" => "Prints the version, or that of the named programs.\n\n\t-m with module information; -v say which files are no programs; -json with -m, as JSON\n",
        "vet" => "\
Reports likely mistakes, by the release's `vet` tool.

	-json diagnostics as JSON; -c n lines of context; -fix apply fixes (-diff: print them); -vettool prog another tool
	-NAME, -NAME=false choose analyzers: see 'go tool vet help'
",
        "work" => "\
Operations on workspaces:

	edit init sync use vendor
",
        "mod download" => "Downloads modules, by default all that the main module needs. -json prints what was downloaded.\n",
        "mod edit" => "\
Edits go.mod: -module, -go, -toolchain, -godebug, -require, -exclude, -replace, -retract, -tool, -ignore and their -drop forms; -fmt, -print, -json.
",
        "mod graph" => "Prints the graph of requirements, an edge a line.\n",
        "mod init" => "Writes a new go.mod in the current folder.\n",
        "mod tidy" => "Makes go.mod and go.sum match the sources: adds what is missing, removes what is not used.\n",
        "mod vendor" => "Copies the packages the main module needs into the folder vendor.\n",
        "mod verify" => "Checks that downloaded modules are as they were downloaded.\n",
        "mod why" => "Shows how packages (-m: modules) come to be needed.\n",
        "work edit" => "Edits go.work: -go, -toolchain, -godebug, -use, -replace and their -drop forms; -fmt, -print, -json.\n",
        "work init" => "Writes a new go.work in the current folder, with the named modules.\n",
        "work sync" => "Brings the workspace's versions into the modules' go.mod files.\n",
        "work use" => "Adds modules to go.work, or removes those that are gone; -r looks below too.\n",
        "work vendor" => "Copies the packages the workspace needs into the folder vendor.\n",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete() {
        for (name, _, _) in crate::usage::COMMANDS {
            assert!(command(name).is_some(), "{name}");
        }
        let mut names: Vec<&str> = TOPICS.iter().map(|t| t.0).collect();
        names.dedup();
        assert_eq!(names.len(), TOPICS.len());
    }
}
