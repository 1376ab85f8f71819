//! How much of everything one command may bring: bounds on what one owner keeps in memory, far above real use.

/// Characters of a name; the product's own console allows fewer.
pub const NAME_CHARS: usize = 255;
/// Characters of a description, tag value or message.
pub const TEXT_CHARS: usize = 4_000;
/// Tags of a resource.
pub const TAGS: usize = 100;
/// Properties of a resource.
pub const PROPERTIES: usize = 200;
/// Arguments of a workflow, node or execute.
pub const ARGUMENTS: usize = 500;
/// Bytes of one argument's value: a run receives all of them in one frame of 1 MiB.
pub const VALUE_BYTES: usize = 256 * 1024;
/// Bytes of all values of one execute, so that an offer fits into a frame.
pub const VALUES_BYTES: usize = 768 * 1024;
/// Bytes of all values of all jobs of an execution: its first record stays below 16 MiB with all else.
pub const EXECUTION_VALUES_BYTES: usize = 8 * 1024 * 1024;
/// Robots bound to a workflow; an execute makes a job for each in one record.
pub const BOUND_ROBOTS: usize = 1_000;
/// Robots of a group.
pub const GROUP_ROBOTS: usize = 10_000;
/// Nodes of a layout.
pub const NODES: usize = 200;
/// Jobs of one execution: its record stays far below 16 MiB.
pub const JOBS: usize = 2_000;
/// Versions of a package.
pub const VERSIONS: usize = 10_000;
/// The largest priority; larger runs earlier.
pub const PRIORITY: u32 = 5_000;
/// The priority of who names none.
pub const DEFAULT_PRIORITY: u32 = 2_000;
/// The most retries; with the first attempt that makes 11 run instances.
pub const RETRIES: u32 = 10;
/// The retries of who names none.
pub const DEFAULT_RETRIES: u32 = 3;
/// The longest run, in seconds: a year.
pub const RUN_S: u32 = 366 * 24 * 3600;
/// Firings that a schedule remembers.
pub const FIRINGS: usize = 100;
/// Bytes of an asset's sealed value.
pub const ASSET_BYTES: usize = 64 * 1024;
/// How long a robot that refused an offer is not offered the same job, in milliseconds.
pub const AVOID_MS: i64 = 30_000;

const _: () = assert!(VALUES_BYTES <= EXECUTION_VALUES_BYTES);
const _: () = assert!(VALUE_BYTES <= VALUES_BYTES && DEFAULT_PRIORITY <= PRIORITY);
const _: () = assert!(DEFAULT_RETRIES <= RETRIES && NODES <= JOBS && BOUND_ROBOTS <= JOBS);
