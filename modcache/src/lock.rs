//! Files under operating system locks, as the go command locks them.

use crate::error::{Error, Result, io};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Locks a file, creating it; dropping the handle unlocks.
pub fn exclusive(path: &Path) -> Result<File> {
    if let Some(d) = path.parent() {
        std::fs::create_dir_all(d).map_err(|e| io("mkdir", d, &e))?;
    }
    let f = File::options().create(true).truncate(false).read(true).write(true).open(path).map_err(|e| io("open", path, &e))?;
    f.lock().map_err(|e| io("lock", path, &e))?;
    Ok(f)
}

/// Reads a file while no other process writes it.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let f = File::open(path).map_err(|e| io("open", path, &e))?;
    // A file system without locks is no reason not to read.
    let _ = f.lock_shared();
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut &f, &mut out).map_err(|e| io("read", path, &e))?;
    Ok(out)
}

/// Writes a file so that it is there completely or as before, whenever the process is killed.
pub fn write_atomic(path: &Path, data: &[u8]) -> Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).map_err(|e| io("mkdir", dir, &e))?;
    let prefix = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut f = new_temp(dir, &prefix)?;
    f.write_all(data).map_err(|e| io("write", path, &e))?;
    f.persist(path).map_err(|e| io("rename", path, &e.error))?;
    Ok(())
}

/// A temporary file whose name the go command also recognises as left over.
pub fn new_temp(dir: &Path, prefix: &str) -> Result<tempfile::NamedTempFile> {
    let mut b = tempfile::Builder::new();
    b.prefix(prefix).suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        b.permissions(std::fs::Permissions::from_mode(0o666));
    }
    b.tempfile_in(dir).map_err(|e| io("open", &dir.join(prefix), &e))
}

/// Replaces the contents of a file by what `f` makes of them. `None` leaves it alone.
pub fn transform(path: &Path, f: impl FnOnce(&[u8]) -> Result<Option<Vec<u8>>>) -> Result<()> {
    let old = match std::fs::read(path) {
        Ok(d) => Some(d),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(io("open", path, &e)),
    };
    let Some(new) = f(old.as_deref().unwrap_or(&[]))? else { return Ok(()) };
    if old.as_ref() == Some(&new) {
        return Ok(());
    }
    // Behind a link lies the file that is meant.
    let target: PathBuf = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if old.is_some() {
        // Who may not write the file may not replace it either.
        File::options().write(true).open(&target).map_err(|e| io("open", path, &e))?;
    }
    let dir = target.parent().unwrap_or(Path::new("."));
    let prefix = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let made = new_temp(dir, &prefix).and_then(|mut t| {
        t.write_all(&new).map_err(|e| io("write", path, &e))?;
        if let Ok(m) = std::fs::metadata(&target) {
            t.as_file().set_permissions(m.permissions()).map_err(|e| io("chmod", path, &e))?;
        }
        t.persist(&target).map_err(|e| io("rename", path, &e.error))?;
        Ok(())
    });
    match made {
        Ok(()) => Ok(()),
        // A folder that takes no new files: the file itself can still be written.
        Err(Error::Text(_)) if old.is_some() => std::fs::write(&target, &new).map_err(|e| io("write", path, &e)),
        Err(e) => Err(e),
    }
}
