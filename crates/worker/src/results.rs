//! Results: what runs of jobs gave, on the disk, so that whoever starts again has them at once.
//!
//! Time to open a result, or to hand its bytes out, may be shorter than a run of the job: a daemon
//! that was stopped meanwhile would lose its bond for nothing that it did.
//!
//! Law: a result is on the disk before it is committed to, if the disk takes it; what is read is
//! what was kept of the very same job, or nothing, and then the job is run again. A file goes once
//! its job is not open any more. An output that has chunks lies beside its job's result, and there
//! alone.
//! Known shortcoming: what disputes asked for inside a step is computed again.
//! Not here: what is kept of a run (`execution`), what was decided (`journal`).

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use earnest_durable::Kind;
use earnest_protocol::JobId;
use serde::{Serialize, de::DeserializeOwned};
use tracing::{info, warn};

/// Largest result that is kept: leaves of a million steps, and an output of one piece, several
/// times over.
const RESULT_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Bytes before a result: a hash of what it is of and of itself.
const SEAL_BYTES: usize = 32;
/// What the name of a job's output ends with.
const OUTPUT: &str = ".output";

/// What a result is of: two jobs of one name have one result.
pub(crate) type Name = [u8; 32];

/// Results of open jobs, a file each; of nobody who keeps none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Results {
    folder: Option<PathBuf>,
}

impl Results {
    pub(crate) fn open(folder: &Path) -> io::Result<Results> {
        let folder = folder.join("results");
        earnest_durable::make_folder(&folder)?;
        earnest_durable::sweep(&folder)?;
        Ok(Results { folder: Some(folder) })
    }

    /// What was kept of a job, or what its run gives, which is then kept. `is_whole` says whether
    /// what was kept beside it is there, and takes it up.
    ///
    /// # Errors
    /// Those of the run.
    pub(crate) fn read_or_run<R: Serialize + DeserializeOwned, E>(
        &self,
        (job, name): (JobId, &Name),
        is_whole: impl FnOnce(&mut R) -> bool,
        run: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, E> {
        // A form that this version does not read is as if nothing were kept.
        let kept = self.read(job, name).and_then(|bytes| postcard::from_bytes(&bytes).ok());
        if let Some(mut result) = kept
            && is_whole(&mut result)
        {
            info!("job {job}: what it gave was kept, it is not run again");
            return Ok(result);
        }
        info!("job {job}: running");
        let result = run()?;
        if self.folder.is_some() {
            let bytes = postcard::to_allocvec(&result).expect("a result encodes into memory");
            self.keep(job, name, &bytes);
        }
        Ok(result)
    }

    fn read(&self, job: JobId, name: &Name) -> Option<Vec<u8>> {
        let path = self.path(job)?;
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                warn!("job {job}: what was kept of it cannot be read: {error}");
                return None;
            }
        };
        let mut bytes = Vec::new();
        if let Err(error) = file.take(RESULT_BYTES_MAX + 1).read_to_end(&mut bytes) {
            warn!("job {job}: what was kept of it cannot be read: {error}");
            return None;
        }
        let (seal, result) = bytes.split_at_checked(SEAL_BYTES)?;
        if seal != seal_of(name, result) {
            warn!("job {job}: {} is not of this job, or damaged", path.display());
            return None;
        }
        Some(bytes.split_off(SEAL_BYTES))
    }

    /// Keeps what a run of a job gave; it is on the disk when this returns. Where it cannot be,
    /// that is said, and whoever starts again runs the job again.
    fn keep(&self, job: JobId, name: &Name, result: &[u8]) {
        let Some(path) = self.path(job) else { return };
        let length = SEAL_BYTES.saturating_add(result.len());
        let kept = if RESULT_BYTES_MAX < u64::try_from(length).unwrap_or(u64::MAX) {
            Err(io::ErrorKind::FileTooLarge.into())
        } else {
            earnest_durable::write(&path, Kind::Replacement, |file| {
                file.write_all(&seal_of(name, result))?;
                file.write_all(result)
            })
        };
        if let Err(error) = kept {
            warn!("job {job}: its result is not kept, after a restart it is run again: {error}");
        }
    }

    /// Where a job's output is kept, if it has chunks; none where nothing is kept.
    pub(crate) fn output_of(&self, job: JobId) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{}{OUTPUT}", job.raw())))
    }

    /// Forgets jobs that are not open. `open` is sorted.
    pub(crate) fn retain(&self, open: &[JobId]) {
        let Some(Ok(entries)) = self.folder.as_ref().map(fs::read_dir) else { return };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().and_then(|name| name.to_str());
            let job = name.and_then(|name| name.strip_suffix(OUTPUT).unwrap_or(name).parse().ok());
            let is_over = job.is_some_and(|job| open.binary_search(&JobId::new(job)).is_err());
            if is_over && let Err(error) = fs::remove_file(&path) {
                warn!("{} stays: {error}", path.display());
            }
        }
    }

    fn path(&self, job: JobId) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(job.raw().to_string()))
    }
}

fn seal_of(name: &Name, result: &[u8]) -> [u8; SEAL_BYTES] {
    let mut hasher = blake3::Hasher::new_derive_key("earnest 2026 kept result");
    hasher.update(name).update(result);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Name = [7; 32];
    const JOB: JobId = JobId::new(3);

    #[test]
    fn a_result_is_read_as_it_was_kept_until_its_job_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let results = Results::open(folder.path()).unwrap();
        assert_eq!(results.read(JOB, &NAME), None);
        results.keep(JOB, &NAME, b"what it gave");
        results.keep(JobId::new(4), &NAME, b"");
        let again = Results::open(folder.path()).unwrap();
        assert_eq!(again.read(JOB, &NAME).as_deref(), Some(&b"what it gave"[..]));
        assert_eq!(again.read(JobId::new(4), &NAME).as_deref(), Some(&b""[..]));
        assert_eq!(again.read(JOB, &[8; 32]), None, "of another job that had its number");
        for job in [3, 4] {
            fs::write(again.output_of(JobId::new(job)).unwrap(), b"put out").unwrap();
        }
        again.retain(&[JobId::new(2), JOB]);
        assert!(again.read(JOB, &NAME).is_some());
        assert!(again.output_of(JOB).unwrap().exists());
        assert!(!again.output_of(JobId::new(4)).unwrap().exists());
        assert_eq!(again.read(JobId::new(4), &NAME), None);
        again.retain(&[]);
        assert_eq!(fs::read_dir(folder.path().join("results")).unwrap().count(), 0);
    }

    #[test]
    fn a_damaged_file_is_as_if_it_were_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let results = Results::open(folder.path()).unwrap();
        results.keep(JOB, &NAME, b"what it gave");
        let path = results.path(JOB).unwrap();
        let whole = fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(results.read(JOB, &NAME), None, "byte {place}");
            fs::write(&path, &whole[..place]).unwrap();
            assert_eq!(results.read(JOB, &NAME), None, "{place} bytes");
        }
        fs::write(&path, &whole).unwrap();
        assert!(results.read(JOB, &NAME).is_some());
    }
}
