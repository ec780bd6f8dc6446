//! The child's side: it gives up, layer by layer, everything that computing does not need.
//!
//! Key terms: a *layer* is one mechanism of the kernel; its *standing* says whether it holds. Laws:
//! layers are put up in the order of [`Layer::ALL`], since some need what later ones take; none can
//! be taken down again; whoever calls this has one thread and has opened nothing.
//! Known shortcomings: processes are hidden by seccomp alone (a namespace of processes begins with
//! a child's child).
//! Not here: which calls (`calls`), how much (`limits`), the parent's watch (`sandbox`).

use std::{fmt, fs, io};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus,
    Scope,
};
use nix::{
    errno::Errno,
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    unistd::{chdir, chroot, close},
};
use rustix::{
    process::{
        DumpableBehavior, Resource, Rlimit, Signal, set_dumpable_behavior,
        set_parent_process_death_signal, setrlimit,
    },
    thread::{
        CapabilitySet, CapabilitySets, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
    },
};

use super::{
    calls,
    limits::{ADDRESS_BYTES_MAX, Limits},
};

/// One mechanism that shuts a process in. In the order in which they are put up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// No descriptor but the three that everybody has.
    Descriptors,
    /// Namespaces of its own: users, network, mounts, messages, names. Kernels may refuse.
    Namespaces,
    /// An empty folder for a root, which nothing can be written to. Needs the namespaces.
    Root,
    /// No capability, nor a way to get one: also not by executing a file.
    Capabilities,
    /// Landlock: no file, no port, no signal to others. Kernels may lack it.
    Landlock,
    /// Limits: memory, time, files, descriptors, processes.
    Limits,
    /// Seccomp: an allow-list of system calls.
    Calls,
}

/// Whether a layer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All that it is.
    Holds,
    /// As far as this kernel has it.
    Partly,
    /// Not at all, for this reason; the other layers stand.
    Absent(String),
}

/// A layer that no kernel may lack could not be put up.
#[derive(Debug, thiserror::Error)]
#[error("{layer}: {cause}")]
pub struct ConfineError {
    /// Which.
    pub layer: Layer,
    /// Why.
    pub cause: Box<dyn std::error::Error>,
}

impl Layer {
    /// Every layer, as the product puts them up.
    pub const ALL: [Layer; 7] = [
        Layer::Descriptors,
        Layer::Namespaces,
        Layer::Root,
        Layer::Capabilities,
        Layer::Landlock,
        Layer::Limits,
        Layer::Calls,
    ];

    fn name(self) -> &'static str {
        match self {
            Layer::Descriptors => "descriptors",
            Layer::Namespaces => "namespaces",
            Layer::Root => "root",
            Layer::Capabilities => "capabilities",
            Layer::Landlock => "landlock",
            Layer::Limits => "limits",
            Layer::Calls => "calls",
        }
    }

    fn put_up(self, limits: Limits) -> Result<Standing, Box<dyn std::error::Error>> {
        match self {
            Layer::Descriptors => close_descriptors()?,
            Layer::Namespaces => return Ok(own_namespaces()),
            Layer::Root => return Ok(empty_root()),
            Layer::Capabilities => drop_capabilities()?,
            Layer::Landlock => return Ok(landlock()?),
            Layer::Limits => limit(limits)?,
            Layer::Calls => {
                set_no_new_privs(true)?;
                seccompiler::apply_filter(&calls::filter()?)?;
            }
        }
        Ok(Standing::Holds)
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Standing::Holds => f.write_str("holds"),
            Standing::Partly => f.write_str("partly"),
            Standing::Absent(reason) => write!(f, "absent, {reason}"),
        }
    }
}

/// A row of the child's report, as the two `Display`s above write it.
pub(super) fn read_row(line: &str) -> Option<(Layer, Standing)> {
    let (name, rest) = line.split_once(": ")?;
    let layer = Layer::ALL.into_iter().find(|layer| layer.name() == name)?;
    let standing = match rest {
        "holds" => Standing::Holds,
        "partly" => Standing::Partly,
        _ => Standing::Absent(rest.strip_prefix("absent, ")?.to_owned()),
    };
    Some((layer, standing))
}

