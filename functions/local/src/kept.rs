//! A data folder, which only its owner may look into and one process works on at a time, and what is
//! made up once for it, so that a restart keeps it: keys.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;

use attune_aws::pseudonym::Pseudonyms;

use crate::Failure;

/// Makes a data folder if it is missing.
pub(crate) fn create(folder: &Path) -> Result<(), Failure> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|why| Failure::file(folder, why))
}

/// Holds a data folder until the file is dropped, or the process ends in any way.
pub(crate) fn hold(folder: &Path) -> Result<File, Failure> {
    let path = folder.join("lock");
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).create(true).open(&path);
    let file = file.map_err(|why| Failure::file(&path, why))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::file(
            folder,
            "another `attune` works on this folder; stop it, or ask it with `--endpoint URL`",
        )),
        Err(TryLockError::Error(why)) => Err(Failure::file(&path, why)),
    }
}

/// Lines in a file of a data folder; made up if there is no such file.
pub(crate) fn lines<const N: usize>(
    folder: &Path,
    name: &str,
    made_up: impl FnOnce() -> Result<[String; N], Failure>,
) -> Result<[String; N], Failure> {
    let path = folder.join(name);
    match fs::read_to_string(&path) {
        Ok(read) => {
            let lines: Vec<String> = read.lines().map(str::to_owned).collect();
            // Not made up anew: what was sealed or named by the keys of before would be lost.
            let found = lines.len();
            lines.try_into().map_err(|_| {
                Failure::file(&path, format!("it has {found} lines and should have {N}"))
            })
        }
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            let lines = made_up()?;
            create(folder)?;
            let text = lines.join("\n") + "\n";
            write_privately(&path, &text).map_err(|why| Failure::file(&path, why))?;
            Ok(lines)
        }
        Err(why) => Err(Failure::file(&path, why)),
    }
}

/// The key by which those are recognised who were erased. With another one nobody is.
pub(crate) fn pseudonyms(folder: &Path) -> Result<Pseudonyms, Failure> {
    const NAME: &str = "erasure-key";
    let [key] = lines(folder, NAME, || Ok([random::<32>()?]))?;
    let wrong = || Failure::file(folder.join(NAME), "it must hold 64 hexadecimal digits");
    Pseudonyms::parse(&key).ok_or_else(wrong)
}

/// All of it or nothing, whenever the process dies.
fn write_privately(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)
}

/// So many random bytes, in hexadecimal.
pub(crate) fn random<const BYTES: usize>() -> Result<String, Failure> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|why| Failure::Input(why.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
