//! The measured server with a package, a group of robots and a workflow, made by a seed file.
//! Never: leaves its process or its data behind.

use super::super::BenchError;
use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long it may take to seed and to become ready.
const READY: Duration = Duration::from_secs(120);
/// The password of the only person.
const PASSWORD: &str = "bench-password";

/// The server and what is in it.
pub struct World {
    child: Child,
    data: PathBuf,
    /// `host:port`.
    pub address: String,
}

impl World {
    /// Seeds and starts a server.
    pub fn start(home: &Path, robots: usize) -> Result<Self, BenchError> {
        let data = home.join("jobs");
        for left in [&data, &data.with_extension("keys")] {
            if left.exists() {
                fs::remove_dir_all(left)?;
            }
        }
        let package = home.join("nothing.dgs");
        write_package(&package)?;
        let seed = home.join("jobs-seed.toml");
        fs::write(&seed, seed_text(robots))?;
        let program = std::env::current_exe()?;
        let seeded = Command::new(&program)
            .arg("seed")
            .arg(&seed)
            .arg("--data")
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()?;
        if !seeded.success() {
            return Err(BenchError::Client(format!("seeding ended with {seeded}")));
        }
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let config = home.join("jobs.toml");
        fs::write(&config, "[log]\nlevel = \"warn\"\n")?;
        let log = fs::File::create(data.with_extension("log"))?;
        let child = Command::new(&program)
            .args(["serve", "--config"])
            .arg(&config)
            .arg("--data")
            .arg(&data)
            .args(["--listen", &address])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let world = World {
            child,
            data,
            address,
        };
        world.wait_ready()?;
        Ok(world)
    }

    fn wait_ready(&self) -> Result<(), BenchError> {
        let target = super::super::control::Target::new(&self.address);
        let begun = Instant::now();
        while !target.is_ready() {
            if begun.elapsed() > READY {
                return Err(BenchError::NotReady);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// The sign-in of the person.
    pub fn sign_in(&self) -> String {
        format!(
            "client_id=thirdpartyservice&grant_type=password&username=bench&password={PASSWORD}"
        )
    }

    /// The sign-in of a robot.
    pub fn robot_sign_in(&self, number: usize) -> String {
        let id = robot_id(number);
        format!(
            "client_id={id}&client_secret={}&grant_type=client_credentials",
            secret(number)
        )
    }

    /// Executes the workflow.
    pub fn execute_path(&self) -> String {
        format!("/openapi/workflows/{WORKFLOW}/execute")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
        let _removed = fs::remove_dir_all(&self.data);
        let _removed = fs::remove_dir_all(self.data.with_extension("keys"));
    }
}

const WORKFLOW: &str = "00000000-0000-4000-8000-0000000000aa";

fn robot_id(number: usize) -> String {
    format!("00000000-0000-4000-9000-{number:012x}")
}

fn secret(number: usize) -> String {
    format!("bench-robot-secret-{number:06}")
}

fn write_package(path: &Path) -> Result<(), BenchError> {
    let fault = |error: zip::result::ZipError| BenchError::Client(error.to_string());
    let mut zip = zip::ZipWriter::new(fs::File::create(path)?);
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in [
        (
            "project.json",
            "{\"ProjectName\":\"Nothing\",\"Version\":\"1.0.0\"}",
        ),
        ("main.py", "pass\n"),
    ] {
        zip.start_file(name, options).map_err(fault)?;
        zip.write_all(text.as_bytes())?;
    }
    zip.finish().map_err(fault)?;
    Ok(())
}

fn seed_text(robots: usize) -> String {
    let mut text = format!(
        "[[company]]\nname = \"Bench\"\n\n[[department]]\ncompany = \"Bench\"\nname = \"Root\"\n\n\
         [[user]]\nuser_name = \"bench\"\nname = \"Bench\"\npassword = \"{PASSWORD}\"\n\
         [[user.member]]\ncompany = \"Bench\"\ndepartment = \"Root\"\nroles = [\"CompanyAdmin\"]\n\n"
    );
    let mut names = Vec::with_capacity(robots);
    for number in 0..robots {
        let (id, secret) = (robot_id(number), secret(number));
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "[[robot]]\nid = \"{id}\"\ndepartment = \"Root\"\nname = \"r{number}\"\nsecret = \"{secret}\"\n\n"
        );
        names.push(format!("\"r{number}\""));
    }
    let names = names.join(", ");
    let _ = write!(
        text,
        "[[group]]\ndepartment = \"Root\"\nname = \"g\"\nrobots = [{names}]\n\n\
         [[package]]\nid = \"00000000-0000-4000-8000-0000000000bb\"\n\
         version_id = \"00000000-0000-4000-8000-0000000000cc\"\ndepartment = \"Root\"\nfile = \"nothing.dgs\"\n\n\
         [[workflow]]\nid = \"{WORKFLOW}\"\nname = \"nothing\"\ndepartment = \"Root\"\n\
         package_version = \"00000000-0000-4000-8000-0000000000cc\"\ngroup = \"g\"\nmax_retry_count = 0\n"
    );
    text
}