/// Puts up these layers, in the order of [`Layer::ALL`]; the product asks for all of them. Must be
/// called before there is a second thread. What it gave up, the process never gets back.
///
/// # Errors
/// If a layer fails that no kernel may lack.
pub fn confine(layers: &[Layer], limits: Limits) -> Result<Vec<(Layer, Standing)>, ConfineError> {
    let mut rows: Vec<(Layer, Standing)> = Vec::new();
    for layer in Layer::ALL.into_iter().filter(|layer| layers.contains(layer)) {
        let standing = match layer {
            // Mounts that everybody sees are not ours to change, even where we could.
            Layer::Root if !rows.iter().any(|(below, held)| has_mounts(*below, held)) => {
                Standing::Absent("it needs a namespace of mounts".to_owned())
            }
            _ => layer.put_up(limits).map_err(|cause| ConfineError { layer, cause })?,
        };
        rows.push((layer, standing));
    }
    Ok(rows)
}

fn has_mounts(layer: Layer, standing: &Standing) -> bool {
    layer == Layer::Namespaces && !matches!(standing, Standing::Absent(_))
}

/// Closes what the parent left open, by mistake or not knowing.
fn close_descriptors() -> io::Result<()> {
    let mut open = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.parse::<i32>().ok());
        open.extend(number.filter(|number| 2 < *number));
    }
    for descriptor in open {
        match close(descriptor) {
            // The one that listed them is closed already.
            Ok(()) | Err(Errno::EBADF) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// With a namespace of users nobody needs to be privileged; where it is refused, the privileged can
/// still have the others.
fn own_namespaces() -> Standing {
    let others = CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS;
    match unshare(CloneFlags::CLONE_NEWUSER | others) {
        Ok(()) => Standing::Holds,
        Err(_) if unshare(others).is_ok() => Standing::Partly,
        Err(errno) => Standing::Absent(errno.desc().to_owned()),
    }
}

/// Lays an empty folder over one that every Linux has, in our own namespace of mounts, and makes it
/// the root.
fn empty_root() -> Standing {
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    let empty = MsFlags::MS_RDONLY | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC | MsFlags::MS_NOSUID;
    let (nothing, kind, size) = (None::<&str>, Some("tmpfs"), Some("size=4k,nr_inodes=2"));
    let done = mount(nothing, "/", nothing, private, nothing)
        .and_then(|()| mount(nothing, "/proc", kind, empty, size))
        .and_then(|()| chroot("/proc"))
        .and_then(|()| chdir("/"));
    match done {
        Ok(()) => Standing::Holds,
        Err(errno) => Standing::Absent(errno.desc().to_owned()),
    }
}

fn drop_capabilities() -> io::Result<()> {
    set_no_new_privs(true)?;
    clear_ambient_capability_set()?;
    for capability in CapabilitySet::all().iter() {
        // Without the right to drop from it one has none to drop, and cannot execute to get one.
        let _ = remove_capability_from_bounding_set(capability);
    }
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // Dropping capabilities forgets it, so it comes last.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}

/// Takes away every file, port and signal, as far as this kernel can.
fn landlock() -> Result<Standing, landlock::RulesetError> {
    let abi = ABI::V6;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Standing::Holds,
        RulesetStatus::PartiallyEnforced => Standing::Partly,
        RulesetStatus::NotEnforced => Standing::Absent("this kernel has no landlock".to_owned()),
    })
}

fn limit(limits: Limits) -> io::Result<()> {
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nproc, 0),
        (Resource::Memlock, 0),
        (Resource::Msgqueue, 0),
        (Resource::Nofile, 3),
        (Resource::As, ADDRESS_BYTES_MAX),
        (Resource::Data, limits.data_bytes),
        // A report takes no time to speak of; a limit of none would end it.
        (Resource::Cpu, u64::from(limits.cpu_seconds.max(1))),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}
